"""Harbour Lean by itself: which ways it leans, and which it leaves out."""

from random import Random

import pytest
from people import STANCE, STEP_NS, a_frame, rows_of
from visits import calibration, game

from calibration.adaptation import Followers
from engine.envelope import Envelope, OutsideEnvelope
from engine.motion import clean
from engine.movements import LEANS, MAIN_LEANS
from engine.records import Precaution
from engine.scene import Lean
from engine.task import Trial

KNOWN = calibration(lean_deg=6.0)


def asked(ways: str, *precautions: Precaution, tolerance_deg: float = 0.8) -> list[str]:
    """The movements of a round in which every way could come twice."""
    task = game("harbour_lean", {"ways": ways, "targets": 16, "tolerance_deg": tolerance_deg})
    bounds = Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits))
    return [trial.request.movement for trial in task.trials(bounds, Random(1), []) if trial.request]


def at_most(movement: str, degrees: float) -> Precaution:
    return Precaution(movement, degrees, "deg", "dizzy", "Dr Wood")


def test_all_eight_ways_come_once_before_any_comes_again() -> None:
    movements = asked("all eight")
    assert set(movements[:8]) == set(movements[8:]) == set(LEANS)


def test_a_way_that_is_forbidden_is_left_out() -> None:
    assert set(asked("all four", at_most("lean_back", 0.0))) == set(MAIN_LEANS) - {"lean_back"}


def test_a_way_with_less_room_than_the_buoy_is_wide_is_left_out() -> None:
    assert "lean_back" in asked("all four", at_most("lean_back", 2.0))
    assert "lean_back" not in asked("all four", at_most("lean_back", 2.0), tolerance_deg=2.0)


def test_it_says_why_no_way_is_left() -> None:
    with pytest.raises(OutsideEnvelope, match=r"lean_left may be 0.5° at most, the precaution of Dr Wood"):
        asked("sideways", at_most("lean_left", 0.5), at_most("lean_right", 0.5))


def test_who_only_sways_away_has_not_leant_which_is_a_miss_to_learn_from() -> None:
    rows = rows_of([a_frame(i * STEP_NS, (0.0, 1.6, 0.00003 * i)) for i in range(720)])
    trial = Trial(values={"goal": Lean("buoy", 0.0, 4.0, 0.8), "stance": STANCE})
    assert game("harbour_lean").measure(trial, clean(rows)).achieved == 0.0
