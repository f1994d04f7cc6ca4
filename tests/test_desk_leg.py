"""The leg of somebody at a desk: keys, a stick or a mouse lift it, and the body stays where it is."""

import pytest

from engine import leg
from engine.inputs import Heard, Held
from engine.panda.desk_leg import BEYOND
from engine.panda.desk_mouse import MouseBody
from engine.panda.seat import Seat
from engine.scene import Item, Lift, Panel, Scene

GOAL = Lift("bell", "knee_extension_right", 60.0, "right")


def lived(item: Item, held: Held, frames: int = 90) -> tuple[Seat, float]:
    """A seat after a while of holding something, and how far the right leg is lifted then."""
    seat, worn = Seat(), leg.worn("right", "each", "kick")
    seat.see(Scene("wood", (GOAL._replace(state="rest"),)))
    worn.neutral = seat.frame(0, Heard(), focused=True).right.grip.orientation
    seat.see(Scene("wood", (item,)))
    for _ in range(frames):
        seat.live(Heard(held), None, 1.6, 1 / 60)
    turned = seat.frame(0, Heard(), focused=True).right.grip.orientation
    return seat, 2 * 57.29578 * (turned[0] - worn.neutral[0])


@pytest.mark.parametrize(("push", "share"), [(1.0, BEYOND), (0.5, BEYOND / 2), (0.0, 0.0), (-1.0, 0.0)])
def test_what_leans_the_body_lifts_the_leg_that_is_asked_for(push: float, share: float) -> None:
    small = GOAL._replace(angle_deg=20.0)
    seat, angle_deg = lived(small, Held(lean=(push, 0.0)))
    assert angle_deg == pytest.approx(share * 20.0, abs=0.3)
    assert seat.puppet.lean_deg == (0.0, 0.0)


def test_a_mouse_above_the_middle_lifts_it() -> None:
    mouse = MouseBody()
    mouse.see((GOAL,))
    mouse.add(Held(), (0.0, 0.0), 0.0, False)
    held, acts = mouse.add(Held(), (0.0, 0.6), 0.0, False)
    assert held.lean[0] == pytest.approx(1.0)
    assert acts == ()


def test_where_no_leg_is_asked_for_the_body_leans() -> None:
    seat, _ = lived(Panel("words", "bell_tower.title"), Held(lean=(1.0, 0.0)))
    assert seat.puppet.lean_deg[0] > 1.0


def test_a_tracker_is_worn_where_one_is_asked_for() -> None:
    seat = Seat()
    seat.see(Scene("wood", (GOAL._replace(device="right_foot"),)))
    devices = seat.frame(0, Heard(), focused=True).devices
    assert devices is not None
    assert devices.right_foot.tracked
    assert not devices.left_foot.valid
