"""What is built on the point: a terrace of flagstones with a compass rose, a low wall, lamps, steps and a jetty."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from assets.build.evening import glowing
from assets.build.festoon import lantern_post
from assets.build.kit import (
    Array,
    Mesh,
    ball,
    box,
    facing_up,
    grain,
    join,
    lathe,
    lumpy,
    make,
    noise,
    ramp,
    sheet,
    tube,
)
from assets.build.point_looks import Look

RADIUS_M, WALL_M, HIGH_M = 3.95, 4.12, 0.46
ROSE_M = 1.02
GAP_DEG, WALL_DEG = (-58.0, -40.0), 128.0
"""Where the wall is open for the steps, and how far it goes to both sides."""
LAMP_M = 1.55
LAMP_DEG = (-62.0, -36.0, 62.0, 118.0, -122.0)
JETTY_DEG, JETTY_M, JETTY_TOP_M = -49.0, (9.2, 15.4), -1.62


def _at(azimuth_deg: float, away_m: float, y_m: float = 0.0) -> tuple[float, float, float]:
    way = np.radians(azimuth_deg)
    return float(away_m * np.sin(way)), y_m, float(-away_m * np.cos(way))


LAMPS = tuple(_at(azimuth, WALL_M, LAMP_M) for azimuth in LAMP_DEG)


def terrace(look: Look) -> list[Mesh]:
    """All of it, its flags at y = 0."""
    posts = [
        lantern_post(LAMP_M, look.metal, look.metal, glowing(look.lamp, 3.2))
        .scaled(1.5, 1, 1.5)
        .moved(*_at(turn, WALL_M))
        for turn in LAMP_DEG
    ]
    return [*_flags(look), *_rose(look), *_wall(look), *posts, _telescope(look).moved(*_at(50.0, 3.35))]


def _flags(look: Look) -> list[Mesh]:
    """Rings of stones, each of its own shade, on a dark bed."""
    random, stones = np.random.default_rng(3), []
    edges = np.linspace(ROSE_M + 0.04, RADIUS_M, 8)
    for inner, outer in pairwise(edges):
        count, offset = round(2 * np.pi * outer / 0.62), random.uniform(0, 1)
        cuts = 2 * np.pi * (np.arange(count) + offset + random.uniform(-0.16, 0.16, count)) / count
        for start, end in zip(cuts, np.append(cuts[1:], cuts[0] + 2 * np.pi), strict=True):
            tone = random.uniform(0.1, 0.95)
            stones.append(_flag(inner, outer, start, end).painted(lambda p, tone=tone: _speckled(look, p, tone)))
    bed = lathe([(RADIUS_M + 0.02, -0.035), (0.0, -0.035)], look.wall[0], 48)
    side = lathe([(RADIUS_M, -0.5), (RADIUS_M, -0.02)], look.wall[0], 48)
    return [bed, side, *stones]


def _speckled(look: Look, points: Array, tone: float) -> Array:
    return ramp(look.flags, np.clip(tone + 0.16 * (noise(points, 0.5, 5) - 0.5), 0, 1))


def _flag(inner_m: float, outer_m: float, start: float, end: float) -> Mesh:
    """A stone between two radii and two directions, a joint's width smaller, with rounded edges."""
    rings = []
    for drop, gap in ((-0.03, 0.012), (0.0, 0.024)):
        along = np.linspace(start + gap / outer_m, end - gap / outer_m, 4)
        corners = [(inner_m + gap, turn) for turn in along] + [(outer_m - gap, turn) for turn in along[::-1]]
        rings.append([(r * np.sin(turn), drop, -r * np.cos(turn)) for r, turn in corners])
    # The top shares no point with its edge, else the shade of the joint would run over it.
    top = [rings[-1][:4], rings[-1][:3:-1]]
    return join([facing_up(sheet(np.array(rings), wrap=True)), facing_up(sheet(np.array(top)))])


def _rose(look: Look) -> list[Mesh]:
    """The compass rose in the middle: eight points, one half of each light and one dark; the first looks ahead."""
    light, dark, north = look.rose
    disc = lathe([(ROSE_M, -0.03), (ROSE_M, -0.002), (0.9 * ROSE_M, 0.0), (0.0, 0.0)], look.flags[2], 48)
    rings = [lathe([(r * ROSE_M, 0.002), ((r - 0.025) * ROSE_M, 0.002)], look.wall[0], 48) for r in (0.97, 0.70, 0.20)]
    points = []
    for k in sorted(range(8), key=lambda k: -(k % 2)):
        long_m, wide_m = (0.92, 0.17) if k % 2 == 0 else (0.66, 0.13)
        y, tip = (0.006, north if k == 0 else light) if k % 2 == 0 else (0.004, light)
        for side, paint in ((1, dark), (-1, tip)):
            corners = [(0.0, y, 0.0), (side * wide_m, y, -wide_m), (0.0, y, -long_m)]
            points.append(facing_up(make(np.array(corners), np.array([[0, 1, 2]]), paint)).turned("y", -45.0 * k))
    return [disc, *rings, *points]


def _wall(look: Look) -> list[Mesh]:
    """Three courses of rough stones and a coping, open at the steps and behind."""
    random, stones = np.random.default_rng(9), []
    high = HIGH_M / 3
    for course in range(3):
        for turn in np.arange(-WALL_DEG, WALL_DEG, 6.0) + 3.0 * (course % 2):
            if GAP_DEG[0] - 2 < turn < GAP_DEG[1] + 2:
                continue
            long_m = np.radians(6.0) * WALL_M * random.uniform(0.90, 0.985)
            stone = lumpy(box(long_m, 0.95 * high, 0.36, "#ffffff", 0.03), 0.05, 0.2, int(random.integers(999)))
            tone = random.uniform(0.1, 0.9)
            paint = stone.painted(
                lambda p, tone=tone: ramp(look.wall, np.clip(tone + 0.4 * (noise(p, 0.15, 7) - 0.5), 0, 1))
            )
            stones.append(paint.turned("y", -turn).moved(*_at(turn, WALL_M, high * (course + 0.5))))
    for turn in np.arange(-WALL_DEG, WALL_DEG, 7.5):
        if not GAP_DEG[0] - 2 < turn < GAP_DEG[1] + 2:
            cap = box(np.radians(7.5) * WALL_M * 0.985, 0.075, 0.46, look.wall[3], 0.02)
            tint = np.clip(cap.colours[:, :3] * random.uniform(0.86, 1.05), 0, 1)
            stones.append(cap.painted(tint).turned("y", -turn).moved(*_at(turn, WALL_M, HIGH_M + 0.03)))
    return stones


def _telescope(look: Look) -> Mesh:
    """A brass telescope on three legs that looks out to sea."""
    legs = [
        tube([(0, 1.05, 0, 0.022), (0.30, 0.0, 0, 0.018)], look.wood[1], 7, 1).turned("y", 30 + 120 * k)
        for k in range(3)
    ]
    hub = ball(0.05, 1, look.metal).moved(0, 1.07, 0)
    brass = ("#c08a44", "#e6b668", "#f6d898")
    barrel = [
        (0.0, -0.34),
        (0.032, -0.34),
        (0.032, -0.10),
        (0.042, -0.10),
        (0.042, 0.20),
        (0.058, 0.21),
        (0.062, 0.40),
        (0.0, 0.39),
    ]
    glass = lathe(barrel, sides=16).painted(lambda p: ramp(brass, np.clip(0.5 + 8 * p[:, 0], 0, 1)))
    return join([*legs, hub, glass.turned("x", -84).moved(0, 1.16, 0).turned("y", -34)])


def steps(look: Look, ground_at: Callable[[float, float], float]) -> Mesh:
    """Flat stones that go down from the gap in the wall to the jetty."""
    random, stones = np.random.default_rng(8), []
    for k, away in enumerate(np.arange(4.3, JETTY_M[0] + 0.2, 0.52)):
        x, _, z = _at(JETTY_DEG + 2.2 * np.sin(1.1 * k), away)
        stone = lumpy(box(1.15, 0.22, 0.50, look.flags[1 + k % 3], 0.035, 0.3), 0.04, 0.4, k)
        lift = random.uniform(-0.12, -0.09)
        stones.append(stone.turned("y", -JETTY_DEG + random.uniform(-5, 5)).moved(x, ground_at(x, z) + lift, z))
    return join(stones)


def jetty_posts() -> list[tuple[float, float]]:
    """Where the posts of the jetty stand (x, z)."""
    feet = []
    for away in np.linspace(JETTY_M[0] + 0.6, JETTY_M[1] - 0.1, 5):
        for side in (-0.72, 0.72):
            x, _, z = _at(JETTY_DEG, away)
            way = np.radians(JETTY_DEG)
            feet.append((x + side * float(np.cos(way)), z + side * float(np.sin(way))))
    return feet


def jetty_lamp() -> tuple[float, float, float]:
    """The light at the end of the jetty."""
    x, z = jetty_posts()[-1]
    return x, JETTY_TOP_M + LAMP_M, z


def jetty(look: Look) -> Mesh:
    """Planks on posts, with a lamp at the end, where boats come home to."""
    random, parts = np.random.default_rng(6), []
    wood = grain(look.wood, (1.0, 1.0, 0.5), 0.3, 15)
    for away in np.arange(*JETTY_M, 0.25):
        plank = box(1.6 + random.uniform(-0.06, 0.06), 0.06, 0.232, wood, 0.0, 0.5)
        tint = np.clip(plank.colours[:, :3] * random.uniform(0.85, 1.1), 0, 1)
        parts.append(plank.painted(tint).turned("y", -JETTY_DEG).moved(*_at(JETTY_DEG, away, JETTY_TOP_M)))
    for k, (x, z) in enumerate(jetty_posts()):
        high = JETTY_TOP_M + 0.55 + 0.08 * (k % 3)
        profile = [(0.10, -4.0), (0.095, high - 0.1), (0.07, high), (0.0, high + 0.02)]
        parts.append(lathe(profile, look.wood[k % 2], 9).moved(x, 0, z))
    x, y, z = jetty_lamp()
    parts.append(
        lantern_post(LAMP_M, look.metal, look.metal, glowing(look.lamp, 3.2))
        .scaled(1.5, 1, 1.5)
        .moved(x, y - LAMP_M, z)
    )
    return join(parts)
