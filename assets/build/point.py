"""The point: a terrace above a calm sea by night, a lighthouse on its rock, a town across the bay."""

from __future__ import annotations

import numpy as np

from assets.build.evening import glowing, lamplit, moon, shining, stars
from assets.build.harbour import far_land
from assets.build.kit import Array, Mesh, ball, facing_up, join, lumpy, noise, ramp, sheet
from assets.build.land import azimuths, clouds, polar, smoothstep, spread
from assets.build.lighthouse import ON_ROCK_M, cottage, rock, rock_lines, tower
from assets.build.palette import CORAL, TEAL
from assets.build.pines import pine, pine_shapes
from assets.build.plants import flower, flowers, grass, small_trees
from assets.build.point_looks import DUSK, NIGHT, Look
from assets.build.point_terrace import LAMPS, jetty, jetty_lamp, jetty_posts, steps, terrace
from assets.build.sea import WATER_M, circle, water
from assets.build.studio import Model, melted
from assets.build.town import cottage as home

SEA_M = -2.2
# Azimuth in degrees, how far the land goes there.
COAST = (
    (-180, 70.0), (-140, 46.0), (-112, 24.0), (-88, 14.5), (-62, 11.0), (-40, 9.6), (-15, 8.6), (8, 8.4), (30, 8.8),
    (55, 10.5), (82, 14.0), (112, 24.0), (140, 46.0), (180, 70.0),
)  # fmt: skip
LIGHTHOUSE, SIZE = (5.6, -22.6), 0.80
"""Where the lighthouse stands (x, z) and how large it is; the middle of its lamp is `LAMP_M` high."""
LAMP_M = SEA_M + SIZE * (ON_ROCK_M + 7.75 - WATER_M)
# Azimuth in degrees, distance, how high above the quay, and size of each house across the bay.
HOUSES = (
    (-57, 52, 0.0, 1.15),
    (-53, 51, 0.0, 1.0),
    (-49.5, 50, 0.0, 1.2),
    (-45.5, 50, 0.0, 1.05),
    (-41.5, 49, 0.0, 1.2),
    (-37.5, 50, 0.0, 1.0),
    (-34, 50, 0.0, 1.25),
    (-30, 51, 0.0, 1.05),
    (-26.5, 52, 0.0, 1.15),
    (-51, 57, 2.2, 1.1),
    (-43, 57, 2.6, 1.2),
    (-35.5, 57, 2.4, 1.1),
    (-29, 58, 1.8, 1.0),
    (-47, 62, 4.2, 1.1),
    (-39, 62, 4.6, 1.15),
)
WALLS = ("#fbe6b8", "#f6c9a8", "#fff1dc", "#bfe0d6", "#f2b79a")
# x, z, size.
PINES = (
    (9.6, -6.0, 0.95),
    (12.0, -3.6, 1.15),
    (-11.4, -4.2, 1.1),
    (-13.5, 1.0, 1.3),
    (11.0, 6.0, 1.3),
    (-6.0, 13.0, 1.3),
)


def place(look: Look) -> dict[str, Mesh]:
    """The layers of the point in one of its nights."""
    shapes, times = small_trees(31, 60), look.times
    near = join([*terrace(look), *_growth(look)])
    land = join([_ground(look), _boulders(look), steps(look, ground_at), jetty(look), *_pines(look)])
    lit = [*LAMPS, (*jetty_lamp(),)]
    near, land = (lamplit(layer, lit, "#ffb650", 2.4, 1.6, look.pool) for layer in (near, land))
    far = [layer.moved(0, SEA_M - WATER_M, 0) for layer in far_land(times, shapes)]
    sky = [
        clouds(11, 4.0).painted(times.cloud),
        stars(look.stars, 6, 130.0),
        shining(moon(-17.0, 25.0, 150.0, 6.0), look.moon),
    ]
    return {
        "near": near,
        "mid": join([land, *_lighthouse(look), *_town(look)]),
        "far": join(far),
        "clouds": join(sky),
        "water": water(_shores()).moved(0, SEA_M - WATER_M, 0).painted("#ffffff"),
    }


def coast_m(places: Array) -> Array:
    """How far the land goes in the direction of each place (n, 2)."""
    turns, reach = zip(*COAST, strict=True)
    azimuth = np.degrees(np.arctan2(places[:, 0], -places[:, 1]))
    ring = np.stack([np.sin(np.radians(azimuth)), np.cos(np.radians(azimuth))], -1)
    out: Array = np.interp(azimuth, turns, reach) * (1 + 0.10 * (noise(ring, 0.35, 41) - 0.5))
    return out


def ground_m(places: Array) -> Array:
    """The height of the point at places (n, 2): level under the terrace, a slope, and a step of rock into the sea."""
    away = np.hypot(*places.T)
    share = (away - 4.3) / (coast_m(places) - 4.3)
    slope = -0.06 - 0.75 * smoothstep(0.0, 0.85, share) - 1.55 * smoothstep(0.78, 1.04, share)
    bed = -1.6 * smoothstep(1.0, 1.4, share)
    rise = (3.2 * smoothstep(7, 34, places[:, 1]) + 1.5 * smoothstep(9, 30, np.abs(places[:, 0]))) * (
        1 - smoothstep(0.55, 0.95, share)
    )
    rough = 0.5 * (noise(places, 2.6, 42) - 0.5) * smoothstep(0.05, 0.35, share) * (1 - smoothstep(0.95, 1.2, share))
    heights: Array = slope + bed + rise + rough
    return heights


def ground_at(x: float, z: float) -> float:
    """The height at one place."""
    return float(ground_m(np.array([[x, z]]))[0])


def _ground(look: Look) -> Mesh:
    """Turf that ends in rock, from under the terrace to the sea bed."""
    radii = np.concatenate([[0.02, 2.0, 3.6], np.linspace(4.2, 13, 26), np.geomspace(14, 80, 11)])
    grid = polar(radii, azimuths(76, 24))
    flat = grid.reshape(-1, 2)
    points = np.stack([flat[:, 0], ground_m(flat), flat[:, 1]], -1).reshape(*grid.shape[:2], 3)

    def paint(at: Array) -> Array:
        places = at[:, [0, 2]]
        edge = np.hypot(*places.T) / coast_m(places) + 0.12 * (noise(places, 0.9, 43) - 0.5)
        bare = smoothstep(0.78, 0.90, edge)[:, None]
        tone = 0.25 + 0.55 * noise(places, 3.0, 44) + 0.25 * (noise(places, 0.8, 45) - 0.5)
        return ramp(look.times.grass, np.clip(tone, 0, 1)) * (1 - bare) + _stone(at, look) * bare

    return facing_up(sheet(points, wrap=True)).painted(paint)


def _stone(points: Array, look: Look) -> Array:
    layers = 0.62 + 0.16 * points[:, 1] + 0.5 * (noise(points * (0.4, 1.5, 0.4), 0.7, 46) - 0.5)
    return ramp(look.rock, np.clip(layers, 0, 1))


def _boulders(look: Look) -> Mesh:
    """Rounded rocks along the edge of the water."""
    random, stones = np.random.default_rng(14), []
    for azimuth in np.linspace(-104, 104, 44):
        way = np.radians(azimuth + random.uniform(-2, 2))
        x, z = np.sin(way), -np.cos(way)
        out = float(coast_m(np.array([[x, z]]))[0]) + random.uniform(-0.5, 0.9)
        size = random.uniform(0.35, 0.95)
        stone = lumpy(ball(size, 3).scaled(1.15, 0.72, 1.0), 0.18, size * 0.8, int(random.integers(999)))
        stones.append(
            stone.turned("y", random.uniform(0, 360)).moved(x * out, SEA_M + random.uniform(-0.1, 0.3), z * out)
        )
    return melted(join(stones), 0.13, 2, 4800).painted(lambda p: _stone(p, look))


def _shores() -> list[Array]:
    """Where rock and posts stand in the water."""
    turns = np.radians(np.linspace(-180, 180, 181)[:-1])
    ways = np.stack([np.sin(turns), -np.cos(turns)], -1)
    coast = ways * (coast_m(ways) + 0.55)[:, None]
    island = [np.array(LIGHTHOUSE) + SIZE * line for line in rock_lines()]
    return [coast, *island, *(circle(x, z, 0.10) for x, z in jetty_posts())]


def _lighthouse(look: Look) -> list[Mesh]:
    """The tower, open where its lamp is, and the keeper's cottage."""
    home = look.times.made(join([tower(glass=False), cottage()])).moved(0, ON_ROCK_M, 0)
    lit = lamplit(home, [(0.0, ON_ROCK_M + 7.8, 0.0)], "#ffc070", 1.6, 1.0, 0.25)
    stone = rock()
    green = smoothstep(0.75, 1.1, stone.points[:, 1] + 0.5 * (noise(stone.points, 1.2, 3) - 0.5))[:, None]
    turf = ramp(look.times.grass, noise(stone.points, 1.0, 5))
    bare = stone.painted(_stone(stone.points - (0, 1.2, 0), look) * (1 - green) + turf * green)
    x, z = LIGHTHOUSE
    return [join([bare, lit]).moved(0, -WATER_M, 0).scaled(SIZE).moved(x, SEA_M, z)]


def _town(look: Look) -> list[Mesh]:
    """Houses with lights in their windows on a quay across the bay, lamps along it, and gardens behind."""
    turns = np.radians(np.linspace(-61, -23, 25))
    rows = ((46, -3.0, 0.0), (46, -1.1, 0.0), (51, -0.9, 0.6), (57, -0.5, 3.2), (64, -0.2, 6.4), (72, -1.0, 8.5))
    taper = np.sin(np.linspace(0.0, np.pi, 25)) ** 0.6
    bank = [np.stack([away * np.sin(turns), y + up * taper, -away * np.cos(turns)], -1) for away, y, up in rows]
    slope = facing_up(sheet(np.array(bank)))
    green = slope.painted(ramp(look.times.grass, noise(slope.points, 4.0, 51)))
    quay = [
        [(away * np.sin(t), y, -away * np.cos(t)) for t in turns] for away, y in ((45.5, -3), (45.5, -1.0), (54, -1.0))
    ]
    made = [facing_up(sheet(np.array(quay))).painted(look.flags[2])]
    for k, (azimuth, away, up, size) in enumerate(HOUSES):
        house = home(WALLS[k % 5], (CORAL, TEAL)[k % 2]).scaled(size).turned("y", -azimuth)
        made.append(house.moved(away * np.sin(np.radians(azimuth)), up - 0.3, -away * np.cos(np.radians(azimuth))))
    lamps = [
        ball(0.20, 1, glowing("#ffb13c", 12.0)).moved(46.2 * np.sin(t), 1.0, -46.2 * np.cos(t)) for t in turns[2::3]
    ]
    return [green, look.times.made(join(made)), *lamps]


def _pines(look: Look) -> list[Mesh]:
    shapes = pine_shapes(61, 230)
    return [
        pine(shapes[k % 3], look.needles, look.trunk, k).turned("y", 50.0 * k).scaled(size).moved(x, ground_at(x, z), z)
        for k, (x, z, size) in enumerate(PINES)
    ]


def _growth(look: Look) -> list[Mesh]:
    """Grass and sea pinks on the slope, and in the joints at the foot of the wall."""

    def density(places: Array) -> Array:
        edge = np.hypot(*places.T) / coast_m(places)
        return (1 - smoothstep(0.72, 0.88, edge)) * smoothstep(0.30, 0.62, noise(places, 1.7, 47))

    tufts = spread(420, (4.55, 16.0), 4, density)
    blooms = spread(200, (4.6, 13.0), 5, lambda p: density(p) * smoothstep(0.45, 0.65, noise(p, 2.2, 48)))
    kinds = [flower(petals, heart, count) for petals, heart, count in look.times.blooms]
    pick = np.clip((noise(blooms, 2.4, 49) * 5 - 0.8).astype(int), 0, 3)
    return [
        grass(tufts, ground_m, 5, 0.34, look.times.blades),
        flowers(blooms, ground_m, kinds, pick, 6, 0.26, look.times.stem),
    ]


MODELS = {
    "lighthouse": Model(lambda: place(NIGHT), NIGHT.times.light),
    "lighthouse_dusk": Model(lambda: place(DUSK), DUSK.times.light),
}
