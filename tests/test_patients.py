"""What is known of a patient from visit to visit: kept whole, carried on, and never another's."""

from datetime import date
from pathlib import Path

import pytest
from msgspec.structs import replace
from people import a_calibration

import steadyreach_patients as patients
import steadyreach_visits as visits
from engine.patient import PatientRecord
from engine.plan import About, Step
from engine.records import Followed, KnobState, Precaution, RecordUnreadable, Session
from engine.simulated import SimulatedHeadset


def visit(record: PatientRecord, day: str, folder: Path, seed: int = 1) -> tuple[PatientRecord, Session, Path]:
    """One visit of somebody simulated, on a day, as `steadyreach play --patient` has it."""
    today = date.fromisoformat(day)
    holds = visits.resolved(record.preset, (), record)
    steps = visits.steps_for(["fruit_ladder"], holds, record=record, measuring=visits.AUTO, today=today)
    plan = visits.plan(record.patient, steps, holds, seed, record=record, today=today)
    about = About(f"visit-{day}", f"{day}T09:00:00+00:00", visits.SOFTWARE)
    done, where = visits.play(plan, SimulatedHeadset(seed=seed), folder, about)
    return patients.after(record, holds, plan, done), done, where


@pytest.fixture(scope="module")
def two_visits(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[PatientRecord, Session, Path]]:
    folder = tmp_path_factory.mktemp("visits")
    first = visit(PatientRecord(patient="anna"), "2026-11-21", folder)
    patients.save(first[0], folder / "records")
    return [first, visit(patients.load("anna", folder / "records"), "2026-11-22", folder, seed=2)]


def tasks(done: Session) -> dict[str, int]:
    return {block.task: len(block.trials) for block in done.blocks if block.kind == "calibrate"}


def test_the_first_visit_measures_everything_and_the_next_one_checks(
    two_visits: list[tuple[PatientRecord, Session, Path]],
) -> None:
    first, second = (tasks(done) for _, done, _ in two_visits)
    assert first["open_reach"] > 8 * second["open_reach"] / 2
    assert second["open_reach"] >= 2
    assert second["open_lean"] >= 4


def test_beliefs_limits_and_the_furthest_request_are_carried_on(
    two_visits: list[tuple[PatientRecord, Session, Path]],
) -> None:
    (before, _, _), (after, done, _) = two_visits
    assert done.followed == before.followed
    assert {state.at for state in after.followed} == {"2026-11-22"}
    assert before.sessions + 1 == after.sessions == 2
    asked = [t.request.amplitude for b in done.blocks if b.kind == "play" for t in b.trials if t.request]
    assert max(after.furthest.values()) == max(asked)


def test_nothing_rises_further_beyond_the_session_before_than_the_preset_says(
    two_visits: list[tuple[PatientRecord, Session, Path]],
) -> None:
    (before, _, _), (_, done, _) = two_visits
    for request in (t.request for b in done.blocks for t in b.trials if t.request):
        assert request.amplitude <= 1.1 * before.furthest[request.movement] + 1e-6


def test_a_visit_that_goes_on_from_another_plays_again_byte_for_byte(
    two_visits: list[tuple[PatientRecord, Session, Path]], tmp_path: Path
) -> None:
    assert visits.play_again(two_visits[1][2], tmp_path)[0]


def test_a_record_is_read_as_it_was_written(
    two_visits: list[tuple[PatientRecord, Session, Path]], tmp_path: Path
) -> None:
    record = two_visits[1][0]
    patients.save(record, tmp_path)
    assert patients.load("anna", tmp_path) == record
    assert [path.name for path in tmp_path.iterdir()] == ["anna.json"]


def test_nobody_is_known_before_the_first_visit(tmp_path: Path) -> None:
    assert patients.load("ben", tmp_path) == PatientRecord(patient="ben")


@pytest.mark.parametrize("name", ["../anna", "a/b", "", ".hidden", "x" * 65, "anna b"])
def test_a_pseudonym_that_is_no_name_of_a_file_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(RecordUnreadable, match="cannot be a pseudonym"):
        patients.load(name, tmp_path)


def test_the_record_of_somebody_else_is_refused(tmp_path: Path) -> None:
    patients.save(PatientRecord(patient="anna"), tmp_path).rename(tmp_path / "ben.json")
    with pytest.raises(RecordUnreadable, match="is the record of 'anna'"):
        patients.load("ben", tmp_path)


def test_a_limit_that_cannot_be_is_refused_when_it_is_read(tmp_path: Path) -> None:
    known = a_calibration()
    broken = replace(known, limits={"shoulder_elevation_left": replace(known.limits["lean_back"], unit="rad")})
    patients.save(PatientRecord(patient="anna", calibration=broken), tmp_path)
    with pytest.raises(RecordUnreadable, match="left arm raised is in rad, it has to be in deg"):
        patients.load("anna", tmp_path)


def test_a_knob_that_was_turned_is_played_and_says_why() -> None:
    easier = KnobState(levels={"size": 2}, code="HARDER", reason="size: 8 cm → 7 cm, because 11 of 12 were reached")
    holds = visits.resolved()
    record = PatientRecord(patient="anna", calibration=a_calibration(), knobs={"fruit_ladder": easier})
    step = visits.steps_for(["fruit_ladder"], holds, record=record, measuring="nothing")[-2]
    assert isinstance(step, Step)
    assert step.task.p.radius_m < holds.parameters("fruit_ladder").radius_m
    assert step.change == easier.reason


def test_a_held_distance_is_no_further_than_last_time() -> None:
    held = KnobState(held=1, code="STOPPED")
    record = PatientRecord(
        patient="anna",
        calibration=a_calibration(),
        knobs={"fruit_ladder": held},
        furthest={"shoulder_elevation_left": 80.0, "lean_back": 2.0},
    )
    holds = visits.resolved()
    steps = visits.steps_for(["fruit_ladder"], holds, record=record, measuring="nothing")
    rises = visits.plan("anna", steps, holds, record=record).rises
    assert rises == {"shoulder_elevation_left": 80.0, "lean_back": pytest.approx(2.2)}


def test_a_patients_plan_and_precautions_hold_in_a_visit() -> None:
    rule = Precaution("shoulder_elevation_left", 70.0, "deg", "a cast", "Dr Wood")
    record = PatientRecord(
        patient="anna",
        plan={"games": {"fruit_ladder": {"targets": 7}}, "adaptation": {"target_success": 0.85, "success_high": 0.95}},
        precautions=(rule,),
        followed=(Followed("directions", ("lean_back",), {}, "2026-11-01"),),
    )
    holds = visits.resolved("standard", ["fruit_ladder.targets=5"], record)
    plan = visits.plan("anna", visits.steps_for(["fruit_ladder"], holds, record=record), holds, record=record)
    assert plan.adaptation.target_success == 0.85
    assert plan.precautions == (rule,)
    assert plan.steps[-2].task.p.targets == 5  # type: ignore[union-attr] # a game
