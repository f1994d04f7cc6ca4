"""Recordings as MCAP for Foxglove: JSON messages with Foxglove's schemas, whose frame `world` is z up.

`/tf_static` turns `space`, which has OpenXR's axes, into `world` by a quarter turn about x: right stays x, forward
becomes y, up becomes z. `/tf` holds the poses that were valid in each frame, in `space`; `/inputs` flags, triggers
and squeezes; `/events` trials and events. Numbers come back exactly; speeds and joints are not in it.
Schemas: https://docs.foxglove.dev/docs/sdk/schemas; container: https://mcap.dev/spec.
"""

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from zstandard import ZstdError

from engine.formats.events import marks
from engine.formats.tables import INPUTS, POSE, Poses, poses_of, recorded_of
from engine.recording import Recorded, RecordingUnreadable
from engine.records import Session

CHUNK_BYTES = 8192
"""Small, so that a file that was cut loses a second and not a minute."""
_INFO = 2
_QUARTER = math.sqrt(0.5)


def _object(title: str, properties: Mapping[str, Any], optional: Sequence[str] = ()) -> dict[str, Any]:
    required = [name for name in properties if name not in optional]
    return {"title": title, "type": "object", "properties": dict(properties), "required": required}


_NUMBER, _TEXT = {"type": "number"}, {"type": "string"}
_WHOLE = {"type": "integer", "minimum": 0}
_TIME = _object("time", {"sec": _WHOLE, "nsec": {**_WHOLE, "maximum": 999_999_999}})
_TRANSFORM = _object(
    "foxglove.FrameTransform",
    {
        "timestamp": _TIME,
        "parent_frame_id": _TEXT,
        "child_frame_id": _TEXT,
        "translation": _object("foxglove.Vector3", dict.fromkeys("xyz", _NUMBER)),
        "rotation": _object("foxglove.Quaternion", dict.fromkeys("xyzw", _NUMBER)),
    },
)
_TRANSFORMS = _object("foxglove.FrameTransforms", {"transforms": {"type": "array", "items": _TRANSFORM}})
_LOG = _object(
    "foxglove.Log",
    {"timestamp": _TIME, "level": _WHOLE, "message": _TEXT, "name": _TEXT, "file": _TEXT, "line": _WHOLE},
)
_INPUTS = _object(
    "steadyreach.Inputs",
    {"timestamp": _TIME, "flags": _WHOLE, "devices_flags": _WHOLE, **dict.fromkeys(INPUTS, _NUMBER)},
    optional=("devices_flags", *INPUTS),
)
TOPICS = {"/tf_static": _TRANSFORMS, "/tf": _TRANSFORMS, "/inputs": _INPUTS, "/events": _LOG}


def write(path: Path, recorded: Recorded, session: Session | None = None) -> list[Path]:
    """Write a recording, and its session's trials and events; returns the file.

    Times are the recording's own; where they begin before 0 they are moved to begin there, and the metadata says it.
    """
    from mcap.writer import Writer

    poses = poses_of(recorded)
    earliest_ns = min(0, int(poses.time_ns.min(initial=0)))
    first_ns = int(poses.time_ns[0]) - earliest_ns if len(poses.time_ns) else 0
    about = {"header": json.dumps(recorded.header), "earliest_ns": str(earliest_ns), "frames": str(len(poses.time_ns))}
    if session is not None:
        about |= {"session": session.id, "patient": session.patient}
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=CHUNK_BYTES)
        writer.start(profile="", library="steadyreach")
        channels = {topic: _channel(writer, topic, schema) for topic, schema in TOPICS.items()}
        writer.add_metadata("steadyreach", about)
        for topic, number, time_ns, message in _messages(poses, session, first_ns, earliest_ns):
            content = msgspec.json.encode(message)
            writer.add_message(channels[topic], time_ns, content, time_ns, number)
        writer.finish()  # type: ignore[no-untyped-call]
    return [path]


def read(path: Path) -> Recorded:
    """Read what `write` wrote; raises RecordingUnreadable."""
    from mcap.exceptions import McapError
    from mcap.reader import make_reader

    try:
        with path.open("rb") as file:
            reader = make_reader(file, validate_crcs=True)
            about = next((found.metadata for found in reader.iter_metadata() if found.name == "steadyreach"), None)
            if about is None:
                raise RecordingUnreadable(f"{path} is MCAP, and not one of our recordings")
            found = reader.iter_messages(["/tf", "/inputs"], log_time_order=False)
            return _recorded(about, ((channel.topic, message) for _, channel, message in found))
    except RecordingUnreadable:
        raise
    except OSError as reason:
        raise RecordingUnreadable(f"{path} cannot be read: {reason.strerror}") from None
    except (McapError, ZstdError, struct.error, EOFError, LookupError, TypeError, ValueError) as reason:
        why = str(reason) or "it ends too early"
        raise RecordingUnreadable(f"{path} cannot be read as MCAP, or is damaged: {why}") from None


def _channel(writer: Any, topic: str, schema: Mapping[str, Any]) -> int:
    kind = writer.register_schema(schema["title"], "jsonschema", json.dumps(schema).encode())
    return int(writer.register_channel(topic, "json", kind))


def _messages(
    poses: Poses, session: Session | None, first_ns: int, earliest_ns: int
) -> Iterator[tuple[str, int, int, dict[str, Any]]]:
    root = _transform(first_ns, "world", "space", [0.0, 0.0, 0.0, _QUARTER, 0.0, 0.0, _QUARTER])
    yield "/tf_static", 0, first_ns, {"transforms": [root]}
    valid = {name: (~np.isnan(values[:, 0])).tolist() for name, values in poses.poses.items()}
    values = {name: found.tolist() for name, found in poses.poses.items()}
    inputs, flags, devices_flags = poses.inputs.tolist(), poses.flags.tolist(), poses.devices_flags.tolist()
    for number, time_ns in enumerate((poses.time_ns - earliest_ns).tolist()):
        seen = [_transform(time_ns, "space", name, values[name][number]) for name in values if valid[name][number]]
        yield "/tf", number, time_ns, {"transforms": seen}
        told = {name: value for name, value in zip(INPUTS, inputs[number], strict=True) if math.isfinite(value)}
        beside = {"devices_flags": devices_flags[number]} if devices_flags[number] >= 0 else {}
        yield "/inputs", number, time_ns, {"timestamp": _time(time_ns), "flags": flags[number], **beside, **told}
    for number, mark in enumerate(marks(session)):
        time_ns = first_ns + round(mark.at_s * 1e9)
        words = f"{mark.kind} {mark.side} {mark.outcome} {mark.practice} {mark.detail}".split()
        message = {"timestamp": _time(time_ns), "level": _INFO, "message": " ".join(words), "name": mark.kind}
        yield "/events", number, time_ns, {**message, "file": "", "line": 0}


def _recorded(about: Mapping[str, str], messages: Iterator[tuple[str, Any]]) -> Recorded:
    frames, earliest_ns = int(about["frames"]), int(about["earliest_ns"])
    time_ns, flags = np.zeros(frames, np.int64), np.zeros(frames, np.uint32)
    inputs = np.full((frames, len(INPUTS)), np.nan, np.float32)
    devices_flags = np.full(frames, -1, np.int64)
    poses: dict[str, np.ndarray] = {}
    for topic, message in messages:
        content, number = msgspec.json.decode(message.data), message.sequence
        if topic == "/tf":
            for transform in content["transforms"]:
                name = transform["child_frame_id"]
                empty = np.full((frames, len(POSE)), np.nan, np.float32)
                poses.setdefault(name, empty)[number] = _pose(transform)
        else:
            time_ns[number], flags[number] = message.log_time + earliest_ns, content["flags"]
            devices_flags[number] = content.get("devices_flags", -1)
            inputs[number] = [content.get(name, np.nan) for name in INPUTS]
    return recorded_of(Poses(time_ns, flags, inputs, devices_flags, poses), json.loads(about["header"]))


def _transform(time_ns: int, parent: str, child: str, pose: Sequence[float]) -> dict[str, Any]:
    return {
        "timestamp": _time(time_ns),
        "parent_frame_id": parent,
        "child_frame_id": child,
        "translation": dict(zip("xyz", pose[:3], strict=True)),
        "rotation": dict(zip("xyzw", pose[3:], strict=True)),
    }


def _pose(transform: Mapping[str, Mapping[str, float]]) -> list[float]:
    return [transform["translation"][axis] for axis in "xyz"] + [transform["rotation"][axis] for axis in "xyzw"]


def _time(time_ns: int) -> dict[str, int]:
    return {"sec": time_ns // 1_000_000_000, "nsec": time_ns % 1_000_000_000}
