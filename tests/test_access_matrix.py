"""Every address for everybody: what each gets is derived from the roles, and new addresses are walked by themselves."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from enum import StrEnum
from typing import Any, NamedTuple

import pytest
from other_systems import HOSPITAL, an_order, let_in, share
from prescribed import a_draft
from routes import Client, Route, a_web, begin_visit, filled, form_token, routes, show_cookie
from server_fixtures import SignedDevice, a_service, a_session, an_item, name_person

from engine.prescription import Message
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.export_choice import TRIALS
from server_sync.clinic.roles import GUARDIAN, PATIENT, ROLES, STAFF, THERAPIST, Permission, may
from server_sync.clinic.service import Service
from server_sync.web import access, app

Fate = StrEnum("Fate", ["IN", "TO_LOGIN", "TO_CODE", "TO_SET_UP", "UNKNOWN", "FORBIDDEN", "NOT_HERE"])
OWN, ANOTHER, ELSEWHERE = "own", "another of the clinic", "another clinic's"
ALWAYS: Mapping[str, Fate] = {
    "GET /metrics": Fate.FORBIDDEN,  # from another computer without the token
    "HEAD /device/uploads/{sha256:str}": Fate.NOT_HERE,  # no upload was begun
    "DELETE /device/uploads/{sha256:str}": Fate.NOT_HERE,
    "POST /logout": Fate.TO_LOGIN,
    **{
        f"{method} /device/{what}/{{rest:path}}": Fate.UNKNOWN  # of version 0.1
        for method in ("GET", "PATCH", "PUT")
        for what in ("recordings", "sessions")
    },
}
"""What somebody gets who is let in, where that is another thing than an answer."""


FAMILIES: Mapping[str, set[object]] = {
    "": {Permission.OWN_ACCOUNT},
    "account": {Permission.OWN_ACCOUNT},
    "accounts": {Permission.MANAGE_ACCOUNTS},
    "audit": {Permission.READ_AUDIT},
    "clinic": {
        *(Permission.SEE_CLINIC, Permission.MANAGE_DEVICES, Permission.MANAGE_SYSTEMS, Permission.HAND_OVER),
    },
    "device": {access.DEVICE},
    "drafts": {Permission.PRESCRIBE},
    "fhir": {access.SYSTEM},
    "messages": {Permission.READ_LETTERS},
    "people": {Permission.HAND_OVER},
    "research": {Permission.EXPORT_RESEARCH},
    "me": {Permission.READ_OWN, Permission.WRITE_OWN},
    "patients": {
        *(Permission.READ_PATIENTS, Permission.WRITE_PATIENTS, Permission.PRESCRIBE, Permission.READ_LETTERS),
    },
    "presets": {Permission.PRESCRIBE},
    "sessions": {Permission.READ_PATIENTS},
    "today": {Permission.READ_PATIENTS},
}
"""What addresses that begin alike are for, by the first part of their path."""
PUBLIC = {
    *("GET /health", "GET /metrics", "GET /openapi.json", "GET /static/{name:str}"),
    *("GET /login", "POST /login", "GET /login/code", "POST /login/code", "POST /logout"),
    *("GET /invitation", "POST /invitation", "POST /device/enrol"),
    *("GET /fhir/metadata", "GET /fhir/.well-known/smart-configuration", "POST /fhir/token"),
    *("HEAD /fhir/metadata", "HEAD /fhir/.well-known/smart-configuration"),
    *(route for route, fate in ALWAYS.items() if fate == Fate.UNKNOWN),
}


ASKED = [
    (route, whose) for route in routes() for whose in (OWN, ANOTHER, ELSEWHERE) if whose == OWN or "_id" in route.path
]
"""Each address with each of those whose data it may name."""


class World(NamedTuple):
    """Two clinics with the same names, the web of one, and who asks it; `logins` are those that nothing has ended."""

    service: Service
    client: Client
    form_token: str
    strict: Client
    device: SignedDevice
    revoked: SignedDevice
    of_other_clinic: SignedDevice
    other_clinic: Service
    accounts: Mapping[str, int]
    values: Mapping[str, Mapping[str, object]]
    logins: dict[str, str]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("clinics")
    with ExitStack() as opened:
        service, other = (opened.enter_context(a_service(folder / name)) for name in ("this", "other"))
        client = opened.enter_context(a_web(service))
        strict = opened.enter_context(a_web(service, second_factor_required=True))
        device, revoked = (SignedDevice(client).enrol(service, ["p-milo"]) for _ in range(2))
        service.devices.revoke(revoked.id)
        fill(service, "p-milo", "p-nora")
        fill(other, "p-milo", "p-nora", "p-else")
        accounts = people(service)
        for number in range(3 * len(accounts)):
            other.accounts.make(f"more-{number}", "Somebody", THERAPIST)
        others = people(other)
        values = {
            OWN: ids(service, "p-milo") | {"account_id": accounts["sacrificed"]},
            ANOTHER: ids(service, "p-nora") | {"account_id": accounts["sacrificed"]},
            ELSEWHERE: ids(other, "p-else") | {"account_id": others["sacrificed"]},
        }
        yield World(
            *(service, client, form_token(client), strict, device, revoked),
            SignedDevice(client).enrol(other, ["p-milo"]),
            *(other, accounts, values, {}),
        )


def fill(service: Service, *pseudonyms: str) -> None:
    """Patients of a clinic, each with a session, a prescription and a name."""
    device = SignedDevice(None).enrol(service)
    let_in(service)
    for number, pseudonym in enumerate(pseudonyms, 1):
        name_person(service, pseudonym, f"Named {pseudonym}")
        batch = app.wire.Batch(items=(an_item(a_session(f"s-{pseudonym}", patient=pseudonym), number),))
        service.archive.take(device.id, batch)
        service.prescriptions.save(pseudonym, a_draft(messages=(Message(text="How was it?"),)), "Maja")
        share(service, pseudonym, identifier=pseudonym)
        service.drafts.receive(HOSPITAL.client_id, an_order(f"|{pseudonym}", pseudonym))
        patient_id = service.patients.id_of(pseudonym)
        writer = service.accounts.make(f"writer-{pseudonym}", "Somebody", PATIENT, wards={patient_id: SELF})
        service.letters.write(patient_id, writer, "Can I skip Friday?")


def people(service: Service) -> dict[str, int]:
    """An account in each role, and some in a state of their own."""
    milo, nora = service.patients.id_of("p-milo"), service.patients.id_of("p-nora")
    wards = {PATIENT: {milo: SELF}, GUARDIAN: {milo: "parent"}}
    found = {role: service.accounts.make(role, f"A {role}", role, wards=wards.get(role)) for role in ROLES}
    for name in ("disabled", "waiting"):
        found[name] = service.accounts.make(name, f"Is {name}", THERAPIST)
    service.accounts.disable(found["disabled"])
    children = {milo: "parent", nora: "parent"}
    return found | {"sacrificed": service.accounts.make("sacrificed", "Sacrificed", GUARDIAN, wards=children)}


def ids(service: Service, pseudonym: str) -> dict[str, object]:
    """A value for each parameter of an address; one that names somebody's data is another for each patient."""
    patient_id = service.patients.id_of(pseudonym)
    return {
        "patient_id": patient_id,
        "message_id": "1-1",
        "draft_id": service.drafts.of(patient_id, HOSPITAL.client_id)[0].id,
        "resource_id": service.links.naming.patient(patient_id),
        "device_id": next(each.id for each in service.devices.listed() if not each.patients),
        "system_id": HOSPITAL.client_id,
        "session_id": f"s-{pseudonym}",
        "number": 1,
        "sha256": "0" * 64,
        "kind": TRIALS,
        "name": "style.css",
        "preset": "standard",
        "rest": "s-1",
    }


def fate(answer: Any, path: str) -> Fate:
    """What became of a request; a redirect to somewhere else than the doors is an answer."""
    assert answer.status_code < 500, f"{path}: {answer.text}"
    refused = {401: Fate.UNKNOWN, 403: Fate.FORBIDDEN, 404: Fate.NOT_HERE}
    doors = {"/login": Fate.TO_LOGIN, "/login/code": Fate.TO_CODE, "/account/second-factor": Fate.TO_SET_UP}
    to = answer.headers.get("location", "") if answer.status_code == 303 else ""
    return refused.get(answer.status_code) or (doors.get(to, Fate.IN) if to != path else Fate.IN)


def ask(client: Client, world: World, route: Route, whose: str, cookie: str = "") -> Fate:
    """Ask as a browser does that shows a cookie."""
    path = filled(route.path, world.values[whose])
    client.cookies.clear()
    client.cookies.set("steadyreach-form", world.form_token)
    if cookie:
        show_cookie(client, cookie)
    headers = {"X-CSRFToken": world.form_token}
    if route.method not in ("GET", "HEAD"):
        world.logins.clear()  # what writes may end them
    return fate(client.request(route.method, path, headers=headers, follow_redirects=False), path)


def setting_up(world: World, role: str) -> str:
    """A login in which a second factor was begun, for as long as it is only read with."""
    if role not in world.logins:
        cookie = world.logins[role] = begin_visit(world.service, world.accounts[role])
        world.service.second_factors.begin(world.accounts[role], cookie)
    return world.logins[role]


def ask_by(device: SignedDevice, world: World, route: Route, whose: str) -> Fate:
    """Ask as a device does, with a form's token on top."""
    path = filled(route.path, world.values[whose])
    world.client.cookies.clear()
    world.client.cookies.set("steadyreach-form", world.form_token)
    headers = device.headers(route.method, path, b"", {"X-CSRFToken": world.form_token})
    return fate(world.client.request(route.method, path, headers=headers, follow_redirects=False), path)


def expected_in(world: World, route: Route, whose: str, narrow: bool) -> Fate:
    """What somebody gets who may use an address; `narrow` is for who sees not all patients of the clinic."""
    bound = filled(route.path, world.values[OWN]) != filled(route.path, world.values[whose])
    if bound and (whose == ELSEWHERE or narrow):
        return Fate.NOT_HERE
    return ALWAYS.get(str(route), Fate.IN)


def expected(world: World, route: Route, whose: str, role: str) -> Fate:
    """What an account in a role gets, by the table of the roles."""
    if route.may == access.ANYONE:
        return ALWAYS.get(str(route), Fate.IN)
    if not isinstance(route.may, Permission):
        return Fate.UNKNOWN
    if not may(role, route.may):
        return Fate.FORBIDDEN
    return expected_in(world, route, whose, narrow=role in (PATIENT, GUARDIAN))


def expected_of_nobody(route: Route) -> Fate:
    """What somebody gets who is not let in."""
    if route.may == access.ANYONE:
        return ALWAYS.get(str(route), Fate.IN)
    return Fate.TO_LOGIN if isinstance(route.may, Permission) else Fate.UNKNOWN


@pytest.mark.parametrize("route", routes(), ids=str)
def test_every_address_says_who_may_use_it(route: Route) -> None:
    family = route.path.split("/")[1]
    if route.may == access.ANYONE:
        assert str(route) in PUBLIC, f"{route} is for anyone: if that is meant, name it in PUBLIC"
        return
    assert family in FAMILIES, f"{route} is the first of its kind: say in FAMILIES what /{family} may be for"
    assert route.may in FAMILIES[family], f"{route} is for {route.may}, others beside it for {FAMILIES[family]}"


@pytest.mark.long_table
@pytest.mark.parametrize(("route", "whose"), ASKED, ids=str)
def test_each_role_gets_what_the_table_says_and_nothing_else(world: World, route: Route, whose: str) -> None:
    for patient in ("p-milo", "p-nora"):  # an address of before may have ended that
        world.service.accounts.add_ward(
            world.accounts["sacrificed"], world.service.patients.id_of(patient), "parent", by="command"
        )
    for role in ROLES:
        cookie = setting_up(world, role)
        assert ask(world.client, world, route, whose, cookie) == expected(world, route, whose, role), role


@pytest.mark.parametrize("route", routes(), ids=str)
def test_who_is_not_in_gets_nothing(world: World, route: Route) -> None:
    cookies: dict[str, Callable[[], str]] = {
        "nobody": lambda: "",
        "disabled": lambda: begin_visit(world.service, world.accounts["disabled"]),
        "of another clinic": lambda: begin_visit(world.other_clinic, world.accounts[THERAPIST]),
        "a cookie of their own": lambda: "planted",
        "a device's token": lambda: world.device.token,
    }
    for who, cookie in cookies.items():
        assert ask(world.client, world, route, OWN, cookie()) == expected_of_nobody(route), who


@pytest.mark.parametrize("route", routes(), ids=str)
def test_a_password_alone_opens_nothing_where_there_is_a_second_factor(world: World, route: Route) -> None:
    cookie = begin_visit(world.service, world.accounts["waiting"], password_alone=True)
    gets = Fate.TO_CODE if isinstance(route.may, Permission) else expected_of_nobody(route)
    assert ask(world.client, world, route, OWN, cookie) == gets


@pytest.mark.long_table
@pytest.mark.parametrize("route", routes(), ids=str)
def test_who_works_here_sets_up_a_second_factor_first_where_it_is_required(world: World, route: Route) -> None:
    before = {"/account/second-factor", "/account/second-factor/picture.svg", "/account/second-factor/code"}
    for role in ROLES:
        cookie = setting_up(world, role)
        stopped = role in STAFF and isinstance(route.may, Permission) and route.path not in before
        gets = Fate.TO_SET_UP if stopped else expected(world, route, ELSEWHERE, role)
        assert ask(world.strict, world, route, ELSEWHERE, cookie) == gets, role


@pytest.mark.parametrize(("route", "whose"), ASKED, ids=str)
def test_a_device_gets_what_is_its_own(world: World, route: Route, whose: str) -> None:
    is_for_devices = route.may == access.DEVICE
    gets = expected_in(world, route, whose, narrow=True) if is_for_devices else expected_of_nobody(route)
    assert ask_by(world.device, world, route, whose) == gets
    for device in (world.revoked, world.of_other_clinic):
        assert ask_by(device, world, route, whose) == expected_of_nobody(route)


def test_addresses_that_are_not_declared_are_for_nobody(world: World) -> None:
    declared = {route.path for route in routes()}
    for route in world.client.app.routes:
        if route.path not in declared:
            cookie = begin_visit(world.service, world.accounts[THERAPIST])
            world.client.cookies.clear()
            show_cookie(world.client, cookie)
            path = route.path.replace("{path:str}", "x")
            assert world.client.get(path).status_code in (403, 404), route.path


def test_the_tables_of_exceptions_name_addresses_that_there_are() -> None:
    assert set(ALWAYS) | PUBLIC <= {str(route) for route in routes()}


def test_a_session_of_another_clinic_is_refused_in_the_words_for_one_that_never_was(world: World) -> None:
    show_cookie(world.client, begin_visit(world.service, world.accounts[THERAPIST]))
    said = [world.client.get(f"/sessions/{name}").text.replace(name, "NAME") for name in ("s-p-else", "s-never")]
    assert said[0] == said[1]
