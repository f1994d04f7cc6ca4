"""Whether what is shown belongs to the time at which it is seen, by a pose that is a known function of time."""

import itertools
import math
import struct
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import least_squares

from engine.openxr.headset import OpenXRHeadset
from tests.openxr.layers.rules import Rules
from tests.openxr.metrics import read_metrics
from tests.openxr.monado import Monado
from tests.openxr.watching import focused, frames_until, go_on
from tests.openxr.world import World

MOST_M = 1e-5
_POSE = struct.Struct("<4f3f")


def simulated(time_s: np.ndarray, start_s: float, yaw_rad: float, *middle_m: float) -> np.ndarray:
    """Where Monado's simulated headset is, by its source, in a space turned about the vertical: rows of x, y, z."""
    since_s = time_s - start_s
    aside, up = 0.1 * np.sin(since_s * math.pi / 4), 0.05 * np.sin(since_s * math.pi / 2)
    path: np.ndarray = np.stack([aside * math.cos(yaw_rad), up, aside * math.sin(yaw_rad)], axis=1) + middle_m
    return path


def head(eyes: list[bytes]) -> np.ndarray:
    """The middle between the eyes."""
    middle: np.ndarray = np.mean([_POSE.unpack_from(eye)[4:7] for eye in eyes], axis=0)
    return middle


def path_of(rules: Rules, start_ns: int) -> Callable[[np.ndarray], np.ndarray]:
    """The function of time by which the headset moves, from places that the runtime gives for times we choose."""
    times_ns = [start_ns + number * 100_000_000 for number in range(80)]
    told, times_s = np.array([head(rules.ask_eyes(time_ns)) for time_ns in times_ns]), np.array(times_ns) / 1e9

    def away_m(guess: np.ndarray) -> np.ndarray:
        return np.ravel(simulated(times_s, *guess) - told)

    guesses = [(float(start_s), 0.0, *told.mean(axis=0)) for start_s in range(8)]  # its period is 8 s
    best = min((least_squares(away_m, guess, xtol=1e-15, ftol=1e-15) for guess in guesses), key=lambda fit: fit.cost)
    assert abs(best.fun).max() < MOST_M / 10
    found = tuple(float(number) for number in best.x)
    return lambda time_s: simulated(time_s, *found)


def test_eyes_are_shown_where_they_are_when_the_image_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: Rules
) -> None:
    with closing(Monado(tmp_path / "runtime", driver="simulated")) as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        with closing(OpenXRHeadset(World)) as headset:
            frames_until(headset, focused)
            go_on(headset, 40)
            path = path_of(rules, rules.shown[-1].time_ns)
            shown = [frame for frame in rules.shown if frame.layers]
    times_s = np.array([frame.time_ns for frame in shown]) / 1e9
    places = np.array([head(frame.layers[-1].eyes) for frame in shown])
    assert abs(places - path(times_s)).max() <= MOST_M
    assert abs(places[1:] - path(times_s[:-1])).max() > 10 * MOST_M, "a frame too late would be seen"


def test_the_runtime_discards_no_frame_that_shows_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: Rules
) -> None:
    told = tmp_path / "metrics"
    with closing(Monado(tmp_path / "runtime", metrics=told)) as service:
        for name, value in service.environment.items():
            monkeypatch.setenv(name, value)
        with closing(OpenXRHeadset(World)) as headset:
            frames_until(headset, focused)
            go_on(headset, 40)
    made = read_metrics(told)
    assert [frame.discarded for frame in made] == [not frame.layers for frame in rules.shown]
    assert all(later.display_ns > earlier.display_ns for earlier, later in itertools.pairwise(made))
    assert all(0 < frame.woke_ns <= frame.begun_ns <= frame.delivered_ns for frame in made[:-1])
