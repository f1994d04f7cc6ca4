"""The few OpenGL functions that copy what Panda3D has drawn into images of the runtime's."""

import ctypes
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from engine.openxr.swapchain import SRGB8_ALPHA8, Swapchain

_DRAWN_INTO, _MOST_SAMPLES = 0x8CA6, 0x8D57  # GL_DRAW_FRAMEBUFFER_BINDING, GL_MAX_SAMPLES
_FRAMEBUFFER, _READ, _DRAW = 0x8D40, 0x8CA8, 0x8CA9
_COLOUR, _DEPTH, _STENCIL, _DEPTH_STENCIL = 0x8CE0, 0x8D00, 0x8D20, 0x821A
_COLOUR_BUFFER, _DEPTH_BUFFER = 0x4000, 0x0100
_TEXTURE_2D, _BOUND_TEXTURE, _RGBA, _BYTES = 0x0DE1, 0x8069, 0x1908, 0x1401
_NEAREST, _LINEAR = 0x2600, 0x2601
_SCISSOR_TEST, _CLIP_DISTANCE, _ENCODE_SRGB = 0x0C11, 0x3000, 0x8DB9  # the last is GL_FRAMEBUFFER_SRGB
_MOST_LEVEL = 0x813D  # GL_TEXTURE_MAX_LEVEL
_KIND, _DEPTH_BITS, _STENCIL_BITS = 0x8211, 0x8216, 0x8217  # GL_FRAMEBUFFER_ATTACHMENT_...
_WHOLE, _FLOAT = 0x8C17, 0x1406  # GL_UNSIGNED_NORMALIZED, GL_FLOAT
_DEPTH_FORMATS = {
    (16, 0, _WHOLE): 0x81A5,
    (24, 0, _WHOLE): 0x81A6,
    (24, 8, _WHOLE): 0x88F0,
    (32, 0, _FLOAT): 0x8CAC,
    (32, 8, _FLOAT): 0x8CAD,
}
_WITH_STENCIL = (0x88F0, 0x8CAD)
_MOST_ERRORS = 32  # a context that is lost reports errors for ever
_NOT_FOUND = (None, 1, 2, 3, 2**64 - 1)  # what drivers answer to wglGetProcAddress for what is in OpenGL 1.1

_NUMBER, _SIGNED, _ADDRESS = ctypes.c_uint, ctypes.c_int, ctypes.c_void_p
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "glBindFramebuffer": (_NUMBER,) * 2,
    "glBindTexture": (_NUMBER,) * 2,
    "glBlitFramebuffer": (_SIGNED,) * 8 + (_NUMBER,) * 2,
    "glDeleteFramebuffers": (_SIGNED, _ADDRESS),
    "glDeleteTextures": (_SIGNED, _ADDRESS),
    "glDisable": (_NUMBER,),
    "glEnable": (_NUMBER,),
    "glFramebufferTexture2D": (_NUMBER,) * 5,
    "glGenFramebuffers": (_SIGNED, _ADDRESS),
    "glGenTextures": (_SIGNED, _ADDRESS),
    "glGetError": (),
    "glGetFramebufferAttachmentParameteriv": (_NUMBER,) * 3 + (_ADDRESS,),
    "glGetIntegerv": (_NUMBER, _ADDRESS),
    "glIsEnabled": (_NUMBER,),
    "glTexImage2D": (_NUMBER,) + (_SIGNED,) * 5 + (_NUMBER,) * 2 + (_ADDRESS,),
    "glTexParameteri": (_NUMBER,) * 2 + (_SIGNED,),
}


class Gl:
    """OpenGL of the context that is current when this is made, and must be current in each call."""

    def __init__(self) -> None:
        find = _finder()
        self._call = {name: find(name, *kinds) for name, kinds in _FUNCTIONS.items()}
        self._bind, self._attach = self._call["glBindFramebuffer"], self._call["glFramebufferTexture2D"]
        self._blit = self._call["glBlitFramebuffer"]
        self._number = ctypes.c_int()
        self._number_at = ctypes.addressof(self._number)
        self._own, self._other = (self._generate("glGenFramebuffers") for _ in range(2))
        self._between: dict[tuple[int, int], int] = {}

    @contextmanager
    def clipping(self) -> Iterator[None]:
        """Let vertex shaders clip by their first distance."""
        self._call["glEnable"](_CLIP_DISTANCE)
        try:
            yield
        finally:
            self._call["glDisable"](_CLIP_DISTANCE)

    def resolve(self, images: Sequence[tuple[Swapchain, Swapchain | None]]) -> None:
        """Copy what is bound for drawing into the images that are acquired, samples averaged.

        Images of colour and of depth, which are beside each other in what is bound. Bytes come as they are into an
        image that takes colours as a screen shows them; one that takes light gets them decoded. Panda3D's own binding
        is put back.
        """
        drawn, scissored = self._get(_DRAWN_INTO), self._call["glIsEnabled"](_SCISSOR_TEST)
        self._call["glDisable"](_SCISSOR_TEST)  # it would clip the copy
        self._call["glDisable"](_ENCODE_SRGB)
        from_x = 0
        for chain, depth in images:
            self._bind(_READ, drawn)
            self._bind(_DRAW, self._own)
            self._attach(_DRAW, _COLOUR, _TEXTURE_2D, self._shown(chain), 0)
            if depth is None:
                self._copy(chain.size, _COLOUR_BUFFER, from_x)
            else:
                place = _DEPTH_STENCIL if depth.format in _WITH_STENCIL else _DEPTH
                self._attach(_DRAW, place, _TEXTURE_2D, depth.texture, 0)
                self._copy(chain.size, _COLOUR_BUFFER | _DEPTH_BUFFER, from_x)
                self._attach(_DRAW, place, _TEXTURE_2D, 0, 0)
            if not chain.encoded:
                self._convert(self._shown(chain), chain.texture, chain.size)
            from_x += chain.size[0]
        self._bind(_FRAMEBUFFER, drawn)
        if scissored & 1:
            self._call["glEnable"](_SCISSOR_TEST)

    def show(self, chain: Swapchain, where: tuple[int, int, int, int]) -> None:
        """Copy an image that is acquired into a part of what is bound for drawing: left, lower, right, upper edge."""
        drawn, scissored = self._get(_DRAWN_INTO), self._call["glIsEnabled"](_SCISSOR_TEST)
        self._call["glDisable"](_SCISSOR_TEST)
        self._call["glDisable"](_ENCODE_SRGB)
        if not chain.encoded:
            self._convert(chain.texture, self._shown(chain), chain.size)
            self._bind(_DRAW, drawn)
        self._bind(_READ, self._own)
        self._attach(_READ, _COLOUR, _TEXTURE_2D, self._shown(chain), 0)
        self._blit(0, 0, *chain.size, *where, _COLOUR_BUFFER, _LINEAR)
        self._bind(_FRAMEBUFFER, drawn)
        if scissored & 1:
            self._call["glEnable"](_SCISSOR_TEST)

    def most_samples(self) -> int:
        """How many samples to a pixel the driver can draw."""
        return self._get(_MOST_SAMPLES)

    def depth_format(self) -> int:
        """How what is bound for drawing keeps depth, as OpenGL numbers it; 0 when it does so in no way of OpenXR's."""
        bits, kind = self._attached(_DEPTH, _DEPTH_BITS), self._attached(_DEPTH, _KIND)
        found = _DEPTH_FORMATS.get((bits, self._attached(_STENCIL, _STENCIL_BITS), kind), 0)
        self.errors()
        return found

    def errors(self) -> list[int]:
        """Take OpenGL's errors off its list: runtimes leave some, and others take an old one for their own."""
        found: list[int] = []
        while (error := self._call["glGetError"]()) and len(found) < _MOST_ERRORS:
            found.append(error)
        return found

    def close(self) -> None:
        """Give back what was made."""
        for texture in self._between.values():
            self._delete("glDeleteTextures", texture)
        self._between.clear()
        for own in (self._own, self._other):
            self._delete("glDeleteFramebuffers", own)

    def _shown(self, chain: Swapchain) -> int:
        """The texture for an image's colours as a screen shows them: the image, or one that images of a size share."""
        return chain.texture if chain.encoded else self._texture(chain.size)

    def _copy(self, size: tuple[int, int], what: int, from_x: int = 0) -> None:
        width, height = size
        self._blit(from_x, 0, from_x + width, height, 0, 0, width, height, what, _NEAREST)

    def _convert(self, source: int, target: int, size: tuple[int, int]) -> None:
        """Copy a texture into another, of which one holds colours as a screen shows them and the other light."""
        self._bind(_READ, self._own)
        self._bind(_DRAW, self._other)
        self._attach(_READ, _COLOUR, _TEXTURE_2D, source, 0)
        self._attach(_DRAW, _COLOUR, _TEXTURE_2D, target, 0)
        self._call["glEnable"](_ENCODE_SRGB)
        self._copy(size, _COLOUR_BUFFER)
        self._call["glDisable"](_ENCODE_SRGB)

    def _texture(self, size: tuple[int, int]) -> int:
        """A texture of our own that holds colours as a screen shows them."""
        if size not in self._between:
            before, made = self._get(_BOUND_TEXTURE), self._generate("glGenTextures")
            self._call["glBindTexture"](_TEXTURE_2D, made)
            self._call["glTexImage2D"](_TEXTURE_2D, 0, SRGB8_ALPHA8, *size, 0, _RGBA, _BYTES, None)
            self._call["glTexParameteri"](_TEXTURE_2D, _MOST_LEVEL, 0)
            self._call["glBindTexture"](_TEXTURE_2D, before)
            self._between[size] = made
        return self._between[size]

    def _get(self, name: int) -> int:
        self._call["glGetIntegerv"](name, self._number_at)
        return self._number.value

    def _attached(self, place: int, name: int) -> int:
        self._number.value = 0
        self._call["glGetFramebufferAttachmentParameteriv"](_DRAW, place, name, self._number_at)
        return self._number.value

    def _generate(self, function: str) -> int:
        self._call[function](1, self._number_at)
        return self._number.value

    def _delete(self, function: str, name: int) -> None:
        self._number.value = name
        self._call[function](1, self._number_at)


def _finder() -> Callable[..., Any]:
    """How to find an OpenGL function here: by name in the library, or on Windows by asking the driver."""
    if sys.platform == "win32":
        library = ctypes.WinDLL("opengl32")
        ask = library.wglGetProcAddress
        ask.restype, ask.argtypes = ctypes.c_void_p, (ctypes.c_char_p,)

        def find(name: str, *arguments: Any) -> Any:
            where = ask(name.encode())
            if where in _NOT_FOUND:
                where = ctypes.cast(library[name], ctypes.c_void_p).value
            return ctypes.WINFUNCTYPE(ctypes.c_uint, *arguments)(where)

        return find
    present = _library()

    def find_present(name: str, *arguments: Any) -> Any:
        function = present[name]
        function.restype, function.argtypes = ctypes.c_uint, arguments
        return function

    return find_present


def _library() -> ctypes.PyDLL:
    """OpenGL as Linux has it: without X there may be only the second."""
    try:
        return ctypes.PyDLL("libGL.so.1")
    except OSError:
        return ctypes.PyDLL("libOpenGL.so.0")
