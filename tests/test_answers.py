"""What people say of themselves in the middle of play, and that it makes everything easier from that frame on."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from people import a_calibration, a_limit
from visits import Kept, calibration, game, patient, play

from calibration.adaptation import Followers
from engine.adaptation import Adaptation
from engine.answers import DIZZY, DIZZY_HOLD, HURTS, IS_DIZZY, Answers, AnswerUnusable
from engine.envelope import Envelope
from engine.frame import Button, Frame
from engine.guard import GO, Verdict
from engine.plan import Plan
from engine.recording import read
from engine.records import Answer, Precaution, Request, Session, from_json, to_json
from engine.replay import ReplayHeadset
from engine.scene import Lean, Target
from engine.simulated import SimulatedHeadset
from engine.visit import DIZZY_PANEL, STOPPED_PANEL

RIGHT = "shoulder_elevation_right"
ADAPTATION = Adaptation(pain_hold_nrs=4, pain_stop_nrs=6, fatigue_rest_omni=7)


class Presses:
    """A simulated patient who presses buttons: the number of a frame to a button, held for five frames."""

    kind, description = "simulated", "presses"

    def __init__(self, at: Mapping[int, Button]) -> None:
        self._headset, self._at = SimulatedHeadset(patient(calibration()), 0), at

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(self._headset.frames()):
            held = [button for begins, button in self._at.items() if begins <= index < begins + 5]
            yield frame._replace(buttons=int(sum(held)))

    def show(self, scene: Any) -> None:
        self._headset.show(scene)

    def close(self) -> None:
        self._headset.close()


def told(folder: Path, at: Mapping[int, Button], name: str = "fruit_ladder", **more: Any) -> tuple[Session, Kept]:
    adaptation = more.pop("adaptation", ADAPTATION)
    return play(game(name, {"targets": 5}), folder, headset=Presses(at), adaptation=adaptation, **more)


def amplitudes(done: Session) -> list[float]:
    return [trial.request.amplitude for trial in done.blocks[0].trials if trial.request]


def events(done: Session, *names: str) -> list[str]:
    return [event.detail for event in done.events if event.name in names]


def middles_deg(kept: Kept, since: int) -> list[float]:
    envelope = Envelope(calibration())
    places = {item.place_m for scene in kept.scenes[since:] for item in scene.items if isinstance(item, Target)}
    rise = {p: [np.subtract(p, envelope.shoulder(side)) for side in ("left", "right")] for p in places}
    return [min(float(np.degrees(np.arccos(-v[1] / np.linalg.norm(v)))) for v in both) for both in rise.values()]


# What follows from what


@pytest.mark.parametrize(
    ("answer", "share", "ends", "rest"),
    [
        (Answer("pain", 3.0, 1.0), None, "", False),
        (Answer("pain", 4.0, 1.0), 0.9, "", False),
        (Answer("pain", 6.0, 1.0), 0.9, HURTS, False),
        (Answer("pain", 7.0), 0.9, f"{HURTS}: 7 of 10 before it began, and from 6 on nothing is played", False),
        (Answer("pain", float("nan"), 1.0), 0.9, HURTS, False),
        (Answer("fatigue", 6.9), None, "", False),
        (Answer("fatigue", 7.0, 1.0), 0.9, "", True),
        (Answer("dizziness", 3.0), None, "", False),
        (Answer("dizziness", DIZZY_HOLD), 0.75, "", False),
        (Answer("dizziness", 5.0, 1.0), 0.75, IS_DIZZY, False),
        (Answer("stop", 1.0), None, "the person said stop", False),
        (Answer("chest pressure", 1.0), None, "the person said stop", False),
    ],
    ids=str,
)
def test_an_answer_eases_rests_or_ends(answer: Answer, share: float | None, ends: str, rest: bool) -> None:
    answers = Answers(ADAPTATION)
    easing = answers.take(answer)
    assert (easing.share if easing else None, answers.ends, answers.rest_asked) == (share, ends, rest)
    assert answers.told == [answer]


def test_a_third_press_for_pain_and_a_second_for_dizziness_end_the_session() -> None:
    for kind, value, presses in (("pain", 4.0, 3), ("dizziness", DIZZY_HOLD, 2)):
        answers = Answers(ADAPTATION)
        ends = [answers.take(Answer(kind, value, float(at))) and answers.ends for at in range(presses)]
        assert [bool(words) for words in ends] == [False] * (presses - 1) + [True]


def test_a_button_that_is_held_is_one_answer() -> None:
    answers = Answers(ADAPTATION)
    held = [0, Button.PAIN, Button.PAIN | Button.MENU, Button.PAIN | Button.TIRED, 0, Button.PAIN]
    said = [[answer.kind for answer in answers.pressed(int(buttons), at)] for at, buttons in enumerate(held)]
    assert said == [[], ["pain"], [], ["fatigue"], [], ["pain"]]


def test_who_is_dizzy_goes_on_with_a_press_that_begins_after_it() -> None:
    answers = Answers(ADAPTATION)
    answers.take(Answer("dizziness", DIZZY_HOLD, 1.0))
    assert [answers.judge(GO, confirm).act for confirm in (True, False, True, True)] == ["pause", "pause", "go", "go"]
    assert answers.judge(Verdict("stop", "pressed"), confirm=False).why == "pressed"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer("pain", float("nan")), "pain = nan must be from 0 to 10"),
        (Answer("pain", 60.0), "pain = 60.0 must be from 0 to 10"),
        (Answer("mood", 3.0), "no answer 'mood'; the answers are stop, pain, dizziness, fatigue"),
    ],
)
def test_an_answer_that_says_nothing_is_refused_before_play(answer: Answer, words: str) -> None:
    with pytest.raises(AnswerUnusable, match=words):
        Plan("test", (), Followers(), answers=(answer,))


# What an envelope makes of it


class Wish:
    """A difficulty that asks for one thing."""

    def __init__(self, amplitude: float) -> None:
        self.amplitude = amplitude

    def next_amplitude(self) -> Request:
        return Request(RIGHT, self.amplitude, "deg", "TARGET_SUCCESS", "as wished")

    def update(self, *_: object) -> None:
        """Learn nothing."""

    def limit(self) -> Any:
        return a_limit(100.0)


def test_easing_takes_a_share_of_what_was_asked_last_or_else_of_the_limit() -> None:
    wish = Wish(80.0)
    envelope = Envelope(a_calibration(110.0), (), {}, {RIGHT: wish, "lean_left": Wish(9.0)})
    assert envelope.request(RIGHT).amplitude == 80.0
    envelope.ease(0.9, "90 % of what was asked, because it hurt")
    assert (envelope.at_most(RIGHT).value, envelope.at_most("shoulder_elevation_left").value) == (72.0, 99.0)
    assert envelope.request(RIGHT).reason == "72°: no further than 90 % of what was asked, because it hurt"
    envelope.ease(0.9, "because it hurt again")
    assert envelope.at_most(RIGHT).value == pytest.approx(64.8)


def test_easing_leans_leaves_arms_alone_and_reaches_what_is_measured_later() -> None:
    known = a_calibration(110.0, 6.0)
    bare = Envelope(Envelope(known).calibration.__class__(known.measured_at, known.stance, known.stature_m, {}))
    bare.ease(0.75, "because the person was dizzy", ("lean",))
    bare.know(known, {})
    assert (bare.at_most("lean_left").value, bare.at_most(RIGHT).value) == (4.5, 110.0)
    assert bare.at_most("lean_forward_right").value <= 4.5


# In a session


def test_pain_makes_what_is_asked_nearer_at_once_and_for_the_rest_of_the_session(tmp_path: Path) -> None:
    plain, _ = told(tmp_path, {})
    begun = round(90 * plain.blocks[0].trials[2].start_s) + 250
    done, kept = told(tmp_path, {begun: Button.PAIN})
    asked, trial = amplitudes(done), done.blocks[0].trials[2]
    assert (trial.outcome, trial.end_s) == ("stopped", pytest.approx(begun / 90, abs=0.05))
    sides = [trial.side for trial in done.blocks[0].trials]
    for later in (3, 4):
        before = max(a for a, side in zip(asked[:3], sides[:3], strict=True) if side == sides[later])
        assert asked[later] <= 0.9 * before
    assert max(middles_deg(kept, begun + 1)) <= 0.9 * max(asked[:3]) + 0.5
    assert done.told == (Answer("pain", 4.0, done.told[0].at_s),)
    assert done.ended_by == "finished"


def test_the_third_press_ends_as_a_normal_end(tmp_path: Path) -> None:
    done, kept = told(tmp_path, {500: Button.PAIN, 700: Button.PAIN, 900: Button.PAIN})
    assert done.ended_by == HURTS
    assert kept.scenes[900].items == (STOPPED_PANEL,)
    assert len(done.told) == 3


def test_dizziness_pauses_until_the_person_goes_on(tmp_path: Path) -> None:
    done, kept = told(tmp_path, {700: Button.DIZZY}, "harbour_lean")
    assert kept.scenes[700].items == (DIZZY_PANEL,)
    assert events(done, "paused", "resumed") == [DIZZY, ""]
    leans = [item.angle_deg for scene in kept.scenes[701:] for item in scene.items if isinstance(item, Lean)]
    assert max(leans) <= 0.75 * 5.0
    assert done.ended_by == "finished"


def test_dizziness_twice_ends_the_session(tmp_path: Path) -> None:
    done, _ = told(tmp_path, {700: Button.DIZZY, 1200: Button.DIZZY})
    assert done.ended_by == IS_DIZZY


def test_who_is_tired_rests_before_the_next_trial(tmp_path: Path) -> None:
    done, kept = told(tmp_path, {500: Button.TIRED})
    first, second = done.blocks[0].trials[:2]
    titles = {item.title for scene in kept.scenes for item in scene.items if hasattr(item, "title")}
    assert "session.rest_title" in titles
    assert second.start_s - first.end_s > 14
    assert events(done, "rest") == ["after 1 trials"]
    assert len(done.blocks) == 1


def test_a_preset_that_asks_for_rests_gets_them_between_targets(tmp_path: Path) -> None:
    done, _ = told(tmp_path, {}, adaptation=Adaptation(rest_after_trials=2))
    assert events(done, "rest") == ["after 2 trials", "after 4 trials"]
    assert len(done.blocks[0].trials) == 5


def test_who_asks_for_a_new_middle_in_a_rest_is_asked_next_for_what_is_made_there(tmp_path: Path) -> None:
    plain, _ = told(tmp_path, {500: Button.TIRED})
    resting = round(90 * plain.blocks[0].trials[0].end_s) + 200
    done, _ = told(tmp_path, {500: Button.TIRED, resting: Button.RECENTRE}, adaptation=Adaptation(rest_after_trials=2))
    assert events(done, "rest") == ["after 1 trials", "after 3 trials"]
    assert [trial.outcome for trial in done.blocks[0].trials] == ["stopped", *["reached"] * 4]


def test_pain_before_play_eases_from_the_start_or_leaves_nothing_to_play(tmp_path: Path) -> None:
    plain, _ = told(tmp_path, {})
    eased, kept = told(tmp_path, {}, answers=(Answer("pain", 5.0),))
    assert max(middles_deg(kept, 0)) <= 0.9 * 110 + 0.5
    refused, shown = told(tmp_path, {}, answers=(Answer("pain", 6.0),))
    assert refused.ended_by == f"{HURTS}: 6 of 10 before it began, and from 6 on nothing is played"
    assert (refused.blocks, refused.told) == ((), (Answer("pain", 6.0),))
    assert not [item for scene in shown.scenes for item in scene.items if isinstance(item, Target)]
    assert plain.ended_by == eased.ended_by == "finished"


def test_a_stop_is_told_as_well(tmp_path: Path) -> None:
    done, _ = told(tmp_path, {500: Button.STOP})
    assert done.ended_by == "the person pressed stop"
    assert [answer.kind for answer in done.told] == ["stop"]


def test_what_was_told_replays_to_the_same_session(tmp_path: Path) -> None:
    presses = {400: Button.TIRED, 2600: Button.DIZZY, 3500: Button.PAIN}
    done, kept = told(tmp_path, presses, answers=(Answer("pain", 4.0),), floors={RIGHT: 30.0}, rises={RIGHT: 90.0})
    replay = ReplayHeadset(read(tmp_path / "0.vrec").rows, "presses")
    replay.kind = "simulated"
    (tmp_path / "again").mkdir()
    plan = {"answers": tuple(a for a in done.told if a.at_s is None), "floors": done.floors, "rises": done.rises}
    adaptation = Adaptation(**done.adaptation)
    again, seen = play(game("fruit_ladder", {"targets": 5}), tmp_path / "again", headset=replay,
                       adaptation=adaptation, **plan)  # fmt: skip
    assert to_json(again) == to_json(done)
    assert seen.scenes == kept.scenes
    assert from_json(to_json(done), Session) == done
    assert [answer.kind for answer in done.told] == ["pain", "fatigue", "dizziness", "pain"]


# Precautions in a session


def noted(folder: Path, name: str, *rules: Precaution, **more: Any) -> tuple[Session, Sequence[str]]:
    done, _ = play(game(name, {"targets": 2}), folder, precautions=rules, **more)
    return done, done.blocks[0].notes


def test_a_block_that_a_precaution_bars_is_skipped_with_the_reason_in_its_notes(tmp_path: Path) -> None:
    leg = Precaution("weight_on_leg_right", 0.0, "%", "fracture", "Dr Wood")
    done, notes = noted(tmp_path, "harbour_lean", leg)
    assert "which the precaution of Dr Wood forbids (fracture): play seated games" in notes[0]
    assert (done.blocks[0].trials, done.ended_by) == ((), "finished")
    seated, _ = noted(tmp_path, "fruit_ladder", leg, posture="seated")
    assert len(seated.blocks[0].trials) == 2


def test_an_expired_precaution_still_holds_and_the_session_says_so(tmp_path: Path) -> None:
    old = Precaution(RIGHT, 60.0, "deg", "a cast", "Dr Wood", "2025-12-12")
    done, _ = noted(tmp_path, "fruit_ladder", old)
    (said,) = events(done, "precaution expired")
    assert "on right arm raised ended on 12 December 2025" in said
    assert all(t.request.amplitude <= 60 for t in done.blocks[0].trials if t.request and t.side == "right")


def test_a_precaution_that_cannot_be_read_forbids_what_it_names_and_the_session_says_so(tmp_path: Path) -> None:
    odd = Precaution("shoulder_elevation_left", -30.0, "deg", "a cast", "Dr Wood")
    done, kept = play(game("fruit_ladder", {"targets": 4}), tmp_path, precautions=(odd,))
    assert "all that it names is forbidden" in events(done, "precaution unclear")[0]
    assert not {i.hand for scene in kept.scenes for i in scene.items if isinstance(i, Target)} & {"left", "either"}
