"""A new middle: asked for at any time, taken between trials, and nothing that is reached for moves."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from visits import ABOUT, Kept, calibration, game, patient, play

from calibration.adaptation import Followers
from engine import session
from engine.frame import Button, Frame, Hand, Pose, Vector, from_yaw_pitch, rotate
from engine.plan import REST, Plan
from engine.recording import FRAME, Writer, frames, pack, read
from engine.records import Session
from engine.replay import ReplayHeadset
from engine.scene import Scene, Target
from engine.simulated import SimulatedHeadset

ASKED, TURN_DEG, STEP_M = 300, 90.0, (0.5, 0.0, -0.5)


class Walker:
    """A simulated patient who asks for a new middle in one frame, and may stand elsewhere from another on.

    After the step all is turned to the right; the patient looks at scenes turned back, and so knows nothing of it.
    """

    kind, description = "simulated", "walker"

    def __init__(self, asks: int = ASKED, steps: float = math.inf) -> None:
        self._headset = SimulatedHeadset(patient(calibration()), 0)
        self._asks, self._steps, self._index = asks, steps, 0

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(self._headset.frames()):
            self._index = index
            moved = _moved(frame) if index >= self._steps else frame
            yield moved._replace(buttons=Button.RECENTRE * (index == self._asks))

    def show(self, scene: Scene) -> None:
        back = self._index >= self._steps
        self._headset.show(scene._replace(items=tuple(map(_back, scene.items))) if back else scene)

    def close(self) -> None:
        self._headset.close()


def _moved(frame: Frame) -> Frame:
    left, right = (Hand(_elsewhere(hand.grip), hand.trigger, hand.squeeze) for hand in (frame.left, frame.right))
    moved = frame._replace(head=_elsewhere(frame.head), left=left, right=right)
    return next(frames(np.frombuffer(pack(moved), FRAME)))  # devices speak 32-bit floats


def _elsewhere(pose: Pose) -> Pose:
    turn = from_yaw_pitch(math.radians(TURN_DEG), 0.0)
    x, y, z = rotate(turn, pose.position_m)
    (_, ty, _, tw), (qx, qy, qz, qw) = turn, pose.orientation
    turned = (tw * qx + ty * qz, tw * qy + ty * qw, tw * qz - ty * qx, tw * qw - ty * qy)
    return Pose((x + STEP_M[0], y, z + STEP_M[2]), turned)


def _back(item: object) -> object:
    if not isinstance(item, Target):
        return item
    x, y, z = item.place_m
    away: Vector = (x - STEP_M[0], y, z - STEP_M[2])
    return item._replace(place_m=rotate(from_yaw_pitch(math.radians(-TURN_DEG), 0.0), away))


def _played(folder: Path, headset: object) -> tuple[Session, Kept]:
    return play(game("fruit_ladder", {"targets": 3}), folder, headset=headset)


def _events(done: Session) -> list[str]:
    return [event.name for event in done.events]


def _fruit(kept: Kept) -> dict[str, set[Vector]]:
    places: dict[str, set[Vector]] = {}
    for item in (item for scene in kept.scenes for item in scene.items):
        if isinstance(item, Target):
            places.setdefault(item.key, set()).add(item.place_m)
    return places


def test_a_new_middle_waits_for_the_end_of_the_trial(tmp_path: Path) -> None:
    done, kept = _played(tmp_path, Walker())
    asked, taken = done.events
    assert _events(done) == ["recentre asked", "recentred"]
    assert asked.at_s == pytest.approx(ASKED / 90, abs=0.01)
    assert taken.at_s == done.blocks[0].trials[0].end_s
    assert [scene.middle for scene in kept.scenes].count(kept.scenes[0].middle) == pytest.approx(90 * taken.at_s, abs=2)


def test_nothing_that_is_reached_for_moves(tmp_path: Path) -> None:
    _, kept = _played(tmp_path, Walker())
    assert len(_fruit(kept)) == 3
    assert all(len(places) == 1 for places in _fruit(kept).values())


def test_the_next_trial_is_made_where_the_person_stands_then(tmp_path: Path) -> None:
    plain, still = _played(tmp_path, SimulatedHeadset(patient(calibration()), 0))
    steps = round(90 * plain.blocks[0].trials[0].end_s) - 30
    done, kept = _played(tmp_path, Walker(asks=steps, steps=steps))
    here, there = (_fruit(headset)["fruit 1"].pop() for headset in (still, kept))
    assert _elsewhere(Pose(here)).position_m == pytest.approx(there, abs=0.03)
    x_m, z_m, facing_deg = kept.scenes[-1].middle
    assert (x_m, z_m) == pytest.approx((STEP_M[0], STEP_M[2]), abs=0.1)
    assert facing_deg == pytest.approx(TURN_DEG, abs=20)  # the head follows what the eyes look at
    assert [trial.outcome for trial in done.blocks[0].trials][1:] == ["reached", "reached"]


def test_how_one_stood_when_asking_is_what_counts(tmp_path: Path) -> None:
    _, kept = play(game("harbour_lean", {"targets": 2}), tmp_path, headset=Walker(asks=60))
    x_m, z_m, _ = kept.scenes[-1].middle
    (x, _, z), *_ = kept.frames_given[60].head
    assert (x_m, z_m) == (x, z) != kept.scenes[60].middle[:2]


def test_who_walked_off_in_a_trial_ends_it_and_goes_on_with_the_next(tmp_path: Path) -> None:
    done, _ = _played(tmp_path, Walker(asks=400, steps=ASKED))
    assert _events(done) == ["paused", "recentre asked", "recentred", "resumed"]
    assert "the trial ends" in done.events[2].detail
    assert [trial.outcome for trial in done.blocks[0].trials] == ["stopped", "reached", "reached"]


def test_who_leans_too_far_after_asking_does_not_end_the_trial(tmp_path: Path) -> None:
    class Leaner(Walker):
        def frames(self) -> Iterator[Frame]:
            far = Pose((0.5, 1.6, 0.0))
            return (f._replace(head=far) if 330 <= i < 360 else f for i, f in enumerate(super().frames()))

    done, _ = _played(tmp_path, Leaner())
    assert _events(done) == ["recentre asked", "paused", "resumed", "recentred"]
    assert [trial.outcome for trial in done.blocks[0].trials] == ["reached"] * 3


@pytest.mark.parametrize("hide", [lambda f: f._replace(focused=False), lambda f: f._replace(head=Pose((0, 0, 0)))])
def test_between_trials_a_new_middle_waits_until_the_head_is_seen(hide: Callable, tmp_path: Path) -> None:
    class Hidden(Walker):
        def frames(self) -> Iterator[Frame]:
            return (hide(frame) if 100 <= i < 500 else frame for i, frame in enumerate(super().frames()))

    plan = Plan("test", (REST,), Followers(), calibration=calibration())
    done = session.run(plan, Hidden(), Writer(tmp_path / "a.vrec", {}), ABOUT)
    assert _events(done) == ["paused", "recentre asked", "recentred", "resumed"]
    assert done.events[2].at_s == pytest.approx(500 / 90, abs=0.01)


def test_in_a_rest_a_new_middle_is_taken_at_once(tmp_path: Path) -> None:
    plan = Plan("test", (REST,), Followers(), calibration=calibration())
    done = session.run(plan, Walker(), Writer(tmp_path / "a.vrec", {}), ABOUT)
    assert _events(done) == ["recentre asked", "recentred"]
    assert [event.at_s for event in done.events] == pytest.approx([ASKED / 90] * 2, abs=0.01)


def test_every_scene_says_where_the_middle_is(tmp_path: Path) -> None:
    _, kept = _played(tmp_path, SimulatedHeadset(patient(calibration()), 0))
    (x, _, z), *_ = kept.frames_given[0].head
    (middle,) = {scene.middle for scene in kept.scenes}
    assert (middle.x_m, middle.z_m) == (x, z)


def test_a_session_with_a_new_middle_replays_to_the_same(tmp_path: Path) -> None:
    done, kept = _played(tmp_path, Walker(asks=400, steps=ASKED))
    found = read(tmp_path / "0.vrec")
    (tmp_path / "again").mkdir()
    replay = ReplayHeadset(found.rows, "walker", found.devices)
    replay.kind = "simulated"
    again, seen = _played(tmp_path / "again", replay)
    assert again == done
    assert seen.scenes == kept.scenes
