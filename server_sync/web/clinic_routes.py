"""Running the clinic: how its server does, devices and codes for new ones, other systems, how long things are kept."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
import segno
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup

from engine.prescription import PSEUDONYM
from server_sync.clinic import backup_state
from server_sync.clinic.consents import ConsentRefused
from server_sync.clinic.devices import VALID, DeviceLine, UnknownDevice
from server_sync.clinic.patients import Unknown
from server_sync.clinic.retention import Rules
from server_sync.clinic.roles import Permission, may
from server_sync.clinic.service import Service
from server_sync.clinic.systems import UnknownSystem
from server_sync.clinic.version import SOFTWARE
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

SEEING = {"may": Permission.SEE_CLINIC}
DEVICES, SYSTEMS = {"may": Permission.MANAGE_DEVICES}, {"may": Permission.MANAGE_SYSTEMS}
KEEPING = {"may": Permission.HAND_OVER}
ANYBODY = ""
"""Whom a code's device is for where no patient is chosen."""


class Shown(NamedTuple):
    """A device and the names of whom it is for."""

    line: DeviceLine
    names: tuple[str, ...]


@get("/clinic", opt=SEEING, sync_to_thread=True)
def clinic(request: Visitor, state: State) -> Response[str]:
    """How the clinic's server does."""
    return _clinic(request, state)


@post("/clinic/codes", opt=DEVICES, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def new_code(request: Visitor, state: State, data: Form) -> Response[str]:
    """Make a code for a device, and show it once, with a picture for a phone."""
    service: Service = state.service
    patient_id = data.get("patient", ANYBODY)
    try:
        person = service.patients.person(patient_id) if patient_id else None
        whom = [person.pseudonym] if person else []
        code = service.devices.new_code(whom, by=audited.actor(request))
    except ValueError as reason:
        return _clinic(request, state, status=422, problem=str(reason))
    server = str(request.base_url).rstrip("/")
    command = f"steadyreach enrol {code} --server {server}"
    picture = Markup(segno.make(command, error="m").svg_inline(scale=4, dark="#000", light="#fff", omitsize=True))  # noqa: S704 - segno's
    name = (person.name or person.pseudonym) if person else ""
    minutes = int(VALID.total_seconds() // 60)
    return page(request, "code.html", code=code, command=command, picture=picture, name=name, minutes=minutes)


@post("/clinic/devices/{device_id:str}/revoked", opt=DEVICES, sync_to_thread=True)
def revoke_device(request: Visitor, state: State, device_id: FromPath[str]) -> Redirect:
    """Take a device off the list, at once."""
    try:
        state.service.devices.revoke(device_id, by=audited.actor(request))
    except UnknownDevice:
        raise Unknown("there is no such device here") from None
    return Redirect("/clinic", status_code=303)


@post("/clinic/systems/{system_id:str}/revoked", opt=SYSTEMS, sync_to_thread=True)
def revoke_system(request: Visitor, state: State, system_id: FromPath[str]) -> Redirect:
    """Let another system in no more, at once."""
    if system_id not in {each.id for each in state.service.systems.listed()}:
        raise Unknown("there is no such system here")
    with suppress(UnknownSystem):  # somebody else did at this moment
        state.service.systems.revoke(system_id, by=audited.actor(request))
    return Redirect("/clinic", status_code=303)


@post("/clinic/retention", opt=KEEPING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def keep(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Say how long things are kept, and until which age somebody else consents."""
    service, by = state.service, audited.actor(request)
    try:
        said = {name: _number(name, data.get(name, "")) for name in (*Rules.__struct_fields__, "age")}
        age = said.pop("age")
        rules = msgspec.convert(said, Rules)
        service.consents.set_age(by, age)
        service.retention.set_rules(by, rules)
    except (ValueError, msgspec.ValidationError, ConsentRefused) as reason:
        return _clinic(request, state, status=422, problem=str(reason))
    return Redirect("/clinic#kept", status_code=303)


# One router: handlers of the same address that Litestar gets one by one are prepared twice, and then fail.
ROUTES = [Router("/", route_handlers=[clinic, new_code, revoke_device, revoke_system, keep])]


def _clinic(request: Visitor, state: State, status: int = 200, problem: str = "") -> Response[str]:
    service: Service = state.service
    role = request.user.role
    manages = {each.name.lower(): may(role, each) for each in Permission}
    return page(
        request,
        "clinic.html",
        status,
        problem=problem,
        manages=manages,
        software=SOFTWARE,
        health=service.health(),
        sessions=service.archive.count(),
        place=_place(service),
        backup=backup_state.last(service.store),
        restored=service.suspended.waiting(),
        devices=_devices(request, service) if manages["manage_devices"] else (),
        people=_people(service) if manages["manage_devices"] else (),
        systems=service.systems.listed() if manages["manage_systems"] else (),
        rules=service.retention.rules(),
        waits=service.retention.waits(),
        age=service.consents.age(),
    )


def _devices(request: Visitor, service: Service) -> tuple[Shown, ...]:
    """The devices, those that may deliver first, who was silent longest on top."""
    audited.read(request, "list devices")
    people = {person.pseudonym: person.name or person.pseudonym for person in service.patients.people().values()}
    lines = sorted(
        service.devices.listed(), key=lambda line: (line.revoked_at is not None, line.seen_at or line.enrolled_at)
    )
    return tuple(Shown(line, tuple(people.get(whom, whom) for whom in line.patients)) for line in lines)


def _people(service: Service) -> Sequence[tuple[str, str]]:
    """Ids and names of patients for whom there can be a device."""
    known = service.patients.people().items()
    named = [
        (patient_id, each.name or each.pseudonym) for patient_id, each in known if PSEUDONYM.fullmatch(each.pseudonym)
    ]
    return sorted(named, key=lambda each: each[1].casefold())


def _place(service: Service) -> tuple[str, str]:
    """Where the database and the recordings lie, without any secret."""
    database = "PostgreSQL" if service.place.database.startswith("postgresql") else str(service.folder / "clinic.db")
    return database, service.place.recordings.partition("?")[0] or str(service.folder / "recordings")


def _number(name: str, said: str) -> int:
    said = said.strip()
    if not (said.isascii() and said.isdigit() and len(said) < 7):
        raise ValueError(f"{name.replace('_', ' ')}: {said[:20]!r} must be a whole number")
    return int(said)
