"""Presets: a therapist's values for every game, and ceilings, as one TOML file for one kind of patient."""

from collections.abc import Mapping
from pathlib import Path

from engine.envelope import check_bound
from engine.parameters import Layer, ParameterError, Value
from engine.records import Record
from engine.theme import ASSETS, read_toml

PRESETS = ASSETS / "presets"


class Preset(Record, frozen=True, kw_only=True):
    """What a preset file holds: `caps` are ceilings in degrees by movement, `games` values by game."""

    title: str
    about: str
    source: str
    caps: Mapping[str, float] = {}
    games: Mapping[str, Mapping[str, Value]] = {}

    def layer(self, game: str, name: str) -> Layer:
        """The preset's values for one game."""
        return Layer(f"preset {name}, [games.{game}]", self.games.get(game, {}))


def names() -> list[str]:
    """The presets that come with the program."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def load(name: str, games: list[str]) -> Preset:
    """Read a preset by name or path; `games` are the games that may be set.

    Raises ParameterError for an unknown preset, a file that does not fit or an unknown game, and
    engine.envelope.UnknownBound for a ceiling that would bound nothing.
    """
    path = Path(name) if name.endswith(".toml") else PRESETS / f"{name}.toml"
    if not path.is_file():
        raise ParameterError(f"there is no preset {name!r}; the presets are {', '.join(names())}, or a path to a .toml")
    preset = read_toml(path, Preset, ParameterError)
    for game in preset.games:
        if game not in games:
            raise ParameterError(f"{path}: there is no game {game!r} to set; the games are {', '.join(games)}")
    for movement, cap in preset.caps.items():
        check_bound(movement, cap, "deg", f"{path}: [caps]")
    return preset
