"""Simulated lives: whole sessions of people who differ, looked at from outside, and that nothing escapes that look."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import msgspec
import pytest
from visits import calibration, game, patient

from calibration.adaptation import Followers
from engine import session
from engine.body import EYE_HEIGHT_OF_STATURE, shoulder_by_stature
from engine.commands.bench import lives, living
from engine.commands.bench.lives_picture import draw
from engine.commands.bench.living import Life
from engine.commands.bench.outside import Asked, Onlooker, beyond, directions
from engine.commands.bench.population import KINDS, headset, person
from engine.frame import LOST, Frame, Hand, Pose
from engine.headset import Watched
from engine.leg import taken_off
from engine.places import from_shoulder
from engine.plan import About, Plan, Step
from engine.recording import Writer
from engine.records import BlockRecord, Event, Precaution, Session, Shoulder
from engine.scene import Gaze, Lean, Progress, Reach, Rise, Scene, Target
from engine.simulated import SimulatedHeadset

SAMPLE = (
    ("hemiparetic", "stroke-mild-arm", ("chair_rocket", "fruit_ladder")),
    ("one-handed", "post-op", ("mirror_friends", "harbour_lean")),
    ("child of 6", "child-5-7", ("owl_watch",)),
    ("seated", "hip-knee-arthritis", ("chair_rocket", "calm_tide")),
)
RATE_HZ = 30.0
FRAME = Frame(0, Pose((0.0, 1.6, 0.0)), Hand(LOST), Hand(LOST))


@cache
def sample() -> list[Life]:
    return [living.live(KINDS[kind], preset, 7, chosen, RATE_HZ) for kind, preset, chosen in SAMPLE]


def test_a_sample_of_lives_comes_to_its_end_without_a_fault_or_a_pause() -> None:
    assert {life.ended_by for life in sample()} == {"finished"}
    assert not any(life.faults or life.pauses for life in sample())


def test_nobody_of_the_sample_is_asked_beyond_what_they_can_and_may() -> None:
    assert [life.beyond for life in sample()] == [()] * len(SAMPLE)
    assert all(life.items > 10 for life in sample())


def test_each_of_the_sample_plays_what_was_chosen() -> None:
    assert [set(life.trials) - {"calm_tide"} for life in sample()] == [set(c) - {"calm_tide"} for _, _, c in SAMPLE]


def test_the_rows_tell_of_faults_and_of_requests_beyond_the_envelope() -> None:
    bad = replace(sample()[0], faults=("error: x",), beyond=("the left arm to 130°",), ended_by="error")
    good, found = (lives.run(some) for some in (sample(), [*sample(), bad]))
    names = ("sessions that ended otherwise", "faults", "asked beyond the envelope")
    assert all(row["holds"] for row in good if row["name"] in names)
    assert not any(row["holds"] for row in found if row["name"] in names)


def test_the_rows_name_the_kind_that_is_furthest_off_and_what_ceilings_hold_nearer() -> None:
    def told(kind: str, code: str, *reached: bool) -> Life:
        tries = tuple((code, "neck_flexion", 30.0, one) for one in reached)
        return replace(sample()[0], kind=kind, tries={"owl_watch": tries})

    able = told("able", "TARGET_SUCCESS", True, True, True, False)
    weak = told("weak", "TARGET_SUCCESS", False, False)
    held = told("held", "CEILING", True, True)
    rows = {row["name"]: row for row in lives.run([able, weak, held])}
    assert (rows["the same, of one kind"]["peer"], rows["the same, of one kind"]["holds"]) == ("weak", False)
    held_nearer = rows["requests that a ceiling holds nearer"]
    assert (held_nearer["value"], held_nearer["peer"]) == (0.25, "Owl Watch: 1.00 reached")


def test_the_same_seed_is_the_same_life() -> None:
    kind, preset, chosen = SAMPLE[2]
    assert living.live(KINDS[kind], preset, 7, chosen, RATE_HZ) == sample()[2]


def test_the_picture_of_lives_is_the_same_each_time(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        draw(sample(), tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_three_misses_in_a_row_are_seen_in_one_game_only() -> None:
    def tries(marks: str) -> tuple[tuple[str, str, float, bool], ...]:
        return tuple(("UNSURE", "lean_left", 3.0, mark == "x") for mark in marks)

    life = replace(sample()[0], tries={"a": tries("x.."), "b": tries(".x..x")})
    assert not life.lost_heart
    assert replace(life, tries={"a": tries("x...")}).lost_heart


def test_a_session_without_an_end_is_ended() -> None:
    late = FRAME._replace(time_ns=round(1e9 * living.LONGEST_S) + 1_000_000_000)
    with pytest.raises(living.LastsForEver, match=r"no end after 3600 s, orchard: \['progress'\]"):
        living.Clock().see(late, Scene("orchard", (Progress("progress", 0.5),)))


def test_who_may_play_in_no_posture_of_a_preset_has_no_life(monkeypatch: pytest.MonkeyPatch) -> None:
    barred = replace(KINDS["seated"], posture="standing")
    monkeypatch.setitem(living.KINDS, "seated", barred)  # type: ignore[index] # a mapping that is a dict
    assert living.at("seated", "standard", 1) is None


@pytest.mark.parametrize("kind", KINDS)
def test_people_of_a_kind_differ_and_each_is_found_again_by_a_seed(kind: str) -> None:
    assert person(KINDS[kind], 1) == person(KINDS[kind], 1)
    assert person(KINDS[kind], 1) != person(KINDS[kind], 2)


@pytest.mark.parametrize("measured", [True, False])
def test_a_way_up_is_seen_from_the_shoulder_that_was_known_by_then(measured: bool) -> None:
    x, y, z = centre_m = (0.18, -0.17, -0.08)
    up = from_shoulder((x, 1.6 + y, -z), 0.0, 0.0, 90.0, 0.6)
    shoulder = Shoulder(centre_m, 0.6, 0.01, True, "sphere fit", 100, 10.0, 0.001)
    known = msgspec.structs.replace(calibration(), shoulders={"right": shoulder})
    reached = BlockRecord("open_reach", "Reach", 1, "calibrate", 0.0, 1.0 if measured else 3.0)
    done = Session("x", "x", "2026-01-05T09:00:00+00:00", 1.0, "", "", "", 0, "", "finished", known, blocks=(reached,))
    onlooker = Onlooker()
    onlooker.see(FRAME._replace(time_ns=2 * 10**9), Scene("shore", (Reach("r", (0.2, 1.0, 0.0), up, "right"),)))
    plan = Plan("x", (), Followers(), caps={"shoulder_elevation_right": 90.0})
    assert len(beyond(done, plan, onlooker)) == (0 if measured else 1)


def test_a_hand_that_is_missing_is_never_seen() -> None:
    frame = next(headset(KINDS["one-handed"], 1, 45.0).frames())
    assert not frame.left.grip.valid
    assert frame.right.grip.valid


def refused(item: Asked, caps: Mapping[str, float] | None = None, *precautions: Precaution) -> list[str]:
    """What is said of one thing that was asked of somebody who is known."""
    done = Session("x", "x", "2026-01-05T09:00:00+00:00", 1.0, "", "", "", 0, "", "finished", calibration())
    onlooker = Onlooker()
    onlooker.see(FRAME, Scene("orchard", (item,)))
    return beyond(done, Plan("x", (), Followers(), caps=caps or {}, precautions=precautions), onlooker)


def hung(side: str, elevation_deg: float, far_m: float = 0.5) -> Target:
    x, y, z = shoulder_by_stature(1.6 / EYE_HEIGHT_OF_STATURE, side)
    return Target("t", from_shoulder((x, 1.6 + y, -z), 0.0, 0.0, elevation_deg, far_m), 0.1, side)


@pytest.mark.parametrize(
    ("item", "caps"),
    [
        (hung("left", 111.0), {}),
        (hung("right", 91.0), {"shoulder_elevation_right": 90.0}),
        (hung("left", 60.0, 0.7), {}),
        (Reach("r", (0.0, 1.0, 0.0), hung("left", 95.0).place_m, "left"), {"shoulder_elevation_left": 90.0}),
        (Lean("l", 0.0, 5.2, 1.0), {}),
        (Lean("l", 45.0, 4.0, 1.0), {"lean_forward": 2.0, "lean_right": 5.0}),
        (Lean("l", 90.0, 4.0, 1.0, open_ended=True), {"lean_right": 3.0}),
        (Gaze("g", 61.0, 0.0, 5.0), {}),
        (Gaze("g", 45.0, 40.0, 5.0), {}),
        (Gaze("g", -31.0, 0.0, 5.0, open_ended=True), {"neck_rotation_left": 30.0}),
        (Rise("r", 1.1, 1.7, "up"), {}),
        (Rise("r", 1.2, 1.2, "up", lean_deg=9.0), {"lean_forward": 8.0}),
    ],
)
def test_what_goes_too_far_is_seen_from_outside(item: Asked, caps: Mapping[str, float]) -> None:
    assert len(refused(item, caps)) == 1


@pytest.mark.parametrize(
    "item",
    [hung("left", 109.0), hung("right", 60.0, 0.61), Lean("l", 45.0, 4.9, 1.0), Gaze("g", -59.0, 0.0, 5.0),
     Gaze("g", 30.0, 25.0, 5.0), Rise("r", 1.1, 1.6, "up")],
)  # fmt: skip
def test_what_somebody_can_is_not_too_far(item: Asked) -> None:
    assert refused(item) == []


def test_a_hand_that_may_not_be_used_is_not_asked_for() -> None:
    lost = Precaution("use_of_arm_left", 0.0, "", "missing", "the clinic")
    assert refused(hung("left", 60.0), None, lost)
    assert not refused(hung("left", 60.0)._replace(hand="either"), None, lost)


def test_a_target_that_is_looked_at_past_the_bounds_of_a_neck_is_seen() -> None:
    stiff = Precaution("neck_flexion", 5.0, "deg", "dizzy", "the clinic")
    assert refused(hung("left", 60.0), None, stiff)


def test_an_onlooker_keeps_each_thing_once_and_knows_its_direction() -> None:
    onlooker = Onlooker()
    for fill in (0.0, 0.5):
        onlooker.see(FRAME, Scene("harbour", (Lean("lean", 90.0, 4.0, 1.0, fill=fill), Gaze("gaze", 30.0, 0.0, 5.0))))
    done = Session("x", "x", "2026-01-05T09:00:00+00:00", 1.0, "", "", "", 0, "", "finished", calibration())
    assert directions(done, onlooker) == {("lean", 6, 0), ("face", 6, 0)}


@pytest.mark.parametrize("sat", [True, False])
def test_what_is_asked_of_somebody_who_sat_down_is_seen_from_their_seat(sat: bool) -> None:
    low = hung("left", 60.0)._replace(hand="left")
    x, y, z = low.place_m
    onlooker = Onlooker()
    for second, (head_m, items) in enumerate([(1.6, ()), (1.2, ()), (1.2, (low._replace(place_m=(x, y - 0.4, z)),))]):
        onlooker.see(FRAME._replace(time_ns=second * 10**9, head=Pose((0.0, head_m, 0.0))), Scene("hill", items))
    events = (Event(1.0, "recentred"),) if sat else ()
    done = Session(
        "x", "x", "2026-01-05T09:00:00+00:00", 1.0, "", "", "", 0, "", "finished", calibration(), events=events
    )
    assert len(beyond(done, Plan("x", (), Followers()), onlooker)) == (0 if sat else 1)


def after_the_rocket(rise: float, folder: Path, *tides: Step) -> Session:
    """Somebody who stands up from a chair so far, and plays other games after that."""
    known, few = calibration(), {"targets": 2}
    usual = tuple(Step(name, game(name, few), "play") for name in ("chair_rocket", "fruit_ladder", "calm_tide"))
    steps = (usual[0], *tides) if tides else usual
    plan = Plan("x", steps, Followers(), calibration=known)
    worn = SimulatedHeadset(patient(known, rise=rise, lapse=0.0), 1, 45.0)
    with Writer(folder / "frames.vrec", {}) as writer:
        return session.run(plan, worn, writer, About("x", "2026-01-05T09:00:00+00:00", "test"))


def test_who_sits_after_one_game_stands_up_before_the_next(tmp_path: Path) -> None:
    done = after_the_rocket(1.0, tmp_path)
    assert (done.ended_by, done.events) == ("finished", ())
    assert [len(block.trials) for block in done.blocks] == [2, 2, 2]


def test_who_does_not_stand_up_again_is_asked_for_nothing_standing(tmp_path: Path) -> None:
    done = after_the_rocket(0.5, tmp_path)
    assert (done.ended_by, done.events) == ("finished", ())
    assert [block.notes for block in done.blocks[1:]] == [("nobody stood up for it",)] * 2


def test_who_does_not_stand_up_again_breathes_on_the_chair(tmp_path: Path) -> None:
    tide = Step("calm_tide", game("calm_tide", {"targets": 2, "stretch": "breathing only"}), "calm")
    done = after_the_rocket(0.5, tmp_path, tide)
    assert (done.ended_by, done.events) == ("finished", ())
    assert [(len(block.trials), block.notes) for block in done.blocks[1:]] == [(2, ())]


def test_controllers_come_off_the_legs_before_hands_are_asked_for(tmp_path: Path) -> None:
    known, asked_s = calibration(), list[float]()
    bells, kite = (Step(name, game(name, {"targets": 2}), "play") for name in ("bell_tower", "kite_painter"))

    class Look:
        def see(self, frame: Frame, scene: Scene) -> None:
            asked_s.extend(frame.time_ns * 1e-9 for _ in range(taken_off(scene.items)))

    able = patient(known, lapse=0.0, slope_deg=0.1, fatigue=0.0)
    worn = Watched(SimulatedHeadset(able, 1, RATE_HZ), Look())
    with Writer(tmp_path / "frames.vrec", {}) as writer:
        plan = Plan("x", (bells, bells, kite), Followers(), calibration=known, posture="seated")
        done = session.run(plan, worn, writer, About("x", "2026-01-05T09:00:00+00:00", "test"))
    assert [trial.outcome for block in done.blocks for trial in block.trials] == ["reached"] * 6
    assert done.blocks[1].end_s < asked_s[-1] < done.blocks[2].trials[0].start_s
