"""A leg that is seen: how far it is lifted whatever is worn and however it was put on, and the moves for it."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from people import a_calibration, visited

from calibration.due import FULL
from calibration.forms import lift_form
from calibration.lifting import OpenLift, Parameters
from engine import leg
from engine.adaptation import Adaptation
from engine.body import Body, estimate, upright
from engine.envelope import Envelope
from engine.frame import LOST, UPRIGHT, Devices, Frame, Hand, Pose, Quaternion, from_yaw_pitch, times
from engine.limits import OutsideEnvelope
from engine.metrics.definition import NotMeasurable
from engine.motion import Motion, Track
from engine.plan import Step
from engine.records import Precaution, Quality, Session, Stance
from engine.scene import Lift
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import DEFAULT_LIMITS_DEG, Patient
from engine.task import REACHED, Move

GOAL = Lift("bell", "knee_extension_left", 60.0, "left")
STANCE = Stance((0.0, 1.2, 0.0), 0.0)
MOUNTS = [UPRIGHT, (0.5, 0.5, 0.5, 0.5), from_yaw_pitch(2.0, -1.0), (0.6, 0.0, 0.8, 0.0)]
TRUTH = Patient(lapse=0.0, slope_deg=0.1, fatigue=0.0)


def lifted(angle_deg: float, mount: Quaternion = UPRIGHT, facing_deg: float = 0.0) -> Pose:
    """What is worn on a leg that was lifted straight ahead of somebody who faces so."""
    half, turned = math.radians(angle_deg) / 2, math.radians(facing_deg)
    sine = math.sin(half)
    q = times((sine * math.cos(turned), 0.0, sine * math.sin(turned), math.cos(half)), mount)
    return Pose((0.1, 0.3, -0.4), q)


def body(pose: Pose = LOST, device: str = "left", facing_deg: float = 0.0, dt_s: float = 0.1) -> Body:
    """Somebody seated who wears something on a leg."""
    head = Pose(STANCE.head_m, from_yaw_pitch(math.radians(facing_deg), 0.0))
    hands = {"left": Hand(LOST), "right": Hand(LOST)}
    devices = Devices(**{device: pose}) if device not in hands else None
    hands |= {device: Hand(pose)} if device in hands else {}
    frame = Frame(0, head, hands["left"], hands["right"], devices=devices)
    return estimate(frame, upright(replace_facing(facing_deg)), 0.0, dt_s)


def replace_facing(facing_deg: float) -> Stance:
    return Stance(STANCE.head_m, facing_deg)


def ended(move: Move, bodies: Sequence[Body]) -> bool:
    """Whether a move that has begun ends with these bodies, at the latest."""
    try:
        for each in bodies:
            move.send(each)
    except StopIteration as end:
        return str(end.value) == REACHED
    return False


def rested(mount: Quaternion = UPRIGHT, device: str = "left", facing_deg: float = 0.0) -> leg.Worn:
    """What is worn, after the leg has rested."""
    worn = leg.worn("left", "each" if device == "left" else "none", "kick")
    move = leg.rest(GOAL, worn, leg.Noted(), 0.5)
    next(move)
    assert ended(move, [body(lifted(0.0, mount, facing_deg), device, facing_deg)] * 20)
    return worn


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.parametrize("facing_deg", [0.0, 70.0, -150.0])
@pytest.mark.parametrize("angle_deg", [-20.0, 5.0, 60.0, 95.0])
def test_a_lift_is_the_same_however_it_is_mounted_and_wherever_one_faces(
    mount: Quaternion, facing_deg: float, angle_deg: float
) -> None:
    worn = rested(mount, facing_deg=facing_deg)
    now = body(lifted(angle_deg, mount, facing_deg), facing_deg=facing_deg)
    assert leg.lifted_deg(now, worn) == pytest.approx(angle_deg, abs=1e-6)


def test_a_leg_that_is_turned_out_is_not_lifted() -> None:
    worn = rested()
    aside = Pose((0.1, 0.3, -0.4), from_yaw_pitch(math.radians(30.0), 0.0))
    assert leg.lifted_deg(body(aside), worn) == pytest.approx(0.0, abs=1e-6)


def test_a_tracker_on_the_foot_goes_before_a_controller_where_it_shows_the_movement() -> None:
    worn = leg.worn("left", "each", "kick")
    worn.look(body(lifted(0.0), "left_foot"))
    assert worn.device == "left_foot"
    thigh = leg.worn("left", "each", "march")
    thigh.look(body(lifted(0.0), "left_foot"))
    assert thigh.device == "left"


def test_a_march_is_seen_by_no_tracker_on_a_foot() -> None:
    with pytest.raises(OutsideEnvelope, match="strap a controller to the thigh"):
        leg.worn("left", "none", "march")


def test_what_is_not_seen_is_not_lifted() -> None:
    worn = rested(device="left_foot")
    assert worn.device == "left_foot"
    assert math.isnan(leg.lifted_deg(body(LOST, "left_foot"), worn))
    assert math.isnan(leg.lifted_deg(body(lifted(9.0)), leg.worn("left", "each", "kick")))


def test_a_leg_rests_when_it_is_still_and_not_before() -> None:
    worn, noted = leg.worn("left", "each", "kick"), leg.Noted()
    move = leg.rest(GOAL, worn, noted, 0.5)
    next(move)
    for angle_deg in range(0, 60, 6):
        move.send(body(lifted(angle_deg)))
    assert worn.neutral is None
    assert ended(move, [body(lifted(60.0))] * 9)
    assert leg.lifted_deg(body(lifted(60.0)), worn) == pytest.approx(0.0, abs=1e-6)
    assert noted.called_s == pytest.approx(1.5, abs=0.2)


def test_a_leg_that_stays_up_does_not_rest_until_it_was_strapped_on_anew() -> None:
    worn = rested()
    move = leg.rest(GOAL, worn, leg.Noted(), 0.5)
    next(move)
    for _ in range(int(10 * leg.ANEW_S) - 2):
        move.send(body(lifted(40.0)))
    assert leg.lifted_deg(body(lifted(40.0)), worn) == pytest.approx(40.0)
    assert ended(move, [body(lifted(40.0))] * 10)
    assert leg.lifted_deg(body(lifted(40.0)), worn) == pytest.approx(0.0, abs=1e-6)


def test_a_hold_outlasts_a_tremble_and_a_glance_lost_and_no_more() -> None:
    worn = rested()
    move = leg.lift(GOAL, worn, 2.0)
    next(move)
    fills = [move.send(body(lifted(angle)))[0].fill for angle in (30.0, 61.0, 56.0, 58.0)]
    assert fills == pytest.approx([0.0, 0.05, 0.1, 0.15])
    assert move.send(body())[0].fill == pytest.approx(0.15)
    assert move.send(body(lifted(57.0)))[0].fill == pytest.approx(0.2)
    assert move.send(body(lifted(50.0)))[0].fill == 0.0


def test_an_open_lift_ends_when_the_leg_comes_down_or_at_the_stop_line() -> None:
    for angles, frames in (((20.0, 45.0, 30.0, 20.0), 4), ((30.0, 61.0), 2)):
        move = leg.lift_out(GOAL, rested(), 8.0)
        next(move)
        for angle in angles[: frames - 1]:
            move.send(body(lifted(angle)))
        with pytest.raises(StopIteration) as end:
            move.send(body(lifted(angles[-1])))
        assert end.value.value == REACHED


def motion(angles_deg: np.ndarray, mount: Quaternion, device: str) -> Motion:
    q = np.array([lifted(angle, mount).orientation if np.isfinite(angle) else (np.nan,) * 4 for angle in angles_deg])
    n = len(q)
    still, nowhere = np.tile(UPRIGHT, (n, 1)).astype(float), np.full((n, 3), np.nan)
    quality = Quality(n, n / 10, 10.0, 100.0, 100.0, 100.0, 0.1)
    tracks = {device: Track(nowhere, q)} if device == "left_foot" else {}
    left = q if device == "left" else np.full((n, 4), np.nan)
    return Motion(np.arange(n) / 10, np.zeros((n, 3)), still, nowhere, left, nowhere, still, quality, tracks)


@pytest.mark.parametrize("device", ["left", "left_foot"])
@pytest.mark.parametrize("mount", MOUNTS)
def test_the_track_of_a_recording_is_what_the_moves_saw(device: str, mount: Quaternion) -> None:
    angles = np.array([0.0, 10.0, np.nan, 75.0, 40.0])
    track = leg.lifted_track_deg(motion(angles, mount, device), rested(mount, device), STANCE)
    np.testing.assert_allclose(track, angles, atol=1e-6)


def test_without_a_rest_or_a_tracker_nothing_is_measured() -> None:
    still = motion(np.zeros(5), UPRIGHT, "left")
    with pytest.raises(NotMeasurable, match="not seen to rest"):
        leg.lifted_track_deg(still, leg.worn("left", "each", "kick"), STANCE)
    with pytest.raises(NotMeasurable, match="no tracker was seen"):
        leg.lifted_track_deg(still, rested(device="left_foot"), STANCE)


# Measuring the limit of a leg


def measured(parameters: Parameters, patient: Patient = TRUTH, **more: object) -> Session:
    with TemporaryDirectory() as folder:
        step = Step("open_lift", OpenLift(parameters), "calibrate")
        return visited(SimulatedHeadset(patient, 1, 45.0), Path(folder), step, **more)


@pytest.mark.parametrize("strapped", ["each", "right", "none"])
@pytest.mark.parametrize("exercise", leg.SHOWN_BY_FOOT)
def test_the_limit_of_each_leg_is_found(exercise: str, strapped: str) -> None:
    found = measured(Parameters(exercise=exercise, strapped=strapped)).calibration.limits
    for side in ("left", "right"):
        movement = f"{leg.LIFTED[exercise]}_{side}"
        assert found[movement].value == pytest.approx(DEFAULT_LIMITS_DEG[movement], abs=0.5)
        assert (found[movement].n, found[movement].doubts) == (2, ())


def test_a_precaution_is_the_stop_line_and_the_limit_says_so() -> None:
    rule = Precaution("knee_extension_left", 40.0, "deg", "new ligament", "Dr Wood")
    limit = measured(Parameters(sides="left"), precautions=(rule,)).calibration.limits["knee_extension_left"]
    assert limit.value == pytest.approx(40.0, abs=2.0)
    assert "ended at the stop line at 40°" in limit.note


def test_a_hip_that_may_not_be_bent_further_than_sitting_is_asked_for_no_march() -> None:
    rule = Precaution("hip_flexion_left", 95.0, "deg", "new hip", "Dr Wood")
    envelope = Envelope(a_calibration(), (rule,), posture="seated")
    assert envelope.stop_line("thigh_raise_left", 45.0) == pytest.approx(5.0)
    assert "the precaution of Dr Wood: new hip" in envelope.refuses_lift("thigh_raise_left", 10.0, open_ended=True)
    assert envelope.refuses_lift("thigh_raise_right", 10.0, open_ended=True) == ""


def test_efforts_that_scatter_are_followed_by_one_more() -> None:
    scattered = measured(Parameters(more=2), replace(TRUTH, slope_deg=14.0))
    assert len(scattered.blocks[0].trials) > 4


def test_a_form_has_what_is_asked_for_and_is_strapped_on() -> None:
    lifts = ("ankle_dorsiflexion_right",)
    form = lift_form(FULL, Adaptation(), lifts, "left")["open_lift"]
    assert (form["exercise"], form["sides"], form["strapped"]) == ("toe tap", "right", "left")
    assert lift_form(FULL, Adaptation(), ()) == {}
