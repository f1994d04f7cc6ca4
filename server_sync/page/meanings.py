"""What the names in a record mean: titles, units and help, as the game of that version declares them.

A server may be older than a device: a game that it does not know, or knows in another version, is shown under
the names in the record.
"""

from collections.abc import Mapping
from typing import NamedTuple

from engine.clinical import numbers_under
from engine.parameters import describe
from engine.records import BlockRecord
from server_sync.clinic.known_tasks import tasks
from server_sync.page import words
from server_sync.page.language import N_, _
from server_sync.page.translated import translated


class Meaning(NamedTuple):
    """The title of a name, its unit where the record has none, and one sentence of help."""

    title: str
    unit: str = ""
    help: str = ""


class Meanings(NamedTuple):
    """The measures and parameters of one game."""

    measures: Mapping[str, Meaning]
    parameters: Mapping[str, Meaning]

    def measure(self, name: str) -> Meaning:
        """The meaning of a measure."""
        return self.measures.get(name) or Meaning(words.name(name))

    def parameter(self, name: str) -> Meaning:
        """The meaning of a parameter."""
        return self.parameters.get(name) or Meaning(words.name(name))


_SWAY = {
    "sway_velocity": N_("Mean speed"),
    "sway_velocity_ml": N_("Speed sideways"),
    "sway_velocity_ap": N_("Speed ahead and back"),
    "sway_rms_ml": N_("RMS sideways"),
    "sway_rms_ap": N_("RMS ahead and back"),
    "sway_range_ml": N_("Range sideways"),
    "sway_range_ap": N_("Range ahead and back"),
    "sway_area": N_("Area (95 %%)"),
    "sway_f95": N_("95 %% of power below"),
}


def sway() -> Meanings:
    """What calibration calls the sway of the head."""
    return Meanings({name: Meaning(_(title)) for name, title in _SWAY.items()}, {})


def load_all() -> None:
    """Load every game and clinical test, which takes a second or two, before somebody waits for it."""
    tasks()


def of_block(block: BlockRecord) -> Meanings:
    """The meanings that a block's game gives its names."""
    return of_game(block.task, block.version)


def of_game(task: str, version: int) -> Meanings:
    """The meanings that a version of a game gives its names."""
    game = tasks().get(task)
    if game is None or game.version != version:
        return Meanings({}, {})
    measures = {
        name: Meaning(translated(measure.title), measure.unit, translated(measure.help))
        for name, measure in numbers_under(game).items()
    }
    parameters = {
        parameter["name"]: Meaning(words.sentence(translated(str(parameter["help"]))), str(parameter["unit"]))
        for parameter in describe(game.Parameters)
    }
    return Meanings(measures, parameters)
