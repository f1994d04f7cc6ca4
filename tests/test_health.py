"""Whether a server says in time that a disk is nearly full, and looks after its recordings without listing them all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from routes import a_web
from server_fixtures import SignedDevice, a_service, a_session, an_item

from engine.records import Recording
from server_sync import wire
from server_sync.clinic import lost_recordings, objects
from server_sync.clinic.objects import recording_key
from server_sync.clinic.service import Service


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as opened:
        yield opened


def asked(service: Service) -> tuple[int, dict[str, Any]]:
    with a_web(service) as client:
        answer = client.get("/health")
    return answer.status_code, answer.json()


def test_a_server_with_room_is_well(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "RESERVE_BYTES", 1)
    assert asked(service)[1].items() >= {"status": "ok", "database": "ok", "recordings": "ok"}.items()


def test_a_server_whose_disk_is_nearly_full_is_ill_and_says_which(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(objects, "RESERVE_BYTES", 1 << 60)
    status, said = asked(service)
    assert (status, said["status"], said["database"], said["recordings"]) == (503, "ill", "full", "full")


def test_a_store_elsewhere_has_no_disk_to_fill(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "RESERVE_BYTES", 1 << 60)
    monkeypatch.setattr(service.objects, "look", Mock())
    monkeypatch.setattr(service.objects, "folder", None)
    assert asked(service)[1]["recordings"] == "ok"


def keep(service: Service, content: bytes) -> str:
    """Have a session with a recording at the clinic; gives the key of the recording."""
    sha256 = wire.sha256(content)
    session = a_session(sha256, blocks=(), recording=Recording("frames.vrec", sha256, len(content), 1))
    service.objects.write(recording_key(sha256), [content])
    service.archive.take(SignedDevice(None).enrol(service).id, wire.Batch(items=(an_item(session),)))
    return recording_key(sha256)


def test_after_a_first_look_only_some_recordings_are_listed_each_time(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keep(service, b"VREC one")
    rounds, listed = lost_recordings.Rounds(service.store, service.objects), list[str]()
    assert rounds.look() == 0
    service.objects.remove([key])
    look = service.objects.listed
    monkeypatch.setattr(service.objects, "listed", lambda prefix: listed.append(prefix) or look(prefix))
    found = [rounds.look() for _ in range(len(lost_recordings.SHARES) // lost_recordings.AT_ONCE)]
    assert (sum(found), found[int(key.split("/")[1], 16) // lost_recordings.AT_ONCE]) == (1, 1)
    assert len(set(listed)) == len(listed) == 2 * len(lost_recordings.SHARES)


def test_a_first_look_sees_every_recording(service: Service) -> None:
    keys = [keep(service, f"VREC {number}".encode()) for number in range(3)]
    service.objects.remove(keys[1:])
    assert lost_recordings.Rounds(service.store, service.objects).look() == 2
    assert lost_recordings.note(service.store, service.objects, keys[0].split("/")[1]) == 0
