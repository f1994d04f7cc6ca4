"""The server as processes: one address, workers that come back, and an end that finishes what has begun."""

import json
import os
import select
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from commands import Begun, entered
from server_fixtures import ROOT, Clinic, SignedDevice, a_clinic, a_service, a_session, an_item, answering, write_folder

from server_sync import wire
from server_sync.clinic.place import Place
from server_sync.web import connections, serving
from server_sync.web.connections import Waiting, may_open
from server_sync.web.serving import CannotServe, Settings, serve

POSIX = pytest.mark.skipif(not serving.MAY_SHARE, reason="processes do not share a port on Windows")


def workers_of(clinic: Clinic) -> set[int]:
    """The processes that answer."""
    children = Path(f"/proc/{clinic.process.pid}/task/{clinic.process.pid}/children").read_text().split()
    return {int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}


@POSIX
def test_a_worker_that_is_killed_comes_back_and_nothing_is_lost(tmp_path: Path) -> None:
    with a_clinic(tmp_path, arguments=["--workers", "2"]) as clinic, a_service(tmp_path) as service:
        before = workers_of(clinic)
        os.kill(min(before), signal.SIGKILL)
        while len(workers_of(clinic) - before) < 1:
            time.sleep(0.05)
        with httpx.Client(base_url=clinic.url) as client:
            device = SignedDevice(client).enrol(service)
            taken = [device.deliver(an_item(a_session(f"s-{n}"), n)).receipts[0].state for n in (1, 2, 3)]
        assert taken == [wire.CREATED] * 3
        assert len(before) == len(workers_of(clinic)) == 2


@POSIX
def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with a_clinic(tmp_path, arguments=["--workers", "2"]) as clinic:
        workers = workers_of(clinic)
        clinic.process.kill()
        clinic.process.said()
        while any(Path(f"/proc/{worker}").exists() for worker in workers):
            time.sleep(0.05)
    with a_clinic(tmp_path, port=int(clinic.url.rsplit(":", 1)[1])) as again:
        assert again.url == clinic.url


@POSIX
def test_what_was_begun_is_finished_when_the_server_is_told_to_end(tmp_path: Path) -> None:
    with a_clinic(tmp_path) as clinic, a_service(tmp_path) as service, ThreadPoolExecutor(8) as pool:
        clients = [httpx.Client(base_url=clinic.url) for _ in range(8)]
        devices = [SignedDevice(client).enrol(service) for client in clients]
        going = [pool.submit(each.deliver, an_item(a_session(f"s-{n}"))) for n, each in enumerate(devices)]
        going[0].result()
        clinic.process.terminate()
        acknowledged = [each.result() for each in going if each.exception() is None]
        assert clinic.process.said().code == -signal.SIGTERM
        assert service.archive.count() >= len(acknowledged) >= 1
        for client in clients:
            client.close()


def test_each_request_is_a_line_of_the_log_that_a_program_can_read(tmp_path: Path) -> None:
    with a_clinic(tmp_path, arguments=["--log-level", "info"]) as clinic:
        httpx.get(f"{clinic.url}/health")
        clinic.process.terminate()
        logged = clinic.process.said().err
    entry = json.loads(next(line for line in logged.splitlines() if '"request"' in line))
    assert (entry["route"], entry["method"], entry["status"]) == ("/health", "GET", 200)


def test_workers_are_one_where_processes_cannot_share_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "MAY_SHARE", False)
    with pytest.raises(CannotServe, match="--workers must be 1 on Windows"):
        serve(Settings(tmp_path, port=0, workers=2))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"database": "postgresql+psycopg://nobody@127.0.0.1:1/none"}, "cannot use its database"),
        ({"database": "nonsense"}, "cannot use its database"),
        ({"recordings": "nonsense"}, "cannot use its recordings"),
    ],
)
def test_a_server_that_cannot_start_says_why(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    with pytest.raises(CannotServe, match=words):
        serve(Settings(tmp_path, port=0, place=Place(**changes)))


def test_a_second_server_on_the_same_port_says_so_and_ends(tmp_path: Path) -> None:
    with a_clinic(tmp_path / "one") as clinic:
        port = clinic.url.rsplit(":", 1)[1]
        second = entered(["serve", "--folder", tmp_path / "two", "--port", port], ROOT)
    assert second.code == 1
    assert second.err.strip() == (
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


def test_where_the_data_lies_is_noted_for_the_commands_beside_the_server(tmp_path: Path) -> None:
    elsewhere = f"sqlite:///{(tmp_path / 'elsewhere.db').as_posix()}"
    with a_clinic(tmp_path / "clinic", database=elsewhere):
        code = said("enrol", "--folder", tmp_path / "clinic")
        assert json.loads(said("devices", "--folder", tmp_path / "clinic", "--json")) == {"devices": []}
    assert len(code.strip()) == 11
    assert not (tmp_path / "clinic" / "clinic.db").exists()
    with a_service(tmp_path / "clinic", elsewhere) as service:
        assert service.accounts.any()


@pytest.mark.parametrize(
    "words",
    [
        ("devices",),
        ("metrics-token",),
        ("prescribe", "ada"),
        ("enrol",),
        ("account", "maja", "Maja"),
        ("recompute",),
        ("work",),
    ],
)
def test_no_command_but_serve_makes_a_clinic(tmp_path: Path, words: tuple[str, ...]) -> None:
    refused = entered([*words, "--folder", tmp_path / "typo"], ROOT)
    assert refused.code == 1
    assert "is not the folder of a clinic" in refused.err
    assert not (tmp_path / "typo").exists()


@pytest.mark.parametrize("words", [("enrol",), ("account", "maja", "Maja")])
def test_a_patients_sessions_are_told_from_a_clinic(tmp_path: Path, words: tuple[str, ...]) -> None:
    write_folder(tmp_path, a_session())
    refused = entered([*words, "--folder", tmp_path], ROOT)
    assert refused.code == 1
    assert "a patient's folder of sessions" in refused.err
    assert not (tmp_path / "clinic.db").exists()


def said(*words: object) -> str:
    done = entered(words, ROOT)
    assert done.code == 0, done.err
    return done.out


# Who keeps it waiting


class Held(SimpleNamespace):
    """A connection as uvicorn has it, with the request that is being heard or answered on it, and what is not sent."""

    unsent_bytes = 0

    @property
    def transport(self) -> SimpleNamespace:
        return SimpleNamespace(get_write_buffer_size=lambda: self.unsent_bytes)

    def __hash__(self) -> int:
        return id(self)


def a_request(more_body: bool = False, response_complete: bool = False) -> SimpleNamespace:
    return SimpleNamespace(more_body=more_body, response_complete=response_complete)


def test_what_keeps_the_server_waiting_is_closed() -> None:
    silent, sending, answered = Held(cycle=None), Held(cycle=a_request(more_body=True)), Held(cycle=a_request())
    every, waiting = [silent, sending, answered], Waiting(10)
    assert [waiting.overdue(every, at) for at in (0.0, connections.REQUEST_WITHIN_S)] == [[], []]
    assert waiting.overdue(every, connections.REQUEST_WITHIN_S + 1) == [silent]
    every.remove(silent)
    answered.cycle.response_complete = True
    at = connections.REQUEST_WITHIN_S + 2
    assert waiting.overdue(every, at) == []
    answered.cycle = a_request()  # the next request, on the same connection
    assert waiting.overdue(every, at + connections.REQUEST_WITHIN_S + 1) == []
    assert waiting.overdue(every, connections.BODY_WITHIN_S + 1) == [sending]


def test_an_answer_that_a_slow_line_still_takes_is_not_cut_off() -> None:
    slow, waiting = Held(cycle=a_request(response_complete=True), unsent_bytes=400_000), Waiting(10)
    late = connections.BODY_WITHIN_S
    assert [waiting.overdue([slow], at) for at in (0.0, connections.REQUEST_WITHIN_S + 1, late)] == [[], [], []]
    slow.unsent_bytes = 0
    assert waiting.overdue([slow], late + 1) == []
    assert waiting.overdue([slow], late + connections.REQUEST_WITHIN_S + 2) == [slow]


def test_of_too_many_connections_those_are_closed_that_waited_longest_and_none_that_is_answered() -> None:
    answered, held, waiting = Held(cycle=a_request()), [Held(cycle=None) for _ in range(4)], Waiting(3)
    for number in range(4):
        found = waiting.overdue([answered, *held[: number + 1]], float(number))
    assert found == held[:2]


@POSIX
def test_who_holds_connections_and_says_nothing_shuts_nobody_out(tmp_path: Path) -> None:
    program = f"""
import resource, steadyreach
resource.setrlimit(resource.RLIMIT_NOFILE, (100, {connections.OTHER_FILES + 84}))
steadyreach.main()
"""
    few = Begun(program, ["steadyreach", "serve", "--folder", tmp_path, "--port", "0"], ROOT, {})
    with answering(few, tmp_path) as clinic, ExitStack() as held:
        host, port = clinic.url.removeprefix("http://").split(":")
        silent = [held.enter_context(socket.create_connection((host, int(port)))) for _ in range(250)]
        assert httpx.get(f"{clinic.url}/health", timeout=30).status_code == 200
        closed, _, _ = select.select(silent, [], [], 30)
        assert {each.recv(1) for each in closed} == {b""}


@POSIX
def test_a_server_may_open_as_many_files_as_the_system_lets_it() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[0], 512), before[1]))
        most = may_open()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == most + connections.OTHER_FILES
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
