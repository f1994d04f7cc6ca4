"""How well hands match what is asked of them: where they shall be, for how long, and one arm against the other."""

from collections.abc import Mapping

import numpy as np

from engine.frame import Vector
from engine.metrics.definition import known
from engine.metrics.signals import lengths
from engine.motion import Array, Mask, Motion
from engine.raising import Raised
from engine.records import Measured

FRAME_S = 0.02


def hands_near(motion: Motion, places_m: Mapping[str, Vector], near_m: float) -> Mask:
    """Whether the hand of each side is so near to its place, (n, k)."""
    near: Mask = np.stack(
        [lengths(motion.hand_m(side) - np.asarray(at)) < near_m for side, at in places_m.items()], axis=1
    )
    return near


def matched(time_s: Array, inside: Mask, last_s: float) -> dict[str, Measured]:
    """How much of the last moments joints were where they should be, (n, k), when first all, and longest for how long.

    Times (n,) are seconds from the first frame.
    """
    together = inside.all(axis=1)
    first_s = float(time_s[int(np.argmax(together))]) if together.any() else None
    since_s = time_s - np.maximum.accumulate(np.where(together, 0.0, time_s))
    last = time_s >= time_s[-1] - last_s
    return {
        "match_percent": Measured(round(100 * float(inside[last].mean()), 1), "%"),
        "match_s": known(first_s, "s", 3, "the pose was not matched", FRAME_S),
        "held_s": Measured(round(float(since_s[together].max(initial=0.0)), 3), "s", FRAME_S),
    }


def asymmetry(arms: Mapping[str, Raised], asked_deg: Mapping[str, float], last_s: float) -> Measured:
    """How much more the right arm did of what was asked of it than the left, in the last moments."""
    more_deg = {}
    for side, arm in arms.items():
        last = arm.elevation_deg[arm.time_s >= arm.time_s[-1] - last_s]
        if np.isnan(last).all():
            return Measured(None, "deg", None, f"the {side} hand was not seen")
        more_deg[side] = float(np.nanmean(last)) - asked_deg[side]
    return Measured(round(more_deg["right"] - more_deg["left"], 1), "deg")
