"""What became of one measure over many visits: its change since the first, and whether that is more than noise.

The noise is that of this person: 1.96 sqrt(2) SEM, where the SEM of one visit is the root mean square of the
differences between visits that follow each other, over sqrt(2) (von Neumann 1941, Ann Math Stat 12:367: a slow trend
adds little to it), and never less than what the visits' own intervals say. Angles of joints change by up to 7 degrees
from repetition to repetition within a visit, so less than that is never called a change (`VISIT_NOISE_DEG`).
"""

import math
from collections.abc import Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

LEAST_VISITS = 3
"""From fewer visits nobody can tell a change from noise."""
VISIT_NOISE_DEG = 7.0
"""Repetitions of neck movements within a visit have a standard deviation of 5 to 7.5 degrees (52 sessions of 30 healthy
adults), and phone inclinometers are 6 to 9 degrees off optical capture at the shoulder."""
SMALL_ANGLE_DEG = 15.0
"""Angles below are told to a tenth of a degree: leans of 7.1 and 6.8 degrees are not the same."""
STOPWATCH_S = 5.0
"""Times from here on are of a stopwatch, told in tenths of a second; shorter ones are of a reaction."""
_Z = 1.96


class Point(NamedTuple):
    """A visit's value with its 95 % interval, in the unit of the measure; where nobody knows it, `low` is `high`.

    One that is `at_least` so large is only known to be no smaller, as a limit where a precaution or ceiling ended it.
    """

    at: datetime
    value: float
    low: float
    high: float
    at_least: bool = False


class Verdict(NamedTuple):
    """What visits say. Values are rounded to `step`, and `change` is `latest - first` of what is shown.

    `larger` says whether the change is larger than the noise, None where there are too few visits (`n` of
    LEAST_VISITS) or nobody can tell: `at_least` says that the smaller of the first and the latest is only known to be
    no smaller, or the larger one, and they are as good as alike. `since` is the day from which every visit was beyond
    it. `worse` is None where neither more nor less is better, or nothing changed.
    """

    n: int
    first: float
    latest: float
    change: float
    noise: float | None
    step: float
    larger: bool | None
    since: date | None
    worse: bool | None
    at_least: bool = False


def verdict(points: Sequence[Point], unit: str, least_noise: float = 0.0, better: int = 0) -> Verdict:
    """What visits in order say, of which there is one at least.

    `better` is 1 where more is better, -1 where less is; `least_noise` is in the unit.
    """
    raw_noise = max(least_noise, _Z * math.sqrt(2) * sem(points))
    step = step_of(unit, max(abs(point.value) for point in points), raw_noise)
    first, latest = (rounded(point.value, step) for point in (points[0], points[-1]))
    change = rounded(latest - first, step)
    if len(points) < LEAST_VISITS:
        return Verdict(len(points), first, latest, change, None, step, None, None, None)
    noise = rounded(math.ceil(round(raw_noise / step, 6)) * step, step)
    larger = abs(change) > noise
    less, more = sorted((points[0], points[-1]), key=_value)
    if less.at_least or (more.at_least and not larger):
        return Verdict(len(points), first, latest, change, None, step, None, None, None, at_least=True)
    since = _since(points, first, noise, step, change) if larger else None
    worse = change * better < 0 if larger and better else None
    return Verdict(len(points), first, latest, change, noise, step, larger, since, worse)


def sem(points: Sequence[Point]) -> float:
    """The standard error of measurement of one visit, in the unit of the measure; 0 where nothing tells it."""
    own = [(point.high - point.low) / (2 * _Z) for point in points]
    steps = [after.value - before.value for before, after in pairwise(points)]
    return max(_root_mean_square(own), _root_mean_square(steps) / math.sqrt(2))


def step_of(unit: str, largest: float, noise: float) -> float:
    """The smallest difference worth showing: 1 degree, 0.1 of a small one, 1 cm, else one digit of the noise.

    Of seconds that is 0.1 at most.
    """
    if unit == "deg":
        return 0.1 if largest < SMALL_ANGLE_DEG else 1.0
    if unit == "m":
        return 0.01
    known = math.isfinite(noise) and noise > 0
    most = -1 if unit == "s" else 3
    if not known:
        return 0.1 if unit == "s" and largest >= STOPWATCH_S else 0.01
    return 10.0 ** min(most, max(-3, math.floor(math.log10(noise))))


def rounded(value: float, step: float) -> float:
    """A value to the next whole number of steps, without what arithmetic leaves behind."""
    return round(round(value / step) * step, 9)


def _since(points: Sequence[Point], first: float, noise: float, step: float, change: float) -> date:
    """The day from which on every visit is surely beyond the noise, on the side on which the last one is."""
    sign, at = math.copysign(1, change), points[-1].at
    for point in reversed(points):
        if sign * (rounded(point.value, step) - first) <= noise or (sign < 0 and point.at_least):
            break
        at = point.at
    return at.date()


def _value(point: Point) -> float:
    return point.value


def _root_mean_square(values: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values)) if values else 0.0
