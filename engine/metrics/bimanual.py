"""Two hands that move at once: which goes first, how alike they move, and which does more."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics.definition import NotMeasurable, defined, definitions
from engine.metrics.given import LATEST_S, numbers
from engine.metrics.signals import lengths, low_passed, speed, uniform

Array = NDArray[np.float64]

RATE_HZ, CUT_OFF_HZ = 100.0, 10.0
LONGEST_LAG_S = 0.5
LEAST_S = 1.0
BRIDGED_S = 0.25
STILL_MPS = 0.020  # peak speed of a hand that rests, as in engine.metrics.movement
STEADY = 1e-12  # of its variance: less is left of it by rounding alone

_ALIKE = "ours, after the cross-correlation of hand velocities in Yamada 2024, doi 10.1016/j.humov.2024.103196"
_INDEX = "(right - left) / (right + left)"


@dataclass(frozen=True)
class Bimanual:
    """How two hands moved together.

    Errors that are called simulated hold for 95 % of minimum-jerk movements of two hands of 0.5 to 1.5 s and 0.1 to
    0.8 m, up to 0.2 s apart, at frame times as recorded and with 0.07 mm of noise as recorded controllers have it; in
    brackets, with 0.3 mm.
    """

    lag_s: float = defined(
        "Lag of the right hand",
        "s",
        "How long after the left hand the right hand does the same; negative where the right hand leads.",
        formula="the shift, up to 0.5 s either way, at the largest correlation of the two hands' speeds, between"
        " samples at 100 Hz by a parabola; speeds after a zero-lag 10 Hz low-pass",
        source=_ALIKE,
        error="simulated: 0.1 ms (1.2 ms); up to one frame, 11 ms, if the controllers are sampled at different times",
        doubt="A correlation under 0.5 has no lag worth the name; hands that beat time have several.",
        plus_minus=0.011,
    )
    correlation: float = defined(
        "Likeness of the hands' speeds",
        "",
        "1 where both hands speed up and slow down alike, 0 where they have nothing in common.",
        formula="Pearson's correlation of the two speeds over the samples that overlap at the lag",
        source=_ALIKE,
        error="simulated, of hands that do the same: 0.0001 too low (0.002)",
        doubt="Short stretches: a single movement of both hands at once is always alike.",
        plus_minus=0.002,
    )
    path_symmetry: float = defined(
        "Symmetry of the way",
        "",
        "0 where both hands go equally far, 1 where only the right one moves, -1 only the left.",
        formula=f"{_INDEX} of the path lengths after the low-pass",
        source="Robinson 1987, J Manipulative Physiol Ther 10:172, without its factors of 2 and 100",
        error="simulated: 0.004 (0.018), since noise adds way to a resting hand",
        doubt="A task that asks different things of the two hands.",
        plus_minus=0.018,
    )
    speed_symmetry: float = defined(
        "Symmetry of peak speed",
        "",
        "0 where both hands become equally fast, positive where the right one becomes faster.",
        formula=f"{_INDEX} of the largest speeds after the low-pass",
        source="Robinson 1987, J Manipulative Physiol Ther 10:172, without its factors of 2 and 100",
        error="simulated: 0.003 (0.009)",
        doubt="One peak of each hand decides: take the mean of several trials.",
        plus_minus=0.009,
    )
    why: Mapping[str, str] = field(default_factory=dict)


def symmetry_index(left: float, right: float) -> float:
    """(right - left) / (right + left): -1 only left, 0 equal, 1 only right; nan where both are 0."""
    return (right - left) / (right + left) if right + left > 0 else math.nan


def bimanual(left_m: ArrayLike, right_m: ArrayLike, time_s: ArrayLike) -> Bimanual:
    """Compare two hands at `left_m` and `right_m` (n, 3), seen at times (n,) that rise; nan where a hand was not seen.

    Raises NotMeasurable for shapes that do not fit, times that do not rise and values that are not finite.
    """
    time, hands = _both(left_m, right_m, time_s)
    if len(time) < 2 or time[-1] - time[0] < LEAST_S:
        return _nothing(f"both hands were not seen for {LEAST_S:.0f} s")
    gap_s = float(np.diff(time).max())
    if gap_s > BRIDGED_S:
        return _nothing(f"a hand was not seen for {gap_s:.2f} s")
    smooth = low_passed(uniform(time, hands, RATE_HZ)[1], RATE_HZ, CUT_OFF_HZ)
    left, right = speed(smooth[:, :3], RATE_HZ), speed(smooth[:, 3:], RATE_HZ)
    if max(left.max(), right.max()) <= STILL_MPS:
        return _nothing("neither hand moved")
    symmetry = (
        symmetry_index(_path_m(smooth[:, :3]), _path_m(smooth[:, 3:])),
        symmetry_index(float(left.max()), float(right.max())),
    )
    if min(left.max(), right.max()) <= STILL_MPS:
        return Bimanual(math.nan, math.nan, *symmetry, dict.fromkeys(("lag_s", "correlation"), "one hand did not move"))
    lag_s, correlation = _lag(left, right)
    why = {"lag_s": f"the hands are not alike at any lag within {LONGEST_LAG_S} s"} if math.isnan(lag_s) else {}
    return Bimanual(lag_s, correlation, *symmetry, why)


def _both(left_m: ArrayLike, right_m: ArrayLike, time_s: ArrayLike) -> tuple[Array, Array]:
    """The times (k,) at which both hands were seen, and both positions side by side (k, 6)."""
    left, right = numbers(left_m, "the left hand"), numbers(right_m, "the right hand")
    time = numbers(time_s, "times", LATEST_S)
    if time.ndim != 1 or left.shape != (len(time), 3) or right.shape != left.shape:
        raise NotMeasurable(f"hands (n, 3) and times (n,) do not fit: {left.shape}, {right.shape}, {time.shape}")
    hands = np.hstack([left, right])
    if not np.all(np.diff(time) > 0):
        raise NotMeasurable("times must be finite and rise: clean the recording first")
    seen = ~np.isnan(hands).any(axis=1)
    return (time, hands) if seen.all() else (time[seen], hands[seen])


def _nothing(reason: str) -> Bimanual:
    names = definitions(Bimanual)
    return Bimanual(**dict.fromkeys(names, math.nan), why=dict.fromkeys(names, reason))


def _path_m(place_m: Array) -> float:
    return float(lengths(np.diff(place_m, axis=0)).sum())


def _lag(left: Array, right: Array) -> tuple[float, float]:
    """The lag of the right hand in seconds, nan where the best is no peak, and the correlation there."""
    longest = round(LONGEST_LAG_S * RATE_HZ)
    likeness = _likeness(left, right, longest)
    best = int(np.argmax(likeness))
    if not 0 < best < 2 * longest:
        return math.nan, float(likeness[best])
    before, here, after = likeness[best - 1 : best + 2]
    bend = before - 2 * here + after
    aside = (before - after) / (2 * bend) if bend < 0 else 0.0
    return float(best - longest + aside) / RATE_HZ, float(here - (before - after) * aside / 4)


def _likeness(left: Array, right: Array, longest: int) -> Array:
    """Pearson's correlation (2 * longest + 1,) of the left hand with what the right one does -longest to longest later.

    Of the samples that overlap at each shift; 0 where one of the hands keeps its speed in them.
    """
    left, right = left - left.mean(), right - right.mean()
    count = len(left) - np.abs(np.arange(-longest, longest + 1))
    left_sum, right_sum = _overlapping(left, longest), _overlapping(right, longest)[::-1]
    left_square, right_square = _overlapping(left**2, longest), _overlapping(right**2, longest)[::-1]
    together = np.correlate(np.pad(right, longest), left, "valid") - left_sum * right_sum / count
    left_square, right_square = left_square - left_sum**2 / count, right_square - right_sum**2 / count
    varies = (left_square > STEADY * (left @ left)) & (right_square > STEADY * (right @ right))
    return np.where(varies, together / np.sqrt(np.where(varies, left_square * right_square, 1.0)), 0.0)


def _overlapping(values: Array, longest: int) -> Array:
    """The sum without the first `longest`, ..., 0, and then without the last 1, ..., `longest` values."""
    first, last = np.cumsum(values[:longest]), np.cumsum(values[: -longest - 1 : -1])
    return np.asarray(values.sum() - np.concatenate([first[::-1], [0.0], last]))
