"""Birches for the meadow: white trunks with dark marks, slender crowns of small leaves, a bough that hangs down."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.kit import Array, Mesh, join, make, noise, ramp, smooth_path, tube, unit
from assets.build.land import smoothstep
from assets.build.plants import canopy, crown_paint, leafy, leaves

BIRCH = ("#4a3f45", "#cfc3b4", "#f4ebdb", "#fff8ea")
Shape = tuple[Mesh, Mesh, Mesh]


def birch_shapes(seed: int, triangles: int) -> list[Shape]:
    """Three (trunk, marks, crown) shapes of a birch about 5 m high, to be placed, turned and coloured many times."""
    random = np.random.default_rng(seed)
    shapes = []
    for kind in range(3):
        bend = random.uniform(-0.22, 0.22, 2)
        knots = [(0, -0.3, 0, 0.16), (0, 0.1, 0, 0.12), (bend[0], 1.5, bend[1], 0.095)]
        knots += [(0.7 * bend[0], 2.9, 0.7 * bend[1], 0.07), (bend[0], 4.3, bend[1], 0.03)]
        lobes = [(bend[0], 4.55, bend[1], 0.42), (0.8 * bend[0], 3.9, 0.8 * bend[1], 0.66)]
        for angle in np.arange(5) * 2 * np.pi / 5 + random.uniform(0, 1):
            out, rise = random.uniform(0.36, 0.6), random.uniform(2.55, 3.45)
            lobes.append((0.8 * bend[0] + out * np.cos(angle), rise, 0.8 * bend[1] + out * np.sin(angle), 0.50))
        low = [(x, 0.78 * y, z, r) for x, y, z, r in lobes]
        crown = canopy(low, 0.13, triangles, seed + 10 * kind).scaled(1, 1 / 0.78, 1)
        shapes.append((tube(knots, sides=8, steps=3), _marks(knots, 15, seed + kind), crown))
    return shapes


def birch(shape: Shape, palette: Sequence[str], bark: Sequence[str], count: int, seed: int, seen_from: Array) -> Mesh:
    """A birch with `count` leaves on the side that is seen; `bark` is dark, shade, white and light."""
    trunk, marks, crown = shape
    return join(
        [
            trunk.painted(lambda p: _bark(p, bark)),
            marks.painted(bark[0]),
            crown.painted(crown_paint(palette, seed)).swaying(0.12),
            leafy(crown, count, 0.19, palette, seed, seen_from),
        ]
    )


def _bark(points: Array, palette: Sequence[str]) -> Array:
    pale = ramp(palette[1:], np.clip(0.35 + 0.6 * noise(points, 0.5, 22), 0, 1))
    foot = (1 - smoothstep(0.05, 0.5, points[:, 1])) * noise(points, 0.15, 23)
    return pale + (ramp(palette[:1], foot) - pale) * 0.55 * foot[:, None]


def _marks(knots: Sequence[tuple[float, float, float, float]], count: int, seed: int) -> Mesh:
    """Short dark marks across a trunk, which are finer than its points could be painted."""
    random = np.random.default_rng(seed)
    line, marks = smooth_path(knots, 12), []
    for at in random.uniform(0.06, 0.8, count):
        x, y, z, radius = line[int(at * len(line))]
        angle, half, high = random.uniform(0, 2 * np.pi), random.uniform(0.3, 0.6), random.uniform(0.012, 0.03)
        ring = [(angle + step * half, rise * high) for step, rise in ((-1, 0), (0, 1), (1, 0), (0, -1))]
        corners = [(x + 1.07 * radius * np.cos(t), y + up, z + 1.07 * radius * np.sin(t)) for t, up in ring]
        marks.append(make(np.array(corners), np.array([(0, 1, 3), (1, 2, 3)])))
    return join(marks)


def bough(palette: Sequence[str], bark: Sequence[str]) -> Mesh:
    """A birch to the right of the patient whose bough reaches over the top of the view, with hanging twigs."""
    trunk = [(2.75, -0.3, -1.75, 0.21), (2.70, 0.2, -1.8, 0.165), (2.55, 1.6, -1.95, 0.145), (2.62, 3.2, -2.0, 0.12)]
    trunk += [(2.8, 5.2, -1.9, 0.07)]
    arm = [(2.58, 2.25, -1.98, 0.085), (2.25, 2.85, -2.15, 0.062), (1.6, 3.12, -2.4, 0.045), (0.7, 3.16, -2.75, 0.028)]
    arm += [(0.05, 3.02, -3.0, 0.010)]
    second = [(2.60, 2.75, -2.0, 0.06), (2.2, 3.35, -2.6, 0.04), (1.75, 3.45, -3.3, 0.02), (1.5, 3.3, -3.8, 0.008)]
    wood = [tube(trunk, sides=12, steps=7), tube(arm, sides=8, steps=6), tube(second, sides=6, steps=4)]
    random = np.random.default_rng(12)
    starts = [(line, k) for line in (smooth_path(arm, 8), smooth_path(second, 6)) for k in range(7, len(line), 2)]
    twigs = [_twig(line[k][:3], random, palette) for line, k in starts]
    tufts = [_tuft(line[k][:3], random, palette) for line, k in starts[::2]]
    marks = _marks(trunk, 26, 7).painted(bark[0])
    return join([*(part.painted(lambda p: _bark(p, bark)) for part in wood), marks, *twigs, *tufts])


def _twig(start: Array, random: np.random.Generator, palette: Sequence[str]) -> Mesh:
    """A thin twig that hangs from a place, with leaves on both sides."""
    long = random.uniform(0.30, 0.72)
    swing = random.normal(size=2) * 0.10
    knots = [(*start, 0.007), (start[0] + swing[0], start[1] - 0.4 * long, start[2] + swing[1], 0.005)]
    knots += [(start[0] + 1.2 * swing[0], start[1] - long, start[2] + 1.2 * swing[1], 0.003)]
    line = smooth_path([knot[:3] for knot in knots], 6)[2:]
    count = len(line)
    along = unit(random.normal(size=(count, 3)) * (1, 0.2, 1)) - np.array([0, 0.8, 0])
    tint = ramp(palette[1:], np.clip(0.5 + random.normal(size=count) * 0.25, 0, 1))
    towards = np.tile([0.1, 0.6, 1.0], (count, 1))
    foliage = leaves(line, along, towards, random.uniform(0.075, 0.115, count), tint)
    return join([tube(knots, "#6b5048", 4, 1).swaying(0.15), foliage])


def _tuft(place: Array, random: np.random.Generator, palette: Sequence[str]) -> Mesh:
    """A handful of leaves around a place on the bough."""
    count = 7
    along = unit(random.normal((0.0, 0.3, 0.0), 1.0, (count, 3)))
    tint = ramp(palette[1:], np.clip(0.6 + random.normal(size=count) * 0.22, 0, 1))
    towards = unit(random.normal(size=(count, 3)) * 0.5 + (0, 0.6, 1.0))
    return leaves(place + along * 0.03, along, towards, random.uniform(0.09, 0.14, count), tint)
