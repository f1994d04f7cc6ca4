"""What a clinical test declares beyond a task: its protocol, when its result counts, what it is held against and why.

No test here says how likely somebody is to fall: a single test of balance tells that poorly, and a headset's worse.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple

from engine.headset import DESK
from engine.records import Measured
from engine.task import STOPPED, Finished, Measure, Task, Trial, none_of

PRACTICE = "practice"
SEEN = "More than 5 % of the frames of a trial without the head, or the hand that is measured: no result."
RETOLD = "rounded as far as two retellings of its table agree"
RATE = "Fewer than 25 frames a second: no result. A pause or a gap of more than 0.25 s within a trial: no result."


class Band(NamedTuple):
    """One row of a table of norms: the ages that it is of, both in, of whom ("" for everybody), and the value."""

    from_years: int
    to_years: int
    value: float
    sex: str = ""


class Norm(NamedTuple):
    """What others do, of one result: `says` what a value of the table is, `source` who measured whom.

    `alike` says what is different here all the same, for whoever compares.
    """

    result: str
    says: str
    bands: tuple[Band, ...]
    source: str
    alike: str = ""

    def of(self, years: int, sex: str = "") -> Band | None:
        """The row of an age and sex; None where the table has none."""
        rows = [band for band in self.bands if band.from_years <= years <= band.to_years]
        return next((band for band in rows if band.sex in ("", sex)), None)


class Noise(NamedTuple):
    """The least change of a result that is more than noise, in its unit; `source` says who found it, and in whom."""

    result: str
    least_change: float
    source: str


class ClinicalTest(Task):
    """A task with a protocol, which gives results of all its trials together beside the measures of each.

    `protocol` are lines for whoever runs it, in order, `equipment` what has to be there, `practice` which trials do not
    count, `validity` when there is no result. `results` name every number that `sum_up` gives, and `better` those that
    are followed from visit to visit: 1 where more is better, -1 where less is, 0 where neither is. `not_compared` says
    why its results are held against no norm on paper; "" where they may be, and then `norms` has what is known.
    Where `one_sided`, all trials are of one side, and so are the results, whose names do not tell it.
    `not_at_desk` says why mouse and keys cannot even show how it goes; "" where they can.
    """

    equipment: ClassVar[tuple[str, ...]] = ()
    protocol: ClassVar[tuple[str, ...]]
    practice: ClassVar[str] = "none"
    validity: ClassVar[tuple[str, ...]] = (SEEN, RATE)
    results: ClassVar[Mapping[str, Measure]] = {}
    better: ClassVar[Mapping[str, int]] = {}
    norms: ClassVar[tuple[Norm, ...]] = ()
    noise: ClassVar[tuple[Noise, ...]] = ()
    not_compared: ClassVar[str] = ""
    one_sided: ClassVar[bool] = False
    not_at_desk: ClassVar[str] = ""

    @classmethod
    def why_not_on(cls, headset: str) -> str:
        """Why it cannot be done on a kind of headset, "" where it can."""
        return f"{cls.title} cannot be done at a desk: {cls.not_at_desk}" if headset == DESK and cls.not_at_desk else ""

    def sum_up(self, finished: Sequence[Finished]) -> Mapping[str, Measured]:
        """The results of all trials together; each that there is none of says why."""
        raise NotImplementedError

    def none(self, why: str) -> dict[str, Measured]:
        """No result, and why."""
        return none_of(self.results, why)


def numbers_under(kind: type[Task]) -> Mapping[str, Measure]:
    """Every number that a record may hold under a task: measures of its trials, and the results of a clinical test."""
    return {**kind.measures, **(kind.results if issubclass(kind, ClinicalTest) else {})}


def counted(finished: Sequence[Finished], kind: str) -> list[Finished]:
    """The trials of a kind (`values["kind"]`) that nobody stopped; those for practice are of another kind."""
    return [one for one in finished if one.trial.values.get("kind") == kind and one.record.outcome != STOPPED]


def for_practice(task: Task, trial: Trial) -> bool:
    """Whether a trial of a clinical test does not count for its results."""
    values = trial.values
    return isinstance(task, ClinicalTest) and (values.get("kind") == PRACTICE or not values.get("counts", True))


def numbers_of(finished: Sequence[Finished], measure: str) -> tuple[list[Measured], str]:
    """What trials measured, without those that could not; and why the first of these could not."""
    found = [one.record.measures[measure] for one in finished if measure in one.record.measures]
    why = next((number.note for number in found if number.value is None), "no trial was finished")
    return [number for number in found if number.value is not None], why


def mean_of(finished: Sequence[Finished], measure: str, unit: str, least: int) -> Measured:
    """The mean of what trials measured, with the error of one of them; no number where fewer than `least` did."""
    found, why = numbers_of(finished, measure)
    if len(found) < least:
        return Measured(None, unit, None, f"{len(found)} of {least} trials counted: {why}")
    mean = sum(number.value or 0.0 for number in found) / len(found)
    return Measured(round(mean, 3), unit, _largest_error(found), f"mean of {len(found)}")


def best_of(finished: Sequence[Finished], measure: str, unit: str, least: int) -> Measured:
    """The largest that trials measured, with its error; no number where fewer than `least` did."""
    found, why = numbers_of(finished, measure)
    if len(found) < least:
        return Measured(None, unit, None, f"{len(found)} of {least} trials counted: {why}")
    best = max(found, key=lambda number: number.value or 0.0)
    return Measured(best.value, unit, best.error, f"best of {len(found)}; {best.note}".removesuffix("; "))


def _largest_error(found: Sequence[Measured]) -> float | None:
    errors = [number.error for number in found if number.error is not None]
    return max(errors) if errors else None
