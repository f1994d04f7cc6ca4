"""Difficulty that follows the person: one tracker for one limit, and why it asks what it asks.

A tracker believes in a probability over where the limit lies (a grid), in a person who reaches an amplitude a
with probability p(hit | a) = g + (1 - g - l) / (1 + exp((a - L) / s)): limit L, slope s (motor noise), lapses l,
lucky hits g. After each trial the belief follows Bayes' rule; the next request is where the predicted success
equals the success asked for, lowered by the rules below in this order of authority.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from engine.records import Limit, Request

Array = NDArray[np.float64]

POINTS = 240
GUESS, LAPSE = 0.01, 0.03
WARM_UP_SUCCESS, EASED_SUCCESS = 0.92, 0.95
UNIT_WORDS: Mapping[str, str] = {"deg": "°", "m": " m"}
SUCCESS_WORDS = {0.75: "3 hits in 4", 0.85: "17 hits in 20", 0.92: "9 hits in 10", 0.95: "19 hits in 20"}


@dataclass(frozen=True)
class Settings:
    """How a tracker behaves. `slope` and `drift` are in the unit of the limit.

    `risk` is the largest accepted probability that a request lies beyond the limit.
    """

    success: float = 0.75
    risk: float = 0.10
    slope: float = 6.0
    drift: float = 0.45
    warm_up: int = 2
    misses_before_easier: int = 2
    least_of_limit: float = 0.5


REACHING = Settings()
LEANING = Settings(success=0.85, risk=0.02, slope=0.5, drift=0.04)


class Tracker:
    """Follows one limit: `next_amplitude`, then `update` with what came of it; the same log gives the same requests."""

    def __init__(self, movement: str, measured: Limit, settings: Settings = REACHING) -> None:
        """Begin from a measured limit and its interval."""
        self._movement, self._measured, self._settings = movement, measured, settings
        spread = max((measured.high - measured.low) / 3.92, settings.slope / 2)
        self._grid = np.linspace(0.05 * measured.value, 1.6 * measured.value, POINTS)
        belief = np.exp(-0.5 * ((self._grid - measured.value) / spread) ** 2)
        self._belief: Array = belief / belief.sum()
        self._trials = 0
        self._recent: list[float] = []

    def next_amplitude(self) -> Request:
        """How far the next trial shall go: the smallest of aim, accepted risk and, after misses, what was managed."""
        settings, code = self._settings, "TARGET_SUCCESS"
        success = settings.success
        if self._trials < settings.warm_up:
            success, code = WARM_UP_SUCCESS, "WARM_UP"
        eased = len(self._recent) >= settings.misses_before_easier
        if eased:
            success, code = EASED_SUCCESS, "AFTER_MISSES"
        wishes = [(self._aim(success), code), (self._quantile(settings.risk), "UNSURE")]
        if eased:
            wishes.append((float(np.mean(self._recent[-2:])), "AFTER_MISSES"))
        amplitude, code = min(wishes)
        floor = settings.least_of_limit * self._measured.value
        if amplitude < floor:
            amplitude, code = floor, "FLOOR"
        return Request(self._movement, round(amplitude, 3), self._measured.unit, code, self._why(amplitude, code))

    def update(self, amplitude: float, achieved: float | None, success: bool) -> None:
        """Learn from a finished trial. `achieved` None (not measured) leaves the belief as it is."""
        if achieved is None:
            return
        self._trials += 1
        amplitude = min(amplitude, achieved) if success else amplitude  # targets are wide: a touch of the edge counts
        self._recent = [] if success else [*self._recent, min(achieved, amplitude)]
        self._wander()
        slope = self._settings.slope
        capable = 1 - GUESS - LAPSE
        if success or achieved >= amplitude:  # a hand that went as high beside the target was able to
            likelihood = GUESS + capable * expit((self._grid - amplitude) / slope)
        else:
            # How far a miss came tells more than that it was one; a lapse may end anywhere below the target.
            missed = expit((achieved - self._grid) / slope)
            likelihood = capable * missed * (1 - missed) / slope + LAPSE / max(amplitude, slope)
        belief = self._belief * likelihood
        self._belief = belief / belief.sum()

    def limit(self) -> Limit:
        """The present estimate: the mean of the belief, and the interval that holds 95 % of it."""
        value = float(self._grid @ self._belief)
        return Limit(
            value=round(value, 3),
            low=round(self._quantile(0.025), 3),
            high=round(self._quantile(0.975), 3),
            unit=self._measured.unit,
            n=self._measured.n + self._trials,
            method="open efforts and trials, Bayes",
        )

    def _aim(self, success: float) -> float:
        predicted = GUESS + (1 - GUESS - LAPSE) * (
            expit((self._grid[None, :] - self._grid[:, None]) / self._settings.slope) @ self._belief
        )
        return float(np.interp(-success, -predicted, self._grid))

    def _quantile(self, share: float) -> float:
        return float(np.interp(share, np.cumsum(self._belief), self._grid))

    def _wander(self) -> None:
        step = self._grid[1] - self._grid[0]
        share = min(0.25, 0.5 * (self._settings.drift / step) ** 2)
        padded = np.pad(self._belief, 1, mode="edge")
        self._belief = (1 - 2 * share) * self._belief + share * (padded[:-2] + padded[2:])

    def _why(self, amplitude: float, code: str) -> str:
        unit, now = UNIT_WORDS.get(self._measured.unit, ""), self.limit()
        digits = 0 if self._measured.value > 20 else 1
        today = (
            f"the limit today is about {now.value:.{digits}f}{unit} ({now.low:.{digits}f}–{now.high:.{digits}f}{unit})"
        )
        aims = f"aims at {SUCCESS_WORDS.get(self._settings.success, f'{self._settings.success:.0%}')}"
        words = {
            "TARGET_SUCCESS": aims,
            "WARM_UP": "warming up",
            "AFTER_MISSES": "eased after misses in a row",
            "UNSURE": "kept below what is sure",
            "FLOOR": "half of what was measured, the least that is asked",
        }
        return f"{amplitude:.{digits}f}{unit}: {words[code]}; {today}"


def follower(movement: str, measured: Limit) -> Tracker:
    """The tracker for a movement: careful with leans, where going too far is a fall."""
    return Tracker(movement, measured, LEANING if movement.startswith("lean_") else REACHING)
