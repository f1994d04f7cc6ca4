"""The runtime's images: what an eye, its depth or a card is drawn into before it is handed over."""

import ctypes
import logging
from contextlib import ExitStack, suppress
from functools import cache
from typing import Any, NamedTuple

import xr

from engine.headset import HeadsetUnavailable
from engine.openxr.calls import Calls, address, handle
from engine.openxr.session import GONE

SRGB8_ALPHA8, RGBA16F, RGBA8 = 0x8C43, 0x881A, 0x8058
_LONGEST_NS = 500_000_000
_TIMEOUT_EXPIRED = 1
_USE = xr.SwapchainUsageFlags

_log = logging.getLogger("steadyreach.openxr")


class Kind(NamedTuple):
    """What images are for: a word for it, OpenGL's numbers of their formats with the best first, and their use."""

    word: str
    formats: tuple[int, ...]
    use: int


# sRGB first: the stage writes encoded colours, and the compositor decodes them.
COLOUR = Kind("colour", (SRGB8_ALPHA8, RGBA16F, RGBA8), int(_USE.COLOR_ATTACHMENT_BIT | _USE.SAMPLED_BIT))


def depth(form: int) -> Kind:
    """Images of depth in one format, as OpenGL numbers it: depth can be copied only into its own."""
    return Kind("depth", (form,), int(_USE.DEPTH_STENCIL_ATTACHMENT_BIT | _USE.SAMPLED_BIT))


@cache
def tell(sentence: str) -> None:
    """Log a sentence; the same one comes once, however many eyes and sessions meet it."""
    _log.warning(sentence)


class Swapchain:
    """Images that take turns. Between `acquire` and `release`, `texture` is the OpenGL name of the one to draw into.

    `size` in pixels, `format` as OpenGL numbers it; `created` is the handle for pyopenxr.
    """

    def __init__(self, session: Any, calls: Calls, size: tuple[int, int], kind: Kind, closing: ExitStack) -> None:
        """Make it for a session (pyopenxr's handle) in the best format that the runtime takes.

        Raises HeadsetUnavailable when it takes none, or when there is nothing of a size.
        """
        if min(size) < 1:
            raise HeadsetUnavailable(f"no image can have {size[0]} x {size[1]} pixels: restart the OpenXR runtime")
        self._calls, self.size, self.texture, self._acquired = calls, size, 0, False
        self.created, self.format = _create(session, size, kind)
        closing.callback(_destroy, self.created)
        self._handle = handle(self.created)
        images = xr.enumerate_swapchain_images(self.created, xr.SwapchainImageOpenGLKHR)
        self._images = [int(image.image) for image in images]
        self._index, self._wait = ctypes.c_uint32(), xr.SwapchainImageWaitInfo(_LONGEST_NS)
        self._index_at, self._wait_at = address(self._index), address(self._wait)

    @property
    def encoded(self) -> bool:
        """Whether its bytes are colours as a screen shows them (sRGB), not amounts of light."""
        return self.format == SRGB8_ALPHA8

    def whole(self) -> xr.SwapchainSubImage:
        """All of the image, as layers name it."""
        return xr.SwapchainSubImage(self.created, xr.Rect2Di(xr.Offset2Di(0, 0), xr.Extent2Di(*self.size)))

    def acquire(self) -> bool:
        """Wait for an image to draw into; false when the runtime gives none in half a second: ask again later."""
        if not self._acquired:
            self._calls.acquire_image(self._handle, None, self._index_at)
            self._acquired = True
        if self._calls.wait_image(self._handle, self._wait_at) == _TIMEOUT_EXPIRED:
            tell("the OpenXR runtime held its images back for half a second; some frames were not shown")
            return False
        self.texture = self._images[self._index.value]
        return True

    def release(self) -> None:
        """Hand the image over, or do nothing when there is none to hand over."""
        if self.texture:
            self.texture, self._acquired = 0, False
            self._calls.release_image(self._handle, None)


def _create(session: Any, size: tuple[int, int], kind: Kind) -> tuple[Any, int]:
    """A swapchain and its format."""
    listed = set(xr.enumerate_swapchain_formats(session))
    for form in kind.formats:
        if form not in listed:
            continue
        request = xr.SwapchainCreateInfo(
            usage_flags=_USE(kind.use), format=form, sample_count=1, width=size[0], height=size[1],
            face_count=1, array_size=1, mip_count=1,
        )  # fmt: skip
        try:
            return xr.create_swapchain(session, request), form
        except GONE:
            raise
        except xr.ErrorResult as reason:
            tell(f"the OpenXR runtime lists the {kind.word} format {form:#x} and refuses it ({reason})")
    wanted = ", ".join(f"{form:#x}" for form in kind.formats)
    raise HeadsetUnavailable(f"the OpenXR runtime takes no {kind.word} image in any format of {wanted}: update it")


def _destroy(created: Any) -> None:
    with suppress(xr.ErrorResult):  # of a session that was lost there may be nothing left
        xr.destroy_swapchain(created)
