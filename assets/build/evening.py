"""What belongs to the children's evening: a moon, stars, glowing mushrooms, and the light that lamps throw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from assets.build.kit import Array, Mesh, ball, colour, join, lathe, noise, ramp, smooth_path

Cap = tuple[tuple[str, ...], str]
"""The colours of a mushroom: of its cap from the rim up, and of its dots and gills."""

GLOWING = 2.2
"""How much brighter than white paper something is painted that shall look as if it gave light."""


def glowing(paint: str, strength: float = GLOWING) -> Array:
    """A colour as of something that gives light by itself, however dark it is around it."""
    return colour(paint) * strength


def shining(mesh: Mesh, strength: float) -> Mesh:
    """Brighter than what light could make it, so that it seems to glow."""
    return replace(mesh, colours=np.column_stack([mesh.colours[:, :3] * strength, mesh.colours[:, 3]]))


def moon(azimuth_deg: float, elevation_deg: float, away_m: float, radius_m: float) -> Mesh:
    """A big friendly moon with soft round seas, far out in the sky; 0 is ahead, positive right."""
    seas = ((-0.30, 0.30, 0.30), (0.28, 0.42, 0.20), (0.34, -0.10, 0.26), (-0.20, -0.34, 0.22), (0.06, 0.10, 0.13))

    def paint(points: Array) -> Array:
        shade = np.zeros(len(points))
        for x, y, size in seas:
            away = np.hypot(points[:, 0] - x, points[:, 1] - y) / size
            shade = np.maximum(shade, 1 / (1 + np.exp(14 * (away - 1))))
        return ramp(("#fff0cf", "#eec3b4"), shade) * 1.30

    disc = ball(1, 3).painted(paint).scaled(radius_m, radius_m, radius_m * 0.5).turned("x", elevation_deg)
    up, out = np.sin(np.radians(elevation_deg)) * away_m, np.cos(np.radians(elevation_deg)) * away_m
    return disc.moved(0, up, -out).turned("y", -azimuth_deg)


def stars(count: int, seed: int, away_m: float = 210.0) -> Mesh:
    """Little stars, more of them the higher, none near the horizon."""
    random = np.random.default_rng(seed)
    star = ball(1, 0, glowing("#fff4d8", 4.0))
    placed = []
    for _ in range(count):
        elevation, azimuth = np.arcsin(random.uniform(0.30, 0.97)), random.uniform(0, 2 * np.pi)
        out = np.cos(elevation) * away_m
        place = (out * np.sin(azimuth), np.sin(elevation) * away_m, -out * np.cos(azimuth))
        placed.append(star.scaled(random.choice((0.24, 0.32, 0.5))).moved(*place))
    return join(placed)


def mushroom(paints: Cap, seed: int, stem: str = "#d8c0e0") -> Mesh:
    """A mushroom 1 m high whose dots and gills glow; it stands on y = 0."""
    cap, dots = paints
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


def toadstools(
    spots: Sequence[tuple[float, float, float, int]], caps: Sequence[Cap], height_m: Callable[[float, float], float]
) -> list[Mesh]:
    """Mushrooms at (x, z, how high, which cap), on ground of a height at x and z."""
    kinds, made = [mushroom(cap, k) for k, cap in enumerate(caps)], []
    for k, (x, z, size, kind) in enumerate(spots):
        leaning = kinds[kind].scaled(size).turned("y", 77.0 * k).turned("z", (-6.0, 5.0, 0.0)[k % 3])
        made.append(leaning.moved(x, height_m(x, z) - 0.01, z))
    return made


def lamplit(
    mesh: Mesh, lamps_m: Sequence[Sequence[float]], tint: str, reach_m: float, gain: float, cast: float = 0.0
) -> Mesh:
    """The mesh as lamps at (x, y, z) would light it, without shadows: the bake has a sun and a sky, but no lamps.

    `gain` is how much brighter their light makes a colour, and `cast` how much of the light's own colour it adds.
    """
    light = np.zeros(len(mesh.points))
    for lamp in lamps_m:
        light += np.exp(-(((mesh.points - lamp) / reach_m) ** 2).sum(axis=1))
    pool = np.minimum(light, 1.6)[:, None] * colour(tint)
    return replace(
        mesh, colours=np.column_stack([mesh.colours[:, :3] * (1 + gain * pool) + cast * pool, mesh.colours[:, 3]])
    )
