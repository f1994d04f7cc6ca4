"""The two fonts, and letters laid out with them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

import font_fredoka_one
import fontpkg_lexend
from panda3d.core import DynamicTextFont, Filename, LVecBase4f, SamplerState, TextFont, TextNode

from engine.panda.look import colour

Align = Literal[0, 1, 2]
"""A_left, A_right or A_center of TextNode: which part of each row is at x = 0."""
LEADING = 1.22
"""From one row to the next, as a share of the em."""
_FIELD_PIXELS = 64
_HALVINGS = 12
_HARD_SPACE = "\u00a0"


class Setting(NamedTuple):
    """How a text is set: its font, the size of the em in metres, and its colour."""

    font: DynamicTextFont
    em_m: float
    colour: str

    def lay(self, words: str, wrap_m: float, align: Align = 0) -> TextNode:
        """Letters on the x-z plane, first base line at z = 0, in rows of even length within a width in metres.

        A word that is wider than that has a row to itself; a hard space (U+00A0) holds two words together.
        """
        node = TextNode("words")
        node.set_font(self.font)
        node.set_align(align)
        node.set_text_scale(self.em_m)
        node.set_text_color(LVecBase4f(colour(self.colour), 1))
        widths = [(word, node.calc_width(_drawn(word))) for word in words.split(" ")]
        rows = _rows(widths, node.calc_width(" "), wrap_m)
        node.set_text("\n".join(_drawn(" ".join(row)) for row in rows))
        return node


class Fonts:
    """The two fonts; they are read once.

    Letters are set one by one from left to right. Languages that join or turn their letters need Panda3D's
    `text-use-harfbuzz` and a font of their own; it shapes Arabic and Hebrew, and still turns their numbers round.
    """

    def __init__(self) -> None:
        """Open the fonts, which come as packages."""
        self.title = _font(Path(font_fredoka_one.FredokaOne))
        self.body = _font(Path(fontpkg_lexend.ROOT) / "files" / "Lexend[wght].ttf")

    def title_of(self, words: str) -> DynamicTextFont:
        """The font that a title can be set in: the body's where the other, of Western Europe, lacks a letter of it."""
        return self.body if lacks(self.title, words) else self.title

    def prepare(self, sentences: Iterable[str]) -> None:
        """Draw every letter of some sentences now: a new letter takes milliseconds, and no frame shall wait for it."""
        for letter in sorted(set("".join(sentences)) | set("0123456789")):
            for font in (self.title, self.body):
                font.get_glyph(ord(letter))


def lacks(font: DynamicTextFont, words: str) -> str:
    """The letters of some words that a font draws as boxes."""
    return "".join(sorted({letter for letter in _drawn(words) if font.get_glyph(ord(letter)).character == 0}))


def _drawn(words: str) -> str:
    return words.replace(_HARD_SPACE, " ")


def _rows(words: list[tuple[str, float]], space: float, widest: float) -> list[list[str]]:
    """Words with their widths in rows of even length: as narrow as they can be in as few rows as it takes."""
    rows, narrow = _filled(words, space, widest), 0.0
    fewest = len(rows)
    for _ in range(_HALVINGS):
        middle = (narrow + widest) / 2
        tried = _filled(words, space, middle)
        if len(tried) > fewest:
            narrow = middle
        else:
            rows, widest = tried, middle
    return rows


def _filled(words: list[tuple[str, float]], space: float, wide: float) -> list[list[str]]:
    """Words in rows, each as full as it gets."""
    rows: list[list[str]] = []
    taken = 0.0
    for word, width in words:
        taken += space + width
        if not rows or taken > wide:
            rows.append([])
            taken = width
        rows[-1].append(word)
    return rows


def _font(path: Path) -> DynamicTextFont:
    font = DynamicTextFont(Filename.from_os_specific(str(path)))
    # Distance fields stay crisp near and far, and do not bleed into neighbours as pictures of letters do.
    font.set_render_mode(TextFont.RM_distance_field)
    font.set_pixels_per_unit(_FIELD_PIXELS)
    font.set_page_size(1024, 512)
    font.set_texture_margin(8)
    font.set_minfilter(SamplerState.FT_linear)
    font.set_magfilter(SamplerState.FT_linear)
    return font
