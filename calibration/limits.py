"""Limits and reach from repetitions: the arithmetic that every assessment shares."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import scipy
from numpy.typing import NDArray

from engine.movements import GAZES, LEANS, LIFTS
from engine.records import AT_STOP_LINE, Limit, ReachCell

Array = NDArray[np.float64]

BIN_DEG = 15.0
LEAST_SAMPLES = 5
PRIOR_FREEDOM = 5
ELEVATION_SD_DEG = NECK_SD_DEG = 6.0  # within a session: 5 to 7.5 in repeated neck movements of 30 adults
# An assumption: the published reliability of this test (Lininger et al. 2018, Int J Sports Phys Ther 13:800) is that of
# composites over eight directions in per cent, and no repeated leans of real people were at hand.
LEAN_SD_DEG = 0.4
LIFT_SD_DEG = {"knee_extension": 6.0, "thigh_raise": 4.0, "ankle_dorsiflexion": 3.0}  # an assumption, as of leans
PRACTICE = "for practice: not counted"
SAME_LINE_DEG = 3.0


def from_repetitions(values: Sequence[float], unit: str, method: str, least_sd: float, note: str = "") -> Limit:
    """A limit from repeated efforts: their mean, a 95 % interval of where the mean of many would lie, and the best.

    Two or three efforts say little about how widely a person scatters, so their variance is pooled with that of most
    people, `least_sd`², as if it came from 5 degrees of freedom: s² = (5 least_sd² + Σ(x − mean)²) / (5 + n − 1), and
    the interval is mean ± t(0.975; 5 + n − 1) s/√n (a scaled inverse chi-squared prior; Gelman et al., Bayesian Data
    Analysis, 3rd ed., 3.3). 5 is what a lognormal spread of 0.35 of this scatter between people is worth.
    """
    efforts = np.asarray(values, float)
    freedom = PRIOR_FREEDOM + len(efforts) - 1
    mean = float(efforts.mean())
    spread = math.sqrt((PRIOR_FREEDOM * least_sd**2 + float(np.sum((efforts - mean) ** 2))) / freedom)
    half = float(scipy.special.stdtrit(freedom, 0.975)) * spread / math.sqrt(len(efforts))
    limit = _limit(mean, half, unit, len(efforts), method, note, float(efforts.max()))
    return msgspec.structs.replace(limit, efforts=tuple(round(effort, 4) for effort in values))


class Effort(NamedTuple):
    """How far one effort came, and the stop line that ended it; `inf` where none did."""

    reached_deg: float
    stop_deg: float = math.inf


def ended_by_line(reached_deg: float, stop_deg: float, near_deg: float = 0.0) -> Effort:
    """An effort that a stop line ended, where it came as far as the line, or so near to it."""
    return Effort(reached_deg, stop_deg if reached_deg >= stop_deg - near_deg else math.inf)


def effort_note(effort: Effort, counts: bool = True) -> str:
    """What to keep in mind of one effort: that it was for practice, or that a stop line ended it; "" for nothing."""
    at_line = math.isfinite(effort.stop_deg)
    ended = f"{AT_STOP_LINE} at {in_degrees(effort.stop_deg)}: it is at least this far" if at_line else ""
    return "; ".join(filter(None, ("" if counts else PRACTICE, ended)))


def from_efforts(efforts: Sequence[Effort], method: str, least_sd: float) -> Limit:
    """A limit from efforts of which stop lines may have ended some: its note says so, for it is right-censored.

    What a stop line ended, well below where another effort came, says nothing of how far the movement goes, and is
    left out: precautions may bound it in one plane and not in another.
    """
    furthest_deg = max(min(effort.reached_deg, effort.stop_deg) for effort in efforts)
    kept = [effort for effort in efforts if effort.stop_deg > furthest_deg - SAME_LINE_DEG]
    stops_deg = [effort.stop_deg for effort in kept if math.isfinite(effort.stop_deg)]
    left_out = len(efforts) - len(kept)
    notes = (at_stop_line(stops_deg, len(kept)), f"{left_out} that had to end lower left out" if left_out else "")
    values = [effort.reached_deg for effort in kept]
    return from_repetitions(values, "deg", method, least_sd, "; ".join(note for note in notes if note))


def at_stop_line(stops_deg: Sequence[float], of: int) -> str:
    """What to keep in mind of a limit where stop lines ended some of its efforts: it is right-censored; "" for none."""
    if not stops_deg:
        return ""
    return f"{len(stops_deg)} of {of} efforts {AT_STOP_LINE} at {in_degrees(min(stops_deg))}: it is at least this far"


def in_degrees(value_deg: float) -> str:
    """An angle in words, small ones to a tenth."""
    return f"{value_deg:.{0 if value_deg > 20 else 1}f}°"


def usual_sd_deg(movement: str) -> float:
    """How widely the efforts of most people scatter in a movement."""
    if movement in LEANS:
        return LEAN_SD_DEG
    if movement in LIFTS:
        return LIFT_SD_DEG[movement.rpartition("_")[0]]
    return NECK_SD_DEG if movement in GAZES else ELEVATION_SD_DEG


def from_one(value: float, unit: str, method: str, sd: float, note: str = "") -> Limit:
    """A length from one measurement whose error is known from many others: its standard deviation is `sd`."""
    return _limit(value, 1.96 * sd, unit, 1, method, note, value)


def _limit(value: float, half: float, unit: str, n: int, method: str, note: str, best: float) -> Limit:
    low, high = round(value - half, 4), round(value + half, 4)
    return Limit(round(value, 4), low, high, unit, n, method, note, round(best, 4))


def reach_cells(azimuth_deg: Array, elevation_deg: Array, radius_m: Array) -> tuple[ReachCell, ...]:
    """The 95th percentile radius in bins of 15 by 15 degrees; bins with under 5 samples are left out.

    Takes three arrays (n,), nan where the hand was not seen.
    """
    seen = np.isfinite(radius_m)
    azimuth, elevation, radius = azimuth_deg[seen], elevation_deg[seen], radius_m[seen]
    bins = np.stack([np.round(azimuth / BIN_DEG), np.round(elevation / BIN_DEG)], axis=1).astype(int)
    cells = []
    for pair in np.unique(bins, axis=0):
        inside = radius[np.all(bins == pair, axis=1)]
        if len(inside) >= LEAST_SAMPLES:
            radius95 = round(float(np.percentile(inside, 95)), 4)
            cells.append(ReachCell(float(pair[0] * BIN_DEG), float(pair[1] * BIN_DEG), radius95, len(inside)))
    return tuple(cells)
