"""The water, and foam where things stand in it."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, facing_up, join, noise, sheet, unit
from assets.build.land import azimuths, polar

WATER_M = -0.12
GREY = "#7f7f7f"


def water(shores: list[Array]) -> Mesh:
    """The sea about the patient, with foam along closed lines (n, 2) where things stand in it."""
    radii = np.concatenate([[0.05], np.geomspace(0.6, 260, 62)])
    grid = polar(radii, azimuths(96, 34))
    points = np.stack([grid[..., 0], np.full(grid.shape[:2], WATER_M), grid[..., 1]], -1)
    surface = facing_up(sheet(points, wrap=True))
    return join([surface, *(foam(line, k) for k, line in enumerate(shores))]).painted(GREY)


def foam(line: Array, seed: int) -> Mesh:
    """A flat band of uneven width outside a closed line, a hand's breadth of it white."""
    along = np.roll(line, -1, axis=0) - np.roll(line, 1, axis=0)
    outwards = unit(np.stack([along[:, 1], -along[:, 0]], -1))
    outwards *= np.sign(np.einsum("ij,ij->i", outwards, line - line.mean(axis=0)).sum())
    width = (0.08 + 0.10 * noise(line, 0.35, seed))[:, None]
    rows = [line + outwards * (width * share - 0.03) for share in (0.0, 0.5, 1.0)]
    band = sheet(
        np.array([np.stack([x, np.full(len(x), WATER_M + 0.006), z], -1) for x, z in (row.T for row in rows)]),
        wrap=True,
    )
    return facing_up(band).swaying(np.repeat([0.75, 1.0, 0.55], len(line)))


def circle(x: float, z: float, radius: float) -> Array:
    """A closed line around a post."""
    turns = np.arange(24) * 2 * np.pi / 24
    return np.stack([x + radius * np.cos(turns), z + radius * np.sin(turns)], -1)


def placed(line: Array, x: float, z: float, turn_deg: float) -> Array:
    """A line of (n, 2) turned about y and moved, as `Mesh.turned` and `Mesh.moved` do."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    moved: Array = line @ np.array([(c, -s), (s, c)]) + (x, z)
    return moved
