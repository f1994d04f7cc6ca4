"""How far each movement might go in a session: the preset's ceilings, and what follows from precautions."""

from collections.abc import Mapping
from typing import NamedTuple

from engine.movements import LEANS, MOVEMENTS
from engine.precautions import Cap, bounds_of, lean_cap
from engine.records import Session


class Ceiling(NamedTuple):
    """How far a movement may go: `allowed` by the preset, or not further because the rest is `barred`."""

    movement: str
    at_most: float
    role: str


def ceilings(session: Session) -> tuple[Ceiling, ...]:
    """The ceilings of the movements that a session asked for: the preset's, and those that follow from precautions."""
    asked = dict.fromkeys(t.request.movement for block in session.blocks for t in block.trials if t.request)
    caps = {movement: most for movement, most in session.caps.items() if movement in MOVEMENTS}
    precautions = [precaution for precaution in session.precautions if precaution.movement in MOVEMENTS]
    held = {"allowed": bounds_of((), caps, session.posture), "barred": bounds_of(precautions, {}, session.posture)}
    return tuple(
        Ceiling(movement, cap.value, role)
        for role, bounds in held.items()
        for movement in asked
        if (cap := _cap(movement, bounds)) is not None
    )


def _cap(movement: str, bounds: Mapping[str, Cap]) -> Cap | None:
    """What bounds a movement, a lean also by those beside it."""
    return lean_cap(LEANS[movement], bounds) if movement in LEANS else bounds.get(movement)
