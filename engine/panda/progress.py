"""What shows in a place how far a round has come: one thing after another appears, or one goes along a path."""

import math

from panda3d.core import LPoint3, NodePath

from engine.panda.axes import to_panda
from engine.panda.ease import Burst, Follower
from engine.panda.flourish import show
from engine.panda.look import Look
from engine.panda.models import Models
from engine.theme import Place, Shown

POP_S = 0.3
_TRAVELS_S = 1.1
_GLOW = 0.15  # it is looked for among things that do not matter


class Gathering:
    """Things that appear one by one."""

    def __init__(self, shown: Shown, place: Place, look: Look, models: Models, parent: NodePath) -> None:
        """Put all of them in their places, unseen."""
        self._scale, self._count = shown.scale, 0
        self._things = [_one(shown, place, look, models, parent) for _ in shown.places_m]
        self._pops = [Burst(POP_S) for _ in self._things]
        for thing, place_m in zip(self._things, shown.places_m, strict=True):
            thing.set_pos(to_panda(place_m))
            thing.hide()
        self._fresh = True

    def jump(self) -> None:
        """Have what there is in the next image without a pop."""
        self._fresh = True

    def pass_time(self, share: float, time_s: float) -> None:
        """Have as many as a share (0 to 1) of the round is worth."""
        count = int(share * len(self._things) + 1e-6)
        if count != self._count or self._fresh:
            for number, (thing, pop) in enumerate(zip(self._things, self._pops, strict=True)):
                show(thing, number < count)
                thing.set_scale(self._scale)
                if self._count <= number < count and not self._fresh:
                    pop.begin()
            self._count, self._fresh = count, False
        for thing, pop in zip(self._things[:count], self._pops, strict=False):
            gone = pop.share(time_s)
            size = 1 - (1 - gone) ** 2 + 0.25 * math.sin(math.pi * gone) if gone < 1 else 1.0
            if size != 1 or thing.get_sx() != self._scale:
                thing.set_scale(self._scale * max(size, 0.01))


class Traveller:
    """One thing that goes along a path, its front (-z in its file) ahead."""

    def __init__(self, shown: Shown, place: Place, look: Look, models: Models, parent: NodePath) -> None:
        """Put it at the start."""
        self._points = [LPoint3(to_panda(place_m)) for place_m in shown.places_m]
        self._thing = _one(shown, place, look, models, parent)
        self._thing.set_scale(shown.scale)
        self._way, self._at = Follower(_TRAVELS_S), math.nan

    def jump(self) -> None:
        """Be in the next image where it has to be."""
        self._way.jump()

    def pass_time(self, share: float, time_s: float) -> None:
        """Go on, as far as a share (0 to 1) of the way."""
        at = self._way.follow(share, time_s) * (len(self._points) - 1)
        if at == self._at:
            return
        self._at = at
        low = max(0, min(int(at), len(self._points) - 2))
        here, there = self._points[low], self._points[min(low + 1, len(self._points) - 1)]
        way = there - here
        self._thing.set_pos(here + way * (at - low))
        if way.xy.length() > 0:
            self._thing.set_h(math.degrees(math.atan2(-way.x, way.y)))


def _one(shown: Shown, place: Place, look: Look, models: Models, parent: NodePath) -> NodePath:
    thing = models.copy(shown.model, parent.attach_new_node("progress"))
    if "progress" in place.paint:
        look.paint(thing, place.paint["progress"])
    look.surface(thing, glow=_GLOW)
    return thing.get_parent()
