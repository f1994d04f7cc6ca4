"""What moves the body that stands in for somebody at a desk, whatever they have in hand.

Keyboard and mouse, a gamepad and a balance board all say the same: what is held now, what was pressed, and whether
somebody is there.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from engine.frame import Button

SWAP, BOTH, RISE, AHEAD, NEARER, FURTHER, HELP = "swap", "both", "rise", "ahead", "nearer", "further", "help"
"""What can be done by one press: move the other hand, or both; stand up or sit down; look ahead; the hand's distance;
what the keys do."""

Pair = tuple[float, float]


class Held(NamedTuple):
    """What is held during one image; shares are -1 to 1.

    `lean` (forward, right) is a share of as far as is asked, `lean_deg` where a balance board says that the body is.
    `point` (right, up) is how fast the hand goes across the window. `face` (right, up) is where the face looks, as
    a share of what a neck can, while somebody looks around; `turn`, `nod` and `tilt` are how fast the head turns to
    the right, is raised and laid over to the right; `deepen` how fast the hand goes further away.
    """

    lean: Pair = (0.0, 0.0)
    lean_deg: Pair | None = None
    point: Pair = (0.0, 0.0)
    face: Pair | None = None
    turn: float = 0.0
    nod: float = 0.0
    tilt: float = 0.0
    deepen: float = 0.0
    trigger: float = 0.0
    squeeze: float = 0.0


NOTHING = Held()


class Heard(NamedTuple):
    """What a device says in one image: what is held, and what was pressed since the last one.

    `here` is false while somebody who stood on a balance board has left it.
    """

    held: Held = NOTHING
    buttons: Button = Button.NONE
    acts: tuple[str, ...] = ()
    here: bool = True

    @property
    def idle(self) -> bool:
        """Whether nobody does anything with hands."""
        return self.held._replace(lean_deg=None) == NOTHING and not self.buttons and not self.acts


class Input(Protocol):
    """A device that may be there, or be plugged in later; `kinds` are those that are there: `pad`, `board`."""

    @property
    def kinds(self) -> frozenset[str]:
        """What is plugged in."""
        ...

    @property
    def labels(self) -> Mapping[str, str]:
        """What stands on its buttons where an Xbox pad has A, B, X, Y, LB, RB, L3, R3 and Start, if it is not that."""
        ...

    def hear(self, dt_s: float) -> Heard:
        """What was said in the last `dt_s`; once per image."""
        ...

    def recentre(self) -> None:
        """Take how somebody stands now for upright."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


def together(said: Iterable[Heard]) -> Heard:
    """What several devices say at once: pushes add up, to 1 at most."""
    all_ = list(said)
    held = [one.held for one in all_]
    return Heard(
        Held(
            _pair(one.lean for one in held),
            next((one.lean_deg for one in held if one.lean_deg is not None), None),
            _pair(one.point for one in held),
            next((one.face for one in held if one.face is not None), None),
            *(_sum(getattr(one, name) for one in held) for name in ("turn", "nod", "tilt", "deepen")),
            *(max((getattr(one, name) for one in held), default=0.0) for name in ("trigger", "squeeze")),
        ),
        _buttons(one.buttons for one in all_),
        tuple(act for one in all_ for act in one.acts),
        all(one.here for one in all_),
    )


def _pair(pairs: Iterable[Pair]) -> Pair:
    columns = list(zip(*pairs, strict=True)) or [(), ()]
    return (_sum(columns[0]), _sum(columns[1]))


def _sum(shares: Iterable[float]) -> float:
    return max(-1.0, min(1.0, sum(shares, 0.0)))


def _buttons(pressed: Iterable[Button]) -> Button:
    all_ = Button.NONE
    for button in pressed:
        all_ |= button
    return all_
