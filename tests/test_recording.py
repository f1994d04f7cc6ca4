"""The recording: without loss, in both tiers, plain and sealed; files of every version that was released."""

import hashlib
import json
import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from recordings import walked, written

from engine import recording
from engine.commands.export import NotExported, export
from engine.frame import HAND_JOINTS, Button, Devices, Frame, Hand, Pose, Speed
from engine.keys import Keys
from engine.recording import (
    DEVICES,
    FRAME,
    JOINTS,
    ROWS_PER_BLOCK,
    SOURCES,
    RecordedEvent,
    RecordingUnreadable,
    Writer,
    pack,
    pack_devices,
    pack_joints,
)
from engine.sealing import Cipher, Recipient, new_cipher
from engine.simulated import SimulatedHeadset

RELEASED = Path(__file__).parent / "released"

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


def _walked(count: int) -> list[Frame]:
    return list(islice(walked(), count))


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
    found = recording.read(written(tmp_path / "a.vrec", _simulated(1000)))
    assert list(recording.frames(found.rows)) == _simulated(1000)
    assert (found.note, found.header["session"]) == ("", "a")


def test_a_file_holds_the_devices_of_the_frames_that_have_them(tmp_path: Path) -> None:
    found = recording.read(written(tmp_path / "a.vrec", _walked(1000)))
    assert list(recording.frames(*found[1:4])) == _walked(1000)
    assert (len(found.devices), len(found.joints)) == (666, 333 + 533)


def test_a_file_holds_the_events_between_the_frames(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.vrec", {}) as writer:
        writer.event(0.0, "began")
        for frame in _simulated(100):
            writer.write(pack(frame))
        writer.event(1.1, "stopped", "by the person")
    assert recording.read(tmp_path / "a.vrec").events == (
        RecordedEvent(0, 0.0, "began"),
        RecordedEvent(100, 1.1, "stopped", "by the person"),
    )


@pytest.mark.parametrize("name", ["recording-2.vrec", "recording-3.vrec", "recording-4.vrec", "archive-4.vrec"])
def test_a_file_of_every_released_version_is_read(name: str) -> None:
    found = recording.read(RELEASED / name)
    told = json.loads((RELEASED / "recordings.json").read_text())[name]
    tables = b"".join(table.tobytes() for table in found[1:4])
    assert (found.note, found.header["session"], len(found.events)) == ("", "released", told["events"])
    assert (len(found.rows), len(found.devices), len(found.joints)) == tuple(told["rows"])
    assert hashlib.sha256(tables).hexdigest() == told["sha256"]


@pytest.mark.parametrize("name", ["recording-2.vrec", "recording-3.vrec"])
def test_a_file_of_an_earlier_version_that_is_cut_or_damaged_gives_what_came_before(name: str, tmp_path: Path) -> None:
    content, path = (RELEASED / name).read_bytes(), tmp_path / name
    for at in range(4000, len(content), 97):
        path.write_bytes(content[:at])
        cut = recording.read(path)
        path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        flipped = recording.read(path)
        assert cut.note.startswith("cut off after") or not len(cut.rows) % ROWS_PER_BLOCK
        assert flipped.note
        assert len(flipped.rows) == len(cut.rows)


def test_frames_without_devices_take_no_room_for_them(tmp_path: Path) -> None:
    found = recording.read(written(tmp_path / "a.vrec", _simulated(1000)))
    assert (found.rows.itemsize, found.devices.nbytes) == (112, 0)


def test_the_hash_is_that_of_the_file(tmp_path: Path) -> None:
    with Writer(tmp_path / "a.vrec", {}) as writer:
        writer.write(pack(_simulated(1)[0]))
    content = (tmp_path / "a.vrec").read_bytes()
    assert (writer.sha256, writer.bytes) == (hashlib.sha256(content).hexdigest(), len(content))


def test_a_table_of_another_width_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "wide.vrec"
    with Writer(path, {"tables": {"frames": {"row_bytes": 120}}}):
        pass
    with pytest.raises(RecordingUnreadable, match=r"rows of \{'frames': 120\} bytes, this version reads"):
        recording.read(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300))
def test_foreign_bytes_are_refused_in_words(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign.vrec"
    for begin in (b"", *recording.READABLE):
        path.write_bytes(begin + content)
        with pytest.raises(RecordingUnreadable, match=r"foreign\.vrec"):
            recording.read(path)


def test_a_missing_file_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match=r"absent.vrec cannot be read: No such file"):
        recording.read(tmp_path / "absent.vrec")


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def cipher(keys: Keys) -> Cipher:
    return new_cipher([Recipient(*keys.make())])


def test_a_sealed_file_is_read_with_its_key(keys: Keys, cipher: Cipher, tmp_path: Path) -> None:
    found = recording.read(written(tmp_path / "a.vrec", _walked(200), cipher), keys)
    assert list(recording.frames(*found[1:4])) == _walked(200)
    assert (found.note, found.header["session"], found.events[0].name) == ("", "a", "paused")
    assert not {"sealed", "about"} & set(found.header)


def test_a_sealed_file_tells_nothing_of_the_person_without_its_key(cipher: Cipher, tmp_path: Path) -> None:
    with Writer(tmp_path / "a.vrec", {"session": "MARY"}, cipher) as writer:
        for frame in _simulated(100):
            writer.write(pack(frame))
        writer.event(1.0, "MARY")
    assert b"MARY" not in (tmp_path / "a.vrec").read_bytes()
    with pytest.raises(RecordingUnreadable, match=r"a\.vrec cannot be opened: it is sealed for .* no such key"):
        recording.read(tmp_path / "a.vrec", Keys(tmp_path / "none"))


def test_an_archive_is_smaller_and_holds_the_same_frames_events_and_header(tmp_path: Path) -> None:
    source, target = written(tmp_path / "a.vrec", _walked(2000)), tmp_path / "archive.vrec"
    recording.archive(source, target)
    whole, found = recording.read(source), recording.read(target)
    assert target.stat().st_size < 0.4 * source.stat().st_size
    assert (found.events, found.header["session"], found.note) == (whole.events, "a", "")
    assert all(
        np.array_equal(found[i][name], whole[i][name]) for i, name in [(1, "time_ns"), (2, "frame"), (3, "side")]
    )
    assert np.abs(found.rows["head_y_m"] - whole.rows["head_y_m"]).max() <= found.header["loss_at_most"]["m"]


def test_an_archive_is_sealed_where_there_is_a_cipher(keys: Keys, cipher: Cipher, tmp_path: Path) -> None:
    source = written(tmp_path / "a.vrec", _walked(200), new_cipher([Recipient(*keys.make())]))
    recording.archive(source, tmp_path / "archive.vrec", keys, cipher)
    assert len(recording.read(tmp_path / "archive.vrec", keys).rows) == 200
    with pytest.raises(RecordingUnreadable, match="it is sealed for"):
        recording.read(tmp_path / "archive.vrec", Keys(tmp_path / "none"))


def test_an_archive_tells_what_was_amiss_with_its_source(tmp_path: Path) -> None:
    source = written(tmp_path / "a.vrec", _walked(200))
    source.write_bytes(source.read_bytes()[:-5000])
    recording.write_archive(tmp_path / "archive.vrec", recording.read(source))
    assert recording.read(tmp_path / "archive.vrec").note == recording.read(source).note != ""


def test_a_recording_that_was_not_read_whole_is_not_put_in_an_archive(tmp_path: Path) -> None:
    source = written(tmp_path / "a.vrec", _walked(200))
    source.write_bytes(source.read_bytes()[:-5000])
    with pytest.raises(RecordingUnreadable, match="was not read whole: cut off after"):
        recording.archive(source, tmp_path / "archive.vrec")
    assert not (tmp_path / "archive.vrec").exists()


def test_an_archive_is_not_made_of_an_archive_nor_of_nothing(tmp_path: Path) -> None:
    source, target = written(tmp_path / "a.vrec", _walked(10)), tmp_path / "archive.vrec"
    recording.archive(source, target)
    with pytest.raises(RecordingUnreadable, match=r"archive\.vrec is an archive already"):
        recording.archive(target, tmp_path / "again.vrec")
    with pytest.raises(RecordingUnreadable, match=r"none\.vrec holds no whole block of frames"):
        recording.archive(written(tmp_path / "none.vrec", []), target)


def test_a_recording_is_exported_as_an_archive(tmp_path: Path) -> None:
    source = written(tmp_path / "a.vrec", _walked(200))
    assert export(source, tmp_path / "archive.vrec") == [tmp_path / "archive.vrec"]
    assert recording.read(tmp_path / "archive.vrec").header["tier"] == "archive"
    with pytest.raises(NotExported, match=r"archive\.vrec is an archive already"):
        export(tmp_path / "archive.vrec", tmp_path / "again.vrec")


def test_the_content_of_a_file_is_read_as_the_file_is_and_named_as_one_wants(tmp_path: Path) -> None:
    path = written(tmp_path / "a.vrec", islice(walked(), 200))
    assert recording.recorded(path.read_bytes(), "it").rows.tobytes() == recording.read(path).rows.tobytes()
    with pytest.raises(RecordingUnreadable, match=r"^it is not a recording"):
        recording.recorded(b"else", "it")
