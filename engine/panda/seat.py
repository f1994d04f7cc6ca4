"""The seat at a desk: what devices say there moves the body, in view of what the scene asks of it."""

from collections.abc import Callable, Sequence

from engine.frame import Button, Frame
from engine.inputs import AHEAD, BOTH, FURTHER, NEARER, RISE, SWAP, Heard, Pair
from engine.panda.desk_bend import DeskBend
from engine.panda.desk_leg import DeskLeg
from engine.panda.pointer import Pointer, ray
from engine.panda.puppet import EYE_M, MOST_LEAN_DEG, Puppet
from engine.scene import Item, Lean, Rise, Scene, Stone
from engine.stepping import head_deg

LEAN_BEYOND = 0.5  # of the tolerance: a key says no amount, so it leans as far as is asked, and a little more
TILT_STEP_DEG = 4.0
BOWED_DEG, BOWS_DEG_PER_S = 48.0, 40.0  # to stones around the feet, and how fast


class Seat:
    """A body and where it is led to."""

    def __init__(self) -> None:
        self.puppet, self.pointer, self.leg, self.bend = Puppet(), Pointer(), DeskLeg(), DeskBend()
        self._bows = False

    def see(self, scene: Scene) -> None:
        """Take in what is asked now."""
        self.puppet.most_lean_deg = furthest_lean_deg(scene.items)
        self.pointer.see(scene, self.puppet)
        self.leg.see(scene.items)
        self.bend.see(scene.items)
        self._bows = any(isinstance(item, Stone) for item in scene.items)

    def live(self, heard: Heard, mouse: Pair | None, aspect: float, dt_s: float) -> None:
        """Let the body do what was heard; the window is `aspect` times as wide as tall, the mouse -1 to 1 in it."""
        puppet, held = self.puppet, self.leg.lift(heard.held, dt_s)
        looks = held.face is not None
        for act in heard.acts:
            self._do(act, looks)
        if heard.buttons & Button.RECENTRE:
            puppet.square_up()
        self.pointer.follow(mouse, held.point, dt_s)
        way, depth_m = None, None
        if self.pointer.place is not None and not looks:
            way, depth_m = self.pointer.lead(puppet, ray(self.pointer.place, aspect))
            held = held._replace(face=self.pointer.faces())
        step_deg = BOWS_DEG_PER_S * dt_s
        away_deg = (BOWED_DEG if self._bows else 0.0) - puppet.bowed_deg
        puppet.bowed_deg += max(-step_deg, min(step_deg, away_deg))
        puppet.bent_deg = self.bend.follow(puppet, self.pointer.means, dt_s)
        puppet.advance(held, way, dt_s, depth_m)

    def frame(self, time_ns: int, heard: Heard, focused: bool) -> Frame:
        """What devices would say of the body."""
        frame = self.puppet.frame(time_ns, heard.held, heard.buttons, focused and heard.here)
        return self.leg.worn(frame)

    def _do(self, act: str, looks: bool) -> None:
        puppet = self.puppet
        acts: dict[str, Callable[[], None]] = {
            SWAP: puppet.swap,
            BOTH: puppet.mirror,
            RISE: puppet.stand_or_sit,
            AHEAD: puppet.look_ahead,
        }
        if act in (FURTHER, NEARER):
            step = 1 if act == FURTHER else -1
            if looks:
                puppet.tilt(step * TILT_STEP_DEG)
            else:
                puppet.deepen(step)
        elif act in acts:
            acts[act]()


def furthest_lean_deg(items: Sequence[Item]) -> float:
    """How far a key leans, which cannot say how far: as far as is asked, and a little more."""
    for item in items:
        if isinstance(item, Lean):
            return item.angle_deg + LEAN_BEYOND * item.tolerance_deg
        if isinstance(item, Rise) and item.high_m <= item.low_m:
            return item.lean_deg
        if isinstance(item, Stone) and item.state == "wanted":
            return head_deg(item, EYE_M)
    return MOST_LEAN_DEG
