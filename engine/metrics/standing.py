"""How long a person stands on one leg or heel to toe, and how they rise from a chair and sit down again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import LATEST_S, number, numbers
from engine.metrics.signals import low_passed, uniform

Array = NDArray[np.float64]

LIFTED_M, TOUCHING_M = 0.05, 0.02  # above the floor; trackers are off by 17 ± 12 mm in height (Sansone 2021), steadily
MOVED_M = 0.05
HEAD_AWAY_M, HEAD_STEP_MPS = 0.15, 0.30
SETTLE_S = 0.5
UP_SHARE, DOWN_SHARE = 0.8, 0.2
LEAST_RISE_M = 0.15
LEAST_S = 1.0
FIVE, HALF_A_MINUTE_S = 5, 30.0

_BY_HEAD = "From the head alone it is the longest that it can have been: a foot put down quietly is not seen."
_CHAIR = "A chair of 43 cm with arms crossed is assumed: other heights and hands that push make it easier."
_RISING: dict[str, Any] = {
    "source": "our definition, on the height of the head",
    "error": "0.05 s in 500 simulated series of rises (95 %)",
    "doubt": "The head leads: it is up before hips and knees are straight.",
    "plus_minus": 0.05,
}


@dataclass(frozen=True)
class StanceTime:
    """How long a stance was held. `ended_by` is touch, step, head or recording; `why` says what is nan."""

    held_s: float = defined(
        "Time held",
        "s",
        "How long they stood on one leg, or heel to toe.",
        formula="with trackers on the feet: from 5 cm above the floor to 2 cm, or until a foot moves 5 cm;"
        " from the head: from the start until it moves 15 cm or faster than 0.3 m/s",
        source="stopwatch test (Bohannon 1984, Phys Ther 64:1067), with criteria that devices can see: ours",
        error="0.2 s with trackers: a foot takes that long for the 5 cm up and the last 2 cm down; unknown by the head",
        doubt=_BY_HEAD + " Cut off by the end of the recording it is a lower bound.",
    )
    ended_by: str = ""
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SitToStand:
    """Rises from a chair, by the height of the head; `why` says what is nan."""

    rises: float = defined(
        "Rises",
        "",
        "How often they stood up from sitting.",
        formula="times that the head came from below 20 % to above 80 % of the way from sitting to standing",
        source="hysteresis by the person's own heights: our definition",
        error="no miscount in 500 simulated series of rises; unknown in patients",
        doubt="Where nobody gave the heights, somebody who never stands straight is counted as if they did.",
    )
    five_times_s: float = defined(
        "Five rises",
        "s",
        "How long five rises take, as fast as they can: weak or unsteady people take longer.",
        formula="from the signal, or without one from leaving 20 %, until the fifth time above 80 %",
        source="Guralnik 1994, J Gerontol 49:M85, timed until the fifth stand",
        error="0.1 s in 500 simulated series of rises (95 %); without a signal it starts 0.4 s late, after the trunk",
        doubt=_CHAIR + " From 65 years on, more than 15 s goes with repeated falls, but weakly: sensitivity 55 %,"
        " specificity 65 % (Buatois 2008, J Am Geriatr Soc 56:1575).",
        plus_minus=0.1,
    )
    in_30_s: float = defined(
        "Rises in 30 s",
        "",
        "How often they stand up in half a minute.",
        formula="rises until 30 s after the signal, or without one after leaving 20 %",
        source="Jones 1999, Res Q Exerc Sport 70:113, without its half rise at the end",
        error="no miscount in 500 simulated series of rises; unknown in patients",
        doubt=_CHAIR,
    )
    rise_s: float = defined(
        "Time to rise", "s", "How long one rise takes.", formula="mean time from 20 to 80 % of the way up", **_RISING
    )
    descent_s: float = defined(
        "Time to sit down",
        "s",
        "How long sitting down takes: fast is letting oneself drop.",
        formula="mean time from 80 to 20 % of the way down",
        **_RISING,
    )
    height_m: float = defined(
        "Height of the rise",
        "m",
        "How much higher the head is standing than sitting.",
        formula="standing less sitting height: given, or medians of the upper and of the lower half of the way",
        source="our definition",
        error="0.01 m: two heights, each within 5 mm (Craig 2022, Diagnostics 12:1409)",
        doubt="Where nobody gave the heights, rising without a rest makes it smaller.",
        plus_minus=0.01,
    )
    why: Mapping[str, str] = field(default_factory=dict)


def single_leg_time(time_s: Array, lifted_m: Array, standing_m: Array) -> StanceTime:
    """The first time on one leg from trackers on both feet, (n, 3) each: the one that is lifted, and the other.

    The floor is where the lifted foot is lowest (5th percentile). Raises NotMeasurable on values that are not finite.
    """
    time_s, lifted_m, standing_m = _checked(time_s, lifted_m, standing_m)
    height_m = lifted_m[:, 1] - np.percentile(lifted_m[:, 1], 5)
    off = np.flatnonzero(height_m > LIFTED_M)
    if not len(off):
        return StanceTime(math.nan, why={"held_s": "no foot was lifted"})
    start = int(off[0])
    touches = height_m < TOUCHING_M
    hops = np.linalg.norm((standing_m - standing_m[start])[:, [0, 2]], axis=1) > MOVED_M
    return _held(time_s, start, {"touch": touches, "step": hops})


def tandem_time(time_s: Array, left_m: Array, right_m: Array, start_s: float) -> StanceTime:
    """How long both feet, (n, 3) from trackers, stayed where they were in the half second after `start_s`.

    Raises NotMeasurable on values that are not finite, and for a start outside the recording.
    """
    time_s, left_m, right_m = _checked(time_s, left_m, right_m)
    start, settled = _settled(time_s, start_s)
    moved = [np.linalg.norm(foot - np.median(foot[settled], axis=0), axis=1) > MOVED_M for foot in (left_m, right_m)]
    return _held(time_s, start, {"step": moved[0] | moved[1]})


def stance_time_by_head(time_s: Array, head_m: Array, start_s: float) -> StanceTime:
    """How long the head, (n, 3), stayed as it does while no step saves the balance: the longest it can have been.

    Raises NotMeasurable on values that are not finite, and for a start outside the recording.
    """
    time_s, head_m, _ = _checked(time_s, head_m, head_m)
    steady_s, level = uniform(time_s, head_m[:, [0, 2]], RATE_HZ)
    start, settled = _settled(steady_s, start_s)
    level = low_passed(level, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ)
    away = np.linalg.norm(level - np.median(level[settled], axis=0), axis=1) > HEAD_AWAY_M
    fast = np.linalg.norm(np.gradient(level, 1 / RATE_HZ, axis=0), axis=1) > HEAD_STEP_MPS
    return _held(steady_s, start, {"head": away | fast})


def sit_to_stand(
    time_s: Array,
    head_height_m: Array,
    seated_m: float | None = None,
    standing_m: float | None = None,
    cue_s: float | None = None,
) -> SitToStand:
    """Rises and descents from the height of the head, (n,), resampled to 100 Hz and low-passed at 5 Hz.

    Without `seated_m` and `standing_m` the heights are the medians below and above the middle of the way; without
    `cue_s` the clock starts with the first rise. Raises NotMeasurable on values that are not finite.
    """
    steady_s, smooth = _smooth(time_s, head_height_m)
    middle = (smooth.min() + smooth.max()) / 2
    low = float(np.median(smooth[smooth <= middle])) if seated_m is None else number(seated_m, "the height seated")
    high = (
        float(np.median(smooth[smooth >= middle])) if standing_m is None else number(standing_m, "the height standing")
    )
    names = ("five_times_s", "in_30_s", "rise_s", "descent_s")
    if high - low < LEAST_RISE_M:
        return SitToStand(0.0, *(math.nan,) * 4, high - low, dict.fromkeys(names, "nobody rose"))
    rises, descents = _passages(steady_s, (smooth - low) / (high - low))
    first_s = float(rises[0, 0]) if len(rises) else math.nan
    start_s = first_s if cue_s is None else number(cue_s, "the signal", LATEST_S)
    done_s = rises[rises[:, 1] > start_s, 1] if len(rises) else np.empty(0)
    values = (
        float(done_s[FIVE - 1] - start_s) if len(done_s) >= FIVE else math.nan,
        float(np.sum(done_s <= start_s + HALF_A_MINUTE_S)) if steady_s[-1] >= start_s + HALF_A_MINUTE_S else math.nan,
        _mean_time(rises),
        _mean_time(descents),
    )
    reasons = (f"only {len(done_s)} rises", "shorter than 30 s", "nobody rose", "nobody sat down")
    why = {n: reason for n, value, reason in zip(names, values, reasons, strict=True) if math.isnan(value)}
    return SitToStand(float(len(rises)), *values, high - low, why)


def rises_and_descents(
    time_s: Array, head_height_m: Array, seated_m: float, standing_m: float, up: float, down: float
) -> tuple[Array, Array]:
    """When the head left one end of each way and came to the other, (k, 2) each, rises and descents, in seconds.

    The ends are shares of the way from `seated_m` to `standing_m`. Raises NotMeasurable on values that are not finite,
    and for heights that are hardly apart.
    """
    if not standing_m - seated_m >= LEAST_RISE_M:
        raise NotMeasurable(f"standing at {standing_m} m is no rise from {seated_m} m")
    steady_s, smooth = _smooth(time_s, head_height_m)
    return _passages(steady_s, (smooth - seated_m) / (standing_m - seated_m), up, down)


def _smooth(time_s: Array, head_height_m: Array) -> tuple[Array, Array]:
    """The height of a head at 100 Hz, low-passed."""
    height = numbers(head_height_m, "the height of the head")
    if height.ndim != 1:
        raise NotMeasurable(f"the height of the head is one signal, not of shape {height.shape}")
    time_s, column, _ = _checked(time_s, height[:, None], height[:, None], axes=1)
    steady_s, columns = uniform(time_s, column, RATE_HZ)
    return steady_s, low_passed(columns, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ)[:, 0]


def _checked(time_s: Array, one_m: Array, other_m: Array, axes: int = 3) -> tuple[Array, Array, Array]:
    time_s = numbers(time_s, "times", LATEST_S)
    one_m, other_m = numbers(one_m, "places"), numbers(other_m, "places")
    if time_s.ndim != 1 or one_m.shape != (len(time_s), axes) or one_m.shape != other_m.shape:
        raise NotMeasurable(f"times {time_s.shape} and places {one_m.shape}, {other_m.shape} do not fit together")
    if len(time_s) < 2 or not np.all(np.diff(time_s) > 0):
        raise NotMeasurable("times have to rise: clean the recording before")
    if time_s[-1] - time_s[0] < LEAST_S:
        raise NotMeasurable(f"{time_s[-1] - time_s[0]:.1f} s are too short; {LEAST_S:.0f} s are needed")
    if np.isnan(one_m).any() or np.isnan(other_m).any():
        raise NotMeasurable("a tracker was lost: places have to be finite")
    return time_s, one_m, other_m


def _settled(time_s: Array, start_s: float) -> tuple[int, slice]:
    if not time_s[0] <= start_s <= time_s[-1] - SETTLE_S:
        raise NotMeasurable(f"the start at {start_s} s is not {SETTLE_S} s or more before the end of the recording")
    start, settled = np.searchsorted(time_s, [start_s, start_s + SETTLE_S])
    return int(start), slice(int(start), int(settled) + 1)


def _held(time_s: Array, start: int, ends: Mapping[str, NDArray[np.bool_]]) -> StanceTime:
    """From a sample until the first after it at which something ended the stance."""
    firsts = {reason: start + int(np.argmax(over[start:])) for reason, over in ends.items() if over[start:].any()}
    reason = min(firsts, key=firsts.__getitem__) if firsts else "recording"
    return StanceTime(float(time_s[firsts.get(reason, -1)] - time_s[start]), reason)


def _passages(
    time_s: Array, share: Array, up_share: float = UP_SHARE, down_share: float = DOWN_SHARE
) -> tuple[Array, Array]:
    """Rises and descents, (k, 2) each: when the head left one end of its way for good, and when it came to the other.

    A way that turns back before the other end is none.
    """
    where = np.where(share >= up_share, 1, np.where(share <= down_share, -1, 0))
    known = np.flatnonzero(where)
    turns = np.flatnonzero(np.diff(where[known]))
    leaves, arrives = known[turns], known[turns + 1]
    up = where[arrives] == 1
    spans = np.stack([time_s[leaves], time_s[arrives]], axis=1)
    return spans[up], spans[~up]


def _mean_time(spans: Array) -> float:
    return float(np.diff(spans, axis=1).mean()) if len(spans) else math.nan
