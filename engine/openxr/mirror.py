"""A window on the desktop that shows what the left eye sees, for who stands beside, and hears three keys."""

import time
from typing import cast

from panda3d.core import (
    Camera,
    ClockObject,
    DisplayRegion,
    FrameBufferProperties,
    GraphicsOutput,
    GraphicsPipe,
    GraphicsWindow,
    Lens,
    LMatrix4f,
    LPoint3f,
    LVecBase4f,
    MatrixLens,
    NodePath,
    WindowProperties,
)

from engine.frame import Button
from engine.panda.graphics import Graphics, NoGraphics
from engine.panda.keys import Keys

MOST_HZ = 30.0
BUTTONS = {"r": Button.RECENTRE, "m": Button.MENU, "escape": Button.STOP}
SHOWING, WAITING = "Steadyreach: what the headset shows", "Steadyreach: waiting for the headset"
_SIZE, _CLOSING, _AFTER_THE_EYES = (720, 760), "mirror closing", 10
_CALM = LVecBase4f(0.11, 0.13, 0.16, 1)


class Mirror:
    """A window that shares the headset's context and what is culled for the eyes: it costs their drawing, no more.

    It is drawn with the eyes, 30 times a second at most. It may be closed or minimised; the headset goes on.
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

    def follow(self, camera: NodePath | None) -> None:
        """Show what a camera at the head sees in the left channel of its lens; None while there is no such camera."""
        self._let_go()
        if self._window is None:
            return
        if camera is None:
            self._wait(self._window)
            return
        _entitle(self._window, SHOWING)
        self._region = self._window.make_display_region()
        self._region.camera = camera
        self._region.set_stereo_channel(Lens.SC_left)

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
        if due and self._region is not None:
            self._drawn_s = now_s
            _fit(self._region, window)

    def _let_go(self) -> None:
        """Look through no camera any more."""
        if self._region is not None:
            self._region.camera = NodePath()
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
    window.set_clear_stencil_active(True)
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


def _fit(region: DisplayRegion, window: GraphicsWindow) -> None:
    """Show all that the eye sees, undistorted, in the middle of the window."""
    shape, (wide, high) = _shape(region.camera), (max(side, 1) for side in window.get_size())
    across, up = min(1.0, shape * high / wide) / 2, min(1.0, wide / high / shape) / 2
    region.set_dimensions(0.5 - across, 0.5 + across, 0.5 - up, 0.5 + up)


def _shape(camera: NodePath) -> float:
    """The width of what the left eye sees by its height."""
    to_eye = LMatrix4f()
    lens = cast(MatrixLens, cast(Camera, camera.node()).get_lens())
    if not to_eye.invert_from(lens.get_left_eye_mat()):
        return 1.0
    left, right, down, up = (
        to_eye.xform_point_general(LPoint3f(x, y, 0)) for x, y in ((-1, 0), (1, 0), (0, -1), (0, 1))
    )
    return float((right - left).length() / (up - down).length())
