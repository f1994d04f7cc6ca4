"""The pond: a round deck at its edge, reeds, water lilies, a willow, stepping stones, and a bridge at its far end."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.evening import glowing, lamplit, moon, stars
from assets.build.festoon import lantern_post
from assets.build.festoon import terrace as round_deck
from assets.build.flamingo import still_bird
from assets.build.footbridge import footbridge
from assets.build.kit import Array, Mesh, join, lathe, noise, tube
from assets.build.land import clouds, hill, smoothstep, spread, strip
from assets.build.night_harbour import PAPERS, paper_lantern
from assets.build.plants import crown_paint, flower, flowers, grass, leafy, small_trees
from assets.build.pond_growth import pads, reeds, stone, water_lily, willow
from assets.build.pond_land import PATHS, WATER_M, ground, ground_at, ground_m, inside_m, mirror, off_m
from assets.build.pond_looks import CLEAR, DUSK, MORNING, Look
from assets.build.studio import Model, prop

DECK_M, RAIL_M, LAMP_M = 2.45, 2.28, 1.35
# Azimuth in degrees of the posts of the rail, on both sides of the open front; a lamp stands on the first of each.
POSTS_DEG = (58.0, 82.0, 106.0, 130.0, 154.0)
LAMPS = tuple(
    (s * RAIL_M * float(np.sin(np.radians(58.0))), LAMP_M, -RAIL_M * float(np.cos(np.radians(58.0)))) for s in (-1, 1)
)
BRIDGE, BRIDGE_SIZE = (3.9, -25.4), 1.55
# x, z, radius.
STEPS = (
    (-0.55, -3.5, 0.40), (-0.95, -4.7, 0.36), (-0.70, -5.9, 0.38), (0.05, -6.9, 0.36), (0.75, -7.9, 0.40),
    (0.85, -9.2, 0.37), (0.30, -10.4, 0.40), (-0.50, -11.5, 0.38),
)  # fmt: skip
COMPANION = (1.05, -3.35)
BIRDS = ((-5.6, -14.6, 20.0, True), (-6.7, -16.0, 70.0, False), (6.9, -16.6, -30.0, True))
LIGHTS = (
    (-3.9, -3.8, 0.8), (4.4, -4.4, 0.8), (-5.4, -7.4, 0.9), (6.6, -7.0, 0.9), (-1.9, -10.8, 1.0), (4.2, -11.4, 1.0),
    (-6.6, -13.0, 1.1), (1.4, -15.2, 1.1),
)  # fmt: skip
# x, z, size, which leaves.
TREES = (
    (-17.5, -14.0, 1.7, "sage"), (-16.0, -21.0, 1.5, "lime"), (-12.5, -29.0, 1.8, "sage"),
    (-6.5, -32.0, 1.6, "blossom"), (8.5, -32.5, 1.8, "sage"), (13.5, -29.0, 1.6, "lime"),
    (18.0, -22.0, 1.8, "sage"), (19.5, -12.0, 1.6, "blossom"),
    (16.5, -2.0, 1.7, "sage"), (11.0, 8.0, 1.7, "lime"), (-9.0, 9.0, 1.7, "sage"), (-17.0, 3.0, 1.8, "lime"),
    (3.5, 19.0, 1.8, "sage"), (-4.5, 20.0, 1.6, "lime"), (-25.0, -30.0, 1.9, "lime"), (26.0, -32.0, 1.9, "sage"),
)  # fmt: skip


def place(look: Look) -> dict[str, Mesh]:
    """The layers of the pond in one of its looks."""
    times = look.times
    near = join([*_deck(look), *reeds(look), pads(look), *_steps(look)])
    land = join([ground(look), *_ways(look), *_growth(look), willow(look)])
    things = join([*_trees(look), *_bridge(look), *_flock(look), *(_lights() if look.dusk else [])])
    if look.dusk:
        near, land = (lamplit(layer, LAMPS, "#ffb070", 2.2, 0.8, 0.12) for layer in (near, land))
    heights = ((75, 8.0, 34, 71), (110, 15.0, 46, 74), (150, 26.0, 55, 72))
    hills = [hill(*row[:3], *paints, row[3]) for row, paints in zip(heights, times.hills, strict=True)]
    sky = [clouds(17, -8.0).painted(times.cloud), *([stars(70, 4), moon(-14.0, 22.0, 150.0, 7.0)] if look.dusk else [])]
    return {"near": near, "mid": join([land, things]), "far": join(hills), "clouds": join(sky), "water": mirror()}


def _deck(look: Look) -> list[Mesh]:
    """A round floor of boards on posts, a rope around its back and sides, and two lamps where the rope ends."""
    floor = [round_deck(DECK_M, look.boards, look.boards[0])]
    turns = np.radians(np.arange(24) * 15.0)
    floor += [
        lathe([(0.09, -1.2), (0.085, -0.05)], look.boards[0], 8).moved(2.3 * np.sin(t), 0, 2.3 * np.cos(t))
        for t in turns[::2]
    ]
    feet = [(s * RAIL_M * np.sin(np.radians(a)), -RAIL_M * np.cos(np.radians(a))) for s in (-1, 1) for a in POSTS_DEG]
    rail = []
    for k, (x, z) in enumerate(feet):
        rail.append(
            lathe([(0.055, 0.0), (0.050, 0.84), (0.062, 0.86), (0.060, 0.92), (0.0, 0.95)], look.boards[1], 12).moved(
                x, 0, z
            )
        )
        if k % len(POSTS_DEG):
            ax, az = feet[k - 1]
            for y, sag in ((0.80, 0.09), (0.44, 0.07)):
                knots = [(ax, y, az, 0.020), ((ax + x) / 2, y - sag, (az + z) / 2, 0.020), (x, y, z, 0.020)]
                rail.append(tube(knots, look.rope, 7, 4))
    glass = glowing(look.lamp, 2.8) if look.dusk else look.lamp
    lit = [tube([(x, 0.90, z, 0.054), (x, LAMP_M - 0.15, z, 0.046)], look.boards[0], 9, 5) for x, _, z in LAMPS]
    metal = "#5a3f86" if look.dusk else "#2f7f92"
    lamps = [lantern_post(LAMP_M, look.boards[1], metal, glass).scaled(1.3, 1, 1.3).moved(x, 0, z) for x, _, z in LAMPS]
    return [*floor, *rail, *lit, *lamps]


def _steps(look: Look) -> list[Mesh]:
    """Flat stones in the water, one of them for the companion."""
    shapes = [stone(look, k, 24) for k in range(3)]
    spots = [*STEPS, (*COMPANION, 0.46)]
    return [
        shapes[k % 3]
        .scaled(size / 0.17, 4.0, size / 0.17)
        .turned("y", 80.0 * k)
        .moved(x, WATER_M + (0.11 if k < len(STEPS) else 0.24), z)
        for k, (x, z, size) in enumerate(spots)
    ]


def _ways(look: Look) -> list[Mesh]:
    """Paths to the deck and around the pond."""
    return [strip(line, ground_m, 0.62, 0.02, look.times.sand, look.times.verge) for line in PATHS]


def _bridge(look: Look) -> list[Mesh]:
    """An arched bridge over the stream that leaves the pond, seen from its side."""
    x, z = BRIDGE
    return [footbridge(look.boards).turned("y", 90).scaled(BRIDGE_SIZE).moved(x, ground_at(x - 2.5, z) + 0.02, z)]


def _flock(look: Look) -> list[Mesh]:
    """Others of the companion's kind in the shallows, far off."""
    kinds = {one: still_bird(look.birds, one_leg=one) for one in (True, False)}
    return [kinds[one].scaled(1.15).turned("y", angle).moved(x, WATER_M - 0.12, z) for x, z, angle, one in BIRDS]


def _lights() -> list[Mesh]:
    """Paper lanterns that float on the water by dusk."""
    return [
        paper_lantern(PAPERS[k % 3]).scaled(size).turned("y", 37.0 * k).moved(x, WATER_M, z)
        for k, (x, z, size) in enumerate(LIGHTS)
    ]


def _trees(look: Look) -> list[Mesh]:
    shapes, small, times = small_trees(41, 300), small_trees(42, 90), look.times
    near = [
        _tree(shapes[k % 4], look, times.foliage[kind], k)
        .turned("y", 60.0 * k)
        .scaled(size)
        .moved(x, ground_at(x, z), z)
        for k, (x, z, size, kind) in enumerate(TREES)
    ]
    random, far = np.random.default_rng(19), []
    for k, turn in enumerate(np.radians(np.linspace(-180, 170, 36))):
        away, kind = random.uniform(36, 64), ("sage", "lime", "sage", "autumn")[k % 4]
        x, z = float(away * np.sin(turn)), float(-away * np.cos(turn))
        crown = small[k % 4][1].painted(crown_paint(times.foliage[kind], k))
        stick = tube([(0, -0.4, 0, 0.13), (0, 1.6, 0, 0.08)], times.trunk, 5, 5)
        far.append(join([crown, stick]).scaled(random.uniform(1.3, 2.1)).moved(x, ground_at(x, z), z))
    return [*near, *far]


def _tree(shape: tuple[Mesh, Mesh], look: Look, palette: Sequence[str], seed: int) -> Mesh:
    """A tree of the park, with leaves that stand out from its crown."""
    trunk, crown = shape
    leaves = leafy(crown, 55, 0.28, palette, seed)
    return join([trunk.painted(look.times.bark), crown.painted(crown_paint(palette, seed)).swaying(0.05), leaves])


def _growth(look: Look) -> list[Mesh]:
    """Grass and flowers on the banks."""
    times = look.times

    def bank(places: Array) -> Array:
        free: Array = smoothstep(0.25, 0.6, -inside_m(places)) * smoothstep(0.75, 1.0, off_m(places))
        return free

    tufts = spread(3000, (2.7, 15.0), 2, lambda p: bank(p) * smoothstep(0.35, 0.6, noise(p, 1.5, 31)))
    blooms = spread(1500, (2.8, 13.0), 3, lambda p: bank(p) * smoothstep(0.5, 0.7, noise(p, 2.4, 33)))
    tufts, blooms = tufts[: int(350 * times.plenty)], blooms[: int(170 * times.plenty)]
    kinds = [flower(petals, heart, count) for petals, heart, count in times.blooms]
    pick = np.clip((noise(blooms, 3.0, 34) * 5 - 0.8).astype(int), 0, 3)
    return [
        grass(tufts, ground_m, 6, 0.20, times.blades),
        flowers(blooms, ground_m, kinds, pick, 7, 0.20, times.stem),
    ]


MODELS = {
    "pond": Model(lambda: place(MORNING), MORNING.times.light),
    "pond_dusk": Model(lambda: place(DUSK), DUSK.times.light),
    "stone": prop("stone", lambda: stone(MORNING, 1)),
    "stone_dusk": prop("stone_dusk", lambda: stone(DUSK, 1)),
    "stone_clear": prop("stone_clear", lambda: stone(CLEAR, 1)),
    "water_lily": prop("water_lily", lambda: water_lily(MORNING)),
    "water_lily_dusk": prop("water_lily_dusk", lambda: water_lily(DUSK)),
}
