"""Recordings at rest: each sealed under a key of its own, which is sealed under that of its patient.

A recording comes before the session that says whose it is; until then its key is sealed under one of the clinic.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, func, select, update

from server_sync.clinic.keys import KEY_BYTES, Keys, seal, unseal
from server_sync.clinic.objects import TIERS, Objects, archived_key, recording_key
from server_sync.clinic.patients import BEGUN
from server_sync.clinic.sealed_stream import MAGIC, opened, plain_bytes, sealed
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, Patient, RecordingKey

INTAKE = "intake key"
LET_GO = b""
"""In place of a sealed key: the recording was here, and was not kept longer than it may be."""

Read = Callable[[str], Iterator[bytes]]
"""Gives the content behind a key of the store, as it came; raises FileNotFoundError, and NotOpened."""


class LetGo(ValueError):
    """A recording that may not be kept any more; the message names it."""


class NoKey(LookupError):
    """A recording whose key is gone, or that has none yet; the message names it."""


class _Row(NamedTuple):
    patient_id: str | None
    sealed: bytes


class Vault:
    """The recordings of one clinic."""

    def __init__(self, objects: Objects, store: Store, keys: Keys) -> None:
        """Use this store of objects, this database and these keys."""
        self.objects, self._store, self._keys = objects, store, keys

    def size(self, sha256: str) -> int | None:
        """How many bytes a recording has, or what is kept of it; None where it is not here.

        One that was let go counts as here: nobody shall bring it again.
        """
        row = self._row(sha256)
        if row is not None and row.sealed == LET_GO:
            return 0
        key, size = self._stored(sha256)
        if size is None or row is not None:
            return size and plain_bytes(size)
        # Without its key it is of before recordings were sealed, or its key was lost with a database set back.
        return None if self._is_sealed(key) else size

    def write(self, key: str, pieces: Iterable[bytes], device: str = "") -> None:
        """Write a recording or its archive, sealed, on the disk for good; raises LetGo, NoKey and Shredded.

        `device` is the id of who brought it. An archive is of a recording that is here, and so has its key. Who is
        erased meanwhile leaves nothing here.
        """
        sha256 = key.rpartition("/")[2]
        row = self._row(sha256)
        if row is not None and row.sealed == LET_GO:
            raise LetGo(f"recording {sha256} was not kept longer than it may be")
        whole = key == recording_key(sha256)
        under = self.key(sha256) or (self._new_key(sha256, device=device) if whole else None)
        if under is None:
            raise NoKey(f"recording {sha256} has no key: its person was erased, or the server has not sealed it yet")
        self.objects.write(key, sealed(under, pieces))
        if not self._is_kept(sha256):  # whoever removed it did so before this was there
            self.objects.remove([key])
            raise NoKey(f"recording {sha256} was let go meanwhile, or its person erased")

    def read(self, key: str) -> Iterator[bytes]:
        """The content behind a key of the store, as it came; raises FileNotFoundError, NotOpened, Shredded."""
        return read_with(self.objects, self.key(key.rpartition("/")[2]), key)

    def key(self, sha256: str) -> bytes | None:
        """The key of a recording; None where it has none; raises Shredded."""
        row = self._row(sha256)
        return None if row is None or row.sealed == LET_GO else self._unsealed(sha256, row)

    def claim(self, db: Connection, whose: Mapping[str, str]) -> dict[str, str]:
        """Seal the keys of recordings for their patients, by id; gives those that are another patient's already."""
        columns = RecordingKey.sha256, RecordingKey.patient_id, RecordingKey.sealed
        rows = select(*columns).where(RecordingKey.sha256.in_(list(whose))).order_by(RecordingKey.sha256)
        others: dict[str, str] = {}
        for row in db.execute(rows.with_for_update()).all():
            patient_id = whose[row.sha256]
            if row.patient_id not in (None, patient_id):
                others[row.sha256] = row.patient_id
            elif row.patient_id is None:
                key = self._unsealed(row.sha256, _Row(None, row.sealed))
                values = {"patient_id": patient_id, "sealed": self._sealed(row.sha256, key, patient_id)}
                db.execute(update(RecordingKey).where(RecordingKey.sha256 == row.sha256).values(values))
        return others

    def adopt(self) -> int:
        """Seal the recordings of before recordings were sealed; gives their number."""
        adopted, keyed = 0, {row.sha256 for row in self._store.look(select(RecordingKey.sha256))}
        for key in [stored.key for tier in TIERS for stored in self.objects.listed(tier)]:
            sha256 = key.rpartition("/")[2]
            if sha256 in keyed or self._is_sealed(key):
                continue
            whose = select(Delivered.patient_id).where(Delivered.recording_sha256 == sha256).limit(1)
            found = self._store.look(whose)
            if found:
                content = b"".join(self.objects.read(key))
                self._new_key(sha256, found[0].patient_id)
                self.write(key, [content])
                adopted += 1
        return adopted

    def let_go(self, sha256: str) -> None:
        """Remove a recording that may not be kept longer; it is not asked for again."""
        self.objects.remove([recording_key(sha256), archived_key(sha256)])
        with self._store.writing() as db:
            db.execute(update(RecordingKey).where(RecordingKey.sha256 == sha256).values(sealed=LET_GO))

    def _new_key(self, sha256: str, patient_id: str | None = None, device: str = "") -> bytes:
        key = secrets.token_bytes(KEY_BYTES)
        values = {"sha256": sha256, "patient_id": patient_id, "sealed": self._sealed(sha256, key, patient_id)}
        values |= {"device_id": device}
        with self._store.writing() as db:
            db.execute(self._store.once(RecordingKey), values)
        return self.key(sha256) or key

    def _sealed(self, sha256: str, key: bytes, patient_id: str | None) -> bytes:
        under = self._keys.clinic_key(INTAKE) if patient_id is None else self._keys.of(patient_id)
        return seal(under, key, f"recording {sha256}")

    def _unsealed(self, sha256: str, row: _Row) -> bytes:
        under = self._keys.clinic_key(INTAKE) if row.patient_id is None else self._keys.of(row.patient_id)
        return unseal(under, row.sealed, f"recording {sha256}")

    def _row(self, sha256: str) -> _Row | None:
        columns = RecordingKey.patient_id, RecordingKey.sealed
        found = self._store.look(select(*columns).where(RecordingKey.sha256 == sha256))
        return _Row(found[0].patient_id, bytes(found[0].sealed)) if found else None

    def _is_kept(self, sha256: str) -> bool:
        """Whether a recording has its row, and its person, if it has one yet, is not being erased."""
        row = select(RecordingKey.sealed).outerjoin(Patient, Patient.id == RecordingKey.patient_id)
        begun = func.coalesce(Patient.lookup, "").startswith(BEGUN)
        found = self._store.look(row.where(RecordingKey.sha256 == sha256, ~begun))
        return bool(found) and found[0].sealed != LET_GO

    def _stored(self, sha256: str) -> tuple[str, int | None]:
        key = recording_key(sha256)
        size = self.objects.size(key)
        return (key, size) if size is not None else (archived_key(sha256), self.objects.size(archived_key(sha256)))

    def _is_sealed(self, key: str) -> bool:
        return next(iter(self.objects.read(key)), b"").startswith(MAGIC)


def read_with(objects: Objects, key: bytes | None, name: str) -> Iterator[bytes]:
    """What lies under a name of the store, opened with its key, or as it lies where there is none."""
    pieces = objects.read(name)
    return pieces if key is None else opened(key, pieces)
