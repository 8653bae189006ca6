"""Signatures: the official SDKs' own, recorded; and nothing that differs from them by a byte."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.protocols.pubnub import signature

PUBLISH, SUBSCRIBE, SECRET = "pub-c-demo-0001", "sub-c-demo-0001", "sec-c-demo-0001"
PYTHON = {
    "pnsdk": "PubNub-Python%2F6.4.1",
    "timestamp": "1700000000",
    "uuid": "server%20one",
}
JAVASCRIPT = {
    "pnsdk": "PubNub-JS-Nodejs%2F12.0.3",
    "timestamp": "1795349147",
    "uuid": "server%20one",
}
GRANT_BODY = (
    b'{"ttl": 60, "permissions": {"resources": {"channels": {"pn-noti-42": 9}, "groups": {}, '
    b'"uuids": {}, "users": {}, "spaces": {}}, "patterns": {"channels": {}, "groups": {}, '
    b'"uuids": {}, "users": {}, "spaces": {}}, "meta": {}, "uuid": "pn-noti-42"}}'
)
RECORDED = [
    pytest.param(
        "POST",
        "/v3/pam/sub-c-demo-0001/grant",
        PYTHON,
        GRANT_BODY,
        "v2.SlEsjXfQq9_qjBrjJfZSBjiQAYCDbmLYmypcYvB3kxM",
        id="Python grant",
    ),
    pytest.param(
        "POST",
        "/publish/pub-c-demo-0001/sub-c-demo-0001/0/pn-noti-42/0",
        PYTHON,
        b'[{"any": "body"}]',
        "tqOuxvpZjKThUaHvTPugUE4zbih_TsbxJTudOImWS_c=",
        id="Python POST publish, the first version",
    ),
    pytest.param(
        "GET",
        "/publish/pub-c-demo-0001/sub-c-demo-0001/0/room%201~/0/%22hey%20you%22",
        PYTHON | {"meta": "%7B%22k%22%3A%20%22v%20w%22%7D"},
        b"",
        "v2.o5zA7--stXPYAqb9jq4K5rUf3JhwDntODSWzY49LB6w",
        id="Python GET publish",
    ),
    pytest.param(
        "DELETE",
        "/v3/history/sub-key/sub-c-demo-0001/channel/pn-noti-42",
        PYTHON,
        b"",
        "v2.VVEcviATPRPXvVflhpiF39OoqgSPS2WFXdQSOPs1rjU",
        id="Python delete history",
    ),
    pytest.param(
        "POST",
        "/publish/pub-c-demo-0001/sub-c-demo-0001/0/pn-noti-42/0",
        JAVASCRIPT,
        b'{"any":"body"}',
        "v2.QQVtzZhGWxSjZ82t_nU2GhE_WipXtt-uMeIgKc4Zq5o",
        id="JavaScript POST publish, signed as a GET",
    ),
]


def is_valid(
    method: str, path: str, query: dict[str, str], body: bytes, secret: str = SECRET
) -> bool:
    return signature.is_valid(
        secret, PUBLISH, SUBSCRIBE, method=method, path=path, query=query, body=body
    )


@pytest.mark.parametrize(("method", "path", "query", "body", "signed"), RECORDED)
def test_what_an_official_sdk_signs_is_valid(
    method: str, path: str, query: dict[str, str], body: bytes, signed: str
) -> None:
    query = query | {"signature": quote(signed, safe="")}
    assert is_valid(method, path, query, body)
    assert not is_valid(method, path, query, body, secret="another")
    assert not is_valid(method, path + "x", query, body)
    assert not is_valid(method, path, query | {"uuid": "someone"}, body)
    assert not is_valid(method, path, query | {"signature": quote(signed[:-1])}, body)


def test_a_grants_body_is_part_of_its_signature() -> None:
    method, path, query, body, signed = RECORDED[0].values
    query = query | {"signature": signed}
    more = json.loads(body)
    more["permissions"]["resources"]["channels"]["another"] = 255
    assert not is_valid(method, path, query, json.dumps(more).encode())


@pytest.mark.parametrize("given_signature", ["", "v2.", "v2.%FF", "x" * 5000, "\u20ac", "%00"])
def test_nonsense_is_no_signature(given_signature: str) -> None:
    assert not is_valid("GET", "/time/0", PYTHON | {"signature": given_signature}, b"")


@given(
    st.dictionaries(
        st.sampled_from(["channel-group", "filter-expr", "state", "tt", "auth"]),
        st.text(max_size=20),
    ),
    st.data(),
)
def test_parameters_that_python_encodes_twice_are_valid_in_every_mixture(
    values: dict[str, str], data: st.DataObject
) -> None:
    query = {name: quote(value, safe="~") for name, value in values.items()}
    may_be_twice = [name for name in query if name not in ("tt", "auth")]
    twice = data.draw(st.sets(st.sampled_from(may_be_twice))) if may_be_twice else set()
    string = b"\n".join(
        (b"GET", PUBLISH.encode(), b"/p", signature.canonical(query, frozenset(twice)), b"")
    )
    signed = signature.sign(SECRET, string)
    assert is_valid("GET", "/p", query | {"signature": signed}, b"")


@given(st.text(max_size=30))
def test_a_value_is_signed_alike_however_the_client_encoded_it(value: str) -> None:
    strictly = signature.canonical({"a": quote(value, safe="")})
    assert strictly == signature.canonical({"a": quote(value, safe="~!*'()=,:;@$/?")})
