"""The quay and its houses."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, box, colour, join, noise, ramp, sheet
from assets.build.palette import CORAL, PANE, TEAL
from assets.build.plants import FOLIAGE, far_tree
from assets.build.sea import WATER_M, placed

QUAY = (-11.5, -28.5, 4.0)
SIZE = 1.12
BRICK = "#c9563f"
FRAME, DOORS = "#fff6e6", ("#2f7f92", "#e2694a", "#c98f4a", "#5f9f86")


def house(wide_m: float, high_m: float, deep_m: float, wall: str, roof: str, seed: int) -> Mesh:
    """A gabled house standing on y = 0, its front towards +z at z = deep / 2."""
    random = np.random.default_rng(seed)
    lime = colour(wall) * 1.15
    body = box(wide_m, high_m, deep_m, lime, 0.03, 0.5).moved(0, high_m / 2, 0)
    rise = wide_m * random.uniform(0.36, 0.46)
    parts = [body, _gable(wide_m, high_m, deep_m, rise, lime), *_roof(wide_m, high_m, deep_m, rise, roof)]
    chimney = box(0.32, 0.8, 0.32, "#d9bfa0", 0.03, 0.5).moved(
        wide_m * 0.24 * random.choice((-1, 1)), high_m + rise * 0.75, -0.2
    )
    front = deep_m / 2
    storeys = 2 if high_m > 2.4 else 1
    columns = (-0.27, 0.27) if wide_m > 2.3 else (0.26,)
    for storey in range(storeys):
        for column in columns:
            y = 0.95 + 1.4 * storey
            if storey == 0 and column == columns[0] and storeys == 2:
                continue
            parts.append(_window(DOORS[seed % 4]).moved(column * wide_m, y, front))
    parts.append(_door(DOORS[(seed + 1) % 4]).moved(columns[0] * wide_m if storeys == 2 else -0.25 * wide_m, 0, front))
    if storeys == 2:
        parts.append(_window(DOORS[seed % 4]).scaled(0.75).moved(0, high_m + rise * 0.32, front))
    return join([*parts, chimney])


def _gable(wide: float, high: float, deep: float, rise: float, wall: Array) -> Mesh:
    """Both gable ends, cut small because their edges lie under the roof and bake dark."""
    rows = [
        [(wide / 2 * (1 - up) * across, high - 0.02 + (rise + 0.02) * up, 0.0) for across in np.linspace(-1, 1, 9)]
        for up in np.linspace(0, 0.99, 6)
    ]
    end = sheet(np.array(rows), wall)
    return join([end.moved(0, 0, deep / 2 - 0.01), end.turned("y", 180).moved(0, 0, 0.01 - deep / 2)])


def _roof(wide: float, high: float, deep: float, rise: float, roof: str) -> list[Mesh]:
    slope = np.degrees(np.arctan2(rise, wide / 2))
    length = np.hypot(rise, wide / 2) + 0.24
    slab = box(length, 0.09, deep + 0.36, roof, 0.015, 0.6).moved(length / 2, 0, 0).turned("z", -slope)
    ridge = box(0.18, 0.1, deep + 0.40, roof, 0.03, 0.8).moved(0, high + rise + 0.06, 0)
    return [*(slab.scaled(sign, 1, 1).moved(0, high + rise + 0.01, 0) for sign in (-1.0, 1.0)), ridge]


def cottage(wall: str, roof: str) -> Mesh:
    """A house in few faces for the distance, standing on y = 0, 3 m wide."""
    front = [box(0.5, 0.6, 0.1, PANE).moved(x, 1.5, 1.3) for x in (-0.7, 0.7)]
    walls = box(3.0, 3.6, 2.6, colour(wall) * 1.15, 0, 1.0).moved(0, 0.7, 0)
    return join([walls, _gable(3.0, 2.5, 2.6, 1.2, colour(wall) * 1.15), *_roof(3.0, 2.5, 2.6, 1.2, roof), *front])


def _window(shutter: str) -> Mesh:
    parts = [
        box(0.56, 0.72, 0.06, FRAME, 0.012),
        box(0.42, 0.58, 0.09, PANE, 0.01),
        box(0.03, 0.58, 0.11, FRAME),
        box(0.42, 0.03, 0.11, FRAME),
        box(0.66, 0.09, 0.16, "#d9bfa0", 0.015).moved(0, -0.40, 0.04),
    ]
    parts += [box(0.20, 0.70, 0.05, shutter, 0.012).moved(sign * 0.40, 0, 0.01) for sign in (-1.0, 1.0)]
    return join(parts)


def _door(paint: str) -> Mesh:
    return join(
        [
            box(0.78, 1.5, 0.08, FRAME, 0.015, 0.5).moved(0, 0.77, 0),
            box(0.6, 1.36, 0.13, paint, 0.015, 0.5).moved(0, 0.70, 0),
            box(1.0, 0.14, 0.4, "#d9c9ac", 0.02, 0.5).moved(0, 0.08, 0.15),
        ]
    )


def town(shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """A quay with houses in a row, trees between and a few houses up the hill."""
    quay = join([box(30, 1.9, 8, "#e6d5b6", 0.05, 0.9), box(30.3, 0.22, 8.3, "#f3e6cb", 0.04, 1.2).moved(0, 0.98, 0)])
    quay = quay.painted(
        lambda p: ramp(
            ("#cdb997", "#e3d0ac", "#f3e6cb"), np.clip(0.55 + 0.3 * p[:, 1] + 0.35 * (noise(p, 0.7, 6) - 0.5), 0, 1)
        )
    )
    rows = [
        (-13.3, 3.0, 2.9, "#f3d9b0", CORAL), (-10.0, 2.6, 3.5, "#bfe0d6", BRICK), (-7.0, 2.8, 2.8, "#f6c9a8", TEAL),
        (-3.9, 2.5, 3.7, "#fbe6b8", CORAL), (-0.9, 2.9, 3.0, "#a9d6d6", BRICK), (2.3, 2.6, 3.4, "#f2b79a", TEAL),
        (5.3, 2.7, 2.8, "#fff1dc", CORAL), (8.6, 2.9, 3.3, "#cfe3b4", BRICK), (11.9, 2.6, 2.9, "#f3d9b0", TEAL),
    ]  # fmt: skip
    homes = [
        house(wide, high, 2.6, wall, roof, k).moved(x, 1.105, -0.6 - 0.35 * (k % 3))
        for k, (x, wide, high, wall, roof) in enumerate(rows)
    ]
    trees = [
        far_tree(shapes[k % 4], FOLIAGE["sage"], k).scaled(0.62).moved(x, 1.05, 1.8 + 0.5 * (k % 2))
        for k, x in enumerate((-11.7, -5.4, 0.8, 7.0, 13.2))
    ]
    return [join([quay, *homes, *trees]).scaled(SIZE).turned("y", QUAY[2]).moved(QUAY[0], WATER_M, QUAY[1])]


def shores() -> list[Array]:
    """Where the quay stands in the water."""
    front = [(15.0 * SIZE * x, 4.0 * SIZE) for x in np.linspace(1, -1, 60)]
    return [placed(np.array([(-15.0 * SIZE, -4.0 * SIZE), (15.0 * SIZE, -4.0 * SIZE), *front]), *QUAY)]
