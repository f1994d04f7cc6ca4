"""Low-Shelf Café by itself: how low shelves stand, what bounds them, what is measured, and what is asked around it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from beginner import Beginner
from visits import ABOUT, Kept, calibration, game, patient, play

from calibration.adaptation import Followers
from engine import bending, session
from engine.adaptation import Adaptation
from engine.answers import Answers
from engine.body import SEATED_EYES_OF_STATURE, estimate, upright
from engine.commands.flow import _asked_around, whole_visit
from engine.envelope import Envelope, shoulder_by_stature
from engine.frame import LOST, SIDES, Frame, Hand, Pose
from engine.guard import Guard
from engine.limits import OutsideEnvelope
from engine.panda.puppet import Puppet
from engine.plan import END, REST, WELCOME, Fork, Plan, Step
from engine.precautions import barred
from engine.profile import Profile
from engine.questions import Question
from engine.recording import Writer
from engine.records import Answer, Precaution, Session, Stance
from engine.scene import Bend
from engine.simulated import SimulatedHeadset
from engine.task import Trial

KNOWN = calibration(175.0)
LOW = {"lowest_percent": 20.0, "steps": 6, "targets": 6}


def envelope(*precautions: Precaution, posture: str = "standing") -> Envelope:
    seated = msgspec.structs.replace(KNOWN, stance=Stance((0.0, 1.2, 0.0), 0.0))
    return Envelope(seated if posture == "seated" else KNOWN, precautions, posture=posture)


def at_most(movement: str, amount: float, unit: str = "deg") -> Precaution:
    return Precaution(movement, amount, unit, "disc surgery", "Dr Wood")


def trials(values: Mapping[str, object], *precautions: Precaution, posture: str = "standing") -> list[Trial]:
    return list(game("low_shelf_cafe", values).trials(envelope(*precautions, posture=posture), Random(1), []))


def percents(asked: list[Trial]) -> list[float]:
    return [trial.values["shelf_percent"] for trial in asked]


def played(values: Mapping[str, object], folder: Path, **more: object) -> tuple[Session, Kept]:
    steadily = patient(KNOWN, lapse=0.0, slope_deg=0.1, fatigue=0.0, **more)
    return play(game("low_shelf_cafe", values), folder, KNOWN, SimulatedHeadset(steadily, 1, 45.0))


def test_shelves_go_down_in_even_steps_whatever_comes_of_them() -> None:
    assert percents(trials(LOW)) == pytest.approx([100, 84, 68, 52, 36, 20])
    assert percents(trials({**LOW, "targets": 3})) == pytest.approx([100, 60, 20])
    twice = percents(trials({**LOW, "targets": 12}))
    assert twice[::2] == twice[1::2] == pytest.approx([100, 84, 68, 52, 36, 20])


def test_a_lowest_shelf_above_the_first_is_no_step_up() -> None:
    assert set(percents(trials({"first_percent": 40.0, "lowest_percent": 90.0}))) == {40.0}


@pytest.mark.parametrize("bend_deg", [0.0, 20.0, 45.0, 70.0, 90.0])
def test_a_trunk_that_is_bent_so_far_lets_a_hand_hang_so_low(bend_deg: float) -> None:
    bounds = envelope()
    stature_m, bend = KNOWN.stature_m.value, math.radians(bend_deg)
    trunk_m = bending.TRUNK_OF_STATURE * stature_m
    ahead_m = trunk_m * math.sin(bend) - bending.BEHIND_M
    low_m = bending.hips_m(bounds) + trunk_m * math.cos(bend) - KNOWN.arm_m["left"].value
    found = bending._hinge(bending._seen_by(bounds, (0.0, low_m, -ahead_m), KNOWN.arm_m["left"].value, 180.0))
    assert found is not None
    assert found.bend_deg == pytest.approx(bend_deg, abs=7.0)  # slack in length is a lot of a hanging arm's angle


@pytest.mark.parametrize("movement", ["trunk_flexion", "hip_flexion_left", "knee_flexion_right"])
def test_a_precaution_says_how_low_a_shelf_may_stand(movement: str) -> None:
    lowest = [min(percents(trials(LOW, at_most(movement, degrees)))) for degrees in (30.0, 60.0, 130.0)]
    assert lowest == sorted(lowest, reverse=True)
    assert lowest[0] > lowest[2] == 20.0
    last = trials(LOW, at_most(movement, 30.0))[-1]
    assert "the precaution of Dr Wood: disc surgery" in last.values["bounded"]


def test_seated_hips_are_bent_before() -> None:
    assert min(percents(trials(LOW, at_most("hip_flexion_left", 130.0), posture="seated"))) > 20.0
    assert min(percents(trials(LOW, at_most("hip_flexion_left", 130.0)))) == 20.0


def test_an_arm_that_may_not_be_raised_finds_no_high_shelf_and_none_that_asks_to_bend_far() -> None:
    low = percents(trials(LOW, at_most("shoulder_elevation_left", 45.0), at_most("shoulder_elevation_right", 45.0)))
    assert max(low) < 80.0
    assert min(low) > 40.0


def test_a_forbidden_hand_leaves_the_other() -> None:
    rule = at_most("use_of_arm_left", 0.0, "")
    assert percents(trials(LOW, rule)) == percents(trials(LOW))
    with pytest.raises(OutsideEnvelope, match="the left arm may not be used"):
        trials({**LOW, "hand": "left"}, rule)


@pytest.mark.parametrize(
    ("precaution", "posture", "why"),
    [
        (at_most("weight_on_leg_left", 0.0, "%"), "standing", "loads the left leg"),
        (at_most("weight_on_leg_left", 0.0, "%"), "seated", ""),
        (at_most("trunk_flexion", 20.0), "standing", ""),
        (at_most("hip_flexion_left", 80.0), "seated", "bends the hips to about 90°"),
        (at_most("neck_flexion", 10.0), "standing", ""),
    ],
)
def test_what_a_precaution_does_to_it(precaution: Precaution, posture: str, why: str) -> None:
    found = barred(game("low_shelf_cafe"), posture, (precaution,))
    assert why in found
    assert bool(found) == bool(why)


def test_what_is_measured_is_where_the_shelf_and_the_simulated_trunk_were(tmp_path: Path) -> None:
    session, _ = played(LOW, tmp_path)
    for asked, trial in zip(trials(LOW), session.blocks[0].trials, strict=True):
        goal: Bend = asked.values["goal"]
        assert trial.outcome == "reached"
        assert trial.measures["reach_m"].value == pytest.approx(goal.place_m[1], abs=0.02)
        assert 0.85 * (1.6 - goal.low_m) - 0.01 <= trial.measures["head_drop_m"].value <= 1.6 - goal.low_m + 0.01
        assert trial.measures["bend_deg"].note
    assert session.blocks[0].trials[-1].measures["bend_deg"].value > 70.0
    assert not session.events


class Lingers(SimulatedHeadset):
    """Somebody who stays down for three seconds before they come up to be called."""

    def _frame(self, index: int) -> Frame:
        frame = super()._frame(index)
        x, y, z = frame.head.position_m
        now_s = frame.time_ns / 1e9
        bent = max(0.0, min(1.0, now_s - 0.5, 4.5 - now_s))
        return frame._replace(head=frame.head._replace(position_m=(x, y - 0.35 * bent, z)))


def test_a_way_down_takes_no_longer_for_who_comes_up_late(tmp_path: Path) -> None:
    steadily = patient(KNOWN, lapse=0.0, slope_deg=0.1, fatigue=0.0)
    first, late = (
        play(game("low_shelf_cafe", {"targets": 1, "first_percent": 40.0}), tmp_path, KNOWN, person)[0]
        .blocks[0]
        .trials[0]
        for person in (SimulatedHeadset(steadily, 1, 45.0), Lingers(steadily, 1, 45.0))
    )
    assert late.end_s - late.start_s > first.end_s - first.start_s + 2.0
    assert late.measures["down_s"].value == pytest.approx(first.measures["down_s"].value, abs=0.3)


def head(height_m: float, ahead_m: float = 0.0, aside_m: float = 0.0) -> Frame:
    return Frame(0, Pose((aside_m, height_m, -ahead_m)), Hand(LOST), Hand(LOST))


def watched(heights_m: np.ndarray, goal: Bend | None, aside_m: float = 0.0) -> list[str]:
    """What a guard says while a head comes down, 60 times a second."""
    guard, person = Guard(), upright(KNOWN.stance)
    guard.renew(envelope())
    if goal is not None:
        assert guard.admit((goal,)) == ""
    whys = []
    for step, height_m in enumerate(heights_m):
        frame = head(float(height_m), aside_m=aside_m * step / len(heights_m))
        whys.append(guard.watch(frame, estimate(frame, person, step / 60, 1 / 60)).why)
    return whys


def test_who_is_asked_to_bend_may_come_down_and_who_falls_is_seen_to_fall() -> None:
    goal = trials(LOW)[-1].values["goal"]
    slowly, fast = np.linspace(1.6, goal.low_m, 90), np.linspace(1.6, goal.low_m, 20)
    assert set(watched(slowly, goal)) == {""}
    assert any("the head has come down" in why for why in watched(slowly, None))
    assert any("the head falls" in why for why in watched(fast, goal))
    assert any("the body tilts" in why for why in watched(slowly, goal, aside_m=0.5))
    assert any("the head has come down" in why for why in watched(np.linspace(1.6, goal.low_m - 0.3, 120), goal))


def test_harm_is_asked_around_the_rounds_in_a_row_of_the_game_that_it_is_of_and_of_no_other() -> None:
    def asked(*names: str, chooses: bool = False) -> list[str]:
        steps = [each for name in names for each in (Step(name, game(name), "play"), REST)][:-1]
        profile = Profile("somebody", 30.0, chooses=chooses)
        visit = whole_visit((WELCOME, *steps, END), profile, "standing", None, None, None)
        tasks = [step for each in visit for step in (each.steps if isinstance(each, Fork) else (each,))]
        turns = [each for step in tasks if isinstance(step, Step) for each in step.in_turn]
        return [each.kind if isinstance(each, Question) else each.name for each in turns]

    cafe = ["expected_harm", "low_shelf_cafe", "felt_harm"]
    twice = ["expected_harm", "low_shelf_cafe", "low_shelf_cafe", "felt_harm"]
    names = ("fruit_ladder", "low_shelf_cafe", "owl_watch")
    assert asked(*names) == asked(*names, chooses=True) == ["fruit_ladder", *cafe, "owl_watch"]
    assert asked("low_shelf_cafe", "low_shelf_cafe", "owl_watch", "low_shelf_cafe") == [*twice, "owl_watch", *cafe]
    assert asked("fruit_ladder") == ["fruit_ladder"]


SEATED = msgspec.structs.replace(KNOWN, stance=Stance((0.0, SEATED_EYES_OF_STATURE * KNOWN.stature_m.value, 0.0), 0.0))


def simulated() -> SimulatedHeadset:
    """Somebody who sits; picks the third and then the second reply of both questions."""
    stature_m = KNOWN.stature_m.value
    shoulders = {side: shoulder_by_stature(stature_m, side) for side in SIDES}
    picks = frozenset({"expected_harm 2", "felt_harm 1"})
    eyes_m = SEATED.stance.head_m[1]
    return SimulatedHeadset(
        replace(patient(KNOWN, lapse=0.0), eye_height_m=eyes_m, shoulders_m=shoulders, picks=picks), 1, 45.0
    )


def at_desk() -> Beginner:
    person = Beginner()
    person.seat.puppet = Puppet(KNOWN.stature_m.value, sits=True)
    return person


@pytest.mark.parametrize("headset", [simulated, at_desk])
def test_somebody_seated_plays_from_the_first_question_to_the_last_within_a_precaution(
    headset: Callable[[], Any], tmp_path: Path
) -> None:
    step, rule = Step("low_shelf_cafe", game("low_shelf_cafe", {"lowest_percent": 20.0}), "play"), 35.0
    steps = tuple(_asked_around([step], "words"))
    plan = Plan("test", steps, Followers(), 1, calibration=SEATED, posture="seated",
                precautions=(at_most("trunk_flexion", rule),))  # fmt: skip
    with Writer(tmp_path / "seated.vrec", {}) as writer:
        done = session.run(plan, headset(), writer, ABOUT)
    assert done.ended_by == "finished"
    (block,) = (block for block in done.blocks if block.task == "low_shelf_cafe")
    assert {trial.outcome for trial in block.trials} == {"reached"}
    shelves = [trial.measures["shelf_percent"].value or 0.0 for trial in block.trials]
    assert shelves == sorted(shelves, reverse=True)
    assert 20.0 < shelves[-1] < shelves[0] == 100.0
    assert max(trial.measures["bend_deg"].value or 0.0 for trial in block.trials) < rule
    kinds = [answer.kind for answer in done.told]
    assert kinds == ["expected_harm", "felt_harm"]
    assert round(done.told[0].at_s, 6) <= block.start_s < block.end_s <= done.told[1].at_s
    if headset is simulated:
        assert [answer.value for answer in done.told] == [4.0, 2.0]


def test_who_may_not_raise_an_arm_to_a_shelf_beyond_the_knees_is_told_so_once() -> None:
    rules = [at_most(f"shoulder_elevation_{side}", 40.0) for side in SIDES]
    with pytest.raises(OutsideEnvelope) as told:
        trials({}, *rules, posture="seated")
    assert str(told.value).count("no bend brings") == 2


def test_what_somebody_thinks_of_bending_changes_nothing_that_is_planned() -> None:
    answers = Answers(Adaptation())
    for kind in ("expected_harm", "felt_harm"):
        assert answers.take(Answer(kind, 10.0, 1.0)) is None
    assert answers.ends == ""
    assert [answer.kind for answer in answers.told] == ["expected_harm", "felt_harm"]
