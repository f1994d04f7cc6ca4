"""Kites: the one that a hand leads, a paper dragon at dusk, and those that circle far over the hill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assets.build.dragon import WING, WING_TIP, head
from assets.build.eggs import star
from assets.build.kit import Array, Mesh, facing_up, felt, flipped, join, ramp, sheet, smooth_path, tube
from assets.build.studio import Model, prop

NOSE_M, WIDE_M, CROSS_M, FOOT_M = 0.10, 0.11, 0.03, -0.14
TAIL = ((0.0, -0.14), (0.018, -0.175), (-0.016, -0.225), (0.014, -0.275), (-0.006, -0.32))


@dataclass(frozen=True)
class Cloth:
    """The colours of a kite: its four panels from the upper right on, edge, spars, star, and the bows of its tail."""

    panels: tuple[str, str, str, str]
    edge: str
    wood: str
    star: str
    bows: tuple[str, ...]


DAY = Cloth(
    ("#f4b942", "#e2694a", "#3f9aa4", "#fbeedb"), "#fff6e6", "#a5784f", "#fff6e6", ("#e2694a", "#f4b942", "#3f9aa4")
)
CLEAR = Cloth(("#ffffff",) * 4, "#ffffff", "#ffffff", "#101010", ("#ffffff",))
"""To be painted over: what is dark stays so."""
FAR = (
    (("#e2694a", "#fbeedb"), "#f4b942"),
    (("#3f9aa4", "#fbe6b8"), "#e2694a"),
    (("#ff9c6c", "#ffe3c8"), "#5fc4bc"),
)


def kite(cloth: Cloth) -> Mesh:
    """A diamond 0.22 m wide and 0.24 m high about its middle that looks to +z, nose up, with a tail of bows."""
    corners = ((0.0, NOSE_M), (WIDE_M, CROSS_M), (0.0, FOOT_M), (-WIDE_M, CROSS_M))
    panels = [_panel(corners[k], corners[(k + 1) % 4], paint, cloth.edge) for k, paint in enumerate(cloth.panels)]
    spars = [
        tube([(0, NOSE_M, -0.003, 0.0022), (0, FOOT_M, -0.003, 0.0022)], cloth.wood, 5, 2),
        tube([(*_bowed(np.array([x, CROSS_M])), 0.0022) for x in np.linspace(-WIDE_M, WIDE_M, 7)], cloth.wood, 5, 1)
        .moved(0, 0, -0.003),
    ]  # fmt: skip
    middle = star(0.030, cloth.star).scaled(1, 1, 0.35).moved(0, CROSS_M, 0.004)
    return join([*panels, *spars, middle, *tail(TAIL, cloth.bows, cloth.edge)])


def _bowed(places: Array) -> Array:
    """Places (..., 2) on a kite whose sides are bent back by the wind."""
    x, y = places[..., 0], places[..., 1]
    return np.stack([x, y, -1.6 * x**2], -1)


def _panel(start: Sequence[float], end: Sequence[float], paint: str, hem: str) -> Mesh:
    """The cloth between two corners and the crossing of the spars, filled by the wind, with its hem."""
    cross, a, b = np.array([0.0, CROSS_M]), np.array(start), np.array(end)
    along = np.linspace(0, 1, 7)[:, None]

    def row(out: float) -> Array:
        belly = 0.007 * np.sin(np.pi * along) * np.sin(np.pi * out)
        return _bowed(cross + ((a - cross) * (1 - along) + (b - cross) * along) * out) + belly * (0, 0, 1)

    cloth = sheet(np.array([row(out) for out in (0.02, 0.2, 0.4, 0.6, 0.8, 0.95)]), paint)
    edge = sheet(np.array([row(out) for out in (0.95, 1.02)]), hem)
    return join([felt(_to_front(part), 0.0015) for part in (cloth, edge)])


def _to_front(cloth: Mesh) -> Mesh:
    """A sheet with its faces to +z."""
    a, b, c = (cloth.points[cloth.faces[:, k]] for k in range(3))
    return cloth if np.cross(b - a, c - a)[:, 2].sum() > 0 else flipped(cloth)


def tail(knots: Sequence[tuple[float, float]], paints: Sequence[str], cord: str, bow_m: float = 0.02) -> list[Mesh]:
    """A cord through (x, y) knots at z = 0 with a bow at each of its bends but the first."""
    line = [(x, y, -0.012 * k, 0.0012) for k, (x, y) in enumerate(knots)]
    bows = []
    for k, (x, y, z, _) in enumerate(line[1:]):
        wing = [[(x, s * 0.62 * x, 0.25) for x in (0.12, 0.5, 1.0)] for s in (1, 0, -1)]
        half = _to_front(sheet(np.array(wing) * bow_m, paints[k % len(paints)]))
        bow = join([felt(half, 0.0015), felt(_to_front(half.scaled(-1, 1, 1)), 0.0015)])
        bows.append(bow.turned("z", 25 * (-1) ** k).moved(x, y, z))
    return [tube(line, cord, 5, 5), *bows]


def paper_dragon() -> Mesh:
    """A small dragon of paper, 0.26 m across its wings, about its middle; it looks to +z, its head up."""
    body = [(0, 0.06, 0, 0.030), (0, 0.0, 0.004, 0.036), (0, -0.07, 0, 0.026), (0.008, -0.13, 0, 0.012)]
    skin = tube(body, sides=14, steps=5, squash=0.6)
    rings = 0.5 + 0.5 * np.cos(skin.points[:, 1] / 0.016 * np.pi)
    skin = skin.painted(ramp(("#3fb0aa", "#8fe0cc"), np.where(skin.points[:, 2] > 0.012, 0.4 + 0.6 * rings, 0.1)))
    wing = _wing()
    face = head(900).scaled(0.30).moved(0, 0.052, 0.012)
    heart = star(0.018, WING).moved(0.006, -0.15, 0)
    bows = tail(
        ((0.006, -0.15), (0.026, -0.19), (-0.010, -0.235), (0.016, -0.285)), (WING, "#ffd27a", "#8fe0cc"), "#ffe9bd"
    )
    return join([skin, wing, wing.scaled(-1, 1, 1), face, heart, *bows])


def _wing() -> Mesh:
    """The right wing: cloth between three fingers of bamboo, its lower edge in scallops."""
    root = np.array([0.018, 0.02])
    tips = np.array([(0.05, 0.075), (0.13, 0.062), (0.125, -0.005), (0.085, -0.055), (0.02, -0.075)])
    edge = smooth_path(tips, 6)
    pull = 1 - 0.12 * np.abs(np.sin(np.linspace(0, 4, len(edge)) * np.pi))
    rows = []
    for out in np.linspace(0.02, 1, 6):
        flat = root + (edge - root) * (out * (1 - (1 - pull) * out))[:, None]
        rows.append(_bowed(flat) - (0, 0, 0.004))
    cloth = _to_front(sheet(np.array(rows)))
    away = np.clip(np.hypot(*(cloth.points[:, :2] - root).T) / 0.12, 0, 1)
    bones = [
        tube([(*_bowed(at), 0.0026) for at in (root, (root + tip) / 2, tip)], "#ffe9bd", 5, 2).moved(0, 0, -0.006)
        for tip in tips[:4]
    ]
    return join([felt(cloth.painted(ramp((WING, WING_TIP), away)), 0.0015), *bones])


def far_kite(cloth: tuple[str, str], ribbon: str) -> Mesh:
    """A kite like a wing, 1.5 m across, that flies with its nose to -z and up, with three ribbons."""
    half = np.array(
        [
            [(0.0, 0.10, -0.55), (0.0, 0.10, -0.1), (0.0, 0.09, 0.42)],
            [(0.78, 0.0, 0.22), (0.5, 0.0, 0.28), (0.26, 0.02, 0.36)],
        ]
    )
    side = [half[0] + (half[1] - half[0]) * t + (0, 0.09 * np.sin(np.pi * t), 0) for t in np.linspace(0, 1, 9)]
    stripes = np.repeat((np.arange(9) // 2) % 2, 3).astype(float)
    cover = felt(facing_up(sheet(np.array(side))).painted(ramp(cloth, stripes)), 0.012)
    ribbons = []
    for k, x in enumerate((-0.2, 0.0, 0.2)):
        along = np.linspace(0, 1, 12)
        wave = 0.09 * np.sin(7 * along + 1.3 * k)
        rows = [np.stack([x + wave + w, 0.06 - 0.20 * along, 0.36 + 1.35 * along], -1) for w in (-0.03, 0.03)]
        ribbons.append(felt(facing_up(sheet(np.array(rows), ribbon)), 0.01))
    return join([cover, cover.scaled(-1, 1, 1), *ribbons]).turned("x", 38)


MODELS: dict[str, Model] = {
    "kite": prop("kite", lambda: kite(DAY)),
    "kite_dusk": prop("kite_dusk", paper_dragon),
    "kite_clear": prop("kite_clear", lambda: kite(CLEAR)),
    "far_kite": prop("far_kite", lambda: far_kite(*FAR[0])),
    "far_kite_teal": prop("far_kite_teal", lambda: far_kite(*FAR[1])),
    "far_kite_dusk": prop("far_kite_dusk", lambda: far_kite(*FAR[2])),
}
