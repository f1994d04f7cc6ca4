"""A world that is dark or goes along with the head: who may be shown it, when it ends, and what counts in it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from people import STANCE, a_body, a_calibration, a_frame
from visits import Kept, calibration, patient, play

from engine import moves, steadiness
from engine.body import upright
from engine.envelope import Envelope
from engine.frame import Button, Frame
from engine.guard import Guard
from engine.metrics.definition import NotMeasurable
from engine.movements import MOVEMENTS
from engine.precautions import barred, effect
from engine.records import Answer, Precaution
from engine.scene import Item, Option, Panel, Scene, Steady, Surround
from engine.simulated import SimulatedHeadset
from engine.steadiness import DARK, LIGHT, STUCK, Condition, Span
from engine.talking import Spot
from engine.task import NOT_YET, REACHED, STOPPED, Move, Result, Task, Trial

DT_S = 1 / 30
NO_CONFLICT = Precaution("visual_conflict", 0.0, "", "migraine", "Dr Wood")


@dataclass(frozen=True)
class Three:
    """Three trials."""

    targets: int = 3


class Standing(Task):
    """Somebody stands for five seconds in a world that goes along with the head, three times."""

    title = "Standing in a dome"
    trains = ("standing",)
    moves_parts = ("trunk", "left leg", "right leg")
    asks = ("stand", "surround")
    version = 1
    condition = STUCK

    Parameters = Three

    def trials(self, envelope: Envelope, *_: Any) -> Iterator[Trial]:
        for _ in range(3):
            yield Trial(values={"condition": LIGHT if envelope.refuses_conflict else self.condition})

    def play(self, trial: Trial) -> Move:
        return steadiness.surrounded(trial.values["condition"], moves.stand("stand", 5.0), Span())

    def measure(self, *_: Any) -> Result:
        return Result(None, {})


class Says(SimulatedHeadset):
    """Somebody who does something with the frames from a time on."""

    def __init__(self, seconds: float, **frame: Any) -> None:
        super().__init__(patient(calibration()), 0, 30.0)
        self._from, self._does = round(30 * seconds), frame

    def _frame(self, index: int) -> Frame:
        frame = super()._frame(index)
        return frame._replace(**self._does) if self._from <= index < self._from + 15 else frame


def stuck(kept: Kept) -> list[bool]:
    """Of every scene, whether the world went along with the head."""
    return [any(isinstance(item, Surround) and item.held == "head" for item in scene.items) for scene in kept.scenes]


def test_a_precaution_keeps_the_world_where_it_is() -> None:
    guard = Guard()
    guard.renew(Envelope(a_calibration()))
    assert guard.admit(STUCK.surround) == ""
    guard.renew(Envelope(a_calibration(), (NO_CONFLICT,)))
    assert "head is not shown: the precaution of Dr Wood: migraine" in guard.admit(STUCK.surround)
    assert guard.admit(DARK.surround) == ""
    assert "the preset's ceiling" in Envelope(a_calibration(), caps={"visual_conflict": 0.0}).refuses_conflict


def test_a_world_held_by_something_else_is_taken_for_one_held_by_the_head() -> None:
    guard = Guard()
    guard.renew(Envelope(a_calibration(), (NO_CONFLICT,)))
    assert guard.admit((Surround("odd", held="hand"),))


def test_the_precaution_bounds_what_surrounds_and_concerns_nothing_else() -> None:
    assert MOVEMENTS["visual_conflict"].unit == ""
    assert effect(NO_CONFLICT, Standing, "standing").act == "bounds"
    assert barred(Standing, "standing", (NO_CONFLICT,)) == ""
    still = type("Still", (Standing,), {"asks": ("stand",)})
    assert effect(NO_CONFLICT, still, "standing").act == "none"


def test_a_world_that_goes_along_is_shown_to_whom_nothing_forbids_it(tmp_path: Path) -> None:
    session, kept = play(Standing(), tmp_path, headset=SimulatedHeadset(patient(calibration()), 0, 30.0))
    assert [trial.outcome for trial in session.blocks[0].trials] == [REACHED] * 3
    in_trial = [scene for scene in kept.scenes if scene.trial]
    assert sum(stuck(kept)) > 0.9 * len(in_trial)
    assert [(answer.kind, answer.value) for answer in session.told] == [("dizziness", 0.0)] * 3


class Silent(SimulatedHeadset):
    """Somebody who looks at no reply."""

    def _pick(self, options: list[Option], now_s: float) -> None:
        pass


HARDLY = replace(patient(calibration()), picks=frozenset(("dizziness 1",)))


@pytest.mark.parametrize(
    ("person", "noted"),
    [
        (SimulatedHeadset(HARDLY, 0, 30.0), ("told", "dizziness 2")),
        (Silent(patient(calibration()), 0, 30.0), ("not answered", "dizziness")),
    ],
    ids=["hardly", "no reply"],
)
def test_who_is_not_well_after_it_or_does_not_say_is_shown_no_other(
    person: SimulatedHeadset, noted: tuple[str, str], tmp_path: Path
) -> None:
    session, kept = play(Standing(), tmp_path, headset=person)
    trials = session.blocks[0].trials
    assert [trial.outcome for trial in trials] == [REACHED] * 3
    times_s = [frame.time_ns * 1e-9 for frame, shown in zip(kept.frames_given, stuck(kept), strict=False) if shown]
    assert max(times_s) - kept.frames_given[0].time_ns * 1e-9 <= trials[0].end_s < trials[1].start_s
    asked = [item.text for scene in kept.scenes for item in scene.items if isinstance(item, Panel)]
    assert set(asked) == {("question.sickness_adult",)}
    assert [(event.name, event.detail) for event in session.events] == [noted]
    assert session.ended_by == "finished"


@pytest.mark.parametrize(
    "does",
    [{"buttons": int(Button.DIZZY)}, {"buttons": int(Button.MENU)}, {"focused": False}],
    ids=["says dizzy", "opens the menu", "takes the headset off"],
)
def test_the_world_is_as_always_from_the_frame_in_which_somebody_pauses(does: dict[str, Any], tmp_path: Path) -> None:
    _, kept = play(Standing(), tmp_path, headset=Says(3.0, **does))
    then = stuck(kept)
    assert then[80]
    assert not any(then[90:105])
    assert any(isinstance(item, Panel) for item in kept.scenes[92].items) or kept.scenes[92].dim


def test_the_first_word_of_dizziness_ends_every_such_scene_for_the_visit(tmp_path: Path) -> None:
    session, kept = play(Standing(), tmp_path, headset=Says(3.0, buttons=int(Button.DIZZY)))
    assert not any(stuck(kept)[90:])
    outcomes = [trial.outcome for trial in session.blocks[0].trials]
    assert outcomes == [STOPPED, REACHED, REACHED]
    assert any("the person was dizzy or queasy" in event.detail for event in session.events)


@pytest.mark.parametrize(("value", "shown"), [(0.0, True), (2.0, False), (3.5, False)])
def test_so_does_an_answer_of_before_the_visit(value: float, shown: bool, tmp_path: Path) -> None:
    headset = SimulatedHeadset(patient(calibration()), 0, 30.0)
    session, kept = play(Standing(), tmp_path, headset=headset, answers=(Answer("dizziness", value),))
    assert any(stuck(kept)) == shown
    assert [trial.outcome for trial in session.blocks[0].trials] == [REACHED] * 3


def test_there_is_no_spot_for_the_menu_where_it_is_not_seen_or_would_not_stand_still() -> None:
    spot = Spot(STANCE, a_frame().head.orientation)
    assert spot.beside(()) is not None
    assert spot.beside(DARK.surround) is None
    assert spot.beside(STUCK.surround) is None
    assert LIGHT.surround == ()


# Standing steadily


def stood(move: Move, leans: Sequence[tuple[float, float]], **more: Any) -> tuple[list[tuple[Item, ...]], str]:
    """Everything that a move shows somebody who leans like that, and its outcome."""
    shown, person = [next(move)], upright(STANCE)
    for lean_deg in leans:
        body = a_body(dt_s=DT_S, lean_deg=lean_deg)._replace(frame=a_frame(**more), person=person)
        try:
            shown.append(move.send(body))
        except StopIteration as end:
            return shown, str(end.value)
    return shown, NOT_YET


def fills(shown: Sequence[Sequence[Item]]) -> list[float]:
    return [item.fill for items in shown for item in items if isinstance(item, Steady)]


def swaying(seconds: float, amplitude_deg: float, hz: float = 0.3) -> list[tuple[float, float]]:
    return [(amplitude_deg * math.sin(2 * math.pi * hz * i * DT_S), 0.5) for i in range(round(seconds / DT_S))]


def test_time_within_the_band_is_collected_after_a_moment_to_settle() -> None:
    span = Span()
    shown, outcome = stood(steadiness.clocked(span, steadiness.steady("light", 1.5, 4.0, span)), swaying(8.0, 0.5))
    assert outcome == REACHED
    assert len(shown) * DT_S == pytest.approx(steadiness.SETTLES_S + 4.0, abs=3 * DT_S)
    assert span.begins_s == pytest.approx(steadiness.SETTLES_S, abs=2 * DT_S)
    assert span.ends_s - span.begins_s == pytest.approx(4.0, abs=3 * DT_S)


def test_nothing_that_was_collected_is_ever_lost() -> None:
    far = [*swaying(4.0, 0.3), *swaying(3.0, 6.0, 1.0), *swaying(6.0, 0.3)]
    shown, _ = stood(steadiness.steady("light", 1.5, 6.0, Span()), far)
    assert fills(shown) == sorted(fills(shown))
    assert 0.3 < fills(shown)[round(4.0 / DT_S)] < 0.4


def test_the_light_is_as_strong_as_somebody_is_still() -> None:
    def mean(amplitude_deg: float) -> float:
        shown, _ = stood(steadiness.steady("light", 1.5, 60.0, Span()), swaying(10.0, amplitude_deg))
        return float(np.mean([item.steadiness for items in shown for item in items if isinstance(item, Steady)]))

    assert 1.0 > mean(0.1) > mean(0.6) > mean(1.2) > mean(4.0)


def test_who_looks_away_has_the_world_as_always_and_collects_nothing_meanwhile() -> None:
    leans = swaying(5.0, 0.1)
    looked = {"ahead": Span(begins_s=0.0), "away": Span(begins_s=0.0)}
    ahead, away = (
        stood(steadiness.clocked(span, steadiness.surrounded(DARK, steady, span)), leans, yaw_deg=yaw_deg)[0]
        for span, yaw_deg in zip(looked.values(), (0.0, 50.0), strict=True)
        for steady in (steadiness.steady("light", 1.5, 9.0, span),)
    )
    looked["ahead"].refuse_looks_away()
    with pytest.raises(NotMeasurable, match="where all is seen"):
        looked["away"].refuse_looks_away()
    assert DARK.surround[0] in ahead[-1]
    assert DARK.surround[0] not in away[-1]
    assert fills(ahead)[-1] > 0.3
    assert fills(away)[-1] == 0.0


def test_a_head_that_is_not_seen_is_not_steady() -> None:
    nan = (math.nan, math.nan)
    shown, _ = stood(steadiness.steady("light", 1.5, 2.0, Span()), [nan] * 200)
    assert fills(shown)[-1] == 0.0


@pytest.mark.parametrize(("condition", "times"), [(LIGHT, 1.0), (DARK, 1.5), (STUCK, 2.0)])
def test_a_simulated_person_sways_more_in_it(condition: Condition, times: float) -> None:
    def heads(around: tuple[Item, ...]) -> np.ndarray:
        headset = SimulatedHeadset(patient(calibration(), sway_dark=1.5, sway_conflict=2.0), 0, 30.0)
        headset.show(Scene("still", around))
        frames = headset.frames()
        return np.array([next(frames).head.position_m for _ in range(900)])[300:]

    ratio = heads(condition.surround)[:, 2].std() / heads(())[:, 2].std()
    assert ratio == pytest.approx(times, rel=0.02)
