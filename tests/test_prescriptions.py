"""What is prescribed: versions that never change, at the clinic, over the web and on a patient's computer."""

import contextlib
import errno
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient
from prescribed import ARM, KNEE, Web, a_draft, a_home, a_version, an_exchange, folder_of, put_away
from routes import a_web
from server_fixtures import SignedDevice, a_service, a_session, an_item

import games
from engine.prescription import (
    MOST_MESSAGES,
    Draft,
    ForADay,
    Message,
    Moment,
    Practice,
    Prescription,
    Sent,
    content_of,
    difference,
    draft_for,
    load,
    unknown_games,
)
from engine.records import RecordUnreadable, from_json, to_json
from engine.sealing import is_sealed
from server_sync import wire
from server_sync.client import prescriptions, status
from server_sync.client.outcome import Delivery
from server_sync.client.patience import Later
from server_sync.client.prescriptions import Pulled, Shelf, pull
from server_sync.clinic.patients import Person
from server_sync.clinic.prescriptions import Changed, NothingPrescribed
from server_sync.clinic.service import Service

TASKS = {name: games.load(name) for name in games.names()}


@pytest.fixture(params=["sqlite", "postgres"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    database = "" if request.param == "sqlite" else str(request.getfixturevalue("clinic_postgres")())
    with a_service(tmp_path / "clinic", database) as opened:
        yield opened


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Service]:
    with a_service(tmp_path / "clinic") as opened:
        yield opened


@pytest.fixture
def client(sqlite: Service) -> "Iterator[TestClient[Any]]":
    with a_web(sqlite) as opened:
        yield opened


# A prescription by itself


def test_a_version_is_read_as_it_was_written() -> None:
    version = a_version(messages=(Message(text="Well done!", id="1-1", at="2026-03-01", by="Maja"),))
    assert load(to_json(version), TASKS) == version


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"valid_until": "12.12.2026"}, "no day"),
        ({"preset": "../secret.toml"}, "there is no preset"),
        ({"preset": "nice"}, "there is no preset"),
        ({"plan": {"limits": {"lean_up": {"ceiling": 3}}}}, "no movement 'lean_up'"),
        ({"plan": {"games": {"fruit_ladder": {"targets": 5000}}}}, "targets"),
        ({"plan": {"limits": {"lean_back": {"ceiling": "far"}}}}, "must be a number"),
        ({"precautions": (msgspec.structs.replace(KNEE, reason=""),)}, "no reason"),
        ({"precautions": (msgspec.structs.replace(KNEE, movement="knees"),)}, "knees"),
        ({"programme": (Practice(games=("fruit_ladder",), minutes=0),)}, "minutes"),
        ({"programme": (Practice(games=(), minutes=5),)}, "games"),
        ({"messages": (Message(text=""),)}, "text"),
        ({"messages": (Message(text="two\nlines"),)}, "text"),
        ({"messages": (Message(text="a", id="1"), Message(text="b", id="1"))}, "twice"),
        ({"patient": "../ada"}, "pseudonym"),
        ({"patient": "nul.txt"}, "pseudonym"),
        ({"version": 0}, "version"),
    ],
)
def test_what_cannot_be_prescribed_is_refused_when_it_is_loaded(changes: dict[str, Any], why: str) -> None:
    with pytest.raises(RecordUnreadable, match=why):
        load(to_json(a_version(**changes)), TASKS)


def test_a_precaution_whose_day_has_passed_is_read_and_holds() -> None:
    past = msgspec.structs.replace(KNEE, until="2020-01-01")
    assert load(to_json(a_version(precautions=(past,))), TASKS).precautions == (past,)


def test_a_game_that_there_is_not_is_told_and_not_fatal() -> None:
    new = a_draft(plan={"games": {"chess": {"boards": 2}}}, programme=(Practice(games=("fruit_ladder", "go")),))
    version = load(to_json(a_version(plan=new.plan, programme=new.programme)), TASKS)
    assert unknown_games(version, TASKS) == ("chess", "go")


def test_a_prescription_of_a_later_format_is_refused_and_never_read_in_part() -> None:
    content = to_json(a_version()).replace(b'"author"', b'"most_steps": 3, "author"')
    with pytest.raises(RecordUnreadable, match="most_steps"):
        load(content, TASKS)


def test_a_version_that_somebody_changed_is_a_draft_of_the_same_patient_alone() -> None:
    sent = from_json(to_json(a_version()), Sent)
    assert draft_for("ada", sent) == a_draft()
    with pytest.raises(RecordUnreadable, match="prescribed for 'ada'"):
        draft_for("bo", sent)


def test_a_difference_says_what_was_what_is_now_and_what_was_written() -> None:
    theirs = a_draft(goal="to walk", precautions=(KNEE, ARM))
    yours = a_draft(plan={"limits": {"lean_back": {"ceiling": 1.0}}}, goal="to walk")
    assert difference(a_draft(), theirs, yours) == (
        "plan.limits.lean_back.ceiling: was 2.0, you wrote 1.0",
        "precautions.shoulder_elevation_left: was nothing, "
        "is now at most 90 deg until lifted by Dr Okafor (cuff repair)",
    )


def test_what_nobody_says_of_a_version_leaves_its_bytes_as_they_were() -> None:
    assert b"why" not in content_of(a_version())
    assert b"for_a_day" not in content_of(a_version())


def test_another_days_values_are_checked_like_the_others() -> None:
    once = ForADay(day="2026-11-24", preset="balance", plan={"limits": {"lean_back": {"ceiling": 200.0}}})
    with pytest.raises(RecordUnreadable, match="ceiling = 200"):
        load(to_json(a_version(for_a_day=once)), TASKS)
    with pytest.raises(RecordUnreadable, match="'tomorrow' is no day"):
        load(to_json(a_version(for_a_day=ForADay(day="tomorrow", preset="balance"))), TASKS)


# At the clinic, on both databases


def test_a_reason_is_that_of_its_version_alone(sqlite: Service) -> None:
    sqlite.prescriptions.save("ada", a_draft(), "Maja", why="Tired in both sessions.")
    assert sqlite.prescriptions.current("ada").prescription.why == "Tired in both sessions."
    told = sqlite.prescriptions.tell("ada", Message(text="See you on Thursday."), "Jonas")
    assert told.prescription.why is msgspec.UNSET


def test_versions_count_from_one_and_each_is_kept(service: Service) -> None:
    first = service.prescriptions.save("ada", a_draft(), "Maja")
    second = service.prescriptions.save("ada", a_draft(goal="to walk"), "Olu", first.sha256)
    assert [version.prescription.version for version in (first, second)] == [1, 2]
    assert service.prescriptions.history("ada") == [first, second]
    assert service.prescriptions.version("ada", 1) == first
    assert service.prescriptions.current("ada") == second


def test_nothing_is_prescribed_until_somebody_does(service: Service) -> None:
    for ask in (service.prescriptions.current, lambda name: service.prescriptions.version(name, 1)):
        with pytest.raises(NothingPrescribed, match="ada"):
            ask("ada")
    assert service.prescriptions.history("ada") == []


def test_who_did_not_see_the_last_version_is_told_what_changed(service: Service) -> None:
    first = service.prescriptions.save("ada", a_draft(), "Maja")
    second = service.prescriptions.save("ada", a_draft(goal="to walk"), "Olu", first.sha256)
    with pytest.raises(Changed, match="version 2 by Olu") as refused:
        service.prescriptions.save("ada", a_draft(goal="to dance"), "Maja", first.sha256)
    assert refused.value.current == second
    assert refused.value.differences == ("goal: was to stand at the sink, is now to walk, you wrote to dance",)


@pytest.mark.parametrize("if_match", ["", "0" * 64])
def test_nobody_writes_over_what_they_never_saw(service: Service, if_match: str) -> None:
    first = service.prescriptions.save("ada", a_draft(), "Maja")
    with pytest.raises(Changed):
        service.prescriptions.save("ada", a_draft(goal="to walk"), "Olu", if_match)
    assert service.prescriptions.history("ada") == [first]


def test_of_those_who_save_at_once_exactly_one_wins(service: Service) -> None:
    last = service.prescriptions.save("ada", a_draft(), "Maja")

    def save(number: int) -> bool:
        try:
            service.prescriptions.save("ada", a_draft(goal=f"goal {number}"), f"author {number}", last.sha256)
        except Changed:
            return False
        return True

    for _ in range(3):
        with ThreadPoolExecutor(8) as authors:
            assert sum(authors.map(save, range(8))) == 1
        last = service.prescriptions.current("ada")
    assert [each.prescription.version for each in service.prescriptions.history("ada")] == [1, 2, 3, 4]


def test_a_message_changes_nothing_else_and_is_never_lost_to_others(service: Service) -> None:
    service.prescriptions.save("ada", a_draft(), "Maja")
    with ThreadPoolExecutor(4) as authors:
        list(authors.map(lambda n: service.prescriptions.tell("ada", Message(text=f"message {n}"), "Olu"), range(8)))
    now = service.prescriptions.current("ada").prescription
    assert {message.text for message in now.messages} == {f"message {n}" for n in range(8)}
    assert draft_for("ada", msgspec.structs.replace(now, messages=())) == a_draft()
    assert len({message.id for message in now.messages}) == 8


def test_however_many_messages_there_were_another_is_told(sqlite: Service) -> None:
    full = tuple(Message(text=f"message {n}") for n in range(MOST_MESSAGES))
    sqlite.prescriptions.save("ada", a_draft(messages=full), "Maja")
    told = sqlite.prescriptions.tell("ada", Message(text="one more"), "Olu").prescription.messages
    assert (len(told), told[0].text, told[-1].text) == (MOST_MESSAGES, "message 1", "one more")


def test_a_message_that_was_sent_stays_as_it_is(sqlite: Service) -> None:
    sqlite.prescriptions.save("ada", a_draft(), "Maja")
    told = sqlite.prescriptions.tell("ada", Message(text="Use the chair"), "Olu")
    (sent,) = told.prescription.messages
    changed = a_draft(messages=(msgspec.structs.replace(sent, text="Use no chair"),))
    with pytest.raises(RecordUnreadable, match="was sent and stays as it is"):
        sqlite.prescriptions.save("ada", changed, "Olu", told.sha256)
    assert (sent.by, sent.at) == ("Olu", told.prescription.written_at)


def test_what_cannot_be_played_is_no_version(sqlite: Service) -> None:
    with pytest.raises(RecordUnreadable, match="no movement"):
        sqlite.prescriptions.save("ada", a_draft(plan={"limits": {"lean_up": {"ceiling": 3}}}), "Maja")
    with pytest.raises(RecordUnreadable, match="pseudonym"):
        sqlite.prescriptions.save("../ada", a_draft(), "Maja")
    assert sqlite.prescriptions.history("ada") == []


ACTS = st.lists(st.tuples(st.sampled_from(["save", "stale", "tell"]), st.integers(0, 5)), max_size=8)


@settings(max_examples=12)
@given(acts=ACTS)
def test_whatever_is_done_a_version_that_was_published_stays_as_it_was(
    acts: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with a_service(tmp_path_factory.mktemp("clinic")) as clinic:
        published = [clinic.prescriptions.save("ada", a_draft(), "Maja")]
        for act, number in acts:
            draft, seen = a_draft(goal=f"goal {number}"), published[-1].sha256
            if act == "stale":
                with pytest.raises(Changed):
                    clinic.prescriptions.save("ada", draft, "Olu", wire.sha256(bytes([number])))
            else:
                save = clinic.prescriptions.save
                new = (
                    clinic.prescriptions.tell("ada", Message(text="Hello"), "Olu")
                    if act == "tell"
                    else save("ada", draft, "Olu", seen)
                )
                published.append(new)
            assert clinic.prescriptions.history("ada") == published
        assert all(wire.sha256(to_json(version.prescription)) == version.sha256 for version in published)


# Over the web


def address_of(service: Service, pseudonym: str) -> str:
    """Where the page of a patient's prescription is, who is made where there is none."""
    return f"/patients/{service.patients.add(Person(pseudonym=pseudonym))}/prescription"


def as_therapist(client: "TestClient[Any]", service: Service) -> dict[str, str]:
    """Log in; gives back the header that every change needs."""
    password = service.accounts.add("maja", "Maja")
    token = client.get("/login").text.split('name="_csrf_token" value="')[1].split('"')[0]
    client.post("/login", data={"login": "maja", "password": password, "_csrf_token": token})
    return {"X-CSRFToken": token}


def test_a_therapist_writes_reads_and_is_stopped_from_writing_over_others(
    client: "TestClient[Any]", sqlite: Service
) -> None:
    headers, where = as_therapist(client, sqlite), address_of(sqlite, "ada")
    first = client.put(where, content=to_json(a_draft()), headers=headers)
    assert (first.status_code, client.get(where).content) == (201, first.content)
    assert client.put(where, content=to_json(a_draft()), headers=headers).status_code == 428
    second = client.put(
        where, content=to_json(a_draft(goal="to walk")), headers={**headers, "If-Match": first.headers["ETag"]}
    )
    stale = client.put(
        where, content=to_json(a_draft(goal="no")), headers={**headers, "If-Match": first.headers["ETag"]}
    )
    assert (second.status_code, stale.status_code) == (201, 412)
    assert stale.json()["differences"] == ["goal: was to stand at the sink, is now to walk, you wrote no"]
    assert stale.headers["ETag"] == second.headers["ETag"]
    assert client.get(f"{where}/1").content == first.content


def test_what_is_no_prescription_is_refused_in_words(client: "TestClient[Any]", sqlite: Service) -> None:
    headers, where = as_therapist(client, sqlite), address_of(sqlite, "ada")
    for content in (b"no json", b'{"preset": "nice"}', b'{"patient": "bo"}', b'{"unknown": 1}', b"[" * 5000):
        refused = client.put(where, content=content, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (422, "not a prescription")
    assert client.get(where).status_code == 404


def test_a_therapist_tells_a_patient_something(client: "TestClient[Any]", sqlite: Service) -> None:
    headers, where = as_therapist(client, sqlite), address_of(sqlite, "ada")
    assert client.post(f"{where}/messages", content=b'{"text": "Hi"}', headers=headers).status_code == 404
    client.put(where, content=to_json(a_draft()), headers=headers)
    told = client.post(f"{where}/messages", content=b'{"text": "Hi"}', headers=headers)
    assert (told.status_code, told.json()["messages"][0]["by"]) == (201, "Maja")


def test_nobody_reads_or_writes_a_prescription_without_a_login(client: "TestClient[Any]", sqlite: Service) -> None:
    sqlite.prescriptions.save("ada", a_draft(goal="a secret"), "Maja")
    for method in ("GET", "PUT"):
        where = address_of(sqlite, "ada")
        answer = client.request(method, where, content=to_json(a_draft()), follow_redirects=False)
        assert answer.status_code in (303, 403)
        assert "a secret" not in answer.text


def whose(patient: str) -> bytes:
    return msgspec.msgpack.encode(wire.Whose(patient=patient))


def ask_for(device: SignedDevice, patient: str) -> Any:
    return device.ask("POST", wire.PRESCRIPTIONS, whose(patient))


def test_a_device_gets_what_is_for_its_patients_and_nobody_elses(client: "TestClient[Any]", sqlite: Service) -> None:
    device = SignedDevice(client).enrol(sqlite, ["ada"])
    version = sqlite.prescriptions.save("ada", a_draft(), "Maja")
    sqlite.prescriptions.save("bo", a_draft(), "Maja")
    listed = msgspec.msgpack.decode(device.ask("GET", wire.PRESCRIPTIONS).content, type=wire.Prescriptions)
    assert listed.current == {"ada": (1, version.sha256)}
    assert ask_for(device, "ada").content == version.content
    assert ask_for(device, "bo").status_code == 404
    assert client.post(wire.PRESCRIPTIONS, content=whose("ada")).status_code == 401
    assert device.ask("POST", wire.PRESCRIPTIONS, b"\xc1").status_code == 422


def test_why_somebody_prescribed_it_stays_at_the_clinic(client: "TestClient[Any]", sqlite: Service) -> None:
    device = SignedDevice(client).enrol(sqlite, ["ada"])
    version = sqlite.prescriptions.save("ada", a_draft(), "Maja", why="I doubt that she tells of her falls.")
    listed = msgspec.msgpack.decode(device.ask("GET", wire.PRESCRIPTIONS).content, type=wire.Prescriptions)
    got = ask_for(device, "ada").content
    assert b"doubt" not in got
    assert listed.current == {"ada": (1, wire.sha256(got))} == {"ada": (1, version.sha256)}
    assert load(got, TASKS).author == "Maja"
    as_therapist(client, sqlite)
    assert b"doubt" in client.get(address_of(sqlite, "ada")).content


def test_who_knows_the_version_is_told_so(client: "TestClient[Any]", sqlite: Service) -> None:
    as_therapist(client, sqlite)
    version, where = sqlite.prescriptions.save("ada", a_draft(), "Maja"), address_of(sqlite, "ada")
    known = client.get(where, headers={"If-None-Match": f'W/"x", "{version.sha256}"'})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["ETag"] == f'"{version.sha256}"'
    assert client.get(where, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_device_for_anybody_lists_those_it_delivered_of_and_may_ask_for_others(
    client: "TestClient[Any]", sqlite: Service
) -> None:
    device = SignedDevice(client).enrol(sqlite)
    device.deliver(an_item(a_session(patient="ada")))
    for name in ("ada", "bo"):
        sqlite.prescriptions.save(name, a_draft(), "Maja")
    listed = msgspec.msgpack.decode(device.ask("GET", wire.PRESCRIPTIONS).content, type=wire.Prescriptions)
    assert list(listed.current) == ["ada"]
    assert ask_for(device, "bo").status_code == 200
    assert ask_for(device, "nobody").status_code == 404


# On a patient's computer


def synced(client: "TestClient[Any]", service: Service, folder: Path, device: SignedDevice | None = None) -> Pulled:
    device = device or SignedDevice(client).enrol(service, ["ada"])
    with an_exchange(device, Web(client)) as exchange:
        return pull(exchange, a_home(folder), ("ada",))


def test_a_sync_brings_the_newest_version_and_keeps_those_before(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path
) -> None:
    first = sqlite.prescriptions.save("ada", a_draft(), "Maja")
    assert synced(client, sqlite, tmp_path).versions == {"ada": 1}
    second = sqlite.prescriptions.save("ada", a_draft(goal="to walk"), "Maja", first.sha256)
    assert synced(client, sqlite, tmp_path) == Pulled({"ada": 2})
    shelf = Shelf(a_home(tmp_path))
    kept = shelf.newest("ada")
    assert kept is not None
    assert (kept.prescription, kept.later) == (second.prescription, False)
    names = sorted(path.name for path in folder_of(a_home(tmp_path)).glob("0*"))
    assert names == [f"0000000{n}-{version.sha256[:16]}.json" for n, version in ((1, first), (2, second))]


def test_what_is_here_already_is_not_fetched_again(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite.prescriptions.save("ada", a_draft(), "Maja")
    synced(client, sqlite, tmp_path)
    monkeypatch.setattr(Shelf, "add", lambda *_: pytest.fail("it was fetched"))
    assert synced(client, sqlite, tmp_path) == Pulled({"ada": 1})


def test_a_server_that_was_set_back_takes_no_newer_version_away(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path
) -> None:
    sqlite.prescriptions.save("ada", a_draft(), "Maja")
    put_away(a_home(tmp_path), a_version(3))
    pulled = synced(client, sqlite, tmp_path)
    assert pulled.versions == {"ada": 3}
    assert "has version 1" in pulled.notes[0]
    assert "set back" in pulled.notes[0]


def test_what_a_clinic_that_was_set_back_prescribes_holds_beside_the_later_version(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path
) -> None:
    first = sqlite.prescriptions.save("ada", a_draft(precautions=(ARM,)), "Maja")
    put_away(a_home(tmp_path), a_version(3))
    synced(client, sqlite, tmp_path)
    kept = Shelf(a_home(tmp_path)).newest("ada")
    assert kept is not None
    assert (kept.prescription.version, kept.also, kept.later) == (3, (ARM,), True)
    second = sqlite.prescriptions.save("ada", a_draft(), "Maja", first.sha256)
    third = sqlite.prescriptions.save("ada", a_draft(), "Maja", second.sha256)
    sqlite.prescriptions.save("ada", a_draft(), "Maja", third.sha256)
    synced(client, sqlite, tmp_path)
    assert Shelf(a_home(tmp_path)).newest("ada")[2:4] == ((), False)  # type: ignore[index]


def test_a_version_that_is_written_while_we_ask_is_the_last_one(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sqlite.prescriptions.save("ada", a_draft(), "Maja")
    second = sqlite.prescriptions.save("ada", a_draft(goal="to walk"), "Maja", first.sha256)
    monkeypatch.setattr(sqlite.prescriptions, "of_device", lambda *_: {"ada": (1, first.sha256)})
    synced(client, sqlite, tmp_path)
    kept = Shelf(a_home(tmp_path)).newest("ada")
    assert kept is not None
    assert (kept.sha256, kept.later) == (second.sha256, False)


def test_there_and_back_each_clinic_has_its_own_versions(tmp_path: Path) -> None:
    for number, clinic in enumerate("abab", 1):
        home = a_home(tmp_path, clinic * 16)
        assert Shelf(home).version("ada") == max(0, number - 2)
        Shelf(home).take_note({"ada": (number, "0" * 64)}, ())
        put_away(home, a_version(number))


def test_a_version_that_is_not_sealed_is_as_good_as_damaged(tmp_path: Path) -> None:
    put_away(home := a_home(tmp_path), a_version())
    forged = content_of(a_version(9, precautions=()))
    (folder_of(home) / f"00000009-{wire.sha256(forged)[:16]}.json").write_bytes(forged)
    kept = Shelf(home).newest("ada")
    assert kept is not None
    assert (kept.prescription.version, kept.later) == (1, True)


def test_nothing_on_a_computer_says_in_the_open_for_whom_it_is(tmp_path: Path) -> None:
    put_away(home := a_home(tmp_path), a_version(patient="milo.mountain"))
    Shelf(home).take_note({"milo.mountain": (1, "0" * 64)}, ("milo.mountain",))
    status.write(home, Delivery(prescriptions={"milo.mountain": 1}, notes=("of milo.mountain",)))
    assert not list(tmp_path.rglob("*milo*"))
    assert not any(b"milo" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert Shelf(home).expected() == ["milo.mountain"]
    assert status.read(home).prescriptions == {"milo.mountain": 1}


def test_two_versions_of_one_number_hold_both_their_precautions(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    put_away(home, a_version(precautions=(ARM,)), a_version(written_at="2026-04-01T09:00:00+00:00"))
    kept = Shelf(home).newest("ada")
    assert kept is not None
    assert (kept.prescription.precautions, kept.also) == ((KNEE,), (ARM,))


def test_another_clinic_counts_anew(client: "TestClient[Any]", sqlite: Service, tmp_path: Path) -> None:
    sqlite.prescriptions.save("ada", a_draft(), "Maja")
    device = SignedDevice(client).enrol(sqlite, ["ada"])
    with an_exchange(device, Web(client)) as exchange:
        home = a_home(tmp_path, "f" * 16)
        pull(exchange, home, ("ada",))
        put_away(home, a_version(3))
        assert pull(exchange, a_home(tmp_path), ("ada",)).versions == {"ada": 1}


@pytest.mark.parametrize("at", [0, 40, -5])
def test_a_damaged_version_falls_back_is_known_to_be_missing_and_comes_again(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path, at: int
) -> None:
    first = sqlite.prescriptions.save("ada", a_draft(), "Maja")
    synced(client, sqlite, tmp_path)
    sqlite.prescriptions.save("ada", a_draft(goal="to walk"), "Maja", first.sha256)
    synced(client, sqlite, tmp_path)
    (newest,) = folder_of(a_home(tmp_path)).glob("00000002-*")
    content = bytearray(newest.read_bytes())
    content[at] ^= 4
    newest.write_bytes(content)
    kept = Shelf(a_home(tmp_path)).newest("ada")
    assert kept is not None
    assert (kept.prescription.version, kept.later) == (1, True)
    assert synced(client, sqlite, tmp_path).versions == {"ada": 2}


def test_a_version_that_was_told_and_did_not_come_is_known_to_be_missing(tmp_path: Path) -> None:
    home = a_home(tmp_path)
    put_away(home, a_version())
    Shelf(home).take_note({"ada": (2, "0" * 64)}, ("ada",))
    kept = Shelf(home).newest("ada")
    assert kept is not None
    assert kept.later


def test_a_full_disk_leaves_the_version_before(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sqlite.prescriptions.save("ada", a_draft(), "Maja")
    synced(client, sqlite, tmp_path)
    sqlite.prescriptions.save("ada", a_draft(goal="to walk"), "Maja", first.sha256)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(prescriptions, "keep", full)
    pulled = synced(client, sqlite, tmp_path)
    assert pulled.versions == {"ada": 1}
    assert "cannot be kept (No space left on device); the one before holds" in pulled.notes[-1]


def test_what_cannot_be_used_here_is_said_and_holds_nothing_else_up(
    client: "TestClient[Any]", sqlite: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ada", "bo"):
        sqlite.prescriptions.save(name, a_draft(), "Maja")
    whole = sqlite.prescriptions.for_device
    other = sqlite.prescriptions.current("bo")
    swapped = lambda device, patients, name: other if name == "ada" else whole(device, patients, name)  # noqa: E731
    monkeypatch.setattr(sqlite.prescriptions, "for_device", swapped)
    pulled = synced(client, sqlite, tmp_path, SignedDevice(client).enrol(sqlite, ["ada", "bo"]))
    assert pulled.versions == {"bo": 1}
    assert "that of 'bo'" in pulled.notes[0]


def test_without_an_answer_nothing_changes(client: "TestClient[Any]", sqlite: Service, tmp_path: Path) -> None:
    put_away(a_home(tmp_path), a_version())
    stranger = SignedDevice(client)
    stranger.token = "of nobody"
    with pytest.raises(Later):
        synced(client, sqlite, tmp_path, stranger)
    assert Shelf(a_home(tmp_path)).version("ada") == 1


def test_versions_are_sealed_where_the_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEADYREACH_KEYS", str(tmp_path / "keys"))
    home = a_home(tmp_path / "client")
    put_away(home, a_version())
    (path,) = folder_of(home).glob("0*")
    kept = Shelf(home).newest("ada")
    assert is_sealed(path.read_bytes())
    assert kept is not None
    assert kept.prescription == a_version()
    monkeypatch.setenv("STEADYREACH_KEYS", str(tmp_path / "no keys"))
    assert Shelf(home).newest("ada") is None


@pytest.mark.parametrize("name", ["../ada", "..", "a/b", "nul", ""])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    shelf = Shelf(a_home(tmp_path))
    assert shelf.newest(name) is None
    with pytest.raises(RecordUnreadable):
        shelf.add(name, to_json(a_version(patient=name)))


@settings(max_examples=60)
@given(content=st.binary(max_size=60) | st.recursive(
    st.none() | st.integers() | st.text(max_size=5), lambda inner: st.dictionaries(
        st.sampled_from([*Prescription.__struct_fields__, "x"]), inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=12).map(msgspec.json.encode))  # fmt: skip
def test_whatever_comes_is_a_prescription_or_refused_in_words(content: bytes) -> None:
    with contextlib.suppress(RecordUnreadable):  # anything else fails the test
        assert load(content, TASKS).patient


@pytest.mark.parametrize("minutes", [10, 10.0, 7.5, None])
def test_what_is_read_of_a_version_gives_the_same_bytes_again(minutes: float | None) -> None:
    content = content_of(a_version(programme=(Practice(games=("fruit_ladder",), minutes=minutes),)))
    assert to_json(load(content, TASKS)) == content


def test_a_draft_says_nothing_where_nothing_was_written() -> None:
    assert from_json(b"{}", Draft) == Draft()


def test_who_is_shown_what_differs_has_read_it(client: "TestClient[Any]", sqlite: Service) -> None:
    form = as_therapist(client, sqlite) | {"If-Match": f'"{"0" * 64}"'}
    sqlite.prescriptions.save("ada", a_draft(), "Maja")
    answer = client.put(address_of(sqlite, "ada"), content=to_json(a_draft()), headers=form)
    assert (answer.status_code, answer.json()["current"]["goal"]) == (412, "to stand at the sink")
    row = sqlite.audit.listed()[0]
    assert (row.action, row.patient_id, row.thing) == (
        "read a prescription", sqlite.patients.id_of("ada"), "version 1"
    )  # fmt: skip


def test_a_device_that_asks_for_another_patients_prescription_leaves_a_row(
    client: "TestClient[Any]", sqlite: Service
) -> None:
    sqlite.prescriptions.save("bo", a_draft(), "Maja")
    device = SignedDevice(client).enrol(sqlite, ["ada"])
    assert [ask_for(device, name).status_code for name in ("bo", "nobody")] == [404, 404]
    rows = [(row.actor, row.patient_id) for row in sqlite.audit.listed() if row.action.startswith("ask for")]
    assert rows == [(f"device {device.id}", sqlite.patients.id_of("bo"))]


def test_a_number_that_no_version_has_is_not_there(client: "TestClient[Any]", sqlite: Service) -> None:
    as_therapist(client, sqlite)
    sqlite.prescriptions.save("ada", a_draft(), "Maja")
    for number in ("0", "-1", "2", "2147483648", "9" * 23, "9" * 5000):
        assert client.get(f"{address_of(sqlite, 'ada')}/{number}").status_code == 404, number[:30]


def test_a_message_without_answers_is_written_as_before_there_were_any() -> None:
    before = b'{"at":"2026-03-01","by":"Maja","id":"1-1","text":"Well done."}'
    plain = Message(text="Well done.", id="1-1", at="2026-03-01", by="Maja")
    assert msgspec.json.encode(plain, order="sorted") == before
    moment = Moment(session="s-1", block=2, trial=5)
    offered = msgspec.structs.replace(plain, answers=("All fine", "Still tired"), moment=moment)
    content = content_of(a_version(messages=(plain, offered)))
    assert from_json(content, Prescription).messages == (plain, offered)


@pytest.mark.parametrize("answers", [(), ("a", "b", "c", "d"), ("",), ("x" * 12,), ("two\nlines",), ("a " * 11,)])
def test_answers_that_fit_no_card_are_refused(answers: tuple[str, ...]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"text": "How was it?", "answers": answers}, Message)


def test_what_a_message_offers_is_kept_with_it(sqlite: Service) -> None:
    asked = Message(text="How was it?", answers=("All fine",), moment=Moment(session="s-1"))
    (kept,) = sqlite.prescriptions.save("ada", a_draft(messages=(asked,)), "Maja").prescription.messages
    assert (kept.answers, kept.moment, kept.id) == (("All fine",), Moment(session="s-1"), "1-1")
