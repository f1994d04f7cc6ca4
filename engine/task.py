"""What both a game and an assessment are: a source of trials, a way to play one, and what to measure."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from engine.body import Body
from engine.metrics.definition import definitions
from engine.movements import PARTS
from engine.records import Calibration, Measured, Request, Trace, TrialRecord
from engine.scene import Item

if TYPE_CHECKING:
    from engine.envelope import Envelope
    from engine.motion import Motion

Move = Generator[tuple[Item, ...], Body, str]
"""One thing a person is asked to do: yields what to show, receives the next Body, returns the outcome."""

TRIAL_S = 10.0
REACHED, NOT_YET, STOPPED = "reached", "not yet", "stopped"


@dataclass(frozen=True)
class Trial:
    """One thing to ask of a person: which side, how far and why, and the game's own values for it.

    Hands that are `clasped` are in one place: it is enough to see one of them.
    """

    side: str = ""
    request: Request | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    clasped: bool = False


@dataclass(frozen=True)
class Measure:
    """What a number means: a title, its unit, one sentence of help, and the source of the definition."""

    title: str
    unit: str
    help: str
    source: str = ""


def as_defined(kind: type, *names: str) -> dict[str, Measure]:
    """Measures of a task that are those of a result's dataclass, as their definitions tell them."""
    known = definitions(kind)
    return {
        name: Measure(known[name].title, known[name].unit, known[name].meaning, known[name].source) for name in names
    }


def none_of(measures: Mapping[str, Measure] | Mapping[str, Measured], why: str) -> dict[str, Measured]:
    """Measures without a number, and why."""
    return {name: Measured(None, measure.unit, None, why) for name, measure in measures.items()}


def tried(trials: Iterable[TrialRecord]) -> list[TrialRecord]:
    """The trials that could be reached or missed: those that asked for an amplitude, and that nothing stopped."""
    return [trial for trial in trials if trial.request is not None and trial.outcome != STOPPED]


class Result(NamedTuple):
    """What was measured of a trial: how far it came (in the request's unit), numbers, and traces."""

    achieved: float | None
    measures: Mapping[str, Measured]
    traces: tuple[Trace, ...] = ()


class Finished(NamedTuple):
    """A trial that was played: what was asked, what came of it, and how the person moved."""

    trial: Trial
    record: TrialRecord
    motion: "Motion"


class Task:
    """A game or an assessment. A subclass is one file: these names, `Parameters`, and three answers.

    `trains` says in clinical words what is practised; `version` changes when results stop being comparable;
    `measures` names every number that `measure` may give; `place` is where it happens; `postures` are those of
    `engine.plan.POSTURES` in which it can be done and means what it says. `moves_parts` are those of
    `engine.movements.PARTS` that it moves or loads, and `asks` says how: "hand" by targets and reaches, "lean", "stand"
    for standing still, "gaze", "rise", "lift", "turn" for the trunk, "helper" for another person who takes part; from
    both follows what a precaution does to it. Who says nothing moves everything. `worn` is whether the headset is on
    while it is done, so that frames without anybody in it do not count. What is done `on_chair` has somebody sit down
    first in a visit that is played standing.
    `asks_around` are kinds of `engine.questions.RATINGS`, of which one is asked just before it and one after.
    """

    title: ClassVar[str]
    trains: ClassVar[tuple[str, ...]]
    version: ClassVar[int]
    place: ClassVar[str] = "still"
    postures: ClassVar[tuple[str, ...]] = ("standing", "seated")
    moves_parts: ClassVar[tuple[str, ...]] = PARTS
    asks: ClassVar[tuple[str, ...]] = ("hand", "lean", "stand")
    worn: ClassVar[bool] = True
    on_chair: ClassVar[bool] = False
    asks_around: ClassVar[tuple[str, ...]] = ()
    Parameters: ClassVar[type]
    measures: ClassVar[Mapping[str, Measure]] = {}

    def __init__(self, parameters: Any = None) -> None:
        """Take a therapist's values, or the defaults."""
        self.p = parameters if parameters is not None else self.Parameters()

    @property
    def limits(self) -> tuple[str, ...]:
        """The movements of `engine.movements.UNUSUAL` that it may ask for with its parameters, to be measured."""
        return ()

    def trials(self, envelope: "Envelope", random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Yield trials one by one; the next is asked for when the last is in `done`."""
        raise NotImplementedError

    def play(self, trial: Trial) -> Move:
        """Begin a trial: a Move, built from `engine.moves`."""
        raise NotImplementedError

    def measure(self, trial: Trial, motion: "Motion") -> Result:
        """Measure a finished trial from what was recorded of it.

        Raises NotMeasurable, saying why, where that tells nothing: then this is the note of every measure.
        """
        raise NotImplementedError

    def trial_s(self, trial: Trial, reached: bool) -> float:  # noqa: ARG002 (for those that know better)
        """How long a trial takes, about, for a plan of the time."""
        return TRIAL_S


class Assessment(Task):
    """A task that measures a person: when its trials are done, it adds what they say to the calibration."""

    def conclude(self, calibration: Calibration | None, finished: Sequence[Finished]) -> Calibration:
        """The calibration with this assessment's part in it.

        Raises NotMeasured, saying what was missing, when the trials do not allow it.
        """
        raise NotImplementedError


class NotMeasured(Exception):
    """An assessment could not measure; the message says what was missing and what to do."""
