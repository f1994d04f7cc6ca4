"""What to ask of one limit next, whatever is believed of it: rules in an order of authority, each of which only lowers.

The request is the smallest of what the success asked for wants, what is surely within the limit, what lies near the
best that was shown, and after misses what was just managed; then no less than the floor and never more than the
ceiling. The rule that binds is its code, so that a therapist can read why.
"""

import math
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from engine.adaptation import Adaptation

REMEMBERED = 20  # trials whose best is what was shown
BLENDED = 1  # trials between warming up and the success asked for
SURPRISE = 0.03  # a miss that one try in thirty would bring is a sign of a lost limit, not of chance
DISTRACTED = 0.5  # of the request: a miss that ends lower is a lapse of attention, which says nothing of the limit
NEAR = 2.0  # degrees above the best, for a limit of 90
SUCCESS_WORDS = {0.75: "3 hits in 4", 0.8: "4 hits in 5", 0.85: "17 hits in 20", 0.9: "9 hits in 10"}
UNIT_WORDS: Mapping[str, str] = {"deg": "°", "m": " m"}
WORDS: Mapping[str, str] = {
    "CALIBRATION": "as far as is comfortable, to learn where the limit is",
    "WARM_UP": "warming up",
    "UNSURE": "kept below what is sure",
    "NEAR_BEST": "a little more than the best so far",
    "AFTER_MISSES": "eased after misses",
    "FLOOR": "the least that is asked",
    "CEILING": "as far as the therapist allows",
}


class Spec(Protocol):
    """What is prescribed and known of a limit before its first trial; read anew for each request."""

    @property
    def target_success(self) -> float:
        """The share of trials that shall succeed."""

    @property
    def floor(self) -> float:
        """The least that is asked."""

    @property
    def ceiling(self) -> float:
        """The most that may be asked, whatever else is said; `inf` for none."""

    @property
    def prior_mean(self) -> float:
        """Where the limit is thought to be; every width of the model is in proportion to it, as it is to 90 degrees."""

    @property
    def prior_sd(self) -> float:
        """The standard deviation of that."""


class Belief(Protocol):
    """What is thought of one limit."""

    def mean(self) -> float:
        """The expected limit."""

    def aim(self, success: float) -> float:
        """The amplitude at which the predicted success is `success`."""

    def quantile(self, share: float) -> float:
        """The amplitude below which the limit lies with probability `share`."""

    def exceeding(self, amplitude: float) -> float:
        """The probability that a try without a lapse goes beyond an amplitude."""


class BadReading(ValueError):
    """A trial that cannot have been one: no number, negative, come twice, or in another unit. Nothing was learnt."""


class Wish(NamedTuple):
    """An amplitude and the code of the rule that binds it; `inf` is an open effort."""

    amplitude: float
    code: str


class Prescribed(NamedTuple):
    """What of a spec is asked with, each value the last sound one."""

    target_success: float
    floor: float
    ceiling: float


class Asking:
    """The rules of one limit and what they remember: efforts and trials so far, misses in a row, the best shown."""

    def __init__(self, how: Adaptation, open_left: int, spec: Spec) -> None:
        """Begin with so many open efforts, of a spec that is sound."""
        self.how = how
        self._prescribed = Prescribed(spec.target_success, spec.floor, spec.ceiling)
        self.open_left, self.most_efforts = open_left, 2 * open_left
        self.efforts = self.trials = self.misses = 0
        self.surprised = self.checking = False
        self.shown: deque[float] = deque(maxlen=REMEMBERED)
        self.managed: deque[float] = deque(maxlen=2)

    def wish(self, spec: Spec, belief: Belief, trials: int) -> Wish:
        """What to ask for next, after so many trials of this session in whatever direction."""
        prescribed = self._read(spec)
        if self.open_left > 0:
            return Wish(math.inf, "CALIBRATION")
        eased = self.surprised or self.misses >= self.how.misses_before_easier
        success, code = (
            (self.how.easier_success, "AFTER_MISSES") if eased else self._success(prescribed.target_success, trials)
        )
        wishes = [Wish(belief.aim(success), code), Wish(belief.quantile(self.how.over_limit_risk), "UNSURE")]
        if not trials:
            wishes.append(Wish(self.how.first_at_most_percent / 100 * belief.mean(), "WARM_UP"))
        if self.shown:
            best = (1 + self.how.step_over_best_percent / 100) * max(self.shown) + NEAR * scale(spec)
            wishes.append(Wish(best, "NEAR_BEST"))
        if eased:
            last = list(self.managed)[-1:] if self.surprised else list(self.managed)
            wishes.append(Wish(sum(last) / len(last), "AFTER_MISSES"))
        lowest = min(wishes)
        if lowest.amplitude < prescribed.floor:
            lowest = Wish(prescribed.floor, "FLOOR")
        return min(lowest, Wish(prescribed.ceiling, "CEILING"))

    def learn(self, amplitude: float, achieved: float, success: bool, belief: Belief) -> None:
        """Remember a trial, before the belief learns of it."""
        if math.isinf(amplitude):
            self.open_left, self.efforts, self.checking = max(0, self.open_left - 1), self.efforts + 1, False
            self.shown.append(achieved)
            return
        self.trials += 1
        self.misses = 0 if success else self.misses + 1
        self.surprised = not success and achieved > DISTRACTED * amplitude and belief.exceeding(achieved) > 1 - SURPRISE
        self.managed.append(min(achieved, amplitude))
        self.shown.append(min(achieved, amplitude) if success else achieved)

    def look_again(self) -> None:
        """Ask for one more open effort, unless there were twice as many as planned."""
        if not self.open_left and self.efforts < self.most_efforts:
            self.open_left = 1

    def begin_anew(self, open_left: int) -> None:
        """Ask for open efforts as of a limit that nothing is known of, because a check surprised."""
        self.open_left, self.most_efforts = open_left - self.efforts, 2 * open_left

    def rest(self, open_left: int) -> None:
        """Begin another session: what was shown is remembered, misses are forgotten."""
        self.open_left, self.most_efforts = open_left, 2 * open_left
        self.efforts = self.trials = self.misses = 0
        self.surprised, self.checking = False, True

    def state(self) -> dict[str, tuple[float, ...]]:
        """All that is remembered, as rows of numbers."""
        flags = (int(self.surprised), int(self.checking))
        counts = (self.open_left, self.most_efforts, self.efforts, self.trials, self.misses, *flags)
        return {"counts": counts, "shown": tuple(self.shown), "managed": tuple(self.managed)}

    def restore(self, numbers: Mapping[str, tuple[float, ...]]) -> None:
        """Remember what another one did."""
        counts = [int(count) for count in numbers["counts"]]
        self.open_left, self.most_efforts, self.efforts, self.trials, self.misses = counts[:5]
        self.surprised, self.checking = (bool(flag) for flag in counts[5:])
        self.shown = deque(numbers["shown"], REMEMBERED)
        self.managed = deque(numbers["managed"], 2)

    def _read(self, spec: Spec) -> Prescribed:
        """What is prescribed now; where an edit left no sound value, what was prescribed before."""
        before = self._prescribed
        self._prescribed = Prescribed(
            spec.target_success if 0 < spec.target_success < 1 else before.target_success,
            spec.floor if 0 <= spec.floor < math.inf else before.floor,
            spec.ceiling if spec.ceiling >= 0 else before.ceiling,
        )
        return self._prescribed

    def _success(self, target: float, trials: int) -> Wish:
        """The success asked for, easier while warming up."""
        over = trials - self.how.warm_up_trials
        if over < 0:
            return Wish(self.how.warm_up_success, "WARM_UP")
        if self.how.warm_up_trials and over < BLENDED:
            share = (over + 1) / (BLENDED + 1)
            blend = self.how.warm_up_success + share * (target - self.how.warm_up_success)
            return Wish(blend, "WARM_UP")
        return Wish(target, "TARGET_SUCCESS")


def scale(spec: Spec) -> float:
    """How wide everything is, in proportion to a limit of 90 degrees."""
    return spec.prior_mean / 90


def largest(spec: Spec) -> float:
    """The largest limit that anybody of the prior has."""
    return spec.prior_mean + max(4 * spec.prior_sd, 1.5 * spec.prior_mean)


def check_spec(spec: Spec) -> None:
    """Raise ValueError for a limit that nothing can be asked of."""
    numbers = (spec.target_success, spec.floor, spec.prior_mean, spec.prior_sd)
    if not all(map(math.isfinite, numbers)) or math.isnan(spec.ceiling):
        raise ValueError(f"success, floor, mean and standard deviation must be numbers: {numbers}, {spec.ceiling}")
    if not 0 < spec.target_success < 1:
        raise ValueError(f"a target success of {spec.target_success} must be between 0 and 1")
    if spec.prior_mean <= 0 or spec.prior_sd <= 0:
        raise ValueError(f"a limit thought at {spec.prior_mean} ± {spec.prior_sd} must be above 0, with some doubt")
    if not 0 <= spec.floor <= spec.ceiling:
        raise ValueError(f"a ceiling of {spec.ceiling} is below the floor of {spec.floor}, or the floor below 0")


def check_reading(amplitude: float, achieved: float, most: float) -> None:
    """Raise BadReading for what cannot be a trial of a limit that is at most `most`."""
    if math.isnan(amplitude) or amplitude < 0:
        raise BadReading(f"a request of {amplitude} is none: it must be 0 or more")
    if not 0 <= achieved < math.inf:
        raise BadReading(f"a reach of {achieved} is none: it must be 0 or more")
    if achieved > 2 * most:
        raise BadReading(f"a reach of {achieved:g} is more than twice what anybody does, {most:g}: in another unit?")


def in_words(wish: Wish, success: float, estimate: float, interval: tuple[float, float], unit: str) -> str:
    """A request for people: how far, why, and where the limit is thought to be today."""
    sign, digits = UNIT_WORDS.get(unit, f" {unit}"), 0 if estimate > 20 else 1
    hits = SUCCESS_WORDS.get(success, f"{success:.0%} of targets reached")
    why = WORDS.get(wish.code, f"aims at {hits}")
    low, high = interval
    today = f"your limit today is about {estimate:.{digits}f}{sign} ({low:.{digits}f}–{high:.{digits}f}{sign})"
    return why if math.isinf(wish.amplitude) else f"{wish.amplitude:.{digits}f}{sign}: {why}; {today}"
