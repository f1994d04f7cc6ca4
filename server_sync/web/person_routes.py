"""Who a patient is to the clinic: somebody new, their details, and whose patient they are."""

import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec.structs import replace

from engine.programme import CLINIC
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import THERAPIST, Permission
from server_sync.clinic.service import Service
from server_sync.page import plan_choices
from server_sync.page.language import _
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

READING, WRITING = {"may": Permission.READ_PATIENTS}, {"may": Permission.WRITE_PATIENTS}
WORDS = ("name", "born", "condition", "about")
LONGEST = 200
"""Characters of a name, or of the words about somebody."""


class Colleague(NamedTuple):
    """A therapist whose patient somebody may be."""

    id: int
    name: str
    chosen: bool


@get("/patients/new", opt=WRITING, sync_to_thread=True)
def new_patient(request: Visitor) -> Response[str]:
    """A form for somebody new."""
    return _new(request, dict.fromkeys(WORDS, ""))


@post("/patients/new", opt=WRITING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def add_patient(request: Visitor, state: State, data: Form) -> Response[Any]:
    """Somebody new, who is the patient of who adds them; their programme is proposed next."""
    service: Service = state.service
    pseudonym = f"p-{secrets.token_hex(5)}"
    try:
        said = _said(data)
        if not said["name"]:
            raise ValueError(_("Write the patient's name."))
        patient_id = service.patients.add(Person(pseudonym=pseudonym, therapists=(request.user.id,), **said))
    except ValueError as reason:
        return _new(request, data, str(reason))
    audited.read(request, "add a patient", patient_id)
    wished = {name: data[name] for name in ("template", "place") if data.get(name)}
    return Redirect(f"/patients/{patient_id}/plan?{urlencode(wished)}", status_code=303)


@get("/patients/{patient_id:str}/details", opt=READING, sync_to_thread=True)
def details(request: Visitor, state: State, patient_id: FromPath[str], saved: FromQuery[bool] = False) -> Response[str]:
    """What the clinic says of a patient, and a code for their headset."""
    notice = _("The details are saved.") if saved else ""
    return _details(request, state.service, patient_id, state.service.patients.person(patient_id), notice=notice)


@post("/patients/{patient_id:str}/details", opt=WRITING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def change_details(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Change what the clinic says of a patient, and whose patient they are."""
    service: Service = state.service
    known = service.patients.person(patient_id)
    chosen = tuple(each.id for each in _colleagues(service, known) if f"therapist-{each.id}" in data)
    changed = known
    try:
        changed = replace(known, therapists=chosen, **_said(data))
        service.patients.write(patient_id, changed)
    except ValueError as reason:
        return _details(request, service, patient_id, changed, problem=str(reason))
    audited.read(request, "change a patient", patient_id)
    return Redirect(f"/patients/{patient_id}/details?saved=true", status_code=303)


ROUTES = [Router("/", route_handlers=[new_patient, add_patient, details, change_details])]


def _said(data: Mapping[str, str]) -> dict[str, str]:
    """The clinic's words of a form; raises ValueError for what is too long."""
    said = {name: data.get(name, "").strip() for name in WORDS}
    if any(len(value) > LONGEST for value in said.values()):
        raise ValueError(_("Write at most %(most)s characters in each field.", most=LONGEST))
    return said


def _new(request: Visitor, said: Mapping[str, str], problem: str = "") -> Response[str]:
    status = 422 if problem else 200
    known = {name: said.get(name, "") for name in (*WORDS, "template", "place")}
    values = {"said": known, "problem": problem, "proposals": plan_choices.proposals(), "clinic": CLINIC}
    return page(request, "patient_new.html", status, **values)


def _details(
    request: Visitor, service: Service, patient_id: str, person: Person, notice: str = "", problem: str = ""
) -> Response[str]:
    patient = service.archive.patient(patient_id)
    audited.read(request, "read a patient", patient_id)
    colleagues = _colleagues(service, person)
    shown = {"patient": patient, "person": person, "colleagues": colleagues, "notice": notice, "problem": problem}
    return page(request, "patient_details.html", 422 if problem else 200, **shown)


def _colleagues(service: Service, person: Person) -> tuple[Colleague, ...]:
    """All therapists by their names."""
    found = [each for each in service.accounts.listed() if each.role == THERAPIST]
    by_name = sorted(found, key=lambda each: each.name.casefold())
    return tuple(Colleague(each.id, each.name, each.id in person.therapists) for each in by_name)
