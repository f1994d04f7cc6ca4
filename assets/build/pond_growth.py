"""What grows in and at the pond: reeds with bulrushes, water lilies, a willow; and the stones to step on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.evening import shining
from assets.build.kit import (
    Array,
    Mesh,
    ball,
    facing_up,
    felt,
    join,
    lathe,
    make,
    noise,
    ramp,
    sheet,
    smooth_path,
    tube,
)
from assets.build.plants import canopy, crown_paint, leafy, leaves
from assets.build.pond_land import WATER_M, ground_at, inside_m
from assets.build.pond_looks import Look

STONE_M = 0.17
# x, z, how many, how wide the clump is.
REEDS = (
    (-3.5, -1.3, 30, 0.42), (-4.4, -2.4, 39, 0.55), (3.5, -1.1, 28, 0.40), (4.6, -2.6, 25, 0.45), (-8.2, -4.6, 46, 0.8),
    (-9.4, -8.8, 53, 0.9), (10.6, -5.2, 46, 0.8), (12.4, -9.6, 46, 0.8), (-7.2, -17.4, 53, 0.9), (6.6, -15.6, 46, 0.8),
    (1.6, -20.6, 41, 0.7), (-2.6, -21.2, 46, 0.9),
)  # fmt: skip
# x, z, how many pads.
PADS = (
    (-3.4, -5.4, 8),
    (2.9, -5.0, 7),
    (5.4, -8.2, 8),
    (-5.6, -9.4, 8),
    (-2.6, -8.2, 5),
    (2.8, -12.6, 7),
    (-3.4, -13.4, 6),
)
WILLOW = (-10.6, -10.4)


def stone(look: Look, seed: int, sides: int = 40) -> Mesh:
    """A flat round stone of 0.17 m radius, its top at y = 0 with a ring cut into it, which glows at dusk."""
    paints, moss = look.stone, look.reed[:2]
    profile = [(0.0, -0.050), (0.145, -0.050), (0.166, -0.034), (0.170, -0.018), (0.160, -0.004), (0.140, 0.0)]
    rim = lathe(profile, sides=sides)
    turns = np.arctan2(rim.points[:, 2], rim.points[:, 0])
    wobble = 1 + 0.012 * np.sin(3 * turns + seed) + 0.008 * np.sin(7 * turns + 2 * seed)
    rim = make(rim.points * np.stack([wobble, np.ones_like(wobble), wobble], -1), rim.faces)
    tone = np.clip(0.45 + 9.0 * (rim.points[:, 1] + 0.02) + 0.7 * (noise(rim.points, 0.06, seed) - 0.5), 0, 1)
    ring = lathe([(0.118, 0.0015), (0.104, 0.0015)], sides=sides)
    cut = ring.painted(np.array((0.9, 0.75, 0.42))) if look.dusk else ring.painted(paints[0])
    top = lathe([(0.140, 0.0), (0.09, 0.001), (0.0, 0.001)], sides=sides)
    pale = top.painted(lambda p: ramp(paints[:3], np.clip(0.80 + 0.6 * (noise(p, 0.05, seed + 3) - 0.5), 0, 1)))
    leaf = [_moss(moss, angle) for angle in (20.0, 205.0)]
    return join([rim.painted(ramp(paints, tone)), pale, cut, *leaf])


def _moss(moss: Sequence[str], turned_deg: float) -> Mesh:
    """A cushion of moss at the edge of a stone."""
    cushions = [
        ball(1, 0, moss[k % 2])
        .scaled(0.020 - 0.003 * k, 0.006, 0.016)
        .moved(0.148 - 0.004 * k, -0.004, 0.024 * (k - 1))
        for k in range(3)
    ]
    return join(cushions).turned("y", turned_deg)


def reeds(look: Look) -> list[Mesh]:
    """Clumps of reed in the shallows, a bulrush among every nine stems."""
    random, made = np.random.default_rng(21), []
    for x, z, count, wide in REEDS:
        spots = np.array((x, z)) + random.normal(size=(count, 2)) * wide
        spots = spots[inside_m(spots) > -0.9]
        for k, (a, b) in enumerate(spots):
            foot, tall = max(ground_at(a, b), WATER_M - 0.1), random.uniform(0.9, 1.55)
            if k % 9 == 4:
                made.append(_rush(look, tall, k).moved(a, foot, b))
            else:
                made.append(_reed(look, tall, random).turned("y", random.uniform(0, 360)).moved(a, foot, b))
    return made


def _reed(look: Look, tall_m: float, random: np.random.Generator) -> Mesh:
    """A narrow leaf that stands upright and bends over near its tip."""
    lean, fold = random.uniform(0.04, 0.22), random.uniform(0.0, 0.4)
    line = smooth_path([(0, 0), (0.4 * lean, 0.5), (lean, 0.85), (lean + 0.5 * fold, 1.0 - 0.25 * fold)], 2) * tall_m
    half = np.interp(np.linspace(0, 1, len(line)), (0, 0.3, 1), (0.016, 0.022, 0.002))
    grid = np.stack([np.stack([line[:, 0], line[:, 1], s * half], -1) for s in (-1, 1)])
    tone = np.clip(0.15 + 0.7 * line[:, 1] / tall_m + random.uniform(-0.15, 0.15), 0, 1)
    leaf = sheet(grid).painted(np.tile(ramp(look.reed, tone), (2, 1)))
    return leaf.swaying(np.tile(0.35 * (line[:, 1] / tall_m) ** 2, 2))


def _rush(look: Look, tall_m: float, seed: int) -> Mesh:
    stem = tube([(0, 0, 0, 0.009), (0.02, 0.9 * tall_m, 0, 0.008)], look.reed[1], 4, 2)
    head = tube(
        [(0.02, 0.86 * tall_m, 0, 0.018), (0.024, 0.93 * tall_m, 0, 0.026), (0.026, tall_m, 0, 0.018)],
        look.rush[seed % 2],
        6,
        1,
    )
    tip = tube([(0.026, tall_m, 0, 0.005), (0.03, 1.08 * tall_m, 0, 0.003)], look.reed[2], 3, 1)
    return join([stem, head, tip]).swaying(0.1)


def pads(look: Look) -> Mesh:
    """Floating leaves in groups, a few of them with a flower."""
    random, made = np.random.default_rng(31), []
    for x, z, count in PADS:
        for k in range(count):
            turn, out = 2.4 * k + random.uniform(0, 0.8), 0.30 * np.sqrt(k) * random.uniform(0.9, 1.2)
            size = random.uniform(0.20, 0.34)
            leaf = pad(look, k).scaled(size).turned("y", random.uniform(0, 360))
            spot = (x + out * np.cos(turn), WATER_M + 0.006 + 0.004 * (k % 3), z + out * np.sin(turn))
            made.append(leaf.moved(*spot))
            if k % 5 == 1:
                made.append(_bloom(look).scaled(0.55 * size).moved(spot[0], spot[1] + 0.01, spot[2]))
    return join(made)


def pad(look: Look, seed: int) -> Mesh:
    """A leaf of radius 1 on y = 0 with a notch and a rim that turns up a little."""
    turns = np.linspace(0.16, 2 * np.pi - 0.16, 17)
    rings = [(0.04, 0.0), (0.90, 0.012), (1.0, 0.06)]
    grid = np.array([[(r * np.cos(t), y, r * np.sin(t)) for t in turns] for r, y in rings])
    leaf = facing_up(sheet(grid))
    out = np.hypot(leaf.points[:, 0], leaf.points[:, 2])
    veins = 0.16 * np.cos(11 * np.arctan2(leaf.points[:, 2], leaf.points[:, 0])) * out
    return felt(leaf.painted(ramp(look.pad, np.clip(0.35 + 0.4 * out + veins + 0.2 * (seed % 3 - 1), 0, 1))), 0.02)


def _bloom(look: Look) -> Mesh:
    """A flower of radius 1 that floats: three rings of pointed petals about a golden heart."""
    made = []
    for ring, (count, long, lift, wide) in enumerate(
        ((9, 1.0, 14.0, 0.30), (8, 0.86, 38.0, 0.28), (6, 0.66, 60.0, 0.24))
    ):
        along = np.linspace(0, 1, 5)
        half = wide * np.sin(np.pi * (0.10 + 0.86 * along)) ** 0.8
        grid = [np.stack([long * along, 0.18 * v * v + 0.16 * along**2, v * half], -1) for v in (-1.0, 0.0, 1.0)]
        skin = sheet(np.array(grid)).painted(ramp(look.petals, np.tile(np.clip(0.15 * ring + 0.9 * along, 0, 1), 3)))
        petal = felt(skin, 0.012).turned("z", lift).moved(0.08, 0.04 * ring, 0)
        made += [petal.turned("y", 360.0 * k / count + 17.0 * ring) for k in range(count)]
    heart = lathe([(0.22, 0.06), (0.24, 0.22), (0.12, 0.30), (0.0, 0.31)], "#f6c24a", 12)
    return shining(join([*made, heart]), 1.3)


def water_lily(look: Look) -> Mesh:
    """An open water lily 0.5 m wide on its leaf, which floats at y = 0."""
    leaf = pad(look, 1).scaled(0.25)
    return join([leaf, _bloom(look).scaled(0.17).moved(0.02, 0.012, 0)])


def willow(look: Look) -> Mesh:
    """A weeping willow on the bank at the left: a bowed trunk, a crown, and curtains of leaves down to the water."""
    random = np.random.default_rng(61)
    trunk = tube(
        [(0, -0.6, 0, 0.52), (0.1, 0.5, 0, 0.36), (0.5, 2.2, 0.1, 0.28), (0.9, 3.6, 0.2, 0.20)], sides=12, steps=6
    )
    limbs = [
        [(0.6, 2.6, 0.1, 0.2), (2.0, 4.0, 0.8, 0.12), (3.0, 4.5, 1.4, 0.06)],
        [(0.5, 2.4, 0.1, 0.18), (-1.0, 4.0, -0.6, 0.1), (-1.8, 4.3, -1.0, 0.05)],
    ]
    wood = [part.painted(look.times.bark) for part in (trunk, *(tube(knots, sides=8, steps=4) for knots in limbs))]
    lobes = [
        (0.9, 5.2, 0.2, 1.45),
        (2.3, 4.9, 1.0, 1.15),
        (-0.7, 4.8, -0.6, 1.15),
        (1.6, 4.9, -0.9, 1.05),
        (0.2, 4.7, 1.3, 1.05),
        (3.0, 4.5, 0.3, 0.8),
    ]
    crown = canopy(lobes, 0.20, 1400, 62).painted(crown_paint(look.willow, 63)).swaying(0.05)
    rim = crown.points[(crown.points[:, 1] < 5.2)]
    tops = rim[random.permutation(len(rim))[:95]]
    strands = [_strand(look, top, random) for top in tops]
    strands.append(leafy(crown, 420, 0.30, look.willow, 64, np.array((-WILLOW[0], -1.0, -WILLOW[1]))))
    whole = join([*wood, crown, *strands])
    return whole.moved(WILLOW[0], ground_at(*WILLOW), WILLOW[1])


def _strand(look: Look, top: Array, random: np.random.Generator) -> Mesh:
    """A thin branch that hangs from a place of the crown, with narrow leaves in pairs."""
    low = random.uniform(0.25, 1.6)
    out = (top - np.array((0.9, top[1], 0.2))) * 0.10
    share = np.linspace(0, 1, 17)
    line = top + np.outer(np.sin(0.5 * np.pi * share), out) - np.outer(share, (0.0, top[1] - low, 0.0))
    ways = np.stack([random.normal(size=17) * 0.5, np.full(17, -1.0), random.normal(size=17) * 0.5], -1)
    tint = ramp(look.willow, np.clip(0.75 - 0.45 * share + random.normal(size=17) * 0.15, 0, 1))
    lit = np.tile((0.6, 0.5, 0.6), (17, 1))
    return leaves(line, ways, lit, random.uniform(0.22, 0.34, 17), tint, sway=0.5)
