"""The recording: lossless, self-describing, and whole up to the last whole block whatever happens to the file."""

import errno
from pathlib import Path

import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import recording
from engine.frame import Button, Frame, Hand, Pose
from engine.recording import FRAME, ROWS_PER_BLOCK, RecordingUnreadable, Writer, pack
from engine.simulated import SimulatedHeadset

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
poses = st.builds(
    Pose, st.tuples(finite, finite, finite), st.tuples(finite, finite, finite, finite), st.booleans(), st.booleans()
)
hands = st.builds(Hand, poses, finite, finite)
frames = st.builds(
    Frame,
    st.integers(-(2**62), 2**62),
    poses,
    hands,
    hands,
    st.integers(0, int(Button.MENU | Button.STOP)),
    st.booleans(),
)


def _simulated(count: int) -> list[Frame]:
    return [frame for frame, _ in zip(SimulatedHeadset().frames(), range(count), strict=False)]


def _write(path: Path, count: int) -> bytes:
    with Writer(path, {"session": "a"}) as writer:
        for frame in _simulated(count):
            writer.write(pack(frame))
    return path.read_bytes()


@given(frames)
def test_a_frame_comes_back_as_it_went_in(frame: Frame) -> None:
    (again,) = recording.frames(np.frombuffer(pack(frame), FRAME))
    assert again == frame


def test_a_file_holds_exactly_the_rows_written(tmp_path: Path) -> None:
    _write(tmp_path / "a.vrec", 1000)
    found = recording.read(tmp_path / "a.vrec")
    assert list(recording.frames(found.rows)) == _simulated(1000)
    assert (found.note, found.header["session"]) == ("", "a")


def test_the_header_tells_how_to_read_the_file_without_this_software(tmp_path: Path) -> None:
    import zstandard

    content = _write(tmp_path / "a.vrec", ROWS_PER_BLOCK)
    length = int.from_bytes(content[5:9], "little")
    header = msgpack.unpackb(content[17 : 17 + length])
    planes = zstandard.ZstdDecompressor().decompress(content[17 + length + 12 :])
    table = np.frombuffer(planes, np.uint8).reshape(header["row_bytes"], -1).T.copy()
    rows = table.reshape(-1).view(np.dtype([tuple(column) for column in header["columns"]]))
    assert rows["head_y_m"][0] == np.float32(_simulated(1)[0].head.position_m[1])


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    import hashlib

    with Writer(tmp_path / "a.vrec", {}) as writer:
        writer.write(pack(_simulated(1)[0]))
    content = (tmp_path / "a.vrec").read_bytes()
    assert (writer.sha256, writer.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_file_cut_at_any_byte_gives_its_whole_blocks(tmp_path: Path) -> None:
    content = _write(tmp_path / "whole.vrec", 3 * ROWS_PER_BLOCK)
    path, before = tmp_path / "cut.vrec", 0
    for length in range(len(content)):
        path.write_bytes(content[:length])
        try:
            found = recording.read(path)
        except RecordingUnreadable:
            assert before == 0
            continue
        assert before <= len(found.rows) < 3 * ROWS_PER_BLOCK
        before = len(found.rows)
    assert before == 2 * ROWS_PER_BLOCK


def test_every_single_bit_flip_is_noticed(tmp_path: Path) -> None:
    content = _write(tmp_path / "whole.vrec", 2 * ROWS_PER_BLOCK)
    path = tmp_path / "flipped.vrec"
    for at in range(0, len(content), 37):
        path.write_bytes(content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :])
        try:
            found = recording.read(path)
        except RecordingUnreadable:
            continue
        assert found.note


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.vrec"
    for begin in (b"", recording.MAGIC):
        path.write_bytes(begin + content)
        with pytest.raises(RecordingUnreadable, match=r"foreign\.vrec"):
            recording.read(path)


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match=r"absent.vrec cannot be read: No such file"):
        recording.read(tmp_path / "absent.vrec")


@pytest.mark.skipif("sys.platform == 'win32'", reason="Windows has no limit on the size of a file")
def test_a_full_disk_leaves_whole_blocks(tmp_path: Path) -> None:
    import resource
    import signal

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (12_000, before[1]))
    try:
        with pytest.raises(OSError, match=r"No space left|File too large") as caught:
            _write(tmp_path / "full.vrec", 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert caught.value.errno in (errno.EFBIG, errno.ENOSPC)
    found = recording.read(tmp_path / "full.vrec")
    assert found.note == ""
    assert 0 < len(found.rows) < 1000
