"""The person's hands, drawn where their controllers are."""

from panda3d.core import CullFaceAttrib, NodePath

from engine.frame import Hand
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.look import Look
from engine.panda.models import Models
from engine.theme import Roles

GRABBING = 0.5
INFERRED_OPACITY = 0.45


class DrawnHand:
    """One gloved hand: open or grabbing, hidden without a pose, translucent while its pose is inferred."""

    def __init__(self, side: str, parent: NodePath, look: Look) -> None:
        """Make a hand without a glove; models are right hands, and a left one is their mirror image."""
        self.node = parent.attach_new_node(f"hand {side}")
        self._look = look
        self._open = self._grab = self.node
        self._tracked = True
        self._glove = self.node.attach_new_node("glove")
        if side == "left":
            self._glove.set_sx(-1)
            # A mirror image turns triangles inside out.
            self._glove.set_attrib(CullFaceAttrib.make(CullFaceAttrib.M_cull_counter_clockwise))

    def wear(self, roles: Roles, models: Models) -> None:
        """Put on the gloves of a place."""
        self._glove.get_children().detach()
        self._open = models.copy(roles.hand_open, self._glove)
        self._grab = models.copy(roles.hand_grab, self._glove)
        self._grab.hide()

    def follow(self, hand: Hand) -> None:
        """Be where the controller is."""
        if not hand.grip.valid:
            self.node.hide()
            return
        self.node.show()
        self.node.set_pos_quat(to_panda(hand.grip.position_m), turn_to_panda(hand.grip.orientation))
        grabs = hand.trigger > GRABBING or hand.squeeze > GRABBING
        (self._open.hide if grabs else self._open.show)()
        (self._grab.show if grabs else self._grab.hide)()
        if hand.grip.tracked != self._tracked:
            self._tracked = hand.grip.tracked
            self._look.surface(self.node, opacity=1.0 if self._tracked else INFERRED_OPACITY)
