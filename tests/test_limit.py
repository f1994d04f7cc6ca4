"""One limit, followed: near and fair on simulated people whose limit is known, and rule by rule."""

import math
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.asking import BadReading
from calibration.limit import LimitSpec, LimitTracker
from engine.adaptation import Adaptation
from engine.commands.bench.people import SPEC, Course, Staircase, WeightedUpDown, course, people
from engine.records import Followed, from_json, to_json

PEOPLE, SEED = 100, 11
QUICK = settings(deadline=None, max_examples=30)
Step = tuple[float, float | None, bool]
AMPLITUDES = st.floats(1, 170)
LOG = st.lists(st.tuples(AMPLITUDES, st.one_of(st.none(), st.floats(0, 179)), st.booleans()), max_size=25)


@pytest.fixture(scope="module")
def ours() -> Course:
    return course(lambda: LimitTracker(SPEC), people(PEOPLE, SEED))


@pytest.fixture(scope="module")
def stairs() -> Course:
    return course(Staircase, people(PEOPLE, SEED))


@pytest.fixture(scope="module")
def weighted() -> Course:
    return course(WeightedUpDown, people(PEOPLE, SEED))


def test_it_comes_near_sooner_than_a_staircase(ours: Course, stairs: Course, weighted: Course) -> None:
    assert ours.rmse_deg(10) < 0.65 * stairs.rmse_deg(10)
    assert ours.rmse_deg(40) < weighted.rmse_deg(40)


def test_it_asks_for_too_much_less_often(ours: Course, stairs: Course, weighted: Course) -> None:
    assert np.mean(ours.too_hard) < 0.45 * np.mean(weighted.too_hard)
    assert np.mean(ours.three_missed) < 0.25 * np.mean(stairs.three_missed)
    assert np.mean(ours.far_over) < 0.05


def test_people_succeed_about_as_often_as_was_asked_for(ours: Course) -> None:
    assert np.mean(ours.success) == pytest.approx(SPEC.target_success, abs=0.04)


def test_its_interval_holds_the_truth_about_as_often_as_it_says(ours: Course) -> None:
    assert 0.85 <= np.mean(ours.covered) <= 0.995


@pytest.mark.parametrize("success", [0.65, 0.85])
def test_a_therapists_target_success_is_what_comes_of_it(success: float) -> None:
    spec, bold = replace(SPEC, target_success=success), Adaptation(over_limit_risk=0.3)
    done = course(lambda: LimitTracker(spec, bold), people(40, SEED))
    assert np.mean(done.success) == pytest.approx(success, abs=0.06)


def test_after_a_sudden_loss_of_a_quarter_requests_are_soon_fair_again() -> None:
    lost = course(lambda: LimitTracker(SPEC), people(60, SEED, loss_at=20))
    assert np.median(lost.fair_after) <= 3
    assert np.percentile(lost.fair_after, 90) <= 5


@pytest.mark.parametrize("traits", [{"lapse": 0.1}, {"skewed": True}, {"fatigue": 0.005}], ids=str)
def test_whoever_the_model_does_not_expect_is_not_worse_off_than_with_a_weighted_up_down(traits: dict) -> None:
    everybody = people(60, SEED, **traits)
    ours, theirs = course(lambda: LimitTracker(SPEC), everybody), course(WeightedUpDown, everybody)
    assert ours.rmse_deg(40) < 1.05 * theirs.rmse_deg(40)
    assert np.mean(ours.too_hard) < np.mean(theirs.too_hard)


def test_open_efforts_at_six_sevenths_are_taken_for_the_limit_on_the_safe_side_and_soon_corrected() -> None:
    shy = course(lambda: LimitTracker(SPEC), people(40, SEED, effort=0.85))
    assert np.mean(shy.far_over) == 0
    assert shy.rmse_deg(40) < 0.6 * shy.rmse_deg(10)


def told(tracker: LimitTracker, log: list[Step]) -> list[tuple[float, str]]:
    """The requests of a tracker that is told a log, with their reasons."""
    requests = []
    for amplitude, achieved, hit in log:
        requests.append((tracker.next_amplitude(), tracker.reason))
        tracker.update(amplitude, achieved, hit)
    return [*requests, (tracker.next_amplitude(), tracker.reason)]


def measured(how: Adaptation = Adaptation(), spec: LimitSpec = SPEC, limit: float = 90.0) -> LimitTracker:  # noqa: B008
    """A tracker of somebody whose open efforts all came to one limit."""
    tracker = LimitTracker(spec, how)
    while math.isinf(tracker.next_amplitude()):
        tracker.update(math.inf, limit, True)
    return tracker


@QUICK
@given(LOG)
def test_the_same_log_gives_the_same_requests_and_reasons(log: list[Step]) -> None:
    assert told(LimitTracker(SPEC), log) == told(LimitTracker(SPEC), log)


@QUICK
@given(LOG, LOG)
def test_what_is_kept_as_json_goes_on_exactly_where_it_was(before: list[Step], after: list[Step]) -> None:
    first, second = LimitTracker(SPEC), LimitTracker(SPEC)
    told(first, before)
    second.restore(from_json(to_json(first.state("elbow", "2026-11-22")), Followed))
    assert told(first, after) == told(second, after)


@QUICK
@given(LOG, st.floats(0, 150), st.floats(0, 60))
def test_no_log_asks_for_more_than_the_ceiling_or_for_no_number(log: list[Step], ceiling: float, floor: float) -> None:
    spec = replace(SPEC, ceiling=ceiling, floor=min(floor, ceiling))
    for amplitude, _ in told(LimitTracker(spec), log):
        assert math.isinf(amplitude) or spec.floor <= amplitude <= ceiling


def test_a_ceiling_that_a_therapist_lowers_meanwhile_holds_for_the_next_request() -> None:
    tracker = measured()
    assert tracker.next_amplitude() > 60
    tracker.spec = replace(SPEC, ceiling=40.0)
    assert (tracker.next_amplitude(), tracker.code) == (40.0, "CEILING")
    assert tracker.reason.startswith("40°: as far as the therapist allows")


@dataclass
class Edited:
    """A spec of somebody else's making, which changes in place."""

    target_success: float = 0.75
    floor: float = 20.0
    ceiling: float = 180.0
    prior_mean: float = 90.0
    prior_sd: float = 25.0


def test_any_object_with_the_five_values_is_a_spec_and_is_read_anew() -> None:
    spec = Edited()
    tracker = measured(spec=spec)  # type: ignore[arg-type] # by its attributes
    spec.ceiling = 30.0
    assert tracker.next_amplitude() == 30.0


@pytest.mark.parametrize(
    ("value", "wrong"),
    [("ceiling", math.nan), ("ceiling", -5.0), ("floor", math.inf), ("target_success", math.nan)],
)
def test_an_edit_that_leaves_no_sound_value_changes_nothing(value: str, wrong: float) -> None:
    spec = Edited(ceiling=60.0)
    tracker = measured(Adaptation(warm_up_trials=0), spec)  # type: ignore[arg-type] # by its attributes
    before = tracker.next_amplitude()
    setattr(spec, value, wrong)
    assert tracker.next_amplitude() == before == 60.0


def test_efforts_far_beyond_what_was_thought_are_believed_and_no_lapses() -> None:
    tracker = measured(spec=replace(SPEC, prior_mean=40.0, prior_sd=10.0), limit=100.0)
    assert tracker.limit_estimate() == pytest.approx(100, abs=5)


def test_no_limit_is_thought_below_nothing() -> None:
    tracker = LimitTracker(SPEC)
    for _ in range(60):
        tracker.update(20.0, 0.0, False)
    assert 0 <= tracker.limit_interval()[0] <= tracker.limit_estimate() <= tracker.limit_interval()[1]


def test_what_was_kept_incompletely_is_refused() -> None:
    kept = LimitTracker(SPEC).state("elbow")
    short = Followed(kept.kind, kept.movements, {name: row for name, row in kept.numbers.items() if name != "shown 0"})
    with pytest.raises(ValueError, match="of elbow does not fit: measure it again"):
        LimitTracker(SPEC).restore(short)


def test_it_begins_with_open_efforts_and_asks_for_more_while_they_scatter() -> None:
    steady, scattered = LimitTracker(SPEC), LimitTracker(SPEC)
    for one, efforts in ((steady, (90.0, 91.0, 89.0)), (scattered, (60.0, 120.0, 90.0))):
        for effort in efforts:
            assert one.next_amplitude() == math.inf
            assert one.code == "CALIBRATION"
            one.update(math.inf, effort, True)
    assert math.isfinite(steady.next_amplitude())
    assert math.isinf(scattered.next_amplitude())


def test_warming_up_is_easier_than_what_follows() -> None:
    tracker = measured()
    first, code = tracker.next_amplitude(), tracker.code
    for _ in range(3):
        tracker.update(first, first, True)
    assert (code, tracker.next_amplitude() > first, tracker.code) == ("WARM_UP", True, "TARGET_SUCCESS")
    assert "aims at 3 hits in 4; your limit today is about 9" in tracker.reason


def warmed_up(how: Adaptation = Adaptation()) -> LimitTracker:  # noqa: B008 (frozen)
    tracker = measured(how)
    for _ in range(4):
        tracker.update(75.0, 75.0, True)
    return tracker


def test_after_two_misses_no_more_is_asked_than_was_just_managed() -> None:
    tracker = warmed_up()
    tracker.update(82.0, 78.0, False)
    tracker.update(82.0, 76.0, False)
    assert tracker.next_amplitude() <= 77.0
    assert tracker.code == "AFTER_MISSES"
    tracker.update(76.0, 76.0, True)
    tracker.next_amplitude()
    assert tracker.code != "AFTER_MISSES"


def test_one_miss_that_is_no_chance_is_enough_to_ease() -> None:
    near, far = warmed_up(), warmed_up()
    near.update(82.0, 78.0, False)
    far.update(82.0, 55.0, False)
    near.next_amplitude()
    assert near.code != "AFTER_MISSES"
    assert far.next_amplitude() <= 55.0
    assert far.code == "AFTER_MISSES"


def test_a_lapse_of_attention_is_no_loss() -> None:
    tracker = warmed_up()
    before = tracker.limit_estimate()
    tracker.update(82.0, 10.0, False)
    assert tracker.next_amplitude() > 70
    assert tracker.limit_estimate() > before - 3


def test_nothing_is_asked_much_beyond_the_best_that_was_shown() -> None:
    tracker = LimitTracker(replace(SPEC, prior_mean=140.0, prior_sd=40.0), Adaptation(open_reaches=1))
    for _ in range(2):
        tracker.update(math.inf, 60.0, True)
    for _ in range(20):
        tracker.update(60.0, 60.0, True)
    assert tracker.next_amplitude() <= 1.15 * 60 + 2 * 140 / 90
    assert tracker.code == "NEAR_BEST"


def test_a_smaller_risk_asks_for_less() -> None:
    bold, careful = (LimitTracker(SPEC, Adaptation(warm_up_trials=0, over_limit_risk=risk)) for risk in (0.5, 0.01))
    for tracker in (bold, careful):
        for effort in (70.0, 110.0, 90.0, 85.0, 95.0, 90.0):
            tracker.update(math.inf, effort, True)
    assert careful.next_amplitude() < bold.next_amplitude() - 3
    assert careful.code == "UNSURE"


def test_a_hit_far_beyond_its_target_counts_only_with_a_bonus() -> None:
    plain, bonus = (warmed_up(Adaptation(bonus_zone_percent=percent)) for percent in (0.0, 30.0))
    for tracker in (plain, bonus):
        tracker.update(75.0, 90.0, True)
    assert bonus.limit_interval()[1] - bonus.limit_interval()[0] < plain.limit_interval()[1] - plain.limit_interval()[0]


def test_an_effort_that_a_stop_line_ended_is_at_least_so_far() -> None:
    stopped, ended = LimitTracker(replace(SPEC, ceiling=60.0)), LimitTracker(SPEC)
    for tracker in (stopped, ended):
        for _ in range(3):
            tracker.update(math.inf, 60.0, True)
    assert stopped.limit_estimate() > ended.limit_estimate() + 10


def test_a_trial_that_was_not_measured_teaches_nothing() -> None:
    tracker = measured()
    before = tracker.state()
    tracker.update(80.0, None, False)
    assert tracker.state() == before


@pytest.mark.parametrize(
    ("amplitude", "achieved", "words"),
    [
        (math.nan, 80.0, "a request of nan is none"),
        (-80.0, 80.0, "a request of -80.0 is none"),
        (80.0, math.nan, "a reach of nan is none"),
        (80.0, -1.0, "a reach of -1.0 is none"),
        (80.0, math.inf, "a reach of inf is none"),
        (80.0, 800.0, "in another unit?"),
    ],
)
def test_what_cannot_have_been_a_trial_is_refused_and_teaches_nothing(
    amplitude: float, achieved: float, words: str
) -> None:
    tracker = measured()
    before = tracker.state()
    with pytest.raises(BadReading, match=words):
        tracker.update(amplitude, achieved, False)
    assert tracker.state() == before


def test_a_trial_that_comes_twice_or_late_is_refused() -> None:
    tracker = measured()
    tracker.update(80.0, 80.0, True, trial=5)
    for late in (5, 4):
        with pytest.raises(BadReading, match=f"trial {late} comes after trial 5"):
            tracker.update(80.0, 80.0, True, trial=late)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ceiling": 10.0, "floor": 20.0},
        {"target_success": 1.0},
        {"prior_sd": 0.0},
        {"prior_mean": math.nan},
        {"ceiling": math.nan},
        {"floor": -1.0},
    ],
    ids=str,
)
def test_a_spec_that_nothing_can_be_asked_with_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"must be|is below the floor"):
        LimitTracker(replace(SPEC, **wrong))


def test_what_was_believed_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="of wrist does not fit: measure it again"):
        LimitTracker(SPEC).restore(Followed("grid", ("wrist",), {}))


def test_another_day_is_less_certain_checked_openly_and_a_surprise_is_measured_anew() -> None:
    same, other = warmed_up(), warmed_up()
    width = float(np.ptp(same.limit_interval()))
    for tracker, effort in ((same, 88.0), (other, 40.0)):
        tracker.new_session(days=2)
        assert np.ptp(tracker.limit_interval()) > width
        assert tracker.next_amplitude() == math.inf
        tracker.update(math.inf, effort, True)
    assert math.isfinite(same.next_amplitude())
    assert other.next_amplitude() == math.inf


def test_a_longer_time_away_leaves_less_known() -> None:
    widths = []
    for days in (0.0, 1.0, 7.0, 14.0, 400.0):
        tracker = warmed_up()
        tracker.new_session(days)
        widths.append(float(np.ptp(tracker.limit_interval())))
    assert widths == sorted(widths)
    assert widths[-1] == widths[-2]


def test_a_limit_in_another_unit_is_followed_in_its_own_size() -> None:
    of_size = partial(replace, SPEC, floor=0.0, ceiling=math.inf)
    degrees, metres = LimitTracker(of_size()), LimitTracker(of_size(prior_mean=0.9, prior_sd=0.25), unit="m")
    for amplitude, achieved, hit in ((math.inf, 85.0, True), (math.inf, 95.0, True), (math.inf, 91.0, True)):
        degrees.update(amplitude, achieved, hit)
        metres.update(amplitude / 100, achieved / 100, hit)
    assert metres.next_amplitude() == pytest.approx(degrees.next_amplitude() / 100, rel=1e-6)
    assert "m: warming up; your limit today is about 0.9 m (" in metres.reason
