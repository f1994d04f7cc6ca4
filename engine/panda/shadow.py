"""A soft spot on the floor below something, which helps to see how far away that is."""

from panda3d.core import NodePath

from engine.panda import shapes
from engine.panda.look import Look, colour
from engine.theme import Place

ABOVE_FLOOR_M = 0.012  # the floor itself would swallow it
DARKEST = 0.34
GONE_AT_M = 2.6


class Shadow:
    """The shadow of one thing, in the axes of `parent`, whose floor is at z = 0."""

    def __init__(self, look: Look, place: Place, parent: NodePath, radius_m: float) -> None:
        """Make it as wide as the thing when that is on the floor."""
        self._radius_m = radius_m
        self.node = shapes.blob("shadow", tuple(0.5 * c for c in colour(place.sky.lift)))
        self.node.reparent_to(parent)
        self._dark = look.mark(self.node, DARKEST)

    def below(self, x_m: float, y_m: float, height_m: float, opacity: float = 1.0) -> None:
        """Lie below a place in Panda3D axes: wider and fainter, the higher it is and the less of it there is."""
        share = min(max(height_m / GONE_AT_M, 0.0), 1.0)
        self.node.set_pos(x_m, y_m, ABOVE_FLOOR_M)
        self.node.set_scale(self._radius_m * (1 + share))
        self._dark.turn(DARKEST * (1 - share) * opacity)
