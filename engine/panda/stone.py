"""A Stone, drawn: what is stepped on around the feet, lit and with two soles on it, that of the foot to step dark."""

import math

from engine.frame import SIDES, Frame
from engine.panda import shapes
from engine.panda.ease import Follower
from engine.panda.flourish import Flourish, show
from engine.panda.kit import Kit
from engine.panda.look import colour
from engine.scene import Stone

STONE_M = 0.17  # the radius of the model
_RAISED_M, _OVER_M = 0.02, 0.034  # a stone whose top is level with a floor would be hidden by it
_SOLE_OF_RADIUS, _ASIDE_OF_RADIUS = 1.5, 0.34
_BRIGHT, _FAINT = 0.95, 0.22
_ABOVE_M = 0.002  # what is asked for lies over the idle stone of its place
_WAKES_S = 0.15


class SteppingStone:
    """One stone; where several lie on one place, only that which is asked for is lit."""

    def __init__(self, kit: Kit, item: Stone, _: Frame) -> None:
        """Lay it around the middle."""
        self.node = kit.parent.attach_new_node(item.key)
        turn = math.radians(item.direction_deg)
        self.node.set_pos(item.length_m * math.sin(turn), item.length_m * math.cos(turn), 0.0)
        self._stone = self.node.attach_new_node("stone")
        self._stone.set_hpr(17.0 * item.direction_deg, 0.0, 0.0)
        self._model = kit.role("stone", self._stone)
        self._model.set_scale(item.radius_m / STONE_M)
        self._look, self._paint = kit.look, kit.place.paint
        self._skin, self._lit = kit.look.surface(self._stone, gloss=0.3), Follower(_WAKES_S)
        self._mark = self.node.attach_new_node("mark")
        self._mark.set_z(_OVER_M)
        ring = shapes.ring("ring", item.radius_m, 0.008, (1.0, 0.98, 0.90, 0.95))
        ring.reparent_to(self._mark)
        self._ring = kit.look.mark(ring)
        if item.foot:
            for side in SIDES:
                self._sole(kit, item.radius_m, side, _BRIGHT if side == item.foot else _FAINT)
        self._flourish = Flourish(kit.look, self.node, item.radius_m, 0.35)
        self._state = ""
        self.update(item)

    def _sole(self, kit: Kit, radius_m: float, side: str, opacity: float) -> None:
        """One of two soles beside each other: a sole alone tells nobody which foot it is."""
        ink, hand = min(colour(kit.place.ink.text), colour(kit.place.ink.paper), key=sum), 1 if side == "right" else -1
        sole = shapes.disc("sole", shapes.sole(_SOLE_OF_RADIUS * radius_m), (*ink, opacity), (*ink, opacity))
        sole.reparent_to(self._mark)
        sole.set_x(hand * _ASIDE_OF_RADIUS * radius_m)
        sole.set_sx(hand)
        kit.look.mark(sole)

    def update(self, item: Stone) -> None:
        """Light up, close the ring, or let sparks fly."""
        wanted = item.state == "wanted" and item.goal == "out"
        show(self._mark, wanted)
        self._stone.set_z(_RAISED_M + wanted * _ABOVE_M)
        if "stone" in self._paint:
            self._look.paint(self._model, self._paint["wanted" if wanted else "stone"])
        self._ring.turn(1.0, item.fill)
        if item.state == "done" and self._state != "done":
            self._flourish.reach()
        self._state = item.state

    def pass_time(self, time_s: float) -> None:
        """Glow while it is asked for, and sleep else: by day a light stone could hardly be lighter."""
        glow = self._lit.follow(float(self._state == "wanted"), time_s)
        self._skin.turn(0.3, 0.35 * glow, 1.0, 0.0 if "stone" in self._paint else 1 - glow)
        self._flourish.pass_time(time_s)
