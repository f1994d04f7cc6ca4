"""The shore: a sandy cove in late light, shallow water almost to the feet, a rock arch; for children, at dusk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.build.beach import ground, ground_m, hut, inland_m, sea, waterline
from assets.build.evening import lamplit, shining, stars
from assets.build.headland import headland
from assets.build.kit import Array, Mesh, ball, join, noise, tube
from assets.build.land import hill, smoothstep, spread
from assets.build.pines import pine, pine_shapes, shade
from assets.build.plants import grass
from assets.build.sea import GREY
from assets.build.sea_lights import GOLD, OPAL, floating, lily
from assets.build.shells import driftwood, pebble, pennant, scallop, snail, starfish
from assets.build.shore_looks import DAY, DUSK, Look
from assets.build.small_boats import sailing_boat, small_boat
from assets.build.studio import Model, melted, prop

WATER_M = -0.10
BOAT = (5.4, -9.6, -52.0)
HUT = (-4.6, 7.0)
# x, z, size.
PINES = ((5.6, 8.4, 1.2), (8.8, 5.0, 1.35), (1.8, 14.0, 1.3), (-9.5, 9.6, 1.4), (-3.0, 19.0, 1.5))


# x, z, kind, radius, turn: what lies on the sand.
SHELLS = (
    (-2.35, -3.2, 0, 0.13, 20), (-3.1, -3.9, 2, 0.17, 50), (-3.2, -3.1, 1, 0.15, 200), (-3.9, -5.6, 0, 0.12, -40),
    (-1.55, -1.55, 0, 0.09, 100), (1.6, -1.7, 1, 0.13, 30), (2.25, -3.15, 2, 0.17, 10), (2.75, -3.9, 0, 0.14, -30),
    (1.95, -2.4, 0, 0.09, 60), (3.6, -4.6, 3, 0.16, 80), (3.1, -2.7, 1, 0.14, 140), (-3.3, -2.4, 3, 0.15, 15),
    (0.9, 1.6, 0, 0.12, 170), (-1.1, 1.9, 2, 0.15, 30), (-3.7, -4.4, 1, 0.13, -60), (4.3, -3.4, 0, 0.13, 20),
)  # fmt: skip
# Azimuth and elevation in degrees, size.
STREAKS = (
    (-31, 14, 1.0), (-8, 20, 0.8), (13, 12.5, 1.1), (27, 18, 0.9), (46, 11, 1.2), (66, 17, 1.0), (-62, 16, 1.1),
    (100, 18, 1.2), (150, 14, 1.1), (-150, 17, 1.2), (-105, 13, 1.0),
)  # fmt: skip
# x, z of dune grass in view.
CLUMPS = ((-4.1, -4.6), (-3.6, -2.3), (-6.4, -7.0), (4.6, -4.6), (4.1, -2.4), (7.4, -5.6), (2.6, 1.6), (-2.8, 2.2))


def place(look: Look) -> dict[str, Mesh]:
    """The layers of the shore in one of its looks."""
    near = join([*_strand(look), shade(look.pine, look.wood), *_dune_grass(look)])
    cabin = hut(look.walls).moved(HUT[0], ground_at(*HUT), HUT[1])
    mid = join([ground(look.sand), *headland(look), *_pines(look), *_boats(look), cabin])
    far = join([*_hills(look), sailing_boat().turned("y", 40).scaled(1.5).moved(27.0, WATER_M, -46.0)])
    sky = _streaks().painted(np.array(look.cloud))
    if look.dusk:
        shine = [(x, 0.1, z) for x, z, *_ in SHELLS]
        near, mid = (lamplit(layer, shine, "#9fe8e0", 0.55, 1.3) for layer in (near, mid))
        sky = join([sky, stars(80, 5)])
    return {"near": near, "mid": mid, "far": far, "clouds": sky, "water": sea(WATER_M).painted(GREY)}


def ground_at(x: float, z: float) -> float:
    """The height of the sand at one place."""
    return float(ground_m(np.array([[x, z]]))[0])


def _strand(look: Look) -> list[Mesh]:
    """Shells and a log on the sand; at dusk the shells glow."""
    pairs = zip((scallop, snail, starfish, starfish), look.shells, strict=True)
    kinds = [shining(make(*colours), 1.5 if look.dusk else 1.0) for make, colours in pairs]
    # A fan that leans back shows its ribs to who stands at the origin.
    lean_deg = (36, 0, 12, 12)
    lying = []
    for x, z, kind, size, angle in SHELLS:
        shell = kinds[kind].scaled(size).turned("x", lean_deg[kind]).turned("y", angle)
        lying.append(shell.moved(x, ground_at(x, z) + 0.03, z))
    log = driftwood(look.log).turned("y", 24).moved(3.35, ground_at(3.35, -3.5) - 0.02, -3.5)
    return [*lying, *_pebbles(look), log]


def _pebbles(look: Look) -> list[Mesh]:
    """Rounded stones along the edge of the water."""
    random = np.random.default_rng(5)
    line = waterline()
    stones = []
    for x, z in line[(np.abs(line[:, 0]) < 7) & (line[:, 1] > -11)][::9]:
        x, z = x + random.normal() * 0.3, z + abs(random.normal()) * 0.5 + 0.25
        size, tint = random.uniform(0.03, 0.09), look.rock[int(random.integers(1, 4))]
        stone = pebble(tint, int(random.integers(99))).scaled(size).turned("y", random.uniform(0, 360))
        stones.append(stone.moved(x, ground_at(x, z), z))
    return stones


def _dune_grass(look: Look) -> list[Mesh]:
    def density(places: Array) -> Array:
        return smoothstep(1.3, 2.6, inland_m(places)) * smoothstep(0.42, 0.62, noise(places, 1.6, 9))

    random = np.random.default_rng(3)
    clumps = [np.array(spot) + random.normal(size=(26, 2)) * (0.42, 0.34) for spot in CLUMPS]
    tufts = np.concatenate([spread(330, (2.6, 17.0), 4, density), *clumps])
    tufts = tufts[inland_m(tufts) > 0.6]
    return [grass(tufts, ground_m, 5, 0.42, look.blades)]


def _pines(look: Look) -> list[Mesh]:
    """Pines on the dunes behind the patient."""
    shapes = pine_shapes(61, 230)
    return [
        pine(shapes[k % 3], look.pine, look.wood, k).turned("y", 50.0 * k).scaled(size).moved(x, ground_at(x, z), z)
        for k, (x, z, size) in enumerate(PINES)
    ]


def _boats(look: Look) -> list[Mesh]:
    """A boat at rest near the right arm of the cove, tied to a post on the sand."""
    x, z, angle = BOAT
    boat = small_boat(*look.hull).turned("y", angle).moved(x, WATER_M, z)
    y = ground_at(6.6, -6.9)
    post = tube([(6.6, y - 0.3, -6.9, 0.07), (6.6, y + 0.62, -6.86, 0.06)], look.wood[2], 9, 2)
    cap = ball(0.075, 1, look.hull[1]).moved(6.6, y + 0.64, -6.86)
    rope = [(6.6, y + 0.5, -6.9, 0.014), (6.4, 0.15, -7.6, 0.014), (6.3, 0.18, -8.3, 0.014), (6.2, 0.42, -8.6, 0.014)]
    flag = pennant(look.hull[1]).scaled(1.3).moved(x + 0.5, 0.4, z - 0.2)
    return [boat, post, cap, tube(rope, look.log[2], 5, 4), flag]


def _hills(look: Look) -> list[Mesh]:
    """Hills at the left and behind, falling to open sea from straight ahead to the right."""
    sizes = ((80, 11.0, 26, 71, -26.0), (120, 22.0, 40, 72, -14.0), (180, 30.0, 60, 73, 2.0))
    made = []
    for (away, high, wide, seed, edge), (low, top) in zip(sizes, look.hills, strict=True):
        layer = hill(away, high, wide, low, top, seed)
        azimuth = np.degrees(np.arctan2(layer.points[:, 0], -layer.points[:, 2]))
        share = 1 - smoothstep(edge - 12, edge + 9, azimuth) * (1 - smoothstep(78, 110, azimuth)) * 1.12
        squash = np.stack([np.ones_like(share), share, np.ones_like(share)], -1)
        made.append(replace(layer, points=layer.points * squash).moved(0, -0.5, 0))
    return made


def _streaks() -> Mesh:
    """Long thin clouds low in the sky."""
    random = np.random.default_rng(8)
    made = []
    for azimuth, elevation, size in STREAKS:
        streak = _streak(random).scaled(size).turned("y", -azimuth + random.uniform(-8, 8))
        out, up = 112 * np.cos(np.radians(elevation)), 112 * np.sin(np.radians(elevation))
        made.append(streak.moved(out * np.sin(np.radians(azimuth)), up, -out * np.cos(np.radians(azimuth))))
    return join(made)


def _streak(random: np.random.Generator) -> Mesh:
    """One cloud 30 m long along x and about 2 m high."""
    puffs = []
    for at in np.linspace(-1, 1, 6):
        thick = (1 - 0.8 * abs(at)) * random.uniform(0.7, 1.2)
        puff = ball(1, 3).scaled(5.2, 0.75 * thick + 0.22, 2.0)
        puffs.append(puff.moved(11.0 * at, random.uniform(-0.25, 0.5), random.uniform(-1, 1)))
    return melted(join(puffs), 0.34, 3, 300)


MODELS = {
    "shore": Model(lambda: place(DAY), DAY.light),
    "shore_dusk": Model(lambda: place(DUSK), DUSK.light),
    "breath_lantern": prop("breath_lantern", lambda: lily(GOLD)),
    "breath_lantern_dusk": prop("breath_lantern_dusk", lambda: lily(OPAL)),
    "tide_lantern": prop("tide_lantern", lambda: floating(GOLD)),
    "tide_lantern_dusk": prop("tide_lantern_dusk", lambda: floating(OPAL)),
}
