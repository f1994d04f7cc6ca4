"""People who live through whole sessions in the bench of lives: what each kind of them can do, and what is forbidden.

Shares and speeds are ours, in the range of what is told of such people: the weak side of a mild hemiparesis has lost
some 40 %, somebody frail sways twice as much and moves at two thirds of the usual speed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from random import Random

from engine.body import ARM_OF_STATURE, EYE_HEIGHT_OF_STATURE, SEATED_EYES_OF_STATURE, shoulder_by_stature
from engine.frame import LOST, SIDES, Frame, Hand
from engine.records import Precaution
from engine.simulated import SimulatedHeadset
from engine.simulated_patient import DEFAULT_LIMITS_DEG, Patient

STATURE_M = 1.71
DIFFER = 0.08  # the standard deviation of a limit among people of one kind, as a share
WEAK, HEMIPARETIC_PACE, FRAIL = 0.6, 0.6, 0.6


@dataclass(frozen=True)
class Kind:
    """A kind of people: what the usual one of them is capable of, how old they are, and how they may play.

    `lost_hand` is a side without a controller, "" for none.
    """

    title: str
    patient: Patient
    age_years: int | None = None
    posture: str = "standing"
    precautions: tuple[Precaution, ...] = ()
    lost_hand: str = ""


class OneHanded(SimulatedHeadset):
    """A simulated patient of whom one hand is never seen."""

    lost = "left"

    def frames(self) -> Iterator[Frame]:
        """The frames, without that hand."""
        for frame in super().frames():
            nothing = Hand(LOST)
            yield frame._replace(left=nothing) if self.lost == "left" else frame._replace(right=nothing)


def person(kind: Kind, seed: int) -> Patient:
    """Somebody of a kind: each limit is a little other than the usual one's."""
    random = Random(seed)
    usual = {**DEFAULT_LIMITS_DEG, **kind.patient.limits_deg}
    limits = {movement: limit * max(0.75, random.gauss(1, DIFFER)) for movement, limit in usual.items()}
    return replace(kind.patient, limits_deg=limits)


def headset(kind: Kind, seed: int, rate_hz: float) -> SimulatedHeadset:
    """Somebody of a kind, wearing a headset."""
    worn = (OneHanded if kind.lost_hand else SimulatedHeadset)(person(kind, seed), seed, rate_hz)
    if isinstance(worn, OneHanded):
        worn.lost = kind.lost_hand
    return worn


def _of_stature(stature_m: float) -> Patient:
    return Patient(EYE_HEIGHT_OF_STATURE * stature_m, dict.fromkeys(SIDES, ARM_OF_STATURE * stature_m))


def _shares(share: float, *parts: str) -> Mapping[str, float]:
    """Limits whose names hold one of these parts, as a share of the usual ones."""
    return {name: share * limit for name, limit in DEFAULT_LIMITS_DEG.items() if any(part in name for part in parts)}


def _seated() -> Patient:
    return replace(
        _of_stature(STATURE_M),
        eye_height_m=SEATED_EYES_OF_STATURE * STATURE_M,
        shoulders_m={side: shoulder_by_stature(STATURE_M, side) for side in SIDES},
    )


_SLOW = replace(
    _of_stature(STATURE_M),
    hand_speed_mps=HEMIPARETIC_PACE * Patient.hand_speed_mps,
    lean_speed_dps=HEMIPARETIC_PACE * Patient.lean_speed_dps,
    reaction_s=0.5,
)

KINDS: Mapping[str, Kind] = {
    "adult": Kind("adult", _of_stature(STATURE_M)),
    "child of 6": Kind("child of 6", _of_stature(1.16), 6),
    "child of 10": Kind("child of 10", _of_stature(1.38), 10),
    "one-handed": Kind(
        "one-handed",
        _of_stature(STATURE_M),
        precautions=(Precaution("use_of_arm_left", 0.0, "", "the left arm is missing", "the clinic"),),
        lost_hand="left",
    ),
    "seated": Kind(
        "seated",
        _seated(),
        posture="seated",
        precautions=(Precaution("standing", 0.0, "", "no weight on the right leg", "the surgeon"),),
    ),
    "low reach": Kind("low reach", replace(_of_stature(STATURE_M), limits_deg=_shares(0.55, "shoulder"))),
    "hemiparetic": Kind(
        "hemiparetic", replace(_SLOW, limits_deg=_shares(WEAK, "shoulder_elevation_left", "lean_left"))
    ),
    "frail": Kind(
        "frail",
        replace(
            _SLOW, limits_deg=_shares(FRAIL, "_"), sway_mm=8.0, lapse=0.06, fatigue=0.002, reaction_s=0.6, rise=1.15
        ),
        precautions=tuple(
            Precaution(f"neck_rotation_{side}", 60.0, "deg", "dizzy when turning far", "the clinic") for side in SIDES
        ),
    ),
}
