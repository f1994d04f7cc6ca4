"""The loop: pauses, stops, losses and errors, each recorded and each a whole session."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from visits import ABOUT, Kept, calibration, game, patient, play

from calibration.adaptation import Followers, Member
from engine import moves, session, visit
from engine.frame import LOST, SIDES, Button, Frame, Hand
from engine.movements import UnknownBound
from engine.plan import END, REST, WELCOME, Plan, PostureRefused
from engine.recording import Writer, read
from engine.records import Precaution, from_json, to_json
from engine.scene import Panel, Scene, Target
from engine.simulated import SimulatedHeadset
from engine.task import Result, Task, Trial


class Changed:
    """A simulated headset whose frames are changed on the way."""

    kind, description = "simulated", "changed"

    def __init__(self, change: Callable[[int, Frame], Frame | None]) -> None:
        self._headset = SimulatedHeadset(patient(calibration()), 0)
        self._change = change

    def frames(self) -> Iterator[Frame]:
        for index, frame in enumerate(self._headset.frames()):
            changed = self._change(index, frame)
            if changed is None:
                return
            yield changed

    def show(self, scene: Scene) -> None:
        self._headset.show(scene)

    def close(self) -> None:
        self._headset.close()


def _run(change: Callable[[int, Frame], Frame | None], folder: Path) -> tuple[session.Session, Kept]:
    return play(game("fruit_ladder", {"targets": 3}), folder, headset=Changed(change))


def _as_it_is(_: int, frame: Frame) -> Frame:
    return frame


def test_a_session_goes_to_json_and_back(tmp_path: Path) -> None:
    done, _ = play(game("fruit_ladder"), tmp_path)
    assert from_json(to_json(done), session.Session) == done


def test_every_frame_is_recorded(tmp_path: Path) -> None:
    done, kept = play(game("fruit_ladder", {"targets": 2}), tmp_path)
    assert done.recording
    assert done.recording.frames == len(kept.frames_given) == len(read(tmp_path / "0.vrec").rows)
    assert done.quality
    assert done.quality.frames == done.recording.frames


def test_stop_takes_effect_on_the_next_scene(tmp_path: Path) -> None:
    done, kept = _run(lambda i, f: f._replace(buttons=Button.STOP) if i == 500 else f, tmp_path)
    assert done.ended_by == "the person pressed stop"
    assert kept.scenes[500].place == "still"
    assert done.blocks[0].trials[-1].outcome == "stopped"


def test_what_was_done_before_a_stop_is_kept(tmp_path: Path) -> None:
    done, _ = _run(lambda i, f: f._replace(buttons=Button.STOP) if i == 800 else f, tmp_path)
    assert [trial.outcome for trial in done.blocks[0].trials] == ["reached", "stopped"]


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("a system menu is open or the headset is asleep", lambda f: f._replace(focused=False)),
        ("nobody wears the headset", lambda f: f._replace(focused=False, buttons=Button.AWAY)),
        ("head tracking was lost", lambda f: f._replace(head=LOST)),
    ],
)
def test_losing_the_person_pauses_the_clock_within_a_frame(why: str, change: Callable, tmp_path: Path) -> None:
    plain, _ = _run(lambda _, f: f, tmp_path)
    done, kept = _run(lambda i, f: change(f) if 300 <= i < 600 else f, tmp_path)
    assert [(e.name, e.detail) for e in done.events] == [("paused", why), ("resumed", "")]
    assert kept.scenes[300].items == (visit.PAUSED,)
    assert done.ended_by == "finished"
    assert done.seconds > plain.seconds + 3


def test_a_person_who_leaves_ends_the_session_whole(tmp_path: Path) -> None:
    done, _ = _run(lambda i, f: f if i < 400 else None, tmp_path)
    assert done.ended_by == "the headset closed"
    assert done.blocks[0].trials[-1].outcome == "stopped"


def test_a_headset_that_gives_no_frame_gives_an_empty_session(tmp_path: Path) -> None:
    done, _ = _run(lambda _, __: None, tmp_path)
    assert (done.ended_by, done.blocks, done.calibration) == ("the headset gave no frame", (), None)


def test_frames_before_the_head_is_seen_are_recorded_and_not_played(tmp_path: Path) -> None:
    done, _ = _run(lambda i, f: f._replace(head=LOST) if i < 50 else f, tmp_path)
    assert done.quality
    assert done.quality.dropped == {"head not tracked": 50}
    assert not done.events


def test_no_stance_is_taken_from_a_head_that_is_no_number(tmp_path: Path) -> None:
    def confused(index: int, frame: Frame) -> Frame:
        pressed = frame._replace(buttons=Button.RECENTRE if index == 500 else 0)
        nowhere = frame.head._replace(position_m=(math.nan, math.nan, math.nan))
        return pressed._replace(head=nowhere) if index < 60 or 480 < index < 540 else pressed

    done, kept = _run(confused, tmp_path)
    assert (done.ended_by, len(done.blocks[0].trials)) == ("finished", 3)
    assert [event.name for event in done.events] == ["paused", "recentre asked", "resumed", "recentred"]
    assert all(math.isfinite(sum(scene.middle)) for scene in kept.scenes)


def test_a_head_that_is_never_tracked_begins_no_session(tmp_path: Path) -> None:
    guessed = lambda i, f: f._replace(head=f.head._replace(tracked=False)) if i < 50 else None  # noqa: E731
    done, kept = _run(guessed, tmp_path)
    assert (done.ended_by, done.calibration) == ("the headset saw nobody", None)
    assert kept.scenes == [Scene("still", (session.WAITING,))] * 50


def test_a_runtime_that_restarts_shows_its_own_card_until_play_goes_on(tmp_path: Path) -> None:
    gone = Frame(0, LOST, Hand(LOST), Hand(LOST), Button.RESTARTING, focused=False)
    done, kept = _run(lambda i, f: gone._replace(time_ns=f.time_ns) if 300 <= i < 600 else f, tmp_path)
    assert {scene.items for scene in kept.scenes[300:690]} == {(visit.RESTARTED,)}
    assert done.events[0].detail == "the headset's software stopped and is being started again"
    assert (done.ended_by, len(done.events)) == ("finished", 2)


def test_a_pause_whose_reason_changes_is_noted_again(tmp_path: Path) -> None:
    def taken_off(index: int, frame: Frame) -> Frame:
        return frame._replace(focused=not 300 <= index < 400, buttons=Button.AWAY * (350 <= index < 400))

    done, _ = _run(taken_off, tmp_path)
    assert [event.name for event in done.events] == ["paused", "paused", "resumed"]
    assert done.events[1].detail == "nobody wears the headset"


def test_a_trial_with_a_pause_in_it_keeps_how_far_it_came_and_counts_no_time(tmp_path: Path) -> None:
    plain, _ = _run(lambda _, f: f, tmp_path)
    (tmp_path / "paused").mkdir()
    done, _ = _run(lambda i, f: f._replace(focused=not 300 <= i < 2100), tmp_path / "paused")
    (first, *_), (was, *_) = done.blocks[0].trials, plain.blocks[0].trials
    assert {m.note for m in first.measures.values()} == {"interrupted by a pause of 21 s"}
    assert first.achieved == pytest.approx(was.achieved, abs=10)
    assert first.quality
    assert (first.quality.seconds < 10, first.quality.longest_gap_s < 0.1) == (True, True)


def test_a_hand_that_is_only_inferred_reaches_nothing(tmp_path: Path) -> None:
    def inferred(_: int, frame: Frame) -> Frame:
        right = frame.right
        return frame._replace(right=right._replace(grip=right.grip._replace(tracked=False)))

    done, _ = _run(inferred, tmp_path)
    assert {trial.outcome for trial in done.blocks[0].trials if trial.side == "right"} == {"not yet"}
    assert {trial.outcome for trial in done.blocks[0].trials if trial.side == "left"} == {"reached"}


def test_an_interrupt_from_the_keyboard_ends_it_whole(tmp_path: Path) -> None:
    def interrupt(index: int, frame: Frame) -> Frame:
        if index == 400:
            raise KeyboardInterrupt
        return frame

    done, _ = _run(interrupt, tmp_path)
    assert done.ended_by == "stopped from the keyboard"
    assert done.recording
    assert done.recording.frames == 400


def test_a_hand_that_is_not_seen_gives_no_numbers_but_the_reason(tmp_path: Path) -> None:
    done, _ = _run(lambda _, f: f._replace(right=f.right._replace(grip=LOST)), tmp_path)
    right = next(trial for trial in done.blocks[0].trials if trial.side == "right")
    assert right.achieved is None
    assert {m.note for m in right.measures.values()} == {"seen in 0 % of frames, 95 % are needed"}


@dataclass(frozen=True)
class Nothing:
    """No parameters."""


class Wild(Task):
    """A task that breaks rules, for the guard and the loop to catch."""

    title, trains, version, Parameters = "Wild", ("nothing",), 1, Nothing

    def __init__(self, far_m: float = 0.0) -> None:
        super().__init__()
        self._far_m = far_m

    def trials(self, *_: object) -> Iterator[Trial]:
        yield Trial("right")

    def play(self, _: Trial) -> moves.Move:
        if not self._far_m:
            raise RuntimeError("a fault of the game")
        return moves.hold(Target("far", (0.2, 1.5, -self._far_m), 0.1), 1.0)

    def measure(self, *_: object) -> Result:
        return Result(None, {})


def test_a_fault_in_a_game_is_shown_in_words_and_what_was_done_is_kept(tmp_path: Path) -> None:
    done, kept = play(Wild(), tmp_path)
    assert done.ended_by == "error"
    assert done.events[-1].detail == "RuntimeError: a fault of the game"
    assert kept.scenes[-1] == Scene("still", (visit.ERROR_PANEL,), middle=kept.scenes[0].middle)


def test_a_fault_of_the_headset_keeps_what_was_done(tmp_path: Path) -> None:
    def break_down(index: int, frame: Frame) -> Frame:
        if index == 800:
            raise OSError("the driver is gone")
        return frame

    done, _ = _run(break_down, tmp_path)
    assert (done.ended_by, done.events[-1].detail) == ("error", "OSError: the driver is gone")
    assert [trial.outcome for trial in done.blocks[0].trials] == ["reached", "stopped"]


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ({"caps": {"lean_foward": 3.0}}, "no movement 'lean_foward'; the movements are shoulder_elevation_left"),
        ({"caps": {"lean_forward": -3.0}}, "lean_forward = -3.0 deg must be from 0 to 20 deg"),
        ({"precautions": (Precaution("knee", 30.0, "deg", "new joint", "Dr A"),)}, r"Dr A \(new joint\): .*'knee'"),
        ({"precautions": (Precaution("lean_back", math.nan, "deg", "spine", "Dr A"),)}, "lean_back = nan deg must be"),
        ({"rises": {"lean_back": math.nan}}, "the most for this session: lean_back = nan must be 0 or more"),
        ({"floors": {"lean_back": float("nan")}}, "the preset's floors: lean_back = nan deg must be"),
    ],
)
def test_a_bound_that_would_bound_nothing_is_refused(bounds: dict, message: str) -> None:
    with pytest.raises(UnknownBound, match=message):
        Plan("test", (), Followers(), **bounds)


def test_a_ceiling_that_forbids_the_posture_is_refused() -> None:
    with pytest.raises(PostureRefused, match="nothing may be played standing, by the precaution of the preset"):
        Plan("test", (), Followers(), caps={"standing": 0.0})


def test_limits_that_nobody_can_follow_end_no_session_and_are_asked_for_nothing(tmp_path: Path) -> None:
    known = calibration()
    limits = {name: msgspec.structs.replace(limit, value=math.nan) for name, limit in known.limits.items()}
    done, kept = play(game("fruit_ladder"), tmp_path, msgspec.structs.replace(known, limits=limits), Changed(_as_it_is))
    assert (done.ended_by, done.events[0].name) == ("finished", "not followed")
    assert "nothing follows shoulder_elevation_left" in done.blocks[0].notes[0]
    assert not any(isinstance(item, Target) for scene in kept.scenes for item in scene.items)


def test_a_difficulty_that_cannot_learn_ends_no_session(tmp_path: Path) -> None:
    def forget(*_: object) -> None:
        raise RuntimeError("out of belief")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Member, "update", forget)
        done, _ = _run(_as_it_is, tmp_path)
    assert (done.ended_by, len(done.blocks[0].trials)) == ("finished", 3)
    assert {(e.name, e.detail) for e in done.events if e.name == "not learnt"} == {
        ("not learnt", f"{side} arm raised: out of belief") for side in SIDES
    }


def test_a_target_outside_the_envelope_is_never_shown(tmp_path: Path) -> None:
    done, kept = play(Wild(far_m=2.0), tmp_path)
    assert not any(isinstance(item, Target) for scene in kept.scenes for item in scene.items)
    assert done.events[0].name == "target outside the envelope"
    assert done.blocks[0].trials[0].outcome == "stopped"


def test_interludes_are_lived_through_and_recorded(tmp_path: Path) -> None:
    kept = Kept(SimulatedHeadset(patient(calibration()), 0))
    plan = Plan("test", (WELCOME, REST, END), Followers(), calibration=calibration())
    done = session.run(plan, kept, Writer(tmp_path / "a.vrec", {}), ABOUT)
    assert [block.kind for block in done.blocks] == ["welcome", "rest", "end"]
    assert done.blocks[0].end_s < WELCOME.seconds, "a trigger press goes on at once"
    assert {i.title for s in kept.scenes for i in s.items if isinstance(i, Panel)} >= {"session.rest_title"}
