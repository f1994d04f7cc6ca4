"""All that a clinic keeps of a person in one ZIP that they can read and take elsewhere (GDPR Art. 15 and 20).

What is handed over is derived from the tables: whatever names the person is in it, opened.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import msgspec
from sqlalchemy import LargeBinary, Table, select

from engine.sealing import Unopened
from engine.vrec.contents import BlockDamaged
from engine.vrec.unsealing import write_unsealed
from server_sync import wire
from server_sync.clinic import tables, tiers
from server_sync.clinic.packing import unpacked
from server_sync.clinic.private import make_file
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Account, Audited, Delivered, Glance, Patient, RecordingKey, SessionGist, Ward

ABOUT = "README.txt"
_SESSION = Delivered.__tablename__
_BOUND: Mapping[tuple[str, str], str] = {
    (_SESSION, "content"): "session {id}",
    ("prescription", "content"): "prescription {patient_id} {version}",
    ("measurement", "content"): "measurement {recording_sha256} {version}",
    ("consent", "sealed"): "consent {id}",
    ("contact", "sealed"): "contact {id}",
    ("letter", "sealed"): "letter {id}",
    ("draft", "sealed"): "draft {id}",
    ("news", "sealed"): "news {session_id}",
}
"""What each sealed column is bound to, from the other columns of its row."""
_NOT_THEIRS = {
    *((_SESSION, "summary"), (SessionGist.__tablename__, "sealed")),
    *((Glance.__tablename__, "sealed"), (RecordingKey.__tablename__, "sealed")),
}
"""Columns that say nothing new: what lists and pages show of sessions, and the keys of recordings."""
_FILES: Mapping[str, str] = {_SESSION: "sessions/{id}.json", "prescription": "prescriptions/{version}.json"}
"""The tables of which each sealed column is a file of its own."""
_WORDS = """What this clinic keeps about you
================================

You may ask your clinic for this file at any time, and take it to another one.

person.json        what the clinic wrote about you, and whose accounts may see your record
sessions/          one file for each time you exercised: what you did, and what was measured
recordings/        how you moved, as it was recorded. Such a recording can show who you are, like a
                   fingerprint: give it only to people you trust. The software Steadyreach reads
                   them, and describes the format (docs/recording.md)
prescription.json, prescriptions/
                   every version of the exercises that were planned for you, and messages to you
session.json       when each session reached the clinic, and from which device
measurement.json   what was measured in the recordings
letter.json        what you wrote to the clinic
news.json, message_read.json
                   which messages were shown to you, what you answered, and what the clinic was told
                   of a session at once, such as pain
contact.json       time that the clinic spent on you
consent.json       what you agreed to, and what you withdrew
draft.json, sent.json
                   what another clinic's system asked for you, and what was sent there
audit.json         who read or wrote your data, when: people and devices are named by numbers,
                   the clinic can tell you who they are
fhir.json          the same for another clinic's system (HL7 FHIR R4), where the clinic makes it

Files ending in .json are text: any editor opens them. Moments that end in Z are the time in
Greenwich. Something wrong? The clinic has to put it right: tell them.
"""


class NothingHandedOver(OSError):
    """The file was not written; the message says why, and nothing is there."""


class HandedOver(NamedTuple):
    """What is in the file: how many parts, and the recordings that could not be opened, with the reason."""

    files: int
    unopened: Mapping[str, str]


def hand_over(
    service: Service, actor: str, pseudonym: str, out: Path, fhir: Callable[[str], bytes] | None = None
) -> HandedOver:
    """Write all that is kept of a person into a file that is not there yet: whole, or not at all.

    `fhir` gives the person's record for another system, by their id. Raises Unknown and NothingHandedOver.
    """
    patient_id = service.patients.id_of(pseudonym)
    if out.exists():
        raise NothingHandedOver(f"{out} exists already: name another file, or move it away")
    new = out.with_name(f"{out.name}.new")
    service.audit.note(actor, "hand over a person's data", patient_id)
    try:
        make_file(new)
        with new.open("wb") as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            _write(archive, service, patient_id, fhir)
            unopened = dict(_recordings(archive, service, patient_id, out.parent))
            files = len(archive.namelist())
        new.replace(out)
    except OSError as reason:
        raise NothingHandedOver(f"{out} cannot be written: {reason.strerror or reason}") from None
    finally:
        new.unlink(missing_ok=True)
    return HandedOver(files, unopened)


def of_patient() -> list[Table]:
    """The tables whose rows are of a patient; the audit apart."""
    found = [table for table in tables.Table.metadata.sorted_tables if "patient_id" in table.columns]
    return [table for table in found if table.name != Audited.__tablename__]


def _write(archive: ZipFile, service: Service, patient_id: str, fhir: Callable[[str], bytes] | None) -> None:
    archive.writestr(ABOUT, _WORDS)
    archive.writestr("person.json", _json(_person(service, patient_id)))
    for table in of_patient():
        rows = [_row(archive, service, table, row) for row in _rows(service, table, patient_id)]
        archive.writestr(f"{table.name}.json", _json(rows))
    audit = select(Audited).where(Audited.patient_id == patient_id).order_by(Audited.number)
    archive.writestr("audit.json", _json([row._asdict() for row in service.store.look(audit)]))
    if fhir is not None:
        archive.writestr("fhir.json", fhir(patient_id))


def _person(service: Service, patient_id: str) -> Mapping[str, Any]:
    (row,) = service.store.look(select(Patient.created_at).where(Patient.id == patient_id))
    of_account = select(Account.id, Account.key_id, Account.sealed, Account.role, Ward.relation)
    accounts = of_account.join(Ward, Ward.account_id == Account.id).where(Ward.patient_id == patient_id)
    return {
        "id": patient_id,
        **msgspec.structs.asdict(service.patients.person(patient_id)),
        "since": row.created_at,
        "accounts": [
            {"id": each.id, "name": service.names.of(each).name, "role": each.role, "relation": each.relation}
            for each in service.store.look(accounts)
        ],
    }


def _rows(service: Service, table: Table, patient_id: str) -> Iterator[dict[str, Any]]:
    query = select(table).where(table.columns["patient_id"] == patient_id).order_by(*table.primary_key.columns)
    for row in service.store.look(query):
        yield row._asdict()


def _row(archive: ZipFile, service: Service, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row as somebody can read it; what is a file of its own is named in it."""
    for column in table.columns:
        if not isinstance(column.type, LargeBinary):
            continue
        sealed = row.pop(column.name)
        if (table.name, column.name) in _NOT_THEIRS:
            continue
        bound = _BOUND[table.name, column.name].format(**row)
        content = service.patients.unseal(row["patient_id"], bytes(sealed), bound)
        if table.name in _FILES:
            row["file"] = _FILES[table.name].format(**row)
            packed = table.name == _SESSION
            archive.writestr(row["file"], unpacked(content, wire.LARGEST_SESSION_BYTES) if packed else content)
        else:
            row[column.name] = _said(content)
    return row


def _said(content: bytes) -> Any:
    """What is in a sealed column: JSON, or words."""
    try:
        return msgspec.Raw(msgspec.json.encode(msgspec.json.decode(content)))
    except msgspec.DecodeError:
        return content.decode()


def _recordings(archive: ZipFile, service: Service, patient_id: str, beside: Path) -> Iterator[tuple[str, str]]:
    """Put the recordings in, open; gives those that cannot be opened, which are in it as they were stored."""
    named = select(Delivered.recording_sha256).distinct().where(Delivered.patient_id == patient_id)
    keys = service.keys()
    for row in service.store.look(named.order_by(Delivered.recording_sha256)):
        name = row.recording_sha256
        if not name or tiers.tier(service.objects, name) is None:
            continue
        with tempfile.TemporaryDirectory(dir=beside, prefix=".hand-over-") as scratch:
            plain = Path(scratch) / "plain.vrec"
            try:
                content = tiers.kept(service.vault.read, name).content
                write_unsealed(plain, content, keys)
            except (tiers.RecordingDamaged, FileNotFoundError) as reason:
                yield name, str(reason)
                continue
            except (Unopened, BlockDamaged) as reason:
                plain.write_bytes(content)
                yield name, str(reason)
            part = ZipInfo.from_file(plain, f"recordings/{name}.vrec")
            part.compress_type = ZIP_STORED  # it is packed already
            with plain.open("rb") as source, archive.open(part, "w") as target:
                while piece := source.read(1 << 20):
                    target.write(piece)


def _json(value: Any) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
