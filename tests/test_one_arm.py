"""Somebody one of whose arms rests: the other one is measured, and plays."""

from pathlib import Path

from people import ASSESSMENTS, visited
from visits import game

from engine.plan import Step
from engine.records import Session
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import DEFAULT_LIMITS_DEG, Patient


def visit(folder: Path, left_deg: float) -> Session:
    patient = Patient(limits_deg={**DEFAULT_LIMITS_DEG, "shoulder_elevation_left": left_deg})
    ladder = Step("fruit_ladder", game("fruit_ladder", {"targets": 4}), "play")
    return visited(SimulatedHeadset(patient, 1, 45.0), folder, *ASSESSMENTS[:2], ladder)


def test_an_arm_that_rests_is_not_measured_and_the_reason_says_what_to_do(tmp_path: Path) -> None:
    done = visit(tmp_path, 15.0)
    assert set(done.calibration.shoulders) == {"right"}
    assert "shoulder_elevation_left" not in done.calibration.limits
    assert done.blocks[1].notes == (
        "left side: the arm rested, so nothing is known of it: raise it as far as is comfortable, or play with the"
        " other arm",
    )


def test_the_other_arm_plays_alone(tmp_path: Path) -> None:
    ladder = visit(tmp_path, 15.0).blocks[-1]
    assert [trial.side for trial in ladder.trials] == ["right"] * 4
    assert ladder.notes == ()


def test_an_arm_that_can_be_raised_a_little_plays_too(tmp_path: Path) -> None:
    done = visit(tmp_path, 45.0)
    asked = {trial.side: trial.request.amplitude for trial in done.blocks[-1].trials}
    assert set(asked) == {"left", "right"}
    assert asked["left"] < 45 < asked["right"]
