"""The legs of a simulated patient: what is worn on them, and how it turns when one is lifted."""

import math

from engine.frame import LOST, Devices, Pose, Quaternion, Vector, as_float32, times
from engine.leg import taken_off
from engine.scene import Item, Lift
from engine.simulated_movement import Way

SHANK_M, KNEE_M, ASIDE_M, AHEAD_M = 0.30, 0.48, 0.12, 0.35
SINKS_S = 4.0  # a leg that is tired of being up comes down in so long
MOUNTED: Quaternion = (0.5, -0.5, 0.5, 0.5)  # however it was strapped on


class Legs:
    """Both legs of somebody who sits, and what is strapped to them."""

    def __init__(self, speed_dps: float, up_s: float) -> None:
        """Nothing is worn; a leg is lifted with a peak of `speed_dps` and stays up for `up_s` before it sinks."""
        self._speed_dps, self._up_s = speed_dps, up_s
        self._ways: dict[str, Way] = {}

    def wear(self, items: tuple[Item, ...]) -> None:
        """Strap on what is asked for, and take it off when that is asked."""
        if taken_off(items):
            self._ways = {}
        for item in items:
            if isinstance(item, Lift):
                self._ways.setdefault(item.device, Way((0.0, 0.0, 0.0)))

    def aim(self, item: Lift, angle_deg: float, now_s: float, delay_s: float) -> float:
        """Lift a leg; for how long that takes."""
        way = self._ways[item.device]
        way.aim((angle_deg, 0.0, 0.0), now_s, delay_s, self._speed_dps)
        return way.lasts_s

    def relax(self, now_s: float) -> None:
        """Let both legs down."""
        for way in self._ways.values():
            if way.goal[0]:
                way.aim((0.0, 0.0, 0.0), now_s, 0.15, self._speed_dps)

    def pose(self, device: str, now_s: float, tremor_m: float = 0.0) -> tuple[float, ...] | None:
        """Where what is worn is, three numbers, and how it is turned, four; None where it is worn on no leg."""
        way = self._ways.get(device)
        if way is None:
            return None
        tired = max(0.0, now_s - way.begins_s - way.lasts_s - self._up_s) / SINKS_S if way.goal[0] else 0.0
        turned = math.radians(way.at(now_s)[0]) * max(0.0, 1 - tired) + tremor_m
        half, right = turned / 2, 1 if device.startswith("right") else -1
        place: Vector = (
            right * ASIDE_M,
            KNEE_M - SHANK_M * math.cos(turned),
            -AHEAD_M - SHANK_M * math.sin(turned),
        )
        return (*place, *times((math.sin(half), 0.0, 0.0, math.cos(half)), MOUNTED))

    def devices(self, now_s: float) -> Devices | None:
        """What trackers on the feet say; None where none is worn."""
        left, right = self.pose("left_foot", now_s), self.pose("right_foot", now_s)
        return Devices(left_foot=_pose(left), right_foot=_pose(right)) if left or right else None


def _pose(values: tuple[float, ...] | None) -> Pose:
    if values is None:
        return LOST
    x, y, z, a, b, c, d, *_ = as_float32((*values, *(0.0,) * 18))
    return Pose((x, y, z), (a, b, c, d))
