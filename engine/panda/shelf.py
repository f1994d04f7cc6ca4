"""A Bend, drawn: a shelf on its legs before the person, as high as it is asked, and what stands on it."""

from panda3d.core import NodePath

from engine.frame import Frame, Vector
from engine.panda.axes import to_panda
from engine.panda.fruit import Fruit
from engine.panda.kit import Kit
from engine.scene import Bend, Target

INTO_M = 0.02  # a leg ends inside the board, this far under its top
UNDER_M = 0.045  # the top of the board is below the middle of what stands on it
_LEGS_M = ((-0.19, 0.09), (0.19, 0.09), (-0.19, -0.09), (0.19, -0.09))


class Shelf(Fruit):
    """A cup on a shelf: it is taken as a fruit is, and the shelf stays."""

    def __init__(self, kit: Kit, item: Bend, frame: Frame) -> None:
        """Set it up, facing the person."""
        super().__init__(kit, _target(item), frame)
        self._glow.set_depth_test(False)  # the board hides nothing of how long the hand has stayed
        shelf = self.node.attach_new_node("shelf")
        shelf.set_pos(0.0, 0.0, -UNDER_M)
        shelf.set_h(-kit.facing_deg)
        kit.role("shelf", shelf)
        for right_m, back_m in _LEGS_M:
            self._leg(kit, shelf, right_m, back_m, item.place_m[1] - UNDER_M)

    def update(self, item: Bend | Target) -> None:
        """Take the cup."""
        super().update(_target(item) if isinstance(item, Bend) else item)

    def _hang(self, place_m: Vector) -> None:
        """It stands, and hangs from nothing."""
        self.node.set_pos(to_panda(place_m))

    def _leg(self, kit: Kit, shelf: NodePath, right_m: float, back_m: float, long_m: float) -> None:
        leg = shelf.attach_new_node("leg")
        leg.set_pos(right_m, back_m, -long_m)
        kit.role("shelf_leg", leg)
        leg.set_sz(long_m - INTO_M)


def _target(item: Bend) -> Target:
    return Target(item.key, item.place_m, item.radius_m, item.hand, item.fill, item.state)
