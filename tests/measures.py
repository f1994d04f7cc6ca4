"""A good case of every measure, for what has to hold for all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from engine.metrics import (
    aiming,
    arm_angles,
    balance,
    bimanual,
    boundary,
    dose,
    grip_angles,
    hand_joints,
    progress,
    range_of_motion,
    reach_space,
    reaching,
    smoothness,
    stability,
    standing,
    sway_dynamics,
    turning,
)
from engine.metrics.definition import definitions

RATE_HZ = 90.0
TIME_S = np.arange(360) / RATE_HZ
RANDOM = np.random.default_rng(8)
SHARE = np.clip((TIME_S - 1) / 0.9, 0, 1)
GONE = 10 * SHARE**3 - 15 * SHARE**4 + 6 * SHARE**5
SPEED_MPS = np.gradient(GONE) * RATE_HZ
SWING = np.sin(2 * np.pi * TIME_S / 4)


def orientations(*vectors_deg: np.ndarray) -> np.ndarray:
    """Orientations (n, 4) of the components of rotation vectors, (n,) each."""
    turned: np.ndarray = Rotation.from_rotvec(np.stack(vectors_deg, axis=1), degrees=True).as_quat()
    return turned


def shaking(n: int = 360, k: int = 3) -> np.ndarray:
    """The noise of a tracked device, in metres."""
    return RANDOM.normal(0, 7e-5, (n, k))


def gone(way_m: tuple[float, float, float], from_m: tuple[float, float, float], late_s: float = 0.0) -> np.ndarray:
    """Places of what goes a way and stays there, noisy as a tracked device is."""
    gone_m: np.ndarray = np.outer(np.interp(TIME_S - late_s, TIME_S, GONE), way_m) + np.array(from_m) + shaking()
    return gone_m


HAND_M = gone((0.1, 0.3, -0.4), (0.2, 1.0, -0.1))
OTHER_HAND_M = gone((-0.1, 0.2, -0.3), (-0.2, 1.0, -0.1), 0.1)
HEAD_M = gone((0.02, -0.01, -0.04), (0.0, 1.6, 0.0))
FOOT_M = gone((0.0, 0.15, 0.0), (0.1, 0.08, 0.0))
STANDING_FOOT_M = gone((0.0, 0.0, 0.0), (-0.1, 0.08, 0.0))
SWAY_M = np.cumsum(np.cumsum(RANDOM.normal(0, 1e-5, (1500, 2)), axis=0), axis=0)
SWAY_M -= np.linspace(SWAY_M[0], SWAY_M[-1], 1500)
ARM_M = 0.6 * np.stack([np.sin(1.8 * GONE) * 0.3, -np.cos(1.8 * GONE), -np.sin(1.8 * GONE) * 0.91**0.5], axis=1)
HEAD_Q = orientations(40 * SWING, 10 * SWING, 5 * GONE)
TRUNK_Q = orientations(4 * GONE, 3 * SWING, 0 * SWING)
GRIP_Q = (Rotation.from_rotvec(np.outer(30 * SWING, (0, 1, 0)), degrees=True) * Rotation.from_euler("x", 1.5)).as_quat()
JOINTS_M = RANDOM.normal(0, 0.05, (26, 3)) * np.linspace(1, 1.3, 40)[:, None, None] ** RANDOM.normal(0, 1, (26, 3))
SQUARE_M = np.array([[0.3, 0.3], [0.3, -0.3], [-0.3, -0.3], [-0.3, 0.3]])
RISES_M = 1.2 + 0.4 * np.clip(1.4 * np.sin(2 * np.pi * np.arange(0, 36, 0.01) / 6), 0, 1)
CIRCLE = np.arange(0, 360, 45.0)
BALL = RANDOM.normal(size=(400, 3))
BALL *= RANDOM.uniform(0.57, 0.6, (400, 1)) / np.linalg.norm(BALL, axis=1, keepdims=True)


POWER = {"m": 1, "m/s": 1, "m²": 2, "m²/s": 2, "m³": 3}


@dataclass(frozen=True)
class Case:
    """A measure, and what is given to it in a good case; what its arguments are is told by their names."""

    measure: Callable[..., Any]
    given: Mapping[str, Any]
    unseen: tuple[str, ...] = ()  # arguments in which nan stands for what was not seen

    def but(self, **others: Any) -> Mapping[str, float]:
        return numbers(self.measure(**{**self.given, **others}))


CASES = {
    "sway": Case(balance.sway, {"ml_m": SWAY_M[:, 0], "ap_m": SWAY_M[:, 1], "rate_hz": 100.0}),
    "axis_dynamics": Case(sway_dynamics.axis_dynamics, {"values_m": SWAY_M[:, 0], "rate_hz": 100.0}),
    "plane_dynamics": Case(
        sway_dynamics.plane_dynamics, {"ml_m": SWAY_M[:, 0], "ap_m": SWAY_M[:, 1], "rate_hz": 100.0}
    ),
    "sample_entropy": Case(sway_dynamics.sample_entropy, {"values": SWAY_M[:500, 0]}),
    "time_to_boundary": Case(
        boundary.time_to_boundary,
        {"ml_m": SWAY_M[:, 0], "ap_m": SWAY_M[:, 1], "rate_hz": 100.0, "boundary_m": SQUARE_M},
    ),
    "limits_of_stability": Case(
        stability.limits_of_stability,
        {
            "time_s": TIME_S,
            "lean_deg": np.outer(GONE, (5, 1)),
            "direction_deg": 0.0,
            "cue_s": 0.5,
            "limit_deg": 8.0,
        },
    ),
    "stability_area": Case(stability.stability_area, {"direction_deg": CIRCLE, "excursion_deg": 4 + CIRCLE % 7}),
    "single_leg_time": Case(
        standing.single_leg_time, {"time_s": TIME_S, "lifted_m": FOOT_M, "standing_m": STANDING_FOOT_M}
    ),
    "tandem_time": Case(
        standing.tandem_time, {"time_s": TIME_S, "left_m": FOOT_M, "right_m": STANDING_FOOT_M, "start_s": 0.3}
    ),
    "stance_time_by_head": Case(
        standing.stance_time_by_head,
        {"time_s": TIME_S, "head_m": gone((0.0, -0.01, -0.3), (0.0, 1.6, 0.0)), "start_s": 0.3},
    ),
    "sit_to_stand": Case(
        standing.sit_to_stand,
        {"time_s": np.arange(0, 36, 0.01), "head_height_m": RISES_M, "seated_m": 1.2, "standing_m": 1.6, "cue_s": 0.1},
    ),
    "neck": Case(
        range_of_motion.neck,
        {"quaternions_xyzw": HEAD_Q, "time_s": TIME_S, "neutral_xyzw": HEAD_Q[:9], "trunk_xyzw": TRUNK_Q},
        ("trunk_xyzw",),
    ),
    "neck_repetitions": Case(
        range_of_motion.neck_repetitions,
        {"quaternions_xyzw": HEAD_Q, "time_s": TIME_S, "neutral_xyzw": HEAD_Q[0]},
    ),
    "trunk": Case(range_of_motion.trunk, {"trunk_xyzw": TRUNK_Q, "facing_deg": 20.0}, ("trunk_xyzw",)),
    "head_lean": Case(range_of_motion.head_lean, {"lean_deg": np.outer(SWING, (5, 1))}),
    "shoulder": Case(
        arm_angles.shoulder,
        {"line_m": ARM_M, "side": "left", "facing_deg": 10.0, "arm_m": 0.6, "trunk_xyzw": TRUNK_Q},
        ("line_m", "trunk_xyzw"),
    ),
    "shoulder_repetitions": Case(
        arm_angles.shoulder_repetitions, {"line_m": ARM_M, "time_s": TIME_S, "arm_m": 0.6}, ("line_m",)
    ),
    "elbow": Case(
        arm_angles.elbow, {"distance_m": 0.55 - 0.3 * GONE, "upper_arm_m": 0.3, "forearm_m": 0.25}, ("distance_m",)
    ),
    "wrist": Case(grip_angles.wrist, {"hand_xyzw": GRIP_Q, "side": "left", "neutral_xyzw": GRIP_Q[0]}, ("hand_xyzw",)),
    "shoulder_rotation": Case(
        grip_angles.shoulder_rotation,
        {"hand_xyzw": GRIP_Q, "side": "right", "neutral_xyzw": GRIP_Q[0]},
        ("hand_xyzw",),
    ),
    "finger": Case(hand_joints.finger, {"joints_m": JOINTS_M, "side": "left", "name": "ring"}, ("joints_m",)),
    "thumb": Case(hand_joints.thumb, {"joints_m": JOINTS_M}, ("joints_m",)),
    "reach": Case(
        reaching.reach,
        {
            "position_m": HAND_M,
            "time_s": TIME_S,
            "target_m": np.array([0.3, 1.3, -0.5]),
            "cue_s": 0.5,
            "radius_m": 0.05,
        },
        ("position_m",),
    ),
    "endpoint_spread": Case(
        aiming.endpoint_spread,
        {
            "endpoint_m": 0.02 * BALL[:9],
            "target_m": 0.01 * BALL[9:18],
            "start_m": 0.8 * BALL[18:27],
            "movement_s": np.linspace(0.5, 0.9, 9),
        },
    ),
    "bimanual": Case(
        bimanual.bimanual, {"left_m": HAND_M, "right_m": OTHER_HAND_M, "time_s": TIME_S}, ("left_m", "right_m")
    ),
    "trunk_shift": Case(
        reach_space.trunk_shift,
        {"trunk_m": HEAD_M, "hand_m": HAND_M, "facing_deg": 30.0, "arm_m": 0.6},
        ("trunk_m", "hand_m"),
    ),
    "reach_space": Case(reach_space.reach_space, {"points_m": BALL, "side": "left"}),
    "summary": Case(progress.summary, {"values": np.array([9.0, 7, 8, 12]), "sem": None}),
    "change": Case(progress.change, {"before": np.array([9.0, 7, 8, 12]), "after": np.array([19.0, 17, 12])}),
    "asymmetry": Case(progress.asymmetry, {"left": np.array([9.0, 7, 8, 12]), "right": np.array([19.0, 17, 12])}),
    "dose": Case(
        dose.dose,
        {"repetitions": 3, "time_s": TIME_S, "position_m": HAND_M, "angle_deg": 40 * SWING},
        ("position_m", "angle_deg"),
    ),
    "sparc": Case(smoothness.sparc, {"speed_mps": SPEED_MPS, "rate_hz": RATE_HZ}),
    "ldlj": Case(smoothness.ldlj, {"speed_mps": SPEED_MPS, "rate_hz": RATE_HZ}),
}


def numbers(found: Any, per: float = 1.0, of: str = "") -> dict[str, float]:
    """Every number in a result by its place in it, in a unit of length of `per` metres."""
    if is_dataclass(found) and not isinstance(found, type):
        kinds = definitions(type(found))
        return {f"{of}{name}": getattr(found, name) / per ** POWER.get(kinds[name].unit, 0) for name in kinds}
    if isinstance(found, turning.Peak):
        return {f"{of}peak_deg": found.peak_deg, f"{of}off_axis_deg": found.off_axis_deg}
    if isinstance(found, float):
        return {of: found}
    parts = found.items() if isinstance(found, Mapping) else enumerate(found)
    return {where: value for name, part in parts for where, value in numbers(part, per, f"{of}{name} ").items()}
