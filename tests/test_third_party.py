"""The list of third-party software is that of what is installed, and says of each package what it is for."""

import json
import re
import runpy
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

SCRIPT = ROOT / "docs" / "third_party.py"
THIRD = runpy.run_path(str(SCRIPT))
PAGE = (ROOT / "docs" / "third-party.md").read_text(encoding="utf-8")
BILL = (ROOT / "docs" / "sbom.json").read_text(encoding="utf-8")
TOLD = "run: python docs/third_party.py"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which both files were made anew."""
    pytest.importorskip("cyclonedx_py", reason="CycloneDX's tool is not installed: pip install cyclonedx-bom")
    if sys.platform != "linux":
        pytest.skip("the list is that of Linux")
    folder = tmp_path_factory.mktemp("third-party")
    subprocess.run([sys.executable, str(SCRIPT), str(folder)], check=True)
    return folder


def column(heading: str, number: int = 0) -> list[str]:
    """The cells of one column below a heading, lists of names taken apart."""
    lines = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].splitlines()
    rows = [line.strip("|").split("|") for line in lines if line.startswith("|")][2:]
    return [name.strip() for row in rows for name in row[number].split(", ")]


def test_the_bill_of_materials_is_what_the_tool_makes_of_this_environment(made: Path) -> None:
    assert (made / "sbom.json").read_text(encoding="utf-8") == BILL, TOLD


def test_the_table_of_packages_is_that_of_the_bill(made: Path) -> None:
    assert (made / "third-party.md").read_text(encoding="utf-8") == PAGE, TOLD


def test_the_bill_keeps_to_the_schema_of_cyclonedx() -> None:
    json_validation = pytest.importorskip("cyclonedx.validation.json", reason="CycloneDX's library is not installed")
    from cyclonedx.schema import SchemaVersion

    assert json_validation.JsonStrictValidator(SchemaVersion.V1_6).validate_str(BILL) is None


def test_the_bill_says_nothing_of_the_computer_that_made_it_nor_when() -> None:
    assert set(re.findall(r"https?://[^/\"]+", BILL)) == {"http://cyclonedx.org"}
    assert not re.search(r"file:|pypi\.|/home|/root|/tmp|\d{4}-\d\d-\d\d|serialNumber|" + re.escape(str(ROOT)), BILL)


def test_every_package_that_is_locked_is_in_the_bill_and_no_other() -> None:
    lines: list[Requirement] = THIRD["requirements"]()
    if sys.platform != "linux":
        pytest.skip("the list is that of Linux")
    parts: list[dict[str, Any]] = json.loads(BILL)["components"]
    assert {canonicalize_name(part["name"]): Version(part["version"]) for part in parts} == {
        canonicalize_name(line.name): Version(str(line.specifier).removeprefix("==")) for line in lines
    }, TOLD


@pytest.mark.parametrize("line", THIRD["requirements"](), ids=lambda line: line.name)
def test_whatever_is_installed_has_the_version_it_was_tested_with(line: Requirement) -> None:
    try:
        installed = version(line.name)
    except ModuleNotFoundError:
        pytest.skip(f"{line.name} is not installed here")
    assert line.specifier.contains(installed, prereleases=True)


def test_every_package_that_was_chosen_is_said_once_with_what_it_is_for() -> None:
    said = [*column("Between a person and a movement"), *column("What the others are for")]
    assert sorted(map(canonicalize_name, said)) == sorted(THIRD["chosen"]())


def test_every_licence_that_asks_for_more_than_its_notice_is_said() -> None:
    licences = dict(zip(column("Every package"), column("Every package", 2), strict=True))
    demanding = {name for name, licence in licences.items() if re.search(r"GPL|MPL|Mozilla", licence)}
    assert demanding <= set(column("Licences to mind"))
    assert not [
        name for name, licence in licences.items() if re.search(r"unknown|proprietary|^$", licence, re.IGNORECASE)
    ]
