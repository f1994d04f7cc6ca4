"""How long a simulated person stands on narrow feet or on one leg, how they sway, and how a foot comes down."""

import math
from random import Random

from engine.frame import Vector
from engine.scene import Footing, Scene, Stone

SWAYS = {"together": 1.2, "half a step": 1.5, "heel to toe": 1.9, "one leg": 2.4}
LASTS = {"together": math.inf, "half a step": 8.0, "heel to toe": 2.5, "one leg": 1.0}
"""How many times as long as on one leg somebody stands so."""
SPREAD = 0.2
DROPS_M, ASIDE_M, COMES_DOWN_S, RETURNS_S = 0.06, 0.04, 0.35, 1.5


class Feet:
    """The feet of somebody who stands `one_leg_s` on one leg, about; `random` draws how long this time."""

    def __init__(self, one_leg_s: float, seed: int) -> None:
        self._one_leg_s, self._random = one_leg_s, Random(seed)
        self._key, self._down_s = "", math.inf
        self._side = 1

    def sways(self, scene: Scene) -> float:
        """How many times as large sway is on feet that stand like that; out on a stone they are a step apart."""
        if any(isinstance(item, Stone) and item.state == "wanted" and item.goal == "out" for item in scene.items):
            return SWAYS["half a step"]
        return next((SWAYS[item.feet] for item in scene.items if isinstance(item, Footing)), 1.0)

    def moved_m(self, scene: Scene, now_s: float) -> Vector:
        """How far the head has moved because a foot came down."""
        asked = next((item for item in scene.items if isinstance(item, Footing) and item.state == "wanted"), None)
        if asked is not None and asked.key != self._key:
            lasts_s = self._one_leg_s * LASTS[asked.feet] * math.exp(self._random.gauss(0.0, SPREAD))
            self._key, self._down_s, self._side = asked.key, now_s + lasts_s, -1 if asked.on == "left" else 1
        gone_s = now_s - self._down_s
        if not 0 < gone_s < COMES_DOWN_S + RETURNS_S:
            return (0.0, 0.0, 0.0)
        there = gone_s / COMES_DOWN_S if gone_s < COMES_DOWN_S else 1 - (gone_s - COMES_DOWN_S) / RETURNS_S
        share = there * there * (3 - 2 * there)
        return (-self._side * ASIDE_M * share, -DROPS_M * share, 0.0)
