"""What turns, and what is turned: held to scipy's rotations, which take longer."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from engine.metrics import turning

ANGLES = st.floats(-1.7, 1.7)
vectors = arrays(float, st.tuples(st.integers(1, 9), st.just(3)), elements=ANGLES)
one = st.tuples(ANGLES, ANGLES, ANGLES)
signs = st.sampled_from((-1.0, 1.0))
rounded = st.floats(0.999, 1.001)


@settings(deadline=None)
@given(one, vectors, signs, rounded)
def test_how_far_a_head_turned_is_what_scipy_says(
    neutral: tuple[float, ...], turns: np.ndarray, sign: float, length: float
) -> None:
    first, later = Rotation.from_rotvec(neutral), Rotation.from_rotvec(turns)
    found = turning.turned_deg(first, sign * length * later.as_quat())
    expected = first.inv() * later
    short = np.linalg.norm(found, axis=1) < 179.99  # a half turn is one to either side
    assert np.allclose(found[short], np.degrees(expected.as_rotvec())[short], rtol=0, atol=1e-9)


def test_a_head_that_did_not_turn_has_turned_by_nothing() -> None:
    still = np.tile((0.0, 0.0, 0.0, 1.0), (3, 1))
    assert turning.turned_deg(Rotation.identity(), still).tolist() == [[0.0, 0.0, 0.0]] * 3


@settings(deadline=None)
@given(one, vectors, signs, rounded)
def test_a_vector_is_turned_as_scipy_turns_it(
    vector: tuple[float, float, float], turns: np.ndarray, sign: float, length: float
) -> None:
    rotation = Rotation.from_rotvec(turns)
    found = turning.turned(sign * length * rotation.as_quat(), vector)
    assert np.allclose(found, rotation.apply(vector), rtol=0, atol=1e-12)
