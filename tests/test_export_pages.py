"""Exports as people ask for them: the commands of docs/formats.md, and the addresses of a clinic's server."""

import io
import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
from conftest import ROOT
from exported import MOTION_KINDS, a_filled_clinic, a_visit, contents, deliver, exports, manifest, table
from routes import Client, a_web, begin_visit, form_token, show_cookie
from server_fixtures import SignedDevice, a_clinic, a_service
from typer.testing import CliRunner, Result

import steadyreach
from engine.commands import exporting, files
from server_sync.clinic.audit import Which as Rows
from server_sync.clinic.export_choice import KINDS, Which
from server_sync.clinic.roles import RESEARCHER, THERAPIST
from server_sync.clinic.service import Service
from server_sync.web import access, export_routes

DOCS = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic in which also somebody of the documentation plays."""
    folder = a_filled_clinic(tmp_path_factory.mktemp("filled"))
    with a_service(folder) as service:
        deliver(service, SignedDevice(None).enrol(service), a_visit("s-7", "ada"), 1)
    return folder


@pytest.fixture
def client(copied: Service) -> Iterator[Client]:
    with a_web(copied, writing=exporting.WRITING) as opened:
        yield opened


def log_in(client: Client, service: Service, role: str) -> int:
    account_id = service.accounts.make(role, f"A {role}", role)
    show_cookie(client, begin_visit(service, account_id))
    return account_id


def enter(*words: str) -> Result:
    return CliRunner().invoke(files.app, ["export", *words])


def test_the_commands_of_the_documentation_run(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(filled, tmp_path / "clinic")
    monkeypatch.chdir(tmp_path)
    block = DOCS.split("## A clinic's sessions")[1].split("```sh\n")[1].split("```")[0]
    commands = [shlex.split(line) for line in block.splitlines()]
    assert len(commands) == 4
    for _, *words in commands:
        done = CliRunner().invoke(steadyreach.app, words)
        assert done.exit_code == 0, f"{words}: {done.output}"
        assert (tmp_path / words[-1] / "manifest.json").is_file()
    assert manifest(tmp_path / "for-research")["participants"] == 1
    assert {row["participant"] for row in table(tmp_path / "trials")} == {"ada"}


def test_the_documentation_names_every_kind_column_and_bound() -> None:
    part = DOCS.split("## A clinic's sessions")[1]
    for kind in KINDS:
        assert f"`{kind}`" in part
    assert f"at most {export_routes.MOST_RECORDINGS} recordings" in part
    assert f"trials of {export_routes.MOST_SESSIONS:,} sessions" in part


def test_the_command_says_what_came_of_it(filled: Path, tmp_path: Path) -> None:
    at = ("--server-folder", str(filled), "--cohort")
    told = enter(*at, "--research", "balance", str(tmp_path / "a"))
    assert told.stdout == (
        f"4 sessions of 3 participants, 24 trials are in {tmp_path / 'a'}\n"
        "left out: 3 × no consent to research measures\n"
    )
    answer = json.loads(enter(*at, "--kind", "parquet", "--json", str(tmp_path / "b")).stdout)
    assert answer == {
        "folder": str(tmp_path / "b"), "kind": "parquet", "participants": 5, "sessions": 6, "rows": 6,
        "left_out": {"no recording came with it": 1},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--cohort",), "say where it goes"),
        (("out",), "say whose sessions: --patient, --session, or --cohort"),
        (("--kind", "mcap", "out"), "say whose sessions"),
        (("--cohort", "--patient", "ada", "out"), "--cohort is everybody"),
        (("--patient", "nobody", "out"), "there is no patient 'nobody' here"),
        (("--session", "s-99", "out"), "there is no session 's-99' here"),
        (("--cohort", "--from", "yesterday", "out"), "--from yesterday is no day; write it as 2026-11-20"),
        (("--cohort", "--kind", "xlsx", "out"), "there is no kind 'xlsx'"),
        (("--cohort", "--research", "My Study", "out"), "a study is called by"),
        (("--cohort", "--game", "owl_watch", "out"), "there is nothing to export"),
    ],
)
def test_the_command_refuses_in_a_sentence(
    filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = enter("--server-folder", str(filled), *words)
    assert done.exit_code == 1
    assert why in done.stderr
    assert not list(tmp_path.iterdir())


def test_without_anybody_named_the_command_lists_as_before(filled: Path) -> None:
    listed = json.loads(enter("--server-folder", str(filled), "--json").stdout)
    assert [each["id"] for each in listed] == [f"s-{number}" for number in range(1, 8)]


@pytest.mark.parametrize("kind", ["trials", *MOTION_KINDS])
def test_a_therapist_gets_what_the_command_writes(client: Client, copied: Service, tmp_path: Path, kind: str) -> None:
    account_id, milo = log_in(client, copied, THERAPIST), copied.patients.id_of("p-milo")
    for page, of in ((f"/patients/{milo}/report", f"/patients/{milo}"), ("/sessions/s-2", "/sessions/s-2")):
        assert f'href="{of}/export/{kind}"' in client.get(page).text
    for address, which in (
        (f"/patients/{milo}/export/{kind}", Which(patient=milo)),
        (f"/sessions/s-2/export/{kind}", Which(sessions=("s-2",))),
    ):
        out = tmp_path / address.split("/")[1]
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "application/zip"
        assert f'filename="steadyreach-export-{kind}.zip"' in answer.headers["Content-Disposition"]
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        taken = exports(copied)
        taken.write(taken.choose(which, kind), out, "command")
        with ZipFile(io.BytesIO(answer.content)) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == contents(out)
    rows = copied.audit.listed(Rows(actor=f"account {account_id}"))
    assert [(row.action, row.thing) for row in rows if row.action == "export"] == [
        ("export", f"{kind}: s-2"), ("export", f"{kind}: 2 sessions"),
    ]  # fmt: skip


def test_what_is_not_there_and_what_is_nothing_are_told_apart(client: Client, copied: Service) -> None:
    log_in(client, copied, THERAPIST)
    ada = copied.patients.id_of("ada")
    gone = (f"/patients/{'f' * 16}/export/trials", "/sessions/s-99/export/trials", f"/patients/{ada}/export/xlsx")
    assert [client.get(address).status_code for address in gone] == [404] * 3
    answer = client.get(f"/patients/{copied.patients.id_of('ada')}/export/mcap")
    assert answer.status_code == 422
    assert "no recording came with it" in answer.text


def test_a_researcher_sees_counts_and_gets_a_study(client: Client, copied: Service) -> None:
    log_in(client, copied, RESEARCHER)
    page = client.get("/research")
    assert page.status_code == 200
    assert page.text.count("<b>3 people</b>") == 2
    assert not [word for word in ("p-milo", "p-nora", "ada", "Somebody") if f">{word}" in page.text]
    form = {"study": "balance", "kind": "trials", "games": "fruit_ladder"}
    answer = client.post("/research/export", data={**form, "_csrf_token": form_token(client)})
    assert answer.status_code == 200, answer.text
    assert 'filename="steadyreach-balance-trials.zip"' in answer.headers["Content-Disposition"]
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("manifest.json"))["participants"] == 3
        assert b"p-milo" not in archive.read("trials.csv")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"study": ""}, "A study needs a name"),
        ({"study": "Balance!"}, "A study is called by"),
        ({"kind": "xlsx"}, "There is no kind"),
        ({"least_sessions": "0"}, "must be 1 to 99999"),
        ({"least_sessions": "²"}, "must be 1 to 99999"),
        ({"games": "owl_watch"}, "There is nothing to export"),
        ({"least_sessions": "9" * 5000}, "must be 1 to 99999"),
    ],
)
def test_a_form_that_cannot_be_is_shown_again_with_what_was_typed(
    client: Client, copied: Service, changed: dict[str, str], why: str
) -> None:
    log_in(client, copied, RESEARCHER)
    form = {"study": "balance", "kind": "mcap", **changed, "_csrf_token": form_token(client)}
    answer = client.post("/research/export", data=form)
    assert answer.status_code == 422
    assert why in answer.text
    assert f'value="{form["study"]}"' in answer.text


def test_a_process_makes_one_export_at_a_time(client: Client, copied: Service) -> None:
    log_in(client, copied, THERAPIST)
    with client.app.state.exporting:
        answer = client.get("/sessions/s-2/export/trials")
        assert answer.status_code == 429
        assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/sessions/s-2/export/trials").status_code == 200
    assert client.get(f"/patients/{copied.patients.id_of('ada')}/export/mcap").status_code == 422
    assert client.get("/sessions/s-2/export/trials").status_code == 200


def test_more_than_a_browser_waits_for_is_for_the_command(
    client: Client, copied: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(client, copied, THERAPIST)
    monkeypatch.setattr(export_routes, "MOST_RECORDINGS", 1)
    answer = client.get(f"/patients/{copied.patients.id_of('p-milo')}/export/mcap")
    assert answer.status_code == 422
    assert "2 sessions are more than 1: use steadyreach export at the clinic" in answer.text


def test_a_server_of_two_processes_knows_the_formats(filled: Path, tmp_path: Path) -> None:
    shutil.copytree(filled, tmp_path / "clinic")
    with a_service(tmp_path / "clinic") as service:
        cookie = begin_visit(service, service.accounts.make("maja", "Maja", THERAPIST))
    with a_clinic(tmp_path / "clinic", arguments=("--workers", "2")) as clinic:
        shown = {access.COOKIE: cookie}
        answer = httpx.get(f"{clinic.url}/sessions/s-1/export/motion-bids", cookies=shown, timeout=60)
    assert answer.status_code == 200, answer.text
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert "dataset_description.json" in archive.namelist()
        assert any(name.endswith("_motion.tsv") for name in archive.namelist())
