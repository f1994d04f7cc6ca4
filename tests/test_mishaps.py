"""What goes otherwise than planned in a visit costs nobody what they did, nor what they are told."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from living import MID_GAME, RATE_HZ, Person, kinds, lived, plan_for
from visits import calibration, game

from engine.commands import visits
from engine.envelope import Envelope
from engine.frame import LOST, Button, Frame
from engine.profile import CHILD
from engine.records import TrialRecord
from engine.scene import Option, Panel, Scene
from engine.visit import ELSEWHERE_S, LONGEST_PAUSE_S

REST_S = 20.0


def texts(person: Person, key: str) -> set[tuple[object, ...]]:
    return {item.text for scene in person.scenes for item in scene.items if isinstance(item, Panel) and item.key == key}


@pytest.mark.parametrize("name", ["fruit_ladder", "chair_rocket"])
def test_who_takes_a_new_middle_in_a_rest_misses_no_trial(name: str, tmp_path: Path) -> None:
    def tired(index: int, frame: Frame) -> Frame:
        said = {MID_GAME: Button.TIRED, MID_GAME + 500: Button.RECENTRE}.get(index, Button.NONE)
        return frame._replace(buttons=int(said))

    done, _ = lived(plan_for(name), Person(change=tired), tmp_path)
    (played,) = [block for block in done.blocks if block.kind == "play"]
    assert any(event.name == "rest" for event in done.events)
    assert (done.ended_by, len(played.trials)) == ("finished", played.parameters["targets"])


def test_a_new_middle_in_a_rest_leaves_the_measuring_whole(tmp_path: Path) -> None:
    def tired(index: int, frame: Frame) -> Frame:
        said = {300: Button.TIRED, 1500: Button.RECENTRE}.get(index, Button.NONE)
        return frame._replace(buttons=int(said))

    done, _ = lived(plan_for("fruit_ladder", measuring=visits.CHECK), Person(change=tired), tmp_path)
    assert done.ended_by == "finished", done.events


def test_something_firm_is_within_reach_before_a_lean_is_measured() -> None:
    assert "support" in kinds(plan_for("owl_watch", measuring=visits.FULL))
    assert "support" not in kinds(plan_for("owl_watch"))


def test_without_an_earlier_day_nobody_is_told_that_they_stand_well(tmp_path: Path) -> None:
    person, never_stood = Person(), msgspec.structs.replace(calibration(), sway={})
    lived(plan_for("fruit_ladder", profile=CHILD, known=never_stood), person, tmp_path)
    assert texts(person, "recheck") == {("recheck.wait", "recheck.adult")}


def test_a_child_whom_it_hurts_at_the_end_keeps_sticker_and_summary_and_an_adult_is_told(tmp_path: Path) -> None:
    def last(scene: Scene) -> bool:
        return any(isinstance(item, Option) and item.key == "pain 0" for item in scene.items)

    person = Person("pain 5")
    plan = plan_for("fruit_ladder", profile=CHILD)
    first = next(step for step in plan.steps if getattr(step, "kind", "") == "pain")
    done, _ = lived(replace(plan, steps=tuple(step for step in plan.steps if step is not first)), person, tmp_path)
    assert any(map(last, person.scenes))
    assert (done.ended_by, done.told[-1].value) == ("finished", 10.0)
    assert texts(person, "recheck") == {("recheck.wait", "recheck.adult")}
    assert {"summary", "sticker"} <= {block.task for block in done.blocks}


def test_a_question_that_nobody_answers_is_noted(tmp_path: Path) -> None:
    def still(_: int, frame: Frame) -> Frame:
        return frame._replace(head=frame.head._replace(orientation=(0.0, 0.0, 0.0, 1.0)))

    done, _ = lived(plan_for("calm_tide"), Person(change=still), tmp_path)
    assert {event.detail for event in done.events if event.name == "not answered"} >= {"pain", "dizziness"}


def test_who_stepped_aside_is_asked_back_or_goes_on_there(tmp_path: Path) -> None:
    def aside(index: int, frame: Frame) -> Frame:
        x, y, z = frame.head.position_m
        hand = frame.right._replace(trigger=1.0) if index == MID_GAME + 400 else frame.right
        return frame._replace(head=frame.head._replace(position_m=(x + 0.5 * (index > MID_GAME), y, z)), right=hand)

    person = Person(change=aside)
    done, _ = lived(plan_for("fruit_ladder"), person, tmp_path)
    assert texts(person, "elsewhere") == {("session.elsewhere",)}
    assert done.ended_by == "finished"
    assert any(event.name == "recentred" and event.at_s > MID_GAME / RATE_HZ + ELSEWHERE_S for event in done.events)


def test_a_visit_that_nobody_goes_on_with_ends_and_is_kept(tmp_path: Path) -> None:
    def left(index: int, frame: Frame) -> Frame:
        return frame._replace(buttons=int(Button.AWAY)) if index > MID_GAME else frame

    done, folder = lived(plan_for("fruit_ladder"), Person(change=left), tmp_path)
    assert done.ended_by == "nobody went on for 15 minutes"
    assert done.seconds < MID_GAME / RATE_HZ + LONGEST_PAUSE_S + 10
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_a_stop_before_anybody_was_seen_stops(tmp_path: Path) -> None:
    def unseen(index: int, frame: Frame) -> Frame:
        return frame._replace(head=LOST, buttons=int(Button.STOP if index == 50 else Button.NONE))

    done, _ = lived(plan_for("fruit_ladder"), Person(change=unseen), tmp_path)
    assert (done.ended_by, done.recording.frames) == ("the person pressed stop", 51)


def test_the_height_of_somebody_unknown_is_that_with_the_headset_on(tmp_path: Path) -> None:
    def handed_over(index: int, frame: Frame) -> Frame:
        x, y, z = frame.head.position_m
        return frame._replace(head=frame.head._replace(position_m=(x, y - 0.7 * (index < 20), z)))

    plan = replace(plan_for("calm_tide"), calibration=None)
    done, _ = lived(plan, Person(change=handed_over), tmp_path)
    assert done.calibration.stature_m.value == pytest.approx(1.6 / 0.936, abs=0.03)


def test_who_says_that_it_hurts_has_more_time_to_stand_up() -> None:
    def allowed_s(envelope: Envelope) -> float:
        trial = next(iter(game("chair_rocket").trials(envelope, None, list[TrialRecord]())))
        return float(trial.values["limit_s"])

    usual, eased = Envelope(calibration()), Envelope(calibration())
    eased.ease(0.9, "because it hurt")
    assert allowed_s(eased) > allowed_s(usual)


def test_a_visit_that_was_stopped_from_the_keyboard_plays_again_byte_for_byte(tmp_path: Path) -> None:
    def interrupted(index: int, frame: Frame) -> Frame:
        if index == MID_GAME:
            raise KeyboardInterrupt
        return frame

    done, folder = lived(plan_for("fruit_ladder"), Person(change=interrupted), tmp_path)
    assert done.ended_by == "stopped from the keyboard"
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_the_menu_is_there_to_be_looked_at_while_something_is_asked(tmp_path: Path) -> None:
    person = Person()
    lived(plan_for("fruit_ladder"), person, tmp_path)
    asked = [scene for scene in person.scenes if any(isinstance(item, Option) for item in scene.items)]
    assert asked
    assert all(scene.menu is not None for scene in asked)


@pytest.mark.parametrize("at", ["pain 5", "dizziness 5"])
def test_a_visit_that_ends_with_its_questions_plays_again_byte_for_byte(at: str, tmp_path: Path) -> None:
    done, folder = lived(plan_for("fruit_ladder"), Person(at), tmp_path)
    assert done.ended_by != "finished"
    assert visits.play_again(folder, tmp_path / "again")[0]
