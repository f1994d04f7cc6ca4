"""What patients and guardians wrote to the clinic, for who reads it there."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from server_sync.clinic.letters import Letter
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page.own import Told, letters_of
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import page

READING = {"may": Permission.READ_LETTERS}


class Shown(NamedTuple):
    """A letter as it waits, of whom it is, and how its writer is related to them ("self" for the patient)."""

    id: str
    patient_id: str
    person: Person
    letter: Told
    relation: str


@get("/letters", opt=READING, sync_to_thread=True)
def letters(request: Visitor, state: State) -> Response[str]:
    """Those that nobody has read, the latest first."""
    shown = []
    for letter in state.service.letters.unread():
        with suppress(Unknown):  # erased at this moment
            shown.append(_shown(state.service, letter))
            audited.read(request, "look at a letter", letter.patient_id, letter.id)
    return page(request, "letters.html", shown=shown)


@post("/letters/{letter_id:str}/read", opt=READING, sync_to_thread=True)
def read_letter(request: Visitor, state: State, letter_id: FromPath[str]) -> Response[Any]:
    """Say that somebody of the clinic has read a letter; who wrote it sees that."""
    state.service.letters.read(letter_id, request.user.id)
    return Redirect("/letters", status_code=303)


ROUTES = [letters, read_letter]


def told_of(service: Service, patient_id: str) -> tuple[Told, ...]:
    """All letters of a patient, the latest first, by the names of who wrote them."""
    found = service.letters.of(patient_id)
    return letters_of(found, writers(service, found))


def writers(service: Service, found: Sequence[Letter]) -> dict[int, str]:
    """The names of who wrote letters, by their accounts; "" where an account is closed."""
    names = {account.id: account.name for account in service.accounts.listed()}
    return {letter.account_id: names.get(letter.account_id, "") for letter in found}


def _shown(service: Service, letter: Letter) -> Shown:
    person, relation = service.patients.person(letter.patient_id), service.accounts.wards(letter.account_id)
    (told,) = letters_of([letter], writers(service, [letter]))
    return Shown(letter.id, letter.patient_id, person, told, relation.get(letter.patient_id, ""))
