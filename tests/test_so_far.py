"""What a round has come to so far: the numbers of its trials, and how often two in a row were missed."""

import msgspec

from engine import so_far
from engine.records import Measured, TrialRecord
from engine.task import NOT_YET, REACHED


def trial(outcome: str, speed_mps: float | None = None) -> TrialRecord:
    return TrialRecord(0, "", 0.0, 1.0, outcome, measures={"speed_mps": Measured(speed_mps, "m/s")})


def test_the_last_number_is_that_of_the_last_trial_that_has_one() -> None:
    done = [trial(REACHED, 0.4), trial(REACHED, 0.5), trial(NOT_YET)]
    assert so_far.values(done, "speed_mps") == [0.4, 0.5]
    assert so_far.last(done, "speed_mps") == 0.5
    assert so_far.last(done[2:], "speed_mps") is so_far.last(done, "time_s") is None


def test_of_three_that_were_missed_in_a_row_the_third_is_a_first_again() -> None:
    missed, reached = trial(NOT_YET), trial(REACHED)
    assert so_far.twice_missed([missed, reached, missed]) == 0
    assert so_far.twice_missed([missed] * 3) == 1
    assert so_far.twice_missed([missed, missed, reached, missed, missed]) == 2


def test_trials_that_were_all_reached_without_a_rest_are_timed_as_one() -> None:
    first, second = trial(REACHED), msgspec.structs.replace(trial(REACHED), start_s=1.4, end_s=3.0)
    assert so_far.unbroken_s([first, second], 0.5) == 3.0
    assert so_far.unbroken_s([first, second], 0.3) is so_far.unbroken_s([first, trial(NOT_YET)], 0.5) is None
    assert so_far.unbroken_s([], 0.5) is None
