"""A backup brought back to an empty place, and verified there."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select

from server_sync.clinic import dumps, lost_recordings
from server_sync.clinic.backup import Clinic, named
from server_sync.clinic.manifest import BackupUnusable, Manifest, Told, check, some
from server_sync.clinic.objects import Objects, archived_key, recording_key
from server_sync.clinic.private import make_folder
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered

_READ_BYTES = 1 << 20
_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


class NotEmpty(ValueError):
    """A backup is brought back only to where nothing is; the message names what is there."""


class Restored(NamedTuple):
    """What was brought back: from which backup, how many sessions, and how many recordings they have."""

    manifest: Manifest
    sessions: int
    recordings: int


def restore(folder: Path, to: Clinic, told: Told) -> Restored:
    """Bring a backup back to where nothing is, and verify what came out; devices are to bring again what it lacks.

    Raises BackupUnusable before anything is written, NotEmpty, DatabaseTrouble, and BackupUnusable where a session's
    recording did not arrive.
    """
    manifest = check(folder, told)
    _refuse_unfit(manifest, to)
    objects = to.objects()
    names = [name for name in manifest.files if name != manifest.database]
    for number, name in enumerate(names):
        told(number, len(names))
        if objects.size(name) != manifest.files[name].bytes:
            objects.write(name, _pieces(folder / name))
    dumps.restore(folder / manifest.database, to.url)
    if manifest.kind == dumps.SQLITE:
        dumps.check(dumps.file_of(to.url), manifest.kind)
    store = Store(to.url)  # which brings an older schema to that of this version
    lost_recordings.note(store, objects)
    store.close()
    return _verified(manifest, to.url, objects)


def _refuse_unfit(manifest: Manifest, to: Clinic) -> None:
    newest = max(path.name.partition("_")[0] for path in _MIGRATIONS.glob("[0-9]*.py"))
    if manifest.schema > newest:
        raise BackupUnusable(
            f"it was made by {manifest.software} with schema {manifest.schema}, this version knows {newest}: install"
            " that version or a later one"
        )
    if dumps.kind_of(to.url) != manifest.kind:
        raise BackupUnusable(f"it is of a {manifest.kind} database: name an empty one of that kind with --database")
    if to.folder.exists() and any(to.folder.iterdir()):
        raise NotEmpty(f"{to.folder} is not empty: name a new folder, so that nothing is written over")
    make_folder(to.folder)
    if not dumps.empty(to.url):
        raise NotEmpty("the database is not empty: name a new one, so that nothing is written over")


def _verified(manifest: Manifest, url: str, objects: Objects) -> Restored:
    with dumps.reading(url) as db:
        recordings = named(db)
        sessions = db.execute(select(func.count()).select_from(Delivered)).scalar_one()
    amiss = []
    for name in recordings:
        key = next((key for key in (recording_key(name), archived_key(name)) if key in manifest.files), None)
        if key is None:
            if name not in manifest.missing:
                amiss.append(f"recording {name} is not in the backup")
        elif _sha256(objects.read(key)) != manifest.files[key].sha256:
            amiss.append(f"recording {name} did not arrive as it was")
    if amiss:
        raise BackupUnusable(f"restored, and not whole: {some(amiss)}")
    return Restored(manifest, sessions, len(recordings))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_READ_BYTES):
            yield piece


def _sha256(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
