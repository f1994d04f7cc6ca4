"""The lie of the wood: a knoll above a hollow with a brook, and where path, trees and the long branch are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assets.build.kit import Array, Mesh, facing_up, noise, sheet, smooth_path, unit
from assets.build.land import azimuths, polar, smoothstep

PATH = [
    (-1.5, 22.0), (0.9, 13.0), (0.4, 6.0), (0.2, 2.5), (0.0, 0.0), (-0.35, -2.0), (-0.5, -3.6), (0.1, -5.6),
    (0.75, -7.2), (0.95, -9.6), (0.5, -12.5), (-0.3, -16.0), (0.6, -21.0), (2.2, -30.0),
]  # fmt: skip
BROOK = [
    (13.0, -4.6), (9.0, -6.4), (5.6, -8.4), (3.0, -9.0), (0.85, -8.5),
    (-1.6, -7.5), (-4.2, -7.7), (-7.6, -9.6), (-13.0, -10.2),
]  # fmt: skip
BRIDGE = (0.85, -8.5, 4.0)
"""Where the bridge is (x, z) and how it is turned."""
WATER_M, FLOOR_M = -1.72, -1.48
NEAR = (
    (-5.3, -3.3, 0.44, 0), (-3.5, -6.3, 0.34, 1), (5.7, -5.0, 0.46, 0), (6.0, -0.9, 0.40, 1), (-6.2, 1.2, 0.40, 0),
    (3.3, -10.6, 0.34, 1), (-7.4, -8.2, 0.40, 0), (8.6, -8.2, 0.42, 1), (-2.9, -12.0, 0.33, 0),
)  # fmt: skip
BRANCH = [
    (5.85, 1.92, -4.93, 0.22), (5.4, 2.05, -5.08, 0.17), (4.7, 2.14, -5.28, 0.13),
    (3.9, 2.16, -5.55, 0.105), (3.0, 2.20, -5.85, 0.085), (2.1, 2.17, -6.15, 0.066), (1.45, 2.24, -6.35, 0.04),
]  # fmt: skip
"""The long branch (x, y, z, radius) on which friends gather, ahead to the right."""


def ground_m(places: Array) -> Array:
    """The height of the wood's floor at (n, 2) of x and z: level about the patient, falling to the hollow ahead."""
    x, z = places[:, 0], places[:, 1]
    away = np.hypot(x, z)
    ahead = smoothstep(-0.55, 0.25, -z / np.maximum(away, 0.01) + 0.25)
    fall = (FLOOR_M * ahead - 0.25 * (1 - ahead)) * smoothstep(1.45, 4.0, away)
    rolling = 0.5 * (noise(places, 7.0, 5) - 0.5) * smoothstep(3.5, 9, away)
    rise = (2.4 * smoothstep(15, 55, away) + 1.3 * smoothstep(9, 24, np.abs(x))) * (0.6 + 0.8 * noise(places, 30.0, 6))
    bed = 0.55 * np.exp(-((off_m(BROOK, places) / 0.62) ** 2))
    return fall + rolling * smoothstep(0.3, 2.0, off_m(BROOK, places)) + rise - bed


def ground_at(x: float, z: float) -> float:
    """The height at one place."""
    return float(ground_m(np.array([[x, z]]))[0])


def off_m(line: list[tuple[float, float]], places: Array) -> Array:
    """How far each place (n, 2) is from the middle of a path or brook."""
    middle = smooth_path(line, 10)
    away_m: Array = np.linalg.norm(places[:, None] - middle[None], axis=2).min(axis=1)
    return away_m


def free_m(places: Array) -> Array:
    """How far each place (n, 2) is from path, brook and trunks."""
    free = np.minimum(off_m(PATH, places) - 0.1, off_m(BROOK, places) - 0.4)
    for x, z, radius_m, _ in NEAR:
        free = np.minimum(free, np.hypot(places[:, 0] - x, places[:, 1] - z) - radius_m)
    free_m: Array = free
    return free_m


def ground(paint: Callable[[Array], Array]) -> Mesh:
    """The floor from under the feet to 96 m, fine enough for the brook's banks."""
    radii = np.concatenate(
        [[0.02, 0.35], np.geomspace(0.7, 4, 15), np.linspace(4.35, 14, 28), np.geomspace(15, 96, 13)]
    )
    grid = polar(radii, azimuths(86, 22))
    flat = grid.reshape(-1, 2)
    points = np.stack([flat[:, 0], ground_m(flat), flat[:, 1]], -1).reshape(*grid.shape[:2], 3)
    return sheet(points[::-1], wrap=True).painted(paint)


def brook() -> Mesh:
    """The water of the brook; its banks hide its edges."""
    line = smooth_path(BROOK, 8)
    along = unit(np.gradient(line, axis=0))
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    rows = []
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        flat = line + across * 0.95 * share
        rows.append(np.stack([flat[:, 0], np.full(len(flat), WATER_M), flat[:, 1]], -1))
    return facing_up(sheet(np.array(rows), "#ffffff"))
