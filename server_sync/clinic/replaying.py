"""The movement of one trial as figures of a body, some twenty a second, from the recording that is kept of it."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from engine.body import Upright, estimate, upright
from engine.figure import Figure, figure
from engine.frame import SIDES, Frame, Vector
from engine.recording import Recorded, RecordingUnreadable, frames, recorded
from engine.records import Calibration, Session, TrialRecord
from server_sync.clinic.keys import Shredded
from server_sync.clinic.service import Service
from server_sync.clinic.tiers import RecordingDamaged, kept

RATE_HZ = 20.0


NOT_RECORDED, NOT_KEPT, GONE, UNOPENED = "not recorded", "not kept", "gone", "unopened"


class NothingToReplay(LookupError):
    """There is no recording of a trial that could be shown; the message is one of the reasons above."""


class Posture(NamedTuple):
    """A body at one moment: places in cm to the right of the stance, up from the floor and ahead; None where unknown.

    `left` and `right` are shoulder, elbow and hand.
    """

    t_s: float
    head: Vector | None
    neck: Vector | None
    left: tuple[Vector | None, ...]
    right: tuple[Vector | None, ...]


class Replay(NamedTuple):
    """The postures of one trial from its start, and how tall the person stands in cm."""

    tall_cm: float
    postures: tuple[Posture, ...]


def replay_of(service: Service, session: Session, trial: TrialRecord) -> Replay:
    """The movement of a trial; raises NothingToReplay."""
    if session.recording is None or session.calibration is None:
        raise NothingToReplay(NOT_RECORDED)
    found = _read(service, session.recording.sha256)
    person = _person(session.calibration)
    postures = tuple(_posture(frame, person, t_s) for t_s, frame in _thinned(found, trial))
    if not postures:
        raise NothingToReplay(GONE)
    return Replay(round(100 * session.calibration.stature_m.value, 1), postures)


def _read(service: Service, sha256: str) -> Recorded:
    if service.vault.size(sha256) == 0:
        raise NothingToReplay(NOT_KEPT)
    try:
        return recorded(kept(service.vault.read, sha256).content, "the recording", service.keys())
    except FileNotFoundError:
        raise NothingToReplay(GONE) from None
    except (RecordingDamaged, RecordingUnreadable, Shredded):
        raise NothingToReplay(UNOPENED) from None


def _thinned(found: Recorded, trial: TrialRecord) -> Iterator[tuple[float, Frame]]:
    """Frames of a trial, with seconds from its start."""
    if not len(found.rows):
        return
    at_s = (found.rows["time_ns"] - found.rows["time_ns"][0]) * 1e-9
    first, last = np.searchsorted(at_s, (trial.start_s, trial.end_s))
    wanted = np.arange(trial.start_s, trial.end_s, 1 / RATE_HZ)
    chosen = np.unique(np.clip(np.searchsorted(at_s, wanted), first, max(first, last - 1)))
    chosen = chosen[chosen < len(at_s)]
    for number, frame in zip(chosen, frames(found.rows[chosen]), strict=True):
        yield round(float(at_s[number]) - trial.start_s, 3), frame


def _person(calibration: Calibration) -> Upright:
    arm_m = {side: length.value for side, length in calibration.arm_m.items() if side in SIDES}
    return upright(calibration.stance, arm_m)


def _posture(frame: Frame, person: Upright, t_s: float) -> Posture:
    body = figure(estimate(frame, person, t_s, 0.0))
    return Posture(
        t_s,
        _placed(body.head_m.value, person),
        _placed(body.neck_m.value, person),
        *(_arm(body, side, person) for side in SIDES),
    )


def _arm(body: Figure, side: str, person: Upright) -> tuple[Vector | None, ...]:
    arm = body.left if side == "left" else body.right
    places: Sequence[Vector | None] = (arm.shoulder_m.value, arm.elbow_m.value, arm.wrist_m.value)
    return tuple(_placed(place, person) for place in places)


def _placed(place: Vector | None, person: Upright) -> Vector | None:
    """A place in the room, in cm to the right of the stance, up and ahead."""
    if place is None or not all(math.isfinite(value) for value in place):
        return None
    dx, y, dz = place[0] - person.head_m[0], place[1], place[2] - person.head_m[2]
    right = dz * person.ahead_x - dx * person.ahead_z
    ahead = dx * person.ahead_x + dz * person.ahead_z
    return round(100 * right, 1), round(100 * y, 1), round(100 * ahead, 1)
