"""Who has a mouse and no button: every movement that a game asks for, by where the mouse is."""

import math
from pathlib import Path

import pytest

import games
from engine.inputs import NOTHING, Heard, Held
from engine.inputs import RISE as GET_UP
from engine.scene import Gaze, Item, Lean, Lift, Option, Reach, Rise, Stone, Target

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from beginner import Beginner
from visits import game, play

from engine.panda.desk_mouse import FULL, MIDDLE, MouseBody

AHEAD = Lean("l", 0.0, 5.0, 1.0)
STAND = Rise("r", 1.2, 1.6, "up")


def moved(item, mouse, held: Held = NOTHING, sits: bool = False, begun=(0.0, 0.0)):
    body = MouseBody()
    body.see((item,))
    body.add(NOTHING, begun, 0.0, sits)
    return body.add(held, mouse, 0.0, sits)


@pytest.mark.parametrize(
    ("mouse", "lean"),
    [((0.0, FULL), (1.0, 0.0)), ((-1.0, 0.0), (0.0, -1.0)), ((0.5 * MIDDLE, 0.0), (0.0, 0.0)),
     ((0.0, (MIDDLE + FULL) / 2), (0.5, 0.0))],
)  # fmt: skip
def test_a_body_leans_to_where_the_mouse_is(mouse, lean):
    assert moved(AHEAD, mouse)[0].lean == pytest.approx(lean)


def test_a_mouse_that_lies_still_leans_nobody():
    assert moved(AHEAD, (0.5, 0.51), begun=(0.5, 0.5)) == (NOTHING, ())


def test_a_key_goes_before_the_mouse_until_that_is_moved_again():
    body = MouseBody()
    body.see((AHEAD,))
    body.add(NOTHING, (0.0, 0.0), 0.0, False)
    pushed = Held(lean=(-1.0, 0.0))
    assert body.add(pushed, (0.9, 0.0), 0.0, False) == (pushed, ())
    assert body.add(NOTHING, (0.9, 0.0), 0.0, False) == (NOTHING, ())
    assert body.add(NOTHING, (0.0, 0.9), 0.0, False)[0].lean == (1.0, 0.0)


def test_who_stands_on_a_board_leans_by_that_alone():
    on_board = Held(lean_deg=(2.0, 0.0))
    assert moved(AHEAD, (0.9, 0.0), on_board)[0].lean == (0.0, 0.0)


def test_a_stick_turns_the_face_without_a_button_where_no_hand_is_asked_for():
    pushed = Held(point=(0.5, 0.0))
    assert moved(Gaze("g", 30.0, 0.0, 7.0), (0.0, 0.0), pushed)[0] == Held(face=(0.5, 0.0))
    assert moved(AHEAD, (0.0, 0.0), pushed)[0] == pushed


def test_the_face_goes_with_the_mouse_and_is_laid_over_by_it():
    assert moved(Gaze("g", 30.0, 0.0, 7.0), (0.4, -0.2))[0].face == (0.4, -0.2)
    assert moved(Gaze("g", 0.0, 0.0, 7.0, 20.0), (0.4, 0.0))[0].tilt == 1.0


@pytest.mark.parametrize(("mouse", "sits", "acts"), [((0, 0.5), True, (GET_UP,)), ((0, 0.5), False, ()),
                                                     ((0, -0.5), False, (GET_UP,)), ((0, 0.1), True, ())])  # fmt: skip
def test_up_is_standing_and_down_is_sitting(mouse, sits: bool, acts):
    assert moved(STAND, mouse, sits=sits)[1] == acts


@pytest.mark.parametrize("hand", [Target("t", (0.1, 1.5, -0.4), 0.05), Reach("r", (0, 1, -0.4), (0, 1.8, -0.4), "left"),
                                  Option("o", (0.0, 1.5, -1.5), 0.1, "menu.rest")])  # fmt: skip
def test_a_mouse_that_leads_a_hand_moves_nothing_else(hand):
    body = MouseBody()
    body.see((AHEAD, hand))
    body.add(NOTHING, (0.0, 0.0), 0.0, False)
    assert body.add(NOTHING, (0.0, 0.9), 0.0, False) == (NOTHING, ())


def _moves_a_body(item: Item) -> bool:
    return isinstance(item, Lean | Gaze | Rise | Lift) or (isinstance(item, Stone) and item.state == "wanted")


class MouseAlone(Beginner):
    """Somebody who moves a mouse and presses nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._body = MouseBody()

    def _acts(self) -> Heard:
        asks = next((item for item in self._scene.items if _moves_a_body(item)), None)
        if asks is None or any(isinstance(item, Target | Reach | Option) for item in self._scene.items):
            super()._acts()  # leads the mouse to what a hand is asked for, or else to the middle
        else:
            self._mouse = tuple(at + 0.2 * (to - at) for at, to in zip(self._mouse, self._meant(asks), strict=True))
        self._body.see(self._scene.items)
        puppet = self.seat.puppet
        held, acts = self._body.add(NOTHING, self._mouse, puppet.face_deg[2], puppet.sits)
        return Heard(held, acts=acts)

    def _meant(self, asks: Lean | Gaze | Rise | Lift | Stone):
        if isinstance(asks, Lift):
            return (0.0, 0.6 * (asks.state == "wanted"))
        if isinstance(asks, Rise):
            return (
                0.0,
                (0.6 if asks.goal == "up" else -0.6) if asks.high_m > asks.low_m else 0.6 * (asks.goal == "up"),
            )
        if isinstance(asks, Gaze):
            return (asks.tilt_deg / 45 * 0.55, 0.0) if asks.tilt_deg else (asks.yaw_deg / 85, asks.pitch_deg / 60)
        if isinstance(asks, Stone) and asks.goal != "out":
            return (0.0, 0.0)
        turn = math.radians(asks.direction_deg)
        return (0.6 * math.sin(turn), 0.6 * math.cos(turn))


@pytest.mark.parametrize("name", games.names())
def test_who_has_a_mouse_alone_finishes_every_game(name: str, tmp_path: Path):
    everything = {"owl_watch": {"ways": "all with diagonals"}}.get(name, {})
    session, _ = play(game(name, {"targets": 4, **everything}), tmp_path, headset=MouseAlone())
    assert session.ended_by == "finished"
    assert {trial.outcome for trial in session.blocks[0].trials} == {"reached"}
