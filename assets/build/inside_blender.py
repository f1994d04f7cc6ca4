"""What `models.py` runs inside Blender: builds the named models and writes them to a folder."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from assets.build.studio import Model, save


def models() -> dict[str, Model]:
    """Every model: each script beside this one may have some in its `MODELS`."""
    found: dict[str, Model] = {}
    for script in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if script.name not in ("models", "inside_blender", "sounds", "voice"):
            found |= getattr(importlib.import_module(f"assets.build.{script.name}"), "MODELS", {})
    return found


def main(folder: Path, samples: int, names: list[str]) -> None:
    """Build the named models, or all."""
    known = models()
    for name in names or known:
        if name not in known:
            raise SystemExit(f"There is no model named {name!r}; the models are {', '.join(known)}.")
        save(folder / f"{name}.glb", known[name], samples)


if __name__ == "__main__":
    folder, samples, *names = sys.argv[sys.argv.index("--") + 1 :]
    main(Path(folder), int(samples), names)
