"""Getting up and going with a controller at the belt, headset off: when somebody sits, and when they are back."""

import math
from collections import deque

from engine.body import Body
from engine.frame import Button, Vector
from engine.noted import Noted
from engine.scene import Item, Walk
from engine.task import NOT_YET, REACHED, Move

WAY_M = 3.0
QUIET_S, QUIET_M = 2.0, 0.03  # a belt that stays within 3 cm for so long is that of somebody who sits
RISEN_M, GONE_M = 0.15, 1.5  # who got up and went so far has to come back
AT_CHAIR_M, SEATED_SHARE, SEATED_S = 0.5, 0.2, 1.0


def sits_still(wait: Walk, shown: tuple[Item, ...], most_s: float) -> Move:
    """Wait until the headset is off and the belt is quiet, or until somebody keeps a trigger pressed.

    Nobody is sent off with a headset on who presses once too often.
    """
    gone_s, pressed_s = 0.0, 0.0
    seen: deque[tuple[float, Vector]] = deque()
    while gone_s < most_s:
        body = yield (wait, *shown)
        gone_s += body.dt_s
        pressed_s = pressed_s + body.dt_s if body.confirm else 0.0
        if pressed_s >= QUIET_S:
            return REACHED
        belt = belt_m(body, wait.side)
        if belt is None or not body.frame.buttons & Button.AWAY:
            seen.clear()
            continue
        seen.append((gone_s, belt))
        while len(seen) > 1 and seen[1][0] <= gone_s - QUIET_S:
            seen.popleft()
        if gone_s - seen[0][0] >= QUIET_S and max(math.dist(belt, place) for _, place in seen) < QUIET_M:
            return REACHED
    return NOT_YET


def comes_back(go: Walk, shown: tuple[Item, ...], most_s: float, noted: Noted) -> Move:
    """Follow a belt from the chair and back, until it was seated for a second, or a trigger stops the clock by hand."""
    start: Vector | None = None
    gone_s, seated_s, top_m, went, released = 0.0, 0.0, 0.0, False, False
    while gone_s < most_s and seated_s < SEATED_S:
        body = yield (go, *shown)
        gone_s += body.dt_s
        if body.confirm and released and gone_s > SEATED_S:
            noted.stopped_s = noted.gone_s + body.dt_s
            return REACHED
        released = released or not body.confirm
        belt = belt_m(body, go.side)
        if belt is None:
            continue
        start = start or belt
        up_m, away_m = belt[1] - start[1], math.hypot(belt[0] - start[0], belt[2] - start[2])
        top_m = max(top_m, up_m)
        went = went or (top_m > RISEN_M and away_m > GONE_M)
        seated = went and away_m < AT_CHAIR_M and up_m < SEATED_SHARE * top_m
        seated_s = seated_s + body.dt_s if seated else 0.0
    return REACHED if seated_s >= SEATED_S else NOT_YET


def belt_m(body: Body, side: str) -> Vector | None:
    """Where the controller at the belt is; None where it is not seen."""
    if side == "left":
        return body.left_m if body.left_seen else None
    return body.right_m if body.right_seen else None
