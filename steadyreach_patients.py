"""What is known of a patient from visit to visit: kept in a file of their own, and brought up to date after each."""

import os
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

import games
from calibration.adaptation import Followers
from calibration.checks import problems
from calibration.due import carried_over
from calibration.knobs import next_step
from engine.guard import NEAR_FALLS
from engine.patient import PatientRecord
from engine.plan import Plan
from engine.presets import Resolved
from engine.records import BlockRecord, KnobState, RecordUnreadable, Session, read, to_json
from steadyreach_visits import HOME, knobs_of, preset_parameters

FOLDER = HOME / "patients"
NEAR_FALLS_STOP = 2
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def path_of(patient: str, folder: Path = FOLDER) -> Path:
    """The file of a patient; raises RecordUnreadable for a pseudonym that cannot be the name of a file."""
    if not _NAME.fullmatch(patient):
        raise RecordUnreadable(f"{patient!r} cannot be a pseudonym: letters, digits, dots, dashes, at most 64")
    return folder / f"{patient}.json"


def load(patient: str, folder: Path = FOLDER) -> PatientRecord:
    """What is known of a patient: nothing, before the first visit.

    Raises RecordUnreadable where the file does not fit, is another patient's, or holds limits that cannot be.
    """
    path = path_of(patient, folder)
    if not path.exists():
        return PatientRecord(patient=patient)
    known = read(path, PatientRecord)
    if known.patient != patient:
        raise RecordUnreadable(f"{path} is the record of {known.patient!r}")
    for problem in problems(known.calibration) if known.calibration else ():
        raise RecordUnreadable(f"{path}: {problem}")
    return known


def save(known: PatientRecord, folder: Path = FOLDER) -> Path:
    """Keep what is known: the whole file or, whatever happens meanwhile, the one that was there before."""
    path = path_of(known.patient, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(to_json(known))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    return path


def after(known: PatientRecord, holds: Resolved, plan: Plan, done: Session) -> PatientRecord:
    """What is known of a patient once they have played a plan."""
    followers = plan.difficulty
    day = done.started_at[:10]
    return msgspec.structs.replace(
        known,
        calibration=carried_over(known.calibration, done.calibration),
        followed=followers.states(day) if isinstance(followers, Followers) else known.followed,
        knobs={**known.knobs, **_knobs(known, holds, done)},
        furthest={**known.furthest, **_furthest(done.blocks)},
        answers=done.told,
        sessions=known.sessions + 1,
        last_at=done.started_at,
        ended_by=done.ended_by,
    )


def _knobs(known: PatientRecord, holds: Resolved, done: Session) -> dict[str, KnobState]:
    """The knobs of each game that was played, as its blocks turned them."""
    states: dict[str, KnobState] = {}
    day = date.fromisoformat(done.started_at[:10])
    blocks = [block for block in done.blocks if block.kind == "play" and block.trials]
    for number, block in enumerate(blocks):
        game = games.load(block.task)
        before = states.get(block.task) or knobs_of(block.task, holds, known, day)
        begins_s = blocks[number + 1].start_s if number + 1 < len(blocks) else done.seconds
        told = [answer for answer in done.told if answer.at_s is None or answer.at_s <= begins_s]
        stopped = _stopped(done, block, number + 1 == len(blocks))
        parameters = preset_parameters(block.task, holds)
        states[block.task] = next_step(before, block, game, parameters, holds.adaptation, told, stopped)
    return states


def _stopped(done: Session, block: BlockRecord, last: bool) -> bool:
    """Whether somebody or something stopped a block, or the person nearly fell in it twice."""
    near_falls = sum(
        event.name == "paused" and event.detail.startswith(NEAR_FALLS)
        for event in done.events
        if block.start_s <= event.at_s <= block.end_s
    )
    return near_falls >= NEAR_FALLS_STOP or (last and done.ended_by != "finished")


def _furthest(blocks: Sequence[BlockRecord]) -> dict[str, float]:
    """The furthest request of each movement that was asked for in play."""
    furthest: dict[str, float] = {}
    for request in (trial.request for block in blocks if block.kind == "play" for trial in block.trials):
        if request is not None:
            furthest[request.movement] = max(request.amplitude, furthest.get(request.movement, 0.0))
    return furthest
