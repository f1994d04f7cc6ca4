"""What a stroke of rowing came to, by where the hands were: how long and how fast it was, and to which side."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from engine.frame import Vector
from engine.metrics.definition import known
from engine.metrics.matching import hands_near
from engine.metrics.signals import lengths
from engine.motion import Array, Mask, Motion
from engine.records import Measured, Stance
from engine.rowing import Stroke

FRAME_S, SETTLES_S = 0.02, 0.4
PLACE_ERROR_M = 0.027  # 95 %, of a Quest 2 controller (Carnevale 2022, Sensors 22:5511)


class Rowed(NamedTuple):
    """A stroke as it was rowed, with what was asked of the hands, by side, and how near to their ends counts."""

    motion: Motion
    strokes: Mapping[str, Stroke]
    near_m: float

    def length(self, side: str) -> Measured:
        """How far a hand went from its furthest place in front to where its stroke ended, along the stroke."""
        if side not in self.strokes:
            return Measured(None, "m", None, "this arm did not row")
        along_m = self._along_m(side)
        if np.isnan(along_m).all():
            return Measured(None, "m", None, f"the {side} hand was not seen")
        caught, ended = self._caught((side,)), self._ended((side,))
        if not caught.any():
            return Measured(None, "m", None, f"the {side} hand was not in front")
        furthest, until = int(np.argmax(np.where(caught, along_m, -math.inf))), len(along_m)
        if ended[furthest:].any():
            end_s = self.motion.time_s[furthest + int(ended[furthest:].argmax())] + SETTLES_S
            until = int(np.searchsorted(self.motion.time_s, end_s))
        length_m = float(along_m[furthest]) - float(np.nanmin(along_m[furthest:until]))
        return Measured(round(length_m, 3), "m", PLACE_ERROR_M)

    def drive(self) -> Measured:
        """How long it took from when every hand was in front until every hand was at the chest."""
        caught, ended = self._caught(tuple(self.strokes)), self._ended(tuple(self.strokes))
        if not caught.any():
            return Measured(None, "s", None, "the hands were not in front together")
        first = int(caught.argmax())
        time_s = self.motion.time_s[first:]
        lasted_s = float(time_s[ended[first:].argmax()] - time_s[0]) if ended[first:].any() else None
        return known(lasted_s, "s", 3, "the hands did not come back to the chest together", FRAME_S)

    def aside(self, stance: Stance) -> Measured:
        """Where the middle between the hands was when they were furthest in front, to the right of the head."""
        if len(self.strokes) < 2:
            return Measured(None, "deg", None, "one arm rowed")
        along_m = sum(self._along_m(side) for side in self.strokes)
        if np.isnan(along_m).all():
            return Measured(None, "deg", None, "the hands were not seen together")
        hands_m = self.motion.left_m + self.motion.right_m
        middle = hands_m[int(np.nanargmax(along_m))] / 2 - np.asarray(stance.head_m)
        aside_deg = math.degrees(math.atan2(middle[0], -middle[2])) - stance.facing_deg
        return Measured(round((aside_deg + 180) % 360 - 180, 1), "deg")

    def reach_used(self, shoulder_m: Mapping[str, Vector], arm_m: Mapping[str, float]) -> Measured:
        """How far the hand of the better arm was from its shoulder at most, of the length of that arm."""
        away_m = {side: lengths(self.motion.hand_m(side) - np.asarray(at)) for side, at in shoulder_m.items()}
        most = max(float(np.nanmax(away, initial=0.0)) / arm_m[side] for side, away in away_m.items())
        return Measured(round(100 * most, 1), "%")

    def _along_m(self, side: str) -> Array:
        """How far a hand was from the end of its stroke along it, (n,); nan where it was not seen."""
        stroke = self.strokes[side]
        way = np.subtract(stroke.catch_m, stroke.finish_m)
        along: Array = (self.motion.hand_m(side) - np.asarray(stroke.finish_m)) @ (way / np.linalg.norm(way))
        return along

    def _caught(self, sides: Sequence[str]) -> Mask:
        """Whether all hands of some sides are where their strokes begin, (n,)."""
        return self._near({side: self.strokes[side].catch_m for side in sides})

    def _ended(self, sides: Sequence[str]) -> Mask:
        """Whether all hands of some sides are where their strokes end, (n,)."""
        return self._near({side: self.strokes[side].finish_m for side in sides})

    def _near(self, places_m: Mapping[str, Vector]) -> Mask:
        return np.asarray(hands_near(self.motion, places_m, self.near_m).all(axis=1))
