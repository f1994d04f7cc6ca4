"""What the two eyes see: located, drawn, located again in the middle of it, and handed over as a layer."""

import ctypes
from contextlib import ExitStack

import xr
from panda3d.core import LMatrix4f, NodePath

from engine.headset import HeadsetUnavailable
from engine.openxr.calls import Calls, address, field
from engine.openxr.cameras import Cameras, draws_both
from engine.openxr.gl import Gl
from engine.openxr.mask import masks
from engine.openxr.options import Options
from engine.openxr.picture import Eye, pictures
from engine.openxr.runtime import DEPTH, Runtime
from engine.openxr.session import FAILED, GONE, Session
from engine.openxr.swapchain import COLOUR, Swapchain, depth, tell
from engine.openxr.views import (
    FAR_M,
    NEAR_M,
    Views,
    cull_bounds,
    eye_matrix,
    head_matrix,
    read_views,
    tangents,
    write_view,
)
from engine.panda.graphics import Graphics

_STARTS = (xr.View.pose.offset, xr.View.pose.offset + ctypes.sizeof(xr.View))
_SEEN = xr.CompositionLayerProjectionView
_FLAGS = xr.CompositionLayerFlags
_THROUGH = int(_FLAGS.BLEND_TEXTURE_SOURCE_ALPHA_BIT)
_BEHIND = int(_FLAGS.BLEND_TEXTURE_SOURCE_ALPHA_BIT | _FLAGS.UNPREMULTIPLIED_ALPHA_BIT)


class Eyes:
    """Both eyes of a session: `draw` fills the runtime's images, and gives the layer that shows them.

    `views` is how the eyes were placed in the images drawn last. With `holes`, what lies behind shows where the images
    have an alpha below 1; their colours are not multiplied by it, because they are curved as a screen shows them, and
    a product would darken edges. With `see_through` the room shows where nothing was drawn. What is drawn onto nothing
    comes multiplied by its alpha, so that there edges are a little darker.
    """

    def __init__(
        self, graphics: Graphics, root: NodePath, session: Session, runtime: Runtime, calls: Calls, options: Options,
        closing: ExitStack,
    ) -> None:  # fmt: skip
        """Make everything for drawing what is under `root`; `closing` gets all that has to be given back.

        Raises HeadsetUnavailable when the runtime takes none of our images.
        """
        self._graphics, self._session, self._late = graphics, session, options.late
        self.views: Views | None = None
        self.holes = self.see_through = False
        self._space, self._placed, self._head = 0, True, LMatrix4f()
        self._gl = Gl()
        closing.callback(self._gl.close)
        self._masks = masks(session.created, runtime, calls) if options.mask else None
        sizes = [_scaled(*sizes, options.scale) for sizes in zip(runtime.sizes, runtime.largest, strict=True)]
        self._eyes = [Eye(Swapchain(session.created, calls, size, COLOUR, closing)) for size in sizes]
        session.context.hold()
        samples = min(options.samples, self._gl.most_samples())
        together = options.one_draw and options.one_cull and draws_both(root)
        self._pictures = pictures(graphics, self._eyes, together, samples, self._gl, self._place, closing)
        closing.callback(self._pictures.clear)  # they know this: without it they would stay until cycles are collected
        if options.depth and DEPTH in runtime.extensions:
            self._add_depth(calls, closing)
        self._cameras = Cameras(
            root, beside=len(self._pictures) == 1, shared=options.one_cull, masked=self._masks is not None,
            closing=closing,
        )  # fmt: skip
        self._cameras.serve([picture.region for picture in self._pictures])
        for picture in self._pictures:
            picture.begin()
            if self._masks is not None:
                picture.mask()
        for number in range(len(self._eyes)):
            self.remask(number)
        self._layer = _Layer(self._eyes)

    def draw(self, space: int) -> int:
        """Draw what is seen from where the eyes are in a space; gives the address of the layer that shows it.

        0 says that there is nothing to show: nobody knows where the eyes are, or the runtime kept its images.
        """
        self._space = space
        self.views = self._find()
        if self.views is None:
            return 0
        self._head = head_matrix(self.views)
        self._cameras.move(self._head, cull_bounds(self.views, self._head))
        for eye, view in zip(self._eyes, self.views, strict=True):
            if eye.mask is not None:
                eye.mask.fit(view)
        for picture in self._pictures:
            picture.clear(0.0 if self.see_through else 1.0)
        self._gl.errors()
        if not self._fill():
            return 0
        self._layer.show(self.views, space, _THROUGH if self.see_through else _BEHIND if self.holes else 0)
        return self._layer.address

    def remask(self, number: int) -> None:
        """Ask anew which corners of an eye are hidden (0 left, 1 right)."""
        mask = self._eyes[number].mask
        if self._masks is not None and mask is not None:
            mask.wear(self._masks.of(number))

    def show_left(self, width: int, height: int) -> None:
        """Copy what the left eye sees into what is bound for drawing, undistorted, in the middle of this many pixels.

        It is there from when the eyes are drawn until their images are handed over; at other times nothing is copied.
        """
        chain = self._eyes[0].chain
        if self.views is not None and chain.texture:
            left, right, up, down = tangents(self.views[0])
            shape = abs((right - left) / (up - down))
            x, y = (width - min(width, height * shape)) / 2, (height - min(height, width / shape)) / 2
            self._gl.show(chain, (round(x), round(y), round(width - x), round(height - y)))

    def _fill(self) -> bool:
        """Draw both images and hand them over, whatever happens; false when there were none to draw into."""
        try:
            ready = all(eye.acquire() for eye in self._eyes)
            self._session.context.hold()
            if ready:
                self._render()
        finally:
            for eye in self._eyes:
                eye.release()
        return ready

    def _render(self) -> None:
        self._placed = False
        for picture in self._pictures:
            picture.output.set_active(True)
        self._graphics.host.set_active(False)
        try:
            self._graphics.engine.render_frame()
        finally:
            for picture in self._pictures:  # others may have images drawn between our frames
                picture.output.set_active(False)
            self._graphics.host.set_active(True)
        for error in [picture.take_error() for picture in self._pictures]:
            if error is not None:
                raise error

    def _find(self) -> Views | None:
        if not self._session.locate(self._space):
            return None
        views = read_views(self._session.view_buffer, _STARTS)
        if views is None:
            tell("the OpenXR runtime placed the eyes with numbers that are none; such frames are not shown")
        return views

    def _place(self) -> None:
        """Put the eyes where they are, as late as can be: when Panda3D has culled and begins to draw the first."""
        if self._placed or self.views is None:
            return
        self._placed = True
        if self._late:
            self.views = self._find() or self.views
        left, right = self.views
        self._cameras.see(eye_matrix(left, self._head), eye_matrix(right, self._head))

    def _add_depth(self, calls: Calls, closing: ExitStack) -> None:
        """Let the depth of both eyes be handed over too, where the runtime takes it as Panda3D keeps it."""
        form = self._pictures[0].probe(self._graphics)
        if not form:
            tell("no depth is sent to the headset: this graphics driver keeps it in a way that OpenXR has no name for")
            return
        with ExitStack() as made:
            try:
                chains = [
                    Swapchain(self._session.created, calls, eye.chain.size, depth(form), made) for eye in self._eyes
                ]
            except GONE:
                raise
            except (FAILED, HeadsetUnavailable) as reason:
                tell(f"no depth is sent to the headset: {reason}")
                return
            closing.push(made.pop_all())
        self._session.context.hold()
        for eye, chain in zip(self._eyes, chains, strict=True):
            eye.depth = chain


class _Layer:
    """The layer of both eyes, as a runtime reads it at `address`."""

    def __init__(self, eyes: list[Eye]) -> None:
        self._seen = (_SEEN * 2)(*[_SEEN(sub_image=eye.chain.whole()) for eye in eyes])
        self._depths = []
        for seen, eye in zip(self._seen, eyes, strict=True):
            if eye.depth is not None:
                info = xr.CompositionLayerDepthInfoKHR(eye.depth.whole(), 0.0, 1.0, NEAR_M, FAR_M)
                field(seen, _SEEN._next).value = address(info)
                self._depths.append(info)
        self._layer = xr.CompositionLayerProjection(views=self._seen)
        field(self._layer, xr.CompositionLayerProjection._views).value = address(self._seen)
        self._space = field(self._layer, xr.CompositionLayerProjection.space)
        self._buffer = memoryview(self._seen).cast("B")
        self.address = address(self._layer)

    def show(self, views: Views, space: int, flags: int) -> None:
        """Say how the eyes were placed, in which space, and how the images mix with what is behind."""
        self._space.value = space
        self._layer._layer_flags = flags
        for number, view in enumerate(views):
            write_view(view, self._buffer, number * ctypes.sizeof(_SEEN) + _SEEN.pose.offset)


def _scaled(size: tuple[int, int], most: tuple[int, int], scale: float) -> tuple[int, int]:
    """A size in pixels, scaled; at most the most, unless a runtime recommends more than it takes."""
    width, height = (max(1, min(round(side * scale), max(limit, side))) for side, limit in zip(size, most, strict=True))
    return width, height
