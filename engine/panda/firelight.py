"""The light that a firefly carries: it swells and fades as slowly as somebody breathes at rest."""

import math

from panda3d.core import NodePath

from engine.panda.flourish import light_cards
from engine.panda.look import Look, colour

PERIOD_S = 4.6
_HALO_M = 0.24
_GOLD = "#ffd04a"  # it has to be seen before a sky of dusk, which is bright


class Firelight:
    """What makes a node of a creature shine, with a halo around it."""

    def __init__(self, node: NodePath, look: Look, phase: float) -> None:
        """Light it; no two whose phases (in radians) differ pulse together."""
        self._phase = phase
        self._shine = look.surface(node, glow=1.0)
        halo = light_cards("halo", [(0, 0, 0)], _HALO_M, node)
        halo.set_shader_input("tint", colour(_GOLD))
        self._halo = look.glow(halo, 0.5)

    def pass_time(self, time_s: float) -> None:
        """Pulse."""
        bright = 0.5 + 0.5 * math.sin(2 * math.pi * time_s / PERIOD_S + self._phase)
        self._shine.turn(0.0, 0.9 + 0.9 * bright, 1.0)
        self._halo.turn(0.35 + 0.65 * bright)
