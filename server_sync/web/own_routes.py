"""What patients and guardians see: their own record, or those of their wards, and a form to write to the clinic."""

from contextlib import suppress
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from server_sync.clinic.letters import LONGEST, LetterRefused
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.prescriptions import NothingPrescribed
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service, utc_now
from server_sync.page.own import SESSIONS_SHOWN, Own, Plan, letters_of, plan_of, week_of
from server_sync.web import audited
from server_sync.web.access import KEEPS_TEXT, Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

READING, WRITING = {"may": Permission.READ_OWN}, {"may": Permission.WRITE_OWN, KEEPS_TEXT: True}


@get("/me", opt=READING, sync_to_thread=True)
def me(request: Visitor, state: State) -> Response[Any]:
    """One's own record; where there are several, which of them to look at."""
    people = _people(state.service, request.user.id)
    if len(people) == 1:
        return _record(request, state, next(iter(people)))
    audited.read(request, "list one's own records")
    return page(request, "wards.html", people=people)


@get("/me/{patient_id:str}", opt=READING, sync_to_thread=True)
def my_record(
    request: Visitor, state: State, patient_id: FromPath[str], sent: FromQuery[bool] = False
) -> Response[str]:
    """One of one's own records."""
    notice = "Your letter is at the clinic." if sent else ""
    return _record(request, state, patient_id, notice=notice)


@post("/me/{patient_id:str}/letters", opt=WRITING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def write_letter(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Write to the clinic."""
    text = data.get("text", "")
    _ward(state.service, request.user.id, patient_id)
    try:
        state.service.letters.write(patient_id, request.user.id, text)
    except LetterRefused as reason:
        return _record(request, state, patient_id, status=422, problem=str(reason), text=text)
    return Redirect(f"/me/{patient_id}?sent=true", status_code=303)


ROUTES = [me, my_record, write_letter]


def _record(
    request: Visitor,
    state: State,
    patient_id: str,
    status: int = 200,
    problem: str = "",
    notice: str = "",
    text: str = "",
) -> Response[str]:
    service: Service = state.service
    person = _ward(service, request.user.id, patient_id)
    audited.read(request, "read one's own record", patient_id)
    own = _own(service, request.user.id, patient_id, person)
    several = len(_people(service, request.user.id)) > 1
    shown = {"own": own, "several": several, "notice": notice, "problem": problem, "text": text, "longest": LONGEST}
    return page(request, "me.html", status, **shown)


def _own(service: Service, account_id: int, patient_id: str, person: Person) -> Own:
    sessions, letters = service.archive.sessions(patient_id), service.letters.by(patient_id, account_id)
    return Own(
        patient_id=patient_id,
        name=person.name or person.pseudonym,
        plan=_plan(service, person.pseudonym),
        week=week_of(sessions, utc_now()),
        sessions=tuple(sessions[:SESSIONS_SHOWN]),
        more_sessions=len(sessions[SESSIONS_SHOWN:]),
        letters=letters_of(letters, {account_id: service.accounts.of(account_id).name}),
    )


def _plan(service: Service, pseudonym: str) -> Plan | None:
    try:
        return plan_of(service.prescriptions.current(pseudonym).prescription, utc_now().date())
    except NothingPrescribed:
        return None


def _people(service: Service, account_id: int) -> dict[str, Person]:
    """The wards of an account, by their ids; none who was erased."""
    found = {}
    for patient_id in sorted(service.accounts.wards(account_id)):
        with suppress(Unknown):
            found[patient_id] = service.patients.person(patient_id)
    return found


def _ward(service: Service, account_id: int, patient_id: str) -> Person:
    """A ward of an account; anybody else is not here."""
    if patient_id not in service.accounts.wards(account_id):
        raise Unknown("there is no such patient here")
    return service.patients.person(patient_id)
