"""How presets, plans and the therapist's word come together, and what is refused before anybody plays."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.limit import LimitSpec, LimitTracker
from engine import preset_words, presets
from engine.adaptation import ASCENDING, FIRST, KNOBS, Adaptation
from engine.bounds import SHORT_FORMS, Said, cascaded, describe_bounds
from engine.commands import visits
from engine.movements import LEANS, MOVEMENTS
from engine.parameters import Layer, ParameterError, describe, fill
from engine.presets import Difference, assigned, differences, resolve

ROOT = Path(__file__).resolve().parent.parent
GAMES = visits.tasks()
HEAD = 'kind = "general"\ntitle = "Mine"\nabout = "b"\nsource = "c"\ncaution = "d"\n'
LOCKED = '[limits.shoulder_elevation]\nceiling = 90\nreason = "week 4"\nlocked = true'


def written(folder: Path, content: str, name: str = "mine") -> str:
    path = folder / f"{name}.toml"
    path.write_text(content if "kind" in content else HEAD + content, encoding="utf-8")
    return str(path)


def resolved(folder: Path, content: str, **more: Any) -> presets.Resolved:
    return resolve(written(folder, content), GAMES, **more)


def refusal(folder: Path, content: str, **more: Any) -> str:
    with pytest.raises(ParameterError) as refused:
        resolved(folder, content, **more)
    return str(refused.value)


def test_each_layer_overrides_the_one_before_and_the_source_is_told(tmp_path: Path) -> None:
    mine = resolved(
        tmp_path,
        'base = "balance"\n[adaptation]\nspeed = "fast"\nrest_after_trials = 9\n',
        plan={"adaptation": {"rest_after_trials": 7, "lapse": 0.05}},
        now={"adaptation": {"lapse": 0.01}},
    )
    values = mine.adaptation
    assert (values.target_success, values.speed, values.rest_after_trials, values.lapse) == (0.85, "fast", 7, 0.01)
    told = [mine.sources[f"adaptation.{key}"] for key in ("target_success", "speed", "rest_after_trials", "lapse")]
    assert told == ["preset balance", "preset mine", "the patient's plan", "the therapist now"]
    assert mine.sources["adaptation.surprise_z"] == "default"


def test_a_base_stands_on_its_own_base() -> None:
    fall_risk = resolve("fall-risk", GAMES)
    assert fall_risk.sources["games.fruit_ladder.hold_s"] == "preset balance"
    assert fall_risk.sources["games.fruit_ladder.stretch"] == "default"


def test_the_therapist_sets_games_limits_and_adaptation_from_the_command_line() -> None:
    now = assigned(["fruit_ladder.radius_m=0.1", "limits.lean_back.ceiling=3", "adaptation.knobs=time, size"])
    mine = resolve("standard", GAMES, now=now)
    assert mine.parameters("fruit_ladder").radius_m == 0.1
    assert mine.ceilings["lean_back"] == 3.0
    assert mine.adaptation.knobs == ("time", "size")


@pytest.mark.parametrize(
    "text", ["fruit_ladder", "fruit_ladder.targets", "targets=3", "limits.lean=3", "a.b.c=1", "=1"]
)
def test_an_assignment_that_looks_otherwise_is_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="must look like fruit_ladder"):
        assigned([text])


def test_a_game_takes_further_layers_on_top() -> None:
    short = resolve("push", GAMES).parameters("fruit_ladder", Layer("warm up", {"targets": 3}))
    assert (short.targets, short.hold_s) == (3, 1.5)


def test_a_short_form_means_both_sides_or_all_leans_and_what_is_exact_wins(tmp_path: Path) -> None:
    mine = resolved(
        tmp_path, "[limits.lean_back]\nceiling = 2\n[limits.lean]\nceiling = 5\n[limits.knee_flexion]\nceiling = 60"
    )
    assert {mine.ceilings[lean] for lean in LEANS if lean != "lean_back"} == {5.0}
    assert mine.ceilings["lean_back"] == 2.0
    assert mine.ceilings["knee_flexion_left"] == mine.ceilings["knee_flexion_right"] == 60.0


def test_every_short_form_stands_for_movements_and_is_none_itself() -> None:
    assert {name for names in SHORT_FORMS.values() for name in names} <= set(MOVEMENTS)
    assert not set(SHORT_FORMS) & set(MOVEMENTS)
    assert {"shoulder_elevation", "neck_rotation", "use_of_arm"} < set(SHORT_FORMS)


def test_a_locked_ceiling_is_lowered_but_never_raised_nor_unlocked(tmp_path: Path) -> None:
    lower = resolved(tmp_path, LOCKED, plan={"limits": {"shoulder_elevation_left": {"ceiling": 70}}})
    assert (lower.ceilings["shoulder_elevation_left"], lower.ceilings["shoulder_elevation_right"]) == (70.0, 90.0)
    raised = refusal(tmp_path, LOCKED, plan={"limits": {"shoulder_elevation": {"ceiling": 91}}})
    assert "the patient's plan: [limits.shoulder_elevation_left]: ceiling = 91 is above 90 deg" in raised
    assert "mine.toml (week 4); it can only be lowered" in raised
    unlocked = refusal(tmp_path, LOCKED, now={"limits": {"shoulder_elevation_left": {"locked": False}}})
    assert "locked = false would undo 90 deg, locked in" in unlocked


def test_a_lowered_ceiling_goes_back_as_far_as_the_lock_allows(tmp_path: Path) -> None:
    plan = {"limits": {"shoulder_elevation_left": {"ceiling": 60}}}
    now = {"limits": {"shoulder_elevation_left": {"ceiling": 85}}}
    assert resolved(tmp_path, LOCKED, plan=plan, now=now).ceilings["shoulder_elevation_left"] == 85.0
    plan["limits"]["shoulder_elevation_left"] |= {"locked": True, "reason": "pain"}  # type: ignore[dict-item]
    assert "above 60 deg, locked in the patient's plan (pain)" in refusal(tmp_path, LOCKED, plan=plan, now=now)


@settings(deadline=None, max_examples=200)
@given(st.floats(0, 180), st.lists(st.tuples(st.floats(0, 180), st.booleans()), max_size=4))
def test_a_layer_is_refused_exactly_if_it_exceeds_a_lock(lock: float, later: list[tuple[float, bool]]) -> None:
    expected, locked_at = lock, lock
    rows = [(lock, True), *later]
    said = [Said({"ceiling": c} | ({"locked": True, "reason": "x"} if k else {}), "", "") for c, k in rows]
    for ceiling, locks in later:
        if ceiling > locked_at:
            with pytest.raises(ParameterError, match="it can only be lowered"):
                cascaded("hip_flexion_left", said)
            return
        expected, locked_at = ceiling, ceiling if locks else locked_at
    assert cascaded("hip_flexion_left", said).ceiling == expected


def test_a_new_ceiling_does_not_keep_the_reason_of_the_old_one() -> None:
    mine = resolve("standard", GAMES, plan={"limits": {"lean_back": {"ceiling": 2}}})
    assert mine.reasons["lean_back"] == "the patient's plan"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("colour = 'red'", "mine.toml does not fit: Object contains unknown field `colour`"),
        ("title =", "mine.toml is not a TOML file"),
        ("adaptation = 3", "mine.toml does not fit: Expected `object`, got `int` - at `$.adaptation`"),
        ("limits.lean = 3", "mine.toml: [limits.lean] = 3 must be a table"),
        ("games.fruit_ladder = 3", "mine.toml: [games.fruit_ladder] = 3 must be a table"),
        ("base = 'strong'", "mine.toml: base = 'strong': there is no preset 'strong'"),
        ("base = 'mine.toml'", "base = 'mine.toml' goes round in a ring"),
        ("[adaptation]\nsucess = 0.8", "mine.toml: [adaptation]: there is no parameter 'sucess'; known are target_"),
        ("[adaptation]\ntarget_success = 2", "[adaptation]: target_success = 2 must be a number from 0.6 to 0.9"),
        ("[adaptation]\ntarget_success = nan", "[adaptation]: target_success = nan must be a number from 0.6 to 0.9"),
        ("[adaptation]\ntarget_success = '0.8'", "target_success = '0.8' must be a number"),
        ("[adaptation]\nknobs = ['size', 'size']", "knobs = ['size', 'size'] must be some of distance, size"),
        ("[adaptation]\nknobs = [['size']]", "knobs = [['size']] must be some of distance, size"),
        ("[adaptation]\nonly_assess = 1", "only_assess = 1 must be true or false"),
        ("[games.golf]\nholes = 18", "mine.toml: [games.golf]: there is no game 'golf'; the games are standing"),
        ("[games.fruit_ladder]\ntargets = 900", "[games.fruit_ladder]: targets = 900 must be a whole number from 1 to"),
        ("[games.fruit_ladder]\nfruits = 9", "mine.toml: [games.fruit_ladder]: there is no parameter 'fruits'"),
        (
            "[limits.lean_foward]\nceiling = 3",
            "[limits.lean_foward]: there is no movement 'lean_foward'; known are lean",
        ),
        ("[limits.lean]\nceiling = -3", "[limits.lean]: ceiling = -3 must be a number, from 0 to 20 deg"),
        ("[limits.lean]\nceiling = nan", "[limits.lean]: ceiling = nan must be a number"),
        ("[limits.lean]\nceiling = true", "[limits.lean]: ceiling = True must be a number"),
        ("[limits.lean]\nmost = 3", "[limits.lean]: there is no 'most'; known are floor, ceiling, reason, locked"),
        ("[limits.lean]\nreason = 3", "[limits.lean]: reason = 3 must be words"),
        ("[limits.lean]\nlocked = 3", "[limits.lean]: locked = 3 must be true or false"),
        ("[limits.standing]\nceiling = 1", "ceiling = 1 must be a number, 0, which forbids it (standing)"),
        ("[limits.lean]\nceiling = 3\nlocked = true", "[limits.lean]: locked = true needs a reason"),
        ("[limits.lean]\nreason = 'x'\nlocked = true", "locked = true needs a ceiling to lock"),
        ("[limits.lean_left]\nceiling = 3\nfloor = 4", "floor, 4 deg (preset mine), is above the ceiling, 3 deg"),
    ],
)
def test_a_bad_file_is_refused_with_file_table_key_value_and_range(content: str, said: str, tmp_path: Path) -> None:
    words = refusal(tmp_path, content)
    assert said in words
    assert "mine.toml" in words


def test_a_file_that_lacks_its_caution_or_source_is_refused(tmp_path: Path) -> None:
    for key in ("caution", "source", "kind"):
        lines = [line for line in HEAD.splitlines() if not line.startswith(key)]
        assert f"missing required field `{key}`" in refusal(tmp_path, "\n".join([*lines, "# kind"]))


def test_bases_that_go_round_are_refused(tmp_path: Path) -> None:
    written(tmp_path, HEAD + 'base = "mine.toml"', "other")
    assert "base = 'mine.toml' goes round in a ring" in refusal(tmp_path, 'base = "other.toml"')


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"success_low": 0.75},
            "success_low = 0.75 (the patient's plan) must be below target_success = 0.75 (preset st",
        ),
        ({"success_high": 0.75}, "target_success = 0.75 (preset standard) must be below success_high = 0.75 (the pati"),
        (
            {"warm_up_success": 0.7},
            "target_success = 0.75 (preset standard) must be below warm_up_success = 0.7 (the p",
        ),
        ({"easier_success": 0.7}, "target_success = 0.75 (preset standard) must be below easier_success = 0.7 (the pa"),
        (
            {"first_at_most_percent": 50},
            "least_of_limit_percent = 50.0 (default) must be below first_at_most_percent =",
        ),
        ({"pain_hold_nrs": 6}, "pain_hold_nrs = 6 (the patient's plan) must be below pain_stop_nrs = 6 (default)"),
    ],
)
def test_values_that_contradict_each_other_are_refused_with_both_places(values: dict[str, float], said: str) -> None:
    with pytest.raises(ParameterError) as refused:
        resolve("standard", GAMES, plan={"adaptation": values})
    assert str(refused.value).startswith("the patient's plan: [adaptation] ")
    assert said in str(refused.value)


def test_a_floor_of_one_layer_above_the_ceiling_of_another_is_refused(tmp_path: Path) -> None:
    words = refusal(tmp_path, LOCKED, plan={"limits": {"shoulder_elevation_left": {"floor": 95}}})
    assert (
        "the floor, 95 deg (the patient's plan), is above the ceiling, 90 deg (preset mine): lower the floor" in words
    )


def test_what_was_written_for_this_version_of_a_game_is_taken(tmp_path: Path) -> None:
    content = f"[games.fruit_ladder]\nversion = {GAMES['fruit_ladder'].version}\ntargets = 5"
    assert resolved(tmp_path, content).parameters("fruit_ladder").targets == 5


@pytest.mark.parametrize("version", [0, 1000, "true", "'1'", "nan"])
def test_what_was_written_for_another_version_of_a_game_is_refused(version: object, tmp_path: Path) -> None:
    words = refusal(tmp_path, f"[games.fruit_ladder]\nversion = {version}\ntargets = 5")
    assert f"of Fruit Ladder, which is at {GAMES['fruit_ladder'].version}: look through its values" in words


@pytest.mark.parametrize("plan", [{"limts": {}}, {"adaptation": 3}, {"title": "x"}])
def test_a_plan_with_anything_else_in_it_is_refused(plan: Mapping[str, Any]) -> None:
    with pytest.raises(ParameterError, match="the patient's plan does not fit"):
        resolve("standard", GAMES, plan=plan)


@pytest.mark.parametrize("name", ["strong", "../themes/orchard", "", "STANDARD", "standard "])
def test_an_unknown_preset_is_refused_with_the_list(name: str) -> None:
    with pytest.raises(ParameterError, match=r"there is no preset .*; the presets are ankle-sport, .*standard"):
        resolve(name, GAMES)


def test_differences_name_key_old_new_and_unit() -> None:
    tighter = resolve(
        "standard", GAMES, plan={"limits": {"lean_back": {"ceiling": 2}, "trunk_flexion": {"ceiling": 40}}}
    )
    assert differences(resolve("standard", GAMES), tighter) == [
        Difference("limits.lean_back.ceiling", 4.5, 2.0, "deg"),
        Difference("limits.trunk_flexion.ceiling", None, 40.0, "deg"),
    ]
    assert differences(tighter, tighter) == []


def test_the_eight_that_are_shown_first_are_fields_of_adaptation() -> None:
    assert set(FIRST) < {about["name"] for about in describe(Adaptation)}
    assert len(set(FIRST)) == 8


def test_the_defaults_of_adaptation_keep_to_their_own_bounds_and_order() -> None:
    defaults = {about["name"]: about["default"] for about in describe(Adaptation)}
    assert fill(Adaptation, Layer("defaults", defaults)) == Adaptation()
    assert all(defaults[lower] < defaults[upper] for lower, upper in ASCENDING)
    assert set(defaults["knobs"]) <= set(KNOBS)


def test_a_form_for_bounds_has_the_range_and_unit_of_the_movement() -> None:
    floor, ceiling, reason, locked = describe_bounds("weight_on_leg_left")
    assert (ceiling["low"], ceiling["high"], ceiling["unit"]) == (0.0, 100.0, "%")
    assert [entry["type"] for entry in (floor, ceiling, reason, locked)] == ["float", "float", "str", "bool"]


def test_a_preset_is_explained_with_its_price_and_its_bounds() -> None:
    words = preset_words.explain(resolve("shoulder-surgery", GAMES, plan={"adaptation": {"surprise_z": 3}}))
    assert "85 % of the targets shall be reached, so most of them are at about 84 % of the limit." in words
    assert "Left arm raised, and the same to the right: at most 90 degrees, locked (no arm above the level" in words
    assert "Leant any way but back: at most 4 degrees, locked" in words
    assert "Said by the patient's plan: adaptation.surprise_z." in words


@pytest.mark.parametrize("name", ["standard", "balance", "cerebral-palsy"])
def test_the_price_that_is_told_is_what_the_tracker_asks(name: str) -> None:
    how, rng = resolve(name, GAMES).adaptation, np.random.default_rng(4)
    asked = []
    for _ in range(30):
        limit_deg, slope_deg = rng.uniform(60, 120), 6 * rng.lognormal(0, 0.35)
        tracker = LimitTracker(LimitSpec(target_success=how.target_success), how)
        for trial in range(40):
            amplitude, able = tracker.next_amplitude(), max(1.0, rng.logistic(limit_deg, slope_deg))
            hit = rng.random() > 0.03 and able >= amplitude
            asked += [amplitude / limit_deg] if trial >= 8 else []
            tracker.update(amplitude, able if math.isinf(amplitude) else min(able, amplitude), hit)
    assert np.median(asked) == pytest.approx(preset_words.share_of_limit(how), abs=0.05)


def test_who_is_easily_distracted_is_asked_for_less() -> None:
    assert preset_words.share_of_limit(Adaptation(lapse=0.1)) < preset_words.share_of_limit(Adaptation())


def test_an_assessment_is_explained_as_adapting_nothing() -> None:
    assert "nothing is adapted" in preset_words.explain(resolve("assessment", GAMES))


@pytest.mark.parametrize("name", presets.names())
def test_an_explanation_is_in_sentences_without_names_of_fields(name: str) -> None:
    lines = [line for line in preset_words.explain(resolve(name, GAMES)).splitlines() if line.startswith("* ")]
    assert all(line.endswith(".") and "_" not in line for line in lines)


def test_the_page_of_presets_is_what_the_files_say() -> None:
    page = (ROOT / "docs" / "presets.md").read_text(encoding="utf-8")
    assert page == preset_words.overview(GAMES) + "\n", "run: steadyreach presets --markdown > docs/presets.md"
