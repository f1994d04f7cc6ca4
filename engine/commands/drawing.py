"""Pictures of measures that a clinician knows: stabilogram with its ellipse, reach star, speed profiles.

Colours mean what they mean on the therapist's page: `MEASURED` is what the body did, `ASKED` the other side or axis,
and dashed ink what is usual. A picture is a `matplotlib.figure.Figure`, drawn without a window.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fontpkg_atkinson_hyperlegible
import numpy as np
from matplotlib import font_manager, rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine.metrics import sway_spectrum
from engine.metrics.balance import sway
from engine.metrics.definition import definitions
from engine.metrics.sway_measures import Sway
from engine.motion import Array

INK, SOFT_INK, LINE, SURFACE, BODY = "#14201e", "#465350", "#d3dbd8", "#ffffff", "#c3cdd6"
MEASURED, MEASURED_SOFT, ASKED = "#1b5ba6", "#d0e0f4", "#a84e00"
BEHIND = {"facecolor": SURFACE, "edgecolor": "none", "pad": 1, "alpha": 0.85}
"""What keeps words readable over lines."""
STYLE: dict[Any, Any] = {
    "font.family": ["Atkinson Hyperlegible", "DejaVu Sans"],
    "font.size": 11,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT_INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.grid": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "text.color": INK,
    "xtick.color": SOFT_INK,
    "ytick.color": SOFT_INK,
    "figure.facecolor": SURFACE,
    "svg.hashsalt": "steadyreach",
}
COLOURS = (MEASURED, ASKED, INK, "#2a7f62", "#8a3b8f", "#7d8a86")
ASIDE_DEG = 2.0  # so that the rays of one hand do not hide those of the other
FEW = 6  # so many reaches have a line and marks of their own


@dataclass(frozen=True)
class Ray:
    """How far one hand was seen to go in one direction: 0 ahead, 90 to the right, seen from above."""

    direction_deg: float
    reach_m: float


@dataclass(frozen=True)
class Profile:
    """The speed of one reach over time, from its onset to its offset and a little beyond."""

    name: str
    time_s: Array
    speed_mps: Array
    offset_s: float = math.nan


@contextmanager
def styled() -> Iterator[None]:
    """Colours and type of the therapist's page, for as long as it lasts."""
    for font in sorted((Path(fontpkg_atkinson_hyperlegible.ROOT) / "files").glob("*.ttf")):
        font_manager.fontManager.addfont(font)
    with rc_context(STYLE):
        yield


def write(figure: Figure, path: Path) -> None:
    """Write a picture as its suffix says: .png, .svg or .pdf; equal pictures give equal bytes."""
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    with styled():
        figure.savefig(path, dpi=160, metadata=undated.get(path.suffix.lower()))


def sway_picture(ml_m: Array, ap_m: Array, rate_hz: float, title: str, *, with_errors: bool = False) -> Figure:
    """The stabilogram with its 95 % prediction ellipse, both axes over time, and their spectrum.

    `with_errors` writes those of a headset beside the numbers.
    """
    found = sway(ml_m, ap_m, rate_hz)
    track_mm = 1000 * (np.stack([ml_m, ap_m], axis=1) - (ml_m.mean(), ap_m.mean()))
    figure = Figure(figsize=(11, 6), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1, 1.05))[0]
    _stabilogram(left.subplots(), track_mm, found, with_errors)
    over_time, spectrum = right.subplots(2)
    time_s = np.arange(len(track_mm)) / rate_hz
    for values_mm, colour, name in zip(track_mm.T, (MEASURED, ASKED), ("sideways (ML)", "ahead (AP)"), strict=True):
        over_time.plot(time_s, values_mm, color=colour, linewidth=1, label=name)
    over_time.set(title="Over time", xlabel="seconds", ylabel="mm")
    over_time.legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0.0)
    _spectrum(spectrum, track_mm, rate_hz, found)
    return figure


def _stabilogram(axes: Axes, track_mm: Array, found: Sway, with_errors: bool) -> None:
    axes.plot(*track_mm.T, color=MEASURED, linewidth=0.8, alpha=0.85)
    if math.isfinite(found.ellipse_minor_m):
        turn, lean = np.linspace(0, 2 * np.pi, 200), math.radians(found.principal_direction_deg)
        long, short = 1000 * found.ellipse_major_m * np.cos(turn), 1000 * found.ellipse_minor_m * np.sin(turn)
        right, ahead = long * math.sin(lean) + short * math.cos(lean), long * math.cos(lean) - short * math.sin(lean)
        axes.plot(right, ahead, color=INK, linewidth=1.4, linestyle="--")
    axes.set_aspect("equal", adjustable="datalim")

    def value(name: str, factor: float, decimals: int) -> str:
        number = getattr(found, name)
        error = definitions(Sway)[name].half_width(number) if with_errors else None
        return f"{factor * number:.{decimals}f}" + (f" ± {factor * error:.{decimals}f}" if error else "")

    lines = (
        f"Mean velocity {value('mean_velocity_mps', 1e3, 1)} mm/s",
        f"RMS sideways {value('rms_ml_m', 1e3, 1)} mm, ahead {value('rms_ap_m', 1e3, 1)} mm",
        f"95 % prediction ellipse (dashed) {value('ellipse_area_m2', 1e6, 0)} mm²",
    )
    axes.set(title="From above", xlabel="to the right (mm)\n\n" + "\n".join(lines), ylabel="ahead (mm)")


def _spectrum(axes: Axes, track_mm: Array, rate_hz: float, found: Sway) -> None:
    axes.set(title="Spectrum")
    if math.isnan(found.f95_hz):
        axes.set_axis_off()
        axes.text(0, 0.9, f"None: {found.why['f95_hz']}", va="top", color=SOFT_INK, transform=axes.transAxes)
        return
    frequency_hz, power = sway_spectrum.band_power(track_mm, rate_hz)
    for density, colour in zip(power.T, (MEASURED, ASKED), strict=True):
        axes.plot(frequency_hz, density, color=colour, linewidth=1.2)
    axes.set(xlabel="Hz", ylabel="mm²/Hz", xlim=(0, max(2.0, 1.7 * found.f95_hz)), ylim=(0, None))
    for value_hz, words, height in ((found.f50_hz, "half of the power", 0.9), (found.f95_hz, "95 %", 0.7)):
        axes.axvline(value_hz, color=INK, linestyle="--", linewidth=1)
        place = axes.get_xaxis_transform()
        axes.text(value_hz, height, f" {words} up to {value_hz:.2f} Hz", transform=place, bbox=BEHIND)


def reach_picture(stars: Mapping[str, Sequence[Ray]], profiles: Sequence[Profile], title: str) -> Figure:
    """How far each hand was seen to go in each direction, seen from above, and the speed of its reaches."""
    figure = Figure(figsize=(11, 5.4) if stars else (7, 4.5), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold")
    if not stars:
        _profiles(figure.subplots(), profiles)
        return figure
    left, right = figure.subfigures(1, 2, squeeze=False)[0]
    _star(left.add_subplot(projection="polar"), stars)
    _profiles(right.subplots(), profiles)
    return figure


def _star(axes: Any, stars: Mapping[str, Sequence[Ray]]) -> None:
    axes.set(theta_zero_location="N", theta_direction=-1, rlabel_position=157)
    axes.set_title("Reach from the shoulder, seen from above (cm)", pad=22)
    for (name, rays), colour, aside_deg in zip(stars.items(), (MEASURED, ASKED), (-ASIDE_DEG, ASIDE_DEG), strict=False):
        directions = np.radians([ray.direction_deg + aside_deg for ray in rays])
        lengths_cm = [100 * ray.reach_m for ray in rays]
        axes.vlines(directions, 0, lengths_cm, color=colour, linewidth=1.8, alpha=0.7)
        axes.scatter(directions, lengths_cm, color=colour, s=30, label=name, zorder=3)
    axes.set_thetagrids(range(0, 360, 45), ("ahead", "", "right", "", "behind", "", "left", ""))
    axes.legend(frameon=False, loc="lower left", bbox_to_anchor=(-0.12, -0.12))


def _profiles(axes: Axes, profiles: Sequence[Profile]) -> None:
    if not profiles:
        axes.set_axis_off()
        axes.text(0, 0.9, "No reach from rest to rest was seen.", va="top", color=SOFT_INK, transform=axes.transAxes)
        return
    names = list(dict.fromkeys(profile.name for profile in profiles))
    few = len(profiles) <= FEW
    for profile in profiles:
        colour = COLOURS[names.index(profile.name) % len(COLOURS)]
        axes.plot(profile.time_s, profile.speed_mps, color=colour, linewidth=1.4, alpha=1.0 if few else 0.4)
        if few:
            axes.axvline(profile.offset_s, color=colour, linestyle="--", linewidth=1)
    for number, name in enumerate(names):
        axes.plot([], [], color=COLOURS[number % len(COLOURS)], label=name)
    axes.set(title=f"Speed, {len(profiles)} reach{'es' * (len(profiles) != 1)}", ylabel="m/s")
    axes.set_xlabel("seconds from onset" + ("; dashed: onset and offset" if few else ""))
    axes.axvline(0, color=INK, linestyle="--", linewidth=1)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
