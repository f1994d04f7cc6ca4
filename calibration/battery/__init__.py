"""The battery of clinical tests: each file here is one, and the folder is the list of them."""

import importlib
import pkgutil

from engine.clinical import ClinicalTest


def names() -> list[str]:
    """The names of all tests, in alphabetical order."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))


def load(name: str) -> type[ClinicalTest]:
    """The test of a name, which has to be one of `names`."""
    test: type[ClinicalTest] = importlib.import_module(f"calibration.battery.{name}").Test
    return test
