"""What was prescribed for a patient, version by version: when, by whom, and what each changed."""

import json
from pathlib import Path
from typing import Any

import pytest
from server_fixtures import a_service
from typer.testing import CliRunner

from engine.commands import prescribing


def run(*arguments: object) -> Any:
    return CliRunner().invoke(prescribing.app, [str(each) for each in arguments])


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic that prescribed for Ada, told her something, and changed what it prescribes."""
    folder = tmp_path_factory.mktemp("clinic")
    with a_service(folder):
        pass
    draft = folder / "ada.json"
    draft.write_text('{"preset": "balance", "goal": "to walk"}', encoding="utf-8")
    assert run("ada", draft, "--folder", folder, "--by", "Maja").exit_code == 0
    told = run("ada", "--folder", folder, "--message", "Well done!", "--by", "Sam", "--json")
    draft.write_text('{"preset": "push", "goal": "to walk"}', encoding="utf-8")
    seen = json.loads(told.stdout)["sha256"]
    assert run("ada", draft, "--folder", folder, "--if-match", seen, "--by", "Dr Okafor").exit_code == 0
    return folder


def test_every_version_says_who_wrote_it_and_what_it_changed(clinic: Path) -> None:
    versions = json.loads(run("ada", "--folder", clinic, "--history", "--json").stdout)["versions"]
    assert [(each["version"], each["author"]) for each in versions] == [(1, "Maja"), (2, "Sam"), (3, "Dr Okafor")]
    assert versions[0]["changed"] == []
    assert versions[1]["changed"] == ["messages.2-1: was nothing, is now Well done!"]
    assert "preset: was balance, is now push" in versions[2]["changed"]


def test_the_history_is_read_line_by_line(clinic: Path) -> None:
    lines = run("ada", "--folder", clinic, "--history").stdout.splitlines()
    assert lines[0].startswith("version 1 by Maja, ")
    assert lines[1] == "  the first"
    assert lines[3] == "  messages.2-1: was nothing, is now Well done!"


@pytest.mark.parametrize(
    ("more", "why"),
    [(["--message", "Hello"], "a file, a message or --history"), ([], "there is no patient 'nobody' here")],
)
def test_a_history_that_there_is_not_is_refused_in_a_sentence(clinic: Path, more: list[str], why: str) -> None:
    refused = run("nobody", "--folder", clinic, "--history", *more)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert why in refused.stderr
