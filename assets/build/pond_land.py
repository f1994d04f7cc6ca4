"""The lie of the pond: where its water ends, its banks, the paths about it."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, facing_up, noise, ramp, sheet, smooth_path
from assets.build.land import azimuths, polar, smoothstep
from assets.build.pond_looks import Look

WATER_M = -0.34
# Middle and half axes of the basins of the pond (x, z): itself, a bay at the right, the stream that leaves.
BASINS = ((-0.6, -10.4, 9.6, 11.6), (7.5, -8.5, 5.4, 4.6), (3.9, -22.5, 1.7, 13.0))
PATHS = (
    [(0.6, 15.0), (0.3, 8.0), (0.0, 2.2)],
    [(0.4, 7.0), (-5.5, 4.2), (-10.5, 0.4), (-13.4, -5.5), (-13.6, -12.5), (-11.4, -19.5), (-6.0, -24.2), (1.6, -25.4)],
    [(6.2, -25.4), (10.6, -22.6), (14.5, -17.0), (15.4, -10.0), (12.6, -2.4), (7.0, 3.4), (0.4, 7.0)],
)


def inside_m(places: Array) -> Array:
    """About how far places (n, 2) are within the edge of the water; negative on land."""
    found = np.full(len(places), -np.inf)
    for x, z, wide, deep in BASINS:
        u, v = (places[:, 0] - x) / wide, (places[:, 1] - z) / deep
        found = np.maximum(found, (1 - np.hypot(u, v)) * min(wide, deep))
    rough: Array = found + 0.7 * (noise(places, 3.4, 51) - 0.5)
    return rough


def ground_m(places: Array) -> Array:
    """The height of banks and bed at places (n, 2)."""
    inside = inside_m(places)
    bank = -0.52 + 0.38 * smoothstep(-0.1, 0.7, -inside)
    bed = -0.9 * smoothstep(0.0, 2.2, inside)
    away = np.hypot(*places.T)
    rolling = 1.2 * (noise(places, 15.0, 52) - 0.10) * smoothstep(1.5, 9.0, -inside)
    heights: Array = bank + bed + rolling + 2.4 * smoothstep(34, 90, away)
    return heights


def ground_at(x: float, z: float) -> float:
    """The height at one place."""
    return float(ground_m(np.array([[x, z]]))[0])


def off_m(places: Array) -> Array:
    """How far places (n, 2) are from the middle of the nearest path."""
    middle = np.concatenate([smooth_path(line, 8) for line in PATHS])
    away_m: Array = np.linalg.norm(places[:, None] - middle[None], axis=2).min(axis=1)
    return away_m


def ground(look: Look) -> Mesh:
    """Lawn, muddy edge and bed, from under the deck to 96 m."""
    radii = np.concatenate([[0.02, 0.8], np.geomspace(1.6, 30, 40), np.geomspace(33, 96, 8)])
    grid = polar(radii, azimuths(80, 30))
    flat = grid.reshape(-1, 2)
    points = np.stack([flat[:, 0], ground_m(flat), flat[:, 1]], -1).reshape(*grid.shape[:2], 3)

    def paint(at: Array) -> Array:
        places = at[:, [0, 2]]
        tone = 0.30 + 0.50 * noise(places, 6.0, 53) + 0.26 * (noise(places, 1.4, 54) - 0.5)
        worn = 0.16 * np.exp(-((off_m(places) / 1.0) ** 2))
        lawn = ramp(look.times.grass, np.clip(tone + worn, 0, 1))
        wet = smoothstep(-0.55, 0.05, inside_m(places) + 0.3 * (noise(places, 0.8, 55) - 0.5))[:, None]
        return lawn * (1 - wet) + ramp(look.mud, noise(places, 0.9, 56)) * wet

    return facing_up(sheet(points, wrap=True)).painted(paint)


def mirror() -> Mesh:
    """The water, white where its edge laps at the bank."""
    grid = polar(np.concatenate([[0.05, 0.9], np.geomspace(1.6, 40, 52)]), azimuths(80, 30))
    points = np.stack([grid[..., 0], np.full(grid.shape[:2], WATER_M), grid[..., 1]], -1)
    surface = facing_up(sheet(points, wrap=True))
    inside = inside_m(surface.points[:, [0, 2]])
    lap = 0.28 * (1 - smoothstep(0.0, 0.9, inside)) * (inside > -1.5)
    return surface.swaying(lap).painted("#ffffff")
