"""Runs the whole social application on one machine: `make run`, or `python -m social.run`."""
