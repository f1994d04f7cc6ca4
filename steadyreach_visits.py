"""Visits put together: games, assessments, presets and the difficulty's follower, played on a headset into a folder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import typer

import games
from calibration.adaptation import follower
from calibration.leaning import OpenLean
from calibration.reaching import OpenReach
from calibration.standing import Standing
from engine import presets, recording, session
from engine.headset import Headset
from engine.parameters import Layer, ParameterError, describe, fill
from engine.plan import (
    END,
    INTERLUDES,
    REST,
    WELCOME,
    About,
    Interlude,
    Plan,
    PostureRefused,
    Step,
    check_posture,
)
from engine.records import Calibration, Session
from engine.replay import ReplayHeadset
from engine.session_folder import FRAMES, RECORD, SessionFolder, read_session
from engine.task import Task

VERSION = "0.1.0"
SOFTWARE = f"steadyreach {VERSION}"
ASSESSMENTS: Mapping[str, type[Task]] = {"standing": Standing, "open_reach": OpenReach, "open_lean": OpenLean}
WARM_UP_TARGETS = 3
HOME = Path(typer.get_app_dir("steadyreach"))
CACHE = HOME / "cache"


def task_kind(name: str) -> type[Task]:
    """The assessment or game of a name; raises games.UnknownGame."""
    return ASSESSMENTS.get(name) or games.load(name)


def settings(assignments: Iterable[str]) -> list[tuple[str, str, object]]:
    """Parse `game.parameter=value` from a command line; raises ParameterError."""
    parsed = []
    for text in assignments:
        name, equals, value = text.partition("=")
        game, dot, parameter = name.partition(".")
        if not (equals and dot):
            raise ParameterError(f"--set {text!r} must look like fruit_ladder.targets=5")
        parsed.append((game, parameter, _value(value)))
    for game, _, _ in parsed:
        task_kind(game)
    return parsed


def steps_for(
    chosen: Sequence[str],
    preset: str,
    assignments: Iterable[str] = (),
    calibrate: bool = True,
    posture: str = "standing",
) -> tuple[Step | Interlude, ...]:
    """Welcome, assessments, a warm-up, each game with rests between, and the end.

    Assessments of what cannot be done in a posture are left out. Raises games.UnknownGame, ParameterError or
    PostureRefused, naming what does not fit.
    """
    loaded, extra = presets.load(preset, games.names()), settings(assignments)
    check_posture(posture)
    for name in chosen:
        if posture not in (fit := task_kind(name).postures):
            raise PostureRefused(f"{name} cannot be done {posture}; it can be done {' or '.join(fit)}")
    assessments = [name for name, kind in ASSESSMENTS.items() if calibrate and posture in kind.postures]
    played = [*assessments, *chosen]
    for game, parameter, _ in extra:
        if game not in played:
            raise ParameterError(f"--set {game}.{parameter}: {game} is not part of this visit, {', '.join(played)} are")

    def step(name: str, kind: str, more: Mapping[str, object]) -> Step:
        task = task_kind(name)
        said = {parameter: value for game, parameter, value in extra if game == name}
        layers = (loaded.layer(name, preset), Layer(f"--set {name}", said), Layer("warm up", more))
        return Step(name, task(fill(task.Parameters, *layers)), kind, preset)

    blocks = [step(name, "calibrate", {}) for name in assessments]
    blocks += [step(name, "warm up", {"targets": WARM_UP_TARGETS}) for name in chosen[:1] if _has_targets(name)]
    blocks += [step(name, "play", {}) for name in chosen]
    rested: list[Step | Interlude] = []
    for before, block in zip([None, *blocks], blocks, strict=False):
        rested += [REST, block] if before is not None and before.kind == "play" else [block]
    return (WELCOME, *rested, END)


def plan(
    patient: str,
    steps: tuple[Step | Interlude, ...],
    preset: str,
    seed: int,
    known: Calibration | None = None,
    keep_stance: bool = False,
    posture: str = "standing",
) -> Plan:
    """A plan with the preset's ceilings and the follower of difficulty."""
    caps = presets.load(preset, games.names()).caps
    return Plan(patient, steps, follower, seed, preset, caps, (), known, keep_stance, posture)


def play(visit: Plan, headset: Headset, sessions: Path, about: About) -> tuple[Session, Path]:
    """Live through a plan and keep it: the record, and its folder, which appears whole or not at all.

    Raises engine.session_folder.FolderUnusable when the folder cannot take it.
    """
    folder = SessionFolder(sessions, about.id)
    writer = folder.writer(_header(about, headset))
    try:
        done = session.run(visit, headset, writer, about)
        return done, folder.finish(done)
    except BaseException:
        if not writer.rows:  # else the recording stays, unfinished and out of sight, for whoever looks into the fault
            folder.abandon()
        raise
    finally:
        headset.close()


def plan_of(done: Session) -> Plan:
    """The plan that a session was played from, as far as it came."""
    steps: list[Step | Interlude] = []
    for block in done.blocks:
        if block.task in INTERLUDES:
            steps.append(replace(INTERLUDES[block.task], seconds=cast(float, block.parameters["seconds"])))
        else:
            kind = task_kind(block.task)
            parameters: object = fill(kind.Parameters, Layer(f"session {done.id}, {block.task}", block.parameters))
            steps.append(Step(block.task, kind(parameters), block.kind, block.preset))
    return Plan(
        patient=done.patient,
        steps=tuple(steps),
        difficulty=follower,
        seed=done.seed,
        preset=done.preset,
        caps=done.caps,
        precautions=done.precautions,
        calibration=done.known,
        keep_stance=done.keep_stance,
        posture=done.posture,
    )


def play_again(folder: Path, sessions: Path) -> tuple[bool, Path]:
    """Play a finished session from its own recording into another folder; True when both are the same, byte for byte.

    Raises RecordUnreadable, RecordingUnreadable or FolderUnusable.
    """
    before = read_session(folder)
    frames = recording.read(folder / FRAMES)
    headset = ReplayHeadset(frames.rows, before.headset_description, frames.devices, frames.joints)
    headset.kind = before.headset
    about = About(before.id, before.started_at, before.software)
    _, again = play(plan_of(before), headset, sessions, about)
    same = all((folder / name).read_bytes() == (again / name).read_bytes() for name in (RECORD, FRAMES))
    return same, again


def summary(done: Session, folder: Path) -> dict[str, object]:
    """What a program wants to know of a session."""
    asked = [trial for block in done.blocks for trial in block.trials if trial.request is not None]
    reached = sum(trial.outcome == "reached" for trial in asked)
    limits = done.calibration.limits if done.calibration else {}
    return {
        "id": done.id,
        "folder": str(folder),
        "record": str(folder / RECORD),
        "recording": str(folder / FRAMES),
        "ended_by": done.ended_by,
        "headset": done.headset,
        "seconds": done.seconds,
        "frames": done.recording.frames if done.recording else 0,
        "trials": len(asked),
        "reached": reached,
        "success_rate": round(reached / len(asked), 4) if asked else None,
        "limits": {name: {"value": limit.value, "unit": limit.unit} for name, limit in limits.items()},
        "notes": [note for block in done.blocks for note in block.notes],
    }


def _header(about: About, headset: Headset) -> dict[str, object]:
    return {"session": about.id, "software": about.software, "headset": headset.description}


def _has_targets(name: str) -> bool:
    return any(parameter["name"] == "targets" for parameter in describe(games.load(name).Parameters))


def _value(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
