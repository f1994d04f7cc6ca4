"""The person's hands, drawn where their controllers are."""

import math

from panda3d.core import CullFaceAttrib, NodePath

from engine.frame import Hand
from engine.panda.axes import to_panda, turn_to_panda
from engine.panda.ease import Follower, Presence
from engine.panda.flourish import show
from engine.panda.look import Look
from engine.panda.models import Models
from engine.panda.roles import dressed
from engine.panda.shadow import Shadow
from engine.theme import Place

GRABBING = 0.5
INFERRED_OPACITY = 0.45
_SHADOW_M = 0.09
_WARM = 0.16
_FADES_S = 0.2
_HOLDS_S = 0.2  # twice that is longer than the third of a second that a flash may take (WCAG 2.2, 2.3.1)


class DrawnHand:
    """One gloved hand: open or grabbing, fading away without a pose, translucent while its pose is inferred."""

    def __init__(self, side: str, parent: NodePath, look: Look) -> None:
        """Make a hand without a glove; models are right hands, and a left one is their mirror image."""
        self.node = parent.attach_new_node(f"hand {side}")
        self._floor = parent.attach_new_node(f"floor {side}")
        self._look = look
        self._open = self._grab = self.node
        self._grabs, self._turned_s = False, -math.inf
        self._skin, self._opacity, self._presence = look.surface(self.node), 1.0, Presence()
        self._warmth, self._warm = Follower(_FADES_S), 0.0
        self._shadow: Shadow | None = None
        self._glove = self.node.attach_new_node("glove")
        if side == "left":
            self._glove.set_sx(-1)
            # A mirror image turns triangles inside out.
            self._glove.set_attrib(CullFaceAttrib.make(CullFaceAttrib.M_cull_counter_clockwise))

    def wear(self, place: Place, models: Models) -> None:
        """Put on the gloves of a place."""
        self._glove.get_children().detach()
        self._floor.get_children().detach()
        self._open = dressed("hand_open", place, models, self._look, self._glove)
        self._grab = dressed("hand_grab", place, models, self._look, self._glove)
        self._grab.hide()
        self._grabs, self._turned_s = False, -math.inf
        self._shadow = Shadow(self._look, place, self._floor, _SHADOW_M)

    def follow(self, hand: Hand, time_s: float, touches: bool) -> None:
        """Be where the controller is or was last, and a little brighter while it is in a target."""
        grip = hand.grip
        goal = 0.0 if not grip.valid else 1.0 if grip.tracked else INFERRED_OPACITY
        opacity = self._presence.follow(goal, time_s)
        show(self.node, opacity > 0)
        show(self._floor, opacity > 0)
        if grip.valid:
            self.node.set_pos_quat(to_panda(grip.position_m), turn_to_panda(grip.orientation))
            self._close(hand.trigger > GRABBING or hand.squeeze > GRABBING, time_s)
        if opacity > 0:
            self._shine(opacity, time_s, touches)
            if self._shadow is not None:
                x, y, z = self.node.get_pos()
                self._shadow.below(x, y, z, opacity)

    def _close(self, grabs: bool, time_s: float) -> None:
        """Close or open, but not sooner than the eyes can follow."""
        if grabs != self._grabs and not 0 <= time_s - self._turned_s < _HOLDS_S:
            self._grabs, self._turned_s = grabs, time_s
            show(self._open, not grabs)
            show(self._grab, grabs)

    def _shine(self, opacity: float, time_s: float, touches: bool) -> None:
        if touches:
            self._warmth.jump()
        warm = self._warmth.follow(float(touches), time_s)
        if (opacity < 1) != (self._opacity < 1):
            self._skin = self._look.surface(self.node, 0.0, _WARM * warm, opacity)
        elif (warm, opacity) != (self._warm, self._opacity):
            self._skin.turn(0.0, _WARM * warm, opacity)
        self._warm, self._opacity = warm, opacity
