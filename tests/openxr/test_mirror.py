"""The mirror on the desktop: what it shows, what it hears, and that nothing done to it reaches the headset."""

import ctypes
import math
import time
from collections.abc import Iterator
from contextlib import closing
from types import SimpleNamespace

import numpy as np
import pytest
import xr
from numpy.typing import NDArray
from panda3d.core import CallbackNode, GraphicsWindow, PythonCallbackObject

from engine.frame import Button
from engine.openxr import mirror as mirrors
from engine.openxr.binding import open_graphics
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.mirror import MOST_HZ, SHOWING, WAITING, Mirror
from engine.openxr.options import Options
from engine.openxr.runtime import Runtime
from engine.openxr.swapchain import RGBA16F, SRGB8_ALPHA8
from engine.panda.graphics import Graphics, NoGraphics
from engine.scene import Scene
from tests.openxr import world
from tests.openxr.monado import Screen
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHmd, RemotePerson
from tests.openxr.validation import Validation
from tests.openxr.world import COLOUR, Sight, World

_X = ctypes.CDLL("libX11.so.6")
_X.XOpenDisplay.restype = _X.XInternAtom.restype = _X.XGetImage.restype = ctypes.c_void_p
_KEY_PRESS, _CLIENT_MESSAGE, _KEY_PRESS_MASK = 2, 33, 1
_ALL_PLANES, _IN_ROWS = 0xFFFFFFFF, 2


class _Key(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_int) for name in ("type",)),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        *((name, ctypes.c_ulong) for name in ("window", "root", "subwindow", "time")),
        *((name, ctypes.c_int) for name in ("x", "y", "x_root", "y_root", "state", "keycode", "same_screen")),
        ("rest", ctypes.c_long * 12),
    )


class _Message(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("kind", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 12),
    )


class _Image(ctypes.Structure):
    _fields_ = (*((name, ctypes.c_int) for name in ("width", "height", "offset", "format")), ("data", ctypes.c_void_p))


class Desktop:
    """What a person at the desktop does to a window, as an X client of its own."""

    def __init__(self, display: str) -> None:
        self._display = ctypes.c_void_p(_X.XOpenDisplay(display.encode()))

    def press(self, window: GraphicsWindow, key: str) -> None:
        """Press and hold a key, by its X name."""
        keycode = _X.XKeysymToKeycode(self._display, ctypes.c_ulong(_X.XStringToKeysym(key.encode())))
        event = _Key(type=_KEY_PRESS, window=_number(window), keycode=keycode, same_screen=1)
        self._send(window, event, _KEY_PRESS_MASK)

    def close(self, window: GraphicsWindow) -> None:
        """Click on the cross in the window's frame."""
        protocols, delete = (_X.XInternAtom(self._display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
        event = _Message(type=_CLIENT_MESSAGE, window=_number(window), kind=protocols, format=32)
        event.data[0] = delete
        self._send(window, event, 0)

    def minimise(self, window: GraphicsWindow) -> None:
        """Take the window from the screen."""
        _X.XUnmapWindow(self._display, ctypes.c_ulong(_number(window)))
        _X.XSync(self._display, 0)

    def picture(self, window: GraphicsWindow) -> NDArray[np.uint8]:
        """What is on the screen there: height x width x 3, top row first."""
        width, height = window.get_size()
        where = ctypes.c_ulong(_number(window))
        image = _X.XGetImage(self._display, where, 0, 0, width, height, ctypes.c_ulong(_ALL_PLANES), _IN_ROWS)
        rows = ctypes.string_at(_Image.from_address(image).data, width * height * 4)
        return np.frombuffer(rows, np.uint8).reshape(height, width, 4)[..., 2::-1]

    def leave(self) -> None:
        """Go away."""
        _X.XCloseDisplay(self._display)

    def _send(self, window: GraphicsWindow, event: ctypes.Structure, mask: int) -> None:
        where = ctypes.c_ulong(_number(window))
        _X.XSendEvent(self._display, where, 0, ctypes.c_long(mask), ctypes.byref(event))
        _X.XSync(self._display, 0)


def _number(window: GraphicsWindow) -> int:
    number: int = window.get_window_handle().get_int_handle()
    return number


@pytest.fixture
def desktop(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desktop]:
    """A desktop beside the headset."""
    monkeypatch.setenv("DISPLAY", screen.display)
    opened = Desktop(screen.display)
    yield opened
    opened.leave()


@pytest.fixture
def sight(
    desktop: Desktop,  # noqa: ARG001  # the session opens on it
    remote: RemoteHmd,
    validation: Validation,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Sight]:
    """A session that can have windows, at the end of which the validation layer must have had nothing to say."""

    def open_beside(runtime: Runtime) -> Graphics:
        return open_graphics(runtime, window=True)

    monkeypatch.setattr(world, "open_graphics", open_beside)
    remote.move(**vars(RemotePerson()))
    opened = Sight()
    yield opened
    opened.close()
    assert validation.complaints() == []


@pytest.fixture
def mirror(sight: Sight) -> Iterator[Mirror]:
    """A mirror of that session."""
    opened = Mirror(sight.graphics)
    opened.follow(sight.eyes)
    yield opened
    opened.close()


def look(sight: Sight, mirror: Mirror, frames: int = 4) -> int:
    """Show some frames; gives all buttons that were pressed meanwhile."""
    pressed = 0
    for _ in range(frames):
        pressed |= mirror.buttons()
        sight.frame()
    return pressed


def board(picture: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The edges of the board in a picture: left, upper, right, lower, in pixels."""
    rows, columns = np.nonzero((np.abs(picture[..., :3].astype(int) - COLOUR) <= 1).all(axis=2))
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], float)


@pytest.mark.parametrize("form", [SRGB8_ALPHA8, RGBA16F])
def test_the_mirror_shows_what_the_left_eye_sees(
    desktop: Desktop, sight: Sight, mirror: Mirror, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, form: int
) -> None:
    look(sight, mirror, 6)
    seen = pictures.both()[0]  # in the form that the runtime prefers
    mirror.follow(None)
    monkeypatch.setattr(xr, "enumerate_swapchain_formats", lambda _: [form])
    sight.open_eyes(Options(depth=False))
    mirror.follow(sight.eyes)
    look(sight, mirror, 6)
    picture = desktop.picture(mirror._window)
    left, right, up, down = (math.tan(angle) for angle in sight.eyes.views[0][2:])
    high, wide = picture.shape[:2]
    shown = np.array([high * (right - left) / (up - down), high])  # undistorted, with bars at the sides
    where = board(seen).reshape(2, 2) / seen.shape[1::-1] * shown + [(wide - shown[0]) / 2, 0]
    assert shown[0] < wide
    assert board(picture).reshape(2, 2) == pytest.approx(where, abs=1.5 * high / seen.shape[0])


def test_what_is_culled_for_the_eyes_is_culled_once_with_the_mirror(sight: Sight, mirror: Mirror) -> None:
    culls = []
    node = CallbackNode("counted")
    node.set_cull_callback(PythonCallbackObject(lambda _: culls.append(1)))
    counted = sight.world.root.attach_new_node(node)
    mirror._drawn_s = 0.0
    mirror.buttons()
    assert mirror._window.is_active()
    sight.frame()
    counted.remove_node()
    assert len(culls) == 1


def test_the_mirror_is_drawn_thirty_times_a_second_at_most(mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    moments_s = iter(time.monotonic() + number / 90 for number in range(90))
    monkeypatch.setattr(mirrors, "time", SimpleNamespace(monotonic=lambda: next(moments_s)))
    drawn = []
    for _ in range(90):
        mirror.buttons()
        drawn.append(mirror._window.is_active())
    assert 25 <= sum(drawn) <= MOST_HZ


@pytest.mark.parametrize(
    ("key", "button"), [("r", Button.RECENTRE), ("m", Button.MENU), ("Escape", Button.STOP), ("x", Button.NONE)]
)
def test_a_key_is_a_button_once(desktop: Desktop, sight: Sight, mirror: Mirror, key: str, button: Button) -> None:
    look(sight, mirror, 2)
    desktop.press(mirror._window, key)
    assert look(sight, mirror) == button
    assert look(sight, mirror) == 0


def test_a_closed_mirror_does_not_disturb_the_headset(desktop: Desktop, sight: Sight, mirror: Mirror) -> None:
    look(sight, mirror)
    desktop.close(mirror._window)
    look(sight, mirror)
    assert mirror._window is None
    assert sight.frame()
    mirror.follow(None)
    mirror.follow(sight.eyes)
    assert mirror.buttons() == 0


def test_a_minimised_mirror_is_not_drawn(desktop: Desktop, sight: Sight, mirror: Mirror) -> None:
    look(sight, mirror)
    desktop.minimise(mirror._window)
    look(sight, mirror)
    mirror._drawn_s = 0.0
    mirror.buttons()
    assert not mirror._window.is_active()
    assert sight.frame()


def test_while_there_are_no_eyes_the_mirror_waits_and_hears(desktop: Desktop, sight: Sight, mirror: Mirror) -> None:
    look(sight, mirror)
    assert mirror._window.get_properties().get_title() == SHOWING
    mirror.follow(None)
    sight._eyes.close()
    desktop.press(mirror._window, "Escape")
    assert mirror.buttons() | mirror.buttons() == Button.STOP
    assert mirror._window.get_properties().get_title() == WAITING
    assert len(np.unique(desktop.picture(mirror._window).reshape(-1, 3), axis=0)) == 1


def test_new_eyes_are_followed(desktop: Desktop, sight: Sight, mirror: Mirror) -> None:
    look(sight, mirror)
    mirror.follow(None)
    sight.open_eyes(Options())
    mirror.follow(sight.eyes)
    look(sight, mirror, 6)
    assert board(desktop.picture(mirror._window)).size == 4


def test_the_keys_of_the_mirror_are_the_persons_buttons(
    desktop: Desktop, remote: RemoteHmd, validation: Validation
) -> None:
    remote.move(**vars(RemotePerson()))
    with closing(OpenXRHeadset(World, Options(mirror=True))) as headset:
        pressed = []
        for frame, _ in zip(headset.frames(), range(20), strict=False):
            headset.show(Scene("still"))
            pressed.append(frame.buttons)
            if len(pressed) == 10:
                desktop.press(headset._mirror._window, "Escape")
    assert pressed.count(Button.STOP) == 1
    assert validation.complaints() == []


def test_a_mirror_without_a_screen_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    graphics = Graphics.offscreen()
    with pytest.raises(NoGraphics, match="a mirror needs a screen"):
        Mirror(graphics)
    graphics.close()
