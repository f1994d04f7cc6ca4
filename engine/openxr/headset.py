"""The headset kind `openxr`: a stereo session on the runtime that is there, and on the one that comes after it."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

from engine.frame import LOST, Button, Frame, Hand
from engine.headset import HeadsetUnavailable
from engine.openxr.clock import Clock
from engine.openxr.gestures import Gestures
from engine.openxr.housekeeping import Housekeeping
from engine.openxr.options import Options
from engine.plan import check_posture
from engine.records import Room
from engine.room import UNSEEN
from engine.scene import Buzz, Scene

if TYPE_CHECKING:
    from panda3d.core import NodePath

    from engine.openxr.link import Link
    from engine.openxr.mirror import Mirror
    from engine.openxr.spaces import Placed
    from engine.openxr.views import View
    from engine.panda.card import Card
    from engine.panda.graphics import Graphics

IDLE_S = 0.05
RETRY_S = 0.5

_log = logging.getLogger("steadyreach.openxr")


class Drawn(Protocol):
    """What draws scenes under a root node: `engine.panda.stage.Stage`, or less in another program.

    It may also have `cards()`, the flat things with words that can be shown sharper than the scene, and `controls`,
    which is told what the buttons of the controller in hand are called.
    """

    root: "NodePath"

    def show(self, scene: Scene, frame: Frame) -> None:
        """Make the nodes under the root look like the scene."""
        ...


class OpenXRHeadset:
    """A person wearing a headset that an OpenXR runtime drives.

    `frames()` ends when the person or the runtime ends the session. When the runtime goes away without a word it is
    awaited and started on again: until then, and while the headset is asleep, frames come without poses, twenty a
    second. `views` is how both eyes were placed when they were drawn last.
    """

    kind = "openxr"

    def __init__(self, stage: "Callable[[Graphics], Drawn]", options: Options | None = None) -> None:
        """Start a session whose scenes are drawn by `stage(graphics)`.

        Raises HeadsetUnavailable, with the reason and what would help, and engine.plan.PostureRefused.
        """
        self._options, self._closing = options or Options(), ExitStack()
        check_posture(self._options.posture)
        self._clock, self._gestures, self._housekeeping = Clock(), Gestures(), Housekeeping()
        self._link: Link | None = None
        self._mirror: Mirror | None = None
        self._losses: tuple[type[Exception], ...] = ()
        self._over, self._waited, self._asked = False, False, Button.NONE
        self._away_since_s: float | None = None
        self._placed: Placed | None = None
        self._display_ns = 0
        self._settling, self._in_trial = False, False
        self._buzzes: set[str] = set()
        try:
            self._open(stage)
        except BaseException:
            self.close()
            raise

    @property
    def views(self) -> "tuple[View, View] | None":
        """How the eyes were placed when they were drawn last; None before, and while nobody knows."""
        return self._link.eyes.views if self._link else None

    @property
    def room(self) -> Room:
        """What the runtime shows and knows of the room around the person, once there was a frame with somebody."""
        return self._link.room(self._display_ns) if self._link else UNSEEN

    def press(self, buttons: Button) -> None:
        """Press buttons in the place of the person, as a therapist may: the next frame has them."""
        self._asked |= buttons

    def frames(self) -> Iterator[Frame]:
        """Yield the head and hands at each predicted display time, which only rises."""
        self._housekeeping.begin()
        while not self._over:
            frame = self._next()
            if frame is not None:
                yield frame

    def show(self, scene: Scene) -> None:
        """Draw a scene into both eyes for the frame that was given last, and start its new pulses."""
        if self._link is None or not self._waited:
            return
        try:
            self._waited, layers = False, []
            if self._link.session.begin():
                self._stage.show(scene, self._frame)
                layers = self._link.draw(self._display_ns, self._cards(), see_through=scene.see_through)
            self._link.session.end(layers, see_through=scene.see_through)
            self._buzz(self._link, scene)
            self._in_trial = scene.trial
        except self._losses as reason:
            self._lose(reason)

    def close(self) -> None:
        """Leave the session and give everything back."""
        self._over = True
        link, self._link = self._link, None
        if link is not None:
            try:
                self._finish(link)
                lost = False
            except self._losses:
                lost = True
            link.close(lost=lost)
        self._closing.close()
        self._housekeeping.end()

    def _open(self, stage: "Callable[[Graphics], Drawn]") -> None:
        try:  # here, because a program that never meets a headset should not wait a second for pyopenxr
            from engine.openxr.binding import open_graphics
            from engine.openxr.link import Link
            from engine.openxr.runtime import Runtime
            from engine.openxr.session import LOSSES
        except (ImportError, OSError, AttributeError) as reason:  # the last two: its OpenGL cannot be loaded
            raise HeadsetUnavailable(
                f"pyopenxr cannot be loaded ({reason}): install it with pip install steadyreach[openxr]"
            ) from None
        with ExitStack() as held:
            runtime = Runtime(held)
            self.description, self._losses = runtime.description, LOSSES
            self._graphics = open_graphics(runtime, window=self._options.mirror)
            self._closing.callback(self._graphics.close)
            self._stage = stage(self._graphics)
            self._graphics.engine.render_frame()  # makes the context current, and sends what is loaded to the card
            if self._options.mirror:
                from engine.openxr.mirror import Mirror

                self._mirror = Mirror(self._graphics)
                self._closing.callback(self._mirror.close)
            self._link = Link(runtime, self._graphics, self._stage.root, self._options, held)
        self._join(self._link)

    def _next(self) -> Frame | None:
        """The next frame, or None when there is none after all."""
        if self._link is None:
            self._reconnect()
            return self._idle()
        try:
            return self._live(self._link)
        except self._losses as reason:
            self._lose(reason)
            return self._idle()

    def _live(self, link: "Link") -> Frame | None:
        self._finish(link)
        self._housekeeping.rest()
        display_ns = 0 if link.session.life.lost else link.session.wait()
        if display_ns:
            self._away_since_s = None
            return self._read(link, display_ns)
        self._over |= link.session.life.over
        if link.session.life.lost:
            self._lose("the runtime announced it")
        return None if self._over else self._idle()

    def _read(self, link: "Link", display_ns: int) -> Frame:
        self._waited, self._display_ns = True, display_ns
        settled = self._settling and not self._in_trial
        if settled:
            link.settle(display_ns)
            self._asked |= Button.RECENTRE  # the middle that was taken before is elsewhere now
        frame = link.read(display_ns, self._clock.frame_ns(display_ns))
        if link.controls_changed:
            self._tell_controls(link)
        pressed = self._gestures.buttons(frame) | self._take_asked()
        if pressed & Button.RECENTRE:
            self._settling = self._options.posture != "standing" and not settled
        self._frame = frame if pressed == frame.buttons else frame._replace(buttons=pressed)
        return self._frame

    def _idle(self) -> Frame | None:
        """A frame that nobody sees, or None when the wait for the headset has been too long."""
        now_s = time.monotonic()
        if self._away_since_s is None:
            self._away_since_s = now_s
            self._housekeeping.idle()
        if now_s - self._away_since_s > self._options.patience_s:
            _log.warning("the headset was away for %.0f s; the session ends", self._options.patience_s)
            self._over = True
            return None
        time.sleep(IDLE_S)
        told = Button.RESTARTING if self._link is None else Button.NONE if self._link.worn else Button.AWAY
        pressed = int(told) | self._take_asked()
        return Frame(self._clock.idle_ns(), LOST, Hand(LOST), Hand(LOST), pressed, focused=False)

    def _take_asked(self) -> int:
        asked, self._asked = self._asked, Button.NONE
        return int(asked) | (self._mirror.buttons() if self._mirror else 0)

    def _finish(self, link: "Link") -> None:
        """End a frame that nothing was shown for, because each one that was waited for has to be."""
        if self._waited:
            self._waited = False
            link.session.begin()
            link.session.end(())

    def _lose(self, reason: object) -> None:
        """Give back what is left of a runtime that is gone."""
        _log.warning("the headset's software stopped (%s); waiting for it to come back", reason)
        link, self._link, self._waited = self._link, None, False
        if self._mirror:
            self._mirror.follow(None)
        if link is not None:
            self._placed = link.placed
            link.close(lost=True)
        self._clock.forget()
        self._tried_s = time.monotonic()

    def _reconnect(self) -> None:
        """Try to start on a runtime again, on the same OpenGL context."""
        from engine.openxr.link import Link
        from engine.openxr.runtime import Runtime

        if time.monotonic() - self._tried_s < RETRY_S:
            return
        with ExitStack() as held:
            try:
                runtime, root = Runtime(held), self._stage.root
                self._link = Link(runtime, self._graphics, root, self._options, held, self._placed)
                self._join(self._link)
                _log.warning("the headset's software is back")
            except HeadsetUnavailable:
                self._tried_s = time.monotonic()

    def _join(self, link: "Link") -> None:
        if self._mirror:
            self._mirror.follow(link.eyes)
        self._tell_controls(link)

    def _tell_controls(self, link: "Link") -> None:
        link.controls_changed = False
        if hasattr(self._stage, "controls"):
            self._stage.controls = link.actions.controls()

    def _cards(self) -> "Sequence[Card]":
        return self._stage.cards() if hasattr(self._stage, "cards") else ()

    def _buzz(self, link: "Link", scene: Scene) -> None:
        pulses = {item.key: item for item in scene.items if isinstance(item, Buzz)}
        for key in pulses.keys() - self._buzzes:
            link.actions.buzz(pulses[key])
        self._buzzes = set(pulses)
