"""Make docs/sbom.json and the last table of docs/third-party.md anew: python docs/third_party.py [FOLDER].

CycloneDX's tool lists what is installed; what requirements.txt does not name is left out, and so are addresses of
projects, which change without the software. The result is that of Linux.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PAGE, LIST, HEADING = "third-party.md", "sbom.json", "## Every package"
# Python's packages differ by its version: the oldest that is supported counts.
ENVIRONMENT = {"python_version": "3.11", "python_full_version": "3.11.0"}
PATIENT, SERVER, TOOLS, DEVELOPMENT = "patient's computer", "server", "tools", "development"
EXTRAS = {
    PATIENT: ("", "panda", "openxr", "sound"),
    SERVER: ("", "server", "dask"),
    TOOLS: ("formats", "plot", "video"),
    DEVELOPMENT: ("bench", "bench-measures", "build", "dev"),
}
"""Which extras are meant for where, "" for what is always there; `all` only names others."""
DELIVERY = "httpx"  # of the extra `server`, what a patient's computer delivers with
UNSAID = {
    "axe-playwright-python": "MIT", "ezc3d": "MIT", "partd": "BSD-3-Clause", "pysqlite3": "Zlib", "rich-click": "MIT",
}  # fmt: skip
"""Licences that stand in a package's licence file alone."""


class Package(NamedTuple):
    """A package by its canonical name, with the extras that are asked for."""

    name: str
    extras: frozenset[str]


def requirements() -> list[Requirement]:
    """The lines of requirements.txt that hold here."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [line for line in found if line.marker is None or line.marker.evaluate()]


def bill() -> dict[str, Any]:
    """The software bill of materials, by CycloneDX's tool."""
    command = [sys.executable, "-m", "cyclonedx_py", "environment", "--output-reproducible", "--no-validate"]
    command += ["--pyproject", str(ROOT / "pyproject.toml")]
    made = subprocess.run(command, check=True, capture_output=True)  # noqa: S603 (a fixed command)
    found: dict[str, Any] = json.loads(made.stdout)
    named = {canonicalize_name(line.name) for line in requirements()}
    found["components"] = [part for part in found["components"] if canonicalize_name(part["name"]) in named]
    kept = {"root-component", *(part["bom-ref"] for part in found["components"])}
    edges = [edge for edge in found["dependencies"] if edge["ref"] in kept]
    found["dependencies"] = [
        {"ref": edge["ref"], "dependsOn": [ref for ref in edge.get("dependsOn", ()) if ref in kept]} for edge in edges
    ]
    return {name: _without_addresses(value) for name, value in found.items()}


def _without_addresses(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_addresses(inner) for name, inner in value.items() if name != "externalReferences"}
    return [_without_addresses(inner) for inner in value] if isinstance(value, list) else value


def extras() -> Mapping[str, tuple[Requirement, ...]]:
    """What pyproject.toml asks for: by extra, "" for what is always there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {"": project["dependencies"], **project["optional-dependencies"]}
    return {extra: tuple(map(Requirement, lines)) for extra, lines in wanted.items()}


def chosen() -> set[str]:
    """The packages that pyproject.toml names; all others are theirs."""
    named: set[str] = {canonicalize_name(line.name) for lines in extras().values() for line in lines}
    return named - {"steadyreach"}


def table(components: Iterable[Mapping[str, Any]]) -> str:
    """A row for each package: name, version, licence, and where it is meant to be installed."""
    wanted, places = extras(), dict[str, set[str]]()
    unplaced = set(wanted) - {"all"}.union(*EXTRAS.values())
    if unplaced:
        raise SystemExit(f"{unplaced}, extras of pyproject.toml: say in EXTRAS of {__file__} where they are for")
    for place, names in EXTRAS.items():
        for package in _closure(line for extra in names for line in wanted[extra]):
            places.setdefault(package, set()).add(place)
    for package in _closure([Requirement(DELIVERY)]):
        places[package].add(PATIENT)
    rows = ["| package | version | licence | where |", "|---|---|---|---|"]
    for part in sorted(components, key=lambda part: canonicalize_name(part["name"])):
        where = places[canonicalize_name(part["name"])]
        told = ", ".join(place for place in EXTRAS if place in (where - {DEVELOPMENT} or where))
        rows.append(f"| {part['name']} | {part['version']} | {_licence(part)} | {told} |")
    return "\n".join(rows) + "\n"


def _closure(wanted: Iterable[Requirement]) -> set[str]:
    """Everything that these packages need."""
    found = set[Package]()
    left = [Package(canonicalize_name(line.name), frozenset(line.extras)) for line in wanted]
    while left:
        package = left.pop()
        if package not in found:
            found.add(package)
            left += _needs(package)
    return {package.name for package in found}


@cache
def _needs(package: Package) -> list[Package]:
    try:
        lines = [Requirement(line) for line in requires(package.name) or ()]
    except PackageNotFoundError:  # one of an extra that nobody here asked for
        return []
    given = [{**ENVIRONMENT, "extra": extra} for extra in {"", *package.extras}]
    return [
        Package(canonicalize_name(line.name), frozenset(line.extras))
        for line in lines
        if line.marker is None or any(map(line.marker.evaluate, given))
    ]


def _licence(part: Mapping[str, Any]) -> str:
    said = [choice.get("expression") or _name(choice["license"]) for choice in part.get("licenses", ())]
    exact = [name for name in said if not name.startswith("License ::")]
    words = (name.rpartition(":: ")[2].removeprefix("License :: ") for name in exact or said)
    return " or ".join(dict.fromkeys(words)) or UNSAID[canonicalize_name(part["name"])]


def _name(licence: Mapping[str, str]) -> str:
    return licence.get("id") or licence["name"]


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs"
    found = bill()
    (folder / LIST).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8", newline="\n")
    above = (ROOT / "docs" / PAGE).read_text(encoding="utf-8").partition(f"{HEADING}\n")[0]
    page = f"{above}{HEADING}\n\n{table(found['components'])}"
    (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
