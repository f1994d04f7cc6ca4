"""A copy of a whole clinic in a folder, made while it is at work, checked.

The database is copied first, then the recordings, so that every recording that a session of the copy names is there.
A recording is copied once: the next backup into the same folder takes what is new. `manifest.json` comes last and
names the hash of everything; until it is replaced, the backup before is whole.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select, text

from engine.sealing import settle
from server_sync.clinic import dumps
from server_sync.clinic.manifest import FORMAT, MANIFEST, BackupUnusable, Entry, Manifest, Told, read, written
from server_sync.clinic.objects import TIERS, Objects
from server_sync.clinic.private import make_file, make_folder
from server_sync.clinic.store import sqlite_url
from server_sync.clinic.tables import Delivered
from server_sync.wire import file_sha256

NOT_THERE, DAMAGED = "not in the clinic's store", "damaged in the clinic's store"
_DATABASE = "database-"


class Clinic(NamedTuple):
    """Where a clinic is kept: its folder, and the URLs of what is not in it."""

    folder: Path
    database: str = ""
    recordings: str = ""

    @property
    def url(self) -> str:
        """The URL of its database."""
        return self.database or sqlite_url(self.folder)

    def objects(self) -> Objects:
        """Its recordings."""
        return Objects(self.folder, self.recordings)


class _Damaged(Exception):
    pass


def backup(clinic: Clinic, out: Path, software: str, told: Told) -> Manifest:
    """Copy a clinic into a folder, which may hold an earlier backup of it; others go on writing.

    `told` is called with how many recordings are copied, of how many. Raises DatabaseTrouble and OSError, and then the
    earlier backup is as it was.
    """
    make_folder(out)
    made_at, kind = datetime.now(UTC).isoformat(timespec="seconds"), dumps.kind_of(clinic.url)
    database = _dumped(clinic.url, kind, out)
    with dumps.reading(clinic.url) as db:  # what came after the copy is named, too, and is there as well
        schema = db.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        recordings = named(db)
    files, damaged = _copied(clinic.objects(), out, told)
    held = {key.rpartition("/")[2] for key in files}
    missing = {name: DAMAGED if name in damaged else NOT_THERE for name in recordings if name not in held}
    files[database.name] = Entry(database.stat().st_size, file_sha256(database))
    manifest = Manifest(FORMAT, made_at, software, kind, schema, database.name, dict(sorted(files.items())), missing)
    _write(out / MANIFEST, [written(manifest)])
    for old in out.glob(f"{_DATABASE}*"):
        if old != database:
            old.unlink()
    return manifest


def _dumped(url: str, kind: str, out: Path) -> Path:
    """The copy of the database, named by its hash: the one of the backup before stays beside it for now."""
    new = out / f"{_DATABASE}new"
    new.unlink(missing_ok=True)
    make_file(new)
    dumps.dump(url, new)
    dumps.check(new, kind)
    with new.open("rb+") as file:
        os.fsync(file.fileno())
    named = out / f"{_DATABASE}{file_sha256(new)[:16]}"
    new.replace(named)
    return named


def _copied(objects: Objects, out: Path, told: Told) -> tuple[dict[str, Entry], set[str]]:
    """Copy what is not in the folder yet; gives all by name, and the recordings that are damaged in the store."""
    before, files, damaged = _before(out), dict[str, Entry](), set[str]()
    for tier in TIERS:
        found = objects.listed(tier)
        for number, stored in enumerate(found, 1):
            name, entry = stored.key.rpartition("/")[2], before.get(stored.key)
            try:
                if entry is None or not _has(out / stored.key, entry.bytes):
                    entry = _write(out / stored.key, objects.read(stored.key), name if tier == TIERS[0] else "")
                files[stored.key] = entry
            except _Damaged:
                damaged.add(name)
            except FileNotFoundError:  # it was archived meanwhile, and that is listed after this
                continue
            told(number, len(found))
    return files, damaged


def _before(out: Path) -> Mapping[str, Entry]:
    """What is known of the files that an earlier backup copied."""
    try:
        return read(out).files
    except BackupUnusable:
        return {}


def named(db: Connection) -> list[str]:
    """The recordings that sessions name."""
    recording = Delivered.recording_sha256
    return sorted(db.execute(select(recording).distinct().where(recording != "")).scalars())


def _write(path: Path, pieces: Iterable[bytes], expected: str = "") -> Entry:
    """Write a file whole or not at all, on the disk for good; raises _Damaged where it has not the hash expected."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new, digest, size = path.with_name(f"{path.name}.new"), hashlib.sha256(), 0
    with new.open("wb") as file:
        for piece in pieces:
            size += file.write(piece)
            digest.update(piece)
        file.flush()
        os.fsync(file.fileno())
    entry = Entry(size, digest.hexdigest())
    if expected not in ("", entry.sha256):
        new.unlink()
        raise _Damaged
    new.replace(path)
    settle(path.parent)
    return entry


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size == size
