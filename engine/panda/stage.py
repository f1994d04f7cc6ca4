"""Draws a Scene: the same key keeps its node, and what the scene no longer holds is gone."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from panda3d.core import AntialiasAttrib, NodePath

from engine.frame import LOST, SIDES, Frame, Hand
from engine.leg import devices_of, taken_off
from engine.panda import faces, shapes
from engine.panda.axes import to_panda
from engine.panda.bell import Bell
from engine.panda.berth import Watch
from engine.panda.board import Board, eye_m
from engine.panda.breath import BreathGuide
from engine.panda.caption import Captions
from engine.panda.card import Card
from engine.panda.companion import Companion, uncovered
from engine.panda.flourish import show
from engine.panda.fonts import Fonts
from engine.panda.footing import StandingFeet
from engine.panda.footprints import Footprints
from engine.panda.fruit import Fruit
from engine.panda.graphics import Graphics
from engine.panda.hands import DrawnHand
from engine.panda.kit import Kit
from engine.panda.lean import LeanGuide
from engine.panda.look import Look
from engine.panda.models import Models, models_of
from engine.panda.option import OptionCard
from engine.panda.owl import Owl
from engine.panda.props import DrawnHeld, DrawnProp
from engine.panda.ribbon import Ribbon
from engine.panda.rise import RiseGuide
from engine.panda.scenery import Scenery
from engine.panda.shelf import Shelf
from engine.panda.stone import SteppingStone
from engine.panda.surroundings import Surroundings
from engine.panda.trail import ReachPath
from engine.scene import (
    Bend,
    Breath,
    Follow,
    Footing,
    Friend,
    Gaze,
    Held,
    Item,
    Lean,
    Lift,
    Middle,
    Option,
    Panel,
    Prop,
    Reach,
    Rise,
    Scene,
    Stand,
    Stone,
    Target,
)
from engine.settings import Settings
from engine.theme import Place, Theme, ThemeError
from engine.words import Words


class _Drawing(Protocol):
    node: NodePath

    def update(self, item: Any) -> None: ...
    def pass_time(self, time_s: float) -> None: ...


_DRAWINGS: Mapping[type, Callable[[Kit, Any, Frame], _Drawing]] = {
    Target: Fruit, Reach: ReachPath, Follow: Ribbon, Lean: LeanGuide, Stand: Footprints, Gaze: Owl, Rise: RiseGuide,
    Footing: StandingFeet, Lift: Bell, Friend: Companion, Breath: BreathGuide, Option: OptionCard, Panel: Board,
    Prop: DrawnProp, Held: DrawnHeld, Bend: Shelf, Stone: SteppingStone,
}  # fmt: skip
_IN_THE_ROOM = Lean | Stand | Footing | Gaze | Rise | Lift | Stone | Friend | Breath
"""What has no place of its own stands at the middle, as the scenery does."""
NO_HAND = Hand(LOST)
USUAL = Settings()
"""How somebody sees and hears of whom nothing else is known."""


class Stage:
    """All that a person sees. `root` holds it in Panda3D axes, floor at z = 0, tracking space = world.

    What is neither hands nor captions lies below a node of its own, which stays where it is but for a Surround.
    """

    def __init__(
        self,
        graphics: Graphics,
        theme: Theme,
        words: Words,
        cache: Path | None = None,
        settings: Settings = USUAL,
    ) -> None:
        """Make a stage; models are cached in a folder when one is given."""
        self.root = NodePath("stage")
        self.root.set_antialias(AntialiasAttrib.M_multisample)
        self._graphics, self.theme, self._words, self._settings = graphics, theme, words, settings
        self.look = Look(self.root)
        self._models = Models(theme.models, cache)
        self.fonts = Fonts()
        self._sky = shapes.dome()
        self._sky.reparent_to(self.root)
        self.look.sky(self._sky)
        world, hands = self.root.attach_new_node("world"), self.root.attach_new_node("hands")
        self._gloves = hands
        self._room = world.attach_new_node("room")
        self._things = world.attach_new_node("things")
        self._hands = {side: DrawnHand(side, hands, self.look) for side in SIDES}
        self.surroundings = Surroundings(world)
        self._captions = Captions(self.root)
        self._sceneries: dict[str, Scenery] = {}
        self._scenery: Scenery | None = None
        self._place, self._middle = "", Middle()
        self._shown: dict[str, tuple[Item, _Drawing]] = {}
        self._watch = Watch()
        self._strapped: frozenset[str] = frozenset()  # controllers that are worn on a leg here, and are no hands

    def show(self, scene: Scene, frame: Frame) -> None:
        """Bring everything to what the scene and the frame say; it is drawn with the next image."""
        time_s = frame.time_ns * 1e-9
        if scene.place != self._place:
            self._enter(scene.place)
        if scene.middle != self._middle:
            self._turn(scene.middle)
        if self.surroundings.follow(scene.items, frame):
            self.look.stand(self._room)
        self.look.tick(time_s, scene.dim, self.surroundings.dark)
        items = uncovered(scene.items, self.theme.places[self._place])
        if scene.see_through:
            items = tuple(item for item in items if not isinstance(item, Friend))
        self._bare(scene.see_through)
        self._strapped = frozenset() if taken_off(items) else self._strapped | devices_of(items)
        self._keep(items if scene.menu is None else (*items, scene.menu), frame)
        self._touch(frame, time_s)
        self._make_room(scene, frame)
        for _, drawing in self._shown.values():
            drawing.pass_time(time_s)
        if self._scenery is not None:
            self._scenery.follow(scene.items)
            self._scenery.pass_time(time_s)
        self._captions.show(self._kit(self.root), scene.items, frame)

    def cards(self) -> list[Card]:
        """What has words on it, for a headset that can show it sharper than a scene; where it is dark, nothing has."""
        if self.surroundings.dark:
            return []
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
                if isinstance(drawing, Board | OptionCard):
                    drawing.relay()

    def node(self, key: str) -> NodePath:
        """The node of an item that is shown; KeyError when it is not."""
        return self._shown[key][1].node

    def prepare(self, places: tuple[str, ...]) -> None:
        """Load all that these places may show and send it to the graphics card, so that no frame waits for a disk."""
        for name in places:
            self._scenery_of(name)
            for model in models_of(self._found(name)):
                self._models.read(model)
        for model in self.theme.pictures.values():
            self._models.read(model)
        faces.prepare()
        self.fonts.prepare(self._words.say(key) for key in self._words)
        if not self._place and places:
            self.look.enter(self._found(places[0]))  # a shader is not prepared before it has all its inputs
        store = self.root.attach_new_node("store")
        for node in (*self._models.all(), *(scenery.node for scenery in self._sceneries.values())):
            node.copy_to(store)
        store.prepare_scene(self._graphics.gsg)
        self._graphics.engine.render_frame()
        store.remove_node()

    def _found(self, name: str) -> Place:
        places = self.theme.places
        if name not in places:
            raise ThemeError(f"the theme {self.theme.name!r} has no place {name!r}; it has {', '.join(sorted(places))}")
        return places[name]

    def _enter(self, name: str) -> None:
        place, scenery = self._found(name), self._scenery_of(name)
        self._clear()
        if self._scenery is not None:
            self._scenery.node.detach_node()
        self._scenery = scenery
        scenery.node.reparent_to(self._room)
        scenery.enter()
        self._place, self._strapped = name, frozenset()
        self.look.enter(place)
        for hand in self._hands.values():
            hand.wear(place, self._models)
        self.root.prepare_scene(self._graphics.gsg)

    def _turn(self, middle: Middle) -> None:
        """Set the place up around another middle, and what stands by the person with it."""
        self._middle = middle
        self._room.set_pos(to_panda((middle.x_m, 0.0, middle.z_m)))
        self._room.set_h(-middle.facing_deg)
        self.look.stand(self._room)
        self._clear()

    def _bare(self, bare: bool) -> None:
        """Show what is asked for alone, before the real room, or all of the place.

        Hands are hidden while the world goes along with the head, too, because they would tell of sway.
        """
        for node in (self._sky, *([self._scenery.node] if self._scenery else [])):
            show(node, not bare)
        show(self._gloves, not (bare or self.surroundings.held))

    def _clear(self) -> None:
        """Take everything away, so that it is drawn anew as it has to be here."""
        for _, drawing in self._shown.values():
            drawing.node.remove_node()
        self._shown = {}

    def _scenery_of(self, name: str) -> Scenery:
        if name not in self._sceneries:
            self._sceneries[name] = Scenery(self._found(name), self.look, self._models)
        return self._sceneries[name]

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
        return make(self._kit(self._room if isinstance(item, _IN_THE_ROOM) else self._things), item, frame)

    def _kit(self, parent: NodePath) -> Kit:
        return Kit(
            parent,
            self.look,
            self._models,
            self.fonts,
            self._words,
            self.theme.places[self._place],
            self.theme,
            self._settings,
            self._middle.facing_deg,
        )

    def _make_room(self, scene: Scene, frame: Frame) -> None:
        """Let panels get out of the way of what is asked for, and cards that hang together be of one size."""
        before = self._watch.wanted
        wanted = self._watch.see(scene, self.theme.places[self._place], eye_m(frame))
        options = [item for item in scene.items if isinstance(item, Option)] if wanted is not before else []
        for item, drawing in self._shown.values():
            if isinstance(drawing, Board):
                drawing.clear(wanted, scene.trial and not scene.dim)
            elif isinstance(drawing, OptionCard) and item in options:
                drawing.join(options)

    def _touch(self, frame: Frame, time_s: float) -> None:
        """Let hands and what they are in answer each other within the frame."""
        touching: set[str] = set()
        for _, drawing in self._shown.values():
            if isinstance(drawing, Fruit):
                sides = drawing.touched_by(frame)
                drawing.touch(bool(sides))
                touching.update(sides)
            elif isinstance(drawing, DrawnHeld):
                drawing.follow(frame)
        for side, hand in self._hands.items():
            seen = frame.left if side == "left" else frame.right
            hand.follow(seen if side not in self._strapped else NO_HAND, time_s, side in touching)
