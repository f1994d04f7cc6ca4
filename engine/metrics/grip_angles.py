"""What the orientation of a hand shows while the rest of the arm is held still: wrist, forearm, upper arm.

OpenXR's grip has its x out of the back of a right hand and out of the palm of a left one, its -z along a held stick
to the thumb, and so its y towards the elbow. Neutral is the elbow bent to a right angle at the side, forearm ahead,
thumb up. Orientations are (n, 4), x y z w, nan where the hand was not seen; arrays are time first.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics import turning
from engine.metrics.definition import defined
from engine.metrics.given import outward_sign, tracked

Array = NDArray[np.float64]

GRIP_ERROR_DEG = 1.8  # 95 %: 1.11 degrees with a spread of 0.37
LEVEL_DEG = 30.0  # a forearm further from level does not show how the upper arm is turned
_TO_HAND = (0.0, -1.0, 0.0)  # along the forearm, in the axes of a grip


def _turn(title: str, meaning: str, formula: str, doubt: str) -> Any:
    return defined(
        title,
        "deg",
        meaning,
        formula=formula,
        source="OpenXR specification, grip pose; rotation vector, or heading of the forearm",
        error="a Quest 2 controller was off by at most 1.11 deg with a spread of 0.37 (Carnevale 2022, Sensors "
        "22:5511); how the grip sits in the hand, and what the joints did that were to be held still, is unknown",
        doubt=doubt,
        plus_minus=GRIP_ERROR_DEG,
    )


def _wrist(title: str, meaning: str, component: str, doubt: str) -> Any:
    formula = (
        f"max(0, max of {component}), for a left hand with the other sign of r_y and r_z; r = log(q0^-1 q) in degrees "
        "in the axes of the neutral grip q0"
    )
    return _turn(title, meaning, formula, doubt)


_FOREARM_MOVED = "The forearm was not held still: its movement cannot be told from the hand's."
_WRIST_MOVED = "The wrist was bent or the upper arm moved: neither can be told from the forearm."


@dataclass(frozen=True)
class Wrist:
    """How far forearm and wrist turned from neutral; every angle is positive."""

    pronation_deg: float = _wrist("Pronation", "How far the palm turned down.", "r_y", _WRIST_MOVED)
    supination_deg: float = _wrist("Supination", "How far the palm turned up.", "-r_y", _WRIST_MOVED)
    flexion_deg: float = _wrist("Wrist flexion", "How far the hand bent to the palm.", "-r_z", _FOREARM_MOVED)
    extension_deg: float = _wrist("Wrist extension", "How far the hand bent back.", "r_z", _FOREARM_MOVED)
    radial_deg: float = _wrist("Radial deviation", "How far the hand bent to the thumb.", "r_x", _FOREARM_MOVED)
    ulnar_deg: float = _wrist("Ulnar deviation", "How far it bent to the little finger.", "-r_x", _FOREARM_MOVED)
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


def wrist_track_deg(hand_xyzw: ArrayLike, side: str, neutral_xyzw: ArrayLike) -> Array:
    """Radial deviation, pronation and extension over time, (n, 3), nan rows where the hand was not seen.

    `neutral_xyzw` is (4,), or (k, 4), whose mean is taken. Raises NotMeasurable on what is no rotation.
    """
    hands = tracked(hand_xyzw, (None, 4), "the hand")
    neutral = turning.mean_rotation(neutral_xyzw, "the neutral hand")
    turned = np.full((len(hands), 3), np.nan)
    seen = ~np.isnan(hands).any(axis=1)
    if seen.any():
        turned[seen] = (neutral.inv() * turning.rotations(hands[seen], "the hand")).as_rotvec(degrees=True)
    return turned * (1, outward_sign(side), outward_sign(side))


def wrist(hand_xyzw: ArrayLike, side: str, neutral_xyzw: ArrayLike, *, passive: bool = False) -> Wrist:
    """How far forearm and wrist turned, from what `wrist_track_deg` takes."""
    turned = wrist_track_deg(hand_xyzw, side, neutral_xyzw)
    turned = turned[~np.isnan(turned[:, 0])]
    if not len(turned):
        return turning.unseen(Wrist, "the hand was never seen", passive)
    (radial, pronation, extension), (ulnar, supination, flexion) = turning.furthest(turned)
    return turning.result(Wrist, (pronation, supination, flexion, extension, radial, ulnar), passive)


_HEADING = (
    "max(0, max of {}); the angle is that of the forearm's heading against neutral, outward positive, while the "
    "forearm is within 30 deg of level"
)
_ELBOW_MOVED = "The elbow left the side, the wrist was bent, or the trunk turned."


@dataclass(frozen=True)
class ShoulderRotation:
    """How far an upper arm turned at the side, seen from above by the forearm of a bent elbow; both are positive."""

    external_deg: float = _turn(
        "Shoulder external rotation", "How far the forearm swung outward.", _HEADING.format("the angle"), _ELBOW_MOVED
    )
    internal_deg: float = _turn(
        "Shoulder internal rotation", "How far the forearm swung inward.", _HEADING.format("its negative"), _ELBOW_MOVED
    )
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


def shoulder_rotation(
    hand_xyzw: ArrayLike, side: str, neutral_xyzw: ArrayLike, *, passive: bool = False
) -> ShoulderRotation:
    """How far the upper arm turned, from grips (n, 4) and the neutral one; frames with a steep forearm are left out.

    The wrist must be in neutral and the trunk still. Raises NotMeasurable on what is no rotation.
    """
    hands = tracked(hand_xyzw, (None, 4), "the hand")
    hands = hands[~np.isnan(hands).any(axis=1)]
    if not len(hands):
        return turning.unseen(ShoulderRotation, "the hand was never seen", passive)
    heading_deg = _heading_deg(turning.rotations(hands, "the hand").apply(_TO_HAND))
    ahead_deg = float(_heading_deg(turning.mean_rotation(neutral_xyzw, "the neutral hand").apply([_TO_HAND]))[0])
    if math.isnan(ahead_deg):
        return turning.unseen(ShoulderRotation, "the forearm was not level in the neutral pose", passive)
    turned = (heading_deg[~np.isnan(heading_deg)] - ahead_deg + 180) % 360 - 180
    if not len(turned):
        return turning.unseen(ShoulderRotation, "the forearm was never within 30 degrees of level", passive)
    swung = outward_sign(side) * turned
    return turning.result(ShoulderRotation, (max(0, swung.max()), max(0, -swung.min())), passive)


def _heading_deg(directions: Array) -> Array:
    """The heading of unit vectors (n, 3) to the right of -z, nan where they are not level."""
    level = np.hypot(directions[:, 0], directions[:, 2]) >= math.cos(math.radians(LEVEL_DEG))
    return np.where(level, np.degrees(np.arctan2(directions[:, 0], -directions[:, 2])), np.nan)
