"""What lies over the picture of a desk: help along the top, and the figure of the body in the lower right corner."""

from collections.abc import Sequence
from typing import NamedTuple

from panda3d.core import (
    Camera,
    DisplayRegion,
    GraphicsWindow,
    LVecBase4f,
    NodePath,
    OrthographicLens,
    TextNode,
)

from engine.panda import shapes
from engine.panda.fonts import LEADING, Fonts, Setting
from engine.panda.hints import Hint
from engine.panda.look import Look
from engine.panda.mannequin import Mannequin
from engine.panda.puppet import Puppet
from engine.theme import Ink, Place
from engine.words import Words

INSET_SHARE, INSET_ASPECT = 0.22, 0.82
"""Of the window's height, and how wide it is for that."""
EM_SHARE, LEAST_EM_PIXELS = 0.0215, 14.0
"""How large the letters of the help are, of the window's height, and the least they are."""
_ROW, _BESIDE, _APART = 1.5 * LEADING, 0.35, 1.35  # in ems: from row to row, within an entry, and from one to the next
# All below in half heights of the window.
MARGIN, SHADOW, _CORNER, _EDGE = 0.03, 0.05, 0.03, 0.004
_PAPER_BIN, _CAP_BIN, _TEXT_BIN = 3, 4, 6


Lines = tuple[tuple[Hint, ...], tuple[Hint, ...]]


class Sized(NamedTuple):
    """A text, how wide a place it takes, and whether it stands on a cap, as on a key."""

    text: TextNode
    wide: float
    cap: bool


Entry = list[Sized]


class Laid(NamedTuple):
    """The help, laid out in rows; sizes are in half heights of the window."""

    em: float
    rows: list[list[Entry]]

    @property
    def wide(self) -> float:
        """How wide a card it needs."""
        return max(_wide(row, self.em) for row in self.rows) + 2 * self.em

    @property
    def tall(self) -> float:
        """How tall a card it needs."""
        return (len(self.rows) * _ROW + 0.7) * self.em


class Overlay:
    """The help and the figure of one window, drawn after everything else."""

    def __init__(self, window: GraphicsWindow, fonts: Fonts, text_scale: float) -> None:
        """Make both; nothing is seen before `enter`."""
        self._fonts, self._scale = fonts, text_scale
        self._root = NodePath("overlay")
        self._look = Look(self._root)
        self._look.tick(0.0, 0.0)
        self._lens = OrthographicLens()
        self._lens.set_near_far(1.0, 20.0)
        eye = self._root.attach_new_node(Camera("eye", self._lens))
        eye.set_y(-10.0)
        self._region(window, 10).set_camera(eye)
        self._mannequin = Mannequin()
        self._inset = self._region(window, 20)
        self._inset.set_camera(self._mannequin.eye)
        self._card, self._frame = self._root.attach_new_node("card"), self._root.attach_new_node("frame")
        self._laid: object = None

    def show(
        self,
        place: Place,
        words: Words,
        lines: Lines | None,
        puppet: Puppet,
        size: tuple[int, int],
    ) -> None:
        """Bring both to what is now; `lines` is None where no help is wanted."""
        wanted = (place, words.code, lines, size)
        if wanted != self._laid:
            self._laid = wanted
            self._look.enter(place)
            self._mannequin.enter(place)
            self._fit(size[0] / size[1])
            self._card.get_children().detach()
            if lines is not None:
                laid = lay(self._fonts, place.ink, words, lines, size, self._scale)
                self._write(laid, size[0] / size[1], words.right_to_left)
        self._mannequin.show(puppet, chair=puppet.share < 1)

    def _region(self, window: GraphicsWindow, order: int) -> DisplayRegion:
        region = window.make_display_region()
        region.set_sort(order)
        region.set_clear_depth_active(True)
        return region

    def _fit(self, aspect: float) -> None:
        """Put the figure into its corner, on paper."""
        self._lens.set_film_size(2 * aspect, 2)
        tall = 2 * INSET_SHARE
        wide = tall * INSET_ASPECT
        right, low = aspect - MARGIN, -1 + MARGIN
        self._inset.set_dimensions(
            (aspect + right - wide) / (2 * aspect), (aspect + right) / (2 * aspect), MARGIN / 2, (MARGIN + tall) / 2
        )
        self._mannequin.widen(INSET_ASPECT)
        self._frame.get_children().detach()
        self._paper(self._frame, right - wide, low, wide, tall)

    def _write(self, laid: Laid, aspect: float, mirrored: bool) -> None:
        """Write the help along the top, where nothing is reached for or read."""
        em, left, low = laid.em, -aspect + MARGIN, 1 - MARGIN - laid.tall
        self._paper(self._card, left, low, laid.wide, laid.tall)
        for number, row in enumerate(laid.rows):
            base = low + laid.tall - 0.35 * em - (number + 1) * _ROW * em + 0.55 * em
            start = left + em
            for entry in reversed(row) if mirrored else row:
                for part in reversed(entry) if mirrored else entry:
                    self._put(part, start, base, em)
                    start += part.wide + _BESIDE * em
                start += (_APART - _BESIDE) * em

    def _put(self, part: Sized, left: float, base: float, em: float) -> None:
        if part.cap:
            self._cap(left, base, part.wide, em)
            left += (part.wide - part.text.get_width()) / 2
        letters = self._card.attach_new_node(part.text.generate())
        letters.set_pos(left, -0.3, base)
        self._look.text(letters)
        letters.set_bin("fixed", _TEXT_BIN)

    def _cap(self, left: float, base: float, wide: float, em: float) -> None:
        self._sheet(self._card, (left, base - 0.42 * em, wide, 1.5 * em), 0.3 * em, 0.0035, _CAP_BIN, 0.0)

    def _paper(self, parent: NodePath, left: float, low: float, wide: float, tall: float) -> None:
        self._sheet(parent, (left, low, wide, tall), _CORNER, _EDGE, _PAPER_BIN, SHADOW)

    def _sheet(
        self,
        parent: NodePath,
        box: tuple[float, float, float, float],
        corner: float,
        edge: float,
        order: int,
        shadow: float,
    ) -> None:
        """Paper with round corners: left, low, how wide and how tall."""
        left, low, wide, tall = box
        sheet = shapes.board(wide / 2 + shadow, tall / 2 + shadow)
        self._look.board(sheet, LVecBase4f(wide / 2, tall / 2, corner, edge), LVecBase4f(0))
        sheet.set_bin("fixed", order)
        sheet.set_pos(left + wide / 2, 0, low + tall / 2)
        sheet.reparent_to(parent)


def lay(fonts: Fonts, ink: Ink, words: Words, lines: Lines, size: tuple[int, int], scale: float) -> Laid:
    """Lay out the help for a window: what the game needs comes first, in rows as full as they get."""
    aspect = size[0] / size[1]
    em = scale * max(2 * EM_SHARE, 2 * LEAST_EM_PIXELS / size[1])
    most = 2 * aspect - 2 * MARGIN - 2 * em
    rows = [
        row for some in lines if some for row in _rows([_set(fonts, ink, words, hint, em) for hint in some], em, most)
    ]
    return Laid(em, rows)


def _set(fonts: Fonts, ink: Ink, words: Words, hint: Hint, em: float) -> Entry:
    """Caps for what is pressed, and what that does."""
    caps = [Setting(fonts.body, 0.92 * em, ink.title).lay(words.say(key), 9.0) for key in hint.press]
    does = Setting(fonts.body, em, ink.text).lay(words.say(hint.does), 9.0)
    return [
        *(Sized(cap, max(cap.get_width(), 0.5 * em) + 0.9 * em, True) for cap in caps),
        Sized(does, does.get_width(), False),
    ]


def _wide(row: Sequence[Entry], em: float) -> float:
    parts = [part for entry in row for part in entry]
    gaps = _BESIDE * (len(parts) - len(row)) + _APART * (len(row) - 1)
    return sum(part.wide for part in parts) + gaps * em


def _rows(entries: Sequence[Entry], em: float, most: float) -> list[list[Entry]]:
    """Entries in rows, each as full as it gets."""
    rows: list[list[Entry]] = [[]]
    for entry in entries:
        if rows[-1] and _wide([*rows[-1], entry], em) > most:
            rows.append([])
        rows[-1].append(entry)
    return rows
