"""What a visit is summed up with is kind, and it is true."""

import msgspec
import pytest
from visits import calibration, limit

from engine import praise
from engine.records import BlockRecord, Limit, Request, TrialRecord
from engine.scene import Line
from engine.words import load

RIGHT = "shoulder_elevation_right"


def trial(outcome: str = "reached", after: Limit | None = None, seconds: float = 60.0) -> TrialRecord:
    request = Request(RIGHT, 90.0, "deg", "LIMIT", "")
    return TrialRecord(1, "right", 0.0, seconds, outcome, request, 90.0, after)


def block(task: str, *trials: TrialRecord, kind: str = "play") -> BlockRecord:
    return BlockRecord(task, task, 1, kind, 10.0, 1000.0, trials=trials)


def test_it_counts_minutes_and_what_was_done_most() -> None:
    said = praise.lines([block("fruit_ladder", trial()), block("chair_rocket", *[trial()] * 3)], None)
    assert said[:2] == (Line("summary.minutes", ("4",)), Line("summary.stood", ("3",)))


def test_one_minute_and_one_thing_are_said_in_the_singular() -> None:
    said = praise.lines([block("fruit_ladder", trial(seconds=20.0), trial("not yet", seconds=20.0))], None)
    assert [line.words for line in said[:2]] == ["summary.minutes_one", "summary.reached_one"]


def test_measuring_is_not_counted_as_play() -> None:
    assert praise.lines([block("open_reach", trial(), kind="calibrate")], None) == (Line("summary.first_time"),)


def test_a_limit_that_grew_for_certain_is_named_with_its_growth() -> None:
    before = calibration(100.0)
    now = Limit(118.0, 112.0, 124.0, "deg", 9, "followed")
    assert praise.lines([block("fruit_ladder", trial(after=now))], before)[-1] == Line(
        "summary.reached_higher", ("18",)
    )


@pytest.mark.parametrize(("value", "low"), [(103.0, 95.0), (104.0, 101.0), (90.0, 85.0)])
def test_what_may_be_noise_or_was_more_before_is_no_progress(value: float, low: float) -> None:
    now = Limit(value, low, value + 5, "deg", 9, "followed")
    assert praise.lines([block("fruit_ladder", trial(after=now))], calibration(100.0))[-1] == Line("summary.came_back")


def test_what_was_never_measured_before_cannot_have_grown() -> None:
    before = msgspec.structs.replace(calibration(), limits={RIGHT: msgspec.structs.replace(limit(60.0), n=0)})
    now = Limit(118.0, 112.0, 124.0, "deg", 9, "followed")
    assert praise.lines([block("fruit_ladder", trial(after=now))], before)[-1] == Line("summary.came_back")


def test_everything_that_may_be_said_has_words() -> None:
    once = [f"{words}_one" for words in (*praise.DONE_OF_TASK.values(), "summary.reached", "summary.minutes")]
    rest = ["first_time", "came_back", "reached_higher", "leaned_further", "turned_further"]
    load().require([*praise.DONE_OF_TASK.values(), *once, *(f"summary.{name}" for name in rest)])
