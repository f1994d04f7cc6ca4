"""What is followed of sessions: their gist, series that may be compared, and patients at a glance."""

import random
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from prescribed import a_draft, a_version
from server_fixtures import SignedDevice, a_limit, a_service, a_session, an_item
from sqlalchemy import delete, select, update

from engine.movements import LEANS
from engine.programme import Goal
from engine.records import Answer, BlockRecord, Event, Measured, Request, Session, TrialRecord
from server_sync import wire
from server_sync.clinic import glance
from server_sync.clinic.gist import Gist, gist_of, packed, unpacked
from server_sync.clinic.gists import Followed
from server_sync.clinic.glance import glance_of
from server_sync.clinic.patients import Person
from server_sync.clinic.series import Kind, Series, main_of, series_of
from server_sync.clinic.service import Service
from server_sync.clinic.tables import Delivered, Glance, SessionGist
from server_sync.page.course import close, small
from server_sync.page.course_words import what_counts
from server_sync.page.note import About, note
from server_sync.page.overview import overview
from server_sync.page.star import star_of
from server_sync.page.today import trend_words

MOVEMENT = "shoulder_elevation_left"
BEGAN = datetime(2026, 10, 5, 16, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def a_visit(number: int, limit: float, version: int = 3, half: float = 3.0, **changes: object) -> Session:
    """A visit that left the left shoulder at a limit, every second day."""
    request = Request(MOVEMENT, limit - 8, "deg", "TARGET_SUCCESS", "aims at 3 hits in 4")
    trial = TrialRecord(
        1, "left", 1.0, 4.0, "reached", request, limit - 7, a_limit(limit, half),
        {"path_ratio": Measured(1.4 - number * 0.01, "", 0.02)},
    )  # fmt: skip
    block = BlockRecord("fruit_ladder", "Fruit Ladder", version, "play", 0.0, 600.0, trials=(trial,))
    at = BEGAN + timedelta(days=2 * number)
    named = {"blocks": (block,), "calibration": None, "quality": None, "started_at": at.isoformat(), "told": ()}
    return a_session(f"s-{number:03}", **{**named, **changes})


def gists(limits: Sequence[float], **changes: object) -> list[Gist]:
    return [gist_of(a_visit(number, limit, **changes)) for number, limit in enumerate(limits)]  # type: ignore[arg-type]


def with_limit(visit: Gist, limit: float) -> Gist:
    """The same visit, which left another limit."""
    (left,) = visit.limits
    return replace(visit, limits=(replace(left, value=limit, low=limit - 3, high=limit + 3),))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path) as opened:
        yield opened


def deliver(service: Service, *sessions: Session) -> None:
    device = SignedDevice(None).enrol(service)
    items = tuple(an_item(session, number) for number, session in enumerate(sessions, 1))
    receipts = service.archive.take(device.id, wire.Batch(items=items)).receipts
    assert {each.state for each in receipts} == {wire.CREATED}


def test_the_gist_of_a_session_has_what_is_followed_and_comes_back_from_its_bytes() -> None:
    told = (Answer("pain", 2), Answer("pain", 6, 121.0), Answer("stop", 1, 122.0))
    stopped = Event(122.0, "stopped", "a lean of 9° is further than a precaution allows")
    found = gist_of(a_session(told=told, events=(stopped,), ended_by="stopped by the person"))
    assert unpacked(packed(found)) == found
    aim = found.aims[MOVEMENT]
    assert (aim.trials, found.trials, found.play_s) == (22, 34, 470.0)
    assert aim.lowest < aim.highest < 90
    assert [left.value for left in found.limits if left.movement == MOVEMENT and left.task] == [84.5]
    assert [(told.before, told.highest) for told in found.told.values()] == [(2, 6)]
    assert found.barred == (stopped.detail,)
    assert found.moved[0].title == "Harbour Lean"
    assert {ceiling.at_most for ceiling in found.ceilings if ceiling.movement == MOVEMENT} == {95.0, 100.0}


def test_a_gist_is_small_and_one_of_another_version_is_made_anew() -> None:
    content = packed(gist_of(a_session()))
    assert len(content) < 6000
    other = msgspec.msgpack.decode(content)
    assert unpacked(msgspec.msgpack.encode(other | {"version": 0})) is None
    assert unpacked(msgspec.msgpack.encode(other | {"later": 1})) is None


def test_versions_of_a_game_are_never_one_series() -> None:
    found = series_of([*gists([80, 82], version=2), *gists([98, 99, 98])])
    limits = [each for each in found if each.kind.movement]
    assert [(each.kind.version, len(each.points)) for each in limits] == [(2, 2), (3, 3)]
    assert main_of(found, gists([98, 99, 98])) is limits[1]


def test_a_hand_that_was_hidden_gives_no_value() -> None:
    hidden = a_session().quality
    assert hidden is not None
    poor = replace(hidden, left_seen_percent=89.0)
    found = series_of([*gists([80, 82]), gist_of(a_visit(2, 140, quality=poor))])
    kind = Kind(MOVEMENT, "", "left", "fruit_ladder", 3, "")
    (limit,) = [each for each in found if each.kind == kind]
    assert [point.value for point in limit.points] == [80, 82]
    assert [(point.value, seen) for point, seen in limit.hidden] == [(140, 89.0)]


def test_a_limit_that_fell_within_four_weeks_is_told_and_a_rise_before_does_not_hide_it() -> None:
    followed = [Followed("s", gist) for gist in gists([60, 66, 72, 80, 90, 100, *[110] * 8, 96, 92, 90, 90])]
    found = glance_of(followed, None, NOW)
    assert found.main is not None
    assert (found.main.larger, found.main.worse, found.main.change) == (True, False, 30)
    assert [(each.movement, each.worse) for each in found.dropped] == [(MOVEMENT, True)]
    assert found.minutes(date(2026, 11, 8)) == 40
    assert len(found.played) == 15


def test_a_limit_that_only_varies_is_seldom_told_to_have_fallen() -> None:
    rng = random.Random(5)
    visits = gists([90] * 14)
    people = [[with_limit(visit, rng.gauss(90, 4)) for visit in visits] for _ in range(150)]
    told = [bool(glance_of([Followed("s", gist) for gist in person], None, NOW).dropped) for person in people]
    assert sum(told) <= 12


def test_what_a_ceiling_ended_is_at_least_so_far_wherever_it_is_read() -> None:
    *own, last = gists([90, 92, 91, 90])
    (left,) = last.limits
    leans = [name for name in LEANS if name != "lean_back"]
    visits = [*own, replace(last, limits=(replace(left, at_least=True),))]
    (limit, *_) = series_of(visits)
    found = small(limit)
    assert (found.value, found.interval) == ("at least 90°", "")
    assert found.change == "not to be told: not all of it was measured"
    assert "stop line" in what_counts(limit)
    assert trend_words(glance_of([Followed("s", gist) for gist in visits], None, NOW).main)[1] == (
        "not all of it was measured"
    )
    star = star_of([limit._replace(kind=limit.kind._replace(movement=name)) for name in leans[1:]] + [_back(own)])
    assert star is not None
    assert star.finding == "No change can be told: not all of the leans was measured"
    assert {(each.value, each.first) for each in star.directions if each.key in leans} == {("at least 90°", "90°")}


def test_no_visit_that_a_ceiling_ended_is_drawn_as_one_that_fell() -> None:
    first, ended, *others = gists([120, 105, 104, 103, 102, 101, 100])
    visits = [first, replace(ended, limits=(replace(ended.limits[0], at_least=True),)), *others]
    marked = []
    for each in ([first, ended, *others], visits):
        (limit, *more) = series_of(each)
        marked.append(str(close(limit, more, each).drawing).count("visit beyond"))
    assert marked == [6, 5]


def test_a_goal_is_held_against_a_limit_that_is_at_least_so_far() -> None:
    *own, last = gists([90, 92, 91, 90])
    visits = [*own, replace(last, limits=(replace(last.limits[0], at_least=True),))]
    reach = a_version(goal="", goals=(Goal(words="To the shelf", movement=MOVEMENT, needs=120),))
    found = overview([Followed("s", gist) for gist in visits], [reach], NOW.date())
    assert [goal.so_far for goal in found.goals] == ["needs about 120° · now at least 90°"]


def test_a_note_claims_of_no_limit_that_is_at_least_so_far_that_nothing_changed() -> None:
    def with_a_lean(visit: Gist, **changes: object) -> Gist:
        (left,) = visit.limits
        return replace(visit, limits=(left, replace(left, movement="lean_back", value=5.0, **changes)))

    *own, last = gists([90, 92, 91, 90])
    about = About("Milo", "", (), ())
    hidden = note(about, [*map(with_a_lean, own), with_a_lean(last, at_least=True)], NOW.date())
    (_, lean) = hidden.measured
    assert (lean.title, lean.last) == ("Leant back", "at least 5.0°")
    assert lean.change == "not to be told: not all of it was measured"
    assert "Leant back" not in hidden.others
    assert "Leant back" in note(about, list(map(with_a_lean, [*own, last])), NOW.date()).others


def _back(visits: Sequence[Gist]) -> Series:
    """A lean back that was measured whole, and did not change."""
    (limit, *_) = series_of(visits)
    return limit._replace(kind=limit.kind._replace(movement="lean_back"))


def test_a_clock_that_was_months_ahead_hides_no_session_that_comes_after_it() -> None:
    ahead = gist_of(a_visit(100, 90))
    followed = [Followed("s", gist) for gist in (*gists([80, 82, 84]), ahead)]
    found = glance_of(followed, None, NOW)
    assert [each.started_at for each in found.played] == [each.gist.started_at for each in followed[:3]]
    alone = glance_of(followed[3:], None, NOW)
    assert [each.started_at for each in alone.played] == [ahead.started_at]


def test_a_session_and_a_prescription_change_the_glance_and_it_is_kept(service: Service) -> None:
    deliver(service, a_visit(0, 80), a_visit(1, 82))
    (patient_id,) = service.glances.all()
    assert service.glances.of(patient_id).sessions == 2
    assert len(service.store.look(select(Glance))) == 1
    deliver(service, a_visit(2, 84))
    assert service.store.look(select(Glance)) == []
    service.glances.renew()
    assert len(service.store.look(select(Glance))) == 1
    service.prescriptions.save("p-milo", a_draft(), "Maja")
    found = service.glances.all()[patient_id]
    assert found.ordered
    assert (found.sessions, found.ordered.version, found.ordered.author) == (3, 1, "Maja")


def test_sessions_from_before_there_were_gists_get_them_when_read(service: Service) -> None:
    deliver(service, a_visit(0, 80), a_visit(1, 82))
    patient_id = service.patients.id_of("p-milo")
    known = service.gists.of(patient_id)
    with service.store.writing() as db:
        db.execute(delete(SessionGist))
    assert service.gists.of(patient_id) == known
    assert len(service.store.look(select(SessionGist))) == 2


def test_what_is_damaged_is_made_again_and_a_damaged_session_hides_no_other(service: Service) -> None:
    deliver(service, a_visit(0, 80), a_visit(1, 82), a_visit(2, 84))
    (patient_id,) = service.glances.all()
    with service.store.writing() as db:
        db.execute(update(Glance).values(sealed=b"damaged"))
        db.execute(update(SessionGist).where(SessionGist.session_id != "s-002").values(sealed=b"damaged"))
        db.execute(update(Delivered).where(Delivered.id == "s-001").values(content=b"damaged"))
    assert [each.session_id for each in service.gists.of(patient_id)] == ["s-000", "s-002"]
    assert service.glances.all()[patient_id].sessions == 2
    assert b"damaged" not in {row.sealed for row in service.store.look(select(Glance.sealed))}


def test_all_that_lack_or_are_of_another_version_are_made_before_somebody_waits(service: Service) -> None:
    deliver(service, a_visit(0, 80))
    patient_id, bound = service.patients.id_of("p-milo"), "glance {}".format
    service.patients.add(Person(pseudonym="p-rosa"))
    old = service.patients.seal(patient_id, glance.packed(glance.Glance(made_by=0, sessions=9)), bound(patient_id))
    with service.store.writing() as db:
        db.execute(service.store.once(Glance), {"patient_id": patient_id, "sealed": old})
    service.glances.renew_all(lambda: True)
    assert len(service.store.look(select(Glance))) == 1
    service.glances.renew_all()
    kept = {row.patient_id: row.sealed for row in service.store.look(select(Glance))}
    assert len(kept) == 2
    made = glance.unpacked(service.patients.unseal(patient_id, kept[patient_id], bound(patient_id)))
    assert made is not None
    assert made.sessions == 1


def test_nothing_of_a_gist_or_glance_lies_open(service: Service, tmp_path: Path) -> None:
    deliver(service, a_visit(0, 80))
    service.glances.all()
    service.close()
    content = b"".join(path.read_bytes() for path in tmp_path.rglob("clinic.db*"))
    assert content
    assert MOVEMENT.encode() not in content


def test_two_thousand_patients_at_a_glance_are_read_in_less_than_a_moment(service: Service) -> None:
    deliver(service, *(a_visit(number, 80 + number) for number in range(14)))
    patient_id = service.patients.id_of("p-milo")
    service.glances.all()
    (row,) = service.store.look(select(Glance))
    content = service.patients.unseal(patient_id, row.sealed, f"glance {patient_id}")
    with service.store.writing() as db:
        people = service.patients.admitted(db, [f"p-{number}" for number in range(2000)]).values()
    rows = [{"patient_id": one, "sealed": service.patients.seal(one, content, f"glance {one}")} for one in people]
    with service.store.writing() as db:
        db.execute(service.store.once(Glance), rows)
    begun = time.perf_counter()
    assert len(service.glances.all()) == 2001
    assert time.perf_counter() - begun < 2  # 0.15 s where nothing else runs
