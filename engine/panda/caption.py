"""Captions: what a sound says, in words low in view for a moment, with an arrow to where it came from."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from panda3d.core import LVecBase4f, NodePath

from engine.frame import Frame, Pose, forward
from engine.panda import fields, shapes
from engine.panda.axes import to_panda
from engine.panda.berth import DISTANCE_M
from engine.panda.board import BODY_EM_M, SHADOW_M, eye_m
from engine.panda.fonts import LEADING, Setting
from engine.panda.kit import Kit
from engine.scene import Item, Sound

AWAY_M, BELOW_DEG = 1.6, 21.0
SHOWN_S = 1.5
MOST = 2
"""How many captions are shown at once, the latest lowest."""
LEFT_BEHIND_DEG = 35.0
"""How far the head turns away before the captions come along."""
_ASIDE_DEG = 12.0  # a sound nearer to straight ahead needs no arrow
_GROW_S = 0.12
_OVER_CARDS = 6  # in the order of what is drawn after everything solid
_MARGIN_M, _CORNER_M, _EDGE_M, _GAP_M, _ARROW_M, _WIDE_M = 0.030, 0.030, 0.004, 0.016, 0.022, 0.60
_ARROW = fields.texture("arrow", fields.polygon([(-0.75, 0.0), (0.5, -0.75), (0.5, 0.75)], 0.12))


class _Strip(NamedTuple):
    sound: str
    node: NodePath
    tall_m: float
    since_s: float


class Captions:
    """The captions of a stage. They hang in the room where the face was when the first of them came."""

    def __init__(self, parent: NodePath) -> None:
        """Hang them under a node in the space of the frames."""
        self.node = parent.attach_new_node("captions")
        self._strips: list[_Strip] = []
        self._heard: set[str] = set()
        self._yaw_deg = 0.0

    def show(self, kit: Kit, items: Iterable[Item], frame: Frame) -> None:
        """Write a caption for each sound that starts with this frame, and take away those that were read."""
        time_s = frame.time_ns * 1e-9
        sounds = [item for item in items if isinstance(item, Sound)] if kit.settings.captions else []
        new = [sound for sound in sounds if sound.key not in self._heard]
        self._heard = {sound.key for sound in sounds}
        spoken = [sound for sound in new if f"captions.{sound.name}" in kit.words]
        again = {sound.name for sound in spoken}
        fresh = [strip for strip in self._strips if 0 <= time_s - strip.since_s < SHOWN_S]
        kept = [strip for strip in fresh if strip.sound not in again]
        kept = kept[max(0, len(kept) + len(spoken) - MOST) :]
        for strip in self._strips:
            if strip not in kept:
                strip.node.remove_node()
        if spoken and (not kept or abs(_turned(_yaw_deg(frame.head) - self._yaw_deg)) > LEFT_BEHIND_DEG):
            self._come_along(frame)
        self._strips = kept + [self._written(kit, sound, frame, time_s) for sound in spoken[-MOST:]]
        self._stack(time_s)

    def _come_along(self, frame: Frame) -> None:
        self._yaw_deg = _yaw_deg(frame.head)
        x, y, z = eye_m(frame)
        turn, level_m = math.radians(self._yaw_deg), AWAY_M * math.cos(math.radians(BELOW_DEG))
        low_m = y - AWAY_M * math.sin(math.radians(BELOW_DEG))
        self.node.set_pos(to_panda((x + level_m * math.sin(turn), low_m, z - level_m * math.cos(turn))))
        self.node.set_hpr(-self._yaw_deg, -BELOW_DEG, 0)

    def _written(self, kit: Kit, sound: Sound, frame: Frame, time_s: float) -> _Strip:
        ink, look = kit.place.ink, kit.look
        em_m = BODY_EM_M * kit.settings.text_scale * AWAY_M / DISTANCE_M
        text = Setting(kit.fonts.body, em_m, ink.text).lay(kit.words.say(f"captions.{sound.name}"), _WIDE_M, 2)
        side = self._side(sound, frame)
        arrow_m = 0.7 * em_m if side else 0.0
        half_m = text.get_width() / 2 + _MARGIN_M + arrow_m
        tall_m = text.get_num_rows() * em_m * LEADING + 2 * _MARGIN_M - 0.2 * em_m
        node = self.node.attach_new_node(sound.key)
        paper = shapes.board(half_m + SHADOW_M, tall_m / 2 + SHADOW_M)
        look.board(paper, LVecBase4f(half_m, tall_m / 2, _CORNER_M, _EDGE_M), LVecBase4f(0))
        paper.set_bin("fixed", _OVER_CARDS)
        paper.reparent_to(node)
        letters = node.attach_new_node(text.generate())
        letters.set_pos(-side * arrow_m / 2, -0.003, tall_m / 2 - _MARGIN_M - 0.72 * em_m)
        look.text(letters)
        letters.set_bin("fixed", _OVER_CARDS + 1)
        if side:
            arrow = fields.show(look, node, _ARROW, _ARROW_M * em_m / BODY_EM_M, ink.text)
            arrow.set_bin("fixed", _OVER_CARDS + 1)
            arrow.set_two_sided(True)
            arrow.set_sx(-side)
            arrow.set_pos(side * (half_m - _MARGIN_M - arrow_m / 3), -0.003, 0)
        return _Strip(sound.name, node, tall_m, time_s)

    def _side(self, sound: Sound, frame: Frame) -> int:
        """Which side a sound comes from: -1 left, 1 right, 0 ahead or from everywhere."""
        if sound.place_m is None:
            return 0
        x, _, z = (there - here for there, here in zip(sound.place_m, eye_m(frame), strict=True))
        aside_deg = _turned(math.degrees(math.atan2(x, -z)) - _yaw_deg(frame.head))
        return 0 if abs(aside_deg) < _ASIDE_DEG else round(math.copysign(1, aside_deg))

    def _stack(self, time_s: float) -> None:
        height_m = 0.0
        for strip in reversed(self._strips):
            strip.node.set_z(height_m)
            strip.node.set_sz(max(0.01, min(1.0, (time_s - strip.since_s) / _GROW_S)))
            height_m += strip.tall_m + _GAP_M


def _yaw_deg(head: Pose) -> float:
    x, _, z = forward(head.orientation)
    return math.degrees(math.atan2(x, -z))


def _turned(angle_deg: float) -> float:
    return (angle_deg + 180) % 360 - 180
