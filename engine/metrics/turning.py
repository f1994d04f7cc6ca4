"""Rotations as rotation vectors: how far something turned from neutral, about which axis, how often.

Components of a rotation vector have no order of axes and no singularity below a half turn, and a movement about one
axis reads as exactly its angle, which Euler angles do not give. Quaternions are (x, y, z, w), body to space, OpenXR
axes: x right, y up, -z forward. Arrays are time first.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from engine.frame import Vector
from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.given import LATEST_S, numbers
from engine.metrics.signals import lengths

Array = NDArray[np.float64]
R = TypeVar("R")

ROUNDED = 0.01  # a quaternion that is further from length 1 is no rotation; nearer, a file has rounded it
NEUTRAL_S = 0.5  # the quiet beginning that a neutral trunk is taken from
LEAST_REPETITION_DEG = 10.0
LEAST_SHARE = 0.5


class Peak(NamedTuple):
    """The far end of one repetition: which movement, when, how far, and how far off its axis at that moment."""

    movement: str
    at_s: float
    peak_deg: float
    off_axis_deg: float


def rotations(quaternions_xyzw: ArrayLike, what: str) -> "scipy.spatial.transform.Rotation":
    """The rotations of (n, 4) quaternions; raises NotMeasurable when one is none."""
    values = numbers(quaternions_xyzw, what)
    if values.ndim != 2 or values.shape[1] != 4 or not len(values):
        raise NotMeasurable(f"{what}: {values.shape} is not (n, 4), quaternions x y z w")
    sizes = lengths(values)
    if not np.all(np.abs(sizes - 1) <= ROUNDED):
        raise NotMeasurable(f"{what}: a quaternion must be finite and of length 1, not {sizes.max():.3g}")
    return scipy.spatial.transform.Rotation.from_quat(values)


def turned_deg(neutral: "scipy.spatial.transform.Rotation", quaternions_xyzw: Array) -> Array:
    """The rotation vectors (n, 3) from a neutral to orientations (n, 4), in degrees, in the axes of the neutral.

    What scipy gives as (neutral.inv() * rotations).as_rotvec(), in a tenth of the time.
    """
    x, y, z, w = neutral.inv().as_quat()
    from_neutral = np.array([[w, -z, y, x], [z, w, -x, y], [-y, x, w, z], [-x, -y, -z, w]])
    *vector, cosine = from_neutral @ quaternions_xyzw.T
    sine = lengths(np.transpose(vector))
    angle_deg = np.degrees(2 * np.arctan2(np.copysign(sine, cosine), np.abs(cosine)))
    per_sine = np.divide(angle_deg, sine, out=np.full(len(sine), 0.0), where=sine > 0)
    return np.asarray(np.transpose(vector * per_sine))


def turned(quaternions_xyzw: Array, vector: Vector) -> Array:
    """A vector as each of some orientations (n, 4) turns it, (n, 3); what scipy gives, in a fifth of the time.

    v + 2 (w u × v + u × (u × v)) / |q|² with u = (x, y, z), where u × (u × v) is (u · v) u - (u · u) v.
    """
    axis, w = quaternions_xyzw[:, :3].T, quaternions_xyzw[:, 3]
    (x, y, z), (a, b, c) = axis, vector
    along, square = a * x + b * y + c * z, x * x + y * y + z * z
    per_size = 2 / (square + w * w)
    across = np.array([c * y - b * z, a * z - c * x, b * x - a * y])
    fixed = np.array(vector)[:, None]
    found: Array = fixed + per_size * (w * across + along * axis - square * fixed)
    return found.T


def mean_rotation(quaternions_xyzw: ArrayLike, what: str) -> "scipy.spatial.transform.Rotation":
    """The rotation of one quaternion (4,) or the mean of several (k, 4)."""
    return rotations(np.atleast_2d(numbers(quaternions_xyzw, what)), what).mean()


def chronological(time_s: ArrayLike, n: int) -> NDArray[np.intp]:
    """The indices of `n` samples in the order of time, of equal times the first; raises NotMeasurable on nonsense."""
    times = numbers(time_s, "times", LATEST_S)
    if times.shape != (n,) or np.isnan(times).any():
        raise NotMeasurable(f"times: {times.shape} is not ({n},), one finite second for each sample")
    if np.all(np.diff(times) > 0):
        return np.arange(n)
    order: NDArray[np.intp] = np.unique(times, return_index=True)[1]
    return order


def trunk_motion(
    trunk_xyzw: Array, time_s: Array, neutral_xyzw: ArrayLike | None
) -> "scipy.spatial.transform.Rotation":
    """How a trunk has turned in the room, T T0^-1; T0 is the neutral given, or the mean of its first half second."""
    quiet = trunk_xyzw[time_s <= time_s[0] + NEUTRAL_S] if neutral_xyzw is None else neutral_xyzw
    return rotations(trunk_xyzw, "the trunk") * mean_rotation(quiet, "the neutral trunk").inv()


def furthest(components: Array) -> tuple[Array, Array]:
    """How far columns (n, k) went above and below zero, (k,) each, and both positive."""
    return np.maximum(components.max(axis=0), 0), np.maximum(-components.min(axis=0), 0)


def off_axis(components: Array) -> float:
    """The longest that the components other than the one with the largest range were together."""
    main = int(np.argmax(np.ptp(components, axis=0)))
    return float(lengths(np.delete(components, main, axis=1)).max())


def peaks(
    time_s: Array,
    components: Array,
    movements: Sequence[tuple[str, str]],
    least_deg: float = LEAST_REPETITION_DEG,
) -> tuple[Peak, ...]:
    """The repetitions in the components (n, 3) of a rotation vector, in the order of time.

    `movements` names each column's positive and negative direction. A repetition is a peak of at least `least_deg`
    away from neutral that stands out by as much from what is before and after it, is larger at that moment than every
    other component, and reaches half of the furthest of its kind, as a glance does not. What was said, pressed or
    planned plays no part. A movement still held when the recording ends counts.
    """
    both = np.concatenate([components, -components], axis=1)
    names = [name for name, _ in movements] + [name for _, name in movements]
    found = []
    for column, name in enumerate(names):
        padded = np.concatenate(([0.0], both[:, column], [0.0]))
        for i in scipy.signal.find_peaks(padded, height=least_deg, prominence=least_deg)[0] - 1:
            if np.argmax(both[i]) == column:
                others = np.delete(components[i], column % components.shape[1])
                found.append(Peak(name, float(time_s[i]), float(both[i, column]), float(np.linalg.norm(others))))
    best_deg = {name: max((peak.peak_deg for peak in found if peak.movement == name), default=0.0) for name in names}
    repetitions = (peak for peak in found if peak.peak_deg >= LEAST_SHARE * best_deg[peak.movement])
    return tuple(sorted(repetitions, key=lambda peak: peak.at_s))


def result(
    kind: type[R], values: Iterable[float], passive: bool, why: Mapping[str, str] | None = None, **more: Any
) -> R:
    """A result's dataclass from its measures in order; `passive` says that somebody else moved the person."""
    measures = dict(zip(definitions(kind), map(float, values), strict=True))
    make: Any = kind  # a dataclass with fields `mode` and `why`, which no type of Python's can say
    made: R = make(**measures, mode="passive" if passive else "active", why=why or {}, **more)
    return made


def unseen(kind: type[R], reason: str, passive: bool, **more: Any) -> R:
    """A result without a single measure, and why."""
    names = definitions(kind)
    return result(kind, [math.nan] * len(names), passive, dict.fromkeys(names, reason), **more)
