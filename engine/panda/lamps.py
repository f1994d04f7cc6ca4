"""The lamps around a place that a person leans to; the one that is leant to now shines."""

import math

from panda3d.core import NodePath

from engine.frame import Vector
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.ease import Follower
from engine.panda.flourish import Flourish
from engine.panda.look import Look
from engine.panda.models import Models
from engine.panda.roles import dressed, part
from engine.scene import Lean
from engine.theme import Place

DIRECTIONS_DEG = (0.0, 45.0, 90.0, 270.0, 315.0)  # what is behind a person is seen by nobody
AT_REST = 0.14
_FADES_S = 0.25
_RING_M, _GLOW_M, _SPREAD_M = 0.36, 0.56, 0.85


class Lamps:
    """One lamp in each direction that a person may lean to and see."""

    def __init__(self, place: Place, look: Look, models: Models, parent: NodePath) -> None:
        """Set them up."""
        self._lamps = {way: _Lamp(place, look, models, parent, way) for way in DIRECTIONS_DEG}

    def follow(self, lean: Lean | None, share: float) -> None:
        """Light the lamp of a lean of which this share is leant, and no other."""
        for way, lamp in self._lamps.items():
            ours = lean is not None and abs((way - lean.direction_deg + 180) % 360 - 180) < 22.5
            lamp.shine(min(share, 1.0), lean.fill) if lean and ours else lamp.rest()

    def pass_time(self, time_s: float) -> None:
        """They bob on the water."""
        for lamp in self._lamps.values():
            lamp.pass_time(time_s)


class _Lamp:
    def __init__(self, place: Place, look: Look, models: Models, parent: NodePath, way_deg: float) -> None:
        self._node = parent.attach_new_node("lamp post")
        self._node.set_scale(place.lamp_scale)
        self._phase = way_deg
        self._buoy = dressed("lamp", place, models, look, self._node)
        glass = part(self._buoy, "lamp")
        self._shine = look.surface(glass)
        hull = glass.get_tight_bounds(self._node)
        middle = (hull[0] + hull[1]) * 0.5 if hull else glass.get_pos(self._node)
        light = self._node.attach_new_node("light")
        light.set_pos(middle)
        self._glow = shapes.cards("glow", [(0, 0, 0)], _GLOW_M * place.lamp_scale, [(1, 1, 1, 1)])
        self._glow.set_shader_input("nearer", 0.3)
        self._glow.reparent_to(light)
        self._light = look.glow(self._glow, AT_REST)
        self._flourish = Flourish(look, light, _RING_M * place.lamp_scale, _SPREAD_M * place.lamp_scale)
        self._halo, self._goal, self._fill = Follower(_FADES_S), AT_REST, 0.0
        self._lit = (math.nan, math.nan)
        self._node.set_pos(to_panda(stands_m(place, way_deg)))

    def shine(self, near: float, fill: float) -> None:
        """Shine brighter as the person comes near (0 to 1) and holds (0 to 1)."""
        if fill > 0 == self._fill:
            self._flourish.touch()
        self._goal, self._fill = 0.50 + 0.25 * near + 0.25 * fill, fill
        if self._goal > self._halo.value:
            self._halo.jump()

    def rest(self) -> None:
        """Fade until it glows a little; a lean that was nearly full has been reached."""
        if self._fill > 0.9:
            self._flourish.reach()
        self._goal, self._fill = AT_REST, 0.0

    def pass_time(self, time_s: float) -> None:
        tip = self._phase
        self._buoy.set_hpr(0, 1.6 * math.sin(time_s * 0.9 + tip), 1.3 * math.sin(time_s * 0.7 + 1 + tip))
        self._flourish.pass_time(time_s)
        halo = self._halo.follow(self._goal, time_s)
        if (halo, self._fill) != self._lit:
            self._lit = (halo, self._fill)
            lit = min(1.0, 2.8 * (halo - AT_REST))
            self._shine.turn(0.0, 0.9 * halo, 1.0, 1 - lit)  # by day a pale glass could hardly be lighter
            self._light.turn(halo, lit, self._fill, _RING_M / _GLOW_M)


def stands_m(place: Place, way_deg: float) -> Vector:
    """Where the lamp of a lean stands, by the middle of its place."""
    turn = math.radians(way_deg)
    forward, right = math.cos(turn), math.sin(turn)
    ahead_m, aside_m = place.lamp_at_m
    away_m = 1 / math.hypot(forward / ahead_m, right / aside_m)
    # What is straight to the side is out of sight: a lamp there stands further ahead.
    ahead_m = forward * away_m + place.lamp_aside_ahead_m * abs(right)
    return (right * away_m, place.lamp_height_m, -ahead_m)
