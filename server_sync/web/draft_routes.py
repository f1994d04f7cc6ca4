"""What other systems ordered, for therapists to look at: taken up it is prescribed, turned down it is not."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State
from litestar.params import FromPath
from litestar.response import Redirect

from engine.prescription import Practice
from engine.records import RecordUnreadable
from server_sync.clinic.drafts import NotTaken
from server_sync.clinic.ordered import Ordered
from server_sync.clinic.patients import Person, Unknown
from server_sync.clinic.prescriptions import Changed
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import LARGEST_FORM_BYTES, Form, page

PRESCRIBING = {"may": Permission.PRESCRIBE}


@get("/drafts", opt=PRESCRIBING, sync_to_thread=True)
def drafts(request: Visitor, state: State) -> Response[str]:
    """All that wait."""
    return _drafts(request, state)


@post("/drafts/{draft_id:str}/take", opt=PRESCRIBING, sync_to_thread=True, request_max_body_size=LARGEST_FORM_BYTES)
def take(request: Visitor, state: State, draft_id: FromPath[str], data: Form) -> Response[Any]:
    """Prescribe what the form says, on top of the version that its writer saw."""
    service: Service = state.service
    if_match, author = data.get("if_match", ""), request.user.name
    service.drafts.one(draft_id)  # whose order is not here learns no more, whatever the form says
    try:
        service.drafts.take(draft_id, _practice(data), author, if_match, audited.actor(request))
    except (NotTaken, Changed) as reason:
        return _drafts(request, state, 409, str(reason))
    except (RecordUnreadable, msgspec.ValidationError) as reason:
        return _drafts(request, state, 422, str(reason))
    return Redirect("/drafts", status_code=303)


@post("/drafts/{draft_id:str}/decline", opt=PRESCRIBING, sync_to_thread=True)
def decline(request: Visitor, state: State, draft_id: FromPath[str]) -> Response[Any]:
    """Turn an order down; who sent it may read that."""
    return _done(request, state, state.service.drafts.decline, draft_id)


@post("/drafts/{draft_id:str}/seen", opt=PRESCRIBING, sync_to_thread=True)
def seen(request: Visitor, state: State, draft_id: FromPath[str]) -> Response[Any]:
    """Note that somebody has seen what whoever sent an order changed or ended."""
    return _done(request, state, state.service.drafts.seen, draft_id)


ROUTES = [Router("/", route_handlers=[drafts, take, decline, seen])]


class Shown(NamedTuple):
    """A draft beside whose it is and what holds now: the version's number and hash, 0 and "" for none."""

    draft: Ordered
    person: Person
    version: int
    if_match: str


def _done(request: Visitor, state: State, do: Callable[[str, str], None], name: str) -> Response[Any]:
    try:
        do(name, audited.actor(request))
    except NotTaken as reason:
        return _drafts(request, state, 409, str(reason))
    return Redirect("/drafts", status_code=303)


def _drafts(request: Visitor, state: State, status: int = 200, problem: str = "") -> Response[str]:
    service: Service = state.service
    shown = []
    for draft in (*service.drafts.news(), *service.drafts.waiting()):
        with suppress(Unknown):  # erased at this moment
            person = service.patients.person(draft.patient_id)
            audited.read(request, "read an order", draft.patient_id, draft.id)
            now = service.drafts.current(person.pseudonym)
            held = (now.prescription.version, now.sha256) if now else (0, "")
            shown.append(Shown(draft, person, *held))
    return page(request, "drafts.html", status, shown=shown, problem=problem)


def _practice(data: dict[str, str]) -> Practice:
    """What the form says, whatever the order did.

    Raises RecordUnreadable for what is no number, and msgspec.ValidationError for what cannot be prescribed.
    """
    try:
        minutes, times = data.get("minutes", "").strip(), data.get("times_a_day", "").strip()
        said: dict[str, Any] = {
            "minutes": float(minutes) if minutes else None,
            "times_a_day": int(times) if times else None,
        }
    except ValueError:
        raise RecordUnreadable("minutes and times a day must be numbers, as 10 and 1") from None
    said |= {"games": data.get("games", "").split(), "days": data.get("days", "").split()}
    return msgspec.convert({name: value for name, value in said.items() if value is not None}, Practice)
