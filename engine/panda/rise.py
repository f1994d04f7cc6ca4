"""A Rise, drawn: a scale of beads beside the vehicle that light up as the head rises, and where to come to."""

import math

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.flourish import light_cards, ring_of_light
from engine.panda.kit import Kit
from engine.scene import Rise

BEADS = 12
_ASIDE_M, _LOW_M, _HIGH_M = -1.45, 0.45, 2.85  # at 7 m; nearer or further it looks as large
_AT_M = 7.0


class RiseGuide:
    """The scale; the vehicle itself answers as part of the place."""

    def __init__(self, kit: Kit, item: Rise, _: Frame) -> None:
        """Stand it to the left of the vehicle."""
        self.node = kit.parent.attach_new_node(item.key)
        x, y, z = kit.place.vehicle_m
        larger = math.hypot(x, z) / _AT_M
        self.node.set_pos(to_panda((x + _ASIDE_M * larger * max(1.0, kit.place.vehicle_scale), y, z)))
        self.node.set_scale(larger)
        places = [(0.0, 0.0, _LOW_M + (_HIGH_M - _LOW_M) * i / (BEADS - 1)) for i in range(BEADS)]
        shades = [(1, 1, 1, i / (BEADS - 1)) for i in range(BEADS)]
        beads = shapes.cards("beads", places, 0.075 * larger, shades)
        beads.reparent_to(self.node)
        self._beads = kit.look.beads(beads, 0.95, 0.0)
        self._head = light_cards("head", [(0, 0, 0)], 0.55 * larger, self.node)
        kit.look.glow(self._head, 0.9, 0.6, 0.0, 0.32)
        self._goal = ring_of_light(kit.look, self.node, 0.24 * larger)[0]
        self.update(item)

    def update(self, item: Rise) -> None:
        """Light what has been risen."""
        share = min(max(item.share, 0.0), 1.0)
        self._beads.turn(0.95, 0.0, share)
        self._head.set_z(_LOW_M + (_HIGH_M - _LOW_M) * share)
        self._goal.set_z(_HIGH_M if item.goal == "up" else _LOW_M)

    def pass_time(self, time_s: float) -> None:
        """Only the person moves it."""
