"""Where a face points: turned, raised, laid over, from the neutral head, whatever way that one is turned."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.facing import apart_deg, face_deg
from engine.frame import Quaternion, from_yaw_pitch, times

LEVEL: Quaternion = (0.0, 0.0, 0.0, 1.0)


def turned(yaw_deg: float, pitch_deg: float, tilt_deg: float) -> Quaternion:
    half = math.radians(tilt_deg) / 2
    laid_over = (0.0, 0.0, -math.sin(half), math.cos(half))
    return times(from_yaw_pitch(math.radians(yaw_deg), math.radians(pitch_deg)), laid_over)


@given(st.floats(-170, 170), st.floats(-80, 80), st.floats(-80, 80), st.floats(-180, 180), st.floats(-30, 30))
def test_a_turn_comes_back_from_any_neutral_head(
    yaw: float, pitch: float, tilt: float, heading: float, worn: float
) -> None:
    neutral = from_yaw_pitch(math.radians(heading), math.radians(worn))
    found = face_deg(times(neutral, turned(yaw, pitch, tilt)), neutral)
    assert found == pytest.approx((yaw, pitch, tilt), abs=1e-6)


def test_straight_up_has_no_turn() -> None:
    assert face_deg(turned(50.0, 90.0, 0.0), LEVEL)[:2] == pytest.approx((0.0, 90.0), abs=0.1)


@pytest.mark.parametrize(
    ("a", "b", "apart"),
    [((0, 0), (90, 0), 90), ((0, 60), (0, -20), 80), ((90, 0), (0, 90), 90), ((170, 0), (-170, 0), 20)],
)
def test_directions_are_apart_by_the_angle_between_them(
    a: tuple[float, float], b: tuple[float, float], apart: float
) -> None:
    assert apart_deg(a, b) == pytest.approx(apart)
