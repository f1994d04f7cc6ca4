"""The runtime's images: which format they get, and that each one that is taken is given back."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import xr

from engine.headset import HeadsetUnavailable
from engine.openxr.calls import Calls
from engine.openxr.options import Options
from engine.openxr.swapchain import COLOUR, RGBA8, RGBA16F, SRGB8_ALPHA8, Swapchain, tell
from tests.openxr.remote import RemoteHmd
from tests.openxr.validation import Validation
from tests.openxr.world import Sight


@pytest.fixture
def sight(remote: RemoteHmd, validation: Validation) -> Iterator[Sight]:
    """A session, at the end of which the validation layer must have had nothing to say."""
    assert remote.person
    opened = Sight(Options(depth=False, mask=False))
    yield opened
    opened.close()
    assert validation.complaints() == []


@pytest.fixture
def make(sight: Sight) -> Iterator[Callable[..., Swapchain]]:
    """Makes images for the session."""
    with ExitStack() as stack:
        yield lambda size=(8, 4): Swapchain(sight.session.created, sight.calls, size, COLOUR, stack)


@pytest.mark.parametrize(
    ("listed", "chosen"),
    [
        ((RGBA8, RGBA16F, SRGB8_ALPHA8), SRGB8_ALPHA8),
        ((RGBA8, RGBA16F), RGBA16F),
        ((0x805B, RGBA8), RGBA8),
    ],
)
def test_our_own_order_decides_among_the_listed_formats(
    make: Callable[..., Swapchain], monkeypatch: pytest.MonkeyPatch, listed: tuple[int, ...], chosen: int
) -> None:
    monkeypatch.setattr(xr, "enumerate_swapchain_formats", lambda _: listed)
    made = make()
    assert made.format == chosen
    assert made.encoded == (chosen == SRGB8_ALPHA8)


def refusing(monkeypatch: pytest.MonkeyPatch, *refused: int) -> None:
    """Let the runtime refuse formats that it lists."""
    create = xr.create_swapchain

    def without(session: Any, request: xr.SwapchainCreateInfo) -> Any:
        if request.format in refused:
            raise xr.SwapchainFormatUnsupportedError("not today")
        return create(session, request)

    monkeypatch.setattr(xr, "create_swapchain", without)


def test_a_format_that_is_listed_and_refused_is_followed_by_the_next(
    make: Callable[..., Swapchain], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    refusing(monkeypatch, SRGB8_ALPHA8)
    tell.cache_clear()
    with caplog.at_level(logging.WARNING, "steadyreach.openxr"):
        assert [make().format, make().format] == [RGBA16F] * 2
    assert len(caplog.messages) == 1
    assert "colour format 0x8c43" in caplog.text


def test_without_any_format_the_sentence_says_which_were_tried(
    make: Callable[..., Swapchain], monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing(monkeypatch, *COLOUR.formats)
    with pytest.raises(HeadsetUnavailable, match="no colour image in any format of 0x8c43, 0x881a, 0x8058"):
        make()


@pytest.mark.parametrize("size", [(0, 100), (100, 0)])
def test_an_image_of_no_size_is_refused_in_words(make: Callable[..., Swapchain], size: tuple[int, int]) -> None:
    with pytest.raises(HeadsetUnavailable, match=f"no image can have {size[0]} x {size[1]} pixels"):
        make(size)


def test_every_image_is_taken_waited_for_and_given_back_once(
    sight: Sight, make: Callable[..., Swapchain], monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    for name in ("acquire_image", "wait_image", "release_image"):
        call = getattr(sight.calls, name)
        monkeypatch.setattr(sight.calls, name, lambda *values, n=name, c=call: (done.append(n), c(*values))[1])
    chain = make()
    chain.release()
    assert done == []
    seen = set()
    for _ in range(6):
        assert chain.acquire()
        seen.add(chain.texture)
        chain.release()
        chain.release()
    assert done == ["acquire_image", "wait_image", "release_image"] * 6
    assert 0 not in seen
    assert len(seen) > 1


def held_back(calls: Calls, times: int) -> Callable[..., int]:
    """A wait for an image that runs out of time at first."""
    wait, left = calls.wait_image, [times]

    def waiting(chain: int, info: int) -> int:
        left[0] -= 1
        return 1 if left[0] >= 0 else wait(chain, info)

    return waiting


def test_an_image_that_is_held_back_is_waited_for_again_and_not_taken_twice(
    sight: Sight, make: Callable[..., Swapchain], monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = make()
    monkeypatch.setattr(sight.calls, "wait_image", held_back(sight.calls, 2))
    assert [chain.acquire(), chain.acquire(), chain.acquire()] == [False, False, True]
    chain.release()
    assert chain.acquire()
    chain.release()


@pytest.mark.parametrize("times", [1, 2])
def test_a_frame_whose_images_are_held_back_shows_nothing_and_the_next_does(
    sight: Sight, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    sight.look(2)
    monkeypatch.setattr(sight.calls, "wait_image", held_back(sight.calls, times))
    shown = [sight.frame() for _ in range(times + 1)]
    assert [bool(layer) for layer in shown] == [False] * times + [True]


@pytest.mark.parametrize("call", ["acquire_image", "wait_image", "release_image"])
def test_a_session_that_is_lost_between_images_is_told_and_can_be_closed(
    sight: Sight, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def lost(*_: int) -> int:
        raise xr.SessionLostError("gone")

    sight.look(2)
    with monkeypatch.context() as patch:
        patch.setattr(sight.calls, call, lost)
        sight.session.wait()
        sight.session.begin()
        with pytest.raises(xr.SessionLostError):
            sight.eyes.draw(sight.space)
    sight.session.end(())
