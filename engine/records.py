"""The clinical vocabulary as records: what was measured, asked, done, and why.

Records are immutable, go to and from JSON unchanged, and hold all that is needed to understand them years
later. The server reads the same classes. Angles are degrees, lengths metres, times seconds from the first
frame of the session; a name that holds a quantity ends in its unit, or a `unit` field stands beside it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
import msgspec.inspect
import numpy as np

from engine.keys import Keys
from engine.sealing import Unopened, is_sealed, opened

SCHEMA = 1
_LINE_BYTES, _DEEPEST_LINE = 100, 4


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A value that is written down."""


AT_STOP_LINE = "ended at the stop line"
SEEN_IN_PLAY = "seen in play, not asked for: the person may well reach further"
"""What the note of a limit says that may lie further out."""


class Limit(Record, frozen=True):
    """How far a person can go in one movement, with a 95 % interval.

    `method` says how it was found, `n` from how many repetitions, `note` what to keep in mind; `best` is
    the furthest that was really done, and nothing beyond it is asked. `efforts` are the repetitions themselves, in
    order. `posture` is that of `engine.plan.POSTURES` in which it was measured and `measured_at` when (ISO 8601), ""
    where nobody wrote it down; `checked_at` is when efforts last agreed with it. `doubts` say why it should be measured
    again before anybody relies on it; a limit without any is valid.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    method: str
    note: str = ""
    best: float | None = None
    efforts: tuple[float, ...] = ()
    posture: str = ""
    measured_at: str = ""
    doubts: tuple[str, ...] = ()
    checked_at: str = ""

    @property
    def at_least(self) -> bool:
        """Whether it may well lie further out than its value says, as where a precaution or ceiling ended efforts."""
        return AT_STOP_LINE in self.note or SEEN_IN_PLAY in self.note


class ReachCell(Record, frozen=True):
    """The reach in one direction from the shoulder: the centre of a bin and its 95th percentile radius.

    `azimuth_deg` is 0 straight ahead of the trunk and positive to the right, `elevation_deg` is 0 with the
    arm hanging, 90 level and 180 straight up; `n` counts the samples.
    """

    azimuth_deg: float
    elevation_deg: float
    radius_m: float
    n: int


class Quality(Record, frozen=True):
    """How far a recording can be trusted: what was there, what was left out and why, and what was made good.

    Seconds, rate and gaps are those of the time in use. `coverage_percent` is the share of it that lies between good
    frames at most 0.1 s apart, and 19 of 20 steps are within `jitter_s` of the median step; both are None in records
    from before they were measured. Each entry of `dropped` counts frames by reason, and those of `lost` the frames
    that stayed in which a hand or tracker was no place. `mended` counts what was made good: the frames of a device
    that were bridged by straight lines or arcs, the orientations whose sign was turned. `bridged_gaps` counts by
    device the gaps of 0.1 to 0.25 s, `split_gaps` those that are longer and never bridged. `notes` are sentences for
    the therapist.
    """

    frames: int
    seconds: float
    rate_hz: float
    head_seen_percent: float
    left_seen_percent: float
    right_seen_percent: float
    longest_gap_s: float
    dropped: Mapping[str, int] = {}
    notes: tuple[str, ...] = ()
    coverage_percent: float | None = None
    jitter_s: float | None = None
    lost: Mapping[str, int] = {}
    mended: Mapping[str, int] = {}
    bridged_gaps: Mapping[str, int] = {}
    split_gaps: Mapping[str, int] = {}


class Stance(Record, frozen=True):
    """How a person stands when nothing is asked: the neutral head in metres, and facing to the right of -z."""

    head_m: tuple[float, float, float]
    facing_deg: float


class Shoulder(Record, frozen=True):
    """Where the centre of a shoulder is when nothing is asked: metres right, up and ahead of the neutral head.

    Right and ahead are those of the facing of the stance. `radius_m` is from there to the palm of the straight arm,
    `error_m` the half width of the 95 % interval of the centre along the direction that is known least. `method` says
    whether a sphere fit was `accepted` as it is, averaged with body proportions, or not possible; `why` says what was
    missing and what to do differently. `condition` and `residual_m` are those of `calibration.arm.ShoulderFit`, None
    without a fit; `n` counts places of the hand, a centimetre apart.
    """

    centre_m: tuple[float, float, float]
    radius_m: float
    error_m: float
    accepted: bool
    method: str
    n: int = 0
    condition: float | None = None
    residual_m: float | None = None
    why: tuple[str, ...] = ()


class Calibration(Record, frozen=True):
    """What was measured of a person: stance, lengths, reach and limits, each with method and number.

    `limits` maps a movement (`shoulder_elevation_left`, `lean_forward`) to its Limit; `reach` and `shoulders` map a
    side to its cells and its centre; `sway` holds head sway in quiet standing by name of the measure. `stature_m` is
    that of the person standing; `seated_m` is the height of the headset while they sat, where they did.
    `measured_under` are the precautions that held when it was measured last, None where nobody wrote them down.
    """

    measured_at: str
    stance: Stance
    stature_m: Limit
    arm_m: Mapping[str, Limit]
    limits: Mapping[str, Limit] = {}
    reach: Mapping[str, tuple[ReachCell, ...]] = {}
    sway: Mapping[str, "Measured"] = {}
    quality: Quality | None = None
    shoulders: Mapping[str, Shoulder] = {}
    seated_m: Limit | None = None
    measured_under: tuple["Precaution", ...] | None = None


class Measured(Record, frozen=True):
    """One number of a measure. `value` is None where it could not be measured, and `note` says why.

    `error` is the half width of a 95 % interval in the same unit; None where nobody knows it.
    """

    value: float | None
    unit: str
    error: float | None = None
    note: str = ""


class Precaution(Record, frozen=True):
    """A hard limit: no movement of this name beyond `at_most`, why, who says so, and until when (ISO date).

    `movement` is a name of `engine.movements.MOVEMENTS`; an activity (`standing`, `use_of_arm_left`) is forbidden with
    at most 0. Past its `until` a precaution still holds, and the therapist is told: only who lifts it loosens it.
    """

    movement: str
    at_most: float
    unit: str
    reason: str
    by: str
    until: str = ""


class Request(Record, frozen=True):
    """How far a trial asks a person to go, and why: a code for programs, a sentence for people."""

    movement: str
    amplitude: float
    unit: str
    code: str
    reason: str


class Answer(Record, frozen=True):
    """What a person said of themselves: `pain` (0 to 10), `fatigue` (0 to 10), `dizziness` (0 to 10) or `stop` (1).

    `at_s` is when in the session, None for before it.
    """

    kind: str
    value: float
    at_s: float | None = None


class Followed(Record, frozen=True):
    """What is believed of one or several limits that are followed together, whole: it goes on exactly where it was.

    `kind` is the tracker's, `numbers` its state by name, row by row; `at` is the day of the last trial (ISO date).
    """

    kind: str
    movements: tuple[str, ...]
    numbers: Mapping[str, tuple[float, ...]]
    at: str = ""


class KnobState(Record, frozen=True):
    """How far the parameters of one game have been made harder for somebody, and what changed last time.

    `levels` counts steps by knob, 0 as the preset has it and negative for easier; `values` are those of the preset that
    they count from, by parameter. `code` and `reason` are those of what changed after the last block, "" for nothing;
    `held` is the number of blocks for which nothing may become harder. `outcomes` are the last targets since a level
    changed, reached or not, and `blocks_in_band` the blocks in a row that went well enough to make it harder.
    """

    levels: Mapping[str, int] = {}
    blocks_in_band: int = 0
    held: int = 0
    code: str = ""
    reason: str = ""
    outcomes: tuple[bool, ...] = ()
    values: Mapping[str, float] = {}


class Trace(Record, frozen=True):
    """One quantity over one trial, thinned for reading: seconds from the trial's start, and values."""

    title: str
    unit: str
    t_s: tuple[float, ...]
    values: tuple[float | None, ...]


class TrialRecord(Record, frozen=True):
    """What one trial asked, what came of it, and what was measured.

    `outcome` is `reached`, `not yet` or `stopped`; `achieved` is in the unit of the request; `limit_after`
    is the running estimate that the next request was made from. `practice` says that a trial of a clinical test does
    not count for its results; it stays out of the file where it does, and where nobody knows.
    """

    number: int
    side: str
    start_s: float
    end_s: float
    outcome: str
    request: Request | None = None
    achieved: float | None = None
    limit_after: Limit | None = None
    measures: Mapping[str, Measured] = {}
    traces: tuple[Trace, ...] = ()
    quality: Quality | None = None
    practice: bool | msgspec.UnsetType = msgspec.UNSET


class BlockRecord(Record, frozen=True):
    """One run of one task. `kind` is calibrate, assess, warm up, play, rest or end; `version` is the task's own.

    `measures` are those of all its trials together. `change` says in words what had become harder or easier since the
    game was played last, and why; of the first assessment, why it was due.
    """

    task: str
    title: str
    version: int
    kind: str
    start_s: float
    end_s: float
    parameters: Mapping[str, float | int | str | bool] = {}
    preset: str = ""
    trials: tuple[TrialRecord, ...] = ()
    measures: Mapping[str, Measured] = {}
    notes: tuple[str, ...] = ()
    change: str = ""


class Event(Record, frozen=True):
    """Something that happened at a moment: `paused`, `resumed`, `stopped`, `recentre asked`, `recentred`, ...

    `detail` says why, or what came of it. A pause whose reason changes is `paused` again.
    """

    at_s: float
    name: str
    detail: str = ""


class Recording(Record, frozen=True):
    """The file of frames that belongs to a session, and its SHA-256."""

    file: str
    sha256: str
    bytes: int
    frames: int


class Prescribed(Record, frozen=True):
    """The prescription (engine.prescription) that a session was played by: which version, its SHA-256, its last day.

    `state` is what it was worth on that day: `current`, `expired`, `older` or `missing` (version 0).
    """

    patient: str
    version: int
    sha256: str
    valid_until: str
    state: str


class Room(Record, frozen=True):
    """The real room around a person, as far as a headset knows it.

    `floor` says how they see the floor: `beside` a screen, `through` the pictures of a headset, or `hidden`. `bounds_m`
    are the four corners (x, z) of the floor that is clear, in the space of the frames and in order; none where nobody
    knows them.
    """

    floor: str
    bounds_m: tuple[tuple[float, float], ...] = ()


class Session(Record, frozen=True):
    """One visit of one person, whole.

    `patient` is a pseudonym, `started_at` is ISO 8601 with an offset. `known` is the calibration that the visit
    began with and `calibration` the one that it ended with; `caps` are the preset's ceilings in degrees. These,
    `keep_stance`, `posture` (standing, seated or lying), `adaptation`, `floors`, `rises`, `followed`, `scale` (of
    questions: words or faces), `most_s` (how long it may last, None for no end) and `play_s` (how long play may from
    its first game on; it stays out of the file where nobody says) are the plan's, so that the session can be played
    again from its recording. `told` is what the person said of themselves, those that were asked before
    it began first, which have no time. `answers` is empty: records from before `told` have it. Where nothing was
    prescribed, `prescribed` stays out of the file and is false.
    """

    id: str
    patient: str
    started_at: str
    seconds: float
    headset: str
    headset_description: str
    software: str
    seed: int
    preset: str
    ended_by: str
    calibration: Calibration | None
    precautions: tuple[Precaution, ...] = ()
    blocks: tuple[BlockRecord, ...] = ()
    events: tuple[Event, ...] = ()
    answers: Mapping[str, str] = {}
    quality: Quality | None = None
    recording: Recording | None = None
    known: Calibration | None = None
    caps: Mapping[str, float] = {}
    keep_stance: bool = False
    posture: str = "standing"
    told: tuple[Answer, ...] = ()
    adaptation: Mapping[str, float | int | str | bool | tuple[str, ...]] = {}
    floors: Mapping[str, float] = {}
    rises: Mapping[str, float] = {}
    followed: tuple[Followed, ...] = ()
    scale: str = "words"
    most_s: float | None = None
    prescribed: Prescribed | msgspec.UnsetType = msgspec.UNSET
    play_s: float | msgspec.UnsetType = msgspec.UNSET
    schema: int = SCHEMA


class RecordUnreadable(ValueError):
    """A file that should hold a record does not; the message names the file, the place in it and the reason."""


def to_json(record: Record) -> bytes:
    """Write a record as JSON that ends with a newline; equal records give equal bytes.

    What is short stays on one line, and so does what lies deep, such as a trial: it can be read and compared by line,
    and is little longer than without lines.
    """
    return _in_lines(msgspec.json.encode(record, enc_hook=_plain, order="sorted")) + b"\n"


def _in_lines(value: bytes, depth: int = 0) -> bytes:
    """A value of JSON, with a line for each of its parts."""
    if len(value) <= _LINE_BYTES or depth == _DEEPEST_LINE or value[:1] not in (b"{", b"["):
        return value
    if value[:1] == b"{":
        fields = msgspec.json.decode(value, type=dict[str, msgspec.Raw])
        parts = [msgspec.json.encode(name) + b": " + _in_lines(bytes(part), depth + 1) for name, part in fields.items()]
    else:
        parts = [_in_lines(bytes(part), depth + 1) for part in msgspec.json.decode(value, type=list[msgspec.Raw])]
    margin = b"\n" + b" " * depth
    return value[:1] + b",".join(margin + b" " + part for part in parts) + margin + value[-1:]


def _plain(value: object) -> object:
    """A number of numpy as one of Python: a game that measures with arrays easily leaves one behind."""
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"a record cannot hold {type(value).__name__}")


R = TypeVar("R", bound=Record)


def from_json(content: bytes, kind: type[R], name: str = "record", newer: bool = False) -> R:
    """Read a record from JSON; raises RecordUnreadable, naming `name` and the place, when it does not fit.

    With `newer` it may be of a later version: fields that are not known here are left out.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
        why: Exception = reason
    if newer:
        try:
            return msgspec.convert(_known(msgspec.json.decode(content), msgspec.inspect.type_info(kind)), kind)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as reason:
            why = reason
    raise RecordUnreadable(f"{name} is not a {kind.__name__}: {why}")


def _known(value: object, kind: msgspec.inspect.Type) -> object:
    """A value without the fields that records of this version do not have."""
    if isinstance(kind, msgspec.inspect.UnionType):
        for one in kind.types:
            value = _known(value, one)
        return value
    if isinstance(kind, msgspec.inspect.StructType) and isinstance(value, dict):
        fields = {field.encode_name: field.type for field in kind.fields}
        return {name: _known(each, fields[name]) for name, each in value.items() if name in fields}
    if isinstance(kind, msgspec.inspect.DictType) and isinstance(value, dict):
        return {name: _known(each, kind.value_type) for name, each in value.items()}
    if isinstance(kind, msgspec.inspect.VarTupleType) and isinstance(value, list):
        return [_known(each, kind.item_type) for each in value]
    return value


def plain(path: Path, keys: Keys | None = None) -> bytes:
    """The JSON of a record that is kept in a file, sealed or not; raises RecordUnreadable where it cannot be had.

    `keys` are those of this computer, unless others are given.
    """
    try:
        content = path.read_bytes()
    except OSError as reason:
        raise RecordUnreadable(f"{path} cannot be read: {reason.strerror}") from None
    if not is_sealed(content):
        return content
    try:
        return opened(content, keys or Keys())
    except Unopened as reason:
        raise RecordUnreadable(f"{path} cannot be opened: {reason}") from None


def read(path: Path, kind: type[R], keys: Keys | None = None) -> R:
    """Read a record from a file, sealed or not; raises RecordUnreadable when it is missing or does not fit."""
    return from_json(plain(path, keys), kind, str(path))
