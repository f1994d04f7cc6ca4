"""What the next session asks, as the page of Tune tells it: a chart, old beside new, and why."""

import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import NamedTuple

from markupsafe import Markup

from engine.movements import LEANS, MOVEMENTS
from engine.plan import ASSESS
from engine.preset_words import share_of_limit
from engine.presets import Resolved
from engine.previewed import Course, Preview, SessionPreview
from engine.records import Precaution
from server_sync.page import charts, words
from server_sync.page.language import _
from server_sync.page.translated import translated

CUT = "CEILING"
"""The code of a request that the ceiling holds back."""


class Row(NamedTuple):
    """One number before and now."""

    title: str
    before: str
    now: str


class Reason(NamedTuple):
    """One sentence that says why, with the icon before it."""

    icon: str
    words: str


class Asks(NamedTuple):
    """The whole: `summary` is what is said aloud when it changes, `targets` the table of the chart."""

    title: str
    chart: Markup
    rows: tuple[Row, ...]
    reasons: tuple[Reason, ...]
    targets: tuple[tuple[int, str, str], ...]
    summary: str
    sessions: int


def course_of(said: SessionPreview, movement: str) -> Course | None:
    """What is asked of a movement; of leans, the first that is asked."""
    wanted = tuple(LEANS) if movement in LEANS else (movement,)
    return next((course for course in said.movements if course.movement in wanted), None)


def targets_of(course: Course | None) -> list[float]:
    """The usual target of each number."""
    return [spread.median for spread in course.requests] if course else []


def usual(course: Course) -> float:
    """The usual target of a session, once it has warmed up: the median of its second half."""
    values = targets_of(course)
    return median(values[len(values) // 2 :])


def asks(found: Preview, movement: str, new: Resolved, saved: Resolved, precautions: Sequence[Precaution]) -> Asks:
    """Read a preview for one movement; without an old plan nothing is different."""
    now, was = found.new, found.old or found.new
    course, before = course_of(now, movement), course_of(was, movement)
    rows = tuple(_rows(now, was, course, before))
    shown = course or before
    lines = _ceilings(new, saved, shown)
    chart = charts.asked_chart(
        _("Targets of the next session"), shown.limit, lines, targets_of(before), targets_of(course)
    ) if shown else Markup("")  # fmt: skip
    summary = " ".join(f"{row.title}: {row.now}." for row in rows[:2])
    reasons = (*_reasons(course, new, precautions, movement), *_others(found))
    title = words.movement(shown.movement) if shown else ""
    return Asks(title, chart, rows, reasons, tuple(_targets(course, before)), summary, found.sessions)


def _rows(now: SessionPreview, was: SessionPreview, course: Course | None, before: Course | None) -> Iterator[Row]:
    if course and before:
        yield _row(_("Usual target"), *(words.quantity(usual(each), each.unit) for each in (before, course)))
        yield _row(_("Hits expected"), *(_percent(each.success.median) for each in (before, course)))
        yield _row(_("Most misses in a row"), *(_run(each) for each in (before, course)))
    yield _row(_("Targets"), *(f"{each.trials.median:.0f}" for each in (was, now)))
    tests_s = [sum(block.seconds.median for block in each.blocks if block.kind == ASSESS) for each in (was, now)]
    play_s = [each.seconds.median - of_tests for each, of_tests in zip((was, now), tests_s, strict=True)]
    yield _row(_("Time to play"), *map(_minutes, play_s))
    if any(tests_s):
        yield _row(_("Time for clinical tests"), *map(_minutes, tests_s))


def _row(title: str, before: str, now: str) -> Row:
    return Row(title, before, now)


def _run(course: Course) -> str:
    run = course.misses_in_a_row
    return f"{run.median:.0f} ({run.low:.0f}–{run.high:.0f})"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return _("about %(seconds)s s", seconds=10 * round(seconds / 10))
    return _("about %(minutes)s min", minutes=round(seconds / 60))


def _ceilings(new: Resolved, saved: Resolved, course: Course | None) -> list[charts.Line]:
    """The ceiling now, and before where it was another, as far as they are near what is drawn."""
    if course is None:
        return []
    now, was = (each.ceilings.get(course.movement) for each in (new, saved))
    most = 1.25 * max(course.limit.high, course.highest.high)
    lines = []
    if was is not None and was != now and was <= most:
        said = _("ceiling before, %(value)s", value=words.setting(was, course.unit))
        lines.append(charts.Line(words.shown(was, course.unit), said, "before"))
    if now is not None and now <= most:
        said = _("ceiling, %(value)s", value=words.setting(now, course.unit))
        lines.append(charts.Line(words.shown(now, course.unit), said, "allowed"))
    return lines


def _reasons(
    course: Course | None, new: Resolved, precautions: Sequence[Precaution], movement: str
) -> Iterator[Reason]:
    if course is None:
        yield Reason("mind", _("%(movement)s is not asked for in this session.", movement=words.movement(movement)))
        return
    yield Reason(
        "sliders",
        _(
            "%(target)s aims at %(success)s hits in 100; the limit today is about %(limit)s.",
            target=words.quantity(usual(course), course.unit),
            success=round(100 * new.adaptation.target_success),
            limit=str(words.limit(course.limit)),
        ),
    )
    yield Reason("lock", _of_ceiling(course, new))
    for held in precautions:
        if held.movement == course.movement:
            yield Reason("bar", _of_precaution(held))


def _of_ceiling(course: Course, new: Resolved) -> str:
    """What the ceiling does; where something else allows less, that is what cuts."""
    ceiling, cut = new.ceilings.get(course.movement), course.codes.get(CUT, 0.0)
    if cut and course.at_most < (math.inf if ceiling is None else ceiling):
        most = words.quantity(course.at_most, course.unit)
        said = {"cut": max(1, round(100 * cut)), "most": most, "why": translated(course.why)}
        return _("%(cut)s targets in 100 are held back: at most %(most)s may be asked (%(why)s).", **said)
    if ceiling is None:
        return _("There is no ceiling: the limit alone says how far targets go.")
    most = words.setting(ceiling, course.unit)
    if cut:
        return _("The ceiling of %(most)s cuts %(cut)s targets in 100.", most=most, cut=max(1, round(100 * cut)))
    limit = ceiling / share_of_limit(new.adaptation)
    if limit > MOVEMENTS[course.movement].largest:
        return _("The ceiling of %(most)s cuts no target.", most=most)
    return _(
        "The ceiling of %(most)s cuts no target yet. It will, once the limit passes about %(limit)s.",
        most=most,
        limit=words.quantity(limit, course.unit),
    )


def _of_precaution(held: Precaution) -> str:
    most = words.quantity(held.at_most, held.unit)
    if not held.until:
        return _("Barred above %(most)s until it is lifted: %(reason)s.", most=most, reason=held.reason)
    until = words.date(held.until)
    return _("Barred above %(most)s until %(until)s: %(reason)s.", most=most, until=until, reason=held.reason)


def _others(found: Preview) -> Iterator[Reason]:
    yield from (Reason("clock", words.sentence(translated(warning))) for warning in found.warnings)
    yield from (Reason("bar", words.sentence(translated(why))) for why in found.new.not_asked)


def _targets(course: Course | None, before: Course | None) -> Iterator[tuple[int, str, str]]:
    unit = (course or before).unit if course or before else ""  # type: ignore[union-attr]
    was, now = targets_of(before), targets_of(course)
    for number in range(max(len(was), len(now))):
        both = [words.quantity(of[number], unit) if number < len(of) else "–" for of in (was, now)]
        yield number + 1, *both  # type: ignore[misc]
