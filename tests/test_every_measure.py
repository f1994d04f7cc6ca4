"""What holds for every measure: how numbers are kept, where room and clock begin, units, frame rates, and nonsense."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measures import BALL, CASES, HAND_M, HEAD_Q, RISES_M, SPEED_MPS, SWAY_M, TIME_S, Case, numbers
from scipy.spatial.transform import Rotation

from calibration.arm import fit_shoulder
from engine.metrics import balance, range_of_motion, reaching, signals, smoothness
from engine.metrics.definition import NotMeasurable

PLACES = {
    *("position_m", "target_m", "endpoint_m", "start_m", "left_m", "right_m", "hand_m", "trunk_m", "lifted_m"),
    *("standing_m", "head_m", "joints_m"),
}
LENGTHS = {
    *PLACES,
    *("line_m", "ml_m", "ap_m", "values_m", "boundary_m", "points_m", "distance_m", "arm_m", "upper_arm_m"),
    *("forearm_m", "values"),
}
ABSOLUTE = {  # measures with a threshold in metres or metres a second in their definition
    *("plane_dynamics", "single_leg_time", "tandem_time", "stance_time_by_head", "sit_to_stand", "reach", "bimanual"),
    *("dose", "summary"),
}
KEPT: Mapping[str, Callable[[np.ndarray], Any]] = {
    "list": lambda x: x.tolist(),
    "objects": lambda x: x.astype(object),
    "every other of more": lambda x: np.repeat(x, 2, axis=0)[::2],
    "columns together": np.asfortranarray,
    "single precision": lambda x: x.astype(np.float32),
}
both = pytest.mark.parametrize("name", CASES)


def arrays(case: Case) -> dict[str, np.ndarray]:
    return {name: value for name, value in case.given.items() if isinstance(value, np.ndarray)}


def kept_as(case: Case, keep: Callable[[np.ndarray], Any]) -> dict[str, Any]:
    return {name: keep(value) for name, value in arrays(case).items()}


def test_the_measures_that_others_call_are_called_by_place() -> None:
    q, (x, y, z) = HEAD_Q.astype(np.float32), HAND_M[-1]
    assert balance.sway(SWAY_M[:, 0].astype(np.float32), SWAY_M[:, 1].astype(np.float32), 100).path_m > 0
    assert smoothness.sparc(SPEED_MPS, 90) > smoothness.ldlj(SPEED_MPS, 90)
    assert range_of_motion.neck(q, TIME_S + 1e6, q[0]).extension_deg == pytest.approx(40, abs=0.5)
    assert reaching.reach(HAND_M, TIME_S + 1e6, (x, y, z), 1e6 + 0.5).endpoint_error_m < 1e-3
    assert fit_shoulder(BALL).accepted


@both
def test_a_good_case_is_measured(name: str) -> None:
    found = CASES[name].but()
    assert found
    assert sum(map(math.isnan, found.values())) <= len(found) // 2


@both
@pytest.mark.parametrize("keep", KEPT)
def test_how_numbers_are_kept_changes_no_measure(name: str, keep: str) -> None:
    case = CASES[name]
    kept = kept_as(case, KEPT[keep])
    same = {argument: np.asarray(value, float) for argument, value in kept.items()}
    assert case.but(**kept) == pytest.approx(case.but(**same), rel=1e-9, abs=1e-12, nan_ok=True)


@both
def test_what_is_given_is_not_changed(name: str) -> None:
    case = CASES[name]
    frozen = kept_as(case, np.copy)
    for value in frozen.values():
        value.setflags(write=False)
    assert case.but(**frozen) == pytest.approx(case.but(), nan_ok=True)
    assert all(np.array_equal(value, case.given[argument]) for argument, value in frozen.items())


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "time_s" in case.given])
@pytest.mark.parametrize("later_s", [-1e6, 1e6, 1.7e9])
def test_when_the_clock_began_changes_no_measure(name: str, later_s: float) -> None:
    case = CASES[name]
    then = {k: value + later_s for k, value in case.given.items() if k in ("time_s", "cue_s", "start_s")}
    assert case.but(**then) == pytest.approx(case.but(), rel=1e-4, abs=1e-4, nan_ok=True)


def elsewhere(case: Case, yaw_deg: float, shift_m: tuple[float, float, float]) -> dict[str, Any]:
    """What is given, in a room that is turned about the vertical and begins elsewhere."""
    turn = Rotation.from_rotvec((0.0, -yaw_deg, 0.0), degrees=True)
    there: dict[str, Any] = {}
    for name, value in case.given.items():
        if name in PLACES and isinstance(value, np.ndarray):
            there[name] = turn.apply(value.reshape(-1, 3)).reshape(value.shape) + shift_m
        elif name == "line_m":
            there[name] = turn.apply(value)
        elif name.endswith("_xyzw"):
            there[name] = (turn * Rotation.from_quat(value)).as_quat()
        elif name == "facing_deg":
            there[name] = value + yaw_deg
    return there


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if elsewhere(case, 0.0, (0.0, 0.0, 0.0))])
@given(yaw_deg=st.floats(-180, 180), shift_m=st.tuples(*[st.floats(-5, 5)] * 3))
@settings(max_examples=10, deadline=None)
def test_where_the_room_begins_and_faces_changes_no_measure(
    name: str, yaw_deg: float, shift_m: tuple[float, float, float]
) -> None:
    case = CASES[name]
    there = case.but(**elsewhere(case, yaw_deg, shift_m))
    assert there == pytest.approx(case.but(), rel=1e-6, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("name", [name for name in CASES if name not in ABSOLUTE])
@given(times=st.floats(0.2, 5))
@settings(max_examples=10, deadline=None)
def test_measures_scale_as_their_units_say(name: str, times: float) -> None:
    case = CASES[name]
    larger = {argument: times * value for argument, value in case.given.items() if argument in LENGTHS}
    found = numbers(case.measure(**{**case.given, **larger}), per=times)
    assert found == pytest.approx(case.but(), rel=1e-6, abs=1e-9, nan_ok=True)


def at_another_rate(case: Case, rate_hz: float) -> dict[str, Any]:
    """What is given frame by frame, at other frames on straight lines and shortest arcs between those that are."""
    frames = {name: value for name, value in arrays(case).items() if len(value) in (len(TIME_S), len(RISES_M))}
    time_s = case.given.get("time_s", TIME_S)
    at_s = np.arange(time_s[0], time_s[-1], 1 / rate_hz)
    columns = {name: value.reshape(len(value), -1) for name, value in frames.items()}
    return {
        name: signals.rotations_at(time_s, value, at_s)
        if name.endswith("_xyzw")
        else np.stack([np.interp(at_s, time_s, column) for column in value.T], axis=1).reshape(
            len(at_s), *frames[name].shape[1:]
        )
        for name, value in columns.items()
    }


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if at_another_rate(case, 100.0)])
@pytest.mark.parametrize("rate_hz", [72.0, 120.0, 144.0])
def test_the_frame_rate_changes_a_measure_by_less_than_two_percent(name: str, rate_hz: float) -> None:
    case = CASES[name]
    there = case.but(**at_another_rate(case, rate_hz))
    assert there == pytest.approx(case.but(), rel=0.02, abs=0.01, nan_ok=True)


def spoilt(values: np.ndarray, value: Any) -> np.ndarray:
    """The same with one of them another."""
    other = values.astype(object if isinstance(value, str) else np.result_type(values, value))
    other.flat[other.size // 2] = value
    return other


NEVER: Mapping[str, Callable[[np.ndarray], Any]] = {
    "infinite": lambda x: spoilt(x.astype(float), math.inf),
    "minus infinite": lambda x: spoilt(x.astype(float), -math.inf),
    "larger than anything": lambda x: spoilt(x.astype(float), 1e160),
    "complex": lambda x: x + 1j,
    "a word": lambda x: spoilt(x, "word"),
    "words": lambda x: np.full(x.shape, "word"),
    "ragged": lambda x: [x[:1].tolist(), [x.tolist()]],
    "of more axes": lambda x: x[..., None],
}


@pytest.mark.parametrize(("name", "argument"), [(name, key) for name, case in CASES.items() for key in arrays(case)])
@pytest.mark.parametrize("kind", NEVER)
def test_what_can_never_be_is_refused(name: str, argument: str, kind: str) -> None:
    case = CASES[name]
    with pytest.raises(NotMeasurable, match=r"\w+ \w+"):
        case.but(**{argument: NEVER[kind](case.given[argument])})


def told(name: str, **others: Any) -> Mapping[str, float]:
    """Numbers, each of them finite or nan for a reason that is given; none where the measure refused."""
    try:
        found = CASES[name].measure(**{**CASES[name].given, **others})
    except NotMeasurable:
        return {}
    values = numbers(found)
    assert not any(map(math.isinf, values.values()))
    if hasattr(found, "why"):
        assert {key for key, value in values.items() if math.isnan(value)} <= set(found.why)
    return values


@pytest.mark.parametrize(
    ("name", "argument"),
    [(name, key) for name, case in CASES.items() for key in arrays(case) if key not in case.unseen],
)
def test_where_nan_does_not_stand_for_the_unseen_it_is_refused(name: str, argument: str) -> None:
    with pytest.raises(NotMeasurable):
        CASES[name].but(**{argument: spoilt(CASES[name].given[argument], math.nan)})


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.unseen])
def test_of_what_was_never_seen_there_is_no_number(name: str) -> None:
    case = CASES[name]
    found = told(name, **{argument: np.full_like(case.given[argument], np.nan) for argument in case.unseen})
    assert {key for key, value in found.items() if not math.isnan(value)} <= {"seen_percent", "repetitions", "0 n"}


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if "time_s" in case.given])
def test_times_that_fall_are_refused_or_put_in_order(name: str) -> None:
    case = CASES[name]
    backwards = np.random.default_rng(0).permutation(len(case.given["time_s"]))
    frames = {key: value[backwards] for key, value in arrays(case).items() if len(value) == len(backwards)}
    found = told(name, **frames)
    assert not found or found == pytest.approx(case.but(), rel=1e-6, abs=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("name", "argument"),
    [(name, key) for name, case in CASES.items() for key, value in case.given.items() if isinstance(value, float)],
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_a_number_that_can_never_be_is_refused(name: str, argument: str, value: float) -> None:
    with pytest.raises(NotMeasurable):
        CASES[name].but(**{argument: value})


@pytest.mark.parametrize(
    ("name", "argument"),
    [(name, key) for name, case in CASES.items() for key in ("side", "name") if key in case.given],
)
def test_a_side_or_finger_that_nobody_has_is_refused(name: str, argument: str) -> None:
    with pytest.raises(NotMeasurable, match="not 'Right'"):
        CASES[name].but(**{argument: "Right"})


LITTLE: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "none": lambda x: x[:0],
    "one": lambda x: x[:1],
    "two": lambda x: x[:2],
    "three": lambda x: x[:3],
    "seven": lambda x: x[:7],
    "still": lambda x: np.repeat(x[:1], len(x), axis=0),
    "nothing": np.zeros_like,
    "tiny": lambda x: 1e-200 * x,
    "whole": np.round,
    "flags": lambda x: x > 0,
    "unseen": lambda x: np.full_like(x, np.nan),
}


@pytest.mark.parametrize("kind", LITTLE)
@both
def test_of_little_there_are_numbers_with_reasons_or_none(name: str, kind: str) -> None:
    case = CASES[name]
    told(name, **kept_as(case, LITTLE[kind]))
    for argument, value in arrays(case).items():
        told(name, **{argument: LITTLE[kind](value)})
