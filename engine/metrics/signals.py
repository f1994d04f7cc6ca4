"""Signals before they are measured: even in time, without noise, derived. Time runs along the first axis."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Array = NDArray[np.float64]


def low_passed(values: Array, rate_hz: float, cut_off_hz: float, order: int = 2) -> Array:
    """Zero-lag Butterworth low-pass of `order`, run both ways, whose -3 dB point after both passes is `cut_off_hz`.

    One pass is designed at cut_off / (sqrt(2) - 1) ** (1 / (2 order)), which is cut_off / 0.802 for the 2nd order
    (Winter 2009, Biomechanics and Motor Control of Human Movement, 4th ed., section 3.4.4.2).
    """
    one_pass_hz = cut_off_hz / (2**0.5 - 1) ** (1 / (2 * order))
    sections = signal.butter(order, one_pass_hz, fs=rate_hz, output="sos")
    padding = min(len(values) - 1, int(3 * rate_hz / cut_off_hz))
    filtered: Array = signal.sosfiltfilt(sections, values, axis=0, padlen=padding)
    return filtered


def uniform(time_s: Array, values: Array, rate_hz: float) -> tuple[Array, Array]:
    """Resample columns at a steady rate by straight lines: times (m,) and values (m, k)."""
    steady = np.arange(time_s[0], time_s[-1], 1 / rate_hz)
    columns = [np.interp(steady, time_s, column) for column in values.T]
    return steady, np.stack(columns, axis=1)


def speed(position: Array, rate_hz: float) -> Array:
    """Speed (n,) of evenly sampled positions (n, k), in their unit per second, by central differences."""
    found: Array = np.linalg.norm(np.gradient(position, 1 / rate_hz, axis=0), axis=1)
    return found
