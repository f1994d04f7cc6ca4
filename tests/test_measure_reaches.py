"""The reaches of a recording: each from rest to rest, and what becomes of them where a hand was lost."""

from pathlib import Path

import numpy as np
import pytest
from people import standing_rows

from engine.commands.measure import Measures, measure
from engine.commands.person import person_of
from engine.recording import Recorded

CUES_S = (3.0, 6.0, 9.0, 12.0)
LASTS_S, WAY_M = 0.8, 0.35
MEASURED = "4 movements of the right hand, medians"


def reaching(*lost_s: tuple[float, float]) -> Recorded:
    """Somebody who reaches ahead with the right hand at each cue, which is lost between some times."""
    rows = standing_rows(15.0)
    time_s = rows["time_ns"] * 1e-9
    for turn, cue_s in enumerate(CUES_S):
        share = np.clip((time_s - cue_s) / LASTS_S, 0, 1)
        there = WAY_M * (10 * share**3 - 15 * share**4 + 6 * share**5)
        rows["right_z_m"] += there if turn % 2 else -there
    for begin_s, end_s in lost_s:
        lost = (time_s >= begin_s) & (time_s < end_s)
        for axis in "xyz":
            rows[f"right_{axis}_m"][lost] = 0.0
    return Recorded({}, rows)


def measured(*lost_s: tuple[float, float]) -> Measures:
    return measure(Path("somebody"), person_of(reaching(*lost_s), "somebody", None), ("reach",))


@pytest.fixture(scope="module")
def whole() -> Measures:
    return measured()


def test_reaches_from_rest_to_rest_are_all_measured(whole: Measures) -> None:
    part = whole.reach["reaches_right"]
    assert (part.about, part.notes) == (MEASURED, ())
    assert part.measures["displacement_m"].value == pytest.approx(WAY_M, rel=0.02)


@pytest.mark.parametrize("after_s", [0.02, 0.05, 0.1, 0.14])
def test_a_hand_that_is_lost_right_after_a_reach_leaves_it_measured(after_s: float, whole: Measures) -> None:
    gone_s = CUES_S[1] + LASTS_S + after_s
    part = measured((gone_s, gone_s + 0.5)).reach["reaches_right"]
    assert (part.about, part.notes) == (MEASURED, ())
    expected = whole.reach["reaches_right"].measures["movement_s"].value
    assert part.measures["movement_s"].value == pytest.approx(expected, abs=0.02)


def test_a_reach_in_which_the_hand_is_lost_is_left_out_alone_and_it_is_said_why() -> None:
    half_s = CUES_S[1] + LASTS_S / 2
    part = measured((half_s, half_s + 0.6)).reach["reaches_right"]
    assert part.about == "3 movements of the right hand, medians"
    assert part.notes == ("1 more left out: the hand was still moving at the end",)


def test_a_hand_that_was_not_seen_for_half_of_the_time_is_measured_in_the_other_half() -> None:
    part = measured((0.0, CUES_S[1] - 1.0)).reach["reaches_right"]
    assert part.about == "3 movements of the right hand, medians"


def test_a_hand_that_comes_back_elsewhere_did_not_reach_there_unseen() -> None:
    unseen = (CUES_S[1] - 0.3, CUES_S[1] + LASTS_S + 0.3)
    part = measured(unseen).reach["reaches_right"]
    assert (part.about, part.notes) == ("3 movements of the right hand, medians", ())


def test_both_hands_are_compared_in_the_longest_stretch_in_which_both_were_seen(whole: Measures) -> None:
    part = measured((1.0, 2.0)).reach["bimanual"]
    assert part.measures["path_symmetry"].value == whole.reach["bimanual"].measures["path_symmetry"].value == 1.0
    assert part.notes == ("the longest stretch without a gap, 13 of 15 s",)
