"""How far fingers bend, from the 26 joints of a hand that cameras see.

Joints are (n, 26, 3) metres in the order of OpenXR's XR_EXT_hand_tracking: palm, wrist, four joints of the thumb
(metacarpal, proximal, distal, tip), and five of each finger (metacarpal, proximal, intermediate, distal, tip). A joint
lies at the base of the bone that it is named by, so the knuckle (MCP) is where "proximal" is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics import turning
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import outward_sign, tracked

Array = NDArray[np.float64]
R = TypeVar("R")

JOINTS = 26
FIRST_JOINT = {"index": 6, "middle": 11, "ring": 16, "little": 21}
_THUMB, _INDEX_KNUCKLE, _LITTLE_KNUCKLE = 2, 7, 22


def _joint(title: str, meaning: str, formula: str) -> Any:
    return defined(
        title,
        "deg",
        meaning,
        formula=formula,
        source="bones between joints of XR_EXT_hand_tracking; total active motion of the American Society for Surgery "
        "of the Hand",
        error="published: 9.6 deg for a joint in the mean, by the cameras of a Quest 2 (Abdlkarim 2024, Behav Res "
        "Methods 56:1052); of total active motion unknown",
        doubt="Fingers hid one another, the hand faced away from the cameras, or held something.",
    )


_FLEXION = "max over time of the angle between the bones before and after the joint, towards the palm"
_EXTENSION = "min over time of the same angle: 0 is straight, below 0 bent back, above 0 what lacks to straight"


@dataclass(frozen=True)
class Finger:
    """How far one finger bent and stretched, at knuckle (MCP), middle (PIP) and end joint (DIP)."""

    mcp_flexion_deg: float = _joint("MCP flexion", "How far the knuckle bent.", _FLEXION)
    mcp_extension_deg: float = _joint(
        "MCP at its straightest",
        "How straight the knuckle got: 0 is straight, above 0 still bent, below 0 bent back.",
        _EXTENSION,
    )
    pip_flexion_deg: float = _joint("PIP flexion", "How far the middle joint bent.", _FLEXION)
    pip_extension_deg: float = _joint(
        "PIP at its straightest",
        "How straight the middle joint got: 0 is straight, above 0 still bent, below 0 bent back.",
        _EXTENSION,
    )
    dip_flexion_deg: float = _joint("DIP flexion", "How far the end joint bent.", _FLEXION)
    dip_extension_deg: float = _joint(
        "DIP at its straightest",
        "How straight the end joint got: 0 is straight, above 0 still bent, below 0 bent back.",
        _EXTENSION,
    )
    total_active_motion_deg: float = _joint(
        "Total active motion",
        "How far the whole finger moves between fist and open hand, less what it lacks to straight.",
        "sum of the three flexions when it is largest - sum of max(0, flexion) when it is smallest",
    )
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Thumb:
    """How far a thumb bent and stretched, at its knuckle (MCP) and end joint (IP)."""

    mcp_flexion_deg: float = _joint("Thumb MCP flexion", "How far the thumb's knuckle bent.", _FLEXION)
    mcp_extension_deg: float = _joint(
        "Thumb MCP at its straightest",
        "How straight the thumb's knuckle got: 0 is straight, above 0 still bent, below 0 bent back.",
        _EXTENSION,
    )
    ip_flexion_deg: float = _joint("Thumb IP flexion", "How far the thumb's end joint bent.", _FLEXION)
    ip_extension_deg: float = _joint(
        "Thumb IP at its straightest",
        "How straight the thumb's end joint got: 0 is straight, above 0 still bent, below 0 bent back.",
        _EXTENSION,
    )
    total_active_motion_deg: float = _joint(
        "Thumb, total active motion",
        "How far the whole thumb moves between bent and open, less what it lacks to straight.",
        "sum of both flexions when it is largest - sum of max(0, flexion) when it is smallest",
    )
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


def finger_track_deg(joints_m: ArrayLike, side: str, name: str) -> Array:
    """MCP, PIP and DIP flexion of one of FIRST_JOINT's fingers over time, (n, 3); negative is bent back, nan unseen.

    At the knuckle it is the angle in the plane across the row of knuckles, so that spreading the fingers is no
    flexion; the hinges beyond have the whole angle between their bones.
    """
    joints = tracked(joints_m, (None, JOINTS, 3), "joints of a hand")
    if name not in FIRST_JOINT:
        raise NotMeasurable(f"a finger is one of {', '.join(FIRST_JOINT)}, not {name!r}")
    first = FIRST_JOINT[name]
    bones = _unit(np.diff(joints[:, first : first + 5], axis=1))
    across = joints[:, _LITTLE_KNUCKLE] - joints[:, _INDEX_KNUCKLE]
    axis = _unit(-outward_sign(side) * across)[:, None]
    sines = np.sum(np.cross(bones[:, :-1], bones[:, 1:]) * axis, axis=2)
    in_plane = bones[:, :2] - np.sum(bones[:, :2] * axis, axis=2, keepdims=True) * axis
    knuckle = np.arctan2(sines[:, 0], np.sum(in_plane[:, 0] * in_plane[:, 1], axis=1))
    hinges = np.where(sines[:, 1:] < 0, -1, 1) * _angles(bones)[:, 1:]
    flexions: Array = np.degrees(np.column_stack([knuckle, hinges]))
    return flexions


def thumb_track_deg(joints_m: ArrayLike) -> Array:
    """MCP and IP flexion of the thumb over time, (n, 2); negative is bent away from the little finger, nan unseen."""
    joints = tracked(joints_m, (None, JOINTS, 3), "joints of a hand")
    bones = _unit(np.diff(joints[:, _THUMB : _THUMB + 4], axis=1))
    before, after = bones[:, :-1], bones[:, 1:]
    bend = after - np.sum(after * before, axis=2, keepdims=True) * before
    to_palm = (joints[:, _LITTLE_KNUCKLE] - joints[:, _THUMB + 1])[:, None]
    flexions: Array = np.degrees(np.where(np.sum(bend * to_palm, axis=2) < 0, -1, 1) * _angles(bones))
    return flexions


def finger(joints_m: ArrayLike, side: str, name: str, *, passive: bool = False) -> Finger:
    """The range of one finger: "index", "middle", "ring" or "little"; raises NotMeasurable on wrong shapes."""
    return _summed(Finger, finger_track_deg(joints_m, side, name), passive)


def thumb(joints_m: ArrayLike, *, passive: bool = False) -> Thumb:
    """The range of the thumb; raises NotMeasurable on wrong shapes."""
    return _summed(Thumb, thumb_track_deg(joints_m), passive)


def _summed(kind: type[R], track_deg: Array, passive: bool) -> R:
    seen = track_deg[~np.isnan(track_deg).any(axis=1)]
    if not len(seen):
        return turning.unseen(kind, "the fingers were never seen", passive)
    sums = seen.sum(axis=1)
    total = sums.max() - np.maximum(seen[np.argmin(sums)], 0).sum()
    ranges = np.stack([seen.max(axis=0), seen.min(axis=0)], axis=1)
    return turning.result(kind, [*ranges.ravel(), total], passive)


def _unit(vectors: Array) -> Array:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    units: Array = vectors / np.where(length > 0, length, np.nan)
    return units


def _angles(bones: Array) -> Array:
    """The angles in radians between successive unit bones (n, k, 3), (n, k - 1)."""
    angles: Array = np.arccos(np.clip(np.sum(bones[:, :-1] * bones[:, 1:], axis=2), -1, 1))
    return angles
