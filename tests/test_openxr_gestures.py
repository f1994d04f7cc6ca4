"""Gestures and held buttons on simulated frames; what people do while they play is none."""

import itertools
from collections.abc import Iterable
from pathlib import Path

import pytest
import visits

import games
from engine.frame import Button, Devices, Frame, Hand, Pose, Vector, from_yaw_pitch
from engine.openxr.gestures import Gestures
from engine.simulated import SimulatedHeadset

STEP_S = 1 / 90
BARE = Devices(left_source="hand", right_source="hand")
HEAD = Pose((0.0, 1.6, 0.0))
CROSSED = ((0.08, 1.3, -0.35), (-0.08, 1.3, -0.35))
TOGETHER = ((-0.05, 1.3, -0.35), (0.05, 1.3, -0.35))
APART = ((-0.3, 1.3, -0.35), (0.3, 1.3, -0.35))


def frame(hands: tuple[Vector, Vector] = APART, squeeze: float = 1.0, **more: object) -> Frame:
    left, right = (Hand(Pose(place), squeeze=squeeze) for place in hands)
    return Frame(0, HEAD, left, right, devices=BARE)._replace(**more)  # type: ignore[arg-type]  # fields of a Frame


def lasting(seconds: float, one: Frame) -> list[Frame]:
    return [one] * round(seconds / STEP_S)


def said(*parts: Iterable[Frame]) -> list[Button]:
    """What came of frames that follow one another, each button once where it begins."""
    gestures, told = Gestures(), []
    for number, one in enumerate(itertools.chain(*parts)):
        told.append(Button(gestures.buttons(one._replace(time_ns=round((number + 1) * STEP_S * 1e9)))))
    return [now for before, now in itertools.pairwise([Button.NONE, *told]) if now and now != before]


def test_crossed_wrists_with_closed_hands_stop_after_a_second() -> None:
    assert said(lasting(0.9, frame(CROSSED)), lasting(1.0, frame())) == []
    assert said(lasting(1.1, frame(CROSSED))) == [Button.STOP]


def test_crossed_is_judged_as_the_head_is_turned() -> None:
    behind = HEAD._replace(orientation=from_yaw_pitch(3.14, 0.0))
    assert said(lasting(2.0, frame(CROSSED[::-1], head=behind))) == [Button.STOP]
    assert said(lasting(1.4, frame(CROSSED, head=behind))) == []


def test_hands_together_recentre_once_however_long() -> None:
    assert said(lasting(1.4, frame(TOGETHER)), lasting(0.2, frame(TOGETHER))) == [Button.RECENTRE]
    assert said(lasting(5.0, frame(TOGETHER)), lasting(1.0, frame())) == [Button.RECENTRE]


def test_hands_together_for_a_moment_are_menu_when_they_part() -> None:
    assert said(lasting(0.8, frame(TOGETHER)), lasting(0.5, frame())) == [Button.MENU]
    assert said(lasting(0.3, frame(TOGETHER)), lasting(0.5, frame())) == []


def test_hands_that_move_together_ask_for_nothing() -> None:
    path = [frame(((x - 0.05, 1.3, -0.35), (x + 0.05, 1.3, -0.35))) for x in (number * 0.002 for number in range(360))]
    assert said(path, lasting(0.1, frame())) == []


def hidden(one: Frame, side: str, valid: bool) -> Frame:
    """The same with a hand whose pose is inferred, or not even valid."""
    left, right = (hand._replace(grip=hand.grip._replace(tracked=False, valid=valid)) for hand in (one.left, one.right))
    return one._replace(left=left) if side == "left" else one._replace(right=right)


@pytest.mark.parametrize("hands", [CROSSED, TOGETHER])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("valid", [True, False])
def test_a_hand_that_is_not_seen_makes_no_gesture(hands: tuple[Vector, Vector], side: str, valid: bool) -> None:
    assert said(lasting(3.0, hidden(frame(hands), side, valid)), lasting(0.1, frame())) == []


@pytest.mark.parametrize(
    "one",
    [
        frame(squeeze=0.3),
        frame(devices=None),
        frame(devices=Devices()),
        frame(devices=Devices(left_source="hand", right_source="emulated")),
        frame(head=HEAD._replace(tracked=False)),
        frame(focused=False),
        frame(head=HEAD._replace(position_m=(0.0, 2.0, 0.0))),
    ],
    ids=["open", "no devices", "controllers", "one is made up", "head lost", "unfocused", "in the lap"],
)
@pytest.mark.parametrize("hands", [CROSSED, TOGETHER])
def test_only_closed_raised_hands_that_are_seen_make_a_gesture(one: Frame, hands: tuple[Vector, Vector]) -> None:
    left, right = (hand._replace(grip=Pose(place)) for hand, place in zip((one.left, one.right), hands, strict=True))
    assert said(lasting(3.0, one._replace(left=left, right=right)), lasting(0.1, frame())) == []


def test_time_that_nobody_saw_does_not_count() -> None:
    gestures = Gestures()
    told = [gestures.buttons(frame(CROSSED)._replace(time_ns=round(second * 1e9))) for second in (1.0, 1.5, 2.0, 2.5)]
    assert told == [0, 0, 0, 0]


MENU = frame(buttons=int(Button.MENU))


def test_a_short_menu_is_menu_on_its_release() -> None:
    assert said(lasting(0.5, MENU)) == []
    assert said(lasting(0.5, MENU), lasting(0.1, frame())) == [Button.MENU]


def test_a_held_menu_is_recentre_and_no_menu() -> None:
    assert said(lasting(1.5, MENU), lasting(0.5, frame())) == [Button.RECENTRE]


def test_a_menu_that_is_lost_with_the_focus_is_none() -> None:
    assert said(lasting(0.5, MENU), lasting(0.5, frame(focused=False)), lasting(0.5, frame())) == []


def test_recentre_comes_once_for_a_press_and_stop_as_long_as_it_is_down() -> None:
    gestures = Gestures()
    down = frame(buttons=int(Button.RECENTRE | Button.STOP))
    told = [Button(gestures.buttons(down._replace(time_ns=number * 11_000_000))) for number in (1, 2, 3)]
    assert told == [Button.RECENTRE | Button.STOP, Button.STOP, Button.STOP]


def test_what_the_runtime_says_passes_while_nobody_looks() -> None:
    assert said([frame(buttons=int(Button.AWAY | Button.RECENTRE), focused=False)]) == [Button.AWAY | Button.RECENTRE]


def bare(given: Frame, hands: tuple[Vector, Vector] | None = None) -> Frame:
    """A frame of a game as of hands that are always closed, elsewhere if that is said."""
    places = hands or (given.left.grip.position_m, given.right.grip.position_m)
    left, right = (Hand(Pose(place), squeeze=1.0) for place in places)
    return given._replace(left=left, right=right, devices=BARE, time_ns=given.time_ns + 1)


@pytest.mark.parametrize("name", games.names())
def test_playing_is_no_gesture(name: str, tmp_path: Path) -> None:
    slow = SimulatedHeadset(visits.patient(visits.calibration()), rate_hz=45.0)
    _, kept = visits.play(visits.game(name, {"targets": 4}), tmp_path, headset=slow)
    playing, crossing = Gestures(), Gestures()
    assert {playing.buttons(bare(given)) for given in kept.frames_given} == {0}
    assert any(crossing.buttons(bare(given, CROSSED)) for given in kept.frames_given)
