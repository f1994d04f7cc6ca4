"""What a scene asks of a simulated person."""

from engine.scene import Bend, Follow, Gaze, Lean, Lift, Option, Panel, Reach, Recall, Rise, Scene, Stone, Target, Walk

Asked = Target | Reach | Follow | Lean | Gaze | Rise | Lift | Stone | Bend | Recall | Walk | Option | Panel
_WITH_A_STATE = Gaze | Lift | Follow | Bend | Stone
_WITH_NONE = Reach | Lean | Rise | Recall | Walk  # unions are made here, since every frame asks for them
_PARTS: tuple[tuple[tuple[type, ...], str], ...] = (
    ((Target, Reach, Follow), "arms"),
    ((Lean,), "trunk"),
    ((Gaze,), "neck"),
    ((Rise, Stone, Bend), "legs"),
    ((Lift,), "leg"),
)


def asks(scene: Scene) -> tuple[Asked, ...]:
    """Everything in a scene that asks the person to do something now: what comes first, and what goes with it."""
    movements: list[Asked] = []
    hands: set[str] = set()
    options: list[Asked] = []
    panels: list[Asked] = []
    for item in scene.items:
        if isinstance(item, Target):
            if item.state == "wanted" and item.hand not in hands and not hands & {"either"}:
                hands.add(item.hand)
                movements.append(item)
        elif isinstance(item, _WITH_A_STATE):
            if item.state == "wanted":
                movements.append(item)
        elif isinstance(item, _WITH_NONE):
            movements.append(item)
        elif isinstance(item, Option):
            options.append(item)
        elif isinstance(item, Panel) and item.confirm:
            panels.append(item)
    return tuple(movements or panels[-1:] or options)


def fills(asked: tuple[Asked, ...]) -> bool:
    """Whether somebody is where they should be, and so has no reason to give up."""
    goals = (item for item in asked if isinstance(item, Target | Follow | Gaze | Lift | Bend | Stone))
    return any(goal.fill > 0 for goal in goals if not (isinstance(goal, Gaze | Lift) and goal.open_ended))


def part_of(item: Asked) -> str:
    """The part of the body that does what is asked, and tires of it; "" for what tires nobody."""
    return next((part for kinds, part in _PARTS if isinstance(item, kinds)), "")
