"""Time in a band around an angle, as it is collected in a stretch: how long, how much of the time, and how steady."""

import numpy as np

from engine.motion import Array, Mask
from engine.records import Measured


def until_collected(time_s: Array, inside: Mask, hold_s: float, most_s: float) -> int:
    """How many samples there are until a time was spent inside, from 0 s on, or the time for it was up."""
    collected_s = np.cumsum(np.where(inside & (time_s >= 0), np.diff(time_s, prepend=time_s[0]), 0.0))
    over = (collected_s >= hold_s) | (time_s >= most_s)
    return int(np.argmax(over)) + 1 if over.any() else len(over)


def furthest(angle_deg: Array) -> float | None:
    """The largest angle that was seen, 0 at least; None where there was none."""
    seen = angle_deg[np.isfinite(angle_deg)]
    return max(0.0, round(float(seen.max()), 2)) if len(seen) else None


def in_band(time_s: Array, angle_deg: Array, inside: Mask, error: float | None, doubt: str) -> dict[str, Measured]:
    """What was held of angles (n,), by when they were in the band (n,); nothing where no time was spent in it.

    `error` is that of the angle; where nobody knows it, `doubt` says why.
    """
    steps_s = np.diff(time_s, prepend=time_s[0])
    if not steps_s[inside].any():
        return {}
    since, until = int(np.argmax(inside)), len(inside) - int(np.argmax(inside[::-1]))
    in_band_s = float(steps_s[inside].sum())
    whole_s = float(time_s[until - 1] - time_s[since]) + float(steps_s[since])
    held = angle_deg[inside]
    return {
        "in_band_s": Measured(round(in_band_s, 2), "s"),
        "in_band_percent": Measured(round(100 * in_band_s / whole_s, 1), "%"),
        "held_deg": Measured(round(float(held.mean()), 2), "deg", error, doubt if error is None else ""),
        "steadiness_deg": Measured(round(float(held.std()), 2), "deg"),
    }
