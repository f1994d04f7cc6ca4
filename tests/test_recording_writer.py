"""Writing a recording beside a session: never in its way, whatever the disk does, and the same file every time."""

import errno
import hashlib
import os
import threading
import time
from itertools import islice
from pathlib import Path
from typing import NoReturn

import pytest
from recordings import walked

from engine import recording
from engine.frame import Frame
from engine.recording import ROWS_PER_BLOCK, RecordingUnwritten, Writer, pack
from engine.simulated import SimulatedHeadset
from engine.vrec import writing
from engine.vrec.blocks import BlockFile


def _write(writer: Writer, frames: list[Frame], pause_s: float = 0.0) -> None:
    for number, frame in enumerate(frames):
        writer.write(pack(frame), frame.devices)
        if number % 40 == 0:
            writer.event(number / 90, "noted")
            time.sleep(pause_s)


def _write_on(writer: Writer, frames: list[Frame], pause_s: float) -> NoReturn:
    while True:
        _write(writer, frames, pause_s)


@pytest.fixture(scope="module")
def given() -> list[Frame]:
    return list(islice(walked(), 450))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A disk that takes no block until this is set."""
    gate, append = threading.Event(), BlockFile.append
    monkeypatch.setattr(BlockFile, "append", lambda *given: (gate.wait(), append(*given))[1])
    return gate


def test_the_same_frames_make_the_same_file_whatever_the_time_they_take(given: list[Frame], tmp_path: Path) -> None:
    for name, pause_s in (("at once", 0.0), ("slowly", 0.02)):
        with Writer(tmp_path / name, {"session": "a"}) as writer:
            _write(writer, given, pause_s)
    assert (tmp_path / "at once").read_bytes() == (tmp_path / "slowly").read_bytes()


def test_the_hash_and_the_size_are_those_of_the_file(given: list[Frame], tmp_path: Path) -> None:
    with Writer(tmp_path / "a.vrec", {}) as writer:
        _write(writer, given)
    content = (tmp_path / "a.vrec").read_bytes()
    assert (writer.sha256, writer.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert writer.rows == len(given)


def test_whoever_gives_frames_waits_for_no_disk(given: list[Frame], gate: threading.Event, tmp_path: Path) -> None:
    writer = Writer(tmp_path / "a.vrec", {})
    _write(writer, given)
    assert writer.rows == 0
    gate.set()
    writer.close()
    assert len(recording.read(tmp_path / "a.vrec").rows) == len(given)


def test_whoever_gives_frames_faster_than_the_disk_takes_them_waits_then(
    gate: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "MOST_WAITING", 2)
    (frame,), writer = islice(SimulatedHeadset().frames(), 1), Writer(tmp_path / "a.vrec", {})
    filling = threading.Thread(target=lambda: [writer.write(pack(frame)) for _ in range(10 * ROWS_PER_BLOCK)])
    filling.start()
    filling.join(0.2)
    assert filling.is_alive()
    assert len(writer._waiting) == 2
    gate.set()
    filling.join()
    writer.close()
    assert writer.rows == 10 * ROWS_PER_BLOCK


def test_a_disk_that_takes_nothing_for_too_long_ends_the_recording(
    given: list[Frame], gate: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE_S", 0.1)
    writer = Writer(tmp_path / "a.vrec", {})
    with pytest.raises(RecordingUnwritten, match=r"the disk took nothing for 0\.1 s.*a\.vrec") as caught:
        _write_on(writer, given, 0.02)
    assert caught.value.errno == errno.ETIMEDOUT
    writer.close()
    gate.set()


@pytest.mark.parametrize("frames", [ROWS_PER_BLOCK, ROWS_PER_BLOCK + 10])
def test_what_a_disk_takes_after_it_was_given_up_is_not_in_the_file(
    frames: int, given: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, append = threading.Event(), BlockFile.append
    monkeypatch.setattr(BlockFile, "append", lambda *given: (append(*given), gate.wait())[0])
    monkeypatch.setattr(writing, "PATIENCE_S", 0.1)
    writer = Writer(tmp_path / "a.vrec", {})
    _write(writer, given[:frames])
    with pytest.raises(RecordingUnwritten):
        writer.close()
    described = writer.bytes, writer.sha256, writer.rows
    gate.set()
    writer._thread.join()
    content = (tmp_path / "a.vrec").read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest(), 0) == described
    assert (writer.bytes, writer.sha256, writer.rows) == described


def test_a_disk_that_takes_nothing_when_all_is_written_is_told_by_close(
    given: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(BlockFile, "settle", lambda _: gate.wait())
    monkeypatch.setattr(writing, "PATIENCE_S", 0.1)
    writer = Writer(tmp_path / "a.vrec", {})
    _write(writer, given[:10])
    with pytest.raises(RecordingUnwritten, match="the disk took nothing"):
        writer.close()
    gate.set()


def test_a_disk_that_takes_nothing_at_the_end_is_told_by_close(
    given: list[Frame], gate: threading.Event, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "PATIENCE_S", 0.1)
    writer = Writer(tmp_path / "a.vrec", {})
    _write(writer, given[:10])
    with pytest.raises(RecordingUnwritten, match="the disk took nothing"):
        writer.close()
    gate.set()


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no limit on the size of a file")
@pytest.mark.parametrize("room", [3_000, 12_000, 20_000])
def test_a_full_disk_leaves_whole_blocks_and_is_told_once(given: list[Frame], room: int, tmp_path: Path) -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        writer = Writer(tmp_path / "full.vrec", {})
        with pytest.raises(RecordingUnwritten, match=r"No space left|File too large") as caught:
            _write_on(writer, given, 0.01)
        writer.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno in (errno.EFBIG, errno.ENOSPC)
    found = recording.read(tmp_path / "full.vrec")
    assert found.note.startswith("cut off after")
    assert "belong to no" not in found.note
    assert len(found.rows) == writer.rows < room


def test_a_disk_that_refuses_the_last_block_is_told_by_close(
    given: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", refuse)
    writer = Writer(tmp_path / "a.vrec", {})
    _write(writer, given)
    with pytest.raises(RecordingUnwritten, match="Input/output error"):
        writer.close()


def test_a_fault_of_the_thread_ends_the_recording(
    given: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    monkeypatch.setattr(writing.columns, "packed", lambda _: 1 / 0)
    writer = Writer(tmp_path / "a.vrec", {})
    with pytest.raises(RecordingUnwritten, match="its thread ended"):
        _write_on(writer, given, 0.01)
    writer.close()
    assert len(recording.read(tmp_path / "a.vrec").rows) == 0


def test_what_is_given_is_on_the_disk_now_and_then_and_at_the_end(
    given: list[Frame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(writing, "SETTLE_S", 0.0)
    monkeypatch.setattr(os, "fsync", lambda file: sizes.append(os.fstat(file).st_size))
    with Writer(tmp_path / "a.vrec", {}) as writer:
        _write(writer, given)
    assert len(sizes) == len(given) // ROWS_PER_BLOCK + 1
    assert sizes[-1] == (tmp_path / "a.vrec").stat().st_size
