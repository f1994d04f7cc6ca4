"""What an application holds of a runtime: who was made from whom, and what has been lost or destroyed."""

import ctypes
from functools import cache
from typing import Any

import xr
from xr.handle import HandleMixin


class Handles:
    """The family of the handles of a process."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}
        self._makers: dict[int, str] = {}
        self._lost: set[int] = set()
        self._gone: set[int] = set()

    def follow(self, name: str, arguments: tuple[int, ...]) -> int:
        """Note what a call that went well has made or destroyed; gives the handle that it made, or 0.

        What is made may have the number of something that is gone. An instance has the parent 0.
        """
        if name.startswith("xrDestroy"):
            self._gone |= {each for each in self._parents if arguments[0] in self.line(each)}
        if not name.startswith("xrCreate"):
            return 0
        made = ctypes.c_void_p.from_address(arguments[-1]).value or 0
        self._parents.pop(made, None)
        self._parents[made] = 0 if name == "xrCreateInstance" else arguments[0]
        self._makers[made] = name
        self._lost.discard(made)
        self._gone.discard(made)
        return made

    def latest(self, maker: str) -> int:
        """The handle that was made last by a function."""
        return next(handle for handle in reversed(self._parents) if self._makers[handle] == maker)

    def line(self, handle: int) -> list[int]:
        """A handle, its parent and so on to the instance; of a session and what is below, the last but one is it."""
        found = []
        while handle:
            found.append(handle)
            handle = self._parents.get(handle, 0)
        return found

    def has(self, handle: int, other: int) -> bool:
        """Whether another was made from a handle, at whatever remove, and still is there."""
        return other not in self._gone and handle in self.line(other)

    def lose(self, handle: int, *, whole: bool) -> None:
        """Take the session of a handle as lost, or the `whole` instance."""
        self._lost.add(self.line(handle)[-1 if whole else -2])

    def fate(self, handle: int) -> str:
        """`gone`, `lost`, or nothing."""
        line = self.line(handle)
        if not self._gone.isdisjoint(line):
            return "gone"
        return "" if self._lost.isdisjoint(line) else "lost"


def handles(name: str, arguments: tuple[int, ...]) -> list[int]:
    """Those arguments of an OpenXR function that are handles."""
    return [arguments[number] for number in _places(name)]


@cache
def _places(name: str) -> list[int]:
    kinds: tuple[Any, ...] = getattr(xr, f"PFN_{name}")._argtypes_
    return [number for number, kind in enumerate(kinds) if issubclass(kind, HandleMixin)]
