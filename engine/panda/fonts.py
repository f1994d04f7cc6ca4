"""The two fonts, and letters laid out with them."""

from pathlib import Path
from typing import NamedTuple

import font_fredoka_one
import fontpkg_lexend
from panda3d.core import DynamicTextFont, Filename, LVecBase4f, SamplerState, TextFont, TextNode

from engine.panda.look import colour

_FIELD_PIXELS = 64


class Setting(NamedTuple):
    """How a text is set: its font, the size of the em in metres, and its colour."""

    font: DynamicTextFont
    em_m: float
    colour: str

    def lay(self, words: str, wrap_m: float) -> TextNode:
        """Letters on the x-z plane, first base line at z = 0, in lines of even length within a width in metres."""
        node = TextNode("words")
        node.set_font(self.font)
        node.set_text(words)
        node.set_text_scale(self.em_m)
        node.set_text_color(LVecBase4f(colour(self.colour), 1))
        node.set_wordwrap(wrap_m)
        rows, narrower_m = node.get_num_rows(), wrap_m
        while rows > 1 and node.get_num_rows() == rows:
            wrap_m, narrower_m = narrower_m, narrower_m * 0.95
            node.set_wordwrap(narrower_m)
        node.set_wordwrap(wrap_m)
        return node


class Fonts:
    """The two fonts; they are read once."""

    def __init__(self) -> None:
        """Open the fonts, which come as packages."""
        self.title = _font(Path(font_fredoka_one.FredokaOne))
        self.body = _font(Path(fontpkg_lexend.ROOT) / "files" / "Lexend[wght].ttf")


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
