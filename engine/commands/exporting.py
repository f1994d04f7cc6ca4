"""What the exports of a clinic need of the formats and the games: how a recording is written, and what words mean."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import games
from engine.clinical import numbers_under
from engine.commands.export import MOTION_BIDS, as_file
from engine.commands.visits import task_kind
from engine.formats import motion_bids
from engine.formats.steady import Unsteady
from engine.parameters import describe
from engine.recording import Recorded
from engine.records import Session
from server_sync.clinic.export_choice import NotWritten, Writing
from server_sync.clinic.trial_table import MEASURE, PARAMETER, Word


def recording(folder: Path, kind: str, recorded: Recorded, session: Session) -> list[Path]:
    """Add a recording to the folder of an export; gives its files. Raises NotWritten, and OSError."""
    try:
        if kind == MOTION_BIDS:
            return motion_bids.write(folder, recorded, session)
        subject, visit = f"sub-{motion_bids.label(session.patient)}", f"ses-{motion_bids.label(session.id)}"
        home = folder / subject
        home.mkdir(exist_ok=True)
        return as_file(kind, home / f"{subject}_{visit}.{kind}", recorded, session)
    except (Unsteady, motion_bids.AlreadyThere) as reason:
        raise NotWritten(str(reason)) from None


def words(task: str, version: int) -> Mapping[str, Word] | None:
    """What a game or an assessment calls its parameters and measures."""
    try:
        kind = task_kind(task)
    except games.UnknownGame:
        return None
    if kind.version != version:
        return {}
    return {
        **{f"{PARAMETER}{each['name']}": _parameter(each) for each in describe(kind.Parameters)},
        **{
            f"{MEASURE}{name}": Word(m.unit, f"{m.title}: {m.help}", m.source)
            for name, m in numbers_under(kind).items()
        },
    }


WRITING = Writing(recording, words)


def _parameter(each: Mapping[str, Any]) -> Word:
    options = tuple(each.get("options", each.get("several", ())))
    bounds = f"{each['low']:g} to {each['high']:g}" if "low" in each else ", ".join(options) or "true or false"
    return Word(str(each["unit"]), str(each["help"]), f"set before the game: {bounds}", options)
