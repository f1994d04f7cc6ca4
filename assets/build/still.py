"""The still place, for pauses and for what went wrong: soft ground, a lone tree, far hills, clouds."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assets.build.evening import stars
from assets.build.kit import Array, Mesh, ball, join, noise, ramp
from assets.build.land import hill, meadow, smoothstep, spread
from assets.build.looks import DAY, EVENING, Look
from assets.build.plants import flower, flowers, fruit_tree, grass, small_trees
from assets.build.studio import Model

# x, z, size, which leaves: the first stands alone, the others are far behind it.
TREES = (
    (4.4, -11.0, 1.55, "sage"), (-15.0, -30.0, 1.5, "lime"), (-18.5, -32.0, 1.8, "sage"), (-9.0, -38.0, 1.4, "autumn"),
    (17.0, -33.0, 1.7, "lime"), (24.0, -30.0, 1.6, "sage"),
)  # fmt: skip


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
        mid = [ground, *_trees(look), *_growth(look)]
        return {
            "mid": join(mid),
            "far": join(hills),
            "clouds": join([*sky, *([stars(30, 3)] if look is EVENING else [])]),
        }

    return build


def _trees(look: Look) -> list[Mesh]:
    """A tree on a rise ahead to the right, and a few far behind it."""
    shapes, grown = small_trees(21, 420), []
    for k, (x, z, size, kind) in enumerate(TREES):
        place = (x, float(_ground_m(np.array([[x, z]]))[0]), z)
        leaf_count, seen_from = (520 if k == 0 else 60), np.array((-x, 1.0, -z))
        tree = fruit_tree(shapes[k % 4], look.foliage[kind], look.fruit[0], leaf_count, k, seen_from, look.bark)
        grown.append(tree.scaled(size).moved(*place))
    return grown


def _growth(look: Look) -> list[Mesh]:
    """Tufts and flowers about the feet, thinning out."""
    tufts = spread(int(150 * look.plenty), (1.4, 12.0), 2, lambda p: noise(p, 1.1, 31) ** 2 * 1.6)
    blooms = spread(int(130 * look.plenty), (1.8, 13.0), 3, lambda p: smoothstep(0.5, 0.7, noise(p, 2.6, 33)))
    kinds = [flower(petals, heart, count) for petals, heart, count in look.blooms]
    family = np.arange(len(blooms)) % 4
    return [
        grass(tufts, _ground_m, 6, 0.15, look.blades),
        flowers(blooms, _ground_m, kinds, family, 7, 0.17, look.stem),
    ]


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
