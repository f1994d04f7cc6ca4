"""What a hand's orientation shows: a right hand with the thumb up has its grip's y to the elbow and its -z up."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.grip_angles import Wrist, shoulder_rotation, wrist

IDENTITY = (0.0, 0.0, 0.0, 1.0)

THUMB_UP = Rotation.from_matrix(np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("room_axis", "movement"),
    [
        ((0, 0, 1), "pronation_deg"),  # the right thumb goes from up to the left
        ((0, 0, -1), "supination_deg"),
        ((0, 1, 0), "flexion_deg"),  # the right hand goes from ahead to the left
        ((0, -1, 0), "extension_deg"),
        ((1, 0, 0), "radial_deg"),
        ((-1, 0, 0), "ulnar_deg"),
    ],
)
def test_a_wrist_turns_the_way_it_is_called_on_both_sides(side: str, room_axis, movement: str) -> None:
    x, y, z = room_axis
    axis = np.array(room_axis if side == "right" else (x, -y, -z))  # a mirror image turns the other way
    way = Rotation.from_rotvec(np.outer(np.linspace(0, 40, 9), axis), degrees=True) * THUMB_UP
    found = wrist(way.as_quat(), side, THUMB_UP.as_quat())
    expected = dict.fromkeys(definitions(Wrist), 0.0) | {movement: 40.0}
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, abs=1e-9)


def test_a_grip_has_its_axes_where_the_specification_puts_them() -> None:
    right, elbow_side, from_thumb = THUMB_UP.as_matrix().T
    assert (right @ (1, 0, 0), elbow_side @ (0, 0, 1), from_thumb @ (0, -1, 0)) == pytest.approx((1, 1, 1))


def test_a_hand_out_of_sight_gives_a_reason_and_nonsense_is_refused() -> None:
    assert set(wrist(np.full((3, 4), np.nan), "left", IDENTITY).why.values()) == {"the hand was never seen"}
    with pytest.raises(NotMeasurable):
        wrist(np.zeros((3, 4)), "left", IDENTITY)
    with pytest.raises(NotMeasurable):
        wrist(np.zeros((3, 3)), "left", IDENTITY)


@given(outward=st.floats(-85, 100), side=st.sampled_from(["left", "right"]), facing=st.floats(-180, 180))
@settings(max_examples=60, deadline=None)
def test_an_upper_arm_turns_as_far_as_its_forearm_swings_however_the_person_faces(outward, side, facing) -> None:
    neutral = Rotation.from_euler("y", -facing, degrees=True) * THUMB_UP
    sign = 1 if side == "right" else -1
    swings = Rotation.from_rotvec(np.outer(np.linspace(0, -sign * outward, 9), (0, 1, 0)), degrees=True)
    found = shoulder_rotation((swings * neutral).as_quat(), side, neutral.as_quat())
    assert found.external_deg - found.internal_deg == pytest.approx(outward, abs=1e-6)


def test_a_steep_forearm_shows_no_turn_of_the_upper_arm() -> None:
    up = Rotation.from_euler("x", 50, degrees=True) * THUMB_UP
    found = shoulder_rotation([up.as_quat()], "left", THUMB_UP.as_quat())
    assert math.isnan(found.external_deg)
    assert "30 degrees of level" in found.why["external_deg"]
    assert "neutral pose" in shoulder_rotation([up.as_quat()], "left", up.as_quat()).why["internal_deg"]
    assert "never seen" in shoulder_rotation(np.full((2, 4), np.nan), "left", up.as_quat()).why["internal_deg"]
