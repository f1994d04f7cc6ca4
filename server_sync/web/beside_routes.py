"""Beside the patient: four buttons, each of which writes the next version of the plan, and what can undo them."""

from typing import Any

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from engine.prescription import Draft
from engine.records import RecordUnreadable
from server_sync.clinic.prescriptions import Changed, Version
from server_sync.clinic.service import Service
from server_sync.page.beside import EASIER, HARDER, LIFT, REST, STOP, UNDO, beside, lifted, rested, undone
from server_sync.page.language import _
from server_sync.page.tune_sheet import Case, draft_of
from server_sync.page.tune_words import headset_words
from server_sync.page.tuning import past
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page
from server_sync.web.tune_routes import PRESCRIBING, ask_of, case_of

OF_PATIENT = "/patients/{patient_id:str}/beside"


@get(OF_PATIENT, opt=PRESCRIBING, sync_to_thread=True)
def show(
    request: Visitor, state: State, patient_id: FromPath[str], movement: FromQuery[str] = "", done: FromQuery[int] = 0
) -> Response[str]:
    """What holds, large; `done` is the version that a button just wrote."""
    return _shown(request, state, patient_id, movement, done=done)


@post(OF_PATIENT, opt=PRESCRIBING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def press(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Do what a button says. A stop is written on top of whatever holds; all else on top of what was seen."""
    service: Service = state.service
    case, person, movement = case_of(service, patient_id), service.patients.person(patient_id), data.get("movement", "")
    button = data.get("do", "")
    if button == STOP:
        why = _("Stopped beside the patient")
        stopped = service.prescriptions.stop(person.pseudonym, request.user.name, audited.actor(request), why)
        return _done(patient_id, stopped, movement)
    if data.get("if_match", "") != case.if_match:
        return _changed(request, state, patient_id, movement)
    draft, why = _wished(button, case, movement, state)
    if draft is None:
        return _shown(request, state, patient_id, movement, status=422, problem=why)
    if draft == case.saved:  # pressed twice
        return _shown(request, state, patient_id, movement)
    try:
        by = audited.actor(request)
        written = service.prescriptions.save(person.pseudonym, draft, request.user.name, case.if_match, by, why=why)
    except Changed:
        return _changed(request, state, patient_id, movement)
    except RecordUnreadable as reason:
        return _shown(request, state, patient_id, movement, status=422, problem=str(reason))
    return _done(patient_id, written, movement)


ROUTES = [Router("/", route_handlers=[show, press])]


def _wished(button: str, case: Case, movement: str, state: State) -> tuple[Draft | None, str]:
    """What a button makes of what holds, and the reason that is written with it; None, and why not."""
    saved, today = case.saved, case.today
    if button in (EASIER, HARDER):
        sheet = beside(case, movement, ask_of(state, case))
        step = sheet.harder if button == HARDER else sheet.easier
        said = {EASIER: _("Easier, beside the patient"), HARDER: _("Harder, beside the patient")}[button]
        return step.draft, step.why_not or said
    if button == UNDO and len(case.versions) > 1:
        return undone(saved, draft_of(case.versions[-2])), _("The last change undone, beside the patient")
    if button == REST:
        return rested(saved, today), _("Rest, beside the patient")
    if button == LIFT:
        return lifted(saved), _("The stop lifted, beside the patient")
    return None, _("There is nothing to undo.") if button == UNDO else _("There is no such button.")


def _changed(request: Visitor, state: State, patient_id: str, movement: str) -> Response[str]:
    problem = _("Somebody else changed the plan meanwhile. This is what holds now: press again if you still want to.")
    return _shown(request, state, patient_id, movement, status=409, problem=problem)


def _shown(
    request: Visitor,
    state: State,
    patient_id: str,
    movement: str,
    status: int = 200,
    done: int = 0,
    problem: str = "",
) -> Response[str]:
    service: Service = state.service
    patient, case = service.archive.patient(patient_id), case_of(service, patient_id)
    sheet = beside(case, movement, ask_of(state, case))
    audited.read(request, "look at what a plan asks", patient_id)
    last = next(iter(past(case.versions[-2:])), None)
    just = last if last and last.number == done else None
    now = service.now().astimezone(service.zone_of(service.patients.person(patient_id)))
    headset = headset_words(patient.name, service.devices.listed(), patient.pseudonym, now)
    return page(
        request, "beside.html", status, patient=patient, beside=sheet, just=just, headset=headset, problem=problem
    )


def _done(patient_id: str, written: Version, movement: str) -> Redirect:
    more = f"&movement={movement}" if movement.isidentifier() else ""
    return Redirect(f"/patients/{patient_id}/beside?done={written.prescription.version}{more}", status_code=303)
