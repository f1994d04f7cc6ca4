"""Owl Watch by itself: where owls call from, what a turn of the head is measured as, and what keeps owls away."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest
from visits import Kept, calibration, game, patient, play

from calibration.adaptation import Followers
from engine import looking, moves
from engine.envelope import Envelope
from engine.facing import apart_deg, face_deg
from engine.frame import UPRIGHT, Button
from engine.limits import OutsideEnvelope
from engine.metrics.range_of_motion import NECK_ERROR_DEG
from engine.records import Precaution, Session, TrialRecord
from engine.scene import Gaze, Panel, Sound
from engine.simulated import SimulatedHeadset
from engine.simulated_movement import Way
from engine.task import NOT_YET, REACHED, Trial
from games.owl_watch import UPWARD_HOLD_S, WAYS

KNOWN = calibration()
DIAGONALS = {"ways": "all with diagonals", "targets": 20}


def envelope(*precautions: Precaution) -> Envelope:
    return Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits))


def at_most(movement: str, degrees: float) -> Precaution:
    return Precaution(movement, degrees, "deg", "dizzy", "Dr Wood")


def trials(values: Mapping[str, object], *precautions: Precaution) -> list[Trial]:
    return list(game("owl_watch", values).trials(envelope(*precautions), Random(1), []))


def played(values: Mapping[str, object], folder: Path, seed: int = 1, **more: object) -> tuple[Session, Kept]:
    steady = patient(KNOWN, lapse=0.0, neck_slope_deg=0.1, fatigue=0.0, **more)
    return play(game("owl_watch", values), folder, KNOWN, SimulatedHeadset(steady, seed, 45.0), seed)


def way_of(goal: Gaze) -> tuple[float, float, float]:
    return (goal.yaw_deg, goal.pitch_deg, goal.tilt_deg)


@pytest.mark.parametrize("ways", WAYS)
def test_every_way_comes_once_before_any_comes_again(ways: str) -> None:
    count = len(WAYS[ways])
    signs = [tuple(map(bool, way_of(trial.values["goal"]))) for trial in trials({"ways": ways, "targets": 2 * count})]
    assert sorted(signs[:count]) == sorted(signs[count:])


def test_an_owl_begins_where_the_head_is_asked_to_turn_to() -> None:
    for trial in trials({"ways": "all six", "targets": 12}):
        assert trial.request
        middle = math.hypot(*way_of(trial.values["goal"]))
        assert middle == pytest.approx(trial.request.amplitude + 7.0)
        assert middle <= KNOWN.limits[trial.request.movement].value


def test_a_diagonal_lies_within_the_ellipse_and_asks_no_single_movement() -> None:
    diagonal = [trial for trial in trials(DIAGONALS) if trial.request is None]
    assert len(diagonal) == 8
    for trial in diagonal:
        yaw, pitch, _ = way_of(trial.values["goal"])
        assert (yaw / 60) ** 2 + (pitch / (50 if pitch > 0 else 45)) ** 2 < 1


def test_diagonals_come_nearer_after_misses_and_further_again_after_hits() -> None:
    def far(outcome: str) -> list[float]:
        done: list[TrialRecord] = []
        middles = []
        for trial in game("owl_watch", DIAGONALS).trials(envelope(), Random(1), done):
            done.append(TrialRecord(len(done), "", 0.0, 0.0, outcome))
            yaw, pitch, _ = way_of(trial.values["goal"])
            middles += [yaw**2 / 60**2 + pitch**2 / 50**2] if yaw and pitch else []
        return middles

    assert far(NOT_YET)[4] < 0.7 * far(NOT_YET)[0]
    assert far(REACHED)[4] > far(REACHED)[0]


def test_the_call_comes_from_the_owl_which_nobody_sees_before() -> None:
    task, trial = game("owl_watch"), trials({})[0]
    goal = trial.values["goal"]
    right, up, behind = (c - h for c, h in zip(trial.values["call_m"], KNOWN.stance.head_m, strict=True))
    seen = (math.degrees(math.atan2(right, -behind)), math.degrees(math.asin(up / 4.0)))
    assert apart_deg(seen, (goal.yaw_deg, goal.pitch_deg)) == pytest.approx(0.0, abs=1e-6)
    assert not any(isinstance(item, Gaze | Sound) for item in next(task.play(trial)))


def test_an_owl_calls_only_once_the_head_has_come_back_to_the_middle(tmp_path: Path) -> None:
    _, kept = played({"targets": 4}, tmp_path)
    called: dict[str, tuple[float, float, float]] = {}
    for frame, scene in zip(kept.frames_given, kept.scenes, strict=False):  # the last frame has no scene
        for item in scene.items:
            if isinstance(item, Sound) and item.name == "call":
                called.setdefault(item.key, face_deg(frame.head.orientation, UPRIGHT))
    assert len(called) == 4
    assert all(apart_deg((0.0, 0.0), face[:2]) < looking.AHEAD_DEG for face in called.values())


@pytest.mark.parametrize("ways", ["all six", "all with diagonals"])
def test_the_angle_reached_is_that_of_the_simulated_head(ways: str, tmp_path: Path) -> None:
    session, _ = played({"ways": ways, "targets": 10}, tmp_path)
    asked = trials({"ways": ways, "targets": 10})
    for trial, record in zip(asked, session.blocks[0].trials, strict=True):
        goal = trial.values["goal"]
        looks_down_deg = 2.5 if goal.pitch_deg < 0 else 0.0  # as a simulated head does that is let go
        if record.request:
            truth = record.request.amplitude + goal.radius_deg
            assert record.measures["turned_deg"].value == pytest.approx(
                truth + looks_down_deg, abs=NECK_ERROR_DEG + 0.5
            )


def test_velocity_reaction_and_movement_time_are_those_of_the_simulated_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[tuple[float, float, float]] = []
    aim = Way.aim

    def watched(way: Way, goal: tuple[float, float, float], now_s: float, delay_s: float, *more: float) -> None:
        aim(way, goal, now_s, delay_s, *more)
        if abs(goal[0]) > 20 and more[0] > 40:
            turns.append((delay_s, way.lasts_s, 1.875 * abs(goal[0]) / way.lasts_s))

    monkeypatch.setattr(Way, "aim", watched)
    session, _ = played({"ways": "turns", "targets": 6, "hold_s": 2.0}, tmp_path)
    assert len(turns) == 6
    for (delay_s, lasts_s, peak_dps), record in zip(turns, session.blocks[0].trials, strict=True):
        values = {name: number.value for name, number in record.measures.items()}
        assert values["peak_velocity_dps"] == pytest.approx(peak_dps, rel=0.05)
        assert values["reaction_s"] == pytest.approx(delay_s + 0.09 * lasts_s, abs=0.06)  # to 5 % of the peak
        assert values["movement_s"] == pytest.approx(0.63 * lasts_s, rel=0.12)  # to the edge of the owl
        assert values["smoothness_sparc"] == pytest.approx(-1.4, abs=0.1)
        assert values["overshoot_deg"] < 0.5


def test_an_owl_that_is_not_found_has_no_movement_time_and_how_far_the_head_came(tmp_path: Path) -> None:
    weak = {name: 0.5 * limit.value for name, limit in KNOWN.limits.items()}
    person = replace(patient(KNOWN, lapse=0.0, neck_slope_deg=0.1), limits_deg=weak)
    session, _ = play(game("owl_watch", {"ways": "turns", "targets": 2}), tmp_path, KNOWN, SimulatedHeadset(person, 2))
    first = session.blocks[0].trials[0]
    assert first.outcome == NOT_YET
    assert first.achieved == pytest.approx(30.0, abs=NECK_ERROR_DEG)
    assert first.measures["movement_s"].note == "the face did not come to the owl"


def test_nobody_holds_the_head_back_for_long() -> None:
    task = game("owl_watch", {"hold_s": 5.0})
    for trial in task.trials(envelope(), Random(1), []):
        looks_up = trial.values["goal"].pitch_deg > 0
        held_s = task.trial_s(trial, True) - game("owl_watch", {"hold_s": 0.0}).trial_s(trial, True)
        assert held_s == pytest.approx(UPWARD_HOLD_S if looks_up else 5.0)


def test_a_way_that_a_precaution_leaves_too_little_of_is_left_out() -> None:
    asked = trials({"ways": "all with diagonals", "targets": 20}, at_most("neck_extension", 6.0))
    assert all(trial.values["goal"].pitch_deg <= 0 for trial in asked)


def test_a_precaution_bounds_how_far_owls_are() -> None:
    asked = trials({"ways": "turns"}, at_most("neck_rotation_left", 30.0))
    assert min(trial.values["goal"].yaw_deg for trial in asked) == pytest.approx(-30.0)


def test_it_says_why_no_way_is_left() -> None:
    rules = [at_most(f"neck_rotation_{side}", 5.0) for side in ("left", "right")]
    with pytest.raises(OutsideEnvelope, match=r"neck_rotation_left may be 5° at most, the precaution of Dr Wood"):
        trials({"ways": "turns"}, *rules)


def test_it_plays_with_the_ways_that_were_measured() -> None:
    limits = {name: limit for name, limit in KNOWN.limits.items() if not name.startswith("neck_lateral")}
    known = msgspec.structs.replace(KNOWN, limits=limits)
    bounds = Envelope(known, difficulties=Followers()(known.limits))
    asked = list(game("owl_watch", {"ways": "all six"}).trials(bounds, Random(1), []))
    assert not any(trial.values["goal"].tilt_deg for trial in asked)


def test_it_is_played_seated(tmp_path: Path) -> None:
    session, _ = play(game("owl_watch", {"targets": 2}), tmp_path, KNOWN, posture="seated")
    assert [trial.outcome for trial in session.blocks[0].trials] == [REACHED] * 2


class StopsAt(SimulatedHeadset):
    """Somebody who presses stop in one frame."""

    at = 0

    def _frame(self, index: int):  # type: ignore[no-untyped-def] # as its parent
        frame = super()._frame(index)
        return frame._replace(buttons=Button.STOP) if index == self.at else frame


@pytest.mark.parametrize("index", [5, 120, 200])
def test_who_stops_in_mid_turn_keeps_what_was_done(index: int, tmp_path: Path) -> None:
    headset = StopsAt(patient(KNOWN), 1)
    headset.at = index
    session, _ = play(game("owl_watch"), tmp_path, KNOWN, headset)
    (trial,) = session.blocks[0].trials
    assert (session.ended_by, trial.outcome) == ("the person pressed stop", "stopped")
    assert all(number.value is not None or number.note for number in trial.measures.values())


def words_of(items: Sequence[object]) -> set[str]:
    return {words for item in items if isinstance(item, Panel) for words in (item.title, *item.text)}


def test_a_tilt_is_explained_by_the_owl() -> None:
    task = game("owl_watch", {"ways": "all six", "targets": 6})
    tilted = next(trial for trial in task.trials(envelope(), Random(1), []) if trial.values["goal"].tilt_deg)
    move = moves.within(60.0, task.play(tilted))
    assert "owl_watch.ahead" in words_of(next(move))
    assert "owl_watch.like_the_owl" in tilted.values["words"]
