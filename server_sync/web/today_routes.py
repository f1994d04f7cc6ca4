"""Today: which patients need a look first, and why."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from litestar import Response, get
from litestar.datastructures import State
from litestar.params import FromQuery

from engine import programme
from server_sync.clinic import backup_state
from server_sync.clinic.devices import DeviceLine
from server_sync.clinic.letters import Letter
from server_sync.clinic.patients import Person
from server_sync.clinic.roles import Permission
from server_sync.clinic.service import Service
from server_sync.page.first_steps import first_steps
from server_sync.page.known import Known, name_of, place_of
from server_sync.page.language import N_
from server_sync.page.reasons import what_counts
from server_sync.page.today import Board, board
from server_sync.page.waiting import waiting
from server_sync.web import audited
from server_sync.web.access import Visitor
from server_sync.web.pages import page

MINE, HERE, HOME, ALL = "mine", "here", "home", "all"
FILTERS: Mapping[str, str] = {MINE: N_("Mine"), HERE: N_("Here today"), HOME: N_("At home"), ALL: N_("All")}
LETTERS_SHOWN = 3


@get("/today", opt={"may": Permission.READ_PATIENTS}, sync_to_thread=True)
def today(request: Visitor, state: State, show: FromQuery[str] = "", first: FromQuery[int] = 0) -> Response[str]:
    """The patients who need a look, most pressing first, and everybody else.

    `show` is one of FILTERS; `first` is the number of the first who needs a look and is shown, from 0.
    """
    service: Service = state.service
    audited.read(request, "list patients")
    zone = service.contacts.zone()
    now = service.now().astimezone(zone)
    letters = [letter._replace(at=letter.at.astimezone(zone)) for letter in service.letters.unread()]
    people = service.patients.people()
    everybody = _everybody(service, people, letters)
    mine = [known for known in everybody if request.user.id in known.person.therapists]
    chosen = show if show in FILTERS else (MINE if mine else ALL)
    shown = _of_place(everybody, chosen, now.date()) if chosen in (HERE, HOME) else {MINE: mine, ALL: everybody}[chosen]
    devices = _delivering(service.devices.listed(), now)
    only = next(iter(people.items())) if len(people) == 1 else None
    looks = board(shown, now.date(), first)
    audited.letters(request, (*letters[:LETTERS_SHOWN], *_quoted(looks, everybody)))
    begun = len(people) > len(everybody) or any(known.glance.sessions for known in everybody)
    return page(
        request,
        "today.html",
        now=now,
        steps=() if begun else first_steps(len(people), devices[1], only[1].pseudonym if only else ""),
        only=only[0] if only else "",
        board=looks,
        counts=what_counts(),
        spent=_spent(service, people, request.user.id, now),
        later=tuple(waiting(shown, now.date())),
        count=len(shown),
        chosen=chosen,
        filters=FILTERS,
        everybody=len(people),
        unread_yet=len(people) - len(everybody),
        letters=_with_names(letters[:LETTERS_SHOWN], everybody),
        unread=service.conversations.count_waiting(),
        orders=len(service.drafts.waiting()) + len(service.drafts.news()),
        devices=devices,
        backup=backup_state.last(service.store),
    )


ROUTES = [today]


class Spent(NamedTuple):
    """The minutes that somebody spent on a patient."""

    patient_id: str
    name: str
    minutes: int


def _everybody(service: Service, people: Mapping[str, Person], letters: Sequence[Letter]) -> list[Known]:
    zone = service.contacts.zone()
    seen = {patient_id: at.astimezone(zone) for patient_id, at in service.devices.seen().items()}
    first = {letter.patient_id: letter for letter in reversed(letters)}
    alerts = {
        patient_id: [each._replace(at=each.at.astimezone(zone)) for each in brought]
        for patient_id, brought in service.conversations.alerts().items()
    }
    return [
        Known(each, people[each], glance, first.get(each), seen.get(each), alerts.get(each, ()))
        for each, glance in service.glances.all().items()
        if each in people
    ]


def _spent(service: Service, people: Mapping[str, Person], account_id: int, now: datetime) -> list[Spent]:
    """What an account noted for its patients this month, the most first."""
    month = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    spent = sorted(service.contacts.spent(account_id, month).items(), key=lambda each: -each[1])
    named = [(each, people[each], seconds) for each, seconds in spent if each in people]
    return [Spent(each, person.name or person.pseudonym, round(seconds / 60)) for each, person, seconds in named]


def _quoted(looks: Board, everybody: Sequence[Known]) -> Iterator[Letter]:
    """The letters that the first rows quote."""
    written = {known.patient_id: known.letter for known in everybody}
    for row in looks.rows:
        letter = written[row.patient_id]
        if letter and any(reason.icon == "letter" for reason in row.reasons):
            yield letter


def _with_names(letters: Sequence[Letter], everybody: Sequence[Known]) -> list[tuple[Letter, str]]:
    names = {known.patient_id: name_of(known) for known in everybody}
    return [(letter, names.get(letter.patient_id, "")) for letter in letters]


def _of_place(everybody: Sequence[Known], chosen: str, day: date) -> list[Known]:
    """Those who practise today at the clinic, or at home."""
    place = {HERE: programme.CLINIC, HOME: programme.HOME}.get(chosen)
    return [known for known in everybody if place_of(known, day) == place]


def _delivering(devices: Sequence[DeviceLine], now: datetime) -> tuple[int, int, DeviceLine | None]:
    """How many devices were heard of today by the clinic's time, of how many, and the one that was last."""
    holding = [each for each in devices if each.revoked_at is None]
    heard = [each for each in holding if each.seen_at is not None]
    last = max(heard, key=lambda each: each.seen_at or each.enrolled_at, default=None)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return sum(each.seen_at is not None and each.seen_at >= midnight for each in heard), len(holding), last
