"""A note as a PDF, typeset by typst with the letters of the pages; its chart is that of the page, in light colours."""

import json
import re
from functools import cache

import typst
from markupsafe import Markup

from server_sync.page.language import _, spoken
from server_sync.page.note import Note
from server_sync.page.render import FONTS, PAGES, style_sheet

_COLOUR = re.compile(r"--([\w-]+): light-dark\((#\w+), #\w+\)")
_RULE = re.compile(r"^([^@{}\s][^{}\n]*) \{ ([^{}]*(?:fill|stroke)[^{}]*) \}$", re.MULTILINE)
_WIDTH, _LEFT, _RIGHT, _TOP, _BOTTOM = 700, 52, 150, 30, 44


def pdf(said: Note, author: str, own: str = "") -> bytes:
    """The note; `own` are the therapist's own words, and `author` is who writes it."""
    values = {
        "title": said.name,
        "author": author,
        "about": " · ".join(filter(None, (said.about, said.period))),
        "language": spoken().partition("-")[0],
        "footer": _("%(name)s · %(period)s · written by %(author)s", name=said.name, period=said.period, author=author),
        "said": said.said._asdict(),
        "measured_title": _("What was measured"),
        "kicker": said.close.kicker if said.close else "",
        "finding": said.close.finding if said.close else "",
        "drawing": standing_alone(said.close.drawing) if said.close else "",
        "heads": [_("Measure"), _("First"), _("Last"), _("Change")],
        "measured": [row._asdict() for row in said.measured],
        "others": said.others,
        "nothing": _("Nothing was measured in this time."),
        "done": said.done._asdict(),
        "own_title": _("What it means"),
        "own": own.strip(),
        "planned": said.planned._asdict(),
        "trust": said.trust,
    }
    told, fonts = {"note": json.dumps(values)}, [FONTS["regular.ttf"].parent]
    made = typst.compile(PAGES / "note.typ", sys_inputs=told, font_paths=fonts)
    return bytes(made)


def standing_alone(drawing: Markup) -> str:
    """A chart of a page as a picture of its own: as wide as a sheet of paper, with its colours inside."""
    height = int(re.search(r'height="(\d+)"', drawing)[1])  # type: ignore[index] # every chart has one
    inner = re.sub(
        r"^<svg ", f'<svg x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - _RIGHT}" overflow="visible" ', drawing
    )
    whole = height + _TOP + _BOTTOM
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{whole}" viewBox="0 0 {_WIDTH} {whole}">'
        f"<style>{_style()}</style>{inner}</svg>"
    )


@cache
def _style() -> str:
    """What the style sheet says of drawings, each colour in its light shade."""
    sheet = style_sheet()
    light = dict(_COLOUR.findall(sheet))
    rules = [f"{which}{{{what}}}" for which, what in _RULE.findall(sheet)]
    coloured = re.sub(r"var\(--([\w-]+)\)", lambda name: light.get(name[1], "#000"), "".join(rules))
    return f'text{{font:400 13px "Atkinson Hyperlegible"}}{coloured}'
