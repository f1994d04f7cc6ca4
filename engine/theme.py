"""A theme says how a scene looks and sounds: which model, light, colours and sound stand for each role.

Themes are TOML files in `assets/themes`; reading one needs neither Panda3D nor sound.
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

SOUND_ROLES = ("appear", "hold", "reached", "not_yet", "confirm", "rest", "finish", "pause")

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
    """The model file that stands for each role; an empty name means that nothing is drawn for it."""

    wanted: str
    later: str
    hand_open: str
    hand_grab: str
    hang: str = ""
    stem: str = ""
    lamp: str = ""


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
    The lean guide stands on `lean_from_m`.
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
    flyers: tuple[Flyer, ...] = ()
    ambience: str = ""
    music: str = ""


class _File(Record, frozen=True, kw_only=True):
    title: str
    sounds: Mapping[str, str]
    places: Mapping[str, Place]


@dataclass(frozen=True)
class Theme:
    """A theme that has been checked: every file that it names exists.

    `sounds` maps roles to files, `ambience` and `music` map places to files.
    """

    name: str
    title: str
    places: Mapping[str, Place]
    models: Path
    sounds: Mapping[str, Path]
    ambience: Mapping[str, Path]
    music: Mapping[str, Path]

    def model(self, name: str) -> Path:
        """The file of a model."""
        return self.models / name


def load(name: str = "day", assets: Path = ASSETS) -> Theme:
    """Read a theme and check every file that it names; raises ThemeError."""
    path = assets / "themes" / f"{name}.toml"
    content = read_toml(path, _File, ThemeError)
    sounds = assets / "sounds"
    theme = Theme(
        name=name,
        title=content.title,
        places=content.places,
        models=assets / "models",
        sounds={role: sounds / file for role, file in content.sounds.items()},
        ambience={key: sounds / place.ambience for key, place in content.places.items() if place.ambience},
        music={key: sounds / place.music for key, place in content.places.items() if place.music},
    )
    _check(theme, path)
    return theme


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


def _check(theme: Theme, path: Path) -> None:
    if "still" not in theme.places:
        raise ThemeError(f"{path} has no place 'still', where a session pauses and ends; add [places.still]")
    for role in SOUND_ROLES:
        if role not in theme.sounds:
            raise ThemeError(f"{path} has no sound for {role!r}; add it under [sounds]")
    models = {theme.model(name) for place in theme.places.values() for name in _models(place) if name}
    for file in sorted({*models, *theme.sounds.values(), *theme.ambience.values(), *theme.music.values()}):
        if not file.is_file():
            raise ThemeError(f"{path} names {file.name}, and there is no such file in {file.parent}")


def _models(place: Place) -> list[str]:
    flyers = [name for flyer in place.flyers for name in (flyer.body, flyer.wing)]
    roles = [getattr(place.roles, name) for name in place.roles.__struct_fields__]
    return [place.model, *roles, *flyers]
