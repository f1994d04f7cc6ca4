"""A programme as weeks × days: what is planned on each day, at home and at the clinic, and what was played."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from engine import presets
from engine.prescription import Draft, Practice, hands_on_of, paused, planned_on
from engine.programme import MOST_WEEKS, Scheduled, monday, week_number
from server_sync.clinic.archive import SessionLine
from server_sync.clinic.known_tasks import tasks
from server_sync.page import words
from server_sync.page.language import _, dated, ngettext
from server_sync.page.translated import translated

IN_FULL = 0.8
"""The share of the planned minutes from which a day counts as played and not as played in part."""
MOST_ROWS, BEFORE, USUAL_WEEKS = 14, 2, 4
"""Rows of the table; where a programme has more, how many weeks before this one are among them; rows without weeks."""


class Cell(NamedTuple):
    """One day: its state (`none`, `planned`, `here`, `played`, `part`, `missed`, `pause`) and it in words.

    `mark` is what stands large, `what` below it, and `said` is the whole as a sentence. `measures` says that everything
    is due to be measured anew.
    """

    day: date
    state: str
    mark: str
    what: str
    said: str
    today: bool
    measures: bool


class Week(NamedTuple):
    """One row, called by its number (or this week, or the next) and its Monday."""

    title: str
    begins: str
    now: bool
    cells: tuple[Cell, ...]


def weeks_of(
    draft: Draft,
    in_force: Callable[[date], Draft | None],
    sessions: Sequence[SessionLine],
    today: date,
    measured_on: date | None = None,
) -> tuple[Week, ...]:
    """The weeks of a draft; days that are over are shown by the version that was in force on them.

    `measured_on` is the day since which nothing was measured whole, None where nothing was measured yet.
    """
    played = minutes_by_day(sessions)
    first, last = _shown(draft, today)
    measuring = measuring_days(draft, measured_on, today, last + timedelta(days=6))
    rows = []
    for ahead in range((last - first).days // 7 + 1):
        begins = first + timedelta(weeks=ahead)
        days = [begins + timedelta(days=day) for day in range(7)]
        cells = [_cell(in_force(day) if day < today else draft, day, played.get(day, 0.0), today) for day in days]
        marked = tuple(_measured(cell) if cell.day in measuring else cell for cell in cells)
        rows.append(Week(_title(draft, begins), dated(begins, "d MMM"), begins == monday(today), marked))
    return tuple(rows)


def minutes_by_day(sessions: Sequence[SessionLine]) -> dict[date, float]:
    """How long was played on each day, by the patient's own clock; a visit in which nothing was done does not count."""
    found = defaultdict[date, float](float)
    for session in sessions:
        if session.titles:
            found[session.started_at.date()] += session.seconds / 60
    return found


def measuring_days(draft: Draft, measured_on: date | None, today: date, last: date) -> frozenset[date]:
    """The days up to a last one on which everything is due to be measured anew, if nobody misses one."""
    told = draft.plan.get("adaptation", {}).get("full_after_days")
    usual = presets.resolve(draft.preset, {}, others=True).adaptation.full_after_days
    pause = timedelta(days=int(told or usual) + 1)
    due, found = (measured_on + pause if measured_on else today), set[date]()
    for ahead in range((last - today).days + 1):
        day = today + timedelta(days=ahead)
        if day >= due and planned_on(draft, day):
            found.add(day)
            due = day + pause
    return frozenset(found)


def last_week(draft: Draft) -> int:
    """The last week of a programme, 0 where it has none."""
    ends = [each.weeks[1] for each in (*draft.programme, *(draft.hands_on or ())) if each.weeks]
    return max((end for end in ends if end < MOST_WEEKS), default=0)


def titles(practices: Sequence[Practice]) -> str:
    """What games are called, each once; one that there is not by the words of its name."""
    named = dict.fromkeys(game for practice in practices for game in practice.games)
    known = tasks()
    return ", ".join(translated(known[game].title) if game in known else words.name(game) for game in named)


def minutes_of(practices: Sequence[Practice]) -> float | None:
    """The minutes of a day, None for as long as the patient's age allows."""
    minutes = [each.minutes and each.minutes * each.times_a_day for each in practices]
    return None if None in minutes else sum(each for each in minutes if each)


def _shown(draft: Draft, today: date) -> tuple[date, date]:
    """The Mondays of the first and the last row."""
    this = monday(today)
    if not draft.starts_on:
        return this - timedelta(weeks=1), this + timedelta(weeks=USUAL_WEEKS - 2)
    first = monday(date.fromisoformat(draft.starts_on))
    number = week_number(draft.starts_on, today)
    last = last_week(draft) or max(number, 1) + USUAL_WEEKS - 1
    begins = min(max(1, number - BEFORE), max(1, last - MOST_ROWS + 1)) if last > MOST_ROWS else 1
    return first + timedelta(weeks=begins - 1), first + timedelta(weeks=min(last, begins + MOST_ROWS - 1) - 1)


def _title(draft: Draft, begins: date) -> str:
    if not draft.starts_on:
        return ""
    return _("Week %(number)s", number=week_number(draft.starts_on, begins))


def _cell(draft: Draft | None, day: date, played: float, today: date) -> Cell:
    practices = planned_on(draft, day) if draft else ()
    home = [each for each in practices if not each.at_clinic]
    here = [*(each for each in practices if each.at_clinic), *_hands_here(draft, day)]
    what = titles(practices)
    state, mark = _state(draft, day, home, here, played, today)
    said = _said(state, day, home, here, played, what)
    return Cell(day, state, mark, what if state != "pause" else "", said, day == today, measures=False)


def _measured(cell: Cell) -> Cell:
    said = _("%(day)s. All is measured anew", day=cell.said)
    return cell._replace(measures=True, said=said)


def _hands_here(draft: Draft | None, day: date) -> list[Scheduled]:
    return [each for each in hands_on_of(draft, day) if each.at_clinic] if draft else []


def _state(
    draft: Draft | None, day: date, home: Sequence[Practice], here: Sequence[Scheduled], played: float, today: date
) -> tuple[str, str]:
    """The state of a day and what stands large in it."""
    if played:
        planned = minutes_of(home) or 0.0
        return ("played" if played >= IN_FULL * planned else "part"), f"{max(played, 1):.0f}"
    if draft and paused(draft, day):
        return "pause", _("pause")
    if here:
        return "here", _("here")
    if not home:
        return "none", "·"
    minutes = minutes_of(home)
    return ("missed" if day < today else "planned"), _("play") if minutes is None else f"{minutes:g}"


def _said(state: str, day: date, home: Sequence[Practice], here: Sequence[Scheduled], played: float, what: str) -> str:
    """A day as a sentence."""
    when, planned = dated(day, "EEEE d MMMM"), minutes_of(home) or 0.0
    if state == "pause":
        return _("%(when)s: pause", when=when)
    if state in ("played", "part"):
        if not planned:
            return _("%(when)s: played %(played)s minutes", when=when, played=f"{played:.0f}")
        minutes = {"played": f"{played:.0f}", "planned": f"{planned:g}"}
        return _("%(when)s: played %(played)s of %(planned)s minutes", when=when, **minutes)
    if state == "here":
        at = min((each.at for each in here if each.at), default="")
        if at:
            return _("%(when)s: here at %(at)s. %(what)s", when=when, at=at, what=what)
        return _("%(when)s: here. %(what)s", when=when, what=what)
    if state == "none":
        return _("%(when)s: nothing planned", when=when)
    if state == "missed":
        return _("%(when)s: %(what)s, not played", when=when, what=what)
    if minutes_of(home) is None:
        return _("%(when)s: %(what)s at home", when=when, what=what)
    return ngettext(
        "%(when)s: %(what)s, %(minutes)s minute at home",
        "%(when)s: %(what)s, %(minutes)s minutes at home",
        round(planned),
        when=when, what=what, minutes=f"{planned:g}",
    )  # fmt: skip
