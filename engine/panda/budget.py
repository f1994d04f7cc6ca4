"""What one look at a scene costs a graphics card, counted without drawing it."""

from typing import NamedTuple

from panda3d.core import BoundingVolume, Geom, GeometricBoundingVolume, GeomNode, LensNode, NodePath

MOST_DRAW_CALLS, MOST_TRIANGLES = 100, 220_000


class Load(NamedTuple):
    """How many times the card is told to draw, and how many triangles that are."""

    draw_calls: int
    triangles: int


def load_of(camera: NodePath) -> Load:
    """What a camera would draw now of the scene that it is in: what is shown, and not wholly out of its view."""
    lens = camera.node()
    if not isinstance(lens, LensNode):
        raise TypeError(f"{camera} is no camera")
    view = lens.get_lens().make_bounds()
    calls = triangles = 0
    for path in camera.get_top().find_all_matches("**/+GeomNode;-h"):
        node = path.node()
        if isinstance(node, GeomNode) and _seen(node, path, camera, view):
            calls += node.get_num_geoms()
            triangles += sum(_triangles(geom) for geom in node.get_geoms())
    return Load(calls, triangles)


def _seen(node: GeomNode, path: NodePath, camera: NodePath, view: BoundingVolume) -> bool:
    bounds = node.get_bounds().make_copy()
    if not isinstance(bounds, GeometricBoundingVolume) or not isinstance(view, GeometricBoundingVolume):
        return True
    bounds.xform(path.get_mat(camera))
    return view.contains(bounds) != BoundingVolume.IF_no_intersection


def _triangles(geom: Geom) -> int:
    return sum(geom.get_primitive(index).get_num_faces() for index in range(geom.get_num_primitives()))
