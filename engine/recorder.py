"""What a session gives to its recording: every frame, and between them what happens and where trials begin and end."""

from pathlib import Path
from typing import Protocol

from engine.frame import Devices
from engine.visit import Visit

TRIAL_BEGINS, TRIAL_ENDS = "trial begins", "trial ends"
Row = bytes


class Recorder(Protocol):
    """What frames are given to (engine.recording.Writer); what it tells of the file counts once it is closed."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    @property
    def rows(self) -> int:
        """The frames in it."""
        ...

    @property
    def bytes(self) -> int:
        """Its size."""
        ...

    @property
    def sha256(self) -> str:
        """Its hash, in hexadecimal."""
        ...

    def write(self, row: Row, devices: Devices | None = None) -> None:
        """Take one frame; raises RecordingUnwritten."""
        ...

    def event(self, at_s: float, name: str, detail: str = "") -> None:
        """Take something that happened; raises RecordingUnwritten."""
        ...

    def close(self) -> None:
        """Have everything written; raises RecordingUnwritten."""
        ...


class Teller:
    """Tells a recorder what a visit notes, as soon as it does, and the trials by their numbers from 1."""

    def __init__(self, visit: Visit, recorder: Recorder) -> None:
        """Begin before the visit takes its first frame."""
        self._present, self._script, self._recorder = visit.present, visit.script, recorder
        self._events = self._trials = self._blocks = 0
        self._taken = visit.script.taken
        self._open = self._asks = False

    def tell(self) -> None:
        """Tell what a frame brought; raises RecordingUnwritten."""
        present, script = self._present, self._script
        if len(present.events) > self._events:
            for event in present.events[self._events :]:
                self._recorder.event(event.at_s, event.name, event.detail)
            self._events = len(present.events)
        begins = script.taken is not self._taken  # a trial takes its frames for itself
        if self._open and (begins or len(script.blocks) > self._blocks or self._asks > present.in_trial):
            self._open = False
            self._mark(TRIAL_ENDS)
        if begins:
            self._taken, self._blocks = script.taken, len(script.blocks)
            self._open, self._asks, self._trials = True, present.in_trial, self._trials + 1
            self._mark(TRIAL_BEGINS)

    def _mark(self, name: str) -> None:
        self._recorder.event(round(self._present.now_s, 6), name, str(self._trials))
