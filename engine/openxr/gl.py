"""The few OpenGL functions that copy a drawn eye into an image of the runtime's."""

import ctypes
import sys
from collections.abc import Callable
from typing import Any

_DRAWN_INTO = 0x8CA6  # GL_DRAW_FRAMEBUFFER_BINDING
_FRAMEBUFFER, _READ, _DRAW = 0x8D40, 0x8CA8, 0x8CA9
_COLOUR, _COLOUR_BUFFER, _TEXTURE_2D, _NEAREST = 0x8CE0, 0x4000, 0x0DE1, 0x2600
_ENCODE_SRGB = 0x8DB9  # GL_FRAMEBUFFER_SRGB
_NUMBERS = {
    "glBindFramebuffer": 2,
    "glBlitFramebuffer": 10,
    "glDisable": 1,
    "glFramebufferTexture2D": 5,
    "glGetError": 0,
}


class Gl:
    """OpenGL of the context that is current when this is made, and must be current in each call."""

    def __init__(self) -> None:
        find = _finder()
        self._call = {name: find(name, *[ctypes.c_uint] * count) for name, count in _NUMBERS.items()}
        self._call["glBlitFramebuffer"] = find("glBlitFramebuffer", *[ctypes.c_int] * 8, *[ctypes.c_uint] * 2)
        self._get = find("glGetIntegerv", ctypes.c_uint, ctypes.c_void_p)
        generate = find("glGenFramebuffers", ctypes.c_int, ctypes.c_void_p)
        self._delete = find("glDeleteFramebuffers", ctypes.c_int, ctypes.c_void_p)
        self._own, self._bound = ctypes.c_uint(), ctypes.c_int()
        generate(1, ctypes.addressof(self._own))

    def resolve(self, image: int, size: tuple[int, int]) -> None:
        """Copy what is bound for drawing into a texture, samples averaged, bytes as they are.

        Panda3D's own binding is put back.
        """
        call, (width, height) = self._call, size
        self._get(_DRAWN_INTO, ctypes.addressof(self._bound))
        drawn = self._bound.value
        call["glBindFramebuffer"](_READ, drawn)
        call["glBindFramebuffer"](_DRAW, self._own)
        call["glFramebufferTexture2D"](_DRAW, _COLOUR, _TEXTURE_2D, image, 0)
        call["glDisable"](_ENCODE_SRGB)
        call["glBlitFramebuffer"](0, 0, width, height, 0, 0, width, height, _COLOUR_BUFFER, _NEAREST)
        call["glBindFramebuffer"](_FRAMEBUFFER, drawn)

    def forget_errors(self) -> None:
        """Empty OpenGL's list of errors: runtimes leave some, and others take an old one for their own."""
        while self._call["glGetError"]():
            pass

    def close(self) -> None:
        """Give back the framebuffer."""
        self._delete(1, ctypes.addressof(self._own))


def _finder() -> Callable[..., Any]:
    """How to find an OpenGL function here: by name in the library, or on Windows by asking the driver."""
    if sys.platform == "win32":
        library = ctypes.WinDLL("opengl32")
        ask = library.wglGetProcAddress
        ask.restype, ask.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)

        def find(name: str, *arguments: Any) -> Any:
            where = ask(name.encode()) or ctypes.cast(library[name], ctypes.c_void_p).value
            return ctypes.WINFUNCTYPE(ctypes.c_uint, *arguments)(where)

        return find
    present = ctypes.PyDLL("libGL.so.1")

    def find_present(name: str, *arguments: Any) -> Any:
        function = present[name]
        function.restype, function.argtypes = ctypes.c_uint, arguments
        return function

    return find_present
