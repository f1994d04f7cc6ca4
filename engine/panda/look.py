"""How things are lit and coloured: which shader a node wears, and what a place gives to all of them."""

from panda3d.core import (
    ColorBlendAttrib,
    ColorWriteAttrib,
    LMatrix4f,
    LVecBase3f,
    LVecBase4f,
    NodePath,
    PTA_LMatrix4f,
    PTA_LVecBase4f,
    Shader,
    TransparencyAttrib,
    UnalignedLMatrix4f,
)

from engine.panda import shaders
from engine.panda.axes import to_panda
from engine.theme import Place

CLOUD_FOG = 0.55
RING_SHARE = 0.62
"""The radius of a ring of light, as a share of half its card."""
FAR_FOG = 0.80


ONE_EYE = {"eyes": PTA_LMatrix4f([UnalignedLMatrix4f(LMatrix4f.ident_mat())] * 2), "beside": 0.0}
"""Inputs of shaders that can draw both eyes at once, while they draw a picture as Panda3D's lens has it."""


class Dial:
    """Four numbers that a shader reads; they change without touching any state of Panda3D."""

    def __init__(self, node: NodePath, name: str, *values: float) -> None:
        """Give them to a node as a shader input of this name."""
        self._values = PTA_LVecBase4f.empty_array(1)
        self.turn(*values)
        node.set_shader_input(name, self._values)

    def turn(self, first: float, second: float = 0.0, third: float = 0.0, fourth: float = 0.0) -> None:
        """Set the numbers, for the next image."""
        self._values.set_element(0, LVecBase4f(first, second, third, fourth))


class Look:
    """The shaders of one stage, and what changes in all of them: the time, and how dim and how dark it is."""

    def __init__(self, root: NodePath) -> None:
        """Dress everything under `root`; one dresses what lies below with `baked`, `lit` and so on."""
        self._root = root
        self._moment = PTA_LVecBase4f.empty_array(1)
        self._baked, self._lit, self._painted, self._water = (
            _made(shaders.PLACED, shaders.LIGHT + part)
            for part in (shaders.BAKED, shaders.LIT, shaders.PAINTED, shaders.SEA)
        )
        self._sky = _made(shaders.DOME, shaders.LIGHT + shaders.SKY)
        self._glow, self._bead = (_made(shaders.CARD, shaders.FLAT + p) for p in (shaders.GLOW, shaders.BEAD))
        self._mark, self._board, self._text = (
            _made(shaders.PLAIN, shaders.FLAT + part)
            for part in (shaders.MARK, shaders.ROUNDED + shaders.BOARD, shaders.TEXT)
        )
        root.set_shader_inputs(
            moment=self._moment, sway=0.02, nearer=0.0, fog_most=1.0, bleed=0.0, to_place=LMatrix4f.ident_mat(),
            **ONE_EYE,
        )  # fmt: skip
        self.surface(root)
        root.set_shader(self._lit)

    def tick(self, time_s: float, dim: float, dark: float = 0.0) -> None:
        """Set the time and, from 0 to 1, how dim it is, without touching any state of Panda3D.

        Where it is dim, words and hands are seen as before; where it is `dark`, nothing is.
        """
        self._moment.set_element(0, LVecBase4f(time_s % 3600.0, dim, dark, 0))

    def enter(self, place: Place) -> None:
        """Take the light, sky, fog and colours of a place."""
        light, fog, sky = place.light, place.fog, place.sky
        toward = to_panda(light.sun_to)
        toward.normalize()
        self._root.set_shader_inputs(
            sun_to=LVecBase3f(toward), sun=LVecBase3f(*light.sun), sky_light=LVecBase3f(*light.sky),
            ground_light=LVecBase3f(*light.ground), exposure=light.exposure,
            fog=LVecBase4f(fog.start_m, fog.density_per_m, fog.power, fog.most),
            sky_horizon=colour(sky.horizon), sky_middle=colour(sky.middle), sky_zenith=colour(sky.zenith),
            sky_halo=colour(sky.halo), lift=colour(sky.lift), tint=colour(place.ink.guide),
            paper=colour(place.ink.paper), accent=colour(place.ink.accent),
            water_deep=colour(place.water[0]), water_shallow=colour(place.water[1]),
        )  # fmt: skip

    def stand(self, room: NodePath) -> None:
        """Turn light, sky and mist as the room is turned that the place stands in."""
        self._root.set_shader_input("to_place", self._root.get_mat(room))

    def baked(self, node: NodePath) -> None:
        """For what never moves: the light is in the vertex colours."""
        node.set_shader(self._baked)

    def water(self, node: NodePath) -> None:
        """For a sheet of water whose vertex alpha is 1 - foam."""
        node.set_shader(self._water)

    def sky(self, node: NodePath) -> None:
        """For a dome around the eye, drawn behind everything."""
        node.set_shader(self._sky)
        node.set_bin("background", 0)
        node.set_depth_write(False)
        node.set_depth_test(False)
        node.set_two_sided(True)

    def surface(
        self, node: NodePath, gloss: float = 0.0, glow: float = 0.0, opacity: float = 1.0, asleep: float = 0.0
    ) -> Dial:
        """For what moves: how shiny it is, how much it glows by itself, hides what is behind it, and is dark in sleep.

        What hides nothing of it now must not be turned down later: only this decides whether it is drawn see-through.
        """
        if opacity < 1:
            node.set_transparency(TransparencyAttrib.M_alpha)
        else:
            node.clear_transparency()
        return Dial(node, "surface", gloss, glow, opacity, asleep)

    def paint(self, node: NodePath, code: str) -> None:
        """For what moves in a theme of high contrast: one flat colour, darker on the side away from the sun."""
        node.set_shader(self._painted)
        node.set_shader_input("paint", colour(code))

    def glow(
        self, node: NodePath, strength: float, ring: float = 0.0, fill: float = 0.0, radius: float = RING_SHARE
    ) -> Dial:
        """For light that hangs in the air: cards that face the eye, with a ring that closes by `fill`.

        `radius` is the ring's share of the card.
        """
        node.set_shader(self._glow)
        # Light over sky is mixed, not added: addition turns warm light yellow-green.
        node.set_transparency(TransparencyAttrib.M_alpha)
        _after_solid(node, 2)
        return Dial(node, "glow", strength, ring, fill, radius)

    def beads(self, node: NodePath, opacity: float, lit: float) -> Dial:
        """For round beads that face the eye; bright are those whose vertex alpha is at most `lit`."""
        node.set_shader(self._bead)
        node.set_transparency(TransparencyAttrib.M_alpha)
        _after_solid(node, 1)
        return Dial(node, "glow", opacity, 0.0, lit)

    def mark(self, node: NodePath, opacity: float = 1.0, fill: float = 0.0) -> Dial:
        """For translucent guides: what has a first texture coordinate of at most `fill` takes the guide's tint."""
        node.set_shader(self._mark)
        node.set_transparency(TransparencyAttrib.M_alpha)
        node.set_two_sided(True)
        _after_solid(node, 0)
        return Dial(node, "mark", opacity, fill)

    def board(self, node: NodePath, shape: LVecBase4f, pips: LVecBase4f) -> None:
        """For a rounded paper panel with a soft shadow and a row of dots, drawn from distances in its plane."""
        node.set_shader(self._board)
        node.set_shader_inputs(board=shape, pips=pips)
        node.set_transparency(TransparencyAttrib.M_alpha)
        _after_solid(node, 3)

    def text(self, node: NodePath) -> None:
        """For letters from a font, on top of their panel."""
        node.set_shader(self._text)
        # Panda3D gives letters made of distance fields a hard edge, which the shader makes soft again.
        node.set_transparency(TransparencyAttrib.M_alpha, 1)
        _after_solid(node, 4)


def cut(node: NodePath, shape: LVecBase4f) -> None:
    """Make a sheet a hole with rounded corners: where it is seen the picture keeps its colour and has an alpha of 0.

    `shape` is half its width and height, and the radius of its corners, in metres.
    """
    node.set_shader(_made(shaders.PLAIN, shaders.FLAT + shaders.ROUNDED + shaders.HOLE))
    node.set_shader_inputs(board=shape, **ONE_EYE)
    node.set_attrib(ColorWriteAttrib.make(ColorWriteAttrib.C_alpha))
    blend = ColorBlendAttrib
    node.set_attrib(blend.make(blend.M_add, blend.O_zero, blend.O_one_minus_incoming_alpha))
    _after_solid(node, 5)


def colour(code: str) -> LVecBase3f:
    """A colour such as `#fff8e8` as three numbers from 0 to 1, still as a screen shows it."""
    return LVecBase3f(*(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)))


def _made(vertex: str, fragment: str) -> Shader:
    return Shader.make(Shader.SL_GLSL, shaders.VIEW + vertex, fragment)


def _after_solid(node: NodePath, order: int) -> None:
    """Draw after everything solid, in this order whatever is nearer, and hide nothing."""
    node.set_bin("fixed", order)
    node.set_depth_write(False)
