"""Other people's recordings: read as a second reader reads them, refused in words when cut or foreign."""

import gzip
import math
import struct
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import bsor
from engine.recording import FRAME, RecordingUnreadable
from engine.replay import read_rows

BEGINNING = struct.pack("<iBB", bsor.MAGIC, 1, bsor.INFO)
POSE_SIGNS = {"x_m": 1, "y_m": 1, "z_m": -1, "qx": -1, "qy": -1, "qz": 1, "qw": 1}
SETTINGS = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def text(content: bytes = b"text") -> bytes:
    return struct.pack("<i", len(content)) + content


def a_replay(*frames: tuple[float, ...], section: int = bsor.FRAMES, count: int | None = None) -> bytes:
    """A replay of frames, each of time and 21 numbers, with more sections to come after them."""
    info = text() * 13 + struct.pack("<i", 1000) + text() * 3 + bytes(21)
    body = b"".join(struct.pack("<fi21f", frame[0], 90, *frame[1:]) for frame in frames)
    return BEGINNING + info + struct.pack("<Bi", section, len(frames) if count is None else count) + body + b"\x02rest"


FRAMES = [(0.011 * i, *(0.01 * i + j for j in range(21))) for i in range(5)]
FOREIGN = {
    "empty": (b"", "it holds 0 bytes"),
    "zip": (b"PK\x03\x04 a zip file", "it begins with 50 4b 03 04 20 61"),
    "version 2": (struct.pack("<iBB", bsor.MAGIC, 2, 0) + bytes(99), "it begins with"),
    "negative text": (BEGINNING + struct.pack("<i", -5) + bytes(99), "a text of -5 bytes"),
    "endless text": (BEGINNING + struct.pack("<i", 10**9) + bytes(99), "a text of 1000000000 bytes"),
    "other section": (a_replay(*FRAMES, section=7), "section 7"),
    "negative count": (a_replay(*FRAMES, count=-1), "frames"),
    "no time": (a_replay((math.nan, *[0.0] * 21)), "time"),
    "endless time": (a_replay((1e30, *[0.0] * 21)), "time"),
}


def written(folder: Path, content: bytes) -> Path:
    path = folder / "replay.bsor"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", ["simsaber_motion", "simsaber_bang"])
def test_a_real_replay_reads_as_the_table_made_from_it_by_another_reader(data: Path, name: str) -> None:
    rows = bsor.read(data / "vr_beatsaber" / f"{name}.bsor")
    with gzip.open(data / "vr_beatsaber" / f"{name}.csv.gz") as file:
        table = np.loadtxt(file, delimiter=",", skiprows=1)
    assert len(rows) == len(table)
    assert rows["time_ns"] * 1e-9 == pytest.approx(table[:, 0], abs=1e-6)
    ours = [rows[f"{device}_{part}"] for device in ("head", "left", "right") for part in POSE_SIGNS]
    signs = np.array(list(POSE_SIGNS.values()) * 3)
    assert np.allclose(np.stack(ours, axis=1), table[:, 2:] * signs, atol=1e-6)


def test_a_made_up_replay_reads_as_it_was_made(tmp_path: Path) -> None:
    rows = bsor.read(written(tmp_path, a_replay(*FRAMES)))
    assert (len(rows), rows.dtype) == (5, FRAME)
    assert rows["time_ns"][3] == pytest.approx(33_000_000, abs=10)
    assert rows["left_z_m"][3] == pytest.approx(-(0.03 + 9))
    assert rows["right_qw"][3] == pytest.approx(0.03 + 20)


def test_every_pose_counts_as_seen_and_the_headset_as_worn(tmp_path: Path) -> None:
    assert set(bsor.read(written(tmp_path, a_replay(*FRAMES)))["flags"]) == {0b1111111}


def test_a_replay_cut_anywhere_before_its_last_frame_is_refused_by_name(tmp_path: Path) -> None:
    whole = a_replay(*FRAMES)
    for length in range(len(whole) - len(b"\x02rest")):
        path = written(tmp_path, whole[:length])
        with pytest.raises(RecordingUnreadable, match=r"replay\.bsor"):
            bsor.read(path)


@pytest.mark.parametrize("share", [0.0, 1e-5, 0.001, 0.1, 0.5, 0.9])
def test_a_real_replay_that_is_cut_short_is_refused_by_name(replay_file: Path, tmp_path: Path, share: float) -> None:
    content = replay_file.read_bytes()
    path = written(tmp_path, content[: int(share * len(content))])
    with pytest.raises(RecordingUnreadable, match=r"replay\.bsor is"):
        read_rows(path)


@pytest.mark.parametrize(("content", "said"), FOREIGN.values(), ids=FOREIGN)
def test_foreign_bytes_are_refused_with_the_reason(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(RecordingUnreadable, match=f"is not a Beat Saber replay.*{said}"):
        bsor.read(written(tmp_path, content))


def test_more_frames_than_the_file_holds_are_a_file_cut_short(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match="cut short"):
        bsor.read(written(tmp_path, a_replay(*FRAMES, count=2**31 - 1)))


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(RecordingUnreadable, match=r"nobody\.bsor cannot be read"):
        bsor.read(tmp_path / "nobody.bsor")


@SETTINGS
@given(st.binary(max_size=300), st.integers(0, 25))
def test_no_bytes_after_the_magic_raise_anything_else(tmp_path: Path, noise: bytes, texts: int) -> None:
    path = written(tmp_path, BEGINNING + text() * texts + noise)
    with suppress(RecordingUnreadable):
        assert bsor.read(path).dtype == FRAME


@SETTINGS
@given(st.binary(min_size=92, max_size=92))
def test_no_frame_of_noise_raises_anything_else(tmp_path: Path, noise: bytes) -> None:
    path = written(tmp_path, a_replay(count=1).removesuffix(b"\x02rest") + noise)
    with suppress(RecordingUnreadable):
        assert len(bsor.read(path)) == 1
