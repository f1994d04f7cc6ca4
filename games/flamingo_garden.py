"""Flamingo Garden: stand on narrow feet, or on one leg as a flamingo does, for as long as it goes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, ClassVar

from engine import footing, leg, looking, moves, rounds, steadiness
from engine.envelope import Envelope
from engine.footing import ENDED_BY, FEET, NEVER, ONE_LEG, Held
from engine.frame import SIDES
from engine.metrics.definition import NotMeasurable
from engine.metrics.head_sway import head_sway
from engine.metrics.sway_measures import PRIETO
from engine.motion import Motion
from engine.movements import ON_SIDES
from engine.parameters import choice, number
from engine.records import Measured, TrialRecord
from engine.scene import Footing, Friend, Gaze, Panel, Progress, Sound
from engine.steadiness import Span
from engine.task import NOT_YET, REACHED, Measure, Move, Result, Task, Trial

READY_S, LIFTS_S, DONE_S = 5.0, 2.5, 2.5
MOST_S = 45.0
HELD_ERROR_S = 0.3  # simulated feet that come down, seen by the head alone
WORDS: Mapping[tuple[str, str], str] = {
    ("together", ""): "flamingo_garden.together",
    ("half a step", "left"): "flamingo_garden.half_left",
    ("half a step", "right"): "flamingo_garden.half_right",
    ("heel to toe", "left"): "flamingo_garden.toe_left",
    ("heel to toe", "right"): "flamingo_garden.toe_right",
    (ONE_LEG, "left"): "flamingo_garden.on_left",
    (ONE_LEG, "right"): "flamingo_garden.on_right",
}
ARMS: Mapping[str, str] = {"free": "flamingo_garden.arms_free", "crossed": "flamingo_garden.arms_crossed"}
TURNS = "turns"
TURN_DEG, OF_NECK = 15.0, 0.5  # the most to each side, and of the limit
NEAR_DEG, LOOKS_S = 6.0, 0.4
RAIL = "whether a rail was held nobody sees"


@dataclass(frozen=True)
class Parameters:
    """What a therapist may tune."""

    targets: int = number(4, 1, 20, "", "times to stand in a round")
    stance: int = number(4, 1, 4, "", "1 feet together, 2 half a step, 3 heel to toe, 4 one leg", "stance", 1.0)
    sides: str = choice("both", ON_SIDES, "which leg is stood on, or is behind")
    arms: str = choice("free", tuple(ARMS), "what the arms do meanwhile")
    head: str = choice("still", ("still", TURNS), "what the head does meanwhile")
    hold_s: float = number(10.0, 3.0, MOST_S, "s", "time to stand so", "hold", 2.5)
    limit_s: float = number(8.0, 4.0, 30.0, "s", "time to lift a foot that something is worn on")
    strapped: str = choice(
        leg.NONE, (leg.NONE, leg.EACH), "controllers strapped to the shins: each to its own, or none"
    )


class Game(Task):
    """Standing on one leg and the other in turn, beside a companion who does the same."""

    title = "Flamingo Garden"
    trains = ("single-leg stance", "narrow stance", "stability of the hips")
    postures = ("standing",)
    moves_parts: ClassVar[tuple[str, ...]] = ("trunk", "left leg", "right leg")
    asks: ClassVar[tuple[str, ...]] = ("stand",)
    version = 1
    place = "pond"
    Parameters = Parameters
    measures: ClassVar[Mapping[str, Measure]] = {
        "held_s": Measure(
            "Stood so for",
            "s",
            f"From the start until a foot came down, {MOST_S:.0f} s at most; the note says what showed the end.",
            "as the single-leg stance test, Springer 2007, J Geriatr Phys Ther 30:8, which takes the best of three",
        ),
        "speed_mmps": Measure(
            "Speed of sway meanwhile",
            "mm/s",
            "Mean velocity of the head while the feet stood so, from 5 s on: a proxy, because hips move a head.",
            PRIETO,
        ),
    }

    def __init__(self, parameters: Any = None) -> None:
        """Ask for a neck only where the head turns."""
        super().__init__(parameters)
        if self.p.head == TURNS:
            self.asks, self.moves_parts = ("stand", "gaze"), (*self.moves_parts, "neck")  # type: ignore[misc] # of this one

    @property
    def limits(self) -> tuple[str, ...]:
        """The movements of the neck that it may ask for."""
        return looking.TURNS if self.p.head == TURNS else ()

    def trials(self, envelope: Envelope, random: Random, done: Sequence[TrialRecord]) -> Iterator[Trial]:
        """Both legs in turn, or one; which begins is drawn."""
        feet = FEET[self.p.stance - 1]
        sides = [side for side in random.sample(SIDES, 2) if self.p.sides in ("both", side)]
        for number_ in range(self.p.targets):
            on = sides[number_ % len(sides)] if feet != FEET[0] else ""
            worn = self.p.strapped == leg.EACH and feet == ONE_LEG
            goal = Footing(f"footing {number_}", feet, on, device=footing.lifted_side(on) if worn else "")
            looks = _looks(envelope, goal) if self.p.head == TURNS else ()
            values = {"goal": goal, "number": number_, "held": Held(), "span": Span(), "stance": envelope.stance}
            values["looks"] = looks
            yield Trial(on, None, values)

    def play(self, trial: Trial) -> Move:
        """Get ready at the rail, stand so, and put the foot down."""
        return steadiness.clocked(trial.values["span"], self._played(trial))

    def trial_s(self, trial: Trial, reached: bool) -> float:
        """The time that such a trial takes, in seconds; one that ends sooner lasts half as long, about."""
        lifts_s = LIFTS_S if trial.values["goal"].feet == ONE_LEG else 0.0
        held_s: float = self.p.hold_s if reached else self.p.hold_s / 2
        return READY_S + lifts_s + held_s + DONE_S

    def measure(self, trial: Trial, motion: Motion) -> Result:
        """How long the feet stood so, and how the head swayed meanwhile."""
        held, span = trial.values["held"], trial.values["span"]
        if held.ended_by in ("", NEVER):
            why = ENDED_BY.get(held.ended_by, "ended while the feet stood so")
            raise NotMeasurable(why)
        how = f"{ENDED_BY[held.ended_by]}; {RAIL}"
        error = HELD_ERROR_S if held.ended_by == footing.HEAD else None
        sway = head_sway(span.cut(motion), trial.values["stance"])["sway_velocity"]
        return Result(None, {"held_s": Measured(round(held.seconds, 2), "s", error, how), "speed_mmps": sway})

    def _played(self, trial: Trial) -> Move:
        goal, count, held = (trial.values[name] for name in ("goal", "number", "held"))
        panel = Panel("flamingo_garden", "flamingo_garden.ready", (WORDS[goal.feet, goal.on], "flamingo_garden.rail"))
        panel = panel._replace(done=count, total=self.p.targets)
        yield from moves.alongside(
            (panel, *rounds.around(count / self.p.targets)), footing.get_ready(goal, READY_S, held)
        )
        turn = ("flamingo_garden.turn",) if trial.values["looks"] else ()
        lifts = Friend("friend", "calm", leg=_up(goal))
        panel = panel._replace(
            title="flamingo_garden.stand", text=(WORDS[goal.feet, goal.on], ARMS[self.p.arms], *turn)
        )
        begins = (panel, Sound(f"{goal.key} begins", "appear"), Progress("progress", count / self.p.targets), lifts)
        outcome = yield from moves.alongside(begins, self._stood(goal, trial))
        reached = outcome == REACHED
        done = (goal._replace(fill=1.0, state="done"),) if reached else ()
        answer = rounds.answer(panel, goal.key, reached, text=("flamingo_garden.down",))
        yield from moves.show((*answer, *done), DONE_S)
        return outcome

    def _stood(self, goal: Footing, trial: Trial) -> Move:
        """Lift the foot, where one is lifted, and stay so."""
        held, span = trial.values["held"], trial.values["span"]
        if goal.feet == ONE_LEG and (yield from footing.lifted(goal, self.p.limit_s, LIFTS_S, held)) != REACHED:
            held.ended_by = NEVER
            return NOT_YET
        span.begins_s = span.now_s
        looking_around = _look_around(trial.values["looks"])
        outcome = yield from moves.beside(footing.stay(goal, self.p.hold_s, held), looking_around)
        span.ends_s = span.now_s
        return outcome


def _looks(envelope: Envelope, goal: Footing) -> tuple[Gaze, ...]:
    """A light a little to either side; none where a neck may not turn to it."""
    if any(looking.refuses(envelope, movement, NEAR_DEG) for movement in looking.TURNS):
        return ()
    far_deg = min(TURN_DEG, *(OF_NECK * envelope.at_most(movement).value for movement in looking.TURNS))
    return tuple(Gaze(f"{goal.key} {way}", sign * far_deg, 0.0, NEAR_DEG) for way, sign in (("left", -1), ("right", 1)))


def _look_around(looks: Sequence[Gaze]) -> Move:
    """Look at one light and the other in turn, for as long as anybody stands."""
    while looks:
        for light in looks:
            yield from moves.gaze(light, LOOKS_S)
    return REACHED


def _up(goal: Footing) -> str:
    """The leg that is lifted, as in a mirror."""
    return footing.lifted_side(goal.on) if goal.feet == ONE_LEG else ""
