"""Visits put together: games, assessments, presets and what is known of a patient, played into a folder."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import typer

import games
from calibration import battery
from calibration.due import CHECK, FULL, NOTHING
from calibration.standing import Standing
from engine import presets, recording, session
from engine.adaptation import Adaptation
from engine.commands.assessing import ASSESSMENTS, AUTO, USUAL, form_for
from engine.commands.difficulty import followers, knobs_of, rises_of, step_of
from engine.commands.flow import steps_of, whole_visit
from engine.commands.replaying import played, replayed, tables
from engine.headset import Headset
from engine.parameters import Layer, ParameterError, describe, fill
from engine.patient import PatientRecord
from engine.plan import (
    ASSESS,
    END,
    REST,
    WELCOME,
    About,
    AnyStep,
    Interlude,
    Plan,
    PostureRefused,
    Step,
    check_posture,
    in_order,
)
from engine.precautions import barred, bounds_of
from engine.presets import Resolved
from engine.profile import ADULT, Profile
from engine.records import Answer, BlockRecord, Calibration, KnobState, Prescribed, Record, Session
from engine.sealing import Recipient, recipients_in
from engine.session_folder import FRAMES, RECORD, begin, read_session
from engine.task import Task

VERSION = "0.1.0"
SOFTWARE = f"steadyreach {VERSION}"
MEASURING = (USUAL, AUTO, NOTHING, CHECK, FULL)
WARM_UP_TARGETS = 3
CALM = "calm_tide"
CALM_END: Mapping[str, object] = {"stretch": "breathing only"}
HOME = Path(typer.get_app_dir("steadyreach"))
CACHE = HOME / "cache"


def tasks() -> Mapping[str, type[Task]]:
    """Every assessment, clinical test and game by its name."""
    tests = {name: battery.load(name) for name in battery.names()}
    return {**ASSESSMENTS, **tests, **{name: games.load(name) for name in games.names()}}


def task_kind(name: str) -> type[Task]:
    """The assessment, clinical test or game of a name; raises games.UnknownGame."""
    return ASSESSMENTS.get(name) or (battery.load(name) if name in battery.names() else games.load(name))


def resolved(
    preset: str = "standard", assignments: Iterable[str] = (), record: PatientRecord | None = None
) -> Resolved:
    """What holds in a visit: the preset, what the patient's record changes of it, and `key=value` said now.

    Raises ParameterError.
    """
    return presets.resolve(preset, tasks(), record.plan if record else None, presets.assigned(assignments))


def steps_for(
    chosen: Sequence[str],
    holds: Resolved,
    *,
    record: PatientRecord | None = None,
    measuring: str = USUAL,
    posture: str = "standing",
    today: date | None = None,
    answers: Sequence[Answer] = (),
) -> tuple[Step | Interlude, ...]:
    """Welcome, what has to be measured, a warm-up, each game with rests between, and the end.

    `measuring` is USUAL, which measures each limit as the assessments do by themselves, a form of
    `calibration.forms`, or AUTO, the form that is due of this `record` on this day, after these `answers`: then a check
    is of what these games move. The neck is measured for games that ask to turn the head, in the ways they ask for.
    Assessments of what cannot be done in a posture are left out; a preset that only assesses plays nothing. The warm-up
    is a short round of the first game that moves, just before it. Raises games.UnknownGame, ParameterError or
    PostureRefused, naming what does not fit.
    """
    check_posture(posture)
    if measuring not in MEASURING:
        raise ParameterError(f"there is no form {measuring!r} of measuring; there are {', '.join(MEASURING)}")
    wished = [task_kind(name)(holds.parameters(name)) for name in chosen if name not in ASSESSMENTS]
    if holds.adaptation.only_assess:
        tests = [name for name in chosen if name in battery.names()]
        chosen, measuring = tests, measuring if measuring in (AUTO, FULL) else FULL
    for name in chosen:
        if posture not in (fit := task_kind(name).postures):
            raise PostureRefused(f"{name} cannot be done {posture}; it can be done {' or '.join(fit)}")
    form, why = form_for(measuring, holds, record, posture, today, answers, wished)
    assessments = [name for name in form if posture in ASSESSMENTS[name].postures]
    played, said = [*assessments, *chosen], {key.split(".")[1] for key in holds.sources if _said_now(holds, key)}
    for game in sorted(said - {*played, CALM}):
        raise ParameterError(f"--set {game}: {game} is not part of this visit, {', '.join(played) or 'nothing'} are")
    blocks = [
        Step(name, task, "calibrate", holds.name, why if name == assessments[0] else "")
        for name in assessments
        for task in [ASSESSMENTS[name](holds.parameters(name, Layer(measuring, form[name])))]
    ]
    knobs = {name: knobs_of(name, holds, record, today) for name in chosen if name in games.names()}
    few = Layer("warm up", {"targets": WARM_UP_TARGETS})
    first = next((name for name in knobs if name != CALM), "")
    for name in chosen:
        blocks += [step_of(name, "warm up", holds, knobs[name], few)] if name == first and _has_targets(name) else []
        if name in knobs:
            blocks.append(_played(name, holds, knobs[name], posture, record))
        else:
            blocks.append(Step(name, task_kind(name)(holds.parameters(name)), ASSESS, holds.name))
    rested: list[Step | Interlude] = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        rested += [REST, block] if before is not None and before.kind in ("play", ASSESS) else [block]
    return (WELCOME, *rested, END)


def around(
    steps: Sequence[AnyStep], holds: Resolved, profile: Profile, posture: str = "standing", stickers: int | None = 0
) -> tuple[AnyStep, ...]:
    """A visit as a patient lives through it, around these steps: start, questions, a calm end, what went well."""
    calm = _calm(holds, posture)
    again = Step("standing", Standing(holds.parameters("standing")), "recheck") if posture == "standing" else None
    return whole_visit(steps, profile, posture, calm, again, stickers)


def _calm(holds: Resolved, posture: str) -> Step | None:
    """The calm end, where it can be played in a posture."""
    if posture not in games.load(CALM).postures:
        return None
    return step_of(CALM, "calm", holds, KnobState(), Layer("calm end", CALM_END))


def plan(
    patient: str,
    steps: tuple[AnyStep, ...],
    holds: Resolved,
    seed: int = 0,
    known: Calibration | None = None,
    *,
    record: PatientRecord | None = None,
    keep_stance: bool = False,
    posture: str = "standing",
    answers: tuple[Answer, ...] = (),
    today: date | None = None,
    profile: Profile = ADULT,
    prescribed: Prescribed | None = None,
    play_minutes: float | None = None,
) -> Plan:
    """A plan with the bounds of what holds; its followers go on from the patient's `record`, where there is one."""
    precautions = record.precautions if record else ()
    followed = record.followed if record else ()
    return Plan(
        patient=patient,
        steps=steps,
        difficulty=followers(
            holds.adaptation, holds.floors, bounds_of(precautions, holds.ceilings, posture), followed, today
        ),
        seed=seed,
        preset=holds.name,
        caps=holds.ceilings,
        precautions=precautions,
        calibration=known or (record.calibration if record else None),
        keep_stance=keep_stance,
        posture=posture,
        answers=answers,
        adaptation=holds.adaptation,
        floors=holds.floors,
        rises=rises_of(record, holds, in_order(steps), today) if record else {},
        followed=followed,
        scale=profile.scale,
        most_s=profile.most_minutes * 60,
        prescribed=prescribed,
        play_s=math.inf if play_minutes is None else play_minutes * 60.0,
    )


def play(
    visit: Plan,
    headset: Headset,
    sessions: Path,
    about: About,
    afterwards: Record | None = None,
    then: Callable[[Session], object] = lambda _: None,
    recipients: Sequence[Recipient] = (),
) -> tuple[Session, Path]:
    """Live through a plan and keep it: the record, and its folder, which appears whole or not at all.

    `then` is done once the record is written and before it appears; `afterwards` is what somebody needs to do so who
    finds the folder after the computer stopped (engine.commands.recovery). The folder is sealed for `recipients`, where
    it is not sealed for its own.

    Raises engine.session_folder.FolderUnusable when the folder cannot take it.
    """
    begun = session.begun(visit, headset.kind, headset.description, about)
    folder = begin(sessions, begun, afterwards, recipients)
    writer = None
    try:
        writer = folder.writer(_header(about, headset))
        done = session.run(visit, headset, writer, about)
        folder.write(done)
        try:
            then(done)
        finally:
            where = folder.finish()
        return done, where
    except BaseException:
        if writer is None or not writer.rows:  # else it stays, unfinished and out of sight, and is recovered
            folder.abandon()
        raise
    finally:
        folder.release()
        headset.close()


def plan_of(done: Session) -> Plan:
    """The plan that a session was played from, as far as it came."""

    def again(block: BlockRecord) -> Step:
        kind = task_kind(block.task)
        parameters: Any = fill(kind.Parameters, Layer(f"session {done.id}, {block.task}", block.parameters))
        return Step(block.task, kind(parameters), block.kind, block.preset, block.change)

    steps = steps_of(done.blocks, again, lambda name: Step(name, task_kind(name)(), "play"))
    source = f"session {done.id}"
    adaptation = fill(Adaptation, Layer(f"{source}, adaptation", done.adaptation))
    bounds = bounds_of(done.precautions, done.caps, done.posture)
    return Plan(
        patient=done.patient,
        steps=steps,
        difficulty=followers(adaptation, done.floors, bounds, done.followed, date.fromisoformat(done.started_at[:10])),
        seed=done.seed,
        preset=done.preset,
        caps=done.caps,
        precautions=done.precautions,
        calibration=done.known,
        keep_stance=done.keep_stance,
        posture=done.posture,
        answers=tuple(answer for answer in done.told if answer.at_s is None),
        adaptation=adaptation,
        floors=done.floors,
        rises=done.rises,
        followed=done.followed,
        scale=done.scale,
        most_s=done.most_s or math.inf,
        prescribed=done.prescribed or None,
        play_s=done.play_s or math.inf,
    )


def play_again(folder: Path, sessions: Path) -> tuple[bool, Path]:
    """Play a finished session from its own recording into another folder; True when both are the same, byte for byte.

    Of what is sealed, or was cut off, all that can be read has to be the same: its bytes never are. What was sealed
    stays so. Raises RecordUnreadable, RecordingUnreadable or FolderUnusable.
    """
    before = read_session(folder)
    frames = recording.read(folder / FRAMES)
    about = About(before.id, before.started_at, before.software)
    recipients = recipients_in(folder.parent)
    done, again = play(plan_of(before), replayed(before, frames), sessions, about, recipients=recipients)
    same = all((folder / name).read_bytes() == (again / name).read_bytes() for name in (RECORD, FRAMES))
    if not same and (recipients or before.ended_by == session.CUT_OFF):
        same = played(before) == played(done) and tables(frames) == tables(recording.read(again / FRAMES))
    return same, again


def _played(name: str, holds: Resolved, knobs: KnobState, posture: str, record: PatientRecord | None) -> Step:
    """A game to play; the calm one as breathing alone where all that it would stretch is forbidden."""
    step = step_of(name, "play", holds, knobs)
    if name == CALM and barred(step.task, posture, record.precautions if record else (), holds.ceilings):
        return step_of(name, "play", holds, knobs, Layer("calm end", CALM_END))
    return step


def _said_now(holds: Resolved, key: str) -> bool:
    return key.startswith("games.") and holds.sources[key] == presets.NOW


def _header(about: About, headset: Headset) -> dict[str, object]:
    return {"session": about.id, "software": about.software, "headset": headset.description}


def _has_targets(name: str) -> bool:
    return any(parameter["name"] == "targets" for parameter in describe(games.load(name).Parameters))
