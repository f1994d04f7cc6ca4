"""The flat ferry that the patient sits on: a deck on two long floats, a low rail, oarlocks, a carved dragon ahead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from assets.build.kit import Array, Mesh, ball, box, grain, join, lathe, tube
from assets.build.long_boat import carved_prow

WIDE_M, FRONT_M, BACK_M = 1.16, -1.75, 1.55
LOCK_M = (0.60, 0.72, -0.25)
"""The oarlock on the right."""
RAIL_M = 0.24
FLOAT_M = (0.47, -0.165)
"""The middle of the right float, across and up."""


def raft(wood: Sequence[str], dark: str, trim: str, rope: str, eye: str) -> list[Mesh]:
    """Everything of the ferry, its deck at y = 0 under the patient."""
    prow = carved_prow(wood, eye, trim).scaled(0.86).moved(0, 0.02, FRONT_M - 0.16)
    aside = join([*_float(wood, dark), *_rail(wood, trim), _oarlock(wood, dark, trim)])
    return [*_deck(wood, dark), aside, aside.scaled(-1, 1, 1), prow, *_gear(rope, trim, wood)]


def _deck(wood: Sequence[str], dark: str) -> list[Mesh]:
    """Boards across, three beams under them, and a step for the prow."""
    random, wide, boards = np.random.default_rng(6), 0.150, []
    for z in np.arange(FRONT_M + wide / 2, BACK_M, wide):
        board = box(
            WIDE_M + random.uniform(-0.03, 0.03),
            0.04,
            wide - 0.008,
            grain(wood, (0.6, 1, 5), 0.4, int(90 + 9 * z)),
            0.004,
            0.24,
        )
        tint = np.clip(board.colours[:, :3] * random.uniform(0.88, 1.06), 0, 1)
        boards.append(board.painted(tint).moved(random.uniform(-0.01, 0.01), -0.02, z))
    beams = [
        box(0.09, 0.07, BACK_M - FRONT_M - 0.1, dark, 0, 0.5).moved(x, -0.075, (FRONT_M + BACK_M) / 2)
        for x in (-0.4, 0, 0.4)
    ]
    step = box(0.34, 0.09, 0.34, wood[0], 0.015, 0.2).moved(0, 0.02, FRONT_M - 0.06)
    return [*boards, *beams, step]


def _float(wood: Sequence[str], dark: str) -> list[Mesh]:
    """The right float: a long log with a pointed bow, half in the water."""
    x, y = FLOAT_M
    knots = [(x, y, BACK_M + 0.1, 0.09), (x, y, 1.2, 0.12), (x, y, -1.4, 0.12)]
    knots += [(x - 0.02, y + 0.04, FRONT_M - 0.1, 0.10), (x - 0.06, y + 0.14, FRONT_M - 0.38, 0.045)]
    return [tube(knots, grain((dark, *wood[:2]), (3, 3, 0.4), 0.4, 3), 12, 5)]


def _rail(wood: Sequence[str], trim: str) -> list[Mesh]:
    """Posts with a smooth handrail along the right side, low enough to see the water over it."""
    x, parts = WIDE_M / 2 - 0.02, []
    for z in (-1.62, -1.0, 0.45, 1.42):
        parts.append(box(0.05, RAIL_M, 0.05, wood[1], 0.008, 0.2).moved(x, RAIL_M / 2, z))
        parts.append(ball(0.034, 1, trim).moved(x, RAIL_M + 0.045, z))
    bar = [(x, RAIL_M, -1.66, 0.024), (x, RAIL_M, -0.6, 0.024), (x, RAIL_M, 1.46, 0.024)]
    return [*parts, tube(bar, grain(wood, (3, 3, 0.5), 0.3, 4), 9, 8)]


def _oarlock(wood: Sequence[str], dark: str, trim: str) -> Mesh:
    """A post with an open fork of iron on it, in which the oar would lie."""
    x, y, z = LOCK_M
    post = tube(
        [(x - 0.06, 0.0, z, 0.040), (x - 0.03, 0.35, z, 0.034), (x, y - 0.10, z, 0.028)],
        grain(wood, (4, 0.5, 4), 0.2, 6),
        10,
        4,
    )
    collar = lathe([(0.036, -0.02), (0.040, 0.0), (0.036, 0.02)], trim, 12).moved(x, y - 0.11, z)
    arms = [
        (-0.062, 0.055),
        (-0.058, 0.0),
        (-0.036, -0.050),
        (0.0, -0.068),
        (0.036, -0.050),
        (0.058, 0.0),
        (0.062, 0.055),
    ]
    fork = tube([(x, y + up, z + along, 0.0105) for along, up in arms], dark, 8, 3)
    tips = [ball(0.016, 1, trim).moved(x, y + 0.058, z + s * 0.062) for s in (-1, 1)]
    brace = tube([(x - 0.05, 0.30, z, 0.020), (x - 0.05, 0.03, z + 0.30, 0.022)], wood[1], 8, 3)
    return join([post, collar, fork, *tips, brace, brace.moved(0, 0, -z).scaled(1, 1, -1).moved(0, 0, z)])


def _gear(rope: str, trim: str, wood: Sequence[str]) -> list[Mesh]:
    """A coil of rope and a lidded basket on the foredeck."""
    coil = []
    for radius, y in ((0.115, 0.02), (0.108, 0.052), (0.100, 0.084)):
        coil.append(
            tube(
                [(radius * np.cos(t), y, radius * np.sin(t), 0.019) for t in np.linspace(0, 2 * np.pi, 17)], rope, 7, 2
            )
        )
    tail = tube([(0.11, 0.02, 0, 0.018), (0.20, 0.018, 0.06, 0.018), (0.27, 0.018, 0.0, 0.018)], rope, 7, 4)
    rings = [lathe([(0.0, 0.0), (0.10, 0.0), (0.125, 0.07), (0.12, 0.15), (0.0, 0.15)], sides=18)]
    basket = join(rings).painted(grain((wood[0], "#d9a94e", "#f0cf86"), (1, 6, 1), 0.1, 7))
    lid = lathe([(0.0, 0.14), (0.128, 0.145), (0.125, 0.17), (0.05, 0.195), (0.0, 0.20)], trim, 18)
    return [
        join([*coil, tail]).moved(-0.36, 0, -1.45),
        join([basket, lid, ball(0.02, 1, wood[2]).moved(0, 0.21, 0)]).moved(0.37, 0, -1.42),
    ]


def outlines() -> list[Array]:
    """Where the floats stand in the water: a closed line (n, 2) of x and z around each."""
    turns = np.linspace(0, 2 * np.pi, 60, endpoint=False)
    middle, half = (BACK_M + FRONT_M - 0.2) / 2, (BACK_M - FRONT_M + 0.4) / 2
    along = middle + half * np.sign(np.sin(turns)) * np.abs(np.sin(turns)) ** 0.6
    return [np.stack([side * FLOAT_M[0] + 0.115 * np.cos(turns), along], -1) for side in (-1, 1)]
