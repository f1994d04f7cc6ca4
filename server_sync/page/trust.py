"""How far a session can be trusted: what was seen, what was left out, and what its numbers ask to keep in mind."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from engine.movements import MOVEMENTS
from engine.plan import ASSESS
from engine.records import BlockRecord, Calibration, Quality, Session
from server_sync.page import words
from server_sync.page.language import _, decimal, ngettext
from server_sync.page.meanings import of_block
from server_sync.page.translated import translated

ENOUGH_SEEN_PERCENT = 95.0
ENOUGH_COVERED_PERCENT = 98.0
LONG_GAP_S = 0.5
LARGEST_OFFSET_S = 120.0
_MOST_NOTES = 4
_WORTH_KNOWING = (
    *("precaution expired", "precaution unclear", "target outside the envelope"),
    *("not learnt", "not followed"),
)


class Finding(NamedTuple):
    """One line: fine or to keep in mind, what, and how much."""

    fine: bool
    words: str
    value: str = ""


def trust(session: Session) -> tuple[Finding, ...]:
    """All findings of a session, the devices first."""
    findings = _of_devices(session.quality)
    if session.calibration:
        findings += _of_calibration(session.calibration)
        findings += _doubts(session.calibration, session.blocks)
    for block in session.blocks:
        if block.kind == "play":
            findings += _of_measures(block)
        elif block.kind in ("calibrate", ASSESS):
            findings += [Finding(False, _note(block, note)) for note in block.notes]
    findings += _of_events(session)
    if session.recording is None:
        findings.append(Finding(False, _("The frames were not recorded, so nothing can be measured again")))
    return tuple(findings)


def clock_doubts(offset_s: float | None, within_s: float | None) -> tuple[Finding, ...]:
    """What to keep in mind of when a session was, by how far the clinic's clock was ahead of the device's."""
    if offset_s is None or abs(offset_s) <= LARGEST_OFFSET_S:
        return ()
    what = (
        _("The device's clock was behind the clinic's when this came, so its date and time may be wrong")
        if offset_s > 0
        else _("The device's clock was ahead of the clinic's when this came, so its date and time may be wrong")
    )
    return (Finding(False, what, f"{words.duration(abs(offset_s))} ± {decimal(f'{within_s or 0:.1f}')} s"),)


def _note(block: BlockRecord, note: str) -> str:
    title, said = translated(block.title), translated(note)
    return said if block.title in note else _("%(game)s, %(note)s", game=title, note=said)


def _of_devices(quality: Quality | None) -> list[Finding]:
    if quality is None:
        return [Finding(False, _("Nothing is known about the quality of this recording"))]
    seen = {
        _("Head seen"): quality.head_seen_percent,
        _("Left hand seen"): quality.left_seen_percent,
        _("Right hand seen"): quality.right_seen_percent,
    }
    findings = [
        Finding(percent >= ENOUGH_SEEN_PERCENT, what, _share_seen(percent, quality.rate_hz))
        for what, percent in seen.items()
    ]
    if quality.coverage_percent is not None:
        covered = quality.coverage_percent
        findings.append(
            Finding(covered >= ENOUGH_COVERED_PERCENT, _("Time seen without gaps"), f"{decimal(f'{covered:.1f}')} %")
        )
    gap_s = quality.longest_gap_s
    findings.append(Finding(gap_s <= LONG_GAP_S, _("Longest gap between frames"), f"{decimal(f'{gap_s:.2f}')} s"))
    findings += [
        Finding(False, _("Left out: %(what)s", what=translated(reason)), _frames(frames))
        for reason, frames in quality.dropped.items()
        if frames
    ]
    return findings + [Finding(False, translated(note)) for note in quality.notes]


def _share_seen(percent: float, rate_hz: float) -> str:
    share, rate = decimal(f"{percent:.1f}"), f"{rate_hz:.0f}"
    return _("%(share)s %% of %(rate)s Hz frames", share=share, rate=rate)


def _frames(number: int) -> str:
    return ngettext("%(num)s frame", "%(num)s frames", number)


def _of_calibration(found: Calibration) -> list[Finding]:
    notes = found.quality.notes if found.quality else ()
    findings = [Finding(False, _("While measuring: %(note)s", note=translated(note))) for note in notes]
    for side, shoulder in sorted(found.shoulders.items()):
        what = _("%(shoulder)s: %(said)s", shoulder=_shoulder(side), said=translated(shoulder.method))
        findings.append(Finding(shoulder.accepted, what, f"± {100 * shoulder.error_m:.0f} cm"))
        findings += [Finding(False, _next_time(side, why)) for why in shoulder.why]
    return findings


def _shoulder(side: str) -> str:
    return _("Left shoulder") if side == "left" else _("Right shoulder")


def _next_time(side: str, why: str) -> str:
    return _("%(shoulder)s, next time: %(why)s", shoulder=_shoulder(side), why=translated(why))


def _doubts(found: Calibration, blocks: Sequence[BlockRecord]) -> list[Finding]:
    """Limits that are in doubt since an earlier day; what was measured today has a note of its own."""
    said = {note for block in blocks for note in block.notes}
    doubts = [(name, words.movement(name), doubt) for name, limit in found.limits.items() for doubt in limit.doubts]
    return [
        Finding(
            False,
            _("In doubt since before, %(movement)s: %(why)s", movement=words.inside(title), why=translated(doubt)),
        )
        for name, title, doubt in doubts
        if not any(note.lower() == f"{MOVEMENTS[name].title}: {doubt}".lower() for note in said)
    ]


def _of_events(session: Session) -> list[Finding]:
    worth_knowing = [event for event in session.events if event.name in _WORTH_KNOWING]
    times = Counter((event.name, event.detail) for event in worth_knowing)
    return [
        Finding(False, _event(name, detail), ngettext("%(num)s time", "%(num)s times", n) if n > 1 else "")
        for (name, detail), n in times.items()
    ]


def _event(name: str, detail: str) -> str:
    what = words.sentence(translated(name))
    return _("%(what)s: %(detail)s", what=what, detail=translated(detail))


def _of_measures(block: BlockRecord) -> list[Finding]:
    meanings = of_block(block)
    notes = Counter(
        (meanings.measure(name).title, number.note)
        for trial in block.trials
        for name, number in trial.measures.items()
        if number.note
    )
    return [
        Finding(False, _of_game(block, title, note), ngettext("%(num)s trial", "%(num)s trials", trials))
        for (title, note), trials in notes.most_common(_MOST_NOTES)
    ]


def _of_game(block: BlockRecord, measure: str, note: str) -> str:
    game = translated(block.title)
    return _("%(game)s, %(measure)s: %(note)s", game=game, measure=measure, note=translated(note))
