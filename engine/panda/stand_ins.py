"""What is drawn for a role that a theme leaves empty: a few simple shapes, so that every game can be played."""

import math
from collections.abc import Callable, Mapping

from panda3d.core import NodePath

from engine.panda import shapes

Colour = tuple[float, float, float, float]
_CREAM, _CORAL, _BROWN, _DARK = (
    (0.93, 0.84, 0.66, 1.0),
    (0.78, 0.16, 0.08, 1.0),
    (0.36, 0.20, 0.10, 1.0),
    (0.0,) * 3 + (1.0,),
)
_GOLD, _FIRE, _TEAL = (0.85, 0.46, 0.06, 1.0), (1.0, 0.55, 0.10, 1.0), (0.10, 0.40, 0.44, 1.0)


def make(role: str, parent: NodePath) -> NodePath:
    """A new node for a role under a parent, with the nodes that the role's models have."""
    node = parent.attach_new_node(f"stand-in {role}")
    build = _MAKERS.get(role)
    if build is not None:
        build(node)
    return node


def _ball(parent: NodePath, name: str, middle_m: tuple[float, float, float], half_m: float | tuple[float, ...],
          colour: Colour) -> NodePath:  # fmt: skip
    half = half_m if isinstance(half_m, tuple) else (half_m,) * 3
    node = shapes.ball(name, half, colour)
    node.reparent_to(parent)
    node.set_pos(*middle_m)
    return node


def _fruit(node: NodePath) -> None:
    _ball(node, "fruit", (0, 0, 0), 0.045, _GOLD)


def _face(head: NodePath, middle_m: tuple[float, float, float], size_m: float) -> None:
    """Two eyes that look towards -y."""
    x, y, z = middle_m
    for side in (-1, 1):
        _ball(head, "eye", (x + side * 0.38 * size_m, y, z), 0.30 * size_m, _CREAM)
        _ball(head, "pupil", (x + side * 0.36 * size_m, y - 0.20 * size_m, z), 0.17 * size_m, _DARK)


def _owl(node: NodePath) -> None:
    owl, perch = node.attach_new_node("owl"), node.attach_new_node("perch")
    _ball(owl, "body", (0, 0, 0.12), (0.11, 0.10, 0.14), _BROWN)
    _ball(owl, "belly", (0, -0.03, 0.11), (0.085, 0.08, 0.11), _CREAM)
    head = owl.attach_new_node("owl_head")
    head.set_z(0.22)
    _ball(head, "skull", (0, 0, 0.06), (0.11, 0.10, 0.09), _BROWN)
    _face(head, (0, -0.075, 0.07), 0.11)
    lids = owl.attach_new_node("owl_lids")
    lids.set_z(0.22)
    for side in (-1, 1):
        _ball(lids, "lid", (side * 0.042, -0.08, 0.07), (0.036, 0.040, 0.036), _BROWN)
    _ball(perch, "branch", (0, 0, -0.02), (0.26, 0.025, 0.025), _BROWN)


def _companion(node: NodePath) -> None:
    _ball(node, "body", (0, 0, 0.42), (0.22, 0.19, 0.42), _BROWN)
    head = node.attach_new_node("head")
    head.set_z(0.78)
    _ball(head, "skull", (0, 0, 0.17), 0.2, _BROWN)
    _face(head, (0, -0.16, 0.2), 0.17)
    for side, name in ((-1, "arm_right"), (1, "arm_left")):
        arm = node.attach_new_node(name)
        arm.set_pos(side * 0.23, 0, 0.72)
        _ball(arm, "arm", (0, 0, -0.24), (0.055, 0.055, 0.28), _BROWN)
    for side, name in ((-1, "leg_right"), (1, "leg_left")):
        leg = node.attach_new_node(name)
        leg.set_pos(side * 0.11, 0, 0.16)
        _ball(leg, "leg", (0, 0, -0.08), (0.05, 0.05, 0.09), _DARK)


def _beacon(node: NodePath) -> None:
    tower = [(0.75, -3.6), (0.55, -1.2), (0.48, -0.5), (0.62, -0.42), (0.62, -0.34), (0.0, -0.34)]
    shapes.turned("tower", tower, _CREAM).reparent_to(node)
    shapes.turned("band", [(0.0, -2.4), (0.68, -2.4), (0.60, -1.6), (0.0, -1.6)], _CORAL).reparent_to(node)
    _ball(node, "lamp", (0, 0, 0), (0.26, 0.26, 0.32), _FIRE)
    shapes.turned("roof", [(0.0, 0.32), (0.46, 0.32), (0.0, 0.85)], _CORAL).reparent_to(node)
    beam = node.attach_new_node("beam")
    for turn_deg in (0, 180):
        ray = shapes.cone("ray", 0.9, 9.0, (1.0, 0.94, 0.70, 0.5), (1.0, 0.94, 0.70, 0.0))
        ray.set_hpr(turn_deg, -90, 0)
        ray.reparent_to(beam)


def _lantern(node: NodePath) -> None:
    _ball(node, "lantern", (0, 0, 0), 0.17, _FIRE)


def _hand(node: NodePath) -> None:
    _ball(node, "hand", (0, 0, 0), (0.025, 0.05, 0.06), _CREAM)


def _kite(node: NodePath) -> None:
    """A diamond that faces -y, with a tail of bows."""
    points = [(0, 0, 0.10), (0.09, 0, 0.02), (0, 0, -0.13), (-0.09, 0, 0.02), (0, -0.012, 0.02)]
    shades = [_CORAL, _GOLD, _CORAL, _GOLD]
    for first, shade in enumerate(shades):
        corners = [points[first], points[(first + 1) % 4], points[4]]
        sail = shapes.mesh("sail", corners, [(0, 1, 2), (0, 2, 1)], [shade] * 3, normals=(0.0, -1.0, 0.0))
        sail.reparent_to(node)
    for bow, shade in enumerate(shades):
        _ball(node, "bow", (0.015 * math.sin(1.9 * bow), 0, -0.16 - 0.04 * bow), (0.016, 0.008, 0.011), shade)


def _box(parent: NodePath, name: str, low_m: tuple[float, ...], high_m: tuple[float, ...], colour: Colour) -> NodePath:
    """A box between two corners."""
    corners, faces, normals = [], [], []
    for axis in range(3):
        for end, place in ((-1, low_m), (1, high_m)):
            one, other = (axis + 1) % 3, (axis + 2) % 3
            for u, v in ((low_m, low_m), (high_m, low_m), (high_m, high_m), (low_m, high_m)):
                corner = [0.0, 0.0, 0.0]
                corner[axis], corner[one], corner[other] = place[axis], u[one], v[other]
                corners.append(corner)
                normals.append([end * float(index == axis) for index in range(3)])
            first = len(corners) - 4
            turn = (0, 1, 2, 3) if end > 0 else (3, 2, 1, 0)
            faces += [tuple(first + turn[index] for index in three) for three in ((0, 1, 2), (0, 2, 3))]
    node = shapes.mesh(name, corners, faces, [colour] * len(corners), normals=normals)
    node.reparent_to(parent)
    return node


def _block(node: NodePath) -> None:
    _box(node, "block", (-0.025,) * 3, (0.025,) * 3, _CORAL)


def _crate(node: NodePath) -> None:
    """Open above; the middle of its floor, inside, is the origin."""
    _box(node, "floor", (-0.15, -0.11, -0.012), (0.15, 0.11, 0.0), _BROWN)
    for side in (-1, 1):
        _box(node, "wall", (side * 0.144 - 0.006, -0.11, 0.0), (side * 0.144 + 0.006, 0.11, 0.088), _CREAM)
        _box(node, "wall", (-0.15, side * 0.104 - 0.006, 0.0), (0.15, side * 0.104 + 0.006, 0.088), _CREAM)


def _barrier(node: NodePath) -> None:
    _box(node, "fence", (-0.02, -0.15, 0.0), (0.02, 0.15, 1.0), _CREAM)


def _leg(node: NodePath) -> None:
    _box(node, "leg", (-0.017, -0.017, 0.0), (0.017, 0.017, 1.0), _BROWN)


def _oar(node: NodePath) -> None:
    """Held at the origin, out along +y."""
    _box(node, "shaft", (-0.014, -0.09, -0.014), (0.014, 1.4, 0.014), _BROWN)
    _box(node, "blade", (-0.012, 1.35, -0.085), (0.012, 1.8, 0.085), _CORAL)


def _treasure(node: NodePath) -> None:
    """A chest that stands on the floor, its front towards -y; the lid turns about its back edge."""
    _box(node, "chest", (-0.14, -0.09, 0.0), (0.14, 0.09, 0.12), _BROWN)
    _ball(node, "gold", (0, 0, 0.115), (0.11, 0.065, 0.04), _GOLD)
    lid = node.attach_new_node("lid")
    lid.set_pos(0, 0.09, 0.125)
    _box(lid, "top", (-0.14, -0.18, 0.0), (0.14, 0.0, 0.07), _CORAL)


def _stone(node: NodePath) -> None:
    _ball(node, "stone", (0, 0, -0.01), (0.17, 0.17, 0.02), _CREAM)


def _shelf(node: NodePath) -> None:
    _ball(node, "board", (0, 0, -0.016), (0.25, 0.15, 0.016), _BROWN)


def _bell(node: NodePath) -> None:
    bell, clapper = node.attach_new_node("bell"), node.attach_new_node("clapper")
    _ball(bell, "headstock", (0, 0, 0.0), (0.19, 0.035, 0.035), _BROWN)
    shapes.turned(
        "brass", [(0.0, -0.33), (0.16, -0.31), (0.11, -0.18), (0.09, -0.06), (0.0, -0.02)], _GOLD
    ).reparent_to(bell)
    _ball(clapper, "ball", (0, 0, -0.34), 0.035, _BROWN)


_MAKERS: Mapping[str, Callable[[NodePath], None]] = {
    "wanted": _fruit, "later": _fruit, "look": _owl, "companion": _companion, "breath": _lantern,
    "hand_open": _hand, "hand_grab": _hand, "kite": _kite, "beacon": _beacon, "block": _block, "crate": _crate,
    "barrier": _barrier, "shelf_leg": _leg, "oar": _oar, "treasure": _treasure,
    "bell": _bell, "shelf": _shelf, "stone": _stone,
}  # fmt: skip
