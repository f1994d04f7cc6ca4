"""What a place asks of the joints of somebody who reaches for it, or looks at it, from how they stand.

The arm is two links, upper arm and forearm with hand, whose elbow hangs as `engine.upper_limb` lets it hang.
"""

import math
from collections.abc import Mapping

from engine.facing import apart_deg
from engine.frame import Vector
from engine.movements import GAZES
from engine.precautions import Cap
from engine.upper_limb import ELBOW_BACK, ELBOW_DOWN, ELBOW_OUT, FOREARM_OF_ARM, PALM_OF_ARM, UPPER_ARM_OF_ARM

SLACK_DEG, SLACK_M = 0.01, 1e-4
LOWER_OF_ARM = FOREARM_OF_ARM + PALM_OF_ARM
SWIVEL_DEG = 20.0  # how far about the line from shoulder to hand an elbow may be from where it hangs by nature
EYES_DEG = 20.0
"""How far eyes are left to do the rest of a look: on average a head that is free to turn comes to within 22 degrees of
what is looked at (Stahl 1999, Exp Brain Res 126:41). Eyes turn by 35 degrees (MIL-STD-1472G, visual field)."""
_BEHIND_DEG = 180.0
_LEAST_BEND = 0.02  # of an arm: keeps the plane of an arm that is as good as straight
_STRAIGHT_DEG = 90.0  # of extension from a right angle


def bent_arm_m(arm_m: float, extension_deg: float) -> float:
    """How far a hand is from its shoulder with the elbow straightened so far, from a right angle (0) to straight (90).

    By the law of cosines; the whole length of the arm from 90 on.
    """
    if extension_deg >= _STRAIGHT_DEG:
        return arm_m
    upper_m, lower_m = UPPER_ARM_OF_ARM * arm_m, LOWER_OF_ARM * arm_m
    return math.sqrt(upper_m**2 + lower_m**2 + 2 * upper_m * lower_m * math.sin(math.radians(extension_deg)))


def external_rotation_deg(line_m: Vector, arm_m: float) -> float:
    """The most that the upper arm has to be turned outward for a hand to be at `line_m` (outward, up, ahead) from it.

    0 is neutral: arm hanging, elbow bent, forearm ahead; raising the arm by the shortest way turns nothing. The most
    of three postures, the natural one and those whose elbow swivels SWIVEL_DEG to either side. A straight arm may be
    turned at will; it is taken as bent the least bit, because that is how arms are, so that a place is rather refused.
    """
    far = math.hypot(*line_m) / arm_m
    if not 0 < far < math.inf:
        return math.inf
    along = _unit(line_m)
    far = min(max(far, UPPER_ARM_OF_ARM - LOWER_OF_ARM + _LEAST_BEND, LOWER_OF_ARM - UPPER_ARM_OF_ARM + _LEAST_BEND), 1)
    # Whatever part of the line to the hand is across the upper arm is that of the forearm.
    cosine = min((UPPER_ARM_OF_ARM**2 + far**2 - LOWER_OF_ARM**2) / (2 * UPPER_ARM_OF_ARM * far), 1 - _LEAST_BEND**2)
    sine = math.sqrt(1 - cosine**2)
    hanging = (ELBOW_OUT, -ELBOW_DOWN, -ELBOW_BACK)
    aside = _unit(_less(hanging, along, _dot(hanging, along)))
    across = _cross(along, aside)
    rotations = []
    for swivel in (-SWIVEL_DEG, 0.0, SWIVEL_DEG):
        turn, side = math.cos(math.radians(swivel)), math.sin(math.radians(swivel))
        off = _plus(aside, across, turn, side)
        rotations.append(rotation_of_arm_deg(_plus(along, off, cosine, sine), along))
    return max(rotations)


def rotation_of_arm_deg(upper_arm: Vector, forearm: Vector) -> float:
    """How far an upper arm is turned outward about itself, from both directions as unit vectors (outward, up, ahead).

    0 where the forearm points as it does when the hanging arm, elbow bent ahead, is swung there the shortest way.
    """
    down, ahead = (0.0, -1.0, 0.0), (0.0, 0.0, 1.0)
    both = _plus(down, upper_arm, 1.0, 1.0)
    neutral = _less(ahead, both, upper_arm[2] / max(1 + _dot(down, upper_arm), 1e-9))
    across = _less(forearm, upper_arm, _dot(forearm, upper_arm))
    return math.degrees(math.atan2(-_dot(_cross(neutral, across), upper_arm), _dot(neutral, across)))


def look_deg(head_m: Vector, facing_deg: float, place_m: Vector) -> tuple[float, float]:
    """How far to the right and up a place is from straight ahead of the eyes, in degrees."""
    x, y, z = (p - h for p, h in zip(place_m, head_m, strict=True))
    right = math.degrees(math.atan2(x, 0.0 - z)) - facing_deg  # what is straight above is not behind: -0.0 would be
    return math.remainder(right, 360.0), math.degrees(math.atan2(y, math.hypot(x, z)))


def longest_m(bounds: Mapping[str, Cap], side: str, arm_m: float) -> float:
    """How far from its shoulder a hand may be, by what its elbow may be straightened; `inf` where nothing bounds it."""
    cap = bounds.get(f"elbow_extension_{side}")
    return math.inf if cap is None else bent_arm_m(arm_m, cap.value)


def refuses_arm(bounds: Mapping[str, Cap], side: str, line_m: Vector, arm_m: float) -> str:
    """Why bounds on an arm forbid its hand to be at `line_m` (outward, up, ahead) from its shoulder, "" for nothing.

    For the hand itself, its elbow, how far it comes across the body, and the turn of its shoulder; how high it may be
    raised is the envelope's.
    """
    if f"use_of_arm_{side}" in bounds:
        return f"the {side} hand may not be used, by {bounds[f'use_of_arm_{side}'].why}"
    far_m, most_m, elbow = math.hypot(*line_m), longest_m(bounds, side, arm_m), bounds.get(f"elbow_extension_{side}")
    if elbow is not None and not far_m <= most_m + SLACK_M:
        return f"{far_m:.2f} m from the {side} shoulder is beyond {most_m:.2f} m for the elbow, {elbow.why}"
    cap, across_deg = bounds.get(f"cross_body_adduction_{side}"), _across_deg(line_m)
    if cap is not None and across_deg > cap.value + SLACK_DEG:
        return f"{across_deg:.0f}° of cross-body adduction of the {side} arm is beyond {cap.value:.0f}°, {cap.why}"
    cap = bounds.get(f"shoulder_external_rotation_{side}")
    if cap is None:
        return ""
    turned = external_rotation_deg(line_m, arm_m)
    if turned <= cap.value + SLACK_DEG:
        return ""
    return f"{turned:.0f}° of external rotation of the {side} shoulder is beyond {cap.value:.0f}°, {cap.why}"


def _across_deg(line_m: Vector) -> float:
    """As `engine.places.adduction_deg`, of a place as (outward, up, ahead)."""
    return math.degrees(math.asin(-line_m[0] / (math.hypot(*line_m) or 1.0)))


def refuses_look(bounds: Mapping[str, Cap], head_m: Vector, facing_deg: float, place_m: Vector) -> str:
    """Why bounds on the neck forbid to look at a place: a head that keeps to all of them comes no nearer than EYES_DEG.

    A nod and a turn are counted together, the turn about the upright axis, as heads do (Glenn & Vilis 1992, J
    Neurophysiol 68:348). A hand at the hip is far to the side for a head that stays level, and a glance down for one
    that is bent forward.
    """
    if not any(movement in bounds for movement in GAZES):
        return ""
    right, up = look_deg(head_m, facing_deg, place_m)
    turned = _kept(bounds, right, "neck_rotation_right", "neck_rotation_left")
    aside = right - turned
    level = math.radians(up)
    nearest = math.degrees(math.atan2(math.sin(level), math.cos(level) * math.cos(math.radians(aside))))
    raised = _kept(bounds, nearest, "neck_extension", "neck_flexion")
    if apart_deg((right, up), (turned, raised)) <= EYES_DEG + SLACK_DEG:
        return ""
    beyond = {"neck_rotation_right": aside, "neck_rotation_left": -aside}
    beyond |= {"neck_extension": nearest - raised, "neck_flexion": raised - nearest}
    movement = max(beyond.keys() & bounds.keys(), key=lambda name: (beyond[name], name))
    return f"to look at it takes more than {bounds[movement].value:.0f}° of {movement}, {bounds[movement].why}"


def _kept(bounds: Mapping[str, Cap], angle_deg: float, most: str, least: str) -> float:
    """An angle, no further to either side than the bounds of two opposite movements let it."""
    high, low = (bounds[name].value if name in bounds else _BEHIND_DEG for name in (most, least))
    return min(max(angle_deg, -low), high)


def _dot(a: Vector, b: Vector) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Vector, b: Vector) -> Vector:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def _plus(a: Vector, b: Vector, of_a: float, of_b: float) -> Vector:
    return (of_a * a[0] + of_b * b[0], of_a * a[1] + of_b * b[1], of_a * a[2] + of_b * b[2])


def _less(a: Vector, b: Vector, of_b: float) -> Vector:
    return _plus(a, b, 1.0, -of_b)


def _unit(a: Vector) -> Vector:
    length = math.hypot(*a) or 1.0
    return (a[0] / length, a[1] / length, a[2] / length)
