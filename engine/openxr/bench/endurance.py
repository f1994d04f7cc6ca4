"""What lasting costs: garbage, the collector's pauses, runtimes that die, and the wait for one."""

import ctypes
import gc
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from panda3d.core import TransformState

from engine import theme, words
from engine.commands import visits
from engine.frame import Frame
from engine.headset import HeadsetUnavailable
from engine.openxr.bench.boards import Boards
from engine.openxr.bench.monado import running
from engine.openxr.bench.watching import watch
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from engine.panda.graphics import Graphics
from engine.panda.stage import Stage
from engine.plan import About
from engine.scene import Scene, Target
from engine.simulated import SimulatedHeadset

_RATE_HZ = 20.0  # of Monado without a screen
_SMALL = Options(samples=0, scale=0.2)  # software draws what a graphics card would, and there are many frames
_SETTLE_FRAMES = 40
_MOST_NAMES = 4096  # OpenGL gives the lowest free number
_PATIENCE_S = 60.0


class Left(NamedTuple):
    """What frames leave behind: objects in reference cycles, and transforms that Panda3D keeps for nobody."""

    objects: int
    transforms: int


def left_behind(frames: int) -> Left:
    """Show so many frames of a game, with the stage that a person sees and a head that sways; what is left of them."""
    with running(swaying=True), _headset(_stage) as headset:
        given = headset.frames()
        _play(headset, given, _SETTLE_FRAMES)
        gc.collect()
        automatic, before = gc.isenabled(), TransformState.get_num_states()
        gc.disable()
        _play(headset, given, frames)
        left = Left(gc.collect(), TransformState.get_num_states() - before)
        if automatic:
            gc.enable()
        return left


def longest_pause_ms(seconds: float) -> float:
    """The longest that Python's collector held up a frame while a simulated patient plays whole sessions."""
    pauses = _Pauses()
    until = time.monotonic() + seconds
    with running(), tempfile.TemporaryDirectory() as folder:
        holds = visits.resolved()
        steps = visits.steps_for(["fruit_ladder", "harbour_lean"], holds)
        while time.monotonic() < until:
            functions = watch()
            worn = _Worn(OpenXRHeadset(_stage, _SMALL), until)
            functions["xrWaitFrame"].errcheck = pauses.enter
            functions["xrEndFrame"].errcheck = pauses.leave
            about = About(f"soak-{time.monotonic_ns()}", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
            gc.callbacks.append(pauses.hear)
            try:
                visits.play(visits.plan("soak", steps, holds, 1), worn, Path(folder), about)
            finally:
                gc.callbacks.remove(pauses.hear)
    return pauses.longest_s * 1000


class Recovery(NamedTuple):
    """What became of a session whose runtime was killed again and again.

    `longest_s` from the service being up to the session being focused. The rest is growth in the second half of the
    kills: until then memory settles, and what leaks goes on leaking.
    """

    longest_s: float
    memory_mib: float
    files: int
    textures: int


def recovery(kills: int) -> Recovery:
    """Kill the service so many times; raises HeadsetUnavailable when the headset does not come back."""
    with running() as service, _headset(Boards) as headset:
        frames, longest_s, held = headset.frames(), 0.0, []
        _await(headset, frames, _focused)
        for _ in range(kills):
            held.append(_held())
            service.kill()
            _await(headset, frames, lambda frame: not frame.focused)
            service.start()
            started = time.monotonic()
            _await(headset, frames, _focused)
            longest_s = max(longest_s, time.monotonic() - started)
        now, then = _held(), held[kills // 2]
        return Recovery(
            longest_s, now.memory_mib - then.memory_mib, now.files - then.files, now.textures - then.textures
        )


def idle_share(seconds: float) -> float:
    """Processor time over time while there is no runtime, as a share of one core."""
    with running() as service, _headset(_stage) as headset:
        frames = headset.frames()
        _play(headset, frames, _SETTLE_FRAMES)
        service.kill()
        _await(headset, frames, lambda frame: not frame.focused)
        started, worked = time.monotonic(), time.process_time()
        _await(headset, frames, lambda _: time.monotonic() - started > seconds)
        return (time.process_time() - worked) / (time.monotonic() - started)


class _Worn:
    """A headset of which a simulated patient is the wearer: its frames come at the headset's times, until a time."""

    def __init__(self, headset: OpenXRHeadset, until_s: float) -> None:
        self.kind, self.description = headset.kind, headset.description
        self._headset, self._until_s = headset, until_s
        self._patient = SimulatedHeadset(rate_hz=_RATE_HZ)

    def frames(self) -> Iterator[Frame]:
        """The patient's poses at the display times of the headset."""
        for real, made in zip(self._headset.frames(), self._patient.frames(), strict=False):
            if time.monotonic() > self._until_s:
                return
            yield made._replace(time_ns=real.time_ns)

    def show(self, scene: Scene) -> None:
        """Draw for the headset, and let the patient look."""
        self._headset.show(scene)
        self._patient.show(scene)

    def close(self) -> None:
        """Close the headset."""
        self._headset.close()


class _Pauses:
    """Listens to Python's collector; `longest_s` is its longest work between `enter` and `leave`."""

    def __init__(self) -> None:
        self.longest_s, self._within, self._began_s = 0.0, False, 0.0

    def enter(self, result: int, *_: Any) -> int:
        self._within = True
        return result

    def leave(self, result: int, *_: Any) -> int:
        self._within = False
        return result

    def hear(self, phase: str, _: dict[str, int]) -> None:
        if phase == "start":
            self._began_s = time.perf_counter()
        elif self._within:
            self.longest_s = max(self.longest_s, time.perf_counter() - self._began_s)


class _Held(NamedTuple):
    memory_mib: float
    files: int
    textures: int


def _held() -> _Held:
    """What this process holds: memory, open files, and textures of the current OpenGL context."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    opengl = ctypes.CDLL("libGL.so.1")
    textures = sum(opengl.glIsTexture(number) & 1 for number in range(1, _MOST_NAMES))
    return _Held(pages * resource.getpagesize() / 2**20, len(list(Path("/proc/self/fd").iterdir())), textures)


def _stage(graphics: Graphics) -> Stage:
    return Stage(graphics, theme.load(), words.load(), visits.CACHE)


@contextmanager
def _headset(drawn: Callable[[Graphics], Any]) -> Iterator[OpenXRHeadset]:
    headset = OpenXRHeadset(drawn, _SMALL)
    try:
        yield headset
    finally:
        headset.close()


def _play(headset: OpenXRHeadset, frames: Iterator[Frame], count: int) -> None:
    """Show so many frames of a game in which one fruit is held ever longer."""
    for number, _ in enumerate(islice(frames, count)):
        headset.show(Scene("orchard", (Target("fruit", (0.2, 1.4, -0.5), 0.05, fill=number / count),)))


def _await(headset: OpenXRHeadset, frames: Iterator[Frame], wanted: Callable[[Frame], bool]) -> None:
    """Go on until a frame is as wanted; raises HeadsetUnavailable when none is for a minute."""
    latest = time.monotonic() + _PATIENCE_S
    for frame in frames:
        headset.show(Scene("orchard"))
        if wanted(frame):
            return
        if time.monotonic() > latest:
            break
    raise HeadsetUnavailable("the headset did not come back within a minute: the bench ends here")


def _focused(frame: Frame) -> bool:
    return frame.focused and frame.head.valid
