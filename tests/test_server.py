"""The clinic server's web: who may do what, what is refused and how, and what is written down of it."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
import zstandard
from litestar import get
from litestar.testing import TestClient
from routes import Client, Route, a_web, filled, log_in, routes
from server_fixtures import SignedDevice, a_service, a_session, an_item, name_person
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from server_sync import wire
from server_sync.clinic import backup, key_copies
from server_sync.clinic.archive import Unknown
from server_sync.clinic.retention import CLOCK
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Setting
from server_sync.web import access, app, watching
from server_sync.web.device_routes import WRONG_CODES
from server_sync.web.pages import LARGEST_FORM_BYTES, address_of
from server_sync.web.rates import Rates

VALUES = {"sha256": "0" * 64, "pseudonym": "p-milo", "rest": "s-1"}


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with a_web(service) as opened:
        yield opened


@pytest.fixture
def device(client: Client, service: Service) -> SignedDevice:
    return SignedDevice(client).enrol(service)


def problem(answer: Any) -> wire.Problem:
    return msgspec.msgpack.decode(answer.content, type=wire.Problem)


def test_a_device_is_not_heard_when_a_bit_turned_over(device: SignedDevice) -> None:
    for path, method in [(filled(each.path, VALUES), each.method) for each in routes() if each.may == access.DEVICE]:
        headers = device.headers(method, path, b"body", {"Content-Type": wire.PARTIAL_UPLOAD})
        for wrong in ({wire.DIGEST: wire.content_digest(b"bodx")}, {wire.SIGNATURE: headers[wire.SIGNATURE][::-1]}):
            answer = device.client.request(method, path, content=b"body", headers=headers | wrong)
            assert answer.status_code == 400, f"{method} {path}"
        answer = device.client.request(method, path + "?x=1", content=b"body", headers=headers)
        assert answer.status_code == 400, f"{method} {path}"


def test_a_device_token_opens_no_page_and_a_login_delivers_nothing(
    client: Client, service: Service, device: SignedDevice
) -> None:
    answer = client.get("/", headers={"Authorization": f"Bearer {device.token}"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    log_in(client, service)
    assert client.post(wire.SESSIONS, content=b"").status_code == 401


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
    assert access.COOKIE not in client.cookies


def test_pages_forbid_foreign_content_and_are_not_kept(client: Client, service: Service) -> None:
    log_in(client, service)
    headers = client.get("/").headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"


def test_what_is_not_there_is_a_page_in_words(client: Client, service: Service) -> None:
    log_in(client, service)
    answer = client.get("/sessions/none")
    assert answer.status_code == 404
    assert "There is no session &#39;none&#39; here." in answer.text
    with pytest.raises(Unknown):
        service.archive.patient("f" * 16)


@pytest.mark.parametrize(
    ("trouble", "status", "words"),
    [
        (OSError(28, "No space left on device"), 507, "No space left on device"),
        (OperationalError("INSERT secret", {}, Exception("database is locked")), 503, "try again later"),
        (ZeroDivisionError("secret"), 500, "written in its log"),
    ],
)
def test_trouble_on_the_server_is_said_and_tells_no_secret(
    device: SignedDevice, service: Service, monkeypatch: pytest.MonkeyPatch, trouble: Exception, status: int, words: str
) -> None:
    monkeypatch.setattr(service.archive, "take", Mock(side_effect=trouble))
    answer = device.ask("POST", wire.SESSIONS, msgspec.msgpack.encode(wire.Batch()))
    assert answer.status_code == status
    assert words in problem(answer).detail
    assert b"secret" not in answer.content


def test_what_a_device_hears_names_its_digest_and_when_it_was_said(device: SignedDevice) -> None:
    for address in (wire.STATE, "/device/nothing", f"{wire.UPLOADS}/x"):
        answer = device.ask("GET", address)
        assert answer.headers[wire.DIGEST] == wire.content_digest(answer.content)
        assert int(answer.headers[wire.RECEIVED]) <= int(answer.headers[wire.REPLIED])
    assert device.ask("HEAD", f"{wire.UPLOADS}/{'0' * 64}").headers[wire.DIGEST] == wire.content_digest(b"")


@pytest.mark.parametrize(("version", "status"), [("0", 200), ("4", 200), ("5", 426), ("x", 400)])
def test_neighbouring_versions_are_understood_and_others_are_told_who_is_older(
    device: SignedDevice, version: str, status: int
) -> None:
    answer = device.ask("GET", wire.STATE, **{wire.VERSION: version})
    assert answer.status_code == status
    if status == 426:
        assert "the clinic's server is too old for the device" in problem(answer).detail


def test_a_device_of_version_one_is_told_in_its_own_words_to_enrol_again(client: Client) -> None:
    for answer in (client.put("/device/sessions/s-1", content=b"{}"), client.get("/device/recordings/" + "0" * 64)):
        assert answer.status_code == 401
        assert "enrol the device again" in answer.json()["detail"]


def test_a_device_that_asks_too_often_is_told_when_it_may_again(client: Client, device: SignedDevice) -> None:
    client.app.state.rates["questions"] = Rates(2, 60.0, clock=lambda: 0.0)
    assert [device.ask("GET", wire.STATE).status_code for _ in range(2)] == [200, 200]
    answer = device.ask("GET", wire.STATE)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")


def test_a_bucket_fills_again() -> None:
    now = [0.0]
    rates = Rates(2, 60.0, clock=lambda: now[0])
    rates.spend("device")
    rates.spend("device")
    now[0] = 30.0
    rates.spend("device")
    rates.spend("another")
    with pytest.raises(app.TooMany):
        rates.check("device")


def test_wrong_codes_are_braked_by_address_for_all_workers_and_right_ones_are_not(
    client: Client, service: Service
) -> None:
    with a_web(service) as another_worker:
        for _ in range(WRONG_CODES + 1):
            stranger = SignedDevice(client)
            right = msgspec.msgpack.encode(stranger.enrolment(service.devices.new_code()))
            assert stranger.ask("POST", wire.ENROL, right).status_code == 200
        wrong = msgspec.msgpack.encode(SignedDevice(None).enrolment("00000-00000"))
        workers = [SignedDevice(each) for each in (client, another_worker)] * WRONG_CODES
        answers = [each.ask("POST", wire.ENROL, wrong) for each in workers[: WRONG_CODES + 1]]
    assert [each.status_code for each in answers] == [403] * WRONG_CODES + [429]
    assert 3500 < int(answers[-1].headers["retry-after"]) <= 3600


def test_a_session_goes_through_the_web_packed_or_not(device: SignedDevice) -> None:
    item = an_item(a_session())
    assert device.deliver(item).receipts[0].state == wire.CREATED
    packed = zstandard.compress(msgspec.msgpack.encode(wire.Batch(items=(item,))))
    answer = device.ask("POST", wire.SESSIONS, packed, Content_Encoding="zstd")
    assert msgspec.msgpack.decode(answer.content, type=wire.Receipts).receipts[0].state == wire.HELD


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", ""),
        (b"\xff" * 50, ""),
        (b"<html>", ""),
        (b"\x91" * 100_000, ""),
        (zstandard.compress(bytes(1 << 28)), "zstd"),
        (zstandard.compress(b"x" * 1000)[:20], "zstd"),
        (b"not packed", "zstd"),
        (b"x", "gzip"),
    ],
)
def test_a_batch_that_is_none_is_refused_in_words(device: SignedDevice, body: bytes, encoding: str) -> None:
    answer = device.ask("POST", wire.SESSIONS, body, **({"Content_Encoding": encoding} if encoding else {}))
    assert answer.status_code == 422
    assert problem(answer).code == "not a message"


def test_a_body_that_is_too_large_is_not_read(device: SignedDevice) -> None:
    answer = device.ask("POST", wire.SESSIONS, bytes(wire.LARGEST_SESSION_BYTES + 1))
    assert answer.status_code == 413


def test_health_says_what_is_ill(client: Client, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/health").json()["status"] == "ok"
    monkeypatch.setattr(service.objects, "look", Mock(side_effect=OSError(28, "full")))
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["recordings"], answer.json()["database"]) == (503, "ill", "ok")


def test_health_says_that_retention_waits_and_answers_well_all_the_same(client: Client, service: Service) -> None:
    assert client.get("/health").json()["retention"] == "ok"
    with service.store.writing() as db:
        db.execute(insert(Setting).values(name=CLOCK, value="2001-01-01T00:00:00+00:00"))
    answer = client.get("/health")
    assert (answer.status_code, answer.json()["retention"]) == (200, "waits")


def test_metrics_are_for_this_computer_or_for_their_token(client: Client, service: Service) -> None:
    token = {"Authorization": f"Bearer {service.metrics_token()}"}
    assert client.get("/metrics").status_code == 403
    client.get("/health")
    assert 'route="/health",status="200"' in client.get("/metrics", headers=token).text


@pytest.mark.parametrize("relay", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_metrics_are_not_for_who_asks_through_a_relay_on_this_computer(
    client: Client, monkeypatch: pytest.MonkeyPatch, relay: str
) -> None:
    monkeypatch.setattr(watching, "_is_loopback", lambda _: True)  # a client of the tests has no address
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={relay: "127.0.0.1"}).status_code == 403


def test_only_the_owner_may_read_the_clinics_folder_and_database(tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("Windows knows no modes")
    before = os.umask(0o022)
    try:
        with a_service(tmp_path / "clinic") as opened:
            opened.keys()
            modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "clinic").glob("clinic.db*")}
            key_copies.new_code(opened.keychain)
            backup.backup(backup.Clinic(tmp_path / "clinic"), tmp_path / "copy", "tests", lambda *_: None)
    finally:
        os.umask(before)
    databases = [path.stat().st_mode & 0o777 for path in (tmp_path / "copy").glob("database-*")]
    folders = [(tmp_path / name).stat().st_mode & 0o777 for name in ("clinic", "copy")]
    assert (set(modes.values()), databases, folders) == ({0o600}, [0o600], [0o700, 0o700])


def test_the_log_and_the_metrics_hold_nothing_personal(
    device: SignedDevice, service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    watching.log_to_stderr("debug")
    canaries = ("p-canary", "s-canary", "canary-name", "canary-secret", device.token)
    name_person(service, "p-canary", "canary-name")
    device.deliver(an_item(a_session("s-canary", patient="p-canary")))
    device.client.get("/sessions/s-canary?q=canary-name")
    device.client.get("/canary-secret")
    monkeypatch.setattr(service.archive, "take", Mock(side_effect=ValueError("canary-secret")))
    device.ask("POST", wire.SESSIONS, msgspec.msgpack.encode(wire.Batch()))
    logged = capsys.readouterr().err
    lines = [json.loads(line) for line in logged.splitlines()]
    assert {"request", "trouble"} <= {line["event"] for line in lines}
    assert {line["device"] for line in lines if line.get("route") == wire.SESSIONS} == {device.id}
    kept = logged + device.client.app.state.metrics.text().decode()
    assert not [canary for canary in canaries if canary in kept]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("steadyreach")
    before = root.handlers[:], root.level, ours.level
    yield
    root.handlers[:], _ = before[0], (root.setLevel(before[1]), ours.setLevel(before[2]))


REFUSED = (303, 401, 403, 413)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The web of a clinic in which nobody changes anything."""
    with (
        a_service(tmp_path_factory.mktemp("clinic")) as service,
        a_web(service) as opened,
    ):
        yield opened


@pytest.mark.parametrize("route", [each for each in routes() if each.method in ("POST", "PUT", "PATCH")], ids=str)
def test_no_stranger_has_a_body_read_that_is_larger_than_a_form(web: Client, route: Route) -> None:
    values = {
        "account_id": 1,
        "patient_id": "x",
        "draft_id": "x",
        "message_id": "x",
        "device_id": "x",
        "system_id": "x",
        "kind": "Patient",
        "sha256": "0" * 64,
        "rest": "x",
    }
    large = bytes(LARGEST_FORM_BYTES + 1)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    path = filled(route.path, values)
    answer = web.request(route.method, path, content=large, headers=form, follow_redirects=False)
    assert answer.status_code in ((413,) if route.may == access.ANYONE and "rest" not in route.path else REFUSED)


def test_a_token_is_new_once_a_signed_request_shows_it(client: Client, device: SignedDevice) -> None:
    new = msgspec.msgpack.decode(device.ask("POST", wire.TOKEN).content, type=wire.Token).token
    old, device.token = device.token, new
    headers = device.headers("GET", wire.STATE, b"", {}) | {wire.SIGNATURE: "AAAA"}
    assert client.get(wire.STATE, headers=headers).status_code == 400
    device.token = old
    assert device.ask("GET", wire.STATE).status_code == 200
    device.ask("POST", wire.TOKEN)  # the same request again, as somebody may send who has heard it
    device.token = new
    assert device.ask("GET", wire.STATE).status_code == 200
    device.token = old
    assert device.ask("GET", wire.STATE).status_code == 401


def test_wrong_codes_leave_rows_until_the_brake_closes(client: Client, service: Service) -> None:
    stranger = SignedDevice(client)
    wrong = msgspec.msgpack.encode(stranger.enrolment("00000-00000"))
    for _ in range(WRONG_CODES + 5):
        stranger.ask("POST", wire.ENROL, wrong)
    rows = [(row.actor, row.action) for row in service.audit.listed()]
    assert rows == [("stranger", "try too often"), *[("stranger", "fail to enrol")] * WRONG_CODES]


@pytest.mark.parametrize(
    ("host", "known_as"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_brakes_know_ipv6_by_the_network_of_a_connection(host: str, known_as: str) -> None:
    assert address_of(Mock(client=Mock(host=host))) == known_as
