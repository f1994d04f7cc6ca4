"""A calibration from a recording of somebody who was never asked to do anything: what their movement shows."""

from collections.abc import Mapping

import msgspec
import numpy as np

from calibration.leaning import THEORETICAL_DEG
from calibration.limits import from_repetitions, reach_cells
from calibration.reaching import ARM_SD_M, ELEVATION_SD_DEG
from calibration.standing import STATURE_SD_M, mean_facing_deg, stance_of
from calibration.sway import head_sway
from engine.body import EYE_HEIGHT_OF_STATURE
from engine.envelope import LEANS
from engine.frame import SIDES
from engine.metrics.range_of_motion import arm_directions, lean_track_deg
from engine.motion import SPLIT_S, Motion, clean
from engine.places import lean_along
from engine.records import Calibration, Limit, Measured, Stance
from engine.task import NotMeasured

LEAST_RECORDING_S = 10.0
QUIET_S = 10.0
LEAST_QUIET_S = 5.0
STEP_S = 0.25
STANDING_M = (0.8, 2.3)
STRETCHED = 0.75  # play keeps arms bent
LEAST_LEAN_DEG = 1.0
QUIET_MM_S = 35.0  # standing on foam with eyes closed sways at 31 (median of 200 trials, Santos & Duarte 2016)
NOT_ASKED = "seen in play, not asked for: the person may well reach further"
NOWHERE = Stance((0.0, 0.0, 0.0), 0.0)


def measure(rows: np.ndarray, measured_at: str) -> Calibration:
    """Stature, arms, reach, shoulder elevation and head sway from rows (dtype `engine.recording.FRAME`).

    Nothing was asked of the person, so limits are what was seen, not what is possible. Raises NotMeasured, with
    the reason, when the recording is too short or holds no standing person.
    """
    motion = clean(rows)
    if motion.quality.seconds < LEAST_RECORDING_S:
        raise NotMeasured(
            f"the recording holds {motion.quality.seconds:.1f} s of movement, {LEAST_RECORDING_S:.0f} s are needed"
        )
    height_m = float(np.percentile(motion.head_m[:, 1], 90))
    if not STANDING_M[0] <= height_m <= STANDING_M[1]:
        low, high = STANDING_M
        raise NotMeasured(
            f"the head is at {height_m:.2f} m, a standing person's is from {low} to {high} m: set the floor"
        )
    quiet = quietest(motion)
    x, _, z = (float(v) for v in np.median(motion.head_m, axis=0))
    stance = Stance((round(x, 4), round(height_m, 4), round(z, 4)), round(mean_facing_deg(motion.head_q), 2))
    stature = from_repetitions(
        [height_m / EYE_HEIGHT_OF_STATURE], "m", "90th percentile of headset height over 0.936", STATURE_SD_M
    )
    known = Calibration(measured_at, stance, stature, {}, quality=motion.quality)
    known = msgspec.structs.replace(known, sway=_sway(quiet))
    for side in SIDES:
        known = _with_arm(known, motion, side)
    return msgspec.structs.replace(known, limits={**known.limits, **_leans(motion, stance)})


def _leans(motion: Motion, stance: Stance) -> Mapping[str, Limit]:
    """Leans to begin with, for whom none was measured: half of the theoretical limit, less where less was seen."""
    leans = lean_track_deg(motion, stance)
    limits = {}
    for movement, direction in LEANS.items():
        along = np.array([lean_along((ahead, right), direction)[0] for ahead, right in leans.tolist()])
        seen = float(np.percentile(along, 95))
        value = round(max(LEAST_LEAN_DEG, min(seen, THEORETICAL_DEG[movement] / 2)), 4)
        method = "not measured: half of the theoretical limit of stability at most"
        limits[movement] = Limit(value, value, value, "deg", 0, method)
    return limits


def quietest(motion: Motion) -> Motion:
    """The stretch of up to 10 s, without a gap, in which the head moves least; shorter when there is no longer one."""
    way = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(motion.head_m, axis=0), axis=1))))
    for seconds in (QUIET_S, LEAST_QUIET_S):
        begins = np.arange(motion.time_s[0], motion.time_s[-1] - seconds, STEP_S)
        starts = np.searchsorted(motion.time_s, begins)
        stops = np.searchsorted(motion.time_s, begins + seconds)
        gaps = np.concatenate(([0], np.cumsum(np.diff(motion.time_s) > SPLIT_S)))
        lasting_s = motion.time_s[stops - 1] - motion.time_s[starts]  # less where it begins or ends in a gap
        whole = (gaps[stops - 1] == gaps[starts]) & (lasting_s > seconds - SPLIT_S)
        if np.any(whole):
            moved = np.where(whole, way[stops - 1] - way[starts], np.inf)
            best = int(np.argmin(moved))
            return motion.cut(int(starts[best]), int(stops[best]))
    return motion.cut(0, 0)


def _with_arm(known: Calibration, motion: Motion, side: str) -> Calibration:
    azimuth, elevation, radius = arm_directions(motion, known.stance, side)
    seen = radius[np.isfinite(radius)]
    if not len(seen):
        raise NotMeasured(f"the {side} hand was never tracked: the arm cannot be measured")
    length_m = float(np.percentile(seen, 99))
    arm = from_repetitions([length_m], "m", "99th percentile of shoulder to hand, seen in play", ARM_SD_M)
    cells = reach_cells(azimuth, elevation, radius)
    stretched = [c.elevation_deg for c in cells if c.radius_m >= STRETCHED * length_m and abs(c.azimuth_deg) <= 90]
    if not stretched:
        raise NotMeasured(f"the {side} arm was never seen stretched out in front: play longer, with the hands in view")
    method = f"highest direction in which the arm was stretched to {STRETCHED:.0%}"
    limit = from_repetitions([max(stretched)], "deg", method, ELEVATION_SD_DEG, NOT_ASKED)
    return msgspec.structs.replace(
        known,
        arm_m={**known.arm_m, side: arm},
        limits={**known.limits, f"shoulder_elevation_{side}": limit},
        reach={**known.reach, side: cells},
    )


def _sway(quiet: Motion) -> Mapping[str, Measured]:
    sway = head_sway(quiet, stance_of(quiet)) if len(quiet.time_s) else head_sway(quiet, NOWHERE)
    velocity = sway["sway_velocity"].value
    if velocity is None or velocity <= QUIET_MM_S:
        return sway
    why = f"no quiet stretch: in the quietest the head moved at {velocity:.0f} mm/s, quiet is under {QUIET_MM_S:.0f}"
    return {name: Measured(None, measured.unit, None, why) for name, measured in sway.items()}
