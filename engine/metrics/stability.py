"""Limits of stability: how far and how well a person can lean without a step.

Directions are degrees as seen by the person: 0 forward, 90 right, 180 back. Leans are angles of the head seen from
between the feet (`engine.metrics.range_of_motion.lean_track_deg`), (n, 2), forward and right.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics.balance import HEAD_SWAY_CUT_OFF_HZ, RATE_HZ
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import LARGEST, LATEST_S, number, numbers
from engine.metrics.signals import low_passed, uniform

Array = NDArray[np.float64]

DIRECTIONS_DEG = (0.0, 45.0, 90.0, 135.0, 180.0, 225.0, 270.0, 315.0)
FORWARD_LIMIT_DEG, SIDE_LIMIT_DEG, BACK_LIMIT_DEG = 8.0, 8.0, 4.5
UPRIGHT_DEG = 90.0  # from lying
LEAST_LEAN_DEG = 1.0
LEAST_START_DEG = 0.5  # quiet sway seldom goes further one way in one go
START_S = 0.1
MOVING_SHARE = 0.05
LEAST_S = 0.5

_LIMITS = "limits of stability test (NeuroCom), on the lean of the head"
_SIMULATED = "leans of 2 to 8 deg in 0.7 to 3 s with real quiet sway on them (95 % of 1000)"
_HIPS = "Bending at the hips looks the same as leaning from the ankles."


@dataclass(frozen=True)
class StabilityLimit:
    """One lean as far as a person dares in one direction; `why` says what is nan."""

    reaction_s: float = defined(
        "Reaction time",
        "s",
        "From the signal until the lean begins.",
        formula="first moment after the cue from which the velocity towards the target stays over 5 % of its peak for"
        " 0.1 s and gains 0.5 deg",
        source=_LIMITS + "; the 0.5 deg, which keep quiet sway from being taken for a start, are ours",
        error=f"0.34 s from {_SIMULATED}: sway hides the beginning",
        doubt="It repeats poorly on a plate, too (Lininger 2018, PMC6159502): take means of many leans.",
        plus_minus=0.34,
    )
    movement_velocity_dps: float = defined(
        "Movement velocity",
        "deg/s",
        "How fast the person dares to lean.",
        formula="90 % of the first movement's way over the time from 5 to 95 % of it",
        source=_LIMITS,
        error=f"26 % from {_SIMULATED}, 21 % in leans over 4 deg",
        doubt="It is that of the first movement alone, however short.",
        share=0.26,
    )
    endpoint_excursion_percent: float = defined(
        "Endpoint excursion",
        "%",
        "How far the first, confident movement goes.",
        formula="lean where the velocity first falls to zero after its peak, over the limit, times 100",
        source=_LIMITS,
        error=f"6 points of a limit of 8 deg from {_SIMULATED}, and 6 from a stance known to 1 cm",
        doubt=_HIPS + " Stepwise leaning ends the first movement early: compare with the maximum excursion.",
        plus_minus=8.5,
    )
    maximum_excursion_percent: float = defined(
        "Maximum excursion",
        "%",
        "How far the person leans at most.",
        formula="largest lean towards the target after the cue, over the limit, times 100",
        source=_LIMITS,
        error=f"7 points of a limit of 8 deg from {_SIMULATED}, and 6 from a stance known to 1 cm",
        doubt=_HIPS,
        plus_minus=9.0,
    )
    directional_control_percent: float = defined(
        "Directional control",
        "%",
        "How straight the lean goes to its target: 100 is a straight line.",
        formula="(way along - way across) / way along, times 100, from the start until 95 % of the furthest lean",
        source="our definition: that of NeuroCom is not published",
        error=f"33 points from {_SIMULATED}, 22 in leans over 4 deg: sway is way too, 12 points of it on average",
        doubt="Below 0 they went more across than along. Slow leans collect sway and score lower.",
        plus_minus=33.0,
    )
    why: Mapping[str, str] = field(default_factory=dict)


_AREA: dict[str, Any] = {
    "source": "limits of stability test, on the lean of the head: our definition",
    "error": "follows from that of each maximum excursion, 0.7 deg (9 % of a limit of 8 deg)",
    "doubt": _HIPS + " Only as true as each direction's best try.",
}


@dataclass(frozen=True)
class StabilityArea:
    """The furthest leans of all directions together; `why` says what is nan."""

    area_deg2: float = defined(
        "Area of stability",
        "deg²",
        "Over how large an area the person can lean.",
        formula="area of the polygon whose corners are the furthest leans, in order of direction",
        **_AREA,
    )
    left_right_asymmetry_percent: float = defined(
        "Asymmetry to the sides",
        "%",
        "How much further they lean to one side: above 0 to the right.",
        formula="(R - L) / (R + L) times 100, mean excursion of the directions to the right and to the left",
        **_AREA,
    )
    front_back_asymmetry_percent: float = defined(
        "Asymmetry of front and back",
        "%",
        "How much further they lean ahead than back: most healthy people are above 0.",
        formula="(F - B) / (F + B) times 100, mean excursion of the directions ahead and back",
        **_AREA,
    )
    why: Mapping[str, str] = field(default_factory=dict)


def theoretical_limit_deg(direction_deg: float) -> float:
    """The lean that a healthy adult can just do: 8 degrees forward and sideways, 4.5 back, ellipses between them."""
    ahead, right = math.cos(math.radians(direction_deg)), math.sin(math.radians(direction_deg))
    limit = FORWARD_LIMIT_DEG if ahead >= 0 else BACK_LIMIT_DEG
    return 1 / math.hypot(ahead / limit, right / SIDE_LIMIT_DEG)


def limits_of_stability(
    time_s: Array, lean_deg: Array, direction_deg: float, cue_s: float, limit_deg: float
) -> StabilityLimit:
    """One lean towards a target that was shown at `cue_s`, in per cent of `limit_deg`.

    Resampled to 100 Hz and low-passed at 5 Hz. Raises NotMeasurable on values that are not finite or do not fit
    together; all but the maximum excursion is nan when the lean did not go 1 degree from where it was.
    """
    if not 1 / LARGEST <= limit_deg <= LARGEST:
        raise NotMeasurable(f"a limit of {limit_deg} degrees cannot be; it has to be above zero")
    since_cue_s, along, across = _since_cue(time_s, lean_deg, direction_deg, cue_s)
    top = int(np.argmax(along))
    furthest = 100 * float(along[top]) / limit_deg
    velocity = np.gradient(along, 1 / RATE_HZ)
    start = _start(along[: top + 1], velocity[: top + 1])
    if along[top] - along[0] < LEAST_LEAN_DEG or start is None:
        names = tuple(StabilityLimit.__dataclass_fields__)
        why = {name: "no lean to speak of" for name in names if name not in ("maximum_excursion_percent", "why")}
        return StabilityLimit(*(math.nan,) * 3, furthest, math.nan, why)
    peak = start + int(np.argmax(velocity[start : top + 1]))
    stopped = np.flatnonzero(velocity[peak:] <= 0)
    end = peak + int(stopped[0]) if len(stopped) else len(along) - 1
    straight = slice(start, start + math.ceil(_first_at(along[start:], 0.95 * (along[top] - along[start]))) + 1)
    on_axis, off_axis = (float(np.abs(np.diff(way[straight])).sum()) for way in (along, across))
    mean_velocity = _mean_velocity(along[start : end + 1])
    reasons = {
        "reaction_s": "" if start > 0 else "was leaning already when the signal came",
        "movement_velocity_dps": "" if math.isfinite(mean_velocity) else "the first movement went nowhere",
    }
    return StabilityLimit(
        reaction_s=float(since_cue_s[start]) if start > 0 else math.nan,
        movement_velocity_dps=mean_velocity,
        endpoint_excursion_percent=100 * float(along[end]) / limit_deg,
        maximum_excursion_percent=furthest,
        directional_control_percent=100 * (on_axis - off_axis) / on_axis,
        why={name: reason for name, reason in reasons.items() if reason},
    )


def stability_area(direction_deg: ArrayLike, excursion_deg: ArrayLike) -> StabilityArea:
    """Area and asymmetries of the furthest leans, (k,) each, one a direction.

    Raises NotMeasurable when they do not fit together; the area is nan when the directions do not go round.
    """
    direction, excursion = numbers(direction_deg, "directions"), numbers(excursion_deg, "excursions")
    if direction.ndim != 1 or direction.shape != excursion.shape:
        raise NotMeasurable(f"one excursion a direction is needed, not shapes {excursion.shape} and {direction.shape}")
    if np.isnan(direction).any() or not np.all((excursion >= 0) & (excursion <= UPRIGHT_DEG)):
        raise NotMeasurable("directions have to be finite, and excursions from 0 to 90 deg")
    order = np.argsort(direction % 360)
    angle, reach = np.radians(direction[order] % 360), excursion[order]
    apart = np.diff(angle, append=angle[:1] + 2 * np.pi)
    ahead, right = np.cos(angle), np.sin(angle)
    values = {
        "area_deg2": float(np.sum(reach * np.roll(reach, -1) * np.sin(apart)) / 2),
        "left_right_asymmetry_percent": _asymmetry(reach, right),
        "front_back_asymmetry_percent": _asymmetry(reach, ahead),
    }
    if len(angle) < 3 or apart.max() >= np.pi - 1e-9:
        values["area_deg2"] = math.nan
    why = {name: "the directions do not go round" for name, value in values.items() if math.isnan(value)}
    return StabilityArea(**values, why=why)


def _since_cue(time_s: Array, lean_deg: Array, direction_deg: float, cue_s: float) -> tuple[Array, Array, Array]:
    """Times from the cue on, and the lean along a direction and across it, even and low-passed."""
    leans = numbers(lean_deg, "leans")
    if leans.ndim != 2 or leans.shape[1] != 2:
        raise NotMeasurable(f"leans of shape {leans.shape} are not forward and right")
    if np.any(np.abs(leans) > UPRIGHT_DEG):
        raise NotMeasurable(f"nobody leans by {np.abs(leans).max():.0f} deg")
    steady_s, steady = uniform(numbers(time_s, "times", LATEST_S), leans, RATE_HZ)
    if not steady_s[0] <= cue_s <= steady_s[-1] - LEAST_S:
        raise NotMeasurable(f"the cue at {cue_s} s is not {LEAST_S} s or more before the end of the recording")
    after = int(np.searchsorted(steady_s, cue_s))
    direction = math.radians(number(direction_deg, "the direction"))
    ahead, right = math.cos(direction), math.sin(direction)
    smooth = low_passed(steady, RATE_HZ, HEAD_SWAY_CUT_OFF_HZ)[after:]
    return steady_s[after:] - cue_s, smooth @ (ahead, right), smooth @ (-right, ahead)


def _start(along: Array, velocity: Array) -> int | None:
    """Where the first movement towards the target begins; None when there is none."""
    moving = velocity > MOVING_SHARE * velocity.max()
    edges = np.flatnonzero(np.diff(np.concatenate(([False], moving, [False]))))
    for begin, end in edges.reshape(-1, 2).tolist():
        if end - begin >= START_S * RATE_HZ and along[end - 1] - along[begin] >= LEAST_START_DEG:
            return int(begin)
    return None


def _mean_velocity(along: Array) -> float:
    """Mean velocity from 5 to 95 % of the way from first to last sample."""
    way = float(along[-1] - along[0])
    samples = _first_at(along, 0.95 * way) - _first_at(along, 0.05 * way)
    return 0.9 * way * RATE_HZ / samples if samples > 0 else math.nan


def _first_at(along: Array, gained: float) -> float:
    """The sample, with its fraction, at which a signal has first gained so much since its first sample."""
    after = int(np.argmax(along - along[0] >= gained))
    if after == 0:
        return 0.0
    before = float(along[after - 1] - along[0])
    return after - 1 + (gained - before) / float(along[after] - along[after - 1])


def _asymmetry(reach: Array, towards: Array) -> float:
    one, other = reach[towards > 1e-9], reach[towards < -1e-9]
    if not len(one) or not len(other) or reach.sum() == 0:
        return math.nan
    return 100 * float((one.mean() - other.mean()) / (one.mean() + other.mean()))
