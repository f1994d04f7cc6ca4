"""The body of somebody who sits at a desk: keys and a mouse move a head and two hands, as devices would say it."""

import math
from dataclasses import dataclass, field, replace

from engine.bending import HEAD_OF_STATURE
from engine.body import EYE_HEIGHT_OF_STATURE, NECK_IN_HEAD_M, SEATED_EYES_OF_STATURE, neck_m
from engine.frame import (
    SIDES,
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
from engine.inputs import NOTHING, Held, Pair

EYE_M = 1.60
STATURE_M = EYE_M / EYE_HEIGHT_OF_STATURE
SEATED_EYE_M = SEATED_EYES_OF_STATURE * STATURE_M
MOST_LEAN_DEG, LEAN_DEG_PER_S, BOARD_DEG_PER_S = 8.0, 9.0, 25.0
"""How far a key leans that nothing asks to lean, how fast, and how fast the body follows a board at most."""
TURN_DEG_PER_S, NOD_DEG_PER_S, TILT_DEG_PER_S, GLANCE_DEG_PER_S = 60.0, 40.0, 30.0, 120.0
NECK_DEG = (85.0, 60.0, 45.0)
"""How far a head turns, is raised or lowered, and laid over; as far as that of a supple adult."""
RISE_S, FORWARD_M = 1.2, 0.20
"""How long standing up or sitting down takes, and how far the head goes forward half way: over the feet."""
HIPS_STAY, BOWS = 0.6, 0.5
"""How much of the way of a trunk that bends the head goes ahead, because hips go back; and how much it bows along."""
LEAST_DEPTH_M, MOST_DEPTH_M, DEPTH_STEP_M, DEEPEN_MPS = 0.28, 0.72, 0.03, 0.3
DEPTH_MPS = 1.5  # how fast a hand comes to what is meant
HAND_MPS, REST_MPS = 8.0, 2.5  # how fast a hand follows a mouse, and comes down by itself
_GLANCE_RATE_PER_S = 8.0  # a face comes to rest softly
_SHOULDER_M = (0.19, -0.22, 0.02)
_ELBOW_M = (0.26, -0.52, 0.02)
_ARM_M = 0.66
_RESTING_M = (0.24, -0.62, -0.22)
# A hand held out to reach points its fingers ahead; its grip, as if on a rod, then points up and ahead.
_GRIP_PITCH_RAD = math.radians(62)


@dataclass
class Puppet:
    """Where the pretended body is: all is said from the upright eyes, which stand above the middle of the feet.

    `active` is the side of the hand that the mouse moves, and `both` whether the other mirrors it. `facing_rad` is
    where the trunk is turned to, `face_deg` how keys turned the head from there (right, up, tilted right), and
    `glance_deg` what a look around adds. `most_lean_deg` is how far a key leans. `share` is how far up it is, 0 seated,
    `bent_deg` how far it is bent at the hips, and `bowed_deg` how far the head looks down to the feet.
    `aside_deg` (right, up) is how far beside the middle of the picture the face looks, which devices say of it.
    All its lengths go with `stature_m`; `depth_m` is that of somebody of STATURE_M.
    """

    stature_m: float = STATURE_M
    active: str = "right"
    depth_m: float = 0.52
    both: bool = False
    sits: bool = False
    facing_rad: float = 0.0
    lean_deg: Pair = (0.0, 0.0)
    most_lean_deg: float = MOST_LEAN_DEG
    face_deg: Vector = (0.0, 0.0, 0.0)
    glance_deg: Pair = (0.0, 0.0)
    aside_deg: Pair = (0.0, 0.0)
    share: float = 1.0
    bent_deg: float = 0.0
    bowed_deg: float = 0.0
    _hands: dict[str, Pose] = field(default_factory=dict)
    _placed: set[str] = field(default_factory=set)
    _returns: bool = False
    _rise: Pair = (1.0, RISE_S)  # the share that standing up or sitting down began with, and how long ago
    _depth_now_m: float = math.nan

    def __post_init__(self) -> None:
        """Let both hands rest; who sits has sat down already."""
        self.share = 0.0 if self.sits else self.share
        self._rise = (self.share, RISE_S)
        self._hands = {side: self._resting(side) for side in SIDES}

    @property
    def size(self) -> float:
        """How large the body is, beside that of somebody of STATURE_M."""
        return self.stature_m / STATURE_M

    @property
    def facing(self) -> Quaternion:
        """How the trunk is turned."""
        return from_yaw_pitch(self.facing_rad, 0.0)

    def eyes(self) -> Vector:
        """Where the eyes would be with the head upright: at the end of an upside-down pendulum about the ankles."""
        height_m = self.size * (SEATED_EYE_M + self.share * (EYE_M - SEATED_EYE_M))
        forward, right = (math.radians(angle) for angle in self.lean_deg)
        tilt = math.hypot(forward, right)
        out_m = height_m * math.sin(tilt) / (tilt or 1.0)
        ahead_m = out_m * forward + self.size * FORWARD_M * math.sin(math.pi * self.share)
        bent, from_hips_m = math.radians(self.bent_deg), HEAD_OF_STATURE * self.stature_m
        ahead_m += HIPS_STAY * from_hips_m * math.sin(bent)
        up_m = height_m * math.cos(tilt) - from_hips_m * (1 - math.cos(bent))
        return rotate(self.facing, (out_m * right, up_m, -ahead_m))

    def head(self) -> Pose:
        """The head, which turns about the neck: so the eyes move with it."""
        yaw, pitch, tilt = self._faces_deg()
        faced = from_yaw_pitch(self.facing_rad + math.radians(yaw), math.radians(pitch))
        half = math.radians(tilt) / 2
        turn = times(faced, (0.0, 0.0, -math.sin(half), math.cos(half)))
        pivot = neck_m(self.eyes(), self.facing)
        return Pose(_plus(pivot, rotate(turn, NECK_IN_HEAD_M), -1.0), turn)

    def hand(self, side: str) -> Pose:
        """Where a hand is."""
        return self._hands[side]

    def shoulder(self, side: str) -> Vector:
        """Where a shoulder is, which goes with the trunk."""
        return self._beside(side, _SHOULDER_M)

    def advance(self, held: Held, ray: Vector | None, dt_s: float, depth_m: float | None = None) -> None:
        """Live for a while: `ray` is where the mouse points, a unit vector from the eyes in their own axes.

        `depth_m` is how far away along it the hand shall come; without it the hand is as far as the wheel says.
        """
        self._lean(held, dt_s)
        self._turn_head(held, dt_s)
        self._get_up_or_down(dt_s)
        if held.deepen:
            self.deepen(held.deepen * DEEPEN_MPS * dt_s / DEPTH_STEP_M)
        wanted_m = self.size * self.depth_m if depth_m is None else depth_m
        now_m = wanted_m if math.isnan(self._depth_now_m) else self._depth_now_m
        self._depth_now_m = _towards(now_m, wanted_m, DEPTH_MPS * dt_s)
        if ray is not None:
            self._move(self.active, self._reached(ray), HAND_MPS * dt_s)
            self._placed.add(self.active)
        for side in SIDES:
            if side != self.active or ray is None:
                self._leave(side, dt_s)

    def swap(self) -> None:
        """Give the mouse to the other hand; the first stays where it is."""
        self.active = other(self.active)

    def mirror(self) -> None:
        """Let the other hand mirror the active one, or no longer."""
        self.both = not self.both

    def rest(self, side: str) -> None:
        """Let a hand hang again."""
        self._placed.discard(side)

    def deepen(self, steps: float) -> None:
        """Move the hand away by steps of the wheel."""
        self.depth_m = _within(self.depth_m + steps * DEPTH_STEP_M, LEAST_DEPTH_M, MOST_DEPTH_M)

    def tilt(self, angle_deg: float) -> None:
        """Lay the head over to the right."""
        yaw, pitch, now = self.face_deg
        self.face_deg = (yaw, pitch, _within(now + angle_deg, -NECK_DEG[2], NECK_DEG[2]))
        self._returns = False

    def stand_or_sit(self) -> None:
        """Begin to sit down, or to stand up again."""
        self.sits = not self.sits
        self._rise = (self.share, 0.0)

    def of_usual_size(self) -> "Puppet":
        """The same posture of somebody of STATURE_M, as a figure shows it."""
        hands = {side: Pose(_times(pose.position_m, 1 / self.size), pose.orientation)
                 for side, pose in self._hands.items()}  # fmt: skip
        figure = replace(self, stature_m=STATURE_M)
        figure.share, figure._hands = self.share, hands
        return figure

    def look_ahead(self) -> None:
        """Let the head come back to the middle."""
        self._returns = True

    def square_up(self) -> None:
        """Turn the trunk to where keys turned the head."""
        yaw, pitch, tilt = self.face_deg
        self.facing_rad += math.radians(yaw)
        self.face_deg = (0.0, pitch, tilt)

    def frame(self, time_ns: int, held: Held, buttons: Button, focused: bool) -> Frame:
        """What devices would say of this body."""
        head, (right, up) = self.head(), map(math.radians, self.aside_deg)
        faces = times(head.orientation, from_yaw_pitch(right, up)) if right or up else head.orientation
        pressed = {self.active: (float(held.trigger), float(held.squeeze))}
        flat: list[float] = [*head.position_m, *faces]
        for side in SIDES:
            flat += [*self._hands[side].position_m, *self._hands[side].orientation]
        for side in SIDES:
            flat += pressed.get(side, (0.0, 0.0))
        v = as_float32(tuple(flat))
        return Frame(
            time_ns,
            _pose(v, 0),
            Hand(_pose(v, 7), v[21], v[22]),
            Hand(_pose(v, 14), v[23], v[24]),
            int(buttons),
            focused,
        )

    def _faces_deg(self) -> Vector:
        yaw, pitch = (_within(a + b, -most, most) for a, b, most in zip(
            self.face_deg[:2], self.glance_deg, NECK_DEG[:2], strict=True
        ))  # fmt: skip
        return (yaw, pitch - BOWS * self.bent_deg - self.bowed_deg, self.face_deg[2])

    def _lean(self, held: Held, dt_s: float) -> None:
        if held.lean_deg is not None and held.lean == NOTHING.lean:
            goal, rate = held.lean_deg, BOARD_DEG_PER_S  # a balance board says how it is, and not how it shall be
            self.lean_deg = (
                _towards(self.lean_deg[0], goal[0], rate * dt_s),
                _towards(self.lean_deg[1], goal[1], rate * dt_s),
            )
            return
        share = self.most_lean_deg / max(1.0, math.hypot(*held.lean))
        ahead, right = (
            _towards(now, share * push, LEAN_DEG_PER_S * dt_s)
            for now, push in zip(self.lean_deg, held.lean, strict=True)
        )
        self.lean_deg = (ahead, right)

    def _turn_head(self, held: Held, dt_s: float) -> None:
        rates = (held.turn * TURN_DEG_PER_S, held.nod * NOD_DEG_PER_S, held.tilt * TILT_DEG_PER_S)
        if any(rates):
            self._returns = False
        if self._returns:
            yaw, pitch, tilt = (_towards(angle, 0.0, GLANCE_DEG_PER_S * dt_s) for angle in self.face_deg)
        else:
            yaw, pitch, tilt = (
                _within(angle + rate * dt_s, -most, most)
                for angle, rate, most in zip(self.face_deg, rates, NECK_DEG, strict=True)
            )
        self.face_deg = (yaw, pitch, tilt)
        goals = held.face or (0.0, 0.0)
        most_deg, share = GLANCE_DEG_PER_S * dt_s, min(1.0, _GLANCE_RATE_PER_S * dt_s)
        right, up = (
            now + _within(share * (goal * most - now), -most_deg, most_deg)
            for now, goal, most in zip(self.glance_deg, goals, NECK_DEG[:2], strict=True)
        )
        self.glance_deg = (right, up)

    def _get_up_or_down(self, dt_s: float) -> None:
        """Go the way of a movement of minimum jerk (Flash & Hogan 1985)."""
        begun, gone_s = self._rise
        gone_s = min(RISE_S, gone_s + dt_s)
        self._rise = (begun, gone_s)
        x = gone_s / RISE_S
        goal = 0.0 if self.sits else 1.0
        self.share = begun + (goal - begun) * x**3 * (10 - 15 * x + 6 * x * x)

    def _reached(self, ray: Vector) -> Vector:
        """Where the hand comes that reaches along a ray, no further than its arm is long."""
        head = self.head()
        return self._in_reach(self.active, _plus(head.position_m, rotate(head.orientation, ray), self._depth_now_m))

    def _in_reach(self, side: str, place: Vector) -> Vector:
        shoulder, arm_m = self.shoulder(side), self.size * _ARM_M
        far_m = math.dist(place, shoulder)
        return place if far_m <= arm_m else _plus(shoulder, _plus(place, shoulder, -1.0), arm_m / far_m)

    def _move(self, side: str, goal: Vector, most_m: float) -> None:
        """Bring a hand nearer to a place, and turn it as an arm does that reaches there."""
        here = self._hands[side].position_m
        far_m = math.dist(here, goal)
        hand = goal if far_m <= most_m else _plus(here, _plus(goal, here, -1.0), most_m / far_m)
        x, y, z = _plus(hand, self._beside(side, _ELBOW_M), -1.0)
        up_rad = math.atan2(y, math.hypot(x, z)) + _GRIP_PITCH_RAD
        self._hands[side] = Pose(hand, from_yaw_pitch(math.atan2(x, -z), up_rad))

    def _leave(self, side: str, dt_s: float) -> None:
        """Let a hand that nothing moves mirror the other, stay as long as its arm reaches there, or hang."""
        most_m = HAND_MPS * dt_s
        if self.both and side != self.active:
            self._move(side, self._mirrored(self._hands[other(side)].position_m), most_m)
            self._placed.add(side)
        elif side in self._placed:
            here = self._hands[side].position_m
            goal = self._in_reach(side, here)
            if goal != here:
                self._move(side, goal, most_m)
        else:
            resting, most_m = self._resting(side), REST_MPS * dt_s
            if math.dist(self._hands[side].position_m, resting.position_m) <= most_m:
                self._hands[side] = resting
            else:
                self._move(side, resting.position_m, most_m)

    def _mirrored(self, place: Vector) -> Vector:
        """The place on the other side of the trunk."""
        eyes, turn = self.eyes(), self.facing
        x, y, z = rotate((-turn[0], -turn[1], -turn[2], turn[3]), _plus(place, eyes, -1.0))
        return _plus(eyes, rotate(turn, (-x, y, z)))

    def _resting(self, side: str) -> Pose:
        return Pose(self._beside(side, _RESTING_M), from_yaw_pitch(self.facing_rad, _GRIP_PITCH_RAD / 2))

    def _beside(self, side: str, from_eyes: Vector) -> Vector:
        """A place that goes with the trunk, given for the right side from the upright eyes of STATURE_M."""
        x, y, z = (self.size * length_m for length_m in from_eyes)
        return _plus(self.eyes(), rotate(self.facing, (x if side == "right" else -x, y, z)))


def other(side: str) -> str:
    """The other hand."""
    return SIDES[1 - SIDES.index(side)]


def _times(place: Vector, share: float) -> Vector:
    return (share * place[0], share * place[1], share * place[2])


def _plus(place: Vector, way: Vector, share: float = 1.0) -> Vector:
    return (place[0] + share * way[0], place[1] + share * way[1], place[2] + share * way[2])


def _towards(value: float, goal: float, step: float) -> float:
    return value + max(-step, min(step, goal - value))


def _within(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))


def _pose(values: tuple[float, ...], first: int) -> Pose:
    x, y, z, a, b, c, d = values[first : first + 7]
    return Pose((x, y, z), (a, b, c, d))
