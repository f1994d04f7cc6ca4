"""Tune: what a patient's next session asks, changed by a therapist who sees at once what the change does."""

from collections.abc import Mapping
from typing import Any, cast

from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from msgspec.structs import replace

from engine.prescription import LONGEST_WHY, Draft
from engine.previewed import Preview
from engine.records import RecordUnreadable
from server_sync.clinic.patients import Person
from server_sync.clinic.prescriptions import Changed, Version, written_in
from server_sync.clinic.previewing import NotPreviewed
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page.language import _
from server_sync.page.tune_conflict import conflict
from server_sync.page.tune_form import wished
from server_sync.page.tune_sheet import Ask, Case, draft_of, follows, for_today, tune, tuned
from server_sync.page.tune_words import chips_of, headset_words
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

PRESCRIBING = {"may": Permission.PRESCRIBE}
OF_PATIENT = "/patients/{patient_id:str}/tune"
SAVE, TODAY = "save", "today"


@get(OF_PATIENT, opt=PRESCRIBING, sync_to_thread=True)
def show(
    request: Visitor,
    state: State,
    patient_id: FromPath[str],
    movement: FromQuery[str] = "",
    saved: FromQuery[int] = 0,
) -> Response[str]:
    """What holds, and what it asks; `saved` is a version that was just written."""
    return _shown(request, state, patient_id, {"movement": movement}, saved=saved)


@post(OF_PATIENT, opt=PRESCRIBING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def save(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Save what the form says for the next session or for today only, or show what it would ask."""
    service: Service = state.service
    case, person = case_of(service, patient_id), service.patients.person(patient_id)
    if data.get("if_match", case.if_match) != case.if_match:
        return _changed(request, state, patient_id, data)
    if data.get("do") not in (SAVE, TODAY):
        return _shown(request, state, patient_id, data)
    wish = wished(data, case.saved)
    if wish.problems:
        return _shown(request, state, patient_id, data, status=422)
    draft = (for_today if data["do"] == TODAY else tuned)(case.saved, wish, case.today)
    try:
        written = _write(request, service, person, draft, case.if_match, data.get("why", ""))
    except Changed:
        return _changed(request, state, patient_id, data)
    except RecordUnreadable as reason:
        return _shown(request, state, patient_id, data, status=422, problem=str(reason))
    return _done(patient_id, written, data)


@post(OF_PATIENT + "/undo", opt=PRESCRIBING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def undo(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Write a version that is tuned as the one before the last change; all else of it stays."""
    service: Service = state.service
    case, person = case_of(service, patient_id), service.patients.person(patient_id)
    now = case.saved
    before = next((each for each in map(draft_of, reversed(case.versions)) if _tuning(each) != _tuning(now)), None)
    if before is None:
        return _shown(request, state, patient_id, data, status=409, problem=_("There is nothing to undo."))
    back = replace(now, preset=before.preset, plan=before.plan, for_a_day=before.for_a_day)
    try:
        written = _write(request, service, person, back, data.get("if_match", ""), _("The last change undone"))
    except Changed:
        return _changed(request, state, patient_id, data)
    except RecordUnreadable as reason:
        return _shown(request, state, patient_id, data, status=422, problem=str(reason))
    return _done(patient_id, written, data)


@post(OF_PATIENT + "/preview", opt=PRESCRIBING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def preview(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[str]:
    """The parts of the page that follow the form while somebody changes it."""
    case = case_of(state.service, patient_id)
    sheet = tune(case, data, ask_of(state, case))
    audited.read(request, "look at what a plan asks", patient_id)
    return page(request, "tune_live.html", tune=sheet, status=200)


ROUTES = [Router("/", route_handlers=[show, save, undo, preview])]


def _shown(
    request: Visitor,
    state: State,
    patient_id: str,
    data: Mapping[str, str],
    status: int = 200,
    saved: int = 0,
    problem: str = "",
    **more: Any,
) -> Response[str]:
    service: Service = state.service
    patient, case = service.archive.patient(patient_id), case_of(service, patient_id)
    sheet = tune(case, data, ask_of(state, case))
    now = service.now().astimezone(service.zone_of(service.patients.person(patient_id)))
    audited.read(request, "look at what a plan asks", patient_id)
    shown = {
        "patient": patient,
        "tune": sheet,
        "saved": saved,
        "follows": follows(case, ask_of(state, case)) if saved else (),
        "headset": headset_words(patient.name, service.devices.listed(), patient.pseudonym, now),
        "problem": problem,
        "chips": chips_of(case.saved.precautions),
        "longest_why": LONGEST_WHY,
        "conflict": None,
    }
    return page(request, "tune.html", status, **shown | more)


def _changed(request: Visitor, state: State, patient_id: str, data: Mapping[str, str]) -> Response[str]:
    """Both changes beside each other; the form holds theirs with mine laid over, on top of what holds now."""
    service: Service = state.service
    case = case_of(service, patient_id)
    both = conflict(case, data, ask_of(state, case))
    return _shown(request, state, patient_id, both.data, status=409, conflict=both)


def _write(request: Visitor, service: Service, person: Person, draft: Draft, if_match: str, why: str) -> Version:
    by = audited.actor(request)
    return service.prescriptions.save(
        person.pseudonym, draft, request.user.name, if_match, by, why=why.strip()[:LONGEST_WHY]
    )


def _done(patient_id: str, written: Version, data: Mapping[str, str]) -> Response[Any]:
    movement = data.get("movement", "")
    more = f"&movement={movement}" if movement.isidentifier() else ""
    return Redirect(f"/patients/{patient_id}/tune?saved={written.prescription.version}{more}", status_code=303)


def case_of(service: Service, patient_id: str) -> Case:
    """What is known of a patient; raises Unknown."""
    person = service.patients.person(patient_id)
    zone = service.zone_of(person)
    done = service.archive.last_measured(patient_id)
    versions = written_in(zone, service.prescriptions.history(person.pseudonym))
    return Case(versions, done, service.now().astimezone(zone).date())


def ask_of(state: State, case: Case) -> Ask:
    """What a draft will ask of this patient."""

    def ask(new: Draft, old: Draft | None) -> Preview:
        if case.done is None:
            raise NotPreviewed(
                _("Nothing was measured yet. The first session measures before it plays, and fills this.")
            )
        return cast(Preview, state.previewing(case.done, new, old, case.today))

    return ask


def _tuning(draft: Draft) -> tuple[object, ...]:
    return draft.preset, draft.plan, draft.for_a_day
