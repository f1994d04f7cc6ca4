"""Block Ferry by itself: where its crates stand, how a block is carried, and what is measured of it."""

import dataclasses
import math
from pathlib import Path
from random import Random

import numpy as np
import pytest
from msgspec.structs import replace
from people import a_body
from visits import calibration, game, limit, play

from calibration.adaptation import Followers
from engine import ferrying, tabletop
from engine.adaptation import Adaptation
from engine.body import Body
from engine.envelope import Envelope
from engine.frame import SIDES, Hand, Pose, Vector
from engine.hanging import shared
from engine.movements import CROSSES
from engine.noted import Noted
from engine.places import adduction_deg, seen_from_shoulder
from engine.plan import REST
from engine.precautions import barred
from engine.records import Limit, Precaution, Request, Stance
from engine.scene import Held, Item, Prop, Target
from engine.task import Move, Trial
from games import block_ferry

KNOWN = calibration()
TAKE, OVER, PUT = (Target(name, (x, y, -0.4), 0.07, "right", role=role) for name, x, y, role in (
    ("block", 0.2, 1.1, "block"), ("over", 0.0, 1.3, ""), ("put", -0.2, 1.1, ""),
))  # fmt: skip


def envelope(*precautions: Precaution) -> Envelope:
    return Envelope(KNOWN, precautions, difficulties=Followers()(KNOWN.limits))


def trials(values: dict[str, object], *precautions: Precaution) -> list[Trial]:
    return list(game("block_ferry", values).trials(envelope(*precautions), Random(1), []))


def a_hand(place_m: Vector, squeeze: float = 0.0, dt_s: float = 0.1) -> Body:
    body = a_body(dt_s=dt_s, right_m=place_m)
    return body._replace(frame=body.frame._replace(right=Hand(Pose(place_m), 0.0, squeeze)))


def carried(move: Move, bodies: list[Body]) -> tuple[list[tuple[Item, ...]], bool]:
    """What was shown, and whether the move came to its end."""
    shown = [next(move)]
    for body in bodies:
        try:
            items = move.send(body)
        except StopIteration:
            return shown, True
        shown.append(items)
    return shown, False


def asked(items: tuple[Item, ...]) -> list[str]:
    return [item.key for item in items if isinstance(item, Target)]


def test_a_block_is_taken_by_staying_carried_over_and_put() -> None:
    stays = [a_hand(TAKE.place_m)] * 5
    move = ferrying.carry(TAKE, OVER, PUT, 0.3, False, ())
    shown, ended = carried(move, [*stays, a_hand(OVER.place_m), a_hand(PUT.place_m), *[a_hand(PUT.place_m)] * 4])
    keys = [asked(items)[0] for items in shown]
    assert keys[0] == "block"
    assert "over" in keys
    assert keys[-1] == "put"
    assert ended
    assert [item for item in shown[-1] if isinstance(item, Held)] == [Held("block held", "block", "right")]


def test_a_block_that_goes_past_the_fence_is_still_asked_to_go_over_it() -> None:
    move = ferrying.carry(TAKE, OVER, PUT, 0.0, False, ())
    shown, ended = carried(move, [a_hand(TAKE.place_m), *[a_hand(PUT.place_m)] * 20])
    assert asked(shown[-1]) == ["over"]
    assert not ended


def test_with_a_grip_it_is_taken_by_closing_and_put_by_opening_the_hand() -> None:
    move = ferrying.carry(TAKE, OVER, PUT, 0.3, True, ())
    open_there = [a_hand(TAKE.place_m)] * 20
    closed = [a_hand(place, 0.9) for place in (TAKE.place_m, TAKE.place_m, OVER.place_m, PUT.place_m, PUT.place_m)]
    shown, ended = carried(move, [*open_there, *closed])
    assert asked(shown[20]) == ["block"]
    assert asked(shown[-1]) == ["put"]
    assert not ended
    with pytest.raises(StopIteration):
        move.send(a_hand(PUT.place_m))


def test_the_table_is_within_the_reach_and_a_block_crosses_the_midline() -> None:
    bounds = envelope()
    for trial in trials({}):
        table, own = trial.values["table"], 1 if trial.side == "right" else -1
        for place_m in (table.take_m, table.over_m, table.put_m):
            assert not bounds.refuses_target(place_m, trial.side)
        assert own * table.take_m[0] > 0.1 > -0.1 > own * table.put_m[0]
        assert table.over_m[1] > table.take_m[1] + 0.05


def test_the_fence_is_below_the_ring_and_the_crates_are_below_the_hand() -> None:
    trial = trials({"targets": 1})[0]
    table = trial.values["table"]
    items = next(game("block_ferry", {"targets": 1}).play(trial))
    props = {item.key: item for item in items if isinstance(item, Prop)}
    assert props["crate take"].place_m[1] < table.take_m[1]
    assert props["fence"].place_m[1] + props["fence"].tall < table.over_m[1]


def test_one_arm_carries_its_half_and_then_the_other() -> None:
    sides = [trial.side for trial in trials({"targets": 7})]
    assert sides in ([a] * 4 + [b] * 3 for a, b in (SIDES, SIDES[::-1]))


def test_a_round_with_a_time_ends_for_each_arm_when_it_is_over(tmp_path: Path) -> None:
    often = Adaptation(rest_after_trials=1)
    session, _ = play(game("block_ferry", {"targets": 40, "round_s": 12.0}), tmp_path, adaptation=often)
    records = session.blocks[0].trials
    for side in SIDES:
        own = [record for record in records if record.side == side]
        gone_s = sum(record.end_s - record.start_s for record in own)
        assert gone_s - (own[-1].end_s - own[-1].start_s) < 12.0 <= gone_s
        assert own[-1].end_s - own[0].start_s > gone_s + 2 * REST.seconds  # rests take nothing of it


def test_what_is_measured_is_what_a_hand_did(tmp_path: Path) -> None:
    session, _ = play(game("block_ferry", {"targets": 2}), tmp_path)
    for record in session.blocks[0].trials:
        found = {name: measured.value for name, measured in record.measures.items()}
        assert found["midline_crossings"] == 1.0
        assert found["path_ratio"] == pytest.approx(1.0, abs=0.25)
        assert found["reach_s"] + found["carry_s"] == pytest.approx(found["block_s"] - 0.3, abs=0.06)  # type: ignore[operator]
        assert found["blocks_per_min"] == pytest.approx(60 / found["block_s"], abs=0.1)  # type: ignore[operator]


def test_a_hand_that_opens_late_has_put_its_block_only_then_and_only_what_was_put_lies_in_the_crate() -> None:
    values = {"grip": "squeeze", "targets": 2, "limit_s": 4.0, "pause_s": 0.3}
    round_, trial = game("block_ferry", values), trials(values)[0]
    places = trial.values["table"]._replace(take_m=TAKE.place_m, over_m=OVER.place_m, put_m=PUT.place_m)
    trial = dataclasses.replace(trial, side="right", values={**trial.values, "table": places})
    carries = [a_hand(place, 0.9) for place in (TAKE.place_m, OVER.place_m, *[PUT.place_m] * 20)]
    for last, put, over in ((a_hand(PUT.place_m), 2.5, 1), (a_hand(PUT.place_m, 0.9), math.nan, 0)):
        noted = trial.values["noted"] = Noted()
        shown, _ = carried(round_.play(trial), [*[a_hand(TAKE.place_m)] * 5, *carries, *[last] * 24])
        assert noted.stopped_s - noted.called_s == pytest.approx(put, abs=0.11, nan_ok=True)
        heap = {item.key for item in shown[-1] if isinstance(item, Prop) and item.key.startswith("over ")}
        assert len(heap) == over


def test_a_hand_that_trembles_on_the_midline_crosses_it_once() -> None:
    aside = np.array([0.2, 0.1, 0.01, -0.02, 0.02, np.nan, -0.01, -0.1, -0.2])
    assert tabletop.crossings(aside) == 1
    assert tabletop.across_m(Stance((0.0, 1.6, 0.0), 90.0), np.array([[0.0, 1.0, 0.3]])) == pytest.approx(0.3)


def test_a_forbidden_arm_leaves_the_other_and_both_bar_it() -> None:
    left = Precaution("use_of_arm_left", 0.0, "", "fracture", "Dr Wood")
    assert {trial.side for trial in trials({}, left)} == {"right"}
    both = [left, Precaution("use_of_arm_right", 0.0, "", "fracture", "Dr Wood")]
    assert "asks for a hand" in barred(block_ferry.Game, "seated", both)


def test_a_low_ceiling_lowers_the_fence() -> None:
    low = Precaution("shoulder_elevation_right", 60.0, "deg", "sling", "Dr Wood")
    tall, lowered = (trials({"arms": "right", "targets": 1}, *more)[0].values["table"] for more in ((), (low,)))
    assert lowered.over_m[1] < tall.over_m[1]


def test_where_no_reach_across_the_midline_was_measured_both_crates_are_on_the_own_side() -> None:
    limits = {name: limit for name, limit in KNOWN.limits.items() if not name.startswith("cross_body")}
    bounds = Envelope(replace(KNOWN, limits=limits), difficulties=Followers()(limits))
    for side, own in zip(SIDES, (-1, 1), strict=True):
        table = tabletop.lay(bounds, side, 0.9, 0.2, 0.07)
        assert 0 < own * table.put_m[0] < own * table.over_m[0] < own * table.take_m[0]
        assert not any(bounds.refuses_target(place, side) for place in (table.take_m, table.over_m, table.put_m))


@pytest.mark.parametrize("limit_deg", [50.0, 65.0, 80.0, 110.0])
@pytest.mark.parametrize("across_deg", [0.0, 60.0])
def test_no_place_of_the_table_is_higher_than_the_share_of_what_is_asked_for(
    limit_deg: float, across_deg: float
) -> None:
    known = calibration(limit_deg)
    crosses = dict.fromkeys(CROSSES, limit(across_deg))
    known = replace(known, limits={**known.limits, **crosses})
    bounds = Envelope(known, (), difficulties=Followers()(known.limits))
    table = tabletop.lay(bounds, "right", 0.9, 0.2, 0.07)
    places_m = ((table.take_m, 0.07), (table.over_m, 0.07), (table.put_m, 0.10))
    seen = [(seen_from_shoulder(bounds.shoulder("right"), 0.0, place_m), near_m) for place_m, near_m in places_m]
    begins_deg = [raised - math.degrees(near_m / away_m) for (_, raised, away_m), near_m in seen]
    assert table.request.amplitude == pytest.approx(max(begins_deg), abs=0.001)
    assert table.request.amplitude <= 0.9 * bounds.request("shoulder_elevation_right").amplitude
    assert bool(table.beside) is (across_deg == 0)


def test_after_misses_the_table_is_lower_or_nearer() -> None:
    known = calibration(65.0)
    bounds = Envelope(known, (), difficulties=Followers()(known.limits))
    asked = []
    for _ in range(4):
        table = tabletop.lay(bounds, "right", 0.9, 0.2, 0.07)
        asked.append(table.request.amplitude)
        bounds.learn(table.request, 0.8 * table.request.amplitude, success=False)
    assert asked[3] < 0.9 * asked[0]


def crossing(across: Limit, arm_deg: float = 110.0) -> Envelope:
    """Somebody of whom this is known of how far either hand comes across the body."""
    known = calibration(arm_deg)
    known = replace(known, limits={**known.limits, **dict.fromkeys(CROSSES, across)})
    return Envelope(known, (), difficulties=Followers()(known.limits))


def across_deg(bounds: Envelope, table: tabletop.Table) -> float:
    return adduction_deg(bounds.shoulder("right"), 0.0, table.put_m, "right")


@pytest.mark.parametrize(("low_deg", "beside"), [(38.0, False), (32.0, False), (14.0, True)])
def test_a_block_goes_no_further_across_than_is_sure(low_deg: float, beside: bool) -> None:
    bounds = crossing(replace(limit(42.0), low=low_deg))
    table = tabletop.lay(bounds, "right", 0.9, 0.2, 0.07)
    assert bool(table.beside) is beside
    assert beside or across_deg(bounds, table) <= low_deg


def test_where_nothing_is_sure_of_the_way_across_no_less_than_nothing_is_told() -> None:
    bounds = crossing(replace(limit(8.0), low=-7.0))
    table = tabletop.lay(bounds, "right", 0.8, 0.2, 0.09)
    assert "across the body is beyond 0°" in table.beside


def test_after_misses_a_block_goes_less_far_across() -> None:
    bounds = crossing(limit(45.0))
    before = tabletop.lay(bounds, "right", 0.9, 0.2, 0.07)
    for _ in range(3):
        bounds.learn(before.request, 0.8 * before.request.amplitude, success=False)
    after = tabletop.lay(bounds, "right", 0.9, 0.2, 0.07)
    assert after.request.code in tabletop.EASED
    assert across_deg(bounds, after) <= tabletop.EASED_SHARE * 45.0 < across_deg(bounds, before)


def test_a_table_that_asks_for_more_than_is_asked_for_stands_aside() -> None:
    bounds = crossing(limit(30.0), arm_deg=40.0)
    table = tabletop.lay(bounds, "right", 0.9, 0.2, 0.07)
    assert table.beside.endswith(tabletop.ASKS_MORE)
    assert table.request.amplitude <= bounds.request("shoulder_elevation_right").amplitude


def test_what_goes_lower_by_itself_aims_at_no_success() -> None:
    aimed = Request("shoulder_elevation_right", 80.0, "deg", "TARGET_SUCCESS", "80°: aims at 3 hits in 4")
    assert (shared(aimed, 60.0, "over the table").code, shared(aimed, 80.0, "over the table").code) == (
        "SHARE",
        "TARGET_SUCCESS",
    )
    assert shared(aimed, 60.0, "over the table").reason == "60°: over the table, of 80° that are asked for"
    assert shared(replace(aimed, code="FLOOR"), 60.0, "over the table").code == "FLOOR"
