"""Gamepads and balance boards that are plugged in, now or later, beside whatever window there is.

pygame reads them without a window of its own: SDL's dummy video driver is enough for its events. Gamepads that SDL
knows (https://github.com/mdqinc/SDL_GameControllerDB lists how one tells it of others, in SDL_GAMECONTROLLERCONFIG)
have their buttons by name; of others the usual order is taken for granted.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pygame
from pygame._sdl2 import controller

from engine.inputs import Heard, Pair, together
from engine.pads import board, gamepad
from engine.pads.board import Balance, Loads
from engine.pads.gamepad import Pad

BOARD_NAMES = ("balance board", "rvl-wbc")
"""What boards are called: by Linux's driver `hid-wiimote`, and by Bluetooth."""
LEAST_BUTTONS = 6  # accelerometers and the like say that they are joysticks, too
KG_OF_AXIS = 655.35 / 2  # hid-wiimote says tens of grams from 0 to 65535, which SDL makes -1 to 1
_FULL = 32767.0
_HINTS = {
    "SDL_VIDEODRIVER": "dummy",  # no window: the program has one of its own
    "SDL_JOYSTICK_ALLOW_BACKGROUND_EVENTS": "1",  # and that has the keyboard
    "SDL_JOYSTICK_THREAD": "1",  # on Windows there is no window to be told of new devices
    "SDL_NO_SIGNAL_HANDLERS": "1",  # Ctrl-C and an end that is asked for belong to the program
}
_CONTROLLER: Mapping[str, int] = {
    "a": pygame.CONTROLLER_BUTTON_A,
    "b": pygame.CONTROLLER_BUTTON_B,
    "x": pygame.CONTROLLER_BUTTON_X,
    "y": pygame.CONTROLLER_BUTTON_Y,
    "back": pygame.CONTROLLER_BUTTON_BACK,
    "start": pygame.CONTROLLER_BUTTON_START,
    "left shoulder": pygame.CONTROLLER_BUTTON_LEFTSHOULDER,
    "right shoulder": pygame.CONTROLLER_BUTTON_RIGHTSHOULDER,
    "left stick": pygame.CONTROLLER_BUTTON_LEFTSTICK,
    "right stick": pygame.CONTROLLER_BUTTON_RIGHTSTICK,
    "up": pygame.CONTROLLER_BUTTON_DPAD_UP,
    "down": pygame.CONTROLLER_BUTTON_DPAD_DOWN,
    "left": pygame.CONTROLLER_BUTTON_DPAD_LEFT,
    "right": pygame.CONTROLLER_BUTTON_DPAD_RIGHT,
}
_USUAL = ("a", "b", "x", "y", "left shoulder", "right shoulder", "back", "start", "left stick", "right stick")
"""The buttons of a gamepad that SDL does not know, in the order that most have."""


class PadsUnavailable(Exception):
    """Gamepads and boards cannot be read here; the message says why in a sentence."""


class _Device(Protocol):
    kind: str
    labels: Mapping[str, str]

    def hear(self, dt_s: float) -> Heard: ...
    def recentre(self) -> None: ...
    def close(self) -> None: ...


class Pads:
    """All gamepads and balance boards; an engine.inputs.Input.

    `named` is part of the name of the joystick that is the balance board to be used, also where it is not called so: no
    other board is, and whoever shall stand on it is waited for. `stature_m` is how tall the person is. Raises
    PadsUnavailable.
    """

    def __init__(self, named: str = "", stature_m: float = 1.70) -> None:
        """Begin to listen."""
        os.environ.update({name: os.environ.get(name, value) for name, value in _HINTS.items()})
        try:
            pygame.display.init()
            pygame.joystick.init()
            controller.init()
        except pygame.error as reason:
            raise PadsUnavailable(f"gamepads cannot be read: {reason}; play with mouse and keyboard") from None
        self._names = (named.lower(),) if named else BOARD_NAMES
        self._awaited, self._stature_m = bool(named), stature_m
        self.found: list[str] = []
        self._devices: dict[int, _Device] = {}

    @property
    def kinds(self) -> frozenset[str]:
        """What is plugged in: `pad`, `board`."""
        return frozenset(device.kind for device in self._devices.values())

    @property
    def labels(self) -> Mapping[str, str]:
        """What stands on the buttons of the pad that was plugged in last."""
        pads = [device for device in self._devices.values() if device.kind == "pad"]
        return pads[-1].labels if pads else {}

    def hear(self, dt_s: float) -> Heard:
        """What all of them said since the last image; who unplugs one lets go of it.

        `found` keeps the names of all that was ever plugged in. Of several boards the first one counts.
        """
        for event in pygame.event.get():
            if event.type == pygame.JOYDEVICEADDED:
                self._plug_in(event.device_index)
            elif event.type == pygame.JOYDEVICEREMOVED and event.instance_id in self._devices:
                self._devices.pop(event.instance_id).close()
        return together(device.hear(dt_s) for device in self._devices.values())

    def recentre(self) -> None:
        """Take how somebody stands on a board now for upright."""
        for device in self._devices.values():
            device.recentre()

    def close(self) -> None:
        """Let go of all of them."""
        for device in self._devices.values():
            device.close()
        self._devices = {}
        controller.quit()
        pygame.joystick.quit()
        pygame.display.quit()

    def _plug_in(self, index: int) -> None:
        try:
            stick = pygame.joystick.Joystick(index)
        except pygame.error:
            return  # it is gone again
        self.found.append(stick.get_name())
        device = self._device(stick, index)
        if device is not None:
            self._devices[stick.get_instance_id()] = device

    def _device(self, stick: Any, index: int) -> _Device | None:
        """What a joystick is; None where it is none that anybody plays with."""
        name = stick.get_name().lower()
        if any(part in name for part in self._names) and stick.get_numaxes() >= 2:
            return None if "board" in self.kinds else _Board(stick, self._stature_m, self._awaited)
        if any(part in name for part in BOARD_NAMES):
            return None  # a board has a button and axes, and is no gamepad
        if controller.is_controller(index):
            return _Gamepad(controller.Controller(index), stick.get_name())
        if stick.get_numbuttons() >= LEAST_BUTTONS and stick.get_numaxes() >= 2:
            return _Joystick(stick, stick.get_name())
        return None


class _Board:
    kind = "board"

    def __init__(self, stick: Any, stature_m: float, awaited: bool) -> None:
        self._stick, self._stature_m = stick, stature_m
        self._balance = Balance(stature_m, awaited)
        self.labels: Mapping[str, str] = {}
        self._weighs = stick.get_numaxes() >= len(Loads._fields)

    def hear(self, dt_s: float) -> Heard:
        """How somebody leans on it; Linux names the corners in the order of Loads."""
        axes = [self._stick.get_axis(number) for number in range(min(4, self._stick.get_numaxes()))]
        if self._weighs:
            return self._balance.weigh(Loads(*((axis + 1) * KG_OF_AXIS for axis in axes)), dt_s)
        return self._balance.press(board.two_axes((axes[0], axes[1]), self._stature_m), dt_s)

    def recentre(self) -> None:
        self._balance.recentre()

    def close(self) -> None:
        self._stick.quit()


class _Gamepad:
    """One that SDL knows."""

    kind = "pad"

    def __init__(self, pad: Any, name: str) -> None:
        self._pad, self._before, self.labels = pad, Pad(), gamepad.labels_of(name)

    def hear(self, dt_s: float) -> Heard:  # noqa: ARG002 (what every device is given)
        now = self._now()
        heard, self._before = gamepad.said(self._before, now), now
        return heard

    def recentre(self) -> None:
        """A gamepad has no middle but its own."""

    def close(self) -> None:
        self._pad.quit()

    def _now(self) -> Pad:
        axis = self._pad.get_axis
        return Pad(
            _stick(axis(pygame.CONTROLLER_AXIS_LEFTX), axis(pygame.CONTROLLER_AXIS_LEFTY)),
            _stick(axis(pygame.CONTROLLER_AXIS_RIGHTX), axis(pygame.CONTROLLER_AXIS_RIGHTY)),
            (
                max(0.0, axis(pygame.CONTROLLER_AXIS_TRIGGERLEFT) / _FULL),
                max(0.0, axis(pygame.CONTROLLER_AXIS_TRIGGERRIGHT) / _FULL),
            ),
            frozenset(name for name, button in _CONTROLLER.items() if self._pad.get_button(button)),
        )


class _Joystick(_Gamepad):
    """One that SDL does not know: two sticks first, then buttons in their usual order, and a cross."""

    def _now(self) -> Pad:
        stick = self._pad
        axes = [stick.get_axis(number) * _FULL for number in range(stick.get_numaxes())]
        down = {name for number, name in enumerate(_USUAL[: stick.get_numbuttons()]) if stick.get_button(number)}
        right, up = stick.get_hat(0) if stick.get_numhats() else (0, 0)
        down |= {name for name, pressed in zip(("right", "left", "up", "down"), (right > 0, right < 0, up > 0, up < 0),
                                               strict=True) if pressed}  # fmt: skip
        return Pad(_stick(*axes[:2]), _second(axes), (0.0, 0.0), frozenset(down))


def _stick(right: float, down: float) -> Pair:
    """A stick's axes, whose second points down."""
    return (right / _FULL, -down / _FULL)


def _second(axes: Sequence[float]) -> Pair:
    """The second stick: with six axes the third and the last are triggers, as Linux's drivers have them."""
    if len(axes) >= 6:
        return _stick(axes[3], axes[4])
    return _stick(axes[2], axes[3]) if len(axes) >= 4 else (0.0, 0.0)
