"""What one visit will hold: the steps, the bounds, and who follows the difficulty."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.adaptation import Adaptation
from engine.answers import check_answer
from engine.envelope import Difficulty
from engine.movements import MOVEMENTS, UnknownBound, check_bound
from engine.precautions import as_precautions, refuses_posture
from engine.records import Answer, Calibration, Followed, Limit, Precaution
from engine.scene import Panel
from engine.task import Task

STILL = "still"
POSTURES = ("standing", "seated", "lying")


class PostureRefused(ValueError):
    """A posture that there is not, or in which a visit cannot be done; the message says which and why."""


def check_posture(posture: str) -> None:
    """Raise PostureRefused for a posture that there is not."""
    if posture not in POSTURES:
        raise PostureRefused(f"there is no posture {posture!r}; the postures are {', '.join(POSTURES)}")


@dataclass(frozen=True)
class Step:
    """A task to do, under the name of its file. `kind` is calibrate, warm up or play.

    `change` says what became harder or easier since it was played last.
    """

    name: str
    task: Task
    kind: str
    preset: str = ""
    change: str = ""


@dataclass(frozen=True)
class Interlude:
    """Words for a while: welcome, rest, end. A panel that asks for confirmation ends it early."""

    kind: str
    title: str
    panel: Panel
    seconds: float
    place: str = STILL
    sound: str = ""


WELCOME = Interlude(
    "welcome",
    "Welcome",
    Panel("welcome", "session.welcome_title", ("session.welcome_text", "session.confirm"), confirm=True),
    30.0,
    "orchard",
    "confirm",
)
REST = Interlude("rest", "Rest", Panel("rest", "session.rest_title", ("session.rest_text",)), 15.0, "orchard", "rest")
END = Interlude("end", "End", Panel("end", "session.end_title", ("session.end_text",)), 4.0, "orchard", "finish")
INTERLUDES: Mapping[str, Interlude] = {step.kind: step for step in (WELCOME, REST, END)}


@dataclass(frozen=True)
class Plan:
    """What one visit of one patient holds.

    `difficulty` makes the followers of limits, by movement, from what was measured of them: those that are measured
    together are given together, so that they may share what they learn. `caps` and `floors` are the preset's
    ceilings and least requests in degrees by movement, `rises` the most that may be asked of a movement beyond the
    session before. `calibration` is what is known before; without one, the steps must begin with assessments. Its
    stance is replaced by that of the first frame, unless `keep_stance` says that the frames are those it was measured
    from. `posture` is one of POSTURES. `answers` are those that were given before play. `followed` is what `difficulty`
    goes on from, for the record.

    Raises engine.movements.UnknownBound for a bound on a movement that there is not, or that is no number, and for a
    ceiling that means nothing; engine.answers.AnswerUnusable; and PostureRefused, also where a precaution or a ceiling
    forbids the posture. A precaution whose number or unit means nothing is no reason to refuse: it forbids what it
    names, see engine.precautions.allowed.
    """

    patient: str
    steps: tuple[Step | Interlude, ...]
    difficulty: Callable[[Mapping[str, Limit]], Mapping[str, Difficulty]]
    seed: int = 0
    preset: str = ""
    caps: Mapping[str, float] = field(default_factory=dict)
    precautions: tuple[Precaution, ...] = ()
    calibration: Calibration | None = None
    keep_stance: bool = False
    posture: str = "standing"
    answers: tuple[Answer, ...] = ()
    adaptation: Adaptation = field(default_factory=Adaptation)
    floors: Mapping[str, float] = field(default_factory=dict)
    rises: Mapping[str, float] = field(default_factory=dict)
    followed: tuple[Followed, ...] = ()

    def __post_init__(self) -> None:
        check_posture(self.posture)
        for movement, cap in self.caps.items():
            check_bound(movement, cap, _unit(movement), "the preset's ceilings")
        for movement, floor in self.floors.items():
            check_bound(movement, floor, _unit(movement), "the preset's floors")
        for movement, most in self.rises.items():
            if not most >= 0:
                raise UnknownBound(f"the most for this session: {movement} = {most} must be 0 or more")
        for precaution in self.precautions:
            source = f"the precaution of {precaution.by} ({precaution.reason})"
            if precaution.movement not in MOVEMENTS or not math.isfinite(precaution.at_most):
                check_bound(precaution.movement, precaution.at_most, precaution.unit, source)
        for answer in self.answers:
            check_answer(answer)
        if why := refuses_posture(self.posture, (*self.precautions, *as_precautions(self.caps))):
            raise PostureRefused(why)


def _unit(movement: str) -> str:
    return MOVEMENTS[movement].unit if movement in MOVEMENTS else "deg"


@dataclass(frozen=True)
class About:
    """What a session is called: its id, when it began (ISO 8601 with offset), and the software's version."""

    id: str
    started_at: str
    software: str
