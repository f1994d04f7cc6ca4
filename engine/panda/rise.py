"""A Rise, drawn: a scale of beads that light up as the head rises, beside the vehicle if any, and where to come to."""

import math

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.flourish import Flourish, light_cards, ring_of_light
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE
from engine.scene import Rise

BEADS = 12
_LOW_M, _SPREAD_M = 0.45, 0.7  # at 7 m; nearer or further it looks as large
_BESIDE, _ALONE = (-1.45, 2.85, 0.24), (0.0, 2.1, 0.40)  # how far aside, how high up, and the ring to come to
_AT_M = 7.0


class RiseGuide:
    """The scale and the ring to come to; a vehicle answers as part of the place."""

    def __init__(self, kit: Kit, item: Rise, _: Frame) -> None:
        """Stand it to the left of the vehicle, or where one would be."""
        self.node = kit.parent.attach_new_node(item.key)
        x, y, z = kit.place.vehicle_m
        larger = math.hypot(x, z) / _AT_M
        self._alone = not kit.place.roles.vehicle
        aside_m, self._high_m, ring_m = _ALONE if self._alone else _BESIDE
        self.node.set_pos(to_panda((x + aside_m * larger * max(1.0, kit.place.vehicle_scale), y, z)))
        self.node.set_scale(larger)
        places = [(0.0, 0.0, _LOW_M + (self._high_m - _LOW_M) * i / (BEADS - 1)) for i in range(BEADS)]
        shades = [(1, 1, 1, i / (BEADS - 1)) for i in range(BEADS)]
        beads = shapes.cards("beads", places, 0.075 * larger, shades)
        beads.reparent_to(self.node)
        self._beads = kit.look.beads(beads, 0.95, 0.0)
        self._head = light_cards("head", [(0, 0, 0)], 0.55 * larger, self.node)
        kit.look.glow(self._head, 0.9, 0.6, 0.0, 0.32)
        self._goal, self._light = ring_of_light(kit.look, self.node, ring_m * larger)
        self._flourish = Flourish(kit.look, self._goal, ring_m * larger, _SPREAD_M)
        self._fill = 0.0
        self.update(item)

    def update(self, item: Rise) -> None:
        """Light what has been risen, and close the ring."""
        share = min(max(item.share, 0.0), 1.0)
        self._beads.turn(0.95, 0.0, share)
        self._head.set_z(_LOW_M + (self._high_m - _LOW_M) * share)
        self._light.turn(0.30 + 0.35 * share, 1.0, item.fill, RING_SHARE)
        if self._alone and self._fill > 0.9 > item.fill:
            self._flourish.reach()
        self._goal.set_z(self._high_m if item.goal == "up" else _LOW_M)
        self._fill = item.fill

    def pass_time(self, time_s: float) -> None:
        """Let sparks fly; only the person moves it."""
        self._flourish.pass_time(time_s)
