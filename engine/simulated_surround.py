"""How much more a simulated person sways where eyes tell them nothing, or something wrong."""

import math

from engine.scene import Scene, Surround
from engine.simulated_attention import SWAYS_COUNTING, counts

SETTLES_S = 0.8


class Unsteadiness:
    """How many times as large sway is; it changes gently, as people need a moment to feel their feet."""

    def __init__(self, dark: float, conflict: float) -> None:
        """Sway `dark` times as much where nothing is seen, and `conflict` times where the world goes with the head."""
        self._dark, self._conflict = dark, conflict
        self._time_s, self.times = 0.0, 1.0

    def see(self, scene: Scene, now_s: float, on_feet: float = 1.0) -> float:
        """How many times as large sway is now, on feet that make it `on_feet` times as large."""
        goal = on_feet * (SWAYS_COUNTING if counts(scene) else 1.0)
        for item in scene.items:
            if isinstance(item, Surround):
                goal *= self._conflict if item.held == "head" else 1 + (self._dark - 1) * (1 - item.light)
        if goal != self.times:
            self.times = goal + (self.times - goal) * math.exp((self._time_s - now_s) / SETTLES_S)
        self._time_s = now_s
        return self.times
