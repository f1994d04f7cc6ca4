"""How far healthy adults go: normal ranges of motion, to stand beside what was measured and never to be reached."""

from collections.abc import Mapping
from typing import NamedTuple

_AAOS = "American Academy of Orthopaedic Surgeons, goniometer (Norkin & White, Measurement of Joint Motion, table A.1)"
_AMA = "American Medical Association, Guides to the Evaluation of Permanent Impairment (in the same table)"


class Norm(NamedTuple):
    """A normal range in degrees; below `unimpaired_deg` the AMA calls the joint impaired, None where it is not known.

    The two disagree on internal rotation of the shoulder: what the one calls normal is impaired for the other.
    Necks have none: what is quoted for them differs by 20°, and none could be traced to people who were measured.
    `daily_deg` is what everyday tasks need (Namdari 2012, J Shoulder Elbow Surg 21:1177), None where it is not known.
    """

    normal_deg: float
    source: str = _AAOS
    unimpaired_deg: float | None = None
    unimpaired_source: str = _AMA
    daily_deg: float | None = None


NORMS: Mapping[str, Norm] = {
    "shoulder_flexion": Norm(180, unimpaired_deg=180, daily_deg=121),
    "shoulder_extension": Norm(60, unimpaired_deg=50, daily_deg=46),
    "shoulder_abduction": Norm(180, unimpaired_deg=170, daily_deg=128),
    "shoulder_internal_rotation": Norm(70, unimpaired_deg=80),
    "shoulder_external_rotation": Norm(90, unimpaired_deg=60),
    "elbow_flexion": Norm(150, unimpaired_deg=140),
    "elbow_extension": Norm(0),
    "forearm_pronation": Norm(80, unimpaired_deg=80),
    "forearm_supination": Norm(80, unimpaired_deg=80),
    "wrist_flexion": Norm(80, unimpaired_deg=60),
    "wrist_extension": Norm(70, unimpaired_deg=60),
    "wrist_radial": Norm(20, unimpaired_deg=20),
    "wrist_ulnar": Norm(30, unimpaired_deg=30),
}
