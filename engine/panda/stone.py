"""A Stone, drawn: what is stepped on around the feet, lit and with the sole of the foot that shall step there."""

import math

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.ease import Follower
from engine.panda.flourish import Flourish, show
from engine.panda.kit import Kit
from engine.panda.look import colour
from engine.scene import Stone

STONE_M = 0.17  # the radius of the model
_RAISED_M, _OVER_M, _SOLE_M = 0.02, 0.034, 0.25  # a stone whose top is level with a floor would be hidden by it
_WAKES_S = 0.15


class SteppingStone:
    """One stone; where several lie on one place, only that which is asked for is lit."""

    def __init__(self, kit: Kit, item: Stone, _: Frame) -> None:
        """Lay it around the middle."""
        self.node = kit.parent.attach_new_node(item.key)
        turn = math.radians(item.direction_deg)
        self.node.set_pos(item.length_m * math.sin(turn), item.length_m * math.cos(turn), 0.0)
        stone = self.node.attach_new_node("stone")
        stone.set_pos_hpr((0.0, 0.0, _RAISED_M), (17.0 * item.direction_deg, 0.0, 0.0))
        kit.role("stone", stone).set_scale(item.radius_m / STONE_M)
        self._skin, self._lit = kit.look.surface(stone, gloss=0.3), Follower(_WAKES_S)
        self._mark = self.node.attach_new_node("mark")
        self._mark.set_z(_OVER_M)
        ring = shapes.ring("ring", item.radius_m, 0.008, (1.0, 0.98, 0.90, 0.95))
        ring.reparent_to(self._mark)
        self._ring = kit.look.mark(ring)
        if item.foot:
            paper = colour(kit.place.ink.paper)
            sole = shapes.disc("sole", shapes.sole(min(_SOLE_M, 1.9 * item.radius_m)), (*paper, 0.85), (*paper, 1.0))
            sole.reparent_to(self._mark)
            sole.set_sx(1 if item.foot == "right" else -1)
            kit.look.mark(sole)
        self._flourish = Flourish(kit.look, self.node, item.radius_m, 0.35)
        self._state = ""
        self.update(item)

    def update(self, item: Stone) -> None:
        """Light up, close the ring, or let sparks fly."""
        show(self._mark, item.state == "wanted" and item.goal == "out")
        self._ring.turn(1.0, item.fill)
        if item.state == "done" and self._state != "done":
            self._flourish.reach()
        self._state = item.state

    def pass_time(self, time_s: float) -> None:
        """Glow while it is asked for."""
        glow = self._lit.follow(float(self._state == "wanted"), time_s)
        self._skin.turn(0.3, 0.35 * glow, 1.0)
        self._flourish.pass_time(time_s)
