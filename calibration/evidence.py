"""What one trial says of a limit: how far a person got at least, or exactly, and how likely that is of each limit.

Of a limit L and slope s a person is capable of C, logistic about L; they get there but for lapses l, and now and then
by luck g. How far a miss came is C itself, a hit is only at least so much (censored), an open effort shows C.
"""

import math
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

Array = NDArray[np.float64]

GUESS = 0.01
SENSOR_SD_DEG = 1.5  # of the angle of a reach, for a limit of 90
BONUS_FROM_DEG, BONUS_END_DEG = 5.0, 2.0  # a bonus shows C where it was taken up, and not to its end
OPEN_LAPSE_DEG = 10.0
HARDLY = 1e-5  # nothing is wholly impossible, or there is nothing left to believe


class Evidence(NamedTuple):
    """How far somebody got: exactly so far or, `censored`, at least; `missed` is the amplitude that was not reached."""

    achieved: float
    censored: bool = False
    missed: float | None = None
    open_effort: bool = False


def evidence(
    amplitude: float, achieved: float, success: bool, ceiling: float, scale: float, bonus_percent: float
) -> Evidence:
    """What a trial showed; `scale` is the size of the limit in 90 degrees, an `amplitude` of inf was an open effort."""
    sensor_sd = SENSOR_SD_DEG * scale
    if math.isinf(amplitude):
        if achieved >= ceiling - sensor_sd:
            return Evidence(ceiling, censored=True)
        return Evidence(achieved, open_effort=True)
    if not success and achieved < amplitude:
        return Evidence(achieved, missed=amplitude)
    bonus_end = (1 + bonus_percent / 100) * amplitude - BONUS_END_DEG * scale
    if amplitude + BONUS_FROM_DEG * scale < achieved < bonus_end:
        return Evidence(achieved)
    # A hand that went as far beside the target was able to; one that touched its edge got as far as that.
    near = achieved >= amplitude - 2 * sensor_sd
    return Evidence(max(amplitude, achieved - 2 * sensor_sd) if near else achieved, censored=True)


def likelihood(seen: Evidence, limit: Array, slope: Array, effort: Array, lapse: float, scale: float) -> Array:
    """How likely it is that a trial showed this, of each limit, slope and effort (arrays that broadcast)."""
    capable = 1 - lapse - GUESS
    if seen.censored:
        success: Array = GUESS + capable * scipy.special.expit((limit - seen.achieved) / slope)
        return success
    width = np.sqrt(slope**2 + 3 * (SENSOR_SD_DEG * scale) ** 2 / math.pi**2)
    ratio = np.exp(-np.abs(seen.achieved - (effort if seen.open_effort else 1.0) * limit) / width)
    if seen.missed is not None:  # where a lapse may end: anywhere below what was asked, or what is possible
        lapsed: Array | float = lapse / max(seen.missed, scale)
    else:
        below = np.maximum(scipy.special.expit((limit - seen.achieved) / width), HARDLY)
        lapsed = lapse / np.maximum(limit, OPEN_LAPSE_DEG * scale) * below
    there: Array = capable * ratio / (width * (1 + ratio) ** 2) + lapsed
    return there
