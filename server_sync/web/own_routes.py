"""What patients and guardians see: what is done today, how it goes, and what the clinic and they say to each other."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from engine.prescription import Prescription
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.letters import LONGEST, LetterRefused
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.prescriptions import NothingPrescribed
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page.language import _
from server_sync.page.own import SESSIONS_SHOWN, Today, change_of, today_of
from server_sync.page.thread import Bubble, People, own_bubbles
from server_sync.web import audited
from server_sync.web.access import KEEPS_TEXT, Visitor
from server_sync.web.message_routes import MOST_SHOWN, link_to
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

READING, WRITING = {"may": Permission.READ_OWN}, {"may": Permission.WRITE_OWN}


@get("/me", opt=READING, sync_to_thread=True)
def me(request: Visitor, state: State) -> Response[Any]:
    """One's own record; where there are several, which of them to look at."""
    people = _people(state.service, request.user.id)
    if len(people) == 1:
        return _today(request, state.service, next(iter(people)))
    audited.read(request, "list one's own records")
    return page(request, "wards.html", people=people)


@get("/me/{patient_id:str}", opt=READING, sync_to_thread=True)
def my_day(request: Visitor, state: State, patient_id: FromPath[str]) -> Response[str]:
    """What is done today, and what the clinic said last."""
    return _today(request, state.service, patient_id)


@get("/me/{patient_id:str}/progress", opt=READING, sync_to_thread=True)
def my_progress(request: Visitor, state: State, patient_id: FromPath[str]) -> Response[str]:
    """How it went."""
    service: Service = state.service
    person = _ward(service, request.user.id, patient_id)
    audited.read(request, "read one's own sessions", patient_id)
    sessions = service.archive.sessions(patient_id)
    today = _day(service, person, sessions)
    shown: dict[str, Any] = {"sessions": sessions[:SESSIONS_SHOWN], "count": len(sessions), "lead": today.lead}
    shown["change"] = change_of(service.glances.of(patient_id).main)
    return _page(request, service, "own_progress.html", patient_id, **shown)


@get("/me/{patient_id:str}/messages", opt=READING, sync_to_thread=True)
def my_messages(
    request: Visitor, state: State, patient_id: FromPath[str], sent: FromQuery[bool] = False
) -> Response[str]:
    """What the clinic and they said to each other."""
    return _messages(request, state.service, patient_id, sent=sent)


@post(
    "/me/{patient_id:str}/letters",
    opt={**WRITING, KEEPS_TEXT: True},
    sync_to_thread=True,
    request_max_body_size=LARGEST_FORM_BYTES,
)
def write_letter(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Write to the clinic."""
    text = data.get("text", "")
    _ward(state.service, request.user.id, patient_id)
    try:
        state.service.letters.write(patient_id, request.user.id, text)
    except LetterRefused as reason:
        return _messages(request, state.service, patient_id, status=422, problem=str(reason), text=text)
    return Redirect(f"/me/{patient_id}/messages?sent=true", status_code=303)


@post("/me/{patient_id:str}/messages/{message_id:str}", opt=WRITING, sync_to_thread=True)
def answer_message(
    request: Visitor, state: State, patient_id: FromPath[str], message_id: FromPath[str], data: Form
) -> Response[Any]:
    """Answer a message of the clinic with one of the answers that it offers."""
    service, answer = state.service, data.get("answer", "")
    _ward(service, request.user.id, patient_id)
    offers = {message.id: message.answers or () for message in service.conversations.of(patient_id).messages}
    if message_id not in offers:
        raise Unknown("there is no such message here")
    if answer not in offers[message_id]:
        problem = _("This answer is not among those that are offered")
        return _messages(request, service, patient_id, status=422, problem=problem)
    try:
        service.letters.write(patient_id, request.user.id, answer, message_id)
    except LetterRefused as reason:
        return _messages(request, service, patient_id, status=422, problem=str(reason))
    return Redirect(f"/me/{patient_id}/messages?sent=true", status_code=303)


ROUTES = [me, my_day, my_progress, my_messages, write_letter, answer_message]


def _today(request: Visitor, service: Service, patient_id: str) -> Response[str]:
    person = _ward(service, request.user.id, patient_id)
    audited.read(request, "read one's own record", patient_id)
    sessions = service.archive.sessions(patient_id)
    today = _day(service, person, sessions)
    last = next((each for each in reversed(_said(request, service, patient_id, person)) if each.ours), None)
    if last:
        service.conversations.had(patient_id, request.user.id, [last.id])
    return _page(request, service, "own_today.html", patient_id, today=today, last=last)


def _messages(
    request: Visitor,
    service: Service,
    patient_id: str,
    status: int = 200,
    problem: str = "",
    text: str = "",
    sent: bool = False,
) -> Response[str]:
    person = _ward(service, request.user.id, patient_id)
    audited.read(request, "read one's own messages", patient_id)
    said = _said(request, service, patient_id, person)
    service.conversations.had(patient_id, request.user.id, [each.id for each in said[-MOST_SHOWN:] if each.ours])
    shown: dict[str, Any] = {"earlier": said[:-MOST_SHOWN], "said": said[-MOST_SHOWN:]}
    shown |= {"sent": sent, "problem": problem, "text": text, "longest": LONGEST}
    return _page(request, service, "own_messages.html", patient_id, status, **shown)


def _said(request: Visitor, service: Service, patient_id: str, person: Person) -> tuple[Bubble, ...]:
    who = People(person.name or person.pseudonym, {request.user.id: request.user.name}, service.zone_of(person))
    said = service.conversations.of(patient_id)
    return own_bubbles(said, who, request.user.id, lambda moment: link_to(service, patient_id, moment))


def _page(
    request: Visitor, service: Service, template: str, patient_id: str, status: int = 200, **shown: Any
) -> Response[str]:
    """A page of one's own record, with whose it is."""
    person, wards = service.patients.person(patient_id), service.accounts.wards(request.user.id)
    relation, name = wards.get(patient_id, SELF), person.name or person.pseudonym
    whose = {"id": patient_id, "name": name, "relation": "" if relation == SELF else relation}
    several = len(_people(service, request.user.id)) > 1
    return page(request, template, status, whose=whose, several=several, **shown)


def _now(service: Service, person: Person, sessions: list[SessionLine]) -> datetime:
    """The time where a patient lives, as far as anybody knows: as the clinic wrote, or as their computer's clock is."""
    known = None if person.zone or not sessions else sessions[0].started_at.tzinfo
    return service.now().astimezone(known or service.zone_of(person))


def _day(service: Service, person: Person, sessions: list[SessionLine]) -> Today:
    prescription = _prescription(service, person)
    since = service.prescriptions.planned_since(prescription) if prescription else ""
    return today_of(prescription, sessions, _now(service, person, sessions), since)


def _prescription(service: Service, person: Person) -> Prescription | None:
    try:
        return service.prescriptions.current(person.pseudonym).prescription
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
