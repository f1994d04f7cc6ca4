"""What a window hears of its keyboard and mouse, through Panda3D's data graph, and what that means at a desk."""

from typing import cast

from panda3d.core import (
    ButtonHandle,
    ButtonThrower,
    DataGraphTraverser,
    EventQueue,
    GraphicsWindow,
    KeyboardButton,
    MouseAndKeyboard,
    MouseButton,
    MouseWatcher,
    NodePath,
)

from engine.frame import Button
from engine.inputs import AHEAD, BOTH, FURTHER, HELP, NEARER, RISE, SWAP, Heard, Held, Pair

BUTTONS = {
    "escape": Button.STOP,
    "r": Button.RECENTRE,
    "m": Button.MENU,
    "p": Button.PAIN,
    "z": Button.DIZZY,
    "t": Button.TIRED,
}
ACTS = {
    "tab": SWAP, "f": BOTH, "c": RISE, "space": RISE, "home": AHEAD, "h": HELP,
    "wheel_up": FURTHER, "wheel_down": NEARER,
}  # fmt: skip


class Keys:
    """The keys of one window; `watcher` knows where its mouse is and what is held down."""

    def __init__(self, window: GraphicsWindow) -> None:
        self._graph = NodePath("inputs")
        devices = self._graph.attach_new_node(MouseAndKeyboard(window, 0, "devices"))
        self.watcher = MouseWatcher("watcher")
        devices.attach_new_node(self.watcher).attach_new_node(ButtonThrower("thrower"))
        self._traverser = DataGraphTraverser()
        self._events = EventQueue.get_global_event_queue()

    def pressed(self) -> list[str]:
        """The names of what was pressed, and of what else happened to the window, since the last time."""
        self._traverser.traverse(self._graph.node())
        names = []
        while not self._events.is_queue_empty():
            names.append(self._events.dequeue_event().name)
        return names


class Keyboard:
    """Keyboard and mouse of one window, as they move the body at a desk."""

    def __init__(self, window: GraphicsWindow) -> None:
        self._keys = Keys(window)
        self._watcher = self._keys.watcher
        self._pressed: list[str] = []

    def hear(self) -> tuple[Heard, list[str]]:
        """What is held and was pressed since the last time, and the names of everything that was pressed."""
        pressed = self._pressed = self._keys.pressed()
        looks = self._is_down(MouseButton.three()) or self._down("shift")
        held = Held(
            lean=(self._axis(("w", "up"), ("s", "down")), self._axis(("d", "right"), ("a", "left"))),
            point=(self._axis(("l",), ("j",)), self._axis(("i",), ("k",))),
            face=self.mouse() if looks else None,
            turn=self._axis(("e",), ("q",)),
            nod=self._axis(("page_up",), ("page_down",)),
            tilt=self._axis((".",), (",",)),
            trigger=float(self._is_down(MouseButton.one()) or self._down("enter")),
            squeeze=float(self._is_down(MouseButton.two()) or self._down("g")),
        )
        buttons = Button.NONE
        for name in pressed:
            buttons |= BUTTONS.get(name, Button.NONE)
        return Heard(held, buttons, tuple(ACTS[name] for name in pressed if name in ACTS)), pressed

    def mouse(self) -> Pair | None:
        """Where the mouse is, -1 to 1 in both directions; None outside the window."""
        if not self._watcher.has_mouse():
            return None
        at = self._watcher.get_mouse()
        return (at.x, at.y)

    def _axis(self, more: tuple[str, ...], less: tuple[str, ...]) -> float:
        return float(any(map(self._down, more))) - float(any(map(self._down, less)))

    def _down(self, name: str) -> bool:
        return self._is_down(_key(name))

    def _is_down(self, button: ButtonHandle) -> bool:
        """Whether a button is held, or was since the last image: who only taps it is heard in a slow one, too."""
        return self._watcher.is_button_down(button) or button.name in self._pressed


def _key(name: str) -> ButtonHandle:
    if len(name) == 1:
        return KeyboardButton.ascii_key(name)
    return cast(ButtonHandle, getattr(KeyboardButton, name)())
