"""A Target, drawn: a fruit on its twig, with a ring around it that closes as it is held."""

import math

from engine.frame import SIDES, Frame, Vector
from engine.moves import HELD
from engine.panda.axes import to_panda
from engine.panda.ease import Burst, Follower
from engine.panda.flourish import Flourish, ring_of_light, show
from engine.panda.kit import Kit
from engine.panda.look import RING_SHARE
from engine.panda.shadow import Shadow
from engine.scene import Target

MODEL_RADIUS_M = 0.045
LARGEST_M = 0.048
TWIG_M = 0.30
FAREWELL_S = 0.9
_FADES_S = 0.2


class Fruit:
    """One fruit. When it is done it grows, lets light fly and is gone; its twig stays."""

    def __init__(self, kit: Kit, item: Target, _: Frame) -> None:
        """Hang the fruit; one that is done before it was seen is gone already."""
        self._kit = kit
        self.node = kit.parent.attach_new_node(item.key)
        self._fruit = self.node.attach_new_node("fruit")
        self._skin = kit.look.surface(self._fruit, gloss=1.0)
        self._radius_m = min(item.radius_m, LARGEST_M)
        ring_m = max(item.radius_m, 1.9 * self._radius_m) if item.role else item.radius_m
        self._glow, self._light = ring_of_light(kit.look, self.node, ring_m)
        self._flourish = Flourish(kit.look, self.node, ring_m)
        self._floor = self.node.attach_new_node("floor")
        self._shadow = Shadow(kit.look, kit.place, self._floor, 1.4 * self._radius_m)
        self._farewell, self._warmth, self._lit = Burst(FAREWELL_S), Follower(_FADES_S), (math.nan, math.nan)
        self._model, self._hung, self._touched = "none", (math.nan, math.nan, math.nan), False
        self._item = item
        self.update(item)

    def update(self, item: Target) -> None:
        """Move, ripen, glow or take leave."""
        before, self._item = self._item, item
        if item.place_m != self._hung:
            self._hung = item.place_m
            self._hang(item.place_m)
        if item.state == "done":
            if before.state != "done":
                self._farewell.begin()
                self._flourish.reach()
            return
        if before.state == "done":
            self._farewell.end()
            self._flourish.end()
            self._lit = (math.nan, math.nan)
        self._wear("later" if (item.state, item.role) == ("later", "wanted") else item.role)
        for node in (self._fruit, self._shadow.node):
            show(node, True)
        show(self._glow, item.state == "wanted")

    def touch(self, touched: bool) -> None:
        """Answer a hand that comes in."""
        if touched and not self._touched and self._item.state == "wanted":
            self._flourish.touch()
        self._touched = touched

    def touched_by(self, frame: Frame) -> tuple[str, ...]:
        """The sides of the hands that are in a target that wants them; who is in it is held on to for a little."""
        item, near_m = self._item, self._item.radius_m * (HELD if self._touched else 1.0)
        if item.state != "wanted":
            return ()
        return tuple(
            side
            for side, hand in zip(SIDES, (frame.left, frame.right), strict=True)
            if item.hand in ("either", side)
            and hand.grip.valid
            and math.dist(hand.grip.position_m, item.place_m) < near_m
        )

    def pass_time(self, time_s: float) -> None:
        """Shine for the hand that is in it, or play the farewell of a fruit that was reached."""
        self._flourish.pass_time(time_s)
        if self._item.state == "done":
            self._leave(self._farewell.share(time_s))
            return
        if self._touched:
            self._warmth.jump()
        warmth = self._warmth.follow(float(self._touched), time_s)
        fill = self._item.fill
        if (fill, warmth) != self._lit:
            self._lit = (fill, warmth)
            self._skin.turn(1.0, 0.22 * fill + 0.14 * warmth, 1.0)
            self._light.turn(0.62 + 0.22 * fill + 0.16 * warmth, 1.0 + 0.25 * warmth, fill, RING_SHARE)
            self._fruit.set_scale(1 + 0.03 * fill)

    def _leave(self, share: float) -> None:
        for node in (self._fruit, self._glow, self._shadow.node):
            show(node, share < 1)
        if share < 1:
            rise = 1 - (1 - share) ** 3
            self._fruit.set_scale(max(1e-3, 1.03 + 0.87 * share - 1.9 * share**3))
            self._light.turn(0.9 * (1 - share), 1 - share, 1.0, 0.25 + 0.65 * rise)

    def _wear(self, role: str) -> None:
        if role != self._model:
            self._model = role
            self._fruit.get_children().detach()
            if role:
                usual = role in ("wanted", "later")
                self._kit.role(role, self._fruit).set_scale(self._radius_m / MODEL_RADIUS_M if usual else 1.0)

    def _hang(self, place_m: Vector) -> None:
        self.node.set_pos(to_panda(place_m))
        self._floor.set_z(-place_m[1])
        self._shadow.below(0.0, 0.0, place_m[1])
        self.node.find_all_matches("hang").detach()
        if self._item.role != "wanted":
            return
        hang = self.node.attach_new_node("hang")
        hang.set_z(self._radius_m)
        self._kit.role("hang", hang).set_h((place_m[0] * 7919 + place_m[1] * 6271) % 360)
        bare_m = self._kit.place.hang_from_m - place_m[1] - self._radius_m - TWIG_M
        if self._kit.place.roles.stem and bare_m > 0:
            stem = self._kit.role("stem", hang)
            stem.set_z(TWIG_M)
            stem.set_sz(bare_m)
