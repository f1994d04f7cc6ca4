"""Shapes from nothing: meshes as numpy arrays in OpenXR axes (x right, y up, -z forward), in metres."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Direction = Sequence[float] | Array
Paint = str | Array | Callable[[Array], Array]


@dataclass(frozen=True)
class Mesh:
    """Triangles with a linear colour per point. Alpha is 1 - sway on leaves, 1 - foam on water, else 1."""

    points: Array
    faces: Indices
    colours: Array

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Mesh:
        """The mesh somewhere else."""
        return replace(self, points=self.points + np.array([x, y, z]))

    def scaled(self, x: float, y: float | None = None, z: float | None = None) -> Mesh:
        """Scaled about the origin; one number scales all axes. A mirrored mesh keeps its faces outwards."""
        factors = np.array([x, x if y is None else y, x if z is None else z])
        faces = self.faces[:, ::-1] if np.prod(factors) < 0 else self.faces
        return replace(self, points=self.points * factors, faces=faces)

    def turned(self, axis: str, angle_deg: float) -> Mesh:
        """Turned about x, y or z through the origin, anticlockwise seen from the axis' tip."""
        return replace(self, points=self.points @ turn(axis, angle_deg).T)

    def framed(self, x: Direction, y: Direction, z: Direction) -> Mesh:
        """Laid along three new axes."""
        return replace(self, points=self.points @ np.array([x, y, z], dtype=float))

    def painted(self, paint: Paint) -> Mesh:
        """One colour for all, or a function from points (n, 3) to linear colours (n, 3)."""
        if isinstance(paint, str):
            paint = colour(paint)
        rgb = paint(self.points) if callable(paint) else paint
        return replace(self, colours=np.column_stack([np.broadcast_to(rgb, self.points.shape), self.colours[:, 3]]))

    def swaying(self, amount: float | Array) -> Mesh:
        """Marked to sway in the wind: 0 stays still, 1 moves most."""
        return replace(self, colours=np.column_stack([self.colours[:, :3], np.full(len(self.points), 1.0) - amount]))


def turn(axis: str, angle_deg: float) -> Array:
    """The rotation matrix about x, y or z."""
    c, s = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    i, j = {"x": (1, 2), "y": (2, 0), "z": (0, 1)}[axis]
    matrix = np.eye(3)
    matrix[i, i], matrix[i, j], matrix[j, i], matrix[j, j] = c, -s, s, c
    return matrix


def colour(hexadecimal: str) -> Array:
    """`#rrggbb` in sRGB, as people pick colours, to linear."""
    srgb = np.array([int(hexadecimal[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def ramp(palette: Sequence[str], at: Array) -> Array:
    """Colours along a palette: 0 is its first, 1 its last."""
    table = np.array([colour(entry) for entry in palette])
    places = np.linspace(0, 1, len(palette))
    return np.stack([np.interp(at, places, table[:, channel]) for channel in range(3)], axis=-1)


def noise(points: Array, scale_m: float, seed: int = 0) -> Array:
    """A smooth pattern in 0..1 with features of about `scale_m`, the same wherever it is asked."""
    random = np.random.default_rng(seed)
    total = np.zeros(len(points))
    for _ in range(7):
        direction = unit(random.normal(size=(points.shape[1],))) * random.uniform(0.7, 1.5) * 2.2 / scale_m
        total += np.sin(points @ direction + random.uniform(0, 7))
    return np.clip(0.5 + total / 6, 0, 1)


def grain(palette: Sequence[str], stretch: Sequence[float], scale_m: float, seed: int = 0) -> Paint:
    """Paint like wood: a pattern pulled long where `stretch` is below 1."""
    return lambda points: ramp(palette, noise(points * np.array(stretch), scale_m, seed))


def make(points: Array, faces: Indices, paint: Paint = "#ffffff") -> Mesh:
    """A mesh in one colour or painted by a function."""
    bare = Mesh(np.asarray(points, dtype=float), np.asarray(faces, dtype=np.int64), np.ones((len(points), 4)))
    return bare.painted(paint)


def join(meshes: Iterable[Mesh]) -> Mesh:
    """Many meshes as one."""
    parts = list(meshes)
    starts = np.cumsum([0] + [len(part.points) for part in parts[:-1]])
    faces = np.concatenate([part.faces + start for part, start in zip(parts, starts, strict=True)])
    return Mesh(np.concatenate([p.points for p in parts]), faces, np.concatenate([p.colours for p in parts]))


def sheet(points: Array, paint: Paint = "#ffffff", *, wrap: bool = False) -> Mesh:
    """A surface through a grid of points (rows, columns, 3); `wrap` joins the last column to the first."""
    rows, columns = points.shape[:2]
    row, column = np.meshgrid(np.arange(rows - 1), np.arange(columns if wrap else columns - 1), indexing="ij")
    a, b = row * columns + column, row * columns + (column + 1) % columns
    c, d = a + columns, b + columns
    faces = np.concatenate([np.stack([a, b, d], -1).reshape(-1, 3), np.stack([a, d, c], -1).reshape(-1, 3)])
    return make(points.reshape(-1, 3), faces, paint)


def smooth_path(knots: Sequence[Sequence[float]] | Array, steps: int = 6) -> Array:
    """A Catmull-Rom curve through the knots (of any dimension), `steps` points to a span."""
    k = np.asarray(knots, dtype=float)
    k = np.vstack([2 * k[0] - k[1], k, 2 * k[-1] - k[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    spans = [
        0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
        for a, b, c, d in zip(k, k[1:], k[2:], k[3:], strict=False)
    ]
    return np.vstack([*spans, k[-2]])


def tube(
    knots: Sequence[Sequence[float]] | Array,
    paint: Paint = "#ffffff",
    sides: int = 8,
    steps: int = 6,
    squash: float = 1.0,
) -> Mesh:
    """A closed tube along knots (x, y, z, radius); `squash` flattens it across its second axis."""
    curve = smooth_path(knots, steps)
    path, radius = curve[:, :3], np.maximum(curve[:, 3], 1e-4)
    tangents = unit(np.gradient(path, axis=0))
    side = unit(np.cross(tangents[0], (0.31, 0.17, 0.93) if abs(tangents[0][2]) < 0.9 else (1.0, 0.2, 0.1)))
    rings = []
    angles = np.arange(sides) * 2 * np.pi / sides
    for place, tangent, r in zip(path, tangents, radius, strict=True):
        side = unit(side - tangent * (side @ tangent))
        other = np.cross(tangent, side) * squash
        rings.append(place + r * (np.outer(np.cos(angles), side) + np.outer(np.sin(angles), other)))
    body = sheet(np.array(rings), wrap=True)
    last = (len(path) - 1) * sides
    n = len(body.points)
    ring = np.arange(sides)
    following = (ring + 1) % sides
    start = np.stack([np.full(sides, n), following, ring], -1)
    end = np.stack([np.full(sides, n + 1), last + ring, last + following], -1)
    points = np.vstack(
        [body.points, path[0] - tangents[0] * radius[0] * 0.3, path[-1] + tangents[-1] * radius[-1] * 0.3]
    )
    return make(points, np.concatenate([body.faces, start, end]), paint)


def lathe(profile: Sequence[Sequence[float]] | Array, paint: Paint = "#ffffff", sides: int = 16) -> Mesh:
    """A profile of (radius, height) turned about y, from the bottom up; a radius of 0 closes an end."""
    p = np.asarray(profile, dtype=float)
    angles = np.arange(sides) * 2 * np.pi / sides
    circle = np.stack([np.cos(angles), np.zeros(sides), -np.sin(angles)], -1)
    return sheet(p[:, :1, None] * circle + p[:, 1:, None] * np.array([0.0, 1.0, 0.0]), paint, wrap=True)


def banded(bands: Sequence[tuple[Sequence[Sequence[float]], str]], sides: int = 16) -> Mesh:
    """Lathes one on another, each its own colour: doubled rings keep the colour edges crisp."""
    return join(lathe(profile, paint, sides) for profile, paint in bands)


def box(x: float, y: float, z: float, paint: Paint = "#ffffff", chamfer: float = 0.0, cut_m: float = 9.0) -> Mesh:
    """A box about the origin with crisp faces and perhaps chamfered edges; faces are cut to `cut_m` or less."""
    half = np.array([x, y, z]) / 2
    panels = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            rows, columns = (int(np.ceil(2 * half[k] / cut_m)) + 1 for k in (u, v))
            grid = np.zeros((rows, columns, 3))
            grid[..., axis] = sign * half[axis]
            grid[..., u] = np.linspace(-1, 1, rows)[:, None] * (half[u] - chamfer)
            grid[..., v] = np.linspace(-1, 1, columns)[None, :] * (half[v] - chamfer)
            panels.append(sheet(grid if sign < 0 else grid[::-1], paint))
    body = join([outward(panel) for panel in panels])
    return join([body, _chamfers(half, chamfer, paint, cut_m)]) if chamfer else body


def _chamfers(half: Array, chamfer: float, paint: Paint, cut_m: float) -> Mesh:
    inner = half - chamfer
    parts = []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for su in (-1.0, 1.0):
            for sv in (-1.0, 1.0):
                cuts = np.linspace(-1, 1, int(np.ceil(2 * half[axis] / cut_m)) + 1)
                strip = np.zeros((len(cuts), 2, 3))
                strip[..., axis] = cuts[:, None] * inner[axis]
                strip[:, 0, u], strip[:, 0, v] = su * half[u], sv * inner[v]
                strip[:, 1, u], strip[:, 1, v] = su * inner[u], sv * half[v]
                parts.append(outward(sheet(strip, paint)))
    for corner in np.array(np.meshgrid(*[(-1.0, 1.0)] * 3)).reshape(3, -1).T:
        tip = np.where(np.eye(3, dtype=bool), half * corner, inner * corner)
        parts.append(outward(make(tip, np.array([[0, 1, 2]]), paint)))
    return join(parts)


def outward(mesh: Mesh) -> Mesh:
    """Faces turned to look away from the origin, for convex pieces about it."""
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    inside = np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c) < 0
    return replace(mesh, faces=np.where(inside[:, None], mesh.faces[:, ::-1], mesh.faces))


def solid(mesh: Mesh) -> Mesh:
    """A closed mesh with its faces outwards, whichever way it was wound."""
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum()
    return replace(mesh, faces=mesh.faces[:, ::-1]) if volume < 0 else mesh


def flipped(mesh: Mesh) -> Mesh:
    """The same with its faces the other way round."""
    return replace(mesh, faces=mesh.faces[:, ::-1])


def facing_up(mesh: Mesh) -> Mesh:
    """An open sheet with its faces upwards, whichever way it was wound."""
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    return mesh if np.cross(b - a, c - a)[:, 1].sum() > 0 else flipped(mesh)


def felt(mesh: Mesh, thickness_m: float) -> Mesh:
    """A sheet given an underside, so that it is seen from both sides."""
    a, b, c = (mesh.points[mesh.faces[:, k]] for k in range(3))
    normals = np.zeros_like(mesh.points)
    for k in range(3):
        np.add.at(normals, mesh.faces[:, k], np.cross(b - a, c - a))
    under = replace(mesh, points=mesh.points - unit(normals) * thickness_m, faces=mesh.faces[:, ::-1])
    return join([mesh, under])


def ball(radius: float = 1.0, fineness: int = 2, paint: Paint = "#ffffff") -> Mesh:
    """A sphere of 20 * 4 ** fineness triangles."""
    g = (1 + 5**0.5) / 2
    corners = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g), (0, -1, -g), (0, 1, -g)]
    points = unit(np.array([*corners, (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)], dtype=float))
    rows = "0 11 5,0 5 1,0 1 7,0 7 10,0 10 11,1 5 9,5 11 4,11 10 2,10 7 6,7 1 8,3 9 4,3 4 2,3 2 6,3 6 8,3 8 9"
    rows += ",4 9 5,2 4 11,6 2 10,8 6 7,9 8 1"
    faces = np.array([[int(i) for i in row.split()] for row in rows.split(",")])
    for _ in range(fineness):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        unique, index = np.unique(edges, axis=0, return_inverse=True)
        ab, bc, ca = index.reshape(3, -1) + len(points)
        points = np.vstack([points, unit(points[unique].mean(axis=1))])
        a, b, c = faces.T
        faces = np.vstack([np.stack(t, -1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
    return make(points * radius, faces, paint)


def lumpy(mesh: Mesh, amount: float, scale_m: float, seed: int = 0) -> Mesh:
    """Pushed in and out along the direction from its middle, by up to `amount` of the distance."""
    middle = mesh.points.mean(axis=0)
    factor = 1 + amount * (2 * noise(mesh.points, scale_m, seed) - 1)
    return replace(mesh, points=middle + (mesh.points - middle) * factor[:, None])


def unit(vectors: Array | Sequence[float]) -> Array:
    """Vectors of length 1."""
    v = np.asarray(vectors, dtype=float)
    lengths: Array = np.linalg.norm(v, axis=-1, keepdims=True)
    return v / np.maximum(lengths, 1e-12)
