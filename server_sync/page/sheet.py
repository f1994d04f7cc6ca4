"""One session as it is read: headings, findings, charts and rows, for the page and for the report alike."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from markupsafe import Markup

from engine import presets
from engine.plan import ASSESS, POSTURES
from engine.records import Answer, BlockRecord, Calibration, Precaution, Recording, Session
from engine.room import ROOM
from engine.task import tried
from server_sync.clinic.ceilings import ceilings
from server_sync.page import figures, words
from server_sync.page.happened import happened
from server_sync.page.language import N_, _, decimal
from server_sync.page.meanings import sway
from server_sync.page.numbers import Group, grouped, limits, numbers
from server_sync.page.parts import Part, part, worth_a_look
from server_sync.page.translated import translated
from server_sync.page.trust import Finding, trust

FINISHED = "finished"
_SWAY_AT_A_GLANCE = ("sway_velocity", "sway_area", "sway_rms_ml", "sway_rms_ap")
_EVENTS = {"told": N_("The person said"), "not learnt": N_("Nothing learnt from a trial")}
_STEPS = {
    "calibrate": N_("Measured: %(what)s"),
    ASSESS: N_("Tested: %(what)s"),
    "warm up": N_("Warm-up: %(what)s"),
    "play": N_("Played: %(what)s"),
}
_DONE = ("play", ASSESS)


class Measurements(NamedTuple):
    """What was measured of the person before play."""

    when: str
    figures: tuple[tuple[str, Markup], ...]
    sides: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Group, ...]], ...]


class Sheet(NamedTuple):
    """All of one session. Each fact comes in three pieces, of which the middle one stands out."""

    id: str
    title: str
    when: str
    sub: str
    facts: tuple[tuple[str, str, str], ...]
    precautions: tuple[str, ...]
    parts: tuple[Part, ...]
    measurements: Measurements | None
    trust: tuple[Finding, ...]
    course: tuple[tuple[str, str, str], ...]
    origin: tuple[tuple[str, str], ...]
    software: str


def sheet(session: Session, block: int | None = None, trial: int | None = None) -> Sheet:
    """Read a session; `block` and `trial` choose the trial of one block to look at closely."""
    played = {number: record for number, record in enumerate(session.blocks) if record.kind in _DONE}
    chosen = {number: worth_a_look(record) for number, record in played.items()}
    if block in played and trial in {record.number for record in played[block].trials}:
        chosen[block] = trial
    started = datetime.fromisoformat(session.started_at)
    titles = ", ".join(dict.fromkeys(translated(record.title) for record in played.values() if record.trials))
    return Sheet(
        id=session.id,
        title=titles or _("No game was played"),
        when=f"{words.day(started)}, {started:%H:%M}",
        sub=_joined(
            words.duration(session.seconds),
            translated(session.posture) if session.posture != POSTURES[0] else "",
            translated(session.headset_description),
            _("preset %(name)s", name=_preset(session.preset)) if session.preset else "",
        ),
        facts=_facts(session, list(played.values())),
        precautions=tuple(precaution_words(precaution) for precaution in session.precautions),
        parts=tuple(
            part(number, record, ceilings(session), chosen[number], happened(session, number, chosen[number]))
            for number, record in played.items()
        ),
        measurements=_measurements(session.calibration) if session.calibration else None,
        trust=trust(session),
        course=_course(session),
        origin=_origin(session),
        software=session.software,
    )


def _preset(name: str) -> str:
    known = name in presets.names()
    return translated(presets.resolve(name, {}, others=True).title) if known else name


def _joined(*pieces: str) -> str:
    return " · ".join(piece for piece in pieces if piece)


def _facts(session: Session, played: Sequence[BlockRecord]) -> tuple[tuple[str, str, str], ...]:
    counted = tried(trial for block in played for trial in block.trials)
    reached = sum(trial.outcome == "reached" for trial in counted)
    facts = [_fact(_("**%(n)s of %(all)s** reached", n=reached, all=len(counted)))] if counted else []
    facts += [_answer(answer) for answer in session.told if answer.kind != "stop"]  # a stop is how the session ended
    return (
        tuple(facts)
        if session.ended_by == FINISHED
        else (*facts, _fact(_("**Ended early:** %(how)s", how=translated(session.ended_by))))
    )


def _answer(answer: Answer) -> tuple[str, str, str]:
    said = {"what": words.sentence(translated(answer.kind)), "value": decimal(f"{answer.value:g}")}
    if answer.at_s is None:
        return _fact(_("%(what)s before **%(value)s of 10**", **said))
    return _fact(_("%(what)s at %(clock)s **%(value)s of 10**", clock=words.clock(answer.at_s), **said))


def _fact(said: str) -> tuple[str, str, str]:
    """A sentence in three pieces; what stands between two pairs of asterisks is the middle one."""
    before, fact, after = said.split("**")
    return before.strip(), fact, after.strip()


def precaution_words(precaution: Precaution) -> str:
    """What is forbidden, until when, why and by whom."""
    return f"{words.bound(precaution)} ({', '.join(said for said in (precaution.reason, precaution.by) if said)})"


def _measurements(found: Calibration) -> Measurements:
    arms = {_("Left arm") if side == "left" else _("Right arm"): length for side, length in found.arm_m.items()}
    seated = {_("Headset height, seated"): found.seated_m} if found.seated_m else {}
    drawn: tuple[tuple[str, Markup], ...] = ()
    if any(found.reach.values()):
        drawn = (
            (_("at each height, from the side"), figures.reach_from_side(found.reach)),
            (_("in each direction, from above"), figures.reach_from_above(found.reach)),
        )
    glance = {name: found.sway[name] for name in _SWAY_AT_A_GLANCE if name in found.sway}
    said = {number.note for number in glance.values()}
    more = {name: number for name, number in found.sway.items() if name not in glance}
    more = {name: number for name, number in more.items() if number.value is not None or number.note not in said}
    groups = {
        _("Lengths"): limits({_("Standing height"): found.stature_m} | seated | arms, found.measured_at),
        _("Limits"): limits({words.movement(name): limit for name, limit in found.limits.items()}, found.measured_at),
        _("Head sway in quiet standing"): grouped(numbers(glance, sway())),
        _("More of the head sway"): grouped(numbers(more, sway())),
    }
    return Measurements(
        when=_joined(words.date(found.measured_at), _("value (95 %% interval)")),
        figures=drawn,
        sides=tuple(side for side in ("left", "right") if found.reach.get(side)),
        groups=tuple((title, group) for title, group in groups.items() if group),
    )


def _course(session: Session) -> tuple[tuple[str, str, str], ...]:
    steps = [(block.start_s, _step(block), words.sentence(translated(block.change))) for block in session.blocks]
    events = [
        (event.at_s, words.sentence(translated(_EVENTS.get(event.name, event.name))), translated(event.detail))
        for event in session.events
        if event.name != ROOM
    ]
    ordered = sorted(steps + events, key=lambda step: step[0])
    played = any(block.trials for block in session.blocks if block.kind in _DONE)
    how = session.ended_by if played or session.ended_by != FINISHED else N_("ended without a game")
    end = (words.clock(session.seconds), words.sentence(translated(how)), "")
    return (*((words.clock(at_s), what, detail) for at_s, what, detail in ordered), end)


def _step(block: BlockRecord) -> str:
    if block.kind in _STEPS and not block.trials:
        return _("Left out: %(what)s", what=translated(block.title))
    return _(_STEPS.get(block.kind, "%(what)s"), what=translated(block.title))


def _origin(session: Session) -> tuple[tuple[str, str], ...]:
    lines = [
        (_("Session"), session.id),
        (_("Headset"), _joined(translated(session.headset), translated(session.headset_description))),
        (_("Software"), session.software),
        (_("Seed"), str(session.seed)),
    ]
    if session.recording:
        lines.append((_("Frames"), _frames(session.recording)))
        lines.append((_("SHA-256 of the frames"), session.recording.sha256))
    return tuple(lines)


def _frames(recording: Recording) -> str:
    size = decimal(f"{recording.bytes / 1e6:.1f}")
    return _("%(frames)s in %(size)s MB", frames=words.whole(recording.frames), size=size)
