"""RFC 6455 frames, sans-I/O: bytes in, messages out, and the other way round. No extensions."""

import base64
import binascii
import codecs
import hashlib
from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
MAX_REASON_BYTES = 123  # RFC 6455, 5.5: a control frame carries 125 bytes, two are the code


class Opcode(IntEnum):
    """RFC 6455, 5.2."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


TEXT, BINARY = Opcode.TEXT, Opcode.BINARY
CLOSE, PING, PONG = Opcode.CLOSE, Opcode.PING, Opcode.PONG


class Message(NamedTuple):
    """A whole message, or a control frame. The payload of a text message is valid UTF-8."""

    opcode: int
    payload: bytes


class ProtocolError(Exception):
    """The peer broke a rule of RFC 6455. Close with `code` and `reason`, then read no further."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


def accept_key(key: str | bytes) -> bytes:
    """Return the Sec-WebSocket-Accept for a client's Sec-WebSocket-Key (RFC 6455, 4.2.2).

    Raises:
        ValueError: The key is not 16 bytes in base64.
    """
    raw = key.encode() if isinstance(key, str) else key
    if len(raw) != 24 or len(binascii.a2b_base64(raw, strict_mode=True)) != 16:
        raise ValueError("a WebSocket key is 16 bytes in base64")
    return base64.b64encode(hashlib.sha1(raw + GUID, usedforsecurity=False).digest())


def frame(opcode: int, payload: bytes) -> bytes:
    """Return one unmasked, final frame, as a server sends it."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 65_536:
        return bytes((0x80 | opcode, 126)) + size.to_bytes(2) + payload
    return bytes((0x80 | opcode, 127)) + size.to_bytes(8) + payload


def close_frame(code: int, reason: str) -> bytes:
    """Return a close frame; `reason` is cut to what a control frame can carry."""
    text = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore").encode()
    return frame(CLOSE, code.to_bytes(2) + text)


def parse_close(payload: bytes) -> tuple[int, str]:
    """Return code and reason of a close frame; 1005 stands for none (RFC 6455, 7.1.5).

    Raises:
        ProtocolError: The payload is not as 5.5.1 and 7.4 demand.
    """
    if not payload:
        return 1005, ""
    try:
        reason = payload[2:].decode()
    except UnicodeDecodeError:
        raise ProtocolError(1007, "close reason is not UTF-8") from None
    code = int.from_bytes(payload[:2])
    if len(payload) == 1 or not is_sendable(code):
        raise ProtocolError(1002, "invalid close code")
    return code, reason


def is_sendable(code: int) -> bool:
    """Tell whether a close code may stand in a frame (RFC 6455, 7.4)."""
    return 3000 <= code <= 4999 or (1000 <= code <= 1014 and code not in (1004, 1005, 1006))


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Apply a client's mask (RFC 6455, 5.3). One wide xor is the fastest Python has."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "little") ^ int.from_bytes(key, "little")).to_bytes(
        size, "little"
    )


class Decoder:
    """Turns what a client sends into messages, joining fragments.

    Args:
        max_bytes: Longest message; beyond it the connection is to be closed with 1009.
    """

    __slots__ = ("_fragments", "_max_bytes", "_need", "_opcode", "_pending", "_size", "_utf8")

    _fragments: list[bytes]
    """Of the message being put together; unset before the first that comes in pieces."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._pending: bytearray | None = None
        self._need = 0
        self._opcode = 0  # of the message being put together; 0 between messages
        self._size = 0
        self._utf8: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield each message or control frame that `data` completes.

        Raises:
            ProtocolError: After everything that came before the fault has been yielded.
        """
        if self._pending is None:
            buffer: bytes | bytearray = data
        else:
            self._pending += data
            if len(self._pending) < self._need:
                return
            buffer = self._pending
            self._pending = None
        position = 0
        while (parsed := self._frame(buffer, position)) is not None:
            head, payload, position = parsed
            message = self._accept(head, payload)
            if message is not None:
                yield message
        rest = buffer[position:]
        self._pending = bytearray(rest) if rest else None

    def _frame(self, buffer: bytes | bytearray, start: int) -> tuple[int, bytes, int] | None:
        """Return first byte, payload and end of the frame at `start`; None if it is incomplete."""
        available = len(buffer) - start
        if available < 2:
            self._need = 2
            return None
        head, second = buffer[start], buffer[start + 1]
        size = second & 0x7F
        self._check_head(head, second)
        mask_at = start + 2
        if size >= 126:
            width = 2 if size == 126 else 8
            if available < 2 + width:
                self._need = 2 + width
                return None
            size = int.from_bytes(buffer[mask_at : mask_at + width])
            mask_at += width
            self._check_extended_size(width, size)
        if head & 0x08 == 0 and self._size + size > self._max_bytes:
            raise ProtocolError(1009, "message too long")
        end = mask_at + 4 + size
        if end > len(buffer):
            self._need = end - start
            return None
        payload = bytes(buffer[mask_at + 4 : end])
        return head, unmask(payload, bytes(buffer[mask_at : mask_at + 4])), end

    @staticmethod
    def _check_extended_size(width: int, size: int) -> None:
        # RFC 6455, 5.2: the minimal number of bytes must be used, and the top bit must be 0.
        if size < (126 if width == 2 else 65_536) or size >> 63:
            raise ProtocolError(1002, "frame length is not in its shortest form")

    def _check_head(self, head: int, second: int) -> None:
        opcode = head & 0x0F
        if head & 0x70:
            raise ProtocolError(1002, "reserved bits are set")
        if not second & 0x80:
            raise ProtocolError(1002, "client frames must be masked")  # RFC 6455, 5.1
        if opcode >= 8:
            if opcode > 10:
                raise ProtocolError(1002, "unknown opcode")
            if not head & 0x80 or second & 0x7F > 125:
                raise ProtocolError(1002, "control frames are short and whole")  # RFC 6455, 5.5
            return
        if opcode > 2:
            raise ProtocolError(1002, "unknown opcode")
        if (opcode == 0) != (self._opcode != 0):
            raise ProtocolError(1002, "fragments out of order")  # RFC 6455, 5.4

    def _accept(self, head: int, payload: bytes) -> Message | None:
        opcode, final = head & 0x0F, head & 0x80
        if opcode >= 8:
            return Message(opcode, payload)
        if opcode and final:  # a message in one frame, as nearly all are
            if opcode == TEXT and not payload.isascii():
                check_utf8(payload)
            return Message(opcode, payload)
        return self._join(opcode, payload, final=bool(final))

    def _join(self, opcode: int, payload: bytes, *, final: bool) -> Message | None:
        if opcode:
            self._opcode = opcode
            self._fragments = []
            self._utf8 = codecs.getincrementaldecoder("utf-8")() if opcode == TEXT else None
        if self._utf8 is not None:
            try:
                self._utf8.decode(payload, final)
            except UnicodeDecodeError:
                raise ProtocolError(1007, "text is not UTF-8") from None
        if payload:  # empty ones are allowed without end, and must take no memory
            self._fragments.append(payload)
        self._size += len(payload)
        if not final:
            return None
        message = Message(self._opcode, b"".join(self._fragments))
        self._opcode, self._fragments, self._size, self._utf8 = 0, [], 0, None
        return message


def check_utf8(payload: bytes) -> None:
    """Refuse text that is not UTF-8 (RFC 6455, 8.1)."""
    try:
        payload.decode()
    except UnicodeDecodeError:
        raise ProtocolError(1007, "text is not UTF-8") from None
