"""A visit: what is known of a person so far, and what each frame means for them.

It is given every frame, lets the guard judge it, and sends it on to the script of steps as a Body; a pause is simply a
frame that is not sent. The space of the frames never moves, and what a person reaches for hangs in it: a new middle is
taken between trials.
"""

import math
from datetime import date

from engine import choosing, talking
from engine.answers import DIZZY, DIZZY_HOLD
from engine.body import Body, estimate
from engine.frame import Button, Frame, Vector
from engine.guard import AWAY, FALLING, RESTARTING, SETTLING, TOO_LOW, UNHEEDED, Verdict
from engine.limits import OutsideEnvelope
from engine.measuring import table
from engine.motion import clean
from engine.plan import STILL, Plan
from engine.present import Present
from engine.questions import question_of
from engine.records import Answer, Quality
from engine.scene import Item, Panel, Scene
from engine.script import Script, Stopped
from engine.talking import Spot
from engine.task import NOT_YET, Move

LONGEST_STEP_S = 0.1
FAREWELL_S = 6.0  # as long as its words take to be said
ELSEWHERE_S = 5.0  # who stands elsewhere for that long may go on there
LONGEST_PAUSE_S = 900.0  # then the visit ends, and what was done is kept
PAUSED = Panel("paused", "session.pause_title", ("session.pause_text",))
RESTARTED = Panel("restarted", "session.restart_title", ("session.restart_text", "session.restart_next"))
ELSEWHERE = Panel("elsewhere", "session.pause_title", ("session.elsewhere",))
DIZZY_PANEL = Panel("dizzy", "menu.dizzy_title", ("menu.dizzy_text", "session.confirm"), confirm=True)
STOPPED_PANEL = Panel("stopped", "session.stop_title", ("session.stop_text",))
ERROR_PANEL = Panel("error", "session.error_title", ("session.error_text",))
_CARDS = {RESTARTING: RESTARTED, DIZZY: DIZZY_PANEL}
DOWN = (TOO_LOW, FALLING)  # nobody goes on as they are who fell, or sat down
_OF_THE_HEADSET = (RESTARTING, AWAY, UNHEEDED)


class Visit:
    """A running session: who is present, and the script that goes on with every frame in which they can play."""

    def __init__(self, plan: Plan, first: Frame, rows: list[bytes], today: date) -> None:
        """Begin with the stance of the first frame that shows somebody; an assessment of standing replaces it.

        `rows` are what was recorded up to and with this frame.
        """
        self.present = Present(plan, first, today)
        self.ended_by = ""
        self._all_rows = rows[:-1]
        self._played_ns: int | None = None
        self._seen_ns = first.time_ns
        self._paused, self._why, self._card = False, "", PAUSED
        self._paused_s = self._elsewhere_s = 0.0
        self._menu: Move | None = None
        self._menu_held = self._ready_again = self._left_behind = self._spot_shown = False
        self._ready: Move | None = None  # somebody dizzy, or who stands elsewhere, looks at the option to go on
        self._spot = Spot(self.present.calibration.stance, self.present.upright.head_q)
        self.script = Script(self.present)
        self._steps = self.script.steps()
        self._items: tuple[Item, ...] = next(self._steps)
        for answer in plan.answers:
            self.present.take(answer)

    @property
    def quality(self) -> Quality | None:
        """How far the whole recording can be trusted."""
        return clean(table(self._all_rows)).quality if self._all_rows else None

    @property
    def told(self) -> tuple[Answer, ...]:
        """What the person said of themselves, before and in the session."""
        return tuple(self.present.answers.told)

    def step(self, frame: Frame, row: bytes) -> Scene | None:
        """Take one frame; returns what to show, or None when the session is over."""
        self._all_rows.append(row)
        self.present.see(frame)
        body = self._body(frame)
        waking_s = _step_s(frame.time_ns - self._seen_ns)  # for what goes on in a pause
        waking = body if body.dt_s == waking_s else body._replace(dt_s=waking_s)
        self._seen_ns = frame.time_ns
        if self.ended_by:
            return self._farewell(body)
        for answer in self.present.answers.pressed(frame.buttons, self.present.now_s):
            self.present.take(answer)
        self.present.guard.at_ease = not self.present.in_trial
        verdict = self.present.answers.judge(self.present.guard.watch(frame, body), body.confirm or self._ready_again)
        if verdict.act == "go" or verdict.elsewhere or verdict.why == DIZZY:
            menu = self._open_menu(frame, waking)  # who does not stand as they did may want to rest
            if menu is not None:
                return self._show_menu(menu, waking)
        if verdict.act != "go":
            self._paused_s += waking.dt_s
            if self._paused_s > LONGEST_PAUSE_S:
                verdict = Verdict("stop", f"nobody went on for {LONGEST_PAUSE_S / 60:.0f} minutes")
            return self._hold_on(verdict, waking)
        if self._paused:
            self._resume(frame)
        self._played_ns = frame.time_ns
        self.script.taken.add(row, frame.devices)
        return self._play(body)

    def end(self, why: str) -> None:
        """Stop the script where it is; the trial that runs is kept as stopped."""
        if not self.ended_by:
            self.ended_by = why
            try:
                self._steps.throw(Stopped(why))
            except (Stopped, StopIteration):
                return
            except Exception as error:  # noqa: BLE001 (a fault while stopping must not lose what was done)
                self.fault(error)

    def fault(self, error: Exception) -> None:
        """End because of a fault; the trial that runs is kept as stopped."""
        self.present.note("error", f"{type(error).__name__}: {error}")
        self.end("error")
        self.ended_by = "error"

    def _body(self, frame: Frame) -> Body:
        dt_s = 0.0 if self._paused or self._played_ns is None else _step_s(frame.time_ns - self._played_ns)
        return estimate(frame, self.present.upright, self.present.now_s, dt_s)

    def _hold_on(self, verdict: Verdict, body: Body) -> Scene:
        if verdict.act == "stop":
            self.present.note("stopped", verdict.why)
            self.end(verdict.why)
            return self._bye(STOPPED_PANEL)
        chosen, before_m = self.present.chosen, self.present.upright.head_m
        if verdict.elsewhere and chosen and _moved(body.head_m, before_m, chosen.head.position_m):
            self._left_behind = True  # who walked off would never come to the end of this trial
            self.present.recentre("the trial ends, because the person stands elsewhere")
        if not self._paused or (verdict.why in _OF_THE_HEADSET and verdict.why != self._why):
            self._paused, self._why = True, verdict.why
            self.present.note("paused", verdict.why)
        if verdict.why != SETTLING:
            self._card = _CARDS.get(verdict.why, PAUSED)
        away = verdict.elsewhere and not verdict.why.startswith(DOWN)
        self._elsewhere_s = self._elsewhere_s + body.dt_s if away else 0.0
        if verdict.why == DIZZY:
            return self._scene(self._wait(body), dim=0.5)
        if self._elsewhere_s > ELSEWHERE_S:
            self._card = ELSEWHERE
            return self._scene(self._wait(body), dim=0.5)
        self._ready = None
        return self._scene((self._card,), dim=0.5)

    def _wait(self, body: Body) -> tuple[Item, ...]:
        """Show the card with an option to go on, as good as a trigger; or, who stands elsewhere, with a new middle."""
        if self._card is ELSEWHERE and self.present.chosen is not None:
            return (self._card,)
        if self._ready is None:
            self._ready = choosing.confirm((self._card,), math.inf)
            return next(self._ready)
        try:
            return self._ready.send(body)
        except StopIteration:
            self._ready = None
            self._ready_again = self._card is DIZZY_PANEL
            self.present.recentre_asked |= self._card is ELSEWHERE
            return (self._card,)

    def _open_menu(self, frame: Frame, body: Body) -> Move | None:
        """The menu, where it is open or asked for with this frame: by its button, or by a look at its spot."""
        pressed = bool(frame.buttons and frame.buttons & Button.MENU)
        if self._spot.stance != self.present.envelope.stance:
            self._spot = Spot(self.present.envelope.stance, self.present.upright.head_q)
        asked = (pressed and not self._menu_held) or (self._menu is None and self._spot.step(body, self._spot_shown))
        self._menu_held, self._ready_again = pressed, False
        if self._menu is None and asked:
            self._menu = self._menu_script()
            next(self._menu)
            self._paused, self._why = True, "the menu is open"
            self.present.note("paused", self._why)
        return self._menu

    def _show_menu(self, menu: Move, body: Body) -> Scene:
        items: tuple[Item, ...] = ()
        try:
            items = menu.send(body)
        except StopIteration:
            self._menu = None
            self._spot = Spot(self.present.envelope.stance, self.present.upright.head_q)
        return self._scene(items, dim=0.35) if not self.ended_by else self._bye(STOPPED_PANEL)

    def _menu_script(self) -> Move:
        """What is chosen in the menu, done at once; what ends the session or rests takes effect as if by a button."""
        chosen = yield from talking.menu()
        self.present.note("menu", chosen)
        if chosen == talking.STOP:
            self.end("the person chose to stop")
        elif chosen == talking.REST:
            self.present.answers.rest_asked = True
        elif chosen == talking.TIRED:
            self._say("fatigue", float(self.present.plan.adaptation.fatigue_rest_omni))
        elif chosen == talking.RECENTRE:
            yield from talking.look_ahead()
            self.present.recentre_asked = True
        elif chosen in (talking.HURTS, talking.DIZZY):
            question = question_of(chosen, self.present.plan.scale)
            reply = yield from talking.ask(question)
            worst = self.present.plan.adaptation.pain_hold_nrs if chosen == talking.HURTS else DIZZY_HOLD
            value = float(worst) if reply == NOT_YET else question.replies[int(reply)].value
            self._say(chosen, value)
        return chosen

    def _say(self, kind: str, value: float) -> None:
        self.present.take(Answer(kind, value, round(self.present.now_s, 6)))

    def _resume(self, frame: Frame) -> None:
        self._paused, self._ready, self._paused_s = False, None, 0.0
        self.present.note("resumed")
        taken = self.script.taken
        if taken.rows and self._played_ns is not None:
            taken.pauses.append((len(taken.rows), frame.time_ns - self._played_ns))

    def _scene(self, items: tuple[Item, ...], dim: float = 0.0) -> Scene:
        hidden = self.ended_by or self._menu is not None or self.present.plan.keep_stance
        spot = None if hidden else self._spot.beside(items)
        self._spot_shown = spot is not None
        present = self.present
        return Scene(present.place, items, dim, present.middle, present.in_trial, spot, present.see_through)

    def _play(self, body: Body) -> Scene | None:
        try:
            if self._left_behind:
                self._left_behind = False
                self._items = self._steps.throw(OutsideEnvelope("the person stands elsewhere now"))
            else:
                self._items = self._steps.send(body)
            refusal = self.present.guard.admit(self._items)
            if refusal:
                self.present.note("target outside the envelope", refusal)
                self._items = self._steps.throw(OutsideEnvelope(refusal))
                self._items = () if self.present.guard.admit(self._items) else self._items
        except StopIteration:
            self.ended_by = "finished"
            return None
        except Exception as error:  # noqa: BLE001 (whatever a task does, the person sees words, not a crash)
            self.fault(error)
            return self._bye(ERROR_PANEL)
        return self._scene(self._items)

    def _bye(self, panel: Panel) -> Scene:
        self.present.place, self._items, self._bye_s = STILL, (panel,), self.present.now_s
        return self._scene(self._items)

    def _farewell(self, body: Body) -> Scene | None:
        return self._scene(self._items) if body.time_s - self._bye_s < FAREWELL_S else None


def _moved(head_m: Vector, before_m: Vector, chosen_m: Vector) -> bool:
    """Whether somebody stands where they chose to, and not just leans there from where they stood before."""
    return math.dist(head_m, chosen_m) < math.dist(head_m, before_m) / 2


def _step_s(passed_ns: int) -> float:
    return max(0.0, min(LONGEST_STEP_S, passed_ns * 1e-9))
