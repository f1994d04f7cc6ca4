"""Limit and targets of each movement in a block: what was asked, where it came to, and how far it may go."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from engine.records import Limit, TrialRecord
from server_sync.clinic.ceilings import Ceiling
from server_sync.page import charts, words
from server_sync.page.language import _


class Chart(NamedTuple):
    """A drawing, its heading, what it shows in one sentence, and the roles of the ceilings on it."""

    title: str
    finding: str
    drawing: Markup
    roles: tuple[str, ...]


def movement_charts(trials: Iterable[TrialRecord], known: Sequence[Ceiling]) -> tuple[Chart, ...]:
    """One chart for each movement that was asked for, in the order of its first trial."""
    by_movement: dict[str, list[TrialRecord]] = {}
    for trial in trials:
        if trial.request:
            by_movement.setdefault(trial.request.movement, []).append(trial)
    return tuple(
        _chart(movement, asked, [ceiling for ceiling in known if ceiling.movement == movement], len(by_movement) > 1)
        for movement, asked in by_movement.items()
    )


def _chart(movement: str, trials: Sequence[TrialRecord], known: Sequence[Ceiling], small: bool) -> Chart:
    unit = trials[0].request.unit if trials[0].request else ""
    points = [_point(trial, unit) for trial in trials]
    near, far = list[charts.Line](), list[charts.Line]()
    for ceiling in known:
        line = charts.Line(words.shown(ceiling.at_most, unit), _role(ceiling, unit), ceiling.role)
        # A ceiling far above would press all else flat; it is said instead.
        (near if charts.fits(line, points, unit) else far).append(line)
    sentences = [_drift(trials), *(_("Above the chart: %(line)s.", line=line.words) for line in far)]
    title = words.movement(movement)
    return Chart(
        title,
        " ".join(sentence for sentence in sentences if sentence),
        charts.limit_chart(title, points, near, unit, small),
        tuple(line.role for line in near),
    )


def _role(ceiling: Ceiling, unit: str) -> str:
    at_most = words.quantity(ceiling.at_most, unit)
    if ceiling.role == "barred":
        return _("precaution %(value)s", value=at_most)
    return _("ceiling %(value)s", value=at_most)


def _point(trial: TrialRecord, unit: str) -> charts.Point:
    return charts.Point(
        trial.number,
        words.shown(trial.request.amplitude, unit) if trial.request else None,
        None if trial.achieved is None else words.shown(trial.achieved, unit),
        trial.outcome == "reached",
        trial.limit_after,
    )


def _drift(trials: Sequence[TrialRecord]) -> str:
    found = [trial.limit_after for trial in trials if trial.limit_after]
    if not found:
        return ""
    first, last = found[0], found[-1]
    begin, end = (words.quantity(limit.value, limit.unit) for limit in (first, last))
    if begin == end:
        return _("Limit %(end)s throughout.", end=end)
    if _apart(first, last):
        return _("Limit %(begin)s → %(end)s: larger than the noise.", begin=begin, end=end)
    return _("Limit %(begin)s → %(end)s: within the noise.", begin=begin, end=end)


def _apart(first: Limit, last: Limit) -> bool:
    return first.high < last.low or last.high < first.low
