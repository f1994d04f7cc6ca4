"""What to show, as plain data: a game says what there is, a theme says how it looks and sounds.

Items have keys: the same key in the next scene is the same thing, moved. A scene is complete; what it
no longer holds is gone. Words are keys into `assets/words/<language>.toml` (such as
`fruit_ladder.reach`), so that a scene can be drawn, spoken or translated.
"""

from typing import NamedTuple

from engine.frame import Vector


class Target(NamedTuple):
    """Something to reach with a hand. `hand` is left, right or either; `fill` grows while it is held.

    `state` is `wanted` (reach me now), `later` (will come), or `done` (was reached). `role` is what of a theme stands
    there: with `wanted` what is reached for in the place, with "" a ring alone.
    """

    key: str
    place_m: Vector
    radius_m: float
    hand: str = "either"
    fill: float = 0.0
    state: str = "wanted"
    role: str = "wanted"


class Reach(NamedTuple):
    """Reach as far as is comfortable along a line, from `start_m` towards the stop line at `stop_m`.

    `reached` says how much of the way the hand has come (0 to 1). With `over_feet` the arm is level and the trunk goes
    along, over feet that stay where they are. With a `helper` another person acts meanwhile: leads this hand, where
    that is its own side, or shows a place with the controller of the other side.
    """

    key: str
    start_m: Vector
    stop_m: Vector
    hand: str
    reached: float = 0.0
    over_feet: bool = False
    helper: str = ""


class Follow(NamedTuple):
    """Lead something along a way through the air, from its first point to its last, no further than `radius_m` from it.

    `reached` says how much of the way the hand has made (0 to 1), `pace` how much of it a light has that shows the
    tempo; `seconds` is how long that takes for all of it. `fill` is above 0 while the hand is on the way, and grows
    while it rests at the end. `state` is as of a Target.
    """

    key: str
    points_m: tuple[Vector, ...]
    radius_m: float
    hand: str = "either"
    seconds: float = 0.0
    reached: float = 0.0
    pace: float = 0.0
    fill: float = 0.0
    state: str = "wanted"


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


class Gaze(NamedTuple):
    """Turn the head until the face points somewhere: `yaw_deg` to the right and `pitch_deg` up from the neutral head.

    With a `tilt_deg` other than 0 the head is also laid over, to the right if positive; else its tilt does not matter.
    What is within `radius_deg` counts. `now_deg` is where the head is: turned right, raised, tilted right. With
    `open_ended` the direction ends in a stop line and the head turns as far as is comfortable. `fill` grows while the
    head stays there; `state` is as of a Target.
    """

    key: str
    yaw_deg: float
    pitch_deg: float
    radius_deg: float
    tilt_deg: float = 0.0
    now_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    fill: float = 0.0
    state: str = "wanted"
    open_ended: bool = False


class Rise(NamedTuple):
    """Bring the head from `low_m` to `high_m` above the floor and back: stand up from a chair and sit down again.

    `goal` is `up` or `down`, `share` how far up the head is now (0 to 1), and `fill` grows while it stays at the goal.
    Where both heights are the same, somebody seated leans forward by `lean_deg` over the toes and sits up again
    instead, and `share` says how far; `up` is then forward.
    """

    key: str
    low_m: float
    high_m: float
    goal: str
    share: float = 0.0
    fill: float = 0.0
    lean_deg: float = 0.0


class Lift(NamedTuple):
    """Lift a part of one leg while seated, to `angle_deg` of a movement of `engine.movements.LIFTS`, and lower it.

    `device` is what is worn on that part: the `left` or `right` controller, or the tracker of `left_foot` or
    `right_foot`. `now_deg` is how far it is lifted now; `fill` grows while it stays there. `state` is `rest` (let the
    leg rest), `wanted` or `done`. With `open_ended` the angle is a stop line, and the leg goes as far as is
    comfortable.
    """

    key: str
    movement: str
    angle_deg: float
    device: str
    now_deg: float = 0.0
    fill: float = 0.0
    state: str = "wanted"
    open_ended: bool = False


class Stone(NamedTuple):
    """Step on a stone beside the feet with one foot, and come back to the middle.

    It lies `length_m` from the middle in a direction as of a Lean; `foot` is left or right, `goal` is `out` or `back`,
    `share` how much of the way was made, and `fill` grows while the foot stays there. `state` is as of a Target, or
    `idle` for one that only lies there. `device` is the controller that is worn on the leg that steps, "" for none.
    """

    key: str
    direction_deg: float
    length_m: float
    radius_m: float
    foot: str
    goal: str = "out"
    share: float = 0.0
    fill: float = 0.0
    state: str = "wanted"
    device: str = ""


class Bend(NamedTuple):
    """Bend down to a shelf, bring a hand to what stands there, and come up again.

    `place_m` is what the hand goes to, `low_m` how low the eyes may come meanwhile, `goal` is `down` or `up` and
    `share` how far up the head is (1 upright). `hand`, `fill` and `state` are as of a Target.
    """

    key: str
    place_m: Vector
    radius_m: float
    low_m: float
    goal: str = "down"
    hand: str = "either"
    share: float = 1.0
    fill: float = 0.0
    state: str = "wanted"


class Arms(NamedTuple):
    """Where a person's arms point, in degrees: to their own outside from straight ahead, and up from hanging."""

    left_deg: tuple[float, float] = (0.0, 0.0)
    right_deg: tuple[float, float] = (0.0, 0.0)


class Friend(NamedTuple):
    """The companion of a place, face to face with the person, and what it does.

    `mood` is `calm`, `waves`, `shows`, `cheers` or `sleeps`. When it shows, its arms, the lay of its head and its lean
    (both in degrees, to the person's right if positive) are as the person shall be, as in a mirror. A `leg` of `left`
    or `right` is lifted in any mood, for one that has legs.
    """

    key: str
    mood: str = "calm"
    arms: Arms = Arms()
    tilt_deg: float = 0.0
    lean_deg: float = 0.0
    leg: str = ""


class Prop(NamedTuple):
    """A thing that stands at a place and asks for nothing: `role` is what of a theme it is.

    It is turned to the right by `turn_deg` from where -z is its front, drawn `scale` times as large and `tall` times as
    tall besides; `open` says how far a lid is open (0 to 1).
    """

    key: str
    role: str
    place_m: Vector
    turn_deg: float = 0.0
    scale: float = 1.0
    tall: float = 1.0
    open: float = 0.0


class Held(NamedTuple):
    """A thing in a hand, which goes where that goes; its front points to `towards_m`, or as the hand does."""

    key: str
    role: str
    hand: str
    towards_m: Vector | None = None


class Breath(NamedTuple):
    """Breathe along: `full` is how full the lungs shall be (0 to 1), `rising` whether they are being filled."""

    key: str
    full: float
    rising: bool


class Progress(NamedTuple):
    """What a round has come to, from 0 to 1; the place shows it: a basket fills, a boat comes home."""

    key: str
    share: float


class Walk(NamedTuple):
    """Get up, walk `way_m` ahead, turn, come back and sit down, headset off, the controller of `side` at the belt.

    `state` is `sit` (take the headset off and sit down, or stay so) or `go`. Nothing of it is seen, and as long as it
    is there nobody is expected to wear the headset.
    """

    key: str
    side: str
    way_m: float
    state: str = "sit"


class Footing(NamedTuple):
    """Stand with the feet so, as long as it goes: `feet` is `together`, `half a step`, `heel to toe` or `one leg`.

    `on` is the leg that is stood on, or the foot that is behind; "" where it does not matter. `fill` says how much of
    the time has gone; `state` is `ready` before it counts, then `wanted`, and `done`. `device` is the controller that
    is worn on the leg that is lifted, "" for none.
    """

    key: str
    feet: str
    on: str = ""
    fill: float = 0.0
    state: str = "wanted"
    device: str = ""


class Recall(NamedTuple):
    """Find a place again without seeing it: that of a hand, or, with `side` "", where the face pointed."""

    key: str
    side: str = ""


class Steady(NamedTuple):
    """Stand or sit as still as may be: `steadiness` says how still it is now (0 to 1), and a light is as strong.

    `fill` says how much of the time has been collected; `state` is `wanted` or `done`.
    """

    key: str
    steadiness: float = 0.0
    fill: float = 0.0
    state: str = "wanted"


class Surround(NamedTuple):
    """How the world is to the eyes: `light` from 1 (all is seen) to 0 (nothing is, as with closed eyes).

    `held` is `room`, or `head` for a world that goes wherever the head goes from now on, so that eyes tell nothing of
    sway. Without this item the world is as always, and what was otherwise is so again within 0.3 s.
    """

    key: str
    light: float = 1.0
    held: str = "room"


class Option(NamedTuple):
    """Something to choose by looking or pointing at it for a while, or at once with a trigger.

    `words` is a key; `picture` names what is drawn above them, "" for nothing: `face 0` (well) to `face 10` (worst), or
    a picture of the theme. `fill` grows while it is looked at; `picked` marks the one that was chosen.
    """

    key: str
    place_m: Vector
    radius_m: float
    words: str
    values: tuple[str, ...] = ()
    picture: str = ""
    fill: float = 0.0
    picked: bool = False


class Line(NamedTuple):
    """A line of a panel with values of its own: a key of words, and what fills its {0} and {1}."""

    words: str
    values: tuple[str, ...] = ()


class Panel(NamedTuple):
    """A board with words: a title, lines of text, `done` of `total` dots, and perhaps a confirmation.

    `confirm` asks for a trigger press (or a look at the option to go on). `values` fill the {0}, {1} of every line that
    has none of its own; a value that is a key of words is said in words. `place_m` None lets it find a place: in
    front, or aside and clear of what is asked for while something is played.
    """

    key: str
    title: str
    text: tuple[str | Line, ...] = ()
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


class Tone(NamedTuple):
    """A note that lasts as long as its key is there and follows a movement: `height` from 0 (low) to 1 (high)."""

    key: str
    height: float


class Buzz(NamedTuple):
    """A pulse in a controller, once, when its key first appears; strength from 0 to 1."""

    key: str
    hand: str
    strength: float
    seconds: float = 0.05


Item = (
    Target | Reach | Follow | Lean | Stand | Footing | Gaze | Rise | Lift | Stone | Bend | Friend | Prop | Held | Breath
    | Progress | Steady | Walk | Surround | Recall | Option | Panel | Sound | Tone | Buzz
)  # fmt: skip


class Middle(NamedTuple):
    """The middle of the room on the floor, and where its front is: 0 is along -z, positive turns to the right."""

    x_m: float = 0.0
    z_m: float = 0.0
    facing_deg: float = 0.0


class Scene(NamedTuple):
    """Everything to show. `place` names a place of the theme; `dim` runs from 0 (clear) to 1 (dark).

    `middle` is where the place stands; items have places in the space of the frames, whatever the middle is. While
    a `trial` runs, nothing that a person reaches for may move. `menu` is what opens the menu when it is looked at. With
    `see_through` the real room is seen behind the items, and nothing of the place.
    """

    place: str
    items: tuple[Item, ...] = ()
    dim: float = 0.0
    middle: Middle = Middle()
    trial: bool = False
    menu: Option | None = None
    see_through: bool = False
