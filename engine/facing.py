"""Where a face points, as somebody would say it: turned to the right, raised, laid over to the right."""

import math

from engine.body import Body
from engine.frame import Quaternion, Vector, forward, inverse, rotate, times

_POLE = 0.999  # of straight up or down: from there on nobody can tell which way a face is turned


def face_deg(orientation: Quaternion, neutral: Quaternion) -> Vector:
    """A head's turn to the right, raise and tilt to the right from neutral, in degrees, taken in this order.

    Turn and raise are those of the direction the face points to in the axes of the neutral head; the tilt is about it.
    """
    turned = times(inverse(neutral), orientation)
    x, y, z = forward(turned)
    level = min(1.0, max(-1.0, y))
    yaw = math.degrees(math.atan2(x, -z)) if abs(level) < _POLE else 0.0
    _, right_y, _ = rotate(turned, (1.0, 0.0, 0.0))
    _, up_y, _ = rotate(turned, (0.0, 1.0, 0.0))
    return (yaw, math.degrees(math.asin(level)), math.degrees(math.atan2(-right_y, up_y)))


def facing_deg(body: Body) -> Vector:
    """Where the face of a body points, from how it is turned when nothing is asked; see `face_deg`."""
    return face_deg(body.frame.head.orientation, body.person.head_q)


def apart_deg(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The angle between two directions that are given as turn to the right and raise."""
    (yaw_a, up_a), (yaw_b, up_b) = ((math.radians(yaw), math.radians(up)) for yaw, up in (a, b))
    cosine = math.sin(up_a) * math.sin(up_b) + math.cos(up_a) * math.cos(up_b) * math.cos(yaw_a - yaw_b)
    return math.degrees(math.acos(min(1.0, max(-1.0, cosine))))
