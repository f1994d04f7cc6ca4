"""A recording played again gives the same session, byte for byte; foreign recordings play too."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from msgspec.structs import replace
from test_sealing import enrol

from engine.commands import visits
from engine.frame import HAND_JOINTS, Button, Devices, Frame, Speed
from engine.headset import HeadsetUnavailable
from engine.keys import FOLDER_VARIABLE, Keys
from engine.plan import About
from engine.recording import Writer, pack, read
from engine.records import RecordUnreadable, to_json
from engine.replay import open_replay, read_rows
from engine.sealing import Recipient, recipients_in, write
from engine.session_folder import FRAMES, RECORD, read_session
from engine.simulated import SimulatedHeadset

ABOUT = About("one", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    holds = visits.resolved("post-op", ["fruit_ladder.targets=4"])
    plan = visits.plan("test", visits.steps_for(["fruit_ladder", "harbour_lean"], holds), holds, 5)
    return visits.play(plan, SimulatedHeadset(seed=5, rate_hz=45.0), tmp_path_factory.mktemp("played"), ABOUT)[1]


def test_a_whole_session_comes_out_again_byte_for_byte(played: Path, tmp_path: Path) -> None:
    same, again = visits.play_again(played, tmp_path)
    assert same
    assert (again / RECORD).read_bytes() == (played / RECORD).read_bytes()


class Equipped(SimulatedHeadset):
    """Somebody simulated with a tracker and a hand that is seen, who asks for a new middle and takes a break."""

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(super().frames()):
            devices = Devices(
                head_speed=Speed((0.5, 0.0, 0.0), (0.0, 1.5, 0.0)),
                waist=frame.head,
                right_joints_m=(frame.right.grip.position_m,) * HAND_JOINTS if index % 3 else None,
            )
            buttons = Button.RECENTRE * (index == 400) | Button.AWAY * (600 <= index < 700)
            yield frame._replace(devices=devices if index % 7 else None, buttons=buttons)


def test_devices_postures_and_new_middles_come_out_again_byte_for_byte(tmp_path: Path) -> None:
    holds = visits.resolved("child", ["fruit_ladder.targets=2"])
    plan = visits.plan("test", visits.steps_for(["fruit_ladder"], holds, posture="seated"), holds, 5, posture="seated")
    done, folder = visits.play(plan, Equipped(seed=5, rate_hz=45.0), tmp_path / "first", ABOUT)
    same, again = visits.play_again(folder, tmp_path / "again")
    assert same
    assert len(read(again / FRAMES).devices) > 1000
    assert {"recentre asked", "recentred", "paused", "resumed"} <= {event.name for event in done.events}


def test_a_recording_opened_as_a_headset_gives_its_devices(tmp_path: Path) -> None:
    path, given = tmp_path / "walk.vrec", list(islice(Equipped().frames(), 50))
    with Writer(path, {}) as writer:
        for frame in given:
            writer.write(pack(frame), frame.devices)
    assert list(open_replay(path).frames()) == given


def test_a_change_of_one_parameter_is_noticed(played: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed" / "one"
    changed.mkdir(parents=True)
    (changed / FRAMES).write_bytes((played / FRAMES).read_bytes())
    record = json.loads((played / RECORD).read_text())
    record["seed"] += 1
    (changed / RECORD).write_text(json.dumps(record))
    assert not visits.play_again(changed, tmp_path / "again")[0]


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A session that was played in a folder of a clinic."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "keys"))
    enrol(tmp_path / "sessions", Recipient(*Keys().make()))
    holds = visits.resolved("standard", ["fruit_ladder.targets=1"])
    plan = visits.plan("anna", visits.steps_for(["fruit_ladder"], holds, posture="seated"), holds, 5, posture="seated")
    return visits.play(plan, SimulatedHeadset(seed=5, rate_hz=45.0), tmp_path / "sessions", ABOUT)[1]


def test_a_sealed_session_comes_out_again_the_same_and_sealed(sealed: Path, tmp_path: Path) -> None:
    same, again = visits.play_again(sealed, tmp_path / "again")
    assert same
    for folder in (sealed, again):
        assert b"anna" not in (folder / RECORD).read_bytes() + (folder / FRAMES).read_bytes()


def test_a_change_in_a_sealed_session_is_noticed(sealed: Path, tmp_path: Path) -> None:
    changed = replace(read_session(sealed), seed=6)
    write(sealed / RECORD, to_json(changed), recipients_in(sealed.parent))
    assert not visits.play_again(sealed, tmp_path / "again")[0]


def test_a_sealed_session_is_not_replayed_where_its_key_is_not(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "another account"))
    with pytest.raises(RecordUnreadable, match="no such key is in"):
        visits.play_again(sealed, tmp_path / "again")
    with pytest.raises(HeadsetUnavailable, match="no such key is in"):
        open_replay(sealed / FRAMES)


@pytest.mark.parametrize("name", ["fruit_ladder", "harbour_lean"])
def test_a_persons_recording_plays_a_game_and_replays(name: str, replay_file: Path, tmp_path: Path) -> None:
    from calibration import imported

    known = imported.measure(read_rows(replay_file)[0], "2026-01-05")
    holds = visits.resolved()
    steps = visits.steps_for([name], holds, measuring="nothing")[1:]
    plan = visits.plan("test", steps, holds, 1, known, keep_stance=True)
    done, folder = visits.play(plan, open_replay(replay_file), tmp_path / "first", ABOUT)
    assert done.ended_by == "the headset closed"
    assert done.blocks[0].trials
    assert visits.play_again(folder, tmp_path / "again")[0]


def test_a_recording_that_is_not_one_is_refused_in_words(tmp_path: Path) -> None:
    foreign = tmp_path / "notes.vrec"
    foreign.write_text("hello")
    with pytest.raises(HeadsetUnavailable, match=r"notes.vrec is not a recording"):
        open_replay(foreign)
