"""What to show, as plain data: a game says what there is, a theme says how it looks and sounds.

Items have keys: the same key in the next scene is the same thing, moved. A scene is complete; what it
no longer holds is gone. Words are keys into `assets/words/<language>.toml` (such as
`fruit_ladder.reach`), so that a scene can be drawn, spoken or translated.
"""

from typing import NamedTuple

from engine.frame import Vector


class Target(NamedTuple):
    """Something to reach with a hand. `hand` is left, right or either; `fill` grows while it is held.

    `state` is `wanted` (reach me now), `later` (will come), or `done` (was reached).
    """

    key: str
    place_m: Vector
    radius_m: float
    hand: str = "either"
    fill: float = 0.0
    state: str = "wanted"


class Reach(NamedTuple):
    """Reach as far as is comfortable along a line, from `start_m` towards the stop line at `stop_m`.

    `reached` says how much of the way the hand has come (0 to 1).
    """

    key: str
    start_m: Vector
    stop_m: Vector
    hand: str
    reached: float = 0.0


class Lean(NamedTuple):
    """Lean the whole body, feet still, and come back.

    `direction_deg` runs clockwise from above: 0 forward, 90 right, 180 back. `angle_deg` is how far;
    with `open_ended` it is the stop line and the person leans as far as is comfortable. `now_deg` is the
    present lean (forward, right) for the guide to follow; `fill` grows while the lean is held.
    """

    key: str
    direction_deg: float
    angle_deg: float
    tolerance_deg: float
    now_deg: tuple[float, float] = (0.0, 0.0)
    fill: float = 0.0
    open_ended: bool = False


class Stand(NamedTuple):
    """Stand quietly and look ahead; `fill` says how much of the time has gone (0 to 1)."""

    key: str
    fill: float = 0.0


class Panel(NamedTuple):
    """A board with words: a title, lines of text, `done` of `total` dots, and perhaps a confirmation.

    `confirm` asks for a trigger press (or a dwell of gaze on the panel). `values` fill the {0}, {1} of the words.
    `place_m` None puts it in the theme's usual place, to the left at a comfortable depth.
    """

    key: str
    title: str
    text: tuple[str, ...] = ()
    done: int = 0
    total: int = 0
    confirm: bool = False
    values: tuple[str, ...] = ()
    place_m: Vector | None = None


class Sound(NamedTuple):
    """A sound that starts once, when its key first appears; `name` is a role that the theme maps to a file."""

    key: str
    name: str
    place_m: Vector | None = None


class Buzz(NamedTuple):
    """A pulse in a controller, once, when its key first appears; strength from 0 to 1."""

    key: str
    hand: str
    strength: float
    seconds: float = 0.05


Item = Target | Reach | Lean | Stand | Panel | Sound | Buzz


class Middle(NamedTuple):
    """The middle of the room on the floor, and where its front is: 0 is along -z, positive turns to the right."""

    x_m: float = 0.0
    z_m: float = 0.0
    facing_deg: float = 0.0


class Scene(NamedTuple):
    """Everything to show. `place` names a place of the theme; `dim` runs from 0 (clear) to 1 (dark).

    `middle` is where the place stands; items have places in the space of the frames, whatever the middle is. While
    a `trial` runs, nothing that a person reaches for may move.
    """

    place: str
    items: tuple[Item, ...] = ()
    dim: float = 0.0
    middle: Middle = Middle()
    trial: bool = False
