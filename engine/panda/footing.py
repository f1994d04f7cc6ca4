"""A Footing, drawn: where the feet stand, and a ring around the companion that closes as the time goes."""

from panda3d.core import NodePath

from engine.frame import Frame, Vector
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.flourish import Flourish, ring_of_light, show
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE, colour
from engine.scene import Footing

SOLE_M, _HIGH_M = 0.27, 0.012
_NARROW_M = 0.058  # from the middle to the middle of a foot, where both touch
_RING_M, _RING_UP_M, _SPREAD_M = 0.52, 0.75, 0.7
_UP_OPACITY, _DOWN_OPACITY = 0.18, 0.62


class StandingFeet:
    """Soft prints under the person: dim is that of the foot that is up."""

    def __init__(self, kit: Kit, item: Footing, _: Frame) -> None:
        """Lay the prints, and the ring around the companion."""
        self.node = kit.parent.attach_new_node(item.key)
        self._prints = [_print(kit, self.node, place_m, side, up) for side, place_m, up in prints(item.feet, item.on)]
        x, y, z = kit.place.companion_m
        middle = self.node.attach_new_node("middle")
        middle.set_pos(to_panda((x, y + _RING_UP_M * kit.place.companion_scale, z)))
        self._ring, self._light = ring_of_light(kit.look, middle, _RING_M * kit.place.companion_scale)
        self._flourish = Flourish(kit.look, middle, _RING_M, _SPREAD_M)
        self._state = item.state
        self.update(item)

    def update(self, item: Footing) -> None:
        """Close the ring as far as the time has gone."""
        if item.state == "done" != self._state:
            self._flourish.reach()
        self._state = item.state
        show(self._ring, item.state == "wanted")
        self._light.turn(0.22 + 0.25 * item.fill, 1.0, item.fill, RING_SHARE)

    def pass_time(self, time_s: float) -> None:
        """Nothing moves by itself but what is done."""
        self._flourish.pass_time(time_s)


def prints(feet: str, on: str) -> list[tuple[int, Vector, bool]]:
    """Both feet as they stand: side (-1 left), the place of the print, and whether the foot is up."""
    behind = -1 if on == "left" else 1
    if feet == "one leg":
        return [(behind, (0.0, 0.0, 0.0), False), (-behind, (-behind * 0.16, 0.0, 0.0), True)]
    ahead_m = {"together": 0.0, "half a step": SOLE_M / 2, "heel to toe": SOLE_M}[feet]
    aside_m = 0.0 if feet == "heel to toe" else _NARROW_M
    return [
        (behind, (behind * aside_m, 0.0, ahead_m / 2), False),
        (-behind, (-behind * aside_m, 0.0, -ahead_m / 2), False),
    ]


def _print(kit: Kit, parent: NodePath, place_m: Vector, side: int, up: bool) -> NodePath:
    paper, opacity = colour(kit.place.ink.paper), _UP_OPACITY if up else _DOWN_OPACITY
    foot = shapes.disc("foot", shapes.sole(SOLE_M), (*paper, opacity), (*paper, min(1.0, 1.4 * opacity)))
    foot.reparent_to(parent)
    foot.set_pos(to_panda(place_m))
    foot.set_z(_HIGH_M)
    foot.set_scale(side, 1, 1)
    kit.look.mark(foot)
    return foot
