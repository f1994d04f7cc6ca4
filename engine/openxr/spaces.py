"""Where things are: the space with its floor at y = 0, and the poses of things in it."""

import struct
from contextlib import ExitStack
from typing import Any

import xr

from engine.frame import LOST, Pose
from engine.headset import HeadsetUnavailable
from engine.openxr.calls import Calls, address, handle

_LOCATED = struct.Struct("<Q7f")  # flags, quaternion x y z w, position
_VALID, _TRACKED = 0b0011, 0b1100  # orientation and position of XrSpaceLocationFlags
_KIND = xr.ReferenceSpaceType


class Place:
    """A space that can be located; its pose is read in place."""

    def __init__(self, calls: Calls, space: Any) -> None:
        self._calls, self._handle = calls, handle(space)
        self._location = xr.SpaceLocation()
        self._view = memoryview(self._location).cast("B")
        self._offset = xr.SpaceLocation._location_flags.offset

    def pose(self, base: int, time_ns: int) -> Pose:
        """Where this is in a base space at a time; LOST when the runtime cannot say."""
        self._calls.locate_space(self._handle, base, time_ns, address(self._location))
        flags, qx, qy, qz, qw, x, y, z = _LOCATED.unpack_from(self._view, self._offset)
        if flags & _VALID != _VALID:
            return LOST
        return Pose((x, y, z), (qx, qy, qz, qw), tracked=flags & _TRACKED == _TRACKED)


class Floor:
    """The space of a session: LOCAL_FLOOR, which a person can recentre, or one built like it."""

    def __init__(self, session: Any, calls: Calls, closing: ExitStack, *, build: bool = False) -> None:
        """Choose the space; with `build`, build it even where the runtime has it.

        Raises HeadsetUnavailable when the runtime knows no floor.
        """
        self._session, self._calls, self._closing = session, calls, closing
        kinds = set(xr.enumerate_reference_spaces(session))
        self.head = Place(calls, self._space(_KIND.VIEW))
        self._floor, self._built = 0, build or _KIND.LOCAL_FLOOR not in kinds
        if not self._built:
            self._floor = handle(self._space(_KIND.LOCAL_FLOOR))
        elif _KIND.STAGE in kinds:
            self._stage = handle(self._space(_KIND.STAGE))
            self._local = Place(calls, self._space(_KIND.LOCAL))
        else:
            raise HeadsetUnavailable("the headset knows no floor: run its room set-up")

    def at(self, time_ns: int) -> int:
        """The space; 0 as long as it has to be built and the headset has not yet known where it is."""
        if not self._floor:
            local = self._local.pose(self._stage, time_ns)
            if local.valid:
                self._floor = handle(self._space(_KIND.LOCAL, -local.position_m[1]))
        return self._floor

    def moved(self) -> None:
        """Build the space anew if it was built, because what it was built from has moved."""
        if self._built:
            self._floor = 0

    def _space(self, kind: Any, height_m: float = 0.0) -> Any:
        pose = xr.Posef(position=xr.Vector3f(0.0, height_m, 0.0))
        space = xr.create_reference_space(self._session, xr.ReferenceSpaceCreateInfo(kind, pose))
        self._closing.callback(xr.destroy_space, space)
        return space
