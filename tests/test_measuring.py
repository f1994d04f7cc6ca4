"""What a trial is worth: measured where it was seen, refused with the reason where it was not."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import ClassVar

import numpy as np
import pytest
from people import a_frame, rows_of, standing_rows, visited

from engine import moves
from engine.envelope import Envelope
from engine.frame import Devices, Frame, Pose
from engine.measuring import Kind, advice, measured, refusal
from engine.metrics.definition import NotMeasurable, known
from engine.motion import Motion, clean
from engine.plan import Step
from engine.recording import FLAGS, pack
from engine.records import Measured, TrialRecord
from engine.replay import ReplayHeadset
from engine.scene import Panel
from engine.task import Measure, Move, Result, Task, Trial

STEP_NS = 10_000_000
PLACES = tuple((0.01 * joint, 1.0, 0.1) for joint in range(26))
KNOWN = Devices(chest=Pose((0.0, 1.3, 0.1)), left_joints_m=PLACES)


@dataclass(frozen=True)
class Parameters:
    """None."""


class Height(Task):
    """A second of anything, of which the height of the head and what trackers saw are measured."""

    title, trains, version = "Height", ("nothing",), 1
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "height_m": Measure("Height", "m", "Mean height of the head."),
        "tracked_frames": Measure("Tracked", "", "Frames with a chest and the joints of the left hand."),
    }

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:  # noqa: ARG002
        yield Trial()

    def play(self, trial: Trial) -> Move:  # noqa: ARG002
        return moves.show((Panel("stand", "stand.title"),), 1.0)

    def measure(self, trial: Trial, motion: Motion) -> Result:  # noqa: ARG002
        height_m = float(motion.head_m[:, 1].mean())
        if height_m > 2:
            raise NotMeasurable("nobody is as tall as that")
        tracked = sum(
            np.count_nonzero(np.isfinite(values).any(axis=(1, 2)))
            for values in (*motion.joints_m.values(), *(t.position_m[:, None] for t in motion.trackers.values()))
        )
        return Result(
            height_m, {"height_m": Measured(height_m, "m", 0.01), "tracked_frames": Measured(float(tracked), "")}
        )


def standing(seconds: float, rate_hz: float = 100.0) -> Motion:
    return clean(standing_rows(seconds, rate_hz))


def silent(seconds: float, *gaps_s: float) -> Motion:
    """Somebody who stands and was not heard of in the middle, at several times."""
    rows = standing_rows(seconds, 100.0)
    for number, gap_s in enumerate(gaps_s, 1):
        rows["time_ns"][number * len(rows) // (len(gaps_s) + 1) :] += round(gap_s * 1e9) - STEP_NS
    return clean(rows)


def one_handed(percent: int) -> Motion:
    """Somebody whose left hand was not seen for a part of 10 s, at their end."""
    rows = standing_rows(10.0, 100.0)
    rows["flags"][10 * percent :] &= ~np.uint32(1 << FLAGS.index("left_tracked"))
    return clean(rows)


@pytest.mark.parametrize(
    ("motion", "kind", "side", "why"),
    [
        (standing(6.0), "sway", "", ""),
        (standing(4.0), "sway", "", "quiet for 4.0 s, 5 s are needed"),
        (standing(60.0, 20.0), "sway", "", "recorded at 20 Hz, 25 Hz are needed"),
        (standing(60.0, 25.0), "sway", "", ""),
        (silent(60.0, 0.25), "sway", "", ""),
        (silent(60.0, 0.41), "sway", "", "a gap of 0.4 s in quiet standing, 0.25 s are the most"),
        (silent(60.0, *[0.2] * 6), "sway", "", ""),
        (silent(60.0, *[0.2] * 7), "sway", "", "well seen for 97.72 % of the time, 98 % are needed"),
        (silent(60.0, 0.41), "rom", "", ""),
        (silent(60.0, 0.41), "reach", "right", ""),
        (one_handed(96), "reach", "left", ""),
        (one_handed(80), "reach", "left", "left hand seen in 80 % of frames, 95 % are needed"),
        (one_handed(80), "reach", "right", ""),
        (one_handed(80), "rom", "", ""),
        (standing(2.0, 20.0), "reach", "left", "recorded at 20 Hz, 25 Hz are needed"),
        (standing(0.02), "rom", "", "too few frames to measure"),
        (standing(6.0).cut(0, 0), "sway", "", "too few frames to measure"),
    ],
)
def test_movement_is_refused_by_what_is_asked_of_it(motion: Motion, kind: Kind, side: str, why: str) -> None:
    assert refusal(motion, kind, side) == why


@pytest.mark.parametrize(
    ("motion", "kind", "words"),
    [
        (standing(20.0), "sway", "20 s, 30 s are advised"),
        (standing(31.0), "sway", ""),
        (standing(2.0, 50.0), "reach", "50 Hz, 60 Hz are advised for smoothness"),
        (standing(2.0, 72.0), "reach", ""),
        (standing(2.0, 50.0), "rom", ""),
        (standing(2.0).cut(0, 1), "reach", ""),
    ],
)
def test_what_would_be_better_is_said(motion: Motion, kind: Kind, words: str) -> None:
    assert advice(motion, kind) == words


def test_whatever_a_part_lacks_the_whole_does_not_spoil_it() -> None:
    motion = silent(60.0, 9.2)
    assert refusal(motion, "sway")
    assert refusal(motion.cut(0, 2900), "sway") == ""


def packed(frames: Sequence[Frame]) -> list[bytes]:
    return [pack(frame) for frame in frames]


def frames(count: int = 100, height_m: float = 1.6) -> list[Frame]:
    return [a_frame(n * STEP_NS, (0.0, height_m, 0.0)) for n in range(count)]


def of_trial(rows: list[bytes], side: str = "", pauses: Sequence[tuple[int, int]] = ()) -> Result:
    return measured(Height(), Trial(side), rows, pauses)[1]


def reasons(result: Result) -> set[str]:
    assert all(number.value is None for number in result.measures.values())
    assert set(result.measures) == set(Height.measures)
    return {number.note for number in result.measures.values()}


def test_a_trial_that_was_seen_is_measured() -> None:
    motion, result = measured(Height(), Trial("left"), packed(frames()), ())
    assert result.achieved == pytest.approx(1.6)
    assert (motion.quality.frames, motion.quality.dropped) == (100, {})


def test_a_trial_that_was_not_seen_is_refused_with_the_share() -> None:
    rows = rows_of(frames())
    rows["flags"][:10] &= ~np.uint32(1)
    result = of_trial([row.tobytes() for row in rows])
    assert result.achieved is None
    assert reasons(result) == {"seen in 90 % of frames, 95 % are needed"}


def test_what_was_bridged_does_not_count_as_seen_in_a_trial() -> None:
    rows = rows_of(frames())
    rows["flags"][::10] &= ~np.uint32(1 << FLAGS.index("left_tracked"))
    packed_rows = [row.tobytes() for row in rows]
    assert reasons(of_trial(packed_rows, "left")) == {"seen in 90 % of frames, 95 % are needed"}
    assert of_trial(packed_rows, "right").achieved is not None


def test_a_trial_of_too_few_frames_a_second_is_refused() -> None:
    assert reasons(of_trial(packed(frames())[::5])) == {"recorded at 20 Hz, 25 Hz are needed"}


def test_a_trial_without_a_frame_is_refused() -> None:
    assert reasons(of_trial([])) == {"seen in 0 % of frames, 95 % are needed"}


def test_across_a_gap_only_how_far_it_came_is_kept() -> None:
    result = of_trial(packed(frames()[:50] + frames(150)[91:]))
    assert result.achieved == pytest.approx(1.6)
    assert reasons(result) == {"interrupted by a gap of 0.4 s in the frames"}


def test_across_a_pause_only_how_far_it_came_is_kept() -> None:
    result = of_trial(packed(frames(50) + frames(350)[250:]), pauses=[(50, 2_000_000_000)])
    assert result.achieved == pytest.approx(1.6)
    assert reasons(result) == {"interrupted by a pause of 2 s"}


def test_what_a_measure_refuses_is_a_reason_and_no_fault() -> None:
    result = of_trial(packed(frames(height_m=2.5)))
    assert (result.achieved, reasons(result)) == (None, {"nobody is as tall as that"})


def test_trackers_and_joints_come_with_the_rows_they_were_seen_in() -> None:
    beside = [(number, KNOWN) for number in range(20, 60)]
    motion, result = measured(Height(), Trial(), packed(frames()), (), beside)
    assert result.measures["tracked_frames"].value == 80
    assert np.flatnonzero(np.isfinite(motion.trackers["chest"].position_m[:, 0])).tolist() == list(range(20, 60))
    assert motion.joints_m["left"][59] == pytest.approx(np.array(PLACES))


class Seen(ReplayHeadset):
    """A replay whose every frame knows a chest and the joints of the left hand."""

    def frames(self) -> Iterator[Frame]:
        for frame in super().frames():
            yield frame._replace(devices=KNOWN)


def test_a_session_hands_devices_to_its_trials_and_says_how_good_they_were(tmp_path: Path) -> None:
    done = visited(Seen(rows_of(frames(400)), "a replay"), tmp_path, Step("height", Height(), "play"))
    (trial,) = done.blocks[0].trials
    assert trial.quality
    assert trial.measures["tracked_frames"].value == 2 * trial.quality.frames
    assert (trial.quality.coverage_percent, trial.quality.lost) == (100, {})


@pytest.mark.parametrize("value", [None, math.nan])
def test_where_there_is_no_number_there_is_a_reason(value: float | None) -> None:
    assert known(value, "s", 2, "never seen", 0.1, "doubtful") == Measured(None, "s", None, "never seen")
    assert known(1.234, "s", 2, "never seen", 0.1, "doubtful") == Measured(1.23, "s", 0.1, "doubtful")
