"""Other games through a real runtime: hands that lead or take turns, a leg with a controller on it, eyes misled."""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import games
from calibration.adaptation import Followers
from engine.commands import visits
from engine.frame import SIDES, Vector, from_yaw_pitch
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.parameters import Layer, fill
from engine.plan import Plan, Step
from engine.records import Calibration, Session
from engine.scene import Follow, Lift, Reach, Scene, Steady, Surround
from engine.simulated import SimulatedHeadset
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHand, RemoteHmd, RemotePerson
from tests.openxr.test_game import ABOUT, AT_REST, Reacher, towards
from tests.openxr.validation import Validation

Made = Callable[[Graphics], Stage]
AHEAD = 0.03  # of a way: so far before where it was led, a hand is brought
LIFTS_DEG, BEYOND = 2.5, 1.05  # a frame; and of what is asked
HIDES = 0.85  # of a way up
SHIN_M: Mapping[str, Vector] = {"left": (-0.12, 0.3, -0.35), "right": (0.12, 0.3, -0.35)}
SEATED_M = 1.2
TURNS_DEG, FADED = 4.0, 0.3  # and the share of the time after which a world has become what it shall be


class Doer(Reacher):
    """Somebody who does what else is asked: leads a kite, lifts a leg, and shakes the head where it should be still."""

    def __init__(self, headset: OpenXRHeadset, remote: RemoteHmd) -> None:
        super().__init__(headset, remote)
        self._lifted_deg, self._turns = 0.0, TURNS_DEG

    def show(self, scene: Scene) -> None:
        """Show it, then do the next bit of what it asks for."""
        super().show(scene)
        for item in scene.items:
            if isinstance(item, Follow) and item.state == "wanted":
                place = item.points_m[min(len(item.points_m) - 1, round((item.reached + AHEAD) * len(item.points_m)))]
                self._hands[item.hand] = place
                self._remote.move(**{item.hand: RemoteHand(place)})
            elif isinstance(item, Steady) and item.state == "wanted":
                self._turns = -self._turns
                self._remote.move(head_turn=from_yaw_pitch(math.radians(self._turns), 0.0))
            elif isinstance(item, Lift):
                self._lift(item)

    def _lift(self, item: Lift) -> None:
        goal_deg = BEYOND * item.angle_deg if item.state == "wanted" else 0.0
        step_deg = min(LIFTS_DEG, max(-LIFTS_DEG, goal_deg - self._lifted_deg))
        self._lifted_deg += step_deg
        half = math.radians(self._lifted_deg) / 2
        shins = {side: RemoteHand(place) for side, place in SHIN_M.items()}
        turned = RemoteHand(SHIN_M[item.device], (math.sin(half), 0.0, 0.0, math.cos(half)))
        self._remote.move(**shins | {item.device: turned})


class Pair(Reacher):
    """An adult who hides something with one controller, and a person who finds it with the other; who `moved`."""

    def __init__(self, headset: OpenXRHeadset, remote: RemoteHmd) -> None:
        super().__init__(headset, remote)
        self.moved: list[str] = []

    def show(self, scene: Scene) -> None:
        """Show it, then move the hand whose turn it is a little along its way up."""
        self._headset.show(scene)
        ways = [item for item in scene.items if isinstance(item, Reach)]
        turns = {way.helper or way.hand: _share_of(way) for way in ways}
        self.moved += [side for side in turns if side not in self.moved]
        goals = dict(AT_REST) | turns
        self._hands = {side: towards(self._hands[side], goals[side]) for side in SIDES}
        self._remote.move(**{side: RemoteHand(place) for side, place in self._hands.items()})


def _share_of(way: Reach) -> Vector:
    """A place some way up, as a hand comes there that knows where something is hidden."""
    x, y, z = (start + HIDES * (stop - start) for start, stop in zip(way.start_m, way.stop_m, strict=True))
    return (x, y, z)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """The limits of a person of the remote one's size, legs too."""
    holds = visits.resolved("standard", ["bell_tower.targets=1"])
    plan = visits.plan("patient", visits.steps_for(["bell_tower"], holds), holds, 1)
    done, _ = visits.play(plan, SimulatedHeadset(seed=1), tmp_path_factory.mktemp("before"), ABOUT)
    assert done.calibration is not None
    return done.calibration


def played(
    name: str,
    values: Mapping[str, object],
    person: Reacher,
    folder: Path,
    known: Calibration,
    posture: str = "standing",
) -> Session:
    """A round of a game with these values."""
    kind = games.load(name)
    step = Step(name, kind(fill(kind.Parameters, Layer("test", values))), "play")
    plan = Plan("patient", (step,), Followers(), calibration=known, posture=posture)
    return visits.play(plan, person, folder, ABOUT)[0]


def test_a_hand_leads_a_kite_along_its_ribbon(
    remote: RemoteHmd, validation: Validation, known: Calibration, stage: Made, tmp_path: Path
) -> None:
    remote.move(**vars(RemotePerson()))
    values = {"targets": 2, "figure": "arc", "hold_s": 0.2, "pause_s": 0.5, "limit_s": 40.0, "radius_m": 0.15}
    done = played("kite_painter", values, Doer(OpenXRHeadset(stage), remote), tmp_path, known)
    trials = done.blocks[0].trials
    assert (done.ended_by, [trial.outcome for trial in trials]) == ("finished", ["reached"] * 2)
    assert validation.complaints() == []


def test_two_take_turns_with_one_controller_each(
    remote: RemoteHmd, validation: Validation, known: Calibration, stage: Made, tmp_path: Path
) -> None:
    remote.move(**vars(RemotePerson()))
    values = {"targets": 1, "leads": "a controller", "pause_s": 0.5, "adult_s": 40.0, "limit_s": 40.0}
    person = Pair(OpenXRHeadset(stage, Options(samples=0, scale=0.5)), remote)
    done = played("treasure_relay", values, person, tmp_path, known)
    assert [(trial.side, trial.outcome) for trial in done.blocks[0].trials] == [("left", "reached")]
    assert (done.ended_by, person.moved) == ("finished", ["right", "left"])
    assert validation.complaints() == []


def test_a_controller_on_a_leg_rings_the_bell(
    remote: RemoteHmd, validation: Validation, known: Calibration, stage: Made, tmp_path: Path
) -> None:
    shins = {side: RemoteHand(place) for side, place in SHIN_M.items()}
    remote.move(**{**vars(RemotePerson()), **shins, "head_m": (0.0, SEATED_M, 0.0)})
    values = {"targets": 2, "hold_s": 0.5, "limit_s": 20.0, "rest_s": 0.5}
    done = played("bell_tower", values, Doer(OpenXRHeadset(stage), remote), tmp_path, known, "seated")
    trials = done.blocks[0].trials
    assert (done.ended_by, [trial.outcome for trial in trials]) == ("finished", ["reached"] * 2)
    assert [trial.request and trial.request.movement.rpartition("_")[0] for trial in trials] == ["knee_extension"] * 2
    assert validation.complaints() == []


class Looker(Doer):
    """One who keeps what they see while they shake the head: in the world as always, and in one stuck to the head."""

    def __init__(self, headset: OpenXRHeadset, remote: RemoteHmd, pictures: Pictures) -> None:
        super().__init__(headset, remote)
        self._pictures = pictures
        self.seen: dict[bool, list[NDArray[np.float64]]] = {False: [], True: []}

    def show(self, scene: Scene) -> None:
        """Show it, and keep a small copy of what the left eye saw."""
        super().show(scene)
        if any(isinstance(item, Steady) and item.fill > FADED for item in scene.items):
            stuck = any(isinstance(item, Surround) for item in scene.items)
            self.seen[stuck].append(self._pictures.both()[0][::4, ::4, :3].astype(float))


def changes(pictures: list[NDArray[np.float64]]) -> float:
    """How much pictures that follow each other differ, in levels of 255."""
    return float(np.mean([np.abs(a - b).mean() for a, b in pairwise(pictures)]))


def test_a_world_that_is_stuck_to_the_head_stays_in_the_picture_while_the_head_turns(
    remote: RemoteHmd,
    validation: Validation,
    known: Calibration,
    stage: Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remote.move(**vars(RemotePerson()))
    person = Looker(OpenXRHeadset(stage, Options(samples=0, scale=0.5)), remote, Pictures(monkeypatch))
    values = {"targets": 2, "conditions": "light and stuck", "hold_s": 3.0, "within_deg": 4.0}
    done = played("night_lighthouse", values, person, tmp_path, known)
    assert (done.ended_by, [trial.outcome for trial in done.blocks[0].trials]) == ("finished", ["reached"] * 2)
    assert min(map(len, person.seen.values())) > 5
    assert changes(person.seen[False]) > 4 * changes(person.seen[True])
    assert validation.complaints() == []
