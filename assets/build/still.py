"""The still place, for pauses and for what went wrong: a bench under a tree where somebody rests, a lamp, far hills."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assets.build.bear import seated_bear
from assets.build.dragon import seated_dragon
from assets.build.evening import glowing, lamplit, moon, stars
from assets.build.festoon import lantern_post
from assets.build.kit import Array, Mesh, box, grain, join, noise, ramp, smooth_path, tube
from assets.build.land import clouds, hill, meadow, smoothstep, spread, strip
from assets.build.looks import DAY, EVENING, Look
from assets.build.plants import far_tree, flower, flowers, fruit_tree, grass, small_trees
from assets.build.studio import Model
from assets.build.terrace import TIMBER

# Between the bench and the tree, and on over the hill.
PATH = [(0.1, 9.0), (-0.2, 4.0), (0.0, 0.0), (0.2, -2.6), (0.8, -5.2), (1.9, -7.2), (2.1, -9.8), (0.6, -14.0)]
PATH += [(-3.4, -19.0), (-4.0, -25.0), (-1.0, -32.0), (2.0, -38.0)]
BENCH, BENCH_TURN_DEG = (3.75, -8.3), -32.0
SEAT_M = 0.44
LAMP, LAMP_M = (2.85, -9.5), 2.45
TREE, TREE_SIZE = (5.0, -9.9), 1.85
# x, z, size, which leaves.
TREES = (
    (-7.4, -15.5, 1.5, "sage"), (-9.6, -17.5, 1.25, "lime"), (-15.0, -30.0, 1.6, "lime"), (-18.5, -32.0, 1.9, "sage"),
    (-21.0, -28.5, 1.5, "autumn"), (13.5, -22.0, 1.5, "lime"), (16.5, -20.0, 1.7, "sage"), (24.0, -30.0, 1.7, "autumn"),
    (9.0, -40.0, 1.6, "sage"), (11.5, -41.0, 1.3, "lime"), (-34.0, -9.0, 1.8, "sage"), (30.0, -6.0, 1.8, "lime"),
    (-14.0, 12.0, 1.6, "sage"), (12.0, 14.0, 1.7, "lime"),
)  # fmt: skip


def place(look: Look) -> Callable[[], dict[str, Mesh]]:
    """The place at a time of day, in layers."""
    dark = look is EVENING

    def build() -> dict[str, Mesh]:
        heights = ((75, 6.0, 34, 71), (105, 11.0, 46, 74), (140, 19.0, 55, 72), (190, 32.0, 70, 73))
        hills = [hill(*row[:3], *paints, row[3]) for row, paints in zip(heights, look.hills, strict=False)]
        ground = meadow(_ground_m, lambda points: _paint(points, look), fine=0.7)
        way = strip(PATH, _ground_m, 0.36, 0.02, look.sand, look.verge)
        lawn = join([ground, way, *_growth(look)])
        middle = lamplit(lawn, [_at(*LAMP, 0.3)], "#ffb070", 1.9, 0.5, 0.30) if dark else lawn
        sky = [clouds(23, 20.0).painted(look.cloud), *([stars(60, 3), moon(-17.0, 15.0, 150.0, 7.0)] if dark else [])]
        return {
            "near": join(_corner(look, dark)),
            "mid": join([middle, *_trees(look)]),
            "far": join(hills),
            "clouds": join(sky),
        }

    return build


def _corner(look: Look, dark: bool) -> list[Mesh]:
    """The bench with the companion at one end of it, so that there is room beside; a lamp, and the tree above."""
    wood = TIMBER[dark]
    rests = seated_dragon().scaled(1.12).moved(0, -0.06, 0) if dark else seated_bear().moved(0, -0.17, 0)
    seated = join([_bench(wood), rests.moved(0.40, SEAT_M, 0.05)])
    bench = seated.turned("y", BENCH_TURN_DEG).moved(*_at(*BENCH))
    glass = glowing("#ffd98a", 3.2) if dark else "#fff0c4"
    post = lantern_post(LAMP_M, wood[0], "#7a4a78" if dark else "#2f7f92", glass).scaled(1.7, 1.0, 1.7)
    seen_from = np.array((-TREE[0], 1.0, -TREE[1]))
    tree = fruit_tree(small_trees(21, 420)[0], look.foliage["sage"], look.fruit[0], 620, 3, seen_from, look.bark)
    tree = tree.scaled(TREE_SIZE).moved(*_at(*TREE))
    lit = [_at(*LAMP, LAMP_M)]
    things = lamplit(join([bench, tree]), lit, "#ffb070", 1.7, 0.6, 0.06) if dark else join([bench, tree])
    return [things, post.moved(*_at(*LAMP))]


def _bench(wood: Sequence[str]) -> Mesh:
    """A garden bench 1.7 m long about the origin, its seat at `SEAT_M`, open to +z."""
    long_m, paint = 1.7, grain(wood, (0.5, 3, 3), 0.4, 5)
    slats = [box(long_m, 0.06, 0.13, paint, 0.012, 0.4).moved(0, SEAT_M - 0.03, z) for z in (-0.15, -0.01, 0.13)]
    backs = [box(long_m, 0.14, 0.04, paint, 0.012, 0.4).moved(0, y, -0.245 - 0.16 * (y - 0.6)) for y in (0.62, 0.80)]
    sides = []
    for x in (-long_m / 2 + 0.09, long_m / 2 - 0.09):
        sides += [box(0.07, SEAT_M, 0.07, wood[0], 0.012, 0.3).moved(x, SEAT_M / 2 - 0.03, z) for z in (-0.17, 0.15)]
        sides.append(tube([(x, 0.36, -0.20, 0.036), (x, 0.62, -0.26, 0.034), (x, 0.90, -0.31, 0.03)], wood[0], 7, 2))
        sides.append(tube([(x, 0.66, -0.26, 0.028), (x, 0.68, 0.02, 0.032), (x, 0.66, 0.17, 0.028)], wood[1], 7, 3))
        sides.append(tube([(x, 0.38, 0.15, 0.028), (x, 0.66, 0.16, 0.026)], wood[0], 7, 1))
    return join([*slats, *backs, *sides])


def _trees(look: Look) -> list[Mesh]:
    """A few trees, alone or in pairs, most of them far."""
    shapes = small_trees(22, 160)
    grown = []
    for k, (x, z, size, kind) in enumerate(TREES):
        tree = far_tree(shapes[k % 4], look.foliage[kind], k, look.trunk).turned("y", 60.0 * k)
        grown.append(tree.scaled(size).moved(*_at(x, z)))
    return grown


def _growth(look: Look) -> list[Mesh]:
    """Tufts and flowers about the feet, thinning out, and a bed of flowers by the bench."""
    tufts = spread(int(170 * look.plenty), (1.4, 13.0), 2, lambda p: _beside(p) * noise(p, 1.1, 31) ** 2 * 1.6)
    blooms = spread(int(230 * look.plenty), (1.8, 14.0), 3, lambda p: _beside(p) * _drifts(p))
    kinds = [flower(petals, heart, count) for petals, heart, count in look.blooms]
    random = np.random.default_rng(8)
    family = np.clip((noise(blooms, 3.6, 34) * 5 - 0.8).astype(int) + random.integers(0, 2, len(blooms)), 0, 3)
    return [
        grass(tufts, _ground_m, 6, 0.15, look.blades),
        flowers(blooms, _ground_m, kinds, family, 7, 0.18, look.stem),
    ]


def _drifts(places: Array) -> Array:
    bed = np.exp(-(((np.hypot(places[:, 0] - BENCH[0], places[:, 1] - BENCH[1]) - 1.5) / 0.7) ** 2))
    return smoothstep(0.5, 0.7, noise(places, 2.4, 33)) + 0.8 * bed


def _beside(places: Array) -> Array:
    """1 where nothing stands in the way of what grows: neither the path nor the bench."""
    free = np.hypot(places[:, 0] - BENCH[0], places[:, 1] - BENCH[1])
    return smoothstep(0.46, 0.62, _off_path_m(places)) * smoothstep(0.7, 0.9, free)


def _off_path_m(places: Array) -> Array:
    middle = smooth_path(PATH, 8)
    away_m: Array = np.linalg.norm(places[:, None] - middle[None], axis=2).min(axis=1)
    return away_m


def _ground_m(places: Array) -> Array:
    away = np.hypot(*places.T)
    return 2.2 * (noise(places, 26.0, 5) - 0.5) * smoothstep(6, 30, away) + 1.5 * smoothstep(40, 90, away)


def _at(x: float, z: float, up_m: float = 0.0) -> tuple[float, float, float]:
    return x, float(_ground_m(np.array([[x, z]]))[0]) + up_m, z


def _paint(points: Array, look: Look) -> Array:
    places = points[:, [0, 2]]
    tone = 0.22 + 0.55 * noise(places, 7.0, 1) + 0.30 * (noise(places, 1.6, 2) - 0.5)
    worn = 0.20 * np.exp(-((_off_path_m(places) / 0.9) ** 2)) + 0.12 * smoothstep(10, 45, np.hypot(*places.T))
    return ramp(look.grass, np.clip(tone + worn, 0, 1))


MODELS = {"still": Model(place(DAY), DAY.light), "still_dusk": Model(place(EVENING), EVENING.light)}
