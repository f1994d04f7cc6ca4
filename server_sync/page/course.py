"""What became of a patient's measures, in words and charts: one looked at closely, the others small beside it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from markupsafe import Markup

from engine.metrics.course import Point, Verdict
from engine.movements import LEANS
from engine.programme import Goal
from server_sync.clinic.gist import QUIET_STANDING, Gist
from server_sync.clinic.series import ENOUGH_SEEN_PERCENT, Series, current, side_of
from server_sync.page import words
from server_sync.page.course_words import (
    DAY,
    change_words,
    chip_of,
    day_of,
    finding,
    interval,
    key_of,
    title_of,
    value_of,
    what_counts,
    with_interval,
)
from server_sync.page.language import _, dated, ngettext
from server_sync.page.meanings import of_game
from server_sync.page.norms import norm_words
from server_sync.page.progress_charts import Asked, Ceiling, Drawn, End, left_out, progress_chart, spark
from server_sync.page.translated import translated

SMALL = 4
"""Small charts that are shown at once; the others are behind "more"."""


class Choice(NamedTuple):
    """One of what can be looked at closely: the key in the address, its title, and whether it is looked at now."""

    key: str
    title: str
    chosen: bool


class Row(NamedTuple):
    """One visit of the table."""

    day: str
    value: str
    asked: str
    ceiling: str
    note: str


class Close(NamedTuple):
    """A measure looked at closely; `verdict` is the kind of its chip: real, warn or noise."""

    kicker: str
    finding: str
    verdict: str
    drawing: Markup
    key: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    what_counts: str


class Small(NamedTuple):
    """A measure at a glance."""

    key: str
    title: str
    value: str
    interval: str
    drawing: Markup
    verdict: str
    change: str
    help: str


def choices(series: Sequence[Series], chosen: Series) -> tuple[Choice, ...]:
    """What can be looked at closely: the limits of movements, a lean as one of eight apart."""
    now = [each for each in current(series) if each.kind.movement]
    limits = [each for each in now if each.kind.movement not in LEANS or each is chosen]
    return tuple(Choice(key_of(each), title_of(each), each is chosen) for each in limits)


def close(series: Series, others: Sequence[Series], gists: Sequence[Gist], goals: Sequence[Goal] = ()) -> Close:
    """Look at a series closely; `others` are all series of the patient, `goals` what they want to do."""
    said = series.verdict
    asked, held = _asked(series, gists), _ceilings(series, gists)
    ceilings = _near(series, held)
    wish = next((each for each in goals if each.movement == series.kind.movement), None)
    goal = wish.needs if wish else None
    first_beyond, shown_in = _first_beyond(series), partial(words.shown, unit=series.unit)
    since = None
    if first_beyond is not None and said.since:
        since = (first_beyond, _("larger than the noise since %(day)s", day=day_of(said.since, series)))
    drawn = Drawn(
        points=[_in_shown_unit(point, series.unit) for point in series.points],
        beyond=[number for number, point in enumerate(series.points) if _is_beyond(point, said)],
        asked=[each._replace(lowest=shown_in(each.lowest), highest=shown_in(each.highest)) for each in asked],
        ceilings=[each._replace(value=shown_in(each.value)) for each in ceilings],
        ends=[*_ends(series, asked, ceilings), *_goal_end(goal, series)],
        goal=None if goal is None else shown_in(goal),
        since=since,
    )
    return Close(
        kicker=_kicker(series),
        finding=finding(series),
        verdict=chip_of(said),
        drawing=progress_chart(title_of(series), finding(series), drawn, series.unit),
        key=_key(series, asked, ceilings, since[1] if since else "", wish.words if wish and goal is not None else ""),
        rows=_rows(series, gists),
        notes=(
            *left_out(series.points),
            *_far_above(series, held, ceilings),
            *_notes(series, others),
            norm_words(series),
        ),
        what_counts=what_counts(series),
    )


def small(series: Series) -> Small:
    """A measure at a glance."""
    last, said = series.points[-1], series.verdict
    kind = series.kind
    meaning = None if kind.movement or kind.task == QUIET_STANDING else of_game(kind.task, kind.version)
    return Small(
        key=key_of(series),
        title=title_of(series),
        value=value_of(last, series),
        interval=interval(last, series),
        drawing=spark(title_of(series), finding(series), series.points, series.points[0].value, said.noise),
        verdict=chip_of(said),
        change=change_words(series, said),
        help=meaning.measure(kind.measure).help if meaning else "",
    )


def _in_shown_unit(point: Point, unit: str) -> Point:
    value, low, high = (words.shown(value, unit) for value in (point.value, point.low, point.high))
    return Point(point.at, value, low, high, point.at_least)


def _is_beyond(point: Point, said: Verdict) -> bool:
    hidden = point.at_least and point.value < said.first
    return bool(said.noise is not None and abs(point.value - said.first) > said.noise and not hidden)


def _first_beyond(series: Series) -> int | None:
    """The number of the visit from which all were beyond the noise."""
    since = series.verdict.since
    return next((n for n, point in enumerate(series.points) if since and point.at.date() >= since), None)


def _asked(series: Series, gists: Sequence[Gist]) -> list[Asked]:
    aims = [(gist.at, gist.aims[series.kind.movement]) for gist in gists if series.kind.movement in gist.aims]
    first = series.points[0].at
    return [Asked(at, aim.lowest, aim.highest) for at, aim in aims if first <= at and aim.unit == series.unit]


def _ceilings(series: Series, gists: Sequence[Gist]) -> list[Ceiling]:
    first = series.points[0].at
    return [
        Ceiling(gist.at, ceiling.at_most, ceiling.role)
        for gist in gists
        for ceiling in gist.ceilings
        if ceiling.movement == series.kind.movement and gist.at >= first
    ]


def _ends(series: Series, asked: Sequence[Asked], ceilings: Sequence[Ceiling]) -> list[End]:
    last, unit = series.points[-1], series.unit
    ends = [End(words.shown(last.value, unit), with_interval(last, series), "measured")]
    for each in asked[-1:]:
        middle = words.shown((each.lowest + each.highest) / 2, unit)
        ends.append(End(middle, _asked_words(each, series), "asked"))
    held = _last_of_each_role(ceilings)
    return ends + [End(words.shown(one.value, unit), _ceiling_words(one, series), one.role) for one in held]


def _goal_end(needs: float | None, series: Series) -> list[End]:
    if needs is None:
        return []
    value = words.quantity(needs, series.unit)
    return [End(words.shown(needs, series.unit), _("needed %(value)s", value=value), "goal")]


def _last_of_each_role(ceilings: Sequence[Ceiling]) -> list[Ceiling]:
    return list({each.role: each for each in ceilings}.values())


def _near(series: Series, ceilings: Sequence[Ceiling]) -> list[Ceiling]:
    """Ceilings that can be drawn with the visits: one far above would press all else flat."""
    values = [end for point in series.points for end in (point.low, point.high)]
    most = max(values) + max(max(values) - min(values), 0.2 * abs(max(values)))
    far = {each.role for each in ceilings if each.value > most}
    return [each for each in ceilings if each.role not in far]


def _asked_words(asked: Asked, series: Series) -> str:
    step = series.verdict.step
    low, high = (words.stepped(end, series.unit, step, bare=True) for end in (asked.lowest, asked.highest))
    return _("asked %(low)s–%(high)s", low=low, high=high + words.suffix(series.unit))


def _ceiling_words(ceiling: Ceiling, series: Series) -> str:
    value = words.setting(ceiling.value, series.unit)
    return _("barred above %(value)s", value=value) if ceiling.role == "barred" else _("ceiling %(value)s", value=value)


def _key(
    series: Series, asked: Sequence[Asked], ceilings: Sequence[Ceiling], since: str, goal: str
) -> tuple[tuple[str, str], ...]:
    """The signs that the chart uses, with their words."""
    what = _("limit with 95 %% interval") if series.kind.movement else _("value with 95 %% interval")
    signs = [("limit", what), *([("bar", _("asked in the session"))] if asked else [])]
    roles = {each.role for each in ceilings}
    signs += [("allowed", _("ceiling that you set"))] * ("allowed" in roles)
    signs += [("barred", _("barred by a precaution"))] * ("barred" in roles)
    signs += [("goal", _("needed for “%(goal)s”", goal=goal))] if goal else []
    return (*signs, *([("since", since)] if since else []))


def _kicker(series: Series) -> str:
    kind, title = series.kind, title_of(series)
    if kind.task and kind.version:
        blanks = {"measure": title, "game": translated(series.title), "version": kind.version}
        return _("%(measure)s · from %(game)s, version %(version)s", **blanks)
    return _("%(measure)s · %(method)s", measure=title, method=translated(kind.method)) if kind.method else title


def _rows(series: Series, gists: Sequence[Gist]) -> tuple[Row, ...]:
    """Each visit, the latest first."""
    by_time: Mapping[datetime, Gist] = {gist.at: gist for gist in gists}
    hidden = [(point, _("not measured well: %(seen)s %% seen", seen=f"{seen:.0f}")) for point, seen in series.hidden]
    all_of = [*((point, "") for point in series.points), *hidden]
    return tuple(_row(point, note, series, by_time[point.at]) for point, note in sorted(all_of, reverse=True))


def _row(point: Point, note: str, series: Series, gist: Gist) -> Row:
    aim = gist.aims.get(series.kind.movement)
    most = [each.at_most for each in gist.ceilings if each.movement == series.kind.movement]
    asked = Asked(point.at, aim.lowest, aim.highest) if aim else None
    return Row(
        day=dated(point.at, "EEE d MMM y"),
        value="–" if note else with_interval(point, series),
        asked=_asked_words(asked, series) if asked else "–",
        ceiling=words.quantity(min(most), series.unit) if most else "–",
        note=note,
    )


def _far_above(series: Series, held: Sequence[Ceiling], drawn: Sequence[Ceiling]) -> list[str]:
    roles = {each.role for each in drawn}
    above = [_ceiling_words(each, series) for each in _last_of_each_role(held) if each.role not in roles]
    return [_("%(ceiling)s, above the chart.", ceiling=words.sentence(said)) for said in above]


def _notes(series: Series, others: Sequence[Series]) -> tuple[str, ...]:
    """What is left out of the line, and why."""
    notes = []
    if series.hidden:
        last, seen = series.hidden[-1]
        notes.append(
            ngettext(
                "No value for %(num)s session, last on %(day)s: %(hidden)s in 100 frames were hidden, and %(most)s is "
                "the most we accept. The session itself counts as played.",
                "No value for %(num)s sessions, last on %(day)s: %(hidden)s in 100 frames were hidden, and %(most)s is "
                "the most we accept. The sessions themselves count as played.",
                len(series.hidden),
                day=dated(last.at, DAY),
                hidden=f"{100 - seen:.0f}",
                most=f"{100 - ENOUGH_SEEN_PERCENT:.0f}",
            )
        )
    kind = series.kind
    for other in others:
        if kind.task and other.kind._replace(version=kind.version) == kind and other.kind != kind:
            blanks = {"game": translated(other.title), "version": other.kind.version, "now": kind.version}
            notes.append(
                ngettext(
                    "%(num)s session was played with %(game)s %(version)s. It is not compared with version %(now)s, "
                    "and not drawn in the same line.",
                    "%(num)s sessions were played with %(game)s %(version)s. They are not compared with version "
                    "%(now)s, and not drawn in the same line.",
                    len(other.points),
                    **blanks,
                )
            )
    return (*notes, *_other_side(series, others))


def _other_side(series: Series, others: Sequence[Series]) -> tuple[str, ...]:
    kind = series.kind
    side = side_of(kind.movement)
    if not side:
        return ()
    mirrored = kind.movement.removesuffix(side) + ("right" if side == "left" else "left")
    other = next((each for each in current(others) if each.kind.movement == mirrored), None)
    if other is None:
        return ()
    blanks = {"measure": title_of(other), "value": with_interval(other.points[-1], other)}
    return (_("%(measure)s: %(value)s, not drawn.", **blanks),)
