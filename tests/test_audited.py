"""Every address that has to do with somebody's data leaves a row in the audit, also one that is made tomorrow."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from other_systems import HOSPITAL, SystemClient, an_order, let_in, share
from routes import Client, Route, a_web, begin_visit, filled, form_token, routes, show_cookie
from server_fixtures import SignedDevice, a_service, a_session, an_item

from engine.prescription import Draft, Message
from engine.records import to_json
from server_sync import wire
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.audit import Entry, Which
from server_sync.clinic.consents import TELEHEALTH
from server_sync.clinic.export_choice import TRIALS
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import ROLES, Permission, may
from server_sync.clinic.service import Service
from server_sync.web import access

UNAUDITED: Mapping[str, str] = {
    "GET /": "leads on",
    "GET /account": "one's own account, shown to nobody else",
    "GET /account/second-factor": "one's own account, shown to nobody else",
    "GET /account/second-factor/picture.svg": "one's own account, shown to nobody else",
    "GET /device/state": "numbers, and the pseudonyms that the device was enrolled for",
    "GET /device/prescriptions": "numbers of versions; each that is fetched is a row",
    "POST /device/token": "a secret of the device",
    "POST /device/uploads": "a row once it is known whose recording it is: with its session",
    "HEAD /device/uploads/{sha256:str}": "how many bytes are here",
    "PATCH /device/uploads/{sha256:str}": "a row once it is known whose recording it is: with its session",
    "DELETE /device/uploads/{sha256:str}": "what is nobody's yet",
    "GET /device/recordings/{rest:path}": "always refused",
    "PATCH /device/recordings/{rest:path}": "always refused",
    "PUT /device/recordings/{rest:path}": "always refused",
    "GET /device/sessions/{rest:path}": "always refused",
    "PATCH /device/sessions/{rest:path}": "always refused",
    "PUT /device/sessions/{rest:path}": "always refused",
    "GET /fhir/metadata": "nothing of anybody",
    "GET /fhir/.well-known/smart-configuration": "nothing of anybody",
    "HEAD /fhir/metadata": "nothing of anybody",
    "HEAD /fhir/.well-known/smart-configuration": "nothing of anybody",
    "GET /health": "nothing of anybody",
    "GET /metrics": "nothing of anybody",
    "GET /openapi.json": "nothing of anybody",
    "GET /presets": "nothing of anybody",
    "GET /presets/{preset:str}": "nothing of anybody",
    "GET /static/{name:str}": "nothing of anybody",
    "GET /invitation": "a form",
    "GET /patients/new": "a form",
    "GET /login": "a form",
    "GET /login/code": "a form",
}
PASSWORD = "harbour lantern sedge"
FORMS: Mapping[str, Mapping[str, str]] = {
    "POST /account/logins": {},
    "POST /account/second-factor": {},
    "POST /account/preferences": {"look": "dark"},
    "POST /account/password": {"old": PASSWORD, "new": "sedge lantern harbour", "again": "sedge lantern harbour"},
    "POST /account/second-factor/code": {"password": PASSWORD, "code": "123456"},
    "POST /account/second-factor/removed": {"password": PASSWORD, "code": "123456"},
    "POST /accounts": {"login": "ida", "name": "Ida", "role": "therapist"},
    "POST /accounts/{account_id:int}/disabled": {},
    "POST /accounts/{account_id:int}/enabled": {},
    "POST /accounts/{account_id:int}/invitation": {},
    "POST /accounts/{account_id:int}/role": {"role": "researcher"},
    "POST /accounts/{account_id:int}/second-factor": {},
    "POST /accounts/{account_id:int}/wards": {"patient": "p-milo", "relation": "parent"},
    "POST /accounts/{account_id:int}/wards/{patient_id:str}/ended": {},
    "POST /clinic/codes": {},
    "POST /clinic/devices/{device_id:str}/revoked": {},
    "POST /clinic/retention": {
        "recordings_days": "90",
        "child_recordings_days": "30",
        "records_years": "10",
        "age": "16",
    },
    "POST /clinic/systems/{system_id:str}/revoked": {},
    "POST /patients": {"wanted": "Milo"},
    "POST /patients/{patient_id:str}/consents": {"kind": TELEHEALTH, "by": "Milo", "relation": SELF, "act": "give"},
    "POST /patients/{patient_id:str}/contacts": {"minutes": "5"},
    "POST /patients/{patient_id:str}/report/{kind:str}": {"own": "Goes on."},
    "POST /people/{patient_id:str}/erased": {"pseudonym": "p-milo"},
    "POST /people/{patient_id:str}/hand-over": {},
    "POST /login": {"login": "ottoline", "password": "wrong"},
    "POST /logout": {},
    "POST /drafts/{draft_id:str}/take": {"games": "fruit_ladder"},
    "POST /drafts/{draft_id:str}/decline": {},
    "POST /drafts/{draft_id:str}/seen": {},
    "POST /me/{patient_id:str}/letters": {"text": "The second game hurts."},
    "POST /patients/{patient_id:str}/beside": {"do": "stop"},
    "POST /patients/{patient_id:str}/tune": {"do": "look"},
    "POST /patients/{patient_id:str}/tune/undo": {},
    "POST /patients/{patient_id:str}/tune/preview": {},
    "POST /patients/new": {"name": "Ada", "template": "fall-risk"},
    "POST /patients/{patient_id:str}/details": {"name": "Milo"},
    "POST /patients/{patient_id:str}/plan": {"do": "look"},
    "POST /me/{patient_id:str}/messages/{message_id:str}": {"answer": "All fine"},
    "POST /patients/{patient_id:str}/messages": {"text": "Well done."},
    "POST /patients/{patient_id:str}/messages/read": {},
    "POST /research/export": {"study": "a-study", "kind": TRIALS},
}
"""What each form sends, beside its token."""


class World(NamedTuple):
    """A clinic with one patient, who has played, has a prescription and may log in, and its web."""

    service: Service
    client: Client
    device: SignedDevice
    patient_id: str
    values: Mapping[str, object]
    accounts: Mapping[str, int]


@pytest.fixture(scope="module")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The world as it was made, closed: each test has a copy of it."""
    folder = tmp_path_factory.mktemp("audited")
    with (
        a_service(folder) as service,
        a_web(service) as client,
    ):
        let_in(service)
        share(service, "p-milo", name="Milo", identifier="p-milo")
        service.drafts.receive(HOSPITAL.client_id, an_order("|p-milo"))
        patient_id, device = service.patients.id_of("p-milo"), SignedDevice(client).enrol(service)
        device.deliver(an_item(a_session()))
        asked = Message(text="How was Friday?", answers=("All fine",))
        service.prescriptions.save("p-milo", Draft(messages=(asked,)), "Maja")
        accounts = {}
        for role in ROLES:
            wards = {"patient": {patient_id: SELF}, "guardian": {patient_id: "mother"}}.get(role, {})
            service.accounts.make(role, f"A {role}", role, wards=wards)
            accounts[role] = service.accounts.named(role).id
        service.accounts.add("ottoline", "Ottoline", password=PASSWORD)
        values = {
            "patient_id": patient_id, "session_id": "s-1", "number": 1,
            "account_id": accounts["guardian"], "kind": TRIALS,
            "device_id": SignedDevice(client).enrol(service).id, "system_id": HOSPITAL.client_id,
            "message_id": "1-1",
            "draft_id": service.drafts.of(patient_id, HOSPITAL.client_id)[0].id,
            "resource_id": service.links.naming.patient(patient_id),
        }  # fmt: skip
        return World(service, client, device, patient_id, values, accounts)


@pytest.fixture
def world(filled_once: World, tmp_path: Path) -> Iterator[World]:
    shutil.copytree(filled_once.service.folder, tmp_path / "clinic")
    with (
        a_service(tmp_path / "clinic") as service,
        a_web(service) as client,
    ):
        device = copy(filled_once.device)
        device.client = client
        yield filled_once._replace(service=service, client=client, device=device)


def new_rows(world: World, ask: Callable[[], Any]) -> list[Entry]:
    """The rows that a request leaves."""
    last = world.service.audit.head().number
    answer = ask()
    assert answer.status_code < 500, answer.text
    return [entry for entry in world.service.audit.listed(Which()) if entry.number > last]


def asked(world: World, route: Route) -> tuple[str, Any]:
    """Ask as somebody who may; gives who that is, as the audit has them, and the answer."""
    whose = {"account_id": world.accounts["auditor"]} if route.path.endswith("/role") else {}
    path = filled(route.path, {**world.values, **whose})
    if route.may == access.DEVICE:
        body = SENT[route.path]() if route.method == "POST" else b""
        return f"device {world.device.id}", world.device.ask(route.method, path, body)
    if route.may == access.SYSTEM:
        return f"system {HOSPITAL.client_id}", asked_by_system(world, route)
    actor = ""
    if isinstance(route.may, Permission):
        own = route.path.startswith("/account/")
        login = "ottoline" if own else next(role for role in ROLES if may(role, route.may))
        account_id = world.service.accounts.named(login).id
        visit = begin_visit(world.service, account_id)
        show_cookie(world.client, visit)
        actor = f"account {account_id}"
        if route.path.startswith("/account/second-factor"):
            world.service.second_factors.begin(account_id, visit)
    return actor, sent(world, route, path)


def asked_by_system(world: World, route: Route) -> Any:
    """A search, a resource, or an order."""
    system = SystemClient(world.client)
    if str(route) == "POST /fhir/{kind:str}":
        return system.order(an_order("|p-milo", "8"))
    path = filled(route.path, {**world.values, "kind": "Patient"})
    return world.client.request(route.method, path, headers=system.headers)


def sent(world: World, route: Route, path: str) -> Any:
    """A page, a form with its token, or JSON."""
    token = form_token(world.client)
    if route.method == "GET":
        return world.client.get(path, follow_redirects=False)
    if str(route) in FORMS:
        return world.client.post(path, data={**FORMS[str(route)], "_csrf_token": token}, follow_redirects=False)
    assert "prescription" in path, f"the test does not know what {route} sends: name it in FORMS"
    seen = world.service.prescriptions.current("p-milo").sha256
    body = to_json(Draft()) if route.method == "PUT" else b'{"text": "Well done."}'
    headers = {"X-CSRFToken": world.client.cookies["steadyreach-form"], "If-Match": f'"{seen}"'}
    return world.client.request(route.method, path, content=body, headers=headers)


def delivered() -> bytes:
    return msgspec.msgpack.encode(wire.Batch(items=(an_item(a_session("s-2"), 2),)))


def asked_for() -> bytes:
    return msgspec.msgpack.encode(wire.Whose(patient="p-milo"))


SENT: Mapping[str, Callable[[], bytes]] = {wire.SESSIONS: delivered, wire.PRESCRIPTIONS: asked_for}
"""What a device sends, by address."""


def test_what_is_not_audited_is_an_address_that_there_is() -> None:
    assert set(UNAUDITED) | set(FORMS) <= {str(route) for route in routes()}


BY_STRANGERS = ("POST /device/enrol", "POST /invitation", "POST /login/code", "POST /fhir/token")


@pytest.mark.long_table
@pytest.mark.parametrize(
    "route", [each for each in routes() if str(each) not in UNAUDITED and str(each) not in BY_STRANGERS], ids=str
)
def test_an_address_leaves_a_row_that_says_who_and_whose(world: World, route: Route) -> None:
    who: list[str] = []

    def ask() -> Any:
        actor, answer = asked(world, route)
        who.append(actor)
        return answer

    if str(route) == "POST /logout":
        show_cookie(world.client, begin_visit(world.service, world.accounts["therapist"]))
    rows = new_rows(world, ask)
    why = f"{route} leaves no row in the audit: call audited.read in its handler, or Audit.append where it writes"
    assert rows, why
    if who[0]:
        assert who[0] in {row.actor for row in rows}, why
    if {"pseudonym", "session_id", "patient_id"} & {part[1:].partition(":")[0] for part in route.path.split("/")}:
        assert world.patient_id in {row.patient_id for row in rows}, f"{route} does not say whose data it is about"


def test_nobody_s_words_are_in_a_row(world: World) -> None:
    for route in sorted(routes(), key=lambda route: route.path.endswith(("/revoked", "/erased"))):
        if str(route) not in UNAUDITED and str(route) not in BY_STRANGERS:
            asked(world, route)
    told = repr(world.service.audit.listed())
    for words in ("Milo", "p-milo", "Maja", "ottoline", "hurts", "Well done", "wrong", PASSWORD):
        assert words not in told, words


def test_a_failed_login_is_a_row_that_names_the_account_and_not_what_was_typed(world: World) -> None:
    for login in ("ottoline", "a stranger"):
        form = {"login": login, "password": "wrong", "_csrf_token": form_token(world.client)}
        world.client.post("/login", data=form)
    rows = world.service.audit.listed()[:2]
    assert [(row.actor, row.thing) for row in rows] == [
        ("stranger", ""),
        ("stranger", f"account {world.service.accounts.named('ottoline').id}"),
    ]


def test_enrolment_revocation_and_a_code_for_a_patient_are_rows(world: World) -> None:
    code = world.service.devices.new_code(["p-milo"])
    other = SignedDevice(world.client)
    answer = other.ask("POST", wire.ENROL, msgspec.msgpack.encode(other.enrolment(code)))
    device = msgspec.msgpack.decode(answer.content, type=wire.Enrolled).device
    world.service.devices.revoke(device)
    rows = world.service.audit.listed()[:3]
    assert [(row.actor, row.action, row.patient_id, row.thing) for row in rows] == [
        ("command", "revoke a device", "", device),
        (f"device {device}", "enrol", "", ""),
        ("command", "make a code for a device", world.patient_id, ""),
    ]


def test_a_session_is_one_row_however_often_it_is_delivered(world: World) -> None:
    for _ in range(3):
        world.device.deliver(an_item(a_session("s-3"), 3))
    rows = [row for row in world.service.audit.listed() if row.thing == "s-3"]
    assert [(row.actor, row.action, row.patient_id) for row in rows] == [
        (f"device {world.device.id}", "deliver a session", world.patient_id)
    ]


def test_the_page_shows_names_filters_by_ids_and_pages(world: World) -> None:
    show_cookie(world.client, begin_visit(world.service, world.accounts["auditor"]))
    for number in range(120):
        world.service.audit.note("account 1", "read a session", world.patient_id, f"s-{number}")
    page = world.client.get("/audit").text
    assert "of Milo" in page
    assert "A therapist" in page
    assert "s-119" in page
    assert "s-5<" not in page
    earlier = page.split('href="/audit?')[1].split('"')[0].replace("&amp;", "&")
    assert "s-5<" in world.client.get(f"/audit?{earlier}").text
    found = world.client.get("/audit", params={"actor": f"device {world.device.id}"}).text
    assert "deliver a session" in found
    assert "read a session" not in found.split('id="look"')[0]
    assert world.client.get("/audit", params={"day": "1999-01-01"}).text.count("No row is like that") == 1
    assert world.client.get("/audit", params={"day": "x"}).status_code == 422


def test_two_of_one_name_are_told_apart_by_their_pseudonyms(world: World) -> None:
    world.service.patients.write(world.patient_id, Person(pseudonym="p-milo", name="Bruno B."))
    other = world.service.patients.add(Person(pseudonym="p-bruno", name="Bruno B."))
    world.service.audit.note("account 1", "read a patient", other)
    show_cookie(world.client, begin_visit(world.service, world.accounts["auditor"]))
    page = world.client.get("/audit").text
    assert "Bruno B. (p-milo)" in page
    assert "of Bruno B. (p-bruno)" in page


def test_somebody_erased_is_an_id_on_the_page(world: World) -> None:
    world.service.erasing.erase("command", "p-milo")
    show_cookie(world.client, begin_visit(world.service, world.accounts["auditor"]))
    page = world.client.get("/audit", params={"patient": world.patient_id}).text
    assert f"of {world.patient_id}" in page
    assert "Milo" not in page


def test_the_page_takes_any_number_and_any_day(world: World) -> None:
    show_cookie(world.client, begin_visit(world.service, world.accounts["auditor"]))
    for asked_for in ({"before": "9" * 26}, {"before": "-5"}, {"day": "9999-12-31"}, {"day": "0001-01-01"}):
        assert world.client.get("/audit", params=asked_for).status_code == 200, asked_for


def test_what_somebody_types_into_the_address_is_not_in_the_audit(world: World) -> None:
    show_cookie(world.client, begin_visit(world.service, world.accounts["auditor"]))
    for free in ("Jane Doe", "p-milo", "account 1 of Jane"):
        world.client.get("/audit", params={"patient": free, "actor": free})
    world.client.get("/audit", params={"patient": world.patient_id, "actor": "account 1"})
    rows = world.service.audit.listed()[:4]
    assert [(row.patient_id, row.thing) for row in rows] == [(world.patient_id, "account 1"), *[("", "")] * 3]
