"""Precautions as hard limits: what they bound in any game, which games they bar, and what is wrong with one.

Whatever cannot be read or cannot be kept is taken on the safe side: an amount that means nothing counts as 0, a bound
that no headset can watch over bars the game, and one whose day has passed still holds.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple, Protocol

from engine.body import EYE_HEIGHT_OF_STATURE, SEATED_EYES_OF_STATURE
from engine.frame import SIDES
from engine.movements import LEANS, MAIN_LEANS, MOVEMENTS, UnknownBound, along_ellipse, check_bound
from engine.records import Precaution

LEAST_LEAN_DEG = 1.0  # less cannot be told from sway
LEAST_RAISE_DEG = 15.0  # a hand that hangs is at about 20
FULL_WEIGHT_PERCENT = 100.0
SITTING_HIP_DEG = 90.0
LEAST_TURN_DEG = 8.0  # of a head: less is what it does by itself
LEAST_LIFT_DEG = 4.0  # of a leg that is lifted: less cannot be told from a strap that slides
RISING_DEG = {"hip_flexion": 112.0, "knee_flexion": 100.0, "trunk_flexion": 50.0, "ankle_dorsiflexion": 20.0}
"""What standing up from a chair of usual height bends (Rodosky, Andriacchi & Andersson 1989, J Orthop Res 7:266)."""
OF_FEET = ("knee_flexion", "ankle_dorsiflexion", "ankle_plantarflexion")
"""What only somebody on their feet bends to lean or to come down; who sits bends them to lift a leg alone."""
LEAST_OVER_TOES_DEG = 4.0  # of the lean that is the first part of standing up: less is no exercise
HIPS_OF_STATURE, SEATED_HIPS_OF_STATURE = 0.53, 0.25  # Drillis & Contini 1966; the seat, for who sits
TRUNK_OF_HEIGHT: Mapping[str, float] = {
    "standing": 1 - HIPS_OF_STATURE / EYE_HEIGHT_OF_STATURE,
    "seated": 1 - SEATED_HIPS_OF_STATURE / SEATED_EYES_OF_STATURE,
}
ACTIVITY_OF_POSTURE: Mapping[str, str] = {"standing": "standing", "seated": "sitting", "lying": "lying"}
BOUNDED: Mapping[str, tuple[str, ...]] = {
    "hand": (
        *("shoulder_elevation", "cross_body_adduction", "shoulder_external_rotation", "elbow_extension", "neck"),
        "use_of_arm",
    ),
    "lean": ("lean", "ankle", "trunk_flexion", "hip_flexion"),
    "stand": (),
    "gaze": ("neck",),
    "rise": tuple(RISING_DEG),
    "surround": ("visual_conflict",),
    "step": (),
    "bend": ("trunk_flexion", "hip_flexion", "knee_flexion", "shoulder_elevation", "elbow_extension", "use_of_arm"),
    "lift": ("knee_extension", "thigh_raise", "hip_flexion", "ankle_dorsiflexion"),
    "turn": ("trunk_rotation",),
    "walk": (),
    "helper": (),
}
"""By what a task asks, the movements that it may ask for, each of which the envelope bounds.

A hand stays within the arm's own measured reach, so that reaching needs no trunk; a lean keeps knees and hips as they
are; standing moves nothing. What is not here, such as "gaze", no envelope can bound yet.
"""


class Cap(NamedTuple):
    """The largest value a movement may have, and which bound says so."""

    value: float
    unit: str
    why: str


class Asking(Protocol):
    """What is read of a task, or of its class: see `engine.task.Task`."""

    @property
    def title(self) -> str:
        """Its name for people."""

    @property
    def moves_parts(self) -> tuple[str, ...]:
        """The parts of the body that it moves or loads."""

    @property
    def on_chair(self) -> bool:
        """Whether it is done on a chair, whatever the posture of the visit."""

    @property
    def asks(self) -> tuple[str, ...]:
        """How it asks: "hand", "lean", "stand", "gaze"."""


class Effect(NamedTuple):
    """What a precaution does to a task: `none`, `bounds` or `bars`; for `bars` why, in words."""

    act: str
    why: str = ""


NO_EFFECT = Effect("none")


def source_of(precaution: Precaution) -> str:
    """Who says so, and why."""
    return f"the precaution of {precaution.by}: {precaution.reason}"


def allowed(precaution: Precaution) -> float:
    """The most that a precaution allows; 0 where its amount or its unit means nothing."""
    try:
        check_bound(precaution.movement, precaution.at_most, precaution.unit, "")
    except UnknownBound:
        return 0.0
    return precaution.at_most


def check_precautions(precautions: Sequence[Precaution], today: date, posture: str = "") -> tuple[str, ...]:
    """What is wrong with precautions, in words: whoever writes them down is asked to put it right first.

    `posture` is that of a visit which they have to allow, "" for any. Two bounds on one movement contradict nothing:
    the smaller one holds.
    """
    problems = [problem for precaution in precautions for problem in problems_of(precaution, today)]
    refused = {name: why for name in ACTIVITY_OF_POSTURE if (why := refuses_posture(name, precautions))}
    if len(refused) == len(ACTIVITY_OF_POSTURE):
        problems.append("standing, sitting and lying are all forbidden: nothing is left to play")
    elif posture in refused:
        problems.append(refused[posture])
    return tuple(problems)


def problems_of(precaution: Precaution, today: date) -> list[str]:
    """What is wrong with one precaution by itself, in words."""
    problems, named = [], _named(precaution)
    try:
        check_bound(precaution.movement, precaution.at_most, precaution.unit, named)
    except UnknownBound as reason:
        problems.append(f"{reason}; until it is put right, all that it names is forbidden")
    if not precaution.reason.strip():
        problems.append(f"{named} has no reason: say why, for whoever reads it in a year")
    if not precaution.by.strip():
        problems.append(f"{named} has no author: say who decided it")
    if precaution.until and _day(precaution.until) is None:
        problems.append(f"{named} ends on {precaution.until!r}, which is no date such as 2026-12-12")
    late = expired(precaution, today)
    return [*problems, late] if late else problems


def expired(precaution: Precaution, today: date) -> str:
    """That the last day of a precaution has passed, in words, "" when it has not or there is none."""
    until = _day(precaution.until)
    if until is None or until >= today:
        return ""
    ended = f"{until.day} {until:%B %Y}"
    return f"{_named(precaution)} ended on {ended}: it holds until it is renewed or taken away"


def refuses_posture(posture: str, precautions: Sequence[Precaution]) -> str:
    """Why nobody may play in a posture, "" where it is allowed."""
    for precaution in precautions:
        if precaution.movement == ACTIVITY_OF_POSTURE[posture]:
            return f"nothing may be played {posture}, by {source_of(precaution)}"
    return ""


def as_precautions(ceilings: Mapping[str, float]) -> tuple[Precaution, ...]:
    """The ceilings of a preset as precautions, which is what they are to a game that cannot keep to them."""
    return tuple(
        Precaution(movement, value, MOVEMENTS[movement].unit, "its ceiling", "the preset")
        for movement, value in ceilings.items()
    )


def bounds_of(precautions: Sequence[Precaution], ceilings: Mapping[str, float], posture: str) -> dict[str, Cap]:
    """The smallest cap of each movement, from precautions and a preset's ceilings.

    Joints that a lean needs bound it: a body that leans without bending turns about its ankles alone, by as much as it
    leans, and one that bends at the hips instead shows the lean of `lean_of_bend_deg`.
    """
    bounds: dict[str, Cap] = {}
    for movement, value in ceilings.items():
        lower(bounds, movement, Cap(value, MOVEMENTS[movement].unit, "the preset's ceiling"))
    for precaution in precautions:
        cap = Cap(allowed(precaution), MOVEMENTS[precaution.movement].unit, source_of(precaution))
        lower(bounds, precaution.movement, cap)
    for movement, cap in list(bounds.items()):
        lean, value = _lean_needing(movement, cap.value, posture)
        if lean:
            lower(bounds, lean, Cap(value, "deg", f"{cap.why} ({MOVEMENTS[movement].title} at most {cap.value:g}°)"))
        if _joint(movement) == "hip_flexion":
            why = f"{cap.why} ({MOVEMENTS[movement].title} at most {cap.value:g}°)"
            raised = movement.replace("hip_flexion", "thigh_raise")
            lower(bounds, raised, Cap(max(0.0, cap.value - SITTING_HIP_DEG), "deg", why))
    return bounds


def lower(bounds: dict[str, Cap], movement: str, cap: Cap) -> None:
    """Put a cap into bounds; one that is higher than what is there changes nothing."""
    if movement not in bounds or cap.value < bounds[movement].value:
        bounds[movement] = cap


def lean_cap(direction_deg: float, bounds: Mapping[str, Cap]) -> Cap | None:
    """The cap of a lean in any direction, None where nothing bounds it.

    Bounds of the four main directions hold between them along an ellipse, and no lean goes further along a bounded
    direction less than 45 degrees away than its bound.
    """
    caps = []
    for name, at_deg in LEANS.items():
        apart_deg = abs((direction_deg - at_deg + 180) % 360 - 180)
        if name in bounds and apart_deg < 45:
            caps.append(bounds[name]._replace(value=bounds[name].value / math.cos(math.radians(apart_deg))))
    main = {name: bounds[name].value for name in MAIN_LEANS if name in bounds}
    between = along_ellipse(direction_deg, main)
    if math.isfinite(between):
        # Which of the two it owes most to: without it, the most would be left.
        binding = max(main, key=lambda name: along_ellipse(direction_deg, {k: v for k, v in main.items() if k != name}))
        caps.append(bounds[binding]._replace(value=round(between, 9)))
    return min(caps, key=value_of, default=None)


def lean_of_bend_deg(bend_deg: float, trunk_of_height: float) -> float:
    """The lean that a head shows when the trunk bends so far at the hips.

    `trunk_of_height` is the height of the eyes above the hips as a share of that above the floor.
    """
    bend = math.radians(min(bend_deg, 90.0))
    out, drop = trunk_of_height * math.sin(bend), trunk_of_height * (1 - math.cos(bend))
    return math.degrees(math.atan2(out, 1 - drop))


def value_of(cap: Cap) -> float:
    """The value of a cap, to find the smallest by."""
    return cap.value


def posture_of(task: Asking, posture: str) -> str:
    """The posture in which a task is done in a visit of a posture: what is done on a chair has people sit for it."""
    return "seated" if task.on_chair and posture == "standing" else posture


def effect(precaution: Precaution, task: Asking, posture: str) -> Effect:
    """What a precaution, whose movement there is, does to a task in a posture by itself."""
    posture = posture_of(task, posture)
    movement, most = precaution.movement, allowed(precaution)
    part = MOVEMENTS[movement].part
    if movement == ACTIVITY_OF_POSTURE[posture]:
        return Effect("bars", f"is played {posture}, which {_forbids(precaution)}: {_advice(posture)}")
    if movement in ACTIVITY_OF_POSTURE.values():
        return NO_EFFECT
    if movement.startswith("weight_on_leg"):
        return _of_weight(precaution, most, posture)
    if posture == "seated" and movement.startswith("hip_flexion") and most < SITTING_HIP_DEG:
        return Effect("bars", f"is played seated, which bends the hips to about 90°; {_allows(precaution)}")
    if "rise" in task.asks and posture == "standing" and most < RISING_DEG.get(_joint(movement), 0.0):
        return Effect("bars", f"asks to stand up, which bends further; {_allows(precaution)}{_instead(movement, most)}")
    moved = part in task.moves_parts
    unknown = [ask for ask in task.asks if ask not in BOUNDED]
    if moved and unknown:
        return Effect("bars", f"moves the {part} in a way that cannot be bounded ({unknown[0]}); {_allows(precaution)}")
    on_feet = posture == "standing" or _joint(movement) not in OF_FEET
    concerned = any(movement.startswith(BOUNDED.get(ask, ())) for ask in task.asks if on_feet or ask == "lift")
    # A lean is made by the whole body, and the head follows a hand, whatever parts a task names.
    return Effect("bounds") if concerned and (moved or not part.endswith("arm")) else NO_EFFECT


def barred(
    task: Asking, posture: str, precautions: Sequence[Precaution], ceilings: Mapping[str, float] | None = None
) -> str:
    """Why a task may not be played in a posture at all, in words for the record; "" when it may, within bounds.

    A preset's ceilings bar what precautions of the same amount would.
    """
    posture = posture_of(task, posture)
    precautions = (*precautions, *as_precautions(ceilings or {}))
    for precaution in precautions:
        found = effect(precaution, task, posture)
        if found.act == "bars":
            return f"{task.title} {found.why}"
    bounds = bounds_of(precautions, {}, posture)
    if "lean" in task.asks:
        caps = [lean_cap(LEANS[name], bounds) for name in MAIN_LEANS]
        least = max(caps, key=lambda cap: math.inf if cap is None else cap.value)
        if least is not None and least.value < LEAST_LEAN_DEG:
            return f"{task.title} asks for leans, and none is left by {least.why}"
    if "rise" in task.asks and posture == "seated":
        cap = bounds.get("lean_forward")
        if cap is not None and cap.value < LEAST_OVER_TOES_DEG:
            return f"{task.title} leans forward over the toes, {LEAST_OVER_TOES_DEG:g}° or more, too far for {cap.why}"
    if "hand" in task.asks:
        lost = [_loses_arm(side, bounds) for side in SIDES if f"{side} arm" in task.moves_parts]
        if lost and all(lost):
            return f"{task.title} asks for a hand, and none is left by {'; '.join(dict.fromkeys(lost))}"
    return ""


def _of_weight(precaution: Precaution, most: float, posture: str) -> Effect:
    if posture != "standing" or most >= FULL_WEIGHT_PERCENT:
        return NO_EFFECT
    leg = MOVEMENTS[precaution.movement].part
    if most == 0:
        return Effect("bars", f"loads the {leg}, which {_forbids(precaution)}: {_advice(posture)}")
    return Effect(
        "bars",
        f"loads the {leg}, and no headset can measure how much; {_allows(precaution)}: {_advice(posture)}",
    )


def _lean_needing(movement: str, most: float, posture: str) -> tuple[str, float]:
    """The lean that needs a movement of a joint, and how far it may go for `most` of that; "" where none does."""
    joint = _joint(movement)
    if posture == "standing" and joint in ("ankle_dorsiflexion", "ankle_plantarflexion"):
        return ("lean_forward" if joint == "ankle_dorsiflexion" else "lean_back"), most
    if posture in TRUNK_OF_HEIGHT and joint in ("trunk_flexion", "hip_flexion"):
        bent_deg = SITTING_HIP_DEG if joint == "hip_flexion" and posture == "seated" else 0.0
        return "lean_forward", lean_of_bend_deg(max(0.0, most - bent_deg), TRUNK_OF_HEIGHT[posture])
    return "", math.inf


def _joint(movement: str) -> str:
    return movement.removesuffix("_left").removesuffix("_right")


def _loses_arm(side: str, bounds: Mapping[str, Cap]) -> str:
    used, raised = bounds.get(f"use_of_arm_{side}"), bounds.get(f"shoulder_elevation_{side}")
    if used is not None:
        return used.why
    return raised.why if raised is not None and raised.value < LEAST_RAISE_DEG else ""


def _named(precaution: Precaution) -> str:
    known = MOVEMENTS.get(precaution.movement)
    return f"the precaution of {precaution.by or 'nobody'} on {known.title if known else precaution.movement}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _forbids(precaution: Precaution) -> str:
    return f"the precaution of {precaution.by} forbids ({precaution.reason})"


def _allows(precaution: Precaution) -> str:
    movement, most = MOVEMENTS[precaution.movement], allowed(precaution)
    unit = {"deg": "°", "%": " %"}.get(movement.unit, "")
    return f"the precaution of {precaution.by} allows {movement.title} at most {most:g}{unit} ({precaution.reason})"


def _instead(movement: str, most: float) -> str:
    """Whether who may not stand up because of a joint can lean over the toes, seated."""
    lean, left_deg = _lean_needing(movement, most, "seated")
    if lean and left_deg < LEAST_OVER_TOES_DEG:
        return "; to lean over the toes, seated, bends further, too"
    return ": play it seated"


def _advice(posture: str) -> str:
    return "play seated games" if posture == "standing" else "play in another posture"
