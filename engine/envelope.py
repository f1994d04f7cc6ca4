"""Where a target may be: what was measured, what the preset allows and what precautions forbid, all at once.

An envelope answers three questions: how far may this movement go (`engine.limits`), how far shall the next trial ask
and why (`engine.asking`), and may this target be shown. It never allows more than the smallest of its bounds.
"""

import math

from engine.asking import Asking
from engine.body import ARM_OF_STATURE, shoulder_by_stature
from engine.frame import SIDES, Vector
from engine.limits import OutsideEnvelope
from engine.movements import ANYBODYS_LIFT_DEG, ANYBODYS_NECK_DEG, MOVEMENTS, gaze_movement, lean_movement
from engine.places import from_head, from_shoulder, seen_from_shoulder
from engine.precautions import Cap, lean_cap, value_of
from engine.workspace import SLACK_DEG, SLACK_M, longest_m, refuses_arm, refuses_look

SHARE_OF_REACH = 0.9  # Herrera 2025: targets at 90 % of the measured radius
LEAST_SHARE_OF_REACH = 0.6  # the nearest that targets are put
ARM_OF_STATURE_AT_MOST = 0.5  # shoulder to palm is 0.387 on average
ANYBODYS_LEAN_DEG = 12.0  # one and a half times the theoretical limit of stability, 8 degrees
CELL_DEG = 15.0
PATH_STEPS = 16
STOP_STEP_DEG = 5.0
LEVEL_DEG, STRETCH_DEG = 90.0, 8.0  # an arm that is level; the theoretical limit of stability ahead


class Envelope(Asking):
    """Limits, what is asked within them, and where something to reach for, lean to or look at may be."""

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
