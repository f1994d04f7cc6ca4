"""Signals before they are measured: even in time, without noise, derived. Time runs along the first axis."""

from functools import lru_cache

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.metrics.definition import NotMeasurable

Array = NDArray[np.float64]

MOST_SAMPLES = 1e7  # a day at 100 Hz; whoever asks for more has given nanoseconds for seconds
UNIT_TOLERANCE = 1e-3  # how far from 1 the length of an orientation may be
_STEP_TOLERANCE = 1e-4  # of a step: times are rounded to a nanosecond, and a sample is not lost to that
_BORDER_S = 0.5e-6  # a sample this close to the end of a window of SWARII is outside it, however times are rounded


def low_passed(values: Array, rate_hz: float, cut_off_hz: float) -> Array:
    """Zero-lag 2nd-order Butterworth low-pass, run both ways, whose -3 dB point after both passes is `cut_off_hz`.

    One pass is designed at cut_off / (sqrt(2) - 1) ** (1 / 4), which is cut_off / 0.802 (Winter 2009, Biomechanics and
    Motor Control of Human Movement, 4th ed.). That is exact for the analogue filter: in samples the -3 dB point lies
    0.5 % too high at a 20th of the rate, 2 % at a 10th. The ends are padded by point reflection over three periods of
    the cut-off. What `scipy.signal.sosfiltfilt` gives, in a fifth of the time. Raises NotMeasurable for values that are
    not finite, and for a rate that cannot carry the cut-off.
    """
    one_pass_hz = cut_off_hz / (2**0.5 - 1) ** 0.25
    if not 0 < 2 * one_pass_hz < rate_hz < np.inf:
        raise NotMeasurable(
            f"a low-pass at {cut_off_hz} Hz needs more than {2 * one_pass_hz:.1f} samples a second, there are {rate_hz}"
        )
    _finite(values)
    padding = min(len(values) - 1, int(3 * rate_hz / cut_off_hz))
    filtered = np.empty((*values.shape[:0:-1], len(values) + 2 * padding))  # columns that lie together add up faster
    columns = values.T
    filtered[..., padding : padding + len(values)] = columns
    filtered[..., :padding] = 2 * columns[..., :1] - columns[..., padding:0:-1]
    filtered[..., padding + len(values) :] = 2 * columns[..., -1:] - columns[..., -2 : -padding - 2 : -1]
    numerator, denominator, settled = _butterworth(one_pass_hz, rate_hz)
    for _ in ("there", "back"):
        begin = filtered[..., :1] * settled
        filtered = scipy.signal.lfilter(numerator, denominator, filtered, zi=begin)[0][..., ::-1]
    return np.asarray(filtered[..., padding : padding + len(values)].T)


def uniform(time_s: Array, values: Array, rate_hz: float) -> tuple[Array, Array]:
    """Resample columns (n, k) at a steady rate by straight lines, from the first time on: times (m,), values (m, k).

    What is nan stays nan, with all that would lie on a line to it. Raises NotMeasurable as `swarii` does.
    """
    steady = _steady(time_s, values, rate_hz)
    return steady, np.array([np.interp(steady, time_s, column) for column in values.T]).T


def swarii(time_s: Array, values: Array, rate_hz: float = 25.0, window_s: float = 0.08) -> tuple[Array, Array]:
    """Resample columns (n, k) by sliding windows of weighted means: times (m,) and values (m, k).

    Each value is the mean of the samples inside the window around its time, each weighted by the part of the window
    that is nearer to it than to another sample inside; at the ends of the signal the window ends there. A window
    without a sample is bridged by a straight line. Source: Audiffren & Contal 2016 (Sensors 16:1208), with the first
    and last weight as their own program has them (a sum where the paper prints a difference), as do Quijoux 2021
    (Physiol Rep 9:e15067). For force plates and balance boards whose samples do not come evenly. Raises NotMeasurable
    for times that do not rise, values that are not finite or not as many, and a rate that is none.
    """
    at_s = _steady(time_s, values, rate_hz)
    _finite(values)
    half_s = window_s / 2 - _BORDER_S
    if not 0 < half_s < np.inf:
        raise NotMeasurable(f"a window has to be longer than a microsecond, this one is {window_s} s")
    first, last = np.searchsorted(time_s, at_s - half_s, "right"), np.searchsorted(time_s, at_s + half_s, "left") - 1
    there = first <= last
    first, last = first[there], last[there]
    begin_s, end_s = np.maximum(at_s - half_s, time_s[0])[there], np.minimum(at_s + half_s, time_s[-1])[there]
    # Sample i stands for the time from borders[i] to borders[i + 1]; areas[i] is the integral up to borders[i].
    borders = np.concatenate([time_s[:1], (time_s[1:] + time_s[:-1]) / 2, time_s[-1:]])
    areas = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values * np.diff(borders)[:, None], axis=0)])
    sums = areas[last] - areas[first + 1]
    sums += values[first] * (borders[first + 1] - begin_s)[:, None] + values[last] * (end_s - borders[last])[:, None]
    means = sums / (end_s - begin_s)[:, None]
    return at_s, np.stack([np.interp(at_s, at_s[there], column) for column in means.T], axis=1)


def speed(position: Array, rate_hz: float) -> Array:
    """Speed (n,) of evenly sampled positions (n, k), in their unit per second, by central differences."""
    _a_rate(rate_hz)
    if len(position) < 2:
        raise NotMeasurable(f"a speed needs two samples, there are {len(position)}")
    velocity = np.empty_like(position, float)
    velocity[1:-1] = (position[2:] - position[:-2]) * (rate_hz / 2)
    velocity[[0, -1]] = (position[[1, -1]] - position[[0, -2]]) * rate_hz
    return lengths(velocity)


def lengths(vectors: Array) -> Array:
    """The lengths (n,) of vectors (n, k)."""
    squares: Array = np.einsum("ij,ij->i", vectors, vectors)
    return np.sqrt(squares)


def median_rate_hz(time_s: Array) -> float:
    """How many samples a second there are at times (n,) that rise: 1 over the median step, in a fifth of its time."""
    steps_s = np.sort(np.diff(time_s))
    return 2 / float(steps_s[len(steps_s) // 2] + steps_s[(len(steps_s) - 1) // 2])


def rotations_at(time_s: Array, quaternions_xyzw: Array, at_s: Array) -> Array:
    """Orientations (m, 4) at other times, on the shortest arcs between the known (n, 4); the ends hold beyond them.

    Sign-continuous. Raises NotMeasurable for times that do not rise and orientations that are none.
    """
    _rising(time_s, quaternions_xyzw)
    _unit(quaternions_xyzw)
    after = np.clip(np.searchsorted(time_s, at_s), 1, len(time_s) - 1)
    begin_s, end_s = time_s[after - 1], time_s[after]
    share = np.clip((at_s - begin_s) / (end_s - begin_s), 0, 1)[:, None]
    begin, end = map(scipy.spatial.transform.Rotation.from_quat, (quaternions_xyzw[after - 1], quaternions_xyzw[after]))
    arc = (begin.inv() * end).as_rotvec()
    return sign_continuous((begin * scipy.spatial.transform.Rotation.from_rotvec(share * arc)).as_quat())


def uniform_rotations(time_s: Array, quaternions_xyzw: Array, rate_hz: float) -> tuple[Array, Array]:
    """Resample orientations (n, 4) at a steady rate, as `uniform` does positions: times (m,), orientations (m, 4)."""
    steady = _steady(time_s, quaternions_xyzw, rate_hz)
    return steady, rotations_at(time_s, quaternions_xyzw, steady)


def mean_rotation(quaternions_xyzw: Array) -> Array:
    """The mean orientation (4,) of orientations (n, 4), of whatever sign each; its own is that of the first.

    The unit quaternion with the least sum of squared chordal distances, which is the eigenvector of the largest
    eigenvalue of the sum of q q^T (Markley 2007, J Guid Control Dyn 30:1193). Raises NotMeasurable where there is no
    orientation.
    """
    _unit(quaternions_xyzw)
    mean: Array = np.linalg.eigh(quaternions_xyzw.T @ quaternions_xyzw)[1][:, -1]
    return -mean if mean @ quaternions_xyzw[0] < 0 else mean


def sign_continuous(quaternions_xyzw: Array) -> Array:
    """Orientations (n, 4), each with that of its two signs that is nearer to the one before; nan rows are passed."""
    finite = np.isfinite(quaternions_xyzw).all(axis=1)
    seen = np.flatnonzero(finite)
    known = quaternions_xyzw if finite.all() else quaternions_xyzw[seen]
    signs = np.ones(len(quaternions_xyzw))
    turns = np.einsum("ij,ij->i", known[1:], known[:-1]) < 0
    signs[seen[1:]] = np.where(np.logical_xor.accumulate(turns), -1.0, 1.0)
    continuous: Array = quaternions_xyzw * signs[:, None]
    return continuous


@lru_cache(maxsize=64)
def _butterworth(one_pass_hz: float, rate_hz: float) -> tuple[Array, Array, Array]:
    """Numerator, denominator and settled state of a filter: its design takes longer than to filter a reach with it."""
    numerator, denominator = scipy.signal.butter(2, one_pass_hz, fs=rate_hz)
    return numerator, denominator, scipy.signal.lfilter_zi(numerator, denominator)


def _steady(time_s: Array, values: Array, rate_hz: float) -> Array:
    """Times at a steady rate, from the first on and not beyond the last."""
    _a_rate(rate_hz)
    _rising(time_s, values)
    samples = (time_s[-1] - time_s[0]) * rate_hz
    if not samples < MOST_SAMPLES:
        raise NotMeasurable(f"{samples:.3g} samples are more than a day holds: are the times in seconds?")
    count = int(samples + _STEP_TOLERANCE) + 1
    steady: Array = time_s[0] + np.arange(count) / rate_hz
    return steady


def _a_rate(rate_hz: float) -> None:
    if not 0 < rate_hz < np.inf:
        raise NotMeasurable(f"a rate has to be above 0 Hz, this one is {rate_hz}")


def _rising(time_s: Array, values: Array) -> None:
    if values.ndim != 2 or time_s.shape != values.shape[:1] or len(time_s) < 2:
        raise NotMeasurable(f"two rows or more need a time each: times {time_s.shape}, values {values.shape}")
    if not (np.isfinite(time_s).all() and np.all(np.diff(time_s) > 0)):
        raise NotMeasurable("times have to be finite and to rise: clean the recording before")


def _finite(values: Array) -> None:
    if not len(values) or not np.isfinite(values).all():
        raise NotMeasurable("the signal is empty or has values that are not finite: cut it where it was not seen")


def _unit(quaternions_xyzw: Array) -> None:
    if quaternions_xyzw.ndim != 2 or quaternions_xyzw.shape[1] != 4 or not len(quaternions_xyzw):
        raise NotMeasurable(f"orientations are x, y, z, w in rows, these have the shape {quaternions_xyzw.shape}")
    with np.errstate(over="ignore"):
        wrong = ~(np.abs(np.linalg.norm(quaternions_xyzw, axis=1) - 1) <= UNIT_TOLERANCE)
    if wrong.any():
        raise NotMeasurable(f"{np.count_nonzero(wrong)} orientations are not of unit length")
