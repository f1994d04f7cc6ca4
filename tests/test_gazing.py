"""Open gazes: how far a neck turns each way, what bounds and doubts it, and who is measured at all."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import msgspec
import pytest
from people import a_calibration, a_limit, visited

from calibration import story
from calibration.checks import USUAL_DEG, confirm
from calibration.due import CHECK, FULL, NOTHING, USUAL, due, unusual_due
from calibration.forms import gaze_form
from calibration.gazing import OpenGaze, Parameters
from calibration.limits import PRACTICE
from engine import looking
from engine.adaptation import Adaptation
from engine.commands import visits as steady
from engine.envelope import Envelope
from engine.metrics.range_of_motion import NECK_ERROR_DEG
from engine.movements import ANYBODYS_NECK_DEG, GAZES
from engine.parameters import Layer, fill
from engine.patient import PatientRecord
from engine.plan import Interlude, Step
from engine.records import Calibration, Precaution, Session
from engine.scene import Gaze, Panel
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import DEFAULT_LIMITS_DEG, Patient
from engine.task import NotMeasured

ADAPTATION = Adaptation()
TRUTH = Patient(lapse=0.0, neck_slope_deg=0.1, fatigue=0.0)
TODAY = "2026-03-02"


def gazed(parameters: Parameters, patient: Patient = TRUTH, seed: int = 1, **more: object) -> Session:
    """A visit in which the neck is measured, and nothing else."""
    with TemporaryDirectory() as folder:
        step = Step("open_gaze", OpenGaze(parameters), "calibrate")
        return visited(SimulatedHeadset(patient, seed, 45.0), Path(folder), step, seed=seed, **more)


@cache
def whole() -> Session:
    return gazed(Parameters(repetitions=3))


def with_neck(value_deg: float = 40.0, at: str = TODAY) -> Calibration:
    known = a_calibration()
    neck = {name: msgspec.structs.replace(a_limit(value_deg), measured_at=at) for name in GAZES}
    return msgspec.structs.replace(known, limits={**known.limits, **neck})


@pytest.mark.parametrize("movement", GAZES)
def test_every_movement_of_the_neck_is_found(movement: str) -> None:
    limit = whole().calibration.limits[movement]
    looks_down_deg = 2.0 if movement == "neck_flexion" else 0.0  # as a simulated head does that begins to come back
    assert limit.value == pytest.approx(DEFAULT_LIMITS_DEG[movement] + looks_down_deg, abs=NECK_ERROR_DEG)
    assert (limit.n, limit.unit, limit.doubts) == (3, "deg", ())


def test_it_takes_about_as_long_as_is_planned() -> None:
    block = whole().blocks[0]
    task = OpenGaze(fill(Parameters, Layer("the block", block.parameters)))
    asked = list(task.trials(Envelope(whole().calibration), Random(0), list(block.trials)))
    assert sum(task.trial_s(trial, True) for trial in asked) == pytest.approx(block.end_s - block.start_s, rel=0.15)


def test_only_the_ways_that_are_wished_for_are_measured() -> None:
    done = gazed(Parameters(ways="turns", repetitions=1))
    assert set(done.calibration.limits) == set(looking.TURNS)


def test_practice_is_recorded_and_marked_and_not_counted() -> None:
    trials = gazed(Parameters(ways="turns", repetitions=1, practice=1)).blocks[0].trials
    assert [trial.measures["turned_deg"].note for trial in trials] == [PRACTICE, PRACTICE, "", ""]


def test_a_precaution_is_the_stop_line_and_the_limit_says_so() -> None:
    rule = Precaution("neck_extension", 20.0, "deg", "dizzy when looking up", "Dr Wood")
    limit = gazed(Parameters(repetitions=1), precautions=(rule,)).calibration.limits["neck_extension"]
    assert limit.value == pytest.approx(20.0, abs=1.0)
    assert "ended at the stop line at 20.0°" in limit.note


def test_a_turn_that_may_hardly_be_made_is_not_asked_for() -> None:
    envelope = Envelope(with_neck(), caps={"neck_flexion": 5.0, "neck_lateral_left": 0.0})
    asked = [trial.values["neck"] for trial in OpenGaze(Parameters(repetitions=1)).trials(envelope, Random(0), [])]
    assert asked == [*looking.TURNS, "neck_extension", "neck_lateral_right"]


def test_efforts_that_scatter_are_followed_by_one_more() -> None:
    scattered = gazed(Parameters(ways="tilts", more=1), Patient(neck_slope_deg=9.0, lapse=0.0), seed=5)
    assert len(scattered.blocks[0].trials) > 4


def test_a_check_agrees_with_what_was_known_or_doubts_it() -> None:
    checked = gazed(Parameters(ways="turns", repetitions=1, check=True), calibration=whole().calibration)
    assert all("what was known" in checked.calibration.limits[name].method for name in looking.TURNS)
    stiff = replace(TRUTH, limits_deg={**DEFAULT_LIMITS_DEG, "neck_rotation_left": 30.0})
    doubted = gazed(Parameters(ways="turns", repetitions=1, check=True), stiff, calibration=whole().calibration)
    assert doubted.calibration.limits["neck_rotation_left"].doubts
    assert not doubted.calibration.limits["neck_rotation_right"].doubts


def test_a_limit_in_doubt_can_be_confirmed() -> None:
    limit = msgspec.structs.replace(a_limit(30.0), efforts=(28.0, 32.0), doubts=("less than before",))
    assert confirm("neck_flexion", limit).doubts == ()


def test_no_neck_is_in_doubt_for_turning_as_far_as_young_necks_do() -> None:
    for stem, most_deg in ANYBODYS_NECK_DEG.items():
        usual = next(deg for name, deg in USUAL_DEG.items() if name.startswith(stem))
        assert 1.3 * usual > most_deg


def test_a_child_is_measured_alike_by_a_dragon() -> None:
    told = gazed(Parameters(ways="turns", story=story.DRAGON))
    for name in looking.TURNS:
        assert told.calibration.limits[name].value == pytest.approx(DEFAULT_LIMITS_DEG[name], abs=NECK_ERROR_DEG)


def test_a_dragon_wakes_as_the_head_turns() -> None:
    def turning() -> story.Move:
        for fill_ in (0.0, 0.5, 1.0):
            yield (Gaze("goal", 60.0, 0.0, 6.0, fill=fill_, open_ended=True),)
        return "reached"

    move = story.waking("goal", Panel("dragon", "dragon.look_title"), turning())
    dots = [item.done for items in move for item in items if isinstance(item, Panel)]
    assert dots == [0, 2, story.DOTS]


def test_without_a_stance_nothing_is_measured() -> None:
    with pytest.raises(NotMeasured, match="put Standing before them"):
        OpenGaze().conclude(None, [])


# Who is measured at all


@pytest.mark.parametrize(
    ("gazes", "ways"),
    [
        (looking.TURNS, "turns"),
        (looking.TILTS[:1], "tilts"),
        ((*looking.TURNS, "neck_flexion"), "turns and nods"),
        ((*looking.TURNS, *looking.TILTS), "all six"),
    ],
)
def test_a_form_has_the_ways_that_are_needed(gazes: Sequence[str], ways: str) -> None:
    assert gaze_form(FULL, ADAPTATION, gazes)["open_gaze"]["ways"] == ways
    assert gaze_form(CHECK, ADAPTATION, gazes)["open_gaze"] == {
        "ways": ways,
        "repetitions": 1,
        "check": True,
        "more": 2,
        "story": story.PLAIN,
    }


def test_nothing_is_measured_of_a_neck_that_nobody_asks_for() -> None:
    assert gaze_form(FULL, ADAPTATION, ()) == gaze_form(NOTHING, ADAPTATION, looking.TURNS) == {}
    record = PatientRecord(patient="a", calibration=a_calibration())
    assert unusual_due(record, ADAPTATION, TODAY).form == NOTHING


def test_a_neck_that_was_not_measured_is_due_and_one_that_was_is_checked_on_a_new_day() -> None:
    record = PatientRecord(patient="a", calibration=a_calibration())
    fresh = unusual_due(record, ADAPTATION, TODAY, movements=looking.TURNS)
    assert fresh == (FULL, ("not measured yet: head turned left, head turned right",))
    known = PatientRecord(patient="a", calibration=with_neck())
    assert unusual_due(known, ADAPTATION, TODAY, movements=looking.TURNS).form == NOTHING
    assert unusual_due(known, ADAPTATION, "2026-03-03", movements=looking.TURNS).form == CHECK


def test_an_old_neck_makes_nobody_measure_their_arms_again() -> None:
    record = PatientRecord(patient="a", calibration=with_neck(at="2025-12-01"))
    assert due(record, ADAPTATION, TODAY, movements=USUAL).form == NOTHING
    assert unusual_due(record, ADAPTATION, TODAY, movements=looking.TURNS).form == FULL


def assessed(
    *chosen: str, measuring: str = steady.USUAL, assignments: Sequence[str] = (), known: Calibration | None = None
) -> dict[str, object]:
    """What a visit with these games measures: the ways of the neck by assessment, None for others."""
    record = PatientRecord(patient="a", calibration=known) if known else None
    steps = steady.steps_for(
        chosen,
        steady.resolved("standard", assignments),
        record=record,
        measuring=measuring,
        today=date.fromisoformat(TODAY),
    )
    calibrates = [step for step in steps if not isinstance(step, Interlude) and step.kind == "calibrate"]
    return {step.name: getattr(step.task.p, "ways", None) for step in calibrates if step.name != "open_lean"}


def test_only_games_that_turn_the_head_have_the_neck_measured() -> None:
    assert "open_gaze" not in assessed("fruit_ladder", "harbour_lean", "calm_tide")
    assert assessed("owl_watch")["open_gaze"] == "turns and nods"
    assert assessed("calm_tide", assignments=["calm_tide.stretch=head to the side"])["open_gaze"] == "tilts"


def test_who_is_well_known_has_only_the_neck_measured_for_owls() -> None:
    assert assessed("owl_watch", measuring=steady.AUTO, known=a_calibration()) == {"open_gaze": "turns and nods"}
    assert assessed("owl_watch", measuring=steady.AUTO, known=with_neck()) == {}
    assert assessed("fruit_ladder", measuring=steady.AUTO, known=with_neck(at="2025-12-01")) == {}
