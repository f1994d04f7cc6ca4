"""OpenXR axes (y up, -z forward) to and from Panda3D axes (z up, y forward). No other file knows of both."""

from panda3d.core import LPoint3, LQuaternion, LVecBase3

from engine.frame import Quaternion, Vector


def to_panda(vector: Vector) -> LPoint3:
    """A place or direction in Panda3D axes; neither scale nor handedness changes."""
    x, y, z = vector
    return LPoint3(x, -z, y)


def from_panda(point: LVecBase3) -> Vector:
    """The inverse of `to_panda`."""
    return (point.x, point.z, -point.y)


def turn_to_panda(orientation: Quaternion) -> LQuaternion:
    """An orientation (x, y, z, w) as Panda3D's (w, x, y, z) in its own axes."""
    x, y, z, w = orientation
    return LQuaternion(w, x, -z, y)


def turn_from_panda(turn: LQuaternion) -> Quaternion:
    """The inverse of `turn_to_panda`."""
    return (turn.get_i(), turn.get_k(), -turn.get_j(), turn.get_r())
