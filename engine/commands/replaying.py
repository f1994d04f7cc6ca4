"""A session once more: its recording as a headset, and what two sessions have in common that are the same."""

from collections.abc import Iterator

from msgspec.structs import replace

from engine import recording, session
from engine.frame import Frame
from engine.headset import Headset, usual_room
from engine.records import Room, Session, from_json, to_json
from engine.replay import ReplayHeadset
from engine.room import AROUND, ROOM

FOUND = "found unfinished"
"""The event that says what came of a session that the computer stopped in the middle."""


def replayed(before: Session, frames: recording.Recorded) -> Headset:
    """A headset that gives the frames of a session once more, and ends as it did where the frames do not show it."""
    shown = before.ended_by not in (session.INTERRUPTED, session.CUT_OFF)
    headset = _Ending(frames.rows, before.headset_description, frames.devices, frames.joints)
    kept = (from_json(event.detail.encode(), Room) for event in frames.events if event.name == ROOM)
    headset.room = next(kept, usual_room(before.headset))
    headset.kind, headset.ends = before.headset, "" if shown else before.ended_by
    return headset


def played(done: Session) -> bytes:
    """A session as it was played, without what the file of its frames is like, and what was said when it was found."""
    events = tuple(event for event in done.events if event.name != FOUND)
    return to_json(replace(done, recording=None, events=events))


def tables(frames: recording.Recorded) -> list[bytes]:
    """What was recorded, to be compared."""
    return [table.tobytes() for table in (frames.rows, frames.devices, frames.joints)]


class _Ending(ReplayHeadset):
    """A recording after which it is said what ended it."""

    room, ends = AROUND, ""

    def frames(self) -> Iterator[Frame]:
        """The recorded frames, in order, and then the end."""
        yield from super().frames()
        if self.ends:
            raise session.Ended(self.ends)
