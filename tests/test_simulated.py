"""The simulated patient: one seed one life, limits that hold, and movement like a person's."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import msgspec
import numpy as np
import pytest
from people import a_calibration, rows_of

from engine.body import shoulder_m
from engine.frame import SIDES, Frame, Vector, as_float32
from engine.metrics.range_of_motion import arm_directions, lean_track_deg
from engine.motion import Motion, clean
from engine.movements import LEANS, along_ellipse
from engine.places import from_shoulder, lean_along
from engine.recording import pack
from engine.records import Stance
from engine.scene import Item, Lean, Panel, Reach, Rise, Scene, Target
from engine.simulated import READING_S, SimulatedHeadset
from engine.simulated_patient import DEFAULT_LIMITS_DEG, Patient, patient_like

SURE = Patient(slope_deg=0.5, lean_slope_deg=0.05, lapse=0.0, fatigue=0.0)
STANCE = Stance((0.0, SURE.eye_height_m, 0.0), 0.0)
RATE_HZ = 90


def lived(items: Sequence[Item], seconds: float = 5.0, patient: Patient = SURE, seed: int = 0) -> list[Frame]:
    """What somebody does who sees nothing for a second and then the same scene all the time."""
    headset, frames = SimulatedHeadset(patient, seed, RATE_HZ), []
    for index, frame in enumerate(islice(headset.frames(), round((1 + seconds) * RATE_HZ))):
        frames.append(frame)
        headset.show(Scene("orchard", tuple(items) if index >= RATE_HZ else ()))
    return frames


def moved(items: Sequence[Item], seconds: float = 5.0, patient: Patient = SURE, seed: int = 0) -> Motion:
    return clean(rows_of(lived(items, seconds, patient, seed)))


def place(side: str, elevation_deg: float, of_arm: float = 0.9) -> Vector:
    return from_shoulder(shoulder_m(STANCE, side), 0.0, 0.0, elevation_deg, of_arm * SURE.arm_m[side])


def fruit(elevation_deg: float, side: str = "right") -> Target:
    return Target(f"fruit {elevation_deg}", place(side, elevation_deg), 0.08, side)


def buoy(movement: str, angle_deg: float, open_ended: bool = False) -> Lean:
    return Lean(f"{movement} {angle_deg}", LEANS[movement], angle_deg, 0.8, open_ended=open_ended)


def nearest_m(motion: Motion, target: Target) -> float:
    return float(np.linalg.norm(motion.hand_m(target.hand) - np.array(target.place_m), axis=1).min())


def highest_deg(motion: Motion, side: str) -> float:
    return float(arm_directions(motion, STANCE, side)[1].max())


def furthest_deg(motion: Motion, movement: str) -> float:
    return max(lean_along((a, r), LEANS[movement])[0] for a, r in lean_track_deg(motion, STANCE).tolist())


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    first, again, other = ([pack(frame) for frame in lived([fruit(90.0)], seed=seed)] for seed in (1, 1, 2))
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))


def test_every_number_survives_a_recording() -> None:
    for frame in lived([fruit(90.0)], 2.0):
        poses = (frame.head, frame.left.grip, frame.right.grip)
        numbers = [number for pose in poses for number in (*pose.position_m, *pose.orientation)]
        numbers += [frame.left.trigger, frame.left.squeeze, frame.right.trigger, frame.right.squeeze]
        assert as_float32(tuple(numbers)) == tuple(numbers)


def test_its_recording_is_clean_and_steady() -> None:
    quality = moved([fruit(90.0)]).quality
    assert (quality.dropped, quality.notes, quality.head_seen_percent) == ({}, (), 100)
    assert quality.rate_hz == pytest.approx(RATE_HZ, abs=0.01)


def test_hands_come_down_to_the_lap_of_who_sits_down() -> None:
    motion = moved([Rise("sit", 1.1, SURE.eye_height_m, "down")])
    for side in SIDES:
        below_m = motion.head_m[:, 1] - motion.hand_m(side)[:, 1]
        assert 0.45 < below_m[-1] < below_m[0]
        assert 0.5 < motion.hand_m(side)[-1, 1] < 0.75


@pytest.mark.parametrize("side", SIDES)
def test_a_fruit_within_the_limit_is_reached(side: str) -> None:
    target = fruit(DEFAULT_LIMITS_DEG[f"shoulder_elevation_{side}"] - 8, side)
    assert nearest_m(moved([target]), target) < 0.03


@pytest.mark.parametrize("side", SIDES)
def test_a_fruit_beyond_the_limit_is_not_reached_and_the_arm_stays_at_its_limit(side: str) -> None:
    limit = DEFAULT_LIMITS_DEG[f"shoulder_elevation_{side}"]
    target = fruit(limit + 25, side)
    motion = moved([target])
    assert nearest_m(motion, target) > 0.15
    assert highest_deg(motion, side) == pytest.approx(limit, abs=6)


def test_a_fruit_out_of_arms_reach_is_not_reached() -> None:
    target = Target("far", place("left", 80.0, of_arm=1.4), 0.08, "left")
    assert nearest_m(moved([target]), target) > 0.3 * SURE.arm_m["left"]


def test_an_open_reach_to_the_top_tells_the_limit_and_no_more() -> None:
    line = Reach("line", place("right", 20.0), place("right", 175.0), "right")
    peaks = [highest_deg(moved([line], 3.0, seed=seed), "right") for seed in range(4)]
    assert peaks == pytest.approx([DEFAULT_LIMITS_DEG["shoulder_elevation_right"]] * 4, abs=6)


def test_tries_scatter_around_the_limit_as_widely_as_was_said() -> None:
    loose = Patient(slope_deg=6.0, lapse=0.0)
    line = Reach("line", place("left", 20.0), place("left", 175.0), "left")
    peaks = [highest_deg(moved([line], 3.5, loose, seed), "left") for seed in range(16)]
    assert 4 < np.std(peaks) < 20
    assert np.mean(peaks) == pytest.approx(DEFAULT_LIMITS_DEG["shoulder_elevation_left"], abs=8)


@pytest.mark.parametrize("movement", LEANS)
def test_a_lean_is_followed_up_to_its_limit(movement: str) -> None:
    limit = along_ellipse(LEANS[movement], DEFAULT_LIMITS_DEG)
    assert furthest_deg(moved([buoy(movement, limit - 1)]), movement) == pytest.approx(limit - 1, abs=0.6)
    assert furthest_deg(moved([buoy(movement, 12.0, open_ended=True)]), movement) == pytest.approx(limit, abs=0.8)


def test_a_lean_keeps_the_head_on_its_circle_over_the_ankles() -> None:
    motion = moved([buoy("lean_forward", 6.0)], patient=Patient(sway_mm=0.01, lapse=0.0, lean_slope_deg=0.01))
    assert lean_track_deg(motion, STANCE)[:, 0].max() > 5.5
    assert np.linalg.norm(motion.head_m, axis=1) == pytest.approx(SURE.eye_height_m, abs=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_moves_before_the_eyes_could_tell_the_hand(seed: int) -> None:
    hand = moved([fruit(90.0)], seed=seed).right_m
    since_shown = np.linalg.norm(hand - hand[RATE_HZ], axis=1)[RATE_HZ:]
    away = np.flatnonzero(since_shown > 0.02)
    assert 0.12 < away[0] / RATE_HZ < 1.0


def test_a_slower_person_takes_longer() -> None:
    arrivals = []
    for speed in (0.4, 1.2):
        motion = moved([fruit(90.0)], patient=Patient(hand_speed_mps=speed, lapse=0.0, slope_deg=0.5))
        away = np.linalg.norm(motion.right_m - np.array(fruit(90.0).place_m), axis=1)
        arrivals.append(int(np.argmax(away < 0.05)))
    assert arrivals[0] > arrivals[1] + 0.5 * RATE_HZ


def test_tiredness_takes_from_every_limit() -> None:
    tired = Patient(slope_deg=0.1, lapse=0.0, fatigue=0.02)
    headset, peaks = SimulatedHeadset(tired, 0, RATE_HZ), []
    frames = headset.frames()
    for number in range(10):
        line = Reach(f"line {number}", place("right", 20.0), place("right", 175.0), "right")
        seen = []
        for scene in [Scene("still", (line,))] * 240 + [Scene("still")] * 150:
            seen.append(next(frames))
            headset.show(scene)
        peaks.append(highest_deg(clean(rows_of(seen)), "right"))
    assert peaks[-1] == pytest.approx(peaks[0] * 0.98**9, abs=3)


def test_a_diagonal_lean_that_is_given_stands_out_of_the_ellipse() -> None:
    lame = replace(SURE, limits_deg={"lean_back_left": 1.5})
    asked = {name: buoy(name, 12.0, open_ended=True) for name in ("lean_back_left", "lean_back_right")}
    left, right = (furthest_deg(moved([goal], patient=lame), name) for name, goal in asked.items())
    assert left == pytest.approx(1.5, abs=0.6)
    assert right == pytest.approx(along_ellipse(135.0, DEFAULT_LIMITS_DEG), abs=0.8)


def test_a_half_hearted_effort_stays_short_of_the_limit_where_it_may() -> None:
    careful = replace(SURE, effort=0.7)
    line = Reach("line", place("right", 20.0), place("right", 175.0), "right")
    assert highest_deg(moved([line], 3.0, careful), "right") == pytest.approx(0.7 * 105, abs=5)
    assert furthest_deg(moved([buoy("lean_forward", 12.0, True)], patient=careful), "lean_forward") < 5.2
    assert nearest_m(moved([fruit(97.0)], patient=careful), fruit(97.0)) < 0.03


def test_a_sudden_loss_takes_from_every_limit_at_once() -> None:
    hurt = replace(SURE, loss_after_tries=2, loss=0.25)
    line = Reach("line 0", place("right", 20.0), place("right", 175.0), "right")
    headset, peaks = SimulatedHeadset(hurt, 0, RATE_HZ), []
    frames = headset.frames()
    for number in range(4):
        seen = []
        for scene in [Scene("still", (line._replace(key=f"line {number}"),))] * 240 + [Scene("still")] * 150:
            seen.append(next(frames))
            headset.show(scene)
        peaks.append(highest_deg(clean(rows_of(seen)), "right"))
    assert peaks == pytest.approx([105, 105, 0.75 * 105, 0.75 * 105], abs=5)


def test_somebody_with_lapses_misses_what_is_easy() -> None:
    absent = Patient(lapse=1.0, slope_deg=0.1)
    assert all(nearest_m(moved([fruit(100.0)], 4.0, absent, seed), fruit(100.0)) > 0.1 for seed in range(3))


def test_a_target_that_is_not_wanted_yet_is_left_alone() -> None:
    target = fruit(90.0)._replace(state="later")
    assert nearest_m(moved([target]), target) > 0.25


def test_a_panel_that_asks_is_read_and_confirmed_once() -> None:
    frames = lived([Panel("ready", "title", confirm=True)], 4.0)
    pressed = np.array([frame.right.trigger > 0.5 for frame in frames])
    assert np.count_nonzero(np.diff(pressed.astype(int)) == 1) == 1
    assert np.argmax(pressed) / RATE_HZ == pytest.approx(1 + READING_S, abs=0.1)


def test_standing_sways_as_much_as_was_said_and_hardly_drops() -> None:
    motion = moved([], 60.0, Patient(sway_mm=5.0))
    assert 1000 * motion.head_m[:, 2].std() == pytest.approx(5, rel=0.3)
    assert np.ptp(motion.head_m[:, 1]) < 0.002


def test_a_headset_that_is_closed_gives_no_more_frames() -> None:
    headset = SimulatedHeadset(SURE)
    frames = headset.frames()
    next(frames)
    headset.close()
    headset.close()
    assert list(frames) == []


def test_a_patient_like_somebody_has_their_height_arms_and_limits() -> None:
    known = a_calibration(97.0, 5.0)
    patient = patient_like(known)
    assert patient.eye_height_m == pytest.approx(1.71 * 0.936)
    assert patient.arm_m == {"left": 0.62, "right": 0.62}
    assert patient.limits_deg["shoulder_elevation_left"] == 97.0
    assert math.isclose(patient.limits_deg["lean_back"], 5.0)


def test_a_patient_like_somebody_whose_arms_were_not_measured_has_usual_ones() -> None:
    patient = patient_like(msgspec.structs.replace(a_calibration(97.0, 5.0), arm_m={}))
    assert patient.arm_m == Patient().arm_m
    assert moved([], 0.1, patient).head_m[0, 1] == pytest.approx(patient.eye_height_m, abs=0.02)
