"""The picture of a preview: what is asked of each movement, between what was measured and what is allowed, as SVG.

Drawn for the width at which it is shown, so that no text is ever scaled. Colours are the four roles of the therapist's
page, in light and in dark: measured, asked, allowed, barred; each has a shape of its own as well.
"""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import accumulate

from calibration.differences import clock, percent, quantity
from engine.previewed import Course, Preview, SessionPreview, Spread

STYLE = """
svg{color-scheme:light dark;--ink:#14201e;--quiet:#465350;--faint:#5d6a67;--line:#d3dbd8;--surface:#fff;
--measured:#1b5ba6;--measured-soft:#d0e0f4;--asked:#a84e00;--barred:#b3123f;--warn:#7a5000}
@media(prefers-color-scheme:dark){svg{--ink:#ebf1ef;--quiet:#b3c0bc;--faint:#93a19d;--line:#2b3634;--surface:#161d1c;
--measured:#76aef4;--measured-soft:#1b3453;--asked:#f7b955;--barred:#ff7a85;--warn:#ecc465}}
text{font:13px/1.45 "Atkinson Hyperlegible Next",system-ui,sans-serif;fill:var(--quiet)}
.title{font-size:20px;font-weight:640;fill:var(--ink)}.head{font-size:15px;font-weight:640;fill:var(--ink)}
.number{font-size:28px;fill:var(--ink)}.faint{fill:var(--faint)}.ground{fill:var(--surface)}
.grid{stroke:var(--line)}.band{fill:var(--measured-soft)}.limit{stroke:var(--measured);stroke-width:2}
.of-limit{fill:var(--measured)}.allowed{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:7 4}
.of-allowed{fill:var(--ink)}
.barred{stroke:var(--barred);stroke-width:2}.of-barred{fill:var(--barred)}.of-warn{fill:var(--warn)}
.asked{stroke:var(--asked);stroke-width:2.5;fill:none}.spread{fill:var(--asked);opacity:.28}
.dot{fill:var(--asked)}.of-asked{fill:var(--asked);font-weight:640}
.before{stroke:var(--faint);stroke-width:2;stroke-dasharray:2 4;stroke-linecap:round;fill:none}
"""
HATCH = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="barred" y2="6"/></pattern>'
)
MARGIN, GAP = 16, 24
AXIS, LABELS = 40, 92  # to the left and right of a plot
PLOT_HEIGHT, CHART_HEIGHT = 132, 196
TWO_COLUMNS_FROM = 640
NUMBER_SHARES = (0.35, 0.28, 0.22, 0.15)  # of the width, so that they fit a phone
LETTER, LETTER_TITLE = 6.9, 12.0  # pixels a letter takes, on average and a little more
LINE = 19
LEAST_APART = 15


@dataclass(frozen=True)
class _Place:
    """Where a chart is: the left and upper edge of its plot, its width, and the values at its lower and upper edge."""

    x: float
    y: float
    width: float
    low: float
    high: float

    def up(self, value: float) -> float:
        """Pixels from the top of the picture."""
        return round(self.y + (self.high - value) / (self.high - self.low) * PLOT_HEIGHT, 1)

    def across(self, number: int, of: int) -> float:
        """Pixels from the left for a trial, counted from 0, with room at either end."""
        return round(self.x + (number + 0.5) / max(1, of) * self.width, 1)


def picture(preview: Preview, width: int = 846) -> str:
    """The whole picture as an SVG document, for a place of this many pixels' width."""
    parts, y = _headed(preview, width)
    warned, y = _listed("Before play", preview.warnings, "of-warn", y, width)
    not_asked, y = _listed("Not asked", preview.new.not_asked, "of-barred", y, width)
    parts += [*warned, *not_asked]
    columns = 2 if width >= TWO_COLUMNS_FROM and len(preview.new.movements) > 1 else 1
    wide = (width - 2 * MARGIN - (columns - 1) * GAP) / columns
    before = {course.movement: course for course in preview.old.movements} if preview.old else {}
    for number, course in enumerate(preview.new.movements):
        x = MARGIN + number % columns * (wide + GAP)
        parts += _chart(course, before.get(course.movement), x, y + number // columns * CHART_HEIGHT, wide)
    y += -(-len(preview.new.movements) // columns) * CHART_HEIGHT
    changes, y = _listed("What changes", preview.differences, "", y, width)
    parts += changes
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width}" height="{y:.0f}" '
        f'viewBox="0 0 {width} {y:.0f}" aria-labelledby="title desc">'
        f'<title id="title">{escape(_title(preview))}</title>'
        f'<desc id="desc">{escape(" ".join(_described(preview)))}</desc><style>{STYLE}</style><defs>{HATCH}</defs>'
        f'<rect class="ground" width="100%" height="100%"/>{"".join(parts)}</svg>\n'
    )


def _title(preview: Preview) -> str:
    instead = f" instead of {preview.old.title}" if preview.old else ""
    return f"{preview.new.title}{instead}, for {preview.patient}"


def _described(preview: Preview) -> list[str]:
    """The picture in words, for who does not see it."""
    said = [
        f"{course.title}: {len(course.requests)} targets from {quantity(course.first.median, course.unit)} to "
        f"{quantity(course.highest.median, course.unit)}; {percent(course.success.median)} will be reached."
        for course in preview.new.movements
    ]
    return [*said, *preview.differences, *preview.warnings]


def _headed(preview: Preview, width: int) -> tuple[list[str], float]:
    """Title, how to read it, and the numbers of the whole session."""
    parts, y = _lines([_title(preview)], "title", MARGIN + 20, width, LETTER_TITLE, 26)
    how = (
        f"Simulated {preview.sessions} times from this patient's record. Line: the middle session; band: most of them."
    )
    more, y = _lines([how], "faint", y, width, LETTER, LINE)
    numbers = _numbers(preview.new, preview.old)
    x = float(MARGIN)
    for (label, value, was), share in zip(numbers, NUMBER_SHARES, strict=True):
        parts += [_text(x, y + 14, label), _text(x, y + 46, value, "number"), _text(x, y + 68, was, "faint")]
        x += share * (width - 2 * MARGIN)
    return [*parts, *more], y + 96


def _numbers(new: SessionPreview, old: SessionPreview | None) -> list[tuple[str, str, str]]:
    """What one wants to know first: label, value, and what it was before."""

    def values(of: SessionPreview) -> tuple[str, str, str, str]:
        reached = percent(of.success.median) if of.success else "–"
        return reached, clock(of.seconds.median), f"{of.trials.median:.0f}", f"{of.rests}"

    labels = ("reached", "minutes", "targets", "rests")
    was = [f"was {value}" for value in values(old)] if old else [""] * len(labels)
    return list(zip(labels, values(new), was, strict=True))


def _chart(course: Course, old: Course | None, x: float, y: float, wide: float) -> list[str]:
    place = _Place(x + AXIS, y + 30, wide - AXIS - LABELS, *_ends(course, old))
    count = max(len(course.requests), len(old.requests) if old else 0)
    reached = f"{percent(course.success.median)} reached"
    parts = [_text(x, y + 14, _capital(course.title), "head"), _text(x + wide, y + 14, reached, "faint", "end")]
    parts += _grid(place, course.unit)
    top, bottom = place.up(min(course.limit.high, place.high)), place.up(max(course.limit.low, place.low))
    parts.append(f'<rect class="band" x="{place.x}" y="{top}" width="{place.width}" height="{bottom - top:.1f}"/>')
    labels = [(course.limit.value, f"limit {quantity(course.limit.value, course.unit)}", "of-limit")]
    parts.append(_level(place, course.limit.value, "limit"))
    if place.low <= course.at_most <= place.high:
        role = "barred" if "precaution" in course.why else "allowed"
        parts.append(_level(place, course.at_most, role))
        labels.append((course.at_most, f"most {quantity(course.at_most, course.unit)}", f"of-{role}"))
    if old:
        parts.append(f'<path class="before" d="{_path(place, [s.median for s in old.requests], count)}"/>')
        labels.append((old.requests[-1].median, f"before {quantity(old.requests[-1].median, old.unit)}", "faint"))
    parts += _asked(place, course.requests, count)
    last = course.requests[-1].median
    labels.append((last, f"asks {quantity(last, course.unit)}", "of-asked"))
    return [*parts, *_labels(place, labels), *_trials_below(place, count)]


def _asked(place: _Place, requests: Sequence[Spread], count: int) -> list[str]:
    """The line of the median, a dot for each trial, and the band around."""
    middle, top, bottom = ([getattr(s, end) for s in requests] for end in ("median", "high", "low"))
    around = _path(place, top, count) + "L" + _path(place, bottom, count, backwards=True)[1:] + "Z"
    dots = [
        f'<circle class="dot" cx="{place.across(number, count)}" cy="{place.up(value)}" r="3"/>'
        for number, value in enumerate(middle)
    ]
    return [f'<path class="spread" d="{around}"/><path class="asked" d="{_path(place, middle, count)}"/>', *dots]


def _path(place: _Place, values: Sequence[float], count: int, backwards: bool = False) -> str:
    places = [f"{place.across(number, count)} {place.up(value)}" for number, value in enumerate(values)]
    return "M" + "L".join(reversed(places) if backwards else places)


def _ends(course: Course, old: Course | None) -> tuple[float, float]:
    """Round numbers around all that the chart shows; a ceiling far above is not shown."""
    asked = [end for each in (course, old) if each for spread in each.requests for end in (spread.low, spread.high)]
    values = [*asked, course.limit.low, course.limit.high]
    room = 0.25 * (max(values) - min(values))
    if course.at_most <= max(values) + room:
        values.append(course.at_most)
    step = _step(max(values) - min(values))
    return step * (min(values) // step), step * -(-max(values) // step)


def _step(span: float) -> float:
    return next((step for step in (0.5, 1.0, 2.0, 5.0, 10.0, 20.0) if span / step <= 4), 50.0)


def _grid(place: _Place, unit: str) -> list[str]:
    step = _step(place.high - place.low)
    levels = accumulate([step] * round((place.high - place.low) / step), initial=place.low)
    return [
        f'<path class="grid" d="M{place.x} {place.up(level)}h{place.width:g}"/>'
        + _text(place.x - 6, place.up(level) + 4.5, quantity(level, unit), "faint", "end")
        for level in levels
    ]


def _level(place: _Place, value: float, role: str) -> str:
    at = place.up(value)
    hatch = f'<rect x="{place.x}" y="{at - 7}" width="{place.width}" height="7" fill="url(#hatch)" opacity=".6"/>'
    return (hatch if role == "barred" else "") + f'<path class="{role}" d="M{place.x} {at}h{place.width:g}"/>'


def _labels(place: _Place, labels: Iterable[tuple[float, str, str]]) -> list[str]:
    """Words to the right of what they mean, moved apart where they would overlap."""
    parts, lowest = [], place.y - LEAST_APART
    for value, words, role in sorted(labels, reverse=True):
        lowest = max(place.up(value) + 4.5, lowest + LEAST_APART)
        parts.append(_text(place.x + place.width + 8, lowest, words, role))
    return parts


def _trials_below(place: _Place, count: int) -> list[str]:
    step = next((step for step in (1, 2, 5, 10, 20, 50) if count / step <= 6), 100)
    return [
        _text(place.across(number - 1, count), place.y + PLOT_HEIGHT + 18, str(number), "faint", "middle")
        for number in range(1, count + 1)
        if number % step == 0 or number == 1 < step / 2
    ]


def _listed(title: str, sentences: Sequence[str], role: str, y: float, width: int) -> tuple[list[str], float]:
    """A list with its title, and where the next one begins; nothing of an empty one."""
    if not sentences:
        return [], y
    parts, below = _lines(map(_capital, sentences), role, y + 38, width, LETTER, LINE)
    return [_text(MARGIN, y + 14, title, "head"), *parts], below + 8


def _lines(
    sentences: Iterable[str], role: str, y: float, width: int, letter: float, height: int
) -> tuple[list[str], float]:
    """Sentences broken into lines that fit; the lines, and where the next one would be."""
    parts = []
    for sentence in sentences:
        for line in textwrap.wrap(sentence, max(10, int((width - 2 * MARGIN) / letter))):
            parts.append(_text(MARGIN, y, line, role))
            y += height
    return parts, y


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _text(x: float, y: float, words: str, role: str = "", anchor: str = "") -> str:
    more = (f' class="{role}"' if role else "") + (f' text-anchor="{anchor}"' if anchor else "")
    return f'<text x="{x:g}" y="{y:g}"{more}>{escape(words)}</text>' if words else ""
