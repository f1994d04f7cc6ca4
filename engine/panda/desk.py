"""The desk headset: a window in which mouse, keyboard, gamepad or balance board move what the body would."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from panda3d.core import Camera, GraphicsWindow, PerspectiveLens

from engine.frame import Button, Frame
from engine.inputs import HELP, Heard, Input, together
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.graphics import Graphics
from engine.panda.hints import RISE, Asked, hints
from engine.panda.keys import Keyboard
from engine.panda.overlay import Overlay
from engine.panda.pointer import FOV_DEG
from engine.panda.seat import Seat
from engine.panda.stage import Stage
from engine.scene import Scene
from engine.settings import USUAL, Settings
from engine.theme import Theme
from engine.words import Words

RATE_HZ = 60.0
LONGEST_STEP_S = 0.1
_MOUSE, _PAD = {"confirm": "controls.click"}, {"confirm": "controls.a_button"}


class Desk:
    """A window that behaves as a headset; raises engine.headset.HeadsetUnavailable where none can open."""

    kind = "desk"

    def __init__(
        self, theme: Theme, words: Words, cache: Path | None = None, size: tuple[int, int] = (1280, 800),
        settings: Settings = USUAL, inputs: Sequence[Input] = (),
    ) -> None:  # fmt: skip
        """Open the window; `inputs` are heard beside its mouse and keyboard, and closed with it."""
        self._graphics = Graphics.window(size, "Steadyreach")
        self._window = cast(GraphicsWindow, self._graphics.host)
        self._open = True
        self.description = f"a window on {self._graphics.describe()}"
        self._theme, self._words, self._inputs = theme, words, tuple(inputs)
        self.stage = Stage(self._graphics, theme, words, cache, settings)
        self.stage.controls = _MOUSE
        self._seat = Seat()
        self._frame: Frame | None = None
        self._lens = PerspectiveLens()
        self._lens.set_near_far(0.05, 400)
        self._eye = self.stage.root.attach_new_node(Camera("eye", self._lens))
        self._window.make_display_region().set_camera(self._eye)
        self._keyboard = Keyboard(self._window)
        self._overlay = Overlay(self._window, self.stage.fonts, settings.text_scale)
        self._asked, self._helps, self._pad_in_hand = Asked(), True, False

    def frames(self) -> Iterator[Frame]:
        """Yield what the devices say, 60 times a second, until the window is closed or Esc pressed twice."""
        before_ns, stops = time.monotonic_ns(), 0
        while self._open and self._window.is_valid() and stops < 2:
            now_ns = time.monotonic_ns()
            dt_s = min((now_ns - before_ns) * 1e-9, LONGEST_STEP_S)
            heard, pressed = self._hear(dt_s)
            stops += pressed.count("escape")
            self._fit()
            self._seat.live(heard, self._keyboard.mouse(), self._aspect(), dt_s)
            self._frame = self._seat.frame(now_ns, heard, self._window.get_properties().get_foreground())
            before_ns = now_ns
            yield self._frame
            self._wait(now_ns)

    def show(self, scene: Scene) -> None:
        """Draw the scene as the last frame's head sees it, and what moves the body in it."""
        if self._frame is None or not self._open:
            return
        head = self._frame.head
        self._eye.set_pos_quat(to_panda(head.position_m), turn_to_panda(head.orientation))
        self._seat.see(scene)
        self.stage.show(scene, self._frame)
        asked = self._asked.see(scene.place, scene.items)
        lines = hints(asked | {RISE} if self._seat.puppet.sits else asked, self._in_use())
        size = self._window.get_size()
        if min(size) > 0:
            place = self._theme.places[scene.place]
            self._overlay.show(
                place, self._words, lines if self._helps else None, self._seat.puppet, (size.x, size.y)
            )  # fmt: skip
        self._graphics.engine.render_frame()

    def close(self) -> None:
        """Close the window, and what else was heard."""
        if self._open:
            self._open = False
            for device in self._inputs:
                device.close()
            del self._window, self._keyboard, self._overlay
            self._graphics.close()

    def _hear(self, dt_s: float) -> tuple[Heard, list[str]]:
        """What all devices say, and the names of the keys that were pressed."""
        typed, pressed = self._keyboard.hear()
        said = [device.hear(dt_s) for device in self._inputs]
        if any(not one.idle for one in said):
            self._pad_in_hand = True
        elif not typed.idle:
            self._pad_in_hand = False
        self.stage.controls = _PAD if self._pad_in_hand else _MOUSE
        heard = together([typed, *said])
        if HELP in heard.acts:
            self._helps = not self._helps
        if heard.buttons & Button.RECENTRE:
            for device in self._inputs:
                device.recentre()
        return heard, pressed

    def _in_use(self) -> frozenset[str]:
        """What the help shall tell of."""
        plugged_in = frozenset(kind for device in self._inputs for kind in device.kinds)
        return plugged_in if self._pad_in_hand else plugged_in - {"pad"}

    def _aspect(self) -> float:
        size = self._window.get_size()
        return size.x / size.y if size.y > 0 else 1.0

    def _fit(self) -> None:
        if self._window.get_size().y > 0:
            self._lens.set_aspect_ratio(self._aspect())
            self._lens.set_min_fov(FOV_DEG)

    def _wait(self, since_ns: int) -> None:
        left_s = 1 / RATE_HZ - (time.monotonic_ns() - since_ns) * 1e-9
        if left_s > 0:
            time.sleep(left_s)
