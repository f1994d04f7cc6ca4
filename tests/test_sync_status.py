"""How delivery stands, in words: on the command line, in the lobby, and while others deliver; and the budget."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from client_fixtures import ONCE, Computer, a_computer, held, patient_clock
from commands import ROOT, Said, entered
from msgspec.structs import replace
from server_fixtures import Clinic, a_service

from engine.commands import outgoing
from engine.keys import FOLDER_VARIABLE
from engine.scene import Line
from server_sync import wire
from server_sync.client import budget, status, turns
from server_sync.client.enrolment import enrol, keep_device
from server_sync.client.home import DEVICE, LEDGER, STATUS, home_of
from server_sync.client.outcome import Delivery
from server_sync.client.turns import Busy
from server_sync.clinic.objects import recording_key


@pytest.fixture
def computer(clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Computer:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "keys"))
    return a_computer(tmp_path, clinic)


def delivered(computer: Computer) -> None:
    """Deliver, and write down how it stands, as the command does."""
    status.write(computer.home, computer.sync())


def said(computer: Computer) -> str:
    return status.in_words(computer.home, computer.keys)


def run(computer: Computer, *words: str) -> Said:
    folder = computer.home.client
    return entered(["sync", *words, "--folder", folder], ROOT, **{FOLDER_VARIABLE: str(folder.parent / "keys")})


def test_all_that_is_delivered_is_said(computer: Computer, name: str) -> None:
    computer.plays(name)
    delivered(computer)
    assert "All 1 sessions are delivered." in said(computer)
    assert "the keys are in files in" in said(computer)
    assert outgoing.lobby_line(computer.sessions) == Line("clinic.all_there")


def test_what_waits_is_said_with_since_when_and_why(computer: Computer, name: str) -> None:
    away = Computer(computer.home, replace(computer.device, server="http://127.0.0.1:1"), computer.keys)
    computer.plays(f"{name}-1", f"{name}-2")
    delivered(away)
    assert "2 waiting since 20" in said(computer)
    assert "cannot be reached" in said(computer)
    assert outgoing.lobby_line(computer.sessions) == Line("clinic.some_wait", ("2",))


def test_what_is_set_aside_is_said_with_what_to_do(computer: Computer, name: str) -> None:
    computer.plays(name)
    (computer.sessions / name / "frames.vrec").write_bytes(b"other")
    delivered(computer)
    assert f"{name} was set aside: " in said(computer)
    assert "tell the clinic" in said(computer)
    assert outgoing.lobby_line(computer.sessions) == Line("clinic.one_set_aside")


def test_what_is_set_aside_is_not_lost_as_well(computer: Computer, name: str) -> None:
    gone, damaged = computer.plays(f"{name}-gone", f"{name}-damaged")
    shutil.rmtree(computer.sessions / gone)
    (computer.sessions / damaged / "frames.vrec").write_bytes(b"other")
    delivered(computer)
    now = status.standing(computer.home)
    assert (list(now.set_aside), list(now.lost)) == ([damaged], [gone])


def test_a_computer_that_was_taken_off_the_list_is_told_so_though_nothing_waits(
    clinic: Clinic, computer: Computer, name: str
) -> None:
    computer.plays(name)
    delivered(computer)
    with a_service(clinic.folder) as service:
        service.devices.revoke(computer.device.device)
    done = run(computer, "--once", "--patience", "1")
    assert (done.code, "enrol it once more" in done.err) == (1, True)
    assert "enrol it once more" in said(computer)
    assert "enrol it once more" in status.standing(computer.home).problem


def test_a_server_that_is_away_is_said_though_nothing_waits_and_no_more_once_it_is_back(computer: Computer) -> None:
    away = Computer(computer.home, replace(computer.device, server="http://127.0.0.1:1"), computer.keys)
    delivered(away)
    assert "What is the matter: http://127.0.0.1:1 cannot be reached" in said(computer)
    delivered(computer)
    assert status.standing(computer.home).problem == ""
    assert "What is the matter" not in said(computer)


def test_how_it_stood_before_is_not_said_of_the_next_enrolment(clinic: Clinic, computer: Computer) -> None:
    status.write(computer.home, Delivery(problem="it was taken off the list"))
    with a_service(clinic.folder) as service:
        code = service.devices.new_code()
    enrol(computer.home, clinic.url, code, "headset", "steadyreach 0.1.0", computer.keys, ONCE)
    assert status.standing(computer.home).problem == ""


def test_what_a_computer_cannot_show_any_more_is_said_afterwards_too(computer: Computer) -> None:
    (tokens,) = computer.home.clinic.glob("tokens-*")
    tokens.write_bytes(b"{")
    assert run(computer, "--once").code == 1
    assert "enrol it once more" in said(computer)


def test_programs_are_told_the_hashes_that_the_clinic_exports(clinic: Clinic, computer: Computer, name: str) -> None:
    played = computer.plays(f"{name}-1", f"{name}-2")
    told = json.loads(run(computer, "--once", "--json").out)["sha256"]
    with a_service(clinic.folder) as service:
        assert told == {each.id: each.sha256 for each in service.archive.held() if each.id in played}
    (computer.home.clinic / LEDGER).unlink()
    (computer.sessions / played[0] / "session.json").write_bytes(b"{}")
    again = json.loads(run(computer, "--status", "--json").out)["sha256"]
    assert again == {**told, played[0]: wire.sha256(b"{}")}


def test_a_clock_that_is_far_off_is_said(computer: Computer) -> None:
    off = wire.Clock(offset_s=-86_400.0, within_s=0.1, measured_at="2026-11-20T16:42:00+00:00")
    status.write(computer.home, Delivery(clock=off))
    assert "This computer's clock is 86400.0 s (± 0.1 s) ahead of the clinic's: set it." in said(computer)


def test_a_computer_of_no_clinic_says_how_to_enrol_and_shows_nothing_in_the_lobby(tmp_path: Path) -> None:
    done = entered(["sync", "--once", "--json", "--folder", tmp_path], ROOT)
    assert done.code == 1
    assert "steadyreach enrol" in json.loads(done.out)["problem"]
    assert outgoing.lobby_line(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"[]"])
def test_a_damaged_status_is_as_good_as_none(computer: Computer, name: str, content: bytes) -> None:
    computer.plays(name)
    delivered(computer)
    (computer.home.clinic / STATUS).write_bytes(content)
    assert "All 1 sessions are delivered." in said(computer)


def test_a_damaged_enrolment_stops_no_visit(computer: Computer) -> None:
    (computer.home.clinic / DEVICE).write_bytes(b"{")
    assert outgoing.lobby_line(computer.sessions) == Line("clinic.all_there")
    assert outgoing.no_room(computer.sessions) == ""


def test_a_hidden_folder_that_takes_no_file_stops_no_delivery(computer: Computer, name: str) -> None:
    computer.plays(name)
    for file in (STATUS, "ledger.jsonl", turns.ROUND_LOCK):
        (computer.home.clinic / file).mkdir()
    done = run(computer, "--once", "--json")
    answer = json.loads(done.out)
    assert answer["delivered"] == [name]
    assert any("asked again" in note or "cannot be" in note for note in answer["notes"])


def test_once_delivers_or_says_in_one_sentence_why_not(computer: Computer, name: str) -> None:
    computer.plays(name)
    keep_device(computer.home, replace(computer.device, server="http://127.0.0.1:1"))
    done = run(computer, "--once", "--patience", "0", "--json")
    assert done.code == 1
    assert json.loads(done.out)["waiting"] == [name]
    assert done.err.count("\n") == 1
    keep_device(computer.home, computer.device)
    assert run(computer, "--once").code == 0


def test_it_goes_on_until_the_server_is_back(computer: Computer, name: str) -> None:
    computer.plays(name)
    rounds: list[Delivery] = []
    away = Computer(computer.home, replace(computer.device, server="http://127.0.0.1:1"), computer.keys)
    slept: list[float] = []
    done = turns.until_delivered(
        computer.home, patient_clock(slept), lambda: (away if len(slept) < 5 else computer).sync(), rounds.append
    )
    assert done.delivered == (name,)
    assert [done.wait_s for done in rounds] == [0.25, 0.5, 1.0, 2.0, 4.0, 0.0]


def test_who_delivers_already_looks_once_more_for_who_comes_second(computer: Computer, name: str) -> None:
    first, second = computer.plays(f"{name}-1", f"{name}-2")
    rounds: list[tuple[str, ...]] = []

    def deliver() -> Delivery:
        done = computer.sync()
        if not rounds:  # the second one comes when all was looked at
            refused = threading.Thread(target=be_second, args=(computer,))
            refused.start()
            refused.join()
        rounds.append(done.delivered)
        return done

    turns.until_delivered(computer.home, ONCE, deliver, lambda _: None)
    assert rounds == [(first, second), ()]


def be_second(computer: Computer) -> None:
    with pytest.raises(Busy, match="nothing is lost"):
        turns.until_delivered(computer.home, ONCE, computer.sync, lambda _: None)


def test_one_delivery_waits_for_another_as_long_as_its_patience(computer: Computer) -> None:
    def deliver() -> Delivery:
        with pytest.raises(Busy):
            turns.one(computer.home, 0.1, computer.sync)
        return computer.sync()

    assert turns.one(computer.home, 0.1, deliver).complete


def with_budget(computer: Computer, budget_gb: float) -> Computer:
    device = replace(computer.device, budget_gb=budget_gb)
    keep_device(computer.home, device)
    return Computer(computer.home, device, computer.keys)


def kept(computer: Computer) -> list[str]:
    return sorted(path.parent.name for path in computer.sessions.glob("*/frames.vrec"))


def make_room(computer: Computer, *held: str, days: float = 8) -> None:
    then = datetime.now(UTC) + timedelta(days=days)
    budget.make_room(computer.home, computer.device, held, then, lambda *_: True)


def test_recordings_that_were_delivered_a_week_ago_make_room_oldest_first(computer: Computer, name: str) -> None:
    played = computer.plays(*(f"{name}-{letter}" for letter in "cba"), frames=bytes(400_000))
    computer.sync()
    make_room(with_budget(computer, 0.001), *played)
    assert kept(computer) == sorted(played[1:])
    assert (computer.sessions / played[0] / "session.json").is_file()


def test_what_made_room_is_neither_lost_nor_waiting(computer: Computer, name: str) -> None:
    played = computer.plays(name)
    computer.sync()
    make_room(with_budget(computer, 0), *played)
    assert kept(computer) == []
    assert computer.sync().already_there == played


@pytest.mark.parametrize("why", ["not delivered", "of late", "not held any more", "other bytes"])
def test_what_the_clinic_may_not_have_stays(computer: Computer, name: str, why: str) -> None:
    played = computer.plays(name)
    if why != "not delivered":
        computer.sync()
    if why == "other bytes":
        (computer.sessions / name / "frames.vrec").write_bytes(b"other")
    held_there = () if why == "not held any more" else played
    make_room(with_budget(computer, 0), *held_there, days=6 if why == "of late" else 8)
    assert kept(computer) == [name]


def test_a_recording_is_refused_in_words_while_the_budget_is_full_of_what_waits(computer: Computer, name: str) -> None:
    computer.plays(name, frames=bytes(200_000))
    with_budget(computer, 0.0001)
    assert "have not reached the clinic" in outgoing.no_room(computer.sessions)
    computer.sync()
    assert outgoing.no_room(computer.sessions) == ""


def test_what_was_played_on_an_enrolled_computer_goes_to_the_clinic_by_itself(
    clinic: Clinic, computer: Computer
) -> None:
    words = ["play", "fruit_ladder", "--headset", "simulated", "--set", "fruit_ladder.targets=1"]
    keys = {FOLDER_VARIABLE: str(computer.home.client.parent / "keys")}
    before, until = held(clinic), time.monotonic() + 120
    subprocess.run(
        [sys.executable, "-P", "-m", "steadyreach", *words, "--folder", str(computer.sessions)],
        env={**os.environ, **keys}, check=True,
    )  # fmt: skip
    while held(clinic) == before and time.monotonic() < until:
        time.sleep(0.2)
    assert held(clinic) == before + 1
    assert turns.one(computer.home, 60.0, computer.sync).complete


def test_a_folder_of_sessions_is_found_from_inside_and_outside(computer: Computer) -> None:
    assert home_of(computer.home.client) == computer.home


def test_a_recording_that_the_clinic_has_lost_is_brought_again_before_it_may_go(
    computer: Computer, clinic: Clinic, name: str
) -> None:
    computer.plays(name)
    computer.sync()
    path = computer.sessions / name / "frames.vrec"
    lost = clinic.folder / recording_key(wire.file_sha256(path))
    lost.unlink()
    entry = computer.home.clinic / LEDGER
    entry.write_text(re.sub(r'"at":"\d{4}', '"at":"2020', entry.read_text()))
    Computer(computer.home, replace(computer.device, budget_gb=0.0), computer.keys).sync()
    assert lost.is_file()
    assert kept(computer) == []
