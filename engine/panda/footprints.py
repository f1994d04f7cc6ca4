"""A Stand, drawn: soft footprints, and a ring at eye height straight ahead that closes as the time goes."""

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.kit import Kit
from engine.panda.look import colour
from engine.scene import Stand

AHEAD_M = 2.2
_SITTING_OR_UNSEEN_EYE_M = 1.5


class Footprints:
    """Something to stand on and something to look at, and nothing that moves."""

    def __init__(self, kit: Kit, item: Stand, frame: Frame) -> None:
        """Lay the footprints, and the ring at the height of the eyes now."""
        self.node = kit.parent.attach_new_node(item.key)
        paper = colour(kit.place.ink.paper)
        for side in (-1, 1):
            foot = shapes.disc("foot", shapes.sole(0.27), (*paper, 0.55), (*paper, 0.90))
            foot.reparent_to(self.node)
            foot.set_pos_hpr_scale((side * 0.11, 0, 0.012), (-6 * side, 0, 0), (side, 1, 1))
            kit.look.mark(foot)
        eye_m = frame.head.position_m[1] if frame.head.valid else _SITTING_OR_UNSEEN_EYE_M
        self._ring = shapes.ring("ring", 0.20, 0.011, (1.0, 0.98, 0.90, 0.9))
        self._ring.reparent_to(self.node)
        self._ring.set_pos_hpr((0, AHEAD_M, eye_m - 0.04), (0, 90, 0))
        self._light = kit.look.mark(self._ring)
        self._ring.set_depth_write(True)
        dot = shapes.cards("dot", [(0, 0, 0)], 0.014, [(1, 1, 1, 0)])
        dot.reparent_to(self._ring)
        kit.look.beads(dot, 0.9, 1.0)
        self.update(item)

    def update(self, item: Stand) -> None:
        """Close the ring as far as the time has gone."""
        self._light.turn(1.0, item.fill)

    def pass_time(self, time_s: float) -> None:
        """Nothing moves by itself: it is for standing still."""
