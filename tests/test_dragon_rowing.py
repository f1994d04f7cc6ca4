"""Dragon Rowing by itself: where strokes go, that the drum waits, and what is measured of them."""

import math
from pathlib import Path
from random import Random

import pytest
from people import a_body
from visits import calibration, game, play

from calibration.adaptation import Followers
from engine import moves, rowing
from engine.envelope import Envelope
from engine.frame import SIDES
from engine.places import seen_from_shoulder
from engine.precautions import barred, effect
from engine.records import Precaution, Session
from engine.scene import Held, Stand, Target
from engine.task import Trial
from games import dragon_rowing

KNOWN = calibration()


def envelope(*precautions: Precaution) -> Envelope:
    return Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits))


def trials(values: dict[str, object], *precautions: Precaution) -> list[Trial]:
    return list(game("dragon_rowing", values).trials(envelope(*precautions), Random(1), []))


def precaution(movement: str, at_most: float, unit: str = "deg") -> Precaution:
    return Precaution(movement, at_most, unit, "fusion", "Dr Wood")


@pytest.fixture(scope="module")
def rowed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    return play(game("dragon_rowing", {"targets": 6}), tmp_path_factory.mktemp("rowed"))[0]


@pytest.mark.parametrize("turn_deg", [0.0, 40.0])
def test_every_stroke_lies_within_the_reach_of_its_hand(turn_deg: float) -> None:
    bounds = envelope()
    for trial in trials({"turn_deg": turn_deg}):
        assert trial.values["strokes"].keys() == set(SIDES)
        for side, stroke in trial.values["strokes"].items():
            assert not bounds.refuses_target(stroke.catch_m, side)
            assert not bounds.refuses_target(stroke.finish_m, side)
            assert math.dist(stroke.catch_m, stroke.finish_m) > 0.2


def test_strokes_turn_to_one_side_and_then_to_the_other() -> None:
    turned = [trial.values["turn_deg"] for trial in trials({"turn_deg": 20.0, "targets": 8})]
    assert min(turned) < 0 < max(turned)
    assert {trial.values["turn_deg"] for trial in trials({})} == {0.0}


def test_a_limit_of_turning_the_trunk_bounds_them() -> None:
    rotation = precaution("trunk_rotation", 10.0)
    turned = {abs(trial.values["turn_deg"]) for trial in trials({"turn_deg": 40.0}, rotation)}
    assert max(turned) <= 10.0
    none = precaution("trunk_rotation", 0.0)
    assert {trial.values["turn_deg"] for trial in trials({"turn_deg": 40.0}, none)} == {0.0}
    assert effect(rotation, dragon_rowing.Game, "seated").act == "bounds"


def test_a_forbidden_arm_leaves_the_other_and_both_bar_it() -> None:
    left = precaution("use_of_arm_left", 0.0, "")
    assert all(set(trial.values["strokes"]) == {"right"} for trial in trials({}, left))
    assert "asks for a hand" in barred(dragon_rowing.Game, "seated", [left, precaution("use_of_arm_right", 0.0, "")])


def test_hands_go_no_higher_than_the_shoulders() -> None:
    for trial in trials({"height": 1.0}):
        for side, stroke in trial.values["strokes"].items():
            assert stroke.catch_m[1] < trial.values["shoulder_m"][side][1]


def test_after_misses_strokes_are_as_low_as_rowing_goes_and_the_boat_goes_on() -> None:
    bounds = Envelope(calibration(40.0), (), difficulties=Followers()(calibration(40.0).limits))
    for _ in range(4):
        laid = rowing.lay(bounds, "right", ("left",), 0.8, 0.9, 0.0, 0.09)
        bounds.learn(laid.request, 0.5 * laid.request.amplitude, success=False)
    _, up_deg, _ = seen_from_shoulder(bounds.shoulder("right"), 0.0, laid.strokes["right"].catch_m)
    assert up_deg == pytest.approx(rowing.LEAST_DEG)
    assert bounds.request("shoulder_elevation_right").amplitude < rowing.LEAST_DEG / 0.8


def test_the_drum_calls_no_sooner_than_it_may(rowed: Session) -> None:
    for record in rowed.blocks[0].trials:
        assert record.end_s - record.start_s >= 60 / 14.0 - 0.05
        assert record.measures["strokes_per_min"].value == pytest.approx(14.0, abs=0.3)


def test_an_early_end_is_followed_by_waiting_and_a_late_one_by_none() -> None:
    for lasts_s, shown_s in ((0.3, 1.0), (1.4, 1.4)):
        move, gone = moves.no_sooner(1.0, moves.show((Stand("row"),), lasts_s), (Stand("glide"),)), 0
        next(move)
        try:
            while True:
                move.send(a_body(dt_s=0.1))
                gone += 1
        except StopIteration:
            assert gone + 1 == pytest.approx(10 * shown_s, abs=1)


def test_what_is_measured_is_what_the_hands_did(rowed: Session) -> None:
    found = game("dragon_rowing", {"targets": 6}).trials(envelope(), Random(0), [])
    stroke = next(found).values["strokes"]["right"]
    for record in rowed.blocks[0].trials:
        assert record.outcome == "reached"
        length_m = record.measures["stroke_right_m"].value
        assert length_m == pytest.approx(math.dist(stroke.catch_m, stroke.finish_m), abs=0.12)
        assert record.measures["hands_aside_deg"].value == pytest.approx(0.0, abs=3.0)
        assert record.measures["path_symmetry"].value == pytest.approx(0.0, abs=0.1)
        assert 70 < (record.measures["reach_percent"].value or 0.0) < 95


def test_one_arm_rows_with_one_oar(tmp_path: Path) -> None:
    session, kept = play(game("dragon_rowing", {"targets": 2, "arms": "right"}), tmp_path)
    items = {item for scene in kept.scenes for item in scene.items}
    assert {item.hand for item in items if isinstance(item, Held)} == {"right"}
    assert {item.hand for item in items if isinstance(item, Target)} == {"right"}
    (first, _) = session.blocks[0].trials
    assert first.measures["stroke_left_m"].note == "this arm did not row"
    assert first.measures["lag_s"].note == "one arm rowed"
