"""Bell Tower by itself: which leg is asked for, what a lift is measured as, and what keeps bells away."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
import pytest
from visits import ABOUT, Kept, calibration, game, patient, play

from calibration.adaptation import Followers
from engine import leg
from engine.commands import visits as steady
from engine.envelope import Envelope
from engine.frame import LOST, Frame, Hand
from engine.limits import OutsideEnvelope
from engine.plan import Step
from engine.precautions import barred
from engine.records import Precaution, Session
from engine.scene import Lift, Sound
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import Patient
from engine.task import Trial
from games.bell_tower import _of_the_hold

KNOWN = calibration()


def envelope(*precautions: Precaution) -> Envelope:
    return Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits), posture="seated")


def at_most(movement: str, amount: float, unit: str = "deg") -> Precaution:
    return Precaution(movement, amount, unit, "operated", "Dr Wood")


def trials(values: Mapping[str, object], *precautions: Precaution) -> list[Trial]:
    return list(game("bell_tower", values).trials(envelope(*precautions), Random(1), []))


def sides(asked: list[Trial]) -> list[str]:
    return [trial.values["worn"].side for trial in asked]


def played(values: Mapping[str, object], folder: Path, **more: object) -> tuple[Session, Kept]:
    steadily = patient(KNOWN, lapse=0.0, slope_deg=0.1, fatigue=0.0, **more)
    task = game("bell_tower", values)
    return play(task, folder, KNOWN, SimulatedHeadset(steadily, 1, 60.0), posture="seated")


def test_the_legs_take_turns_where_each_has_its_own_controller() -> None:
    assert sorted(sides(trials({"targets": 6}))[:2]) == ["left", "right"]
    assert sides(trials({"targets": 6}))[::2] == [sides(trials({"targets": 6}))[0]] * 3


def test_one_controller_changes_over_once() -> None:
    order = sides(trials({"targets": 7, "strapped": "right"}))
    assert sum(a != b for a, b in pairwise(order)) == 1
    assert {trial.values["goal"].device for trial in trials({"strapped": "right"})} == {"right"}


@pytest.mark.parametrize("exercise", leg.LIFTED)
def test_what_is_measured_is_the_leg_of_the_simulated_patient(exercise: str, tmp_path: Path) -> None:
    session, _ = played({"targets": 4, "exercise": exercise, "hold_s": 1.0}, tmp_path)
    for trial in session.blocks[0].trials:
        assert trial.outcome == "reached"
        assert trial.request
        beyond = 1.06 * trial.request.amplitude  # as a simulated leg goes
        assert trial.measures["lifted_deg"].value == pytest.approx(beyond, abs=0.5)
        assert trial.measures["held_s"].value == pytest.approx(1.0, abs=0.5)
        assert trial.measures["sank_deg"].value < 2.0
        assert -2.0 < trial.measures["smoothness_sparc"].value < -1.3


def test_every_number_says_that_nobody_has_shown_how_well_a_strap_follows_a_leg(tmp_path: Path) -> None:
    session, _ = played({"targets": 2}, tmp_path)
    for trial in session.blocks[0].trials:
        assert all(m.error is None and m.note for m in trial.measures.values())


def test_the_hold_that_is_told_is_the_longest_and_may_sink_a_tenth() -> None:
    time_s = np.arange(0.0, 5.0, 0.1)
    angle = np.select([time_s < 1, time_s < 2, time_s < 2.5], [0.0, 62.0, 30.0], 60.0 - 2 * (time_s - 2.5))
    found = _of_the_hold(time_s, angle, 60.0, 3.0)
    assert found["held_s"].value == pytest.approx(2.4, abs=0.11)
    assert found["sank_deg"].value == pytest.approx(4.8, abs=0.2)
    assert _of_the_hold(time_s, angle / 2, 60.0, 3.0)["sank_deg"].value is None


def test_a_bell_is_called_only_once_the_leg_has_rested(tmp_path: Path) -> None:
    _, kept = played({"targets": 3}, tmp_path)
    for scene in kept.scenes:
        lifts = [item for item in scene.items if isinstance(item, Lift)]
        calls = [item for item in scene.items if isinstance(item, Sound) and item.name == "appear"]
        assert not calls or lifts[0].state == "wanted"


class Unstrapped(SimulatedHeadset):
    """Somebody who has lost the left controller, so that nothing shows the left leg."""

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            yield frame._replace(left=Hand(LOST))


def test_a_leg_that_nobody_sees_is_waited_for_once_and_the_other_plays_on(tmp_path: Path) -> None:
    steadily = patient(KNOWN, lapse=0.0, slope_deg=0.1, fatigue=0.0)
    task = game("bell_tower", {"targets": 6})
    session, _ = play(task, tmp_path, KNOWN, Unstrapped(steadily, 1, 30.0), posture="seated")
    outcomes = [trial.outcome for trial in session.blocks[0].trials]
    assert outcomes.count("not yet") == 1
    unseen = session.blocks[0].trials[outcomes.index("not yet")]
    assert {measured.note for measured in unseen.measures.values()} == {"the leg was not seen to rest"}


def test_trackers_on_the_feet_are_enough_for_a_kick(tmp_path: Path) -> None:
    session, _ = played({"targets": 2, "strapped": "none"}, tmp_path)
    assert [trial.outcome for trial in session.blocks[0].trials] == ["reached", "reached"]


def test_in_a_standing_visit_somebody_sits_down_for_it_and_stands_up_for_the_next(tmp_path: Path) -> None:
    chosen = ["bell_tower", "harbour_lean"]
    holds = steady.resolved("standard", [f"{name}.targets=2" for name in chosen])
    plan = steady.plan("life", steady.steps_for(chosen, holds), holds, 1)
    kept = Kept(SimulatedHeadset(Patient(), 1, 30.0))
    done, _ = steady.play(plan, kept, tmp_path, ABOUT)
    played = {block.task: [trial.outcome for trial in block.trials] for block in done.blocks if block.kind == "play"}
    assert "reached" in played["bell_tower"]
    assert played["harbour_lean"] == ["reached"] * 2
    assert [event.name for event in done.events] == ["recentred"] * 2
    assert all(len({item.key for item in scene.items}) == len(scene.items) for scene in kept.scenes)


@pytest.mark.parametrize(
    ("precaution", "exercise", "posture", "why"),
    [
        (at_most("hip_flexion_left", 80.0), "kick", "seated", "bends the hips to about 90°"),
        (at_most("hip_flexion_left", 90.0), "kick", "seated", ""),
        (at_most("weight_on_leg_left", 0.0, "%"), "kick", "seated", ""),
        (at_most("knee_extension_left", 30.0), "kick", "seated", ""),
        (at_most("knee_flexion_left", 60.0), "kick", "seated", ""),
        (at_most("sitting", 0.0, ""), "kick", "seated", "is played seated"),
    ],
)
def test_what_a_precaution_does_to_it(precaution: Precaution, exercise: str, posture: str, why: str) -> None:
    found = barred(game("bell_tower", {"exercise": exercise}), posture, (precaution,))
    assert why in found
    assert bool(found) == bool(why)


def test_a_precaution_bounds_the_leg_that_it_is_of() -> None:
    asked = trials({"targets": 6}, at_most("knee_extension_left", 30.0))
    by_side = {trial.values["worn"].side: trial.values["goal"].angle_deg for trial in asked}
    assert by_side["left"] <= 30.0 < by_side["right"]


def test_a_hip_at_a_right_angle_leaves_no_march_of_that_leg() -> None:
    assert set(sides(trials({"exercise": "march"}, at_most("hip_flexion_left", 90.0)))) == {"right"}
    both = [at_most(f"hip_flexion_{side}", 91.0) for side in ("left", "right")]
    with pytest.raises(OutsideEnvelope, match="too little to ask for"):
        trials({"exercise": "march"}, *both)


def test_a_visit_measures_the_legs_of_who_will_play_it_and_of_nobody_else() -> None:
    def assessed(*chosen: str) -> dict[str, object]:
        one_leg = ["bell_tower.sides=left", "bell_tower.strapped=right"] if "bell_tower" in chosen else []
        holds = steady.resolved("standard", one_leg)
        steps = steady.steps_for(chosen, holds, posture="seated")
        return {s.name: s.task.p for s in steps if isinstance(s, Step) and s.kind == "calibrate"}

    assert "open_lift" not in assessed("fruit_ladder")
    found = assessed("fruit_ladder", "bell_tower")["open_lift"]
    assert (found.exercise, found.sides, found.strapped) == ("kick", "left", "right")
