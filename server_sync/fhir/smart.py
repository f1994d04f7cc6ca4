"""SMART Backend Services: who asks says so with a signed assertion and gets a token for minutes (RFC 7523).

The client's half signs and keeps the token; the server's half believes nothing of an assertion before its signature
holds under a key that the client registered.
"""

import base64
import hashlib
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.types import Options

from server_sync.client.patience import Later, Patience, Refused
from server_sync.fhir.remote import Remote

LONGEST_S, APART_S = 300, 30
"""An assertion holds for 5 minutes at most, and two clocks may be half a minute apart."""
SIGNED_AHEAD_S = 60
"""So far ahead of our clock an assertion may say that it was signed: `iat` is for who reads it, and often rounded."""
LEAST_RSA_BITS = 2048
RENEW_BEFORE_S = 30.0
SILENCE_S = 30.0
"""How long another server may say nothing."""
WELL_KNOWN = ".well-known/smart-configuration"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_OWN_CLOCK: Options = {
    "require": ["iss", "sub", "aud", "exp", "jti"], "verify_exp": False, "verify_iat": False, "verify_nbf": False,
}  # fmt: skip
_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y")}

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
Jwks = Mapping[str, Sequence[Mapping[str, Any]]]
"""A set of public keys, as JSON has it: `{"keys": [...]}`."""


class AssertionRefused(ValueError):
    """An assertion that says nothing about who asks; the message is why."""


class Client(NamedTuple):
    """Another system that may ask us for tokens: the keys that it registered, and the token endpoint it knows us by.

    That is said when it is registered and never taken from a request, whose Host header is anybody's to write: what was
    signed for another server would be good here.
    """

    jwks: Jwks
    audience: str


class Signer(NamedTuple):
    """Who we are to another system: its name for us, and a key whose public half it has."""

    client_id: str
    key: Key

    @property
    def alg(self) -> str:
        """What it signs with: RS384 or ES384."""
        return "RS384" if isinstance(self.key, rsa.RSAPrivateKey) else "ES384"

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half of the key, for the other system to register; its id is its own thumbprint (RFC 7638)."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            public = RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        else:
            public = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        members = {name: public[name] for name in _MEMBERS[str(public["kty"])]}
        digest = hashlib.sha256(msgspec.json.encode(members, order="sorted")).digest()
        kid = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        return {**members, "kid": kid, "alg": self.alg, "use": "sig", "key_ops": ["verify"]}


def signer(client_id: str, pem: bytes) -> Signer:
    """Who we are, with a private key from PEM; raises ValueError for a key that SMART does not know."""
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ValueError("the key is no private key: it must be PEM, without a password") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= LEAST_RSA_BITS:
        return Signer(client_id, key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP384R1):
        return Signer(client_id, key)
    raise ValueError(f"the key must be RSA of {LEAST_RSA_BITS} bits or more (RS384), or of curve P-384 (ES384)")


def new_pem() -> bytes:
    """A new private key of curve P-384, as PEM."""
    key = ec.generate_private_key(ec.SECP384R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def jwks_text(pem: bytes) -> str:
    """The public half of a private key, as another system registers it (JWKS)."""
    return msgspec.json.encode({"keys": [signer("", pem).jwk]}).decode()


def assertion(who: Signer, audience: str, now: datetime) -> str:
    """A signed word that it is us, for one token endpoint, once, and for less than 5 minutes."""
    now_s = int(now.timestamp())
    claims = {
        "iss": who.client_id, "sub": who.client_id, "aud": audience,
        "exp": now_s + LONGEST_S - APART_S, "iat": now_s, "jti": str(uuid4()),
    }  # fmt: skip
    return jwt.encode(claims, who.key, algorithm=who.alg, headers={"kid": who.jwk["kid"]})


def token_url(server: Remote) -> str:
    """Where a FHIR server gives out tokens, as it says itself; raises Later or Refused."""
    answer = server.ask("GET", WELL_KNOWN)
    url = answer.body.get("token_endpoint")
    if answer.status != 200 or not isinstance(url, str):
        raise Refused(f"{server.base} does not say where it gives out tokens ({answer.why}): name its token endpoint")
    return url


class AccessTokens:
    """The tokens of one token endpoint: one is kept until shortly before it ends."""

    def __init__(
        self, endpoint: Remote, who: Signer, scope: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Ask `endpoint` for tokens of a scope, such as `system/*.cruds`."""
        self._endpoint, self._who, self._scope, self._now = endpoint, who, scope, now
        self._token, self._until_s = "", 0.0

    def token(self) -> str:
        """A token that holds; raises Later or Refused."""
        now = self._now()
        if not self._token or now.timestamp() >= self._until_s:
            self._token, lasts_s = self._new(now)
            self._until_s = now.timestamp() + lasts_s - min(RENEW_BEFORE_S, lasts_s / 2)
        return self._token

    def forget(self) -> None:
        """Ask for another one next time."""
        self._token = ""

    def _new(self, now: datetime) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials", "scope": self._scope, "client_assertion_type": JWT_BEARER,
            "client_assertion": assertion(self._who, self._endpoint.base, now),
        }  # fmt: skip
        answer = self._endpoint.ask("POST", "", urlencode(form).encode(), "application/x-www-form-urlencoded")
        token, lasts_s = answer.body.get("access_token"), answer.body.get("expires_in")
        if answer.status >= 400:
            raise Refused(f"{self._endpoint.base} gives us no token ({answer.why}): does it have our public key?")
        if not isinstance(token, str) or not token or str(answer.body.get("token_type")).lower() != "bearer":
            raise Later(f"{self._endpoint.base} does not answer like a token endpoint; check the address", tries=3)
        return token, float(lasts_s) if isinstance(lasts_s, int | float) and lasts_s > 0 else float(LONGEST_S)


@contextmanager
def reaching(url: str, who: Signer | None, tokens_at: str, scope: str, patience: Patience) -> Iterator[Remote]:
    """A FHIR server, which asks who we are unless that is None; raises Refused, or Later.

    Where it gives out tokens it says itself, unless `tokens_at` does. The system's certificates are believed, which are
    also those that a clinic installed for itself.
    """
    verify = ssl.create_default_context()
    with httpx.Client(trust_env=False, timeout=SILENCE_S, verify=verify) as http:
        server = Remote(url, http, patience)
        if who is None:
            yield server
            return
        endpoint = Remote(tokens_at or token_url(server), http, patience)
        yield Remote(url, http, patience, AccessTokens(endpoint, who, scope))


def check_assertion(
    token: str, clients: Mapping[str, Client], now: datetime, seen: Callable[[str, str, datetime], bool]
) -> str:
    """The id of the client that an assertion speaks for; raises AssertionRefused.

    `seen` is told the client, the `jti` and until when it matters, keeps
    that, and says whether it was there before: it must do both at once, as a unique key of a database does.
    """
    try:
        header, said = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
        client = str(said.get("iss", ""))
        known = clients.get(client, Client({}, ""))
        key, alg = _key(header, known.jwks)
        claims = jwt.decode(
            token, key, algorithms=[alg], audience=known.audience, issuer=client, subject=client, options=_OWN_CLOCK
        )
    except jwt.PyJWTError as reason:
        raise AssertionRefused(f"the assertion is not valid: {reason}") from None
    ends = _ends(claims, now)
    if seen(client, claims["jti"], ends):
        raise AssertionRefused("the assertion was used before: sign a new one, with a jti of its own")
    return client


def _key(header: Mapping[str, Any], registered: Jwks) -> tuple[jwt.PyJWK, str]:
    """The key that an assertion says it is signed with, of those that its client registered."""
    alg, kid = header.get("alg"), header.get("kid")
    if alg not in ("RS384", "ES384") or "crit" in header:
        raise AssertionRefused(f"the assertion must be signed with RS384 or ES384, and not with {alg!r}")
    found = [key for key in registered.get("keys", ()) if kid and key.get("kid") == kid]
    if len(found) != 1:
        raise AssertionRefused("no such client, or no such key of it")
    public = jwt.PyJWK(dict(found[0]), algorithm=alg)
    if isinstance(public.key, rsa.RSAPublicKey) and public.key.key_size < LEAST_RSA_BITS:
        raise AssertionRefused(f"the client's key has fewer than {LEAST_RSA_BITS} bits")
    return public, alg


def jwks_of(content: bytes) -> Jwks:
    """The public keys of a file that another system gave us; raises ValueError for what cannot check its signatures."""
    try:
        given = msgspec.json.decode(content, type=dict[str, list[dict[str, Any]]])["keys"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError):
        raise ValueError('this is no set of keys: a JWKS is JSON, {"keys": [...]}') from None
    names = [key.get("kid") for key in given]
    if not given or not all(isinstance(name, str) and name for name in names) or len(set(names)) < len(names):
        raise ValueError("a set needs at least one key, and each key a kid of its own")
    return {"keys": [_public(key) for key in given]}


def _public(key: Mapping[str, Any]) -> dict[str, Any]:
    """A key without what nobody here needs; raises ValueError."""
    kid, kind = str(key["kid"])[:60], str(key.get("kty"))
    if {"d", "p", "q", "k"} & key.keys():
        raise ValueError(f"key {kid!r} is a private one: nobody but its owner may have it; ask for the public half")
    members = {name: key.get(name) for name in (*_MEMBERS.get(kind, ()), "kid")}
    try:
        public = jwt.PyJWK(members, algorithm={"RSA": "RS384", "EC": "ES384"}[kind]).key
    except (KeyError, jwt.PyJWTError, ValueError):
        raise ValueError(f"key {kid!r} is none of RSA or of curve P-384") from None
    if isinstance(public, ec.EllipticCurvePublicKey) and not isinstance(public.curve, ec.SECP384R1):
        raise ValueError(f"key {kid!r} is of curve {public.curve.name}: ES384 needs P-384")
    if isinstance(public, rsa.RSAPublicKey) and public.key_size < LEAST_RSA_BITS:
        raise ValueError(f"key {kid!r} has {public.key_size} bits: {LEAST_RSA_BITS} are the least")
    return members


def _ends(claims: Mapping[str, Any], now: datetime) -> datetime:
    """Until when an assertion holds, by our clock."""
    now_s, exp_s, begins_s, signed_s = now.timestamp(), claims["exp"], claims.get("nbf", 0), claims.get("iat", 0)
    if not all(isinstance(at_s, int | float) and 0 <= at_s < 1e11 for at_s in (exp_s, begins_s, signed_s)):
        raise AssertionRefused("exp, nbf and iat must be seconds since 1970")
    if not isinstance(claims["jti"], str) or not 1 <= len(claims["jti"]) <= 255:
        raise AssertionRefused("jti must be 1 to 255 characters")
    if exp_s <= now_s - APART_S or begins_s > now_s + APART_S:
        raise AssertionRefused("the assertion does not hold now: its time is over, or has not come")
    if signed_s > now_s + SIGNED_AHEAD_S:
        raise AssertionRefused("the assertion says that it was signed later than now: set the clock of who signs")
    if exp_s > now_s + LONGEST_S + APART_S:
        raise AssertionRefused(f"the assertion holds for too long: {LONGEST_S} s are the most")
    return datetime.fromtimestamp(exp_s + APART_S, UTC)
