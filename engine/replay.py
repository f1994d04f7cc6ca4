"""A recording behind the door of a headset: the frames come out as they went in, whatever is shown."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine import bsor, recording
from engine.frame import Frame
from engine.headset import HeadsetUnavailable
from engine.recording import NO_DEVICES, NO_JOINTS, Recorded, RecordingUnreadable
from engine.scene import Scene


class ReplayHeadset:
    """Plays the tables of a recording (dtypes of `engine.recording.TABLES`) once, as fast as it is asked."""

    kind = "replay"

    def __init__(
        self, rows: np.ndarray, description: str, devices: np.ndarray = NO_DEVICES, joints: np.ndarray = NO_JOINTS
    ) -> None:
        self.rows, self.devices, self.joints = rows, devices, joints
        self.description = description
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """The recorded frames, in order."""
        for frame in recording.frames(self.rows, self.devices, self.joints):
            if self._closed:
                return
            yield frame

    def show(self, scene: Scene) -> None:
        """Nobody looks."""

    def close(self) -> None:
        """Stop giving frames."""
        self._closed = True


def open_replay(path: Path) -> ReplayHeadset:
    """A headset from a file: our own recording, or a Beat Saber replay (`.bsor`).

    Raises HeadsetUnavailable, naming the file and the reason, when it cannot be read.
    """
    try:
        found = _read(path)
    except RecordingUnreadable as reason:
        raise HeadsetUnavailable(str(reason)) from None
    description = f"replay of {path.name}, {len(found.rows)} frames"
    told = f"{description} ({found.note})" if found.note else description
    return ReplayHeadset(found.rows, told, found.devices, found.joints)


def read_rows(path: Path) -> tuple[np.ndarray, str]:
    """The rows of a recording of any known kind, and what was amiss with it.

    Raises RecordingUnreadable.
    """
    found = _read(path)
    return found.rows, found.note


def _read(path: Path) -> Recorded:
    if path.suffix.lower() == ".bsor":
        return Recorded({}, bsor.read(path))
    found = recording.read(path)
    if not len(found.rows):
        raise RecordingUnreadable(f"{path} holds no whole block of frames")
    return found
