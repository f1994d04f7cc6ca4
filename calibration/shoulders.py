"""The shoulders of a person: from the hands of straight arms where they went far enough, from proportions elsewhere."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import scipy

from calibration.arm import Array, Prior, by_proportions, fit_straight, settled, spaced
from calibration.limits import from_one
from engine.body import ARM_OF_STATURE, shoulder_by_stature
from engine.frame import SIDES
from engine.metrics.range_of_motion import STRAIGHT_ARM, arm_directions, shoulder_track_m
from engine.metrics.reach_space import neck_track_m
from engine.motion import Motion
from engine.places import from_head
from engine.records import Limit, Shoulder, Stance

HAND_SD_M = 0.0135  # of a controller's place over half a metre: Carnevale et al. 2022
ASIDE_DEG = 20.0
LEAST_FRAMES = 20
MOST_TRUNK_M = 0.05  # further is compensation; a trunk that bends by 15 degrees takes the centre along by 7 to 11 cm
FITTED = "sphere fit of the straight arm"
AVERAGED = "sphere fit averaged with body proportions"
PROPORTIONS = "body proportions"


def shoulder(motions: Sequence[tuple[Motion, Stance]], side: str, stature_m: float, raised: bool = False) -> Shoulder:
    """The centre of a shoulder from movements of its hand, each with the stance it began from.

    Where each is one raise of a straight arm, only the way up counts: arms come down bent. Of other movement a fit
    that is not accepted counts nothing: nobody was asked for a straight arm. The trunk moves as a chest tracker says,
    or else along with the head, as `shoulder_track_m` has it, and then faces as in the stance.
    """
    ways = [hand_from_head_m(motion, stance, side) for motion, stance in motions]
    ways = [spaced(way[: np.argmax(way[:, 1]) + 1] if raised and len(way) else way) for way in ways]
    prior = Prior(shoulder_by_stature(stature_m, side), ARM_OF_STATURE * stature_m)
    fit, straight = fit_straight(np.concatenate(ways), prior.centre_m, prior.radius_m)
    trunk_m = max(_trunk_moved_m(motion, side) for motion, _ in motions) if raised else 0.0
    if trunk_m > MOST_TRUNK_M:
        moved = f"the trunk moved by {100 * trunk_m:.0f} cm while the arm was raised: keep it still"
        fit = replace(fit, accepted=False, why={"trunk": moved, **fit.why})
    known = bool(np.isfinite(fit.radius_m))
    used = known and (raised or fit.accepted)
    centre = (
        settled(fit, straight, prior, trunk_m if trunk_m > MOST_TRUNK_M else 0.0) if used else by_proportions(prior)
    )
    right, up, ahead = (round(value, 4) for value in centre.centre_m)
    return Shoulder(
        centre_m=(right, up, ahead),
        radius_m=round(centre.radius_m, 4),
        error_m=round(centre.error_m, 4),
        accepted=fit.accepted,
        method=(FITTED if fit.accepted else AVERAGED) if used else PROPORTIONS,
        n=len(straight),
        condition=round(fit.condition, 2) if known else None,
        residual_m=round(fit.residual_m, 5) if known else None,
        why=tuple(fit.why.values())[:1],  # what comes after it mostly follows from it
    )


def hand_from_head_m(motion: Motion, stance: Stance, side: str) -> Array:
    """Places of a hand that was seen, (n, 3): right, up and ahead of the neutral head, were the trunk still neutral."""
    line = _in_still_trunk(motion, stance, side)
    x, y, z = line[np.isfinite(line).all(axis=1)].T
    facing = np.radians(stance.facing_deg)
    places: Array = np.stack([x * np.cos(facing) + z * np.sin(facing), y, x * np.sin(facing) - z * np.cos(facing)], 1)
    return places


def span_arm(motion: Motion, stance: Stance, shoulders: Mapping[str, Shoulder]) -> Limit | None:
    """The length of the arms from the span of hands held out to both sides; None where they never were.

    Half of what the span is more than the shoulders are apart: what is wrong with the head's place over the
    shoulders takes no part in it.
    """
    out = np.ones(len(motion.time_s), bool)
    for side, found in shoulders.items():
        azimuth, elevation, radius = arm_directions(motion, stance, side, from_head(stance, found.centre_m))
        out &= (np.abs(np.abs(azimuth) - 90) < ASIDE_DEG) & (np.abs(elevation - 90) < ASIDE_DEG)
        out &= radius > STRAIGHT_ARM * found.radius_m
    if np.count_nonzero(out) < LEAST_FRAMES:
        return None
    left, right = (shoulders[side] for side in SIDES)
    apart_m = math.dist(left.centre_m, right.centre_m)
    span_m = float(np.percentile(np.linalg.norm(motion.left_m[out] - motion.right_m[out], axis=1), 95))
    sd_m = math.hypot(left.error_m, right.error_m) / 1.96 / 2
    return from_one((span_m - apart_m) / 2, "m", "half of hand span less shoulder width", math.hypot(sd_m, HAND_SD_M))


def arm_sd_m(found: Shoulder) -> float:
    """The standard deviation of an arm's length: that of the shoulder it is measured from, and that of the hand."""
    return math.hypot(found.error_m / 1.96, HAND_SD_M)


def _trunk_moved_m(motion: Motion, side: str) -> float:
    """How far the trunk went until the hand was highest, 0 where a chest tracker makes up for it.

    The lesser of what head and neck say, because a head that only turns moves but one of them.
    """
    hand_m = motion.hand_m(side)
    if "chest" in motion.trackers or not np.isfinite(hand_m).any():
        return 0.0
    until = int(np.nanargmax(hand_m[:, 1])) + 1
    ways = (motion.head_m[:until], neck_track_m(motion.head_m[:until], motion.head_q[:until]))
    return min(float(np.linalg.norm(way - way[0], axis=1).max()) for way in ways)


def _in_still_trunk(motion: Motion, stance: Stance, side: str) -> Array:
    """A hand from the neutral head (n, 3), in the room's axes: as a chest tracker has it, else as the head moved."""
    chest, hand_m = motion.trackers.get("chest"), motion.hand_m(side)
    if chest is None:
        return hand_m - shoulder_track_m(motion, stance, side, stance.head_m)
    away_m = np.linalg.norm(motion.head_m - np.array(stance.head_m), axis=1)
    seen = np.isfinite(chest.q).all(axis=1) & np.isfinite(chest.position_m).all(axis=1)
    neutral = int(np.argmin(np.where(seen, away_m, np.inf)))
    turned = scipy.spatial.transform.Rotation.from_quat(chest.q[seen])
    back = scipy.spatial.transform.Rotation.from_quat(chest.q[neutral]) * turned.inv()
    line: Array = np.full_like(hand_m, np.nan)
    line[seen] = back.apply(hand_m[seen] - chest.position_m[seen]) + chest.position_m[neutral] - motion.head_m[neutral]
    return line
