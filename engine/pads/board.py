"""A balance board: from what its four corners weigh to how far the body leans.

Who stands quietly has their centre of mass above the centre of pressure (Winter 1995, doi 10.1016/0966-6362(96)82849-9)
and moves as an upside-down pendulum about the ankles: it leans by the arctangent of the shift of the one over the
height of the other. In quick sway the pressure goes further than the mass, which follows a low-pass of it (Caron, Faure
& Breniere 1997, doi 10.1016/S0021-9290(97)00094-8). A Wii Balance Board finds the centre of pressure to 4.1 mm and
forces to 9.1 N (Bartlett, Ting & Bingham 2014, doi 10.1016/j.gaitpost.2013.07.010): a quarter of a degree.
"""

import math
from collections import deque
from statistics import median
from typing import NamedTuple

from engine.inputs import Heard, Held, Pair

HALF_WIDTH_M, HALF_DEPTH_M = 0.2165, 0.119  # between its four sensors 433 by 238 mm: doi 10.3390/s141018244
MASS_HEIGHT_OF_STATURE = 0.55  # of the centre of mass, standing: Winter 1995
LEAST_KG = 8.0  # less is a bag or a hand; a child of five weighs 15 and more
GONE_S = 0.4  # who steps has one foot in the air for no longer
TARE_S = 1.0
SMOOTHING_S = 0.25  # a low-pass at 0.64 Hz
MOST_LEAN_DEG = 15.0
TWO_AXES_DEG = 10.0  # the lean at the end of an axis, on boards that say no weight


class Loads(NamedTuple):
    """What rests on each corner, in kg; front is where the toes are."""

    front_right: float
    back_right: float
    front_left: float
    back_left: float


def weight_kg(loads: Loads) -> float:
    """What stands on a board."""
    return sum(loads)


def pressure_m(loads: Loads, half_width_m: float = HALF_WIDTH_M, half_depth_m: float = HALF_DEPTH_M) -> Pair:
    """The centre of pressure, from the middle of the board: ahead and to the right. Something has to stand on it."""
    whole = weight_kg(loads)
    ahead = loads.front_right + loads.front_left - loads.back_right - loads.back_left
    right = loads.front_right + loads.back_right - loads.front_left - loads.back_left
    return (half_depth_m * ahead / whole, half_width_m * right / whole)


def lean_of(shift_m: Pair, stature_m: float) -> Pair:
    """The lean (forward, right) in degrees of somebody whose centre of pressure has shifted so far."""
    height_m = MASS_HEIGHT_OF_STATURE * stature_m
    ahead, right = (
        max(-MOST_LEAN_DEG, min(MOST_LEAN_DEG, math.degrees(math.atan(shift / height_m)))) for shift in shift_m
    )
    return (ahead, right)


class Balance:
    """Somebody on a board: how they lean, from how they stood when they came or last asked for a new middle."""

    def __init__(self, stature_m: float, awaited: bool = False) -> None:
        """Wait for somebody so tall; who is `awaited` is missed before they come, and not only when they leave."""
        self._stature_m, self._awaited = stature_m, awaited
        self._quiet: deque[tuple[float, Pair]] = deque()
        self._middle_m: Pair | None = None
        self._shift_m: Pair = (0.0, 0.0)
        self._gone_s = 0.0

    def recentre(self) -> None:
        """Take how they stand in the next second for upright."""
        self._middle_m = None
        self._quiet.clear()

    def weigh(self, loads: Loads, dt_s: float) -> Heard:
        """What the board says of them: nothing before they stood on it for a second."""
        if weight_kg(loads) < LEAST_KG:
            return self._without(dt_s)
        self._gone_s = 0.0
        return self.press(pressure_m(loads), dt_s)

    def press(self, pressure: Pair, dt_s: float) -> Heard:
        """What a board says of them that knows their centre of pressure in m, but not their weight."""
        if self._middle_m is None:
            self._take_middle(pressure, dt_s)
            return Heard(Held(lean_deg=(0.0, 0.0)))
        share = 1 - math.exp(-dt_s / SMOOTHING_S)
        now, middle = self._shift_m, self._middle_m
        self._shift_m = (
            now[0] + share * (pressure[0] - middle[0] - now[0]),
            now[1] + share * (pressure[1] - middle[1] - now[1]),
        )
        return Heard(Held(lean_deg=lean_of(self._shift_m, self._stature_m)))

    def _without(self, dt_s: float) -> Heard:
        """Nobody is on it: they may be about to come, or have left."""
        self._gone_s += dt_s
        if self._middle_m is None:
            self._quiet.clear()
            return Heard(here=not self._awaited)
        return Heard(Held(lean_deg=lean_of(self._shift_m, self._stature_m)), here=self._gone_s < GONE_S)

    def _take_middle(self, pressure: Pair, dt_s: float) -> None:
        """The median of a second: who steps on a board sways before they stand."""
        self._quiet.append((dt_s, pressure))
        if sum(step_s for step_s, _ in self._quiet) >= TARE_S:
            self._middle_m = (median(p[0] for _, p in self._quiet), median(p[1] for _, p in self._quiet))
            self._shift_m = (0.0, 0.0)
            self._quiet.clear()


def two_axes(axes: Pair, stature_m: float) -> Pair:
    """The centre of pressure (ahead, right) in m that a board means by two axes (right, back) from -1 to 1.

    Its own size is not known: at the end of an axis the body leans by TWO_AXES_DEG.
    """
    most_m = math.tan(math.radians(TWO_AXES_DEG)) * MASS_HEIGHT_OF_STATURE * stature_m
    return (-axes[1] * most_m, axes[0] * most_m)
