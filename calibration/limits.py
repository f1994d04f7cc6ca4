"""Limits and reach from repetitions: the arithmetic that every assessment shares."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import special

from engine.records import Limit, ReachCell

Array = NDArray[np.float64]

BIN_DEG = 15.0
LEAST_SAMPLES = 5
PRIOR_FREEDOM = 5


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
    half = float(special.stdtrit(freedom, 0.975)) * spread / math.sqrt(len(efforts))
    return _limit(mean, half, unit, len(efforts), method, note, float(efforts.max()))


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
