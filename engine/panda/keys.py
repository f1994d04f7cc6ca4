"""What a window hears of its keyboard and mouse, through Panda3D's data graph."""

from panda3d.core import (
    ButtonThrower,
    DataGraphTraverser,
    EventQueue,
    GraphicsWindow,
    MouseAndKeyboard,
    MouseWatcher,
    NodePath,
)


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
