"""Postures: nobody is asked for what cannot be done seated or lying, and the record says how it was."""

import math
from pathlib import Path

import pytest
from people import a_frame

from calibration.adaptation import Followers
from engine.body import shoulder_by_stature
from engine.commands import visits
from engine.first_sight import provisional
from engine.frame import SIDES
from engine.plan import About, Plan, PostureRefused, Step
from engine.records import Session
from engine.scene import Lean, Scene, Stand
from engine.session_folder import read_session
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient

ABOUT = About("one", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)


def _tasks(*chosen: str, posture: str) -> list[str]:
    steps = visits.steps_for(chosen, visits.resolved(), posture=posture)
    return [step.name for step in steps if isinstance(step, Step)]


def test_who_sits_is_not_asked_to_stand() -> None:
    assert _tasks("harbour_lean", posture="seated") == ["open_reach", "open_lean", "harbour_lean", "harbour_lean"]


def test_who_lies_is_asked_for_arms_alone() -> None:
    assert _tasks("fruit_ladder", posture="lying") == ["open_reach", "fruit_ladder", "fruit_ladder"]


def test_a_game_that_cannot_be_done_lying_is_refused_with_what_it_can() -> None:
    with pytest.raises(PostureRefused, match="harbour_lean cannot be done lying; it can be done standing or seated"):
        visits.steps_for(["fruit_ladder", "harbour_lean"], visits.resolved(), posture="lying")


def test_a_posture_that_there_is_not_is_refused() -> None:
    no_such = "no posture 'upside down'; the postures are standing, seated, lying"
    with pytest.raises(PostureRefused, match=no_such):
        Plan("test", (), Followers(), posture="upside down")
    with pytest.raises(PostureRefused, match=no_such):
        visits.steps_for(["fruit_ladder"], visits.resolved(), posture="upside down")


class Bed(SimulatedHeadset):
    """A simulated patient whose headset remembers whether anything but an arm was asked for."""

    stood = False

    def show(self, scene: Scene) -> None:
        self.stood = self.stood or any(isinstance(item, Lean | Stand) for item in scene.items)
        super().show(scene)


def _lain(folder: Path) -> tuple[Session, Bed]:
    holds, bed = visits.resolved("child", ["fruit_ladder.targets=2"]), Bed(seed=3)
    steps = visits.steps_for(["fruit_ladder"], holds, posture="lying")
    done, where = visits.play(visits.plan("test", steps, holds, 3, posture="lying"), bed, folder, ABOUT)
    assert read_session(where) == done
    return done, bed


def test_a_visit_lying_down_measures_and_plays_without_a_lean_and_says_so(tmp_path: Path) -> None:
    done, bed = _lain(tmp_path)
    assert (done.posture, done.ended_by, bed.stood) == ("lying", "finished", False)
    assert [trial.outcome for trial in done.blocks[-2].trials] == ["reached", "reached"]


def test_who_sits_low_is_not_taken_for_small(tmp_path: Path) -> None:
    stature_m = 1.75
    shoulders = {side: shoulder_by_stature(stature_m, side) for side in SIDES}
    sitting = Patient(0.71 * stature_m, dict.fromkeys(SIDES, 0.66), shoulders, {"shoulder_elevation_right": 120.0})
    holds = visits.resolved()
    plan = visits.plan("test", visits.steps_for([], holds, posture="seated"), holds, 1, posture="seated")
    done, _ = visits.play(plan, SimulatedHeadset(sitting, 1, 45.0), tmp_path, ABOUT)
    known = done.calibration
    assert known is not None
    assert known.stature_m.low < stature_m < known.stature_m.high
    assert all(found.accepted for found in known.shoulders.values())
    assert all(math.dist(known.shoulders[side].centre_m, shoulders[side]) < 0.01 for side in SIDES)


def test_a_stature_that_was_only_guessed_says_how_roughly() -> None:
    plan = visits.plan("test", (), visits.resolved(), 0, posture="seated")
    for eyes_m, share in ((1.2, 0.71), (1.6, 0.936)):  # a headset may lift who sits to standing height
        guessed = provisional(plan, a_frame(head_m=(0.0, eyes_m, 0.0))).stature_m
        assert guessed.value == pytest.approx(eyes_m / share)
        assert guessed.high - guessed.value == pytest.approx(0.196)


def test_the_posture_is_kept_for_playing_again(tmp_path: Path) -> None:
    assert visits.plan_of(_lain(tmp_path)[0]).posture == "lying"
