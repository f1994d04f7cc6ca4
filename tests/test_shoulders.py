"""The shoulders of a person from recorded hands: with a trunk that turns, from play, and from hands held out."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from people import STANCE, a_frame, rows_of
from scipy.spatial.transform import Rotation

from calibration.shoulders import AVERAGED, FITTED, PROPORTIONS, hand_from_head_m, shoulder, span_arm
from engine.body import EYE_HEIGHT_OF_STATURE, shoulder_by_stature
from engine.frame import SIDES
from engine.motion import Motion, Track, clean
from engine.places import from_head
from engine.records import Shoulder, Stance

Array = NDArray[np.float64]

STATURE_M = STANCE.head_m[1] / EYE_HEIGHT_OF_STATURE
ARM_M = 0.387 * STATURE_M
BROAD = {"left": (-0.22, -0.21, -0.05), "right": (0.22, -0.21, -0.05)}  # right, up and ahead of the head
AROUND = Stance((1.5, 1.6, -2.0), 130.0)


def arcs(azimuths_deg: tuple[float, ...], arm_m: float = ARM_M) -> Array:
    """A hand about its shoulder, in the room's axes, that goes up along arcs ahead and to the right."""
    elevation = np.radians(np.arange(5.0, 140.0, 0.5))
    level, up = np.sin(elevation), -np.cos(elevation)
    return arm_m * np.concatenate(
        [np.stack([level * np.sin(a), up, -level * np.cos(a)], axis=1) for a in np.radians(azimuths_deg)]
    )


def motion_of(left_m: Array | None = None, right_m: Array | None = None, stance: Stance = STANCE) -> Motion:
    """Somebody who stands still and moves the hands; one whose way is not given hangs."""
    hands = [way for way in (left_m, right_m) if way is not None]
    motion = clean(rows_of([a_frame(i * 11_111_111, stance.head_m) for i in range(len(hands[0]))]))
    left, right = (old if new is None else new for old, new in ((motion.left_m, left_m), (motion.right_m, right_m)))
    return replace(motion, left_m=left, right_m=right)


def raised(azimuths_deg: tuple[float, ...], arm_m: float = ARM_M) -> Motion:
    return motion_of(right_m=np.array(from_head(STANCE, BROAD["right"])) + arcs(azimuths_deg, arm_m))


def test_a_straight_arm_finds_its_shoulder() -> None:
    found = shoulder([(raised((0, 45, 90)), STANCE)], "right", STATURE_M)
    assert (found.accepted, found.method, found.why) == (True, FITTED, ())
    assert found.centre_m == pytest.approx(BROAD["right"], abs=1e-3)
    assert found.radius_m == pytest.approx(ARM_M, abs=1e-3)


def test_it_is_where_it_is_for_the_person_wherever_they_stand_and_face() -> None:
    turned = Rotation.from_euler("y", -AROUND.facing_deg, degrees=True)
    hand = np.array(from_head(AROUND, BROAD["right"])) + turned.apply(arcs((0, 45, 90)))
    found = shoulder([(motion_of(right_m=hand, stance=AROUND), AROUND)], "right", STATURE_M)
    assert found.centre_m == pytest.approx(BROAD["right"], abs=1e-3)


def test_one_plane_is_averaged_where_it_was_asked_for_and_counts_nothing_in_play() -> None:
    ways = [(raised((0,)), STANCE)]
    asked, played = (shoulder(ways, "right", STATURE_M, raised) for raised in (True, False))
    assert (asked.method, played.method) == (AVERAGED, PROPORTIONS)
    assert played.centre_m == pytest.approx(shoulder_by_stature(STATURE_M, "right"), abs=1e-4)
    assert "to the side as well as to the front" in asked.why[0] == played.why[0]


def test_a_bent_arm_is_told_to_keep_the_elbow_straight() -> None:
    raises = [(raised((azimuth,), 0.7 * ARM_M), STANCE) for azimuth in (0, 45, 90)]
    found = shoulder(raises, "right", STATURE_M, raised=True)
    assert not found.accepted
    assert "keep the elbow straight" in found.why[0]


def bowed(azimuth_deg: float, degrees: float) -> Motion:
    """A raise with a trunk that bends forward at the hips along with it; shoulder and head are 0.45 and 0.75 m up."""
    motion = raised((azimuth_deg,))
    bend = np.radians(degrees) * np.linspace(0, 1, len(motion.time_s))
    way = np.stack([0 * bend, np.cos(bend) - 1, -np.sin(bend)], axis=1)
    return replace(motion, head_m=motion.head_m + 0.75 * way, right_m=motion.right_m + 0.45 * way)


def test_a_trunk_that_bends_with_the_arm_is_noticed_and_its_fit_not_believed() -> None:
    raises = [(bowed(azimuth, 15.0), STANCE) for azimuth in (0, 90, 30, 60)]
    found = shoulder(raises, "right", STATURE_M, raised=True)
    assert (found.method, found.why) == (
        AVERAGED,
        ("the trunk moved by 20 cm while the arm was raised: keep it still",),
    )
    assert math.dist(found.centre_m, BROAD["right"]) < found.error_m


def test_a_trunk_that_sways_does_not_matter() -> None:
    raises = [(bowed(azimuth, 3.0), STANCE) for azimuth in (0, 90, 30, 60)]
    assert shoulder(raises, "right", STATURE_M, raised=True).accepted


def test_a_hand_that_was_never_seen_leaves_proportions_and_says_so() -> None:
    motion = motion_of(right_m=np.full((50, 3), np.nan))
    found = shoulder([(motion, STANCE)], "right", STATURE_M, raised=True)
    assert (found.method, found.n, found.condition) == (PROPORTIONS, 0, None)
    assert "0 places of the hand" in found.why[0]


def test_a_chest_tracker_takes_the_turning_of_the_trunk_out() -> None:
    still, pelvis = raised((0, 45, 90)), np.array([0.0, 1.0, 0.05])
    turns = Rotation.from_rotvec(np.outer(0.4 * np.sin(np.arange(len(still.time_s)) / 60), (0, 1, 0)))
    hand, head, chest = (turns.apply(way - pelvis) + pelvis for way in (still.right_m, still.head_m, (0.0, 1.35, -0.1)))
    turning = replace(still, right_m=hand, head_m=head)
    tracked = replace(turning, trackers={"chest": Track(chest, turns.as_quat())})
    without, found = (shoulder([(motion, STANCE)], "right", STATURE_M) for motion in (turning, tracked))
    assert found.accepted
    assert found.centre_m == pytest.approx(BROAD["right"], abs=2e-3)
    assert not without.accepted


def test_hands_that_are_not_seen_are_left_out() -> None:
    motion = raised((0,))
    motion.right_m[::2] = np.nan
    assert len(hand_from_head_m(motion, STANCE, "right")) == len(motion.time_s) // 2


def held_out(arm_m: float, elevation_deg: float = 90.0) -> Motion:
    angle = math.radians(elevation_deg)
    left, right = (
        np.array(from_head(STANCE, BROAD[side])) + arm_m * np.array([sign * math.sin(angle), -math.cos(angle), 0])
        for side, sign in (("left", -1), ("right", 1))
    )
    return motion_of(np.tile(left, (60, 1)), np.tile(right, (60, 1)))


def test_hands_held_out_to_both_sides_tell_the_length_of_the_arms() -> None:
    shoulders = {side: Shoulder(BROAD[side], ARM_M, 0.02, True, FITTED) for side in SIDES}
    span = span_arm(held_out(ARM_M), STANCE, shoulders)
    assert span is not None
    assert span.value == pytest.approx(ARM_M, abs=2e-3)
    assert span.method == "half of hand span less shoulder width"
    assert span_arm(held_out(ARM_M, 40.0), STANCE, shoulders) is None
    assert span_arm(held_out(0.7 * ARM_M), STANCE, shoulders) is None
