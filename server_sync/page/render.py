"""Templates, style sheet and fonts of the pages."""

import base64
import re
from functools import cache
from pathlib import Path
from typing import Any

import fontpkg_atkinson_hyperlegible
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from server_sync.page import language, words
from server_sync.page.translated import translated

PAGES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
STYLE = "style.css"
SHEETS = ("tokens", "base", "clinic", "today", "watch", "tune", "plan", "report", "talk", "beside")
"""The style sheet's parts, in `static/style`, in order."""
LARGER = {"": 1.0, "large": 1.25, "largest": 1.5}
"""How much larger letters are that somebody wishes."""
_BREAK = re.compile(r"(\((?:width|height) [<>]=? )([\d.]+)em\)")
"""The width of a page at which its parts stand otherwise."""
_FONTS = Path(fontpkg_atkinson_hyperlegible.ROOT) / "files"
FONTS = {
    "regular.ttf": _FONTS / "AtkinsonHyperlegible-Regular.ttf",
    "bold.ttf": _FONTS / "AtkinsonHyperlegible-Bold.ttf",
}


def render(template: str, **values: Any) -> str:
    """Fill a template; a name that is missing is an error, never a gap on the page."""
    return _environment().get_template(template).render(**values)


def style_sheet(letters: str = "") -> str:
    """The one style sheet of all pages, for one of LARGER: a page has room for letters, not for pixels."""
    style = "\n".join((STATIC / "style" / f"{name}.css").read_text(encoding="utf-8") for name in SHEETS)
    times = LARGER[letters]
    style = style.replace("--letters: 1;", f"--letters: {times:g};")
    return _BREAK.sub(lambda found: f"{found[1]}{times * float(found[2]):g}em)", style)


def style_name(letters: str = "") -> str:
    """The name of its file."""
    return f"style-{letters}.css" if letters else STYLE


def inline_style() -> Markup:
    """The style sheet with its fonts inside, for a file that stands alone."""
    style = style_sheet()
    for name, path in FONTS.items():
        style = style.replace(f"/static/{name}", data_uri(path, "font/ttf"))
    return Markup(style)  # noqa: S704 - our own file


def data_uri(path: Path, kind: str) -> str:
    """A file as an address that holds it."""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(PAGES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined] # of the extension
        language.plain_gettext, language.plain_ngettext, newstyle=True
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals |= {
        "words": words,
        "spoken": language.spoken,
        "translated": translated,
        "style_name": style_name,
    }
    return environment
