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

_ADDRESS, _NUMBER = ctypes.c_void_p, ctypes.c_uint32
_TIME = _ADDRESS  # as wide, and ctypes takes it in a fifth less time than a number of 64 bits
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
        self._find = _function(short, "xrGetInstanceProcAddr", _ADDRESS, ctypes.c_char_p, _ADDRESS)

    def extension(self, instance: int, name: str, *arguments: Any) -> Callable[..., int]:
        """A short function that is not in the loader's library, for an instance that has it.

        `arguments` are ctypes types. Raises the pyopenxr exception of a function that is not there.
        """
        found = ctypes.c_void_p()
        self._find(instance, name.encode(), ctypes.addressof(found))
        function = ctypes.PYFUNCTYPE(ctypes.c_int32, *arguments)(found.value or 0)
        function.restype = _checked(name)
        return function


def _function(library: ctypes.CDLL, name: str, *arguments: Any) -> Callable[..., int]:
    function = library[name]
    function.argtypes, function.restype = arguments, _checked(name)
    return function


def _checked(name: str) -> Callable[[int], int]:
    """What ctypes makes of a function's result; this way it costs no call more than the number itself."""

    def check(result: int) -> int:
        if result < 0:
            raise check_result(xr.Result(result), f"{name} failed: {xr.Result(result).name}")
        return result

    return check


def address(structure: Any) -> int:
    """The address of a structure, which its owner must keep alive for as long as a call may read it."""
    return ctypes.addressof(structure)


def handle(owned: Any) -> int:
    """An OpenXR handle as the integer that a call takes."""
    return ctypes.cast(owned, ctypes.c_void_p).value or 0


def field(structure: Any, of: Any) -> ctypes.c_void_p:
    """A field that holds a handle or a pointer, as a number that can be set without an object.

    `of` is the field's descriptor, such as `xr.ViewLocateInfo.space`.
    """
    return ctypes.c_void_p.from_address(ctypes.addressof(structure) + of.offset)
