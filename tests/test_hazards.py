"""Hazards, law, security and privacy name tests that there are, and the risks are those of their classes."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import ROOT

DOCS = ROOT / "docs"
HAZARDS = (DOCS / "hazards.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
TOLD = re.compile(r'^information only: `([^`]+)` "(.+)"$')
ORDER = ("low", "medium", "high")


class Row(NamedTuple):
    """One hazard; `risk` is before and after the measure."""

    id: str
    severity: str
    before: str
    measure: str
    after: str
    risk: tuple[str, ...]
    held_by: str


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


@cache
def rows() -> tuple[Row, ...]:
    return tuple(_rows())


def _rows() -> Iterator[Row]:
    for line in HAZARDS.splitlines():
        if re.match(r"\| [A-Z]\d\d \| .+ \| S\d \|", line):
            name, *_, severity, before, measure, after, risk, held_by = cells(line)
            yield Row(name, severity, before, measure, after, tuple(risk.split(" → ")), held_by)


def matrix() -> dict[tuple[str, str], str]:
    header, _, *lines = re.findall(r"^\| risk \| P1 .+(?:\n\|.+)+", HAZARDS, re.MULTILINE)[0].splitlines()
    return {
        (severity, probability): risk
        for severity, *risks in map(cells, lines)
        for probability, risk in zip(cells(header)[1:], risks, strict=True)
    }


def remaining() -> set[str]:
    """The ids that are named again under what remains."""
    section = HAZARDS.partition("\n## What remains\n")[2]
    return {
        name
        for names in re.findall(r"^\| ([A-Z]\d\d(?:, [A-Z]\d\d)*) \|", section, re.MULTILINE)
        for name in names.split(", ")
    }


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of all tests of a file, without running it."""
    file = ROOT / path
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if file.is_file() else ()
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return frozenset(node.name for node in tree if isinstance(node, kinds) and node.name.startswith("test_"))


def missing(text: str) -> list[str]:
    """Tests that a text names and that there are not."""
    return [f"{path}::{name}" for path, name in NAMED.findall(text) if name not in names_in(path)]


@pytest.mark.parametrize("page", ["hazards.md", "law.md", "security.md", "privacy.md", "third-party.md"])
def test_every_test_that_a_paper_names_is_there(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert not missing(text)
    assert text.count("::test_") == len(NAMED.findall(text)), "a test is named as `tests/test_x.py::test_y`"


def test_a_test_that_there_is_not_is_found() -> None:
    here = "test_a_test_that_there_is_not_is_found"
    assert missing(f"`tests/test_hazards.py::{here}` `tests/test_hazards.py::test_no` `tests/no.py::test_no`") == [
        "tests/test_hazards.py::test_no",
        "tests/no.py::test_no",
    ]


def test_every_hazard_has_its_own_id_and_they_are_numbered_through() -> None:
    ids = [row.id for row in rows()]
    assert len(ids) == len(set(ids)) >= 30
    assert len(ids) == len(re.findall(r"^\| [A-Z]\d\d \|", HAZARDS.partition("\n## What remains\n")[0], re.MULTILINE))
    for letter in {name[0] for name in ids}:
        numbers = [int(name[1:]) for name in ids if name[0] == letter]
        assert numbers == list(range(1, len(numbers) + 1)), letter


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_risk_is_that_of_its_classes_and_none_that_is_high_is_left(row: Row) -> None:
    risks = matrix()
    assert row.risk == (risks[row.severity, row.before], risks[row.severity, row.after])
    assert row.after <= row.before, "a measure makes nothing more probable"
    assert row.risk[1] != "high"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.id)
def test_a_hazard_is_held_by_a_test_or_people_are_told_of_it(row: Row) -> None:
    told = TOLD.match(row.held_by)
    if told is None:
        assert NAMED.findall(row.held_by)
        assert not NAMED.sub("", row.held_by).strip()
        return
    assert row.after == row.before, "who is only told is not protected"
    path, words = told.groups()
    text = (ROOT / path).read_text(encoding="utf-8")
    if path == "docs/hazards.md":
        text = text.partition("\n## What remains\n")[2]
    assert words in " ".join(text.replace("\\\n", "").split()), f"{path} does not say: {words}"


def test_what_is_not_low_in_the_end_is_named_again_with_what_people_have_to_see_to() -> None:
    assert {row.id for row in rows() if row.risk[1] != "low"} == remaining()


def test_risks_grow_with_severity_and_with_probability() -> None:
    risks = {at: ORDER.index(risk) for at, risk in matrix().items()}
    assert len(risks) == 25
    for (severity, probability), risk in risks.items():
        worse = (f"S{int(severity[1]) + 1}", probability), (severity, f"P{int(probability[1]) + 1}")
        assert all(risks.get(at, risk) >= risk for at in worse)


def test_papers_link_to_what_there_is() -> None:
    for page in ("hazards.md", "law.md", "security.md", "privacy.md", "third-party.md"):
        text = (DOCS / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!http|#)([^)#]+)", text):
            assert (DOCS / Path(target)).exists(), f"{page}: {target}"
