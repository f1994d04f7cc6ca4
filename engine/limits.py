"""How far each movement of one person may go today: what was measured, and every bound on it.

The first question that an envelope answers; bounds only ever become tighter.
"""

import math
from collections.abc import Mapping
from typing import Protocol

from msgspec.structs import replace

from engine.adaptation import Adaptation
from engine.movements import GAZES, LEANS, LIFTS, MAIN_LEANS, MOVEMENTS, along_ellipse, lean_movement
from engine.precautions import (
    LEAST_LEAN_DEG,
    LEAST_LIFT_DEG,
    LEAST_RAISE_DEG,
    LEAST_TURN_DEG,
    Cap,
    bounds_of,
    lean_cap,
    lower,
)
from engine.records import Calibration, Limit, Precaution, Request, Room, Stance
from engine.room import AROUND

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


class Limits:
    """The bounds of one person today. `caps` are the preset's (movement to degrees).

    `floors` are the least that is asked of a movement where nothing forbids it, `rises` the most that this session may
    ask, a step beyond the one before. Bounds only ever become tighter, whatever is measured or said afterwards.
    `forbidden_leans` are what precautions forbid whatever the lean is for: a direction, the most that is allowed along
    it, and how many degrees to either side that holds: a diagonal no further than it is the nearest of the eight, so
    that it takes nothing from those beside it. `posture` is that of the visit, `room` the real one around it.
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
        room: Room = AROUND,
    ) -> None:
        self._bounds = bounds_of(precautions, caps or {}, posture)
        self._looks = dict(self._bounds)  # answers ease what is asked of a neck, not where somebody may look
        forbidden = bounds_of(precautions, {}, posture)
        self.forbidden_leans = tuple(
            (LEANS[name], cap.value, 90.0 if name in MAIN_LEANS else 22.5)
            for name, cap in forbidden.items()
            if name in LEANS
        )
        self.posture, self.room = posture, room
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
        if shown is None and all(name in self._shown_deg for name in beside(direction_deg)):
            return along_ellipse(direction_deg, self._shown_deg)
        return shown

    def bound(self, movement: str) -> Cap | None:
        """What precautions, the preset and answers leave of a movement, whatever was measured; None for all of it."""
        return self._bound(movement)

    def stop_line(self, movement: str, furthest: float) -> float:
        """Where an open-ended movement has to end: `furthest`, or less where a precaution or the preset says so."""
        bound = self._bound(movement)
        return furthest if bound is None else min(furthest, bound.value)

    def _ease(self, movement: str, share: float, why: str) -> None:
        most, asked = self.at_most(movement).value, self._asked.get(movement)
        if asked is None:
            try:
                asked = self._difficulties[movement].limit().value
            except Exception:  # noqa: BLE001 (whoever says nothing of use is not followed)
                asked = self.calibration.limits[movement].value
        self._lower(movement, share * min(most, asked), why)  # in this order nan is none

    def _lower(self, movement: str, value: float, why: str) -> None:
        lower(self._bounds, movement, Cap(value, MOVEMENTS[movement].unit, why))

    def _bound(self, movement: str) -> Cap | None:
        return lean_cap(LEANS[movement], self._bounds) if movement in LEANS else self._bounds.get(movement)

    def _measured(self, movement: str) -> Cap:
        if movement in self._best:
            unit = self.calibration.limits[movement].unit
            return Cap(self._best[movement], unit, "the furthest that was measured")
        if movement in LEANS and all(main in self._best for main in beside(LEANS[movement])):
            most = along_ellipse(LEANS[movement], {main: self._best[main] for main in MAIN_LEANS if main in self._best})
            return Cap(most, "deg", "an ellipse through the furthest that were measured")
        raise OutsideEnvelope(f"{MOVEMENTS[movement].title} was not measured: calibrate before a game asks for it")


def beside(direction_deg: float) -> list[str]:
    """The main directions that a lean is between: one for itself, else two."""
    return [name for name, at in MAIN_LEANS_DEG.items() if abs((direction_deg - at + 180) % 360 - 180) < 90 - 1e-6]


def _least_deg(movement: str) -> float:
    """The least of a movement that is worth asking for."""
    if movement in LEANS:
        return LEAST_LEAN_DEG
    return LEAST_TURN_DEG if movement in GAZES else LEAST_LIFT_DEG if movement in LIFTS else LEAST_RAISE_DEG
