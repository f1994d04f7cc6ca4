"""Difficulty that follows the person: who follows which limit in a visit, begun from what was measured and believed.

Limits that resemble each other are followed together: both sides of a movement, and the leans around. What was
believed after the last visit is taken up again where it was kept; else the open efforts of the assessment begin it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from calibration.asking import largest
from calibration.directions import DirectionsTracker, around, both_sides
from calibration.limit import LimitSpec
from engine.adaptation import Adaptation
from engine.frame import SIDES
from engine.movements import LEANS, MOVEMENTS, THEORETICAL_LEAN_DEG, along_ellipse
from engine.records import Followed, Limit, Request

Array = NDArray[np.float64]

ARM_PRIOR_DEG = (100.0, 40.0)  # mean and standard deviation of shoulder elevation over patients, adults and children
LEAN_PRIOR = (0.75, 0.25)  # the same of leans, of the theoretical limit of stability in their direction
LEAST_SD = 0.03  # of a limit that was told and not measured
LEAST_LIMIT = 0.5  # of somebody who cannot move at all, in whatever unit, so that they may begin to
LEAN_SUCCESS, LEAN_RISK, LEAN_STEP_PERCENT = 0.85, 0.02, 5.0  # to lean too far is to fall
DIGITS = 3


class Followers:
    """Makes the followers of limits, as `engine.plan.Plan.difficulty` asks for them, and says what they know.

    `how` is the preset's, `floors` and `ceilings` are bounds by movement; `known` is what was believed at the end of
    other visits, `today` the day of this one.
    """

    def __init__(
        self,
        how: Adaptation | None = None,
        floors: Mapping[str, float] | None = None,
        ceilings: Mapping[str, float] | None = None,
        known: Sequence[Followed] = (),
        today: date | None = None,
    ) -> None:
        self._how, self._floors, self._ceilings = how or Adaptation(), floors or {}, ceilings or {}
        self._known, self._today = {followed.movements: followed for followed in known}, today
        self._limits: dict[str, Limit] = {}
        self._groups: dict[tuple[str, ...], _Group] = {}

    def __call__(self, limits: Mapping[str, Limit]) -> Mapping[str, "Member"]:
        """The followers of these limits, and of those that are followed together with them."""
        self._limits |= limits
        members: dict[str, Member] = {}
        for movements in _together(self._limits):
            if not limits.keys() & set(movements):
                continue
            group = self._groups.get(movements)
            if group is None or group.told & limits.keys():  # what was only told is no belief to go on from
                group = self._groups[movements] = self._group(movements)
            else:
                group.measured({name: limits[name] for name in movements if name in limits})
            members |= {name: Member(group, index) for index, name in enumerate(movements)}
        return members

    def states(self, at: str = "") -> tuple[Followed, ...]:
        """What is believed now of everything that is followed, on the day `at` (ISO date)."""
        followed = set().union(*self._groups) if self._groups else set()
        others = [known for movements, known in self._known.items() if not followed & set(movements)]
        return (*(group.state(at) for group in self._groups.values()), *others)

    def _group(self, movements: tuple[str, ...]) -> "_Group":
        """Those of a group, from what was believed of them, or else from what was measured of each."""
        known = self._known.get(movements)
        if known is not None:
            try:
                return self._begun(movements, known)
            except (KeyError, ValueError):  # kept by another version: then it is forgotten, and nobody is locked out
                del self._known[movements]
        return self._begun(movements, None)

    def _begun(self, movements: tuple[str, ...], known: Followed | None) -> "_Group":
        limits = {name: self._limits[name] for name in movements}
        how = _careful(self._how) if movements[0] in LEANS else self._how
        if known is not None:
            means, sds = known.numbers["prior mean"], known.numbers["prior sd"]
            priors = dict(zip(movements, zip(means, sds, strict=True), strict=True))
        else:
            priors = {name: _prior(name, limit) for name, limit in limits.items()}
        specs = [self._spec(name, limits[name], how, priors[name]) for name in movements]
        group = _Group(movements, specs, how, limits, self._groups)
        group.told = {name for name, limit in limits.items() if known is None and not limit.efforts}
        if known is not None:
            group.resume(known, self._days_since(known.at))
        group.measured({name: limit for name, limit in limits.items() if known is None or not limit.measured_at})
        return group

    def _days_since(self, day: str) -> float:
        """The days since another visit; one where nobody knows, and none where a clock went back."""
        if not day or self._today is None:
            return 1.0
        return float(max(0, (self._today - date.fromisoformat(day)).days))

    def _spec(self, movement: str, limit: Limit, how: Adaptation, prior: tuple[float, float]) -> LimitSpec:
        ceiling = self._ceilings.get(movement, float("inf"))
        floor = self._floors.get(movement, how.least_of_limit_percent / 100 * limit.value)
        return LimitSpec(how.target_success, max(0.0, min(floor, ceiling)), ceiling, *prior)


class _Group:
    """Limits that are followed together, by one tracker."""

    def __init__(
        self,
        movements: tuple[str, ...],
        specs: Sequence[LimitSpec],
        how: Adaptation,
        limits: Mapping[str, Limit],
        groups: Mapping[tuple[str, ...], "_Group"],
    ) -> None:
        """Follow these limits; `groups` are all that are followed, so that a neck warms up once and not once a way."""
        self.movements, self.told, self._limits = movements, set[str](), dict(limits)
        self._specs, self._groups, self._part = specs, groups, MOVEMENTS[movements[0]].part
        self._trials = dict.fromkeys(movements, 0)
        unit = limits[movements[0]].unit
        self._tracker = DirectionsTracker(specs, len(movements), how, unit, _resemblance(movements, how))

    def resume(self, known: Followed, days: float) -> None:
        """Go on from what was believed so many days ago."""
        self._tracker.restore(known)
        self._tracker.new_session(days)

    def measured(self, limits: Mapping[str, Limit]) -> None:
        """Learn from assessments of today; after them trials ask for no open efforts."""
        self._limits |= limits
        for index, name in enumerate(self.movements):
            efforts = _efforts(limits[name], 2 * largest(self._specs[index])) if name in limits else ()
            self._tracker.learn_efforts(index, efforts)

    def ask(self, index: int) -> Request:
        """How far the next trial of a movement shall go, and why."""
        elsewhere = (group for group in self._groups.values() if group is not self and group._part == self._part)
        warm = sum(group._tracker.trials for group in elsewhere)
        name, amplitude = self.movements[index], self._tracker.next_amplitude(index, warm)
        unit = self._limits[name].unit
        return Request(name, round(amplitude, DIGITS), unit, self._tracker.code, self._tracker.reason)

    def learn(self, index: int, amplitude: float, achieved: float | None, success: bool) -> None:
        """Learn from a finished trial."""
        self._tracker.update_dir(index, amplitude, achieved, success)
        self._trials[self.movements[index]] += achieved is not None

    def limit(self, index: int) -> Limit:
        """The present estimate of a limit: its mean, and the interval that holds 95 % of the belief."""
        name, value = self.movements[index], float(self._tracker.limit_estimates()[index])
        low, high = self._tracker.limit_interval(index)
        return Limit(
            value=round(value, DIGITS),
            low=round(low, DIGITS),
            high=round(high, DIGITS),
            unit=self._limits[name].unit,
            n=self._limits[name].n + self._trials[name],
            method="open efforts and trials, Bayes",
        )

    def state(self, at: str) -> Followed:
        """All that is believed."""
        return self._tracker.state(self.movements, at)


class Member:
    """One limit of a group: an `engine.envelope.Difficulty`."""

    def __init__(self, group: _Group, index: int) -> None:
        self._group, self._index = group, index

    def next_amplitude(self) -> Request:
        """How far the next trial shall go, and why."""
        return self._group.ask(self._index)

    def update(self, amplitude: float, achieved: float | None, success: bool) -> None:
        """Learn from a finished trial; raises calibration.asking.BadReading for what cannot have been one."""
        self._group.learn(self._index, amplitude, achieved, success)

    def limit(self) -> Limit:
        """The present estimate of the limit, with its interval."""
        return self._group.limit(self._index)


def _together(limits: Mapping[str, Limit]) -> list[tuple[str, ...]]:
    """The movements that are followed together: leans, the two sides of one movement, and what stands alone."""
    groups: dict[str, list[str]] = {}
    for name in limits:
        stem, _, side = name.rpartition("_")
        groups.setdefault("lean" if name in LEANS else stem if side in SIDES else name, []).append(name)
    order = [*LEANS, *sorted(limits)]
    return [tuple(sorted(names, key=order.index)) for names in groups.values()]


def _resemblance(movements: tuple[str, ...], how: Adaptation) -> Array:
    if movements[0] in LEANS:
        places = [list(LEANS).index(name) for name in movements]
        return around(len(LEANS), how.share_directions)[np.ix_(places, places)]
    return both_sides(how.share_sides)[: len(movements), : len(movements)]


def _efforts(limit: Limit, most: float) -> tuple[float, ...]:
    """The open efforts of a limit that count: none beyond what holds of one in doubt, or what nobody can do."""
    best = limit.best if limit.doubts and limit.best is not None else most
    return tuple(effort for effort in limit.efforts if 0 <= effort <= min(best, most))


def _prior(movement: str, limit: Limit) -> tuple[float, float]:
    """Mean and standard deviation of a limit before its open efforts; of one without, what was told of it."""
    if not limit.efforts:
        value = max(limit.value, LEAST_LIMIT)
        return value, max((limit.high - limit.low) / 3.92, LEAST_SD * value)
    if movement in LEANS:
        usual = along_ellipse(LEANS[movement], THEORETICAL_LEAN_DEG)
        return LEAN_PRIOR[0] * usual, LEAN_PRIOR[1] * usual
    value = max(limit.value, LEAST_LIMIT)
    return ARM_PRIOR_DEG if movement.startswith("shoulder_elevation") else (value, value / 4)


def _careful(how: Adaptation) -> Adaptation:
    """What a preset says, for leans."""
    return replace(
        how,
        target_success=max(how.target_success, LEAN_SUCCESS),
        over_limit_risk=min(how.over_limit_risk, LEAN_RISK),
        step_over_best_percent=min(how.step_over_best_percent, LEAN_STEP_PERCENT),
        bonus_zone_percent=0.0,
    )
