"""What is known of a patient from visit to visit: kept in a file of their own, and brought up to date after each."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from msgspec.structs import replace

import games
from calibration.adaptation import Followers
from calibration.checks import day_of, problems
from calibration.due import carried_over
from calibration.knobs import next_step
from engine import precautions
from engine.commands.answer import unplayed
from engine.commands.difficulty import knobs_of, preset_parameters
from engine.commands.visits import HOME, resolved
from engine.guard import UNSTEADY
from engine.movements import MOVEMENTS
from engine.patient import PatientRecord
from engine.plan import Plan
from engine.presets import Resolved
from engine.records import BlockRecord, KnobState, Record, RecordUnreadable, Session, read, to_json
from engine.sealing import RecipientsUnreadable, recipients_in, write
from engine.session_folder import FolderUnusable

FOLDER = HOME / "patients"
UNSTEADY_STOP = 2
UNCHANGED = "the record of the patient was not changed"
_NAME = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))[a-z0-9][a-z0-9._-]{0,63}", re.IGNORECASE)
KEEP = "put it right, or take it from a backup: nothing is played without its precautions"


class Afterwards(Record, frozen=True):
    """What is kept beside a visit so that whoever finds it unfinished can bring the patient's record up to date.

    `record` is as the visit began, with the settings and the age said for it; `records` is the folder that it lies in.
    `preset` and `assigned` are what was said when it began.
    """

    record: PatientRecord
    records: str
    preset: str
    assigned: tuple[str, ...] = ()


def path_of(patient: str, folder: Path = FOLDER) -> Path:
    """The file of a patient; raises RecordUnreadable for a pseudonym that cannot be the name of a file."""
    if not _NAME.fullmatch(patient):
        raise RecordUnreadable(
            f"{patient!r} cannot be a pseudonym: letters, digits, dots, dashes, at most 64, and no device such as nul"
        )
    return folder / f"{patient}.json"


def load(patient: str, folder: Path = FOLDER) -> PatientRecord:
    """What is known of a patient: nothing, before the first visit.

    Raises RecordUnreadable where the file does not fit, is another patient's, or says what cannot be.
    """
    path = path_of(patient, folder)
    if not path.exists():
        return PatientRecord(patient=patient)
    try:
        known = read(path, PatientRecord)
    except RecordUnreadable as reason:
        raise RecordUnreadable(f"{reason}; {KEEP}") from None
    if known.patient != patient:
        raise RecordUnreadable(f"{path} is the record of {known.patient!r}")
    for wrong in problems_of(known):
        raise RecordUnreadable(f"{path}: {wrong}")
    return known


def save(known: PatientRecord, folder: Path = FOLDER, sessions: Path | None = None) -> Path:
    """Keep what is known: the whole file or, whatever happens meanwhile, the one that was there before.

    It is sealed where this folder is, or the one of the sessions, which lies beside it unless another is named.
    Raises engine.session_folder.FolderUnusable.
    """
    path = path_of(known.patient, folder)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        recipients = recipients_in(folder) or recipients_in(sessions or folder.parent / "sessions")
        write(path, to_json(known), recipients)
    except RecipientsUnreadable as reason:
        raise FolderUnusable(f"{path} cannot be written: {reason}") from None
    except OSError as reason:
        raise FolderUnusable(
            f"{path} cannot be written ({reason.strerror}): make it writable; until then the next visit begins from "
            "what was known before this one"
        ) from None
    return path


def afterwards(
    known: PatientRecord | None, folder: Path, preset: str, assigned: Sequence[str] = ()
) -> Afterwards | None:
    """What a visit needs that it should be carried on from, whatever happens; None where nothing is kept of anybody."""
    if known is None:
        return None
    if preset.endswith(".toml"):
        preset = str(Path(preset).resolve())
    return Afterwards(known, str(folder.resolve()), preset, tuple(assigned))


def catch_up(told: Afterwards, plan: Plan, done: Session, sessions: Path) -> str:
    """Bring the record of a patient up to date after a visit that was played again; else why not, in words.

    `plan` is the one that was played again. A record that is up to date already stays as it is. Raises what `load`,
    `save` and `engine.commands.visits.resolved` do.
    """
    folder, before = Path(told.records), told.record
    known = load(before.patient, folder)
    if known.last_at == done.started_at:
        return ""
    if (known.sessions, known.last_at) != (before.sessions, before.last_at):
        return f"{UNCHANGED}: they have played since, on {known.last_at[:10]}"
    known = replace(known, settings=before.settings, age_years=before.age_years)
    save(after(known, resolved(told.preset, told.assigned, known), plan, done), folder, sessions)
    return ""


def problems_of(known: PatientRecord) -> Iterator[str]:
    """What cannot be true of a record that somebody wrote by hand, in words; nothing where all of it can."""
    yield from problems(known.calibration) if known.calibration else ()
    for precaution in known.precautions:
        yield from precautions.problems_of(precaution, date.min)  # one that has expired still holds
    days = {"last_at": known.last_at, **{f"followed, {', '.join(f.movements)}": f.at for f in known.followed}}
    yield from (f"{name}: {at!r} is no day; write it as 2026-03-02" for name, at in days.items() if not _is_day(at))
    for followed in known.followed:
        if any(len(followed.numbers.get(name, ())) != len(followed.movements) for name in ("prior mean", "prior sd")):
            yield f"followed, {', '.join(followed.movements)}: a number is missing; take the whole entry out"
    for movement, most in known.furthest.items():
        if movement not in MOVEMENTS or not 0 <= most <= MOVEMENTS[movement].largest:
            yield f"furthest: {movement} = {most:g} is no movement, or out of its range; take it out"


def after(known: PatientRecord, holds: Resolved, plan: Plan, done: Session) -> PatientRecord:
    """What is known of a patient once they have played a plan; the preset of the first visit stays theirs."""
    followers = plan.difficulty
    first = str(Path(holds.name).resolve()) if holds.name.endswith(".toml") else holds.name
    day = done.started_at[:10]
    return replace(
        known,
        preset=known.preset if known.sessions else first,
        calibration=carried_over(known.calibration, done.calibration),
        followed=followers.states(day) if isinstance(followers, Followers) else known.followed,
        knobs={**known.knobs, **_knobs(known, holds, done)},
        furthest={**known.furthest, **_furthest(done.blocks)},
        answers=done.told,
        sessions=known.sessions + 1,
        last_at=done.started_at,
        ended_by=done.ended_by,
        stickers=(*known.stickers, *_stickers(done.blocks)),
        times_on_day=times_on(known, date.fromisoformat(day)) + (done.ended_by == "finished" and not unplayed(done)),
    )


def times_on(known: PatientRecord, day: date) -> int:
    """How many visits of a day were finished, as far as is known."""
    return known.times_on_day if known.last_at[:10] == day.isoformat() else 0


def _knobs(known: PatientRecord, holds: Resolved, done: Session) -> dict[str, KnobState]:
    """The knobs of each game that was played, as its blocks turned them."""
    states: dict[str, KnobState] = {}
    day = date.fromisoformat(done.started_at[:10])
    blocks = [block for block in done.blocks if block.kind == "play" and block.trials]
    for block in _by_game(blocks):
        before = knobs_of(block.task, holds, known, day)
        begins_s = min((after.start_s for after in blocks if after.start_s >= block.end_s), default=done.seconds)
        told = [answer for answer in done.told if answer.at_s is None or answer.at_s <= begins_s]
        stopped = _stopped(done, block, block.end_s == blocks[-1].end_s)
        parameters = preset_parameters(block.task, holds)
        states[block.task] = next_step(
            before, block, games.load(block.task), parameters, holds.adaptation, told, stopped
        )
    return states


def _stickers(blocks: Sequence[BlockRecord]) -> tuple[str, ...]:
    """Those that were chosen in a session."""
    return tuple(str(block.parameters["chosen"]) for block in blocks if block.task == "sticker")


def _by_game(blocks: Sequence[BlockRecord]) -> list[BlockRecord]:
    """The blocks of a game as one: its knobs are turned between visits, so all of them were played with the same."""
    whole: dict[str, BlockRecord] = {}
    for block in blocks:
        before = whole.get(block.task)
        whole[block.task] = (
            block if before is None else replace(before, end_s=block.end_s, trials=(*before.trials, *block.trials))
        )
    return list(whole.values())


def _is_day(at: str) -> bool:
    return not at or day_of(at) is not None


def _stopped(done: Session, block: BlockRecord, last: bool) -> bool:
    """Whether somebody or something stopped a block, or the person was unsteady in it twice."""
    unsteady = sum(
        event.name == "paused" and event.detail.startswith(UNSTEADY)
        for event in done.events
        if block.start_s <= event.at_s <= block.end_s
    )
    return unsteady >= UNSTEADY_STOP or (last and done.ended_by != "finished")


def _furthest(blocks: Sequence[BlockRecord]) -> dict[str, float]:
    """The furthest request of each movement that was asked for in play."""
    furthest: dict[str, float] = {}
    for request in (trial.request for block in blocks if block.kind == "play" for trial in block.trials):
        if request is not None:
            furthest[request.movement] = max(request.amplitude, furthest.get(request.movement, 0.0))
    return furthest
