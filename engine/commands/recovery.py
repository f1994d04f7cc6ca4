"""Sessions that the computer stopped in the middle: finished from what reached the disk, so that nothing of it is lost.

What was recorded is played again, as `steadyreach replay` does, and the record of it kept with the frames as they are.
"""

import hashlib
import sys
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from engine import recording, session
from engine.commands import patients, visits
from engine.commands.replaying import FOUND, replayed
from engine.frame import Devices
from engine.plan import About, Plan
from engine.recording import Recorded, RecordingUnreadable
from engine.records import BlockRecord, Event, Recording, RecordUnreadable, Session
from engine.sealing import write
from engine.session_folder import (
    AFTERWARDS,
    BEGUN,
    FRAMES,
    RECORD,
    SessionFolder,
    cut,
    take_over,
    unfinished,
)
from engine.vrec.blocks import MARKER


class _Kept:
    """The recording of a session that is played again: its frames are in a file already."""

    def __init__(self, path: Path, rows: int) -> None:
        content = path.read_bytes()
        self.path, self.rows, self.bytes = path, rows, len(content)
        self.sha256 = hashlib.sha256(content).hexdigest()

    def write(self, row: bytes, devices: Devices | None = None) -> None:
        """Nothing to do."""

    def event(self, at_s: float, name: str, detail: str = "") -> None:
        """Nothing to do."""

    def close(self) -> None:
        """Nothing to do."""

    def described(self) -> Recording:
        """The file as a record has it."""
        return Recording(self.path.name, self.sha256, self.bytes, self.rows)


def recover(sessions: Path) -> list[Path]:
    """Finish every session in a folder that was begun and that nobody plays any more; the folders that came of it.

    A session of which no frame reached the disk is removed. One that cannot be read, or not be written, stays as it is
    and is said on standard error. Nothing is raised, and who recovers the same folder meanwhile does no harm.
    """
    found = []
    try:
        for name in unfinished(sessions):
            found += _finished(sessions, name)
    except OSError as reason:
        print(f"{sessions} cannot be looked through for unfinished sessions: {reason}", file=sys.stderr)
    return found


def _finished(sessions: Path, name: str) -> list[Path]:
    """The finished folder of a session, none where somebody plays it, or nothing came of it."""
    try:
        folder = take_over(sessions, name)
        if folder is None:
            return []
        try:
            return _recovered(folder)
        finally:
            folder.release()
    except Exception as reason:  # noqa: BLE001 (what is the matter with one must not keep anybody from playing)
        print(f"the session that was begun in {sessions / f'.{name}'} stays there: {reason}", file=sys.stderr)
        return []


def _recovered(folder: SessionFolder) -> list[Path]:
    frames, written = folder.unfinished / FRAMES, (folder.unfinished / RECORD).is_file()
    if written:
        _cut(folder, frames)
        if not (folder.unfinished / BEGUN).is_file():  # it stopped while it was being shown, with all else done
            return [folder.finish()]
    if not frames.is_file() or not frames.stat().st_size:
        folder.abandon()
        return []
    begun = folder.kept(BEGUN, Session)
    before = folder.kept(RECORD, Session) if written else begun  # it stopped while it was being finished
    try:
        recorded = recording.read(frames)
    except RecordingUnreadable as reason:
        done = _unplayed(before, _Kept(frames, 0), str(reason))
    else:
        if not len(recorded.rows) and not written:
            folder.abandon()
            return []
        if not written:
            _trim(frames, recorded)
        done = _played(folder, begun, before, recorded)
    if not written:
        folder.write(done)
    return [folder.finish()]


def _cut(folder: SessionFolder, frames: Path) -> None:
    """Leave out what a disk that hung took after the record was written."""
    with suppress(RecordUnreadable):  # then it is for who has its key
        named = folder.kept(RECORD, Session).recording
        if named is not None:
            cut(frames, named)


def _played(folder: SessionFolder, begun: Session, before: Session, recorded: Recorded) -> Session:
    """The record of what was recorded, and the patient's brought up to date.

    Of what cannot be played again it is the record that the session began with, and why.
    """
    kept = _Kept(folder.unfinished / FRAMES, len(recorded.rows))
    about = About(begun.id, begun.started_at, begun.software)
    try:
        if why := _changed(begun.blocks):
            return _unplayed(before, kept, why)
        plan = visits.plan_of(begun)
        done = session.run(plan, replayed(before, recorded), kept, about)
    except Exception as reason:  # noqa: BLE001 (whatever it is that cannot be played again, the frames are kept)
        return _unplayed(before, kept, f"it cannot be played again: {reason}")
    return _told(done, _caught_up(folder, plan, done))


def _trim(frames: Path, recorded: Recorded) -> None:
    """Leave out what was torn behind the last whole block: nothing that can be read."""
    if not recorded.note:
        return
    content, shorter = frames.read_bytes(), frames.with_name(f"{FRAMES}.new")
    whole = content[: content.rfind(MARKER)]
    shorter.write_bytes(whole)
    kept = recording.read(shorter)
    shorter.unlink()
    if kept.rows.tobytes() == recorded.rows.tobytes() and kept.events == recorded.events:
        write(frames, whole, ())


def _caught_up(folder: SessionFolder, plan: Plan, done: Session) -> str:
    """Bring the patient's record up to date, where one is kept; why not, in words."""
    if not (folder.unfinished / AFTERWARDS).is_file():
        return ""
    try:
        return patients.catch_up(folder.kept(AFTERWARDS, patients.Afterwards), plan, done, folder.path.parent)
    except Exception as reason:  # noqa: BLE001 (the session is finished, whatever the record of the patient is like)
        return f"{patients.UNCHANGED}: {reason}"


def _unplayed(before: Session, kept: _Kept, why: str) -> Session:
    return _told(replace(before, blocks=(), recording=kept.described()), why)


def _told(done: Session, why: str) -> Session:
    return replace(done, events=(*done.events, Event(done.seconds, FOUND, why))) if why else done


def _changed(blocks: tuple[BlockRecord, ...]) -> str:
    """Why these blocks would not be played as they were, "" where they would."""
    known = visits.tasks()
    for block in blocks:
        if block.task in known and known[block.task].version != block.version:
            version = known[block.task].version
            return f"{block.task} was version {block.version} and is {version} now: it cannot be played again as it was"
    return ""
