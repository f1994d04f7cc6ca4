"""The trunk of somebody at a desk: it bends as far as a hand needs that is led to a shelf, and comes up by itself."""

import math
from collections.abc import Sequence

from engine.bending import HEAD_OF_STATURE
from engine.panda.puppet import Puppet
from engine.scene import Bend, Item

RATE_DEG_PER_S, MOST_DEG = 55.0, 95.0


class DeskBend:
    """Whether somebody is asked to bend, and how far they have."""

    def __init__(self) -> None:
        """Nobody is."""
        self._asks: Bend | None = None
        self._goes = False
        self._bent_deg = 0.0

    def see(self, items: Sequence[Item]) -> None:
        """Take in what is asked now."""
        asks = next((i for i in items if isinstance(i, Bend) and i.state == "wanted" and i.goal == "down"), None)
        self._goes = self._goes and asks is not None and self._asks is not None and asks.key == self._asks.key
        self._asks = asks

    def follow(self, puppet: Puppet, means: bool, dt_s: float) -> float:
        """How far the trunk is bent now, in degrees: once the hand is led there, until it has been there."""
        self._goes = self._asks is not None and (self._goes or means)
        goal_deg = 0.0
        if self._goes and self._asks is not None:
            from_hips_m = HEAD_OF_STATURE * puppet.stature_m
            upright_m = puppet.eyes()[1] + from_hips_m * (1 - math.cos(math.radians(self._bent_deg)))
            drop = (upright_m - self._asks.low_m) / from_hips_m
            goal_deg = min(MOST_DEG, math.degrees(math.acos(max(-1.0, min(1.0, 1 - drop)))))
        step = RATE_DEG_PER_S * dt_s
        self._bent_deg += max(-step, min(step, goal_deg - self._bent_deg))
        return self._bent_deg
