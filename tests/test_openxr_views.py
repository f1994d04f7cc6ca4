"""The eyes' projections and what is culled for them: true of any head, any pair of eyes and any edges."""

import math
import random
import struct
from collections.abc import Iterator

import pytest

pytest.importorskip("panda3d.core", reason="Panda3D is not installed")

from panda3d.core import BoundingVolume, LMatrix4f, LPoint3, LVecBase4f

from engine.frame import UPRIGHT, Quaternion, Vector, rotate
from engine.openxr.views import (
    FAR_M,
    NEAR_M,
    VIEW,
    View,
    Views,
    cull_bounds,
    eye_matrix,
    head_matrix,
    projection,
    read_views,
    write_view,
)
from engine.panda.axes import to_panda

STRAIGHT = View(UPRIGHT, (0.0, 0.0, 0.0), -0.8, 0.8, 0.8, -0.8)
CASES = range(40)


def times(first: Quaternion, second: Quaternion) -> Quaternion:
    """The turn that does the second, then the first."""
    x, y, z, w = first
    a, b, c, d = second
    return (
        w * a + x * d + y * c - z * b,
        w * b - x * c + y * d + z * a,
        w * c + x * b - y * a + z * d,
        w * d - x * a - y * b - z * c,
    )


def turn(chance: random.Random, most_rad: float) -> Quaternion:
    """A turn by at most so much about any axis."""
    axis = [chance.gauss(0, 1) for _ in range(3)]
    half = chance.uniform(0, most_rad) / 2
    x, y, z = (part / math.hypot(*axis) * math.sin(half) for part in axis)
    return x, y, z, math.cos(half)


def plus(first: Vector, second: Vector) -> Vector:
    return first[0] + second[0], first[1] + second[1], first[2] + second[2]


def pair(chance: random.Random, widest_rad: float, most_turned_rad: float) -> Views:
    """Two eyes of a head that is anywhere: canted, and with edges that differ on all sides."""
    head_m, head = tuple(chance.uniform(-3, 3) for _ in range(3)), turn(chance, math.pi)
    views = []
    for side in (-1, 1):
        place = (side * chance.uniform(0.02, 0.04), chance.uniform(-0.01, 0.01), chance.uniform(-0.02, 0.02))
        left, right, up, down = (chance.uniform(0.4, widest_rad) for _ in range(4))
        canted = times(head, turn(chance, most_turned_rad))
        views.append(View(canted, plus(head_m, rotate(head, place)), -left, right, up, -down))
    return views[0], views[1]


def seen(view: View, chance: random.Random) -> Iterator[Vector]:
    """Places in an eye's image, its corners among them, near and far."""
    for across in (0.0, 1.0, chance.random()):
        for upward in (0.0, 1.0, chance.random()):
            x = math.tan(view.left_rad) * (1 - across) + math.tan(view.right_rad) * across
            y = math.tan(view.down_rad) * (1 - upward) + math.tan(view.up_rad) * upward
            for away_m in (NEAR_M, 1.0, 0.99 * FAR_M):
                yield plus(view.position_m, rotate(view.orientation, (x * away_m, y * away_m, -away_m)))


def in_axes_of(head: LMatrix4f, place: Vector) -> LPoint3:
    inverse = LMatrix4f()
    inverse.invert_from(head)
    return inverse.xform_point(to_panda(place))


def moved(view: View, chance: random.Random) -> View:
    """An eye a moment later."""
    place = tuple(chance.uniform(-0.023, 0.023) for _ in range(3))
    return view._replace(
        orientation=times(turn(chance, math.radians(2.5)), view.orientation), position_m=plus(view.position_m, place)
    )


@pytest.mark.parametrize("seed", CASES)
def test_what_is_culled_for_both_eyes_holds_all_that_each_of_them_sees(seed: int) -> None:
    chance = random.Random(seed)
    views = pair(chance, math.radians(62), math.radians(12))
    head = head_matrix(views)
    bounds = cull_bounds(views, head)
    for view in (*views, *(moved(view, chance) for view in views)):
        places = [in_axes_of(head, place) for place in seen(view, chance)]
        assert all(bounds.contains(place) & BoundingVolume.IF_possible for place in places)


@pytest.mark.parametrize("seed", CASES)
def test_what_is_culled_for_both_eyes_is_not_much_more_than_they_see(seed: int) -> None:
    chance = random.Random(seed)
    views = pair(chance, math.radians(50), math.radians(5))
    bounds = cull_bounds(views, head_matrix(views))
    widest = math.tan(max(abs(angle) for view in views for angle in view[2:]) + math.radians(30))
    beside = [(1.5 * widest, 1, 0), (-1.5 * widest, 1, 0), (0, 1, 1.5 * widest), (0, 1, -1.5 * widest), (0, -0.3, 0)]
    assert not any(bounds.contains(LPoint3(*place)) & BoundingVolume.IF_possible for place in beside)


@pytest.mark.parametrize("seed", CASES)
def test_an_eye_sees_a_place_where_the_definition_of_a_view_puts_it(seed: int) -> None:
    chance = random.Random(seed)
    views = pair(chance, math.radians(55), math.radians(12))
    head = head_matrix(views)
    for view in views:
        x, y, away_m = chance.uniform(-0.3, 0.3), chance.uniform(-0.3, 0.3), chance.uniform(0.3, 5)
        place = plus(view.position_m, rotate(view.orientation, (x * away_m, y * away_m, -away_m)))
        at = eye_matrix(view, head).xform(LVecBase4f(in_axes_of(head, place), 1))
        left, right, up, down = (math.tan(angle) for angle in view[2:])
        assert at.x / at.w == pytest.approx(2 * (x - left) / (right - left) - 1, abs=1e-4)
        assert at.y / at.w == pytest.approx(2 * (y - down) / (up - down) - 1, abs=1e-4)
        assert at.w == pytest.approx(away_m, rel=1e-4)


@pytest.mark.parametrize(("away_m", "depth"), [(NEAR_M, -1.0), (FAR_M, 1.0)])
def test_depth_runs_from_the_near_plane_to_the_far_one(away_m: float, depth: float) -> None:
    at = projection(-1.0, 1.0, 1.0, -1.0).xform(LVecBase4f(0, 0, -away_m, 1))
    assert at.z / at.w == pytest.approx(depth, abs=1e-4)


def test_the_head_is_between_the_eyes_however_their_turns_are_signed() -> None:
    left = STRAIGHT._replace(position_m=(-0.03, 1.6, 0.0))
    right = STRAIGHT._replace(position_m=(0.03, 1.6, 0.0), orientation=(0.0, 0.0, 0.0, -1.0))
    head = head_matrix((left, right))
    assert tuple(head.get_row3(3)) == pytest.approx((0.0, 0.0, 1.6))
    assert tuple(head.get_row3(1)) == pytest.approx((0.0, 1.0, 0.0))


@pytest.mark.parametrize("seed", CASES)
def test_views_are_written_as_they_were_read_bit_for_bit(seed: int) -> None:
    chance = random.Random(seed)
    given = bytearray(struct.pack("<8x11f9x11f", *(chance.uniform(-1, 1) for _ in range(22))))
    struct.pack_into("<6f", given, 8 + 28, -0.5, 0.5, 0.5, -0.5, 0.0, 0.0)
    left, right = (View(*_grouped(VIEW.unpack_from(given, start))) for start in (8, 61))
    written = bytearray(len(given))
    write_view(left, memoryview(written), 8)
    write_view(right, memoryview(written), 61)
    assert written[8:52] + written[61:] == given[8:52] + given[61:]


def _grouped(numbers: tuple[float, ...]) -> tuple[object, ...]:
    return numbers[0:4], numbers[4:7], *numbers[7:]


def buffer(view: View) -> memoryview:
    """Twice the same eye, as a runtime writes it."""
    made = memoryview(bytearray(2 * VIEW.size))
    write_view(STRAIGHT, made, 0)
    write_view(view, made, VIEW.size)
    return made


@pytest.mark.parametrize(
    "wrong",
    [
        {"position_m": (0.0, math.nan, 0.0)},
        {"position_m": (math.inf, 0.0, 0.0)},
        {"orientation": (0.0, 0.0, 0.0, 0.0)},
        {"orientation": (0.0, math.nan, 0.0, 1.0)},
        {"left_rad": 0.8},
        {"left_rad": math.nan},
        {"up_rad": -0.8},
    ],
)
def test_numbers_that_describe_no_eye_are_not_taken(wrong: dict[str, object]) -> None:
    assert read_views(buffer(STRAIGHT), (0, VIEW.size)) is not None
    assert read_views(buffer(STRAIGHT._replace(**wrong)), (0, VIEW.size)) is None
