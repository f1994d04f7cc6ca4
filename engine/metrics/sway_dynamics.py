"""How sway comes about: diffusion, regularity, pauses and corrections. For research; no norms exist for heads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.metrics.balance import sway, track_of
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import numbers
from engine.metrics.sway_measures import QUIJOUX, Sway

Array = NDArray[np.float64]

PAUSE_RADIUS_M = 0.003
PAUSE_CUT_OFF_HZ = 2.5
TURN_S = (0.3, 2.5)  # between which the two regions of the diffusion plot part
ENTROPY_HZ = 25.0
NO_CHANGE = 1e-12  # of the variance
DIFFUSION = (
    "short_diffusion_m2",
    "long_diffusion_m2",
    "short_scaling",
    "long_scaling",
    "critical_time_s",
    "critical_displacement_m2",
)

_DIFFUSION: dict[str, Any] = {
    "source": "Collins & De Luca 1993, Exp Brain Res 95:308, with the search for both regions of " + QUIJOUX,
    "error": "unknown for a headset, whose noise raises the short region",
    "doubt": "Two straight lines are a model: look at the plot. Filtering changes the short region.",
}
_VELOCITY_PEAKS: dict[str, Any] = {
    "source": QUIJOUX,
    "error": "unknown for a headset, whose noise adds turns",
    "doubt": "Noise and filtering decide how many turns there are: compare only what was filtered alike.",
}


@dataclass(frozen=True)
class AxisDynamics:
    """Sway along one axis as a process; `why` says what is nan."""

    short_diffusion_m2: float = defined(
        "Short-term diffusion",
        "m²",
        "How fast sway drifts off before it is corrected.",
        formula="mean squared displacement after 1 s on the first line in the log-log plot",
        **_DIFFUSION,
    )
    long_diffusion_m2: float = defined(
        "Long-term diffusion",
        "m²",
        "How far sway drifts in spite of corrections.",
        formula="mean squared displacement after 1 s on the second line in the log-log plot",
        **_DIFFUSION,
    )
    short_scaling: float = defined(
        "Short-term scaling",
        "",
        "Above 0.5 sway goes on in its direction: nothing corrects it yet.",
        formula="half the slope of the line, of those that end after 0.3 to 2.5 s, that fits best (RMS of residuals)",
        **_DIFFUSION,
    )
    long_scaling: float = defined(
        "Long-term scaling",
        "",
        "Below 0.5 sway turns back: it is being corrected.",
        formula="half the slope of the line, of those from 0.3 to 2.5 s on until T / 3, that fits best",
        **_DIFFUSION,
    )
    critical_time_s: float = defined(
        "Critical time",
        "s",
        "After how long drifting off turns into being corrected.",
        formula="where both lines meet, at most T / 3",
        **_DIFFUSION,
    )
    critical_displacement_m2: float = defined(
        "Critical displacement",
        "m²",
        "How far sway gets until it is corrected, squared.",
        formula="the first line's mean squared displacement at the critical time",
        **_DIFFUSION,
    )
    sample_entropy: float = defined(
        "Sample entropy",
        "",
        "How hard to foresee sway is: low is regular, as found when much attention is given to standing.",
        formula="-ln(A / B), pairs of 3 and of 2 samples alike within 0.2 SD (ddof 0), Chebyshev, at about 25 Hz",
        source="Richman & Moorman 2000, Am J Physiol 278:H2039; attention: Donker 2007, doi 10.1007/s00221-007-0905-4",
        error="unknown for a headset, whose noise raises it",
        doubt="Rate, length and filter decide it: compare only what was recorded and filtered alike.",
    )
    turns: float = defined(
        "Turns", "", "How often sway changes its direction.", formula="sign changes of velocity", **_VELOCITY_PEAKS
    )
    peak_velocity_mps: float = defined(
        "Peak velocity",
        "m/s",
        "How fast sway is on average at its fastest between two turns.",
        formula="mean of the largest |velocity| between turns; Savitzky-Golay, 5 samples, cubic",
        **_VELOCITY_PEAKS,
    )
    phase_plane_m: float = defined(
        "Phase plane parameter",
        "m",
        "Size and speed of sway in one number.",
        formula="sqrt(variance of place + variance of velocity), ddof 0, in metres and metres per second",
        source=QUIJOUX + ", who have it from Riley 1995, which we have not read",
        error="unknown for a headset",
        doubt="It adds metres and metres per second: it holds for these units only.",
    )
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlaneDynamics:
    """Sway in the plane as a process; `why` says what is nan."""

    pause_s: float = defined(
        "Pause (sway density)",
        "s",
        "How long they stay within 3 mm when they stay longest.",
        formula="mean of the maxima of the time within 3 mm around each sample, low-passed at 2.5 Hz",
        source="Baratto 2002, Motor Control 6:246, in the form of " + QUIJOUX,
        error="unknown for a headset",
        doubt="3 mm suit a centre of pressure; a head sways further.",
    )
    pause_distance_m: float = defined(
        "Distance between pauses (sway density)",
        "m",
        "How far it is from one such place to the next.",
        formula="mean distance between the places of neighbouring maxima",
        source="Baratto 2002, Motor Control 6:246, in the form of " + QUIJOUX,
        error="unknown for a headset",
        doubt="3 mm suit a centre of pressure; a head sways further.",
    )
    length_over_area_pm: float = defined(
        "Length for surface",
        "1/m",
        "How much way is made in how little area.",
        formula="path length / area of the 95 % ellipse with ddof 0",
        source=QUIJOUX,
        error="that of path and area",
        doubt="It grows with the length of the trial.",
    )
    fractal_dimension: float = defined(
        "Fractal dimension",
        "",
        "How much sway fills its area: 1 is a line, 2 fills it.",
        formula="ln n / (ln n + ln d - ln path), d the diameter of a circle with the ellipse's area (ddof 0)",
        source="Prieto 1996, IEEE Trans Biomed Eng 43:956, with n samples as in " + QUIJOUX,
        error="that of path and area",
        doubt="It changes with rate and length: compare only what was recorded alike.",
    )
    why: Mapping[str, str] = field(default_factory=dict)


def axis_dynamics(values_m: Array, rate_hz: float) -> AxisDynamics:
    """The dynamics of one axis, (n,); raises NotMeasurable like `sway`."""
    values = track_of(values_m, values_m, rate_hz)[:, 0]
    names = ("turns", "peak_velocity_mps", "phase_plane_m")
    found = dict(zip(names, _velocities(values, rate_hz), strict=True))
    found["sample_entropy"] = sample_entropy(values[:: max(1, round(rate_hz / ENTROPY_HZ))])
    why = {name: "too short, or nothing moved" for name, value in found.items() if math.isnan(value)}
    diffused, reason = diffusion(values, rate_hz)
    if reason:
        why |= dict.fromkeys(diffused, reason)
    return AxisDynamics(**found, **diffused, why=why)


def plane_dynamics(ml_m: Array, ap_m: Array, rate_hz: float) -> PlaneDynamics:
    """The dynamics of both axes together; raises NotMeasurable like `sway`."""
    track = track_of(ml_m, ap_m, rate_hz)
    found: Sway = sway(ml_m, ap_m, rate_hz)
    n = len(track)
    area = found.ellipse_area_m2 * (n - 1) / n
    pause_s, distance_m = sway_density(track, rate_hz)
    filled = math.log(n) + math.log(math.sqrt(4 * area / math.pi) / found.path_m) if area > 0 else 0.0
    values = {
        "pause_s": pause_s,
        "pause_distance_m": distance_m,
        "length_over_area_pm": found.path_m / area if area > 0 else math.nan,
        "fractal_dimension": math.log(n) / filled if filled > 0 else math.nan,
    }
    why = {name: "too short, or no area was covered" for name, value in values.items() if math.isnan(value)}
    return PlaneDynamics(**values, why=why)


def sample_entropy(values: Array, length: int = 2, tolerance: float = 0.2) -> float:
    """-ln of the chance that what is alike for `length` samples is alike for one more; nan where it cannot be told.

    Alike is within `tolerance` standard deviations (ddof 0) at every sample; both counts are of the same n - length
    beginnings, without those of a sample with itself. Raises NotMeasurable for values not finite or not in one row.
    """
    values = numbers(values, "a signal")
    if values.ndim != 1 or np.isnan(values).any():
        raise NotMeasurable(f"a signal has to be finite and in one row, not of shape {values.shape}")
    begins = len(values) - length
    if begins < 2 or np.ptp(values) == 0:
        return math.nan
    radius = tolerance * float(values.std())
    order = np.argsort(values[:begins])
    first, *others = (values[order + later] for later in range(length + 1))
    alike = still_alike = 0
    for apart in range(1, begins):  # in the order of their first samples, what is alike is not far apart
        near = first[apart:] - first[:-apart] <= radius
        if not near.any():
            break
        for other in others[:-1]:
            near &= np.abs(other[apart:] - other[:-apart]) <= radius
        alike += int(np.count_nonzero(near))
        near &= np.abs(others[-1][apart:] - others[-1][:-apart]) <= radius
        still_alike += int(np.count_nonzero(near))
    return -math.log(still_alike / alike) if still_alike > 0 else math.nan


def mean_squared_displacement(values: Array, most_lag: int) -> Array:
    """The mean of (x(t + lag) - x(t))² for lags 1 to `most_lag`, by way of the autocorrelation."""
    n = len(values)
    centred = values - values.mean()
    padded = scipy.fft.next_fast_len(2 * n, real=True)
    transformed = scipy.fft.rfft(centred, padded)
    together = scipy.fft.irfft(transformed.real**2 + transformed.imag**2, padded)[: most_lag + 1]
    before = np.concatenate([[0.0], np.cumsum(centred**2)])
    lags = np.arange(most_lag + 1)
    ends: Array = before[n - lags] + before[n] - before[lags]
    found: Array = ((ends - 2 * together) / (n - lags))[1:]
    return found


def diffusion(values: Array, rate_hz: float) -> tuple[dict[str, float], str]:
    """The six diffusion measures of `AxisDynamics` by name, and why they are nan where they are."""
    nothing = dict.fromkeys(DIFFUSION, math.nan)
    first, last = (int(seconds * rate_hz) for seconds in TURN_S)
    lags = len(values) // 3
    if first < 2 or lags < last + 2:
        return nothing, f"too short: diffusion needs {3 * TURN_S[1]:.0f} s and more"
    squared = mean_squared_displacement(values, lags)
    if np.any(squared <= NO_CHANGE * values.var()):
        return nothing, "nothing moved, or it repeats itself exactly"
    log_time, log_squared = np.log(np.arange(1, lags + 1) / rate_hz), np.log(squared)
    ends = np.arange(first + 1, last + 1)
    short_end = ends[_last_least(_misfit(log_time, log_squared)[ends - 1])]
    long_begin = ends[_last_least(_misfit(log_time[::-1], log_squared[::-1])[lags - ends])] - 1
    short_slope, short_level = np.polyfit(log_time[:short_end], log_squared[:short_end], 1)
    long_slope, long_level = np.polyfit(log_time[long_begin:], log_squared[long_begin:], 1)
    if short_slope == long_slope:
        return nothing, "both regions run alike: there is no critical time"
    meet = min((long_level - short_level) / (short_slope - long_slope), log_time[-1])
    found = (
        math.exp(short_level),
        math.exp(long_level),
        short_slope / 2,
        long_slope / 2,
        math.exp(meet),
        math.exp(short_level + short_slope * meet),
    )
    return dict(zip(DIFFUSION, map(float, found), strict=True)), ""


def sway_density(track: Array, rate_hz: float, radius_m: float = PAUSE_RADIUS_M) -> tuple[float, float]:
    """Mean of the maxima of the sway density curve of a track (n, 2), in s, and mean distance between them.

    The curve is the time around each sample in which the point stays within `radius_m` of it; low-passed at 2.5 Hz
    (4th order Butterworth, both ways, not corrected for the second pass). nan with fewer than two maxima.
    """
    if rate_hz <= 2 * PAUSE_CUT_OFF_HZ or len(track) < 20 or not np.ptp(track, axis=0).any():
        return math.nan, math.nan
    stay_s = (_stays(track, radius_m) + _stays(track[::-1], radius_m)[::-1])[:-1] / rate_hz
    sections = scipy.signal.butter(4, PAUSE_CUT_OFF_HZ, fs=rate_hz, output="sos")
    curve = scipy.signal.sosfiltfilt(sections, stay_s)
    inner = curve[1:-1]
    tops = np.flatnonzero((inner > curve[:-2]) & (inner > curve[2:])) + 1
    if len(tops) < 2:
        return math.nan, math.nan
    return float(curve[tops].mean()), float(np.linalg.norm(np.diff(track[tops], axis=0), axis=1).mean())


def _stays(track: Array, radius_m: float) -> Array:
    """For how many samples after each the point stays within a radius of it."""
    place = track[:, 0] + 1j * track[:, 1]
    stays = np.zeros(len(place))
    inside = np.arange(len(place) - 1)
    for lag in range(1, len(place)):
        inside = inside[: np.searchsorted(inside, len(place) - lag)]
        inside = inside[np.abs(place[inside + lag] - place[inside]) <= radius_m]
        if not len(inside):
            break
        stays[inside] = lag
    return stays


def _velocities(values: Array, rate_hz: float) -> tuple[float, float, float]:
    """Turns, mean of the largest speeds between them, and the phase plane parameter."""
    if len(values) < 5 or np.ptp(values) == 0:
        return math.nan, math.nan, math.nan
    velocity = scipy.signal.savgol_filter(values, 5, 3, deriv=1, delta=1 / rate_hz)
    phase_plane = math.hypot(float(values.std()), float(velocity.std()))
    moving = velocity[velocity != 0]
    turns = np.flatnonzero(np.diff(np.sign(moving))) + 1
    if len(turns) < 2:
        return float(len(turns)), math.nan, phase_plane
    largest = np.maximum.reduceat(np.abs(moving), turns)[:-1]
    return float(len(turns)), float(largest.mean()), phase_plane


def _misfit(x: Array, y: Array) -> Array:
    """Sum of squared residuals per sample of the straight line through the first 1, 2, ... samples."""
    n = np.arange(1, len(x) + 1)
    x, y = x - x.mean(), y - y.mean()
    (sx, sy), (sxx, sxy, syy) = (
        np.cumsum(rows, axis=1) for rows in (np.stack([x, y]), np.stack([x * x, x * y, y * y]))
    )
    across, along, up = sxx - sx * sx / n, sxy - sx * sy / n, syy - sy * sy / n
    explained = np.divide(along**2, across, out=np.zeros_like(across), where=across > 0)
    misfit: Array = (up - explained) / n
    return misfit


def _last_least(values: Array) -> int:
    return int(len(values) - 1 - np.argmin(values[::-1]))
