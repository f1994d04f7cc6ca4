"""The bench of the OpenXR layer, with hardly anything of each: what its rows are, never what they say.

The groups that load the stage take half a minute more, and are left to the bench.
"""

import pytest

from engine.commands.bench import xr
from engine.commands.bench.rows import Row
from engine.commands.bench.xr import Amount

AMOUNT = Amount(tries=1, repeats=2, frames=2, rounds=1, kills=1)
BOUNDS = {
    "OpenXR calls of a frame": 1.4,
    "the same calls": 0.55,
    "the same in C, and as many empty calls": None,
    "the same, made into a Frame": 1.8,
    "a call beside a busy thread, p99": 0.5,
    "main thread, 300 nodes": 0.85,
    "the same, each eye by draws of its own": None,
    "one eye of them, Panda3D alone": None,
    "back to focused": 3.0,
    "growth of memory": 5.0,
    "growth of open files": 0.0,
    "growth of textures": 0.0,
}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return xr.run(AMOUNT, ("calls", "frames", "recovery"))


def test_every_number_has_a_row_with_its_bound(rows: list[Row]) -> None:
    assert {row["name"]: row.get("at_most") for row in rows} == BOUNDS


def test_every_row_says_its_unit_and_its_peer(rows: list[Row]) -> None:
    assert all(row["unit"] and row["peer"] and isinstance(row["value"], int | float) for row in rows)
