"""The codes of a recording's tables: nothing lost of any bits, and the archive's loss within what its header says."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recordings import SETTINGS, a_table, moving, recordings, same

from engine.recording import FRAME, TABLES, Recorded
from engine.vrec import columns, contents, quantised, rice
from engine.vrec.columns import layout_of
from engine.vrec.contents import ARCHIVE, LOSSLESS, Tables
from engine.vrec.quantised import LARGEST, LOSS, STEPS
from engine.vrec.rice import GROUP_ROWS, Coded

TURN = ("qx", "qy", "qz", "qw")
numbers = st.lists(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 40), min_size=3, max_size=3), max_size=40)


@pytest.mark.parametrize("kind", TABLES.values(), ids=TABLES)
@SETTINGS
@given(data=st.data(), count=st.integers(0, 7))
def test_tables_of_any_bits_come_back_bit_for_bit(kind: np.dtype, data: st.DataObject, count: int) -> None:
    table = a_table(data.draw, kind, count)
    assert columns.unpacked([columns.packed(table)], kind, [count]).tobytes() == table.tobytes()


@SETTINGS
@given(numbers)
def test_whole_numbers_of_any_size_come_back_from_the_rice_code(given: list[list[int]]) -> None:
    found = np.array(given, np.uint64).reshape(-1, 3)
    assert rice.decoded(rice.coded(found), len(found)).tolist() == given


def test_numbers_that_do_not_change_take_no_bits() -> None:
    code = rice.coded(np.zeros((GROUP_ROWS, 2), np.uint64))
    assert (code.widths.tolist(), code.low, code.high) == ([[0, 0]], b"", b"")


@pytest.mark.parametrize(
    "code",
    [
        Coded(np.array([[1]], np.uint8), b"", b"\x00\x00"),
        Coded(np.array([[9]], np.uint8), b"\x00", b"\xff\xff"),
        Coded(np.array([[200]], np.uint8), bytes(400), b"\xff\xff"),
    ],
    ids=["no ones", "too few low bits", "too wide"],
)
def test_bits_that_are_no_rice_code_are_refused(code: Coded) -> None:
    with pytest.raises(ValueError, match=r"fewer bits than the widths say|other zeros and ones"):
        rice.decoded(code, GROUP_ROWS)


@pytest.mark.parametrize("high", [bytes([255] * 100), bytes([255, 240]) + bytes(10_000)])
def test_a_rice_code_with_more_bits_than_its_numbers_have_is_refused(high: bytes) -> None:
    code = rice.coded(np.ones((GROUP_ROWS, 1), np.uint64))._replace(high=high)
    with pytest.raises(ValueError, match="12 numbers have other zeros and ones"):
        rice.decoded(code, GROUP_ROWS)


def test_the_widest_rice_code_takes_memory_by_its_rows_and_columns_alone() -> None:
    code = rice.coded(np.full((GROUP_ROWS * 100, 80), 2**64 - 1, np.uint64))
    tracemalloc.start()
    try:
        rice.decoded(code, GROUP_ROWS * 100)
        assert tracemalloc.get_traced_memory()[1] < 100 << 20  # 6 million bits
    finally:
        tracemalloc.stop()


def _archived(found: Recorded) -> Tables:
    (back,) = contents.tables_in([contents.archived(Tables(0, *found[1:4]))], ARCHIVE)
    assert back is not None
    return back


@SETTINGS
@given(recordings())
def test_the_archive_loses_no_more_of_any_recording_than_it_says(found: Recorded) -> None:
    back = _archived(found)
    for before, after in zip(found[1:4], back[1:], strict=True):
        for name in before.dtype.names:
            unit = name.rpartition("_")[2]
            if unit in LOSS:
                _near(before[name], after[name], unit)
            elif not name.endswith(TURN):
                assert np.array_equal(before[name], after[name])


def _near(before: np.ndarray, after: np.ndarray, unit: str) -> None:
    near = np.abs(before) <= LARGEST[unit]
    assert np.all(np.abs(after[near].astype(float) - before[near]) <= LOSS[unit])
    assert np.array_equal(before[~near], after[~near], equal_nan=True)


@SETTINGS
@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 4), min_size=1, max_size=40), st.integers(0, 3))
def test_the_archive_turns_nothing_by_more_than_it_says(given: list[tuple[float, ...]], flips: int) -> None:
    turns = np.array(given)
    length = np.linalg.norm(turns, axis=1)
    turns[length > 0.1] /= length[length > 0.1, None]
    turns[::2] *= (-1) ** flips
    rows = moving(np.arange(len(turns)))
    for name, column in zip(TURN, turns.T, strict=True):
        rows[f"left_{name}"] = column
    before, after = _turns(rows), _turns(_archived(Recorded({}, rows)).frames)
    unit = np.abs(np.linalg.norm(before, axis=1) - 1) <= quantised.LENGTH_ERROR
    apart_deg = np.degrees(
        4 * np.arcsin(np.linalg.norm(after - before, axis=1)[unit] / 2)
    )  # a turn of the other sign: 720
    assert np.all(apart_deg <= LOSS["orientation_deg"])
    assert np.array_equal(before[~unit], after[~unit])


def _turns(rows: np.ndarray) -> np.ndarray:
    return np.stack([rows[f"left_{name}"].astype(float) for name in TURN], axis=1)


def test_an_archive_of_somebody_who_moves_is_a_third_as_large() -> None:
    rng = np.random.default_rng(0)
    rows = moving(np.arange(900) * 11_111_111)
    for name in rows.dtype.names[1:22]:
        rows[name] += rng.normal(0, 1e-4, len(rows))
    for device in ("head", "left", "right"):
        turns = np.stack([rows[f"{device}_{name}"] for name in TURN])
        for name, column in zip(TURN, turns / np.linalg.norm(turns.astype(float), axis=0), strict=True):
            rows[f"{device}_{name}"] = column
    archived = contents.archived(Tables(0, *Recorded({}, rows)[1:4]))
    whole = contents.lossless(0, (len(rows), 0, 0), [columns.packed(rows)])
    assert len(archived) < 0.35 * len(whole) < 0.35 * rows.nbytes


def test_a_hand_that_was_lost_from_the_start_takes_next_to_no_room() -> None:
    lost = np.zeros(900, FRAME)
    assert len(quantised.packed(lost)) < 300
    assert quantised.unpacked(quantised.packed(lost), FRAME, 900)[0].tobytes() == lost.tobytes()


def test_every_number_of_a_device_has_a_step_in_the_archive() -> None:
    for kind in TABLES.values():
        floats = [name for name in kind.names if kind[name].base.kind == "f"]
        assert all(name.endswith(TURN) or name.rpartition("_")[2] in STEPS for name in floats)
        assert layout_of(kind).ws == tuple(i for i, name in enumerate(_words(kind)) if name.endswith("_qw"))


def _words(kind: np.dtype) -> list[str]:
    return [name for name in kind.names if kind[name].base.itemsize == 4 for _ in range(kind[name].itemsize // 4)]


@SETTINGS
@given(recordings())
def test_a_block_gives_back_what_was_put_into_it(found: Recorded) -> None:
    content = contents.lossless(7, [len(table) for table in found[1:4]], map(columns.packed, found[1:4]))
    (back,) = contents.tables_in([content], LOSSLESS)
    assert back is not None
    assert back.first == 7
    assert all(same(one, other) for one, other in zip(back[1:], found[1:4], strict=True))


@SETTINGS
@given(st.lists(recordings(), min_size=2, max_size=4), st.data())
def test_blocks_that_are_decoded_together_are_what_each_is_alone(given: list[Recorded], data: st.DataObject) -> None:
    blocks = [contents.lossless(0, [len(t) for t in one[1:4]], map(columns.packed, one[1:4])) for one in given]
    damaged = data.draw(st.integers(0, len(blocks) - 1))
    blocks[damaged] = blocks[damaged][:-1]
    together = contents.tables_in(blocks, LOSSLESS)
    assert [back is None for back in together] == [number == damaged for number in range(len(blocks))]
    for one, back in zip(given, together, strict=True):
        assert back is None or all(same(*tables) for tables in zip(back[1:], one[1:4], strict=True))
