"""How much was practised: repetitions, time, way and turning, by visit and by week, against what was planned."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import LATEST_S, number, numbers, tracked
from engine.metrics.turning import chronological

Array = NDArray[np.float64]

MOVING_MPS = 0.05
SPEED_OVER_S = 0.1  # long enough that a resting controller's shaking is no speed
LEAST_SWING_DEG = 5.0
LONGEST_STEP_S = 0.25  # what happened in a longer gap is not known, and not counted


@dataclass(frozen=True)
class Dose:
    """What was practised in some stretch of time; doses of a visit or a week add up."""

    repetitions: float = defined(
        "Repetitions",
        "",
        "How many movements were done.",
        formula="counted by the exercise",
        source="the exercise's own record",
        error="exact",
        doubt="The exercise counts attempts as well as successes.",
    )
    active_s: float = defined(
        "Active time",
        "s",
        "How long the hand was really on its way.",
        formula="sum of steps of time in which the speed, over 0.1 s, was above 0.05 m/s; none longer than 0.25 s",
        source="definition of this project",
        error="unknown: there is no reference; slow movement below 0.05 m/s does not count",
        doubt="The hand was often out of sight.",
    )
    path_m: float = defined(
        "Way of the hand",
        "m",
        "How far the hand travelled.",
        formula="sum of distances between samples during the active time",
        source="definition of this project",
        error="a controller's place was off by 13.5 ± 6.6 mm (Carnevale 2022, Sensors 22:5511); of a long way, unknown",
        doubt="The hand was often out of sight.",
    )
    excursion_deg: float = defined(
        "Turning in all",
        "deg",
        "How far the joint turned, there and back, all swings together.",
        formula="sum of differences between successive turning points that stand out by 5 deg or more",
        source="definition of this project",
        error="that of the angle, twice for each swing",
        doubt="The angle itself is not to be trusted: see its own measure.",
    )


def dose(
    repetitions: int,
    time_s: ArrayLike,
    position_m: ArrayLike | None = None,
    angle_deg: ArrayLike | None = None,
) -> Dose:
    """The dose of one exercise: times (n,), positions of a hand (n, 3), an angle (n,), nan where they were not seen.

    What was not given or never seen is nan. Samples are put in the order of time. Raises NotMeasurable on wrong
    shapes, times that are not finite, or a negative count.
    """
    if not repetitions >= 0:
        raise NotMeasurable(f"repetitions cannot be {repetitions}")
    times = numbers(time_s, "times", LATEST_S)
    order = chronological(times, times.size)
    active_s, path_m, turned = math.nan, math.nan, math.nan
    if position_m is not None:
        position = tracked(position_m, (times.size, 3), "positions")[order]
        if np.isfinite(position).all(axis=1).any():
            active_s, path_m = _way(times[order], position)
    if angle_deg is not None:
        angle = tracked(angle_deg, (times.size,), "angles")[order]
        turned = swings_deg(angle) if np.isfinite(angle).any() else math.nan
    return Dose(number(repetitions, "repetitions"), active_s, path_m, turned)


def swings_deg(angle_deg: Array, least_deg: float = LEAST_SWING_DEG) -> float:
    """All turning of an angle (n,), there and back, without what shakes by less than `least_deg`; nan is left out."""
    seen = angle_deg[~np.isnan(angle_deg)]
    if len(seen) < 2:
        return 0.0
    turns = [scipy.signal.find_peaks(sign * seen, prominence=least_deg)[0] for sign in (1, -1)]
    points = np.concatenate(([0], np.sort(np.concatenate(turns)), [len(seen) - 1]))
    swings = np.abs(np.diff(seen[points]))
    return float(swings[swings >= least_deg].sum())


def total(doses: Iterable[Dose]) -> Dose:
    """Doses added up; nan counts as nothing, and is nan only where no dose had the measure."""
    done = list(doses)
    return Dose(**{f.name: _sum([getattr(one, f.name) for one in done]) for f in fields(Dose)})


def by_week(doses: Iterable[tuple[date, Dose]]) -> Mapping[date, Dose]:
    """Doses of days added up by week; each week is named by its Monday, and weeks without practice are not there."""
    weeks: dict[date, list[Dose]] = defaultdict(list)
    for day, one in doses:
        weeks[date.fromordinal(day.toordinal() - day.weekday())].append(one)
    return {monday: total(weeks[monday]) for monday in sorted(weeks)}


def share_of_plan(done: Dose, planned: Dose) -> Mapping[str, float]:
    """What was done in percent of what was planned, for each measure that a plan (not nan, above 0) was made for."""
    plans = {f.name: getattr(planned, f.name) for f in fields(Dose)}
    return {name: 100 * getattr(done, name) / plan for name, plan in plans.items() if plan > 0}


def _way(time_s: Array, position_m: Array) -> tuple[float, float]:
    steps_s, steps_m = np.diff(time_s), np.linalg.norm(np.diff(position_m, axis=0), axis=1)
    before = np.arange(len(steps_s))
    middle_s = (time_s[:-1] + time_s[1:]) / 2
    first = np.minimum(before, np.searchsorted(time_s, middle_s - SPEED_OVER_S / 2))
    last = np.maximum(before + 1, np.searchsorted(time_s, middle_s + SPEED_OVER_S / 2, "right") - 1)
    covered_m = np.linalg.norm(position_m[last] - position_m[first], axis=1)
    moving = (covered_m > MOVING_MPS * (time_s[last] - time_s[first])) & (steps_s <= LONGEST_STEP_S)
    moving &= ~np.isnan(steps_m)
    return float(steps_s[moving].sum()), float(steps_m[moving].sum())


def _sum(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) if known else math.nan
