"""How the command line answers: JSON for programs, a sentence for people, and a sentence when it cannot."""

import json
from pathlib import Path
from typing import NoReturn

import msgspec
import typer

from engine.plan import ASSESS
from engine.records import Session
from engine.session_folder import FRAMES, RECORD
from engine.task import tried


def fail(sentence: str) -> NoReturn:
    """Say why not, and leave."""
    typer.echo(f"steadyreach: {sentence}", err=True)
    raise SystemExit(1)


def tell(answer: object, as_json: bool, sentence: str) -> None:
    """Print the answer for programs or the sentence for people, at once: whoever reads it may wait for it."""
    typer.echo(json.dumps(msgspec.to_builtins(answer), indent=1, ensure_ascii=False) if as_json else sentence)


def unplayed(done: Session) -> bool:
    """Whether games or clinical tests were to be done, and nothing of any was."""
    games = [block for block in done.blocks if block.kind in ("play", ASSESS)]
    return bool(games) and not any(block.trials for block in games)


def summary(done: Session, folder: Path) -> dict[str, object]:
    """What a program wants to know of a session."""
    counted = tried(trial for block in done.blocks for trial in block.trials)
    reached = sum(trial.outcome == "reached" for trial in counted)
    limits = done.calibration.limits if done.calibration else {}
    late = [event.detail for event in done.events if event.name == "precaution expired"]
    return {
        "id": done.id,
        "folder": str(folder),
        "record": str(folder / RECORD),
        "recording": str(folder / FRAMES),
        "ended_by": done.ended_by,
        "headset": done.headset,
        "seconds": done.seconds,
        "frames": done.recording.frames if done.recording else 0,
        "trials": len(counted),
        "reached": reached,
        "success_rate": round(reached / len(counted), 4) if counted else None,
        "results": {block.task: block.measures for block in done.blocks if block.kind == ASSESS and block.measures},
        "limits": {name: {"value": limit.value, "unit": limit.unit} for name, limit in limits.items()},
        "notes": list(dict.fromkeys([*late, *(note for block in done.blocks for note in block.notes)])),
    }
