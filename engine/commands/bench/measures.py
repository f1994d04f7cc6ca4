"""Benches of the measures: what they cost after a trial and in a frame, beside other people's implementations.

The others come with `pip install steadyreach[bench-measures]`; where one is missing, its row is left out.
"""

import importlib
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy import signal

from engine.body import estimate, upright
from engine.commands.bench.rows import Row, row
from engine.figure import figure
from engine.metrics.balance import sway
from engine.metrics.reaching import reach
from engine.metrics.sway_dynamics import sample_entropy
from engine.records import Stance
from engine.simulated import SimulatedHeadset

RATE_HZ, SECONDS = 100.0, 60.0
ROUNDS = 15
ENTROPY_EVERY = 4  # sample entropy is told of 25 Hz
MINE = "the median of rounds, one core"


def run() -> list[Row]:
    """The rows of all measures."""
    return [*_sway(), *_reach(), *_figure()]


def _sway() -> Iterator[Row]:
    ml_m, ap_m = _stabilogram()
    whole_s = _median_s(lambda: sway(ml_m, ap_m, RATE_HZ))
    yield row("full sway set, 60 s at 100 Hz", 1e3 * whole_s, "ms", MINE, at_most=15.0)
    openbalance = _installed("openbalance.processing.kinematics", "openbalance.core.trial")
    if openbalance:
        kinematics, trials = openbalance

        def theirs() -> None:
            trial = trials.Trial(np.empty(0), RATE_HZ, [])
            trial.parameters = {"COP_x": 100 * ml_m, "COP_y": 100 * ap_m}
            kinematics.calculate_path_length(trial)
            kinematics.calculate_sway_areas(trial)

        peer = "openbalance: path and three areas only"
        yield row("full sway set", whole_s / _median_s(theirs), "of the peer", peer, at_most=15.0)
    slow = ap_m[::ENTROPY_EVERY].copy()  # in one piece, as numba wants it
    entropy_s = _median_s(lambda: sample_entropy(slow))
    name, radius = "sample entropy, 1500 samples", 0.2 * slow.std()
    for module in _installed("antropy"):
        theirs_s = _median_s(partial(module.sample_entropy, slow, 2, radius))
        yield row(name, entropy_s / theirs_s, "of the peer", "antropy, compiled by numba", at_most=8.0)
    for module in _installed("neurokit2"):
        theirs_s = _median_s(partial(module.entropy_sample, slow, 1, 2, tolerance=radius))
        yield row(name, entropy_s / theirs_s, "of the peer", "neurokit2", at_most=1.0)


def _reach() -> Iterator[Row]:
    time_s = np.arange(0, 2.2, 1 / 90) + np.random.default_rng(5).normal(0, 0.0005, 198)
    share = np.clip((time_s - 0.5) / 0.9, 0, 1)
    way = 10 * share**3 - 15 * share**4 + 6 * share**5
    place_m = np.outer(way, (0.1, 0.3, -0.3)) + np.random.default_rng(6).normal(0, 0.0002, (198, 3))
    reach_s = _median_s(lambda: reach(place_m, time_s, (0.1, 0.3, -0.3), 0.2))
    yield row("one reach, 2.2 s at 90 Hz", 1e3 * reach_s, "ms", MINE, at_most=1.0)


def _figure() -> Iterator[Row]:
    frames = [frame for frame, _ in zip(SimulatedHeadset().frames(), range(2000), strict=False)]
    person = upright(Stance((0.0, 1.6, 0.0), 0.0))
    bodies = [estimate(frame, person, 0.0, 0.011) for frame in frames]
    medians = []
    for _ in range(3):
        times = []
        for body in bodies:
            started = time.perf_counter()
            figure(body)
            times.append(time.perf_counter() - started)
        medians.append(statistics.median(times))
    peer = "the median frame, best of three"
    yield row("body of a frame, all derived", 1e6 * min(medians), "µs", peer, at_most=30.0)


def _stabilogram() -> tuple[np.ndarray, np.ndarray]:
    """Sway as of quiet standing: noise below 2 Hz, 4 mm ahead and 2.5 mm sideways."""
    noise = np.random.default_rng(3).normal(size=(round(SECONDS * RATE_HZ), 2)).cumsum(axis=0)
    slow = signal.sosfiltfilt(signal.butter(2, (0.1, 2.0), "bandpass", fs=RATE_HZ, output="sos"), noise, axis=0)
    ml_m, ap_m = (slow / slow.std(axis=0) * (0.0025, 0.004)).T
    return np.ascontiguousarray(ml_m), np.ascontiguousarray(ap_m)


def _installed(*names: str) -> list[Any]:
    """Modules of other people, none when one of them is not installed."""
    try:
        return [importlib.import_module(name) for name in names]
    except ImportError:
        return []


def _median_s(work: Callable[[], object]) -> float:
    work()  # what is compiled or remembered at first is not what a trial costs
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)
