"""How a simulated person gets up with a controller at the belt, walks, turns, comes back and sits, headset off."""

import math

from engine.frame import Vector, from_yaw_pitch
from engine.simulated_movement import smooth

SEAT_M, STEP_M = 0.62, 0.02  # height of the belt seated, and how far it bobs with each step
RISES_S, TURNS_S, SITS_S = 1.3, 1.2, 1.6
STEPS_HZ = 1.8
HEAD_ON_TABLE_M: Vector = (0.8, 0.75, 0.0)


class Walker:
    """The belt of somebody on a chair who goes when they are called: a place, and a heading, at each time."""

    def __init__(self, stature_m: float, speed_mps: float) -> None:
        """Somebody so tall, who walks so fast."""
        self._up_m, self._speed_mps = 0.6 * stature_m, speed_mps
        self._called_s, self._way_m = math.inf, 0.0

    def call(self, now_s: float, way_m: float) -> None:
        """Get up, walk so far and come back."""
        self._called_s, self._way_m = now_s, way_m

    def lasting_s(self, way_m: float) -> float:
        """How long it takes from the call until seated, without the time to react."""
        return RISES_S + 2 * way_m / self._speed_mps + TURNS_S + TURNS_S + SITS_S

    @property
    def lasts_s(self) -> float:
        """As long as this way takes."""
        return self.lasting_s(self._way_m)

    @property
    def _walks_s(self) -> float:
        return self._way_m / self._speed_mps

    def at(self, now_s: float) -> tuple[float, ...]:
        """Where the belt is, and how it is turned: three numbers and four."""
        gone_s = now_s - self._called_s
        risen = self._phase(gone_s, 0.0, RISES_S) - self._phase(gone_s, self.lasts_s - SITS_S, SITS_S)
        out = self._steadily(gone_s, RISES_S) - self._steadily(gone_s, RISES_S + self._walks_s + TURNS_S)
        half = self._phase(gone_s, RISES_S + self._walks_s, TURNS_S)
        whole = self._phase(gone_s, self.lasts_s - SITS_S - TURNS_S, TURNS_S)
        walks = 0 < out < 1
        bob_m = STEP_M * math.sin(2 * math.pi * STEPS_HZ * gone_s) if walks else 0.0
        height_m = SEAT_M + risen * (self._up_m - SEAT_M) + bob_m
        return (0.0, height_m, -out * self._way_m, *from_yaw_pitch(math.pi * (half + whole), 0.0))

    def _phase(self, gone_s: float, from_s: float, for_s: float) -> float:
        return smooth(min(1.0, max(0.0, (gone_s - from_s) / for_s)))

    def _steadily(self, gone_s: float, from_s: float) -> float:
        return min(1.0, max(0.0, (gone_s - from_s) / self._walks_s)) if self._walks_s else 0.0
