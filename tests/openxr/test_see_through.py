"""Stepping Stones in a headset: before the real floor where the runtime shows it, and left out where it does not."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xr

import games
from calibration.adaptation import Followers
from engine import stepping
from engine.commands import visits
from engine.commands.replaying import played, replayed
from engine.frame import Vector
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.places import towards
from engine.plan import Plan, Step
from engine.recording import read
from engine.records import Calibration, Room, Session, from_json
from engine.scene import Scene, Stone
from engine.simulated import SimulatedHeadset
from tests.openxr.layers.faults import Faults
from tests.openxr.layers.pretences import pretend_see_through
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHmd, RemotePerson
from tests.openxr.test_game import ABOUT, Reacher
from tests.openxr.validation import Validation

Made = Callable[[Graphics], Stage]
MODES = xr.EnvironmentBlendMode
PREMULTIPLIED = xr.CompositionLayerFlags.BLEND_TEXTURE_SOURCE_ALPHA_BIT.value
MOST_M = 0.02  # a frame
EYE_M = 1.6


class Stepper(Reacher):
    """Somebody whose head goes along with steps; `pictures` are taken of the lit stone."""

    def __init__(self, headset: OpenXRHeadset, remote: RemoteHmd, pictures: Pictures) -> None:
        super().__init__(headset, remote)
        self._head: Vector = (0.0, EYE_M, 0.0)
        self._pictures = pictures
        self.lit: list[np.ndarray] = []
        self.see_through: list[bool] = []

    @property
    def room(self) -> Room:
        """What the headset knows of it."""
        return self._headset.room

    def show(self, scene: Scene) -> None:
        """Show it, then move a little towards the stone that is asked for, or back."""
        super().show(scene)
        lit = [item for item in scene.items if isinstance(item, Stone) and item.state == "wanted"]
        self.see_through.append(scene.see_through)
        x, _, z = (stepping.HEAD_SHARE * each for each in towards(0.0, lit[0].direction_deg)) if lit else (0.0,) * 3
        length_m = lit[0].length_m if lit else 0.0
        goal = (x * length_m, EYE_M, z * length_m)
        share = min(1.0, MOST_M / max(math.dist(goal, self._head), 1e-9))
        self._head = tuple(a + share * (b - a) for a, b in zip(self._head, goal, strict=True))  # type: ignore[assignment]
        self._remote.move(head_m=self._head)
        if lit and not self.lit:
            self.lit = list(self._pictures.both())


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """What is known of a person of the remote one's size."""
    plan = visits.plan("patient", visits.steps_for([], visits.resolved()), visits.resolved(), 1)
    done, _ = visits.play(plan, SimulatedHeadset(seed=1), tmp_path_factory.mktemp("before"), ABOUT)
    assert done.calibration is not None
    return done.calibration


def plan(known: Calibration) -> Plan:
    kind = games.load("stepping_stones")
    game = kind(kind.Parameters(targets=2, stones="four", limit_s=10.0, pause_s=0.5, hold_s=0.0))
    return Plan("patient", (Step("stepping_stones", game, "play"),), Followers(), calibration=known)


def stepped(person: Stepper, known: Calibration, folder: Path) -> tuple[Session, Path]:
    return visits.play(plan(known), person, folder, ABOUT)


def stepper(made: Made, remote: RemoteHmd, pictures: Pictures) -> Stepper:
    remote.move(**vars(RemotePerson()))
    return Stepper(OpenXRHeadset(made, Options(scale=0.5)), remote, pictures)


def test_where_the_runtime_does_not_show_the_room_it_says_so_and_nothing_is_stepped_on(
    remote: RemoteHmd, known: Calibration, stage: Made, pictures: Pictures, tmp_path: Path
) -> None:
    person = stepper(stage, remote, pictures)
    done, _ = stepped(person, known, tmp_path)
    (block,) = done.blocks
    assert (block.trials, person.lit, done.events) == ((), [], ())
    assert block.notes == ("Stepping Stones is played only where the floor is seen, and this headset does not show it",)
    assert not any(person.see_through)


@pytest.mark.parametrize("mode", [MODES.ALPHA_BLEND, MODES.ADDITIVE])
def test_the_real_floor_is_seen_between_the_stones(
    remote: RemoteHmd,
    validation: Validation,
    faults: Faults,
    known: Calibration,
    stage: Made,
    pictures: Pictures,
    tmp_path: Path,
    mode: xr.EnvironmentBlendMode,
) -> None:
    shown = pretend_see_through(faults, mode, (3.0, 2.4))
    person = stepper(stage, remote, pictures)
    done, folder = stepped(person, known, tmp_path)
    assert [trial.outcome for trial in done.blocks[0].trials] == ["reached"] * 2
    room = from_json(done.events[0].detail.encode(), Room)
    assert (done.events[0].name, room.floor) == ("room", "through")
    corners = [(-1.5, -1.2), (1.5, -1.2), (1.5, 1.2), (-1.5, 1.2)]
    np.testing.assert_allclose(room.bounds_m, corners, atol=0.01)
    assert {told for told, through in zip(shown, person.see_through, strict=False) if through} <= {
        mode.value | PREMULTIPLIED << 8, mode.value
    }  # fmt: skip
    assert mode.value | PREMULTIPLIED << 8 in shown
    for picture in person.lit:
        alpha = picture[..., 3].astype(int)
        assert 0.5 < np.mean(alpha == 0) < 0.999
        assert np.all(picture[alpha == 0] == 0)
        assert np.all(picture[..., :3].max(axis=-1) <= alpha + 2)
        assert alpha.max() == 255
    assert validation.complaints() == []
    once_more = replayed(done, read(folder / "frames.vrec"))
    again, _ = visits.play(visits.plan_of(done), once_more, tmp_path / "again", ABOUT)
    assert played(again) == played(done)


def test_a_play_space_that_is_too_small_is_refused_in_words(
    remote: RemoteHmd, faults: Faults, known: Calibration, stage: Made, pictures: Pictures, tmp_path: Path
) -> None:
    pretend_see_through(faults, MODES.ALPHA_BLEND, (1.8, 3.0))
    done, _ = stepped(stepper(stage, remote, pictures), known, tmp_path)
    assert done.blocks[0].trials == ()
    assert "the play space has 1.8 × 3.0 m" in done.blocks[0].notes[0]
