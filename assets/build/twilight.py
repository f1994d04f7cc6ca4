"""What the children's evening adds to a place: lamplight on what is near it, glowing mushrooms and stars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from assets.build.kit import Array, Mesh, colour, join, lathe, make, noise, ramp, smooth_path, unit


def shining(mesh: Mesh, strength: float) -> Mesh:
    """Brighter than what light could make it, so that it seems to glow."""
    return replace(mesh, colours=np.column_stack([mesh.colours[:, :3] * strength, mesh.colours[:, 3]]))


def lamplit(mesh: Mesh, lamps_m: Sequence[tuple[float, float, float]], tint: str, reach_m: float, gain: float) -> Mesh:
    """The mesh as lamps at these places would light it, without shadows."""
    light = np.zeros(len(mesh.points))
    for lamp in lamps_m:
        light += np.exp(-(((mesh.points - lamp) / reach_m) ** 2).sum(axis=1))
    warm = 1 + gain * np.minimum(light, 1.6)[:, None] * colour(tint)
    return replace(mesh, colours=np.column_stack([mesh.colours[:, :3] * warm, mesh.colours[:, 3]]))


def mushroom(cap: Sequence[str], stem: str, dots: str, seed: int) -> Mesh:
    """A mushroom 1 m high whose dots and gills glow; it stands on y = 0."""
    random = np.random.default_rng(seed)
    foot = lathe([(0.0, -0.05), (0.17, -0.03), (0.145, 0.2), (0.11, 0.45), (0.10, 0.62)], sides=9)
    foot = foot.painted(lambda p: ramp((stem, dots), np.clip((p[:, 1] - 0.35) / 0.4, 0, 1)))
    profile = [(0.10, 0.60), (0.30, 0.545), (0.435, 0.55), (0.47, 0.60)]
    profile += [(0.43, 0.74), (0.30, 0.89), (0.14, 0.97), (0.0, 0.99)]
    dome = lathe(profile, sides=13)
    under = 1 - np.clip((dome.points[:, 1] - 0.545) / 0.05, 0, 1)
    tone = np.clip((dome.points[:, 1] - 0.56) / 0.42 + 0.25 * (noise(dome.points, 0.3, seed) - 0.5), 0, 1)
    paint = ramp(cap, tone) * (1 - under[:, None]) + 1.5 * ramp((dots,), under) * under[:, None]
    return join([foot, dome.painted(paint), shining(_dots(profile[3:], random).painted(dots), 1.9)])


def _dots(profile: Sequence[tuple[float, float]], random: np.random.Generator) -> Mesh:
    """Round spots lying on a dome turned about y."""
    line, spots = smooth_path(profile, 8), []
    for k in range(12):
        at = 2 + 2 * k
        (radius, height), (inwards, up) = line[at], line[at + 1] - line[at]
        spot = lathe([(1.0, -0.05), (0.0, 0.24)], sides=8).scaled(random.uniform(0.028, 0.055))
        laid = spot.turned("z", np.degrees(np.arctan2(-inwards, up)) - 90)
        spots.append(laid.moved(radius, height, 0).turned("y", 137.5 * k))
    return join(spots)


def stars(count: int, seed: int, away_m: float = 210.0) -> Mesh:
    """Small bright diamonds about the sky, none near the horizon."""
    random = np.random.default_rng(seed)
    out = unit(random.normal(size=(count * 4, 3)))
    out = out[(out[:, 1] > 0.24) & (out[:, 1] < 0.95)][:count]
    made = []
    for direction in out:
        side = unit(np.cross(direction, (0.0, 1.0, 0.0)))
        up, size = np.cross(side, direction), random.uniform(0.20, 0.55)
        corners: Array = np.array([side, up, -side, -up]) * size + direction * away_m
        made.append(make(corners, np.array([(0, 1, 2), (0, 2, 3)])))
    return join(made).painted(np.array([3.0, 2.7, 2.6]))


def toadstools(spots: Sequence[tuple[float, float, float, float]], kinds: Sequence[Mesh]) -> list[Mesh]:
    """Mushrooms of kinds in turn at (x, y, z, height)."""
    made = []
    for k, (x, y, z, size) in enumerate(spots):
        leaning = kinds[k % len(kinds)].scaled(size).turned("y", 77.0 * k).turned("z", (-6.0, 5.0, 0.0)[k % 3])
        made.append(leaning.moved(x, y - 0.01, z))
    return made
