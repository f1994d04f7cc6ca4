"""Faults and events that Monado lacks, put between an application and the runtime."""

import ctypes
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xr

from tests.openxr.layers.handles import Handles, handles
from tests.openxr.layers.layer import Layer, Onward

Answer = Callable[..., int]

SUCCESS: int = xr.Result.SUCCESS.value
_LOST: dict[bool, int] = {False: xr.Result.ERROR_SESSION_LOST.value, True: xr.Result.ERROR_INSTANCE_LOST.value}
_NOT_PRESENT: int = xr.Result.ERROR_EXTENSION_NOT_PRESENT.value


class Faults(Layer):
    """Does to each call what a test asks for; what is not asked for goes on to the runtime.

    `calls` counts the calls of each function.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, extensions: Sequence[str] = ()) -> None:
        """Stand before the runtime; `extensions` are offered although the runtime lacks them."""
        super().__init__(folder, monkeypatch, extensions)
        self.calls: Counter[str] = Counter()
        self._handles, self._made_up = Handles(), {*extensions}
        self._answers: dict[str, Answer] = {}
        self._losses: dict[str, bool] = {}
        self._whole = False
        self._refused: set[str] = set()
        self._events: deque[Any] = deque()

    def instead(self, name: str, answer: Answer) -> None:
        """Let `answer(onward, *arguments)` answer a function from now on."""
        self._answers[name] = answer

    def fail(self, name: str, result: xr.Result, times: int = 1) -> None:
        """Let the next calls of a function fail."""
        left = iter(range(times))
        self.instead(name, lambda onward, *told: onward(*told) if next(left, None) is None else result.value)

    def spoil(self, name: str, change: Callable[..., None]) -> None:
        """Let `change(*arguments)` change what the runtime answered, whenever it did."""

        def answer(onward: Onward, *arguments: int) -> int:
            result = onward(*arguments)
            if result >= 0:
                change(*arguments)
            return result

        self.instead(name, answer)

    def lose(self, name: str, *, whole: bool = False) -> None:
        """Lose the session, or the `whole` instance, at the next call of a function; it stays lost."""
        self._losses[name] = whole

    def refuse(self, *extensions: str) -> None:
        """Let the runtime refuse extensions that it lists."""
        self._refused |= {*extensions}

    def tell(self, event: Any) -> None:
        """Let the application hear of an event, given as a structure of pyopenxr, before all others."""
        self._events.append(event)

    def instance(self) -> int:
        """The instance that was made last."""
        return self._handles.latest("xrCreateInstance")

    def session(self) -> xr.Session:
        """The session that was made last, to be named in events."""
        return ctypes.cast(self._handles.latest("xrCreateSession"), xr.Session)

    def path(self, number: int) -> str:
        """The text of an XrPath."""
        count, text = ctypes.c_uint32(), ctypes.create_string_buffer(256)
        instance, places = self.instance(), (ctypes.addressof(count), ctypes.addressof(text))
        self.find(instance, "xrPathToString")(instance, number, 256, *places)
        return text.value.decode()

    def called(self, name: str, onward: Onward, *arguments: int) -> int:
        """Answer a call."""
        self.calls[name] += 1
        if not name.startswith("xrDestroy"):
            if name in self._losses:
                self._whole = self._losses.pop(name)
                self._handles.lose(arguments[0], whole=self._whole)
            if any(self._handles.fate(handle) == "lost" for handle in handles(name, arguments)):
                return _LOST[self._whole]
        result = self._answer_of(name, onward)(*arguments)
        if result == SUCCESS:
            self._handles.follow(name, arguments)
        return result

    def _answer_of(self, name: str, onward: Onward) -> Onward:
        if name == "xrPollEvent" and self._events:
            return self._deliver
        if name == "xrCreateInstance":
            onward = partial(self._create_instance, onward)
        return partial(self._answers[name], onward) if name in self._answers else onward

    def _deliver(self, _: int, buffer: int) -> int:
        event = self._events.popleft()
        ctypes.memmove(buffer, ctypes.addressof(event), ctypes.sizeof(event))
        return SUCCESS

    def _create_instance(self, onward: Onward, request: int, instance: int) -> int:
        """Refuse, or leave out what the runtime does not know."""
        told = xr.InstanceCreateInfo.from_address(request)
        names = [told._enabled_extension_names[number] for number in range(told.enabled_extension_count)]
        if self._refused & {name.decode() for name in names}:
            return _NOT_PRESENT
        known = [name for name in names if name.decode() not in self._made_up]
        own = xr.InstanceCreateInfo.from_buffer_copy(told)
        kept = (ctypes.c_char_p * len(known))(*known)
        own.enabled_extension_count = len(known)
        own._enabled_extension_names = ctypes.cast(kept, type(told._enabled_extension_names))
        return onward(ctypes.addressof(own), instance)
