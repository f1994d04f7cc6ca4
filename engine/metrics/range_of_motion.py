"""How far the neck and the trunk turn, and where three tracked points see an arm and a lean.

Neck and trunk are rotation vectors (engine.metrics.turning): the neck's in the axes of the neutral head, the trunk's
in those of the stance. Arm and lean over time are for games, which ask how far a person is just now;
`engine.metrics.arm_angles` says what may be reported of an arm.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from engine import body
from engine.frame import Vector
from engine.metrics import signals, turning
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import LATEST_S, number, numbers, tracked
from engine.metrics.progress import Repetitions, summary
from engine.motion import Motion
from engine.records import Stance

Array = NDArray[np.float64]

ELEVATION_ERROR_DEG = 18.0  # 95 %: patients' peaks were off by 7 degrees in the median and 15 at the 90th percentile
LEAN_ERROR_DEG = 0.5  # 95 %: headsets are within 5 mm, a stance within 1 cm, at 1.2 to 1.8 m
STRAIGHT_ARM = 0.92  # share of arm length from which elevation may be read off the hand
NECK_ERROR_DEG = 2.1  # 95 %: headsets that a robot turned were within 0.4 to 1.05 degrees RMS
FILTERED_RATE_HZ = 100.0

# Of a rotation vector's x, y and z: what turns in its positive and in its negative direction.
NECK_MOVEMENTS = (("extension", "flexion"), ("left_rotation", "right_rotation"), ("left_lateral", "right_lateral"))


def _neck(title: str, meaning: str, formula: str) -> Any:
    return defined(
        title,
        "deg",
        meaning,
        formula=f"{formula}; r = log(q0^-1 q) in degrees in the axes of the neutral head q0, with a chest tracker "
        "r = log(q0^-1 T0 T^-1 q)",
        source="rotation vector; validity of headsets in Sensors 2023, 23:9864",
        error="2.1 deg is twice the RMS error of the worst headset that a robot turned (0.4 to 1.05 deg), and the "
        "largest published mean difference to optical capture (20 people; how single people scatter is not in it); "
        "without a chest tracker the trunk is in it: 5 of 105 deg of flexion and "
        "extension, 9 of 87 lateral, 5 of 138 rotation in 30 adults",
        doubt="The trunk moved and wore no tracker, the headset slid or sat askew (15 deg of tilt take 3 % off and "
        "show a quarter of it on another axis), or the neutral pose was not held.",
        plus_minus=NECK_ERROR_DEG,
    )


@dataclass(frozen=True)
class Neck:
    """How far the neck turned from neutral each way, and in all; every angle is positive."""

    flexion_deg: float = _neck("Neck flexion", "How far the chin went down.", "max(0, max of -r_x)")
    extension_deg: float = _neck("Neck extension", "How far the chin went up.", "max(0, max of r_x)")
    left_lateral_deg: float = _neck(
        "Neck lateral flexion, left", "How far the left ear went to its shoulder.", "max(0, max of r_z)"
    )
    right_lateral_deg: float = _neck(
        "Neck lateral flexion, right", "How far the right ear went to its shoulder.", "max(0, max of -r_z)"
    )
    left_rotation_deg: float = _neck(
        "Neck rotation, left", "How far the face turned to the left.", "max(0, max of r_y)"
    )
    right_rotation_deg: float = _neck(
        "Neck rotation, right", "How far the face turned to the right.", "max(0, max of -r_y)"
    )
    flexion_extension_deg: float = _neck(
        "Neck flexion and extension", "The whole way from chin down to chin up.", "max - min of r_x"
    )
    lateral_deg: float = _neck("Neck lateral flexion", "The whole way from ear to ear.", "max - min of r_z")
    rotation_deg: float = _neck("Neck rotation", "The whole way from left to right.", "max - min of r_y")
    off_axis_deg: float = _neck(
        "Neck off its axis",
        "How far the head strayed about the other axes: the quality of one single movement, no more.",
        "max over time of the length of the two components other than the one with the largest range",
    )
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


def neck_track_deg(
    quaternions_xyzw: ArrayLike,
    time_s: ArrayLike,
    neutral_xyzw: ArrayLike,
    trunk_xyzw: ArrayLike | None = None,
    trunk_neutral_xyzw: ArrayLike | None = None,
) -> tuple[Array, Array]:
    """The neck's rotation vector over time: seconds (m,) and degrees (m, 3), in the axes of the neutral head.

    `neutral_xyzw` is (4,), or (k, 4), whose mean is taken. A trunk (n, 4), nan where its tracker was not seen, has its
    motion since `trunk_neutral_xyzw` (or since the mean of its first half second) taken off; samples without it are
    left out. Both neutrals must be of the same moment. Samples are put in the order of time, and of equal times the
    first counts. Raises NotMeasurable on what is no rotation or no time.
    """
    turning.rotations(quaternions_xyzw, "the head")
    order = turning.chronological(time_s, len(np.asarray(quaternions_xyzw)))
    times, head = numbers(time_s, "times", LATEST_S)[order], numbers(quaternions_xyzw, "the head")[order]
    neutral = turning.mean_rotation(neutral_xyzw, "the neutral head")
    if trunk_xyzw is not None:
        trunk = tracked(trunk_xyzw, np.shape(quaternions_xyzw), "the trunk")[order]
        seen = ~np.isnan(trunk).any(axis=1)
        if not seen.any():
            return np.empty(0), np.empty((0, 3))
        times, head, trunk = times[seen], head[seen], trunk[seen]
        trunk_turned = turning.trunk_motion(trunk, times, trunk_neutral_xyzw)
        head = (trunk_turned.inv() * scipy.spatial.transform.Rotation.from_quat(head)).as_quat()
    return times, turning.turned_deg(neutral, head)


def neck(
    quaternions_xyzw: ArrayLike,
    time_s: ArrayLike,
    neutral_xyzw: ArrayLike,
    trunk_xyzw: ArrayLike | None = None,
    *,
    trunk_neutral_xyzw: ArrayLike | None = None,
    cut_off_hz: float | None = None,
    passive: bool = False,
) -> Neck:
    """How far the neck turned in (n, 4) quaternions at (n,) seconds, from neutral.

    What may be given, and how it is put in order, is told at `neck_track_deg`. Nothing is filtered unless `cut_off_hz`
    is given: then the rotation vector is resampled at 100 Hz and low-passed. `passive` says that somebody else moved
    the head. Fewer than two samples give nan. Raises NotMeasurable on what is no rotation or no time.
    """
    times, turned = neck_track_deg(quaternions_xyzw, time_s, neutral_xyzw, trunk_xyzw, trunk_neutral_xyzw)
    if cut_off_hz is not None and len(times) > 1:
        times, turned = signals.uniform(times, turned, FILTERED_RATE_HZ)
        turned = signals.low_passed(turned, FILTERED_RATE_HZ, cut_off_hz)
    if len(times) < 2:
        return turning.unseen(Neck, f"the head (and trunk, if tracked) was seen {len(times)} times, not twice", passive)
    (extension, left_turn, left), (flexion, right_turn, right) = turning.furthest(turned)
    pitch, yaw, roll = np.ptp(turned, axis=0)
    off_axis = turning.off_axis(turned)
    values = (flexion, extension, left, right, left_turn, right_turn, pitch, roll, yaw, off_axis)
    return turning.result(Neck, values, passive)


def neck_repetitions(
    quaternions_xyzw: ArrayLike,
    time_s: ArrayLike,
    neutral_xyzw: ArrayLike,
    trunk_xyzw: ArrayLike | None = None,
    *,
    trunk_neutral_xyzw: ArrayLike | None = None,
    least_deg: float = turning.LEAST_REPETITION_DEG,
) -> tuple[Mapping[str, Repetitions], tuple[turning.Peak, ...]]:
    """The repetitions of each movement that was done, by the neck's six directions, and each single peak in order.

    They are found in the movement itself (`turning.peaks`), whatever the order and whoever pressed a button.
    """
    times, turned = neck_track_deg(quaternions_xyzw, time_s, neutral_xyzw, trunk_xyzw, trunk_neutral_xyzw)
    found = turning.peaks(times, turned, NECK_MOVEMENTS, least_deg)
    movements = sorted({peak.movement for peak in found})
    return {m: summary([peak.peak_deg for peak in found if peak.movement == m]) for m in movements}, found


def _trunk(title: str, meaning: str, formula: str) -> Any:
    return defined(
        title,
        "deg",
        meaning,
        formula=f"max(0, max of {formula}); r = log(T T0^-1) in degrees, turned into the axes of the stance; without a "
        "tracker atan2(displacement of the head, its height)",
        source="rotation vector of a tracker on chest or waist against its neutral; head lean as engine.body has it",
        error="tracker: as Vive controllers on a robot, 0.46 deg with a spread of 0.46 (Jost 2019, J Biomech "
        "97:109379), a sliding strap unknown; head lean: 0.5 deg of instrument, but what neck and hips do is in it",
        doubt="The strap slid; or there was no tracker, and the neck or the hips moved.",
        plus_minus=1.4,
    )


@dataclass(frozen=True)
class Trunk:
    """How far the trunk leaned and turned from neutral; every angle is positive. `seen_by` says what saw it."""

    forward_deg: float = _trunk("Trunk lean, forward", "How far the trunk leaned forward.", "-r_x")
    backward_deg: float = _trunk("Trunk lean, backward", "How far the trunk leaned back.", "r_x")
    left_deg: float = _trunk("Trunk lean, left", "How far the trunk leaned to the left.", "r_z")
    right_deg: float = _trunk("Trunk lean, right", "How far the trunk leaned to the right.", "-r_z")
    left_rotation_deg: float = _trunk("Trunk rotation, left", "How far the trunk turned left.", "r_y")
    right_rotation_deg: float = _trunk("Trunk rotation, right", "How far the trunk turned right.", "-r_y")
    seen_by: str = "tracker"
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


def trunk(
    trunk_xyzw: ArrayLike,
    facing_deg: float,
    neutral_xyzw: ArrayLike | None = None,
    *,
    seen_by: str = "tracker",
    passive: bool = False,
) -> Trunk:
    """How far a tracker on chest or waist turned, (n, 4), nan where it was not seen; it may sit in any orientation.

    `neutral_xyzw` is (4,) or (k, 4); without it the first sample seen is neutral. `facing_deg` is the stance's.
    Raises NotMeasurable on what is no rotation.
    """
    quaternions = tracked(trunk_xyzw, (None, 4), "the trunk")
    quaternions = quaternions[~np.isnan(quaternions).any(axis=1)]
    if not len(quaternions):
        return turning.unseen(Trunk, "the tracker on the trunk was never seen", passive, seen_by=seen_by)
    neutral = quaternions[0] if neutral_xyzw is None else neutral_xyzw
    moved = turning.trunk_motion(quaternions, np.zeros(len(quaternions)), neutral).as_rotvec(degrees=True)
    stance = scipy.spatial.transform.Rotation.from_rotvec((0.0, -number(facing_deg, "the facing"), 0.0), degrees=True)
    (back, left_turn, left), (ahead, right_turn, right) = turning.furthest(stance.inv().apply(moved))
    values = (ahead, back, left, right, left_turn, right_turn)
    return turning.result(Trunk, values, passive, seen_by=seen_by)


def head_lean(lean_deg: ArrayLike, *, passive: bool = False) -> Trunk:
    """The trunk as the head alone shows it, from `lean_track_deg`, (n, 2): lean, and never rotation."""
    leans = tracked(lean_deg, (None, 2), "lean")
    if np.isnan(leans).any():
        raise NotMeasurable("lean: a head that is cleaned has one in every frame, and one is nan")
    (ahead, right), (back, left) = turning.furthest(leans)
    why = dict.fromkeys(("left_rotation_deg", "right_rotation_deg"), "a head does not show how the trunk turns")
    values = (ahead, back, left, right, math.nan, math.nan)
    return turning.result(Trunk, values, passive, why, seen_by="head")


def elevation_deg(line_m: Array, up: Array) -> Array:
    """The angle in degrees (n,) between lines (n, 3) from a shoulder and straight down, `up` being (3,) or (n, 3).

    0 is hanging, 90 level, 180 up; nan where a line is nan or has no length.
    """
    length = signals.lengths(line_m) * np.linalg.norm(up, axis=-1)
    cosine = -np.sum(line_m * up, axis=1) / np.where(length > 0, length, np.nan)
    angle: Array = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return angle


def shoulder_track_m(motion: Motion, stance: Stance, side: str, shoulder_m: Vector | None = None) -> Array:
    """A shoulder over time, (n, 3), moving along with the head.

    `shoulder_m` is its centre for the neutral stance, in space; without it body proportions say where it is.
    """
    neutral = np.array(shoulder_m if shoulder_m is not None else body.shoulder_m(stance, side))
    track: Array = motion.head_m + (neutral - np.array(stance.head_m))
    return track


def arm_directions(
    motion: Motion, stance: Stance, side: str, shoulder_m: Vector | None = None
) -> tuple[Array, Array, Array]:
    """Azimuth and elevation in degrees and radius in metres of a hand from its shoulder, each (n,); nan unseen."""
    line = motion.hand_m(side) - shoulder_track_m(motion, stance, side, shoulder_m)
    azimuth = np.degrees(np.arctan2(line[:, 0], -line[:, 2])) - stance.facing_deg
    return (azimuth + 180) % 360 - 180, elevation_deg(line, np.array((0.0, 1.0, 0.0))), np.linalg.norm(line, axis=1)


def lean_track_deg(motion: Motion, stance: Stance) -> Array:
    """Head lean over time, (n, 2): forward and right, in degrees, as `engine.body.estimate` has it."""
    moved = motion.head_m - np.array(stance.head_m)
    facing = np.radians(stance.facing_deg)
    ahead = moved[:, 0] * np.sin(facing) - moved[:, 2] * np.cos(facing)
    right = moved[:, 0] * np.cos(facing) + moved[:, 2] * np.sin(facing)
    leans: Array = np.degrees(np.arctan2(np.stack([ahead, right], axis=1), motion.head_m[:, 1:2]))
    return leans
