"""Traces for reading: a quantity over a trial, thinned to what a page can show."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TRACE_HZ = 15.0


def thinned(time_s: Array, values: Array) -> tuple[tuple[float, ...], tuple[float | None, ...]]:
    """Times and values (n,) at about 15 a second, nan as None."""
    step = max(1, round(len(time_s) / max(1.0, TRACE_HZ * float(time_s[-1] - time_s[0])))) if len(time_s) > 1 else 1
    times = tuple(round(float(t), 3) for t in time_s[::step])
    return times, tuple(None if np.isnan(v) else round(float(v), 3) for v in values[::step])
