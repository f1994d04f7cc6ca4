"""The door of a headset on a real runtime: what it says, what it waits for, how it ends."""

import gc
import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
import xr

from engine.frame import LOST, Button, Hand, forward, from_yaw_pitch
from engine.headset import HeadsetUnavailable
from engine.openxr.actions import Actions
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from engine.openxr.runtime import Runtime
from engine.scene import Buzz, Scene
from tests.openxr.monado import Monado
from tests.openxr.remote import RemoteHand, RemoteHmd, RemotePerson
from tests.openxr.validation import Validation
from tests.openxr.watching import until
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


def test_the_session_tells_runtime_version_and_system(headset: OpenXRHeadset) -> None:
    assert headset.description.startswith("Monado: Remote HMD on Monado")
    assert "25.0" in headset.description


def test_nobody_is_heeded_before_the_runtime_gives_the_focus(headset: OpenXRHeadset) -> None:
    frames = [frame.focused for frame, _ in zip(headset.frames(), range(10), strict=False)]
    assert not frames[0]
    assert until(headset, lambda frame: frame.focused).head.tracked


def test_display_times_rise_even_when_nothing_is_shown(headset: OpenXRHeadset) -> None:
    until(headset, lambda frame: frame.focused)
    times = [frame.time_ns for frame, _ in zip(headset.frames(), range(6), strict=False)]
    assert all(later > earlier for earlier, later in itertools.pairwise(times))


def test_a_pulse_starts_once_for_its_key(headset: OpenXRHeadset, monkeypatch: pytest.MonkeyPatch) -> None:
    pulses: list[Buzz] = []
    felt = Actions.buzz
    monkeypatch.setattr(Actions, "buzz", lambda self, item: (pulses.append(item), felt(self, item)))
    until(headset, lambda frame: frame.focused)
    one, two = Buzz("one", "left", 0.5), Buzz("two", "right", 1.0)
    for _, items in zip(headset.frames(), [(one,), (one, two), (two,), (two,)], strict=False):
        headset.show(Scene("still", items))
    assert pulses == [one, two]


def test_who_stands_beside_can_press_for_the_person(headset: OpenXRHeadset) -> None:
    until(headset, lambda frame: frame.focused)
    headset.press(Button.STOP)
    pressed = [frame.buttons for frame, _ in zip(headset.frames(), range(3), strict=False)]
    assert pressed == [Button.STOP, 0, 0]


def test_who_lies_is_placed_anew_when_no_trial_runs(remote: RemoteHmd) -> None:
    remote.move(**vars(RemotePerson(head_turn=from_yaw_pitch(0.0, 1.2))))
    with closing(OpenXRHeadset(World, Options(posture="lying"))) as headset:
        assert abs(forward(until(headset, lambda frame: frame.focused).head.orientation)[1]) < 0.01
        remote.move(head_turn=from_yaw_pitch(0.0, 0.8))
        headset.press(Button.RECENTRE)
        reaching = Scene("still", trial=True)
        looks = [
            forward(frame.head.orientation)[1]
            for frame, _ in zip(headset.frames(), range(10), strict=False)
            if headset.show(reaching) is None
        ]
        assert looks[-1] < -0.3
        again = until(headset, lambda frame: bool(frame.buttons & Button.RECENTRE))
        assert abs(forward(again.head.orientation)[1]) < 0.01


def test_the_stage_hears_what_the_buttons_in_hand_are_called(
    remote: RemoteHmd, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[dict[str, str]] = []
    monkeypatch.setattr(World, "controls", property(lambda _: {}, lambda _, named: told.append(named)), raising=False)
    remote.move(left=RemoteHand((-0.2, 1.3, -0.5)), right=RemoteHand((0.2, 1.3, -0.5)))
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, lambda frame: frame.focused and bool(told[-1]))
    assert told[-1]["confirm"] == "controls.trigger"


def test_steady_frames_leave_no_garbage(headset: OpenXRHeadset) -> None:
    until(headset, lambda frame: frame.focused)
    look = zip(headset.frames(), range(60), strict=False)
    for _ in itertools.islice(look, 10):
        headset.show(EMPTY)
    gc.collect()
    for _ in look:
        headset.show(EMPTY)
    assert gc.collect() == 0


def test_a_scene_that_cannot_be_drawn_is_an_error_not_a_hang(
    headset: OpenXRHeadset, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(headset, lambda frame: frame.focused)
    monkeypatch.setattr(World, "show", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        until(headset, lambda frame: not frame.focused)


def test_leaving_walks_out_of_the_session(headset: OpenXRHeadset) -> None:
    until(headset, lambda frame: frame.focused)
    headset.close()
    headset.close()
    assert list(headset.frames()) == []


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


def test_a_runtime_that_dies_is_awaited_with_frames_that_say_so(own: Monado) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, lambda frame: frame.focused)
        own.kill()
        frame = until(headset, lambda frame: bool(frame.buttons & Button.RESTARTING))
        assert (frame.head, frame.left, frame.focused) == (LOST, Hand(LOST), False)
        own.revive()
        assert until(headset, lambda frame: frame.focused, most=2000).buttons == 0


def test_a_runtime_that_does_not_come_back_ends_the_session_in_the_end(own: Monado) -> None:
    with closing(OpenXRHeadset(World, Options(patience_s=1.0))) as headset:
        until(headset, lambda frame: frame.focused)
        own.kill()
        left = [headset.show(EMPTY) for _ in headset.frames()]
    assert 2 < len(left) < 200


def test_waiting_for_a_runtime_takes_next_to_nothing(own: Monado) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, lambda frame: frame.focused)
        own.kill()
        until(headset, lambda frame: bool(frame.buttons & Button.RESTARTING))
        before_s, frames = time.monotonic(), 0
        for _ in itertools.islice(headset.frames(), 20):
            frames += 1
        assert frames / (time.monotonic() - before_s) < 25


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


def test_the_runtime_refuses_no_kind_of_controller_that_it_is_offered(headset: OpenXRHeadset) -> None:
    assert headset._link is not None
    assert headset._link.actions.refused == []


@pytest.mark.usefixtures("monado")
def test_the_validation_layer_would_speak(validation: Validation) -> None:
    wrong = xr.SystemGetInfo(type=xr.StructureType.FRAME_STATE)
    with ExitStack() as stack, pytest.raises(xr.ValidationFailureError):
        xr.get_system(Runtime(stack).instance, wrong)
    assert "VUID-XrSystemGetInfo" in validation.complaints()[0]
