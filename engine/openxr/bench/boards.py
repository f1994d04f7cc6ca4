"""A scene whose cost is known: so many boards, each a node of its own, all of them before the person."""

import math

from panda3d.core import CardMaker, NodePath, Shader

from engine.frame import Frame
from engine.panda.graphics import Graphics
from engine.panda.look import ONE_EYE
from engine.scene import Scene

_VERTEX = """
#version 150
uniform mat4 p3d_ModelViewProjectionMatrix;
in vec4 p3d_Vertex;
in vec4 p3d_Color;
flat out vec4 painted;
void main() { gl_Position = p3d_ModelViewProjectionMatrix * p3d_Vertex; painted = p3d_Color; }
"""
_BOTH_EYES = """
#version 150
uniform mat4 p3d_ModelViewProjectionMatrix, eyes[2];
uniform float beside;
in vec4 p3d_Vertex;
in vec4 p3d_Color;
flat out vec4 painted;
void main() {
    gl_Position = eyes[gl_InstanceID] * (p3d_ModelViewProjectionMatrix * p3d_Vertex);
    gl_ClipDistance[0] = beside * float(2 * gl_InstanceID - 1) * gl_Position.x;
    painted = p3d_Color;
}
"""
_FRAGMENT = """
#version 150
flat in vec4 painted;
out vec4 colour;
void main() { colour = painted; }
"""
_ROW = 20


def boards(count: int, *, both_eyes: bool = False) -> NodePath:
    """A root with `count` boards of different colours under it, in rows from floor to ceiling.

    With `both_eyes` a headset may draw both at once.
    """
    root = NodePath("boards")
    root.set_shader(Shader.make(Shader.SL_GLSL, _BOTH_EYES if both_eyes else _VERTEX, _FRAGMENT))
    if both_eyes:
        root.set_shader_inputs(**ONE_EYE)
    maker = CardMaker("board")
    maker.set_frame(-0.05, 0.05, -0.05, 0.05)
    for number in range(count):
        maker.set_color(number / count, 0.5, 1 - number / count, 1)
        board = root.attach_new_node(maker.generate())
        angle = math.radians(30) * (2 * (number % _ROW) / (_ROW - 1) - 1)
        board.set_pos(2 * math.sin(angle), 2 * math.cos(angle), 0.9 + 0.1 * (number // _ROW))
    return root


class Boards:
    """What an OpenXR headset draws in a bench."""

    def __init__(self, graphics: Graphics, count: int = 1) -> None:
        self.root = boards(count, both_eyes=True)
        self.root.prepare_scene(graphics.gsg)

    def show(self, scene: Scene, frame: Frame) -> None:
        """The boards are all there is."""
