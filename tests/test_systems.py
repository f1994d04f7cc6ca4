"""Another system is let in for minutes, by a proof that it signed for this server, once; nobody else is."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from other_systems import ALL, BASE, HOSPITAL, SystemClient, ask_token, jwks, let_in, proof
from routes import Client, a_web
from server_fixtures import Clock, a_service
from sqlalchemy import select
from typer.testing import CliRunner

import steadyreach
from server_sync.client.patience import Refused
from server_sync.clinic.service import Service
from server_sync.clinic.systems import SystemRefused, UnknownSystem
from server_sync.clinic.tables import System, SystemToken, UsedAssertion
from server_sync.fhir.scopes import UnknownScope
from server_sync.fhir.smart import AssertionRefused, Signer, assertion
from server_sync.web import access

OTHER = Signer("insurer.example", rsa.generate_private_key(public_exponent=65537, key_size=2048))


@pytest.fixture
def service(service: Service) -> Service:
    """A clinic that lets another system in."""
    let_in(service)
    return service


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as opened:
        yield opened


def forged(clock: Clock, who: Signer = HOSPITAL, **claims: Any) -> str:
    """A proof with claims of another's liking; one that is None is left out."""
    now_s = clock().timestamp()
    said = {"iss": who.client_id, "sub": who.client_id, "aud": f"{BASE}/token", "exp": now_s + 200, "jti": "j-1"}
    kept = {name: value for name, value in (said | claims).items() if value is not None}
    return jwt.encode(kept, who.key, algorithm=who.alg, headers={"kid": who.jwk["kid"]})


def refused(said: Any, error: str, status: int) -> None:
    assert (said.status_code, said.json()["error"]) == (status, error)
    assert "access_token" not in said.json()
    assert said.headers["cache-control"] == "no-store"


# What a system gets


def test_a_proof_gives_a_token_for_five_minutes(client: Client, clock: Clock) -> None:
    said = ask_token(client, proof(now=clock()), "system/Patient.rs system/Nothing.cruds").json()
    assert (said["token_type"], said["expires_in"], said["scope"]) == ("bearer", 300, "system/Patient.rs")
    shown = {"Authorization": f"Bearer {said['access_token']}"}
    clock.move(seconds=299)
    for scheme in ("Bearer", "bearer", "BEARER"):
        written = {"Authorization": f"{scheme} {said['access_token']}"}
        assert client.get("/fhir/Patient", headers=written).status_code == 200
    assert client.get("/fhir/Patient", headers={"Authorization": f"Basic {said['access_token']}"}).status_code == 401
    clock.move(seconds=2)
    late = client.get("/fhir/Patient", headers=shown)
    assert (late.status_code, late.headers["www-authenticate"]) == (401, 'Bearer realm="fhir"')
    assert late.json()["resourceType"] == "OperationOutcome"


def test_what_smart_wants_to_be_said_is_said_to_anybody(client: Client) -> None:
    said = client.get("/fhir/.well-known/smart-configuration").json()
    assert (said["grant_types_supported"], said["code_challenge_methods_supported"]) == (
        ["client_credentials"],
        ["S256"],
    )


def test_both_kinds_of_keys_are_known(client: Client, service: Service, clock: Clock) -> None:
    let_in(service, OTHER)
    assert SystemClient(client, OTHER, now=clock()).get("/fhir/Patient").status_code == 200


def test_no_token_and_no_proof_is_kept_in_the_clear(client: Client, service: Service, clock: Clock) -> None:
    signed = proof(now=clock())
    token = ask_token(client, signed).json()["access_token"]
    rows = [
        row
        for table in (System, SystemToken, UsedAssertion)
        for row in service.store.look(select(*table.__table__.columns))
    ]
    said = repr([tuple(row) for row in rows])
    assert len(rows) == 3
    for secret in (token, signed, jwt.decode(signed, options={"verify_signature": False})["jti"]):
        assert secret not in said


def test_what_it_may_do_is_by_type_and_by_what_is_done(client: Client, clock: Clock) -> None:
    system = SystemClient(client, scope="system/Patient.s system/ServiceRequest.rs", now=clock())
    assert system.get("/fhir/Patient").status_code == 200
    for path, scope in (
        ("Patient/1", "Patient.r"),
        ("Observation?patient=1", "Observation.s"),
        ("AuditEvent/1", "AuditEvent.r"),
    ):
        said = system.get(f"/fhir/{path}")
        assert (said.status_code, said.json()["issue"][0]["code"]) == (403, "forbidden")
        assert scope in said.json()["issue"][0]["diagnostics"]
    assert system.order(b"{}").status_code == 403


def test_it_opens_no_other_address(client: Client, clock: Clock) -> None:
    shown = SystemClient(client, now=clock()).headers
    for path in ("/patients", "/drafts", "/audit", "/me", "/accounts"):
        assert client.get(path, headers=shown, follow_redirects=False).headers["location"] == "/login"
    assert client.get("/device/state", headers=shown).status_code == 401


# What a stranger gets


def test_a_proof_is_good_once_however_many_show_it_at_once(service: Service, clock: Clock) -> None:
    signed = proof(now=clock())

    def show(_: int) -> str:
        try:
            return service.systems.token(signed, ALL).token
        except AssertionRefused as reason:
            return str(reason)

    with ThreadPoolExecutor(8) as many:
        said = list(many.map(show, range(8)))
    assert sum("used before" in each for each in said) == 7


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://elsewhere.example/fhir/token"},
        {"aud": BASE},
        {"aud": f"{BASE}/token/"},
        {"exp": 1_000},
        {"exp": 4e9},
        {"iat": 4e9},
        {"iat": "now"},
        {"iss": "insurer.example", "sub": "insurer.example"},
        {"sub": "insurer.example"},
        {"iss": "' OR 1=1 --", "sub": "' OR 1=1 --"},
        {"iss": "%", "sub": "%"},
        {"jti": None},
    ],
    ids=repr,
)
def test_a_proof_that_is_not_for_here_and_now_is_refused(client: Client, clock: Clock, claims: dict[str, Any]) -> None:
    refused(ask_token(client, forged(clock, **claims)), "invalid_client", 401)


def test_a_proof_of_a_clock_that_is_a_little_ahead_holds_and_one_of_more_than_a_minute_does_not(
    client: Client, clock: Clock
) -> None:
    now_s = clock().timestamp()
    assert ask_token(client, forged(clock, iat=now_s + 59)).status_code == 200
    refused(ask_token(client, forged(clock, iat=now_s + 61, jti="j-2")), "invalid_client", 401)


def test_a_key_that_only_looks_like_its_own_is_refused(client: Client, clock: Clock) -> None:
    thief = Signer(HOSPITAL.client_id, ec.generate_private_key(ec.SECP384R1()))
    refused(ask_token(client, proof(thief, clock())), "invalid_client", 401)
    own_name = jwt.encode(
        jwt.decode(proof(thief, clock()), options={"verify_signature": False}),
        thief.key, algorithm="ES384", headers={"kid": HOSPITAL.jwk["kid"]},
    )  # fmt: skip
    refused(ask_token(client, own_name), "invalid_client", 401)


def test_a_proof_for_another_server_does_not_become_one_for_here_by_a_host_header(client: Client, clock: Clock) -> None:
    """Another server that our system speaks to may show us what it was shown, under its own name."""
    for base in ("http://elsewhere.example/fhir", "https://elsewhere.example/fhir"):
        form = {
            "grant_type": "client_credentials", "scope": ALL,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": assertion(HOSPITAL, f"{base}/token", clock()),
        }  # fmt: skip
        headers = {"Host": "elsewhere.example", "X-Forwarded-Host": "elsewhere.example", "X-Forwarded-Proto": "https"}
        refused(client.post("/fhir/token", data=form, headers=headers), "invalid_client", 401)


def test_a_system_of_another_clinic_is_a_stranger(client: Client, tmp_path: Path, clock: Clock) -> None:
    elsewhere = Signer(HOSPITAL.client_id, ec.generate_private_key(ec.SECP384R1()))
    with a_service(tmp_path / "other", now=clock) as other, a_web(other) as web:
        let_in(other, elsewhere)
        theirs = SystemClient(web, elsewhere, now=clock())
        assert theirs.get("/fhir/Patient").status_code == 200
        assert client.get("/fhir/Patient", headers=theirs.headers).status_code == 401
    refused(ask_token(client, proof(elsewhere, clock())), "invalid_client", 401)


@pytest.mark.parametrize("token", ["", "x", "é", "\0", "Bearer", "a" * 10_000])
def test_what_is_no_token_opens_nothing(client: Client, token: str) -> None:
    assert client.get("/fhir/Patient", headers={"Authorization": f"Bearer {token}".encode()}).status_code == 401


def test_a_system_that_is_revoked_is_out_at_once(client: Client, service: Service, clock: Clock) -> None:
    system = SystemClient(client, now=clock())
    service.systems.revoke(HOSPITAL.client_id)
    assert system.get("/fhir/Patient").status_code == 401
    refused(ask_token(client, proof(now=clock())), "invalid_client", 401)
    with pytest.raises(UnknownSystem):
        service.systems.revoke(HOSPITAL.client_id)
    with pytest.raises(SystemRefused, match="is, or was"):
        let_in(service)


def test_a_system_that_was_changed_begins_anew(client: Client, service: Service, clock: Clock) -> None:
    before = SystemClient(client, now=clock())
    new = Signer(HOSPITAL.client_id, ec.generate_private_key(ec.SECP384R1()))
    service.systems.change(HOSPITAL.client_id, jwks=jwks(new), scopes="system/Patient.rs")
    assert before.get("/fhir/Patient").status_code == 401
    refused(ask_token(client, proof(now=clock())), "invalid_client", 401)
    after = SystemClient(client, new, now=clock())
    assert after.get("/fhir/Observation?patient=1").status_code == 403
    with pytest.raises(UnknownSystem):
        service.systems.change("nobody.example", scopes="system/Patient.rs")


def test_who_may_do_nothing_of_what_they_ask_for_is_told_what_they_may(client: Client, clock: Clock) -> None:
    for scope in ("", "system/Nothing.rs", "user/Patient.rs", "%"):
        said = ask_token(client, proof(now=clock()), scope)
        refused(said, "invalid_scope", 400)
        assert "system/Patient.rs" in said.json()["error_description"]


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_assertion_type": "none"}, "invalid_request"),
        ({"client_assertion": ""}, "invalid_client"),
        ({"client_assertion": "a.b.c"}, "invalid_client"),
    ],
)
def test_what_is_no_such_request_is_refused(client: Client, clock: Clock, form: dict[str, str], error: str) -> None:
    refused(ask_token(client, proof(now=clock()), **form), error, 401 if error == "invalid_client" else 400)


def test_a_token_is_asked_for_by_a_form_that_is_not_too_large(client: Client) -> None:
    said = client.post("/fhir/token", json={"grant_type": "client_credentials"})
    refused(said, "invalid_request", 415)
    assert ask_token(client, "x" * 100_000).status_code == 413
    refused(ask_token(client, "x", **{f"f{n}": "x" for n in range(200)}), "invalid_request", 400)


def test_who_shows_wrong_proofs_has_to_wait_and_nobody_else(client: Client, clock: Clock) -> None:
    codes = [ask_token(client, "a.b.c").status_code for _ in range(access.WRONG_ASSERTIONS + 1)]
    assert codes == [401] * access.WRONG_ASSERTIONS + [429]
    said = ask_token(client, proof(now=clock()))
    refused(said, "temporarily_unavailable", 429)
    assert int(said.headers["retry-after"]) >= 1


def test_a_system_that_asks_too_often_is_told_when_it_may_again(client: Client, clock: Clock) -> None:
    system = SystemClient(client, now=clock())
    for _ in range(access.MOST_SEARCHES):
        client.app.state.rates["systems"].spend(HOSPITAL.client_id)
    said = system.get("/fhir/Patient")
    assert (said.status_code, said.json()["resourceType"]) == (429, "OperationOutcome")
    assert int(said.headers["retry-after"]) >= 1


# Who is let in


def key(**members: object) -> bytes:
    return json.dumps({"keys": [{**HOSPITAL.jwk, **members}]}).encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "JWKS"),
        (b"[]", "JWKS"),
        (b'{"keys": []}', "at least one"),
        (b'{"keys": [{}]}', "kid"),
        (key(kid=7), "kid"),
        (json.dumps({"keys": [HOSPITAL.jwk, HOSPITAL.jwk]}).encode(), "kid of its own"),
        (key(d="AAAA"), "private"),
        (key(kty="oct", k="AAAA"), "private"),
        (key(kty="OKP"), "RSA"),
        (key(x="AAAA"), "RSA"),
        (key(crv="P-256"), "RSA"),
        (b"\xff", "JWKS"),
        (b"[" * 100_000, "JWKS"),
        (b'{"keys": ' + b"[" * 100_000, "JWKS"),
    ],
)
def test_a_set_of_keys_that_could_not_prove_anything_is_refused(service: Service, content: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        service.systems.add("new.example", BASE, content, ALL)


def test_a_short_or_other_key_is_refused(service: Service) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(ValueError, match="1024 bits"):
        service.systems.add("new.example", BASE, jwks(Signer("new.example", weak)), ALL)
    curve = jwt.algorithms.ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True)
    with pytest.raises(ValueError, match="P-384"):
        service.systems.add("new.example", BASE, json.dumps({"keys": [{**curve, "kid": "k"}]}).encode(), ALL)


@pytest.mark.parametrize("name", ["", "Hospital", "a b", "../x", "x" * 101, "*", "ä"])
def test_a_name_that_consents_could_not_have_is_refused(service: Service, name: str) -> None:
    with pytest.raises(SystemRefused):
        service.systems.add(name, BASE, jwks(HOSPITAL), ALL)


def test_what_it_may_do_and_where_it_asks_are_checked(service: Service) -> None:
    with pytest.raises(UnknownScope):
        service.systems.add("new.example", BASE, jwks(HOSPITAL), "system/Patient.rs admin")
    with pytest.raises(Refused, match="https"):
        service.systems.add("new.example", "http://clinic.example/fhir", jwks(HOSPITAL), ALL)
    assert [each.id for each in service.systems.listed()] == [HOSPITAL.client_id]


def test_each_change_is_in_the_audit(client: Client, service: Service, clock: Clock) -> None:
    SystemClient(client, now=clock())
    service.systems.change(HOSPITAL.client_id, scopes="system/Patient.rs")
    service.systems.revoke(HOSPITAL.client_id)
    rows = [(each.actor, each.action, each.thing) for each in service.audit.listed()][::-1]
    assert rows == [
        ("command", "add a system", "hospital.example"),
        ("system hospital.example", "get a token", ""),
        ("command", "change a system", "hospital.example"),
        ("command", "revoke a system", "hospital.example"),
    ]


# The commands


def entered(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(steadyreach.app, [*words])
    return done.exit_code, done.stdout + done.stderr


def test_the_commands_let_in_list_change_and_revoke(service: Service, tmp_path: Path) -> None:
    at, folder = ["--folder", str(service.folder)], tmp_path
    code, public = entered("fhir", "key", str(folder / "key.pem"))
    assert code == 0
    assert (folder / "key.pem").stat().st_mode & 0o077 == 0 or steadyreach.sys.platform == "win32"
    (folder / "jwks.json").write_text(public, encoding="utf-8")
    given = ["--jwks", str(folder / "jwks.json"), "--scopes", "system/Patient.rs system/Observation.rs"]
    code, said = entered("system", "add", "lab.example", *at, *given, "--at", "https://clinic.example/fhir/", "--json")
    kid = json.loads(public)["keys"][0]["kid"]
    told = json.loads(said)
    assert (code, told["keys"], told["base"]) == (0, [kid], "https://clinic.example/fhir")
    assert entered("system", "add", "lab.example", *at, *given)[0] == 1
    code, said = entered("system", "change", "lab.example", *at, "--scopes", "system/Patient.rs")
    assert (code, "system/Observation" in said) == (0, False)
    assert entered("system", "revoke", "lab.example", *at)[0] == 0
    assert "revoked" in entered("system", "list", *at)[1]
    for wrong in (["--scopes", "system/Patient.rs"], [*given[:2]], ["--jwks", str(folder / "none"), *given[2:]]):
        code, said = entered("system", "add", "new.example", *at, *wrong)
        assert code == 1
        assert "steadyreach: " in said
    assert entered("fhir", "key", str(folder / "key.pem"))[0] == 1
