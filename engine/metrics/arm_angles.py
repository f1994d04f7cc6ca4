"""What lines of an arm show: shoulder elevation and its plane, and elbow flexion.

The shoulder's angles are those of the International Society of Biomechanics (Wu 2005, J Biomech 38:981): elevation
away from hanging, and the plane in which the arm is raised, 0 being abduction to the side and 90 flexion to the front.
Arrays are time first; axes are OpenXR's, x right, y up, -z forward; nan is where something was not seen.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics import turning
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import LATEST_S, length_m, number, numbers, outward_sign, tracked
from engine.metrics.progress import Repetitions, summary
from engine.metrics.range_of_motion import ELEVATION_ERROR_DEG, STRAIGHT_ARM, elevation_deg
from engine.metrics.signals import lengths

Array = NDArray[np.float64]

PLANE_FROM_DEG, PLANE_TO_DEG = 20.0, 160.0  # nearer to hanging or overhead, the plane is not defined
LEAST_RAISE_DEG = 20.0
NEARLY_STRAIGHT_DEG = 60.0  # here 1 cm of distance is 5 degrees of elbow, and below it is more
ELBOW_ERROR_DEG = 24.0  # 95 %: patients' peaks were off by 7 degrees in the median and 20 at the 90th percentile
MOVEMENTS = (  # centre of the plane, half its width, name
    (0.0, 20.0, "abduction"),
    (37.5, 7.5, "scaption"),
    (90.0, 20.0, "flexion"),
    (-90.0, 20.0, "extension"),
)
UP = np.array((0.0, 1.0, 0.0))

_UNKNOWN = {
    "elevation_deg": "the arm was never seen nearly straight",
    "trunk_elevation_deg": "no tracker on the trunk was seen while the arm was straight",
    "plane_deg": "the arm was never seen straight between 20 and 160 degrees, where its plane can be told",
    "trunk_percent": "no tracker on the trunk was seen at the highest elevation",
}
_ELEVATION: dict[str, Any] = {
    "source": "Wu 2005, J Biomech 38:981 (ISB), read off the line from shoulder to hand",
    "error": "against cameras that see the elbow, patients' peaks were off by 7 deg in the median and 15 at the 90th "
    "percentile (18 for 95 %); in 54 raises of one patient by 11 and 15, always too high; from an elbow's own tracker, "
    "unknown",
    "doubt": "The elbow was bent, the shoulder's place was guessed from body height, or the trunk leaned unseen.",
    "plus_minus": ELEVATION_ERROR_DEG,
}


@dataclass(frozen=True)
class Shoulder:
    """How far an arm was raised while it was straight, in which plane, and how much of it the trunk did.

    `movement` is abduction, scaption, flexion, extension or, in planes between those, elevation; "" where unknown.
    """

    elevation_deg: float = defined(
        "Shoulder elevation",
        "deg",
        "How far the arm was raised: 0 hanging, 90 level, 180 straight up.",
        formula="max of acos(-u . up), u the unit vector from shoulder to hand, up against gravity",
        **_ELEVATION,
    )
    trunk_elevation_deg: float = defined(
        "Shoulder elevation from the trunk",
        "deg",
        "How far the arm was raised from the trunk, so that leaning back does not count.",
        formula="max of acos(-u . Y), Y the trunk's own up: up, turned as a tracker on the trunk turned",
        **_ELEVATION,
    )
    plane_deg: float = defined(
        "Plane of elevation",
        "deg",
        "In which direction the arm was raised: 0 to the side, 90 to the front, -90 to the back.",
        formula="atan2(sum of u . X, sum of u . Z) while the elevation is between 20 and 160 deg, in the raise that "
        "holds the highest; X ahead and Z to the arm's own side, of the trunk where a tracker shows it, else of the "
        "stance",
        source="Wu 2005, J Biomech 38:981 (ISB)",
        error="unknown; a shoulder misplaced by 5 cm turns it by 5 deg with the arm level and more with the arm low",
        doubt="The trunk turned and wore no tracker, or the arm swept through several planes.",
    )
    trunk_percent: float = defined(
        "Share of the trunk",
        "%",
        "How much of the raised arm the trunk did, by leaning away.",
        formula="100 (elevation - elevation from the trunk) / elevation, at the highest elevation",
        source="definition of this project",
        error="a tracker on the chest is within 1.4 deg: 1 % of a raise of 140 deg",
        doubt="The tracker slid on its strap, or the arm was hardly raised.",
    )
    seen_percent: float = defined(
        "Arm seen straight",
        "%",
        "For how much of the time the hand was seen with the arm straight enough to be measured.",
        formula="100 times the share of samples with |hand - shoulder| of at least 0.92 of the arm's length",
        source="definition of this project",
        error="exact, but for the arm's length and the shoulder's place",
        doubt="The arm's length is not the person's.",
    )
    movement: str = ""
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


def shoulder(
    line_m: ArrayLike,
    side: str,
    facing_deg: float,
    arm_m: float | None = None,
    *,
    trunk_xyzw: ArrayLike | None = None,
    trunk_neutral_xyzw: ArrayLike | None = None,
    passive: bool = False,
) -> Shoulder:
    """Elevation, plane and share of the trunk from lines (n, 3) out of the shoulder; nan where they were not seen.

    With `arm_m`, shoulder to hand, lines end at the hand and count from 0.92 of it; without it they end at the elbow.
    A tracker on the trunk is (n, 4), nan where unseen, and `trunk_neutral_xyzw` how it was in the stance (by default
    when first seen). Raises NotMeasurable on wrong shapes, infinite values and what is no rotation.
    """
    lines = tracked(line_m, (None, 3), "lines")
    straight = _straight(lines, arm_m)
    axes = _trunk_axes(len(lines), facing_deg, trunk_xyzw, trunk_neutral_xyzw)
    elevations_deg = elevation_deg(lines, UP)
    raised = np.where(straight, elevations_deg, np.nan)
    raised_from_trunk = raised if trunk_xyzw is None else np.where(straight, elevation_deg(lines, axes[:, 1]), np.nan)
    top = 0 if np.isnan(raised).all() else int(np.nanargmax(raised))
    around = _one_raise(elevations_deg, top)
    plane = _plane_deg(lines[around], axes[around], raised_from_trunk[around], side)
    found = {
        "elevation_deg": float(raised[top]),
        "trunk_elevation_deg": math.nan if trunk_xyzw is None else float(np.fmax.reduce(raised_from_trunk)),
        "plane_deg": plane,
        "trunk_percent": math.nan if trunk_xyzw is None else _share_percent(raised[top], raised_from_trunk[top]),
        "seen_percent": 100 * float(straight.mean()),
    }
    why = {name: _UNKNOWN[name] for name, value in found.items() if math.isnan(value)}
    return turning.result(Shoulder, found.values(), passive, why, movement=movement_in(plane))


def shoulder_repetitions(
    line_m: ArrayLike, time_s: ArrayLike, arm_m: float | None = None, least_deg: float = LEAST_RAISE_DEG
) -> tuple[Repetitions, tuple[turning.Peak, ...]]:
    """The raises of an arm against gravity, summed up and one by one, from what `shoulder` takes and times (n,).

    Found as `turning.peaks` has it; a raise that was highest with a bent elbow is left out.
    """
    lines = tracked(line_m, (None, 3), "lines")
    order = turning.chronological(time_s, len(lines))
    lines, times = lines[order], numbers(time_s, "times", LATEST_S)[order]
    raised = elevation_deg(lines, UP)
    seen, straight = ~np.isnan(raised), set(times[_straight(lines, arm_m)])
    found = turning.peaks(times[seen], raised[seen, None], (("elevation", ""),), least_deg)
    measurable = tuple(peak for peak in found if peak.at_s in straight)
    return summary([peak.peak_deg for peak in measurable]), measurable


def movement_in(plane_deg: float) -> str:
    """What clinicians call an elevation in a plane; "elevation" between their planes, "" for nan."""
    if math.isnan(plane_deg):
        return ""
    near = (name for centre, half_width, name in MOVEMENTS if abs(plane_deg - centre) <= half_width)
    return next(near, "elevation")


@dataclass(frozen=True)
class Elbow:
    """How far an elbow was bent, as far as the distance from shoulder to hand can tell."""

    flexion_deg: float = defined(
        "Elbow flexion",
        "deg",
        "How far the elbow was bent at most: 0 is straight.",
        formula="max of 180 - acos((a^2 + b^2 - d^2) / (2 a b)), a upper arm, b forearm with hand, d shoulder to hand; "
        "not below 60 deg",
        source="law of cosines",
        error="against cameras that see the elbow, patients' peaks were off by 7 deg in the median and 20 at the 90th "
        "percentile; in ten flexions of one patient by 3 and 7; with the arm raised by 11 and 37",
        doubt="The arm was raised, which lifts the shoulder's centre, or the lengths of the arm were guessed.",
        plus_minus=ELBOW_ERROR_DEG,
    )
    mode: str = "active"
    why: Mapping[str, str] = field(default_factory=dict)


def elbow(distance_m: ArrayLike, upper_arm_m: float, forearm_m: float, *, passive: bool = False) -> Elbow:
    """The largest flexion of an elbow in distances (n,) from shoulder to hand, nan where the hand was not seen."""
    flexion_deg = elbow_flexion_deg(distance_m, upper_arm_m, forearm_m)
    if np.isnan(tracked(distance_m, (None,), "distances")).all():
        return turning.unseen(Elbow, "the hand was never seen", passive)
    if np.isnan(flexion_deg).all():
        return turning.unseen(Elbow, "nearly straight: below 60 degrees the distance does not tell", passive)
    return turning.result(Elbow, [np.nanmax(flexion_deg)], passive)


def elbow_flexion_deg(distance_m: ArrayLike, upper_arm_m: float, forearm_m: float) -> Array:
    """Elbow flexion over time by the law of cosines, (n,) from distances (n,); nan below 60 degrees: nearly straight.

    A distance shorter than any elbow allows reads as 180. Raises NotMeasurable when a length is not positive.
    """
    distance = tracked(distance_m, (None,), "distances")
    if np.any(distance < 0):
        raise NotMeasurable("distances: one is negative")
    upper, lower = length_m(upper_arm_m, "upper arm"), length_m(forearm_m, "forearm")
    cosine = (upper**2 + lower**2 - distance**2) / (2 * upper * lower)
    flexion: Array = 180 - np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return np.where(flexion >= NEARLY_STRAIGHT_DEG, flexion, np.nan)


def bend_deg(upper_m: ArrayLike, lower_m: ArrayLike) -> Array:
    """The angle (n,) between two segments (n, 3), as trackers on them show it: 0 is straight; nan where unseen."""
    return 180 - elevation_deg(tracked(upper_m, (None, 3), "lines"), tracked(lower_m, (None, 3), "lines"))


def _straight(lines_m: Array, arm_m: float | None) -> NDArray[np.bool_]:
    least_m = np.finfo(float).tiny if arm_m is None else STRAIGHT_ARM * length_m(arm_m, "the arm")
    straight: NDArray[np.bool_] = lengths(lines_m) >= least_m
    return straight


def _one_raise(raised_deg: Array, top: int) -> slice:
    """The samples around the highest in which the arm did not hang; where it was unseen it may have been raised."""
    with np.errstate(invalid="ignore"):
        hanging = np.flatnonzero(raised_deg <= PLANE_FROM_DEG)
    after = int(np.searchsorted(hanging, top))
    return slice(hanging[after - 1] + 1 if after else 0, hanging[after] if after < len(hanging) else None)


def _trunk_axes(n: int, facing_deg: float, trunk_xyzw: ArrayLike | None, neutral_xyzw: ArrayLike | None) -> Array:
    """The trunk's axes ahead, up and right (n, 3, 3), as they turned with its tracker; nan where that was not seen."""
    facing = math.radians(number(facing_deg, "the facing"))
    level = np.array([[math.sin(facing), 0, -math.cos(facing)], UP, [math.cos(facing), 0, math.sin(facing)]])
    if trunk_xyzw is None:
        return np.broadcast_to(level, (n, 3, 3))
    trunk = tracked(trunk_xyzw, (n, 4), "the trunk")
    axes = np.full((n, 3, 3), np.nan)
    seen = np.flatnonzero(~np.isnan(trunk).any(axis=1))
    if len(seen):
        neutral = trunk[seen[0]] if neutral_xyzw is None else neutral_xyzw
        moved = turning.trunk_motion(trunk[seen], np.zeros(len(seen)), neutral)
        axes[seen] = level @ np.swapaxes(moved.as_matrix(), 1, 2)
    return axes


def _plane_deg(lines_m: Array, axes: Array, raised_deg: Array, side: str) -> float:
    """The mean direction of the horizontal parts of the lines where a plane can be told, nan where it never can."""
    with np.errstate(invalid="ignore"):
        told = (raised_deg > PLANE_FROM_DEG) & (raised_deg < PLANE_TO_DEG)
    if not told.any():
        return math.nan
    units = lines_m[told] / np.linalg.norm(lines_m[told], axis=1, keepdims=True)
    ahead, _, right = np.einsum("nij,nj->i", axes[told], units)
    return math.degrees(math.atan2(ahead, outward_sign(side) * right))


def _share_percent(raised_deg: float, from_trunk_deg: float) -> float:
    return 100 * float((raised_deg - from_trunk_deg) / raised_deg) if raised_deg > 0 else math.nan
