"""Somebody who never sat at the desk: does with mouse and keys what the help says, to what is on the screen."""

import math
from collections.abc import Iterator

from engine.frame import Frame, Vector, inverse, rotate
from engine.inputs import RISE, Heard, Held, Pair
from engine.panda.pointer import FOV_DEG, led
from engine.panda.puppet import NECK_DEG
from engine.panda.seat import Seat
from engine.scene import Bend, Follow, Gaze, Lean, Lift, Option, Panel, Reach, Recall, Rise, Scene, Stone, Target

MOUSE_PER_S = 2.5  # half windows
READS_S = 0.5


class Beginner:
    """A headset that is a seat at a desk, and who sits there; `by` is what they choose options with: hover or click."""

    kind, description = "desk", "a beginner"

    def __init__(self, by: str = "hover", rate_hz: float = 30.0, aspect: float = 1.6, picks: str = "") -> None:
        self.seat, self._aspect, self._step_s = Seat(), aspect, 1 / rate_hz
        self._mouse: Pair = (0.0, 0.0)
        self._scene, self._since_s, self._pressed = Scene("still"), 0.0, False
        self._by, self._picks = by, picks

    def frames(self) -> Iterator[Frame]:
        index = 0
        while True:
            heard = self._acts()
            self.seat.live(heard, self._mouse, self._aspect, self._step_s)
            yield self.seat.frame(round(index * self._step_s * 1e9), heard, True)
            index += 1

    def show(self, scene: Scene) -> None:
        keys = {item.key for item in scene.items}
        self._since_s = self._since_s + self._step_s if keys == {item.key for item in self._scene.items} else 0.0
        self._scene = scene
        self.seat.see(scene)

    def close(self) -> None:
        pass

    def _acts(self) -> Heard:
        items = self._scene.items
        face = (0.0, 0.0) if any(isinstance(item, Recall) for item in items) else None
        lean, tilt, acts = (0.0, 0.0), 0.0, ()
        targets = [item for item in items if isinstance(item, Target) and item.state == "wanted"]
        goal: Vector | None = self._next(targets)
        for item in items:
            if isinstance(item, Lean | Lift) or (isinstance(item, Stone) and item.state == "wanted"):
                lean = _leant(item)
            elif isinstance(item, Gaze):
                if item.yaw_deg or item.pitch_deg:
                    face = (item.yaw_deg / NECK_DEG[0], item.pitch_deg / NECK_DEG[1])
                away_deg = item.tilt_deg - self.seat.puppet.face_deg[2]
                tilt = math.copysign(1.0, away_deg) if item.tilt_deg and abs(away_deg) > 2 else 0.0
            elif isinstance(item, Rise):
                lean, acts = self._rise(item)
            elif isinstance(item, Reach | Bend):
                goal = item.stop_m if isinstance(item, Reach) else item.place_m if item.goal == "down" else None
            elif isinstance(item, Follow) and item.state == "wanted":
                goal = led(item)[1 if item.fill else 0]
            elif isinstance(item, Option) and item.key == (self._picks or item.key) and goal is None:
                goal = item.place_m
        if not any(isinstance(item, Gaze) and item.tilt_deg for item in items):
            back = -self.seat.puppet.face_deg[2]
            tilt = math.copysign(1.0, back) if abs(back) > 2 else 0.0
        self._go(goal)
        return Heard(Held(lean, face=face, tilt=tilt, trigger=self._click()), acts=acts)

    def _rise(self, item: Rise) -> tuple[Pair, tuple[str, ...]]:
        if item.high_m <= item.low_m:
            return (float(item.goal == "up"), 0.0), ()
        puppet = self.seat.puppet
        return (0.0, 0.0), (RISE,) if puppet.sits == (item.goal == "up") and self._since_s > READS_S else ()

    def _click(self) -> float:
        asked = any(isinstance(item, Panel) and item.confirm for item in self._scene.items)
        wants = asked or (self._by == "click" and any(isinstance(item, Option) for item in self._scene.items))
        self._pressed = wants and self._since_s > READS_S and not self._pressed
        return float(self._pressed)

    def _next(self, targets: list[Target]) -> Vector | None:
        """The first target that no hand of its own is in."""
        for target in targets:
            hands = [self.seat.puppet.hand(side) for side in ("left", "right") if target.hand in (side, "either")]
            if all(math.dist(hand.position_m, target.place_m) > 0.5 * target.radius_m for hand in hands):
                return target.place_m
        return targets[-1].place_m if targets else None

    def _go(self, goal: Vector | None) -> None:
        """Lead the mouse to where something is in the window, or to the edge beyond which it is; else to the middle."""
        to = (0.0, 0.0)
        if goal is not None:
            head = self.seat.puppet.head()
            x, y, z = (a - b for a, b in zip(goal, head.position_m, strict=True))
            right, up, back = rotate(inverse(head.orientation), (x, y, z))
            half = math.tan(math.radians(FOV_DEG / 2)) * max(1e-3, -back)
            to = (max(-1.0, min(1.0, right / half / self._aspect)), max(-1.0, min(1.0, up / half)))
        most = MOUSE_PER_S * self._step_s
        far = math.dist(to, self._mouse)
        share = min(1.0, most / far) if far else 0.0
        self._mouse = tuple(a + share * (b - a) for a, b in zip(self._mouse, to, strict=True))


def _leant(item: Lean | Lift | Stone) -> Pair:
    """Which keys to hold (ahead, right) for a lean, or to lift a leg."""
    if isinstance(item, Lift):
        return (float(item.state == "wanted"), 0.0)
    if isinstance(item, Stone) and item.goal != "out":
        return (0.0, 0.0)
    turn = math.radians(item.direction_deg)
    return (float(round(1.4 * math.cos(turn))), float(round(1.4 * math.sin(turn))))
