"""Simple meshes made on the spot: cards, rings, cones, discs, a dome and the ground. Panda3D axes, metres."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from panda3d.core import (
    BoundingSphere,
    Geom,
    GeomEnums,
    GeomNode,
    GeomTriangles,
    GeomVertexArrayFormat,
    GeomVertexData,
    GeomVertexFormat,
    InternalName,
    LPoint3,
    NodePath,
    OmniBoundingVolume,
)


def _vertex_format() -> GeomVertexFormat:
    columns = GeomVertexArrayFormat()
    columns.add_column(InternalName.get_vertex(), 3, GeomEnums.NT_float32, GeomEnums.C_point)
    columns.add_column(InternalName.get_normal(), 3, GeomEnums.NT_float32, GeomEnums.C_normal)
    columns.add_column(InternalName.get_color(), 4, GeomEnums.NT_float32, GeomEnums.C_color)
    columns.add_column(InternalName.get_texcoord(), 2, GeomEnums.NT_float32, GeomEnums.C_texcoord)
    return GeomVertexFormat.register_format(GeomVertexFormat(columns))


def mesh(
    name: str,
    points: ArrayLike,
    faces: ArrayLike,
    colours: ArrayLike,
    coordinates: ArrayLike | None = None,
    normals: ArrayLike = (0.0, 0.0, 1.0),
) -> NodePath:
    """Triangles from rows: points (n, 3), faces (m, 3), linear colours (n, 4), texture coordinates (n, 2).

    Normals (n, 3) point up unless given.
    """
    rows = np.zeros((len(np.asarray(points)), 12), dtype=np.float32)
    rows[:, 0:3], rows[:, 3:6], rows[:, 6:10] = points, normals, colours
    if coordinates is not None:
        rows[:, 10:12] = coordinates
    data = GeomVertexData(name, _vertex_format(), GeomEnums.UH_static)
    data.set_num_rows(len(rows))
    data.modify_array_handle(0).copy_data_from(rows.tobytes())
    triangles = GeomTriangles(GeomEnums.UH_static)
    triangles.set_index_type(GeomEnums.NT_uint32)
    indices = np.asarray(faces, dtype=np.uint32).reshape(-1)
    triangles.modify_vertices().unclean_set_num_rows(len(indices))
    triangles.modify_vertices().modify_handle().copy_data_from(indices.tobytes())
    geom = Geom(data)
    geom.add_primitive(triangles)
    node = GeomNode(name)
    node.add_geom(geom)
    return NodePath(node)


def cards(name: str, centres: ArrayLike, half_m: float, colours: ArrayLike) -> NodePath:
    """Squares that a card shader turns to the eye, one for each centre; a half side in metres."""
    points = np.repeat(np.asarray(centres, dtype=np.float64), 4, axis=0)
    count = len(points) // 4
    corners = np.tile(np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half_m, (count, 1))
    first = np.arange(count)[:, None] * 4
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])])
    node = mesh(name, points, faces, np.repeat(np.asarray(colours), 4, axis=0), corners)
    reach = float(np.abs(points).max()) * 2 + half_m * 2
    node.node().set_bounds(BoundingSphere(LPoint3(0), reach))
    node.node().set_final(True)
    return node


def _sheet(across: NDArray[np.float64], along: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    columns, rows = np.meshgrid(across, along)
    return columns.reshape(-1), rows.reshape(-1)


def _grid(across: int, along: int) -> NDArray[np.int64]:
    """The faces of a sheet of (along + 1) rows of (across + 1) points."""
    column, row = np.meshgrid(np.arange(across), np.arange(along))
    a = (row * (across + 1) + column).reshape(-1)
    b, c, d = a + 1, a + across + 1, a + across + 2
    return np.concatenate([np.stack([a, b, d], axis=1), np.stack([a, d, c], axis=1)])


def ring(name: str, radius_m: float, tube_m: float, colour: Sequence[float]) -> NodePath:
    """A torus about the z axis; its first texture coordinate runs from 0 to 1 clockwise from +y, from above."""
    turn, around = _sheet(np.linspace(0, 1, 73), np.linspace(0, 2 * math.pi, 9))
    out = radius_m + tube_m * np.cos(around)
    angle = 2 * math.pi * turn
    points = np.stack([out * np.sin(angle), out * np.cos(angle), tube_m * np.sin(around)], axis=1)
    return mesh(name, points, _grid(72, 8), [colour] * len(points), np.stack([turn, around], axis=1))


def cone(name: str, radius_m: float, height_m: float, apex: Sequence[float], rim: Sequence[float]) -> NodePath:
    """An open cone, apex at the origin, rim up at `height_m`, its colour running from `apex` to `rim`."""
    turn, up = _sheet(np.linspace(0, 2 * math.pi, 49), np.linspace(0, 1, 9))
    points = np.stack([radius_m * up * np.sin(turn), radius_m * up * np.cos(turn), height_m * up], axis=1)
    blend = (up**1.5)[:, None]
    colours = np.asarray(apex) * (1 - blend) + np.asarray(rim) * blend
    return mesh(name, points, _grid(48, 8), colours, np.full((len(points), 2), 2.0))


def turned(name: str, profile: ArrayLike, colour: Sequence[float]) -> NodePath:
    """A closed body about the z axis: its profile (n, 2) of radius and height runs from the bottom to the top."""
    outline = np.asarray(profile, dtype=np.float64)
    turn, row = _sheet(np.linspace(0, 2 * math.pi, 25), np.arange(float(len(outline))))
    radius, height = outline[row.astype(int)].T
    along = np.gradient(outline, axis=0)
    out, up = (np.stack([along[:, 1], -along[:, 0]], axis=1) / np.linalg.norm(along, axis=1)[:, None])[
        row.astype(int)
    ].T
    points = np.stack([radius * np.cos(turn), radius * np.sin(turn), height], axis=1)
    normals = np.stack([out * np.cos(turn), out * np.sin(turn), up], axis=1)
    return mesh(name, points, _grid(24, len(outline) - 1), [colour] * len(points), normals=normals)


def ball(name: str, half_m: Sequence[float], colour: Sequence[float]) -> NodePath:
    """An ellipsoid around the origin, `half_m` along x, y and z."""
    angle = np.linspace(-math.pi / 2, math.pi / 2, 13)
    node = turned(name, np.stack([np.cos(angle), np.sin(angle)], axis=1), colour)
    node.set_scale(*half_m)
    node.flatten_light()
    return node


def bar(name: str, length_m: float, thick_m: float, colour: Sequence[float]) -> NodePath:
    """A flat bar along x that faces -y, around the origin."""
    x, z = length_m / 2, thick_m / 2
    corners = [(-x, 0, -z), (x, 0, -z), (x, 0, z), (-x, 0, z)]
    return mesh(name, corners, [(0, 1, 2), (0, 2, 3)], [colour] * 4, [(2.0, 2.0)] * 4)


def blob(name: str, colour: Sequence[float]) -> NodePath:
    """A soft round spot of radius 1 on z = 0, its alpha falling from the middle to nothing at the edge."""
    turn, out = _sheet(np.linspace(0, 2 * math.pi, 33), np.linspace(0, 1, 7))
    points = np.stack([out * np.cos(turn), out * np.sin(turn), np.zeros_like(out)], axis=1)
    colours = np.tile(np.array([*colour[:3], 1.0]), (len(points), 1))
    colours[:, 3] = (1 - out**2) ** 2
    return mesh(name, points, _grid(32, 6), colours, np.full((len(points), 2), 2.0))


def disc(name: str, outline: ArrayLike, colour: Sequence[float], middle: Sequence[float]) -> NodePath:
    """A flat shape on z = 0: an outline (n, 2) around the origin, coloured from `middle` outwards."""
    edge = np.asarray(outline, dtype=np.float64)
    points = np.zeros((len(edge) + 1, 3))
    points[1:, :2] = edge
    index = np.arange(len(edge))
    faces = np.stack([np.zeros_like(index), index + 1, (index + 1) % len(edge) + 1], axis=1)
    colours = np.vstack([middle, np.tile(np.asarray(colour), (len(edge), 1))])
    return mesh(name, points, faces, colours, np.full((len(points), 2), 2.0))


def circle(radius_m: float) -> NDArray[np.float64]:
    """The outline of a circle, 48 points."""
    angle = np.linspace(0, 2 * math.pi, 48, endpoint=False)
    return np.stack([radius_m * np.cos(angle), radius_m * np.sin(angle)], axis=1)


def sole(length_m: float) -> NDArray[np.float64]:
    """The outline of a right shoe's sole, toes towards +y."""
    angle = np.linspace(0, 2 * math.pi, 40, endpoint=False)
    along = np.sin(angle) * length_m / 2
    width = length_m * (0.155 + 0.035 * np.sin(angle) - 0.03 * np.cos(2 * angle))
    bend = 0.02 * length_m * np.cos(2 * math.pi * along / length_m)
    return np.stack([np.cos(angle) * width + bend, along], axis=1)


def board(half_width_m: float, half_height_m: float) -> NodePath:
    """An upright rectangle facing -y, with texture coordinates in metres from its middle."""
    x, z = half_width_m, half_height_m
    corners = [(-x, -z), (x, -z), (x, z), (-x, z)]
    points = [(a, 0.0, b) for a, b in corners]
    return mesh("board", points, [(0, 1, 2), (0, 2, 3)], [(1, 1, 1, 1)] * 4, corners)


def dome() -> NodePath:
    """A sphere of directions for the sky; never culled."""
    turn, up = _sheet(np.linspace(0, 2 * math.pi, 33), np.linspace(-math.pi / 2, math.pi / 2, 25))
    points = np.stack([np.cos(up) * np.sin(turn), np.cos(up) * np.cos(turn), np.sin(up)], axis=1)
    node = mesh("sky", points, _grid(32, 24), [(1, 1, 1, 1)] * len(points))
    node.node().set_bounds(OmniBoundingVolume())
    node.node().set_final(True)
    return node


def ground(colour: Sequence[float]) -> NodePath:
    """A level floor of 120 m, a little darker around the feet; the mist hides its edge."""
    turn, step = _sheet(np.linspace(2 * math.pi, 0, 65), np.arange(24.0))
    out = 0.12 * (1.36**step - 1)
    points = np.stack([out * np.cos(turn), out * np.sin(turn), np.zeros_like(out)], axis=1)
    shade = 1 - 0.28 * np.exp(-((out / 1.1) ** 2))
    colours = np.concatenate([shade[:, None] * np.asarray(colour), np.ones((len(out), 1))], axis=1)
    return mesh("ground", points, _grid(64, 23), colours)
