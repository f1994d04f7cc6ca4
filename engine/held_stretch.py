"""A gentle stretch of an arm or of the neck: where it is held, how time in it is collected, and how far it went."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine import looking, moves, pace
from engine.envelope import Envelope
from engine.frame import Vector
from engine.hanging import hang, outward, refuses_arm
from engine.limits import OutsideEnvelope
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, NECK_ERROR_DEG, STRAIGHT_ARM
from engine.metrics.signals import lengths
from engine.motion import Array, Mask, Motion
from engine.raising import STRETCHED, raised
from engine.records import Request, Stance
from engine.scene import Arms, Gaze, Target
from engine.task import Move

UP, ASIDE, HEAD = "up", "aside", "head"
LEAST_DEG = 15.0
REACH = 0.95  # of it: an arm that is nearly straight
OUTWARD_DEG: Mapping[str, tuple[float, ...]] = {UP: (0.0, 15.0, 30.0, 45.0), ASIDE: (75.0, 60.0, 90.0, 45.0)}


class Stretch(NamedTuple):
    """What is stretched, and on which side; its middle as a share of the limit, and how far from it still counts."""

    kind: str
    side: str
    share: float
    band_deg: float

    @property
    def movement(self) -> str:
        """The movement whose limit says how far it goes."""
        return f"neck_lateral_{self.side}" if self.kind == HEAD else f"shoulder_elevation_{self.side}"


class Laid(NamedTuple):
    """A stretch for one person: what is asked for, where it is held, and how a companion shows it: arms, head tilt.

    Of an arm also where its shoulder is, and how long it is.
    """

    stretch: Stretch
    request: Request
    goal: Target | Gaze
    shown: tuple[Arms, float]
    shoulder_m: Vector = (0.0, 0.0, 0.0)
    arm_m: float = 0.0

    @property
    def distance_m(self) -> float:
        """How far from the shoulder a hand is held."""
        return math.dist(self.shoulder_m, self.goal.place_m) if isinstance(self.goal, Target) else 0.0

    @property
    def way_s(self) -> float:
        """How long it takes to get to the edge of the band."""
        if isinstance(self.goal, Gaze):
            return pace.REACTION_S + pace.way_s(self.request.amplitude, pace.HEAD_DPS, 0.0)
        return pace.raise_s(self.distance_m, self.request.amplitude)


def refuses(envelope: Envelope, stretch: Stretch) -> str:
    """Why a stretch may not be asked for; "" when it may."""
    if stretch.kind == HEAD:
        return looking.refuses(envelope, stretch.movement, stretch.band_deg)
    why = refuses_arm(envelope, stretch.side)
    if not why:
        try:
            lay(envelope, stretch, "")
        except OutsideEnvelope as reason:
            return str(reason)
    return why


def lay(envelope: Envelope, stretch: Stretch, key: str) -> Laid:
    """A stretch for one person; raises OutsideEnvelope, saying why, where there is no room for it."""
    wish = _wish(envelope, stretch)
    if stretch.kind == HEAD:
        request, centre = envelope.centred(wish, stretch.band_deg)
        tilt = looking.goal_deg(stretch.movement, centre)[2]
        return Laid(stretch, request, Gaze(key, 0.0, 0.0, stretch.band_deg, tilt), (Arms(), tilt))
    side, arm_m = stretch.side, envelope.arm_m(stretch.side)
    radius_m = REACH * arm_m * math.radians(stretch.band_deg)
    hung = hang(envelope, side, wish, outward(side, OUTWARD_DEG[stretch.kind]), radius_m, REACH)
    way = (abs(hung.azimuth_deg), hung.elevation_deg)
    arms = Arms(left_deg=way) if side == "left" else Arms(right_deg=way)
    goal = Target(key, hung.place_m, radius_m, side)
    return Laid(stretch, hung.request, goal, (arms, 0.0), envelope.shoulder(side), arm_m)


def settle(laid: Laid, noted: looking.Noted, seconds: float) -> Move:
    """A moment to read what comes; `noted` keeps from which neutral head, and until when."""
    if isinstance(laid.goal, Gaze):
        return (yield from moves.within(seconds, looking.ahead(looking.AHEAD_DEG, seconds, noted)))
    noted.ahead_s = seconds
    return (yield from moves.show((laid.goal._replace(state="later"),), seconds))


def collect(laid: Laid, seconds: float) -> Move:
    """Spend a time in a stretch, all at once or bit by bit."""
    goal = laid.goal
    return moves.gather(goal, seconds) if isinstance(goal, Target) else looking.gather(goal, seconds)


def track(laid: Laid, motion: Motion, stance: Stance, noted: looking.Noted) -> tuple[Array, Mask, float | None]:
    """The angle of a stretch over time (n,), when it was in the band (n,) as `collect` counts it, and its error.

    Nobody knows the error where the arm was bent.
    """
    goal = laid.goal
    if isinstance(goal, Gaze):
        tilt = looking.turned_deg(motion, noted, (0.0, 0.0, math.copysign(1.0, goal.tilt_deg)))
        return tilt, np.abs(tilt - abs(goal.tilt_deg)) < goal.radius_deg, NECK_ERROR_DEG
    _, elevation, radius = raised(motion, stance, goal.hand, laid.shoulder_m)
    elevation = np.where(radius >= STRETCHED * laid.distance_m, elevation, np.nan)
    inside = _inside(motion, goal) & np.isfinite(elevation)
    straight = inside.any() and np.median(radius[inside]) >= STRAIGHT_ARM * laid.arm_m
    return elevation, inside, ELEVATION_ERROR_DEG if straight else None


def _inside(motion: Motion, goal: Target) -> Mask:
    """When a hand was in its target, (n,), which it leaves later than it enters."""
    away_m = lengths(motion.hand_m(goal.hand) - np.asarray(goal.place_m))
    near: Mask = away_m < goal.radius_m
    inside = near.copy()
    for index in np.flatnonzero(~near & (away_m < moves.HELD * goal.radius_m)):
        inside[index] = index > 0 and inside[index - 1]
    return inside


def _wish(envelope: Envelope, stretch: Stretch) -> Request:
    """Where a stretch begins to count: its middle is a share of the limit, or nearer where less is asked for."""
    asked, limit = envelope.request(stretch.movement), envelope.calibration.limits[stretch.movement]
    gentle = max(LEAST_DEG, stretch.share * limit.value - stretch.band_deg)
    if asked.amplitude <= gentle:
        return asked
    around = f"{gentle:.0f}° to {gentle + 2 * stretch.band_deg:.0f}°: a stretch around {100 * stretch.share:.0f} %"
    return Request(stretch.movement, round(gentle, 3), asked.unit, "CEILING", f"{around} of the limit")
