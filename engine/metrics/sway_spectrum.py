"""The rhythm of sway: power densities by Welch's method, and what is read off them."""

import math
from collections.abc import Iterator, Mapping

import numpy as np
import scipy
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]

BAND_HZ = (0.15, 5.0)
SEGMENT_S = 10.0
NO_POWER = 1e-12  # of the variance: what rounding leaves of a straight line when it was taken away
_AXES = ("", "_ml", "_ap")
_IN_BAND = ("f50{}_hz", "f95{}_hz", "centroid_frequency{}_hz", "frequency_dispersion{}", "power{}_m2")


def in_band(centred: Array, rate_hz: float, why: dict[str, str]) -> Mapping[str, float]:
    """Percentiles and moments of the power from 0.15 to 5 Hz of a track (n, 2), of both axes together and of each.

    Names are those of `engine.metrics.sway_measures.Sway`. All nan, and said so in `why`, when the track is too
    short or too slow; an axis that does not move is nan.
    """
    names = [name.format(axis) for name in _IN_BAND for axis in _AXES]
    found = dict.fromkeys(names, math.nan)
    missing = _missing(len(centred), rate_hz)
    if missing:
        why.update(dict.fromkeys(names, missing))
        return found
    frequency_hz, density = band_power(centred, rate_hz)
    step_hz, variance = rate_hz / len(centred), float(centred.var(axis=0).sum())
    for axis, one in _by_axis(density):
        if one.sum() * step_hz > NO_POWER * variance:
            values = (*_moments(frequency_hz, one), float(one.sum()) * step_hz)
            found |= dict(zip((name.format(axis) for name in _IN_BAND), values, strict=True))
    return found


def mean_power_frequency(centred: Array, rate_hz: float) -> Mapping[str, float]:
    """The mean of frequency weighted by power, over all frequencies (Santos & Duarte 2016, PeerJ 4:e2648).

    Integrals are trapezoids; that of both axes is their mean, weighted by their summed power. nan where nothing moves.
    """
    half = len(centred) // 2
    frequency_hz, density = power_density(centred, rate_hz, half, half, trend=0)
    total = np.trapezoid(density, frequency_hz, axis=0)
    weighted = np.trapezoid(frequency_hz[:, None] * density, frequency_hz, axis=0)
    moving = total > 0
    ml_ap = np.divide(weighted, total, out=np.full(2, math.nan), where=moving)
    power = density.sum(axis=0)
    both = float(np.average(ml_ap[moving], weights=power[moving])) if moving.any() else math.nan
    values = (both, float(ml_ap[0]), float(ml_ap[1]))
    return {f"mean_power_frequency{axis}_hz": value for axis, value in zip(_AXES, values, strict=True)}


def band_power(track: Array, rate_hz: float) -> tuple[Array, Array]:
    """Frequencies (k,) from 0.15 to 5 Hz and power densities (k, axes).

    Segments of 10 s, each without its straight line, padded to the length of the track (Quijoux 2021, Physiological
    Reports 9:e15067).
    """
    frequency_hz, density = power_density(track, rate_hz, round(SEGMENT_S * rate_hz), len(track), trend=1)
    inside = (frequency_hz >= BAND_HZ[0]) & (frequency_hz <= BAND_HZ[1])
    return frequency_hz[inside], density[inside]


def power_density(track: Array, rate_hz: float, segment: int, padded: int, trend: int) -> tuple[Array, Array]:
    """One-sided power densities (k, axes) of a track (n, axes) at frequencies (k,), by Welch's method.

    Hann windows that overlap by half; `trend` 0 takes the mean of each away, 1 its straight line. What
    `scipy.signal.welch` gives, in a fifth of the time.
    """
    pieces = sliding_window_view(track, segment, axis=0)[:: segment - segment // 2]
    line = np.linspace(-1, 1, segment)
    basis = np.stack([np.ones(segment), line])[: trend + 1]
    basis /= np.linalg.norm(basis, axis=1, keepdims=True)
    window = scipy.signal.windows.hann(segment, sym=False)
    level = (pieces - (pieces @ basis.T) @ basis) * window
    amplitude = scipy.fft.rfft(level, padded)
    density = np.mean(amplitude.real**2 + amplitude.imag**2, axis=0).T * 2 / (rate_hz * np.sum(window**2))
    density[0] /= 2
    if padded % 2 == 0:
        density[-1] /= 2
    return scipy.fft.rfftfreq(padded, 1 / rate_hz), density


def power_percentile_hz(frequency_hz: Array, density: Array, share: float) -> float:
    """The first frequency up to which at least a share of the power lies."""
    cumulated = np.cumsum(density)
    return float(frequency_hz[np.argmax(cumulated >= share * cumulated[-1])])


def _moments(frequency_hz: Array, density: Array) -> tuple[float, float, float, float]:
    """F50, F95, centroid frequency and frequency dispersion."""
    m0, m1, m2 = (float(np.sum(frequency_hz**k * density)) for k in range(3))
    f50, f95 = (power_percentile_hz(frequency_hz, density, share) for share in (0.5, 0.95))
    return f50, f95, math.sqrt(m2 / m0), math.sqrt(max(0.0, 1 - m1**2 / (m0 * m2)))


def _by_axis(density: Array) -> Iterator[tuple[str, Array]]:
    return zip(_AXES, (density.sum(axis=1), density[:, 0], density[:, 1]), strict=True)


def _missing(samples: int, rate_hz: float) -> str:
    if rate_hz < 2 * BAND_HZ[1]:
        return f"the band goes up to {BAND_HZ[1]:.0f} Hz, for which {rate_hz:.1f} Hz are too few"
    if samples < round(SEGMENT_S * rate_hz):
        return f"{samples / rate_hz:.1f} s are too short for a spectrum; {SEGMENT_S:.0f} s are needed"
    return ""
