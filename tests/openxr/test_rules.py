"""The layer that watches the rules of OpenXR: it sees every break of one, and none in a headset's whole life."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import xr

from engine.panda.graphics import Graphics
from tests.openxr.layers.faults import Faults
from tests.openxr.layers.program import Program
from tests.openxr.layers.rules import RULES, Rules


@pytest.fixture(scope="module")
def context() -> Iterator[Graphics]:
    """An OpenGL context that is current."""
    with closing(Graphics.offscreen()) as graphics:
        graphics.engine.render_frame()
        yield graphics


def begin_twice(program: Program) -> None:
    xr.begin_session(program.run().session, xr.SessionBeginInfo(xr.ViewConfigurationType.PRIMARY_STEREO))


def end_while_it_runs(program: Program) -> None:
    xr.end_session(program.run().session)


def wait_before_the_session_begins(program: Program) -> None:
    program.wait()


def hear_nothing_for_two_frames(program: Program) -> None:
    program.start()
    for _ in range(2):
        program.wait()
        program.begin()
        program.end(layers=False)


def begin_without_waiting(program: Program) -> None:
    program.start().begin()


def wait_twice(program: Program) -> None:
    program.start().wait()
    program.poll()
    program.wait()


def end_what_was_not_begun(program: Program) -> None:
    program.start().wait()
    program.end(layers=False)


def wait_within_a_frame(program: Program) -> None:
    program.start().wait()
    program.begin()
    program.poll()
    program.wait()


def show_for_another_time(program: Program) -> None:
    program.start().wait()
    program.begin()
    program.end(program.time_ns + 1, layers=False)


def show_for_a_time_that_is_past(program: Program) -> None:
    before_ns = program.run().time_ns
    program.wait()
    program.begin()
    program.end(before_ns - 1, layers=False)


def end_again_after_a_failure(program: Program) -> None:
    program.start().wait()
    program.begin()
    with suppress(xr.EnvironmentBlendModeUnsupportedError):
        program.end(layers=False, blend="ADDITIVE")
    program.end(layers=False)


def sync_twice(program: Program) -> None:
    program.start().wait()
    with suppress(xr.SessionNotFocused):
        program.sync()
    program.sync()


def sync_within_a_frame(program: Program) -> None:
    program.start().wait()
    program.begin()
    program.sync()


def locate_before_waiting(program: Program) -> None:
    xr.locate_space(program.start().space, program.other, 1)


def locate_for_another_time(program: Program) -> None:
    program.start().wait()
    program.locate(later_ns=1)


def show_eyes_elsewhere(program: Program) -> None:
    program.run().wait()
    program.begin()
    program.draw()
    program.locate()
    program.views[0].pose.position.x += 1e-6
    program.end()


def show_eyes_in_another_space(program: Program) -> None:
    program.run().wait()
    program.begin()
    program.draw()
    program.locate()
    program.end(space=program.other)


def release_what_was_not_acquired(program: Program) -> None:
    xr.release_swapchain_image(program.chains[0], xr.SwapchainImageReleaseInfo())


def hold_an_image(program: Program) -> None:
    program.start().wait()
    program.begin()
    xr.acquire_swapchain_image(program.chains[0], xr.SwapchainImageAcquireInfo())
    program.end(layers=False)


def show_what_was_not_drawn(program: Program) -> None:
    program.run().wait()
    program.begin()
    program.locate()
    program.end()


def show_before_anybody_sees(program: Program) -> None:
    program.start().wait()
    program.begin()
    program.draw()
    program.locate()
    program.end()


def blend_without_saying_whose_alpha(program: Program) -> None:
    program.run().wait()
    program.begin()
    program.draw()
    program.locate()
    program.end(blend="ALPHA_BLEND")


def attach_twice(program: Program) -> None:
    program.attach()


def do_not_ask_for_the_graphics(program: Program) -> None:
    program.close()
    program.open(program.bound)


def use_what_is_destroyed(program: Program) -> None:
    program.run()
    xr.destroy_space(program.other)
    xr.locate_space(program.other, program.space, program.time_ns)


BREAKS: list[tuple[Callable[[Program], None], set[str]]] = [
    (begin_twice, {"begin in ready"}),
    (end_while_it_runs, {"end in stopping"}),
    (wait_before_the_session_begins, {"frames while running"}),
    (hear_nothing_for_two_frames, {"events every frame"}),
    (begin_without_waiting, {"begin after wait"}),
    (wait_twice, {"begin after wait"}),
    (end_what_was_not_begun, {"end after begin"}),
    (wait_within_a_frame, {"one in flight"}),
    (show_for_another_time, {"time as waited"}),
    (show_for_a_time_that_is_past, {"times rise", "time as waited"}),
    (end_again_after_a_failure, {"no retry"}),
    (sync_twice, {"one sync"}),
    (sync_within_a_frame, {"sync in its place"}),
    (locate_before_waiting, {"located after wait"}),
    (locate_for_another_time, {"located for the frame"}),
    (show_eyes_elsewhere, {"eyes as located"}),
    (show_eyes_in_another_space, {"space as located"}),
    (release_what_was_not_acquired, {"images in turn"}),
    (hold_an_image, {"no image held"}),
    (show_what_was_not_drawn, {"images drawn"}),
    (show_before_anybody_sees, {"nothing unseen"}),
    (blend_without_saying_whose_alpha, {"alpha on demand"}),
    (attach_twice, {"attached once"}),
    (do_not_ask_for_the_graphics, {"graphics asked"}),
    (use_what_is_destroyed, {"gone is gone"}),
]


@pytest.mark.usefixtures("monado", "context")
@pytest.mark.parametrize(("misbehave", "names"), BREAKS, ids=[misbehave.__name__ for misbehave, _ in BREAKS])
def test_a_break_of_a_rule_is_seen(rules: Rules, misbehave: Callable[[Program], None], names: set[str]) -> None:
    with closing(Program()) as program, suppress(xr.ResultException):
        misbehave(program)
    assert {name for name, _ in rules.broken} == names
    assert rules.faults == []


@pytest.mark.usefixtures("monado", "context")
def test_what_is_done_after_a_loss_is_seen(rules: Rules, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = Faults(tmp_path, monkeypatch)
    with closing(Program()) as program:
        faults.lose("xrWaitFrame")
        with suppress(xr.SessionLostError):
            program.start().wait()
        with suppress(xr.SessionLostError):
            xr.request_exit_session(program.session)
    assert rules.broken == [("lost is left", "xrRequestExitSession")]


def test_every_rule_is_broken_by_some_program() -> None:
    assert set().union(*(names for _, names in BREAKS)) | {"lost is left"} == set(RULES)


@pytest.mark.usefixtures("monado", "context")
def test_a_program_that_keeps_the_rules_breaks_none(rules: Rules) -> None:
    with closing(Program()) as program:
        program.run()
        for _ in range(3):
            program.frame()
    assert rules.complaints() == []
    assert [layer.kind for layer in rules.shown[-1].layers] == ["projection"]
