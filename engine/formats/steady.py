"""Recordings at a steady rate, for formats that know no other.

Places go by straight lines and orientations by the shortest turn from one frame to the next, if that is not more than
0.1 s later; what is left without a pose is not valid.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from engine.formats.tables import POSE, Array, Poses
from engine.motion import INTERPOLATE_S
from engine.recording import DEVICES_FLAGS, FLAGS

_SAME_S = 1e-6
_LONGEST_SHARE = 20


class Unsteady(ValueError):
    """A recording whose times cannot be put on one steady rate; the message says why."""


def rate_hz(poses: Poses) -> float:
    """The inverse of the median step that is longer than none, as a 32-bit float; raises Unsteady."""
    steps_ns = np.diff(poses.time_ns)
    steps_ns = steps_ns[steps_ns > 0]
    if not len(steps_ns):
        raise Unsteady("less than two frames have no rate, and this format needs one")
    return float(np.float32(1e9 / np.median(steps_ns)))


def resampled(poses: Poses, rate_hz: float) -> Poses:
    """Poses at a steady rate from the first frame to the last; flags and inputs are those of the frame before.

    Frames whose time does not rise are left out. Raises Unsteady when most of the time has no frames.
    """
    earlier = np.append(np.iinfo(np.int64).min, np.maximum.accumulate(poses.time_ns)[:-1])
    kept = cut(poses, np.flatnonzero(poses.time_ns > earlier))
    time_s = (kept.time_ns - kept.time_ns[0]) * 1e-9
    if time_s[-1] * rate_hz > _LONGEST_SHARE * len(time_s):
        raise Unsteady(f"{len(time_s)} frames lie over {time_s[-1]:.0f} s, and this format needs a steady rate")
    steady_s = np.arange(int((time_s[-1] + _SAME_S) * rate_hz) + 1) / rate_hz
    before = np.searchsorted(time_s, steady_s + _SAME_S, side="right") - 1
    time_ns = kept.time_ns[0] + np.round(steady_s * 1e9).astype(np.int64)
    blended = {name: _blended(time_s, values, steady_s) for name, values in kept.poses.items()}
    missing = {name: np.isnan(values[:, 0]) for name, values in blended.items()}
    flags = kept.flags[before] & ~_bits(FLAGS, missing).astype(np.uint32)
    devices_flags = kept.devices_flags[before]
    devices_flags = np.where(devices_flags < 0, -1, devices_flags & ~_bits(DEVICES_FLAGS, missing))
    return Poses(time_ns, flags, kept.inputs[before], devices_flags, blended)


def cut(poses: Poses, frames: slice | NDArray[np.intp]) -> Poses:
    """Some frames of a recording."""
    chosen = {name: values[frames] for name, values in poses.poses.items()}
    return Poses(poses.time_ns[frames], poses.flags[frames], poses.inputs[frames], poses.devices_flags[frames], chosen)


def _bits(names: tuple[str, ...], missing: Mapping[str, NDArray[np.bool_]]) -> NDArray[np.int64]:
    """The flags (n,) that say of missing poses that they are valid."""
    found = np.zeros(len(next(iter(missing.values()))), np.int64)
    for bit, name in enumerate(names):
        if name.endswith("_valid") and (device := name.removesuffix("_valid")) in missing:
            found |= missing[device].astype(np.int64) << bit
    return found


def _blended(time_s: Array, poses: NDArray[np.float32], steady_s: Array) -> NDArray[np.float32]:
    seen = np.flatnonzero(~np.isnan(poses[:, 0]))
    blended = np.full((len(steady_s), len(POSE)), np.nan, np.float32)
    if len(seen):
        seen_s, values = time_s[seen], poses[seen].astype(float)
        before = np.maximum(np.searchsorted(seen_s, steady_s + _SAME_S, side="right") - 1, 0)
        after = np.minimum(before + 1, len(seen) - 1)
        since_s, gap_s = steady_s - seen_s[before], seen_s[after] - seen_s[before]
        there = np.abs(since_s) <= _SAME_S
        neighbours = (seen[after] - seen[before] == 1) & (gap_s <= INTERPOLATE_S)
        between = ~there & (since_s > 0) & neighbours
        share = np.divide(since_s, gap_s, out=np.zeros_like(gap_s), where=between)[:, None]
        found = there | between
        blended[found] = _between(values[before], values[after], share)[found]
    return blended


def _between(poses: Array, ahead: Array, share: Array) -> Array:
    """Poses a share of the way ahead; over 0.1 s a straight line between quaternions is as good as an arc."""
    ahead[np.sum(poses[:, 3:] * ahead[:, 3:], axis=1) < 0, 3:] *= -1
    mixed = (1 - share) * poses + share * ahead
    length, wanted = _length(mixed), (1 - share) * _length(poses) + share * _length(ahead)
    mixed[:, 3:] *= np.divide(wanted, length, out=np.ones_like(length), where=length > 0)
    return mixed


def _length(poses: Array) -> Array:
    return np.asarray(np.linalg.norm(poses[:, 3:], axis=1, keepdims=True))
