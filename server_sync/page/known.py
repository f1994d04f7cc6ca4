"""What is known of a patient when the day begins: who they are, and where they practise today."""

from datetime import date, datetime
from typing import NamedTuple

from engine.prescription import hands_on_of, planned_on
from engine.programme import CLINIC, HOME
from server_sync.clinic.glance import Glance
from server_sync.clinic.letters import Letter
from server_sync.clinic.patients import Person
from server_sync.page import words
from server_sync.page.language import _


class Link(NamedTuple):
    """Words that lead somewhere."""

    title: str
    address: str


class Known(NamedTuple):
    """All that is known of one patient when the day begins; times are the clinic's.

    `seen_at` is when their own device was last heard of.
    """

    patient_id: str
    person: Person
    glance: Glance
    letter: Letter | None
    seen_at: datetime | None


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


def place_of(known: Known, today: date) -> str:
    """Where somebody practises today, CLINIC or HOME; "" for nowhere."""
    ordered = known.glance.ordered
    practices = (*planned_on(ordered.plan, today), *hands_on_of(ordered.plan, today)) if ordered else ()
    if any(each.at_clinic for each in practices):
        return CLINIC
    return HOME if practices else ""


def place_words(known: Known, today: date) -> str:
    """The same in words, with the time at the clinic."""
    place, ordered = place_of(known, today), known.glance.ordered
    if place != CLINIC or ordered is None:
        return _("home") if place else ""
    practices = (*planned_on(ordered.plan, today), *hands_on_of(ordered.plan, today))
    at = min((each.at for each in practices if each.at_clinic and each.at), default="")
    return _("here at %(time)s", time=at) if at else _("here today")
