"""Where in a row of speeds one discrete movement begins, peaks and ends.

Speeds are (n,), in metres per second and evenly sampled; results are sample numbers, None where there is none.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]
Samples = NDArray[np.bool_]

REST_SHARE, REST_MPS, SURE_SHARE = 0.05, 0.020, 0.10
UNIT_RISE_MPS, UNIT_APART_S = 0.020, 0.150
DWELL_S = 0.1


class Phases(NamedTuple):
    """The samples of one movement; those that there are not are None.

    `begin` is the first looked at, `onset` the last at rest before the movement, `offset` the first at rest after it,
    `arrival` the first in the target to stay. Where a hand does not rest before, so that `rested` is false, `onset` is
    its slowest on the rise; where it does not rest in the target, so that `rests` is false, `offset` is `arrival`.
    """

    begin: int
    onset: int | None
    peak: int
    offset: int | None
    arrival: int | None
    rested: bool = True
    rests: bool = True


def phases(
    speed_mps: Array, distance_m: Array, first: int, rate_hz: float, radius_m: float | None = None
) -> Phases | None:
    """Find the movement to a target `distance_m` (n,) away, from sample `first` on; None where nothing moves.

    It ends in the first stay of 0.1 s within `radius_m`: with the first rest from which the hand stays for 0.1 s, or to
    the last sample, or on coming where it never rests there. Without a radius or a stay it ends after the last peak.
    """
    begin = _begin(speed_mps, distance_m, first)
    stay = _first_stay(distance_m, begin, rate_hz, radius_m)
    last = len(speed_mps) - 1 if stay is None else stay.start + int(np.argmin(speed_mps[stay]))
    moving = speed_mps[begin : last + 1]
    peak_mps = float(moving.max())
    if peak_mps <= REST_MPS:
        return None
    start, peak = onset(moving, peak_mps), int(np.argmax(moving))
    rested = start is not None
    start = start if rested else _slowest_rising(moving[:peak], peak_mps)
    start, peak = None if start is None else begin + start, begin + peak
    if stay is None:
        end = offset(moving, peak_mps)
        return Phases(begin, start, peak, None if end is None else begin + end, None, rested)
    leaves = stay.stop < len(speed_mps)
    settled = np.arange(max(peak, stay.start), stay.stop - _dwell(rate_hz) + 1 if leaves else stay.stop)
    resting = settled[speed_mps[settled] < resting_mps(peak_mps)]
    end = int(resting[0]) if len(resting) else max(peak, stay.start)
    return Phases(begin, start, peak, end, stay.start, rested, bool(len(resting)))


def resting_mps(peak_mps: float) -> float:
    """The speed below which a hand rests: 5 % of the peak of its movement, 20 mm/s at least."""
    return max(REST_SHARE * peak_mps, REST_MPS)


def sure_mps(peak_mps: float) -> float:
    """The speed from which a hand surely moves: 10 % of the peak, and never below that of rest."""
    return max(SURE_SHARE * peak_mps, resting_mps(peak_mps))


def onset(speed_mps: Array, peak_mps: float) -> int | None:
    """The last sample at rest, backwards from the first at which the hand surely moves."""
    moving = np.flatnonzero(speed_mps > sure_mps(peak_mps))
    if not len(moving):
        return None
    resting = np.flatnonzero(speed_mps[: moving[0]] < resting_mps(peak_mps))
    return int(resting[-1]) if len(resting) else None


def offset(speed_mps: Array, peak_mps: float) -> int | None:
    """The first sample at rest after the last at which the hand surely moves."""
    backwards = onset(speed_mps[::-1], peak_mps)
    return None if backwards is None else len(speed_mps) - 1 - backwards


def crossing(values: Array, before: int, level: float) -> float:
    """Where values (n,) pass a level between sample `before` and the next, by a straight line, in samples."""
    here, there = values[before], values[before + 1]
    return float(before + (level - here) / (there - here))


def units(speed_mps: Array, rate_hz: float) -> int:
    """Movement units: maxima over 20 mm/s above the minimum before, 0.15 s or more after the last one counted.

    Alt Murphy 2011 (Neurorehabil Neural Repair 25:71).
    """
    peaks = scipy.signal.find_peaks(speed_mps)[0]
    if not len(peaks):
        return 0
    rises_mps = speed_mps[peaks] - np.minimum.reduceat(speed_mps[: peaks[-1]], np.append(0, peaks[:-1]))
    found, last = 0, -math.inf
    for peak in peaks[rises_mps > UNIT_RISE_MPS].tolist():
        if peak - last >= UNIT_APART_S * rate_hz:
            found, last = found + 1, peak
    return found


def _begin(speed_mps: Array, distance_m: Array, first: int) -> int:
    """The first sample, or, where the hand surely moves at it, its first rest before it nears the target fastest."""
    peak_mps = float(speed_mps[first:].max())
    if speed_mps[first] <= sure_mps(peak_mps):
        return first
    nearing = first + int(np.argmin(np.gradient(distance_m)[first:]))
    rests = np.flatnonzero(speed_mps[first : nearing + 1] < resting_mps(peak_mps))
    return first + int(rests[0]) if len(rests) else first


def _slowest_rising(rising_mps: Array, peak_mps: float) -> int | None:
    """The slowest sample before half of the peak is reached, of a hand that did not rest."""
    fast = np.append(np.flatnonzero(rising_mps > peak_mps / 2), len(rising_mps))[0]
    return int(np.argmin(rising_mps[:fast])) if fast else None


def _first_stay(distance_m: Array, begin: int, rate_hz: float, radius_m: float | None) -> slice | None:
    """The first stretch of 0.1 s or more inside the radius, after having been outside."""
    if radius_m is None:
        return None
    edges = np.diff((distance_m[begin:] < radius_m).astype(int), append=0)
    comings, goings = np.flatnonzero(edges == 1) + 1, np.flatnonzero(edges == -1) + 1
    for coming in comings:
        going = goings[goings > coming][0]
        if going - coming >= _dwell(rate_hz):
            return slice(begin + int(coming), begin + int(going))
    return None


def _dwell(rate_hz: float) -> int:
    return math.ceil(DWELL_S * rate_hz) + 1
