"""What the loop costs: frames, and the body that is told from them.

Times are the best of several tries, because this computer has other things to do.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.body import estimate, upright
from engine.commands.bench.rows import Row, row
from engine.commands.simulating import simulate
from engine.records import Stance
from engine.simulated import SimulatedHeadset

TRIES = 3


def loop() -> list[Row]:
    """Frames a second of a whole session without a screen."""
    with tempfile.TemporaryDirectory() as folder:
        rates = [simulate(1, seed, Path(folder))["frames_per_second"] for seed in range(TRIES)]
    peer = "a 90 Hz headset needs 90"
    return [row("headless frames per second", max(rates), "frames/s", peer, at_least=20_000.0)]


def record() -> list[Row]:
    """Bytes and times of a recording."""
    from engine.commands.bench import recorded  # its peers take a while to import

    return recorded.run()


def body() -> list[Row]:
    """The time that it takes to tell a body from a frame."""
    frames = [frame for frame, _ in zip(SimulatedHeadset().frames(), range(2000), strict=False)]
    reference = upright(Stance((0.0, 1.6, 0.0), 0.0))
    ours_s, _ = best(lambda: float(len([estimate(frame, reference, 0.0, 0.01) for frame in frames])))
    peer_s, _ = best(
        lambda: float(len([_with_arrays(frame.head.position_m, frame.head.orientation) for frame in frames]))
    )
    return [row("body from a frame", ours_s / peer_s, "of the peer", "the same with numpy arrays", at_most=0.5)]


def best(work: Callable[[], float]) -> tuple[float, float]:
    """The seconds that the fastest of several tries took, and what the last one gave."""
    times, result = [], 0.0
    for _ in range(TRIES):
        started = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - started)
    return min(times), result


def _with_arrays(position_m: tuple[float, ...], orientation: tuple[float, ...]) -> float:
    position, (x, y, z, w) = np.array(position_m), np.array(orientation)
    ahead = np.array([-2 * (x * z + w * y), -2 * (y * z - w * x), 2 * (x * x + y * y) - 1])
    moved = position - np.array([0.0, 1.6, 0.0])
    lean = np.degrees(np.arctan2([-moved[2], moved[0]], position[1]))
    return float(lean[0] + ahead[2])
