"""A Lean, drawn: a mast that leans as the person does, and the cone it should reach."""

import math

from panda3d.core import LMatrix4, LVector3, NodePath

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.flourish import ring_of_light
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE, Dial, colour
from engine.panda.trail import DOTS, Trail
from engine.scene import Lean

LENGTH_M = 0.60
# Leans are a few degrees; the guide shows them larger, so that a degree can be seen.
MOST_GAIN, WIDEST_DEG = 6.0, 45.0


class LeanGuide:
    """One lean: a cone and a ring around its goal, or a trail to the stop line when it is open ended."""

    def __init__(self, kit: Kit, item: Lean, _: Frame) -> None:
        """Set up the guide."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        base = self.node.attach_new_node("base")
        base.set_pos(to_panda(kit.place.lean_from_m))
        self._goal, self._mast = base.attach_new_node("goal"), _mast(kit, base)
        self._trail = Trail(kit._replace(parent=base.attach_new_node("trail")))
        self._cone = kit.look.mark(self._goal)
        self._light: Dial | None = None
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
        share = leant(item)
        if item.open_ended:
            self._trail.update(_way(item), share)
        elif self._light is not None:
            self._cone.turn(0.75 + 0.35 * min(share, 1.0))
            self._light.turn(0.25 + 0.45 * min(share, 1.0), 1.0, item.fill, RING_SHARE)

    def pass_time(self, time_s: float) -> None:
        """Nothing moves by itself."""

    def _set_up(self, item: Lean) -> None:
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
        halo, self._light = ring_of_light(self._kit.look, self._goal, radius_m)
        halo.set_z(LENGTH_M)
        self._goal.set_mat(_tilt(item.direction_deg, middle_deg * gain))


def _mast(kit: Kit, parent: NodePath) -> NodePath:
    mast = parent.attach_new_node("mast")
    staff = shapes.cone("staff", 0.007, LENGTH_M, (1, 0.98, 0.92, 0.15), (1, 0.98, 0.92, 0.95))
    kit.look.mark(staff)
    staff.reparent_to(mast)
    bead = shapes.cards("bead", [(0, 0, LENGTH_M)], 0.030, [(1, 1, 1, 0)])
    kit.look.beads(bead, 1.0, 1.0)
    bead.reparent_to(mast)
    return mast


def leant(item: Lean) -> float:
    """How much of a lean has been leant: 1 where its goal is."""
    forward, right = item.now_deg
    turn = math.radians(item.direction_deg)
    return max(0.0, (forward * math.cos(turn) + right * math.sin(turn)) / max(item.angle_deg, 0.5))


def _way(item: Lean) -> list[LVector3]:
    leans = [item.angle_deg * _gain(item) * i / DOTS for i in range(DOTS + 1)]
    return [LVector3(_tilt(item.direction_deg, lean).xform_point((0, 0, LENGTH_M))) for lean in leans]


def _gain(item: Lean) -> float:
    return min(MOST_GAIN, WIDEST_DEG / max(item.angle_deg + item.tolerance_deg, 1.0))


def _tilt(direction_deg: float, lean_deg: float) -> LMatrix4:
    turn = math.radians(direction_deg)
    return LMatrix4.rotate_mat(lean_deg, LVector3(-math.cos(turn), math.sin(turn), 0))
