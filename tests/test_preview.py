"""What a preset will ask of a patient: true to the games, the bounds and the record, and the same again."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from people import a_calibration, visited
from typer.testing import CliRunner

import games
from calibration.adaptation import Followers
from calibration.differences import NONE, clock, duration
from calibration.leaning import OpenLean
from calibration.preview import PreviewRefused, preview
from calibration.reaching import OpenReach
from calibration.rehearsal import people
from engine.adaptation import Adaptation
from engine.commands.preview import app
from engine.commands.preview_picture import picture
from engine.commands.previewing import previewed, record_in
from engine.frame import SIDES
from engine.movements import MAIN_LEANS
from engine.parameters import Layer, ParameterError, fill
from engine.patient import PatientRecord
from engine.plan import END, REST, WELCOME, Plan, PostureRefused, Step
from engine.previewed import Course, Preview, SessionPreview
from engine.records import Calibration, Limit, Precaution, RecordUnreadable, Session, from_json, to_json
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient

TODAY = date(2026, 3, 2)
SORE = Precaution("shoulder_elevation_left", 60.0, "deg", "rotator cuff repair", "Dr Wood", "2026-12-01")
FRACTURE = Precaution("weight_on_leg_right", 0.0, "%", "fracture", "Dr Wood")
SVG = "{http://www.w3.org/2000/svg}"


def a_plan(name: str = "fruit_ladder", known: Calibration | None = None, **values: object) -> Plan:
    game = games.load(name)
    step = Step(name, game(fill(game.Parameters, Layer("test", values))), "play")
    return Plan("anna", (WELCOME, step, END), Followers(), calibration=known or a_calibration())


def played(folder: Path, precautions: tuple[Precaution, ...] = ()) -> Session:
    """A round of fruit, frame by frame, by somebody whose limits are those that were measured."""
    headset = SimulatedHeadset(Patient(limits_deg={f"shoulder_elevation_{side}": 110.0 for side in SIDES}), 3)
    ladder = Step("fruit_ladder", games.load("fruit_ladder")(), "play")
    return visited(headset, folder, ladder, calibration=a_calibration(), precautions=precautions)


def a_record(*precautions: Precaution, **limits: Limit) -> PatientRecord:
    known = a_calibration()
    known = msgspec.structs.replace(known, limits={**known.limits, **limits})
    return PatientRecord(patient="anna", calibration=known, precautions=precautions)


def of(movement: str, session: SessionPreview) -> Course:
    return next(course for course in session.movements if course.movement == movement)


def test_the_same_record_preset_and_seed_give_the_same_bytes() -> None:
    one, again, other = (to_json(previewed(a_record(), "push", seed=seed, today=TODAY)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_an_answer_goes_to_json_and_back() -> None:
    found = previewed(a_record(), "push", today=TODAY)
    assert from_json(to_json(found), Preview) == found


def test_all_targets_of_a_game_are_rehearsed_with_the_arms_in_turn() -> None:
    found = preview(a_plan(targets=9)).new
    assert found.trials.median == 9
    assert [course.trials.median for course in found.movements] == [5, 4]


def test_nothing_is_asked_beyond_a_precaution() -> None:
    left = of(SORE.movement, preview(replace(a_plan(), precautions=(SORE,))).new)
    assert max(request.high for request in left.requests) <= left.at_most == SORE.at_most
    assert "Dr Wood" in left.why
    assert left.codes["CEILING"] > 0.5


def test_nothing_is_asked_beyond_the_ceiling_of_the_preset() -> None:
    found = preview(replace(a_plan("harbour_lean"), caps={"lean_back": 2.0})).new
    assert of("lean_back", found).highest.high <= 2.0


def test_a_game_that_a_precaution_bars_asks_nothing_and_says_why() -> None:
    found = previewed(a_record(FRACTURE), "push", chosen=["harbour_lean"], today=TODAY).new
    assert (found.trials.median, found.success, found.movements) == (0, None, ())
    assert "Dr Wood" in found.not_asked[0]


def test_a_movement_that_was_not_measured_is_not_asked_for() -> None:
    known = a_calibration()
    arms = {name: limit for name, limit in known.limits.items() if "shoulder" in name}
    found = preview(a_plan("harbour_lean", msgspec.structs.replace(known, limits=arms))).new
    assert "not measured" in found.not_asked[0]


def test_a_diagonal_lean_that_was_not_measured_is_rehearsed_between_those_beside_it() -> None:
    known = a_calibration()
    main = {name: limit for name, limit in known.limits.items() if name in MAIN_LEANS}
    found = preview(a_plan("harbour_lean", msgspec.structs.replace(known, limits=main), ways="all eight"))
    assert of("lean_back_left", found.new).limit.value == pytest.approx(of("lean_back", found.new).limit.value)


def test_persons_together_are_what_is_believed() -> None:
    skewed = Limit(100.0, 60.0, 110.0, "deg", 3, "test")
    drawn = people({"shoulder_elevation_left": skewed}, 9, 0.03, 0)
    limits = sorted(person.limits["shoulder_elevation_left"] for person in drawn)
    assert limits[4] == pytest.approx(100.0)
    assert 60.0 < limits[0] < 75.0
    assert 105.0 < limits[-1] < 110.0


def test_more_sessions_are_rehearsed_where_they_are_asked_for() -> None:
    assert preview(a_plan(), sessions=12).sessions == 12


def test_two_plans_meet_the_same_persons_and_the_same_luck() -> None:
    found = preview(a_plan(), replace(a_plan(), preset="another name"))
    assert found.old is not None
    assert found.old.success == found.new.success
    assert found.differences == (NONE,)


def test_differences_are_told_as_a_therapist_reads_them() -> None:
    plan = a_plan("fruit_ladder", targets=12)
    gentle = replace(a_plan("fruit_ladder", targets=6), caps={"shoulder_elevation_right": 70.0})
    said = preview(gentle, plan).differences
    assert any(sentence.startswith("Right arm raised: targets start at 62° instead of") for sentence in said)
    assert "Repetitions: 6 (was 12)." in said
    assert any(sentence.endswith("shorter.") for sentence in said)


def test_what_a_therapist_says_now_is_compared_with_the_preset_as_it_is() -> None:
    found = previewed(a_record(), "standard", now=["fruit_ladder.targets=4"], today=TODAY)
    assert found.old is not None
    assert (found.new.title, found.old.title) == ("Adult standard, changed", "Adult standard")
    assert "Repetitions:" in " ".join(found.differences)


def test_a_number_is_subtracted_as_it_is_shown() -> None:
    assert (clock(262.0), clock(157.0), duration(260 - 155)) == ("4:20", "2:35", "1 min 45 s")


def test_rests_within_a_block_take_their_time() -> None:
    plan = a_plan(targets=12)
    rested = replace(plan, adaptation=Adaptation(rest_after_trials=4))
    found = preview(rested, plan)
    assert found.old is not None
    assert (found.new.rests, found.old.rests) == (2, 0)
    assert found.new.seconds.median == pytest.approx(found.old.seconds.median + 2 * REST.seconds)


def test_what_was_rehearsed_comes_true_of_a_simulated_patient(tmp_path: Path) -> None:
    block = played(tmp_path).blocks[0]
    assert block.end_s - block.start_s == pytest.approx(preview(a_plan()).new.blocks[0].seconds.median, rel=0.2)


def test_measuring_takes_as_long_as_it_does_where_nothing_is_in_doubt() -> None:
    form = {"repetitions": 1, "check": True, "more": 2}
    steps = tuple(
        Step(name, kind(fill(kind.Parameters, Layer("test", form))), "calibrate")
        for name, kind in (("open_reach", OpenReach), ("open_lean", OpenLean))
    )
    found = preview(replace(a_plan(), steps=(*steps, *a_plan().steps))).new
    assert [block.seconds.median for block in found.blocks[:2]] == [10.0, 28.0]  # an effort of each limit


def test_a_patient_of_whom_nothing_was_measured_is_refused() -> None:
    with pytest.raises(PreviewRefused, match="nothing was measured of anna"):
        previewed(PatientRecord(patient="anna"), "push", today=TODAY)


@pytest.mark.parametrize(("value", "low", "high"), [(80.0, 90.0, 70.0), (0.0, 0.0, 0.0), (float("nan"), 1.0, 2.0)])
def test_a_limit_that_contradicts_itself_is_refused(value: float, low: float, high: float) -> None:
    record = a_record(shoulder_elevation_left=Limit(value, low, high, "deg", 3, "test"))
    with pytest.raises(PreviewRefused, match="anna: left arm raised"):
        preview(a_plan(known=record.calibration))


def test_a_preset_that_there_is_not_is_refused() -> None:
    with pytest.raises(ParameterError, match="there is no preset 'shove'"):
        previewed(a_record(), "shove", today=TODAY)


def test_a_preset_that_is_gone_is_nothing_to_compare_with() -> None:
    found = previewed(msgspec.structs.replace(a_record(), preset="gentle"), "push", today=TODAY)
    assert found.old is None
    assert found.warnings[0] == "there is no preset 'gentle' any more: nothing to compare with"


def test_a_game_that_cannot_be_done_in_a_posture_is_refused_and_left_out_of_all() -> None:
    with pytest.raises(PostureRefused, match="harbour_lean cannot be done lying"):
        previewed(a_record(), "push", chosen=["harbour_lean"], posture="lying", today=TODAY)
    found = previewed(a_record(), "push", posture="lying", today=TODAY).new
    able = [name for name in games.names() if "lying" in games.load(name).postures]
    assert [block.task for block in found.blocks if block.kind == "play"] == able


def test_a_therapist_is_told_of_what_has_expired_and_what_cannot_be_asked() -> None:
    late = msgspec.structs.replace(SORE, at_most=20.0, until="2026-02-01")
    warnings = " ".join(previewed(a_record(late), "push", today=date(2026, 6, 1)).warnings)
    assert "it holds until it is renewed" in warnings
    assert "limits are measured first (full)" in warnings
    assert "Dr Wood: rotator cuff repair allows 20°, less than" in warnings


def test_a_session_is_a_record_of_its_patient_as_it_left_them(tmp_path: Path) -> None:
    done = played(tmp_path, precautions=(SORE,))
    (tmp_path / "session.json").write_bytes(to_json(done))
    record = record_in(tmp_path)
    last = [trial.limit_after for trial in done.blocks[0].trials if trial.side == "right"][-1]
    assert record.calibration is not None
    assert last is not None
    assert record.calibration.limits["shoulder_elevation_right"].value == last.value
    assert record.precautions == (SORE,)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"patient": 1}', b'{"blocks": []}'])
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "record.json").write_bytes(content)
    with pytest.raises(RecordUnreadable, match=r"record\.json"):
        record_in(tmp_path / "record.json")


def test_the_command_answers_programs_and_draws(tmp_path: Path) -> None:
    (tmp_path / "anna.json").write_bytes(to_json(a_record()))
    words = ["push", "--patient", tmp_path / "anna.json", "--picture", tmp_path / "push.svg", "--json"]
    answer = json.loads(CliRunner().invoke(app, [str(word) for word in words]).stdout)
    assert answer["milliseconds"] > 0
    assert answer["new"]["title"] == "Push"
    assert ElementTree.parse(tmp_path / "push.svg").getroot().tag == f"{SVG}svg"


@pytest.mark.parametrize("width", [320, 846])
@pytest.mark.parametrize("precaution", [SORE, FRACTURE])
def test_nothing_in_a_picture_leaves_it(width: int, precaution: Precaution) -> None:
    drawn = ElementTree.fromstring(picture(previewed(a_record(precaution), "child-5-7", today=TODAY), width))
    for text in drawn.iter(f"{SVG}text"):
        x, words, anchor = float(text.get("x", "0")), text.text or "", text.get("text-anchor", "start")
        left = x - {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor] * 6.6 * len(words)
        assert left >= 0, words
        assert left + 6.6 * len(words) <= width, words


def test_a_picture_can_be_read_by_who_does_not_see_it() -> None:
    found = previewed(a_record(SORE), "child-5-7", today=TODAY)
    drawn = ElementTree.fromstring(picture(found))
    title, description = (drawn.findtext(f"{SVG}{name}") or "" for name in ("title", "desc"))
    assert title == "Child, 5 to 7 years instead of Adult standard, for anna"
    assert all(sentence in description for sentence in found.differences)


def test_words_of_a_record_stay_words_in_a_picture() -> None:
    wood = msgspec.structs.replace(FRACTURE, reason="<script>")
    drawn = picture(previewed(a_record(wood), "push", today=TODAY))
    assert "<script>" not in drawn
    assert "&lt;script&gt;" in drawn


def test_turns_of_the_head_that_nobody_measured_are_asked_only_where_they_are_chosen() -> None:
    all_of_them = previewed(a_record(), "push", today=TODAY)
    chosen = previewed(a_record(), "push", chosen=("owl_watch",), today=TODAY)
    assert "owl_watch" not in {block.task for block in all_of_them.new.blocks}
    assert "head turned left was not measured" in chosen.new.blocks[-1].barred
