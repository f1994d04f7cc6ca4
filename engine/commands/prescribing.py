"""The clinic's command to prescribe for a patient, and to read what is prescribed."""

import re
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import to_builtins

from engine.commands.answer import fail, tell
from engine.commands.clinic import Database, Folder, opened, refuse_alike
from engine.commands.play import Json
from engine.prescription import Draft, Message, Practice, Prescription, Sent, difference, draft_for, unknown_games
from engine.programme import Goal, HandsOn, Pause
from engine.records import Precaution, Record, RecordUnreadable, read
from engine.theme import read_toml

if TYPE_CHECKING:
    from server_sync.clinic.service import Service

app = typer.Typer()
_PARTS: Mapping[str, type[Record]] = {
    "programme": Practice,
    "hands_on": HandsOn,
    "pauses": Pause,
    "goals": Goal,
    "precautions": Precaution,
    "messages": Message,
}


@app.command()
def prescribe(
    patient: Annotated[str, typer.Argument(help="the patient's pseudonym")],
    folder: Folder,
    file: Annotated[Path | None, typer.Argument(metavar="FILE", help="a .toml or .json; else show what holds")] = None,
    if_match: Annotated[str, typer.Option(help="the hash of the version that you saw; none for the first")] = "",
    by: Annotated[str, typer.Option(help="who prescribes, or writes the message: it is signed with this name")] = "",
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
    if (file is not None or message) and not by.strip():
        fail("--by says who prescribes: every version is signed by somebody")
    if history:
        _tell_history(patient, folder, database, as_json)
        return
    draft = draft_in(file, patient) if file is not None else None
    service = opened(folder, database)
    try:
        if draft is not None:
            refuse_alike(service, [patient])
            found = service.prescriptions.save(patient, draft, by, if_match)
        elif message:
            found = service.prescriptions.tell(patient, Message(text=message), by)
        else:
            found = service.prescriptions.current(patient)
            number = found.prescription.version
            service.audit.note(COMMAND, "read a prescription", service.patients.id_of(patient), f"version {number}")
    except Changed as reason:
        service.audit.note(COMMAND, "read a prescription", service.patients.id_of(patient), "differences")
        now = f" (--if-match {reason.current.sha256})" if reason.current else ""
        fail("\n  ".join([f"{reason}{now}", *reason.differences]))
    except NothingPrescribed:
        fail(_nothing(service, patient))
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
        if not versions:
            fail(_nothing(service, patient))
        service.audit.note(COMMAND, "read a prescription", service.patients.id_of(patient), "every version")
    told, before = list[dict[str, Any]](), None
    for version in versions:
        now = version.prescription
        changed = () if before is None else difference(before, now, before)
        told.append({"version": now.version, "sha256": version.sha256, "written_at": now.written_at,
                     "author": now.author, "why": now.why or "", "changed": changed})  # fmt: skip
        before = now
    tell({"patient": patient, "versions": told}, as_json, "\n".join(map(_line, told)))


def _nothing(service: "Service", patient: str) -> str:
    """Why nothing is prescribed for somebody: nobody did, or there is no such patient."""
    from server_sync.clinic.patients import Unknown

    try:
        service.patients.id_of(patient)
    except Unknown as reason:
        return str(reason)
    return f"nothing was ever prescribed for {patient}"


def _line(told: Mapping[str, Any]) -> str:
    head = f"version {told['version']} by {told['author']}, {told['written_at']}"
    head += f": {told['why']}" if told["why"] else ""
    return "\n  ".join([head, *(told["changed"] or ["the first" if told["version"] == 1 else "the same again"])])


def draft_in(file: Path, patient: str) -> Draft:
    """What somebody wrote in a file for a patient; raises RecordUnreadable, naming the place in it."""
    try:
        sent = read_toml(file, Sent, RecordUnreadable) if file.suffix == ".toml" else read(file, Sent)
    except RecordUnreadable as reason:
        raise RecordUnreadable(f"{reason}{_fields_there(str(reason))}") from None
    return draft_for(patient, sent)


def _fields_there(why: str) -> str:
    """The fields that there are, where one is unknown."""
    found = re.search(r"unknown field `[^`]*`(?: - at `\$\.(\w+))?", why)
    if found is None:
        return ""
    return f"; the fields are {', '.join(_PARTS.get(found[1], Draft).__struct_fields__)}"


def _said(prescription: Prescription, sha256: str, content: bytes) -> str:
    head = f"{prescription.patient}, version {prescription.version} by {prescription.author}, {prescription.written_at}"
    return f"{head}\n--if-match {sha256}\n{content.decode().rstrip()}"
