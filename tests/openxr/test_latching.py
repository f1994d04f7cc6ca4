"""Where the eyes are at the last moment: drawn from there, and told to the runtime bit for bit."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import xr

from engine.openxr.options import Options
from engine.openxr.session import Session
from engine.openxr.views import VIEW
from tests.openxr.pixels import Pictures
from tests.openxr.remote import RemoteHmd, RemotePerson
from tests.openxr.world import WAYS, Sight

MOVED_M = (0.03, -0.02, 0.025)


@pytest.fixture
def sight(remote: RemoteHmd) -> Iterator[Sight]:
    """A session that places the eyes late."""
    remote.move(**vars(RemotePerson()))
    opened = Sight(Options(late=True))
    yield opened
    opened.close()


def moving(monkeypatch: pytest.MonkeyPatch, change: Callable[[Session], bool]) -> list[bytes]:
    """Let something happen with every second finding of the eyes; gives what was found each time."""
    locate = Session.locate
    found: list[bytes] = []

    def late(session: Session, space: int) -> bool:
        known = locate(session, space)
        if len(found) % 2:
            known = change(session)
        found.append(b"".join(_numbers(view) for view in session.views))
        return known

    monkeypatch.setattr(Session, "locate", late)
    return found


def _numbers(view: xr.View | xr.CompositionLayerProjectionView) -> bytes:
    start = type(view).pose.offset
    return bytes(memoryview(view).cast("B")[start : start + VIEW.size])


def shift(session: Session) -> bool:
    """Both eyes have moved."""
    for view in session.views:
        place = view.pose.position
        place.x, place.y, place.z = (a + b for a, b in zip((place.x, place.y, place.z), MOVED_M, strict=True))
    return True


def spoil(session: Session) -> bool:
    """The runtime says that it knows, and gives what is no number."""
    session.views[1].pose.position.y = float("nan")
    return True


def lose(session: Session) -> bool:
    """The runtime does not know any more; what it writes then means nothing."""
    shift(session)
    return False


def submitted(layer: int) -> bytes:
    """The poses and edges in a projection layer."""
    shown = xr.CompositionLayerProjection.from_address(layer)
    return b"".join(_numbers(shown._views[number]) for number in (0, 1))


def test_what_is_submitted_is_what_was_found_last(sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    found = moving(monkeypatch, shift)
    for _ in range(3):
        layer = sight.frame()
        assert submitted(layer) == found[-1] != found[-2]
    assert len(found) == 6


@pytest.mark.parametrize("way", WAYS)
def test_the_image_is_drawn_from_where_the_eyes_were_last(
    sight: Sight, pictures: Pictures, remote: RemoteHmd, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    sight.open_eyes(WAYS[way])
    x, y, z = remote.person.head_m
    sight.look()
    with monkeypatch.context() as patch:
        moving(patch, shift)
        sight.look(1)
        late = pictures.both()
    there = (x + MOVED_M[0], y + MOVED_M[1], z + MOVED_M[2])
    remote.move(head_m=there)
    sight.look()
    for moved, really in zip(late, pictures.both(), strict=True):
        assert (np.abs(moved.astype(int) - really) > 8).mean() < 0.0005


def test_what_comes_into_view_at_the_last_moment_was_not_culled(
    sight: Sight, pictures: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    sight.look()
    left = sight.eyes.views[0]
    beside_m = left.position_m[0] + np.tan(left.left_rad) - 0.125  # 2.5 cm outside the left eye's image
    sight.world.board.set_pos(beside_m, 1.0, 1.6)
    sight.look(1)
    assert not pictures.both()[0][..., 2].any()
    moving(monkeypatch, away)
    sight.look(1)
    assert pictures.both()[0][..., 2].any()


def away(session: Session) -> bool:
    """Both eyes have moved to the left."""
    for view in session.views:
        view.pose.position.x -= 0.04
    return True


@pytest.mark.parametrize("change", [spoil, lose])
def test_a_last_look_that_finds_nothing_leaves_the_eyes_where_they_were(
    sight: Sight, pictures: Pictures, monkeypatch: pytest.MonkeyPatch, change: Callable[[Session], bool]
) -> None:
    sight.look()
    before = pictures.both()
    found = moving(monkeypatch, change)
    layer = sight.frame()
    assert submitted(layer) == found[-2]
    assert all(np.array_equal(one, other) for one, other in zip(before, pictures.both(), strict=True))


def test_eyes_that_are_nowhere_show_nothing(sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    locate = Session.locate
    monkeypatch.setattr(Session, "locate", lambda session, space: locate(session, space) and spoil(session))
    assert sight.frame() == 0
    assert sight.eyes.views is None


def test_without_it_the_eyes_are_found_once(sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    sight.open_eyes(Options(late=False))
    found = moving(monkeypatch, lambda _: True)
    layer = sight.frame()
    assert submitted(layer) == found[-1]
    assert len(found) == 1


def test_a_session_that_is_lost_in_the_last_moment_is_told(sight: Sight, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(_: Session) -> bool:
        raise xr.SessionLostError("gone")

    sight.look(2)
    with monkeypatch.context() as patch:
        moving(patch, lost)
        with pytest.raises(xr.SessionLostError):
            sight.frame()
    sight.session.end(())
    assert sight.frame()
