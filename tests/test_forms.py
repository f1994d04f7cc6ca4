"""The forms of measuring: how long they take, what they find, and the dragon that children wake."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from people import a_calibration, a_limit, visited

from calibration import story
from calibration.due import CHECK, FULL, NOTHING
from calibration.forms import Form, form_of
from calibration.leaning import OpenLean
from calibration.limits import PRACTICE
from calibration.reaching import OpenReach
from calibration.standing import Standing
from engine.adaptation import Adaptation
from engine.envelope import Envelope
from engine.movements import LEANS, MAIN_LEANS, along_ellipse
from engine.parameters import Layer, fill
from engine.plan import Step
from engine.records import Calibration, Session
from engine.scene import Lean, Panel, Sound
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import DEFAULT_LIMITS_DEG, Patient
from engine.task import Task

ADAPTATION = Adaptation()
ASSESSMENTS: Mapping[str, type[Task]] = {"standing": Standing, "open_reach": OpenReach, "open_lean": OpenLean}
SEEDS = range(2)
TRUTH = Patient(limits_deg=DEFAULT_LIMITS_DEG, lapse=0.0)


def measured(form: Form, seed: int, known: Calibration | None = None, patient: Patient = TRUTH) -> Session:
    """A visit in which somebody is measured in a form, and nothing else."""
    steps = [
        Step(name, kind(fill(kind.Parameters, Layer("the form", form.get(name, {})))), "calibrate")
        for name, kind in ASSESSMENTS.items()
    ]
    with TemporaryDirectory() as folder:
        return visited(SimulatedHeadset(patient, seed, 45.0), Path(folder), *steps, seed=seed, calibration=known)


@cache
def whole(seed: int) -> Session:
    return measured(form_of(FULL, ADAPTATION), seed)


def checked(seed: int) -> Session:
    known = whole(seed).calibration
    return measured(form_of(CHECK, ADAPTATION, known), seed + 100, known)


@pytest.mark.parametrize("seed", SEEDS)
def test_everything_is_measured_in_ten_minutes_at_most(seed: int) -> None:
    done = whole(seed)
    assert done.ended_by == "finished"
    assert 300 < done.seconds <= 660


@pytest.mark.parametrize("seed", SEEDS)
def test_a_check_takes_three_minutes_at_most(seed: int) -> None:
    done = checked(seed)
    assert done.ended_by == "finished"
    assert 60 < done.seconds <= 200


@pytest.mark.parametrize("number", range(3), ids=list(ASSESSMENTS))
def test_the_time_that_is_planned_is_the_time_that_it_takes(number: int) -> None:
    block, kind = whole(0).blocks[number], list(ASSESSMENTS.values())[number]
    task = kind(fill(kind.Parameters, Layer("the block", block.parameters)))
    asked = list(task.trials(Envelope(whole(0).calibration), Random(0), list(block.trials)))
    planned_s = sum(task.trial_s(trial, True) for trial in asked)
    assert planned_s == pytest.approx(block.end_s - block.start_s, rel=0.15)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_lean_is_found_in_eight_directions(seed: int) -> None:
    limits = whole(seed).calibration.limits
    for name, direction in LEANS.items():
        assert limits[name].value == pytest.approx(along_ellipse(direction, TRUTH.limits_deg), abs=1.5)
        assert len(limits[name].efforts) == limits[name].n >= 2


def test_practice_is_recorded_and_marked_and_not_counted() -> None:
    leans = whole(0).blocks[2].trials
    notes = [trial.measures["excursion_deg"].note for trial in leans]
    assert notes[:8] == [PRACTICE] * 8
    assert not any(note.startswith(PRACTICE) for note in notes[8:])
    assert {note for note in notes[8:] if note} == {"ended at the stop line at 4.5°: it is at least this far"}  # back
    forward = [leans[8].achieved, leans[16].achieved]
    assert list(whole(0).calibration.limits["lean_forward"].efforts[:2]) == forward


def test_sway_is_the_mean_of_three_stretches() -> None:
    sway = whole(0).calibration.sway["sway_velocity"]
    assert sway.note == "mean of 3 stretches of 20 s, 30 s are advised"
    assert len(whole(0).blocks[0].trials) == 6


@pytest.mark.parametrize("seed", SEEDS)
def test_a_check_keeps_what_it_does_not_look_at(seed: int) -> None:
    before, after = whole(seed).calibration, checked(seed).calibration
    assert (after.reach, after.shoulders, after.arm_m) == (before.reach, before.shoulders, before.arm_m)
    assert set(after.limits) == set(before.limits)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_check_of_somebody_unchanged_stays_near_the_truth(seed: int) -> None:
    after = checked(seed).calibration.limits
    for side in ("left", "right"):
        name = f"shoulder_elevation_{side}"
        assert after[name].value == pytest.approx(TRUTH.limits_deg[name], abs=12)
        assert after[name].measured_at or after[name].doubts or after[name].method.endswith("with what was known")


def test_a_check_goes_as_far_as_what_is_known() -> None:
    four = a_calibration()
    assert form_of(CHECK, ADAPTATION, four)["open_lean"]["ways"] == "eight"
    mains = {name: a_limit(5.0) for name in MAIN_LEANS}
    known = Calibration("", four.stance, four.stature_m, {}, mains)
    assert form_of(CHECK, ADAPTATION, known)["open_lean"]["ways"] == "four"
    assert form_of(NOTHING, ADAPTATION) == {}


def test_a_form_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="no form 'quick'"):
        form_of("quick", ADAPTATION)


def test_a_child_is_measured_alike_by_a_dragon_in_less_time() -> None:
    done = measured(form_of(FULL, ADAPTATION, story=story.DRAGON), 0)
    plain = measured({"open_reach": {"repetitions": 4}, "open_lean": {"repetitions": 2}}, 0)
    assert done.seconds < 180
    assert set(done.calibration.limits) == set(plain.calibration.limits)
    for name, limit in done.calibration.limits.items():
        assert limit.value == pytest.approx(TRUTH.limits_deg[name], abs=12 if "shoulder" in name else 1.5)


def woken(*leans_deg: float) -> list[tuple[int, list[str]]]:
    """The dots on the panel and the sounds, while somebody leans forward."""

    def leaning() -> story.Move:
        for lean_deg in leans_deg:
            yield (Lean("goal", 0.0, 8.0, 0.5, (lean_deg, 0.0), open_ended=True),)
        return "reached"

    move, shown = story.waking("goal", Panel("dragon", "dragon.fly_title"), leaning()), []
    for items in move:
        panel = next(item for item in items if isinstance(item, Panel))
        shown.append((panel.done, [item.key for item in items if isinstance(item, Sound)]))
    return shown


def test_a_dragon_wakes_with_the_effort_and_does_not_fall_asleep_again() -> None:
    assert woken(0.0, 2.0, 5.0, 1.0) == [
        (0, []),
        (1, ["goal dot 1"]),
        (3, ["goal dot 3"]),
        (3, ["goal dot 3"]),
    ]


def test_a_dragon_is_awake_after_every_effort() -> None:
    panel, sound = story.awake("goal", "dragon.awake_title")
    assert (panel.done, panel.total, sound.name) == (story.DOTS, story.DOTS, "reached")
    assert woken(-3.0, 12.0)[-1][0] == story.DOTS


def test_a_lean_that_may_hardly_be_done_is_not_asked_for() -> None:
    envelope = Envelope(a_calibration(), caps={"lean_left": 0.5})
    asked = [trial.values["movement"] for trial in OpenLean().trials(envelope, None, [])]
    assert asked == ["lean_forward", "lean_right", "lean_back"] * 2
