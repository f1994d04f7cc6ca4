"""The clinic's command to prescribe for a patient, and to read what is prescribed."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import to_builtins

from engine.commands.answer import fail, tell
from engine.commands.clinic import Database, Folder, opened
from engine.commands.play import Json
from engine.prescription import Draft, Prescription, Sent, difference, draft_for, unknown_games
from engine.records import RecordUnreadable, read
from engine.theme import read_toml

app = typer.Typer()


@app.command()
def prescribe(
    patient: Annotated[str, typer.Argument(help="the patient's pseudonym")],
    folder: Folder,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="a .toml or .json; else show what holds")] = None,
    if_match: Annotated[str, typer.Option(help="the hash of the version that you saw; none for the first")] = "",
    by: Annotated[str, typer.Option(help="who prescribes")] = "Therapist",
    message: Annotated[str, typer.Option(help="tell the patient something, and change nothing else")] = "",
    history: Annotated[bool, typer.Option("--history", help="list every version, and what it changed")] = False,
    database: Database = "",
    as_json: Json = False,
) -> None:
    """At the clinic, prescribe for a patient in a new version, or show the one that holds."""
    from engine.commands import visits
    from server_sync.clinic.audit import COMMAND
    from server_sync.clinic.prescriptions import Changed, NothingPrescribed

    if (file is not None) + bool(message) + history > 1:
        fail("prescribe takes a file, a message or --history: a message to go with a file is written into it")
    if history:
        _tell_history(patient, folder, database, as_json)
        return
    draft = draft_in(file, patient) if file is not None else None
    service = opened(folder, database, make=draft is not None)
    try:
        if draft is not None:
            found = service.prescriptions.save(patient, draft, by, if_match)
        elif message:
            found = service.prescriptions.tell(patient, message, by)
        else:
            found = service.prescriptions.current(patient)
            number = found.prescription.version
            service.audit.note(COMMAND, "read a prescription", service.patients.id_of(patient), f"version {number}")
    except Changed as reason:
        service.audit.note(COMMAND, "read a prescription", service.patients.id_of(patient), "differences")
        now = f" (--if-match {reason.current.sha256})" if reason.current else ""
        fail("\n  ".join([f"{reason}{now}", *reason.differences]))
    except NothingPrescribed as reason:
        fail(str(reason))
    finally:
        service.close()
    for name in unknown_games(found.prescription, visits.tasks()):
        typer.echo(f"there is no game {name!r} here: a device that has none leaves it out", err=True)
    answer = {"sha256": found.sha256, "prescription": to_builtins(found.prescription)}
    tell(answer, as_json, _said(found.prescription, found.sha256, found.content))


def _tell_history(patient: str, folder: Path, database: str, as_json: bool) -> None:
    from server_sync.clinic.audit import COMMAND

    with closing(opened(folder, database)) as service:
        versions = service.prescriptions.history(patient)
        if versions:
            service.audit.note(COMMAND, "read a prescription", service.patients.id_of(patient), "every version")
    if not versions:
        fail(f"nothing was ever prescribed for {patient}")
    told, before = list[dict[str, Any]](), None
    for version in versions:
        now = version.prescription
        changed = () if before is None else difference(before, now, before)
        told.append({"version": now.version, "sha256": version.sha256, "written_at": now.written_at,
                     "author": now.author, "changed": changed})  # fmt: skip
        before = now
    tell({"patient": patient, "versions": told}, as_json, "\n".join(map(_line, told)))


def _line(told: Mapping[str, Any]) -> str:
    head = f"version {told['version']} by {told['author']}, {told['written_at']}"
    return "\n  ".join([head, *(told["changed"] or ["the first" if told["version"] == 1 else "the same again"])])


def draft_in(file: Path, patient: str) -> Draft:
    """What somebody wrote in a file for a patient; raises RecordUnreadable, naming the place in it."""
    sent = read_toml(file, Sent, RecordUnreadable) if file.suffix == ".toml" else read(file, Sent)
    return draft_for(patient, sent)


def _said(prescription: Prescription, sha256: str, content: bytes) -> str:
    head = f"{prescription.patient}, version {prescription.version} by {prescription.author}, {prescription.written_at}"
    return f"{head}\n--if-match {sha256}\n{content.decode().rstrip()}"
