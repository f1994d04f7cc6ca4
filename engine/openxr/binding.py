"""Tells OpenXR which OpenGL context is current: EGL or GLX on Linux, WGL on Windows."""

import ctypes
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import xr

from engine.headset import HeadsetUnavailable
from engine.openxr.runtime import EGL, Runtime
from engine.panda.graphics import Graphics

_EGL_CONFIG_ID, _EGL_NONE, _EGL_DRAW, _EGL_READ = 0x3028, 0x3038, 0x3059, 0x305A
_GLX_FBCONFIG_ID, _GLX_VISUAL_ID, _GLX_SCREEN = 0x8013, 0x800B, 0x800C


def open_graphics(runtime: Runtime, *, window: bool = False) -> Graphics:
    """Open OpenGL in the way that the runtime can share: EGL needs no screen, and Monado alone takes it.

    With `window` windows can be opened beside, which EGL has none of. Raises HeadsetUnavailable when there is no such
    OpenGL here.
    """
    screen = window and os.environ.get("DISPLAY")
    if sys.platform.startswith("linux") and (screen or EGL not in runtime.extensions):
        return Graphics("pandagl", (8, 8), None)
    return Graphics.offscreen()


def binding(runtime: Runtime) -> Any:
    """The graphics binding of the current context, to be chained to the session's creation.

    Raises HeadsetUnavailable when no context of a kind that the runtime takes is current.
    """
    xr.get_opengl_graphics_requirements_khr(runtime.instance, runtime.system)  # the rules want the question
    found = None
    if sys.platform == "win32":
        found = _wgl()
    elif EGL in runtime.extensions:
        found = _egl()
    if found is None and sys.platform != "win32":
        found = _glx()
    if found is None:
        raise HeadsetUnavailable("OpenXR needs an OpenGL context and none is current: check the graphics driver")
    return found


class Context:
    """The OpenGL context that is current when this is made. `hold` makes it so again, for runtimes that change it."""

    def __init__(self, *, restore: bool) -> None:
        """Remember the context; without `restore` that is all."""
        self._make_current: Callable[[], object] | None = _making_current() if restore else None

    def hold(self) -> None:
        """Call this after a runtime has made something on the context."""
        if self._make_current is not None:
            self._make_current()


def _making_current() -> Callable[[], object] | None:
    for library, queries, set_current in _CURRENT[sys.platform == "win32"]:
        try:
            found = ctypes.CDLL(library)  # 64-bit Windows has one calling convention, too
        except OSError:
            continue
        held = [ctypes.c_void_p(_call(found, *query)) for query in queries]
        if held[-1].value:
            return partial(_call, found, set_current, *held)
    return None


# How each kind of OpenGL tells what is current (the context last), and how that is made current again.
_CURRENT: Mapping[bool, Sequence[tuple[str, Sequence[tuple[Any, ...]], str]]] = {
    False: (
        (
            "libEGL.so.1",
            (
                ("eglGetCurrentDisplay",),
                ("eglGetCurrentSurface", _EGL_DRAW),
                ("eglGetCurrentSurface", _EGL_READ),
                ("eglGetCurrentContext",),
            ),
            "eglMakeCurrent",
        ),
        (
            "libGL.so.1",
            (("glXGetCurrentDisplay",), ("glXGetCurrentDrawable",), ("glXGetCurrentContext",)),
            "glXMakeCurrent",
        ),
    ),
    True: (("opengl32", (("wglGetCurrentDC",), ("wglGetCurrentContext",)), "wglMakeCurrent"),),
}


def _call(library: ctypes.CDLL, name: str, *arguments: Any) -> int:
    function = library[name]
    function.restype = ctypes.c_void_p
    return function(*arguments) or 0


def _egl() -> Any:
    library = ctypes.CDLL("libEGL.so.1")
    display, context = _call(library, "eglGetCurrentDisplay"), _call(library, "eglGetCurrentContext")
    if not context:
        return None
    number, config, count = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_int()
    held = (ctypes.c_void_p(display), ctypes.c_void_p(context))
    _call(library, "eglQueryContext", *held, _EGL_CONFIG_ID, ctypes.byref(number))
    wanted = (ctypes.c_int * 3)(_EGL_CONFIG_ID, number.value, _EGL_NONE)
    _call(library, "eglChooseConfig", held[0], wanted, ctypes.byref(config), 1, ctypes.byref(count))
    found = xr.GraphicsBindingEGLMNDX()
    loader = ctypes.cast(library.eglGetProcAddress, ctypes.c_void_p).value
    # pyopenxr types these fields with classes of PyOpenGL; they are four addresses in a row.
    fields = (ctypes.c_void_p * 4)(loader, display, config, context)
    start = ctypes.addressof(found) + xr.GraphicsBindingEGLMNDX.get_proc_address.offset
    ctypes.memmove(start, fields, ctypes.sizeof(fields))
    return found


def _glx() -> Any:
    library = ctypes.CDLL("libGL.so.1")
    display, context = _call(library, "glXGetCurrentDisplay"), _call(library, "glXGetCurrentContext")
    if not context:
        return None
    held = ctypes.c_void_p(display)
    number, screen, count, visual = ctypes.c_int(), ctypes.c_int(), ctypes.c_int(), ctypes.c_int()
    for name, value in ((_GLX_FBCONFIG_ID, number), (_GLX_SCREEN, screen)):
        _call(library, "glXQueryContext", held, ctypes.c_void_p(context), name, ctypes.byref(value))
    wanted = (ctypes.c_int * 3)(_GLX_FBCONFIG_ID, number.value, 0)
    configs = _call(library, "glXChooseFBConfig", held, screen, wanted, ctypes.byref(count))
    config = ctypes.cast(configs, ctypes.POINTER(ctypes.c_void_p))[0] if count.value else None
    _call(library, "glXGetFBConfigAttrib", held, ctypes.c_void_p(config), _GLX_VISUAL_ID, ctypes.byref(visual))
    found = xr.GraphicsBindingOpenGLXlibKHR()
    drawable = _call(library, "glXGetCurrentDrawable")
    fields = (ctypes.c_void_p * 5)(display, visual.value, config, drawable, context)
    start = ctypes.addressof(found) + xr.GraphicsBindingOpenGLXlibKHR.x_display.offset
    ctypes.memmove(start, fields, ctypes.sizeof(fields))
    return found


def _wgl() -> Any:
    library = ctypes.CDLL("opengl32")
    device, context = _call(library, "wglGetCurrentDC"), _call(library, "wglGetCurrentContext")
    found = xr.GraphicsBindingOpenGLWin32KHR()
    fields = (ctypes.c_void_p * 2)(device, context)
    start = ctypes.addressof(found) + xr.GraphicsBindingOpenGLWin32KHR.h_dc.offset
    ctypes.memmove(start, fields, ctypes.sizeof(fields))
    return found if context else None
