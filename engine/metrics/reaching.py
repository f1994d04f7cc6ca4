"""One discrete reach: when it began and ended, how fast, how straight, how smooth.

Positions are (n, 3) metres and evenly sampled at `rate_hz`; speeds are (n,) metres per second.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

Array = NDArray[np.float64]

REACH_CUT_OFF_HZ = 10.0
ONSET_SHARE, ONSET_MPS, SURE_SHARE = 0.05, 0.020, 0.10


def speed_mps(position_m: Array, rate_hz: float) -> Array:
    """Hand speed after a zero-lag 4th order (2nd order both ways) 10 Hz low-pass."""
    cut_off_hz = min(REACH_CUT_OFF_HZ, 0.4 * rate_hz)
    sections = signal.butter(2, cut_off_hz, fs=rate_hz, output="sos")
    padding = min(len(position_m) - 1, int(3 * rate_hz / cut_off_hz))
    smooth = signal.sosfiltfilt(sections, position_m, axis=0, padlen=padding)
    speed: Array = np.linalg.norm(np.gradient(smooth, 1 / rate_hz, axis=0), axis=1)
    return speed


def onset_index(speed: Array) -> int:
    """The sample where the movement begins.

    From the first sample above 10 % of peak speed, backwards to the last below the larger of 5 % of peak and
    20 mm/s; 0 when the hand never rested.
    """
    peak = float(speed.max())
    sure = int(np.argmax(speed >= SURE_SHARE * peak))
    resting = np.flatnonzero(speed[: sure + 1] < max(ONSET_SHARE * peak, ONSET_MPS))
    return int(resting[-1]) if len(resting) else 0


def path_ratio(position_m: Array) -> float:
    """Way travelled over straight distance, first to last sample: 1 is straight, nan when it ended where it began."""
    straight = float(np.linalg.norm(position_m[-1] - position_m[0]))
    way = float(np.linalg.norm(np.diff(position_m, axis=0), axis=1).sum())
    return way / straight if straight > 0 else float("nan")


def spectral_arc_length(speed: Array, rate_hz: float, highest_hz: float = 10.0, floor: float = 0.05) -> float:
    """SPARC, smoothness without a unit: about -1.5 is smooth, more negative is less so.

    Balasubramanian 2015 (J NeuroEng Rehabil 12:112): arc length of the normalised spectrum of the speed,
    zero-padded to 2 ** (ceil(log2 n) + 4), up to `highest_hz`, between the first and last amplitude above `floor`.
    For one discrete movement; nan where there is no movement.
    """
    if len(speed) < 2 or not np.any(speed):
        return float("nan")
    padded = 2 ** (int(np.ceil(np.log2(len(speed)))) + 4)
    frequency_hz = np.arange(0, rate_hz, rate_hz / padded)[:padded]
    amplitude = np.abs(np.fft.fft(speed, padded))
    amplitude = amplitude / amplitude.max()
    chosen = frequency_hz <= highest_hz
    frequency_hz, amplitude = frequency_hz[chosen], amplitude[chosen]
    above = np.flatnonzero(amplitude >= floor)
    used = slice(above[0], above[-1] + 1)
    frequency_hz, amplitude = frequency_hz[used], amplitude[used]
    width_hz = frequency_hz[-1] - frequency_hz[0]
    return float(-np.sum(np.hypot(np.diff(frequency_hz) / width_hz, np.diff(amplitude))))
