"""The body of somebody who sits at a desk: keys and a mouse move a head and two hands that stand upright."""

import math
from dataclasses import dataclass, field

from engine.frame import (
    SIDES,
    Button,
    Frame,
    Hand,
    Pose,
    Vector,
    as_float32,
    from_yaw_pitch,
    rotate,
)

EYE_M = 1.60
MOST_LEAN_DEG, LEAN_DEG_PER_S, TURN_DEG_PER_S = 14.0, 9.0, 60.0
LEAST_DEPTH_M, MOST_DEPTH_M, DEPTH_STEP_M = 0.28, 0.72, 0.03
_SHOULDER_M = (0.19, -0.22, 0.02)
_ELBOW_M = (0.26, -0.52, 0.02)
_ARM_M = 0.66
_RESTING_M = (0.24, 0.98, -0.22)
# A hand held out to reach points its fingers ahead; its grip, as if on a rod, then points up and ahead.
_GRIP_PITCH_RAD = math.radians(62)


@dataclass
class Held:
    """What is pressed during one image. `lean` and `turn` are -1 to 1: (forward, right) and to the right."""

    lean: tuple[float, float] = (0.0, 0.0)
    turn: float = 0.0
    trigger: bool = False
    squeeze: bool = False


@dataclass
class Puppet:
    """Where the pretended body is. `active` is the side of the hand that the mouse moves."""

    active: str = "right"
    depth_m: float = 0.52
    yaw_rad: float = 0.0
    lean_deg: tuple[float, float] = (0.0, 0.0)
    _hands: dict[str, Pose] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Let both hands rest."""
        x, y, z = _RESTING_M
        for side, sign in (("left", -1), ("right", 1)):
            self._hands[side] = Pose((sign * x, y, z), from_yaw_pitch(0.0, _GRIP_PITCH_RAD / 2))

    def head(self) -> Pose:
        """The head of an upside-down pendulum about the ankles, upright itself."""
        forward, right = (math.radians(angle) for angle in self.lean_deg)
        tilt = math.hypot(forward, right) or 1.0
        out_m = EYE_M * math.sin(tilt) if (forward or right) else 0.0
        height_m = EYE_M * math.cos(tilt) if (forward or right) else EYE_M
        place = self._turned((out_m * right / tilt, height_m, -out_m * forward / tilt))
        return Pose(place, from_yaw_pitch(self.yaw_rad, 0.0))

    def advance(self, held: Held, ray: Vector | None, dt_s: float) -> None:
        """Live for a while: `ray` is where the mouse points, a unit vector from the eyes in their own axes."""
        step_deg = LEAN_DEG_PER_S * dt_s
        goal = (held.lean[0] * MOST_LEAN_DEG, held.lean[1] * MOST_LEAN_DEG)
        self.lean_deg = (
            _towards(self.lean_deg[0], goal[0], step_deg),
            _towards(self.lean_deg[1], goal[1], step_deg),
        )
        self.yaw_rad += math.radians(held.turn * TURN_DEG_PER_S * dt_s)
        if ray is not None:
            self._hands[self.active] = self._reach(ray)

    def swap(self) -> None:
        """Give the mouse to the other hand; the first stays where it is."""
        self.active = SIDES[1 - SIDES.index(self.active)]

    def deepen(self, steps: float) -> None:
        """Move the hand away by steps of the wheel."""
        self.depth_m = min(MOST_DEPTH_M, max(LEAST_DEPTH_M, self.depth_m + steps * DEPTH_STEP_M))

    def frame(self, time_ns: int, held: Held, buttons: Button, focused: bool) -> Frame:
        """What devices would say of this body."""
        head = self.head()
        pressed = {self.active: (float(held.trigger), float(held.squeeze))}
        flat: list[float] = [*head.position_m, *head.orientation]
        for side in SIDES:
            flat += [*self._hands[side].position_m, *self._hands[side].orientation]
        for side in SIDES:
            flat += pressed.get(side, (0.0, 0.0))
        v = as_float32(tuple(flat))
        return Frame(
            time_ns,
            _pose(v, 0),
            Hand(_pose(v, 7), v[21], v[22]),
            Hand(_pose(v, 14), v[23], v[24]),
            int(buttons),
            focused,
        )

    def _reach(self, ray: Vector) -> Pose:
        head = self.head()
        turn = head.orientation
        place = _plus(head.position_m, rotate(turn, ray), self.depth_m)
        sign = 1 if self.active == "right" else -1
        shoulder = _plus(head.position_m, rotate(turn, (sign * _SHOULDER_M[0], *_SHOULDER_M[1:])))
        elbow = _plus(head.position_m, rotate(turn, (sign * _ELBOW_M[0], *_ELBOW_M[1:])))
        share = min(1.0, _ARM_M / math.dist(place, shoulder))
        hand = _plus(shoulder, _plus(place, shoulder, -1.0), share)
        x, y, z = _plus(hand, elbow, -1.0)
        up_rad = math.atan2(y, math.hypot(x, z)) + _GRIP_PITCH_RAD
        return Pose(hand, from_yaw_pitch(math.atan2(x, -z), up_rad))

    def _turned(self, place: Vector) -> Vector:
        return rotate(from_yaw_pitch(self.yaw_rad, 0.0), place)


def _plus(place: Vector, way: Vector, times: float = 1.0) -> Vector:
    return (place[0] + times * way[0], place[1] + times * way[1], place[2] + times * way[2])


def _towards(value: float, goal: float, step: float) -> float:
    return value + max(-step, min(step, goal - value))


def _pose(values: tuple[float, ...], first: int) -> Pose:
    x, y, z, a, b, c, d = values[first : first + 7]
    return Pose((x, y, z), (a, b, c, d))
