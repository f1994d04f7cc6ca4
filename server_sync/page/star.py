"""How far somebody leans in the eight directions: as a star seen from above, and direction by direction."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from engine.movements import LEANS
from server_sync.clinic.series import Series
from server_sync.page import words
from server_sync.page.course_words import DAY, chip_of, shown, value_of, with_interval
from server_sync.page.language import N_, _, dated, ngettext

LEAST = 4
"""Directions from which on there is a star."""
_REACH, _MIDDLE = 110.0, 150.0
_RINGS = 3
_NAMES = {
    "lean_forward": N_("Forward"),
    "lean_forward_right": N_("Forward right"),
    "lean_right": N_("Right"),
    "lean_back_right": N_("Back right"),
    "lean_back": N_("Back"),
    "lean_back_left": N_("Back left"),
    "lean_left": N_("Left"),
    "lean_forward_left": N_("Forward left"),
}


class Direction(NamedTuple):
    """One direction: the lean now, at first, and what became of it."""

    key: str
    name: str
    value: str
    first: str
    verdict: str
    change: str


class Star(NamedTuple):
    """The finding, the drawing, the day of the first values, and a row for each direction."""

    finding: str
    drawing: Markup
    first_day: str
    directions: tuple[Direction, ...]


def star_of(leans: Sequence[Series]) -> Star | None:
    """The star of the leans that there are; None for fewer than four."""
    if len(leans) < LEAST:
        return None
    by_name = {each.kind.movement: each for each in leans}
    ordered = [by_name[name] for name in LEANS if name in by_name]
    moved = sum(bool(each.verdict.larger) for each in ordered)
    said = _("No direction changed by more than its noise")
    if moved:
        said = ngettext(
            "%(num)s of %(all)s directions changed by more than its noise",
            "%(num)s of %(all)s directions changed by more than their noise",
            moved,
            all=len(ordered),
        )
    elif any(each.verdict.at_least for each in ordered):
        said = _("No change can be told: not all of the leans was measured")
    elif all(each.verdict.larger is None for each in ordered):
        said = _("Too few sessions to say whether a lean changed")
    first = min(each.points[0].at for each in ordered)
    return Star(said, _drawing(by_name, said), dated(first, DAY), tuple(_direction(each) for each in ordered))


def _direction(series: Series) -> Direction:
    last = series.points[-1]
    return Direction(
        key=series.kind.movement,
        name=_name(series.kind.movement),
        value=with_interval(last, series),
        first=value_of(series.points[0], series),
        verdict=chip_of(series.verdict),
        change=_change(series),
    )


def _name(lean: str) -> str:
    """`Forward right`."""
    return _(_NAMES[lean])


def _change(series: Series) -> str:
    said = series.verdict
    if said.at_least:
        return _("not all of it was measured")
    if said.larger is None:
        return _("too few sessions to say")
    if not said.larger:
        return _("no change we can see")
    sign = words.MINUS if said.change < 0 else "+"
    return _("%(change)s, larger than the noise", change=sign + shown(abs(said.change), series))


def _drawing(leans: Mapping[str, Series], said: str) -> Markup:
    largest = max(point.high for series in leans.values() for point in (series.points[0], series.points[-1]))
    title = _("How far leans go, seen from above")
    parts = [_ring(largest * ring / _RINGS, largest) for ring in range(1, _RINGS + 1)]
    parts += [f'<path class="ring" d="M{_MIDDLE} {_MIDDLE}L{_at(name, largest, largest)}"/>' for name in LEANS]
    parts.append(_area(leans, largest))
    for kind, index in (("star before", 0), ("star", -1)):
        ends = {name: series.points[index].value for name, series in leans.items()}
        parts.append(f'<path class="{kind}" d="{_around(ends, largest)}"/>')
    parts += [
        f'<circle class="visit beyond" cx="{x}" cy="{y}" r="3.5"/>'
        for name, series in leans.items()
        for x, y in [_place(name, series.points[-1].value, largest)]
    ]
    parts += [_label(name, leans[name], largest) for name in LEANS if name in leans]
    return Markup(  # noqa: S704 - words are escaped, the rest are numbers
        f'<svg class="figure star-figure" role="img" viewBox="0 0 300 300" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(said)}</desc>{''.join(parts)}</svg>"
    )


def _place(name: str, value: float, largest: float) -> tuple[float, float]:
    angle, radius = math.radians(LEANS[name]), _REACH * value / largest
    return round(_MIDDLE + radius * math.sin(angle), 1), round(_MIDDLE - radius * math.cos(angle), 1)


def _at(name: str, value: float, largest: float) -> str:
    x, y = _place(name, value, largest)
    return f"{x} {y}"


def _ring(value: float, largest: float) -> str:
    return f'<path class="ring" d="{_around(dict.fromkeys(LEANS, value), largest)}"/>'


def _around(ends: Mapping[str, float], largest: float) -> str:
    """A closed path through the ends of the directions that there are, clockwise."""
    return "M" + "L".join(_at(name, ends[name], largest) for name in LEANS if name in ends) + "Z"


def _area(leans: Mapping[str, Series], largest: float) -> str:
    outer = _around({name: series.points[-1].high for name, series in leans.items()}, largest)
    inner = _around({name: max(0.0, series.points[-1].low) for name, series in leans.items()}, largest)
    return f'<path class="limit-band" fill-rule="evenodd" d="{outer}{inner}"/>'


def _label(name: str, series: Series, largest: float) -> str:
    x, y = _place(name, largest * 1.17, largest)
    said = words.stepped(series.points[-1].value, series.unit, series.verdict.step)
    return f'<text class="spoke" x="{x}" y="{y + 5}" text-anchor="middle">{escape(said)}</text>'
