"""A body from the front and from the side at one moment of a trial, with the target and the ceiling of its arm.

The front shows the patient facing you, so that their left is on your right; the side faces the way their own side does.
One unit is a centimetre. `static/replay.js` moves the same parts.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from markupsafe import Markup, escape

from engine.frame import SIDES, Vector
from engine.records import TrialRecord
from server_sync.clinic.replaying import GONE, NOT_KEPT, NOT_RECORDED, UNOPENED, Posture, Replay
from server_sync.page.language import N_, _

STANDING_NECK, SEATED_NECK, TRUNK_OF_STATURE, THIGH_OF_STATURE, SHANK_OF_STATURE = 0.82, 0.66, 0.32, 0.245, 0.285
"""Heights of the neck of who stands and who sits, and lengths, as shares of the stature (Drillis & Contini 1966)."""
HIP_OF_STATURE, NECK_BEHIND_CM, TRUNK_BELOW_NECK_CM = 0.53, 8.0, 16.0
HALF_HIP_CM, HALF_STANCE_CM = 7.0, 10.0
_ARM = "shoulder_elevation"
_WIDTH, _BELOW = 180, 12

WHY: Mapping[str, str] = {
    NOT_RECORDED: N_("The frames of this session were not recorded, so there is nothing to replay."),
    NOT_KEPT: N_("The recording was let go: it may be kept no longer. What was measured stays."),
    GONE: N_("The recording of this trial is not here. What was measured stays."),
    UNOPENED: N_("The recording cannot be opened here. What was measured stays."),
}
"""Why there is no replay, in words."""

Place = tuple[float, float]
View = Callable[[Vector], Place]


class Aim(NamedTuple):
    """Where an arm is asked to be, in degrees from hanging, its ceiling, and from where it is barred; None: nothing."""

    side: str
    asked_deg: float | None
    ceiling_deg: float | None
    barred_deg: float | None = None


def aim_of(trial: TrialRecord, ceiling_deg: float | None) -> Aim:
    """What can be drawn of what a trial asked: of raised arms alone."""
    request = trial.request
    side = trial.side or "right"
    if request is None or not request.movement.startswith(_ARM):
        return Aim(side, None, None)
    return Aim(request.movement.rpartition("_")[2], request.amplitude, ceiling_deg)


def skeleton(replay: Replay, at_s: float, aim: Aim) -> Markup:
    """Both views at the posture nearest to a moment."""
    posture = min(replay.postures, key=lambda each: abs(each.t_s - at_s))
    toward = _direction(replay.postures, aim.side)
    views = ((_("front"), "front", from_front), (_side_words(aim.side), "side", from_side(aim.side)))
    return Markup("").join(_figure(title, kind, view, replay, posture, aim, toward) for title, kind, view in views)


def motion(replay: Replay, aim: Aim) -> dict[str, Any]:
    """What `static/replay.js` moves: both views, and the lines and head of each at every moment."""
    views = {"front": from_front, "side": from_side(aim.side)}
    return {
        "figures": str(skeleton(replay, 0.0, aim)),
        "t_s": [posture.t_s for posture in replay.postures],
        "postures": [
            {name: _moved(view, replay, posture, aim) for name, view in views.items()} for posture in replay.postures
        ],
    }


def _moved(view: View, replay: Replay, posture: Posture, aim: Aim) -> dict[str, Any]:
    head = view(posture.head) if posture.head else None
    lines = [*_trunk(replay, posture), *(_limb(posture, name) for name in _near_last(aim))]
    return {"head": head, "lines": [_points(places, view) for places in lines]}


def from_front(place: Vector) -> Place:
    """The patient faces you: their right is on your left."""
    return -place[0], -place[1]


def from_side(side: str) -> View:
    """Seen from a side; the left one faces left."""
    sign = -1 if side == "left" else 1
    return lambda place: (sign * place[2], -place[1])


def _side_words(side: str) -> str:
    return _("left side") if side == "left" else _("right side")


def _figure(
    title: str, kind: str, view: View, replay: Replay, posture: Posture, aim: Aim, toward: Vector | None
) -> Markup:
    top = -replay.tall_cm * 1.28
    parts = ['<line class="floor" x1="-80" x2="80" y1="0" y2="0"/>', *_body(view, replay, posture)]
    parts += [_arm(view, posture, name, aim.side == name and aim.asked_deg is not None) for name in _near_last(aim)]
    shoulder = getattr(replay.postures[0], aim.side)[0]  # a target stays where it is
    reach = _reach_cm(replay.postures, aim.side)
    if shoulder and toward and reach:
        parts += _aim(view, shoulder, toward, reach, aim)
    box = f"{-_WIDTH / 2} {top:.0f} {_WIDTH} {_BELOW - top:.0f}"
    return Markup(  # noqa: S704 - words are escaped, the rest are numbers
        f'<figure><svg class="figure skeleton {kind}" role="img" viewBox="{box}" aria-label="{escape(title)}">'
        f'<title>{escape(title)}</title>{"".join(parts)}</svg><figcaption class="small">{escape(title)}</figcaption>'
        "</figure>"
    )


def _body(view: View, replay: Replay, posture: Posture) -> list[str]:
    left, right, trunk = _trunk(replay, posture)
    x, y = view(posture.head) if posture.head else (0.0, 0.0)
    head = f'<circle class="head" cx="{x:.1f}" cy="{y:.1f}" r="{11 if posture.head else 0}"/>'
    return [_line("leg", left, view), _line("leg", right, view), _line("trunk", trunk, view), head]


def _trunk(replay: Replay, posture: Posture) -> tuple[Sequence[Vector], ...]:
    """Both legs and the trunk; nothing without a head. Who stands leans over the feet, who sits over a seat.

    Between both the neck says how far somebody has risen; thighs and shanks are shares of the stature.
    """
    if posture.neck is None:
        return (), (), ()
    tall, neck = replay.tall_cm, posture.neck
    risen = min(1.0, max(0.0, (neck[1] / tall - SEATED_NECK) / (STANDING_NECK - SEATED_NECK)))
    hip = _between(_seat(replay, neck), _above_the_feet(tall, neck), risen)
    left, right = (_leg(tall, hip, side, risen) for side in (-1, 1))
    below = TRUNK_BELOW_NECK_CM / max(neck[1] - hip[1], TRUNK_BELOW_NECK_CM)
    return left, right, [_between(neck, hip, below), hip]


def _above_the_feet(tall_cm: float, neck: Vector) -> Vector:
    hip_cm = HIP_OF_STATURE * tall_cm
    share = hip_cm / max(neck[1], 1.0)
    return neck[0] * share, hip_cm, (neck[2] + NECK_BEHIND_CM) * share


def _seat(replay: Replay, neck: Vector) -> Vector:
    """Where somebody sits: under the neck as it was when the trial began."""
    first = next((each.neck for each in replay.postures if each.neck), neck)
    return first[0], max(0.0, neck[1] - TRUNK_OF_STATURE * replay.tall_cm), first[2] + NECK_BEHIND_CM


def _leg(tall_cm: float, hip: Vector, side: int, risen: float) -> list[Vector]:
    """Hip, knee and foot: straight to where the feet stand, or bent with the shank upright."""
    x, y, z = hip[0] + side * HALF_HIP_CM, hip[1], hip[2]
    thigh, shank = THIGH_OF_STATURE * tall_cm, SHANK_OF_STATURE * tall_cm
    down = min(thigh, max(0.0, y - shank))
    bent = x, y - down, z + math.sqrt(thigh**2 - down**2)
    standing = side * HALF_STANCE_CM, 0.0, 0.0
    knee = _between(bent, _between((x, y, z), standing, 0.5), risen)
    return [(x, y, z), knee, _between((bent[0], 0.0, bent[2]), standing, risen)]


def _near_last(aim: Aim) -> list[str]:
    """Both arms, the one in question over the other."""
    return sorted(SIDES, key=lambda side: side == aim.side)


def _between(one: Vector, other: Vector, share: float) -> Vector:
    x, y, z = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return x, y, z


def _arm(view: View, posture: Posture, name: str, asked: bool) -> str:
    return _line(f"limb {name}{' asked' if asked else ''}", _limb(posture, name), view)


def _limb(posture: Posture, name: str) -> Sequence[Vector]:
    """Shoulder, elbow and hand; nothing where one of them is not known."""
    places: Sequence[Vector | None] = getattr(posture, name)
    known = [place for place in places if place]
    return known if len(known) == len(places) else []


def _line(kind: str, places: Sequence[Vector], view: View) -> str:
    return f'<polyline class="{kind}" points="{_points(places, view)}"/>'


def _points(places: Sequence[Vector], view: View) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in map(view, places))


def _aim(view: View, shoulder: Vector, toward: Vector, reach_cm: float, aim: Aim) -> list[str]:
    parts = []
    if aim.ceiling_deg is not None:
        arc = [_at(shoulder, toward, reach_cm, aim.ceiling_deg * share / 24) for share in range(25)]
        parts.append(_line("ceiling-arc", arc, view))
    if aim.barred_deg is not None:
        beyond = [aim.barred_deg + (180.0 - aim.barred_deg) * share / 24 for share in range(25)]
        parts.append(_line("barred-arc", [_at(shoulder, toward, reach_cm, angle) for angle in beyond], view))
    if aim.asked_deg is not None:
        x, y = view(_at(shoulder, toward, reach_cm, aim.asked_deg))
        parts.append(f'<circle class="target" cx="{x:.1f}" cy="{y:.1f}" r="7"/>')
    return parts


def _at(shoulder: Vector, toward: Vector, reach_cm: float, angle_deg: float) -> Vector:
    """Where a hand is at an angle from hanging, in the plane in which it went."""
    out, up = reach_cm * math.sin(math.radians(angle_deg)), -reach_cm * math.cos(math.radians(angle_deg))
    return shoulder[0] + out * toward[0], shoulder[1] + up, shoulder[2] + out * toward[2]


def _direction(postures: Sequence[Posture], side: str) -> Vector | None:
    """Which way a hand went furthest out from its shoulder, level; None where it is not known."""
    ways = [
        (hand[0] - shoulder[0], hand[2] - shoulder[2])
        for posture in postures
        for shoulder, _elbow, hand in [getattr(posture, side)]
        if shoulder and hand
    ]
    far = max(ways, key=lambda way: math.hypot(*way), default=(0.0, 0.0))
    length = math.hypot(*far)
    return (far[0] / length, 0.0, far[1] / length) if length > 1 else None


def _reach_cm(postures: Sequence[Posture], side: str) -> float:
    """How far the hand was from the shoulder at most."""
    ends = [getattr(posture, side) for posture in postures]
    return max((math.dist(places[0], places[2]) for places in ends if places[0] and places[2]), default=0.0)
