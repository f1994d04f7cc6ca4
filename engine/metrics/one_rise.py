"""One rise from a chair, or the lean over the toes that begins it, by the head: how far, how fast and how straight."""

import math
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine import moves, sitting
from engine.body import SEATED_EYES_OF_STATURE
from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ
from engine.metrics.definition import NotMeasurable, known, measured
from engine.metrics.range_of_motion import LEAN_ERROR_DEG, lean_track_deg
from engine.metrics.signals import low_passed, uniform
from engine.metrics.standing import sit_to_stand
from engine.motion import Array, Motion
from engine.precautions import SEATED_HIPS_OF_STATURE
from engine.records import Measured, Stance
from engine.scene import Rise

ON_THE_SEAT = 0.3  # of the way up: until then the trunk comes forward, and the seat is only just left
RISING = (0.2, 0.8)  # of the way: between them a lean aside is one while rising
FRAME_S = 0.02
SPEED_ERROR_MPS = 0.02  # 0.011 in 95 % of 2,000 simulated rises of 0.6 to 3 s, and as much again for a real head
HEIGHT_ERROR_M = 0.01
LEAST_FRAMES = 20
TOO_SOON = "ended before anybody could rise"
SEATED_NOTE = "played seated: nobody stood up"


class OneRise(NamedTuple):
    """A rise from where somebody sat, and the frames of its trial from before the call until after it.

    Seconds from the first frame (n,), height of the head (n,), and its lean forward and to the right in degrees (n, 2);
    `called` is the frame of the call.
    """

    rise: Rise
    called: int
    time_s: Array
    height_m: Array
    leans_deg: Array

    @property
    def stands(self) -> bool:
        """Whether it leads up from the chair; else it is a lean."""
        return self.rise.high_m > self.rise.low_m

    @property
    def share(self) -> Array:
        """How much of the way was made from the call on, up or forward, (k,)."""
        return _share(self.rise, self.height_m, self.leans_deg)[self.called :]

    @property
    def called_s(self) -> float:
        """When the call was."""
        return float(self.time_s[self.called])

    @property
    def up_s(self) -> float | None:
        """When somebody was up; None where they were not."""
        up = np.flatnonzero(self.share > moves.UP)
        return float(self.time_s[self.called + up[0]]) if len(up) else None

    def far(self) -> dict[str, Measured]:
        """How far somebody came, and how long that took from the call."""
        way_m = self.rise.high_m - self.rise.low_m
        error = HEIGHT_ERROR_M / way_m if self.stands else LEAN_ERROR_DEG / self.rise.lean_deg
        lasted_s = None if self.up_s is None else self.up_s - self.called_s
        return {
            "stand_s": known(lasted_s, "s", 3, "not all the way up", FRAME_S),
            "risen_percent": Measured(round(100 * float(self.share.max()), 1), "%", round(100 * error, 1)),
        }

    def fast(self) -> dict[str, Measured]:
        """How long the rise and the descent after it took, and how fast they were at most."""
        if not self.stands:
            missing = {"rise_s": "s", "descent_s": "s", "peak_rise_mps": "m/s", "peak_descent_mps": "m/s"}
            return {name: Measured(None, unit, None, SEATED_NOTE) for name, unit in missing.items()}
        time_s, height_m = self.time_s[self.called :], self.height_m[self.called :]
        times = measured(sit_to_stand(time_s, height_m, self.rise.low_m, self.rise.high_m), "rise_s", "descent_s")
        smooth = low_passed(uniform(time_s, height_m[:, None], RATE_HZ)[1], RATE_HZ, HEAD_SWAY_CUT_OFF_HZ)[:, 0]
        upward_mps = np.gradient(smooth, 1 / RATE_HZ)
        return times | {
            "peak_rise_mps": _peak(float(upward_mps.max()), times["rise_s"]),
            "peak_descent_mps": _peak(float(-upward_mps.min()), times["descent_s"]),
        }

    def straight(self, stature_m: float) -> dict[str, Measured]:
        """How far the head went aside while rising, and forward over the hips before, from where it was when called."""
        rising = self.called + self._rising()
        right_deg = self.leans_deg[:, 1]
        aside_deg = float(right_deg[rising].mean() - np.median(right_deg[self._quiet()])) if len(rising) else None
        return {
            "lean_side_deg": known(aside_deg, "deg", 2, "nobody rose", LEAN_ERROR_DEG),
            "lean_forward_deg": Measured(round(self._forward_deg(stature_m), 1), "deg"),
        }

    def _quiet(self) -> slice:
        """The quiet moment on the chair before the call."""
        return slice(int(np.searchsorted(self.time_s, self.called_s - sitting.QUIET_S)), self.called + 1)

    def _rising(self) -> NDArray[np.intp]:
        """The frames after the call in which somebody was on the way up."""
        before = self.share[: int(np.argmax(self.share))]
        return np.flatnonzero((before > RISING[0]) & (before < RISING[1]))

    def _forward_deg(self, stature_m: float) -> float:
        ahead_m = np.tan(np.radians(self.leans_deg[:, 0])) * self.height_m
        ahead_m = ahead_m - np.median(ahead_m[self._quiet()])
        seated_m = (SEATED_EYES_OF_STATURE - SEATED_HIPS_OF_STATURE) * stature_m
        over_hips_m = seated_m + self.height_m - self.rise.low_m
        left = np.flatnonzero(self.share > ON_THE_SEAT)
        until = self.called + int(left[0]) + 1 if self.stands and len(left) else len(self.height_m)
        before = slice(self.called, until)
        return float(np.degrees(np.arctan2(ahead_m[before], over_hips_m[before])).max())


def one_rise(motion: Motion, stance: Stance, rise: Rise, seat_m: float | None, pause_s: float) -> OneRise:
    """The rise of a trial, from where somebody sat. Raises NotMeasurable where nobody did, or too late to rise.

    They are called after they have sat for a while; where it is not known yet how high that is, once they sit quietly.
    """
    if len(motion.time_s) < LEAST_FRAMES:
        raise NotMeasurable(TOO_SOON)
    time_s, height_m = motion.time_s - motion.time_s[0], motion.head_m[:, 1]
    leans_deg = lean_track_deg(motion, stance)
    if seat_m:
        rise = rise._replace(low_m=seat_m)
        called = _seated(time_s, _share(rise, height_m, leans_deg), pause_s)
    else:
        called, low_m = _settled(time_s, height_m, rise.high_m)
        rise = rise._replace(low_m=low_m)
    if called is None:
        raise NotMeasurable("nobody sat down on the chair")
    if called > len(time_s) - LEAST_FRAMES:
        raise NotMeasurable(TOO_SOON)
    return OneRise(rise, called, time_s, height_m, leans_deg)


def _seated(time_s: Array, share: Array, pause_s: float) -> int | None:
    """The frame in which somebody had been down for a while; None where nobody had."""
    down = share < moves.DOWN
    away_s = np.maximum.accumulate(np.where(down, 0.0, time_s))
    seated = np.flatnonzero((time_s - away_s >= pause_s) & down)
    return int(seated[0]) if len(seated) else None


def _settled(time_s: Array, height_m: Array, standing_m: float) -> tuple[int | None, float]:
    """The frame in which somebody had sat quietly, as `sitting.settle` sees it, and how high the head was; or None."""
    for last, now_s in enumerate(time_s.tolist()):
        first = int(np.searchsorted(time_s, now_s - sitting.QUIET_S, "right")) - 1
        if first >= 0 and sitting.sits(window := height_m[first : last + 1].tolist(), standing_m):
            return last, median(window)
    return None, math.nan


def _share(rise: Rise, height_m: Array, leans_deg: Array) -> Array:
    if rise.high_m <= rise.low_m:
        return np.asarray(leans_deg[:, 0] / rise.lean_deg)
    return np.asarray((height_m - rise.low_m) / (rise.high_m - rise.low_m))


def _peak(speed_mps: float, of: Measured) -> Measured:
    return known(None if of.value is None else speed_mps, "m/s", 3, of.note, SPEED_ERROR_MPS)
