"""A preview wired: a patient's record and two presets become the visits that are rehearsed."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import msgspec

import games
from calibration import battery
from calibration.differences import quantity
from calibration.due import NOTHING, USUAL, due
from calibration.preview import PreviewRefused, preview
from engine import presets
from engine.commands import visits
from engine.commands.assessing import AUTO
from engine.commands.patients import problems_of
from engine.movements import MOVEMENTS, UnknownBound
from engine.parameters import ParameterError
from engine.patient import PatientRecord
from engine.plan import Plan, PostureRefused
from engine.precautions import bounds_of, check_precautions
from engine.prescription import Draft, held_on, playable
from engine.presets import Resolved
from engine.previewed import Preview
from engine.records import RecordUnreadable, Session, from_json, plain
from engine.session_folder import RECORD
from server_sync.clinic.previewing import NotPreviewed

NOTHING_BEFORE = "there is no preset {!r} any more: nothing to compare with"
CHANGED = "{}, changed"


def previewed(
    record: PatientRecord,
    preset: str,
    replaces: str = "",
    chosen: Sequence[str] = (),
    now: Sequence[str] = (),
    posture: str = "standing",
    seed: int = 0,
    today: date | None = None,
    sessions: int = 0,
) -> Preview:
    """What a preset, with what is said `now` (key=value), will ask of a patient, beside the preset that it replaces.

    Those are the visits that would be played `today`: the same day, the same answer. `sessions` are rehearsed of each,
    or as many as follow a slider. Raises games.UnknownGame, ParameterError, PostureRefused, UnknownBound or
    PreviewRefused, naming what does not fit.
    """
    day, before = today or date.today(), replaces or record.preset
    gone = not (replaces or before.endswith(".toml") or (presets.PRESETS / f"{before}.toml").is_file())
    holds = [visits.resolved(preset, now, record)]
    if not gone and (before != preset or now):
        holds.append(visits.resolved(before, (), record))
    titles = [each.title for each in holds]
    titles[0] = CHANGED.format(titles[0]) if now else titles[0]
    plan, *others = [_plan(record, each, chosen, posture, seed, day) for each in holds]
    found = preview(plan, others[0] if others else None, seed, titles, sessions)
    warnings = [NOTHING_BEFORE.format(before)] if gone else []
    return msgspec.structs.replace(found, warnings=(*warnings, *_warnings(record, holds[0], posture, day)))


def of_drafts(done: Session, new: Draft, old: Draft | None, today: date) -> Preview:
    """What a draft of a prescription will ask of who left a session, beside another draft of theirs.

    Rehearsed are the games of its programme, or all that can be asked where it names none, and its clinical tests.
    Raises NotPreviewed.
    """
    try:
        left = left_by(done)
        drafts = [draft for draft in (new, old) if draft is not None]
        records = [_by(draft, left, today) for draft in drafts]
        holds = [visits.resolved(record.preset, (), record) for record in records]
        named = [[game for practice in draft.programme for game in practice.games] for draft in drafts]
        plans = [
            _plan(record, each, _known(of, done.posture), done.posture, 0, today)
            for record, each, of in zip(records, holds, named, strict=True)
        ]
        found = preview(plans[0], plans[1] if old else None, titles=[each.title for each in holds])
        return msgspec.structs.replace(found, warnings=tuple(_warnings(records[0], holds[0], done.posture, today)))
    except (PreviewRefused, PostureRefused, ParameterError, UnknownBound) as reason:
        raise NotPreviewed(str(reason)) from None


def _known(named: Iterable[str], posture: str) -> list[str]:
    """The games among some names, and the clinical tests that can be done in a posture; each once."""
    tests = [name for name in battery.names() if posture in battery.load(name).postures]
    return [name for name in dict.fromkeys(named) if name in (*games.names(), *tests)]


def _by(draft: Draft, left: PatientRecord, today: date) -> PatientRecord:
    """A record by which a draft is played."""
    preset, plan = held_on(draft, today)
    return msgspec.structs.replace(
        left, preset=preset, plan=playable(plan, visits.tasks()), precautions=draft.precautions
    )


def record_in(path: Path) -> PatientRecord:
    """What is known of a patient: their record, or what the record of a finished session says of them.

    Which of both a file is, its content says. Raises RecordUnreadable.
    """
    file = path / RECORD if path.is_dir() else path
    content = plain(file)
    try:
        fields = msgspec.json.decode(content)
    except msgspec.DecodeError as reason:
        raise RecordUnreadable(f"{file} is neither a patient's record nor a session: {reason}") from None
    if isinstance(fields, dict) and "blocks" in fields:
        return left_by(from_json(content, Session, str(file)))
    known = from_json(content, PatientRecord, str(file))
    for wrong in problems_of(known):
        raise RecordUnreadable(f"{file}: {wrong}")
    return known


def left_by(done: Session) -> PatientRecord:
    """What a session by itself says of its patient: what was measured, each limit as the last trial of it left it."""
    known = done.calibration
    limits = dict(known.limits) if known else {}
    for trial in (trial for block in done.blocks for trial in block.trials):
        if trial.request and trial.limit_after and trial.request.movement in limits:
            before, after = limits[trial.request.movement], trial.limit_after
            best = max(before.best or before.value, trial.achieved or 0.0)
            limits[trial.request.movement] = msgspec.structs.replace(
                before, value=after.value, low=after.low, high=after.high, best=best, n=after.n, efforts=()
            )
    return PatientRecord(
        patient=done.patient,
        preset=done.preset,
        precautions=done.precautions,
        calibration=msgspec.structs.replace(known, limits=limits) if known else None,
        answers=done.told,
        sessions=1,
        last_at=done.started_at,
        ended_by=done.ended_by,
    )


def _plan(record: PatientRecord, holds: Resolved, chosen: Sequence[str], posture: str, seed: int, today: date) -> Plan:
    """The visit that would be played; where none are chosen, of all games for which enough is known of the person."""
    names = chosen or [name for name in games.names() if _can_be_asked(name, record, holds, posture)]
    steps = visits.steps_for(names, holds, record=record, measuring=AUTO, posture=posture, today=today)
    return visits.plan(record.patient, steps, holds, seed, record=record, posture=posture, today=today)


def _can_be_asked(name: str, record: PatientRecord, holds: Resolved, posture: str) -> bool:
    """Whether a game is for a posture, and asks for nothing of neck or legs that nobody measured."""
    task = games.load(name)(holds.parameters(name))
    known = record.calibration.limits if record.calibration else {}
    unknown = bool(known) and not set(task.limits) <= set(known)
    return posture in task.postures and not unknown


def _warnings(record: PatientRecord, holds: Resolved, posture: str, today: date) -> Iterator[str]:
    """What a therapist should know before anybody plays: what has expired, and what contradicts itself."""
    yield from check_precautions(record.precautions, today, posture)
    needed = due(record, holds.adaptation, today.isoformat(), posture=posture, movements=USUAL)
    if needed.form != NOTHING:
        yield f"limits are measured first ({needed.form}): {'; '.join(needed.why)}"
    limits = record.calibration.limits if record.calibration else {}
    for movement, cap in bounds_of(record.precautions, holds.ceilings, posture).items():
        if movement not in limits:
            continue
        of_limit = holds.adaptation.least_of_limit_percent / 100 * limits[movement].value
        least = max(holds.floors.get(movement, 0.0), of_limit)
        if cap.value < least:
            most, wished = (quantity(value, cap.unit) for value in (cap.value, least))
            yield f"{MOVEMENTS[movement].title}: {cap.why} allows {most}, less than the {wished} that the preset asks"
