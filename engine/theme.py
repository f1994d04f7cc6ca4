"""A theme says how a scene looks and sounds: which model, light, colours and sound stand for each role.

A theme is a folder in `assets/themes`: `theme.toml` says what holds everywhere, and each other file is a place, called
by the name that games know it by. Reading one needs neither Panda3D nor sound.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from engine.frame import Vector
from engine.records import Record

ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""The folder of themes, models, sounds and words that comes with the program."""

SOUND_ROLES = (
    *("appear", "hold", "reached", "not_yet", "confirm", "rest", "finish", "pause"),
    *("pick", "call", "launch", "breathe_in", "breathe_out", "cheer", "sticker", "home", "step"),
    *("bell", "stroke", "clink"),
)
USUAL = "day"
PLACES = (
    *("lobby", "still", "orchard", "harbour", "launch", "wood", "meadow", "shore"),
    *("lighthouse", "hill", "lake", "pond", "cafe"),
)
"""The places that every theme has, so that every game runs in every theme."""
STICKERS = (
    *("apple", "boat", "rocket", "owl", "bear", "dragon", "egg", "shell", "star", "rainbow", "balloon", "sun"),
    *("butterfly", "mushroom", "moon", "lantern"),
)
"""What a child may choose from after a visit, in turn; every theme has a picture of each."""

Colour = Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")]
"""A colour as it appears on a screen (sRGB), such as `#fff8e8`."""
Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0, le=1000)]


class ThemeError(ValueError):
    """A theme that cannot be used; the message names the file, the place in it and what is wrong."""


class Light(Record, frozen=True, kw_only=True):
    """The light on things that move; the light on things that do not is baked into their colours.

    `sun_to` points to the sun, in OpenXR axes, and is the direction of the bake too; `sun`, `sky` and
    `ground` are linear radiances (red, green, blue).
    """

    sun_to: Vector
    sun: Vector
    sky: Vector
    ground: Vector
    exposure: Positive = 1.12


class Sky(Record, frozen=True, kw_only=True):
    """The colours of the sky by height, the halo of the sun, and the hue that no shadow is darker than."""

    horizon: Colour
    middle: Colour
    zenith: Colour
    halo: Colour
    lift: Colour


class Fog(Record, frozen=True, kw_only=True):
    """Mist that takes the colour of the sky behind it: none before `start_m`, never more than `most`."""

    start_m: Positive
    density_per_m: Share
    power: Positive = 1.0
    most: Share = 0.95


class Ink(Record, frozen=True, kw_only=True):
    """The colours of panels and guides."""

    paper: Colour
    accent: Colour
    title: Colour
    text: Colour
    guide: Colour


class Roles(Record, frozen=True, kw_only=True):
    """The model file that stands for each role; an empty name means that nothing is drawn for it.

    `wanted` and `later` are reached for and hang from `stem` and `hang`; `lamp` is leant to, `look` looked at and
    `vehicle` lifted by standing up; `companion` has the nodes `body`, `head`, `arm_left` and `arm_right`, and `breath`
    swells and sinks. `look` may have the node `owl_lids`, shut while it sleeps; the node `light` of a flyer
    or of what is looked at glows.
    `beacon` shines while somebody stands steadily, `stone` is stepped on, `kite` flies along a path, `bell` is rung by
    a leg, `shelf` on its `shelf_leg` holds what is reached down for, `block` is carried from `crate` to `crate` over
    the `barrier`, an `oar` goes with each hand, and `treasure` is found.
    """

    wanted: str
    later: str
    hand_open: str
    hand_grab: str
    hang: str = ""
    stem: str = ""
    lamp: str = ""
    look: str = ""
    vehicle: str = ""
    companion: str = ""
    breath: str = ""
    beacon: str = ""
    stone: str = ""
    kite: str = ""
    bell: str = ""
    shelf: str = ""
    shelf_leg: str = ""
    block: str = ""
    crate: str = ""
    barrier: str = ""
    oar: str = ""
    treasure: str = ""


class Shown(Record, frozen=True, kw_only=True):
    """How a place shows what a round has come to: `model` at each of `places_m` in turn, or going along them.

    With `travels` there is one that goes from the first place to the last, else one more stands at each.
    """

    model: str
    places_m: tuple[Vector, ...]
    travels: bool = False
    scale: Positive = 1.0


class Flyer(Record, frozen=True, kw_only=True):
    """A creature that circles `centre_m`, one round in `period_s`; a wing beats on both sides."""

    body: str
    wing: str = ""
    centre_m: Vector
    radius_m: Positive
    period_s: Positive
    scale: Positive = 1.0
    beat_hz: float = 0.0


class Place(Record, frozen=True, kw_only=True):
    """One place: its model (or only sky and ground), light, colours, roles and sounds.

    A fruit hangs from `hang_from_m` above the floor. A lamp stands `lamp_at_m` (ahead, to the side) from the
    person, on water or ground at `lamp_height_m`; one to the side stands `lamp_aside_ahead_m` further ahead.
    The lean guide stands on `lean_from_m`. What is looked at is `look_m` from the eyes. The vehicle stands at
    `vehicle_m` and comes as far as `vehicle_up_m` higher; companion, breath and bell are where they are said to be.
    The lamp of the beacon is at `beacon_m`.
    `paint` gives a role, or a part of it (`companion.head`), one flat colour, for a theme of high contrast.
    """

    model: str = ""
    light: Light
    sky: Sky
    fog: Fog
    ink: Ink
    roles: Roles
    ground: Colour = "#b9c9b4"
    water: tuple[Colour, Colour] = ("#2b8a9b", "#7cc8c6")
    hang_from_m: Positive = 2.45
    lamp_at_m: tuple[Positive, Positive] = (3.2, 1.9)
    lamp_height_m: float = 0.0
    lamp_aside_ahead_m: float = 1.2
    lamp_scale: Positive = 1.0
    lean_from_m: Vector = (0.0, 0.62, -1.4)
    look_m: Positive = 4.0
    look_scale: Positive = 1.0
    vehicle_m: Vector = (0.0, 0.0, -7.0)
    vehicle_up_m: Positive = 6.0
    vehicle_scale: Positive = 1.0
    companion_m: Vector = (0.0, 0.0, -2.4)
    companion_scale: Positive = 1.0
    breath_m: Vector = (0.0, 1.1, -2.6)
    breath_scale: Positive = 1.0
    beacon_m: Vector = (1.6, 2.3, -9.0)
    beacon_scale: Positive = 1.0
    bell_m: Vector = (0.0, 1.2, -2.2)
    bell_scale: Positive = 1.0
    progress: Shown | None = None
    paint: Mapping[str, Colour] = {}
    flyers: tuple[Flyer, ...] = ()
    ambience: str = ""
    music: str = ""


class _Everywhere(Record, frozen=True, kw_only=True):
    title: str
    sounds: Mapping[str, str]
    voice: str = "calm"
    pictures: Mapping[str, str] = {}


@dataclass(frozen=True)
class Theme:
    """A theme that has been checked: every file that it names exists.

    `sounds` maps roles to files, `ambience` and `music` map places to files, `pictures` what an option may show to
    models. `voice` is the folder in `assets/voice` of who speaks.
    """

    name: str
    title: str
    places: Mapping[str, Place]
    models: Path
    sounds: Mapping[str, Path]
    ambience: Mapping[str, Path]
    music: Mapping[str, Path]
    voice: str
    pictures: Mapping[str, str]

    def model(self, name: str) -> Path:
        """The file of a model."""
        return self.models / name


def load(name: str = USUAL, assets: Path = ASSETS) -> Theme:
    """Read a theme and check every file that it names; raises ThemeError."""
    if name not in names(assets):
        raise ThemeError(f"there is no theme {name!r} in {assets / 'themes'}; there are {', '.join(names(assets))}")
    folder = assets / "themes" / name
    everywhere = read_toml(folder / "theme.toml", _Everywhere, ThemeError)
    files = {file.stem: file for file in sorted(folder.glob("*.toml")) if file.stem != "theme"}
    places = {place: read_toml(file, Place, ThemeError) for place, file in files.items()}
    sounds = assets / "sounds"
    theme = Theme(
        name=name,
        title=everywhere.title,
        places=places,
        models=assets / "models",
        sounds={role: sounds / file for role, file in everywhere.sounds.items()},
        ambience={key: sounds / place.ambience for key, place in places.items() if place.ambience},
        music={key: sounds / place.music for key, place in places.items() if place.music},
        voice=everywhere.voice,
        pictures=everywhere.pictures,
    )
    _check(theme, folder)
    _check_stickers_and_voice(theme, folder / "theme.toml", assets / "voice")
    return theme


def names(assets: Path = ASSETS) -> list[str]:
    """Every theme that there is, the usual one first."""
    found = {file.parent.name for file in (assets / "themes").glob("*/theme.toml")}
    return sorted(found, key=lambda name: (name != USUAL, name))


T = TypeVar("T")


def read_toml(path: Path, kind: type[T], error: type[ValueError]) -> T:
    """Read a TOML file as a record; raises `error` with a sentence when it is missing or does not fit."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), kind)
    except OSError as reason:
        raise error(f"{path} cannot be read: {reason.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
        raise error(f"{path} is not a TOML file: {reason}") from None
    except msgspec.ValidationError as reason:
        raise error(f"{path} does not fit: {reason}") from None


def _check(theme: Theme, folder: Path) -> None:
    for name in PLACES:
        if name not in theme.places:
            raise ThemeError(f"{folder} has no place {name!r}; write {name}.toml beside theme.toml")
    for role in SOUND_ROLES:
        if role not in theme.sounds:
            raise ThemeError(f"{folder / 'theme.toml'} has no sound for {role!r}; add it under [sounds]")
    for name, place in theme.places.items():
        heard = [file for file in (theme.ambience.get(name), theme.music.get(name)) if file]
        _exist(folder / f"{name}.toml", [*(theme.model(model) for model in _models(place) if model), *heard])
    _exist(folder / "theme.toml", [*theme.sounds.values(), *map(theme.model, theme.pictures.values())])


def _check_stickers_and_voice(theme: Theme, file: Path, voices: Path) -> None:
    for name in STICKERS:
        if name not in theme.pictures:
            raise ThemeError(f"{file} has no picture of the sticker {name!r}; add it under [pictures]")
    if not (voices / theme.voice).is_dir():
        raise ThemeError(f"{file} names the voice {theme.voice!r}, and there is no folder of that name in {voices}")


def _exist(named_in: Path, files: list[Path]) -> None:
    for file in sorted(set(files)):
        if not file.is_file():
            raise ThemeError(f"{named_in} names {file.name}, and there is no such file in {file.parent}")


def _models(place: Place) -> list[str]:
    flyers = [name for flyer in place.flyers for name in (flyer.body, flyer.wing)]
    roles = [getattr(place.roles, name) for name in place.roles.__struct_fields__]
    return [place.model, place.progress.model if place.progress else "", *roles, *flyers]
