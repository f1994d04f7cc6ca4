"""What the clinic and families say to each other: all conversations, and the one about a patient."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from engine.prescription import LONGEST_ANSWER, LONGEST_MESSAGE, LONGEST_WORD, MOST_ANSWERS, Message, Moment
from server_sync.clinic.account_rules import SELF
from server_sync.clinic.archive import PatientLine, SessionDamaged
from server_sync.clinic.conversation import Conversation, Thread
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.prescriptions import NothingPrescribed
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page.language import _
from server_sync.page.thread import READY, Bubble, Link, People, bubbles, moment_link
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

READING, TELLING = {"may": Permission.READ_LETTERS}, {"may": Permission.PRESCRIBE}
OF_PATIENT = "/patients/{patient_id:str}/messages"
OWN_WORDS = "own"
"""The set of quick answers that somebody words themselves."""
OF_MOMENT = "session", "block", "trial", "t"
"""What names a moment in a form or an address: a session, a trial of one of its blocks, and seconds from its start."""
MOST_THREADS, MOST_SHOWN = 100, 20
"""Conversations in the list, and what is open of one; what is before that is folded."""


class Line(NamedTuple):
    """A conversation in the list: whose it is, and what of it waits to be read."""

    thread: Thread
    person: Person
    waiting: tuple[Bubble, ...]


class MessageRefused(ValueError):
    """What cannot be sent; the message says what is allowed."""


@get("/messages", opt=READING, sync_to_thread=True)
def messages(request: Visitor, state: State) -> Response[str]:
    """All conversations: first those with something that nobody has read."""
    service: Service = state.service
    audited.read(request, "list conversations")
    lines, unread, people = [], service.conversations.unread(), service.patients.people()
    for thread in service.conversations.threads()[:MOST_THREADS]:
        person, said = people.get(thread.patient_id), unread.get(thread.patient_id)
        if person is not None:  # or they were erased at this moment
            waiting = _bubbles(request, service, thread.patient_id, person, said) if said else ()
            lines.append(Line(thread, person, waiting))
    return page(request, "messages.html", lines=lines, unread=service.conversations.count_waiting())


@get(OF_PATIENT, opt=READING, sync_to_thread=True)
def conversation(
    request: Visitor, state: State, patient_id: FromPath[str], sent: FromQuery[bool] = False
) -> Response[str]:
    """The conversation about a patient.

    A moment that the address names (OF_MOMENT) is attached to what is written.
    """
    typed = {name: request.query_params.get(name, "") for name in OF_MOMENT}
    return _conversation(request, state.service, patient_id, typed, sent=sent)


@post(OF_PATIENT, opt=TELLING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def write_message(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Send a message; what was on the page counts as read."""
    service: Service = state.service
    pseudonym = service.patients.person(patient_id).pseudonym
    try:
        message = _message(service, patient_id, data)
        service.prescriptions.tell(pseudonym, message, request.user.name, audited.actor(request))
    except (MessageRefused, NothingPrescribed) as reason:
        return _conversation(request, service, patient_id, data, status=422, problem=str(reason))
    service.conversations.read(patient_id, data.get("seen", "").split(), request.user.id)
    return Redirect(f"/patients/{patient_id}/messages?sent=true", status_code=303)


@post(OF_PATIENT + "/read", opt=READING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def read_messages(request: Visitor, state: State, patient_id: FromPath[str], data: Form) -> Response[Any]:
    """Say that somebody of the clinic has read what was on the page; who wrote it sees that."""
    service: Service = state.service
    service.patients.person(patient_id)
    audited.read(request, "read a conversation", patient_id)
    service.conversations.read(patient_id, data.get("seen", "").split(), request.user.id)
    return Redirect(f"/patients/{patient_id}/messages", status_code=303)


ROUTES = [Router("/", route_handlers=[messages, conversation, write_message, read_messages])]


def link_to(service: Service, patient_id: str, moment: Moment) -> Link | None:
    """A moment of a patient's session in words; None where there is no such session of theirs."""
    with suppress(Unknown, SessionDamaged):
        session = service.archive.session(moment.session)
        if service.patients.id_of(session.patient) == patient_id:
            return moment_link(session, moment)
    return None


def _bubbles(
    request: Visitor, service: Service, patient_id: str, person: Person, said: Conversation
) -> tuple[Bubble, ...]:
    audited.letters(request, (letter for letter in said.letters if letter.read_at is None))
    people = People(person.name or person.pseudonym, _names(service, patient_id, said), service.contacts.zone())
    return bubbles(said, people, lambda moment: link_to(service, patient_id, moment))


def _names(service: Service, patient_id: str, said: Conversation) -> Mapping[int, str]:
    """Who wrote or read something of the family, and how they are related to the patient."""
    involved = {letter.account_id for letter in said.letters}.union(*said.reads.values())
    names = {account.id: account.name for account in service.accounts.listed()} if involved else {}
    found = {}
    for account_id in involved:
        relation = service.accounts.wards(account_id).get(patient_id, SELF)
        name = names.get(account_id, "")
        found[account_id] = f"{name}, {relation}" if name and relation != SELF else name
    return found


def _conversation(
    request: Visitor,
    service: Service,
    patient_id: str,
    typed: Mapping[str, str],
    status: int = 200,
    problem: str = "",
    sent: bool = False,
) -> Response[str]:
    patient: PatientLine = service.archive.patient(patient_id)
    audited.read(request, "read a conversation", patient_id)
    person = service.patients.person(patient_id)
    said = _bubbles(request, service, patient_id, person, service.conversations.of(patient_id))
    first = next((number for number, each in enumerate(said) if each.waits), len(said))
    folded, moment = max(0, min(len(said) - MOST_SHOWN, first)), _moment(typed)
    return page(
        request,
        "conversation.html",
        status,
        patient=patient,
        earlier=said[:folded],
        said=said[folded:],
        seen=tuple(dict.fromkeys(each.id for each in said if each.waits)),
        prescribed=_is_prescribed(service, patient.pseudonym),
        typed=typed,
        about=link_to(service, patient_id, moment) if moment else None,
        sessions=service.archive.sessions(patient_id)[:5],
        of_moment=OF_MOMENT,
        ready=READY,
        longest={"message": LONGEST_MESSAGE, "answer": LONGEST_ANSWER, "answers": MOST_ANSWERS},
        problem=problem,
        sent=sent,
    )


def _is_prescribed(service: Service, pseudonym: str) -> bool:
    try:
        service.prescriptions.current(pseudonym)
    except NothingPrescribed:
        return False
    return True


def _message(service: Service, patient_id: str, data: Mapping[str, str]) -> Message:
    """What a form says; raises MessageRefused, in words."""
    text, chosen = " ".join(data.get("text", "").split()), data.get("answers", "")
    if not 0 < len(text) <= LONGEST_MESSAGE:
        said = {"most": LONGEST_MESSAGE, "length": len(text)}
        raise MessageRefused(_("A message has 1 to %(most)s characters, not %(length)s", **said))
    answers = tuple(_(answer) for answer in READY.get(chosen, ()))
    if chosen == OWN_WORDS:
        own = (" ".join(data.get(f"answer{number}", "").split()) for number in range(1, MOST_ANSWERS + 1))
        answers = tuple(filter(None, own))
        if not answers:
            raise MessageRefused(_("Write at least one quick answer, or offer none"))
    offered: dict[str, Any] = {"answers": answers} if answers else {}
    moment = _moment(data)
    if moment and link_to(service, patient_id, moment):
        offered["moment"] = msgspec.to_builtins(moment)
    try:
        return msgspec.convert({"text": text, **offered}, Message)
    except msgspec.ValidationError:
        raise MessageRefused(
            _(
                "A quick answer has at most %(most)s characters, no word more than %(word)s: it has to fit a card",
                most=LONGEST_ANSWER,
                word=LONGEST_WORD,
            )
        ) from None


def _moment(data: Mapping[str, str]) -> Moment | None:
    """The moment of a session that a form or an address names; None for none, or for what cannot be one."""
    numbers = dict[str, float]()
    for name, named, kind in (("block", "block", int), ("trial", "trial", int), ("t_s", "t", float)):
        with suppress(ValueError):
            numbers[name] = kind(data.get(named, ""))
    try:
        return msgspec.convert({"session": data.get("session", ""), **numbers}, Moment)
    except msgspec.ValidationError:
        return None
