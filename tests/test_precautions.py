"""Precautions: what each bounds in any game, which it bars, what is wrong with one, and that nothing gets past."""

import math
from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from people import ARM_M, HEAD_M, STANCE, a_calibration, a_limit
from scipy.spatial.transform import Rotation

from engine.envelope import Envelope
from engine.frame import SIDES, Vector
from engine.guard import Guard
from engine.limits import OutsideEnvelope
from engine.movements import LEANS, MOVEMENTS, PARTS
from engine.places import from_shoulder
from engine.precautions import (
    LEAST_LEAN_DEG,
    Cap,
    allowed,
    barred,
    bounds_of,
    check_precautions,
    effect,
    expired,
    lean_cap,
    lean_of_bend_deg,
)
from engine.records import Precaution
from engine.scene import Lean, Reach, Target
from engine.upper_limb import FOREARM_OF_ARM, PALM_OF_ARM, UPPER_ARM_OF_ARM, _elbow
from engine.workspace import EYES_DEG, bent_arm_m, external_rotation_deg, look_deg, refuses_look, rotation_of_arm_deg

TODAY = date(2026, 3, 2)
GRID_DEG = 2.0
LOOKS = ("neck_rotation_left", "neck_rotation_right", "neck_flexion", "neck_extension")
QUICK = settings(deadline=None, max_examples=150)


def a_task(title: str, moves_parts: tuple[str, ...], asks: tuple[str, ...]) -> SimpleNamespace:
    """What is read of a task."""
    return SimpleNamespace(title=title, moves_parts=moves_parts, asks=asks, on_chair=False)


FRUIT = a_task(title="Fruit Ladder", moves_parts=("left arm", "right arm"), asks=("hand",))
HARBOUR = a_task(title="Harbour Lean", moves_parts=("trunk", "left leg", "right leg"), asks=("lean",))
OWLS = a_task(title="Owl Watch", moves_parts=("neck",), asks=("gaze",))
STILL = a_task(title="Standing", moves_parts=("left leg", "right leg"), asks=("stand",))


def rule(movement: str, at_most: float = 0.0, unit: str | None = None, **more: str) -> Precaution:
    unit = MOVEMENTS[movement].unit if unit is None and movement in MOVEMENTS else unit or "deg"
    return Precaution(movement, at_most, unit, more.get("reason", "fracture"), more.get("by", "Dr Wood"), **_of(more))


def _of(more: dict[str, str]) -> dict[str, str]:
    return {"until": more["until"]} if "until" in more else {}


def a_guard(*rules: Precaution, posture: str = "standing") -> Guard:
    guard = Guard()
    guard.renew(Envelope(a_calibration(150.0), rules, posture=posture))
    return guard


def fruit(side: str, azimuth_deg: float, elevation_deg: float, of_arm: float = 0.9) -> Target:
    shoulder_m = Envelope(a_calibration()).shoulder(side)
    outward = azimuth_deg if side == "right" else -azimuth_deg
    return Target("fruit", from_shoulder(shoulder_m, 0.0, outward, elevation_deg, of_arm * ARM_M), 0.08, side)


# What is wrong with one


@pytest.mark.parametrize(
    ("precaution", "words"),
    [
        (Precaution("knee", 30.0, "deg", "new joint", "Dr A"), "there is no movement 'knee'"),
        (rule("lean_back", 0.1, "rad"), "lean_back = 0.1 rad must be in deg"),
        (rule("lean_back", math.nan), "lean_back = nan deg must be from 0 to 20 deg"),
        (rule("lean_back", -2.0), "lean_back = -2.0 deg must be from 0"),
        (rule("standing", 1.0), "can only be forbidden: at most 0"),
        (rule("lean_back", 2.0, reason=" "), "has no reason"),
        (rule("lean_back", 2.0, by=""), "the precaution of nobody on leant back has no author"),
        (rule("lean_back", 2.0, until="soon"), "ends on 'soon', which is no date such as 2026-12-12"),
        (rule("lean_back", 2.0, until="2025-12-12"), "ended on 12 December 2025: it holds until it is renewed"),
    ],
)
def test_whoever_writes_a_bad_precaution_is_told_what_is_wrong(precaution: Precaution, words: str) -> None:
    (problem,) = check_precautions((precaution,), TODAY)
    assert words in problem


def test_good_precautions_have_no_problems_and_two_on_one_movement_neither() -> None:
    fine = (rule("lean_back", 2.0, until="2026-03-02"), rule("lean_back", 3.0), rule("use_of_arm_left"))
    assert check_precautions(fine, TODAY, "standing") == ()
    assert bounds_of(fine, {}, "standing")["lean_back"].value == 2.0


def test_precautions_that_leave_nothing_contradict_each_other() -> None:
    everything = (rule("standing"), rule("sitting"), rule("lying"))
    assert "nothing is left to play" in check_precautions(everything, TODAY)[0]
    assert "nothing may be played standing" in check_precautions(everything[:1], TODAY, "standing")[0]
    assert check_precautions(everything[:1], TODAY, "seated") == ()


def test_a_precaution_holds_through_its_last_day_and_says_so_after_it() -> None:
    last = rule("lean_back", 2.0, until="2026-03-02")
    assert expired(last, TODAY) == ""
    assert "2 March 2026" in expired(last, date(2026, 3, 3))


@pytest.mark.parametrize("bad", [rule("lean_back", math.nan), rule("lean_back", 2.0, "%"), rule("lean_back", 99.0)])
def test_an_amount_that_means_nothing_forbids_what_it_names(bad: Precaution) -> None:
    assert allowed(bad) == 0
    assert a_guard(bad).admit((Lean("back", 180.0, 0.5, 0.5),)) != ""


# What it does to a game


@pytest.mark.parametrize(
    ("precaution", "task", "posture", "act"),
    [
        (rule("standing"), FRUIT, "standing", "bars"),
        (rule("standing"), FRUIT, "seated", "none"),
        (rule("lying"), FRUIT, "lying", "bars"),
        (rule("weight_on_leg_right"), STILL, "standing", "bars"),
        (rule("weight_on_leg_right"), FRUIT, "standing", "bars"),
        (rule("weight_on_leg_right", 20.0), HARBOUR, "standing", "bars"),
        (rule("weight_on_leg_right", 100.0), HARBOUR, "standing", "none"),
        (rule("weight_on_leg_right"), HARBOUR, "seated", "none"),
        (rule("hip_flexion_left", 70.0), FRUIT, "seated", "bars"),
        (rule("hip_flexion_left", 90.0), HARBOUR, "seated", "bounds"),
        (rule("knee_flexion_left", 60.0), HARBOUR, "standing", "none"),
        (rule("shoulder_external_rotation_left", 30.0), FRUIT, "seated", "bounds"),
        (rule("shoulder_external_rotation_left", 30.0), HARBOUR, "standing", "none"),
        (rule("neck_rotation_left", 30.0), FRUIT, "seated", "bounds"),
        (rule("neck_rotation_left", 30.0), OWLS, "seated", "bounds"),
        (rule("neck_rotation_left", 30.0), HARBOUR, "standing", "none"),
        (rule("ankle_dorsiflexion_left", 5.0), HARBOUR, "standing", "bounds"),
        (rule("lean_back", 2.0), HARBOUR, "standing", "bounds"),
        (rule("trunk_rotation", 10.0), FRUIT, "standing", "none"),
        (rule("use_of_arm_left"), FRUIT, "seated", "bounds"),
    ],
    ids=lambda value: getattr(value, "title", getattr(value, "movement", value)),
)
def test_a_precaution_bounds_a_game_bars_it_or_does_not_concern_it(
    precaution: Precaution, task: SimpleNamespace, posture: str, act: str
) -> None:
    found = effect(precaution, task, posture)
    assert found.act == act
    assert (found.why != "") == (act == "bars")
    assert (barred(task, posture, (precaution,)) != "") == (act == "bars")


def test_a_barred_game_says_why_and_what_to_play_instead() -> None:
    assert barred(HARBOUR, "standing", (rule("weight_on_leg_right"),)) == (
        "Harbour Lean loads the right leg, which the precaution of Dr Wood forbids (fracture): play seated games"
    )
    partial = barred(HARBOUR, "standing", (rule("weight_on_leg_right", 20.0),))
    assert "no headset can measure how much; the precaution of Dr Wood allows right leg loaded at most 20 %" in partial


@pytest.mark.parametrize(
    ("movement", "most", "posture"),
    [("weight_on_leg_left", 50.0, "standing"), ("standing", 0.0, "standing"), ("hip_flexion_left", 80.0, "seated")],
)
def test_a_ceiling_of_the_preset_bars_what_a_precaution_would(movement: str, most: float, posture: str) -> None:
    assert barred(FRUIT, posture, (), {movement: most, "neck_extension": 20.0}) != ""
    assert barred(FRUIT, posture, (), {"neck_extension": 20.0}) == ""


def test_one_arm_is_left_to_play_with_and_without_any_the_game_is_barred() -> None:
    left, right = rule("use_of_arm_left"), rule("shoulder_elevation_right", 5.0)
    envelope = Envelope(a_calibration(), (left,))
    assert [envelope.may_use(side) for side in SIDES] == [False, True]
    assert [envelope.may_ask(f"shoulder_elevation_{side}") for side in SIDES] == [False, True]
    assert barred(FRUIT, "seated", (left,)) == ""
    assert "asks for a hand, and none is left" in barred(FRUIT, "seated", (left, right))


def test_a_game_of_leans_without_any_lean_left_is_barred() -> None:
    rules = [rule(name, 0.5 * LEAST_LEAN_DEG) for name in ("lean_forward", "lean_right", "lean_left", "lean_back")]
    assert barred(HARBOUR, "standing", tuple(rules[:3])) == ""
    assert "asks for leans, and none is left" in barred(HARBOUR, "standing", tuple(rules))


def test_every_movement_has_an_answer_for_a_task_that_says_nothing_of_itself() -> None:
    anything = a_task(title="Anything", moves_parts=PARTS, asks=("hand", "lean", "fly"))
    for movement in MOVEMENTS:
        at_most = 0.0 if not MOVEMENTS[movement].unit else 30.0 if MOVEMENTS[movement].largest >= 30 else 3.0
        found = effect(rule(movement, at_most), anything, "standing")
        assert found.act == ("none" if movement in ("sitting", "lying") else "bars")


# Leans


def test_a_bound_ahead_bounds_the_diagonals_and_nothing_behind() -> None:
    bounds = {"lean_forward": Cap(3.0, "deg", "spine"), "lean_right": Cap(6.0, "deg", "hip")}
    assert lean_cap(45.0, bounds) == Cap(pytest.approx(6 / math.sqrt(2.5)), "deg", "spine")
    assert lean_cap(135.0, bounds) == Cap(pytest.approx(6 * math.sqrt(2)), "deg", "hip")
    assert lean_cap(225.0, bounds) is None


def test_ankles_and_hips_bound_the_lean_that_needs_them() -> None:
    ankle, calf = rule("ankle_dorsiflexion_left", 4.0), rule("ankle_plantarflexion_right", 2.0)
    standing = bounds_of((ankle, calf), {}, "standing")
    assert (standing["lean_forward"].value, standing["lean_back"].value) == (4.0, 2.0)
    assert "left ankle bent up at most 4°" in standing["lean_forward"].why
    assert "lean_forward" not in bounds_of((ankle, calf), {}, "seated")
    assert bounds_of((rule("hip_flexion_left", 90.0),), {}, "seated")["lean_forward"].value == 0


@pytest.mark.parametrize("trunk", [0.43, 0.65])
def test_who_bends_at_the_hips_leans_as_their_head_shows(trunk: float) -> None:
    hips, bend = np.array([0.0, 1 - trunk]), math.radians(20)
    eyes = hips + trunk * np.array([math.sin(bend), math.cos(bend)])
    assert lean_of_bend_deg(20.0, trunk) == pytest.approx(math.degrees(math.atan2(*eyes)))


def test_a_diagonal_that_was_not_measured_lies_between_its_neighbours() -> None:
    known = a_calibration()
    limits = {"lean_forward": a_limit(8.0), "lean_right": a_limit(6.0)}
    envelope = Envelope(replace(known, limits=limits))
    assert envelope.at_most("lean_forward_right").value == pytest.approx(math.sqrt(2 / (1 / 64 + 1 / 36)))
    assert envelope.shown_lean_deg(30.0) == pytest.approx(1 / math.hypot(math.cos(math.pi / 6) / 8, 0.5 / 6))
    with pytest.raises(OutsideEnvelope, match="leant back left was not measured"):
        envelope.at_most("lean_back_left")


# Joints of the arm and the neck


def turned(line: Vector, azimuth: float, elevation: float) -> np.ndarray:
    """A vector swung with the arm from hanging to a direction, the shortest way, by another program."""
    level = np.array([math.sin(azimuth), 0.0, math.cos(azimuth)])
    about = np.cross(level, np.array([0.0, -1.0, 0.0]))
    return Rotation.from_rotvec(-elevation * about).apply(line)


def unit(vector: Sequence[float]) -> Vector:
    x, y, z = np.divide(vector, np.linalg.norm(vector)).tolist()
    return (x, y, z)


@QUICK
@given(st.floats(-3, 3), st.floats(0.01, 3.0), st.floats(-3, 3), st.floats(0.05, 3))
def test_the_turn_of_an_upper_arm_is_what_it_was_turned_by(
    azimuth: float, elevation: float, outward: float, bent: float
) -> None:
    forearm = (math.sin(bent) * math.sin(outward), -math.cos(bent), math.sin(bent) * math.cos(outward))
    upper, fore = turned((0.0, -1.0, 0.0), azimuth, elevation), turned(forearm, azimuth, elevation)
    found = rotation_of_arm_deg(tuple(upper), tuple(fore))
    assert math.remainder(found - math.degrees(outward), 360) == pytest.approx(0, abs=1e-5)


def test_a_hand_out_to_the_side_needs_the_shoulder_turned_and_one_ahead_does_not() -> None:
    aside, ahead = (0.35, -0.30, 0.0), (0.0, -0.30, 0.35)
    assert external_rotation_deg(aside, ARM_M) > 60
    assert external_rotation_deg(ahead, ARM_M) < 0
    assert external_rotation_deg((math.nan, 0.0, 0.3), ARM_M) == math.inf


@QUICK
@given(st.floats(-1.2, 1.6), st.floats(0.3, 2.8), st.floats(0.35, 0.99))
def test_no_less_is_counted_than_the_natural_posture_of_the_arm_needs(
    azimuth: float, elevation: float, of_arm: float
) -> None:
    line = tuple(of_arm * ARM_M * turned((0.0, -1.0, 0.0), azimuth, elevation))
    upper_m, lower_m = UPPER_ARM_OF_ARM * ARM_M, (FOREARM_OF_ARM + PALM_OF_ARM) * ARM_M
    elbow, _ = _elbow(line, of_arm * ARM_M, upper_m, lower_m)
    natural = rotation_of_arm_deg(unit(elbow), unit(np.subtract(line, elbow)))
    assert external_rotation_deg(line, ARM_M) >= natural - 1e-6


def test_no_external_rotation_beyond_30_degrees_keeps_fruit_in_front_and_takes_it_from_the_side() -> None:
    guard = a_guard(rule("shoulder_external_rotation_right", 30.0))
    assert guard.admit((fruit("right", 0.0, 100.0), fruit("right", 15.0, 60.0), fruit("left", 80.0, 90.0))) == ""
    assert "external rotation of the right shoulder" in guard.admit((fruit("right", 80.0, 90.0),))
    assert "is beyond 30°, the precaution of Dr Wood: fracture" in guard.admit((fruit("right", 60.0, 50.0, 0.6),))


def test_a_game_finds_no_reach_where_a_precaution_forbids_it() -> None:
    envelope = Envelope(a_calibration(), (rule("shoulder_external_rotation_right", 30.0),))
    assert envelope.reach_m("right", 80.0, 90.0) == 0
    assert envelope.reach_m("right", 0.0, 90.0) == ARM_M
    with pytest.raises(OutsideEnvelope, match="external rotation"):
        envelope.place("right", 80.0, 90.0)


@pytest.mark.parametrize("extension", [0.0, 40.0, 80.0])
def test_an_elbow_that_may_not_be_straightened_shortens_the_reach(extension: float) -> None:
    upper, lower, inner = UPPER_ARM_OF_ARM, FOREARM_OF_ARM + PALM_OF_ARM, math.radians(90 + extension)
    most = ARM_M * math.hypot(upper - lower * math.cos(inner), lower * math.sin(inner))
    assert bent_arm_m(ARM_M, extension) == pytest.approx(most)
    envelope = Envelope(a_calibration(), (rule("elbow_extension_right", extension),))
    assert envelope.reach_m("right", 0.0, 80.0) == pytest.approx(most)
    assert "for the elbow" in a_guard(rule("elbow_extension_right", extension)).admit((fruit("right", 0.0, 80.0, 1.0),))


@pytest.mark.parametrize(
    ("movement", "place_m"),
    [
        ("neck_rotation_right", (0.35, 1.5, -0.2)),
        ("neck_rotation_left", (-0.35, 1.5, -0.2)),
        ("neck_extension", (0.1, 1.85, -0.2)),
        ("neck_flexion", (0.0, 1.2, -0.3)),
    ],
)
def test_a_place_is_refused_where_the_neck_may_not_turn_to(movement: str, place_m: Vector) -> None:
    item = Target("fruit", place_m, 0.08, "either")
    assert a_guard().admit((item,)) == ""
    assert f"to look at it takes more than 20° of {movement}" in a_guard(rule(movement, 20.0)).admit((item,))


def off_the_face_deg(rules: list[Precaution], place_m: Vector) -> float:
    """How far from a place the face stays that comes nearest to it, of all turns of a head that rules allow."""
    most = {"neck_rotation_left": 180.0, "neck_rotation_right": 180.0, "neck_flexion": 90.0, "neck_extension": 90.0}
    left, right, down, up = (min([m, *(r.at_most for r in rules if r.movement == name)]) for name, m in most.items())
    turns, nods = np.meshgrid(np.linspace(-left, right, 121), np.linspace(-down, up, 121))
    faces = Rotation.from_euler("YX", np.column_stack([-turns.ravel(), nods.ravel()]), degrees=True)
    way = np.subtract(place_m, HEAD_M) / math.dist(place_m, HEAD_M)
    return math.degrees(math.acos(min(1.0, float((faces.apply((0.0, 0.0, -1.0)) @ way).max()))))


NECKS = st.lists(
    st.tuples(st.sampled_from(LOOKS), st.floats(0, 90)).map(lambda bound: rule(*bound)), min_size=1, max_size=4
)


@QUICK
@given(NECKS, st.tuples(st.floats(-0.9, 0.9), st.floats(0.7, 2.3), st.floats(-0.8, 0.0)))
def test_a_place_is_refused_to_a_stiff_neck_just_where_no_turn_and_nod_bring_it_before_the_eyes(
    rules: list[Precaution], place_m: Vector
) -> None:
    off_deg = off_the_face_deg(rules, place_m)
    refusal = refuses_look(bounds_of(rules, {}, "standing"), HEAD_M, 0.0, place_m)
    assert refusal if off_deg > EYES_DEG + GRID_DEG else True
    assert not refusal if off_deg < EYES_DEG else True


def test_a_hand_beside_the_hip_is_looked_at_with_a_nod_and_one_far_to_the_side_is_not() -> None:
    stiff = [rule(f"neck_rotation_{side}", 50.0) for side in SIDES]
    beside, aside = (0.32, 0.95, -0.05), (0.8, 1.5, -0.1)
    assert abs(look_deg(HEAD_M, 0.0, beside)[0]) > 80
    assert a_guard(*stiff).admit((Target("fruit", beside, 0.08, "right"),)) == ""
    assert "neck_rotation_right" in refuses_look(bounds_of(stiff, {}, "standing"), HEAD_M, 0.0, aside)
    assert "neck_flexion" in refuses_look(bounds_of([rule("neck_flexion", 20.0)], {}, ""), HEAD_M, 0.0, beside)


def test_looking_is_counted_from_straight_ahead_whatever_way_that_is() -> None:
    assert look_deg((1.0, 1.6, 2.0), 90.0, (2.0, 2.6, 3.0)) == pytest.approx((45.0, math.degrees(math.atan(0.5**0.5))))


def test_a_path_is_refused_for_a_place_in_its_middle() -> None:
    envelope = Envelope(a_calibration())
    shoulder_m = envelope.shoulder("right")
    ends = (from_shoulder(shoulder_m, 0.0, azimuth, 70.0, 0.5) for azimuth in (-30.0, 140.0))
    line = Reach("line", *ends, "right")
    assert a_guard().admit((line,)) == ""
    guard = a_guard(rule("shoulder_external_rotation_right", 60.0))
    for end in (line.start_m, line.stop_m):
        point = Reach("point", end, end, "right")
        assert (guard.admit((point,)) == "") == (end == line.start_m)
    assert "external rotation" in guard.admit((line,))


def test_the_stop_line_of_an_open_reach_comes_down_until_it_is_allowed() -> None:
    envelope = Envelope(a_calibration(), (rule("neck_extension", 20.0), rule("use_of_arm_left")))
    stop_deg = envelope.stop_elevation("right", 0.0, 0.55, 20.0, 175.0)
    assert 90 < stop_deg < 150
    assert envelope.stop_elevation("left", 0.0, 0.55, 20.0, 175.0) == 20.0


# Nothing gets past


PLACES = st.tuples(st.floats(-0.9, 0.9), st.floats(0.7, 2.3), st.floats(-0.8, 0.4))
RULES = st.lists(
    st.sampled_from([name for name in MOVEMENTS if MOVEMENTS[name].unit == "deg"]).flatmap(
        lambda name: st.floats(0, MOVEMENTS[name].largest).map(lambda value: rule(name, value))
    ),
    max_size=5,
)
EDITS = st.lists(st.tuples(st.sampled_from(("ease", "know", "stand")), st.floats(0.3, 1.2)), max_size=3)


def edited(rules: list[Precaution], edits: list[tuple[str, float]]) -> Envelope:
    """An envelope that lives on: answers make it tighter, measurements change what is known, people walk."""
    envelope = Envelope(a_calibration(150.0, 9.0), tuple(rules))
    for name, amount in edits:
        if name == "ease":
            envelope.ease(min(1.0, amount), "it hurt")
        elif name == "know":
            envelope.know(a_calibration(150.0 * amount, 9.0 * amount), {})
        else:
            envelope.stand(STANCE)
    return envelope


@QUICK
@given(RULES, EDITS, PLACES, st.sampled_from(SIDES))
def test_no_target_that_is_admitted_lies_beyond_any_precaution(
    rules: list[Precaution], edits: list[tuple[str, float]], place_m: Vector, side: str
) -> None:
    guard, envelope = Guard(), edited(rules, edits)
    guard.renew(envelope)
    if guard.admit((Target("fruit", place_m, 0.05, side),)):
        return
    x, y, z = np.subtract(place_m, envelope.shoulder(side))
    outward = x if side == "right" else -x
    needs = {
        f"shoulder_elevation_{side}": math.degrees(math.acos(-y / math.hypot(x, y, z))),
        f"shoulder_external_rotation_{side}": external_rotation_deg((outward, y, -z), ARM_M),
    }
    assert not [r for r in rules if needs.get(r.movement, 0.0) > r.at_most + 0.02]
    assert off_the_face_deg(rules, place_m) < EYES_DEG + GRID_DEG


@QUICK
@given(RULES, EDITS, st.floats(0, 360), st.floats(0, 12), st.booleans())
def test_no_lean_that_is_admitted_goes_beyond_any_precaution_in_any_direction(
    rules: list[Precaution], edits: list[tuple[str, float]], direction: float, angle: float, open_ended: bool
) -> None:
    guard = Guard()
    guard.renew(edited(rules, edits))
    if guard.admit((Lean("buoy", direction, angle, 0.5, open_ended=open_ended),)):
        return
    ahead, aside = angle * math.cos(math.radians(direction)), angle * math.sin(math.radians(direction))
    along = {"lean_forward": ahead, "lean_back": -ahead, "lean_right": aside, "lean_left": -aside}
    along |= {f"ankle_dorsiflexion_{side}": ahead for side in SIDES}
    along |= {f"ankle_plantarflexion_{side}": -ahead for side in SIDES}
    for name in LEANS.keys() - along.keys():
        apart = abs(math.remainder(direction - LEANS[name], 360))
        along[name] = angle * math.cos(math.radians(apart)) if apart < 45 else 0.0
    assert not [r for r in rules if along.get(r.movement, 0.0) > r.at_most + 0.02]


@QUICK
@given(RULES, EDITS, PLACES, PLACES, st.sampled_from(SIDES))
def test_every_place_on_a_path_that_is_admitted_may_be_asked_of_the_arm(
    rules: list[Precaution], edits: list[tuple[str, float]], start_m: Vector, stop_m: Vector, side: str
) -> None:
    envelope = edited(rules, edits)
    if envelope.refuses_path(start_m, stop_m, side):
        return
    bounds = {r.movement: r.at_most for r in rules if r.movement == f"shoulder_elevation_{side}"}
    for share in np.linspace(0, 1, 7):
        x, y, z = np.subtract(start_m, envelope.shoulder(side)) * (1 - share) + share * np.subtract(
            stop_m, envelope.shoulder(side)
        )
        elevation = math.degrees(math.acos(-y / math.hypot(x, y, z)))
        assert elevation <= bounds.get(f"shoulder_elevation_{side}", 180.0) + 2


@QUICK
@given(RULES, RULES, PLACES)
def test_one_precaution_more_never_allows_more(few: list[Precaution], more: list[Precaution], place_m: Vector) -> None:
    item = Target("fruit", place_m, 0.05, "either")
    if a_guard(*few, *more).admit((item,)) == "":
        assert a_guard(*few).admit((item,)) == ""
