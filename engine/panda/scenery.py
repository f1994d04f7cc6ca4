"""What stands in a place whatever is played there, and answers to what is played."""

from typing import TypeVar

from panda3d.core import NodePath

from engine.panda import shapes
from engine.panda.beacon import Beacon
from engine.panda.firelight import Firelight
from engine.panda.flyers import DrawnFlyer
from engine.panda.lamps import Lamps
from engine.panda.lean import leant
from engine.panda.look import CLOUD_FOG, FAR_FOG, Look, colour
from engine.panda.models import Models
from engine.panda.progress import Gathering, Traveller
from engine.panda.vehicle import Vehicle
from engine.scene import Item, Lean, Progress, Rise, Steady
from engine.theme import Place


class Scenery:
    """The model of a place, its creatures, lamps, vehicle and beacon, and what shows how far the round has come."""

    def __init__(self, place: Place, look: Look, models: Models) -> None:
        """Build it; `node` belongs to nobody yet."""
        self._place, self._look, self._models = place, look, models
        self.node = NodePath("scenery")
        self._land().reparent_to(self.node)
        self._flyers = [DrawnFlyer(flyer, self.node, models) for flyer in place.flyers]
        lights = (flyer.node.find("**/light") for flyer in self._flyers)
        self._fireflies = [Firelight(light, look, 2.4 * k) for k, light in enumerate(lights) if not light.is_empty()]
        self._lamps = Lamps(place, look, models, self.node) if place.roles.lamp else None
        self._vehicle = Vehicle(place, look, models, self.node) if place.roles.vehicle else None
        self._beacon = Beacon(place, look, models, self.node) if place.roles.beacon else None
        self._shown: Gathering | Traveller | None = None
        if place.progress is not None:
            kind = Traveller if place.progress.travels else Gathering
            self._shown = kind(place.progress, place, look, models, self.node)
        self._share = 0.0

    def enter(self) -> None:
        """Begin anew: nothing has been done here yet."""
        self._share = 0.0
        for thing in (self._shown, self._vehicle, self._beacon):
            if thing is not None:
                thing.jump()

    def follow(self, items: tuple[Item, ...]) -> None:
        """Answer to what is played; without word of the round it stays as far as it was."""
        progress, lean = _first(items, Progress), _first(items, Lean)
        rise, steady = _first(items, Rise), _first(items, Steady)
        if progress is not None:
            self._share = min(max(progress.share, 0.0), 1.0)
        if self._lamps is not None:
            self._lamps.follow(lean, leant(lean) if lean else 0.0)
        if self._vehicle is not None:
            self._vehicle.follow(rise)
        if steady is not None and self._beacon is None:
            self._beacon = Beacon(self._place, self._look, self._models, self.node)
        if self._beacon is not None:
            self._beacon.follow(steady)

    def pass_time(self, time_s: float) -> None:
        """Move what moves by itself."""
        for flyer in self._flyers:
            flyer.pass_time(time_s)
        for light in self._fireflies:
            light.pass_time(time_s)
        if self._lamps is not None:
            self._lamps.pass_time(time_s)
        if self._shown is not None:
            self._shown.pass_time(self._share, time_s)
        if self._vehicle is not None:
            self._vehicle.pass_time(self._share, time_s)
        if self._beacon is not None:
            self._beacon.pass_time(time_s)

    def _land(self) -> NodePath:
        place, look = self._place, self._look
        if not place.model:
            floor = shapes.ground([c**2.2 for c in colour(place.ground)])
            look.baked(floor)
            return floor
        land = self._models.copy(place.model, NodePath("place"))
        land.set_two_sided(True)
        look.baked(land)
        for layer, most in (("far", FAR_FOG), ("clouds", CLOUD_FOG)):
            for node in land.find_all_matches(f"**/{layer}"):
                node.set_shader_input("fog_most", most)
        for node in land.find_all_matches("**/water"):
            look.water(node)
        return land


T = TypeVar("T", bound=Item)


def _first(items: tuple[Item, ...], kind: type[T]) -> T | None:
    """The first item of a kind."""
    return next((item for item in items if isinstance(item, kind)), None)
