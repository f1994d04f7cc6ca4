"""The visit that a patient lives through: what stands around the games, for somebody of an age."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import islice
from typing import cast

from engine.answers import HARMS
from engine.plan import (
    ASSESS,
    END,
    FOR_THE_ADULT,
    INTERLUDES,
    START,
    SUMMARY,
    AnyStep,
    Fork,
    Interlude,
    Step,
    message,
    programme,
    sticker,
)
from engine.profile import Profile
from engine.questions import Question, effort, gate, pain, question_of, sickness
from engine.records import BlockRecord
from engine.theme import STICKERS

STICKERS_AT_ONCE = 3
ON_FEET = ("lean", "stand", "rise", "bend", "step", "surround")


def whole_visit(
    steps: Sequence[AnyStep],
    profile: Profile,
    posture: str,
    calm: Step | None,
    again: Step | None,
    stickers: int | None,
) -> tuple[AnyStep, ...]:
    """Everything around the tasks of a visit: start, questions and programme, and what comes after play.

    `steps` begin with a welcome and stop with an end, which are replaced. `calm` ends the play, unless the same was
    played last; `again` checks once more how somebody stands, where the profile asks for it; `stickers` is how many a
    child has by now, None before the first visit: then the adult beside is told what to know of headsets and age.
    """
    tasks = list(steps[1:-1])
    played = [step for step in tasks if isinstance(step, Step) and step.kind == "play"]
    asked = {ask for step in tasks if isinstance(step, Step) for ask in step.task.asks}
    gates = [gate("adult")] if profile.adult_near or "helper" in asked else []
    if posture == "standing" and asked & set(ON_FEET):
        gates.append(gate("support"))
    before: list[AnyStep] = [*gates, sickness(profile.scale), pain(profile.scale)]
    after: list[AnyStep] = [calm] if calm is not None else []
    after += [effort(profile.scale), sickness(profile.scale), pain(profile.scale)]
    if profile.recheck and again is not None:
        after.append(again)
    named = list(dict.fromkeys(step.name for step in tasks if isinstance(step, Step) and step.kind in ("play", ASSESS)))
    shown: list[AnyStep] = [programme(named)] if named else []
    tail: list[AnyStep] = [SUMMARY, *([sticker(_offered(stickers or 0))] if profile.sticker else []), END]
    if profile.chooses and len(played) > 1:
        tasks = _to_choose(tasks, played)
    tasks = _asked_around(tasks, profile.scale)
    facts = [FOR_THE_ADULT] if profile.adult_near and stickers is None else []
    return (*facts, START, *before, *shown, *tasks, *after, *tail)


def _to_choose(tasks: Sequence[AnyStep], played: Sequence[Step]) -> list[AnyStep]:
    """The same tasks, with the games in an order that the person chooses; the rests between them are the choice's."""
    kept = [step for step in tasks if not isinstance(step, Interlude) and step not in played]
    return [*kept, Fork(tuple(played))]


def _asked_around(tasks: Sequence[AnyStep], scale: str) -> list[AnyStep]:
    """The same tasks, with what some of them ask: before the first and after the last of rounds in a row."""
    names = ["", *(task.name if isinstance(task, Step) else "" for task in tasks if isinstance(task, Step | Fork)), ""]
    asked, place = list[AnyStep](), 0
    for task in tasks:
        place += isinstance(task, Step | Fork)
        if isinstance(task, Fork):
            asked.append(replace(task, steps=tuple(_asking(step, scale, True, True) for step in task.steps)))
        elif isinstance(task, Step):
            asked.append(_asking(task, scale, names[place - 1] != task.name, names[place + 1] != task.name))
        else:
            asked.append(task)
    return asked


def _asking(step: Step, scale: str, first: bool, last: bool) -> Step:
    """A step with what its task asks around it: before the first of some rounds, after the last."""
    if not step.task.asks_around:
        return step
    before, after = (question_of(kind, scale) for kind in step.task.asks_around)
    return replace(step, before=before if first else None, after=after if last else None)


def _offered(have: int) -> tuple[str, ...]:
    """Stickers to choose from: the next ones in turn, so that everybody comes to see them all, whenever they come."""
    turn = STICKERS_AT_ONCE * have % len(STICKERS)
    return tuple(islice(STICKERS * 2, turn, turn + STICKERS_AT_ONCE))


def steps_of(
    blocks: Sequence[BlockRecord], task_of: Callable[[BlockRecord], Step], plain: Callable[[str], Step]
) -> tuple[AnyStep, ...]:
    """The steps that blocks of a session were made of, as far as it came: `plain` makes one that was never played."""
    left, steps = list(blocks), list[AnyStep]()
    while left:
        block = left.pop(0)
        seconds = cast(float, block.parameters.get("seconds", 0.0))
        if block.task in INTERLUDES:
            steps.append(replace(INTERLUDES[block.task], seconds=seconds))
        elif block.task == "programme":
            steps.append(replace(_programme_of(block), seconds=seconds))
        elif block.task == "message":
            steps.append(replace(_message_of(block), seconds=seconds))
        elif block.kind == "question":
            steps.append(_question_of(block))
        elif block.kind == "pick":
            steps.append(replace(sticker(str(block.parameters["names"]).split()), seconds=seconds))
        elif block.kind == "choice":
            steps.append(_fork_of(block, left, task_of, plain))
        else:
            steps.append(task_of(block))
    return tuple(steps)


def _question_of(block: BlockRecord) -> Question:
    """A question as it was asked."""
    question = question_of(block.task, str(block.parameters["scale"]))
    return replace(question, seconds=cast(float, block.parameters["seconds"]))


def _programme_of(block: BlockRecord) -> Interlude:
    """What came that day as it was shown."""
    games, said, new = (str(block.parameters.get(name, "")) for name in ("games", "said", "new"))
    return programme(games.split(), said, new.split())


def _message_of(block: BlockRecord) -> Interlude:
    """A message as it was shown; those of before have no id."""
    said, number, answers = (str(block.parameters.get(name, "")) for name in ("said", "id", "answers"))
    return message(said, number, tuple(filter(None, answers.split("\n"))))


def _fork_of(
    choice: BlockRecord, left: list[BlockRecord], task_of: Callable[[BlockRecord], Step], plain: Callable[[str], Step]
) -> Fork:
    """A choice, with what was played and asked of it taken from the blocks that are left."""
    games, chosen = (str(choice.parameters.get(name, "")) for name in ("games", "chosen"))
    names, played = games.split(), dict[str, Step]()
    before: Question | None = None
    while (
        left and len(played) < len(names) and (left[0].kind in ("choice", "rest") or left[0].task in (*names, *HARMS))
    ):
        block = left.pop(0)
        if block.task in names:
            played[block.task], before = replace(task_of(block), before=before), None
        elif block.task == HARMS[0]:
            before = _question_of(block)
        elif block.task == HARMS[1]:
            last = next(reversed(played))
            played[last] = replace(played[last], after=_question_of(block))
        elif block.kind == "choice":
            chosen = str(block.parameters.get("chosen", ""))
    steps = {name: played.get(name) or plain(name) for name in names}
    if before is not None:  # it ended while this was asked
        asked = next(name for name in (chosen, *names) if name in names and name not in played)
        steps[asked] = replace(steps[asked], before=before)
    return Fork(tuple(steps.values()), cast(float, choice.parameters["seconds"]))
