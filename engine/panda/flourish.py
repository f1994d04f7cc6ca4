"""The answer of the world to what a person did: a ripple when they get there, and sparks when they are done."""

import math

from panda3d.core import NodePath

from engine.frame import Vector
from engine.panda import shapes
from engine.panda.ease import Burst
from engine.panda.look import RING_SHARE, Dial, Look

RIPPLE_S, SPARKS_S = 0.45, 0.9
_SPARKS = 14
_BEAD = 0.075  # of how far the sparks fly
_WIDEST = 1.55  # of the ring


class Flourish:
    """Light around something with a ring of `radius_m`; sparks fly as far as `spread_m`."""

    def __init__(self, look: Look, parent: NodePath, radius_m: float, spread_m: float = 0.26) -> None:
        """Make it, unseen."""
        self._spread_m, self._ripple_at, self._sparks_at = spread_m, Burst(RIPPLE_S), Burst(SPARKS_S)
        self._ripple = light_cards("ripple", [(0, 0, 0)], _WIDEST * radius_m / RING_SHARE, parent)
        self._sparks = light_cards("sparks", _directions(), 0.12 * spread_m, parent)
        self._ripple_light, self._sparks_light = look.glow(self._ripple, 0.0, 1.0), look.glow(self._sparks, 1.0)
        # Light alone is lost before a bright sky: beads in two colours fly with it.
        shades = [(1, 1, 1, number % 2) for number in range(_SPARKS)]
        beads = shapes.cards("beads", _directions(), _BEAD * spread_m, shades)
        beads.reparent_to(self._sparks)
        self._beads = look.beads(beads, 1.0, 0.5)
        for node in (self._ripple, self._sparks):
            node.hide()

    def touch(self) -> None:
        """Let a ripple run from the ring, after the one before: a hand that trembles at an edge shall not flash."""
        if self._ripple.is_hidden():
            self._ripple_at.begin()

    def reach(self) -> None:
        """Let sparks fly."""
        self._sparks_at.begin()

    def end(self) -> None:
        """Leave off."""
        self._ripple_at.end()
        self._sparks_at.end()

    def pass_time(self, time_s: float) -> None:
        """Play what has begun."""
        ripple, sparks = self._ripple_at.share(time_s), self._sparks_at.share(time_s)
        show(self._ripple, ripple < 1)
        show(self._sparks, sparks < 1)
        if ripple < 1:
            far = RING_SHARE * (1 / _WIDEST + (1 - 1 / _WIDEST) * (1 - (1 - ripple) ** 2))
            self._ripple_light.turn(0.0, 0.8 * (1 - ripple) ** 1.5, 0.0, far)
        if sparks < 1:
            self._sparks.set_scale(self._spread_m * (0.23 + 0.77 * (1 - (1 - sparks) ** 3)))
            self._sparks_light.turn(2.2 * (1 - sparks) ** 1.5)
            self._beads.turn(1 - sparks**2, 0.0, 0.5)


def light_cards(name: str, centres: list[Vector], half_m: float, parent: NodePath) -> NodePath:
    """White cards for light under a parent."""
    cards = shapes.cards(name, centres, half_m, [(1, 1, 1, 1)] * len(centres))
    cards.reparent_to(parent)
    return cards


def ring_of_light(look: Look, parent: NodePath, radius_m: float) -> tuple[NodePath, Dial]:
    """A soft ring that faces the eye, and what turns its light."""
    card = light_cards("glow", [(0, 0, 0)], radius_m / RING_SHARE, parent)
    return card, look.glow(card, 0.62, 1.0)


def show(node: NodePath, shown: bool) -> None:
    """Show or hide a node; one that is so already is not touched."""
    if shown == node.is_hidden():
        (node.show if shown else node.hide)()


def _directions() -> list[Vector]:
    """Directions spread evenly over a sphere, by the golden angle."""
    golden = math.pi * (3 - math.sqrt(5))
    heights = [1 - 2 * (i + 0.5) / _SPARKS for i in range(_SPARKS)]
    return [
        (math.sqrt(1 - h * h) * math.cos(golden * i), math.sqrt(1 - h * h) * math.sin(golden * i), h)
        for i, h in enumerate(heights)
    ]
