"""The arithmetic of poses: turning, headings, and numbers as devices speak them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.frame import (
    UPRIGHT,
    Button,
    Quaternion,
    as_float32,
    forward,
    from_yaw_pitch,
    inverse,
    rotate,
    rotation_deg,
    times,
    yaw_rad,
)
from engine.recording import BUTTONS_SHIFT

ANGLES = st.floats(-3.1, 3.1)
PITCHES = st.floats(-1.5, 1.5)
NUMBERS = st.floats(-1e3, 1e3)
QUICK = settings(deadline=None, max_examples=50)
VECTORS = st.tuples(st.floats(-1.8, 1.8), st.floats(-1.8, 1.8), st.floats(-1.8, 1.8))


def turn(vector: tuple[float, float, float]) -> Quaternion:
    """The quaternion of a rotation vector in radians, made by another program."""
    x, y, z, w = Rotation.from_rotvec(vector).as_quat().tolist()
    return (x, y, z, w)


def test_every_button_has_a_bit_of_its_own_that_a_recording_can_hold() -> None:
    bits = [int(button) for button in Button]
    assert bits == [1 << place for place in range(len(bits))]
    assert len(bits) + BUTTONS_SHIFT <= 32


def test_an_upright_device_looks_along_minus_z() -> None:
    assert forward(UPRIGHT) == (0, 0, -1)
    assert yaw_rad(UPRIGHT) == 0


def test_a_quarter_turn_to_the_right_looks_along_plus_x() -> None:
    turned = from_yaw_pitch(math.pi / 2, 0.0)
    assert rotate(turned, (0.0, 0.0, -1.0)) == pytest.approx((1, 0, 0))
    assert rotate(turned, (1.0, 0.0, 0.0)) == pytest.approx((0, 0, 1))


def test_looking_up_raises_the_view_whatever_the_heading() -> None:
    for yaw in (0.0, 1.0, -2.5):
        assert forward(from_yaw_pitch(yaw, math.radians(30)))[1] == pytest.approx(0.5)


@QUICK
@given(ANGLES, PITCHES, NUMBERS, NUMBERS, NUMBERS)
def test_turning_keeps_lengths_and_turns_back(yaw: float, pitch: float, x: float, y: float, z: float) -> None:
    orientation = from_yaw_pitch(yaw, pitch)
    a, b, c, w = orientation
    turned = rotate(orientation, (x, y, z))
    assert math.hypot(*turned) == pytest.approx(math.hypot(x, y, z), abs=1e-9)
    assert rotate((-a, -b, -c, w), turned) == pytest.approx((x, y, z), abs=1e-9)


@QUICK
@given(VECTORS, VECTORS, VECTORS)
def test_the_product_of_two_turns_turns_by_one_after_the_other(
    a: tuple[float, float, float], b: tuple[float, float, float], place: tuple[float, float, float]
) -> None:
    one_by_one = rotate(turn(a), rotate(turn(b), place))
    assert rotate(times(turn(a), turn(b)), place) == pytest.approx(one_by_one, abs=1e-12)
    assert times(turn(a), inverse(turn(a))) == pytest.approx(UPRIGHT, abs=1e-12)


@QUICK
@given(VECTORS)
def test_a_rotation_vector_comes_back_from_either_sign_of_its_quaternion(vector: tuple[float, float, float]) -> None:
    x, y, z, w = turn(vector)
    expected = np.degrees(Rotation.from_quat([x, y, z, w]).as_rotvec())
    assert rotation_deg((x, y, z, w)) == pytest.approx(expected, abs=1e-9)
    if w:
        assert rotation_deg((-x, -y, -z, -w)) == pytest.approx(expected, abs=1e-9)


def test_no_turn_has_no_axis() -> None:
    assert rotation_deg(UPRIGHT) == (0, 0, 0)


@QUICK
@given(ANGLES, PITCHES)
def test_forward_is_what_rotate_gives_for_minus_z(yaw: float, pitch: float) -> None:
    orientation = from_yaw_pitch(yaw, pitch)
    assert forward(orientation) == pytest.approx(rotate(orientation, (0.0, 0.0, -1.0)), abs=1e-12)


@QUICK
@given(ANGLES, PITCHES)
def test_yaw_and_pitch_come_back_from_an_orientation(yaw: float, pitch: float) -> None:
    orientation = from_yaw_pitch(yaw, pitch)
    assert yaw_rad(orientation) == pytest.approx(yaw, abs=1e-6)
    assert math.asin(forward(orientation)[1]) == pytest.approx(pitch, abs=1e-6)
    assert math.hypot(*orientation) == pytest.approx(1)


@QUICK
@given(st.lists(NUMBERS, min_size=25, max_size=25))
def test_numbers_are_rounded_as_an_array_of_float32_rounds_them(values: list[float]) -> None:
    rounded = as_float32(tuple(values))
    assert np.array_equal(rounded, np.array(values, np.float32))
    assert as_float32(rounded) == rounded
