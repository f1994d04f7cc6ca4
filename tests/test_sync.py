"""Delivery: nothing lost, nothing doubled, whatever the network, the server and the disk do."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import msgspec
import pytest
from server_fixtures import Clinic, a_clinic, a_service, a_session, a_token, write_folder

from server_sync import wire
from server_sync.client import outbox
from server_sync.client.delivery import Delivery, Later, Patience, Refused, deliver, enrol
from server_sync.clinic.recordings import RecordingDamaged, Recordings

ONCE = Patience(seconds=0)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with a_clinic(tmp_path_factory.mktemp("clinic")) as running:
        yield running


@pytest.fixture(scope="module")
def token(clinic: Clinic) -> str:
    return a_token(clinic.folder)


@pytest.fixture
def session(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A finished session in `tmp_path`, under an id of its own."""
    return write_folder(tmp_path, a_session(request.node.name.replace("_", "-")[:90])).id


class Wire(httpx.HTTPTransport):
    """The real network, which notes each request and breaks when told to."""

    def __init__(self, break_at: int = -1) -> None:
        super().__init__()
        self.requests: list[httpx.Request] = []
        self._break_at = break_at

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        response = super().handle_request(request)
        if len(self.requests) == self._break_at:
            response.close()
            raise httpx.ReadError("the reply was lost")
        return response

    def offsets(self) -> list[int]:
        return [int(request.headers["Upload-Offset"]) for request in self.requests if request.method == "PATCH"]


def patient_clock(slept: list[float], seconds: float = 30.0) -> Patience:
    """Patience on a clock that only sleeping moves, with the longest jitter."""
    return Patience(seconds, clock=lambda: sum(slept), sleep=slept.append, jitter=lambda _, longest: longest)


def held(clinic: Clinic) -> int:
    with a_service(clinic.folder) as service:
        return service.archive.count()


def answering(*replies: httpx.Response) -> httpx.MockTransport:
    remaining = iter(replies)
    return httpx.MockTransport(lambda _: next(remaining))


def test_a_session_arrives_once_however_often_it_is_delivered(
    clinic: Clinic, token: str, tmp_path: Path, session: str
) -> None:
    before = held(clinic)
    first, second = (deliver(tmp_path, clinic.url, token) for _ in range(2))
    assert first == Delivery(delivered=(session,))
    assert second == Delivery(already_there=(session,))
    assert held(clinic) == before + 1


def test_a_lost_ledger_costs_an_upload_and_no_second_session(
    clinic: Clinic, token: str, tmp_path: Path, session: str
) -> None:
    deliver(tmp_path, clinic.url, token)
    before = held(clinic)
    shutil.rmtree(tmp_path / outbox.LEDGER_FOLDER)
    assert deliver(tmp_path, clinic.url, token).already_there == (session,)
    assert held(clinic) == before


def test_sixteen_deliveries_at_once_make_one_session(clinic: Clinic, token: str, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(16)]
    for folder in folders:
        write_folder(folder, a_session("at-once"))
    before = held(clinic)
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda folder: deliver(folder, clinic.url, token), folders))
    assert all(result.complete for result in results)
    assert sum(len(result.delivered) for result in results) == 1
    assert held(clinic) == before + 1


def test_a_server_that_is_down_at_first_gets_the_session_when_it_is_up(tmp_path: Path) -> None:
    write_folder(tmp_path / "sessions", a_session("patient"))
    token = a_token(tmp_path / "clinic")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    down = deliver(tmp_path / "sessions", f"http://127.0.0.1:{port}", token, ONCE)
    with a_clinic(tmp_path / "clinic", port) as clinic:
        up = deliver(tmp_path / "sessions", clinic.url, token)
    assert (down.waiting, up.delivered) == (("patient",), ("patient",))
    assert "cannot be reached" in down.problem
    assert "nothing is lost" in down.problem


def test_an_upload_that_was_cut_goes_on_where_it_ended(
    clinic: Clinic, token: str, tmp_path: Path, session: str
) -> None:
    write_folder(tmp_path / "sessions", a_session(session), frames=session.encode() * 30_000)
    cut = deliver(tmp_path / "sessions", clinic.url, token, ONCE, Wire(break_at=3))
    network = Wire()
    assert cut.waiting == (session,)
    assert deliver(tmp_path / "sessions", clinic.url, token, ONCE, network).delivered == (session,)
    assert network.offsets()[0] == 2 * wire.PIECE_BYTES


@pytest.mark.parametrize("lost", range(1, 6))
def test_a_reply_that_is_lost_after_the_server_acted_doubles_nothing(
    clinic: Clinic, token: str, tmp_path: Path, lost: int
) -> None:
    write_folder(tmp_path, a_session(f"lost-{lost}"), frames=bytes([lost]) * 600_000)
    before = held(clinic)
    result = deliver(tmp_path, clinic.url, token, patient_clock([]), Wire(break_at=lost))
    assert result.complete
    assert held(clinic) == before + 1


def test_other_content_for_a_known_session_is_set_aside_with_the_reason(
    clinic: Clinic, token: str, tmp_path: Path
) -> None:
    write_folder(tmp_path / "one", a_session("conflict", seed=1))
    write_folder(tmp_path / "two", a_session("conflict", seed=2))
    deliver(tmp_path / "one", clinic.url, token)
    before = held(clinic)
    results = [deliver(tmp_path / "two", clinic.url, token) for _ in range(2)]
    assert all("other content" in result.set_aside["conflict"] for result in results)
    assert (tmp_path / "two" / "conflict" / "session.json").is_file()
    assert held(clinic) == before


def test_a_session_that_is_set_aside_does_not_hold_up_the_next(
    clinic: Clinic, token: str, tmp_path: Path, session: str
) -> None:
    (tmp_path / "a-foreign").mkdir()
    (tmp_path / "a-foreign" / "session.json").write_text('{"not": "a session"}')
    result = deliver(tmp_path, clinic.url, token)
    assert result.delivered == (session,)
    assert "session.json" in result.set_aside["a-foreign"]


def test_a_wrong_token_is_one_sentence_and_everything_waits(clinic: Clinic, tmp_path: Path, session: str) -> None:
    result = deliver(tmp_path, clinic.url, "device_wrong")
    assert result.waiting == (session,)
    assert "enrol the device again" in result.problem
    assert "\n" not in result.problem


def test_a_folder_with_a_dot_name_is_not_finished_and_not_sent(
    clinic: Clinic, token: str, tmp_path: Path, session: str
) -> None:
    (tmp_path / session).rename(tmp_path / f".{session}")
    assert deliver(tmp_path, clinic.url, token) == Delivery()


def test_a_recording_that_is_not_the_one_named_is_not_sent(
    clinic: Clinic, token: str, tmp_path: Path, session: str
) -> None:
    (tmp_path / session / "frames.vrec").write_bytes(b"VREC something else")
    network = Wire()
    result = deliver(tmp_path, clinic.url, token, ONCE, network)
    assert "SHA-256" in result.set_aside[session]
    assert network.requests == []


def test_a_body_that_is_cut_short_leaves_nothing_behind(clinic: Clinic, token: str, tmp_path: Path) -> None:
    write_folder(tmp_path, a_session("cut-short"))
    content = (tmp_path / "cut-short" / "session.json").read_bytes()
    before = held(clinic)
    headers = {"Authorization": f"Bearer {token}", "Content-Digest": wire.content_digest(content)}
    response = httpx.put(f"{clinic.url}{wire.SESSIONS}/cut-short", content=content[:-40], headers=headers)
    assert response.status_code == 400
    assert held(clinic) == before


def test_a_connection_that_breaks_inside_the_body_leaves_nothing_behind(clinic: Clinic, token: str) -> None:
    before = held(clinic)
    address = httpx.URL(clinic.url)
    with socket.create_connection((address.host, address.port or 0)) as connection:
        head = f"PUT {wire.SESSIONS}/broken HTTP/1.1\r\nHost: {address.netloc.decode()}\r\n"
        connection.sendall(f"{head}Authorization: Bearer {token}\r\nContent-Length: 1000\r\n\r\n{{".encode())
    assert httpx.get(f"{clinic.url}/health").json() == {"status": "ok"}
    assert held(clinic) == before


def test_a_page_that_is_no_steadyreach_server_gets_no_trust(tmp_path: Path, session: str) -> None:
    portal = httpx.MockTransport(lambda _: httpx.Response(200, html="<h1>Hotel WLAN</h1>"))
    result = deliver(tmp_path, "http://clinic.test", "token", ONCE, portal)
    assert result.waiting == (session,)
    assert "does not answer like a Steadyreach server" in result.problem


def test_a_receipt_for_other_bytes_is_no_receipt(tmp_path: Path, session: str) -> None:
    recording = httpx.Response(200, content=msgspec.json.encode(wire.Progress("", 0, complete=True)))
    receipt = httpx.Response(200, content=msgspec.json.encode(wire.Receipt(session, "00", created=True)))
    result = deliver(tmp_path, "http://clinic.test", "token", ONCE, answering(recording, receipt))
    assert result.waiting == (session,)


def test_a_server_that_asks_to_wait_is_given_that_time(tmp_path: Path, session: str) -> None:
    slept: list[float] = []
    busy = httpx.MockTransport(lambda _: httpx.Response(503, headers={"Retry-After": "7"}))
    result = deliver(tmp_path, "http://clinic.test", "token", patient_clock(slept), busy)
    assert all(pause >= 7 for pause in slept)
    assert len(slept) == 3
    assert result.waiting == (session,)


def test_pauses_double_up_to_five_minutes_and_never_pass_the_bound() -> None:
    slept: list[float] = []

    def fail() -> None:
        raise Later("away")

    with pytest.raises(Later):
        patient_clock(slept, seconds=3000).keep_trying(fail)
    assert slept[:4] == [0.25, 0.5, 1.0, 2.0]
    assert max(slept) == 300.0
    assert sum(slept) <= 3000


def test_a_device_enrols_with_a_code_and_its_token_delivers(clinic: Clinic, tmp_path: Path, session: str) -> None:
    with a_service(clinic.folder) as service:
        code = service.devices.new_code()
    token = enrol(clinic.url, code.lower(), "headset in room 2")
    assert deliver(tmp_path, clinic.url, token).delivered == (session,)
    with pytest.raises(Refused, match="not valid"):
        enrol(clinic.url, code, "another headset")


def test_what_was_played_on_an_enrolled_computer_goes_to_the_clinic_by_itself(
    clinic: Clinic, token: str, tmp_path: Path
) -> None:
    home, played = tmp_path / "steadyreach", tmp_path / "sessions"
    home.mkdir()
    (home / "device.json").write_text(json.dumps({"server": clinic.url, "token": token}))
    words = [
        "play",
        "fruit_ladder",
        "--headset",
        "simulated",
        "--folder",
        str(played),
        "--set",
        "fruit_ladder.targets=1",
    ]
    known = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "APPDATA": str(tmp_path)}
    subprocess.run([sys.executable, "-P", "-m", "steadyreach", *words], cwd=tmp_path, env=known, check=True)
    ledger, until = played / outbox.LEDGER_FOLDER, time.monotonic() + 60
    while not list(ledger.glob("*.json")) and time.monotonic() < until:
        time.sleep(0.2)
    shutil.rmtree(ledger)  # the clinic knows it, too
    (session,) = [folder.name for folder in played.iterdir() if (folder / "session.json").is_file()]
    assert deliver(played, clinic.url, token).already_there == (session,)


def test_a_ledger_entry_is_for_one_server_and_these_bytes(tmp_path: Path) -> None:
    outbox.Ledger(tmp_path, "http://one").write("s", "aa", outbox.DELIVERED)
    assert outbox.Ledger(tmp_path, "http://one").find("s", "aa") is not None
    assert outbox.Ledger(tmp_path, "http://one").find("s", "bb") is None
    assert outbox.Ledger(tmp_path, "http://two").find("s", "aa") is None


def test_a_damaged_ledger_entry_is_as_good_as_none(tmp_path: Path) -> None:
    ledger = outbox.Ledger(tmp_path, "http://one")
    ledger.write("s", "aa", outbox.DELIVERED)
    (tmp_path / outbox.LEDGER_FOLDER / "s.json").write_bytes(b'{"server": "htt')
    assert ledger.find("s", "aa") is None


def test_a_piece_for_another_place_changes_nothing(tmp_path: Path) -> None:
    recordings, digest = Recordings(tmp_path), wire.sha256(b"abcdef")
    recordings.append("device", digest, 0, 6, b"abc")
    assert recordings.append("device", digest, 0, 6, b"xyz").offset == 3
    assert recordings.append("device", digest, 3, 6, b"def").complete
    assert recordings.path(digest).read_bytes() == b"abcdef"


def test_bytes_that_are_not_those_of_their_hash_are_dropped(tmp_path: Path) -> None:
    recordings, digest = Recordings(tmp_path), wire.sha256(b"abcdef")
    with pytest.raises(RecordingDamaged):
        recordings.append("device", digest, 0, 6, b"abcdxx")
    assert recordings.progress("device", digest).offset == 0
    assert not recordings.holds(digest)


def test_one_device_cannot_spoil_what_another_sends(tmp_path: Path) -> None:
    recordings, digest = Recordings(tmp_path), wire.sha256(b"abcdef")
    recordings.append("one", digest, 0, 6, b"xxx")
    assert recordings.append("two", digest, 0, 6, b"abcdef").complete
