"""Choosing with what everybody has: a look or a raised hand that stays on an option for a while, or a trigger."""

import math
from collections.abc import Sequence

from engine.body import Body
from engine.frame import Vector
from engine.questions import before
from engine.scene import Item, Option
from engine.task import NOT_YET, REACHED, Move

DWELL_S = 1.6  # long enough to read an option without choosing it
GO_ON, GO_ON_BELOW_DEG, GO_ON_RADIUS_M = "go on", 14.0, 0.13


def choose(options: Sequence[Option], most_s: float, dwell_s: float = DWELL_S) -> Move:
    """Let the person choose by looking or pointing at an option for a while, or at once with a trigger.

    The outcome is the key of what was chosen, or `not yet` when the time is up. What is held from before says nothing:
    a trigger counts once it was let go, and the option that happens to be pointed at once that was left.
    """
    dwelt_s, at, gone_s, released = 0.0, "", 0.0, False
    held: str | None = None
    while gone_s < most_s:
        fill = min(1.0, dwelt_s / dwell_s)
        body = yield tuple(option._replace(fill=fill) if option.key == at else option for option in options)
        gone_s += body.dt_s
        before, at = at, pointed_at(body, options)
        held = at if held is None else held if held == at else ""
        dwelt_s = dwelt_s + body.dt_s if at and at == before and at != held else 0.0
        pressed, released = body.confirm and released, released or not body.confirm
        if at and (dwelt_s >= dwell_s or pressed):
            return at
    return NOT_YET


def confirm(items: tuple[Item, ...], most_s: float) -> Move:
    """Show something until the person presses a trigger or looks at the option to go on, or until the time is up."""
    gone_s, dwelt_s, released, held = 0.0, 0.0, False, True
    onward: tuple[Option, ...] = ()
    while gone_s < most_s:
        body = yield (*items, *(option._replace(fill=min(1.0, dwelt_s / DWELL_S)) for option in onward))
        gone_s += body.dt_s
        onward = onward or (_onward(body),)
        at = bool(pointed_at(body, onward))
        held = held and at
        dwelt_s = dwelt_s + body.dt_s if at and not held else 0.0
        if (body.confirm and released) or dwelt_s >= DWELL_S:
            return REACHED
        released = released or not body.confirm
    return NOT_YET


def pointed_at(body: Body, options: Sequence[Option]) -> str:
    """The key of the option that a raised hand covers, seen from the eyes, or else that the face points to; or ""."""
    hands = [hand for hand, is_seen in ((body.left_m, body.left_seen), (body.right_m, body.right_seen)) if is_seen]
    ways = [_less(hand, body.head_m) for hand in hands]
    aways = [_less(option.place_m, body.head_m) for option in options]
    for way in (*ways, body.look):
        best, key = 1.0, ""
        for option, away in zip(options, aways, strict=True):
            share = _angle(way, away) / math.atan2(option.radius_m, math.hypot(*away))
            if share < best:
                best, key = share, option.key
        if key:
            return key
    return ""


def front_deg(body: Body) -> float:
    """Where the front of somebody's room is, to the right of -z."""
    return math.degrees(math.atan2(body.person.ahead_x, -body.person.ahead_z))


def _onward(body: Body) -> Option:
    """The option to go on, under the eyes as they are now, to the front."""
    return Option(GO_ON, before(body.head_m, front_deg(body), -GO_ON_BELOW_DEG), GO_ON_RADIUS_M, "lobby.go_on")


def _less(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _angle(a: Vector, b: Vector) -> float:
    """The angle between two directions; the largest of all where one of them is no direction."""
    cosine = (a[0] * b[0] + a[1] * b[1] + a[2] * b[2]) / (math.hypot(*a) * math.hypot(*b) or math.nan)
    return math.acos(min(1.0, max(-1.0, cosine))) if math.isfinite(cosine) else math.pi
