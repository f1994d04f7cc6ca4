"""A session lived through in thought: the real games, envelope and trackers ask, and somebody made of numbers answers.

Nothing moves and nothing is drawn, a trial is one answer, so that a therapist may see what a plan would ask of a person
before anybody plays it. Who answers is drawn from what is believed of the person, lapses, luck and fatigue included.
"""

import math
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from random import Random
from statistics import NormalDist, pstdev

from engine.envelope import Envelope
from engine.limits import Difficulty, OutsideEnvelope
from engine.movements import LEANS, MOVEMENTS
from engine.plan import ASSESS, REST, Interlude, Plan, Step, in_order
from engine.precautions import barred
from engine.records import Calibration, Limit, Request, TrialRecord
from engine.task import NOT_YET, REACHED, Task, Trial

GUESS = 0.01  # a hit that the person did not bring about
SLOPE_OF_LIMIT, SLOPE_SPREAD = 6 / 90, 0.35  # of motor noise: median and logarithmic spread, as the trackers assume
USUAL_LEAN_DEG = 6.0
FATIGUE = 0.001  # of the limit, lost with each trial
OVERSHOOT_OF_SLOPE = 0.6  # how far a hit goes on at most
LEAST_OF_LIMIT = 0.05  # so that nobody who is drawn has no limit at all
READ_S = 5.0  # for words that wait to be confirmed
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Tried:
    """One trial in thought: what was asked, how likely it was to be reached, and what came of it."""

    request: Request
    chance: float
    reached: bool
    achieved: float


@dataclass(frozen=True)
class RehearsedBlock:
    """One block in thought: seconds in all and of holding; `barred` says why nothing more was asked, "" otherwise."""

    task: str
    title: str
    kind: str
    seconds: float
    holding_s: float
    tried: tuple[Tried, ...]
    barred: str = ""


@dataclass(frozen=True)
class Rehearsal:
    """One session in thought."""

    seconds: float
    rests: int
    blocks: tuple[RehearsedBlock, ...]

    @property
    def tried(self) -> list[Tried]:
        """The trials of all blocks, in order."""
        return [tried for block in self.blocks for tried in block.tried]


@dataclass
class Person:
    """Somebody with a limit and a slope by movement; the same luck meets whatever they are asked.

    The n-th trial of a movement draws from the same place in the same stream in every plan, so that what differs
    between two plans is the plans' doing.
    """

    limits: Mapping[str, float]
    slopes: Mapping[str, float]
    lapse: float
    seed: str
    _luck: dict[str, Random] = field(default_factory=dict)
    _tried: int = 0

    def answer(self, request: Request) -> Tried:
        """What comes of a request."""
        movement, asked = request.movement, request.amplitude
        luck = self._stream(movement)
        share, attention, more = luck.random(), luck.random(), luck.random()
        limit, slope = self.limits[movement] * (1 - FATIGUE) ** self._tried, self.slopes[movement]
        chance = GUESS + (1 - GUESS - self.lapse) / (1 + math.exp(min(50.0, (asked - limit) / slope)))
        capacity = max(0.0, limit + slope * math.log(max(share, 1e-9) / max(1 - share, 1e-9)))
        self._tried += 1
        if attention < self.lapse:
            return Tried(request, chance, False, more * min(asked, capacity))
        if capacity >= asked:
            return Tried(request, chance, True, min(capacity, asked + OVERSHOOT_OF_SLOPE * slope * more))
        return Tried(request, chance, attention > 1 - GUESS, capacity)

    def _stream(self, movement: str) -> Random:
        if movement not in self._luck:
            self._luck[movement] = Random(f"{self.seed} {movement}")
        return self._luck[movement]


def people(beliefs: Mapping[str, Limit], count: int, lapse: float, seed: int) -> list[Person]:
    """Persons who together are what is believed: of each movement, one from every slice of equal probability.

    Which slices meet in one person is drawn by the seed. A few such persons say as much as many drawn at random: the
    middles of the slices are stretched until they spread as much as the belief does.
    """
    middles = [_NORMAL.inv_cdf((number + 0.5) / count) for number in range(count)]
    scores = [middle / pstdev(middles) for middle in middles]
    limits: list[dict[str, float]] = [{} for _ in scores]
    slopes: list[dict[str, float]] = [{} for _ in scores]
    for movement, belief in sorted(beliefs.items()):
        luck = Random(f"{seed} {movement}")
        for of_one, z in zip(limits, luck.sample(scores, count), strict=True):
            spread = (belief.high - belief.value if z > 0 else belief.value - belief.low) / 1.96
            of_one[movement] = max(belief.value + z * spread, LEAST_OF_LIMIT * belief.value)
        for of_one, z in zip(slopes, luck.sample(scores, count), strict=True):
            of_one[movement] = _slope(movement) * math.exp(SLOPE_SPREAD * z)
    return [Person(limits[number], slopes[number], lapse, f"{seed} {number}") for number in range(count)]


def rehearse(plan: Plan, known: Calibration, persons: Sequence[Person], seed: int) -> list[Rehearsal]:
    """Live through a plan in thought with each person; the same plan, persons and seed give the same rehearsals."""
    same, followers = _same_for_all(plan, known), followers_of(plan, known)
    return [_rehearsal(plan, known, deepcopy(followers), person, same, seed) for person in persons]


def followers_of(plan: Plan, known: Calibration) -> Mapping[str, Difficulty]:
    """The followers of limits as the plan's visit begins with them; the plan's own learn nothing of rehearsals."""
    return deepcopy(plan.difficulty)(known.limits)


def _same_for_all(plan: Plan, known: Calibration) -> dict[tuple[str, str], RehearsedBlock]:
    """By name and kind, the blocks that are the same with everybody: what is barred, and what only measures."""
    envelope, same = envelope_of(plan, known), {}
    for step in in_order(plan.steps):
        if isinstance(step, Interlude):
            continue
        if why := barred(step.task, plan.posture, plan.precautions, plan.caps):
            same[step.name, step.kind] = RehearsedBlock(step.name, step.task.title, step.kind, 0.0, 0.0, (), why)
        elif step.kind in ("calibrate", ASSESS):
            same[step.name, step.kind] = _block(step, envelope, {}, Person({}, {}, 0.0, ""), Random(0))
    return same


def _rehearsal(
    plan: Plan,
    known: Calibration,
    followers: Mapping[str, Difficulty],
    person: Person,
    same: Mapping[tuple[str, str], RehearsedBlock],
    seed: int,
) -> Rehearsal:
    envelope = envelope_of(plan, known, followers)
    blocks, seconds, rests = [], 0.0, 0
    for step in in_order(plan.steps):
        if isinstance(step, Interlude):
            seconds += READ_S if step.panel.confirm else step.seconds
            rests += step.kind == REST.kind
            continue
        luck = Random(f"{seed} {step.name} {step.kind} {person.seed}")
        block = same.get((step.name, step.kind)) or _block(step, envelope, followers, person, luck)
        within = _rests_within(len(block.tried), plan.adaptation.rest_after_trials)
        seconds, rests = seconds + block.seconds + within * REST.seconds, rests + within
        blocks.append(block)
    return Rehearsal(seconds, rests, tuple(blocks))


def envelope_of(plan: Plan, known: Calibration, followers: Mapping[str, Difficulty] | None = None) -> Envelope:
    """The bounds that a session of this plan has, before anybody says anything."""
    return Envelope(
        known,
        plan.precautions,
        plan.caps,
        followers,
        posture=plan.posture,
        floors=plan.floors,
        rises=plan.rises,
        adaptation=plan.adaptation,
    )


def _rests_within(trials: int, rest_after: int) -> int:
    """Rests within a block: none after its last trial."""
    return max(0, trials - 1) // rest_after if rest_after else 0


def _block(
    step: Step, envelope: Envelope, followers: Mapping[str, Difficulty], person: Person, random: Random
) -> RehearsedBlock:
    task, missing = step.task, ""
    done: list[TrialRecord] = []
    tried: list[Tried] = []
    seconds = 0.0
    try:
        for trial in task.trials(envelope, random, done):
            outcome = REACHED
            if trial.request is not None:
                tried.append(_tried(trial.request, followers, person))
                outcome = REACHED if tried[-1].reached else NOT_YET
            achieved = tried[-1].achieved if trial.request else _as_known(trial, envelope.calibration)
            begun_s, seconds = seconds, seconds + task.trial_s(trial, outcome == REACHED)
            done.append(TrialRecord(len(done), trial.side, begun_s, seconds, outcome, trial.request, achieved))
    except OutsideEnvelope as reason:
        missing = str(reason)
    holding_s = _hold_s(task) * sum(one.reached for one in tried)
    return RehearsedBlock(step.name, task.title, step.kind, seconds, holding_s, tuple(tried), missing)


def _tried(request: Request, followers: Mapping[str, Difficulty], person: Person) -> Tried:
    """What comes of a request, and whoever follows the limit learns of it."""
    one = person.answer(request)
    if request.movement in followers:
        followers[request.movement].update(request.amplitude, one.achieved, one.reached)
    return one


def _as_known(trial: Trial, known: Calibration) -> float | None:
    """What an open effort comes to: what was known, or the stop line; None where a trial is no such effort."""
    leant = trial.values.get("movement", "")
    limit = known.limits.get(leant or trial.values.get("neck") or f"shoulder_elevation_{trial.side}")
    stop_deg = trial.values["goal"].angle_deg if leant in LEANS else trial.values.get("stop_deg")
    return None if limit is None or stop_deg is None else min(limit.value, float(stop_deg))


def _hold_s(task: Task) -> float:
    """How long one target is held: the parameter that the game says is the hold."""
    names = [each.name for each in fields(task.p) if each.metadata.get("knob") == "hold"]
    return float(getattr(task.p, names[0])) if names else 0.0


def _slope(movement: str) -> float:
    usual = USUAL_LEAN_DEG if movement.startswith("lean_") else MOVEMENTS[movement].largest / 2
    return SLOPE_OF_LIMIT * usual
