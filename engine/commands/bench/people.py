"""Simulated people whose limit is known, followed by us and by what one would use instead.

The people (each found by its seed, and the same for every tracker): limits N(90, 25) degrees, slopes lognormal about
6, 3 % lapses, up to 2 % lucky hits, fatigue of 0.1 % a trial, a sensor with 1 degree of noise. The peers begin a
standard deviation below the usual limit: a staircase of two hits up, one miss down (Levitt 1971; steps 8, 4, 2), and a
weighted up-down of fixed steps for three hits in four (Kaernbach 1991), on its own or after three open efforts.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from calibration.limit import LimitSpec, LimitTracker

TRIALS, SETTLED = 40, 10
MEAN_DEG, SD_DEG, SLOPE_DEG, SLOPE_SPREAD = 90.0, 25.0, 6.0, 0.35
TARGET, TOO_HARD, TOO_EASY = 0.75, 0.60, 0.85
SPEC = LimitSpec(TARGET, 20.0, 180.0, MEAN_DEG, SD_DEG)
USUAL_BACK_DEG = SLOPE_DEG * math.log(TARGET / (1 - TARGET))  # from the limit to where three in four succeed
LEVITT_BACK_DEG = SLOPE_DEG * math.log(0.707 / 0.293)


class Follower(Protocol):
    """What follows a limit."""

    def next_amplitude(self) -> float:
        """How far the next trial shall go."""

    def update(self, amplitude: float, achieved: float, success: bool) -> None:
        """Learn what came of it."""

    def limit_estimate(self) -> float:
        """Where the limit is thought to be."""


@dataclass(frozen=True)
class Person:
    """The truth: `effort` is the share of the limit that open efforts show, `loss` what is lost at trial `loss_at`."""

    limit_deg: float
    slope_deg: float
    guess: float
    seed: int
    lapse: float = 0.03
    fatigue: float = 0.001
    effort: float = 1.0
    skewed: bool = False
    loss_at: int = 1_000_000
    loss: float = 0.25


class Living:
    """A person while they try."""

    def __init__(self, person: Person) -> None:
        self.person, self.tries, self._random = person, 0, np.random.default_rng(person.seed)

    def limit_deg(self) -> float:
        """The limit now."""
        lost = self.person.loss if self.tries >= self.person.loss_at else 0.0
        return self.person.limit_deg * (1 - self.person.fatigue) ** self.tries * (1 - lost)

    def chance(self, amplitude: float) -> float:
        """How likely a try is to succeed now."""
        person = self.person
        z = (amplitude - self.limit_deg()) / person.slope_deg
        wide = 2.0 if person.skewed and z < 0 else 1.0
        return person.guess + (1 - person.guess - person.lapse) / (1 + math.exp(min(50.0, z / wide)))

    def attempt(self, amplitude: float) -> tuple[float, bool]:
        """How far a try came, as a sensor sees it, and whether it was far enough; `inf` is an open effort."""
        person, random = self.person, self._random
        share, lapse, end = random.random(3)
        noise, overshoot = random.standard_normal(2)
        z = math.log(max(share, 1e-9) / max(1 - share, 1e-9))
        able = max(0.0, self.limit_deg() + person.slope_deg * z * (2.0 if person.skewed and z < 0 else 1.0))
        self.tries += 1
        if math.isinf(amplitude):
            return max(0.0, person.effort * able + noise), True
        if lapse < person.lapse:
            return amplitude * end, False
        if lapse > 1 - person.guess:
            return max(0.0, min(able, amplitude) + noise), True
        return max(0.0, min(able, amplitude + abs(2 * overshoot)) + noise), able >= amplitude


def people(count: int, seed: int, mean_deg: float = MEAN_DEG, **more: Any) -> list[Person]:
    """People of the population; `more` are fields of Person that all of them share."""
    random = np.random.default_rng(seed)
    found: list[Person] = []
    while len(found) < count:
        limit = random.normal(mean_deg, SD_DEG)
        slope = math.exp(random.normal(math.log(SLOPE_DEG), SLOPE_SPREAD))
        person = Person(limit, slope, random.uniform(0, 0.02), int(random.integers(2**31)))
        if 20 <= limit <= 165:
            found.append(replace(person, **more))
    return found


class Staircase:
    """Two hits harder, one miss easier; one and one until the first reversal. Steps halve at each, down to 2."""

    def __init__(self, step_deg: float = 8.0, least_deg: float = 2.0) -> None:
        self._at, self._step, self._least = MEAN_DEG - SD_DEG, step_deg, least_deg
        self._hits, self._way, self._reversals = 0, 0, 0

    def next_amplitude(self) -> float:
        """How far the next trial shall go."""
        return self._at

    def update(self, amplitude: float, achieved: float, success: bool) -> None:  # noqa: ARG002 (of no use to it)
        """Learn what came of it."""
        self._hits = self._hits + 1 if success else 0
        if success and self._reversals and self._hits < 2:
            return
        way, self._hits = (1, 0) if success else (-1, 0)
        if self._way and way != self._way:
            self._reversals, self._step = self._reversals + 1, max(self._least, self._step / 2)
        self._way = way
        self._at = min(max(self._at + way * self._step, SPEC.floor), SPEC.ceiling)

    def limit_estimate(self) -> float:
        """Where the limit is thought to be: above the level by what the usual slope is worth."""
        return self._at + LEVITT_BACK_DEG


class WeightedUpDown:
    """Three in four: 2 degrees up after a hit, 6 down after a miss; 10 up until the first miss."""

    UP_DEG, FIRST_DEG, AVERAGED = 2.0, 10.0, 8

    def __init__(self, open_efforts: int = 0) -> None:
        self._at, self._missed = MEAN_DEG - SD_DEG, False
        self._open, self._efforts = open_efforts, list[float]()
        self._asked = list[float]()

    def next_amplitude(self) -> float:
        """How far the next trial shall go."""
        return math.inf if len(self._efforts) < self._open else self._at

    def update(self, amplitude: float, achieved: float, success: bool) -> None:
        """Learn what came of it."""
        if math.isinf(amplitude):
            self._efforts.append(achieved)
            self._at, self._missed = float(np.mean(self._efforts)) - USUAL_BACK_DEG, True
            return
        self._missed |= not success
        step = self.UP_DEG if self._missed else self.FIRST_DEG
        self._at += step if success else -self.UP_DEG * TARGET / (1 - TARGET)
        self._at = min(max(self._at, SPEC.floor), SPEC.ceiling)
        self._asked.append(self._at)

    def limit_estimate(self) -> float:
        """Where the limit is thought to be: above the level by what the usual slope is worth."""
        near = self._asked[-self.AVERAGED :] if self._missed and len(self._asked) > TRIALS / 2 else [self._at]
        return float(np.mean(near)) + USUAL_BACK_DEG


@dataclass
class Course:
    """What became of everybody: errors (people, trials) in degrees, and by person what was asked of them."""

    errors_deg: list[list[float]] = field(default_factory=list)
    too_hard: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)
    most_over_deg: list[float] = field(default_factory=list)
    far_over: list[bool] = field(default_factory=list)
    three_missed: list[bool] = field(default_factory=list)
    success: list[float] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    fair_after: list[int] = field(default_factory=list)
    seconds: float = 0.0
    updates: int = 0

    def rmse_deg(self, trial: int) -> float:
        """The error over people after so many trials."""
        return float(np.sqrt(np.mean(np.square([errors[trial - 1] for errors in self.errors_deg]))))

    def milliseconds(self) -> float:
        """What a request and an update cost together, the mean of processor time: whatever else runs is left out."""
        return 1000 * self.seconds / self.updates


def course(make: Callable[[], Follower], everybody: Iterable[Person], trials: int = TRIALS) -> Course:
    """Everybody, followed from the first trial to the last."""
    done = Course()
    for person in everybody:
        _live(make(), Living(person), trials, done)
    return done


def _live(tracker: Follower, living: Living, trials: int, done: Course) -> None:
    errors, asked, chances, over, missed, fair = list[float](), list[float](), list[float](), list[float](), [0], None
    for trial in range(trials):
        begun_s = time.process_time()
        amplitude = tracker.next_amplitude()
        done.seconds += time.process_time() - begun_s
        if math.isfinite(amplitude):
            chance, limit = living.chance(amplitude), living.limit_deg()
            asked.append(amplitude / limit)
            over.append(amplitude - limit)
            if trial >= SETTLED:
                chances.append(chance)
            if fair is None and trial >= living.person.loss_at and chance >= TOO_HARD:
                fair = trial - living.person.loss_at
        achieved, success = living.attempt(amplitude)
        begun_s = time.process_time()
        tracker.update(amplitude, achieved, success)
        done.seconds += time.process_time() - begun_s
        missed.append(0 if success else missed[-1] + 1)
        errors.append(tracker.limit_estimate() - living.limit_deg())
    done.updates += trials
    done.errors_deg.append(errors)
    done.too_hard.append(float(np.mean(np.array(chances) < TOO_HARD)))
    done.outside.append(float(np.mean((np.array(chances) < TOO_HARD) | (np.array(chances) > TOO_EASY))))
    done.most_over_deg.append(max(over))
    done.far_over.append(max(asked) > 1.1)
    done.three_missed.append(max(missed) >= 3)
    done.success.append(float(np.mean(chances)))
    done.fair_after.append(trials if fair is None else fair)
    if isinstance(tracker, LimitTracker):
        low, high = tracker.limit_interval(0.9)
        done.covered.append(low <= living.limit_deg() <= high)
