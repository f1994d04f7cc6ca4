"""Lets frames go by until the one comes that a test waits for."""

import itertools
from collections.abc import Callable

from engine.frame import Frame
from engine.openxr.headset import OpenXRHeadset
from engine.scene import Scene

EMPTY = Scene("still")


def frames_until(
    headset: OpenXRHeadset, wanted: Callable[[Frame], bool], most: int = 400, scene: Scene = EMPTY
) -> list[Frame]:
    """Show a scene until a frame is as wanted; gives the frames up to that one."""
    seen: list[Frame] = []
    for frame in headset.frames():
        headset.show(scene)
        seen.append(frame)
        if wanted(frame):
            return seen
        assert len(seen) < most, f"{most} frames went by, the last was {frame}"
    raise AssertionError(f"the session ended after {len(seen)} frames")


def until(headset: OpenXRHeadset, wanted: Callable[[Frame], bool], most: int = 400) -> Frame:
    """Show nothing until a frame is as wanted; gives that frame."""
    return frames_until(headset, wanted, most)[-1]


def focused(frame: Frame) -> bool:
    """Whether the person sees the scene and is seen."""
    return frame.focused and frame.head.valid


def go_on(headset: OpenXRHeadset, count: int, scene: Scene = EMPTY) -> list[Frame]:
    """Show a scene for so many frames."""
    left = itertools.count(1)
    return frames_until(headset, lambda _: next(left) == count, count, scene)
