"""The OpenXR functions of every frame as plain C calls, because pyopenxr's wrappers cost four times as much.

Results are numbers: negative ones are raised as pyopenxr's own exceptions, others are returned. Short
calls keep the interpreter lock, or one busy Python thread would make each of them wait milliseconds for
it; the ones that wait for the runtime let it go.
"""

import ctypes
from collections.abc import Callable
from typing import Any

import xr
from xr.exception import check_result
from xr.library import openxr_loader_library

EVENT_UNAVAILABLE, SESSION_NOT_FOCUSED = 4, 8

_ADDRESS, _NUMBER, _TIME = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int64
_TWO, _THREE = (_ADDRESS,) * 2, (_ADDRESS,) * 3


class Calls:
    """The functions of a frame, each taking handles and addresses as integers.

    A call raises the pyopenxr exception of its error and returns its qualified success as a number.
    """

    def __init__(self) -> None:
        path = openxr_loader_library._name  # the file that pyopenxr itself has loaded
        short, waiting = ctypes.PyDLL(path), ctypes.CDLL(path)
        self.poll_event = _function(short, "xrPollEvent", *_TWO)
        self.wait_frame = _function(waiting, "xrWaitFrame", *_THREE)
        self.sync_actions = _function(short, "xrSyncActions", *_TWO)
        self.boolean_state = _function(short, "xrGetActionStateBoolean", *_THREE)
        self.float_state = _function(short, "xrGetActionStateFloat", *_THREE)
        self.locate_space = _function(short, "xrLocateSpace", _ADDRESS, _ADDRESS, _TIME, _ADDRESS)
        self.begin_frame = _function(short, "xrBeginFrame", *_TWO)
        self.locate_views = _function(short, "xrLocateViews", *_THREE, _NUMBER, *_TWO)
        self.acquire_image = _function(short, "xrAcquireSwapchainImage", *_THREE)
        self.wait_image = _function(waiting, "xrWaitSwapchainImage", *_TWO)
        self.release_image = _function(short, "xrReleaseSwapchainImage", *_TWO)
        self.end_frame = _function(waiting, "xrEndFrame", *_TWO)
        self.apply_haptics = _function(short, "xrApplyHapticFeedback", *_THREE)


def _function(library: ctypes.CDLL, name: str, *arguments: Any) -> Callable[..., int]:
    function = library[name]
    function.argtypes, function.restype = arguments, ctypes.c_int32

    def call(*values: Any) -> int:
        result: int = function(*values)
        if result < 0:
            raise check_result(xr.Result(result), f"{name} failed: {xr.Result(result).name}")
        return result

    return call


def address(structure: Any) -> int:
    """The address of a structure, which its owner must keep alive for as long as a call may read it."""
    return ctypes.addressof(structure)


def handle(owned: Any) -> int:
    """An OpenXR handle as the integer that a call takes."""
    return ctypes.cast(owned, ctypes.c_void_p).value or 0
