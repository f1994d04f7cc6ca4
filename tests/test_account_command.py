"""`steadyreach account`: what docs/accounts.md shows runs, and what cannot be is refused in one sentence."""

import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
from commands import Said, entered
from prescribed import a_draft
from server_fixtures import ROOT, a_service

from server_sync.clinic.manifest import read

PAPER = (ROOT / "docs" / "accounts.md").read_text(encoding="utf-8")
LINES = [line for block in re.findall(r"```sh\n(.*?)```", PAPER, re.DOTALL) for line in block.splitlines()]
CODE, PASSWORD = r"[0-9A-Z]{5}-[0-9A-Z]{5}", r"[0-9a-z]{4}(-[0-9a-z]{4}){3}"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Said]]:
    """A folder with a clinic that knows milo, and what came of each line of the paper."""
    folder = tmp_path_factory.mktemp("reader")
    with a_service(folder / "clinic"):
        entered(["account", "first", "First", "--folder", "clinic"], folder)
    entered(["enrol", "--folder", "clinic", "--patient", "milo"], folder)
    return folder, {line: entered(shlex.split(line)[1:], folder) for line in LINES}


@pytest.mark.parametrize("line", LINES)
def test_a_line_of_the_paper_runs_and_prints_what_it_says(shown: tuple[Path, dict[str, Said]], line: str) -> None:
    done = shown[1][line]
    assert done.code == 0, done.err
    if "--invite" in line or "--reset" in line:
        login = shlex.split(line)[2]
        said = f"({CODE})\nThe code of {login}, good once and for 7 days: a password is chosen with it at /invitation\n"
        assert re.fullmatch(said, done.out)
    elif '"' in line:
        assert re.fullmatch(PASSWORD, done.out.strip())
    elif "--list" in line:
        assert "maja  Maja B., therapist\n" in done.out
        assert "ida  Ida A., guardian, invited\n" in done.out
    else:
        assert done.out.startswith("maja  Maja B., therapist")
        assert (", disabled 20" in done.out) == ("--disable" in line)


def test_programs_are_told_the_same(shown: tuple[Path, dict[str, Said]]) -> None:
    folder = shown[0]

    def told(*words: str) -> dict[str, object]:
        done = entered(["account", *words, "--folder", "clinic", "--json"], folder)
        assert done.code == 0, done.err
        return dict(json.loads(done.out))

    accounts = told("--list")["accounts"]
    assert isinstance(accounts, list)
    roles = {each["login"]: each["role"] for each in accounts}
    assert roles == {
        "first": "therapist", "maja": "therapist", "ada": "admin", "milo": "patient", "ida": "guardian",
    }  # fmt: skip
    made = told("olu", "Olu", "--role", "auditor", "--invite")
    assert (made["login"], bool(re.fullmatch(CODE, str(made["code"])))) == ("olu", True)
    assert told("olu", "--disable")["disabled_at"] is not None
    assert re.fullmatch(CODE, str(told("olu", "--reset-password")["code"]))
    with a_service(folder / "clinic") as service:
        assert set(service.accounts.wards(service.accounts.named("ida").id).values()) == {"parent"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "say LOGIN and NAME for a new account"),
        (["maja"], "say LOGIN and NAME for a new account"),
        (["maja", "--disable", "--enable"], "--disable and --enable are two things"),
        (["maja", "Maja", "--disable"], "say LOGIN and NAME"),
        (["first", "Again"], "there is an account 'first' already"),
        (["nobody", "--disable"], "there is no account 'nobody' here"),
        (["x", "X", "--role", "boss"], "role 'boss' must be one of therapist, admin, auditor"),
        (["x", "X", "--role", "patient"], "a patient's account is for one patient"),
        (["x", "X", "--role", "guardian", "--patient", "none"], "there is no patient 'none' here"),
        (["x", "X", "--patient", "milo"], "a therapist has no patients of their own"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(
    shown: tuple[Path, dict[str, Said]], words: Sequence[str], sentence: str
) -> None:
    done = entered(["account", *words, "--folder", "clinic"], shown[0])
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"steadyreach: {sentence}")
    assert len(done.err.splitlines()) == 1


def test_no_account_makes_a_clinic(tmp_path: Path) -> None:
    for words in (["maja", "--disable"], ["--list"], ["maja", "Maja"]):
        refused = entered(["account", *words, "--folder", "typo"], tmp_path)
        assert (refused.code, "is not the folder of a clinic" in refused.err) == (1, True)
    assert not (tmp_path / "typo").exists()


def test_what_a_command_reads_of_people_is_a_row_of_the_audit(tmp_path: Path) -> None:
    folder = tmp_path / "clinic"
    with a_service(folder) as service:
        service.accounts.add("maja", "Maja")
        service.prescriptions.save("milo", a_draft(), "Maja")
        milo = service.patients.id_of("milo")
    for words in (
        ("account", "--list"), ("devices",), ("prescribe", "milo"), ("prescribe", "milo", "--history"),
        ("recompute", "--out", str(tmp_path / "table.csv")), ("backup", str(tmp_path / "copy")),
    ):  # fmt: skip
        done = entered([*words, "--folder", folder], tmp_path)
        assert done.code == 0, done.err
    with a_service(folder) as service:
        rows = [(row.action, row.patient_id) for row in service.audit.listed() if row.actor == "command"]
        assert read(tmp_path / "copy").audit == tuple(service.audit.head())
    assert rows[:6] == [
        ("make a backup", ""), ("write a table of measures", ""), ("read a prescription", milo),
        ("read a prescription", milo), ("list devices", ""), ("list accounts", ""),
    ]  # fmt: skip
