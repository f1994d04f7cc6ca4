"""How long somebody usual takes to get somewhere, by minimum jerk (Flash & Hogan 1985): for plans of the time."""

import math

from engine.places import HANGING_DEG

PEAK_TO_MEAN = 1.875  # speed of a minimum jerk movement
SETTLES_S = 0.15
ARRIVES = 0.72  # of the time of a way: somebody is there before they rest
REACTION_S, HAND_MPS, HEAD_DPS = 0.35, 0.75, 70.0  # peak speeds, as a simulated patient moves who is not said otherwise


def way_s(far: float, peak: float, settles_s: float = SETTLES_S) -> float:
    """The time of a way, in seconds, with a peak speed in the same unit a second, settling at its end included."""
    return PEAK_TO_MEAN * far / peak + settles_s


def comes_s(way_m: float) -> float:
    """How long a hand takes to come into somewhere after a call, in seconds: it is there before it rests."""
    return REACTION_S + ARRIVES * way_s(way_m, HAND_MPS)


def raise_s(away_m: float, elevation_deg: float) -> float:
    """How long after a call a hand that hung is at an elevation, so far from its shoulder, in seconds."""
    way_m = 2 * away_m * math.sin(math.radians(max(0.0, elevation_deg - HANGING_DEG) / 2))
    return REACTION_S + way_s(way_m, HAND_MPS, 0.0)
