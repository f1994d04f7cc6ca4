"""What a therapist puts into a note about some weeks: what was said, measured and done, and what is planned.

One note is a page, a text to paste and a PDF; all three say the same.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from engine.metrics.course import LEAST_VISITS
from engine.movements import LEANS
from engine.prescription import Prescription, goals_of, planned_in_week, planned_on
from server_sync.clinic.gist import ENDED, Gist
from server_sync.clinic.letters import Letter
from server_sync.clinic.series import Series, current, main_of, series_of
from server_sync.page import words
from server_sync.page.course import Close, close
from server_sync.page.course_words import change_words, chip_of, title_of, with_interval
from server_sync.page.language import _, dated, ngettext
from server_sync.page.plan import dose
from server_sync.page.translated import translated
from server_sync.page.weeks import titles

PAIN_TOLD = 4
PERIODS = (28, 84)
"""Days that a note may be about; else all there is."""
_DAY = "d MMM y"


class Measure(NamedTuple):
    """A row of what was measured: its first and last value with their intervals, and what the change is worth."""

    title: str
    first: str
    last: str
    verdict: str
    change: str
    method: str


class Part(NamedTuple):
    """A part of the note, in sentences."""

    title: str
    lines: tuple[str, ...]


class Note(NamedTuple):
    """A whole note. `said`, `done` and `planned` are sentences, `close` is the main measure as it is drawn.

    `measured` are what was practised and what changed or may have; `others` says what else was measured.
    """

    name: str
    about: str
    period: str
    said: Part
    measured: tuple[Measure, ...]
    others: str
    close: Close | None
    done: Part
    planned: Part
    trust: tuple[str, ...]


class About(NamedTuple):
    """Of whom a note is, and what is known besides their sessions, by the clinic's time."""

    name: str
    about: str
    history: Sequence[Prescription]
    letters: Sequence[Letter]


def note(about: About, gists: Sequence[Gist], today: date, days: int = 0) -> Note:
    """The note of the last days, of all there is with 0; sessions come in order."""
    since = today - timedelta(days=days - 1) if days else None
    lately = [gist for gist in gists if since is None or gist.at.date() >= since]
    series = current(series_of(lately))
    main = main_of(series, lately)
    first = since or (gists[0].at.date() if gists else today)
    telling = [each for each in series if each is not main and _tells(each, lately)]
    return Note(
        name=about.name,
        about=about.about,
        period=_("%(first)s to %(last)s", first=dated(first, _DAY), last=dated(today, _DAY)),
        said=Part(_("What was said"), tuple(_said(lately, about.letters, first))),
        measured=tuple(_measure(each) for each in (main, *telling) if each),
        others=_others([each for each in series if each is not main and each not in telling]),
        close=close(main, series_of(lately), lately) if main else None,
        done=Part(_("What was done"), tuple(_done(lately, about.history, first, today))),
        planned=Part(_("What is planned"), tuple(_planned(about.history, today))),
        trust=tuple(_trust(lately)),
    )


def as_text(said: Note, own: str = "") -> str:
    """The note to paste into another program: plain lines, `own` being the therapist's words."""
    lines = [f"{said.name} ({said.about})" if said.about else said.name, said.period, ""]
    lines += [said.said.title, *(f"- {line}" for line in said.said.lines), ""]
    lines += [_("What was measured")]
    lines += [f"- {_in_a_line(each)}" for each in said.measured]
    lines += [f"- {said.others}"] if said.others else []
    lines += ["", said.done.title, *(f"- {line}" for line in said.done.lines), ""]
    lines += [_("What it means"), own.strip() or "...", ""]
    lines += [said.planned.title, *(f"- {line}" for line in said.planned.lines), ""]
    return "\n".join([*lines, *said.trust]) + "\n"


def _said(gists: Sequence[Gist], letters: Sequence[Letter], first: date) -> list[str]:
    lines = []
    pains = [gist.told["pain"].highest for gist in gists if "pain" in gist.told]
    if pains:
        low, high = f"{min(pains):g}", f"{max(pains):g}"
        blanks = {"range": low if low == high else f"{low}–{high}", "level": PAIN_TOLD}
        many = sum(pain >= PAIN_TOLD for pain in pains)
        lines.append(
            ngettext(
                "Pain %(range)s of 10; %(level)s or more in %(num)s session of %(all)s.",
                "Pain %(range)s of 10; %(level)s or more in %(num)s sessions of %(all)s.",
                many, all=len(pains), **blanks,
            )
        )  # fmt: skip
    lines += [
        _("%(day)s: ended early, %(how)s.", day=dated(gist.at, "d MMM"), how=translated(gist.ended_by))
        for gist in gists
        if gist.ended_by != ENDED
    ]
    for letter in reversed(letters):
        if letter.at.date() >= first:
            said = " ".join(letter.text.split())
            lines.append(_("%(day)s, wrote: “%(text)s”", day=dated(letter.at, "d MMM"), text=said))
    return lines or [_("Nothing was told.")]


def _tells(series: Series, gists: Sequence[Gist]) -> bool:
    """Whether a measure changed beyond the noise, or may have, or is of a movement practised often enough to say."""
    practised = any(series.kind.movement in gist.aims for gist in gists)
    said = series.verdict
    return said.at_least or bool(said.larger) or (practised and said.larger is not None)


def _in_a_line(measure: Measure) -> str:
    said = {"measure": measure.title, "last": measure.last, "first": measure.first, "change": measure.change}
    return _("%(measure)s: %(last)s (first %(first)s); %(change)s", **said)


def _others(series: Sequence[Series]) -> str:
    if not series:
        return ""
    titles = "; ".join(title_of(each) for each in series)
    return _("Measured as well, without a change that we can see: %(measures)s.", measures=titles)


def _measure(series: Series) -> Measure:
    points = series.points
    kind = series.kind
    method = translated(kind.method)
    if kind.task and kind.version:
        method = _("%(game)s, version %(version)s", game=translated(series.title), version=kind.version)
    return Measure(
        title=title_of(series),
        first=with_interval(points[0], series),
        last=with_interval(points[-1], series),
        verdict=chip_of(series.verdict),
        change=change_words(series, series.verdict),
        method=method,
    )


def _done(gists: Sequence[Gist], history: Sequence[Prescription], first: date, today: date) -> list[str]:
    played = [gist for gist in gists if gist.play_s]
    minutes = round(sum(gist.play_s for gist in played) / 60)
    lines = [
        ngettext(
            "%(num)s session in %(minutes)s minutes of play.", "%(num)s sessions, %(minutes)s minutes of play.",
            len(played), minutes=minutes,
        )
    ]  # fmt: skip
    planned = [day for day in _days(first, today) if _planned_then(history, day)]
    if planned:
        days = {gist.at.date() for gist in played}
        blanks = {"played": sum(day in days for day in planned), "planned": len(planned)}
        lines.append(_("Played on %(played)s of %(planned)s planned days.", **blanks))
    trials, reached = sum(gist.trials for gist in played), sum(gist.reached for gist in played)
    if trials:
        lines.append(_("%(reached)s of %(trials)s targets reached.", reached=reached, trials=trials))
    return lines


def _days(first: date, today: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((today - first).days)]


def _planned_then(history: Sequence[Prescription], day: date) -> bool:
    """Whether anything was planned for a day, by the version that held then."""
    held = [each for each in history if datetime.fromisoformat(each.written_at).date() <= day]
    return bool(held and planned_on(held[-1], day))


def _planned(history: Sequence[Prescription], today: date) -> list[str]:
    if not history:
        return [_("Nothing is prescribed.")]
    now = history[-1]
    lines = [f"{titles([each])}: {dose(each, each.times_a_day)}" for each in planned_in_week(now, today)]
    lines += [_("Precaution: %(words)s", words=words.bound(each)) for each in now.precautions]
    lines += [_("Goal: “%(words)s”", words=goal.words) for goal in goals_of(now)]
    if now.valid_until:
        lines.append(_("Until %(day)s.", day=words.date(now.valid_until)))
    return lines or [_("No programme; what is known of limits and precautions holds.")]


def _trust(gists: Sequence[Gist]) -> list[str]:
    heads = sorted({gist.headset for gist in gists})
    lines = [_("Measured with: %(headsets)s.", headsets=", ".join(map(translated, heads)))] if heads else []
    lines.append(
        _(
            "Values are with their 95 %% intervals. A change is told from %(least)s sessions on, and called larger "
            "than the noise when it is more than 1.96 · √2 times the error of one of this patient's sessions, for "
            "angles of joints at least 7°.",
            least=LEAST_VISITS,
        )
    )
    if any(gist.aims.keys() & LEANS.keys() for gist in gists):
        lines.append(_("Leans are angles of the head above the feet; feet are not seen."))
    lines.append(_("Not a medical device: numbers support a clinician's judgement and do not replace it."))
    return lines
