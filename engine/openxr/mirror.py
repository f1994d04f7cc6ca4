"""A window on the desktop that shows what the left eye sees, for who stands beside, and hears six keys."""

import time
from typing import cast

from panda3d.core import (
    ClockObject,
    DisplayRegion,
    FrameBufferProperties,
    GraphicsOutput,
    GraphicsPipe,
    GraphicsWindow,
    LVecBase4f,
    PythonCallbackObject,
    WindowProperties,
)

from engine.frame import Button
from engine.openxr.eyes import Eyes
from engine.panda.graphics import Graphics, NoGraphics
from engine.panda.keys import Keys

MOST_HZ = 30.0
BUTTONS = {
    "r": Button.RECENTRE,
    "m": Button.MENU,
    "escape": Button.STOP,
    "p": Button.PAIN,
    "z": Button.DIZZY,
    "t": Button.TIRED,
}
SHOWING, WAITING = "Steadyreach: what the headset shows", "Steadyreach: waiting for the headset"
_SIZE, _CLOSING, _AFTER_THE_EYES = (720, 760), "mirror closing", 10
_CALM = LVecBase4f(0.11, 0.13, 0.16, 1)


class Mirror:
    """A window that shares the headset's context, and gets a copy of the left eye's image: nothing is drawn for it.

    It follows the eyes, 30 times a second at most. It may be closed or minimised; the headset goes on.
    """

    def __init__(self, graphics: Graphics) -> None:
        """Open the window.

        Raises NoGraphics where there is no screen, or none that can share the headset's context.
        """
        self._graphics, self._drawn_s, self._heard = graphics, 0.0, -1
        self._region: DisplayRegion | None = None
        self._window: GraphicsWindow | None = _open(graphics)
        self._keys = Keys(self._window)
        self._wait(self._window)

    def follow(self, eyes: Eyes | None) -> None:
        """Show what the left of two eyes sees; None while there are none."""
        self._let_go()
        if self._window is None:
            return
        if eyes is None:
            self._wait(self._window)
            return
        window = self._window
        _entitle(window, SHOWING)
        self._region = window.make_display_region()
        self._region.set_draw_callback(PythonCallbackObject(lambda _: eyes.show_left(*window.get_size())))

    def buttons(self) -> int:
        """The keys that were pressed since the last time, as bits of Button; ask once a frame, before it is drawn."""
        if self._window is None:
            return 0
        self._listen(self._window)
        pressed = self._keys.pressed()
        if _CLOSING in pressed:
            self.close()
            return 0
        self._take_turn(self._window)
        told = Button.NONE
        for name in pressed:
            told |= BUTTONS.get(name, Button.NONE)
        return int(told)

    def close(self) -> None:
        """Close the window; the context is current for the headset again."""
        self._let_go()
        window, self._window = self._window, None
        if window is not None:
            _remove(self._graphics, window)

    def _listen(self, window: GraphicsWindow) -> None:
        """Panda3D hears the window system when it draws: where no frame was drawn since the last time, draw nothing."""
        clock = ClockObject.get_global_clock()
        if clock.get_frame_count() == self._heard:
            window.set_active(False)
            self._graphics.engine.render_frame()
        self._heard = clock.get_frame_count()

    def _take_turn(self, window: GraphicsWindow) -> None:
        """Be drawn with the next frame when it is time."""
        now_s = time.monotonic()
        due = self._region is not None and now_s - self._drawn_s >= 1 / MOST_HZ
        window.set_active(due)
        if due:
            self._drawn_s = now_s

    def _let_go(self) -> None:
        """Follow no eyes any more."""
        if self._region is not None:
            self._region.clear_draw_callback()
            if self._window is not None:
                self._window.remove_display_region(self._region)
            self._region = None

    def _wait(self, window: GraphicsWindow) -> None:
        """Show a calm colour, so that nobody takes an old picture for what the headset shows."""
        _entitle(window, WAITING)
        window.set_active(True)
        self._graphics.engine.render_frame()
        window.set_active(False)


def _open(graphics: Graphics) -> GraphicsWindow:
    # A window unlike the host would get a context of its own, which OpenXR does not know.
    alike = FrameBufferProperties(graphics.host.get_fb_properties())
    opened = graphics.engine.make_output(
        graphics.pipe, "mirror", _AFTER_THE_EYES, alike, WindowProperties(size=_SIZE),
        GraphicsPipe.BF_require_window, graphics.gsg, graphics.host,
    )  # fmt: skip
    graphics.engine.open_windows()
    if opened is None or not opened.is_valid():
        raise NoGraphics("a mirror needs a screen, and none was found: start from a desktop, or play without a mirror")
    if opened.gsg != graphics.gsg or not alike.back_buffers:
        _remove(graphics, opened)
        raise NoGraphics("this graphics driver has no window that shares the headset's context: play without a mirror")
    window = cast(GraphicsWindow, opened)
    graphics.engine.set_auto_flip(True)  # Mesa's X windows lose what was drawn once another output is current
    window.set_clear_color(_CALM)
    window.set_close_request_event(_CLOSING)
    return window


def _remove(graphics: Graphics, window: GraphicsOutput) -> None:
    """Closing a window leaves no context current, and drawing nothing makes the host's current again."""
    graphics.engine.remove_window(window)
    graphics.engine.render_frame()


def _entitle(window: GraphicsWindow, title: str) -> None:
    properties = WindowProperties()
    properties.set_title(title)
    window.request_properties(properties)
