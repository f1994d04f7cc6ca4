"""A Friend, drawn: the companion of the place, face to face with the person as in a mirror."""

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from panda3d.core import LQuaternion, LVector3

from engine.frame import Frame
from engine.panda.axes import to_panda
from engine.panda.ease import Burst, smooth
from engine.panda.flourish import show
from engine.panda.kit import Kit
from engine.panda.roles import part
from engine.panda.shadow import Shadow
from engine.scene import Friend, Gaze, Item, Lean
from engine.theme import Place

MOVES_S = 0.6
HOP_M = 0.04
LOOKS_UP_DEG = 5.0  # people are taller
LEG_DEG = 78.0  # how far a leg is drawn up, behind
_SHADOW_M = 0.36
_COVERS_DEG = 15.0
"""A guide ahead covers a companion who is no further aside than this."""


class _Bearing(NamedTuple):
    """How it holds itself, in degrees, chin up; an arm is (out, ahead): where it points to, as long as it is raised.

    A leg is drawn up by a share of all the way.
    """

    left: tuple[float, float] = (5.0, 4.0)
    right: tuple[float, float] = (5.0, 4.0)
    tilt: float = 0.0
    nod: float = LOOKS_UP_DEG
    lean: float = 0.0
    hop_m: float = 0.0
    left_leg: float = 0.0
    right_leg: float = 0.0


class Companion:
    """The companion. `left` is always what a person sees to the left: its own right."""

    def __init__(self, kit: Kit, item: Friend, _: Frame) -> None:
        """Let it stand in its place."""
        self.node = kit.parent.attach_new_node(item.key)
        self.node.set_pos(to_panda(kit.place.companion_m))
        self._shadow = Shadow(kit.look, kit.place, self.node, _SHADOW_M * kit.place.companion_scale)
        self._shadow.below(0.0, 0.0, 0.0)
        self._kit, self._figure = kit, self.node.attach_new_node("figure")
        self._head = self._left = self._right = self._figure.attach_new_node("nobody")
        self._left_leg = self._right_leg = self._head
        self._stands, self._item, self._move = False, item, Burst(MOVES_S)
        self._appear()
        self._now = self._from = _bearing(item, 0.0)

    def update(self, item: Friend) -> None:
        """Begin to do something else, from how it is now."""
        self._item, self._from = item, self._now
        self._move.begin()
        if not self._stands:
            self._appear()

    def pass_time(self, time_s: float) -> None:
        """Move on to how it should be, and breathe."""
        share = smooth(self._move.share(time_s))
        goal = _bearing(self._item, time_s)
        self._now = now = goal if share == 1 else _between(self._from, goal, share)
        self._left.set_quat(_raised(now.left, -1))
        self._right.set_quat(_raised(now.right, 1))
        self._head.set_hpr(0, -now.nod, now.tilt)
        self._left_leg.set_p(LEG_DEG * now.left_leg)
        self._right_leg.set_p(LEG_DEG * now.right_leg)
        breath = math.sin(2 * math.pi * 0.2 * time_s)
        self._figure.set_pos_hpr_scale(0, 0, now.hop_m, 0, 0, now.lean, 1 - 0.003 * breath, 1, 1 + 0.006 * breath)
        self._shadow.below(0.0, 0.0, 2 * now.hop_m)

    def _appear(self) -> None:
        """Stand there; where a place has no companion, somebody comes only who has something to show."""
        self._stands = bool(self._kit.place.roles.companion) or self._item.mood == "shows"
        show(self._shadow.node, self._stands)
        if self._stands:
            model = self._kit.role("companion", self._figure)
            model.set_scale(self._kit.place.companion_scale)
            self._head, self._left, self._right = (part(model, name) for name in ("head", "arm_right", "arm_left"))
            self._left_leg, self._right_leg = (part(model, name) for name in ("leg_right", "leg_left"))


def uncovered(items: tuple[Item, ...], place: Place) -> tuple[Item, ...]:
    """The items without a guide for head or trunk that would cover a companion who shows the same."""
    x, _, z = place.companion_m
    shown = any(isinstance(item, Friend) and item.mood == "shows" for item in items)
    if not shown or abs(math.degrees(math.atan2(x, -z))) > _COVERS_DEG:
        return items
    return tuple(item for item in items if not isinstance(item, Gaze | Lean))


def _calm(_: Friend, time_s: float) -> _Bearing:
    sway = math.sin(0.7 * time_s)
    return _Bearing((6.0 + sway, 4.0), (6.0 - sway, 4.0), tilt=2.0 * sway)


def _waves(_: Friend, time_s: float) -> _Bearing:
    return _Bearing(right=_arm((78.0, 138.0 + 20.0 * math.sin(5.0 * time_s))), tilt=5.0)


def _shows(item: Friend, _: float) -> _Bearing:
    return _Bearing(_arm(item.arms.left_deg), _arm(item.arms.right_deg), item.tilt_deg, lean=item.lean_deg)


def _cheers(_: Friend, time_s: float) -> _Bearing:
    swing = math.sin(6.0 * time_s)
    hop_m = HOP_M * abs(math.sin(3.0 * time_s))
    return _Bearing(_arm((70.0, 152.0 + 8 * swing)), _arm((70.0, 152.0 - 8 * swing)), 3.0 * swing, 8.0, 0.0, hop_m)


def _sleeps(_: Friend, time_s: float) -> _Bearing:
    return _Bearing((4.0, 9.0), (4.0, 9.0), tilt=9.0, nod=-20.0 + 1.5 * math.sin(1.2 * time_s))


_BEARINGS: Mapping[str, Callable[[Friend, float], _Bearing]] = {
    "calm": _calm, "waves": _waves, "shows": _shows, "cheers": _cheers, "sleeps": _sleeps,
}  # fmt: skip


def _bearing(item: Friend, time_s: float) -> _Bearing:
    legs = {"left": (1.0, 0.0), "right": (0.0, 1.0)}.get(item.leg, (0.0, 0.0))
    return _BEARINGS[item.mood](item, time_s)._replace(left_leg=legs[0], right_leg=legs[1])


def _arm(azimuth_elevation_deg: tuple[float, float]) -> tuple[float, float]:
    azimuth, elevation_deg = math.radians(azimuth_elevation_deg[0]), azimuth_elevation_deg[1]
    return (elevation_deg * math.sin(azimuth), elevation_deg * math.cos(azimuth))


def _raised(arm: tuple[float, float], side: int) -> LQuaternion:
    """The turn of an arm that hangs along -z; `side` is 1 for the arm towards +x, and ahead is -y."""
    out, ahead = arm
    elevation_deg = math.hypot(out, ahead)
    turn = LQuaternion()
    if elevation_deg > 0:
        turn.set_from_axis_angle(elevation_deg, LVector3(-ahead, -side * out, 0) / elevation_deg)
    return turn


def _between(one: _Bearing, other: _Bearing, share: float) -> _Bearing:
    def mix(a: float, b: float) -> float:
        return a + (b - a) * share

    return _Bearing(
        (mix(one.left[0], other.left[0]), mix(one.left[1], other.left[1])),
        (mix(one.right[0], other.right[0]), mix(one.right[1], other.right[1])),
        mix(one.tilt, other.tilt),
        mix(one.nod, other.nod),
        mix(one.lean, other.lean),
        mix(one.hop_m, other.hop_m),
        mix(one.left_leg, other.left_leg),
        mix(one.right_leg, other.right_leg),
    )
