"""The leg of somebody at a desk: what would lean the body lifts a leg where one is asked for, as if strapped on."""

import math
from collections.abc import Sequence

from engine.frame import SIDES, Devices, Frame, Pose, Quaternion, as_float32, times
from engine.inputs import NOTHING, Held
from engine.scene import Item, Lift

RATE_DEG_PER_S = 75.0
BEYOND = 1.08  # of what is asked: a key says no amount
_MOUNTED: Quaternion = (0.0, 0.0, 0.0, 1.0)
_AT_M = (0.14, 0.30, -0.40)


class DeskLeg:
    """The leg that is asked for, and how far it is lifted."""

    def __init__(self) -> None:
        """None is asked for."""
        self._asks: Lift | None = None
        self._angle_deg = 0.0

    def see(self, items: Sequence[Item]) -> None:
        """Take in which leg is asked for now."""
        self._asks = next((item for item in items if isinstance(item, Lift)), None)
        if self._asks is None:
            self._angle_deg = 0.0

    def lift(self, held: Held, dt_s: float) -> Held:
        """Lift the leg by what would lean the body forward; what is left of that for the body."""
        if self._asks is None:
            return held
        most_deg = BEYOND * self._asks.angle_deg
        goal = most_deg * max(0.0, held.lean[0])
        step = RATE_DEG_PER_S * dt_s
        self._angle_deg += max(-step, min(step, goal - self._angle_deg))
        return held._replace(lean=NOTHING.lean, lean_deg=None)

    def worn(self, frame: Frame) -> Frame:
        """What devices say, of which one is worn on the leg."""
        if self._asks is None:
            return frame
        device = self._asks.device
        half = math.radians(self._angle_deg) / 2
        turned = times((math.sin(half), 0.0, 0.0, math.cos(half)), _MOUNTED)
        side = 1 if self._asks.movement.endswith("right") else -1
        x, y, z, a, b, c, d, *_ = as_float32((side * _AT_M[0], *_AT_M[1:], *turned, *(0.0,) * 18))
        pose = Pose((x, y, z), (a, b, c, d))
        if device not in SIDES:
            worn = frame.devices or Devices()
            left = device == "left_foot"
            devices = worn._replace(left_foot=pose) if left else worn._replace(right_foot=pose)
            return frame._replace(devices=devices)
        if device == "left":
            return frame._replace(left=frame.left._replace(grip=pose))
        return frame._replace(right=frame.right._replace(grip=pose))
