"""A little arched bridge of boards with rails."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Mesh, box, grain, join, tube

LONG_M, WIDE_M, RISE_M = 3.0, 1.15, 0.42


def _top_m(along_m: float) -> float:
    return RISE_M * float(np.cos(np.pi * along_m / LONG_M))


def footbridge(boards: tuple[str, str, str]) -> Mesh:
    """A bridge along z about the origin, its ends on y = 0."""
    wood, random = grain(boards, (0.5, 1.0, 1.0), 0.3, 31), np.random.default_rng(4)
    parts = []
    places = np.linspace(-LONG_M / 2, LONG_M / 2, 16)
    for z in places:
        slope = np.degrees(np.arctan(RISE_M * np.pi / LONG_M * np.sin(np.pi * z / LONG_M)))
        plank = box(WIDE_M + random.uniform(-0.05, 0.05), 0.05, 0.175, wood, 0.0, 0.4).turned("x", slope)
        tone = random.uniform(0.86, 1.08)
        parts.append(plank.painted(np.clip(plank.colours[:, :3] * tone, 0, 1)).moved(0, _top_m(z) + 0.02, z))
    for side in (-0.5, 0.5):
        x = side * (WIDE_M - 0.08)
        for drop, thick in ((-0.10, 0.06), (0.62, 0.035), (0.36, 0.024)):
            knots = [(x, _top_m(z) * (1.1 if drop > 0 else 1.0) + drop, z, thick) for z in places[::3]]
            parts.append(tube(knots, boards[1 if drop > 0 else 0], 6, 2))
        for z in places[::5]:
            foot = _top_m(z)
            parts.append(
                tube(
                    [(x, foot - 0.25, z, 0.05), (x, foot + 0.3, z, 0.045), (x, foot + 0.72, z, 0.042)], boards[0], 8, 2
                )
            )
    return join(parts)
