"""What people built by the lake: boat houses on piles with swung roofs, a pagoda, a jetty with lanterns."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from assets.build.festoon import lantern_post
from assets.build.kit import Array, Mesh, ball, box, felt, flipped, join, lathe, sheet, tube
from assets.build.palette import GLASS, PANE

WALL, POST, RED, SLATE = "#fbeedb", "#a5603f", "#cf5a42", "#4f7f86"
JETTY = ((-7.2, -16.5), (-9.4, -19.6), (-11.6, -22.6))


def swung_roof(wide_m: float, deep_m: float, high_m: float, paint: str, edge: str) -> Mesh:
    """A roof whose four sides sag and whose corners point up; the middle of its eaves is the origin."""
    turns = np.linspace(0, 2 * np.pi, 25)
    square = 1 / np.maximum(np.abs(np.cos(turns)), np.abs(np.sin(turns)))
    corner = np.clip((square - 1) / (np.sqrt(2) - 1), 0, 1) ** 2
    rows = []
    for share in np.linspace(0, 1, 6):
        out = 1 - 0.90 * share
        lift = high_m * share**1.7 + 0.14 * wide_m * corner * (1 - share) ** 2
        rows.append(
            np.stack([wide_m / 2 * out * square * np.cos(turns), lift, deep_m / 2 * out * square * np.sin(turns)], -1)
        )
    skin = felt(_outside(np.array(rows), paint), 0.05)
    rim = tube([(*place, 0.035) for place in rows[0][::2]], edge, 5, 1)
    return join([skin, rim])


def _outside(rows: Array, paint: str) -> Mesh:
    """A sheet with its faces up."""
    skin = sheet(rows, paint)
    a, b, c = (skin.points[skin.faces[:, k]] for k in range(3))
    return skin if np.cross(b - a, c - a)[:, 1].sum() > 0 else flipped(skin)


def boat_house(wide_m: float, high_m: float, roof: str) -> Mesh:
    """A house on piles in the water, its floor at y = 0.9, its front to +z."""
    deep = 2.6
    piles = [
        tube([(x * wide_m * 0.45, -0.8, z * 1.2, 0.09), (x * wide_m * 0.45, 0.9, z * 1.2, 0.08)], POST, 7, 1)
        for x, z in product((-1, 0, 1), (-1, 1))
    ]
    floor = box(wide_m + 0.7, 0.14, deep + 0.9, "#c69a6a", 0.02, 0.6).moved(0, 0.86, 0.1)
    body = box(wide_m, high_m, deep, WALL, 0.02, 0.6).moved(0, 0.9 + high_m / 2, 0)
    beams = [
        box(0.12, high_m, 0.12, POST, 0, 0.6).moved(x * wide_m / 2, 0.9 + high_m / 2, deep / 2)
        for x in (-1, -0.33, 0.33, 1)
    ]
    beams += [box(wide_m + 0.14, 0.12, 0.12, POST, 0, 0.6).moved(0, y, deep / 2) for y in (1.0, 0.86 + high_m)]
    panes = [
        box(0.24 * wide_m, 0.46 * high_m, 0.05, PANE, 0, 0.3).moved(x * wide_m, 0.9 + 0.56 * high_m, deep / 2 + 0.02)
        for x in (-0.33, 0.33)
    ]
    door = box(0.24 * wide_m, 0.78 * high_m, 0.05, "#b9784a", 0.01, 0.4).moved(0, 0.9 + 0.42 * high_m, deep / 2 + 0.02)
    rail = [box(wide_m + 0.6, 0.05, 0.05, RED).moved(0, 1.45, deep / 2 + 0.5)]
    rail += [
        box(0.05, 0.5, 0.05, RED).moved(x, 1.2, deep / 2 + 0.5)
        for x in np.linspace(-wide_m / 2 - 0.25, wide_m / 2 + 0.25, 5)
    ]
    low = swung_roof(wide_m + 1.3, deep + 1.3, 0.95, roof, RED).moved(0, 0.86 + high_m, 0)
    top = box(0.5 * wide_m, 0.42, 0.5 * deep, WALL, 0, 0.6).moved(0, 1.65 + high_m, 0)
    cap = swung_roof(0.72 * wide_m + 0.5, 0.72 * deep + 0.5, 0.85, roof, RED).moved(0, 1.84 + high_m, 0)
    return join(
        [
            *piles,
            floor,
            body,
            *beams,
            *panes,
            door,
            *rail,
            low,
            top,
            cap,
            ball(0.12, 1, "#f2b950").moved(0, 2.75 + high_m, 0),
        ]
    )


def pagoda(roofs: int, roof: str) -> Mesh:
    """A tower of narrowing storeys, each under a swung roof, on y = 0."""
    parts, y = [lathe([(2.2, -0.8), (2.1, 0.25), (0.0, 0.26)], "#d9c3a0", 16)], 0.25
    for k in range(roofs):
        wide = 2.3 - 0.42 * k
        parts.append(box(wide, 1.25, wide, WALL, 0.02, 0.5).moved(0, y + 0.62, 0))
        parts += [
            box(0.11, 1.25, 0.11, RED, 0, 0.5).moved(x * wide / 2, y + 0.62, z * wide / 2)
            for x, z in product((-1, 1), (-1, 1))
        ]
        pane = box(0.34 * wide, 0.62, 0.05, PANE, 0, 0.4).moved(0, y + 0.62, wide / 2 + 0.02)
        parts += [pane.turned("y", 90 * side) for side in range(4)]
        parts.append(swung_roof(wide + 1.15, wide + 1.15, 0.62, roof, RED).moved(0, y + 1.22, 0))
        y += 1.62
    return join(
        [
            *parts,
            tube([(0, y, 0, 0.07), (0, y + 0.75, 0, 0.02)], "#f2b950", 7, 2),
            ball(0.13, 1, "#f2b950").moved(0, y + 0.15, 0),
        ]
    )


def jetty(water_m: float) -> list[Mesh]:
    """A walk of planks on piles from the houses towards the raft, with lanterns."""
    ends = np.array(JETTY)
    line = np.concatenate(
        [ends[k] + (ends[k + 1] - ends[k]) * np.linspace(0, 1, 14, endpoint=False)[:, None] for k in range(2)]
    )
    parts = []
    for k, (x, z) in enumerate(line):
        parts.append(
            box(1.3, 0.06, 0.25, ("#c69a6a", "#d0a878", "#b98a5e")[k % 3], 0, 0.7).turned("y", 35).moved(x, 0.42, z)
        )
        if k % 5 == 0:
            parts += [
                tube(
                    [(x + s * 0.5, water_m - 0.5, z - s * 0.35, 0.07), (x + s * 0.5, 0.72, z - s * 0.35, 0.06)],
                    POST,
                    6,
                    1,
                )
                for s in (-1, 1)
            ]
    lamps = [lantern_post(1.1, POST, RED, GLASS).moved(line[k][0] + 0.5, 0.45, line[k][1] - 0.35) for k in (0, 10, 20)]
    return [*parts, *lamps]


def houses(water_m: float) -> list[Mesh]:
    """The row of boat houses on the left."""
    rows: Sequence[tuple[float, float, float, float, float, str]] = (
        (-13.4, -25.2, 30, 3.0, 1.9, SLATE), (-18.6, -23.4, 44, 2.6, 1.7, RED), (-9.0, -28.6, 16, 2.6, 1.7, RED),
        (-22.6, -19.4, 56, 3.0, 1.9, SLATE), (-15.4, -30.4, 26, 2.8, 2.4, "#5f8f7a"),
    )  # fmt: skip
    return [
        boat_house(wide, high, roof).turned("y", turn).moved(x, water_m, z) for x, z, turn, wide, high, roof in rows
    ]
