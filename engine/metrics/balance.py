"""Postural sway from a two-axis signal: how far, how fast and over what area a point wanders.

The signal is any point that stands for the body: a force plate's centre of pressure, or the head, whose
results must be named head sway. All functions take `sway` of shape (n, 2), mediolateral then
anteroposterior, in one unit of length, evenly sampled at `rate_hz`; the mean is removed inside. T = n / rate.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import signal, stats

Array = NDArray[np.float64]

HEAD_SWAY_CUT_OFF_HZ = 5.0
_ONE_PASS_OF_TWO = 0.802  # (2 ** (1 / 2) - 1) ** (1 / 4): Winter 2009, for a 2nd order filter run both ways


def low_passed(sway: Array, rate_hz: float, cut_off_hz: float = HEAD_SWAY_CUT_OFF_HZ) -> Array:
    """Zero-lag 2nd order Butterworth low-pass whose -3 dB point after both passes is `cut_off_hz`."""
    sections = signal.butter(2, cut_off_hz / _ONE_PASS_OF_TWO, fs=rate_hz, output="sos")
    padding = min(len(sway) - 1, int(3 * rate_hz / cut_off_hz))
    filtered: Array = signal.sosfiltfilt(sections, sway, axis=0, padlen=padding)
    return filtered


def path_length(sway: Array) -> float:
    """The length of the way, in the unit of the signal: sum of distances between samples."""
    return float(np.linalg.norm(np.diff(sway, axis=0), axis=1).sum())


def mean_velocity(sway: Array, rate_hz: float) -> float:
    """Path length over T, per second (Prieto 1996, IEEE TBME 43:956)."""
    return path_length(sway) * rate_hz / len(sway)


def rms(sway: Array) -> tuple[float, float]:
    """Root mean square about the mean (ddof 0), mediolateral and anteroposterior."""
    ml, ap = np.sqrt(np.mean((sway - sway.mean(axis=0)) ** 2, axis=0))
    return float(ml), float(ap)


def extent(sway: Array) -> tuple[float, float]:
    """Largest less smallest value, mediolateral and anteroposterior."""
    ml, ap = np.ptp(sway, axis=0)
    return float(ml), float(ap)


def prediction_ellipse_area(sway: Array, share: float = 0.95) -> float:
    """Area of the ellipse that holds the next sample with probability `share`, in the unit squared.

    pi sqrt(det S) 2 (n - 1)(n + 1) / (n (n - 2)) F, S with ddof 1, F of 2 and n - 2 degrees of freedom:
    the *prediction* ellipse of Schubert & Kirchner 2014 (Gait & Posture 39:518), not the confidence ellipse.
    """
    n = len(sway)
    spread = math.sqrt(max(0.0, float(np.linalg.det(np.cov(sway.T, ddof=1)))))
    quantile = float(stats.f.ppf(share, 2, n - 2))
    return math.pi * spread * quantile * 2 * (n - 1) * (n + 1) / (n * (n - 2))
