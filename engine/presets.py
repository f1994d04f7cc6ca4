"""Presets: files that say how hard, how far and with which values a kind of patient plays, and what follows from them.

The later says more: the game's default, the base preset, the preset, the patient's plan, the therapist now.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

import msgspec

from engine.adaptation import ASCENDING, Adaptation
from engine.bounds import Bounds, Said, cascaded, table_of, tables_by_movement
from engine.movements import MOVEMENTS
from engine.parameters import Layer, ParameterError, Value, fill
from engine.records import Record
from engine.task import Task
from engine.theme import ASSETS, read_toml

PRESETS = ASSETS / "presets"
KINDS = ("general", "condition", "age")
DEFAULT, PLAN, NOW = "default", "the patient's plan", "the therapist now"


class Tables(Record, frozen=True, kw_only=True):
    """What any layer may say: fields of Adaptation, bounds by movement, parameters by game."""

    adaptation: Mapping[str, Any] = {}
    limits: Mapping[str, Any] = {}
    games: Mapping[str, Any] = {}


class Preset(Tables, frozen=True, kw_only=True):
    """What a preset file holds; `caution` is its author's, and `base` the preset that it starts from.

    The table of a game may hold the `version` of the game that it was written for.
    """

    kind: Literal["general", "condition", "age"]
    title: str
    about: str
    source: str
    caution: str
    base: str = ""


class _Layer(NamedTuple):
    name: str
    place: str
    tables: Tables


class Difference(NamedTuple):
    """One value that two resolved presets do not share; None where one of them has none."""

    key: str
    old: Value | None
    new: Value | None
    unit: str


@dataclass(frozen=True)
class Resolved:
    """What holds for one patient after all layers. `games` has every parameter of every game.

    `sources` tells of each key (`adaptation.speed`, `limits.lean_back.ceiling`, `games.fruit_ladder.hold_s`) which
    layer its value comes from.
    """

    name: str
    preset: Preset
    adaptation: Adaptation
    limits: Mapping[str, Bounds]
    games: Mapping[str, Mapping[str, Value]]
    sources: Mapping[str, str]
    tasks: Mapping[str, type[Task]]

    @property
    def title(self) -> str:
        """What the preset is called."""
        return self.preset.title

    @property
    def floors(self) -> Mapping[str, float]:
        """The least that is asked, by movement, in the unit of the movement."""
        return {name: bounds.floor for name, bounds in self.limits.items() if bounds.floor_by}

    @property
    def ceilings(self) -> Mapping[str, float]:
        """The most that is asked, by movement, in the unit of the movement; 0 forbids an activity."""
        return {name: bounds.ceiling for name, bounds in self.limits.items() if bounds.ceiling_by}

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why the bounds of a movement are what they are."""
        return {name: bounds.reason for name, bounds in self.limits.items() if bounds.reason}

    def parameters(self, game: str, *more: Layer) -> Any:
        """The Parameters of a game, with further layers on top."""
        return fill(self.tasks[game].Parameters, Layer(self.name, self.games[game]), *more)


def names() -> list[str]:
    """The presets that come with the program: general ones first, then conditions, then ages."""
    found = {path.stem: _read(path).kind for path in PRESETS.glob("*.toml")}
    return sorted(found, key=lambda name: (KINDS.index(found[name]), name))


def assigned(texts: Iterable[str]) -> dict[str, dict[str, dict[str, Any]]]:
    """Tables from `adaptation.speed=slow`, `limits.lean_back.ceiling=3` and `fruit_ladder.targets=5`.

    Raises ParameterError for what looks otherwise.
    """
    tables: dict[str, dict[str, Any]] = {"adaptation": {}, "limits": {}, "games": {}}
    for text in texts:
        name, equals, value = text.partition("=")
        match name.strip().split("."):
            case ["adaptation", key] if equals:
                tables["adaptation"][key] = _value(value)
            case ["limits" | "games" as table, of, key] if equals:
                tables[table].setdefault(of, {})[key] = _value(value)
            case [game, key] if equals and game not in tables:
                tables["games"].setdefault(game, {})[key] = _value(value)
            case _:
                raise ParameterError(
                    f"--set {text!r} must look like fruit_ladder.targets=5, adaptation.speed=slow or "
                    "limits.lean_back.ceiling=3"
                )
    return tables


def resolve(
    name: str,
    games: Mapping[str, type[Task]],
    plan: Mapping[str, Any] | None = None,
    now: Mapping[str, Any] | None = None,
    others: bool = False,
) -> Resolved:
    """What holds once a preset (a name, or the path of a .toml), a patient's plan and the therapist were heard.

    `games` are those that may be set; with `others` more may be named, and are left out. `plan` and `now` have the
    tables of a preset file. Raises ParameterError, naming file, table, key, value and range, for whatever cannot be
    used.
    """
    chain = _chain(name)
    layers = [*chain, *(_given(source, tables) for source, tables in ((PLAN, plan), (NOW, now)) if tables)]
    adaptation, sources = _adaptation(layers)
    limits = _limits(layers)
    for movement, bounds in limits.items():
        by = {"floor": bounds.floor_by, "ceiling": bounds.ceiling_by}
        sources |= {f"limits.{movement}.{key}": source for key, source in by.items() if source}
    values: dict[str, Mapping[str, Value]] = {}
    for game, task in games.items():
        said = _of_game(layers, game, task)
        values[game], of_game = _filled(task.Parameters, f"games.{game}", said)
        sources |= of_game
    for layer in layers:
        for game in layer.tables.games:
            if game not in games and not others:
                known = ", ".join(games)
                raise ParameterError(f"{layer.place}: [games.{game}]: there is no game {game!r}; the games are {known}")
    preset = cast(Preset, chain[-1].tables)
    return Resolved(name, preset, adaptation, limits, values, sources, games)


def differences(old: Resolved, new: Resolved) -> list[Difference]:
    """What changes when one takes the place of the other, in the order of adaptation, limits and games."""
    before, after = _flat(old), _flat(new)
    units = {key: unit for key, (_, unit) in {**before, **after}.items()}
    nothing = (None, "")
    found = [Difference(key, before.get(key, nothing)[0], after.get(key, nothing)[0], units[key]) for key in units]
    return [difference for difference in found if difference.old != difference.new]


def _flat(resolved: Resolved) -> dict[str, tuple[Value, str]]:
    flat = {
        f"adaptation.{f.name}": (getattr(resolved.adaptation, f.name), f.metadata["unit"]) for f in fields(Adaptation)
    }
    for which, bounds in (("floor", resolved.floors), ("ceiling", resolved.ceilings)):
        flat |= {f"limits.{name}.{which}": (value, MOVEMENTS[name].unit) for name, value in bounds.items()}
    for game, task in resolved.tasks.items():
        units = {f.name: f.metadata["unit"] for f in fields(cast(Any, task.Parameters))}
        flat |= {f"games.{game}.{key}": (value, units[key]) for key, value in resolved.games[game].items()}
    return flat


def _read(path: Path) -> Preset:
    return read_toml(path, Preset, ParameterError)


def _path(name: str, folder: Path) -> Path:
    if name.endswith(".toml"):
        return (folder / name).resolve()
    known = sorted(path.stem for path in PRESETS.glob("*.toml"))
    if name not in known:
        raise ParameterError(f"there is no preset {name!r}; the presets are {', '.join(known)}, or a path to a .toml")
    return PRESETS / f"{name}.toml"


def _chain(name: str) -> list[_Layer]:
    """A preset after the bases that it stands on."""
    chain: list[_Layer] = []
    path = _path(name, Path())
    while True:
        preset = _read(path)
        chain.insert(0, _Layer(f"preset {path.stem}", str(path), preset))
        if not preset.base:
            return chain
        try:
            path = _path(preset.base, path.parent)
        except ParameterError as reason:
            raise ParameterError(f"{path}: base = {preset.base!r}: {reason}") from None
        if str(path) in [layer.place for layer in chain]:
            raise ParameterError(f"{chain[0].place}: base = {preset.base!r} goes round in a ring")


def _given(source: str, tables: Mapping[str, Any]) -> _Layer:
    try:
        return _Layer(source, source, msgspec.convert(tables, Tables))
    except msgspec.ValidationError as reason:
        raise ParameterError(f"{source} does not fit: {reason}; its tables are adaptation, limits, games") from None


def _filled(
    kind: type, table: str, layers: Iterable[tuple[_Layer, Mapping[str, Any]]]
) -> tuple[dict[str, Value], dict[str, str]]:
    """Values from layers, and which layer each of them is from."""
    heard = list(layers)
    filled: Any = fill(kind, *(Layer(f"{layer.place}: [{table}]", values) for layer, values in heard))
    sources = {f"{table}.{f.name}": DEFAULT for f in fields(kind)}
    for layer, values in heard:
        sources |= {f"{table}.{key}": layer.name for key in values}
    return asdict(filled), sources


def _adaptation(layers: list[_Layer]) -> tuple[Adaptation, dict[str, str]]:
    values, sources = _filled(Adaptation, "adaptation", ((layer, layer.tables.adaptation) for layer in layers))
    for lower, upper in ASCENDING:
        if cast(float, values[lower]) >= cast(float, values[upper]):
            low, high = (f"{key} = {values[key]} ({sources[f'adaptation.{key}']})" for key in (lower, upper))
            raise ParameterError(f"{layers[-1].place}: [adaptation] {low} must be below {high}")
    return Adaptation(**cast(Any, values)), sources


def _limits(layers: list[_Layer]) -> dict[str, Bounds]:
    said: dict[str, list[Said]] = {}
    for layer in layers:
        for movement, table in tables_by_movement(layer.tables.limits, layer.place).items():
            said.setdefault(movement, []).append(Said(table, layer.name, layer.place))
    return {movement: cascaded(movement, said[movement]) for movement in MOVEMENTS if movement in said}


def _of_game(layers: list[_Layer], game: str, task: type[Task]) -> list[tuple[_Layer, Mapping[str, Any]]]:
    """What the layers say of one game, each for the version of it that there is."""
    heard: list[tuple[_Layer, Mapping[str, Any]]] = []
    for layer in layers:
        table = table_of(layer.tables.games.get(game, {}), f"{layer.place}: [games.{game}]")
        written_for = table.pop("version", task.version)
        if isinstance(written_for, bool) or written_for != task.version:
            raise ParameterError(
                f"{layer.place}: [games.{game}] version = {written_for!r}: written for version {written_for} of "
                f"{task.title}, which is at {task.version}: look through its values, then write "
                f"version = {task.version}"
            )
        heard.append((layer, table))
    return heard


def _value(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
