"""The centre of a shoulder: exact against a reference, true of people and spheres, refused where it cannot be."""

import csv
import gzip
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from calibration.arm import (
    MOST_CONDITION,
    MOST_RESIDUAL_M,
    Prior,
    ShoulderFit,
    fit_shoulder,
    fit_straight,
    settled,
    spaced,
)
from engine.metrics.definition import NotMeasurable, definitions

Array = NDArray[np.float64]

QUICK = settings(deadline=None, max_examples=40)
ELSEWHERE = st.tuples(st.floats(-3, 3), st.floats(-3, 3), st.floats(-3, 3))
ARM_M = 0.6
SHOULDER = (0.2, 1.4, 0.05)
GESTURES: Mapping[str, tuple[int, ...]] = {"Left": (3, 5, 6), "Right": (2, 4, 6)}  # flexion, abduction, elevation
STRAIGHT_DEG = 35.0


def raised(
    azimuths_deg: tuple[float, ...], low_deg: float = 10.0, high_deg: float = 130.0, arm_m: float = ARM_M
) -> Array:
    """A hand that goes up along arcs about the shoulder, a centimetre at a time."""
    elevation = np.radians(np.arange(low_deg, high_deg, np.degrees(0.01 / arm_m)))
    level, up = np.sin(elevation), -np.cos(elevation)
    arcs = [np.stack([level * np.sin(a), up, -level * np.cos(a)], axis=1) for a in np.radians(azimuths_deg)]
    return np.array(SHOULDER) + arm_m * np.concatenate(arcs)


def noisy(points: Array, sd_m: float, seed: int = 0) -> Array:
    return points + np.random.default_rng(seed).normal(0, sd_m, points.shape)


def off_m(fit: ShoulderFit, truth: tuple[float, float, float] | Array = SHOULDER) -> float:
    return float(np.linalg.norm(np.array(fit.centre_m) - np.array(truth)))


def rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(encoding="utf-8") as file:
        yield from csv.DictReader(file)


def along(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@cache
def repetitions(data: Path, side: str, gesture: int) -> tuple[tuple[Array, Array], ...]:
    """Wrist with a straight elbow, and median shoulder, of each repetition: right, up and ahead of the upper spine."""
    folder = data / "irds_rehab"
    found = []
    for entry in rows(folder / "index.csv"):
        if int(entry["gesture"]) != gesture:
            continue
        frames = list(rows(folder / "movements" / entry["file"]))
        joint = {
            name: np.array([[float(frame[f"{name}_{axis}"]) for axis in "xyz"] for frame in frames])
            for name in ("SpineBase", "SpineShoulder", "ShoulderLeft", "ShoulderRight", f"Elbow{side}", f"Wrist{side}")
        }
        up = along(joint["SpineShoulder"] - joint["SpineBase"])
        across = joint["ShoulderRight"] - joint["ShoulderLeft"]
        right = along(across - np.sum(across * up, axis=1, keepdims=True) * up)
        trunk = np.stack([right, up, np.cross(up, right)], axis=1)
        upper = along(joint[f"Elbow{side}"] - joint[f"Shoulder{side}"])
        lower = along(joint[f"Wrist{side}"] - joint[f"Elbow{side}"])
        straight = np.degrees(np.arccos(np.clip(np.sum(upper * lower, axis=1), -1, 1))) < STRAIGHT_DEG
        wrist, shoulder = (
            np.einsum("nij,nj->ni", trunk, joint[part + side] - joint["SpineShoulder"])[straight]
            for part in ("Wrist", "Shoulder")
        )
        if len(wrist) > 15:
            found.append((wrist, np.median(shoulder, axis=0)))
    return tuple(found)


@cache
def reference_points(data: Path) -> Mapping[tuple[str, str], Array]:
    points: dict[tuple[str, str], list[list[float]]] = {}
    for row in rows(data / "reference" / "dev" / "spherefit_input_points.csv.gz"):
        points.setdefault((row["subject"], row["side"]), []).append([float(row[axis]) for axis in "xyz"])
    return {key: np.array(value) for key, value in points.items()}


def test_the_fit_is_that_of_the_reference(data: Path) -> None:
    for row in rows(data / "reference" / "dev" / "spherefit_scikit_spatial.csv"):
        fit = fit_shoulder(reference_points(data)[row["subject"], row["side"]])
        expected = [float(row[name]) for name in ("cx", "cy", "cz", "radius")]
        assert [*fit.centre_m, fit.radius_m] == pytest.approx(expected, rel=1e-9, abs=1e-11)


def test_three_gestures_of_a_patient_find_the_shoulder_within_centimetres(data: Path) -> None:
    for row in rows(data / "reference" / "dev" / "spherefit_scikit_spatial.csv"):
        fit = fit_shoulder(reference_points(data)[row["subject"], row["side"]])
        truth = np.array([float(row[f"kinect_shoulder_{axis}"]) for axis in "xyz"])
        assert off_m(fit, truth) == pytest.approx(float(row["centre_error_m"]), abs=1e-9)
        assert off_m(fit, truth) < 0.05
        assert 5 < fit.condition < 6


def test_what_a_kinect_saw_of_three_gestures_is_refused_for_its_scatter_alone(data: Path) -> None:
    for points in reference_points(data).values():
        fit = fit_shoulder(points)
        assert set(fit.why) == {"residual_m"}
        assert fit.residual_m > MOST_RESIDUAL_M


@pytest.mark.parametrize("side", GESTURES)
def test_one_gesture_of_a_patient_is_refused_and_would_have_been_far_off(data: Path, side: str) -> None:
    fits = [(fit_shoulder(wrist), truth) for g in GESTURES[side] for wrist, truth in repetitions(data, side, g)]
    assert not any(fit.accepted for fit, _ in fits)
    assert np.median([off_m(fit, truth) for fit, truth in fits]) > 0.1
    assert np.median([fit.condition for fit, _ in fits]) > MOST_CONDITION


@pytest.mark.parametrize("side", GESTURES)
def test_two_gestures_and_proportions_together_are_better_than_either(data: Path, side: str) -> None:
    random, errors = np.random.default_rng(0), []
    one, other, _ = (repetitions(data, side, gesture) for gesture in GESTURES[side])
    for (wrist, truth), (more, _) in zip(one, other, strict=False):
        hand = np.concatenate([spaced(wrist), spaced(more)])
        prior = Prior(tuple(truth + random.normal(0, 0.03, 3)), 0.48)
        fit = fit_shoulder(hand, prior.radius_m)
        places = (fit.centre_m, prior.centre_m, settled(fit, hand, prior).centre_m)
        errors.append([np.linalg.norm(np.array(place) - truth) for place in places])
    fitted, proportions, both = np.median(errors, axis=0)
    assert both < min(fitted, proportions)
    assert both < 0.04


@QUICK
@given(ELSEWHERE, st.floats(0.3, 0.8), st.floats(0, 0.01), st.integers(0, 99))
def test_a_cap_with_noise_gives_its_centre(place: tuple[float, ...], arm_m: float, sd_m: float, seed: int) -> None:
    points = noisy(raised((0, 45, 90), arm_m=arm_m), sd_m, seed) + np.array(place)
    fit = fit_shoulder(points)
    assert off_m(fit, np.array(SHOULDER) + place) < 1e-9 + 2.5 * sd_m  # 2.1 at most, with an arm of 0.31 m
    assert fit.accepted
    assert fit.residual_m == pytest.approx(sd_m, rel=0.2, abs=1e-9)


@QUICK
@given(ELSEWHERE, ELSEWHERE, st.integers(0, 99))
def test_neither_the_room_nor_its_turning_matters(place: tuple[float, ...], turn: tuple[float, ...], seed: int) -> None:
    turned = Rotation.from_rotvec(turn)
    points = noisy(raised((0, 60)), 0.01, seed)
    here, there = fit_shoulder(points), fit_shoulder(turned.apply(points) + np.array(place))
    assert there.centre_m == pytest.approx(turned.apply(here.centre_m) + np.array(place), abs=1e-7)
    numbers = ("radius_m", "condition", "residual_m", "arc_deg", "across_deg")
    assert [getattr(there, name) for name in numbers] == pytest.approx(
        [getattr(here, name) for name in numbers], rel=1e-6
    )
    assert (there.accepted, there.why.keys()) == (here.accepted, here.why.keys())


@QUICK
@given(st.floats(0.2, 5), st.integers(0, 99))
def test_a_fit_scales_with_the_person(scale: float, seed: int) -> None:
    points = noisy(raised((0, 60)), 0.01, seed)
    fit, larger = fit_shoulder(points), fit_shoulder(scale * points)
    assert larger.centre_m == pytest.approx(scale * np.array(fit.centre_m), rel=1e-6, abs=1e-9)
    assert larger.radius_m == pytest.approx(scale * fit.radius_m, rel=1e-9)
    assert larger.condition == pytest.approx(fit.condition, rel=1e-9)


@pytest.mark.parametrize(
    "nonsense",
    [
        np.zeros(3),
        np.zeros((9, 2)),
        np.full((9, 3), np.nan),
        np.array([[0.0, 0.0, np.inf]] * 9),
        np.full((9, 3), 1e200),
    ],
)
def test_what_are_no_places_is_refused(nonsense: Array) -> None:
    with pytest.raises(NotMeasurable, match="places of a hand"):
        fit_shoulder(nonsense)


@pytest.mark.parametrize(
    "still", [np.empty((0, 3)), np.zeros((3, 3)), np.ones((50, 3)), np.outer(np.arange(50.0), (1, 2, 3))], ids=len
)
def test_a_hand_without_an_arc_gives_no_number_and_says_so(still: Array) -> None:
    fit = fit_shoulder(still)
    assert np.isnan([*fit.centre_m, fit.radius_m, fit.condition, fit.residual_m, fit.arc_deg]).all()
    assert not fit.accepted
    assert {"centre_m", *definitions(ShoulderFit)} == set(fit.why)


def test_an_arc_in_one_plane_is_refused_however_exact_and_gives_the_middle_of_its_circle() -> None:
    fit = fit_shoulder(raised((30,)))
    assert off_m(fit) < 1e-9
    assert not fit.accepted
    assert set(fit.why) == {"across_deg", "condition"}
    assert "to the side as well as to the front" in fit.why["across_deg"]


@pytest.mark.parametrize(
    ("points", "arm_m", "missing", "advice"),
    [
        (raised((0, 40), 60, 100), ARM_M, "arc_deg", "raise it higher"),
        (raised((0, 10)), ARM_M, "across_deg", "to the side as well as to the front"),
        (raised((0, 90), 30, 95), ARM_M, "condition", "to the side as well as to the front"),
        (raised((0, 45, 90)), 1.3 * ARM_M, "radius_m", "keep the elbow straight"),
        (noisy(raised((0, 45, 90)), 0.03), ARM_M, "residual_m", "keep the elbow straight and the trunk still"),
    ],
)
def test_what_is_missing_is_named_with_what_to_do(points: Array, arm_m: float, missing: str, advice: str) -> None:
    fit = fit_shoulder(points, arm_m)
    assert not fit.accepted
    assert advice in fit.why[missing]


def test_two_clean_raises_to_the_level_of_the_shoulder_are_enough() -> None:
    fits = [fit_shoulder(noisy(raised((0, 90), 0, 90), 0.005, seed), ARM_M) for seed in range(20)]
    assert all(fit.accepted for fit in fits)
    assert max(off_m(fit) for fit in fits) < 0.03


def test_without_a_stature_any_radius_will_do() -> None:
    assert fit_shoulder(raised((0, 45, 90), arm_m=0.2)).accepted


def test_a_third_of_bent_elbows_and_some_outliers_do_not_move_the_centre() -> None:
    arm = noisy(raised((0, 45, 90)), 0.004)
    bent = np.array(SHOULDER) + (arm - SHOULDER) * np.linspace(0.8, 0.97, len(arm))[:, None]
    hand = np.concatenate([arm, bent[::2], [[0.0, 3.0, 0.0], [9.0, 1.0, 1.0]]])
    fit, straight = fit_straight(hand, (0.17, 1.42, 0.08), ARM_M)
    assert off_m(fit) < 0.01 < 0.05 < off_m(fit_shoulder(hand))
    assert fit.accepted
    assert len(straight) == pytest.approx(len(arm), rel=0.15)


def test_no_places_and_few_give_no_fit() -> None:
    for hand in (np.empty((0, 3)), raised((0,))[:4]):
        assert not fit_straight(hand, SHOULDER, ARM_M)[0].accepted


def test_a_hand_that_rests_counts_once() -> None:
    way = np.concatenate([np.linspace((0, 0, 0), (0.5, 0, 0), 500), np.full((900, 3), (0.5, 0, 0))])
    assert len(spaced(way)) == pytest.approx(50, abs=1)
    assert len(spaced(way[:1])) == 1


def off_by(*metres: float) -> Prior:
    return Prior((SHOULDER[0] + metres[0], SHOULDER[1] + metres[1], SHOULDER[2] + metres[2]), ARM_M)


def test_an_accepted_fit_is_taken_as_it_is() -> None:
    hand = noisy(raised((0, 45, 90)), 0.005)
    fit = fit_shoulder(hand, ARM_M)
    used = settled(fit, hand, off_by(0.04, 0, 0))
    assert (used.centre_m, used.radius_m) == (fit.centre_m, fit.radius_m)
    assert off_m(fit) < used.error_m < 0.03


def test_one_plane_corrects_proportions_within_it_and_leaves_them_across() -> None:
    hand = noisy(raised((0,)), 0.005)
    used = settled(fit_shoulder(hand, ARM_M), hand, off_by(0.04, 0.04, 0.04))
    right, up, ahead = np.abs(np.array(used.centre_m) - SHOULDER)
    assert max(up, ahead) < 0.02
    assert right == pytest.approx(0.04, abs=0.015)


def test_without_a_fit_proportions_remain() -> None:
    hand = np.ones((50, 3))
    prior = off_by(0.01, 0, 0)
    used = settled(fit_shoulder(hand), hand, prior)
    assert (used.centre_m, used.radius_m) == (prior.centre_m, ARM_M)
    assert used.error_m == pytest.approx(1.96 * 0.03)


def test_an_arm_that_is_bent_all_the_way_hardly_moves_proportions() -> None:
    hand = noisy(raised((0, 45, 90), arm_m=0.75 * ARM_M), 0.005)
    used = settled(fit_shoulder(hand + np.array([0.1, 0, 0]), ARM_M), hand, off_by(0, 0, 0))
    assert np.linalg.norm(np.array(used.centre_m) - SHOULDER) < 0.05
