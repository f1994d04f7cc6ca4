"""The command that lists the clinical tests, and says of one what whoever runs it has to know."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from calibration import battery
from engine.clinical import ClinicalTest
from engine.clinical_words import explain, overview
from engine.commands.answer import fail, tell
from engine.parameters import describe

DOCS = Path(__file__).resolve().parents[2] / "docs"
app = typer.Typer()


@app.command("assessments")
def assessments_command(
    name: Annotated[str, typer.Argument(help="a test's name; all of them otherwise")] = "",
    markdown: Annotated[bool, typer.Option("--markdown", help="all of them as a page")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON for programs")] = False,
) -> None:
    """List the clinical tests, or say how one is run, when it counts, and what it is held against."""
    tests = {each: battery.load(each) for each in battery.names()}
    if name and name not in tests:
        fail(f"there is no assessment {name!r}; the assessments are {', '.join(tests)}")
    if markdown:
        print(overview(tests, DOCS))
    elif name:
        tell(_described(name, tests[name]), as_json, explain(name, tests[name]))
    else:
        lines = [f"{each:22} {test.title}: {', '.join(test.trains)}" for each, test in tests.items()]
        tell([_described(each, test) for each, test in tests.items()], as_json, "\n".join(lines))


def _described(name: str, test: type[ClinicalTest]) -> dict[str, Any]:
    return {
        "name": name,
        "title": test.title,
        "version": test.version,
        "postures": test.postures,
        "equipment": test.equipment,
        "protocol": test.protocol,
        "practice": test.practice,
        "validity": test.validity,
        "results": {key: asdict(measure) for key, measure in test.results.items()},
        "measures": {key: asdict(measure) for key, measure in test.measures.items()},
        "norms": [norm._asdict() | {"bands": [band._asdict() for band in norm.bands]} for norm in test.norms],
        "noise": [noise._asdict() for noise in test.noise],
        "not_compared": test.not_compared,
        "parameters": describe(test.Parameters),
    }
