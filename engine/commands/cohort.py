"""The command that exports a clinic's sessions: whose, as what, where to, and what came of it."""

from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import NamedTuple

from engine.commands.answer import fail, tell
from engine.commands.archive import Where, bar
from engine.commands.clinic import opened
from engine.commands.exporting import WRITING
from engine.commands.visits import task_kind
from server_sync.clinic.audit import COMMAND
from server_sync.clinic.export_choice import TRIALS, NotExported, Which
from server_sync.clinic.export_folder import Exported
from server_sync.clinic.exports import Exports
from server_sync.clinic.patients import Unknown


class Asked(NamedTuple):
    """What somebody wants to have exported, as the command line says it."""

    sessions: Sequence[str] = ()
    patient: str = ""
    cohort: bool = False
    since: str = ""
    until: str = ""
    games: Sequence[str] = ()
    least_sessions: int = 1
    kind: str = TRIALS
    study: str | None = None


def run(clinic: Where, asked: Asked, out: Path | None, as_json: bool) -> None:
    """The command: choose, write, and say what came of it."""
    if asked.study == "":
        fail("--research names a study: its codes go with it; leave it out for the clinic's own use")
    if out is None:
        fail("say where it goes: a folder that is not there yet")
    if not (asked.sessions or asked.patient or asked.cohort):
        fail("say whose sessions: --patient, --session, or --cohort for everybody's")
    if asked.cohort and (asked.sessions or asked.patient):
        fail("--cohort is everybody: say --patient or --session without it")
    which = Which(
        sessions=tuple(asked.sessions),
        since=_day("--from", asked.since),
        until=_day("--to", asked.until),
        games=_games(asked.games),
        least_sessions=asked.least_sessions,
    )
    try:
        with closing(opened(*clinic)) as service:
            exports = Exports(service, WRITING)
            if asked.patient:
                which = which._replace(patient=service.patients.id_of(asked.patient))
            choice = exports.choose(which, asked.kind, asked.study or "")
            with bar("exported", not as_json) as told:
                done = exports.write(choice, out, COMMAND, told)
    except (NotExported, Unknown) as reason:
        fail(str(reason))
    tell({"folder": str(out), **done._asdict()}, as_json, _said(done, out))


def _said(done: Exported, out: Path) -> str:
    rows = f", {done.rows} trials" if done.kind == TRIALS else ""
    left = "".join(f"\nleft out: {number} × {why}" for why, number in done.left_out.items())
    return f"{done.sessions} sessions of {done.participants} participants{rows} are in {out}{left}"


def _games(names: Sequence[str]) -> tuple[str, ...]:
    for name in names:
        task_kind(name)
    return tuple(names)


def _day(option: str, said: str) -> date | None:
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        fail(f"{option} {said} is no day; write it as 2026-11-20")
