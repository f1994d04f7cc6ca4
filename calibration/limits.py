"""Limits and reach from repetitions: the arithmetic that every assessment shares."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.records import Limit, ReachCell

Array = NDArray[np.float64]

BIN_DEG = 15.0
LEAST_SAMPLES = 5


def from_repetitions(values: Sequence[float], unit: str, method: str, least_sd: float, note: str = "") -> Limit:
    """A limit from repeated efforts: their mean, a 95 % interval, and the best.

    Two or three efforts say little about their own spread, so it is never taken below `least_sd`.
    """
    efforts = np.asarray(values, float)
    spread = max(float(efforts.std(ddof=1)) if len(efforts) > 1 else 0.0, least_sd)
    half = 1.96 * spread / math.sqrt(len(efforts))
    mean = float(efforts.mean())
    return Limit(
        value=round(mean, 4),
        low=round(mean - half, 4),
        high=round(mean + half, 4),
        unit=unit,
        n=len(efforts),
        method=method,
        note=note,
        best=round(float(efforts.max()), 4),
    )


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
