"""What a visit is summed up with: the effort that was made, and one thing that truly got better."""

from collections.abc import Mapping, Sequence

from engine.movements import LEANS, LIFTS
from engine.plan import ASSESS
from engine.records import BlockRecord, Calibration, Limit
from engine.scene import Line
from engine.task import REACHED

MINUTE_S = 60.0
DONE_OF_TASK: Mapping[str, str] = {
    "harbour_lean": "summary.leaned",
    "chair_rocket": "summary.stood",
    "owl_watch": "summary.found",
    "mirror_friends": "summary.copied",
    "kite_painter": "summary.painted",
    "block_ferry": "summary.ferried",
    "dragon_rowing": "summary.rowed",
    "treasure_relay": "summary.treasures",
    "calm_tide": "summary.breathed",
    "night_lighthouse": "summary.shone",
    "flamingo_garden": "summary.stayed",
    "bell_tower": "summary.rung",
    "compass_home": "summary.home",
    "low_shelf_cafe": "summary.served",
    "stepping_stones": "summary.stepped",
}
"""What to say of how often something was done; of any other task, things were reached."""


def lines(blocks: Sequence[BlockRecord], before: Calibration | None) -> tuple[Line, ...]:
    """Minutes of trials, what was done most, and what got better; of a first visit, that it was the first."""
    moved = [block for block in blocks if block.trials and block.kind != "calibrate"]
    minutes = round(sum(trial.end_s - trial.start_s for block in moved for trial in block.trials) / MINUTE_S)
    said = [_counted("summary.minutes", minutes)] if minutes else []
    played = [block for block in moved if block.kind != ASSESS]  # what a clinical test counts is no praise
    done = {block.task: 0 for block in played}
    for block in played:
        done[block.task] += _done(block)
    if done and max(done.values()):
        most = max(done, key=lambda task: done[task])
        said.append(_counted(DONE_OF_TASK.get(most, "summary.reached"), done[most]))
    return (*said, _better(moved, before))


def _done(block: BlockRecord) -> int:
    """How often something was done: trials that were reached, or the breaths of those that guide them."""
    breaths = [trial.measures["breaths"].value or 0.0 for trial in block.trials if "breaths" in trial.measures]
    return round(sum(breaths)) if breaths else sum(trial.outcome == REACHED for trial in block.trials)


def _better(blocks: Sequence[BlockRecord], before: Calibration | None) -> Line:
    """The limit that grew most, of those that grew for certain: above all that was believed possible of it before."""
    if before is None or not before.limits:
        return Line("summary.first_time")
    grown: dict[str, float] = {}
    for movement, now in _limits_after(blocks).items():
        was = before.limits.get(movement)
        if was is not None and was.n and now.low > was.value and now.value > was.high and round(now.value - was.value):
            grown[movement] = now.value - was.value
    if not grown:
        return Line("summary.came_back")
    movement = max(grown, key=lambda name: grown[name] / before.limits[name].value)
    return _counted(_words_of(movement), round(grown[movement]))


def _limits_after(blocks: Sequence[BlockRecord]) -> Mapping[str, Limit]:
    """What is believed of each movement after the last trial that asked for it."""
    return {
        trial.request.movement: trial.limit_after
        for block in blocks
        for trial in block.trials
        if trial.request is not None and trial.limit_after is not None
    }


def _words_of(movement: str) -> str:
    if movement in LEANS:
        return "summary.leaned_further"
    if movement in LIFTS:
        return "summary.lifted_further"
    return "summary.turned_further" if movement.startswith("neck") else "summary.reached_higher"


def _counted(words: str, number: int) -> Line:
    return Line(f"{words}_one") if number == 1 else Line(words, (str(number),))
