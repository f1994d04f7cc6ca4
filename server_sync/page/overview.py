"""A patient's first page: what became of what they practise, why difficulty moved, minutes, pain and planned days."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from markupsafe import Markup

from engine.movements import LEANS
from engine.prescription import Prescription, goals_of, planned_on
from engine.programme import Goal
from server_sync.clinic.gist import ENDED, Gist
from server_sync.clinic.gists import Followed
from server_sync.clinic.series import Series, current, main_of, series_of
from server_sync.page import words
from server_sync.page.course import (
    SMALL,
    Choice,
    Close,
    Small,
    choices,
    close,
    small,
)
from server_sync.page.course_words import key_of, value_of
from server_sync.page.dose_chart import Day, dose_chart
from server_sync.page.language import _, dated, ngettext
from server_sync.page.star import Star, star_of
from server_sync.page.translated import translated
from server_sync.page.tune_words import chips_of

WEEKS, PAIN_TOLD = 4, 4
"""How many weeks of minutes and pain are shown, and the pain (0 to 10) from which a session is counted."""
MOVES_SHOWN = 4


class Move(NamedTuple):
    """One change of difficulty, or what ended a session: its day, what, why, and by whom."""

    at: datetime
    day: str
    what: str
    why: str
    by: str


class Dose(NamedTuple):
    """Four weeks of minutes and pain: the drawing, its sentence, and a row for each day that was played or planned."""

    drawing: Markup
    said: str
    rows: tuple[tuple[str, str, str, str], ...]


class Wish(NamedTuple):
    """What a patient wants to do, in their own words, and how far they are ("" where no movement is named)."""

    words: str
    so_far: str


class Overview(NamedTuple):
    """All of the page; without a session nothing but the dose is None."""

    choices: tuple[Choice, ...]
    close: Close | None
    smalls: tuple[Small, ...]
    more: tuple[Small, ...]
    star: Star | None
    star_first: bool
    moves: tuple[Move, ...]
    dose: Dose | None
    goals: tuple[Wish, ...]


def overview(followed: Sequence[Followed], history: Sequence[Prescription], today: date, chosen: str = "") -> Overview:
    """The page of a patient; `chosen` is the key of the measure to look at closely, "" for the main one."""
    gists = [each.gist for each in followed]
    series = series_of(gists)
    now = current(series)
    near = next((each for each in now if key_of(each) == chosen), None) or main_of(series, gists) or _first(now)
    goals = goals_of(history[-1]) if history else ()
    leans = [each for each in now if each.kind.movement in LEANS]
    others = [each for each in now if each is not near and each not in leans]
    beside = [small(each) for each in sorted(others, key=_importance)]
    moves = sorted([*_moves(gists), *_versions(history)], key=lambda move: move.at, reverse=True)
    return Overview(
        choices=choices(series, near) if near else (),
        close=close(near, series, gists, goals) if near else None,
        smalls=tuple(beside[:SMALL]),
        more=tuple(beside[SMALL:]),
        star=star_of(leans),
        star_first=near in leans,
        moves=tuple(moves),
        dose=_dose(gists, history, today) if gists else None,
        goals=tuple(_wish(goal, now) for goal in goals),
    )


def chips(history: Sequence[Prescription], last: Gist | None) -> list[tuple[str, str]]:
    """What stands beside a name: precautions, which hold until somebody lifts them, and pain of the last session."""
    held = history[-1].precautions if history else ()
    found = list(chips_of(held))
    pain = last.told["pain"].highest if last and "pain" in last.told else 0.0
    if last and pain >= PAIN_TOLD:
        found.append(("warn", _("pain %(most)s on %(day)s", most=f"{pain:g}", day=dated(last.at, "EEE d MMM"))))
    return found


def _wish(goal: Goal, series: Sequence[Series]) -> Wish:
    found = next((each for each in series if each.kind.movement and each.kind.movement == goal.movement), None)
    if found is None or goal.needs is None:
        return Wish(goal.words, "")
    needs, value = words.quantity(goal.needs, found.unit), value_of(found.points[-1], found)
    return Wish(goal.words, _("needs about %(needs)s · now %(value)s", needs=needs, value=value))


def _importance(series: Series) -> tuple[bool, bool, bool]:
    """What changed first, then limits of movements, then measures of which more or less is better."""
    return not series.verdict.larger, not series.kind.movement, not series.better


def _first(series: Sequence[Series]) -> Series | None:
    return series[0] if series else None


def _moves(gists: Sequence[Gist]) -> list[Move]:
    """What became harder or easier by itself, and sessions that ended early."""
    moves = []
    for gist in gists:
        for moved in gist.moved:
            what, _because, why = moved.words.partition(", because ")
            by = _("by itself") if why else _("by the plan")
            said = _("%(game)s: %(finding)s", game=translated(moved.title), finding=translated(what))
            moves.append(_move(gist, said, words.sentence(translated(why)), by))
        if gist.ended_by != ENDED:
            moves.append(
                _move(gist, _("Ended early: %(how)s", how=translated(gist.ended_by)), _told(gist), _("by itself"))
            )
    return moves


def _move(gist: Gist, what: str, why: str, by: str) -> Move:
    return Move(gist.at, dated(gist.at, "EEE d MMM"), what, why, by)


def _told(gist: Gist) -> str:
    pain = gist.told.get("pain")
    if pain is None or pain.highest < PAIN_TOLD:
        return ""
    return _("Pain was told as %(most)s of 10 at most.", most=f"{pain.highest:g}")


def _versions(history: Sequence[Prescription]) -> list[Move]:
    """What somebody prescribed: each version that changed more than messages, what it changed, and why."""
    moves = []
    for before, after in pairwise([None, *history]):
        if after is not None and (before is None or _changed(before, after) or after.why):
            at = datetime.fromisoformat(after.written_at)
            what = _version(before, after)
            moves.append(Move(at, dated(at, "EEE d MMM"), what, after.why or "", after.author))
    return moves


def _version(before: Prescription | None, after: Prescription) -> str:
    if before is None:
        return _("The first plan")
    changed = ", ".join(_changed(before, after))
    if not changed:
        return _("Version %(number)s of the plan", number=after.version)
    return _("Version %(number)s of the plan: %(parts)s", number=after.version, parts=changed)


def _changed(before: Prescription, after: Prescription) -> list[str]:
    """Which parts of a plan a version changed, none for messages."""
    parts = {
        _("difficulty"): (before.plan, before.preset) != (after.plan, after.preset),
        _("precautions"): before.precautions != after.precautions,
        _("programme"): (before.programme, before.starts_on or "") != (after.programme, after.starts_on or ""),
        _("hands-on work"): (before.hands_on or ()) != (after.hands_on or ()),
        _("pauses"): (before.pauses or ()) != (after.pauses or ()),
        _("goals"): goals_of(before) != goals_of(after),
        _("one day alone"): before.for_a_day != after.for_a_day,
        _("how long it holds"): before.valid_until != after.valid_until,
    }
    return [part for part, is_other in parts.items() if is_other]


def _dose(gists: Sequence[Gist], history: Sequence[Prescription], today: date) -> Dose:
    days = _days(gists, history, today)
    planned = [day for day in days if day.planned]
    played = [day for day in days if day.minutes]
    pains = [day.pain for day in days if day.pain is not None]
    said = [
        _(
            "%(played)s of %(planned)s planned days, %(minutes)s min in four weeks.",
            played=sum(bool(day.minutes) for day in planned), planned=len(planned),
            minutes=f"{sum(day.minutes for day in days):.0f}",
        )
        if planned
        else _("%(minutes)s min in four weeks; no days were planned.", minutes=f"{sum(d.minutes for d in days):.0f}")
    ]  # fmt: skip
    if pains:
        said.append(
            ngettext(
                "Pain at %(level)s or more on %(num)s of %(days)s days.",
                "Pain at %(level)s or more on %(num)s of %(days)s days.",
                sum(pain >= PAIN_TOLD for pain in pains),
                level=PAIN_TOLD,
                days=len(pains),
            )
        )
    title, sentence = _("Minutes and pain of four weeks"), " ".join(said)
    rows = [_dose_row(day) for day in reversed(days) if day.minutes or day.planned]
    return Dose(dose_chart(title, sentence, days, PAIN_TOLD) if played else Markup(""), sentence, tuple(rows))


def _dose_row(day: Day) -> tuple[str, str, str, str]:
    planned = _("planned") if day.planned else "–"
    pain = "–" if day.pain is None else f"{day.pain:g}"
    return dated(day.at, "EEE d MMM"), f"{day.minutes:.0f}" if day.minutes else "–", planned, pain


def _days(gists: Sequence[Gist], history: Sequence[Prescription], today: date) -> list[Day]:
    """Four whole weeks of days, up to one."""
    by_day: dict[date, list[Gist]] = {}
    for gist in gists:
        by_day.setdefault(gist.at.date(), []).append(gist)
    days = [today - timedelta(days=ahead) for ahead in reversed(range(7 * WEEKS))]
    return [_day(day, by_day.get(day, []), _in_force(history, day)) for day in days]


def _day(day: date, gists: Sequence[Gist], plan: Prescription | None) -> Day:
    pains = [gist.told["pain"].highest for gist in gists if "pain" in gist.told]
    due = planned_on(plan, day) if plan else ()
    wished = sum((practice.minutes or 0.0) * practice.times_a_day for practice in due)
    return Day(day, sum(gist.play_s for gist in gists) / 60, bool(due), wished, max(pains, default=None))


def _in_force(history: Sequence[Prescription], day: date) -> Prescription | None:
    """The version that was the last one on a day."""
    return next((one for one in reversed(history) if datetime.fromisoformat(one.written_at).date() <= day), None)
