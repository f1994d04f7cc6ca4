"""What a runtime may do wrong, or do that Monado does not: the person's session goes on, or ends in a sentence."""

import json
import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import xr

from engine.frame import LOST, Button, Frame
from engine.headset import HeadsetUnavailable
from engine.openxr import headset as headsets
from engine.openxr import runtime
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.options import Options
from tests.openxr.layers.faults import Faults
from tests.openxr.layers.pretences import (
    pretend_hand_source,
    pretend_presence,
    pretend_rates,
    pretend_trackers,
    refuse_formats,
    shrink_views,
    spoil_eyes,
    spoil_poses,
)
from tests.openxr.layers.rules import Rules
from tests.openxr.monado import Monado
from tests.openxr.remote import RemoteHand, RemoteHmd, RemotePerson
from tests.openxr.watching import focused, frames_until, go_on
from tests.openxr.world import World

SRGB = 0x8C43


@pytest.fixture(autouse=True)
def person(remote: RemoteHmd) -> None:
    """Somebody stands upright and moves nothing."""
    remote.move(**vars(RemotePerson()))


def warnings(caplog: pytest.LogCaptureFixture, words: str) -> list[str]:
    """What was logged as a warning with some words in it."""
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    return [message for message in told if words in message]


# Losing the runtime, at each call of a frame.

FRAME = (
    "xrPollEvent",
    "xrWaitFrame",
    "xrSyncActions",
    "xrGetActionStateFloat",
    "xrGetActionStateBoolean",
    "xrLocateSpace",
    "xrLocateHandJointsEXT",
    "xrBeginFrame",
    "xrLocateViews",
    "xrAcquireSwapchainImage",
    "xrWaitSwapchainImage",
    "xrReleaseSwapchainImage",
    "xrEndFrame",
)
# What is called at the start and can be done without.
OPTIONAL = (
    "xrBeginSession",  # fails in a frame, and is survived as a loss
    "xrCreateHandTrackerEXT",
    "xrCreateSwapchain",
    "xrEndSession",
    "xrEnumerateDisplayRefreshRatesFB",
    "xrGetCurrentInteractionProfile",
    "xrGetSystemProperties",
    "xrGetVisibilityMaskKHR",
    "xrPathToString",
    "xrRequestDisplayRefreshRateFB",
    "xrRequestExitSession",
    "xrSuggestInteractionProfileBindings",
)


@pytest.fixture
def telling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Faults:
    """The layer before a runtime that tells what joints of hands come from; ask for `rules` before it."""
    faults = Faults(tmp_path, monkeypatch, [runtime.HAND_SOURCE])
    pretend_hand_source(faults, xr.HandTrackingDataSourceEXT.UNOBSTRUCTED)
    return faults


def called_in_frames(faults: Faults) -> set[str]:
    """What is called while frames are shown."""
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        faults.calls.clear()
        go_on(headset, 5)
        return set(faults.calls)


def test_a_frame_calls_nothing_else(telling: Faults) -> None:
    assert called_in_frames(telling) == set(FRAME)


def test_joints_of_a_hand_with_a_controller_are_not_asked_for(faults: Faults) -> None:
    assert called_in_frames(faults) == set(FRAME) - {"xrLocateHandJointsEXT"}


@pytest.mark.parametrize("lost", ["session", "instance", "failure"])
def test_a_loss_at_any_call_is_survived(
    rules: Rules, telling: Faults, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(headsets, "RETRY_S", 0.0)
    seen: list[Frame] = []
    with closing(OpenXRHeadset(World)) as headset:
        seen += frames_until(headset, focused)
        for name in FRAME:
            if lost == "failure":
                telling.fail(name, xr.Result.ERROR_RUNTIME_FAILURE)
            else:
                telling.lose(name, whole=lost == "instance" or name == "xrPollEvent")
            seen += frames_until(headset, lambda frame: not frame.focused)
            seen += frames_until(headset, focused)
    times = [frame.time_ns for frame in seen]
    assert times == sorted(set(times))
    assert rules.complaints() == []
    assert telling.faults == []


@pytest.mark.parametrize("whole", [False, True], ids=["session", "instance"])
def test_an_announced_loss_is_survived(rules: Rules, faults: Faults, whole: bool) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        pending = xr.EventDataSessionStateChanged(faults.session(), xr.SessionState.LOSS_PENDING, 1)
        faults.tell(xr.EventDataInstanceLossPending(1) if whole else pending)
        frames_until(headset, lambda frame: bool(frame.buttons & Button.RESTARTING))
        assert frames_until(headset, focused)
    assert rules.complaints() == []


# Calls that fail for no reason that they give.


def started() -> str:
    """What becomes of a headset that is started: nothing worth telling, or why it did not start."""
    try:
        with closing(OpenXRHeadset(World)) as headset:
            frames_until(headset, focused)
    except HeadsetUnavailable as reason:
        return str(reason)
    return ""


def test_a_start_that_fails_at_any_call_is_a_sentence_or_done_without(rules: Rules, faults: Faults) -> None:
    assert started() == ""
    names = {name for name in faults.calls if not name.startswith("xrDestroy")} - set(FRAME)
    for name in sorted(names):
        faults.fail(name, xr.Result.ERROR_RUNTIME_FAILURE)
        assert started() or name in OPTIONAL, name
    assert started() == ""
    assert rules.complaints() == []


def test_leaving_a_runtime_that_has_died_is_no_error(own: Monado) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        next(iter(headset.frames()))
        own.kill()


# What other runtimes tell.


@pytest.mark.parametrize("named", [True, False], ids=["named", "null session"])
def test_a_headset_that_is_taken_off_is_away_until_it_is_on_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    faults = Faults(tmp_path, monkeypatch, [runtime.PRESENCE])
    pretend_presence(faults)
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        whose = faults.session() if named else None
        faults.tell(xr.EventDataUserPresenceChangedEXT(whose, False))
        assert not frames_until(headset, lambda frame: bool(frame.buttons & Button.AWAY))[-1].focused
        faults.tell(xr.EventDataUserPresenceChangedEXT(whose, True))
        assert not frames_until(headset, focused)[-1].buttons & Button.AWAY


def test_the_highest_refresh_rate_within_the_wish_is_asked_for(faults: Faults) -> None:
    asked = pretend_rates(faults, [120.0, 72.0, 90.0])
    with closing(OpenXRHeadset(World, Options(refresh_hz=90.0))) as headset:
        frames_until(headset, focused)
        faults.tell(xr.EventDataDisplayRefreshRateChangedFB(60.0, 90.0))
        go_on(headset, 5)
    assert asked == [90.0]


def test_trackers_are_part_of_the_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(tmp_path, monkeypatch, [runtime.TRACKERS])
    pretend_trackers(faults, {"waist": (0.0, 0.9, 0.1), "left_foot": (-0.1, 0.0, 0.0)})
    with closing(OpenXRHeadset(World)) as headset:
        devices = frames_until(headset, focused)[-1].devices
    assert faults.faults == []
    assert devices is not None
    assert devices.waist.position_m == pytest.approx((0.0, 0.9, 0.1), abs=1e-5)
    assert devices.left_foot.position_m == pytest.approx((-0.1, 0.0, 0.0), abs=1e-5)
    assert (devices.chest, devices.right_foot) == (LOST, LOST)


@pytest.mark.parametrize(("told", "source"), [("CONTROLLER", "emulated"), ("UNOBSTRUCTED", "hand")])
def test_joints_count_as_what_the_runtime_says_they_come_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: RemoteHmd, told: str, source: str
) -> None:
    faults = Faults(tmp_path, monkeypatch, [runtime.HAND_SOURCE])
    pretend_hand_source(faults, xr.HandTrackingDataSourceEXT[told])
    remote.move(left=RemoteHand((-0.2, 1.3, -0.5), joints=True))
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        devices = go_on(headset, 5)[-1].devices
    assert devices is not None
    assert devices.left_source == source


def test_messages_that_change_nothing_for_the_person_are_taken_in(
    faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = xr.EventDataSessionStateChanged(None, xr.SessionState.EXITING, 1)
    unknown = xr.EventDataBuffer()
    unknown._type = 1_999_999_999
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        faults.calls.clear()
        for event in (stranger, unknown, xr.EventDataEventsLost(3)):
            faults.tell(event)
        faults.tell(xr.EventDataInteractionProfileChanged(faults.session()))
        faults.tell(xr.EventDataVisibilityMaskChangedKHR(faults.session(), xr.ViewConfigurationType.PRIMARY_STEREO, 1))
        assert focused(go_on(headset, 5)[-1])
    assert faults.calls["xrGetCurrentInteractionProfile"] >= 2
    assert faults.calls["xrGetVisibilityMaskKHR"] >= 1
    assert len(warnings(caplog, "lost 3")) == 1


# What is promised and then refused, and what makes no sense.


def test_an_extension_that_is_listed_and_refused_is_done_without(
    rules: Rules, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    faults.refuse(runtime.DEPTH)
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
    assert len(warnings(caplog, runtime.DEPTH)) == 1
    assert {len(shown.layers[-1].swapchains) for shown in rules.shown if shown.layers} == {2}


def test_an_old_runtime_with_nothing_but_opengl_plays(
    rules: Rules, faults: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(onward: Callable[..., int], request: int, instance: int) -> int:
        version = xr.InstanceCreateInfo.from_address(request).application_info.api_version
        return xr.Result.ERROR_API_VERSION_UNSUPPORTED.value if xr.Version(version).minor else onward(request, instance)

    faults.instead("xrCreateInstance", create)
    monkeypatch.setattr(runtime, "_offered", lambda: {runtime.OPENGL, runtime.EGL})
    with closing(OpenXRHeadset(World)) as headset:
        assert frames_until(headset, focused)[-1].head.position_m[1] == pytest.approx(1.6, abs=1e-4)
    assert rules.complaints() == []


def test_a_format_that_is_listed_and_refused_gives_way_to_the_next(
    rules: Rules, faults: Faults, caplog: pytest.LogCaptureFixture
) -> None:
    refuse_formats(faults, SRGB)
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        go_on(headset, 3)
        assert rules.shown[-1].layers
    assert rules.complaints() == []
    assert warnings(caplog, "format") != []


def test_a_runtime_that_takes_no_image_is_refused_in_words(faults: Faults) -> None:
    refuse_formats(faults)
    with pytest.raises(HeadsetUnavailable, match="takes no colour image"):
        OpenXRHeadset(World)


@pytest.mark.usefixtures("monado")
def test_views_without_pixels_are_refused_in_words(faults: Faults) -> None:
    shrink_views(faults)
    with pytest.raises(HeadsetUnavailable, match="images of 0 x"):
        OpenXRHeadset(World)


def test_poses_that_are_no_numbers_are_lost(faults: Faults) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        spoil_poses(faults)
        frame = frames_until(headset, lambda frame: not frame.head.valid)[-1]
    assert (frame.head, frame.left.grip) == (LOST, LOST)


def test_eyes_that_are_nowhere_are_not_shown(rules: Rules, faults: Faults) -> None:
    with closing(OpenXRHeadset(World)) as headset:
        frames_until(headset, focused)
        spoil_eyes(faults)
        go_on(headset, 3)
        assert not rules.shown[-1].layers
    assert rules.complaints() == []


# A runtime that is not there.


@pytest.mark.parametrize("content", [None, "", "{}", "library"])
def test_a_manifest_that_leads_nowhere_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    manifest, library = tmp_path / "runtime.json", tmp_path / "libbroken.so"
    library.write_text("not a library")
    described = {"file_format_version": "1.0.0", "runtime": {"library_path": str(library)}}
    if content is not None:
        manifest.write_text(json.dumps(described) if content == "library" else content)
    monkeypatch.setenv("XR_RUNTIME_JSON", str(manifest))
    with pytest.raises(HeadsetUnavailable, match=r"OpenXR runtime .*: (install|start)"):
        OpenXRHeadset(World)
