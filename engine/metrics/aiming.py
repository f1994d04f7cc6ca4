"""How well several reaches hit: where they end around their targets, and how much is aimed in a second."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.metrics.definition import NotMeasurable, defined, definitions
from engine.metrics.given import numbers

Array = NDArray[np.float64]

LEAST_REACHES = 3
WIDTH_OF_SPREAD = 4.133  # standard deviations: 96 % of a normal distribution's hits
LEAST_SPREAD_M = 1e-4  # below what a controller resolves there is no width

_SCHMIDT = "Schmidt & Lee, Motor Control and Learning, chapter on the measurement of error; in three axes: ours"
_AS_REACHES = "that of the endpoint error of each reach over the square root of their number"


@dataclass(frozen=True)
class EndpointSpread:
    """Where several reaches ended, relative to their targets."""

    constant_m: float = defined(
        "Constant error",
        "m",
        "How far beside the target the hand came on average: a bias, such as always too short.",
        formula="|mean of (endpoint - target)|",
        source=_SCHMIDT,
        error=_AS_REACHES,
        doubt="Targets all on one side: a calibration that is off looks the same.",
    )
    variable_m: float = defined(
        "Variable error",
        "m",
        "How much the ends of the reaches scatter.",
        formula="square root of the sum over three axes of the variance (ddof 1) of endpoint - target",
        source=_SCHMIDT,
        error="from k reaches alone: about 1 / sqrt(6 (k - 1)) of the value, one standard error, for equal scatter in"
        " three axes",
        doubt="Fewer than ten reaches; targets of different sizes.",
    )
    distance_m: float = defined(
        "Mean endpoint error",
        "m",
        "How far from the middle of the target the hand ended, on average.",
        formula="mean of |endpoint - target|, in three dimensions",
        source=_SCHMIDT,
        error=_AS_REACHES,
        doubt="A wide target asks for no more than its radius.",
    )
    throughput_bps: float = defined(
        "Throughput",
        "bit/s",
        "Speed and accuracy in one: more is better, whether somebody hurries or takes care.",
        formula="log2(De / We + 1) / mean movement time; De = mean way along the line from start to target, We ="
        " 4.133 SD (ddof 1) of where the reaches end along it",
        source="ISO/TS 9241-411:2012, with the distance really covered (Soukoreff & MacKenzie 2004, Int J Hum Comput"
        " Stud 61:751)",
        error="unknown; from k reaches alone the width is known to about 1 / sqrt(2 (k - 1)), one standard error",
        doubt="Distances or movement times that differ much: one throughput is meant for one kind of reach.",
    )
    why: Mapping[str, str] = field(default_factory=dict)


def endpoint_spread(
    endpoint_m: ArrayLike,
    target_m: ArrayLike,
    start_m: ArrayLike | None = None,
    movement_s: ArrayLike | None = None,
) -> EndpointSpread:
    """Measure where `k` reaches ended, at `endpoint_m` (k, 3), around `target_m` (k, 3), or (3,) for all.

    Throughput needs their starts (k, 3) and movement times (k,) too. Raises NotMeasurable for shapes that do not fit
    and values that are not finite.
    """
    end = _places(endpoint_m, None)
    missed = end - _places(target_m, end.shape)
    if len(end) < LEAST_REACHES:
        reason = f"{len(end)} reaches are too few: {LEAST_REACHES} are needed"
        why = dict.fromkeys(definitions(EndpointSpread), reason)
        return EndpointSpread(math.nan, math.nan, math.nan, math.nan, why)
    throughput, reason = math.nan, "it needs the starts and the movement times"
    if start_m is not None and movement_s is not None:
        moved = end - _places(start_m, end.shape)
        throughput, reason = _throughput(moved, missed, numbers(movement_s, "movement times"))
    return EndpointSpread(
        float(np.linalg.norm(missed.mean(axis=0))),
        math.sqrt(float(missed.var(axis=0, ddof=1).sum())),
        float(np.linalg.norm(missed, axis=1).mean()),
        throughput,
        {"throughput_bps": reason} if reason else {},
    )


def _throughput(moved_m: Array, missed_m: Array, movement_s: Array) -> tuple[float, str]:
    if movement_s.shape != (len(moved_m),) or not (movement_s > 0).all():
        raise NotMeasurable("movement times must be above 0 s, one for each reach")
    line = moved_m - missed_m
    length = np.linalg.norm(line, axis=1)
    if length.min() <= LEAST_SPREAD_M:
        return math.nan, "a reach began in its target"
    ahead = line / length[:, None]
    width_m = WIDTH_OF_SPREAD * float(np.sum(missed_m * ahead, axis=1).std(ddof=1))
    if width_m <= WIDTH_OF_SPREAD * LEAST_SPREAD_M:
        return math.nan, "all reaches ended in the same place"
    way_m = float(np.sum(moved_m * ahead, axis=1).mean())
    if way_m <= 0:
        return math.nan, "the reaches did not go towards their targets"
    return math.log2(way_m / width_m + 1) / float(movement_s.mean()), ""


def _places(values_m: ArrayLike, shape: tuple[int, ...] | None) -> Array:
    places = numbers(values_m, "places")
    if shape is not None and places.shape == (3,):
        places = np.broadcast_to(places, shape)
    if places.ndim != 2 or places.shape[1] != 3 or places.shape != (shape or places.shape):
        raise NotMeasurable(f"places must be of shape {shape or '(k, 3)'}, not {places.shape}")
    if np.isnan(places).any():
        raise NotMeasurable("places must be finite")
    return places
