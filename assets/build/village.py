"""A village below the hill: a church with its tower, and houses around it."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Mesh, ball, box, join, lathe, tube
from assets.build.land import Height
from assets.build.palette import CORAL, PANE, TEAL
from assets.build.town import cottage, house

WALL, STONE, TILE = "#fbeed8", "#d9c3a0", "#c9563f"
CHURCH = (-20.5, -30.0, 24.0)
# x, z, turn about y, width, height, wall, roof.
HOUSES = (
    (-14.6, -28.6, 8.0, 2.6, 2.0, "#f3d9b0", CORAL), (-17.4, -26.0, 22.0, 2.8, 2.7, "#fff1dc", TILE),
    (-24.6, -27.4, 40.0, 2.7, 2.1, "#f6c9a8", CORAL), (-26.4, -31.6, 30.0, 2.9, 2.8, "#fbe6b8", TILE),
    (-15.4, -33.6, 2.0, 2.8, 2.6, "#f2d0b0", TILE), (-11.4, -32.2, -6.0, 2.5, 2.0, "#fff1dc", CORAL),
    (-23.6, -36.0, 20.0, 2.8, 2.7, "#f3d9b0", CORAL), (-18.6, -38.4, 8.0, 2.7, 2.2, "#fbe6b8", TEAL),
    (-29.2, -26.0, 48.0, 2.6, 2.0, "#fff1dc", TEAL), (-12.4, -37.0, -4.0, 2.6, 2.6, "#f6c9a8", TILE),
)  # fmt: skip


def tower() -> Mesh:
    """A square tower 8.4 m high on y = 0 with a clock, an open belfry and a bell in it."""
    body = box(2.1, 5.0, 2.1, WALL, 0.03, 0.7).moved(0, 2.2, 0)
    bands = [box(2.3, 0.16, 2.3, STONE, 0.03, 0.8).moved(0, y, 0) for y in (0.2, 3.1, 4.7)]
    piers = [box(0.34, 1.35, 0.34, WALL, 0.02, 0.5).moved(x * 0.86, 5.40, z * 0.86) for x in (-1, 1) for z in (-1, 1)]
    top = box(2.3, 0.22, 2.3, STONE, 0.03, 0.8).moved(0, 6.12, 0)
    roof = lathe([(1.80, 6.18), (1.70, 6.30), (0.80, 7.5), (0.0, 8.3)], TILE, 4).turned("y", 45)
    ball_and_vane = [
        ball(0.12, 1, "#f2c25a").moved(0, 8.35, 0),
        tube([(0, 8.3, 0, 0.03), (0, 8.9, 0, 0.02)], "#8a5a3c", 5, 1),
    ]
    clock = lathe([(0.50, -0.02), (0.50, 0.04), (0.42, 0.05), (0.0, 0.05)], "#fff6e6", 20).turned("x", 90)
    hands = [
        box(0.05, 0.34, 0.03, "#5a4034").moved(0, 0.15, 0.07),
        box(0.24, 0.05, 0.03, "#5a4034").moved(0.10, 0, 0.07),
    ]
    face = join([clock, lathe([(0.56, -0.03), (0.56, 0.02)], TEAL, 20).turned("x", 90), *hands]).moved(0, 3.95, 1.06)
    bell = lathe([(0.0, 5.15), (0.42, 5.15), (0.34, 5.32), (0.22, 5.75), (0.0, 5.85)], "#e0a63c", 12)
    slits = [
        box(0.30, 0.75, 0.06, PANE, 0.02).moved(0, 1.9, 1.06),
        box(0.06, 0.75, 0.30, PANE, 0.02).moved(1.06, 1.9, 0),
    ]
    return join([body, *bands, *piers, top, roof, *ball_and_vane, face, bell, *slits])


def church() -> Mesh:
    """The tower with a nave behind it."""
    nave = house(3.0, 2.6, 4.6, WALL, TILE, 3).turned("y", 90).moved(3.1, 0, -0.2)
    return join([tower(), nave])


def village(height: Height) -> list[Mesh]:
    """Church and houses on ground of a height at (n, 2) of x and z."""

    def placed(thing: Mesh, x: float, z: float, turn_deg: float) -> Mesh:
        return thing.turned("y", turn_deg).moved(x, float(height(np.array([[x, z]]))[0]) - 0.1, z)

    homes = []
    for k, (x, z, turn, wide, high, wall, roof) in enumerate(HOUSES):
        home = house(wide, high, 2.6, wall, roof, k) if z > CHURCH[1] else cottage(wall, roof).scaled(wide / 3, 0.95, 1)
        homes.append(placed(home, x, z, turn))
    return [placed(church(), *CHURCH), *homes]
