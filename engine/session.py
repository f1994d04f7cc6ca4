"""The one loop: frames in, scenes out, and a record of everything in between.

A session is a script of steps (engine.visit) that is fed the frames of a headset, each of which is recorded.
"""

import math
from dataclasses import asdict
from datetime import date

from engine.conclusion import stamped
from engine.frame import Button, Frame
from engine.guard import seen
from engine.headset import Headset
from engine.plan import STILL, About, Plan
from engine.recording import RecordingUnwritten, Writer, pack
from engine.records import Recording, Session
from engine.scene import Panel, Scene
from engine.visit import Visit

UNWRITTEN, CLOSED = "the recording could not be written", "the headset closed"
INTERRUPTED = "stopped from the keyboard"
WAITING = Panel("waiting", "session.wait_title", ("session.wait_text",))


class _Life:
    """A visit from the first frame on: it begins when somebody is seen, and until then is waited for."""

    def __init__(self, plan: Plan, today: date) -> None:
        self.visit: Visit | None = None
        self.why = CLOSED
        self._plan, self._today = plan, today
        self._before: list[bytes] = []

    def step(self, frame: Frame, row: bytes) -> Scene | None:
        """What to show after a frame, None when it is over."""
        if self.visit is None:
            self._before.append(row)
            if frame.buttons & Button.STOP:
                self.why = "the person pressed stop"
                return None
            if not seen(frame):
                return Scene(STILL, (WAITING,))
            self.visit = Visit(self._plan, frame, self._before, self._today)
        return self.visit.step(frame, row)

    def end(self, rows: int) -> str:
        """Stop where it is, and say what ended it."""
        if self.visit is not None:
            self.visit.end(self.why)
            return self.visit.ended_by
        nobody = f"the headset {'saw nobody' if rows else 'gave no frame'}"
        return nobody if self.why == CLOSED else self.why


def run(plan: Plan, headset: Headset, writer: Writer, about: About) -> Session:
    """Live through a plan with whoever is behind the headset; every frame goes to `writer`, which is closed.

    A person who stops or leaves, a fault of a task or of the headset and a full disk end the session early and
    whole: `ended_by` says which, `error` for a fault, and begins with UNWRITTEN for the disk.
    """
    life = _Life(plan, date.fromisoformat(about.started_at[:10]))
    try:
        try:
            for frame in headset.frames():
                row = pack(frame)
                writer.write(row, frame.devices)
                scene = life.step(frame, row)
                if scene is None:
                    break
                headset.show(scene)
        finally:
            writer.close()
    except KeyboardInterrupt:
        life.why = INTERRUPTED
    except RecordingUnwritten as reason:
        life.why = f"{UNWRITTEN}: {reason.strerror}"
    except Exception as error:
        if life.visit is None:
            raise
        life.visit.fault(error)
    return _record(plan, headset, writer, about, life)


def _record(plan: Plan, headset: Headset, writer: Writer, about: About, life: _Life) -> Session:
    ended_by, visit = life.end(writer.rows), life.visit
    calibration = visit.present.calibration if visit else None
    if visit is not None and visit.script.measured:
        before = plan.calibration.limits if plan.calibration is not None else {}
        calibration = stamped(visit.present.calibration, before, plan.precautions, about.started_at)
    recording = Recording(writer.path.name, writer.sha256, writer.bytes, writer.rows)
    return Session(
        id=about.id,
        patient=plan.patient,
        started_at=about.started_at,
        seconds=round(visit.present.now_s, 6) if visit else 0.0,
        headset=headset.kind,
        headset_description=headset.description,
        software=about.software,
        seed=plan.seed,
        preset=plan.preset,
        ended_by=ended_by,
        calibration=calibration,
        precautions=plan.precautions,
        blocks=tuple(visit.script.blocks) if visit else (),
        events=tuple(visit.present.events) if visit else (),
        quality=visit.quality if visit else None,
        recording=recording,
        known=plan.calibration,
        caps=plan.caps,
        keep_stance=plan.keep_stance,
        posture=plan.posture,
        told=visit.told if visit else plan.answers,
        adaptation=asdict(plan.adaptation),
        floors=plan.floors,
        rises=plan.rises,
        followed=plan.followed,
        scale=plan.scale,
        most_s=plan.most_s if plan.most_s < math.inf else None,
    )
