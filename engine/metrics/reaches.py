"""The reaches that are found in a stretch of movement of which nobody said when they began: from rest to rest."""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from engine.metrics.balance import RATE_HZ
from engine.metrics.definition import definitions
from engine.metrics.reach_measures import Reach
from engine.metrics.reaching import reach
from engine.metrics.signals import low_passed, speed, uniform
from engine.metrics.stretches import seconds, stretches
from engine.motion import Array, Motion
from engine.records import Measured

CUT_OFF_HZ = 10.0
REST_MPS = 0.05  # hands in play are never as still as in a test
LEAST_WAY_M, LEAST_S, MARGIN_S = 0.10, 0.2, 0.15
LEAST_SEEN_S, LEAST_FRAMES = 1.0, 20
WITHOUT_TARGET = (
    *("movement_s", "peak_speed_mps", "time_to_peak_percent", "movement_units", "displacement_m"),
    *("path_ratio", "deviation_share", "smoothness_sparc", "smoothness_ldlj"),
)


class Found(NamedTuple):
    """One movement of a hand, its frames, and its measures: where `movement_s` is nan, `why` says for what reason."""

    motion: Motion
    reach: Reach

    @property
    def whole(self) -> bool:
        """Whether it was seen from its beginning to its end."""
        return math.isfinite(self.reach.movement_s)


def reaches(motion: Motion, side: str) -> list[Found]:
    """The movements of a hand, from rest to rest, 10 cm or more, in each stretch in which it was seen for 1 s or more.

    The hand aims at where it was last seen, 0.15 s after it came to rest at the latest.
    """
    found = []
    for stretch in stretches(motion, side):
        if len(stretch.time_s) < LEAST_FRAMES or seconds(stretch) < LEAST_SEEN_S:
            continue
        for start_s, stop_s in moving(stretch.time_s, stretch.hand_m(side)):
            first, last = np.searchsorted(stretch.time_s, (start_s - MARGIN_S, stop_s + MARGIN_S))
            part = stretch.cut(int(first), int(last))
            place_m = part.hand_m(side)
            found.append(Found(part, reach(place_m, part.time_s, place_m[-1], float(part.time_s[0]))))
    return found


def medians(found: list[Found]) -> Mapping[str, Measured]:
    """The median of each measure that a movement without a target has."""
    kinds, values = definitions(Reach), {}
    for name in WITHOUT_TARGET:
        each = [value for _, one in found if math.isfinite(value := getattr(one, name))]
        note = f"median of {len(each)}"
        unit = kinds[name].unit
        values[name] = Measured(round(float(np.median(each)), 6) if each else None, unit, None, note)
    return values


def moving(time_s: Array, place_m: Array) -> Iterator[tuple[float, float]]:
    """When a hand that was always seen moved, from rest to rest: beginnings and ends."""
    steady_s, steady_m = uniform(time_s, place_m, RATE_HZ)
    smooth_m = low_passed(steady_m, RATE_HZ, CUT_OFF_HZ)
    moves = np.concatenate(([False], speed(smooth_m, RATE_HZ) > REST_MPS, [False]))
    starts, stops = np.flatnonzero(np.diff(moves.astype(int)) == 1), np.flatnonzero(np.diff(moves.astype(int)) == -1)
    for start, stop in zip(starts, stops, strict=True):
        way_m = float(np.linalg.norm(smooth_m[stop - 1] - smooth_m[start]))
        if stop - start >= LEAST_S * RATE_HZ and way_m >= LEAST_WAY_M:
            yield float(steady_s[start]), float(steady_s[stop - 1])
