"""What Panda3D draws the eyes in, and the copy from there into the runtime's images."""

import math
from collections.abc import Callable
from contextlib import ExitStack

from panda3d.core import DisplayRegionDrawCallbackData, GraphicsOutput, LVecBase4f, PythonCallbackObject

from engine.openxr.gl import Gl
from engine.openxr.mask import Mask
from engine.openxr.swapchain import Swapchain, tell
from engine.panda.graphics import Graphics, NoGraphics


class Eye:
    """One eye: the runtime's images of it, and which corners are hidden."""

    def __init__(self, chain: Swapchain) -> None:
        self.chain = chain
        self.depth: Swapchain | None = None
        self.mask: Mask | None = None

    def acquire(self) -> bool:
        """Wait for images to draw into."""
        return self.chain.acquire() and (self.depth is None or self.depth.acquire())

    def release(self) -> None:
        """Hand over what was waited for."""
        self.chain.release()
        if self.depth is not None:
            self.depth.release()


class Picture:
    """The buffer in which Panda3D draws an eye, or two beside each other, before the samples are averaged."""

    def __init__(
        self, graphics: Graphics, eyes: list[Eye], samples: int, gl: Gl, place: Callable[[], None], closing: ExitStack
    ) -> None:
        """`place` is called before anything is drawn. Raises NoGraphics when the driver refuses the size."""
        self.eyes, self._gl, self._place = eyes, gl, place
        self._error: BaseException | None = None
        width, height = eyes[0].chain.size
        self.output: GraphicsOutput = graphics.buffer("eyes", (width * len(eyes), height), samples)
        closing.callback(graphics.engine.remove_window, self.output)
        self.output.set_active(False)
        self._alpha = math.nan
        self.clear(1.0)
        self.output.set_clear_stencil_active(True)
        self.region = self.output.make_display_region()
        # The region keeps the callback, which keeps this, which keeps the region: no collector sees that.
        closing.callback(self.region.clear_draw_callback)

    def clear(self, alpha: float) -> None:
        """From now on have this alpha where nothing is drawn."""
        if alpha != self._alpha:
            self._alpha = alpha
            self.output.set_clear_color(LVecBase4f(0, 0, 0, alpha))

    def probe(self, graphics: Graphics) -> int:
        """How the buffer keeps depth, as OpenGL numbers it; 0 when it does so in no way of OpenXR's."""
        found: list[int] = []
        self.region.set_draw_callback(PythonCallbackObject(lambda _: found.append(self._gl.depth_format())))
        self.output.set_active(True)
        graphics.engine.render_frame()
        self.output.set_active(False)
        return sum(found)

    def begin(self) -> None:
        """From now on fill the eyes' images whenever Panda3D draws."""
        self.region.set_draw_callback(PythonCallbackObject(self._drawn))

    def mask(self) -> None:
        """Get ready to mark the corners that are hidden from each eye, in its part of the buffer."""
        for number, eye in enumerate(self.eyes):
            eye.mask = Mask(self.output, number / len(self.eyes), (number + 1) / len(self.eyes))

    def take_error(self) -> BaseException | None:
        """What went wrong while drawing, once."""
        error, self._error = self._error, None
        return error

    def _drawn(self, data: DisplayRegionDrawCallbackData) -> None:
        try:
            self._place()
            if len(self.eyes) == 1:
                data.upcall()
            else:
                with self._gl.clipping():
                    data.upcall()
            self._gl.resolve([(eye.chain, eye.depth) for eye in self.eyes])
        except BaseException as error:  # noqa: BLE001  # Panda3D would lose it and break the next callback: kept
            self._error = error


def pictures(
    graphics: Graphics, eyes: list[Eye], together: bool, samples: int, gl: Gl, place: Callable[[], None],
    closing: ExitStack,
) -> list[Picture]:  # fmt: skip
    """One picture for both eyes, if wanted and if they are alike and the driver has one so wide; else one for each.

    Raises NoGraphics when the driver has not even those.
    """
    if together and eyes[0].chain.size == eyes[1].chain.size:
        try:
            return [Picture(graphics, eyes, samples, gl, place, closing)]
        except NoGraphics as reason:
            tell(f"each eye is drawn by calls of its own: {reason}")
    return [Picture(graphics, [eye], samples, gl, place, closing) for eye in eyes]
