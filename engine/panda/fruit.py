"""A Target, drawn: a fruit on its twig, with a ring around it that closes as it is held."""

import math

from panda3d.core import NodePath

from engine.frame import Frame, Vector
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE
from engine.scene import Target

MODEL_RADIUS_M = 0.045
LARGEST_M = 0.048
TWIG_M = 0.30
FAREWELL_S = 0.9
_SPARKS = 14
_ALREADY = -math.inf


class Fruit:
    """One fruit. When it is done it grows, lets light fly and is gone; its twig stays."""

    def __init__(self, kit: Kit, item: Target, _: Frame) -> None:
        """Hang the fruit; one that is done before it was seen is gone already."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        self._fruit = self.node.attach_new_node("fruit")
        self._radius_m = min(item.radius_m, LARGEST_M)
        ring_m = max(item.radius_m, 1.9 * self._radius_m)
        self._glow = _cards("glow", [(0, 0, 0)], ring_m / RING_SHARE, self.node)
        self._sparks = _cards("sparks", _directions(), 0.024, self.node)
        self._model, self._hung = "", (math.nan, math.nan, math.nan)
        self._done = item.state == "done"
        self._done_s: float | None = _ALREADY if self._done else None
        self.update(item)

    def update(self, item: Target) -> None:
        """Move, ripen, glow or take leave."""
        if item.place_m != self._hung:
            self._hung = item.place_m
            self._hang(item.place_m)
        if item.state == "done":
            self._done = True
            return
        self._done, self._done_s = False, None
        self._wear(self._kit.place.roles.later if item.state == "later" else self._kit.place.roles.wanted)
        self._fruit.set_scale(1)
        self._kit.look.surface(self._fruit, gloss=1.0, glow=0.22 * item.fill)
        self._kit.look.glow(self._glow, 0.62 + 0.3 * item.fill, 1.0, item.fill)
        _show(self._fruit, True)
        _show(self._glow, item.state == "wanted")
        _show(self._sparks, False)

    def pass_time(self, time_s: float) -> None:
        """Play the farewell of a fruit that was reached."""
        if not self._done:
            return
        self._done_s = time_s if self._done_s is None else self._done_s
        share = min(1.0, (time_s - self._done_s) / FAREWELL_S)
        for node in (self._fruit, self._glow, self._sparks):
            _show(node, share < 1)
        if share < 1:
            rise = 1 - (1 - share) ** 3
            self._fruit.set_scale(max(1e-3, 1.0 + 0.9 * share - 1.9 * share**3))
            self._sparks.set_scale(0.06 + 0.20 * rise)
            self._kit.look.glow(self._sparks, 1 - share, 0.0, 0.0)
            self._kit.look.glow(self._glow, 0.9 * (1 - share), 1 - share, 1.0, 0.25 + 0.65 * rise)

    def _wear(self, model: str) -> None:
        if model != self._model:
            self._model = model
            self._fruit.get_children().detach()
            self._kit.models.copy(model, self._fruit).set_scale(self._radius_m / MODEL_RADIUS_M)

    def _hang(self, place_m: Vector) -> None:
        roles, look = self._kit.place.roles, self._kit.models
        self.node.set_pos(to_panda(place_m))
        self.node.find_all_matches("hang").detach()
        hang = self.node.attach_new_node("hang")
        hang.set_z(self._radius_m)
        look.copy(roles.hang, hang).set_h((place_m[0] * 7919 + place_m[1] * 6271) % 360)
        bare_m = self._kit.place.hang_from_m - place_m[1] - self._radius_m - TWIG_M
        if roles.stem and bare_m > 0:
            stem = look.copy(roles.stem, hang)
            stem.set_z(TWIG_M)
            stem.set_sz(bare_m)


def _cards(name: str, centres: list[Vector], half_m: float, parent: NodePath) -> NodePath:
    cards = shapes.cards(name, centres, half_m, [(1, 1, 1, 1)] * len(centres))
    cards.reparent_to(parent)
    return cards


def _show(node: NodePath, shown: bool) -> None:
    if shown:
        node.show()
    else:
        node.hide()


def _directions() -> list[Vector]:
    """Directions spread evenly over a sphere, by the golden angle."""
    golden = math.pi * (3 - math.sqrt(5))
    heights = [1 - 2 * (i + 0.5) / _SPARKS for i in range(_SPARKS)]
    return [
        (math.sqrt(1 - h * h) * math.cos(golden * i), math.sqrt(1 - h * h) * math.sin(golden * i), h)
        for i, h in enumerate(heights)
    ]
