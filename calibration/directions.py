"""Limits that resemble each other, followed together: directions around the body, both sides of it, or one alone."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calibration.asking import Asking, BadReading, Spec, Wish, check_reading, check_spec, in_words, largest, scale
from calibration.belief import Joint
from calibration.evidence import evidence
from engine.adaptation import Adaptation
from engine.records import Followed

Array = NDArray[np.float64]

LENGTH_RAD = 1.0  # how far around a resemblance reaches
GENERAL = 0.59  # of what directions share, that all of them share alike: who is stiff is stiff all around
KNOWN_DEG, ROUGHLY_DEG = 6.0, 11.0  # standard deviations with which open efforts end: of one limit, of each of several
LOOK_AGAIN_Z = 1.5  # an open effort so far from what its neighbours say is repeated
SEVERAL_DAYS = 14  # after which a limit is no less certain
KIND = "directions"


class DirectionsTracker:
    """Follows several limits: `next_trial`, then `update_dir` with what came of it. The same log, the same requests.

    `spec` is one for all directions or one for each, read anew for each request, so that a therapist may change it
    meanwhile; `how` is what the preset says, `unit` only goes into words. Directions lie around a circle, 0 and
    `n_dirs` - 1 are neighbours, unless `resemblance` (n, n) says how far each correlates with each. Each begins with
    `open_efforts`, and up to as many again while its limit is not well known. Raises ValueError for a spec that
    nothing can be asked with.
    """

    def __init__(
        self,
        spec: Spec | Sequence[Spec],
        n_dirs: int,
        how: Adaptation = Adaptation(),  # noqa: B008 (frozen)
        unit: str = "deg",
        resemblance: Array | None = None,
        open_efforts: int = 1,
    ) -> None:
        self.specs = list(spec) if isinstance(spec, Sequence) else [spec] * n_dirs
        if len(self.specs) != n_dirs or n_dirs < 1:
            raise ValueError(f"{len(self.specs)} specs for {n_dirs} directions: there must be one for each")
        for one in self.specs:
            check_spec(one)
        self.how, self._unit = how, unit
        alike = around(n_dirs, how.share_directions) if resemblance is None else np.asarray(resemblance, float)
        self._joint = Joint(self.specs, alike, how)
        self._prior = [(one.prior_mean, one.prior_sd) for one in self.specs]
        self._asking = [Asking(how, open_efforts, one) for one in self.specs]
        self._order = spread_out(n_dirs)
        self._last, self._direction, self._wish = -1, 0, Wish(math.inf, "CALIBRATION")

    @property
    def trials(self) -> int:
        """The trials of this session, in whatever direction."""
        return sum(asking.trials for asking in self._asking)

    @property
    def code(self) -> str:
        """The rule that the last request was bound by."""
        return self._wish.code

    @property
    def reason(self) -> str:
        """Why the last request was made, in words."""
        direction = self._direction
        target, estimate = self.specs[direction].target_success, float(self.limit_estimates()[direction])
        return in_words(self._wish, target, estimate, self.limit_interval(direction), self._unit)

    def next_trial(self) -> tuple[int, float]:
        """Which direction to try next, and how far: first an open effort (`inf`) in each, spread out around."""
        asking = self._asking
        openly = [d for d in self._order if asking[d].open_left > 0]
        done = [one.efforts if openly else one.trials for one in asking]
        direction = min(openly or self._order, key=lambda d: done[d])
        return direction, self.next_amplitude(direction)

    def next_amplitude(self, direction: int, warm: int = 0) -> float:
        """How far the next trial in a direction shall go, where something else chooses the direction.

        `warm` counts the trials of this session that warmed up the same part of the body elsewhere.
        """
        self._direction = direction
        self._wish = self._asking[direction].wish(self.specs[direction], self._joint.of(direction), self.trials + warm)
        return self._wish.amplitude

    def update_dir(
        self, direction: int, amplitude: float, achieved: float | None, success: bool, trial: int | None = None
    ) -> None:
        """Learn from a finished trial; from one that was not measured (`achieved` None) there is nothing to learn.

        `trial` is its number, where trials are counted: one that came before, or twice, is refused. Raises BadReading,
        having learnt nothing.
        """
        if not 0 <= direction < len(self.specs):
            raise BadReading(f"there is no direction {direction}: they are 0 to {len(self.specs) - 1}")
        if trial is not None and trial <= self._last:
            raise BadReading(f"trial {trial} comes after trial {self._last}: it is late, or the same once more")
        if achieved is not None:
            check_reading(amplitude, achieved, largest(self.specs[direction]))
            self._learn(direction, amplitude, achieved, success)
        self._last = self._last if trial is None else trial

    def learn_efforts(self, direction: int, efforts: Sequence[float]) -> None:
        """Learn from the open efforts of an assessment, after which trials ask for none."""
        for effort in efforts:
            self.update_dir(direction, math.inf, effort, True)
        self._asking[direction].open_left = 0

    def _learn(self, direction: int, amplitude: float, achieved: float, success: bool) -> None:
        asking, spec, before = self._asking[direction], self.specs[direction], self._joint.of(direction)
        z, checking = abs(achieved - before.mean()) / before.effort_sd(), asking.checking
        asking.learn(amplitude, achieved, success, before)
        self._joint.change()
        ceiling, bonus_percent = spec.ceiling, self.how.bonus_zone_percent
        seen = evidence(amplitude, achieved, success, ceiling, scale(spec), bonus_percent)
        self._joint.learn(direction, seen)
        if not math.isinf(amplitude):
            return
        alone = len(self.specs) == 1
        unsure = self._joint.of(direction).scatter_sd() > (KNOWN_DEG if alone else ROUGHLY_DEG) * scale(spec)
        if checking and z > self.how.surprise_z:
            asking.begin_anew(self.how.open_reaches)
        elif unsure or (not alone and z > LOOK_AGAIN_Z):
            asking.look_again()

    def limit_estimates(self) -> Array:
        """The expected limit of each direction (n,)."""
        return np.maximum(self._joint.means(), 0.0)

    def limit_interval(self, direction: int, level: float = 0.95) -> tuple[float, float]:
        """The interval that holds a limit with probability `level`, as much below as above."""
        one = self._joint.of(direction)
        return max(0.0, one.quantile((1 - level) / 2)), max(0.0, one.quantile((1 + level) / 2))

    def new_session(self, days: float = 1.0) -> None:
        """Begin another session so many days later: rested, less certain, with open efforts to check each limit."""
        apart = math.sqrt(min(max(days, 0.0), SEVERAL_DAYS))
        self._joint.rest(self.trials, self.how.day_percent / 100 * apart)
        for asking in self._asking:
            asking.rest(self.how.check_reaches)
        self._last = -1

    def state(self, movements: Sequence[str] = (), at: str = "") -> Followed:
        """All that the tracker knows, to `restore` it from."""
        joint = self._joint
        numbers = {"weight": joint.weight, "mean": joint.mean.ravel(), "covariance": joint.covariance.ravel()}
        rows = {name: tuple(row.tolist()) for name, row in numbers.items()}
        rows |= {"prior mean": tuple(m for m, _ in self._prior), "prior sd": tuple(sd for _, sd in self._prior)}
        for direction, asking in enumerate(self._asking):
            rows |= {f"{name} {direction}": row for name, row in asking.state().items()}
        return Followed(KIND, tuple(movements), rows, at)

    def restore(self, state: Followed) -> None:
        """Go on exactly where another tracker of the same specs and preset was.

        Raises ValueError where the state is of another kind of tracker, or of another shape.
        """
        numbers, joint = state.numbers, self._joint
        whole = state.kind == KIND and self.state().numbers.keys() <= numbers.keys()
        if not whole or len(numbers["covariance"]) != joint.covariance.size:
            raise ValueError(f"what was believed of {', '.join(state.movements)} does not fit: measure it again")
        joint.weight = np.array(numbers["weight"])
        joint.mean = np.array(numbers["mean"]).reshape(joint.mean.shape)
        joint.covariance = np.array(numbers["covariance"]).reshape(joint.covariance.shape)
        for direction, asking in enumerate(self._asking):
            asking.restore({name: numbers[f"{name} {direction}"] for name in asking.state()})


def around(n_dirs: int, share: float) -> Array:
    """How far directions around a circle resemble each other (n, n): all a little, neighbours more, none wholly."""
    angle = 2 * math.pi * np.subtract.outer(np.arange(n_dirs), np.arange(n_dirs)) / n_dirs
    near = np.exp(-2 * np.sin(angle / 2) ** 2 / LENGTH_RAD**2)
    alike: Array = share * (GENERAL + (1 - GENERAL) * near) + (1 - share) * np.eye(n_dirs)
    return alike


def both_sides(share: float) -> Array:
    """How far the two sides resemble each other (2, 2)."""
    return np.array([[1.0, share], [share, 1.0]])


def spread_out(n_dirs: int) -> list[int]:
    """An order of directions in which the first ones lie far apart: 0, 4, 2, 6, 1, 5, 3, 7 of eight."""
    bits = max(1, (n_dirs - 1).bit_length())
    turned = (int(f"{number:0{bits}b}"[::-1], 2) for number in range(2**bits))
    return [direction for direction in turned if direction < n_dirs]
