"""Panels with words: rounded paper at a comfortable depth, sized to what stands on it."""

import itertools
import math

from panda3d.core import LVecBase4f, TextNode

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.card import Card
from engine.panda.fonts import Setting
from engine.panda.kit import Kit
from engine.scene import Panel

DISTANCE_M = 1.5
RIGHT_EDGE_DEG = -13.0
"""A panel stands to the left; its right edge is here, clear of what is reached for."""
ABOVE_EYE_M = 0.10
STANDING_EYE_M = 1.55
# At 1.5 m, 49 mm to the em gives letters of 1.3 degrees (capitals are 0.70 em high).
TITLE_EM_M, BODY_EM_M = 0.058, 0.049
MARGIN_M, PIP_M, SHADOW_M = 0.058, 0.018, 0.06
LEAST_WIDTH_M, MOST_TEXT_M = 0.58, 0.58
_LEADING = 1.22
_CORNER_M, _EDGE_M = 0.055, 0.006
_STAMPS = itertools.count(1)


class Board:
    """The drawing of a Panel. It stands where the person's eyes were when it came, and stays there.

    `card` describes it to a headset that shows it as a layer of its own.
    """

    def __init__(self, kit: Kit, item: Panel, frame: Frame) -> None:
        """Stand the panel up."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        self._eye_m = frame.head.position_m if frame.head.valid else (0.0, STANDING_EYE_M, 0.0)
        self.update(item)

    def update(self, item: Panel) -> None:
        """Lay the panel out anew."""
        self.node.get_children().detach()
        self._item = item
        texts = self._texts(item)
        half_m = max(LEAST_WIDTH_M / 2, max(text.get_width() for text in texts) / 2 + MARGIN_M)
        tall_m = sum(_rows_m(text) for text in texts) + 2 * MARGIN_M + (0.056 if item.total else 0)
        self._place(item, half_m)
        paper = shapes.board(half_m + SHADOW_M, tall_m / 2 + SHADOW_M)
        pips = LVecBase4f(item.done, item.total, MARGIN_M + PIP_M - half_m, MARGIN_M + PIP_M - tall_m / 2)
        self._kit.look.board(paper, LVecBase4f(half_m, tall_m / 2, _CORNER_M, _EDGE_M), pips)
        paper.reparent_to(self.node)
        top_m = tall_m / 2 - MARGIN_M
        for text in texts:
            letters = self.node.attach_new_node(text.generate())
            letters.set_pos(MARGIN_M - half_m, -0.003, top_m - 0.78 * text.get_text_scale())
            self._kit.look.text(letters)
            top_m -= _rows_m(text)
        self.card = Card(item.key, self.node, (2 * half_m, tall_m), _CORNER_M, next(_STAMPS))

    def relay(self) -> None:
        """Lay the panel out anew because its words have changed."""
        self.update(self._item)

    def pass_time(self, time_s: float) -> None:
        """Words stand still."""

    def _texts(self, item: Panel) -> list[TextNode]:
        ink, fonts, say = self._kit.place.ink, self._kit.fonts, self._kit.words.say
        title = Setting(fonts.title, TITLE_EM_M, ink.title)
        body = Setting(fonts.body, BODY_EM_M, ink.text)
        lines = [(title, item.title), *((body, line) for line in item.text)]
        return [setting.lay(say(key, item.values), MOST_TEXT_M) for setting, key in lines]

    def _place(self, item: Panel, half_m: float) -> None:
        eye = to_panda(self._eye_m)
        if item.place_m is not None:
            middle = to_panda(item.place_m)
        else:
            turn = math.radians(self._kit.facing_deg + RIGHT_EDGE_DEG) - math.atan2(half_m, DISTANCE_M)
            x, y, z = self._eye_m
            middle = to_panda((x + math.sin(turn) * DISTANCE_M, y + ABOVE_EYE_M, z - math.cos(turn) * DISTANCE_M))
        self.node.set_pos(middle)
        self.node.set_h(math.degrees(math.atan2(eye.x - middle.x, middle.y - eye.y)))


def _rows_m(text: TextNode) -> float:
    gap_m = 0.020 if text.get_text_scale() == TITLE_EM_M else 0.012
    return float(text.get_num_rows() * text.get_text_scale() * _LEADING + gap_m)
