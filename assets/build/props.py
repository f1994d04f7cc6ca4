"""Small things that move: fruit, twigs, the buoy, birds and butterflies, each about its own attachment point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from assets.build.kit import (
    Array,
    Mesh,
    ball,
    banded,
    facing_up,
    felt,
    join,
    lathe,
    make,
    noise,
    ramp,
    sheet,
    smooth_path,
    solid,
    tube,
    unit,
)  # fmt: skip
from assets.build.studio import Model, prop

RED, GOLD, GREEN = (
    ("#b3312c", "#df4b38", "#f59a4e"),
    ("#e8962a", "#f6b43f", "#ffe08a"),
    ("#6f9f3f", "#93bf52", "#cfe08a"),
)
RADIUS_M = 0.045
GREENS = ("#86b35a", "#9cc566", "#b5d273", "#cbdd86")


def apple(dark: str, main: str, blush: str) -> Mesh:
    """An apple about its centre, its widest radius exactly 0.045 m, the stalk's top at y = 0.045."""
    angles = np.linspace(0, np.pi, 17)
    # A heart-shaped section: a dimple at either end, broad shoulders, a narrower foot.
    radius = np.sin(angles) * (1 - 0.13 * np.cos(angles))
    height = -np.cos(angles) * 1.07 * (1 - 0.36 * np.exp(-(np.sin(angles) ** 2) / 0.08))
    body = lathe(np.stack([radius, height], -1), sides=24)
    points = body.points.copy()
    around = np.arctan2(points[:, 2], points[:, 0])
    points[:, 1] -= (
        0.10 * np.cos(5 * around) * np.clip(-points[:, 1] - 0.5, 0, 1) * np.hypot(points[:, 0], points[:, 2])
    )
    wide = np.hypot(points[:, 0], points[:, 2]).max()
    body = replace(body, points=points * (RADIUS_M / wide))
    stalk = tube(
        [(0, 0.026, 0, 0.0022), (0.001, 0.036, 0, 0.0019), (0, 0.0455, 0, 0.0025)], "#6b4a35", sides=6, steps=3
    )
    leaf = blade(0.036, "#8fbf5a").turned("y", 20).turned("z", 25).moved(0, 0.040, 0)
    return join([body.painted(lambda p: _skin(p, dark, main, blush)), stalk, leaf])


def _skin(points: Array, dark: str, main: str, blush: str) -> Array:
    direction = unit(points)
    sunny = 0.5 + 0.45 * direction[:, 0] * -0.6 + 0.3 * direction[:, 1]
    streaks = noise(np.stack([8 * np.arctan2(points[:, 2], points[:, 0]), 12 * direction[:, 1]], -1), 4.0, 3) - 0.5
    dimple = np.exp(-(np.hypot(points[:, 0], points[:, 2]) ** 2) / 0.00012)
    return ramp((dark, main, main, blush), np.clip(0.12 + 0.62 * sunny + 0.35 * streaks + 0.5 * dimple, 0, 1))


def twig() -> Mesh:
    """The leafy 0.30 m over a fruit, from the stalk's top at the origin to (0, 0.30, 0) where the vine goes on."""
    knots = [(0, 0, 0, 0.0026), (0.010, 0.07, 0.004, 0.003), (0.013, 0.14, 0, 0.0032), (0.004, 0.22, -0.002, 0.0036)]
    stem = tube([*knots, (0, 0.27, 0, 0.004), (0, 0.30, 0, 0.004)], "#8a5a3c", sides=7, steps=4)
    random = np.random.default_rng(5)
    line = smooth_path([knot[:3] for knot in knots], 6)
    picks = np.array([1, 2, 4, 6, 8, 10, 13, 15, 18])
    turns = np.arange(9) * 2.4 + 0.4
    lengths = np.array([0.05, 0.062, 0.07, 0.074, 0.07, 0.066, 0.06, 0.054, 0.048])
    foliage = []
    for place, angle, length in zip(line[picks], np.degrees(turns), lengths, strict=True):
        leaf = blade(length, GREENS[int(random.integers(4))]).turned("x", random.uniform(-35, 35))
        foliage.append(
            leaf.turned("z", random.uniform(-50, 5) if place[1] > 0.08 else random.uniform(5, 25))
            .turned("y", angle)
            .moved(*place)
        )
    return join([stem, *foliage])


def blade(length_m: float, paint: str) -> Mesh:
    """A leaf from the origin along x, folded along its middle and bowed, seen from both sides."""
    along = np.linspace(0, 1, 7)
    width = 0.30 * np.sin(np.pi * along**0.8) ** 0.8 + 0.012
    rows = [
        np.stack([along, 0.10 * np.abs(v) * width / 0.3 - 0.22 * along**2, v * width], -1)
        for v in (-1, -0.5, 0, 0.5, 1)
    ]
    leaf = facing_up(sheet(np.array(rows))).painted(lambda p: ramp((paint,), p[:, 0]) * (0.85 + 0.25 * p[:, :1]))
    return felt(leaf.scaled(length_m).swaying(np.tile(along * 0.6, 5)), 0.0008)


def vine() -> Mesh:
    """A straight stem from the origin to (0, 1, 0), to be stretched along y."""
    rings = [(0.0, 0.0), (0.004, 0.0), *((0.004, y) for y in np.linspace(0.05, 0.95, 10)), (0.004, 1.0), (0.0, 1.0)]
    return lathe(rings, "#8a5a3c", sides=7)


def buoy(
    foot: str = "#b84a3a", coral: str = "#e25f47", cream: str = "#fbeedb", teal: str = "#2f7f92", glass: str = "#ffe9b0"
) -> dict[str, Mesh]:
    """A harbour buoy floating at y = 0; its lantern glass is the node `lamp`, centred at 0.97 m."""
    body = banded(
        [
            ([(0.0, -0.16), (0.26, -0.15), (0.335, -0.03)], foot),
            ([(0.335, -0.03), (0.372, -0.01), (0.385, 0.03), (0.36, 0.072), (0.31, 0.085)], teal),
            ([(0.31, 0.085), (0.265, 0.13), (0.225, 0.22), (0.205, 0.31)], coral),
            ([(0.205, 0.31), (0.188, 0.40), (0.172, 0.52)], cream),
            ([(0.172, 0.52), (0.160, 0.62), (0.15, 0.72)], coral),
            ([(0.15, 0.72), (0.178, 0.735), (0.19, 0.765), (0.178, 0.80), (0.14, 0.815), (0.0, 0.815)], cream),
        ],
        sides=28,
    )
    bars = [
        tube(
            [(0.118, 0.80, 0, 0.012), (0.146, 0.90, 0, 0.011), (0.146, 1.03, 0, 0.011), (0.112, 1.13, 0, 0.012)],
            teal,
            6,
            3,
        ).turned("y", 30 + 60 * k)
        for k in range(6)
    ]
    roof = lathe(
        [
            (0.0, 1.11),
            (0.165, 1.10),
            (0.178, 1.115),
            (0.16, 1.145),
            (0.10, 1.185),
            (0.035, 1.21),
            (0.022, 1.235),
            (0.034, 1.26),
            (0.022, 1.285),
            (0.0, 1.29),
        ],
        teal,
        24,
    )
    lamp = ball(1.0, 2, glass).scaled(0.112, 0.150, 0.112).moved(0, 0.965, 0)
    return {"buoy": join([body, *bars, roof]), "lamp": lamp}


def gull() -> Mesh:
    """A gliding gull, 1.1 m across, looking along -z, about its middle."""
    body = (
        lathe(
            [
                (0.0, -0.24),
                (0.025, -0.21),
                (0.045, -0.12),
                (0.062, 0.0),
                (0.06, 0.08),
                (0.04, 0.15),
                (0.043, 0.19),
                (0.036, 0.225),
                (0.0, 0.245),
            ],
            "#fbf6ec",
            12,
        )
        .turned("x", -90)
        .scaled(1, 0.9, 1)
    )
    beak = lathe([(0.0, -0.01), (0.012, 0.0), (0.0, 0.05)], "#f0a23c", 6).turned("x", -90).moved(0, -0.004, -0.24)
    eyes = [ball(0.006, 1, "#3a4450").moved(side * 0.034, 0.012, -0.205) for side in (-1.0, 1.0)]
    wing = _wing()
    tail = make(
        np.array([(0.0, 0.01, 0.17), (-0.055, 0.008, 0.33), (0.0, 0.014, 0.345), (0.055, 0.008, 0.33)]),
        np.array([(0, 1, 2), (0, 2, 3)]),
        "#f4ede0",
    )
    return join([body, beak, *eyes, wing, wing.scaled(-1, 1, 1), felt(tail, 0.006)])


def _wing() -> Mesh:
    """The right wing: raised at the elbow, dropping to a grey tip, thin at the back."""
    rows = []
    for x, y, z, chord, thick in (
        (0.03, 0.02, -0.02, 0.17, 0.03),
        (0.16, 0.085, -0.05, 0.16, 0.022),
        (0.30, 0.10, -0.05, 0.13, 0.016),
        (0.44, 0.07, 0.0, 0.09, 0.01),
        (0.56, 0.03, 0.07, 0.02, 0.004),
    ):
        section = [(-0.5, 0.0), (-0.3, 0.5), (0.1, 0.45), (0.5, 0.0), (0.1, -0.25), (-0.3, -0.4)]
        rows.append([(x, y + thick * v, z + chord * u) for u, v in section])
    points = np.array(rows)
    return solid(sheet(points, wrap=True)).painted(
        lambda p: ramp(("#f7f1e6", "#c9d3d8", "#aebcc6", "#51606e"), np.clip((np.abs(p[:, 0]) - 0.05) / 0.5, 0, 1))
    )


def butterfly_wing() -> Mesh:
    """The right pair of wings, flat in x and z, hinged along the z axis, 5 cm wide."""
    angles = np.linspace(0, 2 * np.pi, 19)[:-1]
    lobes = [
        _lobe(angles, (0.026, -0.014), (0.027, 0.016), 28.0, ("#ffd27a", "#f58f56", "#e2694a")),
        _lobe(angles, (0.018, 0.014), (0.018, 0.012), -34.0, ("#ffdc8c", "#f7a860", "#e97a55")),
    ]
    return felt(join(lobes), 0.0012)


def _lobe(
    angles: Array, middle: tuple[float, float], size: tuple[float, float], turn_deg: float, palette: tuple[str, ...]
) -> Mesh:
    t = np.radians(turn_deg)
    rings = []
    for share in (0.0, 0.4, 0.78, 1.0):
        u, v = size[0] * share * np.cos(angles), size[1] * share * np.sin(angles)
        rings.append(
            np.stack(
                [
                    middle[0] + u * np.cos(t) + v * np.sin(t),
                    0.002 * (1 - share**2) + 0 * u,
                    middle[1] - u * np.sin(t) + v * np.cos(t),
                ],
                -1,
            )
        )
    disc = sheet(np.array(rings), wrap=True)
    return disc.painted(ramp(palette, np.repeat([0.0, 0.3, 0.72, 1.0], len(angles))))


def butterfly_body() -> Mesh:
    """A butterfly's body along z, head towards -z, 5 cm long."""
    body = tube(
        [
            (0, 0, 0.026, 0.001),
            (0, 0.001, 0.012, 0.0026),
            (0, 0.001, 0, 0.0032),
            (0, 0.002, -0.010, 0.0034),
            (0, 0.002, -0.015, 0.0022),
        ],
        "#4a3c48",
        8,
        4,
    )
    head = ball(0.0037, 1, "#4a3c48").moved(0, 0.003, -0.018)
    feelers = [
        tube(
            [(0, 0.004, -0.020, 0.0005), (side * 0.005, 0.008, -0.027, 0.0005), (side * 0.008, 0.010, -0.034, 0.0009)],
            "#4a3c48",
            5,
            3,
        )
        for side in (-1.0, 1.0)
    ]
    return join([body, head, *feelers])


MODELS = {
    "apple": prop("apple", lambda: apple(*RED)),
    "apple_gold": prop("apple_gold", lambda: apple(*GOLD)),
    "apple_green": prop("apple_green", lambda: apple(*GREEN)),
    "twig": prop("twig", twig),
    "vine": prop("vine", vine),
    "gull": prop("gull", gull),
    "butterfly_wing": prop("butterfly_wing", butterfly_wing),
    "butterfly_body": prop("butterfly_body", butterfly_body),
    "buoy": Model(buoy),
    "buoy_dusk": Model(lambda: buoy("#4a3f8c", "#8a62c0", "#f6dcea", "#3f9ea6", "#ffd27a")),
}
