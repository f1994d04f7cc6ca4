"""The light of a place that is as strong as somebody is steady; its beam turns slowly over what lies around."""

from panda3d.core import NodePath

from engine.panda.axes import to_panda
from engine.panda.ease import Follower
from engine.panda.flourish import Flourish, light_cards, ring_of_light, show
from engine.panda.look import RING_SHARE, Look
from engine.panda.models import Models
from engine.panda.roles import dressed, part
from engine.scene import Steady
from engine.theme import Place

TURNS_DPS = 9.0
AT_REST = 0.10
_FADES_S = 0.35
_RING_M, _GLOW_M, _SPREAD_M = 0.75, 1.35, 1.5
_AWAY = Steady("", state="away")


class Beacon:
    """A lamp that is seen from far; `scale` is that of its model and of its light."""

    def __init__(self, place: Place, look: Look, models: Models, parent: NodePath) -> None:
        """Set it up, hardly alight."""
        scale = place.beacon_scale
        self._node = parent.attach_new_node("beacon")
        self._node.set_pos(to_panda(place.beacon_m))
        self._node.set_scale(scale)
        model = dressed("beacon", place, models, look, self._node)
        self._lamp, self._beam = look.surface(part(model, "lamp")), part(model, "beam")
        self._ray = look.mark(self._beam, 0.0)
        self._light = look.glow(light_cards("glow", [(0, 0, 0)], _GLOW_M * scale, self._node), AT_REST)
        self._ring, self._closes = ring_of_light(look, self._node, _RING_M * scale)
        self._flourish = Flourish(look, self._node, _RING_M * scale, _SPREAD_M)
        self._strength, self._steady, self._time_s, self._turned_deg = Follower(_FADES_S), _AWAY, 0.0, 0.0
        show(self._ring, False)

    def jump(self) -> None:
        """Shine in the next image as it has to."""
        self._strength.jump()
        self._flourish.end()

    def follow(self, steady: Steady | None) -> None:
        """Shine as strongly as somebody is steady; at rest while nobody is asked to be."""
        before, self._steady = self._steady, steady or _AWAY
        if self._steady.state == "done" != before.state:
            self._flourish.reach()
        show(self._ring, self._steady.state == "wanted")

    def pass_time(self, time_s: float) -> None:
        """Turn on as far as the light is strong."""
        goal = {"away": AT_REST, "done": 1.0}.get(self._steady.state, max(AT_REST, self._steady.steadiness))
        strength = self._strength.follow(goal, time_s)
        step_s, self._time_s = min(max(0.0, time_s - self._time_s), 0.1), time_s
        self._turned_deg = (self._turned_deg + TURNS_DPS * strength * step_s) % 360.0
        self._beam.set_h(-self._turned_deg)
        self._beam.set_scale(0.35 + 0.65 * strength)
        self._ray.turn(0.75 * strength)
        self._lamp.turn(0.0, 0.25 + 0.75 * strength, 1.0)
        self._light.turn(0.75 * strength)
        self._closes.turn(0.16, 1.0, self._steady.fill, RING_SHARE)
        self._flourish.pass_time(time_s)
