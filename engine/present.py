"""What is known of a person at this moment of a visit, what holds for them, and what was written down of it."""

from collections.abc import Collection
from datetime import date

from engine.answers import Answers
from engine.body import Upright, upright
from engine.envelope import Envelope
from engine.first_sight import provisional, stance_in
from engine.frame import SIDES, Button, Frame
from engine.guard import Guard, seen
from engine.limits import Difficulty
from engine.plan import STILL, Plan
from engine.precautions import expired, problems_of
from engine.prescription import held_back
from engine.records import Answer, Calibration, Event, Stance, to_json
from engine.room import ROOM, THROUGH
from engine.scene import Middle


class Present:
    """The state that the frames of a visit and its script share.

    `place` is where they are, `in_trial` whether something is asked of the person now, `recentre_asked` whether they
    asked for a new middle, `see_through` whether they see the real room meanwhile. `upright` is how they stand when
    nothing is asked.
    """

    def __init__(self, plan: Plan, first: Frame, today: date) -> None:
        """Begin with the stance of the first frame that shows somebody; an assessment of standing replaces it."""
        self.plan = plan
        self.events: list[Event] = []
        self.now_s, self.place, self.in_trial, self.recentre_asked = 0.0, STILL, False, False
        self.see_through = False
        self.answers, self.guard = Answers(plan.adaptation), Guard()
        self.calibration = provisional(plan, first)
        self.middle = middle_of(self.calibration.stance)
        self.envelope = Envelope(self.calibration, plan.precautions, plan.caps, posture=plan.posture,
                                 floors=plan.floors, rises=plan.rises, adaptation=plan.adaptation,
                                 room=plan.room)  # fmt: skip
        self.chosen: Frame | None = None  # in which somebody asked for a new middle that was not taken yet
        self._first_ns, self._now = first.time_ns, first
        self._difficulties: dict[str, Difficulty] = {}
        # Somebody who stands as in the stance; nobody has where the stance is that of another day.
        self._neutral = None if plan.keep_stance else first
        self._know(self.calibration)
        if plan.room.floor == THROUGH or plan.room.bounds_m:
            self.note(ROOM, to_json(plan.room).decode().strip())
        if plan.prescribed is not None and (why := held_back(plan.prescribed)):
            self.note("prescription", why)
        for precaution in plan.precautions:
            late = expired(precaution, today)
            for problem in problems_of(precaution, today):
                self.note("precaution expired" if problem == late else "precaution unclear", problem)

    def see(self, frame: Frame) -> None:
        """Take the time of a frame, and the stance that somebody asks for with it."""
        self._now, self.now_s = frame, (frame.time_ns - self._first_ns) * 1e-9
        if frame.buttons and frame.buttons & Button.RECENTRE:
            self.recentre_asked = True
            self.note("recentre asked")
        if self.recentre_asked and seen(frame):
            self.recentre_asked, self.chosen = False, frame
            if not self.in_trial:  # where a trial ends, they may be leaning
                self.recentre()

    def note(self, name: str, detail: str = "") -> None:
        """Write down that something happened now."""
        self.events.append(Event(round(self.now_s, 6), name, detail))

    def take(self, answer: Answer) -> None:
        """Do at once what follows from something that the person said of themselves."""
        self.note("told", f"{answer.kind} {answer.value:g}")
        if answer.kind == "dizziness" and answer.value != 0:  # also one that is no number
            self.spare("the person was dizzy or queasy")
        easing = self.answers.take(answer)
        if easing is not None:
            self.envelope.ease(easing.share, f"{100 * easing.share:g} % of what was asked, {easing.why}", easing.of)
            self.guard.renew(self.envelope)

    def spare(self, why: str) -> None:
        """Show nothing that goes along with the head for the rest of the visit."""
        self.envelope.forbid_conflict(why)
        self.guard.renew(self.envelope)

    def recentre(self, detail: str = "") -> None:
        """Take the stance that was chosen, if one was."""
        if self.chosen is None:
            return
        self.note("recentred", detail)
        self._neutral, self.chosen = self.chosen, None
        stance = stance_in(self._neutral)
        self.envelope.stand(stance)
        self.calibration, self.middle = self.envelope.calibration, middle_of(stance)
        self.upright = self._upright()
        self.guard.renew(self.envelope)

    def guess_again(self) -> None:
        """Guess the stature of somebody unknown from now: in the first frame the headset was in another's hands."""
        if not self.calibration.stature_m.n:
            self._know(provisional(self.plan, self._neutral or self._now))

    def learn_of(self, calibration: Calibration, changed: Collection[str]) -> None:
        """Take in what an assessment measured: what it changed is followed anew."""
        if calibration.stance != self.calibration.stance:
            self._neutral = self._now
        self._difficulties = {name: known for name, known in self._difficulties.items() if name not in changed}
        self._know(calibration)

    def _know(self, calibration: Calibration) -> None:
        self.calibration = calibration
        new = {name: limit for name, limit in calibration.limits.items() if name not in self._difficulties}
        try:
            self._difficulties.update(self.plan.difficulty(new))
        except Exception as fault:  # noqa: BLE001 (who is not followed is asked for nothing, and can be measured)
            self.note("not followed", f"{', '.join(sorted(new))}: {fault!r}")
        self.envelope.know(calibration, self._difficulties)
        self.upright = self._upright()
        self.guard.renew(self.envelope)

    def _upright(self) -> Upright:
        arm_m = {side: arm.value for side, arm in self.calibration.arm_m.items()}
        shoulder = {side: self.envelope.shoulder(side) for side in SIDES}
        return upright(self.calibration.stance, arm_m, shoulder, self._neutral)


def middle_of(stance: Stance) -> Middle:
    """The middle of the room for somebody who stands so."""
    return Middle(stance.head_m[0], stance.head_m[2], stance.facing_deg)
