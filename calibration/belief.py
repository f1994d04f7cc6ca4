"""What is believed of limits: a Gaussian over all of them at once, for each of some hypotheses of how a person tries.

Assumed-density filtering: a trial changes the direction that was tried to the exact mean and variance after it, and by
regression those that resemble it. A limit that was lost in one place must not pull its neighbours down: where an open
effort surprises, that direction is first made uncertain by itself, so that the surprise stays where it belongs.
"""

import math
from collections.abc import Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from calibration.asking import Spec, scale
from calibration.evidence import GUESS, Evidence, likelihood
from engine.adaptation import Adaptation

Array = NDArray[np.float64]

SLOPES_DEG, USUAL_SLOPE_DEG, SLOPE_SPREAD = (3.0, 5.0, 8.0, 12.0), 6.0, 0.35  # lognormal between people
FATIGUES = ((0.0, 0.23), (0.001, 0.28), (0.004, 0.28), (0.008, 0.21))  # of the limit lost per trial, and how likely
HELD_BACK = 0.85  # of the limit, in open efforts of who holds back
HELD_BACK_LIKELY = {"full": 0.1, "self paced": 0.3}
WANDER = {"slow": 0.002, "normal": 0.003, "fast": 0.008}  # of the limit per trial
WANDER_TOGETHER = 0.7  # of what wanders, that all directions do alike
LOSS_SD, LOSS_LIKELY = 0.4, 0.05  # of the limit: how far one direction may have lost by itself, and how likely
LEAST_WEIGHT = 1e-6
NODES = np.linspace(-4.0, 4.0, 41)
NODE_WEIGHTS = np.exp(-0.5 * NODES**2) / np.exp(-0.5 * NODES**2).sum()
POINTS = np.linspace(-4.5, 4.5, 145)


class Joint:
    """Means (k, n), covariances (k, n, n) and weights (k) of n limits under k hypotheses of slope, fatigue, effort."""

    def __init__(self, specs: Sequence[Spec], alike: Array, how: Adaptation) -> None:
        self._scale = np.array([scale(spec) for spec in specs])
        self._slope, self._fatigue, self._effort, self.weight = _hypotheses(how)
        count = len(self.weight)
        sd = np.array([spec.prior_sd for spec in specs])
        self.mean: Array = np.tile([spec.prior_mean for spec in specs], (count, 1)).astype(float)
        self.covariance: Array = np.tile(np.outer(sd, sd) * alike, (count, 1, 1))
        self._lapse, self._wander = how.lapse, WANDER[how.speed]
        self._together = WANDER_TOGETHER + (1 - WANDER_TOGETHER) * np.eye(len(specs))

    def means(self) -> Array:
        """The expected limits (n,)."""
        expected: Array = self.weight @ self.mean
        return expected

    def of(self, direction: int) -> "One":
        """What is believed of one of them."""
        variance = self.covariance[:, direction, direction]
        slope = self._slope[:, 0] * self._scale[direction]
        return One(self.weight, self.mean[:, direction], variance, slope, self._lapse)

    def change(self) -> None:
        """What happens to limits by themselves in a trial: they tire and wander, mostly together."""
        self.mean = self.mean * (1 - self._fatigue)
        self._blur(self._wander)

    def rest(self, trials: int, spread: float) -> None:
        """Undo the fatigue of so many trials, and blur by a share of the limits."""
        self.mean = self.mean * (1 - self._fatigue) ** -trials
        self._blur(spread)

    def learn(self, direction: int, seen: Evidence) -> None:
        """Bayes' rule for the direction that was tried, and regression for the others."""
        mean, variance = self.mean[:, direction], self.covariance[:, direction, direction]
        if seen.open_effort and len(self._scale) > 1:
            variance = variance + self._lost_alone(direction, seen, mean, variance)
            self.covariance[:, direction, direction] = variance
        chance, new_mean, new_variance = self._moments(direction, seen, mean, variance)
        gain = self.covariance[:, :, direction] / variance[:, None]
        self.mean = self.mean + gain * (new_mean - mean)[:, None]
        self.covariance = (
            self.covariance + gain[:, :, None] * gain[:, None, :] * (new_variance - variance)[:, None, None]
        )
        weight = self.weight * chance
        weight = np.maximum(weight / weight.sum(), LEAST_WEIGHT)
        self.weight = weight / weight.sum()

    def _lost_alone(self, direction: int, seen: Evidence, mean: Array, variance: Array) -> Array:
        """How much more uncertain a direction is by itself, as an effort makes it likely that it was lost alone."""
        lost = (LOSS_SD * mean) ** 2
        as_thought, *_ = self._moments(direction, seen, mean, variance)
        as_lost, *_ = self._moments(direction, seen, mean, variance + lost)
        chance = LOSS_LIKELY * as_lost / (LOSS_LIKELY * as_lost + (1 - LOSS_LIKELY) * as_thought)
        more: Array = np.maximum(0.0, (chance - LOSS_LIKELY) / (1 - LOSS_LIKELY)) * lost
        return more

    def _moments(self, direction: int, seen: Evidence, mean: Array, variance: Array) -> tuple[Array, Array, Array]:
        """How likely a trial is under each hypothesis, and the mean and variance after it, by a sum over nodes."""
        size = float(self._scale[direction])
        limit = np.maximum(mean[:, None] + np.sqrt(variance)[:, None] * NODES, 1e-3 * size)
        chance = NODE_WEIGHTS * likelihood(seen, limit, size * self._slope, self._effort, self._lapse, size)
        total = chance.sum(axis=1)
        new_mean = (chance * limit).sum(axis=1) / total
        new_variance = (chance * (limit - new_mean[:, None]) ** 2).sum(axis=1) / total
        return total, new_mean, np.maximum(new_variance, (1e-3 * size) ** 2)

    def _blur(self, share: float) -> None:
        sd = share * self.mean
        self.covariance = self.covariance + sd[:, :, None] * sd[:, None, :] * self._together


class One:
    """What is believed of one limit: a `calibration.asking.Belief`, as a mixture of Gaussians."""

    def __init__(self, weight: Array, mean: Array, variance: Array, slope: Array, lapse: float) -> None:
        self._weight, self._mean, self._variance, self._slope, self._lapse = weight, mean, variance, slope, lapse
        centre = float(weight @ mean)
        self.sd = math.sqrt(float(weight @ (variance + (mean - centre) ** 2)))
        self._at = centre + self.effort_sd() * POINTS
        self._below: Array | None = None  # what quantiles and successes are read from, worked out when first asked for
        self._able: Array | None = None

    def mean(self) -> float:
        """The expected limit."""
        return float(self._weight @ self._mean)

    def scatter_sd(self) -> float:
        """The standard deviation that more efforts would lessen: not that of who may hold back in all of them."""
        return math.sqrt(float(self._weight @ self._variance))

    def effort_sd(self) -> float:
        """The standard deviation of an open effort, of what is believed and of the effort itself."""
        return math.hypot(self.sd, math.pi / math.sqrt(3) * float(self._weight @ self._slope))

    def quantile(self, share: float) -> float:
        """The amplitude below which the limit lies with probability `share`."""
        if self._below is None:
            self._below = self._weight @ scipy.special.ndtr(
                (self._at - self._mean[:, None]) / np.sqrt(self._variance)[:, None]
            )
        return float(np.interp(share, self._below, self._at))

    def aim(self, success: float) -> float:
        """The amplitude at which the predicted success is `success`."""
        return float(np.interp(-success, -(GUESS + (1 - GUESS - self._lapse) * self._capability()), self._at))

    def exceeding(self, amplitude: float) -> float:
        """The probability that a try without a lapse goes beyond an amplitude."""
        return float(np.interp(amplitude, self._at, self._capability()))

    def _capability(self) -> Array:
        if self._able is None:
            # A logistic blurred by a Gaussian is nearly a wider logistic (MacKay 1992).
            width = np.sqrt(self._slope**2 + math.pi * self._variance / 8)
            self._able = self._weight @ scipy.special.expit((self._mean[:, None] - self._at) / width[:, None])
        return self._able


def _hypotheses(how: Adaptation) -> tuple[Array, Array, Array, Array]:
    """Slope, fatigue and effort of each hypothesis as columns (k, 1), slopes for a limit of 90; and its weight (k)."""
    held_back = HELD_BACK_LIKELY[how.effort]
    rows = [
        (slope, fatigue, effort, _usual(slope) * fatigues * efforts)
        for slope in SLOPES_DEG
        for fatigue, fatigues in FATIGUES
        for effort, efforts in ((1.0, 1 - held_back), (HELD_BACK, held_back))
    ]
    slope, fatigue, effort, weight = np.array(rows).T
    return slope[:, None], fatigue[:, None], effort[:, None], weight / weight.sum()


def _usual(slope_deg: float) -> float:
    return math.exp(-0.5 * (math.log(slope_deg / USUAL_SLOPE_DEG) / SLOPE_SPREAD) ** 2)
