"""Draws a Scene: the same key keeps its node, and what the scene no longer holds is gone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from panda3d.core import AntialiasAttrib, NodePath

from engine.frame import Frame
from engine.panda import shapes
from engine.panda.axes import to_panda
from engine.panda.board import Board
from engine.panda.card import Card
from engine.panda.flyers import DrawnFlyer
from engine.panda.fonts import Fonts
from engine.panda.footprints import Footprints
from engine.panda.fruit import Fruit
from engine.panda.graphics import Graphics
from engine.panda.hands import DrawnHand
from engine.panda.kit import Kit
from engine.panda.lean import LeanGuide
from engine.panda.look import CLOUD_FOG, FAR_FOG, Look, colour
from engine.panda.models import Models
from engine.panda.trail import ReachPath
from engine.scene import Item, Lean, Middle, Panel, Reach, Scene, Stand, Target
from engine.theme import Place, Theme, ThemeError
from engine.words import Words


class _Drawing(Protocol):
    node: NodePath

    def update(self, item: Any) -> None: ...
    def pass_time(self, time_s: float) -> None: ...


_DRAWINGS: Mapping[type, Callable[[Kit, Any, Frame], _Drawing]] = {
    Target: Fruit, Reach: ReachPath, Lean: LeanGuide, Stand: Footprints, Panel: Board,
}  # fmt: skip
_IN_THE_ROOM = Lean | Stand
"""What has no place of its own stands at the middle, as the scenery does."""


class Stage:
    """All that a person sees. `root` holds it in Panda3D axes, floor at z = 0, tracking space = world."""

    def __init__(self, graphics: Graphics, theme: Theme, words: Words, cache: Path | None = None) -> None:
        """Make a stage; models are cached in a folder when one is given."""
        self.root = NodePath("stage")
        self.root.set_antialias(AntialiasAttrib.M_multisample)
        self._graphics, self.theme, self._words = graphics, theme, words
        self.look = Look(self.root)
        self._models = Models(theme.models, cache)
        self.fonts = Fonts()
        sky = shapes.dome()
        sky.reparent_to(self.root)
        self.look.sky(sky)
        self._room = self.root.attach_new_node("room")
        self._scenery = self._room.attach_new_node("scenery")
        self._things = self.root.attach_new_node("things")
        self._hands = {side: DrawnHand(side, self.root, self.look) for side in ("left", "right")}
        self._flyers: list[DrawnFlyer] = []
        self._place, self._middle = "", Middle()
        self._scenes: dict[str, NodePath] = {}
        self._shown: dict[str, tuple[Item, _Drawing]] = {}

    def show(self, scene: Scene, frame: Frame) -> None:
        """Bring everything to what the scene and the frame say; it is drawn with the next image."""
        time_s = frame.time_ns * 1e-9
        if scene.place != self._place:
            self._enter(scene.place, self._found(scene.place))
        if scene.middle != self._middle:
            self._turn(scene.middle)
        self.look.tick(time_s, scene.dim)
        self._keep(scene.items, frame)
        for _, drawing in self._shown.values():
            drawing.pass_time(time_s)
        for flyer in self._flyers:
            flyer.pass_time(time_s)
        self._hands["left"].follow(frame.left)
        self._hands["right"].follow(frame.right)

    def cards(self) -> list[Card]:
        """What has words on it, for a headset that can show it sharper than a scene."""
        return [drawing.card for _, drawing in self._shown.values() if isinstance(drawing, Board)]

    @property
    def controls(self) -> Mapping[str, str]:
        """What the person's controller calls its buttons: an action to the key of the words for it."""
        return self._words.controls

    @controls.setter
    def controls(self, names: Mapping[str, str]) -> None:
        if names != self._words.controls:
            self._words.controls = dict(names)
            for _, drawing in self._shown.values():
                if isinstance(drawing, Board):
                    drawing.relay()

    def node(self, key: str) -> NodePath:
        """The node of an item that is shown; KeyError when it is not."""
        return self._shown[key][1].node

    def prepare(self, places: tuple[str, ...]) -> None:
        """Load places before they are shown, so that no session waits for a disk."""
        for name in places:
            self._scene_of(name)

    def _found(self, name: str) -> Place:
        places = self.theme.places
        if name not in places:
            raise ThemeError(f"the theme {self.theme.name!r} has no place {name!r}; it has {', '.join(sorted(places))}")
        return places[name]

    def _enter(self, name: str, place: Place) -> None:
        for _, drawing in self._shown.values():
            drawing.node.remove_node()
        self._shown.clear()
        self._scenery.get_children().detach()
        self._scene_of(name).reparent_to(self._scenery)
        self._place = name
        self.look.enter(place)
        for hand in self._hands.values():
            hand.wear(place.roles, self._models)
        self._flyers = [DrawnFlyer(flyer, self._scenery, self._models) for flyer in place.flyers]
        self._clear()
        self.root.prepare_scene(self._graphics.gsg)

    def _turn(self, middle: Middle) -> None:
        """Set the place up around another middle, and what stands by the person with it."""
        self._middle = middle
        self._room.set_pos(to_panda((middle.x_m, 0.0, middle.z_m)))
        self._room.set_h(-middle.facing_deg)
        self.look.stand(self._room)
        self._clear()

    def _clear(self) -> None:
        """Take everything away, so that it is drawn anew as it has to be here."""
        for _, drawing in self._shown.values():
            drawing.node.remove_node()
        self._shown = {}

    def _scene_of(self, name: str) -> NodePath:
        if name not in self._scenes:
            self._scenes[name] = self._build(self._found(name))
        return self._scenes[name]

    def _build(self, place: Place) -> NodePath:
        if not place.model:
            floor = shapes.ground([c**2.2 for c in colour(place.ground)])
            self.look.baked(floor)
            return floor
        scenery = self._models.copy(place.model, NodePath("place"))
        scenery.set_two_sided(True)
        self.look.baked(scenery)
        for layer, most in (("far", FAR_FOG), ("clouds", CLOUD_FOG)):
            for node in scenery.find_all_matches(f"**/{layer}"):
                node.set_shader_input("fog_most", most)
        for node in scenery.find_all_matches("**/water"):
            self.look.water(node)
        return scenery

    def _keep(self, items: tuple[Item, ...], frame: Frame) -> None:
        kept: dict[str, tuple[Item, _Drawing]] = {}
        for item in items:
            before = self._shown.get(item.key)
            drawing = self._draw(item, before, frame)
            if drawing is not None:
                kept[item.key] = (item, drawing)
        for key, (_, drawing) in self._shown.items():
            if key not in kept or kept[key][1] is not drawing:
                drawing.node.remove_node()
        self._shown = kept

    def _draw(self, item: Item, before: tuple[Item, _Drawing] | None, frame: Frame) -> _Drawing | None:
        if before is not None and type(before[0]) is type(item):
            if before[0] != item:
                before[1].update(item)
            return before[1]
        make = _DRAWINGS.get(type(item))
        if make is None:
            return None
        place = self.theme.places[self._place]
        parent = self._room if isinstance(item, _IN_THE_ROOM) else self._things
        kit = Kit(parent, self.look, self._models, self.fonts, self._words, place, self._middle.facing_deg)
        return make(kit, item, frame)
