"""What stands in the café: counter, rack with jars, tables and chairs, parasols, an awning, a fountain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from assets.build.kit import Array, Mesh, ball, box, felt, flipped, grain, join, lathe, make, ramp, sheet, solid, tube
from assets.build.open_air import rose

TOP_M = 0.92
"""The height of the counter."""
COUNTER = ((-1.95, -1.28), (-2.95, -1.25))
"""From where to where it goes across and along."""


@dataclass(frozen=True)
class Paints:
    """The colours of the café: woods from dark to light, its two cloths, metal, stone, and leaves of plants."""

    wood: tuple[str, str, str]
    cloth: tuple[str, str]
    metal: str
    teal: str
    cream: str
    stone: tuple[str, str, str]


PAINTS = Paints(
    ("#a5703f", "#c8935a", "#e2b67e"), ("#e2694a", "#fff1d9"), "#d9d2c4", "#3f9aa4", "#fbeedb",
    ("#cdbb9c", "#e3d4b6", "#f3e8cf"),
)  # fmt: skip


def counter(paints: Paints) -> Mesh:
    """A counter of panels with a thick top, and on its far side a machine, a cake stand and cups in a pile."""
    (left, right), (far, near) = COUNTER
    wide, long, x, z = right - left, near - far, (left + right) / 2, (far + near) / 2
    body = box(wide - 0.06, 0.82, long - 0.06, paints.cream, 0, 0.3).moved(x, 0.44, z)
    plinth = box(wide - 0.02, 0.10, long - 0.02, paints.wood[0], 0.01, 0.4).moved(x, 0.05, z)
    top = box(wide + 0.08, 0.05, long + 0.08, grain(paints.wood, (3, 3, 0.5), 0.4, 4), 0.012, 0.2).moved(
        x, TOP_M - 0.025, z
    )
    panels = []
    for k in range(4):
        at = far + long * (k + 0.5) / 4
        panels.append(box(0.03, 0.60, long / 4 - 0.10, paints.teal, 0.008, 0.2).moved(right - 0.02, 0.48, at))
        panels.append(box(0.034, 0.52, long / 4 - 0.18, "#5fb0b0", 0.008, 0.2).moved(right - 0.018, 0.48, at))
    front = box(wide - 0.14, 0.60, 0.03, paints.teal, 0.008, 0.2).moved(x, 0.48, near - 0.02)
    things = [_machine(paints).moved(x - 0.12, TOP_M, -2.55), _stand(paints).moved(x - 0.10, TOP_M, -1.98)]
    things.append(join(_pile(paints)).moved(x - 0.16, TOP_M, -1.50))
    return join([body, plinth, top, *panels, front, *things])


def _machine(paints: Paints) -> Mesh:
    """A coffee machine with a dome, a spout and a row of knobs."""
    body = box(0.34, 0.30, 0.46, paints.cloth[0], 0.03, 0.15).moved(0, 0.24, 0)
    foot = box(0.38, 0.05, 0.50, paints.metal, 0.012, 0.2).moved(0, 0.03, 0)
    lid = box(0.36, 0.03, 0.48, paints.metal, 0.01, 0.2).moved(0, 0.405, 0)
    dome = lathe([(0.13, 0.42), (0.125, 0.48), (0.09, 0.54), (0.02, 0.57), (0.018, 0.60), (0.0, 0.61)], "#e0a63c", 18)
    spouts = [
        tube([(0.17, 0.24, z, 0.022), (0.24, 0.23, z, 0.020), (0.245, 0.19, z, 0.014)], paints.metal, 8, 3)
        for z in (-0.1, 0.1)
    ]
    knobs = [ball(0.022, 1, paints.cream).moved(0.175, 0.34, z) for z in (-0.15, -0.05, 0.05, 0.15)]
    return join([body, foot, lid, dome, *spouts, *knobs])


def _stand(paints: Paints) -> Mesh:
    """A cake stand with buns."""
    profile = [(0.0, 0.0), (0.09, 0.0), (0.03, 0.03), (0.022, 0.12), (0.17, 0.13), (0.175, 0.145), (0.0, 0.14)]
    bun = [(0.0, 0.0), (0.038, 0.0), (0.046, 0.03)], [(0.050, 0.032), (0.044, 0.055), (0.022, 0.072), (0.0, 0.076)]
    sweet = join(
        [lathe(bun[0], "#d9a25c", 12), lathe(bun[1], "#f6d8a8", 12), ball(0.016, 1, paints.cloth[0]).moved(0, 0.082, 0)]
    )
    buns = [sweet.moved(0.095 * np.cos(t), 0.145, 0.095 * np.sin(t)) for t in np.arange(5) * 2 * np.pi / 5]
    return join([solid(lathe(profile, paints.cream, 24)), *buns, sweet.moved(0, 0.20, 0)])


def _pile(paints: Paints) -> list[Mesh]:
    """Bowls one in another, two piles."""
    bowl = [(0.0, 0.0), (0.022, 0.0), (0.040, 0.03), (0.043, 0.055), (0.039, 0.055), (0.030, 0.03)]
    rows = [(x, k) for x in (0.0, 0.11) for k in range(3 if x else 4)]
    return [lathe(bowl, (paints.cloth[0], paints.cream)[k % 2], 16).moved(0, 0.036 * k, -x) for x, k in rows]


def rack(paints: Paints) -> Mesh:
    """A rack behind the counter with jars, tins and pots on three boards; its front to +x."""
    posts = [box(0.05, 1.75, 0.05, paints.wood[0], 0.008, 0.4).moved(0, 0.87, z) for z in (-0.85, 0.85)]
    boards = [
        box(0.26, 0.035, 1.8, grain(paints.wood, (3, 3, 0.5), 0.3, k), 0.008, 0.3).moved(0, y, 0)
        for k, y in enumerate((1.02, 1.36, 1.70))
    ]
    random, things = np.random.default_rng(9), []
    tints = (paints.cloth[0], paints.teal, paints.cream, "#f2b950", "#9cc565", "#e88a8a")
    for y in (1.04, 1.378, 1.718):
        for z in np.arange(-0.72, 0.8, 0.185):
            radius, high = random.uniform(0.045, 0.065), random.uniform(0.12, 0.20)
            jar = lathe(
                [(0.0, 0.0), (radius, 0.0), (radius * 1.04, 0.5 * high), (radius, 0.86 * high), (0.0, 0.87 * high)],
                tints[int(random.integers(6))],
                12,
            )
            lid = lathe([(radius * 0.86, 0.86 * high), (radius * 0.86, high), (0.0, 1.02 * high)], paints.wood[2], 12)
            things.append(join([jar, lid]).moved(random.uniform(-0.03, 0.03), y, z + random.uniform(-0.02, 0.02)))
    return join([*posts, *boards, *things])


def table(paints: Paints, seed: int) -> Mesh:
    """A round table 0.74 m high with a cloth, a vase, and two chairs."""
    leg = lathe([(0.0, 0.0), (0.22, 0.0), (0.20, 0.03), (0.035, 0.06), (0.03, 0.68), (0.10, 0.71)], paints.wood[0], 14)
    turns = np.linspace(0, 2 * np.pi, 37)
    wave = 1 + 0.05 * np.sin(9 * turns)
    rings = ((0.02, 0.752, 1.0), (0.30, 0.752, 1.0), (0.395, 0.748, 1.0), (0.41, 0.70, wave), (0.42, 0.58, wave))
    rows = [np.stack([out * w * np.cos(turns), np.full(37, y), out * w * np.sin(turns)], -1) for out, y, w in rings]
    cloth = _up(np.array(rows))
    stripe = (np.cos(12 * np.arctan2(cloth.points[:, 2], cloth.points[:, 0])) > 0) & (cloth.points[:, 1] < 0.745)
    cover = cloth.painted(ramp((paints.cloth[1], paints.cloth[0]), stripe.astype(float)))
    vase = lathe(
        [(0.0, 0.75), (0.035, 0.75), (0.045, 0.80), (0.022, 0.86), (0.028, 0.885), (0.0, 0.87)], paints.teal, 14
    )
    blooms = []
    for k, tint in enumerate(("#f08a76", "#fff1dc", "#f6c64f")):
        bloom = rose(tint).scaled(0.042).turned("x", -40).turned("y", 120 * k)
        blooms.append(bloom.moved(0.03 * np.cos(2.1 * k), 0.94 + 0.02 * k, 0.03 * np.sin(2.1 * k)))
    chairs = [chair(paints).moved(0, 0, 0.62).turned("y", angle) for angle in (70 + 20 * seed, 245 + 15 * seed)]
    return join([leg, cover, vase, *blooms, *chairs])


def _up(rows: Array) -> Mesh:
    skin = sheet(rows)
    a, b, c = (skin.points[skin.faces[:, k]] for k in range(3))
    return felt(skin if np.cross(b - a, c - a)[:, 1].sum() > 0 else flipped(skin), 0.006)


def chair(paints: Paints) -> Mesh:
    """A bistro chair about the middle of its seat's shade on the floor, its back to +z."""
    legs = [
        tube([(x * 0.19, 0, z * 0.18, 0.014), (x * 0.16, 0.45, z * 0.15, 0.014)], paints.teal, 6, 2)
        for x, z in product((-1, 1), (-1, 1))
    ]
    seat = lathe(
        [(0.0, 0.44), (0.20, 0.445), (0.21, 0.465), (0.19, 0.48), (0.0, 0.475)],
        grain(paints.wood, (4, 1, 1), 0.2, 2),
        18,
    )
    turns = np.linspace(0, np.pi, 9)
    hoop = tube(
        [(0.19 * np.cos(t), 0.46 + 0.42 * np.sin(t) ** 0.7, 0.17 + 0.05 * np.sin(t), 0.014) for t in turns],
        paints.teal,
        6,
        1,
    )
    bars = [
        tube([(x, 0.47, 0.175, 0.010), (x * 1.1, 0.84 - 2.5 * x**2, 0.215, 0.010)], paints.teal, 6, 2)
        for x in (-0.08, 0.0, 0.08)
    ]
    return join([*legs, seat, hoop, *bars])


def parasol(paints: Paints) -> Mesh:
    """A striped parasol 2.5 m high."""
    pole = lathe([(0.24, 0.0), (0.24, 0.06), (0.03, 0.08), (0.025, 2.42), (0.0, 2.45)], paints.wood[1], 12)
    turns = np.linspace(0, 2 * np.pi, 33)
    sag = 1 - 0.045 * np.abs(np.sin(4 * turns))
    rows = [np.stack([out * sag * np.cos(turns), np.full(33, y) + 0 * turns, out * sag * np.sin(turns)], -1)
            for out, y in ((0.03, 2.52), (0.5, 2.38), (1.0, 2.16), (1.28, 2.0), (1.30, 1.86))]  # fmt: skip
    cover = _up(np.array(rows))
    gore = np.cos(4 * np.arctan2(cover.points[:, 2], cover.points[:, 0]) + 0.001) > 0
    return join(
        [pole, cover.painted(ramp(paints.cloth, gore.astype(float))), ball(0.05, 1, "#f2b950").moved(0, 2.55, 0)]
    )


def awning(paints: Paints, half_m: float, z: float) -> list[Mesh]:
    """Two posts with a beam at `z` ahead, and a striped cloth that slopes down over it with a scalloped edge."""
    posts = [
        box(0.13, 2.7, 0.13, grain(paints.wood, (3, 0.5, 3), 0.4, 8), 0.02, 0.3).moved(s * half_m, 1.33, z)
        for s in (-1, 1)
    ]
    beam = box(2 * half_m + 0.3, 0.14, 0.13, grain(paints.wood, (0.5, 3, 3), 0.4, 9), 0.02, 0.4).moved(0, 2.66, z)
    stripes, wide = [], 0.26
    for k in range(round(2 * half_m / wide) + 2):
        a, b = -half_m - 0.2 + wide * k, -half_m - 0.2 + wide * (k + 1)
        slope = [
            [(x, y, z + out) for x in (a, b)] for y, out in ((2.86, 0.55), (2.72, 0.05), (2.55, -0.55), (2.38, -0.95))
        ]
        lobe = [
            [
                (a + wide / 2 + wide / 2 * np.cos(t), 2.38 - drop * (0.10 + 0.10 * np.sin(t)), z - 0.95)
                for t in np.linspace(np.pi, 0, 7)
            ]
            for drop in (0, 1)
        ]
        cloth = join([felt(sheet(np.array(slope)), 0.012), felt(sheet(np.array(lobe)), 0.008)])
        stripes.append(cloth.painted(paints.cloth[k % 2]).swaying(np.clip((2.44 - cloth.points[:, 1]) * 1.2, 0, 0.3)))
    return [*posts, beam, *stripes]


def tiles(half_m: float, ends_m: tuple[float, float], paints: Sequence[str]) -> Mesh:
    """A floor of tiles in two colours, their top at y = 0."""
    size, random, made = 0.40, np.random.default_rng(3), []
    columns = np.arange(-half_m, half_m - 0.01, size)
    for j, z in enumerate(np.arange(ends_m[0], ends_m[1] - 0.01, size)):
        for k, x in enumerate(columns):
            rows = [[(x + u * size, 0.0, z + v * size) for u in (0.012, 0.5, 0.988)] for v in (0.988, 0.5, 0.012)]
            tint = ramp((paints[(j + k) % 2],), np.zeros(1)) * random.uniform(0.93, 1.05)
            made.append(sheet(np.array(rows)).painted(np.repeat(tint, 9, axis=0)))
    bed = make(
        np.array([(x, -0.012, z) for z in ends_m for x in (-half_m, half_m)]),
        np.array([(0, 2, 1), (1, 2, 3)]),
        paints[2],
    )
    return join([*made, bed])


def fountain(paints: Paints, water: str) -> Mesh:
    """A round fountain with two basins, 2.6 m high."""
    basin = [(1.9, -0.1), (1.95, 0.42), (2.05, 0.48), (2.05, 0.56), (1.80, 0.56), (1.76, 0.44)]
    bowl = [(0.22, 0.3), (0.18, 1.15), (0.30, 1.25), (0.80, 1.42), (0.86, 1.52), (0.78, 1.52), (0.70, 1.46)]
    top = [(0.10, 1.4), (0.12, 1.9), (0.22, 1.98), (0.40, 2.10), (0.40, 2.17), (0.33, 2.16)]
    stone = [
        lathe(part, sides=24).painted(lambda p: ramp(paints.stone, np.clip(p[:, 1] / 2.2 + 0.25, 0, 1)))
        for part in (basin, bowl, top)
    ]
    pools = [
        lathe([(radius, y), (0.94 * radius, y), (0.6 * radius, y), (0.35 * radius, y), (0.0, y)], water, 24)
        for radius, y in ((1.78, 0.46), (0.74, 1.47), (0.36, 2.14))
    ]
    knob = lathe([(0.05, 2.1), (0.07, 2.3), (0.13, 2.42), (0.08, 2.55), (0.0, 2.62)], paints.stone[2], 12)
    jets = [
        tube(
            [
                (0.36 * np.cos(t), 2.14, 0.36 * np.sin(t), 0.022),
                (0.50 * np.cos(t), 2.06, 0.50 * np.sin(t), 0.022),
                (0.62 * np.cos(t), 1.50, 0.62 * np.sin(t), 0.014),
            ],
            "#f4fdfb",
            5,
            4,
        )
        for t in np.arange(8) * np.pi / 4
    ]
    return join([*stone, *pools, knob, *jets])
