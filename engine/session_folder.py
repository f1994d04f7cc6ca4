"""A session on disk: a folder that is whole or invisible.

It is written under a name that begins with a dot and renamed when complete, so whoever lists the sessions
(the sync client, a backup, a person) never meets a half of one. While it is written it is locked, and beside the frames
lies what is needed to finish it should the computer stop. Finished sessions are numbered from 1 without gaps, so that a
clinic notices one that is missing.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from engine.recording import Writer
from engine.records import Record, Recording, Session, read, to_json
from engine.sealing import Recipient, RecipientsUnreadable, new_cipher, recipients_in, settle, write

if TYPE_CHECKING:
    from filelock import BaseFileLock

RECORD, FRAMES = "session.json", "frames.vrec"
BEGUN, AFTERWARDS = "begun.json", "afterwards.json"
LOCK, RESERVE = "lock", "reserve"
NUMBERS, GUARD = ".numbers", "guard"
PARTS = {
    RECORD,
    FRAMES,
    BEGUN,
    AFTERWARDS,
    LOCK,
    RESERVE,
    *(f"{name}.new" for name in (RECORD, BEGUN, AFTERWARDS, FRAMES)),
}
RESERVE_BYTES = 4 * 1024 * 1024  # room for the record when the disk fills up during a session
LEAST_FREE_BYTES = 64 * 1024 * 1024
AT_ONCE_BYTES = 1 << 20
PATIENCE_S = 60.0  # others hold the guard for milliseconds
DIGITS = 8
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a session's id looks like: it names a folder here and a page at the clinic."""

R = TypeVar("R", bound=Record)


class FolderUnusable(OSError):
    """Sessions cannot be written here; the message names the folder, the reason and what to do."""


class SessionFolder:
    """The folder of one session while it is being written, by whoever holds its lock."""

    def __init__(self, sessions: Path, id: str, lock: "BaseFileLock", recipients: Sequence[Recipient]) -> None:
        """Where `begin` or `take_over` found it; what is written is sealed for `recipients`, if there are any."""
        self.path = sessions / id
        self.unfinished = sessions / f".{id}"
        self._lock, self._recipients = lock, recipients

    def writer(self, about: dict[str, object]) -> Writer:
        """The recording to write frames to."""
        return Writer(self.unfinished / FRAMES, about, new_cipher(self._recipients) if self._recipients else None)

    def keep(self, name: str, record: Record) -> None:
        """Keep something until the session is finished: BEGUN, or AFTERWARDS; raises OSError."""
        write(self.unfinished / name, to_json(record), self._recipients)

    def kept(self, name: str, kind: type[R]) -> R:
        """What was kept under a name; raises RecordUnreadable."""
        return read(self.unfinished / name, kind)

    def write(self, session: Session) -> None:
        """Write the record, whole or not at all: from now on nothing can be lost; raises OSError."""
        (self.unfinished / RESERVE).unlink(missing_ok=True)
        write(self.unfinished / RECORD, to_json(session), self._recipients)

    def finish(self) -> Path:
        """Give the session its number and make the folder visible; returns its path.

        Raises FolderUnusable where Windows does not rename it, because a disk that hangs still holds the recording.
        """
        with _guarded(self.path.parent):
            _claim(self.path.parent, self.path.name)
            for name in PARTS - {RECORD, FRAMES, LOCK}:
                (self.unfinished / name).unlink(missing_ok=True)
            self.release()
            (self.unfinished / LOCK).unlink(missing_ok=True)  # Windows renames no folder with an open file in it
            try:
                self.unfinished.rename(self.path)
            except PermissionError as reason:
                raise FolderUnusable(
                    f"{self.unfinished} is whole, and a file in it is still held ({reason.strerror}): nothing is lost,"
                    " it is finished when steadyreach is started again"
                ) from None
        settle(self.path.parent)
        return self.path

    def release(self) -> None:
        """Let others take over what is unfinished; may be called twice."""
        self._lock.release()

    def abandon(self) -> None:
        """Remove what was begun."""
        self.release()
        shutil.rmtree(self.unfinished, ignore_errors=True)


def begin(
    sessions: Path, begun: Session, afterwards: Record | None = None, recipients: Sequence[Recipient] = ()
) -> SessionFolder:
    """Make the unfinished folder of a session, with what is needed to finish it whatever happens.

    It is sealed for those of its sessions folder, or else for `recipients`. Raises FolderUnusable when it exists
    already, cannot be written, the disk is nearly full, or it is not known for whom to seal what is written.
    """
    try:
        sessions.mkdir(parents=True, exist_ok=True)
        recipients = recipients_in(sessions) or recipients
        free = shutil.disk_usage(sessions).free
        if free < LEAST_FREE_BYTES:
            raise FolderUnusable(
                f"{sessions} has {free >> 20} MiB free and a session needs up to {LEAST_FREE_BYTES >> 20}:"
                " free some space or choose another folder with --folder"
            )
        if (sessions / begun.id).exists():
            raise FolderUnusable(f"{sessions / begun.id} exists already: a session is written once")
        return _made(sessions, begun, afterwards, recipients)
    except RecipientsUnreadable as reason:
        raise FolderUnusable(str(reason)) from None
    except FolderUnusable:
        raise
    except OSError as reason:
        raise FolderUnusable(f"{sessions} cannot hold sessions: {reason.strerror or reason}") from None


def _made(sessions: Path, begun: Session, afterwards: Record | None, recipients: Sequence[Recipient]) -> SessionFolder:
    with _guarded(sessions):
        hidden = sessions / f".{begun.id}"
        hidden.mkdir()
        folder = SessionFolder(sessions, begun.id, _locked(hidden / LOCK), recipients)
    try:
        (hidden / RESERVE).write_bytes(bytes(RESERVE_BYTES))
        folder.keep(BEGUN, begun)
        if afterwards is not None:
            folder.keep(AFTERWARDS, afterwards)
    except OSError:
        folder.abandon()
        raise
    return folder


def take_over(sessions: Path, id: str) -> SessionFolder | None:
    """An unfinished folder that nobody writes any more; None where somebody does, or has finished it.

    Raises OSError, and RecipientsUnreadable.
    """
    with _guarded(sessions):
        if not (sessions / f".{id}").is_dir():
            return None
        try:
            return SessionFolder(sessions, id, _locked(sessions / f".{id}" / LOCK), recipients_in(sessions))
        except TimeoutError:
            return None


def unfinished(sessions: Path) -> list[str]:
    """The ids of the sessions that were begun and not finished; folders of others are left alone."""
    if not sessions.is_dir():
        return []
    hidden = [p for p in sessions.iterdir() if p.name.startswith(".") and p.name != NUMBERS and p.is_dir()]
    return sorted(p.name[1:] for p in hidden if _is_unfinished(p))


def _is_unfinished(folder: Path) -> bool:
    try:
        names = _names(folder)
    except FileNotFoundError:  # it was finished at this moment
        return False
    return BEGUN in names or 0 < len(names) == len(names & PARTS)


def cut(frames: Path, named: Recording) -> None:
    """Cut a recording that is longer than its record says, where what is in front is what the record names.

    A disk that hung takes what it was given after it was given up (engine.vrec.writing.PATIENCE_S). Raises OSError.
    """
    if frames.is_file() and frames.stat().st_size > named.bytes > 0:
        with frames.open("r+b") as file:
            found = hashlib.sha256()
            left = named.bytes
            while left and (piece := file.read(min(left, AT_ONCE_BYTES))):
                found.update(piece)
                left -= len(piece)
            if found.hexdigest() == named.sha256:
                file.truncate(named.bytes)
                os.fsync(file.fileno())


def numbers(sessions: Path) -> dict[int, str]:
    """The ids of the finished sessions by their numbers, from 1 in the order in which they were finished.

    One that the computer stopped in finishing may have its number already. Whoever removes a session leaves its number.
    """
    return {number: session for number, session in _claims(sessions).items() if session}


def number_all(sessions: Path) -> dict[int, str]:
    """Give each finished session that has no number the next one, the oldest first; gives back all, as `numbers` does.

    Those have none that are from before there were numbers, or were copied here. A folder that cannot be looked into,
    or whose name no session has, gets none. Raises OSError.
    """
    with _guarded(sessions):
        named = [folder for folder in finished(sessions) if ID.fullmatch(folder.name)]
        _claim(sessions, *(folder.name for folder in sorted(named, key=_written_ns) if _written_ns(folder)))
    return numbers(sessions)


def read_session(folder: Path) -> Session:
    """The record in a finished folder; raises RecordUnreadable."""
    return read(folder / RECORD, Session)


def finished(sessions: Path) -> list[Path]:
    """The finished session folders, oldest name first."""
    if not sessions.is_dir():
        return []
    return sorted(p for p in sessions.iterdir() if not p.name.startswith(".") and _is_finished(p))


def _is_finished(folder: Path) -> bool:
    """Whether a session lies in a folder: also where one may not look into it, so that it is not taken for lost."""
    try:
        return (folder / RECORD).is_file()
    except PermissionError:
        return True


def _written_ns(folder: Path) -> int:
    """When a session was written, 0 where one may not look."""
    try:
        return (folder / RECORD).stat().st_mtime_ns
    except OSError:
        return 0


def _claims(sessions: Path) -> dict[int, str]:
    """The id of each number, "" where the computer stopped while it was written down."""
    folder = sessions / NUMBERS
    names = [name for name in _names(folder) if len(name) == DIGITS and name.isdecimal()] if folder.is_dir() else []
    claims = {}
    for name in sorted(names):
        session, ended, _ = (folder / name).read_text(encoding="utf-8").partition("\n")
        claims[int(name)] = session if ended else ""
    return claims


def _claim(sessions: Path, *ids: str) -> None:
    """Write down the next number for each session that has none, while the guard is held."""
    claims = _claims(sessions)
    for session in ids:
        if session not in claims.values():
            number = _next(claims)
            _write_claim(sessions, number, session, again=number in claims)
            claims[number] = session


def _next(claims: dict[int, str]) -> int:
    torn = [number for number, of in claims.items() if not of]
    return min(torn) if torn else max(claims, default=0) + 1


def _write_claim(sessions: Path, number: int, id: str, again: bool) -> None:
    path = sessions / NUMBERS / f"{number:0{DIGITS}}"
    with path.open("w" if again else "x", encoding="utf-8", newline="\n") as file:
        file.write(f"{id}\n")
        file.flush()
        os.fsync(file.fileno())
    settle(sessions / NUMBERS)


@contextmanager
def _guarded(sessions: Path) -> Iterator[None]:
    """Be alone, of all programs, in beginning, taking over, numbering and finishing."""
    (sessions / NUMBERS).mkdir(exist_ok=True)
    lock = _locked(sessions / NUMBERS / GUARD, PATIENCE_S)
    try:
        yield
    finally:
        lock.release()


def _locked(path: Path, patience_s: float = 0.0) -> "BaseFileLock":
    """A lock that ends with this process, whatever ends it; raises TimeoutError where somebody else has it."""
    from filelock import FileLock

    lock = FileLock(path, timeout=patience_s, thread_local=False)
    lock.acquire(poll_interval=0.005)
    return lock


def _names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}
