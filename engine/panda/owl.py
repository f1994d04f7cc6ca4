"""A Gaze, drawn: an owl to turn the face to, with a ring that closes, and a light where the face points now."""

import math

from panda3d.core import LVector3, NodePath

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.ease import Burst, Follower
from engine.panda.flourish import Flourish, light_cards, ring_of_light, show
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE
from engine.panda.roles import part
from engine.panda.trail import DOTS, Trail
from engine.scene import Gaze

STANDING_EYE_M = 1.55
HOP_M, FAREWELL_S = 0.07, 0.9
OVER_GROUND_M, LEAST_M = 0.35, 1.0
_TRAIL_LARGER, _LIGHT, _DOT = 1.1, 0.060, 0.013  # of the distance
_NEARER_M = 0.5
_TURNS_S = 0.25
_SLEEPY = (-24.0, 14.0)
_BLINKS_EVERY_S, _BLINK_S = 4.3, 0.15
_LOOKS_DOWN = 0.7  # of how high it sits
_LOOKS_AWAY_DEG = 42.0
_TILT_TRAIL_M = 0.55
_ALIGHT = 0.75  # what has a light in it shines while it is awake
_LED = [(1, 1, 1, 1)] * 4


class Owl:
    """One owl around the eyes of whoever stands in the middle; an open-ended gaze has a trail in its place."""

    def __init__(self, kit: Kit, item: Gaze, frame: Frame) -> None:
        """Perch the owl, around eyes as high as they are now."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        eye_m = frame.head.position_m[1] if frame.head.valid else STANDING_EYE_M
        self.node.set_z(eye_m)
        self._away_m = _away_m(kit.place.look_m, eye_m, item.pitch_deg)
        self._bird = None if item.open_ended else _Bird(kit, self.node, item, self._away_m)
        self._trail = Trail(kit._replace(parent=self.node.attach_new_node("trail")), _TRAIL_LARGER * self._away_m)
        self._pointer = _Pointer(kit, self.node, item, self._away_m)
        self._aim: tuple[float, float, float] | None = None
        self.update(item)

    def update(self, item: Gaze) -> None:
        """Turn to the person, sleep or take leave, and move the light to where the face points."""
        aim = (item.yaw_deg, item.pitch_deg, item.tilt_deg)
        if aim != self._aim:
            self._aim = aim
            self._way = _way(item, self._away_m)
        if self._bird is not None:
            self._bird.update(item, direction(item.yaw_deg, item.pitch_deg) * self._away_m)
        else:
            self._trail.update(self._way, _turned(item))
        self._pointer.update(item, self._away_m)

    def pass_time(self, time_s: float) -> None:
        """Blink a little, or hop."""
        if self._bird is not None:
            self._bird.pass_time(time_s)


class _Bird:
    """The owl on its perch, awake, asleep or pleased."""

    def __init__(self, kit: Kit, parent: NodePath, item: Gaze, away_m: float) -> None:
        self._item, self._perched = item, (math.nan, math.nan)
        self._node = parent.attach_new_node("perched")
        model = kit.role("look", self._node)
        # Below the eyes it is near: as large as ever it would fill the view, and its vines would cross the panel.
        model.set_scale(kit.place.look_scale * math.sqrt(away_m / kit.place.look_m))
        self._owl, self._head = model.attach_new_node("bird"), part(model, "owl_head")
        for found in (part(model, "owl"), part(model, "light"), self._head):
            found.wrt_reparent_to(self._owl)
        self._lids = part(model, "owl_lids")
        self._lids.wrt_reparent_to(self._head)
        self._skin = kit.look.surface(self._owl)
        self._flame = kit.look.surface(part(self._owl, "light"))
        ring_m = away_m * math.tan(math.radians(item.radius_deg))
        self._middle = self._node.attach_new_node("middle")
        self._middle.set_z(_height_m(self._owl, self._node))
        self._ring, self._light = ring_of_light(kit.look, self._middle, ring_m)
        self._ticks = _ticks(kit, self._middle, ring_m)
        self._flourish = Flourish(kit.look, self._middle, ring_m, 0.8)
        self._farewell, self._wakes, self._away = Burst(FAREWELL_S), Follower(_TURNS_S), Follower(_TURNS_S)
        self._lit = math.nan

    def update(self, item: Gaze, at: LVector3) -> None:
        before, self._item = self._item, item
        if (item.yaw_deg, item.pitch_deg) != self._perched:
            self._perched = (item.yaw_deg, item.pitch_deg)
            self._node.set_pos(at - LVector3(0, 0, self._middle.get_z()))
            self._node.set_h(-item.yaw_deg)
        if item.state == "done" and before.state != "done":
            self._farewell.begin()
            self._flourish.reach()
        if item.state == "wanted" and item.fill > 0 == before.fill:
            self._flourish.touch()
        show(self._ring, item.state == "wanted")
        show(self._ticks, item.state == "wanted" and item.tilt_deg != 0)
        if item.state == "wanted":
            self._ticks.set_r(item.tilt_deg)
            self._light.turn(0.34 + 0.30 * item.fill, 1.0, item.fill, RING_SHARE)

    def pass_time(self, time_s: float) -> None:
        item = self._item
        awake = self._wakes.follow(float(item.state != "later"), time_s)
        away = self._away.follow(float(item.state == "done"), time_s)
        asleep = 1 - awake
        self._head.set_hpr(
            asleep * _SLEEPY[0] + away * _LOOKS_AWAY_DEG,
            asleep * _SLEEPY[1] + awake * (1 - away) * (_LOOKS_DOWN * item.pitch_deg + 2.0 * math.sin(0.9 * time_s)),
            awake * (1 - away) * item.tilt_deg,
        )
        blinks = item.state == "wanted" and (time_s + item.yaw_deg) % _BLINKS_EVERY_S < _BLINK_S
        show(self._lids, blinks or awake < 0.5)
        hop = self._farewell.share(time_s)
        self._owl.set_z(HOP_M * abs(math.sin(2 * math.pi * hop)) * (1 - hop))
        lit = round(asleep + 10 * item.fill, 3)
        if lit != self._lit:
            self._lit = lit
            self._skin.turn(0.0, 0.12 * item.fill, 1.0, asleep)
            self._flame.turn(0.0, (1 - asleep) * (_ALIGHT + 0.3 * item.fill), 1.0, asleep)
        self._flourish.pass_time(time_s)


class _Pointer:
    """The light where the face points, and beads that lead from it to an owl that is far off."""

    def __init__(self, kit: Kit, parent: NodePath, item: Gaze, away_m: float) -> None:
        self._dot = parent.attach_new_node("face")
        self._dot.set_shader_input("nearer", _NEARER_M)
        kit.look.glow(light_cards("light", [(0, 0, 0)], _LIGHT * away_m, self._dot), 0.42, 0.8, 0.0, 0.36)
        bead = shapes.cards("bead", [(0, 0, 0)], _DOT * away_m, [(1, 1, 1, 0)])
        bead.reparent_to(self._dot)
        kit.look.beads(bead, 1.0, 1.0)
        self._level = shapes.bar("level", 0.42, 0.018, (1.0, 0.99, 0.95, 0.9))
        self._level.reparent_to(self._dot)
        self._level.set_y(-_NEARER_M)
        kit.look.mark(self._level)
        self._leads = self._dot.attach_new_node("leads")
        beads = shapes.cards("beads", [((0.06 + 0.03 * i) * away_m, 0, 0) for i in range(4)], 0.007 * away_m, _LED)
        beads.reparent_to(self._leads)
        self._opacity = kit.look.beads(beads, 0.9, 0.0)
        show(self._level, item.tilt_deg != 0)
        show(self._leads, not item.open_ended)

    def update(self, item: Gaze, away_m: float) -> None:
        show(self._dot, item.state == "wanted")
        if item.state != "wanted":
            return
        yaw_deg, pitch_deg, tilt_deg = item.now_deg
        self._dot.set_pos(direction(yaw_deg, pitch_deg) * away_m)
        self._dot.set_hpr(-yaw_deg, pitch_deg, 0)
        self._level.set_r(tilt_deg)
        right, up = _apart(item)
        far_deg = math.hypot(right, up)
        self._leads.set_r(-math.degrees(math.atan2(up, right)))
        near = 1.5 * item.radius_deg
        self._opacity.turn(0.9 * min(1.0, max(0.0, (far_deg - near) / near)))


def direction(yaw_deg: float, pitch_deg: float) -> LVector3:
    """A unit vector to the right and up of ahead, in Panda3D axes."""
    yaw, pitch = math.radians(yaw_deg), math.radians(pitch_deg)
    return LVector3(math.sin(yaw) * math.cos(pitch), math.cos(yaw) * math.cos(pitch), math.sin(pitch))


def _apart(item: Gaze) -> tuple[float, float]:
    """How far the owl is to the right of and above where the face points, as a person sees it, in degrees."""
    yaw = math.radians(item.now_deg[0])
    goal = direction(item.yaw_deg, item.pitch_deg)
    right = LVector3(math.cos(yaw), -math.sin(yaw), 0)
    ahead = direction(*item.now_deg[:2])
    up = right.cross(ahead)
    across = math.hypot(goal.dot(right), goal.dot(up)) or 1.0
    far_deg = math.degrees(math.atan2(across, goal.dot(ahead)))
    return far_deg * goal.dot(right) / across, far_deg * goal.dot(up) / across


def _turned(item: Gaze) -> float:
    """How much of the way to its end an open-ended gaze has come."""
    goal = (item.yaw_deg, item.pitch_deg, item.tilt_deg)
    length = sum(value * value for value in goal) or 1.0
    return max(0.0, sum(now * value for now, value in zip(item.now_deg, goal, strict=True)) / length)


def _way(item: Gaze, away_m: float) -> list[LVector3]:
    """Where the face goes on its way to a goal; a tilt goes around a circle ahead."""
    shares = [i / DOTS for i in range(DOTS + 1)]
    if item.yaw_deg or item.pitch_deg:
        return [direction(share * item.yaw_deg, share * item.pitch_deg) * away_m for share in shares]
    turns = [math.radians(share * item.tilt_deg) for share in shares]
    return [LVector3(_TILT_TRAIL_M * math.sin(turn), away_m, _TILT_TRAIL_M * math.cos(turn)) for turn in turns]


def _ticks(kit: Kit, parent: NodePath, ring_m: float) -> NodePath:
    """Two marks on the ring, level until they are laid over as the head shall be."""
    ticks = parent.attach_new_node("ticks")
    for side in (-1, 1):
        tick = shapes.bar("tick", 0.5 * ring_m, 0.026, (1.0, 0.99, 0.95, 0.95))
        tick.set_pos(side * 1.05 * ring_m, -0.05, 0)
        tick.reparent_to(ticks)
    kit.look.mark(ticks)
    return ticks


def _height_m(owl: NodePath, node: NodePath) -> float:
    """The middle of an owl above its perch."""
    box = owl.get_tight_bounds(node)
    return (box[0].z + box[1].z) / 2 if box else 0.0


def _away_m(look_m: float, eye_m: float, pitch_deg: float) -> float:
    """How far away an owl is: nearer where it would be under the ground."""
    if pitch_deg >= 0:
        return look_m
    return min(look_m, max(LEAST_M, (eye_m - OVER_GROUND_M) / math.sin(math.radians(-pitch_deg))))
