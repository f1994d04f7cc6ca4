"""Recordings on their way: pieces in any number, from any process, into a folder or an S3-compatible store."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from routes import a_web
from server_fixtures import SignedDevice, a_service, missing

from server_sync import wire
from server_sync.clinic import objects, uploads
from server_sync.clinic.objects import Objects, StoreTrouble, recording_key
from server_sync.clinic.place import Place
from server_sync.clinic.service import Service
from server_sync.clinic.uploads import (
    LengthDiffers,
    Progress,
    RecordingDamaged,
    UploadComplete,
    Uploads,
    UploadUnknown,
    WrongOffset,
)
from server_sync.clinic.vault import Vault

RECORDING = bytes(range(256)) * 1000
SHA256 = wire.sha256(RECORDING)
LENGTH = len(RECORDING)
ADDRESS = f"{wire.UPLOADS}/{SHA256}"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The URL of a bucket of an S3 that runs here; skipped where there is none."""
    if find_spec("moto") is None:
        missing("s3", "there is no moto")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        said = next(line for line in process.stderr or () if "Running on" in line)
        url = said.split()[-1]
        environment = {
            "AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }  # fmt: skip
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            httpx.put(f"{url}/clinic", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=test/x/us-east-1/s3/x"})
            yield "s3://clinic"
        process.terminate()


@pytest.fixture(params=["folder", "s3"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    """Where recordings are kept, once in a folder and once in an S3."""
    url = f"{request.getfixturevalue('s3')}/{tmp_path.name}" if request.param == "s3" else ""
    with closing(Service(tmp_path / "clinic", Place(recordings=url))) as service:
        yield service.vault


@pytest.fixture(scope="module")
def of_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    """Where recordings are kept, the same for many tries."""
    with closing(Service(tmp_path_factory.mktemp("clinic"))) as service:
        yield service.vault


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Vault]:
    """Where recordings are kept, in a folder."""
    with closing(Service(tmp_path / "clinic")) as service:
        yield service.vault


def test_pieces_make_a_recording_whole_or_not_at_all(vault: Vault) -> None:
    bringing = Uploads(vault)
    assert bringing.begin("d1", SHA256, LENGTH) == Progress(0, LENGTH, complete=False)
    for offset in range(0, LENGTH, 100_000):
        assert not bringing.holds(SHA256)
        progress = Uploads(vault).append("d1", SHA256, offset, RECORDING[offset : offset + 100_000])
    assert progress == bringing.progress("d2", SHA256) == Progress(LENGTH, LENGTH, complete=True)
    assert b"".join(vault.read(recording_key(SHA256))) == RECORDING
    assert vault.objects.listed("incoming") == []


def test_what_arrives_damaged_is_dropped_and_may_come_again(vault: Vault) -> None:
    bringing = Uploads(vault)
    bringing.begin("d1", SHA256, LENGTH)
    with pytest.raises(RecordingDamaged):
        bringing.append("d1", SHA256, 0, b"x" + RECORDING[1:])
    assert not bringing.holds(SHA256)
    bringing.begin("d1", SHA256, LENGTH)
    assert bringing.append("d1", SHA256, 0, RECORDING).complete


def test_an_object_is_made_once(vault: Vault) -> None:
    assert vault.objects.create("incoming/a", b"first")
    assert not vault.objects.create("incoming/a", b"second")
    assert b"".join(vault.objects.read("incoming/a")) == b"first"
    assert vault.objects.size("incoming/none") is None
    vault.objects.remove(["incoming/a", "incoming/none"])
    assert vault.objects.listed("incoming") == []


def test_a_piece_goes_only_where_the_last_one_ended(here: Vault) -> None:
    bringing = Uploads(here)
    with pytest.raises(UploadUnknown):
        bringing.append("d1", SHA256, 0, b"x")
    bringing.begin("d1", SHA256, LENGTH)
    bringing.append("d1", SHA256, 0, RECORDING[:1000])
    for offset in (0, 999, 1001):
        with pytest.raises(WrongOffset) as wrong:
            bringing.append("d1", SHA256, offset, b"y")
        assert wrong.value.progress.offset == 1000
    with pytest.raises(LengthDiffers):
        bringing.append("d1", SHA256, 1000, RECORDING)


def test_devices_bring_the_same_recording_apart(here: Vault) -> None:
    bringing = Uploads(here)
    for device in ("d1", "d2"):
        bringing.begin(device, SHA256, LENGTH)
    bringing.append("d1", SHA256, 0, b"spoilt")
    assert bringing.progress("d2", SHA256).offset == 0
    bringing.append("d2", SHA256, 0, RECORDING)
    with pytest.raises(UploadComplete):
        bringing.append("d1", SHA256, 6, b"more")


def test_a_server_that_was_killed_before_the_end_completes_it_when_asked(here: Vault) -> None:
    vault = here
    bringing = Uploads(vault)
    bringing.begin("d1", SHA256, LENGTH)
    vault.objects.create(f"{uploads.INCOMING}/d1/{SHA256}/{0:012}", RECORDING)
    assert bringing.progress("d1", SHA256).complete
    assert bringing.holds(SHA256)


def test_an_upload_to_which_nothing_came_for_a_week_is_removed(here: Vault) -> None:
    vault = here
    bringing = Uploads(vault)
    bringing.begin("d1", SHA256, LENGTH)
    bringing.append("d1", SHA256, 0, RECORDING[:10])
    assert bringing.tidy(datetime.now(UTC) + timedelta(days=6)) == 0
    assert bringing.tidy(datetime.now(UTC) + timedelta(days=8)) == 2
    with pytest.raises(UploadUnknown):
        bringing.progress("d1", SHA256)


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 2000), max_size=6), again=st.integers(0, 3))
def test_any_cuts_and_repeats_give_the_recording(cuts: list[int], again: int, of_module: Vault) -> None:
    bringing, content = Uploads(of_module), secrets.token_bytes(2000)
    sha256 = wire.sha256(content)
    bringing.begin("d1", sha256, 2000)
    edges = sorted({0, 2000, *cuts})
    for begin, end in pairwise(edges):
        bringing.append("d1", sha256, begin, content[begin:end])
        for _ in range(again):
            with pytest.raises((WrongOffset, UploadComplete)):
                bringing.append("d1", sha256, begin, content[begin:end])
    assert bringing.holds(sha256)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects.os, "access", lambda *_: False)
    with pytest.raises(StoreTrouble, match="cannot be written"):
        Objects(tmp_path).look()


def test_a_store_that_is_not_reached_is_trouble_and_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "incoming").write_text("a file where a folder should be")
    with pytest.raises(StoreTrouble):
        Objects(tmp_path).create("incoming/a/b", b"x")


def test_an_upload_over_the_web_has_the_drafts_semantics(tmp_path: Path) -> None:
    with a_service(tmp_path) as service, a_web(service) as client:
        device = SignedDevice(client).enrol(service)
        assert device.ask("HEAD", ADDRESS).status_code == 404
        made = device.ask("POST", wire.UPLOADS, Upload_Length=str(LENGTH), Upload_Complete="?0", Repr_Digest=_digest())
        assert (made.status_code, made.headers["location"]) == (201, ADDRESS)
        first = _patch(device, RECORDING[:1000], 0)
        assert (first.status_code, first.headers["upload-offset"]) == (204, "1000")
        again = _patch(device, RECORDING[:1000], 0)
        assert (again.status_code, again.headers["upload-offset"]) == (409, "1000")
        last = _patch(device, RECORDING[1000:], 1000, "?1")
        assert (last.status_code, last.headers["upload-complete"]) == (204, "?1")
        told = device.ask("HEAD", ADDRESS).headers
        assert (told["upload-offset"], told["upload-length"], told["upload-complete"]) == (
            str(LENGTH),
            str(LENGTH),
            "?1",
        )


def test_an_upload_over_the_web_is_refused_in_the_drafts_words(tmp_path: Path) -> None:
    with a_service(tmp_path) as service, a_web(service) as client:
        device = SignedDevice(client).enrol(service)
        begin = {"Upload_Complete": "?0", "Repr_Digest": _digest()}
        assert device.ask("POST", wire.UPLOADS, Upload_Length="many", **begin).status_code == 422
        assert device.ask("POST", wire.UPLOADS, Upload_Length=str(2**40), **begin).status_code == 400
        assert device.ask("POST", wire.UPLOADS, Upload_Length="9", Repr_Digest="sha-256=:x:").status_code == 422
        device.ask("POST", wire.UPLOADS, Upload_Length=str(LENGTH), **begin)
        assert device.ask("PATCH", ADDRESS, b"x", Upload_Offset="0").status_code == 415
        assert _patch(device, b"x", 0, "?1").status_code == 400
        assert device.ask("DELETE", ADDRESS).status_code == 204
        assert device.ask("DELETE", ADDRESS).status_code == 404
        assert device.ask("HEAD", f"{wire.UPLOADS}/..%2f..%2fclinic.db").status_code in (404, 422)


def _digest() -> str:
    return wire.content_digest(RECORDING)


def _patch(device: SignedDevice, piece: bytes, offset: int, complete: str = "?0") -> httpx.Response:
    answer: httpx.Response = device.ask(
        "PATCH", ADDRESS, piece, Content_Type=wire.PARTIAL_UPLOAD, Upload_Offset=str(offset), Upload_Complete=complete
    )
    return answer


def test_a_piece_of_no_bytes_that_a_power_cut_left_makes_way(vault: Vault) -> None:
    bringing = Uploads(vault)
    bringing.begin("d1", SHA256, LENGTH)
    vault.objects.create(f"{uploads.INCOMING}/d1/{SHA256}/{0:012}", b"")
    assert bringing.progress("d1", SHA256).offset == 0
    assert bringing.append("d1", SHA256, 0, RECORDING).complete


@pytest.mark.parametrize("gone", ["a piece", "all"])
def test_one_that_another_worker_completes_at_this_moment_is_complete(
    here: Vault, gone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault, calls = here, list[int]()
    first, second = Uploads(vault), Uploads(vault)
    first.begin("d1", SHA256, LENGTH)
    for offset in (0, 1000):
        vault.objects.create(
            f"{uploads.INCOMING}/d1/{SHA256}/{offset:012}", RECORDING[offset : 1000 if not offset else LENGTH]
        )
    gathered = Uploads._gathered

    def late(self: Uploads, device: str, sha256: str) -> object:
        calls.append(1)
        if len(calls) == 2:
            vault.write(recording_key(sha256), [RECORDING])
            pieces = [each.key for each in vault.objects.listed(uploads.INCOMING)]
            vault.objects.remove(pieces[:1] if gone == "a piece" else pieces)
        return gathered(self, device, sha256)

    monkeypatch.setattr(Uploads, "_gathered", late)
    assert second.progress("d1", SHA256).complete
    assert second.holds(SHA256)


@pytest.mark.parametrize("key", ["../../evil", "recordings/../evil", "clinic.db", "/evil", f"recordings/ff/{SHA256}"])
def test_nothing_is_kept_under_a_name_that_is_none_of_a_recording(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="names no recording"):
        Objects(tmp_path / "to" / "new").write(key, [b"x"])
    assert not list(tmp_path.rglob("evil"))


def test_a_device_begins_so_many_uploads_and_no_more_until_it_finishes_or_cancels_one(tmp_path: Path) -> None:
    with a_service(tmp_path) as service, a_web(service) as client:
        device, other = (SignedDevice(client).enrol(service) for _ in range(2))

        def begin(by: SignedDevice, number: int) -> httpx.Response:
            said: httpx.Response = by.ask(
                "POST", wire.UPLOADS, Upload_Length="9", Repr_Digest=wire.content_digest(bytes([number]))
            )
            return said

        statuses = [begin(device, number).status_code for number in range(uploads.MOST_OPEN + 1)]
        assert statuses == [201] * uploads.MOST_OPEN + [429]
        assert begin(device, 0).status_code == 201  # the same again is the same
        assert begin(other, uploads.MOST_OPEN).status_code == 201
        assert device.ask("DELETE", f"{wire.UPLOADS}/{wire.sha256(bytes([0]))}").status_code == 204
        assert begin(device, uploads.MOST_OPEN).status_code == 201


def test_nothing_is_uploaded_where_the_disk_is_nearly_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with a_service(tmp_path) as service, a_web(service) as client:
        device = SignedDevice(client).enrol(service)
        device.ask("POST", wire.UPLOADS, Upload_Length=str(LENGTH), Upload_Complete="?0", Repr_Digest=_digest())
        monkeypatch.setattr(objects, "RESERVE_BYTES", 1 << 60)
        assert _patch(device, RECORDING[:1000], 0).status_code == 507
        other = device.ask("POST", wire.UPLOADS, Upload_Length="9", Repr_Digest=wire.content_digest(b"x"))
        assert other.status_code == 507
        monkeypatch.setattr(objects, "RESERVE_BYTES", 1)
        assert _patch(device, RECORDING[:1000], 0).headers["upload-offset"] == "1000"


def test_a_piece_is_of_a_megabyte_at_most(tmp_path: Path) -> None:
    with a_service(tmp_path) as service, a_web(service) as client:
        device, piece = SignedDevice(client).enrol(service), bytes(wire.LARGEST_PIECE_BYTES + 1)
        length, sha256 = str(len(piece)), wire.content_digest(piece)
        assert device.ask("POST", wire.UPLOADS, piece, Upload_Length=length, Repr_Digest=sha256).status_code == 413
        device.ask("POST", wire.UPLOADS, Upload_Length=length, Repr_Digest=sha256)
        address = f"{wire.UPLOADS}/{wire.sha256(piece)}"
        said = device.ask("PATCH", address, piece, Content_Type=wire.PARTIAL_UPLOAD, Upload_Offset="0")
        assert said.status_code == 413
