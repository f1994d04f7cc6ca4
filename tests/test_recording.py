"""The recording: lossless, self-describing, and whole up to the last whole block whatever happens to the file."""

import errno
import hashlib
import math
from itertools import islice, pairwise
from pathlib import Path

import msgpack
import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import recording
from engine.frame import HAND_JOINTS, Button, Devices, Frame, Hand, Pose, Speed, Vector
from engine.recording import (
    DEVICES,
    FRAME,
    JOINTS,
    ROWS_PER_BLOCK,
    SOURCES,
    RecordingUnreadable,
    Writer,
    pack,
    pack_devices,
    pack_joints,
)
from engine.simulated import SimulatedHeadset

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
poses = st.builds(
    Pose, st.tuples(finite, finite, finite), st.tuples(finite, finite, finite, finite), st.booleans(), st.booleans()
)
hands = st.builds(Hand, poses, finite, finite)
vectors = st.tuples(finite, finite, finite)
speeds = st.none() | st.builds(Speed, vectors, vectors)
sources = st.sampled_from(SOURCES)
joints = st.none() | st.builds(lambda a, b: (a, b) * (HAND_JOINTS // 2), vectors, vectors)
devices = st.builds(Devices, *[speeds] * 3, *[poses] * 6, sources, sources, joints, joints)
frames = st.builds(
    Frame,
    st.integers(-(2**62), 2**62),
    poses,
    hands,
    hands,
    st.integers(0, int(~Button.NONE)),
    st.booleans(),
    st.none() | devices,
)


def _simulated(count: int) -> list[Frame]:
    return list(islice(SimulatedHeadset().frames(), count))


def _seen(frame: Frame) -> tuple[Vector, ...]:
    """The joints of a hand, all different."""
    return tuple((joint / 32, frame.head.position_m[1], -joint / 64) for joint in range(HAND_JOINTS))


def _walked(count: int) -> list[Frame]:
    """Frames of which two in three know more than head and hands; each hand is seen in some of these."""
    return [
        frame._replace(
            devices=Devices(
                waist=frame.head,
                left_source="emulated",
                left_joints_m=_seen(frame) if number % 2 else None,
                right_joints_m=_seen(frame) if number % 5 else None,
            )
        )
        if number % 3
        else frame
        for number, frame in enumerate(_simulated(count))
    ]


def _write(path: Path, count: int) -> bytes:
    return _written(path, _simulated(count))


def _written(path: Path, given: list[Frame]) -> bytes:
    with Writer(path, {"session": "a"}) as writer:
        for frame in given:
            writer.write(pack(frame), frame.devices)
    return path.read_bytes()


@given(frames)
def test_a_frame_comes_back_as_it_went_in(frame: Frame) -> None:
    beside = pack_devices(0, frame.devices) if frame.devices else b""
    hands = b"".join(pack_joints(0, frame.devices)) if frame.devices else b""
    tables = np.frombuffer(pack(frame), FRAME), np.frombuffer(beside, DEVICES), np.frombuffer(hands, JOINTS)
    assert list(recording.frames(*tables)) == [frame]


def test_a_joint_that_is_not_known_stays_unknown() -> None:
    unknown = Devices(left_joints_m=((math.nan,) * 3,) * HAND_JOINTS)
    (row,) = pack_joints(0, unknown)
    assert np.isnan(np.frombuffer(row, JOINTS)["place_m"]).all()


def test_a_file_holds_exactly_the_rows_written(tmp_path: Path) -> None:
    _write(tmp_path / "a.vrec", 1000)
    found = recording.read(tmp_path / "a.vrec")
    assert list(recording.frames(found.rows)) == _simulated(1000)
    assert (found.note, found.header["session"]) == ("", "a")


def test_a_file_holds_the_devices_of_the_frames_that_have_them(tmp_path: Path) -> None:
    _written(tmp_path / "a.vrec", _walked(1000))
    found = recording.read(tmp_path / "a.vrec")
    assert list(recording.frames(found.rows, found.devices, found.joints)) == _walked(1000)
    assert (len(found.devices), len(found.joints)) == (666, 333 + 533)


def test_a_file_of_the_format_before_joints_is_read(tmp_path: Path) -> None:
    content, path = _written(tmp_path / "new.vrec", _walked(2 * ROWS_PER_BLOCK)), tmp_path / "old.vrec"
    path.write_bytes(_as_format_2(content))
    found = recording.read(path)
    without = [
        frame._replace(devices=frame.devices and frame.devices._replace(left_joints_m=None, right_joints_m=None))
        for frame in _walked(2 * ROWS_PER_BLOCK)
    ]
    assert list(recording.frames(found.rows, found.devices, found.joints)) == without
    assert (found.note, len(found.joints)) == ("", 0)


def _as_format_2(content: bytes) -> bytes:
    """The same file as it was written before there were joints: two tables, and two counts in a block."""
    at, records = 5, []
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "little")
        records.append(content[at + 12 : at + 12 + length])
        at += 12 + length
    header = msgpack.unpackb(records[0])
    header["format"] = "steadyreach recording 2"
    del header["tables"]["joints"]
    written = [msgpack.packb(header)]
    for record in records[1:]:
        block = zstandard.ZstdDecompressor().decompress(record)
        rows, beside, _ = np.frombuffer(block, "<u4", 3).tolist()
        end = 12 + rows * FRAME.itemsize + beside * DEVICES.itemsize
        written.append(zstandard.ZstdCompressor().compress(block[:8] + block[12:end]))
    tagged = [len(r).to_bytes(4, "little") + hashlib.blake2b(r, digest_size=8).digest() + r for r in written]
    return b"VREC\x02" + b"".join(tagged)


def test_frames_without_devices_take_no_room_for_them(tmp_path: Path) -> None:
    _write(tmp_path / "a.vrec", 1000)
    found = recording.read(tmp_path / "a.vrec")
    assert (found.rows.itemsize, found.devices.nbytes) == (112, 0)


def test_the_header_tells_how_to_read_the_file_without_this_software(tmp_path: Path) -> None:
    content = _written(tmp_path / "a.vrec", _walked(ROWS_PER_BLOCK))
    length = int.from_bytes(content[5:9], "little")
    header = msgpack.unpackb(content[17 : 17 + length])
    block = zstandard.ZstdDecompressor().decompress(content[17 + length + 12 :])
    counts, at, tables = np.frombuffer(block, "<u4", 3), 12, []
    for count, described in zip(counts, header["tables"].values(), strict=True):
        planes = np.frombuffer(block, np.uint8, count * described["row_bytes"], at).reshape(-1, count)
        tables.append(planes.T.copy().reshape(-1).view([tuple(column) for column in described["columns"]]))
        at += planes.size
    assert list(tables[2]["place_m"][0, 25]) == [25 / 32, tables[0]["head_y_m"][1], -25 / 64]
    assert tables[0]["head_y_m"][1] == tables[1]["waist_y_m"][0] == np.float32(_walked(2)[1].head.position_m[1])
    assert (list(tables[1]["frame"][:3]), at) == ([1, 2, 4], len(block))


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.vrec", {}) as writer:
        writer.write(pack(_simulated(1)[0]))
    content = (tmp_path / "a.vrec").read_bytes()
    assert (writer.sha256, writer.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_file_cut_anywhere_gives_its_whole_blocks(tmp_path: Path) -> None:
    content, path = _write(tmp_path / "whole.vrec", 3 * ROWS_PER_BLOCK), tmp_path / "cut.vrec"

    def rows_left(length: int) -> int:
        path.write_bytes(content[:length])
        try:
            return len(recording.read(path).rows)
        except RecordingUnreadable:
            return 0

    steps = [(length, rows_left(length)) for length in range(0, len(content), 61)]
    grows = [range(at, end + 1) for (at, before), (end, after) in pairwise(steps) if before != after]
    each_byte = [[rows_left(length) for length in lengths] for lengths in grows]
    assert [(left[0], left[-1]) for left in each_byte] == [(0, ROWS_PER_BLOCK), (ROWS_PER_BLOCK, 2 * ROWS_PER_BLOCK)]
    assert all(set(left) == {left[0], left[-1]} and sorted(left) == left for left in each_byte)


def test_a_file_that_is_cut_gives_no_frame_without_its_devices(tmp_path: Path) -> None:
    content, path = _written(tmp_path / "whole.vrec", _walked(3 * ROWS_PER_BLOCK)), tmp_path / "cut.vrec"
    for length in range(len(content) // 2, len(content), 97):
        path.write_bytes(content[:length])
        found = recording.read(path)
        assert list(recording.frames(found.rows, found.devices, found.joints)) == _walked(len(found.rows))


def test_a_table_of_another_width_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "wide.vrec"
    with Writer(path, {"tables": {"frames": {"row_bytes": 120}}}):
        pass
    with pytest.raises(RecordingUnreadable, match=r"rows of \{'frames': 120\} bytes, this version reads"):
        recording.read(path)


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
