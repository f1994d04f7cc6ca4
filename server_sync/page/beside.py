"""The page beside a patient, read at arm's length: one movement, how far it goes, and what four buttons would do."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import NamedTuple

from markupsafe import Markup
from msgspec.structs import replace

from engine.movements import LEANS, MOVEMENTS
from engine.parameters import ParameterError
from engine.prescription import DAYS_AHEAD, Draft, held_on, paused, planned_on
from engine.previewed import Preview
from engine.programme import Pause
from engine.records import Limit, Session, TrialRecord
from engine.task import tried
from server_sync.clinic.previewing import NotPreviewed
from server_sync.clinic.stopping import stops
from server_sync.page import words
from server_sync.page.arc import Bounded, Dots, arc
from server_sync.page.asking import course_of, usual
from server_sync.page.language import _, dated, ngettext
from server_sync.page.skeleton import Aim
from server_sync.page.standing import can_stand, standing
from server_sync.page.steps import Step, step
from server_sync.page.translated import translated
from server_sync.page.tune_form import resolved
from server_sync.page.tune_sheet import Ask, Case
from server_sync.page.tune_words import chips_of
from server_sync.page.weeks import minutes_of

EASIER, HARDER, REST, STOP, LIFT, UNDO = "easier", "harder", "rest", "stop", "lift", "undo"
MOST_DOTS = 40


class Choice(NamedTuple):
    """Something to look at: a movement, in the words of the game that asks it, and whether it is chosen."""

    movement: str
    title: str
    chosen: bool


class Last(NamedTuple):
    """How a movement went in the last session: its day, and of each target whether it was reached."""

    day: str
    reached: tuple[bool, ...]


class Beside(NamedTuple):
    """All of the page; "" or None where nothing is known, and `not_asked` says why nothing is known of what is next."""

    if_match: str
    choices: tuple[Choice, ...]
    title: str
    limit: Limit | None
    next: str
    ceiling: str
    figure: Markup
    last: Last | None
    easier: Step
    harder: Step
    paused: str
    stopped: str
    not_asked: str
    chips: tuple[tuple[str, str, str], ...]


def beside(case: Case, chosen: str, ask: Ask) -> Beside:
    """Put the page together; `chosen` is the movement to look at, "" for the first that is asked."""
    saved, today = case.saved, case.today
    found, not_asked = _asked(ask, saved)
    choices = _choices(found, case.done, chosen)
    movement = next((each.movement for each in choices if each.chosen), "")
    course = course_of(found.new, movement) if found else None
    limits = _limits(case.done)
    limit = course.limit if course else limits.get(movement)
    barred = min((each.at_most for each in saved.precautions if each.movement == movement), default=None)
    ceiling = _ceilings(saved, today).get(movement)
    pause, over = paused(saved, today), stops(saved.precautions)
    stopped = dict.fromkeys(_("%(by)s: %(reason)s", by=held.by, reason=held.reason) for held in over)
    return Beside(
        if_match=case.if_match,
        choices=choices,
        title=next((each.title for each in choices if each.chosen), ""),
        limit=limit,
        next=words.quantity(usual(course), course.unit) if course else "",
        ceiling="" if ceiling is None else words.quantity(ceiling, "deg"),
        figure=_figure(movement, case, limit, usual(course) if course else None, ceiling, barred),
        last=_last(case.done, movement),
        easier=step(saved, today, course, harder=False),
        harder=step(saved, today, course, harder=True),
        paused=_paused(pause) if pause else "",
        stopped="; ".join(stopped),
        not_asked=not_asked,
        chips=tuple(_chips(saved, case.done, today)),
    )


def rested(saved: Draft, today: date) -> Draft:
    """Nothing is due any more today."""
    if paused(saved, today):
        return saved
    pause = Pause(since=today.isoformat(), until=today.isoformat(), reason=_("Rest, beside the patient"))
    return replace(saved, pauses=(*(saved.pauses or ()), pause))


def lifted(saved: Draft) -> Draft:
    """The same without what stops all play."""
    over = stops(saved.precautions)
    return replace(saved, precautions=tuple(held for held in saved.precautions if held not in over))


def undone(now: Draft, before: Draft) -> Draft:
    """What the buttons can change as it was before; all else stays."""
    return replace(
        now,
        preset=before.preset,
        plan=before.plan,
        for_a_day=before.for_a_day,
        precautions=before.precautions,
        pauses=before.pauses,
    )


def _asked(ask: Ask, saved: Draft) -> tuple[Preview | None, str]:
    try:
        return ask(saved, None), ""
    except NotPreviewed as reason:
        return None, words.sentence(translated(str(reason)))


def _choices(found: Preview | None, done: Session | None, chosen: str) -> tuple[Choice, ...]:
    """What the next session asks, else what the last one asked; of several leans one stands for all."""
    named = [course.movement for course in found.new.movements] if found else []
    named = named or list(dict.fromkeys(trial.request.movement for _game, trial in _trials(done) if trial.request))
    first_lean = next((name for name in named if name in LEANS), "")
    kept = [name for name in named if (name not in LEANS or name == first_lean) and MOVEMENTS[name].unit]
    wanted = chosen if chosen in kept else (kept[0] if kept else "")
    return tuple(Choice(name, _title(name, done), name == wanted) for name in kept)


def _title(movement: str, done: Session | None) -> str:
    """The game that asked a movement last, and of which limb or which movement; else the movement."""
    game = next((game for game, trial in _trials(done) if trial.request and trial.request.movement == movement), "")
    if not game or movement in LEANS:
        return translated(game) if game else words.movement(movement)
    part = MOVEMENTS[movement].part
    said = part if part.startswith(("left", "right")) else MOVEMENTS[movement].title
    return _("%(game)s, %(part)s", game=translated(game), part=translated(said))


def _trials(done: Session | None) -> list[tuple[str, TrialRecord]]:
    return [(block.title, trial) for block in done.blocks for trial in block.trials] if done else []


def _limits(done: Session | None) -> dict[str, Limit]:
    return dict(done.calibration.limits) if done and done.calibration else {}


def _ceilings(saved: Draft, today: date) -> Mapping[str, float]:
    """The ceilings of a day; none where this software does not know all of what is prescribed."""
    with suppress(ParameterError):
        return resolved(*held_on(saved, today)).ceilings
    return {}


def _last(done: Session | None, movement: str) -> Last | None:
    wanted = tuple(LEANS) if movement in LEANS else (movement,)
    counted = tried(trial for _game, trial in _trials(done))
    found = [trial for trial in counted if trial.request and trial.request.movement in wanted]
    if done is None or not found:
        return None
    reached = tuple(trial.outcome == "reached" for trial in found[-MOST_DOTS:])
    return Last(_day(done), reached)


def _day(done: Session) -> str:
    return dated(datetime.fromisoformat(done.started_at), "d MMM")


def _figure(
    movement: str,
    case: Case,
    limit: Limit | None,
    asked: float | None,
    ceiling: float | None,
    barred: float | None,
) -> Markup:
    if not movement or limit is None:
        return Markup("")
    if not can_stand(movement):
        return arc(movement, limit, Bounded(None, ceiling, None, barred), Dots((), (), asked), still=True)
    side = "left" if movement.endswith("left") else "right"
    aim = Aim(side, None, None) if movement in LEANS else Aim(side, asked, ceiling, barred)
    known = case.done.calibration if case.done else None
    seated = case.done is not None and case.done.posture == "seated"
    return standing(movement, limit.value, aim, known, seated)


def _paused(pause: Pause) -> str:
    if pause.until:
        return _("The plan pauses until %(day)s: %(reason)s", day=words.date(pause.until), reason=pause.reason)
    return _("The plan pauses: %(reason)s", reason=pause.reason)


def _chips(saved: Draft, done: Session | None, today: date) -> list[tuple[str, str, str]]:
    """What stands beside the name: kind, icon and words of precautions, of the practice planned next, of pain."""
    over = stops(saved.precautions)
    found = [("bar", "bar", said) for _kind, said in chips_of([h for h in saved.precautions if h not in over])]
    if next_up := _next_up(saved, today):
        found.append(("", "clock", next_up))
    pains = [answer.value for answer in done.told if answer.kind == "pain"] if done else []
    if done and pains:
        said = {"most": f"{max(pains):g}", "day": _day(done)}
        found.append(("", "pain", _("pain %(most)s on %(day)s", **said)))
    return found


def _next_up(saved: Draft, today: date) -> str:
    """When practice is planned next, and for how long."""
    for ahead in range(DAYS_AHEAD):
        day = today + timedelta(days=ahead)
        if practices := planned_on(saved, day):
            minutes = minutes_of(practices)
            when = _("today") if day == today else dated(day, "EEE d MMM")
            if not minutes:
                return when
            return ngettext("%(num)s min %(when)s", "%(num)s min %(when)s", round(minutes), when=when)
    return ""
