"""A headset and two controllers that a test moves, over the wire of Monado's remote driver."""

import socket
import struct
import time
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from engine.frame import UPRIGHT, Quaternion, Vector

# Monado 25, src/xrt/drivers/remote/r_interface.h: little-endian, 376 bytes, each message the whole state.
_HEADER = b"mndrmt3\0"
_VIEW = struct.Struct("<4f4f3fI")  # angles, quaternion, place, padding
_HEAD = struct.Struct("<4f3f?3x")  # quaternion, place, whether the views count
_HAND = struct.Struct("<4f3f3f3f5ffff2ff2f13?3x")
_SIZE = 376
_STILL: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class RemoteHand:
    """A controller: its grip pose in the stage, trigger and squeeze (0 to 1), and its buttons.

    `turning_radps` is about the axes of the controller itself. `curls` (0 to 1) bend little, ring, middle, index and
    thumb where `joints` says that the hand is seen.
    """

    position_m: Vector
    orientation: Quaternion = UPRIGHT
    trigger: float = 0.0
    squeeze: float = 0.0
    b: bool = False
    active: bool = True
    moving_mps: Vector = _STILL
    turning_radps: Vector = _STILL
    curls: tuple[float, float, float, float, float] = (0.0,) * 5
    joints: bool = False
    stick: tuple[float, float] = (0.0, 0.0)
    stick_click: bool = False
    a: bool = False
    system: bool = False

    def packed(self) -> bytes:
        """The 120 bytes of a controller."""
        pose, speed = (*self.orientation, *self.position_m), (*self.moving_mps, *self.turning_radps)
        analog = (self.trigger, self.squeeze, self.squeeze, *self.stick, 0.0, 0.0, 0.0)
        pressed = (self.joints, self.active, self.system, self.system, self.a, self.a, self.b, self.b)
        rest = (self.trigger > 0.5, self.trigger > 0.0, self.stick_click, self.stick_click, False)
        return _HAND.pack(*pose, *speed, *self.curls, *analog, *pressed, *rest)


class RemoteView(NamedTuple):
    """An eye: the angles of its edges (left, right, up, down; rad), and its pose relative to the head."""

    fov_rad: tuple[float, float, float, float] = (-0.8, 0.8, 0.8, -0.8)
    position_m: Vector = (0.0, 0.0, 0.0)
    orientation: Quaternion = UPRIGHT

    def packed(self) -> bytes:
        """The 48 bytes of an eye."""
        return _VIEW.pack(*self.fov_rad, *self.orientation, *self.position_m, 0)


@dataclass(frozen=True)
class RemotePerson:
    """Everything that the remote driver is told at once; without `views` it takes eyes of its own."""

    head_m: Vector = (0.0, 1.6, 0.0)
    head_turn: Quaternion = UPRIGHT
    left: RemoteHand = field(default_factory=lambda: RemoteHand((-0.2, 1.3, -0.5)))
    right: RemoteHand = field(default_factory=lambda: RemoteHand((0.2, 1.3, -0.5)))
    views: tuple[RemoteView, RemoteView] | None = None

    def packed(self) -> bytes:
        """The whole message."""
        left, right = self.views or (RemoteView(), RemoteView())
        head = _HEAD.pack(*self.head_turn, *self.head_m, self.views is not None)
        return _HEADER + left.packed() + right.packed() + head + self.left.packed() + self.right.packed()


class RemoteHmd:
    """The connection to the remote driver; `person` is what it was told last."""

    def __init__(self, port: int, seconds: float = 20.0) -> None:
        """Connect, waiting for the service to listen."""
        self._socket = _connect(port, seconds)
        self.person = RemotePerson()
        self.move()

    def move(self, **changes: Any) -> None:
        """Send a new state: the last one with these fields of RemotePerson changed."""
        self.person = replace(self.person, **changes)
        message = self.person.packed()
        assert len(message) == _SIZE
        self._socket.sendall(message)

    def close(self) -> None:
        """Hang up; the devices stay where they are."""
        self._socket.close()


def _connect(port: int, seconds: float) -> socket.socket:
    latest = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=5.0)
        except ConnectionRefusedError:
            if time.monotonic() > latest:
                raise
            time.sleep(0.05)
