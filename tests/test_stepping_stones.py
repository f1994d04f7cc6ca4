"""Stepping Stones by itself: which stones are lit, how a step is seen, what is measured, and where it is left out."""

import cmath
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace as replaced
from itertools import combinations, product
from pathlib import Path
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace
from visits import Kept, calibration, game, patient, play

from engine import stepping, treading
from engine.body import EYE_HEIGHT_OF_STATURE, Body, estimate, upright
from engine.envelope import Envelope
from engine.frame import LOST, Devices, Frame, Hand, Pose
from engine.guard import Guard
from engine.limits import OutsideEnvelope
from engine.motion import Motion
from engine.precautions import barred
from engine.records import Precaution, Quality, Room, Session, Stance
from engine.room import AROUND, refuses_steps
from engine.scene import Panel, Scene, Stone
from engine.simulated import SimulatedHeadset
from engine.task import REACHED, Trial
from games.stepping_stones import ROUND

KNOWN = calibration()
STONE = Stone("stone", 90.0, 0.3, 0.12, "right")


def trials(values: Mapping[str, object]) -> list[Trial]:
    return list(game("stepping_stones", values).trials(Envelope(KNOWN), Random(1), []))


def played(values: Mapping[str, object], folder: Path, headset: SimulatedHeadset | None = None) -> tuple[Session, Kept]:
    steadily = patient(KNOWN, lapse=0.0, fatigue=0.0)
    return play(game("stepping_stones", values), folder, KNOWN, headset or SimulatedHeadset(steadily, 1, 45.0))


def body(ahead_m: float = 0.0, right_m: float = 0.0, foot_m: tuple[float, float] | None = None) -> Body:
    """Somebody whose head, and perhaps right foot, is so far ahead and to the right of the middle."""
    foot = LOST if foot_m is None else Pose((foot_m[1], 0.1, -foot_m[0]))
    frame = Frame(0, Pose((right_m, 1.6, -ahead_m)), Hand(LOST), Hand(LOST), devices=Devices(right_foot=foot))
    return estimate(frame, upright(KNOWN.stance), 0.0, 0.1)


def test_every_stone_comes_once_before_any_comes_again() -> None:
    asked = [(t.values["goal"].direction_deg, t.values["goal"].foot) for t in trials({"stones": "four", "targets": 12})]
    assert sorted(asked[:6]) == sorted(asked[6:])
    assert sorted(asked[:6]) == [(0.0, "left"), (0.0, "right"), (90.0, "right"), (180.0, "left"), (180.0, "right"),
                                 (270.0, "left")]  # fmt: skip


def test_one_foot_alone_steps_to_its_own_side() -> None:
    goals = [trial.values["goal"] for trial in trials({"stones": "eight", "sides": "left", "targets": 10})]
    assert {goal.foot for goal in goals} == {"left"}
    assert {goal.direction_deg for goal in goals} == {0.0, 180.0, 225.0, 270.0, 315.0}


def test_a_step_is_a_share_of_the_leg_and_shorter_behind() -> None:
    leg_m = 0.53 * KNOWN.stature_m.value
    for trial in trials({"stones": "four", "length_percent": 50.0}):
        goal = trial.values["goal"]
        assert goal.length_m == pytest.approx(leg_m * (0.3 if goal.direction_deg == 180.0 else 0.5))


@pytest.mark.parametrize("eye_m", [1.0, 1.6])
def test_no_two_stones_overlap_and_none_lies_under_who_stands(eye_m: float) -> None:
    stature_m = eye_m / EYE_HEIGHT_OF_STATURE
    envelope = Envelope(replace(KNOWN, stature_m=replace(KNOWN.stature_m, value=stature_m)))
    for stones, percent in product(ROUND, (20.0, 30.0, 60.0)):
        values = {"stones": stones, "length_percent": percent, "radius_m": 0.2}
        idle = next(game("stepping_stones", values).trials(envelope, Random(1), [])).values["idle"]
        places = [cmath.rect(each.length_m, math.radians(each.direction_deg)) for each in idle]
        radius_m = idle[0].radius_m
        assert all(abs(a - b) > 2 * radius_m for a, b in combinations(places, 2))
        assert all(abs(place - side * 0.05j * stature_m) > radius_m > 0.02 for place in places for side in (-1, 1))


def test_the_head_shows_a_step_and_a_foot_that_points_does_not() -> None:
    over_m = stepping.HEAD_SHARE * STONE.length_m
    assert stepping.share(STONE, body(right_m=over_m)) > 1.0
    assert stepping.share(STONE, body()) == pytest.approx(0.0)
    assert stepping.share(STONE, body(ahead_m=over_m)) == pytest.approx(0.0, abs=1e-9)


def test_a_tracker_on_the_foot_goes_before_the_head() -> None:
    assert stepping.share(STONE, body(right_m=0.3, foot_m=(0.0, 0.0))) < 0.5
    assert stepping.share(STONE, body(foot_m=(0.05, 0.25))) == 1.0


def test_a_step_out_and_back() -> None:
    move = stepping.out(STONE, 0.2)
    next(move)
    shares = [move.send(body(right_m=right_m))[0].share for right_m in (0.05, 0.2)]
    assert shares == sorted(shares)
    with pytest.raises(StopIteration) as end:
        move.send(body(right_m=0.19))
    assert end.value.value == REACHED


def test_what_is_measured_is_the_step_of_the_simulated_patient(tmp_path: Path) -> None:
    session, _ = played({"targets": 5, "length_percent": 40.0}, tmp_path)
    for trial in session.blocks[0].trials:
        measures = trial.measures
        assert trial.outcome == "reached"
        assert measures["length_m"].value == pytest.approx(stepping.HEAD_SHARE * measures["asked_m"].value, abs=0.03)
        assert 0.35 < measures["reaction_s"].value < 1.0
        assert 0.15 < measures["step_s"].value < 0.6
        assert measures["back_s"].value
    assert not session.events


def test_who_does_not_stand_quite_in_the_middle_sets_off_from_where_they_stand() -> None:
    task, trial = game("stepping_stones"), trials({})[0]
    trial.values["noted"].call()
    time_s, turn = np.arange(180) / 90, math.radians(trial.values["goal"].direction_deg)
    along_m = 0.07 + 0.2 * np.clip((time_s - 0.5) / 0.4, 0.0, 1.0)
    middle_m = np.array(trial.values["stance"].head_m)
    head_m = middle_m + along_m[:, None] * np.array((math.sin(turn), 0.0, -math.cos(turn)))
    hand_m, upright_q = np.full((180, 3), np.nan), np.tile((0.0, 0.0, 0.0, 1.0), (180, 1))
    quality = Quality(180, 2.0, 90.0, 100.0, 0.0, 0.0, 0.0)
    motion = Motion(time_s, head_m, upright_q, hand_m, upright_q, hand_m, upright_q, quality)
    found = task.measure(trial, motion).measures
    assert found["reaction_s"].value == pytest.approx(0.6, abs=0.02)
    assert 0.0 < (found["step_s"].value or 0.0) < 0.3


class Opaque(SimulatedHeadset):
    """A headset that shows no floor."""

    kind = "openxr"


def test_where_the_floor_is_not_seen_it_is_left_out_and_the_visit_says_so(tmp_path: Path) -> None:
    session, kept = played({"targets": 2}, tmp_path, Opaque(patient(KNOWN), 1, 30.0))
    assert session.blocks[0].trials == ()
    assert "only where the floor is seen" in session.blocks[0].notes[0]
    assert not any(isinstance(item, Stone) for scene in kept.scenes for item in scene.items)


def test_a_controller_on_the_shin_shows_the_foot_and_one_in_a_hand_does_not() -> None:
    for height_m, share in ((0.3, 1.0), (1.0, 0.0)):
        frame = Frame(0, Pose((0.0, 1.6, 0.0)), Hand(LOST), Hand(Pose((0.3, height_m, 0.0))))
        seen = estimate(frame, upright(KNOWN.stance), 0.0, 0.1)
        assert stepping.share(STONE._replace(device="right"), seen) == pytest.approx(share)


def trodden(places: Sequence[tuple[float, float]], by_foot: bool = True) -> int:
    """How many others were stepped on by who stays at each place (ahead, right) for half a second."""
    lie = [Stone("", way, 0.3, 0.09, "", state="idle") for way in (0.0, 45.0, 90.0)]
    at_m = np.repeat(np.array(places), 45, axis=0)
    head_m = 0.0 * at_m if by_foot else stepping.HEAD_SHARE * at_m
    return treading.wrong_stones(np.arange(len(at_m)) / 90, at_m if by_foot else None, head_m, STONE, lie)


@pytest.mark.parametrize("by_foot", [True, False])
def test_other_stones_count_until_the_right_one_is_stepped_on(by_foot: bool) -> None:
    home, ahead, aside, right = (0.0, 0.0), (0.3, 0.0), (0.212, 0.212), (0.0, 0.3)
    assert trodden([home, right, home], by_foot) == 0
    assert trodden([home, ahead, home, right], by_foot) == 1
    assert trodden([home, ahead, home, aside, home, ahead], by_foot) == 3
    assert trodden([home, right, home, ahead], by_foot) == 0
    assert trodden([home, (0.1, 0.05), home], by_foot) == 0


def test_a_foot_is_measured_from_where_it_stood() -> None:
    time_s = np.arange(90) / 90
    way = np.clip((time_s - 0.3) / 0.4, 0.0, 1.0)
    foot_m = np.stack([0.0 * way, 0.1 + 0.2 * way], axis=1)
    found = treading.of_the_foot(time_s, foot_m, STONE._replace(radius_m=0.05))
    assert found["foot_reaction_s"].value == pytest.approx(0.4, abs=0.02)
    assert found["foot_step_s"].value == pytest.approx(0.2, abs=0.02)
    assert found["foot_length_m"].value == pytest.approx(0.2)


def test_a_foot_that_is_not_seen_at_the_light_is_measured_from_where_it_was_seen_first() -> None:
    time_s = np.arange(90) / 90
    foot_m = np.stack([0.0 * time_s, 0.1 + 0.2 * np.clip((time_s - 0.3) / 0.4, 0.0, 1.0)], axis=1)
    foot_m[:5] = np.nan
    found = treading.of_the_foot(time_s, foot_m, STONE._replace(radius_m=0.05))
    assert found["foot_length_m"].value == pytest.approx(0.2)
    assert found["foot_step_s"].value == pytest.approx(0.2, abs=0.02)
    unseen = treading.of_the_foot(time_s, np.full((90, 2), np.nan), STONE)
    assert {(one.value, one.note) for one in unseen.values()} == {(None, treading.UNSEEN)}


def test_what_is_worn_is_a_foot_only_where_it_was_seen_below_the_knee() -> None:
    still, upright_q = np.zeros((20, 3)), np.tile((0.0, 0.0, 0.0, 1.0), (20, 1))
    shin_m = still + np.array((0.1, 0.3, -0.2))
    hand_m = shin_m + np.array((0.0, 0.8, 0.0))
    quality = Quality(20, 0.2, 90.0, 100.0, 100.0, 100.0, 0.0)
    motion = Motion(np.arange(20) / 90, still, upright_q, shin_m, upright_q, hand_m, upright_q, quality)
    stance = Stance((0.0, 1.6, 0.0), 90.0)
    found = treading.foot_track_m(motion, stance, "left")
    assert found is not None
    np.testing.assert_allclose(found, np.tile((0.1, -0.2), (20, 1)), atol=1e-9)
    assert treading.foot_track_m(motion, stance, "right") is None
    assert treading.foot_track_m(motion, stance, "left_foot") is None


class Counter(SimulatedHeadset):
    """Somebody who is slower to step while they count."""

    def show(self, scene: Scene) -> None:
        said = [line for item in scene.items if isinstance(item, Panel) for line in item.text]
        for line, reaction_s in (("night_lighthouse.count", 0.9), ("stepping_stones.quiet", 0.3)):
            if line in said:
                self.patient = replaced(self.patient, reaction_s=reaction_s)
        super().show(scene)


def test_what_counting_costs_is_told_once_there_is_enough_of_both(tmp_path: Path) -> None:
    steadily = patient(KNOWN, lapse=0.0, fatigue=0.0, reaction_s=0.3)
    session, _ = played({"targets": 10, "count_by": 3}, tmp_path, Counter(steadily, 1, 45.0))
    trials_ = session.blocks[0].trials
    told = [trial.measures["reaction_effect_percent"].value for trial in trials_]
    assert [value is not None for value in told] == [False] * 6 + [True] * 2 + [False] * 2
    single, dual = (
        np.mean([trial.measures["reaction_s"].value for trial in part]) for part in (trials_[:4], trials_[4:8])
    )
    assert told[7] == pytest.approx(100 * (1 - dual / single), abs=0.1)
    assert told[7] < -50


def rectangle(x_m: float, z_m: float, wide_m: float = 2.0, deep_m: float = 2.4, turn_deg: float = 0.0) -> Room:
    """A clear floor whose middle is there."""
    turn = cmath.rect(1.0, math.radians(turn_deg))
    corners = (complex(a * wide_m / 2, b * deep_m / 2) * turn for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1)))
    return Room("through", tuple((x_m + corner.real, z_m + corner.imag) for corner in corners))


@pytest.mark.parametrize("turn_deg", [0.0, 180.0])
def test_stones_lie_only_where_the_play_space_is_clear(turn_deg: float) -> None:
    ways = {each.direction_deg for each in lying(rectangle(-0.6, 0.3, turn_deg=turn_deg))}
    assert ways == {0.0, 180.0, 225.0, 270.0, 315.0}  # nothing lies to the right, where it ends 0.4 m away
    assert len(lying(rectangle(0.0, 0.0))) == len(lying(AROUND)) == 8
    assert len(lying(rectangle(0.0, 0.0, 1.5, 1.5, 45.0))) == 8
    with pytest.raises(OutsideEnvelope, match="beyond the play space"):
        lying(rectangle(0.0, 2.0))


def lying(room: Room) -> tuple[Stone, ...]:
    envelope = Envelope(KNOWN, room=room)
    idle: tuple[Stone, ...] = next(game("stepping_stones", {"stones": "eight"}).trials(envelope, Random(1), [])).values[
        "idle"
    ]
    guard = Guard()
    guard.renew(envelope)
    assert guard.admit(idle) == ""
    return idle


def test_who_steps_needs_two_metres_either_way() -> None:
    assert refuses_steps(rectangle(0.0, 0.0, 2.0, 2.0, 30.0)) == ""
    assert "has 1.9 × 3.0 m" in refuses_steps(rectangle(0.0, 0.0, 3.0, 1.9))


def watched(right_m: np.ndarray, height_m: np.ndarray) -> set[str]:
    guard, person = Guard(), upright(KNOWN.stance)
    guard.renew(Envelope(KNOWN))
    assert guard.admit((STONE,)) == ""
    whys = set()
    for step, (right, height) in enumerate(zip(right_m.tolist(), height_m.tolist(), strict=True)):
        frame = Frame(0, Pose((right, height, 0.0)), Hand(LOST), Hand(LOST))
        whys.add(guard.watch(frame, estimate(frame, person, step / 60, 1 / 60)).why)
    return whys


def test_who_steps_may_and_who_stumbles_pauses() -> None:
    level, way = np.full(60, 1.6), (1 - np.cos(np.linspace(0, math.pi, 60))) / 2
    assert watched(0.2 * way, level) == {""}
    assert any("goes beyond the stones" in why for why in watched(0.6 * way, level))
    assert any("the head moves sideways" in why for why in watched(0.4 * way[::4], level[:15]))
    assert any("the head has come down" in why for why in watched(0.2 * way, 1.6 - 0.4 * way))


@pytest.mark.parametrize(
    ("precaution", "why"),
    [
        (Precaution("weight_on_leg_left", 50.0, "%", "fracture", "Dr Wood"), "loads the left leg"),
        (Precaution("standing", 0.0, "", "dizzy", "Dr Wood"), "is played standing"),
        (Precaution("shoulder_elevation_left", 30.0, "deg", "cuff", "Dr Wood"), ""),
    ],
)
def test_what_a_precaution_does_to_it(precaution: Precaution, why: str) -> None:
    found = barred(game("stepping_stones"), "standing", (precaution,))
    assert why in found
    assert bool(found) == bool(why)
