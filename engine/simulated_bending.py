"""How a simulated person bends to a shelf: at the hips, which go back as the trunk comes forward."""

import math

from engine.bending import HEAD_OF_STATURE
from engine.frame import Vector
from engine.scene import Bend, Scene
from engine.simulated_movement import Way

BENDS_DEG = 100.0  # as far as a supple trunk can
HIPS_BACK = 0.22  # of how far the head goes ahead


class Bending:
    """The trunk of somebody of a height of eyes, and how far it is bent."""

    def __init__(self, eye_height_m: float, stature_m: float, speed_dps: float) -> None:
        """Stand upright; `speed_dps` is the peak with which they bend."""
        self._speed_dps = speed_dps
        self._way, self._from_hips_m = Way((0.0, 0.0, 0.0)), HEAD_OF_STATURE * stature_m
        self._eye_height_m = eye_height_m
        self._asked = False

    def see(self, scene: Scene) -> None:
        """Take in whether anybody is asked to bend here."""
        self._asked = any(isinstance(item, Bend) for item in scene.items)

    @property
    def free_hands(self) -> bool:
        """Whether hands go where they will, instead of along with the head."""
        return self._asked or self._way.goal[0] > 0

    def aim(self, low_m: float, share: float, now_s: float, delay_s: float) -> float:
        """Bend until the eyes are as low as they may be, or a share of the way; for how long that takes."""
        down = 1 - (self._eye_height_m - max(low_m, 0.0)) / self._from_hips_m
        bend_deg = math.degrees(math.acos(max(-1.0, min(1.0, down))))
        self._way.aim((min(BENDS_DEG, share * bend_deg), 0.0, 0.0), now_s, delay_s, self._speed_dps)
        return self._way.lasts_s

    def relax(self, now_s: float) -> float:
        """Come up again; for how long that takes."""
        if not self._way.goal[0]:
            return 0.0
        self._way.aim((0.0, 0.0, 0.0), now_s, 0.15, self._speed_dps)
        return self._way.lasts_s

    def head_m(self, now_s: float) -> Vector:
        """How far the head has gone from where it is upright: to the right, up and back."""
        bend = math.radians(self._way.at(now_s)[0])
        ahead_m = self._from_hips_m * math.sin(bend) * (1 - HIPS_BACK)
        return (0.0, -self._from_hips_m * (1 - math.cos(bend)), -ahead_m)
