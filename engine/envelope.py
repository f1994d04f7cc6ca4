"""Where a target may be: what was measured, what the preset allows and what precautions forbid, all at once.

An envelope answers three questions: how far may this movement go, how far shall the next trial ask (and
why), and may this target be shown. It never allows more than the smallest of its bounds.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from engine.body import (
    EYE_HEIGHT_OF_STATURE,
    HALF_SHOULDER_WIDTH_OF_STATURE,
    SHOULDER_BEHIND_EYES_M,
    SHOULDER_HEIGHT_OF_STATURE,
)
from engine.frame import SIDES, Vector
from engine.places import from_shoulder, seen_from_shoulder
from engine.records import Calibration, Limit, Precaution, Request, Stance

SHARE_OF_REACH = 0.9  # Herrera 2025: targets at 90 % of the measured radius
CELL_DEG = 15.0
SLACK_DEG, SLACK_M = 0.01, 1e-4
LARGEST_DEG = 180.0


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


class Cap(NamedTuple):
    """The largest value a movement may have, and which bound says so."""

    value: float
    unit: str
    why: str


class OutsideEnvelope(ValueError):
    """Nothing can be asked of a person here; the message says which measure or precaution is missing or in the way."""


class Envelope:
    """The bounds of one person today. `caps` are the preset's (movement to degrees)."""

    def __init__(
        self,
        calibration: Calibration,
        precautions: tuple[Precaution, ...] = (),
        caps: Mapping[str, float] | None = None,
        difficulties: Mapping[str, Difficulty] | None = None,
    ) -> None:
        self.calibration = calibration
        self.stance = calibration.stance
        self._difficulties = difficulties or {}
        self._bounds = _bounds(calibration, precautions, caps or {})
        self._best = {name: limit.best or limit.value for name, limit in calibration.limits.items()}

    def at_most(self, movement: str) -> Cap:
        """The cap of a movement.

        Raises OutsideEnvelope when the movement was never measured, so that nothing can be asked of it.
        """
        if movement not in self._best:
            raise OutsideEnvelope(f"{movement} was not measured: calibrate before a game asks for it")
        unit = self.calibration.limits[movement].unit
        measured = Cap(self._best[movement], unit, "the furthest that was measured")
        caps: list[Cap] = [measured, *self._bounds.get(movement, ())]
        return min(caps, key=_value)

    def stop_line(self, movement: str, furthest: float) -> float:
        """Where an open-ended movement has to end: `furthest`, or less where a precaution or the preset says so."""
        return min([furthest, *(cap.value for cap in self._bounds.get(movement, ()))])

    def request(self, movement: str) -> Request:
        """What to ask next: the difficulty's wish, lowered to the cap where it lies beyond."""
        cap = self.at_most(movement)
        wish = self._difficulties[movement].next_amplitude()
        if wish.amplitude <= cap.value:
            return wish
        reason = f"{cap.value:.0f} {cap.unit}: no further than {cap.why}"
        return Request(movement, cap.value, cap.unit, "CEILING", reason)

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
        reason = f"{amplitude:.0f} {cap.unit}: the target's middle is at {cap.value:.0f}, {cap.why}"
        return Request(request.movement, amplitude, request.unit, "CEILING", reason), cap.value

    def learn(self, request: Request, achieved: float | None, success: bool) -> Limit:
        """Take in a finished trial; returns the estimate after it."""
        difficulty = self._difficulties[request.movement]
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
        """How far a hand reaches in a direction: the smallest radius of the cells around; 0 where none was."""
        around = [
            cell.radius_m
            for cell in self.calibration.reach.get(side, ())
            if abs(cell.azimuth_deg - azimuth_deg) <= CELL_DEG and abs(cell.elevation_deg - elevation_deg) <= CELL_DEG
        ]
        return min(around, default=0.0)

    def place(self, side: str, azimuth_deg: float, elevation_deg: float, share: float = SHARE_OF_REACH) -> Vector:
        """A place in a direction at a share of the reach there.

        Raises OutsideEnvelope where no reach was measured.
        """
        reach_m = self.reach_m(side, azimuth_deg, elevation_deg)
        if reach_m == 0:
            raise OutsideEnvelope(
                f"the {side} hand was never seen {azimuth_deg:.0f}° across and {elevation_deg:.0f}° up:"
                " calibrate its reach"
            )
        radius_m = min(1.0, share) * reach_m
        return from_shoulder(self.shoulder(side), self.stance.facing_deg, azimuth_deg, elevation_deg, radius_m)

    def refuses_target(self, place_m: Vector, hand: str) -> str:
        """Why a target may not be there ("" when it may), for a hand or for either."""
        sides = SIDES if hand == "either" else (hand,)
        refusals = [self._refuses(place_m, side) for side in sides]
        return "" if "" in refusals else refusals[0]

    def refuses_stop_line(self, movement: str, value: float) -> str:
        """Why an open-ended movement may not be invited as far as this: only precautions and the preset bound it."""
        cap = min(self._bounds.get(movement, ()), key=_value, default=None)
        if cap is None or value <= cap.value + SLACK_DEG:
            return ""
        return f"a stop line at {value:.1f} of {movement} is beyond {cap.value:.1f}, {cap.why}"

    def refuses_lean(self, direction_deg: float, angle_deg: float) -> str:
        """Why a lean may not be asked for ("" when it may)."""
        movement = lean_movement(direction_deg)
        try:
            cap = self.at_most(movement)
        except OutsideEnvelope as reason:
            return str(reason)
        if 0 <= angle_deg <= cap.value + SLACK_DEG:
            return ""
        if angle_deg < 0:
            return f"a lean of {angle_deg:.1f}° is none: turn its direction instead of its sign"
        return f"a lean of {angle_deg:.1f}° {movement} is beyond {cap.value:.1f}°, {cap.why}"

    def _refuses(self, place_m: Vector, side: str) -> str:
        azimuth, elevation, radius_m = seen_from_shoulder(self.shoulder(side), self.stance.facing_deg, place_m)
        movement = f"shoulder_elevation_{side}"
        try:
            cap = self.at_most(movement)
        except OutsideEnvelope as reason:
            return str(reason)
        if elevation > cap.value + SLACK_DEG:
            return f"{elevation:.1f}° of {movement} is beyond {cap.value:.1f}°, {cap.why}"
        reach_m = self.reach_m(side, azimuth, elevation)
        if not radius_m <= reach_m + SLACK_M:  # also where a place is not a number
            return f"{radius_m:.2f} m from the {side} shoulder is beyond the {reach_m:.2f} m measured there"
        return ""


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


class UnknownBound(ValueError):
    """A ceiling or precaution that would bound nothing: it names no movement, or no degrees; the message says which."""


LEANS = {"lean_forward": 0.0, "lean_right": 90.0, "lean_back": 180.0, "lean_left": 270.0}


MOVEMENTS = (*(f"shoulder_elevation_{side}" for side in SIDES), *LEANS)
"""Every movement that can be measured, asked for and bounded, in degrees."""


def check_bound(movement: str, at_most: float, unit: str, source: str) -> None:
    """Raise UnknownBound for a bound that would silently bound nothing."""
    if movement not in MOVEMENTS:
        raise UnknownBound(f"{source}: there is no movement {movement!r}; the movements are {', '.join(MOVEMENTS)}")
    if unit != "deg" or not 0 < at_most <= LARGEST_DEG:
        raise UnknownBound(f"{source}: {movement} = {at_most} {unit} must be above 0 and at most {LARGEST_DEG:.0f} deg")


def lean_movement(direction_deg: float) -> str:
    """The name of the limit for a lean direction, the nearest of forward, right, back and left."""
    return list(LEANS)[round(direction_deg % 360 / 90) % 4]


def _value(cap: Cap) -> float:
    return cap.value


def _bounds(
    calibration: Calibration, precautions: tuple[Precaution, ...], caps: Mapping[str, float]
) -> dict[str, list[Cap]]:
    bounds: dict[str, list[Cap]] = {}
    for movement, value in caps.items():
        unit = calibration.limits[movement].unit if movement in calibration.limits else "deg"
        bounds.setdefault(movement, []).append(Cap(value, unit, "the preset's ceiling"))
    for precaution in precautions:
        why = f"the precaution of {precaution.by}: {precaution.reason}"
        bounds.setdefault(precaution.movement, []).append(Cap(precaution.at_most, precaution.unit, why))
    return bounds
