"""Whose turn it is: which of several sides or ways may be asked for, and in what order they are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import TypeVar

from engine.limits import OutsideEnvelope

Way = TypeVar("Way")


def open_of(refusals: Mapping[Way, str]) -> list[Way]:
    """The ways that nothing refuses; raises OutsideEnvelope with every reason where there is none."""
    able = [way for way, why in refusals.items() if not why]
    if not able:
        raise OutsideEnvelope("; ".join(dict.fromkeys(refusals.values())))
    return able


def in_turn(sides: Sequence[str], number: int) -> tuple[str, ...]:
    """The sides from the one whose turn it is, counted from 0: who is next comes in where one cannot."""
    turn = number % len(sides)
    return (*sides[turn:], *sides[:turn])


def first_able(sides: Sequence[str], ask: Callable[[str], Way]) -> tuple[str, Way]:
    """The first of some sides that something can be asked of, and what; raises OutsideEnvelope for none."""
    refusals = []
    for side in sides:
        try:
            return side, ask(side)
        except OutsideEnvelope as reason:
            refusals.append(str(reason))
    raise OutsideEnvelope("; ".join(refusals))


def shuffled(random: Random, ways: Sequence[Way]) -> Iterator[Way]:
    """Each way once in a shuffled order, then again in another, without end."""
    while True:
        yield from random.sample(ways, len(ways))
