"""The one door to a person: a headset gives frames and shows scenes; nothing else is known of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from engine.frame import Frame
from engine.records import Room
from engine.room import AROUND, UNSEEN
from engine.scene import Scene


class Headset(Protocol):
    """What stands between the session and a person: OpenXR, a desk window, a simulation or a recording.

    `frames()` yields a Frame per image until the person leaves; `show(scene)` is called once after each
    frame and draws what the person sees until the next. `close()` gives back what was opened and may be
    called twice. `kind` is the name it is chosen by; `description` says what it really is (runtime, version). It may
    also have `room`, what it knows of the room from the first frame on that shows somebody.
    """

    kind: str
    description: str

    def frames(self) -> Iterator[Frame]:
        """Yield what the devices say, once per image, until the person stops."""
        ...

    def show(self, scene: Scene) -> None:
        """Draw a scene until the next one."""
        ...

    def close(self) -> None:
        """Give back what was opened."""
        ...


WORN, DESK = "openxr", "desk"
"""The kind that a person wears, and a window with mouse and keys. What any but the first gives says nothing of how
somebody moves, or that they practised."""
_NOT_WORN: Mapping[str, str] = {
    DESK: "it was played at a desk, where mouse and keys move and no body",
    "replay": "nobody played it: it was played again from a recording",
    "simulated": "nobody played it: it was simulated",
}


def why_not_worn(kind: str) -> str:
    """Why a session of a kind of headset is nothing that a person did who wore one; "" where they did."""
    return "" if kind == WORN else _NOT_WORN.get(kind, f"nobody knows whether a person wears a headset {kind!r}")


def usual_room(kind: str) -> Room:
    """What is taken for true of the room where a kind of headset says nothing of it."""
    return UNSEEN if kind == WORN else AROUND


def room_around(headset: Headset) -> Room:
    """What a headset knows of the room; what is worn and says nothing hides it."""
    room: Room = getattr(headset, "room", usual_room(headset.kind))
    return room


class HeadsetUnavailable(Exception):
    """A kind of headset cannot start here; the message says why and what would help, in one sentence."""


class Choice(NamedTuple):
    """The headset that started, and why each kind before it did not."""

    headset: Headset
    refusals: dict[str, str]


def choose(kinds: Sequence[tuple[str, Callable[[], Headset]]]) -> Choice:
    """Start the first headset that can start.

    Raises HeadsetUnavailable, naming every reason, when none can.
    """
    refusals: dict[str, str] = {}
    for kind, start in kinds:
        try:
            return Choice(start(), refusals)
        except HeadsetUnavailable as reason:
            refusals[kind] = str(reason)
    raise HeadsetUnavailable("; ".join(f"{kind}: {reason}" for kind, reason in refusals.items()))


class Watcher(Protocol):
    """Something that looks on while a person plays: sound, pictures, a progress bar."""

    def see(self, frame: Frame, scene: Scene) -> None:
        """Look at a frame and at the scene that answered it."""
        ...


class Watched:
    """A headset with onlookers, each told of every frame and the scene shown after it."""

    def __init__(self, headset: Headset, *watchers: Watcher) -> None:
        self._headset, self._watchers = headset, watchers
        self.kind, self.description = headset.kind, headset.description
        self._frame: Frame | None = None

    @property
    def room(self) -> Room:
        """What the headset behind knows of the room."""
        return room_around(self._headset)

    def frames(self) -> Iterator[Frame]:
        """The frames of the headset behind."""
        for frame in self._headset.frames():
            self._frame = frame
            yield frame

    def show(self, scene: Scene) -> None:
        """Show, then let the onlookers look."""
        self._headset.show(scene)
        if self._frame is not None:
            for watcher in self._watchers:
                watcher.see(self._frame, scene)

    def close(self) -> None:
        """Close the headset behind."""
        self._headset.close()
