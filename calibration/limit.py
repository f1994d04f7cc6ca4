"""One limit, followed by itself: `calibration.directions` of a single direction."""

import math
from dataclasses import dataclass

from calibration.asking import Spec
from calibration.directions import DirectionsTracker
from engine.adaptation import Adaptation
from engine.records import Followed


@dataclass(frozen=True)
class LimitSpec:
    """A `calibration.asking.Spec` as a value."""

    target_success: float = 0.75
    floor: float = 0.0
    ceiling: float = math.inf
    prior_mean: float = 90.0
    prior_sd: float = 25.0


class LimitTracker:
    """Follows one limit: `next_amplitude`, then `update` with what came of it. The same log gives the same requests.

    `spec` is read anew for each request, so that a therapist may change it meanwhile; `how` is what the preset says.
    Raises ValueError for a spec that nothing can be asked with.
    """

    def __init__(self, spec: Spec, how: Adaptation = Adaptation(), unit: str = "deg") -> None:  # noqa: B008 (frozen)
        self._tracker = DirectionsTracker([spec], 1, how, unit, open_efforts=how.open_reaches)

    @property
    def spec(self) -> Spec:
        """What is prescribed of the limit; may be replaced."""
        return self._tracker.specs[0]

    @spec.setter
    def spec(self, spec: Spec) -> None:
        self._tracker.specs[0] = spec

    @property
    def code(self) -> str:
        """The rule that the last request was bound by."""
        return self._tracker.code

    @property
    def reason(self) -> str:
        """Why the last request was made, in words."""
        return self._tracker.reason

    def next_amplitude(self) -> float:
        """How far the next trial shall go, never beyond the ceiling; `inf` for an open effort, to a stop line there."""
        return self._tracker.next_amplitude(0)

    def update(self, amplitude: float, achieved: float | None, success: bool, trial: int | None = None) -> None:
        """Learn from a finished trial, as `calibration.directions.DirectionsTracker.update_dir` does."""
        self._tracker.update_dir(0, amplitude, achieved, success, trial)

    def limit_estimate(self) -> float:
        """The expected limit."""
        return float(self._tracker.limit_estimates()[0])

    def limit_interval(self, level: float = 0.95) -> tuple[float, float]:
        """The interval that holds the limit with probability `level`, as much below as above."""
        return self._tracker.limit_interval(0, level)

    def new_session(self, days: float = 1.0) -> None:
        """Begin another session so many days later: rested, less certain, with an open effort to check."""
        self._tracker.new_session(days)

    def state(self, movement: str = "", at: str = "") -> Followed:
        """All that the tracker knows, to `restore` it from."""
        return self._tracker.state((movement,), at)

    def restore(self, state: Followed) -> None:
        """Go on exactly where another tracker of the same spec and preset was; raises ValueError where it cannot."""
        self._tracker.restore(state)
