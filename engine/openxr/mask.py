"""Leaves out the corners of an image that no lens shows: they are marked in its stencil before an eye is drawn."""

import array
import ctypes
from collections.abc import Callable, Sequence
from typing import Final

import xr
from panda3d.core import (
    AntialiasAttrib,
    Camera,
    ColorWriteAttrib,
    CullFaceAttrib,
    DepthTestAttrib,
    Geom,
    GeomNode,
    GeomTriangles,
    GeomVertexArrayFormat,
    GeomVertexData,
    GeomVertexFormat,
    GraphicsOutput,
    InternalName,
    LVecBase4f,
    MatrixLens,
    NodePath,
    OmniBoundingVolume,
    RenderAttrib,
    RenderState,
    Shader,
    StencilAttrib,
)

from engine.openxr.calls import Calls, address, handle
from engine.openxr.runtime import MASK, STEREO, Runtime
from engine.openxr.session import FAILED, GONE
from engine.openxr.swapchain import tell
from engine.openxr.views import View, tangents

_HIDDEN: int = xr.VisibilityMaskTypeKHR.HIDDEN_TRIANGLE_MESH.value
_FIRST = -10  # before the eye's own region
_MARK, _ALL = 1, 0xFF
_KEEP: Final = StencilAttrib.SO_keep
_VERTEX = """
#version 150
uniform vec4 edges;  // tangents of left, right, up, down
in vec2 corner;
void main() {
    gl_Position = vec4((2.0 * corner - edges.xw - edges.yz) / (edges.yz - edges.xw), 0.0, 1.0);
}
"""
_FRAGMENT = """
#version 150
void main() {}
"""
UNMASKED = StencilAttrib.make(True, StencilAttrib.SCF_equal, _KEEP, _KEEP, _KEEP, 0, _ALL, _ALL)
"""The state of a camera that draws only what is not hidden."""


Corners = Sequence[float]
"""Triangles in the plane z = -1 of an eye: x and y of each corner, and three corners after one another for each."""


class Masks:
    """The hidden corners of both eyes, as the runtime tells them now."""

    def __init__(self, session: object, runtime: Runtime, calls: Calls) -> None:
        """Ask on behalf of a session (pyopenxr's handle)."""
        self._session = handle(session)
        number, there = ctypes.c_uint32, ctypes.c_void_p
        kinds = (there, ctypes.c_int32, number, ctypes.c_int32, there)
        self._ask: Callable[..., int] = calls.extension(handle(runtime.instance), "xrGetVisibilityMaskKHR", *kinds)

    def of(self, eye: int) -> Corners | None:
        """The hidden triangles of an eye (0 left, 1 right); None when there are none, or none that can be used."""
        try:
            places, numbers = self._told(eye)
        except GONE:
            raise
        except FAILED as reason:
            tell(f"the OpenXR runtime does not say which corners of an eye are hidden ({reason}); all of it is drawn")
            return None
        count = len(places) // 2
        if len(numbers) % 3 or any(number >= count for number in numbers):
            tell("the OpenXR runtime names hidden corners of an eye that it does not give; all of it is drawn")
            return None
        if not numbers:
            return None
        return [places[2 * number + axis] for number in numbers for axis in (0, 1)]

    def _told(self, eye: int) -> tuple[Sequence[float], Sequence[int]]:
        """Places, and the numbers of those that make up triangles."""
        told = xr.VisibilityMaskKHR()
        self._ask(self._session, STEREO.value, eye, _HIDDEN, address(told))
        places = (ctypes.c_float * (2 * told.vertex_count_output))()
        numbers = (ctypes.c_uint32 * told.index_count_output)()
        told.vertex_capacity_input, told.index_capacity_input = told.vertex_count_output, told.index_count_output
        told.vertices = ctypes.cast(places, ctypes.POINTER(xr.Vector2f))
        told.indices = ctypes.cast(numbers, ctypes.POINTER(ctypes.c_uint32))
        self._ask(self._session, STEREO.value, eye, _HIDDEN, address(told))
        return list(places), list(numbers)


def masks(session: object, runtime: Runtime, calls: Calls) -> Masks | None:
    """The hidden corners, or None where the runtime does not tell them."""
    if MASK not in runtime.extensions:
        return None
    try:
        return Masks(session, runtime, calls)
    except GONE:
        raise
    except FAILED as reason:
        tell(f"the OpenXR runtime lists {MASK} and cannot be asked ({reason}); all of every eye is drawn")
        return None


class Mask:
    """Marks the hidden corners of one eye in the buffer that it is drawn in, before anything else is drawn there."""

    def __init__(self, output: GraphicsOutput, left: float, right: float) -> None:
        """Mark a part of the buffer, from a share of its width to another."""
        self._node, self._edges = GeomNode("hidden"), LVecBase4f()
        self._node.set_bounds(OmniBoundingVolume())  # where it is, only its shader knows
        self._node.set_final(True)
        root = NodePath("mask")
        self._path = root.attach_new_node(self._node)
        self._path.set_shader(Shader.make(Shader.SL_GLSL, _VERTEX, _FRAGMENT))
        region = output.make_display_region(left, right, 0, 1)
        region.sort = _FIRST
        region.camera = root.attach_new_node(Camera("mask", MatrixLens()))

    def wear(self, corners: Corners | None) -> None:
        """Hide other triangles; None hides nothing."""
        self._node.remove_all_geoms()
        if corners is not None:
            self._node.add_geom(_geometry(corners), _MARKING)

    def fit(self, view: View) -> None:
        """Follow the edges of the eye's image, which a runtime may change."""
        edges = LVecBase4f(*tangents(view))
        if edges != self._edges:
            self._edges = edges
            self._path.set_shader_input("edges", edges)


_MARKING = RenderState.make(
    AntialiasAttrib.make(AntialiasAttrib.M_multisample),  # without it some drivers mark one sample of each pixel
    ColorWriteAttrib.make(ColorWriteAttrib.C_off),
    CullFaceAttrib.make(CullFaceAttrib.M_cull_none),
    DepthTestAttrib.make(RenderAttrib.M_none),  # which writes no depth either
    StencilAttrib.make(True, StencilAttrib.SCF_always, _KEEP, _KEEP, StencilAttrib.SO_replace, _MARK, _ALL, _ALL),
)


def _geometry(corners: Corners) -> Geom:
    form = GeomVertexArrayFormat(InternalName.make("corner"), 2, Geom.NT_float32, Geom.C_other)
    data = GeomVertexData("hidden", GeomVertexFormat.register_format(GeomVertexFormat(form)), Geom.UH_static)
    count = len(corners) // 2
    data.set_num_rows(count)
    data.modify_array_handle(0).copy_data_from(array.array("f", corners).tobytes())
    triangles = GeomTriangles(Geom.UH_static)
    triangles.add_next_vertices(count)
    geometry = Geom(data)
    geometry.add_primitive(triangles)
    return geometry
