"""What became of a measure, in words: its title, its value with its interval, its change and the noise."""

from datetime import date, timedelta

from engine.metrics.course import LEAST_VISITS, Point, Verdict
from engine.movements import LEANS
from server_sync.clinic.gist import QUIET_STANDING
from server_sync.clinic.series import Series
from server_sync.page import words
from server_sync.page.language import _, dated
from server_sync.page.meanings import of_game, sway

DAY = "d MMM"
YEAR = timedelta(days=365)


def key_of(series: Series) -> str:
    """What names a measure in an address."""
    kind = series.kind
    return ".".join(part for part in (kind.movement or kind.measure, kind.side if kind.measure else "") if part)


def title_of(series: Series) -> str:
    """What a measure is called, with its side."""
    kind = series.kind
    if kind.movement:
        return words.movement(kind.movement)
    if kind.task == QUIET_STANDING:
        return _("Head sway: %(measure)s", measure=sway().measure(kind.measure).title)
    meaning = of_game(kind.task, kind.version).measure(kind.measure)
    if kind.side == "left":
        return _("%(measure)s, left", measure=meaning.title)
    return _("%(measure)s, right", measure=meaning.title) if kind.side == "right" else meaning.title


def shown(value: float, series: Series) -> str:
    """A value with its unit, to the step that is worth showing."""
    return words.stepped(value, series.unit, series.verdict.step)


def value_of(point: Point, series: Series) -> str:
    """`98°`, or `at least 98°`."""
    value = shown(point.value, series)
    return _("at least %(value)s", value=value) if point.at_least else value


def interval(point: Point, series: Series) -> str:
    """`93–103`; "" where nobody knows it, or where it is too narrow to be shown."""
    if point.at_least:
        return ""
    low, high = (words.stepped(end, series.unit, series.verdict.step, bare=True) for end in (point.low, point.high))
    return words.span(low, high, point.low < 0) if low != high else ""


def with_interval(point: Point, series: Series) -> str:
    """`98° (93–103)`, or `at least 98°`."""
    value, around = value_of(point, series), interval(point, series)
    return f"{value} ({around})" if around else value


def finding(series: Series) -> str:
    """What a series says, as a sentence."""
    said, last = series.verdict, series.points[-1]
    blanks = {"value": with_interval(last, series), "day": day_of(series.points[0].at, series)}
    if said.at_least:
        return _("%(value)s. Whether it changed cannot be told: not all of it was measured.", **blanks)
    if said.larger is None or said.noise is None:
        return _("%(value)s. Too few sessions to say: %(n)s of %(least)s.", **blanks, n=said.n, least=LEAST_VISITS)
    blanks |= {"change": shown(abs(said.change), series), "noise": shown(said.noise, series)}
    if not said.larger:
        return _("%(value)s, no change we can see since %(day)s. The noise is %(noise)s.", **blanks)
    if said.change > 0:
        return _("%(value)s, up %(change)s since %(day)s. Larger than the noise (%(noise)s).", **blanks)
    return _("%(value)s, down %(change)s since %(day)s. Larger than the noise (%(noise)s).", **blanks)


def day_of(moment: date, series: Series) -> str:
    """A day in what is said of a series, `5 Oct`; with the year where days alone would not tell which one is meant."""
    first, last = (point.at.date() for point in (series.points[0], series.points[-1]))
    return dated(moment, DAY if last - first < YEAR else "d MMM y")


def change_words(series: Series, said: Verdict) -> str:
    """The change in a few words, for a chip."""
    if said.at_least:
        return _("not to be told: not all of it was measured")
    if said.larger is None or said.noise is None:
        return _("too few sessions to say: %(n)s of %(least)s", n=said.n, least=LEAST_VISITS)
    sign = words.MINUS if said.change < 0 else "+"
    blanks = {"change": sign + shown(abs(said.change), series), "noise": shown(said.noise, series)}
    if said.larger:
        return _("%(change)s, larger than the noise (%(noise)s)", **blanks)
    if said.change == 0:
        return _("no change we can see")
    return _("%(change)s, within the noise (%(noise)s)", **blanks)


def chip_of(said: Verdict) -> str:
    """The kind of chip that a verdict has: larger than the noise, larger and worse, or neither."""
    if not said.larger:
        return "noise"
    return "warn" if said.worse else "real"


def what_counts(series: Series) -> str:
    """Where the noise of a series comes from, in words."""
    said = series.verdict
    if said.at_least:
        return _("No change is told where a precaution, a ceiling or a stop line may hide it.")
    if said.noise is None:
        return _("A change is told from %(least)s sessions on.", least=LEAST_VISITS)
    if series.unit == "deg" and series.kind.movement and series.kind.movement not in LEANS:
        return _(
            "The noise is %(noise)s: 1.96 · √2 times the error of one of this patient's sessions, and at least 7°, by "
            "which an angle differs from repetition to repetition within a visit.",
            noise=shown(said.noise, series),
        )
    return _(
        "The noise is %(noise)s: 1.96 · √2 times the error of one of this patient's sessions, as far as sessions that "
        "follow each other differ, and what is left open within one.",
        noise=shown(said.noise, series),
    )
