"""The real room around a person: whether they see its floor, and how much of it is clear."""

import math
from itertools import pairwise

from engine.records import Room

BESIDE, THROUGH, HIDDEN = "beside", "through", "hidden"
"""How a floor is seen: beside a screen, through the pictures of a headset, or not at all."""
AROUND, UNSEEN = Room(BESIDE), Room(HIDDEN)
ROOM = "room"
"""The event that keeps what a headset knew of the room, as JSON, so that a session can be played again."""
LEAST_M = 2.0  # of clear floor, either way, for who steps
MARGIN_M = 0.15  # from the rim of what is stepped on to the edge of the clear floor


def refuses_steps(room: Room) -> str:
    """Why nobody may be asked to step in a room; "" when they may, also where nobody knows how much of it is clear."""
    if room.floor == HIDDEN:
        return "only where the floor is seen, and this headset does not show it"
    sides_m = sorted(math.dist(a, b) for a, b in pairwise(room.bounds_m[:3]))
    if sides_m and sides_m[0] < LEAST_M:
        size = f"{sides_m[0]:.1f} × {sides_m[1]:.1f} m"
        return f"only where {LEAST_M:g} × {LEAST_M:g} m of floor are clear, and the play space has {size}"
    return ""


def inside_m(room: Room, x_m: float, z_m: float) -> float:
    """How far inside the clear floor a place is, negative outside; infinite where nobody knows its bounds."""
    corners = room.bounds_m
    if not corners:
        return math.inf
    middle = [sum(values) / len(corners) for values in zip(*corners, strict=True)]
    edges = pairwise((*corners, corners[0]))
    return min(_beyond_m(a, b, (x_m, z_m)) * math.copysign(1.0, _beyond_m(a, b, middle)) for a, b in edges)


def _beyond_m(a: tuple[float, float], b: tuple[float, float], place: tuple[float, ...] | list[float]) -> float:
    """How far a place lies to one side of the line through two points."""
    x, z = b[0] - a[0], b[1] - a[1]
    return (x * (place[1] - a[1]) - z * (place[0] - a[0])) / math.hypot(x, z)
