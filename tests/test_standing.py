"""Stance times and rises from a chair: simulated people with a known truth, a real one, and nonsense."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.metrics.definition import NotMeasurable, measured
from engine.metrics.standing import (
    single_leg_time,
    sit_to_stand,
    stance_time_by_head,
    tandem_time,
)

RATE_HZ = 90.0
SEATED_M, STANDING_M = 1.2, 1.6
FROM_20_TO_80 = 0.365  # share of the time of a smooth rise


def smooth(share: np.ndarray) -> np.ndarray:
    t = np.clip(share, 0, 1)
    return t**3 * (10 + t * (6 * t - 15))


def risen(times: int, rise_s: float = 1.5, rest_s: float = 0.8, up_to: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Times and head heights of somebody who rises and sits down, leaning forward before each rise."""
    cycle_s = 2 * (rise_s + rest_s)
    time_s = np.arange(0, 1 + times * cycle_s + 1, 1 / RATE_HZ)
    height = np.full(len(time_s), SEATED_M)
    for begin_s in 1 + cycle_s * np.arange(times):
        up, down = (smooth((time_s - at) / rise_s) for at in (begin_s, begin_s + rise_s + rest_s))
        height += up_to * (STANDING_M - SEATED_M) * (up - down)
        height -= 0.05 * np.exp(-(((time_s - begin_s + 0.2) / 0.15) ** 2))
    return time_s, height


@pytest.mark.parametrize("times", [1, 2, 5, 12])
def test_each_full_rise_counts_once(times: int) -> None:
    found = sit_to_stand(*risen(times))
    assert found.rises == times
    assert found.height_m == pytest.approx(STANDING_M - SEATED_M, abs=0.02)


def test_half_rises_do_not_count() -> None:
    time_s, full = risen(3)
    _, half = risen(3, up_to=0.6)
    height = np.concatenate([full, half[1:], full[1:]])
    longer_s = np.arange(len(height)) / RATE_HZ
    assert sit_to_stand(longer_s, height).rises == 6
    assert sit_to_stand(time_s, half, SEATED_M, STANDING_M).rises == 0


def test_rises_and_descents_take_their_time() -> None:
    found = sit_to_stand(*risen(5), SEATED_M, STANDING_M)
    assert (found.rise_s, found.descent_s) == pytest.approx((FROM_20_TO_80 * 1.5,) * 2, abs=0.05)


def test_five_rises_last_from_the_signal_until_the_fifth_stand() -> None:
    fifth_s = 1 + 4 * 4.6 + 0.683 * 1.5  # 80 % of the way is done at 68.3 % of the time
    assert sit_to_stand(*risen(6), cue_s=0.5).five_times_s == pytest.approx(fifth_s - 0.5, abs=0.05)
    assert sit_to_stand(*risen(6)).five_times_s == pytest.approx(4 * 4.6 + FROM_20_TO_80 * 1.5, abs=0.1)


def test_rises_in_half_a_minute_end_with_it() -> None:
    found = sit_to_stand(*risen(9), cue_s=0.5)
    assert (found.rises, found.in_30_s) == (9, 7)


def test_what_was_not_done_is_missing_with_its_reason() -> None:
    found = measured(sit_to_stand(*risen(3)))
    assert (found["five_times_s"].value, found["five_times_s"].note) == (None, "only 3 rises")
    assert (found["in_30_s"].value, found["in_30_s"].note) == (None, "shorter than 30 s")


def test_somebody_who_stays_seated_has_no_rises() -> None:
    time_s = np.arange(0, 10, 0.01)
    found = measured(sit_to_stand(time_s, SEATED_M + 0.02 * np.sin(time_s)))
    assert found["rises"].value == 0
    assert (found["rise_s"].value, found["rise_s"].note) == (None, "nobody rose")


@given(st.floats(-100, 1e5), st.floats(0.5, 2.0))
@settings(max_examples=20, deadline=None)
def test_rises_depend_on_no_clock_and_no_height(begin_s: float, tall: float) -> None:
    time_s, height = risen(5)
    here, there = sit_to_stand(time_s, height), sit_to_stand(time_s + begin_s, tall * height)
    assert (there.rises, there.height_m) == pytest.approx((here.rises, tall * here.height_m), rel=1e-3)
    assert (there.rise_s, there.five_times_s) == pytest.approx((here.rise_s, here.five_times_s), abs=0.03)


def test_a_real_person_sits_down_once_and_rises_once(data: Path) -> None:
    height_m = head_height_m(data / "ui_prmd", "m05")
    found = sit_to_stand(np.arange(len(height_m)) / 30, height_m)
    assert found.rises == 1
    assert 0.35 < found.height_m < 0.55
    assert 0.2 < found.rise_s < 1.5


def head_height_m(folder: Path, movement: str) -> np.ndarray:
    """The head by forward kinematics: waist, spine, chest, neck, head; the files hold offsets and turns of each."""
    offsets, turns = (
        np.loadtxt(folder / f"{movement}_s01_e01_{kind}.txt", delimiter=",").reshape(-1, 22, 3)
        for kind in ("positions", "angles")
    )
    place, turned = offsets[:, 0], Rotation.from_euler("yxz", turns[:, 0][:, [1, 0, 2]], degrees=True)
    for joint in (1, 2, 3, 4):
        place = place + turned.apply(offsets[:, joint])
        turned = turned * Rotation.from_euler("yxz", turns[:, joint][:, [1, 0, 2]], degrees=True)
    return 0.01 * place[:, 1]


def feet(up_s: float, held_s: float, lasts_s: float = 20.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, a foot that is lifted 15 cm for a while, and one that stands, with the noise of trackers."""
    time_s = np.arange(0, lasts_s, 1 / RATE_HZ)
    noise = np.random.default_rng(0).normal(0, 0.001, (2, len(time_s), 3))
    lifted = noise[0] + (0.1, 0.08, 0.0)
    lifted[:, 1] += 0.15 * (smooth((time_s - up_s) / 0.3) - smooth((time_s - up_s - held_s) / 0.3))
    return time_s, lifted, noise[1] + (-0.1, 0.09, 0.0)


@pytest.mark.parametrize("held_s", [1.0, 5.0, 12.0])
def test_one_leg_is_stood_on_from_lifting_the_other_until_it_touches(held_s: float) -> None:
    found = single_leg_time(*feet(2.0, held_s))
    assert found.held_s == pytest.approx(held_s, abs=0.2)
    assert found.ended_by == "touch"


def test_a_hop_ends_standing_on_one_leg() -> None:
    time_s, lifted, standing = feet(2.0, 12.0)
    standing[time_s > 7.0, 0] += 0.08
    found = single_leg_time(time_s, lifted, standing)
    assert (found.held_s, found.ended_by) == (pytest.approx(4.9, abs=0.1), "step")


def test_what_the_recording_cuts_off_says_so() -> None:
    assert single_leg_time(*feet(2.0, 60.0)).ended_by == "recording"


def test_who_lifts_no_foot_did_not_stand_on_one_leg() -> None:
    time_s, _, standing = feet(2.0, 5.0)
    found = measured(single_leg_time(time_s, standing, standing))["held_s"]
    assert (found.value, found.note) == (None, "no foot was lifted")


def test_tandem_stance_ends_when_a_foot_moves() -> None:
    time_s, _, standing = feet(2.0, 5.0)
    other = np.add(standing, (0.0, 0.0, 0.25))
    other[time_s > 9.0, 2] += 0.1
    found = tandem_time(time_s, standing, other, 1.0)
    assert (found.held_s, found.ended_by) == (pytest.approx(8.0, abs=0.05), "step")
    assert tandem_time(time_s, standing, standing, 1.0).ended_by == "recording"


def test_a_step_that_the_head_shows_ends_the_stance() -> None:
    time_s = np.arange(0, 20, 1 / RATE_HZ)
    head = np.stack([0.02 * np.sin(2 * time_s), 1.6 + 0 * time_s, 0.3 * smooth((time_s - 12) / 0.5)], axis=1)
    found = stance_time_by_head(time_s, head, 1.0)
    assert (found.held_s, found.ended_by) == (pytest.approx(11.2, abs=0.2), "head")
    assert stance_time_by_head(time_s, head * (1, 1, 0), 1.0).ended_by == "recording"


TIME_S, LIFTED_M, STANDING_FOOT_M = feet(2.0, 5.0)


@pytest.mark.parametrize(
    ("time_s", "foot_m", "why"),
    [
        (TIME_S, LIFTED_M[:-1], "do not fit together"),
        (TIME_S[::-1], LIFTED_M, "times have to rise"),
        (TIME_S[:5], LIFTED_M[:5], "0.0 s are too short"),
        (TIME_S, np.where(LIFTED_M > 0.2, np.nan, LIFTED_M), "a tracker was lost"),
        (TIME_S[:0], LIFTED_M[:0], "times have to rise"),
    ],
)
def test_feet_that_cannot_be_are_refused(time_s: np.ndarray, foot_m: np.ndarray, why: str) -> None:
    with pytest.raises(NotMeasurable, match=why):
        single_leg_time(time_s, foot_m, foot_m)
    with pytest.raises(NotMeasurable):
        stance_time_by_head(time_s, foot_m, 1.0)


@pytest.mark.parametrize("start_s", [-1.0, 19.8, math.nan])
def test_a_start_outside_the_recording_is_refused(start_s: float) -> None:
    with pytest.raises(NotMeasurable, match="the start at"):
        tandem_time(TIME_S, LIFTED_M, STANDING_FOOT_M, start_s)


@pytest.mark.parametrize("height", [np.zeros((100, 3)), np.full(1800, np.nan), np.zeros(10)])
def test_heights_that_cannot_be_are_refused(height: np.ndarray) -> None:
    with pytest.raises(NotMeasurable):
        sit_to_stand(TIME_S, height)
