"""Channels, their streams and subscribers: what every protocol shares.

Nothing here opens a socket, reads a clock or knows a wire format. Time comes in as `now`, in
seconds since the Unix epoch, and must not run backwards by more than the limits can bear.
Everything is called from one thread, the event loop's.
"""
