"""The pages of presets: all at a glance, and one beside another, value by value."""

from typing import NamedTuple

from engine.preset_words import share_of_limit
from engine.presets import KINDS, Resolved
from server_sync.page.language import _
from server_sync.page.translated import translated
from server_sync.page.tune_form import changed_keys, plain, preset_names
from server_sync.page.tuning import full_title, shown_value


class Line(NamedTuple):
    """One preset of the list: how many of a hundred targets shall be reached, and where they lie then."""

    name: str
    title: str
    about: str
    hits: str
    at: str


class Chapter(NamedTuple):
    """Presets of one kind."""

    title: str
    lines: tuple[Line, ...]


class Beside(NamedTuple):
    """One preset, and how another differs from it: a row of title, this and that for each value."""

    this: Resolved
    other: Resolved
    rows: tuple[tuple[str, str, str], ...]
    presets: tuple[tuple[str, str], ...]


def chapters() -> tuple[Chapter, ...]:
    """All presets by their kind."""
    titles = {"general": _("General"), "condition": _("Conditions"), "age": _("Ages")}
    every = [plain(name) for name in preset_names()]
    return tuple(
        Chapter(titles[kind], tuple(_line(each) for each in every if each.preset.kind == kind)) for kind in KINDS
    )


def beside(name: str, other: str) -> Beside:
    """One preset beside another; `other` that there is not is the one that this one starts from, else `standard`.

    Raises LookupError where there is no preset of the name.
    """
    if name not in preset_names():
        raise LookupError(f"there is no preset {name!r}")
    this = plain(name)
    that = plain(other if other in preset_names() else this.preset.base or "standard")
    rows = tuple((full_title(key), shown_value(this, key), shown_value(that, key)) for key in changed_keys(that, this))
    return Beside(this, that, rows, tuple((each, translated(plain(each).title)) for each in preset_names()))


def _line(of: Resolved) -> Line:
    if of.adaptation.only_assess:
        return Line(of.name, translated(of.title), translated(of.preset.about), "–", "–")
    hits, at = (round(100 * share) for share in (of.adaptation.target_success, share_of_limit(of.adaptation)))
    return Line(of.name, translated(of.title), translated(of.preset.about), f"{hits}", f"{at} %")
