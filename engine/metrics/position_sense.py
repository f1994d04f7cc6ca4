"""Position sense: how truly a head or an arm comes back to where it was, without eyes, by repeated tries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.metrics.definition import NotMeasurable, defined

ADVISED = 6
LEAST_VARIABLE = 2
_COMMON: dict[str, Any] = {
    "source": "Schmidt & Lee, Motor Control and Learning; as of joint position sense in Sensors 2024, 24:5811",
    "error": "of each try ± 2.1 deg for a head, the largest mean difference of headsets from optical capture",
    "doubt": "Under six tries of one movement chance weighs much. One round differs from the next.",
}


@dataclass(frozen=True)
class PositionSense:
    """The errors of some tries in degrees, positive beyond the place and negative short; `why` says what is nan."""

    absolute_deg: float = defined(
        "Absolute error",
        "deg",
        "How far from the place tries end on average, whichever way.",
        formula="mean |e|",
        **_COMMON,
    )
    constant_deg: float = defined(
        "Constant error",
        "deg",
        "Whether tries end beyond the place (positive) or short of it, on average.",
        formula="mean e",
        **_COMMON,
    )
    variable_deg: float = defined(
        "Variable error",
        "deg",
        "How far tries differ from each other.",
        formula="standard deviation of e about its mean, ddof 0",
        **_COMMON,
    )
    why: Mapping[str, str] = field(default_factory=dict)


def position_sense(errors_deg: Sequence[float]) -> PositionSense:
    """Absolute, constant and variable error of tries (n,); the last needs two of them.

    Raises NotMeasurable where there is no try, or one that is no number.
    """
    errors = np.asarray(errors_deg, dtype=np.float64)
    if errors.ndim != 1 or not len(errors) or not np.isfinite(errors).all():
        raise NotMeasurable(f"{len(errors)} tries, all of them numbers, hold no position sense")
    enough = len(errors) >= LEAST_VARIABLE
    variable = float(errors.std()) if enough else float("nan")
    why = {} if enough else {"variable_deg": "one try differs from no other"}
    return PositionSense(float(np.abs(errors).mean()), float(errors.mean()), variable, why)
