"""The lighthouse on its rock."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, ball, banded, box, join, lumpy, noise, ramp, tube
from assets.build.land import smoothstep
from assets.build.palette import CORAL, CREAM, GLASS, TEAL
from assets.build.sea import WATER_M, circle
from assets.build.studio import melted
from assets.build.town import house

AT = (7.6, -25.5)
ROUND = 0.62
ON_ROCK_M = 1.15
# x, y, z and size of its lumps
ROCK = (
    (0.0, -0.6, 0.0, 3.0),
    (-2.6, -0.7, 0.4, 2.2),
    (2.3, -0.9, 0.5, 1.9),
    (-4.6, -0.9, 0.8, 1.3),
    (0.8, -0.9, 2.1, 1.5),
    (4.0, -0.8, 0.9, 1.0),
)


def lighthouse() -> Mesh:
    """A banded lighthouse on a rock, with a keeper's cottage."""
    return join([rock(), join([tower(), cottage()]).moved(0, ON_ROCK_M, 0)]).moved(AT[0], 0, AT[1])


def cottage() -> Mesh:
    """The keeper's, beside a tower that stands at the origin."""
    return house(2.0, 1.5, 1.7, "#fff4e2", CORAL, 3).turned("y", -8).moved(-2.5, -0.25, 0.6)


def tower(*, glass: bool = True) -> Mesh:
    """The tower on y = 0, 9.45 m high, its lamp room from 7.3 to 8.25 m; without glass there is room for a lamp."""
    rings = np.linspace(1.25, 0.80, 8)
    heights = np.linspace(0, 7.0, 8)
    bands = [([(rings[k], heights[k]), (rings[k + 1], heights[k + 1])], (CREAM, CORAL)[k % 2]) for k in range(7)]
    bands += [
        ([(0.80, 7.0), (1.12, 7.12), (1.15, 7.28), (0.6, 7.32)], CREAM),
        *([([(0.50, 7.30), (0.50, 8.25)], GLASS)] if glass else []),
        (
            [
                (0.0, 8.22),
                (0.78, 8.20),
                (0.80, 8.30),
                (0.5, 8.72),
                (0.16, 9.02),
                (0.10, 9.20),
                (0.13, 9.32),
                (0.0, 9.45),
            ],
            CORAL,
        ),
    ]
    bars = [tube([(0.54, 7.28, 0, 0.03), (0.54, 8.24, 0, 0.03)], TEAL, 5, 1).turned("y", 45 * k) for k in range(8)]
    rail = tube([(1.1 * np.cos(t), 7.72, 1.1 * np.sin(t), 0.035) for t in np.linspace(0, 2 * np.pi, 21)], TEAL, 5, 1)
    sticks = [tube([(1.1, 7.28, 0, 0.025), (1.1, 7.72, 0, 0.025)], TEAL, 4, 1).turned("y", 30 * k) for k in range(12)]
    windows = [
        box(0.3, 0.5, 0.2, TEAL, 0.03).moved(0, y, out).turned("y", turn)
        for y, out, turn in ((2.6, 1.08, 0), (4.6, 0.95, -40), (5.6, 0.90, 20))
    ]
    door = box(0.55, 1.05, 0.2, "#a8693f", 0.04, 0.4).moved(0, 0.6, 1.2)
    return join([banded(bands, 26), *bars, rail, *sticks, *windows, door]).turned("y", -12)


def shores() -> list[Array]:
    """Where the rock stands in the water of the harbour."""
    return [np.array(AT) + line for line in rock_lines()]


def rock_lines() -> list[Array]:
    """Where a rock about the origin stands in the water, lump by lump."""
    lines = []
    for x, y, z, size in ROCK:
        reach_m = np.sqrt(max(size**2 - ((WATER_M - y) / ROUND) ** 2, 0.01))
        lines.append(circle(x, z, 0.97 * reach_m))
    return lines


def rock() -> Mesh:
    """The rock under the lighthouse, grass on its back."""
    stones = [
        lumpy(ball(size, 3).scaled(1, ROUND, 1), 0.16, size * 0.6, k).moved(x, y, z)
        for k, (x, y, z, size) in enumerate(ROCK)
    ]

    def paint(points: Array) -> Array:
        green = smoothstep(0.55, 0.95, points[:, 1] + 0.4 * noise(points, 1.2, 3) - 0.2)[:, None]
        stone = ramp(
            ("#b9a58c", "#d6c4a6", "#e8d9bd"),
            np.clip(0.3 + 0.4 * points[:, 1] + 0.4 * (noise(points, 0.8, 4) - 0.5), 0, 1),
        )
        return stone * (1 - green) + ramp(("#8fb980", "#a9cc90"), noise(points, 1.0, 5)) * green

    return melted(join(stones), 0.16, 3, 1500).painted(paint)
