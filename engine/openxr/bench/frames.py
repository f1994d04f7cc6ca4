"""The main thread's work in a frame, ours and that of panda3d-openxr: 300 boards, two eyes, the runtime's own size.

Ours draws both eyes by the same calls, with a shader made for it.

Neither draws more than the other: no averaging of samples, no depth, mask or cards, and of ShowBase's tasks only those
that draw and give back what was drawn. The head sways, as heads do: of one that is quite still Panda3D remembers too
much.
"""

import atexit
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from panda3d.core import Camera, PerspectiveLens

from engine.headset import HeadsetUnavailable
from engine.openxr.bench.boards import Boards, boards
from engine.openxr.bench.monado import running
from engine.panda.graphics import Graphics
from engine.scene import Scene

NODES = 300
WARM_UP, PATIENCE_S = 20, 120
_SIZE, _FRAME_S = (1920, 1080), 1 / 30
_CONFIGURATION = """
window-type offscreen
gl-version 3 2
sync-video 0
audio-library-name null
print-pipe-types 0
notify-level-device fatal
"""


def ours_s(frames: int, one_draw: bool = True) -> list[float]:
    """Seconds of the main thread from the end of xrWaitFrame to that of xrEndFrame, one for each frame."""
    from engine.openxr.bench.watching import watch
    from engine.openxr.headset import OpenXRHeadset
    from engine.openxr.options import Options

    with running(swaying=True):
        calls = watch()
        options = Options(samples=0, depth=False, mask=False, cards=False, one_draw=one_draw)
        headset = OpenXRHeadset(partial(Boards, count=NODES), options)
        spent = _Spent()
        calls["xrWaitFrame"].errcheck = spent.begin
        calls["xrEndFrame"].errcheck = spent.end
        try:
            for _ in headset.frames():
                headset.show(Scene(""))
                if len(spent.seconds) == frames + WARM_UP:
                    return spent.seconds[WARM_UP:]
        finally:
            headset.close()
    return []


def one_eye_s(frames: int) -> list[float]:
    """The same for one eye as Panda3D alone draws it, with no headset: the least that one cull and one draw take."""
    with running(swaying=True):  # what else this computer does is then the same
        graphics = Graphics.offscreen()
        root, lens = boards(NODES), PerspectiveLens()
        lens.set_fov(100)
        eye = root.attach_new_node(Camera("eye", lens))
        picture = graphics.buffer("picture", _SIZE)
        picture.make_display_region().camera = eye
        spent = _Spent()
        for number in range(frames + WARM_UP):
            eye.set_pos(0.05 * math.sin(number / 7), 0.05 * math.sin(number / 5), 1.6)
            spent.begin()
            graphics.engine.render_frame()
            spent.end()
            time.sleep(_FRAME_S)
        graphics.close()
        return spent.seconds[WARM_UP:]


def peer_s(frames: int) -> list[float]:
    """The same of panda3d-openxr; raises HeadsetUnavailable where it or its X server is not installed."""
    with running(swaying=True), _screen():
        try:
            from p3dopenxr.p3dopenxr import P3DOpenXR
        except ModuleNotFoundError as missing:
            raise HeadsetUnavailable(f"{missing.name} is missing: run pip install panda3d-openxr==0.1.2") from None
        from direct.showbase.ShowBase import ShowBase
        from panda3d.core import FrameBufferProperties, load_prc_file_data

        load_prc_file_data("", _CONFIGURATION)
        _mend()
        base = ShowBase()
        _only_drawing(base)
        boards(NODES).reparent_to(base.render)
        properties = FrameBufferProperties()
        properties.set_rgba_bits(8, 8, 8, 8)
        properties.set_srgb_color(True)
        properties.set_depth_bits(24)
        peer = P3DOpenXR(base)
        peer.init(fb_props=properties)
        spent = _Spent()
        _watch(peer.session, spent)
        latest = time.monotonic() + PATIENCE_S
        while len(spent.seconds) < frames + WARM_UP:
            base.task_mgr.step()
            if time.monotonic() > latest:
                raise HeadsetUnavailable(f"panda3d-openxr drew {len(spent.seconds)} frames in {PATIENCE_S} s")
        atexit.unregister(peer.destroy)
        peer.destroy()  # while there is somebody to hear it
        return spent.seconds[WARM_UP:]


class _Spent:
    """What the calling thread worked between `begin` and `end`, for each time."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._begun = 0.0

    def begin(self, result: int = 0, *_: Any) -> int:
        self._begun = time.thread_time()
        return result

    def end(self, result: int = 0, *_: Any) -> int:
        self.seconds.append(time.thread_time() - self._begun)
        return result


def _mend() -> None:
    """What keeps panda3d-openxr 0.1.2 from running on the present pyopenxr, and no more."""
    import logging

    from p3dopenxr import p3dopenxr

    made = p3dopenxr.Instance
    p3dopenxr.Instance = lambda: made(["XR_KHR_opengl_enable"], enable_debug=False)
    logging.getLogger().setLevel(logging.WARNING)  # it would write down every frame


def _watch(session: Any, spent: _Spent) -> None:
    wait, end = session.wait_frame, session.end_frame

    def waited() -> None:
        wait()
        spent.begin()

    def ended(layer: Any) -> None:
        end(layer)
        if session.should_render() and layer.layer_valid():
            spent.end()

    session.wait_frame, session.end_frame = waited, ended


def _only_drawing(base: Any) -> None:
    for name in ("dataLoop", "resetPrevTransform", "ivalLoop", "collisionLoop", "audioLoop"):
        base.task_mgr.remove(name)
    for region in base.win.get_display_regions():
        region.set_active(False)


@contextmanager
def _screen() -> Iterator[None]:
    """An X server without a monitor where there is none: the peer knows no other way to OpenGL."""
    if os.environ.get("DISPLAY"):
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "display"
        with told.open("w") as file:
            command = ["Xvfb", "-displayfd", str(file.fileno())]
            server = subprocess.Popen(command, pass_fds=[file.fileno()])  # noqa: S603 (a fixed command)
        try:
            while not told.read_text().endswith("\n"):
                time.sleep(0.05)
            os.environ["DISPLAY"] = f":{told.read_text().strip()}"
            yield
        finally:
            server.terminate()
            server.wait()
