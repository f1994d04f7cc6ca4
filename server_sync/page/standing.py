"""A person, standing or seated, from the front and the side at the limit measured, as there is no recording of it."""

import math

from markupsafe import Markup

from engine.body import EYE_HEIGHT_OF_STATURE, SEATED_EYES_OF_STATURE
from engine.movements import LEANS
from engine.records import Calibration
from server_sync.clinic.replaying import Posture, Replay
from server_sync.page.skeleton import Aim, skeleton

_RAISED = "shoulder_elevation_"
_SHOULDER, _NECK, _HEAD, _HALF_SHOULDERS = 0.82, 0.85, 0.93, 0.115
"""Heights and a width as shares of the stature (Drillis & Contini 1966)."""
_USUAL_CM, _ARM, _HANGING_DEG = 165.0, 0.36, 8.0


def can_stand(movement: str) -> bool:
    """Whether a body shows this movement."""
    return movement.startswith(_RAISED) or movement in LEANS


def standing(movement: str, at_deg: float, aim: Aim, known: Calibration | None, seated: bool = False) -> Markup:
    """Both views of a body that raises an arm so far, or leans; as tall as was measured, else of usual height."""
    tall = 100 * known.stature_m.value if known else _USUAL_CM
    arm = 100 * known.arm_m[aim.side].value if known and aim.side in known.arm_m else _ARM * tall
    if movement in LEANS:
        way = math.radians(LEANS[movement])
        postures = [_leant(tall, arm, way, math.radians(at_deg))]
    else:
        # The first one says which way the arm goes, also where it goes straight up.
        lower = (EYE_HEIGHT_OF_STATURE - SEATED_EYES_OF_STATURE) * tall if seated else 0.0
        postures = [_lowered(_posture(tall, arm, {aim.side: angle}), lower) for angle in (90.0, at_deg)]
    replay = Replay(tall, tuple(one._replace(t_s=float(number)) for number, one in enumerate(postures)))
    return skeleton(replay, float(len(postures)), aim)


def _lowered(posture: Posture, by_cm: float) -> Posture:
    """The same body above a seat."""
    places = [place and (place[0], place[1] - by_cm, place[2]) for place in (posture.head, posture.neck)]
    arms = [tuple(place and (place[0], place[1] - by_cm, place[2]) for place in arm) for arm in posture[3:]]
    return Posture(posture.t_s, places[0], places[1], arms[0], arms[1])


def _posture(tall: float, arm: float, raised_deg: dict[str, float]) -> Posture:
    arms = {}
    for side, sign in (("left", -1), ("right", 1)):
        shoulder = (sign * _HALF_SHOULDERS * tall, _SHOULDER * tall, 0.0)
        angle = math.radians(raised_deg.get(side, _HANGING_DEG))
        out, up = math.sin(angle), -math.cos(angle)
        arms[side] = tuple(
            (shoulder[0], shoulder[1] + up * length, shoulder[2] + out * length) for length in (0.0, 0.47 * arm, arm)
        )
    return Posture(0.0, (0.0, _HEAD * tall, 0.0), (0.0, _NECK * tall, 0.0), arms["left"], arms["right"])


def _leant(tall: float, arm: float, way: float, lean: float) -> Posture:
    """The whole body turned about the feet, as a lean is measured."""
    across, ahead = math.sin(way), math.cos(way)
    upright = _posture(tall, arm, {})

    def turned(place: tuple[float, float, float]) -> tuple[float, float, float]:
        x, y, z = place
        along = x * across + z * ahead
        more = along * math.cos(lean) + y * math.sin(lean) - along
        return x + more * across, y * math.cos(lean) - along * math.sin(lean), z + more * ahead

    head, neck = (turned(place) for place in (upright.head, upright.neck) if place)
    arms = [tuple(turned(place) for place in places if place) for places in (upright.left, upright.right)]
    return Posture(0.0, head, neck, arms[0], arms[1])
