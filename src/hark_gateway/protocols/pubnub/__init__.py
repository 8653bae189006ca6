"""The PubNub REST protocol, as the official SDKs speak it.

A request is read (`requests`), its sender's rights are checked (`access`), one of `endpoints/` acts
and answers. What a subscriber may still catch up with is in `live`, what history can fetch is in
`store`, who is where is in `presence`.
"""
