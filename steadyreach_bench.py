"""Benches: what it costs, beside what one would use instead, measured in the same run.

Each row is `name, value, unit`, mostly a bound (`at_most` or `at_least`), the `peer` it is held against, and whether it
`holds`. Times are the best of several tries, because this computer has other things to do.
"""

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import zstandard

import steadyreach_visits as visits
from engine import recording
from engine.body import estimate, upright
from engine.parameters import ParameterError
from engine.plan import About
from engine.records import Stance
from engine.simulated import SimulatedHeadset

STARTED_AT = "2026-01-05T09:00:00+00:00"
TRIES = 3

Row = dict[str, Any]


def simulate(sessions: int, seed: int, folder: Path, preset: str = "standard") -> dict[str, Any]:
    """Play whole sessions with simulated patients, closed loop and recorded; what came of them, and how fast."""
    steps_of = ["fruit_ladder", "harbour_lean"]
    frames, started, done = 0, time.perf_counter(), []
    for number in range(sessions):
        holds = visits.resolved(preset)
        plan = visits.plan(f"simulated-{seed + number}", visits.steps_for(steps_of, holds), holds, seed + number)
        headset = SimulatedHeadset(seed=seed + number)
        about = About(f"simulated-{seed + number}", STARTED_AT, visits.SOFTWARE)
        session, where = visits.play(plan, headset, folder, about)
        summary = visits.summary(session, where)
        frames += summary["frames"]  # type: ignore[operator] # a count
        done.append(summary)
    seconds = time.perf_counter() - started
    return {"sessions": done, "frames": frames, "seconds": round(seconds, 3), "frames_per_second": frames / seconds}


def run(chosen: list[str]) -> list[Row]:
    """The rows of the benches asked for, or of all that run anywhere; raises ParameterError for an unknown one.

    `xr` needs a runtime and `games` OpenGL, and they raise HeadsetUnavailable where there is none.
    """
    for name in chosen:
        if name not in BENCHES:
            raise ParameterError(f"there is no bench {name!r}; the benches are {', '.join(BENCHES)}")
    return [found for name in chosen or ANYWHERE for found in BENCHES[name]()]


def row(name: str, value: float, unit: str, peer: str, **bound: float) -> Row:
    """What was measured, held against its bound: `at_most`, `at_least`, or none when it is there to compare with."""
    holds = bound.get("at_least", -math.inf) <= value <= bound.get("at_most", math.inf)
    return {"name": name, "value": round(value, 4), "unit": unit, **bound, "peer": peer, "holds": bool(holds)}


def line(row: Row) -> str:
    """A row for people."""
    told = [f"{words} {row[key]:g}" for key, words in (("at_most", "at most"), ("at_least", "at least")) if key in row]
    bound, holds = "".join(told), ("holds" if row["holds"] else "DOES NOT HOLD") if told else ""
    return f"{row['name']:39} {row['value']:12,.3f} {row['unit']:14} {bound:18} {holds:14} {row['peer']}"


def _loop() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        rates = [simulate(1, seed, Path(folder))["frames_per_second"] for seed in range(TRIES)]
    peer = "a 90 Hz headset needs 90"
    return [row("headless frames per second", max(rates), "frames/s", peer, at_least=20_000.0)]


def _recording() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        simulate(1, 0, folder)
        rows = recording.read(folder / "simulated-0" / "frames.vrec").rows
        packed = [bytes(row) for row in rows.view((np.void, recording.FRAME.itemsize))]
        ours_s, ours_bytes = _best(lambda: _write(packed, folder / "ours.vrec"))
    peer_s, peer_bytes = _best(lambda: _peer_write(rows))
    peer = "msgpack rows, one zstd-3 stream"
    return [
        row("recording size", ours_bytes / peer_bytes, "of the peer", peer, at_most=0.85),
        row("recording time", ours_s / peer_s, "of the peer", peer, at_most=1.0),
    ]


def _body() -> list[Row]:
    frames = [frame for frame, _ in zip(SimulatedHeadset().frames(), range(2000), strict=False)]
    reference = upright(Stance((0.0, 1.6, 0.0), 0.0))
    ours_s, _ = _best(lambda: float(len([estimate(frame, reference, 0.0, 0.01) for frame in frames])))
    peer_s, _ = _best(
        lambda: float(len([_with_arrays(frame.head.position_m, frame.head.orientation) for frame in frames]))
    )
    return [row("body from a frame", ours_s / peer_s, "of the peer", "the same with numpy arrays", at_most=0.5)]


def _best(work: Callable[[], float]) -> tuple[float, float]:
    times, result = [], 0.0
    for _ in range(TRIES):
        started = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - started)
    return min(times), result


def _write(packed: list[bytes], path: Path) -> float:
    with recording.Writer(path, {}) as writer:
        for row in packed:
            writer.write(row)
    return float(writer.bytes)


def _peer_write(rows: np.ndarray) -> float:
    packer = msgpack.Packer(use_single_float=True)
    with (
        tempfile.TemporaryFile() as file,
        zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as stream,
    ):
        for row in rows.tolist():
            stream.write(packer.pack(row))
        stream.flush(zstandard.FLUSH_FRAME)
        return float(file.tell())


def _with_arrays(position_m: tuple[float, ...], orientation: tuple[float, ...]) -> float:
    position, (x, y, z, w) = np.array(position_m), np.array(orientation)
    ahead = np.array([-2 * (x * z + w * y), -2 * (y * z - w * x), 2 * (x * x + y * y) - 1])
    moved = position - np.array([0.0, 1.6, 0.0])
    lean = np.degrees(np.arctan2([-moved[2], moved[0]], position[1]))
    return float(lean[0] + ahead[2])


def _xr() -> list[Row]:
    import steadyreach_bench_xr  # it draws, which the others do without

    return steadyreach_bench_xr.run()


def _measures() -> list[Row]:
    import steadyreach_bench_measures  # its peers take seconds to import

    return steadyreach_bench_measures.run()


def _adaptation() -> list[Row]:
    import steadyreach_bench_adaptation  # two minutes of simulated people

    return steadyreach_bench_adaptation.run(row)


def _preview() -> list[Row]:
    import steadyreach_previewing as previewing

    with tempfile.TemporaryDirectory() as folder:
        simulate(1, 1, Path(folder))
        record = previewing.record_in(Path(folder) / "simulated-1")
    both_s, _ = _best(lambda: float(previewing.previewed(record, "push", "standard").sessions))
    return [row("preview of two presets", 1000 * both_s, "ms", "a slider that is followed", at_most=150.0)]


def _games() -> list[Row]:
    import steadyreach_bench_games  # it draws, which the others do without

    return steadyreach_bench_games.run(row)


def _lives() -> list[Row]:
    import steadyreach_bench_lives  # ten minutes of simulated people

    return steadyreach_bench_lives.run(row)


BENCHES: dict[str, Callable[[], list[Row]]] = {
    "loop": _loop,
    "recording": _recording,
    "body": _body,
    "measures": _measures,
    "adaptation": _adaptation,
    "preview": _preview,
    "games": _games,
    "lives": _lives,
    "xr": _xr,
}
ANYWHERE = ("loop", "recording", "body", "measures", "adaptation", "preview")
