"""Looks at the OpenXR functions that the headset calls, without standing between them."""

from collections.abc import Callable
from typing import Any

from engine.openxr import link
from engine.openxr.calls import Calls

Functions = dict[str, Any]


def watch() -> Functions:
    """The functions of the session that is started next, by OpenXR's names; they are in it once it has started.

    They are ctypes functions: one that is set as `errcheck` hears of each call.
    """
    found: Functions = {}

    class Watched(Calls):
        def __init__(self) -> None:
            super().__init__()
            found.update((function.__name__, function) for function in vars(self).values())

        def extension(self, instance: int, name: str, *arguments: Any) -> Callable[..., int]:
            function = found[name] = super().extension(instance, name, *arguments)
            return function

    vars(link)["Calls"] = Watched  # what the next link makes
    return found
