"""Reaching ahead over one's feet: an arm that is level, and how far it goes with the trunk behind it."""

import math
from collections.abc import Generator
from statistics import median

from engine.body import Body
from engine.frame import Vector
from engine.moves import hand_m
from engine.scene import Item, Reach
from engine.task import NOT_YET, REACHED, Move

LEVEL_S, MOST_S = 1.5, 10.0
FURTHEST_M = 0.6  # nobody's functional reach is longer
BEGUN_M = 0.04


def level(line: Reach, shown: tuple[Item, ...]) -> Generator[tuple[Item, ...], Body, Vector | None]:
    """Keep an arm where it is for a moment: where the hand is then, None where it is not seen."""
    gone_s = 0.0
    seen: list[Vector] = []
    while gone_s < LEVEL_S or (not seen and gone_s < MOST_S):
        body = yield (line._replace(reached=1.0), *shown)
        gone_s += body.dt_s
        hand = hand_m(body, line.hand, line.stop_m)
        if hand is not None and gone_s > LEVEL_S / 2:
            seen.append(hand)
    if not seen:
        return None
    x, y, z = (median(axis) for axis in zip(*seen, strict=True))
    return (x, y, z)


def ahead(line: Reach, start_m: Vector, facing_deg: float) -> Reach:
    """The line straight ahead from where a level hand is."""
    facing, (x, y, z) = math.radians(facing_deg), start_m
    stop_m = (x + FURTHEST_M * math.sin(facing), y, z - FURTHEST_M * math.cos(facing))
    return Reach(line.key.replace("level", "over"), start_m, stop_m, line.hand, over_feet=True)


def stretch(line: Reach, most_s: float) -> Move:
    """Follow a hand along a line as far as it goes: ends when it came half way back."""
    way = tuple((b - a) / FURTHEST_M for a, b in zip(line.start_m, line.stop_m, strict=True))
    best_m, gone_s, now_m = 0.0, 0.0, 0.0
    while gone_s < most_s and not (best_m > BEGUN_M and now_m < best_m / 2):
        body = yield (line._replace(reached=min(1.0, best_m / FURTHEST_M)),)
        gone_s += body.dt_s
        hand = hand_m(body, line.hand, line.stop_m)
        if hand is not None:
            now_m = sum((h - s) * w for h, s, w in zip(hand, line.start_m, way, strict=True))
            best_m = max(best_m, now_m)
    return REACHED if best_m > BEGUN_M else NOT_YET
