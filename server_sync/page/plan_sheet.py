"""A plan on one sheet of paper: for the door of the fridge, in the family's words, or for the note."""

from datetime import date, timedelta
from typing import NamedTuple

from engine.prescription import Draft, due_on, goals_of, hands_on_of, paused, planned_on
from engine.programme import monday
from engine.records import Precaution
from server_sync.page import words
from server_sync.page.language import _, dated, ngettext
from server_sync.page.plan import dose, place
from server_sync.page.sheet import precaution_words
from server_sync.page.weeks import minutes_of, titles


class Line(NamedTuple):
    """A row of a list: what, and how much of it."""

    what: str
    much: str


class Paper(NamedTuple):
    """One sheet: lists under their headings."""

    kind: str
    title: str
    sub: str
    goals: tuple[str, ...]
    parts: tuple[tuple[str, tuple[Line, ...]], ...]
    mind: tuple[str, ...]


def family_sheet(draft: Draft, today: date) -> Paper:
    """The days of this week, in the words of the games."""
    begins = monday(today)
    days = tuple(_family_day(draft, begins + timedelta(days=day)) for day in range(7))
    return Paper(
        kind="family",
        title=_("This week"),
        sub=_("%(first)s to %(last)s", first=_day(begins), last=_day(begins + timedelta(days=6))),
        goals=tuple(goal.words for goal in goals_of(draft)),
        parts=(("", days),),
        mind=(
            *(_kept_to(held) for held in draft.precautions),
            _("Stop when it hurts more than usual, or when you are dizzy. Stopping is always right."),
            _("Clear the floor, and keep a steady chair beside you."),
        ),
    )


def note_sheet(draft: Draft, today: date) -> Paper:
    """The whole programme, for the note."""
    practices = tuple(Line(titles([each]), dose(each, each.times_a_day)) for each in draft.programme)
    hands = tuple(Line(each.technique, dose(each)) for each in draft.hands_on or ())
    pauses = tuple(Line(each.reason, _span(each.since, each.until)) for each in draft.pauses or ())
    days = draft.plan.get("adaptation", {}).get("full_after_days")
    weeks = ngettext("every %(num)s week", "every %(num)s weeks", round(days / 7)) if days else ""
    measured = (Line(_("All measured anew"), weeks),) if weeks else ()
    named = ((_("Games"), practices), (_("Hands-on"), hands), (_("Measuring"), measured), (_("Pauses"), pauses))
    return Paper(
        kind="note",
        title=_("Programme"),
        sub=place(draft, today),
        goals=tuple(goal.words for goal in goals_of(draft)),
        parts=tuple((title, lines) for title, lines in named if lines),
        mind=tuple(precaution_words(held) for held in draft.precautions),
    )


def _family_day(draft: Draft, day: date) -> Line:
    """A day: what to play for how long, or where to be when."""
    if paused(draft, day):
        return Line(_day(day), _("pause"))
    pieces = [_home(draft, day), *(each.technique for each in hands_on_of(draft, day) if not each.at_clinic)]
    visits = [each for each in (*planned_on(draft, day), *hands_on_of(draft, day)) if each.at_clinic]
    if visits:
        at = min((each.at for each in visits if each.at), default="")
        pieces.append(_("come to us at %(at)s", at=at) if at else _("come to us"))
    return Line(_day(day), words.sentence("; ".join(filter(None, pieces)) or _("free")))


def _kept_to(held: Precaution) -> str:
    """A precaution without its number, which the games mind."""
    what, who = words.movement(held.movement), held.by
    return _("%(what)s: the games keep to what %(who)s allows (%(why)s).", what=what, who=who, why=held.reason)


def _home(draft: Draft, day: date) -> str:
    due = due_on(draft, day)
    if not due:
        return ""
    minutes = minutes_of(due)
    what = titles(due)
    return _("%(what)s, %(minutes)s minutes", what=what, minutes=f"{minutes:g}") if minutes else what


def _span(since: str, until: str) -> str:
    if not until:
        return _("from %(since)s", since=words.date(since))
    return _("%(since)s to %(until)s", since=words.date(since), until=words.date(until))


def _day(day: date) -> str:
    return dated(day, "EEEE d MMMM")
