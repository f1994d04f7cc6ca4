"""The table of all measures is the same, whoever measured, and whatever became of them meanwhile."""

import ast
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from at_work import MARKER, measured_unless_killed, work_off_unless_killed
from recordings import moving
from server_fixtures import SignedDevice, a_session, an_item
from typer.testing import CliRunner

from engine import recording, sealing
from engine.commands import archive, measured
from engine.commands.measure import measure
from engine.commands.person import load
from engine.records import Recording, Session, to_json
from engine.vrec import gathering, quantised
from server_sync import wire
from server_sync.clinic import on_dask
from server_sync.clinic.jobs import DONE, Hopeless, Jobs
from server_sync.clinic.measure_table import lines, write_csv, write_parquet
from server_sync.clinic.objects import recording_key
from server_sync.clinic.recompute import Found, Measuring, NotPure, Recompute, Where
from server_sync.clinic.service import Service, utc_now
from server_sync.clinic.tiers import ARCHIVED, WHOLE, RecordingDamaged, add_old, archiving, kept, lost_more
from server_sync.clinic.workers import Crew

SESSIONS, FRAMES, RATE_HZ = 6, 1080, 90
MEASURING = Measuring(measured.version, measured.measured)
MAKES_NO_NUMBER = (
    *("engine/adaptation", "engine/choosing", "engine/hanging", "engine/moves", "engine/parameters"),
    *("engine/precautions", "engine/questions", "engine/scene", "engine/sealing", "engine/session_folder"),
    *("engine/task", "engine/formats", "engine/keys"),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clinic with some sessions, the last of them with something that is no recording."""
    folder = tmp_path_factory.mktemp("filled")
    with closing(Service(folder)) as service:
        device = SignedDevice(None).enrol(service).id
        for number in range(1, SESSIONS + 1):
            content = _recorded(folder / "made.vrec", number) if number < SESSIONS else b"not a recording"
            assert _delivered(service, device, number, content) == wire.CREATED
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "clinic"))


@pytest.fixture
def service(folder: Path) -> Iterator[Service]:
    with closing(Service(folder)) as service:
        yield service


@pytest.fixture(scope="module")
def expected(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    """The tables, .csv and .parquet, when one process measures one recording after the other."""
    folder = Path(shutil.copytree(filled, tmp_path_factory.mktemp("expected") / "clinic"))
    with closing(Service(folder)) as service:
        work = _recompute(service)
        for name in work.missing():
            work.keep(_found(work, name))
        return _tables(service, work)


def test_the_measures_are_those_of_the_session_on_its_own(tmp_path: Path) -> None:
    session = a_session("s-1")
    frames, record = _recorded(tmp_path / "frames.vrec", 1), to_json(session)
    (tmp_path / "session.json").write_bytes(record)
    alone = measure(tmp_path, load(tmp_path))
    found = json.loads(measured.measured(frames, record, _NoKeys()))
    assert found["reach"]["reaches_right"]["about"] == alone.reach["reaches_right"].about
    assert found["reach"]["space_left"]["measures"].keys() == alone.reach["space_left"].measures.keys()
    assert found["quality"]["frames"] == FRAMES


def test_workers_of_which_one_is_killed_make_the_same_table(
    service: Service, folder: Path, expected: tuple[bytes, bytes]
) -> None:
    jobs, work = Jobs(service.store, utc_now), _recompute(service)
    jobs.add(work.kind, work.missing())
    entry = partial(work_off_unless_killed, (folder,), (work.kind,), folder / "died")
    with Crew(jobs, 2, entry) as crew:
        crew.watch(lambda: None)
    assert (folder / "died").exists()
    assert jobs.counts((work.kind,)) == {DONE: SESSIONS}
    assert _tables(service, work) == expected


def test_dask_makes_the_same_table_with_a_worker_killed_and_recordings_sent(
    service: Service, folder: Path, expected: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setenv(MARKER, str(folder / "died"))
    work = _recompute(service, Measuring(measured.version, measured_unless_killed))
    work.where = Where(folder / "which is not on that computer")
    told: list[tuple[int, int]] = []
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        failures = on_dask.recompute(work, cluster.scheduler_address, lambda *done: told.append(done))
        assert not failures
        assert (folder / "died").exists()
        assert _tables(service, work) == expected
        assert told[-1] == (SESSIONS, SESSIONS)


def test_the_command_measures_what_is_missing_and_writes_the_table(
    folder: Path, expected: tuple[bytes, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "measures.csv"
    again = ["recompute", "--folder", str(folder), "--workers", "1", "--out", str(out), "--json"]
    answers = [json.loads(CliRunner().invoke(archive.app, again).stdout) for _ in range(2)]
    assert [answer["measured"] for answer in answers] == [SESSIONS, 0]
    assert out.read_bytes() == expected[0]


def test_work_measures_and_then_archives_what_is_old(folder: Path) -> None:
    once = ["work", "--folder", str(folder), "--workers", "1", "--older-days", "1", "--once"]
    result = CliRunner().invoke(archive.app, once)
    with closing(Service(folder)) as service:
        tiers = [kept(service.vault.read, name).tier for name in _named(service).values()]
    assert result.stdout == f"{2 * SESSIONS - 1} done, 1 failed\n"
    assert "is not a recording" in result.stderr
    assert tiers == [ARCHIVED] * (SESSIONS - 1) + [WHOLE]


def test_a_recording_that_cannot_be_read_is_in_the_table_with_the_reason(expected: tuple[bytes, bytes]) -> None:
    last = expected[0].decode().splitlines()[-1]
    assert last.startswith(f"s-{SESSIONS},")
    assert "the recording is not a recording" in last


def test_the_same_measures_may_not_say_two_things(service: Service) -> None:
    work, name = _recompute(service), _named(service)["s-1"]
    work.keep(Found(name, WHOLE, b"{}"))
    work.keep(Found(name, WHOLE, b"{}"))
    with pytest.raises(NotPure, match="something else"):
        work.keep(Found(name, WHOLE, b"[]"))


def test_every_file_in_which_a_measure_is_made_is_in_the_version() -> None:
    listed = {path for pattern in measured.SOURCES for path in measured.ROOT.glob(pattern)}
    imported = {path for source in listed for path in _imports(source)}
    names = {path.relative_to(measured.ROOT).as_posix() for path in imported - listed}
    assert not [name for name in names if not name.startswith(MAKES_NO_NUMBER)]


def test_the_version_changes_with_the_text_of_a_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "one.py").write_text("formula = 1\n")
    monkeypatch.setattr(measured, "ROOT", tmp_path)
    monkeypatch.setattr(measured, "SOURCES", ("*.py",))
    first = measured.version.__wrapped__()
    (tmp_path / "one.py").write_bytes(b"formula = 1\r\n")
    assert measured.version.__wrapped__() == first
    (tmp_path / "one.py").write_text("formula = 2\n")
    assert measured.version.__wrapped__() != first


def test_a_sealed_recording_is_opened_with_the_clinics_key(service: Service, tmp_path: Path) -> None:
    public = service.keys().public
    cipher = sealing.new_cipher([sealing.Recipient(sealing.key_id(public), public)])
    plain, sealed = (_recorded(tmp_path / f"{name}.vrec", 1, how) for name, how in (("a", None), ("b", cipher)))
    found = [measured.measured(content, b"", service.keys()) for content in (plain, sealed)]
    assert found[0] == found[1]
    assert b"sealed for" in measured.measured(sealed, b"", _NoKeys())


def test_an_old_recording_is_archived_once_and_measured_as_such(service: Service) -> None:
    work, name = _recompute(service), _named(service)["s-1"]
    whole = _found(work, name)
    archiving(service.vault, service.keys())(name)
    archiving(service.vault, service.keys())(name)
    assert service.objects.size(recording_key(name)) is None
    assert kept(service.vault.read, name).tier == ARCHIVED
    found = _found(work, name)
    assert [json.loads(one.content)["quality"]["frames"] for one in (whole, found)] == [FRAMES, FRAMES]
    work.keep(found)
    assert {line.tier for line in lines(service.store, service.patients, work.versions)} == {ARCHIVED}


def test_a_recording_that_cannot_be_archived_stays_as_it_was(service: Service) -> None:
    name = _named(service)[f"s-{SESSIONS}"]
    with pytest.raises(Hopeless, match="stays as it was recorded"):
        archiving(service.vault, service.keys())(name)
    assert kept(service.vault.read, name) == (b"not a recording", WHOLE)


def test_a_recording_too_long_to_be_read_whole_stays_as_it_was(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = _named(service)["s-1"]
    monkeypatch.setattr(gathering, "LARGEST_TABLES_BYTES", 1 << 10)
    with pytest.raises(Hopeless, match=f"{name} was not read whole"):
        archiving(service.vault, service.keys())(name)
    assert kept(service.vault.read, name).tier == WHOLE


def test_what_lies_under_a_hash_and_is_not_of_it_is_never_measured(service: Service, folder: Path) -> None:
    name = _named(service)["s-1"]
    (folder / recording_key(name)).write_bytes(b"VREC")
    with pytest.raises(RecordingDamaged, match=name):
        kept(service.vault.read, name)


def test_only_recordings_of_old_sessions_are_archived(service: Service) -> None:
    jobs = Jobs(service.store, lambda: utc_now() + timedelta(days=36_500))
    assert add_old(service.store, jobs, timedelta(days=90)) == SESSIONS
    assert add_old(service.store, Jobs(service.store, utc_now), timedelta(days=36_500)) == 0


@pytest.mark.parametrize(
    ("column", "change", "worse"),
    [
        ("left_y_m", 5e-5, []),
        ("left_y_m", 1e-3, ["left_y_m"]),
        ("left_y_m", np.nan, ["left_y_m"]),
        ("head_qx", 2e-5, []),
        ("head_qx", 1e-4, ["head"]),
        ("head_qw", np.nan, ["head"]),
        ("time_ns", 1, ["time_ns"]),
        ("flags", 1, ["flags"]),
    ],
)
def test_an_archive_that_lost_more_than_it_may_is_noticed(column: str, change: float, worse: list[str]) -> None:
    before = moving(np.arange(FRAMES, dtype=np.int64))
    after = before.copy()
    after[column][7] += change if column != "flags" else np.uint32(1)
    assert lost_more(before, after, quantised.LOSS) == worse
    assert lost_more(before, after[1:], quantised.LOSS) == ["the number of rows"]


class _NoKeys:
    def private(self, key: str) -> bytes | None:  # noqa: ARG002
        return None

    def where(self) -> str:
        return "no place"


def _recorded(path: Path, seed: int, cipher: sealing.Cipher | None = None) -> bytes:
    """A person who reaches to and fro, with the noise of tracking."""
    random = np.random.default_rng(seed)
    rows = moving(np.arange(FRAMES, dtype=np.int64) * 1_000_000_000 // RATE_HZ)
    for device, height_m in (("head", 1.6), ("left", 1.2), ("right", 1.3)):
        rows[f"{device}_y_m"] = height_m + random.normal(0, 0.0003, FRAMES)
    with recording.Writer(path, {"session": f"s-{seed}"}, cipher) as writer:
        for row in rows:
            writer.write(row.tobytes())
    return path.read_bytes()


def _delivered(service: Service, device: str, number: int, content: bytes) -> str:
    name = wire.sha256(content)
    service.vault.write(recording_key(name), [content])
    file = Recording(file="frames.vrec", sha256=name, bytes=len(content), frames=FRAMES)
    session: Session = a_session(f"s-{number}", seed=number, recording=file)
    return service.archive.take(device, wire.Batch(items=(an_item(session, number),))).receipts[0].state


def _recompute(service: Service, how: Measuring = MEASURING) -> Recompute:
    return Recompute(service, how)


def _found(work: Recompute, name: str) -> Found:
    of = kept(work.vault.read, name)
    return Found(name, of.tier, work.measuring.measured(of.content, work.task(name).record, work.keys))


def _named(service: Service) -> dict[str, str]:
    return {held.id: held.recording_sha256 for held in service.archive.held()}


def _tables(service: Service, work: Recompute) -> tuple[bytes, bytes]:
    assert not work.missing()
    folder = Path(str(service.objects.folder))
    write_csv(lines(service.store, service.patients, work.versions), folder / "table.csv")
    write_parquet(lines(service.store, service.patients, work.versions), folder / "table.parquet")
    for table in folder.glob("table.*"):
        assert table.stat().st_mode & 0o077 == 0 or sys.platform == "win32"
    return (folder / "table.csv").read_bytes(), (folder / "table.parquet").read_bytes()


def _imports(path: Path) -> Iterator[Path]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                found = measured.ROOT / f"{name.replace('.', '/')}.py"
                if found.is_file():
                    yield found
