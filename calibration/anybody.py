"""What is taken to be known of anybody, where nobody was measured yet: a usual adult's limits."""

from engine.body import EYE_HEIGHT_OF_STATURE
from engine.frame import SIDES
from engine.movements import LEANS
from engine.records import Calibration, Limit, ReachCell, Stance
from engine.simulated_patient import DEFAULT_LIMITS_DEG

EYE_M, ARM_M, LEAN_DEG = 1.6, 0.62, 5.0


def anybody() -> Calibration:
    """The limits of a simulated patient, so that nothing has to be measured first."""
    cells = tuple(
        ReachCell(float(azimuth), float(elevation), ARM_M, 100)
        for azimuth in range(-90, 91, 15)
        for elevation in range(0, 181, 15)
    )
    limits_deg = {**dict.fromkeys(LEANS, LEAN_DEG), **DEFAULT_LIMITS_DEG}
    return Calibration(
        "2026-01-05",
        Stance((0.0, EYE_M, 0.0), 0.0),
        _limit(EYE_M / EYE_HEIGHT_OF_STATURE, "m"),
        {side: _limit(ARM_M, "m") for side in SIDES},
        {name: _limit(value) for name, value in limits_deg.items()},
        dict.fromkeys(SIDES, cells),
    )


def _limit(value: float, unit: str = "deg") -> Limit:
    return Limit(value, 0.95 * value, 1.05 * value, unit, 3, "as simulated", best=value)
