"""A Follow, drawn: a ribbon in the air painted as far as it was led along, a kite on it, and a light ahead."""

import math

import numpy as np
from numpy.typing import NDArray
from panda3d.core import LVector3, NodePath

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.ease import Follower
from engine.panda.flourish import Flourish, light_cards, ring_of_light, show
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE, colour
from engine.scene import Follow

_HALF_M, _EDGE_M, _FINER = 0.020, 0.005, 4
_LATER, _WANTED, _OF_TURN = 0.45, 0.95, 0.8
_STRING_M, _KITE = 0.13, 0.62
_RING_M, _FOLLOWS_S = 0.07, 0.08

Array = NDArray[np.float64]


class Ribbon:
    """The ribbon faces the eyes that saw it first; the kite is where the hand has led it."""

    def __init__(self, kit: Kit, item: Follow, frame: Frame) -> None:
        """Hang it in the air."""
        self._kit, self._item = kit, item
        self.node = kit.parent.attach_new_node(item.key)
        self._eye = np.array(to_panda(frame.head.position_m))
        self._points: Array = np.zeros((0, 3))
        self._band = self.node.attach_new_node("band")
        self._kite = self.node.attach_new_node("kite")
        self._sail = self._kite.attach_new_node("sail")
        self._sail.set_z(_STRING_M)
        kit.role("kite", self._sail).set_scale(_KITE)
        string = shapes.ball("string", (0.0015, 0.0015, _STRING_M / 2), (0.9, 0.85, 0.75, 1.0))
        string.reparent_to(self._kite)
        string.set_z(_STRING_M / 2)
        kit.look.surface(self._kite, glow=0.12)
        self._kite.set_bin("fixed", 1)
        self._goal, self._rest = ring_of_light(kit.look, self.node, _RING_M)
        self._light = light_cards("pace", [(0, 0, 0)], 0.09, self.node)
        kit.look.glow(self._light, 0.95, 0.0)
        self._end = self.node.attach_new_node("end")
        self._flourish = Flourish(kit.look, self._end, _RING_M)
        self._at = Follower(_FOLLOWS_S)
        self.update(item, fresh=True)

    def update(self, item: Follow, fresh: bool = False) -> None:
        """Lay the ribbon if it moved, and colour what was made of it."""
        before, self._item = self._item, item
        if fresh or item.points_m != before.points_m:
            self._lay(item)
        wanted = item.state == "wanted"
        self._veil.turn(_LATER if item.state == "later" else _WANTED, 0.0)
        self._paint.turn(1.0, item.reached if item.reached else -1.0)
        show(self._light, wanted and 0 < item.pace < 1)
        show(self._goal, wanted)
        self._rest.turn(0.35 + 0.4 * item.reached, 1.0, item.fill if item.reached == 1 else 0.0, RING_SHARE)
        self._light.set_pos(*self._place(item.pace))
        if item.fill > 0 and before.fill == 0 and wanted:
            self._flourish.touch()
        if item.state == "done" and before.state != "done":
            self._flourish.reach()

    def pass_time(self, time_s: float) -> None:
        """Let the kite glide along with the hand, on a short string, and flutter."""
        share = self._at.follow(self._item.reached, time_s)
        self._kite.set_pos(*self._place(share))
        self._sail.look_at(self.node, LVector3(*self._eye.tolist()))
        self._sail.set_hpr(self._sail.get_h() + 180, 0, 9.0 * math.sin(2.3 * time_s))
        self._flourish.pass_time(time_s)

    def _place(self, share: float) -> Array:
        at = min(max(share, 0.0), 1.0) * (len(self._points) - 1)
        low = min(int(at), len(self._points) - 2)
        place: Array = self._points[low] + (self._points[low + 1] - self._points[low]) * (at - low)
        return place

    def _lay(self, item: Follow) -> None:
        self._points = _smoothed(np.array([tuple(to_panda(place_m)) for place_m in item.points_m]))
        self._band.get_children().detach()
        look = self._kit.look
        guide = tuple(colour(self._kit.place.ink.guide))
        veil, points, eye = self._band.attach_new_node("veil"), self._points, self._eye
        _strip("tunnel", points, eye, (-item.radius_m, item.radius_m), (*guide, 0.07)).reparent_to(veil)
        _strip("cloth", points, eye, (-_HALF_M, _HALF_M), (*guide, 0.70)).reparent_to(veil)
        self._veil = look.mark(veil, _WANTED, -1.0)
        paint = self._band.attach_new_node("paint")
        _strip("seam", points, eye, (-_HALF_M, _HALF_M), (*guide, 0.0)).reparent_to(paint)
        for side in (-1.0, 1.0):
            edge = (side * _HALF_M, side * (_HALF_M + _EDGE_M))
            _strip("edge", points, eye, edge, (*guide, 0.95)).reparent_to(paint)
        self._paint = look.mark(paint, 1.0, -1.0)
        for node in (self._goal, self._end):
            node.set_pos(*self._points[-1])


def _smoothed(points: Array) -> Array:
    """The same points (n, 3) with more between them, on a curve without corners (Catmull and Rom 1974)."""
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    before, here, there, after = (ends[first : first + len(points) - 1, None] for first in range(4))
    t = np.linspace(0.0, 1.0, _FINER, endpoint=False)[None, :, None]
    curve = 2 * here + (there - before) * t + (2 * before - 5 * here + 4 * there - after) * t**2
    curve = (curve + (3 * here - before - 3 * there + after) * t**3) / 2
    return np.vstack([curve.reshape(-1, 3), points[-1:]])


def _strip(name: str, points: Array, eye: Array, across_m: tuple[float, float], shade: tuple[float, ...]) -> NodePath:
    """A band along points (n, 3) that faces an eye, from one distance aside to another; u runs from 0 to 1 along it.

    It is narrower on the inner side of a turn so sharp that it would fold there.
    """
    way = np.gradient(points, axis=0)
    step = np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    aside = np.cross(way, eye - points)
    aside /= np.maximum(np.linalg.norm(aside, axis=1, keepdims=True), 1e-9)
    turn = (np.gradient(way / step, axis=0) * aside).sum(axis=1, keepdims=True) / step  # 1/m, to that side
    outs = [np.where(out_m * turn > _OF_TURN, _OF_TURN / np.where(turn, turn, 1.0), out_m) for out_m in across_m]
    rows = np.stack([points + out * aside for out in outs], axis=1).reshape(-1, 3)
    low = 2 * np.arange(len(points) - 1)
    faces = np.concatenate([np.stack([low, low + 1, low + 3], 1), np.stack([low, low + 3, low + 2], 1)])
    along = np.repeat(np.linspace(0.0, 1.0, len(points)), 2)
    return shapes.mesh(name, rows, faces, [shade] * len(rows), np.stack([along, np.zeros_like(along)], axis=1))
