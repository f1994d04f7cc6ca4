"""A picture of simulated lives: where their time goes, how much of it differs, and how often they succeed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

import games
from engine.commands.bench.living import Life
from engine.commands.drawing import ASKED, BODY, INK, MEASURED, SOFT_INK, SURFACE, styled, write

MEASURING, REST, TALKING = "measuring", "rests", "questions, choices, panels"
_OTHER: Mapping[str, str] = {"calibrate": MEASURING, "recheck": MEASURING, "rest": REST}
_COLOURS: Mapping[str, str] = {MEASURING: BODY, REST: "#e4e9e7", TALKING: "#f1ece0"}
_HUES = (MEASURED, ASKED, "#2a7f62", "#8a3b8f", "#1692a8", "#b3304a", "#8a8420", "#6b4a33")
LIGHTER = 0.5
SPREAD = 0.28  # of a row, by which dots are apart that would hide each other


def draw(lives: Sequence[Life], path: Path) -> None:
    """Draw the lives into a file, .svg or .png."""
    with styled():
        write(picture(lives), path)


def picture(lives: Sequence[Life]) -> Figure:
    """Time on task, variety and success; kinds of people from top to bottom, or presets."""
    figure = Figure(figsize=(12, 10.5), layout="constrained")
    figure.suptitle(f"{len(lives)} simulated sessions: every kind of person at every preset", x=0.01, ha="left",
                    fontweight="bold")  # fmt: skip
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 1.35))[:, 0]
    time, variety = above.subplots(1, 2, width_ratios=(1.5, 1))
    _time(time, lives)
    _variety(variety, lives)
    success, misses = below.subplots(1, 2, width_ratios=(1.5, 1))
    _success(success, lives)
    _of_games(misses, lives)
    return figure


def _time(axes: Axes, lives: Sequence[Life]) -> None:
    """Mean minutes by game, and for all else."""
    kinds = _named(lives, "kind")
    parts = [*games.names(), MEASURING, REST, TALKING]
    for number, some in enumerate(kinds.values()):
        left = 0.0
        for part in parts:
            minutes = float(np.mean([_minutes(life).get(part, 0.0) for life in some]))
            axes.barh(number, minutes, left=left, height=0.72, color=_colour(part), edgecolor=SURFACE, linewidth=0.8,
                      label=_title(part) if number == 0 else None)  # fmt: skip
            left += minutes
        axes.text(left + 0.1, number, f"{left:.0f}", va="center", color=SOFT_INK)
    _rows(axes, list(kinds))
    axes.set(title="Where the time goes", xlabel="minutes of a session, mean over presets")
    axes.legend(fontsize=8.5, ncols=5, loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False,
                columnspacing=1.2, handlelength=1.2)  # fmt: skip


def _variety(axes: Axes, lives: Sequence[Life]) -> None:
    """Different requests and directions of each session."""
    kinds = _named(lives, "kind")
    for number, some in enumerate(kinds.values()):
        _dots(axes, [life.variety for life in some], number - 0.16, MEASURED, "requests" if not number else None)
        _dots(axes, [life.directions for life in some], number + 0.2, ASKED, "directions" if not number else None)
    _rows(axes, list(kinds))
    axes.set(title="Different requests and directions", xlabel="in one session; a dot is a session, a bar the median")
    axes.set_xlim(left=0)
    axes.legend(fontsize=8.5, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.2), frameon=False)


def _success(axes: Axes, lives: Sequence[Life]) -> None:
    """The success that was set, and those that were had, by preset."""
    presets = _named(lives, "preset")
    for number, some in enumerate(presets.values()):
        shares = [_percent([reached for _, reached in life.requests]) for life in some if life.requests]
        _dots(axes, shares, number, MEASURED, "a session, and the median" if not number else None)
        target = 100 * some[0].target_success
        axes.plot([target, target], [number - 0.36, number + 0.36], color=ASKED, linewidth=3,
                  label="set by the preset" if not number else None)  # fmt: skip
    _rows(axes, list(presets))
    axes.set(title="Success", xlabel="of requests reached, warm-ups and easier ones after misses included (%)")
    axes.legend(fontsize=8.5, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12), frameon=False)


def _of_games(axes: Axes, lives: Sequence[Life]) -> None:
    """The success of each game that asks for limits."""
    asked = [name for name in games.names() if any(life.tries.get(name) for life in lives)]
    for number, name in enumerate(asked):
        some = [life.tries[name] for life in lives if life.tries.get(name)]
        _dots(axes, [_percent([reached for *_, reached in tries]) for tries in some], number, _colour(name), None)
    _rows(axes, [_title(name) for name in asked])
    axes.set(title="Success by game", xlabel="of requests reached in a session (%)")


def _dots(axes: Axes, values: Sequence[float], at: float, colour: str, label: str | None) -> None:
    apart = SPREAD * (np.arange(len(values)) / max(1, len(values) - 1) - 0.5)
    axes.plot(values, at + apart, "o", color=colour, markersize=4, alpha=0.55, markeredgewidth=0, label=label)
    middle = float(np.median(values)) if len(values) else 0.0
    axes.plot([middle, middle], [at - 0.2, at + 0.2], color=INK, linewidth=1.6)


def _percent(reached: Sequence[bool]) -> float:
    return 100 * sum(reached) / len(reached)


def _rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="y", visible=False)
    axes.set_axisbelow(True)


def _named(lives: Sequence[Life], what: str) -> dict[str, list[Life]]:
    found: dict[str, list[Life]] = {}
    for life in lives:
        found.setdefault(str(getattr(life, what)), []).append(life)
    return found


def _minutes(life: Life) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, seconds in life.spent_s.items():
        part = name if name in games.names() else _OTHER.get(name, TALKING)
        found[part] = found.get(part, 0.0) + seconds / 60
    return found


def _colour(part: str) -> str:
    """The colour of a part; games beyond as many as there are hues have lighter ones."""
    if part in _COLOURS:
        return _COLOURS[part]
    lighter, number = divmod(games.names().index(part), len(_HUES))
    red, green, blue = (1 - (1 - value) * LIGHTER**lighter for value in to_rgb(_HUES[number]))
    return to_hex((red, green, blue))


def _title(part: str) -> str:
    return games.load(part).title if part in games.names() else part
