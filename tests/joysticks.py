"""Joysticks that are not there: SDL itself plugs them in, so that all behind it is as with real ones."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pygame
import pytest

GAMEPAD = 1  # SDL_JOYSTICK_TYPE_GAMECONTROLLER


class Description(ctypes.Structure):
    """SDL_VirtualJoystickDesc of SDL 2.24 and later."""

    _fields_ = (
        *((name, ctypes.c_uint16) for name in ("version", "type", "axes", "buttons", "hats", "vendor", "id", "no")),
        *((name, ctypes.c_uint32) for name in ("button_mask", "axis_mask")),
        ("name", ctypes.c_char_p),
        *((name, ctypes.c_void_p) for name in ("data", "update", "player", "rumble", "triggers", "light", "effect")),
    )


def _sdl() -> ctypes.CDLL | None:
    """The SDL that pygame uses, where its wheel has it beside it."""
    folder = Path(pygame.__file__).parent
    found = [*folder.parent.glob("pygame_ce.libs/libSDL2-2*"), *folder.glob("SDL2.dll")]
    sdl = ctypes.CDLL(str(found[0])) if found else None
    return sdl if hasattr(sdl, "SDL_JoystickAttachVirtualEx") else None


class Socket:
    """Where joysticks are plugged in; axes are -1 to 1."""

    def __init__(self, sdl: ctypes.CDLL) -> None:
        self._sdl = sdl
        sdl.SDL_JoystickOpen.restype = ctypes.c_void_p
        sdl.SDL_JoystickSetVirtualAxis.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_int16)
        sdl.SDL_JoystickSetVirtualButton.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_uint8)
        self._kept: list[Description] = []
        self.sticks: list[int] = []

    def plug_in(self, name: str, axes: int, buttons: int, kind: int = 0) -> int:
        self._kept.append(Description(1, kind, axes, buttons, 0, 1, len(self._kept) + 1, name=name.encode()))
        index = self._sdl.SDL_JoystickAttachVirtualEx(ctypes.byref(self._kept[-1]))
        assert index >= 0
        self.sticks.append(self._sdl.SDL_JoystickOpen(index))
        return index

    def unplug(self, index: int) -> None:
        assert self._sdl.SDL_JoystickDetachVirtual(index) == 0

    def push(self, stick: int, *axes: float) -> None:
        for number, axis in enumerate(axes):
            self._sdl.SDL_JoystickSetVirtualAxis(self.sticks[stick], number, round(32767.5 * axis - 0.5))

    def press(self, stick: int, button: int, down: bool = True) -> None:
        self._sdl.SDL_JoystickSetVirtualButton(self.sticks[stick], button, down)


def sockets() -> Iterator[Socket]:
    """A socket for one test, which opens Pads before it plugs anything in."""
    sdl = _sdl()
    if sdl is None:
        pytest.skip("this pygame has no SDL of its own that joysticks could be made with")
    yield Socket(sdl)
