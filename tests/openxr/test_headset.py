"""The OpenXR headset on a real runtime, with a person moved by remote control."""

import itertools
import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import xr

from engine.frame import LOST, UPRIGHT, Button, Frame, Hand, Pose, from_yaw_pitch
from engine.headset import HeadsetUnavailable
from engine.openxr.actions import Actions
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.runtime import Runtime
from engine.scene import Buzz, Scene
from tests.openxr.monado import Monado
from tests.openxr.remote import RemoteHand, RemoteHmd
from tests.openxr.validation import Validation
from tests.openxr.world import World

EMPTY = Scene("still")
ANOTHER = """
from engine.openxr.headset import OpenXRHeadset
from engine.scene import Scene
from tests.openxr.world import World
headset = OpenXRHeadset(World)
for _ in headset.frames():
    headset.show(Scene("still"))
"""


def until(headset: OpenXRHeadset, wanted: Callable[[Frame], bool], most: int = 80) -> Frame:
    """Show an empty scene until a frame is as wanted; gives that frame."""
    for count, frame in enumerate(headset.frames()):
        headset.show(EMPTY)
        if wanted(frame):
            return frame
        assert count < most, f"{most} frames went by, the last was {frame}"
    raise AssertionError("the session ended")


def near(pose: Pose, position_m: tuple[float, ...], orientation: tuple[float, ...]) -> bool:
    """Whether a tracked pose is within a tenth of a millimetre of another, and a hundredth of a degree."""
    moved, turned = math.dist(pose.position_m, position_m), math.dist(pose.orientation, orientation)
    return pose.valid and pose.tracked and moved < 1e-4 and turned < 1e-4


def test_the_session_tells_runtime_version_and_system(headset: OpenXRHeadset) -> None:
    assert "Monado" in headset.description
    assert " 25." in headset.description


def test_nobody_is_heeded_before_the_runtime_gives_the_focus(headset: OpenXRHeadset) -> None:
    assert not next(iter(headset.frames())).focused
    assert until(headset, lambda frame: frame.focused).head.valid


def test_head_and_hands_arrive_where_they_were_moved(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    head, left, right = (0.1, 1.7, -0.2), (-0.4, 1.1, -0.6), (0.5, 1.4, -0.3)
    turns = [from_yaw_pitch(yaw, pitch) for yaw, pitch in ((0.5, 0.2), (-1.0, 0.4), (1.2, -0.6))]
    remote.move(head_m=head, head_turn=turns[0], left=RemoteHand(left, turns[1]), right=RemoteHand(right, turns[2]))
    frame = until(headset, lambda frame: frame.focused and near(frame.head, head, turns[0]))
    assert near(frame.left.grip, left, turns[1])
    assert near(frame.right.grip, right, turns[2])


def test_trigger_and_squeeze_arrive(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    remote.move(left=RemoteHand((-0.2, 1.3, -0.5), trigger=0.75, squeeze=0.25))
    frame = until(headset, lambda frame: frame.left.trigger > 0)
    assert (frame.left.trigger, frame.left.squeeze) == pytest.approx((0.75, 0.25))
    assert (frame.right.trigger, frame.right.squeeze) == (0.0, 0.0)


def test_the_menu_button_arrives(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    assert not until(headset, lambda frame: frame.focused).buttons
    remote.move(left=RemoteHand((-0.2, 1.3, -0.5), menu=True))
    assert until(headset, lambda frame: frame.buttons != 0).buttons == Button.MENU


def test_a_hand_that_goes_to_sleep_is_lost(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    until(headset, lambda frame: frame.right.grip.valid)
    remote.move(right=RemoteHand((0.2, 1.3, -0.5), active=False))
    frame = until(headset, lambda frame: not frame.right.grip.valid)
    assert frame.right.grip == LOST
    assert frame.left.grip.tracked


def test_display_times_rise_even_when_nothing_is_shown(headset: OpenXRHeadset) -> None:
    until(headset, lambda frame: frame.focused)
    times = [frame.time_ns for frame, _ in zip(headset.frames(), range(6), strict=False)]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))


@pytest.mark.parametrize("turn", [(0.0, 0.0), (0.4, 0.1)])
def test_a_floor_built_from_the_room_is_the_floor(turn: tuple[float, float], remote: RemoteHmd) -> None:
    remote.move(head_m=(0.3, 1.45, 0.2), head_turn=from_yaw_pitch(*turn))
    with closing(OpenXRHeadset(World, build_floor=True)) as headset:
        frame = until(headset, lambda frame: frame.focused and frame.head.valid)
    assert frame.head.position_m == pytest.approx((0.3, 1.45, 0.2), abs=1e-4)


def test_a_pulse_starts_once_for_its_key(headset: OpenXRHeadset, monkeypatch: pytest.MonkeyPatch) -> None:
    pulses: list[Buzz] = []
    felt = Actions.buzz
    monkeypatch.setattr(Actions, "buzz", lambda self, item: (pulses.append(item), felt(self, item)))
    until(headset, lambda frame: frame.focused)
    one, two = Buzz("one", "left", 0.5), Buzz("two", "right", 1.0)
    for _, items in zip(headset.frames(), [(one,), (one, two), (two,), (two,)], strict=False):
        headset.show(Scene("still", items))
    assert pulses == [one, two]


def test_leaving_walks_out_of_the_session(headset: OpenXRHeadset) -> None:
    until(headset, lambda frame: frame.focused)
    headset.close()
    assert headset._session.life.over
    assert list(headset.frames()) == []


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Monado]:
    """A service of this test's own, which it may spoil."""
    service = Monado(tmp_path / "runtime")
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    yield service
    service.kill()


def test_recentring_moves_the_middle_and_is_told(own: Monado) -> None:
    with closing(RemoteHmd(own.port)) as remote, closing(OpenXRHeadset(World)) as headset:
        remote.move(head_m=(0.5, 1.5, 0.25))
        until(headset, lambda frame: frame.focused and near(frame.head, (0.5, 1.5, 0.25), UPRIGHT))
        own.recentre()
        until(headset, lambda frame: bool(frame.buttons & Button.RECENTRE))
        assert near(until(headset, lambda frame: not frame.buttons).head, (0.0, 1.5, 0.0), UPRIGHT)


@pytest.fixture
def another(own: Monado) -> Iterator[Callable[[], "subprocess.Popen[bytes]"]]:
    """Starts another application on the same runtime, which takes the focus as a system menu would."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen([sys.executable, "-c", ANOTHER], env=os.environ | own.environment))
        return started[0]

    yield start
    for application in started:
        application.kill()
        application.wait()


def test_another_application_takes_the_focus_and_gives_it_back(
    own: Monado, another: Callable[[], "subprocess.Popen[bytes]"]
) -> None:
    with closing(RemoteHmd(own.port)) as remote, closing(OpenXRHeadset(World)) as headset:
        remote.move(left=RemoteHand((-0.2, 1.3, -0.5), trigger=1.0))
        until(headset, lambda frame: frame.focused and frame.left.trigger == 1.0)
        application = another()
        until(headset, lambda frame: not frame.focused and frame.left == Hand(LOST), most=400)
        application.kill()
        assert until(headset, lambda frame: frame.focused and frame.left.trigger == 1.0, most=400).left.grip.tracked


def test_a_runtime_that_dies_ends_the_session(own: Monado) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, lambda frame: frame.focused)
        own.kill()
        assert sum(1 for _ in headset.frames() if headset.show(EMPTY) is None) < 20


def test_without_a_runtime_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XR_RUNTIME_JSON", "/nowhere.json")
    with pytest.raises(HeadsetUnavailable, match="no OpenXR runtime is active on this computer: install"):
        OpenXRHeadset(World)


def test_without_the_service_the_sentence_says_to_start_it(
    tmp_path: Path, monado: Monado, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XR_RUNTIME_JSON", monado.environment["XR_RUNTIME_JSON"])
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with pytest.raises(HeadsetUnavailable, match="does not answer"):
        OpenXRHeadset(World)


def test_the_runtime_knows_every_kind_of_controller(headset: OpenXRHeadset) -> None:
    assert headset._actions.refused == []


@pytest.mark.usefixtures("monado")
def test_the_validation_layer_would_speak(validation: Validation) -> None:
    wrong = xr.SystemGetInfo(type=xr.StructureType.FRAME_STATE)
    with ExitStack() as stack, pytest.raises(xr.ValidationFailureError):
        xr.get_system(Runtime(stack).instance, wrong)
    assert "VUID-XrSystemGetInfo" in validation.complaints()[0]
