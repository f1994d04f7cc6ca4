"""How far a session can be trusted: what was seen, what was left out, and what its numbers ask to keep in mind."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from engine.records import BlockRecord, Calibration, Quality, Session
from server_sync.page import words
from server_sync.page.meanings import of_block

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
        elif block.kind == "calibrate":
            findings += [
                Finding(False, note if block.title in note else f"{block.title}, {note}") for note in block.notes
            ]
    findings += _of_events(session)
    if session.recording is None:
        findings.append(Finding(False, "The frames were not recorded, so nothing can be measured again"))
    return tuple(findings)


def clock_doubts(offset_s: float | None, within_s: float | None) -> tuple[Finding, ...]:
    """What to keep in mind of when a session was, by how far the clinic's clock was ahead of the device's."""
    if offset_s is None or abs(offset_s) <= LARGEST_OFFSET_S:
        return ()
    behind = "behind" if offset_s > 0 else "ahead of"
    what = f"The device's clock was {behind} the clinic's when this came, so its date and time may be wrong"
    return (Finding(False, what, f"{words.duration(abs(offset_s))} ± {within_s or 0:.1f} s"),)


def _of_devices(quality: Quality | None) -> list[Finding]:
    if quality is None:
        return [Finding(False, "Nothing is known about the quality of this recording")]
    seen = {
        "Head": quality.head_seen_percent,
        "Left hand": quality.left_seen_percent,
        "Right hand": quality.right_seen_percent,
    }
    findings = [
        Finding(percent >= ENOUGH_SEEN_PERCENT, f"{what} seen", f"{percent:.1f} % of {quality.rate_hz:.0f} Hz frames")
        for what, percent in seen.items()
    ]
    if quality.coverage_percent is not None:
        covered = quality.coverage_percent
        findings.append(Finding(covered >= ENOUGH_COVERED_PERCENT, "Time seen without gaps", f"{covered:.1f} %"))
    gap_s = quality.longest_gap_s
    findings.append(Finding(gap_s <= LONG_GAP_S, "Longest gap between frames", f"{gap_s:.2f} s"))
    findings += [
        Finding(False, f"Left out: {reason}", words.count(frames, "frame"))
        for reason, frames in quality.dropped.items()
        if frames
    ]
    return findings + [Finding(False, note) for note in quality.notes]


def _of_calibration(found: Calibration) -> list[Finding]:
    notes = found.quality.notes if found.quality else ()
    findings = [Finding(False, f"While measuring: {note}") for note in notes]
    for side, shoulder in sorted(found.shoulders.items()):
        what = f"{side.capitalize()} shoulder: {shoulder.method}"
        findings.append(Finding(shoulder.accepted, what, f"± {100 * shoulder.error_m:.0f} cm"))
        findings += [Finding(False, f"{side.capitalize()} shoulder, next time: {why}") for why in shoulder.why]
    return findings


def _doubts(found: Calibration, blocks: Sequence[BlockRecord]) -> list[Finding]:
    """Limits that are in doubt since an earlier day; what was measured today has a note of its own."""
    said = {note for block in blocks for note in block.notes}
    doubts = [(words.movement(name), doubt) for name, limit in found.limits.items() for doubt in limit.doubts]
    return [
        Finding(False, f"In doubt since before, {title[:1].lower()}{title[1:]}: {doubt}")
        for title, doubt in doubts
        if not any(note.lower() == f"{title}: {doubt}".lower() for note in said)
    ]


def _of_events(session: Session) -> list[Finding]:
    worth_knowing = [event for event in session.events if event.name in _WORTH_KNOWING]
    times = Counter(f"{words.sentence(event.name)}: {event.detail}" for event in worth_knowing)
    return [Finding(False, what, words.count(n, "time") if n > 1 else "") for what, n in times.items()]


def _of_measures(block: BlockRecord) -> list[Finding]:
    meanings = of_block(block)
    notes = Counter(
        (meanings.measure(name).title, number.note)
        for trial in block.trials
        for name, number in trial.measures.items()
        if number.note
    )
    return [
        Finding(False, f"{block.title}, {title[:1].lower()}{title[1:]}: {note}", words.count(trials, "trial"))
        for (title, note), trials in notes.most_common(_MOST_NOTES)
    ]
