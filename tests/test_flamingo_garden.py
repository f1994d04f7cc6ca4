"""Flamingo Garden: feet as they shall stand, how a foot that comes down is seen, and how long it was up."""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest
from people import HEAD_M, a_body, a_frame
from visits import Kept, calibration, game, patient, play

import games
from calibration.battery.single_leg import Test as SingleLeg
from engine import footing, presets
from engine.envelope import Envelope
from engine.footing import ENDED_BY, FOOT, HEAD, NEVER, ONE_LEG, PAUSE, PRESS, TIME, Held
from engine.frame import Devices, Hand, Pose
from engine.leg import devices_of
from engine.metrics.definition import NotMeasurable
from engine.precautions import barred
from engine.records import Precaution, Session
from engine.scene import Footing, Friend, Gaze, Panel
from engine.simulated import SimulatedHeadset
from engine.task import NOT_YET, REACHED, Move, Trial

KNOWN = calibration()
GOAL = Footing("footing", ONE_LEG, "left")
DT_S = 1 / 30


def live(move: Move, heads: Sequence[tuple[float, float, float]], **more: Any) -> tuple[str, int]:
    """The outcome of a move for somebody whose head goes like that, and after how many frames."""
    next(move)
    feet_m, presses, jump_s = (more.get(name) for name in ("feet_m", "presses", "jump_s"))
    for index, head_m in enumerate(heads):
        now_s = index * DT_S + (jump_s or 0.0) * (index > 45)
        body = a_body(now_s, DT_S, confirm=bool(presses and index >= presses))._replace(head_m=head_m)
        frame = a_frame(round(now_s * 1e9), head_m)
        if feet_m:
            frame = frame._replace(devices=Devices(right_foot=Pose((0.1, feet_m[min(index, len(feet_m) - 1)], 0.0))))
        if more.get("strapped_m"):
            strapped_m = more["strapped_m"]
            grip = Pose((0.1, strapped_m[min(index, len(strapped_m) - 1)], 0.0))
            frame = frame._replace(right=Hand(grip))
        try:
            move.send(body._replace(frame=frame))
        except StopIteration as end:
            return str(end.value), index
    return "goes on", len(heads)


def head(seconds: float, aside_m: float = 0.0, drop_m: float = 0.0) -> list[tuple[float, float, float]]:
    return [(HEAD_M[0] + aside_m, HEAD_M[1] - drop_m, HEAD_M[2])] * round(seconds / DT_S)


# How a foot that comes down is seen


def test_who_stays_for_the_whole_time_has_reached_it() -> None:
    held = Held()
    outcome, frames = live(footing.stay(GOAL, 5.0, held), head(9.0))
    assert (outcome, held.ended_by) == (REACHED, TIME)
    assert frames * DT_S == pytest.approx(5.0, abs=2 * DT_S)


@pytest.mark.parametrize(("aside_m", "drop_m", "ends"), [(0.15, 0.0, True), (0.0, 0.06, True), (0.06, 0.01, False)])
def test_a_head_that_steps_aside_or_drops_is_a_foot_that_came_down(aside_m: float, drop_m: float, ends: bool) -> None:
    held = Held()
    outcome, _ = live(footing.stay(GOAL, 20.0, held), [*head(6.0), *head(2.0, aside_m, drop_m)])
    assert (outcome == NOT_YET) == ends
    assert held.ended_by == (HEAD if ends else "")
    assert not ends or held.seconds == pytest.approx(6.0, abs=0.1)


def test_a_tracker_on_the_foot_sees_it_and_the_head_may_go_where_it_likes() -> None:
    held, up, down = Held(), [0.30] * 180, [0.11] * 30
    assert live(footing.get_ready(GOAL, 1.0, held), head(2.0), feet_m=[0.10] * 60)[0] == REACHED
    assert held.rest_m == pytest.approx(0.10)
    heads = [*head(3.0), *head(3.0, 0.2), *head(1.0)]
    outcome, _ = live(footing.stay(GOAL, 20.0, held), heads, feet_m=[*up, *down])
    assert (outcome, held.ended_by) == (NOT_YET, FOOT)
    assert held.seconds == pytest.approx(6.0, abs=0.1)


def test_a_controller_that_is_worn_on_the_leg_sees_it_as_well() -> None:
    held, goal = Held(), GOAL._replace(device="right")
    live(footing.get_ready(goal, 1.0, held), head(2.0), strapped_m=[0.25] * 60)
    outcome, _ = live(footing.stay(goal, 20.0, held), head(9.0), strapped_m=[*[0.45] * 90, *[0.26] * 90])
    assert (outcome, held.ended_by) == (NOT_YET, FOOT)
    assert held.seconds == pytest.approx(3.0, abs=0.1)


def test_it_counts_from_when_a_foot_that_is_seen_is_up() -> None:
    held = Held(rest_m=0.10)
    feet = [*[0.10] * 60, *[0.12] * 30, *[0.30] * 60]
    outcome, frames = live(footing.lifted(GOAL, 8.0, 2.5, held), head(6.0), feet_m=feet)
    assert outcome == REACHED
    assert frames * DT_S == pytest.approx(3.0, abs=0.1)
    assert live(footing.lifted(GOAL, 4.0, 2.5, held), head(9.0), feet_m=[0.1])[0] == NOT_YET


def test_a_foot_that_nobody_sees_has_a_moment_to_come_up() -> None:
    outcome, frames = live(footing.lifted(GOAL, 8.0, 2.5, Held()), head(6.0))
    assert outcome == REACHED
    assert frames * DT_S == pytest.approx(2.5, abs=0.1)


def test_who_presses_the_trigger_says_that_the_foot_is_down() -> None:
    held = Held()
    assert live(footing.stay(GOAL, 20.0, held), head(9.0), presses=120)[0] == NOT_YET
    assert held.ended_by == PRESS
    assert held.seconds == pytest.approx(4.0, abs=0.1)


def test_nobody_stands_on_one_leg_through_a_pause() -> None:
    held = Held()
    assert live(footing.stay(GOAL, 20.0, held), head(9.0), jump_s=4.0)[0] == NOT_YET
    assert held.ended_by == PAUSE
    assert held.seconds == pytest.approx(1.5, abs=0.1)


# The game


def played(folder: Path, parameters: dict[str, Any], **person: Any) -> tuple[Session, Kept]:
    headset = SimulatedHeadset(patient(KNOWN, **person), 3, 30.0)
    return play(game("flamingo_garden", parameters), folder, KNOWN, headset)


def trials(parameters: dict[str, Any]) -> list[Trial]:
    return list(game("flamingo_garden", parameters).trials(Envelope(KNOWN), Random(1), []))


def test_both_legs_have_their_turn_and_one_alone_where_that_is_asked() -> None:
    sides = [trial.side for trial in trials({"targets": 6})]
    assert sides in (["left", "right"] * 3, ["right", "left"] * 3)
    assert {trial.side for trial in trials({"targets": 6, "sides": "left"})} == {"left"}
    assert {trial.side for trial in trials({"targets": 6, "stance": 1})} == {""}


@pytest.mark.parametrize("one_leg_s", [4.0, 8.0])
def test_how_long_somebody_stood_is_measured_from_the_head_alone(one_leg_s: float, tmp_path: Path) -> None:
    session, kept = played(tmp_path, {"targets": 2, "hold_s": 40.0}, one_leg_s=one_leg_s)
    for trial in session.blocks[0].trials:
        measured = trial.measures["held_s"]
        assert measured.value == pytest.approx(one_leg_s + 0.25, rel=0.6)
        assert measured.note.startswith(ENDED_BY[HEAD])
        assert "rail" in measured.note
    held = [item for scene in kept.scenes for item in scene.items if isinstance(item, Footing)]
    assert {item.state for item in held} == {"ready", "wanted"}
    assert [trial.outcome for trial in session.blocks[0].trials] == [NOT_YET] * 2


def test_the_end_is_seen_within_the_error_that_is_stated(tmp_path: Path) -> None:
    headset = SimulatedHeadset(patient(KNOWN, one_leg_s=6.0), 3, 30.0)
    feet, downs = headset._feet, []
    moved = feet.moved_m

    def watched(scene: Any, now_s: float) -> Any:
        if feet._down_s not in downs and now_s >= feet._down_s:
            downs.append(feet._down_s)
        return moved(scene, now_s)

    feet.moved_m = watched  # type: ignore[method-assign]
    session, _ = play(game("flamingo_garden", {"targets": 3, "hold_s": 40.0}), tmp_path, KNOWN, headset)
    for trial, down_s in zip(session.blocks[0].trials, downs, strict=True):
        ended_s = trial.start_s + 7.5 + (trial.measures["held_s"].value or 0.0)
        assert ended_s - down_s == pytest.approx(0.15, abs=trial.measures["held_s"].error)


def test_who_stands_the_whole_time_sees_the_companion_lift_the_other_leg(tmp_path: Path) -> None:
    session, kept = played(tmp_path, {"targets": 1, "hold_s": 6.0, "sides": "left"})
    (trial,) = session.blocks[0].trials
    assert trial.measures["held_s"].value == pytest.approx(6.0, abs=0.1)
    assert trial.measures["held_s"].note.startswith(ENDED_BY[TIME])
    assert trial.measures["speed_mmps"].value
    legs = {item.leg for scene in kept.scenes for item in scene.items if isinstance(item, Friend)}
    assert legs == {"", "right"}


def test_it_says_on_which_leg_and_that_the_rail_is_there(tmp_path: Path) -> None:
    _, kept = played(tmp_path, {"targets": 1, "hold_s": 3.0, "sides": "right", "arms": "crossed"})
    said = {words for scene in kept.scenes for i in scene.items if isinstance(i, Panel) for words in i.text}
    assert {"flamingo_garden.on_right", "flamingo_garden.rail", "flamingo_garden.arms_crossed"} < said


def test_the_controller_of_each_leg_shows_it_when_it_is_lifted_and_is_drawn_as_no_hand(tmp_path: Path) -> None:
    asked = trials({"targets": 4, "strapped": "each"})
    tests = SingleLeg(SingleLeg.Parameters(strapped="each")).trials(Envelope(KNOWN), Random(1), [])
    for trial in (*asked, *tests):
        assert {trial.side, trial.values["goal"].device} == {"left", "right"}
    _, kept = played(tmp_path, {"targets": 1, "hold_s": 3.0, "sides": "left", "strapped": "each"})
    assert devices_of(kept.scenes[30].items) == {"right"}


def test_a_controller_that_rests_in_a_hand_shows_no_foot() -> None:
    held, goal = Held(), GOAL._replace(device="right")
    live(footing.get_ready(goal, 1.0, held), head(2.0), strapped_m=[0.85] * 60)
    outcome, _ = live(footing.stay(goal, 20.0, held), [*head(4.0), *head(2.0, drop_m=0.06)], strapped_m=[0.85] * 300)
    assert (outcome, held.ended_by) == (NOT_YET, HEAD)


def test_a_foot_that_is_never_lifted_gives_no_number() -> None:
    (trial,) = trials({"targets": 1})
    trial.values["held"].ended_by = NEVER
    with pytest.raises(NotMeasurable, match=ENDED_BY[NEVER]):
        game("flamingo_garden").measure(trial, None)


@pytest.mark.parametrize(
    ("movement", "at_most", "unit", "bars"),
    [
        ("standing", 0.0, "", True),
        ("weight_on_leg_left", 50.0, "%", True),
        ("weight_on_leg_right", 0.0, "%", True),
        ("weight_on_leg_right", 100.0, "%", False),
        ("knee_flexion_left", 30.0, "deg", False),
        ("use_of_arm_left", 0.0, "", False),
    ],
)
def test_what_bars_it(movement: str, at_most: float, unit: str, bars: bool) -> None:
    rule = Precaution(movement, at_most, unit, "fracture", "Dr Wood")
    assert bool(barred(game("flamingo_garden"), "standing", (rule,))) == bars


@pytest.mark.parametrize(("preset", "stance"), [("fall-risk", 1), ("post-op", 1), ("vestibular", 2), ("balance", 3)])
def test_the_presets_of_who_may_fall_begin_with_the_feet_together(preset: str, stance: int) -> None:
    known = {"flamingo_garden": games.load("flamingo_garden")}
    assert presets.resolve(preset, known, others=True).parameters("flamingo_garden").stance == stance


def test_a_head_that_turns_meanwhile_goes_between_two_lights_within_its_limit(tmp_path: Path) -> None:
    session, kept = played(tmp_path, {"targets": 1, "hold_s": 8.0, "head": "turns"})
    lights = {(i.key, i.yaw_deg) for scene in kept.scenes for i in scene.items if isinstance(i, Gaze)}
    assert {yaw for _, yaw in lights} == {-15.0, 15.0}
    assert [trial.outcome for trial in session.blocks[0].trials] == [REACHED]
    stiff = Precaution("neck_rotation_left", 20.0, "deg", "fusion", "Dr Wood")
    bounds = Envelope(KNOWN, (stiff,))
    (trial,) = game("flamingo_garden", {"targets": 1, "head": "turns"}).trials(bounds, Random(1), [])
    assert {abs(light.yaw_deg) for light in trial.values["looks"]} == {10.0}


def test_a_neck_that_may_not_turn_is_asked_for_nothing() -> None:
    stiff = Precaution("neck_rotation_left", 4.0, "deg", "fusion", "Dr Wood")
    asked = game("flamingo_garden", {"targets": 1, "head": "turns"}).trials(Envelope(KNOWN, (stiff,)), Random(1), [])
    assert [trial.values["looks"] for trial in asked] == [()]
