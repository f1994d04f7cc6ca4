"""Gulls and butterflies: a little life far from where the person acts."""

import math

from panda3d.core import CullFaceAttrib, NodePath

from engine.panda.axes import to_panda
from engine.panda.models import Models
from engine.theme import Flyer

_BANK_DEG = 20


class DrawnFlyer:
    """One creature on its round; the time alone says where it is."""

    def __init__(self, flyer: Flyer, parent: NodePath, models: Models) -> None:
        """Make the body and, if it has them, two wings."""
        self._flyer = flyer
        self._phase = flyer.centre_m[0] * 1.7
        self.node = parent.attach_new_node("flyer")
        self.node.set_scale(flyer.scale)
        models.copy(flyer.body, self.node)
        self._wings = [self._wing(side, models) for side in (1, -1)] if flyer.wing else []

    def _wing(self, side: int, models: Models) -> NodePath:
        hinge = self.node.attach_new_node("hinge")
        hinge.set_two_sided(True)
        wing = models.copy(self._flyer.wing, hinge)
        wing.set_sx(side)
        if side < 0:
            wing.set_attrib(CullFaceAttrib.make(CullFaceAttrib.M_cull_none))
        return hinge

    def pass_time(self, time_s: float) -> None:
        """Move on."""
        turn = 2 * math.pi * time_s / self._flyer.period_s + self._phase
        radius_m = self._flyer.radius_m
        centre = to_panda(self._flyer.centre_m)
        rise_m = 0.16 * radius_m * math.sin(2.3 * turn)
        self.node.set_pos(
            centre.x + radius_m * math.cos(turn),
            centre.y + 0.6 * radius_m * math.sin(turn),
            centre.z + rise_m,
        )
        self.node.set_hpr(math.degrees(math.atan2(0.6 * math.cos(turn), -math.sin(turn))) - 90, 0, _BANK_DEG)
        beat = 35 + 38 * math.sin(2 * math.pi * self._flyer.beat_hz * time_s + self._phase)
        for side, hinge in zip((1, -1), self._wings, strict=False):
            hinge.set_r(-side * beat)
