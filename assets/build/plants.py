"""What grows: grass, flowers, small felt trees and the big apple tree's foliage."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from assets.build.kit import Array, Indices, Mesh, Paint, ball, join, lathe, lumpy, make, noise, ramp, tube, unit
from assets.build.studio import melted

Height = Callable[[Array], Array]
BLADES = 6

BARK = ("#74423a", "#935646", "#bb7d60", "#d29e7e")
FOLIAGE = {
    "sage": ("#5f8f4c", "#6d9f55", "#7fae57", "#98c163", "#b3cf6b"),
    "lime": ("#7c9f45", "#98b84f", "#b3cf6b", "#cfdc7c", "#dce592"),
    "autumn": ("#b88a3a", "#d0a348", "#dfb656", "#ecca70", "#f3da8c"),
    "blossom": ("#d99aa0", "#e6aeb0", "#f0c4c0", "#f7d8d0", "#fbe9e0"),
}


def bark(points: Array, scale_m: float = 0.16) -> Array:
    """Streaks along the trunk, warm so that green light from the meadow does not turn it olive."""
    streaks = noise(points * np.array([1.0, 0.16, 1.0]), scale_m, 11)
    patches = noise(points, scale_m * 5, 12)
    return ramp(BARK, np.clip(0.15 + 0.55 * streaks + 0.35 * (patches - 0.3), 0, 1))


def leaves(
    anchors: Array, directions: Array, faces_to: Array, lengths: Array, colours: Array, sway: float = 0.5
) -> Mesh:
    """Felt leaves of six triangles: from an anchor along a direction, folded along the middle, tips drooping."""
    along = unit(directions)
    across = unit(np.cross(along, faces_to))
    up = np.cross(across, along)
    #            along, across, up: base, left, left, tip, right, right, middle
    outline = np.array(
        [
            (0, 0, 0),
            (0.3, 0.24, 0.06),
            (0.68, 0.2, 0.02),
            (1, 0, -0.14),
            (0.68, -0.2, 0.02),
            (0.3, -0.24, 0.06),
            (0.5, 0, -0.05),
        ]
    )
    basis = np.stack([along, across, up], axis=1) * lengths[:, None, None]
    points = anchors[:, None, :] + np.einsum("pk,nkd->npd", outline, basis)
    fan = np.array([(6, k, (k + 1) % 6) for k in range(6)])
    every = fan[None] + 7 * np.arange(len(anchors))[:, None, None]
    shade = np.array([0.82, 1, 1.06, 1.12, 1.06, 1, 0.92])
    mesh = make(points.reshape(-1, 3), every.reshape(-1, 3))
    tint = np.clip(colours[:, None, :] * shade[None, :, None], 0, 1).reshape(-1, 3)
    return mesh.painted(tint).swaying(np.tile(outline[:, 0], len(anchors)) * sway)


def on_surface(mesh: Mesh, count: int, seed: int) -> tuple[Array, Array]:
    """Points spread evenly at random over a mesh, and the outward normals there."""
    random = np.random.default_rng(seed)
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    normals = np.cross(b - a, c - a)
    area = np.linalg.norm(normals, axis=1)
    pick = random.choice(len(area), count, p=area / area.sum())
    u, v = np.sqrt(random.random(count)), random.random(count)
    places = (1 - u)[:, None] * a[pick] + (u * (1 - v))[:, None] * b[pick] + (u * v)[:, None] * c[pick]
    return places, unit(normals[pick])


def canopy(lobes: Sequence[Sequence[float]], voxel_m: float, triangles: int, seed: int) -> Mesh:
    """Lumpy balls (x, y, z, radius) melted into one crown."""
    balls = [
        lumpy(ball(r, 3).scaled(1, 0.82, 1), 0.10, r * 0.8, seed + k).moved(x, y, z)
        for k, (x, y, z, r) in enumerate(lobes)
    ]
    return melted(join(balls), voxel_m, smooth=5, triangles=triangles)


def leafy(
    crown: Mesh, count: int, length_m: float, palette: Sequence[str], seed: int, seen_from: Array | None = None
) -> Mesh:
    """Felt leaves over a crown: lighter on top, hanging a little, each its own tint; none where nobody looks."""
    random = np.random.default_rng(seed)
    places, normals = on_surface(crown, count * (1 if seen_from is None else 3), seed)
    if seen_from is not None:
        seen = np.einsum("ij,ij->i", normals, unit(seen_from - places)) > -0.35
        places, normals = places[seen][:count], normals[seen][:count]
    count = len(places)
    down = np.array([0.0, -0.55, 0.0])
    along = unit(normals * 0.55 + down + random.normal(size=(count, 3)) * 0.55)
    towards = unit(normals + np.array([0.0, 0.5, 0.0]) + random.normal(size=(count, 3)) * 0.35)
    middle, size = places.mean(axis=0), np.ptp(places[:, 1])
    light = 0.45 + 0.6 * (places[:, 1] - middle[1]) / size + random.normal(size=count) * 0.24
    tint = ramp(palette, np.clip(light, 0, 1))
    lengths = length_m * random.uniform(0.7, 1.25, count)
    return leaves(places - normals * lengths[:, None] * 0.15, along, towards, lengths, tint)


def crown_paint(palette: Sequence[str], seed: int) -> Callable[[Array], Array]:
    """The colour under the leaves: darker below, with soft patches."""

    def paint(points: Array) -> Array:
        low, high = points[:, 1].min(), points[:, 1].max()
        rise = (points[:, 1] - low) / max(high - low, 1e-6)
        return ramp(palette[:4], np.clip(0.1 + 0.55 * rise + 0.35 * (noise(points, 0.6, seed) - 0.4), 0, 1))

    return paint


def small_trees(seed: int, triangles: int) -> list[tuple[Mesh, Mesh]]:
    """Four (trunk, crown) shapes of a tree about 3 m high, to be placed, turned and coloured many times."""
    random = np.random.default_rng(seed)
    shapes = []
    for kind in range(4):
        lean = random.uniform(-0.14, 0.14, 2)
        top = (lean[0] * 1.5, 1.55, lean[1] * 1.5)
        trunk = tube(
            [
                (0, -0.25, 0, 0.19),
                (0, 0.05, 0, 0.135),
                (lean[0], 0.8, lean[1], 0.098),
                (*top, 0.085),
                (top[0], 2.1, top[2], 0.05),
            ],
            sides=8,
            steps=3,
        )
        lobes = [(top[0], 2.15, top[2], 0.80), (top[0], 2.65, top[2], 0.52)]
        for turn in np.arange(4) * np.pi / 2 + random.uniform(0, 1.5):
            out = random.uniform(0.42, 0.62)
            lobes.append(
                (
                    top[0] + out * np.cos(turn),
                    1.95 + random.uniform(-0.1, 0.35),
                    top[2] + out * np.sin(turn),
                    random.uniform(0.38, 0.52),
                )
            )
        shapes.append((trunk, canopy(lobes, 0.11, triangles, seed + 10 * kind)))
    return shapes


def fruit_tree(
    shape: tuple[Mesh, Mesh],
    palette: Sequence[str],
    fruit: str,
    leaf_count: int,
    seed: int,
    seen_from: Array,
    wood: Paint = bark,
) -> Mesh:
    """A felt tree with leaves and fruit on the side that is seen."""
    trunk, crown = shape
    places, normals = on_surface(crown, 40, seed + 1)
    seen = (normals @ unit(seen_from) > 0.15) & (places[:, 1] < 2.7)
    apple = lathe([(0, -0.07), (0.055, -0.06), (0.08, -0.005), (0.06, 0.055), (0, 0.045)], fruit, 7)
    fruits = [apple.moved(*(p + n * 0.03)) for p, n in zip(places[seen], normals[seen], strict=True)]
    return join(
        [
            trunk.painted(wood),
            crown.painted(crown_paint(palette, seed)).swaying(0.1),
            leafy(crown, leaf_count, 0.20, palette, seed, seen_from),
            *fruits[:6],
        ]
    )


def far_tree(shape: tuple[Mesh, Mesh], palette: Sequence[str], seed: int, wood: Paint = BARK[1]) -> Mesh:
    """A crown on a stick, for the distance."""
    stick = tube([(0, -0.4, 0, 0.13), (0, 1.6, 0, 0.08)], wood, sides=5, steps=1)
    return join([shape[1].painted(crown_paint(palette, seed)), stick])


def grass(places: Array, height: Height, seed: int, blade_m: float, palette: Sequence[str]) -> Mesh:
    """A tuft at each place (n, 2) of x and z: bent blades of three triangles, darker at the foot."""
    random = np.random.default_rng(seed)
    centres = np.repeat(places, BLADES, axis=0)
    n = len(centres)
    flat = centres + random.normal(size=(n, 2)) * 0.028
    base = np.stack([flat[:, 0], height(centres) - 0.01, flat[:, 1]], -1)
    turn = random.uniform(0, 2 * np.pi, n)
    side = np.stack([np.cos(turn), np.zeros(n), np.sin(turn)], -1)
    # Blades lean so that their lit side looks up, else half of them would bake black.
    bend = np.stack([-np.sin(turn), np.zeros(n), np.cos(turn)], -1) * random.uniform(0.35, 0.9, n)[:, None]
    tuft = np.repeat(random.uniform(0.6, 1.25, len(places)), BLADES)
    tall = (blade_m * tuft * random.uniform(0.6, 1.2, n))[:, None]
    up, wide = np.array([0.0, 1.0, 0.0]), tall * 0.07 + 0.002
    bow = base + (up * 0.6 + bend * 0.3) * tall
    rows = [
        base - side * wide,
        base + side * wide,
        bow + side * wide * 0.75,
        bow - side * wide * 0.75,
        base + (up + bend) * tall,
    ]
    points = np.stack(rows, 1).reshape(-1, 3)
    faces = np.array([(0, 2, 1), (0, 3, 2), (3, 4, 2)])[None] + 5 * np.arange(n)[:, None, None]
    tint = ramp(palette, np.clip(0.5 + random.normal(size=n) * 0.28, 0, 1))
    shade = np.array([0.86, 0.86, 1.0, 1.0, 1.16])
    blade = make(points, faces.reshape(-1, 3)).painted((tint[:, None] * shade[None, :, None]).reshape(-1, 3))
    return blade.swaying(np.tile([0, 0, 0.25, 0.25, 0.5], n))


def flower(petals: str, heart: str, count: int = 6) -> Mesh:
    """A flower head 1 m across, looking up along y from the top of its stem at the origin."""
    angles = np.arange(count) * 2 * np.pi / count
    rows = []
    for out, offset, lift in ((0.08, 0.0, 0.0), (0.36, 0.42, 0.12), (0.5, 0.0, 0.08), (0.36, -0.42, 0.12)):
        around = angles + offset * 2 * np.pi / count
        rows.append(np.stack([out * np.cos(around), np.full(count, lift), out * np.sin(around)], -1))
    points = np.stack(rows, 1).reshape(-1, 3)
    faces = np.array([(0, 1, 2), (0, 2, 3)])[None] + 4 * np.arange(count)[:, None, None]
    shade = np.tile([0.86, 1.0, 1.05, 1.0], count)[:, None]
    head = make(points, faces.reshape(-1, 3)).painted(ramp((petals,), shade[:, 0]) * shade * 1.25)
    return join([head, lathe([(0.18, 0.04), (0.0, 0.17)], heart, 5)]).swaying(0.4)


def flowers(
    places: Array,
    height: Height,
    kinds: Sequence[Mesh],
    pick: Indices,
    seed: int,
    tall_m: float,
    stem: str = "#6d9f55",
) -> Mesh:
    """A flower of a picked kind at each place (n, 2), tilted to one side, on a stem."""
    random = np.random.default_rng(seed)
    ground = height(places)
    tall = tall_m * random.uniform(0.6, 1.25, len(places))
    heads, stems = [], []
    for (x, z), y, rise, kind in zip(places, ground, tall, pick, strict=True):
        size = random.uniform(0.06, 0.105)
        head = kinds[kind].scaled(size).turned("x", random.uniform(10, 55)).turned("y", random.uniform(-70, 70))
        heads.append(head.moved(x, y + rise, z))
        w = 0.005
        points = np.array([(x - w, y, z), (x + w, y, z), (x, y + rise, z)])
        stems.append(make(points, np.array([(0, 1, 2)]), stem).swaying(np.array([0, 0, 0.4])))
    return join([*heads, *stems])
