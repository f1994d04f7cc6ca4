"""The audience of the meadow: soft toy animals that sit and look along +z."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Mesh, ball, join, lathe, tube

EYE = "#3a2c34"


def _blob(paint: str, radius: float = 1.0) -> Mesh:
    """A sphere of 132 triangles."""
    turns = np.linspace(-np.pi / 2, np.pi / 2, 7)
    return lathe(np.stack([np.cos(turns), np.sin(turns)], -1) * radius, paint, 11)


def _eyes(x: float, y: float, z: float, size: float = 0.017) -> list[Mesh]:
    spots = [ball(size, 0, EYE).moved(side * x, y, z) for side in (-1, 1)]
    return [
        *spots,
        *(ball(0.4 * size, 0, "#ffffff").moved(side * x + 0.004, y + 0.5 * size, z + 0.8 * size) for side in (-1, 1)),
    ]


def rabbit(fur: str, inner: str) -> Mesh:
    """A sitting rabbit 0.62 m high with its ears."""
    parts = [
        _blob(fur).scaled(0.13, 0.155, 0.12).moved(0, 0.15, 0),
        _blob(fur).scaled(0.105, 0.10, 0.095).moved(0, 0.34, 0.02),
        ball(1, 1, inner).scaled(0.075, 0.10, 0.05).moved(0, 0.14, 0.085),
        ball(1, 1, "#fff4e4").scaled(0.042, 0.03, 0.03).moved(0, 0.315, 0.105),
        ball(0.012, 0, "#d98a80").moved(0, 0.332, 0.134),
        *_eyes(0.045, 0.362, 0.100),
    ]
    for side in (-1, 1):
        ear = tube([(0, 0, 0, 0.028), (0, 0.10, 0, 0.036), (0, 0.21, -0.01, 0.014)], fur, 7, 2, squash=0.5)
        pink = tube([(0, 0.03, 0.009, 0.012), (0, 0.10, 0.012, 0.020), (0, 0.18, 0.0, 0.008)], inner, 5, 1, squash=0.5)
        parts.append(join([ear, pink]).turned("z", -side * 14).moved(side * 0.045, 0.415, 0))
        parts.append(ball(1, 1, fur).scaled(0.048, 0.034, 0.085).moved(side * 0.075, 0.035, 0.09))
        parts.append(ball(1, 1, fur).scaled(0.032, 0.065, 0.035).turned("x", 30).moved(side * 0.085, 0.19, 0.085))
    return join(parts)


def duck(feathers: str, beak: str) -> Mesh:
    """A sitting duck 0.4 m high."""
    parts = [
        _blob(feathers).scaled(0.125, 0.11, 0.15).moved(0, 0.11, 0),
        _blob(feathers, 0.085).moved(0, 0.285, 0.055),
        ball(1, 1, beak).scaled(0.042, 0.018, 0.045).moved(0, 0.272, 0.145),
        tube([(0, 0.14, -0.12, 0.05), (0, 0.20, -0.18, 0.02)], feathers, 8, 2),
        *_eyes(0.042, 0.310, 0.122, 0.014),
    ]
    for side in (-1, 1):
        parts.append(ball(1, 1, feathers).scaled(0.03, 0.06, 0.10).moved(side * 0.12, 0.125, -0.01))
        parts.append(ball(1, 1, beak).scaled(0.03, 0.012, 0.045).moved(side * 0.055, 0.012, 0.13))
    return join(parts)


def hedgehog(quills: str, face: str) -> Mesh:
    """A sitting hedgehog 0.36 m high."""
    random = np.random.default_rng(2)
    parts = [
        _blob(quills).scaled(0.15, 0.15, 0.14).moved(0, 0.16, -0.02),
        _blob(face).scaled(0.10, 0.105, 0.07).moved(0, 0.155, 0.085),
        tube([(0, 0.17, 0.13, 0.045), (0, 0.165, 0.185, 0.016)], face, 8, 2),
        ball(0.016, 1, EYE).moved(0, 0.168, 0.197),
        *_eyes(0.043, 0.205, 0.136, 0.014),
    ]
    spike = lathe([(0.022, 0.0), (0.0, 0.075)], quills, 4)
    for k in range(30):
        rise, turn = 1 - (k + 0.5) / 30 * 1.5, 2.4 * k
        flat = np.sqrt(max(1 - rise**2, 0))
        out = np.array([flat * np.cos(turn), rise, flat * np.sin(turn)])
        if out[2] > 0.45:
            continue
        bent = spike.turned("z", -np.degrees(np.arccos(rise))).turned("y", -np.degrees(turn) + random.uniform(-9, 9))
        parts.append(bent.moved(*(out * (0.14, 0.14, 0.13) + (0, 0.16, -0.02))))
    parts += [ball(1, 1, face).scaled(0.03, 0.02, 0.045).moved(side * 0.07, 0.015, 0.09) for side in (-1, 1)]
    return join(parts)


def lamb(wool: str, face: str) -> Mesh:
    """A sitting lamb 0.5 m high."""
    parts = [
        _blob(wool).scaled(0.14, 0.15, 0.125).moved(0, 0.15, 0),
        ball(1, 1, face).scaled(0.075, 0.085, 0.085).moved(0, 0.345, 0.05),
        *_eyes(0.043, 0.365, 0.115, 0.014),
    ]
    for k in range(6):
        t = k * 2 * np.pi / 6
        parts.append(ball(0.056, 1, wool).moved(0.07 * np.cos(t), 0.425, 0.07 * np.sin(t)))
    for k in range(6):
        t = 2.4 * k
        parts.append(ball(0.068, 1, wool).moved(0.115 * np.cos(t), 0.06 + 0.036 * k, 0.10 * np.sin(t)))
    for side in (-1, 1):
        parts.append(ball(1, 1, face).scaled(0.06, 0.022, 0.035).turned("z", -side * 20).moved(side * 0.12, 0.36, 0.03))
        parts.append(tube([(side * 0.07, 0.07, 0.08, 0.032), (side * 0.075, 0.025, 0.17, 0.03)], face, 7, 2))
    return join(parts)
