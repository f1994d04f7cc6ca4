"""Charts as SVG that is as wide as its place: across in percent, down in pixels, so that text is never scaled.

Colours come from the page's roles by class name, so one drawing serves light, dark and print. The text of a
chart is also in a table beside it; the drawing has a title and a description for those who do not see it.
"""

import math
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from markupsafe import Markup, escape

from engine.records import Limit
from server_sync.page import words
from server_sync.page.language import _, decimal, ngettext

ACROSS = 1000  # user units across a stretched part; the browser stretches them to the width there is
HATCH_HEIGHT = 8
LIMIT_HEIGHT, SMALL_LIMIT_HEIGHT, TRACE_HEIGHT = 220, 150, 110


class Point(NamedTuple):
    """One trial on a chart, in shown units; `asked` is None for an open reach."""

    number: int
    asked: float | None
    came_to: float | None
    reached: bool
    limit: Limit | None


class Line(NamedTuple):
    """A level across the chart, in shown units: its words, and its role as class name.

    Above a `barred` one runs a strip of hatch, the page's pattern of that name.
    """

    value: float
    words: str
    role: str


class Scale(NamedTuple):
    """Where values lie: from `low` at the bottom to `high` at the top of `height` pixels, with ticks between."""

    low: float
    high: float
    height: int
    ticks: tuple[float, ...]

    def y(self, value: float) -> float:
        """Pixels from the top."""
        return round((self.high - value) / (self.high - self.low) * self.height, 1)


def scale(values: Iterable[float], height: int, ticks: int = 5) -> Scale:
    """A scale over all values that begins and ends at round numbers."""
    known = list(values) or [0.0, 1.0]
    low, high = min(known), max(known)
    span = max(high - low, abs(high) * 0.02, 0.01)
    step = 10 ** math.floor(math.log10(span / ticks))
    step *= next(multiple for multiple in (1, 2, 5, 10) if span / (step * multiple) <= ticks)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    levels = tuple(round(number * step, 9) for number in range(first, last + 1))
    return Scale(levels[0], levels[-1], height, levels)


def fits(line: Line, points: Sequence[Point], unit: str) -> bool:
    """Whether a level is near enough to the trials to be drawn with them: no further above than they spread."""
    values = _values(points, unit)
    return line.value <= max(values) + max(max(values) - min(values), 0.1 * abs(max(values)))


def limit_chart(title: str, points: Sequence[Point], lines: Sequence[Line], unit: str, small: bool = False) -> Markup:
    """Limit with its interval, and each trial's target with a stem to where the person came."""
    values = [*_values(points, unit), *(line.value for line in lines)]
    height = SMALL_LIMIT_HEIGHT if small else LIMIT_HEIGHT
    y = scale(values, height, ticks=4 if small else 5)
    first, last = points[0].number, points[-1].number
    parts = [
        grid(y, words.suffix(unit)),
        _limit_band(points, y, unit),
        *(_level(line, y) for line in lines),
        *(_trial(point, _across(point.number, first, last), y) for point in points),
        _numbers_below(first, last, height),
        _axis_name(_("trial"), height),
    ]
    return chart(title, _in_words(points, unit), height, parts)


def asked_chart(
    title: str, found: Limit, lines: Sequence[Line], before: Sequence[float], after: Sequence[float]
) -> Markup:
    """What two plans ask, target by target, over the limit as it is believed; targets are in the limit's unit."""
    unit, last = found.unit, max(len(before), len(after), 1)
    ends = [words.shown(end, unit) for end in (found.low, found.high)]
    dots = {role: [words.shown(value, unit) for value in of] for role, of in (("before", before), ("reached", after))}
    y = scale([*ends, *(value for of in dots.values() for value in of), *(line.value for line in lines)], LIMIT_HEIGHT)
    top, bottom, middle = y.y(ends[1]), y.y(ends[0]), y.y(words.shown(found.value, unit))
    parts = [
        f'<rect class="limit-band" width="100%" y="{top}" height="{bottom - top:.1f}"/>',
        grid(y, words.suffix(unit)),
        f'<line class="limit-line" x1="0" x2="100%" y1="{middle}" y2="{middle}"/>',
        *(_level(line, y) for line in lines),
    ]
    for role, of in dots.items():
        parts += [
            f'<circle class="{role}" cx="{_across(number, 1, last)}%" cy="{y.y(value)}" r="4"/>'
            for number, value in enumerate(of, 1)
        ]
    parts.append(_numbers_below(1, last, LIMIT_HEIGHT))
    parts.append(_axis_name(_("target in the session"), LIMIT_HEIGHT))
    return chart(title, title, LIMIT_HEIGHT, parts)


def trace_chart(
    title: str, t_s: Sequence[float], values: Sequence[float | None], unit: str, asked: float | None
) -> Markup:
    """One quantity over one trial; `asked`, in shown units, is drawn as a level where it is given."""
    seen = [(t, words.shown(value, unit)) for t, value in zip(t_s, values, strict=True) if value is not None]
    if not seen:
        return Markup("")
    y = scale([value for _, value in seen] + ([asked] if asked is not None else []), TRACE_HEIGHT, ticks=3)
    end = max(t_s[-1], 1e-6)
    parts = [grid(y, words.suffix(unit))]
    if asked is not None:
        parts.append(_level(Line(asked, _("asked"), "asked"), y))
    runs = groupby(zip(t_s, values, strict=True), key=lambda sample: sample[1] is not None)
    runs_seen = [[(t / end, words.shown(value or 0.0, unit)) for t, value in run] for known, run in runs if known]
    parts += [stretched(f'<path class="limit-line" d="{path(run, y)}"/>', TRACE_HEIGHT) for run in runs_seen]
    parts.append(_seconds_below(end, TRACE_HEIGHT))
    low, high = min(value for _, value in seen), max(value for _, value in seen)
    said = _(
        "From %(low)s to %(high)s in %(seconds)s seconds.",
        low=decimal(f"{low:.2g}"),
        high=decimal(f"{high:.2g}") + words.suffix(unit),
        seconds=decimal(f"{end:.1f}"),
    )
    return chart(title, said, TRACE_HEIGHT, parts)


def _values(points: Sequence[Point], unit: str) -> list[float]:
    values = [value for point in points for value in (point.asked, point.came_to) if value is not None]
    limits = [point.limit for point in points if point.limit]
    return values + [words.shown(end, unit) for limit in limits for end in (limit.low, limit.high)]


def chart(title: str, description: str, height: int, parts: Iterable[str], kind: str = "chart") -> Markup:
    """A chart of pixels down and percent across, from its parts; `kind` is its class, which says how wide it is."""
    return Markup(  # noqa: S704 - words are escaped, the rest are numbers
        f'<svg class="{kind}" role="img" height="{height}" aria-label="{escape(title)}">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )


def grid(y: Scale, suffix: str) -> str:
    """Lines across at the ticks, with their numbers on the left."""
    levels = []
    for tick in y.ticks:
        role = "base" if tick == y.low else "grid"
        label = decimal(f"{tick:g}").replace("-", words.MINUS) + suffix
        levels.append(
            f'<line class="{role}" x1="0" x2="100%" y1="{y.y(tick)}" y2="{y.y(tick)}"/>'
            f'<text x="-8" y="{y.y(tick) + 4.5}" text-anchor="end">{escape(label)}</text>'
        )
    return "".join(levels)


def _across(number: int, first: int, last: int) -> float:
    """Percent across, with half a trial of room at either end."""
    return round((number - first + 0.5) / (last - first + 1) * 100, 2)


def _limit_band(points: Sequence[Point], y: Scale, unit: str) -> str:
    first, last = points[0].number, points[-1].number
    known = [(_across(point.number, first, last) / 100, point.limit) for point in points if point.limit]
    if not known:
        return ""
    middle = [(x, words.shown(found.value, unit)) for x, found in known]
    top = [(x, words.shown(found.high, unit)) for x, found in known]
    bottom = [(x, words.shown(found.low, unit)) for x, found in reversed(known)]
    around = f"{path(top, y)}L{path(bottom, y)[1:]}Z"
    return stretched(
        f'<path class="limit-band" d="{around}"/><path class="limit-line" d="{path(middle, y)}"/>', y.height
    )


def path(samples: Sequence[tuple[float, float]], y: Scale) -> str:
    """A path through values, each with its share of the way across; for a stretched part."""
    places = [f"{x * ACROSS:.1f} {y.y(value):g}" for x, value in samples]
    return "M" + "L".join(places)


def stretched(content: str, height: int) -> str:
    """A part that is as wide as there is room."""
    return (
        f'<svg class="stretched" width="100%" height="{height}" viewBox="0 0 {ACROSS} {height}" '
        f'preserveAspectRatio="none">{content}</svg>'
    )


def _level(line: Line, y: Scale) -> str:
    at, strip = y.y(line.value), HATCH_HEIGHT if line.role == "barred" else 0
    # At the other end than a ceiling's, for the two are often close together.
    x, anchor = ("0", "start") if line.role == "barred" else ("100%", "end")
    hatch = f'<rect width="100%" y="{at - strip}" height="{strip}" fill="url(#barred)"/>' if strip else ""
    return (
        f'{hatch}<line class="level {line.role}" x1="0" x2="100%" y1="{at}" y2="{at}"/>'
        f'<text class="{line.role}" x="{x}" y="{at - strip - 6}" text-anchor="{anchor}">{escape(line.words)}</text>'
    )


def _trial(point: Point, x: float, y: Scale) -> str:
    if point.asked is None:
        if point.came_to is None:
            return ""
        diamond = '<path class="open-reach" d="M0-5.5 5.5 0 0 5.5-5.5 0z"/>'
        return f'<svg class="mark" x="{x}%" y="{y.y(point.came_to)}">{diamond}</svg>'
    parts = ""
    at = y.y(point.asked)
    if point.came_to is not None:
        parts = f'<line class="stem" x1="{x}%" x2="{x}%" y1="{at}" y2="{y.y(point.came_to)}"/>'
    role = "reached" if point.reached else "not-yet"
    return f'{parts}<circle class="{role}" cx="{x}%" cy="{at}" r="4.5"/>'


def _numbers_below(first: int, last: int, height: int) -> str:
    step = next((step for step in (1, 5, 10, 20, 50, 100) if (last - first) / step <= 8), 200)
    numbers = [first, *(number for number in range(first + 1, last + 1) if number % step == 0)]
    if len(numbers) > 1 and numbers[1] - first < step / 2:
        del numbers[1]
    return "".join(
        f'<text x="{_across(number, first, last)}%" y="{height + 19}" text-anchor="middle">{number}</text>'
        for number in numbers
    )


def _axis_name(said: str, height: int) -> str:
    return f'<text class="axis-name" x="50%" y="{height + 38}" text-anchor="middle">{escape(said)}</text>'


def _seconds_below(end_s: float, height: int) -> str:
    step = next((step for step in (0.5, 1, 2, 5, 10, 20, 60) if end_s / step <= 6), 120)
    ticks = [number * step for number in range(int(end_s / step) + 1)]
    return "".join(
        f'<text x="{round(tick / end_s * 100, 2)}%" y="{height + 19}" text-anchor="middle">{said}</text>'
        for tick, said in ((tick, decimal(f"{tick:g} s")) for tick in ticks)
    )


def _in_words(points: Sequence[Point], unit: str) -> str:
    asked = [point.asked for point in points if point.asked is not None]
    if not asked:
        return ngettext("%(num)s open reach.", "%(num)s open reaches.", len(points))
    reached = sum(point.reached for point in points if point.asked is not None)
    return _(
        "%(reached)s of %(all)s reached; asked %(low)s to %(high)s. The table has each trial.",
        reached=reached,
        all=len(asked),
        low=f"{min(asked):.0f}",
        high=f"{max(asked):.0f}{words.suffix(unit)}",
    )
