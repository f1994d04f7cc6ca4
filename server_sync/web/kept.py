"""A letter whose writer's login had ended: it goes from form to form through the next login, and lies nowhere else."""

from collections.abc import Mapping
from typing import Any, NamedTuple

ABOUT, TEXT = "kept_about", "kept_text"
"""The fields of the forms of a login that hold it."""


class Kept(NamedTuple):
    """What was written and not sent, and about which patient (their id); both "" for nothing."""

    about: str = ""
    text: str = ""


NOTHING = Kept()


def kept_in(data: Mapping[str, Any]) -> Kept:
    """What the form of a login brings along."""
    return Kept(data.get(ABOUT, ""), data.get(TEXT, ""))
