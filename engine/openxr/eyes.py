"""What the two eyes see: a swapchain and a buffer for each, one camera, and the copy between them."""

import ctypes
from contextlib import ExitStack
from typing import Any

import xr
from panda3d.core import (
    AntialiasAttrib,
    Camera,
    DisplayRegionDrawCallbackData,
    GraphicsOutput,
    Lens,
    MatrixLens,
    NodePath,
    PythonCallbackObject,
    RenderState,
)

from engine.headset import HeadsetUnavailable
from engine.openxr.calls import Calls, address, handle
from engine.openxr.gl import Gl
from engine.openxr.views import View, cull_matrix, eye_matrix, head_matrix
from engine.panda.graphics import Graphics

# sRGB first: the stage writes encoded colours, and the compositor decodes them.
_FORMATS = (0x8C43, 0x8058)  # GL_SRGB8_ALPHA8, GL_RGBA8
_FOREVER = xr.INFINITE_DURATION


class Swapchain:
    """The runtime's images for one eye; between `acquire` and `release`, `texture` may be drawn to."""

    def __init__(self, session: Any, calls: Calls, size: tuple[int, int], closing: ExitStack) -> None:
        self._calls, self.size, self.texture = calls, size, 0
        self.created = _create(session, size)
        closing.callback(xr.destroy_swapchain, self.created)
        self._handle = handle(self.created)
        images = xr.enumerate_swapchain_images(self.created, xr.SwapchainImageOpenGLKHR)
        self._images = [image.image for image in images]
        self._index, self._wait = ctypes.c_uint32(), xr.SwapchainImageWaitInfo(_FOREVER)

    def acquire(self) -> None:
        """Wait for an image that may be drawn to."""
        self._calls.acquire_image(self._handle, None, address(self._index))
        self._calls.wait_image(self._handle, address(self._wait))
        self.texture = self._images[self._index.value]

    def release(self) -> None:
        """Hand the image to the runtime."""
        self._calls.release_image(self._handle, None)


class Eye:
    """One eye: its swapchain, and the buffer in which Panda3D draws before the samples are averaged."""

    def __init__(self, swapchain: Swapchain, buffer: GraphicsOutput, camera: NodePath, channel: Any, gl: Gl) -> None:
        self.swapchain, self._gl = swapchain, gl
        self._error: BaseException | None = None
        self._callback = PythonCallbackObject(self._drawn)
        region = buffer.make_display_region()
        region.camera = camera
        region.set_stereo_channel(channel)
        region.set_draw_callback(self._callback)

    def check(self) -> None:
        """Raise what went wrong while drawing."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _drawn(self, data: DisplayRegionDrawCallbackData) -> None:
        try:
            data.upcall()
            self._gl.resolve(self.swapchain.texture, self.swapchain.size)
        except Exception as error:  # noqa: BLE001  # Panda3D would lose it and break the next callback: kept
            self._error = error


class Eyes:
    """Both eyes of a session. `chains` are their swapchains; `draw` fills them from two views."""

    def __init__(
        self, graphics: Graphics, root: NodePath, chains: list[Swapchain], samples: int, closing: ExitStack
    ) -> None:
        self._graphics, self._lens = graphics, MatrixLens()
        self._gl = Gl()
        closing.callback(self._gl.close)
        camera = Camera("head", self._lens)
        # Panda3D switches multisampling off for whatever does not ask for it.
        camera.set_initial_state(RenderState.make(AntialiasAttrib.make(AntialiasAttrib.M_multisample)))
        self._camera = root.attach_new_node(camera)
        closing.callback(self._camera.remove_node)
        self.eyes = []
        for number, (chain, channel) in enumerate(zip(chains, (Lens.SC_left, Lens.SC_right), strict=True)):
            buffer = graphics.buffer(f"eye {number}", chain.size, samples)
            self.eyes.append(Eye(chain, buffer, self._camera, channel, self._gl))

    def draw(self, views: tuple[View, View]) -> None:
        """Draw what each eye sees into the runtime's images."""
        head = head_matrix(views)
        self._camera.set_mat(head)
        self._lens.set_user_mat(cull_matrix(views, head))
        self._lens.set_left_eye_mat(eye_matrix(views[0], head))
        self._lens.set_right_eye_mat(eye_matrix(views[1], head))
        self._gl.forget_errors()
        for eye in self.eyes:
            eye.swapchain.acquire()
        self._graphics.engine.render_frame()
        for eye in self.eyes:
            eye.swapchain.release()
        for eye in self.eyes:
            eye.check()


def _create(session: Any, size: tuple[int, int]) -> Any:
    use = xr.SwapchainUsageFlags.COLOR_ATTACHMENT_BIT | xr.SwapchainUsageFlags.SAMPLED_BIT
    listed = set(xr.enumerate_swapchain_formats(session))
    for number in _FORMATS:
        if number not in listed:
            continue
        request = xr.SwapchainCreateInfo(
            usage_flags=use, format=number, sample_count=1, width=size[0], height=size[1],
            face_count=1, array_size=1, mip_count=1,
        )  # fmt: skip
        try:
            return xr.create_swapchain(session, request)
        except xr.SwapchainFormatUnsupportedError:
            continue  # some runtimes list formats that they then refuse
    raise HeadsetUnavailable("the OpenXR runtime takes no image with 8 bits a colour: update it")
