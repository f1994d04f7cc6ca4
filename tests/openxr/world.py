"""The smallest thing that an OpenXR session can draw, and the smallest session: eyes without hands."""

import time
from contextlib import ExitStack

import xr
from panda3d.core import CallbackData, CallbackNode, CardMaker, NodePath, PythonCallbackObject, Shader

from engine.frame import Frame
from engine.openxr.binding import open_graphics
from engine.openxr.calls import Calls, handle
from engine.openxr.eyes import Eyes
from engine.openxr.options import Options
from engine.openxr.runtime import Runtime
from engine.openxr.session import Session
from engine.panda.axes import to_panda
from engine.panda.graphics import Graphics
from engine.panda.look import ONE_EYE
from engine.scene import Scene

_VERTEX = """
#version 150
uniform mat4 p3d_ModelViewProjectionMatrix, eyes[2];
uniform float beside;
in vec4 p3d_Vertex;
void main() {
    gl_Position = eyes[gl_InstanceID] * (p3d_ModelViewProjectionMatrix * p3d_Vertex);
    gl_ClipDistance[0] = beside * float(2 * gl_InstanceID - 1) * gl_Position.x;
}
"""
_FRAGMENT = """
#version 150
uniform vec4 p3d_ColorScale;
out vec4 colour;
void main() { colour = p3d_ColorScale; }
"""
BOARD = (0.0, 1.6, -1.0)
COLOUR = (127, 64, 255)
WAYS = {"one draw": Options(), "one cull": Options(one_draw=False), "two culls": Options(one_cull=False)}
"""How both eyes may come to be drawn."""


class World:
    """One board, 0.2 m wide, standing upright in front of the person."""

    def __init__(self, graphics: Graphics) -> None:
        self.root = NodePath("world")
        self.root.set_shader(Shader.make(Shader.SL_GLSL, _VERTEX, _FRAGMENT))
        self.root.set_shader_inputs(**ONE_EYE)
        self.board = self.add(0.2, 0.2, COLOUR)
        self.board.set_pos(to_panda(BOARD))
        self.root.prepare_scene(graphics.gsg)

    def add(self, width_m: float, height_m: float, colour: tuple[int, int, int]) -> NodePath:
        """Another board, upright, around the middle of the world."""
        maker = CardMaker("board")
        maker.set_frame(-width_m / 2, width_m / 2, -height_m / 2, height_m / 2)
        board = self.root.attach_new_node(maker.generate())
        board.set_two_sided(True)
        board.set_color_scale(*(part / 255 for part in colour), 1.0)
        return board

    def show(self, scene: Scene, frame: Frame) -> None:
        """The board is all there is."""


class Sight:
    """A session that only looks at a world; `eyes` may be closed and made again."""

    def __init__(self, options: Options | None = None) -> None:
        self.closing, self._eyes = ExitStack(), ExitStack()
        self.runtime, self.calls = Runtime(self.closing), Calls()
        self.graphics = open_graphics(self.runtime)
        self.closing.callback(self.graphics.close)
        self.world = World(self.graphics)
        self.graphics.engine.render_frame()
        self.session = Session(self.runtime, self.calls, self.closing)
        request = xr.ReferenceSpaceCreateInfo(xr.ReferenceSpaceType.LOCAL_FLOOR)
        space = xr.create_reference_space(self.session.created, request)
        self.closing.callback(xr.destroy_space, space)
        self.space = handle(space)
        self.open_eyes(options or Options())

    def open_eyes(self, options: Options, root: NodePath | None = None) -> None:
        """Make eyes that see the world, or what is under another root, in the place of those there were."""
        self._eyes.close()
        seen = root or self.world.root
        self.eyes = Eyes(self.graphics, seen, self.session, self.runtime, self.calls, options, self._eyes)

    def look(self, frames: int = 6) -> None:
        """Let a few frames be seen, so that a person has arrived where they were moved."""
        for _ in range(frames):
            self.frame()

    def times(self, what: str) -> int:
        """How often a node of the world is met in one frame, by `cull` or by `draw`."""
        met: list[int] = []

        def meet(data: CallbackData) -> None:
            met.append(1)
            data.upcall()

        counter = CallbackNode("counter")
        getattr(counter, f"set_{what}_callback")(PythonCallbackObject(meet))
        node = self.world.board.attach_new_node(counter)
        self.look(1)
        node.remove_node()
        return len(met)

    def frame(self, seconds: float = 30.0) -> int:
        """Draw a frame that will be seen; gives what the eyes gave."""
        latest = time.monotonic() + seconds
        while not self._begun():
            assert time.monotonic() < latest, "the runtime wants no frames"
        layer = self.eyes.draw(self.space)
        self.session.end([layer] if layer else [])
        return layer

    def _begun(self) -> bool:
        """Whether a frame is begun that will be seen."""
        if not self.session.wait():
            time.sleep(0.01)
            return False
        wanted = self.session.begin()
        if not wanted:
            self.session.end(())
        return wanted

    def close(self) -> None:
        """Leave, and give everything back."""
        self.session.leave()
        self._eyes.close()
        self.closing.close()
