"""Whose turn it is: ways that are open, sides in turn, who comes in for another, and each once before any again."""

from itertools import islice
from random import Random

import pytest

from engine.limits import OutsideEnvelope
from engine.turns import first_able, in_turn, open_of, shuffled

WAYS = ("left", "right", "up", "down")


def test_what_nothing_refuses_is_open_in_the_order_given() -> None:
    assert open_of({"up": "", "left": "it hurts", "down": ""}) == ["up", "down"]


def test_where_nothing_is_open_every_reason_is_told_once() -> None:
    with pytest.raises(OutsideEnvelope, match=r"^it hurts; too little$"):
        open_of({"left": "it hurts", "up": "too little", "right": "it hurts"})


def test_each_side_is_first_in_turn() -> None:
    assert [in_turn(("left", "right"), number)[0] for number in range(3)] == ["left", "right", "left"]
    assert in_turn(("left",), 1) == ("left",)


def test_who_is_next_comes_in_for_a_side_of_which_nothing_can_be_asked() -> None:
    def ask(side: str) -> int:
        if side != "right":
            raise OutsideEnvelope(f"the {side} arm hurts")
        return 7

    assert first_able(("left", "right"), ask) == ("right", 7)
    with pytest.raises(OutsideEnvelope, match="the left arm hurts"):
        first_able(("left",), ask)


def test_each_way_comes_once_before_any_comes_again() -> None:
    drawn = list(islice(shuffled(Random(1), WAYS), 40))
    assert all(sorted(drawn[at : at + 4]) == sorted(WAYS) for at in range(0, 40, 4))
    assert len({tuple(drawn[at : at + 4]) for at in range(0, 40, 4)}) > 3
