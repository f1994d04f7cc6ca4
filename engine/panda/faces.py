"""Six drawn faces from well (0) to worst (10), told apart by eyes, brows and mouth; their colour says nothing."""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from panda3d.core import NodePath, Texture

from engine.panda.fields import Field, arc, below, both, disc, either, polygon, show, stroke, texture
from engine.panda.look import Look

LEVELS = (0, 2, 4, 6, 8, 10)
SKIN, RIM, LINE, SHINE = "#ffd873", "#a8701f", "#3b2413", "#fff8e8"
CHEEK, TONGUE, TEAR = "#f7a868", "#e8694a", "#4f9bd0"
_LINE = 0.050
_EYE_X, _EYE_Y = 0.36, 0.16
_LIPS = {2: (0.42, 0.26, -0.42), 4: (0.34, 0.0, -0.44), 6: (0.34, -0.17, -0.46), 8: (0.40, -0.34, -0.47)}


class Layer(NamedTuple):
    """A part of a face in one colour; what comes later lies on top."""

    colour: str
    field: Texture


@cache
def layers(level: int) -> tuple[Layer, ...]:
    """The parts of a face, from the back; raises ValueError for a level that there is no face for."""
    if level not in LEVELS:
        raise ValueError(f"there is no face {level}; the faces are {', '.join(map(str, LEVELS))}")
    parts = (
        (RIM, disc(0, 0, 1.0)),
        (SKIN, disc(0, 0, 0.94)),
        *_behind(level),
        (LINE, either(*_eyes(level), *_brows(level), *_mouth(level))),
        *_on_top(level),
    )
    return tuple(Layer(code, texture(f"face {level}", field)) for code, field in parts)


def draw(look: Look, parent: NodePath, level: int, half_m: float) -> NodePath:
    """Hang a face under a parent, `half_m` from its middle to its rim."""
    face = parent.attach_new_node(f"face {level}")
    for depth, layer in enumerate(layers(level)):
        part = show(look, face, layer.field, half_m, layer.colour)
        part.set_bin("fixed", 4, depth)
        part.set_y(-0.0004 * depth)
    return face


def prepare() -> None:
    """Draw all faces now, so that no frame waits for them."""
    for level in LEVELS:
        layers(level)


def _sides(x: float) -> Sequence[tuple[float, float]]:
    return ((-1.0, -x), (1.0, x))


def _eyes(level: int) -> list[Field]:
    if level == 0:
        return [stroke(arc(x, _EYE_Y + 0.06, 0.16, -0.20), _LINE) for _, x in _sides(_EYE_X)]
    if level == 10:
        tips = ((0.15, 0.15), (-0.13, 0.01), (0.15, -0.12))
        return [stroke([(x + side * out, _EYE_Y + up) for out, up in tips], _LINE) for side, x in _sides(_EYE_X)]
    return [disc(x, _EYE_Y, 0.115) for _, x in _sides(_EYE_X)]


def _brows(level: int) -> list[Field]:
    """Brows rise at their inner ends the more, the worse it is."""
    if level < 6:
        return []
    slant = {6: 0.09, 8: 0.20, 10: 0.17}[level]
    height = _EYE_Y + 0.32
    return [
        stroke([(x - side * 0.17, height + slant / 2), (x + side * 0.17, height - slant)], _LINE * 0.86)
        for side, x in _sides(_EYE_X)
    ]


def _mouth(level: int) -> list[Field]:
    """From an open laugh to an open cry: the bow of the lips says how it is."""
    if level == 0:
        return [both(disc(0.0, -0.20, 0.44, 1.2), below(-0.20))]
    if level == 10:
        return [both(disc(0.0, -0.64, 0.36, 1.05), -below(-0.60))]
    half, rise, middle = _LIPS[level]
    return [stroke(arc(0.0, middle, half, rise), _LINE * 1.1)]


def _behind(level: int) -> list[tuple[str, Field]]:
    if level > 2:
        return []
    return [(CHEEK, either(*(disc(x, -0.13, 0.13, 1.3) for _, x in _sides(0.62))))]


def _on_top(level: int) -> list[tuple[str, Field]]:
    if level == 0:
        return [(TONGUE, both(disc(0.0, -0.62, 0.20, 1.5), disc(0.0, -0.20, 0.40, 1.2)))]
    if level < 10:
        return [(SHINE, either(*(disc(x - 0.035, _EYE_Y + 0.045, 0.036) for _, x in _sides(_EYE_X))))]
    drops = (
        either(disc(x, -0.26, 0.115), polygon(((x - 0.1, -0.2), (x + 0.1, -0.2), (x, 0.02)))) for _, x in _sides(0.6)
    )
    return [(TEAR, either(*drops))]
