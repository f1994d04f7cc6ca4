"""One turn of the head to something that is heard or seen: when it sets off, how long it takes, how fast and smooth."""

from collections.abc import Mapping

import numpy as np

from engine.metrics import movement
from engine.metrics.definition import known
from engine.metrics.signals import low_passed, uniform
from engine.metrics.smoothness import sparc
from engine.motion import Array
from engine.records import Measured

RATE_HZ, CUT_OFF_HZ = 100.0, 6.0
VELOCITY_ERROR_DPS = 12.0  # headsets against optical capture: Sensors 2023, 23:9864
ONSET_ERROR_S = 0.03  # simulated, and one frame in which the call was not yet heard
LEAST_DPS = 5.0  # a head that rests drifts more slowly
OF_A_TURN: Mapping[str, str] = {
    "reaction_s": "s",
    "movement_s": "s",
    "peak_velocity_dps": "deg/s",
    "smoothness_sparc": "",
}
TURNING = "the head was turning at the call: from its slowest moment"


def of_the_turn(time_s: Array, along_deg: Array, edge_deg: float, short: str) -> dict[str, Measured]:
    """A turn along a way (n,) after a call at 0 s: when the head set off, when it came to `edge_deg`, and how.

    `time_s` (n,) need not be even; `short` says of what it did not come to.
    """
    steady_s, steady = uniform(time_s, along_deg[:, None], RATE_HZ)
    track = low_passed(steady, RATE_HZ, CUT_OFF_HZ)[:, 0]
    speed = np.maximum(0.0, np.gradient(track, 1 / RATE_HZ))
    there = np.flatnonzero(track >= edge_deg)
    arrival = int(there[0]) if len(there) else int(np.argmax(track))
    rising = speed[: int(np.argmax(speed[: arrival + 1])) + 1]
    peak_dps = float(rising[-1])
    if peak_dps < LEAST_DPS:
        return {name: Measured(None, unit, None, "the head did not turn") for name, unit in OF_A_TURN.items()}
    onset = movement.onset(rising, peak_dps)
    start = int(np.argmin(rising)) if onset is None else onset
    reaction_s = None if onset is None else float(steady_s[start])
    lasted_s = float(steady_s[arrival] - steady_s[start]) if len(there) else None
    turn = speed[start : int(np.argmax(track)) + 1]
    rest = movement.offset(turn, peak_dps)
    smooth = sparc(turn[: len(turn) if rest is None else rest + 1], RATE_HZ)
    doubt = TURNING if onset is None else ""
    return {
        "reaction_s": known(reaction_s, "s", 3, TURNING, ONSET_ERROR_S),
        "movement_s": known(lasted_s, "s", 3, short, ONSET_ERROR_S, doubt),
        "peak_velocity_dps": Measured(round(peak_dps, 1), "deg/s", VELOCITY_ERROR_DPS),
        "smoothness_sparc": known(smooth, "", 3, "the turn was too short"),
    }
