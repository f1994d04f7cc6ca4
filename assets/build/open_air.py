"""The open-air stage of the meadow: a round deck, an arch with a garland and lanterns, bunting, bales."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.kit import (
    Array,
    Mesh,
    ball,
    banded,
    box,
    facing_up,
    flipped,
    grain,
    join,
    lathe,
    make,
    outward,
    ramp,
    sheet,
    smooth_path,
    tube,
    unit,
)
from assets.build.plants import leaves

MIDDLE_M = (0.42, -2.85)
DECK_M, RADIUS_M = 0.30, 1.30
ARCH_Z_M, ARCH_HALF_M = -3.95, 1.62
LANTERN_X_M = tuple(np.linspace(-1.26, 1.26, 8))


@dataclass(frozen=True)
class Paints:
    """The colours of what people made."""

    deck: tuple[str, str, str]
    rim: str
    post: tuple[str, str, str]
    cloth: tuple[str, ...]
    cord: str
    paper: str
    straw: tuple[str, str, str]
    strap: str
    leaf: tuple[str, ...]
    bloom: tuple[str, ...]


def arch_m(x: float) -> float:
    """The height of the arch at x from its middle."""
    return 2.28 + 0.62 * float(np.sqrt(max(0.0, 1 - (x / ARCH_HALF_M) ** 2)))


def lanterns_m() -> list[tuple[float, float, float]]:
    """Where the lanterns hang: the middle of each, from left to right."""
    return [(MIDDLE_M[0] + x, round(arch_m(x) - 0.36, 3), ARCH_Z_M + 0.02) for x in LANTERN_X_M]


def deck(paints: Paints) -> Mesh:
    """A round deck of planks with a low wall of boards, its top at 0.30 m, and a step at its side."""
    wide, planks = 2 * RADIUS_M / 13, []
    for k in range(13):
        rows = []
        for z in -RADIUS_M + wide * k + np.array([0.006, wide / 2, wide - 0.006]):
            across = np.linspace(-1, 1, 13) * np.sqrt(RADIUS_M**2 - z**2)
            rows.append(np.stack([across, np.full(13, DECK_M), np.full(13, z)], -1))
        planks.append(facing_up(sheet(np.array(rows))).painted(grain(paints.deck, (0.6, 1, 4), 0.5, k)))
    floor = lathe([(0.0, DECK_M - 0.02), (RADIUS_M, DECK_M - 0.02)], paints.rim, 30)
    wall = []
    for k in range(30):
        # Each board is flat and a little apart from the next.
        turns = np.radians(12.0 * k + np.array([0.3, 6.0, 11.7]))
        ring = np.stack([1.29 * np.sin(turns), 1.29 * np.cos(turns)], -1)
        rows = [np.stack([ring[:, 0], np.full(3, y), ring[:, 1]], -1) for y in (0.29, 0.14, -0.03)]
        wall.append(sheet(np.array(rows)).painted(grain(paints.deck, (4, 0.6, 4), 0.4, k)))
    turns = np.linspace(0, 2 * np.pi, 49)
    hoop = tube([(1.32 * np.cos(t), DECK_M, 1.32 * np.sin(t), 0.03) for t in turns], paints.rim, 7, 1)
    step = box(0.62, 0.15, 0.30, grain(paints.deck, (0.6, 1, 4), 0.5, 3), 0.012, 0.2).moved(0, 0.06, 1.42)
    return join([*planks, facing_up(floor), *wall, hoop, step.turned("y", 62)]).moved(MIDDLE_M[0], 0, MIDDLE_M[1])


def arch(paints: Paints) -> Mesh:
    """Two posts and a bent beam with leaves and flowers; cords and unlit paper lanterns hang from it."""
    across = np.linspace(-1, 1, 15) * ARCH_HALF_M
    beam = tube([(x, arch_m(x), 0, 0.052) for x in across], grain(paints.post, (1, 1, 1), 0.4, 1), 9, 2)
    wood = grain(paints.post, (4, 0.5, 4), 0.4, 2)
    posts = []
    for x in (-ARCH_HALF_M, ARCH_HALF_M):
        posts.append(tube([(x, -0.2, 0, 0.068), (x, 1.2, 0, 0.06), (x, 2.32, 0, 0.055)], wood, 10, 4))
        posts.append(lathe([(0.15, -0.1), (0.15, 0.10), (0.09, 0.16), (0.06, 0.2)], paints.rim, 12).moved(x, 0, 0))
    hung = [_cord(x, paints) for x in LANTERN_X_M]
    return join([beam, *posts, _garland(paints), *hung]).moved(MIDDLE_M[0], 0, ARCH_Z_M)


def _cord(x: float, paints: Paints) -> Mesh:
    """A cord from the beam and a paper lantern that waits to be lit; the lit one is a prop and a little larger."""
    top = arch_m(x)
    cord = tube([(x, top - 0.03, 0.02, 0.005), (x, top - 0.26, 0.02, 0.005)], paints.cord, 4, 1)
    return join([cord, lantern(0.098, paints.paper, paints.paper, paints.cord).moved(x, top - 0.36, 0.02)])


def lantern(radius: float, light: str, deep: str, wood: str, rows: int = 7, sides: int = 10) -> Mesh:
    """A ribbed paper lantern about its middle."""
    turns = np.linspace(-0.44 * np.pi, 0.44 * np.pi, rows)
    ribs = 1 + 0.022 * np.cos(np.arange(rows) * np.pi)
    skin = lathe(np.stack([radius * np.cos(turns) * ribs, 0.96 * radius * np.sin(turns)], -1), sides=sides)
    skin = skin.painted(lambda p: ramp((deep, light, deep), np.clip(0.5 + 0.5 * p[:, 1] / radius, 0, 1)))
    cap = lathe([(0.0, 0.93), (0.30, 0.93), (0.30, 1.06), (0.0, 1.08)], wood, sides - 3).scaled(radius)
    foot = lathe([(0.0, -1.06), (0.26, -1.05), (0.26, -0.93), (0.0, -0.92)], wood, sides - 3).scaled(radius)
    return join([skin, cap, foot])


def _garland(paints: Paints) -> Mesh:
    """Leaves along the beam and down the upper posts, with a flower here and there."""
    random = np.random.default_rng(4)
    count = 300
    x = random.uniform(-1, 1, count) * ARCH_HALF_M
    y = np.array([arch_m(v) for v in x]) - np.where(np.abs(x) > 1.55, random.uniform(0, 0.9, count), 0)
    angle = random.uniform(0, 2 * np.pi, count)
    out = np.stack([0.3 * np.sin(3 * angle), np.sin(angle), np.cos(angle)], -1)
    places = np.stack([x, y, np.zeros(count)], -1) + out * 0.055
    along = unit(out + random.normal(size=(count, 3)) * 0.6 + (0, -0.2, 0))
    tint = ramp(paints.leaf, np.clip(0.5 + 0.3 * out[:, 1] + random.normal(size=count) * 0.2, 0, 1))
    green = leaves(places, along, unit(np.array([0.0, 0.4, 0.6]) + out), random.uniform(0.10, 0.17, count), tint, 0.25)
    blooms = []
    for k, at in enumerate(np.linspace(-1, 1, 21)):
        middle = at * ARCH_HALF_M + random.uniform(-0.05, 0.05)
        head = rose(paints.bloom[k % len(paints.bloom)]).scaled(random.uniform(0.055, 0.085))
        blooms.append(head.moved(middle, arch_m(middle) + random.uniform(-0.03, 0.05), 0.075))
    return join([green, *blooms])


def rose(paint: str) -> Mesh:
    """A flower of radius 1 with five round petals that looks to +z."""
    turns = np.arange(20) * np.pi / 10
    petals = 0.80 + 0.22 * np.abs(np.cos(2.5 * turns))
    rows = [
        np.stack([share * petals * np.cos(turns), share * petals * np.sin(turns), np.full(20, front)], -1)
        for share, front in ((0.15, 0.10), (0.6, 0.26), (1.0, 0.0), (0.7, -0.22))
    ]
    face = sheet(np.array(rows), wrap=True)
    shade = np.repeat([0.84, 1.0, 1.06, 0.8], 20)[:, None]
    petal = flipped(face).painted(ramp((paint,), shade[:, 0]) * shade)
    return join([petal, ball(0.32, 0, "#ffe3a0").moved(0, 0, 0.22)])


def bunting(paints: Paints) -> list[Mesh]:
    """Lines of flags from the arch to the birches."""
    left, right = MIDDLE_M[0] - ARCH_HALF_M, MIDDLE_M[0] + ARCH_HALF_M
    lines = [
        ((left, 2.34, ARCH_Z_M), (-4.3, 3.0, -5.2), 0.42, 0),
        ((right, 2.34, ARCH_Z_M), (4.5, 3.0, -4.9), 0.42, 2),
        ((MIDDLE_M[0] - 0.5, 2.95, ARCH_Z_M), (-2.6, 3.5, -8.2), 0.35, 1),
        ((MIDDLE_M[0] + 0.5, 2.95, ARCH_Z_M), (3.6, 3.5, -8.4), 0.35, 3),
    ]
    return [_line(np.array(a), np.array(b), sag, first, paints) for a, b, sag, first in lines]


def _line(start: Array, end: Array, sag_m: float, first: int, paints: Paints) -> Mesh:
    count = int(np.linalg.norm(end - start) / 0.29)
    t = np.linspace(0, 1, 3 * count + 1)
    line = start + (end - start) * t[:, None] - np.array([0, 1, 0]) * (4 * sag_m * t * (1 - t))[:, None]
    flags = []
    for k in range(count):
        a, b = (line[3 * k + j] - (0.0, 0.014, 0.0) for j in (0, 2))
        tip = (a + b) / 2 + (0.0, -0.22, 0.02)
        paint = paints.cloth[(k + first) % len(paints.cloth)]
        flags.append(make(np.array([a, b, tip]), np.array([(0, 2, 1)]), paint).swaying(np.array([0.0, 0.0, 0.9])))
    cord = tube([(*p, 0.007) for p in line[::2]], paints.cord, 4, 1)
    return join([cord, *flags])


def bale(paints: Paints, seed: int) -> Mesh:
    """A bale of straw 0.9 m long along x, standing on y = 0, with two straps."""
    body = box(0.92, 0.44, 0.50, grain(paints.straw, (0.8, 3.5, 3.5), 0.16, seed), 0.05, 0.24).moved(0, 0.22, 0)
    straps = [box(0.03, 0.456, 0.516, paints.strap, 0.05, 0.3).moved(x, 0.22, 0) for x in (-0.24, 0.24)]
    return join([body, *straps])


def pot(paints: Paints, seed: int) -> Mesh:
    """A clay pot full of flowers, 0.75 m high."""
    clay = banded(
        [
            ([(0.0, 0.0), (0.15, 0.0), (0.20, 0.27)], "#c9714f"),
            ([(0.20, 0.27), (0.225, 0.27), (0.225, 0.34), (0.18, 0.34), (0.0, 0.31)], "#d98260"),
        ],
        16,
    )
    random = np.random.default_rng(seed)
    count = 44
    out = unit(random.normal((0.0, 0.7, 0.0), 1.0, (count, 3)))
    tint = ramp(paints.leaf, np.clip(0.5 + random.normal(size=count) * 0.25, 0, 1))
    places, towards = out * (0.15, 0.10, 0.15) + (0, 0.40, 0), unit(np.array([0.0, 0.3, 0.8]) + out)
    green = leaves(places, out, towards, random.uniform(0.1, 0.16, count), tint, 0.2)
    heads = []
    for k in range(8):
        turn, rise = 2.4 * k, random.uniform(0.46, 0.66)
        wide = 0.17 * np.sqrt((k + 0.5) / 8)
        head = rose(paints.bloom[k % len(paints.bloom)]).scaled(0.062).turned("x", random.uniform(-50, -5))
        heads.append(
            head.turned("y", random.uniform(-30, 30)).moved(wide * np.cos(turn), rise, wide * np.sin(turn) + 0.03)
        )
    return join([clay, green, *heads])


def balloon(cloth: Sequence[str], basket: str) -> Mesh:
    """A striped balloon 9 m high about the middle of its envelope, which has a radius of 3.4 m."""
    profile = smooth_path([(0.35, -4.3), (0.9, -3.5), (2.3, -1.7), (3.3, 0.4), (2.75, 2.3), (1.3, 3.3), (0.0, 3.55)], 2)
    gores = []
    for k in range(16):
        turns = np.radians(22.5 * (k + np.array([0.0, 0.5, 1.0])))
        # Each gore bulges between its seams.
        bulge = np.array([1.0, 1.035, 1.0])
        grid = [
            [(r * b * np.cos(t), y, -r * b * np.sin(t)) for t, b in zip(turns, bulge, strict=True)] for r, y in profile
        ]
        gores.append(outward(sheet(np.array(grid), cloth[k % len(cloth)])))
    ropes = [
        tube([(0.4 * x, -4.2, 0.4 * z, 0.03), (0.42 * x, -5.3, 0.42 * z, 0.03)], basket, 4, 1)
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    return join([*gores, *ropes, box(0.95, 0.75, 0.95, basket, 0.1, 0.5).moved(0, -5.6, 0)])
