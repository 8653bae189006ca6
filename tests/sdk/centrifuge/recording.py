"""Conversations between SDKs and a gateway, written down so that they can be held again.

A golden file is a list of steps, one JSON value a line. The first line tells what the tokens in it
are; then, in the order in which they happened:

    {"client": 1, "says": "…"}       a message of the SDK, byte for byte
    {"client": 1, "hears": {…}}      one line of the gateway's
    {"client": 1, "closed": [c, r]}  the gateway closed, with code and reason
    {"client": 1, "leaves": true}    the SDK closed
    {"cut": true}                    all connections broke
    {"api": "publish", "request": {…}, "result": {…}}

What differs from one time to the next is replaced by a name in braces, the same name for the same
value: `{token 1}`, `{client 1}`, `{epoch 1}`, `{ttl}`, `{version}`, and `{mark}` in the names of
channels and users.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt

from hark_gateway.net.websocket import BINARY, CLOSE, TEXT, Decoder, parse_close

from .scene import AUDIENCE, OTHER_SECRET, SECRET, Scene

GOLDEN = Path(__file__).parents[2] / "conformance" / "golden" / "centrifuge"
VOLATILE = {
    "token": re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"),
    "client": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "epoch": re.compile(r'(?<="epoch":")[A-Za-z]{8}(?=")|(?<="epoch": ")[A-Za-z]{8}(?=")'),
}
TTL = re.compile(r'(?<="ttl":)\d+')
VERSION = re.compile(r'(?<="version":")hark [^"]+')


RECORDING = bool(os.environ.get("HARK_RECORD_FRAMES"))
"""Whether conversations are to be written down: for a new version of an SDK, not for every run."""


@contextmanager
def recorded(scene: Scene, sdk: str, scenario: str) -> Iterator[None]:
    """Write down what is said in a scene, unless the scene is about time or crashes."""
    recorder = Recorder(scene.mark)
    scene.cable.tap, scene.note_call = recorder, recorder.call
    yield
    slug = re.sub(r"[^a-z]+", "-", scenario.lower()).strip("-")
    if not any(word in slug for word in NOT_TO_BE_REPEATED):
        recorder.write(sdk, slug)


NOT_TO_BE_REPEATED = ("refresh", "crash", "stopping", "burst", "large")
"""Words in the names of scenarios that depend on the clock or a restart, or are long."""


class Recorder:
    """Writes down what passes through a cable, and what the scene's backend says meanwhile."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._names: dict[str, dict[str, str]] = {kind: {} for kind in VOLATILE}
        self._steps: list[dict[str, Any]] = []
        self._halves: dict[tuple[int, bool], Half] = {}
        self._over: set[int] = set()

    def pass_by(self, connection: int, data: bytes, *, from_client: bool) -> None:
        """Take bytes of one direction of one connection."""
        half = self._halves.setdefault((connection, from_client), Half(from_client=from_client))
        for opcode, payload in half.feed(data):
            self._note(connection, opcode, payload, from_client=from_client)

    def _note(self, client: int, opcode: int, payload: bytes, *, from_client: bool) -> None:
        if opcode == CLOSE:
            if client not in self._over:
                self._over.add(client)
                end = {"leaves": True} if from_client else {"closed": list(parse_close(payload))}
                self._steps.append({"client": client, **end})
        elif opcode in (TEXT, BINARY) and from_client:
            self._steps.append({"client": client, "says": self._lasting(payload.decode())})
        elif opcode in (TEXT, BINARY):
            lines = self._lasting(payload.decode()).split("\n")
            self._steps += [{"client": client, "hears": json.loads(line)} for line in lines]

    def _lasting(self, text: str) -> str:
        """Return text with names for what will be another the next time."""
        for kind, pattern in VOLATILE.items():
            names = self._names[kind]
            text = pattern.sub(lambda found, k=kind, n=names: name_of(found[0], k, n), text)
        return VERSION.sub("{version}", TTL.sub('"{ttl}"', text)).replace(self._mark, "{mark}")

    def cut(self) -> None:
        """Note that all connections broke."""
        self._steps.append({"cut": True})

    def call(self, method: str, request: Any) -> Callable[[Any], None]:
        """Note a call of the server API, and its result when that is known."""
        step: dict[str, Any] = {"api": method, "request": self._lasting_json(request)}
        self._steps.append(step)

        def note_result(result: Any) -> None:
            step["result"] = self._lasting_json(result)

        return note_result

    def _lasting_json(self, value: Any) -> Any:
        return json.loads(self._lasting(json.dumps(value)))

    def write(self, sdk: str, scenario: str) -> None:
        """Write the conversation to its golden file."""
        tokens = {name: self._claims(token) for token, name in self._names["token"].items()}
        file = GOLDEN / sdk / f"{scenario}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        steps = [{"tokens": tokens}, *self._steps]
        file.write_text("".join(json.dumps(step, ensure_ascii=False) + "\n" for step in steps))

    def _claims(self, token: str) -> dict[str, Any]:
        """Return what makes a token anew: its claims, life in seconds, and whether it is forged."""
        claims = jwt.decode(token, options={"verify_signature": False})
        claims["exp"] = 3600 if claims["exp"] > time.time() else -1
        try:
            options = {"verify_exp": False, "verify_aud": False}
            jwt.decode(token, SECRET, algorithms=["HS256"], options=options)
        except jwt.InvalidSignatureError:
            claims["forged"] = True
        named: dict[str, Any] = json.loads(json.dumps(claims).replace(self._mark, "{mark}"))
        return named


def name_of(value: str, kind: str, names: dict[str, str]) -> str:
    return names.setdefault(value, f"{{{kind} {len(names) + 1}}}")


class Half:
    """One direction of a connection: an HTTP head, then frames."""

    def __init__(self, *, from_client: bool) -> None:
        self._decoder = Decoder(2**24) if from_client else None
        self._bytes = b""
        self._in_head = True

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield opcode and payload of each frame that is complete."""
        self._bytes += data
        if self._in_head:
            head, end, rest = self._bytes.partition(b"\r\n\r\n")
            if not end or b"upgrade: websocket" not in head.lower():
                return
            self._in_head, self._bytes = False, rest
        if self._decoder is not None:
            data, self._bytes = self._bytes, b""
            yield from self._decoder.feed(data)
        else:
            yield from self._unmasked()

    def _unmasked(self) -> Iterator[tuple[int, bytes]]:
        """Yield the frames of a server, which are whole and have no mask (RFC 6455, 5.1)."""
        while len(self._bytes) >= 2:
            size, start = self._bytes[1], 2
            if size >= 126:
                start = 4 if size == 126 else 10
                size = int.from_bytes(self._bytes[2:start])
            if len(self._bytes) < start + size:
                return
            yield self._bytes[0] & 0x0F, self._bytes[start : start + size]
            self._bytes = self._bytes[start + size :]


def anew(claims: dict[str, Any]) -> str:
    """Return a token with recorded claims."""
    stated = {"aud": AUDIENCE} | claims
    secret = OTHER_SECRET if stated.pop("forged", False) else SECRET
    stated["exp"] += time.time()
    return jwt.encode(stated, secret, algorithm="HS256")
