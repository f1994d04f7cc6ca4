"""The meadow: a flowery clearing with a small open-air stage, by day and, for children, at dusk."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from assets.build.birches import birch, birch_shapes, bough
from assets.build.evening import lamplit, shining, stars, toadstools
from assets.build.kit import Array, Mesh, facing_up, join, noise, ramp, sheet, smooth_path, turn
from assets.build.land import azimuths, clouds, hill, polar, smoothstep, spread, strip
from assets.build.meadow_looks import DAY, DUSK, Look
from assets.build.open_air import MIDDLE_M, arch, bale, balloon, bunting, deck, lantern, lanterns_m, pot
from assets.build.plants import far_tree, flower, flowers, grass, small_trees
from assets.build.studio import Model, prop

PATH = [
    (-7.0, 33.0), (-4.6, 21.0), (-1.2, 12.0), (0.3, 7.0), (0.1, 3.0), (0.05, 0.0), (0.2, -1.3), (0.42, -2.8),
    (0.6, -4.6), (1.5, -7.2), (1.0, -10.4), (-1.3, -14.0), (-1.4, -18.5), (1.8, -23.5), (5.5, -29.0),
]  # fmt: skip


# x, z, height: the last ones, behind the patient, make room for mushrooms at dusk.
BIRCHES = (
    (-4.4, -5.3, 1.02), (4.6, -5.0, 1.0), (-2.8, -8.4, 1.0), (3.8, -8.6, 1.05), (-6.4, -8.4, 1.15), (6.9, -7.9, 1.1),
    (-5.2, -12.4, 1.1), (6.2, -12.9, 1.2), (-9.4, -10.4, 1.2), (9.8, -10.8, 1.25), (-7.9, -3.0, 1.2),
    (8.6, -2.6, 1.15), (-6.0, 3.0, 1.1), (6.2, 3.6, 1.2), (-2.4, 7.2, 1.1), (3.4, 7.8, 1.2), (0.9, 10.5, 1.25),
    (-10.0, -16.5, 1.2),
)  # fmt: skip
# x, z, turn about y: bales, and who sits on each, always two.
BALES = ((3.05, -5.3, -38.0), (4.35, -4.35, -52.0), (-2.35, -5.7, 30.0), (-3.75, -4.9, 46.0))
# x, z.
POTS = ((-1.0, -2.25), (1.75, -1.95))
# x, z, height, which colours.
SHROOMS = (
    (2.65, -3.3, 0.62, 0), (2.95, -3.65, 0.36, 1), (-1.75, -4.4, 0.55, 2), (-2.05, -4.05, 0.34, 0),
    (2.75, -6.9, 0.95, 1), (-2.6, -7.6, 1.15, 2), (5.6, -7.6, 1.5, 0), (6.3, -6.8, 0.8, 1), (-6.4, -7.5, 1.6, 2),
    (1.9, -9.6, 0.7, 0), (-2.2, 1.8, 0.5, 1), (2.4, 2.6, 0.7, 2), (-4.5, 3.5, 1.3, 0), (3.9, 5.5, 1.4, 1),
)  # fmt: skip
CAPS = (
    (("#c4568f", "#e87aa0", "#ffa8a8"), "#ffe9b0"),
    (("#5a58b8", "#7f7ad0", "#a8a0e4"), "#a8f4e4"),
    (("#2f8fa8", "#4fb8b8", "#8fe0cc"), "#d8fff0"),
)


def ground_m(places: Array) -> Array:
    """The height of the ground at (n, 2) of x and z: flat about the patient and the stage, rolling beyond."""
    away = np.hypot(places[:, 0], places[:, 1] + 1.5)
    rolling = 1.3 * (noise(places, 19.0, 14) - 0.5) + 0.25 * (noise(places, 6.0, 15) - 0.5)
    rise = 2.4 * smoothstep(26, 80, away) * (0.5 + 0.9 * noise(places, 42.0, 16))
    return rolling * smoothstep(5.5, 18, away) + rise


def _ground_at(x: float, z: float) -> float:
    return float(ground_m(np.array([[x, z]]))[0])


def _off_path_m(places: Array) -> Array:
    middle = smooth_path(PATH, 8)
    away_m: Array = np.linalg.norm(places[:, None] - middle[None], axis=2).min(axis=1)
    return np.minimum(away_m, np.hypot(places[:, 0] - MIDDLE_M[0], places[:, 1] - MIDDLE_M[1]) - 0.95)


def place(look: Look) -> dict[str, Mesh]:
    """The layers of the meadow in one of its looks."""
    pots = [pot(look.paints, k).moved(x, 0, z) for k, (x, z) in enumerate(POTS)]
    near = join([bough(look.birch, look.bark), *_growth(look), *pots])
    made = [deck(look.paints), arch(look.paints), *bunting(look.paints), *_audience(look)]
    mid = join([*_ground(look), *made, *_birches(look)])
    far = join([*_hills(look), *_far_trees(look), *_balloons(look)])
    sky = clouds(23, 14.0).painted(np.array(look.cloud))
    if not look.dusk:
        return {"near": near, "mid": mid, "far": far, "clouds": sky}
    near, mid = (_in_lamplight(layer) for layer in (near, mid))
    return {
        "near": near,
        "mid": join([mid, *toadstools(SHROOMS, CAPS, _ground_at)]),
        "far": far,
        "clouds": join([sky, stars(70, 3)]),
    }


def _in_lamplight(layer: Mesh) -> Mesh:
    shrooms = [(x, 0.6 * size, z) for x, z, size, _ in SHROOMS]
    return lamplit(lamplit(layer, lanterns_m()[1::2], "#ffb070", 1.5, 0.55), shrooms, "#9ff0e0", 1.0, 1.6)


def _ground(look: Look) -> list[Mesh]:
    def paint(points: Array) -> Array:
        places = points[:, [0, 2]]
        tone = 0.22 + 0.55 * noise(places, 5.5, 1) + 0.40 * (noise(places, 1.2, 2) - 0.5)
        worn = 0.22 * np.exp(-((_off_path_m(places) / 0.8) ** 2)) + 0.12 * smoothstep(8, 40, np.hypot(*places.T))
        return ramp(look.ground, np.clip(tone + worn, 0, 1))

    path = strip(PATH, ground_m, 0.46, 0.02, look.sand, look.verge)
    radii = np.concatenate([[0.02, 0.4], np.geomspace(0.75, 92, 45)])
    grid = polar(radii, azimuths(71, 22))
    flat = grid.reshape(-1, 2)
    points = np.stack([flat[:, 0], ground_m(flat), flat[:, 1]], -1).reshape(*grid.shape[:2], 3)
    return [facing_up(sheet(points, wrap=True)).painted(paint), path]


def _audience(look: Look) -> list[Mesh]:
    """Bales with toys on them, aside of the stage."""
    seated = []
    for k, (x, z, angle) in enumerate(BALES):
        pair = [look.toys[(2 * k + j) % len(look.toys)].moved(-0.2 + 0.42 * j, 0.43, 0.02) for j in range(2)]
        row = join([bale(look.paints, k), *pair]).turned("y", angle)
        seated.append(row.moved(x, _ground_at(x, z), z))
    return seated


def _birches(look: Look) -> list[Mesh]:
    shapes = birch_shapes(41, 205)
    trees = []
    for k, (x, z, size) in enumerate(BIRCHES[: 14 if look.dusk else 18]):
        count = 100 if z < -4 and np.hypot(x, z) < 9.5 else 45 if z < 0 else 24
        seen_from = turn("y", -67.0 * k) @ np.array([-x, 0.5, -z])
        tree = birch(shapes[k % 3], look.birch if k % 3 else look.groves[0], look.bark, count, 80 + k, seen_from)
        trees.append(tree.turned("y", 67.0 * k).scaled(size).moved(x, _ground_at(x, z), z))
    return trees


def _growth(look: Look) -> list[Mesh]:
    """Grass in tufts and flowers in drifts, each drift mostly of one kind; at dusk less, as there are mushrooms."""
    tufts = spread(120 if look.dusk else 215, (1.3, 12.0), 2, _tufts)
    blooms = spread(220 if look.dusk else 310, (1.5, 13.0), 3, _drifts)
    kinds = [flower(petals, heart, 5 + k % 2) for k, (petals, heart) in enumerate(look.petals)]
    random = np.random.default_rng(6)
    family = (noise(blooms, 3.4, 33) * 6 - 0.6).astype(int) + random.integers(0, 2, len(blooms))
    return [
        grass(tufts, ground_m, 6, 0.16, look.blades),
        flowers(blooms, ground_m, kinds, np.clip(family, 0, len(kinds) - 1), 7, 0.21),
    ]


def _tufts(places: Array) -> Array:
    return noise(places, 1.0, 31) ** 2 * 1.6 * smoothstep(0.45, 0.6, _off_path_m(places))


def _drifts(places: Array) -> Array:
    ring = np.exp(-(((np.hypot(places[:, 0], places[:, 1] + 2.0) - 3.6) / 1.6) ** 2))
    density = (smoothstep(0.50, 0.72, noise(places, 1.9, 32)) + 0.05) * (0.35 + 0.65 * ring)
    return density * smoothstep(0.48, 0.62, _off_path_m(places))


def _far_trees(look: Look) -> list[Mesh]:
    shapes = small_trees(24, 85)
    random = np.random.default_rng(19)
    trees = []
    for k in range(19 if look.dusk else 26):
        azimuth, away = random.uniform(-180, 180), random.uniform(26, 76)
        if abs(azimuth - 8) < 7 and away < 50:
            continue
        x, z = away * np.sin(np.radians(azimuth)), -away * np.cos(np.radians(azimuth))
        tree = far_tree(shapes[k % 4], look.groves[k % len(look.groves)], k)
        trees.append(tree.turned("y", 50.0 * k).scaled(random.uniform(1.0, 1.9)).moved(x, _ground_at(x, z), z))
    return trees


def _hills(look: Look) -> list[Mesh]:
    sizes = ((86, 10.0, 30, 61), (120, 17.5, 42, 62), (175, 36.0, 60, 63))
    return [
        hill(away, high, wide, low, top, seed)
        for (away, high, wide, seed), (low, top) in zip(sizes, look.hills, strict=True)
    ]


def _balloons(look: Look) -> list[Mesh]:
    first = balloon(look.balloon, "#a5784f")
    second = balloon(look.balloon[::-1], "#a5784f")
    pair = [first.turned("z", -3).moved(-12.5, 21.5, -50.0), second.scaled(0.9).moved(56.0, 18.0, -76.0)]
    return [shining(thing, 1.3) for thing in pair] if look.dusk else pair


def _lit(light: str, deep: str, wood: str) -> Callable[[], Mesh]:
    return lambda: lantern(0.118, light, deep, wood, rows=13, sides=18)


MODELS = {
    "meadow": Model(lambda: place(DAY), DAY.light),
    "meadow_dusk": Model(lambda: place(DUSK), DUSK.light),
    "paper_lantern": prop("paper_lantern", _lit("#fcc861", "#ec7c42", "#8a5a3c")),
    "paper_lantern_dusk": prop("paper_lantern_dusk", _lit("#f9bc54", "#ea6c34", "#7a4f78")),
}
