"""The one loop: frames in, scenes out, and a record of everything in between.

A session is a script of steps. Each step is a task (assessment, warm-up, game) whose trials are generators,
or an interlude of words. The loop records every frame, lets the guard judge it, and sends it on as a Body; a
pause is simply a frame that is not sent. The space of the frames never moves, and what a person reaches for hangs
in it: a new middle is taken between trials.
"""

import math
from dataclasses import asdict
from datetime import date
from random import Random

import msgspec

from engine import moves
from engine.answers import DIZZY, Answers
from engine.body import Body, Upright, estimate, upright
from engine.conclusion import conclude, stamped
from engine.envelope import Difficulty, Envelope, OutsideEnvelope
from engine.first_sight import provisional, stance_in
from engine.frame import SIDES, Button, Devices, Frame, Vector
from engine.guard import AWAY, RESTARTING, SETTLING, UNHEEDED, Guard, Verdict, seen
from engine.headset import Headset
from engine.measuring import measured, table
from engine.motion import clean
from engine.movements import MOVEMENTS
from engine.plan import REST, STILL, About, Interlude, Plan, Step
from engine.precautions import barred, expired, problems_of
from engine.recording import RecordingUnwritten, Writer, pack
from engine.records import (
    Answer,
    BlockRecord,
    Calibration,
    Event,
    Limit,
    Quality,
    Recording,
    Request,
    Session,
    Stance,
    TrialRecord,
)
from engine.scene import Item, Middle, Panel, Scene, Sound
from engine.task import REACHED, STOPPED, Assessment, Finished, Move, Task, Trial

LONGEST_STEP_S = 0.1
FAREWELL_S = 2.0
UNWRITTEN = "the recording could not be written"
WAITING = Panel("waiting", "session.wait_title", ("session.wait_text",))
PAUSED = Panel("paused", "session.pause_title", ("session.pause_text",))
RESTARTED = Panel("restarted", "session.restart_title", ("session.restart_text", "session.restart_next"))
DIZZY_PANEL = Panel("dizzy", "session.pause_title", ("session.pause_text", "session.confirm"), confirm=True)
STOPPED_PANEL = Panel("stopped", "session.stop_title", ("session.stop_text",))
ERROR_PANEL = Panel("error", "session.error_title", ("session.error_text",))
_CARDS = {RESTARTING: RESTARTED, DIZZY: DIZZY_PANEL}
_OF_THE_HEADSET = (RESTARTING, AWAY, UNHEEDED)


class Stopped(Exception):
    """The person stopped, or left: a normal end. The message says who or what."""


def run(plan: Plan, headset: Headset, writer: Writer, about: About) -> Session:
    """Live through a plan with whoever is behind the headset; every frame goes to `writer`, which is closed.

    A person who stops or leaves, a fault of a task or of the headset and a full disk end the session early and
    whole: `ended_by` says which, `error` for a fault, and begins with UNWRITTEN for the disk.
    """
    visit: Visit | None = None
    before: list[bytes] = []
    why = "the headset closed"
    try:
        try:
            for frame in headset.frames():
                row = pack(frame)
                writer.write(row, frame.devices)
                if visit is None:
                    before.append(row)
                    if not seen(frame):
                        headset.show(Scene(STILL, (WAITING,)))
                        continue
                    visit = Visit(plan, frame, before, date.fromisoformat(about.started_at[:10]))
                scene = visit.step(frame, row)
                if scene is None:
                    break
                headset.show(scene)
        finally:
            writer.close()
    except KeyboardInterrupt:
        why = "stopped from the keyboard"
    except RecordingUnwritten as reason:
        why = f"{UNWRITTEN}: {reason.strerror}"
    except Exception as error:
        if visit is None:
            raise
        visit.fault(error)
    if visit is not None:
        visit.end(why)
    return _record(plan, headset, writer, about, visit)


class Visit:
    """A running session: what is known so far, and the script that makes it grow."""

    def __init__(self, plan: Plan, first: Frame, rows: list[bytes], today: date) -> None:
        """Begin with the stance of the first frame that shows somebody; an assessment of standing replaces it.

        `rows` are what was recorded up to and with this frame.
        """
        self.plan = plan
        self.events: list[Event] = []
        self.blocks: list[BlockRecord] = []
        self.ended_by = ""
        self.measured = False
        self.now_s = 0.0
        self._rows: list[bytes] = []
        self._beside: list[tuple[int, Devices]] = []  # in this trial: the number of the row, and its devices
        self._pauses: list[tuple[int, int]] = []  # in this trial: the row after it, and how long it was in ns
        self._all_rows = rows[:-1]
        self._place = STILL
        self._first_ns = first.time_ns
        self._played_ns: int | None = None
        self._paused, self._why, self._card = False, "", PAUSED
        self._in_trial = self._left_behind = self._recentre_asked = False
        self._chosen: Frame | None = None  # in which somebody asked for a new middle that was not taken yet
        self._answers = Answers(plan.adaptation)
        self._guard = Guard()
        self._random = Random(plan.seed)
        self._difficulties: dict[str, Difficulty] = {}
        self.calibration = provisional(plan, first)
        # Somebody who stands as in the stance; nobody has where the stance is that of another day.
        self._neutral = None if plan.keep_stance else first
        self._now = first
        self._middle = _middle(self.calibration.stance)
        self._envelope = Envelope(self.calibration, plan.precautions, plan.caps, posture=plan.posture,
                                  floors=plan.floors, rises=plan.rises, adaptation=plan.adaptation)  # fmt: skip
        self._know(self.calibration)
        self._script = self._steps()
        self._items: tuple[Item, ...] = next(self._script)
        for precaution in plan.precautions:
            late = expired(precaution, today)
            for problem in problems_of(precaution, today):
                self.note("precaution expired" if problem == late else "precaution unclear", problem)
        for answer in plan.answers:
            self._take(answer)

    @property
    def quality(self) -> Quality | None:
        """How far the whole recording can be trusted."""
        return clean(table(self._all_rows)).quality if self._all_rows else None

    @property
    def told(self) -> tuple[Answer, ...]:
        """What the person said of themselves, before and in the session."""
        return tuple(self._answers.told)

    def step(self, frame: Frame, row: bytes) -> Scene | None:
        """Take one frame; returns what to show, or None when the session is over."""
        self._now, self.now_s = frame, (frame.time_ns - self._first_ns) * 1e-9
        self._all_rows.append(row)
        if frame.buttons and frame.buttons & Button.RECENTRE:
            self._recentre_asked = True
            self.note("recentre asked")
        if self._recentre_asked and seen(frame):
            self._choose_stance(frame)
        body = self._body(frame)
        if self.ended_by:
            return self._farewell(body)
        for answer in self._answers.pressed(frame.buttons, self.now_s):
            self._take(answer)
        verdict = self._answers.judge(self._guard.watch(frame, body), body.confirm)
        if verdict.act != "go":
            return self._hold_on(verdict, body)
        if self._paused:
            self._resume(frame)
        self._played_ns = frame.time_ns
        if frame.devices is not None:
            self._beside.append((len(self._rows), frame.devices))
        self._rows.append(row)
        return self._play(body)

    def note(self, name: str, detail: str = "") -> None:
        """Write down that something happened now."""
        self.events.append(Event(round(self.now_s, 6), name, detail))

    def end(self, why: str) -> None:
        """Stop the script where it is; the trial that runs is kept as stopped."""
        if not self.ended_by:
            self.ended_by = why
            try:
                self._script.throw(Stopped(why))
            except (Stopped, StopIteration):
                return
            except Exception as error:  # noqa: BLE001 (a fault while stopping must not lose what was done)
                self.fault(error)

    def fault(self, error: Exception) -> None:
        """End because of a fault; the trial that runs is kept as stopped."""
        self.note("error", f"{type(error).__name__}: {error}")
        self.end("error")
        self.ended_by = "error"

    def _take(self, answer: Answer) -> None:
        """Do at once what follows from something that the person said of themselves."""
        self.note("told", f"{answer.kind} {answer.value:g}")
        easing = self._answers.take(answer)
        if easing is not None:
            self._envelope.ease(easing.share, f"{100 * easing.share:g} % of what was asked, {easing.why}", easing.of)
            self._guard.renew(self._envelope)

    def _choose_stance(self, frame: Frame) -> None:
        """Remember how the person stands who asks for a new middle; where a trial ends, they may be leaning."""
        self._recentre_asked, self._chosen = False, frame
        if not self._in_trial:
            self._recentre()

    def _recentre(self, detail: str = "") -> None:
        """Take the stance that was chosen, if one was."""
        if self._chosen is None:
            return
        self.note("recentred", detail)
        self._neutral, self._chosen = self._chosen, None
        stance = stance_in(self._neutral)
        self._envelope.stand(stance)
        self.calibration, self._middle = self._envelope.calibration, _middle(stance)
        self._reference = self._upright()
        self._guard.renew(self._envelope)

    def _body(self, frame: Frame) -> Body:
        dt_s = 0.0 if self._played_ns is None else (frame.time_ns - self._played_ns) * 1e-9
        dt_s = 0.0 if self._paused else max(0.0, min(LONGEST_STEP_S, dt_s))
        return estimate(frame, self._reference, self.now_s, dt_s)

    def _hold_on(self, verdict: Verdict, body: Body) -> Scene:
        if verdict.act == "stop":
            self.note("stopped", verdict.why)
            self.end(verdict.why)
            return self._bye(STOPPED_PANEL)
        chosen, before_m = self._chosen, self._reference.head_m
        if verdict.elsewhere and chosen and _moved(body.head_m, before_m, chosen.head.position_m):
            self._left_behind = True  # who walked off would never come to the end of this trial
            self._recentre("the trial ends, because the person stands elsewhere")
        if not self._paused or (verdict.why in _OF_THE_HEADSET and verdict.why != self._why):
            self._paused, self._why = True, verdict.why
            self.note("paused", verdict.why)
        if verdict.why != SETTLING:
            self._card = _CARDS.get(verdict.why, PAUSED)
        return self._scene((self._card,), dim=0.5)

    def _resume(self, frame: Frame) -> None:
        self._paused = False
        self.note("resumed")
        if self._rows and self._played_ns is not None:
            self._pauses.append((len(self._rows), frame.time_ns - self._played_ns))

    def _scene(self, items: tuple[Item, ...], dim: float = 0.0) -> Scene:
        return Scene(self._place, items, dim, self._middle, self._in_trial)

    def _play(self, body: Body) -> Scene | None:
        try:
            if self._left_behind:
                self._left_behind = False
                self._items = self._script.throw(OutsideEnvelope("the person stands elsewhere now"))
            else:
                self._items = self._script.send(body)
            refusal = self._guard.admit(self._items)
            if refusal:
                self.note("target outside the envelope", refusal)
                self._items = self._script.throw(OutsideEnvelope(refusal))
                self._items = () if self._guard.admit(self._items) else self._items
        except StopIteration:
            self.ended_by = "finished"
            return None
        except Exception as error:  # noqa: BLE001 (whatever a task does, the person sees words, not a crash)
            self.fault(error)
            return self._bye(ERROR_PANEL)
        return self._scene(self._items)

    def _bye(self, panel: Panel) -> Scene:
        self._place, self._items, self._bye_s = STILL, (panel,), self.now_s
        return self._scene(self._items)

    def _farewell(self, body: Body) -> Scene | None:
        return self._scene(self._items) if body.time_s - self._bye_s < FAREWELL_S else None

    def _know(self, calibration: Calibration) -> None:
        self.calibration = calibration
        new = {name: limit for name, limit in calibration.limits.items() if name not in self._difficulties}
        try:
            self._difficulties.update(self.plan.difficulty(new))
        except Exception as fault:  # noqa: BLE001 (who is not followed is asked for nothing, and can be measured)
            self.note("not followed", f"{', '.join(sorted(new))}: {fault!r}")
        self._envelope.know(calibration, self._difficulties)
        self._reference = self._upright()
        self._guard.renew(self._envelope)

    def _upright(self) -> Upright:
        arm_m = {side: arm.value for side, arm in self.calibration.arm_m.items()}
        shoulder = {side: self._envelope.shoulder(side) for side in SIDES}
        return upright(self.calibration.stance, arm_m, shoulder, self._neutral)

    def _steps(self) -> Move:
        yield ()  # so that the first step begins in the loop, where its faults are met
        for step in self.plan.steps:
            yield from self._interlude(step) if isinstance(step, Interlude) else self._block(step)
        return "finished"

    def _interlude(self, step: Interlude) -> Move:
        begun_s = self.now_s
        try:
            return (yield from self._words(step))
        finally:
            self._keep(step.kind, step.title, 1, step.kind, begun_s, parameters={"seconds": step.seconds})

    def _words(self, step: Interlude) -> Move:
        self._place = step.place
        sound = (Sound(f"{step.kind} sound", step.sound),) if step.sound else ()
        wait = moves.confirm if step.panel.confirm else moves.show
        self._answers.rest_asked = self._answers.rest_asked and step.kind != REST.kind
        return (yield from moves.alongside(sound, wait((step.panel,), step.seconds)))

    def _rest(self, step: Step, done: int) -> Move:
        self.note("rest", f"after {done} trials")
        yield from self._words(REST)
        self._place = step.task.place
        return "finished"

    def _block(self, step: Step) -> Move:
        self._place, begun_s = step.task.place, self.now_s
        finished: list[Finished] = []
        done: list[TrialRecord] = []
        notes: list[str] = []
        rested, rest_after = 0, self.plan.adaptation.rest_after_trials if step.kind != "calibrate" else 0
        try:
            if why := barred(step.task, self.plan.posture, self.plan.precautions, self.plan.caps):
                raise OutsideEnvelope(why)
            for trial in step.task.trials(self._envelope, self._random, done):
                stance, since = self._envelope.stance, len(done) - rested
                if self._answers.rest_asked or 0 < rest_after <= since:
                    rested = len(done)
                    yield from self._rest(step, rested)
                    if self._envelope.stance != stance:
                        continue  # it was made for where the person stood before the rest
                yield from self._trial(step.task, trial, finished)
                done.append(finished[-1].record)
                self._recentre()  # before the next trial is made
            notes += self._conclude(step.task, finished)
        except OutsideEnvelope as reason:
            notes.append(str(reason))
        finally:
            self._keep(step.name, step.task.title, step.task.version, step.kind, begun_s,
                       parameters=asdict(step.task.p), preset=step.preset, change=step.change,
                       trials=tuple(f.record for f in finished), notes=tuple(notes))  # fmt: skip
        return "finished"

    def _conclude(self, task: Task, finished: list[Finished]) -> tuple[str, ...]:
        if not isinstance(task, Assessment):
            return ()
        calibration, changed, notes = conclude(task, self.calibration, finished, self.plan.posture)
        if calibration is not None:
            if calibration.stance != self.calibration.stance:
                self._neutral = self._now
            self._difficulties = {k: v for k, v in self._difficulties.items() if k not in changed}
            self.measured = True
            self._know(calibration)
        return notes

    def _trial(self, task: Task, trial: Trial, finished: list[Finished]) -> Move:
        start_s, self._rows, self._beside, self._pauses = self.now_s, [], [], []
        stopped: Stopped | None = None
        self._in_trial = True
        try:
            outcome = yield from task.play(trial)
        except Stopped as why:
            outcome, stopped = STOPPED, why
        except OutsideEnvelope:
            outcome = STOPPED
        finally:
            self._in_trial = False
        motion, result = measured(task, trial, self._rows, self._pauses, self._beside)
        limit = None
        if trial.request is not None and outcome != STOPPED:
            limit = self._learn(trial.request, result.achieved, outcome == REACHED)
        record = TrialRecord(
            number=len(finished) + 1,
            side=trial.side,
            start_s=round(start_s, 6),
            end_s=round(self.now_s, 6),
            outcome=outcome,
            request=trial.request,
            achieved=result.achieved,
            limit_after=limit,
            measures=result.measures,
            traces=result.traces,
            quality=motion.quality,
        )
        finished.append(Finished(trial, record, motion))
        if stopped is not None:
            raise stopped
        return outcome

    def _learn(self, request: Request, achieved: float | None, success: bool) -> Limit | None:
        """Tell who follows a limit what came of a trial; what cannot have come of one is noted, and not learnt."""
        try:
            return self._envelope.learn(request, achieved, success)
        except Exception as reason:  # noqa: BLE001 (what was not learnt ends no session)
            self.note("not learnt", f"{MOVEMENTS[request.movement].title}: {reason}")
            return None

    def _keep(self, name: str, title: str, version: int, kind: str, begun_s: float, **more: object) -> None:
        record = BlockRecord(name, title, version, kind, round(begun_s, 6), round(self.now_s, 6))
        self.blocks.append(msgspec.structs.replace(record, **more))


def _moved(head_m: Vector, before_m: Vector, chosen_m: Vector) -> bool:
    """Whether somebody stands where they chose to, and not just leans there from where they stood before."""
    return math.dist(head_m, chosen_m) < math.dist(head_m, before_m) / 2


def _middle(stance: Stance) -> Middle:
    return Middle(stance.head_m[0], stance.head_m[2], stance.facing_deg)


def _record(plan: Plan, headset: Headset, writer: Writer, about: About, visit: Visit | None) -> Session:
    calibration = visit.calibration if visit else None
    if visit is not None and visit.measured:
        before = plan.calibration.limits if plan.calibration is not None else {}
        calibration = stamped(visit.calibration, before, plan.precautions, about.started_at)
    recording = Recording(writer.path.name, writer.sha256, writer.bytes, writer.rows)
    return Session(
        id=about.id,
        patient=plan.patient,
        started_at=about.started_at,
        seconds=round(visit.now_s, 6) if visit else 0.0,
        headset=headset.kind,
        headset_description=headset.description,
        software=about.software,
        seed=plan.seed,
        preset=plan.preset,
        ended_by=visit.ended_by if visit else f"the headset {'saw nobody' if writer.rows else 'gave no frame'}",
        calibration=calibration,
        precautions=plan.precautions,
        blocks=tuple(visit.blocks) if visit else (),
        events=tuple(visit.events) if visit else (),
        quality=visit.quality if visit else None,
        recording=recording,
        known=plan.calibration,
        caps=plan.caps,
        keep_stance=plan.keep_stance,
        posture=plan.posture,
        told=visit.told if visit else plan.answers,
        adaptation=asdict(plan.adaptation),
        floors=plan.floors,
        rises=plan.rises,
        followed=plan.followed,
    )
