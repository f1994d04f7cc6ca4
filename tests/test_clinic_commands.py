"""What a clinic enters by hand: slips are refused in one sentence that says how it goes."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from server_fixtures import a_service

import steadyreach
from engine.records import Session, read
from engine.session_folder import finished
from server_sync.clinic.accounts import UnknownAccount


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


REFUSED = [
    (["account", "MAJA", "Maja again"], "there is an account 'maja' already"),
    (["account", "maja", "--disable", "--enable"], "--disable and --enable are two things: say one of them"),
    (["account", "", "Nobody"], "a new account needs a LOGIN"),
    (["account", "ida", "Ida", "--role", "guardian", "--patient", "milos"], "enrol a computer or prescribe for them"),
    (
        ["account", "--list", "--database", "mysql://x"],
        "--database is a URL such as postgresql+psycopg://user@host/name",
    ),
    (["account", "--list", "--keys", "foo"], "--keys is a URL such as sqlite:////srv/keys.db"),
    (["serve", "--proxy", "10.0.0.7"], "--proxy names the relay that --behind-proxy speaks of"),
    (["serve", "--host", "198.51.100.7", "--behind-proxy"], "choose another with --host"),
    (["enrol", "--patient", "Milo"], "'Milo' and the patient 'milo' differ in capital letters alone"),
    (["enrol", "--patient", "../x"], "cannot be a pseudonym"),
    (["enrol", "--patient", ""], "patient '' cannot be a pseudonym"),
    (["enrol", "--patient", "milo", "--name", "X"], "--name is said on the patient's computer"),
    (["prescribe", "milos", "--message", "hi", "--by", "Maja"], "there is no patient 'milos' here"),
    (["prescribe", "milo", "--message", "hi", "--by", "Maja"], "nothing was ever prescribed for milo"),
    (["prescribe", "milo", "--message", "hi"], "--by says who prescribes"),
    (["person", "milo", "--born", "1850"], "born 1850 must be in 1900 or later"),
    (["person", "milo", "--born", "2999-01-01"], "and not after today"),
    (["person", "milo", "--identifier", "4711"], "'4711' must be SYSTEM|VALUE"),
    (["system", "change", "nix", "--scopes", "system/Patient.rs"], "there is no system 'nix' here"),
    (["contact", "milo", "--minutes", "5000", "--who", "maja"], "minutes: 5000 must be a second to 1440"),
    (["contact", "milo", "--minutes", "5"], "it is not said who spent the time"),
    (["consent", "milo", "--kind", "telehealth", "--by", "M", "--until", "2020-01-01"], "2020-01-01 is over already"),
    (["consent", "milo", "--kind", "telehealth", "--by", "M", "--withdraw"], "telehealth was never given"),
]


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic with a therapist that knows milo, to which nothing happens."""
    folder = tmp_path_factory.mktemp("clinic")
    with a_service(folder) as service:
        service.accounts.add("Maja", "Maja B.")
        service.devices.new_code(["milo"])
    return folder


@pytest.mark.parametrize(
    ("words", "sentence"), REFUSED, ids=lambda each: " ".join(each) if isinstance(each, list) else ""
)
def test_a_slip_is_refused_in_one_sentence(enter: Enter, clinic: Path, words: list[str], sentence: str) -> None:
    said = enter(*words, "--folder", clinic)
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("typed", ["maja", "MAJA", "Maja"])
def test_a_login_is_the_same_in_capital_letters(clinic: Path, typed: str) -> None:
    with a_service(clinic) as service:
        assert service.accounts.named(typed).login == "maja"
        with pytest.raises(UnknownAccount):
            service.accounts.named("maj")


def test_a_field_that_there_is_not_is_refused_with_those_there_are(enter: Enter, clinic: Path, tmp_path: Path) -> None:
    def prescribed(text: str) -> str:
        (tmp_path / "milo.toml").write_text(text, encoding="utf-8")
        return enter("prescribe", "milo", tmp_path / "milo.toml", "--folder", clinic, "--by", "Maja").err

    assert "the fields are days, minutes, weeks, place, at, games, times_a_day" in prescribed(
        '[[programme]]\ngames = ["harbour_lean"]\nminuts = 5\n'
    )
    assert "the fields are valid_until, preset, plan" in prescribed("gaol = 'to walk'\n")


def test_an_identifier_that_another_patient_has_is_refused(enter: Enter, folder: Path) -> None:
    with a_service(folder) as service:
        service.devices.new_code(["nora"])
    same = ["--folder", folder, "--identifier", "https://hospital.example/mrn|4711"]
    assert enter("person", "milo", *same)[::2] == (0, "")
    said = enter("person", "nora", *same)
    assert (said.code, "is of milo" in said.err) == (1, True)


def test_the_table_of_monitoring_overwrites_nothing(enter: Enter, clinic: Path, tmp_path: Path) -> None:
    words = "monitoring", "milo", "--folder", clinic, "--out", tmp_path / "milo.csv"
    assert enter(*words).code == 0
    names, about, *_ = (tmp_path / "milo.csv").read_text(encoding="utf-8").splitlines()
    assert names.startswith("clock,")
    assert "do not establish" in about
    assert f"{tmp_path / 'milo.csv'} exists already" in enter(*words).err


def test_simulated_sessions_may_be_those_of_one_patient(enter: Enter, tmp_path: Path) -> None:
    assert enter("simulate", "--patient", "milo", "--folder", tmp_path).code == 0
    assert [read(folder / "session.json", Session).patient for folder in finished(tmp_path)] == ["milo"]
    assert "cannot be a pseudonym" in enter("simulate", "--patient", "../x", "--folder", tmp_path).err
