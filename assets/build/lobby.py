"""The lobby: a wooden terrace high over a valley, in which the places of the games lie as small as toys."""

from __future__ import annotations

import numpy as np

from assets.build.evening import glowing, moon, stars
from assets.build.harbour import opened
from assets.build.kit import Array, Mesh, ball, box, facing_up, grain, join, lathe, noise, ramp, sheet, tube
from assets.build.land import clouds, hill, meadow, polar, smoothstep, strip
from assets.build.lighthouse import AT as LIGHTHOUSE_AT
from assets.build.lighthouse import lighthouse
from assets.build.looks import DAY, EVENING, Look
from assets.build.palette import CORAL, CREAM, TEAL
from assets.build.plants import far_tree, flower, small_trees
from assets.build.rocket import DUSK, MORNING, rocket
from assets.build.sea import GREY
from assets.build.small_boats import sailing_boat
from assets.build.studio import Model
from assets.build.terrace import TIMBER, lantern_row, pots, terrace
from assets.build.town import cottage
from assets.build.windmill import windmill

SEA_M = -15.6
BAY = ((50.0, -66.0), (37.0, 27.0))
MILL, PAD, STAGE = (-24.0, -50.0), (-4.0, -55.0), (6.2, -47.0)
PATH = [(0.0, -2.6), (0.2, -4.2), (1.6, -7.5), (0.4, -13.0), (-3.2, -19.0), (-1.5, -26.0), (2.0, -32.0), (0.5, -39.0)]
PATH += [(-6.0, -44.0), (-14.0, -47.0), (-22.0, -48.5)]
HOMES = (
    (16.5, -56.0), (20.0, -54.0), (23.5, -52.8), (27.0, -51.0), (13.5, -58.5), (18.5, -59.5), (30.5, -48.5)
)  # fmt: skip


def ground_m(places: Array) -> Array:
    """The height of the land at (n, 2) of x and z: a hillside down to a valley and a bay, rising behind."""
    x, z = places[:, 0], places[:, 1]
    away = np.hypot(x, z)
    behind = smoothstep(-3.0, 13.0, z)
    fall = -12.2 * smoothstep(3.6, 36, away) * (1 - behind)
    rolling = 1.9 * (noise(places, 21.0, 14) - 0.5) * smoothstep(9, 30, away)
    sides = 5.0 * smoothstep(22, 60, np.abs(x)) * smoothstep(-46, -20, z)
    knoll = 1.9 * np.exp(-((x - MILL[0]) ** 2 + (z - MILL[1]) ** 2) / 90.0)
    return -0.62 + fall + rolling + sides + knoll + 2.2 * behind * smoothstep(6, 26, away) - 5.0 * _bay(places)


def _bay(places: Array) -> Array:
    middle, radii = (np.array(pair) for pair in BAY)
    return 1 - smoothstep(0.82, 1.10, np.linalg.norm((places - middle) / radii, axis=1) + 0.14 * noise(places, 9.0, 3))


def _at(x: float, z: float) -> tuple[float, float, float]:
    return x, float(ground_m(np.array([[x, z]]))[0]), z


def day() -> dict[str, Mesh]:
    """The terrace over the valley in the morning."""
    return {**_land(DAY, 0), "near": join([*terrace(DAY, 0), *pots(DAY)]), "clouds": clouds(12, 14.0)}


def evening() -> dict[str, Mesh]:
    """The same at violet dusk, with lanterns, lit windows and a moon."""
    sky = [clouds(12, 14.0).painted(EVENING.cloud), stars(60, 9), moon(13.0, 16.5, 150.0, 8.0)]
    near = [*terrace(EVENING, 1), *pots(EVENING), *lantern_row()]
    return {**_land(EVENING, 1), "near": join(near), "clouds": join(sky)}


def _land(look: Look, time: int) -> dict[str, Mesh]:
    shapes = small_trees(61, 60)
    ground = meadow(ground_m, lambda points: _ground_paint(points, look), fine=0.86)
    way = strip(PATH, ground_m, 0.62, 0.03, look.sand, look.verge)
    landmarks = [_mill(look), _pad(look, time), *_harbour(look, time), *_stage(look)]
    return {
        "mid": join([ground, way, *landmarks, *_orchard(look, shapes), *_wood(look, shapes), *_slopes(look, shapes)]),
        "far": join(_hills(look)),
        "water": _sea(),
    }


def _ground_paint(points: Array, look: Look) -> Array:
    places = points[:, [0, 2]]
    tone = 0.22 + 0.75 * noise(places, 13.0, 1) + 0.3 * (noise(places, 2.5, 2) - 0.5)
    fields = smoothstep(0.56, 0.62, noise(places, 16.0, 8)) * smoothstep(24, 34, np.hypot(*places.T))
    green = ramp(look.grass, np.clip(tone + 0.2 * fields, 0, 1))
    beach = (1 - smoothstep(SEA_M + 0.35, SEA_M + 1.15, points[:, 1]))[:, None]
    return green * (1 - beach) + ramp(look.sand, noise(places, 2.0, 4)) * beach


def _sea() -> Mesh:
    grid = polar(np.geomspace(26.0, 900.0, 40), np.radians(np.linspace(2.0, 110.0, 46)))
    points = np.stack([grid[..., 0], np.full(grid.shape[:2], SEA_M), grid[..., 1]], -1)
    return facing_up(sheet(points)).painted(GREY)


def _hills(look: Look) -> list[Mesh]:
    rows = ((98, 12.0, 30, 61), (135, 21.0, 44, 62), (180, 34.0, 58, 63), (235, 50.0, 75, 64))
    made = []
    for (away, high, wide, seed), paints, edge in zip(rows, look.hills, (12.0, 16.0, 22.0, 40.0), strict=True):
        made.append(opened(hill(away, high, wide, *paints, seed), edge).scaled(1, 0.72, 1).moved(0, SEA_M + 0.3, 0))
    return made


def _mill(look: Look) -> Mesh:
    return look.made(windmill().turned("y", 24).moved(*_at(*MILL)))


def _orchard(look: Look, shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """Round trees in rows beside the mill."""
    kinds = ("lime", "sage", "autumn", "blossom")
    spots = [(-17.5 + 3.1 * row + 0.6 * k, -42.5 - 3.0 * k) for row in range(-2, 3) for k in range(4)]
    trees = []
    for k, (x, z) in enumerate(spots):
        x = x if x < -11 else x - 18.5
        tree = far_tree(shapes[k % 4], look.foliage[kinds[(k * 3) % 4]], k, look.trunk).turned("y", 70.0 * k)
        trees.append(tree.scaled(0.92).moved(*_at(x, z)))
    return trees


def _wood(look: Look, shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """A dense wood beyond the orchard."""
    random = np.random.default_rng(66)
    trees = []
    for k in range(46):
        x, z = random.normal(-12.0, 6.0), random.normal(-76.0, 3.5)
        kind = "sage" if k % 3 else "lime"
        tree = far_tree(shapes[k % 4], look.foliage[kind], k, look.trunk).turned("y", 50.0 * k)
        trees.append(tree.scaled(1.35, 1.9 + 0.5 * random.random(), 1.35).moved(*_at(x, z)))
    return trees


def _slopes(look: Look, shapes: list[tuple[Mesh, Mesh]]) -> list[Mesh]:
    """Trees here and there, also beside and behind the terrace."""
    random = np.random.default_rng(67)
    kinds = list(look.foliage)
    spots = [(-8.5, 7.5), (0.5, 11.0), (8.0, 8.0), (-14.0, 4.0), (15.0, 5.0), (-19.0, -9.0), (20.0, -12.0)]
    for _ in range(34):
        turn, away = np.radians(random.uniform(-180, 180)), random.uniform(24, 72)
        spots.append((away * np.sin(turn), -away * np.cos(turn)))
    trees = []
    for k, (x, z) in enumerate(spots):
        clear = _bay(np.array([[x, z]]))[0] < 0.02 and np.hypot(x - STAGE[0], z - STAGE[1]) > 6
        if clear and not (abs(x) < 9 and -60 < z < -8):
            tree = far_tree(shapes[k % 4], look.foliage[kinds[k % 3]], k, look.trunk).turned("y", 40.0 * k)
            trees.append(tree.scaled(random.uniform(0.9, 1.5)).moved(*_at(x, z)))
    return trees


def _pad(look: Look, time: int) -> Mesh:
    """The launch pad with its rocket."""
    x, y, z = _at(*PAD)
    disc = lathe([(5.2, -1.2), (5.2, 0.32), (4.8, 0.42), (0.0, 0.44)], "#e6dccb", 26)
    rings = lathe([(3.3, 0.45), (2.9, 0.47)], CORAL, 26)
    tower = [box(0.3, 7.0, 0.3, CORAL, 0, 1.5).moved(2.6 + a, 3.5, b - 0.8) for a in (0, 1.3) for b in (0, 1.3)]
    decks = [box(1.9, 0.18, 1.9, CREAM, 0, 1.0).moved(3.25, level, -0.15) for level in (2.2, 4.4, 6.9)]
    hut = cottage("#fff1dc", TEAL).scaled(0.9).turned("y", 20).moved(-8.0, -0.2, 1.5)
    ship = rocket((MORNING, DUSK)[time]).scaled(2.5).moved(0, 0.45, 0)
    return join([look.made(join([disc, rings, *tower, *decks, hut])), ship]).moved(x, y, z)


def _harbour(look: Look, time: int) -> list[Mesh]:
    """Cottages by the water, a lighthouse on its rock, sails in the bay."""
    walls, roofs = ("#fbe6b8", "#f6c9a8", "#fff1dc", "#bfe0d6"), (CORAL, TEAL)
    homes = [
        cottage(walls[k % 4], roofs[k % 2]).turned("y", -35.0 + 9 * k).moved(*_at(x, z))
        for k, (x, z) in enumerate(HOMES)
    ]
    tower = lighthouse().moved(-LIGHTHOUSE_AT[0], 0, -LIGHTHOUSE_AT[1])
    tower = tower.scaled(1.05).moved(34.5, SEA_M + 0.1, -62.0)
    sails = [
        sailing_boat().scaled(1.3).turned("y", turn).moved(x, SEA_M, z)
        for x, z, turn in ((46.0, -58.0, 60.0), (40.0, -76.0, 80.0), (62.0, -70.0, 40.0))
    ]
    made = [look.made(join(homes)), look.made(tower), *(look.made(sail) for sail in sails)]
    return [*made, *(_lit_windows() if time else [])]


def _lit_windows() -> list[Mesh]:
    """Warm panes on the cottages and a lamp in the lighthouse."""
    pane = box(0.62, 0.72, 0.12).painted(glowing("#ffd78c", 3.2))
    panes = [
        join([pane.moved(side, 1.5, 1.34) for side in (-0.7, 0.7)]).turned("y", -35.0 + 9 * k).moved(*_at(x, z))
        for k, (x, z) in enumerate(HOMES)
    ]
    lamp = ball(0.85, 2).painted(glowing("#ffe3a0", 3.6)).scaled(1, 1.15, 1).moved(34.5, SEA_M + 9.6, -62.0)
    return [*panes, lamp]


def _stage(look: Look) -> list[Mesh]:
    """The round clearing of the meadow, with flags about it."""
    x, y, z = _at(*STAGE)
    disc = lathe([(2.3, -0.8), (2.3, 0.3), (2.1, 0.4), (0.0, 0.42)], grain(TIMBER[0], (1, 1, 4), 1.2), 22)
    parts = [disc]
    for k in range(8):
        turn = np.radians(45 * k + 10)
        post = tube([(0, -0.3, 0, 0.09), (0, 2.7, 0, 0.06)], "#b98a5e", 5, 1)
        ball_top = ball(0.24, 1, (CORAL, "#f2c25a", CREAM, TEAL)[k % 4]).moved(0, 2.85, 0)
        parts.append(join([post, ball_top]).moved(4.4 * np.sin(turn), 0, 4.4 * np.cos(turn)))
    random = np.random.default_rng(5)
    blooms = []
    for k in range(60):
        turn, away = random.uniform(0, 2 * np.pi), random.uniform(3.2, 6.5)
        petals, heart, count = look.blooms[k % 4]
        place = _at(x + away * np.sin(turn), z + away * np.cos(turn))
        blooms.append(flower(petals, heart, count).scaled(0.5).moved(place[0], place[1] + 0.2, place[2]))
    return [look.made(join(parts)).moved(x, y, z), *blooms]


MODELS = {"lobby": Model(day, DAY.light), "lobby_dusk": Model(evening, EVENING.light)}
