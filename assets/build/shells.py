"""What lies on the sand of the shore: scallops, snail shells, starfish, pebbles, driftwood."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.kit import Array, Mesh, ball, facing_up, felt, join, lumpy, noise, ramp, sheet, tube


def scallop(pale: str, deep: str) -> Mesh:
    """A ribbed fan of radius 1 lying on y = 0, its hinge at the origin, opening towards -z."""
    turns = np.linspace(-1.15, 1.15, 15)
    rows = []
    for out in (0.06, 0.35, 0.7, 0.95, 1.0):
        rib = 1 + 0.018 * np.cos(np.arange(15) * np.pi) * out
        high = 0.34 * np.sin(np.pi * min(out, 0.97) ** 0.8) + 0.02 + 0.03 * np.cos(np.arange(15) * np.pi) * out
        rows.append(np.stack([out * rib * np.sin(turns), high, -out * rib * np.cos(turns)], -1))
    fan = facing_up(sheet(np.array(rows)))
    stripe = np.clip(np.hypot(fan.points[:, 0], fan.points[:, 2]), 0, 1)
    return fan.painted(ramp((deep, pale, deep, pale, pale), stripe))


def snail(pale: str, deep: str) -> Mesh:
    """A spiral shell 1 long lying on y = 0."""
    knots = []
    for k in range(15):
        t, size = k / 14, (k / 14) ** 1.3
        angle = 2 * np.pi * 2.6 * t
        knots.append((0.26 * size * np.cos(angle), 0.26 * size * np.sin(angle), -0.55 + 0.75 * t, 0.03 + 0.24 * size))
    body = tube(knots, sides=9, steps=2)
    tone = noise(body.points * (1, 1, 3), 0.4, 4)
    return body.painted(ramp((deep, pale, pale), tone)).moved(0, 0.30, 0)


def starfish(pale: str, deep: str) -> Mesh:
    """A starfish of radius 1 lying on y = 0."""
    turns = np.arange(20) * np.pi / 10
    reach = 0.36 + 0.64 * np.abs(np.cos(2.5 * turns)) ** 1.6
    rows = []
    for share, high in ((0.02, 0.22), (0.4, 0.19), (0.75, 0.12), (1.0, 0.0)):
        rows.append(np.stack([share * reach * np.cos(turns), np.full(20, high), share * reach * np.sin(turns)], -1))
    body = facing_up(sheet(np.array(rows), wrap=True))
    out = np.hypot(body.points[:, 0], body.points[:, 2])
    return body.painted(ramp((pale, deep, pale), np.clip(out, 0, 1)))


def pebble(paint: str, seed: int) -> Mesh:
    """A rounded stone of radius 1, half in the sand."""
    return lumpy(ball(1, 1, paint), 0.14, 0.9, seed).scaled(1, 0.55, 0.8)


def driftwood(paint: Sequence[str]) -> Mesh:
    """A bleached log 1.7 m long along x with two broken branches, lying on y = 0."""
    log = [(-0.85, 0.08, 0.05, 0.05), (-0.5, 0.12, 0.0, 0.115), (0.1, 0.13, 0.04, 0.125), (0.6, 0.16, -0.05, 0.09)]
    log += [(0.95, 0.27, -0.12, 0.03)]
    limbs = [
        tube(log, sides=10, steps=5),
        tube([(0.25, 0.15, 0.03, 0.07), (0.42, 0.36, 0.14, 0.045), (0.46, 0.55, 0.17, 0.012)], sides=7, steps=4),
        tube([(-0.35, 0.14, 0.0, 0.06), (-0.5, 0.30, -0.12, 0.04), (-0.66, 0.37, -0.2, 0.012)], sides=7, steps=4),
    ]

    def grey(points: Array) -> Array:
        return ramp(paint, noise(points * (0.5, 3, 3), 0.3, 6))

    return join(limbs).painted(grey)


def pennant(paint: str) -> Mesh:
    """A small flag on a stick 0.4 m high."""
    cloth = felt(sheet(np.array([[(0, 0.40, 0), (0.16, 0.37, 0.01)], [(0, 0.27, 0), (0.16, 0.33, 0.02)]])), 0.004)
    return join([tube([(0, 0, 0, 0.008), (0, 0.42, 0, 0.007)], "#a5784f", 5, 1), cloth.painted(paint)])
