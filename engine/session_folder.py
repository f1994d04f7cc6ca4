"""A session on disk: a folder that is whole or invisible.

It is written under a name that begins with a dot and renamed when complete, so whoever lists the sessions
(the sync client, a backup, a person) never meets a half of one.
"""

import os
import shutil
from pathlib import Path

from engine.recording import Writer
from engine.records import Session, read, to_json

RECORD, FRAMES = "session.json", "frames.vrec"
RESERVE = "reserve"
RESERVE_BYTES = 4 * 1024 * 1024  # room for the record when the disk fills up during a session
LEAST_FREE_BYTES = 64 * 1024 * 1024


class FolderUnusable(OSError):
    """Sessions cannot be written here; the message names the folder, the reason and what to do."""


class SessionFolder:
    """The folder of one session while it is being written."""

    def __init__(self, sessions: Path, id: str) -> None:
        """Make the unfinished folder.

        Raises FolderUnusable when it exists already, cannot be written, or the disk is nearly full.
        """
        self.path = sessions / id
        self._unfinished = sessions / f".{id}"
        try:
            sessions.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(sessions).free
            if free < LEAST_FREE_BYTES:
                raise FolderUnusable(
                    f"{sessions} has {free >> 20} MiB free and a session needs up to {LEAST_FREE_BYTES >> 20}:"
                    " free some space or choose another folder with --folder"
                )
            if self.path.exists():
                raise FolderUnusable(f"{self.path} exists already: a session is written once")
            self._unfinished.mkdir()
            (self._unfinished / RESERVE).write_bytes(bytes(RESERVE_BYTES))
        except FolderUnusable:
            raise
        except OSError as reason:
            raise FolderUnusable(f"{sessions} cannot hold sessions: {reason.strerror}") from None

    def writer(self, about: dict[str, object]) -> Writer:
        """The recording to write frames to."""
        return Writer(self._unfinished / FRAMES, about)

    def finish(self, session: Session) -> Path:
        """Write the record and make the folder visible; returns its path."""
        (self._unfinished / RESERVE).unlink()
        record = self._unfinished / RECORD
        with record.open("wb") as file:
            file.write(to_json(session))
            file.flush()
            os.fsync(file.fileno())
        self._unfinished.rename(self.path)
        return self.path

    def abandon(self) -> None:
        """Remove what was begun."""
        shutil.rmtree(self._unfinished, ignore_errors=True)


def read_session(folder: Path) -> Session:
    """The record in a finished folder; raises RecordUnreadable."""
    return read(folder / RECORD, Session)


def finished(sessions: Path) -> list[Path]:
    """The finished session folders, oldest name first."""
    if not sessions.is_dir():
        return []
    return sorted(p for p in sessions.iterdir() if not p.name.startswith(".") and (p / RECORD).is_file())
