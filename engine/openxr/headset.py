"""The headset kind `openxr`: a stereo session on the runtime that is there."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from engine.frame import LOST, SIDES, Button, Frame, Hand
from engine.headset import HeadsetUnavailable
from engine.scene import Buzz, Scene

if TYPE_CHECKING:
    from panda3d.core import NodePath

    from engine.openxr.views import View
    from engine.panda.graphics import Graphics


class Drawn(Protocol):
    """What draws scenes under a root node: `engine.panda.stage.Stage`, or less in a test."""

    root: "NodePath"

    def show(self, scene: Scene, frame: Frame) -> None:
        """Make the nodes under the root look like the scene."""
        ...


class OpenXRHeadset:
    """A person wearing a headset that an OpenXR runtime drives.

    `frames()` ends when the person or the runtime ends the session; a runtime that goes away ends it too,
    so that what was recorded is saved. `views` is how both eyes were placed when they were drawn last.
    """

    kind = "openxr"

    def __init__(self, stage: "Callable[[Graphics], Drawn]", samples: int = 4, *, build_floor: bool = False) -> None:
        """Start a session whose scenes are drawn by `stage(graphics)`, with `samples` to a pixel.

        `build_floor` makes the floor from the room set-up even where the runtime has one. Raises
        HeadsetUnavailable, with the reason and what would help.
        """
        self._closing, self._gone = ExitStack(), True
        try:
            self._open(stage, samples, build_floor)
        except BaseException:
            self._closing.close()
            raise
        self._gone, self._waited = False, False
        self._buzzes: set[str] = set()
        self.views: tuple[View, View] | None = None

    def frames(self) -> Iterator[Frame]:
        """Yield the head and hands at each predicted display time."""
        while not (self._gone or self._session.life.over):
            with self._losing():
                self._finish()
                time_ns = self._session.wait()
                if time_ns:
                    self._frame = self._read(time_ns)
                    yield self._frame

    def show(self, scene: Scene) -> None:
        """Draw a scene into both eyes for the frame that was given last, and start its new pulses."""
        if not self._waited:
            return
        with self._losing():
            self._waited, shown = False, 0
            if self._session.begin():
                shown = self._draw(scene)
            self._session.end(shown)
            self._buzz(scene)

    def close(self) -> None:
        """Leave the session and give everything back."""
        if not self._gone:
            with self._losing():
                self._finish()
                self._session.leave()
        self._gone = True
        self._closing.close()

    def _open(self, stage: "Callable[[Graphics], Drawn]", samples: int, build_floor: bool) -> None:
        try:  # here, because a program that never meets a headset should not wait a second for pyopenxr
            from engine.openxr.actions import Actions
            from engine.openxr.binding import open_graphics
            from engine.openxr.calls import Calls
            from engine.openxr.eyes import Eyes
            from engine.openxr.runtime import Runtime
            from engine.openxr.session import FAILED, GONE, Session
            from engine.openxr.spaces import Floor
        except (ImportError, OSError, AttributeError) as reason:  # the last two: its OpenGL cannot be loaded
            raise HeadsetUnavailable(
                f"pyopenxr cannot be loaded ({reason}): install it with pip install steadyreach[openxr]"
            ) from None
        closing, calls = self._closing, Calls()
        runtime = Runtime(closing)
        self.description, self._losses = runtime.description, GONE
        graphics = open_graphics(runtime)
        closing.callback(graphics.close)
        self._stage = stage(graphics)
        graphics.engine.render_frame()  # makes the context current, and sends what is loaded to the card
        try:
            self._session = Session(runtime, calls, closing)
            self._floor = Floor(self._session.created, calls, closing, build=build_floor)
            self._actions = Actions(runtime, self._session.created, calls, closing)
            self._eyes = Eyes(graphics, self._stage.root, self._session.chains, samples, closing)
        except FAILED as reason:
            raise HeadsetUnavailable(f"{self.description} gave up while a session was started: {reason}") from None

    @contextmanager
    def _losing(self) -> Iterator[None]:
        """Take the loss of the runtime as the end of the session."""
        try:
            yield
        except self._losses:
            self._gone = True

    def _read(self, time_ns: int) -> Frame:
        """What the devices say; nothing is known of them before the floor is."""
        self._waited = True
        heeded = self._actions.sync() and self._session.life.focused
        pressed = self._actions.buttons()
        if self._session.recentred(time_ns):
            pressed |= Button.RECENTRE
            self._floor.moved()
        space = self._floor.at(time_ns)
        if not space:
            return Frame(time_ns, LOST, Hand(LOST), Hand(LOST), int(pressed), focused=False)
        left, right = (self._actions.hand(side, space, time_ns) for side in SIDES)
        head = self._floor.head.pose(space, time_ns)
        return Frame(time_ns, head, left, right, int(pressed), heeded)

    def _draw(self, scene: Scene) -> int:
        """Draw both eyes; gives the space they were drawn in, or 0 while nobody knows where they are."""
        space = self._floor.at(self._frame.time_ns)
        self.views = self._session.views(space) if space else None
        if self.views is None:
            return 0
        self._stage.show(scene, self._frame)
        self._eyes.draw(self.views)
        return space

    def _finish(self) -> None:
        """End a frame that nothing was shown for, because each one that was waited for has to be."""
        if self._waited:
            self._waited = False
            self._session.begin()
            self._session.end(0)

    def _buzz(self, scene: Scene) -> None:
        pulses = {item.key: item for item in scene.items if isinstance(item, Buzz)}
        for key in pulses.keys() - self._buzzes:
            self._actions.buzz(pulses[key])
        self._buzzes = set(pulses)
