"""What can be prescribed here: the games and the clinical tests of this version; those of others are on the device."""

from collections.abc import Mapping
from functools import cache

import games
from calibration.battery import load as load_test
from calibration.battery import names as names_of_tests
from engine.clinical import ClinicalTest
from engine.records import BlockRecord
from engine.task import Task


@cache
def tasks() -> Mapping[str, type[Task]]:
    """The games, and after them the clinical tests, by name."""
    tests = {name: load_test(name) for name in names_of_tests()}
    return {**{name: games.load(name) for name in games.names()}, **tests}


def side_of_results(block: BlockRecord) -> str:
    """The side that the results of a clinical test are of; "" where each of them names its own, or none has any."""
    test = tasks().get(block.task)
    one_sided = test is not None and issubclass(test, ClinicalTest) and test.one_sided
    return block.trials[0].side if one_sided and block.trials else ""
