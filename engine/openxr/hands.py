"""Hands without controllers: their joints, and what a pinch and a fist are worth as trigger and squeeze."""

import ctypes
import itertools
import logging
import math
import struct
from contextlib import ExitStack
from typing import Any

import xr

from engine.frame import HAND_JOINTS, LOST, SIDES, Hand, Pose, Quaternion, Vector
from engine.openxr.bindings import HAND_PROFILE
from engine.openxr.calls import Calls, address, field, handle
from engine.openxr.runtime import HAND_SOURCE, Runtime
from engine.openxr.spaces import after, given_back, read_pose

PINCHED_M, OPEN_M = 0.015, 0.05  # from thumb tip to index tip
STRAIGHT, FIST = 0.95, 0.55  # of a finger's length, from its root to its tip
_PALM, _THUMB_TIP, _INDEX_TIP = 0, 5, 10
_FINGERS = ((11, 12, 13, 14, 15), (16, 17, 18, 19, 20), (21, 22, 23, 24, 25))  # middle, ring and little finger
_ROW = 40  # bytes of an XrHandJointLocationEXT
_PLACE, _PLACE_AT = struct.Struct("<3f"), 24
_places = struct.Struct("<" + "Q16x3f4x" * HAND_JOINTS).unpack_from  # flags and place of each
_HAND = struct.Struct("<9f")  # frames hold 32-bit floats
_VALID, _MEASURED = 0b0011, 0b1010  # orientation and position; the position alone, and measured
_NOWHERE = (math.nan,) * 3
_WITHOUT_CONTROLLER = ("", HAND_PROFILE)
_SEEN = xr.HandTrackingDataSourceEXT.UNOBSTRUCTED.value
_CONTROLLER = xr.HandTrackingDataSourceEXT.CONTROLLER.value
# A palm's axes are right, out of the back of the hand, and towards the wrist; a grip's -z runs along a held stick
# from the little finger to the thumb, and its x out of the back of the right and out of the palm of the left hand.
_GRIP_IN_PALM: dict[str, Quaternion] = {"left": (0.5, -0.5, -0.5, 0.5), "right": (0.5, 0.5, 0.5, 0.5)}

_log = logging.getLogger("steadyreach.openxr")


class SeenHand:
    """One hand that a runtime may see, or make up; `active` and what else it says are those of the last `look`."""

    def __init__(self, side: str, locate: Any, tracker: Any, source_told: bool) -> None:
        self._locate, self._tracker, self._grip = locate, handle(tracker), Pose((0.0, 0.0, 0.0), _GRIP_IN_PALM[side])
        self._source_told = source_told
        self._ask, self._found = xr.HandJointsLocateInfoEXT(), xr.HandJointLocationsEXT()
        self._told = xr.HandTrackingDataSourceStateEXT()
        self._joints = (xr.HandJointLocationEXT * HAND_JOINTS)()
        self._found.joint_count = HAND_JOINTS
        field(self._found, xr.HandJointLocationsEXT._joint_locations).value = address(self._joints)
        if source_told:
            field(self._found, xr.HandJointLocationsEXT._next).value = address(self._told)
        self._base = field(self._ask, xr.HandJointsLocateInfoEXT.base_space)
        self._ask_at, self._found_at = address(self._ask), address(self._found)
        self._bytes = memoryview(self._joints).cast("B")
        self.active = False

    def look(self, base: int, time_ns: int, profile: str) -> None:
        """Locate the joints in a space at a time, given the interaction profile of this hand.

        What a runtime makes up from a controller is of no use: unless it tells that apart, nothing is asked.
        """
        if profile not in _WITHOUT_CONTROLLER and not self._source_told:
            self.active = False
            return
        self._base.value, self._ask.time = base, time_ns
        self._locate(self._tracker, self._ask_at, self._found_at)
        self.active = bool(self._found.is_active)

    def source(self, profile: str) -> str:
        """What the joints come from, given the interaction profile of this hand; a source of `Devices`."""
        told = self._told._data_source if self._source_told and self._told.is_active else 0
        return source(profile, self.active, told)

    def hand(self) -> Hand:
        """The hand as if it held a controller: the grip in the palm, pinch for trigger, fist for squeeze."""
        palm = read_pose(self._bytes, _PALM * _ROW) if self.active else None
        if palm is None or not palm.valid:
            return Hand(LOST)
        grip = after(palm, self._grip)
        said = _HAND.unpack(_HAND.pack(*grip.position_m, *grip.orientation, self._pinch(), self._fist()))
        return Hand(Pose(said[0:3], said[3:7], tracked=palm.tracked), said[7], said[8])

    def joints_m(self) -> tuple[Vector, ...]:
        """Where the joints are, as in Devices: a place that is only inferred would be taken for a measured one."""
        said = _places(self._bytes)
        return tuple(
            (x, y, z) if flags & _MEASURED == _MEASURED and math.isfinite(x + y + z) else _NOWHERE
            for flags, x, y, z in zip(said[::4], said[1::4], said[2::4], said[3::4], strict=True)
        )

    def _pinch(self) -> float:
        thumb, index = self._at(_THUMB_TIP), self._at(_INDEX_TIP)
        return pinch(thumb, index) if thumb and index else 0.0

    def _fist(self) -> float:
        bent = []
        for finger in _FINGERS:
            places = [place for joint in finger if (place := self._at(joint))]
            if len(places) == len(finger):
                bent.append(curl(places))
        return sum(bent) / len(bent) if bent else 0.0

    def _at(self, joint: int) -> tuple[float, ...] | None:
        start = joint * _ROW
        if self._bytes[start] & _VALID != _VALID:
            return None
        return _PLACE.unpack_from(self._bytes, start + _PLACE_AT)


def seen_hands(runtime: Runtime, session: Any, calls: Calls, closing: ExitStack) -> dict[str, SeenHand]:
    """Start looking at both hands; empty where this headset does not."""
    if not runtime.hands:
        return {}
    sources = (xr.HandTrackingDataSourceEXT.ctype() * 2)(_SEEN, _CONTROLLER)
    wanted = xr.HandTrackingDataSourceInfoEXT(requested_data_source_count=2)
    field(wanted, xr.HandTrackingDataSourceInfoEXT._requested_data_sources).value = address(sources)
    told = HAND_SOURCE in runtime.extensions
    locate = calls.extension(handle(runtime.instance), "xrLocateHandJointsEXT", *[ctypes.c_void_p] * 3)
    seen = {}
    for side, which in zip(SIDES, (xr.HandEXT.LEFT, xr.HandEXT.RIGHT), strict=True):
        request = xr.HandTrackerCreateInfoEXT(which)
        if told:
            field(request, xr.HandTrackerCreateInfoEXT._next).value = address(wanted)
        try:
            tracker = xr.create_hand_tracker_ext(session, request)
        except xr.FeatureUnsupportedError:
            _log.warning("the OpenXR runtime says that it sees hands and then refuses to; going on without")
            return {}
        closing.callback(given_back, xr.destroy_hand_tracker_ext, tracker)
        seen[side] = SeenHand(side, locate, tracker, told)
    return seen


def source(profile: str, active: bool, told: int) -> str:
    """What finger poses come from: a hand that is seen, or a controller that they are made up from.

    `told` is an XrHandTrackingDataSourceEXT, or 0 from a runtime that does not tell: then a hand that holds a
    controller is made up. Without fingers it is the controller.
    """
    if active and told:
        return "emulated" if told == _CONTROLLER else "hand"
    if profile == HAND_PROFILE:
        return "hand"
    if not active:
        return "controller"
    return "emulated" if profile else "hand"


def pinch(thumb_m: tuple[float, ...], index_m: tuple[float, ...]) -> float:
    """How far two finger tips are pinched together: 1 at 1.5 cm, where their skins touch, 0 from 5 cm."""
    return _share(math.dist(thumb_m, index_m), OPEN_M, PINCHED_M)


def curl(finger_m: list[tuple[float, ...]]) -> float:
    """How far a finger is bent, from its five joints: 0 straight, 1 as in a fist."""
    length_m = sum(math.dist(a, b) for a, b in itertools.pairwise(finger_m))
    return _share(math.dist(finger_m[0], finger_m[-1]) / length_m, STRAIGHT, FIST) if length_m > 0 else 0.0


def _share(value: float, at_0: float, at_1: float) -> float:
    share = (value - at_0) / (at_1 - at_0)
    return min(1.0, max(0.0, share)) if share == share else 0.0
