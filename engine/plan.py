"""What one visit will hold: the steps, the bounds, and who follows the difficulty."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from engine.adaptation import Adaptation
from engine.answers import check_answer
from engine.limits import Difficulty
from engine.movements import MOVEMENTS, UnknownBound, check_bound
from engine.precautions import as_precautions, refuses_posture
from engine.questions import Question
from engine.records import Answer, Calibration, Followed, Limit, Precaution, Prescribed, Room
from engine.room import AROUND
from engine.scene import Line, Panel
from engine.task import Task

STILL = "still"
ASSESS = "assess"
"""The kind of a step that is a clinical test."""
POSTURES = ("standing", "seated", "lying")


class PostureRefused(ValueError):
    """A posture that there is not, or in which a visit cannot be done; the message says which and why."""


def check_posture(posture: str) -> None:
    """Raise PostureRefused for a posture that there is not."""
    if posture not in POSTURES:
        raise PostureRefused(f"there is no posture {posture!r}; the postures are {', '.join(POSTURES)}")


@dataclass(frozen=True)
class Step:
    """A task to do, under the name of its file.

    `kind` is calibrate, assess, warm up, play, calm (at the end) or recheck. `change` says what became harder or
    easier since it was played last. `before` and `after` are asked around it, where it is done at all.
    """

    name: str
    task: Task
    kind: str
    preset: str = ""
    change: str = ""
    before: Question | None = None
    after: Question | None = None

    @property
    def in_turn(self) -> "tuple[Question | Step, ...]":
        """The step, with what is asked around it."""
        return tuple(each for each in (self.before, self, self.after) if each is not None)


@dataclass(frozen=True)
class Fork:
    """Tasks to do in the order that the person chooses, with a rest before each further one."""

    steps: tuple[Step, ...]
    seconds: float = 20.0
    place: str = "lobby"


@dataclass(frozen=True)
class Pick:
    """Something to choose that changes nothing that is played, such as a sticker: keys of words, and pictures."""

    kind: str
    title: str
    text: str
    names: tuple[str, ...]
    seconds: float = 20.0
    place: str = "lobby"


@dataclass(frozen=True)
class Interlude:
    """Words for a while: welcome, rest, end. A panel that asks for confirmation ends it early.

    `games` are those that it names, `new` those of them that the person has not played before, `said` what somebody
    wrote for this patient, `id` what the clinic calls that, and `answers` what may be answered once it was confirmed.
    That of `start` is confirmed by somebody who has put the headset on and looks ahead: it takes their stance.
    """

    kind: str
    title: str
    panel: Panel
    seconds: float
    place: str = STILL
    sound: str = ""
    games: tuple[str, ...] = ()
    said: str = ""
    id: str = ""
    answers: tuple[str, ...] = ()
    new: tuple[str, ...] = ()

    @property
    def parameters(self) -> Mapping[str, float | str]:
        """What is written down of it, so that it can be shown again."""
        words = {"games": " ".join(self.games), "said": self.said, "id": self.id, "answers": "\n".join(self.answers)}
        words["new"] = " ".join(self.new)
        return {"seconds": self.seconds, **{name: text for name, text in words.items() if text}}


def _interlude(
    kind: str, title: str, text: tuple[str, ...], seconds: float, sound: str, confirm: bool = False
) -> Interlude:
    panel = Panel(kind, f"session.{title}", tuple(f"session.{line}" for line in text), confirm=confirm)
    return Interlude(kind, kind.capitalize(), panel, seconds, "lobby", sound)


WELCOME = _interlude("welcome", "welcome_title", ("welcome_text", "confirm"), 30.0, "confirm", confirm=True)
REST = _interlude("rest", "rest_title", ("rest_text",), 15.0, "rest")
END = _interlude("end", "end_title", ("end_text",), 6.0, "finish")
START = Interlude(
    "start",
    "Start",
    Panel("start", "start.put_on_title", ("start.put_on_text", "start.look_text", "session.dwell"), confirm=True),
    120.0,
    "lobby",
    "appear",
)
FOR_THE_ADULT = Interlude(
    "adult facts",
    "For the adult",
    Panel(
        "adult facts",
        "adult.ages_title",
        ("adult.age_maker", "adult.age_younger", "adult.age_time", "adult.age_signs", "adult.age_stop"),
        confirm=True,
    ),
    120.0,
    "lobby",
)
SUMMARY = Interlude("summary", "Summary", Panel("summary", "summary.title", confirm=True), 20.0, "lobby", "finish")
PLAN_ENDED = Interlude(
    "plan ended",
    "Plan ended",
    Panel("plan ended", "clinic.title", ("clinic.plan_ended", "clinic.easy"), confirm=True),
    20.0,
    "lobby",
)
INTERLUDES: Mapping[str, Interlude] = {
    step.kind: step for step in (FOR_THE_ADULT, START, WELCOME, PLAN_ENDED, REST, SUMMARY, END)
}
DELIVERY_ON = (START.kind, WELCOME.kind, SUMMARY.kind)
AnyStep = Step | Interlude | Question | Fork | Pick


def programme(names: Sequence[str], beside: str = "", new: Collection[str] = ()) -> Interlude:
    """What comes today: the first of these tasks by title, and in a line what a clinic wrote `beside` them.

    Those that are `new` to the person are told as such.
    """
    order = ("lobby.first", *("lobby.next",) * (len(names) - 2), "lobby.last")
    lines = tuple(
        Line("lobby.new" if name in new else words, (f"{name}.title",))
        for words, name in zip(order, names[:MOST_NAMED], strict=False)
    )
    panel = Panel("programme", "lobby.title", (*lines, *([_as_it_is(beside)] if beside else [])), confirm=True)
    return Interlude("programme", "Programme", panel, 12.0, "lobby", games=tuple(names), said=beside,
                     new=tuple(name for name in names if name in new))  # fmt: skip


def message(text: str, number: str = "", answers: tuple[str, ...] = ()) -> Interlude:
    """What a clinic wrote for this patient, shown as it is; the voice says that it is there.

    `number` is its id, and `answers` are offered once it was read.
    """
    panel = Panel("message", "clinic.message", (_as_it_is(text),), confirm=True)
    return Interlude("message", "From the clinic", panel, 45.0, "lobby", said=text, id=number, answers=answers)


def _as_it_is(text: str) -> Line:
    """A line that nobody translates: a value that is a key would be said in words, and no key ends with a blank."""
    return Line("{0}", (f"{text} ",))


def sticker(names: Sequence[str]) -> Pick:
    """One of some stickers to keep."""
    return Pick("sticker", "sticker.title", "sticker.choose", tuple(names))


REPLY_S = 4.0
MOST_NAMED = 4


def in_order(steps: Sequence[AnyStep]) -> tuple[Step | Interlude, ...]:
    """Tasks and interludes as they come where nobody chooses otherwise; a question lasts as long as a reply takes."""
    plain: list[Step | Interlude] = []
    for step in steps:
        if isinstance(step, Fork):
            plain += [each for task in step.steps for each in (REST, *map(_plain, task.in_turn))][1:]
        else:
            plain += map(_plain, step.in_turn if isinstance(step, Step) else (step,))
    return tuple(plain)


def _plain(step: Step | Interlude | Question | Pick) -> Step | Interlude:
    if isinstance(step, Question | Pick):
        return Interlude(step.kind, "Question", Panel(step.kind, step.title), REPLY_S, step.place)
    return step


@dataclass(frozen=True)
class Plan:
    """What one visit of one patient holds.

    `difficulty` makes the followers of limits, by movement, from what was measured of them: those that are measured
    together are given together, so that they may share what they learn. `caps` and `floors` are the preset's
    ceilings and least requests in degrees by movement, `rises` the most that may be asked of a movement beyond the
    session before. `calibration` is what is known before; without one, the steps must begin with assessments. Its
    stance is replaced by that of the first frame, unless `keep_stance` says that the frames are those it was measured
    from. `posture` is one of POSTURES. `answers` are those that were given before play. `followed` is what `difficulty`
    goes on from, for the record. `prescribed` is the prescription that all of this follows, None without one.
    `most_s` is how long the visit may last, and `play_s` how long play may from its first game on: then nothing begins
    but the calm end. `room` is the real one around who plays, and `headset` the kind that they play
    on, "" before there is one. `delivery` is a line for the
    first panel and the summary, on a computer of a clinic: it is no part of the session.

    Raises engine.movements.UnknownBound for a bound on a movement that there is not, or that is no number, and for a
    ceiling that means nothing; engine.answers.AnswerUnusable; and PostureRefused, also where a precaution or a ceiling
    forbids the posture. A precaution whose number or unit means nothing is no reason to refuse: it forbids what it
    names, see engine.precautions.allowed.
    """

    patient: str
    steps: tuple[AnyStep, ...]
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
    scale: str = "words"
    most_s: float = math.inf
    play_s: float = math.inf
    prescribed: Prescribed | None = None
    delivery: Line | None = None
    room: Room = AROUND
    headset: str = ""

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
