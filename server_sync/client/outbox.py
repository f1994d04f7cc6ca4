"""The folder of finished sessions as the outbox, and the ledger of what became of each.

The ledger is a file of lines, of which the last about a session counts. It is a hint: losing it, or a part of it, costs
questions, which the server answers with what it holds, and never a second session.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec
import zstandard

from engine.keys import Keys
from engine.records import Recording, RecordUnreadable, plain
from engine.session_folder import RECORD, cut, finished, number_all, numbers, unfinished
from server_sync import wire
from server_sync.client.home import LEDGER, Home, keep

DELIVERED, SET_ASIDE, LOST = "delivered", "set aside", "lost"
LEVEL = 3
GONE = "its folder is not on this computer any more"


class Unsendable(ValueError):
    """A finished session that cannot be sent as it is; the message names the file and the reason."""


class Unready(OSError):
    """A finished session that cannot be read now, and may be later; the message names the file and the reason."""


class Finished(NamedTuple):
    """A finished session in the outbox: its number (0 where it could be given none), and its record's file as it is."""

    number: int
    id: str
    folder: Path
    stamp: str


class Outgoing(NamedTuple):
    """A session ready to go: its message, its patient, and its recording's file, None where that made room."""

    item: wire.Item
    patient: str
    recording: Path | None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of a session at which server, as which device; `stamp` is its record's file as it was then.

    `at` is when (ISO 8601), `sha256` that of the record's JSON, `recording` that of the recording that it names.
    """

    id: str
    state: str
    server: str
    device: str
    number: int = 0
    stamp: str = ""
    recording: str = ""
    reason: str = ""
    at: str = ""
    sha256: str = ""


wire.meet(Entry)


class _Head(msgspec.Struct, frozen=True):
    """What delivery needs of a record, whichever version wrote it; the server judges the rest."""

    id: str
    patient: str = ""
    recording: Recording | None = None


class Ledger:
    """What is known of earlier deliveries from a folder to one server, as one device or another."""

    def __init__(self, path: Path, server: str, device: str) -> None:
        """Read what there is; lines that are none are left out."""
        self.problem = ""
        self._path, self._server, self._device = path, server, device
        self._entries: dict[str, Entry] = {}
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            lines = []
        except OSError as reason:
            self.problem, lines = f"{path} cannot be read ({reason.strerror})", []
        self._torn = bool(lines and lines[-1])
        decoder = msgspec.json.Decoder(Entry)
        for line in lines:
            try:
                entry = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if entry.server == server:
                self._entries[entry.id] = entry

    def about(self, session: str, stamp: str | None = None) -> Entry | None:
        """What is known of a session, or of these bytes of it, at this server, by whichever device."""
        entry = self._entries.get(session)
        return entry if entry and stamp in (None, entry.stamp) else None

    def known(self, session: str, stamp: str) -> Entry | None:
        """What is known of these bytes of a session by this very device."""
        entry = self.about(session, stamp)
        return entry if entry and entry.device == self._device else None

    def write(self, state: str, finished: Finished, **known: str) -> None:
        """Remember an outcome, and what else is `known` of it (the fields of Entry).

        Where the disk does not take it, `problem` says so, and it is asked for again later.
        """
        entry = Entry(
            finished.id, state, self._server, self._device, number=finished.number, stamp=finished.stamp, **known
        )
        self._entries[finished.id] = entry
        line = msgspec.json.encode(entry) + b"\n"
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(b"\n" + line if self._torn else line)
        except OSError as reason_why:
            self._torn = True
            self.problem = f"{self._path} cannot be written ({reason_why.strerror}): what is delivered is asked again"
        else:
            self._torn = False


def forget_set_aside(home: Home) -> None:
    """Have all that was set aside be offered once more; what is known of delivered sessions stays."""
    path = home.clinic / LEDGER
    with suppress(OSError):
        lines = path.read_bytes().splitlines(keepends=True)
        aside = msgspec.json.encode(SET_ASIDE)
        keep(path, b"".join(line for line in lines if b'"state":' + aside not in line))


def survey(home: Home) -> tuple[list[Finished], dict[int, str]]:
    """The finished sessions in the order of their numbers, last those without; and of lost ones number and id.

    Looked for in this order nothing seems lost that is just being finished: a session has its number before it gets
    from one place to the other.
    """
    claimed = numbers(home.sessions)
    written = unfinished(home.sessions)
    folders, odd = finished(home.sessions), _without_file(home.sessions)
    here = {*(folder.name for folder in (*folders, *odd)), *written}
    gone = {number: session for number, session in claimed.items() if session not in here}
    if here - {folder.name for folder in odd} - set(claimed.values()):
        claimed = _numbered(home.sessions)
    number_of = {session: number for number, session in reversed(claimed.items())}
    found = [Finished(number_of.get(f.name, 0), f.name, f, _stamp(f / RECORD)) for f in (*folders, *odd)]
    return sorted(found, key=lambda each: (not each.number, each.number, each.id)), gone


def _numbered(sessions: Path) -> dict[int, str]:
    """The numbers of all that is finished now; of as many as have one where the disk takes no more."""
    try:
        return number_all(sessions)
    except OSError:
        return numbers(sessions)


def _without_file(sessions: Path) -> list[Path]:
    """Folders in which something has the name of a record that is no file: it is said, and not passed over."""
    if not sessions.is_dir():
        return []
    folders = (folder for folder in sessions.iterdir() if not folder.name.startswith("."))
    return sorted(folder for folder in folders if _is_no_file(folder / RECORD))


def _is_no_file(path: Path) -> bool:
    try:
        return not path.is_file() and os.path.lexists(path)
    except OSError:
        return False


def hashes(home: Home, ledger: Ledger | None, keys: Keys) -> dict[str, str]:
    """The SHA-256 of the JSON of each session's record, by id; those that cannot be read are left out."""
    found = {}
    for each in survey(home)[0]:
        entry = ledger.about(each.id, each.stamp) if ledger else None
        with suppress(Unsendable, Unready):
            found[each.id] = (entry.sha256 if entry else "") or wire.sha256(_content(each.folder / RECORD, keys))
    return found


def load(finished: Finished, keys: Keys) -> Outgoing:
    """Read a session, and find its recording; raises Unsendable, or Unready."""
    path = finished.folder / RECORD
    if not wire.NAME.fullmatch(finished.id):
        raise Unsendable(f"{finished.folder.name!r} is no name of a session: letters, digits, dots and dashes are")
    try:
        linked = finished.folder.is_symlink() or path.is_symlink()
    except OSError as reason:
        raise Unready(f"{path} cannot be read: {reason.strerror}") from None
    if linked:
        raise Unsendable(f"{finished.folder} is a link: sessions lie in folders of their own")
    content = _content(path, keys)
    try:
        head = msgspec.json.decode(content, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        raise Unsendable(f"{path} is not a session: {reason}") from None
    if head.id != finished.id:
        raise Unsendable(f"{path} is of session {head.id!r}, not of the folder it lies in")
    recording = _recording(finished.folder, head.recording) if head.recording else None
    packed = zstandard.ZstdCompressor(level=LEVEL).compress(content)
    named = head.recording.sha256 if head.recording else ""
    item = wire.Item(
        id=finished.id, number=finished.number, sha256=wire.sha256(content), content=packed, recording_sha256=named
    )
    return Outgoing(item, head.patient, recording)


def check(recording: Path, sha256: str) -> None:
    """Raise Unsendable where a recording is not the file that its session names, or Unready."""
    try:
        size, found = recording.stat().st_size, wire.file_sha256(recording)
    except OSError as reason:
        raise Unready(f"{recording} cannot be read: {reason.strerror}") from None
    if not size or found != sha256:
        raise Unsendable(f"{recording} is not the file that {RECORD} names: its SHA-256 is another")
    if size > wire.LARGEST_RECORDING_BYTES:
        raise Unsendable(f"{recording} is larger than the {wire.LARGEST_RECORDING_BYTES >> 30} GiB of any recording")


def _content(path: Path, keys: Keys) -> bytes:
    """The record's JSON, of a bounded size."""
    if _is_no_file(path):  # to open a pipe would wait for whoever writes into it
        raise Unsendable(f"{path} is no file, but something else of its name: move it away, or put the file back")
    try:
        with path.open("rb") as file:
            too_large = file.seek(0, os.SEEK_END) > 2 * wire.LARGEST_SESSION_BYTES
        content = b"" if too_large else plain(path, keys)
    except RecordUnreadable as reason:
        raise Unsendable(str(reason)) from None
    except OSError as reason:
        raise Unready(f"{path} cannot be read: {reason.strerror}") from None
    if too_large or len(content) > wire.LARGEST_SESSION_BYTES:
        raise Unsendable(f"{path} is larger than the {wire.LARGEST_SESSION_BYTES >> 20} MiB of any session")
    return content


def _recording(folder: Path, named: Recording) -> Path | None:
    """The file that a record names, which lies beside it; None where there is none any more."""
    if not wire.NAME.fullmatch(named.file) or not wire.SHA256.fullmatch(named.sha256):
        raise Unsendable(f"{folder / RECORD} names {named.file!r} as its recording, which is no file beside it")
    path = folder / named.file
    if path.is_symlink():
        raise Unsendable(f"{path} is a link: a recording lies beside its record")
    try:
        cut(path, named)
    except OSError as reason:
        raise Unready(f"{path} is longer than {RECORD} says, and cannot be cut: {reason.strerror}") from None
    return path if path.is_file() else None


def _stamp(path: Path) -> str:
    """What changes when a file does, without reading it; "" where one may not look."""
    try:
        known = path.stat()
    except OSError:
        return ""
    return f"{known.st_size}-{known.st_mtime_ns}"
