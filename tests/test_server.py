"""The clinic server: who may do what, what is kept and what is refused, on SQLite and on PostgreSQL."""

import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from alembic import command
from alembic.config import Config
from litestar import Litestar, get
from litestar.routes import HTTPRoute
from litestar.testing import TestClient
from server_fixtures import ROOT, a_clinic, a_postgres, a_session
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError

from engine.records import Recording, to_json
from server_sync import wire
from server_sync.clinic import accounts, devices, store
from server_sync.clinic.accounts import AccountExists, LoginRefused
from server_sync.clinic.archive import NotASession, OtherBytes, RecordingMissing, Unknown
from server_sync.clinic.codes import as_typed
from server_sync.clinic.devices import CodeRefused
from server_sync.clinic.service import Service
from server_sync.web import app

START = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
PUBLIC = {"/health", "/static/{name:str}", "/login", wire.ENROL}
Client = TestClient[Litestar]


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@pytest.fixture(scope="module")
def new_postgres() -> Iterator[Callable[[], str]]:
    with a_postgres() as new_database:
        yield new_database


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return store.sqlite_url(tmp_path)
    return str(request.getfixturevalue("new_postgres")())


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def service(tmp_path: Path, clock: Clock) -> Iterator[Service]:
    opened = Service(tmp_path / "clinic", now=clock)
    yield opened
    opened.close()


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with TestClient(app.make_app(service), base_url="http://127.0.0.1") as opened:
        yield opened


def enrolled(service: Service) -> str:
    """The id of a new device."""
    device = service.devices.who(service.devices.enrol(service.devices.new_code(), "headset"))
    assert device is not None
    return device.id


def content(**changes: Any) -> bytes:
    return to_json(a_session(**changes))


def form_token(client: Client) -> str:
    page = client.get("/login").text
    return page.split('name="_csrf_token" value="')[1].split('"')[0]


def log_in(client: Client, service: Service, login: str = "maja") -> Any:
    """Log in through the form with a new account."""
    password = service.accounts.add(login, "Maja Bergström")
    form = {"login": login, "password": password, "_csrf_token": form_token(client)}
    return client.post("/login", data=form, follow_redirects=False)


def routes() -> list[tuple[str, str, Any]]:
    """Path, method and handler of everything the server answers."""
    return [
        (route.path, str(method), handler)
        for route in Litestar(app.ROUTES, openapi_config=None).routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
    ]


def filled(path: str) -> str:
    return (
        path.replace("{sha256:str}", "0" * 64)
        .replace("{name:str}", "x")
        .replace(":str", "")
        .replace("{", "")
        .replace("}", "")
    )


@pytest.mark.parametrize(("path", "method", "handler"), routes())
def test_every_route_says_who_may_use_it(path: str, method: str, handler: Any) -> None:
    expected = app.ANYONE if path in PUBLIC else app.DEVICE if path.startswith("/device/") else app.THERAPIST
    assert handler.opt.get("who") == expected, f"{method} {path}"


@pytest.mark.parametrize(("path", "method", "handler"), routes())
def test_a_stranger_gets_into_no_route_that_is_not_public(client: Client, path: str, method: str, handler: Any) -> None:
    if handler.opt["who"] == app.ANYONE:
        assert path in PUBLIC
        return
    form = {"_csrf_token": form_token(client)} if method == "POST" else None
    answer = client.request(method, filled(path), data=form, follow_redirects=False)
    assert answer.status_code == (401 if handler.opt["who"] == app.DEVICE else 303)


def test_a_device_token_opens_no_page_and_a_login_delivers_nothing(client: Client, service: Service) -> None:
    token = service.devices.enrol(service.devices.new_code(), "headset")
    answer = client.get("/", headers={"Authorization": f"Bearer {token}"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    log_in(client, service)
    assert client.put(f"{wire.SESSIONS}/s-1", content=content()).status_code == 401


def test_a_route_that_declares_nobody_is_refused(service: Service) -> None:
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "secret"

    server = app.make_app(service)
    server.register(forgotten)
    with TestClient(server, base_url="http://127.0.0.1") as client:
        assert client.get("/forgotten").status_code == 403


def test_a_therapist_logs_in_and_out(client: Client, service: Service) -> None:
    assert log_in(client, service).headers["location"] == "/"
    page = client.get("/")
    assert "No patient yet" in page.text
    token = page.text.split('name="_csrf_token" value="')[1].split('"')[0]
    client.post("/logout", data={"_csrf_token": token})
    assert client.get("/", follow_redirects=False).status_code == 303


def test_the_cookie_is_kept_from_scripts_and_other_sites(client: Client, service: Service) -> None:
    cookie = log_in(client, service).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_a_form_without_its_token_is_refused(client: Client, service: Service) -> None:
    password = service.accounts.add("maja", "Maja")
    answer = client.post("/login", data={"login": "maja", "password": password}, follow_redirects=False)
    assert answer.status_code == 403
    assert app.COOKIE not in client.cookies


def test_pages_forbid_foreign_content_and_are_not_kept(client: Client, service: Service) -> None:
    log_in(client, service)
    headers = client.get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'self'")
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_a_sixth_try_at_a_password_has_to_wait(service: Service, clock: Clock) -> None:
    password = service.accounts.add("maja", "Maja")
    for _ in range(accounts.FAILURES):
        with pytest.raises(LoginRefused, match="do not fit"):
            service.accounts.log_in("maja", "guess", "10.0.0.1")
    with pytest.raises(LoginRefused, match="15 min"):
        service.accounts.log_in("maja", password, "10.0.0.1")
    clock.move(minutes=15)
    assert service.accounts.log_in("maja", password, "10.0.0.1")


def test_many_guesses_at_once_are_as_many_tries(service: Service) -> None:
    def guess(_: int) -> str:
        with pytest.raises(LoginRefused) as refused:
            service.accounts.log_in("maja", "guess", "10.0.0.1")
        return "wait" if refused.value.wait_s else "wrong"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(guess, range(8))) == ["wait"] * 3 + ["wrong"] * 5


def test_an_unknown_login_is_refused_like_a_wrong_password(service: Service) -> None:
    with pytest.raises(LoginRefused, match="do not fit"):
        service.accounts.log_in("nobody", "guess", "10.0.0.1")


@pytest.mark.parametrize(("minutes", "holds"), [(29, True), (31, False)])
def test_a_login_ends_when_it_is_idle(service: Service, clock: Clock, minutes: int, holds: bool) -> None:
    token = service.accounts.log_in("maja", service.accounts.add("maja", "Maja"), "10.0.0.1")
    clock.move(minutes=minutes)
    assert (service.accounts.who(token) is not None) == holds


def test_a_login_ends_after_twelve_hours_of_use(service: Service, clock: Clock) -> None:
    token = service.accounts.log_in("maja", service.accounts.add("maja", "Maja"), "10.0.0.1")
    for _ in range(24 * 2 - 1):
        clock.move(minutes=15)
        assert service.accounts.who(token)
    clock.move(minutes=15)
    assert service.accounts.who(token) is None


def test_an_account_is_made_once_and_with_a_long_password(service: Service) -> None:
    assert len(service.accounts.add("maja", "Maja")) >= 15
    with pytest.raises(AccountExists):
        service.accounts.add("maja", "Other")
    with pytest.raises(ValueError, match="at least 15"):
        service.accounts.add("jonas", "Jonas", password="short")


def test_secrets_are_not_in_the_database(tmp_path: Path, service: Service) -> None:
    code = service.devices.new_code()
    token = service.devices.enrol(code, "headset")
    password = service.accounts.add("maja", "Maja")
    visit = service.accounts.log_in("maja", password, "10.0.0.1")
    kept = b"".join(path.read_bytes() for path in (tmp_path / "clinic").glob("clinic.db*"))
    assert b"maja" in kept
    assert not [secret for secret in (code, as_typed(code), token, password, visit) if secret.encode() in kept]


def test_a_code_makes_one_device(service: Service) -> None:
    code = service.devices.new_code()
    assert service.devices.who(service.devices.enrol(code, "headset"))
    with pytest.raises(CodeRefused):
        service.devices.enrol(code, "another")


def test_a_code_is_too_old_after_fifteen_minutes(service: Service, clock: Clock) -> None:
    code = service.devices.new_code()
    clock.move(minutes=15)
    with pytest.raises(CodeRefused):
        service.devices.enrol(code, "headset")


def test_a_code_is_spent_after_five_wrong_tries(service: Service) -> None:
    code = service.devices.new_code()
    wrong = code[:6] + ("00000" if code[6:] != "00000" else "11111")
    for _ in range(devices.TRIES):
        with pytest.raises(CodeRefused):
            service.devices.enrol(wrong, "guesser")
    with pytest.raises(CodeRefused):
        service.devices.enrol(code, "headset")


def test_a_code_may_be_misread() -> None:
    assert as_typed("o1kq4-lixd7 ") == "01KQ411XD7"


def test_a_revoked_device_delivers_nothing_more(service: Service) -> None:
    token = service.devices.enrol(service.devices.new_code(), "headset")
    device = service.devices.who(token)
    assert device
    service.devices.revoke(device.id)
    assert service.devices.who(token) is None


def test_sixteen_at_once_make_one_session(tmp_path: Path, database_url: str) -> None:
    service = Service(tmp_path, database_url)
    device = enrolled(service)
    with ThreadPoolExecutor(16) as pool:
        receipts = list(pool.map(lambda _: service.archive.take(device, "s-1", content()), range(16)))
    assert sum(receipt.created for receipt in receipts) == 1
    assert service.archive.count() == 1
    service.close()


def test_other_bytes_are_refused_and_remembered(tmp_path: Path, database_url: str) -> None:
    service = Service(tmp_path, database_url)
    device = enrolled(service)
    service.archive.take(device, "s-1", content())
    for _ in range(2):
        with pytest.raises(OtherBytes, match="the first one stays"):
            service.archive.take(device, "s-1", content(seed=2))
    assert len(service.archive.arrival("s-1").refused_at) == 1
    assert service.archive.session("s-1") == a_session()
    service.close()


def test_the_list_speaks_of_patients_by_the_clinics_words(tmp_path: Path, database_url: str) -> None:
    service = Service(tmp_path, database_url)
    device = enrolled(service)
    service.archive.take(device, "s-1", content())
    service.archive.take(device, "s-2", content(session_id="s-2", started_at="2026-11-21T09:00:00+01:00"))
    service.archive.take(device, "s-3", content(session_id="s-3", patient="p-rosa"))
    service.archive.name_person("p-milo", "Milo", "9 years")
    first, second = service.archive.patients()
    assert (first.name, first.sessions, f"{first.last_at:%H:%M}") == ("Milo", 2, "09:00")
    assert (second.name, second.about) == ("p-rosa", "")
    assert [line.id for line in service.archive.sessions("p-milo")] == ["s-2", "s-1"]
    service.close()


def test_a_session_waits_for_its_recording(service: Service) -> None:
    named = Recording(file="frames.vrec", sha256=wire.sha256(b"VREC"), bytes=4, frames=1)
    device = enrolled(service)
    with pytest.raises(RecordingMissing):
        service.archive.take(device, "s-1", content(recording=named))
    service.recordings.append(device, named.sha256, 0, 4, b"VREC")
    assert service.archive.take(device, "s-1", content(recording=named)).created


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"session_id": "s-other"}, "calls itself"),
        ({"schema": 99}, "schema 99"),
        ({"started_at": "yesterday"}, "no ISO 8601 time"),
        ({"started_at": "2026-11-20T16:42:00"}, "must name its zone"),
        ({"patient": "a/b"}, "without a slash"),
    ],
)
def test_a_session_that_cannot_be_read_is_refused_by_name(
    service: Service, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(NotASession, match=words):
        service.archive.take(enrolled(service), "s-1", content(**changes))
    assert service.archive.count() == 0


@pytest.mark.parametrize("name", ["", "../etc", ".hidden", "a b", "x" * 101])
def test_an_id_that_could_be_a_path_is_refused(service: Service, name: str) -> None:
    with pytest.raises(NotASession, match="letters, digits"):
        service.archive.take(enrolled(service), name, content(session_id=name))


def test_what_is_not_there_is_a_page_in_words(client: Client, service: Service) -> None:
    log_in(client, service)
    answer = client.get("/sessions/none")
    assert answer.status_code == 404
    assert "There is no session &#39;none&#39; here." in answer.text
    with pytest.raises(Unknown):
        service.archive.patient("nobody")


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        (OSError(28, "No space left on device"), 507, "No space left on device"),
        (OperationalError("INSERT secret", {}, Exception("database is locked")), 503, "try again later"),
        (ZeroDivisionError("secret"), 500, "written in its log"),
    ],
)
def test_trouble_on_the_server_is_said_and_tells_no_secret(
    client: Client, service: Service, monkeypatch: pytest.MonkeyPatch, trouble: Exception, status: int, words: str
) -> None:
    monkeypatch.setattr(service.archive, "take", Mock(side_effect=trouble))
    token = service.devices.enrol(service.devices.new_code(), "headset")
    headers = {"Content-Digest": wire.content_digest(b"x"), "Authorization": f"Bearer {token}"}
    answer = client.put(f"{wire.SESSIONS}/s-1", content=b"x", headers=headers)
    assert answer.status_code == status
    assert words in answer.json()["detail"]
    assert "secret" not in answer.text


def test_the_tables_go_down_and_up_again(database_url: str) -> None:
    opened = store.Store(database_url)
    config = Config()
    config.set_main_option("script_location", str(ROOT / "server_sync" / "clinic" / "migrations"))
    with opened.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        command.upgrade(config, "head")
        assert set(inspect(connection).get_table_names()) == {"alembic_version", *store.Table.metadata.tables}
    opened.close()


def test_the_migrations_make_the_tables_that_the_code_means(tmp_path: Path) -> None:
    opened = store.Store(store.sqlite_url(tmp_path))
    with opened.reading() as connection:
        for name, table in store.Table.metadata.tables.items():
            made = {(column["name"], column["nullable"]) for column in inspect(connection).get_columns(name)}
            assert made == {(column.name, column.nullable) for column in table.columns}, name
    opened.close()


def test_sqlite_is_a_version_without_the_wal_fault() -> None:
    assert store.sqlite_driver().sqlite_version_info >= store.WAL_RESET_FIXED


def test_two_processes_may_open_a_new_folder_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: Service(tmp_path), range(4)))
    keys = {each.form_key() for each in opened}
    for each in opened:
        each.close()
    assert len(keys) == 1


def test_a_new_folder_opens_once_another_process_has_let_go_of_it(tmp_path: Path) -> None:
    other = store.sqlite_driver().connect(tmp_path / "clinic.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    letting_go = threading.Timer(0.3, other.rollback)
    letting_go.start()
    Service(tmp_path).close()
    letting_go.join()
    other.close()


def test_a_second_server_on_the_same_port_says_so_and_ends(tmp_path: Path) -> None:
    with a_clinic(tmp_path / "one") as clinic:
        port = clinic.url.rsplit(":", 1)[1]
        second = subprocess.run(
            [sys.executable, "-m", "steadyreach", "serve", "--folder", str(tmp_path / "two"), "--port", port],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert second.returncode == 1
    assert second.stderr.strip() == (
        f"steadyreach: another program listens on 127.0.0.1 port {port} already; stop it or choose another with --port"
    )
    assert not (tmp_path / "two").exists()


def test_the_server_is_reached_from_this_computer_alone_and_under_its_own_name(tmp_path: Path) -> None:
    with a_clinic(tmp_path) as clinic:
        port = int(clinic.url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n")
            assert b"400 Bad Request" in connection.recv(200)
        with socket.socket() as other, pytest.raises(OSError, match="refused"):
            other.connect(("127.0.0.2", port))
