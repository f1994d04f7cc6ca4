"""The desk headset: a window with mouse and keyboard, for the same session without a headset."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

from panda3d.core import (
    ButtonHandle,
    Camera,
    CardMaker,
    GraphicsWindow,
    KeyboardButton,
    LPoint2,
    LPoint3,
    MouseButton,
    PerspectiveLens,
    TransparencyAttrib,
)

from engine.frame import Button, Frame, Vector
from engine.panda.axes import from_panda, to_panda, turn_to_panda
from engine.panda.fonts import Setting
from engine.panda.graphics import Graphics
from engine.panda.keys import Keys
from engine.panda.puppet import Held, Puppet
from engine.panda.stage import Stage
from engine.scene import Scene
from engine.theme import Theme
from engine.words import Words

HELP = (
    "mouse: hand   wheel: nearer, further   left button: trigger   right button: squeeze   Tab: other hand\n"
    "W A S D or arrows: lean   Q E: turn   R: recentre   M: menu   Esc: stop, twice: leave\n"
    "P: it hurts   Z: dizzy   T: tired"
)
RATE_HZ = 60.0
_FOV_DEG = 62.0
_MARGIN_M = 0.012
_BUTTONS = {
    "escape": Button.STOP,
    "r": Button.RECENTRE,
    "m": Button.MENU,
    "p": Button.PAIN,
    "z": Button.DIZZY,
    "t": Button.TIRED,
}


class Desk:
    """A window that behaves as a headset; raises engine.headset.HeadsetUnavailable where none can open."""

    kind = "desk"

    def __init__(
        self, theme: Theme, words: Words, cache: Path | None = None, size: tuple[int, int] = (1280, 800)
    ) -> None:
        """Open the window."""
        self._graphics = Graphics.window(size, "Steadyreach")
        self._window = cast(GraphicsWindow, self._graphics.host)
        self._open = True
        self.description = f"a window on {self._graphics.describe()}"
        self.stage = Stage(self._graphics, theme, words, cache)
        self.stage.controls = {"confirm": "controls.click"}
        self._puppet = Puppet()
        self._frame: Frame | None = None
        self._lens = PerspectiveLens()
        self._lens.set_near_far(0.05, 400)
        self._eye = self.stage.root.attach_new_node(Camera("eye", self._lens))
        self._window.make_display_region().set_camera(self._eye)
        self._inputs = _Inputs(self._window)
        self._help()

    def frames(self) -> Iterator[Frame]:
        """Yield what mouse and keyboard say, 60 times a second, until the window is closed or Esc pressed twice."""
        before_ns, stops = time.monotonic_ns(), 0
        while self._open and self._window.is_valid() and stops < 2:
            now_ns = time.monotonic_ns()
            held, pressed = self._inputs.read()
            buttons = self._press(pressed)
            stops += pressed.count("escape")
            self._fit()
            self._puppet.advance(held, self._ray(), min((now_ns - before_ns) * 1e-9, 0.1))
            focused = self._window.get_properties().get_foreground()
            self._frame = self._puppet.frame(now_ns, held, buttons, focused)
            before_ns = now_ns
            yield self._frame
            self._wait(now_ns)

    def show(self, scene: Scene) -> None:
        """Draw the scene as the last frame's head sees it."""
        if self._frame is None or not self._open:
            return
        head = self._frame.head
        self._eye.set_pos_quat(to_panda(head.position_m), turn_to_panda(head.orientation))
        self.stage.show(scene, self._frame)
        self._graphics.engine.render_frame()

    def close(self) -> None:
        """Close the window."""
        if self._open:
            self._open = False
            del self._window, self._inputs
            self._graphics.close()

    def _press(self, pressed: list[str]) -> Button:
        buttons = Button.NONE
        for name in pressed:
            buttons |= _BUTTONS.get(name, Button.NONE)
            if name == "tab":
                self._puppet.swap()
            elif name in ("wheel_up", "wheel_down"):
                self._puppet.deepen(1 if name == "wheel_up" else -1)
        return buttons

    def _ray(self) -> Vector | None:
        at = self._inputs.mouse()
        near, far = LPoint3(), LPoint3()
        if at is None or not self._lens.extrude(at, near, far):
            return None
        along = far - near
        along.normalize()
        return from_panda(along)

    def _fit(self) -> None:
        size = self._window.get_size()
        if size.y > 0:
            self._lens.set_aspect_ratio(size.x / size.y)
            self._lens.set_min_fov(_FOV_DEG)

    def _help(self) -> None:
        text = Setting(self.stage.fonts.body, 0.021, "#3f5a3a").lay(HELP, 9.0)
        board = self._eye.attach_new_node("help")
        board.set_pos(-text.get_width() / 2, 1.0, -0.51)
        board.set_depth_test(False)
        paper = CardMaker("paper")
        paper.set_frame(-_MARGIN_M, text.get_width() + _MARGIN_M, text.get_bottom() - _MARGIN_M, 0.021 + _MARGIN_M)
        paper.set_color(1.0, 0.97, 0.91, 0.85)
        sheet = board.attach_new_node(paper.generate())
        sheet.set_shader_off(1)
        sheet.set_transparency(TransparencyAttrib.M_alpha)
        sheet.set_bin("fixed", 100)
        letters = board.attach_new_node(text.generate())
        self.stage.look.text(letters)
        letters.set_bin("fixed", 101)

    def _wait(self, since_ns: int) -> None:
        left_s = 1 / RATE_HZ - (time.monotonic_ns() - since_ns) * 1e-9
        if left_s > 0:
            time.sleep(left_s)


class _Inputs:
    """What the window's keyboard and mouse say."""

    def __init__(self, window: GraphicsWindow) -> None:
        self._keys = Keys(window)
        self._watcher = self._keys.watcher

    def read(self) -> tuple[Held, list[str]]:
        """What is held down now, and the names of what was pressed since the last time."""
        pressed = self._keys.pressed()
        held = Held(
            lean=(self._axis("w", "up", "s", "down"), self._axis("d", "right", "a", "left")),
            turn=self._axis("e", "", "q", ""),
            trigger=self._watcher.is_button_down(MouseButton.one()),
            squeeze=self._watcher.is_button_down(MouseButton.three()) or self._down("space"),
        )
        return held, pressed

    def mouse(self) -> LPoint2 | None:
        """Where the mouse is, -1 to 1 in both directions; None outside the window."""
        return LPoint2(self._watcher.get_mouse()) if self._watcher.has_mouse() else None

    def _axis(self, more: str, or_more: str, less: str, or_less: str) -> float:
        return float(self._down(more) or self._down(or_more)) - float(self._down(less) or self._down(or_less))

    def _down(self, name: str) -> bool:
        return bool(name) and self._watcher.is_button_down(_key(name))


def _key(name: str) -> ButtonHandle:
    if len(name) == 1:
        return KeyboardButton.ascii_key(name)
    return cast(ButtonHandle, getattr(KeyboardButton, name)())
