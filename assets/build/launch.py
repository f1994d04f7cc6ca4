"""The launch site in its green valley, on a clear morning and at dusk."""

from __future__ import annotations

import numpy as np

from assets.build import launch_site as site
from assets.build.evening import lamplit, moon, stars, toadstools
from assets.build.festoon import bunting, lantern_post, terrace
from assets.build.kit import Array, Mesh, join, lathe, lumpy, noise, ramp, smooth_path, tube, turn
from assets.build.land import clouds, hill, meadow, smoothstep, spread, strip
from assets.build.launch_looks import DUSK, MORNING, Look, Palette
from assets.build.plants import crown_paint, flower, flowers, grass, leafy, small_trees
from assets.build.studio import Model
from assets.build.town import cottage

Shape = tuple[Mesh, Mesh]

PAD = (0.45, -8.6)
TOWER = (PAD[0] + site.TOWER[0], PAD[1] + site.TOWER[1])
HUT = (6.3, -9.4)
TANKS = ((4.35, -11.6, 0.86), (6.1, -13.2, 0.95))
PATH = [(0.0, -1.2), (0.05, -2.4), (-0.25, -3.6), (-0.2, -4.8), (0.25, -5.9), (PAD[0], -7.0)]
ROAD = [
    (PAD[0] + 1.6, -7.2),
    (3.4, -7.0),
    (5.4, -7.9),
    (8.2, -7.4),
    (11.5, -9.5),
    (13.0, -15.0),
    (11.0, -22.0),
    (13.5, -32.0),
]
LANTERNS = ((-1.55, -2.7), (1.45, -2.7), (-1.6, -4.5), (1.2, -4.5), (-1.15, -6.2), (1.55, -6.0))
LANTERN_M = 0.98
TERRACE_M = 1.75


def ground_m(places: Array) -> Array:
    """The height of the valley's floor at (n, 2) of x and z: level about patient and pad, higher to both sides."""
    x, z = places[:, 0], places[:, 1]
    away = np.hypot(x, z)
    level = smoothstep(5, 16, away) * smoothstep(5.0, 12, np.hypot(x - 3.0, z + 10.0))
    rolling = (1.3 * (noise(places, 22.0, 4) - 0.5) + 0.3 * (noise(places, 7.0, 5) - 0.5)) * level
    sides = (
        5.5 * smoothstep(13, 60, np.abs(x + 0.06 * z)) * (0.7 + 0.6 * noise(places, 30.0, 6)) * smoothstep(10, 22, away)
    )
    back = 4.0 * smoothstep(12, 60, z)
    under = 0.14 * (1 - smoothstep(TERRACE_M - 0.2, TERRACE_M + 0.7, away))
    return rolling + sides + back - under - 0.02


def _ground_at(x: float, z: float) -> float:
    return float(ground_m(np.array([[x, z]]))[0])


def _clear_m(places: Array) -> Array:
    """How far each place (n, 2) is from the middle of a path, or from the edge of what is built."""
    lines = np.concatenate([smooth_path(PATH, 10), smooth_path(ROAD, 10)])
    away_m = np.linalg.norm(places[:, None] - lines[None], axis=2).min(axis=1)
    for x, z, radius_m in ((*PAD, 3.0), (*HUT, 2.0), (0.0, 0.0, TERRACE_M + 0.1), *TANKS):
        away_m = np.minimum(away_m, np.hypot(places[:, 0] - x, places[:, 1] - z) - radius_m + 0.4)
    clear_m: Array = away_m
    return clear_m


def build(look: Look) -> dict[str, Mesh]:
    """The place by layers; the stage fogs each its own way."""
    shapes = small_trees(23, 215)
    near = [*_terrace(look), *growth(look), *near_trees(look, shapes)]
    mid = [meadow(ground_m, lambda p: _grass(p, look)), *paths(look), *_site(look), *trees(look, shapes)]
    sky = clouds(13, 4.0)
    if look.cloud is not None:
        sky = sky.painted(look.cloud)
    if look.evening:
        near += toadstools(TOADSTOOLS, CAPS, _ground_at)
        lights = [(x, _ground_at(x, z) + 0.3, z) for x, z in (*LANTERNS, *(spot[:2] for spot in TOADSTOOLS))]
        mid = [lamplit(join(mid), lights, "#ff9f86", 0.9, 0.5, 0.22)]
        sky = join([sky, moon(21.0, 25.0, 150.0, 12.0), stars(44, 5)])
    return {"near": join(near), "mid": join(mid), "far": join(far(look)), "clouds": sky}


def _grass(points: Array, look: Look) -> Array:
    places = points[:, [0, 2]]
    away = np.hypot(*places.T)
    tone = 0.14 + 0.58 * noise(places, 7.0, 1) + 0.40 * (noise(places, 1.3, 2) - 0.5) + 0.16 * smoothstep(8, 40, away)
    worn = 0.3 * np.exp(-((np.maximum(_clear_m(places), 0) / 0.8) ** 2))
    return ramp(look.grass, np.clip(tone + worn, 0, 1))


def _terrace(look: Look) -> list[Mesh]:
    """Where the patient is: a round floor, lanterns with flags between them, a telescope aside."""
    paints = look.paints
    parts = [terrace(TERRACE_M, paints.timber, paints.timber[2])]
    tops = []
    for x, z in LANTERNS:
        foot = _ground_at(x, z)
        parts.append(lantern_post(LANTERN_M, paints.timber[1], paints.frame, paints.glass).moved(x, foot, z))
        tops.append((x, foot + LANTERN_M - 0.17, z))
    for start, end in ((0, 2), (1, 3), (2, 4), (3, 5)):
        parts.append(bunting(tops[start], tops[end], 0.16, look.flags, paints.brace, 0.20))
    parts.append(site.telescope(paints).turned("y", -38).moved(2.35, _ground_at(2.35, -1.55), -1.55))
    return parts


def _site(look: Look) -> list[Mesh]:
    paints, (x, z) = look.paints, PAD
    colours = (paints.hose, paints.frame)
    tanks = [
        site.tank(paints, radius_m, colours[k % 2]).moved(tx, _ground_at(tx, tz), tz)
        for k, (tx, tz, radius_m) in enumerate(TANKS)
    ]
    hut = site.hut(paints).turned("y", -30).moved(HUT[0], _ground_at(*HUT), HUT[1])
    mast = (HUT[0] - 1.1, 2.9, HUT[1] + 0.8)
    line = bunting((TOWER[0] + 0.5, 4.2, TOWER[1]), mast, 0.55, look.flags, paints.brace)
    hoses = [
        [(4.2, 0.95, -10.85), (3.9, 0.35, -10.2), (3.5, 0.06, -9.6), (2.9, 0.10, -9.2), (2.45, 0.42, -8.9)],
        [(5.9, 1.0, -12.3), (5.4, 0.2, -11.4), (4.6, 0.06, -10.3), (3.6, 0.06, -9.0), (2.7, 0.12, -8.3)],
    ]
    return [
        site.pad(paints).moved(x, 0, z),
        site.tower(paints).moved(TOWER[0], site.PAD_TOP_M - 0.02, TOWER[1]),
        *tanks,
        hut,
        line,
        *(site.hose(knots, paints) for knots in hoses),
        site.windsock(paints, look.socks).turned("y", 20).moved(-4.3, _ground_at(-4.3, -12.8), -12.8),
    ]


def paths(look: Look) -> list[Mesh]:
    """A path with flat stones to the pad, and the road that goes on from there."""
    ways = [
        strip(PATH, ground_m, 0.46, lift_m=0.022, inner=look.sand, edge=look.verge),
        strip(ROAD, ground_m, 0.62, lift_m=0.022, inner=look.sand, edge=look.verge),
    ]
    random = np.random.default_rng(3)
    stones = []
    for k, (x, z) in enumerate(smooth_path(PATH, 3)[3:-1]):
        slab = lumpy(lathe([(1.0, 0.0), (0.97, 0.6), (0.82, 0.95), (0.4, 1.0), (0, 1.0)], sides=12), 0.10, 0.9, k)
        tint = ramp(look.paints.stone[1:], random.random(1))
        size = random.uniform(0.20, 0.27)
        slab = slab.scaled(size, 0.032, size * 0.75).turned("y", random.uniform(-25, 25)).painted(tint)
        stones.append(slab.moved(x + random.uniform(-0.1, 0.1), _ground_at(x, z) + 0.02, z))
    return [*ways, *stones]


def growth(look: Look) -> list[Mesh]:
    """Tufts of grass, and flowers in drifts."""
    random = np.random.default_rng(4)
    tufts = spread(
        70 if look.evening else 175,
        (2.0, 14.0),
        2,
        lambda p: noise(p, 0.9, 31) ** 2 * 1.6 * smoothstep(0.45, 0.6, _clear_m(p)),
    )
    blooms = spread(
        330,
        (2.1, 15.0),
        3,
        lambda p: (smoothstep(0.55, 0.75, noise(p, 2.1, 32)) + 0.02) * smoothstep(0.45, 0.6, _clear_m(p)),
    )
    kinds = [flower(petals, heart, 5 + k % 2) for k, (petals, heart) in enumerate(look.petals)]
    family = (noise(blooms, 4.5, 33) * 5 - 0.5).astype(int) + random.integers(0, 2, len(blooms))
    return [
        grass(tufts, ground_m, 6, 0.15, look.blades),
        flowers(blooms, ground_m, kinds, np.clip(family, 0, 3), 7, 0.17),
    ]


def _tree(shape: Shape, palette: Palette, look: Look, leaf_count: int, seed: int, seen_from: Array) -> Mesh:
    trunk = shape[0].painted(lambda p: ramp(look.bark, 0.2 + 0.8 * noise(p * np.array([1, 0.2, 1]), 0.16, 11)))
    crown = shape[1].painted(crown_paint(palette, seed)).swaying(0.08)
    return join([trunk, crown, leafy(shape[1], int(leaf_count * look.leafiness), 0.2, palette, seed, seen_from)])


def _planted(look: Look, shapes: list[Shape], spots: tuple[tuple[float, float, int, float, int], ...]) -> list[Mesh]:
    made = []
    for k, (x, z, kind, size, leaf_count) in enumerate(spots):
        seen_from = turn("y", -73.0 * k) @ np.array([-x, 0.5, -z])
        tree = _tree(shapes[k % 4], look.trees[kind], look, leaf_count, 60 + k, seen_from)
        made.append(tree.turned("y", 73.0 * k).scaled(size, size * 1.08, size).moved(x, _ground_at(x, z), z))
    return made


def near_trees(look: Look, shapes: list[Shape]) -> list[Mesh]:
    """Two trees that frame the view, one at either side."""
    return _planted(look, shapes, ((-5.2, -3.7, 0, 1.65, 330), (6.3, -3.3, 1, 1.55, 190)))


def trees(look: Look, shapes: list[Shape]) -> list[Mesh]:
    """Trees along both sides of the valley, and some behind."""
    spots = (
        (-7.6, -11.5, 1, 1.2, 69), (-9.8, -8.2, 2, 1.3, 69), (-6.6, -17.5, 0, 1.25, 50), (-11.5, -16.0, 1, 1.4, 46),
        (10.2, -13.5, 0, 1.35, 60), (9.8, -18.5, 2, 1.3, 46), (13.0, -12.0, 1, 1.4, 46), (-10.5, -2.0, 1, 1.3, 55),
        (11.0, -1.5, 0, 1.3, 55), (-7.0, 6.5, 0, 1.3, 40), (6.0, 8.0, 1, 1.25, 40), (0.5, 11.0, 2, 1.4, 40),
        (-12.0, 9.0, 1, 1.4, 32), (12.5, 6.5, 2, 1.3, 32),
    )  # fmt: skip
    return _planted(look, shapes, spots)


def far(look: Look) -> list[Mesh]:
    """Hills that leave the valley open ahead, with little trees and houses on their slopes."""
    layers = [
        _opened(hill(88 + 36 * k, high, wide, *look.hills[k], 61 + k), low)
        for k, (high, wide, low) in enumerate(((13.0, 30, 0.25), (20.0, 44, 0.40), (32.0, 58, 0.55), (48.0, 80, 0.75)))
    ]
    random, shapes, parts = np.random.default_rng(17), small_trees(22, 85), []
    for k in range(41):
        azimuth, away = np.radians(random.uniform(-180, 180)), random.uniform(26, 78)
        x, z = float(away * np.sin(azimuth)), float(-away * np.cos(azimuth))
        if abs(x) < 9 and z < 0:
            continue
        stick = tube([(0, -0.4, 0, 0.13), (0, 1.6, 0, 0.08)], look.bark[1], sides=5, steps=1)
        tree = join([shapes[k % 4][1].painted(crown_paint(look.trees[k % 3], k)), stick])
        parts.append(tree.turned("y", 50.0 * k).scaled(random.uniform(1.1, 1.9)).moved(x, _ground_at(x, z), z))
    for k, (x, z) in enumerate(((-12.0, -38.0), (17.0, -40.0))):
        home = cottage(look.paints.wall, (look.paints.roof, look.paints.frame)[k % 2])
        parts.append(home.turned("y", -np.degrees(np.arctan2(x, -z))).moved(x, _ground_at(x, z) - 0.2, z))
    return [*layers, *parts]


def _opened(layer: Mesh, low: float) -> Mesh:
    """Lower towards straight ahead, so that the valley goes on there."""
    azimuth = np.degrees(np.arctan2(layer.points[:, 0], -layer.points[:, 2]))
    share = low + (1 - low) * smoothstep(4, 34, np.abs(azimuth + 3))
    return Mesh(
        layer.points * np.stack([np.ones_like(share), share, np.ones_like(share)], -1), layer.faces, layer.colours
    )


TOADSTOOLS = (
    (-2.9, -4.1, 0.75, 0), (-3.3, -4.4, 0.5, 1), (2.75, -4.2, 0.55, 1), (3.15, -4.0, 0.36, 2), (-2.4, -6.4, 0.4, 2),
    (4.4, -6.6, 0.9, 0), (4.9, -6.3, 0.55, 2), (-4.6, -8.2, 1.1, 1), (-5.2, -7.8, 0.7, 0),
)  # fmt: skip
CAPS = (
    (("#f0607c", "#ff7f8f", "#ffb39a"), "#ffe9d0"),
    (("#6a5ae0", "#7f6ff0", "#b79cf8"), "#d8fff0"),
    (("#3aa8b0", "#4fc4c0", "#a8f0dc"), "#fff0c8"),
)


MODELS = {
    "launch": Model(lambda: build(MORNING), MORNING.light),
    "launch_dusk": Model(lambda: build(DUSK), DUSK.light),
}
