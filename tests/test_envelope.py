"""Where a target may be: the smallest of what was measured, the preset's ceiling and the precautions, and why."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from people import ARM_M, a_calibration, a_limit

from engine.body import shoulder_m
from engine.envelope import SHARE_OF_REACH, Envelope
from engine.limits import OutsideEnvelope
from engine.movements import lean_movement
from engine.places import from_head, from_shoulder, seen_from_shoulder
from engine.records import Limit, Precaution, ReachCell, Request, Shoulder, Stance

RIGHT = "shoulder_elevation_right"
CAST = Precaution(RIGHT, 80.0, "deg", "a cast", "Dr Wood")


class Wish:
    """A difficulty that asks for one thing and remembers what it was told."""

    def __init__(self, amplitude: float) -> None:
        self.amplitude = amplitude
        self.told: object = None

    def next_amplitude(self) -> Request:
        return Request(RIGHT, self.amplitude, "deg", "TARGET_SUCCESS", "as wished")

    def update(self, amplitude: float, achieved: float | None, success: bool) -> None:
        self.told = (amplitude, achieved, success)

    def limit(self) -> Limit:
        return a_limit(99.0)


def asked(wish_deg: float, *precautions: Precaution, ceiling_deg: float = 170.0) -> Request:
    envelope = Envelope(a_calibration(110.0), precautions, {RIGHT: ceiling_deg}, {RIGHT: Wish(wish_deg)})
    return envelope.request(RIGHT)


@settings(deadline=None, max_examples=60)
@given(st.floats(20, 175), st.floats(20, 175), st.lists(st.floats(20, 175), max_size=3))
def test_the_cap_is_the_smallest_of_all_bounds(measured: float, ceiling: float, precautions: list[float]) -> None:
    casts = tuple(replace(CAST, at_most=most) for most in precautions)
    cap = Envelope(a_calibration(measured), casts, {RIGHT: ceiling}).at_most(RIGHT)
    assert cap.value == min(measured, ceiling, *precautions)


@pytest.mark.parametrize(
    ("precautions", "ceiling", "why"),
    [((), 170.0, "the furthest that was measured"), ((), 90.0, "the preset's ceiling"), ((CAST,), 90.0, "a cast")],
)
def test_a_cap_says_which_bound_it_is(precautions: tuple[Precaution, ...], ceiling: float, why: str) -> None:
    assert why in Envelope(a_calibration(110.0), precautions, {RIGHT: ceiling}).at_most(RIGHT).why


def test_what_was_really_done_counts_and_not_the_mean() -> None:
    limits = {RIGHT: a_limit(100.0, best=108.0)}
    assert Envelope(replace(a_calibration(), limits=limits)).at_most(RIGHT).value == 108.0


def test_who_showed_nothing_is_asked_for_nothing() -> None:
    limits = {RIGHT: replace(a_limit(110.0), best=0.0)}
    assert Envelope(replace(a_calibration(), limits=limits)).at_most(RIGHT).value == 0.0


@pytest.mark.parametrize("best", [math.nan, math.inf, -5.0])
def test_a_limit_that_is_no_angle_was_not_measured(best: float) -> None:
    envelope = Envelope(replace(a_calibration(), limits={RIGHT: replace(a_limit(110.0), best=best)}), (CAST,))
    with pytest.raises(OutsideEnvelope, match="was not measured"):
        envelope.at_most(RIGHT)
    assert envelope.refuses_target(envelope.shoulder("right"), "right") != ""


def test_a_precaution_binds_its_own_movement_alone() -> None:
    envelope = Envelope(a_calibration(110.0), (CAST,))
    assert envelope.at_most("shoulder_elevation_left").value == 110.0


def test_a_movement_that_was_never_measured_is_refused_in_words() -> None:
    envelope = Envelope(replace(a_calibration(), limits={}, arm_m={}, reach={}), caps={RIGHT: 90.0})
    with pytest.raises(OutsideEnvelope, match="right arm raised was not measured: calibrate"):
        envelope.at_most(RIGHT)
    with pytest.raises(OutsideEnvelope, match="the right arm was not measured: calibrate"):
        envelope.arm_m("right")
    with pytest.raises(OutsideEnvelope, match="the right hand was never seen"):
        envelope.place("right", 0.0, 90.0)
    assert "was not measured" in envelope.refuses_lean(0.0, 1.0)


def test_a_wish_inside_the_bounds_is_asked_as_it_is() -> None:
    assert asked(79.0, CAST) == Request(RIGHT, 79.0, "deg", "TARGET_SUCCESS", "as wished")


def test_a_wish_beyond_a_bound_is_lowered_to_it_with_the_reason() -> None:
    request = asked(120.0, CAST)
    assert (request.amplitude, request.code) == (80.0, "CEILING")
    assert request.reason == "80°: no further than the precaution of Dr Wood: a cast"
    assert asked(120.0, ceiling_deg=95.0).reason == "95°: no further than the preset's ceiling"


@pytest.mark.parametrize(
    ("wish", "amplitude", "code", "words"),
    [
        (50.0, 60.0, "FLOOR", "60°: the least that is asked, by the preset"),
        (70.0, 70.0, "TARGET_SUCCESS", "as wished"),
        (80.0, 77.0, "NEAR_BEST", "77°: no more than 10 % beyond last time"),
        (math.inf, 77.0, "NEAR_BEST", "77°: no more than 10 % beyond last time"),
    ],
)
def test_a_request_has_a_floor_and_rises_by_little_from_session_to_session(
    wish: float, amplitude: float, code: str, words: str
) -> None:
    envelope = Envelope(a_calibration(110.0), (), {}, {RIGHT: Wish(wish)}, floors={RIGHT: 60.0}, rises={RIGHT: 77.0})
    request = envelope.request(RIGHT)
    assert (request.amplitude, request.code, request.reason) == (amplitude, code, words)


@settings(deadline=None, max_examples=60)
@given(
    st.floats(0, 250), st.floats(0, 180), st.floats(0, 180), st.floats(0, 180), st.lists(st.floats(0, 180), max_size=3)
)
def test_no_floor_and_no_wish_beats_any_cap(
    wish: float, floor: float, rise: float, ceiling: float, casts: list[float]
) -> None:
    rules = tuple(replace(CAST, at_most=most) for most in casts)
    envelope = Envelope(
        a_calibration(110.0), rules, {RIGHT: ceiling}, {RIGHT: Wish(wish)}, floors={RIGHT: floor}, rises={RIGHT: rise}
    )
    assert envelope.request(RIGHT).amplitude <= min(110.0, rise, ceiling, *casts)


def test_an_open_effort_becomes_the_cap_where_no_stop_line_can_be_shown() -> None:
    request = asked(math.inf, CAST)
    assert (request.amplitude, request.code) == (80.0, "CALIBRATION")
    assert "a cast" in request.reason


@pytest.mark.parametrize("wish", [math.nan, -1.0])
def test_a_wish_that_is_no_angle_asks_nothing(wish: float) -> None:
    with pytest.raises(OutsideEnvelope, match="was wished for, so that nothing is asked"):
        asked(wish)


class Broken(Wish):
    """A difficulty that knows nothing any more."""

    def next_amplitude(self) -> Request:
        raise ZeroDivisionError("no belief")

    def limit(self) -> Limit:
        raise ZeroDivisionError("no belief")


def test_a_difficulty_that_breaks_asks_for_nothing_and_is_eased_by_what_was_measured() -> None:
    envelope = Envelope(a_calibration(110.0), difficulties={RIGHT: Broken(60.0)})
    envelope.ease(0.9, "90 % of what was asked, because it hurt")
    assert envelope.at_most(RIGHT).value == 99.0
    with pytest.raises(OutsideEnvelope, match=r"nobody knows how far to ask for it, because of .*no belief"):
        envelope.request(RIGHT)


def test_a_diagonal_that_nobody_follows_is_asked_for_between_its_neighbours() -> None:
    known = a_calibration(lean_deg=8.0)
    limits = {name: known.limits[name] for name in ("lean_forward", "lean_right")}
    followed = {"lean_forward": Wish(4.0), "lean_right": Wish(4.0)}
    envelope = Envelope(replace(known, limits=limits), (), {}, followed)
    request = envelope.request("lean_forward_right")
    assert (request.amplitude, request.code) == (4.0, "UNSURE")
    assert envelope.learn(request, 4.0, success=True) is None


def test_a_target_counts_from_before_its_middle() -> None:
    request = Request(RIGHT, 70.0, "deg", "TARGET_SUCCESS", "as wished")
    assert Envelope(a_calibration(110.0)).centred(request, 5.0) == (request, 75.0)


def test_the_middle_of_a_target_stays_within_the_cap_and_the_request_says_so() -> None:
    request = Request(RIGHT, 78.0, "deg", "TARGET_SUCCESS", "as wished")
    lowered, centre = Envelope(a_calibration(110.0), (CAST,)).centred(request, 5.0)
    assert (lowered.amplitude, lowered.code, centre) == (75.0, "CEILING", 80.0)
    assert lowered.reason == "75°: the target's middle is at 80°, the precaution of Dr Wood: a cast"


def test_a_finished_trial_is_told_to_the_difficulty_as_it_was_asked() -> None:
    wish = Wish(120.0)
    envelope = Envelope(a_calibration(110.0), (CAST,), difficulties={RIGHT: wish})
    assert envelope.learn(envelope.request(RIGHT), 78.5, False) == a_limit(99.0)
    assert wish.told == (80.0, 78.5, False)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(("left", "right")), st.floats(-80, 80), st.floats(20, 100))
def test_a_place_lies_within_reach_and_is_not_refused(side: str, azimuth: float, elevation: float) -> None:
    envelope = Envelope(a_calibration(110.0))
    place = envelope.place(side, azimuth, elevation)
    assert math.dist(place, envelope.shoulder(side)) == pytest.approx(SHARE_OF_REACH * ARM_M)
    assert seen_from_shoulder(envelope.shoulder(side), 0.0, place)[:2] == pytest.approx((azimuth, elevation), abs=1e-5)
    assert envelope.refuses_target(place, side) == ""


def test_reach_in_a_direction_is_the_shortest_around_it() -> None:
    cells = (ReachCell(0.0, 90.0, 0.6, 9), ReachCell(15.0, 90.0, 0.4, 9), ReachCell(60.0, 90.0, 0.2, 9))
    envelope = Envelope(replace(a_calibration(), reach={"right": cells}))
    assert envelope.reach_m("right", 5.0, 92.0) == 0.4
    assert envelope.reach_m("right", -10.0, 90.0) == 0.6
    assert envelope.reach_m("right", -50.0, 90.0) == envelope.reach_m("left", 0.0, 90.0) == 0.0


def test_a_target_for_either_hand_needs_one_that_may_reach_it() -> None:
    envelope = Envelope(a_calibration(110.0), (CAST,))
    place = envelope.place("left", 0.0, 100.0)
    assert envelope.refuses_target(place, "either") == ""
    assert envelope.refuses_target(envelope.place("right", 60.0, 100.0), "right") != ""


def test_a_stop_line_is_bound_by_rules_and_not_by_what_was_measured() -> None:
    envelope = Envelope(a_calibration(60.0), (CAST,), {RIGHT: 85.0})
    assert envelope.stop_line(RIGHT, 175.0) == 80.0
    assert envelope.stop_line("shoulder_elevation_left", 175.0) == 175.0
    start, below, above = (from_shoulder(envelope.shoulder("right"), 0.0, 0.0, deg, 0.5) for deg in (20.0, 79.9, 81.0))
    assert envelope.refuses_path(start, below, "right") == ""
    assert "a cast" in envelope.refuses_path(start, above, "right")


@pytest.mark.parametrize(
    ("direction", "movement"),
    [(0, "lean_forward"), (359, "lean_forward"), (60, "lean_forward_right"), (-90, "lean_left"), (190, "lean_back")],
)
def test_a_lean_belongs_to_the_nearest_of_eight_ways(direction: float, movement: str) -> None:
    assert lean_movement(direction) == movement


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(("left", "right")), st.floats(-180, 180), st.floats(1.0, 1.9))
def test_a_shoulder_that_was_not_measured_is_where_proportions_have_it(side: str, facing: float, eyes_m: float) -> None:
    stance = Stance((0.4, eyes_m, -1.0), facing)
    known = replace(a_calibration(stance=stance), stature_m=a_limit(eyes_m / 0.936, "m"))
    assert Envelope(known).shoulder(side) == pytest.approx(shoulder_m(stance, side))


def test_who_sits_down_keeps_the_shoulders_of_their_stature() -> None:
    seated = replace(a_calibration(), stance=Stance((0.0, 1.2, 0.0), 0.0))
    (_, before, _), (_, after, _) = Envelope(a_calibration()).shoulder("left"), Envelope(seated).shoulder("left")
    assert before - after == pytest.approx(1.6 - 1.2)


def test_a_shoulder_that_was_measured_turns_with_the_stance() -> None:
    found = Shoulder((0.22, -0.21, -0.05), ARM_M, 0.02, True, "sphere fit")
    stance = Stance((1.0, 1.6, 2.0), 90.0)
    known = replace(a_calibration(stance=stance), shoulders={"right": found})
    assert Envelope(known).shoulder("right") == pytest.approx((0.95, 1.39, 2.22))
    assert from_head(Stance((0.0, 1.6, 0.0), 0.0), found.centre_m) == pytest.approx((0.22, 1.39, 0.05))
