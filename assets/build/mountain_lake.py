"""The lake: a ferry on bright calm water, boat houses, an islet, reeds, mountains; for children, at dusk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.boat_houses import houses, jetty, pagoda
from assets.build.evening import moon, shining, stars
from assets.build.kit import Mesh, ball, join, lathe, lumpy, noise, ramp, sheet, tube
from assets.build.land import clouds, hill, smoothstep
from assets.build.looks import DAY, EVENING, Look
from assets.build.pines import pine, pine_shapes
from assets.build.plants import far_tree, flower, grass, small_trees
from assets.build.raft import outlines, raft
from assets.build.sea import WATER_M, circle, water
from assets.build.sea_lights import GOLD, OPAL, floating
from assets.build.studio import Model

ISLET = (11.5, -23.0, 4.6)
CLOUDS = (
    (-40, 20, 96),
    (-12, 27, 108),
    (20, 22, 112),
    (44, 27, 90),
    (70, 20, 95),
    (-68, 24, 90),
    (110, 22, 92),
    (160, 20, 95),
    (-140, 25, 95),
    (-100, 20, 95),
)
# x, z, how wide a clump, how many tufts.
REEDS = (
    (-4.4, -5.4, 0.7, 20), (-5.8, -7.6, 0.9, 26), (4.9, -6.2, 0.8, 24), (6.6, -8.2, 0.9, 24), (-7.4, -3.2, 0.9, 20),
    (7.2, -3.4, 0.9, 20), (8.4, -19.6, 0.9, 16), (15.2, -20.4, 0.9, 14), (-3.0, 5.4, 0.9, 12), (4.4, 4.8, 0.9, 12),
)  # fmt: skip
# x, z, size.
LILIES = (
    (-3.0, -4.2, 1.0), (-3.5, -4.9, 0.8), (-2.6, -5.2, 0.9), (3.3, -4.7, 1.0), (3.9, -5.4, 0.85), (2.9, -5.7, 0.9),
    (-4.9, -4.2, 0.9),    (5.6, -5.0, 1.0), (-2.2, -3.4, 0.7), (2.5, -3.7, 0.75), (-6.6, -5.6, 1.0), (5.0, -7.4, 0.9),
)  # fmt: skip
SNOW = {False: ("#5a9280", "#6a9aa2", "#8fb4c0", "#ffffff"), True: ("#7d6cb0", "#8c7abc", "#a890cc", "#ffe0e0")}


def place(look: Look, *, dusk: bool) -> dict[str, Mesh]:
    """The layers of the lake in one of its looks."""
    wood = ("#a5703f", "#c8935a", "#e2b67e")
    ferry = look.made(join(raft(wood, "#7d4c2f", "#e2694a", "#f0dfb8", "#4a3428")))
    near = join([ferry, *_reeds(look), *_lilies(look, dusk=dusk)])
    built = look.made(join([*houses(WATER_M), *jetty(WATER_M), pagoda(3, "#4f7f86").moved(ISLET[0], 0.55, ISLET[1])]))
    mid = join([built, *_islet(look), *_lanterns(dusk=dusk)])
    far = join([*_banks(look), *_peaks(dusk=dusk)])
    sky = clouds(37, 6.0, CLOUDS).painted(look.cloud)
    if dusk:
        sky = join([sky, stars(80, 12), moon(16, 24, 150, 9.0)])
    shores = [*outlines(), circle(ISLET[0], ISLET[1], ISLET[2] * 0.92)]
    return {"near": near, "mid": mid, "far": far, "clouds": sky, "water": water(shores)}


def _reeds(look: Look) -> list[Mesh]:
    """Clumps of tall blades that stand in the water, with brown heads between them."""
    random = np.random.default_rng(31)
    clumps = [np.array([x, z]) + random.normal(size=(count, 2)) * wide * 0.5 for x, z, wide, count in REEDS]
    places = np.concatenate(clumps)
    blades = grass(places, lambda at: np.full(len(at), WATER_M - 0.05), 32, 0.78, look.blades)
    heads = []
    for x, z in places[::4]:
        high, lean = random.uniform(0.7, 1.05), random.uniform(-0.08, 0.08)
        stalk = tube([(0, 0, 0, 0.006), (lean, high, 0.5 * lean, 0.005)], look.stem, 4, 1)
        head = tube([(lean, high, 0.5 * lean, 0.018), (1.2 * lean, high + 0.16, 0.6 * lean, 0.020)], look.trunk, 6, 1)
        heads.append(join([stalk, head]).swaying(0.2).moved(x, WATER_M, z))
    return [blades, *heads]


def _lilies(look: Look, *, dusk: bool) -> list[Mesh]:
    """Round leaves on the water, and open flowers on some."""
    random, made = np.random.default_rng(33), []
    petals, heart, _ = look.blooms[1]
    lotus = flower(petals, heart, 8)
    lotus = join([lotus, lotus.scaled(0.66).turned("y", 22).moved(0, 0.10, 0)])
    leaf = lathe([(0.0, 0.004), (0.8, 0.004), (1.0, 0.030), (0.97, 0.036), (0.78, 0.014), (0.0, 0.014)], sides=14)
    leaf = leaf.painted(
        lambda p: ramp((look.foliage["sage"][0], look.foliage["sage"][3]), np.clip(np.hypot(p[:, 0], p[:, 2]), 0, 1))
    )
    for k, (x, z, size) in enumerate(LILIES):
        for j in range(3):
            dx, dz = (0.30 * size * np.array([np.cos(2.1 * j + k), np.sin(2.1 * j + k)])) * (1 + 0.3 * random.random())
            made.append(
                leaf.scaled(0.20 * size * random.uniform(0.8, 1.15), 0.20).moved(x + dx, WATER_M + 0.004, z + dz)
            )
        if k % 2 == 0:
            made.append((shining(lotus, 1.3) if dusk else lotus).scaled(0.24 * size).moved(x, WATER_M + 0.03, z))
    return made


def _islet(look: Look) -> list[Mesh]:
    """A round islet with rocks and pines."""
    x, z, radius = ISLET
    mound = lathe(
        [(radius, -0.5), (0.93 * radius, 0.05), (0.75 * radius, 0.42), (0.4 * radius, 0.6), (0.0, 0.62)], sides=26
    )
    green = lumpy(mound, 0.06, 1.6, 5).painted(lambda p: ramp(look.grass, np.clip(0.3 + 0.6 * noise(p, 1.4, 6), 0, 1)))
    random, parts = np.random.default_rng(34), [green.moved(x, WATER_M, z)]
    for k in range(16):
        turn, out = 2.4 * k, radius * random.uniform(0.9, 1.02)
        rock = lumpy(ball(1, 1, look.stones[k % 3]), 0.2, 0.9, k).scaled(
            random.uniform(0.25, 0.6), 0.28, random.uniform(0.25, 0.5)
        )
        parts.append(rock.turned("y", 40 * k).moved(x + out * np.cos(turn), WATER_M, z + out * np.sin(turn)))
    shapes = pine_shapes(63, 200)
    for k, (dx, dz, size) in enumerate(
        ((-2.6, 0.8, 0.95), (2.7, 1.0, 1.05), (-1.6, -2.2, 1.1), (2.4, -1.8, 0.9), (0.6, 2.6, 0.6))
    ):
        tree = (
            pine(shapes[k % 3], look.foliage["sage"], ("#7d4c3c", "#9f6549", "#c08660"), k)
            .turned("y", 60 * k)
            .scaled(size)
        )
        parts.append(tree.moved(x + dx, 0.25, z + dz))
    return parts


def _lanterns(*, dusk: bool) -> list[Mesh]:
    """Paper lanterns that float between the houses and the raft."""
    spots = (
        (-8.2, -11.6),
        (-11.0, -14.6),
        (9.2, -16.4),
        (6.2, -18.8),
        (-5.4, -21.5),
        (14.6, -16.0),
        (-14.8, -18.2),
        (2.4, -25.0),
    )
    light = floating(OPAL if dusk else GOLD)
    return [
        (shining(light, 1.5) if dusk else light).scaled(1.3).moved(x, WATER_M, z) for x, z in spots[: 4 if dusk else 1]
    ]


def _banks(look: Look) -> list[Mesh]:
    """Low green banks around the lake with trees on them."""
    sizes = ((50, 3.4, 24, 91), (74, 9.0, 34, 92))
    banks = [
        hill(away, high, wide, low, top, seed).moved(0, -0.4, 0)
        for (away, high, wide, seed), (low, top) in zip(sizes, look.hills, strict=False)
    ]
    shapes, random, trees = small_trees(28, 80), np.random.default_rng(35), []
    palettes = [look.foliage[name] for name in ("sage", "lime", "blossom", "sage")]
    for k in range(38):
        azimuth, away = (
            np.radians(random.uniform(-85, 85) if k % 4 else random.uniform(-180, 180)),
            random.uniform(51.5, 58),
        )
        near = np.argmin(
            np.linalg.norm(banks[0].points[:, [0, 2]] - away * np.array([np.sin(azimuth), -np.cos(azimuth)]), axis=1)
        )
        x, y, z = banks[0].points[near]
        tree = (
            far_tree(shapes[k % 4], palettes[k % 4], k, look.trunk)
            .turned("y", 50.0 * k)
            .scaled(random.uniform(1.0, 1.6))
        )
        trees.append(tree.moved(x, y - 0.2, z))
    return [*banks, *trees]


def _peaks(*, dusk: bool) -> list[Mesh]:
    """Three ranges of mountains, the far ones with snow."""
    low, *high = SNOW[dusk]
    ranges = ((112, 21, 26.0, (low, *high[:2]), 95), (150, 40, 34.0, (low, *high), 96), (190, 60, 44.0, high, 97))
    return [_range(*sizes) for sizes in ranges]


def _range(away_m: float, high_m: float, wide_m: float, palette: Sequence[str], seed: int) -> Mesh:
    """A ring of pointed mountains around the patient."""
    turns = np.linspace(0, 2 * np.pi, 181)[:-1]
    ring = np.stack([np.cos(turns), np.sin(turns)], -1) * away_m
    ridge = 1 - np.abs(2 * noise(ring, wide_m, seed) - 1)
    crest = high_m * (0.30 + 0.62 * ridge**1.3 + 0.16 * (noise(ring, wide_m * 0.28, seed + 3) - 0.5))
    rows = []
    for share in (-0.1, 0.2, 0.4, 0.58, 0.74, 0.88, 1.0):
        folds = 1 + 0.05 * share * (noise(ring, wide_m * 0.35, seed + 5) - 0.5) + 0.16 * share
        rows.append(np.stack([ring[:, 0] * folds, crest * share, ring[:, 1] * folds], -1))
    mesh = sheet(np.array(rows), wrap=True)
    rise = np.clip(mesh.points[:, 1] / high_m + 0.22 * (noise(mesh.points, wide_m * 0.3, seed + 9) - 0.5), 0, 1)
    return mesh.painted(ramp(palette, smoothstep(0.02, 0.86, rise)))


MODELS = {
    "lake": Model(lambda: place(DAY, dusk=False), DAY.light),
    "lake_dusk": Model(lambda: place(EVENING, dusk=True), EVENING.light),
}
