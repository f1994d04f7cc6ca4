"""Why somebody needs a look today: what was felt or barred first, then what changed, and what is due."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import takewhile
from typing import NamedTuple

from engine.adaptation import Adaptation
from engine.answers import DIZZY_HOLD
from engine.prescription import paused
from engine.programme import new_goal_week
from server_sync.clinic.glance import Played, Trend
from server_sync.clinic.news import NEAR_FALL, UNKNOWN
from server_sync.page import words
from server_sync.page.fortnight import FORTNIGHT, FREE, MISSED, fortnight
from server_sync.page.known import Known, Link, address_of
from server_sync.page.language import _, dated, ngettext
from server_sync.page.sheet import precaution_words
from server_sync.page.thread import alert_words

BAR, WARN = "bar", "warn"
WEEK = 7
MISSED_OF_LAST, MISSED_ENOUGH = 5, 3
PRECAUTION_DAYS = 2
LONGEST_QUOTE = 70
_A = Adaptation()
_MISSED = {"missed": MISSED_ENOUGH, "planned": MISSED_OF_LAST}
_DAY = "EEE"
_UNTOLD = NEAR_FALL, UNKNOWN
_EASTWARD = timedelta(days=1)  # where somebody lives east of the clinic, it may be tomorrow


class Reason(NamedTuple):
    """Why somebody needs a look: what is said first, the rest of it, where it is seen, and what to do about it.

    `kind` is BAR for what was felt or barred, WARN for the rest.
    """

    kind: str
    icon: str
    lead: str
    rest: str
    see: Link | None
    act: Link


def reasons_of(known: Known, today: date) -> Iterator[Reason]:
    """Why somebody needs a look today, most pressing first."""
    for find in (
        _pain,
        _dizziness,
        _unseen,
        _barred,
        _stopped_early,
        _dropped,
        _letter,
        _precaution,
        _missed,
        _goal,
        _ended,
    ):
        reason = find(known, today)
        if reason is not None:
            yield reason


def what_counts() -> tuple[str, ...]:
    """The rules by which somebody needs a look, in the order of `reasons_of`."""
    return (
        _("Pain of %(least)s or more of 10, told in the last week.", least=f"{_A.pain_hold_nrs:g}"),
        _("Dizziness of %(least)s or more of 10, told in the last week.", least=f"{DIZZY_HOLD:g}"),
        _("A near fall, or pain or dizziness that came more than a week late, until somebody has read of it."),
        _("Something that a precaution kept from being played."),
        _("Two sessions in a row that ended early."),
        _("A limit that fell in four weeks by more than the noise of this patient's own sessions."),
        _("A message that nobody has read."),
        ngettext(
            "A precaution that ends within %(num)s day, or has ended.",
            "A precaution that ends within %(num)s days, or has ended.",
            PRECAUTION_DAYS,
        ),
        _("%(missed)s or more of the last %(planned)s planned days without a session.", **_MISSED),
        _("A new goal that the programme asks for by the next week."),
        _("A plan that has ended."),
    )


def size_words(trend: Trend, value: float) -> str:
    """A change or a noise of a trend, without its sign."""
    return words.stepped(abs(value), trend.unit, trend.step)


def _pain(known: Known, today: date) -> Reason | None:
    worst = _worst(known, today, "pain", _A.pain_hold_nrs)
    if worst is None:
        return None
    usual = sorted(each.pain for each in known.glance.played if each.pain is not None and each is not worst)
    rest = [_("The session ended there.")] if worst.ended_early else []
    if usual:
        low, high = usual[len(usual) // 10], usual[-1 - len(usual) // 10]
        rest.append(_("Usually %(range)s.", range=f"{low:g}" if low == high else f"{low:g}–{high:g}"))
    lead = _("Pain %(pain)s of 10 on %(day)s.", pain=f"{worst.pain:g}", day=_on(worst.day, today))
    return Reason(BAR, "pain", lead, " ".join(rest), _session(worst), _answer(known))


def _dizziness(known: Known, today: date) -> Reason | None:
    worst = _worst(known, today, "dizziness", DIZZY_HOLD)
    if worst is None:
        return None
    lead = _("Dizzy, %(dizziness)s of 10, on %(day)s.", dizziness=f"{worst.dizziness:g}", day=_on(worst.day, today))
    rest = _("The session ended there.") if worst.ended_early else ""
    return Reason(BAR, "face", lead, rest, _session(worst), _answer(known))


def _unseen(known: Known, today: date) -> Reason | None:
    """Near falls that nobody has seen, and what is not of the week in which it would be told."""
    for brought in reversed(known.alerts):
        day = brought.at.date()
        of_week = _is_of_week(day, today)
        told = [alert_words(alert) for alert in brought.news.alerts if not of_week or alert.kind in _UNTOLD]
        if told:
            lead = _("%(alerts)s on %(day)s.", alerts=" · ".join(told), day=_on(day, today))
            see = Link(_("See session"), f"/sessions/{brought.session_id}")
            return Reason(BAR, "mind", lead, _("Nobody has read of it yet."), see, _answer(known))
    return None


def _worst(known: Known, today: date, kind: str, least: float) -> Played | None:
    """The session of the last week in which somebody told most of something, from a bound on; the latest of several."""
    told = [(getattr(each, kind), each.started_at, each) for each in _of_week(known, today)]
    much = [(value, at, each) for value, at, each in told if value is not None and value >= least]
    return max(much, key=lambda found: found[:2])[2] if much else None


def _barred(known: Known, today: date) -> Reason | None:
    last = known.glance.last()
    if not known.glance.barred or last is None or not _is_of_week(last.day, today):
        return None
    lead = _("Barred by a precaution on %(day)s:", day=_on(last.day, today))
    return Reason(BAR, "bar", lead, known.glance.barred[0], _session(last), _plan(known, _("Plan")))


def _stopped_early(known: Known, today: date) -> Reason | None:
    lately = known.glance.played[-2:]
    if len(lately) < 2 or not all(each.ended_early for each in lately) or not _is_of_week(lately[-1].day, today):
        return None
    days = ", ".join(dated(each.day, _DAY) for each in lately)
    tired = max((each.fatigue for each in lately if each.fatigue is not None), default=0.0)
    rest = _("twice in a row (%(days)s).", days=days)
    lead = _("Tired, stopped early") if tired >= _A.fatigue_rest_omni else _("Stopped early")
    return Reason(WARN, "face", lead, rest, _session(lately[-1]), Link(_("Tune"), f"{address_of(known)}/tune"))


def _dropped(known: Known, today: date) -> Reason | None:
    last = known.glance.last()
    if not known.glance.dropped or last is None or today - last.day > timedelta(days=FORTNIGHT):
        return None
    drop = max(known.glance.dropped, key=lambda each: abs(each.change) / (each.noise or abs(each.change) or 1.0))
    blanks = {"movement": words.movement(drop.movement), "change": size_words(drop, drop.change)}
    lead = _("%(movement)s fell %(change)s", **blanks)
    rest = _("in four weeks; the noise is %(noise)s.", noise=size_words(drop, drop.noise or 0.0))
    see = Link(_("See measure"), f"{address_of(known)}?of={drop.movement}#course")
    return Reason(WARN, "falls", lead, rest, see, Link(_("Tune"), f"{address_of(known)}/tune?movement={drop.movement}"))


def _letter(known: Known, today: date) -> Reason | None:
    if known.letter is None:
        return None
    said = " ".join(known.letter.text.split())
    quote = said if len(said) <= LONGEST_QUOTE else f"{said[: LONGEST_QUOTE - 1].rstrip()}…"
    lead = _("Wrote on %(day)s:", day=_on(known.letter.at.date(), today))
    return Reason(WARN, "letter", lead, _("“%(text)s”", text=quote), None, _answer(known))


def _precaution(known: Known, today: date) -> Reason | None:
    ordered = known.glance.ordered
    until = [(each.until, each) for each in (ordered.plan.precautions if ordered else ()) if each.until]
    if not until:
        return None
    day, precaution = min(until, key=lambda each: each[0])
    left = (date.fromisoformat(day) - today).days
    if left > PRECAUTION_DAYS:
        return None
    said = _("A precaution ended on %(day)s:", day=words.date(day))
    if left >= 0:
        said = [_("A precaution ends today:"), _("A precaution ends tomorrow:")][left] if left < 2 else said
        said = said if left < 2 else _("A precaution ends on %(day)s:", day=words.date(day))
    rest = _("%(precaution)s. Nothing gets looser until you decide.", precaution=precaution_words(precaution))
    return Reason(WARN, "bar", said, rest, None, _plan(known, _("Renew or lift")))


def _missed(known: Known, today: date) -> Reason | None:
    planned = [state for day, state in fortnight(known, today) if state != FREE and day < today][-MISSED_OF_LAST:]
    missed = planned.count(MISSED)
    if missed < MISSED_ENOUGH:
        return None
    lead = _("Missed %(missed)s of the last %(planned)s planned days", missed=missed, planned=len(planned))
    return Reason(WARN, "missed", lead, "", Link(_("See days"), address_of(known)), _answer(known, _("Write")))


def _goal(known: Known, today: date) -> Reason | None:
    """A new goal in time for the weeks in which people lose heart."""
    plan = known.glance.ordered.plan if known.glance.ordered else None
    week = new_goal_week(plan.goal_weeks or (), plan.starts_on, today) if plan and not paused(plan, today) else None
    if week is None:
        return None
    lead = _("A new goal is due for week %(week)s.", week=week)
    return Reason(WARN, "plan", lead, _("Ask what they want to do next."), None, _plan(known, _("Plan")))


def _ended(known: Known, today: date) -> Reason | None:
    ordered = known.glance.ordered
    if ordered is None or not ordered.plan.valid_until or ordered.plan.valid_until >= today.isoformat():
        return None
    lead = _("The plan ended on %(day)s:", day=words.date(ordered.plan.valid_until))
    return Reason(WARN, "plan", lead, _("its bounds hold, and nothing gets harder."), None, _plan(known, _("Plan")))


def _of_week(known: Known, today: date) -> Iterator[Played]:
    """The sessions of the last week, the latest first."""
    lately = takewhile(lambda each: each.day >= today - timedelta(days=WEEK), reversed(known.glance.played))
    return (each for each in lately if each.day <= today + _EASTWARD)


def _is_of_week(day: date, today: date) -> bool:
    return today - timedelta(days=WEEK) <= day <= today + _EASTWARD


def _on(day: date, today: date) -> str:
    """The name of a day, with its date where that is not of the last week."""
    return dated(day, "EEEE" if -_EASTWARD <= today - day < timedelta(days=WEEK) else "EEEE d MMM")


def _session(played: Played) -> Link:
    return Link(_("See session"), f"/sessions/{played.session_id}")


def _answer(known: Known, title: str = "") -> Link:
    return Link(title or _("Answer"), f"{address_of(known)}/messages")


def _plan(known: Known, title: str) -> Link:
    return Link(title, f"{address_of(known)}/plan")
