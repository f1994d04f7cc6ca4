"""The games: each file here is one, and the folder is the list of them."""

import importlib
import pkgutil

from engine.task import Task


class UnknownGame(LookupError):
    """There is no game of that name; the message lists those there are."""


def names() -> list[str]:
    """The names of all games, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> type[Task]:
    """The game of a name; raises UnknownGame."""
    if name not in names():
        raise UnknownGame(f"there is no game {name!r}; the games are {', '.join(names())}")
    game: type[Task] = importlib.import_module(f"games.{name}").Game
    return game
