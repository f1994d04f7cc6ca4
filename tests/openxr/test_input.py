"""What hands do, on a real runtime: controllers of every kind, buttons, bare hands, trackers, pulses."""

import ctypes
import gc
import math
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import xr

from engine.frame import LOST, Button, Devices, Frame, Pose, from_yaw_pitch
from engine.openxr import actions, hands, runtime
from engine.openxr.actions import Actions
from engine.openxr.bindings import HAND_PROFILE, PROFILES
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.spaces import after
from engine.openxr.trackers import ROLES
from engine.scene import Buzz
from tests.openxr.layers.faults import Faults
from tests.openxr.remote import RemoteHand, RemoteHmd, RemotePerson
from tests.openxr.validation import Validation
from tests.openxr.watching import until
from tests.openxr.world import World

PLACE = (-0.2, 1.3, -0.5)
FIST = (1.0,) * 5
INDEX = "valve/index_controller"


def arrived(frame: Frame) -> bool:
    return frame.focused and frame.left.grip.valid and frame.right.grip.valid


def actions_of(headset: OpenXRHeadset) -> Actions:
    assert headset._link is not None
    return headset._link.actions


def devices_of(frame: Frame) -> Devices:
    assert frame.devices is not None
    return frame.devices


@pytest.fixture
def faulty(remote: RemoteHmd, faults: Faults) -> Iterator[Callable[[], OpenXRHeadset]]:
    """Starts a session behind a layer of faults, which must have had none of its own."""
    started: list[OpenXRHeadset] = []

    def start() -> OpenXRHeadset:
        started.append(OpenXRHeadset(World))
        return started[0]

    remote.move(**vars(RemotePerson()))
    yield start
    for headset in started:
        headset.close()
    assert faults.faults == []


def test_head_and_hands_arrive_where_they_were_moved(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    head, left, right = (0.1, 1.7, -0.2), (-0.4, 1.1, -0.6), (0.5, 1.4, -0.3)
    turns = [from_yaw_pitch(yaw, pitch) for yaw, pitch in ((0.5, 0.2), (-1.0, 0.4), (1.2, -0.6))]
    remote.move(head_m=head, head_turn=turns[0], left=RemoteHand(left, turns[1]), right=RemoteHand(right, turns[2]))
    frame = until(headset, lambda frame: frame.focused and math.dist(frame.head.position_m, head) < 1e-4)
    for pose, place, turn in zip(
        (frame.head, frame.left.grip, frame.right.grip), (head, left, right), turns, strict=True
    ):
        assert (pose.valid, pose.tracked) == (True, True)
        assert math.dist(pose.position_m, place) < 1e-4
        assert math.dist(pose.orientation, turn) < 1e-4


def test_trigger_and_squeeze_arrive(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    remote.move(left=RemoteHand(PLACE, trigger=0.75, squeeze=0.25))
    frame = until(headset, lambda frame: frame.left.trigger > 0)
    assert (frame.left.trigger, frame.left.squeeze) == pytest.approx((0.75, 0.25))
    assert (frame.right.trigger, frame.right.squeeze) == (0.0, 0.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_upper_button_of_either_hand_is_stop(headset: OpenXRHeadset, remote: RemoteHmd, side: str) -> None:
    assert not until(headset, arrived).buttons
    remote.move(**{side: RemoteHand(PLACE, b=True)})  # the remote's b is the upper one of an Index controller
    assert until(headset, lambda frame: frame.buttons != 0).buttons == Button.STOP


def test_a_short_press_of_menu_is_menu_and_a_long_one_recentres(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    until(headset, arrived)
    remote.move(left=RemoteHand(PLACE, a=True))
    assert until(headset, lambda frame: frame.buttons != 0).buttons == Button.RECENTRE
    remote.move(left=RemoteHand(PLACE))
    for _ in zip(range(5), headset.frames(), strict=False):
        assert not headset._frame.buttons
    remote.move(left=RemoteHand(PLACE, a=True))
    until(headset, lambda _: bool(actions_of(headset).buttons()))
    remote.move(left=RemoteHand(PLACE))
    assert until(headset, lambda frame: frame.buttons != 0).buttons == Button.MENU


def test_a_press_of_the_stick_recentres_once(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    until(headset, arrived)
    remote.move(right=RemoteHand((0.2, 1.3, -0.5), stick_click=True))
    assert until(headset, lambda frame: frame.buttons != 0).buttons == Button.RECENTRE
    assert [frame.buttons for _, frame in zip(range(5), headset.frames(), strict=False)] == [0] * 5


def test_a_hand_that_goes_to_sleep_is_lost(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    until(headset, arrived)
    remote.move(right=RemoteHand((0.2, 1.3, -0.5), active=False))
    frame = until(headset, lambda frame: not frame.right.grip.valid)
    assert frame.right.grip == devices_of(frame).right_aim == LOST
    assert frame.left.grip.tracked


def test_speeds_are_the_runtimes_own_and_point_where_the_hand_goes(headset: OpenXRHeadset, remote: RemoteHmd) -> None:
    turn = from_yaw_pitch(math.pi / 2, 0.0)
    remote.move(left=RemoteHand(PLACE, turn, moving_mps=(0.5, -0.25, 1.0), turning_radps=(0.0, 0.0, -2.0)))
    frame = until(headset, lambda frame: frame.left.grip.valid and frame.left.grip.orientation[1] != 0)
    speed = devices_of(frame).left_speed
    assert speed is not None
    assert speed.linear_mps == pytest.approx((0.5, -0.25, 1.0), abs=1e-4)
    assert speed.angular_radps == pytest.approx((2.0, 0.0, 0.0), abs=1e-4)  # turned with the hand into the room


def test_a_speed_without_its_flags_is_none(faulty: Callable[[], OpenXRHeadset], faults: Faults) -> None:
    def forget(*told: int) -> None:
        velocity = xr.SpaceLocation.from_address(told[3])._next
        if velocity:
            xr.SpaceVelocity.from_address(velocity)._velocity_flags = 1  # linear alone

    faults.spoil("xrLocateSpace", forget)
    devices = devices_of(until(faulty(), arrived))
    assert (devices.head_speed, devices.left_speed, devices.right_speed) == (None, None, None)


@pytest.mark.usefixtures("remote")
@pytest.mark.parametrize("new", [True, False])
def test_the_runtime_takes_the_bindings_of_every_controller_that_it_knows(
    validation: Validation, monkeypatch: pytest.MonkeyPatch, new: bool
) -> None:
    if not new:
        monkeypatch.setattr(runtime, "_NEW", xr.Version(1, 7, 0))  # which the runtime does not speak
    with closing(OpenXRHeadset(World)) as headset:
        assert until(headset, arrived).left.grip.tracked
        assert actions_of(headset).refused == []
        assert actions_of(headset).controllers == {"left": INDEX, "right": INDEX}
    assert validation.complaints() == []


@pytest.mark.parametrize("name", ["khr/simple_controller", "oculus/touch_controller", INDEX])
@pytest.mark.usefixtures("remote")
def test_who_plays_with_a_kind_of_controller_is_told_its_buttons(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(actions, "PROFILES", [profile for profile in PROFILES if profile.name == name])
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, arrived)
        said = actions_of(headset).controls()
    assert said["confirm"] == ("controls.select" if "simple" in name else "controls.trigger")
    assert said["stop"] == ("controls.menu_button" if "simple" in name else "controls.b_button")


def test_nothing_in_hand_has_no_buttons_to_tell(remote: RemoteHmd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "PROFILES", [])
    remote.move(left=RemoteHand(PLACE, active=False), right=RemoteHand(PLACE, active=False))
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, lambda frame: frame.focused)
        assert actions_of(headset).controls() == {}


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_pose_of_numbers_that_are_none_is_lost_and_told_once(
    faulty: Callable[[], OpenXRHeadset], faults: Faults, caplog: pytest.LogCaptureFixture, wrong: float
) -> None:
    def spoil(*told: int) -> None:
        xr.SpaceLocation.from_address(told[3]).pose.position.y = wrong

    headset = faulty()
    until(headset, arrived)
    faults.spoil("xrLocateSpace", spoil)
    frame = until(headset, lambda frame: not frame.left.grip.valid)
    until(headset, lambda _: True)
    assert frame.head == frame.left.grip == LOST
    assert sum("no pose for the left hand's grip" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize(("wrong", "safe"), [(math.nan, 0.0), (7.0, 1.0), (-0.5, 0.0), (math.inf, 1.0)])
def test_a_trigger_that_says_what_cannot_be_is_made_safe(
    faulty: Callable[[], OpenXRHeadset], faults: Faults, wrong: float, safe: float
) -> None:
    def spoil(*told: int) -> None:
        xr.ActionStateFloat.from_address(told[2]).current_state = wrong

    faults.spoil("xrGetActionStateFloat", spoil)
    frame = until(faulty(), arrived)
    assert (frame.left.trigger, frame.right.squeeze) == (safe, safe)


def test_fingers_that_may_be_made_up_from_a_controller_are_not_asked_for(
    headset: OpenXRHeadset, remote: RemoteHmd
) -> None:
    remote.move(left=RemoteHand(PLACE, joints=True, curls=FIST))
    frame = until(headset, lambda frame: arrived(frame) and bool(actions_of(headset).controllers["left"]))
    made_up, display_ns = actions_of(headset)._seen["left"], headset._display_ns
    assert devices_of(frame).left_source == "controller"
    assert not made_up.active
    assert devices_of(frame).left_joints_m is None
    made_up.look(headset._link._floor.at(display_ns), display_ns, HAND_PROFILE)
    assert made_up.active  # there would have been some


def bare(remote: RemoteHmd, curls: tuple[float, float, float, float, float]) -> None:
    """Hands that hold nothing, with fingers bent that far."""
    remote.move(
        left=RemoteHand(PLACE, joints=True, curls=curls),
        right=RemoteHand((0.2, 1.3, -0.5), from_yaw_pitch(0.3, 0.5), joints=True, curls=curls),
    )


@pytest.fixture
def bare_handed(remote: RemoteHmd, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenXRHeadset]:
    """A session of somebody whose controllers the application does not know, so that only hands are left."""
    monkeypatch.setattr(actions, "PROFILES", [profile for profile in PROFILES if profile.name == HAND_PROFILE])
    bare(remote, (0.0,) * 5)
    with closing(OpenXRHeadset(World)) as headset:
        until(headset, arrived)
        yield headset
    remote.move(**vars(RemotePerson()))


def test_bare_hands_are_where_controllers_would_be(bare_handed: OpenXRHeadset) -> None:
    frame = until(bare_handed, arrived)
    assert (devices_of(frame).left_source, devices_of(frame).right_source) == ("hand", "hand")
    assert math.dist(frame.left.grip.position_m, PLACE) < 0.1
    assert frame.left.grip.tracked
    assert actions_of(bare_handed).controls()["stop"] == "controls.gesture_stop"


def test_a_fist_squeezes_and_an_open_hand_does_not(bare_handed: OpenXRHeadset, remote: RemoteHmd) -> None:
    assert until(bare_handed, arrived).left.squeeze < 0.2
    bare(remote, FIST)
    frame = until(bare_handed, lambda frame: frame.left.squeeze > 0.5)
    assert frame.right.squeeze > 0.5


def test_joints_of_a_seen_hand_lie_about_its_palm(bare_handed: OpenXRHeadset) -> None:
    joints_m = devices_of(until(bare_handed, arrived)).left_joints_m
    assert joints_m is not None
    assert len(joints_m) == 26
    assert max(math.dist(place, PLACE) for place in joints_m) < 0.3
    assert np.array_equal(joints_m, np.array(joints_m, np.float32))


def test_a_joint_that_is_only_inferred_or_nonsense_is_not_known(
    remote: RemoteHmd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(tmp_path, monkeypatch, [])

    def spoil(*arguments: int) -> None:
        found = xr.HandJointLocationsEXT.from_address(arguments[2])
        joints = ctypes.cast(found._joint_locations, ctypes.POINTER(xr.HandJointLocationEXT))
        joints[9]._location_flags = 0b0011
        joints[10].pose.position.x = math.inf

    faults.spoil("xrLocateHandJointsEXT", spoil)
    monkeypatch.setattr(actions, "PROFILES", [profile for profile in PROFILES if profile.name == HAND_PROFILE])
    bare(remote, FIST)
    with closing(OpenXRHeadset(World)) as headset:
        joints_m = devices_of(until(headset, arrived)).right_joints_m
    assert joints_m is not None
    assert np.flatnonzero(np.isnan(joints_m).any(axis=1)).tolist() == [9, 10]
    remote.move(**vars(RemotePerson()))


def test_numbers_of_bare_hands_are_those_of_a_recording(bare_handed: OpenXRHeadset) -> None:
    hand = until(bare_handed, arrived).left
    said = [*hand.grip.position_m, *hand.grip.orientation, hand.trigger, hand.squeeze]
    assert said == np.array(said, np.float32).tolist()


@pytest.mark.parametrize(("told", "source"), [(1, "hand"), (2, "emulated")])
def test_a_runtime_that_tells_where_fingers_come_from_is_believed(
    remote: RemoteHmd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: int, source: str
) -> None:
    faults = Faults(tmp_path, monkeypatch, [runtime.HAND_SOURCE])

    def tell(*arguments: int) -> None:
        found = xr.HandJointLocationsEXT.from_address(arguments[2])
        state = xr.HandTrackingDataSourceStateEXT.from_address(found._next)
        state.is_active, state._data_source = 1, told

    faults.spoil("xrLocateHandJointsEXT", tell)
    bare(remote, FIST)
    with closing(OpenXRHeadset(World)) as headset:
        frame = until(headset, arrived)
        assert devices_of(frame).left_source == source
        assert (devices_of(frame).left_joints_m is None) == (source == "emulated")
    remote.move(**vars(RemotePerson()))


@pytest.mark.parametrize(
    ("profile", "active", "told", "source"),
    [
        ("", False, 0, "controller"),
        ("", True, 0, "hand"),
        (INDEX, False, 0, "controller"),
        (INDEX, True, 0, "emulated"),
        (INDEX, True, 1, "hand"),
        (INDEX, True, 2, "emulated"),
        (HAND_PROFILE, False, 0, "hand"),
        (HAND_PROFILE, True, 0, "hand"),
        (HAND_PROFILE, True, 2, "emulated"),
    ],
)
def test_where_fingers_come_from(profile: str, active: bool, told: int, source: str) -> None:
    assert hands.source(profile, active, told) == source


def test_a_pinch_goes_from_open_to_closed() -> None:
    values = [hands.pinch((0.0, 0.0, 0.0), (far_m, 0.0, 0.0)) for far_m in (0.0, 0.015, 0.0325, 0.05, 0.2, math.nan)]
    assert values == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0, 0.0])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_grip_lies_across_the_palm(side: str) -> None:
    """Fingers ahead, thumb up: the back of the right hand is on the right, a held stick stands up."""
    right = side == "right"
    palm = Pose((0.0, 0.0, 0.0), (0.0, 0.0, -math.sqrt(0.5) if right else math.sqrt(0.5), math.sqrt(0.5)))
    grip = after(palm, Pose((0.0, 0.0, 0.0), hands._GRIP_IN_PALM[side]))
    up = from_yaw_pitch(0.0, math.pi / 2)
    assert min(math.dist(grip.orientation, [sign * part for part in up]) for sign in (1, -1)) < 1e-9


class Worn(Faults):
    """Trackers in every role, each a metre beside the last; Monado has none."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(folder, monkeypatch, [runtime.TRACKERS])
        self._places: dict[int, float] = {}
        for name, answer in {
            "xrCreateAction": self._create_action,
            "xrSuggestInteractionProfileBindings": self._suggest,
            "xrCreateActionSpace": self._create_space,
            "xrLocateSpace": self._locate,
        }.items():
            self.instead(name, answer)

    def _create_action(self, onward: Callable[..., int], *told: int) -> int:
        request = xr.ActionCreateInfo.from_address(told[1])
        if request.action_name == b"tracker":
            request.count_subaction_paths = 0
        return onward(*told)

    def _suggest(self, onward: Callable[..., int], *told: int) -> int:
        request = xr.InteractionProfileSuggestedBinding.from_address(told[1])
        return 0 if "tracker" in self.path(request.interaction_profile) else onward(*told)

    def _create_space(self, onward: Callable[..., int], *told: int) -> int:
        request = xr.ActionSpaceCreateInfo.from_address(told[1])
        before, _, role = self.path(request.subaction_path).rpartition("/")
        if not before.endswith("role"):
            return onward(*told)
        request.subaction_path = 0
        result = onward(*told)
        self._places[ctypes.c_void_p.from_address(told[2]).value or 0] = float(ROLES.index(role))
        return result

    def _locate(self, onward: Callable[..., int], *told: int) -> int:
        result = onward(*told)
        if told[0] in self._places:
            location = xr.SpaceLocation.from_address(told[3])
            location._location_flags = 15
            location.pose = xr.Posef(position=xr.Vector3f(self._places[told[0]], 1.0, 0.0))
        return result


@pytest.mark.usefixtures("remote")
def test_trackers_are_where_their_roles_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    worn = Worn(tmp_path, monkeypatch)
    with closing(OpenXRHeadset(World)) as headset:
        devices = devices_of(until(headset, lambda frame: frame.focused))
    poses = (devices.chest, devices.waist, devices.left_foot, devices.right_foot)
    assert [pose.position_m for pose in poses] == [(float(number), 1.0, 0.0) for number in range(4)]
    assert worn.faults == []


def test_without_trackers_there_are_none(headset: OpenXRHeadset) -> None:
    devices = devices_of(until(headset, arrived))
    assert {devices.chest, devices.waist, devices.left_foot, devices.right_foot} == {LOST}


def test_a_pulse_reaches_the_hand_that_it_is_for(faulty: Callable[[], OpenXRHeadset], faults: Faults) -> None:
    felt: list[tuple[str, int, float]] = []

    def feel(*told: int) -> None:
        path = faults.path(xr.HapticActionInfo.from_address(told[1]).subaction_path)
        pulse = xr.HapticVibration.from_address(told[2])
        felt.append((path[-5:].strip("/"), pulse.duration, pulse.amplitude))

    faults.spoil("xrApplyHapticFeedback", feel)
    headset = faulty()
    until(headset, arrived)
    buzz = actions_of(headset).buzz
    for item in (Buzz("a", "left", 0.5), Buzz("b", "either", 3.0, 0.1), Buzz("c", "right", math.nan, 0.0)):
        buzz(item)
    assert felt == [
        ("left", 50_000_000, 0.5),
        ("left", 100_000_000, 1.0),
        ("right", 100_000_000, 1.0),
        ("right", 1, 0.0),
    ]


def test_a_pulse_that_nobody_can_feel_passes_quietly(headset: OpenXRHeadset) -> None:
    next(iter(headset.frames()))  # no focus yet
    actions_of(headset).buzz(Buzz("early", "either", 1.0))


@pytest.mark.usefixtures("remote")
def test_reading_the_devices_leaves_no_garbage(headset: OpenXRHeadset) -> None:
    until(headset, arrived)
    link = headset._link
    assert link is not None
    time_ns = link.session.display_ns
    link.read(time_ns, time_ns)
    gc.collect()
    gc.disable()
    try:
        for _ in range(200):
            link.read(time_ns, time_ns)
        assert gc.collect() == 0
    finally:
        gc.enable()
