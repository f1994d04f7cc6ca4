"""The audit for who may read it: who did what with whose data, by people's names where they are still known."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import FromQuery

from server_sync.clinic.audit import COMMAND, RETENTION, STRANGER, Entry, Which, by_account, by_device
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import page

ROWS = 100
PATIENT_ID = re.compile(r"[0-9a-f]{16}")
ACTOR = re.compile(rf"account \d{{1,10}}|device [0-9a-f]{{16}}|{COMMAND}|{RETENTION}|{STRANGER}")
LAST_DAY, MOST_NUMBER = datetime(9999, 12, 30, tzinfo=UTC), 2**31 - 1


class Line(NamedTuple):
    """A row as it is shown."""

    number: int
    at: datetime
    who: str
    action: str
    whose: str
    thing: str


@get("/audit", opt={"may": Permission.READ_AUDIT}, sync_to_thread=True)
def audit(
    request: Visitor,
    state: State,
    patient: FromQuery[str] = "",
    actor: FromQuery[str] = "",
    day: FromQuery[str] = "",
    before: FromQuery[int | None] = None,
) -> Response[str]:
    """The rows, the latest first; `patient` and `actor` are as the audit has them, so that no address names anybody."""
    service: Service = state.service
    since, problem = _day(day)
    which = Which(patient or None, actor or None, since, since and since + timedelta(days=1), _number(before))
    people, actors = _people(service), _actors(service)
    # What somebody looked for is noted where it is an id: free words would stay in the audit for good.
    known = patient if PATIENT_ID.fullmatch(patient) else "", actor if ACTOR.fullmatch(actor) else ""
    audited.read(request, "read the audit", *known)
    found = service.audit.listed(which, ROWS + 1)
    return page(
        request,
        "audit.html",
        status=422 if problem else 200,
        problem=problem,
        lines=[_line(entry, people, actors) for entry in found[:ROWS]],
        people=sorted(people.items(), key=lambda each: each[1].casefold()),
        actors=actors,
        asked={"patient": patient, "actor": actor, "day": day},
        next_before=found[ROWS - 1].number if len(found) > ROWS else None,
        head=service.audit.head(),
    )


ROUTES = [audit]


def _day(day: str) -> tuple[datetime | None, str]:
    """When a day begins, and what is wrong with it."""
    try:
        since = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) if day else None
        return since and min(since, LAST_DAY), ""
    except ValueError:
        return None, f"{day[:20]!r} is no day: write it as 2026-11-20"


def _number(before: int | None) -> int | None:
    """A row's number as a database takes it."""
    return before and max(0, min(before, MOST_NUMBER))


def _people(service: Service) -> dict[str, str]:
    """The names of patients by their ids, with the pseudonym where two share one; of who was erased there is none."""
    people = service.patients.people()
    share = Counter(each.name for each in people.values())
    return {patient_id: _called(each, share[each.name] > 1) for patient_id, each in people.items()}


def _called(person: Person, shared: bool) -> str:
    if not person.name:
        return person.pseudonym
    return f"{person.name} ({person.pseudonym})" if shared else person.name


def _actors(service: Service) -> dict[str, str]:
    """What accounts and devices are called, as the audit has them."""
    accounts = {by_account(each.id): each.name for each in service.accounts.listed() if each.name}
    return accounts | {by_device(each.id): f"device {each.name}" for each in service.devices.listed()}


def _line(entry: Entry, people: Mapping[str, str], actors: Mapping[str, str]) -> Line:
    named: dict[str, Any] = {
        "who": actors.get(entry.actor, entry.actor),
        "whose": people.get(entry.patient_id, entry.patient_id),
        "thing": actors.get(entry.thing, entry.thing),
    }
    return Line(number=entry.number, at=entry.at, action=entry.action, **named)
