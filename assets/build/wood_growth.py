"""What grows and lies on the wood's floor: ferns, grass, flowers, mossy stones and a fallen trunk."""

from __future__ import annotations

import numpy as np

from assets.build.beech import bark_paint
from assets.build.kit import Array, Mesh, ball, colour, join, lathe, lumpy, noise, ramp, smooth_path, tube
from assets.build.land import smoothstep, spread
from assets.build.plants import flower, flowers, grass, leaves
from assets.build.wood_land import BROOK, free_m, ground_at, ground_m
from assets.build.wood_looks import Look

STUMP = (2.4, -0.12, -3.6)
"""The middle of the stump's top (x, y, z)."""


def _fern(palette: tuple[str, ...], seed: int) -> Mesh:
    """A fern 1 m across: fronds of paired leaflets, arching out from the middle."""
    random = np.random.default_rng(seed)
    anchors, ways, faces, lengths = [], [], [], []
    for k in range(7):
        angle = 2 * np.pi * k / 7 + random.uniform(-0.25, 0.25)
        out = np.array([np.cos(angle), 0.0, np.sin(angle)])
        side = np.array([-out[2], 0.0, out[0]])
        for share in np.linspace(0.22, 1.0, 4):
            place = out * 0.5 * share + np.array([0.0, 0.62 * share - 0.42 * share**2, 0.0])
            for sign in (-1.0, 1.0):
                anchors.append(place)
                ways.append(side * sign + out * (0.6 + share) + np.array([0.0, 0.1 - 0.5 * share, 0.0]))
                faces.append((0.0, 1.0, 0.0))
                lengths.append(0.36 * (1.15 - share) + 0.06)
    count = len(anchors)
    tint = ramp(palette, np.clip(random.normal(0.5, 0.22, count) + 0.2 * np.array(anchors)[:, 1], 0, 1))
    return leaves(np.array(anchors), np.array(ways), np.array(faces), np.array(lengths), tint, sway=0.3)


def undergrowth(look: Look) -> list[Mesh]:
    """Ferns on the slopes, tufts of grass, and little flowers in drifts."""
    random = np.random.default_rng(8)
    kinds = [_fern(look.fern, k) for k in range(3)]
    spots = spread(14, (4.2, 11.0), 12, lambda p: noise(p, 2.4, 41) ** 2 * 1.5 * smoothstep(0.5, 0.8, free_m(p)))
    ferns = [
        kinds[k % 3].scaled(random.uniform(0.7, 1.25)).turned("y", 57.0 * k).moved(x, ground_at(x, z) - 0.02, z)
        for k, (x, z) in enumerate(spots)
    ]
    tufts = spread(85, (1.2, 12.0), 2, lambda p: noise(p, 0.9, 31) ** 2 * 1.6 * smoothstep(0.3, 0.5, free_m(p)))
    blooms = spread(
        210,
        (1.3, 14.0),
        3,
        lambda p: (smoothstep(0.52, 0.72, noise(p, 2.1, 32)) + 0.02) * smoothstep(0.3, 0.5, free_m(p)),
    )
    heads = [flower(petals, heart, 5 + k % 2) for k, (petals, heart) in enumerate(look.petals)]
    family = (noise(blooms, 4.5, 33) * 5 - 0.5).astype(int) + random.integers(0, 2, len(blooms))
    return [
        *ferns,
        grass(tufts, ground_m, 6, 0.15, look.blades),
        flowers(blooms, ground_m, heads, np.clip(family, 0, 3), 7, 0.17),
    ]


def _bloom(places: Array) -> Array:
    return (smoothstep(0.52, 0.72, noise(places, 2.1, 32)) + 0.02) * smoothstep(0.3, 0.5, free_m(places))


def stones(look: Look) -> list[Mesh]:
    """Mossy stones along the brook, and a fallen trunk by the path."""
    random = np.random.default_rng(21)
    parts = []
    for k, (x, z) in enumerate(smooth_path(BROOK, 6)[6:44:2]):
        sx, sz = x + random.uniform(-0.2, 0.2), z + random.choice((-1, 1)) * random.uniform(0.65, 0.95)
        size = random.uniform(0.14, 0.34)
        stone = lumpy(ball(1, 1), 0.22, 0.9, k).scaled(size, size * 0.62, size * 0.85).turned("y", 50.0 * k)
        parts.append(stone.painted(lambda p: _mossy(p, look)).moved(sx, ground_at(sx, sz) + size * 0.15, sz))
    knots = [(-1.0, 0, 0, 0.20), (-0.3, 0.03, 0.02, 0.19), (0.5, 0.02, 0, 0.17), (1.0, 0.05, 0.03, 0.16)]
    log = tube(knots, sides=12, steps=4).painted(
        lambda p: ramp((*look.bark[:3], look.moss), np.clip(0.35 + 2.2 * p[:, 1] + 0.3 * noise(p, 0.4, 3), 0, 1))
    )
    end = lathe([(0.0, 0.0), (0.155, 0.0)], look.timber[2], 12).turned("z", 90).moved(-1.07, 0, 0)
    x, z = -2.3, -4.7
    fallen = join([log, end]).turned("y", -35).moved(x, ground_at(x, z) + 0.1, z)
    return [*parts, fallen, stump(look)]


def stump(look: Look) -> Mesh:
    """The stump on which a companion stands, ahead to the right; its top is level."""
    x, top_m, z = STUMP
    foot_m = ground_at(x, z)
    high_m = top_m - foot_m
    flare = [(0.85, -0.5), (0.72, 0.0), (0.60, 0.14), (0.55, 0.40), (0.53, high_m - 0.06), (0.50, high_m)]
    side = lathe(flare, sides=20)
    out = 1 + 0.05 * np.cos(5 * np.arctan2(side.points[:, 2], side.points[:, 0]))
    side = Mesh(side.points * np.stack([out, np.ones_like(out), out], -1), side.faces, side.colours)
    rings = [(0.50 * share, high_m + 0.004) for share in np.linspace(1.0, 0.0, 11)]
    top = lathe(rings, sides=20).painted(
        lambda p: ramp(look.timber[1:], 0.5 + 0.5 * np.sin(np.hypot(p[:, 0], p[:, 2]) * 63.0))
    )
    bark = side.painted(lambda p: bark_paint(p, look.bark, look.moss, 0.0))
    return join([bark, top]).moved(x, foot_m, z)


def _mossy(points: Array, look: Look) -> Array:
    top = smoothstep(0.0, 0.12, points[:, 1] + 0.1 * (noise(points, 0.2, 5) - 0.5))[:, None] * 0.8
    return ramp(look.stone, noise(points, 0.25, 6)) * (1 - top) + colour(look.moss) * top
