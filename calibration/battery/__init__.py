"""The battery of clinical tests: each file here is one, and the folder is the list of them."""

import importlib
import pkgutil
from functools import cache
from random import Random

from calibration.anybody import anybody
from engine.clinical import ClinicalTest
from engine.envelope import Envelope


def names() -> list[str]:
    """The names of all tests, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> type[ClinicalTest]:
    """The test of a name, which has to be one of `names`."""
    test: type[ClinicalTest] = importlib.import_module(f"calibration.battery.{name}").Test
    return test


@cache
def usual_minutes(name: str) -> float:
    """How long a test takes a usual adult with its usual parameters, in minutes."""
    test = load(name)()
    return sum(test.trial_s(trial, True) for trial in test.trials(Envelope(anybody()), Random(0), ())) / 60
