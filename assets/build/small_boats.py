"""Boats at rest in the harbour and a sailing boat on its way out."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, box, facing_up, felt, flipped, join, ramp, sheet, tube
from assets.build.palette import CORAL, CREAM, TEAL
from assets.build.sea import WATER_M, placed
from assets.build.studio import prop

# x, z, turn in degrees, hull, rim
MOORED = (
    (-2.75, -6.6, 34.0, "#f4e8cf", TEAL),
    (6.4, -8.4, -118.0, CORAL, CREAM),
    (-5.4, -15.5, 20.0, "#7fb8bd", CREAM),
)
SAILING = (11.2, -17.5, 62.0)


def moored(*, sailing: bool = True) -> list[Mesh]:
    """Boats at rest, and perhaps a sailing boat on its way out."""
    boats = [
        small_boat(hull, rim, "#e3c493").turned("y", turn).moved(x, WATER_M, z) for x, z, turn, hull, rim in MOORED
    ]
    if sailing:
        boats.append(sailing_boat().turned("y", SAILING[2]).moved(SAILING[0], WATER_M, SAILING[1]))
    return boats


def shores(*, sailing: bool = True) -> list[Array]:
    """Where the boats stand in the water."""
    lines = [_hull_line(x, z, turn, 1.0) for x, z, turn, *_ in MOORED]
    return [*lines, _hull_line(*SAILING, 1.25)] if sailing else lines


def _hull_line(x: float, z: float, turn_deg: float, size: float) -> Array:
    along = np.linspace(-1.55, 1.36, 14)
    half = 0.40 * np.sin(np.clip((along + 1.58) / 1.9, 0, 1) * np.pi / 2) ** 0.8
    side = np.stack([half, along], -1)
    return placed(size * np.concatenate([side, (side * (-1, 1))[::-1]]), x, z, turn_deg)


def small_boat(hull: str, rim: str, inside: str) -> Mesh:
    """A moored boat 3 m long for the distance, its water line at y = 0, bow at -z."""
    z = np.linspace(-1.6, 1.35, 21)
    half = 0.015 + 0.62 * np.sin(np.clip((z + 1.6) / 1.9, 0, 1) * np.pi / 2) ** 0.8 * (
        1 - 0.30 * np.clip(z / 1.35, 0, 1) ** 2
    )
    top = 0.36 + 0.30 * np.clip(-z / 1.6, 0, 1) ** 2 + 0.06 * np.clip(z / 1.35, 0, 1) ** 2
    turns = np.linspace(-1, 1, 15)
    bulge, rise = np.sin(turns * np.pi / 2), 1 - np.cos(turns * np.pi / 2) ** 0.8
    skin = sheet(
        np.array([np.stack([half * b, -0.25 + (top + 0.25) * r, z], -1) for b, r in zip(bulge, rise, strict=True)])
    )
    skin = flipped(facing_up(skin))
    band = np.repeat((np.abs(turns) > 0.86).astype(float), len(z))
    lining = flipped(skin).scaled(0.94, 1, 0.97).moved(0, 0.04, 0).painted(inside)
    stern = np.stack([half[-1] * bulge, -0.25 + (top[-1] + 0.25) * rise, np.full(15, 1.35)], -1)
    transom = felt(sheet(np.array([stern, stern * (1, 0, 1) + (0, top[-1], 0)])).painted(hull), 0.01)
    edge = np.concatenate([np.stack([half, top, z], -1)[::-2], np.stack([-half, top, z], -1)[::2]])
    rail = tube([(*p, 0.034) for p in edge], rim, 7, 2)
    seats = [box(1.04, 0.04, 0.22, rim, 0.005, 0.3).moved(0, 0.24, at) for at in (-0.25, 0.62)]
    return join([skin.painted(ramp((hull, rim), band)), lining, transom, rail, *seats])


def sailing_boat() -> Mesh:
    """A small boat with a coral and a cream sail."""
    hull = small_boat("#f4e8cf", CORAL, "#d9b98a").scaled(1.25)
    mast = tube([(0, 0.1, -0.2, 0.05), (0, 4.3, -0.15, 0.03)], "#b98a5e", 7, 2)
    boom = tube([(0, 0.85, -0.2, 0.035), (0.15, 0.9, 1.6, 0.03)], "#b98a5e", 6, 1)
    return join(
        [
            hull,
            mast,
            boom,
            _sail((0, 4.15, -0.1), (0, 0.95, -0.1), (0.15, 1.0, 1.55), CORAL),
            _sail((0, 3.9, -0.25), (0, 0.95, -0.3), (0.05, 0.75, -1.75), CREAM),
        ]
    )


def _sail(
    top: tuple[float, float, float], foot: tuple[float, float, float], clew: tuple[float, float, float], paint: str
) -> Mesh:
    a, b, c = np.array(top), np.array(foot), np.array(clew)
    grid = []
    for u in np.linspace(0.02, 1, 7):
        left, right = a + (b - a) * u, a + (c - a) * u
        row = [left + (right - left) * v + np.array([0.30, 0, 0]) * 4 * v * (1 - v) * u for v in np.linspace(0, 1, 5)]
        grid.append(row)
    return felt(sheet(np.array(grid), paint), 0.012)


MODELS = {"sailing_boat": prop("sailing_boat", sailing_boat)}
