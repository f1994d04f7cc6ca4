"""Compass Home: what is remembered, how it is left and found again without eyes, and that the errors are true."""

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from people import STANCE, a_body, a_frame
from visits import Kept, calibration, game, patient, play

from calibration.adaptation import Followers
from engine import moves, recall
from engine.body import upright
from engine.envelope import Envelope
from engine.frame import UPRIGHT, Quaternion, Vector, from_yaw_pitch
from engine.limits import OutsideEnvelope
from engine.metrics.definition import NotMeasurable
from engine.metrics.position_sense import position_sense
from engine.precautions import barred
from engine.recall import STILL_DPS, Recalled
from engine.records import Precaution, Session
from engine.scene import Gaze, Panel, Recall, Sound, Surround, Target
from engine.simulated import SimulatedHeadset
from engine.task import NOT_YET, REACHED, Move, Trial

KNOWN = calibration()
DT_S = 1 / 30


# The errors


@pytest.mark.parametrize(
    ("errors", "absolute", "constant", "variable"),
    [
        ([3.0, -1.0, 4.0], 8 / 3, 2.0, math.sqrt(14 / 3)),
        ([2.0, 2.0], 2.0, 2.0, 0.0),
        ([-5.0, 5.0], 5.0, 0.0, 5.0),
    ],
)
def test_errors_are_those_of_their_formulas(
    errors: list[float], absolute: float, constant: float, variable: float
) -> None:
    found = position_sense(errors)
    assert (found.absolute_deg, found.constant_deg, found.variable_deg) == pytest.approx((absolute, constant, variable))


def test_one_try_has_no_variable_error_and_none_has_no_position_sense() -> None:
    found = position_sense([3.0])
    assert math.isnan(found.variable_deg)
    assert found.why["variable_deg"] == "one try differs from no other"
    for nothing in ([], [1.0, math.nan]):
        with pytest.raises(NotMeasurable):
            position_sense(nothing)


@pytest.mark.parametrize(
    ("found", "way", "beyond", "away"),
    [
        ((4.0, 0.0, 0.0), (-30.0, 0.0, 0.0), 4.0, 4.0),
        ((4.0, 0.0, 0.0), (30.0, 0.0, 0.0), -4.0, 4.0),
        ((0.0, -3.0, 0.0), (0.0, 25.0, 0.0), 3.0, 3.0),
        ((3.0, 4.0, 0.0), (30.0, 0.0, 0.0), -3.0, 5.0),
    ],
)
def test_beyond_home_is_along_the_way_and_away_is_whichever_way(
    found: Vector, way: Vector, beyond: float, away: float
) -> None:
    error = recall.face_error_deg(Recalled((0.0, 0.0, 0.0), found), way)
    assert error == pytest.approx((beyond, away), rel=1e-3)


# Remembering


def test_home_is_where_somebody_comes_to_rest_and_not_on_the_way_there() -> None:
    recalled = Recalled()
    look = moves.gaze(Gaze("home", 0.0, 0.0, 8.0), 0.5)
    comes = [*np.linspace(8.0, 0.0, 45), *[0.0] * 60]
    assert live(recall.remembered(look, recall.face_deg, STILL_DPS, recalled), comes)[0] == REACHED
    assert recalled.home is not None
    assert recalled.home[0] == pytest.approx(0.0, abs=1.3)


# Finding again


def live(move: Move, yaws_deg: Sequence[float], presses: int | None = None) -> tuple[str, int]:
    """The outcome of a move for somebody whose head turns like that, and after how many frames."""
    person = upright(STANCE)
    next(move)
    for index, yaw_deg in enumerate(yaws_deg):
        frame = a_frame(round(1e9 * index * DT_S))
        head = frame.head._replace(orientation=from_yaw_pitch(math.radians(yaw_deg), 0.0))
        body = a_body(index * DT_S, DT_S, confirm=presses is not None and index >= presses)
        try:
            move.send(body._replace(frame=frame._replace(head=head), person=person))
        except StopIteration as end:
            return str(end.value), index
    return "goes on", len(yaws_deg)


def back(to_deg: float, seconds: float = 2.0) -> list[float]:
    return [*np.linspace(40.0, to_deg, round(seconds / DT_S)), *[to_deg] * 150]


def test_coming_to_rest_ends_it_where_the_head_is() -> None:
    recalled = Recalled(home=(1.0, 0.0, 0.0))
    outcome, frames = live(recall.find_again("r", "", recall.face_deg, STILL_DPS, 10.0, recalled), back(4.0))
    assert outcome == REACHED
    assert recalled.found is not None
    assert recalled.found[0] == pytest.approx(4.0, abs=0.5)
    assert frames * DT_S == pytest.approx(3.5, abs=0.6)


def test_so_does_a_press() -> None:
    recalled = Recalled(home=(0.0, 0.0, 0.0))
    move = recall.find_again("r", "", recall.face_deg, STILL_DPS, 10.0, recalled)
    outcome, frames = live(move, back(0.0, 6.0), presses=60)
    assert (outcome, frames) == (REACHED, 60)


def test_who_waits_before_moving_has_not_found_it_yet() -> None:
    recalled = Recalled(home=(0.0, 0.0, 0.0))
    waits = [40.0] * 150
    outcome, frames = live(recall.find_again("r", "", recall.face_deg, STILL_DPS, 10.0, recalled), [*waits, *back(1.0)])
    assert (outcome, frames > 150 + 60) == (REACHED, True)
    assert recalled.found is not None
    assert recalled.found[0] == pytest.approx(1.0, abs=0.5)


def test_who_is_at_home_already_stays_there() -> None:
    recalled = Recalled(home=(0.0, 0.0, 0.0))
    outcome, frames = live(recall.find_again("r", "", recall.face_deg, STILL_DPS, 10.0, recalled), [2.0] * 90)
    assert (outcome, frames * DT_S) == (REACHED, pytest.approx(1.0, abs=0.1))


def test_time_ends_it_too() -> None:
    restless = [20 * math.sin(0.2 * i) for i in range(900)]
    recalled = Recalled(home=(0.0, 0.0, 0.0))
    assert live(recall.find_again("r", "", recall.face_deg, STILL_DPS, 5.0, recalled), restless)[0] == NOT_YET
    assert recalled.found is None


@pytest.mark.parametrize("amplitude_deg", [0.5, 2.0, 5.0])
def test_a_tremor_about_a_place_is_rest(amplitude_deg: float) -> None:
    recalled = Recalled(home=(0.0, 0.0, 0.0))
    trembles = [yaw + amplitude_deg * math.sin(2 * math.pi * 5.0 * i * DT_S) for i, yaw in enumerate(back(4.0))]
    assert live(recall.find_again("r", "", recall.face_deg, STILL_DPS, 10.0, recalled), trembles)[0] == REACHED
    assert recalled.found is not None
    assert recalled.found[0] == pytest.approx(4.0, abs=0.2 + 0.15 * amplitude_deg)


def test_who_goes_on_slowly_is_not_at_rest() -> None:
    recalled = Recalled(home=(0.0, 0.0, 0.0))
    goes_on = list(np.linspace(40.0, -40.0, round(80 / 5.0 / DT_S)))
    assert live(recall.find_again("r", "", recall.face_deg, STILL_DPS, 10.0, recalled), goes_on)[0] == NOT_YET


@pytest.mark.parametrize(("ways", "person"), [
    ("turns", {"head_tremor_deg": 1.5}), ("arm", {"tremor_mm": 20.0}),
])  # fmt: skip
def test_who_trembles_finds_home(ways: str, person: dict[str, Any], tmp_path: Path) -> None:
    session, _ = played(tmp_path, {"ways": ways, "targets": 4}, recall_bias_deg=3.0, recall_spread_deg=0.0, **person)
    for trial in session.blocks[0].trials:
        assert trial.outcome == REACHED
        assert trial.measures["beyond_deg"].value == pytest.approx(3.0, abs=1.5)


@pytest.mark.parametrize(("neck_speed_dps", "reaction_s"), [(10.0, 1.0), (15.0, 2.0)])
def test_who_is_slow_is_not_cut_off_on_the_way(neck_speed_dps: float, reaction_s: float, tmp_path: Path) -> None:
    slow = {"neck_speed_dps": neck_speed_dps, "reaction_s": reaction_s}
    session, _ = played(tmp_path, {"targets": 4}, recall_bias_deg=3.0, recall_spread_deg=0.0, **slow)
    for trial in session.blocks[0].trials:
        assert trial.measures["beyond_deg"].value == pytest.approx(3.0, abs=0.9)


def test_who_never_comes_back_has_no_error(tmp_path: Path) -> None:
    session, _ = played(tmp_path, {"targets": 1, "limit_s": 4.0}, neck_speed_dps=5.0, recall_bias_deg=3.0)
    (trial,) = session.blocks[0].trials
    assert (trial.outcome, trial.measures["beyond_deg"].value) == (NOT_YET, None)


# The game


def envelope(*rules: Precaution, **more: Any) -> Envelope:
    return Envelope(KNOWN, rules, difficulties=Followers()(KNOWN.limits), **more)


def trials(parameters: dict[str, Any], *rules: Precaution) -> list[Trial]:
    return list(game("compass_home", parameters).trials(envelope(*rules), Random(1), []))


def played(folder: Path, parameters: dict[str, Any], **person: Any) -> tuple[Session, Kept]:
    headset = SimulatedHeadset(patient(KNOWN, **{"lapse": 0.0, **person}), 3, 30.0)
    return play(game("compass_home", parameters), folder, KNOWN, headset)


@pytest.mark.parametrize("ways", ["turns", "arm"])
@pytest.mark.parametrize("bias_deg", [-3.0, 0.0, 3.0])
def test_the_error_is_that_of_the_simulated_person(ways: str, bias_deg: float, tmp_path: Path) -> None:
    person = {"recall_bias_deg": bias_deg, "recall_spread_deg": 0.0, "sway_mm": 1.0, "tremor_mm": 0.2}
    session, _ = played(tmp_path, {"ways": ways, "targets": 4}, **person)
    for trial in session.blocks[0].trials:
        assert trial.measures["beyond_deg"].value == pytest.approx(bias_deg, abs=0.9)
        assert trial.measures["away_deg"].value == pytest.approx(abs(bias_deg), abs=1.2)
        assert (trial.measures["away_m"].value is None) == (ways == "turns")
    last = session.blocks[0].trials[-1].measures
    assert last["constant_deg"].value == pytest.approx(bias_deg, abs=0.9)
    assert last["constant_deg"].note == "of 2 this way"


def test_the_variable_error_is_how_far_tries_differ(tmp_path: Path) -> None:
    person = {"recall_bias_deg": 0.0, "recall_spread_deg": 4.0}
    session, _ = played(tmp_path, {"targets": 12, "sides": "left", "within_deg": 12.0}, **person)
    errors = [trial.measures["beyond_deg"].value for trial in session.blocks[0].trials]
    assert session.blocks[0].trials[-1].measures["variable_deg"].value == pytest.approx(np.std(errors), abs=0.01)
    assert 2.0 < float(np.std(errors)) < 6.0


def test_home_is_seen_left_in_the_dark_and_seen_again(tmp_path: Path) -> None:
    _, kept = played(tmp_path, {"targets": 1})
    dark = [any(isinstance(i, Surround) and i.light == 0 for i in scene.items) for scene in kept.scenes]
    asked = [any(isinstance(i, Recall) for i in scene.items) for scene in kept.scenes]
    changes = [b for a, b in itertools.pairwise(dark) if a != b]
    assert changes == [True, False]
    assert all(is_dark for is_dark, asks in zip(dark, asked, strict=True) if asks)
    assert {item.name for scene in kept.scenes for item in scene.items if isinstance(item, Sound)} == {
        *("appear", "call", "home")
    }


def test_who_is_far_from_home_is_told_that_it_waits(tmp_path: Path) -> None:
    session, kept = played(tmp_path, {"targets": 2}, recall_bias_deg=15.0)
    assert [trial.outcome for trial in session.blocks[0].trials] == [NOT_YET] * 2
    titles = {i.title for scene in kept.scenes for i in scene.items if isinstance(i, Panel)}
    assert "compass_home.not_yet" in titles


class Stays(SimulatedHeadset):
    """Somebody who comes home and does not leave it in the dark."""

    def _turn_head(self, _: float) -> tuple[Quaternion, Vector]:
        return UPRIGHT, (0.0, 0.0, 0.0)

    def _relax(self, now_s: float) -> None:
        pass


@pytest.mark.parametrize("parameters", [{"within_deg": 12.0, "share": 0.25}, {"ways": "arm"}])
def test_who_does_not_leave_home_has_not_found_it(parameters: dict[str, Any], tmp_path: Path) -> None:
    headset = Stays(patient(KNOWN, lapse=0.0), 3, 30.0)
    session, _ = play(game("compass_home", {"targets": 1, **parameters}), tmp_path, KNOWN, headset)
    (trial,) = session.blocks[0].trials
    assert trial.outcome == NOT_YET
    assert {measured.value for measured in trial.measures.values()} == {None}


def test_it_leads_away_by_a_share_of_the_limit_that_differs_a_little() -> None:
    far = [abs(trial.values["away"].yaw_deg) for trial in trials({"targets": 20, "share": 0.5})]
    assert 0.5 * 0.85 * 60 <= min(far) < max(far) <= 0.5 * 1.15 * 60
    assert len(set(far)) > 10


def test_a_precaution_bounds_how_far_it_leads_and_leaves_out_what_has_too_little() -> None:
    rule = Precaution("neck_rotation_left", 20.0, "deg", "fusion", "Dr Wood")
    far = {t.values["away"].yaw_deg < 0: abs(t.values["away"].yaw_deg) for t in trials({"share": 0.8}, rule)}
    assert far[True] <= 20.0 < far[False]
    none = Precaution("neck_rotation_left", 5.0, "deg", "fusion", "Dr Wood")
    assert all(trial.values["away"].yaw_deg > 0 for trial in trials({"targets": 6}, none))


def test_it_says_why_no_way_is_left() -> None:
    rules = [Precaution(f"neck_rotation_{side}", 5.0, "deg", "fusion", "Dr Wood") for side in ("left", "right")]
    with pytest.raises(OutsideEnvelope, match="the precaution of Dr Wood"):
        trials({"ways": "turns"}, *rules)
    unmeasured = Envelope(replace(KNOWN, limits={}))
    for ways in ("turns", "arm"):
        with pytest.raises(OutsideEnvelope, match="was not measured"):
            list(game("compass_home", {"ways": ways}).trials(unmeasured, Random(1), []))


def test_an_arm_that_may_not_be_used_bars_no_head_and_leaves_the_other() -> None:
    rules = [Precaution(f"use_of_arm_{side}", 0.0, "", "repair", "Dr Wood") for side in ("left", "right")]
    assert barred(game("compass_home"), "standing", rules) == ""
    assert barred(game("compass_home", {"ways": "arm"}), "standing", rules)
    assert {trial.side for trial in trials({"ways": "arm"}, rules[0])} == {"right"}


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_side_alone_can_be_asked_for(side: str) -> None:
    turned = {trial.values["movement"] for trial in trials({"sides": side})}
    raised = {trial.side for trial in trials({"sides": side, "ways": "arm"})}
    assert turned == {f"neck_rotation_{side}"}
    assert raised == {side}


def test_what_it_shows_lies_inside_the_envelope() -> None:
    bounds = envelope()
    for trial in [*trials({"targets": 12, "share": 0.8, "ways": "turns and nods"}), *trials({"ways": "arm"})]:
        for item in (trial.values["home"], trial.values.get("away")):
            if isinstance(item, Gaze):
                assert bounds.refuses_gaze((item.yaw_deg, item.pitch_deg, item.tilt_deg)) == ""
            elif isinstance(item, Target):
                assert bounds.refuses_target(item.place_m, item.hand) == ""


def test_it_is_played_seated(tmp_path: Path) -> None:
    headset = SimulatedHeadset(patient(KNOWN, lapse=0.0), 3, 30.0)
    session, _ = play(game("compass_home", {"targets": 2}), tmp_path, KNOWN, headset, posture="seated")
    assert [trial.outcome for trial in session.blocks[0].trials] == [REACHED] * 2


def test_the_neck_is_measured_before_where_a_head_finds_home() -> None:
    assert set(game("compass_home", {"ways": "turns and nods"}).limits) == {
        *("neck_rotation_left", "neck_rotation_right", "neck_extension", "neck_flexion")
    }
    assert game("compass_home", {"ways": "arm"}).limits == ()
    assert game("flamingo_garden").limits == ()
    assert set(game("flamingo_garden", {"head": "turns"}).limits) == {"neck_rotation_left", "neck_rotation_right"}
