"""The space of frames: where it begins, and that it stays there whatever the runtime does to its own."""

import ctypes
import itertools
import math
import struct
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any

import numpy as np
import pytest
import xr

from engine.frame import LOST, UPRIGHT, Button, Frame, Pose, from_yaw_pitch, rotate, yaw_rad
from engine.openxr import spaces
from engine.openxr.calls import handle
from engine.openxr.events import SpaceMoved
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from engine.openxr.spaces import Floor, Placed, after, backwards, in_posture
from engine.scene import Scene
from tests.openxr.layers.faults import Faults
from tests.openxr.monado import Monado
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHand, RemoteHmd
from tests.openxr.watching import until
from tests.openxr.world import World

HEAD = (0.3, 1.45, 0.2)
TURN = from_yaw_pitch(0.4, 0.1)
LEFT = RemoteHand((-0.1, 1.2, -0.4), from_yaw_pitch(-0.7, 0.3))
MILLIMETRE = 1e-3
KIND = xr.ReferenceSpaceType


def away(frame: Frame, head_m: tuple[float, ...] = HEAD, left_m: tuple[float, ...] = LEFT.position_m) -> float:
    """How far head and left hand are from where they are in the room, whichever is further."""
    return max(math.dist(frame.head.position_m, head_m), math.dist(frame.left.grip.position_m, left_m))


@pytest.fixture
def person(own: Monado) -> Iterator[RemoteHmd]:
    """Somebody at an odd place, looking an odd way."""
    with closing(RemoteHmd(own.port)) as remote:
        remote.move(head_m=HEAD, head_turn=TURN, left=LEFT)
        yield remote


def without_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the runtime have no STAGE."""
    listed = xr.enumerate_reference_spaces
    left_out = KIND.STAGE.value
    monkeypatch.setattr(
        xr, "enumerate_reference_spaces", lambda session: [kind for kind in listed(session) if int(kind) != left_out]
    )


@pytest.mark.usefixtures("person")
@pytest.mark.parametrize("build", [False, True])
def test_three_recentrings_move_nothing(own: Monado, build: bool) -> None:
    with closing(OpenXRHeadset(World, Options(build_floor=build))) as headset:
        until(headset, lambda frame: frame.focused and away(frame) < MILLIMETRE)
        seen, recentred = [], 0
        for count, frame in zip(range(100), headset.frames(), strict=False):
            headset.show(Scene("still"))
            seen.append(away(frame))
            recentred += bool(frame.buttons & Button.RECENTRE)
            if count % 20 == 5 and count < 60:
                own.recentre()
    assert recentred == 3
    assert max(seen) < MILLIMETRE


@pytest.mark.parametrize("build", [False, True])
def test_what_is_seen_keeps_every_pixel_through_a_recentring(
    own: Monado, person: RemoteHmd, monkeypatch: pytest.MonkeyPatch, build: bool
) -> None:
    pictures = Pictures(monkeypatch)
    person.move(head_turn=from_yaw_pitch(-0.2, 0.1))
    with closing(OpenXRHeadset(World, Options(build_floor=build))) as headset:
        until(headset, lambda frame: frame.focused and away(frame) < MILLIMETRE)
        until(headset, lambda _: True)
        before = pictures.both()
        own.recentre()
        until(headset, lambda frame: frame.buttons == Button.RECENTRE)
        until(headset, lambda _: True)
    assert len(np.unique(before[0].reshape(-1, 4), axis=0)) > 1
    assert all(np.array_equal(*pair) for pair in zip(before, pictures.both(), strict=True))


@pytest.mark.usefixtures("person")
def test_a_recentring_is_told_once(own: Monado) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, lambda frame: frame.focused and away(frame) < MILLIMETRE)
        own.recentre()
        until(headset, lambda frame: frame.buttons == Button.RECENTRE)
        assert [frame.buttons for _, frame in zip(range(6), headset.frames(), strict=False)] == [0] * 6


@pytest.mark.usefixtures("person")
def test_without_a_stage_a_recentring_is_followed_backwards(own: Monado, monkeypatch: pytest.MonkeyPatch) -> None:
    without_stage(monkeypatch)
    with closing(OpenXRHeadset(World)) as headset:
        before = until(headset, lambda frame: frame.focused and away(frame) < MILLIMETRE)
        own.recentre()
        until(headset, lambda frame: frame.buttons == Button.RECENTRE)
        after_it = until(headset, lambda frame: not frame.buttons)
    assert away(after_it) < MILLIMETRE
    assert math.dist(after_it.head.orientation, before.head.orientation) < MILLIMETRE


@pytest.mark.usefixtures("person")
def test_a_recentring_counts_from_its_time(faults: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    without_stage(monkeypatch)
    tries = (_heads_over_a_recentring(faults, 400_000_000 << doubled) for doubled in range(6))
    heads = next(seen for seen in tries if not seen[0][0])  # on a busy machine a frame may take longer than that
    assert set(heads) == {(False, 0.0), (True, 1.0)}


def _heads_over_a_recentring(faults: Faults, ahead_ns: int) -> list[tuple[bool, float]]:
    """For each frame whether it is after the time of a recentring, and how far the head has moved, in metres."""
    with closing(OpenXRHeadset(World)) as headset:
        frame = until(headset, lambda frame: frame.focused and away(frame) < MILLIMETRE)
        event = xr.EventDataReferenceSpaceChangePending(
            faults.session(), KIND.LOCAL_FLOOR, frame.time_ns + ahead_ns, True, xr.Posef(position=(1.0, 0.0, 0.0))
        )
        faults.tell(event)
        heads: list[tuple[bool, float]] = []
        while [late for late, _ in heads].count(True) < 5:
            one = until(headset, lambda _: True)
            heads.append((one.time_ns >= event.change_time, round(one.head.position_m[0] - HEAD[0], 3)))
    return heads


@pytest.mark.usefixtures("person")
def test_a_floor_that_the_runtime_lacks_is_below_the_eyes(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(xr, "enumerate_reference_spaces", lambda _: [KIND.VIEW.value, KIND.LOCAL.value])
    with closing(OpenXRHeadset(World)) as headset:
        frame = until(headset, lambda frame: frame.focused and frame.head.valid)
    assert frame.head.position_m == pytest.approx(HEAD, abs=1e-4)  # Monado's LOCAL is 1.6 m up
    assert "knows no floor" in caplog.text


def test_who_sits_is_lifted_to_standing_height(person: RemoteHmd) -> None:
    person.move(head_m=(0.3, 1.15, 0.2))
    with closing(OpenXRHeadset(World, Options(posture="seated", height_m=0.1))) as headset:
        frame = until(headset, lambda frame: frame.focused and frame.head.valid)
    assert frame.head.position_m == pytest.approx((0.3, spaces.STANDING_EYES_M + 0.1, 0.2), abs=1e-4)


def test_who_lies_looks_ahead_at_the_ceiling(person: RemoteHmd) -> None:
    person.move(head_m=(0.3, 0.5, 0.2), head_turn=from_yaw_pitch(0.4, math.radians(88)))
    with closing(OpenXRHeadset(World, Options(posture="lying"))) as headset:
        frame = until(headset, lambda frame: frame.focused and frame.head.valid)
    assert frame.head.position_m == pytest.approx((0.0, spaces.STANDING_EYES_M, 0.0), abs=1e-4)
    assert frame.head.orientation == pytest.approx(UPRIGHT, abs=1e-4)


@pytest.mark.parametrize("roll", [-0.9, 0.0, 0.4])
@pytest.mark.parametrize("pitch", [0.9, 1.57, 2.2])
def test_lying_takes_the_pitch_of_the_head_and_not_its_roll(pitch: float, roll: float) -> None:
    lying = from_yaw_pitch(1.1, pitch)
    rolled = after(
        Pose((0.0, 0.0, 0.0), lying), Pose((0.0, 0.0, 0.0), (0.0, 0.0, math.sin(roll / 2), math.cos(roll / 2)))
    )
    origin = in_posture(Pose((0.0, 0.0, 0.0)), rolled, Options(posture="lying"))
    assert rotate(origin.orientation, (1.0, 0.0, 0.0))[1] == pytest.approx(0.0, abs=1e-9)
    seen = after(backwards(origin), rolled)
    assert seen.position_m == pytest.approx((0.0, spaces.STANDING_EYES_M, 0.0))
    assert abs(yaw_rad(seen.orientation)) < abs(roll) + 1e-6


def test_backwards_undoes_a_pose() -> None:
    pose = Pose((0.1, 1.2, -0.3), from_yaw_pitch(0.8, -0.5))
    undone = after(backwards(pose), pose)
    assert undone.position_m == pytest.approx((0.0, 0.0, 0.0))
    assert undone.orientation == pytest.approx(UPRIGHT)


VIEW, LOCAL, STAGE, LOCAL_FLOOR = (kind.value for kind in (KIND.VIEW, KIND.LOCAL, KIND.STAGE, KIND.LOCAL_FLOOR))


class Room:
    """A runtime of spaces alone: `at` says where each kind of reference space is in the world, LOST if nobody knows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *lacking: int) -> None:
        self.at = {
            STAGE: Pose((2.0, 0.0, 1.0), from_yaw_pitch(0.7, 0.0)),
            LOCAL_FLOOR: Pose((1.0, 0.0, -1.0), from_yaw_pitch(-0.4, 0.0)),
            LOCAL: Pose((1.0, 1.6, -1.0), from_yaw_pitch(-0.4, 0.0)),
            VIEW: Pose((1.1, 1.5, -1.2), from_yaw_pitch(0.2, -0.3)),
        }
        self.made: dict[int, tuple[int, Pose]] = {}
        numbers = itertools.count(1)

        def make(_: object, request: xr.ReferenceSpaceCreateInfo) -> xr.Space:
            turn, place = request.pose_in_reference_space.orientation, request.pose_in_reference_space.position
            number, pose = next(numbers), Pose((place.x, place.y, place.z), (turn.x, turn.y, turn.z, turn.w))
            self.made[number] = request.reference_space_type.value, pose
            return ctypes.cast(number, xr.Space)

        kinds = [kind for kind in self.at if kind not in lacking]
        monkeypatch.setattr(xr, "enumerate_reference_spaces", lambda _: kinds)
        monkeypatch.setattr(xr, "create_reference_space", make)
        monkeypatch.setattr(xr, "destroy_space", lambda space: self.made.pop(handle(space)))

    def world(self, space: int) -> Pose:
        """Where a space is in the world."""
        kind, offset = self.made[space]
        return after(self.at[kind], offset)

    def locate_space(self, space: int, base: int, _: int, location: int) -> int:
        """As the runtime would."""
        known = self.at[self.made[space][0]].valid and self.at[self.made[base][0]].valid
        pose = after(backwards(self.world(base)), self.world(space)) if known else LOST
        told = struct.pack("<Q7f", 15 if known else 0, *pose.orientation, *pose.position_m)
        ctypes.memmove(location + xr.SpaceLocation._location_flags.offset, told, len(told))
        return 0

    def floor(self, placed: Placed | None = None, **options: Any) -> Floor:
        """The floor of a session here."""
        return Floor(None, self, Options(**options), ExitStack(), placed)  # type: ignore[arg-type]

    def move(self, kind: int, pose: Pose) -> Pose:
        """Move a reference space; gives where it is now in where it was."""
        before, self.at[kind] = self.at[kind], pose
        return after(backwards(before), pose)


MOVED = Pose((3.0, 0.0, -2.0), from_yaw_pitch(2.1, 0.0))


def same(one: Pose, other: Pose) -> bool:
    """Whether two poses are the same but for what 32-bit floats lose."""
    return math.dist(one.position_m, other.position_m) < 1e-5 and (
        min(math.dist(one.orientation, [sign * part for part in other.orientation]) for sign in (1, -1)) < 1e-5
    )


def test_the_space_begins_at_the_middle_of_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    assert same(room.world(room.floor().at(1)), room.at[LOCAL_FLOOR])
    assert same(room.world(room.floor(build_floor=True).at(1)), room.at[LOCAL_FLOOR])


@pytest.mark.parametrize("posture", ["standing", "seated", "lying"])
@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("kind", [STAGE, LOCAL_FLOOR])
def test_wherever_the_runtime_moves_its_space_ours_stays(
    monkeypatch: pytest.MonkeyPatch, kind: int, said: bool, posture: str
) -> None:
    room = Room(monkeypatch, *([] if kind == STAGE else [STAGE]))
    floor = room.floor(posture=posture)
    before = room.world(floor.at(1))
    floor.head(1)
    pose = room.move(kind, MOVED)
    floor.moved(SpaceMoved(kind, 2, pose if said else None))
    assert same(room.world(floor.at(2)), before)


def test_stage_and_middle_that_move_together_are_followed_by_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    floor = room.floor()
    before = room.world(floor.at(1))
    floor.head(1)
    for kind in (LOCAL_FLOOR, STAGE):
        room.move(kind, MOVED)
        floor.moved(SpaceMoved(kind, 2, None))
    assert same(room.world(floor.at(2)), before)


def test_two_moves_in_one_frame_are_both_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch, STAGE)
    floor = room.floor()
    before = room.world(floor.at(1))
    for pose in (MOVED, Pose((0.0, 0.0, 5.0), from_yaw_pitch(-1.0, 0.0))):
        floor.moved(SpaceMoved(LOCAL_FLOOR, 2, room.move(LOCAL_FLOOR, pose)))
    assert same(room.world(floor.at(3)), before)


def test_what_moved_before_anybody_knew_where_they_were_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    floor, stage = room.floor(), room.move(STAGE, LOST)
    head = room.move(VIEW, LOST)
    assert (floor.at(1), stage.valid, head.valid) == (0, True, True)
    floor.moved(SpaceMoved(LOCAL_FLOOR, 2, None))
    room.move(LOCAL_FLOOR, MOVED)
    room.move(STAGE, Pose((0.0, 0.0, 0.0)))
    assert same(room.world(floor.at(3)), MOVED)


def test_a_stage_that_nobody_can_find_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    room.move(STAGE, LOST)
    assert same(room.world(room.floor().at(1)), room.at[LOCAL_FLOOR])


def test_a_floor_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    room, closing_all = Room(monkeypatch), ExitStack()
    floor = Floor(None, room, Options(), closing_all)  # type: ignore[arg-type]
    for time_ns in range(1, 9):
        floor.at(time_ns)
        floor.moved(SpaceMoved(STAGE, time_ns + 1, room.move(STAGE, MOVED)))
    assert len(room.made) == 4
    closing_all.close()
    assert room.made == {}


def test_settling_lifts_who_has_slid_down_and_leaves_who_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    for posture, height_m in (("seated", spaces.STANDING_EYES_M), ("standing", 1.0)):
        room.move(VIEW, Pose((0.0, 1.2, 0.0)))
        floor = room.floor(posture=posture)
        floor.at(1)
        room.move(VIEW, Pose((0.0, 1.0, 0.0)))
        floor.settle(2)
        floor.at(3)
        assert floor.head(3).position_m[1] == pytest.approx(height_m)


def test_settling_turns_who_lies_to_what_they_look_at(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    floor = room.floor(posture="lying")
    floor.at(1)
    room.move(VIEW, Pose((0.3, 0.6, -0.2), from_yaw_pitch(0.2, 1.5)))
    floor.settle(2)
    assert floor.at(2)
    assert same(floor.head(2), Pose((0.0, spaces.STANDING_EYES_M, 0.0)))


def test_settling_waits_for_a_head(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    floor = room.floor(posture="seated")
    floor.settle(1)
    before = room.world(floor.at(2))
    room.move(VIEW, LOST)
    floor.settle(3)
    assert same(room.world(floor.at(4)), before)


def test_another_session_begins_where_the_last_one_was(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(monkeypatch)
    floor = room.floor(posture="lying")
    before = room.world(floor.at(1))
    for kind in (LOCAL_FLOOR, VIEW):
        room.move(kind, MOVED)
    assert same(room.world(room.floor(floor.placed, posture="lying").at(2)), before)
