"""OpenXR: the inner suite on a real runtime, in a root of its own, and what needs no runtime at all."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.openxr.life import EXITING, FOCUSED, IDLE, LOSS_PENDING, READY, STOPPING, SYNCHRONIZED, VISIBLE, life

INSIDE = Path(__file__).resolve().parent / "openxr" / "inside.py"
UNAVAILABLE = 69
REQUIRED = "openxr" in os.environ.get("STEADYREACH_REQUIRE", "").split(",")


def test_a_session_reaches_a_person_through_a_real_runtime(capsys: pytest.CaptureFixture[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(INSIDE), "-q"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode == UNAVAILABLE and not REQUIRED:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed(?!.*skipped)", done.stdout)
    assert passed is not None, done.stdout
    with capsys.disabled():
        sys.stdout.write(f"\n{passed[1]} tests passed on a real OpenXR runtime\n")


@pytest.mark.parametrize("state", [READY, SYNCHRONIZED, VISIBLE, FOCUSED])
def test_frames_run_from_ready_to_focused(state: int) -> None:
    assert life(state).running
    assert life(state).begin == (state == READY)


@pytest.mark.parametrize("state", [IDLE, STOPPING, EXITING, LOSS_PENDING, 999])
def test_no_frames_run_in_any_other_state(state: int) -> None:
    assert not life(state).running
    assert life(state).over == (state in (EXITING, LOSS_PENDING))


def test_input_is_heeded_only_when_focused() -> None:
    assert [state for state in range(10) if life(state).focused] == [FOCUSED]
