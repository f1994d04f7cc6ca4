"""The truth about a simulated person: how large, how able, how quick and how steady."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.body import EYE_HEIGHT_OF_STATURE
from engine.frame import (
    SIDES,
    Vector,
)
from engine.records import Calibration

USUAL_ARM_M = 0.62


@dataclass(frozen=True)
class Patient:
    """The truth about a simulated person.

    `shoulders_m` maps a side to where its shoulder is, right, up and ahead of the head; else body proportions say it.
    `limits_deg` maps a movement (`shoulder_elevation_left`, `lean_back`) to its limit; a try is capable of a
    logistic draw around it, `slope_deg` wide for arms and `lean_slope_deg` for leans. A diagonal lean that is not
    given lies on the ellipse through its neighbours. `fatigue` is the share of the limits of a part of the body that is
    lost per try of that part, `lapse` the share of tries that are missed for no reason, `effort` the share of what they
    are capable of that they give where they may choose how far to go. After `loss_after_tries` tries the share `loss`
    of every limit is gone.
    `rise` is how far up from a chair they come, as a share of the way; `passive_more_deg` is how much further
    another person can raise an arm than they can alone; `picks` are the keys of options they choose,
    the first there is where none of them is. In the dark they sway `sway_dark` times as much, and `sway_conflict` times
    in a world that goes along with the head. They stand on one leg for about `one_leg_s`. Without
    eyes they come back to a place `recall_bias_deg` beyond it, with this spread. They walk at `walk_mps`. `step_mps`,
    `bend_dps` and `leg_dps` are peaks: of a head that goes along with a step, of a trunk, and of a leg that is lifted,
    which sinks after `leg_up_s`.
    """

    eye_height_m: float = 1.60
    arm_m: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(SIDES, USUAL_ARM_M))
    shoulders_m: Mapping[str, Vector] = field(default_factory=dict)
    limits_deg: Mapping[str, float] = field(default_factory=dict)
    slope_deg: float = 5.0
    lean_slope_deg: float = 0.35
    reaction_s: float = 0.35
    hand_speed_mps: float = 0.75
    lean_speed_dps: float = 3.0
    sway_mm: float = 4.0
    sway_hz: float = 0.35
    sway_dark: float = 1.4
    sway_conflict: float = 1.8
    one_leg_s: float = 40.0
    recall_bias_deg: float = 0.8
    recall_spread_deg: float = 1.2
    walk_mps: float = 1.1
    tremor_mm: float = 1.2
    tremor_hz: float = 5.0
    fatigue: float = 0.001
    lapse: float = 0.03
    effort: float = 1.0
    loss_after_tries: float = math.inf
    loss: float = 0.0
    neck_slope_deg: float = 2.5
    neck_speed_dps: float = 70.0
    head_tremor_deg: float = 0.0
    rise: float = 1.0
    step_mps: float = 0.6
    bend_dps: float = 70.0
    leg_dps: float = 110.0
    leg_up_s: float = 20.0
    passive_more_deg: float = 6.0
    picks: frozenset[str] = frozenset()


DEFAULT_LIMITS_DEG: Mapping[str, float] = {
    "shoulder_elevation_left": 120.0,
    "shoulder_elevation_right": 105.0,
    "cross_body_adduction_left": 46.0,
    "cross_body_adduction_right": 42.0,
    "lean_forward": 6.5,
    "lean_right": 5.5,
    "lean_back": 3.5,
    "lean_left": 6.0,
    "neck_rotation_left": 62.0,
    "neck_rotation_right": 66.0,
    "neck_flexion": 45.0,
    "neck_extension": 50.0,
    "neck_lateral_left": 34.0,
    "neck_lateral_right": 36.0,
    "knee_extension_left": 76.0,
    "knee_extension_right": 68.0,
    "thigh_raise_left": 26.0,
    "thigh_raise_right": 23.0,
    "ankle_dorsiflexion_left": 18.0,
    "ankle_dorsiflexion_right": 16.0,
}


def patient_like(calibration: Calibration) -> Patient:
    """A patient with the height, arms and limits of somebody as far as they were measured; the rest is usual."""
    return Patient(
        eye_height_m=calibration.stature_m.value * EYE_HEIGHT_OF_STATURE,
        arm_m={**dict.fromkeys(SIDES, USUAL_ARM_M), **{side: arm.value for side, arm in calibration.arm_m.items()}},
        shoulders_m={side: found.centre_m for side, found in calibration.shoulders.items()},
        limits_deg={name: limit.value for name, limit in calibration.limits.items() if limit.n},
    )
