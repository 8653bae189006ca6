"""Grants of PubNub's Access Manager, asked for as its SDKs do."""

import base64
import hmac
import json
import re
import time

KEYSET = {"publish_key": "pub-c", "subscribe_key": "sub-c", "secret_key": "sec-c"}
_NOTHING: dict[str, object] = {
    kind: {} for kind in ("channels", "groups", "uuids", "users", "spaces")
}


def grant_target_and_body(user: str, channels: list[str]) -> tuple[str, str]:
    """Return the signed call that gets `user` a token to read `channels` with, for an hour."""
    resources = _NOTHING | {"channels": dict.fromkeys(channels, 1)}
    permissions = {"uuid": user, "resources": resources, "patterns": _NOTHING, "meta": {}}
    body = json.dumps({"ttl": 60, "permissions": permissions})
    path = f"/v3/pam/{KEYSET['subscribe_key']}/grant"
    query = f"timestamp={int(time.time())}&uuid=server"
    signed = "\n".join(("POST", KEYSET["publish_key"], path, query, body))
    digest = hmac.digest(KEYSET["secret_key"].encode(), signed.encode(), "sha256")
    signature = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return f"{path}?{query}&signature=v2.{signature}", body


def token_in(reply: bytes) -> str:
    """Return the token that was granted; empty if none was."""
    found = re.search(rb'"token":"([^"]+)"', reply)
    return found[1].decode() if found else ""
