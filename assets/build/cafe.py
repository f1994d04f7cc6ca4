"""The café: a sunny pavilion with a counter, an awning and tables, and a square to look at; for children, at dusk."""

from __future__ import annotations

import numpy as np

from assets.build.cafe_things import PAINTS, awning, counter, fountain, parasol, rack, table, tiles
from assets.build.evening import lamplit, moon, shining, stars
from assets.build.festoon import bunting
from assets.build.kit import Array, Mesh, box, join, noise, ramp, tube
from assets.build.land import clouds, hill, meadow, smoothstep
from assets.build.looks import DAY, EVENING, Look
from assets.build.meadow_looks import DAY as MEADOW_DAY
from assets.build.meadow_looks import DUSK as MEADOW_DUSK
from assets.build.open_air import lantern, pot
from assets.build.palette import CORAL, CREAM, TEAL
from assets.build.plants import far_tree, fruit_tree, small_trees
from assets.build.studio import Model
from assets.build.town import cottage, house
from assets.build.village import TILE, tower

HALF_M, ENDS_M = 2.8, (-3.2, 2.4)
FOUNTAIN = (0.9, -13.5)
# x, z, turn about y, width, height, wall, roof.
HOUSES = (
    (-16.0, -15.0, 62, 3.0, 3.5, "#f3d9b0", CORAL), (-13.4, -19.8, 40, 2.9, 2.9, "#bfe0d6", TILE),
    (-9.8, -23.0, 22, 2.7, 3.6, "#f6c9a8", TEAL), (-6.2, -24.6, 10, 2.9, 3.0, "#fff1dc", CORAL),
    (-2.6, -25.2, 4, 2.6, 3.5, "#fbe6b8", TILE), (4.4, -25.2, -5, 2.8, 3.6, "#a9d6d6", CORAL),
    (8.0, -24.0, -14, 2.7, 2.9, "#f2b79a", TEAL), (11.4, -21.8, -28, 2.9, 3.5, "#fff1dc", TILE),
    (14.2, -18.4, -44, 2.7, 3.0, "#f3d9b0", CORAL), (16.6, -14.0, -62, 3.0, 3.5, "#cfe3b4", TILE),
)  # fmt: skip
# x, z: tables in the pavilion and on the square, those with a parasol last.
TABLES = ((2.05, -1.85), (-2.3, -5.6), (3.3, -6.0), (-5.2, -9.4))
POTS = (
    (3.5, -4.3, 1.2),
    (-3.6, -4.5, 1.2),
    (-2.55, -3.0, 1.1),
    (2.5, -3.0, 1.1),
    (-0.95, -3.15, 0.8),
    (1.3, -3.15, 0.8),
)
TREES = (
    (12.6, -8.2, 1.35),
    (-12.4, -8.6, 1.35),
    (13.8, -2.2, 1.3),
    (-6.4, -10.2, 1.15),
    (7.4, -10.8, 1.2),
    (-8.6, -15.6, 1.3),
    (9.6, -16.4, 1.25),
    (-4.6, -18.8, 1.1),
    (5.2, -19.4, 1.15),
)
LANTERNS = ((-1.7, 0.30), (-0.9, 0.42), (0.2, 0.34), (1.1, 0.44), (1.9, 0.30))


def place(look: Look, *, dusk: bool) -> dict[str, Mesh]:
    """The layers of the café in one of its looks."""
    tall = join([table(PAINTS, k).moved(x, 0, z) for k, (x, z) in enumerate(TABLES[:1])])
    inside = join([tiles(HALF_M, ENDS_M, ("#f4e6cc", "#e0a27c", "#b9a58a")), *_walls(), counter(PAINTS), tall])
    stand = rack(PAINTS).moved(-2.55, 0, -2.1)
    made = [look.made(thing) for thing in (inside, stand, *awning(PAINTS, 2.62, -2.85))]
    near = join([*made, *_pots(dusk=dusk)])
    outside = [table(PAINTS, k).moved(x, 0, z) for k, (x, z) in enumerate(TABLES[1:])]
    outside += [parasol(PAINTS).moved(x, 0, z) for x, z in TABLES[1:]]
    outside += _houses()
    outside += [
        tower().scaled(1.25).moved(0.9, 0, -29.0),
        fountain(PAINTS, "#8fd0cc").moved(FOUNTAIN[0], 0, FOUNTAIN[1]),
    ]
    mid = join(
        [
            meadow(lambda places: np.full(len(places), -0.02), lambda p: _square(p, look), fine=0.6),
            *map(look.made, outside),
            *_trees(look),
            *_lines(),
        ]
    )
    sky = clouds(41, 8.0).painted(look.cloud)
    if dusk:
        near = lamplit(near, [(x, 2.55 - drop, -2.95) for x, drop in LANTERNS], "#ffc890", 1.4, 0.4)
        sky = join([sky, stars(70, 15), moon(-20, 25, 140, 8.0)])
    return {"near": join([near, *_lanterns(dusk=dusk)]), "mid": mid, "far": join(_hills(look)), "clouds": sky}


def _houses() -> list[Mesh]:
    """The row around the square, those aside of the view with fewer faces, and the house behind the pavilion."""
    row = []
    for k, (x, z, turn, wide, high, wall, roof) in enumerate(HOUSES):
        home = (
            house(wide, high, 2.6, wall, roof, k) if abs(x) < 9 else cottage(wall, roof).scaled(wide / 3, high / 2.5, 1)
        )
        row.append(home.turned("y", turn).moved(x, 0, z))
    return [*row, house(5.4, 3.0, 2.6, "#fbe6b8", CORAL, 4).turned("y", 180).moved(0, 0, 4.3)]


def _walls() -> list[Mesh]:
    """Low walls at the sides with a sill, and a kerb ahead."""
    parts = []
    for side in (-1, 1):
        parts.append(box(0.14, 0.62, 5.4, CREAM, 0.01, 0.5).moved(side * (HALF_M + 0.05), 0.31, -0.4))
        parts.append(box(0.22, 0.05, 5.5, PAINTS.wood[1], 0.012, 0.5).moved(side * (HALF_M + 0.05), 0.64, -0.4))
    return [*parts, box(2 * HALF_M + 0.3, 0.05, 0.16, PAINTS.stone[1], 0.012, 0.4).moved(0, -0.018, ENDS_M[0] - 0.06)]


def _pots(*, dusk: bool) -> list[Mesh]:
    paints = (MEADOW_DUSK if dusk else MEADOW_DAY).paints
    return [pot(paints, k).scaled(size).moved(x, 0, z) for k, (x, z, size) in enumerate(POTS)]


def _lanterns(*, dusk: bool) -> list[Mesh]:
    """Paper lanterns under the beam, which shine at dusk."""
    tints = (("#fff1d0", "#f4cf90"), ("#ffd9c0", "#f2a488"), ("#e4f2e4", "#a4d0c4"))
    hung = []
    for k, (x, drop) in enumerate(LANTERNS):
        light = lantern(0.15, *tints[k % 3], "#8a5a3c", rows=11, sides=18)
        cord = tube([(0, 0.15, 0, 0.007), (0, drop, 0, 0.007)], "#8a5a3c", 5, 1)
        hung.append(join([shining(light, 2.1) if dusk else light, cord]).moved(x, 2.62 - drop, -2.95))
    return hung


def _square(points: Array, look: Look) -> Array:
    """Pale paving on the square, in rings around the fountain, and grass behind the houses."""
    places = points[:, [0, 2]]
    away = np.hypot(places[:, 0] - FOUNTAIN[0], places[:, 1] - FOUNTAIN[1])
    tone = 0.30 + 0.30 * noise(places, 2.4, 61) + 0.18 * np.cos(away * 1.5) + 0.25 * (noise(places, 0.9, 62) - 0.5)
    paving = ramp((look.sand[1], look.sand[0], look.stones[1]), np.clip(tone, 0, 1))
    green = ramp(look.grass, np.clip(0.3 + 0.5 * noise(places, 7.0, 63), 0, 1))
    beyond = smoothstep(17.0, 21.0, np.hypot(places[:, 0], 0.85 * (places[:, 1] + 8.0)))
    share = np.maximum(beyond, smoothstep(2.2, 4.0, places[:, 1]))[:, None]
    return paving * (1 - share) + green * share


def _trees(look: Look) -> list[Mesh]:
    """Trees on the square with leaves on the side that is seen, and others behind the houses."""
    shapes, made = small_trees(25, 170), []
    for k, (x, z, size) in enumerate(TREES):
        seen_from = np.array([-x, 0.8, -z])
        tree = fruit_tree(
            shapes[k % 4], look.foliage[("sage", "lime")[k % 2]], look.fruit[k % 3], 90, k, seen_from, look.bark
        )
        made.append(tree.scaled(size).moved(x, 0, z))
    low, random = small_trees(26, 70), np.random.default_rng(45)
    for k in range(24):
        azimuth, away = (
            np.radians(random.uniform(-75, 75) if k % 4 else random.uniform(90, 270)),
            random.uniform(30, 44),
        )
        tree = far_tree(low[k % 4], look.foliage[("sage", "lime", "autumn")[k % 3]], k, look.trunk).scaled(
            random.uniform(1.2, 1.9)
        )
        made.append(tree.turned("y", 50.0 * k).moved(away * np.sin(azimuth), 0, -away * np.cos(azimuth)))
    return made


def _lines() -> list[Mesh]:
    """Bunting over the square."""
    cloth = (CORAL, CREAM, TEAL, "#f2b950")
    ends = (
        ((-12.6, 4.6, -18.4), (-2.4, 4.9, -23.6)),
        ((13.2, 4.6, -17.2), (4.4, 4.9, -23.6)),
        ((-9.0, 4.4, -21.6), (7.6, 4.4, -22.8)),
    )
    return [bunting(start, end, 0.9, cloth, "#8a6a50", 0.62) for start, end in ends]


def _hills(look: Look) -> list[Mesh]:
    sizes = ((70, 8.0, 30, 51), (104, 15.0, 42, 52), (150, 26.0, 56, 53))
    return [
        hill(away, high, wide, low, top, seed)
        for (away, high, wide, seed), (low, top) in zip(sizes, look.hills, strict=False)
    ]


MODELS = {
    "cafe": Model(lambda: place(DAY, dusk=False), DAY.light),
    "cafe_dusk": Model(lambda: place(EVENING, dusk=True), EVENING.light),
}
