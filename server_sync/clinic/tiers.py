"""Recordings in two tiers: as they were recorded, and after some months as their archive, with a stated loss.

Both are named by the SHA-256 of what was recorded. The archive is stored, and read back, before the original goes.
"""

import math
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sqlalchemy import select

from engine import recording, sealing
from server_sync.clinic.jobs import Hopeless, Jobs, Work, Writing
from server_sync.clinic.objects import Objects, archived_key, recording_key
from server_sync.clinic.sealed_stream import NotOpened
from server_sync.clinic.service import ClinicKeys
from server_sync.clinic.store import Store
from server_sync.clinic.tables import Delivered, RecordingKey
from server_sync.clinic.vault import LET_GO, Read, Vault
from server_sync.wire import sha256

ARCHIVING = "archive"
WHOLE, ARCHIVED = "", "archive"
_LENGTH_ERROR = 1e-4  # of orientations: an archive has them of length 1


class RecordingDamaged(ValueError):
    """What lies under the name of a recording is something else; the message names it."""


class Kept(NamedTuple):
    """The content of a recording that is held, and its tier."""

    content: bytes
    tier: str


def kept(read: Read, name: str) -> Kept:
    """A recording by its SHA-256, as it was recorded where that is here; raises RecordingDamaged, FileNotFoundError."""
    try:
        try:
            content = b"".join(read(recording_key(name)))
        except FileNotFoundError:  # then its archive was there before
            return Kept(b"".join(read(archived_key(name))), ARCHIVED)
    except NotOpened as reason:
        raise RecordingDamaged(f"recording {name} is damaged: {reason}; restore it from a backup") from None
    if sha256(content) != name:
        raise RecordingDamaged(f"recording {name} is damaged: it has another SHA-256; restore it from a backup")
    return Kept(content, WHOLE)


def tier(objects: Objects, name: str) -> str | None:
    """The tier in which a recording is held; None where it is not."""
    if objects.size(recording_key(name)) is not None:
        return WHOLE
    return None if objects.size(archived_key(name)) is None else ARCHIVED


def add_old(store: Store, jobs: Jobs, older: timedelta) -> int:
    """Have all recordings archived whose sessions are older than that; gives the number of new jobs."""
    before = jobs.now() - older
    late = select(Delivered.recording_sha256).where(Delivered.started_at >= before)
    old = select(Delivered.recording_sha256).distinct().where(Delivered.started_at < before)
    let_go = select(RecordingKey.sha256).where(RecordingKey.sealed == LET_GO)
    recording = Delivered.recording_sha256
    named = old.where(recording != "", recording.not_in(late), recording.not_in(let_go))
    with store.reading() as db:
        found = sorted(db.execute(named).scalars())
    return jobs.add(ARCHIVING, found)


def archiving(vault: Vault, keys: ClinicKeys) -> Work:
    """How a recording is archived, sealed for the clinic.

    A file that cannot be read, or loses more than it may, stays as it was recorded: its job fails.
    """

    def archive(name: str) -> Writing:
        found = tier(vault.objects, name)
        if found is None:
            raise FileNotFoundError(f"recording {name} is not in the store")
        if found == WHOLE:
            _store_archive(vault, keys, name)
            vault.objects.remove([recording_key(name)])
        return lambda _: None

    return archive


def lost_more(before: np.ndarray, after: np.ndarray, loss: Mapping[str, float]) -> list[str]:
    """The columns of a table in which an archive lost more than it may; `loss` is the bound by the unit of a column.

    What is not finite has to be the same, and so has all without a bound.
    """
    if len(before) != len(after):
        return ["the number of rows"]
    names = before.dtype.names or ()
    turns = [name.removesuffix("_qw") for name in names if name.endswith("_qw")]
    turned = [name for name in turns if np.any(_apart_deg(before, after, name) > loss["orientation_deg"])]
    parts = {f"{name}_q{part}" for name in turns for part in "xyzw"}
    return turned + [
        name for name in names if name not in parts and not _near(before[name], after[name], loss.get(_unit(name), 0.0))
    ]


def _store_archive(vault: Vault, keys: ClinicKeys, name: str) -> None:
    cipher = sealing.new_cipher([sealing.Recipient(sealing.key_id(keys.public), keys.public)])
    with tempfile.TemporaryDirectory(prefix="steadyreach-") as folder:
        original, archive = Path(folder) / "original.vrec", Path(folder) / "archive.vrec"
        original.write_bytes(kept(vault.read, name).content)
        try:
            recording.archive(original, archive, keys, cipher)
        except recording.RecordingUnreadable as reason:
            why = str(reason).replace(str(original), f"recording {name}")
            raise Hopeless(f"it stays as it was recorded: {why}") from None
        vault.write(archived_key(name), [archive.read_bytes()])
        archive.write_bytes(b"".join(vault.read(archived_key(name))))
        before, after = recording.read(original, keys), recording.read(archive, keys)
    tables = ((before.rows, after.rows), (before.devices, after.devices), (before.joints, after.joints))
    worse = [column for pair in tables for column in lost_more(*pair, after.header["loss_at_most"])]
    worse += [note for note in (before.note, after.note) if note]  # what was not read cannot be compared
    if worse or before.events != after.events:
        vault.objects.remove([archived_key(name)])
        raise RecordingDamaged(f"the archive of recording {name} lost more than it may in {', '.join(worse)}")


def _near(before: np.ndarray, after: np.ndarray, bound: float) -> bool:
    with np.errstate(invalid="ignore"):
        apart = np.abs(before.astype(float) - after.astype(float)) > bound
    return not np.any(apart) and np.array_equal(np.isfinite(before), np.isfinite(after))


def _apart_deg(before: np.ndarray, after: np.ndarray, name: str) -> np.ndarray:
    """The angles between orientations (n,), exact also where small; infinite where what is none became another."""
    with np.errstate(all="ignore"):
        first, second = (_orientations(table, name) for table in (before, after))
        same = np.all((first == second) | (np.isnan(first) & np.isnan(second)), axis=1)
        lengths = [np.linalg.norm(q, axis=1) for q in (first, second)]
        first, second = first / lengths[0][:, None], second / lengths[1][:, None]
        chord = np.minimum(np.linalg.norm(first - second, axis=1), np.linalg.norm(first + second, axis=1))
        apart = np.degrees(4 * np.arcsin(np.minimum(chord / 2, 1)))
        near = np.abs(lengths[0] - lengths[1]) <= _LENGTH_ERROR
    return np.where(same, 0.0, np.where(near, apart, math.inf))


def _orientations(table: np.ndarray, name: str) -> np.ndarray:
    return np.stack([table[f"{name}_q{part}"] for part in "xyzw"], axis=1).astype(float)


def _unit(column: str) -> str:
    return column.rpartition("_")[2]
