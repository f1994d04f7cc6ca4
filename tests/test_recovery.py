"""A computer that stops in the middle of a session loses nothing that reached its disk."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from conftest import ROOT
from msgspec.structs import replace
from test_sealing import enrol

import steadyreach
from engine import recording, session
from engine.commands import patients, visits
from engine.commands.recovery import recover
from engine.frame import Frame
from engine.keys import FOLDER_VARIABLE, Keys
from engine.patient import PatientRecord
from engine.plan import About, Plan
from engine.profile import profile_of
from engine.records import Recording, Session, TrialRecord, to_json
from engine.sealing import Recipient
from engine.session_folder import (
    AFTERWARDS,
    BEGUN,
    FRAMES,
    RECORD,
    finished,
    numbers,
    read_session,
    take_over,
    unfinished,
)
from engine.simulated import SimulatedHeadset

ABOUT = About("one", "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
MOMENTS = (2500, *random.Random(1).sample(range(12_000), 4))
ANNA = PatientRecord(patient="anna", age_years=44)
PROGRAM = """
import os, signal, sys
from pathlib import Path
from test_recovery import plan, stopping
from engine.commands import visits
from engine.plan import About
sessions, frame, name = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
about = About(name, "2026-01-05T09:00:00+00:00", visits.SOFTWARE)
visits.play(plan(), stopping(sessions / f".{name}", frame), sessions, about)
"""


def plan(record: PatientRecord | None = None) -> Plan:
    """A short visit."""
    holds = visits.resolved("standard", ["fruit_ladder.targets=2"])
    steps = visits.steps_for(["fruit_ladder"], holds, posture="seated", record=record)
    return visits.plan("anna", steps, holds, 5, posture="seated", record=record)


class Snapshots(SimulatedHeadset):
    """Somebody simulated whose unfinished session is copied as it lies on the disk, at some frames."""

    def __init__(self, hidden: Path, to: Mapping[int, Path], stops: bool = True) -> None:
        super().__init__(seed=5)
        self._hidden, self._to, self._stops = hidden, to, stops

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(super().frames()):
            if index in self._to:
                shutil.copytree(self._hidden, self._to[index] / self._hidden.name)
            if index == max(self._to) and self._stops:
                return
            yield frame


class stopping(SimulatedHeadset):  # noqa: N801
    """Somebody simulated whose computer stops at a frame, once anything of the session is on the disk."""

    def __init__(self, hidden: Path, at: int) -> None:
        super().__init__(seed=5)
        self._frames, self._at = hidden / FRAMES, at

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(super().frames()):
            while index >= self._at and not rows(self._frames):
                time.sleep(0.01)
            if index == self._at:
                os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
            yield frame


def rows(path: Path) -> int:
    try:
        return len(recording.read(path).rows)
    except recording.RecordingUnreadable:
        return 0


def trials(done: Session) -> list[TrialRecord]:
    return [trial for block in done.blocks for trial in block.trials]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a session that nothing happened to, and by moments, folders as if the computer had stopped then."""
    folder = tmp_path_factory.mktemp("played")
    to = {moment: folder / f"{moment}" for moment in MOMENTS}
    visits.play(plan(), Snapshots(folder / "whole" / ".one", to, stops=False), folder / "whole", ABOUT)
    return folder


@pytest.fixture(scope="module")
def whole(played: Path) -> Session:
    """The session as it is when nothing happens to it."""
    return read_session(played / "whole" / "one")


@pytest.fixture
def sessions(played: Path, tmp_path: Path) -> Path:
    """A sessions folder as it is after the computer stopped at the 2500th frame."""
    return Path(shutil.copytree(played / "2500", tmp_path / "sessions"))


def assert_as_far_as_it_went(done: Session, whole: Session) -> None:
    """The trials that came to their end are those of the session that nobody stopped; one more was stopped."""
    ended = [trial for trial in trials(done) if trial.outcome != "stopped"]
    assert ended == trials(whole)[: len(ended)]
    assert len(trials(done)) - len(ended) <= 1
    assert done.ended_by == session.CUT_OFF


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_session_is_kept_as_far_as_it_went_whenever_the_computer_stops(
    moment: int, played: Path, whole: Session, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(played / f"{moment}", tmp_path / "sessions"))
    there = rows(folder / ".one" / FRAMES)
    assert there <= moment
    came = recover(folder)
    assert len(came) == (there > 0)
    for path in came:
        done = read_session(path)
        assert_as_far_as_it_went(done, whole)
        assert done.recording is not None
        assert done.recording.frames == there
        assert {part.name for part in path.iterdir()} == {RECORD, FRAMES}


def test_what_was_recovered_plays_again(sessions: Path, tmp_path: Path) -> None:
    (path,) = recover(sessions)
    assert numbers(sessions) == {1: "one"}
    assert visits.play_again(path, tmp_path / "again")[0]


@pytest.mark.parametrize("frame", [300, 3000])
def test_a_program_that_is_killed_while_somebody_plays_loses_no_frame_on_the_disk(
    frame: int, whole: Session, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "tests")))}
    killed = subprocess.run([sys.executable, "-c", PROGRAM, tmp_path, str(frame), "one"], env=environment)
    there = recording.read(tmp_path / ".one" / FRAMES).rows
    (path,) = recover(tmp_path)
    assert killed.returncode != 0
    assert_as_far_as_it_went(read_session(path), whole)
    assert recording.read(path / FRAMES).rows.tobytes() == there.tobytes()


def test_a_recording_that_was_torn_anywhere_is_kept_to_its_last_whole_block(
    sessions: Path, whole: Session, tmp_path: Path
) -> None:
    content = (sessions / ".one" / FRAMES).read_bytes()
    for kept in (*random.Random(2).sample(range(len(content) // 4, len(content)), 5), 1, 30):
        folder = Path(shutil.copytree(sessions, tmp_path / f"torn {kept}"))
        (folder / ".one" / FRAMES).write_bytes(content[:kept])
        there = rows(folder / ".one" / FRAMES)
        (path,) = recover(folder) or (None,)
        assert (path is not None) >= (there > 0)
        if path is not None and there:
            assert_as_far_as_it_went(read_session(path), whole)
            assert rows(path / FRAMES) == there
            assert "no whole block" not in recording.read(path / FRAMES).note


def test_a_session_that_ended_and_was_not_yet_written_down_is_the_same(
    played: Path, whole: Session, sessions: Path
) -> None:
    shutil.copy(played / "whole" / "one" / FRAMES, sessions / ".one" / FRAMES)
    (path,) = recover(sessions)
    assert (path / RECORD).read_bytes() == to_json(whole)


def test_a_session_that_was_written_and_not_yet_shown_is_shown_as_it_is(sessions: Path, whole: Session) -> None:
    folder = take_over(sessions, "one")
    assert folder is not None
    folder.write(replace(whole, ended_by="finished"))
    folder.release()
    (path,) = recover(sessions)
    assert read_session(path) == whole


@pytest.mark.parametrize("left", [{RECORD, FRAMES, "lock"}, {RECORD, FRAMES}, {RECORD, FRAMES, AFTERWARDS}])
def test_a_session_that_was_just_being_shown_is_shown(left: set[str], sessions: Path, whole: Session) -> None:
    folder = take_over(sessions, "one")
    assert folder is not None
    folder.write(whole)
    folder.release()
    for part in folder.unfinished.iterdir():
        if part.name not in left:
            part.unlink()
    (path,) = recover(sessions)
    assert {part.name for part in path.iterdir()} == {RECORD, FRAMES}
    assert read_session(path) == whole


def test_what_a_disk_that_hung_added_after_the_record_was_written_is_cut_off(sessions: Path, whole: Session) -> None:
    frames = sessions / ".one" / FRAMES
    content = frames.read_bytes()
    named = Recording(FRAMES, hashlib.sha256(content).hexdigest(), len(content), 1)
    folder = take_over(sessions, "one")
    assert folder is not None
    folder.write(replace(whole, recording=named))
    folder.release()
    frames.write_bytes(content + b"more")
    (path,) = recover(sessions)
    assert (path / FRAMES).read_bytes() == content


def test_who_plays_again_is_told_what_was_kept_of_the_session_before(
    sessions: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["play", "fruit_ladder", "--folder", str(sessions), "--headset", "replay:nothing"]
    monkeypatch.setattr(sys, "argv", ["steadyreach", *words])
    with pytest.raises(SystemExit):
        steadyreach.main()
    assert f"a session that had stopped in the middle is kept in {sessions / 'one'}" in capsys.readouterr().err
    assert finished(sessions) == [sessions / "one"]


def test_a_session_that_is_being_played_is_left_alone(sessions: Path) -> None:
    playing = take_over(sessions, "one")
    assert recover(sessions) == []
    assert unfinished(sessions) == ["one"]
    assert playing is not None


def test_who_recovers_the_same_folder_at_once_does_it_once(sessions: Path) -> None:
    program = "import sys; from pathlib import Path; from engine.commands.recovery import recover\n"
    program += "print(len(recover(Path(sys.argv[1]))))"
    command = [sys.executable, "-c", program, str(sessions)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(2)]
    said = [process.communicate()[0].strip() for process in both]
    assert sorted(said) == ["0", "1"]
    assert numbers(sessions) == {1: "one"}
    assert len(finished(sessions)) == 1


@pytest.mark.parametrize("parts", [(), (BEGUN,), (BEGUN, FRAMES)])
def test_a_session_of_which_no_frame_was_written_is_removed(parts: tuple[str, ...], sessions: Path) -> None:
    for part in (sessions / ".one").iterdir():
        if part.name not in (*parts, "lock"):
            part.unlink()
    if FRAMES in parts:
        (sessions / ".one" / FRAMES).write_bytes(b"")
    assert recover(sessions) == []
    assert unfinished(sessions) == []


def test_a_session_whose_beginning_is_damaged_stays_and_is_named(
    sessions: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sessions / ".one" / BEGUN).write_bytes(b'{"id"')
    before = (sessions / ".one" / FRAMES).read_bytes()
    assert recover(sessions) == []
    assert (sessions / ".one" / FRAMES).read_bytes() == before
    assert f"{sessions / '.one'} stays there" in capsys.readouterr().err


def test_one_bad_folder_keeps_no_other_from_being_recovered(sessions: Path) -> None:
    shutil.copytree(sessions / ".one", sessions / ".bad")
    (sessions / ".bad" / BEGUN).unlink()
    (sessions / ".git").mkdir()
    (sessions / ".git" / "config").touch()
    assert recover(sessions) == [sessions / "one"]
    assert (sessions / ".bad" / FRAMES).is_file()
    assert (sessions / ".git" / "config").is_file()


def test_frames_that_another_version_played_are_kept_and_the_record_says_why_it_is_empty(sessions: Path) -> None:
    folder = take_over(sessions, "one")
    assert folder is not None
    begun = folder.kept(BEGUN, Session)
    older = replace(begun, blocks=(*begun.blocks[:-1], replace(begun.blocks[1], version=99)))
    folder.keep(BEGUN, older)
    folder.release()
    there = (sessions / ".one" / FRAMES).read_bytes()
    (path,) = recover(sessions)
    done = read_session(path)
    assert (done.blocks, done.ended_by, (path / FRAMES).read_bytes()) == ((), session.CUT_OFF, there)
    assert "was version 99 and is" in done.events[-1].detail


def test_a_recording_that_cannot_be_read_at_all_is_kept_with_the_reason(sessions: Path) -> None:
    (sessions / ".one" / FRAMES).write_bytes(b"not a recording")
    (path,) = recover(sessions)
    assert "is not a recording" in read_session(path).events[-1].detail
    assert (path / FRAMES).read_bytes() == b"not a recording"


@pytest.mark.parametrize("name", ["file", "nowhere"])
def test_a_folder_that_is_none_has_nothing_to_recover(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert recover(tmp_path / name) == []


def test_a_disk_that_takes_nothing_leaves_everything_for_the_next_time(
    sessions: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("engine.session_folder.write", full)
        assert recover(sessions) == []
    assert "No space left on device" in capsys.readouterr().err
    assert recover(sessions) == [sessions / "one"]


@pytest.fixture(scope="module")
def annas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sessions folder in which a visit of Anna stopped, and what her visit was told of her record."""
    folder = tmp_path_factory.mktemp("anna")
    told = patients.afterwards(ANNA, folder / "records", "standard", ["fruit_ladder.targets=2"])
    visits.play(plan(ANNA), Snapshots(folder / "s" / ".one", {4500: folder / "then"}), folder / "s", ABOUT, told)
    return folder


@pytest.fixture
def anna(annas: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder of her own, with `then`, and `records` where nothing is known yet."""
    shutil.copytree(annas / "then", tmp_path / "then")
    yield tmp_path
    shutil.rmtree(annas / "records", ignore_errors=True)


def test_a_visit_that_was_stopped_brings_the_record_of_the_patient_up_to_date(annas: Path, anna: Path) -> None:
    (path,) = recover(anna / "then")
    known = patients.load("anna", annas / "records")
    assert (known.sessions, known.last_at, known.ended_by) == (1, ABOUT.started_at, session.CUT_OFF)
    assert known.calibration is not None
    assert known.age_years == 44
    assert read_session(path).events == ()


def test_a_record_that_was_kept_before_the_computer_stopped_is_kept_once(annas: Path, anna: Path) -> None:
    kept = replace(ANNA, sessions=1, last_at=ABOUT.started_at)
    patients.save(kept, annas / "records")
    assert recover(anna / "then")
    assert patients.load("anna", annas / "records") == kept


def test_a_record_that_somebody_played_on_from_is_not_changed_and_that_is_said(annas: Path, anna: Path) -> None:
    later = replace(ANNA, sessions=1, last_at="2026-01-07T09:00:00+00:00")
    patients.save(later, annas / "records")
    (path,) = recover(anna / "then")
    assert patients.load("anna", annas / "records") == later
    assert read_session(path).events[-1].detail.endswith("they have played since, on 2026-01-07")


def test_a_record_that_cannot_be_read_is_not_changed_and_that_is_said(annas: Path, anna: Path) -> None:
    (annas / "records").mkdir()
    (annas / "records" / "anna.json").write_text("{")
    (path,) = recover(anna / "then")
    assert read_session(path).events[-1].detail.startswith(patients.UNCHANGED)
    assert (annas / "records" / "anna.json").read_text() == "{"


@pytest.mark.parametrize("years", [8, 40])
def test_what_a_whole_visit_begins_with_says_all_that_it_was_planned_to_be(years: int) -> None:
    profile, holds = profile_of(years), visits.resolved("child" if years < 18 else "standard")
    games = ["fruit_ladder", "harbour_lean", "calm_tide"]
    steps = visits.around(visits.steps_for(games, holds, record=ANNA), holds, profile, stickers=None)
    planned = visits.plan("anna", steps, holds, 3, record=ANNA, profile=profile)
    begun = session.begun(planned, "simulated", "somebody", ABOUT)
    assert session.begun(visits.plan_of(begun), "simulated", "somebody", ABOUT) == begun
    assert len(begun.blocks) >= len(steps)


@pytest.fixture
def sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sessions folder that is sealed for a clinic and for this computer, which stopped."""
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "keys"))
    for folder in ("sessions", "then"):
        enrol(tmp_path / folder, Recipient(*Keys().make()), Recipient(*Keys(tmp_path / "at the clinic").make()))
    then = {2000: tmp_path / "then"}
    visits.play(plan(), Snapshots(tmp_path / "sessions" / ".one", then), tmp_path / "sessions", ABOUT)
    return tmp_path / "then"


def test_a_sealed_session_that_was_stopped_is_recovered_and_stays_sealed(
    sealed: Path, whole: Session, tmp_path: Path
) -> None:
    (path,) = recover(sealed)
    assert_as_far_as_it_went(read_session(path), whole)
    assert b"anna" not in (path / RECORD).read_bytes() + (path / FRAMES).read_bytes()
    same, again = visits.play_again(path, tmp_path / "again")
    assert same
    assert b"anna" not in (again / RECORD).read_bytes()


def test_a_sealed_session_stays_where_it_is_while_its_key_is_elsewhere(
    sealed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "another account"))
    assert recover(sealed) == []
    assert "no such key is in files in" in capsys.readouterr().err
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "at the clinic"))
    assert len(recover(sealed)) == 1
