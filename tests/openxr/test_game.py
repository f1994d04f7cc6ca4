"""A whole game through a real runtime: the person is moved by remote control, everything else is the product."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import games
import steadyreach_visits as visits
from calibration.adaptation import follower
from engine import theme, words
from engine.frame import SIDES, Frame, Vector
from engine.openxr.headset import OpenXRHeadset
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.plan import About, Plan, Step
from engine.records import Calibration
from engine.scene import Scene, Target
from engine.simulated import SimulatedHeadset
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHand, RemoteHmd, RemotePerson
from tests.openxr.validation import Validation

FASTEST_M = 0.12  # a frame; twenty frames a second
AT_REST = {"left": (-0.2, 1.0, -0.3), "right": (0.2, 1.0, -0.3)}
ABOUT = About("remote", "2026-01-01T10:00:00+00:00", "steadyreach test")


class Reacher:
    """A person who reaches for what is wanted. It sees the scenes, and moves nothing but the remote control."""

    kind = "openxr"

    def __init__(self, headset: OpenXRHeadset, remote: RemoteHmd) -> None:
        self.description, self._headset, self._remote = headset.description, headset, remote
        self._hands: dict[str, Vector] = dict(AT_REST)

    def frames(self) -> Iterator[Frame]:
        """What the headset says."""
        return self._headset.frames()

    def show(self, scene: Scene) -> None:
        """Show it, then move each hand a little towards what it is asked to reach."""
        self._headset.show(scene)
        goals = dict(AT_REST)
        goals |= {
            item.hand: item.place_m for item in scene.items if isinstance(item, Target) and item.state == "wanted"
        }
        self._hands = {side: _towards(self._hands[side], goals[side]) for side in SIDES}
        self._remote.move(**{side: RemoteHand(place) for side, place in self._hands.items()})

    def close(self) -> None:
        """Leave."""
        self._headset.close()


def _towards(here: Vector, goal: Vector) -> Vector:
    share = min(1.0, FASTEST_M / max(math.dist(here, goal), 1e-9))
    x, y, z = (a + share * (b - a) for a, b in zip(here, goal, strict=True))
    return (x, y, z)


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """The limits of a person of the remote one's size."""
    plan = visits.plan("patient", visits.steps_for([], "standard"), "standard", 1)
    done, _ = visits.play(plan, SimulatedHeadset(seed=1), tmp_path_factory.mktemp("before"), ABOUT)
    assert done.calibration is not None
    return done.calibration


def stage(graphics: Graphics) -> Stage:
    """The stage that a person sees."""
    return Stage(graphics, theme.load(), words.load())


def test_a_reach_by_remote_control_hits_a_fruit(
    remote: RemoteHmd, validation: Validation, calibration: Calibration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.move(**vars(RemotePerson()))
    pictures = Pictures(monkeypatch)
    task = games.load("fruit_ladder")
    game = task(task.Parameters(targets=2, hold_s=0.2, pause_s=0.5))
    plan = Plan("patient", (Step("fruit_ladder", game, "play"),), follower, calibration=calibration)
    done, _ = visits.play(plan, Reacher(OpenXRHeadset(stage), remote), tmp_path, ABOUT)
    trials = done.blocks[0].trials
    assert [(trial.side, trial.outcome) for trial in trials] == [("left", "reached"), ("right", "reached")]
    assert done.ended_by == "finished"
    assert validation.complaints() == []
    assert all(len(np.unique(picture.reshape(-1, 4), axis=0)) > 1000 for picture in pictures.both())
