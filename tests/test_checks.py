"""Limits in doubt, limits that are carried on, and what has to be measured before play."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from msgspec.structs import replace as changed
from people import a_calibration, a_limit

from calibration.checks import combined, confirm, in_doubt, poor_quality, problems, taken_in
from calibration.due import CHECK, FULL, NOTHING, Due, carried_over, due
from calibration.limits import at_stop_line, from_repetitions
from engine.adaptation import Adaptation
from engine.patient import PatientRecord
from engine.records import SEEN_IN_PLAY, Answer, Calibration, Limit, Precaution, Quality, Stance, from_json, to_json

LEFT, RIGHT = "shoulder_elevation_left", "shoulder_elevation_right"
TODAY = "2026-03-18T10:00:00+01:00"
ADAPTATION = Adaptation()
KNOWN = a_calibration(110.0)


def reached(*efforts: float, note: str = "") -> Limit:
    return from_repetitions(efforts, "deg", "open reaches", 6.0, note)


def leant(*efforts: float) -> Limit:
    return from_repetitions(efforts, "deg", "open leans", 0.4)


def taken(movement: str, limit: Limit, check: bool = False, **more: Limit) -> Limit:
    return taken_in(KNOWN, {movement: limit, **more}, check)[movement]


def test_a_limit_as_before_is_in_no_doubt() -> None:
    limit = taken(LEFT, reached(105.0, 112.0, 108.0))
    assert (limit.doubts, limit.posture) == ((), "standing")
    assert limit.value == pytest.approx(108.33, abs=0.01)


def test_a_limit_that_jumped_up_holds_no_more_than_the_last() -> None:
    limit = taken(LEFT, reached(150.0, 146.0, 154.0))
    assert limit.doubts == ("150° is 36 % more than on 2 March: 110° holds until you measure again",)
    assert (limit.value, limit.low, limit.best) == (110.0, 99.0, 110.0)
    assert limit.efforts == (150.0, 146.0, 154.0)


def test_a_limit_that_fell_holds_and_is_in_doubt() -> None:
    limit = taken(LEFT, reached(78.0, 80.0, 82.0))
    assert limit.doubts == ("80° is 27 % less than on 2 March: measure again",)
    assert (limit.value, limit.best) == (80.0, 82.0)


def test_a_nearer_stop_line_says_nothing_of_the_limit() -> None:
    assert taken(LEFT, reached(60.0, 60.0, 60.0, note=at_stop_line([60.0] * 3, 3))).doubts == ()


def test_a_lower_bound_is_no_reason_to_doubt_what_lies_further_out() -> None:
    seen = changed(a_limit(60.0), note=SEEN_IN_PLAY)
    limit = taken_in(changed(KNOWN, limits={LEFT: seen}), {LEFT: reached(118.0, 120.0)}, True)[LEFT]
    assert (limit.doubts, limit.value) == ((), 119.0)


def test_a_check_that_a_stop_line_ended_leaves_what_was_known() -> None:
    limit = taken(LEFT, reached(80.0, note=at_stop_line([80.0], 1)), check=True)
    assert (limit.doubts, limit.value, limit.best) == ((), 110.0, 110.0)
    assert limit.note.startswith("1 of 1 efforts ended at the stop line")


def test_a_lean_while_seated_is_not_compared_with_one_while_standing() -> None:
    seated = changed(
        KNOWN, stance=Stance((0.0, 1.2, 0.0), 0.0), limits={"lean_back": changed(a_limit(3.0), posture="standing")}
    )
    limit = taken_in(seated, {"lean_back": leant(5.0, 5.2)}, True)["lean_back"]
    assert (limit.doubts, limit.value, limit.posture) == ((), 5.1, "seated")


def test_nobody_is_believed_to_lean_much_beyond_the_theoretical_limit() -> None:
    limit = taken_in(changed(KNOWN, limits={}), {"lean_back": leant(6.5, 6.6)})["lean_back"]
    assert limit.doubts[0].startswith("6.5° is more than 5.9°, the most that is believed: 5.9° holds until")
    assert limit.value == limit.best == pytest.approx(5.85)


def test_a_single_effort_is_in_doubt_unless_it_agrees_with_what_was_known() -> None:
    nobody = changed(KNOWN, limits={})
    assert taken_in(nobody, {LEFT: reached(100.0)})[LEFT].doubts == ("only one effort: measure again",)
    assert taken(LEFT, reached(100.0)).doubts == ()


def test_efforts_that_scatter_widely_are_in_doubt() -> None:
    assert taken(LEFT, reached(70.0, 105.0, 140.0)).doubts == (
        "efforts from 70° to 140° leave ±25 % open: measure again",
    )


def test_swapped_sides_are_found() -> None:
    apart = changed(KNOWN, limits={LEFT: a_limit(130.0), RIGHT: a_limit(100.0)})
    limits = taken_in(apart, {LEFT: reached(101.0, 99.0), RIGHT: reached(131.0, 129.0)})
    for name in (LEFT, RIGHT):
        assert limits[name].value == 100.0
        assert any("left and right look swapped" in doubt for doubt in limits[name].doubts)


def test_sides_that_both_became_better_are_not_swapped() -> None:
    apart = changed(KNOWN, limits={LEFT: a_limit(130.0), RIGHT: a_limit(100.0)})
    limits = taken_in(apart, {LEFT: reached(140.0, 141.0), RIGHT: reached(110.0, 111.0)})
    assert [limits[name].doubts for name in (LEFT, RIGHT)] == [(), ()]


def test_a_poor_recording_leaves_its_limit_in_doubt() -> None:
    why = poor_quality([None, Quality(900, 10.0, 90.0, 99.0, 99.0, 99.0, 0.8, coverage_percent=91.4)])
    assert why == "only 91 % of the time was recorded well, 95 % are needed"
    assert taken_in(KNOWN, {LEFT: reached(110.0, 110.0)}, False, {LEFT: why})[LEFT].doubts[0].startswith(why)
    assert poor_quality([Quality(900, 10.0, 90.0, 99.0, 0.0, 99.0, 0.1)]) == ""


def test_a_therapist_who_confirms_makes_the_efforts_count() -> None:
    doubted = taken(LEFT, reached(150.0, 146.0, 154.0))
    sure = confirm(LEFT, doubted)
    assert (sure.value, sure.best, sure.doubts) == (150.0, 154.0, ())
    assert confirm(LEFT, sure) == sure


def test_limits_that_were_not_asked_for_are_compared_with_nothing() -> None:
    guessed = changed(KNOWN, limits={LEFT: Limit(50.0, 50.0, 50.0, "deg", 0, "not measured")})
    assert taken_in(guessed, {LEFT: reached(110.0, 112.0)}, True)[LEFT].doubts == ()


def test_a_check_is_weighed_with_what_was_known() -> None:
    limit = taken(LEFT, reached(100.0), check=True)
    assert 103 < limit.value < 108
    assert limit.high - limit.low < reached(100.0).high - reached(100.0).low
    assert limit.measured_at == KNOWN.measured_at


def test_a_check_never_counts_a_best_beyond_what_is_believed_now() -> None:
    limit = combined(a_limit(110.0, best=125.0), reached(92.0))
    assert limit.best == limit.high < 125.0
    assert combined(a_limit(110.0, best=112.0), reached(108.0)).best == 112.0


def test_a_check_that_surprises_is_asked_for_again() -> None:
    surprising = {LEFT: reached(78.0), RIGHT: reached(107.0)}
    assert in_doubt(KNOWN, surprising, True) == [LEFT]
    assert in_doubt(KNOWN, {LEFT: None, RIGHT: reached(107.0)}, True) == [LEFT]


def dated(days: int, checked_days: int | None = None, **limits: Limit) -> Calibration:
    """Measured so many days before TODAY, and checked since."""
    at, then = (
        str(date(2026, 3, 18) - timedelta(days=n)) for n in (days, days if checked_days is None else checked_days)
    )
    found = limits or {LEFT: reached(110.0, 112.0)}
    return changed(
        KNOWN,
        measured_at=at,
        limits={name: changed(limit, measured_at=at, checked_at=then) for name, limit in found.items()},
        measured_under=(),
    )


def patient(known: Calibration | None, **more: object) -> PatientRecord:
    return PatientRecord(patient="somebody", calibration=known, **more)


def test_nothing_is_due_on_the_day_it_was_measured() -> None:
    assert due(patient(dated(0)), ADAPTATION, TODAY) == Due(NOTHING)


def test_each_new_day_begins_with_a_check() -> None:
    assert due(patient(dated(1)), ADAPTATION, TODAY) == Due(
        CHECK, ("a new day: open efforts of each limit, 1 of each",)
    )
    assert due(patient(dated(1)), replace(ADAPTATION, check_reaches=0), TODAY) == Due(NOTHING)


@pytest.mark.parametrize("known", [None, a_calibration(), dated(3, lean_back=changed(leant(3.0), n=0))])
def test_whoever_was_never_measured_is_measured_whole(known: Calibration | None) -> None:
    bare = None if known is None or known.measured_under is None else known
    assert due(patient(bare), ADAPTATION, TODAY) == Due(FULL, ("nothing was measured yet",))


def test_limits_expire_and_are_measured_whole_after_a_longer_time() -> None:
    never = replace(ADAPTATION, check_reaches=0)
    assert due(patient(dated(14)), never, TODAY).form == NOTHING
    assert due(patient(dated(16)), never, TODAY) == Due(CHECK, ("measured 16 days ago, 14 are the most",))
    assert due(patient(dated(28, 2)), never, TODAY).form == NOTHING
    assert due(patient(dated(29, 2)), never, TODAY) == Due(FULL, ("measured whole 29 days ago, 28 are the most",))


def test_a_change_of_pain_calls_for_a_check() -> None:
    before, now = (Answer("pain", 1),), (Answer("pain", 5), Answer("fatigue", 9))
    assert due(patient(dated(0), answers=before), ADAPTATION, TODAY, now) == Due(
        CHECK, ("pain changed by 4, 4 or more count",)
    )
    assert due(patient(dated(0), answers=before), ADAPTATION, TODAY, (Answer("pain", 4),)).form == NOTHING


def test_a_new_precaution_calls_for_a_check_and_a_renewed_one_does_not() -> None:
    held = Precaution(LEFT, 90.0, "deg", "a fall", "Dr Wood", "2026-03-01")
    known = changed(dated(0), measured_under=(held,))
    assert due(patient(known, precautions=(changed(held, until="2026-05-01"),)), ADAPTATION, TODAY).form == NOTHING
    new = changed(held, at_most=70.0)
    assert due(patient(known, precautions=(held, new)), ADAPTATION, TODAY).why == (
        "a new precaution of Dr Wood since: a fall",
    )


def test_a_clinician_and_a_preset_that_only_assesses_get_everything() -> None:
    assert due(patient(dated(0)), ADAPTATION, TODAY, asked="before surgery").form == FULL
    assert due(patient(dated(0)), replace(ADAPTATION, only_assess=True), TODAY).form == FULL


def test_doubts_call_for_a_check() -> None:
    doubted = taken(LEFT, reached(78.0, 80.0, 82.0))
    (why,) = due(patient(dated(0, **{LEFT: doubted})), ADAPTATION, TODAY).why
    assert why == "left arm raised: 80° is 27 % less than on 2 March: measure again"


def test_a_clock_that_jumped_back_is_not_believed() -> None:
    assert due(patient(dated(-9)), ADAPTATION, TODAY) == Due(CHECK, ("measured 9 days from now: set the clock",))
    assert due(patient(dated(0), last_at="2026-04-02"), ADAPTATION, TODAY).why == (
        "the last visit, on 2 April, is still to come: set the clock",
    )
    assert due(patient(dated(-1)), ADAPTATION, TODAY).form == NOTHING


@pytest.mark.parametrize("at", ["", "the third of March"])
def test_a_limit_of_an_unknown_day_is_measured_whole(at: str) -> None:
    undated = changed(KNOWN, measured_at=at)
    assert due(patient(undated), ADAPTATION, TODAY, movements=(LEFT,)) == Due(
        FULL, ("nobody knows when left arm raised was measured",)
    )


def test_leans_in_another_posture_are_checked() -> None:
    known = dated(0, lean_back=changed(leant(3.0, 3.1), posture="seated"))
    assert due(patient(known), ADAPTATION, TODAY, posture="seated").form == NOTHING
    assert due(patient(known), ADAPTATION, TODAY, posture="standing").why == (
        "leans were measured seated, not standing",
    )


def test_only_what_is_played_with_has_to_be_known() -> None:
    old = changed(leant(3.0, 3.1), measured_at="2026-01-01", checked_at="")
    known = changed(dated(0), limits={**dated(0).limits, "lean_back": old})
    assert due(patient(known), ADAPTATION, TODAY, movements=(LEFT,)).form == NOTHING
    assert due(patient(known), ADAPTATION, TODAY).form == FULL


def test_what_was_not_measured_today_stays_with_its_own_day() -> None:
    fresh = changed(reached(100.0, 104.0), measured_at=TODAY)
    today = changed(KNOWN, measured_at=TODAY, limits={**KNOWN.limits, LEFT: fresh}, arm_m={}, reach={})
    after = carried_over(KNOWN, today)
    assert after is not None
    assert after.limits[LEFT] == fresh
    assert after.limits[RIGHT].measured_at == KNOWN.measured_at != TODAY
    assert (after.arm_m, after.reach) == (KNOWN.arm_m, KNOWN.reach)


def test_a_visit_that_measured_nothing_changes_nothing() -> None:
    assert carried_over(KNOWN, changed(KNOWN, measured_at="")) is KNOWN
    assert carried_over(KNOWN, None) is KNOWN
    assert carried_over(None, changed(KNOWN, measured_at="")) is None
    assert carried_over(None, KNOWN) is KNOWN


def test_an_older_visit_that_comes_late_only_adds() -> None:
    late = changed(KNOWN, measured_at="2026-02-01", limits={LEFT: a_limit(50.0), "lean_back": a_limit(2.0)})
    newer = changed(KNOWN, limits={LEFT: a_limit(110.0)})
    after = carried_over(newer, late)
    assert after is not None
    assert (after.limits[LEFT].value, after.limits["lean_back"].value) == (110.0, 2.0)
    assert after.limits["lean_back"].measured_at == "2026-02-01"


def test_a_limit_survives_being_written_down_whole() -> None:
    known = changed(KNOWN, limits={LEFT: taken(LEFT, reached(150.0, 146.0))}, measured_under=())
    assert from_json(to_json(known), Calibration) == known


def test_a_jump_that_is_measured_again_holds() -> None:
    known = changed(KNOWN, limits={LEFT: taken(LEFT, reached(150.0, 146.0))})
    limit = taken_in(known, {LEFT: reached(144.0, 150.0)})[LEFT]
    assert (limit.doubts, limit.value) == ((), 147.0)


def test_sides_stay_in_doubt_until_somebody_says_which_is_which() -> None:
    apart = changed(KNOWN, limits={LEFT: a_limit(130.0), RIGHT: a_limit(100.0)})
    other_way_round = {LEFT: reached(101.0, 99.0), RIGHT: reached(131.0, 129.0)}
    once = changed(apart, limits=taken_in(apart, other_way_round))
    twice = taken_in(once, other_way_round)
    assert [twice[name].value for name in (LEFT, RIGHT)] == [100.0, 100.0]
    sure = changed(apart, limits={name: confirm(name, limit) for name, limit in twice.items()})
    assert [taken_in(sure, other_way_round)[name].doubts for name in (LEFT, RIGHT)] == [(), ()]


def test_a_check_in_doubt_is_no_whole_measurement() -> None:
    assert taken(LEFT, reached(78.0), check=True).measured_at == KNOWN.measured_at
    assert taken(LEFT, reached(78.0, 80.0)).measured_at == ""


@pytest.mark.parametrize("value", [float("nan"), 0.0, -5.0])
def test_a_last_value_that_is_none_is_compared_with_nothing(value: float) -> None:
    broken = changed(KNOWN, limits={LEFT: changed(a_limit(110.0), value=value)})
    assert taken_in(broken, {LEFT: reached(100.0, 104.0)}, True)[LEFT].value == 102.0


@pytest.mark.parametrize(
    ("movement", "nonsense", "said"),
    [
        (LEFT, {"value": float("nan")}, "left arm raised: value nan has to be from 0 to 180 deg"),
        (LEFT, {"value": -1.0, "low": -2.0}, "left arm raised: value -1.0 has to be from 0 to 180 deg"),
        (LEFT, {"best": 250.0}, "left arm raised: best 250.0 has to be from 0 to 180 deg"),
        (LEFT, {"unit": "m"}, "left arm raised is in m, it has to be in deg"),
        (LEFT, {"low": 120.0}, "left arm raised: 110.0 does not lie between 120.0 and 121.0"),
        (LEFT, {"measured_at": "March"}, "left arm raised: 'March' is no day; write it as 2026-03-02"),
        ("arm", {}, "there is no movement 'arm'"),
    ],
)
def test_a_calibration_that_cannot_be_true_is_told(movement: str, nonsense: dict[str, object], said: str) -> None:
    limits = {movement: changed(a_limit(110.0), **nonsense)}
    assert problems(changed(KNOWN, limits=limits))[0].startswith(said)
    assert problems(KNOWN) == ()
