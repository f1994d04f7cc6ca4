"""The hill: a windy green top with a wall and flag poles, wide sky, a village below; for children, at dusk."""

from __future__ import annotations

import numpy as np

from assets.build.evening import moon, stars
from assets.build.kit import Array, Mesh, ball, box, felt, join, lathe, lumpy, noise, ramp, sheet, smooth_path, tube
from assets.build.land import clouds, hill, meadow, smoothstep, spread, strip
from assets.build.looks import DAY, EVENING, Look
from assets.build.plants import far_tree, flower, flowers, grass, small_trees
from assets.build.plush import lamb
from assets.build.studio import Model, prop
from assets.build.village import village
from assets.build.windmill import windmill

PATH = [
    (2.6, 11.0), (1.4, 5.0), (0.3, 1.6), (-0.1, -0.6), (-0.75, -2.4), (-1.9, -4.6), (-3.6, -7.6), (-5.4, -12.0),
    (-8.0, -17.0), (-11.5, -22.0), (-14.5, -25.5),
]  # fmt: skip
MILL = (24.0, -36.0)
# Low clouds and some aside: the sky ahead stays plain, as paths are painted there.
CLOUDS = (
    (-27, 6.5, 118), (9, 5.5, 125), (33, 7.5, 116), (-58, 15, 96), (60, 17, 95), (78, 25, 92), (-80, 26, 92),
    (112, 20, 92), (155, 18, 95), (-150, 22, 95), (-112, 17, 95),
)  # fmt: skip
# Knots of the wall: x and z.
WALL = (
    [(-7.9, -2.4), (-7.2, -3.4), (-5.9, -5.2), (-4.6, -6.2)],
    [(-1.6, -7.3), (0.8, -7.5), (3.4, -7.0), (5.6, -5.6), (7.4, -3.4)],
)
# x, z, size, turn.
SHEEP = (
    (4.3, -5.3, 1.0, -70),
    (-5.6, -3.9, 1.0, 40),
    (-11.0, -9.0, 1.3, 70),
    (-9.6, -10.6, 1.2, 150),
    (9.5, -12.0, 1.3, 250),
)

POLES = ((-3.55, -4.7), (-1.25, -5.15), (1.25, -5.15), (3.55, -4.7))
SOCKS = ((5.3, -6.6), (-6.9, -5.4))
POLE_M, SAG_M = 1.12, 0.16
FLAGS_M = (0.16, 0.33, 0.50, 0.67, 0.84)


def ground_m(places: Array) -> Array:
    """The height of the ground at (n, 2) of x and z: flat about the patient, steep below, a valley."""
    away = np.hypot(places[:, 0], places[:, 1] + 1.2)
    slope = -4.4 * smoothstep(4.5, 30, away)
    rolling = 1.5 * (noise(places, 18.0, 44) - 0.5) + 0.3 * (noise(places, 5.0, 45) - 0.5)
    valley = 1.6 * (noise(places, 40.0, 46) - 0.5) * smoothstep(30, 70, away)
    return slope + rolling * smoothstep(5.0, 18, away) + valley


def _ground_at(x: float, z: float) -> float:
    return float(ground_m(np.array([[x, z]]))[0])


def place(look: Look, *, dusk: bool) -> dict[str, Mesh]:
    """The layers of the hill in one of its looks."""
    near = join([*_growth(look), look.made(join(_wall())), look.made(join(festoon()))])
    ground = meadow(ground_m, lambda points: _green(points, look), fine=0.8)
    path = strip(PATH, ground_m, 0.34, 0.02, look.sand, look.verge)
    flock = [
        lamb("#fff4e2", "#7a6258").scaled(size).turned("y", turn).moved(x, _ground_at(x, z), z)
        for x, z, size, turn in SHEEP
    ]
    mill = windmill().turned("y", -24).moved(MILL[0], _ground_at(*MILL) - 0.2, MILL[1])
    mid = join([ground, path, *(look.made(thing) for thing in (mill, *village(ground_m), *flock))])
    sky = clouds(31, 0.0, CLOUDS).painted(look.cloud)
    if dusk:
        sky = join([sky, stars(80, 9), moon(44, 17, 130, 8.0)])
    return {"near": near, "mid": mid, "far": join([*_hills(look), *_trees(look)]), "clouds": sky}


def _green(points: Array, look: Look) -> Array:
    """Grass with a shorn top, and fields of other greens down in the valley."""
    places = points[:, [0, 2]]
    away = np.hypot(*places.T)
    tone = 0.20 + 0.58 * noise(places, 6.0, 1) + 0.40 * (noise(places, 1.3, 2) - 0.5)
    wobbly = places + 3.0 * (np.stack([noise(places, 9.0, 3), noise(places, 9.0, 4)], -1) - 0.5)
    cell = np.floor(wobbly @ np.array([(0.92, 0.38), (-0.38, 0.92)]) / (8.5, 11.0))
    field = np.modf(np.abs(np.sin(cell @ (12.9898, 78.233)) * 43758.5453))[0]
    below = smoothstep(15, 26, away)
    return ramp(look.grass, np.clip(tone * (1 - 0.75 * below) + (0.05 + 0.9 * field) * 0.75 * below + 0.05, 0, 1))


def _wall() -> list[Mesh]:
    """Dry stones in three courses, open where the path goes through."""
    random, stones = np.random.default_rng(17), []
    for run in WALL:
        line = smooth_path(run, 12)
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        for course in range(3):
            for at in np.arange(0.15 + 0.17 * (course % 2), along[-1], 0.36):
                x, z = (np.interp(at, along, line[:, axis]) for axis in (0, 1))
                dx, dz = (
                    np.interp(at + 0.1, along, line[:, axis]) - np.interp(at - 0.1, along, line[:, axis])
                    for axis in (0, 1)
                )
                size = (random.uniform(0.30, 0.42), random.uniform(0.17, 0.21), 0.34 - 0.05 * course)
                stone = lumpy(box(*size, "#ffffff", 0.045), 0.12, 0.3, int(random.integers(40)))
                tint = ("#cbbfa8", "#dccfb6", "#b8ad9c", "#e6dac2", "#c4b49a")[int(random.integers(5))]
                lying = stone.painted(tint).turned("y", np.degrees(np.arctan2(-dz, dx)) + random.uniform(-8, 8))
                stones.append(lying.moved(x, _ground_at(x, z) + 0.05 + 0.185 * course, z + random.uniform(-0.02, 0.02)))
    return stones


def _cord(k: int) -> Array:
    """The cord between two poles, 11 places from left to right."""
    (ax, az), (bx, bz) = POLES[k], POLES[k + 1]
    share = np.linspace(0, 1, 11)
    a, b = np.array([ax, _ground_at(ax, az) + POLE_M, az]), np.array([bx, _ground_at(bx, bz) + POLE_M, bz])
    return a + (b - a) * share[:, None] - np.stack([0 * share, 4 * SAG_M * share * (1 - share), 0 * share], -1)


def festoon() -> list[Mesh]:
    """White poles with cords between them that flags are put up on, and none before the bell."""
    parts = []
    for x, z in POLES:
        y = _ground_at(x, z)
        pole = lathe([(0.045, -0.2), (0.040, 0.0), (0.030, POLE_M + 0.06), (0.0, POLE_M + 0.07)], "#fff6e6", 10)
        bands = [lathe([(0.0425, h), (0.0415, h + 0.10)], "#e2694a", 10) for h in (0.30, 0.70)]
        parts.append(join([pole, *bands, ball(0.055, 1, "#f2b950").moved(0, POLE_M + 0.10, 0)]).moved(x, y, z))
    parts += [_windsock().moved(x, _ground_at(x, z), z) for x, z in SOCKS]
    cords = [tube([(*place, 0.009) for place in _cord(k)], "#efe0bd", 5, 1) for k in (0, 2)]
    return [*parts, *cords]


def _windsock() -> Mesh:
    """A striped sleeve of cloth that the wind fills, on a pole 2.6 m high."""
    pole = lathe([(0.05, -0.3), (0.045, 0.0), (0.028, 2.6), (0.0, 2.62)], "#fff6e6", 9)
    along = np.linspace(0, 1, 11)
    drop = -0.42 * along**1.7
    radius = 0.20 - 0.11 * along
    rows = [
        [(x, 2.42 + y + r * np.cos(t), r * np.sin(t)) for t in np.linspace(0, 2 * np.pi, 13)]
        for x, y, r in zip(0.06 + 1.15 * along, drop, radius, strict=True)
    ]
    bands = [sheet(np.array(rows[k : k + 3]), ("#e2694a", "#fff6e6")[k // 2 % 2]) for k in range(0, 10, 2)]
    sleeve = join(bands)
    return join([pole, sleeve.swaying(np.clip((sleeve.points[:, 0] - 0.1) * 0.8, 0, 0.9))])


def flags_m() -> list[tuple[float, float, float]]:
    """Where the flags hang: the middle of the upper edge of each, from left to right."""
    lines = [_cord(k) for k in (0, 2)]
    spots = [
        [np.interp(at, np.linspace(0, 1, 11), line[:, axis]) for axis in range(3)] for line in lines for at in FLAGS_M
    ]
    return [(round(x, 3), round(y, 3), round(z, 3)) for x, y, z in spots]


def _growth(look: Look) -> list[Mesh]:
    """Long grass in the wind and flowers in drifts."""
    tufts = spread(420, (1.0, 11.0), 12, _tufts)
    blooms = spread(260, (1.4, 12.0), 13, _drifts)
    kinds = [flower(petals, heart, count) for petals, heart, count in look.blooms]
    family = np.clip((noise(blooms, 3.0, 34) * 6 - 0.8).astype(int), 0, len(kinds) - 1)
    return [
        grass(tufts, ground_m, 21, 0.21, look.blades),
        flowers(blooms, ground_m, kinds, family, 22, 0.24, look.stem),
    ]


def _off_path_m(places: Array) -> Array:
    middle = smooth_path(PATH, 8)
    away_m: Array = np.linalg.norm(places[:, None] - middle[None], axis=2).min(axis=1)
    return np.minimum(away_m, np.hypot(places[:, 0], places[:, 1] + 2.2) - 0.25)


def _tufts(places: Array) -> Array:
    return (0.15 + noise(places, 1.4, 51) ** 2 * 1.3) * smoothstep(0.36, 0.6, _off_path_m(places))


def _drifts(places: Array) -> Array:
    return (smoothstep(0.52, 0.74, noise(places, 2.2, 52)) + 0.04) * smoothstep(0.45, 0.62, _off_path_m(places))


def _trees(look: Look) -> list[Mesh]:
    shapes, random, trees = small_trees(27, 80), np.random.default_rng(29), []
    palettes = [look.foliage[name] for name in ("sage", "lime", "sage", "autumn")]
    for k in range(52):
        azimuth, away = (
            np.radians(random.uniform(-180, 180) if k % 3 else random.uniform(-50, 50)),
            random.uniform(22, 78),
        )
        x, z = away * np.sin(azimuth), -away * np.cos(azimuth)
        if np.hypot(x + 20, z + 31) < 9.5 or np.hypot(x - MILL[0], z - MILL[1]) < 4:
            continue
        tree = (
            far_tree(shapes[k % 4], palettes[k % 4], k, look.trunk)
            .turned("y", 50.0 * k)
            .scaled(random.uniform(0.8, 1.25))
        )
        trees.append(tree.moved(x, _ground_at(x, z), z))
    return trees


def _hills(look: Look) -> list[Mesh]:
    sizes = ((84, 7.5, 30, 81), (116, 12.0, 44, 82), (150, 17.0, 52, 83), (185, 25.0, 66, 84))
    return [
        hill(away, high, wide, low, top, seed).moved(0, -7.0, 0)
        for (away, high, wide, seed), (low, top) in zip(sizes, look.hills, strict=True)
    ]


def flag(paint: str, deep: str) -> Mesh:
    """A little flag that hangs from the origin, 0.26 m wide and 0.30 m long, its tip in the wind."""
    rows = []
    for down in np.linspace(0, 1, 7):
        half = 0.13 * (1 - down) + 0.004
        rows.append([(x * half, -0.30 * down, 0.05 * np.sin(2.6 * down) * down) for x in np.linspace(-1, 1, 5)])
    cloth = sheet(np.array(rows)[::-1])
    tone = np.clip(-cloth.points[:, 1] / 0.30, 0, 1)
    band = np.abs(tone - 0.32) < 0.09
    body = cloth.painted(np.where(band[:, None], ramp(("#fff6e6",), tone), ramp((paint, deep), tone)))
    hem = box(0.275, 0.022, 0.012, "#fff6e6", 0.004)
    return join([felt(body, 0.004), hem])


MODELS = {
    "hill": Model(lambda: place(DAY, dusk=False), DAY.light),
    "hill_dusk": Model(lambda: place(EVENING, dusk=True), EVENING.light),
    "flag": prop("flag", lambda: flag("#e2694a", "#f2b950")),
    "flag_dusk": prop("flag_dusk", lambda: flag("#ff9c6c", "#8fe0cc")),
}
