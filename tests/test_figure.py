"""The figure behind what is tracked: joint angles of a made-up skeleton come back, and nothing is claimed unseen."""

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from people import HEAD_M, STANCE, a_frame
from scipy.spatial.transform import Rotation

from engine.body import NECK_IN_HEAD_M, Upright, estimate, shoulder_m, upright
from engine.figure import Figure, figure
from engine.frame import HAND_JOINTS, LOST, SIDES, Devices, Frame, Hand, Pose, Vector
from engine.records import Stance
from engine.upper_limb import Arm, Derived

QUICK = settings(deadline=None, max_examples=60)
PELVIS_BELOW_HEAD_M = 0.7
ARM_M = 0.65
UPPER_M, FOREARM_M, PALM_M = (ARM_M * share / 0.387 for share in (0.186, 0.146, 0.055))
UNKNOWN = (math.nan,) * 3

Array = np.ndarray


class Posture(NamedTuple):
    """What a made-up person does, in degrees; each arm is as the other."""

    neck: Vector = (0.0, 0.0, 0.0)
    trunk: Vector = (0.0, 0.0, 0.0)
    elevation: float = 90.0
    plane: float = 90.0
    elbow: float = 0.0


degrees = st.floats(-40, 40)
turns = st.tuples(degrees, degrees, degrees)
postures = st.builds(Posture, turns, turns, st.floats(25, 155), st.floats(-80, 170), st.floats(61, 150))
places = st.tuples(st.floats(-3, 3), st.floats(1.0, 2.0), st.floats(-3, 3))
stances = st.builds(Stance, places, st.floats(-180, 180))


def clinical(turn_deg: Vector) -> Rotation:
    """A turn by flexion, tilt to the right and turn to the right, as a rotation vector in OpenXR's axes."""
    flexion, tilt, turn = turn_deg
    return Rotation.from_rotvec([-flexion, -turn, -tilt], degrees=True)


def pose(place: Array, turn: Rotation) -> Pose:
    x, y, z = place.tolist()
    a, b, c, w = turn.as_quat().tolist()
    return Pose((x, y, z), (a, b, c, w))


def skeleton(stance: Stance, posture: Posture, bent: bool) -> tuple[Frame, dict[str, Array]]:
    """A frame of somebody with trackers and hand joints, and where the true shoulders are."""
    facing = Rotation.from_euler("y", -stance.facing_deg, degrees=True)
    head = np.array(stance.head_m)
    pelvis = head - [0, PELVIS_BELOW_HEAD_M, 0]
    trunk = facing * clinical(posture.trunk) * facing.inv()
    neck = pelvis + trunk.apply(head + facing.apply(NECK_IN_HEAD_M) - pelvis)
    turned = trunk * facing * clinical(posture.neck)
    axes = trunk * facing
    hands, joints, shoulders = {}, {}, {}
    for side, sign in zip(SIDES, (-1, 1), strict=True):
        shoulders[side] = pelvis + trunk.apply(np.array(shoulder_m(stance, side)) - pelvis)
        wrist = shoulders[side] + axes.apply(reach(posture, sign, bent))
        back = axes * Rotation.from_rotvec([0.3, 1.0, -0.4])
        hands[side] = Hand(pose(wrist - back.apply([0, PALM_M, 0]), back))
        joints[side] = (UNKNOWN, pose(wrist, back).position_m, *(UNKNOWN,) * (HAND_JOINTS - 2))
    mounted = Rotation.from_rotvec([0.5, -1.0, 0.2])
    chest = pose(pelvis + trunk.apply(head - [0, 0.4, 0] - pelvis), trunk * mounted)
    seen = Devices(chest=chest, left_joints_m=joints["left"], right_joints_m=joints["right"])
    where = pose(neck - turned.apply(NECK_IN_HEAD_M), turned)
    return Frame(0, where, hands["left"], hands["right"], devices=seen), shoulders


def reach(posture: Posture, sign: int, bent: bool) -> Array:
    """From shoulder to wrist, in axes to the right, up and back."""
    flexion = math.radians(posture.elbow if bent else 0.0)
    far = math.sqrt(UPPER_M**2 + FOREARM_M**2 + 2 * UPPER_M * FOREARM_M * math.cos(flexion))
    elevation, plane = math.radians(posture.elevation), math.radians(posture.plane)
    level = far * math.sin(elevation)
    return np.array([sign * level * math.cos(plane), -far * math.cos(elevation), -level * math.sin(plane)])


def somebody(stance: Stance) -> Upright:
    return upright(stance, dict.fromkeys(SIDES, ARM_M), None, skeleton(stance, Posture(), bent=False)[0])


def seen(frame: Frame, person: Upright) -> Figure:
    return figure(estimate(frame, person, 0.0, 0.0))


def arms(found: Figure) -> tuple[Arm, Arm]:
    return found.left, found.right


def unlike_deg(a: Any, b: float) -> float:
    return abs(math.remainder(a - b, 360))


@QUICK
@given(stances, postures)
def test_angles_of_a_made_up_skeleton_come_back_with_a_chest_tracker(stance: Stance, posture: Posture) -> None:
    frame, shoulders = skeleton(stance, posture, bent=False)
    found = seen(frame, somebody(stance))
    assert found.neck_deg.value == pytest.approx(posture.neck, abs=1e-3)
    for arm, side in zip(arms(found), SIDES, strict=True):
        assert arm.shoulder_m.value == pytest.approx(shoulders[side], abs=1e-6)
        assert arm.elevation_deg.value == pytest.approx(posture.elevation, abs=1e-3)
        assert unlike_deg(arm.plane_deg.value, posture.plane) < 1e-3
        assert arm.elevation_deg.measurable
        assert arm.plane_deg.measurable


@QUICK
@given(stances, postures)
def test_a_bent_elbow_comes_back_and_lies_where_both_bones_meet(stance: Stance, posture: Posture) -> None:
    frame, _ = skeleton(stance, posture, bent=True)
    for arm in arms(seen(frame, somebody(stance))):
        shoulder, elbow, wrist = (np.array(place.value) for place in (arm.shoulder_m, arm.elbow_m, arm.wrist_m))
        assert arm.elbow_deg.value == pytest.approx(posture.elbow, abs=1e-3)
        assert arm.elbow_deg.measurable
        assert np.linalg.norm(elbow - shoulder) == pytest.approx(UPPER_M, abs=1e-6)
        assert np.linalg.norm(wrist - elbow) == pytest.approx(FOREARM_M, abs=1e-6)


@QUICK
@given(stances, postures)
def test_three_points_see_neck_and_arms_of_a_still_trunk(stance: Stance, posture: Posture) -> None:
    still = posture._replace(trunk=(0.0, 0.0, 0.0))
    frame, shoulders = skeleton(stance, still, bent=False)
    three, person = frame._replace(devices=None), somebody(stance)
    found = seen(three, person)
    assert found.neck_deg.value == pytest.approx(posture.neck, abs=1e-3)
    for arm, side in zip(arms(found), SIDES, strict=True):
        about = np.linalg.norm(np.array(arm.shoulder_m.value) - shoulders[side])
        assert about < 2 * 0.22 * stance.head_m[1]  # turned about the neck, and not beyond
        assert arm.wrist_m.value == pytest.approx(frame_wrist(frame, side), abs=1e-6)


def frame_wrist(frame: Frame, side: str) -> Vector:
    assert frame.devices is not None
    joints_m = frame.devices.left_joints_m if side == "left" else frame.devices.right_joints_m
    assert joints_m is not None
    return joints_m[1]


@pytest.mark.parametrize(
    ("trunk", "lean", "yaw"),
    [
        ((12.0, 0.0, 0.0), (12.0, 0.0), 0.0),
        ((0.0, -9.0, 0.0), (0.0, -9.0), 0.0),
        ((0.0, 0.0, 150.0), (0.0, 0.0), 150.0),
    ],
)
def test_a_chest_tracker_measures_how_the_trunk_leans_and_turns(
    trunk: Vector, lean: tuple[float, float], yaw: float
) -> None:
    stance = Stance((1.0, 1.5, -2.0), 130.0)
    found = seen(skeleton(stance, Posture(trunk=trunk), bent=False)[0], somebody(stance))
    assert found.trunk_lean_deg.value == pytest.approx(lean, abs=1e-3)
    assert found.trunk_yaw_deg.value == pytest.approx(yaw, abs=1e-3)
    assert found.trunk_lean_deg.measurable
    assert found.trunk_yaw_deg.measurable


@QUICK
@given(postures, st.floats(-180, 180), st.floats(-4, 4), st.floats(-4, 4))
def test_moving_and_turning_the_room_changes_no_angle(posture: Posture, yaw: float, x: float, z: float) -> None:
    here, there = STANCE, Stance((x, HEAD_M[1], z), yaw)
    for with_chest in (True, False):
        found = [
            seen(frame if with_chest else frame._replace(devices=None), somebody(stance))
            for stance in (here, there)
            for frame in [skeleton(stance, posture, bent=True)[0]]
        ]
        assert angles(found[1]) == pytest.approx(angles(found[0]), abs=1e-3, nan_ok=True)


def angles(found: Figure) -> list[float]:
    values = [*found.neck_deg.value, *found.lean_deg.value, *found.trunk_lean_deg.value]  # type: ignore[misc]
    for value in (found.trunk_yaw_deg.value, found.left.plane_deg.value, found.right.plane_deg.value):
        turn = math.nan if value is None else math.radians(value)
        values += [math.degrees(math.sin(turn)), math.degrees(math.cos(turn))]
    return values + [angle for arm in arms(found) for angle in (arm.elevation_deg.value, arm.elbow_deg.value)]


def test_what_three_points_cannot_see_is_only_shown() -> None:
    found = seen(skeleton(STANCE, Posture(), bent=False)[0]._replace(devices=None), somebody(STANCE))
    shown = (found.neck_m, found.trunk_lean_deg, found.trunk_yaw_deg)
    assert not any(derived.measurable for derived in shown)
    assert not any(arm.shoulder_m.measurable or arm.elbow_m.measurable for arm in arms(found))
    assert found.neck_deg.measurable
    assert "trunk's movement" in found.neck_deg.how


@pytest.mark.parametrize(
    ("flexion", "elevation", "elbow"), [(30.0, True, False), (59.0, False, False), (61.0, False, True)]
)
def test_angles_of_an_arm_count_where_their_error_is_bounded(flexion: float, elevation: bool, elbow: bool) -> None:
    frame, _ = skeleton(STANCE, Posture(elbow=flexion), bent=True)
    for arm in arms(seen(frame, somebody(STANCE))):
        assert (arm.elevation_deg.measurable, arm.elbow_deg.measurable) == (elevation, elbow)


def test_an_arm_that_is_longer_than_measured_is_straight() -> None:
    person = somebody(STANCE)._replace(arms_m=(0.4, 0.4))
    arm = seen(skeleton(STANCE, Posture(), bent=False)[0], person).right
    assert arm.elbow_deg.value == 0
    assert not arm.elbow_deg.measurable
    assert math.dist(arm.elbow_m.value, arm.shoulder_m.value) == pytest.approx(0.4 * 0.186 / 0.387)  # type: ignore[arg-type]


def test_the_plane_of_a_hanging_arm_is_not_told() -> None:
    arm = seen(skeleton(STANCE, Posture(elevation=10.0), bent=False)[0], somebody(STANCE)).left
    assert arm.plane_deg == (None, arm.plane_deg.how, False)
    assert arm.elevation_deg.value == pytest.approx(10)


def test_nothing_is_known_of_a_head_that_is_lost() -> None:
    for lost in (LOST, Pose((0.0, 0.0, 0.0))):
        body = estimate(a_frame()._replace(head=lost), upright(STANCE), 0.0, 0.0)
        found = figure(body)
        assert np.isnan([*body.head_m, *body.lean_deg]).all()
        derived = (*found[:6], found.left.shoulder_m, *found.left[4:], found.left.elbow_m)
        assert all(quantity == (None, "not tracked", False) for quantity in derived)
        assert found.left.hand_m.measurable


@pytest.mark.parametrize("lost", [LOST, Pose((0.0, 0.0, 0.0))], ids=["invalid", "at the origin"])
def test_nothing_is_known_of_an_arm_whose_hand_is_lost(lost: Pose) -> None:
    found = seen(a_frame()._replace(right=Hand(lost)), upright(STANCE))
    assert all(quantity.value is None and not quantity.measurable for quantity in found.right[1:])
    assert found.right.shoulder_m.value is not None
    assert found.left.elbow_m.value is not None


def test_what_was_inferred_is_shown_and_not_measured() -> None:
    frame, _ = skeleton(STANCE, Posture(), bent=False)
    guessed = frame._replace(head=frame.head._replace(tracked=False), devices=None)
    found = seen(guessed, somebody(STANCE))
    assert found.neck_deg.value == pytest.approx((0, 0, 0), abs=1e-5)
    assert not any(q.measurable for q in (found.head_m, found.neck_deg, found.lean_deg))
    assert not any(arm.elevation_deg.measurable for arm in arms(found))


def test_a_level_head_is_assumed_and_not_measured_without_a_neutral_frame() -> None:
    found = seen(a_frame(yaw_deg=30.0), upright(STANCE))
    assert found.neck_deg.value == pytest.approx((0, 0, 30))
    assert not found.neck_deg.measurable


def test_a_tracker_that_was_not_worn_in_the_stance_turns_nothing() -> None:
    frame, _ = skeleton(STANCE, Posture(trunk=(20.0, 0.0, 0.0)), bent=False)
    found = seen(frame, upright(STANCE))
    assert found.trunk_yaw_deg.how != "chest tracker"
    assert not found.trunk_lean_deg.measurable


def test_a_waist_tracker_tells_the_lean_of_the_trunk_from_that_of_the_head() -> None:
    neutral = a_frame()._replace(devices=Devices(waist=Pose((0.0, 0.9, 0.1))))
    moved = a_frame(head_m=(0.0, 1.6, -0.3))._replace(devices=Devices(waist=Pose((0.0, 0.9, -0.2))))
    found = seen(moved, upright(STANCE, neutral=neutral))
    assert found.trunk_lean_deg.value == pytest.approx((0, 0))
    assert found.trunk_lean_deg.measurable
    assert found.lean_deg.value == pytest.approx((math.degrees(math.atan2(0.3, 1.6)), 0))


def test_feet_that_stepped_are_no_lean() -> None:
    def standing(z: float) -> Frame:
        feet = [Pose((x, 0.05, z)) for x in (-0.1, 0.1)]
        return a_frame(head_m=(0.0, 1.6, z))._replace(devices=Devices(left_foot=feet[0], right_foot=feet[1]))

    found = seen(standing(-0.5), upright(STANCE, neutral=standing(0.0)))
    assert found.lean_deg.value == pytest.approx((0, 0))
    assert found.lean_deg[1:] == ("head over feet", True)
    assert found.left_foot_m == Derived((-0.1, 0.05, -0.5), "tracked", True)


@QUICK
@given(st.floats(-180, 180), st.floats(-180, 180))
def test_a_trunk_never_turns_further_from_the_head_than_a_neck_does(facing: float, look: float) -> None:
    hands = a_frame()
    found = seen(hands._replace(head=a_frame(yaw_deg=look).head), upright(Stance(HEAD_M, facing)))
    assert found.trunk_yaw_deg.value is not None
    assert unlike_deg(found.trunk_yaw_deg.value + facing, look) <= 80 + 1e-6


def test_hands_held_out_together_draw_the_trunk_to_their_middle() -> None:
    hands = [Hand(Pose((0.5, 1.2, z))) for z in (-0.6, -0.4)]
    frame = a_frame(yaw_deg=45.0)._replace(left=hands[0], right=hands[1])
    yaw = seen(frame, upright(STANCE)).trunk_yaw_deg
    assert yaw.value == pytest.approx(45, abs=1)
    assert yaw[1:] == ("hands", False)


def test_an_elbow_hangs_below_and_outside_the_line_to_the_hand() -> None:
    found = seen(skeleton(STANCE, Posture(elbow=90.0), bent=True)[0], somebody(STANCE))
    for arm, sign in zip(arms(found), (-1, 1), strict=True):
        middle = (np.array(arm.shoulder_m.value) + np.array(arm.wrist_m.value)) / 2
        x, y, _ = np.array(arm.elbow_m.value) - middle
        assert sign * x > 0.02
        assert y < -0.1


def test_a_hand_at_the_shoulder_gives_no_nonsense() -> None:
    person = somebody(STANCE)
    frame, _ = skeleton(STANCE, Posture(), bent=False)
    assert frame.devices is not None
    joints = (UNKNOWN, shoulder_m(STANCE, "right"), *(UNKNOWN,) * (HAND_JOINTS - 2))
    arm = seen(frame._replace(devices=frame.devices._replace(right_joints_m=joints)), person).right
    assert np.isfinite([*arm.elbow_m.value, arm.elbow_deg.value]).all()  # type: ignore[misc]
    assert not arm.elbow_deg.measurable
    assert not arm.elevation_deg.measurable
