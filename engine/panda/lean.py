"""A Lean, drawn: a mast that leans as the person does, the cone it should reach, and a lamp to lean to."""

import math

from panda3d.core import LMatrix4, LVector3, NodePath

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE, colour
from engine.panda.trail import DOTS, Trail
from engine.scene import Lean

LENGTH_M = 0.60
# Leans are a few degrees; the guide shows them larger, so that a degree can be seen.
MOST_GAIN, WIDEST_DEG = 6.0, 45.0
_BEHIND = -0.5


class LeanGuide:
    """One lean: a cone and a ring around its goal, or a trail to the stop line when it is open ended."""

    def __init__(self, kit: Kit, item: Lean, _: Frame) -> None:
        """Set up the guide and its lamp."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        base = self.node.attach_new_node("base")
        base.set_pos(to_panda(kit.place.lean_from_m))
        self._goal, self._mast = base.attach_new_node("goal"), _mast(kit, base)
        self._trail = Trail(kit._replace(parent=base.attach_new_node("trail")))
        self._lamp = _Lamp(kit, self.node)
        self._halo = self._goal
        self._aim: Lean | None = None
        self.update(item)

    def update(self, item: Lean) -> None:
        """Move the goal, the mast and the light."""
        aim = item._replace(now_deg=(0.0, 0.0), fill=0.0)
        if aim != self._aim:
            self._aim = aim
            self._set_up(item)
        forward, right = item.now_deg
        heading_deg = math.degrees(math.atan2(right, forward))
        self._mast.set_mat(_tilt(heading_deg, math.hypot(forward, right) * _gain(item)))
        turn = math.radians(item.direction_deg)
        share = max(0.0, (forward * math.cos(turn) + right * math.sin(turn)) / max(item.angle_deg, 0.5))
        if item.open_ended:
            self._trail.update(_way(item), share)
        else:
            self._kit.look.mark(self._goal, 0.75 + 0.35 * min(share, 1.0))
            self._kit.look.glow(self._halo, 0.25 + 0.45 * min(share, 1.0), 1.0, item.fill)
        self._lamp.shine(min(share, 1.0), item.fill)

    def pass_time(self, time_s: float) -> None:
        """The lamp bobs on the water."""
        self._lamp.bob(time_s)

    def _set_up(self, item: Lean) -> None:
        self._lamp.stand(item.direction_deg)
        self._goal.get_children().detach()
        if item.open_ended:
            return
        # The near edge of the rim is where a lean begins to count.
        gain, middle_deg = _gain(item), item.angle_deg + item.tolerance_deg
        radius_m = LENGTH_M * math.tan(math.radians(2 * item.tolerance_deg * gain))
        guide = colour(self._kit.place.ink.guide)
        shapes.cone("sides", radius_m, LENGTH_M, (*guide, 0.04), (*guide, 0.50)).reparent_to(self._goal)
        shapes.ring("rim", radius_m, 0.004, (*guide, 0.8)).reparent_to(self._goal)
        self._goal.find("rim").set_z(LENGTH_M)
        self._halo = shapes.cards("halo", [(0, 0, LENGTH_M)], radius_m / RING_SHARE, [(1, 1, 1, 1)])
        self._halo.reparent_to(self._goal)
        self._goal.set_mat(_tilt(item.direction_deg, middle_deg * gain))


class _Lamp:
    """The buoy that is leaned to, and the light in its lantern."""

    def __init__(self, kit: Kit, parent: NodePath) -> None:
        self._kit = kit
        self._node = parent.attach_new_node("lamp post")
        self._node.set_scale(kit.place.lamp_scale)
        self._buoy = kit.models.copy(kit.place.roles.lamp, self._node)
        self._glass = self._buoy.find("**/lamp")
        self._glow = shapes.cards("glow", [(0, 0, 0)], 0.40, [(1, 1, 1, 1)])
        self._glow.set_shader_input("nearer", 0.3)
        self._glow.reparent_to(self._node)
        corners = None if self._glass.is_empty() else self._glass.get_tight_bounds(self._node)
        if corners is not None:
            self._glow.set_pos((corners[0] + corners[1]) * 0.5)

    def stand(self, direction_deg: float) -> None:
        """Stand in that direction, unless it is behind the person, where nobody would see it."""
        place, turn = self._kit.place, math.radians(direction_deg)
        forward, right = math.cos(turn), math.sin(turn)
        if self._glass.is_empty() or forward < _BEHIND:
            self._node.hide()
            return
        self._node.show()
        ahead_m, aside_m = place.lamp_at_m
        away_m = 1 / math.hypot(forward / ahead_m, right / aside_m)
        # What is straight to the side is out of sight: a lamp there stands further ahead.
        ahead_m = forward * away_m + place.lamp_aside_ahead_m * abs(right)
        self._node.set_pos(to_panda((right * away_m, place.lamp_height_m, -ahead_m)))

    def shine(self, near: float, fill: float) -> None:
        """Shine brighter as the person comes near (0 to 1) and holds (0 to 1)."""
        if not self._node.is_hidden():
            self._kit.look.surface(self._glass, glow=0.30 + 0.30 * near + 0.5 * fill)
            self._kit.look.glow(self._glow, 0.40 + 0.25 * near + 0.2 * fill, 1.0, fill, 0.66)

    def bob(self, time_s: float) -> None:
        """Rise and sink a little."""
        self._buoy.set_hpr(0, 1.6 * math.sin(time_s * 0.9), 1.3 * math.sin(time_s * 0.7 + 1))


def _mast(kit: Kit, parent: NodePath) -> NodePath:
    mast = parent.attach_new_node("mast")
    staff = shapes.cone("staff", 0.007, LENGTH_M, (1, 0.98, 0.92, 0.15), (1, 0.98, 0.92, 0.95))
    kit.look.mark(staff)
    staff.reparent_to(mast)
    bead = shapes.cards("bead", [(0, 0, LENGTH_M)], 0.030, [(1, 1, 1, 0)])
    kit.look.beads(bead, 1.0, 1.0)
    bead.reparent_to(mast)
    return mast


def _way(item: Lean) -> list[LVector3]:
    leans = [item.angle_deg * _gain(item) * i / DOTS for i in range(DOTS + 1)]
    return [LVector3(_tilt(item.direction_deg, lean).xform_point((0, 0, LENGTH_M))) for lean in leans]


def _gain(item: Lean) -> float:
    return min(MOST_GAIN, WIDEST_DEG / max(item.angle_deg + item.tolerance_deg, 1.0))


def _tilt(direction_deg: float, lean_deg: float) -> LMatrix4:
    turn = math.radians(direction_deg)
    return LMatrix4.rotate_mat(lean_deg, LVector3(-math.cos(turn), math.sin(turn), 0))
