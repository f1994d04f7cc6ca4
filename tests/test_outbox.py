"""The folder of sessions as the outbox: what can be sent, what cannot and why, and the ledger of what became of it."""

import os
import shutil
import sys
from pathlib import Path

import msgspec
import pytest
import zstandard
from server_fixtures import a_session, write_folder

from engine.keys import Keys
from engine.records import Recording, to_json
from engine.sealing import Recipient, write
from engine.session_folder import NUMBERS
from server_sync import wire
from server_sync.client import outbox
from server_sync.client.home import Home, home_of
from server_sync.client.outbox import (
    DELIVERED,
    SET_ASIDE,
    Finished,
    Ledger,
    Outgoing,
    Unready,
    Unsendable,
    check,
    forget_set_aside,
    load,
    survey,
)


def only(home: Home) -> Finished:
    """The one session in a folder."""
    (found,), _ = survey(home)
    return found


def loaded(sessions: Path) -> Outgoing:
    return load(only(home_of(sessions)), Keys(sessions.parent / "keys"))


def number(sessions: Path, *ids: str) -> None:
    (sessions / NUMBERS).mkdir(exist_ok=True)
    for place, name in enumerate(ids, 1):
        (sessions / NUMBERS / f"{place:08d}").write_text(f"{name}\n", encoding="utf-8")


def naming(sessions: Path, file: str, digest: str = "0" * 64) -> None:
    """A session whose record names some file as its recording."""
    session = a_session("s-1", recording=Recording(file=file, sha256=digest, bytes=1, frames=1))
    (sessions / "s-1").mkdir(parents=True)
    (sessions / "s-1" / "session.json").write_bytes(to_json(session))


def test_a_session_goes_as_the_bytes_that_lie_there_with_its_recording_beside(tmp_path: Path) -> None:
    write_folder(tmp_path, a_session("s-1"))
    outgoing = loaded(tmp_path)
    content = (tmp_path / "s-1" / "session.json").read_bytes()
    assert zstandard.decompress(outgoing.item.content) == content
    assert outgoing.item.sha256 == wire.sha256(content)
    assert outgoing.recording == tmp_path / "s-1" / "frames.vrec"


def test_a_sealed_session_is_opened_for_the_way(tmp_path: Path) -> None:
    write_folder(tmp_path / "sessions", a_session("s-1"))
    path, keys = tmp_path / "sessions" / "s-1" / "session.json", Keys(tmp_path / "keys")
    content = path.read_bytes()
    write(path, content, [Recipient(*keys.make())])
    assert wire.sha256(content) not in path.read_text(encoding="utf-8")
    assert loaded(tmp_path / "sessions").item.sha256 == wire.sha256(content)


def test_sessions_come_in_the_order_of_their_numbers_and_those_without_are_given_one(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        write_folder(tmp_path, a_session(name))
    number(tmp_path, "c", "a")
    found, _ = survey(home_of(tmp_path))
    assert [(each.number, each.id) for each in found] == [(1, "c"), (2, "a"), (3, "b"), (4, "d")]


def test_a_session_is_lost_when_its_number_is_there_and_its_folder_is_not(tmp_path: Path) -> None:
    for name in ("gone", "here"):
        write_folder(tmp_path, a_session(name))
    number(tmp_path, "gone", "here")
    shutil.rmtree(tmp_path / "gone")
    assert survey(home_of(tmp_path))[1] == {1: "gone"}


def test_a_session_that_is_just_being_finished_is_not_lost(tmp_path: Path) -> None:
    write_folder(tmp_path, a_session("s-1"))
    number(tmp_path, "s-1")
    (tmp_path / "s-1").rename(tmp_path / ".s-1")
    assert survey(home_of(tmp_path)) == ([], {})


@pytest.mark.parametrize("name", ["two words", "ümlaut", "-rf", "a" * 101])
def test_a_folder_with_an_odd_name_is_set_aside_with_the_reason(tmp_path: Path, name: str) -> None:
    write_folder(tmp_path, a_session(name))
    with pytest.raises(Unsendable, match="is no name of a session"):
        loaded(tmp_path)


@pytest.mark.parametrize("file", ["../secret", "/etc/passwd", "a/b", "..", ".", "C:\\secret", ""])
def test_a_recording_that_lies_elsewhere_is_not_sent(tmp_path: Path, file: str) -> None:
    naming(tmp_path / "sessions", file)
    (tmp_path / "sessions" / "secret").write_bytes(b"x")
    with pytest.raises(Unsendable, match="no file beside it"):
        loaded(tmp_path / "sessions")


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="there are no links")
@pytest.mark.parametrize("linked", ["s-1", "s-1/session.json", "s-1/frames.vrec"])
def test_what_is_a_link_is_not_sent(tmp_path: Path, linked: str) -> None:
    write_folder(tmp_path / "sessions", a_session("s-1"))
    elsewhere, path = tmp_path / "elsewhere", tmp_path / "sessions" / linked
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(Unsendable, match="is a link"):
        loaded(tmp_path / "sessions")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"not": "a session"}', b"[" * 100_000])
def test_what_is_no_session_is_set_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s-1").mkdir()
    (tmp_path / "s-1" / "session.json").write_bytes(content)
    with pytest.raises(Unsendable, match=r"session\.json is not a session"):
        loaded(tmp_path)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_has_the_name_of_a_record_and_is_no_file_is_set_aside_and_not_waited_for(
    tmp_path: Path, kind: str
) -> None:
    (tmp_path / "s-1").mkdir()
    if kind == "pipe" and not hasattr(os, "mkfifo"):
        pytest.skip("the system has no pipes with names")
    (os.mkfifo if kind == "pipe" else os.mkdir)(tmp_path / "s-1" / "session.json")
    number(tmp_path, "s-1")
    found, gone = survey(home_of(tmp_path))
    assert ([(each.id, each.number) for each in found], gone) == ([("s-1", 1)], {})
    with pytest.raises(Unsendable, match="is no file"):
        load(found[0], Keys(tmp_path / "keys"))


def test_a_session_of_another_folder_is_set_aside(tmp_path: Path) -> None:
    write_folder(tmp_path, a_session("s-1"))
    (tmp_path / "s-1").rename(tmp_path / "copy")
    with pytest.raises(Unsendable, match="not of the folder it lies in"):
        loaded(tmp_path)


def test_a_record_of_later_software_is_sent_as_it_is(tmp_path: Path) -> None:
    written = write_folder(tmp_path, a_session("s-1"))
    later = msgspec.json.encode({**msgspec.to_builtins(written), "schema": 3, "weather": "fine"})
    (tmp_path / "s-1" / "session.json").write_bytes(later)
    assert loaded(tmp_path).item.sha256 == wire.sha256(later)


def test_what_cannot_be_read_now_is_not_held_for_damaged(tmp_path: Path) -> None:
    write_folder(tmp_path, a_session("s-1"))
    found = only(home_of(tmp_path))
    (tmp_path / "s-1" / "session.json").unlink()
    with pytest.raises(Unready, match="cannot be read"):
        load(found, Keys(tmp_path / "keys"))


@pytest.mark.parametrize("content", [b"other bytes", b""])
def test_a_recording_is_checked_before_it_is_sent(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "frames.vrec").write_bytes(content)
    with pytest.raises(Unsendable, match="its SHA-256 is another"):
        check(tmp_path / "frames.vrec", wire.sha256(b"the bytes"))


def test_what_a_disk_that_hung_added_to_a_recording_is_cut_off(tmp_path: Path) -> None:
    recording = Recording("frames.vrec", wire.sha256(b"the bytes"), len(b"the bytes"), 1)
    write_folder(tmp_path / "played", a_session("s-1"), b"the bytes")
    (tmp_path / "played" / "s-1" / "session.json").write_bytes(to_json(a_session("s-1", recording=recording)))
    path = tmp_path / "played" / "s-1" / "frames.vrec"
    for content, kept in ((b"the bytes and more", b"the bytes"), (b"other bytes", b"other bytes")):
        path.write_bytes(content)
        loaded(tmp_path / "played")
        assert path.read_bytes() == kept


def a_finished(name: str = "s", stamp: str = "1-1") -> Finished:
    return Finished(1, name, Path(name), stamp)


def test_a_ledger_entry_is_for_one_server_one_device_and_these_bytes(tmp_path: Path) -> None:
    Ledger(tmp_path / "ledger", "http://one", "device").write(DELIVERED, a_finished())
    ledgers = [Ledger(tmp_path / "ledger", *of) for of in (("http://one", "device"), ("http://one", "other"))]
    assert [bool(ledger.known("s", "1-1")) for ledger in ledgers] == [True, False]
    assert ledgers[0].known("s", "2-2") is None
    assert Ledger(tmp_path / "ledger", "http://two", "device").known("s", "1-1") is None


@pytest.mark.parametrize("damage", [b"", b"\x00" * 50, b'{"id": "s", "sta', b"\xff\xfe\n[]\n7\n"])
def test_a_damaged_ledger_costs_its_damaged_lines_alone(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "ledger"
    Ledger(path, "http://one", "device").write(DELIVERED, a_finished("before"))
    with path.open("ab") as file:
        file.write(damage)
    Ledger(path, "http://one", "device").write(DELIVERED, a_finished("after"))
    read = Ledger(path, "http://one", "device")
    assert read.known("before", "1-1")
    assert read.known("after", "1-1")


def test_a_ledger_that_cannot_be_written_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    ledger = Ledger(tmp_path / "ledger", "http://one", "device")
    ledger.write(DELIVERED, a_finished())
    assert ledger.known("s", "1-1")
    assert "cannot be" in ledger.problem


def test_what_was_set_aside_is_forgotten_when_asked_and_what_was_delivered_is_not(tmp_path: Path) -> None:
    home = home_of(tmp_path)
    path = home.clinic / outbox.LEDGER
    ledger = Ledger(path, "http://one", "device")
    ledger.write(DELIVERED, a_finished("delivered"))
    ledger.write(SET_ASIDE, a_finished("aside"), reason='"state":"delivered"')
    forget_set_aside(home)
    again = Ledger(path, "http://one", "device")
    assert again.known("delivered", "1-1")
    assert again.known("aside", "1-1") is None


def test_a_folder_that_may_not_be_looked_into_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed", "open"):
        write_folder(tmp_path, a_session(name))
    stat = Path.stat

    def refusing(path: Path, **how: object) -> object:
        if "closed" in path.parts and path.name != "closed":
            raise PermissionError(13, "Permission denied")
        return stat(path, **how)

    monkeypatch.setattr(Path, "stat", refusing)
    found, gone = survey(home_of(tmp_path))
    assert [(each.number, each.id) for each in found] == [(1, "open"), (0, "closed")]
    assert gone == {}
    with pytest.raises(Unready, match="cannot be read"):
        load(found[1], Keys(tmp_path / "keys"))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_folder_whose_name_is_no_text_gets_no_number(tmp_path: Path) -> None:
    write_folder(tmp_path, a_session("s-1"))
    (tmp_path / "s-1").rename(tmp_path / os.fsdecode(b"bad\xffname"))
    assert [each.number for each in survey(home_of(tmp_path))[0]] == [0]
