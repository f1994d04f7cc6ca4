"""What is known of a patient from visit to visit: kept whole, carried on, and never another's."""

from datetime import date
from pathlib import Path

import pytest
from conftest import ROOT
from msgspec.structs import replace
from people import a_calibration
from test_sealing import enrol

from engine.commands import patients, visits
from engine.commands.previewing import record_in
from engine.frame import SIDES
from engine.keys import FOLDER_VARIABLE, Keys
from engine.patient import PatientRecord
from engine.plan import About, Step
from engine.records import (
    Answer,
    Calibration,
    Followed,
    KnobState,
    Precaution,
    RecordUnreadable,
    Session,
    from_json,
    plain,
)
from engine.sealing import RECIPIENTS, Recipient
from engine.session_folder import FolderUnusable
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient

CAST = Precaution("shoulder_elevation_left", 70.0, "deg", "a cast", "Dr Wood")


def sure(known: Calibration | None) -> Calibration:
    assert known is not None
    return replace(known, limits={name: replace(limit, doubts=()) for name, limit in known.limits.items()})


def visit(record: PatientRecord, day: str, folder: Path, seed: int = 1) -> tuple[PatientRecord, Session, Path]:
    """One visit of somebody simulated, on a day, as `steadyreach play --patient` has it."""
    today = date.fromisoformat(day)
    holds = visits.resolved(record.preset, (), record)
    steps = visits.steps_for(["fruit_ladder"], holds, record=record, measuring=visits.AUTO, today=today)
    plan = visits.plan(record.patient, steps, holds, seed, record=record, today=today)
    about = About(f"visit-{day}", f"{day}T09:00:00+00:00", visits.SOFTWARE)
    done, where = visits.play(plan, SimulatedHeadset(seed=seed, rate_hz=45.0), folder, about)
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
    assert "open_lean" not in second  # no game of the day leans


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


@pytest.mark.parametrize("name", ["../anna", "a/b", "", ".hidden", "x" * 65, "anna b", "NUL", "com1.a"])
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


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"last_at": "yesterday"}, "last_at: 'yesterday' is no day; write it as 2026-03-02"),
        ({"precautions": (replace(CAST, movement="shoulder_abduction_left"),)}, "there is no movement"),
        ({"precautions": (replace(CAST, unit="cm"),)}, "must be in deg"),
        ({"precautions": (replace(CAST, until="12 December"),)}, "which is no date such as 2026-12-12"),
        ({"precautions": (replace(CAST, reason=""),)}, "has no reason"),
        ({"followed": (Followed("directions", ("lean_back",), {}),)}, "a number is missing; take the whole entry out"),
        ({"furthest": {"lean_back": -2.0}}, "furthest: lean_back = -2 is no movement, or out of its range"),
    ],
)
def test_a_record_that_somebody_edited_wrongly_is_refused_in_a_sentence(
    wrong: dict[str, object], says: str, tmp_path: Path
) -> None:
    path = patients.save(replace(PatientRecord(patient="anna"), **wrong), tmp_path)
    with pytest.raises(RecordUnreadable, match=says):
        patients.load("anna", tmp_path)
    with pytest.raises(RecordUnreadable, match=says):
        record_in(path)


def test_a_precaution_that_has_expired_is_read_and_holds(tmp_path: Path) -> None:
    known = PatientRecord(patient="anna", precautions=(replace(CAST, until="2020-01-01"),))
    patients.save(known, tmp_path)
    assert patients.load("anna", tmp_path) == known


def test_a_record_that_cannot_be_written_says_what_is_lost(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a file where the folder should be")
    with pytest.raises(FolderUnusable, match="until then the next visit begins from what was known before this one"):
        patients.save(PatientRecord(patient="anna"), tmp_path / "records")


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of records beside one of sessions that is sealed for this computer."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "keys"))
    enrol(tmp_path / "sessions", Recipient(*Keys().make()))
    return tmp_path / "records"


def test_a_record_on_the_computer_of_a_clinic_is_sealed_and_read_as_if_it_were_not(sealed: Path) -> None:
    known = PatientRecord(patient="anna", precautions=(CAST,))
    path = patients.save(known, sealed)
    assert b"anna" not in path.read_bytes()
    assert patients.load("anna", sealed) == record_in_plain(path) == known


def record_in_plain(path: Path) -> PatientRecord:
    """A record as the clinic reads it, who has the plain content."""
    return from_json(plain(path), PatientRecord)


def test_sessions_that_lie_elsewhere_say_for_whom_a_record_is_sealed(sealed: Path, tmp_path: Path) -> None:
    assert b"anna" in patients.save(PatientRecord(patient="anna"), tmp_path / "a" / "b").read_bytes()
    there = patients.save(PatientRecord(patient="anna"), tmp_path / "a" / "b", sealed.parent / "sessions")
    assert b"anna" not in there.read_bytes()


def test_nothing_is_played_without_the_precautions_of_a_record_that_cannot_be_opened(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    patients.save(PatientRecord(patient="anna", precautions=(CAST,)), sealed)
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "another account"))
    with pytest.raises(RecordUnreadable, match=r"no such key is in .*nothing is played without its precautions"):
        patients.load("anna", sealed)


def test_a_record_is_not_kept_in_plain_where_it_is_not_known_for_whom_to_seal_it(sealed: Path) -> None:
    (sealed.parent / "sessions" / RECIPIENTS).write_text("{")
    with pytest.raises(FolderUnusable, match="should say for whom to seal"):
        patients.save(PatientRecord(patient="anna"), sealed)
    assert not list(sealed.glob("*"))


def test_pain_that_changed_since_the_last_visit_of_the_day_is_a_reason_to_check(
    two_visits: list[tuple[PatientRecord, Session, Path]],
) -> None:
    record, today = replace(two_visits[1][0], answers=(Answer("pain", 0.0),)), date(2026, 11, 22)
    settled = replace(record, calibration=sure(record.calibration))
    first = [
        visits.steps_for(
            ["fruit_ladder"], visits.resolved(), record=settled, measuring=visits.AUTO, today=today, answers=told
        )[1]
        for told in ((), (Answer("pain", 5.0),))
    ]
    assert first[0].kind == "warm up"
    assert isinstance(first[1], Step)
    assert first[1].change == "pain changed by 5, 4 or more count"


@pytest.mark.parametrize(
    ("chosen", "checked"),
    [("fruit_ladder", "open_reach"), ("harbour_lean", "open_lean"), ("chair_rocket", "open_lean"), ("owl_watch", "")],
)
def test_a_check_is_of_what_the_games_of_the_day_move(
    chosen: str, checked: str, two_visits: list[tuple[PatientRecord, Session, Path]]
) -> None:
    known = replace(two_visits[1][0], calibration=sure(two_visits[1][0].calibration))
    steps = visits.steps_for([chosen], visits.resolved(), record=known, measuring=visits.AUTO, today=date(2026, 11, 23))
    done = [step.name for step in steps if isinstance(step, Step) and step.kind == "calibrate"]
    assert [name for name in done if name != "open_gaze"] == ["standing", *([checked] if checked else [])]


def test_the_preset_of_the_first_visit_stays_until_another_is_written(
    two_visits: list[tuple[PatientRecord, Session, Path]],
) -> None:
    careful, done = visits.resolved("fall-risk"), two_visits[0][1]
    new = patients.after(PatientRecord(patient="ben"), careful, visits.plan("ben", (), careful), done)
    assert new.preset == "fall-risk"
    push = visits.resolved("push")
    assert patients.after(new, push, visits.plan("ben", (), push), done).preset == "fall-risk"


def test_the_record_in_the_manual_is_one_that_can_be_played_with(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "difficulty.md").read_text(encoding="utf-8")
    (tmp_path / "anna.json").write_text(page.split("```json")[1].split("```")[0], encoding="utf-8")
    known = patients.load("anna", tmp_path)
    holds = visits.resolved(known.preset, (), known)
    assert holds.ceilings["shoulder_elevation_right"] == 80.0
    assert known.precautions[0].at_most == 10.0


def test_a_game_that_is_played_twice_in_a_visit_gets_harder_by_one_step(tmp_path: Path) -> None:
    holds = visits.resolved("standard", ["adaptation.knobs=size, time", "adaptation.success_high=0.76"])
    record = PatientRecord(patient="anna", calibration=a_calibration())
    steps = visits.steps_for(["fruit_ladder"] * 2, holds, record=record, measuring="nothing")
    plan = visits.plan("anna", steps, holds, record=record)
    headset = SimulatedHeadset(Patient(limits_deg={f"shoulder_elevation_{side}": 150.0 for side in SIDES}), 1)
    done, _ = visits.play(plan, headset, tmp_path, About("twice", "2026-11-22T09:00:00+00:00", visits.SOFTWARE))
    knobs = patients.after(record, holds, plan, done).knobs["fruit_ladder"]
    assert knobs.levels == {"size": 1}
    assert "of 24 were reached" in knobs.reason


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
