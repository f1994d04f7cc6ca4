"""A brass compass, for the game in which home is found again."""

from __future__ import annotations

import numpy as np

from assets.build.kit import Mesh, ball, banded, join, lathe, make, ramp, tube
from assets.build.studio import Model

BRASS = ("#8f5f2a", "#cf9a4a", "#f7d68e")
FACE, INK, CORAL, TEAL = "#fdf3dc", "#54656e", "#e2694a", "#2f7f92"


def compass() -> dict[str, Mesh]:
    """A compass 0.22 m high about its middle that faces +z: a case with a ring, a card with marks, and a needle."""
    case = [(0.0, -0.020), (0.086, -0.020), (0.096, -0.010), (0.098, 0.006)]
    rim = [(0.098, 0.006), (0.096, 0.018), (0.088, 0.022), (0.082, 0.016), (0.080, 0.008)]
    body = banded([(case, BRASS[0]), (rim, BRASS[1]), ([(0.080, 0.008), (0.0, 0.008)], FACE)], 40)
    turns = np.linspace(0, 2 * np.pi, 25)
    bow = tube([(0.024 * np.sin(t), 0.0, -0.127 + 0.024 * np.cos(t), 0.006) for t in turns], BRASS[2], 8, 1)
    knob = lathe([(0.011, 0.0), (0.013, 0.012), (0.0, 0.016)], BRASS[1], 14).turned("x", -90).moved(0, 0, -0.092)
    nodes = {"case": [body, bow, knob], "card": [*_marks(), *_rose()], "needle": _needle()}
    return {name: join(parts).turned("x", 90).moved(0, -0.022, 0) for name, parts in nodes.items()}


def _marks() -> list[Mesh]:
    """A stroke every fifteen degrees, a longer one at the quarters."""
    made = []
    for k in range(24):
        long_m, half = (0.015, 0.0020) if k % 6 == 0 else (0.008, 0.0011)
        corners = [
            (-half, 0.0095, -0.076),
            (half, 0.0095, -0.076),
            (half, 0.0095, -0.076 + long_m),
            (-half, 0.0095, -0.076 + long_m),
        ]
        made.append(make(np.array(corners), np.array([[0, 2, 1], [0, 3, 2]]), INK).turned("y", -15.0 * k))
    return made


def _rose() -> list[Mesh]:
    """A star of eight points on the card, one half of each lighter."""
    points = []
    for k in sorted(range(8), key=lambda k: -(k % 2)):
        long_m, wide_m, y = (0.050, 0.0090, 0.0102) if k % 2 == 0 else (0.034, 0.0070, 0.0098)
        for side, paint in ((1, "#8fb4b8"), (-1, "#d6e4dc")):
            corners = np.array([(0.0, y, 0.0), (side * wide_m, y, -wide_m), (0.0, y, -long_m)])
            faces = np.array([[0, 1, 2] if side > 0 else [0, 2, 1]])
            points.append(make(corners, faces, paint).turned("y", -45.0 * k))
    return points


def _needle() -> list[Mesh]:
    """A needle that points a little to the right of up: one half coral, one teal."""
    made = []
    for turned, paint in ((-24.0, CORAL), (156.0, TEAL)):
        half = tube(
            [(0, 0.0135, 0.0, 0.0095), (0, 0.0135, -0.035, 0.0065), (0, 0.0135, -0.064, 0.0008)], sides=6, steps=4
        )
        shade = half.scaled(1, 0.30, 1).moved(0, 0.0105, 0).painted(lambda p, paint=paint: ramp((paint,), p[:, 0]))
        made.append(shade.turned("y", turned))
    return [*made, ball(0.010, 2, BRASS[2]).scaled(1, 0.7, 1).moved(0, 0.016, 0)]


# With a joint no node shades another: what lies on the card would darken it.
MODELS = {"compass": Model(compass, joints={"needle": (0.0, 0.0, 0.0)})}
