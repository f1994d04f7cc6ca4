"""What is known of a patient when the day begins: who they are, and where they practise today."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from engine.prescription import Practice, hands_on_of, planned_on
from engine.programme import CLINIC, HOME, Scheduled
from server_sync.clinic.conversation import Brought
from server_sync.clinic.glance import Glance
from server_sync.clinic.letters import Letter
from server_sync.clinic.patients import Person
from server_sync.clinic.stopping import stops
from server_sync.page import words
from server_sync.page.language import _


class Link(NamedTuple):
    """Words that lead somewhere."""

    title: str
    address: str


class Known(NamedTuple):
    """All that is known of one patient when the day begins; times are the clinic's.

    `seen_at` is when their own device was last heard of, `alerts` what sessions brought that nobody has seen yet.
    """

    patient_id: str
    person: Person
    glance: Glance
    letter: Letter | None
    seen_at: datetime | None
    alerts: Sequence[Brought] = ()


def name_of(known: Known) -> str:
    """What the clinic calls somebody."""
    return known.person.name or known.person.pseudonym


def address_of(known: Known) -> str:
    """Where somebody's pages are."""
    return f"/patients/{known.patient_id}"


def about(known: Known, today: date) -> str:
    """Age, condition, and where they are seen today."""
    age = words.age(known.person.born, today)
    place = place_words(known, today)
    return " · ".join(filter(None, (age, known.person.condition or known.person.about, place)))


def planned(known: Known, day: date) -> tuple[Practice, ...]:
    """What is prescribed to be played on a day; nothing while all play is stopped."""
    plan = known.glance.ordered.plan if known.glance.ordered else None
    return planned_on(plan, day) if plan and not stops(plan.precautions) else ()


def is_of_plan(known: Known, day: date) -> bool:
    """Whether the plan of now was prescribed before a day; what another one wanted on it is not known."""
    since = known.glance.ordered.since if known.glance.ordered else ""
    return not since or datetime.fromisoformat(since).date() < day


def place_of(known: Known, today: date) -> str:
    """Where somebody practises today, CLINIC or HOME; "" for nowhere."""
    practices = _practised(known, today)
    if any(each.at_clinic for each in practices):
        return CLINIC
    return HOME if practices else ""


def place_words(known: Known, today: date) -> str:
    """The same in words, with the time at the clinic."""
    place = place_of(known, today)
    if place != CLINIC:
        return _("home") if place else ""
    practices = _practised(known, today)
    at = min((each.at for each in practices if each.at_clinic and each.at), default="")
    return _("here at %(time)s", time=at) if at else _("here today")


def _practised(known: Known, day: date) -> tuple[Scheduled, ...]:
    """What is done on a day: what is played, and the work of hands."""
    ordered = known.glance.ordered
    return (*planned(known, day), *hands_on_of(ordered.plan, day)) if ordered else ()
