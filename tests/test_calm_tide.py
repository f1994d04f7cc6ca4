"""Calm Tide by itself: breaths that nobody can miss, and stretches that collect time and lose none."""

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pytest
from people import HEAD_M, STEP_NS, a_body, a_frame, rows_of
from visits import Kept, calibration, game, patient, play

from calibration.adaptation import Followers
from engine import looking, theme
from engine.body import Body
from engine.envelope import Envelope
from engine.frame import SIDES, Hand, Pose, Vector, from_yaw_pitch, times
from engine.metrics.in_band import in_band
from engine.metrics.range_of_motion import NECK_ERROR_DEG
from engine.motion import clean
from engine.places import seen_from_shoulder
from engine.precautions import barred, effect
from engine.raising import BENT
from engine.records import Precaution, Session
from engine.scene import Breath, Friend, Gaze, Panel, Sound, Target
from engine.simulated import SimulatedHeadset
from engine.task import NOT_YET, REACHED, Trial

KNOWN = calibration()
BRIEF = {"breaths": 1, "hold_s": 3.0}


def envelope(*precautions: Precaution) -> Envelope:
    return Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits))


def trials(values: Mapping[str, object], *precautions: Precaution) -> list[Trial]:
    return list(game("calm_tide", values).trials(envelope(*precautions), Random(1), []))


def stretches(values: Mapping[str, object], *precautions: Precaution) -> list[Trial]:
    return [trial for trial in trials(values, *precautions) if trial.request]


def played(values: Mapping[str, object], folder: Path) -> tuple[Session, Kept]:
    steady = patient(KNOWN, lapse=0.0, fatigue=0.0, neck_slope_deg=0.1)
    return play(game("calm_tide", {**BRIEF, **values}), folder, KNOWN, SimulatedHeadset(steady, 1, 45.0), 1)


def forbidden(side: str) -> Precaution:
    return Precaution(f"use_of_arm_{side}", 0.0, "", "fracture", "Dr Wood")


@pytest.mark.parametrize("look", theme.names())
@pytest.mark.parametrize("elevation_deg", range(50, 180, 20))
def test_a_shell_hides_neither_the_companion_nor_what_breathes(elevation_deg: float, look: str) -> None:
    known, shore = calibration(elevation_deg), theme.load(look).places["shore"]
    able = Envelope(known, difficulties=Followers()(known.limits))
    x, y, z = shore.companion_m
    chest_m, light_m = (x, y + 0.75 * shore.companion_scale, z), shore.breath_m
    for trial in game("calm_tide", {"stretch": "arms up"}).trials(able, Random(1), []):
        if trial.request:
            shell = trial.values["stretch"].goal
            shell_deg = math.degrees(math.atan(max(shell.radius_m, 0.095) / math.dist(shell.place_m, HEAD_M)))
            assert apart_deg(shell.place_m, chest_m) > shell_deg + 4.5
            assert apart_deg(shell.place_m, light_m) > shell_deg + 5.5 * shore.breath_scale


def apart_deg(one_m: Vector, other_m: Vector) -> float:
    """The angle between two places, as the eyes see them."""
    one, other = (np.subtract(place_m, HEAD_M) for place_m in (one_m, other_m))
    return math.degrees(math.acos(one @ other / np.linalg.norm(one) / np.linalg.norm(other)))


def test_a_breath_lasts_as_long_as_is_said_and_swells_and_sinks(tmp_path: Path) -> None:
    session, kept = played({"stretch": "breathing only", "targets": 2, "breaths": 2}, tmp_path)
    breaths = [item for scene in kept.scenes for item in scene.items if isinstance(item, Breath)]
    assert session.blocks[0].trials[0].end_s == pytest.approx(20.0, abs=0.2)
    assert sum(breath.rising for breath in breaths) / len(breaths) == pytest.approx(0.4, abs=0.01)
    assert (min(b.full for b in breaths), max(b.full for b in breaths)) == pytest.approx((0, 1), abs=0.01)


def test_every_breath_is_said_and_heard_once_each_way(tmp_path: Path) -> None:
    _, kept = played({"stretch": "breathing only", "targets": 1, "breaths": 3}, tmp_path)
    heard = {item for scene in kept.scenes for item in scene.items if isinstance(item, Sound)}
    said = {item.title for scene in kept.scenes for item in scene.items if isinstance(item, Panel)}
    assert sorted(sound.name for sound in heard) == ["breathe_in"] * 3 + ["breathe_out"] * 3
    assert said == {"calm_tide.breathe_in", "calm_tide.breathe_out", "calm_tide.done_title"}


def test_who_breathes_otherwise_misses_nothing() -> None:
    session = trials({"stretch": "breathing only", "targets": 4})
    assert [trial.request for trial in session] == [None] * 4


def test_breathing_and_stretches_take_turns_and_so_do_the_sides() -> None:
    asked = trials({"targets": 9})
    assert [bool(trial.request) for trial in asked] == [False, True] * 4 + [False]
    sides = [trial.side for trial in asked if trial.request]
    assert sides in (["left", "right"] * 2, ["right", "left"] * 2)


def test_all_stretches_come_in_turn_on_both_sides() -> None:
    movements = {trial.request.movement for trial in stretches({"stretch": "all", "targets": 13}) if trial.request}
    assert movements == {*(f"shoulder_elevation_{side}" for side in SIDES), *looking.TILTS}


def test_a_stretch_is_held_at_a_share_of_the_limit() -> None:
    for trial in stretches({"share": 0.7, "stretch": "arms to the side"}):
        shoulder_m = trial.values["stretch"].shoulder_m
        azimuth, elevation, _ = seen_from_shoulder(shoulder_m, 0.0, trial.values["stretch"].goal.place_m)
        assert elevation == pytest.approx(0.7 * 110.0, abs=0.5)
        assert abs(azimuth) == pytest.approx(75.0)
        assert trial.request
        assert trial.request.code == "CEILING"


def test_a_head_is_laid_over_to_a_share_of_its_limit() -> None:
    tilts = sorted(trial.values["stretch"].goal.tilt_deg for trial in stretches({"stretch": "head to the side"}))
    assert tilts == pytest.approx([-0.85 * 35, 0.85 * 35])


def test_no_stretch_goes_beyond_a_precaution() -> None:
    rule = Precaution("shoulder_elevation_left", 60.0, "deg", "surgery", "Dr Wood")
    bounds = envelope(rule)
    for trial in game("calm_tide", {"targets": 9}).trials(bounds, Random(1), []):
        if trial.side == "left":
            assert not bounds.refuses_target(trial.values["stretch"].goal.place_m, "left")
            assert trial.request
            assert trial.request.amplitude < 60.0


@pytest.mark.parametrize("stretch", ["arms up", "arms to the side", "head to the side"])
def test_what_was_held_is_what_the_simulated_person_held(stretch: str, tmp_path: Path) -> None:
    session, _ = played({"stretch": stretch, "targets": 4}, tmp_path)
    held = [trial for trial in session.blocks[0].trials if trial.request]
    for trial in held:
        values = {name: number.value for name, number in trial.measures.items()}
        assert trial.outcome == REACHED
        assert values["in_band_s"] == pytest.approx(3.0, abs=0.05)
        assert trial.request
        band_deg = 2.0 if trial.side else NECK_ERROR_DEG
        assert values["held_deg"] == pytest.approx(trial.request.amplitude + 6.0, abs=band_deg)
        assert values["steadiness_deg"] < 2.0
        assert values["in_band_s"] < values["on_task_s"] < 3.0 + 4.0


def test_breathing_measures_breaths_and_says_why_it_has_no_angle(tmp_path: Path) -> None:
    session, _ = played({"stretch": "breathing only", "targets": 1, "breaths": 2}, tmp_path)
    measures = session.blocks[0].trials[0].measures
    assert measures["breaths"].value == 2
    assert measures["held_deg"].note == "breathing asks for no angle"


def tilted(tilt_deg: float, dt_s: float = 0.1) -> Body:
    half = math.radians(tilt_deg) / 2
    turned = times(from_yaw_pitch(0.0, 0.0), (0.0, 0.0, -math.sin(half), math.cos(half)))
    frame = a_frame(0, HEAD_M)
    return a_body(dt_s=dt_s)._replace(frame=frame._replace(head=frame.head._replace(orientation=turned)))


def test_time_in_the_band_of_a_tilt_adds_up_and_only_there() -> None:
    goal = Gaze("stretch", 0.0, 0.0, 5.0, 20.0)
    move = looking.gather(goal, 1.0)
    next(move)
    tilts = [20.0] * 4 + [0.0] * 4 + [28.0] * 4 + [-20.0] + [18.0] * 3
    fills = [move.send(tilted(tilt_deg))[0].fill for tilt_deg in tilts]
    assert fills[3] == fills[-4] == pytest.approx(0.4)
    assert fills[-1] == pytest.approx(0.7)


def test_a_hand_that_leaves_the_band_as_the_stretch_begins_held_nothing() -> None:
    time_s, angle_deg, inside = np.arange(30) / 90, np.full(30, 80.0), np.arange(30) == 0
    assert in_band(time_s, angle_deg, inside, None, BENT) == {}


def test_a_stretch_that_is_not_reached_is_not_yet_and_says_how_far_it_came(tmp_path: Path) -> None:
    weak = {name: 0.5 * limit.value for name, limit in KNOWN.limits.items()}
    person = replace(patient(KNOWN, lapse=0.0, slope_deg=0.5), limits_deg=weak)
    task = game("calm_tide", {**BRIEF, "targets": 2, "limit_s": 5.0})
    session, _ = play(task, tmp_path, KNOWN, SimulatedHeadset(person, 1, 45.0))
    stretch = session.blocks[0].trials[1]
    assert stretch.outcome == NOT_YET
    assert stretch.achieved == pytest.approx(55.0, abs=5.0)
    assert stretch.measures["in_band_s"].note == "the band of the stretch was not reached"


def test_the_tide_goes_on_while_a_stretch_is_held(tmp_path: Path) -> None:
    _, kept = played({"targets": 2}, tmp_path)
    kinds = [{type(item) for item in scene.items if getattr(item, "state", "") != "later"} for scene in kept.scenes]
    assert {Target, Breath} <= set().union(*(kind for kind in kinds if Target in kind))


def test_the_companion_shows_the_stretch(tmp_path: Path) -> None:
    _, kept = played({"targets": 2}, tmp_path)
    friends = [item for scene in kept.scenes for item in scene.items if isinstance(item, Friend)]
    (arms,) = {friend.arms for friend in friends if friend.mood == "shows"}
    assert sorted(elevation for _, elevation in arms) == pytest.approx([0.0, 90.0], abs=5.0)


def test_it_stretches_the_arm_that_may_be_used() -> None:
    assert {trial.side for trial in stretches({"targets": 9}, forbidden("left"))} == {"right"}


def test_breathing_is_left_where_no_arm_may_be_used() -> None:
    rules = (forbidden("left"), forbidden("right"))
    assert barred(game("calm_tide"), "standing", rules)
    assert not barred(game("calm_tide", {"stretch": "breathing only"}), "standing", rules)
    assert trials({"stretch": "breathing only"}, *rules)


def test_a_precaution_concerns_only_the_stretches_that_are_asked_for() -> None:
    neck = Precaution("neck_lateral_left", 20.0, "deg", "pain", "Dr Wood")
    acts = {
        stretch: effect(neck, game("calm_tide", {"stretch": stretch}), "seated").act
        for stretch in ("breathing only", "head to the side", "all")
    }
    assert acts == {"breathing only": "none", "head to the side": "bounds", "all": "bounds"}


def test_it_is_breathing_alone_where_no_stretch_can_be_asked_for_and_says_why() -> None:
    unmeasured = msgspec.structs.replace(KNOWN, limits={})
    asked = list(game("calm_tide", {"stretch": "head to the side"}).trials(Envelope(unmeasured), Random(1), []))
    assert [trial.request for trial in asked] == [None] * 5
    assert "head laid over to the left was not measured" in asked[0].values["note"]


def test_a_stretch_that_something_said_meanwhile_left_no_room_for_is_breathing() -> None:
    bounds = envelope()
    session = game("calm_tide").trials(bounds, Random(1), [])
    next(session)
    bounds.ease(0.05, "it hurts")
    breathing = next(session)
    assert breathing.request is None
    assert "too little is left to raise it" in breathing.values["note"]


def test_it_is_played_seated(tmp_path: Path) -> None:
    task = game("calm_tide", {**BRIEF, "targets": 3})
    session, _ = play(task, tmp_path, KNOWN, posture="seated")
    assert [trial.outcome for trial in session.blocks[0].trials] == [REACHED] * 3


@pytest.mark.parametrize(("frames", "held"), [(120, False), (400, True)])
def test_a_stretch_that_is_broken_off_keeps_what_was_held(frames: int, held: bool) -> None:
    trial = stretches({})[0]
    task, place_m = game("calm_tide"), trial.values["stretch"].goal.place_m
    move = task.play(trial)
    next(move)
    for _ in range(frames):
        move.send(a_body(dt_s=1 / 90, left_m=place_m, right_m=place_m))
    there = [a_frame(i * STEP_NS) for i in range(frames)]
    grip = Hand(Pose(place_m))
    result = task.measure(trial, clean(rows_of([frame._replace(left=grip, right=grip) for frame in there])))
    assert (result.measures["in_band_s"].value is not None) == held
    assert result.measures["in_band_s"].value == (pytest.approx(frames / 90 - 3.0, abs=0.1) if held else None)
