"""SMART Backend Services: our assertions convince another implementation, and nobody else's convince us."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from fhir_fixtures import FhirServer
from jwt.warnings import InsecureKeyLengthWarning

from server_sync.client.patience import Later, Refused
from server_sync.fhir.remote import Remote
from server_sync.fhir.smart import (
    AccessTokens,
    AssertionRefused,
    Client,
    Signer,
    assertion,
    check_assertion,
    signer,
    token_url,
)

AUDIENCE = "https://clinic.example/fhir/token"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
RSA = Signer("hospital", rsa.generate_private_key(public_exponent=65537, key_size=2048))
EC = Signer("hospital", ec.generate_private_key(ec.SECP384R1()))
BOTH = pytest.mark.parametrize("who", [RSA, EC], ids=["RS384", "ES384"])


class Once:
    """What was said before, as a unique key of a database keeps it."""

    def __init__(self) -> None:
        self.until: dict[tuple[str, str], datetime] = {}

    def __call__(self, client: str, jti: str, until: datetime) -> bool:
        before = (client, jti) in self.until
        self.until[client, jti] = until
        return before


def jwks(*signers: Signer) -> Mapping[str, Any]:
    return {"keys": [who.jwk for who in signers]}


def check(token: str, clients: Mapping[str, Any] | None = None, seen: Callable[..., bool] | None = None) -> str:
    known = clients or {"hospital": jwks(RSA, EC)}
    return check_assertion(token, {name: Client(keys, AUDIENCE) for name, keys in known.items()}, NOW, seen or Once())


def forged(who: Signer = EC, headers: Mapping[str, Any] | None = None, **claims: Any) -> str:
    """An assertion with claims or headers of another's liking; one that is None is left out."""
    now_s = NOW.timestamp()
    said = {"iss": "hospital", "sub": "hospital", "aud": AUDIENCE, "exp": now_s + 200, "jti": "j-1", **claims}
    kept = {name: value for name, value in said.items() if value is not None}
    return jwt.encode(kept, who.key, algorithm=who.alg, headers={"kid": who.jwk["kid"], **(headers or {})})


def unsigned(header: Mapping[str, Any]) -> str:
    parts = (
        header,
        {"iss": "hospital", "sub": "hospital", "aud": AUDIENCE, "exp": NOW.timestamp() + 200, "jti": "j-1"},
    )
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts) + "."


@BOTH
def test_an_assertion_of_ours_says_who_it_is(who: Signer) -> None:
    seen = Once()
    assert check(assertion(who, AUDIENCE, NOW), seen=seen) == "hospital"
    (until,) = seen.until.values()
    assert NOW < until <= NOW + timedelta(minutes=6)


@BOTH
def test_an_assertion_is_good_once(who: Signer) -> None:
    seen, token = Once(), assertion(who, AUDIENCE, NOW)
    check(token, seen=seen)
    with pytest.raises(AssertionRefused, match="used before"):
        check(token, seen=seen)
    assert check(assertion(who, AUDIENCE, NOW), seen=seen) == "hospital"


def test_an_assertion_that_is_refused_uses_up_nothing() -> None:
    seen = Once()
    with pytest.raises(AssertionRefused):
        check(forged(exp=NOW.timestamp() + 4000), seen=seen)
    assert not seen.until


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "https://elsewhere.example/token"}, "[Aa]udience"),
        ({"aud": None}, "aud"),
        ({"exp": NOW.timestamp() - 60}, "time is over"),
        ({"exp": NOW.timestamp() + 3600}, "too long"),
        ({"exp": None}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"nbf": NOW.timestamp() + 120}, "has not come"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": "x" * 300}, "jti"),
        ({"sub": "somebody"}, "[Ss]ubject"),
        ({"iss": "somebody"}, "no such client"),
        ({"iss": None}, "no such client"),
    ],
)
def test_a_signature_alone_is_not_enough(claims: dict[str, Any], why: str) -> None:
    with pytest.raises(AssertionRefused, match=why):
        check(forged(**claims))


def test_two_clocks_may_be_half_a_minute_apart() -> None:
    assert check(forged(exp=NOW.timestamp() - 20)) == "hospital"
    assert check(forged(exp=NOW.timestamp() + 320)) == "hospital"


def test_a_key_that_the_client_did_not_register_is_refused() -> None:
    other = Signer("hospital", ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(AssertionRefused, match="no such key"):
        check(forged(other))
    with pytest.raises(AssertionRefused, match=r"[Ss]ignature"):
        check(forged(other, {"kid": EC.jwk["kid"]}))
    with pytest.raises(AssertionRefused, match="no such key"):
        check(forged(headers={"kid": ""}))
    with pytest.raises(AssertionRefused, match="no such client"):
        check(forged(), {"clinic": jwks(EC)})


def test_a_client_cannot_speak_for_another() -> None:
    clients = {"hospital": jwks(RSA), "thief": jwks(EC)}
    with pytest.raises(AssertionRefused, match="no such"):
        check(forged(EC), clients)
    with pytest.raises(AssertionRefused, match=r"[Ss]ubject"):
        check(forged(EC, iss="thief"), clients)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256", "HS384", "RS256", "ES256", "PS384", None, 7])
def test_no_other_algorithm_is_believed(alg: object) -> None:
    with pytest.raises(AssertionRefused):
        check(unsigned({"alg": alg, "typ": "JWT", "kid": EC.jwk["kid"]}))


@pytest.mark.parametrize("who", [RSA, EC], ids=["RSA", "EC"])
def test_a_public_key_is_no_password(who: Signer) -> None:
    """A server that reads the algorithm from the token would check an HMAC with the public key, which all know."""
    public = who.key.public_key()
    for secret in (
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(who.jwk).encode(),
    ):
        head = {"alg": "HS384", "typ": "JWT", "kid": who.jwk["kid"]}
        body = unsigned(head)[:-1]
        mac = base64.urlsafe_b64encode(hmac.digest(secret, body.encode(), hashlib.sha384)).decode().rstrip("=")
        with pytest.raises(AssertionRefused, match="HS384"):
            check(f"{body}.{mac}")


def test_a_key_of_one_kind_does_not_check_a_signature_of_the_other() -> None:
    token = forged(RSA, {"kid": EC.jwk["kid"]})
    with pytest.raises(AssertionRefused):
        check(token)


def test_a_header_that_must_be_understood_is_refused() -> None:
    with pytest.raises(AssertionRefused):
        check(forged(headers={"crit": ["b64"], "b64": False}))


def test_a_short_rsa_key_is_refused() -> None:
    weak = Signer("hospital", rsa.generate_private_key(public_exponent=65537, key_size=1024))
    with pytest.warns(InsecureKeyLengthWarning):
        token = forged(weak)
    with pytest.raises(AssertionRefused, match="2048"):
        check(token, {"hospital": jwks(weak)})


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "..", "é.é.é", "e30.e30.", "x" * 100_000])
def test_what_is_no_assertion_is_refused(token: str) -> None:
    with pytest.raises(AssertionRefused):
        check(token)


def test_the_public_half_that_we_give_away_has_nothing_private() -> None:
    for who in (RSA, EC):
        assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & who.jwk.keys()
        assert len(who.jwk["kid"]) == 43


def test_only_keys_that_smart_knows_sign() -> None:
    def pem(key: Any) -> bytes:
        return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    assert signer("us", pem(RSA.key)).alg == "RS384"
    assert signer("us", pem(EC.key)).alg == "ES384"
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for wrong in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate(), weak):
        with pytest.raises(ValueError, match="P-384"):
            signer("us", pem(wrong))


@BOTH
def test_another_implementation_takes_our_assertion_and_gives_a_token(fhir_server: FhirServer, who: Signer) -> None:
    fhir_server.register({who.client_id: jwks(who)})
    tokens = AccessTokens(fhir_server.remote("token"), who, "system/*.cruds")
    closed = f"auth-put-{who.alg}"
    with pytest.raises(Refused, match="401"):
        fhir_server.remote(closed).ask("GET", "Patient")
    assert fhir_server.remote(closed, tokens).ask("GET", "Patient").status == 200


def test_a_token_is_kept_until_shortly_before_it_ends(fhir_server: FhirServer) -> None:
    fhir_server.register({EC.client_id: jwks(EC)})
    began, later = datetime.now(UTC), [0.0]
    tokens = AccessTokens(
        fhir_server.remote("token"), EC, "system/*.cruds", lambda: began + timedelta(seconds=later[0])
    )
    first = tokens.token()
    later[0] = 260.0
    assert tokens.token() == first
    later[0] = 0.0
    tokens.forget()
    assert tokens.token() != first


def test_a_token_that_the_server_forgot_is_asked_for_once_more(fhir_server: FhirServer) -> None:
    class Stale(AccessTokens):
        """Whose first token is one that the server never gave."""

        def __init__(self) -> None:
            super().__init__(fhir_server.remote("token"), EC, "system/*.cruds")
            self._token, self._until_s = "stale", datetime.now(UTC).timestamp() + 300

    fhir_server.register({EC.client_id: jwks(EC)})
    assert fhir_server.remote("auth-put-stale", Stale()).ask("GET", "Patient").status == 200


def test_a_client_that_is_not_registered_is_told_so(fhir_server: FhirServer) -> None:
    fhir_server.register({})
    with pytest.raises(Refused, match="public key"):
        AccessTokens(fhir_server.remote("token"), EC, "system/*.cruds").token()


def test_a_server_that_does_not_say_where_tokens_are_is_told_so(fhir_server: FhirServer) -> None:
    with pytest.raises((Refused, Later), match=r"token|FHIR"):
        token_url(fhir_server.remote("put-nowhere"))


@pytest.mark.parametrize("url", ["http://hospital.example/fhir", "ftp://hospital.example", "hospital", "", "https//x"])
def test_personal_data_goes_nowhere_without_encryption(url: str) -> None:
    with httpx.Client() as http, pytest.raises(Refused, match="https"):
        Remote(url, http)
