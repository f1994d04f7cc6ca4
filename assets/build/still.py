"""The still place, for pauses and for what went wrong: soft ground, a few far hills, clouds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assets.build.evening import stars
from assets.build.kit import Array, Mesh, ball, join, noise, ramp
from assets.build.land import hill, meadow, smoothstep
from assets.build.looks import DAY, EVENING, Look
from assets.build.studio import Model


def place(look: Look) -> Callable[[], dict[str, Mesh]]:
    """The place at a time of day, in layers."""

    def build() -> dict[str, Mesh]:
        hills = [
            hill(*row[:3], *paints, row[3])
            for row, paints in zip(((75, 6.0, 34, 71), (120, 15.0, 55, 72)), look.hills, strict=False)
        ]
        ground = meadow(_ground_m, lambda points: _paint(points, look), fine=0.42)
        sky = [
            _cloud(*spot).painted(look.cloud) for spot in ((-34, 15, 1.0), (24, 18, 1.2), (75, 16, 1.0), (170, 17, 1.2))
        ]
        return {"mid": ground, "far": join(hills), "clouds": join([*sky, *([stars(30, 3)] if look is EVENING else [])])}

    return build


def _ground_m(places: Array) -> Array:
    away = np.hypot(*places.T)
    return 2.2 * (noise(places, 26.0, 5) - 0.5) * smoothstep(5, 30, away) + 1.5 * smoothstep(40, 90, away)


def _paint(points: Array, look: Look) -> Array:
    return ramp(look.grass, np.clip(0.30 + 0.5 * noise(points[:, [0, 2]], 9.0, 1), 0, 1))


def _cloud(azimuth_deg: float, elevation_deg: float, size: float) -> Mesh:
    """Three flattened puffs, far away; 0 is ahead, positive right."""
    puffs = [
        ball(r, 1).scaled(1.7, 0.75, 1).moved(x, y, 0) for x, y, r in ((-4.6, 0, 2.4), (0, 0.7, 3.4), (4.4, 0, 2.5))
    ]
    up, out = np.sin(np.radians(elevation_deg)) * 95, np.cos(np.radians(elevation_deg)) * 95
    return join(puffs).scaled(size).moved(0, up, -out).turned("y", -azimuth_deg)


MODELS = {"still": Model(place(DAY), DAY.light), "still_dusk": Model(place(EVENING), EVENING.light)}
