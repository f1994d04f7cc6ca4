"""Things that stand in a place or are held in a hand, and ask for nothing: a Prop and a Held, drawn."""

from panda3d.core import LVector3

from engine.frame import Frame, Hand
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.ease import Follower
from engine.panda.flourish import show
from engine.panda.kit import Kit
from engine.panda.roles import part
from engine.scene import Held, Prop

_LID_DEG, _OPENS_S = 105.0, 0.35
_GLOW = 0.06


class DrawnProp:
    """A thing at its place; its lid opens softly."""

    def __init__(self, kit: Kit, item: Prop, _: Frame) -> None:
        """Put it there."""
        self._kit, self._item = kit, item
        self.node = kit.parent.attach_new_node(item.key)
        self._model = kit.role(item.role, self.node)
        self._lid = part(self._model, "lid") if item.open or item.role == "treasure" else None
        kit.look.surface(self.node, glow=_GLOW)
        self._open = Follower(_OPENS_S)
        self.update(item)

    def update(self, item: Prop) -> None:
        """Move it, or be something else."""
        if item.role != self._item.role:
            self._model.remove_node()
            self._model = self._kit.role(item.role, self.node)
        self._item = item
        self.node.set_pos(to_panda(item.place_m))
        self.node.set_h(-item.turn_deg)
        self._model.set_scale(item.scale, item.scale, item.scale * item.tall)

    def pass_time(self, time_s: float) -> None:
        """Open or close."""
        if self._lid is not None:
            self._lid.set_p(-_LID_DEG * self._open.follow(self._item.open, time_s))


class DrawnHeld:
    """A thing in a hand, unseen while the hand is."""

    def __init__(self, kit: Kit, item: Held, frame: Frame) -> None:
        """Put it into the hand."""
        self._item = item
        self.node = kit.parent.attach_new_node(item.key)
        kit.role(item.role, self.node)
        kit.look.surface(self.node, glow=_GLOW)
        self.follow(frame)

    def update(self, item: Held) -> None:
        """Point elsewhere."""
        self._item = item

    def follow(self, frame: Frame) -> None:
        """Be where the hand is."""
        hand: Hand = frame.left if self._item.hand == "left" else frame.right
        show(self.node, hand.grip.valid)
        if not hand.grip.valid:
            return
        self.node.set_pos_quat(to_panda(hand.grip.position_m), turn_to_panda(hand.grip.orientation))
        if self._item.towards_m is not None:
            self.node.look_at(self.node.get_parent(), LVector3(*to_panda(self._item.towards_m)))

    def pass_time(self, time_s: float) -> None:
        """Only the hand moves it."""
