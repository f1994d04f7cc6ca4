"""Arcs of range, as a goniometer shows them: dials of joints with how far each was seen to go, and what is usual."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Wedge

from engine.commands.drawing import BEHIND, BODY, INK, MEASURED, MEASURED_SOFT, SOFT_INK

INNER, OUTER, NORMAL = 0.62, 1.0, 1.07  # radii on a dial
COLUMNS, WIDE = 5, 3
KEY = (
    "Light blue: as far as was seen.",
    "Blue line: the furthest, shaded: its error (95 %).",
    "Dashed: usual in adults.",
)

Lines = list[tuple[Sequence[float], Sequence[float]]]


@dataclass(frozen=True)
class Arm:
    """One way to go on a dial: its name, how far it went, the half width of its error, and what is usual.

    `sense` is 1 for anticlockwise, -1 for clockwise.
    """

    name: str
    value_deg: float
    sense: int
    error_deg: float = 0.0
    normal_deg: float | None = None


@dataclass(frozen=True)
class Dial:
    """Ranges of one joint about one axis; the zero points up, or down where an arm hangs.

    `view` is one of `from the right`, `from behind` and `from above`, or empty.
    """

    title: str
    view: str
    hangs: bool
    arms: Sequence[Arm]


def range_picture(dials: Sequence[Dial], title: str) -> Figure:
    """Arcs of range: filled as far as was measured, with its error at the end, dashed as far as is usual."""
    columns = min(COLUMNS, len(dials))
    rows = math.ceil(len(dials) / columns)
    figure = Figure(figsize=(2.9 * columns, 3.0 * rows + 0.5), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    key = (" " if columns >= WIDE else "\n").join(KEY)
    figure.supxlabel(key, x=0.01, ha="left", fontsize=10, color=SOFT_INK)
    places = np.atleast_1d(figure.subplots(rows, columns)).ravel()
    for axes in places:
        axes.set_axis_off()
    for axes, dial in zip(places, dials, strict=False):
        _dial(axes, dial)
    return figure


def _dial(axes: Axes, dial: Dial) -> None:
    axes.set_aspect("equal")
    title = f"{dial.title}, {dial.view}" if dial.view else dial.title
    axes.set(xlim=(-1.3, 1.3), ylim=(-1.15, 1.35) if dial.hangs else (-1.0, 1.2))
    axes.set_title(title, fontsize=11)
    _figure_behind(axes, dial)
    zero_deg = -90.0 if dial.hangs else 90.0
    axes.plot(*_along(zero_deg, (INNER - 0.06, OUTER + 0.06)), color=SOFT_INK, linewidth=1.2)
    for arm in dial.arms:
        _arm(axes, arm, zero_deg)
    words = [_said(arm) for arm in sorted(dial.arms, key=lambda arm: -arm.sense)]
    height = 1.24 if dial.hangs else -0.66
    axes.text(0, height, "   ".join(words), ha="center", va="center", fontsize=11, bbox=BEHIND)


def _said(arm: Arm) -> str:
    if math.isnan(arm.value_deg):
        return f"{arm.name}: not measured"
    return f"{arm.name} {arm.value_deg:.0f}°" + (f" ± {arm.error_deg:.0f}" if arm.error_deg else "")


def _arm(axes: Axes, arm: Arm, zero_deg: float) -> None:
    if arm.normal_deg is not None:
        turn = np.radians(zero_deg + arm.sense * np.linspace(0, arm.normal_deg, 60))
        axes.plot(NORMAL * np.cos(turn), NORMAL * np.sin(turn), color=INK, linestyle="--", linewidth=1.1)
    if math.isnan(arm.value_deg):
        return
    end_deg = zero_deg + arm.sense * arm.value_deg
    low, high = sorted((zero_deg, end_deg))
    axes.add_patch(Wedge((0, 0), OUTER, low, high, width=OUTER - INNER, color=MEASURED_SOFT, linewidth=0))
    least = end_deg - arm.sense * min(arm.error_deg, arm.value_deg)
    band = sorted((least, end_deg + arm.sense * arm.error_deg))
    axes.add_patch(Wedge((0, 0), OUTER, *band, width=OUTER - INNER, color=MEASURED, alpha=0.28, linewidth=0))
    axes.plot(*_along(end_deg, (INNER, OUTER)), color=MEASURED, linewidth=2.5)


def _figure_behind(axes: Axes, dial: Dial) -> None:
    """A quiet figure in the middle: which way the person faces."""
    for line in FIGURES.get((dial.hangs, dial.view), ()):
        axes.plot(*line, color=BODY, linewidth=7, solid_capstyle="round", zorder=0)
    head = (0.0, 0.28) if dial.hangs else (0.0, 0.0)
    if dial.view:
        axes.add_patch(Circle(head, 0.13 if dial.hangs else 0.22, color=BODY, linewidth=0, zorder=0))


FIGURES: Mapping[tuple[bool, str], Lines] = {
    (False, "from the right"): [((0.2, 0.27), (0.0, -0.02)), ((-0.05, -0.08), (-0.2, -0.4))],
    (False, "from behind"): [((-0.24, 0.24), (0.0, 0.0)), ((0.0, 0.0), (-0.2, -0.4))],
    (False, "from above"): [((0.0, 0.0), (0.2, 0.28)), ((-0.4, 0.4), (-0.05, -0.05))],
    (True, "from behind"): [((0.0, 0.0), (0.1, -0.4)), ((-0.16, 0.16), (0.02, 0.02))],
}
"""Lines of a figure whose head is in the middle of a dial, or whose shoulders are."""


def _along(angle_deg: float, radii: Sequence[float]) -> tuple[list[float], list[float]]:
    turn = math.radians(angle_deg)
    return [r * math.cos(turn) for r in radii], [r * math.sin(turn) for r in radii]
