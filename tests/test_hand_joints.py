"""Fingers of a hand that is built bone by bone, so that its angles are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.metrics.definition import NotMeasurable, definitions
from engine.metrics.hand_joints import (
    FIRST_JOINT,
    JOINTS,
    Finger,
    Thumb,
    finger,
    finger_track_deg,
    thumb,
    thumb_track_deg,
)

BONES_M = (0.07, 0.04, 0.025, 0.02)
bends = st.tuples(st.floats(-30, 95), st.floats(-10, 110), st.floats(-10, 80))


def chain(
    start: np.ndarray, bend_axis: tuple[float, float, float], first: Rotation, bends_deg: tuple[float, ...]
) -> np.ndarray:
    """Joints from a bone along `first`'s -z on, each next bone bent about an axis of the finger."""
    places, turned = [start], first
    for length, bend in zip(BONES_M, (0.0, *bends_deg), strict=False):
        turned = turned * Rotation.from_rotvec(bend * np.array(bend_axis), degrees=True)
        places.append(places[-1] + turned.apply((0.0, 0.0, -length)))
    return np.array(places)


def hand(
    side: str,
    fingers_deg: tuple[float, ...] = (0, 0, 0),
    spread_deg: float = 0.0,
    thumb_deg: tuple[float, ...] = (0, 0),
) -> np.ndarray:
    """A hand with the palm down and the fingers ahead: a right one's index is left of its little finger."""
    joints = np.zeros((JOINTS, 3))
    for place, first in enumerate(FIRST_JOINT.values()):
        start = np.array((0.02 * (place - 1.5), 0.0, -0.03))
        metacarpal = Rotation.identity()
        joints[first : first + 5] = chain(start, (-1, 0, 0), metacarpal, fingers_deg)
        spread = Rotation.from_rotvec((0.0, -spread_deg * (place - 1.5), 0.0), degrees=True)
        knuckle = joints[first + 1]
        joints[first + 2 : first + 5] = knuckle + spread.apply(joints[first + 2 : first + 5] - knuckle)
    outward = Rotation.from_euler("y", 50, degrees=True)
    joints[2:6] = chain(np.array((-0.03, -0.01, -0.02)), (0, -1, 0), outward, thumb_deg)
    return joints * ((1, 1, 1) if side == "right" else (-1, 1, 1))


@given(side=st.sampled_from(["left", "right"]), angles=bends, name=st.sampled_from(sorted(FIRST_JOINT)))
@settings(max_examples=100, deadline=None)
def test_a_finger_is_bent_by_as_much_as_each_of_its_joints(side: str, angles, name: str) -> None:
    assert finger_track_deg([hand(side, angles)], side, name)[0] == pytest.approx(angles, abs=1e-5)


@given(room=st.tuples(*[st.floats(-170, 170)] * 3), shift=st.floats(-3, 3), angles=bends)
@settings(max_examples=60, deadline=None)
def test_where_a_hand_is_and_how_it_is_turned_changes_no_finger(room, shift: float, angles) -> None:
    joints = hand("right", angles, thumb_deg=(20, 40))
    there = Rotation.from_rotvec(room, degrees=True).apply(joints) + shift
    assert finger_track_deg([there], "right", "ring") == pytest.approx(
        finger_track_deg([joints], "right", "ring"), abs=1e-5
    )
    assert thumb_track_deg([there]) == pytest.approx(thumb_track_deg([joints]), abs=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_spreading_the_fingers_is_no_flexion_of_a_knuckle(side: str) -> None:
    joints = [hand(side, (0, 30, 20), spread_deg=10.0)]
    for name in FIRST_JOINT:
        assert finger_track_deg(joints, side, name)[0] == pytest.approx((0, 30, 20), abs=1e-5)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("angles", [(0, 0), (40, 60), (-10, -15)])
def test_a_thumb_bends_towards_the_little_finger_and_back(side: str, angles) -> None:
    assert thumb_track_deg([hand(side, thumb_deg=angles)])[0] == pytest.approx(angles, abs=1e-5)


def test_total_active_motion_is_the_fist_less_what_lacks_to_straight() -> None:
    joints = [hand("left", angles) for angles in ((-10, 15, 5), (30, 50, 20), (80, 90, 60))]
    found = finger(joints, "left", "middle")
    assert (found.mcp_flexion_deg, found.pip_flexion_deg, found.dip_flexion_deg) == pytest.approx(
        (80, 90, 60), abs=1e-5
    )
    assert (found.mcp_extension_deg, found.pip_extension_deg) == pytest.approx((-10, 15), abs=1e-5)
    assert found.total_active_motion_deg == pytest.approx(230 - 20, abs=1e-5)


def test_a_thumb_has_two_joints_and_their_motion() -> None:
    found = thumb([hand("right", thumb_deg=angles) for angles in ((5, -10), (40, 60))], passive=True)
    expected = Thumb(*[pytest.approx(value, abs=1e-5) for value in (40, 5, 60, -10, 95)], mode="passive")
    assert found == expected


def test_unseen_frames_are_left_out_and_an_unseen_hand_gives_a_reason() -> None:
    seen, lost = hand("left", (20, 30, 10)), np.full((JOINTS, 3), np.nan)
    assert finger([seen, lost], "left", "index").pip_flexion_deg == pytest.approx(30, abs=1e-5)
    never = finger([lost], "left", "index")
    assert set(never.why) == set(definitions(Finger))
    assert math.isnan(never.total_active_motion_deg)


def test_joints_all_in_one_place_have_no_angle() -> None:
    assert np.isnan(finger_track_deg(np.zeros((2, JOINTS, 3)), "left", "index")).all()
    assert np.isnan(thumb_track_deg(np.zeros((2, JOINTS, 3)))).all()


@pytest.mark.parametrize(
    "joints", [np.zeros((2, 25, 3)), np.zeros((26, 3)), np.zeros((0, 26, 3)), np.full((1, 26, 3), np.inf)]
)
def test_what_are_no_joints_of_a_hand_is_refused(joints: np.ndarray) -> None:
    with pytest.raises(NotMeasurable):
        thumb(joints)
