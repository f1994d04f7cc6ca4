"""Minutes of play day by day, what was planned, and the pain that was told below."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from markupsafe import Markup, escape

from server_sync.page.charts import Scale, chart, scale
from server_sync.page.language import _, dated

MINUTES_HEIGHT, GAP, PAIN_HEIGHT = 64, 38, 56
_PAIN_TOP = MINUTES_HEIGHT + GAP


class Day(NamedTuple):
    """A day: minutes of play, whether and for how many minutes something was planned, and the highest pain told."""

    at: date
    minutes: float
    planned: bool
    planned_minutes: float
    pain: float | None


def dose_chart(title: str, said: str, days: Sequence[Day], mind_from: float) -> Markup:
    """The chart; pain from `mind_from` on has a level and other dots."""
    most = max(max(day.minutes, day.planned_minutes) for day in days)
    y = scale([0.0, max(most, 10.0)], MINUTES_HEIGHT, ticks=2)
    pain = Scale(0.0, 10.0, PAIN_HEIGHT, ())
    parts = [_minutes_grid(y), *(_minutes(number, day, len(days), y) for number, day in enumerate(days))]
    parts += [_pain_grid(pain, mind_from)]
    parts += [_pain(number, day, len(days), pain, mind_from) for number, day in enumerate(days)]
    return chart(title, said, _PAIN_TOP + PAIN_HEIGHT, [*parts, _dates(days)], "chart dose")


def _at(number: float, days: int) -> float:
    return round(100 * (number + 0.5) / days, 2)


def _minutes_grid(y: Scale) -> str:
    lines = []
    for tick in y.ticks:
        role = "base" if tick == 0 else "grid"
        lines.append(
            f'<line class="{role}" x1="0" x2="100%" y1="{y.y(tick)}" y2="{y.y(tick)}"/>'
            f'<text x="-8" y="{y.y(tick) + 4.5}" text-anchor="end">{tick:g}</text>'
        )
    unit = escape(_("min"))
    return f'{"".join(lines)}<text x="-8" y="-9" text-anchor="end">{unit}</text>'


def _minutes(number: int, day: Day, days: int, y: Scale) -> str:
    """A bar for what was played, a dashed line where so many minutes were planned, a hollow one for a missed day."""
    at, width = round(100 * number / days + 14 / days, 2), round(72 / days, 2)
    parts = ""
    if day.minutes:
        top = y.y(day.minutes)
        parts = f'<rect class="minutes" x="{at}%" width="{width}%" y="{top}" height="{MINUTES_HEIGHT - top:.1f}"/>'
    elif day.planned:
        parts = f'<rect class="missed" x="{at}%" width="{width}%" y="{MINUTES_HEIGHT - 9}" height="9" rx="2"/>'
    if day.planned_minutes:
        level, left, right = (
            y.y(day.planned_minutes),
            round(100 * number / days, 2),
            round(100 * (number + 1) / days, 2),
        )
        parts += f'<line class="level allowed" x1="{left}%" x2="{right}%" y1="{level}" y2="{level}"/>'
    return parts


def _pain_grid(pain: Scale, mind_from: float) -> str:
    lines = f'<text x="-8" y="{_PAIN_TOP - 9}" text-anchor="end">{_("pain")}</text>'
    for level, role in ((0.0, "base"), (mind_from, "mind-from"), (10.0, "grid")):
        y = _PAIN_TOP + pain.y(level)
        lines += f'<line class="{role}" x1="0" x2="100%" y1="{y}" y2="{y}"/>'
        lines += f'<text x="-8" y="{y + 4.5}" text-anchor="end">{level:g}</text>'
    return lines


def _pain(number: int, day: Day, days: int, pain: Scale, mind_from: float) -> str:
    if day.pain is None:
        return ""
    role = "pain mind" if day.pain >= mind_from else "pain"
    return f'<circle class="{role}" cx="{_at(number, days)}%" cy="{_PAIN_TOP + pain.y(day.pain)}" r="3"/>'


def _dates(days: Sequence[Day]) -> str:
    y = _PAIN_TOP + PAIN_HEIGHT + 19
    return "".join(
        f'<text x="{_at(number, len(days))}%" y="{y}" text-anchor="middle">{dated(day.at, "d MMM")}</text>'
        for number, day in enumerate(days)
        if number % 7 == 3
    )
