"""A visit by prescription: what is laid over a record, what is refused, and the clinic's command."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from prescribed import ARM, KNEE, a_draft, a_home, a_version, folder_of, put_away
from server_fixtures import a_service
from typer.testing import CliRunner
from visits import ABOUT, calibration

from engine.commands import following, outgoing, patients, play, prescribing, visits
from engine.commands.following import MOST_MESSAGES, Prepared, laid_over, prepared, today_of
from engine.parameters import ParameterError
from engine.patient import PatientRecord
from engine.plan import END, PLAN_ENDED, START, WELCOME, Interlude, programme
from engine.precautions import bounds_of
from engine.prescription import ForADay, Message, Practice, check, content_of
from engine.programme import Goal, HandsOn
from engine.records import BlockRecord, KnobState, Precaution, Prescribed, RecordUnreadable, Session, TrialRecord, read
from engine.scene import Line
from engine.words import load as load_words
from server_sync.client.prescriptions import Kept, Shelf
from server_sync.wire import sha256

MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)
OWN = Precaution("lean_forward", 6.0, "deg", "dizzy when bending", "her daughter")
ADA = PatientRecord(
    patient="ada", calibration=calibration(), precautions=(OWN,), furthest={"lean_forward": 3.0}, sessions=2,
    last_at="2026-03-01T09:00:00+00:00", preset="push", plan={"adaptation": {"speed": "fast"}},
    knobs={"fruit_ladder": KnobState(levels={"hold": 1})},
)  # fmt: skip


def laid(own: PatientRecord = ADA, today: date = MONDAY, later: bool = False, **changes: Any) -> Prepared:
    return laid_over(own, Kept(a_version(**changes), "0" * 64, (), later), today)


def held(ready: Prepared) -> Any:
    return visits.resolved(ready.record.preset, (), ready.record)


# What is laid over a record


def test_preset_and_plan_are_the_clinics_and_both_precautions_hold() -> None:
    record = laid().record
    assert (record.preset, record.plan) == ("balance", a_draft().plan)
    assert record.precautions == (OWN, KNEE)
    assert bounds_of(record.precautions, {}, "standing")["lean_forward"].value == 4.0


def test_a_later_prescription_replaces_what_the_clinic_gave_and_never_what_was_said_here() -> None:
    record = laid(laid().record, version=2, precautions=(ARM,)).record
    assert (record.precautions, record.given) == ((OWN, ARM), (ARM,))


def test_a_precaution_of_the_clinic_that_somebody_loosened_here_holds_as_it_was() -> None:
    record = laid().record
    loosened = replace(record, precautions=(OWN, replace(KNEE, at_most=20.0)))
    assert bounds_of(laid(loosened).record.precautions, {}, "standing")["lean_forward"].value == 4.0


def test_a_version_that_cannot_be_read_takes_no_precaution_with_it() -> None:
    before = laid(version=2, precautions=(ARM,)).record
    ready = laid(before, later=True)
    assert set(ready.record.precautions) == {OWN, KNEE, ARM}
    assert ready.used == Prescribed("ada", 1, "0" * 64, "", "older")
    assert "version 1 of the prescription may not be the last" in ready.notes[0]


def test_a_tighter_ceiling_of_a_clinic_that_was_set_back_holds(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    tighter = a_version(4, plan={"limits": {"lean_back": {"ceiling": 1.0}, "lean_left": {"ceiling": 9.0}}})
    put_away(home, a_version(5), tighter)
    Shelf(home).take_note({"ada": (4, sha256(content_of(tighter)))}, ("ada",))
    ready = prepared(ADA, True, tmp_path, MONDAY)
    assert ready.used
    assert (ready.used.version, ready.used.state) == (5, "older")
    assert bounds_of(ready.record.precautions, {}, "standing")["lean_back"].value == 1.0


def test_precautions_do_not_grow_from_visit_to_visit() -> None:
    record = laid(later=True).record
    assert laid(record, later=True).record.precautions == record.precautions == (OWN, KNEE)


def test_what_is_for_one_day_is_played_by_on_that_day_and_ends_by_itself() -> None:
    once = ForADay(day=MONDAY.isoformat(), preset="push", plan={"limits": {"lean_back": {"ceiling": 1.0}}})
    for day, preset, most in ((MONDAY, "push", 1.0), (TUESDAY, "balance", 2.0)):
        record = laid(today=day, for_a_day=once).record
        assert record.preset == preset
        assert record.plan["limits"]["lean_back"]["ceiling"] == most


def test_a_session_knows_the_version_and_its_hash() -> None:
    ready = laid(valid_until="2026-03-02")
    assert ready.used == Prescribed("ada", 1, "0" * 64, "2026-03-02", "current")


# Its end


def test_after_its_last_day_every_bound_holds_and_nothing_gets_harder() -> None:
    fresh, ready = laid(), laid(today=TUESDAY, valid_until="2026-03-02")
    assert ready.used
    assert ready.used.state == "expired"
    assert ready.record.precautions == fresh.record.precautions
    assert held(ready).ceilings == held(fresh).ceilings
    steps = visits.steps_for(["harbour_lean"], held(ready), record=ready.record, measuring="nothing")
    plan = visits.plan("ada", steps, held(ready), record=ready.record, today=TUESDAY)
    assert plan.rises == {"lean_forward": 3.0}


@pytest.mark.parametrize(("levels", "state"), [({"hold": 1}, "expired"), ({"hold": -1}, "expired"), ({}, "older")])
def test_no_knob_is_turned_up_under_a_prescription_that_does_not_hold(levels: dict[str, int], state: str) -> None:
    own = replace(ADA, knobs={"fruit_ladder": KnobState(levels=levels, blocks_in_band=4, outcomes=(True,) * 20)})
    ready = laid(own, TUESDAY, state == "older", valid_until="2026-03-02")
    holds = held(ready)
    steps = visits.steps_for(["fruit_ladder"], holds, record=ready.record, measuring="nothing", today=TUESDAY)
    plan = visits.plan("ada", steps, holds, record=ready.record, today=TUESDAY)
    block = BlockRecord("fruit_ladder", "Fruit Ladder", 1, "play", 0.0, 60.0, trials=(a_hit(),) * 20)
    done = a_visit(block)
    after = patients.after(ready.record, holds, plan, done).knobs["fruit_ladder"]
    assert after.levels == levels


def a_hit() -> TrialRecord:
    return TrialRecord(1, "left", 1.0, 2.0, "reached")


def a_visit(*blocks: BlockRecord, ended_by: str = "finished") -> Session:
    day = "2026-03-03T10:00:00+00:00"
    return Session("s", "ada", day, 60.0, "simulated", "", "test", 0, "balance", ended_by, None, blocks=blocks)


def test_a_clock_that_was_set_back_makes_no_prescription_last_longer() -> None:
    ready = laid(replace(ADA, last_at="2026-03-20T09:00:00+00:00"), MONDAY, valid_until="2026-03-10")
    assert ready.used
    assert ready.used.state == "expired"


def test_a_visit_in_2099_by_a_wrong_clock_ends_no_prescription() -> None:
    ready = laid(replace(ADA, last_at="2099-01-01T09:00:00+00:00"), MONDAY, valid_until="2026-03-10")
    assert ready.used
    assert ready.used.state == "current"


def test_a_clock_that_began_anew_does_not_make_an_ended_prescription_hold(tmp_path: Path) -> None:
    ended = a_version(valid_until="2026-03-10")
    put_away(a_home(tmp_path, enrolled_at="2026-03-20T09:00:00+00:00"), ended)
    ready = prepared(PatientRecord(patient="ada"), False, tmp_path, date(1970, 1, 1))
    assert ready.used
    assert ready.used.state == "expired"


def test_the_end_of_a_plan_is_told_to_the_patient_and_in_the_events(tmp_path: Path) -> None:
    ready = laid(today=TUESDAY, valid_until="2026-03-02")
    assert following.with_news((START, END), ready, TUESDAY) == (START, PLAN_ENDED, END)
    plan = visits.plan("ada", (WELCOME, END), held(ready), record=ready.record, today=TUESDAY, prescribed=ready.used)
    started, _ = play.open_headset("simulated", 0, (), play.Settings(), play.AtDesk(1.7, False, "")), None
    done, folder = visits.play(plan, started.headset, tmp_path, ABOUT)
    assert [event.detail for event in done.events if event.name == "prescription"] == list(ready.notes)
    assert done.prescribed == ready.used
    assert visits.play_again(folder, tmp_path / "again")[0]


# A computer may tighten, never loosen


@pytest.mark.parametrize(
    "said",
    ["limits.lean_forward.ceiling=9", "adaptation.speed=fast", "limits.lean_forward.floor=3", "fruit_ladder.hold_s=5"],
)
def test_what_asks_for_more_than_is_prescribed_is_refused(said: str) -> None:
    ready = laid()
    with pytest.raises(ParameterError, match="is prescribed for ada"):
        following.refuse_looser(ready, "", visits.resolved("balance", [said], ready.record))


@pytest.mark.parametrize("said", ["limits.lean_forward.ceiling=2", "fruit_ladder.targets=4", "fruit_ladder.hold_s=0.2"])
def test_what_asks_for_less_is_taken(said: str) -> None:
    ready = laid()
    holds = visits.resolved("balance", [said], ready.record)
    following.refuse_looser(ready, "balance", holds)
    assert "the therapist now" in holds.sources.values()


def test_another_preset_than_the_prescribed_one_is_refused() -> None:
    ready = laid()
    with pytest.raises(ParameterError, match="the preset of ada is prescribed, balance"):
        following.refuse_looser(ready, "push", visits.resolved("push", (), ready.record))


# Missing and damaged


def test_without_a_clinic_a_record_is_as_it_was(tmp_path: Path) -> None:
    assert prepared(ADA, True, tmp_path, MONDAY) == Prepared(ADA)


def test_who_has_no_prescription_on_a_clinics_computer_does_not_play(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    ready = prepared(PatientRecord(patient="bo"), False, tmp_path, MONDAY)
    assert "steadyreach sync" in ready.calm_only
    assert ready.used
    assert ready.used.state == "missing"
    assert Shelf(home).expected() == ["bo"]  # the next sync asks for it


def test_somebody_who_is_known_here_and_not_the_clinics_plays_as_before(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    Shelf(home).take_note({"bo": (1, "0" * 64)}, ("bo",))
    assert prepared(ADA, True, tmp_path, MONDAY) == Prepared(ADA)
    Shelf(home).take_note({"ada": (1, "0" * 64)}, ("ada",))
    assert prepared(ADA, True, tmp_path, MONDAY).calm_only


def test_a_damaged_prescription_that_was_the_only_one_lets_nobody_play(tmp_path: Path) -> None:
    put_away(home := a_home(tmp_path), a_version())
    (path,) = folder_of(home).glob("0*")
    path.write_bytes(path.read_bytes()[:-8])
    assert prepared(ADA, True, tmp_path, MONDAY).calm_only


def test_a_prescription_that_says_what_cannot_be_played_here_lets_nobody_play(tmp_path: Path) -> None:
    too_many = {"games": {"fruit_ladder": {"targets": 9999}}}
    put_away(a_home(tmp_path), a_version(plan=too_many))
    assert "update this computer's software" in prepared(ADA, True, tmp_path, MONDAY).calm_only


# The programme and the messages


@pytest.mark.parametrize(("day", "games"), [(MONDAY, ("fruit_ladder",)), (TUESDAY, ())])
def test_the_day_says_what_is_played(day: date, games: tuple[str, ...]) -> None:
    assert today_of(laid(today=day), day).games == games


def test_what_is_done_often_enough_is_done_until_its_next_day() -> None:
    ready = laid(replace(ADA, last_at="2026-03-02T08:00:00+00:00", times_on_day=1))
    assert today_of(ready, MONDAY).games == ()
    assert following.free(ready, MONDAY) == "today's practice of ada is done; next on 5 March: fruit_ladder"
    assert following.free(ready, TUESDAY).startswith("today is free; next on 5 March")


def test_twice_a_day_is_played_twice_and_games_that_there_are_not_are_left_out() -> None:
    programme = (Practice(games=("chess", "fruit_ladder"), times_a_day=2, minutes=8), Practice(games=("harbour_lean",)))
    ready = laid(replace(ADA, last_at="2026-03-02T08:00:00+00:00", times_on_day=1), programme=programme)
    assert today_of(ready, MONDAY) == (("fruit_ladder",), 8.0)
    assert "'chess'" in ready.notes[0]


def test_a_practice_of_no_game_that_is_here_is_not_done_but_a_matter_for_the_clinic() -> None:
    ready = laid(programme=(Practice(games=("habour_lean",)),))
    assert today_of(ready, MONDAY).games == ()
    said = "today's practice of ada cannot be played: habour_lean is not here; ask the clinic"
    assert following.free(ready, MONDAY) == said


def test_a_visit_in_which_no_game_was_played_does_not_count_for_its_day() -> None:
    holds = held(laid())
    nothing = BlockRecord("harbour_lean", "Harbour Lean", 1, "play", 400.0, 400.0, notes=("the time was up",))
    before = replace(ADA, last_at="2026-03-03T08:00:00+00:00", times_on_day=1)
    assert patients.after(before, holds, visits.plan("ada", (), holds), a_visit(nothing)).times_on_day == 1


def test_only_a_visit_that_was_finished_counts_for_its_day() -> None:
    holds = held(laid())
    plan = visits.plan("ada", (), holds)
    before = replace(ADA, last_at="2026-03-03T08:00:00+00:00", times_on_day=1)
    ends = [patients.after(before, holds, plan, a_visit(ended_by=by)).times_on_day for by in ("finished", "Ctrl-C")]
    assert ends == [2, 1]


def test_what_was_done_yesterday_is_not_today_also_after_a_visit_that_was_found_unfinished() -> None:
    holds = held(laid())
    before = replace(ADA, last_at="2026-03-02T08:00:00+00:00", times_on_day=1)
    found = a_visit(ended_by="the computer stopped in the middle")
    assert patients.after(before, holds, visits.plan("ada", (), holds), found).times_on_day == 0


def test_new_messages_are_shown_as_they_are_and_counted_read_once_shown() -> None:
    texts = ["start.look_text", "Press {confirm} {0}", "third", "fourth"]
    ready = laid(messages=tuple(Message(text=text, id=str(n)) for n, text in enumerate(texts)))._replace(clinic="c")
    shown = following.with_news((START, END), ready, MONDAY)[1:-1]
    lines = [load_words().say(line.words, line.values) for step in shown for line in step.panel.text]  # type: ignore[union-attr]
    assert [line.rstrip() for line in lines] == texts[:MOST_MESSAGES]
    block = BlockRecord("message", "", 1, "message", 1.0, 2.0, {"seconds": 45.0, "said": texts[1], "id": "1"})
    assert following.noted(ready.record, ready, a_visit(block)).read == ("c/1",)


def test_what_comes_today_names_work_of_hands_at_home_and_goals_that_have_room() -> None:
    work = (
        HandsOn(technique="scar massage", days=("mon",)),
        HandsOn(technique="joint glides", place="clinic"),
        HandsOn(technique="stretch the calf, slowly, until it pulls a little, and hold"),
    )
    goals = (Goal(words="Stand at the sink."), Goal(words="Walk to the bakery and back."))
    ready = laid(hands_on=work, goals=goals, goal="")

    def beside(day: date) -> str:
        (shown,) = following.with_news((programme(["fruit_ladder"]),), ready, day)
        assert isinstance(shown, Interlude)
        assert [line.values for line in shown.panel.text][1:] == ([(f"{shown.said} ",)] if shown.said else [])
        return shown.said

    assert beside(MONDAY) == "scar massage · “Stand at the sink.”"
    assert beside(TUESDAY) == "stretch the calf, slowly, until it pulls a little, and hold"


def test_what_comes_today_tells_what_is_new_to_who_has_played_before() -> None:
    today = programme(["fruit_ladder", "kite_painter"])

    def told(*played: str) -> list[str]:
        ready = laid()
        ready = ready._replace(record=replace(ready.record, knobs=dict.fromkeys(played, KnobState())))
        (shown,) = following.with_news((today,), ready, TUESDAY)
        assert isinstance(shown, Interlude)
        return [line.words for line in shown.panel.text if isinstance(line, Line) and line.words.startswith("lobby")]

    assert told() == ["lobby.first", "lobby.last"]
    assert told("fruit_ladder") == ["lobby.first", "lobby.new"]


def test_a_message_of_another_clinic_is_new_though_it_is_called_as_one_that_was_read(tmp_path: Path) -> None:
    shown, record = [], ADA
    for clinic, text in (("a" * 16, "Hello."), ("b" * 16, "Welcome."), ("a" * 16, "Hello.")):
        put_away(a_home(tmp_path, clinic), a_version(messages=(Message(text=text, id="1-0"),)))
        ready = prepared(record, True, tmp_path, MONDAY)
        shown += [step.said for step in following.with_news((START, END), ready, MONDAY)[1:-1]]  # type: ignore[union-attr]
        block = BlockRecord("message", "", 1, "message", 1.0, 2.0, {"seconds": 45.0, "said": text, "id": "1-0"})
        record = following.noted(ready.record, ready, a_visit(block))
    assert shown == ["Hello.", "Welcome."]


# The command line

PLAYED = ["--headset", "simulated", "--json", "--measure", "nothing", "--brief"]


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No delivery begins behind the visits of a test: there is no clinic that would answer."""
    monkeypatch.setattr(outgoing, "send", lambda _: None)


def run(app: Any, *arguments: object) -> Any:
    return CliRunner().invoke(app, [str(each) for each in arguments])


def test_a_clinic_prescribes_reads_it_back_and_is_told_what_it_did_not_see(tmp_path: Path) -> None:
    draft = tmp_path / "ada.toml"
    draft.write_text('preset = "balance"\ngoal = "to walk"\n[[precautions]]\nmovement = "lean_back"\nat_most = 2\n'
                     'unit = "deg"\nreason = "a new hip"\nby = "Dr Okafor"\n')  # fmt: skip
    with a_service(tmp_path):
        pass
    first = run(prescribing.app, "ada", draft, "--folder", tmp_path, "--by", "Maja", "--json")
    shown = run(prescribing.app, "ada", "--folder", tmp_path, "--json")
    assert json.loads(first.stdout) == json.loads(shown.stdout)
    draft.write_text('preset = "push"\n')
    again = run(prescribing.app, "ada", draft, "--folder", tmp_path, "--by", "Maja")
    assert again.exit_code == 1
    assert "preset: was nothing, is now balance, you wrote push" in again.stderr
    seen = json.loads(shown.stdout)["sha256"]
    assert run(prescribing.app, "ada", draft, "--folder", tmp_path, "--if-match", seen, "--by", "Maja").exit_code == 0


def test_the_prescription_in_the_manual_is_one_that_can_be_written(tmp_path: Path) -> None:
    manual = (Path(__file__).parents[1] / "docs" / "prescriptions.md").read_text(encoding="utf-8")
    draft = tmp_path / "ada.toml"
    draft.write_text(manual.split("```toml\n")[1].split("```")[0], encoding="utf-8")
    check(prescribing.draft_in(draft, "ada"), visits.tasks())


def test_a_file_that_is_no_prescription_is_refused_with_its_place(tmp_path: Path) -> None:
    draft = tmp_path / "ada.json"
    draft.write_text('{"precautions": [{"movement": "lean_back"}]}')
    with pytest.raises(RecordUnreadable, match=r"ada\.json"):
        prescribing.draft_in(draft, "ada")


@pytest.mark.usefixtures("alone")
def test_what_is_prescribed_for_today_is_played_and_kept_with_the_session(tmp_path: Path) -> None:
    every_day = (Practice(games=("fruit_ladder",), minutes=10),)
    few = {"games": {"fruit_ladder": {"targets": 1}}, "limits": {"lean_back": {"ceiling": 2.0}}}
    put_away(a_home(tmp_path), a_version(programme=every_day, plan=few))
    records = tmp_path / "patients"
    patients.save(replace(ADA, last_at="2026-03-01T09:00:00+00:00"), records)
    where = ["--patient", "ada", "--folder", tmp_path, "--records", records]
    played = run(play.app, "play", *where, *PLAYED)
    answer = json.loads(played.stdout)
    assert (answer["prescription"]["version"], answer["prescription"]["state"]) == (1, "current")
    done = read(Path(answer["record"]), Session)
    assert (done.preset, done.play_s, done.precautions) == ("balance", 600.0, (OWN, KNEE))
    assert {block.task for block in done.blocks if block.kind == "play"} == {"fruit_ladder"}
    again = json.loads(run(play.app, "play", *where, *PLAYED).stdout)
    assert (again["games"], "is done" in again["says"]) == ([], True)


@pytest.mark.usefixtures("alone")
def test_without_its_prescription_a_clinics_computer_breathes_and_no_more(tmp_path: Path) -> None:
    a_home(tmp_path)
    where = ["--patient", "ada", "--folder", tmp_path, "--records", tmp_path / "patients"]
    refused = run(play.app, "play", "fruit_ladder", *where, *PLAYED)
    assert (refused.exit_code, "connect this computer" in refused.stderr) == (1, True)
    breathed = json.loads(run(play.app, "play", "calm_tide", *where, *PLAYED[:3]).stdout)
    done = read(Path(breathed["record"]), Session)
    assert [block.parameters["stretch"] for block in done.blocks if block.task == "calm_tide"] == ["breathing only"]
    assert done.prescribed
    assert msgspec.to_builtins(done.prescribed)["state"] == "missing"
