"""What a session asked of somebody, looked at from outside with geometry of its own.

Nothing of the envelope is used: places become angles by scalar products, and the bounds come from the record alone.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from engine.body import (
    EYE_HEIGHT_OF_STATURE,
    HALF_SHOULDER_WIDTH_OF_STATURE,
    SHOULDER_BEHIND_EYES_M,
    SHOULDER_HEIGHT_OF_STATURE,
)
from engine.frame import SIDES, Frame, Pose, Vector, yaw_rad
from engine.movements import ANYBODYS_LIFT_DEG, GAZES, LEANS
from engine.plan import Plan
from engine.records import Calibration, Session, Stance
from engine.scene import Bend, Follow, Gaze, Item, Lean, Lift, Reach, Rise, Scene, Target

SLACK_DEG, SLACK_M, ROUNDED_S = 0.1, 0.005, 1e-3
MOST_ARM_OF_STATURE, MOST_LEAN_DEG = 0.5, 12.0
STEP_DEG = 15.0
EYES_DEG, GRID_DEG, STRAIGHT_BACK_DEG = 20.0, 2.0, 180.0
BENDS = ("trunk_flexion", "hip_flexion_left", "hip_flexion_right")
LOOKS = ("neck_rotation_left", "neck_rotation_right", "neck_flexion", "neck_extension")
_MAIN = {"lean_forward": (1, 0), "lean_right": (0, 1), "lean_back": (-1, 0), "lean_left": (0, -1)}
Asked = Target | Reach | Follow | Lean | Gaze | Rise | Lift | Bend


class Onlooker:
    """Keeps once each thing that was asked, whatever it looked like meanwhile, with when it was first and last shown.

    `heads` are where the head was, and when, in seconds.
    """

    def __init__(self) -> None:
        self.asked: dict[Asked, tuple[float, float]] = {}
        self.heads: list[tuple[float, Pose]] = []
        self._before: tuple[object, ...] = ()

    def see(self, frame: Frame, scene: Scene) -> None:
        """Look at a scene."""
        now_s = frame.time_ns * 1e-9
        self.heads.append((now_s, frame.head))
        if scene.items is self._before:
            return
        self._before = scene.items
        for item in (plain for item in scene.items if (plain := _plain(item)) is not None):
            self.asked[item] = (self.asked.get(item, (now_s, now_s))[0], now_s)


def _plain(item: Item) -> Asked | None:
    """What an item asks for, without what it looks like meanwhile; None where it asks for nothing."""
    if isinstance(item, Target):
        return item._replace(key="", fill=0.0, state="")
    if isinstance(item, Follow):
        return item._replace(key="", reached=0.0, pace=0.0, fill=0.0, state="")
    if isinstance(item, Lean):
        return item._replace(key="", fill=0.0, now_deg=(0.0, 0.0))
    if isinstance(item, Gaze):
        return item._replace(key="", fill=0.0, now_deg=(0.0, 0.0, 0.0), state="")
    if isinstance(item, Rise):
        return item._replace(key="", fill=0.0, share=0.0)
    if isinstance(item, Bend):
        return item._replace(key="", fill=0.0, share=0.0, goal="", state="")
    if isinstance(item, Lift):
        return item._replace(key="", fill=0.0, now_deg=0.0, state="", device="")
    return item._replace(key="", reached=0.0) if isinstance(item, Reach) else None


def beyond(done: Session, plan: Plan, seen: Onlooker) -> list[str]:
    """Everything that was asked beyond what was measured, prescribed and allowed, in words."""
    if done.calibration is None:
        return [f"{item} was asked of somebody of whom nothing was measured" for item in seen.asked]
    standing_m = max(stance.head_m[1] for _, stance in stances(done, seen))
    return [
        why
        for item, stance, measured in sorted(_by_stance(done, seen), key=repr)
        for why in _Bounds(done.calibration, plan, stance, measured).refuse(item, standing_m)
    ]


def stances(done: Session, seen: Onlooker) -> list[tuple[float, Stance]]:
    """How the person stood or sat from when on: in the first frame, in each that was a new middle, and as measured."""
    standing = [block.trials[-1] for block in done.blocks if block.task == "standing" and block.trials]
    taken_s = [(event.at_s, event.at_s) for event in done.events if event.name == "recentred"]
    taken_s += [(trial.start_s, trial.end_s) for trial in standing]
    if not taken_s and done.calibration:
        return [(0.0, done.calibration.stance)]
    return [(to_s, _stood(seen.heads, from_s, to_s)) for from_s, to_s in [(0.0, 0.0), *sorted(taken_s)]]


def _stood(heads: Sequence[tuple[float, Pose]], from_s: float, to_s: float) -> Stance:
    """How somebody stood from one time to another, in the mean."""
    within = [head for at_s, head in heads if from_s - ROUNDED_S <= at_s <= to_s + ROUNDED_S]
    x, y, z = np.mean([head.position_m for head in within], axis=0).tolist()
    return Stance((x, y, z), math.degrees(float(np.mean([yaw_rad(head.orientation) for head in within]))))


def _by_stance(done: Session, seen: Onlooker) -> set[tuple[Asked, Stance, bool]]:
    """Everything that was asked, with how the person was when it was asked first, and when it was asked last.

    The last says whether all was measured by then.
    """
    found = stances(done, seen)
    measured_s = max((block.end_s for block in done.blocks if block.kind == "calibrate"), default=0.0)
    return {
        (item, [stance for from_s, stance in found if from_s <= at_s + ROUNDED_S][-1], at_s >= measured_s)
        for item, times_s in seen.asked.items()
        for at_s in times_s
    }


def directions(done: Session, seen: Onlooker) -> set[tuple[str, int, int]]:
    """The directions that were asked for: of hands as seen by the eyes, of leans and of the face, in steps of 15°."""
    found = set[tuple[str, int, int]]()
    for item, stance, _ in _by_stance(done, seen):
        if isinstance(item, Target):
            found.add(_of_hand(item.place_m, stance))
        elif isinstance(item, Follow):
            found.update(_of_hand(place_m, stance) for place_m in item.points_m)
        elif isinstance(item, Lean):
            found.add(("lean", _step(math.radians(item.direction_deg)), 0))
        elif isinstance(item, Gaze):
            turned = math.atan2(item.yaw_deg, item.pitch_deg) if item.yaw_deg or item.pitch_deg else 0.0
            found.add(("face", _step(turned), round(math.copysign(1, item.tilt_deg)) if item.tilt_deg else 0))
        elif isinstance(item, Rise | Bend):
            found.add(("rise" if isinstance(item, Rise) else "bend", 0, 0))
        elif isinstance(item, Lift):
            found.add((item.movement, 0, 0))
    return found


def _of_hand(place_m: Vector, stance: Stance) -> tuple[str, int, int]:
    x, y, z = (p - h for p, h in zip(place_m, stance.head_m, strict=True))
    return ("hand", _step(math.atan2(x, -z)), _step(math.atan2(y, math.hypot(x, z))))


def _step(angle_rad: float) -> int:
    return round(math.degrees(angle_rad) / STEP_DEG)


class _Bounds:
    def __init__(self, calibration: Calibration, plan: Plan, stance: Stance, measured: bool) -> None:
        self._known, self._stance, self._stature_m = calibration, stance, calibration.stature_m.value
        self._shoulders = calibration.shoulders if measured else {}
        self._caps = dict(plan.caps)
        for precaution in plan.precautions:
            name = precaution.movement
            self._caps[name] = min(precaution.at_most, self._caps.get(name, math.inf))
        shown = calibration.limits.items()
        self._most = {name: limit.value if limit.best is None else limit.best for name, limit in shown}

    def refuse(self, item: Asked, standing_m: float) -> Iterator[str]:
        if isinstance(item, Target | Follow):
            hands = SIDES if item.hand == "either" else (item.hand,)
            for place_m in (item.place_m,) if isinstance(item, Target) else item.points_m:
                whys = [self._hand(place_m, side, open_ended=False) for side in hands]
                yield from [] if "" in whys else whys[:1]
        elif isinstance(item, Reach):
            yield from filter(None, [self._hand(item.stop_m, item.hand, open_ended=True)])
        elif isinstance(item, Lean):
            yield from self._lean(item)
        elif isinstance(item, Gaze):
            yield from self._gaze(item)
        elif isinstance(item, Bend):
            yield from self._bend(item)
        elif isinstance(item, Lift):
            yield from self._lift(item)
        elif item.high_m > standing_m + 0.01:
            yield f"to rise to {item.high_m:.2f} m, above {standing_m:.2f} m"
        elif item.lean_deg > self._caps.get("lean_forward", MOST_LEAN_DEG * 3) + SLACK_DEG:
            yield f"to lean forward by {item.lean_deg:.1f}° over the toes"

    def _hand(self, place_m: Vector, side: str, *, open_ended: bool) -> str:
        if f"use_of_arm_{side}" in self._caps:
            return f"the {side} hand, which may not be used"
        line = [p - s for p, s in zip(place_m, self._shoulder(side), strict=True)]
        far_m = math.hypot(*line)
        raised_deg = math.degrees(math.acos(max(-1.0, min(1.0, -line[1] / far_m))))
        name = f"shoulder_elevation_{side}"
        most_deg = min(self._caps.get(name, math.inf), math.inf if open_ended else self._most.get(name, 0.0))
        arm = self._known.arm_m.get(side)
        longest_m = arm.high if arm and not open_ended else MOST_ARM_OF_STATURE * self._stature_m
        if raised_deg > most_deg + SLACK_DEG:
            return f"the {side} arm to {raised_deg:.1f}°, beyond {most_deg:.1f}°"
        if far_m > longest_m + SLACK_M:
            return f"the {side} hand to {far_m:.3f} m, beyond {longest_m:.3f} m"
        return self._looked(place_m)

    def _looked(self, place_m: Vector) -> str:
        """Whether no turn of a neck that is bounded, tried out one after the other, brings a place before the eyes."""
        caps = [self._caps.get(name, STRAIGHT_BACK_DEG) for name in LOOKS]
        if min(caps) == STRAIGHT_BACK_DEG:
            return ""
        way = self._in_front(tuple(p - h for p, h in zip(place_m, self._stance.head_m, strict=True)))
        left, right, down, up = (min(cap, most) for cap, most in zip(caps, (180.0, 180.0, 90.0, 90.0), strict=True))
        turns, nods = np.radians(np.linspace(-left, right, 91)), np.radians(np.linspace(-down, up, 91))[:, None]
        x, y, z = np.array(way) / math.hypot(*way)
        seen = np.sin(nods) * y + np.cos(nods) * (np.sin(turns) * x - np.cos(turns) * z)
        off_deg = math.degrees(math.acos(min(1.0, float(seen.max()))))
        return f"to look {off_deg:.0f}° past where the face may turn" if off_deg > EYES_DEG + GRID_DEG else ""

    def _lean(self, item: Lean) -> Iterator[str]:
        name = min(LEANS, key=lambda lean: abs((LEANS[lean] - item.direction_deg + 180) % 360 - 180))
        ahead, right = math.cos(math.radians(item.direction_deg)), math.sin(math.radians(item.direction_deg))
        most = MOST_LEAN_DEG
        if not item.open_ended:
            most = self._most[name] if name in self._most else _ellipse(ahead, right, self._most)
        most = min(most, _ellipse(ahead, right, self._caps), self._caps.get(name, math.inf))
        if item.angle_deg > most + SLACK_DEG:
            yield f"to lean {item.angle_deg:.2f}° towards {item.direction_deg:.0f}°, beyond {most:.2f}°"

    def _gaze(self, item: Gaze) -> Iterator[str]:
        squared = 0.0
        for axis, value in enumerate((item.yaw_deg, item.pitch_deg, item.tilt_deg)):
            if value:
                name = next(name for name, way in GAZES.items() if way[axis] * value > 0)
                most = self._caps.get(name, math.inf)
                most = most if item.open_ended else min(most, self._most.get(name, 0.0))
                squared += (value / (most + SLACK_DEG)) ** 2
        if squared > 1 + 1e-6:
            yield f"to turn the head to {item.yaw_deg:.0f}°, {item.pitch_deg:.0f}°, {item.tilt_deg:.0f}°"

    def _bend(self, item: Bend) -> Iterator[str]:
        """Whether a hand that hangs from a trunk bent as far as it may, knees straight, is far from a shelf."""
        most_deg = min([self._caps.get(name, 180.0) for name in BENDS])
        if most_deg < 90.0:
            low = 0.143 + 0.288 * math.cos(math.radians(most_deg + 5.0))  # of the stature: hips, trunk and arm
            if item.place_m[1] < low * self._stature_m - 0.1:
                yield f"to bend to {item.place_m[1]:.2f} m with a trunk that may bend by {most_deg:.0f}°"

    def _lift(self, item: Lift) -> Iterator[str]:
        stem, _, side = item.movement.rpartition("_")
        most = ANYBODYS_LIFT_DEG[stem] if item.open_ended else self._most.get(item.movement, 0.0)
        most = min(most, self._caps.get(item.movement, math.inf))
        if stem == "thigh_raise":
            most = min(most, self._caps.get(f"hip_flexion_{side}", math.inf) - 90.0)
        if item.angle_deg > most + SLACK_DEG:
            yield f"to lift {item.movement} to {item.angle_deg:.1f}°, beyond {most:.1f}°"

    def _shoulder(self, side: str) -> Vector:
        """Where a shoulder is, by the proportions of a body while it was not measured yet."""
        sign = 1 if side == "right" else -1
        right, up, ahead = (
            sign * HALF_SHOULDER_WIDTH_OF_STATURE * self._stature_m,
            (SHOULDER_HEIGHT_OF_STATURE - EYE_HEIGHT_OF_STATURE) * self._stature_m,
            -SHOULDER_BEHIND_EYES_M,
        )
        if side in self._shoulders:
            right, up, ahead = self._shoulders[side].centre_m
        turned = math.radians(self._stance.facing_deg)
        x, y, z = self._stance.head_m
        return (
            x + right * math.cos(turned) + ahead * math.sin(turned),
            y + up,
            z + right * math.sin(turned) - ahead * math.cos(turned),
        )

    def _in_front(self, line: tuple[float, ...]) -> Vector:
        turned = math.radians(self._stance.facing_deg)
        x, y, z = line
        return (
            x * math.cos(turned) + z * math.sin(turned), y, z * math.cos(turned) - x * math.sin(turned)
        )  # fmt: skip


def _ellipse(ahead: float, right: float, by_main: Mapping[str, float]) -> float:
    """How far a lean may go in a direction between main ones, by an ellipse; those that are missing bound nothing."""
    squared = 0.0
    for name, (along, across) in _MAIN.items():
        share = ahead * along + right * across
        if share > 1e-9 and name in by_main:
            squared += (share / max(by_main[name], 1e-9)) ** 2
    return 1 / math.sqrt(squared) if squared else math.inf
