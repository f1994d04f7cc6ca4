"""OpenXR without a runtime: the life of a session, clocks, quirks, options. test_openxr_inside.py has the rest."""

import gc
import re
from pathlib import Path

import pytest

from engine.openxr.clock import Clock
from engine.openxr.headset import OpenXRHeadset
from engine.openxr.housekeeping import Housekeeping
from engine.openxr.life import EXITING, FOCUSED, IDLE, LOSS_PENDING, READY, STOPPING, SYNCHRONIZED, VISIBLE, life
from engine.openxr.options import Options, options
from engine.openxr.quirks import QUIRKS, cures
from engine.parameters import ParameterError
from engine.plan import PostureRefused

MANUAL = Path(__file__).resolve().parents[1] / "docs" / "openxr.md"


@pytest.mark.parametrize("state", [READY, SYNCHRONIZED, VISIBLE, FOCUSED])
def test_frames_run_from_ready_to_focused(state: int) -> None:
    assert life(state).running
    assert life(state).begin == (state == READY)


@pytest.mark.parametrize("state", [IDLE, STOPPING, EXITING, LOSS_PENDING, 999])
def test_no_frames_run_in_any_other_state(state: int) -> None:
    assert not life(state).running
    assert (life(state).over, life(state).lost) == (state == EXITING, state == LOSS_PENDING)


def test_input_is_heeded_only_when_focused() -> None:
    assert [state for state in range(10) if life(state).focused] == [FOCUSED]


def test_frames_have_the_time_of_the_first_runtime() -> None:
    clock = Clock()
    assert [clock.frame_ns(time_ns) for time_ns in (5_000, 6_000, 7_500)] == [5_000, 6_000, 7_500]


def test_time_rises_even_where_a_runtime_repeats_itself() -> None:
    clock = Clock()
    assert [clock.frame_ns(time_ns) for time_ns in (5_000, 5_000, 4_000)] == [5_000, 5_001, 5_002]


def test_time_goes_on_with_a_runtime_that_counts_from_elsewhere() -> None:
    clock = Clock()
    before_ns = clock.frame_ns(10**15)
    clock.forget()
    idle_ns = clock.idle_ns()
    first_ns, second_ns = clock.frame_ns(70), clock.frame_ns(11_000_070)
    assert before_ns < idle_ns < first_ns < before_ns + 10**10
    assert second_ns - first_ns == 11_000_000


def test_a_quirk_is_cured_where_it_was_seen_and_nowhere_else() -> None:
    assert cures("SteamVR/OpenXR", (2, 11, 1), "linux", {}) == {"restore context", "keep instance"}
    assert cures("SteamVR/OpenXR", (2, 15, 0), "win32", {}) == set()
    assert cures("Monado(XRT) by Collabora et al", (25, 0, 0), "linux", {}) == set()


def test_the_environment_overrules_the_table_of_quirks() -> None:
    assert cures("Varjo OpenXR Runtime", (1, 0, 0), "win32", {"STEADYREACH_QUIRK_VARJO_DEPTH": "0"}) == set()
    assert cures("Monado", (25, 0, 0), "linux", {"STEADYREACH_QUIRK_NO_MASK": "1"}) == {"no mask"}


@pytest.mark.parametrize("switch", [("NO_MASKS", "1"), ("NO_MASK", "yes")])
def test_a_switch_that_switches_nothing_is_told_with_the_names_there_are(
    switch: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    name = f"STEADYREACH_QUIRK_{switch[0]}"
    assert cures("Monado", (25, 0, 0), "linux", {name: switch[1]}) == set()
    assert f"{name}={switch[1]} is ignored" in caplog.text
    assert "STEADYREACH_QUIRK_VARJO_DEPTH" in caplog.text


def test_a_posture_that_there_is_not_is_refused_before_a_runtime_is_looked_for() -> None:
    with pytest.raises(PostureRefused, match="no posture 'upright'; the postures are standing, seated, lying"):
        OpenXRHeadset(lambda _: None, Options(posture="upright"))


def test_every_quirk_has_a_name_and_a_cure_of_its_own() -> None:
    known = {"restore context", "keep instance", "no depth", "no mask", "no cards", "two draws", "two culls"}
    assert len({quirk.name for quirk in QUIRKS}) == len(QUIRKS)
    assert {quirk.cure for quirk in QUIRKS} == known


def test_options_are_read_from_the_command_line() -> None:
    chosen = options("seated", True, ["scale=0.8", "samples=2", "depth=false"])
    assert chosen == Options(posture="seated", mirror=True, scale=0.8, samples=2, depth=False)


@pytest.mark.parametrize("name", Options._fields)
def test_the_manual_names_every_option(name: str) -> None:
    assert re.search(rf"^\|.*`{name}`.*\|", MANUAL.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("said", ["scal=1", "scale=x", "scale=9", "posture=lying", "samples=1.5"])
def test_an_option_that_cannot_be_is_refused_by_name(said: str) -> None:
    with pytest.raises(ParameterError, match=f"--xr {said}: "):
        options("standing", False, [said])


def test_garbage_waits_for_the_end_of_a_frame() -> None:
    housekeeping, enabled = Housekeeping(), gc.isenabled()
    housekeeping.begin()
    try:
        assert not gc.isenabled()
        kept = [[number] for number in range(5000)]
        housekeeping.rest()
        assert gc.get_count()[0] < len(kept)
    finally:
        housekeeping.end()
    assert gc.isenabled() == enabled
