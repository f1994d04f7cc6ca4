"""What a patient's computer keeps of one of its patients, removed for good."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from engine.commands import patients
from engine.keys import Keys
from engine.records import RecordUnreadable, plain
from engine.session_folder import BEGUN, RECORD, SessionFolder, finished, take_over, unfinished

if TYPE_CHECKING:
    from server_sync.client.home import Home
    from server_sync.client.outcome import Delivery


class Forgotten(NamedTuple):
    """What was removed, and the sessions that cannot be read here: whose they are is not known."""

    sessions: tuple[str, ...]
    files: tuple[str, ...]
    unread: tuple[str, ...]


class BeingPlayed(Exception):
    """A session of the patient is being played at this moment; nothing was removed."""


class _Head(msgspec.Struct, frozen=True):
    patient: str = ""


def forget(patient: str, folder: Path, records: Path, patience_s: float) -> Forgotten:
    """Remove the sessions of a patient, finished or not, their record, and what was prescribed for them.

    Numbers stay, so that a session that the clinic never got is told to be lost. Delivery waits meanwhile. Raises
    BeingPlayed, server_sync.client.turns.Busy, OSError.
    """
    from server_sync.client import status, turns
    from server_sync.client.home import DEVICE, home_of

    home = home_of(folder)
    if not (home.clinic / DEVICE).exists():
        return _forgotten(patient, home, records)
    came = list[Forgotten]()

    def remove() -> "Delivery":
        came.append(_forgotten(patient, home, records))
        return status.standing(home)

    turns.one(home, patience_s, remove)
    return came[0]


def _forgotten(patient: str, home: "Home", records: Path) -> Forgotten:
    keys, theirs, unread = Keys(), list[Path](), list[str]()
    for place in dict.fromkeys((home.client, home.sessions)):
        for folder, whose in _sessions(place, keys):
            if whose is None:
                unread.append(folder.name)
            elif whose == patient:
                theirs.append(folder)
    for held in [_taken_over(folder) for folder in theirs if folder.name.startswith(".")]:
        held.release()
    for folder in theirs:
        _remove_session(folder)
    files = tuple(str(path) for path in _files(patient, home.clinic, records) if _removed(path))
    return Forgotten(tuple(folder.name for folder in theirs), files, tuple(unread))


def _sessions(place: Path, keys: Keys) -> Iterator[tuple[Path, str | None]]:
    """The sessions in a folder, finished or not, and whose each is, None where that cannot be read."""
    for folder in finished(place):
        yield folder, _whose(folder / RECORD, keys)
    for name in unfinished(place):
        yield place / f".{name}", _whose(place / f".{name}" / BEGUN, keys)


def _whose(path: Path, keys: Keys) -> str | None:
    try:
        return msgspec.json.decode(plain(path, keys), type=_Head).patient
    except (RecordUnreadable, msgspec.DecodeError, UnicodeDecodeError):
        return None


def _taken_over(folder: Path) -> SessionFolder:
    held = take_over(folder.parent, folder.name.removeprefix("."))
    if held is None:
        raise BeingPlayed(f"session {folder.name.removeprefix('.')} is being played: end it, and enter this again")
    return held


def _remove_session(folder: Path) -> None:
    """Remove a session; what says whose it is goes last, so that one that was half removed is found again."""
    for path in sorted(folder.iterdir(), key=lambda each: each.name in (RECORD, BEGUN)):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    folder.rmdir()


def _files(patient: str, clinic: Path, records: Path) -> Iterator[Path]:
    """Where else something of a patient lies: their record, and with it all that this computer knows of its clinics."""
    from server_sync.client.home import STATUS
    from server_sync.client.prescriptions import FOLDER, LIST
    from server_sync.wire import sha256

    record = patients.path_of(patient, records)
    yield from (record, record.with_name(f"{record.name}.new"), clinic / STATUS)
    for each in (clinic / FOLDER).glob("*"):
        yield from (each / sha256(patient.encode())[:16], each / LIST)


def _removed(path: Path) -> bool:
    if path.is_dir():
        shutil.rmtree(path)
        return True
    with suppress(FileNotFoundError):
        path.unlink()
        return True
    return False
