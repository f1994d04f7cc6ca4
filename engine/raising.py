"""How high an arm is raised: the angle of the line from shoulder to hand over time, and when it is the shoulder's."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from engine import moves
from engine.body import Body
from engine.frame import Vector
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, STRAIGHT_ARM, arm_directions
from engine.motion import Array, Motion
from engine.places import HANGING_DEG, seen_from_shoulder
from engine.records import Measured, Stance, Trace
from engine.task import Measure
from engine.trace import thinned

STRETCHED = 0.75  # of the way to a target: a hand beside the ear is high up, and no reach
SOURCE = "Wu 2005, doi 10.1016/j.jbiomech.2004.05.042, gravity for the thorax"
ARM_RAISED = Measure(
    "Arm raised to",
    "deg",
    "Highest angle of the line from shoulder to hand, 0 hanging, 90 level; true with a straight arm.",
    SOURCE,
)
BENT = "the arm was bent: where the hand was, not the shoulder's angle"


class Raised(NamedTuple):
    """An arm over time, (n,) each: seconds from the first frame, elevation in degrees, hand from shoulder in metres."""

    time_s: Array
    elevation_deg: Array
    away_m: Array

    @property
    def trace(self) -> Trace:
        """The elevation for reading."""
        return Trace("Arm raised", "deg", *thinned(self.time_s, self.elevation_deg))

    def top(self, least_m: float = 0.0, since_s: float = 0.0) -> int | None:
        """The frame in which the arm was highest with its hand so far away from the shoulder; None for never."""
        there = np.flatnonzero((self.away_m >= least_m) & (self.time_s >= since_s))
        return int(there[np.argmax(self.elevation_deg[there])]) if len(there) else None

    def angle(self, top: int | None, arm_m: float, why: str) -> Measured:
        """The elevation in a frame; `why` there is none for None."""
        if top is None:
            return Measured(None, "deg", None, why)
        return angle(float(self.elevation_deg[top]), bool(self.away_m[top] >= STRAIGHT_ARM * arm_m))


def raised(motion: Motion, stance: Stance, side: str, shoulder_m: Vector) -> Raised:
    """The arm of a side over a stretch of movement."""
    _, elevation, away_m = arm_directions(motion, stance, side, shoulder_m)
    return Raised(motion.time_s - motion.time_s[0], elevation, away_m)


def angle(elevation_deg: float, straight: bool, note: str = BENT) -> Measured:
    """An elevation as a measure, whose error is known of a straight arm alone; else with a note."""
    found = round(elevation_deg, 2)
    return Measured(found, "deg", ELEVATION_ERROR_DEG) if straight else Measured(found, "deg", None, note)


def share_of_way(side: str, shoulder_m: Vector, elevation_deg: float) -> Callable[[Body], float]:
    """How much of the way from hanging to an elevation an arm has been raised; nan while its hand is not seen."""
    whole_deg = max(1.0, elevation_deg - HANGING_DEG)

    def share(body: Body) -> float:
        hand_m = moves.hand_m(body, side, shoulder_m)
        if hand_m is None:
            return math.nan
        return (seen_from_shoulder(shoulder_m, 0.0, hand_m)[1] - HANGING_DEG) / whole_deg

    return share
