"""The bench of delivery in short: real servers, real devices, and few of each."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from server_fixtures import a_session, missing

from engine import recording
from engine.commands.bench import clinics, delivering, load, recorded, returning, sync
from engine.commands.bench.clinics import Clinic, enrolled, serving
from engine.commands.bench.returning import Played
from engine.commands.bench.sync import Size
from engine.keys import Keys
from server_sync import wire

PLAYED = Played(a_session(), bytes(range(256)))
SMALL = Size(devices=2, identical=16, returning=3, each=2, small_mb=0.1, month=3, large_mb=0.2, beside=2)


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with serving(tmp_path_factory.mktemp("clinic"), workers=1) as clinic:
        yield clinic


def test_the_same_post_at_the_same_moment_makes_one_row(clinic: Clinic, tmp_path: Path) -> None:
    homes = enrolled(clinic, [tmp_path / "same-a", tmp_path / "same-b"], tmp_path / "keys")
    answered = load.collide(homes, tmp_path / "keys", PLAYED.visit, 16)
    assert answered == {wire.CREATED: 2, wire.HELD: 30}
    assert sum(each.id.startswith("same-") for each in clinic.held()) == 2


def test_on_postgresql_the_same_post_makes_one_row(tmp_path: Path) -> None:
    with clinics.postgres() as url:
        if not url:
            missing("postgres", "there is no PostgreSQL under /usr/lib/postgresql, or no psycopg")
        with serving(tmp_path / "clinic", url, workers=1) as clinic:
            homes = enrolled(clinic, [tmp_path / "same-a", tmp_path / "same-b"], tmp_path / "keys")
            assert load.collide(homes, tmp_path / "keys", PLAYED.visit, 16) == {wire.CREATED: 2, wire.HELD: 30}
            assert len(clinic.held()) == 2


def test_all_that_a_load_brings_is_taken_and_counted(clinic: Clinic, tmp_path: Path) -> None:
    homes = enrolled(clinic, [tmp_path / f"load-{number}" for number in range(4)], tmp_path / "keys")
    came = load.deliver(homes, tmp_path / "keys", PLAYED.visit, batch=2, most=16, lasting_s=600.0)
    assert (came.sessions, len(came.requests_s)) == (16, 8)
    assert sum(each.id.startswith("load-") for each in clinic.held()) == 16


def test_computers_that_come_back_at_once_are_all_heard(clinic: Clinic, tmp_path: Path) -> None:
    rows = {row["name"]: row for row in sync.many_computers(clinic, tmp_path, PLAYED, SMALL)}
    assert rows["back at once, held with recordings"]["value"] == 6
    assert rows["a page meanwhile, p95"]["value"] > 0


def test_a_month_arrives_in_order_and_play_goes_on_beside_a_delivery(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "LIVE_FRAMES", 30)
    rows = {row["name"]: row["value"] for row in sync.one_computer(clinic, tmp_path, PLAYED, SMALL)}
    assert (rows["a month, not delivered"], rows["a month, out of order"]) == (0, 0)
    assert [each.number for each in clinic.held() if each.id.startswith("away-")] == [1, 2, 3]
    assert len(recording.read(tmp_path / "beside.vrec").rows) == 30


def test_sessions_that_arrive_in_another_order_are_noticed(clinic: Clinic, tmp_path: Path) -> None:
    (home,) = enrolled(clinic, [tmp_path / "late"], tmp_path / "keys")
    first, second = load.requests_of(home, Keys(tmp_path / "keys"), PLAYED.visit, 1, 2)
    for each in (second, first):
        assert load.sent(load.address_of(home), each) == [wire.CREATED]
    assert delivering.out_of_order(clinic, home) == 1


def test_a_percentile_is_by_nearest_rank() -> None:
    times_s = [number / 1000 for number in range(100, 0, -1)]
    assert [load.percentile_ms(times_s, percent) for percent in (50, 99, 100)] == pytest.approx([50, 99, 100])


def test_recordings_of_one_size_are_never_the_same() -> None:
    first, second = (clinics.tiled(b"frames", 1000, f"session-{number}") for number in (1, 2))
    assert len(first) == len(second) == 1000
    assert first != second


def test_a_server_that_cannot_start_is_told_as_that(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RuntimeError, match="the server ended at its start"), serving(tmp_path / "file"):
        pass


def test_an_outbox_that_was_filled_arrives_with_its_recordings(clinic: Clinic, tmp_path: Path) -> None:
    (home,) = enrolled(clinic, [tmp_path / "filled"], tmp_path / "keys")
    returning.fill(home, PLAYED, 2, 1000)
    returning.deliver(home, tmp_path / "keys")
    assert {each.id for each in clinic.held() if each.recording_held} >= {"filled-001", "filled-002"}
