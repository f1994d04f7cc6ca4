"""What a clinic prescribes for one patient, in versions that never change: only the next one follows.

A version is known by the SHA-256 of its JSON as devices get it, which is also its ETag. Loading checks all of it, so
that what cannot be played is found where it is written, and never in a session.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from engine import presets
from engine.parameters import ParameterError
from engine.precautions import problems_of
from engine.programme import (
    Goal,
    HandsOn,
    Pause,
    Scheduled,
    Week,
    holds_on,
    is_day,
    pause_on,
    problems_of_goal,
    problems_of_pause,
    problems_of_weeks,
)
from engine.records import Precaution, Prescribed, Record, RecordUnreadable, from_json, to_json
from engine.task import Task

CURRENT, EXPIRED, OLDER, MISSING = "current", "expired", "older", "missing"
"""What a version is worth on a day. OLDER: it may not be the clinic's last word; MISSING: there is none to play by."""
PSEUDONYM = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9][a-z0-9._-]{0,63}", re.IGNORECASE)
NOTHING = "nothing"
MOST_MESSAGES = 100
LONGEST_MESSAGE, LONGEST_WHY = 240, 500
LONGEST_ANSWER, LONGEST_WORD, MOST_ANSWERS = 20, 11, 3
"""Characters of an answer that a message offers and of each word in it, so that it fits a card, and how many."""
MOST_TIMES_A_DAY, DAYS_AHEAD = 10, 366
"""How many visits of a programme there may be in a day, and how many days ahead the next one is looked for."""

_PLAIN = r"^[^\x00-\x1f\x7f]+\Z"
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_MESSAGE, pattern=_PLAIN)]
_FITS = rf"^(?!.*[^ ]{{{LONGEST_WORD + 1}}})"
_Answer = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_ANSWER, pattern=f"{_FITS}{_PLAIN[1:]}")]
_Answers = Annotated[tuple[_Answer, ...], msgspec.Meta(min_length=1, max_length=MOST_ANSWERS)]
_Author = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Practice(Scheduled, frozen=True, kw_only=True):
    """Games to play one after the other, and when."""

    games: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=20)]
    times_a_day: Annotated[int, msgspec.Meta(ge=1, le=MOST_TIMES_A_DAY)] = 1


class Moment(Record, frozen=True, kw_only=True):
    """A session of the patient, or a trial of one of its blocks (the number of the block, and the trial's own).

    `t_s` is a moment of the trial, in seconds from its start; where there is none it stays out of the file.
    """

    session: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    block: Annotated[int, msgspec.Meta(ge=0, le=9999)] | None = None
    trial: Annotated[int, msgspec.Meta(ge=1, le=9999)] | None = None
    t_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] | UnsetType = UNSET


class Message(Record, frozen=True, kw_only=True):
    """Something that the clinic tells a patient, shown once as it is; who saves it gives it `id`, `at` and `by`.

    `answers` are offered to choose from, `moment` is what it is about. Where there is none, both stay out of the file.
    """

    text: _Text
    id: str = ""
    at: str = ""
    by: str = ""
    answers: _Answers | UnsetType = UNSET
    moment: Moment | UnsetType = UNSET


class ForADay(Record, frozen=True, kw_only=True):
    """What is played by on one day alone (ISO date) in place of a version's own preset and plan."""

    day: str
    preset: str
    plan: Mapping[str, Mapping[str, Any]] = {}


class Draft(Record, frozen=True, kw_only=True):
    """What somebody writes: all of a prescription but whose it is and which version.

    `plan` has the tables of a preset file (`limits`, `adaptation`, `games`), holding only what differs from `preset`.
    `valid_until` is the last day (ISO date), "" for no end. `goal` is the patient's in one sentence, or `goals` are
    several. The programme starts on a day (ISO date) from whose week on its weeks are counted. `goal_weeks` are those
    for which a new goal is still to be agreed upon. What stands last stays out of the file where nobody says it.
    """

    valid_until: str = ""
    preset: str = "standard"
    plan: Mapping[str, Mapping[str, Any]] = {}
    precautions: tuple[Precaution, ...] = ()
    programme: tuple[Practice, ...] = ()
    messages: Annotated[tuple[Message, ...], msgspec.Meta(max_length=MOST_MESSAGES)] = ()
    goal: Annotated[str, msgspec.Meta(max_length=500)] = ""
    for_a_day: ForADay | UnsetType = UNSET
    goals: tuple[Goal, ...] | UnsetType = UNSET
    starts_on: str | UnsetType = UNSET
    pauses: tuple[Pause, ...] | UnsetType = UNSET
    hands_on: tuple[HandsOn, ...] | UnsetType = UNSET
    goal_weeks: tuple[Week, ...] | UnsetType = UNSET


class Sent(Draft, frozen=True, kw_only=True):
    """A draft as somebody sends it: often a version that they changed, whose own name then says nothing."""

    patient: str = ""
    version: int = 0
    author: str = ""
    written_at: str = ""
    why: str = ""


class Prescription(Draft, frozen=True, kw_only=True):
    """One version for one patient: `patient` is a pseudonym, `version` counts from 1, `written_at` is ISO 8601.

    `why` is its author's reason, which no device gets; it stays out of the file where they gave none.
    """

    patient: str
    version: Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
    author: _Author
    written_at: str
    why: Annotated[str, msgspec.Meta(max_length=LONGEST_WHY)] | UnsetType = UNSET


def content_of(prescription: Prescription) -> bytes:
    """A version as JSON, as it is kept and hashed for good: what is read of it gives the same bytes again."""
    # An int where a number is expected is read as a float, and written otherwise than before.
    return to_json(from_json(to_json(prescription), Prescription))


def without_reason(content: bytes, prescription: Prescription) -> bytes:
    """A version's JSON as devices get it: what its author told the clinic is not a patient's to find."""
    return content_of(msgspec.structs.replace(prescription, why=UNSET)) if prescription.why else content


def load(content: bytes, tasks: Mapping[str, type[Task]], name: str = "prescription") -> Prescription:
    """A version from its JSON; raises RecordUnreadable where it does not fit, or says what cannot be."""
    prescription = from_json(content, Prescription, name)
    if not PSEUDONYM.fullmatch(prescription.patient):
        raise RecordUnreadable(f"{name}: {prescription.patient!r} cannot be a pseudonym")
    check(prescription, tasks, name)
    return prescription


def draft_for(patient: str, sent: Sent | Prescription) -> Draft:
    """What was written for a patient; raises RecordUnreadable where it was for another."""
    if sent.patient not in ("", patient):
        raise RecordUnreadable(f"this is what is prescribed for {sent.patient!r}, and not for {patient!r}")
    return Draft(**{name: getattr(sent, name) for name in Draft.__struct_fields__})


def check(draft: Draft, tasks: Mapping[str, type[Task]], name: str = "prescription") -> None:
    """Raise RecordUnreadable for what cannot be prescribed, in words. `tasks` are all that can be played here."""
    for wrong in _problems_of(draft, tasks):
        raise RecordUnreadable(f"{name}: {wrong}")


def check_programme(draft: Draft, known: Collection[str]) -> None:
    """Raise RecordUnreadable for a programme of games none of which is known: nobody could play it."""
    named = tuple(dict.fromkeys(game for practice in draft.programme for game in practice.games))
    if named and not any(game in known for game in named):
        raise RecordUnreadable(f"programme: there is no game {', '.join(named)}; the games are {', '.join(known)}")


def unknown_games(draft: Draft, tasks: Collection[str]) -> tuple[str, ...]:
    """Games that are prescribed and that there are not, as with a server newer than a device; they are left out."""
    once = draft.for_a_day
    plans = (draft.plan,) if once is UNSET else (draft.plan, once.plan)
    tables = [game for plan in plans for game in plan.get("games", {})]
    named = [*tables, *(game for practice in draft.programme for game in practice.games)]
    return tuple(dict.fromkeys(game for game in named if game not in tasks))


def playable(plan: Mapping[str, Mapping[str, Any]], tasks: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """A plan without tables for games that there are not."""
    if "games" not in plan:
        return plan
    return {**plan, "games": {game: table for game, table in plan["games"].items() if game in tasks}}


def state_on(draft: Draft, day: date) -> str:
    """Whether a version still holds on a day: CURRENT or EXPIRED."""
    return EXPIRED if draft.valid_until and date.fromisoformat(draft.valid_until) < day else CURRENT


def held_back(used: Prescribed) -> str:
    """Why nothing gets harder in a session, in words; "" where the prescription is the one that holds."""
    until = "until the clinic sends a new one: its bounds hold, and nothing gets harder"
    if used.state == EXPIRED:
        return f"the prescription (version {used.version}) ended on {used.valid_until}; {until}"
    if used.state == OLDER:
        return f"version {used.version} of the prescription may not be the last that the clinic wrote; {until}"
    return ""


def held_on(draft: Draft, day: date) -> tuple[str, Mapping[str, Mapping[str, Any]]]:
    """The preset and the plan that a version is played by on a day."""
    once = draft.for_a_day
    if once is not UNSET and once.day == day.isoformat():
        return once.preset, once.plan
    return draft.preset, draft.plan


def goals_of(draft: Draft) -> tuple[Goal, ...]:
    """The patient's goals, however many there are."""
    if draft.goals is not UNSET:
        return draft.goals
    return (Goal(words=draft.goal),) if draft.goal else ()


def paused(draft: Draft, day: date) -> Pause | None:
    """The pause that a day lies in."""
    return pause_on(draft.pauses or (), day)


def planned_on(draft: Draft, day: date) -> tuple[Practice, ...]:
    """What is prescribed for a day, at home and at the clinic."""
    if paused(draft, day):
        return ()
    return tuple(practice for practice in draft.programme if holds_on(practice, draft.starts_on, day))


def planned_in_week(draft: Draft, day: date) -> tuple[Practice, ...]:
    """What is prescribed for a day or the six that follow, in the order of the programme."""
    found = [planned_on(draft, day + timedelta(days=ahead)) for ahead in range(7)]
    return tuple(practice for practice in draft.programme if any(practice in each for each in found))


def hands_on_of(draft: Draft, day: date) -> tuple[HandsOn, ...]:
    """The work of hands that is prescribed for a day."""
    if paused(draft, day):
        return ()
    return tuple(each for each in draft.hands_on or () if holds_on(each, draft.starts_on, day))


def due_on(draft: Draft, day: date, times: int = 0) -> tuple[Practice, ...]:
    """What is to be played at home on a day and was not yet, when `times` visits of that day are over."""
    return tuple(p for p in planned_on(draft, day) if not p.at_clinic and p.times_a_day > times)


def next_day(draft: Draft, after: date) -> date | None:
    """The next day with something to play at home, None where there is none in the programme."""
    days = (after + timedelta(days=ahead) for ahead in range(1, DAYS_AHEAD + 1))
    return next((day for day in days if due_on(draft, day)), None)


def difference(base: Draft | None, theirs: Draft | None, yours: Draft) -> tuple[str, ...]:
    """Where two people who changed the same version differ, value by value; None for nothing prescribed yet."""
    was, now, wish = (_flat(draft) if draft else {} for draft in (base, theirs, yours))
    lines = []
    for path in sorted({*was, *now, *wish}):
        before, other, mine = (of.get(path, NOTHING) for of in (was, now, wish))
        said = [f"is now {other}"] * (other != before) + [f"you wrote {mine}"] * (mine != before)
        if other != mine:
            lines.append(", ".join([f"{path}: was {before}", *said]))
    return tuple(lines)


def _problems_of(draft: Draft, tasks: Mapping[str, type[Task]]) -> Iterator[str]:
    if draft.valid_until and not is_day(draft.valid_until):
        yield f"valid_until = {draft.valid_until!r} is no day; write it as 2026-12-12"
    for precaution in draft.precautions:
        yield from problems_of(precaution, date.min)  # one that has expired still holds
    yield from problems_of_weeks((*draft.programme, *(draft.hands_on or ())), draft.starts_on)
    if draft.goal_weeks and draft.starts_on is UNSET:
        yield f"goal_weeks = {list(draft.goal_weeks)}: say on which day the programme starts (starts_on)"
    for pause in draft.pauses or ():
        yield from problems_of_pause(pause)
    for goal in draft.goals or ():
        yield from problems_of_goal(goal)
    if draft.goal and draft.goals:
        yield "goal and goals: say one or the other"
    ids = [message.id for message in draft.messages if message.id]
    if len(set(ids)) < len(ids):
        yield f"messages: the id {max(ids, key=ids.count)!r} is there twice"
    once = draft.for_a_day
    if once is not UNSET:
        if not is_day(once.day):
            yield f"for_a_day.day = {once.day!r} is no day; write it as 2026-12-12"
        yield from _problems_of_values(once.preset, once.plan, tasks)
    yield from _problems_of_values(draft.preset, draft.plan, tasks)


def _problems_of_values(
    preset: str, plan: Mapping[str, Mapping[str, Any]], tasks: Mapping[str, type[Task]]
) -> Iterator[str]:
    # Only what comes with the program: a path would be another file on every computer, or none.
    if preset not in presets.names():
        yield f"there is no preset {preset!r} to prescribe; the presets are {', '.join(presets.names())}"
        return
    try:
        presets.resolve(preset, tasks, plan, others=True)
    except ParameterError as reason:
        yield str(reason)


def _flat(draft: Draft) -> dict[str, str]:
    """Every value of a draft by its path, in words."""
    flat = {name: text for name in ("valid_until", "preset") if (text := str(getattr(draft, name)))}
    flat |= {"starts_on": draft.starts_on} if draft.starts_on else {}
    flat |= {"goal_weeks": ", ".join(map(str, draft.goal_weeks))} if draft.goal_weeks else {}
    for goal in goals_of(draft):
        needs = f" ({goal.movement} {goal.needs:g})" if goal.needs is not None else ""
        _add(flat, "goal", goal.words + needs)
    for pause in draft.pauses or ():
        _add(flat, "pause", f"from {pause.since} until {pause.until or 'somebody ends it'} ({pause.reason})")
    flat |= dict(_leaves("plan", draft.plan))
    if draft.for_a_day is not UNSET:
        flat[f"on {draft.for_a_day.day}.preset"] = draft.for_a_day.preset
        flat |= dict(_leaves(f"on {draft.for_a_day.day}.plan", draft.for_a_day.plan))
    flat |= {f"messages.{message.id or message.text}": message.text for message in draft.messages}
    for held in draft.precautions:
        bound = f"at most {held.at_most:g} {held.unit} until {held.until or 'lifted'} by {held.by} ({held.reason})"
        _add(flat, f"precautions.{held.movement}", bound)
    for practice in draft.programme:
        _add(flat, f"programme.{' '.join(practice.games)}", f"{practice.times_a_day} times {_when(practice)}")
    for work in draft.hands_on or ():
        _add(flat, f"hands_on.{work.technique}", _when(work))
    return flat


def _when(plan: Scheduled) -> str:
    """On which days, where and for how long."""
    long = f" for {plan.minutes:g} minutes" if plan.minutes else ""
    where = f" at the {plan.place}" if plan.place else ""
    at = f" at {plan.at}" if plan.at else ""
    weeks = f" in weeks {plan.weeks[0]} to {plan.weeks[1]}" if plan.weeks else ""
    return f"on {', '.join(plan.days) or 'every day'}{long}{where}{at}{weeks}"


def _add(flat: dict[str, str], path: str, text: str) -> None:
    flat[path] = f"{flat[path]}; {text}" if path in flat else text


def _leaves(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _leaves(f"{path}.{name}", inner)
    elif not isinstance(value, Mapping):
        yield path, str(value)
