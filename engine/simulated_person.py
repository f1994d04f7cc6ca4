"""The body of a simulated person: where head and hands are at a time, and how they come to rest."""

import math
from collections import Counter
from random import Random

from engine.body import EYE_HEIGHT_OF_STATURE, NECK_IN_HEAD_M, SEATED_EYES_OF_STATURE, shoulder_by_stature
from engine.frame import (
    SIDES,
    Quaternion,
    Vector,
    from_yaw_pitch,
    rotate,
    times,
)
from engine.movements import MAIN_LEANS
from engine.places import from_head, from_shoulder
from engine.records import Stance
from engine.scene import Follow, Scene, Stone, Target
from engine.simulated_bending import Bending
from engine.simulated_footing import Feet
from engine.simulated_legs import Legs
from engine.simulated_movement import NOISE_FRAMES, Way, sway_and_tremor
from engine.simulated_patient import DEFAULT_LIMITS_DEG, Patient
from engine.simulated_surround import Unsteadiness
from engine.simulated_walk import Walker

REST_ELEVATION_DEG, REST_AZIMUTH_DEG, REST_OF_ARM = 25.0, 8.0, 0.85
GRIP_UP_RAD = math.radians(45.0)  # thumb up, a held stick stands up from the forearm and tips forward
LOWERING = 1.6  # an arm comes down faster than it is put up
HEAD_OF_YAW, HEAD_OF_PITCH = 0.35, 0.35
RISE_MPS = 0.7  # peak, of a head that comes up from a chair
FORWARD_M = 0.2  # how far a head comes forward half way up
SEATED_BACK_M = 0.35  # how far behind the feet it is on a chair
LAP = 0.5  # of how far a head comes down to a chair, hands do: they rest in the lap
_HELD = Target | Follow  # made once: every frame asks for it


class SimulatedPerson:
    """A patient who stands in a scene; every part of them goes its own way to where it is wanted."""

    def __init__(self, patient: Patient, seed: int, rate_hz: float) -> None:
        """Stand where nothing is asked yet."""
        self.patient = patient
        self._limits = {**DEFAULT_LIMITS_DEG, **patient.limits_deg}
        self._main_leans = {name: self._limits[name] for name in MAIN_LEANS}
        self._random = Random(seed)
        self._step_ns = round(1e9 / rate_hz)
        self._stance = Stance((0.0, patient.eye_height_m, 0.0), 0.0)
        stature_m = patient.eye_height_m / EYE_HEIGHT_OF_STATURE
        shoulders = {side: shoulder_by_stature(stature_m, side) for side in SIDES} | dict(patient.shoulders_m)
        self._shoulders = {side: from_head(self._stance, shoulders[side]) for side in SIDES}
        self._scene = Scene("still")
        self._gives_up_after_s = math.inf
        self._tries, self._tries_of, self._left = 0, Counter[str](), 1.0
        self._hands = {side: Way(self._rest(side)) for side in SIDES}
        self._lean, self._face = Way((0.0, 0.0, 0.0)), Way((0.0, 0.0, 0.0))
        self._legs = Legs(patient.leg_dps, patient.leg_up_s)
        self._bending = Bending(patient.eye_height_m, stature_m, patient.bend_dps)
        self._height = Way((patient.eye_height_m, 0.0, 0.0))
        self._seated_m = SEATED_EYES_OF_STATURE * stature_m
        self._gaze = (0.0, 0.0)
        self._gaze_goal = self._picked = (0.0, 0.0)
        self._picks_from_s = math.inf
        sways, trembles = (patient.sway_mm, patient.sway_hz), (patient.tremor_mm, patient.tremor_hz)
        self._noise = sway_and_tremor(*sways, *trembles, seed, rate_hz)
        self._unsteadiness = Unsteadiness(patient.sway_dark, patient.sway_conflict)
        self._feet = Feet(patient.one_leg_s, seed)
        self._walker = Walker(stature_m, patient.walk_mps)
        self._reached_m: dict[str, Vector] = {}
        self._faced_deg = (0.0, 0.0, 0.0)
        self._counts, self._remembered_s = False, 0.0

    def _hand(
        self, side: str, now_s: float, slot: int, head_x: float, head_z: float, sunk_m: float
    ) -> tuple[float, ...]:
        x, y, z = self._hands[side].at(now_s)
        tremor = self._noise.tremor
        strapped = self._legs.pose(side, now_s, tremor[slot % NOISE_FRAMES])
        if strapped is not None:
            return strapped
        carried = y / self._stance.head_m[1]
        shoulder_x, shoulder_y, shoulder_z = self._shoulders[side]
        far_x, far_y, far_z = x - shoulder_x, y - shoulder_y, z - shoulder_z
        level = math.hypot(far_x, far_z)
        grip = from_yaw_pitch(math.atan2(far_x, -far_z), math.atan2(far_y, level) + GRIP_UP_RAD)
        return (
            x + carried * head_x + tremor[slot % NOISE_FRAMES],
            y + tremor[(slot + 2000) % NOISE_FRAMES] - LAP * sunk_m,
            z + carried * head_z + tremor[(slot + 4000) % NOISE_FRAMES],
            *grip,
        )

    def _rest(self, side: str) -> Vector:
        azimuth = REST_AZIMUTH_DEG if side == "right" else -REST_AZIMUTH_DEG
        radius = REST_OF_ARM * self.patient.arm_m[side]
        return from_shoulder(self._shoulders[side], 0.0, azimuth, REST_ELEVATION_DEG, radius)

    def _turn_head(self, now_s: float) -> tuple[Quaternion, Vector]:
        """How the head is turned, and how far its eyes have gone because it turns about the neck."""
        if now_s >= self._picks_from_s:
            self._gaze_goal = self._picked
        (yaw, pitch), (to_yaw, to_pitch) = self._gaze, self._gaze_goal
        self._gaze = (yaw + 0.05 * (to_yaw - yaw), pitch + 0.05 * (to_pitch - pitch))
        way_deg = self._face.at(now_s)
        turned, raised, tilted = (value + self._shaking_deg(now_s, axis) for axis, value in enumerate(way_deg))
        yaw, pitch = self._gaze
        if turned == raised == tilted == 0.0:
            return from_yaw_pitch(yaw, pitch), (0.0, 0.0, 0.0)
        half = math.radians(tilted) / 2
        faced = from_yaw_pitch(yaw + math.radians(turned), pitch + math.radians(raised))
        head_q = times(faced, (0.0, 0.0, -math.sin(half), math.cos(half)))
        right, up, back = NECK_IN_HEAD_M
        x, y, z = rotate(head_q, (-right, -up, -back))
        return head_q, (x + right, y + up, z + back)

    def _shaking_deg(self, now_s: float, axis: int) -> float:
        """How a head trembles about each of its axes, as hands do."""
        if not self.patient.head_tremor_deg:
            return 0.0
        slot = round(now_s * 1e9 / self._step_ns) + 1500 * axis
        size_m = self.patient.tremor_mm / 1000
        return self.patient.head_tremor_deg * self._noise.tremor[slot % NOISE_FRAMES] / size_m

    def _holds(self) -> bool:
        return any(isinstance(item, _HELD) and item.fill > 0 for item in self._scene.items)

    def _comes_forward_m(self, height_m: float) -> float:
        share = (height_m - self._seated_m) / (self._stance.head_m[1] - self._seated_m)
        risen = min(1.0, max(0.0, share))
        return FORWARD_M * math.sin(math.pi * risen) - SEATED_BACK_M * (1 - risen)

    def _look_at(self, place: Vector) -> None:
        """The head turns part of the way to what it looks at, less up and down; the eyes do the rest."""
        x, y, z = (p - h for p, h in zip(place, self._stance.head_m, strict=True))
        yaw, pitch = math.atan2(x, -z), math.atan2(y, math.hypot(x, z))
        self._gaze_goal = (HEAD_OF_YAW * yaw, HEAD_OF_PITCH * pitch)

    def _stand_to(self, height_m: float, now_s: float, delay_s: float) -> None:
        if self._height.goal[0] != height_m:
            self._height.aim((height_m, 0.0, 0.0), now_s, delay_s, RISE_MPS)

    def _stay(self, now_s: float) -> None:
        """Let every hand rest where it is."""
        for way in self._hands.values():
            here = way.at(now_s)
            if way.goal != here:
                way.aim(here, now_s, 0.0, self.patient.hand_speed_mps)

    def _relax(self, now_s: float) -> None:
        for side in SIDES:
            rest = self._rest(side)
            if self._hands[side].goal != rest:
                self._hands[side].aim(rest, now_s, 0.1, LOWERING * self.patient.hand_speed_mps)
        if self._lean.goal != (0.0, 0.0, 0.0):
            steps = any(isinstance(item, Stone) for item in self._scene.items)
            step_dps = math.degrees(self.patient.step_mps / self._stance.head_m[1])
            self._lean.aim((0.0, 0.0, 0.0), now_s, 0.15, step_dps if steps else self.patient.lean_speed_dps)
        if self._face.goal != (0.0, 0.0, 0.0):
            self._face.aim((0.0, 0.0, 0.0), now_s, 0.15, self.patient.neck_speed_dps)
        self._legs.relax(now_s)
        self._bending.relax(now_s)
        self._gaze_goal = (0.0, math.radians(-4.0))
