"""How a simulated person moves: from place to place with minimum jerk, and never quite still."""

import math

import numpy as np
import scipy

from engine.frame import Vector
from engine.places import from_shoulder, seen_from_shoulder

STRETCHING = 4.0  # an elbow is straight after a quarter of the way up
NOISE_FRAMES = 8192


class Way:
    """A movement from here to there with minimum jerk, after a delay: straight, or swung about a shoulder."""

    def __init__(self, place: Vector) -> None:
        self.start, self.goal, self.begins_s, self.lasts_s = place, place, 0.0, 0.0
        self._about: Vector | None = None
        self._from, self._to = place, place

    def aim(self, goal: Vector, now_s: float, delay_s: float, speed: float, about: Vector | None = None) -> None:
        """Go somewhere else from wherever this way is now; `speed` is the peak, in units a second.

        With `about` the way is an arc about this place.
        """
        here = self.at(now_s)
        self.start, self.goal, self._about = here, goal, about
        self._from, self._to, far = here, goal, math.dist(here, goal)
        if about is not None:  # in directions and distances from it
            self._from, self._to = (seen_from_shoulder(about, 0.0, place) for place in (here, goal))
            far = math.radians(abs(self._to[1] - self._from[1])) * self._to[2]
        self.begins_s, self.lasts_s = now_s + delay_s, 1.875 * far / speed + 0.15

    def at(self, now_s: float) -> Vector:
        """The place at a time."""
        gone = now_s - self.begins_s
        if gone >= self.lasts_s:
            return self.goal
        if gone <= 0:
            return self.start
        t = gone / self.lasts_s
        share = t * t * t * (10 + t * (6 * t - 15))
        (ax, ay, az), (bx, by, bz) = self._from, self._to
        if self._about is None:
            return (ax + share * (bx - ax), ay + share * (by - ay), az + share * (bz - az))
        stretched = min(1.0, STRETCHING * share)
        now = (ax + share * (bx - ax), ay + share * (by - ay), az + stretched * (bz - az))
        return from_shoulder(self._about, 0.0, *now)


class Noise:
    """Sway and tremor in metres, as lists: reading one number of a list is cheaper than of an array."""

    def __init__(self, sway_x: list[float], sway_z: list[float], tremor: list[float]) -> None:
        self.sway_x, self.sway_z, self.tremor = sway_x, sway_z, tremor


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
