"""The visit that a patient lives through: start, questions, choice, menu, calm end, summary; recorded and replayed."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from living import MID_GAME, RATE_HZ, Person, kinds, lived, plan_for, pressing
from people import a_body
from visits import calibration

from engine import talking
from engine.answers import HARMS
from engine.body import Body
from engine.commands import visits
from engine.frame import SIDES, UPRIGHT, Button, Frame, from_yaw_pitch
from engine.patient import PatientRecord
from engine.plan import END, START, SUMMARY, Fork, Interlude, Pick, Step, message, programme
from engine.profile import ADULT, CHILD, SMALL_CHILD, AgeRefused, Profile, profile_of
from engine.questions import Question, before
from engine.records import Precaution, Session, Stance
from engine.scene import Gaze, Item, Option, Panel, Prop, Reach, Target


def test_an_adult_is_asked_before_and_after_and_ends_calmly() -> None:
    expected = ["start", "support", "dizziness", "pain", "programme", "warm up", "play", "rest", "play", "calm",
                "fatigue", "dizziness", "pain", "summary", "end"]  # fmt: skip
    assert kinds(plan_for("fruit_ladder", "harbour_lean")) == expected


@pytest.mark.parametrize(
    ("name", "asks"),
    [("flamingo_garden", True), ("night_lighthouse", True), ("compass_home", True), ("owl_watch", False)],
)
def test_something_firm_is_asked_for_where_balance_is_played_with_or_it_gets_dark(name: str, asks: bool) -> None:
    assert ("support" in kinds(plan_for(name))) == asks


def test_a_child_has_an_adult_near_chooses_stands_again_and_keeps_a_sticker() -> None:
    plan = plan_for("fruit_ladder", "harbour_lean", profile=CHILD)
    found = kinds(plan)
    assert found[1] == "adult"
    assert "fork" in found
    assert found[-4:] == ["recheck", "summary", "sticker", "end"]
    assert {step.scale for step in plan.steps if isinstance(step, Question) and len(step.replies) > 2} == {"faces"}


@pytest.mark.parametrize("profile", [ADULT, CHILD, SMALL_CHILD], ids=lambda profile: profile.title)
def test_a_whole_visit_can_be_lived_and_plays_again_byte_for_byte(profile: Profile, tmp_path: Path) -> None:
    done, folder = lived(plan_for("fruit_ladder", "harbour_lean", profile=profile), Person(), tmp_path)
    assert done.ended_by == "finished", done.events
    assert [answer.kind for answer in done.told] == ["dizziness", "pain", "fatigue", "dizziness", "pain"]
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_somebody_who_is_known_has_something_to_do_within_a_minute_and_a_target_without_a_check(tmp_path: Path) -> None:
    checked, unchecked = Person(), Person()
    lived(plan_for("fruit_ladder", measuring=visits.CHECK), checked, tmp_path / "checked")
    lived(plan_for("fruit_ladder"), unchecked, tmp_path / "unchecked")
    assert checked.first_s(Reach) < 60
    assert unchecked.first_s(Target) < 60


def test_questions_take_less_than_twenty_seconds(tmp_path: Path) -> None:
    done, _ = lived(plan_for("fruit_ladder"), Person(), tmp_path)
    asked = [block for block in done.blocks if block.kind == "question"]
    half = len(asked) // 2
    assert sum(block.end_s - block.start_s for block in asked[:half]) < 20
    assert sum(block.end_s - block.start_s for block in asked[half:]) < 20


def test_what_a_child_chooses_comes_first_and_the_other_after_it(tmp_path: Path) -> None:
    plan = plan_for("fruit_ladder", "harbour_lean", profile=CHILD)
    done, folder = lived(plan, Person("game harbour_lean"), tmp_path)
    assert [block.task for block in done.blocks if block.kind == "play"] == ["harbour_lean", "fruit_ladder"]
    assert visits.play_again(folder, tmp_path / "again")[0]


def harmed(done: Session) -> list[str]:
    return [block.task for block in done.blocks if block.kind == "play" or block.task in HARMS]


CUP = ["expected_harm", "low_shelf_cafe", "felt_harm"]


@pytest.mark.parametrize(
    ("first", "order"),
    [("low_shelf_cafe", [*CUP, "fruit_ladder"]), ("fruit_ladder", ["fruit_ladder", *CUP])],
)
def test_what_a_game_asks_around_it_is_asked_where_a_child_plays_it(
    first: str, order: list[str], tmp_path: Path
) -> None:
    plan = plan_for("fruit_ladder", "low_shelf_cafe", profile=CHILD)
    done, folder = lived(plan, Person(f"game {first}"), tmp_path / "whole")
    assert harmed(done) == order
    assert visits.play_again(folder, tmp_path / "again")[0]
    asked = next(block for block in done.blocks if block.task == "expected_harm")
    stop = pressing(Button.STOP, round(RATE_HZ * (asked.start_s + asked.end_s) / 2))
    ended, folder = lived(plan, Person(f"game {first}", change=stop), tmp_path / "stopped")
    assert harmed(ended)[-1] == "expected_harm"
    assert visits.play_again(folder, tmp_path / "stopped again")[0]


def test_what_is_felt_of_one_game_leaves_the_next_with_its_ends(tmp_path: Path) -> None:
    person = Person(change=lambda index, frame: frame._replace(buttons=int(hurts_at(person, index))))

    def hurts_at(who: Person, index: int) -> Button:
        fruit = any(isinstance(item, Target) for scene in who.scenes[-1:] for item in scene.items)
        return Button.PAIN if fruit and index % 20 < 3 else Button(0)

    done, folder = lived(plan_for("low_shelf_cafe", "fruit_ladder"), person, tmp_path / "lived")
    assert harmed(done)[:3] == CUP
    assert done.ended_by == "the person said that it hurts"
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_what_a_clinic_wrote_beside_the_games_is_kept_and_plays_again(tmp_path: Path) -> None:
    plan = plan_for("fruit_ladder")
    shown = programme(("fruit_ladder",), "scar massage", ("fruit_ladder",))
    steps = [shown if isinstance(each, Interlude) and each.kind == "programme" else each for each in plan.steps]
    done, folder = lived(replace(plan, steps=tuple(steps)), Person(), tmp_path)
    (block,) = (block for block in done.blocks if block.task == "programme")
    told = [block.parameters[name] for name in ("games", "said", "new")]
    assert told == ["fruit_ladder", "scar massage", "fruit_ladder"]
    assert visits.play_again(folder, tmp_path / "again")[0]


@pytest.mark.parametrize(("pick", "answer"), [("answer 1", "Still tired"), ("go on", "")])
def test_a_message_is_answered_once_it_was_read_and_plays_again(pick: str, answer: str, tmp_path: Path) -> None:
    plan = plan_for("fruit_ladder")
    asked = message("How was Friday?", "3-1", ("All fine", "Still tired"))
    done, folder = lived(replace(plan, steps=(START, asked, *plan.steps[1:])), Person(pick), tmp_path)
    block = done.blocks[1]
    told = {"said": "How was Friday?", "id": "3-1", "answers": "All fine\nStill tired", "seconds": 45.0}
    assert (block.task, block.parameters) == ("message", told | ({"answer": answer} if answer else {}))
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_who_stops_while_an_answer_is_asked_for_ends_and_has_read_the_message(tmp_path: Path) -> None:
    plan = plan_for("fruit_ladder")
    asked = message("How was Friday?", "3-1", ("All fine",))
    whole, _ = lived(replace(plan, steps=(START, asked, *plan.steps[1:])), Person(), tmp_path / "whole")
    late = round(RATE_HZ * whole.blocks[1].end_s) - 10
    steps = (START, asked, *plan.steps[1:])
    done, folder = lived(replace(plan, steps=steps), Person(change=pressing(Button.STOP, late)), tmp_path / "stopped")
    assert (done.ended_by, done.blocks[-1].parameters.get("answer")) == ("the person pressed stop", None)
    assert done.blocks[-1].parameters["id"] == "3-1"
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_without_an_adult_nothing_is_played(tmp_path: Path) -> None:
    done, folder = lived(plan_for("fruit_ladder", profile=CHILD), Person("adult 1"), tmp_path)
    assert done.ended_by == "no adult was in the room"
    assert not any(block.trials for block in done.blocks)
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_pain_that_is_too_much_ends_the_visit_before_it_begins(tmp_path: Path) -> None:
    done, _ = lived(plan_for("fruit_ladder"), Person("pain 4"), tmp_path)
    assert done.ended_by == "the person said that it hurts"
    assert not any(block.trials for block in done.blocks)


def test_some_pain_makes_it_easier(tmp_path: Path) -> None:
    def furthest(*picks: str) -> float:
        done, _ = lived(plan_for("fruit_ladder"), Person(*picks), tmp_path / "-".join(("to", *picks)))
        return max(t.request.amplitude for b in done.blocks if b.kind == "play" for t in b.trials if t.request)

    assert furthest("pain 2") < furthest()


@pytest.mark.parametrize(
    ("pick", "ended_by"),
    [
        ("go on", "finished"),
        ("rest", "finished"),
        ("fatigue", "finished"),
        ("recentre", "finished"),
        ("stop", "the person chose to stop"),
    ],
)
def test_the_menu_opens_at_any_time_and_does_what_it_says(pick: str, ended_by: str, tmp_path: Path) -> None:
    person = Person(pick, change=pressing(Button.MENU, MID_GAME))
    done, folder = lived(plan_for("fruit_ladder"), person, tmp_path)
    assert done.ended_by == ended_by
    assert [event.detail for event in done.events if event.name == "menu"] == [pick]
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_who_says_in_the_menu_that_it_hurts_is_asked_how_much(tmp_path: Path) -> None:
    person = Person("pain", change=pressing(Button.MENU, MID_GAME))
    done, _ = lived(plan_for("fruit_ladder"), person, tmp_path)
    assert any(event.name == "told" and event.detail == "pain 0" for event in done.events)


def test_a_look_at_its_spot_opens_the_menu_without_a_button(tmp_path: Path) -> None:
    def looks_down_left(index: int, frame: Frame) -> Frame:
        head = frame.head._replace(orientation=from_yaw_pitch(-0.42, -0.42))
        return frame._replace(head=head) if MID_GAME <= index < MID_GAME + 3 * RATE_HZ else frame

    done, _ = lived(plan_for("fruit_ladder"), Person(change=looks_down_left), tmp_path)
    assert [event.name for event in done.events if event.name == "menu"] == ["menu"]


def test_the_front_comes_to_somebody_who_puts_the_headset_on_facing_elsewhere(tmp_path: Path) -> None:
    def turned(_: int, frame: Frame) -> Frame:
        x, y, z = frame.head.position_m
        return frame._replace(head=frame.head._replace(position_m=(x, y, z), orientation=from_yaw_pitch(1.2, 0.0)))

    helper_then_turned = Person(change=lambda i, frame: turned(i, frame) if i >= 20 else frame)
    plan = replace(plan_for("fruit_ladder"), steps=(START, END))
    done, _ = lived(plan, helper_then_turned, tmp_path)
    assert done.calibration
    assert done.calibration.stance.facing_deg == pytest.approx(68.75, abs=1)


def test_the_summary_praises_what_was_done_and_is_true(tmp_path: Path) -> None:
    person = Person()
    done, _ = lived(plan_for("fruit_ladder"), person, tmp_path)
    panel = next(i for scene in person.scenes for i in scene.items if isinstance(i, Panel) and i.key == "summary")
    reached = sum(t.outcome == "reached" for b in done.blocks if b.kind in ("warm up", "play") for t in b.trials)
    assert ("summary.reached", (str(reached),)) in panel.text


def test_after_its_time_is_up_no_further_trial_of_play_begins(tmp_path: Path) -> None:
    plan = replace(plan_for("fruit_ladder", "harbour_lean"), most_s=20.0)
    done, _ = lived(plan, Person(), tmp_path)
    late = [t for b in done.blocks if b.kind in ("play", "warm up") for t in b.trials if t.start_s > 20.0]
    assert done.ended_by == "finished"
    assert not late


def test_what_is_measured_first_takes_nothing_of_the_minutes_of_play(tmp_path: Path) -> None:
    holds = visits.resolved("standard", ["standing.quiet_s=10"])
    steps = visits.steps_for(["fruit_ladder"], holds, measuring=visits.USUAL)
    plan = visits.plan("anna", visits.around(steps, holds, ADULT), holds, 1, play_minutes=1)
    done, folder = lived(plan, Person(), tmp_path)
    first = next(block for block in done.blocks if block.kind in ("warm up", "play"))
    begun_s = [trial.start_s for block in done.blocks if block.kind == "play" for trial in block.trials]
    assert done.play_s == 60.0 < first.start_s
    assert begun_s
    assert max(begun_s) <= first.start_s + 60.0
    assert done.blocks[-1].start_s > first.start_s + 60.0
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_a_visit_whose_time_is_up_ends_with_one_part_of_the_calm_game(tmp_path: Path) -> None:
    holds = visits.resolved("standard", ["calm_tide.targets=3", "calm_tide.breaths=1"])
    steps = visits.steps_for(["fruit_ladder", "calm_tide"], holds, measuring=visits.NOTHING)
    whole = visits.plan("anna", visits.around(steps, holds, ADULT), holds, 1, calibration())
    done, folder = lived(replace(whole, most_s=20.0), Person(), tmp_path)
    tides = [(block.kind, len(block.trials)) for block in done.blocks if block.task == visits.CALM]
    assert tides == [("play", 0), ("calm", 1)]
    assert not any(block.kind == "rest" for block in done.blocks)
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_who_played_the_calm_game_last_does_not_play_it_again(tmp_path: Path) -> None:
    done, folder = lived(plan_for("fruit_ladder", visits.CALM), Person(), tmp_path)
    assert [block.kind for block in done.blocks if block.task == visits.CALM] == ["play"]
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_no_game_is_offered_after_the_time_is_up(tmp_path: Path) -> None:
    plan = replace(plan_for("fruit_ladder", "harbour_lean", profile=CHILD), most_s=20.0)
    done, folder = lived(plan, Person(), tmp_path)
    assert not any(block.kind == "choice" for block in done.blocks)
    assert {block.notes for block in done.blocks if block.kind == "play"} == {("the time for today was up",)}
    assert visits.play_again(folder, tmp_path / "again")[0]


@pytest.mark.parametrize("profile", [ADULT, CHILD], ids=lambda profile: profile.title)
def test_the_warm_up_is_of_the_first_game_that_moves(profile: Profile) -> None:
    steps = plan_for(visits.CALM, "fruit_ladder", profile=profile).steps
    assert [step.name for step in steps if isinstance(step, Step) and step.kind == "warm up"] == ["fruit_ladder"]
    alone = plan_for(visits.CALM, profile=profile).steps
    assert not [step for step in alone if isinstance(step, Step) and step.kind == "warm up"]


def test_the_calm_game_is_breathing_alone_for_who_may_use_no_arm() -> None:
    lost = tuple(Precaution(f"use_of_arm_{side}", 0.0, "", "surgery", "Dr Wood") for side in SIDES)
    record = PatientRecord(patient="anna", precautions=lost)
    steps = visits.steps_for([visits.CALM], visits.resolved(), record=record, measuring=visits.NOTHING)
    (calm,) = (step for step in steps if isinstance(step, Step))
    assert calm.task.p.stretch == "breathing only"


@pytest.mark.parametrize(("sway_m", "words"), [(0.0, ("recheck.good",)), (0.03, ("recheck.wait", "recheck.adult"))])
def test_who_stands_less_steadily_after_play_stays_and_an_adult_is_told(
    sway_m: float, words: tuple[str, ...], tmp_path: Path
) -> None:
    def swaying(index: int, frame: Frame) -> Frame:
        played = any(isinstance(item, Target) for scene in person.scenes[::45] for item in scene.items)
        stands = bool(person.scenes) and any(item.key == "stand here" for item in person.scenes[-1].items)
        x, y, z = frame.head.position_m
        moved = frame.head._replace(position_m=(x + sway_m * math.sin(index / 7), y, z))
        return frame._replace(head=moved) if stands and played else frame

    person = Person(change=swaying)
    whole = plan_for("fruit_ladder", profile=CHILD, measuring=visits.USUAL)
    standing = next(step for step in whole.steps if isinstance(step, Step) and step.name == "standing")
    rest = [step for step in whole.steps if not isinstance(step, Step) or step.kind in ("play", "recheck")]
    lived(replace(whole, steps=(rest[0], standing, *rest[1:])), person, tmp_path)
    panels = {item.text for scene in person.scenes for item in scene.items if item.key == "recheck"}
    assert panels == {words}


@pytest.mark.parametrize(
    ("age", "expected"),
    [(None, "adult"), (40, "adult"), (18, "adult"), (13, "13 to 17 years"), (12, "8 to 12 years"), (4, "4 to 7 years")],
)
def test_an_age_leads_the_visit(age: int | None, expected: str) -> None:
    assert profile_of(age).title == expected


def test_the_smallest_are_not_given_a_headset() -> None:
    with pytest.raises(AgeRefused, match="from 4 years on"):
        profile_of(3)


def test_younger_children_play_for_a_shorter_time() -> None:
    minutes = [profile_of(age).most_minutes for age in (5, 9, 14, 30)]
    assert minutes == sorted(minutes)
    assert minutes[0] <= 10


def test_every_choice_of_a_visit_has_an_end() -> None:
    plan = plan_for("fruit_ladder", "harbour_lean", profile=CHILD)
    waits = [step.seconds for step in plan.steps if isinstance(step, Question | Fork | Pick | Interlude)]
    assert all(seconds <= 120 for seconds in waits)
    assert not any(isinstance(step, Step) and step.kind == "warm up" for step in plan.steps[-5:])


def test_an_option_that_is_shown_has_words(tmp_path: Path) -> None:
    from engine.words import load

    person = Person("dizziness", change=pressing(Button.MENU, MID_GAME))
    lived(plan_for("fruit_ladder", "harbour_lean", profile=CHILD), person, tmp_path)
    options = {item.words for scene in person.scenes for item in scene.items if isinstance(item, Option)}
    load().require(options)
    assert len(options) > 20


def test_the_summary_comes_before_the_end() -> None:
    steps = plan_for("fruit_ladder").steps
    assert steps[-2:] == (SUMMARY, END)


def test_it_ends_gracefully_from_every_step_and_keeps_what_was_done(tmp_path: Path) -> None:
    plan = plan_for("fruit_ladder", "harbour_lean", profile=CHILD)
    whole, _ = lived(plan, Person(), tmp_path / "whole")
    for number, block in enumerate(whole.blocks[:-1:3]):
        at = round(RATE_HZ * (block.start_s + block.end_s) / 2)
        done, folder = lived(plan, Person(change=pressing(Button.STOP, at)), tmp_path / str(number))
        assert done.ended_by == "the person pressed stop", block
        assert [b.task for b in done.blocks] == [b.task for b in whole.blocks[: 3 * number + 1]]
        assert visits.play_again(folder, tmp_path / f"{number} again")[0], block


STANCE = Stance((0.0, 1.6, 0.0), 0.0)
RIGHT_DEG, UP_DEG = talking.SPOT_DEG
AT_SPOT = before(STANCE.head_m, RIGHT_DEG, UP_DEG, 0.6)


def looks_at_spot() -> Body:
    way = tuple(there - here for there, here in zip(AT_SPOT, STANCE.head_m, strict=True))
    return a_body(left_m=None, right_m=None)._replace(head_m=STANCE.head_m, look=way)


@pytest.mark.parametrize("shown", [True, False])
def test_only_a_spot_that_is_shown_opens_the_menu(shown: bool) -> None:
    spot = talking.Spot(STANCE, UPRIGHT)
    assert not any(spot.step(looks_at_spot(), shown) for _ in range(40))  # it was looked at before it came
    spot.step(a_body(left_m=None, right_m=None), shown)
    assert any(spot.step(looks_at_spot(), shown) for _ in range(40)) == shown


@pytest.mark.parametrize(
    "item",
    [
        Target("fruit", AT_SPOT, 0.08, "left"),
        Target("at a hand that hangs", (-0.24, 0.87, -0.16), 0.08, "left"),
        Reach("line", (-0.3, 0.9, -0.2), AT_SPOT, "left"),
        Prop("chest", "treasure", AT_SPOT),
        Gaze("owl", RIGHT_DEG + 5.0, UP_DEG, 8.0),
        Option("reply", before(STANCE.head_m, RIGHT_DEG + 8.0, UP_DEG), 0.14, "menu.rest"),
    ],
    ids=lambda item: item.key,
)
def test_the_spot_goes_where_a_hand_or_a_face_shall_be_right_there(item: Item) -> None:
    spot = talking.Spot(STANCE, UPRIGHT)
    assert spot.beside((item,)) is None
    assert spot.beside((Target("far", (0.4, 1.7, -0.5), 0.08, "right"),)) is not None


def test_who_is_dizzy_still_has_the_menu(tmp_path: Path) -> None:
    def presses(index: int, frame: Frame) -> Frame:
        said = {MID_GAME: Button.DIZZY, MID_GAME + 5: Button.MENU}.get(index, Button.NONE)
        return frame._replace(buttons=int(said))

    done, _ = lived(plan_for("fruit_ladder"), Person("stop", change=presses), tmp_path)
    assert done.ended_by == "the person chose to stop"
