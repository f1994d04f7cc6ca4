"""What children reach for: warm eggs in a cradle of leaves, which hangs from a star on a thread of light."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.build.kit import Array, Mesh, ball, join, lathe, noise, ramp, sheet, smooth_path, solid, tube, unit
from assets.build.props import RADIUS_M, blade
from assets.build.studio import prop

AMBER = ("#ee6a22", "#fb9438", "#ffc766")
TEAL = ("#2f9fac", "#4fc0b8", "#9fe8d0")
DOT, GLOW = "#fff4cf", "#ffefc2"
TALL, SLIM = 1.16, 0.93
LEAVES = ("#9a5598", "#b8639c", "#d07fa4", "#e79aaa", "#6c9fb0")


def egg(palette: tuple[str, ...]) -> Mesh:
    """An egg about its middle, as big as an apple and a little taller, blunt end down, with cream dots."""
    angles = np.linspace(0, np.pi, 21)
    section = np.stack([_girth(-np.cos(angles)) * np.sin(angles), -TALL * np.cos(angles)], -1) * RADIUS_M
    shell = lathe(section, sides=26)
    shell = shell.painted(
        lambda p: ramp(palette, np.clip(0.5 + 0.42 * p[:, 1] / RADIUS_M + 0.25 * (noise(p, 0.05, 2) - 0.5), 0, 1))
    )
    return join([shell, *_dots()])


def _girth(height: Array) -> Array:
    """The egg's half width at a height of -1 to 1, as a share of its radius."""
    return SLIM * (1 - 0.15 * height)


def _dots() -> list[Mesh]:
    """Dots all over, by the golden angle, each a little pillow on the shell."""
    dots = []
    count = 20
    for k in range(count):
        height, turn = 1 - 2 * (k + 0.5) / count, k * 2.39996
        around = np.sqrt(1 - height**2) * _girth(np.array(height))
        normal = unit(np.array([around * np.cos(turn), height / TALL, around * np.sin(turn)]))
        place = np.array([around * np.cos(turn), TALL * height, around * np.sin(turn)]) * RADIUS_M
        side = unit(np.cross(normal, (0.3, 0.9, 0.1)))
        size = 0.0068 + 0.0030 * ((k * 5) % 7) / 7
        dot = ball(1, 1, DOT).scaled(size, 0.0022, size).framed(side, normal, np.cross(side, normal))
        dots.append(dot.moved(*place))
    return dots


def cradle() -> Mesh:
    """Leaves that hold an egg whose top is the origin, three threads, a star, and a thread on to (0, 0.30, 0)."""
    leaves = []
    middle = np.array([0.0, -RADIUS_M, 0.0])
    for k in range(7):
        leaf = _cupped(0.070 - 0.008 * (k % 2), LEAVES[k % 5]).turned("y", 360 / 7 * k + 8 * (k % 2))
        leaves.append(leaf.moved(*(middle - (0, 0.058, 0))))
    threads = []
    for k in range(3):
        angle = np.radians(120 * k + 30)
        foot = np.array([0.050 * np.cos(angle), -RADIUS_M - 0.030, 0.050 * np.sin(angle)])
        belly = np.array([0.056 * np.cos(angle), 0.02, 0.056 * np.sin(angle)])
        threads.append(tube([(*foot, 0.0011), (*belly, 0.0011), (0, 0.125, 0, 0.0011)], GLOW, 5, 4))
        threads.append(ball(0.0042, 1, "#ffd27a").moved(*foot))
    line = tube([(0, 0.12, 0, 0.0014), (0, 0.30, 0, 0.0014)], GLOW, 5, 3)
    beads = [ball(0.0040, 1, "#ffe9b0").moved(0, y, 0) for y in (0.20, 0.245)]
    return join([*leaves, *threads, line, star(0.026).moved(0, 0.145, 0), *beads])


def _cupped(length_m: float, paint: str) -> Mesh:
    """A leaf from the origin outwards along x that curls up around an egg."""
    flat = blade(length_m, paint)
    x, y, z = flat.points.T
    bend = x / length_m * 1.35
    radius = length_m / 1.35
    up = radius * (1 - np.cos(bend)) + 0.35 * y
    out = radius * np.sin(bend) + 0.010 * bend
    return replace(flat, points=np.stack([out, up, z * 1.75], -1))


def star(size_m: float, paint: str = "#fbc04a") -> Mesh:
    """A plump star of five points about its middle, flat to z."""
    turns = np.arange(10) * np.pi / 5 + np.pi / 2
    rim = np.where(np.arange(10) % 2 == 0, 1.0, 0.52)
    knots = np.stack([rim * np.cos(turns), rim * np.sin(turns)], -1)
    curve = smooth_path(np.vstack([knots, knots[:1]]), 3)[:-1]
    rows = []
    for share, deep in ((1.0, 0.0), (0.8, 0.22), (0.45, 0.36), (0.0, 0.42)):
        rows.append(np.column_stack([curve * share, np.full(len(curve), deep)]))
    front = sheet(np.array(rows), wrap=True)
    return solid(join([front, front.scaled(1, 1, -1)])).painted(paint).scaled(size_m)


def thread() -> Mesh:
    """A thread of light from the origin to (0, 1, 0), to be stretched along y."""
    return lathe([(0.0, 0.0), (0.0016, 0.0), *((0.0016, y) for y in np.linspace(0.1, 1.0, 7)), (0.0, 1.0)], GLOW, 5)


MODELS = {
    "egg": prop("egg", lambda: egg(AMBER)),
    "egg_teal": prop("egg_teal", lambda: egg(TEAL)),
    "egg_cradle": prop("egg_cradle", cradle),
    "egg_thread": prop("egg_thread", thread),
    "star": prop("star", lambda: star(0.06)),
}
