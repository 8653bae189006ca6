"""The embedded real-time server."""
