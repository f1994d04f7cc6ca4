"""The script of a visit: its steps one after another, each written down as a block when it is over.

A step is a task (assessment, warm-up, game) whose trials are generators, a question, a choice, or words for a while.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from random import Random

import msgspec

from engine import choosing, leg, moves, praise, sitting, steadiness, talking
from engine.answers import HARMS
from engine.body import EYE_HEIGHT_OF_STATURE, SEATED_EYES_OF_STATURE
from engine.clinical import ClinicalTest, for_practice
from engine.conclusion import conclude
from engine.frame import Devices
from engine.limits import OutsideEnvelope
from engine.measuring import measured
from engine.movements import MOVEMENTS
from engine.plan import ASSESS, DELIVERY_ON, FOR_THE_ADULT, REST, START, SUMMARY, Fork, Interlude, Pick, Step
from engine.precautions import barred
from engine.present import Present
from engine.questions import GATES, Question, sickness
from engine.records import Answer, BlockRecord, Limit, Measured, Request, TrialRecord
from engine.room import THROUGH, refuses_steps
from engine.scene import Panel, Rise, Sound
from engine.task import NOT_YET, REACHED, STOPPED, Assessment, Finished, Move, Task, Trial

MOST_GATES = 3  # that often is asked for what has to hold before anything is played
GATE_S = 6.0
ASKED = {"support": "support within reach", "adult": "an adult near", "pain": "pain", "fatigue": "effort",
         "dizziness": "dizziness", "expected_harm": "expected harm", "felt_harm": "felt harm"}  # fmt: skip
UNMET = {"support": "nothing firm was within reach", "adult": "no adult was in the room"}
RECHECK, RECHECKED, WORSE, RECHECK_S = "recheck", "sway_velocity", 1.5, 8.0
UNSTEADY = ("recheck.wait", "recheck.adult")
ANSWER_S = 30.0  # to answer a message that was read
TIME_IS_UP = "the time for today was up"
CALM = "calm"
TIMED = ("warm up", "play", CALM)  # of the calm end one part is always left, half a minute as it is set up
UNRESTED = ("calibrate", ASSESS)  # a protocol says when there is a rest
STAND_UP = Panel("stand up", "chair_rocket.stand_up", ("chair_rocket.stand_tall",))
SIT_DOWN, SIT_DOWN_S = Panel("sit down", "chair_rocket.sit_down", ("chair_rocket.sit",)), 30.0
TAKE_OFF_S = 60.0
STAND_UP_ASKED, STAND_UP_S, STOOD_S = 3, 12.0, 1.0


class Stopped(Exception):
    """The person stopped, or left: a normal end. The message says who or what."""


@dataclass
class Taken:
    """What was recorded of the trial that runs.

    `beside` are the number of a row and its devices, `pauses` the row after one, and how long it was in ns.
    """

    rows: list[bytes] = field(default_factory=list)
    beside: list[tuple[int, Devices]] = field(default_factory=list)
    pauses: list[tuple[int, int]] = field(default_factory=list)

    def add(self, row: bytes, devices: Devices | None) -> None:
        """One more frame."""
        if devices is not None:
            self.beside.append((len(self.rows), devices))
        self.rows.append(row)


class Script:
    """The steps of a visit as one Move, and what came of them: `measured` says whether anything was measured anew."""

    def __init__(self, present: Present) -> None:
        self.blocks: list[BlockRecord] = []
        self.measured = False
        self.taken = Taken()
        self._present = present
        self._random = Random(present.plan.seed)
        self._seated_by: Task | None = None
        self._strapped = False  # whether controllers may still be on the legs
        self._play_from_s = math.inf
        self._asked_from = 0  # the block from which on a task is that of the question before it

    def steps(self) -> Move:
        """Everything that the plan holds, one step after another."""
        yield ()  # so that the first step begins in the loop, where its faults are met
        for step in self._present.plan.steps:
            if isinstance(step, Interlude):
                if step.kind != REST.kind or not self._time_is_up():
                    yield from self._interlude(step)
            elif isinstance(step, Question):
                if step.kind not in HARMS:
                    self._present.answers.over = bool(self._last_played())  # what is asked after play is asked last
                yield from self._question(step)
            elif isinstance(step, Fork):
                yield from self._fork(step)
            elif isinstance(step, Pick):
                yield from self._pick(step)
            elif step.kind != CALM or self._last_played() != step.name:
                yield from self._asked_around(step)
        return "finished"

    def _last_played(self) -> str:
        """What was done last: who ended with the calm game needs no calm end after it."""
        return next((block.task for block in reversed(self.blocks) if block.trials), "")

    def _time_is_up(self) -> bool:
        """Whether the visit lasted as long as it may, or play did, of which what is measured before takes nothing."""
        now_s, plan = self._present.now_s, self._present.plan
        return now_s > plan.most_s or now_s - self._play_from_s > plan.play_s

    def _asked_around(self, step: Step) -> Move:
        """A task, with what is asked before it, and after it once anything of it was done."""
        if step.before is not None:
            self._asked_from = len(self.blocks)
            if not self._leaves_out(step):
                yield from self._question(step.before)
        yield from self._block(step)
        done = (block for block in self.blocks[self._asked_from :] if block.task == step.name and block.trials)
        if step.after is not None and any(done):
            yield from self._question(step.after)
        return "finished"

    def _question(self, step: Question) -> Move:
        """Ask, and take the reply as an answer; of a gate, ask until it holds."""
        begun_s, outcome = self._at(step.place), NOT_YET
        try:
            if step.kind not in GATES:
                outcome = yield from self._reply(step)
                return outcome
            for _ in range(MOST_GATES):
                outcome = yield from talking.ask(step)
                value = None if outcome == NOT_YET else step.replies[int(outcome)].value
                said = {None: "not answered", 1.0: "yes"}.get(value, "no")
                self._present.note("screened", f"{step.kind}: {said}")
                if value:
                    return outcome
                yield from moves.show((Panel(f"{step.kind} wait", step.title, step.wait),), GATE_S)
            self._present.answers.ends = UNMET[step.kind]
        finally:
            parameters = {"scale": step.scale, "seconds": step.seconds}
            self._keep(step.kind, f"Asked: {ASKED[step.kind]}", 1, "question", begun_s, parameters=parameters)
        return outcome

    def _reply(self, question: Question) -> Move:
        """Ask how something is, and take the reply as an answer."""
        outcome = yield from talking.ask(question)
        if outcome == NOT_YET:
            self._present.note("not answered", question.kind)
        else:
            self._present.take(
                Answer(question.kind, question.replies[int(outcome)].value, self._at(self._present.place))
            )
        return outcome

    def _fork(self, fork: Fork) -> Move:
        """Tasks in the order that the person chooses; nothing is offered that there is no time for."""
        left = list(fork.steps)
        while left:
            if self._time_is_up():
                for step in left:
                    yield from self._asked_around(step)
                break
            if len(left) < len(fork.steps):
                yield from self._interlude(REST)
            chosen = left[0].name
            if len(left) > 1:
                chosen = yield from self._choice(fork, [step.name for step in left])
            step = next(step for step in left if step.name == chosen)
            left.remove(step)
            yield from self._asked_around(step)
        return "finished"

    def _choice(self, fork: Fork, names: list[str]) -> Move:
        begun_s, chosen = self._at(fork.place), ""
        try:
            chosen = yield from talking.choose_game(names, len(names) == len(fork.steps), fork.seconds)
        finally:
            parameters = {"games": " ".join(names), "chosen": chosen, "seconds": fork.seconds}
            self._keep("choice", "Choice", 1, "choice", begun_s, parameters=parameters)
        return chosen

    def _pick(self, step: Pick) -> Move:
        """Let the person choose one; what comes first where they do not."""
        begun_s, chosen = self._at(step.place), step.names[0]
        try:
            chosen = yield from talking.pick(step.kind, step.title, step.text, step.names, step.seconds)
        finally:
            parameters = {"names": " ".join(step.names), "chosen": chosen, "seconds": step.seconds}
            self._keep(step.kind, step.kind.capitalize(), 1, "pick", begun_s, parameters=parameters)
        return chosen

    def _interlude(self, step: Interlude) -> Move:
        begun_s, answer = self._present.now_s, ""
        try:
            outcome = yield from self._start(step) if step.kind == START.kind else self._words(step)
            if step.answers and outcome == REACHED:
                answer = yield from talking.answer(step.answers, ANSWER_S)
            return outcome
        finally:
            parameters = {**step.parameters, **({"answer": answer} if answer else {})}
            self._keep(step.kind, step.title, 1, step.kind, begun_s, parameters=parameters)

    def _start(self, step: Interlude) -> Move:
        """Wait for somebody to put the headset on and look ahead; wherever they do, there is the front."""
        self._at(step.place)
        outcome = talking.TURNED
        while outcome == talking.TURNED:
            outcome = yield from talking.put_on(self._with_delivery(step.kind, step.panel), step.seconds)
            self._present.recentre_asked = True
            yield ()  # with this frame it is done
        self._present.guess_again()
        return outcome

    def _words(self, step: Interlude) -> Move:
        self._at(step.place)
        panel = step.panel
        if step.kind == SUMMARY.kind:
            panel = panel._replace(text=praise.lines(self.blocks, self._present.plan.calibration))
        elif step.kind == FOR_THE_ADULT.kind and math.isfinite(self._present.plan.most_s):
            panel = panel._replace(values=(f"{self._present.plan.most_s / 60:.0f}",))
        sound = (Sound(f"{step.kind} sound", step.sound),) if step.sound else ()
        panel = self._with_delivery(step.kind, panel)
        wait = choosing.confirm if panel.confirm else moves.show
        self._present.answers.rest_asked = self._present.answers.rest_asked and step.kind != REST.kind
        return (yield from moves.alongside(sound, wait((panel,), step.seconds)))

    def _with_delivery(self, kind: str, panel: Panel) -> Panel:
        line = self._present.plan.delivery
        return panel._replace(text=(*panel.text, line)) if line and kind in DELIVERY_ON else panel

    def _rest(self, step: Step, done: int) -> Move:
        self._present.note("rest", f"after {done} trials")
        yield from self._words(REST)
        self._at(step.task.place, step.task.asks)
        return "finished"

    def _block(self, step: Step) -> Move:
        begun_s = self._at(step.task.place, step.task.asks)
        finished: list[Finished] = []
        done: list[TrialRecord] = []
        notes: list[str] = []
        plan = self._present.plan
        if step.kind in TIMED:
            self._play_from_s = min(self._play_from_s, begun_s)
        rested, rest_after = 0, plan.adaptation.rest_after_trials if step.kind not in UNRESTED else 0
        try:
            if why := self._leaves_out(step):
                raise OutsideEnvelope(why)
            if step.kind == RECHECK and self._present.answers.unwell:
                yield from self._say_to_the_adult(UNSTEADY)
                raise OutsideEnvelope(f"it was not checked, because {self._present.answers.unwell}")
            yield from self._take_off(step.task)
            yield from self._stand_up(step.task)
            yield from self._sit_down(step.task)
            trials = step.task.trials(self._present.envelope, self._random, done)
            while len(done) < getattr(step.task.p, "targets", math.inf):
                if self._time_is_up() and (done or step.kind != CALM) and step.kind in TIMED:
                    notes.append(TIME_IS_UP)
                    break
                if self._present.answers.rest_asked or 0 < rest_after <= len(done) - rested:
                    rested = len(done)
                    yield from self._rest(step, rested)  # before the next trial is made for where the person is then
                trial = next(trials, None)
                if trial is None:
                    break
                yield from self._trial(step.task, trial, finished)
                done.append(finished[-1].record)
                self._present.recentre()  # before the next trial is made
            if step.kind == RECHECK and isinstance(step.task, Assessment):
                yield from self._check_again(step.task, finished)
            else:
                notes += self._conclude(step.task, finished)
        except OutsideEnvelope as reason:
            notes.append(str(reason))
        finally:
            self._keep(step.name, step.task.title, step.task.version, step.kind, begun_s,
                       parameters=asdict(step.task.p), preset=step.preset, change=step.change,
                       trials=tuple(f.record for f in finished), notes=tuple(notes),
                       measures=_summed_up(step.task, finished))  # fmt: skip
        return "finished"

    def _leaves_out(self, step: Step) -> str:
        """Why a task is not begun, "" where it is; whatever the time, the visit ends calmly."""
        if self._time_is_up() and step.kind in TIMED and step.kind != CALM:
            return TIME_IS_UP
        plan = self._present.plan
        if "step" in step.task.asks and (why := refuses_steps(plan.room)):
            return f"{step.task.title} is played {why}"
        if isinstance(step.task, ClinicalTest) and (why := step.task.why_not_on(plan.headset)):
            return why
        return barred(step.task, plan.posture, plan.precautions, plan.caps)

    def _take_off(self, task: Task) -> Move:
        """Have controllers that were strapped to the legs back in the hands, while somebody who sat for it still sits.

        A task that asks for nothing leaves them where they are, and so does one for which they are strapped on.
        """
        if not self._strapped or not task.asks or leg.straps(task):
            return REACHED
        on_feet = self._present.plan.posture == "standing" and self._seated_by is None
        text = ("leg.off_seated", *leg.TAKE_OFF.text) if on_feet else leg.TAKE_OFF.text
        outcome = yield from choosing.confirm((leg.TAKE_OFF._replace(text=text),), TAKE_OFF_S)
        self._strapped = False
        return outcome

    def _stand_up(self, task: Task) -> Move:
        """Wait until somebody whom the task before left on a chair stands again, as this one is done.

        A task that asks for nothing, as breathing does, leaves them where they are; who plays seated is never asked.
        """
        if not task.asks:
            return REACHED
        before, self._seated_by = self._seated_by, None
        if before is None or "rise" in task.asks or self._present.plan.posture != "standing":
            return REACHED
        if task.on_chair:
            self._seated_by = before if before.on_chair else None
            return REACHED
        self._at(before.place)
        stance_m, stature_m = self._present.envelope.stance.head_m[1], self._present.calibration.stature_m
        high_m = max(stance_m, EYE_HEIGHT_OF_STATURE * stature_m.low) if stature_m.n else stance_m
        low_m = SEATED_EYES_OF_STATURE / EYE_HEIGHT_OF_STATURE * high_m
        for asked in range(STAND_UP_ASKED):
            goal = Rise(f"stand up {asked}", low_m, high_m, "up")
            stood = moves.alongside((STAND_UP,), moves.rise(goal, STOOD_S))
            if (yield from moves.within(STAND_UP_S, stood)) == REACHED:
                self._at(task.place, task.asks)
                self._present.recentre_asked = high_m > stance_m  # who asked for a middle on the chair stands now
                yield ()
                return REACHED
        self._seated_by = before
        raise OutsideEnvelope("nobody stood up for it")

    def _sit_down(self, task: Task) -> Move:
        """Wait until somebody sits on a chair, for what is done there: that is their stance until they stand again."""
        if not task.on_chair or self._seated_by is not None or self._present.plan.posture != "standing":
            return REACHED
        sit = sitting.stand_up(self._present.envelope)._replace(key="seat", goal="down")
        seat_m = yield from sitting.settle(sit, (SIT_DOWN,), SIT_DOWN_S)
        if math.isnan(seat_m):
            raise OutsideEnvelope("nobody sat down for it")
        self._present.recentre_asked, self._seated_by = True, task
        yield ()
        return REACHED

    def _check_again(self, task: Assessment, finished: list[Finished]) -> Move:
        """See whether somebody stands as they did before, and say to the adult beside what to do where not."""
        before = self._present.calibration.sway.get(RECHECKED)
        calibration, _, notes = conclude(task, self._present.calibration, finished, self._present.plan.posture)
        now = calibration.sway.get(RECHECKED) if calibration is not None else None
        steady = now and now.value and before and before.value and now.value <= WORSE * before.value
        self._present.note("stood again", "; ".join((f"{RECHECKED} {now.value if now else None}", *notes)))
        return (yield from self._say_to_the_adult(("recheck.good",) if steady else UNSTEADY))

    def _say_to_the_adult(self, words: tuple[str, ...]) -> Move:
        return (yield from moves.show((Panel("recheck", "recheck.title", words),), RECHECK_S))

    def _conclude(self, task: Task, finished: list[Finished]) -> tuple[str, ...]:
        if not isinstance(task, Assessment):
            return ()
        calibration, changed, notes = conclude(task, self._present.calibration, finished, self._present.plan.posture)
        if calibration is not None:
            self.measured = True
            self._present.learn_of(calibration, changed)
        return notes

    def _trial(self, task: Task, trial: Trial, finished: list[Finished]) -> Move:
        start_s, self.taken = self._present.now_s, Taken()
        if task.asks:
            self._seated_by = task if "rise" in task.asks or task.on_chair else None
            self._strapped = leg.straps(task)
        stopped: Stopped | None = None
        held: set[str] = set()
        self._present.in_trial = bool(task.asks)
        try:
            outcome = yield from steadiness.watched(task.play(trial), held)
        except Stopped as why:
            outcome, stopped = STOPPED, why
        except OutsideEnvelope:
            outcome = STOPPED
        finally:
            self._present.in_trial = False
        motion, result = measured(task, trial, self.taken.rows, self.taken.pauses, self.taken.beside)
        limit = None
        if trial.request is not None and outcome != STOPPED:
            limit = self._learn(trial.request, result.achieved, outcome == REACHED)
        record = TrialRecord(
            number=len(finished) + 1,
            side=trial.side,
            start_s=round(start_s, 6),
            end_s=round(self._present.now_s, 6),
            outcome=outcome,
            request=trial.request,
            achieved=result.achieved,
            limit_after=limit,
            measures=result.measures,
            traces=result.traces,
            quality=motion.quality,
            practice=for_practice(task, trial) or msgspec.UNSET,
        )
        finished.append(Finished(trial, record, motion))
        if stopped is not None:
            raise stopped
        if held - {"room"} and not self._present.envelope.refuses_conflict:
            yield from self._after_conflict()
        return outcome

    def _after_conflict(self) -> Move:
        """Ask how somebody feels after a world that went along with the head; who does not say is shown no other."""
        if (yield from self._reply(sickness(self._present.plan.scale))) == NOT_YET:
            self._present.spare("nobody said how they felt after it")
        return "finished"

    def _learn(self, request: Request, achieved: float | None, success: bool) -> Limit | None:
        """Tell who follows a limit what came of a trial; what cannot have come of one is noted, and not learnt."""
        try:
            return self._present.envelope.learn(request, achieved, success)
        except Exception as reason:  # noqa: BLE001 (what was not learnt ends no session)
            self._present.note("not learnt", f"{MOVEMENTS[request.movement].title}: {reason}")
            return None

    def _at(self, place: str, asks: Collection[str] = ()) -> float:
        """Go to a place, for what asks for such moves; the time of it. Who steps sees the real floor."""
        self._present.place = place
        self._present.see_through = "step" in asks and self._present.plan.room.floor == THROUGH
        return self._present.now_s

    def _keep(self, name: str, title: str, version: int, kind: str, begun_s: float, **more: object) -> None:
        record = BlockRecord(name, title, version, kind, round(begun_s, 6), round(self._present.now_s, 6))
        self.blocks.append(msgspec.structs.replace(record, **more))


def _summed_up(task: Task, finished: Sequence[Finished]) -> Mapping[str, Measured]:
    """The results of a clinical test, once anything of it was done."""
    return task.sum_up(finished) if isinstance(task, ClinicalTest) and finished else {}
