"""The lean plot of Tune: eight directions seen from above, how far each went, and how far it may be asked to go."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from markupsafe import Markup, escape

from engine.movements import LEANS, MOVEMENTS
from engine.records import Limit
from server_sync.page import words
from server_sync.page.language import _

SIZE, MIDDLE, SPOKE, HANDLE = 360, 180, 134, 14
_STEP_DEG = 5


class Way(NamedTuple):
    """One direction: the limit, the ceilings now and before (None for none), and the furthest targets."""

    limit: Limit | None
    ceiling: float | None
    ceiling_before: float | None
    next: float | None
    before: float | None


def lean_plot(ways: Mapping[str, Way]) -> Markup:
    """The whole figure; every direction has a handle for its ceiling."""
    largest = _largest(ways)
    rings = [
        f'<circle class="ring" cx="{MIDDLE}" cy="{MIDDLE}" r="{SPOKE * ring / largest:.1f}"/>'
        for ring in range(_STEP_DEG * int(largest // _STEP_DEG), 0, -_STEP_DEG)
    ]
    handles = "".join(_handle(name, way, largest) for name, way in ways.items())
    title = _("How far leans go, seen from above")
    return Markup(  # noqa: S704 - words are escaped, the rest are numbers
        f'<svg class="dial" id="figure" viewBox="0 0 {SIZE} {SIZE}" role="group" aria-label="{escape(title)}"'
        f' data-x="{MIDDLE}" data-y="{MIDDLE}" data-per-deg="{SPOKE / largest:.3f}" data-largest="{largest:g}">'
        f'<g role="img" aria-label="{escape(title)}" id="drawn">{"".join(rings)}{_areas(ways, largest)}'
        f"{_dots(ways, largest)}</g>{handles}</svg>"
    )


def _largest(ways: Mapping[str, Way]) -> float:
    """What the end of a spoke stands for: a little more than the largest limit or ceiling within reach, in degrees."""
    limits = [way.limit.high for way in ways.values() if way.limit]
    ceilings = [way.ceiling for way in ways.values() if way.ceiling is not None]
    most = max([*limits, *(value for value in ceilings if value <= 15), 5.0])
    return min(20.0, math.ceil(1.05 * most))


def _place(name: str, value: float, largest: float) -> tuple[float, float]:
    angle, radius = math.radians(LEANS[name]), SPOKE * min(value, largest) / largest
    return round(MIDDLE + radius * math.sin(angle), 1), round(MIDDLE - radius * math.cos(angle), 1)


def _areas(ways: Mapping[str, Way], largest: float) -> str:
    known = {name: way.limit for name, way in ways.items() if way.limit}
    parts = []
    if known:
        around = _ring({name: limit.high for name, limit in known.items()}, largest)
        inside = _ring({name: limit.low for name, limit in known.items()}, largest)
        parts.append(f'<path class="limit-part" fill-rule="evenodd" d="{around}{inside}"/>')
        measured = _ring({name: limit.value for name, limit in known.items()}, largest)
        parts.append(f'<path class="limit-line" d="{measured}"/>')
    for role, values in (
        ("before-line", {name: way.ceiling_before for name, way in ways.items()}),
        ("allowed-line", {name: way.ceiling for name, way in ways.items()}),
    ):
        if any(value is not None for value in values.values()):
            drawn = {name: largest if value is None else value for name, value in values.items()}
            parts.append(f'<path class="{role}" d="{_ring(drawn, largest)}"/>')
    return "".join(parts)


def _ring(values: Mapping[str, float], largest: float) -> str:
    places = (_place(name, value, largest) for name, value in values.items())
    return "M" + "L".join(f"{x} {y}" for x, y in places) + "Z"


def _dots(ways: Mapping[str, Way], largest: float) -> str:
    dots = [
        (role, _place(name, value, largest))
        for name, way in ways.items()
        for role, value in (("before", way.before), ("next", way.next))
        if value is not None
    ]
    return "".join(f'<circle class="dot-{role}" cx="{x}" cy="{y}" r="3.5"/>' for role, (x, y) in dots)


def _handle(name: str, way: Way, largest: float) -> str:
    at = largest if way.ceiling is None else min(way.ceiling, largest)
    x, y = _place(name, at, largest)
    angle = math.radians(LEANS[name])
    hx, hy = (round(place, 1) for place in (x + 26 * math.sin(angle), y - 26 * math.cos(angle)))
    said = _("no ceiling") if way.ceiling is None else words.setting(way.ceiling, "deg")
    shown = "–" if way.ceiling is None else f"{way.ceiling:g}"
    label = _("%(movement)s, ceiling", movement=words.movement(name))
    return (
        f'<g class="handle" role="slider" tabindex="0" aria-label="{escape(label)}" aria-valuemin="0"'
        f' aria-valuemax="{MOVEMENTS[name].largest:g}" aria-valuenow="{at if way.ceiling is None else way.ceiling:g}"'
        f' aria-valuetext="{escape(said)}" data-field="limits.{name}.ceiling" data-direction="{LEANS[name]:g}">'
        f'<line class="handle-line" x1="{x}" y1="{y}" x2="{hx}" y2="{hy}"/>'
        f'<circle cx="{hx}" cy="{hy}" r="{HANDLE}"/>'
        f'<text x="{hx}" y="{hy + 4.5:.1f}" text-anchor="middle">{shown}</text></g>'
    )
