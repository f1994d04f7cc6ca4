"""Carrying something by hand: take it, bring it over a fence, and put it down on the other side."""

import math

from engine import feedback, moves
from engine.scene import Buzz, Held, Item, Sound, Target
from engine.task import REACHED, Move

GRIPPED = 0.5  # of the way that a grip or a trigger can be pressed
TAKEN_S = 0.06


def carry(take: Target, over: Target, put: Target, hold_s: float, squeezes: bool, around: tuple[Item, ...]) -> Move:
    """Take what is at the first target, pass the second with it, and put it down at the third.

    Without `squeezes` a hand takes and puts by staying for `hold_s`; with it by closing and opening. What was taken is
    never lost on the way.
    """
    held = Held(f"{take.key} held", take.role, take.hand)
    taking = grasp(take, closed=True) if squeezes else moves.hold(take, hold_s)
    yield from moves.alongside(around, _told(taking, take))
    taken = (Sound(f"{take.key} taken", "pick", take.place_m), Buzz(f"{take.key} taken", take.hand, 0.6, TAKEN_S))
    carried = (*around, held, *taken)
    yield from moves.alongside(carried, _told(moves.hold(over, 0.0), over))
    putting = grasp(put, closed=False) if squeezes else moves.hold(put, hold_s)
    return (yield from moves.alongside(carried, _told(putting, put)))


def grasp(target: Target, *, closed: bool) -> Move:
    """Bring a hand to a target and close it there, or open it there; nothing else is asked of how long it stays."""
    inside = False
    while True:
        body = yield (target._replace(fill=0.01 if inside and closed else 0.0),)
        hand = moves.hand_m(body, target.hand, target.place_m)
        near_m = target.radius_m * (moves.HELD if inside else 1.0)
        inside = hand is not None and math.dist(hand, target.place_m) < near_m
        shown = body.frame.left if target.hand == "left" else body.frame.right
        if inside and (max(shown.squeeze, shown.trigger) > GRIPPED) == closed:
            return REACHED


def _told(move: Move, target: Target) -> Move:
    return feedback.followed(feedback.felt(move), feedback.nearness((target,)))
