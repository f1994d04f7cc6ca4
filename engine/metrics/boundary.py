"""How much time is left before a point that stands for the body crosses a boundary, and which boundaries there are."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics.balance import track_of
from engine.metrics.definition import NotMeasurable, defined
from engine.metrics.given import numbers

Array = NDArray[np.float64]

_TIME: dict[str, Any] = {
    "source": "after Slobounov 1997, J Mot Behav 29:263, without acceleration",
    "error": "unknown for a headset, whose noise in velocity shortens it",
    "doubt": "Filtering lengthens it, and it is only as true as the boundary.",
}


@dataclass(frozen=True)
class TimeToBoundary:
    """How long until the boundary, if nothing were corrected, at the most urgent moments; `why` says what is nan."""

    mean_s: float = defined(
        "Time to boundary",
        "s",
        "How much time there is to correct on average: less is less stable.",
        formula="mean of the local minima of the least t > 0 at which place + t velocity crosses the boundary",
        **_TIME,
    )
    sd_s: float = defined(
        "Variability of time to boundary",
        "s",
        "How much that time varies from one urgent moment to the next.",
        formula="standard deviation of those minima, ddof 1",
        **_TIME,
    )
    least_s: float = defined(
        "Least time to boundary",
        "s",
        "How urgent the most urgent moment was.",
        formula="the smallest of those minima",
        **_TIME,
    )
    minima: float = defined(
        "Urgent moments", "", "How many such moments there were.", formula="number of those minima", **_TIME
    )
    outside_percent: float = defined(
        "Outside the boundary",
        "%",
        "How much of the time they were outside already, which no time is given for.",
        formula="samples outside the boundary over all samples, times 100",
        **_TIME,
    )
    why: Mapping[str, str] = field(default_factory=dict)


def stability_boundary_m(direction_deg: ArrayLike, excursion_deg: ArrayLike, head_height_m: float) -> Array:
    """The furthest leans as a boundary for the head, (k, 2), to the right and ahead of the neutral head."""
    angle = np.radians(np.asarray(direction_deg, float))
    reach = head_height_m * np.tan(np.radians(np.asarray(excursion_deg, float)))
    return np.stack([reach * np.sin(angle), reach * np.cos(angle)], axis=1)


def base_of_support_m(width_m: float, length_m: float) -> Array:
    """The rectangle around both feet, (4, 2), about its middle: a boundary for centres of pressure, not for heads.

    `width_m` is from outer edge to outer edge, `length_m` that of a foot.
    """
    return np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * (width_m / 2, length_m / 2)


def time_to_boundary(
    ml_m: Array, ap_m: Array, rate_hz: float, boundary_m: Array, cut_off_hz: float | None = None
) -> TimeToBoundary:
    """Times until a point crosses a closed polygon (k, 2) if it went on with the velocity that it has.

    Place and boundary are in the same axes: nothing is centred. Low-passed only if a cut-off is given. Raises
    NotMeasurable like `engine.metrics.balance.sway`, and for a boundary that is none.
    """
    boundary = numbers(boundary_m, "a boundary")
    if boundary.ndim != 2 or boundary.shape[0] < 3 or boundary.shape[1] != 2 or np.isnan(boundary).any():
        raise NotMeasurable(f"a boundary has at least 3 corners in the plane, not shape {boundary.shape}")
    track = track_of(ml_m, ap_m, rate_hz, cut_off_hz)
    inside = _inside(track, boundary)
    left_s = np.where(inside, _crossing_s(track, np.gradient(track, 1 / rate_hz, axis=0), boundary), np.nan)
    middle = left_s[1:-1]
    minima = middle[(middle < left_s[:-2]) & (middle <= left_s[2:]) & np.isfinite(middle)]
    values = {
        "mean_s": float(minima.mean()) if len(minima) else math.nan,
        "sd_s": float(minima.std(ddof=1)) if len(minima) > 1 else math.nan,
        "least_s": float(minima.min()) if len(minima) else math.nan,
    }
    why = {name: "the point hardly moved, or was outside" for name, value in values.items() if math.isnan(value)}
    return TimeToBoundary(**values, minima=float(len(minima)), outside_percent=100 * float(np.mean(~inside)), why=why)


def _crossing_s(place: Array, velocity: Array, boundary: Array) -> Array:
    """The least t > 0 (n,) at which place + t velocity crosses an edge; infinite where it never does."""
    edge = np.roll(boundary, -1, axis=0) - boundary
    to_corner = boundary - place[:, None]
    across = _cross(velocity[:, None], edge)
    moving = np.abs(across) > 0
    time_s, along = (
        np.divide(_cross(to_corner, other), across, out=np.full(across.shape, np.inf), where=moving)
        for other in (edge, velocity[:, None])
    )
    crosses = (time_s > 0) & (along >= -1e-9) & (along <= 1 + 1e-9)
    least: Array = np.where(crosses, time_s, np.inf).min(axis=1)
    return least


def _inside(place: Array, boundary: Array) -> NDArray[np.bool_]:
    """Whether places (n, 2) lie inside a polygon: a line from there to the right crosses it an odd number of times."""
    x, y = place[:, :1], place[:, 1:]
    (ax, ay), (bx, by) = boundary.T, np.roll(boundary, -1, axis=0).T
    spans = (ay > y) != (by > y)
    crossing_x = ax + np.divide((y - ay) * (bx - ax), by - ay, out=np.zeros(spans.shape), where=spans)
    inside: NDArray[np.bool_] = np.count_nonzero(spans & (x < crossing_x), axis=1) % 2 == 1
    return inside


def _cross(a: Array, b: Array) -> Array:
    crossed: Array = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    return crossed
