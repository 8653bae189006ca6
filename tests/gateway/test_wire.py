"""Publications in bytes: the short way says the same as the long one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.hub.stream import Publication
from hark_gateway.protocols.centrifuge.messages import Push, published
from hark_gateway.protocols.centrifuge.wire import UNI_SSE, WEBSOCKET, Wire


@pytest.mark.parametrize("wire", [WEBSOCKET, UNI_SSE], ids=["wrapped", "bare"])
@given(
    channel=st.text(min_size=1),
    data=st.sampled_from([b"1", b'{"a":"\xc3\xa9"}', b'"' + b"x" * 70_000 + b'"']),
    offset=st.integers(0, 2**53),
)
def test_a_simple_publication_is_encoded_like_any_other(
    wire: Wire, channel: str, data: bytes, offset: int
) -> None:
    publication = Publication(channel, data, time=0, offset=offset)
    assert wire.publication(publication) == wire.push(Push(channel, published(publication)))
