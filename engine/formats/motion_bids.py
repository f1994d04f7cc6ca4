"""Recordings as Motion-BIDS: a dataset folder that grows by one session with each recording written into it.

Poses that were not valid are `n/a`; speeds and joints are not in it, and neither is the date of the visit.
Specification: BIDS 1.10, https://bids-specification.readthedocs.io (Motion), doi 10.1038/s41597-024-03559-8.
"""

import hashlib
import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from engine.formats.events import Mark, marks
from engine.formats.tables import INPUTS, POSE, Poses, poses_of, recorded_of
from engine.recording import Recorded, RecordingUnreadable
from engine.records import Session

BIDS_VERSION = "1.10.0"
DESCRIPTION = "dataset_description.json"
LONGEST_LABEL = 64
"""So that a name of a file, which has two of them, is one that every system takes."""
_COMPONENTS = ("x", "y", "z", "quat_x", "quat_y", "quat_z", "quat_w")
_MISSING = "n/a"
_README = """Poses of head and hands while games of physiotherapy were played in a virtual-reality headset.

Each recording has the axes of OpenXR (x right, y up, z backwards; metres; quaternions x y z w, device to space) and
exact times in its LATENCY channel. Participants are pseudonyms. How a person moves can identify that person: treat
these recordings as personal data.
"""
_EVENTS = {
    "trial_type": "The task of a trial, or the name of an event.",
    "trial": "Number of the trial within its task.",
    "side": "The side that was asked for.",
    "outcome": "What came of the trial: reached, not yet or stopped.",
    "practice": "The word practice where a clinical test was only tried out: no result counts it.",
    "asked": "How far the trial asked to go, in the unit beside it.",
    "achieved": "How far the person went, in the unit beside it.",
    "unit": "The unit of asked and achieved.",
    "detail": "Why an event happened, or what came of it.",
}
_REFERENCE = {
    "reference_frame": {
        "Description": "The frame of reference of positions and orientations.",
        "Levels": {
            "space": {
                "SpatialAxes": "RSP",
                "RotationRule": "right-hand",
                "Description": "OpenXR: the floor at y = 0, as the headset set it; quaternions turn device into space",
            }
        },
    }
}


class AlreadyThere(FileExistsError):
    """The dataset has this recording already, or the folder holds something else; the message names it."""


class _Channel(NamedTuple):
    name: str
    component: str
    type: str
    tracked_point: str
    units: str
    reference_frame: str


def write(folder: Path, recorded: Recorded, session: Session | None = None, name: str = "recording") -> list[Path]:
    """Add a recording to a dataset, which is made if need be; returns the files of the recording.

    `name` labels a recording that has no session. A recording is there as a whole or not at all. Raises AlreadyThere.
    """
    subject = f"sub-{label(session.patient if session else 'unknown')}"
    visit = f"ses-{label(session.id if session else name)}"
    home = folder / subject / visit / "motion"
    if home.exists():
        raise AlreadyThere(f"{home} exists already: a recording is written once")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / DESCRIPTION).is_file():
        raise AlreadyThere(f"{folder} holds other things and is no dataset: name another folder, or an empty one")
    poses = poses_of(recorded)
    channels = _channels(poses)
    stem = f"{subject}_{visit}_task-visit"
    system = f"{stem}_tracksys-headset"
    files = {
        f"{system}_motion.tsv": _table(_lines(poses)),
        f"{system}_motion.json": _json(_sidecar(poses, channels, recorded, session)),
        f"{system}_channels.tsv": _table([_Channel._fields, *channels]),
        f"{system}_channels.json": _json(_REFERENCE),
    }
    if session is not None:
        files[f"{stem}_events.tsv"] = _table(_events(marks(session)))
        files[f"{stem}_events.json"] = _json({column: {"Description": words} for column, words in _EVENTS.items()})
    home.parent.mkdir(parents=True, exist_ok=True)
    _describe(folder, subject)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".export-") as scratch:
        whole = Path(scratch) / home.name
        whole.mkdir()
        for file, content in files.items():
            _put(whole / file, content)
        whole.rename(home)
    return [home / file for file in files]


def read(path: Path) -> Recorded:
    """Read what `write` wrote: a motion.tsv, or a dataset that holds one; raises RecordingUnreadable."""
    found = [path] if path.is_file() else sorted(path.glob("sub-*/ses-*/motion/*_motion.tsv"))
    if len(found) != 1:
        raise RecordingUnreadable(
            f"{path} holds {len(found)} recordings: name one of its files that end in _motion.tsv"
        )
    stem = str(found[0]).removesuffix("_motion.tsv")
    try:
        about = json.loads(Path(f"{stem}_motion.json").read_text(encoding="utf-8"))
        channels = Path(f"{stem}_channels.tsv").read_text(encoding="utf-8").splitlines()[1:]
        lines = found[0].read_text(encoding="utf-8").replace(_MISSING, "nan").splitlines()
        names = [line.split("\t")[0] for line in channels]
        values = np.loadtxt(lines, delimiter="\t", ndmin=2) if lines else np.empty((0, len(names)))
        return _recorded(dict(zip(names, values.T, strict=True)), about)
    except OSError as reason:
        raise RecordingUnreadable(f"{found[0]} needs {reason.filename}: {reason.strerror}") from None
    except (ValueError, KeyError) as reason:
        raise RecordingUnreadable(f"{found[0]} is not one of our recordings: {reason}") from None


def label(name: str) -> str:
    """A BIDS label, letters and digits alone, LONGEST_LABEL and 8 at most; names that differ get labels that differ."""
    plain = re.sub("[^0-9a-zA-Z]", "", name)[:LONGEST_LABEL]
    return plain if plain == name and plain else plain + hashlib.blake2s(name.encode(), digest_size=4).hexdigest()


def _describe(folder: Path, subject: str) -> None:
    about = {
        "Name": "Steadyreach recordings",
        "BIDSVersion": BIDS_VERSION,
        "DatasetType": "raw",
        "GeneratedBy": [{"Name": "Steadyreach"}],
    }
    participants = folder / "participants.tsv"
    for file, content in (
        (folder / DESCRIPTION, _json(about)),
        (folder / "README", _README),
        (participants, "participant_id\n"),
    ):
        if not file.exists():
            _put(file, content)
    known = participants.read_text(encoding="utf-8").splitlines()
    if subject not in (line.split("\t")[0] for line in known):
        more = "\t".join([subject, *[_MISSING] * known[0].count("\t")])
        _put(participants, "\n".join([*known, more]) + "\n")


def _channels(poses: Poses) -> list[_Channel]:
    found = [_Channel("latency", _MISSING, "LATENCY", _MISSING, "s", _MISSING)]
    for device in poses.poses:
        for part, component in zip(POSE, _COMPONENTS, strict=True):
            kind, unit = ("POS", "m") if component in "xyz" else ("ORNT", _MISSING)
            found.append(_Channel(f"{device}_{part}", component, kind, device, unit, "space"))
    misc = (*INPUTS, "flags", "devices_flags")
    return found + [_Channel(name, _MISSING, "MISC", _MISSING, _MISSING, _MISSING) for name in misc]


def _lines(poses: Poses) -> Iterator[list[str]]:
    latency_ns = (poses.time_ns - poses.time_ns[:1]).tolist()
    numbers = np.hstack([*poses.poses.values(), poses.inputs]).tolist()
    flags, devices_flags = poses.flags.tolist(), poses.devices_flags.tolist()
    for at_ns, row, first, second in zip(latency_ns, numbers, flags, devices_flags, strict=True):
        sign, at_ns = "-" * (at_ns < 0), abs(at_ns)
        beside = str(second) if second >= 0 else _MISSING
        yield [f"{sign}{at_ns // 10**9}.{at_ns % 10**9:09d}", *map(_number, row), str(first), beside]


def _sidecar(poses: Poses, channels: Sequence[_Channel], recorded: Recorded, session: Session | None) -> dict[str, Any]:
    steps_s = np.diff(poses.time_ns) * 1e-9
    rising = steps_s[steps_s > 0]
    seconds = float(np.ptp(poses.time_ns)) * 1e-9 if len(poses.time_ns) else 0.0
    kinds = [channel.type for channel in channels]
    return {
        "TaskName": "visit",
        "TaskDescription": "Assessments and games of physiotherapy in a virtual-reality headset, one after another.",
        "SamplingFrequency": round(1 / float(np.median(rising)), 3) if len(rising) else 0.0,
        "SamplingFrequencyEffective": len(steps_s) / seconds if seconds else _MISSING,
        "RecordingDuration": seconds,
        "RecordingType": "continuous",
        "MissingValues": _MISSING,
        "TrackingSystemName": "headset",
        "ManufacturersModelName": session.headset_description if session else _MISSING,
        "SoftwareVersions": session.software if session else _MISSING,
        "MotionChannelCount": len(channels),
        "TrackedPointsCount": len(poses.poses),
        **{f"{kind}ChannelCount": kinds.count(kind) for kind in ("POS", "ORNT", "LATENCY")},
        "MiscChannelCount": kinds.count("MISC"),
        "FirstSampleNanoseconds": int(poses.time_ns[0]) if len(poses.time_ns) else 0,
        "RecordingHeader": recorded.header,
    }


def _events(found: Sequence[Mark]) -> Iterator[list[str]]:
    yield ["onset", "duration", *_EVENTS]
    for mark in found:
        words = [" ".join(str(word).split()) if word not in ("", None) else _MISSING for word in mark[2:]]
        yield [f"{mark.at_s:.9g}", f"{mark.seconds:.9g}", *words]


def _recorded(values: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> Recorded:
    devices = [name.removesuffix(f"_{POSE[0]}") for name in values if name.endswith(f"_{POSE[0]}")]
    poses = {
        device: np.stack([values[f"{device}_{part}"] for part in POSE], axis=1).astype(np.float32) for device in devices
    }
    time_ns = about["FirstSampleNanoseconds"] + np.round(values["latency"] * 1e9).astype(np.int64)
    inputs = np.stack([values[name] for name in INPUTS], axis=1).astype(np.float32)
    devices_flags = np.where(np.isnan(values["devices_flags"]), -1, values["devices_flags"]).astype(np.int64)
    flags = values["flags"].astype(np.uint32)
    return recorded_of(Poses(time_ns, flags, inputs, devices_flags, poses), about["RecordingHeader"])


def _number(value: float) -> str:
    return f"{value:.9g}" if np.isfinite(value) else _MISSING


def _table(lines: Iterator[list[str]] | Sequence[Sequence[str]]) -> str:
    return "".join("\t".join(line) + "\n" for line in lines)


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, indent=1) + "\n"


def _put(path: Path, content: str) -> None:
    """Write a file that is whole or as it was before."""
    unfinished = path.with_name(f".{path.name}")
    try:
        unfinished.write_text(content, encoding="utf-8", newline="\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
