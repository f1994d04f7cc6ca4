"""The windmill at the end of the path."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Mesh, banded, box, join, lathe, tube

WALL, CORAL, TEAL, WOOD = "#fbeed8", "#e07a5c", "#5fa79c", "#b98a5e"


def windmill() -> Mesh:
    """A windmill 9 m high standing on y = 0, its door and sails turned to the patient (+z) and a little to the sun."""
    tower = banded(
        [
            ([(2.32, -0.5), (2.25, 0.0), (2.20, 0.35)], "#d9c3a0"),
            ([(2.20, 0.35), (2.02, 1.5), (1.88, 2.6), (1.78, 3.4)], WALL),
            ([(1.78, 3.4), (1.66, 4.4), (1.56, 5.4), (1.52, 5.9)], WALL),
        ],
        28,
    )
    return join([tower, _gallery(), _cap(), *_openings(), _sails().moved(0, 6.55, 2.35)]).turned("y", -16)


def _gallery() -> Mesh:
    deck = lathe([(1.7, 3.28), (2.38, 3.36), (2.40, 3.46), (1.7, 3.50)], WOOD, 28)
    posts = [
        tube([(2.3, 3.45, 0, 0.045), (2.3, 4.0, 0, 0.04)], WOOD, 5, 1).turned("y", 360 / 12 * k) for k in range(12)
    ]
    rail = [(2.3 * np.cos(t), 4.0, 2.3 * np.sin(t), 0.05) for t in np.linspace(0, 2 * np.pi, 25)]
    struts = [
        tube([(1.78, 2.75, 0, 0.05), (2.25, 3.34, 0, 0.05)], WOOD, 5, 1).turned("y", 360 / 8 * k) for k in range(8)
    ]
    return join([deck, *posts, tube(rail, WOOD, 5, 1), *struts])


def _cap() -> Mesh:
    rows, radius, height = [], 1.86, 5.82
    for k in range(6):
        following = radius * (0.83 if k < 4 else 0.6)
        tint = (CORAL, "#d56d51", "#e88a6a")[k % 3]
        rows.append(
            (
                [
                    (radius - 0.14, height - 0.02),
                    (radius, height - 0.05),
                    (radius * 0.995, height + 0.06),
                    (following, height + 0.44),
                ],
                tint,
            )
        )
        radius, height = following, height + 0.40
    rows.append(([(radius, height), (0.10, height + 0.22), (0.0, height + 0.5)], WOOD))
    return banded(rows, 24)


def _openings() -> list[Mesh]:
    def frame(wide: float, high: float, fill: str) -> Mesh:
        inner = box(wide, high, 0.12, fill, 0.02, 0.4)
        arch = lathe([(wide / 2, -0.06), (wide / 2, 0.06), (0, 0.06)], fill, 10).turned("x", 90).moved(0, high / 2, 0)
        border = box(wide + 0.2, high + 0.12, 0.08, "#e6c9a0", 0.02, 0.4).moved(0, -0.05, -0.02)
        crown = (
            lathe([(wide / 2 + 0.1, -0.04), (wide / 2 + 0.1, 0.04), (0, 0.04)], "#e6c9a0", 10)
            .turned("x", 90)
            .moved(0, high / 2, -0.02)
        )
        return join([inner, arch, border, crown])

    door = join([frame(0.85, 1.35, "#a8693f"), box(0.05, 0.08, 0.1, "#f2c25a", 0.01).moved(0.26, -0.1, 0.06)])
    parts = [door.turned("x", -6).moved(0, 0.80, 2.14)]
    for angle, y, out in ((-38, 2.35, 1.88), (36, 2.5, 1.87), (0, 4.75, 1.60), (52, 4.7, 1.60), (-60, 4.6, 1.61)):
        window = join([frame(0.46, 0.55, TEAL), box(0.72, 0.1, 0.2, WOOD, 0.02).moved(0, -0.38, 0.06)])
        parts.append(window.turned("x", -5).moved(0, y, out).turned("y", angle))
    steps = [
        box(1.5 - 0.25 * k, 0.16, 0.9 - 0.25 * k, "#d8cfbd", 0.03, 0.4).moved(0, 0.05 + 0.15 * k, 2.55 - 0.1 * k)
        for k in range(2)
    ]
    return [*parts, *steps]


def _sails() -> Mesh:
    """Four sails about the hub at the origin, turning about z."""
    arm = [box(0.13, 3.9, 0.13, WOOD, 0.02, 0.8).moved(0, 2.0, 0)]
    arm += [box(0.95, 0.05, 0.05, "#c69a6a", 0, 0.5).moved(0.42, y, 0.02) for y in np.linspace(1.0, 3.8, 8)]
    arm += [box(0.05, 2.9, 0.05, "#c69a6a", 0, 0.5).moved(x, 2.4, 0.02) for x in (0.45, 0.88)]
    cloth = [box(0.8, 2.8, 0.02, "#fff3de", 0, 0.35).moved(0.45, 2.4, -0.02)]
    sail = join([*arm, *cloth]).turned("y", -8)
    hub = lathe([(0.0, -0.9), (0.16, -0.88), (0.2, 0.0), (0.26, 0.05), (0.24, 0.2), (0, 0.3)], WOOD, 14).turned("x", 90)
    return join([hub, *(sail.turned("z", 27 + 90 * k) for k in range(4))])
