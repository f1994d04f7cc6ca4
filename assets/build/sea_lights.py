"""Lights of the shore: the lily lantern that breathes, and paper lanterns that float on the water."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.kit import Mesh, ball, felt, join, lathe, ramp, sheet, smooth_path
from assets.build.open_air import lantern


@dataclass(frozen=True)
class Glow:
    """The colours of a light: paper from its heart to its rim, petals from foot to tip, and what holds it."""

    paper: tuple[str, str, str]
    petals: tuple[str, str, str]
    frame: str
    bead: str


GOLD = Glow(("#fff3c8", "#ffdc90", "#f8b160"), ("#e2694a", "#f29273", "#ffdcb8"), "#b8814f", "#2f8a92")
OPAL = Glow(("#efffee", "#b4f4e0", "#74d4d8"), ("#a860bc", "#e08cc4", "#ffd4dc"), "#6f5aa8", "#ffcf7a")

# Petals from foot to tip, as (radius, height) for a globe of radius 1 about the origin.
INNER = ((0.16, -1.04), (0.62, -0.98), (1.00, -0.66), (1.17, -0.16), (1.21, 0.22), (1.32, 0.46))
OUTER = ((0.16, -1.08), (0.74, -1.10), (1.20, -0.86), (1.46, -0.52), (1.72, -0.36))


def lily(glow: Glow) -> Mesh:
    """A lantern about its middle, 0.40 m wide and 0.30 m high: a ribbed paper globe in two cups of petals."""
    turns = np.linspace(-0.46 * np.pi, 0.45 * np.pi, 12)
    around = np.arange(40) * np.pi / 20
    rib = 1 - 0.04 * np.abs(np.sin(5 * around)) ** 0.6
    rows = [
        np.stack([np.cos(t) * rib * np.cos(around), np.full(40, np.sin(t)), -np.cos(t) * rib * np.sin(around)], -1)
        for t in turns
    ]
    globe = sheet(np.array(rows), wrap=True)
    tone = np.clip(0.5 - 0.5 * globe.points[:, 1], 0, 1)
    globe = globe.painted(ramp((glow.paper[2], glow.paper[1], glow.paper[0], glow.paper[0], glow.paper[1]), tone))
    crown = lathe([(0.0, 0.95), (0.30, 0.95), (0.34, 1.03), (0.24, 1.11), (0.09, 1.14), (0.0, 1.24)], glow.frame, 14)
    foot = lathe([(0.0, -1.22), (0.20, -1.18), (0.26, -1.06), (0.0, -0.98)], glow.frame, 12)
    bead = ball(0.11, 1, glow.bead).moved(0, -1.32, 0)
    return join([globe, *_cup(glow, INNER, 0.46, 0.0), *_cup(glow, OUTER, 0.50, 22.5), crown, foot, bead]).scaled(0.117)


def _cup(glow: Glow, profile: Sequence[tuple[float, float]], half: float, turned_deg: float) -> list[Mesh]:
    """Eight pointed petals around the globe, each bent along a profile of (radius, height)."""
    line = smooth_path(profile, 2)
    along = np.linspace(0, 1, len(line))
    width = half * np.sin(np.pi * np.clip(along, 0.05, 0.99) ** 0.8) ** 0.75
    rows = []
    for v in (-1.0, -0.5, 0.0, 0.5, 1.0):
        angle = v * width / np.maximum(line[:, 0], 0.5)
        out = line[:, 0] + 0.03 * v * v
        rows.append(np.stack([out * np.sin(angle), line[:, 1], out * np.cos(angle)], -1))
    skin = sheet(np.array(rows)[::-1]).painted(ramp(glow.petals, np.tile(along, 5)))
    petal = felt(skin, 0.02)
    return [petal.turned("y", turned_deg + 45.0 * k) for k in range(8)]


def floating(glow: Glow) -> Mesh:
    """A paper lantern 0.36 m high in a water lily that floats at y = 0."""
    leaf = lathe(
        [(0.0, -0.02), (0.26, -0.015), (0.30, 0.010), (0.285, 0.018), (0.25, 0.012), (0.0, 0.018)], "#6fae8c", 20
    )
    globe = lantern(0.15, glow.paper[0], glow.paper[2], glow.frame, rows=9, sides=16).moved(0, 0.19, 0)
    petals = [petal.scaled(0.145).moved(0, 0.175, 0) for petal in _cup(glow, OUTER, 0.50, 0.0)]
    return join([leaf, globe, *petals])
