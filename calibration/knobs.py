"""One knob at a time: what becomes harder or easier between two blocks of a game, and why.

A knob is one way in which a game can be harder. The first in the order of the preset that can still be turned has its
turn; those after it wait. Distance is the amplitude that a tracker follows from target to target, so it has no level
here: while it has its turn nothing else becomes harder, and while another knob has it, distance may not grow.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any, NamedTuple, TypeVar, cast

import msgspec

from engine.adaptation import Adaptation
from engine.answers import DIZZY_HOLD
from engine.metrics.reach_space import MUCH_M
from engine.parameters import describe
from engine.records import Answer, BlockRecord, KnobState
from engine.task import REACHED, STOPPED, Task

P = TypeVar("P")

DISTANCE = "distance"
LEAST_TARGETS, LEAST_TARGETS_OF_BALANCE = 10, 20
AT_CEILING, AT_FLOOR = ("CEILING", "ENVELOPE"), ("FLOOR",)
PAIN_RISE_NRS = 2.0  # the smallest change that matters to somebody (Farrar 2001, Pain 94:149)
DIZZINESS_RISE = 2.0  # of 10, for 4 of the 20 of the Fast Motion Sickness scale
COMPENSATING_SHARE = 0.3
GROWN_SHARE = 0.01
HELD_AFTER_TOO_HARD = 2  # else two levels beside the right one would take turns for ever
DAYS_AWAY = 7


class _Dial(NamedTuple):
    """The knobs of one game: the preset's parameters and order."""

    game: type[Task]
    parameters: Any
    order: tuple[str, ...]

    def turns(self, levels: Mapping[str, int], knob: str, steps: int) -> bool:
        """Whether anything changes when a knob is turned; it does not at the bound of its parameter."""
        after = {**levels, knob: levels.get(knob, 0) + steps}
        return bool(turned(self.parameters, after, self.game) != turned(self.parameters, levels, self.game))

    def turn(self, state: KnobState, knob: str, steps: int, code: str, because: str) -> KnobState:
        """The state after a knob was turned, told in words."""
        levels = {**state.levels, knob: state.levels.get(knob, 0) + steps}
        before, after = (turned(self.parameters, which, self.game) for which in (state.levels, levels))
        changes = [f"{p['help']}, {_said(before, p)} → {_said(after, p)}" for p in _of_knobs(self.game, knob)]
        return _told(state, code, f"{knob}: {'; '.join(changes)}, because {because}", levels)

    def last_raised(self, levels: Mapping[str, int]) -> str:
        """The knob that was raised last, "" where none is: all before it in the order were raised as far as they go."""
        raised = [knob for knob in (*sorted(levels), *self.order) if levels.get(knob, 0) > 0]
        return raised[-1] if raised else ""


def turned(parameters: P, levels: Mapping[str, int], game: type[Task]) -> P:
    """The preset's parameters with every knob turned to its level, as far as the bounds of each allow."""
    changes: dict[str, float | int] = {}
    for parameter in _of_knobs(game):
        wish = getattr(parameters, parameter["name"]) + levels.get(parameter["knob"], 0) * parameter["harder"]
        value = round(min(max(wish, parameter["low"]), parameter["high"]), 9)
        changes[parameter["name"]] = round(value) if parameter["type"] == "int" else value
    return cast(P, replace(cast(Any, parameters), **changes))


def carried(
    state: KnobState, game: type[Task], parameters: object, adaptation: Adaptation, days_away: int = 0
) -> KnobState:
    """What a session begins with: a knob that the therapist set anew starts from there, and a week away is one easier.

    `parameters` are the preset's, with no knob turned.
    """
    known = _from_these_values(state, game, parameters)
    dial = _Dial(game, parameters, adaptation.knobs)
    last = dial.last_raised(known.levels)
    if days_away <= DAYS_AWAY or not last:
        return known
    return dial.turn(known, last, -1, "AWAY", f"the last session was {days_away} days ago")


def holds_distance(state: KnobState, game: type[Task], parameters: object, adaptation: Adaptation) -> bool:
    """Whether distance may not grow in the next block: play was stopped or too hard, or another knob has its turn."""
    dial = _Dial(game, parameters, adaptation.knobs)
    before = dial.order[: dial.order.index(DISTANCE)] if DISTANCE in dial.order else ()
    waits = DISTANCE not in dial.order or any(dial.turns(state.levels, knob, +1) for knob in before)
    untried = state.code == "HARDER" and not state.outcomes
    return waits or untried or state.held > 0


def next_step(
    state: KnobState,
    block: BlockRecord,
    game: type[Task],
    parameters: object,
    adaptation: Adaptation,
    told: Sequence[Answer] = (),
    stopped: bool = False,
) -> KnobState:
    """The one thing that changes after a block, if anything, with the reason.

    `parameters` are the preset's, with no knob turned. `told` is what the person said in this session until the next
    block: what was said before this block began forbids a rise, what was said since makes it easier. `stopped` says
    that somebody or something stopped the block; then nothing rises after the next one either.
    """
    if adaptation.only_assess:
        return state
    known = _from_these_values(state, game, parameters)
    counted = msgspec.structs.replace(
        known, outcomes=_outcomes(known, block, game), held=max(0, known.held - 1), code="", reason=""
    )
    dial = _Dial(game, parameters, adaptation.knobs)
    stopped = stopped or any(a.kind == "stop" and a.value and _since(a, block.start_s) for a in told)
    symptom = _symptom(told, block.start_s, adaptation) or _compensation(block)
    if symptom:
        return _hold(_relieved(dial, counted, *symptom))
    new = _by_success(dial, counted, block, adaptation, rise=not (stopped or known.held or _hurt(told, adaptation)))
    if not stopped:
        return new
    told_why = "nothing gets harder yet, because the block was stopped"
    return _hold(new if new.levels != known.levels else _told(new, "STOPPED", told_why))


def _by_success(dial: _Dial, state: KnobState, block: BlockRecord, adaptation: Adaptation, rise: bool) -> KnobState:
    """Easier after too many misses, harder where it `rise`s after enough hits, else as it is."""
    targets, reached = len(state.outcomes), sum(state.outcomes)
    if targets < _least_targets(dial.game):
        return state
    because = f"{reached} of {targets} were reached"
    if reached < adaptation.success_low * targets:
        return _easier(dial, state, block, because)
    eased = next((knob for knob in (*dial.order, *sorted(state.levels)) if state.levels.get(knob, 0) < 0), "")
    if not rise or reached < (adaptation.target_success if eased else adaptation.success_high) * targets:
        return msgspec.structs.replace(state, blocks_in_band=0)
    well = msgspec.structs.replace(state, blocks_in_band=state.blocks_in_band + 1)
    knob = eased or _whose_turn(dial, state, block)
    if well.blocks_in_band < adaptation.blocks_in_band or knob in ("", DISTANCE):
        return well
    return dial.turn(well, knob, +1, "HARDER", because)


def _easier(dial: _Dial, state: KnobState, block: BlockRecord, because: str) -> KnobState:
    """One step down: of what was raised last, or, where the distance cannot come nearer either, below the preset."""
    last = dial.last_raised(state.levels)
    if not last and _mostly(block, AT_FLOOR):
        easing = [knob for knob in dial.order if dial.turns(state.levels, knob, -1)]
        last = easing[-1] if easing else ""
    if not last:
        return msgspec.structs.replace(state, blocks_in_band=0)
    eased = dial.turn(state, last, -1, "EASIER", because)
    return msgspec.structs.replace(eased, held=HELD_AFTER_TOO_HARD)


def _relieved(dial: _Dial, state: KnobState, code: str, because: str) -> KnobState:
    last = dial.last_raised(state.levels)
    if last:
        return dial.turn(state, last, -1, code, because)
    return _told(state, code, f"nothing gets harder yet, because {because}")


def _whose_turn(dial: _Dial, state: KnobState, block: BlockRecord) -> str:
    """The first knob in the order that can still be harder, "" for none."""
    for knob in dial.order:
        if _can_grow(block) if knob == DISTANCE else dial.turns(state.levels, knob, +1):
            return knob
    return ""


def _symptom(told: Sequence[Answer], from_s: float, adaptation: Adaptation) -> tuple[str, str] | None:
    """The first thing that was said since a time and asks for less: its code, and words."""
    bounds = {
        "pain": (adaptation.pain_hold_nrs, PAIN_RISE_NRS),
        "dizziness": (DIZZY_HOLD, DIZZINESS_RISE),
        "fatigue": (adaptation.fatigue_rest_omni, math.inf),
    }
    for kind, (most, rise) in bounds.items():
        values = [_of_ten(answer) for answer in told if answer.kind == kind]
        since = [_of_ten(answer) for answer in told if answer.kind == kind and _since(answer, from_s)]
        if since and (max(since) >= most or max(since) - values[0] >= rise):
            return kind.upper(), f"{kind} was {max(since):g} of 10"
    return None


def _hurt(told: Sequence[Answer], adaptation: Adaptation) -> bool:
    return _symptom(told, -math.inf, adaptation) is not None


def _of_ten(answer: Answer) -> float:
    return answer.value if 0 <= answer.value <= 10 else 10.0  # what means nothing is taken as the worst


def _since(answer: Answer, from_s: float) -> bool:
    return (-math.inf if answer.at_s is None else answer.at_s) >= from_s


def _compensation(block: BlockRecord) -> tuple[str, str] | None:
    """Whether the trunk did too much of the reaching, where it was measured."""
    shifts = [trial.measures["trunk_shift_m"].value for trial in block.trials if "trunk_shift_m" in trial.measures]
    known = [shift for shift in shifts if shift is not None]
    much = sum(shift > MUCH_M for shift in known)
    if len(known) < LEAST_TARGETS or much <= COMPENSATING_SHARE * len(known):
        return None
    return "COMPENSATION", f"the trunk helped in {much} of {len(known)} reaches"


def _outcomes(state: KnobState, block: BlockRecord, game: type[Task]) -> tuple[bool, ...]:
    """The last targets since something was changed: those of this block, and as many before as are needed.

    Where any trial of a block asked for an amplitude, only such count: the others cannot be missed. In a game that
    never asks for one, every trial counts.
    """
    asked = [trial for trial in block.trials if trial.request] or block.trials
    new = tuple(trial.outcome == REACHED for trial in asked if trial.outcome != STOPPED)
    return (*state.outcomes, *new)[-max(_least_targets(game), len(new)) :]


def _least_targets(game: type[Task]) -> int:
    balance = {"lean", "stand", "rise"} & set(game.asks)
    return LEAST_TARGETS_OF_BALANCE if balance else LEAST_TARGETS


def _can_grow(block: BlockRecord) -> bool:
    """Whether distance still rises where all goes well: most requests met no ceiling, and the later ones went further.

    A tracker that may not take risks, as with leans, stays below what would be missed now and then, and says so as
    long as it lasts.
    """
    asked: dict[str, list[float]] = {}
    for request in (trial.request for trial in block.trials if trial.request):
        if request.code != "WARM_UP":
            asked.setdefault(request.movement, []).append(request.amplitude)
    halves = [(fmean(a[: len(a) // 2]), fmean(a[len(a) // 2 :])) for a in asked.values() if len(a) > 1]
    grown = sum(later for _, later in halves) > (1 + GROWN_SHARE) * sum(first for first, _ in halves)
    return grown and not _mostly(block, AT_CEILING)


def _mostly(block: BlockRecord, codes: Sequence[str]) -> bool:
    """Whether most requests had these codes; also where nothing was asked, because nothing follows a distance then."""
    requests = [trial.request.code for trial in block.trials if trial.request]
    return 2 * sum(code in codes for code in requests) > len(requests) or not requests


def _from_these_values(state: KnobState, game: type[Task], parameters: object) -> KnobState:
    """Without the levels of knobs whose value somebody changed in the preset or the plan since."""
    values = {parameter["name"]: getattr(parameters, parameter["name"]) for parameter in _of_knobs(game)}
    edited = {
        parameter["knob"]
        for parameter in _of_knobs(game)
        if state.values.get(parameter["name"], values[parameter["name"]]) != values[parameter["name"]]
    }
    known = msgspec.structs.replace(state, values=values)
    if not edited:
        return known
    levels = {knob: level for knob, level in state.levels.items() if knob not in edited}
    return _told(
        known, "EDITED", f"{', '.join(sorted(edited))}: set anew by the therapist, and begun from there", levels
    )


def _told(state: KnobState, code: str, reason: str, levels: Mapping[str, int] | None = None) -> KnobState:
    """A state after a change; where a level changed, targets from before it say nothing of it."""
    if levels is None:
        return msgspec.structs.replace(state, code=code, reason=reason, blocks_in_band=0)
    kept = {knob: level for knob, level in levels.items() if level}
    return msgspec.structs.replace(state, levels=kept, code=code, reason=reason, blocks_in_band=0, outcomes=())


def _hold(state: KnobState) -> KnobState:
    return msgspec.structs.replace(state, held=max(1, state.held))


def _of_knobs(game: type[Task], knob: str = "") -> list[dict[str, Any]]:
    """The declarations of a game's parameters that are knobs, or that are one knob."""
    return [p for p in describe(game.Parameters) if p.get("knob") and knob in ("", p["knob"])]


def _said(parameters: object, declared: Mapping[str, Any]) -> str:
    value, unit = getattr(parameters, declared["name"]), declared["unit"]
    if unit == "m":
        return f"{100 * value:g} cm"
    return f"{value:g}°" if unit == "deg" else f"{value:g} {unit}".strip()
