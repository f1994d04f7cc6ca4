"""A stop: precautions by which nothing is played in any posture, until somebody lifts them."""

from collections.abc import Sequence

from engine.precautions import ACTIVITY_OF_POSTURE
from engine.records import Precaution

_ACTIVITIES = frozenset(ACTIVITY_OF_POSTURE.values())


def stop(reason: str, by: str) -> tuple[Precaution, ...]:
    """What stops all play."""
    return tuple(Precaution(activity, 0.0, "", reason, by) for activity in ACTIVITY_OF_POSTURE.values())


def stops(precautions: Sequence[Precaution]) -> tuple[Precaution, ...]:
    """Those that are stops: every posture forbidden by one person for one reason."""
    found: dict[tuple[str, str, str], list[Precaution]] = {}
    for held in precautions:
        if held.movement in _ACTIVITIES and not held.unit:
            found.setdefault((held.by, held.reason, held.until), []).append(held)
    return tuple(held for of in found.values() if {each.movement for each in of} == _ACTIVITIES for held in of)
