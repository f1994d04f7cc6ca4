"""Bending down to a shelf: how far a trunk or a pair of knees has to bend for a hand to come there, and who may.

A body in the plane ahead: hips over the feet or on the seat, a straight trunk on them, an arm that hangs from its
shoulder (lengths by proportions: Drillis & Contini 1966). A hand comes to a shelf by the hips with straight knees, or
by the knees with a trunk that is inclined by no more than SQUAT_DEG; who bends does as they like, so that a shelf may
only stand where either way keeps within every bound.
"""

import math
from typing import NamedTuple

from engine import moves
from engine.body import EYE_HEIGHT_OF_STATURE, SHOULDER_HEIGHT_OF_STATURE, Body
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.limits import OutsideEnvelope
from engine.precautions import HIPS_OF_STATURE, SITTING_HIP_DEG, Cap
from engine.scene import Bend, Target
from engine.task import REACHED, Move
from engine.workspace import SLACK_M, longest_m

TRUNK_OF_STATURE = SHOULDER_HEIGHT_OF_STATURE - HIPS_OF_STATURE
HEAD_OF_STATURE = EYE_HEIGHT_OF_STATURE - HIPS_OF_STATURE  # from the hips to the eyes
THIGH_OF_STATURE = 0.245
AWAY_OF_STATURE = ((0.30, 0.26, 0.22, 0.18), (0.42,))
"""How far away shelves stand, of who stands and of who sits: beyond the toes, and beyond the knees."""
MOST_BEND_DEG, MOST_SQUAT_DEG, SQUAT_DEG = 100, 120, 45
BEHIND_M = 0.05  # of the eyes a shoulder is, when somebody looks down ahead of them
FOLDED = 0.45  # of an arm: nobody takes anything with their hand at the shoulder
SLACK_DEG = 1.0
UPRIGHT = 0.8  # of the way up
LEAST_DROP_M = 0.25


class Bent(NamedTuple):
    """How far something is bent for a hand to come to a place, in degrees: the trunk, and the arm away from it."""

    bend_deg: float
    raised_deg: float


class _Sagittal(NamedTuple):
    """A place from the hips, ahead and up, and the lengths of trunk and arm, in metres.

    `raise_deg` is how far the arm may be raised away from the trunk.
    """

    ahead_m: float
    up_m: float
    trunk_m: float
    arm_m: float
    raise_deg: float


def place_of(envelope: Envelope, share: float, hand: str = "either") -> Vector:
    """Where something stands on a shelf before somebody, at a share of the height of their shoulder.

    As far away as it may, so that it is seen without bending the neck much.
    """
    places = [_ahead(envelope, share, away) for away in AWAY_OF_STATURE[envelope.posture == "seated"]]
    return next((place_m for place_m in places if not refuses(envelope, place_m, hand)), places[-1])


def _ahead(envelope: Envelope, share: float, away_of_stature: float) -> Vector:
    x, _, z = envelope.stance.head_m
    facing, away_m = math.radians(envelope.stance.facing_deg), away_of_stature * envelope.calibration.stature_m.value
    return (x + away_m * math.sin(facing), share * shoulder_height_m(envelope), z - away_m * math.cos(facing))


def shoulder_height_m(envelope: Envelope) -> float:
    """How high the shoulder of somebody is who is upright."""
    return hips_m(envelope) + TRUNK_OF_STATURE * envelope.calibration.stature_m.value


def lowest_head_m(envelope: Envelope, place_m: Vector) -> float:
    """How low the eyes come of whoever bends or squats to a place."""
    hinged = _hinge(_seen_by(envelope, place_m, envelope.arm_m(_side(envelope)), 180.0))
    bent, from_m = math.radians(MOST_BEND_DEG if hinged is None else hinged.bend_deg), hips_m(envelope)
    return from_m + (envelope.stance.head_m[1] - from_m) * math.cos(bent)


def bend(goal: Bend, hold_s: float, standing_m: float) -> Move:
    """Bring a hand to what stands on a shelf and keep it there; with `hold_s` 0, touch it."""
    target = Target(goal.key, goal.place_m, goal.radius_m, goal.hand)
    reach, share = moves.hold(target, hold_s), 1.0
    shown = next(reach)[0]
    while True:
        body = yield (goal._replace(fill=shown.fill if isinstance(shown, Target) else 0.0, share=share),)
        share = risen(goal, body, standing_m)
        try:
            shown = reach.send(body)[0]
        except StopIteration as end:
            return str(end.value)


def come_up(goal: Bend, for_s: float, standing_m: float) -> Move:
    """Come up again, and stay upright for a while."""
    held_s, share = 0.0, 0.0
    while held_s < for_s:
        body = yield (goal._replace(goal="up", share=share, fill=held_s / for_s),)
        share = risen(goal, body, standing_m)
        held_s = held_s + body.dt_s if share > UPRIGHT else 0.0
    return REACHED


def risen(goal: Bend, body: Body, standing_m: float) -> float:
    """How far up somebody is, from as low as the goal may be to upright, 0 to 1; 0 while the head is not seen.

    Who is as good as upright all the time, because the shelf is high, is up.
    """
    least_m = min(goal.low_m, standing_m - LEAST_DROP_M)
    share = (body.head_m[1] - least_m) / (standing_m - least_m)
    return min(1.0, max(0.0, share)) if math.isfinite(share) else 0.0


def refuses(envelope: Envelope, place_m: Vector, hand: str) -> str:
    """Why nobody may be asked to bring a hand to a place by bending; "" when somebody may, with one hand of these."""
    whys = [_refuses(envelope, place_m, side) for side in (SIDES if hand == "either" else (hand,))]
    return "" if "" in whys else whys[0]


def _refuses(envelope: Envelope, place_m: Vector, side: str) -> str:
    if not envelope.may_use(side):
        return f"the {side} arm may not be used"
    try:
        raised, arm_m = envelope.at_most(f"shoulder_elevation_{side}"), envelope.arm_m(side)
    except OutsideEnvelope as reason:
        return str(reason)
    elbow = envelope.bound(f"elbow_extension_{side}")
    if elbow is not None:
        arm_m = min(arm_m, longest_m({f"elbow_extension_{side}": elbow}, side, arm_m))
    seen = _seen_by(envelope, place_m, arm_m, raised.value)
    hinged = _hinge(seen)
    if hinged is None:
        return (
            f"no bend brings the {side} hand to {place_m[1]:.2f} m with the arm raised to {raised.value:.0f}° at most"
        )
    for movement, less_deg in _bending(envelope):
        cap = envelope.bound(movement)
        if cap is not None and hinged.bend_deg > cap.value - less_deg + SLACK_DEG:
            return _too_low(place_m, "a bend of the trunk", hinged.bend_deg + less_deg, cap)
    return "" if envelope.posture == "seated" else _refuses_knees(envelope, place_m, seen)


def _refuses_knees(envelope: Envelope, place_m: Vector, seen: _Sagittal) -> str:
    for side in SIDES:
        cap = envelope.bound(f"knee_flexion_{side}")
        squat_deg = 0.0 if cap is None else _squat_deg(seen, THIGH_OF_STATURE * envelope.calibration.stature_m.value)
        if cap is not None and squat_deg > cap.value + SLACK_DEG:
            return _too_low(place_m, "a bend of the knees", squat_deg, cap)
    return ""


def _too_low(place_m: Vector, what: str, needed_deg: float, cap: Cap) -> str:
    return f"{place_m[1]:.2f} m asks for {what} of {needed_deg:.0f}°, beyond {cap.value:.0f}°, {cap.why}"


def _bending(envelope: Envelope) -> list[tuple[str, float]]:
    """The movements that a hinge may be made of, and how much of each is bent before."""
    bent_deg = SITTING_HIP_DEG if envelope.posture == "seated" else 0.0
    return [("trunk_flexion", 0.0), *((f"hip_flexion_{side}", bent_deg) for side in SIDES)]


def _side(envelope: Envelope) -> str:
    return next((side for side in SIDES if side in envelope.calibration.arm_m), "left")


def hips_m(envelope: Envelope) -> float:
    """How high the hips of somebody are who is upright: as far below the eyes standing as seated, over any seat."""
    return envelope.stance.head_m[1] - HEAD_OF_STATURE * envelope.calibration.stature_m.value


def _seen_by(envelope: Envelope, place_m: Vector, arm_m: float, raise_deg: float) -> _Sagittal:
    x, _, z = envelope.stance.head_m
    ahead_m = math.hypot(place_m[0] - x, place_m[2] - z) + BEHIND_M
    trunk_m = TRUNK_OF_STATURE * envelope.calibration.stature_m.value
    return _Sagittal(ahead_m, place_m[1] - hips_m(envelope), trunk_m, arm_m, raise_deg)


def _hinge(seen: _Sagittal, dropped_m: float = 0.0, most_deg: int = MOST_BEND_DEG) -> Bent | None:
    """The least bend at the hips from which the hand comes there; None where no bend is enough."""
    for bend_deg in range(most_deg + 1):
        bend = math.radians(bend_deg)
        ahead_m = seen.ahead_m - seen.trunk_m * math.sin(bend)
        up_m = seen.up_m + dropped_m - seen.trunk_m * math.cos(bend)
        if not FOLDED * seen.arm_m <= math.hypot(ahead_m, up_m) <= seen.arm_m + SLACK_M:
            continue
        along = -(ahead_m * math.sin(bend) + up_m * math.cos(bend)) / (math.hypot(ahead_m, up_m) or 1.0)
        raised_deg = math.degrees(math.acos(max(-1.0, min(1.0, along))))
        if raised_deg <= seen.raise_deg + SLACK_DEG:
            return Bent(bend_deg, raised_deg)
    return None


def _squat_deg(seen: _Sagittal, thigh_m: float) -> float:
    """The least bend of the knees from which the hand comes there with a trunk inclined by SQUAT_DEG at most."""
    for knee_deg in range(0, MOST_SQUAT_DEG + 1, 2):
        dropped_m = 2 * thigh_m * (1 - math.cos(math.radians(knee_deg) / 2))
        if _hinge(seen, dropped_m, SQUAT_DEG) is not None:
            return knee_deg
    return MOST_SQUAT_DEG
