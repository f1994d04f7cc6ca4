"""A Surround, drawn: a world that darkens, or that goes along with the head; and back to how the world always is."""

import math

from panda3d.core import LMatrix4f, NodePath

from engine.frame import Frame, Pose
from engine.panda.axes import to_panda, turn_to_panda
from engine.scene import Item, Surround

DARKENS_S = 0.8
LETS_GO_S, LIGHTENS_S = 0.12, 0.15
"""How long a world that is let go takes to get dark, and then light: it jumps unseen, and all is well within 0.3 s."""
AS_ALWAYS = Surround("")


class Surroundings:
    """How the world around somebody is: `dark` from 0 to 1, and where `world`, the node of it, stands."""

    def __init__(self, world: NodePath) -> None:
        """Begin as always."""
        self._world = world
        self._from: LMatrix4f | None = None  # the head when the world began to go along with it
        self._time_s = math.nan
        self.dark = 0.0

    @property
    def held(self) -> bool:
        """Whether the world goes along with the head."""
        return self._from is not None

    def follow(self, items: tuple[Item, ...], frame: Frame) -> bool:
        """Bring the world to what is asked for; says whether it moved."""
        asked = next((item for item in items if isinstance(item, Surround)), AS_ALWAYS)
        time_s = frame.time_ns * 1e-9
        step_s = time_s - self._time_s if time_s > self._time_s else 0.0
        self._time_s = time_s
        holds = asked.held == "head" and frame.head.valid
        lets_go = self._from is not None and asked.held != "head"
        self._darken(1.0 if lets_go else 1.0 - asked.light, lets_go, step_s)
        if lets_go and self.dark == 1.0:
            self._release()
            return True
        if holds:
            self._hold(_matrix(frame.head))
        return holds

    def _darken(self, goal: float, lets_go: bool, step_s: float) -> None:
        lasts_s = LETS_GO_S if lets_go else DARKENS_S if goal > self.dark else LIGHTENS_S
        most = step_s / lasts_s
        self.dark += min(max(goal - self.dark, -most), most)

    def _hold(self, now: LMatrix4f) -> None:
        if self._from is None:
            self._from = LMatrix4f(now)
            self._from.invert_in_place()
        self._world.set_mat(self._from * now)

    def _release(self) -> None:
        self._from = None
        self._world.clear_mat()


def _matrix(head: Pose) -> LMatrix4f:
    matrix = LMatrix4f(LMatrix4f.ident_mat())
    turn_to_panda(head.orientation).extract_to_matrix(matrix)
    matrix.set_row(3, to_panda(head.position_m))
    return matrix
