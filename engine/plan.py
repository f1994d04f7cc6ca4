"""What one visit will hold: the steps, the bounds, and who follows the difficulty."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from engine.envelope import Difficulty, check_bound
from engine.records import Calibration, Limit, Precaution
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
    """A task to do, under the name of its file. `kind` is calibrate, warm up or play."""

    name: str
    task: Task
    kind: str
    preset: str = ""


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

    `difficulty` makes the follower of one limit from its movement and estimate. `caps` are the preset's
    ceilings in degrees by movement. `calibration` is what is known before; without one, the steps must begin
    with assessments. Its stance is replaced by that of the first frame, unless `keep_stance` says that the frames
    are those it was measured from. `posture` is one of POSTURES. Raises engine.envelope.UnknownBound for a ceiling or
    precaution that would bound nothing, and PostureRefused.
    """

    patient: str
    steps: tuple[Step | Interlude, ...]
    difficulty: Callable[[str, Limit], Difficulty]
    seed: int = 0
    preset: str = ""
    caps: Mapping[str, float] = field(default_factory=dict)
    precautions: tuple[Precaution, ...] = ()
    calibration: Calibration | None = None
    keep_stance: bool = False
    posture: str = "standing"

    def __post_init__(self) -> None:
        check_posture(self.posture)
        for movement, cap in self.caps.items():
            check_bound(movement, cap, "deg", "the preset's ceilings")
        for precaution in self.precautions:
            source = f"the precaution of {precaution.by} ({precaution.reason})"
            check_bound(precaution.movement, precaution.at_most, precaution.unit, source)


@dataclass(frozen=True)
class About:
    """What a session is called: its id, when it began (ISO 8601 with offset), and the software's version."""

    id: str
    started_at: str
    software: str
