"""The vehicle of a place: standing up lifts it and feeds its flame, and with the round it climbs."""

import math

from panda3d.core import NodePath

from engine.panda.axes import to_panda
from engine.panda.ease import Follower
from engine.panda.flourish import Flourish, light_cards, ring_of_light, show
from engine.panda.look import RING_SHARE, Look
from engine.panda.models import Models
from engine.panda.roles import dressed, part
from engine.panda.shadow import Shadow
from engine.scene import Rise
from engine.theme import Place

LIFT_M = 0.22
_CLIMBS_S = 0.9
_RING_OF_HEIGHT = 0.46
_NO_FLAME = 0.02


class Vehicle:
    """A vehicle on its pad; how far it is up follows the round, how strong its flame is follows the person."""

    def __init__(self, place: Place, look: Look, models: Models, parent: NodePath) -> None:
        """Park it."""
        self.node = parent.attach_new_node("vehicle")
        self._pad, self._up_m = to_panda(place.vehicle_m), place.vehicle_up_m
        self.node.set_pos(self._pad)
        self._shadow = Shadow(look, place, parent.attach_new_node("pad"), 0.55 * place.vehicle_scale)
        model = dressed("vehicle", place, models, look, self.node)
        model.set_scale(place.vehicle_scale)
        self._flame = _from_its_top(part(model, "flame"), model)
        look.surface(self._flame, glow=0.9)
        self._firelight = look.glow(light_cards("fire", [(0, 0, -0.35)], 1.3, self._flame), 0.0)
        low, high = model.get_tight_bounds(self.node) or (to_panda((0, 0, 0)), to_panda((0, 2, 0)))
        centre = self.node.attach_new_node("centre")
        centre.set_z((low.z + high.z) / 2)
        ring_m = _RING_OF_HEIGHT * (high.z - low.z)
        self._ring, self._light = ring_of_light(look, centre, ring_m)
        self._flourish = Flourish(look, centre, ring_m, 1.1 * ring_m)
        self._climb, self._rise = Follower(_CLIMBS_S), Rise("", 0.0, 0.0, "up")

    def jump(self) -> None:
        """Stand where it has to be, without flying there."""
        self._climb.jump()
        self._flourish.end()

    def follow(self, rise: Rise | None) -> None:
        """Do as the person does, or idle while they have not been asked to stand up."""
        before, now = self._rise, rise or Rise("", 0.0, 0.0, "up")
        show(self._ring, rise is not None)
        if now.fill > 0 == before.fill:
            self._flourish.touch()
        if before.fill > 0.9 > now.fill:
            self._flourish.reach()
        self._rise = now

    def pass_time(self, share: float, time_s: float) -> None:
        """Fly on, as far as a share (0 to 1) of the round takes it."""
        goal_m = share * self._up_m
        up_m = self._climb.follow(goal_m, time_s)
        risen = min(max(self._rise.share, 0.0), 1.0)
        height_m = up_m + LIFT_M * risen
        self.node.set_z(self._pad.z + height_m)
        climbing = min(1.0, abs(goal_m - up_m) / 0.4)
        power = max(risen, climbing, 0.45 if up_m > 0.1 else 0.0)
        self._burn(power * (1 + 0.05 * math.sin(9.0 * time_s) + 0.03 * math.sin(14.0 * time_s + 1)))
        self._light.turn(0.30 + 0.35 * risen, 1.0, self._rise.fill, RING_SHARE)
        self._shadow.below(self._pad.x, self._pad.y, 0.3 * height_m)
        self._flourish.pass_time(time_s)

    def _burn(self, power: float) -> None:
        show(self._flame, power > _NO_FLAME)
        if power > _NO_FLAME:
            self._flame.set_scale(0.55 + 0.45 * power, 0.55 + 0.45 * power, 0.25 + 0.95 * power)
            self._firelight.turn(0.75 * power)


def _from_its_top(flame: NodePath, model: NodePath) -> NodePath:
    """A node around a flame that grows from where the flame leaves the vehicle."""
    box = flame.get_tight_bounds(model)
    nozzle = model.attach_new_node("nozzle")
    nozzle.set_z(box[1].z if box else 0.0)
    flame.wrt_reparent_to(nozzle)
    return nozzle
