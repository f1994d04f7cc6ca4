"""What a programme has beside its games: its weeks and pauses, work of hands, and goals in the patient's own words.

Fields that came after the first prescriptions stay out of the file while nobody says them, so that every version that
there is keeps its bytes and its hash.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, UnsetType

from engine.movements import MOVEMENTS
from engine.records import Record

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOME, CLINIC = "home", "clinic"
LEAST_MINUTES, MOST_MINUTES, MOST_WEEKS = 1, 60, 104
"""How long one visit of a programme may be, in minutes, and the last week that it may have."""

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Week = Annotated[int, msgspec.Meta(ge=1, le=MOST_WEEKS)]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class Scheduled(Record, frozen=True, kw_only=True):
    """When something is done: on which days of the week (none named: on every day), and for how long.

    `minutes` are those of one visit, None for as long as the patient's age allows. `weeks` are the first and the last
    week of the programme in which it holds, unset for all. `place` is where, unset for at home, and `at` the time of
    day (as 09:30), unset for any.
    """

    days: tuple[Day, ...] = ()
    minutes: Annotated[float, msgspec.Meta(ge=LEAST_MINUTES, le=MOST_MINUTES)] | None = None
    weeks: tuple[Week, Week] | UnsetType = UNSET
    place: Literal["home", "clinic"] | UnsetType = UNSET
    at: Annotated[str, msgspec.Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")] | UnsetType = UNSET

    @property
    def at_clinic(self) -> bool:
        """Whether it is done at the clinic."""
        return self.place == CLINIC


class HandsOn(Scheduled, frozen=True, kw_only=True):
    """Work of hands beside the games, by a therapist or somebody of the family: shown, and never played."""

    technique: Words


class Pause(Record, frozen=True, kw_only=True):
    """Days on which nothing is due, the first and the last (ISO dates; `until` is "" where nobody knows yet), and why.

    Precautions and bounds hold on.
    """

    since: str
    reason: Words
    until: str = ""


class Goal(Record, frozen=True, kw_only=True):
    """What a patient wants to do, in their own words, and how far a movement has to go for it (None: not said).

    `needs` is in the unit of the movement.
    """

    words: Words
    movement: str = ""
    needs: float | None = None


def week_number(starts_on: str, day: date) -> int:
    """Which week of a programme a day is in, from Monday to Sunday: 1 is that of its first day, less before."""
    first = monday(date.fromisoformat(starts_on))
    return (monday(day) - first).days // 7 + 1


def monday(day: date) -> date:
    """The Monday of the week of a day."""
    return day - timedelta(days=day.weekday())


def holds_on(plan: Scheduled, starts_on: str | UnsetType, day: date) -> bool:
    """Whether something is meant for a day, in a programme that starts on a day, or holds already."""
    if plan.days and DAYS[day.weekday()] not in plan.days:
        return False
    if starts_on is UNSET:
        return True
    if day.isoformat() < starts_on:
        return False
    return plan.weeks is UNSET or plan.weeks[0] <= week_number(starts_on, day) <= plan.weeks[1]


def span_of(plan: Scheduled, starts_on: str | UnsetType, valid_until: str) -> tuple[str, str]:
    """The first and the last day of something (ISO dates), "" where there is none."""
    if starts_on is UNSET or plan.weeks is UNSET:
        return starts_on or "", valid_until
    begins = monday(date.fromisoformat(starts_on))
    first, last = (begins + timedelta(weeks=plan.weeks[0] - 1), begins + timedelta(weeks=plan.weeks[1], days=-1))
    ends = [day for day in (last.isoformat(), valid_until) if day]
    return max(first.isoformat(), starts_on), min(ends)


def pause_on(pauses: Sequence[Pause], day: date) -> Pause | None:
    """The pause that a day lies in."""
    told = day.isoformat()
    return next((each for each in pauses if each.since <= told and (not each.until or told <= each.until)), None)


def new_goal_week(weeks: Sequence[int], starts_on: str | UnsetType, day: date) -> int | None:
    """The first of some weeks for which a new goal is due by a day: from the week before it on; None where none is."""
    if starts_on is UNSET:
        return None
    return next((week for week in sorted(weeks) if week - 1 <= week_number(starts_on, day)), None)


def problems_of_weeks(plans: Sequence[Scheduled], starts_on: str | UnsetType) -> Iterator[str]:
    """What is wrong with the weeks of a programme, in words."""
    if starts_on is not UNSET and not is_day(starts_on):
        yield f"starts_on = {starts_on!r} is no day; write it as 2026-12-12"
    for plan in plans:
        if plan.weeks is not UNSET and plan.weeks[0] > plan.weeks[1]:
            yield f"weeks = {list(plan.weeks)}: the first week must not be after the last"
        if plan.weeks is not UNSET and starts_on is UNSET:
            yield f"weeks = {list(plan.weeks)}: say on which day the programme starts (starts_on)"


def problems_of_pause(pause: Pause) -> Iterator[str]:
    """What is wrong with a pause, in words."""
    for name, day in (("since", pause.since), ("until", pause.until)):
        if not is_day(day) and (day or name == "since"):
            yield f"a pause: {name} = {day!r} is no day; write it as 2026-12-12"
    if pause.until and pause.until < pause.since:
        yield f"a pause from {pause.since} until {pause.until} ends before it begins"


def problems_of_goal(goal: Goal) -> Iterator[str]:
    """What is wrong with a goal, in words."""
    found = MOVEMENTS.get(goal.movement)
    if goal.movement and found is None:
        yield f"the goal {goal.words!r}: there is no movement {goal.movement!r}"
    if goal.needs is not None and found is None and not goal.movement:
        yield f"the goal {goal.words!r}: say which movement needs {goal.needs:g}"
    if found is not None and not (goal.needs is None or 0 < goal.needs <= found.largest):
        yield f"the goal {goal.words!r}: {found.title} must be above 0, at most {found.largest:g} {found.unit}"


def is_day(text: str) -> bool:
    """Whether a text is a day as ISO 8601 writes it."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
