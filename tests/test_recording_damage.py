"""A recording that was cut, flipped, reordered, spliced or made up: what is whole comes back, what is not is told."""

import re
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from recordings import SETTINGS, moving, walked, written

from engine import recording
from engine.keys import Keys
from engine.recording import ROWS_PER_BLOCK, Recorded, RecordingUnreadable, Writer
from engine.sealing import Cipher, Recipient, new_cipher
from engine.vrec import contents, gathering
from engine.vrec.blocks import LARGEST_BYTES, MAGIC, MARKER, BlockFile, BlockReader, Found, Kind, Tagging
from engine.vrec.contents import LOSSLESS, MOST_ROWS, Totals

CONTENTS = (b"", b"one", bytes(70), MARKER * 5)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return Keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module", params=["plain", "sealed"])
def cipher(request: pytest.FixtureRequest, keys: Keys) -> Cipher | None:
    return new_cipher([Recipient(*keys.make())]) if request.param == "sealed" else None


def _still(path: Path, count: int, cipher: Cipher | None = None) -> bytes:
    """A small file of somebody who does not move."""
    rows = moving(np.zeros(count, int))
    rows["time_ns"] = 11_111_111 * np.arange(count)
    with Writer(path, {"session": "a"}, cipher) as writer:
        for row in rows:
            writer.write(row.tobytes())
    return path.read_bytes()


def _reread(path: Path, content: bytes, keys: Keys | None = None) -> Recorded | None:
    """What a file of this content gives, None where its header is gone."""
    path.write_bytes(content)
    try:
        return recording.read(path, keys)
    except RecordingUnreadable:
        return None


def test_a_file_cut_at_any_byte_gives_every_whole_block(tmp_path: Path) -> None:
    content = _still(tmp_path / "whole.vrec", 3 * ROWS_PER_BLOCK)
    header_end, *ends = [match.start() for match in re.finditer(re.escape(MARKER), content)][1:5]
    between = range(header_end, ends[-1] + 40)  # every byte of the blocks; in header and copy every 23rd
    for length in sorted({*range(len(MAGIC), len(content), 23), *between}):
        found = _reread(tmp_path / "cut.vrec", content[:length])
        assert (found is None) == (length < header_end)
        if found is not None:
            assert len(found.rows) == ROWS_PER_BLOCK * sum(length >= end for end in ends)
            assert found.note.startswith("cut off after")


def test_every_bit_that_is_flipped_in_a_file_of_blocks_is_noticed(tmp_path: Path, cipher: Cipher | None) -> None:
    closing = cipher or Tagging()
    whole, content = _blocks(tmp_path / "whole", closing)
    assert BlockReader(content).found(closing) == whole
    for bit in range(8 * len(MAGIC), 8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        found = BlockReader(bytes(flipped)).found(closing)
        assert found.stray_bytes > 0
        assert len(found.blocks) >= len(whole.blocks) - 1


def _blocks(path: Path, closing: Cipher | Tagging) -> tuple[Found, bytes]:
    file = BlockFile(path, b"header", closing)
    for part in CONTENTS:
        file.append(Kind.EVENTS, part)
    file.end(b"end")
    file.close()
    content = path.read_bytes()
    return BlockReader(content).found(closing), content


def test_a_flip_in_a_recording_is_told_and_costs_one_block_at_most(
    tmp_path: Path, cipher: Cipher | None, keys: Keys
) -> None:
    content = _still(tmp_path / "whole.vrec", 3 * ROWS_PER_BLOCK, cipher)
    for at in range(0, len(content), 11):
        flipped = content[:at] + bytes([content[at] ^ 1 << at % 8]) + content[at + 1 :]
        found = _reread(tmp_path / "flipped.vrec", flipped, keys)
        assert (found is None) == (at < len(MAGIC))
        if found is not None:
            assert found.note
            assert len(found.rows) >= 2 * ROWS_PER_BLOCK


def test_a_damaged_block_is_named_with_what_it_held(tmp_path: Path) -> None:
    content = bytearray(_still(tmp_path / "whole.vrec", 5 * ROWS_PER_BLOCK))
    starts = [match.start() for match in re.finditer(re.escape(MARKER), content)]
    content[starts[2] + 9] ^= 1  # in the length of block 2
    content[starts[3] + 40] ^= 1  # in the content of block 3
    found = _reread(tmp_path / "damaged.vrec", bytes(content))
    assert found
    assert len(found.rows) == 3 * ROWS_PER_BLOCK
    assert found.note.startswith(
        "blocks 2 to 3 of 6 are damaged: 180 frames (about 2.0 s) are missing, the first of them after 90 frames; "
    )


def test_devices_and_events_keep_their_frames_when_a_block_before_them_is_gone(tmp_path: Path) -> None:
    given = list(islice(walked(), 4 * ROWS_PER_BLOCK))
    content = bytearray(written(tmp_path / "whole.vrec", given).read_bytes())
    starts = [match.start() for match in re.finditer(re.escape(MARKER), content)]
    content[starts[1] + 50] ^= 1
    found = _reread(tmp_path / "damaged.vrec", bytes(content))
    assert found
    assert list(recording.frames(*found[1:4])) == given[ROWS_PER_BLOCK:]
    assert [(event.frame, event.name) for event in found.events] == [(0, "paused")]


def test_a_header_that_is_damaged_is_read_from_its_copy(tmp_path: Path, cipher: Cipher | None, keys: Keys) -> None:
    content = bytearray(_still(tmp_path / "whole.vrec", 200, cipher))
    content[300] ^= 1
    found = _reread(tmp_path / "damaged.vrec", bytes(content), keys)
    assert found
    assert (len(found.rows), found.header["session"]) == (200, "a")
    assert found.note.startswith("the header is damaged and was read from its copy")


def _parts(content: bytes) -> list[bytes]:
    starts = [match.start() for match in re.finditer(re.escape(MARKER), content)]
    return [content[start:end] for start, end in zip([0, *starts[1:]], [*starts[1:], len(content)], strict=True)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda parts, _: [parts[0], parts[2], parts[1], *parts[3:]], "1 blocks stand twice, or out of their order"),
        (lambda parts, _: [*parts[:2], *parts[1:]], "1 blocks stand twice, or out of their order"),
        (lambda parts, _: [*parts[:2], *parts[3:]], "blocks 2 of 4 are damaged: 90 frames"),
        (lambda parts, other: [*parts[:2], other[2], *parts[3:]], "blocks 2 of 4 are damaged: 90 frames"),
        (lambda parts, other: [*parts, other[-1]], "bytes belong to no whole block"),
        (lambda parts, _: [*parts[:-1]], "cut off after 3 blocks, 270 frames"),
        (lambda parts, _: [*parts, b"more"], "4 bytes belong to no whole block"),
    ],
    ids=["reordered", "doubled", "taken out", "spliced", "another end", "no end", "more"],
)
def test_blocks_that_are_not_where_they_were_written_are_told(
    change: Callable[[list[bytes], list[bytes]], list[bytes]], words: str, tmp_path: Path
) -> None:
    parts = _parts(_still(tmp_path / "whole.vrec", 3 * ROWS_PER_BLOCK))
    with Writer(tmp_path / "other.vrec", {"session": "b"}) as writer:
        for row in moving(np.arange(3 * ROWS_PER_BLOCK)):
            writer.write(row.tobytes())
    other = _parts((tmp_path / "other.vrec").read_bytes())
    found = _reread(tmp_path / "changed.vrec", b"".join(change(parts, other)))
    assert found
    assert words in found.note


def _made(path: Path, *blocks: tuple[Kind, bytes]) -> Recorded:
    """A file of blocks that no Writer of ours wrote."""
    file = BlockFile(path, contents.header({}, LOSSLESS), Tagging())
    for kind, content in blocks:
        file.append(kind, content)
    file.end(msgspec.msgpack.encode(Totals(0, 0)))
    file.close()
    return recording.read(path)


def _counts(*numbers: int) -> bytes:
    return np.array(numbers, "<u4").tobytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        _counts(0, 1, 0, 0),
        _counts(0, MOST_ROWS + 1, 0, 0) + zstandard.compress(bytes(112 * (MOST_ROWS + 1))),
        _counts(0, 2**32 - 1, 2**32 - 1, 2**32 - 1) + zstandard.compress(bytes(99)),
        _counts(0, 90, 0, 0) + zstandard.compress(bytes(1 << 28)),
        _counts(0, 90, 0, 0) + zstandard.compress(bytes(112 * 90))[:-4],
        _counts(0, 1, 1, 0) + zstandard.compress(b"\xff" * (112 + 248)),
    ],
    ids=["empty", "nothing", "too many rows", "too many of all", "zstd bomb", "zstd cut off", "device of no frame"],
)
def test_a_block_that_nobody_wrote_is_told_and_takes_no_memory(content: bytes, tmp_path: Path) -> None:
    found = _made(tmp_path / "made.vrec", (Kind.FRAMES, content))
    assert len(found.rows) == 0
    assert found.note == "blocks 1 of 2 are damaged"


@pytest.mark.parametrize(
    "content",
    [b"\xc1", b"\x91" * 5000, b"\x01", msgspec.msgpack.encode([[0, "now", "paused", ""]]), b"\xdd\xff\xff\xff\xff"],
)
def test_events_that_are_none_are_told(content: bytes, tmp_path: Path) -> None:
    found = _made(tmp_path / "made.vrec", (Kind.EVENTS, content), (Kind.END, content))
    assert (found.events, found.note) == ((), "blocks 1 to 2 of 3 are damaged")


def test_a_file_that_grows_beyond_all_bounds_is_read_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _still(tmp_path / "a.vrec", 5 * ROWS_PER_BLOCK)
    monkeypatch.setattr(gathering, "LARGEST_TABLES_BYTES", 3 * ROWS_PER_BLOCK * 112 - 1)
    found = recording.read(tmp_path / "a.vrec")
    assert (len(found.rows), found.note) == (3 * ROWS_PER_BLOCK, "it is read as far as 0 MiB go, 270 frames")


def test_a_length_that_no_block_has_is_not_believed(tmp_path: Path) -> None:
    file = BlockFile(tmp_path / "a", b"header", Tagging())
    file.append(Kind.EVENTS, bytes(LARGEST_BYTES))
    file.append(Kind.EVENTS, b"after")
    file.close()
    found = BlockReader((tmp_path / "a").read_bytes()).found(Tagging())
    assert [block.content for block in found.blocks] == [b"after"]


edits = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 40), st.binary(max_size=40)), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """A recording of either tier, and those of before."""
    folder = tmp_path_factory.mktemp("files")
    source = written(folder / "a.vrec", islice(walked(), 100))
    recording.archive(source, folder / "archive.vrec")
    released = Path(__file__).parent / "released"
    paths = [source, folder / "archive.vrec", released / "recording-2.vrec", released / "recording-3.vrec"]
    return [path.read_bytes() for path in paths]


@SETTINGS
@given(edits, st.integers(0, 3))
def test_bytes_that_are_changed_taken_out_and_put_in_never_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, files: list[bytes], given: list[tuple[int, int, bytes]], which: int
) -> None:
    content = files[which]
    for at, length, other in given:
        at %= len(content)
        content = content[:at] + other + content[at + length :]
    found = _reread(tmp_path_factory.mktemp("fuzzed") / "a.vrec", content)
    assert found is None or found.note or content == files[which]


@SETTINGS
@given(edits, st.sampled_from([LOSSLESS, contents.ARCHIVE]))
def test_contents_that_are_changed_under_a_right_tag_never_break_the_decoders(
    files: list[bytes], given: list[tuple[int, int, bytes]], tier: str
) -> None:
    content = BlockReader(files[tier != LOSSLESS]).found(Tagging()).blocks[0].content
    for at, length, other in given:
        at %= len(content)
        content = content[:at] + other + content[at + length :]
    (found,) = contents.tables_in([content or b"-"], tier)
    assert found is None or len(found.frames) <= MOST_ROWS
