"""A flat thing with words, as its drawer describes it to a headset that can show it sharper than a scene can."""

from typing import NamedTuple

from panda3d.core import NodePath


class Card(NamedTuple):
    """A rectangle with rounded corners in the plane of `node` (x right, z up, centred on the node).

    `size_m` is the width and height of its opaque part, `corner_m` the radius of its corners. `stamp` is another
    number whenever anything on it has changed.
    """

    key: str
    node: NodePath
    size_m: tuple[float, float]
    corner_m: float
    stamp: int
