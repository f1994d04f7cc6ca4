"""Two crates on a table with a fence between them: how they stand, and the blocks that lie in them."""

import math
from collections.abc import Iterator

from engine import tabletop
from engine.frame import Vector
from engine.scene import Prop
from engine.tabletop import Table

ROOM_M, FLOOR_M = 0.18, 0.055  # from the fence to the middle of a crate, and its floor below the hand
MOST_BLOCKS, BESIDE = 8, 4  # that are shown in a crate, and of them in a row
BLOCK_APART_M, ROW_M, BLOCK_UP_M = 0.058, 0.065, 0.026


def filled(table: Table, facing_deg: float, waiting: int, over: int) -> tuple[Prop, ...]:
    """Both crates with so many blocks in each, the one that is taken from first, and the fence between them."""
    take_m, put_m = _middles_m(table)
    standing = _standing(table, facing_deg, {"take": take_m, "put": put_m})
    return (*standing, *_heap("wait", take_m, waiting), *_heap("over", put_m, over))


def _standing(table: Table, facing_deg: float, middles_m: dict[str, Vector]) -> Iterator[Prop]:
    """Both crates on their posts, and the fence on its own."""
    floor_m = table.take_m[1] - FLOOR_M
    for name, (x, _, z) in middles_m.items():
        yield Prop(f"crate {name}", "crate", (x, floor_m, z), facing_deg)
        yield Prop(f"post {name}", "shelf_leg", (x, 0.0, z), tall=floor_m)
    x, y, z = table.over_m
    top_m = y - tabletop.FENCE_M
    yield Prop("post fence", "shelf_leg", (x, 0.0, z), tall=floor_m)
    yield Prop("fence", "barrier", (x, floor_m, z), facing_deg, tall=max(0.02, top_m - floor_m))


def _middles_m(table: Table) -> tuple[Vector, Vector]:
    """The middles of both crates, a little above their floor: around the places, but clear of the fence between."""
    (x, _, z), (ax, y, az), (bx, _, bz) = table.over_m, table.take_m, table.put_m
    a, b = (max(1.0, ROOM_M / math.hypot(px - x, pz - z)) for px, pz in ((ax, az), (bx, bz)))
    return (x + a * (ax - x), y, z + a * (az - z)), (x + b * (bx - x), y, z + b * (bz - z))


def _heap(name: str, place_m: Vector, count: int) -> Iterator[Prop]:
    """Blocks side by side on the floor of a crate, behind and beside the one that is asked for."""
    x, y, z = place_m
    for index in range(min(count, MOST_BLOCKS)):
        row, column = divmod(index, BESIDE)
        aside_m, back_m = (column - (BESIDE - 1) / 2) * BLOCK_APART_M, (-ROW_M, ROW_M)[row]
        yield Prop(f"{name} {index}", "block", (x + aside_m, y - FLOOR_M + BLOCK_UP_M, z + back_m), 15.0 * index)
