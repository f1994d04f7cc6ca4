"""What a single frame shows of a person: how they stand, and roughly how tall they are."""

import math

import msgspec

from engine.body import (
    EYE_HEIGHT_OF_STATURE,
    SEATED_EYES_AT_MOST_M,
    SEATED_EYES_OF_STATURE,
    SEATED_STATURE_SD_M,
    STATURE_SD_M,
)
from engine.frame import Frame, yaw_rad
from engine.plan import Plan
from engine.records import Calibration, Limit, Stance


def provisional(plan: Plan, first: Frame) -> Calibration:
    """What is taken for true before anything is measured: what was known, or a stature guessed from one height."""
    known = plan.calibration
    if known is not None and plan.keep_stance:
        return known
    stance = stance_in(first)
    if known is not None:
        return msgspec.structs.replace(known, stance=stance)
    height_m = first.head.position_m[1]
    sits_low = plan.posture == "seated" and height_m < SEATED_EYES_AT_MOST_M  # else their headset lifts them
    stature_m = height_m / (SEATED_EYES_OF_STATURE if sits_low else EYE_HEIGHT_OF_STATURE)
    half_m = 1.96 * (STATURE_SD_M if plan.posture == "standing" else SEATED_STATURE_SD_M)
    method = f"headset height in the first frame, {plan.posture}: a rough guess"
    unmeasured = Limit(stature_m, stature_m - half_m, stature_m + half_m, "m", 0, method)
    return Calibration("", stance, unmeasured, {})


def stance_in(frame: Frame) -> Stance:
    """How the person stands in a frame."""
    return Stance(frame.head.position_m, math.degrees(yaw_rad(frame.head.orientation)))
