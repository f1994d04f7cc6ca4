"""A path of dots up to a disc that says stop: a Reach, and the way of a lean that has no goal."""

from panda3d.core import LVector3

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.kit import Kit
from engine.panda.look import Dial, colour
from engine.scene import Reach

DOTS = 14
_STOP_M = 0.075


class ReachPath:
    """A Reach: the dots light up as far as the hand has come."""

    def __init__(self, kit: Kit, item: Reach, _: Frame) -> None:
        """Lay the path."""
        self.node = kit.parent.attach_new_node(item.key)
        self._trail = Trail(kit._replace(parent=self.node))
        self.update(item)

    def update(self, item: Reach) -> None:
        """Move the ends and the bead."""
        start, stop = LVector3(to_panda(item.start_m)), LVector3(to_panda(item.stop_m))
        points = [start + (stop - start) * (i / DOTS) for i in range(DOTS + 1)]
        self._trail.update(points, item.reached)

    def pass_time(self, time_s: float) -> None:
        """Nothing moves by itself."""


class Trail:
    """Dots along a curve, a bead on it, and a disc across its end where it stops."""

    def __init__(self, kit: Kit, larger: float = 1.0) -> None:
        """Draw under the kit's parent, larger where it is further away than a hand can reach."""
        self._kit, self._larger = kit, larger
        self._points: list[LVector3] = []
        self._bead = kit.parent
        self._light: Dial | None = None

    def update(self, points: list[LVector3], done: float) -> None:
        """Lay dots on the points if they moved; light those up to `done` (0 to 1)."""
        if points != self._points:
            self._points = points
            self._lay()
        if self._light is not None:
            self._light.turn(0.95, 0.0, done)
        at = min(max(done, 0.0), 1.0) * (len(points) - 1)
        low = min(int(at), len(points) - 2)
        self._bead.set_pos(points[low] + (points[low + 1] - points[low]) * (at - low))

    def _lay(self) -> None:
        parent, points = self._kit.parent, self._points
        parent.get_children().detach()
        colours = [(1, 1, 1, i / (len(points) - 1)) for i in range(len(points))]
        dots = shapes.cards("dots", [tuple(p) for p in points], 0.009 * self._larger, colours)
        self._light = self._kit.look.beads(dots, 0.95, 0.0)
        self._bead = shapes.cards("bead", [(0, 0, 0)], 0.10 * self._larger, [(1, 1, 1, 1)])
        self._kit.look.glow(self._bead, 0.9, 0.6, 0.0, 0.32)
        accent = colour(self._kit.place.ink.accent)
        stop = parent.attach_new_node("stop")
        wall = shapes.disc("wall", shapes.circle(_STOP_M * self._larger), (*accent, 0.42), (*accent, 0.12))
        rim = shapes.ring("rim", _STOP_M * self._larger, 0.0045 * self._larger, (*accent, 0.95))
        self._kit.look.mark(stop)
        stop.set_pos(points[-1])
        stop.look_at(parent, points[-1] * 2 - points[-2])
        stop.set_p(stop, 90)
        for node, above in ((wall, stop), (rim, stop), (dots, parent), (self._bead, parent)):
            node.reparent_to(above)
