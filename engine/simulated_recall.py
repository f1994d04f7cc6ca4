"""How truly a simulated person finds a place again without eyes."""

import math
from random import Random

from engine.frame import Vector
from engine.places import from_shoulder, seen_from_shoulder


def face_deg(from_deg: Vector, bias_deg: float, spread_deg: float, random: Random) -> Vector:
    """Where a face ends that comes back from a turn: beyond home by a bias, about."""
    far = math.hypot(*from_deg) or 1.0
    beyond = bias_deg + random.gauss(0.0, spread_deg)
    yaw, pitch, tilt = (-beyond * value / far for value in from_deg)
    return (yaw, pitch, tilt)


def hand_m(home_m: Vector, shoulder_m: Vector, bias_deg: float, spread_deg: float, random: Random) -> Vector:
    """Where a hand ends that is raised again to where it was: higher by a bias, about."""
    azimuth, elevation, radius_m = seen_from_shoulder(shoulder_m, 0.0, home_m)
    return from_shoulder(shoulder_m, 0.0, azimuth, elevation + bias_deg + random.gauss(0.0, spread_deg), radius_m)
