"""Poses that are shown and copied as in a mirror: what each arm does, how trunk and head go along, and who shows it."""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from engine.envelope import Envelope
from engine.hanging import Hung, along, hang, outward
from engine.limits import OutsideEnvelope
from engine.movements import LEANS
from engine.records import Request, TrialRecord
from engine.scene import Arms, Friend, Gaze, Lean

STRETCH = 0.95  # of the reach: an arm that is bent more than that shows no angle
COMFORTABLE = 0.85  # of its limit: the most for the arm that a pose is not about
FURTHEST_OUT_DEG = (60.0, 40.0, 20.0, 0.0)  # where a hand goes that cannot be as far out as the pose wants
MOST_LEAN_DEG, LEAN_OF_LIMIT, LEAN_TOLERANCE_DEG = 4.0, 0.7, 1.2
TILT_OF_LIMIT, TILT_TOLERANCE_DEG = 0.6, 7.0
OTHER: Mapping[str, str] = {"left": "right", "right": "left"}


@dataclass(frozen=True)
class ArmPose:
    """What a companion shows: how far out each arm points, and how high the other arm, as a share of its limit.

    The arm that a pose is about is raised as far as the difficulty asks. `lean` and `tilt` are to the other side (-1),
    to its own (1) or none; `words` tell the pose.
    """

    name: str
    lead_out_deg: float
    other_out_deg: float
    other_share: float
    words: str
    lean: int = 0
    tilt: int = 0


def hang_all(
    envelope: Envelope, sides: Sequence[str], pose: ArmPose, radius_m: float, done: Sequence[TrialRecord], side: str
) -> dict[str, Hung]:
    """Where each of some arms goes in a pose that is about a side; another that cannot do its part is left out.

    Raises OutsideEnvelope when that of the side cannot.
    """
    wish = envelope.request(f"shoulder_elevation_{side}")
    hung = {side: _hang(envelope, side, wish, pose.lead_out_deg, radius_m)}
    for other in (arm for arm in sides if arm != side):
        movement = f"shoulder_elevation_{other}"
        share_deg = round(pose.other_share * _comfortable_deg(envelope, movement, done), 3)
        wish = Request(movement, share_deg, "deg", "POSE", f"{share_deg:.0f}°: comfortable for the other arm")
        with suppress(OutsideEnvelope):  # then the pose is one of one arm
            hung[other] = _hang(envelope, other, wish, pose.other_out_deg, radius_m)
    return hung


def leaning(envelope: Envelope, pose: ArmPose, side: str, hung: dict[str, Hung]) -> tuple[Lean | None, dict[str, Hung]]:
    """The lean of a pose, and the hands' places moved along with the trunk; none where it may not be asked for."""
    movement = f"lean_{side if pose.lean > 0 else OTHER[side]}"
    if not pose.lean or envelope.posture != "standing" or not envelope.may_ask(movement):
        return None, hung
    angle_deg = min(MOST_LEAN_DEG, LEAN_OF_LIMIT * envelope.at_most(movement).value)
    lean = Lean("pose lean", LEANS[movement], angle_deg, LEAN_TOLERANCE_DEG)
    moved = along(envelope, hung, lean)
    return (lean, moved) if moved else (None, hung)


def tilting(envelope: Envelope, pose: ArmPose, side: str) -> Gaze | None:
    """The tilt of a pose's head; none where it may not be asked for."""
    to = side if pose.tilt > 0 else OTHER[side]
    if not pose.tilt or not envelope.may_ask(f"neck_lateral_{to}"):
        return None
    most_deg = TILT_OF_LIMIT * envelope.at_most(f"neck_lateral_{to}").value
    return Gaze("pose tilt", 0.0, 0.0, TILT_TOLERANCE_DEG, most_deg if to == "right" else -most_deg)


def shown(hung: Mapping[str, Hung], more: Sequence[Lean | Gaze]) -> Friend:
    """The companion in a pose, as the person shall be: arms, and what trunk and head do."""
    arms = {
        side: (at.azimuth_deg if side == "right" else -at.azimuth_deg, at.elevation_deg) for side, at in hung.items()
    }
    hanging = (0.0, 0.0)
    tilt = sum(item.tilt_deg for item in more if isinstance(item, Gaze))
    lean = sum(item.angle_deg * math.sin(math.radians(item.direction_deg)) for item in more if isinstance(item, Lean))
    return Friend("friend", "shows", Arms(arms.get("left", hanging), arms.get("right", hanging)), tilt, lean)


def _hang(envelope: Envelope, side: str, wish: Request, out_deg: float, radius_m: float) -> Hung:
    out = (out_deg, *(less for less in FURTHEST_OUT_DEG if less < out_deg))
    return hang(envelope, side, wish, outward(side, out), radius_m, STRETCH)


def _comfortable_deg(envelope: Envelope, movement: str, done: Sequence[TrialRecord]) -> float:
    """What surely is within the limit of a movement, as it is believed now, and never more than may be asked."""
    known = [
        record.limit_after.low
        for record in done
        if record.limit_after is not None and record.request is not None and record.request.movement == movement
    ]
    believed = known[-1] if known else envelope.calibration.limits[movement].low
    return min(envelope.at_most(movement).value, believed)
