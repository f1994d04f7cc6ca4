"""A visit by prescription: what a clinic gave, laid over what is known of a patient on their own computer.

What the clinic gave replaces what it gave before and never what was said on this computer: of both, the tighter holds.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple, TypeGuard, cast

from msgspec.structs import replace

import games
from calibration.checks import said_day
from engine import presets
from engine.commands import visits
from engine.commands.patients import times_on
from engine.movements import MOVEMENTS
from engine.parameters import ParameterError, describe
from engine.patient import PatientRecord
from engine.plan import PLAN_ENDED, START, WELCOME, AnyStep, Interlude, message, programme
from engine.precautions import problems_of
from engine.prescription import (
    CURRENT,
    EXPIRED,
    MISSING,
    OLDER,
    Message,
    Prescription,
    due_on,
    goals_of,
    hands_on_of,
    held_back,
    held_on,
    next_day,
    paused,
    planned_on,
    playable,
    state_on,
    unknown_games,
)
from engine.presets import Resolved
from engine.records import KnobState, Precaution, Prescribed, RecordUnreadable, Session
from engine.sealing import RecipientsUnreadable
from server_sync.client import status
from server_sync.client.day import day_by
from server_sync.client.home import NotEnrolled, device_of, home_of
from server_sync.client.prescriptions import Kept, Shelf
from server_sync.wire import Clock

MOST_MESSAGES = 3  # at once: what is too much is not read
MOST_BESIDE = 60  # characters beside four games, in the largest letters
TO_SYNC = (
    f"connect this computer once and run steadyreach sync; until then {visits.CALM} alone, to breathe, may be played"
)


class Prepared(NamedTuple):
    """A patient's record as it is played by, and what is prescribed of it by which clinic (the id of its key).

    `calm_only` says why nothing but calm breathing may be played, "" where all may.
    """

    record: PatientRecord
    prescription: Prescription | None = None
    used: Prescribed | None = None
    notes: tuple[str, ...] = ()
    calm_only: str = ""
    clinic: str = ""


class Today(NamedTuple):
    """Games to play, in order, and how many minutes of play at most (None: as the patient's age allows)."""

    games: tuple[str, ...]
    minutes: float | None = None


def prepared(own: PatientRecord, known: bool, sessions: Path, today: date) -> Prepared:
    """A patient's record with what is prescribed laid over it, on a computer whose sessions go to a folder.

    `known` says whether they have played here before. Without a clinic the record stays as it is. What was given before
    by a prescription holds until a later one replaces it.
    """
    home, tasks = home_of(sessions), visits.tasks()
    shelf = Shelf(home)
    if not shelf.enrolled:
        return Prepared(own)
    try:
        device, kept = device_of(home), shelf.newest(own.patient, tasks)
    except RecordUnreadable as reason:
        return _missing(own, f"{reason}: update this computer's software, or tell the clinic")
    except NotEnrolled as reason:
        return _missing(own, str(reason))
    if kept is not None:
        ready = laid_over(own, kept, today, status.read(home).clock, device.enrolled_at)
        return ready._replace(clinic=device.clinic_key)
    if known and not shelf.concerns(own.patient):
        return Prepared(own)
    with suppress(OSError, RecipientsUnreadable):  # what cannot be written here is said by whoever needs it
        shelf.expect(own.patient)
    return _missing(own, f"the prescription of {own.patient} is not on this computer, and precautions may be missing")


def laid_over(
    own: PatientRecord, kept: Kept, today: date, clock: Clock | None = None, enrolled_at: str = ""
) -> Prepared:
    """A record with a prescription laid over it: bounds hold whatever the day, and past its end nothing gets harder.

    `clock` is what is known of the clinic's. A clock here that was set back makes no prescription last longer.
    """
    prescription, tasks = kept.prescription, visits.tasks()
    day = day_by(clock, today, [prescription.written_at], [own.last_at, enrolled_at])
    state = OLDER if kept.later else state_on(prescription, day)
    used = Prescribed(own.patient, prescription.version, kept.sha256, prescription.valid_until, state)
    preset, plan = held_on(prescription, day)
    given = tuple(
        dict.fromkeys(
            (*prescription.precautions, *kept.also, *_ceilings(kept, day), *(own.given if kept.later else ()))
        )
    )
    record = replace(
        own,
        preset=preset,
        plan=playable(plan, tasks),
        precautions=(*_own_precautions(own), *given),
        given=given,
    )
    notes = [f"there is no game {name!r} here: left out" for name in unknown_games(prescription, tasks)]
    if used.state != CURRENT:
        record, notes = _held(record), [held_back(used), *notes]
    return Prepared(record, prescription, used, tuple(notes))


def refuse_looser(prepared: Prepared | None, preset: str, holds: Resolved) -> None:
    """Raise ParameterError where a visit asks for more than is prescribed: a computer may tighten, never loosen."""
    if prepared is None or prepared.prescription is None:
        return
    patient, theirs = prepared.record.patient, prepared.record.preset
    if preset and preset != theirs:
        raise ParameterError(f"the preset of {patient} is prescribed, {theirs}: leave --preset out, or prescribe anew")
    for change in presets.differences(visits.resolved(theirs, (), prepared.record), holds):
        if _looser(change):
            raise ParameterError(
                f"--set {change.key}: {change.old} is prescribed for {patient}, and {change.new} would ask for more or "
                "change how it follows: it can be prescribed anew at the clinic"
            )


def today_of(prepared: Prepared, today: date) -> Today:
    """What is prescribed for a day and was not played yet, tests too; no games where that is nothing."""
    if prepared.prescription is None:
        return Today(())
    practices = due_on(prepared.prescription, today, times_on(prepared.record, today))
    known = dict.fromkeys(name for each in practices for name in each.games if name in visits.tasks())
    minutes = [each.minutes for each in practices]
    return Today(tuple(known), None if None in minutes else sum(cast(list[float], minutes)))


def free(prepared: Prepared, today: date) -> str:
    """That nothing is to be played on a day, or can be, and what is next, in words."""
    prescription = cast(Prescription, prepared.prescription)
    if due := due_on(prescription, today, times_on(prepared.record, today)):
        named = ", ".join(dict.fromkeys(name for each in due for name in each.games))
        return f"today's practice of {prepared.record.patient} cannot be played: {named} is not here; ask the clinic"
    now = _now(prepared.record.patient, prescription, today)
    day = next_day(prescription, today)
    if day is None:
        return f"{now}, and nothing else is in the programme: name games to play"
    upcoming = ", ".join(dict.fromkeys(name for each in due_on(prescription, day) for name in each.games))
    when = "tomorrow" if day - today == timedelta(days=1) else f"on {said_day(day)}"
    return f"{now}; next {when}: {upcoming}"


def _now(patient: str, prescription: Prescription, today: date) -> str:
    """Why nothing is to be played at home now."""
    if due_on(prescription, today):
        return f"today's practice of {patient} is done"
    if pause := paused(prescription, today):
        until = f"until {said_day(date.fromisoformat(pause.until))}" if pause.until else "for now"
        return f"the programme of {patient} pauses {until} ({pause.reason})"
    visits_today = [each for each in planned_on(prescription, today) if each.at_clinic]
    times = sorted({each.at for each in visits_today if each.at})
    if visits_today:
        return f"today is a day at the clinic{f', at {times[0]}' if times else ''}"
    return "today is free"


def with_news(steps: Sequence[AnyStep], prepared: Prepared | None, today: date) -> tuple[AnyStep, ...]:
    """A visit that tells, once the headset is on, that a plan has ended, and what the clinic wrote.

    What comes today tells which games are new, and names the work of hands and the goals, too, as far as a card has
    room for them.
    """
    if prepared is None:
        return tuple(steps)
    beside = _beside(prepared.prescription, today)
    record = prepared.record
    steps = [
        programme(each.games, beside, _new_to(record, each.games)) if _is_programme(each) else each for each in steps
    ]
    news: list[AnyStep] = [PLAN_ENDED] if prepared.used is not None and prepared.used.state == EXPIRED else []
    news += [message(each.text, each.id, each.answers or ()) for each in _unread(prepared)]
    begin = (START.kind, WELCOME.kind)
    first = next((place for place, step in enumerate(steps) if isinstance(step, Interlude) and step.kind in begin), 0)
    return (*steps[: first + 1], *news, *steps[first + 1 :])


def noted(record: PatientRecord, before: Prepared | None, done: Session) -> PatientRecord:
    """A record after a visit, which also knows what was read."""
    if before is None or before.prescription is None:
        return record
    shown = {block.parameters.get("id") for block in done.blocks if block.task == "message"}
    read_now = [_mark(before, each) for each in _unread(before) if each.id in shown]
    return replace(record, read=(*record.read, *read_now))


def _missing(own: PatientRecord, why: str) -> Prepared:
    return Prepared(own, used=Prescribed(own.patient, 0, "", "", MISSING), calm_only=f"{why}: {TO_SYNC}")


def _new_to(record: PatientRecord, games: Sequence[str]) -> tuple[str, ...]:
    """Games that somebody has not played yet, who has played others."""
    return tuple(game for game in games if record.knobs and game not in record.knobs)


def _is_programme(step: AnyStep) -> TypeGuard[Interlude]:
    return isinstance(step, Interlude) and step.kind == "programme"


def _beside(prescription: Prescription | None, today: date) -> str:
    """Work of hands at home on a day, and goals: those that fit one line of a card, after each other."""
    if prescription is None:
        return ""
    work = [each.technique for each in hands_on_of(prescription, today) if not each.at_clinic]
    said = ""
    for each in (*work, *(f"“{goal.words}”" for goal in goals_of(prescription))):
        longer = f"{said} · {each}" if said else each
        said = longer if len(longer) <= MOST_BESIDE else said
    return said


def _unread(prepared: Prepared) -> Sequence[Message]:
    messages = prepared.prescription.messages if prepared.prescription else ()
    return [each for each in messages if _mark(prepared, each) not in prepared.record.read][:MOST_MESSAGES]


def _mark(prepared: Prepared, message: Message) -> str:
    """How a message is kept as read: two clinics number theirs alike."""
    return f"{prepared.clinic}/{message.id}"


def _ceilings(kept: Kept, day: date) -> Iterator[Precaution]:
    """Where versions that may be the last word ask for less than the one that is laid over a record, as precautions."""
    usual = _ceilings_of(kept.prescription, day)
    for other in kept.others:
        for movement, most in _ceilings_of(other, day).items():
            if most < usual.get(movement, math.inf) and movement in MOVEMENTS:
                unit, reason = MOVEMENTS[movement].unit, f"the ceiling of version {other.version}"
                held = Precaution(movement, most, unit, reason, other.author)
                if not any(problems_of(held, date.min)):
                    yield held


def _ceilings_of(prescription: Prescription, day: date) -> Mapping[str, float]:
    (preset, plan), tasks = held_on(prescription, day), visits.tasks()
    return presets.resolve(preset, tasks, playable(plan, tasks), others=True).ceilings


def _own_precautions(own: PatientRecord) -> tuple[Precaution, ...]:
    """Those that were said on this computer; one that somebody changed since it was given counts as theirs."""
    left = list(own.precautions)
    for before in own.given:
        if before in left:
            left.remove(before)
    return tuple(left)


def _held(record: PatientRecord) -> PatientRecord:
    """A record by which nothing gets harder than it was the visit before."""
    adaptation = {**record.plan.get("adaptation", {}), "rise_per_session_percent": 0.0}
    knobs = {name: record.knobs.get(name, KnobState()) for name in games.names()}
    held = {name: replace(state, held=max(1, state.held)) for name, state in knobs.items()}
    return replace(record, plan={**record.plan, "adaptation": adaptation}, knobs={**record.knobs, **held})


def _looser(change: presets.Difference) -> bool:
    """Whether a change asks for more than before, or changes how difficulty follows."""
    table, name, *key = change.key.split(".")
    if table == "adaptation":
        return True
    old, new = cast(float | None, change.old), cast(float | None, change.new)
    if table == "limits":
        return new is None or (key != ["ceiling"] if old is None else new > old)
    harder = next(p.get("harder", 0.0) for p in describe(visits.task_kind(name).Parameters) if [p["name"]] == key)
    return bool(harder) and harder * (cast(float, new) - cast(float, old)) > 0
