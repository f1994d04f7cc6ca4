"""Beeches: smooth pale trunks with flaring roots, boughs that reach into the clearing, and sprays of felt leaves."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Array, Mesh, ball, join, lumpy, noise, ramp, sheet, tube, turn
from assets.build.plants import crown_paint, leafy
from assets.build.studio import melted

Palette = tuple[str, ...]
FREE_M, FREE_ABOVE_M = 4.5, 4.75
"""What is looked at hangs within this distance of the patient, so nothing grows there below this height."""


def bark_paint(points: Array, bark: Palette, moss: str, foot_m: float) -> Array:
    """Smooth bark with faint rings, mossy towards the foot."""
    rings = noise(points * np.array([0.35, 1.0, 0.35]), 0.22, 11)
    patches = noise(points, 0.9, 12)
    wood = ramp(bark, np.clip(0.10 + 0.45 * rings + 0.65 * (patches - 0.2), 0, 1))
    above = points[:, 1] - foot_m
    green = np.clip(1.15 - above / 0.55 + 1.1 * (noise(points, 0.35, 13) - 0.5), 0, 1)[:, None] * 0.8
    return wood * (1 - green) + ramp((moss,), patches) * green


def trunk(radius_m: float, high_m: float, lean: tuple[float, float], seed: int, sides: int = 14) -> Mesh:
    """A trunk from y = 0 with five roots; it leans by `lean` (x, z) at its top."""
    random = np.random.default_rng(seed)
    heights = np.array([-0.95, -0.05, 0.12, 0.3, 0.55, 0.9, 1.4, 2.0, 2.7, 3.5, 4.4, 5.5, 6.8]) * high_m / 6.8
    angles = np.arange(sides) * 2 * np.pi / sides
    bend, phase = random.uniform(-0.06, 0.06, 2), random.uniform(0, 7)
    rows = []
    for h in heights:
        share = h / high_m
        flare = np.exp(-max(h, 0) / 0.32)
        slim = radius_m * (1.0 - 0.42 * max(share, 0)) * (1 + 0.55 * flare)
        out = slim * (1 + 0.30 * flare * np.cos(5 * angles + phase) + 0.04 * np.cos(2 * angles + phase + 2 * h))
        x = lean[0] * share + bend[0] * np.sin(3 * share)
        z = lean[1] * share + bend[1] * np.sin(4 * share)
        rows.append(np.stack([x + out * np.cos(angles), np.full(sides, h), z - out * np.sin(angles)], -1))
    return sheet(np.array(rows), wrap=True)


def hollow(radius_m: float) -> Mesh:
    """An owl's hollow in a trunk, towards +z: a lip of bark about the dark."""
    lip = [(0.13 * np.cos(t), 0.17 * np.sin(t), 0.0, 0.045) for t in np.linspace(0, 2 * np.pi, 15)]
    dark = ball(1, 1, "#4a3328").scaled(0.125, 0.165, 0.05)
    return join([dark, tube(lip, "#a8937a", 6, 1)]).moved(0, 0, radius_m)


def boughs(x: float, z: float, radius_m: float, seed: int, count: int) -> tuple[list[Mesh], Array]:
    """Boughs of a tree at (x, z), most of them towards the clearing, and the lobes (x, y, z, radius) of its leaves."""
    random = np.random.default_rng(seed)
    inward = np.arctan2(-x, z)
    made, lobes = [], []
    for k in range(count):
        way = inward + np.radians(-130 + 260 * (k + 0.5) / count + random.uniform(-14, 14))
        reach, low = random.uniform(1.8, 2.6), 3.0 + 1.3 * ((k * 3) % count) / count
        end = np.array([x + np.sin(way) * reach, low + random.uniform(1.5, 2.0), z - np.cos(way) * reach])
        if np.hypot(end[0], end[2]) < FREE_M + 0.9:
            low, end[1] = max(low, 3.9), FREE_ABOVE_M + 0.6
        knots = []
        for share, thick in ((0.0, 0.40), (0.3, 0.29), (0.65, 0.19), (1.0, 0.08)):
            up = low + (end[1] - low) * share**0.8
            knots.append((x + (end[0] - x) * share, up, z + (end[2] - z) * share, radius_m * thick))
        made.append(tube(knots, sides=6, steps=2))
        lobes += [(*knots[at][:3], size * random.uniform(0.85, 1.15)) for at, size in ((2, 0.62), (3, 0.88))]
    for _ in range(3):
        lobes.append((x + random.uniform(-0.9, 0.9), random.uniform(5.6, 7.4), z + random.uniform(-0.9, 0.9), 1.15))
    return made, np.array(lobes) + np.array([0.0, 0.15, 0.0, 0.0])


def sprays(lobes: Array, triangles: int, seed: int) -> Mesh:
    """Flat clouds of leaves melted into one crown; `lobes` are x, y, z and radius."""
    balls = [
        lumpy(ball(r, 2).scaled(1, 0.50, 1), 0.12, r * 0.8, seed + k).moved(x, y, z)
        for k, (x, y, z, r) in enumerate(lobes)
    ]
    return melted(join(balls), 0.15, 3, triangles)


def beech(
    at: tuple[float, float, float], radius_m: float, seed: int, bark: Palette, moss: str, leaf: Palette, leaf_count: int
) -> list[Mesh]:
    """A tall beech rooted at `at`, with leaves on the side that is seen from the clearing."""
    random = np.random.default_rng(seed)
    x, foot_m, z = at
    stem = trunk(radius_m, 7.4, (random.uniform(-0.14, 0.14), random.uniform(-0.14, 0.14)), seed).moved(x, foot_m, z)
    limbs, lobes = boughs(x, z, radius_m, seed, 5)
    wood = join([stem, *limbs])
    crown = sprays(lobes, 820, seed)
    eye = np.array([0.0, 1.6, 0.0])
    return [
        wood.painted(lambda p: bark_paint(p, bark, moss, foot_m)),
        crown.painted(crown_paint((leaf[0], leaf[0], leaf[1], leaf[2]), seed)).swaying(0.06),
        leafy(crown, leaf_count, 0.29, leaf[1:], seed, eye),
    ]


def slim_beech(
    at: tuple[float, float, float], crown: Mesh, seed: int, bark: Palette, leaf: Palette, leaf_count: int
) -> Mesh:
    """A beech for the depth of the wood, rooted at `at`: a bare stem under one of a few shared crowns."""
    random = np.random.default_rng(seed)
    size, lean, spin = random.uniform(0.85, 1.25), random.uniform(-0.3, 0.3), 67.0 * seed
    knots = [(0, -0.5, 0, 0.34), (0, 0.2, 0, 0.22), (lean * 0.4, 2.6, 0, 0.18), (lean, 6.0, 0, 0.12)]
    stem = tube(knots, sides=6, steps=1)
    parts = [crown.painted(crown_paint((leaf[0], leaf[1], leaf[1], leaf[3]), seed))]
    if leaf_count:
        seen_from = turn("y", -spin) @ np.array([-at[0], 0.0, -at[2]])
        parts.append(leafy(crown, leaf_count, 0.42, leaf[1:], seed, seen_from))
    top = join(parts).turned("y", spin).moved(lean, 0, 0)
    tree = join([stem.painted(lambda p: ramp(bark, np.clip(0.15 + 0.7 * noise(p, 0.8, seed), 0, 1))), top])
    return tree.scaled(size, random.uniform(0.95, 1.2), size).moved(*at)


def shared_crowns(seed: int, triangles: int) -> list[Mesh]:
    """Three crowns 4 to 8 m above the foot, to be turned and coloured many times."""
    random = np.random.default_rng(seed)
    crowns = []
    for kind in range(3):
        lobes = [(0.0, 6.6, 0.0, 1.7), (0.2, 7.7, 0.1, 1.2)]
        for k in range(8):
            side = turn("y", 48.0 * k + random.uniform(-20, 20)) @ np.array([random.uniform(0.9, 1.7), 0, 0])
            lobes.append((side[0], random.uniform(4.5, 6.8), side[2], random.uniform(0.7, 1.1)))
        crowns.append(sprays(np.array(lobes), triangles, seed + kind))
    return crowns
