"""What the ferry carries and how it is rowed: toy blocks, crates, a low fence between them, and an oar."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

from assets.build.eggs import star
from assets.build.evening import shining
from assets.build.kit import Mesh, ball, box, grain, join, lathe, ramp, tube
from assets.build.studio import Model, prop

OAK, PLUM = ("#a5703f", "#c8935a", "#e2b67e"), ("#6d4a80", "#8f6a9c", "#b894b8")
OAR_M = 1.8


def block(deep: str, pale: str, emblem: str) -> Mesh:
    """A toy block of 5 cm about its middle, with soft edges and a star on every face."""
    cube = box(0.05, 0.05, 0.05, "#ffffff", 0.007, 0.012)
    cube = cube.painted(lambda p: ramp((deep, pale), np.clip(0.5 + 9 * p[:, 1], 0, 1)))
    badge = star(0.0155, emblem).scaled(1, 1, 0.28).moved(0, 0, 0.0245)
    faces = [badge.turned("y", 90 * k) for k in range(4)] + [badge.turned("x", s * 90) for s in (-1, 1)]
    return join([cube, *faces])


def crate(wood: Sequence[str], rim: str, rope: str) -> Mesh:
    """An open box 0.30 m wide, 0.22 m deep and 0.10 m high; the middle of its floor, inside, is the origin."""
    floor = [box(0.285, 0.012, 0.050, grain(wood, (0.5, 3, 3), 0.1, k), 0.003, 0.1).moved(0, -0.006, z)
             for k, z in enumerate(np.linspace(-0.081, 0.081, 4))]  # fmt: skip
    walls = []
    for k, y in enumerate((0.012, 0.046)):
        long = box(0.30, 0.031, 0.012, grain(wood, (0.5, 3, 3), 0.1, 5 + k), 0.003, 0.1)
        short = box(0.012, 0.031, 0.196, grain(wood, (3, 3, 0.5), 0.1, 8 + k), 0.003, 0.1)
        walls += [long.moved(0, y, s * 0.104) for s in (-1, 1)] + [short.moved(s * 0.144, y, 0) for s in (-1, 1)]
    top = [box(0.304, 0.028, 0.016, rim, 0.004, 0.1).moved(0, 0.078, s * 0.104) for s in (-1, 1)]
    top += [box(0.016, 0.028, 0.194, rim, 0.004, 0.1).moved(s * 0.144, 0.078, 0) for s in (-1, 1)]
    posts = [
        box(0.018, 0.096, 0.018, wood[0], 0.003).moved(x * 0.133, 0.042, z * 0.093)
        for x, z in product((-1, 1), (-1, 1))
    ]
    hand = [(0.151, 0.076, -0.035, 0.005), (0.164, 0.050, -0.028, 0.005), (0.168, 0.042, 0.0, 0.005)]
    hand += [(0.164, 0.050, 0.028, 0.005), (0.151, 0.076, 0.035, 0.005)]
    loops = [tube([(s * x, y, z, r) for x, y, z, r in hand], rope, 7, 4) for s in (-1, 1)]
    return join([*floor, *walls, *top, *posts, *loops])


def barrier(wood: Sequence[str], white: str) -> Mesh:
    """A low fence 0.04 m thick and 0.30 m deep along z, 1 m high from y = 0, to be squeezed along y."""
    slat = join(
        [
            box(0.016, 0.94, 0.044, white, 0.004, 0.2).moved(0, 0.47, 0),
            ball(1, 1, white).scaled(0.008, 0.06, 0.022).moved(0, 0.94, 0),
        ]
    )
    slats = [slat.moved(0, 0, z) for z in np.linspace(-0.128, 0.128, 5)]
    rails = [
        box(0.040, 0.13, 0.30, grain(wood, (3, 3, 0.5), 0.1, k), 0.005, 0.1).moved(0, y, 0)
        for k, y in enumerate((0.20, 0.70))
    ]
    return join([*slats, *rails])


def oar(wood: Sequence[str], grip: str, blade: str, edge: str) -> Mesh:
    """An oar whose handle is held at the origin; shaft and blade go out along -z to 1.8 m, the blade flat to x."""
    handle = [(0, 0, 0.095, 0.014), (0, 0, 0.085, 0.019), (0, 0, 0.0, 0.0165), (0, 0, -0.085, 0.018)]
    shaft = [(0, 0, -0.08, 0.020), (0, 0, -0.5, 0.023), (0, 0, -1.2, 0.019), (0, 0, -1.36, 0.015)]
    collar = (
        lathe([(0.026, -0.05), (0.030, -0.03), (0.030, 0.03), (0.026, 0.05)], edge, 12)
        .turned("x", 90)
        .moved(0, 0, -0.45)
    )
    leaf = [
        (0, 0, -1.28, 0.016),
        (0, 0, -1.40, 0.062),
        (0, 0, -1.56, 0.086),
        (0, 0, -1.72, 0.092),
        (0, 0, -1.80, 0.084),
    ]
    skin = tube(leaf, sides=16, steps=5)
    flat = skin.scaled(0.16, 1.0, 1.0)
    paint = flat.painted(lambda p: ramp((blade, edge), (p[:, 2] < -1.70).astype(float)))
    bands = [
        lathe([(0.0245, -0.012), (0.0245, 0.012)], blade, 12).turned("x", 90).moved(0, 0, z) for z in (-0.62, -0.66)
    ]
    return join(
        [tube(handle, grip, 12, 4), tube(shaft, grain(wood, (3, 3, 0.4), 0.3, 2), 12, 6), collar, paint, *bands]
    )


MODELS: dict[str, Model] = {
    "block": prop("block", lambda: block("#dd5f42", "#f59a5c", "#fff1d9")),
    "block_dusk": prop("block_dusk", lambda: shining(block("#ff9a3c", "#ffd27a", "#fffbe6"), 1.25)),
    "block_clear": prop("block_clear", lambda: block("#ffffff", "#ffffff", "#101010")),
    "crate": prop("crate", lambda: crate(OAK, "#3f9aa4", "#f0dfb8")),
    "crate_dusk": prop("crate_dusk", lambda: crate(PLUM, "#5fc4bc", "#ffe3c8")),
    "barrier": prop("barrier", lambda: barrier(OAK, "#fff6e6")),
    "barrier_dusk": prop("barrier_dusk", lambda: barrier(PLUM, "#ffe3ee")),
    "oar": prop("oar", lambda: oar(OAK, "#8a5a3c", "#e2694a", "#fff1d9")),
    "oar_dusk": prop("oar_dusk", lambda: oar(PLUM, "#54386a", "#5fc4bc", "#ffe3c8")),
}
