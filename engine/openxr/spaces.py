"""Where things are: poses as the runtime tells them, and the space with its floor at y = 0, which never moves."""

import logging
import math
import struct
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NamedTuple

import xr

from engine.frame import LOST, Button, Pose, Quaternion, Speed, Vector, from_yaw_pitch, rotate, times, yaw_rad
from engine.openxr.calls import Calls, address, field, handle
from engine.openxr.events import SpaceMoved
from engine.openxr.options import Options

STANDING_EYES_M = 1.55  # where the eyes of who sits or lies are lifted to
FIXED_EYES_M = 1.6  # above the floor, for a headset that knows no floor
_located = struct.Struct("<Q7f").unpack_from  # flags, quaternion x y z w, position
_moving = struct.Struct("<Q6f").unpack_from  # flags, metres a second, radians a second
_LOCATED_AT, _MOVING_AT = xr.SpaceLocation._location_flags.offset, xr.SpaceVelocity._velocity_flags.offset
_VALID, _TRACKED = 0b0011, 0b1100  # orientation and position of XrSpaceLocationFlags
_BOTH_SPEEDS = 0b0011  # linear and angular of XrSpaceVelocityFlags
_KIND = xr.ReferenceSpaceType
_VIEW, _LOCAL, _STAGE, _LOCAL_FLOOR = (kind.value for kind in (_KIND.VIEW, _KIND.LOCAL, _KIND.STAGE, _KIND.LOCAL_FLOOR))
_HERE = Pose((0.0, 0.0, 0.0))

_log = logging.getLogger("steadyreach.openxr")


class Place:
    """A space that can be located; its pose, and with `moving` its speed, are read in place."""

    def __init__(self, calls: Calls, space: Any, name: str, *, moving: bool = False) -> None:
        self._calls, self.handle, self._name = calls, handle(space), name
        self._location, self._velocity = xr.SpaceLocation(), xr.SpaceVelocity()
        self._location_at = address(self._location)
        self._view = memoryview(self._location).cast("B")
        self._speeds = memoryview(self._velocity).cast("B")
        if moving:
            field(self._location, xr.SpaceLocation._next).value = address(self._velocity)
        self._told = False

    def pose(self, base: int, time_ns: int) -> Pose:
        """Where this is in a base space at a time; LOST when the runtime cannot say, or says what cannot be."""
        self._calls.locate_space(self.handle, base, time_ns, self._location_at)
        pose = read_pose(self._view, _LOCATED_AT)
        if pose is None:
            if not self._told:
                self._told = True
                _log.warning("the OpenXR runtime gives numbers that are no pose for %s; it counts as lost", self._name)
            return LOST
        return pose

    def speed(self) -> Speed | None:
        """How fast it was moving where it was located last; None where the runtime does not say."""
        flags, x, y, z, pitch, yaw, roll = _moving(self._speeds, _MOVING_AT)
        if flags & _BOTH_SPEEDS != _BOTH_SPEEDS or not math.isfinite(x + y + z + pitch + yaw + roll):
            return None
        return Speed((x, y, z), (pitch, yaw, roll))


def read_pose(view: memoryview, offset: int) -> Pose | None:
    """Read flags and a pose as they lie in many of OpenXR's structures; None for numbers that are no pose."""
    flags, qx, qy, qz, qw, x, y, z = _located(view, offset)
    if flags & _VALID != _VALID:
        return LOST
    if not 0.9 < qx * qx + qy * qy + qz * qz + qw * qw < 1.1 or not math.isfinite(x + y + z):
        return None
    return Pose((x, y, z), (qx, qy, qz, qw), True, flags & _TRACKED == _TRACKED)  # by name it would cost twice as much


def given_back(destroy: Callable[[Any], object], thing: Any) -> None:
    """Destroy something of a session; that the session is lost already is no error."""
    try:
        destroy(thing)
    except xr.ErrorResult as reason:
        _log.debug("could not give back %s: %s", type(thing).__name__, reason)


class Placed(NamedTuple):
    """Where the space of frames lies in a reference space of the runtime.

    `standing` is where it would be for somebody who stands, `origin` where it is in the person's posture.
    """

    kind: int
    standing: Pose
    origin: Pose


class Floor:
    """The space that frames are given in; it stays where it is in the world for as long as the session lasts.

    It starts where the runtime has the middle and the front of the room (LOCAL_FLOOR, or LOCAL above the floor of
    STAGE), and is kept in STAGE, which no recentring moves. Where there is no STAGE it follows the runtime's own
    recentring backwards. `placed` is where it lies, which another session may start from.
    """

    def __init__(
        self, session: Any, calls: Calls, options: Options, closing: ExitStack, placed: Placed | None = None
    ) -> None:
        self._session, self._calls, self._options = session, calls, options
        self._closing = closing
        kinds = {int(kind) for kind in xr.enumerate_reference_spaces(session)}
        built = options.build_floor or _LOCAL_FLOOR not in kinds
        self._front_kind = _LOCAL if built else _LOCAL_FLOOR
        self._front = self._reference(self._front_kind, "the middle of the room")
        self._stage = self._reference(_STAGE, "the stage") if _STAGE in kinds else None
        self._head = self._reference(_VIEW, "the head", moving=True)
        self._space: Any = None
        self._handle = 0
        closing.callback(self._replace, None)
        self._moves: list[SpaceMoved] = []
        self._front_before, self._head_before = LOST, LOST
        self.placed: Placed | None = None
        if placed is not None and placed.kind == _STAGE and self._stage is not None:
            self._put(placed)

    def at(self, time_ns: int) -> int:
        """The handle of the space; 0 as long as the headset has not known where it is."""
        if self._moves:
            self._follow(time_ns)
        if not self._handle:
            self._start(time_ns)
        return self._handle

    def head(self, time_ns: int) -> Pose:
        """Where the head is in the space; the space must be there."""
        pose = self._head.pose(self._handle, time_ns)
        if pose.valid:
            self._head_before = pose
        return pose

    def head_speed(self) -> Speed | None:
        """How fast the head was moving where `head` found it last."""
        return self._head.speed()

    def moved(self, event: SpaceMoved) -> Button:
        """Take in that a reference space moves; RECENTRE when it was the middle of the room, so by somebody's wish."""
        base = self.placed.kind if self.placed else self._front_kind
        if event.space in (base, self._front_kind):
            self._moves.append(event)
        return Button.RECENTRE if event.space == self._front_kind else Button.NONE

    def bounds_m(self, time_ns: int) -> tuple[tuple[float, float], ...]:
        """The corners (x, z) of the clear floor in the space at a time; none where the runtime does not know them."""
        if self._stage is None or not self._handle:
            return ()
        try:
            size = xr.get_reference_space_bounds_rect(self._session, _KIND.STAGE)
        except (xr.SpaceBoundsUnavailable, xr.ErrorResult):  # a session that is lost says so with its next frame
            return ()
        stage = self._stage.pose(self._handle, time_ns)
        if not stage.valid or not (size.width > 0 and size.height > 0):
            return ()
        half_x, half_z = size.width / 2, size.height / 2
        corners = ((-half_x, -half_z), (half_x, -half_z), (half_x, half_z), (-half_x, half_z))
        places_m = (after(stage, Pose((x, 0.0, z))).position_m for x, z in corners)
        return tuple((x, z) for x, _, z in places_m)

    def settle(self, time_ns: int) -> None:
        """Lift or turn the space anew for somebody who sits or lies otherwise than before; it moves the space.

        Nothing happens for who stands, or while nobody knows where the head is.
        """
        placed = self.placed
        if placed is None or self._options.posture == "standing":
            return
        head = self._head.pose(self._base(placed.kind).handle, time_ns)
        if head.valid:
            self._put(placed._replace(origin=in_posture(placed.standing, head, self._options)))

    def _base(self, kind: int) -> Place:
        return self._stage if kind == _STAGE and self._stage is not None else self._front

    def _start(self, time_ns: int) -> None:
        """Choose where the space is, once the headset can say where things are."""
        kind, standing = self._front_kind, _HERE
        front = self._front.pose(self._stage.handle, time_ns) if self._stage is not None else LOST
        if front.valid:
            kind, self._front_before = _STAGE, front
            height_m = 0.0 if self._front_kind == _LOCAL else front.position_m[1]
            x, _, z = front.position_m
            standing = Pose((x, height_m, z), from_yaw_pitch(yaw_rad(front.orientation), 0.0))
        elif self._front_kind == _LOCAL:
            standing = Pose((0.0, -FIXED_EYES_M, 0.0))
        head = self._head.pose(self._base(kind).handle, time_ns)
        if not head.valid and (kind != _STAGE or self._options.posture != "standing"):
            return
        if kind == _LOCAL:
            _log.warning("the headset knows no floor: it is taken to be %.1f m down; run its room set-up", FIXED_EYES_M)
        self._put(Placed(kind, standing, in_posture(standing, head, self._options)))

    def _follow(self, time_ns: int) -> None:
        """Keep the space where it is in the world although the runtime's own spaces have moved by this time."""
        due = [event for event in self._moves if event.time_ns <= time_ns]
        if not due:
            return
        self._moves = [event for event in self._moves if event.time_ns > time_ns]
        placed, front_before = self.placed, self._front_before
        if placed is None:
            return
        if self._stage is not None:
            self._front_before = self._front.pose(self._stage.handle, time_ns)
        ours = [event for event in due if event.space == placed.kind]
        alone = all(event.space == placed.kind for event in due)
        if not ours:
            return
        change = _HERE
        for event in ours:
            if event.pose_in_previous is None:
                change = self._seen_change(placed, front_before if alone else LOST, time_ns)
                break
            change = after(backwards(event.pose_in_previous), change)
        self._put(Placed(placed.kind, after(change, placed.standing), after(change, placed.origin)))

    def _seen_change(self, placed: Placed, front_before: Pose, time_ns: int) -> Pose:
        """How the space's reference has moved, by what did not: the middle of the room, or else the head."""
        if placed.kind == _STAGE and front_before.valid and self._front_before.valid:
            return after(self._front_before, backwards(front_before))
        head = self._head.pose(self._base(placed.kind).handle, time_ns)
        if not head.valid or not self._head_before.valid:
            return _HERE
        change = after(after(head, backwards(self._head_before)), backwards(placed.origin))
        level = from_yaw_pitch(yaw_rad(change.orientation), 0.0)  # reference spaces stand upright before and after
        before_m = after(placed.origin, self._head_before).position_m
        return Pose(_minus(head.position_m, rotate(level, before_m)), level)

    def _put(self, placed: Placed) -> None:
        self.placed = placed
        self._replace(self._make(placed.kind, placed.origin))

    def _replace(self, space: Any) -> None:
        if self._space is not None:
            given_back(xr.destroy_space, self._space)
        self._space, self._handle = space, handle(space) if space is not None else 0

    def _make(self, kind: int, pose: Pose) -> Any:
        in_reference = xr.Posef(xr.Quaternionf(*pose.orientation), xr.Vector3f(*pose.position_m))
        return xr.create_reference_space(self._session, xr.ReferenceSpaceCreateInfo(_KIND(kind), in_reference))

    def _reference(self, kind: int, name: str, *, moving: bool = False) -> Place:
        space = self._make(kind, _HERE)
        self._closing.callback(given_back, xr.destroy_space, space)
        return Place(self._calls, space, name, moving=moving)


def in_posture(standing: Pose, head: Pose, options: Options) -> Pose:
    """Where the space has to be for a person in a posture, from where it is for standing; all in one reference space.

    Who sits is lifted until the eyes are at standing height. Who lies looks at what is ahead now, upright.
    """
    if options.posture == "lying":
        turned = _without_roll(head.orientation)
        below = rotate(turned, (0.0, -STANDING_EYES_M - options.height_m, 0.0))
        return Pose(_plus(head.position_m, below), turned)
    lift_m = options.height_m
    if options.posture == "seated":
        lift_m += max(0.0, STANDING_EYES_M - after(backwards(standing), head).position_m[1])
    return after(standing, Pose((0.0, -lift_m, 0.0)))


def after(outer: Pose, inner: Pose) -> Pose:
    """A pose given in the axes of another one, in those that the other one is given in."""
    x, y, z, w = times(outer.orientation, inner.orientation)
    long = math.sqrt(x * x + y * y + z * z + w * w)
    place = _plus(outer.position_m, rotate(outer.orientation, inner.position_m))
    return Pose(place, (x / long, y / long, z / long, w / long))


def backwards(pose: Pose) -> Pose:
    """The inverse of a pose: what undoes it."""
    x, y, z, w = pose.orientation
    x_m, y_m, z_m = rotate((-x, -y, -z, w), pose.position_m)
    return Pose((-x_m, -y_m, -z_m), (-x, -y, -z, w))


def _plus(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _minus(a: Vector, b: Vector) -> Vector:
    return (a[0] - b[0], a[1] - b[1], a[2] - b[2])


def _without_roll(orientation: Quaternion) -> Quaternion:
    """The nearest orientation with a level axis from ear to ear; as it is for a head that lies on its side."""
    x, y, z = rotate(orientation, (1.0, 0.0, 0.0))
    level = math.hypot(x, z)
    if level < 0.5:
        return orientation
    # The shortest turn from the axis (x, y, z) to the same axis laid level, by half its angle.
    half = math.atan2(y, level) / 2
    axis = (z / level, 0.0, -x / level)
    back = (axis[0] * math.sin(half), 0.0, axis[2] * math.sin(half), math.cos(half))
    return times(back, orientation)
