"""What is known to be wrong with some runtimes, and what is done about it; a table, each row with its own switch."""

import logging
import os
import sys
from collections.abc import Mapping
from typing import NamedTuple

_SWITCH = "STEADYREACH_QUIRK_"
Version = tuple[int, int, int]
_ANY: tuple[Version, Version] = ((0, 0, 0), (0xFFFF, 0xFFFF, 0xFFFFFFFF))

_log = logging.getLogger("steadyreach.openxr")


class Quirk(NamedTuple):
    """One fault: where it was seen (part of the runtime's name, versions from and before, platform) and its cure.

    A cure is `restore context` (make our OpenGL context current again after objects were made), `keep instance`
    (never destroy it), `no depth`, `no mask`, `no cards`, `two draws` or `two culls` (leave out what goes wrong).
    """

    name: str
    cure: str
    runtime: str = ""
    versions: tuple[Version, Version] = _ANY
    platform: str = ""
    source: str = ""


QUIRKS = (
    # SteamVR calls itself 0.1.0 before 1.26.2.
    Quirk("steamvr_context", "restore context", "SteamVR", ((0, 0, 0), (1, 26, 2)), "", "SteamVR-for-Linux #421"),
    Quirk("steamvr_egl_context", "restore context", "SteamVR", _ANY, "linux", "SteamVR-for-Linux #821, open"),
    Quirk("steamvr_instance", "keep instance", "SteamVR", ((0, 0, 0), (2, 12, 0)), "linux", "SteamVR-for-Linux #422"),
    Quirk("monado_context", "restore context", "Monado", ((0, 0, 0), (22, 0, 0)), "", "osgXR"),
    Quirk("varjo_depth", "no depth", "Varjo", _ANY, "", "Varjo: artefacts around what is translucent"),
    # Nobody needs these; they are here to be switched on while looking for a fault.
    Quirk("no_depth", "no depth", "nowhere"),
    Quirk("no_mask", "no mask", "nowhere"),
    Quirk("no_cards", "no cards", "nowhere"),
    Quirk("two_draws", "two draws", "nowhere"),
    Quirk("two_culls", "two culls", "nowhere"),
)


def cures(
    runtime: str, version: Version, platform: str = sys.platform, environment: Mapping[str, str] = os.environ
) -> set[str]:
    """What has to be done for a runtime; STEADYREACH_QUIRK_<NAME>=1 or 0 overrules the table's row of that name.

    A variable that names no row, or says neither, is told of in the log and left alone.
    """
    found, switches = set(), {f"{_SWITCH}{quirk.name.upper()}" for quirk in QUIRKS}
    for name, value in environment.items():
        if name.startswith(_SWITCH) and (name not in switches or value not in ("0", "1")):
            known = ", ".join(sorted(switches))
            _log.warning("%s=%s is ignored: it can be 0 or 1, and the names are %s", name, value, known)
    for quirk in QUIRKS:
        told = environment.get(f"{_SWITCH}{quirk.name.upper()}")
        told = told if told in ("0", "1") else None
        matches = (
            quirk.runtime.lower() in runtime.lower()
            and quirk.versions[0] <= version < quirk.versions[1]
            and platform.startswith(quirk.platform)
        )
        if matches if told is None else told == "1":
            found.add(quirk.cure)
    return found
