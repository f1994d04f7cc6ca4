"""Land and sky shared by the places: polar ground, paths, hills, clouds, and where things may grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from assets.build.kit import Array, Mesh, ball, facing_up, join, noise, ramp, sheet, smooth_path, unit
from assets.build.studio import melted

Height = Callable[[Array], Array]


def smoothstep(low: float, high: float, at: Array) -> Array:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((at - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def azimuths(front: int, back: int) -> Array:
    """Directions in radians, dense over the 150 degrees ahead, sparse behind; 0 is ahead, positive right."""
    ahead = np.linspace(-75, 75, front)
    behind = np.linspace(75, 285, back + 2)[1:-1]
    turns: Array = np.radians(np.concatenate([ahead, behind]))
    return turns


def polar(radii: Array, directions: Array) -> Array:
    """Places (rings, spokes, 2) of x and z about the patient."""
    return np.stack([np.outer(radii, np.sin(directions)), -np.outer(radii, np.cos(directions))], -1)


def meadow(height: Height, paint: Callable[[Array], Array], fine: float = 1.0) -> Mesh:
    """The ground from under the feet to 96 m, finer where it is near; `fine` scales its rings and spokes."""
    radii = np.concatenate([[0.02, 0.35], np.geomspace(0.7, 96, round(55 * fine))])
    grid = polar(radii, azimuths(round(93 * fine), round(28 * fine)))
    flat = grid.reshape(-1, 2)
    points = np.stack([flat[:, 0], height(flat), flat[:, 1]], -1).reshape(*grid.shape[:2], 3)
    return facing_up(sheet(points, wrap=True)).painted(paint)


def strip(
    knots: Sequence[tuple[float, float]],
    height: Height,
    half_width_m: float,
    lift_m: float,
    inner: tuple[str, str],
    edge: str,
) -> Mesh:
    """A path over the ground: sand in the middle, an edge that fades into the grass."""
    line = smooth_path(knots, 10)
    along = unit(np.gradient(line, axis=0))
    across = np.stack([-along[:, 1], along[:, 0]], -1)
    # The ground is coarse where it is far, so the path lies higher on it there.
    lift = lift_m * (1 + 0.13 * np.hypot(*line.T))
    wobble = 1 + 0.22 * (noise(line, 1.1, 9) - 0.5)
    rows = []
    for share, up in (
        (-1.10, -0.03),
        (-1.0, 0.5),
        (-0.92, 1.0),
        (-0.4, 0.8),
        (0.0, 0.7),
        (0.4, 0.8),
        (0.92, 1.0),
        (1.0, 0.5),
        (1.10, -0.03),
    ):
        flat = line + across * (half_width_m * wobble * share)[:, None]
        rows.append(np.stack([flat[:, 0], height(flat) + lift * up, flat[:, 1]], -1))
    points = np.array(rows)[::-1]
    mesh = sheet(points)
    tone = noise(mesh.points[:, [0, 2]], 0.5, 10)
    sand, fade = ramp(inner, tone), ramp((edge,), tone)
    is_edge = np.repeat(np.array([1.0, 0.5, 0, 0, 0, 0, 0, 0.5, 1.0]), points.shape[1])[:, None]
    return mesh.painted(sand * (1 - is_edge) + fade * is_edge)


def spread(count: int, reach_m: tuple[float, float], seed: int, density: Callable[[Array], Array]) -> Array:
    """Places (n, 2) about the patient, mostly ahead, thinned to a density of 0 to 1."""
    random = np.random.default_rng(seed)
    many = count * 6
    away = reach_m[0] + (reach_m[1] - reach_m[0]) * random.random(many) ** 1.35
    turn = np.radians(
        np.where(random.random(many) < 0.82, random.uniform(-72, 72, many), random.uniform(-180, 180, many))
    )
    places = np.stack([away * np.sin(turn), -away * np.cos(turn)], -1)
    return places[random.random(many) < density(places)][:count]


def hill(away_m: float, high_m: float, wide_m: float, low: str, top: str, seed: int) -> Mesh:
    """A ring of hills around the patient at a distance, its crest a smooth line."""
    directions = np.linspace(0, 2 * np.pi, 121)[:-1]
    ring = np.stack([np.cos(directions), np.sin(directions)], -1) * away_m
    crest = high_m * (0.35 + 0.75 * noise(ring, wide_m, seed) + 0.06 * noise(ring, wide_m * 0.16, seed + 7))
    rows = []
    for share, back in ((-0.15, 0.0), (0.35, 0.03), (0.7, 0.07), (0.92, 0.12), (1.0, 0.17)):
        flat = ring * (1 + back)
        rows.append(np.stack([flat[:, 0], crest * share, flat[:, 1]], -1))
    mesh = sheet(np.array(rows), wrap=True)
    return mesh.painted(
        lambda p: ramp((low, top), np.clip(p[:, 1] / high_m + 0.3 * (noise(p, wide_m * 0.5, seed + 1) - 0.5), 0, 1))
    )


# Brighter than white, so that the baked shade of a cloud ends where the sky begins.
CLOUD = np.array([1.34, 1.28, 1.20])


# Azimuth and elevation in degrees, how far (m).
CLOUDS = (
    (-36, 19, 92), (-13, 26, 108), (16, 17, 112), (36, 25, 88), (62, 19, 95), (-64, 24, 90), (100, 24, 92),
    (150, 20, 95), (-150, 25, 95), (-105, 20, 95),
)  # fmt: skip


def clouds(seed: int, turned_deg: float = 0.0, spots: Sequence[tuple[float, float, float]] = CLOUDS) -> Mesh:
    """Flat-bottomed felt clouds around the sky, none straight overhead."""
    random = np.random.default_rng(seed)
    made = []
    for azimuth, elevation, away in spots:
        up, out = np.sin(np.radians(elevation)) * away, np.cos(np.radians(elevation)) * away
        puff = _cloud(random).scaled(random.uniform(0.7, 1.1)).turned("y", -azimuth)
        made.append(puff.moved(out * np.sin(np.radians(azimuth)), up, -out * np.cos(np.radians(azimuth))))
    return join(made).painted(CLOUD).turned("y", -turned_deg)


def _cloud(random: np.random.Generator) -> Mesh:
    """One cloud about 20 m wide along x: a row of big puffs, smaller to the ends, small ones on top."""
    lean, puffs = random.uniform(-0.35, 0.35), []
    for at in np.linspace(-1, 1, 7):
        size = 1.1 + 2.6 * (1 - min(abs(at - lean) / 1.35, 1.0) ** 1.6) * random.uniform(0.82, 1.12)
        puffs.append(ball(size, 3).moved(8.6 * at, size * 0.62, random.uniform(-1.2, 1.2)))
    for _ in range(4):
        at = lean + random.uniform(-0.45, 0.45)
        size = random.uniform(1.2, 1.9)
        puffs.append(ball(size, 3).moved(8.6 * at, 4.2 - 3.4 * abs(at - lean), random.uniform(0.0, 2.2)))
    heap = join(puffs)
    flat = np.where(heap.points[:, 1] < 0, heap.points[:, 1] * 0.25, heap.points[:, 1])
    heap = replace(heap, points=np.column_stack([heap.points[:, 0], flat, heap.points[:, 2]]))
    return melted(heap, 0.42, 3, 560)
