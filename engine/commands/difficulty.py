"""How hard a visit begins: the knobs of its games as they were left, and the most that may be asked of anybody."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

import games
from calibration.adaptation import Followers
from calibration.knobs import carried, holds_distance, turned
from engine import presets
from engine.adaptation import Adaptation
from engine.movements import GAZES, LEANS, LIFTS, MOVEMENTS
from engine.parameters import Layer, fill
from engine.patient import PatientRecord
from engine.plan import Interlude, Step
from engine.precautions import Cap
from engine.presets import Resolved
from engine.records import Followed, KnobState
from engine.task import Task


def knobs_of(name: str, holds: Resolved, record: PatientRecord | None, today: date | None = None) -> KnobState:
    """How far the knobs of a game are turned when a visit begins."""
    state = record.knobs.get(name, KnobState()) if record else KnobState()
    return carried(state, games.load(name), preset_parameters(name, holds), holds.adaptation, _days_away(record, today))


def preset_parameters(name: str, holds: Resolved) -> Any:
    """The parameters of a game with no knob turned; its bonus is the preset's for all games, unless it has its own."""
    bonus = holds.adaptation.bonus_zone_percent
    general = holds.sources.get(f"games.{name}.bonus_percent") == presets.DEFAULT
    return holds.parameters(name, *([Layer("bonus zone", {"bonus_percent": bonus})] if general else []))


def step_of(name: str, kind: str, holds: Resolved, knobs: KnobState, *more: Layer) -> Step:
    """A game as a step of a visit, its knobs turned; `more` layers lie over that."""
    game = games.load(name)
    values = asdict(turned(preset_parameters(name, holds), knobs.levels, game))
    return Step(name, game(fill(game.Parameters, Layer("knobs", values), *more)), kind, holds.name, knobs.reason)


def followers(
    how: Adaptation,
    floors: Mapping[str, float],
    bounds: Mapping[str, Cap],
    followed: tuple[Followed, ...],
    today: date | None,
) -> Followers:
    """What follows somebody between these floors and bounds, from where it came in visits before."""
    ceilings = {movement: cap.value for movement, cap in bounds.items()}
    return Followers(how, floors, ceilings, followed, today)


def rises_of(
    record: PatientRecord, holds: Resolved, steps: Sequence[Step | Interlude], today: date | None
) -> Mapping[str, float]:
    """The most that a session may ask of each movement: some more than the one before, or no more where it is held."""
    more = 1 + holds.adaptation.rise_per_session_percent / 100
    rises = {movement: round(more * most, 3) for movement, most in record.furthest.items()}
    for step in steps:
        if isinstance(step, Interlude) or step.kind != "play":
            continue
        game, state = games.load(step.name), knobs_of(step.name, holds, record, today)
        if holds_distance(state, game, preset_parameters(step.name, holds), holds.adaptation):
            rises |= {name: most for name, most in record.furthest.items() if _asked_by(game, name)}
    return rises


def _asked_by(game: type[Task], movement: str) -> bool:
    ways = {"lean": LEANS, "gaze": GAZES, "lift": LIFTS}
    by = next((by for by, movements in ways.items() if movement in movements), "hand")
    return MOVEMENTS[movement].part in game.moves_parts and by in game.asks


def _days_away(record: PatientRecord | None, today: date | None) -> int:
    if record is None or not record.last_at:
        return 0
    return max(0, ((today or date.today()) - date.fromisoformat(record.last_at[:10])).days)
