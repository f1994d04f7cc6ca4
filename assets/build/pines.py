"""Umbrella pines for the shore: leaning trunks, flat crowns, and one close by whose crown shades the view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.kit import Array, Mesh, join, noise, ramp, tube
from assets.build.plants import canopy, crown_paint, leafy

Shape = tuple[Mesh, Mesh]
FLAT = 0.62


def pine_shapes(seed: int, triangles: int) -> list[Shape]:
    """Three (trunk, crown) shapes of a pine about 4 m high, to be placed, turned and coloured many times."""
    random = np.random.default_rng(seed)
    shapes = []
    for kind in range(3):
        lean = random.uniform(-0.7, 0.7)
        knots = [(0, -0.5, 0, 0.20), (0.1 * lean, 0.4, 0, 0.15), (0.5 * lean, 1.9, 0.1, 0.12), (lean, 3.2, 0, 0.08)]
        limb = [(0.6 * lean, 2.1, 0.08, 0.08), (0.6 * lean - 0.5, 2.8, 0.2, 0.05), (0.6 * lean - 0.7, 3.3, 0.2, 0.03)]
        lobes = [(lean, 3.55 / FLAT, 0, 0.72)]
        for angle in np.arange(6) * np.pi / 3 + random.uniform(0, 1):
            out = random.uniform(0.75, 1.15)
            high = random.uniform(3.2, 3.5) / FLAT
            lobes.append((lean + out * np.cos(angle), high, out * np.sin(angle), random.uniform(0.45, 0.62)))
        crown = canopy(lobes, 0.13, triangles, seed + 10 * kind).scaled(1, FLAT, 1)
        shapes.append((join([tube(knots, sides=7, steps=2), tube(limb, sides=5, steps=1)]), crown))
    return shapes


def bark(points: Array, palette: Sequence[str]) -> Array:
    """Warm plates, long along the trunk."""
    return ramp(palette, noise(points * np.array([1.0, 0.35, 1.0]), 0.22, 31))


def pine(shape: Shape, palette: Sequence[str], wood: Sequence[str], seed: int) -> Mesh:
    """A pine for the distance."""
    trunk, crown = shape
    return join([trunk.painted(lambda p: bark(p, wood)), crown.painted(crown_paint(palette, seed))])


def shade(palette: Sequence[str], wood: Sequence[str]) -> Mesh:
    """A pine that leans in from the right, its crown over the upper corner of the view."""
    trunk = [(4.7, -0.3, -3.9, 0.27), (4.55, 0.4, -3.95, 0.21), (4.0, 1.9, -4.2, 0.17), (3.7, 3.0, -4.3, 0.14)]
    trunk += [(3.2, 3.9, -4.3, 0.10)]
    left = [(3.75, 2.7, -4.3, 0.10), (3.0, 3.3, -4.5, 0.07), (2.2, 3.55, -4.6, 0.045), (1.7, 3.75, -4.6, 0.02)]
    right = [(3.85, 2.5, -4.25, 0.09), (4.6, 3.2, -4.0, 0.06), (5.2, 3.6, -3.9, 0.03)]
    lobes = [(1.75, 3.85, -4.65, 0.52), (2.45, 4.05, -4.5, 0.66), (3.2, 4.3, -4.4, 0.82), (4.1, 4.2, -4.1, 0.80)]
    lobes += [(4.9, 3.95, -3.9, 0.70), (2.8, 4.0, -5.1, 0.60), (3.7, 4.0, -5.0, 0.66), (3.3, 4.15, -3.6, 0.6)]
    flat = [(x, y / FLAT, z, r) for x, y, z, r in lobes]
    crown = canopy(flat, 0.11, 900, 51).scaled(1, FLAT, 1)
    needles = leafy(crown, 460, 0.21, palette, 52, np.array([0.0, 1.6, 0.0]))
    limbs = [tube(trunk, sides=12, steps=8), tube(left, sides=8, steps=5), tube(right, sides=7, steps=4)]
    return join(
        [
            *(limb.painted(lambda p: bark(p, wood)) for limb in limbs),
            crown.painted(crown_paint(palette, 53)).swaying(0.06),
            needles,
        ]
    )
