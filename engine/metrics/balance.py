"""Postural sway: how far, how fast, over what area and in what rhythm a point wanders while a person stands.

The point stands for the body: a force plate's centre of pressure, or the head, whose results must be named head
sway. Signals are (n,), mediolateral (to the right) and anteroposterior (ahead), in metres, evenly sampled; the mean
is removed inside. T = n / rate.
"""

import math
from collections.abc import Mapping

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.metrics import sway_spectrum
from engine.metrics.definition import NotMeasurable
from engine.metrics.given import LARGEST, numbers
from engine.metrics.range_of_motion import lean_track_deg
from engine.metrics.signals import low_passed, uniform
from engine.metrics.sway_measures import LeanSway, Romberg, Sway
from engine.motion import Motion
from engine.records import Stance

Array = NDArray[np.float64]

HEAD_SWAY_CUT_OFF_HZ = 5.0
RATE_HZ = 100.0
LEAST_SAMPLES = 3
FARTHEST_M = 1e8
STILL_M = 1e-12  # less than this is rounding, not sway
SHARE = 0.95
ONE_SIDED_95 = 1.645  # the 95th percentile of a normal variable, as rounded by Prieto 1996


def sway(ml_m: Array, ap_m: Array, rate_hz: float, cut_off_hz: float | None = None) -> Sway:
    """All measures of sway of one trial; low-passed (zero-lag 2nd order Butterworth) only if a cut-off is given.

    Raises NotMeasurable for signals that differ in length, are shorter than 3 samples or not finite, and for a rate
    or a cut-off that cannot be. Rhythms of a point that does not move, and spectra of less than 10 s, are nan.
    """
    track = track_of(ml_m, ap_m, rate_hz, cut_off_hz)
    centred = track - track[0]
    centred -= centred.mean(axis=0)
    why: dict[str, str] = {}
    values = {
        **_distances(centred),
        **_ways(centred, rate_hz),
        **_ellipse(centred, why),
        **_hull(centred),
        **sway_spectrum.in_band(centred, rate_hz, why),
        **sway_spectrum.mean_power_frequency(centred, rate_hz),
    }
    for name, value in values.items():
        if not math.isfinite(value):
            why.setdefault(name, "nothing moved")
    return Sway(**{name: float(value) for name, value in values.items()}, why=why)


def head_lean_sway(motion: Motion, stance: Stance, cut_off_hz: float | None = HEAD_SWAY_CUT_OFF_HZ) -> LeanSway:
    """Sway of the head as angles of lean, atan2(horizontal displacement, head height), resampled to 100 Hz.

    Raises NotMeasurable like `sway`.
    """
    if len(motion.time_s) < LEAST_SAMPLES:
        raise NotMeasurable(f"{len(motion.time_s)} frames hold no sway")
    _, lean_deg = uniform(motion.time_s, lean_track_deg(motion, stance), RATE_HZ)
    found = sway(lean_deg[:, 1], lean_deg[:, 0], RATE_HZ, cut_off_hz)
    return LeanSway(
        rms_ml_deg=found.rms_ml_m,
        rms_ap_deg=found.rms_ap_m,
        range_ml_deg=found.range_ml_m,
        range_ap_deg=found.range_ap_m,
        mean_velocity_dps=found.mean_velocity_mps,
        mean_velocity_ml_dps=found.mean_velocity_ml_mps,
        mean_velocity_ap_dps=found.mean_velocity_ap_mps,
        ellipse_area_deg2=found.ellipse_area_m2,
        f95_hz=found.f95_hz,
        why={"f95_hz": found.why["f95_hz"]} if "f95_hz" in found.why else {},
    )


def romberg(eyes_open: Sway, eyes_closed: Sway) -> Romberg:
    """Sway with the eyes closed over sway with the eyes open, of two trials alike in all else."""
    velocity = _ratio(eyes_closed.mean_velocity_mps, eyes_open.mean_velocity_mps)
    area = _ratio(eyes_closed.ellipse_area_m2, eyes_open.ellipse_area_m2)
    both = {"velocity_quotient": velocity, "area_quotient": area}
    why = {name: "nothing moved with the eyes open" for name, value in both.items() if math.isnan(value)}
    return Romberg(velocity, area, why)


def track_of(ml_m: Array, ap_m: Array, rate_hz: float, cut_off_hz: float | None = None) -> Array:
    """Two signals as one track, (n, 2), low-passed if a cut-off is given; what does not move is constant.

    Raises NotMeasurable like `sway`.
    """
    ml, ap = numbers(ml_m, "sideways", FARTHEST_M), numbers(ap_m, "ahead", FARTHEST_M)
    if ml.ndim != 1 or ml.shape != ap.shape:
        raise NotMeasurable(f"sideways and ahead need one length each, not shapes {ml.shape} and {ap.shape}")
    if len(ml) < LEAST_SAMPLES:
        raise NotMeasurable(f"{len(ml)} samples hold no sway; at least {LEAST_SAMPLES} are needed")
    if not 1 / LARGEST <= rate_hz <= LARGEST:
        raise NotMeasurable(f"a rate of {rate_hz} Hz cannot be; it has to be above zero, and of a device")
    track = np.stack([ml, ap]).T  # columns that lie together are added up three times as fast
    if np.isnan(track).any():
        raise NotMeasurable("the signal has values that are not finite: clean it before")
    if cut_off_hz is not None:
        track = low_passed(track, rate_hz, cut_off_hz)
    still = np.ptp(track, axis=0) < STILL_M
    track[:, still] = track[0, still]
    return track


def _distances(centred: Array) -> Mapping[str, float]:
    radius = np.hypot(*centred.T)
    mean_ml, mean_ap = np.abs(centred).mean(axis=0)
    squares = np.mean(centred**2, axis=0)
    range_ml, range_ap = np.ptp(centred, axis=0)
    return {
        "mean_distance_m": radius.mean(),
        "mean_distance_ml_m": mean_ml,
        "mean_distance_ap_m": mean_ap,
        "rms_m": math.sqrt(squares.sum()),
        "rms_ml_m": math.sqrt(squares[0]),
        "rms_ap_m": math.sqrt(squares[1]),
        "range_ml_m": range_ml,
        "range_ap_m": range_ap,
        "circle_area_m2": math.pi * (radius.mean() + ONE_SIDED_95 * radius.std(ddof=1)) ** 2,
    }


def _ways(centred: Array, rate_hz: float) -> Mapping[str, float]:
    n, steps = len(centred), np.diff(centred, axis=0)
    path = float(np.hypot(*steps.T).sum())
    path_ml, path_ap = (float(way) for way in np.abs(steps).sum(axis=0))
    mean_ml, mean_ap = (float(way) for way in np.abs(centred).mean(axis=0))
    (x, y), per_s = centred.T, rate_hz / (n - 1)
    return {
        "path_m": path,
        "path_ml_m": path_ml,
        "path_ap_m": path_ap,
        "mean_velocity_mps": path * rate_hz / n,
        "mean_velocity_ml_mps": path_ml * rate_hz / n,
        "mean_velocity_ap_mps": path_ap * rate_hz / n,
        "area_rate_m2ps": np.abs(x[1:] * y[:-1] - x[:-1] * y[1:]).sum() / 2 * per_s,
        "mean_frequency_hz": _ratio(path * per_s, 2 * math.pi * float(np.hypot(x, y).mean())),
        "mean_frequency_ml_hz": _ratio(path_ml * per_s, 4 * math.sqrt(2) * mean_ml),
        "mean_frequency_ap_hz": _ratio(path_ap * per_s, 4 * math.sqrt(2) * mean_ap),
    }


def _ellipse(centred: Array, why: dict[str, str]) -> Mapping[str, float]:
    """The 95 % prediction ellipse; F of 2 and n - 2 degrees of freedom has a quantile in closed form."""
    n = len(centred)
    (ml, both), (_, ap) = np.cov(centred.T, ddof=1)
    apart = math.hypot(ml - ap, 2 * both)
    quantile = (n - 2) / 2 * math.expm1(-2 / (n - 2) * math.log(1 - SHARE))
    scale = 2 * (n - 1) * (n + 1) / (n * (n - 2)) * quantile
    direction = math.degrees(math.atan2(2 * both, ap - ml)) / 2
    if apart <= 1e-9 * (ml + ap):
        direction, why["principal_direction_deg"] = math.nan, "as much in every direction"
    return {
        "ellipse_area_m2": math.pi * scale * math.sqrt(max(0.0, ml * ap - both**2)),
        "ellipse_major_m": math.sqrt(scale * (ml + ap + apart) / 2),
        "ellipse_minor_m": math.sqrt(scale * max(0.0, ml + ap - apart) / 2),
        "principal_direction_deg": direction,
    }


def _hull(centred: Array) -> Mapping[str, float]:
    try:
        hull = scipy.spatial.ConvexHull(centred)
    except scipy.spatial.QhullError:  # all on one line, whose ends are the ends of both axes
        return {"hull_area_m2": 0.0, "range_m": math.hypot(*np.ptp(centred, axis=0))}
    corners = centred[hull.vertices]
    apart = corners[:, None] - corners
    return {"hull_area_m2": hull.volume, "range_m": np.hypot(apart[..., 0], apart[..., 1]).max()}


def _ratio(value: float, to: float) -> float:
    return value / to if to > 0 else math.nan
