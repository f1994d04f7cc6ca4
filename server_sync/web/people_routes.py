"""What a person may ask of the clinic: what they agreed to, all their data in a file, and that it is erased."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Stream

from server_sync.clinic.account_rules import SELF
from server_sync.clinic.consents import KINDS, ConsentRefused, Given, kind_of
from server_sync.clinic.fhir_records import FhirRecords
from server_sync.clinic.hand_over import hand_over
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

HANDING, WRITING = {"may": Permission.HAND_OVER}, {"may": Permission.WRITE_PATIENTS}
NO_VALUES = {"by": "", "relation": SELF, "note": ""}
_PIECE_BYTES = 1 << 18


@get("/people", opt=HANDING, sync_to_thread=True)
def people(request: Visitor, state: State) -> Response[str]:
    """Everybody of whom something is kept."""
    audited.read(request, "list patients")
    known = state.service.patients.people().items()
    named = sorted(
        ((each.name or each.pseudonym, patient_id, each) for patient_id, each in known), key=lambda it: it[0].casefold()
    )
    return page(request, "people.html", named=named)


@get("/people/{patient_id:str}", opt=HANDING, sync_to_thread=True)
def person(request: Visitor, state: State, patient_id: FromPath[str]) -> Response[str]:
    """What can be done with a person's data."""
    audited.read(request, "read a patient", patient_id)
    return _person(request, state, patient_id)


@post("/people/{patient_id:str}/hand-over", opt=HANDING, sync_to_thread=True)
def hand_over_data(request: Visitor, state: State, patient_id: FromPath[str]) -> Stream:
    """All that is kept of a person, as a ZIP."""
    service: Service = state.service
    pseudonym = service.patients.person(patient_id).pseudonym
    folder = tempfile.TemporaryDirectory()
    out = Path(folder.name) / "person.zip"
    hand_over(service, audited.actor(request), pseudonym, out, FhirRecords(service).exported)
    headers = {
        "Content-Disposition": 'attachment; filename="steadyreach-person.zip"',
        "Content-Length": str(out.stat().st_size),
    }
    return Stream(_pieces(folder, out), status_code=200, media_type="application/zip", headers=headers)


@post("/people/{patient_id:str}/erased", opt=HANDING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def erase(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[str]:
    """Erase a person for good, whose pseudonym was typed once more."""
    service: Service = state.service
    known = service.patients.person(patient_id)
    if data.get("pseudonym", "").strip() != known.pseudonym:
        problem = f"what was typed is not {known.pseudonym}: nothing was erased"
        return _person(request, state, patient_id, status=422, problem=problem)
    done = service.erasing.erase_id(audited.actor(request), patient_id)
    return page(request, "erased.html", done=done, name=known.name or known.pseudonym)


@get("/patients/{patient_id:str}/consents", opt=WRITING, sync_to_thread=True)
def consents(request: Visitor, state: State, patient_id: FromPath[str], done: FromQuery[bool] = False) -> Response[str]:
    """What a patient, or who speaks for them, agreed to."""
    audited.read(request, "read consents", patient_id)
    return _consents(request, state, patient_id, done=done)


@post("/patients/{patient_id:str}/consents", opt=WRITING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def consent(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Write down that somebody agreed, does not any more, or does not want to."""
    service, by = state.service, audited.actor(request)
    kind, given = data.get("kind", ""), {name: data.get(name, usual).strip() for name, usual in NO_VALUES.items()}
    do = {"give": service.consents.give, "withdraw": service.consents.withdraw, "refuse": service.consents.refuse}
    try:
        said = Given(given["by"], given["relation"], kind_of(kind).version, given["note"])
        do.get(data.get("act", ""), service.consents.refuse)(by, patient_id, kind, said)
    except ConsentRefused as reason:
        return _consents(request, state, patient_id, status=422, problem=str(reason), given={**given, "kind": kind})
    return Redirect(f"/patients/{patient_id}/consents?done=true", status_code=303)


# One router: handlers of the same address that Litestar gets one by one are prepared twice, and then fail.
ROUTES = [Router("/", route_handlers=[people, person, hand_over_data, erase, consents, consent])]


def _person(request: Visitor, state: State, patient_id: str, status: int = 200, problem: str = "") -> Response[str]:
    service: Service = state.service
    person, sessions = service.patients.person(patient_id), service.archive.sessions(patient_id)
    values = {"person": person, "patient_id": patient_id, "sessions": sessions, "problem": problem}
    return page(request, "person_data.html", status, **values)


def _consents(
    request: Visitor,
    state: State,
    patient_id: str,
    status: int = 200,
    problem: str = "",
    given: dict[str, str] | None = None,
    done: bool = False,
) -> Response[str]:
    service: Service = state.service
    held = {kind: service.consents.holds(patient_id, kind) for kind in KINDS}
    return page(
        request,
        "consents.html",
        status,
        patient=service.archive.patient(patient_id),
        kinds=KINDS,
        held=held,
        history=service.consents.of(patient_id),
        child=service.consents.is_child(service.patients.person(patient_id)),
        given=given or {**NO_VALUES, "kind": ""},
        problem=problem,
        done=done,
    )


def _pieces(folder: "tempfile.TemporaryDirectory[str]", out: Path) -> Iterator[bytes]:
    """A file piece by piece; it is gone when it was sent, or nobody listens any more."""
    with folder, out.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            yield piece
