"""The folder of finished sessions as the outbox, and the ledger of what became of each.

The ledger is one small file per session in a hidden folder beside them. Losing it costs a second upload,
which the server recognises, and never a second session.
"""

import os
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.records import RecordUnreadable, Session, from_json
from engine.session_folder import RECORD
from server_sync import wire

LEDGER_FOLDER = ".deliveries"
DELIVERED, SET_ASIDE = "delivered", "set aside"


class Unsendable(ValueError):
    """A session folder that cannot be sent as it is; the message names the file and the reason."""


class Outgoing(NamedTuple):
    """One finished session: its id, the bytes of its record and their SHA-256, and its recording if it has one."""

    id: str
    content: bytes
    sha256: str
    recording: Path | None
    recording_sha256: str


class Entry(msgspec.Struct, frozen=True):
    """What became of a session: at which server, with which bytes, `delivered` or `set aside` for a reason."""

    server: str
    sha256: str
    state: str
    reason: str = ""


wire.meet(Entry)


def load(folder: Path) -> Outgoing:
    """Read a finished session and check that its recording is the one it names; raises Unsendable."""
    content = (folder / RECORD).read_bytes()
    try:
        session = from_json(content, Session, str(folder / RECORD))
    except RecordUnreadable as reason:
        raise Unsendable(str(reason)) from None
    if session.id != folder.name:
        raise Unsendable(f"{folder / RECORD} is of session {session.id!r}, not of the folder it lies in")
    recording = session.recording
    if recording is None:
        return Outgoing(session.id, content, wire.sha256(content), None, "")
    path = folder / Path(recording.file).name
    if not path.is_file():
        raise Unsendable(f"{path} is missing, but {RECORD} beside it names it as the recording")
    if wire.file_sha256(path) != recording.sha256:
        raise Unsendable(f"{path} is not the file that {RECORD} names: its SHA-256 is another")
    return Outgoing(session.id, content, wire.sha256(content), path, recording.sha256)


class Ledger:
    """What is known of earlier deliveries from one sessions folder to one server."""

    def __init__(self, sessions: Path, server: str) -> None:
        """Use the hidden folder inside `sessions`; it is made with the first entry."""
        self._folder = sessions / LEDGER_FOLDER
        self._server = server

    def find(self, session: str, sha256: str) -> Entry | None:
        """The entry for these bytes at this server; None when unknown, unreadable or about other bytes."""
        try:
            entry = msgspec.json.decode((self._folder / f"{session}.json").read_bytes(), type=Entry)
        except (OSError, msgspec.DecodeError):
            return None
        return entry if (entry.server, entry.sha256) == (self._server, sha256) else None

    def write(self, session: str, sha256: str, state: str, reason: str = "") -> None:
        """Remember an outcome; the file is whole or absent at every moment."""
        self._folder.mkdir(parents=True, exist_ok=True)
        entry = Entry(self._server, sha256, state, reason)
        unfinished = self._folder / f".{session}.{os.getpid()}"
        unfinished.write_bytes(msgspec.json.encode(entry))
        unfinished.replace(self._folder / f"{session}.json")
