"""Panels with words: rounded paper at a comfortable depth, sized to what stands on it."""

import itertools
import math
from collections.abc import Iterator
from typing import NamedTuple

from panda3d.core import LVecBase4f, NodePath, TextNode

from engine.frame import Frame, Vector
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.berth import BERTHS, DISTANCE_M, Wanted, Way, choose, raised, way_deg
from engine.panda.card import Card
from engine.panda.ease import Burst, smooth
from engine.panda.fonts import LEADING, Align, Setting
from engine.panda.kit import Kit
from engine.questions import before
from engine.scene import Line, Panel

GLIDES_S = 0.8
"""How long a panel takes to get out of the way of something new."""
IN_FRONT_DEG = 6.0
"""How far up the middle of a panel is that stands in front."""
STANDING_EYE_M = 1.55
# At 1.5 m, 49 mm to the em gives letters of 1.3 degrees (capitals are 0.70 em high).
TITLE_EM_M, BODY_EM_M = 0.058, 0.049
MARGIN_M, PIP_M, SHADOW_M = 0.058, 0.018, 0.06
LEAST_WIDTH_M, MOST_TEXT_M = 0.58, 0.58
USUAL_HALF_M = (0.29, 0.19)
"""Half of how wide and tall a panel with a title and two lines is."""
MOST_M, MOST_ROWS = 0.95, 3
"""How wide and how tall a panel may be, and how many rows a line may have: beyond that its letters are smaller."""
_TITLE_GAP_M, _BODY_GAP_M, _PIPS_M = 0.020, 0.012, 0.056
_SMALLER = 0.05
_CORNER_M, _EDGE_M = 0.055, 0.006
_STAMPS = itertools.count(1)


class Laid(NamedTuple):
    """The words of a panel, laid out: its title first, and how large the letters are (1: the least).

    `further` is how many times as far away it is as panels are: all is that much larger.
    """

    texts: list[TextNode]
    scale: float
    wrap_m: float
    tall_m: float
    further: float

    @property
    def wide_m(self) -> float:
        """How wide a panel they need."""
        return max(LEAST_WIDTH_M, max(text.get_width() for text in self.texts) + 2 * MARGIN_M)

    @property
    def fits(self) -> bool:
        """Whether a panel with them is of an agreeable size."""
        few = all(text.get_num_rows() <= MOST_ROWS for text in self.texts)
        return (
            few
            and self.tall_m <= MOST_M * self.further
            and self.wide_m <= max(LEAST_WIDTH_M, self.wrap_m + 2 * MARGIN_M) + 1e-6
        )


def lay(kit: Kit, item: Panel, away_m: float = DISTANCE_M) -> Laid:
    """Lay the words of a panel out as large as the person wants them, or as large as fits; never under 1.3 degrees."""
    further = max(1.0, away_m / DISTANCE_M)
    *larger, least = _sizes(kit.settings.text_scale)
    for scale, wrap_m in larger:
        laid = _laid(kit, item, scale, wrap_m, further)
        if laid.fits:
            return laid
    return _laid(kit, item, *least, further)


class Board:
    """The drawing of a Panel, face to face with where the person's eyes were when it came.

    While something is played it stands aside, until something new is asked for behind it; else it is in front. `card`
    describes it to a headset that shows it as a layer of its own.
    """

    def __init__(self, kit: Kit, item: Panel, frame: Frame) -> None:
        """Stand the panel up."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        self._eye_m = eye_m(frame)
        self._from = self._to = BERTHS[0]
        self._stood, self._place_m = False, item.place_m
        self._wanted, self._glide = Wanted(), Burst(GLIDES_S)
        self._half_m, self._largest_m = (0.0, 0.0), USUAL_HALF_M
        self.update(item)

    def update(self, item: Panel) -> None:
        """Lay the panel out anew."""
        self.node.get_children().detach()
        self._item, self._place_m = item, item.place_m or self._place_m
        away_m = math.dist(self._place_m, self._eye_m) if self._place_m else DISTANCE_M
        laid = lay(self._kit, item, away_m)
        half_m, tall_m, mirrored = laid.wide_m / 2, laid.tall_m, self._kit.words.right_to_left
        self._half_m = (half_m, tall_m / 2)
        self._stand(0.0)
        paper = shapes.board(half_m + SHADOW_M, tall_m / 2 + SHADOW_M)
        pips = LVecBase4f(item.done, item.total, MARGIN_M + PIP_M - half_m, MARGIN_M + PIP_M - tall_m / 2)
        self._kit.look.board(paper, LVecBase4f(half_m, tall_m / 2, _CORNER_M, _EDGE_M), pips)
        paper.set_two_sided(True)
        paper.set_sx(-1 if mirrored else 1)
        paper.reparent_to(self.node)
        top_m = tall_m / 2 - MARGIN_M
        for text in laid.texts:
            letters = self.node.attach_new_node(text.generate())
            letters.set_name("letters")
            left_m = MARGIN_M - half_m
            letters.set_pos(-left_m if mirrored else left_m, -0.003, top_m - 0.78 * text.get_text_scale())
            self._kit.look.text(letters)
            top_m -= _rows_m(text) + (_TITLE_GAP_M if text is laid.texts[0] else _BODY_GAP_M)
        self.card = Card(item.key, self.node, (2 * half_m, tall_m), _CORNER_M, next(_STAMPS))

    def relay(self) -> None:
        """Lay the panel out anew because its words have changed."""
        self.update(self._item)

    def clear(self, wanted: Wanted, aside: bool = True) -> None:
        """Get out of the way of what is asked for, where the panel is in it: at once when it comes, or else gliding.

        `aside` says whether something is played; what it is when the panel comes, holds for as long as it is there.
        """
        # A panel that says more later in a trial shall not have to move then: its largest size counts, or the usual.
        largest_m = (max(self._half_m[0], self._largest_m[0]), max(self._half_m[1], self._largest_m[1]))
        known = wanted is self._wanted and largest_m == self._largest_m
        if known or self._from != self._to:
            return
        if not aside and not self._stood and self._place_m is None:
            self._place_m = before(self._eye_m, self._kit.facing_deg, IN_FRONT_DEG, DISTANCE_M)
        self._wanted, self._largest_m = wanted, largest_m
        now = self._to if self._stood else None
        half = (largest_m[0] / DISTANCE_M, largest_m[1] / DISTANCE_M)
        self._to = choose(half, self._kit.facing_deg, self._eye_m, wanted, now)
        self._glide.begin()
        if not self._stood or self._place_m is not None:
            self._from, self._stood = self._to, True
            self._stand(0.0)

    def pass_time(self, time_s: float) -> None:
        """Glide to another berth; else words stand still."""
        if self._from != self._to:
            share = smooth(self._glide.share(time_s))
            self._stand(share)
            self._from = self._to if share == 1 else self._from

    def _stand(self, share: float) -> None:
        """Stand in a place, or in a berth, or that share of the way to another."""
        if self._place_m is not None:
            away_m = math.dist(self._place_m, self._eye_m)
            half = (self._half_m[0] / away_m, self._half_m[1] / away_m)
            right_deg, up_deg = raised(_way_to(self._place_m, self._eye_m), half, self._eye_m, self._wanted)
        else:
            away_m, beside = DISTANCE_M, self._half_m[0] / DISTANCE_M
            ways = (way_deg(berth, beside, self._kit.facing_deg) for berth in (self._from, self._to))
            right_deg, up_deg = (a + share * (b - a) for a, b in zip(*ways, strict=True))
        face(self.node, before(self._eye_m, right_deg, up_deg, away_m), self._eye_m)


def face(node: NodePath, place_m: Vector, eye_m: Vector) -> None:
    """Put something flat into a place, square to the eyes: seen at a slant its letters would be too small."""
    right_deg, up_deg = _way_to(place_m, eye_m)
    node.set_pos(to_panda(place_m))
    node.set_hpr(-right_deg, up_deg, 0)


def _way_to(place_m: Vector, eye_m: Vector) -> Way:
    x, y, z = (there - here for there, here in zip(place_m, eye_m, strict=True))
    return (math.degrees(math.atan2(x, -z)), math.degrees(math.atan2(y, math.hypot(x, z))))


def eye_m(frame: Frame) -> Vector:
    """Where the eyes are, or those of somebody who stands in the middle when the head is not seen."""
    return frame.head.position_m if frame.head.valid else (0.0, STANDING_EYE_M, 0.0)


def _sizes(wanted: float) -> Iterator[tuple[float, float]]:
    """Scales of letters and widths of text in m, the most agreeable first: as wanted, then wider, then smaller."""
    most_m = MOST_M - 2 * MARGIN_M
    yield wanted, min(MOST_TEXT_M * wanted, most_m)
    steps = round((wanted - 1.0) / _SMALLER)
    yield from ((wanted - step * _SMALLER, most_m) for step in range(steps))
    yield 1.0, most_m


def _laid(kit: Kit, item: Panel, scale: float, wrap_m: float, further: float) -> Laid:
    ink, wrap_m = kit.place.ink, wrap_m * further
    align: Align = 1 if kit.words.right_to_left else 0
    title = kit.words.say(item.title, item.values)
    heading = Setting(kit.fonts.title_of(title), TITLE_EM_M * scale * further, ink.title)
    body = Setting(kit.fonts.body, BODY_EM_M * scale * further, ink.text)
    lines = (line if isinstance(line, Line) else Line(line) for line in item.text)
    said = (kit.words.say(line.words, line.values or item.values) for line in lines)
    texts = [heading.lay(title, wrap_m, align), *(body.lay(line, wrap_m, align) for line in said)]
    gaps_m = _TITLE_GAP_M + _BODY_GAP_M * len(item.text) + 2 * MARGIN_M + (_PIPS_M if item.total else 0)
    return Laid(texts, scale, wrap_m, sum(map(_rows_m, texts)) + gaps_m, further)


def _rows_m(text: TextNode) -> float:
    return float(text.get_num_rows() * text.get_text_scale() * LEADING)
