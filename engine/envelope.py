"""Where a target may be: what was measured, what the preset allows and what precautions forbid, all at once.

An envelope answers three questions: how far may this movement go, how far shall the next trial ask (and
why), and may this target be shown. It never allows more than the smallest of its bounds.
"""

import math
from collections.abc import Mapping
from typing import Protocol

from msgspec.structs import replace

from engine.adaptation import Adaptation
from engine.body import (
    ARM_OF_STATURE,
    EYE_HEIGHT_OF_STATURE,
    HALF_SHOULDER_WIDTH_OF_STATURE,
    SHOULDER_BEHIND_EYES_M,
    SHOULDER_HEIGHT_OF_STATURE,
)
from engine.frame import SIDES, Vector
from engine.movements import (
    ANYBODYS_LIFT_DEG,
    ANYBODYS_NECK_DEG,
    GAZES,
    LEANS,
    LIFTS,
    MAIN_LEANS,
    MOVEMENTS,
    along_ellipse,
    gaze_movement,
    lean_movement,
)
from engine.places import from_shoulder, seen_from_shoulder
from engine.precautions import (
    LEAST_LEAN_DEG,
    LEAST_LIFT_DEG,
    LEAST_RAISE_DEG,
    LEAST_TURN_DEG,
    Cap,
    bounds_of,
    lean_cap,
    lower,
    value_of,
)
from engine.records import Calibration, Limit, Precaution, Request, Stance
from engine.workspace import SLACK_DEG, SLACK_M, longest_m, refuses_arm, refuses_look

SHARE_OF_REACH = 0.9  # Herrera 2025: targets at 90 % of the measured radius
LEAST_SHARE_OF_REACH = 0.6  # the nearest that targets are put
ARM_OF_STATURE_AT_MOST = 0.5  # shoulder to palm is 0.387 on average
ANYBODYS_LEAN_DEG = 12.0  # one and a half times the theoretical limit of stability, 8 degrees
CELL_DEG = 15.0
PATH_STEPS = 16
STOP_STEP_DEG = 5.0
LEVEL_DEG, STRETCH_DEG = 90.0, 8.0  # an arm that is level; the theoretical limit of stability ahead
COARSE = 20.0  # from here on words have no decimals
MAIN_LEANS_DEG = {name: LEANS[name] for name in MAIN_LEANS}


class Difficulty(Protocol):
    """Follows one limit and says what to ask next."""

    def next_amplitude(self) -> Request:
        """How far the next trial shall go, and why."""
        ...

    def update(self, amplitude: float, achieved: float | None, success: bool) -> None:
        """Learn from a finished trial."""
        ...

    def limit(self) -> Limit:
        """The present estimate of the limit, with its interval."""
        ...


class OutsideEnvelope(ValueError):
    """Nothing can be asked of a person here; the message says which measure or precaution is missing or in the way."""


class Envelope:
    """The bounds of one person today. `caps` are the preset's (movement to degrees).

    `floors` are the least that is asked of a movement where nothing forbids it, `rises` the most that this session may
    ask, a step beyond the one before. Bounds only ever become tighter, whatever is measured or said afterwards.
    `forbidden_leans` are what precautions forbid whatever the lean is for: a direction, the most that is allowed along
    it, and how many degrees to either side that holds: a diagonal no further than it is the nearest of the eight, so
    that it takes nothing from those beside it. `posture` is that of the visit.
    """

    def __init__(
        self,
        calibration: Calibration,
        precautions: tuple[Precaution, ...] = (),
        caps: Mapping[str, float] | None = None,
        difficulties: Mapping[str, Difficulty] | None = None,
        *,
        posture: str = "standing",
        floors: Mapping[str, float] | None = None,
        rises: Mapping[str, float] | None = None,
        adaptation: Adaptation | None = None,
    ) -> None:
        self._bounds = bounds_of(precautions, caps or {}, posture)
        self._looks = dict(self._bounds)  # answers ease what is asked of a neck, not where somebody may look
        forbidden = bounds_of(precautions, {}, posture)
        self.forbidden_leans = tuple(
            (LEANS[name], cap.value, 90.0 if name in MAIN_LEANS else 22.5)
            for name, cap in forbidden.items()
            if name in LEANS
        )
        self.posture = posture
        self._floors, self._rises = floors or {}, rises or {}
        self._adaptation = adaptation or Adaptation()
        self._asked: dict[str, float] = {}
        self._eases: list[tuple[float, str, tuple[str, ...]]] = []
        self._best: dict[str, float] = {}
        self.know(calibration, difficulties or {})

    def know(self, calibration: Calibration, difficulties: Mapping[str, Difficulty]) -> None:
        """Take in what was measured, and who follows it."""
        self.calibration, self.stance, self._difficulties = calibration, calibration.stance, difficulties
        known = self._best.keys()
        shown = {name: limit.value if limit.best is None else limit.best for name, limit in calibration.limits.items()}
        self._best = {name: most for name, most in shown.items() if 0 <= most < math.inf}
        self._shown_deg = {
            name: max(most, calibration.limits[name].value)
            for name, most in self._best.items()
            if name in LEANS and calibration.limits[name].n
        }
        for share, why, of in self._eases:
            for movement in sorted(name for name in self._best.keys() - known if name.startswith(of)):
                self._ease(movement, share, why)

    def stand(self, stance: Stance) -> None:
        """Take a new stance, in the middle of a block too: what it asks for next is asked for from there."""
        self.calibration, self.stance = replace(self.calibration, stance=stance), stance

    def ease(self, share: float, why: str, of: tuple[str, ...] = ("",)) -> None:
        """Bound every movement whose name begins with one of `of` to a share of what was asked of it last, for good.

        Where nothing was asked, to that share of its limit today; what is measured only later is eased then.
        """
        self._eases.append((share, why, of))
        for movement in self._best:
            if movement.startswith(of):
                self._ease(movement, share, why)

    @property
    def easings(self) -> int:
        """How often something that the person said made everything easier, for what is asked without a limit."""
        return len(self._eases)

    def _ease(self, movement: str, share: float, why: str) -> None:
        most, asked = self.at_most(movement).value, self._asked.get(movement)
        if asked is None:
            try:
                asked = self._difficulties[movement].limit().value
            except Exception:  # noqa: BLE001 (whoever says nothing of use is not followed)
                asked = self.calibration.limits[movement].value
        self._lower(movement, share * min(most, asked), why)  # in this order nan is none

    def may_use(self, side: str) -> bool:
        """Whether anything may be asked of a hand."""
        return f"use_of_arm_{side}" not in self._bounds

    @property
    def refuses_conflict(self) -> str:
        """Why nobody may be shown a world that goes along with their head; "" when they may."""
        bound = self._bounds.get("visual_conflict")
        return "" if bound is None else f"{MOVEMENTS['visual_conflict'].title} is not shown: {bound.why}"

    def forbid_conflict(self, why: str) -> None:
        """Show no world that goes along with the head any more, for good."""
        self._lower("visual_conflict", 0.0, why)

    def may_ask(self, movement: str) -> bool:
        """Whether a movement was measured and is left enough of to ask for it."""
        side = movement.rpartition("_")[2]
        if MOVEMENTS[movement].part.endswith("arm") and not self.may_use(side):
            return False
        try:
            most = self.at_most(movement).value
        except OutsideEnvelope:
            return False
        return most >= _least_deg(movement)

    def at_most(self, movement: str) -> Cap:
        """The cap of a movement: the smallest of what was measured, the preset's ceiling, precautions and answers.

        A diagonal lean that was not measured lies on an ellipse through those beside it. Raises OutsideEnvelope when
        the movement was never measured, so that nothing can be asked of it.
        """
        measured, bound = self._measured(movement), self._bound(movement)
        return bound if bound is not None and bound.value < measured.value else measured

    def shown_lean_deg(self, direction_deg: float) -> float | None:
        """The furthest lean that was shown in a direction, between measured ones by an ellipse; None where none was."""
        shown = self._shown_deg.get(lean_movement(direction_deg))
        if shown is None and all(name in self._shown_deg for name in _beside(direction_deg)):
            return along_ellipse(direction_deg, self._shown_deg)
        return shown

    def bound(self, movement: str) -> Cap | None:
        """What precautions, the preset and answers leave of a movement, whatever was measured; None for all of it."""
        return self._bound(movement)

    def stop_line(self, movement: str, furthest: float) -> float:
        """Where an open-ended movement has to end: `furthest`, or less where a precaution or the preset says so."""
        bound = self._bound(movement)
        return furthest if bound is None else min(furthest, bound.value)

    def stop_elevation(
        self, side: str, azimuth_deg: float, radius_m: float, lowest_deg: float, furthest_deg: float
    ) -> float:
        """How high an open reach in a direction may go, from `lowest_deg` on; `lowest_deg` where it may not begin."""
        shoulder_m, facing = self.shoulder(side), self.stance.facing_deg
        stop_deg = self.stop_line(f"shoulder_elevation_{side}", furthest_deg)
        while stop_deg > lowest_deg:
            start_m, stop_m = (
                from_shoulder(shoulder_m, facing, azimuth_deg, elevation_deg, radius_m)
                for elevation_deg in (lowest_deg, stop_deg)
            )
            if not self.refuses_path(start_m, stop_m, side):
                return stop_deg
            stop_deg -= STOP_STEP_DEG
        return lowest_deg

    def request(self, movement: str) -> Request:
        """What to ask next: the difficulty's wish, raised to the floor and then lowered to every bound.

        An open effort (`inf`) becomes the cap, for whoever cannot show a stop line. Raises OutsideEnvelope where
        nothing was measured, or where the wish is no number.
        """
        cap, wish = self.at_most(movement), self._wish(movement)
        if math.isnan(wish.amplitude) or wish.amplitude < 0:
            raise OutsideEnvelope(f"{movement}: {wish.amplitude} was wished for, so that nothing is asked")
        floor, rise = self._floors.get(movement, 0.0), self._rises.get(movement, math.inf)
        if wish.amplitude < floor:
            wish = _instead(wish, floor, "FLOOR", "the least that is asked, by the preset")
        if wish.amplitude > rise:
            percent = self._adaptation.rise_per_session_percent
            wish = _instead(wish, rise, "NEAR_BEST", f"no more than {percent:g} % beyond last time")
        if wish.amplitude > cap.value:
            code = "CALIBRATION" if wish.amplitude == math.inf else "CEILING"
            wish = _instead(wish, cap.value, code, f"no further than {cap.why}")
        self._asked[movement] = wish.amplitude
        return wish

    def centred(self, request: Request, tolerance: float) -> tuple[Request, float]:
        """A target that counts from `tolerance` before its centre: the request, and where the centre goes.

        The request is where it begins to count. The centre stays within the cap; where that brings the target
        nearer, the request says so.
        """
        cap = self.at_most(request.movement)
        centre = request.amplitude + tolerance
        if centre <= cap.value:
            return request, centre
        amplitude = round(max(0.0, cap.value - tolerance), 3)
        self._asked[request.movement] = amplitude
        why = f"the target's middle is at {_amount(cap.value, request.unit)}, {cap.why}"
        return _instead(request, amplitude, "CEILING", why), cap.value

    def learn(self, request: Request, achieved: float | None, success: bool) -> Limit | None:
        """Take in a finished trial; returns the estimate after it, None of a movement that nobody follows."""
        difficulty = self._difficulties.get(request.movement)
        if difficulty is None:
            return None
        difficulty.update(request.amplitude, achieved, success)
        return difficulty.limit()

    def shoulder(self, side: str) -> Vector:
        """The centre of a shoulder in the stance: as it was measured, else by body proportions of the stature.

        It is that of the stature and not of the headset's height, so that it is true of somebody seated, too.
        """
        known = self.calibration.shoulders.get(side)
        by_stature = shoulder_by_stature(self.calibration.stature_m.value, side)
        return from_head(self.stance, by_stature if known is None else known.centre_m)

    def arm_m(self, side: str) -> float:
        """The measured length of an arm, shoulder to palm.

        Raises OutsideEnvelope when it was not measured.
        """
        if side not in self.calibration.arm_m:
            raise OutsideEnvelope(f"the {side} arm was not measured: calibrate before a game asks for it")
        return self.calibration.arm_m[side].value

    def reach_m(self, side: str, azimuth_deg: float, elevation_deg: float) -> float:
        """How far a hand may be asked to go in a direction; 0 where it was never seen, or where precautions forbid it.

        The smallest radius of the cells around, or of an elbow that may not be straightened.
        """
        if self.refuses_way(side, azimuth_deg, elevation_deg):
            return 0.0
        return self._seen_m(side, azimuth_deg, elevation_deg)

    def place(self, side: str, azimuth_deg: float, elevation_deg: float, share: float = SHARE_OF_REACH) -> Vector:
        """A place in a direction at a share of the reach there.

        Raises OutsideEnvelope where no reach was measured, or precautions forbid it.
        """
        refusal = self.refuses_way(side, azimuth_deg, elevation_deg)
        if refusal:
            raise OutsideEnvelope(refusal)
        radius_m = min(1.0, share) * self._seen_m(side, azimuth_deg, elevation_deg)
        return from_shoulder(self.shoulder(side), self.stance.facing_deg, azimuth_deg, elevation_deg, radius_m)

    def refuses_target(self, place_m: Vector, hand: str) -> str:
        """Why a target may not be there ("" when it may), for a hand or for either."""
        sides = SIDES if hand == "either" else (hand,)
        refusals = [self._refuses(place_m, side) for side in sides]
        return "" if "" in refusals else refusals[0]

    def refuses_path(self, start_m: Vector, stop_m: Vector, hand: str) -> str:
        """Why no hand may be invited along a line ("" when it may): every place on it has to be allowed.

        Only precautions, the preset and the length of an arm bound it, not what was measured. Eyes need not follow the
        hand from where it rests, but see where it shall go.
        """
        (ax, ay, az), (bx, by, bz) = start_m, stop_m
        shares = [step / PATH_STEPS for step in range(PATH_STEPS + 1)]
        places_m = [(ax + s * (bx - ax), ay + s * (by - ay), az + s * (bz - az)) for s in shares]
        for side in SIDES if hand == "either" else (hand,):
            for place_m in places_m:
                refusal = self._refuses_open(place_m, side)
                if refusal:
                    return refusal
        return self._refuses_look(stop_m)

    def refuses_stretch(self, hand: str) -> str:
        """Why nobody may be asked to reach ahead over their feet with a level arm; "" when they may.

        It goes to the limit of stability, where they find it themselves: there has to be room for it.
        """
        if not self.may_use(hand):
            return self._bounds[f"use_of_arm_{hand}"].why
        raised, lean = self._bounds.get(f"shoulder_elevation_{hand}"), lean_cap(0.0, self._bounds)
        if raised is not None and raised.value < LEVEL_DEG:
            return f"a level arm is raised {LEVEL_DEG:.0f}°, beyond {raised.value:.0f}°, {raised.why}"
        if lean is not None and lean.value < STRETCH_DEG - SLACK_DEG:
            return f"reaching over the feet leans {STRETCH_DEG:.0f}° ahead, beyond {lean.value:.1f}°, {lean.why}"
        return ""

    def refuses_lean(self, direction_deg: float, angle_deg: float, open_ended: bool = False) -> str:
        """Why a lean may not be asked for ("" when it may); an open one need not have been measured."""
        if not math.isfinite(direction_deg):
            return f"a lean towards {direction_deg}° has no direction"
        movement = lean_movement(direction_deg)
        bound = lean_cap(direction_deg, self._bounds) or Cap(math.inf, "deg", "")
        try:
            measured = Cap(ANYBODYS_LEAN_DEG, "deg", "the most for anybody") if open_ended else self._measured(movement)
        except OutsideEnvelope as reason:
            return str(reason)
        cap = min(measured, bound, key=value_of)
        if 0 <= angle_deg <= cap.value + SLACK_DEG:
            return ""
        if angle_deg < 0:
            return f"a lean of {angle_deg:.1f}° is none: turn its direction instead of its sign"
        return f"a lean of {angle_deg:.1f}°, {MOVEMENTS[movement].title}, is beyond {cap.value:.1f}°, {cap.why}"

    def refuses_gaze(self, turn_deg: Vector, open_ended: bool = False) -> str:
        """Why a face may not be asked to turn, to be raised and to be laid over so far ("" when it may).

        What is between two movements lies on an ellipse through the caps of both. An open one need not have been
        measured.
        """
        squared = 0.0
        for axis, value in enumerate(turn_deg):
            if not math.isfinite(value):
                return f"a turn of the head by {value}° has no direction"
            if value == 0:
                continue
            movement = gaze_movement(axis, value)
            try:
                cap = self._open_neck(movement) if open_ended else self.at_most(movement)
            except OutsideEnvelope as reason:
                return str(reason)
            if abs(value) > cap.value + SLACK_DEG:
                return f"{abs(value):.0f}° of {MOVEMENTS[movement].title} is beyond {cap.value:.0f}°, {cap.why}"
            squared += (value / (cap.value + SLACK_DEG)) ** 2
        if squared > 1 + 1e-9:
            turned, raised, tilted = turn_deg
            return f"a head turned {turned:.0f}°, raised {raised:.0f}° and tilted {tilted:.0f}° at once goes too far"
        return ""

    def refuses_lift(self, movement: str, angle_deg: float, open_ended: bool = False) -> str:
        """Why a leg may not be asked to be lifted so far ("" when it may); an open lift need not have been measured."""
        try:
            anybody = Cap(ANYBODYS_LIFT_DEG[movement.rpartition("_")[0]], "deg", "the most for anybody")
            bound = min(anybody, self._bounds.get(movement, anybody), key=value_of)
            cap = bound if open_ended else min(bound, self.at_most(movement), key=value_of)
        except OutsideEnvelope as reason:
            return str(reason)
        if 0 <= angle_deg <= cap.value + SLACK_DEG:
            return ""
        return f"{angle_deg:.0f}° of {MOVEMENTS[movement].title} is beyond {cap.value:.0f}°, {cap.why}"

    def _open_neck(self, movement: str) -> Cap:
        furthest = next(most for name, most in ANYBODYS_NECK_DEG.items() if movement.startswith(name))
        anybody = Cap(furthest, "deg", "the most for anybody")
        return min(anybody, self._bounds.get(movement, anybody), key=value_of)

    def _lower(self, movement: str, value: float, why: str) -> None:
        lower(self._bounds, movement, Cap(value, MOVEMENTS[movement].unit, why))

    def _bound(self, movement: str) -> Cap | None:
        return lean_cap(LEANS[movement], self._bounds) if movement in LEANS else self._bounds.get(movement)

    def _measured(self, movement: str) -> Cap:
        if movement in self._best:
            unit = self.calibration.limits[movement].unit
            return Cap(self._best[movement], unit, "the furthest that was measured")
        if movement in LEANS and all(main in self._best for main in _beside(LEANS[movement])):
            most = along_ellipse(LEANS[movement], {main: self._best[main] for main in MAIN_LEANS if main in self._best})
            return Cap(most, "deg", "an ellipse through the furthest that were measured")
        raise OutsideEnvelope(f"{MOVEMENTS[movement].title} was not measured: calibrate before a game asks for it")

    def _wish(self, movement: str) -> Request:
        """What the difficulty asks for; of a diagonal lean that nobody follows, what it asks for beside it."""
        if movement in self._difficulties:
            return self._next(movement)
        between = _beside(LEANS[movement]) if movement in LEANS else [movement]
        if any(name not in self._difficulties for name in between):
            raise OutsideEnvelope(f"nothing follows {movement}: calibrate before a game asks for it")
        most = along_ellipse(LEANS[movement], {name: self._next(name).amplitude for name in between})
        titles = " and ".join(MOVEMENTS[name].title for name in between)
        reason = f"{_amount(most, 'deg')}: between what is asked {titles}"
        return Request(movement, round(most, 3), "deg", "UNSURE", reason)

    def _next(self, movement: str) -> Request:
        try:
            return self._difficulties[movement].next_amplitude()
        except Exception as fault:
            raise OutsideEnvelope(f"{movement}: nobody knows how far to ask for it, because of {fault!r}") from fault

    def _seen_m(self, side: str, azimuth_deg: float, elevation_deg: float) -> float:
        around = [
            cell.radius_m
            for cell in self.calibration.reach.get(side, ())
            if abs(cell.azimuth_deg - azimuth_deg) <= CELL_DEG and abs(cell.elevation_deg - elevation_deg) <= CELL_DEG
        ]
        return min([*around, longest_m(self._bounds, side, self._arm_m(side))]) if around else 0.0

    def _arm_m(self, side: str) -> float:
        """The length of an arm, as it was measured or else by proportions (Drillis & Contini 1966)."""
        known = self.calibration.arm_m.get(side)
        return ARM_OF_STATURE * self.calibration.stature_m.value if known is None else known.value

    def refuses_way(self, side: str, azimuth_deg: float, elevation_deg: float) -> str:
        """Why a hand may not be asked into a direction, at any distance that targets have."""
        seen_m = self._seen_m(side, azimuth_deg, elevation_deg)
        if seen_m == 0:
            return (
                f"the {side} hand was never seen {azimuth_deg:.0f}° across and {elevation_deg:.0f}° up:"
                " calibrate its reach"
            )
        shoulder_m, facing = self.shoulder(side), self.stance.facing_deg
        for share in (LEAST_SHARE_OF_REACH, 1.0):
            place_m = from_shoulder(shoulder_m, facing, azimuth_deg, elevation_deg, share * seen_m)
            refusal = self._refuses_joints(place_m, side) or self._refuses_look(place_m)
            if refusal:
                return refusal
        return ""

    def _refuses(self, place_m: Vector, side: str) -> str:
        azimuth, elevation, radius_m = seen_from_shoulder(self.shoulder(side), self.stance.facing_deg, place_m)
        movement = f"shoulder_elevation_{side}"
        try:
            cap = self.at_most(movement)
        except OutsideEnvelope as reason:
            return str(reason)
        if elevation > cap.value + SLACK_DEG:
            return f"{elevation:.1f}° of {MOVEMENTS[movement].title} is beyond {cap.value:.1f}°, {cap.why}"
        refusal = self._refuses_joints(place_m, side) or self._refuses_look(place_m)
        if refusal:
            return refusal
        seen_m = self._seen_m(side, azimuth, elevation)
        if not radius_m <= seen_m + SLACK_M:  # also where a place is not a number
            return f"{radius_m:.2f} m from the {side} shoulder is beyond the {seen_m:.2f} m measured there"
        return ""

    def _refuses_open(self, place_m: Vector, side: str) -> str:
        _, elevation, radius_m = seen_from_shoulder(self.shoulder(side), self.stance.facing_deg, place_m)
        longest_m = ARM_OF_STATURE_AT_MOST * self.calibration.stature_m.value
        if not radius_m <= longest_m:
            return f"an open reach of {radius_m:.2f} m is longer than an arm of this person can be, {longest_m:.2f} m"
        movement = f"shoulder_elevation_{side}"
        cap = self._bounds.get(movement)
        if cap is not None and elevation > cap.value + SLACK_DEG:
            return (
                f"a stop line at {elevation:.1f}° of {MOVEMENTS[movement].title} is beyond {cap.value:.1f}, {cap.why}"
            )
        return self._refuses_joints(place_m, side)

    def _refuses_joints(self, place_m: Vector, side: str) -> str:
        azimuth, elevation, radius_m = seen_from_shoulder(self.shoulder(side), self.stance.facing_deg, place_m)
        right, up, behind = from_shoulder((0.0, 0.0, 0.0), 0.0, azimuth, elevation, radius_m)
        outward = right if side == "right" else -right
        return refuses_arm(self._bounds, side, (outward, up, -behind), self._arm_m(side))

    def _refuses_look(self, place_m: Vector) -> str:
        return refuses_look(self._looks, self.stance.head_m, self.stance.facing_deg, place_m)


def shoulder_by_stature(stature_m: float, side: str) -> Vector:
    """The centre of a shoulder by body proportions (Drillis & Contini 1966): metres right, up and ahead of the head."""
    sideways = HALF_SHOULDER_WIDTH_OF_STATURE * stature_m * (1 if side == "right" else -1)
    return (sideways, (SHOULDER_HEIGHT_OF_STATURE - EYE_HEIGHT_OF_STATURE) * stature_m, -SHOULDER_BEHIND_EYES_M)


def from_head(stance: Stance, place_m: Vector) -> Vector:
    """In space, a place given in metres right, up and ahead of the neutral head."""
    (x, y, z), (right, up, ahead) = stance.head_m, place_m
    facing = math.radians(stance.facing_deg)
    return (
        x + right * math.cos(facing) + ahead * math.sin(facing),
        y + up,
        z + right * math.sin(facing) - ahead * math.cos(facing),
    )


def _least_deg(movement: str) -> float:
    """The least of a movement that is worth asking for."""
    if movement in LEANS:
        return LEAST_LEAN_DEG
    return LEAST_TURN_DEG if movement in GAZES else LEAST_LIFT_DEG if movement in LIFTS else LEAST_RAISE_DEG


def _beside(direction_deg: float) -> list[str]:
    """The main directions that a lean is between: one for itself, else two."""
    return [name for name, at in MAIN_LEANS_DEG.items() if abs((direction_deg - at + 180) % 360 - 180) < 90 - 1e-6]


def _instead(request: Request, value: float, code: str, why: str) -> Request:
    return Request(request.movement, value, request.unit, code, f"{_amount(value, request.unit)}: {why}")


def _amount(value: float, unit: str) -> str:
    return f"{value:.{0 if value >= COARSE else 1}f}{'°' if unit == 'deg' else f' {unit}'}"
