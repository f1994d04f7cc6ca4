"""Who follows which limit in a visit: begun from efforts or from what was believed, together where limits are alike."""

import math
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from people import a_calibration, a_limit

from calibration.adaptation import Followers
from calibration.asking import BadReading
from calibration.limits import from_repetitions
from engine.adaptation import Adaptation
from engine.envelope import Envelope
from engine.movements import LEANS
from engine.records import Followed, Limit, Precaution, from_json, to_json

LEFT, RIGHT = "shoulder_elevation_left", "shoulder_elevation_right"
LOG = st.lists(st.tuples(st.one_of(st.none(), st.floats(0, 179)), st.booleans()), max_size=25)


def measured(*efforts: float, at: str = "") -> Limit:
    """A limit from open efforts."""
    return replace(from_repetitions(efforts, "deg", "open reaches", 6.0), measured_at=at)


ARMS = {LEFT: measured(120, 118, 122), RIGHT: measured(90, 88, 92)}
LEANT = {name: from_repetitions([5.0, 5.4], "deg", "open leans", 0.4) for name in LEANS}


def test_a_limit_begins_where_its_open_efforts_were() -> None:
    followers = Followers()(ARMS)
    assert followers[LEFT].limit().value == pytest.approx(120, abs=4)
    assert followers[RIGHT].limit().value == pytest.approx(90, abs=4)
    assert followers[RIGHT].limit().n == 3


def test_one_that_was_only_told_begins_where_it_was_told() -> None:
    told = Followers()({RIGHT: Limit(80.0, 76.0, 84.0, "deg", 1, "seen in play")})[RIGHT].limit()
    assert told.value == pytest.approx(80, abs=1)
    assert told.high - told.low < 20


def test_no_follower_asks_for_an_open_effort() -> None:
    for follower in (Followers()(ARMS) | Followers()(LEANT)).values():
        assert math.isfinite(follower.next_amplitude().amplitude)


def test_a_request_says_how_far_why_and_where_the_limit_is() -> None:
    request = Followers()(ARMS)[RIGHT].next_amplitude()
    assert (request.movement, request.unit, request.code) == (RIGHT, "deg", "WARM_UP")
    assert request.reason.startswith(f"{request.amplitude:.0f}°: warming up; your limit today is about 9")


def test_a_neck_warms_up_once_and_not_in_each_way_again() -> None:
    names = ("neck_rotation_left", "neck_rotation_right", "neck_flexion", "neck_extension", RIGHT)
    followers = Followers()({name: measured(60, 62, 58) for name in names})
    for name in names[:4]:
        followers[name].update(40.0, 45.0, True)
    codes = {name: followers[name].next_amplitude().code for name in names}
    assert codes.pop(RIGHT) == "WARM_UP"
    assert "WARM_UP" not in codes.values()


def test_one_arm_tells_the_other_a_little_and_a_lean_tells_its_neighbours_more() -> None:
    arms, leans = Followers()(ARMS), Followers()(LEANT)
    before = arms[LEFT].limit().value, leans["lean_right"].limit().value
    for _ in range(6):
        arms[RIGHT].update(80.0, 60.0, False)
        leans["lean_forward_right"].update(4.0, 3.0, False)
    assert 0 < before[0] - arms[LEFT].limit().value < 0.4 * (90 - arms[RIGHT].limit().value)
    assert leans["lean_right"].limit().value < before[1]


def test_leans_are_followed_with_more_care_than_arms() -> None:
    bold = Adaptation(target_success=0.6, over_limit_risk=0.3, warm_up_trials=0, step_over_best_percent=30)
    lean = Followers(bold)(LEANT)["lean_back"]
    limit = lean.limit()
    assert lean.next_amplitude().amplitude < limit.value - 1.5 * (limit.value - limit.low) / 2


def test_what_was_believed_goes_on_the_next_day_rested_and_less_certain() -> None:
    first = Followers()
    yesterday = first(ARMS)
    for _ in range(8):
        yesterday[RIGHT].update(100.0, 100.0, True)
    kept = [from_json(to_json(state), Followed) for state in first.states("2026-11-21")]
    old = {name: replace(limit, measured_at="2026-11-21T09:00:00+00:00") for name, limit in ARMS.items()}
    today = Followers(known=kept, today=date(2026, 11, 22))(old)
    before, after = yesterday[RIGHT].limit(), today[RIGHT].limit()
    assert after.value >= before.value > 95
    assert after.high - after.low > before.high - before.low


def test_what_another_version_kept_is_forgotten_and_locks_nobody_out() -> None:
    first = Followers()
    first(ARMS)
    (kept,) = first.states("2026-11-21")
    for broken in (replace(kept, numbers={}), replace(kept, numbers={**kept.numbers, "mean": (1.0,)})):
        assert Followers(known=(broken,))(ARMS)[RIGHT].limit() == Followers()(ARMS)[RIGHT].limit()


def test_an_effort_of_today_is_learnt_on_top_of_what_was_believed() -> None:
    first = Followers()
    first(ARMS)
    kept = first.states("2026-11-21")
    lost = Followers(known=kept, today=date(2026, 11, 22))({**ARMS, RIGHT: measured(60)})
    kept_up = Followers(known=kept, today=date(2026, 11, 22))({**ARMS, RIGHT: measured(90)})
    assert 60 < lost[RIGHT].limit().value < kept_up[RIGHT].limit().value - 5


def test_what_was_only_guessed_is_forgotten_once_it_is_measured() -> None:
    followers = Followers()
    followers({"lean_forward": Limit(1.0, 1.0, 1.0, "deg", 0, "not measured")})
    assert followers({"lean_forward": LEANT["lean_forward"]})["lean_forward"].limit().value == pytest.approx(
        5.2, abs=0.5
    )


def test_an_effort_that_nobody_can_do_is_left_out() -> None:
    stepped_away = replace(LEANT["lean_forward"], efforts=(5.0, 5.4, 45.0), best=45.0)
    assert Followers()({"lean_forward": stepped_away})["lean_forward"].limit().value < 6.5


def test_what_is_measured_meanwhile_is_told_to_those_who_follow_already() -> None:
    followers = Followers()
    before = followers(ARMS)
    for _ in range(5):
        before[LEFT].update(100.0, 90.0, False)
    left = before[LEFT].limit()
    after = followers({RIGHT: measured(110, 112, 111)})
    assert after[RIGHT].limit().value > 95
    assert after[LEFT].limit().value == pytest.approx(left.value, abs=8)


def test_what_nobody_asked_for_today_is_kept_as_it_was() -> None:
    first = Followers()
    first(ARMS)
    kept = first.states("2026-11-21")
    assert kept[0] in Followers(known=kept).states("2026-11-22")


def test_an_effort_that_is_in_doubt_does_not_raise_what_is_believed() -> None:
    doubted = replace(measured(150, 151, 90), best=90.0, doubts=("66 % more than on 3 March",))
    assert Followers()({RIGHT: doubted})[RIGHT].limit().value < 110


@settings(deadline=None, max_examples=25)
@given(LOG, st.floats(30, 150), st.floats(10, 150), st.floats(10, 150))
def test_no_log_asks_for_more_than_the_envelope_allows(
    log: list[tuple[float | None, bool]], limit: float, ceiling: float, precaution: float
) -> None:
    known = a_calibration(limit)
    rule = Precaution(RIGHT, precaution, "deg", "a cast", "Dr Wood")
    envelope = Envelope(known, (rule,), {RIGHT: ceiling}, Followers(ceilings={RIGHT: ceiling})({RIGHT: a_limit(limit)}))
    for achieved, hit in log:
        request = envelope.request(RIGHT)
        assert request.amplitude <= min(limit, ceiling, precaution)
        with suppress(BadReading):
            envelope.learn(request, achieved, hit)


def test_nothing_is_asked_under_the_presets_floor_where_no_ceiling_forbids_it() -> None:
    floored = Followers(floors={RIGHT: 85.0})({RIGHT: measured(60, 61, 62)})[RIGHT].next_amplitude()
    assert (floored.amplitude, floored.code) == (85.0, "FLOOR")
    both = Followers(floors={RIGHT: 85.0}, ceilings={RIGHT: 50.0})({RIGHT: measured(60, 61, 62)})[RIGHT]
    assert both.next_amplitude().amplitude == 50.0
