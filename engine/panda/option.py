"""An Option, drawn: a card with a picture above its words, whose edge fills while it is looked at."""

import math

import numpy as np
from numpy.typing import NDArray
from panda3d.core import LVecBase4f, NodePath, PTA_LVecBase4f, TextNode, UnalignedLVecBase4f

from engine.frame import Frame
from engine.panda import faces, fields, shapes
from engine.panda.axes import to_panda
from engine.panda.board import BODY_EM_M, DISTANCE_M, MOST_ROWS, SHADOW_M, eye_m
from engine.panda.fonts import LEADING, Setting
from engine.panda.kit import Kit
from engine.panda.look import colour
from engine.scene import Option

MARGIN_M, BESIDE_M = 0.030, 0.020
PICTURE_SHARE = 0.74
"""How wide a picture is, as a share of its card."""
TICK_M = 0.034
PICKED_SCALE = 1.06
_EDGE_M, _CORNER_M, _GAP_M = 0.014, 0.045, 0.014
_SMALLER = 0.05
_DEEP = 0.25  # a model on a card is as flat as a relief, so that it stands before the card and hides no neighbour
_TRACK = 0.65  # what is filled is more opaque than this by 0.35


def lay(kit: Kit, item: Option, away_m: float) -> TextNode:
    """The words of an option as large as the person wants them, or as large as fits, but never under 1.3 degrees."""
    said = kit.words.say(item.words, item.values) if item.words else ""
    wrap_m, scale = 2 * (item.radius_m - BESIDE_M), kit.settings.text_scale
    while True:
        setting = Setting(kit.fonts.body, BODY_EM_M * away_m / DISTANCE_M * scale, kit.place.ink.text)
        text = setting.lay(said, wrap_m, 2)
        if scale <= 1 or (text.get_width() <= wrap_m and text.get_num_rows() < MOST_ROWS):
            return text
        scale = max(1.0, scale - _SMALLER)


class OptionCard:
    """The drawing of an Option: a card that faces the eyes as they were when it came."""

    def __init__(self, kit: Kit, item: Option, frame: Frame) -> None:
        """Hang the card up."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        # What can be chosen is seen in the dark too: here it is never dim.
        self.node.set_shader_input("moment", PTA_LVecBase4f([UnalignedLVecBase4f(0)]))
        self._eye = to_panda(eye_m(frame))
        self._card = self.node
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
        middle = to_panda(item.place_m)
        self.node.set_pos(middle)
        self.node.set_h(math.degrees(math.atan2(self._eye.x - middle.x, middle.y - self._eye.y)))
        text = lay(self._kit, item, (middle - self._eye).length())
        half_m = max(item.radius_m, text.get_width() / 2 + BESIDE_M)
        picture_m = 2 * half_m * PICTURE_SHARE if item.picture else 0.0
        words_m = text.get_num_rows() * text.get_text_scale() * LEADING if text.has_text() else 0.0
        gap_m = _GAP_M if picture_m and words_m else 0.0
        tall_m = picture_m + gap_m + words_m + 2 * MARGIN_M
        self._paper(half_m, tall_m / 2)
        if item.picture:
            # Pictures stand in a row, however many rows of words are under them.
            self._card.set_z(half_m - tall_m / 2)
            picture = self._card.attach_new_node("picture")
            picture.set_pos(0, -0.004, tall_m / 2 - MARGIN_M - picture_m / 2)
            self._draw(item.picture, picture, picture_m / 2)
        letters = self._card.attach_new_node(text.generate())
        letters.set_pos(0, -0.003, words_m + MARGIN_M - tall_m / 2 - 0.86 * text.get_text_scale())
        self._kit.look.text(letters)

    def _paper(self, half_m: float, half_tall_m: float) -> None:
        look, ink = self._kit.look, self._kit.place.ink
        paper = shapes.board(half_m + SHADOW_M, half_tall_m + SHADOW_M)
        look.board(paper, LVecBase4f(half_m, half_tall_m, _CORNER_M, 0), LVecBase4f(0))
        paper.reparent_to(self._card)
        points, faces_, along = _outline(half_m, half_tall_m)
        pale = [0.8 * c + 0.2 * t for c, t in zip(colour(ink.paper), colour(ink.text), strict=True)]
        edge = shapes.mesh("edge", points, faces_, [(*pale, _TRACK)] * len(points), along)
        self._edge = look.mark(edge, 1.0)
        edge.set_bin("fixed", 4)
        edge.reparent_to(self._card)
        self._tick = self._card.attach_new_node("tick")
        self._tick.set_pos(half_m - _CORNER_M / 2, -0.006, half_tall_m - _CORNER_M / 2)
        for order, (field, code) in enumerate(((_BADGE, ink.accent), (_TICK, ink.paper))):
            fields.show(look, self._tick, field, TICK_M, code).set_bin("fixed", 5, order)

    def _draw(self, name: str, parent: NodePath, half_m: float) -> None:
        """A face, or a model of the theme: ValueError names a picture that the theme does not have."""
        first, _, level = name.partition(" ")
        if first == "face":
            faces.draw(self._kit.look, parent, int(level), half_m)
            return
        pictures = self._kit.theme.pictures
        if name not in pictures:
            raise ValueError(
                f"the theme {self._kit.theme.name!r} has no picture {name!r} under [pictures]; it has "
                f"{', '.join(sorted(pictures)) or 'none'}"
            )
        model = self._kit.models.copy(pictures[name], parent)
        bounds = model.get_tight_bounds(parent)
        if bounds is None:
            raise ValueError(f"the picture {name!r} of the theme {self._kit.theme.name!r} is a model without a shape")
        low, high = bounds
        size = high - low
        share = 1.9 * half_m / max(size.x, size.z, 1e-6)
        relief = parent.attach_new_node("relief")
        model.reparent_to(relief)
        relief.set_scale(share, share * _DEEP, share)
        relief.set_pos(-share * (low.x + high.x) / 2, -share * _DEEP * high.y - 0.004, -share * (low.z + high.z) / 2)


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
