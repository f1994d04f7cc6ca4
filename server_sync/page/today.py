"""What a therapist looks at first: which patients need it, and why; everybody else as a list."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

from markupsafe import Markup, escape

from engine.adaptation import Adaptation
from engine.answers import DIZZY_HOLD
from engine.prescription import hands_on_of, planned_on
from engine.programme import CLINIC, HOME
from server_sync.clinic.glance import Glance, Played, Trend
from server_sync.clinic.letters import Letter
from server_sync.clinic.patients import Person
from server_sync.page import words
from server_sync.page.language import _, dated, ngettext
from server_sync.page.sheet import precaution_words

BAR, WARN = "bar", "warn"
PLAYED, PART, MISSED, FREE = "played", "part", "missed", "free"
FORTNIGHT, WEEK, SHOWN = 14, 7, 2
MOST_ROWS, MOST_LINES = 40, 100
"""How many patients are shown at once: who needs a look, and everybody else."""
MISSED_OF_LAST, MISSED_ENOUGH = 5, 3
PRECAUTION_DAYS = 2
LONGEST_QUOTE = 70
_A = Adaptation()
_MISSED = {"missed": MISSED_ENOUGH, "planned": MISSED_OF_LAST}
_DAY = "EEE"


class Link(NamedTuple):
    """Words that lead somewhere."""

    title: str
    address: str


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


class Known(NamedTuple):
    """All that is known of one patient when the day begins. `seen_at` is when their own device was last heard of."""

    patient_id: str
    person: Person
    glance: Glance
    letter: Letter | None
    seen_at: datetime | None


class Row(NamedTuple):
    """A patient who needs a look: the first reasons, how many more there are, and how pressing the first one is."""

    patient_id: str
    name: str
    about: str
    kind: str
    reasons: tuple[Reason, ...]
    more: int


class Line(NamedTuple):
    """A patient of the list below: their last days, the minutes of a week, pain, and what the main measure says."""

    patient_id: str
    name: str
    about: str
    when: str
    days: Markup
    minutes: str
    pain: str
    verdict: str
    change: str


class Board(NamedTuple):
    """Who needs a look, and everybody else: what is shown, and how many there are of each in all.

    `first` is the number of the first of `rows`, from 0.
    """

    rows: tuple[Row, ...]
    lines: tuple[Line, ...]
    looks: int
    others: int
    first: int

    @property
    def after(self) -> int:
        """The number of the first row that comes after those that are shown; 0 where none does."""
        return self.first + MOST_ROWS if self.first + MOST_ROWS < self.looks else 0


def board(everybody: Sequence[Known], today: date, first: int = 0) -> Board:
    """Who needs a look, most pressing first, from `first` on, a number from 0."""
    found = [(known, tuple(reasons_of(known, today))) for known in everybody]
    looks = sorted(filter(itemgetter(1), found), key=_urgency)
    others = sorted((known for known, reasons in found if not reasons), key=lambda known: _order(known, today))
    first = first if 0 < first < len(looks) else 0
    return Board(
        rows=tuple(_row(known, reasons, today) for known, reasons in looks[first : first + MOST_ROWS]),
        lines=tuple(_line(known, today) for known in others[:MOST_LINES]),
        looks=len(looks),
        others=len(others),
        first=first,
    )


def reasons_of(known: Known, today: date) -> Iterator[Reason]:
    """Why somebody needs a look today, most pressing first."""
    for find in (_pain, _dizziness, _barred, _stopped_early, _dropped, _letter, _precaution, _missed, _ended):
        reason = find(known, today)
        if reason is not None:
            yield reason


def what_counts() -> tuple[str, ...]:
    """The rules by which somebody needs a look, in the order of `reasons_of`."""
    return (
        _("Pain of %(least)s or more of 10, told in the last week.", least=f"{_A.pain_hold_nrs:g}"),
        _("Dizziness of %(least)s or more of 10, told in the last week.", least=f"{DIZZY_HOLD:g}"),
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
        _("A plan that has ended."),
    )


def name_of(known: Known) -> str:
    """What the clinic calls somebody."""
    return known.person.name or known.person.pseudonym


def address_of(known: Known) -> str:
    """Where somebody's pages are."""
    return f"/patients/{known.patient_id}"


def about(known: Known, today: date) -> str:
    """Age, condition, and where they are seen today."""
    age = words.age(known.person.born, today)
    place = place_words(known, today)
    return " · ".join(filter(None, (age, known.person.condition or known.person.about, place)))


def place_of(known: Known, today: date) -> str:
    """Where somebody practises today, CLINIC or HOME; "" for nowhere."""
    ordered = known.glance.ordered
    practices = (*planned_on(ordered.plan, today), *hands_on_of(ordered.plan, today)) if ordered else ()
    if any(each.at_clinic for each in practices):
        return CLINIC
    return HOME if practices else ""


def place_words(known: Known, today: date) -> str:
    """The same in words, with the time at the clinic."""
    place, ordered = place_of(known, today), known.glance.ordered
    if place != CLINIC or ordered is None:
        return _("home") if place else ""
    practices = (*planned_on(ordered.plan, today), *hands_on_of(ordered.plan, today))
    at = min((each.at for each in practices if each.at_clinic and each.at), default="")
    return _("here at %(time)s", time=at) if at else _("here today")


def fortnight(known: Known, today: date) -> tuple[tuple[date, str], ...]:
    """The last 14 days up to today: played, in part, missed, or nothing was planned."""
    lived = dict[date, list[Played]]()
    for each in known.glance.played:
        lived.setdefault(each.day, []).append(each)
    days = [today - timedelta(days=back) for back in reversed(range(FORTNIGHT))]
    return tuple((day, _state(known, lived, day, today)) for day in days)


def strip(days: Sequence[tuple[date, str]]) -> Markup:
    """The days as a small drawing, told in words."""
    planned = sum(state != FREE for _day, state in days)
    played = sum(state in (PLAYED, PART) for _day, state in days)
    said = ngettext("%(played)s of %(num)s planned day", "%(played)s of %(num)s planned days", planned, played=played)
    marks = "".join(_mark(number, state) for number, (_day, state) in enumerate(days))
    return Markup(  # noqa: S704 - words are escaped
        f'<svg class="fortnight" viewBox="0 0 154 14" role="img" aria-label="{escape(said)}">'
        f"<title>{escape(said)}</title>{marks}</svg>"
    )


def trend_words(trend: Trend | None) -> tuple[str, str]:
    """What the main measure says: the kind of its chip, and words."""
    if trend is None:
        return "", ""
    if trend.larger is None:
        return "noise", _("too few sessions to say")
    if not trend.larger:
        return "noise", _("no change we can see")
    blanks = {"movement": words.movement(trend.movement), "change": _size(trend, trend.change)}
    said = _("%(movement)s up %(change)s, larger than the noise", **blanks)
    if trend.change < 0:
        said = _("%(movement)s down %(change)s, larger than the noise", **blanks)
    return ("warn" if trend.worse else "real"), said


def _urgency(looked: tuple[Known, Sequence[Reason]]) -> tuple[bool, int, str]:
    known, reasons = looked
    return reasons[0].kind != BAR, -len(reasons), name_of(known).casefold()


def _order(known: Known, today: date) -> tuple[bool, str, str]:
    when = place_words(known, today)
    return not when, when, name_of(known).casefold()


def _row(known: Known, reasons: Sequence[Reason], today: date) -> Row:
    shown = tuple(reasons[:SHOWN])
    return Row(known.patient_id, name_of(known), about(known, today), reasons[0].kind, shown, len(reasons) - len(shown))


def _line(known: Known, today: date) -> Line:
    glance = known.glance
    last = next((each for each in reversed(glance.played) if each.pain is not None), None)
    verdict, change = trend_words(glance.main)
    age = words.age(known.person.born, today)
    condition = known.person.condition or known.person.about
    return Line(
        patient_id=known.patient_id,
        name=name_of(known),
        about=" · ".join(filter(None, (age, condition))),
        when=place_words(known, today),
        days=strip(fortnight(known, today)),
        minutes=_("%(minutes)s min", minutes=round(glance.minutes(today))) if glance.sessions else "",
        pain=f"{last.pain:g}" if last and last.pain is not None else "–",
        verdict=verdict,
        change=change,
    )


def _pain(known: Known, today: date) -> Reason | None:
    worst = _worst(known, today, "pain", _A.pain_hold_nrs)
    if worst is None:
        return None
    usual = sorted(each.pain for each in known.glance.played if each.pain is not None and each is not worst)
    rest = [_("The session ended there.")] if worst.ended_early else []
    if usual:
        low, high = usual[len(usual) // 10], usual[-1 - len(usual) // 10]
        rest.append(_("Usually %(range)s.", range=f"{low:g}" if low == high else f"{low:g}–{high:g}"))
    lead = _("Pain %(pain)s of 10 on %(day)s.", pain=f"{worst.pain:g}", day=_weekday(worst))
    return Reason(BAR, "pain", lead, " ".join(rest), _session(worst), _answer(known))


def _dizziness(known: Known, today: date) -> Reason | None:
    worst = _worst(known, today, "dizziness", DIZZY_HOLD)
    if worst is None:
        return None
    lead = _("Dizzy, %(dizziness)s of 10, on %(day)s.", dizziness=f"{worst.dizziness:g}", day=_weekday(worst))
    rest = _("The session ended there.") if worst.ended_early else ""
    return Reason(BAR, "face", lead, rest, _session(worst), _answer(known))


def _worst(known: Known, today: date, kind: str, least: float) -> Played | None:
    """The session of the last week in which somebody told most of something, from a bound on; the latest of several."""
    told = [(getattr(each, kind), each.started_at, each) for each in known.glance.played if _is_of_week(each, today)]
    much = [(value, at, each) for value, at, each in told if value is not None and value >= least]
    return max(much, key=lambda found: found[:2])[2] if much else None


def _barred(known: Known, today: date) -> Reason | None:
    last = known.glance.last()
    if not known.glance.barred or last is None or not _is_of_week(last, today):
        return None
    lead = _("Barred by a precaution on %(day)s:", day=_weekday(last))
    return Reason(BAR, "bar", lead, known.glance.barred[0], _session(last), _plan(known, _("Plan")))


def _stopped_early(known: Known, today: date) -> Reason | None:
    lately = known.glance.played[-2:]
    if len(lately) < 2 or not all(each.ended_early for each in lately) or not _is_of_week(lately[-1], today):
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
    blanks = {"movement": words.movement(drop.movement), "change": _size(drop, drop.change)}
    lead = _("%(movement)s fell %(change)s", **blanks)
    rest = _("in four weeks; the noise is %(noise)s.", noise=_size(drop, drop.noise or 0.0))
    see = Link(_("See measure"), f"{address_of(known)}?of={drop.movement}#course")
    return Reason(WARN, "falls", lead, rest, see, Link(_("Tune"), f"{address_of(known)}/tune?movement={drop.movement}"))


def _letter(known: Known, today: date) -> Reason | None:  # noqa: ARG001 - as all of them
    if known.letter is None:
        return None
    said = " ".join(known.letter.text.split())
    quote = said if len(said) <= LONGEST_QUOTE else f"{said[: LONGEST_QUOTE - 1].rstrip()}…"
    lead = _("Wrote on %(day)s:", day=dated(known.letter.at, "EEEE"))
    return Reason(WARN, "letter", lead, f"“{quote}”", None, _answer(known))


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


def _ended(known: Known, today: date) -> Reason | None:
    ordered = known.glance.ordered
    if ordered is None or not ordered.plan.valid_until or ordered.plan.valid_until >= today.isoformat():
        return None
    lead = _("The plan ended on %(day)s:", day=words.date(ordered.plan.valid_until))
    return Reason(WARN, "plan", lead, _("its bounds hold, and nothing gets harder."), None, _plan(known, _("Plan")))


def _state(known: Known, lived: Mapping[date, Sequence[Played]], day: date, today: date) -> str:
    """What a day was; `lived` are the sessions by their days, the earliest first."""
    played = [each for each in lived.get(day, ()) if each.trials]
    if played:
        return PART if all(each.ended_early for each in played) else PLAYED
    ordered = known.glance.ordered
    silent = known.seen_at is not None and known.seen_at.date() < day
    begun = next(iter(lived), today) <= day < today
    planned = begun and not silent and ordered is not None and bool(planned_on(ordered.plan, day))
    return MISSED if planned else FREE


def _mark(number: int, state: str) -> str:
    x = 11 * number + 1
    shapes: Mapping[str, Callable[[], str]] = {
        PLAYED: lambda: f'<rect class="{PLAYED}" x="{x}" y="1" width="8" height="12" rx="2"/>',
        PART: lambda: (
            f'<rect class="{PART}" x="{x}.75" y="1.75" width="6.5" height="10.5" rx="2"/>'
            f'<rect class="{PLAYED}" x="{x}" y="7" width="8" height="6" rx="2"/>'
        ),
        MISSED: lambda: f'<rect class="{MISSED}" x="{x}.75" y="1.75" width="6.5" height="10.5" rx="2"/>',
        FREE: lambda: f'<circle class="{FREE}" cx="{x + 4}" cy="11" r="1.2"/>',
    }
    return shapes[state]()


def _is_of_week(played: Played, today: date) -> bool:
    return today - timedelta(days=WEEK) <= played.day <= today


def _weekday(played: Played) -> str:
    return dated(played.day, "EEEE")


def _size(trend: Trend, value: float) -> str:
    return words.stepped(abs(value), trend.unit, trend.step)


def _session(played: Played) -> Link:
    return Link(_("See session"), f"/sessions/{played.session_id}")


def _answer(known: Known, title: str = "") -> Link:
    return Link(title or _("Answer"), f"{address_of(known)}/messages")


def _plan(known: Known, title: str) -> Link:
    return Link(title, f"{address_of(known)}/plan")
