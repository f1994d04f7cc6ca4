"""The launch site: a round pad, a tower with a gantry and a gauge, tanks with hoses, and the control hut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assets.build.kit import Array, Mesh, ball, banded, box, colour, join, lathe, noise, tube

PAD_M, PAD_TOP_M = 2.35, 0.30
TOWER = (1.72, -0.75)
"""Where the tower stands from the middle of the pad, to the right and back (x, z)."""
LAMPS, LAMP_STEP_M, LAMP_LOW_M = 10, 0.33, 0.92


@dataclass(frozen=True)
class Paints:
    """What the things of the site are painted with."""

    stone: tuple[str, str, str]
    ring: str
    frame: str
    brace: str
    wall: str
    roof: str
    timber: tuple[str, str, str]
    glass: str | Array
    socket: str
    hose: str


def pad(paints: Paints) -> Mesh:
    """A round stone pad with two steps, standing on y = 0 and 2.35 m about the origin; rings mark its middle."""
    stone, light = paints.stone[1], paints.stone[2]
    top = PAD_TOP_M
    rings = [
        ([(2.85, -0.35), (2.83, 0.09), (2.78, 0.12), (2.62, 0.125), (2.45, 0.125)], stone),
        ([(2.40, 0.10), (2.38, 0.27), (2.33, top), (2.20, top), (2.05, top)], light),
        ([(2.05, top), (1.95, top + 0.004), (1.85, top)], paints.ring),
        ([(1.85, top), (1.6, top), (1.35, top), (1.12, top)], light),
        ([(1.12, top), (1.05, top + 0.004), (0.98, top)], paints.ring),
        ([(0.98, top), (0.8, top), (0.6, top), (0.4, top)], stone),
        ([(0.4, top), (0.38, top - 0.03), (0.2, top - 0.03), (0.0, top - 0.03)], "#8d8390"),
    ]
    base = banded(rings, 50)
    tone = 0.93 + 0.14 * noise(base.points, 0.5, 4)[:, None]
    blocks = [
        box(0.34, 0.20, 0.34, paints.frame, 0.03, 0.2).moved(2.55, 0.20, 0).turned("y", angle)
        for angle in (25, 155, 205, 335)
    ]
    return join([base.painted(np.clip(base.colours[:, :3] * tone, 0, 1)), *blocks])


def tower(paints: Paints) -> Mesh:
    """A tower 4.9 m high on y = 0 about the origin, its gauge towards +z and its gantry towards -x."""
    half, high = 0.42, 4.25
    legs = [
        box(0.09, high, 0.09, paints.frame, 0.012, 0.5).moved(sx * half, high / 2, sz * half)
        for sx in (-1, 1)
        for sz in (-1, 1)
    ]
    levels = np.linspace(0.25, high - 0.1, 6)
    bars = [
        box(2 * half, 0.055, 0.05, paints.frame, 0.0, 0.4).moved(0, y, half).turned("y", angle)
        for y in levels for angle in (0, 90, 180, 270)
    ]  # fmt: skip
    braces = []
    for k, (low, up) in enumerate(pairwise(levels)):
        for angle in (90, 180, 270):
            side = half if (k + angle // 90) % 2 else -half
            ends = [(-side, low, half, 0.022), (side, up, half, 0.022)]
            braces.append(tube(ends, paints.brace, 5, 2).turned("y", angle))
    floors = [box(1.06, 0.07, 1.06, paints.timber[1], 0.015, 0.3).moved(0, y, 0) for y in (2.05, high)]
    return join(
        [*legs, *bars, *braces, *floors, *_rail(paints, high), *_roof(paints, high), _gantry(paints), gauge(paints)]
    )


def _rail(paints: Paints, y: float) -> list[Mesh]:
    corner = [(0.48, 0.48), (-0.48, 0.48), (-0.48, -0.48), (0.48, -0.48), (0.48, 0.48)]
    rail = [tube([(x, y + h, z, 0.018) for x, z in corner], paints.brace, 4, 4) for h in (0.22, 0.40)]
    return [*rail, *(tube([(x, y, z, 0.022), (x, y + 0.42, z, 0.022)], paints.brace, 5, 1) for x, z in corner[:4])]


def _roof(paints: Paints, y: float) -> list[Mesh]:
    posts = [
        box(0.05, 0.8, 0.05, paints.frame, 0.0, 0.4).moved(x * 0.36, y + 0.4, z * 0.36)
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    hat = lathe([(0.0, 0.0), (0.74, 0.0), (0.76, 0.05), (0.4, 0.34), (0.06, 0.52), (0.0, 0.54)], paints.roof, 4)
    light = ball(0.12, 2, paints.glass).moved(0, y + 0.35, 0)
    mast = tube([(0, y + 1.3, 0, 0.022), (0, y + 2.05, 0, 0.015)], paints.brace, 6, 4)
    return [
        *posts,
        hat.turned("y", 45).moved(0, y + 0.8, 0),
        light,
        mast,
        ball(0.04, 1, paints.glass).moved(0, y + 2.08, 0),
    ]


def _gantry(paints: Paints) -> Mesh:
    """A walkway from the tower towards the rocket's side, with a rail and a soft bumper at its end."""
    deck = box(0.62, 0.06, 0.52, paints.timber[1], 0.012, 0.25).moved(-0.80, 2.05, 0)
    strut = tube([(-0.44, 1.45, 0, 0.03), (-1.0, 2.0, 0, 0.03)], paints.frame, 6, 2)
    rails = []
    for z in (-0.24, 0.24):
        rails.append(tube([(-0.48, 2.45, z, 0.018), (-1.08, 2.45, z, 0.018)], paints.brace, 5, 1))
        rails += [tube([(x, 2.05, z, 0.018), (x, 2.45, z, 0.018)], paints.brace, 5, 1) for x in (-0.78, -1.08)]
    bumper = tube([(-1.12, 2.05, -0.25, 0.05), (-1.12, 2.05, 0.25, 0.05)], paints.roof, 8, 2)
    return join([deck, strut, *rails, bumper])


def gauge(paints: Paints) -> Mesh:
    """The board with a dark socket for each fuel lamp, on the tower's front."""
    high = LAMPS * LAMP_STEP_M
    middle = LAMP_LOW_M + (LAMPS - 1) * LAMP_STEP_M / 2
    board = box(0.44, high + 0.1, 0.06, paints.wall, 0.025, 0.3).moved(0, middle, 0.50)
    edge = [box(0.05, high + 0.2, 0.09, paints.roof, 0.015, 0.4).moved(side * 0.24, middle, 0.50) for side in (-1, 1)]
    hole = lathe([(0.145, 0.0), (0.13, 0.015), (0.11, 0.004), (0.0, 0.002)], paints.socket, 12).turned("x", 90)
    holes = [hole.moved(0, LAMP_LOW_M + k * LAMP_STEP_M, 0.53) for k in range(LAMPS)]
    return join([board, *edge, *holes])


def tank(paints: Paints, radius_m: float, band: str) -> Mesh:
    """A round tank on four legs with a hatch and a painted belt, standing on y = 0."""
    r, up = radius_m, radius_m + 0.42
    turns = np.linspace(-np.pi / 2, np.pi / 2, 17)
    rings = [(r * float(np.cos(t)), up + r * float(np.sin(t))) for t in turns]
    shell = banded([(rings[:7], paints.wall), (rings[6:11], band), (rings[10:], paints.wall)], 32)
    legs = [
        tube([(0.92 * r, -0.1, 0, 0.05), (0.80 * r, up - 0.25 * r, 0, 0.06)], paints.frame, 7, 3).turned(
            "y", 45 + 90 * k
        )
        for k in range(4)
    ]
    hatch = lathe([(0.2, 0.0), (0.2, 0.09), (0.15, 0.13), (0, 0.14)], paints.frame, 14).moved(0, up + r - 0.03, 0)
    valve = ball(0.10, 1, paints.roof).moved(0, up - 0.55 * r, 0.88 * r)
    return join([shell, *legs, hatch, valve])


def hose(knots: Sequence[Sequence[float]], paints: Paints) -> Mesh:
    """A thick hose with couplings at its ends, through knots (x, y, z)."""
    line = tube([(*knot, 0.055) for knot in knots], paints.hose, 8, 6)
    ends = [ball(0.085, 1, paints.frame).moved(*knots[k]) for k in (0, -1)]
    return join([line, *ends])


def hut(paints: Paints) -> Mesh:
    """The control hut with a domed roof and a dish on it, standing on y = 0, its window and door towards +z."""
    wall = colour(paints.wall)
    drum = banded(
        [
            ([(1.56, -0.4), (1.55, 0.28)], paints.stone[0]),
            (
                [(1.50, 0.28), (1.50, 0.5), (1.50, 0.7), (1.50, 0.95), (1.50, 1.2), (1.50, 1.45), (1.50, 1.75)],
                paints.wall,
            ),
        ],
        40,
    )
    ring = lathe([(1.5, 1.72), (1.66, 1.74), (1.68, 1.84), (1.55, 1.88)], paints.frame, 40)
    turns = np.linspace(0, np.pi / 2, 9)
    dome = lathe([(1.56 * float(np.cos(t)), 1.86 + 1.12 * float(np.sin(t))) for t in turns], paints.roof, 40)
    door = join([box(0.86, 1.46, 0.40, paints.frame, 0.03, 0.4), box(0.68, 1.32, 0.46, paints.timber[0], 0.02, 0.4)])
    parts = [drum.painted(drum.colours[:, :3] * (wall / colour(paints.wall))), ring, dome]
    parts.append(door.moved(0, 0.66, 1.36).turned("y", 30))
    parts += [_porthole(paints).moved(0, 1.12, 1.46).turned("y", angle) for angle in (-22.0, -62.0, 78.0)]
    step = box(1.1, 0.2, 0.5, paints.stone[1], 0.03, 0.3).moved(0, 0.0, 1.8).turned("y", 30)
    return join([*parts, step, dish(paints).moved(-0.25, 2.9, 0.1)])


def _porthole(paints: Paints) -> Mesh:
    rim = lathe([(0.37, -0.05), (0.37, 0.05), (0.31, 0.09), (0.26, 0.06), (0.24, -0.05)], paints.frame, 24)
    pane = lathe([(0.26, 0.04), (0.12, 0.05), (0.0, 0.05)], paints.glass, 24)
    return join([rim, pane]).turned("x", 90)


def dish(paints: Paints) -> Mesh:
    """A dish on a short mast, looking up and towards -x and +z."""
    bowl = [(0.0, 0.0), (0.25, 0.03), (0.48, 0.12), (0.66, 0.26)]
    shell = join([lathe(bowl, paints.wall, 24), lathe([(r, h + 0.03) for r, h in bowl[::-1]], paints.wall, 24)])
    lip = tube(
        [(0.66 * np.cos(t), 0.25, 0.66 * np.sin(t), 0.03) for t in np.linspace(0, 2 * np.pi, 25)], paints.frame, 5, 1
    )
    horn = [
        tube([(0.5 * np.cos(t), 0.14, 0.5 * np.sin(t), 0.014), (0, 0.62, 0, 0.014)], paints.brace, 5, 1)
        for t in (0.5, 2.6, 4.7)
    ]
    tip = ball(0.07, 1, paints.roof).moved(0, 0.62, 0)
    aimed = join([shell, lip, *horn, tip]).turned("x", 42).turned("y", -35)
    return join([aimed.moved(0, 0.42, 0), lathe([(0.13, -0.2), (0.09, 0.3), (0.1, 0.45), (0, 0.47)], paints.frame, 12)])


def windsock(paints: Paints, stripes: tuple[str, str]) -> Mesh:
    """A striped windsock on a mast 4.4 m high, blowing towards +x."""
    mast = tube([(0, -0.3, 0, 0.06), (0, 4.4, 0, 0.035)], paints.brace, 8, 2)
    bands = []
    for k in range(5):
        radii, places = np.interp([k, k + 1], [0, 5], [0.26, 0.11]), np.array([k, k + 1]) * 0.27
        bands.append(([(radii[0], places[0]), (radii[1], places[1])], stripes[k % 2]))
    cone = banded(bands, 18).turned("z", -82).moved(0.06, 4.2, 0)
    return join([mast, cone, ball(0.07, 1, paints.roof).moved(0, 4.42, 0)])


def telescope(paints: Paints) -> Mesh:
    """A telescope on three legs, standing on y = 0 and looking up and towards -z."""
    brass = "#e0ac55"
    barrel = banded(
        [
            ([(0.0, -0.42), (0.035, -0.42), (0.035, -0.30)], brass),
            ([(0.05, -0.30), (0.05, 0.05)], paints.frame),
            ([(0.068, 0.05), (0.07, 0.50), (0.078, 0.52), (0.078, 0.56), (0.06, 0.56), (0.0, 0.54)], brass),
        ],
        18,
    )
    legs = [
        tube([(0, 1.02, 0, 0.024), (0.36, 0, 0, 0.02)], paints.timber[1], 7, 2).turned("y", 30 + 120 * k)
        for k in range(3)
    ]
    head = ball(0.065, 1, brass).moved(0, 1.06, 0)
    return join([barrel.turned("x", -62).moved(0, 1.16, 0), head, *legs])
