"""What a hand feels and an ear hears while a move goes on, so that nobody has to see that it is going well."""

import math
from collections.abc import Callable, Iterator, Sequence

from engine.body import Body
from engine.frame import SIDES
from engine.moves import hand_m
from engine.scene import Buzz, Follow, Gaze, Item, Lean, Lift, Rise, Stone, Target, Tone
from engine.task import Move

ENTERED, ARRIVED = 0.35, 0.8  # strength of a pulse
ENTERED_S, ARRIVED_S = 0.04, 0.12
FAR_M = 0.8  # from there on a note that follows a hand begins to rise
_FILLED = Target | Follow | Lean | Gaze | Rise | Lift | Stone  # made once: every frame asks for it


def felt(move: Move) -> Move:
    """Play a move with a soft pulse whenever somebody comes into what is asked of them."""
    own = next(move)
    while True:
        body = yield (*own, *_pulses(own))
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def followed(move: Move, height: Callable[[Body], float]) -> Move:
    """Play a move with a note that rises with a movement.

    `height` says of each body how much of the way was made, from 0 to 1; where it is nan the note stays where it was.
    """
    own, now = next(move), 0.0
    while True:
        body = yield (*own, Tone("way", now))
        made = height(body)
        now = now if math.isnan(made) else min(1.0, max(0.0, made))
        try:
            own = move.send(body)
        except StopIteration as end:
            return str(end.value)


def nearness(targets: Sequence[Target]) -> Callable[[Body], float]:
    """How near the hand is that is furthest from its target, 1 for there; nan while one is not seen."""

    def made(body: Body) -> float:
        hands = [hand_m(body, target.hand, target.place_m) for target in targets]
        ways_m = [
            math.nan if hand is None else math.dist(hand, target.place_m)
            for hand, target in zip(hands, targets, strict=True)
        ]
        return math.nan if any(map(math.isnan, ways_m)) else 1 - max(ways_m) / FAR_M

    return made


def arrival(key: str, hand: str = "either") -> Buzz:
    """The pulse of something that was reached."""
    return Buzz(f"{key} arrival", hand, ARRIVED, ARRIVED_S)


def _pulses(items: tuple[Item, ...]) -> Iterator[Buzz]:
    for item in items:
        if isinstance(item, _FILLED) and item.fill > 0:
            hand = item.hand if isinstance(item, Target | Follow) else "either"
            hand = item.device if isinstance(item, Lift) and item.device in SIDES else hand
            yield Buzz(f"{item.key} entered", hand, ENTERED, ENTERED_S)
