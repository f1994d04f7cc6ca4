"""The bell that a leg rings, and the frame that it hangs in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.eggs import star
from assets.build.kit import Array, Mesh, ball, box, grain, join, lathe, ramp, smooth_path, solid, tube
from assets.build.studio import Model

HANGS_M = 1.20
"""How high above the foot of its frame the headstock turns."""
CLAPPER_M = (0.0, -0.09, 0.0)
OUTSIDE = ((0.03, -0.055), (0.058, -0.066), (0.069, -0.11), (0.078, -0.17), (0.096, -0.235), (0.128, -0.290))
LIP = ((0.150, -0.318), (0.151, -0.330), (0.136, -0.331))
INSIDE = ((0.110, -0.285), (0.080, -0.22), (0.062, -0.14), (0.045, -0.09), (0.0, -0.08))


@dataclass(frozen=True)
class Metal:
    """A bell from shade to light, its bands and stars, its iron, the wood of headstock and frame, and its shingles."""

    brass: tuple[str, ...]
    band: str
    wood: tuple[str, str, str]
    iron: str
    emblem: str
    post: tuple[str, str, str]
    roof: tuple[str, str, str]


BRASS = Metal(
    ("#7d4a1c", "#b87a2c", "#dba03f", "#f2c66e"),
    "#8f5a20",
    ("#8a5a3c", "#a8714a", "#c48f60"),
    "#5c5a60",
    "#fff0c0",
    ("#a5784f", "#c69a6a", "#dbb98a"),
    ("#c9563f", "#e2694a", "#e98a64"),
)
ROSE = Metal(
    ("#a85a86", "#dc8a8c", "#ffb88c", "#ffe0b4"),
    "#8f4f8c",
    ("#5f4470", "#7a5a86", "#9c7aa0"),
    "#54487c",
    "#a8f4e4",
    ("#6d4f86", "#8a6a9c", "#b08ab4"),
    ("#5a4a9c", "#7a62b4", "#9a7cc4"),
)


def bell(metal: Metal) -> dict[str, Mesh]:
    """A bell 0.30 m wide under its headstock, which turns about x through the origin; its clapper; its frame."""
    profile = np.vstack([smooth_path(OUTSIDE, 4), LIP, smooth_path(INSIDE, 3)])
    wall = solid(lathe(np.vstack([[(0.0, -0.05)], profile]), sides=32)).painted(lambda p: _tone(p, metal))
    stars = [
        star(0.016, metal.emblem).scaled(1, 1, 0.4).turned("x", 10).moved(0, -0.185, 0.083).turned("y", 45 * k)
        for k in range(8)
    ]
    rod = tube([(0, 0, 0, 0.006), (0, -0.19, 0, 0.008)], metal.iron, 8, 2)
    knob = lathe([(0.0, -0.262), (0.016, -0.255), (0.019, -0.236), (0.036, -0.215), (0.030, -0.188), (0.0, -0.175)])
    clapper = join([rod, solid(knob).painted(metal.iron)])
    return {"bell": join([wall, *stars, *_headstock(metal)]), "clapper": clapper, "frame": frame(metal)}


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


def frame(metal: Metal) -> Mesh:
    """Two posts aside of where the bell swings and a beam along z with a little roof, 1.6 m high from its feet."""
    wood = grain(metal.post, (3, 0.5, 3), 0.3, 8)
    beam = box(0.085, 0.085, 1.42, grain(metal.post, (3, 3, 0.5), 0.3, 7), 0.014, 0.25).moved(0, 0.155, 0)
    cross = box(0.48, 0.05, 0.075, metal.post[0], 0.012, 0.2).moved(0, 0.095, 0)
    straps = [tube([(x, 0.10, 0, 0.011), (x, -0.02, 0, 0.011)], metal.iron, 7, 1) for x in (-0.205, 0.205)]
    parts = [beam, cross, *straps, *_shingles(metal.roof)]
    for end in (-1.0, 1.0):
        parts.append(box(0.08, 1.33, 0.08, wood, 0.012, 0.25).moved(0, -0.525, end * 0.62))
        parts.append(box(0.50, 0.09, 0.12, metal.post[0], 0.015, 0.25).moved(0, 0.04 - HANGS_M, end * 0.62))
        parts.append(tube([(0, -0.10, end * 0.60, 0.022), (0, 0.13, end * 0.36, 0.022)], wood, 7, 2))
        parts += [
            tube([(0, -0.66, end * 0.62, 0.024), (s * 0.2, -1.13, end * 0.62, 0.026)], wood, 7, 2) for s in (-1, 1)
        ]
    return join(parts)


def _shingles(paints: Sequence[str]) -> list[Mesh]:
    """Two rows on both sides of a ridge along z."""
    slab = box(0.135, 0.014, 0.150)
    rows = [
        slab.painted(paints[(3 * j + k) % 3])
        .turned("z", -side * 36)
        .moved(side * (0.055 + 0.100 * k), 0.330 - 0.074 * k, z)
        for side in (-1.0, 1.0)
        for k in range(2)
        for j, z in enumerate(np.linspace(-0.70, 0.70, 10) + (0.0 if k else 0.06) - 0.03)
    ]
    ridge = tube([(0, 0.375, -0.80, 0.022), (0, 0.375, 0.80, 0.022)], paints[0], 8, 6)
    return [*rows, ridge, *(ball(0.032, 1, paints[1]).moved(0, 0.375, s * 0.81) for s in (-1, 1))]


MODELS = {
    "bell": Model(lambda: bell(BRASS), joints={"clapper": CLAPPER_M}),
    "bell_dusk": Model(lambda: bell(ROSE), joints={"clapper": CLAPPER_M}),
}
