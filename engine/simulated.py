"""A patient made of numbers, behind the same door as a person: looks at the scene and moves, and is told nothing else.

Movement follows what is known of people: reaction after a delay, hands that travel with minimum jerk (Flash &
Hogan 1985), leaning like an inverted pendulum, sway and tremor as filtered noise, capacity that varies from
try to try around a limit, fatigue and lapses of attention. A seed fixes all of it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from engine import simulated_crossing, simulated_recall
from engine.body import EYE_HEIGHT_OF_STATURE, NECK_IN_HEAD_M, SEATED_EYES_OF_STATURE, shoulder_by_stature
from engine.frame import (
    LOST,
    SIDES,
    UPRIGHT,
    Button,
    Frame,
    Hand,
    Pose,
    Quaternion,
    Vector,
    as_float32,
    from_yaw_pitch,
    rotate,
    times,
)
from engine.movements import MAIN_LEANS, along_ellipse, gaze_movement, lean_movement
from engine.places import from_head, from_shoulder, seen_from_shoulder, towards
from engine.records import Calibration, Stance
from engine.scene import Bend, Follow, Gaze, Lean, Lift, Option, Panel, Reach, Recall, Rise, Scene, Stone, Target, Walk
from engine.simulated_bending import Bending
from engine.simulated_finding import finds
from engine.simulated_footing import Feet
from engine.simulated_legs import Legs
from engine.simulated_movement import NOISE_FRAMES, Way, sway_and_tremor
from engine.simulated_surround import Unsteadiness
from engine.simulated_walk import HEAD_ON_TABLE_M, Walker
from engine.stepping import head_deg

READING_S, PRESS_S = 1.2, 0.15
WORDS_ABOVE_DEG = 16.0  # from the options of a question
PATIENCE_S = 4.0  # then a hand that did not get there comes down
USUAL_ARM_M = 0.62
REST_ELEVATION_DEG, REST_AZIMUTH_DEG, REST_OF_ARM = 25.0, 8.0, 0.85
GRIP_UP_RAD = math.radians(45.0)  # thumb up, a held stick stands up from the forearm and tips forward
LOWERING = 1.6  # an arm comes down faster than it is put up
HEAD_OF_YAW, HEAD_OF_PITCH = 0.35, 0.35
RISE_MPS = 0.7  # peak, of a head that comes up from a chair
FORWARD_M = 0.2  # how far a head comes forward half way up
SEATED_BACK_M = 0.35  # how far behind the feet it is on a chair
RISEN_FROM_M = 0.02
STRAIGHTENS = 0.75  # of the way up: beyond it little strength is needed, and who is only tired comes up all of it
STEP_MPS = 0.6  # peak, of a head that goes along with a step
LIFTED_BEYOND = 1.06  # of what is asked: nobody stops a leg just there
Asked = Target | Reach | Follow | Lean | Gaze | Rise | Lift | Stone | Bend | Recall | Walk | Option | Panel


@dataclass(frozen=True)
class Patient:
    """The truth about a simulated person.

    `shoulders_m` maps a side to where its shoulder is, right, up and ahead of the head; else body proportions say it.
    `limits_deg` maps a movement (`shoulder_elevation_left`, `lean_back`) to its limit; a try is capable of a
    logistic draw around it, `slope_deg` wide for arms and `lean_slope_deg` for leans. A diagonal lean that is not
    given lies on the ellipse through its neighbours. `fatigue` is the share of every limit that is lost per try,
    `lapse` the share of tries that are missed for no reason, `effort` the share of what they are capable of that they
    give where they may choose how far to go. After `loss_after_tries` tries the share `loss` of every limit is gone.
    `rise` is how far up from a chair they come, as a share of the way; `passive_more_deg` is how much further
    another person can raise an arm than they can alone; `picks` are the keys of options they choose,
    the first there is where none of them is. In the dark they sway `sway_dark` times as much, and `sway_conflict` times
    in a world that goes along with the head. They stand on one leg for about `one_leg_s`. Without
    eyes they come back to a place `recall_bias_deg` beyond it, with this spread. They walk at `walk_mps`.
    """

    eye_height_m: float = 1.60
    arm_m: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(SIDES, USUAL_ARM_M))
    shoulders_m: Mapping[str, Vector] = field(default_factory=dict)
    limits_deg: Mapping[str, float] = field(default_factory=dict)
    slope_deg: float = 5.0
    lean_slope_deg: float = 0.35
    reaction_s: float = 0.35
    hand_speed_mps: float = 0.75
    lean_speed_dps: float = 3.0
    sway_mm: float = 4.0
    sway_hz: float = 0.35
    sway_dark: float = 1.4
    sway_conflict: float = 1.8
    one_leg_s: float = 40.0
    recall_bias_deg: float = 0.8
    recall_spread_deg: float = 1.2
    walk_mps: float = 1.1
    tremor_mm: float = 1.2
    tremor_hz: float = 5.0
    fatigue: float = 0.001
    lapse: float = 0.03
    effort: float = 1.0
    loss_after_tries: float = math.inf
    loss: float = 0.0
    neck_slope_deg: float = 2.5
    neck_speed_dps: float = 70.0
    head_tremor_deg: float = 0.0
    rise: float = 1.0
    passive_more_deg: float = 6.0
    picks: frozenset[str] = frozenset()


DEFAULT_LIMITS_DEG: Mapping[str, float] = {
    "shoulder_elevation_left": 120.0,
    "shoulder_elevation_right": 105.0,
    "cross_body_adduction_left": 46.0,
    "cross_body_adduction_right": 42.0,
    "lean_forward": 6.5,
    "lean_right": 5.5,
    "lean_back": 3.5,
    "lean_left": 6.0,
    "neck_rotation_left": 62.0,
    "neck_rotation_right": 66.0,
    "neck_flexion": 45.0,
    "neck_extension": 50.0,
    "neck_lateral_left": 34.0,
    "neck_lateral_right": 36.0,
    "knee_extension_left": 76.0,
    "knee_extension_right": 68.0,
    "thigh_raise_left": 26.0,
    "thigh_raise_right": 23.0,
    "ankle_dorsiflexion_left": 18.0,
    "ankle_dorsiflexion_right": 16.0,
}


def patient_like(calibration: Calibration) -> Patient:
    """A patient with the height, arms and limits of somebody as far as they were measured; the rest is usual."""
    return Patient(
        eye_height_m=calibration.stature_m.value * EYE_HEIGHT_OF_STATURE,
        arm_m={**dict.fromkeys(SIDES, USUAL_ARM_M), **{side: arm.value for side, arm in calibration.arm_m.items()}},
        shoulders_m={side: found.centre_m for side, found in calibration.shoulders.items()},
        limits_deg={name: limit.value for name, limit in calibration.limits.items() if limit.n},
    )


class SimulatedHeadset:
    """A headset worn by a simulated patient; `rate_hz` images a second of its own time, as fast as it is asked."""

    kind = "simulated"

    def __init__(self, patient: Patient | None = None, seed: int = 0, rate_hz: float = 90.0) -> None:
        self.patient = patient or Patient()
        self.description = f"simulated patient, seed {seed}"
        self._limits = {**DEFAULT_LIMITS_DEG, **self.patient.limits_deg}
        self._main_leans = {name: self._limits[name] for name in MAIN_LEANS}
        self._random = Random(seed)
        self._step_ns = round(1e9 / rate_hz)
        self._stance = Stance((0.0, self.patient.eye_height_m, 0.0), 0.0)
        stature_m = self.patient.eye_height_m / EYE_HEIGHT_OF_STATURE
        shoulders = {side: shoulder_by_stature(stature_m, side) for side in SIDES} | dict(self.patient.shoulders_m)
        self._shoulders = {side: from_head(self._stance, shoulders[side]) for side in SIDES}
        self._scene = Scene("still")
        self._eyes_m = self._stance.head_m
        self._wanted: object = None
        self._since_s = 0.0
        self._gives_up_after_s = math.inf
        self._tries = 0
        self._press_from_s = math.inf
        self._gave_up = False
        self._hands = {side: Way(self._rest(side)) for side in SIDES}
        self._lean = Way((0.0, 0.0, 0.0))
        self._face = Way((0.0, 0.0, 0.0))
        self._legs, self._bending = Legs(), Bending(self.patient.eye_height_m, stature_m)
        self._height = Way((self.patient.eye_height_m, 0.0, 0.0))
        self._seated_m = SEATED_EYES_OF_STATURE * stature_m
        self._gaze = (0.0, 0.0)
        self._gaze_goal = self._picked = (0.0, 0.0)
        self._picks_from_s = math.inf
        person = self.patient
        self._noise = sway_and_tremor(person.sway_mm, person.sway_hz, person.tremor_mm, person.tremor_hz, seed, rate_hz)
        self._unsteadiness = Unsteadiness(person.sway_dark, person.sway_conflict)
        self._feet = Feet(person.one_leg_s, seed)
        self._walker = Walker(stature_m, person.walk_mps)
        self._reached_m: dict[str, Vector] = {}
        self._faced_deg = (0.0, 0.0, 0.0)
        self._closed = False

    def frames(self) -> Iterator[Frame]:
        """Frames at a steady rate, without end."""
        index = 0
        while not self._closed:
            yield self._frame(index)
            index += 1

    def show(self, scene: Scene) -> None:
        """Look at a scene."""
        self._scene = scene

    def close(self) -> None:
        """Leave."""
        self._closed = True

    def _frame(self, index: int) -> Frame:
        now_s = index * self._step_ns * 1e-9
        self._attend(now_s)
        walk = next((item for item in self._scene.items if isinstance(item, Walk)), None)
        if walk is not None:
            return self._off(walk, index)
        noise, slot = self._noise, index % NOISE_FRAMES
        more = self._unsteadiness.see(self._scene, now_s, self._feet.sways(self._scene))
        sway_x, sway_z = more * noise.sway_x[slot], more * noise.sway_z[slot]
        height = self._height.at(now_s)[0]
        ahead, right, _ = (math.radians(v) for v in self._lean.at(now_s))
        head_x, head_z = height * math.sin(right) + sway_x, sway_z - height * math.sin(ahead)
        head_y = height * math.cos(ahead) * math.cos(right)
        if height < self._stance.head_m[1] - RISEN_FROM_M:
            head_z -= self._comes_forward_m(height)
        hand_x, hand_z = (0.0, 0.0) if self._bending.free_hands else (head_x, head_z)
        bent_x, bent_y, bent_z = self._bending.head_m(now_s)
        head_x, head_y, head_z = head_x + bent_x, head_y + bent_y, head_z + bent_z
        head_q, (moved_x, moved_y, moved_z) = self._turn_head(now_s)
        step_x, step_y, step_z = self._feet.moved_m(self._scene, now_s)
        head_x, head_y, head_z = head_x + moved_x + step_x, head_y + moved_y + step_y, head_z + moved_z + step_z
        self._eyes_m = (head_x, head_y, head_z)
        squeeze = 0.9 if self._holds() else 0.0
        left = self._hand("left", now_s, slot, hand_x, hand_z)
        right_hand = self._hand("right", now_s, slot + 1000, hand_x, hand_z)
        trigger = 1.0 if 0 <= now_s - self._press_from_s < PRESS_S else 0.0
        v = as_float32(
            (
                head_x,
                head_y,
                head_z,
                *head_q,
                *left,
                *right_hand,
                0.0,
                squeeze,
                trigger,
                squeeze,
            )
        )
        return Frame(
            index * self._step_ns,
            Pose(v[0:3], v[3:7]),  # type: ignore[arg-type] # slices of a tuple lose their length
            Hand(Pose(v[7:10], v[10:14]), v[21], v[22]),  # type: ignore[arg-type]
            Hand(Pose(v[14:17], v[17:21]), v[23], v[24]),  # type: ignore[arg-type]
            devices=self._legs.devices(now_s),
        )

    def _off(self, item: Walk, index: int) -> Frame:
        """A frame without anybody in the headset, which lies on a table; one controller is at the belt."""
        now_s = index * self._step_ns * 1e-9
        head, belt = (*HEAD_ON_TABLE_M, *UPRIGHT), self._walker.at(now_s)
        v = as_float32((*head, *belt, *belt, 0.0, 0.0, 0.0, 0.0))
        hands = [Hand(Pose(v[7:10], v[10:14])), Hand(LOST)]  # type: ignore[arg-type]
        left, right = hands if item.side == "left" else reversed(hands)
        return Frame(index * self._step_ns, Pose(v[0:3], v[3:7]), left, right, Button.AWAY)  # type: ignore[arg-type]

    def _hand(self, side: str, now_s: float, slot: int, head_x: float, head_z: float) -> tuple[float, ...]:
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
            y + tremor[(slot + 2000) % NOISE_FRAMES],
            z + carried * head_z + tremor[(slot + 4000) % NOISE_FRAMES],
            *grip,
        )

    def _attend(self, now_s: float) -> None:
        self._legs.wear(self._scene.place, self._scene.items)
        self._bending.see(self._scene)
        asked = _asks(self._scene)
        wanted = tuple((type(item), item.key) for item in asked)
        if wanted != self._wanted:
            self._wanted, self._since_s, self._gave_up = wanted, now_s, False
            self._begin(asked, now_s)
        elif finds(self._scene):
            self._stay(now_s)
        elif asked and not self._gave_up and now_s - self._since_s > self._gives_up_after_s and not _fills(asked):
            self._gave_up = True
            self._relax(now_s)

    def _begin(self, asked: tuple[Asked, ...], now_s: float) -> None:
        self._gives_up_after_s = self._picks_from_s = math.inf
        if asked and isinstance(asked[0], Panel):
            self._press_from_s = now_s + READING_S
            return
        if asked and isinstance(asked[0], Option):
            self._pick([item for item in asked if isinstance(item, Option)], now_s)
            return
        self._relax(now_s)
        if not asked:
            return
        if not any(isinstance(item, Rise | Lift) for item in asked):
            self._stand_to(self._stance.head_m[1], now_s, 0.0)
        self._tries += 1
        lapse = self._random.random() < self.patient.lapse
        delay_s = max(0.12, self._random.gauss(self.patient.reaction_s, 0.06)) + (0.6 if lapse else 0.0)
        patience_s = 0.0
        for item in asked:
            self._gives_up_after_s = 0.0
            self._go_to(item, now_s, delay_s, lapse)
            patience_s = max(patience_s, self._gives_up_after_s)
        self._gives_up_after_s = patience_s

    def _go_to(self, item: Asked, now_s: float, delay_s: float, lapse: bool) -> None:
        if isinstance(item, Lean):
            self._lean_to(item, now_s, delay_s, lapse)
        elif isinstance(item, Gaze):
            self._face_to(item, now_s, delay_s, lapse)
        elif isinstance(item, Rise):
            self._rise_to(item, now_s, delay_s, lapse)
        elif isinstance(item, Recall):
            self._come_back(item, now_s, delay_s)
        elif isinstance(item, Stone | Bend):
            self._go_over(item, now_s, delay_s)
        elif isinstance(item, Lift):
            self._lift_to(item, now_s, delay_s, lapse)
        elif isinstance(item, Walk) and item.state == "go":
            self._walker.call(now_s + delay_s, item.way_m)
            self._gives_up_after_s = math.inf
        elif isinstance(item, Target | Reach):
            self._reach_to(item, now_s, delay_s, lapse)
        elif isinstance(item, Follow):
            self._lead_along(item, now_s, delay_s, lapse)

    def _pick(self, options: list[Option], now_s: float) -> None:
        """Look at the words above, and then at the option of one's choice until it is chosen."""
        chosen = next((option for option in options if option.key in self.patient.picks), options[0])
        x, y, z = (p - h for p, h in zip(chosen.place_m, self._eyes_m, strict=True))
        self._gaze_goal = (0.0, math.radians(WORDS_ABOVE_DEG))
        self._picked, self._picks_from_s = (math.atan2(x, -z), math.atan2(y, math.hypot(x, z))), now_s + READING_S

    def _face_to(self, item: Gaze, now_s: float, delay_s: float, lapse: bool) -> None:
        way = (item.yaw_deg, item.pitch_deg, item.tilt_deg)
        furthest = math.hypot(*way) or 1.0
        limits = [self._limits[gaze_movement(axis, value)] if value else math.inf for axis, value in enumerate(way)]
        most = 1 / (math.hypot(*(value / furthest / limit for value, limit in zip(way, limits, strict=True))) or 1.0)
        able = self._able(most, self.patient.neck_slope_deg)
        if lapse:
            able *= self._random.uniform(0.5, 0.9)
        if item.open_ended:
            able *= self.patient.effort
        share = min(able, furthest) / furthest
        speed = self.patient.neck_speed_dps * self._random.uniform(0.85, 1.15)
        self._faced_deg = (share * way[0], share * way[1], share * way[2])
        self._face.aim(self._faced_deg, now_s, delay_s, speed)
        self._gaze_goal = (0.0, 0.0)
        self._gives_up_after_s = delay_s + self._face.lasts_s + (0.5 if item.open_ended else PATIENCE_S)

    def _rise_to(self, item: Rise, now_s: float, delay_s: float, lapse: bool) -> None:
        up = item.goal == "up"
        share = self._share_up() * (0.6 if lapse else 1.0)
        if item.high_m > item.low_m:
            risen_m = self._seated_m + share * (self._stance.head_m[1] - self._seated_m)
            self._stand_to(risen_m if up else self._seated_m, now_s, delay_s)
            lasts_s = self._height.lasts_s
        else:
            goal = (share * item.lean_deg * 1.05 if up else 0.0, 0.0, 0.0)
            self._lean.aim(goal, now_s, delay_s, 8 * self.patient.lean_speed_dps)
            lasts_s = self._lean.lasts_s
        self._gives_up_after_s = delay_s + lasts_s + PATIENCE_S

    def _share_up(self) -> float:
        """How much of the way up from a chair, out to a stone or down to a shelf they come now."""
        able = self.patient.rise * (1 - self.patient.fatigue) ** self._tries
        return 1.0 if able > STRAIGHTENS else able

    def _go_over(self, item: Stone | Bend, now_s: float, delay_s: float) -> None:
        if isinstance(item, Stone):
            self._step_to(item, now_s, delay_s)
        else:
            self._bend_to(item, now_s, delay_s)

    def _step_to(self, item: Stone, now_s: float, delay_s: float) -> None:
        share = self._share_up() if item.goal == "out" else 0.0
        right, _, behind = towards(0.0, item.direction_deg)
        over_deg = share * head_deg(item, self._stance.head_m[1])
        speed = math.degrees(STEP_MPS / self._stance.head_m[1])
        self._lean.aim((-behind * over_deg, right * over_deg, 0.0), now_s, delay_s, speed)
        self._gives_up_after_s = delay_s + self._lean.lasts_s + PATIENCE_S

    def _bend_to(self, item: Bend, now_s: float, delay_s: float) -> None:
        if item.goal == "up":
            self._gives_up_after_s = PATIENCE_S  # they have begun to come up already
            return
        side = item.hand if item.hand in SIDES else "right"
        share = self._share_up()
        lasts_s = self._bending.aim(item.low_m, share, now_s, delay_s)
        elevation = seen_from_shoulder(self._shoulders[side], 0.0, item.place_m)[1]
        able = self._able(self._limits[f"shoulder_elevation_{side}"], self.patient.slope_deg)
        way, rest, place = self._hands[side], self._rest(side), item.place_m
        share = min(share, able / elevation if elevation else 1.0, 1.0)
        x, y, z = (a + share * (b - a) for a, b in zip(rest, place, strict=True))
        way.aim((x, y, z), now_s, delay_s, self.patient.hand_speed_mps)
        self._look_at(place)
        self._gives_up_after_s = delay_s + max(lasts_s, way.lasts_s) + PATIENCE_S

    def _lift_to(self, item: Lift, now_s: float, delay_s: float, lapse: bool) -> None:
        limit = self._limits[item.movement]
        able = self._able(limit, self.patient.slope_deg * limit / 90) * (self.patient.effort if item.open_ended else 1)
        if lapse:
            able *= self._random.uniform(0.5, 0.9)
        angle_deg = min(able, item.angle_deg * (1.0 if item.open_ended else LIFTED_BEYOND))
        lasts_s = self._legs.aim(item, angle_deg, now_s, delay_s)
        self._gives_up_after_s = delay_s + lasts_s + (0.5 if item.open_ended else PATIENCE_S)

    def _stand_to(self, height_m: float, now_s: float, delay_s: float) -> None:
        if self._height.goal[0] != height_m:
            self._height.aim((height_m, 0.0, 0.0), now_s, delay_s, RISE_MPS)

    def _comes_forward_m(self, height_m: float) -> float:
        share = (height_m - self._seated_m) / (self._stance.head_m[1] - self._seated_m)
        risen = min(1.0, max(0.0, share))
        return FORWARD_M * math.sin(math.pi * risen) - SEATED_BACK_M * (1 - risen)

    def _come_back(self, item: Recall, now_s: float, delay_s: float) -> None:
        of = (self.patient.recall_bias_deg, self.patient.recall_spread_deg, self._random)
        self._gives_up_after_s = math.inf
        if not item.side:
            goal = simulated_recall.face_deg(self._faced_deg, *of)
            self._face.aim(goal, now_s, delay_s, self.patient.neck_speed_dps)
            self._gaze_goal = (0.0, 0.0)
            return
        home_m, shoulder_m = self._reached_m.get(item.side, self._rest(item.side)), self._shoulders[item.side]
        place_m = simulated_recall.hand_m(home_m, shoulder_m, *of)
        self._hands[item.side].aim(place_m, now_s, delay_s, self.patient.hand_speed_mps)

    def _reach_to(self, item: Target | Reach, now_s: float, delay_s: float, lapse: bool) -> None:
        if isinstance(item, Reach) and item.over_feet:
            able = self._able(self._limits["lean_forward"], self.patient.lean_slope_deg)
            self._lean.aim((able, 0.0, 0.0), now_s, delay_s, self.patient.lean_speed_dps)
            self._hands[item.hand].aim(self._reached_m[item.hand], now_s, 0.0, self.patient.hand_speed_mps)
            self._gives_up_after_s = delay_s + self._lean.lasts_s + 1.0
            return
        place = item.place_m if isinstance(item, Target) else item.stop_m
        side = item.hand if item.hand in SIDES else ("right" if place[0] > 0 else "left")
        shoulder = self._shoulders[side]
        azimuth, elevation, radius = seen_from_shoulder(shoulder, 0.0, place)
        if isinstance(item, Reach):  # a stop line overhead says nothing of the plane, the middle of the line does
            azimuth = seen_from_shoulder(shoulder, 0.0, _middle(item.start_m, item.stop_m))[0]
        able = self._able(self._limits[f"shoulder_elevation_{side}"], self.patient.slope_deg)
        if lapse:
            able *= self._random.uniform(0.5, 0.9)
        if isinstance(item, Reach):
            able = able * self.patient.effort + (self.patient.passive_more_deg if item.helper == item.hand else 0.0)
        reach = min(radius, self.patient.arm_m[side]) if isinstance(item, Target) else self.patient.arm_m[side]
        goal = from_shoulder(shoulder, 0.0, azimuth, min(elevation, able), reach)
        if simulated_crossing.crosses(shoulder, place, side):
            across = self._able(self._limits[f"cross_body_adduction_{side}"], self.patient.slope_deg)
            if isinstance(item, Reach):
                self._slide_along(item, across * self.patient.effort, now_s, delay_s)
                return
            goal = simulated_crossing.towards(shoulder, goal, side, across)
        self._reached_m[side] = goal
        moved = item.helper or side if isinstance(item, Reach) else side
        way, about = self._hands[moved], shoulder if isinstance(item, Reach) and moved == side else None
        way.aim(goal, now_s, delay_s, self.patient.hand_speed_mps * self._random.uniform(0.85, 1.15), about)
        self._look_at(place)
        patience = PATIENCE_S if isinstance(item, Target) else math.inf if item.helper else 1.0
        self._gives_up_after_s = delay_s + way.lasts_s + patience

    def _slide_along(self, item: Reach, able_deg: float, now_s: float, delay_s: float) -> None:
        """Bring a hand across, from one end of a line towards the other."""
        way, shoulder = self._hands[item.hand], self._shoulders[item.hand]
        points = simulated_crossing.along(shoulder, item.start_m, item.stop_m, item.hand, able_deg)
        way.lead(points, now_s, delay_s, self.patient.hand_speed_mps, simulated_crossing.SLIDES_S)
        self._reached_m[item.hand] = points[-1]
        self._look_at(item.stop_m)
        self._gives_up_after_s = delay_s + way.lasts_s + 1.0

    def _lead_along(self, item: Follow, now_s: float, delay_s: float, lapse: bool) -> None:
        """Keep to the light's tempo; where the arm cannot be raised far enough, the hand goes along below."""
        side = item.hand if item.hand in SIDES else ("right" if item.points_m[0][0] > 0 else "left")
        shoulder, arm_m = self._shoulders[side], self.patient.arm_m[side]
        able = self._able(self._limits[f"shoulder_elevation_{side}"], self.patient.slope_deg)
        able *= self._random.uniform(0.5, 0.9) if lapse else 1.0
        seen = [seen_from_shoulder(shoulder, 0.0, place_m) for place_m in item.points_m]
        points = [from_shoulder(shoulder, 0.0, out, min(up, able), min(far_m, arm_m)) for out, up, far_m in seen]
        way, speed = self._hands[side], self.patient.hand_speed_mps
        way.lead(points, now_s, delay_s, speed * self._random.uniform(0.85, 1.15), item.seconds)
        self._look_at(item.points_m[len(points) // 2])
        self._gives_up_after_s = delay_s + way.lasts_s + PATIENCE_S

    def _lean_to(self, item: Lean, now_s: float, delay_s: float, lapse: bool) -> None:
        able = self._able(self._lean_limit_deg(item.direction_deg), self.patient.lean_slope_deg)
        if lapse:
            able *= self._random.uniform(0.5, 0.9)
        if item.open_ended:
            able *= self.patient.effort
        angle = min(able, item.angle_deg)
        right, _, behind = towards(0.0, item.direction_deg)
        goal = (-behind * angle, right * angle, 0.0)
        self._lean.aim(goal, now_s, delay_s, self.patient.lean_speed_dps * self._random.uniform(0.85, 1.15))
        self._gaze_goal = (right * math.radians(8.0), math.radians(-8.0))
        self._gives_up_after_s = delay_s + self._lean.lasts_s + (0.5 if item.open_ended else PATIENCE_S)

    def _look_at(self, place: Vector) -> None:
        """The head turns part of the way to what it looks at, less up and down; the eyes do the rest."""
        x, y, z = (p - h for p, h in zip(place, self._stance.head_m, strict=True))
        yaw, pitch = math.atan2(x, -z), math.atan2(y, math.hypot(x, z))
        self._gaze_goal = (HEAD_OF_YAW * yaw, HEAD_OF_PITCH * pitch)

    def _lean_limit_deg(self, direction_deg: float) -> float:
        nearest = lean_movement(direction_deg)
        if nearest not in MAIN_LEANS and nearest in self._limits:
            return self._limits[nearest]
        return along_ellipse(direction_deg, self._main_leans)

    def _able(self, limit: float, slope: float) -> float:
        share = min(max(self._random.random(), 1e-6), 1 - 1e-6)
        left = (1 - self.patient.fatigue) ** self._tries
        if self._tries > self.patient.loss_after_tries:
            left *= 1 - self.patient.loss
        return max(0.0, limit * left + slope * math.log(share / (1 - share)))

    def _relax(self, now_s: float) -> None:
        for side in SIDES:
            rest = self._rest(side)
            if self._hands[side].goal != rest:
                self._hands[side].aim(rest, now_s, 0.1, LOWERING * self.patient.hand_speed_mps)
        if self._lean.goal != (0.0, 0.0, 0.0):
            steps = any(isinstance(item, Stone) for item in self._scene.items)
            speed_dps = math.degrees(STEP_MPS / self._stance.head_m[1]) if steps else self.patient.lean_speed_dps
            self._lean.aim((0.0, 0.0, 0.0), now_s, 0.15, speed_dps)
        if self._face.goal != (0.0, 0.0, 0.0):
            self._face.aim((0.0, 0.0, 0.0), now_s, 0.15, self.patient.neck_speed_dps)
        self._legs.relax(now_s)
        self._bending.relax(now_s)
        self._gaze_goal = (0.0, math.radians(-4.0))

    def _stay(self, now_s: float) -> None:
        """Let every hand rest where it is."""
        for way in self._hands.values():
            here = way.at(now_s)
            if way.goal != here:
                way.aim(here, now_s, 0.0, self.patient.hand_speed_mps)

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
        return any(isinstance(item, Target | Follow) and item.fill > 0 for item in self._scene.items)


def _fills(asked: tuple[Asked, ...]) -> bool:
    """Whether somebody is where they should be, and so has no reason to give up."""
    goals = (item for item in asked if isinstance(item, Target | Follow | Gaze | Lift | Bend | Stone))
    return any(goal.fill > 0 for goal in goals if not (isinstance(goal, Gaze | Lift) and goal.open_ended))


def _middle(a: Vector, b: Vector) -> Vector:
    (ax, ay, az), (bx, by, bz) = a, b
    return ((ax + bx) / 2, (ay + by) / 2, (az + bz) / 2)


def _asks(scene: Scene) -> tuple[Asked, ...]:
    """Everything in a scene that asks the person to do something now: what comes first, and what goes with it."""
    movements: list[Asked] = []
    hands: set[str] = set()
    options: list[Asked] = []
    panels: list[Asked] = []
    for item in scene.items:
        if isinstance(item, Target):
            if item.state == "wanted" and item.hand not in hands and not hands & {"either"}:
                hands.add(item.hand)
                movements.append(item)
        elif isinstance(item, Gaze | Lift | Follow | Bend | Stone):
            if item.state == "wanted":
                movements.append(item)
        elif isinstance(item, Reach | Lean | Rise | Recall | Walk):
            movements.append(item)
        elif isinstance(item, Option):
            options.append(item)
        elif isinstance(item, Panel) and item.confirm:
            panels.append(item)
    return tuple(movements or panels[-1:] or options)
