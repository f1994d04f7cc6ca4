"""A whole posture: what trunk and head do counts together with what the hands do."""

import math
from collections.abc import Sequence

from engine import moves
from engine.body import Body
from engine.facing import facing_deg
from engine.places import lean_along
from engine.scene import Gaze, Lean
from engine.task import Move


def posed(move: Move, more: Sequence[Lean | Gaze]) -> Move:
    """Play a move in which hands count only while the trunk leans and the head tilts as `more` asks."""
    own, now, slack = next(move), tuple(more), 1.0
    while True:
        body = yield (*own, *now)
        now = tuple(_now(item, body) for item in more)
        fits = all(_fits(item, slack) for item in now)
        slack = moves.HELD if fits else 1.0
        try:
            own = move.send(body if fits else body._replace(left_seen=False, right_seen=False))
        except StopIteration as end:
            return str(end.value)


def _now(item: Lean | Gaze, body: Body) -> Lean | Gaze:
    if isinstance(item, Lean):
        return item._replace(now_deg=body.lean_deg)
    return item._replace(now_deg=facing_deg(body))


def _fits(item: Lean | Gaze, slack: float) -> bool:
    """Whether a trunk leans, or a head is laid over, far enough and to the right side."""
    if isinstance(item, Lean):
        along, across = lean_along(item.now_deg, item.direction_deg)
        near_deg = item.tolerance_deg * slack
        return along > item.angle_deg - near_deg and abs(across) < 2 * near_deg
    return math.copysign(1.0, item.tilt_deg) * item.now_deg[2] > abs(item.tilt_deg) - item.radius_deg * slack
