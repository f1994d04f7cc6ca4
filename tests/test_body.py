"""The body behind three tracked points: lean, shoulders, hands."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import HEAD_M, LEFT_M, STANCE, a_frame

from engine.body import EYE_HEIGHT_OF_STATURE, SHOULDER_HEIGHT_OF_STATURE, Body, estimate, shoulder_m, upright
from engine.frame import LOST, Hand, Pose, Vector
from engine.records import Stance

ANKLES = (0.4, 0.0, -0.3)
HEADINGS = st.floats(-180, 180)
QUICK = settings(deadline=None, max_examples=50)


def leant(facing_deg: float, ahead: float, right: float, height_m: float) -> tuple[Body, Vector]:
    """Somebody over ANKLES, facing anywhere, whose head is `ahead` and `right` of neutral in metres."""
    facing = math.radians(facing_deg)
    x = ANKLES[0] + ahead * math.sin(facing) + right * math.cos(facing)
    z = ANKLES[2] - ahead * math.cos(facing) + right * math.sin(facing)
    stance = Stance((ANKLES[0], 1.6, ANKLES[2]), facing_deg)
    head_m = (x, height_m, z)
    return estimate(a_frame(head_m=head_m, yaw_deg=77.0), upright(stance), 3.0, 0.01), head_m


@QUICK
@given(HEADINGS, st.floats(-15, 15))
def test_a_rigid_pendulum_leans_by_its_angle_whichever_way_it_faces(facing_deg: float, angle_deg: float) -> None:
    angle = math.radians(angle_deg)
    ahead, _ = leant(facing_deg, 1.6 * math.sin(angle), 0.0, 1.6 * math.cos(angle))
    aside, _ = leant(facing_deg, 0.0, 1.6 * math.sin(angle), 1.6 * math.cos(angle))
    assert ahead.lean_deg == pytest.approx((angle_deg, 0), abs=1e-9)
    assert aside.lean_deg == pytest.approx((0, angle_deg), abs=1e-9)


def test_where_the_head_looks_does_not_change_the_lean() -> None:
    leans = {estimate(a_frame(head_m=(0.1, 1.6, 0.0), yaw_deg=yaw), upright(STANCE), 0, 0).lean_deg for yaw in (0, 50)}
    assert len(leans) == 1


def test_times_and_places_are_handed_on() -> None:
    body, head_m = leant(20.0, 0.1, 0.0, 1.6)
    assert (body.time_s, body.dt_s, body.head_m) == (3.0, 0.01, head_m)
    assert (body.left_m, body.right_m) == (a_frame().left.grip.position_m, a_frame().right.grip.position_m)


@pytest.mark.parametrize("pose", [LOST, Pose(LEFT_M, tracked=False)], ids=["lost", "inferred"])
def test_a_hand_that_is_not_tracked_is_not_seen(pose: Pose) -> None:
    body = estimate(a_frame()._replace(left=Hand(pose)), upright(STANCE), 0.0, 0.0)
    assert not body.left_seen
    assert body.right_seen


@pytest.mark.parametrize(("left", "right", "confirms"), [(0.9, 0.0, True), (0.0, 0.9, True), (0.4, 0.4, False)])
def test_either_trigger_confirms_when_pressed_more_than_half(left: float, right: float, confirms: bool) -> None:
    frame = a_frame()
    pressed = frame._replace(left=frame.left._replace(trigger=left), right=frame.right._replace(trigger=right))
    assert estimate(pressed, upright(STANCE), 0.0, 0.0).confirm is confirms


@QUICK
@given(HEADINGS)
def test_shoulders_are_mirrored_and_behind_the_eyes(facing_deg: float) -> None:
    stance = Stance(HEAD_M, facing_deg)
    left, right = shoulder_m(stance, "left"), shoulder_m(stance, "right")
    facing = math.radians(facing_deg)
    across = ((right[0] - left[0]) * math.cos(facing), (right[2] - left[2]) * math.sin(facing))
    assert sum(across) == pytest.approx(0.22 * HEAD_M[1] / EYE_HEIGHT_OF_STATURE)
    assert left[0] + right[0] == pytest.approx(-0.16 * math.sin(facing))
    assert left[2] + right[2] == pytest.approx(0.16 * math.cos(facing))
    assert left[1] == right[1] == pytest.approx(HEAD_M[1] / EYE_HEIGHT_OF_STATURE * SHOULDER_HEIGHT_OF_STATURE)


def test_a_shoulder_moves_along_with_the_head() -> None:
    still, moved = shoulder_m(STANCE, "left"), shoulder_m(STANCE, "left", (0.1, 1.5, -0.2))
    assert tuple(b - a for a, b in zip(still, moved, strict=True)) == pytest.approx((0.1, -0.1, -0.2))
