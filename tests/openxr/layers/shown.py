"""What an application hands over at the end of a frame, read from the memory that it points to."""

import ctypes
from typing import Any, NamedTuple

import xr

from tests.openxr.layers.layer import chain

_POSE_AND_FOV = 44  # bytes of quaternion, position and four angles
_KIND = xr.StructureType
_PROJECTION = _KIND.COMPOSITION_LAYER_PROJECTION.value
_FLAT = {
    _KIND.COMPOSITION_LAYER_QUAD.value: ("quad", xr.CompositionLayerQuad),
    _KIND.COMPOSITION_LAYER_CYLINDER_KHR.value: ("cylinder", xr.CompositionLayerCylinderKHR),
}
_PARTS = {
    _KIND.COMPOSITION_LAYER_PROJECTION_VIEW.value: xr.CompositionLayerProjectionView,
    _KIND.COMPOSITION_LAYER_DEPTH_INFO_KHR.value: xr.CompositionLayerDepthInfoKHR,
}


class ShownLayer(NamedTuple):
    """A layer: projection, quad, cylinder or another; pose and fov of each eye packed, for a projection alone."""

    kind: str
    flags: int
    space: int
    swapchains: list[int]
    eyes: list[bytes]


class Shown(NamedTuple):
    """A frame as it was ended, for a display time."""

    time_ns: int
    blend: int
    layers: list[ShownLayer]


def read_shown(request: int) -> Shown:
    """What an XrFrameEndInfo at an address says."""
    told = xr.FrameEndInfo.from_address(request)
    start = _pointer(told._layers)
    layers = (ctypes.c_void_p * told.layer_count).from_address(start) if start else ()
    return Shown(told.display_time, told._environment_blend_mode, [_read_layer(layer or 0) for layer in layers])


def packed(first: int, kind: Any, count: int) -> list[bytes]:
    """Pose and fov of each of some structures in a row."""
    starts = (first + number * ctypes.sizeof(kind) + kind.pose.offset for number in range(count))
    return [ctypes.string_at(start, _POSE_AND_FOV) for start in starts]


def _pointer(owned: Any) -> int:
    return ctypes.cast(owned, ctypes.c_void_p).value or 0


def _read_layer(layer: int) -> ShownLayer:
    told = xr.CompositionLayerBaseHeader.from_address(layer)
    if told._type == _PROJECTION:
        return _read_eyes(layer)
    kind, structure = _FLAT.get(told._type, ("other", None))
    parts = [structure.from_address(layer)] if structure is not None else []
    return ShownLayer(kind, told._layer_flags, _pointer(told.space), _swapchains(parts), [])


def _read_eyes(layer: int) -> ShownLayer:
    told, view = xr.CompositionLayerProjection.from_address(layer), xr.CompositionLayerProjectionView
    first = _pointer(told._views)
    links = [link for number in range(told.view_count) for link in chain(first + number * ctypes.sizeof(view))]
    parts = [_PARTS[kind].from_address(place) for kind, place in links if kind in _PARTS]
    eyes = packed(first, view, told.view_count)
    return ShownLayer("projection", told._layer_flags, _pointer(told.space), _swapchains(parts), eyes)


def _swapchains(parts: list[Any]) -> list[int]:
    return [_pointer(part.sub_image.swapchain) for part in parts]
