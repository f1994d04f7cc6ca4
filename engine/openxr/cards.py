"""Cards as layers of their own: the runtime samples their words once, where words in the eyes are sampled twice.

A card lies behind the eyes' pictures and shows through them where their alpha is 0. There they keep the colours of the
same card in the scene: what is in front covers both, its edges mix with the right colours, and a mirror sees the card.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import xr
from panda3d.core import (
    AntialiasAttrib,
    Camera,
    DisplayRegionDrawCallbackData,
    GraphicsEngine,
    GraphicsOutput,
    LMatrix4,
    LVecBase4f,
    NodePath,
    OrthographicLens,
    PythonCallbackObject,
    TransformState,
)

from engine.headset import HeadsetUnavailable
from engine.openxr.calls import Calls, address, field
from engine.openxr.gl import Gl
from engine.openxr.options import Options
from engine.openxr.runtime import Runtime
from engine.openxr.session import FAILED, GONE, Session
from engine.openxr.swapchain import COLOUR, Swapchain, tell
from engine.panda import shapes
from engine.panda.axes import from_panda, turn_from_panda
from engine.panda.card import Card
from engine.panda.graphics import Graphics
from engine.panda.look import cut

# The runtime moves the eyes' pictures, and so the hole, a little: what it then shows of a card has to be there.
BLEED_M = 0.010
MOST_PIXELS, STEP_PIXELS = 2048, 64
_AWAY_M, _DEEP_M = 1.0, 0.1


class Cards:
    """The cards of a session that are shown as layers."""

    def __init__(
        self, graphics: Graphics, root: NodePath, session: Session, runtime: Runtime, calls: Calls, options: Options,
        closing: ExitStack,
    ) -> None:  # fmt: skip
        self._graphics, self._root, self._session, self._calls = graphics, root, session, calls
        self._most = max(runtime.most_layers - 1, 0) if options.cards else 0
        # Half as many to a metre as an eye is wide: 1.5 times what an eye of 90 degrees sees at 1.5 m.
        self._pixels_per_m = runtime.sizes[0][0] / 2
        self._gl = Gl()
        closing.callback(self._gl.close)
        self._samples = min(options.samples, self._gl.most_samples())
        self._layers: dict[str, _Layer] = {}
        closing.callback(self._keep, ())

    def draw(self, cards: Sequence[Card], space: int) -> list[int]:
        """Draw those that have changed; gives the addresses of the layers to show behind the eyes.

        A card that no layer can be had for is seen in the scene.
        """
        shown = cards[: self._most]
        self._keep([card.key for card in shown])
        try:
            layers = [self._layer(card) for card in shown]
            self._paint([layer for layer in layers if layer.stale])
        except GONE:
            raise
        except (FAILED, HeadsetUnavailable) as reason:
            tell(f"words are shown in the scene, not sharper in layers of their own: {reason}")
            self._most, layers = 0, []
            self._keep(())
        return [layer.stand(self._root, space) for layer in layers if layer.drawn]

    def _layer(self, card: Card) -> "_Layer":
        """The layer of a card, made anew when it needs another number of pixels."""
        layer = self._layers.get(card.key)
        if layer is not None and layer.card.stamp == card.stamp:
            return layer
        size = self._pixels(card)
        if layer is not None and layer.size != size:
            self._layers.pop(card.key).close()
            layer = None
        if layer is None:
            layer = _Layer(self._graphics, self._session.created, self._calls, self._gl, size, self._samples)
            self._layers[card.key] = layer
            self._session.context.hold()
        layer.take(card, self._root)
        return layer

    def _pixels(self, card: Card) -> tuple[int, int]:
        """In steps, so that a word more or less needs no other images."""
        wide, high = (
            min(MOST_PIXELS, math.ceil((side_m + 2 * BLEED_M) * self._pixels_per_m / STEP_PIXELS) * STEP_PIXELS)
            for side_m in card.size_m
        )
        return wide, high

    def _paint(self, layers: list["_Layer"]) -> None:
        """Draw them into their images, and nothing else; one whose image is not free yet has to wait."""
        ready = [layer for layer in layers if layer.chain.acquire()]
        if not ready:
            return
        self._gl.errors()
        with _alone(self._graphics.engine, [layer.buffer for layer in ready]):
            self._graphics.engine.render_frame()
        for layer in ready:
            layer.finish(self._root)

    def _keep(self, keys: Iterable[str]) -> None:
        for key in self._layers.keys() - set(keys):
            self._layers.pop(key).close()


class _Layer:
    """One card: its images, what draws it into them, and its hole.

    `stale` until it is drawn as it is now, `drawn` as soon as there is anything to show.
    """

    def __init__(
        self, graphics: Graphics, session: Any, calls: Calls, gl: Gl, size: tuple[int, int], samples: int
    ) -> None:
        self.size, self.stale, self.drawn, self._gl = size, True, False, gl
        self._error: Exception | None = None
        self._hole, self._at = NodePath("hole"), TransformState.make_identity()
        self._camera, self._lens = NodePath(Camera("card")), OrthographicLens()
        self._lens.set_near_far(_AWAY_M - _DEEP_M, _AWAY_M + _DEEP_M)
        self._camera.node().set_lens(self._lens)
        with ExitStack() as closing:
            self.chain = Swapchain(session, calls, size, COLOUR, closing)
            self.buffer = graphics.buffer("card", size, samples)
            closing.callback(graphics.engine.remove_window, self.buffer)
            self.buffer.set_active(False)
            region = self.buffer.make_display_region()
            region.camera = self._camera
            region.set_draw_callback(PythonCallbackObject(self._drawn))
            closing.callback(region.clear_draw_callback)  # it holds this object, and Python cannot see that
            self._closing = closing.pop_all()
        self._quad = xr.CompositionLayerQuad(sub_image=self.chain.whole())
        self._address, self._space = address(self._quad), field(self._quad, xr.CompositionLayerQuad.space)

    def take(self, card: Card, root: NodePath) -> None:
        """Look straight at a card, which has changed, in the light that it has below the root."""
        self.card, self.stale = card, True
        wide_m, high_m = (side_m + 2 * BLEED_M for side_m in card.size_m)
        self._quad.size = xr.Extent2Df(wide_m, high_m)
        self._lens.set_film_size(wide_m, high_m)
        self._camera.reparent_to(root)
        self._camera.set_mat(card.node, LMatrix4.translate_mat(0, -_AWAY_M, 0))
        self._camera.node().set_scene(card.node)
        easel = NodePath("easel")
        easel.set_antialias(AntialiasAttrib.M_multisample)
        easel.set_shader_input("bleed", BLEED_M)
        self._camera.node().set_initial_state(card.node.get_parent().get_net_state().compose(easel.get_state()))

    def finish(self, root: NodePath) -> None:
        """Hand over what was drawn, and cut the hole that it is seen through."""
        self.chain.release()
        error, self._error = self._error, None
        if error is not None:
            raise error
        self.stale, self.drawn = False, True
        half_wide_m, half_high_m = (side_m / 2 for side_m in self.card.size_m)
        self._hole.remove_node()
        self._hole = shapes.board(half_wide_m + BLEED_M, half_high_m + BLEED_M)
        cut(self._hole, LVecBase4f(half_wide_m, half_high_m, self.card.corner_m, 0))
        self._hole.reparent_to(root)
        self._move(self.card.node.get_transform(root))

    def stand(self, root: NodePath, space: int) -> int:
        """Stand where the card stands, in a space; gives the address of the layer."""
        at = self.card.node.get_transform(root)
        if at != self._at:
            self._move(at)
        self._space.value = space
        return self._address

    def close(self) -> None:
        """Give everything back."""
        self._hole.remove_node()
        self._camera.remove_node()
        self._closing.close()

    def _move(self, at: TransformState) -> None:
        self._at = at
        self._hole.set_transform(at)
        self._quad.pose = xr.Posef(
            xr.Quaternionf(*turn_from_panda(at.get_quat())), xr.Vector3f(*from_panda(at.get_pos()))
        )

    def _drawn(self, data: DisplayRegionDrawCallbackData) -> None:
        try:
            data.upcall()
            self._gl.resolve([(self.chain, None)])
        except Exception as error:  # noqa: BLE001  # Panda3D would lose it and break the next callback: kept
            self._error = error


@contextmanager
def _alone(engine: GraphicsEngine, outputs: list[GraphicsOutput]) -> Iterator[None]:
    """Let nothing but these outputs be drawn for a while."""
    others = [output for output in engine.get_windows() if output.is_active()]
    try:
        for output in others:
            output.set_active(False)
        for output in outputs:
            output.set_active(True)
        yield
    finally:
        for output in outputs:
            output.set_active(False)
        for output in others:
            output.set_active(True)
