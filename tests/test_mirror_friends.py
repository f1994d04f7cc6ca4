"""Mirror Friends by itself: which poses for which arms, what counts as copied, and what is measured of it."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest
from people import LEFT_M, RIGHT_M, STEP_NS, a_body, a_frame, played, rows_of
from visits import Kept, calibration, game, limit, patient, play

from calibration.adaptation import Followers
from engine.envelope import Envelope
from engine.frame import UPRIGHT, Frame, Hand, Pose, Vector
from engine.motion import clean
from engine.movements import GAZES
from engine.places import seen_from_shoulder
from engine.poses import COMFORTABLE
from engine.records import Calibration, Measured, Precaution, Request, Session, TrialRecord
from engine.scene import Friend, Gaze, Lean, Target
from engine.simulated import SimulatedHeadset
from engine.task import Trial
from games.mirror_friends import POSES

KNOWN = calibration(130.0, of_neck=1.2)
ALL = {"joints": "all", "targets": 16}


def trials(
    values: Mapping[str, object] | None = None,
    *precautions: Precaution,
    known: Calibration = KNOWN,
    done: Sequence[TrialRecord] = (),
    posture: str = "standing",
) -> list[Trial]:
    bounds = Envelope(known, precautions, difficulties=Followers()(known.limits), posture=posture)
    return list(game("mirror_friends", values).trials(bounds, Random(1), done))


def forbidden(movement: str, unit: str = "deg") -> Precaution:
    return Precaution(movement, 0.0, unit, "fracture", "Dr Wood")


def lived(values: Mapping[str, object], folder: Path, of_limits: float = 1.5, **more: Any) -> tuple[Session, Kept]:
    """A session of somebody without lapses who can do this share of what was measured of them."""
    limits = {movement: of_limits * found.value for movement, found in KNOWN.limits.items()}
    person = replace(patient(KNOWN, lapse=0.0), limits_deg=limits)
    return play(game("mirror_friends", values), folder, KNOWN, SimulatedHeadset(person, 1, 45.0), **more)


def shown(kept: Kept, kind: type) -> list[Any]:
    return [item for scene in kept.scenes for item in scene.items if isinstance(item, kind)]


def copied(trial: Trial, later_s: Mapping[str, float], short_m: float = 0.0) -> Mapping[str, Measured]:
    """What is measured of hands that go where they shall, each so much later than the invitation, and stay."""
    rest_m: Mapping[str, Vector] = {"left": LEFT_M, "right": RIGHT_M}
    frames = []
    for index in range(round(9e9 / STEP_NS)):
        frame, hands = a_frame(index * STEP_NS), {}
        for side, start_m in rest_m.items():
            t = min(1.0, max(0.0, index * STEP_NS * 1e-9 - 2.5 - later_s[side]))
            share = t**3 * (10 + t * (6 * t - 15))
            goal_m = trial.values["hung"][side].place_m
            goal_m = (goal_m[0], goal_m[1] - short_m, goal_m[2])
            place = tuple(a + share * (b - a) for a, b in zip(start_m, goal_m, strict=True))
            hands[side] = Hand(Pose(place, UPRIGHT))  # type: ignore[arg-type] # three, as strict says
        frames.append(frame._replace(**hands))
    return game("mirror_friends").measure(trial, clean(rows_of(frames))).measures


def test_every_pose_comes_once_before_any_comes_again_and_each_arm_has_its_turn() -> None:
    asked = trials({"targets": 16})
    assert {t.values["pose"].name for t in asked[:8]} == {t.values["pose"].name for t in asked[8:]}
    assert len({t.values["pose"].name for t in asked[:8]}) == len(POSES) == 8
    assert [t.side for t in asked[:4]] in (["left", "right"] * 2, ["right", "left"] * 2)


def test_the_arm_that_a_trial_is_not_about_goes_no_further_than_is_comfortable() -> None:
    for trial in trials():
        other = next(hung for side, hung in trial.values["hung"].items() if side != trial.side)
        assert other.request.amplitude <= COMFORTABLE * 130.0
        assert trial.request == trial.values["hung"][trial.side].request


def test_what_is_comfortable_follows_what_is_believed_of_that_arm_now() -> None:
    movement, bird = "shoulder_elevation_left", COMFORTABLE
    learnt = TrialRecord(1, "left", 0, 5, "not yet", Request(movement, 60, "deg", "", ""), limit_after=limit(50.0))
    before, after = (
        max(t.values["hung"]["left"].request.amplitude for t in trials(done=done) if t.side == "right")
        for done in ((), (learnt,))
    )
    assert (before, after) == pytest.approx((bird * 130.0, bird * 50.0), abs=6)


def test_the_friend_shows_what_the_hands_shall_do_as_in_a_mirror(tmp_path: Path) -> None:
    _, kept = lived({"targets": 2}, tmp_path)
    envelope = Envelope(KNOWN)
    scene = next(s for s in kept.scenes if any(isinstance(i, Target) for i in s.items))
    friend = next(item for item in scene.items if isinstance(item, Friend))
    for target in (item for item in scene.items if isinstance(item, Target)):
        azimuth, elevation, _ = seen_from_shoulder(envelope.shoulder(target.hand), 0.0, target.place_m)
        outward = azimuth if target.hand == "right" else -azimuth
        arm = friend.arms.right_deg if target.hand == "right" else friend.arms.left_deg
        assert arm == pytest.approx((outward, elevation), abs=2.0)


def test_one_arm_copies_alone_where_the_therapist_says_so_or_the_other_may_not() -> None:
    wanted = trials({"arms": "left"})
    allowed = trials(None, forbidden("use_of_arm_right", ""))
    assert all(set(t.values["hung"]) == {"left"} == {t.side} for t in (*wanted, *allowed))


def test_an_arm_that_cannot_do_its_part_is_left_out_of_the_pose() -> None:
    sore = Precaution("shoulder_elevation_right", 16.0, "deg", "sore", "Dr Wood")
    sides = [set(t.values["hung"]) for t in trials(None, sore) if t.side == "left"]
    assert {"left"} in sides


def test_a_pose_is_measured_as_it_was_held() -> None:
    trial = trials()[0]
    found = copied(trial, {"left": 0.5, "right": 0.7})
    assert found["match_percent"].value == 100.0
    assert found["match_s"].value == pytest.approx(0.7 + 0.75, abs=0.15)
    assert found["held_s"].value == pytest.approx(9.0 - 2.5 - 1.2 - 1.45, abs=0.2)
    assert found["asymmetry_deg"].value == pytest.approx(0.0, abs=1.0)
    for side, hung in trial.values["hung"].items():
        assert found[f"elevation_{side}_deg"].value == pytest.approx(hung.elevation_deg, abs=2.0)


@pytest.mark.parametrize("lag_s", [-0.2, 0.0, 0.2])
def test_the_hand_that_goes_first_is_known(lag_s: float) -> None:
    found = copied(trials()[0], {"left": 0.5, "right": 0.5 + lag_s})
    assert found["lag_s"].value == pytest.approx(lag_s, abs=0.05)


def test_hands_that_stay_short_match_nothing_and_are_no_shame(tmp_path: Path) -> None:
    found = copied(trials()[0], {"left": 0.5, "right": 0.5}, short_m=0.3)
    assert (found["match_percent"].value, found["held_s"].value) == (0.0, 0.0)
    assert found["match_s"].note == "the pose was not matched"
    session, kept = lived({"targets": 1, "limit_s": 4.0}, tmp_path, of_limits=0.3)
    assert session.blocks[0].trials[0].outcome == "not yet"
    assert shown(kept, Friend)[-1].mood == "waves"


def test_the_friend_cheers_when_it_is_copied_and_both_hands_feel_it(tmp_path: Path) -> None:
    session, kept = lived({"targets": 1}, tmp_path)
    assert session.blocks[0].trials[0].outcome == "reached"
    assert shown(kept, Friend)[-1].mood == "cheers"
    pulses = {getattr(item, "key", "") for item in kept.scenes[-1].items}
    assert {"left hand 0 arrival", "right hand 0 arrival"} <= pulses


def test_trunk_and_head_take_part_where_they_were_measured(tmp_path: Path) -> None:
    session, kept = lived(ALL, tmp_path)
    assert {trial.outcome for trial in session.blocks[0].trials} == {"reached"}
    assert {lean.direction_deg for lean in shown(kept, Lean)} == {90.0, 270.0}
    assert {math.copysign(1, gaze.tilt_deg) for gaze in shown(kept, Gaze)} == {-1.0, 1.0}


@pytest.mark.parametrize(
    ("known", "precautions", "posture"),
    [
        (KNOWN, (forbidden("lean_left"), forbidden("lean_right"), forbidden("neck_lateral_left"),
                 forbidden("neck_lateral_right")), "standing"),
        (msgspec.structs.replace(KNOWN, limits={k: v for k, v in KNOWN.limits.items() if k.startswith("should")}),
         (), "standing"),
        (msgspec.structs.replace(KNOWN, limits={k: v for k, v in KNOWN.limits.items() if k not in GAZES}),
         (), "seated"),
    ],
)  # fmt: skip
def test_trunk_and_head_are_left_alone_where_forbidden_unmeasured_or_seated(
    known: Calibration, precautions: tuple[Precaution, ...], posture: str
) -> None:
    assert all(not t.values["more"] for t in trials(ALL, *precautions, known=known, posture=posture))


def test_hands_count_only_while_the_trunk_leans() -> None:
    trial = next(t for t in trials(ALL) if any(isinstance(item, Lean) for item in t.values["more"]))
    lean = next(item for item in trial.values["more"] if isinstance(item, Lean))
    hands = {f"{side}_m": hung.place_m for side, hung in trial.values["hung"].items()}
    right = lean.angle_deg * math.sin(math.radians(lean.direction_deg))
    for lean_deg, outcome in (((0.0, 0.0), "not yet"), ((0.0, right), "reached")):
        bodies = [a_body(**hands, lean_deg=lean_deg)] * 300
        assert played(game("mirror_friends", ALL).play(trial), bodies)[0] == outcome


def test_seated_it_is_the_same_without_a_lean(tmp_path: Path) -> None:
    session, kept = lived({"targets": 8, "joints": "all"}, tmp_path, posture="seated")
    assert {trial.outcome for trial in session.blocks[0].trials} == {"reached"}
    assert shown(kept, Lean) == []


def test_a_pose_that_is_stopped_ends_the_block_with_what_was_done(tmp_path: Path) -> None:
    class Leaving(SimulatedHeadset):
        def frames(self) -> Iterator[Frame]:
            return islice(super().frames(), 700)

    session, _ = play(game("mirror_friends"), tmp_path, KNOWN, Leaving(patient(KNOWN, lapse=0.0), 1))
    assert [trial.outcome for trial in session.blocks[0].trials] == ["reached", "stopped"]


def test_a_hand_that_is_not_seen_is_told_and_not_guessed() -> None:
    trial = trials()[0]
    other = "left" if trial.side == "right" else "right"
    frames = [a_frame(i * STEP_NS) for i in range(round(9e9 / STEP_NS))]
    motion = clean(rows_of(frames))
    unseen = replace(motion, **{f"{other}_m": np.full_like(motion.left_m, np.nan)})
    found = game("mirror_friends").measure(trial, unseen).measures
    assert found["asymmetry_deg"].note == f"the {other} hand was not seen"
    assert found[f"elevation_{other}_deg"].value is None
