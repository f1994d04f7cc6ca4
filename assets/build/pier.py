"""The pier: planks on posts, ropes, lanterns, flags, gulls and barrels."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from assets.build.kit import Array, Mesh, ball, banded, box, grain, join, lathe, make, smooth_path, tube
from assets.build.palette import CORAL, CREAM, GLASS, TEAL
from assets.build.sea import circle

Place = tuple[float, float]
PIER = [(-3.3, -3.4), (-4.6, -6.2), (-6.3, -9.6), (-8.6, -14.0), (-11.2, -19.0), (-13.2, -23.0)]
WEATHERED = grain(("#ab8058", "#c39466", "#d4aa7a"), (1.0, 0.5, 1.0), 0.35, 21)
LAMPS = (4, 10, 16, 20)


def posts() -> list[Place]:
    """Where the pier's posts stand, left and right along it."""
    line = smooth_path(PIER, 2)
    along = np.gradient(line, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    return [
        (x + sign * 0.82 * side[0], z + sign * 0.82 * side[1])
        for (x, z), side in zip(line, across, strict=True)
        for sign in (-1.0, 1.0)
    ]


def shores() -> list[Array]:
    """Where the posts stand in the water."""
    return [circle(x, z, 0.11) for x, z in posts()]


def pier() -> Mesh:
    """All of it."""
    feet = posts()
    lamps = [_at(feet[k], 0.62) for k in LAMPS]
    parts = [*_planks(), *_posts_and_ropes(feet), *(lamp_post().moved(*lamp) for lamp in lamps)]
    parts += [bunting(a, b) for a, b in pairwise(lamps)]
    parts += [sitting_gull().turned("y", 150.0 * k).moved(*_at(feet[k], _post_m(k))) for k in (1, 5)]
    return join([*parts, *_on_the_pier()])


def _post_m(k: int) -> float:
    return 1.18 + 0.1 * ((k * 7) % 3)


def _planks() -> list[Mesh]:
    line = smooth_path(PIER, 15)
    along = np.gradient(line, axis=0)
    turns = np.degrees(np.arctan2(along[:, 0], along[:, 1]))
    random = np.random.default_rng(5)
    planks = []
    for k, ((x, z), angle) in enumerate(zip(line, turns, strict=True)):
        plank = box(1.78 + random.uniform(-0.08, 0.08), 0.06, 0.235, WEATHERED, 0.008, 0.6)
        plank = plank.painted(np.clip(plank.colours[:, :3] * random.uniform(0.86, 1.1), 0, 1))
        planks.append(plank.turned("y", angle + random.uniform(-1.5, 1.5)).moved(x, 0.62 + 0.006 * (k % 2), z))
    return planks


def _posts_and_ropes(feet: list[Place]) -> list[Mesh]:
    parts = []
    for k, (x, z) in enumerate(feet):
        high = _post_m(k)
        profile = [(0.115, -0.6), (0.112, high - 0.5), (0.105, high - 0.06), (0.085, high), (0, high + 0.02)]
        band = lathe([(0.118, high - 0.30), (0.122, high - 0.22)], CREAM if k % 4 else CORAL, 10)
        parts.append(join([lathe(profile, sides=10).painted(WEATHERED), band]).moved(x, 0, z))
    for a, b in zip(feet, feet[2:], strict=False):
        middle = ((a[0] + b[0]) / 2, 0.86, (a[1] + b[1]) / 2)
        parts.append(tube([(a[0], 1.06, a[1], 0.020), (*middle, 0.020), (b[0], 1.06, b[1], 0.020)], "#efe0bd", 5, 4))
    return parts


def lamp_post() -> Mesh:
    """A small lantern on a post, its foot at y = 0."""
    pole = tube([(0, 0, 0, 0.04), (0, 1.5, 0, 0.03)], TEAL, 7, 1)
    glass = ball(1, 1, GLASS).scaled(0.10, 0.13, 0.10).moved(0, 1.62, 0)
    roof = lathe([(0.0, 1.74), (0.15, 1.73), (0.05, 1.84), (0.0, 1.90)], TEAL, 10)
    return join([pole, glass, roof])


def bunting(start: tuple[float, float, float], end: tuple[float, float, float]) -> Mesh:
    """A line of little flags between the tops of two lamp posts."""
    a, b = (np.array([x, y + 1.45, z]) for x, y, z in (start, end))
    sag = np.linspace(0, 1, 25)
    line = a + (b - a) * sag[:, None] - np.stack([0 * sag, 0.5 * 4 * sag * (1 - sag), 0 * sag], -1) * 0.55
    along = (b - a) / np.linalg.norm(b - a)
    flags = []
    for k, place in enumerate(line[2:-1:2]):
        points = np.array([place - along * 0.12, place + along * 0.12, place - (0, 0.26, 0)])
        flags.append(make(points, np.array([[0, 2, 1]]), (CORAL, CREAM, "#5fb0b0", "#f2c25a")[k % 4]))
    cord = tube([(*place, 0.008) for place in line[::4]], CREAM, 4, 2)
    return join([cord, *flags])


def sitting_gull() -> Mesh:
    """A gull at rest, its feet at y = 0, looking along -z."""
    body = ball(1, 2, "#fbf6ec").scaled(0.075, 0.075, 0.135).turned("x", 18).moved(0, 0.14, 0)
    wings = [
        ball(1, 1, "#b4c2cb").scaled(0.03, 0.055, 0.13).turned("x", 14).moved(side * 0.062, 0.15, 0.03)
        for side in (-1, 1)
    ]
    tail = ball(1, 1, "#5c6b78").scaled(0.035, 0.016, 0.09).turned("x", 10).moved(0, 0.115, 0.15)
    head = ball(0.055, 2, "#fbf6ec").moved(0, 0.255, -0.085)
    beak = lathe([(0.018, 0.0), (0.010, 0.03), (0.0, 0.06)], "#f0a23c", 6).turned("x", -100).moved(0, 0.25, -0.13)
    eyes = [ball(0.008, 0, "#3a4450").moved(side * 0.038, 0.27, -0.118) for side in (-1, 1)]
    legs = [tube([(side * 0.025, 0, 0, 0.007), (side * 0.025, 0.09, 0, 0.007)], "#f0a23c", 4, 1) for side in (-1, 1)]
    return join([body, *wings, tail, head, beak, *eyes, *legs])


def _on_the_pier() -> list[Mesh]:
    """Barrels and a crate of fish boxes, where the pier meets the eye."""
    barrel = banded(
        [
            ([(0.0, 0.0), (0.20, 0.0), (0.235, 0.16)], "#b07d4f"),
            ([(0.24, 0.16), (0.247, 0.22)], TEAL),
            ([(0.243, 0.22), (0.25, 0.32), (0.243, 0.42)], "#c08c5b"),
            ([(0.247, 0.42), (0.24, 0.48)], TEAL),
            ([(0.235, 0.48), (0.20, 0.64), (0.17, 0.64), (0.16, 0.60), (0.0, 0.60)], "#b07d4f"),
        ],
        16,
    )
    crate = join(
        [
            box(0.62, 0.12, 0.44, paint, 0.012, 0.3).moved(0, 0.07 + 0.14 * k, 0)
            for k, paint in enumerate(("#e6c08a", "#7fb8bd", CORAL))
        ]
    )
    return [
        barrel.moved(-5.75, 0.66, -7.6),
        barrel.scaled(0.85).moved(-5.45, 0.66, -7.1),
        crate.turned("y", 30).moved(-4.75, 0.66, -5.6),
    ]


def _at(place: Place, y: float) -> tuple[float, float, float]:
    return place[0], y, place[1]
