"""Which keys or buttons a game needs now, and the words for them: only what has been asked for in this place."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from engine.scene import Bend, Follow, Gaze, Item, Lean, Lift, Option, Panel, Reach, Recall, Rise, Stone, Target

HAND, CHOOSE, OTHER_HAND, LEAN, LOOK, TILT = "hand", "choose", "other_hand", "lean", "look", "tilt"
RISE, LIFT = "rise", "lift"
"""What a body can be asked to do, in the order in which it is told."""


class Hint(NamedTuple):
    """A line of help: what to press (letters on a key, or keys of words), and the key of the words for what it does."""

    press: tuple[str, ...]
    does: str


_BY_KEYS = {
    HAND: (Hint(("desk.mouse", "I", "J", "K", "L"), "desk.hand"),),
    CHOOSE: (Hint(("desk.click", "desk.arrows", "Enter"), "desk.choose"),),
    OTHER_HAND: (Hint(("Tab",), "desk.other_hand"), Hint(("F",), "desk.both_hands")),
    LEAN: (Hint(("desk.mouse", "desk.arrows"), "desk.lean"),),
    LOOK: (Hint(("desk.mouse", "Q", "E"), "desk.look"),),
    TILT: (Hint(("desk.mouse", ",", "."), "desk.tilt"), Hint(("Home",), "desk.ahead")),
    RISE: (Hint(("desk.mouse", "C"), "desk.rise"),),
    LIFT: (Hint(("desk.mouse", "desk.arrows"), "desk.lift"),),
}
_BY_PAD = {
    HAND: (Hint(("desk.right_stick",), "desk.hand"),),
    CHOOSE: (Hint(("desk.left_stick", "A"), "desk.choose"),),
    OTHER_HAND: (Hint(("RB",), "desk.other_hand"), Hint(("R3",), "desk.both_hands")),
    LEAN: (Hint(("desk.left_stick",), "desk.lean"),),
    LOOK: (Hint(("desk.right_stick",), "desk.look"),),
    TILT: (Hint(("desk.cross",), "desk.tilt"), Hint(("L3",), "desk.ahead")),
    RISE: (Hint(("X",), "desk.rise"),),
    LIFT: (Hint(("desk.left_stick",), "desk.lift"),),
}
_ON_A_BOARD = (Hint(("desk.board",), "desk.shift"),)
_ALWAYS_BY_KEYS = (
    Hint(("M",), "desk.menu"), Hint(("Esc",), "desk.stop"), Hint(("P",), "desk.hurts"), Hint(("Z",), "desk.dizzy"),
    Hint(("T",), "desk.tired"), Hint(("R",), "desk.recentre"), Hint(("H",), "desk.help"),
)  # fmt: skip
_ALWAYS_BY_PAD = (Hint(("Start",), "desk.menu"), Hint(("Y",), "desk.recentre"), Hint(("B",), "desk.stop"))


def fewer(always: tuple[Hint, ...]) -> tuple[Hint, ...]:
    """One less of what is always there, for want of room: the menu has it, too. How to hide the help stays last."""
    return (*always[:-2], *always[-1:])


class Asked:
    """What a place has asked for since it was entered: kept between trials, so that the help stands still."""

    def __init__(self) -> None:
        self._place = ""
        self._moves: set[str] = set()

    def see(self, place: str, items: Iterable[Item]) -> frozenset[str]:
        """The movements that were asked for, with those of these items."""
        if place != self._place:
            self._place, self._moves = place, set()
        hands: set[str] = set()
        for item in items:
            self._moves |= set(_asks(item))
            if isinstance(item, Target):
                hands.add(item.hand)
        if {"left", "right"} <= hands:
            self._moves.add(OTHER_HAND)
        return frozenset(self._moves)


def hints(moves: Collection[str], by: Collection[str]) -> tuple[tuple[Hint, ...], tuple[Hint, ...]]:
    """What the game needs, and what is always there; `by` names what is in use beside a mouse: `pad`, `board`."""
    told, always = (_BY_PAD, _ALWAYS_BY_PAD) if "pad" in by else (_BY_KEYS, _ALWAYS_BY_KEYS)
    needed: list[Hint] = []
    for move, lines in told.items():
        if move in moves:
            needed += _ON_A_BOARD if move == LEAN and "board" in by else lines
    return tuple(needed), always


def _asks(item: Item) -> tuple[str, ...]:
    """What an item asks the body for."""
    if isinstance(item, Reach) and item.over_feet:
        return (HAND, LEAN)
    if isinstance(item, Target | Reach | Follow | Bend):
        return (HAND,)
    if isinstance(item, Option):
        return (CHOOSE,)
    if isinstance(item, Panel):
        return (CHOOSE,) if item.confirm else ()
    if isinstance(item, Lean | Stone):
        return (LEAN,)
    if isinstance(item, Recall):
        return (HAND,) if item.side else (LOOK,)
    if isinstance(item, Gaze):
        return (LOOK, TILT) if item.tilt_deg else (LOOK,)
    if isinstance(item, Rise):
        return (RISE,) if item.high_m > item.low_m else (LEAN,)
    if isinstance(item, Lift):
        return (LIFT,)
    return ()
