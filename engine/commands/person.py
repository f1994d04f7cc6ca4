"""Whose movement a file holds: a recording, cleaned, with how the person stood and where they were quiet."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from calibration import imported
from calibration.height import SEATED, STANDING, Height, posture_of
from calibration.standing import stance_of
from engine.envelope import Envelope
from engine.formats.files import read
from engine.formats.tables import Table
from engine.frame import SIDES, Vector
from engine.measuring import refusal
from engine.metrics import signals
from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ
from engine.metrics.definition import NotMeasurable
from engine.motion import Motion, clean
from engine.recording import Recorded
from engine.records import Session, Stance
from engine.session_folder import RECORD, read_session
from engine.task import NotMeasured

LEAST_FRAMES = 2
STANDING_S, STAYED_M, AHEAD_DEG, BUSY_MM_S = 180.0, 0.15, 20.0, 60.0  # who stands stays, however unsteadily


@dataclass(frozen=True)
class Person:
    """A recording, cleaned: how the person stood or sat, where they were quiet, their shoulders and arms if known."""

    motion: Motion
    stance: Stance
    height: Height
    quiet: Motion
    quiet_when: str
    shoulders_m: Mapping[str, Vector]
    arm_m: Mapping[str, float]
    notes: tuple[str, ...] = ()


def load(path: Path, stature_m: float | None = None, **how: Any) -> Person | Table:
    """Open a file of any known kind, with the person's stature if known and options of `engine.formats.files.read`.

    Raises RecordingUnreadable, and NotMeasurable where nobody's head was ever seen.
    """
    found = read(path, **how)
    if isinstance(found, Table):
        return found
    visit = read_session(path) if (path / RECORD).is_file() else None
    return person_of(found, str(path), visit, stature_m)


def person_of(recorded: Recorded, name: str, visit: Session | None, stature_m: float | None = None) -> Person:
    """Whose movement a recording holds, which errors call by a name; `visit` is its session where there is one.

    Raises NotMeasurable where nobody's head was ever seen.
    """
    motion = clean(recorded.rows, recorded.devices, recorded.joints)
    if len(motion.time_s) < LEAST_FRAMES:
        raise NotMeasurable(f"{name} holds no movement: in no two frames is there a head with place and orientation")
    known = visit.calibration if visit else None
    notes = [recorded.note] if recorded.note else []
    if known is None:
        try:
            known = imported.measure(recorded.rows, "", stature_m)
        except NotMeasured as reason:
            notes.append(str(reason))
    quiet, when = _quiet(motion, visit)
    height = _height(motion, visit, stature_m)
    if known is None:
        return Person(motion, stance_of(quiet), height, quiet, when, {}, {}, tuple(notes))
    arms = {side: arm.value for side, arm in known.arm_m.items()}
    shoulders = {side: Envelope(known).shoulder(side) for side in SIDES}
    return Person(motion, known.stance, height, quiet, when, shoulders, arms, tuple(notes))


def _height(motion: Motion, visit: Session | None, stature_m: float | None) -> Height:
    """Whether the person stood or sat, by the session's calibration or by the height of the head."""
    if visit is not None and visit.calibration is not None:
        return Height(STANDING if visit.calibration.seated_m is None else SEATED, "")
    return posture_of(float(np.percentile(motion.head_m[:, 1], 90)), stature_m)


def _quiet(motion: Motion, visit: Session | None) -> tuple[Motion, str]:
    """When the person stood quietly, and in words when that was.

    In a session it is when they were asked to; a recording of somebody who stood and looked ahead is that as a whole;
    of any other it is the stretch in which the head moved least.
    """
    asked = [block for block in visit.blocks if block.task == "standing" and block.trials] if visit else []
    if asked:
        trial = asked[-1].trials[-1]
        start, stop = np.searchsorted(motion.time_s, (trial.start_s, trial.end_s))
        return motion.cut(int(start), int(stop)), "when asked to stand quietly"
    if _stood(motion):
        return motion, "the whole recording"
    quiet = imported.quietest(motion)
    return quiet if len(quiet.time_s) else motion.cut(0, 2), "the quietest of the recording"


def _stood(motion: Motion) -> bool:
    """Whether somebody did nothing but stand and look ahead, however unsteadily."""
    if motion.time_s[-1] > STANDING_S or refusal(motion, "sway"):
        return False
    level_m = motion.head_m[:, (0, 2)]
    away_m = np.linalg.norm(level_m - np.median(level_m, axis=0), axis=1).max()
    turned = np.abs(motion.head_q @ signals.mean_rotation(motion.head_q)).min()
    turned_deg = 2 * math.degrees(math.acos(min(1.0, turned)))
    return bool(away_m <= STAYED_M and turned_deg <= AHEAD_DEG and head_mm_s(motion) <= BUSY_MM_S)


def head_mm_s(motion: Motion) -> float:
    """The mean level speed of the head in mm/s, low-passed as head sway is."""
    _, steady = signals.uniform(motion.time_s, motion.head_m[:, (0, 2)], RATE_HZ)
    return 1000 * float(signals.speed(signals.low_passed(steady, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ), RATE_HZ).mean())
