"""The arc of Tune: how far a movement went, how far it may go and what is asked of it, on a dial around a joint.

Its two handles are sliders, which `static/tune.js` moves along the dial; without it they show what the fields say.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from engine.movements import MOVEMENTS
from engine.records import Limit
from server_sync.page import words
from server_sync.page.language import _

WIDTH, HEIGHT = 320, 470
X, Y = 84, 235  # of the joint
INNER, OUTER, HANDLE = 122, 166, 206
_TICKS_DEG = 30
_NEAR_HANDLE_DEG = 9  # a label so near to a handle would lie under it
_FROM_TOP = ("neck_", "trunk_", "lean_")
_DOTS_BEFORE, _DOTS_NEXT = 104, 136
_HATCH = (
    '<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="hatch-ground" width="8" height="8"/><line class="hatch" x1="0" x2="0" y2="8"/></pattern></defs>'
)


class Bounded(NamedTuple):
    """How far one movement may go: None for an end that nobody says; `barred` is what a precaution leaves."""

    floor: float | None
    ceiling: float | None
    ceiling_before: float | None
    barred: float | None


class Dots(NamedTuple):
    """The targets of a session by their number, next and before, and the usual one of the next."""

    next: Sequence[float]
    before: Sequence[float]
    usual: float | None


class Dial(NamedTuple):
    """Where angles lie on a figure: from above or from below the joint, to the right or to the left."""

    from_top: bool
    to_left: bool
    largest: float

    def at(self, radius: float, angle_deg: float) -> tuple[float, float]:
        """The place of an angle, in pixels."""
        angle = math.radians(angle_deg)
        across, up = radius * math.sin(angle), radius * math.cos(angle) * (1 if self.from_top else -1)
        return round(X + across, 1), round(Y - up, 1)

    @property
    def height(self) -> int:
        """How far down the figure goes: a head that turns leaves the lower half empty."""
        if not self.from_top:
            return HEIGHT
        down = -(HANDLE + 18) * math.cos(math.radians(self.largest))
        return round(Y + max(down, 40.0) + 12)

    def sector(self, low: float, high: float, inner: float = INNER, outer: float = OUTER) -> str:
        """A part of the ring, as a path."""
        (x1, y1), (x2, y2) = self.at(outer, low), self.at(outer, high)
        (x3, y3), (x4, y4) = self.at(inner, high), self.at(inner, low)
        sweep = int(self.from_top)
        return f"M{x1} {y1}A{outer} {outer} 0 0 {sweep} {x2} {y2}L{x3} {y3}A{inner} {inner} 0 0 {1 - sweep} {x4} {y4}Z"

    def ray(self, angle: float, inner: float, outer: float, role: str) -> str:
        """A line across the ring."""
        (x1, y1), (x2, y2) = self.at(inner, angle), self.at(outer, angle)
        return f'<line class="{role}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def dial_of(movement: str) -> Dial:
    """A left limb faces left, and so does a head that is turned left or bent back."""
    to_left = movement.endswith("_left") or movement == "neck_extension"
    return Dial(movement.startswith(_FROM_TOP), to_left, MOVEMENTS[movement].largest)


def arc(movement: str, limit: Limit | None, bounds: Bounded, dots: Dots, still: bool = False) -> Markup:
    """The whole figure; a `still` one has no handles."""
    dial, title = dial_of(movement), words.movement(movement)
    drawing = _ring(dial, bounds) + _asked(dial, limit, bounds, dots) + _body(movement, dial, dots.usual)
    sides = ("floor", bounds.floor, 0.0), ("ceiling", bounds.ceiling, dial.largest)
    handles = "" if still else "".join(_handle(dial, movement, end, value, open_at) for end, value, open_at in sides)
    turned = f' transform="translate({WIDTH} 0) scale(-1 1)"' if dial.to_left else ""
    return Markup(  # noqa: S704 - words are escaped, the rest are numbers
        f'<svg class="dial" id="figure" viewBox="0 0 {WIDTH} {dial.height}" role="group" aria-label="{escape(title)}"'
        f' data-x="{WIDTH - X if dial.to_left else X}" data-y="{Y}" data-top="{int(dial.from_top)}"'
        f' data-left="{int(dial.to_left)}" data-largest="{dial.largest:g}">'
        f'<g role="img" aria-label="{escape(_in_words(title, limit, bounds, dots))}" id="drawn">'
        f"<g{turned}>{drawing}</g>{_labels(dial, bounds)}</g>{handles}</svg>"
    )


def _ring(dial: Dial, bounds: Bounded) -> str:
    ceiling = dial.largest if bounds.ceiling is None else bounds.ceiling
    floor = bounds.floor or 0.0
    parts = [_HATCH, f'<path class="ring" d="{dial.sector(0, dial.largest)}"/>']
    if bounds.barred is not None and bounds.barred < dial.largest:
        parts.append(f'<path class="barred-part" fill="url(#hatch)" d="{dial.sector(bounds.barred, dial.largest)}"/>')
        ceiling = min(ceiling, bounds.barred)
    if ceiling > floor:
        parts.append(f'<path class="allowed-part" d="{dial.sector(floor, ceiling)}"/>')
    ticks = range(0, int(dial.largest) + 1, _TICKS_DEG // 2)
    return "".join([*parts, *(dial.ray(tick, OUTER + 3, OUTER + 8, "tick") for tick in ticks)])


def _asked(dial: Dial, limit: Limit | None, bounds: Bounded, dots: Dots) -> str:
    parts = []
    if limit is not None:
        low, high = max(0.0, limit.low), min(dial.largest, limit.high)
        parts.append(f'<path class="limit-part" d="{dial.sector(low, high)}"/>')
        parts.append(dial.ray(min(limit.value, dial.largest), INNER - 3, OUTER + 5, "limit-line"))
    if bounds.ceiling_before is not None:
        parts.append(dial.ray(bounds.ceiling_before, INNER - 4, OUTER + 10, "before-line"))
    for role, values, radius in (("before", dots.before, _DOTS_BEFORE), ("next", dots.next, _DOTS_NEXT)):
        for number, value in enumerate(values):
            x, y = dial.at(radius + 9 * (number % 3 - (0 if role == "next" else 1)), value)
            parts.append(f'<circle class="dot-{role}" cx="{x}" cy="{y}" r="3.5"/>')
    return "".join(parts)


def _labels(dial: Dial, bounds: Bounded) -> str:
    handles = bounds.floor or 0.0, dial.largest if bounds.ceiling is None else bounds.ceiling
    said = []
    for tick in range(0 if dial.from_top else _TICKS_DEG, int(dial.largest) + 1, _TICKS_DEG):
        if any(abs(tick - handle) < _NEAR_HANDLE_DEG for handle in handles):
            continue
        x, y = dial.at(OUTER + 22, tick)
        x = WIDTH - x if dial.to_left else x
        said.append(f'<text x="{x}" y="{y + 4.5}" text-anchor="middle">{tick}°</text>')
    return "".join(said)


def _body(movement: str, dial: Dial, usual: float | None) -> str:
    """Who stands at the dial, with the limb at the usual target."""
    arm = dial.ray(usual or 0.0, 0, 92, "limb")
    joint = f'<circle class="joint" cx="{X}" cy="{Y}" r="9"/>'
    if movement.startswith("shoulder_elevation"):
        return (
            f'<circle class="body" cx="{X - 3}" cy="{Y - 54}" r="24"/>'
            f'<rect class="body" x="{X - 25}" y="{Y - 22}" width="40" height="140" rx="19"/>'
            f'<rect class="body" x="{X - 20}" y="{Y + 92}" width="27" height="130" rx="13"/>{arm}{joint}'
        )
    if movement.startswith("neck_rotation"):
        turn = f'transform="rotate({usual or 0.0:.0f} {X} {Y})"'
        return (
            f'<rect class="body" x="{X - 70}" y="{Y - 16}" width="140" height="34" rx="17"/>'
            f'<g {turn}><path class="limb-fill" d="M{X - 9} {Y - 38}L{X} {Y - 54}L{X + 9} {Y - 38}Z"/>'
            f'<circle class="limb-fill" cx="{X}" cy="{Y}" r="42"/></g>'
        )
    return f"{arm}{joint}"


def _handle(dial: Dial, movement: str, end: str, value: float | None, open_at: float) -> str:
    at = open_at if value is None else value
    (x1, y1), (x2, y2), (x3, y3) = (dial.at(radius, at) for radius in (INNER - 4, HANDLE - 18, HANDLE))
    if dial.to_left:
        x1, x2, x3 = WIDTH - x1, WIDTH - x2, WIDTH - x3
    name = {"floor": _("Floor"), "ceiling": _("Ceiling")}[end]
    none = {"floor": _("no floor"), "ceiling": _("no ceiling")}[end]
    said = none if value is None else words.setting(value, "deg")
    shown = "–" if value is None else f"{value:g}"
    return (
        f'<g class="handle" role="slider" tabindex="0" aria-label="{escape(name)}" aria-valuemin="0"'
        f' aria-valuemax="{dial.largest:g}" aria-valuenow="{at:g}" aria-valuetext="{escape(said)}"'
        f' data-field="limits.{movement}.{end}">'
        f'<line class="handle-line" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/><circle cx="{x3}" cy="{y3}" r="18"/>'
        f'<text x="{x3}" y="{y3 + 4.5:.1f}" text-anchor="middle">{shown}</text></g>'
    )


def _in_words(title: str, limit: Limit | None, bounds: Bounded, dots: Dots) -> str:
    said = [f"{title}."]
    if limit is not None:
        said.append(_("Limit today %(limit)s.", limit=str(words.limit(limit))))
    if bounds.barred is not None:
        said.append(_("Barred above %(value)s.", value=words.quantity(bounds.barred, "deg")))
    if dots.usual is not None:
        said.append(_("The usual target is %(value)s.", value=words.quantity(dots.usual, "deg")))
    return " ".join(said)
