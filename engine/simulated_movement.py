"""How a simulated person moves: from place to place with minimum jerk, and never quite still."""

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import scipy

from engine.frame import Vector
from engine.pace import way_s
from engine.places import from_shoulder, seen_from_shoulder

STRETCHING = 4.0  # an elbow is straight after a quarter of the way up
NOISE_FRAMES = 8192


class Way:
    """A movement from here to there with minimum jerk, after a delay: straight, or swung about a shoulder."""

    def __init__(self, place: Vector) -> None:
        self.start, self.goal, self.begins_s, self.lasts_s = place, place, 0.0, 0.0
        self._about: Vector | None = None
        self._then: Sequence[Vector] = ()
        self._from, self._to = place, place
        self._comes_s = self._then_s = 0.0

    def aim(self, goal: Vector, now_s: float, delay_s: float, speed: float, about: Vector | None = None) -> None:
        """Go somewhere else from wherever this way is now; `speed` is the peak, in units a second.

        With `about` the way is an arc about this place.
        """
        here = self.at(now_s)
        self._then = ()
        self.start, self.goal, self._about = here, goal, about
        self._from, self._to, far = here, goal, math.dist(here, goal)
        if about is not None:  # in directions and distances from it
            self._from, self._to = (seen_from_shoulder(about, 0.0, place) for place in (here, goal))
            far = math.radians(abs(self._to[1] - self._from[1])) * self._to[2]
        self.begins_s, self.lasts_s = now_s + delay_s, way_s(far, speed)

    def lead(self, points: Sequence[Vector], now_s: float, delay_s: float, speed: float, seconds: float) -> None:
        """Go to the first of some points, and then along all of them in a time, or longer where that is too fast."""
        self.aim(points[0], now_s, delay_s, speed)
        long = sum(math.dist(here, there) for here, there in pairwise(points))
        seconds = max(seconds, way_s(long, speed, 0.0))
        self._then, self.goal, self._then_s = points, points[-1], seconds
        self._comes_s, self.lasts_s = self.lasts_s, self.lasts_s + seconds

    def at(self, now_s: float) -> Vector:
        """The place at a time."""
        gone = now_s - self.begins_s
        if gone >= self.lasts_s:
            return self.goal
        if gone <= 0:
            return self.start
        if self._then and gone > self._comes_s:
            return _along(self._then, smooth((gone - self._comes_s) / self._then_s))
        share = smooth(gone / (self._comes_s if self._then else self.lasts_s))
        (ax, ay, az), (bx, by, bz) = self._from, self._to
        if self._about is None:
            return (ax + share * (bx - ax), ay + share * (by - ay), az + share * (bz - az))
        stretched = min(1.0, STRETCHING * share)
        now = (ax + share * (bx - ax), ay + share * (by - ay), az + stretched * (bz - az))
        return from_shoulder(self._about, 0.0, *now)


def smooth(t: float) -> float:
    """How much of a way is made after a share of its time, with minimum jerk."""
    return t * t * t * (10 + t * (6 * t - 15))


def _along(points: Sequence[Vector], share: float) -> Vector:
    at = share * (len(points) - 1)
    low = min(int(at), len(points) - 2)
    (ax, ay, az), (bx, by, bz), rest = points[low], points[low + 1], at - low
    return (ax + rest * (bx - ax), ay + rest * (by - ay), az + rest * (bz - az))


class Noise:
    """Sway and tremor in metres, as lists: reading one number of a list is cheaper than of an array."""

    def __init__(self, sway_x: list[float], sway_z: list[float], tremor: list[float]) -> None:
        self.sway_x, self.sway_z, self.tremor = sway_x, sway_z, tremor


@lru_cache(maxsize=16)  # many visits are of the same person
def sway_and_tremor(
    sway_mm: float, sway_hz: float, tremor_mm: float, tremor_hz: float, seed: int, rate_hz: float
) -> Noise:
    """Noise of NOISE_FRAMES frames that goes on without a seam, of this size (RMS) and frequency."""
    generator = np.random.default_rng(seed)

    def filtered(low_hz: float, high_hz: float, millimetres: float) -> list[float]:
        bounds = [low_hz / rate_hz * 2, min(0.98, high_hz / rate_hz * 2)]
        sections = scipy.signal.butter(2, bounds, "bandpass", output="sos")
        ring = np.tile(generator.standard_normal(NOISE_FRAMES), 3)
        wave = scipy.signal.sosfilt(sections, ring)[-NOISE_FRAMES:]
        values: list[float] = (wave / wave.std() * millimetres / 1000).tolist()
        return values

    sway = [filtered(0.05, sway_hz * 2, sway_mm * share) for share in (0.7, 1.0)]
    return Noise(sway[0], sway[1], filtered(tremor_hz * 0.7, tremor_hz * 1.4, tremor_mm))
