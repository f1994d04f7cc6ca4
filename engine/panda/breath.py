"""A Breath, drawn: something light that swells to fill a ring and sinks back, as a chest does."""

from engine.frame import Frame
from engine.panda.axes import to_panda
from engine.panda.flourish import Flourish, ring_of_light
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE
from engine.scene import Breath

SMALL, LARGE = 0.80, 1.25
RISES_M = 0.10


class BreathGuide:
    """What one breathes along with."""

    def __init__(self, kit: Kit, item: Breath, _: Frame) -> None:
        """Let it float in its place, in the ring that it fills when the lungs are full."""
        self.node = kit.parent.attach_new_node(item.key)
        self.node.set_pos(to_panda(kit.place.breath_m))
        self._light_thing = self.node.attach_new_node("breath")
        model = kit.role("breath", self._light_thing)
        model.set_scale(kit.place.breath_scale)
        self._skin = kit.look.surface(self._light_thing, glow=0.2)
        box = model.get_tight_bounds(self.node)
        half_m = max((box[1].x - box[0].x) / 2, (box[1].z - box[0].z) / 2) if box else 0.2
        ring, self._light = ring_of_light(kit.look, self.node, 1.12 * LARGE * half_m)
        ring.set_z(RISES_M)
        self._flourish, self._rising = Flourish(kit.look, ring, 1.12 * LARGE * half_m), item.rising
        self.update(item)

    def update(self, item: Breath) -> None:
        """Be as full as the lungs shall be; when they are full a ripple runs from the ring."""
        if self._rising and not item.rising:
            self._flourish.touch()
        self._rising = item.rising
        full = min(max(item.full, 0.0), 1.0)
        self._light_thing.set_scale(SMALL + (LARGE - SMALL) * full)
        self._light_thing.set_z(RISES_M * full)
        self._skin.turn(0.0, 0.10 + 0.30 * full, 1.0)
        self._light.turn(0.10 + 0.24 * full, 0.8, 0.0, RING_SHARE)

    def pass_time(self, time_s: float) -> None:
        """Only the breath moves it."""
        self._flourish.pass_time(time_s)
