"""What Monado lacks and other runtimes have, pretended by a layer; the extensions have to be offered by it too."""

import ctypes
import math
from collections.abc import Mapping, Sequence
from typing import Any

import xr

from engine.frame import Vector
from tests.openxr.layers.faults import SUCCESS, Faults
from tests.openxr.layers.layer import Onward, chain

_KIND = xr.StructureType
_TRACKER = "vive_tracker_htcx"


def pretend_presence(faults: Faults) -> None:
    """The headset knows whether it is worn."""

    def change(_: int, __: int, properties: int) -> None:
        for kind, place in chain(properties):
            if kind == _KIND.SYSTEM_USER_PRESENCE_PROPERTIES_EXT.value:
                xr.SystemUserPresencePropertiesEXT.from_address(place).supports_user_presence = 1

    faults.spoil("xrGetSystemProperties", change)


def pretend_rates(faults: Faults, rates_hz: Sequence[float]) -> list[float]:
    """The display has these refresh rates; the list that is given gets those that are asked for."""
    asked: list[float] = []

    def enumerate_rates(_: Onward, __: int, room: int, count: int, rates: int) -> int:
        ctypes.c_uint32.from_address(count).value = len(rates_hz)
        if room:
            (ctypes.c_float * len(rates_hz)).from_address(rates)[:] = list(rates_hz)
        return SUCCESS

    def ask(_: Onward, __: int, rate_hz: float) -> int:
        asked.append(rate_hz)
        return SUCCESS

    faults.instead("xrEnumerateDisplayRefreshRatesFB", enumerate_rates)
    faults.instead("xrRequestDisplayRefreshRateFB", ask)
    return asked


def pretend_trackers(faults: Faults, places_m: Mapping[str, Vector]) -> None:
    """The person wears trackers in these roles, each at rest at a place in the stage; other roles are free."""
    free: set[int] = set()

    def create_action(onward: Onward, actions: int, request: int, made: int) -> int:
        told = xr.ActionCreateInfo.from_address(request)
        paths = [faults.path(told._subaction_paths[number]) for number in range(told.count_subaction_paths)]
        if not any(_TRACKER in path for path in paths):
            return onward(actions, request, made)
        own = xr.ActionCreateInfo.from_buffer_copy(told)
        own.count_subaction_paths = 0
        return onward(actions, ctypes.addressof(own), made)

    def suggest(onward: Onward, instance: int, request: int) -> int:
        profile = xr.InteractionProfileSuggestedBinding.from_address(request).interaction_profile
        return SUCCESS if _TRACKER in faults.path(profile) else onward(instance, request)

    def create_space(onward: Onward, session: int, request: int, made: int) -> int:
        path = faults.path(xr.ActionSpaceCreateInfo.from_address(request).subaction_path)
        if _TRACKER not in path:
            return onward(session, request, made)
        role = path.rpartition("/")[2]
        pose = xr.Posef(xr.Quaternionf(0, 0, 0, 1), xr.Vector3f(*places_m.get(role, (0.0, 0.0, 0.0))))
        own = xr.ReferenceSpaceCreateInfo(xr.ReferenceSpaceType.STAGE, pose)
        create = faults.find(faults.instance(), "xrCreateReferenceSpace")
        result = create(session, ctypes.addressof(own), made)
        if role not in places_m:
            free.add(ctypes.c_void_p.from_address(made).value or 0)
        return result

    def locate(space: int, _: int, __: int, location: int) -> None:
        if space in free:
            xr.SpaceLocation.from_address(location)._location_flags = 0

    faults.instead("xrCreateAction", create_action)
    faults.instead("xrSuggestInteractionProfileBindings", suggest)
    faults.instead("xrCreateActionSpace", create_space)
    faults.spoil("xrLocateSpace", locate)


def pretend_hand_source(faults: Faults, source: xr.HandTrackingDataSourceEXT) -> None:
    """The runtime tells what its joints of hands come from, which is always this."""

    def create(onward: Onward, session: int, request: int, made: int) -> int:
        own = xr.HandTrackerCreateInfoEXT.from_buffer_copy(xr.HandTrackerCreateInfoEXT.from_address(request))
        own._next = None
        return onward(session, ctypes.addressof(own), made)

    def locate(_: int, __: int, joints: int) -> None:
        for kind, place in chain(joints):
            if kind == _KIND.HAND_TRACKING_DATA_SOURCE_STATE_EXT.value:
                told = xr.HandTrackingDataSourceStateEXT.from_address(place)
                told.is_active, told._data_source = 1, source.value

    faults.instead("xrCreateHandTrackerEXT", create)
    faults.spoil("xrLocateHandJointsEXT", locate)


def pretend_see_through(faults: Faults, mode: xr.EnvironmentBlendMode, bounds_m: tuple[float, float]) -> list[int]:
    """Frames may show the room behind them in a mode, and so much of its floor is clear.

    The list that is given gets the mode of every frame, and the flags of its last layer in the bits from 8 on.
    """
    offered, shown = (xr.EnvironmentBlendMode.OPAQUE.value, mode.value), list[int]()

    def enumerate_modes(_: Onward, __: int, ___: int, ____: int, room: int, count: int, modes: int) -> int:
        ctypes.c_uint32.from_address(count).value = len(offered)
        if room:
            (ctypes.c_int * len(offered)).from_address(modes)[:] = offered
        return SUCCESS

    def end(onward: Onward, session: int, request: int) -> int:
        told = xr.FrameEndInfo.from_address(request)
        flags = 0
        if told.layer_count:
            last = ctypes.cast(told._layers, ctypes.POINTER(ctypes.c_void_p))[told.layer_count - 1]
            flags = xr.CompositionLayerBaseHeader.from_address(last or 0)._layer_flags
        shown.append(told._environment_blend_mode | flags << 8)
        own = xr.FrameEndInfo.from_buffer_copy(told)
        own._environment_blend_mode = offered[0]
        return onward(session, ctypes.addressof(own))

    def bounds(_: Onward, __: int, ___: int, size: int) -> int:
        (ctypes.c_float * 2).from_address(size)[:] = bounds_m
        return SUCCESS

    faults.instead("xrEnumerateEnvironmentBlendModes", enumerate_modes)
    faults.instead("xrEndFrame", end)
    faults.instead("xrGetReferenceSpaceBoundsRect", bounds)
    return shown


def spoil_poses(faults: Faults) -> None:
    """Every pose of a space is not a number."""

    def change(*arguments: Any) -> None:
        xr.SpaceLocation.from_address(arguments[3]).pose.position.x = math.nan

    faults.spoil("xrLocateSpace", change)


def spoil_eyes(faults: Faults) -> None:
    """The pose of the left eye is not a number."""

    def change(*arguments: Any) -> None:
        if arguments[3]:
            xr.View.from_address(arguments[5]).pose.position.x = math.nan

    faults.spoil("xrLocateViews", change)


def refuse_formats(faults: Faults, *formats: int) -> None:
    """The runtime lists formats of images and refuses them when they are wanted."""

    def create(onward: Onward, session: int, request: int, made: int) -> int:
        if not formats or xr.SwapchainCreateInfo.from_address(request).format in formats:
            return int(xr.Result.ERROR_SWAPCHAIN_FORMAT_UNSUPPORTED.value)
        return onward(session, request, made)

    faults.instead("xrCreateSwapchain", create)


def shrink_views(faults: Faults) -> None:
    """The runtime recommends images without any pixel."""

    def change(*arguments: Any) -> None:
        room, views = arguments[3], arguments[5]
        for number in range(room if views else 0):
            size = ctypes.sizeof(xr.ViewConfigurationView)
            xr.ViewConfigurationView.from_address(views + number * size).recommended_image_rect_width = 0

    faults.spoil("xrEnumerateViewConfigurationViews", change)
