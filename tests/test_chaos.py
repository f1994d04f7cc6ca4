"""Killed clients, a killed server and a network that breaks things: nothing lost, doubled, damaged or missing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from living import Person, lived, plan_for

from engine.commands.bench import chaos as storm
from engine.commands.bench.chaos import Size
from engine.commands.bench.proxy import FAULTS, FaultyProxy

SHORT = Size(computers=2, sessions=4, client_kills=5, server_kills=2)


def a_short_visit(_: int, seed: int, folder: Path) -> None:
    """A visit of one game, where the long form has a whole one."""
    lived(plan_for("fruit_ladder"), Person(), folder)[1].rename(folder / f"simulated-{seed}")


def test_a_short_storm_of_kills_and_faults_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYREACH_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr(storm, "simulate", a_short_visit)
    came = storm.chaos(tmp_path, SHORT, seed=3)
    assert came.wrong == {"lost": [], "doubled": [], "corrupt": [], "gaps": []}
    assert came.played == SHORT.computers * SHORT.sessions
    assert (came.client_kills, came.server_kills) >= (SHORT.client_kills, SHORT.server_kills)


def test_a_network_without_faults_passes_everything_on() -> None:
    with echoing() as port, FaultyProxy(port, 0.0, 1) as network:
        assert asked(network.port, b"x" * 300_000) == b"x" * 300_000


def test_a_network_with_faults_meets_each_of_them() -> None:
    with echoing() as port, FaultyProxy(port, 1.0, 1) as network:
        answers = [asked(network.port, b"x" * 1000) for _ in range(60)]
        assert set(network.met) == set(FAULTS)
    assert any(answer != b"x" * 1000 for answer in answers)


@contextmanager
def echoing() -> Iterator[int]:
    """The port of a server that says what was said to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=_echo, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def _echo(listening: socket.socket) -> None:
    with suppress(OSError):
        while True:
            connection, _ = listening.accept()
            threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    with connection, suppress(OSError):
        while said := connection.recv(65536):
            connection.sendall(said)


def asked(port: int, said: bytes) -> bytes:
    """What comes back, as far as it does."""
    parts: list[bytes] = []
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 10.0) as connection:
        threading.Thread(target=_say, args=(connection, said), daemon=True).start()
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def _say(connection: socket.socket, said: bytes) -> None:
    with suppress(OSError):
        connection.sendall(said)
        connection.shutdown(socket.SHUT_WR)
