"""Getting up, walking, turning and coming back, by a controller at the belt: which phase takes how long.

Places are those of the controller, (n, 3), OpenXR axes; it is worn where the belt is, and the headset lies on a table.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.signals import low_passed, uniform

Array = NDArray[np.float64]

UP_SHARE, DOWN_SHARE = 0.8, 0.1  # of the way from sitting to standing
AT_CHAIR_M, TURN_M = 0.5, 0.3  # who is nearer to the chair is at it, who is so near to the far end turns
LEAST_RISE_M = 0.15
PHASES = ("rise_s", "out_s", "turn_s", "back_s", "sit_s")
NOT_BACK = "did not come back and sit down"
_BY_BELT: dict[str, Any] = {
    "source": "our definition, by the place of a controller at the belt",
    "error": "0.2 s in simulated walks of 0.5 to 1.5 m/s; unknown in patients",
    "doubt": "The controller slipped, or was lost by the cameras of the headset.",
    "plus_minus": 0.2,
}


@dataclass(frozen=True)
class UpAndGo:
    """The phases of one timed up and go; `why` says what is nan."""

    total_s: float = defined(
        "Up and go",
        "s",
        "From the call until seated again.",
        formula="until the belt is below 10 % of the way up, within 0.5 m of the chair, for good",
        **_BY_BELT | {"source": "Podsiadlo 1991, J Am Geriatr Soc 39:142, timed by the belt instead of a stopwatch"},
    )
    rise_s: float = defined(
        "Getting up", "s", "From the call until up.", formula="until the belt is above 80 % of the way up", **_BY_BELT
    )
    out_s: float = defined(
        "Walking out", "s", "From up until the turn.", formula="until within 0.3 m of the furthest place", **_BY_BELT
    )
    turn_s: float = defined(
        "Turning", "s", "At the far end.", formula="time within 0.3 m of the furthest place", **_BY_BELT
    )
    back_s: float = defined(
        "Walking back", "s", "From the turn to the chair.", formula="until within 0.5 m of the chair", **_BY_BELT
    )
    sit_s: float = defined(
        "Turning and sitting down", "s", "At the chair, until seated.", formula="the rest of the time", **_BY_BELT
    )
    furthest_m: float = defined(
        "Walked out to",
        "m",
        "How far from the chair the belt came.",
        formula="largest level distance from where it was when they were called",
        source="our definition",
        error="5 cm: two places, each within 13 mm (Carnevale 2022), and a belt that turns",
        doubt="A line that is not 3 m away.",
        plus_minus=0.05,
    )
    why: Mapping[str, str] = field(default_factory=dict)


def up_and_go(time_s: Array, belt_m: Array) -> UpAndGo:
    """The phases from the first sample, at which somebody seated was called; raises NotMeasurable where none stood up.

    Resampled to 100 Hz and low-passed at 5 Hz. All but the furthest place is nan where they did not come back.
    """
    if np.isnan(belt_m).any():
        raise NotMeasurable("the controller was lost: places have to be finite")
    steady_s, place = uniform(time_s, belt_m, RATE_HZ)
    place, gone_s = low_passed(place, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ), steady_s - steady_s[0]
    away_m = np.linalg.norm((place - place[0])[:, [0, 2]], axis=1)
    seated_m, standing_m = float(place[0, 1]), float(np.percentile(place[:, 1], 75))
    if standing_m - seated_m < LEAST_RISE_M:
        raise NotMeasurable("nobody stood up with the controller at the belt")
    share = (place[:, 1] - seated_m) / (standing_m - seated_m)
    furthest = float(away_m.max())
    up = int(np.argmax(share > UP_SHARE))
    turning = np.flatnonzero(away_m > furthest - TURN_M)
    away = np.flatnonzero((share > DOWN_SHARE) | (away_m > AT_CHAIR_M))
    back = np.flatnonzero(away_m > AT_CHAIR_M)
    if not len(back) or away[-1] == len(gone_s) - 1:
        none = dict.fromkeys(PHASES, math.nan)
        return UpAndGo(math.nan, **none, furthest_m=furthest, why=dict.fromkeys(("total_s", *PHASES), NOT_BACK))
    ends_s = [float(gone_s[index]) for index in (up, turning[0], turning[-1], back[-1], away[-1])]
    phases = dict(zip(PHASES, np.diff([0.0, *ends_s]).tolist(), strict=True))
    return UpAndGo(ends_s[-1], **phases, furthest_m=furthest)
