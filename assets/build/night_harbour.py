"""What is in the harbour only in the dragon's evening: paper lanterns on the water, and a boat like a dragon."""

from __future__ import annotations

import numpy as np

from assets.build.dragon import SCALES, WING, WING_TIP, head, tail_leaf
from assets.build.evening import glowing
from assets.build.kit import Array, Mesh, box, felt, join, lathe, ramp, sheet, tube
from assets.build.sea import WATER_M, circle
from assets.build.small_boats import small_boat
from assets.build.studio import prop

# x, z, size, which colour
LANTERNS = (
    (-1.9, -4.6, 0.9, 0), (1.95, -5.2, 1.0, 1), (3.6, -4.3, 1.0, 2), (-0.9, -8.2, 1.0, 1), (1.1, -9.6, 1.1, 0),
    (4.4, -7.4, 1.1, 0), (7.8, -6.6, 1.1, 1), (9.6, -11.5, 1.3, 0), (-3.2, -11.0, 1.2, 2), (2.4, -14.5, 1.3, 2),
    (-1.6, -16.0, 1.4, 0), (12.5, -16.0, 1.5, 2), (5.0, -18.5, 1.5, 1), (15.5, -24.0, 1.7, 0), (0.5, -21.5, 1.6, 1),
    (18.5, -19.0, 1.6, 1), (3.2, 2.6, 1.0, 0), (-3.4, 3.2, 1.0, 1),
)  # fmt: skip
PAPERS = ("#ffcf80", "#ff9f8c", "#9fe6d8")


def paper_lantern(paper: str) -> Mesh:
    """A square lantern of paper on a little raft, its water line at y = 0."""
    raft = box(0.42, 0.05, 0.42, "#8a5f86", 0.012, 0.3).moved(0, 0.015, 0)
    light = lathe([(0.155, 0.04), (0.18, 0.16), (0.165, 0.34), (0.15, 0.38)], sides=4).turned("y", 45)
    shade = light.painted(lambda p: glowing(paper, 1.0) * np.interp(p[:, 1:2], (0.04, 0.16, 0.38), (3.2, 2.6, 1.5)))
    rim = lathe([(0.158, 0.37), (0.165, 0.39), (0.12, 0.395)], "#fff0d0", 4).turned("y", 45)
    return join([raft, shade, rim])


def paper_lanterns() -> list[Mesh]:
    """All of them, about the boat and out to sea."""
    return [
        paper_lantern(PAPERS[kind]).scaled(size).turned("y", 37.0 * k).moved(x, WATER_M, z)
        for k, (x, z, size, kind) in enumerate(LANTERNS)
    ]


def lantern_shores() -> list[Array]:
    """Rings of light on the water about them."""
    return [circle(x, z, 0.27 * size) for x, z, size, _ in LANTERNS]


def dragon_boat() -> Mesh:
    """A boat with a dragon's head and tail and one striped sail, bow at -z, its water line at y = 0."""
    hull = small_boat(SCALES[1], WING_TIP, "#d9b0a0").scaled(1.25)
    neck = tube(
        [(0, 0.35, -1.75, 0.26), (0, 0.85, -2.02, 0.20), (0, 1.22, -2.02, 0.16)],
        lambda p: ramp(SCALES, np.clip(0.3 + 0.3 * p[:, 1], 0, 1)),
        12,
        4,
    )
    tail = tube([(0, 0.4, 1.55, 0.16), (0, 0.62, 1.95, 0.11), (0, 1.05, 2.12, 0.06)], SCALES[1], 10, 4)
    face = head(700).scaled(2.0).turned("y", 180).moved(0, 1.15, -2.0)
    leaf = tail_leaf().moved(0.492, -0.272, 0.198).scaled(2.6).moved(0, 1.28, 2.15)
    mast = tube([(0, 0.1, -0.15, 0.055), (0, 3.6, -0.12, 0.03)], "#9a6a80", 7, 2)
    return join([hull, neck, tail, face, leaf, mast, _sail()])


def _sail() -> Mesh:
    """A round-bellied square sail in stripes."""
    rows = []
    for up in np.linspace(0, 1, 9):
        half = 1.15 - 0.35 * up
        across = np.linspace(-1, 1, 9)
        belly = 0.42 * (1 - across**2) * np.sin(np.pi * (0.12 + 0.8 * up))
        rows.append(np.stack([half * across, np.full(9, 1.05 + 2.2 * up), -0.10 - belly], -1))
    cloth = sheet(np.array(rows))
    stripes = (np.floor((cloth.points[:, 1] - 1.05) / 0.5501) % 2)[:, None]
    paint = glowing(WING, 1.0) * (1 - stripes) + glowing("#ffe3b0", 1.0) * stripes
    yards = [
        tube([(-w, y, -0.12, 0.035), (w, y, -0.12, 0.035)], "#9a6a80", 6, 1) for w, y in ((1.2, 1.03), (0.85, 3.27))
    ]
    return join([felt(cloth.painted(paint), 0.012), *yards])


MODELS = {"dragon_boat": prop("dragon_boat", dragon_boat)}
