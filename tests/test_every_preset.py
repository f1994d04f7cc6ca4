"""Every shipped preset fits every game and assessment, keeps to what is safe, and says where it comes from."""

import re

import pytest

import games
from engine import presets, programmes
from engine.adaptation import Adaptation
from engine.commands import visits
from engine.movements import MAIN_LEANS, THEORETICAL_LEAN_DEG
from engine.parameters import describe
from engine.presets import Resolved, resolve

TASKS = {**visits.ASSESSMENTS, **{name: games.load(name) for name in games.names()}}
EVERY = pytest.mark.parametrize("preset", [resolve(name, TASKS) for name in presets.names()], ids=presets.names())
SWAY_DEG = 0.8  # more than a head sways in quiet standing
CAREFUL = ("post-op", "balance", "fall-risk", "vestibular", "hip-replacement", "knee-replacement", "shoulder-surgery")
WISHED = (
    *("assessment", "balance", "child", "post-op", "push", "standard"),
    *("shoulder-surgery", "frozen-shoulder", "neck-pain", "low-back-pain", "hip-replacement", "knee-replacement"),
    *("hip-knee-arthritis", "ankle-sprain", "stroke-mild-arm", "fall-risk", "vestibular", "cerebral-palsy"),
    *("ankle-sport", "coordination"),
    *("child-5-7", "child-8-12", "child-13-17"),
)


def test_those_that_a_clinic_needs_are_there_and_general_ones_come_first() -> None:
    assert set(presets.names()) == set(WISHED)
    kinds = [resolve(name, TASKS).preset.kind for name in presets.names()]
    assert kinds == sorted(kinds, key=presets.KINDS.index)


@EVERY
def test_it_says_what_it_is_for_what_to_mind_and_where_it_comes_from(preset: Resolved) -> None:
    about = preset.preset
    assert all(len(words) > 8 for words in (about.about, about.source, about.caution))
    assert re.search(r"\b(19|20)\d\d\b", about.source), "a paper with its year"
    assert "clinical default" in about.source or about.title == "Assessment", "what no trial stands behind is told"


RANGES = {"neck_range": "neck_", "shoulder_range": "shoulder_elevation", "reach_envelope": "shoulder_elevation"}
"""The tests of range, and how the movements begin whose ceilings end them."""


@EVERY
def test_one_whose_ceilings_end_a_range_says_that_it_is_not_the_persons_own(preset: Resolved) -> None:
    ends = any(name.startswith(tuple(RANGES.values())) for name in preset.ceilings)
    assert ends == ("a range that comes to one is told as at least so far" in preset.preset.caution)


@pytest.mark.parametrize("name", programmes.names())
def test_a_programme_whose_preset_ends_its_tests_of_range_says_so(name: str) -> None:
    template = programmes.template(name)
    ceilings = resolve(template.preset, TASKS).ceilings
    tests = {game for practice in template.programme for game in practice.games if game in RANGES}
    ends = any(movement.startswith(RANGES[test]) for test in tests for movement in ceilings)
    assert ends == ("who comes so far has no result" in template.caution)


@EVERY
def test_it_makes_parameters_for_every_game(preset: Resolved) -> None:
    for name, task in TASKS.items():
        assert isinstance(preset.parameters(name), task.Parameters)


@EVERY
def test_it_makes_a_whole_visit(preset: Resolved) -> None:
    fit = [name for name in games.names() if "standing" in games.load(name).postures]
    kinds = [step.kind for step in visits.steps_for(fit, preset)]
    assert kinds[0] == "welcome"
    only_measures = ["calibrate", "calibrate", "calibrate", "end"]
    assert kinds[-4:] == (only_measures if preset.adaptation.only_assess else ["play", "rest", "play", "end"])


@EVERY
def test_no_lean_goes_beyond_the_theoretical_limit_of_stability(preset: Resolved) -> None:
    assert all(preset.ceilings[name] <= most for name, most in THEORETICAL_LEAN_DEG.items())
    assert preset.ceilings["lean_back"] <= 0.6 * preset.ceilings["lean_forward"]


@EVERY
def test_nobody_reaches_a_buoy_at_the_ceiling_by_standing_still(preset: Resolved) -> None:
    buoy_deg = 2 * preset.parameters("harbour_lean").tolerance_deg
    assert min(preset.ceilings[name] for name in MAIN_LEANS) - buoy_deg >= SWAY_DEG


@EVERY
def test_it_asks_nothing_of_a_small_limit_that_a_floor_would_force(preset: Resolved) -> None:
    assert preset.floors == {}


@EVERY
def test_each_ceiling_has_a_reason(preset: Resolved) -> None:
    assert all(len(preset.reasons[movement]) > 10 for movement in preset.ceilings)


@EVERY
def test_pain_ends_a_session_at_seven_at_the_latest(preset: Resolved) -> None:
    assert preset.adaptation.pain_hold_nrs < preset.adaptation.pain_stop_nrs <= 7


@pytest.mark.parametrize("name", CAREFUL)
def test_the_careful_ones_ask_less_than_the_standard_in_every_way(name: str) -> None:
    careful, standard = resolve(name, TASKS).adaptation, Adaptation()
    assert careful.target_success > standard.target_success
    assert careful.over_limit_risk < standard.over_limit_risk
    assert careful.step_over_best_percent < standard.step_over_best_percent
    assert careful.misses_before_easier < standard.misses_before_easier
    assert careful.blocks_in_band > standard.blocks_in_band
    assert 0 < careful.rest_after_trials <= 10


def test_balance_begins_low_and_hardly_ever_risks_the_limit() -> None:
    balance = resolve("balance", TASKS).adaptation
    assert (balance.over_limit_risk, balance.first_at_most_percent) == (0.02, 40.0)


def test_a_profile_never_loosens_the_ceilings_of_its_base() -> None:
    for preset in (resolve(name, TASKS) for name in presets.names()):
        base = resolve(preset.preset.base, TASKS).ceilings if preset.preset.base else {}
        assert all(preset.ceilings[movement] <= most for movement, most in base.items()), preset.name


def test_the_standard_is_what_holds_without_a_preset_but_for_the_order_of_knobs() -> None:
    standard = resolve("standard", TASKS).adaptation
    changed = {a["name"] for a in describe(Adaptation) if getattr(standard, a["name"]) != a["default"]}
    assert changed == {"knobs"}
