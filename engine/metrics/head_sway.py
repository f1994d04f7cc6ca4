"""Head sway in quiet standing, as measures with units and error."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ, sway
from engine.metrics.definition import definitions
from engine.metrics.signals import uniform
from engine.metrics.sway_measures import Sway
from engine.motion import SPLIT_S, Array, Motion
from engine.records import Measured, Stance

LEAST_S = 5.0
ADVISED_S = 30.0
NOD_DEG = 10.0
SINK_M = 0.010


class Kept(NamedTuple):
    """Which measure of `Sway` is kept, and the unit it is kept in: `scale` of them make one of the measure's own."""

    measure: str
    unit: str
    scale: float


KEPT: Mapping[str, Kept] = {
    "sway_velocity": Kept("mean_velocity_mps", "mm/s", 1e3),
    "sway_velocity_ml": Kept("mean_velocity_ml_mps", "mm/s", 1e3),
    "sway_velocity_ap": Kept("mean_velocity_ap_mps", "mm/s", 1e3),
    "sway_rms_ml": Kept("rms_ml_m", "mm", 1e3),
    "sway_rms_ap": Kept("rms_ap_m", "mm", 1e3),
    "sway_range_ml": Kept("range_ml_m", "mm", 1e3),
    "sway_range_ap": Kept("range_ap_m", "mm", 1e3),
    "sway_area": Kept("ellipse_area_m2", "mm²", 1e6),
    "sway_f95": Kept("f95_hz", "Hz", 1.0),
}


def head_sway(motion: Motion, stance: Stance) -> Mapping[str, Measured]:
    """Head sway of a quiet stretch in the person's own axes; every value None with the reason when it cannot be told.

    Low-passed at 5 Hz, because headset noise alone adds 2 to 4 mm/s of path above that.
    """
    seconds = float(motion.time_s[-1] - motion.time_s[0]) if len(motion.time_s) > 1 else 0.0
    gap_s = float(np.diff(motion.time_s).max()) if len(motion.time_s) > 1 else 0.0
    if seconds < LEAST_S:
        return _none(f"quiet for {seconds:.1f} s, {LEAST_S:.0f} s are needed")
    if gap_s > SPLIT_S:
        return _none(f"the head was lost for {gap_s:.1f} s: stand again")
    _, steady = uniform(motion.time_s, across_and_ahead_m(motion.head_m, stance), RATE_HZ)
    found = sway(steady[:, 0], steady[:, 1], RATE_HZ, HEAD_SWAY_CUT_OFF_HZ)
    advice = "" if seconds >= ADVISED_S else f", {ADVISED_S:.0f} s are advised"
    hips = bent(motion, stance)
    note = f"{seconds:.0f} s{advice}" + (f"; {hips}" if hips else "")
    return {name: _measured(found, kept, note) for name, kept in KEPT.items()}


def across_and_ahead_m(place_m: Array, stance: Stance) -> Array:
    """Places (n, 3) on the floor as the person faces it, (n, 2): to the right and ahead."""
    facing = math.radians(stance.facing_deg)
    x, _, z = place_m.T
    right = x * math.cos(facing) + z * math.sin(facing)
    return np.stack([right, x * math.sin(facing) - z * math.cos(facing)], axis=1)


def bent(motion: Motion, stance: Stance) -> str:
    """What shows that hips or neck moved, and not a rigid body over its ankles; empty when nothing does.

    The head nods by more than 10 degrees, or sinks by 10 mm more than leaning explains.
    """
    x, y, z, w = motion.head_q.T
    pitch_deg = np.degrees(np.arcsin(np.clip(2 * (w * x - y * z), -1, 1)))
    nod_deg = float(np.ptp(pitch_deg))
    if nod_deg > NOD_DEG:
        return f"the head nodded by {nod_deg:.0f} deg: hips or neck moved too"
    neutral = np.array(stance.head_m)
    away_m = np.linalg.norm((motion.head_m - neutral)[:, [0, 2]], axis=1)
    height_m = neutral[1]
    explained_m = height_m - np.sqrt(np.maximum(height_m**2 - away_m**2, 0))
    sink_m = float(np.max(height_m - motion.head_m[:, 1] - explained_m))
    return f"the head sank by {1000 * sink_m:.0f} mm: hips or knees bent" if sink_m > SINK_M else ""


def _measured(found: Sway, kept: Kept, note: str) -> Measured:
    value = getattr(found, kept.measure)
    if not math.isfinite(value):
        return Measured(None, kept.unit, None, found.why[kept.measure])
    error = definitions(Sway)[kept.measure].half_width(value)
    return Measured(
        round(kept.scale * value, 3), kept.unit, None if error is None else round(kept.scale * error, 3), note
    )


def _none(why: str) -> Mapping[str, Measured]:
    return {name: Measured(None, kept.unit, None, why) for name, kept in KEPT.items()}
