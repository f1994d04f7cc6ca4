"""A headset and two controllers that a test moves, over the wire of Monado's remote driver."""

import socket
import struct
import time
from dataclasses import dataclass, field, replace

from engine.frame import UPRIGHT, Quaternion, Vector

# Monado 25, src/xrt/drivers/remote/r_interface.h: little-endian, 376 bytes, each message the whole state.
_HEADER = b"mndrmt3\0"
_VIEW = struct.Struct("<4f4f3fI")  # angles, quaternion, place, padding
_HEAD = struct.Struct("<4f3f?3x")  # quaternion, place, whether the views count
_HAND = struct.Struct("<4f3f3f3f5ffff2ff2f13?3x")
_SIZE = 376
_OPEN_EYE = _VIEW.pack(-0.8, 0.8, 0.8, -0.8, *UPRIGHT, 0.0, 0.0, 0.0, 0)


@dataclass(frozen=True)
class RemoteHand:
    """A controller: its grip pose in the stage, trigger and squeeze (0 to 1), and button b, which is menu."""

    position_m: Vector
    orientation: Quaternion = UPRIGHT
    trigger: float = 0.0
    squeeze: float = 0.0
    menu: bool = False
    active: bool = True

    def packed(self) -> bytes:
        """The 120 bytes of a controller."""
        still, curls = (0.0,) * 6, (0.0,) * 5
        analog = (self.trigger, self.squeeze, self.squeeze, 0.0, 0.0, 0.0, 0.0, 0.0)
        pressed = (False, self.active, False, False, False, False, self.menu, self.menu)
        rest = (self.trigger > 0.5, self.trigger > 0.0, False, False, False)
        return _HAND.pack(*self.orientation, *self.position_m, *still, *curls, *analog, *pressed, *rest)


@dataclass(frozen=True)
class RemotePerson:
    """Everything that the remote driver is told at once."""

    head_m: Vector = (0.0, 1.6, 0.0)
    head_turn: Quaternion = UPRIGHT
    left: RemoteHand = field(default_factory=lambda: RemoteHand((-0.2, 1.3, -0.5)))
    right: RemoteHand = field(default_factory=lambda: RemoteHand((0.2, 1.3, -0.5)))

    def packed(self) -> bytes:
        """The whole message."""
        head = _HEAD.pack(*self.head_turn, *self.head_m, False)
        return _HEADER + _OPEN_EYE * 2 + head + self.left.packed() + self.right.packed()


class RemoteHmd:
    """The connection to the remote driver; `person` is what it was told last."""

    def __init__(self, port: int, seconds: float = 20.0) -> None:
        """Connect, waiting for the service to listen."""
        self._socket = _connect(port, seconds)
        self.person = RemotePerson()
        self.move()

    def move(self, **changes: object) -> None:
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
