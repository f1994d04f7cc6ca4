"""Builds the models with Blender: `python assets/build/models.py [--samples N] [NAME ...]`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Find Blender and let it build the named models, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="which models; all when none is named")
    parser.add_argument("--samples", type=int, default=24, help="light samples per point (24 is final quality)")
    parser.add_argument("--folder", type=Path, default=HERE.parent / "models", help="where the .glb files go")
    arguments = parser.parse_args()
    blender = shutil.which("blender")
    if not blender:
        parser.exit(1, "Blender was not found on the PATH: install Blender 3.4 or later with its numpy.\n")
    script = [blender, "-b", "-noaudio", "--python-exit-code", "1", "-P", str(HERE / "inside_blender.py")]
    options = ["--", str(arguments.folder.resolve()), str(arguments.samples), *arguments.names]
    # A Blender that uses the system's Python looks for it along PATH, and must not find a virtual environment's.
    environment = {**os.environ, "PATH": os.defpath}
    run = subprocess.run([*script, *options], check=False, env=environment)  # noqa: S603 - the user's own Blender, no shell
    return run.returncode


if __name__ == "__main__":
    raise SystemExit(main())
