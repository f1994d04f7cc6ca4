"""The clinic's commands about its audit: verify the chain, write down its head, and list who did what."""

import csv
import re
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from engine.commands.answer import fail, tell
from engine.commands.clinic import Database, Folder, KeysUrl, opened
from engine.commands.play import Json

if TYPE_CHECKING:
    from server_sync.clinic.audit import Entry, Head
    from server_sync.clinic.service import Service

app = typer.Typer()
audit = typer.Typer(help="At the clinic: who read or wrote what, in a chain that no row can be taken out of.")
app.add_typer(audit, name="audit")
COLUMNS = ("number", "at", "actor", "action", "patient_id", "thing", "sha256")
_ID = re.compile(r"[0-9a-f]{16}")
_HEAD = re.compile(r"(\d+):([0-9a-f]{64})")


@audit.command()
def verify(
    folder: Folder,
    backup: Annotated[Path | None, typer.Option(help="a backup, whose head has to be in the chain as well")] = None,
    known: Annotated[list[str] | None, typer.Option(help="what audit head said some time ago, as NUMBER:HASH")] = None,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """Go through the whole chain: no row was changed, taken out, put in or moved; exit code 1 where one was."""
    from server_sync.clinic.audit import Broken

    heads = [_head(said) for said in known or ()]
    with closing(opened(folder, database, keys=keys)) as service:
        if backup is not None:
            heads.append(_head_of(backup, service))
        found = service.audit.verify(heads)
    whole = not isinstance(found, Broken)
    answer = {"whole": whole, **found._asdict()}
    if isinstance(found, Broken):
        tell(answer, as_json, "")
        fail(f"the audit does not hold at row {found.number}: {found.why}")
    tell(answer, as_json, f"The audit is whole: {found.number} rows, the last is {found.number}:{found.sha256}")


@audit.command()
def head(folder: Folder, database: Database = "", keys: KeysUrl = "", as_json: Json = False) -> None:
    """Print the number and the hash of the last row: written down elsewhere, they prove all rows before it."""
    with closing(opened(folder, database, keys=keys)) as service:
        last = service.audit.head()
    tell(last._asdict(), as_json, f"{last.number}:{last.sha256}")


@audit.command("list")
def list_command(
    folder: Folder,
    patient: Annotated[str, typer.Option(help="only of this patient: the pseudonym, or an id of the audit")] = "",
    actor: Annotated[str, typer.Option(help="only by this one, as 'account 7', or a login")] = "",
    since: Annotated[str, typer.Option("--from", help="from this day on, as 2026-11-20")] = "",
    until: Annotated[str, typer.Option("--until", help="up to this day, with it")] = "",
    most: Annotated[int, typer.Option(min=1, help="rows, the latest first")] = 1000,
    out: Annotated[Path | None, typer.Option("--csv", help="write them as a table")] = None,
    database: Database = "",
    keys: KeysUrl = "",
    as_json: Json = False,
) -> None:
    """List who read or wrote what, the latest first; that it was listed is a row as well."""
    from server_sync.clinic.audit import COMMAND, Which

    first, last = _day("--from", since), _day("--until", until)
    with closing(opened(folder, database, keys=keys)) as service:
        patient_id = _patient_id(service, patient) if patient else None
        by = _actor(service, actor) if actor else None
        which = Which(patient_id, by, first, last and last + timedelta(days=1))
        found = service.audit.listed(which, most)
        service.audit.note(COMMAND, "read the audit", patient_id or "")
    if out is not None:
        _write(found, out)
    tell([each._asdict() for each in found], as_json, "\n".join(map(_line, found)) or "No such row.")


def _head(said: str) -> "Head":
    from server_sync.clinic.audit import Head

    match = _HEAD.fullmatch(said)
    if match is None:
        fail(f"--known {said[:80]!r} must be a number and a hash, as steadyreach audit head prints them")
    return Head(int(match[1]), match[2])


def _head_of(backup: Path, service: "Service") -> "Head":
    from server_sync.clinic.audit import Head
    from server_sync.clinic.backup import BACKUP_KEY
    from server_sync.clinic.manifest import BackupUnusable, is_of, read

    try:
        head = Head(*read(backup).audit)
    except BackupUnusable as reason:
        fail(str(reason))
    if not is_of(backup, service.keychain.clinic_key(BACKUP_KEY)):
        fail(f"{backup} was not made of this clinic, or its manifest was changed since: it proves nothing")
    return head


def _patient_id(service: "Service", patient: str) -> str:
    from server_sync.clinic.patients import Unknown

    try:
        return service.patients.id_of(patient)
    except Unknown as reason:
        if _ID.fullmatch(patient):  # somebody who was erased has no other name any more
            return patient
        fail(str(reason))


def _actor(service: "Service", actor: str) -> str:
    from server_sync.clinic.accounts import UnknownAccount
    from server_sync.clinic.audit import by_account

    try:
        return by_account(service.accounts.named(actor).id)
    except UnknownAccount:
        return actor


def _day(option: str, said: str) -> datetime | None:
    if not said:
        return None
    try:
        return datetime.fromisoformat(said).replace(tzinfo=UTC)
    except ValueError:
        fail(f"{option} {said} is no day; write it as 2026-11-20")


def _line(entry: "Entry") -> str:
    at = entry.at.astimezone(UTC).isoformat(timespec="seconds")
    return "  ".join(filter(None, (str(entry.number), at, entry.actor, entry.action, entry.patient_id, entry.thing)))


def _write(entries: "Sequence[Entry]", out: Path) -> None:
    from server_sync.clinic.cells import cell
    from server_sync.clinic.private import make_file

    try:
        make_file(out)
        with out.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(map(cell, (entry.number, entry.at.isoformat(), *entry[2:])) for entry in entries)
    except OSError as reason:
        fail(f"{out} cannot be written: {reason.strerror}")
