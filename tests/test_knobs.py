"""One knob at a time: what is turned, when, why and how far, and people who live with it for several sessions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from visits import calibration, patient, play

import games
from calibration.knobs import carried, holds_distance, next_step, turned
from engine.adaptation import KNOBS, Adaptation
from engine.parameters import describe
from engine.records import (
    Answer,
    BlockRecord,
    Calibration,
    KnobState,
    Measured,
    Request,
    TrialRecord,
    from_json,
    to_json,
)
from engine.simulated import SimulatedHeadset

FRUIT, HARBOUR = games.load("fruit_ladder"), games.load("harbour_lean")
PRESET = FRUIT.Parameters()
DISTANCE_FIRST = Adaptation(knobs=("distance", "size"))
START_S = 100.0
SIZE_FIRST = Adaptation(knobs=("size", "time", "distance"))
KNOBS_OF_GAMES = [
    (name, parameter["name"]) for name in games.names() for parameter in describe(games.load(name).Parameters)
    if parameter.get("knob")
]  # fmt: skip

UNTOLD = {("stepping_stones", "count_by"), ("stepping_stones", "radius_m")}
"""Knobs that make nothing harder for a simulated person, who steps as soon while counting as else, and wears no tracker
to show how near a foot comes."""
STEADIER: dict[str, dict[str, Any]] = {
    "bell_tower": {"tremor_mm": 4.0, "leg_dps": 40.0, "leg_up_s": 2.0},
    "compass_home": {"tremor_mm": 4.0, "neck_speed_dps": 15.0, "recall_spread_deg": 3.2},
    "kite_painter": {"sway_mm": 14.0},
    "low_shelf_cafe": {"bend_dps": 25.0},
    "night_lighthouse": {"sway_mm": 22.0},
    "stepping_stones": {"sway_mm": 22.0, "step_mps": 0.25},
    "treasure_relay": {"tremor_mm": 9.3},
}
"""What makes somebody slow and unsteady of whom a game asks small movements, or to stand as still as can be."""


def a_block(
    reached: int, of: int = 12, code: str = "TARGET_SUCCESS", rising_deg: float = 0.0, **more: Any
) -> BlockRecord:
    trials = tuple(
        TrialRecord(
            number=i + 1,
            side="left",
            start_s=0.0,
            end_s=1.0,
            outcome="reached" if i < reached else "not yet",
            request=Request("shoulder_elevation_left", 90.0 + rising_deg * i, "deg", code, ""),
            **more,
        )
        for i in range(of)
    )
    return BlockRecord("fruit_ladder", "Fruit Ladder", 3, "play", START_S, START_S + 90.0, trials=trials)


def after(
    *blocks: BlockRecord,
    state: KnobState | None = None,
    adaptation: Adaptation = SIZE_FIRST,
    told: Sequence[Answer] = (),
    stopped: bool = False,
) -> KnobState:
    state = state or KnobState()
    for block in blocks:
        state = next_step(state, block, FRUIT, PRESET, adaptation, told, stopped)
    return state


GOOD, FAIR, POOR = a_block(12), a_block(9), a_block(5)


def test_a_block_that_went_well_turns_the_first_knob_by_one_step_and_says_why() -> None:
    state = after(GOOD)
    assert state.levels == {"size": 1}
    assert state.code == "HARDER"
    assert state.reason == "size: how near a hand must come, 8 cm → 7 cm, because 12 of 12 were reached"


def test_a_block_in_the_band_changes_nothing() -> None:
    assert after(FAIR).levels == {}
    assert after(FAIR).reason == ""


def test_a_change_is_told_once() -> None:
    assert after(GOOD, FAIR).levels == {"size": 1}
    assert after(GOOD, FAIR).reason == ""


def test_a_block_that_was_too_hard_takes_back_what_was_raised_last() -> None:
    state = after(*[GOOD] * 5)
    assert state.levels == {"size": 4, "time": 1}
    assert after(POOR, state=state).levels == {"size": 4}
    assert after(POOR, POOR, state=state).levels == {"size": 3}


def test_up_and_down_again_gives_the_same_values() -> None:
    there_and_back = after(GOOD, POOR)
    assert turned(PRESET, there_and_back.levels, FRUIT) == PRESET


def test_it_waits_for_as_many_good_blocks_in_a_row_as_the_preset_says() -> None:
    patient_ = replace(SIZE_FIRST, blocks_in_band=2)
    assert after(GOOD, FAIR, GOOD, adaptation=patient_).levels == {}
    assert after(GOOD, FAIR, GOOD, GOOD, adaptation=patient_).levels == {"size": 1}


def test_distance_keeps_its_turn_while_it_grows() -> None:
    growing = a_block(12, rising_deg=1.0)
    assert after(growing, growing, adaptation=DISTANCE_FIRST).levels == {}
    assert not holds_distance(KnobState(), FRUIT, PRESET, DISTANCE_FIRST)


@pytest.mark.parametrize("block", [a_block(12, code="CEILING", rising_deg=1.0), a_block(12, code="UNSURE")])
def test_the_next_knob_has_its_turn_where_distance_is_at_its_ceiling_or_grows_no_more(block: BlockRecord) -> None:
    assert after(block, adaptation=DISTANCE_FIRST).levels == {"size": 1}


def test_distance_is_held_while_a_knob_before_it_has_its_turn() -> None:
    assert holds_distance(KnobState(), FRUIT, PRESET, SIZE_FIRST)
    assert not holds_distance(KnobState({"size": 4, "time": 4}), FRUIT, PRESET, SIZE_FIRST)
    assert holds_distance(after(a_block(12, code="CEILING"), adaptation=DISTANCE_FIRST), FRUIT, PRESET, DISTANCE_FIRST)
    assert holds_distance(KnobState({"size": 4}), FRUIT, PRESET, Adaptation(knobs=("size",)))


def test_what_was_too_hard_is_tried_again_only_after_two_more_blocks() -> None:
    back = after(GOOD, POOR)
    assert after(GOOD, GOOD, state=back).levels == {}
    assert after(GOOD, GOOD, GOOD, state=back).levels == {"size": 1}


def test_fewer_than_ten_targets_change_nothing_until_there_are_enough() -> None:
    assert after(a_block(8, 8)).levels == {}
    assert after(a_block(8, 8), a_block(8, 8)).reason.endswith("because 10 of 10 were reached")


def test_balance_needs_twenty_targets() -> None:
    state = KnobState()
    for expected in ({}, {}, {"size": 1}):
        state = next_step(state, a_block(8, 8), HARBOUR, HARBOUR.Parameters(), SIZE_FIRST)
        assert state.levels == expected


def test_targets_from_before_a_change_do_not_count_after_it() -> None:
    assert after(GOOD).outcomes == ()
    assert after(GOOD, a_block(6, 6)).levels == {"size": 1}


def test_trials_that_were_stopped_count_neither_way() -> None:
    stopped = tuple(msgspec.structs.replace(trial, outcome="stopped") for trial in POOR.trials)
    assert after(msgspec.structs.replace(POOR, trials=stopped)).outcomes == ()


def test_nothing_gets_harder_after_a_stop_nor_after_the_next_block_and_it_is_kept_between_sessions() -> None:
    stopped = after(GOOD, stopped=True)
    assert stopped.levels == {}
    assert stopped.code == "STOPPED"
    assert holds_distance(stopped, FRUIT, PRESET, Adaptation())
    kept = carried(from_json(to_json(stopped), KnobState), FRUIT, PRESET, SIZE_FIRST)
    assert after(GOOD, state=kept).levels == {}
    assert after(GOOD, GOOD, state=kept).levels == {"size": 1}


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ((Answer("pain", 4, 120.0),), "PAIN"),
        ((Answer("pain", 1), Answer("pain", 3, 120.0)), "PAIN"),
        ((Answer("pain", math.nan, 120.0),), "PAIN"),
        ((Answer("dizziness", 5, 120.0),), "DIZZINESS"),
        ((Answer("fatigue", 7, 120.0),), "FATIGUE"),
    ],
)
def test_what_the_person_says_takes_the_last_step_back_whatever_was_reached(
    told: tuple[Answer, ...], code: str
) -> None:
    state = after(GOOD, state=after(GOOD), told=told)
    assert (state.levels, state.code, state.held) == ({}, code, 1)


@pytest.mark.parametrize("told", [(Answer("pain", 5),), (Answer("pain", 5, 20.0),)])
def test_pain_before_a_block_only_forbids_that_it_gets_harder(told: tuple[Answer, ...]) -> None:
    assert after(GOOD, state=after(GOOD), told=told).levels == {"size": 1}


@pytest.mark.parametrize("told", [(Answer("pain", 3, 120.0),), (Answer("dizziness", 0), Answer("fatigue", 6, 120.0))])
def test_what_is_mild_changes_nothing(told: tuple[Answer, ...]) -> None:
    assert after(GOOD, told=told).levels == {"size": 1}


def test_a_trunk_that_helps_in_more_than_three_reaches_of_ten_takes_a_step_back() -> None:
    def shifted(shift_m: float) -> BlockRecord:
        return a_block(12, measures={"trunk_shift_m": Measured(shift_m, "m")})

    state = after(shifted(0.08), state=after(GOOD))
    assert (state.levels, state.code) == ({}, "COMPENSATION")
    assert after(shifted(0.02)).levels == {"size": 1}


def test_it_eases_below_the_preset_only_where_the_distance_cannot_come_nearer_and_comes_back_first() -> None:
    assert after(POOR).levels == {}
    eased = after(a_block(5, code="FLOOR"))
    assert eased.levels == {"time": -1}
    assert after(FAIR, FAIR, FAIR, state=eased).levels == {}


def test_a_knob_that_the_therapist_set_anew_starts_from_there() -> None:
    state = after(*[GOOD] * 5)
    edited = carried(state, FRUIT, replace(PRESET, radius_m=0.1), SIZE_FIRST)
    assert edited.levels == {"time": 1}
    assert edited.code == "EDITED"


def test_more_than_a_week_away_is_one_step_easier() -> None:
    state = after(GOOD, GOOD)
    assert carried(state, FRUIT, PRESET, SIZE_FIRST, days_away=7).levels == {"size": 2}
    assert carried(state, FRUIT, PRESET, SIZE_FIRST, days_away=8).levels == {"size": 1}


def test_only_assessing_changes_nothing() -> None:
    assert after(GOOD, adaptation=replace(SIZE_FIRST, only_assess=True), stopped=True) == KnobState()


@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.sampled_from(["CEILING", "FLOOR", "TARGET_SUCCESS"]))),
    st.permutations(KNOBS).flatmap(lambda order: st.integers(1, len(order)).map(lambda n: tuple(order[:n]))),
)
def test_whatever_happens_one_step_of_one_knob_changes_and_the_values_stay_within_their_bounds(
    blocks: list[tuple[int, bool, str]], order: tuple[str, ...]
) -> None:
    state = KnobState()
    for reached, stopped, code in blocks:
        before, held = state, state.held or stopped
        state = after(a_block(reached, code=code), state=before, adaptation=Adaptation(knobs=order), stopped=stopped)
        steps = [state.levels.get(knob, 0) - before.levels.get(knob, 0) for knob in KNOBS]
        assert sum(map(abs, steps)) <= (0 if held and max(steps) > 0 else 1)
        for parameter in describe(FRUIT.Parameters):
            value = getattr(turned(PRESET, state.levels, FRUIT), parameter["name"])
            assert parameter.get("low", value) <= value <= parameter.get("high", value)


@pytest.mark.parametrize("name", games.names())
def test_no_two_parameters_of_a_game_are_the_same_knob(name: str) -> None:
    knobs = [p["knob"] for p in describe(games.load(name).Parameters) if p.get("knob")]
    assert knobs
    assert len(set(knobs)) == len(knobs)
    assert set(knobs) <= set(KNOBS) - {"distance"}


@pytest.mark.long_table
@pytest.mark.parametrize(("name", "parameter"), [knob for knob in KNOBS_OF_GAMES if knob not in UNTOLD])
def test_the_harder_direction_of_a_knob_is_harder_for_somebody_slow_and_unsteady(
    name: str, parameter: str, tmp_path: Path
) -> None:
    declared = next(p for p in describe(games.load(name).Parameters) if p["name"] == parameter)
    easy, hard = sorted((declared["low"], declared["high"]), key=lambda value: value * declared["harder"])
    assert _reached(name, {parameter: hard}, tmp_path) < _reached(name, {parameter: easy}, tmp_path)


@pytest.mark.parametrize(("name", "ceiling_deg"), [("fruit_ladder", 70.0), ("harbour_lean", 3.0)])
def test_over_many_sessions_below_a_ceiling_success_comes_into_the_band_one_step_at_a_time(
    name: str, ceiling_deg: float, tmp_path: Path
) -> None:
    known = calibration(100.0, 6.0)
    ceilings = {movement: min(ceiling_deg, limit.value) for movement, limit in known.limits.items()}
    lived = _lived(name, known, ceilings, tmp_path)
    levels = [sum(state.levels.values()) for state, _ in lived]
    shares = [share for _, share in lived]
    assert max(abs(b - a) for a, b in pairwise(levels)) == 1
    assert shares[0] >= 0.95
    assert 0.6 <= fmean(shares[-5:]) <= 0.92
    assert not any(b > a for (a, b), (state, _) in zip(pairwise(levels), lived, strict=False) if state.held)


def _reached(name: str, values: Mapping[str, float], folder: Path) -> int:
    known = calibration(100.0, 6.0)
    able = {movement: 1.5 * limit.value for movement, limit in known.limits.items()}
    unsteady = replace(
        patient(known, lapse=0.0, hand_speed_mps=0.25, lean_speed_dps=2.2, tremor_mm=38.0, sway_mm=22.0),
        neck_speed_dps=25.0,
        head_tremor_deg=5.0,
        limits_deg=able,
    )
    if name in STEADIER:
        steadier: dict[str, Any] = {"sway_mm": 8.0, "head_tremor_deg": 0.0, "neck_speed_dps": 60.0, **STEADIER[name]}
        unsteady = replace(unsteady, **steadier)
    task = games.load(name)(replace(games.load(name).Parameters(), targets=7, **values))
    session, _ = play(task, folder, known, SimulatedHeadset(unsteady, 1, rate_hz=30.0))
    return sum(trial.outcome == "reached" for trial in session.blocks[0].trials)


def _lived(name: str, known: Calibration, ceilings: Mapping[str, float], folder: Path) -> list[tuple[KnobState, float]]:
    """Sessions of one block each, the fourth of them stopped: the state each was played in, and what was reached."""
    game, adaptation = games.load(name), Adaptation(knobs=("distance", "size", "hold", "time"))
    preset, state, lived = replace(game.Parameters(), targets=20), KnobState(), []
    person = patient(known, tremor_mm=16.0, sway_mm=11.0, hand_speed_mps=0.5, lean_speed_dps=2.2)
    for number in range(10):
        state = carried(from_json(to_json(state), KnobState), game, preset, adaptation)
        task = game(turned(preset, state.levels, game))
        session, _ = play(task, folder, known, SimulatedHeadset(person, number, rate_hz=20.0), number, caps=ceilings)
        block = session.blocks[0]
        lived.append((state, fmean(trial.outcome == "reached" for trial in block.trials)))
        state = next_step(state, block, game, preset, adaptation, stopped=number == 3)
    return lived
