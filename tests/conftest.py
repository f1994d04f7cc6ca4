"""What tests share: the recordings of real people, and what may be missing on a user's machine but not in CI."""

import os
from pathlib import Path

import pytest

KNOWN = {"openxr", "data", "browser", "postgres", "gl", "desk"}
REQUIRED = set(filter(None, os.environ.get("STEADYREACH_REQUIRE", "").split(",")))
ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("STEADYREACH_DATA") or ROOT.parent / "shared" / "data")

if REQUIRED - KNOWN:
    raise pytest.UsageError(f"STEADYREACH_REQUIRE names {sorted(REQUIRED - KNOWN)}; known are {sorted(KNOWN)}")


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real recordings and reference results; skipped without it, a failure where it is required."""
    if not DATA.is_dir():
        reason = f"there are no recordings in {DATA} (STEADYREACH_DATA says where)"
        pytest.fail(reason) if "data" in REQUIRED else pytest.skip(reason)
    return DATA


@pytest.fixture(scope="session")
def replay_file(data: Path) -> Path:
    """A person's recording of half a minute."""
    return data / "vr_beatsaber" / "simsaber_motion.bsor"
