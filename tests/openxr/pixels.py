"""Reads what a headset left in the runtime's images."""

import ctypes

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.openxr.swapchain import Swapchain

_GL = ctypes.CDLL("libGL.so.1")
_TEXTURE_2D, _RGBA, _DEPTH, _BYTES, _FLOATS = 0x0DE1, 0x1908, 0x1902, 0x1401, 0x1406
_IN_FLOATS = (0x881A,)  # GL_RGBA16F
_OF_DEPTH = (0x81A5, 0x81A6, 0x88F0, 0x8CAC, 0x8CAD)
# What may be asked of OpenGL about a number: whether it is the name of such a thing.
_NAMED = ("glIsTexture", "glIsFramebuffer", "glIsRenderbuffer", "glIsBuffer", "glIsProgram", "glIsVertexArray")


class Pictures:
    """The last picture of each swapchain as it was handed to the runtime: rows from the top, then RGBA, or depth."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Look at every image at the moment of its release."""
        self.of: dict[int, NDArray[np.generic]] = {}
        self.depth_of: dict[int, NDArray[np.generic]] = {}
        release = Swapchain.release

        def watched(chain: Swapchain) -> None:
            if chain.texture:
                seen = self.depth_of if chain.format in _OF_DEPTH else self.of
                seen.pop(id(chain), None)
                seen[id(chain)] = _read(chain)  # the one that was handed over last comes last
            release(chain)

        monkeypatch.setattr(Swapchain, "release", watched)

    def both(self) -> tuple[np.ndarray, np.ndarray]:
        """The left and the right picture: they are handed over after any others of a frame."""
        left, right = list(self.of.values())[-2:]
        return left, right

    def depths(self) -> tuple[np.ndarray, np.ndarray]:
        """The depth of the left and the right picture, from 0 at the near plane to 1 at the far one."""
        left, right = list(self.depth_of.values())[-2:]
        return left, right


def _read(chain: Swapchain) -> NDArray[np.generic]:
    width, height = chain.size
    floats = chain.format in _IN_FLOATS or chain.format in _OF_DEPTH
    shape = (height, width) if chain.format in _OF_DEPTH else (height, width, 4)
    pixels = np.zeros(shape, np.float32 if floats else np.uint8)
    what = _DEPTH if chain.format in _OF_DEPTH else _RGBA
    _GL.glBindTexture(_TEXTURE_2D, chain.texture)
    _GL.glGetTexImage(_TEXTURE_2D, 0, what, _FLOATS if floats else _BYTES, ctypes.c_void_p(pixels.ctypes.data))
    _GL.glBindTexture(_TEXTURE_2D, 0)
    return pixels[::-1]


def names(most: int = 4000) -> dict[str, int]:
    """How many things of each kind OpenGL holds, among the first numbers."""
    return {ask: sum(_GL[ask](number) & 1 for number in range(1, most)) for ask in _NAMED}
