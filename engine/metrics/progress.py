"""Repetitions summed up, and what they say: change against error of measurement, asymmetry, and dose.

Values are repetitions of one measure, (n,), in any unit; what comes out has the same unit. A spread that is estimated
from few repetitions is itself uncertain, so every interval takes the quantile of Student's t with their degrees of
freedom, and 1.96 only where the standard error of measurement (SEM) is known from elsewhere.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray

from engine.metrics.definition import NotMeasurable, defined, definitions
from engine.metrics.given import numbers

Array = NDArray[np.float64]

LARGEST = 1e15  # no measure of a person is larger, in any unit
_OWN_UNIT = "unit of the measure"
_WITHIN_ONE_VISIT = (
    "the spread within one visit leaves out what differs from day to day; a SEM from test and retest has it"
)


@dataclass(frozen=True)
class Repetitions:
    """Several repetitions of one measure in one visit, as a therapist notes them down; `n` is how many."""

    best: float = defined(
        "Best",
        _OWN_UNIT,
        "The furthest, fastest or longest of the repetitions.",
        formula="max of x, or min where less is better",
        source="usual in clinical testing",
        error="that of a single repetition; it grows with the number of repetitions, as every extreme does",
        doubt="Two visits had different numbers of repetitions.",
    )
    mean: float = defined(
        "Mean",
        _OWN_UNIT,
        "What the person does on average.",
        formula="mean of all x",
        source="arithmetic",
        error="`sem` times the quantile of t",
        doubt="The repetitions tire the person, or warm them up.",
    )
    mean_of_three: float = defined(
        "Mean of three",
        _OWN_UNIT,
        "The mean of the first three repetitions, a number often used in clinical testing.",
        formula="mean of the first three x",
        source="usual in clinical testing",
        error="spread of one repetition over the square root of three",
        doubt="The first repetition was for practice.",
    )
    sd: float = defined(
        "Spread of the repetitions",
        _OWN_UNIT,
        "How much one repetition differs from the next.",
        formula="standard deviation, ddof 1",
        source="arithmetic",
        error="of three repetitions the true spread is between half and six times as much, 95 times in 100",
        doubt="There were fewer than three repetitions.",
    )
    sem: float = defined(
        "Standard error",
        _OWN_UNIT,
        "How far the mean of these repetitions typically is from what the person does on average.",
        formula="sd / sqrt(n), or the SEM that was given",
        source="standard error of a mean; the SEM of Weir 2005, J Strength Cond Res 19:231, only where it was given",
        error=_WITHIN_ONE_VISIT,
        doubt="There were fewer than three repetitions, or they were made on one day.",
    )
    smallest_real_change: float = defined(
        "Smallest real change",
        _OWN_UNIT,
        "The least difference to another such visit that is more than the noise of measuring.",
        formula="t sqrt(2) sem, t the 97.5 % quantile of Student's t of n - 1 degrees of freedom, 1.96 for a given SEM",
        source="Beckerman 2001, Qual Life Res 10:571; Student's t for few repetitions",
        error=_WITHIN_ONE_VISIT,
        doubt="There were fewer than three repetitions.",
    )
    n: int = 0
    why: Mapping[str, str] = field(default_factory=dict)


def summary(values: ArrayLike, sem: float | None = None, *, less_is_better: bool = False) -> Repetitions:
    """Sum up repetitions (n,) in the order they were made; `sem` is that of a visit's mean, where it is known.

    What cannot be had from so few is nan. Raises NotMeasurable when a value is not finite or `sem` not positive.
    """
    x = _repetitions(values, "repetitions")
    (error,), quantile, reason = _standard_errors((x,), sem)
    n, none = len(x), math.nan
    if not n:
        why = dict.fromkeys(definitions(Repetitions), "no repetitions")
        return Repetitions(none, none, none, none, none, none, why=why)
    why = dict.fromkeys(("sem", "smallest_real_change"), reason) if reason else {}
    if n < 2:
        why["sd"] = "one repetition has no spread"
    if n < 3:
        why["mean_of_three"] = "fewer than three repetitions"
    return Repetitions(
        best=float(x.min() if less_is_better else x.max()),
        mean=float(x.mean()),
        mean_of_three=float(x[:3].mean()) if n > 2 else none,
        sd=float(np.std(x, ddof=1)) if n > 1 else none,
        sem=error,
        smallest_real_change=quantile * math.sqrt(2) * error,
        n=n,
        why=why,
    )


@dataclass(frozen=True)
class Change:
    """What changed between two visits; `larger_than_the_noise` is None where nobody can know."""

    difference: float = defined(
        "Change",
        _OWN_UNIT,
        "How much larger the mean of the later visit is.",
        formula="mean(after) - mean(before)",
        source="arithmetic",
        error="its own 95 % interval, beside it",
        doubt="The two visits were measured differently: headset, posture, filter, number of repetitions.",
    )
    low: float = defined(
        "Change, at least",
        _OWN_UNIT,
        "The lower end of the 95 % interval of the change.",
        formula="difference - smallest real change",
        source="two-sample t interval with pooled spread; normal where the SEM is given",
        error=_WITHIN_ONE_VISIT,
        doubt="The repetitions of a visit tire the person, so that they are not alike.",
    )
    high: float = defined(
        "Change, at most",
        _OWN_UNIT,
        "The upper end of the 95 % interval of the change.",
        formula="difference + smallest real change",
        source="two-sample t interval with pooled spread; normal where the SEM is given",
        error=_WITHIN_ONE_VISIT,
        doubt="The repetitions of a visit tire the person, so that they are not alike.",
    )
    smallest_real_change: float = defined(
        "Smallest real change",
        _OWN_UNIT,
        "What a change must be larger than to be more than noise.",
        formula="t s sqrt(1 / n1 + 1 / n2), s pooled over both visits, t of n1 + n2 - 2 degrees of freedom; "
        "1.96 sqrt(2) SEM where the SEM is given",
        source="Student's t; Beckerman 2001, Qual Life Res 10:571",
        error=_WITHIN_ONE_VISIT,
        doubt="Fewer than three repetitions in a visit.",
    )
    larger_than_the_noise: bool | None = None
    why: Mapping[str, str] = field(default_factory=dict)


def change(before: ArrayLike, after: ArrayLike, sem: float | None = None) -> Change:
    """The change from one visit's repetitions (n1,) to another's (n2,); a single number is one repetition.

    `sem` is the standard error of measurement of one visit's mean, from test and retest, and replaces the spread of
    the repetitions. Raises NotMeasurable when a value is not finite, a visit is empty or `sem` not positive.
    """
    first, second = _visit(before, "before"), _visit(after, "after")
    errors, quantile, reason = _standard_errors((first, second), sem)
    noise = quantile * math.hypot(*errors)
    difference = float(second.mean() - first.mean())
    return Change(
        difference,
        difference - noise,
        difference + noise,
        noise,
        None if reason else abs(difference) > noise,
        dict.fromkeys(("low", "high", "smallest_real_change"), reason) if reason else {},
    )


@dataclass(frozen=True)
class Asymmetry:
    """How differently the two sides did; `larger_than_the_noise` is None where nobody can know."""

    index: float = defined(
        "Asymmetry",
        "",
        "0 when both sides did alike, positive when the right side did more, 1 when only it did anything.",
        formula="(R - L) / (R + L) of the means of both sides",
        source="symmetry index of Robinson 1987, J Manipulative Physiol Ther 10:172, without its factors of 2 and 100",
        error="`interval` beside it, from the repetitions of both sides",
        doubt="One side was measured with an arm nearly straight and the other not, or a value is near zero.",
    )
    interval: float = defined(
        "Uncertainty of the asymmetry",
        "",
        "Half of the 95 % interval of the index.",
        formula="t 2 sqrt(L^2 s_R^2 + R^2 s_L^2) / (R + L)^2, s the standard errors of the means of a spread pooled "
        "over both sides, t of n_L + n_R - 2 degrees of freedom; s = SEM and t = 1.96 where the SEM is given",
        source="propagation of errors to the first order",
        error="simulated: the truth lies inside 95 to 96 times in 100 while the SEM is below a tenth of R + L",
        doubt="Fewer than three repetitions of a side.",
    )
    larger_than_the_noise: bool | None = None
    why: Mapping[str, str] = field(default_factory=dict)


def asymmetry(left: ArrayLike, right: ArrayLike, sem: float | None = None) -> Asymmetry:
    """The asymmetry of repetitions of the left side (n1,) and of the right (n2,), of a measure that is never negative.

    `sem` is the standard error of measurement of one side's mean. Raises NotMeasurable when a value is negative or not
    finite, a side is empty, or `sem` not positive.
    """
    sides = _visit(left, "left"), _visit(right, "right")
    if min(side.min() for side in sides) < 0:
        raise NotMeasurable("an asymmetry is one of sizes, and a value is negative")
    means = [float(side.mean()) for side in sides]
    total = sum(means)
    if total == 0:
        return Asymmetry(math.nan, math.nan, None, dict.fromkeys(("index", "interval"), "neither side did anything"))
    errors, quantile, reason = _standard_errors(sides, sem)
    shares = [mean / total for mean in means]
    interval = quantile * 2 * math.hypot(shares[0] * errors[1], shares[1] * errors[0]) / total
    index = shares[1] - shares[0]
    return Asymmetry(index, interval, None if reason else abs(index) > interval, {"interval": reason} if reason else {})


def _repetitions(values: ArrayLike, what: str) -> Array:
    x = np.atleast_1d(numbers(values, what, LARGEST))
    if x.ndim != 1 or np.isnan(x).any():
        raise NotMeasurable(f"{what}: {x.shape} is not (n,) finite numbers")
    return x


def _visit(values: ArrayLike, what: str) -> Array:
    x = _repetitions(values, what)
    if not len(x):
        raise NotMeasurable(f"{what}: no repetitions")
    return x


def _standard_errors(visits: Sequence[Array], sem: float | None) -> tuple[list[float], float, str]:
    """The standard error of the mean of each, the quantile of its 95 % interval, and why they are not known.

    The spread of one repetition is pooled over all, which have their own means.
    """
    if sem is not None:
        if not 0 < sem < math.inf:
            raise NotMeasurable(f"the standard error of measurement must be a positive number, not {sem}")
        return [sem] * len(visits), float(scipy.special.ndtri(0.975)), ""
    free, unknown = sum(len(x) - 1 for x in visits), [math.nan] * len(visits)
    if free < 1:
        return unknown, math.nan, "one repetition has no spread, and no SEM was given"
    if all(np.ptp(x) == 0 for x in visits):
        return unknown, math.nan, "all repetitions are alike to the last digit: they show no spread"
    spread = math.sqrt(sum(float(np.sum((x - x.mean()) ** 2)) for x in visits) / free)
    return [spread / math.sqrt(len(x)) for x in visits], float(scipy.special.stdtrit(free, 0.975)), ""
