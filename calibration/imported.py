"""A calibration from a recording of somebody who was never asked to do anything: what their movement shows."""

from collections.abc import Mapping

import msgspec
import numpy as np

from calibration.height import NO_FLOOR, SEATED, posture_of, seated_of, stature_of
from calibration.limits import ELEVATION_SD_DEG, from_one, from_repetitions, reach_cells
from calibration.shoulders import arm_sd_m, shoulder, span_arm
from calibration.standing import SEATED_SWAY, TOLD_SD_M, mean_facing_deg, stance_of
from engine.frame import SIDES
from engine.metrics.head_sway import head_sway
from engine.metrics.range_of_motion import arm_directions, lean_track_deg
from engine.motion import SPLIT_S, Motion, clean
from engine.movements import LEANS, MAIN_LEANS, THEORETICAL_LEAN_DEG
from engine.places import from_head, lean_along
from engine.records import SEEN_IN_PLAY, Calibration, Limit, Measured, Stance
from engine.task import NotMeasured, none_of

LEAST_RECORDING_S = 10.0
QUIET_S = 10.0
LEAST_QUIET_S = 5.0
STEP_S = 0.25
STRETCHED = 0.75  # play keeps arms bent
LEAST_LEAN_DEG = 1.0
QUIET_MM_S = 35.0  # standing on foam with eyes closed sways at 31 (median of 200 trials, Santos & Duarte 2016)
NOWHERE = Stance((0.0, 0.0, 0.0), 0.0)


def measure(rows: np.ndarray, measured_at: str, stature_m: float | None = None) -> Calibration:
    """Stature, shoulders, arms, reach, shoulder elevation and head sway from rows (dtype `engine.recording.FRAME`).

    Nothing was asked of the person, so limits are what was seen, not what is possible. Who sat is recognised by the
    height of the headset, for certain where their stature is given. Raises NotMeasured, with the reason, when the
    recording is too short or holds nobody who stands or sits over a floor.
    """
    motion = clean(rows)
    if motion.quality.seconds < LEAST_RECORDING_S:
        raise NotMeasured(
            f"the recording holds {motion.quality.seconds:.1f} s of movement, {LEAST_RECORDING_S:.0f} s are needed"
        )
    headset_m = float(np.percentile(motion.head_m[:, 1], 90))
    height = posture_of(headset_m, stature_m)
    if height.posture == NO_FLOOR:
        raise NotMeasured(height.why)
    x, _, z = (float(v) for v in np.median(motion.head_m, axis=0))
    stance = Stance((round(x, 4), round(headset_m, 4), round(z, 4)), round(mean_facing_deg(motion.head_q), 2))
    how = "90th percentile of headset height"
    told = from_one(stature_m, "m", "told", TOLD_SD_M) if stature_m is not None else None
    stature = told or stature_of(height, headset_m, None, how)
    known = Calibration(
        measured_at,
        stance,
        stature,
        {},
        sway=_sway(quietest(motion), height.posture == SEATED),
        quality=motion.quality,
        seated_m=seated_of(height, headset_m, how),
    )
    for side in SIDES:
        known = _with_arm(known, motion, side)
    span = span_arm(motion, stance, known.shoulders)
    arm_m = dict.fromkeys(SIDES, span) if span is not None else known.arm_m
    found = {**known.limits, **_leans(motion, stance)}
    limits = {name: msgspec.structs.replace(limit, posture=height.posture) for name, limit in found.items()}
    return msgspec.structs.replace(known, arm_m=arm_m, limits=limits)


def _leans(motion: Motion, stance: Stance) -> Mapping[str, Limit]:
    """Leans to begin with, for whom none was measured: half of the theoretical limit, less where less was seen."""
    leans = lean_track_deg(motion, stance)
    limits = {}
    for movement in MAIN_LEANS:
        along = np.array([lean_along((ahead, right), LEANS[movement])[0] for ahead, right in leans.tolist()])
        seen = float(np.percentile(along, 95))
        value = round(max(LEAST_LEAN_DEG, min(seen, THEORETICAL_LEAN_DEG[movement] / 2)), 4)
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
    found = shoulder([(motion, known.stance)], side, known.stature_m.value)
    azimuth, elevation, radius = arm_directions(motion, known.stance, side, from_head(known.stance, found.centre_m))
    seen = radius[np.isfinite(radius)]
    if not len(seen):
        raise NotMeasured(f"the {side} hand was never tracked: the arm cannot be measured")
    length_m = float(np.percentile(seen, 99))
    how = f"99th percentile of shoulder to hand, seen in play; shoulder by {found.method}"
    arm = from_one(length_m, "m", how, arm_sd_m(found))
    cells = reach_cells(azimuth, elevation, radius)
    stretched = [c.elevation_deg for c in cells if c.radius_m >= STRETCHED * length_m and abs(c.azimuth_deg) <= 90]
    if not stretched:
        raise NotMeasured(f"the {side} arm was never seen stretched out in front: play longer, with the hands in view")
    method = f"highest direction in which the arm was stretched to {STRETCHED:.0%}"
    limit = from_repetitions([max(stretched)], "deg", method, ELEVATION_SD_DEG, SEEN_IN_PLAY)
    return msgspec.structs.replace(
        known,
        shoulders={**known.shoulders, side: found},
        arm_m={**known.arm_m, side: arm},
        limits={**known.limits, f"shoulder_elevation_{side}": limit},
        reach={**known.reach, side: cells},
    )


def _sway(quiet: Motion, seated: bool) -> Mapping[str, Measured]:
    sway = head_sway(quiet, stance_of(quiet)) if len(quiet.time_s) else head_sway(quiet, NOWHERE)
    velocity = sway["sway_velocity"].value
    why = SEATED_SWAY if seated else ""
    if not seated and velocity is not None and velocity > QUIET_MM_S:
        why = (
            f"no quiet stretch: in the quietest the head moved at {velocity:.0f} mm/s, quiet is under {QUIET_MM_S:.0f}"
        )
    return none_of(sway, why) if why else sway
