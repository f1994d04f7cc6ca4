"""The big apple tree, whose bough arches over the patient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.kit import Mesh, Paint, ball, join, lumpy, tube
from assets.build.plants import FOLIAGE, bark, canopy, crown_paint, leafy
from assets.build.studio import melted

CORE = ("#4f7f45", "#5f8f4c", "#6d9f55", "#7fae57")


def apple_tree(
    palette: Sequence[str] = FOLIAGE["sage"],
    core: Sequence[str] = CORE,
    wood: Paint = bark,
    plenty: float = 1.0,
    more_limbs: Sequence[Sequence[Sequence[float]]] = (),
) -> Mesh:
    """The big tree to the right; its bough passes over the patient at 2.4 to 2.6 m, where fruit can hang.

    `plenty` is the share of leaves and of triangles in the wood.
    """
    trunk = [
        (2.05, -0.30, -1.95, 0.62),
        (2.02, 0.02, -1.95, 0.45),
        (1.98, 0.30, -1.96, 0.345),
        (1.93, 0.85, -1.98, 0.285),
        (1.98, 1.5, -2.05, 0.26),
        (2.1, 2.2, -2.15, 0.25),
        (2.15, 2.9, -2.2, 0.2),
    ]
    over = [
        (1.98, 1.55, -2.03, 0.19),
        (1.62, 2.12, -1.66, 0.150),
        (1.05, 2.50, -1.18, 0.118),
        (0.42, 2.60, -0.86, 0.094),
        (-0.12, 2.53, -0.72, 0.074),
        (-0.55, 2.42, -0.68, 0.052),
        (-0.86, 2.44, -0.75, 0.026),
    ]
    ahead = [
        (2.05, 1.95, -2.1, 0.19),
        (1.6, 2.72, -2.55, 0.150),
        (0.95, 3.10, -2.85, 0.115),
        (0.2, 3.16, -3.0, 0.088),
        (-0.6, 2.98, -3.05, 0.064),
        (-1.25, 2.70, -3.05, 0.03),
    ]
    others = [
        [(2.1, 2.2, -2.15, 0.17), (2.7, 2.9, -2.5, 0.13), (3.3, 3.3, -2.9, 0.08)],
        [(2.0, 1.3, -2.0, 0.15), (2.6, 1.85, -1.75, 0.12), (3.3, 2.35, -1.6, 0.085), (3.9, 2.8, -1.7, 0.05)],
        [(2.1, 2.4, -2.15, 0.15), (2.3, 3.0, -1.4, 0.10), (2.4, 3.4, -0.6, 0.06)],
        [(1.05, 2.50, -1.18, 0.07), (0.92, 2.9, -0.95, 0.05), (0.9, 3.4, -0.9, 0.03)],
        [(0.42, 2.60, -0.86, 0.05), (0.2, 2.85, -1.2, 0.036), (0.05, 3.05, -1.55, 0.022)],
        [(0.95, 3.10, -2.85, 0.07), (0.75, 2.92, -2.5, 0.045), (0.62, 2.78, -2.3, 0.02)],
        [(-0.12, 2.53, -0.72, 0.035), (-0.25, 2.72, -0.45, 0.022), (-0.3, 2.85, -0.2, 0.012)],
    ]
    limbs = join([tube(knots, sides=14, steps=8) for knots in (trunk, over, ahead, *others, *more_limbs)])
    skin = melted(limbs, 0.026, 4, int(5600 * plenty))
    return join([skin.painted(wood), *_big_foliage(palette, core, plenty)])


def _big_foliage(palette: Sequence[str], core: Sequence[str], plenty: float) -> list[Mesh]:
    lobes = [
        (2.2, 3.9, -2.3, 1.25), (3.2, 3.55, -2.6, 0.9), (2.5, 3.6, -1.1, 0.85), (1.2, 3.95, -2.5, 0.85),
        (0.2, 3.95, -2.9, 0.66), (-0.65, 3.66, -3.05, 0.50), (0.9, 3.75, -0.9, 0.72), (0.05, 3.55, -0.8, 0.52),
        (3.6, 3.1, -1.6, 0.6), (1.5, 3.45, 0.1, 0.6), (-0.55, 3.25, -0.62, 0.34),
    ]  # fmt: skip
    # Low leaves about the bough over the patient, for the vines of the fruit to come out of.
    roof = [
        (-0.62, 2.74, -0.62, 0.27),
        (-0.2, 2.78, -0.5, 0.32),
        (0.3, 2.82, -0.62, 0.34),
        (0.75, 2.84, -0.8, 0.34),
        (0.05, 2.78, -0.95, 0.28),
    ]
    low = canopy(roof, 0.07, 500, 15)
    crown = canopy(lobes, 0.10, 2200, 5)
    heart = crown.painted(crown_paint(core, 2)).swaying(0.08)
    tips = np.array(
        [
            (-0.86, 2.44, -0.75),
            (-0.55, 2.42, -0.68),
            (-1.25, 2.70, -3.05),
            (-0.9, 2.85, -3.05),
            (0.62, 2.78, -2.3),
            (-0.3, 2.85, -0.2),
            (0.05, 3.05, -1.55),
            (3.9, 2.8, -1.7),
        ]
    )
    bunches = [
        leafy(lumpy(ball(0.16, 1), 0.2, 0.2, k).moved(*tip), 26, 0.085, palette, 40 + k) for k, tip in enumerate(tips)
    ]
    eye = np.array([0.0, 1.6, 0.0])
    roof_leaves = leafy(low, int(380 * plenty), 0.10, palette, 19, eye)
    return [
        heart,
        low.painted(crown_paint(palette, 3)).swaying(0.08),
        roof_leaves,
        leafy(crown, int(2250 * plenty), 0.135, palette, 9, eye),
        *bunches,
    ]
