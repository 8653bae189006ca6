"""Tokens: every algorithm, every claim, every way to forge one."""

import base64
import http.server
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from hark_gateway.auth import Grant, TokenOptions, Verifier
from hark_gateway.hub.errors import Expired, HubError, InvalidToken, TokenExpired

from .scene import Client, client, running

SECRET = "a secret that is long enough even for the longest of the three hashes: sha-512"
RSA_KEY = rsa.generate_private_key(65_537, 2048)
EC_KEYS = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
}
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> str:
    public = key.public_key()
    return str(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


def signed(
    algorithm: str = "HS256", key: Any = SECRET, kid: str | None = None, **claims: Any
) -> str:
    headers = {"kid": kid} if kid else None
    return jwt.encode({"sub": "ana"} | claims, key, algorithm=algorithm, headers=headers)


def verified(token: str, *, now: float = 1000, **options: Any) -> Grant:
    verifier = Verifier(TokenOptions(**({"hmac_secret_key": SECRET} | options)))
    return verifier.connection(token, now=now)


@pytest.mark.parametrize(
    ("algorithm", "key", "options"),
    [
        *[(f"HS{bits}", SECRET, {}) for bits in (256, 384, 512)],
        *[(f"RS{bits}", RSA_KEY, {"rsa_public_key": pem(RSA_KEY)}) for bits in (256, 384, 512)],
        *[(name, key, {"ecdsa_public_key": pem(key)}) for name, key in EC_KEYS.items()],
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) == 5 else "",
)
def test_each_algorithm_is_verified(algorithm: str, key: Any, options: dict[str, str]) -> None:
    token = signed(algorithm, key)
    assert verified(token, **options).user == "ana"
    head, body, signature = token.split(".")
    changed = "A" if signature[10] != "A" else "B"
    forged = f"{head}.{body}.{signature[:10]}{changed}{signature[11:]}"
    with pytest.raises(InvalidToken):
        verified(forged, **options)


def unsigned(header: dict[str, Any], signature: str = "") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode()
             for each in (header, {"sub": "ana"})]  # fmt: skip
    return ".".join([*parts, signature])


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("", id="nothing"),
        pytest.param("...", id="dots"),
        pytest.param("é.é.é", id="not ASCII"),
        pytest.param("a" * 100_000, id="too long"),
        pytest.param(unsigned({"alg": "none"}), id="none"),
        pytest.param(unsigned({"alg": "NONE"}), id="NONE"),
        pytest.param(unsigned({"alg": "HS256"}), id="an empty signature"),
        pytest.param(unsigned({"alg": 1}), id="a number for an algorithm"),
        pytest.param(unsigned({}), id="no algorithm"),
        pytest.param(
            signed(key="another secret of at least thirty-two bytes"), id="another secret"
        ),
        pytest.param(signed("PS256", RSA_KEY), id="PS256"),
        pytest.param(signed("RS256", RSA_KEY), id="an algorithm without a key"),
        pytest.param(signed(exp="soon"), id="a word for a time"),
        pytest.param(signed(exp="nan"), id="no number for a time"),
        pytest.param(signed(channels="chat:1"), id="text for a list"),
        pytest.param(signed(channel="chat:1"), id="a subscription token"),
        pytest.param(signed(b64info="!"), id="info that is not base64"),
        pytest.param(signed(b64info="eA=="), id="info that is not JSON"),
        pytest.param(signed().replace(".", "=.", 1), id="padding"),
    ],
)
def test_a_worthless_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidToken):
        verified(token, ecdsa_public_key=pem(EC_KEYS["ES256"]))


def test_a_public_key_is_no_shared_secret() -> None:
    """The classic confusion: a token signed by HMAC with the server's public key."""
    public = pem(RSA_KEY)
    head_body = unsigned({"alg": "HS256"}).rpartition(".")[0]
    import hashlib
    import hmac

    digest = hmac.new(public.encode(), head_body.encode(), hashlib.sha256).digest()
    forged = f"{head_body}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"
    for options in ({"hmac_secret_key": ""}, {}):
        with pytest.raises(InvalidToken):
            verified(forged, rsa_public_key=public, **options)


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        pytest.param({"exp": 1001}, None, id="a second left"),
        pytest.param({"exp": 1000}, TokenExpired, id="expired this second"),
        pytest.param({"exp": "1001"}, None, id="a time in text"),
        pytest.param({"exp": 1000.5}, None, id="half a second left"),
        pytest.param({"nbf": 1000}, None, id="valid from now"),
        pytest.param({"nbf": 1001}, TokenExpired, id="not yet valid"),
        pytest.param({"exp": 1001, "expire_at": 999}, Expired, id="the connection is over"),
        pytest.param({"exp": 999, "expire_at": 2000}, TokenExpired, id="the token is over"),
    ],
)
def test_times_are_held_to_the_second(claims: dict[str, Any], error: type[HubError] | None) -> None:
    token = signed(**claims)
    if error is None:
        assert verified(token).user == "ana"
    else:
        with pytest.raises(error):
            verified(token)


def test_an_expired_token_of_another_issuer_is_invalid_first() -> None:
    with pytest.raises(InvalidToken):
        verified(signed(exp=1, iss="x"), issuer="y")


@pytest.mark.parametrize(
    ("claims", "options", "passes"),
    [
        ({"aud": "a"}, {"audience": "a"}, True),
        ({"aud": ["b", "a"]}, {"audience": "a"}, True),
        ({"aud": ["b"]}, {"audience": "a"}, False),
        ({}, {"audience": "a"}, False),
        ({"aud": "app-1"}, {"audience_regex": r"^app-\d$"}, True),
        ({"aud": "app-x"}, {"audience_regex": r"^app-\d$"}, False),
        ({"iss": "i"}, {"issuer": "i"}, True),
        ({"iss": "j"}, {"issuer": "i"}, False),
        ({}, {"issuer_regex": "^i"}, False),
        ({"iss": "in"}, {"issuer_regex": "^i"}, True),
    ],
)
def test_audience_and_issuer(claims: dict[str, Any], options: dict[str, str], passes: bool) -> None:
    if passes:
        assert verified(signed(**claims), **options).user == "ana"
    else:
        with pytest.raises(InvalidToken):
            verified(signed(**claims), **options)


def test_a_secret_can_be_replaced_while_tokens_are_out() -> None:
    new = "the new secret, which is of a sufficient length, too"
    options: dict[str, Any] = {"hmac_secret_key": new, "hmac_previous_secret_key": SECRET}
    assert verified(signed(), **options).user == "ana"
    assert verified(signed(key=new), **options).user == "ana"
    options["hmac_previous_secret_key_valid_until"] = 1000
    assert verified(signed(), now=999, **options).user == "ana"
    with pytest.raises(InvalidToken):
        verified(signed(), now=1000, **options)


def test_another_claim_may_name_the_user() -> None:
    assert verified(signed(uid="bo"), user_id_claim="uid").user == "bo"
    assert verified(signed(), user_id_claim="uid").user == ""
    with pytest.raises(InvalidToken):
        verified(signed(uid=7), user_id_claim="uid")


@given(st.binary(max_size=60), st.integers(0, 200))
def test_no_bytes_pass_for_a_token(noise: bytes, place: int) -> None:
    good = signed(exp=2000)
    bad = good[:place] + base64.urlsafe_b64encode(noise).decode() + good[place:]
    try:
        grant = verified(bad)
    except HubError:
        return
    assert bad == good
    assert grant.user == "ana"


# JWKS


class KeyServer:
    """A real HTTP server with keys, which counts how often it is asked."""

    def __init__(self) -> None:
        self.keys: list[dict[str, Any]] = []
        self.asked = 0
        self.fails = False
        self.may_answer = threading.Event()
        self.may_answer.set()
        served = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                served.asked += 1
                served.may_answer.wait(10)
                self.send_response(500 if served.fails else 200)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": served.keys}).encode())

            def log_message(self, *_: object) -> None:
                """Keep quiet."""

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/keys"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def add(self, kid: str, key: Any, algorithm: Any) -> None:
        self.keys.append(json.loads(algorithm.to_jwk(key.public_key())) | {"kid": kid})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    """A key server with an RSA, an EC and an Ed25519 key, and one of a kind that nobody knows."""
    server = KeyServer()
    server.add("r", RSA_KEY, jwt.algorithms.RSAAlgorithm)
    server.add("e", EC_KEYS["ES256"], jwt.algorithms.ECAlgorithm)
    server.add("o", ED_KEY, jwt.algorithms.OKPAlgorithm)
    server.keys.append({"kty": "new", "kid": "n"})
    yield server
    server.close()


async def connect(gateway: Any, token: str) -> dict[str, Any] | int:
    """Return the reply to connect, or the code of the close."""
    opened: Client
    async with client(gateway) as opened:
        await opened.send({"id": 1, "connect": {"token": token}})
        return await first(opened)


async def first(opened: Client) -> dict[str, Any] | int:
    from websockets.exceptions import ConnectionClosed

    try:
        return await opened.receive()
    except ConnectionClosed:
        assert opened.socket.close_code is not None
        return opened.socket.close_code


async def test_keys_are_fetched_once_for_many_tokens(keys: KeyServer) -> None:
    async with running(client={"token": {"jwks_public_endpoint": keys.url}}) as gateway:
        for algorithm, key, kid in (
            ("RS256", RSA_KEY, "r"),
            ("RS512", RSA_KEY, "r"),
            ("ES256", EC_KEYS["ES256"], "e"),
            ("EdDSA", ED_KEY, "o"),
        ):
            reply = await connect(gateway, signed(algorithm, key, kid))
            assert isinstance(reply, dict)
            assert "connect" in reply
        assert keys.asked == 1


@pytest.mark.parametrize(
    ("algorithm", "key", "kid"),
    [
        pytest.param("RS256", RSA_KEY, None, id="names no key"),
        pytest.param("RS256", RSA_KEY, "x", id="names an unknown key"),
        pytest.param("RS256", RSA_KEY, "e", id="names another key"),
        pytest.param("HS256", SECRET, "r", id="is signed by the secret, which no longer counts"),
    ],
)
async def test_a_token_needs_a_key_of_the_set(
    keys: KeyServer, algorithm: str, key: Any, kid: str | None
) -> None:
    async with running(client={"token": {"jwks_public_endpoint": keys.url}}) as gateway:
        for _ in range(3):
            assert await connect(gateway, signed(algorithm, key, kid)) == 3500
        assert keys.asked <= 1, "unknown keys do not make us ask again and again"


@pytest.mark.parametrize(
    "useless",
    [
        pytest.param({"kty": "new"}, id="a kind that nobody knows"),
        pytest.param({"kty": "oct", "k": "c2VjcmV0"}, id="a shared secret"),
        pytest.param({"kty": "oct"}, id="a shared secret without one"),
        pytest.param({"kty": "RSA", "n": "AQAB"}, id="RSA without an exponent"),
        pytest.param({"kty": "RSA", "n": "", "e": ""}, id="RSA of nothing"),
        pytest.param({"kty": "RSA", "n": "é", "e": "AQAB"}, id="RSA that is not base64url"),
        pytest.param({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}, id="no point"),
        pytest.param({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}, id="another curve"),
        pytest.param(
            json.loads(
                jwt.algorithms.ECAlgorithm.to_jwk(
                    ec.generate_private_key(ec.SECP256K1()).public_key()
                )
            ),
            id="a whole key of another curve",
        ),
        pytest.param({"kty": "OKP", "crv": "Ed448", "x": "AA"}, id="Ed448"),
        pytest.param({"kty": "OKP", "crv": "Ed25519"}, id="Ed25519 without its key"),
        pytest.param({"kty": "RSA", "kid": "r", "use": "enc"}, id="one to encrypt with"),
    ],
)
async def test_a_key_of_no_use_spoils_none_of_the_others(
    keys: KeyServer, useless: dict[str, Any]
) -> None:
    keys.keys.append({"kid": "n"} | useless)
    async with running(client={"token": {"jwks_public_endpoint": keys.url}}) as gateway:
        reply = await connect(gateway, signed("RS256", RSA_KEY, "r"))
        assert isinstance(reply, dict)
        assert "connect" in reply
        forged = signed(key="secret of thirty-two bytes or more", kid="n")
        assert await connect(gateway, forged) == 3500


@pytest.mark.parametrize(
    ("algorithm", "key", "kid"),
    [
        ("RS256", RSA_KEY, "r"),
        ("ES256", EC_KEYS["ES256"], "e"),
        ("EdDSA", ED_KEY, "o"),
    ],
)
async def test_a_private_key_in_the_set_is_taken_for_its_public_half(
    keys: KeyServer, algorithm: str, key: Any, kid: str
) -> None:
    private = type(jwt.get_algorithm_by_name(algorithm)).to_jwk(key, as_dict=True)
    keys.keys = [private | {"kid": kid}]
    async with running(client={"token": {"jwks_public_endpoint": keys.url}}) as gateway:
        reply = await connect(gateway, signed(algorithm, key, kid))
        assert isinstance(reply, dict)
        assert "connect" in reply


@pytest.mark.parametrize("option", ["rsa_public_key", "ecdsa_public_key"])
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("no key", id="no PEM"),
        pytest.param(pem(ED_KEY), id="of another kind"),
        pytest.param(pem(ec.generate_private_key(ec.SECP256K1())), id="of another curve"),
        pytest.param(
            RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            id="private",
        ),
    ],
)
def test_a_configured_key_that_is_none_is_refused_at_once(option: str, text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Verifier(TokenOptions(**{option: text}))


async def test_commands_wait_in_order_while_keys_are_fetched(keys: KeyServer) -> None:
    async with (
        running(client={"token": {"jwks_public_endpoint": keys.url}}) as gateway,
        client(gateway) as ana,
    ):
        token = signed("RS256", RSA_KEY, "r", exp=int(time.time()) + 60)
        await ana.send(
            {"id": 1, "connect": {"token": token}}, {"id": 2, "subscribe": {"channel": "feed:1"}}
        )
        await ana.send({"id": 3, "rpc": {"method": "x"}})
        assert [(await ana.receive())["id"] for _ in range(3)] == [1, 2, 3]


async def test_who_sends_too_much_meanwhile_is_closed(keys: KeyServer) -> None:
    async with (
        running(client={"token": {"jwks_public_endpoint": keys.url}}) as gateway,
        client(gateway) as flood,
    ):
        keys.may_answer.clear()
        await flood.send({"id": 1, "connect": {"token": signed("RS256", RSA_KEY, "r")}})
        for number in range(2, 5):
            await flood.send({"id": number, "rpc": {"data": "x" * 60_000}})
        code, _ = await flood.closed()
        keys.may_answer.set()
        assert code == 3013


async def test_without_keys_a_client_is_told_to_try_again(keys: KeyServer) -> None:
    keys.fails = True
    async with running(client={"token": {"jwks_public_endpoint": keys.url}}) as gateway:
        reply = await connect(gateway, signed("RS256", RSA_KEY, "r"))
        assert isinstance(reply, dict)
        assert reply["error"]["code"] == 100
        assert reply["error"]["temporary"]
