"""The orchard: an apple tree whose bough arches over the patient, a meadow, a path to a windmill, hills."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assets.build import dusk, nest
from assets.build.apple_tree import apple_tree
from assets.build.evening import lamplit, stars
from assets.build.garden import basket_on_crates, fence, harvest, ladder
from assets.build.kit import Array, Mesh, ball, join, lathe, lumpy, noise, ramp, smooth_path, tube, turn, unit
from assets.build.land import clouds, hill, meadow, smoothstep, spread, strip
from assets.build.looks import DAY, EVENING, Look
from assets.build.plants import far_tree, flower, flowers, fruit_tree, grass, small_trees
from assets.build.studio import Model, melted
from assets.build.windmill import windmill

MILL = (-5.0, -31.0)
PATH = [
    (2.2, 12.0),
    (0.6, 7.0),
    (0.7, 3.4),
    (0.05, 0.0),
    (-0.35, -1.9),
    (-0.55, -4.0),
    (0.35, -6.6),
    (1.75, -9.6),
    (1.7, -13.0),
    (-0.4, -17.0),
    (-3.0, -21.0),
    (-3.6, -25.0),
    (-4.4, -29.6),
]


def ground_m(places: Array) -> Array:
    """The height of the meadow at (n, 2) of x and z: flat about the patient, a knoll under the mill."""
    x, z = places[:, 0], places[:, 1]
    away = np.hypot(x, z)
    rolling = 1.5 * (noise(places, 22.0, 4) - 0.5) + 0.25 * (noise(places, 6.0, 5) - 0.5)
    knoll = 1.7 * np.exp(-((x - MILL[0]) ** 2 + (z - MILL[1]) ** 2) / 60.0)
    rise = 2.6 * smoothstep(30, 85, away) * (0.6 + 0.8 * noise(places, 45.0, 6))
    calm = 1 - 0.75 * np.exp(-((x - MILL[0]) ** 2 + (z - MILL[1]) ** 2) / 90.0)
    return rolling * smoothstep(3.5, 16, away) * calm + knoll + rise


def _ground_at(x: float, z: float) -> float:
    return float(ground_m(np.array([[x, z]]))[0])


def off_path_m(places: Array) -> Array:
    """How far each place (n, 2) is from the middle of the path."""
    middle = smooth_path(PATH, 10)
    away_m: Array = np.linalg.norm(places[:, None] - middle[None], axis=2).min(axis=1)
    return away_m


def day() -> dict[str, Mesh]:
    """The place by layers; the stage fogs each its own way."""
    look = DAY
    return {
        "near": join([_big_tree(look), basket_on_crates(), harvest(), ladder(), *near_growth(look)]),
        "mid": join([meadow(ground_m, grass_paint(look)), *_middle(look, small_trees(21, 330)), *flock()]),
        "far": join([*far_hills(look), *far_trees(look, small_trees(22, 95))]),
        "clouds": clouds(7),
    }


def evening() -> dict[str, Mesh]:
    """The same orchard at violet dusk, with a dragon's nest."""
    look = EVENING
    ground = lamplit(meadow(ground_m, grass_paint(look), fine=0.8), nest.lamps_m(), dusk.GLOW, 0.55, 0.25, 0.34)
    things = [nest.nest(), *nest.hung_stars(), *nest.mushrooms(ground_m)]
    return {
        "near": join([_big_tree(look, nest.FORK), *things, *near_growth(look)]),
        "mid": join([ground, *_middle(look, small_trees(21, 110))]),
        "far": join([*far_hills(look), *far_trees(look, small_trees(22, 70))]),
        "clouds": join([clouds(7).painted(look.cloud), stars(60, 4)]),
    }


def _big_tree(look: Look, more_limbs: Sequence[Sequence[Sequence[float]]] = ()) -> Mesh:
    return apple_tree(look.foliage["sage"], look.core, look.bark, look.plenty, more_limbs)


def _middle(look: Look, shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    mill = windmill().moved(MILL[0], _ground_at(*MILL) - 0.15, MILL[1])
    return [path(look), look.made(fence(ground_m)), *orchard_trees(look, shapes), look.made(mill)]


def grass_paint(look: Look) -> Callable[[Array], Array]:
    """Grass in patches, lighter far away and worn beside the path."""
    return lambda points: _grass(points, look.grass)


def _grass(points: Array, palette: Sequence[str]) -> Array:
    places = points[:, [0, 2]]
    tone = (
        0.15
        + 0.62 * noise(places, 6.0, 1)
        + 0.42 * (noise(places, 1.2, 2) - 0.5)
        + 0.14 * smoothstep(8, 40, np.hypot(*places.T))
    )
    worn = 0.25 * np.exp(-((off_path_m(places) / 0.9) ** 2))
    return ramp(palette, np.clip(tone + worn, 0, 1))


def path(look: Look) -> Mesh:
    """A sandy path with flat stones, narrowing to the mill."""
    sand = strip(PATH, ground_m, 0.50, lift_m=0.022, inner=look.sand, edge=look.verge)
    random = np.random.default_rng(3)
    line = smooth_path(PATH, 12)
    stones = []
    at = 4
    while at < len(line) - 40:
        x, z = line[at] + random.uniform(-0.16, 0.16, 2)
        y = _ground_at(x, z)
        stone = lumpy(lathe([(1.0, 0.0), (0.97, 0.6), (0.82, 0.95), (0, 1.0)], sides=11), 0.13, 0.9, at)
        size = random.uniform(0.15, 0.24)
        tint = ramp(look.stones, random.random(1))
        stones.append(
            stone.scaled(size, 0.045, size * random.uniform(0.6, 0.8))
            .turned("y", random.uniform(-25, 25))
            .moved(x, y + 0.012 + 0.0028 * np.hypot(x, z), z)
            .painted(tint)
        )
        at += int(random.integers(3, 6))
    return join([sand, *stones])


def orchard_trees(look: Look, shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """Rows of fruit trees left and right, the middle kept open for the sky and the mill."""
    spots = [
        (-3.6, -8.6, "lime", 1.05), (-6.4, -11.2, "autumn", 1.1), (-9.6, -9.0, "sage", 1.2),
        (-9.0, -15.5, "lime", 1.15), (-12.5, -20.0, "autumn", 1.25), (4.6, -10.6, "lime", 1.05),
        (7.4, -13.5, "sage", 1.15), (5.2, -17.5, "autumn", 1.1), (10.6, -9.6, "lime", 1.2), (9.4, -20.5, "sage", 1.2),
        (-6.3, -3.7, "sage", 1.5), (-10.5, 3.0, "sage", 1.2), (-5.0, 8.5, "lime", 1.15), (4.5, 9.0, "autumn", 1.1),
        (9.5, 4.0, "sage", 1.2),
    ]  # fmt: skip
    trees = []
    for k, (x, z, kind, size) in enumerate(spots):
        y = _ground_at(x, z)
        fruit, away = look.fruit[k % 3], np.hypot(x, z)
        seen_from = turn("y", -73.0 * k) @ np.array([-x, 0.5, -z])
        leaves = int((240 if away < 9 else 105 if z < 0 else 60) * look.plenty)
        tree = fruit_tree(shapes[k % 4], look.foliage[kind], fruit, leaves, 60 + k, seen_from, look.bark)
        trees.append(tree.turned("y", 73.0 * k).scaled(size).moved(x, y, z))
    return trees


def flock() -> list[Mesh]:
    """A few sheep in the grass beyond the fence: wool, a dark face, four legs."""
    wool = join([lumpy(ball(0.3, 3), 0.08, 0.18, k).moved(0, 0.55, 0.24 * k - 0.24) for k in range(3)])
    wool = melted(wool, 0.05, 3, 240).painted("#fdf3e0")
    face = ball(1, 1, "#6a5560").scaled(0.11, 0.14, 0.17).turned("x", 35).moved(0, 0.62, -0.54)
    cap = ball(1, 1, "#fdf3e0").scaled(0.10, 0.08, 0.10).moved(0, 0.74, -0.49)
    ears = [ball(1, 0, "#6a5560").scaled(0.09, 0.03, 0.05).moved(side * 0.14, 0.68, -0.48) for side in (-1, 1)]
    legs = [tube([(x, 0, z, 0.04), (x, 0.4, z, 0.05)], "#6a5560", 5, 1) for x in (-0.14, 0.14) for z in (-0.28, 0.26)]
    sheep = join([wool, face, cap, *ears, *legs])
    places = ((3.2, -10.6, -60.0, 1.0), (4.6, -12.4, 250.0, 0.95), (-1.6, -12.2, 140.0, 1.0), (2.5, -10.3, -80.0, 0.62))
    return [sheep.scaled(size).turned("y", angle).moved(x, _ground_at(x, z), z) for x, z, angle, size in places]


def near_growth(look: Look) -> list[Mesh]:
    """Grass in tufts, some along the path, and flowers in drifts."""
    random = np.random.default_rng(1)
    tufts = spread(
        int(480 * look.plenty),
        (0.9, 13.0),
        2,
        lambda p: noise(p, 0.9, 31) ** 2 * 1.6 * smoothstep(0.5, 0.62, off_path_m(p)),
    )
    blooms = spread(int(430 * look.plenty), (1.2, 14.0), 3, _bloom)
    line = smooth_path(PATH, 16)[46:160]
    along = unit(np.gradient(line, axis=0))
    sides = random.choice((-1.0, 1.0), len(line)) * random.uniform(0.52, 0.62, len(line))
    verge = line + np.stack([-along[:, 1], along[:, 0]], -1) * sides[:, None]
    kinds = [flower(petals, heart, count) for petals, heart, count in look.blooms]
    family = (noise(blooms, 4.5, 33) * 5 - 0.5).astype(int) + random.integers(0, 2, len(blooms))
    return [
        grass(tufts, ground_m, 6, 0.15, look.blades),
        grass(verge, ground_m, 8, 0.09, look.blades),
        flowers(blooms, ground_m, kinds, np.clip(family, 0, 3), 7, 0.17, look.stem),
    ]


def _bloom(places: Array) -> Array:
    return (smoothstep(0.55, 0.75, noise(places, 1.9, 32)) + 0.02) * smoothstep(0.5, 0.62, off_path_m(places))


def far_trees(look: Look, shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """Small round trees on the slopes."""
    random = np.random.default_rng(17)
    kinds = list(look.foliage)[:3]
    trees = []
    for k in range(46):
        azimuth, away = random.uniform(-180, 180), random.uniform(34, 80)
        if abs(azimuth + 9) < 9 and away < 45:
            continue
        x, z = away * np.sin(np.radians(azimuth)), -away * np.cos(np.radians(azimuth))
        y = _ground_at(x, z)
        size = random.uniform(1.1, 1.9)
        trees.append(
            far_tree(shapes[k % 4], look.foliage[kinds[k % 3]], k, look.trunk)
            .turned("y", 50.0 * k)
            .scaled(size)
            .moved(x, y, z)
        )
    return trees


def far_hills(look: Look) -> list[Mesh]:
    """Four layers of hills, each further one bluer and smoother."""
    layers = ((92, 10.5, 30, 51), (125, 18.0, 42, 52), (170, 31.0, 55, 53), (225, 50.0, 75, 54))
    return [hill(*row[:3], *paints, row[3]) for row, paints in zip(layers, look.hills, strict=True)]


MODELS = {"orchard": Model(day, DAY.light), "orchard_dusk": Model(evening, EVENING.light)}
