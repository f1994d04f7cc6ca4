"""An OpenXR API layer in Python: it stands between the loader and the runtime and sees every call of this process."""

import ctypes
import itertools
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import xr

Onward = Callable[..., int]
RUNTIME_FAILURE: int = xr.Result.ERROR_RUNTIME_FAILURE.value

_ADDRESS = ctypes.c_void_p
_FIND = ctypes.CFUNCTYPE(ctypes.c_int, _ADDRESS, ctypes.c_char_p, _ADDRESS)
_CREATE = ctypes.CFUNCTYPE(ctypes.c_int, _ADDRESS, _ADDRESS, _ADDRESS)
_numbers = itertools.count()
_kept: list["Layer"] = []  # the loader's library holds what it was given for as long as the process lives


class Layer(xr.DynamicApiLayerBase):  # type: ignore[misc]  # pyopenxr ships no types
    """A layer for the instances that are made from now on until the test ends; those listed first see calls first.

    A subclass answers calls in `called`. Handles and structures come as integers: the address of what a pointer
    points to. What goes wrong in the layer itself is kept in `faults`, and fails the call.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, extensions: Sequence[str] = ()) -> None:
        """Put the layer behind those that are there; `extensions` are offered beside the runtime's own."""
        number = next(_numbers)
        monkeypatch.setenv("XR_API_LAYER_PATH", os.environ["XR_API_LAYER_PATH"])  # so that it is as before again
        super().__init__(f"XR_APILAYER_STEADYREACH_{number}", "", str(folder / f"layer {number}"))
        self._offer(extensions)
        add(self.name, monkeypatch)
        self.faults: list[Exception] = []
        self.added: dict[str, Callable[..., int]] = {}
        self._find, self._create = _FIND(self._found), _CREATE(self._created)
        self._wrapped: list[Any] = []
        _kept.append(self)

    def called(self, name: str, onward: Onward, *arguments: int) -> int:  # noqa: ARG002  # subclasses use the name
        """Answer a call, mostly by `onward(*arguments)`, which asks the next layer or the runtime."""
        return onward(*arguments)

    def find(self, instance: int, name: str) -> Onward:
        """A function of the next layer, for an instance."""
        found = _ADDRESS()
        self._next(instance, name.encode(), ctypes.addressof(found))
        function: Onward = prototype(name)(found.value)
        return function

    def negotiate_loader_api_layer_interface(
        self,
        loader_info: Any,  # noqa: ARG002  # pyopenxr calls it so
        layer_name: str,  # noqa: ARG002
        api_layer_request: Any,
    ) -> xr.Result:
        """Tell the loader where to come in."""
        api_layer_request.layer_interface_version = xr.CURRENT_LOADER_API_LAYER_VERSION
        api_layer_request.layer_api_version = xr.XR_CURRENT_API_VERSION
        api_layer_request.get_instance_proc_addr = ctypes.cast(self._find, xr.PFN_xrGetInstanceProcAddr)
        api_layer_request.create_api_layer_instance = ctypes.cast(self._create, xr.PFN_xrCreateApiLayerInstance)
        return xr.Result.SUCCESS

    def _offer(self, extensions: Sequence[str]) -> None:
        manifest = next(Path(self.json_path).glob("*.json"))
        listed = ", ".join(f'{{"name": "{name}", "extension_version": "1"}}' for name in extensions)
        text = manifest.read_text("utf-8").replace(
            '"api_layer": {', f'"api_layer": {{\n        "instance_extensions": [{listed}],'
        )
        manifest.write_text(text, "utf-8")

    def _created(self, request: int, layers: int, instance: int) -> int:
        onward = xr.ApiLayerCreateInfo.from_address(layers)
        own = onward.next_info.contents
        onward.next_info = own.next
        self._next = _FIND(ctypes.cast(own.next_get_instance_proc_addr, _ADDRESS).value or 0)
        create = _CREATE(ctypes.cast(own.next_create_api_layer_instance, _ADDRESS).value or 0)
        return self._answer("xrCreateInstance", lambda what, where: create(what, layers, where), request, instance)

    def _found(self, instance: int, name: bytes, found: int) -> int:
        result: int = self._next(instance, name, found)
        known, place = name.decode(), _ADDRESS.from_address(found)
        if known in self.added:
            onward: Onward = self.added[known]
        elif result == 0 and place.value and hasattr(xr, f"PFN_{known}"):
            onward = prototype(known)(place.value)
        else:
            return result
        wrapped = prototype(known)(partial(self._answer, known, onward))
        self._wrapped.append(wrapped)
        place.value = ctypes.cast(wrapped, _ADDRESS).value
        return 0

    def _answer(self, name: str, onward: Onward, *arguments: int) -> int:
        try:
            return self.called(name, onward, *(argument or 0 for argument in arguments))
        except Exception as fault:  # noqa: BLE001  # there is only C above: it is kept for the test
            self.faults.append(fault)
            return RUNTIME_FAILURE


def add(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch a layer on behind those that are on, for the instances of this test."""
    before = os.environ.get("XR_ENABLE_API_LAYERS", "")
    monkeypatch.setenv("XR_ENABLE_API_LAYERS", os.pathsep.join(filter(None, [before, name])))


def prototype(name: str) -> Any:
    """The C type of an OpenXR function, with an integer for each pointer and handle."""
    declared = getattr(xr, f"PFN_{name}")
    return ctypes.CFUNCTYPE(declared._restype_, *map(_plain, declared._argtypes_))


def _plain(kind: Any) -> Any:
    return _ADDRESS if issubclass(kind, ctypes._Pointer | ctypes.Array | ctypes.c_char_p) else kind


def chain(first: int) -> list[tuple[int, int]]:
    """A chain of structures from its first address on: (type, address) of each."""
    found = []
    while first:
        header = xr.BaseInStructure.from_address(first)
        found.append((header._type, first))
        first = header._next or 0
    return found
