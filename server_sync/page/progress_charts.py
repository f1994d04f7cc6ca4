"""Charts of what becomes of a measure over weeks: the large one, and small ones beside it.

Like all charts they are as wide as their place, and text is never scaled; what stands at the end of a line on a wide
page stands in the key alone on a narrow one.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup, escape

from engine.metrics.course import Point
from server_sync.page import words
from server_sync.page.charts import ACROSS, Scale, chart, grid, path, scale, stretched
from server_sync.page.language import dated, ngettext

HEIGHT, SPARK_HEIGHT = 250, 56
_LABEL_PX = 17
_STEPS_DAYS = (1, 2, 7, 14, 28, 56, 91, 182, 364)
_MOST_DATES, _MOST_MONTHS = 8, 5
_YEAR_DAYS = 366
MOST_POINTS = 80
"""More would cover each other."""


class Asked(NamedTuple):
    """What a visit asked, from the lowest to the highest."""

    at: datetime
    lowest: float
    highest: float


class Ceiling(NamedTuple):
    """The most that was allowed from a visit on; `role` is allowed or barred."""

    at: datetime
    value: float
    role: str


class End(NamedTuple):
    """What stands at the right end of a line: where, its words, and its role as class name."""

    value: float
    words: str
    role: str


class Drawn(NamedTuple):
    """All that the large chart shows, in the unit that people see; `beyond` are the numbers of filled points."""

    points: Sequence[Point]
    beyond: Sequence[int]
    asked: Sequence[Asked]
    ceilings: Sequence[Ceiling]
    ends: Sequence[End]
    goal: float | None
    since: tuple[int, str] | None


def progress_chart(title: str, said: str, drawn: Drawn, unit: str) -> Markup:
    """The large chart: limit and band, what was asked, ceilings, and the goal."""
    drawn = _thinned(drawn)
    y = _scale_of(drawn)
    x = _Across(drawn.points)
    parts = [grid(y, words.suffix(unit)), _dates(x)]
    if drawn.goal is not None:
        parts.append(f'<line class="goal-line" x1="0" x2="100%" y1="{y.y(drawn.goal)}" y2="{y.y(drawn.goal)}"/>')
    parts += [_band(drawn.points, x, y), *(_bar(each, x, y) for each in drawn.asked)]
    parts += [_steps([each for each in drawn.ceilings if each.role == role], x, y) for role in ("allowed", "barred")]
    parts += [
        f'<circle class="visit{" beyond" if number in drawn.beyond else ""}" '
        f'cx="{x.percent(point.at)}%" cy="{y.y(point.value)}" r="3.5"/>'
        for number, point in enumerate(drawn.points)
    ]
    if drawn.since:
        parts.append(_since(*drawn.since, drawn.points, x, y))
    return chart(title, said, HEIGHT, [*parts, _ends(drawn.ends, y)], "chart ended")


def spark(title: str, said: str, points: Sequence[Point], first: float, noise: float | None) -> Markup:
    """A small chart: the line with its band, and as a block the first value with its noise."""
    around = [first - (noise or 0.0), first + (noise or 0.0)]
    points = [points[number] for number in _kept([point.at for point in points])]
    values = [end for point in points for end in (point.low, point.high)] + around
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    y = Scale(low - 0.06 * span, high + 0.06 * span, SPARK_HEIGHT, ())
    x, block = _Across(points), y.y(around[1])
    last = points[-1]
    parts = [
        f'<rect class="first-noise" width="100%" y="{block}" height="{max(1.0, y.y(around[0]) - block):.1f}"/>',
        _band(points, x, y),
        f'<circle class="visit beyond" cx="{x.percent(last.at)}%" cy="{y.y(last.value)}" r="3.5"/>',
    ]
    return chart(title, said, SPARK_HEIGHT, parts, "spark")


def left_out(points: Sequence[Point]) -> tuple[str, ...]:
    """What the large chart says of visits that it does not draw."""
    weeks = _weeks_apart([point.at for point in points])
    if not weeks:
        return ()
    said = ngettext(
        "The last visit of each week is drawn; the table has all %(count)s.",
        "The last visit of every %(num)s weeks is drawn; the table has all %(count)s.",
        weeks,
        count=len(points),
    )
    return (said,)


def _weeks_apart(moments: Sequence[datetime]) -> int:
    """Of how many weeks one visit is drawn, so that they do not cover each other; 0 where all are."""
    if len(moments) <= MOST_POINTS:
        return 0
    weeks = (moments[-1] - moments[0]).days // 7 + 1
    return next((step for step in (1, 2, 4) if weeks <= step * MOST_POINTS), 13)


def _kept(moments: Sequence[datetime]) -> list[int]:
    """The numbers of the visits that are drawn: the first one, and the last of each so many weeks before the last."""
    weeks = _weeks_apart(moments)
    if not weeks:
        return list(range(len(moments)))
    last = {(moments[-1] - at).days // (7 * weeks): number for number, at in enumerate(moments)}
    return sorted({0, *last.values()})


def _thinned(drawn: Drawn) -> Drawn:
    """The same with no more visits than can be told apart; the one that `since` names is always one of them."""
    kept = _kept([point.at for point in drawn.points])
    kept = sorted({*kept, drawn.since[0]}) if drawn.since else kept
    beyond = set(drawn.beyond)
    return drawn._replace(
        points=[drawn.points[number] for number in kept],
        beyond=[place for place, number in enumerate(kept) if number in beyond],
        asked=[drawn.asked[number] for number in _kept([each.at for each in drawn.asked])],
        since=(kept.index(drawn.since[0]), drawn.since[1]) if drawn.since else None,
    )


class _Across:
    """Percent across of moments, with a little room at either end."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.first, self.last = points[0].at, points[-1].at
        self._seconds = max((self.last - self.first).total_seconds(), 1.0)

    def share(self, at: datetime) -> float:
        if self.first == self.last:
            return 0.5
        return 0.02 + 0.96 * min(1.0, max(0.0, (at - self.first).total_seconds() / self._seconds))

    def percent(self, at: datetime) -> float:
        return round(100 * self.share(at), 2)

    @property
    def is_long(self) -> bool:
        """Whether days alone would not tell which year is meant."""
        return (self.last - self.first).days >= _YEAR_DAYS

    def days(self) -> list[date]:
        """Days to name below, at most a handful."""
        first, last = self.first.date(), self.last.date()
        most = _MOST_MONTHS if self.is_long else _MOST_DATES
        step = next((step for step in _STEPS_DAYS if (last - first).days / step <= most), 728)
        return [first + timedelta(days=ahead) for ahead in range(0, (last - first).days + 1, step)]


def _scale_of(drawn: Drawn) -> Scale:
    values = [end for point in drawn.points for end in (point.low, point.high)]
    values += [end for each in drawn.asked for end in (each.lowest, each.highest)]
    values += [each.value for each in drawn.ceilings]
    return scale([*values, *([drawn.goal] if drawn.goal is not None else [])], HEIGHT)


def _band(points: Sequence[Point], x: _Across, y: Scale) -> str:
    if len(points) < 2:
        at = x.percent(points[0].at)
        ends = f'y1="{y.y(points[0].high)}" y2="{y.y(points[0].low)}"'
        return f'<line class="one-band" x1="{at}%" x2="{at}%" {ends}/>'
    middle = path([(x.share(point.at), point.value) for point in points], y)
    top = path([(x.share(point.at), point.high) for point in points], y)
    bottom = path([(x.share(point.at), point.low) for point in reversed(points)], y)
    band = f'<path class="limit-band" d="{top}L{bottom[1:]}Z"/><path class="limit-line" d="{middle}"/>'
    return stretched(band, y.height)


def _bar(asked: Asked, x: _Across, y: Scale) -> str:
    at, top, bottom = x.percent(asked.at), y.y(asked.highest), y.y(asked.lowest)
    return f'<line class="asked-bar" x1="{at}%" x2="{at}%" y1="{top}" y2="{max(bottom, top + 1):.1f}"/>'


def _steps(ceilings: Sequence[Ceiling], x: _Across, y: Scale) -> str:
    """A ceiling as a line with steps, from one visit to the next."""
    if not ceilings:
        return ""
    steps = f"M{x.share(ceilings[0].at) * ACROSS:.1f} {y.y(ceilings[0].value):g}"
    for each in ceilings[1:]:
        steps += f"H{x.share(each.at) * ACROSS:.1f}V{y.y(each.value):g}"
    return stretched(f'<path class="ceiling {ceilings[0].role}" d="{steps}H{ACROSS}"/>', y.height)


def _since(number: int, said: str, points: Sequence[Point], x: _Across, y: Scale) -> str:
    at, anchor = x.percent(points[number].at), "end" if x.percent(points[number].at) > 50 else "start"
    return (
        f'<line class="since" x1="{at}%" x2="{at}%" y1="-4" y2="{y.y(points[number].value)}"/>'
        f'<text class="since" x="{at}%" y="-10" text-anchor="{anchor}">{escape(said)}</text>'
    )


def _ends(ends: Sequence[End], y: Scale) -> str:
    """The words at the ends of lines, moved apart where they would cover each other."""
    parts, above = [], -100.0
    for end in sorted(ends, key=lambda end: -end.value):
        at = max(y.y(end.value), above + _LABEL_PX)
        above = at
        parts.append(f'<text class="end {end.role}" x="100%" dx="10" y="{at + 4:.1f}">{escape(end.words)}</text>')
    return "".join(parts)


def _dates(x: _Across) -> str:
    parts, form = [], "MMM y" if x.is_long else "d MMM"
    for number, day in enumerate(x.days()):
        at = x.percent(datetime(day.year, day.month, day.day, x.first.hour, x.first.minute, tzinfo=x.first.tzinfo))
        kind = ' class="between"' if number % 2 else ""
        said = escape(dated(day, form))
        parts.append(f'<text{kind} x="{at}%" y="{HEIGHT + 19}" text-anchor="middle">{said}</text>')
    return "".join(parts)
