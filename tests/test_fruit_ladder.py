"""Fruit Ladder by itself: the arm that may play, and the golden fruit that may be left to hang."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from people import a_body
from people import played as move_played
from visits import calibration, game, patient, play

from calibration.adaptation import Followers
from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.limits import OutsideEnvelope
from engine.records import Calibration, Precaution, Session
from engine.scene import Buzz, Item, Progress, Target, Tone
from engine.simulated import SimulatedHeadset
from engine.task import Trial
from games.fruit_ladder import BONUS_S

KNOWN = calibration(140.0)
GOLDEN = {"bonus_percent": 20.0}


def envelope(known: Calibration = KNOWN, *precautions: Precaution) -> Envelope:
    return Envelope(known, precautions, difficulties=Followers()(known.limits))


def forbidden(side: str) -> Precaution:
    return Precaution(f"use_of_arm_{side}", 0.0, "", "fracture", "Dr Wood")


def degrees(movement: str, at_most: float) -> Precaution:
    return Precaution(movement, at_most, "deg", "sling", "Dr Wood")


def trials(known: Calibration = KNOWN, *precautions: Precaution) -> list[Trial]:
    return list(game("fruit_ladder", GOLDEN).trials(envelope(known, *precautions), Random(1), []))


def played(values: Mapping[str, object], folder: Path, **more: Any) -> tuple[Session, list[Target]]:
    """A session of somebody without lapses, and the golden fruit that were shown, once each."""
    session, kept = play(
        game("fruit_ladder", values), folder, KNOWN, SimulatedHeadset(patient(KNOWN, lapse=0.0), 1, 45.0), 1, **more
    )
    shown = {item.key: item for scene in kept.scenes for item in scene.items if isinstance(item, Target)}
    return session, [item for key, item in shown.items() if key.startswith("golden")]


def test_no_golden_fruit_hangs_unless_it_is_asked_for(tmp_path: Path) -> None:
    assert played({}, tmp_path)[1] == []
    assert played(GOLDEN, tmp_path)[1] != []


def test_golden_fruit_hangs_above_the_fruit_and_within_every_bound() -> None:
    bounds = envelope()
    hung = [trial.values for trial in trials() if trial.values["golden_m"]]
    assert hung
    assert all(values["golden_m"][1] > values["place_m"][1] for values in hung)
    assert not any(
        bounds.refuses_target(trial.values["golden_m"], trial.side) for trial in trials() if trial.values["golden_m"]
    )


def test_none_hangs_where_a_ceiling_leaves_no_room_for_it(tmp_path: Path) -> None:
    session, golden = played(GOLDEN, tmp_path, caps={f"shoulder_elevation_{side}": 90.0 for side in SIDES})
    assert {trial.outcome for trial in session.blocks[0].trials} == {"reached"}
    assert golden == []


def test_what_was_reached_for_a_golden_fruit_counts_as_achieved_and_leaves_the_reach_before_it_alone(
    tmp_path: Path,
) -> None:
    plain, golden = (played(values, tmp_path)[0].blocks[0].trials[0] for values in ({}, GOLDEN))
    assert golden.request == plain.request
    assert golden.achieved is not None
    assert plain.achieved is not None
    assert golden.achieved > plain.achieved + 5
    assert golden.measures["movement_s"] == plain.measures["movement_s"]


def test_a_golden_fruit_that_is_left_alone_is_no_miss() -> None:
    trial = trials()[0]
    at_the_fruit = [a_body(left_m=trial.values["place_m"])] * 200
    outcome, taken = move_played(game("fruit_ladder", GOLDEN).play(trial), at_the_fruit)
    alone = replace(trial, values={**trial.values, "golden_m": None})
    _, taken_without = move_played(game("fruit_ladder", GOLDEN).play(alone), at_the_fruit)
    assert outcome == "reached"
    assert taken * 0.1 == pytest.approx(taken_without * 0.1 + BONUS_S, abs=0.3)


def test_a_golden_fruit_that_may_hang_no_more_is_no_miss() -> None:
    trial = trials()[0]
    move = game("fruit_ladder", GOLDEN).play(trial)
    items = next(move)
    while not any(item.key == "golden 0" for item in items):
        items = move.send(a_body(left_m=trial.values["place_m"]))
    with pytest.raises(StopIteration, match="reached"):
        move.throw(OutsideEnvelope("the bounds are tighter now"))


def test_it_plays_with_the_arm_that_may_be_used() -> None:
    assert {trial.side for trial in trials(KNOWN, forbidden("left"))} == {"right"}


def test_it_plays_with_the_arm_that_was_measured() -> None:
    limits = {name: limit for name, limit in KNOWN.limits.items() if name != "shoulder_elevation_right"}
    assert {trial.side for trial in trials(msgspec.structs.replace(KNOWN, limits=limits))} == {"left"}
    unseen = msgspec.structs.replace(KNOWN, reach={"right": KNOWN.reach["right"]})
    assert {trial.side for trial in trials(unseen)} == {"right"}


def test_it_plays_with_the_arm_that_a_fruit_can_hang_for() -> None:
    still = (degrees(f"neck_{way}", 0.0) for way in ("rotation_left", "extension", "flexion"))
    assert {trial.side for trial in trials(KNOWN, *still)} == {"right"}


def test_it_says_what_keeps_fruit_lower_than_the_difficulty_asked_for() -> None:
    stiff = {"extension": 0.0, "rotation_left": 2.0, "rotation_right": 2.0}
    lowered = trials(KNOWN, *(degrees(f"neck_{way}", most_deg) for way, most_deg in stiff.items()))
    assert {trial.request.code for trial in lowered if trial.request} == {"ENVELOPE"}
    assert all("Dr Wood" in trial.request.reason for trial in lowered if trial.request)


@pytest.mark.parametrize(
    ("precautions", "why"),
    [
        ((forbidden("left"), forbidden("right")), "forbids to use the left arm; .* the right arm"),
        (
            tuple(degrees(f"shoulder_elevation_{side}", 10.0) for side in SIDES),
            "to 10° at most",
        ),
    ],
)
def test_it_says_why_no_arm_may_play(precautions: tuple[Precaution, ...], why: str) -> None:
    with pytest.raises(OutsideEnvelope, match=why):
        trials(KNOWN, *precautions)


def test_an_arm_that_the_therapist_chose_is_not_swapped_for_the_other() -> None:
    task = game("fruit_ladder", {"arms": "left"})
    with pytest.raises(OutsideEnvelope, match="left arm"):
        next(task.trials(envelope(KNOWN, forbidden("left")), Random(1), []))


def scenes_at(place_m: Vector, **hold: float) -> list[tuple[Item, ...]]:
    """What a trial shows of a left hand that is always there, until it ends."""
    move = game("fruit_ladder", hold).play(trials()[0])
    shown = [next(move)]
    with suppress(StopIteration):
        while True:
            shown.append(move.send(a_body(left_m=place_m)))
    return shown


def test_the_hand_of_the_trial_feels_when_it_enters_a_fruit_and_when_it_comes_off() -> None:
    fruit_m = trials()[0].values["place_m"]
    pulses = [item for scene in scenes_at(fruit_m) for item in scene if isinstance(item, Buzz)]
    assert list(dict.fromkeys(pulse.key for pulse in pulses)) == ["fruit 0 entered", "fruit 0 arrival"]
    assert {pulse.hand for pulse in pulses} == {"left"}


def test_the_note_is_higher_the_further_the_arm_is_raised() -> None:
    trial = trials()[0]
    shoulder, fruit_m = trial.values["shoulder_m"], trial.values["place_m"]
    level_m = (shoulder[0], shoulder[1], shoulder[2] - 0.4)
    heights = [
        max(item.height for scene in scenes_at(place_m) for item in scene if isinstance(item, Tone))
        for place_m in ((shoulder[0], shoulder[1] - 0.5, shoulder[2]), level_m, fruit_m)
    ]
    assert heights[0] < heights[1] < heights[2] == 1.0


def test_the_basket_fills_with_the_round(tmp_path: Path) -> None:
    _, kept = play(game("fruit_ladder", {"targets": 4}), tmp_path, KNOWN, SimulatedHeadset(patient(KNOWN, lapse=0.0)))
    shares = [item.share for scene in kept.scenes for item in scene.items if isinstance(item, Progress)]
    assert list(dict.fromkeys(shares)) == [0.0, 0.25, 0.5, 0.75, 1.0]
