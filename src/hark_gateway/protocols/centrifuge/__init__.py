"""The Centrifuge client protocol (version 2, JSON) and the Centrifugo server API (version 6)."""
