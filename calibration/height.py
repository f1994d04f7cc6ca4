"""What the height of a headset says: somebody who stands, somebody who sits, or a floor that was not set."""

from typing import NamedTuple

from calibration.limits import from_one
from engine.body import (
    EYE_HEIGHT_OF_STATURE,
    SEATED_EYES_AT_MOST_M,
    SEATED_EYES_OF_STATURE,
    SEATED_STATURE_SD_M,
    STATURE_SD_M,
)
from engine.records import Limit

STANDING, SEATED, NO_FLOOR = "standing", "seated", "floor not set"
HEADSET_SD_M = 0.005
STANDS_OF_EYES, SITS_OF_EYES = (0.90, 1.08), (0.62, 0.90)  # of the eye height of the stature, standing
STANDS_M, SITS_M = (SEATED_EYES_AT_MOST_M, 2.3), (0.6, SEATED_EYES_AT_MOST_M)  # where no stature is known
CHILD_STANDS_M = 0.8


class Height(NamedTuple):
    """What a height says: STANDING, SEATED or NO_FLOOR, and why, or what to keep in mind; "" when all is clear."""

    posture: str
    why: str


def posture_of(headset_m: float, stature_m: float | None = None, asked_to_stand: bool = False) -> Height:
    """How somebody was while the headset was at a height over the floor.

    With a stature this holds for children, too. Without one, 0.8 to 1.4 m is an adult who sits or a child who stands:
    it is taken for standing only where that was asked for, and `why` says so.
    """
    if stature_m is not None:
        return _of_stature(headset_m, stature_m)
    if STANDS_M[0] <= headset_m <= STANDS_M[1]:
        return Height(STANDING, "")
    either = f"with the headset at {headset_m:.2f} m an adult sits or a child stands"
    if asked_to_stand and CHILD_STANDS_M <= headset_m < STANDS_M[0]:
        return Height(STANDING, f"{either}: taken for standing, because that was asked for; give the stature")
    if SITS_M[0] <= headset_m < SITS_M[1]:
        return Height(SEATED, f"{either}: taken for seated; give the stature to be sure")
    seen = f"the head is at {headset_m:.2f} m; it is from {SITS_M[0]} to {STANDS_M[1]} m for who sits or stands"
    return Height(NO_FLOOR, f"{seen}: set the floor")


def stature_of(height: Height, headset_m: float, known: Limit | None, method: str) -> Limit:
    """The stature of somebody from the height of the headset; of who sits, the one that is `known`, or a rough one.

    `method` says how the height was taken.
    """
    if height.posture != SEATED:
        standing = f"{method} over {EYE_HEIGHT_OF_STATURE}, standing"
        return from_one(headset_m / EYE_HEIGHT_OF_STATURE, "m", standing, STATURE_SD_M, height.why)
    if known is not None:
        return known
    seated = f"{method} over {SEATED_EYES_OF_STATURE}, seated: a rough guess"
    return from_one(headset_m / SEATED_EYES_OF_STATURE, "m", seated, SEATED_STATURE_SD_M, height.why)


def seated_of(height: Height, headset_m: float, method: str) -> Limit | None:
    """The height of the headset of who sits; None of who stands."""
    if height.posture != SEATED:
        return None
    return from_one(headset_m, "m", f"{method}, seated", HEADSET_SD_M, height.why)


def _of_stature(headset_m: float, stature_m: float) -> Height:
    share = headset_m / (EYE_HEIGHT_OF_STATURE * stature_m)
    seen = f"the headset is at {headset_m:.2f} m, {share:.0%} of the eye height of a stature of {stature_m:.2f} m"
    if STANDS_OF_EYES[0] <= share <= STANDS_OF_EYES[1]:
        return Height(STANDING, "")
    if SITS_OF_EYES[0] <= share < SITS_OF_EYES[1]:
        return Height(SEATED, seen)
    return Height(NO_FLOOR, f"{seen}: set the floor, or correct the stature")
