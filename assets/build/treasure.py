"""The treasure of the shore: a small chest full of gold and gems."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from assets.build.evening import glowing
from assets.build.kit import (
    Array,
    Mesh,
    Paint,
    ball,
    box,
    facing_up,
    felt,
    grain,
    join,
    lathe,
    make,
    outward,
    ramp,
    sheet,
    solid,
    tube,
    unit,
)
from assets.build.studio import Model

HINGE_M = (0.0, 0.125, -0.085)
HALF_M, DEEP_M, WALL_M = 0.135, 0.17, 0.014


@dataclass(frozen=True)
class Paints:
    """The colours of a chest: planks from dark to light, straps, lock, coins from shade to light, and its gems."""

    wood: tuple[str, str, str]
    strap: str
    lock: str
    gold: tuple[str, str, str]
    gems: tuple[str, ...]


DAY = Paints(
    ("#7d4c2f", "#a3683f", "#c48a58"), "#e0a63c", "#ffe09a", ("#e0982c", "#ffc84a", "#fff0a8"),
    ("#e2504a", "#3fa8b0", "#7fbf5a"),
)  # fmt: skip
DUSK = Paints(
    ("#4f3a78", "#6d5498", "#8f76b8"), "#ffb86a", "#fff0c0", ("#ffa83c", "#ffd66a", "#fff6c0"),
    ("#ff7f9c", "#6ff0e0", "#b8a0ff"),
)  # fmt: skip


def chest(paints: Paints) -> dict[str, Mesh]:
    """A chest 0.28 m wide and 0.22 m high that stands on y = 0, its front to +z; its lid turns about its back edge."""
    return {"chest": join([*_box(paints), *_hoard(paints)]), "lid": _lid(paints)}


def _box(paints: Paints) -> list[Mesh]:
    """Floor and walls of planks with straps and feet; they are open above."""
    high, parts = HINGE_M[1], []
    for k in range(3):
        y, tall = high * (k + 0.5) / 3, high / 3 - 0.002
        paint = grain(paints.wood, (0.5, 3, 3), 0.09, k)
        parts += [
            box(2 * HALF_M, tall, WALL_M, paint, 0.003, 0.07).moved(0, y, s * (DEEP_M / 2 - WALL_M / 2))
            for s in (-1, 1)
        ]
        side = box(WALL_M, tall, DEEP_M - 2 * WALL_M, grain(paints.wood, (3, 3, 0.5), 0.09, k), 0.003, 0.07)
        parts += [side.moved(s * (HALF_M - WALL_M / 2), y, 0) for s in (-1, 1)]
    parts.append(box(2 * HALF_M - 0.02, 0.012, DEEP_M - 0.02, paints.wood[0], 0, 0.1).moved(0, 0.008, 0))
    for x in (-0.108, 0.108):
        parts += [
            box(0.026, high, 0.006, paints.strap, 0.002, 0.05).moved(x, high / 2, s * (DEEP_M / 2 + 0.001))
            for s in (-1, 1)
        ]
        parts += [ball(0.0045, 0, paints.lock).moved(x, y, DEEP_M / 2 + 0.005) for y in (0.025, 0.06, 0.095)]
    parts += [
        box(0.278, 0.014, 0.010, paints.strap, 0.002, 0.07).moved(0, high - 0.008, s * DEEP_M / 2) for s in (-1, 1)
    ]
    plate = box(0.044, 0.050, 0.008, paints.lock, 0.003).moved(0, high - 0.034, DEEP_M / 2 + 0.005)
    hole = join([ball(0.0055, 1, "#3a2c34"), box(0.005, 0.016, 0.006, "#3a2c34").moved(0, -0.010, 0)])
    loops = [
        tube(
            [(s * 0.137, 0.075, -0.03, 0.005), (s * 0.152, 0.055, 0.0, 0.005), (s * 0.137, 0.075, 0.03, 0.005)],
            paints.strap,
            6,
            5,
        )
        for s in (-1, 1)
    ]
    return [*parts, plate, hole.moved(0, high - 0.028, DEEP_M / 2 + 0.009), *loops]


def _hoard(paints: Paints) -> list[Mesh]:
    """A heap of coins, pearls and gems with a glow of its own."""
    random = np.random.default_rng(7)
    heap = ball(1, 2).scaled(0.122, 0.038, 0.072).moved(0, 0.098, 0)
    tone = np.clip((heap.points[:, 1] - 0.09) / 0.05 + random.uniform(-0.15, 0.15, len(heap.points)), 0, 1)
    parts = [heap.painted(1.15 * ramp(paints.gold, tone))]
    coin = solid(
        lathe(
            [(0.0, -0.0022), (0.0125, -0.0022), (0.0138, 0.0), (0.0125, 0.0022), (0.0, 0.0015)],
            glowing(paints.gold[1], 1.2),
            9,
        )
    )
    for k in range(34):
        out, turn = np.sqrt((k + 0.5) / 34), 2.4 * k
        x, z = 0.105 * out * np.cos(turn), 0.058 * out * np.sin(turn)
        y = 0.098 + 0.040 * np.sqrt(max(1 - out**2, 0.02))
        parts.append(coin.turned("x", random.uniform(-40, 40)).turned("z", random.uniform(-40, 40)).moved(x, y, z))
    for k, (x, z) in enumerate(((-0.06, 0.03), (0.045, 0.038), (0.0, -0.015), (0.08, -0.01), (-0.085, -0.02))):
        stone = (
            gem(paints.gems[k % 3])
            .scaled(0.62)
            .turned("y", 50 * k)
            .turned("z", 25)
            .moved(x, 0.140 - 0.9 * abs(x) * 0.25, z)
        )
        parts.append(stone)
    return parts


def _lid(paints: Paints) -> Mesh:
    """A barrel-shaped lid whose hinge is the origin; it opens by turning about x to negative angles."""
    parts, middle = [], DEEP_M / 2
    turns = np.linspace(0, np.pi, 6)
    for k, (low, high) in enumerate(pairwise(turns)):
        parts.append(_stave(low + 0.02, high - 0.02, grain(paints.wood, (0.5, 3, 3), 0.09, 11 + k)).moved(0, 0, middle))
    around = np.linspace(0.02, np.pi - 0.02, 15)
    parts += [_hoop(around, x, 0.013, paints.strap).moved(0, 0, middle) for x in (-0.108, 0.108)]
    ends = np.linspace(0, np.pi, 13)
    for s in (-1, 1):
        rim = np.stack([np.full(13, s * (HALF_M - 0.004)), 0.078 * np.sin(ends), 0.080 * np.cos(ends)], -1)
        flat = np.stack([rim[:, 0], np.zeros(13), rim[:, 2]], -1)
        cap = felt(outward(sheet(np.array([flat * (1, 1, 0.5), flat * 0.5 + rim * 0.5, rim]), paints.wood[1])), 0.006)
        parts.append(cap.moved(0, 0, middle))
    clasp = box(0.034, 0.040, 0.008, paints.lock, 0.003).moved(0, 0.002, DEEP_M + 0.006)
    return join([*parts, clasp])


def _stave(low: float, high: float, paint: Paint) -> Mesh:
    """One plank of the lid, as long as the chest, with an inner side."""
    bend = np.linspace(low, high, 4)
    across = np.linspace(-HALF_M, HALF_M, 6)
    shells = [
        np.array([[(x, 0.092 * r * np.sin(t), 0.0905 * r * np.cos(t)) for x in across] for t in bend])
        for r in (1.0, 0.86)
    ]
    closed = np.concatenate([shells[0], shells[1][::-1], shells[0][:1]])
    return solid(sheet(closed)).painted(paint)


def _hoop(around: Array, x: float, half_m: float, paint: str) -> Mesh:
    """A strap over the lid, `x` from its middle."""
    ring = [[(x + w, 0.0955 * np.sin(t), 0.094 * np.cos(t)) for w in (-half_m, half_m)] for t in around]
    return felt(facing_up(sheet(np.array(ring), paint)), 0.003)


def gem(paint: str) -> Mesh:
    """A cut stone 0.05 m wide about its middle, pointed below, with crisp faces."""
    cut = solid(lathe([(0.0, -0.026), (0.025, 0.006), (0.017, 0.018), (0.0, 0.018)], paint, 8))
    corners = cut.points[cut.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    kept = np.linalg.norm(normals, axis=1) > 1e-12
    faces = corners[kept]
    light = unit(normals[kept]) @ np.array([0.3, 0.75, 0.6])
    crisp = make(faces.reshape(-1, 3), np.arange(3 * len(faces)).reshape(-1, 3))
    shade = np.repeat(0.80 + 0.40 * light, 3)[:, None]
    return crisp.painted(np.clip(ramp((paint,), shade[:, 0]) * shade + 0.10 * np.clip(shade - 1, 0, 1), 0, 1.4))


MODELS = {
    "chest": Model(lambda: chest(DAY), joints={"lid": HINGE_M}),
    "chest_dusk": Model(lambda: chest(DUSK), joints={"lid": HINGE_M}),
}
