"""The desk headset: a window in which mouse, keyboard, gamepad or balance board move what the body would."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, cast

from panda3d.core import Camera, GraphicsWindow

from engine.frame import Button, Frame
from engine.inputs import HELP, RISE, SWAP, Heard, Input, Pair, together
from engine.panda import hints
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.desk_choosing import Chooser
from engine.panda.desk_mouse import MouseBody
from engine.panda.desk_view import View
from engine.panda.graphics import Graphics
from engine.panda.keys import Keyboard
from engine.panda.overlay import MARGIN, Lines, Overlay, lay
from engine.panda.puppet import STATURE_M, Puppet
from engine.panda.seat import Seat
from engine.panda.stage import Stage
from engine.scene import Panel, Scene
from engine.settings import USUAL, Settings
from engine.theme import Theme
from engine.words import Words

RATE_HZ = 60.0
LONGEST_STEP_S = 0.1
MOST_ROWS, LEAST_ALWAYS = 2, 3  # of help: more of it would hide the picture, and of it menu and stop always stay
LOBBY = "lobby"
ONE_MOMENT = Panel("one moment", "session.wait_title")
OFF_THE_BOARD = Panel("off the board", "desk.board", ("board.step_on",))


class Sitter(NamedTuple):
    """Who sits at the desk, as their body shall be: its height in metres, and whether it sits at first."""

    stature_m: float = STATURE_M
    sits: bool = False


SITTER = Sitter()


class Desk:
    """A window that behaves as a headset; raises engine.headset.HeadsetUnavailable where none can open."""

    kind = "desk"

    def __init__(
        self, theme: Theme, words: Words, cache: Path | None = None, size: tuple[int, int] = (1280, 800),
        settings: Settings = USUAL, inputs: Sequence[Input] = (), sitter: Sitter = SITTER,
    ) -> None:  # fmt: skip
        """Open the window; `inputs` are heard beside its mouse and keyboard, and closed with it."""
        self._graphics = Graphics.window(size, "Steadyreach")
        self._window = cast(GraphicsWindow, self._graphics.host)
        self._open = True
        self.description = f"a window on {self._graphics.describe()}"
        self._theme, self._words, self._inputs = theme, words, tuple(inputs)
        self.stage = Stage(self._graphics, theme, words, cache, settings)
        self._seat, self._sits = Seat(), sitter.sits
        self._seat.puppet = Puppet(sitter.stature_m, sits=sitter.sits)
        self._chooser, self._mouse_body = Chooser(), MouseBody()
        self._frame: Frame | None = None
        self._view = View()
        self._eye = self.stage.root.attach_new_node(Camera("eye", self._view.lens))
        self._window.make_display_region().set_camera(self._eye)
        self._keyboard = Keyboard(self._window)
        self._overlay, self._text_scale = (
            Overlay(self._window, self.stage.fonts, settings.text_scale),
            settings.text_scale,
        )
        self._asked, self._helps, self._pad_in_hand, self._here = hints.Asked(), True, False, True
        self._wanted: object = None
        self._fits: tuple[Lines, float] = (((), ()), 0.0)
        self._dt_s = 0.0
        self._name_controls()

    def prepare(self) -> None:
        """Load every place of the theme behind a word of welcome, so that nothing stutters or pops in later."""
        self._helps, self._frame = False, self._seat.frame(0, Heard(), focused=True)
        for _ in range(2):  # a window that is new may throw its first image away
            self.show(Scene(LOBBY, (ONE_MOMENT,)))
        self._helps = True
        self.stage.prepare(tuple(self._theme.places))

    def frames(self) -> Iterator[Frame]:
        """Yield what the devices say, 60 times a second, until the window is closed or Esc pressed twice."""
        before_ns, stops = time.monotonic_ns(), 0
        while self._open and self._window.is_valid() and stops < 2:
            now_ns = time.monotonic_ns()
            self._dt_s = min((now_ns - before_ns) * 1e-9, LONGEST_STEP_S)
            heard, pressed = self._hear(self._dt_s)
            stops += pressed.count("escape")
            self._frame = self._live(heard, now_ns)
            before_ns = now_ns
            yield self._frame
            self._wait(now_ns)

    def show(self, scene: Scene) -> None:
        """Draw the scene as the last frame's body sees it, and what moves the body in it."""
        if self._frame is None or not self._open:
            return
        if not self._here:
            scene = scene._replace(items=(OFF_THE_BOARD,))
        puppet = self._seat.puppet
        head = puppet.head()
        self._eye.set_pos_quat(to_panda(head.position_m), turn_to_panda(head.orientation))
        self._take_in(scene)
        self.stage.show(scene, self._frame._replace(head=head))
        size = self._size()
        if min(size) > 0:
            lines, share = self._fitted(self._lines(scene), scene.place, size) if self._helps else (None, 0.0)
            place = self._theme.places[scene.place]
            self._overlay.show(place, self._words, lines, puppet.of_usual_size(), size)
            self._view.fit(size, share, self._dt_s)
        self._graphics.engine.render_frame()

    def close(self) -> None:
        """Close the window, and what else was heard."""
        if self._open:
            self._open = False
            for device in self._inputs:
                device.close()
            del self._window, self._keyboard, self._overlay
            self._graphics.close()

    def _hear(self, dt_s: float) -> tuple[Heard, list[str]]:
        """What all devices say, and the names of the keys that were pressed."""
        typed, pressed = self._keyboard.hear()
        said = [device.hear(dt_s) for device in self._inputs]
        if any(not one.idle for one in said):
            self._pad_in_hand = True
        elif not typed.idle:
            self._pad_in_hand = False
        self._name_controls()
        heard = together([typed, *said])
        self._here = heard.here
        if HELP in heard.acts:
            self._helps = not self._helps
        if heard.buttons & Button.RECENTRE:
            for device in self._inputs:
                device.recentre()
        return heard, pressed

    def _live(self, heard: Heard, now_ns: int) -> Frame:
        """Let the body do what was heard, or choose from what is offered, and say what devices would say of it."""
        focused, mouse = self._window.get_properties().get_foreground(), self._view.in_view(self._keyboard.mouse())
        puppet, aspect = self._seat.puppet, self._view.aspect
        if self._chooser.offers:
            heard = self._choose(heard, mouse)
            self._seat.live(heard, None, aspect, self._dt_s)
        else:
            self._chooser.relax(self._dt_s)
            held, acts = self._mouse_body.add(heard.held, mouse, puppet.face_deg[2], puppet.sits)
            heard = heard._replace(held=held, acts=(*heard.acts, *acts))
            self._seat.live(heard, mouse, aspect, self._dt_s)
        puppet.aside_deg = self._chooser.face_deg
        return self._seat.frame(now_ns, heard, focused)

    def _choose(self, heard: Heard, mouse: Pair | None) -> Heard:
        """Lead the pointer by what was heard; what is left of that for the body.

        Who chooses neither leans nor gets up, so the keys for that lead the pointer and choose.
        """
        held, acts = heard.held, heard.acts
        head = self._seat.puppet.head()
        self._chooser.follow(mouse, held, acts.count(SWAP), head, self._view.aspect, self._dt_s)
        trigger = 1.0 if RISE in acts else held.trigger
        held = held._replace(lean=(0.0, 0.0), point=(0.0, 0.0), face=None, trigger=trigger)
        return heard._replace(held=held, acts=tuple(act for act in acts if act not in (SWAP, RISE)))

    def _take_in(self, scene: Scene) -> None:
        """See what is asked and offered now; the head comes to the middle, and hands down, before a choice."""
        self._seat.see(scene)
        self._mouse_body.see(scene.items)
        puppet = self._seat.puppet
        if self._chooser.see(scene.items):
            puppet.look_ahead()
            self._seat.pointer.place = None
        if self._chooser.offers:
            puppet.rest("left")
            puppet.rest("right")

    def _lines(self, scene: Scene) -> Lines:
        """The help for what is asked, with the names that the buttons of the pad in hand have."""
        asked = self._asked.see(scene.place, scene.items)
        if self._seat.puppet.sits != self._sits:
            asked |= {hints.RISE}
        needed, always = hints.hints(asked, self._in_use())
        if not self._pad_in_hand:
            return needed, always
        labels = self._labels()
        named = [
            tuple(hint._replace(press=tuple(labels.get(key, key) for key in hint.press)) for hint in some)
            for some in (needed, always)
        ]
        return named[0], named[1]

    def _fitted(self, lines: Lines, place: str, size: tuple[int, int]) -> tuple[Lines, float]:
        """The help that fits into few rows, and the share of the window's height that it covers."""
        wanted = (lines, place, size)
        if wanted != self._wanted:
            needed, always = lines
            ink = self._theme.places[place].ink
            while True:
                laid = lay(self.stage.fonts, ink, self._words, (needed, always), size, self._text_scale)
                if len(laid.rows) <= MOST_ROWS or len(always) <= LEAST_ALWAYS:
                    break
                always = hints.fewer(always)
            self._wanted, self._fits = wanted, ((needed, always), (MARGIN + laid.tall) / 2)
        return self._fits

    def _name_controls(self) -> None:
        """Say in words what is in hand now."""
        confirm = self._labels().get("A", "controls.a_button") if self._pad_in_hand else "controls.click"
        self.stage.controls = {"confirm": confirm}

    def _labels(self) -> dict[str, str]:
        return {key: label for device in self._inputs for key, label in device.labels.items()}

    def _in_use(self) -> frozenset[str]:
        """What the help shall tell of."""
        plugged_in = frozenset(kind for device in self._inputs for kind in device.kinds)
        return plugged_in if self._pad_in_hand else plugged_in - {"pad"}

    def _size(self) -> tuple[int, int]:
        size = self._window.get_size()
        return (size.x, size.y)

    def _wait(self, since_ns: int) -> None:
        left_s = 1 / RATE_HZ - (time.monotonic_ns() - since_ns) * 1e-9
        if left_s > 0:
            time.sleep(left_s)
