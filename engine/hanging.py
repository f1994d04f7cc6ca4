"""Where something to reach for can hang for one person: the arms that may play, and a place for one target."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from engine.envelope import Envelope
from engine.frame import Vector
from engine.limits import OutsideEnvelope
from engine.places import towards
from engine.records import Request
from engine.scene import Lean
from engine.turns import open_of

LOWER_STEP_DEG = 5.0
LEAST_DEG = 15.0
TOO_LITTLE = "too little is left to raise it"
ALONG = (1.0, 0.5, 0.0)  # how far targets go along with a lean, as far as the reach allows


class Hung(NamedTuple):
    """A target with its lower edge at the elevation of the request, and its centre in a direction from the shoulder."""

    request: Request
    azimuth_deg: float
    elevation_deg: float
    place_m: Vector


def able_arms(envelope: Envelope, wanted: Sequence[str]) -> tuple[str, ...]:
    """The arms of those wanted that were measured and may be used.

    Raises OutsideEnvelope, saying why not, when there is none.
    """
    return tuple(open_of({side: refuses_arm(envelope, side) for side in wanted}))


def refuses_arm(envelope: Envelope, side: str) -> str:
    """Why nothing can be asked of an arm; "" when something can."""
    if not envelope.may_use(side):
        return f"a precaution forbids to use the {side} arm"
    movement = f"shoulder_elevation_{side}"
    try:
        cap = envelope.at_most(movement)
        envelope.arm_m(side)
    except OutsideEnvelope as reason:
        return str(reason)
    if not envelope.may_ask(movement):
        return f"the {side} arm may be raised to {cap.value:.0f}° at most, {cap.why}: too little for any target"
    return "" if envelope.calibration.reach.get(side) else f"the {side} hand was never seen to reach: calibrate it"


def outward(side: str, out_deg: Sequence[float]) -> list[float]:
    """Directions so far from straight ahead to the side of an arm, positive to the right."""
    return [out if side == "right" else -out for out in out_deg]


def hang(
    envelope: Envelope, side: str, wish: Request, azimuths_deg: Sequence[float], radius_m: float, stretch: float
) -> Hung:
    """Hang a target as high as is wished, in the first direction where the hand was seen to reach; else lower.

    `azimuths_deg` are positive to the right, `stretch` is the share of the reach. A request that was lowered says why.
    Raises OutsideEnvelope, saying why, when nothing may hang in any of the directions.
    """
    elevation, why = wish.amplitude, TOO_LITTLE
    while elevation >= LEAST_DEG:
        lower = wish if elevation == wish.amplitude else lowered(wish, elevation, why)
        for azimuth in azimuths_deg:
            found, why = _hung(envelope, side, azimuth, lower, radius_m, stretch)
            if found:
                return found
        elevation -= LOWER_STEP_DEG
    raise OutsideEnvelope(f"nothing can hang in front of the {side} hand: {why}")


def lowered(wish: Request, elevation: float, why: str) -> Request:
    """A request that goes no higher than an elevation, because of what is higher up."""
    return Request(wish.movement, round(elevation, 3), wish.unit, "ENVELOPE", f"{elevation:.0f}°: higher up, {why}")


def shared(wish: Request, elevation: float, where: str) -> Request:
    """A request as high as a game goes by itself, which aims at no success where that is lower than is wished."""
    code = "SHARE" if wish.code == "TARGET_SUCCESS" and elevation < wish.amplitude else wish.code
    why = f"{elevation:.0f}°: {where}, of {wish.amplitude:.0f}° that are asked for"
    return Request(wish.movement, round(elevation, 3), wish.unit, code, why)


def along(envelope: Envelope, hung: Mapping[str, Hung], lean: Lean) -> dict[str, Hung]:
    """Targets, by hand, that go along with the shoulders in a lean, as far as all may; none when none may hang."""
    for share in ALONG:
        moved = {side: _along(envelope, side, of_side, lean, share) for side, of_side in hung.items()}
        if not any(envelope.refuses_target(of_side.place_m, side) for side, of_side in moved.items()):
            return moved
    return {}


def _along(envelope: Envelope, side: str, hung: Hung, lean: Lean, share: float) -> Hung:
    way = towards(envelope.stance.facing_deg, lean.direction_deg)
    aside_m = share * envelope.shoulder(side)[1] * math.tan(math.radians(lean.angle_deg))
    x, y, z = (p + aside_m * w for p, w in zip(hung.place_m, way, strict=True))
    return hung._replace(place_m=(x, y, z))


def _hung(
    envelope: Envelope, side: str, azimuth: float, wish: Request, radius_m: float, stretch: float
) -> tuple[Hung | None, str]:
    """A target in a direction; or None, and why it may not hang there."""
    why = envelope.refuses_way(side, azimuth, wish.amplitude)
    if why:
        return None, why
    reach_m = stretch * envelope.reach_m(side, azimuth, wish.amplitude)
    request, centre = envelope.centred(wish, math.degrees(radius_m / reach_m))
    why = envelope.refuses_way(side, azimuth, centre)
    if why:
        return None, why
    place_m = envelope.place(side, azimuth, centre, stretch)
    why = envelope.refuses_target(place_m, side)
    return (None, why) if why else (Hung(request, azimuth, centre, place_m), "")
