"""An Option, drawn: a card with a picture above its words, whose edge fills while it is looked at."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from panda3d.core import LPoint3, LVecBase4f, NodePath, PTA_LVecBase4f, TextNode, UnalignedLVecBase4f

from engine.frame import Frame, Vector
from engine.panda import faces, fields, shapes
from engine.panda.berth import DISTANCE_M
from engine.panda.board import BODY_EM_M, MOST_ROWS, SHADOW_M, eye_m, face
from engine.panda.fonts import LEADING, Setting
from engine.panda.kit import Kit
from engine.panda.look import colour
from engine.scene import Option

MARGIN_M, BESIDE_M = 0.032, 0.028
PICTURE_SHARE = 0.74
"""How wide a picture is, as a share of its card."""
TICK_M = 0.034
TALLEST = 2.6
"""How tall a card with a picture may be, in halves of its width."""
PICKED_SCALE = 1.06
_EDGE_M, _CORNER_M, _GAP_M = 0.014, 0.045, 0.014
_SMALLER = 0.05
_DEEP = 0.25  # a model on a card is as flat as a relief, so that it stands before the card and hides no neighbour
_LONG, _ASIDE_DEG = 1.5, 65.0  # a model that is so much longer than wide, as a boat, shows its side
_PALE, _CLEAR = 0.2, 0.7
_TRACK = 0.65  # what is filled is more opaque than this by 0.35


class Likeness(NamedTuple):
    """What cards that hang together have in common: the scale of their letters, half their width, and their rows."""

    scale: float
    half_m: float
    rows: int


def lay(kit: Kit, item: Option, away_m: float, scale: float) -> TextNode:
    """The words of an option, in letters that are that much larger than the least."""
    said = kit.words.say(item.words, item.values) if item.words else ""
    setting = Setting(kit.fonts.body, BODY_EM_M * away_m / DISTANCE_M * scale, kit.place.ink.text)
    return setting.lay(said, 2 * (item.radius_m - BESIDE_M), 2)


def alike(kit: Kit, items: Sequence[Option], eye: Vector) -> Likeness:
    """How the cards of some options can be of one size, with letters as large as the person wants them or as fits.

    Letters are never under 1.3 degrees: where a word is too long for that, all cards are wider, as is one that hangs
    alone for letters of any size.
    """
    scale = max(1.0, kit.settings.text_scale)
    while True:
        texts = [lay(kit, item, math.dist(item.place_m, eye), scale) for item in items]
        wide_m, rows = max(text.get_width() for text in texts), max(text.get_num_rows() for text in texts)
        radius_m = max(item.radius_m for item in items)
        fits = len(items) == 1 or wide_m <= 2 * (radius_m - BESIDE_M)
        if scale == 1 or (fits and rows < MOST_ROWS):
            return Likeness(scale, max(radius_m, wide_m / 2 + BESIDE_M), rows)
        scale = max(1.0, scale - _SMALLER)


class OptionCard:
    """The drawing of an Option: a card that faces the eyes as they were when it came."""

    def __init__(self, kit: Kit, item: Option, frame: Frame) -> None:
        """Hang the card up."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        # What can be chosen is seen in the dark too: here it is never dim.
        self.node.set_shader_input("moment", PTA_LVecBase4f([UnalignedLVecBase4f(0)]))
        self._eye_m = eye_m(frame)
        self._card = self.node
        self._likeness = alike(kit, (item,), self._eye_m)
        self._lay(item)
        self._show(item)

    def update(self, item: Option) -> None:
        """Fill the edge, mark what was picked, and lay the card out anew if it says something else."""
        if item._replace(fill=0.0, picked=False) != self._item._replace(fill=0.0, picked=False):
            self._lay(item)
        self._show(item)

    def relay(self) -> None:
        """Lay the card out anew because its words have changed."""
        self._lay(self._item)
        self._show(self._item)

    def join(self, items: Sequence[Option]) -> None:
        """Be of one size with the cards of all options of the same kind, which hang beside this one."""
        beside = [item for item in items if _kind(item) == _kind(self._item)]
        likeness = alike(self._kit, beside, self._eye_m)
        if likeness != self._likeness:
            self._likeness = likeness
            self._lay(self._item)
            self._show(self._item)

    def pass_time(self, time_s: float) -> None:
        """A card stands still."""

    def _show(self, item: Option) -> None:
        self._item = item
        self._edge.turn(1.0, 1.0 if item.picked else item.fill)
        self.node.set_scale(PICKED_SCALE if item.picked else 1.0)
        if item.picked:
            self._tick.show()
        else:
            self._tick.hide()

    def _lay(self, item: Option) -> None:
        self.node.get_children().detach()
        self._card = self.node.attach_new_node("card")
        face(self.node, item.place_m, self._eye_m)
        likeness, away_m = self._likeness, math.dist(item.place_m, self._eye_m)
        text = lay(self._kit, item, away_m, likeness.scale)
        half_m, row_m = likeness.half_m, text.get_text_scale() * LEADING
        words_m = likeness.rows * row_m if text.has_text() else 0.0
        pictured = self._has_picture(item.picture)
        gap_m = _GAP_M if pictured and words_m else 0.0
        around_m = gap_m + words_m + 2 * MARGIN_M
        # Larger letters leave less room for the picture.
        picture_m = min(2 * half_m * PICTURE_SHARE, TALLEST * half_m - around_m) if pictured else 0.0
        tall_m = picture_m + around_m
        self._paper(half_m, tall_m / 2)
        if pictured:
            picture = self._card.attach_new_node("picture")
            picture.set_pos(0, -0.004, tall_m / 2 - MARGIN_M - picture_m / 2)
            self._draw(item.picture, picture, picture_m / 2)
        letters = self._card.attach_new_node(text.generate())
        # Fewer rows than others have stand in the middle of their place.
        top_m = MARGIN_M + (words_m + text.get_num_rows() * row_m) / 2 - tall_m / 2
        letters.set_pos(0, -0.003, top_m - 0.86 * text.get_text_scale())
        self._kit.look.text(letters)

    def _paper(self, half_m: float, half_tall_m: float) -> None:
        look, ink = self._kit.look, self._kit.place.ink
        paper = shapes.board(half_m + SHADOW_M, half_tall_m + SHADOW_M)
        look.board(paper, LVecBase4f(half_m, half_tall_m, _CORNER_M, 0), LVecBase4f(0))
        paper.reparent_to(self._card)
        points, faces_, along = _outline(half_m, half_tall_m)
        paper_rgb, text_rgb = colour(ink.paper), colour(ink.text)
        # Dark paper lies on dark ground: there the edge alone says where a card is (WCAG 2.2, 1.4.11).
        of_text = _PALE if sum(paper_rgb) > sum(text_rgb) else _CLEAR
        pale = [(1 - of_text) * c + of_text * t for c, t in zip(paper_rgb, text_rgb, strict=True)]
        edge = shapes.mesh("edge", points, faces_, [(*pale, _TRACK)] * len(points), along)
        self._edge = look.mark(edge, 1.0)
        edge.set_bin("fixed", 4)
        edge.reparent_to(self._card)
        self._tick = self._card.attach_new_node("tick")
        self._tick.set_pos(half_m - _CORNER_M / 2, -0.006, half_tall_m - _CORNER_M / 2)
        for order, (field, code) in enumerate(((_BADGE, ink.accent), (_TICK, ink.paper))):
            fields.show(look, self._tick, field, TICK_M, code).set_bin("fixed", 5, order)

    def _has_picture(self, name: str) -> bool:
        """Whether there is something to draw: a game that the theme has no picture of is a card of words."""
        return _is_face(name) or name in self._kit.theme.pictures

    def _draw(self, name: str, parent: NodePath, half_m: float) -> None:
        """A face, or a model of the theme."""
        if _is_face(name):
            faces.draw(self._kit.look, parent, int(name.partition(" ")[2]), half_m)
            return
        model = self._kit.models.copy(self._kit.theme.pictures[name], parent)
        low, high = self._bounds(name, model, parent)
        if high.y - low.y > _LONG * (high.x - low.x):
            model.set_h(_ASIDE_DEG)
            low, high = self._bounds(name, model, parent)
        size = high - low
        share = 1.9 * half_m / max(size.x, size.z, 1e-6)
        relief = parent.attach_new_node("relief")
        model.reparent_to(relief)
        relief.set_scale(share, share * _DEEP, share)
        relief.set_pos(-share * (low.x + high.x) / 2, -share * _DEEP * high.y - 0.004, -share * (low.z + high.z) / 2)

    def _bounds(self, name: str, model: NodePath, parent: NodePath) -> tuple[LPoint3, LPoint3]:
        bounds = model.get_tight_bounds(parent)
        if bounds is None:
            raise ValueError(f"the picture {name!r} of the theme {self._kit.theme.name!r} is a model without a shape")
        return bounds


def _is_face(name: str) -> bool:
    return name.startswith("face ")


def _kind(item: Option) -> tuple[float, bool]:
    return item.radius_m, bool(item.picture)


_BADGE = fields.texture("badge", fields.disc(0, 0, 1.0))
_TICK = fields.texture("tick", fields.stroke([(-0.42, 0.02), (-0.12, -0.34), (0.46, 0.36)], 0.12))


def _outline(half_m: float, half_tall_m: float) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """A band inside the edge of a card, from the middle of its top clockwise: points, faces, and how far round."""
    x, z, r = half_m, half_tall_m, _CORNER_M
    quarter = np.linspace(0, math.pi / 2, 9)
    corners = ((x - r, z - r, 0.0), (x - r, r - z, 0.5), (r - x, r - z, 1.0), (r - x, z - r, 1.5))
    turns = [(cx, cz, math.pi * start + quarter) for cx, cz, start in corners]
    rim = np.concatenate([
        [[0.0, z, 0.0, 1.0]],
        *(np.stack([cx + r * np.sin(a), cz + r * np.cos(a), np.sin(a), np.cos(a)], axis=1) for cx, cz, a in turns),
        [[0.0, z, 0.0, 1.0]],
    ])  # fmt: skip
    far = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(rim[:, :2], axis=0).T))])
    inner = rim[:, :2] - _EDGE_M * rim[:, 2:]
    flat = np.concatenate([rim[:, :2], inner])
    points = np.stack([flat[:, 0], np.full(len(flat), -0.002), flat[:, 1]], axis=1)
    first, count = np.arange(len(rim) - 1), len(rim)
    bands = [[first, first + 1, first + count], [first + 1, first + count + 1, first + count]]
    around = np.stack([np.tile(far / far[-1], 2), np.zeros(2 * count)], axis=1)
    return points, np.concatenate([np.stack(band, axis=1) for band in bands]), around
