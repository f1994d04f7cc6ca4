"""One discrete reach: when it began and ended, how fast, how straight, how near, how smooth.

A reach ends in one of two ways: where the target has a radius, when the hand rests in it for 0.1 s; otherwise after the
last peak of its speed, so that what is given must end before the hand goes back.
"""

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.frame import Vector
from engine.metrics import movement
from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.given import LATEST_S, length_m, number, numbers
from engine.metrics.reach_measures import Reach
from engine.metrics.signals import lengths, low_passed, median_rate_hz, speed, uniform
from engine.metrics.smoothness import ldlj, sparc

Array = NDArray[np.float64]

LEAST_RATE_HZ, JERK_RATE_HZ = 25.0, 60.0
BRIDGED_S, SPLIT_S = 0.1, 0.25
LEAST_S = 0.3
UNKNOWN_M = (math.nan, math.nan, math.nan)
UNKNOWN_ENDS_M = (UNKNOWN_M, UNKNOWN_M)
MEASURES = tuple(definitions(Reach))
FROM_ONSET = ("reaction_s", "time_to_peak_s")
OF_THE_WAY = ("path_m", "path_ratio", "deviation_share", "smoothness_sparc", "smoothness_ldlj")
TO_OFFSET = (
    *("movement_s", "time_to_peak_percent", "movement_units", "displacement_m", "direction_error_deg"),
    *("overshoot_m", "endpoint_error_m", *OF_THE_WAY),
)
LEAST_WAY_M = 0.01  # twice what a controller is off: a shorter way has neither direction nor straightness


class _Track(NamedTuple):
    """A hand at a steady rate: first time, filtered positions (n, 3), speeds and distances from the target (n,)."""

    begin_s: float
    rate_hz: float
    place_m: Array
    speed_mps: Array
    distance_m: Array

    def time_of(self, sample: float) -> float:
        return self.begin_s + sample / self.rate_hz


def reach(
    position_m: ArrayLike,
    time_s: ArrayLike,
    target_m: ArrayLike,
    cue_s: float,
    *,
    radius_m: float | None = None,
    cut_off_hz: float = 10.0,
    rate_hz: float = 100.0,
) -> Reach:
    """Measure a reach of a hand at `position_m` (n, 3), at any times (n,), to a target (3,) shown at `cue_s`.

    Rows of nan are times at which the hand was not seen: up to 0.25 s are bridged, and beyond them only the stretch
    that holds the cue is looked at. Of equal times the first counts. Raises NotMeasurable for shapes that do not fit,
    values that are not finite, times that fall, and rates that are none or too low for the low-pass.
    """
    target = numbers(target_m, "a target")
    _check(target, cue_s, radius_m, cut_off_hz, rate_hz)
    time, position = _stretch(*_seen(position_m, time_s), cue_s)
    seen_hz = median_rate_hz(time) if len(time) > 1 else 0.0
    reason = _too_little(time, seen_hz)
    if reason:
        return _reach({}, {}, reason)
    steady_s, steady_m = uniform(time, position, rate_hz)
    place = low_passed(steady_m, rate_hz, cut_off_hz)
    distance = lengths(place - target)
    track = _Track(float(steady_s[0]), rate_hz, place, speed(place, rate_hz), distance)
    first = min(int(np.searchsorted(steady_s, cue_s)), len(steady_s) - 1)
    found = movement.phases(track.speed_mps, distance, first, rate_hz, radius_m)
    if found is None or lengths(place[first:] - place[first]).max() < LEAST_WAY_M:
        return _reach({}, {}, "after the cue the hand went less than 1 cm, or never faster than 20 mm/s")
    values, ends = _times(track, found, first, cue_s, radius_m), UNKNOWN_ENDS_M
    if found.onset is not None and found.offset is not None:
        values |= _way(track, found.onset, found.offset, found.peak, target)
        ends = _place(place[found.onset : found.onset + 1]), _place(_rest(track, found.offset))
    notes = _notes(found, first, radius_m) | _bridges(values, time)
    if seen_hz < JERK_RATE_HZ:
        values["smoothness_ldlj"] = math.nan
        notes["smoothness_ldlj"] = f"{seen_hz:.0f} frames a second; {JERK_RATE_HZ:.0f} are needed"
    return _reach(values, notes, "start, end or target are less than 1 cm apart", ends)


def _times(track: _Track, found: movement.Phases, first: int, cue_s: float, radius_m: float | None) -> dict[str, float]:
    peak_mps = float(track.speed_mps[found.peak])
    rest_mps = movement.resting_mps(peak_mps)
    values = {"peak_speed_mps": peak_mps}
    if found.arrival is not None and radius_m is not None:
        came = movement.crossing(track.distance_m, found.arrival - 1, radius_m)
        values["arrival_s"] = track.time_of(came) - cue_s
    if found.offset is not None:
        fell = track.speed_mps[found.offset - 1] >= rest_mps > track.speed_mps[found.offset]
        stop = movement.crossing(track.speed_mps, found.offset - 1, rest_mps) if fell else found.offset
        values["offset_s"] = track.time_of(stop)
    if found.onset is not None:
        start = movement.crossing(track.speed_mps, found.onset, rest_mps) if found.rested else found.onset
        values["onset_s"] = track.time_of(start)
        values["time_to_peak_s"] = track.time_of(found.peak) - values["onset_s"]
        if found.rested and found.begin == first:
            values["reaction_s"] = values["onset_s"] - cue_s
    if {"onset_s", "offset_s"} <= values.keys():
        values["movement_s"] = values["offset_s"] - values["onset_s"]
        values["time_to_peak_percent"] = 100 * values["time_to_peak_s"] / values["movement_s"]
    return values


def _way(track: _Track, onset: int, offset: int, peak: int, target_m: Array) -> dict[str, float]:
    moved = track.place_m[onset : offset + 1] - track.place_m[onset]
    speeds = track.speed_mps[onset : offset + 1]
    values = {
        "path_m": float(lengths(moved[1:] - moved[:-1]).sum()),
        "displacement_m": float(np.linalg.norm(moved[-1])),
        "movement_units": float(movement.units(speeds, track.rate_hz)),
        "endpoint_error_m": float(np.linalg.norm(_rest(track, offset).mean(axis=0) - target_m)),
        "smoothness_sparc": sparc(speeds, track.rate_hz),
        "smoothness_ldlj": ldlj(speeds, track.rate_hz),
    }
    straight = values["displacement_m"]
    if straight >= LEAST_WAY_M:
        values["path_ratio"] = values["path_m"] / straight
        values["deviation_share"] = float(_beside(moved, moved[-1] / straight).max()) / straight
    ahead = target_m - track.place_m[onset]
    away = float(np.linalg.norm(ahead))
    if away >= LEAST_WAY_M:
        along = moved @ (ahead / away)
        values["overshoot_m"] = max(0.0, float(along.max()) - away)
        aside = _beside(moved, ahead / away)
        values["direction_error_deg"] = math.degrees(math.atan2(aside[peak - onset], along[peak - onset]))
    return values


def _place(places_m: Array) -> Vector:
    x, y, z = places_m.mean(axis=0).tolist()
    return x, y, z


def _rest(track: _Track, offset: int) -> Array:
    """Where the hand was in the 0.1 s after it came to rest."""
    return track.place_m[offset : offset + math.ceil(movement.DWELL_S * track.rate_hz) + 1]


def _beside(moved_m: Array, direction: Array) -> Array:
    return lengths(moved_m - np.outer(moved_m @ direction, direction))


def _check(target_m: Array, cue_s: float, radius_m: float | None, cut_off_hz: float, rate_hz: float) -> None:
    if target_m.shape != (3,) or np.isnan(target_m).any():
        raise NotMeasurable(f"a target must be three finite numbers, not {target_m.tolist()}")
    number(cue_s, "the cue", LATEST_S)
    if radius_m is not None:
        length_m(radius_m, "the radius")
    if not 0 < cut_off_hz <= 0.4 * rate_hz < math.inf:
        raise NotMeasurable(f"a low-pass of {cut_off_hz} Hz at {rate_hz} Hz is none: it may be up to 0.4 of the rate")


def _seen(position_m: ArrayLike, time_s: ArrayLike) -> tuple[Array, Array]:
    """Times that rise (k,) and positions (k, 3), without the rows in which the hand was not seen."""
    position, time = numbers(position_m, "positions"), numbers(time_s, "times", LATEST_S)
    if time.ndim != 1 or position.shape != (len(time), 3):
        raise NotMeasurable(f"positions (n, 3) and times (n,) do not fit: {position.shape} and {time.shape}")
    if np.isnan(time).any():
        raise NotMeasurable("times must be finite")
    seen = ~np.isnan(position).any(axis=1)
    if not seen.all():
        time, position = time[seen], position[seen]
    steps_s = np.diff(time)
    if np.all(steps_s > 0):
        return time, position
    if np.any(steps_s < 0):
        raise NotMeasurable("times must not fall: clean the recording first")
    kept = np.append(True, steps_s > 0)
    return time[kept], position[kept]


def _stretch(time: Array, position: Array, cue_s: float) -> tuple[Array, Array]:
    """The stretch without gaps over 0.25 s that holds the cue or begins within 0.25 s of it; empty if none does."""
    breaks = (np.flatnonzero(np.diff(time) > SPLIT_S) + 1).tolist()
    for start, stop in pairwise((0, *breaks, len(time))):
        if start < stop and time[start] - SPLIT_S <= cue_s <= time[stop - 1]:
            return time[start:stop], position[start:stop]
    return time[:0], position[:0]


def _too_little(time: Array, seen_hz: float) -> str:
    if not len(time):
        return "the hand was not seen at the cue"
    if time[-1] - time[0] < LEAST_S:
        return f"the hand was seen for {time[-1] - time[0]:.2f} s only"
    return "" if seen_hz >= LEAST_RATE_HZ else f"{seen_hz:.0f} frames a second; {LEAST_RATE_HZ:.0f} are needed"


def _notes(found: movement.Phases, first: int, radius_m: float | None) -> dict[str, str]:
    """The reasons for what cannot be measured of such a movement, and what to keep in mind of what can."""
    notes = {}
    if found.arrival is None:
        notes["arrival_s"] = "the target had no radius" if radius_m is None else "the hand did not stay in the target"
    if not found.rests:
        notes["movement_s"] = "the hand did not rest in the target: until it came into it"
    if not found.rested:
        notes["movement_s"] = "the hand did not rest before the reach: from its slowest moment"
    if found.begin > first or not found.rested:
        notes["reaction_s"] = "the hand was moving at the cue"
    if found.onset is None:
        moving = "the hand was in the midst of a movement at the cue"
        notes |= dict.fromkeys((*FROM_ONSET, *TO_OFFSET), moving)
    elif found.offset is None:
        notes |= dict.fromkeys(TO_OFFSET, "the hand was still moving at the end")
    return notes


def _bridges(values: Mapping[str, float], time: Array) -> dict[str, str]:
    """What to keep in mind where the hand was not seen for a moment on its way."""
    if not {"onset_s", "offset_s"} <= values.keys():
        return {}
    on_its_way = (time[1:] > values["onset_s"]) & (time[:-1] < values["offset_s"])
    gap_s = float(np.diff(time)[on_its_way].max(initial=0.0))
    if gap_s <= BRIDGED_S:
        return {}
    return dict.fromkeys(OF_THE_WAY, f"the hand was not seen for {gap_s:.2f} s, bridged by a straight line")


def _reach(
    values: dict[str, float],
    notes: dict[str, str],
    otherwise: str,
    ends: tuple[Vector, Vector] = UNKNOWN_ENDS_M,
) -> Reach:
    known = {name: values.get(name, math.nan) for name in ("onset_s", "offset_s", *MEASURES)}
    why = {name: otherwise for name in MEASURES if math.isnan(known[name])} | notes
    return Reach(start_m=ends[0], end_m=ends[1], why=why, **known)
