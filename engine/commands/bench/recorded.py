"""What a recording costs: bytes a second in both tiers beside MCAP and Parquet, and what it takes from a frame.

Sizes are of people who play fast with head and both hands, where their recordings are here, else of a simulated one.
Times are those of a loop at 90 Hz whose frames hold all devices and the joints of both hands.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import msgpack
import numpy as np
from numpy.typing import NDArray

from engine import recording
from engine.commands.bench.rows import Row, row
from engine.commands.simulating import simulate
from engine.formats import files, parquet
from engine.frame import HAND_JOINTS, Devices, Frame, Speed
from engine.recording import FRAME, Recorded, Writer, pack
from engine.simulated import SimulatedHeadset

RATE_HZ = 90
LIVE_FRAMES = 8 * RATE_HZ
LATE_MS = 1.0
BUSY = "another process writes and syncs all the time"
_CHUNK_BYTES = 8192
_SATURATING = """
import os, sys
while True:
    with open(sys.argv[1], "wb") as file:
        for _ in range(16):
            file.write(bytes(1 << 22))
            os.fsync(file.fileno())
"""


class Sizes(NamedTuple):
    """How many bytes the same frames take."""

    lossless: int
    archive: int
    parquet: int
    mcap: int


class Live(NamedTuple):
    """Of the frames of a loop how late each began; of every other one how long handing it over took, or was work."""

    late_ms: NDArray[np.float64]
    over_us: NDArray[np.float64]
    work_us: NDArray[np.float64]

    @property
    def late(self) -> int:
        """Frames that began more than a millisecond late."""
        return int((self.late_ms > LATE_MS).sum())


def run() -> list[Row]:
    """Bytes a second, and times of a frame."""
    with tempfile.TemporaryDirectory() as name:
        return [*_room(Path(name)), *_times(Path(name))]


def _room(folder: Path) -> list[Row]:
    found, of_whom = _recordings(folder)
    frames = [len(each.rows) for each in found]
    each = [_sizes(one, folder) for one in found]
    per_second = [RATE_HZ * sum(sizes) / sum(frames) for sizes in zip(*each, strict=True)]
    total = Sizes._make(per_second)
    worst = max(RATE_HZ * sizes.archive / count for sizes, count in zip(each, frames, strict=True))
    lossless, archive = "lossless recording", "archive of it"
    tables, mcap = "Parquet, zstd, byte planes", "MCAP, zstd, msgpack of 32-bit floats"
    return [
        row(lossless, total.lossless, "B/s", of_whom, at_most=6000.0),
        row(archive, total.archive, "B/s", of_whom, at_most=2000.0),
        row("archive of the one that takes most", worst, "B/s", of_whom),
        row(lossless, total.lossless / total.parquet, "of the peer", tables, at_most=1.0),
        row(archive, total.archive / total.parquet, "of the peer", tables, at_most=0.5),
        row(lossless, total.lossless / total.mcap, "of the peer", mcap, at_most=0.6),
        row(archive, total.archive / total.mcap, "of the peer", mcap, at_most=0.3),
    ]


def _recordings(folder: Path) -> tuple[list[Recorded], str]:
    from engine.commands.demo import find_recordings  # what a demo needs takes a while to import

    people = find_recordings()
    if not people:
        simulate(1, 0, folder)
        return [recording.read(folder / "simulated-0" / "frames.vrec")], "simulated: no recordings of people are here"
    read = [files.read(path, axes="unity") for path in sorted(people[0].parent.glob("*.csv.gz"))]
    found = [one for one in read if isinstance(one, Recorded)]
    return found, f"{len(found)} recordings of people, three poses at {RATE_HZ} Hz"


def _sizes(found: Recorded, folder: Path) -> Sizes:
    with Writer(folder / "lossless.vrec", {"session": "bench"}) as writer:
        for packed in found.rows.view((np.void, FRAME.itemsize)):
            writer.write(bytes(packed))
    recording.archive(folder / "lossless.vrec", folder / "archive.vrec")
    (table,) = parquet.write(folder / "frames.parquet", Recorded({}, found.rows))
    return Sizes(
        writer.bytes,
        (folder / "archive.vrec").stat().st_size,
        table.stat().st_size,
        _mcap(found.rows, folder / "f.mcap"),
    )


def _mcap(rows: np.ndarray, path: Path) -> int:
    """The bytes of frames as messages of msgpack, in chunks that lose a second when the file is cut."""
    from mcap.writer import Writer as McapWriter

    packer = msgpack.Packer(use_single_float=True)
    with path.open("wb") as file:
        writer: Any = McapWriter(file, chunk_size=_CHUNK_BYTES)
        writer.start()
        channel = writer.register_channel("/frames", "msgpack", 0)
        for number, (time_ns, *values) in enumerate(rows.tolist()):
            writer.add_message(channel, max(time_ns, 0), packer.pack(values), max(time_ns, 0), number)
        writer.finish()
    return path.stat().st_size


def _times(folder: Path) -> list[Row]:
    alone, beside = live(None), live(folder / "quiet.vrec")
    with saturated(folder / "other"):
        busy_alone, busy = live(None), live(folder / "busy.vrec")
    mean_us, median_us = float(np.mean(beside.over_us)), float(np.median(beside.over_us))
    call_us, longest_us = float(np.median(alone.over_us)), float(busy.over_us.max())
    return [
        row("handing a frame over, mean", mean_us - call_us, "µs", f"more than any call: {call_us:.1f}", at_most=2.0),
        row("handing a frame over, median", median_us - call_us, "µs", "the same", at_most=2.0),
        row("longest, of its own, disk busy", float(busy.work_us.max()), "µs", BUSY, at_most=1000.0),
        row("longest, of all, disk busy", longest_us, "µs", f"{busy_alone.over_us.max():.0f} of a call of nothing"),
        row("frames that began 1 ms late", beside.late, "frames", f"{alone.late} of {LIVE_FRAMES} without recording"),
        row("frames that began 1 ms late, disk busy", busy.late, "frames", f"{busy_alone.late} without recording"),
    ]


def live(path: Path | None) -> Live:
    """A loop at 90 Hz that takes frames from a headset, packs them and hands them over, as a session does."""
    late_ms, over_us, work_us = np.zeros((3, LIVE_FRAMES))
    frames, clock = _equipped(), time.perf_counter
    with Writer(path, {}) if path is not None else nullcontext() as writer:
        write, started_s = writer.write if writer is not None else _nothing, clock()
        for number in range(LIVE_FRAMES):
            due_s = started_s + (number + 1) / RATE_HZ
            time.sleep(max(0.0, due_s - clock()))
            late_ms[number] = 1e3 * (clock() - due_s)
            frame = next(frames)
            packed = pack(frame)
            now, found = (clock, over_us) if number % 2 else (time.thread_time, work_us)
            before_s = now()
            write(packed, frame.devices)
            found[number] = 1e6 * (now() - before_s)
    return Live(late_ms, over_us[1::2], work_us[::2])


def _nothing(_row: bytes, _devices: Devices | None) -> None:
    """What it costs to call anything at all after a pause."""


def _equipped() -> Iterator[Frame]:
    """Somebody simulated of whom everything is known that a headset can know."""
    for frame in SimulatedHeadset().frames():
        speed, joints = Speed(frame.head.position_m, frame.head.position_m), (frame.left.grip.position_m,) * HAND_JOINTS
        devices = Devices(
            *(speed, speed, speed),
            *(frame.head, frame.head, frame.head, frame.head, frame.head, frame.head),
            left_joints_m=joints,
            right_joints_m=joints,
        )
        yield frame._replace(devices=devices)


@contextmanager
def saturated(path: Path) -> Iterator[None]:
    """A disk that another process keeps busy."""
    other = subprocess.Popen([sys.executable, "-c", _SATURATING, str(path)])  # noqa: S603 # a program of ours
    try:
        time.sleep(1.0)
        yield
    finally:
        other.kill()
        other.wait()
