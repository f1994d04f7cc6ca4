"""What the measures say of a recording as bytes: a pure function of these, of its session, and of the measures.

It is what `steadyreach measure` finds in the session's folder, written so that equal findings are equal bytes.
"""

import hashlib
import json
from functools import cache
from pathlib import Path

import msgspec

from engine import recording
from engine.commands.measure import Measures, measure
from engine.commands.person import person_of
from engine.metrics.definition import NotMeasurable
from engine.recording import RecordingUnreadable
from engine.records import RecordUnreadable, Session, from_json
from engine.sealing import PrivateKeys

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = (
    *("engine/recording.py", "engine/vrec/*.py", "engine/frame.py", "engine/records.py"),
    *("engine/asking.py", "engine/body.py", "engine/bounds.py", "engine/envelope.py", "engine/facing.py"),
    *("engine/limits.py", "engine/measuring.py", "engine/motion.py", "engine/movements.py", "engine/places.py"),
    *("engine/raising.py", "engine/room.py", "engine/rowing.py", "engine/sitting.py", "engine/tabletop.py"),
    *("engine/trace.py", "engine/upper_limb.py", "engine/workspace.py"),
    *("engine/metrics/*.py", "engine/commands/measure.py", "engine/commands/measured.py", "engine/commands/person.py"),
    *("engine/commands/sway_track.py", "calibration/arm.py", "calibration/height.py", "calibration/imported.py"),
    *("calibration/limits.py", "calibration/shoulders.py", "calibration/standing.py"),
)
"""Where a recording is read and measured: a change in any of these may change a number."""
DIGITS = 9
"""Significant digits of a number that is kept: processors and their libraries differ after about the 12th."""
NAME = "the recording"


@cache
def version() -> str:
    """The version of all measures: 16 hexadecimal digits, which change with the text of whatever makes a number."""
    found = hashlib.sha256()
    for path in sorted({path for pattern in SOURCES for path in ROOT.glob(pattern)}):
        source = path.read_bytes().replace(b"\r\n", b"\n")
        found.update(f"{path.relative_to(ROOT).as_posix()} {len(source)}\n".encode() + source)
    return found.hexdigest()[:16]


def measured(content: bytes, record: bytes, keys: PrivateKeys) -> bytes:
    """The measures of a recording, as canonical JSON; `record` is its session's, b"" where there is none.

    What cannot be measured carries its reason, and so does a recording that cannot be read or opened.
    """
    try:
        session = from_json(record, Session, newer=True) if record else None
        found = measure(Path(NAME), person_of(recording.recorded(content, NAME, keys), NAME, session))
    except (NotMeasurable, RecordingUnreadable, RecordUnreadable) as reason:
        found = Measures("", not_measured={"recording": str(reason)})
    plain = {name: value for name, value in msgspec.to_builtins(found).items() if name != "file"}
    return json.dumps(_rounded(plain), sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value
