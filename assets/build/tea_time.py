"""What the café serves from its shelves: cups on saucers and little cakes; and a shelf with its leg."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from assets.build.kit import Mesh, ball, banded, box, grain, join, lathe, ramp, solid, tube
from assets.build.props import blade
from assets.build.studio import Model, prop

FOOT_M = -0.045
"""Cups and cakes stand this far under their middle."""


@dataclass(frozen=True)
class China:
    """The colours of a cup (its body, stripe, inside, saucer, tea) and of a cake (case, crumb, icing, fruit, leaf)."""

    body: str
    stripe: str
    inside: str
    saucer: str
    tea: str
    case: tuple[str, str]
    crumb: str
    icing: tuple[str, str]
    fruit: str
    leaf: str


DAY = China(
    "#e2694a", "#fff1d9", "#fff6e6", "#fbe3c0", "#c9833f",
    ("#fff1dc", "#e8cfa4"), "#d9a25c", ("#9fd0b8", "#d8f0dc"), "#d9414a", "#7fae50",
)  # fmt: skip
DUSK = China(
    "#ff9c5c", "#fff0c0", "#fff6e0", "#ffd9a0", "#8fe6cc",
    ("#e8d4f0", "#b79ad4"), "#c48fb0", ("#8a8ae0", "#c8c4ff"), "#7ff0dc", "#9fe6c8",
)  # fmt: skip


def cup(china: China) -> Mesh:
    """A cup on a saucer about its middle: 0.042 m wide at its rim, the saucer's foot at y = -0.045."""
    outside = [(0.020, -0.039), (0.024, -0.034), (0.034, -0.022)]
    bowl = banded(
        [
            ([(0.0, -0.040), (0.020, -0.040), *outside[1:]], china.body),
            ([(0.034, -0.022), (0.0395, -0.006), (0.0405, -0.001)], china.body),
            ([(0.0405, -0.001), (0.0412, 0.004), (0.0416, 0.009)], china.stripe),
            ([(0.0416, 0.009), (0.0422, 0.020), (0.0432, 0.029), (0.0425, 0.0315), (0.0405, 0.030)], china.body),
            ([(0.0405, 0.030), (0.0395, 0.020)], china.inside),
        ],
        28,
    )
    tea = lathe([(0.0400, 0.0195), (0.030, 0.020), (0.0, 0.0205)], china.tea, 24)
    foam = lathe([(0.014, 0.0207), (0.0, 0.0215)], china.inside, 12).moved(0.006, 0, 0.004)
    handle = [
        (0.0405, 0.019, 0, 0.0052),
        (0.056, 0.022, 0, 0.0046),
        (0.0625, 0.006, 0, 0.0046),
        (0.054, -0.012, 0, 0.0044),
    ]
    grip = tube([*handle, (0.036, -0.017, 0, 0.0050)], china.body, 8, 5)
    plate = [(0.0, -0.0455), (0.034, -0.045), (0.050, -0.039), (0.0655, -0.0345), (0.0665, -0.0325), (0.050, -0.0355)]
    saucer = solid(lathe([*plate, (0.030, -0.0405), (0.0, -0.0405)], china.saucer, 32))
    rim = tube(
        [(0.066 * np.cos(t), -0.0332, 0.066 * np.sin(t), 0.0016) for t in np.linspace(0, 2 * np.pi, 33)],
        china.body,
        5,
        1,
    )
    return join([bowl, tea, foam, grip, saucer, rim])


def cake(china: China) -> Mesh:
    """A little cake in a pleated case with icing and a berry, 0.095 m high; its foot at y = -0.045."""
    around = np.arange(48) * np.pi / 24
    pleats = 1 + 0.05 * np.cos(np.arange(48) * np.pi)
    case = solid(
        lathe([(0.0, FOOT_M), (0.027, FOOT_M), (0.031, -0.03), (0.036, -0.008), (0.0385, 0.0), (0.0, -0.002)], sides=48)
    )
    ring = np.repeat([0.0, 0.4, 0.7, 1.0, 1.0, 0.0], 48)
    fold = 1 + ring * (np.tile(pleats, 6) - 1)
    folded = replace(case, points=case.points * np.stack([fold, np.ones_like(fold), fold], -1))
    paper = folded.painted(ramp(china.case, np.tile(0.5 - 0.5 * np.cos(np.arange(48) * np.pi), 6)))
    top = lathe([(0.038, -0.003), (0.0405, 0.004), (0.034, 0.010), (0.0, 0.014)], china.crumb, 24)
    turns = np.linspace(0, 2 * np.pi * 3.1, 40)
    rise = turns / turns[-1]
    swirl = [
        (
            0.029 * (1 - rise_) * np.cos(t),
            0.012 + 0.034 * rise_,
            0.029 * (1 - rise_) * np.sin(t),
            0.0115 * (1 - 0.45 * rise_),
        )
        for t, rise_ in zip(turns, rise, strict=True)
    ]
    cream = tube(swirl, sides=9, steps=2).painted(lambda p: ramp(china.icing, np.clip((p[:, 1] - 0.004) / 0.045, 0, 1)))
    berry = ball(0.0125, 2, china.fruit).scaled(1, 0.95, 1).moved(0, 0.052, 0)
    leaf = blade(0.022, china.leaf).turned("z", 20).moved(0.003, 0.060, 0)
    beads = [
        ball(0.0026, 0, (china.fruit, china.case[0])[k % 2]).moved(
            0.031 * np.cos(a), 0.017 + 0.004 * (k % 3), 0.031 * np.sin(a)
        )
        for k, a in enumerate(around[::4])
    ]
    return join([paper, top, cream, berry, leaf, leaf.turned("y", 150), *beads])


def shelf(wood: Sequence[str], trim: str) -> Mesh:
    """A board 0.46 m wide and 0.26 m deep with a low rail at its back; the middle of its top is the origin."""
    boards = [
        box(0.46, 0.03, 0.0845, grain(wood, (0.5, 3, 3), 0.12, k), 0.004, 0.12).moved(0, -0.015, -0.0867 + 0.0867 * k)
        for k in range(3)
    ]
    lip = box(0.464, 0.036, 0.010, trim, 0.003, 0.12).moved(0, -0.016, 0.132)
    pegs = [
        lathe([(0.006, 0.0), (0.007, 0.012), (0.005, 0.026)], trim, 9).moved(x, 0, -0.118)
        for x in np.linspace(-0.2, 0.2, 5)
    ]
    rail = tube([(-0.222, 0.030, -0.118, 0.0065), (0.222, 0.030, -0.118, 0.0065)], wood[2], 9, 6)
    ends = [ball(0.011, 1, trim).moved(s * 0.226, 0.030, -0.118) for s in (-1, 1)]
    ledge = box(0.40, 0.03, 0.03, wood[0], 0.004, 0.1)
    return join([*boards, lip, *pegs, rail, *ends, *(ledge.moved(0, -0.045, z) for z in (-0.09, 0.09))])


def shelf_leg(wood: Sequence[str]) -> Mesh:
    """A straight round leg from the origin to (0, 1, 0), to be stretched along y."""
    rings = [(0.0, 0.0), (0.017, 0.0), *((0.017, y) for y in np.linspace(0.05, 0.95, 10)), (0.017, 1.0), (0.0, 1.0)]
    return lathe(rings, sides=12).painted(grain(wood, (6, 1, 6), 0.3, 3))


OAK, PLUM = ("#a5703f", "#c8935a", "#e2b67e"), ("#6d4a80", "#8f6a9c", "#b894b8")
MODELS: dict[str, Model] = {
    "cup": prop("cup", lambda: cup(DAY)),
    "cup_dusk": prop("cup_dusk", lambda: cup(DUSK)),
    "cake": prop("cake", lambda: cake(DAY)),
    "cake_dusk": prop("cake_dusk", lambda: cake(DUSK)),
    "shelf": prop("shelf", lambda: shelf(OAK, "#fbeedb")),
    "shelf_dusk": prop("shelf_dusk", lambda: shelf(PLUM, "#ffd9b0")),
    "shelf_leg": prop("shelf_leg", lambda: shelf_leg(OAK)),
    "shelf_leg_dusk": prop("shelf_leg_dusk", lambda: shelf_leg(PLUM)),
}
