"""Flat pictures drawn from distances, as letters are: their edges are crisp from near and far."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from panda3d.core import NodePath, SamplerState, Texture

from engine.panda import shapes
from engine.panda.look import Look, colour

PIXELS = 96
REACH = 1.15
"""A picture is reckoned from -REACH to REACH each way, x right and y up."""
_SPREAD = 0.12

Field = NDArray[np.float64]
"""How far inside a shape each point of a picture is (negative outside), bottom row first."""


def _grid() -> tuple[Field, Field]:
    middle = (np.arange(PIXELS) + 0.5) / PIXELS * 2 * REACH - REACH
    x, y = np.meshgrid(middle, middle)
    return x, y


_X, _Y = _grid()


def disc(x: float, y: float, radius: float, stretch: float = 1.0) -> Field:
    """A circle, or an ellipse that is `stretch` times as wide as it is high."""
    inside: Field = radius - np.hypot((_X - x) / stretch, _Y - y)
    return inside


def stroke(points: ArrayLike, half: float) -> Field:
    """A line through points (n, 2) with round ends, `half` its width on each side."""
    line = np.asarray(points, dtype=np.float64)
    nearest = np.full(_X.shape, math.inf)
    for (ax, ay), (bx, by) in pairwise(line):
        along = ((_X - ax) * (bx - ax) + (_Y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
        share = np.clip(along, 0.0, 1.0)
        nearest = np.minimum(nearest, np.hypot(_X - ax - share * (bx - ax), _Y - ay - share * (by - ay)))
    return half - nearest


def arc(x: float, y: float, half_wide: float, rise: float, count: int = 9) -> NDArray[np.float64]:
    """The points of a bow around (x, y): its ends `rise` above its middle, or below it if negative."""
    across = np.linspace(-1.0, 1.0, count)
    return np.stack([x + half_wide * across, y + rise * (across**2 - 0.5)], axis=1)


def polygon(corners: Sequence[tuple[float, float]], round_by: float = 0.0) -> Field:
    """A convex shape, corners anticlockwise, made rounder and larger by some."""
    inside = np.full(_X.shape, math.inf)
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
        long = math.hypot(bx - ax, by - ay)
        inside = np.minimum(inside, ((bx - ax) * (_Y - ay) - (by - ay) * (_X - ax)) / long)
    return inside + round_by


def either(*fields: Field) -> Field:
    """Where any of them is."""
    joined: Field = np.maximum.reduce(fields)
    return joined


def both(*fields: Field) -> Field:
    """Where all of them are."""
    met: Field = np.minimum.reduce(fields)
    return met


def below(y: float) -> Field:
    """All that is lower than a height; upside down for what is above it."""
    lower: Field = y - _Y
    return lower


def texture(name: str, field: Field) -> Texture:
    """A field as the shader of letters reads it."""
    made = Texture(name)
    made.setup_2d_texture(PIXELS, PIXELS, Texture.T_unsigned_byte, Texture.F_alpha)
    made.set_ram_image(np.clip(np.rint(255 * (0.5 + field / (2 * _SPREAD))), 0, 255).astype(np.uint8).tobytes())
    made.set_minfilter(SamplerState.FT_linear)
    made.set_magfilter(SamplerState.FT_linear)
    made.set_wrap_u(SamplerState.WM_clamp)
    made.set_wrap_v(SamplerState.WM_clamp)
    return made


def show(look: Look, parent: NodePath, field: Texture, half_m: float, code: str) -> NodePath:
    """Hang a picture of one colour under a parent, its unit `half_m` long, upright and facing -y."""
    side = half_m * REACH
    corners = [(-side, -side), (side, -side), (side, side), (-side, side)]
    points = [(x, 0.0, z) for x, z in corners]
    ends = [(0, 0), (1, 0), (1, 1), (0, 1)]
    node = shapes.mesh(field.name, points, [(0, 1, 2), (0, 2, 3)], [(*colour(code), 1.0)] * 4, ends)
    node.set_texture(field)
    look.text(node)
    node.reparent_to(parent)
    return node
