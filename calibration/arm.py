"""The centre of a shoulder and the length of its arm, from where the hand of a straight arm has been: a sphere.

One plane of movement says next to nothing about where the centre lies across it (19 cm off in the median of
patients' single raises), so a fit is held against a gate, and what it does not pass is averaged with body proportions.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from engine.frame import Vector
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import numbers

Array = NDArray[np.float64]

LEAST_ARC_DEG = 60.0
MOST_CONDITION = 15.0
MOST_OFF_OF_ARM = 0.15
MOST_RESIDUAL_M = 0.015
LEAST_SAMPLES = 5
FURTHEST_M = 1000.0
SPACING_M = 0.01  # along the way of the hand: a hand that rests counts once, at any rate of frames
ALIKE = 15  # neighbours at this spacing that say the same: from 51 raises of a patient against the shoulder of a Kinect
LEAST_ERROR_M = 0.005  # of a hand's place, however small the residual: what controllers and hand tracking leave open
STRETCHED = 0.85  # of the longest distances from where proportions put the shoulder, which may be 4 cm off
SAMPLE, TRIES, AGREEING = 6, 400, 0.65
OUTLYING = 3.0  # robust standard deviations from the sphere
_RAISE_BOTH_WAYS = "raise the arm as high as is comfortable, to the side as well as to the front"


@dataclass(frozen=True)
class ShoulderFit:
    """A sphere through the places of a hand, in their frame; `accepted` where it may be used as it is.

    `why` says of every rule that was not kept what was found and what to do differently.
    """

    centre_m: Vector
    accepted: bool
    radius_m: float = defined(
        "Arm's radius",
        "m",
        "How far the hand was from the centre about which the straight arm turned.",
        formula="least squares for c and k of 2P·c + k = |P|², R = √(k + c·c); all places weigh the same",
        source="algebraic sphere fit (Coope 1993, J Optim Theory Appl 76:381)",
        error="1 to 9 cm in patients seen by a Kinect; the shoulder itself moves by 4 to 12 cm when the arm is raised",
        doubt="when the fit was not accepted, or the elbow was bent",
    )
    condition: float = defined(
        "Condition of the fit",
        "",
        "How poorly the places fix the centre in its worst direction; 15 is the limit.",
        formula="ratio of the largest to the smallest singular value of [(P − m)/R, 1], m the mean of P: the design"
        " that is solved, in arm lengths, so that neither the room nor the size of the person matters; it is R over the"
        " least RMS spread of the places along any direction",
        source="condition number (Golub & Van Loan, Matrix Computations)",
        error="exact; 51 single gestures of a patient gave 13 to 60 (10th to 90th percentile), two together 5 to 13,"
        " three 5 to 6; a straight arm raised from hanging to 90° ahead and to the side gives 14",
        doubt="in one plane with much noise, which spreads the places, too: the arcs are a rule of their own",
    )
    residual_m: float = defined(
        "Distance from the sphere",
        "m",
        "How far the hand strayed from the sphere: a bent elbow and a moving trunk show here.",
        formula="root mean square of |P − c| − R",
        source="definition",
        error="exact; patients seen by a Kinect had 11 to 43 mm",
        doubt="along one plane: a sphere fits any circle",
    )
    arc_deg: float = defined(
        "Arc of the arm",
        "deg",
        "The angle through which the arm went, in the plane in which it went furthest.",
        formula="1st to 99th percentile of atan2(u·s, u·m): u = P − c, m their mean direction, s the first principal"
        " direction across m",
        source="own definition",
        error="that of the centre: 1 cm of it turns a direction by 1° at 60 cm",
        doubt="when the fit was not accepted",
    )
    across_deg: float = defined(
        "Arc across",
        "deg",
        "The angle through which the arm went across that plane.",
        formula="1st to 99th percentile of the angle of u out of the plane of m and s",
        source="own definition",
        error="that of the centre: 1 cm of it turns a direction by 1° at 60 cm",
        doubt="when the fit was not accepted",
    )
    why: Mapping[str, str] = field(default_factory=dict)


class Prior(NamedTuple):
    """What body proportions say of a shoulder: its centre, the radius of its arm, and how widely people scatter.

    3 cm on each axis and 5 % are assumptions, wide ones: about the means of proportions (Drillis & Contini 1966) people
    scatter by 1 to 2 cm and 3 % (ANSUR II 2012), but how they carry the head over the shoulders is not known.
    """

    centre_m: Vector
    radius_m: float
    centre_sd_m: float = 0.03
    radius_sd_of_arm: float = 0.05


class Centre(NamedTuple):
    """A centre, its radius, and the half width of the 95 % interval along the direction that is known least."""

    centre_m: Vector
    radius_m: float
    error_m: float


def fit_shoulder(wrist_m: Array, arm_m: float | None = None) -> ShoulderFit:
    """The sphere through places of a wrist or palm (n, 3) about a still trunk, and whether it may be used.

    `arm_m` is the radius to be expected of the stature; without one that rule is left out. Places in one plane give
    the middle of their circle, places on a line nan. Raises NotMeasurable for what are no places.
    """
    points = numbers(wrist_m, "places of a hand", FURTHEST_M)
    if points.ndim != 2 or points.shape[1] != 3 or not np.isfinite(points).all():
        raise NotMeasurable(f"places of a hand are finite metres of shape (n, 3), not {points.shape}")
    if len(points) < LEAST_SAMPLES:
        return _unmeasured(f"{len(points)} places of the hand, {LEAST_SAMPLES} are needed: raise the arm slowly")
    middle = points.mean(axis=0)  # about it, places in one plane give the same circle wherever the room begins
    about = points - middle
    design = np.column_stack([2 * about, np.ones(len(points))])
    (*offset, k), _, rank, _ = np.linalg.lstsq(design, np.sum(about**2, axis=1))
    if rank < 3:
        return _unmeasured("the hand moved along a line or not at all: raise the arm in an arc")
    centre = middle + offset
    radius = float(np.sqrt(k + np.dot(offset, offset)))
    spokes = points - centre
    residual = float(np.sqrt(np.mean((np.linalg.norm(spokes, axis=1) - radius) ** 2)))
    condition = float(np.linalg.cond(np.column_stack([about / radius, np.ones(len(points))])))
    arc, across = _arcs_deg(spokes)
    why = _shortcomings(radius, condition, residual, arc, across, arm_m)
    return ShoulderFit(_vector(centre), not why, radius, condition, residual, arc, across, why)


def fit_straight(hand_m: Array, start_m: Vector, arm_m: float) -> tuple[ShoulderFit, Array]:
    """The fit through those of the places (n, 3) that a straight arm gave, and these places.

    Of the places that are far from `start_m`, the likely centre, it finds the sphere with which most of them agree and
    fits it again to all within 3 robust standard deviations: a third may come from a bent elbow. The same places
    give the same sphere.
    """
    distance = np.linalg.norm(hand_m - np.array(start_m), axis=1)
    far = hand_m[distance >= STRETCHED * np.percentile(distance, 95)] if len(hand_m) else hand_m
    if len(far) < SAMPLE:
        return fit_shoulder(far, arm_m), far
    off = _most_agreed(far, arm_m)
    kept = off <= _most_off(off, AGREEING)
    fit = fit_shoulder(far[kept], arm_m)
    for _ in range(20):
        off = np.abs(np.linalg.norm(far - np.array(fit.centre_m), axis=1) - fit.radius_m)
        again = off <= _most_off(off[kept], 0.5)
        if np.array_equal(again, kept) or not np.any(again):
            break
        kept, fit = again, fit_shoulder(far[again], arm_m)
    return fit, far[kept]


def spaced(way_m: Array) -> Array:
    """One place for every centimetre of a hand's way (n, 3), which holds no nan."""
    if len(way_m) < 2:
        return way_m
    gone_m = np.concatenate(([0.0], np.cumsum(np.linalg.norm(np.diff(way_m, axis=0), axis=1))))
    return way_m[np.unique(np.searchsorted(gone_m, np.arange(0.0, gone_m[-1], SPACING_M)))]


def by_proportions(prior: Prior) -> Centre:
    """The centre to be used where no fit may be."""
    return Centre(prior.centre_m, prior.radius_m, 1.96 * prior.centre_sd_m)


def settled(fit: ShoulderFit, hand_m: Array, prior: Prior, trunk_m: float = 0.0) -> Centre:
    """The centre to be used: the fit where it was accepted, the prior where there is none, else both by 1/variance.

    `hand_m` (n, 3) are the places of the fit, a centimetre apart. Each direction in space gets its own weight, so that
    a raise in one plane still tells what it can. Where the radius is off, the centre is taken to be as far off, and as
    the trunk where a fit was not accepted because that moved by `trunk_m`.
    Of a patient before a Kinect, with priors 4.7 cm off, single raises came to 4.2 cm of the shoulder (the fit alone
    to 14.7), raises in two planes to 2.9 (4.5) and in three to 2.7 (3.7), in the median.
    """
    if not np.isfinite(fit.radius_m):
        return by_proportions(prior)
    if fit.accepted:
        return Centre(fit.centre_m, fit.radius_m, _error_m(_information(fit, hand_m)))
    misfit_m = abs(fit.radius_m - prior.radius_m) if "radius_m" in fit.why else 0.0
    information = _information(fit, hand_m, math.hypot(misfit_m, trunk_m))
    before = np.array([*prior.centre_m, prior.radius_m])
    doubt = np.array([prior.centre_sd_m] * 3 + [prior.radius_sd_of_arm * prior.radius_m])
    trust = np.diag(doubt**-2)
    found = np.array([*fit.centre_m, fit.radius_m])
    both = np.linalg.solve(information + trust, information @ found + trust @ before)
    return Centre(_vector(both[:3]), float(both[3]), _error_m(information + trust))


def _most_agreed(points: Array, arm_m: float) -> Array:
    """How far places (n, 3) are from the sphere through six of them with which 65 % agree best (n,).

    Least quantile of squares over random sixes (Rousseeuw & Leroy 1987), among radii within 25 % of what is expected.
    """
    sixes = points[np.random.default_rng(0).integers(0, len(points), (TRIES, SAMPLE))]
    middles = sixes.mean(axis=1, keepdims=True)
    about = sixes - middles
    design = np.concatenate([2 * about, np.ones((TRIES, SAMPLE, 1))], axis=2)
    solutions = np.linalg.pinv(design) @ np.sum(about**2, axis=2)[..., None]
    offsets, k = solutions[:, :3, 0], solutions[:, 3]
    radii = np.sqrt(k[:, 0] + np.sum(offsets**2, axis=1))
    centres = offsets + middles[:, 0]
    off = np.abs(np.linalg.norm(points - centres[:, None], axis=2) - radii[:, None])
    plausible = np.abs(radii - arm_m) <= 0.25 * arm_m
    best = np.argmin(np.where(plausible, np.quantile(off, AGREEING, axis=1), np.inf))
    agreed: Array = off[best]
    return agreed


def _most_off(off: Array, share: float) -> float:
    """Three standard deviations of normal scatter, by that share of the distances which is no outlier's."""
    sd_m = float(np.quantile(off, share)) / float(scipy.special.ndtri((1 + share) / 2))
    return max(OUTLYING * sd_m, LEAST_ERROR_M)


def _information(fit: ShoulderFit, hand_m: Array, misfit_m: float = 0.0) -> Array:
    """The inverse of the covariance of centre and radius (4, 4), as far as the places are independent."""
    spokes = (hand_m - np.array(fit.centre_m)) / fit.radius_m
    towards = np.column_stack([spokes, np.ones(len(hand_m))])
    sd_m = max(math.hypot(fit.residual_m, misfit_m), LEAST_ERROR_M)
    information: Array = towards.T @ towards / (ALIKE * sd_m**2)
    return information


def _error_m(information: Array) -> float:
    return float(1.96 * np.sqrt(np.linalg.eigvalsh(np.linalg.inv(information)[:3, :3])[-1]))


def _arcs_deg(spokes: Array) -> tuple[float, float]:
    mean = spokes.mean(axis=0)
    ahead = mean / (float(np.linalg.norm(mean)) or 1.0)
    along = spokes @ ahead
    _, _, axes = np.linalg.svd(spokes - np.outer(along, ahead), full_matrices=False)
    main, across = (spokes @ axes[:2].T).T
    angles = np.degrees([np.arctan2(main, along), np.arctan2(across, np.hypot(main, along))])
    low, high = np.percentile(angles, (1, 99), axis=1)
    return float(high[0] - low[0]), float(high[1] - low[1])


def _shortcomings(
    radius: float, condition: float, residual: float, arc: float, across: float, arm_m: float | None
) -> Mapping[str, str]:
    why = {}
    if arc < LEAST_ARC_DEG:
        why["arc_deg"] = f"the arm went through {math.floor(arc)}°, {LEAST_ARC_DEG:.0f}° are needed: raise it higher"
    if across < LEAST_ARC_DEG:
        why["across_deg"] = (
            f"the arm went through {math.floor(across)}° across its plane, {LEAST_ARC_DEG:.0f}° are needed:"
            f" {_RAISE_BOTH_WAYS}"
        )
    if not condition < MOST_CONDITION:
        why["condition"] = (
            f"too small a part of the sphere (condition {condition:.0f}, under {MOST_CONDITION:.0f} is needed):"
            f" {_RAISE_BOTH_WAYS}"
        )
    if arm_m is not None and abs(radius - arm_m) > MOST_OFF_OF_ARM * arm_m:
        why["radius_m"] = (
            f"a radius of {radius:.2f} m is not within {MOST_OFF_OF_ARM:.0%} of the {arm_m:.2f} m of this stature:"
            " keep the elbow straight, and see whether the height is right"
        )
    if not residual < MOST_RESIDUAL_M:
        why["residual_m"] = (
            f"the hand strayed {1000 * residual:.0f} mm from the sphere, under {1000 * MOST_RESIDUAL_M:.0f} is needed:"
            " keep the elbow straight and the trunk still"
        )
    return why


def _unmeasured(why: str) -> ShoulderFit:
    nan = float("nan")
    names = ("centre_m", "radius_m", "condition", "residual_m", "arc_deg", "across_deg")
    return ShoulderFit((nan, nan, nan), False, nan, nan, nan, nan, nan, dict.fromkeys(names, why))


def _vector(place: Array) -> Vector:
    x, y, z = (float(value) for value in place)
    return (x, y, z)
