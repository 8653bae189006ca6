"""A small cast of people and their posts, to try the application with."""
