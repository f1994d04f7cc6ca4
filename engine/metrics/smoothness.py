"""How smooth one discrete movement is, from its speed: spectral arc length and dimensionless jerk.

Speeds are (n,), evenly sampled, from the movement's onset to its offset; never of a whole session.
"""

import math

import numpy as np
from numpy.typing import NDArray

from engine.metrics.definition import NotMeasurable
from engine.metrics.given import LARGEST, numbers

Array = NDArray[np.float64]

FASTEST_MPS = 3e8  # as light


def sparc(speed_mps: Array, rate_hz: float, highest_hz: float = 10.0, floor: float = 0.05, padding: int = 4) -> float:
    """Spectral arc length: about -1.5 is smooth, more negative is less so; without a unit. nan without movement.

    Minus the length of the curve of the amplitude spectrum of the speed, zero-padded to 2 ** (ceil(log2 n) + padding)
    and divided by its maximum, up to `highest_hz`, from the first to the last amplitude of at least `floor`, its
    frequencies divided by the width of that band (Balasubramanian 2015, J NeuroEng Rehabil 12:112). Above half
    the rate, where the source would go on into the mirrored half of the spectrum, nothing is counted.
    Raises NotMeasurable for speeds that are not finite or not in one row, and for a rate that is none.
    """
    speed = _checked(speed_mps, rate_hz)
    if len(speed) < 2 or not np.any(speed):
        return math.nan
    padded = 2 ** (math.ceil(math.log2(len(speed))) + padding)
    spectrum = np.fft.rfft(speed / np.abs(speed).max(), padded)
    power = spectrum.real**2 + spectrum.imag**2
    frequency_hz = np.arange(len(power)) * (rate_hz / padded)
    frequency_hz = frequency_hz[: np.searchsorted(frequency_hz, highest_hz, "right")]
    amplitude = np.sqrt(power[: len(frequency_hz)] / power.max())
    above = np.flatnonzero(amplitude >= floor)
    if not len(above) or above[0] == above[-1]:
        return math.nan
    used = slice(above[0], above[-1] + 1)
    frequency_hz, amplitude = frequency_hz[used], amplitude[used]
    width_hz = frequency_hz[-1] - frequency_hz[0]
    return -float(np.hypot(np.diff(frequency_hz) / width_hz, np.diff(amplitude)).sum())


def dimensionless_jerk(speed_mps: Array, rate_hz: float) -> float:
    """Minus the squared jerk of a movement, made free of its duration and peak speed; 0 is smoothest.

    -D ** 3 / peak ** 2 * sum((second difference of speed / dt ** 2) ** 2) * dt with D = n dt, over the n - 2 second
    differences (Hogan & Sternad 2009, J Mot Behav 41:529). nan without movement or with fewer than 3 samples; raises
    as `sparc`.
    """
    speed = _checked(speed_mps, rate_hz)
    if len(speed) < 3 or not np.any(speed):
        return math.nan
    shape = speed / np.abs(speed).max()
    return -(len(speed) ** 3) * float(np.sum(np.diff(shape, 2) ** 2))


def ldlj(speed_mps: Array, rate_hz: float) -> float:
    """Log dimensionless jerk, -ln |dimensionless jerk|: a minimum-jerk reach has -5.3, less is less smooth.

    Balasubramanian 2015 (J NeuroEng Rehabil 12:112), of the speed. nan where there is no movement or no jerk;
    raises as `sparc`.
    """
    jerk = abs(dimensionless_jerk(speed_mps, rate_hz))
    return -math.log(jerk) if jerk > 0 else math.nan


def _checked(speed_mps: Array, rate_hz: float) -> Array:
    speed = numbers(speed_mps, "speeds", FASTEST_MPS)
    if speed.ndim != 1 or np.isnan(speed).any():
        raise NotMeasurable(f"speeds must be finite and in one row, not of shape {speed.shape}")
    if not 1 / LARGEST <= rate_hz <= LARGEST:
        raise NotMeasurable(f"a rate of {rate_hz} Hz is none")
    return speed
