"""A small figure that shows what the pretended body does: from behind and a little above, in a corner of the window."""

import math
from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from panda3d.core import AntialiasAttrib, Camera, LVecBase4f, NodePath, PerspectiveLens

from engine.body import FOREARM_OF_STATURE, PALM_OF_STATURE, UPPER_ARM_OF_STATURE
from engine.frame import SIDES, Pose, Quaternion, Vector, inverse, rotate, times
from engine.panda import shapes
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.flourish import show
from engine.panda.look import Look, colour
from engine.panda.puppet import SEATED_EYE_M, STATURE_M
from engine.panda.shadow import ABOVE_FLOOR_M
from engine.theme import Place

EYE_M, LOOKS_AT_M = (1.35, 2.25, 2.75), (0.0, 0.96, -0.10)
FOV_DEG = 31.0  # of the width
WHITE = (1.0, 1.0, 1.0, 1.0)
UPPER_ARM_M, FOREARM_M = UPPER_ARM_OF_STATURE * STATURE_M, (FOREARM_OF_STATURE + PALM_OF_STATURE) * STATURE_M
THIGH_M, SHANK_M = 0.245 * STATURE_M, 0.246 * STATURE_M  # Drillis & Contini 1966, as in Winter 2009
HIPS_M, SEATED_HIPS_M = 0.52 * STATURE_M, SEATED_EYE_M - 0.68
HALF_HIPS_M, ANKLE_M, FEET_AHEAD_M = 0.095, 0.07, 0.34
SEAT_BACK_M = 0.06
"""How far behind where somebody sits the middle of the seat is."""
_SEAT = [(0.0, 0.39), (0.21, 0.39), (0.23, 0.41), (0.21, 0.43), (0.0, 0.43)]
_ROD_M = 0.02
_ELBOW_POLE, _KNEE_POLE = (0.8, -1.0, 0.4), (0.15, 0.1, -1.0)


class Foot(NamedTuple):
    """Where a foot is: how far to its own side from the middle, up from the floor, and back."""

    aside_m: float = HALF_HIPS_M
    up_m: float = 0.0
    back_m: float = 0.0


BESIDE, LIFTED = Foot(), Foot(up_m=0.22, back_m=0.16)
BOTH_BESIDE: Mapping[str, Foot] = dict.fromkeys(SIDES, BESIDE)


class Posed(Protocol):
    """A body that the figure can take after; places are in metres from where it stands or sits, on the floor."""

    @property
    def active(self) -> str:
        """The side of the hand that is shown in another colour, or nothing."""

    @property
    def facing(self) -> Quaternion:
        """How the trunk is turned."""

    @property
    def share(self) -> float:
        """How far up it is, 0 for seated."""

    def eyes(self) -> Vector:
        """Where the eyes would be with the head upright."""

    def head(self) -> Pose:
        """The head."""

    def hand(self, side: str) -> Pose:
        """A hand."""

    def shoulder(self, side: str) -> Vector:
        """Where a shoulder is."""


class Mannequin:
    """The figure, and the camera that shows it; `root` is a scene of its own, with light of its own."""

    def __init__(self) -> None:
        self.root = NodePath("mannequin")
        self.root.set_antialias(AntialiasAttrib.M_multisample)
        self._look = Look(self.root)
        self._look.tick(0.0, 0.0)
        lens = PerspectiveLens()
        lens.set_min_fov(FOV_DEG)
        lens.set_near_far(0.5, 10.0)
        self.eye = self.root.attach_new_node(Camera("eye", lens))
        self.eye.set_pos(to_panda(EYE_M))
        self.eye.look_at(to_panda(LOOKS_AT_M))
        self._lens, self._shirt, self._skin = lens, LVecBase4f(1), LVecBase4f(1)
        self._parts = _parts()
        for part in self._parts.values():
            part.reparent_to(self.root)
        shadow = shapes.blob("shadow", (0.10, 0.13, 0.12))
        shadow.reparent_to(self.root)
        shadow.set_scale(0.42)
        shadow.set_z(ABOVE_FLOOR_M)
        self._look.mark(shadow, 0.35)

    def enter(self, place: Place) -> None:
        """Take the colours of a place."""
        self._look.enter(place)
        self._shirt = _linear(place.ink.accent)
        self._skin = (_linear(place.ink.title) * 2 + _linear(place.ink.paper)) / 3
        for name, part in self._parts.items():
            part.set_color(self._shirt if name in ("trunk", "hips") else self._skin)
        self._parts["chair"].set_color(_linear(place.ink.title))

    def widen(self, aspect: float) -> None:
        """Fit into a picture of this width over height."""
        self._lens.set_aspect_ratio(aspect)
        self._lens.set_min_fov(FOV_DEG)

    def show(self, body: Posed, feet: Mapping[str, Foot] = BOTH_BESIDE, *, chair: bool) -> None:
        """Stand, sit, lean, look and reach as a body does, on such feet; whichever way that faces, seen from behind.

        Who sits, sits down or rises has a `chair`, which stays as far behind the feet as it is.
        """
        back = inverse(body.facing)

        def seen(place: Vector) -> Vector:
            return rotate(back, place)

        eyes, head = seen(body.eyes()), body.head()
        neck = (eyes[0], eyes[1] - 0.20, eyes[2] + 0.07)
        self._parts["head"].set_pos_quat(to_panda(seen(head.position_m)), turn_to_panda(times(back, head.orientation)))
        hips = _hips(eyes, body.share)
        self._stretch("trunk", hips, neck)
        self._parts["hips"].set_pos(to_panda(hips))
        self._parts["chair"].set_pos(to_panda((hips[0], 0.0, SEAT_BACK_M + FEET_AHEAD_M * body.share)))
        show(self._parts["chair"], chair)
        for side in SIDES:
            hand = seen(body.hand(side).position_m)
            self._arm(side, seen(body.shoulder(side)), hand)
            self._parts[f"{side} hand"].set_color(self._shirt if side == body.active else self._skin)
            self._leg(side, hips, body.share, feet[side])

    def _arm(self, side: str, shoulder: Vector, hand: Vector) -> None:
        elbow, wrist = bent(shoulder, hand, UPPER_ARM_M, FOREARM_M, _sided(side, _ELBOW_POLE))
        self._stretch(f"{side} upper arm", shoulder, elbow)
        self._stretch(f"{side} forearm", elbow, wrist)
        self._parts[f"{side} hand"].set_pos(to_panda(wrist))

    def _leg(self, side: str, hips: Vector, share: float, stands: Foot) -> None:
        """Feet stay on the floor, but one that is lifted up and back; who sits down has them ahead of the chair."""
        x, y, z = _sided(side, (HALF_HIPS_M, 0.0, 0.0))
        hip = (hips[0] + x, hips[1] + y, hips[2] + z)
        x, y, z = _sided(side, (stands.aside_m, ANKLE_M + stands.up_m, stands.back_m))
        knee, foot = bent(hip, (x, y, z - FEET_AHEAD_M * (1 - share)), THIGH_M, SHANK_M, _sided(side, _KNEE_POLE))
        self._stretch(f"{side} thigh", hip, knee)
        self._stretch(f"{side} shank", knee, foot)
        self._parts[f"{side} foot"].set_pos(to_panda((foot[0], 0.045 + stands.up_m, foot[2] - 0.05)))

    def _stretch(self, name: str, start: Vector, end: Vector) -> None:
        part = self._parts[name]
        part.set_pos(to_panda(start))
        part.look_at(to_panda(end))


def bent(start: Vector, end: Vector, upper_m: float, lower_m: float, pole: Vector) -> tuple[Vector, Vector]:
    """The joint between two limbs that reach from a start towards an end, bent to the pole; and where they end."""
    a, b, out = np.asarray(start), np.asarray(end), np.asarray(pole)
    far_m = max(1e-6, float(np.linalg.norm(b - a)))
    way = (b - a) / far_m
    reach_m = min(far_m, 0.999 * (upper_m + lower_m))
    share_m = (upper_m**2 - lower_m**2 + reach_m**2) / (2 * reach_m)
    aside = out - way * float(out @ way)
    aside /= max(1e-6, float(np.linalg.norm(aside)))
    joint = a + way * share_m + aside * math.sqrt(max(0.0, upper_m**2 - share_m**2))
    return _vector(joint), _vector(a + way * reach_m)


def _hips(eyes: Vector, share: float) -> Vector:
    """On the line from feet to neck for who stands; on the chair for who sits, and back over it on the way."""
    height_m = SEATED_HIPS_M + share * (HIPS_M - SEATED_HIPS_M)
    along = share * height_m / eyes[1]
    back_m = SEAT_BACK_M * (1 - share) + 0.12 * math.sin(math.pi * share)
    return (along * eyes[0], height_m, along * eyes[2] + back_m)


def _sided(side: str, way: Vector) -> Vector:
    return (way[0] if side == "right" else -way[0], way[1], way[2])


def _vector(place: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> Vector:
    x, y, z = place.tolist()
    return (x, y, z)


def _linear(code: str) -> LVecBase4f:
    """A colour as light adds it up."""
    red, green, blue = (share**2.2 for share in colour(code))
    return LVecBase4f(red, green, blue, 1)


def _parts() -> dict[str, NodePath]:
    """What the figure is made of; a limb lies along y, from its start."""
    parts = {
        "head": _head(),
        "trunk": _limb(0.46, 0.115, 0.155),
        "hips": shapes.ball("hips", (0.145, 0.105, 0.105), WHITE),
        "chair": _chair(),
    }
    for side in SIDES:
        parts |= {
            f"{side} upper arm": _limb(UPPER_ARM_M, 0.050, 0.044),
            f"{side} forearm": _limb(FOREARM_M, 0.044, 0.036),
            f"{side} hand": shapes.ball("hand", (0.062, 0.062, 0.062), WHITE),
            f"{side} thigh": _limb(THIGH_M, 0.078, 0.060),
            f"{side} shank": _limb(SHANK_M, 0.058, 0.044),
            f"{side} foot": shapes.ball("foot", (0.055, 0.13, 0.045), WHITE),
        }
    return parts


def _head() -> NodePath:
    """A head from its eyes, with a headset on, so that one sees where it looks."""
    node = NodePath("head")
    skull = shapes.ball("skull", (0.095, 0.115, 0.135), WHITE)
    skull.set_pos(0, -0.085, 0.03)
    skull.reparent_to(node)
    headset = shapes.ball("headset", (0.108, 0.060, 0.062), WHITE)
    headset.set_color(0.02, 0.02, 0.025, 1.0)
    headset.set_pos(0, 0.01, 0.0)
    headset.reparent_to(node)
    return node


def _chair() -> NodePath:
    """A chair without arms, 43 cm high: the middle of its seat is above the origin, its back behind it."""
    node = NodePath("chair")
    shapes.turned("seat", _SEAT, WHITE).reparent_to(node)
    for aside_m in (-0.16, 0.16):
        _rod(node, (aside_m, 0.16, 0.0), (aside_m, 0.14, 0.41))
        _rod(node, (aside_m, -0.20, 0.0), (aside_m, -0.17, 0.41))
        _rod(node, (aside_m, -0.17, 0.41), (aside_m, -0.22, 0.84))
    for height_m in (0.68, 0.82):
        _rod(node, (-0.16, -0.22, height_m), (0.16, -0.22, height_m))
    return node


def _rod(parent: NodePath, start: Vector, end: Vector) -> None:
    """A rod of a chair between two places in Panda3D's axes."""
    rod = _limb(math.dist(start, end), _ROD_M, _ROD_M)
    rod.reparent_to(parent)
    rod.set_pos(start)
    rod.look_at(parent, end)


def _limb(long_m: float, start_m: float, end_m: float) -> NodePath:
    """A limb with round ends along y, `start_m` and `end_m` thick (radius)."""
    round_ = np.linspace(-math.pi / 2, 0, 7)
    low = np.stack([start_m * np.cos(round_), start_m * np.sin(round_)], axis=1)
    high = np.stack([end_m * np.cos(round_[::-1]), long_m - end_m * np.sin(round_[::-1])], axis=1)
    body = shapes.turned("body", np.concatenate([low, high]), WHITE)
    body.set_p(-90)
    node = NodePath("limb")
    body.reparent_to(node)
    return node
