"""What part of a window shows the world: the help along the top covers none of what lies before the eyes."""

import math

from panda3d.core import PerspectiveLens

from engine.inputs import Pair
from engine.panda.pointer import FOV_DEG

NEAR_M, FAR_M = 0.05, 400.0
MOST_COVERED = 0.35  # of the height: in a window that is smaller still, the help covers what it must
COMES_PER_S = 0.4  # how fast the picture makes room, in heights of the window


class View:
    """The lens of a window, whose middle is the middle of what is free below the help; above, the picture goes on."""

    def __init__(self) -> None:
        """Begin with a window that nothing covers."""
        self.lens = PerspectiveLens()
        self.lens.set_near_far(NEAR_M, FAR_M)
        self._covered, self._aspect = 0.0, 1.0

    @property
    def aspect(self) -> float:
        """How many times as wide as tall the free part is."""
        return self._aspect

    def fit(self, size: tuple[int, int], covered: float, dt_s: float) -> None:
        """Take the size of the window in pixels and the share of its height that help covers, and make room for it."""
        wide, tall = size
        if min(size) <= 0:
            return  # it is minimised
        goal, most = min(covered, MOST_COVERED), COMES_PER_S * dt_s
        self._covered += max(-most, min(most, goal - self._covered))
        free = 1 - self._covered
        self._aspect = wide / (tall * free)
        half = math.tan(math.radians(FOV_DEG / 2))
        half_wide, half_tall = half * max(1.0, self._aspect), half * max(1.0, 1 / self._aspect)
        self.lens.set_film_size(2 * half_wide, 2 * half_tall / free)
        self.lens.set_focal_length(1.0)
        self.lens.set_film_offset(0.0, half_tall / free - half_tall)

    def in_view(self, mouse: Pair | None) -> Pair | None:
        """A place of the window as one of its free part, both -1 to 1 to the right and up; what is above is its top."""
        if mouse is None:
            return None
        return (mouse[0], min(1.0, (mouse[1] + 1) / (1 - self._covered) - 1))
