"""Several reaches against closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from engine.metrics.aiming import EndpointSpread, endpoint_spread
from engine.metrics.definition import NotMeasurable, definitions

TARGET = np.array([0.0, 1.2, -0.4])
MISSED = np.array([[0.01, 0, 0], [-0.01, 0, 0], [0, 0.01, 0], [0, -0.01, 0], [0, 0, 0.01], [0, 0, -0.01]])
START = np.zeros((6, 3))


def test_a_scatter_around_the_target_has_no_constant_error() -> None:
    found = endpoint_spread(TARGET + MISSED, TARGET)
    assert (found.constant_m, found.distance_m) == pytest.approx((0, 0.01), abs=1e-12)
    assert found.variable_m == pytest.approx(math.sqrt(6 * 0.01**2 / 5))


def test_a_bias_is_constant_error_and_no_scatter() -> None:
    found = endpoint_spread(TARGET + MISSED + (0, 0.03, 0), TARGET)
    assert found.constant_m == pytest.approx(0.03)
    assert found.variable_m == pytest.approx(endpoint_spread(TARGET + MISSED, TARGET).variable_m)


def test_throughput_is_effective_difficulty_over_movement_time() -> None:
    ends = np.array([[0, 0, -0.4 - x] for x in (-0.01, 0.0, 0.01)])
    found = endpoint_spread(ends, (0, 0, -0.4), np.zeros((3, 3)), [0.5, 0.6, 0.7])
    assert found.throughput_bps == pytest.approx(math.log2(0.4 / (4.133 * 0.01) + 1) / 0.6)
    assert not found.why


@settings(max_examples=30)
@given(turn=st.tuples(*[st.floats(-3, 3)] * 3), shift=st.tuples(*[st.floats(-5, 5)] * 3), times=st.floats(0.5, 2))
def test_the_room_changes_nothing_and_size_scales(
    turn: tuple[float, ...], shift: tuple[float, ...], times: float
) -> None:
    def placed(places: np.ndarray) -> np.ndarray:
        return times * Rotation.from_rotvec(turn).apply(places) + shift

    here = endpoint_spread(TARGET + MISSED, TARGET, START, np.full(6, 0.8))
    there = endpoint_spread(placed(TARGET + MISSED), placed(TARGET), placed(START), np.full(6, 0.8))
    assert there.variable_m == pytest.approx(times * here.variable_m)
    assert there.distance_m == pytest.approx(times * here.distance_m)
    assert there.throughput_bps == pytest.approx(here.throughput_bps)


def test_what_cannot_be_said_has_its_reason() -> None:
    assert set(endpoint_spread(MISSED[:2], TARGET).why) == set(definitions(EndpointSpread))
    alone = endpoint_spread(TARGET + MISSED, TARGET)
    same = endpoint_spread(np.tile(TARGET, (6, 1)), TARGET, START, np.ones(6))
    there = endpoint_spread(TARGET + MISSED, TARGET, np.tile(TARGET, (6, 1)), np.ones(6))
    assert alone.why == {"throughput_bps": "it needs the starts and the movement times"}
    assert same.why == {"throughput_bps": "all reaches ended in the same place"}
    assert there.why == {"throughput_bps": "a reach began in its target"}


@pytest.mark.parametrize(
    "arguments",
    [
        (MISSED[:, :2], TARGET),
        (MISSED, TARGET[:2]),
        (MISSED, MISSED[:3]),
        (np.full((6, 3), np.nan), TARGET),
        (MISSED, TARGET, START, np.zeros(6)),
        (MISSED, TARGET, START, np.ones(5)),
    ],
)
def test_nonsense_is_refused(arguments: tuple[np.ndarray, ...]) -> None:
    with pytest.raises(NotMeasurable):
        endpoint_spread(*arguments)
