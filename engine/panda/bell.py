"""A Lift, drawn: a bell that swings as the leg is lifted, on a scale of beads to where it rings."""

import math

from panda3d.core import NodePath

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.ease import Burst, Follower
from engine.panda.flourish import Flourish, light_cards, ring_of_light, show
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE
from engine.panda.roles import part
from engine.scene import Lift

BEADS = 13
GOAL_DEG = 62.0  # how far the bell hangs over where it rings, whatever the leg is asked for
SCALE_M, RING_M, HEAD_M = 0.52, 0.085, 0.13
_LAGS = 0.35  # of the bell's swing that the clapper makes less
_RINGS_S, _SWINGS_HZ = 3.0, 1.1
_TOWARDS_M = 0.14  # the scale hangs before the bell


class Bell:
    """One bell: it swings to the side of the leg that is lifted, and back to the other by itself once it rings."""

    def __init__(self, kit: Kit, item: Lift, _: Frame) -> None:
        """Hang it up."""
        self.node = kit.parent.attach_new_node(item.key)
        self.node.set_pos(to_panda(kit.place.bell_m))
        self.node.set_scale(kit.place.bell_scale)
        model = kit.role("bell", self.node)
        model.set_h(-90)  # its pins lie along x, and it shall swing to the sides, where that can be seen
        self._bell, self._clapper = part(model, "bell"), part(model, "clapper")
        self._clapper.wrt_reparent_to(self._bell)
        self._side = 1.0 if item.movement.endswith("right") else -1.0
        self._guide = self.node.attach_new_node("guide")
        self._guide.set_y(-_TOWARDS_M)
        beads = shapes.cards("beads", [self._at(i / (BEADS - 1)) for i in range(BEADS)], 0.022, _SHADES)
        beads.reparent_to(self._guide)
        self._beads = kit.look.beads(beads, 0.95, 0.0)
        self._head = light_cards("head", [(0, 0, 0)], HEAD_M, self._guide)
        kit.look.glow(self._head, 0.9, 0.6, 0.0, 0.32)
        goal, self._light = ring_of_light(kit.look, self._guide, RING_M)
        goal.set_pos(self._at(1.0))
        self._flourish = Flourish(kit.look, self._goal_of(goal), RING_M, 0.4)
        self._swing, self._ringing = Follower(0.06), Burst(_RINGS_S)
        self._share, self._state = 0.0, ""
        self.update(item)

    def update(self, item: Lift) -> None:
        """Swing as far as the leg is lifted, close the ring, and ring."""
        self._share = min(1.15, max(0.0, item.now_deg / item.angle_deg)) if item.angle_deg else 0.0
        asked = item.state == "wanted"
        show(self._guide, item.state != "done")
        self._beads.turn(0.95 if asked else 0.45, 0.0, min(1.0, self._share))
        self._head.set_pos(self._at(min(1.0, self._share)))
        self._light.turn(0.75 if asked else 0.2, 1.0, item.fill if asked else 0.0, RING_SHARE)
        if item.state == "done" and self._state != "done":
            self._ringing.begin()
            self._flourish.reach()
        self._state = item.state

    def pass_time(self, time_s: float) -> None:
        """Swing on by itself while it rings."""
        rung = self._ringing.share(time_s)
        swing_deg = GOAL_DEG * self._share
        if rung < 1:
            swing_deg = GOAL_DEG * (1 - rung) ** 1.6 * math.cos(2 * math.pi * _SWINGS_HZ * _RINGS_S * rung)
        now_deg = self._side * self._swing.follow(swing_deg, time_s)
        self._bell.set_p(now_deg)
        self._clapper.set_p(-_LAGS * now_deg)
        self._flourish.pass_time(time_s)

    def _at(self, share: float) -> tuple[float, float, float]:
        """A place of the scale around the headstock."""
        turn = math.radians(GOAL_DEG * share)
        return (self._side * SCALE_M * math.sin(turn), 0.0, -SCALE_M * math.cos(turn))

    def _goal_of(self, goal: NodePath) -> NodePath:
        """Where sparks fly from: beside the guide, which goes when they fly."""
        spark = self.node.attach_new_node("sparks")
        spark.set_pos(goal.get_pos(self.node))
        return spark


_SHADES = [(1, 1, 1, i / (BEADS - 1)) for i in range(BEADS)]
