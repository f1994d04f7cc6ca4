"""The battery of clinical tests: what it declares, how it is run, and its results on people whose truth is known."""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT
from visits import ABOUT, EYE_M, Kept, calibration, patient

from calibration import battery
from calibration.adaptation import Followers
from engine import session
from engine.body import EYE_HEIGHT_OF_STATURE, SHOULDER_HEIGHT_OF_STATURE
from engine.clinical import ClinicalTest
from engine.clinical_words import overview
from engine.commands import visits
from engine.commands.animations import MOST_BYTES, TESTS
from engine.frame import LOST, Button, Frame, Hand
from engine.headset import Headset
from engine.metrics.definition import NotMeasurable
from engine.metrics.standing import LEAST_RISE_M
from engine.metrics.walking import up_and_go
from engine.movements import LEANS, MOVEMENTS, PARTS
from engine.parameters import Layer, describe, fill
from engine.plan import ASSESS, Plan, Step
from engine.precautions import BOUNDED
from engine.recording import Writer
from engine.records import Measured, Precaution, Session
from engine.scene import Footing, Friend, Lean, Panel, Reach, Scene, Sound, Surround, Walk
from engine.script import SIT_DOWN, STAND_UP
from engine.simulated import SimulatedHeadset
from engine.simulated_walk import Walker
from engine.theme import SOUND_ROLES
from engine.theme import load as load_theme
from engine.words import load as load_words
from server_sync.clinic import trial_table
from server_sync.page import words as words_of

EVERY = pytest.mark.parametrize("name", battery.names())
RATE_HZ = 45.0


def a_test(name: str, values: Mapping[str, object] | None = None) -> ClinicalTest:
    kind = battery.load(name)
    return kind(fill(kind.Parameters, Layer("test", values or {})))


def taken(
    name: str, folder: Path, headset: Headset | None = None, values: Mapping[str, object] | None = None, **more: Any
) -> tuple[Session, Kept]:
    """One test as somebody takes it; the session and the headset with what it saw."""
    known = more.pop("known", None) or calibration()
    kept = Kept(headset or SimulatedHeadset(patient(known, lapse=0.0), 1, RATE_HZ))
    plan = Plan("test", (Step(name, a_test(name, values), ASSESS),), Followers(), 1, calibration=known, **more)
    with Writer(folder / "frames.vrec", {}) as writer:
        return session.run(plan, kept, writer, ABOUT), kept


def results(done: Session) -> Mapping[str, Measured]:
    return done.blocks[-1].measures


@EVERY
def test_it_declares_what_whoever_runs_it_has_to_know(name: str) -> None:
    test = battery.load(name)
    assert test.title
    assert test.trains
    assert test.version >= 1
    assert test.place in load_theme().places
    assert len(test.protocol) > 1
    assert test.validity
    assert test.results
    assert set(test.moves_parts) < set(PARTS)
    assert set(test.asks) <= set(BOUNDED)
    assert all(parameter["help"] for parameter in describe(test.Parameters))


@EVERY
def test_a_number_ends_in_its_unit(name: str) -> None:
    endings = {"deg": "_deg", "s": "_s", "m/s": "_mps", "deg/s": "_dps", "m": "_m", "%": "_percent", "cm": "_cm"}
    test = battery.load(name)
    for key, measure in {**test.results, **test.measures}.items():
        assert key.endswith(endings.get(measure.unit, key)), key
        assert measure.title
        assert measure.help


@EVERY
def test_what_it_is_held_against_has_a_source_and_is_of_a_result(name: str) -> None:
    test = battery.load(name)
    for norm in test.norms:
        assert norm.result in test.results
        assert re.search(r"\b(19|20)\d\d\b|Centers for Disease Control", norm.source)
        assert all(band.from_years <= band.to_years for band in norm.bands)
    for noise in test.noise:
        assert noise.result in test.results
        assert noise.least_change > 0
        assert re.search(r"\b(19|20)\d\d\b", noise.source)


@EVERY
def test_what_must_not_be_compared_says_why_and_gives_no_norm(name: str) -> None:
    test = battery.load(name)
    assert bool(test.not_compared) != bool(test.norms) or not test.norms


@EVERY
def test_nothing_of_it_says_how_likely_somebody_is_to_fall(name: str) -> None:
    test = battery.load(name)
    numbers = {**test.results, **test.measures}
    said = [*numbers, *(f"{measure.title} {measure.help}" for measure in numbers.values()), *test.protocol, test.title]
    said += [f"{norm.says} {norm.alike}" for norm in test.norms]
    assert not [text for text in said if re.search(r"\brisk\b|faller|likely to fall|fall score", text, re.IGNORECASE)]


@EVERY
def test_somebody_takes_it_and_gets_every_result_with_its_unit(name: str, tmp_path: Path) -> None:
    done, kept = taken(name, tmp_path)
    assert done.ended_by == "finished", done.events
    test, block = battery.load(name), done.blocks[-1]
    assert block.kind == ASSESS
    assert set(block.measures) == set(test.results)
    assert {key: found.unit for key, found in block.measures.items()} == {k: m.unit for k, m in test.results.items()}
    assert all(found.value is not None for found in block.measures.values()), block.measures
    for trial in block.trials:
        assert set(trial.measures) == set(test.measures)
        assert all(found.value is not None or found.note for found in trial.measures.values())
    words, sounds = load_words(), load_theme().sounds
    for item in {item for scene in kept.scenes for item in scene.items}:
        if isinstance(item, Panel):
            words.require([item.title, *(line for line in item.text if isinstance(line, str))])
        elif isinstance(item, Sound):
            assert item.name in sounds
            assert item.name in SOUND_ROLES
    said = {line for scene in kept.scenes for line in lines(scene)}
    tried = any("try it out" in words.say(line) for line in said)
    assert tried == (test.practice != "none"), "who practises is told so"
    for before, scene in pairwise(kept.scenes):
        assert not is_dark(scene) or is_dark(before) or lines(scene) <= lines(before), "words are read before the dark"


def lines(scene: Scene) -> set[str]:
    """The words of the panels of a scene."""
    return {str(line) for item in scene.items if isinstance(item, Panel) for line in item.text}


def is_dark(scene: Scene) -> bool:
    return any(isinstance(item, Surround) and item.light == 0 for item in scene.items)


@EVERY
def test_it_knows_how_long_it_takes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    kind, own = battery.load(name), battery.load(name).trials

    def watched(self: ClinicalTest, *more: Any) -> Any:
        for trial in own(self, *more):
            asked.append(trial)
            yield trial

    monkeypatch.setattr(kind, "trials", watched)
    done, _ = taken(name, tmp_path)
    block, test = done.blocks[-1], a_test(name)
    seconds = sum(test.trial_s(trial, True) for trial in asked)
    assert seconds == pytest.approx(block.end_s - block.start_s, rel=0.2)


@EVERY
def test_a_visit_may_hold_it_beside_games_or_alone(name: str) -> None:
    holds = visits.resolved("standard")
    posture = battery.load(name).postures[0]
    alone = [step.kind for step in visits.steps_for([name], holds, posture=posture)]
    assert alone == ["welcome", *(["calibrate"] if posture == "standing" else []), ASSESS, "end"]
    only_assess = [step.kind for step in visits.steps_for([name], visits.resolved("assessment"), posture=posture)]
    assert ASSESS in only_assess


def test_the_page_says_what_the_code_says() -> None:
    page = (ROOT / "docs" / "assessments.md").read_text(encoding="utf-8")
    tests = {name: battery.load(name) for name in battery.names()}
    assert page == overview(tests, ROOT / "docs") + "\n", (
        "run: steadyreach assessments --markdown > docs/assessments.md"
    )
    assert set(TESTS) == set(tests)
    pictures = [ROOT / "docs" / "assessments" / f"{name}.webp" for name in tests]
    assert all(0 < picture.stat().st_size <= MOST_BYTES for picture in pictures), "run: steadyreach animations"


def test_norms_are_looked_up_by_age_and_sex() -> None:
    (five,) = battery.load("five_stands").norms
    assert [band and band.value for band in map(five.of, (59, 60, 69, 74, 89, 90))] == [
        None,
        11.4,
        11.4,
        12.6,
        14.8,
        None,
    ]
    (half_minute,) = battery.load("thirty_second_stands").norms
    assert [half_minute.of(62, sex).value for sex in ("men", "women")] == [14, 12]  # type: ignore[union-attr]
    assert half_minute.of(62) is None


def test_norms_are_those_of_their_sources() -> None:
    (half_minute,) = battery.load("thirty_second_stands").norms
    lowest_quarter = {"men": (14, 12, 12, 11, 10, 8, 7), "women": (12, 11, 10, 10, 9, 8, 4)}  # Rikli & Jones 1999
    for sex, quarter in lowest_quarter.items():
        assert tuple(band.value for band in half_minute.bands if band.sex == sex) == quarter
    (up_and_go,) = battery.load("timed_up_and_go").norms
    assert [band.value for band in up_and_go.bands] == [8.1, 9.2, 11.3]  # the abstract of Bohannon 2006
    adults, small = battery.load("functional_reach").norms
    duncan_in = {"men": (16.7, 14.9, 13.2), "women": (14.6, 13.8, 10.5)}  # as handouts tell them, in inches
    for sex, means_in in duncan_in.items():
        found_m = [band.value for band in adults.bands if band.sex == sex]
        assert found_m == pytest.approx([0.0254 * inches for inches in means_in], abs=0.006)
    assert [band.value for band in small.bands] == [0.114, 0.136, 0.157]  # the abstract of Norris 2008
    assert not any("dark" in norm.result for norm in battery.load("single_leg").norms)


# ------------------------------------------------------------------------------------------------ standing up


def test_five_stands_take_as_long_as_the_person_rises(tmp_path: Path) -> None:
    """Each rise of the simulated patient takes a reaction and 92 % of a minimum jerk, each way down until 30 %."""
    done, _ = taken("five_stands", tmp_path)
    found = results(done)
    assert found["five_times_s"].value == pytest.approx(10.4, abs=0.6)
    assert (found["five_times_s"].value or math.inf) < (found["five_times_seated_s"].value or 0.0)


def test_stands_that_come_no_further_than_two_thirds_do_not_count(tmp_path: Path) -> None:
    known = calibration()
    weak = replace(patient(known, lapse=0.0), rise=0.62)
    headset = SimulatedHeadset(weak, 1, RATE_HZ)
    done, _ = taken("five_stands", tmp_path, headset, {"most_s": 15.0, "practice": 0})
    assert results(done)["five_times_s"] == Measured(None, "s", None, "0 of 5 stands came up far enough")
    assert done.blocks[-1].trials[-1].outcome == "not yet"


def test_a_knee_that_may_not_be_bent_far_bars_standing_up(tmp_path: Path) -> None:
    knee = Precaution("knee_flexion_left", 80.0, "deg", "two weeks after surgery", "Dr. Moss")
    done, _ = taken("five_stands", tmp_path, precautions=(knee,))
    assert done.blocks[-1].trials == ()
    assert "asks to stand up" in done.blocks[-1].notes[0]


def test_who_sits_for_a_test_stands_up_for_the_next(tmp_path: Path) -> None:
    """Seated, standing and rising from a chair after one another, in one visit that is played standing."""
    few: dict[str, dict[str, object]] = {
        "neck_position": {"practice": 0, "tries": 4},
        "functional_reach": {"practice": 0},
        "five_stands": {"practice": 0},
        "thirty_second_stands": {"practice": 0},
        "tandem": {"tries": 1, "dark": False},
    }
    order = ["neck_position", "functional_reach", "neck_position", "five_stands", "neck_position"]
    order += ["tandem", "thirty_second_stands", "tandem"]
    kept = Kept(SimulatedHeadset(patient(calibration(), lapse=0.0), 1, RATE_HZ))
    steps = tuple(Step(name, a_test(name, few[name]), ASSESS) for name in order)
    with Writer(tmp_path / "frames.vrec", {}) as writer:
        done = session.run(Plan("test", steps, Followers(), 1, calibration=calibration()), kept, writer, ABOUT)
    assert done.ended_by == "finished"
    assert not [event for event in done.events if event.name == "paused"]
    assert [block.task for block in done.blocks] == order
    for block in done.blocks:
        found = {key: number for key, number in block.measures.items() if "dark" not in key}
        assert all(number.value is not None for number in found.values()), (block.task, block.measures)
        heights_m = [
            frame.head.position_m[1]
            for frame in kept.frames_given
            if block.trials[0].start_s < frame.time_ns * 1e-9 < block.trials[0].end_s
        ]
        seated = max(heights_m) < EYE_M - LEAST_RISE_M
        assert seated == (block.task == "neck_position"), block.task
    titles = [item.title for scene in kept.scenes for item in scene.items if isinstance(item, Panel)]
    said = [title for title, _ in groupby(titles) if title in (SIT_DOWN.title, STAND_UP.title)]
    sit, stand = SIT_DOWN.title, STAND_UP.title
    assert said == [sit, stand, sit, sit, stand, stand], "after rising from a chair there is a new middle on it, too"


# ------------------------------------------------------------------------------------------------ ranges and leans


def steady(**more: Any) -> SimulatedHeadset:
    """Somebody whose every try comes to their limit."""
    person = patient(calibration(), lapse=0.0, slope_deg=0.01, neck_slope_deg=0.01, lean_slope_deg=0.01, fatigue=0.0)
    return SimulatedHeadset(replace(person, sway_mm=0.0, tremor_mm=0.0, **more), 1, RATE_HZ)


def test_the_range_of_a_neck_is_its_own(tmp_path: Path) -> None:
    done, _ = taken("neck_range", tmp_path, steady(), {"practice": 0})
    found, limits = results(done), calibration().limits
    for way in ("flexion", "extension", "lateral_left", "lateral_right", "rotation_left", "rotation_right"):
        truth_deg = limits[f"neck_{way}"].value
        assert found[f"neck_{way}_deg"].value == pytest.approx(truth_deg, abs=2.1)
    assert found["neck_rotation_deg"].value == pytest.approx(120.0, abs=4.2)
    assert done.calibration is not None
    assert done.calibration.limits["neck_flexion"].method == "open gazes, shoulders still"


def test_the_range_of_each_shoulder_is_its_own(tmp_path: Path) -> None:
    limits = {**{n: v.value for n, v in calibration().limits.items()}, "shoulder_elevation_left": 140.0}
    done, _ = taken("shoulder_range", tmp_path, steady(limits_deg=limits), {"practice": 0})
    found = {key: number.value for key, number in results(done).items()}
    assert found == {
        "shoulder_flexion_left_deg": pytest.approx(140, abs=7),
        "shoulder_flexion_right_deg": pytest.approx(110, abs=7),
        "shoulder_abduction_left_deg": pytest.approx(140, abs=7),
        "shoulder_abduction_right_deg": pytest.approx(110, abs=7),
    }


@pytest.mark.parametrize("by_preset", [False, True])
@pytest.mark.parametrize(("name", "bounded", "free"), [
    ("neck_range", ("neck_rotation_left_deg", "neck_rotation_deg"), "neck_rotation_right_deg"),
    ("shoulder_range", ("shoulder_flexion_right_deg", "shoulder_abduction_right_deg"), "shoulder_flexion_left_deg"),
    ("reach_envelope", ("reach_up_right_m", "reach_outward_right_m"), "reach_up_left_m"),
])  # fmt: skip
def test_a_range_that_a_precaution_or_a_presets_ceiling_ends_is_told_as_no_range(
    name: str, bounded: tuple[str, ...], free: str, by_preset: bool, tmp_path: Path
) -> None:
    sides = ("neck_rotation_left", "neck_rotation_right")
    movement, other = sides if name == "neck_range" else ("shoulder_elevation_right", "shoulder_elevation_left")
    repair = Precaution(movement, 45.0, "deg", "repair", "Dr Wood")
    ends: dict[str, Any] = {"caps": {movement: 45.0}} if by_preset else {"precautions": (repair,)}
    once = {"rounds": 1} if name == "reach_envelope" else {}
    done, _ = taken(name, tmp_path, steady(), {"practice": 0, **once}, **ends)
    found = results(done)
    for result in bounded:
        assert found[result].value is None
        assert "ended at the stop line" in found[result].note
        assert "at least this far" in found[result].note
    assert found[free].value is not None
    assert done.calibration is not None
    limits = done.calibration.limits
    assert (limits[movement].at_least, limits[other].at_least) == (True, False)
    assert str(words_of.limit(limits[movement])).startswith("at least 45°")
    efforts = trial_table.rows(done, "")
    notes = [note for row in efforts for key, note in row.items() if key.endswith("_deg.note") and row.get("trial")]
    ended = notes.count("ended at the stop line at 45°: it is at least this far")
    assert (ended, notes.count("")) == (len(notes) // (6 if name == "neck_range" else 2), len(notes) - ended)


def test_a_hand_that_is_hardly_seen_gives_no_result_of_its_side(tmp_path: Path) -> None:
    class Lost(SimulatedHeadset):
        def frames(self) -> Iterator[Frame]:
            for frame in super().frames():
                pose = frame.left.grip
                yield frame._replace(left=frame.left._replace(grip=pose._replace(valid=False, tracked=False)))

    done, _ = taken("reach_envelope", tmp_path, Lost(patient(calibration()), 1, RATE_HZ), {"rounds": 1, "practice": 0})
    found = results(done)
    assert found["reach_up_left_m"].value is None
    assert found["reach_up_right_m"].value is not None


def test_a_lean_of_four_degrees_is_so_much_of_the_theoretical_limit(tmp_path: Path) -> None:
    limits = dict.fromkeys(LEANS, 4.0)
    done, _ = taken("limits_of_stability", tmp_path, steady(limits_deg=limits), {"practice": 0})
    trials = {trial.number: trial for trial in done.blocks[-1].trials}
    forward, back = (trials[n].measures["maximum_excursion_percent"].value for n in (1, 5))
    assert forward == pytest.approx(100 * 4.0 / 8.0, abs=9)
    assert back == pytest.approx(100 * 4.0 / 4.5, abs=9)
    assert results(done)["stability_area_deg2"].value == pytest.approx(8 * 0.5 * 16 * math.sin(math.pi / 4), rel=0.15)


def test_a_direction_that_is_forbidden_leaves_no_result(tmp_path: Path) -> None:
    back = Precaution("lean_back", 0.5, "deg", "falls backwards", "Dr. Moss")
    done, kept = taken("limits_of_stability", tmp_path, values={"practice": 0}, precautions=(back,))
    assert {found.value for found in results(done).values()} in ({None}, set())
    leans = {item.direction_deg for scene in kept.scenes for item in scene.items if isinstance(item, Lean)}
    assert 180.0 not in leans


def test_practice_counts_nothing(tmp_path: Path) -> None:
    done, _ = taken("neck_range", tmp_path, values={"practice": 1, "repetitions": 3})
    notes = [trial.measures["turned_deg"].note for trial in done.blocks[-1].trials]
    assert notes.count("for practice: not counted") == 6
    assert results(done)["neck_rotation_left_deg"].note == "mean of 3"


# ------------------------------------------------------------------------------------------------ standing


def test_who_sways_half_as_much_again_in_the_dark_shows_it(tmp_path: Path) -> None:
    person = replace(patient(calibration()), sway_dark=1.5, sway_conflict=2.0)
    headset = SimulatedHeadset(person, 1, RATE_HZ)
    done, _ = taken("sensory_conditions", tmp_path, headset, {"surfaces": "firm"})
    found = results(done)
    assert found["sway_dark_ratio"].value == pytest.approx(1.5, rel=0.15)
    assert found["sway_conflict_ratio"].value == pytest.approx(2.0 / 1.5, rel=0.15)
    assert found["sway_foam_light_mmps"].note == "this condition was not stood in"


class Dizzy(SimulatedHeadset):
    """Somebody who says that they are dizzy, once, at a second."""

    at_s = 80.0

    def frames(self) -> Iterator[Frame]:
        said = False
        for frame in super().frames():
            if not said and frame.time_ns > self.at_s * 1e9:
                said, frame = True, frame._replace(buttons=Button.DIZZY)
            yield frame


def test_the_first_word_of_dizziness_ends_the_conflict_and_nothing_else(tmp_path: Path) -> None:
    done, kept = taken("sensory_conditions", tmp_path, Dizzy(patient(calibration()), 1, RATE_HZ))
    conflicts = [
        frame.time_ns * 1e-9
        for frame, scene in zip(kept.frames_given, kept.scenes, strict=False)
        if any(isinstance(item, Surround) and item.held == "head" for item in scene.items)
    ]
    assert 75.0 < max(conflicts) < Dizzy.at_s + 0.1
    found = results(done)
    assert found["sway_firm_stuck_mmps"].value is None
    assert found["sway_foam_stuck_mmps"].note == "this condition was not stood in"
    assert found["sway_foam_dark_mmps"].value is not None


def test_a_precaution_against_the_conflict_leaves_the_four_others(tmp_path: Path) -> None:
    migraine = Precaution("visual_conflict", 0.0, "", "migraine", "Dr. Moss")
    done, _ = taken("sensory_conditions", tmp_path, precautions=(migraine,))
    assert [trial.measures["condition"].value for trial in done.blocks[-1].trials] == [1, 2, 4, 5]


def test_reaching_over_the_feet_goes_as_far_as_the_hand_does(tmp_path: Path) -> None:
    limits = {**{n: v.value for n, v in calibration().limits.items()}, "lean_forward": 6.0}
    done, _ = taken("functional_reach", tmp_path, steady(limits_deg=limits), {"practice": 0})
    assert not [event for event in done.events if event.name == "paused"]
    head_m = EYE_M * math.sin(math.radians(6.0))
    trials = done.blocks[-1].trials
    assert len(trials) == 3
    for trial in trials:
        assert trial.measures["head_m"].value == pytest.approx(head_m, abs=0.02)
        level = SHOULDER_HEIGHT_OF_STATURE / EYE_HEIGHT_OF_STATURE
        assert trial.measures["reach_m"].value == pytest.approx(level * head_m, abs=0.03)
    assert results(done)["functional_reach_m"].note == "mean of 3; with the right arm"


def test_an_arm_that_was_not_level_at_the_call_makes_no_reach(tmp_path: Path) -> None:
    limits = {**{n: v.value for n, v in calibration().limits.items()}, "shoulder_elevation_right": 55.0}
    done, _ = taken("functional_reach", tmp_path, steady(limits_deg=limits), {"practice": 0})
    notes = {trial.measures["reach_m"].note for trial in done.blocks[-1].trials}
    assert notes == {"the arm was not level at the call"}
    assert results(done)["functional_reach_m"].note == "0 of 2 trials counted: the arm was not level at the call"


def bound(movement: str, most: float) -> Precaution:
    return Precaution(movement, most, MOVEMENTS[movement].unit, "a fresh suture", "Dr. Moss")


@pytest.mark.parametrize(("bounds", "why"), [
    ((bound("lean_forward", 5.0),), ("reaching over the feet leans 8° ahead, beyond 5.0°",)),
    (
        (bound("shoulder_elevation_right", 80.0), bound("elbow_extension_left", 30.0)),
        ("a level arm is raised 90°, beyond 80°", "from the left shoulder is beyond"),
    ),
    ((bound("use_of_arm_right", 0.0), bound("use_of_arm_left", 0.0)), ("asks for a hand, and none is left",)),
])  # fmt: skip
def test_reaching_over_the_feet_is_not_done_where_precautions_leave_no_room(
    bounds: tuple[Precaution, ...], why: tuple[str, ...], tmp_path: Path
) -> None:
    done, kept = taken("functional_reach", tmp_path, precautions=bounds)
    assert done.blocks[-1].trials == ()
    assert all(one in done.blocks[-1].notes[0] for one in why), done.blocks[-1].notes
    assert not [item for scene in kept.scenes for item in scene.items if isinstance(item, Reach)]


@pytest.mark.parametrize("barred", [
    bound("use_of_arm_right", 0.0), bound("shoulder_elevation_right", 80.0), bound("elbow_extension_right", 30.0),
])  # fmt: skip
def test_where_one_arm_may_not_the_other_one_reaches_over_the_feet(barred: Precaution, tmp_path: Path) -> None:
    done, kept = taken("functional_reach", tmp_path, values={"practice": 0}, precautions=(barred,))
    assert {item.hand for scene in kept.scenes for item in scene.items if isinstance(item, Reach)} == {"left"}
    assert {trial.side for trial in done.blocks[-1].trials} == {"left"}
    said = {line for scene in kept.scenes for item in scene.items if isinstance(item, Panel) for line in item.text}
    assert {line for line in said if str(line).startswith("functional_reach.level")} == {"functional_reach.level_left"}
    reach = results(done)["functional_reach_m"]
    assert reach.value is not None
    assert reach.note == "mean of 3; with the left arm, because the other one may not"


@pytest.mark.parametrize("name", ["shoulder_range", "reach_envelope"])
@pytest.mark.parametrize("barred", [bound("use_of_arm_left", 0.0), bound("shoulder_elevation_left", 30.0)])
def test_an_arm_that_may_not_be_raised_is_left_out_and_the_other_one_measured(
    name: str, barred: Precaution, tmp_path: Path
) -> None:
    once = {"rounds": 1} if name == "reach_envelope" else {}
    done, _ = taken(name, tmp_path, values={"practice": 0, **once}, precautions=(barred,))
    assert {trial.side for trial in done.blocks[-1].trials} == {"right"}
    for key, found in results(done).items():
        left = "left" in key
        assert (found.value is None) == left
        assert ("it was not asked for: a precaution or ceiling" in found.note) == left


class OnTheMove(SimulatedHeadset):
    """Somebody whose head rises, or stays ahead, from the moment that they reach over their feet."""

    def __init__(self, up_m: float, ahead_m: float) -> None:
        super().__init__(patient(calibration(), lapse=0.0), 1, RATE_HZ)
        self._by, self._went = (up_m, ahead_m), False

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            self._went |= any(isinstance(item, Reach) and item.over_feet for item in self._scene.items)
            x, y, z = frame.head.position_m
            up_m, ahead_m = self._by if self._went else (0.0, 0.0)
            yield frame._replace(head=frame.head._replace(position_m=(x, y + up_m, z - ahead_m)))


@pytest.mark.parametrize(("up_m", "ahead_m", "why"), [
    (0.05, 0.0, "the head rose: the heels were lifted"), (0.0, 0.12, "a step: the head stayed"),
])  # fmt: skip
def test_a_step_or_lifted_heels_make_a_reach_that_does_not_count(
    up_m: float, ahead_m: float, why: str, tmp_path: Path
) -> None:
    done, _ = taken("functional_reach", tmp_path, OnTheMove(up_m, ahead_m), {"practice": 0})
    first = done.blocks[-1].trials[0].measures["reach_m"]
    assert first.value is None
    assert first.note.startswith(why)


def test_who_stands_on_one_leg_for_twelve_seconds_is_told_so(tmp_path: Path) -> None:
    person = replace(patient(calibration(), lapse=0.0), one_leg_s=12.0)
    done, _ = taken("single_leg", tmp_path, SimulatedHeadset(person, 1, RATE_HZ), {"dark": False})
    found = results(done)
    assert found["one_leg_left_s"].value == pytest.approx(12.0, rel=0.3)
    assert (found["one_leg_best_left_s"].value or 0.0) > (found["one_leg_left_s"].value or 0.0)
    assert found["one_leg_dark_left_s"].note == "not done in the dark"


@pytest.mark.parametrize("name", ["single_leg", "tandem", "sensory_conditions", "timed_up_and_go"])
def test_a_leg_that_may_bear_part_of_the_weight_bars_standing(name: str, tmp_path: Path) -> None:
    half = Precaution("weight_on_leg_left", 50.0, "%", "six weeks after a fracture", "Dr. Moss")
    done, _ = taken(name, tmp_path, precautions=(half,))
    assert done.blocks[-1].trials == ()
    assert "left leg loaded at most 50 %" in done.blocks[-1].notes[0]


@pytest.mark.parametrize("name", ["single_leg", "tandem"])
def test_the_ring_of_the_time_is_around_a_companion(name: str, tmp_path: Path) -> None:
    _, kept = taken(name, tmp_path)
    ringed = [scene for scene in kept.scenes if any(isinstance(item, Footing) for item in scene.items)]
    assert ringed
    assert all(any(isinstance(item, Friend) for item in scene.items) for scene in ringed)


def test_a_neck_that_ends_three_degrees_beyond_is_told_so(tmp_path: Path) -> None:
    person = replace(patient(calibration(), lapse=0.0), recall_bias_deg=3.0, recall_spread_deg=0.1)
    headset = SimulatedHeadset(person, 1, RATE_HZ)
    done, _ = taken("neck_position", tmp_path, headset, {"practice": 0, "tries": 4})
    found = results(done)
    for way in ("left", "right", "up", "down"):
        assert found[f"neck_position_{way}_deg"].value == pytest.approx(3.0, abs=0.8)
    assert found["neck_position_beyond_deg"].value == pytest.approx(3.0, abs=0.8)


def test_a_neck_that_moves_slowly_is_not_cut_off_on_its_way_back(tmp_path: Path) -> None:
    slow = replace(patient(calibration(), lapse=0.0), neck_speed_dps=12.0, reaction_s=1.0, recall_bias_deg=3.0)
    done, _ = taken("neck_position", tmp_path, SimulatedHeadset(slow, 1, RATE_HZ), {"practice": 0, "tries": 4})
    for way in ("left", "right", "up", "down"):
        found = results(done)[f"neck_position_{way}_deg"]
        assert found.note == "mean of 4"
        assert (found.value or math.inf) < 8.0, "on the way back it is 10 or more"


def test_a_head_that_trembles_finds_the_middle(tmp_path: Path) -> None:
    person = replace(patient(calibration(), lapse=0.0), head_tremor_deg=1.5, recall_bias_deg=3.0, recall_spread_deg=0.1)
    done, _ = taken("neck_position", tmp_path, SimulatedHeadset(person, 1, RATE_HZ), {"practice": 0, "tries": 4})
    assert results(done)["neck_position_beyond_deg"].value == pytest.approx(3.0, abs=0.8)
    assert {results(done)[f"neck_position_{way}_deg"].note for way in ("left", "right", "up", "down")} == {"mean of 4"}


class Stays(SimulatedHeadset):
    """Somebody who looks ahead all the time."""

    def _face_to(self, *_: Any) -> None:
        pass


def test_a_neck_that_does_not_turn_away_finds_no_middle(tmp_path: Path) -> None:
    headset = Stays(patient(calibration()), 1, RATE_HZ)
    done, _ = taken("neck_position", tmp_path, headset, {"practice": 0, "tries": 4, "most_s": 5.0})
    assert {found.value for found in results(done).values()} == {None}


# ------------------------------------------------------------------------------------------------ up and go


@pytest.mark.parametrize("walk_mps", [0.5, 0.9, 1.5])
def test_up_and_go_takes_as_long_as_the_person_walks(walk_mps: float, tmp_path: Path) -> None:
    person = replace(patient(calibration(), lapse=0.0), walk_mps=walk_mps)
    done, kept = taken("timed_up_and_go", tmp_path, SimulatedHeadset(person, 1, RATE_HZ), {"practice": 0})
    truth_s = Walker(EYE_M, walk_mps).lasting_s(3.0) + 0.35
    assert results(done)["up_and_go_s"].value == pytest.approx(truth_s, abs=0.6)
    (trial,) = done.blocks[-1].trials
    phases = [trial.measures[name].value or math.nan for name in ("rise_s", "out_s", "turn_s", "back_s", "sit_s")]
    assert sum(phases) == pytest.approx(trial.measures["total_s"].value, abs=0.05)
    assert trial.measures["furthest_m"].value == pytest.approx(3.0, abs=0.05)
    worn = [not frame.buttons & Button.AWAY for frame in kept.frames_given]
    assert worn.count(False) > 10 * RATE_HZ, "most of it without a headset on"
    assert not [event for event in done.events if event.name == "paused" and event.at_s < trial.end_s]


class Unfollowed(SimulatedHeadset):
    """Somebody whose controller is lost on the way; after so many seconds somebody presses the trigger of the other."""

    def __init__(self, presses_s: float) -> None:
        super().__init__(patient(calibration(), lapse=0.0), 1, RATE_HZ)
        self._presses_s, self._since_s = presses_s, math.nan

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            goes = any(isinstance(item, Walk) and item.state == "go" for item in self._scene.items)
            now_s = frame.time_ns * 1e-9
            self._since_s = now_s if goes and math.isnan(self._since_s) else self._since_s
            pressed = goes and now_s - self._since_s > self._presses_s
            yield frame._replace(left=Hand(LOST, float(pressed)), right=Hand(LOST)) if goes else frame


class Worn(SimulatedHeadset):
    """Somebody who keeps the headset on, and presses the trigger every other second."""

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            pressed = float(frame.time_ns * 1e-9 % 2.0 > 1.0)
            yield frame._replace(buttons=0, left=frame.left._replace(trigger=pressed))


def test_nobody_is_called_to_walk_with_a_headset_on(tmp_path: Path) -> None:
    headset = Worn(patient(calibration()), 1, RATE_HZ)
    done, kept = taken("timed_up_and_go", tmp_path, headset, {"practice": 0, "ready_s": 20.0})
    walks = {item.state for scene in kept.scenes for item in scene.items if isinstance(item, Walk)}
    assert walks == {"sit"}
    assert results(done)["up_and_go_s"].value is None


def test_a_controller_that_is_lost_leaves_a_stopwatch(tmp_path: Path) -> None:
    done, _ = taken("timed_up_and_go", tmp_path, Unfollowed(9.0), {"practice": 0})
    (trial,) = done.blocks[-1].trials
    assert trial.measures["total_s"].value == pytest.approx(9.0, abs=0.2)
    assert trial.measures["total_s"].note == "stopped by hand"
    assert trial.measures["turn_s"].note == "the controller was lost"
    assert results(done)["up_and_go_s"].value == trial.measures["total_s"].value


def test_nobody_who_stays_on_the_chair_gets_a_time(tmp_path: Path) -> None:
    done, _ = taken("timed_up_and_go", tmp_path, Unfollowed(math.inf), {"practice": 0, "most_s": 20.0})
    assert done.blocks[-1].trials[0].outcome == "not yet"
    assert results(done)["up_and_go_s"].value is None
    assert "the controller was seen in" in results(done)["up_and_go_s"].note


def test_a_shorter_way_is_no_up_and_go() -> None:
    time_s = np.arange(0.0, 14.0, 1 / 45)
    walker = Walker(1.7, 1.1)
    walker.call(0.0, 2.0)
    found = up_and_go(time_s, np.array([walker.at(at_s)[:3] for at_s in time_s]))
    assert found.furthest_m == pytest.approx(2.0, abs=0.05)
    assert found.total_s == pytest.approx(walker.lasts_s, abs=0.5)
    with pytest.raises(NotMeasurable, match="nobody stood up"):
        up_and_go(time_s, np.zeros((len(time_s), 3)))
    only_out = time_s < 5.0
    ended = up_and_go(time_s[only_out], np.array([walker.at(at_s)[:3] for at_s in time_s[only_out]]))
    assert math.isnan(ended.total_s)
    assert ended.why["total_s"] == "did not come back and sit down"
