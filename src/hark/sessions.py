"""Closing sockets when Django ends what opened them."""
