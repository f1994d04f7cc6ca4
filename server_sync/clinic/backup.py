"""A copy of a whole clinic in a folder, made while it is at work, checked.

The database is copied first, then the recordings, so that every recording that a session of the copy names is there.
A recording is copied once, sealed as it lies; the next backup into the same folder takes what is new, and removes what
the clinic does not hold any more. The database is sealed under a key of the clinic, and all keys are copied apart
(`server_sync.clinic.key_copies`). `manifest.json` comes last and names the hash of everything; until it is replaced,
the backup before is whole.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select, text

from engine.sealing import settle
from server_sync.clinic import dumps, key_copies
from server_sync.clinic.keys import Keys, Shredded, unseal
from server_sync.clinic.manifest import FORMAT, MANIFEST, BackupUnusable, Entry, Manifest, Told, is_of, read, written
from server_sync.clinic.objects import TIERS, Objects
from server_sync.clinic.place import Place, database_url, keys_url
from server_sync.clinic.private import make_file, make_folder
from server_sync.clinic.sealed_stream import NotOpened, opened, sealed
from server_sync.clinic.tables import Audited, Delivered, RecordingKey
from server_sync.clinic.vault import LET_GO
from server_sync.wire import file_sha256

NOT_THERE, DAMAGED = "not in the clinic's store", "damaged in the clinic's store"
BACKUP_KEY = "backup key"
_DATABASE = "database-"
_READ_BYTES = 1 << 20


class Clinic(NamedTuple):
    """Where a clinic is kept: its folder, and the URLs of what is not in it."""

    folder: Path
    place: Place = Place()

    @property
    def url(self) -> str:
        """The URL of its database."""
        return database_url(self.folder, self.place)

    @property
    def keys_url(self) -> str:
        """The URL of the database of its keys."""
        return keys_url(self.folder, self.place)

    def objects(self) -> Objects:
        """Its recordings."""
        return Objects(self.folder, self.place.recordings)


class NotTheSame(ValueError):
    """What lies where a backup shall go is of another clinic, or its manifest is forged; the message says where."""


class AuditCut(ValueError):
    """The clinic's audit lacks a row that the backup of before names, which stays as it is: it is the proof."""


class _Damaged(Exception):
    pass


def backup(clinic: Clinic, out: Path, software: str, told: Told, keys_folder: Path | None = None) -> Manifest:
    """Copy a clinic into a folder, which may hold an earlier backup of it; others go on writing.

    The copy of the keys goes beside it, or into `keys_folder`, and none is left beside it then. `told` is called with
    how many recordings are copied, of how many. Raises DatabaseTrouble, OSError, NotTheSame and AuditCut, and then the
    earlier backup is as it was.
    """
    make_folder(out)
    made_at, kind = datetime.now(UTC).isoformat(timespec="seconds"), dumps.kind_of(clinic.url)
    keys = Keys(clinic.keys_url)
    try:
        key = keys.clinic_key(BACKUP_KEY)
        _refuse_to_replace(clinic.url, key, out)
        if not key_copies.may_write(keys, keys_folder or out):
            raise NotTheSame(f"{keys_folder or out} has the copy of another clinic's keys in it: name another folder")
        database = _dumped(clinic.url, key, out)
        with dumps.reading(clinic.url) as db:  # what came after the copy is named, too, and is there as well
            schema = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            recordings, audit = named(db), _head(db)
            under = dict[str, bytes | None](_keys_of_recordings(db, keys))
        files, damaged = _copied(clinic.objects(), under, out, told)
        key_copies.write(keys, keys_folder or out)
        if keys_folder and not keys_folder.samefile(out):
            key_copies.remove(keys, out)
    finally:
        keys.close()
    held = {key.rpartition("/")[2] for key in files}
    missing = {name: DAMAGED if name in damaged else NOT_THERE for name in recordings if name not in held}
    files[database.name] = Entry(database.stat().st_size, file_sha256(database))
    sorted_files = dict(sorted(files.items()))
    manifest = Manifest(FORMAT, made_at, software, kind, schema, database.name, sorted_files, missing, audit)
    _write(out / MANIFEST, [written(manifest, key)])
    _remove_others(out, manifest)
    return manifest


def named(db: Connection) -> list[str]:
    """The recordings that sessions name and that were not let go."""
    recording = Delivered.recording_sha256
    let_go = select(RecordingKey.sha256).where(RecordingKey.sealed == LET_GO)
    query = select(recording).distinct().where(recording != "", recording.not_in(let_go))
    return sorted(db.execute(query).scalars())


def pieces(path: Path) -> Iterator[bytes]:
    """The content of a file."""
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            yield piece


def _dumped(url: str, key: bytes, out: Path) -> Path:
    """The copy of the database, named by its hash: the one of the backup before stays beside it for now."""
    new = out / f"{_DATABASE}new"
    with tempfile.TemporaryDirectory(prefix="steadyreach-") as scratch:
        plain = Path(scratch) / "database"
        dumps.dump(url, plain)
        dumps.check(plain, dumps.kind_of(url))
        _write(new, sealed(key, pieces(plain)))
    whole = out / f"{_DATABASE}{file_sha256(new)[:16]}"
    new.replace(whole)
    return whole


def _keys_of_recordings(db: Connection, keys: Keys) -> Iterator[tuple[str, bytes | None]]:
    """The keys of the recordings that are somebody's; none for what lies unsealed, from before there were keys."""
    rows = db.execute(select(RecordingKey.sha256, RecordingKey.patient_id, RecordingKey.sealed)).all()
    whole = {row.sha256 for row in rows}
    yield from ((name, None) for name in named(db) if name not in whole)
    for row in rows:
        if row.patient_id is None or row.sealed == LET_GO:
            continue
        try:
            yield row.sha256, unseal(keys.of(row.patient_id), row.sealed, f"recording {row.sha256}")
        except Shredded:
            continue


def _refuse_to_replace(url: str, key: bytes, out: Path) -> None:
    """Leave alone the backup of another clinic, and one that proves that the audit was cut or written anew."""
    try:
        number, sha256 = read(out).audit
    except BackupUnusable:
        return
    if not is_of(out, key):
        raise NotTheSame(f"{out / MANIFEST} was not written by this clinic, or was changed: name another folder")
    with dumps.reading(url) as db:
        found = db.execute(select(Audited.sha256).where(Audited.number == number)).scalar()
    if number and found != sha256:
        raise AuditCut(
            f"the audit lacks row {number}, which the backup in {out} names: it was cut or written anew, or the clinic "
            f"was set back. That backup stays as it is, and proves it: steadyreach audit verify --backup {out}. Name "
            "another folder for a new one"
        )


def _head(db: Connection) -> tuple[int, str]:
    last = db.execute(select(Audited.number, Audited.sha256).order_by(Audited.number.desc()).limit(1)).first()
    return (last.number, last.sha256) if last else (0, "")


def _copied(
    objects: Objects, under: Mapping[str, bytes | None], out: Path, told: Told
) -> tuple[dict[str, Entry], set[str]]:
    """Copy what is not in the folder yet; gives all by name, and the recordings that are damaged in the store.

    What is nobody's yet is left for the next backup.
    """
    before, files, damaged = _before(out), dict[str, Entry](), set[str]()
    for tier in TIERS:
        found = [stored for stored in objects.listed(tier) if stored.key.rpartition("/")[2] in under]
        for number, stored in enumerate(found, 1):
            name, entry = stored.key.rpartition("/")[2], before.get(stored.key)
            try:
                if entry is None or not _is_as(out / stored.key, entry, stored.bytes):
                    expected = name if tier == TIERS[0] else ""
                    entry = _write(out / stored.key, _seen(objects.read(stored.key), under[name], expected))
                files[stored.key] = entry
            except (_Damaged, NotOpened):
                damaged.add(name)
            except FileNotFoundError:  # it was archived meanwhile, and that is listed after this
                continue
            told(number, len(found))
    return files, damaged


def _seen(content: Iterable[bytes], key: bytes | None, expected: str) -> Iterator[bytes]:
    """The same pieces; raises at their end where what is sealed in them is damaged, or has not the hash expected."""
    digest, passing = hashlib.sha256(), list[bytes]()

    def passed() -> Iterator[bytes]:
        for piece in content:
            passing.append(piece)
            yield piece

    for part in passed() if key is None else opened(key, passed()):
        digest.update(part)
        yield from passing
        passing.clear()
    yield from passing
    if expected not in ("", digest.hexdigest()):
        raise _Damaged


def _before(out: Path) -> Mapping[str, Entry]:
    """What is known of the files that an earlier backup copied."""
    try:
        return read(out).files
    except BackupUnusable:
        return {}


def _remove_others(out: Path, manifest: Manifest) -> None:
    """Remove what this backup does not name: the database of the one before, and what was let go or erased."""
    there = [*out.glob(f"{_DATABASE}*"), *(path for tier in TIERS for path in (out / tier).glob("*/*"))]
    for path in there:
        if path.relative_to(out).as_posix() not in manifest.files:
            path.unlink()


def _write(path: Path, content: Iterable[bytes]) -> Entry:
    """Write a file whole or not at all, on the disk for good."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new, digest, size = path.with_name(f"{path.name}.new"), hashlib.sha256(), 0
    make_file(new)
    try:
        with new.open("wb") as file:
            for piece in content:
                size += file.write(piece)
                digest.update(piece)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    settle(path.parent)
    return Entry(size, digest.hexdigest())


def _is_as(path: Path, entry: Entry, stored_bytes: int) -> bool:
    return path.is_file() and path.stat().st_size == entry.bytes == stored_bytes
