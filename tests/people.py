"""People to test with: bodies, frames, rows of a recording, calibrations, and a visit of somebody simulated."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from calibration.adaptation import Followers
from calibration.leaning import OpenLean
from calibration.reaching import OpenReach
from calibration.standing import Standing
from engine import session
from engine.body import Body
from engine.envelope import CELL_DEG
from engine.frame import SIDES, UPRIGHT, Frame, Hand, Pose, Vector, from_yaw_pitch
from engine.headset import Headset
from engine.movements import LEANS
from engine.plan import About, Plan, Step
from engine.recording import FRAME, Writer, pack
from engine.records import Calibration, Limit, ReachCell, Session, Stance
from engine.task import NOT_YET, Move

HEAD_M = (0.0, 1.6, 0.0)
LEFT_M, RIGHT_M = (-0.25, 0.9, -0.2), (0.25, 0.9, -0.2)
ARM_M = 0.62
STANCE = Stance(HEAD_M, 0.0)
STEP_NS = 11_111_111


def a_frame(time_ns: int = 0, head_m: Vector = HEAD_M, yaw_deg: float = 0.0) -> Frame:
    """A person who stands with the arms down; `_replace` makes the rest."""
    head = Pose(head_m, from_yaw_pitch(math.radians(yaw_deg), 0.0))
    return Frame(time_ns, head, Hand(Pose(LEFT_M, UPRIGHT)), Hand(Pose(RIGHT_M, UPRIGHT)))


def a_body(
    time_s: float = 0.0,
    dt_s: float = 0.1,
    right_m: Vector | None = RIGHT_M,
    lean_deg: tuple[float, float] = (0.0, 0.0),
    confirm: bool = False,
    left_m: Vector | None = LEFT_M,
) -> Body:
    """A body; a hand at None is not seen."""
    look = (0.0, 0.0, -1.0)
    left_seen, right_seen = left_m is not None, right_m is not None
    return Body(
        time_s, dt_s, HEAD_M, look, left_m or LEFT_M, right_m or RIGHT_M, lean_deg, left_seen, right_seen, confirm
    )


def rows_of(frames: Sequence[Frame]) -> np.ndarray:
    """Frames as rows of a recording, which may be written to."""
    return np.frombuffer(b"".join(map(pack, frames)), FRAME).copy()


def standing_rows(seconds: float, rate_hz: float = 90.0) -> np.ndarray:
    """Somebody who stands and does not move at all."""
    return rows_of([a_frame(round(1e9 * i / rate_hz)) for i in range(round(seconds * rate_hz))])


def a_limit(value: float, unit: str = "deg", best: float | None = None) -> Limit:
    """A limit from three open efforts, known to a tenth either way."""
    return Limit(value, 0.9 * value, 1.1 * value, unit, 3, "open efforts", best=best)


def a_calibration(elevation_deg: float = 110.0, lean_deg: float = 6.0, stance: Stance = STANCE) -> Calibration:
    """Somebody whose arms reach everywhere in front, up to an elevation."""
    degrees = np.arange(0, 181, CELL_DEG)
    cells = tuple(ReachCell(float(a), float(e), ARM_M, 90) for a in np.arange(-90, 91, CELL_DEG) for e in degrees)
    return Calibration(
        "2026-03-02T09:00:00+00:00",
        stance,
        a_limit(1.71, "m"),
        {side: a_limit(ARM_M, "m") for side in SIDES},
        {f"shoulder_elevation_{side}": a_limit(elevation_deg) for side in SIDES}
        | {movement: a_limit(lean_deg) for movement in LEANS},
        dict.fromkeys(SIDES, cells),
    )


def played(move: Move, bodies: Sequence[Body]) -> tuple[str, int]:
    """Play a move with bodies until it ends: its outcome, or "" when they were used up, and the bodies it took."""
    next(move)
    for taken, body in enumerate(bodies, 1):
        try:
            move.send(body)
        except StopIteration as end:
            return str(end.value), taken
    return "", len(bodies)


def never() -> Move:
    """A move that goes on for ever."""
    while True:
        yield ()
    return NOT_YET


ASSESSMENTS = (
    Step("standing", Standing(), "calibrate"),
    Step("open_reach", OpenReach(), "calibrate"),
    Step("open_lean", OpenLean(), "calibrate"),
)


def visited(headset: Headset, folder: Path, *steps: Step, seed: int = 0, **more: object) -> Session:
    """A visit of whoever is behind a headset, recorded into a folder: the assessments, unless other steps are named."""
    plan = Plan("somebody", steps or ASSESSMENTS, Followers(), seed, **more)  # type: ignore[arg-type] # fields of Plan
    about = About("visit", "2026-03-02T09:00:00+00:00", "test")
    return session.run(plan, headset, Writer(folder / "frames.vrec", {}), about)
