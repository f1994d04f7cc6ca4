"""What is in the orchard only in the dragon's evening: the nest with a young dragon, mushrooms, stars."""

from __future__ import annotations

import numpy as np

from assets.build import dusk
from assets.build.dragon import young_dragon
from assets.build.eggs import star
from assets.build.evening import glowing, toadstools
from assets.build.kit import Mesh, join, lathe, tube
from assets.build.land import Height

NEST_M = (1.16, 1.04, -2.02)
FORK = (
    ((2.05, 0.70, -2.0, 0.13), (1.80, 0.76, -2.03, 0.14), (1.45, 0.92, -2.05, 0.105), (1.05, 1.10, -2.02, 0.045)),
    ((2.05, 0.95, -2.12, 0.09), (1.65, 1.00, -2.28, 0.085), (1.28, 1.12, -2.32, 0.05)),
)
"""The limbs of the big tree that hold the nest: knots of x, y, z and radius."""
# x, z, height, which colours
MUSHROOMS = (
    (-2.05, -3.45, 1.02, 0), (-2.75, -3.95, 1.36, 1), (-1.62, -4.25, 0.62, 2),
    (-1.50, -3.30, 0.34, 1), (1.28, -3.6, 0.46, 2), (1.62, -3.9, 0.72, 0),
    (0.78, -3.2, 0.22, 1), (-1.02, -2.75, 0.24, 2), (2.6, -7.6, 0.9, 1),
    (-3.6, -7.6, 1.1, 0), (-4.3, -2.2, 0.9, 2), (3.4, 1.8, 0.9, 1), (-2.4, 3.0, 0.8, 0),
)  # fmt: skip
CAPS = (
    (("#7a58c0", "#9a78d8", "#b99ae8"), "#ffe9b0"),
    (("#d0669c", "#e888a8", "#f7b0b4"), "#fff0dc"),
    (("#e98a6c", "#f5a878", "#ffcf96"), "#fff0dc"),
)


def nest() -> Mesh:
    """The nest, woven of twigs, with a young dragon that looks at the patient."""
    dragon = young_dragon().scaled(0.66).moved(0.02, -0.10, -0.10)
    return join([*_weave(), dragon]).turned("y", -29).moved(*NEST_M)


def _weave() -> list[Mesh]:
    """Twigs around a bowl whose rim is 0.24 m up, more the higher."""
    random = np.random.default_rng(12)
    tones = ("#7d5468", "#a3707a", "#c48f86", "#e0b093")
    bowl = lathe([(0.0, 0.0), (0.20, 0.02), (0.31, 0.11), (0.33, 0.20), (0.24, 0.15), (0.0, 0.10)], "#6f4a62", 26)
    twigs = [bowl]
    for _ in range(40):
        level = random.random() ** 0.7
        radius = 0.23 + 0.125 * level**0.6 + random.uniform(-0.012, 0.02)
        start, sweep = random.uniform(0, 2 * np.pi), random.uniform(0.7, 1.5)
        knots = []
        for t in np.linspace(0, 1, 5):
            angle, out = start + sweep * t, radius + 0.028 * (t - 0.5) ** 2 * random.uniform(0.3, 3)
            y = 0.03 + 0.21 * level + random.uniform(-0.012, 0.012)
            knots.append((out * np.cos(angle), y, out * np.sin(angle), 0.017 - 0.012 * abs(t - 0.5)))
        twigs.append(tube(knots, tones[int(random.integers(4))], 5, 1))
    return twigs


def egg_places(count: int = 9) -> list[tuple[float, float, float]]:
    """Where eggs lie in the nest, from its middle to both sides."""
    turns = np.radians(np.linspace(-118, 118, count))
    order = np.argsort(np.abs(turns), kind="stable")
    c, s = np.cos(np.radians(-29)), np.sin(np.radians(-29))
    places = []
    for turn in turns[order]:
        x, z = 0.235 * np.sin(turn), 0.225 * np.cos(turn)
        places.append((NEST_M[0] + c * x + s * z, NEST_M[1] + 0.235, NEST_M[2] - s * x + c * z))
    return [(round(x, 3), round(y, 3), round(z, 3)) for x, y, z in places]


def mushrooms(height: Height) -> list[Mesh]:
    """All of them, on the ground."""
    return toadstools(MUSHROOMS, CAPS, lambda x, z: float(height(np.array([[x, z]]))[0]))


def lamps_m() -> list[tuple[float, float, float]]:
    """Where mushrooms shine on the ground."""
    return [(x, 0.0, z) for x, z, *_ in MUSHROOMS]


def hung_stars() -> list[Mesh]:
    """Little stars on threads under the boughs ahead, out of reach."""
    hung = []
    for x, top, z, low, size in (
        (0.95, 3.05, -2.85, 2.42, 0.055), (0.2, 3.1, -3.0, 2.62, 0.045), (-0.6, 2.95, -3.05, 2.36, 0.06),
        (-1.22, 2.68, -3.05, 2.30, 0.04), (1.55, 2.72, -2.55, 2.14, 0.045),
    ):  # fmt: skip
        thread = tube([(x, top, z, 0.003), (x, low + size, z, 0.003)], glowing(dusk.GLOW, 1.2), 4, 1)
        hung += [thread, star(size).painted(glowing("#ffd884", 2.4)).turned("y", 25 * x).moved(x, low, z)]
    return hung
