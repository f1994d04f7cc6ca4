"""Everything of a headset that lives and dies with its runtime."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack

from panda3d.core import NodePath

from engine.frame import LOST, SIDES, Button, Frame, Hand
from engine.headset import HeadsetUnavailable
from engine.openxr import events
from engine.openxr.actions import Actions
from engine.openxr.calls import Calls
from engine.openxr.cards import Cards
from engine.openxr.eyes import Eyes
from engine.openxr.options import Options
from engine.openxr.runtime import Runtime
from engine.openxr.session import FAILED, Session
from engine.openxr.spaces import Floor, Placed
from engine.panda.card import Card
from engine.panda.graphics import Graphics
from engine.records import Room
from engine.room import HIDDEN, THROUGH

_log = logging.getLogger("steadyreach.openxr")


class Link:
    """One session of a runtime with all that it holds; another is made when the runtime was lost.

    `worn` is false while the runtime says that nobody wears the headset; `controls_changed` says that the buttons may
    be called otherwise now.
    """

    def __init__(
        self,
        runtime: Runtime,
        graphics: Graphics,
        root: NodePath,
        options: Options,
        held: ExitStack,
        placed: Placed | None = None,
    ) -> None:
        """Start a session that draws what is under `root`; `held` gives the runtime back.

        The link takes over all that `held` holds. `placed` is where the space of frames was before. Raises
        HeadsetUnavailable, and then takes nothing.
        """
        calls = Calls()
        self.worn, self.controls_changed = True, True
        self._sees_through = bool(runtime.see_through)
        options = _cured(options, runtime.cures)
        try:
            self.session = Session(runtime, calls, held)
            self.session.choose_rate(runtime, options.refresh_hz)
            self._floor = Floor(self.session.created, calls, options, held, placed)
            self.actions = Actions(runtime, self.session.created, calls, held)
            self.eyes = Eyes(graphics, root, self.session, runtime, calls, options, held)
            self._cards = Cards(graphics, root, self.session, runtime, calls, options, held)
        except FAILED as reason:
            raise HeadsetUnavailable(f"{runtime.description} gave up while a session was started: {reason}") from None
        self.session.context.hold()
        self._held = held.pop_all()

    @property
    def placed(self) -> Placed | None:
        """Where the space of frames lies, for the link that comes after this one."""
        return self._floor.placed

    def settle(self, display_ns: int) -> None:
        """Place who sits or lies anew; this moves the space of frames."""
        self._floor.settle(display_ns)

    def read(self, display_ns: int, time_ns: int) -> Frame:
        """What the devices say at a display time, as a frame of another time; asks for the input of this frame."""
        heeded, pressed = self._sync()
        space = self._floor.at(display_ns)
        if not space:
            return Frame(time_ns, LOST, Hand(LOST), Hand(LOST), pressed, focused=False)
        left, right = (self.actions.hand(side, space, display_ns) for side in SIDES)
        head = self._floor.head(display_ns)
        devices = self.actions.devices(space, display_ns, self._floor.head_speed())
        return Frame(time_ns, head, left, right, pressed, heeded, devices)

    def room(self, display_ns: int) -> Room:
        """What the runtime shows and knows of the room; a frame must have been read."""
        return Room(THROUGH if self._sees_through else HIDDEN, self._floor.bounds_m(display_ns))

    def draw(self, display_ns: int, cards: Sequence[Card], *, see_through: bool = False) -> list[int]:
        """Draw the cards and both eyes; gives the layers to show, none while nobody knows where the eyes are.

        With `see_through` cards are seen in the scene: layers behind it would cover the room at their edges.
        """
        space = self._floor.at(display_ns)
        if not space:
            return []
        behind = self._cards.draw(() if see_through else cards, space)
        self.eyes.holes, self.eyes.see_through = bool(behind), see_through
        layer = self.eyes.draw(space)
        return [*behind, layer] if layer else []

    def hear(self) -> int:
        """Take in what the runtime says has happened; gives what the session has to know of it, as bits of Button."""
        told = 0
        for event in self.session.happened():
            if isinstance(event, events.SpaceMoved):
                told |= self._floor.moved(event)
            elif isinstance(event, events.ControllersChanged):
                self.actions.profile_changed()
                self.controls_changed = True
            elif isinstance(event, events.MaskChanged):
                self.eyes.remask(event.eye)
            elif isinstance(event, events.PresenceChanged):
                self.worn = event.present
            elif isinstance(event, events.RateChanged):
                _log.info("the headset now shows %.0f images a second", event.refresh_hz)
            elif isinstance(event, events.EventsLost):
                _log.warning("the OpenXR runtime lost %d of its messages", event.lost)
        return told if self.worn else told | int(Button.AWAY)

    def close(self, *, lost: bool = False) -> None:
        """Leave the session, unless it is lost, and give everything back; what fails on the way is no error."""
        for end in (self._held.close,) if lost else (self.session.leave, self._held.close):
            try:
                end()
            except FAILED as reason:
                _log.info("while the session was closed: %s", reason)

    def _sync(self) -> tuple[bool, int]:
        told = self.hear()
        heeded = self.actions.sync() and self.session.life.focused and self.worn
        return heeded, told | self.actions.buttons()


def _cured(options: Options, cures: set[str]) -> Options:
    return options._replace(
        depth=options.depth and "no depth" not in cures,
        mask=options.mask and "no mask" not in cures,
        cards=options.cards and "no cards" not in cures,
        one_draw=options.one_draw and "two draws" not in cures,
        one_cull=options.one_cull and "two culls" not in cures,
    )
