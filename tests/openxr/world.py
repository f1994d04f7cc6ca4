"""The smallest thing that an OpenXR session can draw: one coloured board straight ahead."""

from panda3d.core import CardMaker, NodePath, Shader

from engine.frame import Frame
from engine.panda.axes import to_panda
from engine.panda.graphics import Graphics
from engine.scene import Scene

_VERTEX = """
#version 150
uniform mat4 p3d_ModelViewProjectionMatrix;
in vec4 p3d_Vertex;
void main() { gl_Position = p3d_ModelViewProjectionMatrix * p3d_Vertex; }
"""
_FRAGMENT = """
#version 150
uniform vec4 p3d_ColorScale;
out vec4 colour;
void main() { colour = p3d_ColorScale; }
"""
BOARD = (0.0, 1.6, -1.0)
COLOUR = (127, 64, 255)


class World:
    """One board, 0.2 m wide, standing upright in front of the person."""

    def __init__(self, graphics: Graphics) -> None:
        self.root = NodePath("world")
        self.root.set_shader(Shader.make(Shader.SL_GLSL, _VERTEX, _FRAGMENT))
        maker = CardMaker("board")
        maker.set_frame(-0.1, 0.1, -0.1, 0.1)
        board = self.root.attach_new_node(maker.generate())
        board.set_pos(to_panda(BOARD))
        board.set_color_scale(*(part / 255 for part in COLOUR), 1.0)
        self.root.prepare_scene(graphics.gsg)

    def show(self, scene: Scene, frame: Frame) -> None:
        """The board is all there is."""
