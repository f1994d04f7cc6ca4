"""A whole game through a real runtime: the person is moved by remote control, everything else is the product."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import games
from calibration.adaptation import Followers
from engine.commands import visits
from engine.frame import SIDES, Button, Frame, Vector, from_yaw_pitch
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.plan import About, Plan, Step
from engine.records import Calibration
from engine.scene import Scene, Target
from engine.simulated import SimulatedHeadset
from tests.openxr.monado import Monado
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHand, RemoteHmd, RemotePerson
from tests.openxr.validation import Validation

Made = Callable[[Graphics], Stage]
FASTEST_M = 0.12  # a frame; twenty frames a second
HALF_WAY = 3  # frames with a target
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
        self._hands = {side: towards(self._hands[side], goals[side]) for side in SIDES}
        self._remote.move(**{side: RemoteHand(place) for side, place in self._hands.items()})

    def close(self) -> None:
        """Leave."""
        self._headset.close()


class Troubled(Reacher):
    """One who meets with trouble on the way to the first target; `places` is where targets hung, by their keys."""

    def __init__(self, headset: OpenXRHeadset, service: Monado, trouble: str) -> None:
        self._service, self._dead, self._reaching = service, False, 0
        self._meet = {"killed": self._die, "recentred": service.recentre}[trouble]
        self.places: dict[str, set[Vector]] = {}
        super().__init__(headset, self._seen())

    def frames(self) -> Iterator[Frame]:
        """What the headset says; a runtime that was killed is started again when it is missed."""
        for frame in super().frames():
            if frame.buttons & Button.RESTARTING and self._dead:
                self._dead = False
                self._remote.close()
                self._service.revive()
                self._remote = self._seen()
            yield frame

    def show(self, scene: Scene) -> None:
        """Reach, and meet with trouble half way."""
        super().show(scene)
        targets = [item for item in scene.items if isinstance(item, Target)]
        for target in targets:
            self.places.setdefault(target.key, set()).add(target.place_m)
        self._reaching += bool(targets)
        if targets and self._reaching == HALF_WAY:
            self._meet()

    def _die(self) -> None:
        self._dead = True
        self._service.kill()

    def close(self) -> None:
        """Leave, and let go of the remote control."""
        super().close()
        self._remote.close()

    def _seen(self) -> RemoteHmd:
        remote = RemoteHmd(self._service.port)
        remote.move(**vars(RemotePerson(head_m=(0.12, 1.6, 0.08), head_turn=from_yaw_pitch(0.2, 0.0))))
        return remote


def towards(here: Vector, goal: Vector) -> Vector:
    share = min(1.0, FASTEST_M / max(math.dist(here, goal), 1e-9))
    x, y, z = (a + share * (b - a) for a, b in zip(here, goal, strict=True))
    return (x, y, z)


@pytest.fixture(scope="module")
def calibration(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """The limits of a person of the remote one's size."""
    plan = visits.plan("patient", visits.steps_for([], visits.resolved()), visits.resolved(), 1)
    done, _ = visits.play(plan, SimulatedHeadset(seed=1), tmp_path_factory.mktemp("before"), ABOUT)
    assert done.calibration is not None
    return done.calibration


def two_fruits(calibration: Calibration) -> Plan:
    """One fruit for each hand."""
    task = games.load("fruit_ladder")
    game = task(task.Parameters(targets=2, hold_s=0.2, pause_s=0.5))
    return Plan("patient", (Step("fruit_ladder", game, "play"),), Followers(), calibration=calibration)


def test_a_reach_by_remote_control_hits_a_fruit(
    remote: RemoteHmd,
    validation: Validation,
    calibration: Calibration,
    stage: Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remote.move(**vars(RemotePerson()))
    pictures = Pictures(monkeypatch)
    done, _ = visits.play(two_fruits(calibration), Reacher(OpenXRHeadset(stage), remote), tmp_path, ABOUT)
    trials = done.blocks[0].trials
    assert [(trial.side, trial.outcome) for trial in trials] == [("left", "reached"), ("right", "reached")]
    assert done.ended_by == "finished"
    assert validation.complaints() == []
    assert all(len(np.unique(picture.reshape(-1, 4), axis=0)) > 1000 for picture in pictures.both())


@pytest.mark.parametrize(
    ("trouble", "told"), [("killed", ["paused", "resumed"]), ("recentred", ["recentre asked", "recentred"])]
)
def test_a_trial_goes_on_where_it_was_whatever_the_runtime_does(
    own: Monado, calibration: Calibration, stage: Made, tmp_path: Path, trouble: str, told: list[str]
) -> None:
    person = Troubled(OpenXRHeadset(stage, Options(samples=0, scale=0.5)), own, trouble)
    done, _ = visits.play(two_fruits(calibration), person, tmp_path / "sessions", ABOUT)
    assert (done.ended_by, [trial.outcome for trial in done.blocks[0].trials]) == ("finished", ["reached"] * 2)
    assert [done.events[0].name, done.events[-1].name] == told
    assert all(len(places) == 1 for places in person.places.values())
