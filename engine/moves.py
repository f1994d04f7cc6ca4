"""The moves that trials are built from: each yields what to show, receives the next Body, returns an outcome.

A move counts time in `body.dt_s`, keeps no Body across a yield, and yields before it ends.
"""

import math
from collections.abc import Sequence

from engine.body import Body
from engine.facing import apart_deg, facing_deg
from engine.frame import Vector
from engine.places import lean_along
from engine.scene import Breath, Gaze, Item, Lean, Reach, Rise, Stand, Target
from engine.task import NOT_YET, REACHED, Move

HELD = 1.25  # a target that is held is left later than it was entered, so that tremor does not undo a hold
UNSEEN_S = 0.15  # a hand that is lost for no longer has not left; it fills nothing meanwhile
STILL_MPS = 0.05
STILL_FOR_S = 0.5
SETS_OUT_DEG = 5.0  # of a head that turns as far as is comfortable: less is none
UP, DOWN = 0.92, 0.15  # of the way up from a chair: then somebody stands, or sits


def hand_m(body: Body, hand: str, place_m: Vector) -> Vector | None:
    """The hand that may reach a place, the nearer one for either; None when it is not seen."""
    left = body.left_m if body.left_seen and hand != "right" else None
    right = body.right_m if body.right_seen and hand != "left" else None
    if left is None or right is None:
        return right if left is None else left
    return left if math.dist(left, place_m) <= math.dist(right, place_m) else right


def hold(target: Target, hold_s: float) -> Move:
    """Keep a hand in a target until it is full; with `hold_s` 0, touch it."""
    held_s, unseen_s, inside = 0.0, 0.0, False
    while not (inside and held_s >= hold_s):
        fill = min(1.0, held_s / hold_s) if hold_s else 0.0
        body = yield (target._replace(fill=fill),)
        hand = hand_m(body, target.hand, target.place_m)
        unseen_s = unseen_s + body.dt_s if hand is None else 0.0
        if inside and 0 < unseen_s <= UNSEEN_S:
            continue
        near_m = target.radius_m * (HELD if inside else 1.0)
        inside = hand is not None and math.dist(hand, target.place_m) < near_m
        held_s = held_s + body.dt_s if inside else 0.0
    return REACHED


def hold_all(targets: Sequence[Target], hold_s: float) -> Move:
    """Keep every target filled at once, each by its own hand; one that others wait for is a little full."""
    held_s, inside = 0.0, [False] * len(targets)
    while not (all(inside) and held_s >= hold_s):
        held = min(1.0, held_s / hold_s) if hold_s else 0.0
        body = yield tuple(
            target._replace(fill=max(held, 0.1) if within else 0.0)
            for target, within in zip(targets, inside, strict=True)
        )
        for index, target in enumerate(targets):
            hand = hand_m(body, target.hand, target.place_m)
            away_m = math.inf if hand is None else math.dist(hand, target.place_m)
            inside[index] = away_m < target.radius_m * (HELD if inside[index] else 1.0)
        held_s = held_s + body.dt_s if all(inside) else 0.0
    return REACHED


def gather(target: Target, seconds: float) -> Move:
    """Spend a time in a target, all at once or bit by bit: only time within it counts, and none is taken away."""
    held_s, inside = 0.0, False
    while held_s < seconds:
        body = yield (target._replace(fill=held_s / seconds),)
        hand = hand_m(body, target.hand, target.place_m)
        near_m = target.radius_m * (HELD if inside else 1.0)
        inside = hand is not None and math.dist(hand, target.place_m) < near_m
        held_s += body.dt_s if inside else 0.0
    return REACHED


def lean(goal: Lean, hold_s: float) -> Move:
    """Lean to a goal, within its tolerance along and across, and hold; with `hold_s` 0, touch it."""
    held_s, inside, now_deg = 0.0, False, (0.0, 0.0)
    while not (inside and held_s >= hold_s):
        fill = min(1.0, held_s / hold_s) if hold_s else 0.0
        body = yield (goal._replace(now_deg=now_deg, fill=fill),)
        now_deg = body.lean_deg
        along, across = lean_along(now_deg, goal.direction_deg)
        near_deg = goal.tolerance_deg * (HELD if inside else 1.0)
        inside = along > goal.angle_deg - near_deg and abs(across) < 2 * near_deg
        held_s = held_s + body.dt_s if inside else 0.0
    return REACHED


def gaze(goal: Gaze, hold_s: float) -> Move:
    """Turn the face to a goal and keep it there; with `hold_s` 0, sweep over it.

    A goal to one side begins to count at its near edge; further than it is asked for counts, too.
    """
    held_s, inside, now_deg = 0.0, False, (0.0, 0.0, 0.0)
    while not (inside and held_s >= hold_s):
        fill = min(1.0, held_s / hold_s) if hold_s else 0.0
        body = yield (goal._replace(now_deg=now_deg, fill=fill),)
        now_deg = facing_deg(body)
        inside = _faces(goal, now_deg, HELD if inside else 1.0)
        held_s = held_s + body.dt_s if inside else 0.0
    return REACHED


def gaze_out(goal: Gaze, most_s: float) -> Move:
    """Follow a face as far as is comfortable: ends when it came half way back, or at the stop line.

    The outcome is `not yet` for who did not set out.
    """
    best_deg, now_deg, along, gone_s = 0.0, (0.0, 0.0, 0.0), 0.0, 0.0
    furthest_deg = math.hypot(goal.yaw_deg, goal.pitch_deg, goal.tilt_deg)
    way = tuple(value / furthest_deg for value in (goal.yaw_deg, goal.pitch_deg, goal.tilt_deg))
    while gone_s < most_s and best_deg < furthest_deg and not (best_deg > SETS_OUT_DEG and along < best_deg / 2):
        body = yield (goal._replace(now_deg=now_deg, fill=best_deg / furthest_deg),)
        gone_s += body.dt_s
        now_deg = facing_deg(body)
        along = sum(value * share for value, share in zip(now_deg, way, strict=True))
        best_deg = max(best_deg, along)
    return REACHED if best_deg > min(SETS_OUT_DEG, 0.99 * furthest_deg) else NOT_YET


def rise(goal: Rise, hold_s: float) -> Move:
    """Come up, or down again, as `goal.goal` says, and stay there for a while."""
    held_s, share = 0.0, goal.share
    there = False
    while not (there and held_s >= hold_s):
        fill = min(1.0, held_s / hold_s) if hold_s else 0.0
        body = yield (goal._replace(share=min(1.0, max(0.0, share)), fill=fill),)
        share = risen(goal, body)
        there = share > UP if goal.goal == "up" else share < DOWN
        held_s = held_s + body.dt_s if there else 0.0
    return REACHED


def risen(goal: Rise, body: Body) -> float:
    """How far up somebody has come, or forward, as a share of the way; nan while the head is not seen."""
    if goal.high_m > goal.low_m:
        return (body.head_m[1] - goal.low_m) / (goal.high_m - goal.low_m)
    return body.lean_deg[0] / goal.lean_deg


def breathe(key: str, in_s: float, out_s: float, rounds: int) -> Move:
    """Show a breath to go along with, in and out; whoever breathes otherwise does so."""
    for _ in range(rounds):
        for rising, length_s in ((True, in_s), (False, out_s)):
            gone_s = 0.0
            while gone_s < length_s:
                swell = (1 - math.cos(math.pi * gone_s / length_s)) / 2
                body = yield (Breath(key, swell if rising else 1 - swell, rising),)
                gone_s += body.dt_s
    return REACHED


def upright(key: str, within_deg: float, for_s: float) -> Move:
    """Come back to the middle and stay there for a while."""
    held_s = 0.0
    while held_s < for_s:
        body = yield (Stand(key, held_s / for_s),)
        held_s = held_s + body.dt_s if math.hypot(*body.lean_deg) < within_deg else 0.0
    return REACHED


def stand(key: str, seconds: float) -> Move:
    """Stand quietly for a time, whatever happens."""
    gone_s = 0.0
    while gone_s < seconds:
        body = yield (Stand(key, gone_s / seconds),)
        gone_s += body.dt_s
    return REACHED


def reach_out(line: Reach, most_s: float) -> Move:
    """Follow a hand along a line as far as is comfortable: ends when it came forth and rested, or at the stop line."""
    way_m = math.dist(line.start_m, line.stop_m)
    along = tuple((b - a) / way_m for a, b in zip(line.start_m, line.stop_m, strict=True))
    best_m, resting_s, gone_s = 0.0, 0.0, 0.0
    while gone_s < most_s and resting_s < STILL_FOR_S and best_m < way_m:
        body = yield (line._replace(reached=best_m / way_m),)
        gone_s += body.dt_s
        hand = hand_m(body, line.hand, line.stop_m)
        if hand is None:
            continue
        now_m = sum((h - s) * a for h, s, a in zip(hand, line.start_m, along, strict=True))
        moving = now_m > best_m + STILL_MPS * body.dt_s
        best_m = max(best_m, now_m)
        resting_s = 0.0 if moving or best_m < 0.2 * way_m else resting_s + body.dt_s
    return REACHED


def lean_out(goal: Lean, most_s: float) -> Move:
    """Follow a lean as far as is comfortable: ends when the body came half way back, or at the stop line."""
    best_deg, now_deg, along, gone_s = 0.0, (0.0, 0.0), 0.0, 0.0
    while gone_s < most_s and best_deg < goal.angle_deg and not (best_deg > 1.0 and along < best_deg / 2):
        body = yield (goal._replace(now_deg=now_deg),)
        gone_s += body.dt_s
        now_deg = body.lean_deg
        along = lean_along(now_deg, goal.direction_deg)[0]
        best_deg = max(best_deg, along)
    return REACHED


def show(items: tuple[Item, ...], seconds: float) -> Move:
    """Show something for a time."""
    gone_s = 0.0
    while True:
        body = yield items
        gone_s += body.dt_s
        if gone_s >= seconds:
            return REACHED


def within(limit_s: float, move: Move) -> Move:
    """Play a move, for no longer than a time; `not yet` when it has not ended by then."""
    items, gone_s = next(move), 0.0
    while gone_s < limit_s:
        body = yield items
        gone_s += body.dt_s
        try:
            items = move.send(body)
        except StopIteration as end:
            return str(end.value)
    return NOT_YET


def no_sooner(least_s: float, move: Move, after: tuple[Item, ...]) -> Move:
    """Play a move, and show `after` for what is left of a time since it began."""
    items, gone_s, outcome = next(move), 0.0, ""
    while not outcome or gone_s < least_s:
        body = yield items
        gone_s += body.dt_s
        if not outcome:
            try:
                items = move.send(body)
            except StopIteration as end:
                items, outcome = after, str(end.value)
    return outcome


def alongside(items: tuple[Item, ...], move: Move) -> Move:
    """Play a move with more to look at around it."""
    own = next(move)
    while True:
        body = yield own + items
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def beside(move: Move, other: Move) -> Move:
    """Play a move with another beside it for as long as that lasts; the outcome is that of the first."""
    own, more = next(move), next(other, ())
    while True:
        body = yield own + more
        try:
            more = other.send(body) if more else ()
        except StopIteration:
            more = ()
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def _faces(goal: Gaze, now_deg: Vector, slack: float) -> bool:
    """Whether a face is at a goal, or beyond it in the same direction."""
    yaw, pitch, tilt = now_deg
    near_deg = goal.radius_deg * slack
    if goal.tilt_deg:
        sign = math.copysign(1.0, goal.tilt_deg)
        straight = apart_deg((yaw, pitch), (goal.yaw_deg, goal.pitch_deg)) < 3 * near_deg
        return straight and sign * tilt > abs(goal.tilt_deg) - near_deg
    far_deg = apart_deg((0.0, 0.0), (goal.yaw_deg, goal.pitch_deg))
    if far_deg <= near_deg:  # nothing is further than straight ahead
        return apart_deg((yaw, pitch), (goal.yaw_deg, goal.pitch_deg)) < near_deg
    beyond = apart_deg((0.0, 0.0), (yaw, pitch)) / far_deg
    at = (yaw / beyond, pitch / beyond) if beyond > 1 else (yaw, pitch)
    return apart_deg(at, (goal.yaw_deg, goal.pitch_deg)) < near_deg
