"""What people left in the orchard: a basket on crates, a ladder, a fence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from assets.build.kit import Array, Mesh, box, join, lathe, sheet, solid, tube, unit
from assets.build.land import Height
from assets.build.palette import TIMBER

# Where the basket stands that is filled in a round, and its rim.
HARVEST_M = (0.78, 1.19, -1.82)


def basket_on_crates() -> Mesh:
    """A woven basket with apples, its rim at 0.95 m, on two crates to the left: low things are not seen."""
    crates = [crate(0.56, 0.34).moved(0, 0.17, 0), crate(0.50, 0.32).turned("y", 14).moved(0.02, 0.50, 0)]
    weave = basket().turned("y", 20).moved(0.0, 0.66, 0)
    return join([*crates, weave]).turned("y", -18).moved(-0.98, 0.0, -1.02)


def harvest() -> Mesh:
    """An empty basket on three crates to the right, high enough to be seen without looking down."""
    crates = [
        crate(0.54, 0.34).moved(0, 0.17, 0),
        crate(0.50, 0.32).turned("y", -12).moved(0.01, 0.50, 0),
        crate(0.46, 0.27).turned("y", 9).moved(-0.01, 0.795, 0),
    ]
    x, rim_m, z = HARVEST_M
    return join([*crates, basket(full=False).turned("y", 60).moved(0, rim_m - 0.262, 0)]).turned("y", 24).moved(x, 0, z)


def crate(wide_m: float, high_m: float) -> Mesh:
    """A slatted crate about its middle."""
    parts = []
    for angle in (0, 90, 180, 270):
        for k, y in enumerate(np.linspace(-0.36, 0.36, 3) * high_m):
            slat = box(wide_m, high_m * 0.27, 0.022, TIMBER[(k + angle // 90) % 3], 0.0, 0.2)
            parts.append(slat.moved(0, y, wide_m / 2).turned("y", angle))
        corner = box(0.05, high_m, 0.05, TIMBER[0], 0.0, 0.2).moved(wide_m / 2 - 0.02, 0, wide_m / 2 - 0.02)
        parts.append(corner.turned("y", angle))
    parts.append(box(wide_m - 0.02, 0.02, wide_m - 0.02, TIMBER[1], 0, 0.08).moved(0, high_m * 0.47, 0))
    return join(parts)


def basket(*, full: bool = True) -> Mesh:
    """Woven rows between stakes, a rolled rim and a tall handle, perhaps with apples; it stands on y = 0."""
    sides, rows = 36, 8
    turns = np.arange(sides) * 2 * np.pi / sides
    weave = []
    for k in range(rows):
        y, radius = 0.02 + 0.032 * k, 0.165 + 0.052 * np.sin(k / (rows - 1) * 1.5)
        out = radius + 0.007 * np.cos(turns * 9 + np.pi * (k % 2))
        ring = [
            np.stack([(out + dx) * np.cos(turns), np.full(sides, y + dy), (out + dx) * np.sin(turns)], -1)
            for dx, dy in ((-0.012, -0.012), (0.012, -0.014), (0.015, 0.013), (-0.012, 0.014))
        ]
        weave.append(
            solid(sheet(np.stack([*ring, ring[0]]), wrap=True)).painted(("#c9954f", "#dcae68", "#d3a15a")[k % 3])
        )
    circle = [(0.222 * np.cos(t), 0.262, 0.222 * np.sin(t), 0.019) for t in np.linspace(0, 2 * np.pi, 17)]
    handle = [(0.225 * np.cos(t), 0.25 + 0.26 * np.sin(t), 0.0, 0.015) for t in np.linspace(0, np.pi, 9)]
    floor = lathe([(0.0, 0.02), (0.16, 0.02), (0.2, 0.16), (0.0, 0.17)], "#a9763c", 20)
    rims = [tube(circle, "#b98345", 8, 2), tube(handle, "#b98345", 8, 3)]
    return join([*weave, floor, *rims, *(_basket_apples() if full else ())])


def _basket_apples() -> list[Mesh]:
    section = [
        (0.0, -0.030),
        (0.012, -0.037),
        (0.026, -0.035),
        (0.040, -0.016),
        (0.047, 0.006),
        (0.045, 0.024),
        (0.034, 0.038),
        (0.018, 0.040),
        (0.006, 0.030),
        (0.0, 0.024),
    ]
    apple = join([lathe(section, sides=12), tube([(0, 0.025, 0, 0.003), (0.004, 0.05, 0, 0.003)], "#6b4a35", 5, 1)])
    spots = [
        (0.0, 0.235, 0.0),
        (0.085, 0.22, 0.03),
        (-0.08, 0.22, 0.05),
        (0.03, 0.22, -0.09),
        (-0.06, 0.22, -0.07),
        (0.12, 0.215, -0.06),
        (0.0, 0.22, 0.11),
        (0.03, 0.285, 0.03),
    ]
    tints = ("#d8452f", "#c73a33", "#e8793f", "#d8452f", "#f0a637")
    return [
        apple.painted(tints[k % 5]).turned("x", 17 * k).turned("y", 50 * k).moved(*spot) for k, spot in enumerate(spots)
    ]


def ladder() -> Mesh:
    """A fruit picker's ladder leaning on the trunk."""
    rails = [
        box(0.045, 2.5, 0.06, TIMBER[1], 0.008, 0.3).turned("z", -sign * 2.5).moved(sign * 0.22, 1.25, 0)
        for sign in (-1.0, 1.0)
    ]
    rungs = []
    for k in range(7):
        half, y = 0.25 - 0.012 * k, 0.3 + 0.31 * k
        rungs.append(tube([(-half, y, 0, 0.02), (half, y, 0, 0.02)], TIMBER[2], 8, 2))
    return join([*rails, *rungs]).turned("x", -19).turned("y", -28).moved(1.30, -0.03, -1.20)


def fence(height: Height) -> Mesh:
    """A rail fence on both sides of the path, open where the path goes through."""
    runs = [
        [(-1.05, -7.6), (-2.8, -7.1), (-4.6, -6.3), (-6.2, -5.0), (-7.4, -3.3), (-8.0, -1.4), (-8.2, 0.8)],
        [(1.95, -7.2), (3.7, -7.5), (5.5, -7.5), (7.3, -7.0), (8.9, -6.0), (10.2, -4.6)],
    ]
    random = np.random.default_rng(8)
    cap = lathe([(0.085, 0.52), (0.07, 0.56), (0, 0.585)], TIMBER[1], 10)
    post = join([box(0.11, 1.05, 0.11, TIMBER[0], 0.016, 0.35), cap]).moved(0, 0.45, 0)
    parts = []
    for run in runs:
        places = np.array(run)
        feet = np.stack([places[:, 0], height(places), places[:, 1]], -1)
        parts += [post.turned("y", random.uniform(-20, 20)).moved(*foot) for foot in feet]
        for a, b in pairwise(feet):
            for y in (0.42, 0.75):
                start, end = np.array([0.0, y, 0.0]), np.array([0.0, y + random.uniform(-0.03, 0.03), 0.0])
                parts.append(_rail(a + start, b + end, TIMBER[int(random.integers(1, 3))]))
    return join(parts)


def _rail(start: Array, end: Array, paint: str) -> Mesh:
    length = float(np.linalg.norm(end - start))
    forward = (end - start) / length
    side = unit(np.cross(forward, (0.0, 1.0, 0.0)))
    bar = box(length + 0.16, 0.085, 0.05, paint, 0.012, 0.4)
    return bar.framed(forward, np.cross(side, forward), side).moved(*((start + end) / 2))
