"""The frame codec, alone and beside an oracle: the protocol core of the `websockets` library."""

import codecs
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ProtocolError as OracleError
from websockets.frames import Frame
from websockets.frames import Opcode as OracleOpcode
from websockets.protocol import CLIENT, OPEN, SERVER
from websockets.protocol import Protocol as Oracle

from hark_gateway.net.websocket import (
    BINARY,
    CLOSE,
    PING,
    TEXT,
    Decoder,
    Message,
    ProtocolError,
    accept_key,
    close_frame,
    frame,
    is_sendable,
    parse_close,
)

LIMIT = 1000


def masked(
    opcode: int, payload: bytes = b"", *, fin: bool = True, rsv: int = 0, mask: bytes = b"\1\2\3\4"
) -> bytes:
    """Return a frame as a client sends it."""
    size = len(payload)
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if size < 126:
        head += bytes([0x80 | size])
    elif size < 65_536:
        head += bytes([0xFE]) + size.to_bytes(2)
    else:
        head += bytes([0xFF]) + size.to_bytes(8)
    return head + mask + bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))


def decode(data: bytes, *, cuts: Iterator[int] | None = None, limit: int = LIMIT) -> list[object]:
    """Return what a decoder makes of `data`, in pieces as cut; an error's code comes last."""
    decoder, seen = Decoder(limit), list[object]()
    try:
        for piece in torn(data, cuts):
            seen.extend(decoder.feed(piece))
    except ProtocolError as error:
        seen.append(error.code)
    return seen


def torn(data: bytes, cuts: Iterator[int] | None) -> Iterator[bytes]:
    start = 0
    for cut in cuts or ():
        yield data[start : start + cut]
        start += cut
    yield data[start:]


def test_an_accept_key_is_as_the_standard_has_it() -> None:
    assert accept_key("dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize(
    "key", ["", "x", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25j!!!!", "é" * 24]
)
def test_a_malformed_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        accept_key(key)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_frame_has_its_length_in_the_shortest_form(size: int) -> None:
    payload = b"x" * size
    expected = Frame(OracleOpcode.TEXT, payload).serialize(mask=False)
    assert frame(TEXT, payload) == expected
    assert decode(masked(TEXT, payload), limit=100_000) == [(TEXT, payload)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(masked(TEXT, rsv=4), 1002, id="RSV1, which no extension explains"),
        pytest.param(masked(TEXT, rsv=1), 1002, id="RSV3"),
        pytest.param(masked(3), 1002, id="reserved data opcode"),
        pytest.param(masked(11), 1002, id="reserved control opcode"),
        pytest.param(frame(TEXT, b"x"), 1002, id="not masked"),
        pytest.param(masked(PING, fin=False), 1002, id="fragmented ping"),
        pytest.param(masked(PING, b"x" * 126), 1002, id="long ping"),
        pytest.param(masked(0, b"x"), 1002, id="continuation of nothing"),
        pytest.param(masked(TEXT, fin=False) + masked(TEXT), 1002, id="two beginnings"),
        pytest.param(b"\x81\xfe\x00\x7d", 1002, id="short length in 16 bits"),
        pytest.param(b"\x81\xff" + (65_535).to_bytes(8), 1002, id="short length in 64 bits"),
        pytest.param(b"\x81\xff" + (1 << 63).to_bytes(8), 1002, id="top bit of the length"),
        pytest.param(masked(TEXT, b"x" * (LIMIT + 1))[:8], 1009, id="too long, by its head alone"),
        pytest.param(
            masked(TEXT, b"x" * LIMIT, fin=False) + masked(0, b"x"), 1009, id="too long in sum"
        ),
        pytest.param(masked(TEXT, b"\xff"), 1007, id="not UTF-8"),
        pytest.param(masked(TEXT, b"\xc3"), 1007, id="half a character"),
        pytest.param(masked(TEXT, b"\xed\xa0\x80"), 1007, id="a surrogate"),
        pytest.param(masked(TEXT, b"\xff", fin=False), 1007, id="not UTF-8, and more was to come"),
    ],
)
def test_a_broken_rule_is_named_by_its_code(data: bytes, code: int) -> None:
    assert decode(masked(TEXT, b"fine") + data) == [(TEXT, b"fine"), code]


def test_control_frames_may_come_between_fragments() -> None:
    data = masked(TEXT, b"\xc3", fin=False) + masked(PING, b"?") + masked(0, b"\xa9")
    assert decode(data) == [(PING, b"?"), (TEXT, "é".encode())]


def test_a_message_of_just_the_limit_passes() -> None:
    assert decode(masked(BINARY, b"x" * LIMIT)) == [(BINARY, b"x" * LIMIT)]


def test_fragments_of_the_next_message_count_anew() -> None:
    half = b"x" * (LIMIT // 2 + 1)
    data = masked(BINARY, half, fin=False) + masked(0, b"")
    assert decode(data * 3) == [(BINARY, half)] * 3


@given(st.integers(0, 70_000))
def test_close_codes_that_may_be_sent_are_those_that_the_oracle_lets_pass(code: int) -> None:
    payload = (code & 0xFFFF).to_bytes(2)
    oracle = Oracle(SERVER, state=OPEN)
    oracle.receive_data(masked(CLOSE, payload))
    assert is_sendable(code & 0xFFFF) == (oracle.parser_exc is None)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", (1005, "")),
        (b"\x03\xe8", (1000, "")),
        (b"\x0b\xb8bye", (3000, "bye")),
        (b"\x03", 1002),
        (b"\x03\xed", 1002),
        (b"\x03\xe8\xff", 1007),
    ],
)
def test_the_payload_of_a_close_frame(payload: bytes, expected: object) -> None:
    if isinstance(expected, int):
        with pytest.raises(ProtocolError) as error:
            parse_close(payload)
        assert error.value.code == expected
    else:
        assert parse_close(payload) == expected


@given(st.sampled_from([1000, 3000, 4999]), st.text(max_size=200))
def test_a_reason_is_cut_to_whole_characters(code: int, reason: str) -> None:
    reason = reason.encode("utf-8", "replace").decode()
    data = close_frame(code, reason)
    assert len(data) <= 2 + 125
    kept_code, kept = parse_close(data[2:])
    assert kept_code == code
    assert reason.startswith(kept)
    assert len(reason.encode()) <= 123 or len(kept.encode()) > 119


# Beside the oracle

payloads = st.one_of(
    st.binary(max_size=300), st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))
)
frames = st.builds(
    masked,
    st.sampled_from([0, 0, 1, 1, 2, 2, 3, 8, 9, 10, 11]),
    payloads,
    fin=st.sampled_from([True, True, True, False]),
    rsv=st.sampled_from([0] * 12 + [1, 2, 4]),
    mask=st.binary(min_size=4, max_size=4),
)
wire = st.lists(st.one_of(frames, frames, frames, st.binary(max_size=12)), max_size=8).map(b"".join)


def as_the_oracle_has_it(data: bytes) -> list[object]:
    """Return what the oracle makes of `data`, put together as our decoder does it."""
    oracle = Oracle(SERVER, state=OPEN, max_size=LIMIT)
    oracle.receive_data(data)
    seen: list[object] = []
    opcode, parts = 0, list[bytes]()
    utf8 = codecs.getincrementaldecoder("utf-8")()
    for event in oracle.events_received():
        assert isinstance(event, Frame)
        if event.opcode >= 8:
            seen.append((int(event.opcode), bytes(event.data)))
            if event.opcode == CLOSE:
                return seen
            continue
        if event.opcode:
            opcode, parts = int(event.opcode), []
            utf8.reset()
        parts.append(bytes(event.data))
        if opcode == TEXT:
            try:
                utf8.decode(bytes(event.data), event.fin)
            except UnicodeDecodeError:
                return [*seen, 1007]
        if event.fin:
            seen.append((opcode, b"".join(parts)))
    if isinstance(oracle.parser_exc, OracleError):
        seen.append(1002)
    elif oracle.parser_exc is not None and not isinstance(oracle.parser_exc, EOFError):
        name = type(oracle.parser_exc).__name__
        seen.append({"PayloadTooBig": 1009, "UnicodeDecodeError": 1007}[name])
    return seen


def until_closed(seen: list[object]) -> list[object]:
    """Return events up to a close frame, after which nothing counts; its payload checked."""
    for n, event in enumerate(seen):
        if isinstance(event, Message) and event.opcode == CLOSE:
            try:
                parse_close(event.payload)
            except ProtocolError as error:
                return [*seen[:n], error.code]
            return seen[: n + 1]
    return seen


@given(wire)
def test_any_bytes_mean_what_they_mean_to_the_oracle(data: bytes) -> None:
    data += bytes(LIMIT + 20)  # completes whatever was begun, since either may see a fault earlier
    ours, theirs = until_closed(decode(data)), as_the_oracle_has_it(data)
    # A frame may be wrong twice over, and either fault may be named; single ones are tested above.
    assert [refused(each) for each in ours] == [refused(each) for each in theirs]


def refused(event: object) -> object:
    return "refused" if isinstance(event, int) else event


@given(wire, st.lists(st.integers(1, 40), max_size=60))
def test_it_does_not_matter_how_the_bytes_are_torn(data: bytes, cuts: list[int]) -> None:
    assert decode(data, cuts=iter(cuts)) == decode(data)


@given(st.sampled_from([TEXT, BINARY, PING]), payloads)
def test_the_oracle_reads_what_we_write(opcode: int, payload: bytes) -> None:
    if opcode == TEXT:
        payload = payload.decode("utf-8", "ignore").encode()
    if opcode == PING:
        payload = payload[:125]
    client = Oracle(CLIENT, state=OPEN)
    client.receive_data(frame(opcode, payload))
    (event,) = client.events_received()
    assert isinstance(event, Frame)
    assert (event.opcode, bytes(event.data)) == (opcode, payload)
