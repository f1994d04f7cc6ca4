"""Small demo clinics for tests: made once in a run by the real engine, client and server, and copied for each test."""

import atexit
import shutil
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from server_fixtures import QUICK_TO_HASH

from engine.commands.clinic_demo import CLINIC
from engine.commands.clinic_demo.cast import cast
from engine.commands.clinic_demo.making import Demo, keep_demo, make
from server_sync.clinic import passwords

PASSWORD = "quiet-otter-lantern-7431"
VISITS = (8, 8, 14)
"""Of each of the first patients of the cast: Henrik has enough to tell that his lean fell, on any day of the week."""


def a_demo(folder: Path, visits: Sequence[int] = VISITS) -> Path:
    """The clinic of a demo that is copied into `folder`: the first patients of the cast, and their last `visits`.

    Everybody in it has PASSWORD; `maja` is a therapist, `rosa` a patient, `funmi` a guardian.
    """
    shutil.copytree(made(tuple(visits)), folder, dirs_exist_ok=True)
    return folder / CLINIC


@cache
def made(visits: tuple[int, ...]) -> Path:
    """The folder of such a demo, which nobody changes."""
    kept = TemporaryDirectory(prefix="steadyreach-")
    atexit.register(kept.cleanup)
    folder, today = Path(kept.name) / "demo", date.today()
    chosen = [person.since(today, last) for person, last in zip(cast(today), visits, strict=False)]
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(passwords, "_HASHER", QUICK_TO_HASH)
        make(folder, chosen, PASSWORD, today)
    keep_demo(folder, Demo(PASSWORD, today.isoformat(), whole=True))
    return folder
