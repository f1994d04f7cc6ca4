"""What the height of a headset says: standing, seated or no floor, for grown people and children."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from people import standing_rows, visited

from calibration import imported
from calibration.height import NO_FLOOR, SEATED, STANDING, posture_of, seated_of, stature_of
from calibration.standing import SEATED_SWAY, Standing
from engine.body import EYE_HEIGHT_OF_STATURE
from engine.places import from_shoulder
from engine.plan import Step
from engine.records import Session
from engine.replay import ReplayHeadset

TODAY = "2026-03-02T09:00:00+00:00"


@pytest.mark.parametrize(
    ("headset_m", "posture"),
    [
        (0.0, NO_FLOOR),
        (0.05, NO_FLOOR),
        (1.1, SEATED),
        (1.3, SEATED),
        (1.5, STANDING),
        (1.8, STANDING),
        (2.6, NO_FLOOR),
    ],
)
def test_heights_seen_in_real_recordings_say_how_it_was(headset_m: float, posture: str) -> None:
    assert posture_of(headset_m).posture == posture


@given(st.floats(0.9, 2.1))
def test_with_a_stature_children_stand_and_everybody_sits_at_three_quarters(stature_m: float) -> None:
    eyes_m = EYE_HEIGHT_OF_STATURE * stature_m
    postures = [posture_of(share * eyes_m, stature_m).posture for share in (0.0, 0.75, 0.97, 1.0, 1.03, 1.2)]
    assert postures == [NO_FLOOR, SEATED, STANDING, STANDING, STANDING, NO_FLOOR]


def test_without_a_stature_what_may_be_a_child_is_said() -> None:
    seated, standing = posture_of(1.2), posture_of(1.2, asked_to_stand=True)
    assert (seated.posture, standing.posture) == (SEATED, STANDING)
    assert "an adult sits or a child stands" in seated.why
    assert "an adult sits or a child stands" in standing.why


def test_no_floor_says_what_to_do() -> None:
    assert posture_of(0.02).why.endswith("set the floor")
    assert posture_of(0.02, 1.7).why.endswith("set the floor, or correct the stature")


def test_who_sits_keeps_a_known_stature_and_gets_a_rough_one_without() -> None:
    seated = posture_of(1.2)
    told = stature_of(posture_of(1.6), 1.6, None, "height")
    assert stature_of(seated, 1.2, told, "height") == told
    rough = stature_of(seated, 1.2, None, "height")
    assert rough.low < 1.60 < 1.78 < rough.high
    assert "rough" in rough.method


def test_only_who_sits_has_a_seated_height() -> None:
    assert seated_of(posture_of(1.6), 1.6, "height") is None
    found = seated_of(posture_of(1.2), 1.2, "height")
    assert found is not None
    assert found.value == 1.2


def high(rows: np.ndarray, headset_m: float) -> np.ndarray:
    rows["head_y_m"] = headset_m
    return rows


def stood(folder: Path, headset_m: float, stature_m: float = 0.0) -> Session:
    task = Standing(Standing.Parameters(quiet_s=10.0, wait_s=5.0, stature_m=stature_m))
    rows = high(standing_rows(20.0), headset_m)
    return visited(ReplayHeadset(rows, "somebody"), folder, Step("standing", task, "calibrate"))


def test_who_sits_when_asked_to_stand_is_recognised_by_their_stature(tmp_path: Path) -> None:
    known = stood(tmp_path, 1.2, 1.7).calibration
    assert known is not None
    assert (known.stature_m.value, known.stature_m.method) == (1.7, "told")
    assert known.seated_m is not None
    assert known.seated_m.value == 1.2
    assert {measured.note for measured in known.sway.values()} == {SEATED_SWAY}


def test_a_child_who_stands_is_not_taken_for_seated(tmp_path: Path) -> None:
    known = stood(tmp_path, 1.12, 1.2).calibration
    assert known is not None
    assert known.seated_m is None
    assert known.sway["sway_velocity"].value is not None


def test_a_floor_that_was_not_set_is_no_person(tmp_path: Path) -> None:
    done = stood(tmp_path, 0.03)
    assert done.blocks[0].notes[0].startswith("standing was not measured: the head is at 0.03 m")
    assert done.calibration is not None
    assert done.calibration.stature_m.n == 0


def played(headset_m: float) -> np.ndarray:
    """Somebody whose hands are held level ahead."""
    rows = high(standing_rows(20.0), headset_m)
    for side, sign in (("left", -1), ("right", 1)):
        for axis, value in zip(
            "xyz", from_shoulder((sign * 0.19, headset_m - 0.2, 0.08), 0.0, 0.0, 90.0, 0.6), strict=True
        ):
            rows[f"{side}_{axis}_m"] = value
    return rows


def test_a_recording_of_somebody_seated_is_no_short_person_who_stands() -> None:
    unknown, known = (imported.measure(played(1.2), TODAY, stature_m) for stature_m in (None, 1.7))
    for found in (unknown, known):
        assert found.seated_m is not None
        assert {measured.note for measured in found.sway.values()} == {SEATED_SWAY}
    assert unknown.stature_m.high - unknown.stature_m.low > 0.3
    assert "an adult sits or a child stands" in unknown.stature_m.note
    assert known.stature_m.value == 1.7


def test_a_recording_of_a_child_who_stands_needs_the_stature() -> None:
    found = imported.measure(played(1.2), TODAY, 1.3)
    assert found.seated_m is None
    assert found.stature_m.value == 1.3
