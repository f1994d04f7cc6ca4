"""The one loop: frames in, scenes out, and a record of everything in between.

A session is a script of steps (engine.visit) that is fed the frames of a headset, each of which is recorded.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from dataclasses import replace as with_values
from datetime import date

from msgspec import UNSET
from msgspec.structs import replace

from engine.conclusion import stamped
from engine.frame import Button, Frame
from engine.guard import seen
from engine.headset import Headset, room_around
from engine.plan import STILL, About, AnyStep, Fork, Pick, Plan, Step
from engine.questions import Question
from engine.recorder import Recorder, Teller
from engine.recording import RecordingUnwritten, pack
from engine.records import BlockRecord, Recording, Session
from engine.scene import Panel, Scene
from engine.visit import Visit

UNWRITTEN, CLOSED = "the recording could not be written", "the headset closed"
INTERRUPTED = "stopped from the keyboard"
CUT_OFF = "the computer stopped in the middle"
WAITING = Panel("waiting", "session.wait_title", ("session.wait_text",))


class Ended(Exception):
    """Raised by the frames of a headset: what ended the session, where the frames do not show it."""


class _Life:
    """A visit from the first frame on: it begins when somebody is seen, and until then is waited for."""

    def __init__(self, plan: Plan, today: date, writer: Recorder) -> None:
        self.visit: Visit | None = None
        self.why = CLOSED
        self.plan, self._today, self._writer = plan, today, writer
        self._teller: Teller | None = None
        self._before: list[bytes] = []

    def live(self, headset: Headset) -> None:
        """Give every frame to the recording and to the visit, until something ends it; raises RecordingUnwritten."""
        for frame in headset.frames():
            row = pack(frame)
            self._writer.write(row, frame.devices)
            scene = self._step(headset, frame, row)
            if self._teller is not None:
                self._teller.tell()
            if scene is None:
                return
            headset.show(scene)

    def stop(self) -> None:
        """Stop where it is, and have the recording whole; raises RecordingUnwritten."""
        try:
            if self.visit is not None and self._teller is not None:
                self.visit.end(self.why)
                self._teller.tell()
        finally:
            self._writer.close()

    def ended_by(self) -> str:
        """What ended it, in words; where the disk did, that is told whatever else was."""
        if self.visit is not None:
            return self.why if self.why.startswith(UNWRITTEN) else self.visit.ended_by
        nobody = f"the headset {'saw nobody' if self._writer.rows else 'gave no frame'}"
        return nobody if self.why == CLOSED else self.why

    def _step(self, headset: Headset, frame: Frame, row: bytes) -> Scene | None:
        """What to show after a frame, None when it is over."""
        if self.visit is None:
            self._before.append(row)
            if frame.buttons & Button.STOP:
                self.why = "the person pressed stop"
                return None
            if not seen(frame):
                return Scene(STILL, (WAITING,))
            self.plan = with_values(self.plan, room=room_around(headset), headset=headset.kind)
            self.visit = Visit(self.plan, frame, self._before, self._today)
            self._teller = Teller(self.visit, self._writer)
        return self.visit.step(frame, row)


def run(plan: Plan, headset: Headset, writer: Recorder, about: About) -> Session:
    """Live through a plan with whoever is behind the headset; every frame goes to `writer`, which is closed.

    A person who stops or leaves, a fault of a task or of the headset and a full disk end the session early and
    whole: `ended_by` says which, `error` for a fault, and begins with UNWRITTEN for the disk.
    """
    life = _Life(plan, date.fromisoformat(about.started_at[:10]), writer)
    try:
        try:
            life.live(headset)
        except KeyboardInterrupt:
            life.why = INTERRUPTED
        except Ended as why:
            life.why = str(why)
        except RecordingUnwritten as reason:
            life.why = f"{UNWRITTEN}: {reason.strerror}"
        except Exception as error:
            if life.visit is None:
                raise
            life.visit.fault(error)
        finally:
            life.stop()
    except RecordingUnwritten as reason:
        life.why = f"{UNWRITTEN}: {reason.strerror}"
    return _record(headset, writer, about, life)


def begun(plan: Plan, kind: str, description: str, about: About) -> Session:
    """The record of a session that begins, on a kind of headset: its blocks are the steps planned, with no trials."""
    return Session(
        id=about.id,
        patient=plan.patient,
        started_at=about.started_at,
        seconds=0.0,
        headset=kind,
        headset_description=description,
        software=about.software,
        seed=plan.seed,
        preset=plan.preset,
        ended_by=CUT_OFF,
        calibration=None,
        precautions=plan.precautions,
        blocks=tuple(block for step in plan.steps for block in _planned(step)),
        known=plan.calibration,
        caps=plan.caps,
        keep_stance=plan.keep_stance,
        posture=plan.posture,
        told=plan.answers,
        adaptation=asdict(plan.adaptation),
        floors=plan.floors,
        rises=plan.rises,
        followed=plan.followed,
        scale=plan.scale,
        most_s=plan.most_s if plan.most_s < math.inf else None,
        prescribed=plan.prescribed or UNSET,
        play_s=plan.play_s if plan.play_s < math.inf else UNSET,
    )


def _planned(step: AnyStep) -> Iterator[BlockRecord]:
    """A step as the block that it will be, without what cannot be known before."""
    if isinstance(step, Step):
        block = _block(step.name, step.kind, asdict(step.task.p), step.task.title)
        task = replace(block, version=step.task.version, preset=step.preset, change=step.change)
        for each in step.in_turn:
            yield from (task,) if isinstance(each, Step) else _planned(each)
    elif isinstance(step, Fork):
        names = " ".join(each.name for each in step.steps)
        yield _block("choice", "choice", {"games": names, "seconds": step.seconds})
        for each in step.steps:
            yield from _planned(each)
    elif isinstance(step, Question):
        yield _block(step.kind, "question", {"scale": step.scale, "seconds": step.seconds})
    elif isinstance(step, Pick):
        yield _block(step.kind, "pick", {"names": " ".join(step.names), "seconds": step.seconds})
    else:
        yield _block(step.kind, step.kind, step.parameters, step.title)


def _block(task: str, kind: str, parameters: Mapping[str, float | int | str | bool], title: str = "") -> BlockRecord:
    return BlockRecord(task, title or task.capitalize(), 1, kind, 0.0, 0.0, parameters)


def _record(headset: Headset, writer: Recorder, about: About, life: _Life) -> Session:
    plan, visit = life.plan, life.visit
    record = replace(
        begun(plan, headset.kind, headset.description, about),
        ended_by=life.ended_by(),
        blocks=(),
        recording=Recording(writer.path.name, writer.sha256, writer.bytes, writer.rows),
    )
    if visit is None:
        return record
    calibration = visit.present.calibration
    if visit.script.measured:
        before = plan.calibration.limits if plan.calibration is not None else {}
        calibration = stamped(calibration, before, plan.precautions, about.started_at)
    return replace(
        record,
        seconds=round(visit.present.now_s, 6),
        calibration=calibration,
        blocks=tuple(visit.script.blocks),
        events=tuple(visit.present.events),
        quality=visit.quality,
        told=visit.told,
    )
