"""Ranges of motion against an independent pipeline, a robot's truth, cameras that see the elbow, and closed forms."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from people import STANCE, a_frame, rows_of, standing_rows
from scipy.spatial.transform import Rotation, Slerp

from engine.body import shoulder_m
from engine.metrics.definition import NotMeasurable, definitions, measured
from engine.metrics.range_of_motion import (
    Neck,
    arm_directions,
    head_lean,
    lean_track_deg,
    neck,
    neck_repetitions,
    shoulder_track_m,
    trunk,
)
from engine.motion import clean
from engine.places import from_shoulder, lean_along, towards
from engine.records import Stance

UP = np.array((0.0, 1.0, 0.0))
IDENTITY = (0.0, 0.0, 0.0, 1.0)
AXES = {  # of the neutral head: what turns to the positive and to the negative side
    0: ("extension_deg", "flexion_deg", "flexion_extension_deg"),
    1: ("left_rotation_deg", "right_rotation_deg", "rotation_deg"),
    2: ("left_lateral_deg", "right_lateral_deg", "lateral_deg"),
}
angles = st.floats(-85, 85)
rotation_vectors = st.tuples(*[st.floats(-170, 170)] * 3)


def turned(vectors_deg: np.ndarray) -> Rotation:
    return Rotation.from_rotvec(vectors_deg, degrees=True)


def nodding(amplitudes_deg: tuple[float, float, float], n: int = 200) -> np.ndarray:
    """Rotation vectors of three movements after another: there, back, and to the other side."""
    wave = np.sin(np.linspace(0, 2 * np.pi, n))[:, None]
    return np.concatenate([wave * amplitude * np.eye(3)[axis] for axis, amplitude in enumerate(amplitudes_deg)])


def seconds(values: object, rate_hz: float = 72.0) -> np.ndarray:
    return np.arange(len(values)) / rate_hz  # type: ignore[arg-type]


def table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def columns(path: Path) -> dict[str, np.ndarray]:
    with gzip.open(path, "rt") as file:
        names = file.readline().strip().split(",")
        return dict(zip(names, np.loadtxt(file, delimiter=",").T, strict=True))


def poses(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Seconds, positions and orientations of a trajectory."""
    read = columns(path)
    stack = [
        np.stack([read[name] for name in names], axis=1) for names in (("px", "py", "pz"), ("qx", "qy", "qz", "qw"))
    ]
    return read["t_s"], stack[0], stack[1]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("angle", [0.0, 30.0, -45.0, 89.9, 90.0, -120.0, 175.0])
def test_a_turn_about_one_axis_reads_as_its_angle(axis: int, angle: float) -> None:
    way = turned(np.outer(np.linspace(0, 1, 50), angle * np.eye(3)[axis])).as_quat()
    found = neck(way, seconds(way), IDENTITY)
    positive, negative, whole = AXES[axis]
    expected = dict.fromkeys(definitions(Neck), 0.0) | {
        positive: max(0, angle),
        negative: max(0, -angle),
        whole: abs(angle),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("movement", "point", "goes"),
    [
        ("flexion_deg", (0, 0, -1), (0, -1, 0)),  # the nose goes down
        ("extension_deg", (0, 0, -1), (0, 1, 0)),
        ("left_rotation_deg", (0, 0, -1), (-1, 0, 0)),
        ("right_rotation_deg", (0, 0, -1), (1, 0, 0)),
        ("left_lateral_deg", (0, 1, 0), (-1, 0, 0)),  # the crown goes to the left
        ("right_lateral_deg", (0, 1, 0), (1, 0, 0)),
    ],
)
def test_movements_are_called_by_where_nose_and_crown_go(movement: str, point, goes) -> None:
    way = turned(np.outer(np.linspace(0, 40, 9), np.cross(point, goes)))
    assert way[-1].apply(point) @ goes == pytest.approx(math.sin(math.radians(40)))
    assert getattr(neck(way.as_quat(), seconds(way), IDENTITY), movement) == pytest.approx(40)


@given(
    neutral=rotation_vectors,
    room=rotation_vectors,
    start_s=st.floats(-1e4, 1e4),
    amplitudes=st.tuples(angles, angles, angles),
)
@settings(max_examples=60, deadline=None)
def test_neither_the_room_nor_the_neutral_pose_nor_the_clock_changes_the_neck(
    neutral, room, start_s, amplitudes
) -> None:
    vectors = nodding(amplitudes)
    plain = neck(turned(vectors).as_quat(), seconds(vectors), IDENTITY)
    start = turned(np.array(room)) * turned(np.array(neutral))
    there = neck((start * turned(vectors)).as_quat(), start_s + seconds(vectors), start.as_quat())
    assert [getattr(there, name) for name in definitions(Neck)] == pytest.approx(
        [getattr(plain, name) for name in definitions(Neck)], abs=1e-6
    )


@given(amplitudes=st.tuples(angles, angles, angles), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_signs_order_and_repeats_of_samples_change_nothing(amplitudes, seed: int) -> None:
    way, chance = turned(nodding(amplitudes)).as_quat(), np.random.default_rng(seed)
    order = chance.permutation(np.repeat(np.arange(len(way)), 2))
    signs = chance.choice([-1.0, 1.0], len(order))[:, None]
    plain, mixed = neck(way, seconds(way), IDENTITY), neck(signs * way[order], seconds(way)[order], IDENTITY)
    assert [getattr(mixed, name) for name in definitions(Neck)] == pytest.approx(
        [getattr(plain, name) for name in definitions(Neck)], abs=1e-9
    )


@given(amplitudes=st.tuples(angles, angles, angles), rate_hz=st.floats(60, 120))
@settings(max_examples=40, deadline=None)
def test_another_rate_changes_a_range_by_less_than_a_tenth_of_a_degree(amplitudes, rate_hz: float) -> None:
    way = turned(nodding(amplitudes))
    at_s = np.arange(0, seconds(way)[-1], 1 / rate_hz)
    plain = neck(way.as_quat(), seconds(way), IDENTITY)
    other = neck(Slerp(seconds(way), way)(at_s).as_quat(), at_s, IDENTITY)
    for name in ("flexion_extension_deg", "lateral_deg", "rotation_deg"):
        assert getattr(other, name) == pytest.approx(getattr(plain, name), abs=0.1)


@given(trunk_way=st.tuples(angles, angles, angles), worn=rotation_vectors, amplitudes=st.tuples(angles, angles, angles))
@settings(max_examples=60, deadline=None)
def test_a_tracker_on_the_chest_takes_off_what_the_trunk_did_however_it_is_worn(trunk_way, worn, amplitudes) -> None:
    vectors = nodding(amplitudes)
    ramp = np.clip(np.linspace(-0.2, 1, len(vectors)), 0, 1)
    lean, facing = turned(ramp[:, None] * np.array(trunk_way)), turned(np.array((5.0, 40.0, 0.0)))
    head, tracker = lean * facing * turned(vectors), lean * turned(np.array(worn))
    plain = neck(turned(vectors).as_quat(), seconds(vectors), IDENTITY)
    freed = neck(head.as_quat(), seconds(vectors), facing.as_quat(), tracker.as_quat())
    assert [getattr(freed, name) for name in definitions(Neck)] == pytest.approx(
        [getattr(plain, name) for name in definitions(Neck)], abs=1e-6
    )


def test_a_tracker_that_was_lost_leaves_its_samples_out() -> None:
    vectors = nodding((40.0, 0.0, 0.0))
    still = np.tile(IDENTITY, (len(vectors), 1))
    still[vectors[:, 0] > 20] = np.nan
    found = neck(turned(vectors).as_quat(), seconds(vectors), IDENTITY, still)
    assert (found.extension_deg, found.flexion_deg) == pytest.approx((20, 40), abs=0.7)
    never = neck(turned(vectors).as_quat(), seconds(vectors), IDENTITY, np.full_like(still, np.nan))
    assert math.isnan(never.flexion_deg)
    assert never.why["flexion_deg"].endswith("0 times, not twice")


def test_the_neutral_pose_is_the_mean_of_a_quiet_stretch() -> None:
    quiet = turned(np.outer(np.linspace(-1, 1, 21), (1.0, 0.0, 0.0))).as_quat()
    way = turned(np.outer(np.linspace(0, 30, 21), (1.0, 0.0, 0.0))).as_quat()
    assert neck(way, seconds(way), quiet).extension_deg == pytest.approx(30, abs=1e-9)


def test_nothing_is_filtered_unless_asked() -> None:
    vectors = nodding((60.0, 0.0, 0.0), 720)
    shaking = vectors + 0.5 * np.sin(2 * np.pi * 25 * seconds(vectors))[:, None] * (1, 0, 0)
    raw = neck(turned(shaking).as_quat(), seconds(vectors), IDENTITY)
    smooth = neck(turned(shaking).as_quat(), seconds(vectors), IDENTITY, cut_off_hz=6.0)
    assert raw.flexion_deg == pytest.approx(60.5, abs=0.1)
    assert smooth.flexion_deg == pytest.approx(60.0, abs=0.05)


@pytest.mark.parametrize(
    ("quaternions", "time_s", "neutral"),
    [
        (np.tile(IDENTITY, (5, 1)), np.arange(4.0), IDENTITY),
        (np.tile(IDENTITY, (5, 1)), [0, 1, 2, 3, math.nan], IDENTITY),
        (np.tile((0.0, 0.0, 0.0, 0.0), (5, 1)), np.arange(5.0), IDENTITY),
        (np.tile((0.0, 0.0, math.nan, 1.0), (5, 1)), np.arange(5.0), IDENTITY),
        (np.tile((0.0, 1e300, 0.0, 1.0), (5, 1)), np.arange(5.0), IDENTITY),
        (np.zeros((5, 3)), np.arange(5.0), IDENTITY),
        (np.zeros((0, 4)), np.zeros(0), IDENTITY),
        (np.array(IDENTITY), np.zeros(4), IDENTITY),
        (np.tile(IDENTITY, (5, 1)), np.arange(5.0), (0.0, 0.0, 0.0, 2.0)),
        (np.tile(IDENTITY, (5, 1)), np.arange(5.0), np.zeros((0, 4))),
    ],
)
def test_what_is_no_rotation_or_no_time_is_refused(quaternions, time_s, neutral) -> None:
    with pytest.raises(NotMeasurable):
        neck(quaternions, time_s, neutral)


anything = st.one_of(st.floats(), st.sampled_from([0.0, 1.0, -1.0]))


@given(
    quaternions=arrays(float, st.tuples(st.integers(0, 4), st.just(4)), elements=anything),
    time_s=arrays(float, st.integers(0, 4), elements=st.floats()),
    neutral=arrays(float, 4, elements=anything),
)
@settings(max_examples=300, deadline=None)
def test_whatever_is_given_the_neck_is_refused_or_possible(quaternions, time_s, neutral) -> None:
    try:
        found = neck(quaternions, time_s, neutral)
    except NotMeasurable:
        return
    angles_deg = [getattr(found, name) for name in definitions(Neck)]
    assert all(0 <= angle <= 360 or math.isnan(angle) for angle in angles_deg)


def test_one_sample_has_no_range_but_a_reason() -> None:
    found = measured(neck([IDENTITY], [0.0], IDENTITY))
    assert {one.value for one in found.values()} == {None}
    assert all("not twice" in one.note for one in found.values())


def test_a_head_that_stays_where_it_is_has_a_range_of_zero() -> None:
    still = np.tile(IDENTITY, (5, 1))
    assert neck(still, seconds(still), IDENTITY, passive=True) == Neck(*[0.0] * 10, mode="passive")


def repetition(movement: str, angle: float, n: int = 120) -> np.ndarray:
    """Rotation vectors out and back; a little of the other axes comes along."""
    axis = next(axis for axis, names in AXES.items() if movement + "_deg" in names)
    sign = 1 if AXES[axis][0] == movement + "_deg" else -1
    direction = np.full(3, 0.1)
    direction[axis] = sign
    return np.outer(np.sin(np.linspace(0, np.pi, n)), angle * direction)


def test_repetitions_are_told_apart_by_the_movement_itself_in_any_order() -> None:
    done = ["flexion", "left_rotation", "extension", "flexion", "right_lateral", "left_rotation", "flexion"]
    sizes = [40.0, 70.0, 55.0, 44.0, 35.0, 66.0, 42.0]
    rest = np.zeros((40, 3))
    vectors = np.concatenate([part for m, a in zip(done, sizes, strict=True) for part in (repetition(m, a), rest)])
    chance = np.random.default_rng(1).normal(0, 0.3, vectors.shape)
    found, peaks = neck_repetitions(turned(vectors + chance).as_quat(), seconds(vectors), IDENTITY)
    assert [peak.movement for peak in peaks] == done
    assert [peak.peak_deg for peak in peaks] == pytest.approx(sizes, abs=1.5)
    assert (found["flexion"].n, found["flexion"].mean) == (3, pytest.approx(42, abs=1))


def test_a_glance_between_is_no_repetition() -> None:
    parts = [repetition("flexion", angle) for angle in (50.0, 15.0, 46.0, 20.0, 52.0)]
    vectors = np.concatenate([part for one in parts for part in (one, np.zeros((30, 3)))])
    found, _ = neck_repetitions(turned(vectors).as_quat(), seconds(vectors), IDENTITY)
    assert set(found) == {"flexion"}
    assert (found["flexion"].n, found["flexion"].best) == (3, pytest.approx(52, abs=0.1))


def test_a_hesitation_is_no_second_repetition_but_a_sweep_through_neutral_is() -> None:
    hold = np.concatenate(
        [np.linspace(0, 50, 40), np.linspace(50, 45, 10), np.linspace(45, 52, 10), np.linspace(52, -48, 90)]
    )
    vectors = np.outer(hold, (-1.0, 0.0, 0.0))
    peaks = neck_repetitions(turned(vectors).as_quat(), seconds(vectors), IDENTITY)[1]
    assert [(peak.movement, round(peak.peak_deg)) for peak in peaks] == [("flexion", 52), ("extension", 48)]


def umeyama(moved: np.ndarray, truth: np.ndarray) -> tuple[Rotation, np.ndarray]:
    """The rotation and shift that lay one row of places on another, after Umeyama 1991, without scale."""
    a, b = moved.mean(axis=0), truth.mean(axis=0)
    u, _, v = np.linalg.svd((truth - b).T @ (moved - a))
    flip = np.diag((1, 1, np.linalg.det(u) * np.linalg.det(v)))
    rotation = Rotation.from_matrix(u @ flip @ v)
    return rotation, b - rotation.apply(a)


def headset_and_robot(data: Path, row: dict[str, str]) -> tuple[np.ndarray, ...]:
    """Seconds, places and orientations of the robot, and the headset's nearest in time."""
    folder = data / "vr_headset_robot"
    headset_s, headset_m, headset_q = poses(folder / f"aligned_{row['trajectory']}_{row['device']}_to_tool1_cut.csv.gz")
    robot_s, robot_m, robot_q = poses(folder / f"aligned_{row['trajectory']}_tool1_gt_cut.csv.gz")
    after = np.clip(np.searchsorted(headset_s, robot_s), 1, len(headset_s) - 1)
    nearest = np.where(robot_s - headset_s[after - 1] < headset_s[after] - robot_s, after - 1, after)
    together = np.abs(headset_s[nearest] - robot_s) <= 0.01
    nearest = nearest[together]
    return robot_s[together], robot_m[together], robot_q[together], headset_m[nearest], headset_q[nearest]


def test_a_headset_turns_as_the_robot_that_holds_it_within_the_published_error(data: Path) -> None:
    rows = table(data / "reference" / "dev" / "headset_vs_robot_evo.csv")
    assert rows
    for row in rows:
        _, robot_m, robot_q, headset_m, headset_q = headset_and_robot(data, row)
        lay, shift = umeyama(headset_m, robot_m)
        apart_m = np.linalg.norm(lay.apply(headset_m) + shift - robot_m, axis=1)
        apart_deg = np.degrees((Rotation.from_quat(robot_q).inv() * lay * Rotation.from_quat(headset_q)).magnitude())
        assert np.sqrt(np.mean(apart_m**2)) == pytest.approx(float(row["ape_trans_m_rmse"]), abs=1e-5)
        assert np.sqrt(np.mean(apart_deg**2)) == pytest.approx(float(row["ape_rot_deg_rmse"]), abs=1e-5)


def test_the_neck_of_a_headset_is_that_of_the_robot_that_holds_it(data: Path) -> None:
    for row in table(data / "reference" / "dev" / "headset_vs_robot_evo.csv"):
        time_s, _, robot_q, _, headset_q = headset_and_robot(data, row)
        seen, true = (neck(q, time_s, q[:15]) for q in (headset_q, robot_q))
        ranges = ("flexion_extension_deg", "lateral_deg", "rotation_deg")
        assert all(getattr(true, name) > 20 for name in ranges)
        assert [getattr(seen, name) for name in ranges] == pytest.approx(
            [getattr(true, name) for name in ranges], abs=1.4
        )


@pytest.mark.parametrize("name", ["quest2_traj1_unity", "quest_pro_traj1_unity", "quest2_calib_unity"])
def test_the_neck_in_real_recordings_is_that_of_an_independent_pipeline(data: Path, name: str) -> None:
    time_s, _, unity = poses(data / "vr_headset_robot" / f"{name}.csv.gz")
    quaternions = unity * (-1, -1, 1, 1)
    found = neck(quaternions, time_s, quaternions[:7])
    middle = Rotation.from_quat(quaternions[:7]).mean().as_matrix()
    relative = np.einsum("ji,njk->nik", middle, Rotation.from_quat(quaternions).as_matrix())
    half_turn = np.arccos(np.clip((np.trace(relative, axis1=1, axis2=2) - 1) / 2, -1, 1))
    skew = np.stack([relative[:, k, j] - relative[:, j, k] for j, k in ((1, 2), (2, 0), (0, 1))], axis=1)
    vectors = np.degrees(skew / (2 * np.sinc(half_turn / np.pi))[:, None])
    whole = (found.flexion_extension_deg, found.rotation_deg, found.lateral_deg)
    assert whole == pytest.approx(np.ptp(vectors, axis=0), abs=1e-4)
    assert found.flexion_deg == pytest.approx(-vectors[:, 0].min(), abs=1e-4)


def test_near_the_singularity_euler_angles_go_wrong_and_the_neck_does_not() -> None:
    vectors = np.outer(np.linspace(0, 100, 300), (0.0, 1.0, 0.0)) + np.outer(
        np.sin(np.linspace(0, 9, 300)), (2.0, 0, 0)
    )
    way = turned(vectors)
    found = neck(way.as_quat(), seconds(vectors), IDENTITY)
    assert (found.rotation_deg, found.flexion_extension_deg) == pytest.approx((100, 4), abs=0.1)
    assert np.ptp(way.as_euler("XYZ", degrees=True)[:, 0]) > 90


# --- the trunk


@given(facing=st.floats(-180, 180), worn=rotation_vectors, lean=st.floats(1, 80))
@settings(max_examples=60, deadline=None)
def test_a_trunk_leans_forward_however_it_faces_and_however_its_tracker_is_worn(facing, worn, lean) -> None:
    stance = turned(np.array((0.0, -facing, 0.0)))
    way = stance * turned(np.outer(np.linspace(0, -lean, 9), (1.0, 0, 0))) * stance.inv() * turned(np.array(worn))
    found = trunk(way.as_quat(), facing)
    assert (found.forward_deg, found.backward_deg, found.left_deg) == pytest.approx((lean, 0, 0), abs=1e-6)
    assert max(found.right_deg, found.left_rotation_deg, found.right_rotation_deg) < 1e-6


def test_a_head_shows_how_a_person_leans_and_not_how_the_trunk_turns() -> None:
    found = head_lean([(0.0, 0.0), (12.0, -3.0), (-2.0, 1.0)])
    assert (found.forward_deg, found.backward_deg, found.left_deg, found.right_deg) == (12, 2, 3, 1)
    assert math.isnan(found.left_rotation_deg)
    assert set(found.why) == {"left_rotation_deg", "right_rotation_deg"}


def test_a_trunk_without_a_tracker_in_sight_gives_a_reason() -> None:
    assert set(trunk(np.full((4, 4), np.nan), 0.0).why.values()) == {"the tracker on the trunk was never seen"}


@pytest.mark.parametrize("direction", [0.0, 90.0, 180.0, 270.0])
def test_the_lean_of_a_pendulum_is_its_angle(direction: float) -> None:
    stance = Stance((0.5, 1.6, -1.0), 30.0)
    x, _, z = towards(stance.facing_deg, direction)
    way = 1.6 * math.sin(math.radians(5))
    head = (0.5 + way * x, 1.6 * math.cos(math.radians(5)), -1.0 + way * z)
    ahead, right = lean_track_deg(clean(rows_of([a_frame(head_m=head)])), stance)[0]
    assert lean_along((ahead, right), direction) == pytest.approx((5, 0), abs=1e-4)


# --- where an arm is


@pytest.mark.parametrize("facing", [0.0, 90.0, -135.0])
@pytest.mark.parametrize("side", ["left", "right"])
def test_an_arm_is_seen_in_the_direction_it_points_to(facing: float, side: str) -> None:
    stance = Stance((0.5, 1.6, -1.0), facing)
    hand = from_shoulder(shoulder_m(stance, side), facing, 20.0, 100.0, 0.6)
    rows = rows_of([a_frame(i * 10_000_000, head_m=stance.head_m) for i in range(5)])
    for axis, value in zip("xyz", hand, strict=True):
        rows[f"{side}_{axis}_m"] = value
    azimuth, elevation, radius = arm_directions(clean(rows), stance, side)
    assert (azimuth[0], elevation[0], radius[0]) == pytest.approx((20, 100, 0.6), abs=1e-3)


def test_a_leaning_trunk_takes_the_arm_along_without_raising_it() -> None:
    rows = standing_rows(1.0)
    for device in ("head", "left", "right"):
        rows[f"{device}_z_m"] -= np.linspace(0, 0.3, len(rows), dtype=np.float32)
    elevation = arm_directions(clean(rows), STANCE, "left")[1]
    assert np.ptp(elevation) < 1e-3


def test_a_measured_shoulder_takes_the_place_of_the_proportions_and_moves_with_the_head() -> None:
    rows = standing_rows(1.0)
    rows["head_x_m"] += np.linspace(0, 0.1, len(rows), dtype=np.float32)
    centre = (0.2, 1.3, 0.1)
    track = shoulder_track_m(clean(rows), STANCE, "right", centre)
    assert track[0] == pytest.approx(centre, abs=1e-6)
    assert track[-1] - track[0] == pytest.approx((0.1, 0, 0), abs=1e-6)


def test_an_unseen_arm_has_no_direction() -> None:
    rows = standing_rows(1.0)
    for axis in "xyz":
        rows[f"left_{axis}_m"] = 0
    assert all(np.isnan(values).all() for values in arm_directions(clean(rows), STANCE, "left"))
