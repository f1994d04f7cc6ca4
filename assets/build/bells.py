"""The bell that a leg rings, and the frame on the hill that it hangs in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.eggs import star
from assets.build.kit import Array, Mesh, ball, box, grain, join, lathe, ramp, smooth_path, solid, tube
from assets.build.studio import Model

HANGS_M = (0.0, 1.20, -2.2)
"""Where the headstock turns, as in the themes."""
CLAPPER_M = (0.0, -0.09, 0.0)
OUTSIDE = ((0.03, -0.055), (0.058, -0.066), (0.069, -0.11), (0.078, -0.17), (0.096, -0.235), (0.128, -0.290))
LIP = ((0.150, -0.318), (0.151, -0.330), (0.136, -0.331))
INSIDE = ((0.110, -0.285), (0.080, -0.22), (0.062, -0.14), (0.045, -0.09), (0.0, -0.08))


@dataclass(frozen=True)
class Metal:
    """A bell from shade to light, its bands, the wood and iron of its headstock, and the clapper."""

    brass: tuple[str, ...]
    band: str
    wood: tuple[str, str, str]
    iron: str
    emblem: str


BRASS = Metal(
    ("#7d4a1c", "#b87a2c", "#dba03f", "#f2c66e"), "#8f5a20", ("#8a5a3c", "#a8714a", "#c48f60"), "#5c5a60", "#fff0c0"
)
ROSE = Metal(
    ("#a85a86", "#dc8a8c", "#ffb88c", "#ffe0b4"), "#8f4f8c", ("#5f4470", "#7a5a86", "#9c7aa0"), "#54487c", "#a8f4e4"
)


def bell(metal: Metal) -> dict[str, Mesh]:
    """A bell 0.30 m wide under its headstock, which turns about x through the origin; and its clapper."""
    profile = np.vstack([smooth_path(OUTSIDE, 4), LIP, smooth_path(INSIDE, 3)])
    wall = solid(lathe(np.vstack([[(0.0, -0.05)], profile]), sides=32)).painted(lambda p: _tone(p, metal))
    stars = [
        star(0.016, metal.emblem).scaled(1, 1, 0.4).turned("x", 10).moved(0, -0.185, 0.083).turned("y", 45 * k)
        for k in range(8)
    ]
    rod = tube([(0, 0, 0, 0.006), (0, -0.19, 0, 0.008)], metal.iron, 8, 2)
    knob = lathe([(0.0, -0.262), (0.016, -0.255), (0.019, -0.236), (0.036, -0.215), (0.030, -0.188), (0.0, -0.175)])
    clapper = join([rod, solid(knob).painted(metal.iron)])
    return {"bell": join([wall, *stars, *_headstock(metal)]), "clapper": clapper}


def _tone(points: Array, metal: Metal) -> Array:
    """Brass, darker inside and towards the lip, with three bands."""
    out, y = np.hypot(points[:, 0], points[:, 2]), points[:, 1]
    shown = np.interp(-y, [-row[1] for row in OUTSIDE], [row[0] for row in OUTSIDE])
    inside = out < shown - 0.006
    around = np.arctan2(points[:, 2], points[:, 0])
    light = 0.62 + 0.12 * np.sin(2 * around + 0.6) - 0.35 * inside + 0.9 * (y + 0.2)
    band = np.any([np.abs(y - at) < 0.008 for at in (-0.135, -0.232, -0.300)], axis=0) & ~inside
    brass = ramp(metal.brass, np.clip(light, 0, 1))
    return np.where(band[:, None], ramp((metal.band,), out), brass)


def _headstock(metal: Metal) -> list[Mesh]:
    """A beam of wood with pins at both ends, and the straps that hold the bell."""
    across = np.linspace(-0.165, 0.165, 9)
    arch = [(x, 0.030 - 0.6 * x**2, 0.0, 0.034) for x in across]
    beam = tube(arch, grain(metal.wood, (0.6, 3, 3), 0.1, 4), 10, 2).scaled(1, 1, 0.9)
    block = box(0.20, 0.05, 0.062, grain(metal.wood, (0.6, 3, 3), 0.1, 5), 0.008, 0.06)
    pins = [tube([(s * 0.15, 0, 0, 0.013), (s * 0.225, 0, 0, 0.013)], metal.iron, 9, 1) for s in (-1, 1)]
    straps = [
        tube([(x, 0.064, 0, 0.008), (x, 0.0, 0.036, 0.008), (0.6 * x, -0.06, 0.022, 0.008)], metal.iron, 6, 4)
        for x in (-0.06, 0.06)
    ]
    return [beam, block, *pins, *straps, *(strap.scaled(1, 1, -1) for strap in straps)]


def frame(wood: Sequence[str], roof: Sequence[str], iron: str) -> Mesh:
    """Two posts with braces and a little roof of shingles, 1.6 m high and 1.1 m wide, around the bell."""
    paint, parts = grain(wood, (3, 0.5, 3), 0.3, 8), []
    for side in (-1.0, 1.0):
        parts.append(box(0.085, 1.48, 0.085, paint, 0.012, 0.2).moved(side * 0.27, 0.62, 0))
        parts.append(box(0.13, 0.16, 0.42, grain(wood, (3, 3, 0.5), 0.3, 9), 0.015, 0.2).moved(side * 0.27, 0.05, 0))
        seat = lathe([(0.028, -0.02), (0.028, 0.02), (0.0, 0.024)], iron, 10).turned("z", -side * 90)
        parts.append(seat.moved(side * 0.225, HANGS_M[1], 0))
        brace = [(side * 0.27, 0.62, 0.03, 0.026), (side * 0.27, 0.10, 0.19, 0.028)]
        parts += [tube(brace, paint, 7, 2).scaled(1, 1, end) for end in (-1, 1)]
        parts.append(tube([(side * 0.26, 1.16, 0, 0.022), (side * 0.12, 1.375, 0, 0.022)], paint, 7, 2))
    parts.append(box(0.86, 0.075, 0.085, grain(wood, (0.5, 3, 3), 0.3, 7), 0.012, 0.2).moved(0, 1.385, 0))
    return join([*parts, *_shingles(roof)]).moved(HANGS_M[0], 0, HANGS_M[2])


def _shingles(paints: Sequence[str]) -> list[Mesh]:
    """Three rows on both sides of a ridge at 1.58 m."""
    rows = []
    for side in (-1.0, 1.0):
        for k in range(3):
            for j in range(9):
                x = -0.51 + 0.1275 * (j + (0.0 if k % 2 else 0.5)) - (0.0 if k % 2 else 0.06)
                slab = box(0.120, 0.014, 0.115, paints[(3 * j + k) % len(paints)], 0.004, 0.08)
                rows.append(slab.turned("x", side * 38).moved(x, 1.555 - 0.058 * k, side * (0.035 + 0.072 * k)))
    ridge = tube([(-0.56, 1.585, 0, 0.022), (0.56, 1.585, 0, 0.022)], paints[0], 8, 4)
    return [*rows, ridge, *(ball(0.03, 1, paints[1]).moved(s * 0.57, 1.585, 0) for s in (-1, 1))]


MODELS = {
    "bell": Model(lambda: bell(BRASS), joints={"clapper": CLAPPER_M}),
    "bell_dusk": Model(lambda: bell(ROSE), joints={"clapper": CLAPPER_M}),
}
