"""What all parts of the REST API share: who is asking, how lists are cut, what is too much."""
