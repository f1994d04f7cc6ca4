"""From the runtime's views to Panda3D's matrices: one camera at the head, one lens for both eyes.

Panda3D culls once for both eyes when they share a camera and a lens, which saves a fifth of a frame's work.
"""

import math
import struct
from typing import NamedTuple

from panda3d.core import CS_yup_right, CS_zup_right, LMatrix4f, LQuaternionf, LVecBase3f

from engine.frame import Quaternion, Vector
from engine.panda.axes import to_panda, turn_to_panda

NEAR_M, FAR_M = 0.05, 400.0
_VIEW = struct.Struct("<11f")  # quaternion x y z w, position, angles left right up down
_TO_EYE = LMatrix4f.convert_mat(CS_zup_right, CS_yup_right)
_PADDING_RAD, _PADDING_M, _WIDEST_RAD = math.radians(3.0), 0.05, math.radians(85.0)


class View(NamedTuple):
    """One eye: its pose, and the angles from its axis to its image's edges, left and down negative."""

    orientation: Quaternion
    position_m: Vector
    left_rad: float
    right_rad: float
    up_rad: float
    down_rad: float


def read_view(buffer: memoryview, offset: int) -> View:
    """Read a view from where the runtime wrote its pose and field of view."""
    numbers = _VIEW.unpack_from(buffer, offset)
    return View(numbers[0:4], numbers[4:7], *numbers[7:11])


def projection(left: float, right: float, up: float, down: float, near_m: float = NEAR_M) -> LMatrix4f:
    """The projection from eye axes (y up, -z forward) to OpenGL's clip space, from tangents of the angles."""
    wide, high, deep = right - left, up - down, FAR_M - near_m
    return LMatrix4f(
        2 / wide, 0, 0, 0,
        0, 2 / high, 0, 0,
        (right + left) / wide, (up + down) / high, -(FAR_M + near_m) / deep, -1,
        0, 0, -2 * FAR_M * near_m / deep, 0,
    )  # fmt: skip


def pose_matrix(orientation: Quaternion, position_m: Vector) -> LMatrix4f:
    """A pose as a matrix in Panda3D's axes, from the thing's own axes to those of the space."""
    matrix = LMatrix4f()
    LQuaternionf(turn_to_panda(orientation)).extract_to_matrix(matrix)
    matrix.set_row(3, LVecBase3f(to_panda(position_m)))
    return matrix


def head_matrix(views: tuple[View, View]) -> LMatrix4f:
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
    from_head = pose_matrix(view.orientation, view.position_m) * _inverse(head)
    tangents = (math.tan(angle) for angle in view[2:])
    return _inverse(from_head) * _TO_EYE * projection(*tangents)


def cull_matrix(views: tuple[View, View], head: LMatrix4f) -> LMatrix4f:
    """A lens at the head that sees all that either eye sees, and a little more: used only for culling.

    It is wide enough for the widest edge of both, and pulled back until both eyes are inside.
    """
    from_head = [pose_matrix(view.orientation, view.position_m) * _inverse(head) for view in views]
    canted = max(math.acos(min(1.0, abs(matrix.get_row3(1).y))) for matrix in from_head)
    apart_m = max(LVecBase3f(matrix.get_row3(3)).length() for matrix in from_head)
    widest = max(abs(angle) for view in views for angle in view[2:])
    tangent = math.tan(min(_WIDEST_RAD, widest + canted + _PADDING_RAD))
    back_m = (apart_m + _PADDING_M) / tangent
    pulled_back = LMatrix4f.translate_mat(0, back_m, 0)
    return pulled_back * _TO_EYE * projection(-tangent, tangent, tangent, -tangent)


def _inverse(matrix: LMatrix4f) -> LMatrix4f:
    inverse = LMatrix4f()
    inverse.invert_from(matrix)
    return inverse
