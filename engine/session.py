"""The one loop: frames in, scenes out, and a record of everything in between.

A session is a script of steps (engine.visit) that is fed the frames of a headset, each of which is recorded.
"""

import math
from dataclasses import asdict
from datetime import date

from engine.conclusion import stamped
from engine.guard import seen
from engine.headset import Headset
from engine.plan import STILL, About, Plan
from engine.recording import RecordingUnwritten, Writer, pack
from engine.records import Recording, Session
from engine.scene import Panel, Scene
from engine.visit import Visit

UNWRITTEN = "the recording could not be written"
WAITING = Panel("waiting", "session.wait_title", ("session.wait_text",))


def run(plan: Plan, headset: Headset, writer: Writer, about: About) -> Session:
    """Live through a plan with whoever is behind the headset; every frame goes to `writer`, which is closed.

    A person who stops or leaves, a fault of a task or of the headset and a full disk end the session early and
    whole: `ended_by` says which, `error` for a fault, and begins with UNWRITTEN for the disk.
    """
    visit: Visit | None = None
    before: list[bytes] = []
    why = "the headset closed"
    try:
        try:
            for frame in headset.frames():
                row = pack(frame)
                writer.write(row, frame.devices)
                if visit is None:
                    before.append(row)
                    if not seen(frame):
                        headset.show(Scene(STILL, (WAITING,)))
                        continue
                    visit = Visit(plan, frame, before, date.fromisoformat(about.started_at[:10]))
                scene = visit.step(frame, row)
                if scene is None:
                    break
                headset.show(scene)
        finally:
            writer.close()
    except KeyboardInterrupt:
        why = "stopped from the keyboard"
    except RecordingUnwritten as reason:
        why = f"{UNWRITTEN}: {reason.strerror}"
    except Exception as error:
        if visit is None:
            raise
        visit.fault(error)
    if visit is not None:
        visit.end(why)
    return _record(plan, headset, writer, about, visit)


def _record(plan: Plan, headset: Headset, writer: Writer, about: About, visit: Visit | None) -> Session:
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
        ended_by=visit.ended_by if visit else f"the headset {'saw nobody' if writer.rows else 'gave no frame'}",
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
