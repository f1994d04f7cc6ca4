"""The whole life of a headset session: its rules kept, the runtime's death survived, nothing left behind."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.frame import Button
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.scene import Panel, Scene, Target
from tests.openxr.layers.rules import Rules
from tests.openxr.monado import Monado, Screen
from tests.openxr.remote import RemoteHmd
from tests.openxr.validation import Validation
from tests.openxr.watching import focused, frames_until, go_on
from tests.openxr.world import World

SCENE = Scene("still", (Panel("panel", "stand.title", ("stand.text",)), Target("target", (0.2, 1.4, -0.6), 0.05)))
Made = Callable[[Graphics], Stage]
SMALL = Options(scale=0.25)
TINY = Options(scale=0.1, samples=0)  # for many frames on a computer without a graphics card
ANOTHER = """
from engine.openxr.headset import OpenXRHeadset
from engine.scene import Scene
from tests.openxr.world import World
headset = OpenXRHeadset(World)
for _ in headset.frames():
    headset.show(Scene("still"))
"""


@pytest.fixture
def another(own: Monado) -> "Iterator[Callable[[], subprocess.Popen[bytes]]]":
    """Starts another application on the same runtime, which takes the focus as a system menu would."""
    started: list[subprocess.Popen[bytes]] = []
    alone = {name: value for name, value in os.environ.items() if name != "XR_ENABLE_API_LAYERS"}

    def start() -> "subprocess.Popen[bytes]":
        started.append(subprocess.Popen([sys.executable, "-c", ANOTHER], env=alone | own.environment))
        return started[-1]

    yield start
    for application in started:
        application.kill()
        application.wait()


def test_a_whole_life_keeps_every_rule(
    own: Monado, rules: Rules, validation: Validation, another: "Callable[[], subprocess.Popen[bytes]]", stage: Made
) -> None:
    with closing(RemoteHmd(own.port)), closing(OpenXRHeadset(stage, SMALL)) as headset:
        frames_until(headset, focused, scene=SCENE)
        go_on(headset, 10, SCENE)
        own.recentre()
        frames_until(headset, lambda frame: bool(frame.buttons & Button.RECENTRE), scene=SCENE)
        application = another()
        frames_until(headset, lambda frame: not frame.focused, scene=SCENE)
        application.kill()
        frames_until(headset, focused, scene=SCENE)
        go_on(headset, 10, SCENE)
    assert rules.complaints() + validation.complaints() == []
    assert {(len(layer.swapchains), layer.kind) for shown in rules.shown for layer in shown.layers} == {
        (1, "quad"),
        (4, "projection"),
    }


def test_a_hundred_frames_are_valid(
    tmp_path: Path, screen: Screen, monkeypatch: pytest.MonkeyPatch, validation: Validation, stage: Made
) -> None:
    with closing(Monado(tmp_path / "runtime", screen=screen.display)) as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        with closing(OpenXRHeadset(stage, TINY)) as headset:
            frames_until(headset, focused, scene=SCENE)
            go_on(headset, 100, SCENE)
    assert validation.complaints() == []


class Holdings:
    """What this process holds that a session makes: open files, OpenGL textures and buffers, Panda3D's outputs."""

    def __init__(self, headset: OpenXRHeadset) -> None:
        self._graphics, self._gl = headset._graphics, ctypes.CDLL("libGL.so.1")

    def count(self) -> dict[str, int]:
        """How many of each there are now."""
        names = range(1, 5000)
        return {
            "files": len(list(Path("/proc/self/fd").iterdir())),
            "textures": sum(self._gl.glIsTexture(name) for name in names),
            "renderbuffers": sum(self._gl.glIsRenderbuffer(name) for name in names),
            "framebuffers": sum(self._gl.glIsFramebuffer(name) for name in names),
            "outputs": self._graphics.engine.get_num_windows(),
        }


def test_a_killed_runtime_is_awaited_and_nothing_is_left_behind(own: Monado, stage: Made) -> None:
    held: list[dict[str, int]] = []
    with closing(OpenXRHeadset(stage, SMALL)) as headset:
        holdings = Holdings(headset)
        for _ in range(4):
            frames_until(headset, focused, scene=SCENE)
            go_on(headset, 10, SCENE)
            held.append(holdings.count())
            own.kill()
            frames_until(headset, lambda frame: bool(frame.buttons & Button.RESTARTING), scene=SCENE)
            own.revive()
    assert held[1:] == held[:1] * 3


def test_times_rise_over_the_death_of_a_runtime(own: Monado) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        seen = frames_until(headset, focused)
        own.kill()
        seen += frames_until(headset, lambda frame: bool(frame.buttons & Button.RESTARTING))
        own.revive()
        seen += frames_until(headset, focused)
    times = [frame.time_ns for frame in seen]
    assert times == sorted(set(times))
