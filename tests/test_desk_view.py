"""The window of a desk: nothing that a person looks at lies under the help."""

import pytest

pytest.importorskip("panda3d.core", reason="Panda3D is not installed: pip install steadyreach[panda]")

from panda3d.core import Point2, Point3

from engine.panda.desk_view import MOST_COVERED, View
from engine.panda.pointer import ray


def fitted(size: tuple[int, int], covered: float) -> View:
    view = View()
    view.fit(size, covered, 10.0)
    return view


def seen_at(view: View, way) -> tuple[float, float]:
    """Where in the whole window a direction is seen."""
    x, y, z = way
    at = Point2()
    assert view.lens.project(Point3(x, -z, y), at)
    return (at.x, at.y)


@pytest.mark.parametrize("size", [(1280, 800), (640, 480), (400, 700)])
@pytest.mark.parametrize("covered", [0.0, 0.1, 0.3])
def test_straight_ahead_is_the_middle_of_what_is_free(size: tuple[int, int], covered: float):
    assert seen_at(fitted(size, covered), (0.0, 0.0, -1.0)) == pytest.approx((0.0, -covered), abs=1e-5)


@pytest.mark.parametrize("size", [(1280, 800), (400, 700)])
@pytest.mark.parametrize("mouse", [(0.0, 0.0), (-0.5, -0.9), (0.7, 0.4)])
def test_a_mouse_points_at_what_is_drawn_under_it(size: tuple[int, int], mouse):
    view = fitted(size, 0.2)
    assert seen_at(view, ray(view.in_view(mouse), view.aspect)) == pytest.approx(mouse, abs=1e-5)


def test_a_mouse_on_the_help_is_at_the_top_and_one_elsewhere_is_nowhere():
    view = fitted((1280, 800), 0.2)
    assert view.in_view((0.1, 0.95)) == (0.1, 1.0)
    assert view.in_view(None) is None


def test_the_picture_makes_room_little_by_little_and_never_for_more_than_a_third():
    view = View()
    view.fit((1280, 800), 0.9, 0.1)
    assert 0 < -seen_at(view, (0.0, 0.0, -1.0))[1] < 0.05
    view.fit((1280, 800), 0.9, 10.0)
    assert -seen_at(view, (0.0, 0.0, -1.0))[1] == pytest.approx(MOST_COVERED, abs=1e-5)


def test_a_window_that_is_minimised_changes_nothing():
    view = fitted((1280, 800), 0.1)
    view.fit((0, 0), 0.3, 1.0)
    assert view.aspect == pytest.approx(1280 / 720)
