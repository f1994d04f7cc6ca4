"""A recording holds what happens between its frames, at the moments that the session says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from visits import ABOUT, calibration, game, patient, play

from engine import recording, session
from engine.frame import Button, Frame
from engine.plan import Plan
from engine.recorder import TRIAL_BEGINS, TRIAL_ENDS
from engine.records import Session
from engine.simulated import SimulatedHeadset

Told = list[tuple[float, str, str]]


class Pausing(SimulatedHeadset):
    """Somebody simulated who takes the headset off for a second, and, where it is said, a fault at a frame."""

    breaks = -1

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(super().frames()):
            if index == self.breaks:
                raise RuntimeError("unplugged")
            away: Frame = frame._replace(buttons=Button.AWAY)
            yield away if 200 <= index < 300 else frame


def told_of(name: str, folder: Path, breaks: int = -1) -> tuple[Session, Told]:
    """A session of one game, and what its recording was told, but for numbers of frames."""
    headset = Pausing(patient(calibration()), 0)
    headset.breaks = breaks
    done, _ = play(game(name, {"targets": 3} if name == "fruit_ladder" else {}), folder, headset=headset)
    events = recording.read(folder / "0.vrec").events
    return done, [(event.at_s, event.name, event.detail) for event in events]


def marks(told: Told, name: str) -> list[tuple[float, str]]:
    return [(at_s, detail) for at_s, mark, detail in told if mark == name]


@pytest.mark.parametrize("name", ["fruit_ladder", "calm_tide"])
def test_a_recording_says_when_each_trial_began_and_ended(name: str, tmp_path: Path) -> None:
    done, told = told_of(name, tmp_path)
    trials = done.blocks[0].trials
    assert len(trials) > 1
    assert marks(told, TRIAL_BEGINS) == [(trial.start_s, str(trial.number)) for trial in trials]
    assert [at_s for at_s, _ in marks(told, TRIAL_ENDS)] == pytest.approx([trial.end_s for trial in trials], abs=0.02)


def test_a_recording_is_told_every_event_of_the_session_in_order(tmp_path: Path) -> None:
    done, told = told_of("fruit_ladder", tmp_path)
    noted = [mark for mark in told if mark[1] not in (TRIAL_BEGINS, TRIAL_ENDS)]
    assert noted == [(event.at_s, event.name, event.detail) for event in done.events]
    assert {"paused", "resumed"} <= {name for _, name, _ in noted}
    assert told == sorted(told, key=lambda mark: mark[0])


def test_what_ends_a_session_is_told_too(tmp_path: Path) -> None:
    done, told = told_of("fruit_ladder", tmp_path, breaks=700)
    assert done.ended_by == "error"
    assert (done.events[-1].name, told[-2][1]) == ("error", "error")
    assert told[-1][1] == TRIAL_ENDS


def test_a_session_whose_last_frames_the_disk_refused_says_so_however_it_ended(tmp_path: Path) -> None:
    class Refusing(recording.Writer):
        def close(self) -> None:
            super().close()
            raise recording.RecordingUnwritten(28, "No space left on device")

    plan = Plan("test", (), lambda _: {}, calibration=calibration())
    done = session.run(plan, SimulatedHeadset(patient(calibration()), 0), Refusing(tmp_path / "x.vrec", {}), ABOUT)
    assert done.ended_by == "the recording could not be written: No space left on device"
