"""From the runtime's views to Panda3D's matrices: one camera at the head, and a projection of it for each eye.

Panda3D culls once for both eyes when they share a camera and a lens, which saves a fifth of a frame's work.
"""

import math
import struct
from typing import NamedTuple

from panda3d.core import (
    BoundingHexahedron,
    CS_yup_right,
    CS_zup_right,
    LMatrix4f,
    LPoint3,
    LQuaternionf,
    LVecBase3f,
    LVector3f,
)

from engine.frame import Quaternion, Vector
from engine.panda.axes import to_panda, turn_to_panda

NEAR_M, FAR_M = 0.05, 400.0
VIEW = struct.Struct("<11f")
"""A view as the runtime writes it: quaternion x y z w, position, angles left right up down."""
_TO_EYE = LMatrix4f.convert_mat(CS_zup_right, CS_yup_right)
_PADDING, _PADDING_M, _WIDEST_RAD = math.sin(math.radians(3.0)), 0.05, math.radians(88.0)
_NARROWEST, _LEAST_NEAR_M, _LONGER = 0.05, 0.001, 1.1


class View(NamedTuple):
    """One eye: its pose, and the angles from its axis to its image's edges, left and down negative."""

    orientation: Quaternion
    position_m: Vector
    left_rad: float
    right_rad: float
    up_rad: float
    down_rad: float


Views = tuple[View, View]


def read_views(buffer: memoryview, starts: tuple[int, int]) -> Views | None:
    """Read both eyes from where a runtime wrote them; None when the numbers are none, or describe no eye."""
    left, right = _read(buffer, starts[0]), _read(buffer, starts[1])
    return (left, right) if _usable(left) and _usable(right) else None


def write_view(view: View, buffer: memoryview, offset: int) -> None:
    """Write a view as it was read, bit for bit."""
    VIEW.pack_into(buffer, offset, *view.orientation, *view.position_m, *view[2:])


def tangents(view: View) -> tuple[float, float, float, float]:
    """How far the left, right, upper and lower edges of an image are from its axis at a distance of one."""
    return math.tan(view.left_rad), math.tan(view.right_rad), math.tan(view.up_rad), math.tan(view.down_rad)


def projection(left: float, right: float, up: float, down: float) -> LMatrix4f:
    """The projection from eye axes (y up, -z forward) to OpenGL's clip space, from tangents of the angles."""
    wide, high, deep = right - left, up - down, FAR_M - NEAR_M
    return LMatrix4f(
        2 / wide, 0, 0, 0,
        0, 2 / high, 0, 0,
        (right + left) / wide, (up + down) / high, -(FAR_M + NEAR_M) / deep, -1,
        0, 0, -2 * FAR_M * NEAR_M / deep, 0,
    )  # fmt: skip


def pose_matrix(orientation: Quaternion, position_m: Vector) -> LMatrix4f:
    """A pose as a matrix in Panda3D's axes, from the thing's own axes to those of the space."""
    matrix = LMatrix4f()
    LQuaternionf(turn_to_panda(orientation)).extract_to_matrix(matrix)
    matrix.set_row(3, LVecBase3f(to_panda(position_m)))
    return matrix


def head_matrix(views: Views) -> LMatrix4f:
    """The camera: midway between the eyes, turned halfway between them (displays may be canted)."""
    first, second = (LQuaternionf(turn_to_panda(view.orientation)) for view in views)
    if first.dot(second) < 0:
        second = -second
    middle = first + second
    middle.normalize()
    matrix = LMatrix4f()
    middle.extract_to_matrix(matrix)
    matrix.set_row(3, (LVecBase3f(to_panda(views[0].position_m)) + to_panda(views[1].position_m)) / 2)
    return matrix


def eye_matrix(view: View, head: LMatrix4f) -> LMatrix4f:
    """The lens of one eye: from the camera's axes to the eye's clip space."""
    to_eye = _inverse(pose_matrix(view.orientation, view.position_m) * _inverse(head))
    return to_eye * _TO_EYE * projection(*tangents(view))


def cull_bounds(views: Views, head: LMatrix4f) -> BoundingHexahedron:
    """What has to be drawn, in the camera's axes: all that either eye sees, and what they may see a moment later.

    It holds both eyes when they have since moved by up to 4 cm and turned by up to 2.5 degrees, as long as no edge is
    then more than 88 degrees from the head's axis.
    """
    to_space = _inverse(head)
    corners, places = [], []
    for view in views:
        from_eye = pose_matrix(view.orientation, view.position_m) * to_space
        left, right, up, down = tangents(view)
        corners += [from_eye.xform_vec(LVector3f(x, 1, z)) for x in (left, right) for z in (up, down)]
        places.append(from_eye.get_row3(3))
    left, right = _edges(corners, 0)
    down, up = _edges(corners, 2)
    back = _PADDING_M + max(
        _PADDING_M / tangent + sign * place[axis] / tangent - place.y
        for place in places
        for tangent, sign, axis in ((left, -1, 0), (right, 1, 0), (down, -1, 2), (up, 1, 2))
    )
    far = back + _LONGER * FAR_M * max(corner.y for corner in corners)
    points = (
        LPoint3(across * depth, depth - back, upward * depth)
        for depth in (far, _LEAST_NEAR_M)
        for across, upward in ((-left, -down), (right, -down), (right, up), (-left, up))
    )
    return BoundingHexahedron(*points)


def _read(buffer: memoryview, start: int) -> View:
    numbers = VIEW.unpack_from(buffer, start)
    return View(numbers[0:4], numbers[4:7], *numbers[7:11])


def _usable(view: View) -> bool:
    x, y, z, w = view.orientation
    turned = x * x + y * y + z * z + w * w
    numbers = math.isfinite(turned + sum(view.position_m) + sum(view[2:]))
    return numbers and turned > 0.5 and view.left_rad < view.right_rad and view.up_rad != view.down_rad


def _edges(corners: list[LVecBase3f], axis: int) -> tuple[float, float]:
    """How far directions, each turned a little any way, reach to both sides of straight ahead at a distance of one."""
    low = high = 0.0
    for corner in corners:
        flat = math.hypot(corner[axis], corner.y) / corner.length()
        more = math.asin(min(1.0, _PADDING / max(flat, _PADDING)))  # a turn shows more the farther it is above or below
        angle = math.atan2(corner[axis], corner.y)
        low, high = min(low, angle - more), max(high, angle + more)
    return max(_NARROWEST, math.tan(min(_WIDEST_RAD, -low))), max(_NARROWEST, math.tan(min(_WIDEST_RAD, high)))


def _inverse(matrix: LMatrix4f) -> LMatrix4f:
    inverse = LMatrix4f()
    inverse.invert_from(matrix)
    return inverse
