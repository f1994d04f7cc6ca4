"""The headland of the shore: rocky hills with pines on the left, which end in an arch."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, ball, join, lumpy, noise, ramp, tube
from assets.build.land import smoothstep
from assets.build.pines import pine, pine_shapes
from assets.build.shore_looks import Look
from assets.build.studio import melted

# The middle of each rock and its half axes; the last three lie alone in the water.
ROCKS = (
    (-31.0, -2.0, -25.0, 12.0, 8.6, 9.0), (-22.0, -2.0, -32.0, 9.5, 7.4, 7.5), (-13.5, -1.5, -34.5, 7.0, 5.6, 5.5),
    (-7.0, -1.2, -35.5, 4.6, 4.3, 4.0), (-2.2, -1.0, -35.0, 1.9, 4.6, 2.1), (6.8, -0.25, -33.2, 1.0, 0.75, 0.8),
    (1.4, -0.2, -33.6, 0.55, 0.4, 0.5), (-8.6, -0.1, -28.0, 0.7, 0.6, 0.6),
)  # fmt: skip
ARCH = (
    (-3.4, 2.6, -35.0, 1.5), (-1.6, 4.2, -35.0, 1.35), (0.6, 4.9, -35.0, 1.15), (2.6, 4.2, -35.0, 1.1),
    (3.7, 2.4, -35.0, 1.25), (4.1, 0.2, -35.0, 1.55), (4.3, -1.6, -35.0, 1.9),
)  # fmt: skip
# x, z, size.
PINES = (
    (-2.3, -35.0, 0.62), (-6.4, -35.2, 0.85), (-8.6, -35.8, 1.0), (-12.0, -34.6, 1.0), (-14.8, -35.6, 1.25),
    (-18.6, -33.0, 1.2), (-21.6, -31.2, 1.4), (-24.5, -33.5, 1.3), (-27.5, -27.5, 1.5), (-31.0, -25.0, 1.5),
    (-34.0, -21.5, 1.4),
)  # fmt: skip


def headland(look: Look) -> list[Mesh]:
    """The rock and its pines."""
    lumps = [_boulder(*axes, k).moved(x, y, z) for k, (x, y, z, *axes) in enumerate(ROCKS)]
    rock = melted(join([*lumps, tube(ARCH, sides=14, steps=6)]), 0.42, 3, 4200)
    shapes, trees = pine_shapes(61, 230), []
    for k, (x, z, size) in enumerate(PINES):
        near = np.hypot(rock.points[:, 0] - x, rock.points[:, 2] - z) < 1.2
        tree = pine(shapes[k % 3], look.pine, look.wood, k).turned("y", 70.0 * k).scaled(size)
        trees.append(tree.moved(x, float(rock.points[near, 1].max()) - 0.15, z))
    return [rock.painted(lambda p: _rock_paint(p, look)), *trees]


def _boulder(x_m: float, y_m: float, z_m: float, seed: int) -> Mesh:
    """A rounded rock of these half axes about the origin."""
    return lumpy(ball(1, 3), 0.16, 0.8, seed).scaled(x_m, y_m, z_m)


def _rock_paint(points: Array, look: Look) -> Array:
    """Layered rock, dark at the foot, with turf where it is high."""
    layers = np.clip(0.34 + 0.07 * points[:, 1] + 0.34 * (noise(points * (0.25, 1.6, 0.25), 1.4, 6) - 0.4), 0, 1)
    stone = ramp(look.rock, layers * smoothstep(-0.3, 0.9, points[:, 1]))
    high = points[:, 1] + 1.2 * (noise(points, 3.0, 7) - 0.5)
    green = smoothstep(2.7, 4.0, high)[:, None]
    return stone * (1 - green) + ramp(look.turf, noise(points, 2.2, 8)) * green
