"""Reads what a headset left in the runtime's images."""

import ctypes

import numpy as np
import pytest

from engine.openxr.eyes import Swapchain

_GL = ctypes.CDLL("libGL.so.1")
_TEXTURE_2D, _RGBA, _BYTES = 0x0DE1, 0x1908, 0x1401


class Pictures:
    """The last picture of each swapchain as it was handed to the runtime: rows from the top, then RGBA."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Look at every image at the moment of its release."""
        self.of: dict[int, np.ndarray] = {}
        release = Swapchain.release

        def watched(chain: Swapchain) -> None:
            self.of[id(chain)] = _read(chain.texture, chain.size)
            release(chain)

        monkeypatch.setattr(Swapchain, "release", watched)

    def both(self) -> tuple[np.ndarray, np.ndarray]:
        """The left and the right picture."""
        left, right = self.of.values()
        return left, right


def _read(texture: int, size: tuple[int, int]) -> np.ndarray:
    width, height = size
    pixels = np.zeros((height, width, 4), np.uint8)
    _GL.glBindTexture(_TEXTURE_2D, texture)
    _GL.glGetTexImage(_TEXTURE_2D, 0, _RGBA, _BYTES, ctypes.c_void_p(pixels.ctypes.data))
    _GL.glBindTexture(_TEXTURE_2D, 0)
    return pixels[::-1]
