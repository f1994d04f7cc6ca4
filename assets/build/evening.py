"""What belongs to the children's evening: a moon, stars, glowing mushrooms, and the light that they throw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.kit import Array, Mesh, ball, colour, join, lathe, noise, ramp

GLOWING = 2.2
"""How much brighter than white paper something is painted that shall look as if it gave light."""


def glowing(paint: str, strength: float = GLOWING) -> Array:
    """A colour as of something that gives light by itself, however dark it is around it."""
    return colour(paint) * strength


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


def mushroom(cap: tuple[str, str], stem: str, seed: int, shine: float = 1.0) -> Mesh:
    """A mushroom 1 m high on y = 0 with a domed cap, pale dots and a lit underside."""
    random = np.random.default_rng(seed)
    foot = lathe([(0.16, -0.1), (0.15, 0.05), (0.11, 0.35), (0.12, 0.62), (0.0, 0.64)], colour(stem) * shine, 10)
    gills = lathe([(0.52, 0.60), (0.30, 0.62), (0.11, 0.56)], colour(stem) * 1.5 * shine, 14)
    dome = [(0.53, 0.59), (0.55, 0.64), (0.50, 0.78), (0.38, 0.91), (0.20, 0.99), (0.0, 1.02)]
    top = lathe(dome, sides=14).painted(lambda p: ramp(cap, np.clip((p[:, 1] - 0.58) / 0.42, 0, 1)) * shine)
    dots = []
    for k in range(7):
        turn, lift = 2.4 * k, random.uniform(0.25, 1.35)
        place = (0.51 * np.cos(lift) * np.cos(turn), 0.60 + 0.40 * np.sin(lift), 0.51 * np.cos(lift) * np.sin(turn))
        dots.append(ball(random.uniform(0.04, 0.075), 0, glowing("#fff0dc", 1.4 * shine)).moved(*place))
    return join([foot, gills, top, *dots])


def lit_by(points: Array, spots: Sequence[Sequence[float]], paint: str, strength: float) -> Array:
    """How much colour (n, 3) lamps at spots (x, z, reach in m) add to what is painted at points."""
    total = np.zeros(len(points))
    for x, z, reach_m in spots:
        away = np.hypot(points[:, 0] - x, points[:, 2] - z) / reach_m
        total += np.exp(-(away**2)) * (0.9 + 0.2 * noise(points[:, [0, 2]], 0.4, 5))
    return np.clip(total, 0, 1.3)[:, None] * colour(paint) * strength
