"""What a patient, or whose child they are, reads of their own record, on a telephone: today, progress, messages."""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from engine.prescription import (
    EXPIRED,
    Practice,
    Prescription,
    due_on,
    goals_of,
    hands_on_of,
    paused,
    planned_on,
    state_on,
)
from engine.programme import HandsOn
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.glance import Trend
from server_sync.clinic.known_tasks import tasks
from server_sync.clinic.stopping import stops
from server_sync.page import words
from server_sync.page.language import _, dated, ngettext
from server_sync.page.sheet import precaution_words
from server_sync.page.translated import translated

SESSIONS_SHOWN = 20
DAYS = 7
NOTHING, PLANNED, PLAYED = "nothing", "planned", "played"
"""What a day of the week strip is."""


class Day(NamedTuple):
    """A day of the week strip: its name, the planned minutes (0: as long as they like), and what it is."""

    name: str
    full: str
    minutes: float
    state: str
    today: bool


class Exercise(NamedTuple):
    """Something to play today, in the words of the game: its title, and about how long ("" where nobody says)."""

    game: str
    title: str
    how: str


class ByHand(NamedTuple):
    """Work of hands of today: what, and about how long or when ("" where nobody says)."""

    what: str
    how: str


class Today(NamedTuple):
    """What somebody does today, in words, and how last week was."""

    heading: str
    lead: str
    days: tuple[Day, ...]
    exercises: tuple[Exercise, ...]
    by_hand: tuple[ByHand, ...]
    goals: tuple[str, ...]
    until: str
    expired: bool
    stopped: bool
    precautions: tuple[str, ...]


def today_of(
    prescription: Prescription | None, sessions: Sequence[SessionLine], now: datetime, since: str = ""
) -> Today:
    """What is prescribed for today, and the week around it; `since` is when its days were prescribed first."""
    played, today = Counter(session.started_at.date() for session in sessions if session.titles), now.date()
    if prescription is None:
        return Today(_("No plan yet"), week_of(played, today), (), (), (), (), "", False, False, ())
    over = stops(prescription.precautions)
    due = () if over else due_on(prescription, today, played[today])
    return Today(
        heading=_("Stopped for now") if over else _heading(prescription, due, today),
        lead=_last_week(prescription, played, today, since),
        days=tuple(_day(prescription, played, today, monday(today) + timedelta(days=ahead)) for ahead in range(DAYS)),
        exercises=tuple(each for practice in due for each in _exercises(practice)),
        by_hand=() if over else tuple(map(_by_hand, hands_on_of(prescription, today))),
        goals=tuple(goal.words for goal in goals_of(prescription)),
        until=words.date(prescription.valid_until) if prescription.valid_until else "",
        expired=state_on(prescription, today) == EXPIRED,
        stopped=bool(over),
        precautions=tuple(precaution_words(held) for held in prescription.precautions if held not in over),
    )


def change_of(main: Trend | None) -> str:
    """What became of what is practised most, to a family: only what is larger than the noise, and without a number."""
    if main is None or main.larger is None or main.worse:
        return ""
    if not main.larger:
        return _("No change yet that is more than the difference between two days.")
    movement = words.movement(main.movement)
    return _("%(movement)s: further than at the beginning. A real change, not a good day.", movement=movement)


def week_of(played: Collection[date], today: date) -> str:
    """On how many days of the last seven somebody played."""
    days = sum(0 <= (today - day).days < DAYS for day in played)
    if not days:
        return _("No session in the last 7 days.")
    return ngettext("Played on %(num)s day of the last 7.", "Played on %(num)s days of the last 7.", days)


def monday(day: date) -> date:
    """The first day of a week."""
    return day - timedelta(days=day.weekday())


def _last_week(prescription: Prescription, played: Collection[date], today: date, since: str) -> str:
    """On how many of the planned days of the week before somebody played; of a plan that is newer, nothing."""
    first = monday(today) - timedelta(days=DAYS)
    week = [first + timedelta(days=ahead) for ahead in range(DAYS)]
    planned = sum(bool(due_on(prescription, day)) for day in week)
    if not planned or (since and datetime.fromisoformat(since).date() > first):
        return week_of(played, today)
    done = min(planned, sum(day in played for day in week))
    said = ngettext("Last week %(done)s of %(num)s day.", "Last week %(done)s of %(num)s days.", planned, done=done)
    return " ".join((said, _("Well done."))) if done == planned else said


def _heading(prescription: Prescription, due: Sequence[Practice], today: date) -> str:
    if not prescription.programme:
        return _("Play what you like")
    if paused(prescription, today):
        return _("A pause: nothing to play")
    if not due and due_on(prescription, today):
        return _("Done for today")
    if not due:
        return _("Today at the clinic") if planned_on(prescription, today) else _("Today is free")
    minutes = [practice.minutes for practice in due]
    if None in minutes:
        return _("Today: time to play")
    return ngettext("Today: %(num)s minute", "Today: %(num)s minutes", round(sum(each or 0 for each in minutes)))


def _day(prescription: Prescription, played: Collection[date], today: date, day: date) -> Day:
    due = due_on(prescription, day)
    state = PLAYED if day in played else PLANNED if due else NOTHING
    minutes = sum(practice.minutes or 0 for practice in due)
    return Day(dated(day, "EEE"), dated(day, "EEEE d MMMM"), minutes, state, day == today)


def _exercises(practice: Practice) -> list[Exercise]:
    each, times = round((practice.minutes or 0) / len(practice.games)), practice.times_a_day
    how = [ngettext("about %(num)s minute", "about %(num)s minutes", each)] if each else []
    how += [ngettext("%(num)s time today", "%(num)s times today", times)] if times > 1 else []
    return [Exercise(game, _title(game), ", ".join(how)) for game in practice.games]


def _by_hand(work: HandsOn) -> ByHand:
    minutes = [ngettext("about %(num)s minute", "about %(num)s minutes", round(work.minutes))] if work.minutes else []
    where = _("at the clinic, %(at)s", at=work.at) if work.at else _("at the clinic")
    return ByHand(work.technique, ", ".join([*minutes, *([where] if work.at_clinic else [])]))


def _title(game: str) -> str:
    """What a game is called; the words of its name where it is not here."""
    known = tasks().get(game)
    return translated(known.title) if known else words.name(game)
