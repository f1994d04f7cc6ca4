"""A backup brought back to an empty place, and verified there."""

import hashlib
import tempfile
from base64 import b64decode
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select

from server_sync.clinic import dumps, key_copies, lost_recordings
from server_sync.clinic.audit import COMMAND, Audit
from server_sync.clinic.backup import BACKUP_KEY, Clinic, named, pieces
from server_sync.clinic.erasure import Erasing
from server_sync.clinic.key_copies import Copy
from server_sync.clinic.keys import Keys
from server_sync.clinic.manifest import MANIFEST, BackupUnusable, Manifest, Told, check, is_of, some
from server_sync.clinic.names import Names
from server_sync.clinic.objects import Objects, archived_key, recording_key
from server_sync.clinic.patients import Patients
from server_sync.clinic.place import RESTORING, Place, note
from server_sync.clinic.private import make_folder
from server_sync.clinic.sealed_stream import NotOpened, opened
from server_sync.clinic.service import utc_now
from server_sync.clinic.store import Store
from server_sync.clinic.suspended import Suspended
from server_sync.clinic.tables import Account, Delivered, Patient

_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"


class NotEmpty(ValueError):
    """A backup is brought back only to where nothing is; the message names what is there."""


class Restored(NamedTuple):
    """What was brought back: from which backup, how many sessions and recordings, and how much waits (`Suspended`).

    `keyless` are patients and accounts whose key is not here: the keys are of before them.
    """

    manifest: Manifest
    sessions: int
    recordings: int
    suspended: int = 0
    keyless: int = 0


def restore(folder: Path, to: Clinic, code: str, told: Told, keys_folder: Path | None = None) -> Restored:
    """Bring a backup back to where nothing is, and verify what came out; devices are to bring again what it lacks.

    `code` opens the copy of the keys beside it or in `keys_folder`; "" uses the keys that are at `to` already. Raises
    BackupUnusable and WrongCode before anything is written, NotEmpty, DatabaseTrouble, and BackupUnusable where a
    session's recording did not arrive.
    """
    manifest = check(folder, told)
    copied = _copied_keys(keys_folder or folder, to, code)
    _refuse_forged(folder, to, copied)
    _refuse_unfit(manifest, to)
    keys = Keys(to.keys_url)
    try:
        if copied is not None:
            keys.bring_back(copied.secrets, copied.persons)
        restored = _restored(folder, manifest, to, keys, told)
        if to.place != Place():
            note(to.folder, to.place)
        return restored
    finally:
        keys.close()


def _copied_keys(folder: Path, to: Clinic, code: str) -> Copy | None:
    if code:
        try:
            return key_copies.read(folder / key_copies.FILE, code)
        except FileNotFoundError:
            raise BackupUnusable(
                f"there is no copy of the keys ({key_copies.FILE}) in {folder}: say where it is (--keys-folder), "
                "or where the clinic's keys are (--keys)"
            ) from None
    if not to.place.keys:
        raise BackupUnusable("say the recovery code that was shown at the first backup, or where the clinic's keys are")
    return None


def _refuse_forged(folder: Path, to: Clinic, copied: Copy | None) -> None:
    found = [copied.secrets.get(BACKUP_KEY, "")] if copied is not None else []
    if to.place.keys:  # never are the keys of one clinic put among those of another
        with closing(Keys(to.keys_url)) as keys:
            known = keys.known(BACKUP_KEY)
            found += [known or ""] if known or copied is None else []
    if not all(is_of(folder, b64decode(key)) for key in found):
        raise BackupUnusable(
            f"these are not the keys of the clinic that was backed up, or {folder / MANIFEST} was changed since"
        )


def _restored(folder: Path, manifest: Manifest, to: Clinic, keys: Keys, told: Told) -> Restored:
    objects = to.objects()
    names = [name for name in manifest.files if name != manifest.database]
    for number, name in enumerate(names):
        told(number, len(names))
        if objects.size(name) != manifest.files[name].bytes:
            objects.write(name, pieces(folder / name))
    _restore_database(folder / manifest.database, manifest.kind, to.url, keys)
    store = Store(to.url, keys)  # which brings an older schema to that of this version
    suspended = _made_safe(store, keys, objects, manifest.made_at)
    (to.folder / RESTORING).unlink()
    lost_recordings.note(store, objects)
    keyless = _keyless(store, keys)
    store.close()
    return _verified(manifest, to.url, objects)._replace(suspended=suspended, keyless=keyless)


def _keyless(store: Store, keys: Keys) -> int:
    _, there = keys.all()
    needed = [row[0] for query in (select(Patient.id), select(Account.key_id)) for row in store.look(query)]
    return sum(1 for each in needed if each not in there)


def _made_safe(store: Store, keys: Keys, objects: Objects, made_at: str) -> int:
    """Remove what the backup has of those whose keys were destroyed since, and suspend all that gives rights."""
    audit, patients = Audit(store, utc_now), Patients(store, keys, utc_now)
    Erasing(store, patients, keys, objects, audit, utc_now).resume(COMMAND)
    suspended = Suspended(store, patients, Names(store, keys), audit)
    suspended.begin(made_at, utc_now())
    audit.close()
    return len(suspended.waiting())


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
    if not dumps.empty(to.url):
        raise NotEmpty("the database is not empty: name a new one, so that nothing is written over")
    make_folder(to.folder)
    (to.folder / RESTORING).touch(mode=0o600, exist_ok=False)  # of two at once, one fails


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


def _restore_database(file: Path, kind: str, url: str, keys: Keys) -> None:
    with tempfile.TemporaryDirectory(prefix="steadyreach-") as scratch:
        plain = Path(scratch) / "database"
        try:
            with plain.open("wb") as target:
                target.writelines(opened(keys.clinic_key(BACKUP_KEY), pieces(file)))
        except NotOpened:
            raise BackupUnusable("these are not the keys of the clinic that was backed up") from None
        dumps.check(plain, kind)
        dumps.restore(plain, url)
    if kind == dumps.SQLITE:
        dumps.check(dumps.file_of(url), kind)


def _sha256(pieces: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()
