"""The space that a hand reaches, and how much the trunk helps it to.

Clinical axes are the person's own: to the right, up, and ahead, as the stance faces.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from engine.body import NECK_IN_HEAD_M, neck_m
from engine.frame import Vector, from_yaw_pitch
from engine.metrics.definition import NotMeasurable, defined, definitions
from engine.metrics.given import length_m, number, numbers, outward_sign
from engine.metrics.range_of_motion import shoulder_track_m
from engine.metrics.signals import lengths
from engine.metrics.turning import turned
from engine.motion import Motion
from engine.records import Stance

Array = NDArray[np.float64]

MUCH_M, MUCH_OF_ARM = 0.05, 0.10  # from here on the trunk compensates
INNER_PERCENT = 99.5  # of the samples by their distance from the shoulder: the outer ones are slips of tracking
LEAST_SAMPLES = 50
LEAST_WAY_M = 0.01

_REVIEW = "trunk displacement, as reviewed in Schwarz 2019, Stroke 50:718, of the neck pivot for the sternum"
_SHIFT = (
    "in 73 rehabilitation movements (IntelliRehabDS) the head went 6 mm (median) and 21 mm (95 %) more or less far than"
    " the sternum; a neck 2 cm from where it is taken to be adds 9 mm (median) and 21 mm (95 %) when the head turns 30"
    " deg (simulated), which would be 47 and 69 mm without the pivot; a chest tracker has the error of its place"
)


def _extent(name: str, where: str) -> Any:
    return defined(
        f"Reach {name}",
        "m",
        f"How far {where} the shoulder the hand came.",
        formula=f"largest part {name} of the hand's places relative to the shoulder, without the outermost",
        source="ours",
        error="5.3 % for the hand's place (13.5 mm with a spread of 6.6 at half a metre, 95 %; Carnevale 2022, Sensors"
        " 22:5511) and 3 cm for the shoulder's, as calibration accepts it; without the outermost places it is 1 %"
        " smaller (simulated, 5,000 places)",
        doubt="As of the volume. By body proportions alone the shoulder may be 6 cm off.",
        plus_minus=0.03,
        share=0.053,
    )


def _ellipse(plane: str, axes: str) -> Any:
    return defined(
        f"Reach ellipse, {plane}",
        "m²",
        f"How large the hand's space looks in the {plane} plane.",
        formula=f"area of the ellipse through the extents {axes} and the opposite ones: pi / 4 * width * height",
        source="after the three ellipses of Herrera 2025, Virtual Reality, doi 10.1007/s10055-024-01078-w",
        error="twice that of an extent",
        doubt="As of the volume.",
        share=0.107,
    )


@dataclass(frozen=True)
class TrunkShift:
    """How far the trunk went along with a reach, at its furthest from where it was; `compensates` above 5 cm or 10 %.

    Without a chest tracker the trunk is seen at the neck pivot: the headset, less what turning the head moves it.
    """

    trunk_shift_m: float = defined(
        "Trunk moved",
        "m",
        "How far the trunk went along to help the arm.",
        formula="largest distance of the trunk from where it was in the first sample; the trunk is the chest tracker,"
        " or the point 7.5 cm below and 8 cm behind the headset in its own axes",
        source=_REVIEW,
        error=_SHIFT,
        doubt="Bending the neck without turning it, and shrugging, look like the trunk.",
        plus_minus=0.03,
    )
    ahead_m: float = defined(
        "Trunk moved ahead",
        "m",
        "How far the trunk leaned ahead; negative is back.",
        formula="part of the trunk's shift along the facing of the stance",
        source=_REVIEW,
        error="at most that of the whole shift, 0.03 m",
        doubt="As of the whole shift.",
        plus_minus=0.03,
    )
    right_m: float = defined(
        "Trunk moved sideways",
        "m",
        "How far the trunk leaned to the right; negative is left.",
        formula="part of the trunk's shift to the right of the facing of the stance",
        source=_REVIEW,
        error="at most that of the whole shift, 0.03 m",
        doubt="As of the whole shift.",
        plus_minus=0.03,
    )
    up_m: float = defined(
        "Trunk moved up",
        "m",
        "How far the trunk rose; negative where it sank.",
        formula="part of the trunk's shift upwards",
        source=_REVIEW,
        error="at most that of the whole shift, 0.03 m",
        doubt="As of the whole shift.",
        plus_minus=0.03,
    )
    of_hand_percent: float = defined(
        "Trunk's part in the reach",
        "%",
        "How much of the hand's way the trunk made: the arm made the rest.",
        formula="100 * the trunk's shift / largest distance of the hand from where it was in the first sample",
        source=_REVIEW,
        error="that of the trunk's shift over the hand's way: 5 percent of a way of 0.4 m",
        doubt="Hands that went less than 10 cm.",
    )
    compensates: bool = False
    why: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReachSpace:
    """The space that one hand came to around its shoulder, the trunk in place.

    An extent is negative where the hand never came past the shoulder that way; outward is away from the other arm.
    """

    volume_m3: float = defined(
        "Reach volume",
        "m³",
        "How large the space is that the hand came to.",
        formula=f"volume of the convex hull of the hand's places, without the outer {100 - INNER_PERCENT:.1f} % by"
        " distance from the shoulder",
        source="reachable workspace, after Kurillo 2012, PLoS One 7:e45341, who give its surface: the hull is ours",
        error="three times that of an extent; leaving out the outermost makes a ball of 0.6 m 5 % smaller with 5,000"
        " places and 16 % with 500 (simulated)",
        doubt="It is what was shown, not what could be: the hand must have been asked all round.",
        share=0.16,
    )
    up_m: float = _extent("up", "above")
    down_m: float = _extent("down", "below")
    ahead_m: float = _extent("ahead", "ahead of")
    back_m: float = _extent("back", "behind")
    outward_m: float = _extent("outward", "outward of")
    across_m: float = _extent("across", "across the body from")
    frontal_m2: float = _ellipse("frontal", "outward and up")
    sagittal_m2: float = _ellipse("sagittal", "ahead and up")
    horizontal_m2: float = _ellipse("horizontal", "outward and ahead")
    why: Mapping[str, str] = field(default_factory=dict)


def clinical(vectors_m: ArrayLike, facing_deg: float) -> Array:
    """Vectors (n, 3) in OpenXR axes as (right, up, ahead) of somebody who faces `facing_deg` to the right of -z."""
    x, y, z = numbers(vectors_m, "vectors").T
    facing = math.radians(number(facing_deg, "the facing"))
    right, ahead = math.cos(facing) * x + math.sin(facing) * z, math.sin(facing) * x - math.cos(facing) * z
    return np.array([right, y, ahead]).T


def neck_track_m(head_m: Array, head_q: Array) -> Array:
    """The pivot of the neck over time, (n, 3), from headset positions (n, 3) and orientations (n, 4) x y z w."""
    return head_m + turned(head_q, NECK_IN_HEAD_M)


def trunk_track_m(motion: Motion) -> Array:
    """The trunk over time, (n, 3): the chest tracker, nan where not seen, or the neck pivot where there is none."""
    chest = motion.trackers.get("chest")
    return neck_track_m(motion.head_m, motion.head_q) if chest is None else chest.position_m


def trunk_shift(trunk_m: ArrayLike, hand_m: ArrayLike, facing_deg: float, arm_m: float | None = None) -> TrunkShift:
    """How far a trunk at `trunk_m` went during a reach of a hand at `hand_m`, both (n, 3), nan where not seen.

    With `arm_m`, the length of the arm, more than 10 % of it is compensation too. Raises NotMeasurable for shapes that
    do not fit and values that are infinite.
    """
    trunk, hand = _pair(trunk_m, hand_m)
    much_m = MUCH_M if arm_m is None else min(MUCH_M, MUCH_OF_ARM * length_m(arm_m, "the arm"))
    if not len(trunk):
        why = dict.fromkeys(definitions(TrunkShift), "trunk or hand was not seen")
        return TrunkShift(math.nan, math.nan, math.nan, math.nan, math.nan, why=why)
    moved = clinical(trunk - trunk[0], facing_deg)
    away = np.linalg.norm(moved, axis=1)
    furthest = int(np.argmax(away))
    shift_m, (right_m, up_m, ahead_m) = float(away[furthest]), moved[furthest].tolist()
    hand_way_m = float(np.linalg.norm(hand - hand[0], axis=1).max())
    moves = hand_way_m >= LEAST_WAY_M
    return TrunkShift(
        trunk_shift_m=shift_m,
        ahead_m=ahead_m,
        right_m=right_m,
        up_m=up_m,
        of_hand_percent=100 * shift_m / hand_way_m if moves else math.nan,
        compensates=shift_m > much_m,
        why={} if moves else {"of_hand_percent": "the hand did not move"},
    )


def reach_points_m(motion: Motion, stance: Stance, side: str, shoulder_m: Vector | None = None) -> Array:
    """The places of a hand relative to its shoulder in clinical axes, (k, 3), where it was seen and the trunk in place.

    The trunk is in place while the neck pivot is within 5 cm of where it is in the stance.
    """
    neutral = neck_m(stance.head_m, from_yaw_pitch(math.radians(stance.facing_deg), 0.0))
    shifted = lengths(neck_track_m(motion.head_m, motion.head_q) - neutral) > MUCH_M
    points = motion.hand_m(side) - shoulder_track_m(motion, stance, side, shoulder_m)
    return clinical(points[~shifted & ~np.isnan(points).any(axis=1)], stance.facing_deg)


def reach_space(points_m: ArrayLike, side: str) -> ReachSpace:
    """Measure the space of a hand from its places relative to its shoulder, (n, 3) in clinical axes.

    Raises NotMeasurable for another shape and for values that are not finite.
    """
    points = numbers(points_m, "places")
    if points.ndim != 2 or points.shape[1] != 3 or np.isnan(points).any():
        raise NotMeasurable(f"places must be finite and of shape (n, 3), not {points.shape}")
    names = definitions(ReachSpace)
    if len(points) < LEAST_SAMPLES:
        reason = f"{len(points)} places are too few: {LEAST_SAMPLES} are needed"
        return ReachSpace(**dict.fromkeys(names, math.nan), why=dict.fromkeys(names, reason))
    radius = lengths(points)
    inner = points[radius <= np.percentile(radius, INNER_PERCENT)] * (outward_sign(side), 1, 1)
    (outward, up, ahead), (across, down, back) = inner.max(axis=0).tolist(), (-inner.min(axis=0)).tolist()
    volume_m3 = _volume_m3(inner)
    quarter = math.pi / 4
    return ReachSpace(
        volume_m3=volume_m3,
        up_m=up,
        down_m=down,
        ahead_m=ahead,
        back_m=back,
        outward_m=outward,
        across_m=across,
        frontal_m2=quarter * (outward + across) * (up + down),
        sagittal_m2=quarter * (ahead + back) * (up + down),
        horizontal_m2=quarter * (outward + across) * (ahead + back),
        why={"volume_m3": "all places lie in one plane"} if math.isnan(volume_m3) else {},
    )


def _volume_m3(points_m: Array) -> float:
    try:
        return float(scipy.spatial.ConvexHull(points_m).volume)
    except scipy.spatial.QhullError:
        return math.nan


def _pair(trunk_m: ArrayLike, hand_m: ArrayLike) -> tuple[Array, Array]:
    trunk, hand = numbers(trunk_m, "the trunk"), numbers(hand_m, "the hand")
    if trunk.ndim != 2 or trunk.shape[1] != 3 or hand.shape != trunk.shape:
        raise NotMeasurable(f"trunk and hand must both be of shape (n, 3), not {trunk.shape} and {hand.shape}")
    seen = ~np.isnan(np.hstack([trunk, hand])).any(axis=1)
    return trunk[seen], hand[seen]
