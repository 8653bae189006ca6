"""What every SDK goes through, once for each transport that it knows.

Each scenario is written once in Python (test_python_*.py, a function of the same name) and once in
JavaScript (node/scenarios.mjs).
"""

SCENARIOS = (
    # Connecting
    "a token opens the connection",
    "an expired token alone ends as unauthorized",
    "an expired token is replaced by a fresh one",
    "a worthless token ends the connection for good",
    "no token at all ends the connection for good",
    "tokens are refreshed before they end",
    "a refresh for another user ends the connection for good",
    # Server-side subscriptions
    "the token subscribes to the channels it names",
    "the server subscribes and unsubscribes",
    "a returning client gets what its server side channel brought",
    "after a crash of the gateway clients know that they missed something",
    # Subscribing
    "subscriptions wait for the connection",
    "a subscription token opens its channel",
    "a forged subscription token fails the subscription alone",
    "a subscription token for another ends the connection for good",
    "an expired subscription token is replaced by a fresh one",
    "a closed channel stays closed",
    "a user limited channel admits the users it lists",
    "a returning subscriber gets exactly what it missed",
    "who missed more than is kept is told so",
    "a returning subscriber gets the latest state",
    "an application goes on from the position of its own state",
    "a delta that is asked for is declined",
    "a tags filter is refused",
    # Publications, history, presence
    "what a client publishes reaches everybody with its name",
    "publishing needs permission",
    "a client publishes to a channel it only writes to",
    "any json arrives as it was",
    "tags come with a publication",
    "a burst arrives whole and in order",
    "a large publication arrives whole",
    "history is read in pages from either end",
    "history and presence are refused where there is none",
    "presence shows who is there",
    "presence needs permission",
    "subscribers hear who comes and goes",
    "a client that dies leaves",
    # Requests that nobody answers
    "a remote call is refused",
    "a message to the server ends the connection for good",
    # The end of subscriptions and connections
    "unsubscribing ends what is heard",
    "the server ends a subscription for good",
    "the server ends a connection for good",
    "the server sends a client away to come back",
    "an expired connection comes back with a fresh token",
    "clients of a stopping gateway wait for the next",
    "a client that leaves is gone",
)

NOT_IN_PYTHON = {
    "a message to the server ends the connection for good": "its SDK sends none",
}

ABOUT_TRANSPORTS = (
    "a client falls back to the transport that works",
    "without an sdk an event source hears what is published",
)
"""Those that choose their own transport, in JavaScript alone."""

WAITING = {
    "tokens are refreshed before they end",
    "a refresh for another user ends the connection for good",
}
"""Those that take seconds, in which they do next to nothing."""

TRANSPORTS = ("websocket", "http_stream", "sse")
"""What the JavaScript SDK speaks over; the Python one knows the WebSocket alone."""
