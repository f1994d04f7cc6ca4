"""How a simulated person does what is asked of them: how far they come this time, how fast, and when they give up."""

import math

from engine import simulated_crossing, simulated_recall
from engine.frame import (
    SIDES,
    Vector,
)
from engine.movements import MAIN_LEANS, along_ellipse, gaze_movement, lean_movement
from engine.places import from_shoulder, seen_from_shoulder, towards
from engine.scene import Bend, Follow, Gaze, Lean, Lift, Reach, Recall, Rise, Stone, Target, Walk
from engine.simulated_asked import Asked
from engine.simulated_attention import remembered
from engine.simulated_person import SimulatedPerson
from engine.stepping import head_deg

PATIENCE_S = 4.0  # then a hand that did not get there comes down
LIFTED_BEYOND = 1.06  # of what is asked: nobody stops a leg just there
STRAIGHTENS = 0.75  # of the way up: beyond it little strength is needed, and who is only tired comes up all of it


class SimulatedEfforts(SimulatedPerson):
    """A person who tries what an item of a scene asks of them."""

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
        able = self.patient.rise * self._left
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
        speed = math.degrees(self.patient.step_mps / self._stance.head_m[1])
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

    def _come_back(self, item: Recall, now_s: float, delay_s: float) -> None:
        spread_deg = remembered(self.patient.recall_spread_deg, self._counts, now_s - self._remembered_s)
        of = (self.patient.recall_bias_deg, spread_deg, self._random)
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

    def _lean_limit_deg(self, direction_deg: float) -> float:
        nearest = lean_movement(direction_deg)
        if nearest not in MAIN_LEANS and nearest in self._limits:
            return self._limits[nearest]
        return along_ellipse(direction_deg, self._main_leans)

    def _able(self, limit: float, slope: float) -> float:
        share = min(max(self._random.random(), 1e-6), 1 - 1e-6)
        left = self._left
        if self._tries > self.patient.loss_after_tries:
            left *= 1 - self.patient.loss
        return max(0.0, limit * left + slope * math.log(share / (1 - share)))


def _middle(a: Vector, b: Vector) -> Vector:
    (ax, ay, az), (bx, by, bz) = a, b
    return ((ax + bx) / 2, (ay + by) / 2, (az + bz) / 2)
