"""The endpoints. Each takes a call and returns what to answer, as JSON, or refuses."""
