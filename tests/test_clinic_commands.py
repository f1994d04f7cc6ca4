"""What a clinic enters by hand: slips are refused in one sentence that says how it goes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from server_fixtures import a_service

import steadyreach


class Said(NamedTuple):
    """What came of a command: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


Enter = Callable[..., Said]


@pytest.fixture
def enter(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Enter:
    """Enter a command in this process."""

    def call(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["steadyreach", *map(str, words)])
        code = 0
        try:
            steadyreach.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clinic that knows milo."""
    with a_service(tmp_path / "clinic") as service:
        service.devices.new_code(["milo"])
    return tmp_path / "clinic"


def test_an_export_for_a_study_without_a_name_is_not_the_clinics_own(
    enter: Enter, folder: Path, tmp_path: Path
) -> None:
    said = enter("export", "--server-folder", folder, "--research", "", "--cohort", tmp_path / "out")
    assert (said.code, "--research names a study" in said.err) == (1, True)
    assert not (tmp_path / "out").exists()
    assert enter("export", "--server-folder", folder, "--research", " ", "--cohort", tmp_path / "out").code == 1
    assert "--research names a study" in enter("export", "--server-folder", folder, "--research", "").err


def test_a_programme_of_nothing_but_games_that_there_are_not_is_refused(
    enter: Enter, folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "milo.toml"
    file.write_text('[[programme]]\ngames = ["habour_lean"]\n', encoding="utf-8")
    said = enter("prescribe", "milo", file, "--folder", folder, "--by", "Maja")
    assert said.code == 1
    assert "there is no game habour_lean; the games are " in said.err
    assert "nothing was ever prescribed" in enter("prescribe", "milo", "--folder", folder, "--history").err
    file.write_text('[[programme]]\ngames = ["habour_lean", "harbour_lean"]\n', encoding="utf-8")
    said = enter("prescribe", "milo", file, "--folder", folder, "--by", "Maja")
    assert (said.code, "'habour_lean'" in said.err) == (0, True)
