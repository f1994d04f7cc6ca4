"""Head sway in quiet standing, as measures with units and error."""

from collections.abc import Mapping

import numpy as np

from engine.metrics import balance
from engine.motion import Motion, uniform
from engine.records import Measured, Stance

RATE_HZ = 100.0
LEAST_S = 5.0
ADVISED_S = 30.0


def head_sway(motion: Motion, stance: Stance) -> Mapping[str, Measured]:
    """Head sway of a quiet stretch in the person's own axes; every value None with the reason when it is too short.

    Low-passed at 5 Hz, because headset noise alone adds 2 to 4 mm/s of path above that.
    """
    units = {"sway_velocity": "mm/s", "sway_rms_ml": "mm", "sway_rms_ap": "mm", "sway_area": "mm²"}
    seconds = float(motion.time_s[-1] - motion.time_s[0]) if len(motion.time_s) > 1 else 0.0
    if seconds < LEAST_S:
        why = f"quiet for {seconds:.1f} s, {LEAST_S:.0f} s are needed"
        return {name: Measured(None, unit, None, why) for name, unit in units.items()}
    facing = np.radians(stance.facing_deg)
    ml = motion.head_m[:, 0] * np.cos(facing) + motion.head_m[:, 2] * np.sin(facing)
    ap = motion.head_m[:, 0] * np.sin(facing) - motion.head_m[:, 2] * np.cos(facing)
    _, sway = uniform(motion.time_s, 1000 * np.stack([ml, ap], axis=1), RATE_HZ)
    sway = balance.low_passed(sway, RATE_HZ)
    rms_ml, rms_ap = balance.rms(sway)
    note = f"{seconds:.0f} s" + ("" if seconds >= ADVISED_S else f", {ADVISED_S:.0f} s are advised")
    values = (
        balance.mean_velocity(sway, RATE_HZ),
        rms_ml,
        rms_ap,
        balance.prediction_ellipse_area(sway),
    )
    errors = (0.6, 0.2, 0.2, None)  # a still headset: 0.6 mm/s of path at 5 Hz, 0.07 to 0.2 mm of position
    return {
        name: Measured(round(value, 3), unit, error, note)
        for (name, unit), value, error in zip(units.items(), values, errors, strict=True)
    }
