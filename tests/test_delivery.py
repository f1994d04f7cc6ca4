"""Delivery: nothing lost, nothing doubled, whatever the network and the server do."""

import shutil
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import msgspec
import pytest
from client_fixtures import (
    ONCE,
    Computer,
    Network,
    a_computer,
    always,
    fresh,
    held,
    losing,
    patient_clock,
    saying,
    telling,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from msgspec.structs import replace
from server_fixtures import Clinic, a_service, a_session, write_folder

from server_sync import wire
from server_sync.client import exchange as exchanges
from server_sync.client import turns
from server_sync.client.accounted import counts
from server_sync.client.exchange import Exchange
from server_sync.client.home import LEDGER
from server_sync.client.patience import LONGEST_WISH_S, Later
from server_sync.clinic import ledger


def test_a_session_arrives_once_however_often_it_is_delivered(clinic: Clinic, computer: Computer, name: str) -> None:
    computer.plays(name)
    before = held(clinic)
    assert computer.sync().delivered == (name,)
    assert computer.sync().already_there == (name,)
    assert held(clinic) == before + 1


def test_nothing_of_a_patient_leaves_a_computer_that_is_not_for_them(clinic: Clinic, tmp_path: Path, name: str) -> None:
    computer, network = a_computer(tmp_path, clinic, ["ada"]), Network()
    computer.plays(f"{name}-theirs", patient="ada")
    computer.plays(other := f"{name}-other", patient="bo")
    result = computer.sync(transport=network)
    assert result.delivered == (f"{name}-theirs",)
    assert "enrols the computer for them" in result.set_aside[other]
    assert network.asked("POST").count(wire.UPLOADS) == 1
    bodies = [request.content for request in network.requests if request.url.path == wire.SESSIONS]
    assert {item.id for body in bodies for item in msgspec.msgpack.decode(body, type=wire.Batch).items} == {
        f"{name}-theirs"
    }


def test_sessions_arrive_in_the_order_in_which_they_were_finished(computer: Computer, name: str) -> None:
    played = computer.plays(*(f"{name}-{letter}" for letter in "cab"))
    assert computer.sync().delivered == played


def test_a_lost_ledger_costs_a_question_and_no_upload(clinic: Clinic, computer: Computer, name: str) -> None:
    computer.plays(name)
    computer.sync()
    before, network = held(clinic), Network()
    (computer.home.clinic / LEDGER).unlink()
    assert computer.sync(transport=network).already_there == (name,)
    assert network.asked("PATCH") == []
    assert held(clinic) == before


def test_what_is_delivered_is_asked_for_no_more(computer: Computer, name: str) -> None:
    computer.plays(*(f"{name}-{number}" for number in range(60)))
    assert len(computer.sync().delivered) == 60
    network = Network()
    assert len(computer.sync(transport=network).already_there) == 60
    assert [request.url.path for request in network.requests] == [wire.STATE, wire.PRESCRIPTIONS]


def test_two_deliveries_of_one_folder_at_once_make_each_session_once(
    clinic: Clinic, computer: Computer, name: str
) -> None:
    played = computer.plays(*(f"{name}-{number}" for number in range(8)))
    before = held(clinic)
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda _: turns.one(computer.home, 60.0, computer.sync), range(2)))
    assert sorted(result.delivered for result in results) == [(), played]
    assert held(clinic) == before + 8


def test_a_server_that_is_set_back_to_a_backup_gets_again_what_it_lost(
    clinic: Clinic, computer: Computer, name: str
) -> None:
    before, after = computer.plays(f"{name}-1", f"{name}-2")
    computer.sync()
    with closing(sqlite3.connect(clinic.folder / "clinic.db")) as db, db:
        db.execute("delete from session where id = ?", (after,))
        db.execute("update device set acked_through = 1 where id = ?", (computer.device.device,))
    again = computer.sync()
    assert (again.delivered, again.already_there) == ((after,), (before,))


def test_a_server_that_is_away_leaves_everything_waiting_with_one_sentence(computer: Computer, name: str) -> None:
    computer.plays(name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        away = replace(computer.device, server=f"http://127.0.0.1:{free.getsockname()[1]}")
    result = Computer(computer.home, away, computer.keys).sync()
    assert result.waiting == (name,)
    assert "cannot be reached" in result.problem
    assert "nothing is lost" in result.problem


def test_a_server_that_is_away_takes_nothing_back(computer: Computer, name: str) -> None:
    computer.plays(name)
    computer.sync()
    result = computer.sync(transport=always(httpx.Response(503)))
    assert (result.already_there, result.waiting, result.complete) == ((name,), (), False)


def test_an_upload_that_was_cut_goes_on_where_it_ended(computer: Computer, name: str) -> None:
    computer.plays(name, frames=name.encode() * 10_000)
    cut, network = losing(6), Network()  # state, prescriptions, where, begin, first piece, second piece
    assert computer.sync(transport=cut).waiting == (name,)
    assert computer.sync(transport=network).delivered == (name,)
    offsets = [request.headers[wire.UPLOAD_OFFSET] for request in network.requests if request.method == "PATCH"]
    assert int(offsets[0]) == 3 * wire.SMALLEST_PIECE_BYTES  # the second was twice as large, and had arrived


@pytest.mark.parametrize("lost", range(1, 9))
def test_an_answer_that_is_lost_after_the_server_acted_doubles_nothing(
    clinic: Clinic, computer: Computer, name: str, lost: int
) -> None:
    computer.plays(name, frames=bytes([lost]) * 200_000)
    before = held(clinic)
    assert computer.sync(patient_clock([]), losing(lost)).complete
    assert held(clinic) == before + 1


def test_other_content_for_a_known_session_is_set_aside_and_holds_up_nothing(
    clinic: Clinic, computer: Computer, name: str, tmp_path: Path
) -> None:
    other = a_computer(tmp_path / "other", clinic)
    other.plays(name, seed=2)
    other.sync()
    computer.plays(name, f"{name}-next", seed=1)
    for result in (computer.sync(), computer.sync()):
        assert list(result.set_aside) == [name]
        assert not result.waiting
    assert (computer.sessions / name / "session.json").is_file()


def test_a_session_that_the_server_stumbles_over_holds_up_no_other(computer: Computer, name: str) -> None:
    played = computer.plays(*(f"{name}-{number}" for number in range(5)))

    def stumble(_: int, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        ids = [item.id for item in msgspec.msgpack.decode(request.content, type=wire.Batch).items] if (
            request.url.path == wire.SESSIONS
        ) else []  # fmt: skip
        return saying(wire.Problem(code="mistake", detail="a mistake"), 500) if played[2] in ids else answer

    result = computer.sync(transport=Network(stumble))
    assert result.waiting == (played[2],)
    assert {*result.delivered, *result.already_there} == {*played} - {played[2]}
    assert "a mistake" in result.problem


def test_a_recording_that_the_server_lost_is_brought_again(computer: Computer, name: str) -> None:
    computer.plays(name)
    lies = [True]

    def lie(_: int, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path != wire.SESSIONS or not lies:
            return answer
        lies.pop()
        told = msgspec.msgpack.decode(answer.content, type=wire.Receipts)
        return saying(replace(told, receipts=(replace(told.receipts[0], state=wire.NO_RECORDING),)))

    done = computer.sync(transport=Network(lie))
    assert (done.delivered + done.already_there, done.problem) == ((name,), "")


def test_a_session_that_is_gone_is_told_to_the_clinic_once(computer: Computer, name: str) -> None:
    gone, stays = computer.plays(f"{name}-1", f"{name}-2")
    shutil.rmtree(computer.sessions / gone)
    assert list(computer.sync().lost) == [gone]
    again = computer.sync()
    assert not again.lost
    assert again.already_there == (stays,)


def test_what_cannot_be_sent_is_told_to_the_clinic_and_sent_when_it_is_mended(
    clinic: Clinic, computer: Computer, name: str
) -> None:
    computer.plays(name)
    recording = computer.sessions / name / "frames.vrec"
    whole = recording.read_bytes()
    recording.write_bytes(b"VREC something else")
    first = computer.sync()
    assert "SHA-256" in first.set_aside[name]
    assert not first.lost
    with a_service(clinic.folder) as service:
        assert service.archive.state(computer.device.device).unheld == (1,)
    recording.write_bytes(whole)
    assert computer.sync().delivered == (name,)


def test_a_device_that_is_taken_off_the_list_stays_polite(clinic: Clinic, computer: Computer, name: str) -> None:
    computer.plays(name)
    with a_service(clinic.folder) as service:
        service.devices.revoke(computer.device.device)
    network = Network()
    result = computer.sync(patient_clock([], seconds=10_000), network)
    assert result.waiting == (name,)
    assert "enrol it once more" in result.problem
    assert (len(network.requests), result.wait_s) == (exchanges.FEW_TRIES, 300.0)


def test_a_folder_with_a_dot_name_is_not_finished_and_not_sent(computer: Computer, name: str) -> None:
    write_folder(computer.sessions, a_session(name))
    (computer.sessions / name).rename(computer.sessions / f".{name}")
    result = computer.sync()
    assert (result.delivered, result.waiting, result.lost) == ((), (), {})


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (httpx.Response(200, html="<h1>Hotel</h1>"), "does not answer like a Steadyreach server"),
        (httpx.Response(302, headers={"Location": "http://elsewhere.test/"}), "points elsewhere"),
        (saying(b"no message"), "does not answer like a Steadyreach server"),
        (httpx.Response(200, content=b"x", headers={wire.DIGEST: wire.content_digest(b"y")}), "was damaged on its way"),
        (httpx.Response(200, content=bytes(exchanges.LARGEST_ANSWER_BYTES + 1)), "without an end"),
        (saying(wire.State(device="d", v=9)), "must be updated"),
        (saying(wire.Problem(code="version", detail="update the device"), 426), "update the device"),
    ],
    ids=["portal", "redirect", "no message", "wrong digest", "endless", "far newer", "too old"],
)
def test_who_is_no_clinic_or_speaks_otherwise_gets_no_session(
    computer: Computer, name: str, answer: httpx.Response, says: str
) -> None:
    computer.plays(name)
    result = computer.sync(transport=always(answer))
    assert result.waiting == (name,)
    assert says in result.problem
    assert "\n" not in result.problem


def test_a_server_two_versions_newer_is_understood(computer: Computer, name: str) -> None:
    computer.plays(name)

    def newer(answer: httpx.Response) -> httpx.Response:
        told = msgspec.msgpack.decode(answer.content)
        return saying({**told, "v": wire.PROTOCOL + 2, "weather": "fine"})

    assert computer.sync(transport=telling(wire.STATE, newer)).delivered == (name,)


def test_nothing_follows_a_redirect(computer: Computer) -> None:
    asked: list[str] = []

    def lead_away(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return fresh(httpx.Response(307, headers={"Location": "http://elsewhere.test/device/state"}))

    computer.sync(transport=httpx.MockTransport(lead_away))
    assert set(asked) == {"127.0.0.1"}


def test_a_receipt_for_other_bytes_is_no_receipt(computer: Computer, name: str) -> None:
    computer.plays(name)

    def lie(answer: httpx.Response) -> httpx.Response:
        told = msgspec.msgpack.decode(answer.content, type=wire.Receipts)
        return saying(replace(told, receipts=(replace(told.receipts[0], sha256="0" * 64),)))

    assert computer.sync(transport=telling(wire.SESSIONS, lie)).waiting == (name,)
    assert computer.sync().already_there == (name,)


def wish(value: str, **headers: str) -> httpx.Response:
    return saying(wire.Problem(code="busy", detail="busy"), 503, Retry_After=value, **headers)


def test_a_server_that_asks_to_wait_is_given_that_time(computer: Computer) -> None:
    slept: list[float] = []
    result = computer.sync(patient_clock(slept), always(wish("7")))
    assert len(slept) == 3
    assert all(pause >= 7 for pause in slept)
    assert result.wait_s == 7


def test_a_date_to_wait_for_counts_by_the_clock_of_the_server(computer: Computer) -> None:
    theirs = datetime.now(UTC) + timedelta(days=1)
    answer = wish(format_datetime(theirs + timedelta(seconds=90)), Date=format_datetime(theirs))
    assert computer.sync(transport=always(answer)).wait_s == 90


@pytest.mark.parametrize(
    "value", ["999999999", format_datetime(datetime.now(UTC) + timedelta(days=400))], ids=["seconds", "date"]
)
def test_nobody_waits_longer_than_an_hour(computer: Computer, value: str) -> None:
    assert computer.sync(transport=always(wish(value))).wait_s == LONGEST_WISH_S


@pytest.mark.parametrize("value", ["", "-1", "soon", "Mon, 99 Nov 2026 99:99:99 GMT", "²"])
def test_a_wish_that_is_none_is_left_out(computer: Computer, value: str) -> None:
    answer = httpx.Response(503, headers=[(b"Retry-After", value.encode())])
    assert computer.sync(transport=always(answer)).wait_s == 0


def test_pauses_double_up_to_five_minutes_and_never_pass_the_bound() -> None:
    slept: list[float] = []

    def fail() -> None:
        raise Later("away")

    with pytest.raises(Later):
        patient_clock(slept, seconds=3000).keep_trying(fail)
    assert slept[:4] == [0.25, 0.5, 1.0, 2.0]
    assert max(slept) == 300.0
    assert sum(slept) <= 3000


def test_a_server_that_trickles_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchanges, "EXCHANGE_S", 0.3)
    over = threading.Event()

    def trickle(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            with suppress(OSError):
                while not over.wait(0.02):
                    connection.sendall(b"X-More: and more\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        dripping = threading.Thread(target=trickle, args=(server,))
        dripping.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        with Exchange(address, ONCE) as exchange, pytest.raises(Later, match="cannot be reached"):
            exchange.send("GET", wire.STATE)
    over.set()
    dripping.join()


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """A TLS server with a certificate that nobody vouches for."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    unsigned = x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
    unsigned = unsigned.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + unsigned.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    (tmp_path / "tls.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")

    def answer(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection, pytest.raises(ssl.SSLError):
            context.wrap_socket(connection, server_side=True)

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        yield f"https://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_who_cannot_prove_to_be_the_clinic_gets_nothing(computer: Computer, name: str, untrusted: str) -> None:
    computer.plays(name)
    elsewhere = Computer(computer.home, replace(computer.device, server=untrusted), computer.keys)
    result = elsewhere.sync()
    assert result.waiting == (name,)
    assert "certificate does not hold" in result.problem


def nearly_over(answer: httpx.Response) -> httpx.Response:
    told = msgspec.msgpack.decode(answer.content, type=wire.State)
    return saying(replace(told, token_until=(datetime.now(UTC) + timedelta(days=2)).isoformat()))


def test_a_token_is_changed_before_it_ends(computer: Computer) -> None:
    first, second = (telling(wire.STATE, nearly_over) for _ in range(2))
    computer.sync(transport=first)
    computer.sync(transport=second)
    shown = [request.headers["Authorization"] for request in (first.requests[0], second.requests[0])]
    assert shown[0] != shown[1]


def test_a_new_token_whose_answer_was_lost_takes_nobodys_place(computer: Computer, name: str) -> None:
    def lose(_: int, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == wire.TOKEN:
            raise httpx.ReadError("the answer was lost")
        return nearly_over(answer) if request.url.path == wire.STATE else answer

    computer.sync(transport=Network(lose))
    computer.plays(name)
    assert computer.sync().delivered == (name,)


def test_a_token_that_another_answer_overtook_is_replaced_by_the_one_before(
    clinic: Clinic, computer: Computer, name: str
) -> None:
    def overtake(_: int, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.url.path == wire.TOKEN:  # an answer that came late made the server forget this one
            with a_service(clinic.folder) as service:
                service.devices.rotate(computer.device.device)
        return nearly_over(answer) if request.url.path == wire.STATE else answer

    computer.plays(name)
    assert computer.sync(patient_clock([]), Network(overtake)).delivered == (name,)


def test_a_number_after_the_last_hole_that_is_told_is_not_surely_accounted_for() -> None:
    through, missing = ledger._accounted(0, {2000})
    state = wire.State(device="d", acked_through=through, missing=missing)
    assert not counts(state, ledger.MOST_MISSING + 1)
    assert counts(wire.State(device="d", acked_through=1, missing=(2, 4)), 3)
